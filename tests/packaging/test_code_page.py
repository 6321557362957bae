"""The pages for newcomers name what is there, and the first of them all of it."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "code.md").read_text()
PARTS = {
    path.stem
    for path in (ROOT / "vnetverify").glob("[a-z]*")
    if path.suffix == ".py" or (path / "__init__.py").exists()
}
ADVICE = (ROOT / "CONTRIBUTING.md").read_text()


def named_in(page: str) -> set[str]:
    """Return the modules, and what is in them, that a page names."""
    return {name for name in re.findall(r"`([a-z_]+(?:\.\w+)*)`", page) if name.partition(".")[0] in PARTS}


@pytest.mark.parametrize("name", sorted(named_in(PAGE) | named_in(ADVICE)))
def test_what_the_pages_name_is_there(name: str) -> None:
    module, rest = module_of(f"vnetverify.{name}")
    found: object = module
    for step in rest:
        assert hasattr(found, step)
        found = getattr(found, step)


def module_of(name: str) -> tuple[ModuleType, list[str]]:
    """Return the innermost module that `name` leads to, and what is left: a function may be called as a module is."""
    try:
        return import_module(name), []
    except ModuleNotFoundError:
        module, rest = module_of(name.rpartition(".")[0])
        return module, [*rest, name.rpartition(".")[2]]


def test_the_page_tells_of_every_part() -> None:
    assert {name.partition(".")[0] for name in named_in(PAGE)} >= PARTS


def test_the_page_orders_the_parts_as_the_contract_does() -> None:
    contract, *_ = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floor = {part.strip(" ()"): number for number, layer in enumerate(contract["layers"]) for part in layer.split("|")}
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE.partition("## What lies where")[2], re.MULTILINE)
    floors = [max(floor[name] for name in re.findall(r"\w+", row)) for row in rows]

    assert len(rows) > 12
    assert floors[:-2] == sorted(floors[:-2], reverse=True)  # but for `testing` and `cli`, which are told last
