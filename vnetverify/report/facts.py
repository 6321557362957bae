"""The open facts that verdicts turn on, each with what it means and how to settle it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from vnetverify.facts import Uncertainty
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict
from vnetverify.report.narrative import by_era, how_to_settle, tags_taken
from vnetverify.report.results import Report
from vnetverify.report.terminal import bold, printable


def facts_table(report: Report) -> str:
    """Return the facts that some verdict of `report` turns on, in order of name, with the intents that need them."""
    needed: dict[Uncertainty, list[str]] = {}
    for result in report.results:
        for claim in result.results:
            for fact in turned_on(claim.verdict):
                names = needed.setdefault(fact, [])
                if result.intent.name not in names:
                    names.append(result.intent.name)
    lines = [line for fact in sorted(needed, key=str) for line in _about(fact, needed[fact])]
    era = filter(None, (by_era(report.era),))
    return "\n".join((*(lines or ["no verdict turns on an open fact"]), *_published(report), *era))


def _published(report: Report) -> Iterator[str]:
    """Yield which service tags of the provider's list some verdict may depend on (F-TAG-20)."""
    needed = [
        (result.intent.name, tag) for result in report.results for claim in result.results for tag in claim.service_tags
    ]
    if needed and report.published is not None:
        yield bold(tags_taken(tuple(dict.fromkeys(tag for _, tag in needed)), report.published))
        yield "  the provider changes its list every week: a verdict is about the list that was read"
        yield f"  needed by {_listed(dict.fromkeys(name for name, _ in needed))}"


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
    yield f"  needed by {_listed(intents)}"


def _listed(intents: Iterable[str]) -> str:
    return ", ".join(f"`{printable(name)}`" for name in intents)
