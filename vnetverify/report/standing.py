"""How verdicts compare with what was asked: whether each is what its intent expects, and whether all were given."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import assert_never

from vnetverify.diagnostic import Severity
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict, verdict_word
from vnetverify.report.results import ClaimResult, IntentResult, Report


class Standing(Enum):
    """What a verdict means beside what its intent expects; the worst first."""

    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"
    EMPTY = "empty"
    AS_EXPECTED = "as expected"


def standing_of(result: IntentResult) -> Standing:
    """Return what becomes of a run with this result; its exit status says the same."""
    return Standing.AS_EXPECTED if result.as_expected else _standing_unexpected(result.verdict)


def standing_of_sentence(result: ClaimResult, intent: IntentResult) -> Standing:
    """Return what one sentence does to its intent: others may be to blame for how it ends."""
    return _standing_unexpected(result.verdict) if is_to_blame(result, intent) else Standing.AS_EXPECTED


def _standing_unexpected(verdict: Verdict) -> Standing:
    match verdict:
        case Proved() | Refuted():
            return Standing.CONTRADICTED
        case Unknown():
            return Standing.UNDECIDED
        case Vacuous():
            return Standing.EMPTY
        case _:
            assert_never(verdict)


def blamed(intent: IntentResult) -> list[ClaimResult]:
    """Return the results that keep an intent from ending as expected."""
    return [result for result in intent.results if is_to_blame(result, intent)]


def is_to_blame(result: ClaimResult, intent: IntentResult) -> bool:
    return not intent.as_expected and verdict_word(result.verdict) != intent.intent.expect


def worst_first(intent: IntentResult) -> list[ClaimResult]:
    """Return the results of the sentences with the worst first, otherwise in their order."""
    return sorted(intent.results, key=lambda result: list(Standing).index(standing_of_sentence(result, intent)))


def troubling_first(results: Iterable[IntentResult]) -> list[IntentResult]:
    """Return the results with the worst first, otherwise in their order."""
    return sorted(results, key=lambda result: list(Standing).index(standing_of(result)))


def word_of(verdict: Verdict) -> str:
    """Return the verdict's word; one that needs the documented reading never passes for an unconditional one."""
    match verdict:
        case Proved(documented=True) | Refuted(documented=True):
            return f"{verdict_word(verdict)} (as documented)"
        case _:
            return verdict_word(verdict)


def expectation(result: IntentResult) -> str:
    """Return how the verdict compares with what the intent expects; nothing where it asks for a proof and has it."""
    expected = result.intent.expect
    if expected == "proved":
        return ""
    told = "as expected" if result.as_expected else f"expected {expected}"
    return told + (f": {result.intent.because}" if result.intent.because else "")


def missing(report: Report) -> str:
    """Return how much an interrupted run left undecided; nothing where it was not interrupted."""
    if report.complete:
        return ""
    return f"interrupted: {report.selected - len(report.results)} of {report.selected} intents were not decided"


def shortcomings(report: Report) -> tuple[str, ...]:
    """Return why a report does not say what was asked for, whatever its verdicts; nothing where it does."""
    errors = sum(found.severity is Severity.ERROR for found in report.diagnostics)
    if errors:
        return (f"nothing was checked: the input has {errors} {'error' if errors == 1 else 'errors'}",)
    if report.selected == 0:
        return ("no intent to check",)
    return tuple(filter(None, (missing(report),)))
