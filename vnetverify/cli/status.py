"""Exit statuses: what a run's end means to the script that started it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vnetverify.report.results import IntentResult, Report

AS_EXPECTED = 0
REFUTED = 1  # some intent is not as expected
BAD_INPUT = 2  # the usage or the input is wrong
UNDECIDED = 3
DIFFERENT = 1  # of two versions
NOTHING_CHECKED = 4  # nothing selected, or vacuous
OUR_BUG = 5
INTERRUPTED = 130  # or the output could not be written: who reads it does not have it all

_WORST_FIRST = (OUR_BUG, INTERRUPTED, REFUTED, BAD_INPUT, UNDECIDED, NOTHING_CHECKED, AS_EXPECTED)


def worst(statuses: Iterable[int]) -> int:
    """Return the status that stands for all of `statuses`; of none, that nothing was checked."""
    return min(statuses, key=_WORST_FIRST.index, default=NOTHING_CHECKED)


def status_of(report: Report) -> int:
    """Return the status that a run with this report ends with."""
    statuses = [_status_of_intent(result) for result in report.results]
    return worst(statuses if report.complete else [*statuses, INTERRUPTED])


def _status_of_intent(result: IntentResult) -> int:
    from vnetverify.report.standing import Standing, standing_of

    match standing_of(result):
        case Standing.AS_EXPECTED:
            return AS_EXPECTED
        case Standing.CONTRADICTED:
            return REFUTED
        case Standing.UNDECIDED:
            return UNDECIDED
        case Standing.EMPTY:
            return NOTHING_CHECKED
