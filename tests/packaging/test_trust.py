"""docs/trust.md says how much has to be right for a proof to be right; the counts are those of today."""

from __future__ import annotations

import pytest

from tests.packaging.ledger import ROOT, lines_of_code, rows
from tests.packaging.test_imports import MODULES, imported_by

CHECKER = ("vnetverify/certificate/checker.py", "vnetverify/certificate/tree.py")
# Places in files, the words that findings are told in, and the time that things take.
DECIDING_NOTHING = {"source", "diagnostic", "clock"}


@pytest.mark.parametrize(("pattern", "stated"), rows(), ids=[pattern for pattern, _ in rows()])
def test_the_ledger_counts_what_is_there(pattern: str, stated: int) -> None:
    counted = lines_of_code(pattern)

    assert counted, f"{pattern} names no file"
    assert counted == stated, "python -m tests.packaging.ledger writes the counts"


def test_all_that_certificates_rest_on_is_in_the_ledger() -> None:
    listed = {path for pattern, _ in rows() for path in ROOT.glob(pattern)}
    needed = {MODULES[name] for name in imported_from("vnetverify.certifying", "vnetverify.loading")}
    needed = {path for path in needed if path.name != "__init__.py"}

    assert len(needed) > 200
    assert {path.stem for path in needed - listed} == DECIDING_NOTHING


def imported_from(*names: str) -> set[str]:
    """Return these modules and all that they import, at once or when they are called."""
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name in MODULES and name not in found:
            found.add(name)
            waiting += imported_by(MODULES[name])
    return found


def test_the_checker_is_a_page() -> None:
    assert sum(map(lines_of_code, CHECKER)) < 90
