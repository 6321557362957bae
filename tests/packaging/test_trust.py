"""docs/trust.md says how much has to be right for a proof to be right; the counts are those of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.ledger import ROOT, lines_of_code, rows

CHECKER = ("vnetverify/certificate/checker.py", "vnetverify/certificate/tree.py")


@pytest.mark.parametrize(("pattern", "stated"), rows(), ids=[pattern for pattern, _ in rows()])
def test_the_ledger_counts_what_is_there(pattern: str, stated: int) -> None:
    counted = lines_of_code(pattern)

    assert counted, f"{pattern} names no file"
    assert counted == stated, "python -m tests.packaging.ledger writes the counts"


def test_all_that_certificates_rest_on_is_in_the_ledger() -> None:
    listed = {path for pattern, _ in rows() for path in ROOT.glob(pattern)}
    needed = {path for folder in ("certificate", "simulator", "model") for path in _modules(folder)}

    assert not {path.name for path in needed - listed if "lints" not in path.parts}


def test_the_checker_is_a_page() -> None:
    assert sum(map(lines_of_code, CHECKER)) < 90


def _modules(folder: str) -> set[Path]:
    return {path for path in (ROOT / "vnetverify" / folder).rglob("*.py") if path.name != "__init__.py"}
