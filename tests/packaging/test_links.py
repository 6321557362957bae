"""Every link of the documentation leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
NAMED = re.compile(r"`((?:docs|specs|tests|grammar|benchmarks|vnetverify)/[\w./-]*[\w])`")
PAGES = sorted(
    path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("specs/**/*.md"))
)


def anchors(page: Path) -> set[str]:
    """Return the anchors that headings of a page make."""
    headings = re.findall(
        r"(?m)^#+ +(.+)$", CODE.sub(lambda found: "" if "\n" in found[0] else found[0], page.read_text())
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_there_is_documentation() -> None:
    assert Path("docs/engines.md") in PAGES
    assert Path("specs/language.md") in PAGES


def test_the_readme_shows_how_to_prove() -> None:
    assert "vnetverify prove" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = CODE.sub("", (ROOT / page).read_text())
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = ROOT / page.parent / path if path else ROOT / page

        assert found.exists(), f"{page}: {target}"
        assert not anchor or found.suffix != ".md" or anchor in anchors(found), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_of_the_project_that_a_page_names_is_there(page: Path) -> None:
    missing = [name for name in NAMED.findall((ROOT / page).read_text()) if not (ROOT / name).exists()]

    assert missing == []
