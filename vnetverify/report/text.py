"""A report for people: every verdict with its reasons (`full`), or one line each (`concise`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from vnetverify.model.network import Era
from vnetverify.prover.verdict import verdict_word
from vnetverify.report.account import Account, Item, Part, account_of, circumstances
from vnetverify.report.narrative import narrate, place
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.report.standing import expectation, is_to_blame, missing, shortcomings, word_of
from vnetverify.report.terminal import aligned, coloured, counted, dim, printable, shortened

_GROUNDS = 12  # shown line by line; more are summed up by the list they stand in
_ITEMS = 20
_FACTS = 8  # of those that take two lines
_WHAT = 200
_UNEXPECTED = {"proved": "red", "refuted": "red", "vacuous": "yellow", "unknown": "yellow"}


def render_full(report: Report) -> str:
    """Return the verdicts with what they rest on or the story that contradicts them, then the summary."""
    blocks = ["\n".join(intent_lines(result, report)) for result in report.results]
    around = [line for part in circumstances(report) for line in part_lines(part, "")]
    closing = [*around, *_timings(report), summary(report)]
    return "\n\n".join([*blocks, "\n".join(closing)])


def render_concise(report: Report) -> str:
    """Return one line for each claim, then the summary."""
    lines = [_concise(intent, result, report) for intent in report.results for result in intent.results]
    return "\n".join([*lines, *_timings(report), summary(report)])


def summary(report: Report) -> str:
    """Return the last line, which a cut text lacks: for example `4 of 4 intents: 2 proved, 2 unknown`.

    Before it stands what is missing, if anything is.
    """
    if report.selected == 0:
        return shortcomings(report)[0]
    by_word = Counter(_counted_as(result) for result in report.results)
    total = f"{len(report.results)} of {counted(report.selected, 'intent')}"
    line = ": ".join(filter(None, (total, ", ".join(f"{count} {what}" for what, count in by_word.items()))))
    return "\n".join(filter(None, (missing(report), ", ".join([line, *presumed(len(report.assumptions), report.era)]))))


def presumed(assumptions: int, era: Era) -> Iterator[str]:
    """Yield what all verdicts of a run stand under, which nobody may take for nothing."""
    if assumptions:
        yield f"under {counted(assumptions, 'assumption')}"
    if era is not Era.CURRENT:
        yield f"by the rules of {era.value}"


def _counted_as(result: IntentResult) -> str:
    word = word_of(result.verdict)
    if result.intent.expect == "proved":
        return word
    return f"{word} (expected)" if result.as_expected else f"{word} (expected {result.intent.expect})"


def _concise(intent: IntentResult, result: ClaimResult, report: Report) -> str:
    account = account_of(result, report)
    gist = f": {printable(account.gist)}" if account.gist else ""
    expected = f" ({_expectation(intent)})" if expectation(intent) else ""
    return f"{printable(str(result.claim.span))}: {heading(intent, result, account)}{gist}{expected}"


def heading(intent: IntentResult, result: ClaimResult, account: Account) -> str:
    colour = _UNEXPECTED[verdict_word(result.verdict)] if is_to_blame(result, intent) else "green"
    word = coloured(f"{account.word}[{printable(intent.intent.name)}]", colour)
    return f"{word}: {shortened(printable(result.claim.text), _WHAT)}"


def _expectation(result: IntentResult) -> str:
    return shortened(printable(expectation(result)), _WHAT)


def intent_lines(intent: IntentResult, report: Report) -> Iterator[str]:
    for number, result in enumerate(intent.results):
        account = account_of(result, report)
        yield heading(intent, result, account)
        yield f"  {dim('-->')} {printable(str(result.claim.span))}"
        if intent.intent.reason and number == 0:
            yield f"  {dim(shortened(printable(intent.intent.reason), _WHAT))}"
        yield from body(account)
    if expectation(intent):
        yield f"  {_expectation(intent)}"


def body(account: Account) -> Iterator[str]:
    """Yield the lines of an account, without its word."""
    for part in account.parts:
        yield from part_lines(part, "  ")
    telling = account.telling
    if telling is not None:
        if telling.heading:
            yield f"  {telling.heading}"
        yield from narrate(telling.story, losers=telling.losers, needs=telling.needs)


def part_lines(part: Part, indent: str) -> Iterator[str]:
    """Yield the sentence of a part, its items below it, and the advice."""
    yield f"{indent}{printable(part.says)}"
    yield from _items(part.items, f"{indent}  ")
    if part.advice:
        yield f"{indent}{coloured('help', 'cyan')}: {printable(part.advice)}"


def _items(items: Sequence[Item], indent: str) -> Iterator[str]:
    if len(items) > _GROUNDS and all(item.group is not None for item in items):
        ordered = sorted(items, key=lambda item: item.group or "")
        rows = [_summed(list(group)) for _, group in groupby(ordered, key=lambda item: item.group)]
        yield from aligned(rows, indent)
        return
    limit = _FACTS if any(item.settle for item in items) else _ITEMS
    yield from _in_two_lines(items[:limit], indent) if limit == _FACTS else _in_columns(items[:limit], indent)
    if len(items) > limit:
        yield f"{indent}and {len(items) - limit} more"


def _in_two_lines(items: Sequence[Item], indent: str) -> Iterator[str]:
    for item in items:
        yield f"{indent}{printable(item.what)}: {printable(item.meaning)}"
        yield f"{indent}  {dim(printable(item.settle))}"


def _in_columns(items: Sequence[Item], indent: str) -> list[str]:
    """Return a line for each item, without the columns that all leave empty."""
    rows = [(_standing_in(item), printable(item.meaning), item.rule, place(item.span)) for item in items]
    filled = [index for index in range(4) if any(row[index] for row in rows)]
    return aligned([[row[index] for index in filled] for row in rows], indent)


def _standing_in(item: Item) -> str:
    what = shortened(printable(item.what), _WHAT)
    return f"{printable(item.group)}: {what}" if item.group else what


def _summed(items: Sequence[Item]) -> tuple[str, str, str]:
    """Return one row for all that a proof takes from one list."""
    if len(items) == 1:
        return _standing_in(items[0]), items[0].rule, place(items[0].span)
    rules = sorted({item.rule for item in items})
    shown = ", ".join(rules[:3]) + (", …" if len(rules) > 3 else "")
    spans = [item.span for item in items if item.span is not None]
    first = min(spans, key=lambda span: (span.file, span.line), default=None)
    return f"{printable(items[0].group or '') or 'the network'}: {len(items)} lines", shown, place(first)


def _timings(report: Report) -> Iterator[str]:
    if report.timings:
        yield "seconds: " + ", ".join(f"{phase} {seconds:.3f}" for phase, seconds in report.timings.items())
        sentences = [result for intent in report.results for result in intent.results]
        recalled = sum(result.recalled for result in sentences)
        if recalled:
            yield f"{recalled} of {len(sentences)} sentences from the cache"
