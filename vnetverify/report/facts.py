"""The open facts that verdicts turn on, each with what it means and how to settle it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict
from vnetverify.report.narrative import how_to_settle
from vnetverify.report.results import Report
from vnetverify.report.terminal import bold, printable
from vnetverify.rules import Uncertainty


def facts_table(report: Report) -> str:
    """Return the facts that some verdict of `report` turns on, in order of name, with the intents that need them."""
    needed: dict[Uncertainty, list[str]] = {}
    for result in report.results:
        for claim in result.results:
            for fact in turned_on(claim.verdict):
                names = needed.setdefault(fact, [])
                if result.intent.name not in names:
                    names.append(result.intent.name)
    if not needed:
        return "no verdict turns on an open fact"
    lines = [line for fact in sorted(needed, key=str) for line in _about(fact, needed[fact])]
    return "\n".join(lines)


def turned_on(verdict: Verdict) -> tuple[Uncertainty, ...]:
    """Return the facts that a verdict would have to know, or was told."""
    match verdict:
        case Proved():
            return (*verdict.leaned_on, *verdict.assumed)
        case Refuted():
            return verdict.leaned_on
        case Unknown():
            return verdict.open_facts
        case Vacuous():
            return ()
        case unreachable:
            assert_never(unreachable)


def _about(fact: Uncertainty, intents: list[str]) -> Iterator[str]:
    yield bold(printable(str(fact)))
    yield f"  {printable(fact.meaning)}"
    yield f"  {printable(how_to_settle(fact))}"
    yield f"  needed by {', '.join(f'`{printable(name)}`' for name in intents)}"
