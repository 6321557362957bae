"""A report for people: every verdict with its reasons (`full`), or one line each (`concise`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import assert_never

from vnetverify.explanation.story import FactUsed
from vnetverify.model.intents import Assumption, Claim, Statement, Verb
from vnetverify.model.network import Unmodelled
from vnetverify.prover.verdict import Beside, Ground, Proved, Refuted, Unknown, Vacuous, Verdict, verdict_word
from vnetverify.report.narrative import facts_with_values, how_to_settle, narrate, place, saying, tags_taken
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.report.terminal import aligned, coloured, counted, dim, printable, shortened
from vnetverify.rules import Uncertainty

_GROUNDS = 12  # shown line by line; more are summed up by the list they stand in
_UNMODELLED = 20
_FACTS = 8
_UNEXPECTED = {"proved": "red", "refuted": "red", "vacuous": "yellow", "unknown": "yellow"}


def render_full(report: Report) -> str:
    """Return the verdicts with what they rest on or the story that contradicts them, then the summary."""
    blocks = ["\n".join(_intent(result, report)) for result in report.results]
    closing = [*_circumstances(report), *_timings(report), summary(report)]
    return "\n\n".join([*blocks, "\n".join(closing)])


def render_concise(report: Report) -> str:
    """Return one line for each claim, then the summary."""
    lines = [_concise(intent, result) for intent in report.results for result in intent.results]
    return "\n".join([*lines, *_timings(report), summary(report)])


def summary(report: Report) -> str:
    """Return for example `4 intents: 2 proved, 1 refuted (expected), 1 unknown`."""
    if report.selected == 0:
        return "no intent to check"
    by_word = Counter(_counted_as(result) for result in report.results)
    total = counted(len(report.results), "intent")
    line = ": ".join(filter(None, (total, ", ".join(f"{count} {what}" for what, count in by_word.items()))))
    if report.complete:
        return line
    return f"{line}\ninterrupted: {report.selected - len(report.results)} of {report.selected} intents were not decided"


def _counted_as(result: IntentResult) -> str:
    word = _word(result.verdict)
    if result.intent.expect == "proved":
        return word
    return f"{word} (expected)" if result.as_expected else f"{word} (expected {result.intent.expect})"


def _word(verdict: Verdict) -> str:
    match verdict:
        case Proved(documented=True) | Refuted(documented=True):
            return f"{verdict_word(verdict)} (as documented)"
        case _:
            return verdict_word(verdict)


def _concise(intent: IntentResult, result: ClaimResult) -> str:
    gist = _gist(result.verdict)
    expected = "" if intent.intent.expect == "proved" else f" ({_expectation(intent)})"
    return f"{printable(str(result.claim.span))}: {_heading(intent, result)}{f': {gist}' if gist else ''}{expected}"


def _heading(intent: IntentResult, result: ClaimResult) -> str:
    colour = "green" if intent.as_expected else _UNEXPECTED[verdict_word(result.verdict)]
    word = coloured(f"{_word(result.verdict)}[{printable(intent.intent.name)}]", colour)
    return f"{word}: {shortened(printable(result.claim.text), 200)}"


def _gist(verdict: Verdict) -> str:
    match verdict:
        case Proved():
            return ""
        case Refuted():
            witness = verdict.witness
            return printable(verdict.why if witness is None else f"{witness.flow} from {witness.origin}")
        case Vacuous():
            return printable(verdict.why)
        case Unknown():
            return _why_unknown(verdict)
        case _:
            assert_never(verdict)


def _why_unknown(verdict: Unknown) -> str:
    if not verdict.open_facts:
        return printable(verdict.why)
    if any(fact.question == "U-REWRITES" for fact in verdict.open_facts):
        return printable(verdict.why)
    if verdict.as_documented is None or all(fact.documented is None for fact in verdict.open_facts):
        return f"depends on {_names(verdict.open_facts)}"
    return f"{verdict.as_documented} as documented, open if {_names(verdict.open_facts)}"


def _names(facts: Sequence[Uncertainty]) -> str:
    names = [printable(str(fact)) for fact in facts[:_FACTS]]
    return " or ".join(names) + (f" or {len(facts) - _FACTS} more" if len(facts) > _FACTS else "")


def _expectation(result: IntentResult) -> str:
    expected = "as expected" if result.as_expected else f"expected {result.intent.expect}"
    return expected + (f": {shortened(printable(result.intent.because), 200)}" if result.intent.because else "")


def _intent(intent: IntentResult, report: Report) -> Iterator[str]:
    for number, result in enumerate(intent.results):
        yield _heading(intent, result)
        yield f"  {dim('-->')} {printable(str(result.claim.span))}"
        if intent.intent.reason and number == 0:
            yield f"  {dim(shortened(printable(intent.intent.reason), 200))}"
        yield from _body(result, report)
    if intent.intent.expect != "proved":
        yield f"  {_expectation(intent)}"


def _body(result: ClaimResult, report: Report) -> Iterator[str]:
    verdict = result.verdict
    match verdict:
        case Proved():
            if not verdict.grounds and verdict.witness is None:
                yield "  what it rests on was not worked out within the limits"
            yield from _grounds(verdict.grounds, verdict.minimal)
            yield from _leaning((*verdict.leaned_on, *verdict.assumed), report.assumptions)
            yield from _beside(verdict.beside)
        case Refuted():
            yield f"  {printable(verdict.why)}"
            yield from _grounds(verdict.grounds, minimal=False)
            yield from _leaning(verdict.leaned_on, report.assumptions)
        case Vacuous():
            yield f"  nothing was shown: {printable(verdict.why)}"
        case Unknown():
            yield from _unknown(verdict, report.documented_reading)
        case _:
            assert_never(verdict)
    if result.service_tags and report.published is not None:
        yield f"  with {tags_taken(result.service_tags, report.published)}"
    if result.story is not None:
        yield from _before_story(verdict)
        told_already = isinstance(verdict, Refuted) and verdict.why == result.story.conclusion
        story = replace(result.story, conclusion="") if told_already else result.story
        needs = "shown where" if isinstance(verdict, Refuted) and not verdict.leaned_on else "this needs"
        yield from narrate(story, losers=_is_about_routes(result.claim), needs=needs)


def _is_about_routes(claim: Statement) -> bool:
    return isinstance(claim, Claim) and claim.verb in (Verb.NEXT_HOP, Verb.GATEWAY)


def _before_story(verdict: Verdict) -> Iterator[str]:
    match verdict:
        case Proved():
            yield "  for example"
        case Unknown(as_documented="refuted") if any(fact.documented is not None for fact in verdict.open_facts):
            yield "  what happens as documented"
        case Unknown():
            yield "  what may happen"
        case Refuted() | Vacuous():
            return
        case _:
            assert_never(verdict)


def _unknown(verdict: Unknown, as_documented: bool) -> Iterator[str]:
    yield f"  {_why_unknown(verdict)}"
    for fact in verdict.open_facts[:_FACTS]:
        yield f"    {printable(str(fact))}: {saying(fact, True)}"
        yield f"      {dim(how_to_settle(fact))}"
    if len(verdict.open_facts) > _FACTS:
        yield f"    and {len(verdict.open_facts) - _FACTS} more"
    if verdict.open_facts:
        yield f"  {coloured('help', 'cyan')}: {_way_out(verdict, as_documented)}"
    yield from _not_modelled(verdict.unmodelled)


def _way_out(verdict: Unknown, as_documented: bool) -> str:
    """Return what a user can do about open facts."""
    fact = verdict.open_facts[0]
    name = printable(str(fact))
    if fact.question == "U-REWRITES":
        return f"if it only forwards, say so: `assume {name} = false`, or declare its policy with `forwards`"
    if verdict.as_documented == "proved" and fact.documented is not None:
        known = f"once you know that it is so, write `assume {name} = {str(fact.documented).lower()}`"
    else:
        known = f"once you know, write `assume {name} = true` or `= false`"
    if as_documented or all(other.documented is None for other in verdict.open_facts):
        return known
    return f"{known}, or take what is documented: `--reading documented`"


def _grounds(grounds: Sequence[Ground], minimal: bool) -> Iterator[str]:
    if not grounds:
        return
    yield "  rests on" if minimal else "  rests on some of"
    if len(grounds) <= _GROUNDS:
        rows = [(_standing_in(ground), ground.rule, place(ground.span)) for ground in grounds]
    else:
        ordered = sorted(grounds, key=lambda ground: ground.group)
        rows = [_summed(list(group)) for _, group in groupby(ordered, key=lambda ground: ground.group)]
    yield from aligned(rows, indent="    ")


def _standing_in(ground: Ground) -> str:
    what = shortened(printable(ground.what), 200)
    return f"{printable(ground.group)}: {what}" if ground.group else what


def _summed(grounds: Sequence[Ground]) -> tuple[str, str, str]:
    """Return one row for all that a proof takes from one list."""
    if len(grounds) == 1:
        return _standing_in(grounds[0]), grounds[0].rule, place(grounds[0].span)
    rules = sorted({ground.rule for ground in grounds})
    shown = ", ".join(rules[:3]) + (", …" if len(rules) > 3 else "")
    spans = [ground.span for ground in grounds if ground.span is not None]
    first = min(spans, key=lambda span: (span.file, span.line), default=None)
    return f"{printable(grounds[0].group) or 'the network'}: {len(grounds)} lines", shown, place(first)


def _beside(notes: Sequence[Beside]) -> Iterator[str]:
    if notes:
        yield "  does not speak of"
        yield from aligned([(printable(note.what), note.rule, place(note.span)) for note in notes], indent="    ")


def _leaning(facts: Sequence[Uncertainty], assumptions: Sequence[Assumption]) -> Iterator[str]:
    if facts:
        yield "  leans on"
        yield from facts_with_values(FactUsed(fact, _taken_as(fact, assumptions)) for fact in facts)


def _taken_as(fact: Uncertainty, assumptions: Sequence[Assumption]) -> bool:
    """Return the value that `fact` was given: an assumption's for it or for its kind, else the documented one."""
    exact = (assumption.value for assumption in assumptions if assumption.fact.casefold() == str(fact).casefold())
    kind = (assumption.value for assumption in assumptions if assumption.fact == fact.question)
    return next(exact, next(kind, bool(fact.documented)))


def _not_modelled(items: Sequence[Unmodelled]) -> Iterator[str]:
    if items:
        yield "  not modelled"
        yield from aligned(
            [(printable(item.what), printable(item.why), place(item.span)) for item in items[:_UNMODELLED]],
            indent="    ",
        )
    if len(items) > _UNMODELLED:
        yield f"    and {len(items) - _UNMODELLED} more"


def _circumstances(report: Report) -> Iterator[str]:
    yield from (line[2:] for line in _not_modelled(report.unmodelled))
    if report.assumptions:
        yield "assuming"
        yield from aligned(
            [(f"{printable(a.fact)} = {str(a.value).lower()}", place(a.span)) for a in report.assumptions]
        )
    if report.caveats:
        yield "no proof speaks of"
        yield from aligned([(caveat.what, caveat.rule) for caveat in report.caveats])
    if report.documented_reading:
        yield "every open fact is taken as the current documentation prefers"


def _timings(report: Report) -> Iterator[str]:
    if report.timings:
        yield "seconds: " + ", ".join(f"{phase} {seconds:.3f}" for phase, seconds in report.timings.items())
