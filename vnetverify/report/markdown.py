"""A report for a comment on a pull request: a table of the verdicts, then the reasons for each as a block of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from vnetverify.report.account import account_of, circumstances
from vnetverify.report.escaping import html_text, markdown_block, markdown_code
from vnetverify.report.excerpt import one_line
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.report.standing import Standing, standing_of_sentence, troubling_first, word_of
from vnetverify.report.terminal import counted, shortened
from vnetverify.report.text import intent_lines, part_lines, summary

_ROOM = 60_000  # bytes; a comment on GitHub may have 65,536
_ROOM_FOR_ROWS = 25_000
_LINES_AROUND = 60
_WHAT = 200
_HEAD = ("| | verdict | intent | sentence | place |", "| --- | --- | --- | --- | --- |")
_SIGNS = {
    Standing.CONTRADICTED: "❌",
    Standing.UNDECIDED: "❔",
    Standing.EMPTY: "⚠️",
    Standing.AS_EXPECTED: "✅",
}


def render_markdown(report: Report) -> str:
    """Return `report` in GitHub's Markdown: what is not as expected first, the rest folded, all of it cut to fit."""
    ordered = troubling_first(report.results)
    *rest, title = summary(report).split("\n")
    blocks = [f"### vnetverify: {title}", *(f"**{line}**" for line in rest)]
    blocks += _fitting(_findings(report), _ROOM_FOR_ROWS, "finding")
    blocks += _table([_row(intent, result, report) for intent in ordered for result in intent.results])
    around = _circumstances(report)
    room = _ROOM - sum(map(_size, [*blocks, *around]))
    troubling = sum(not result.as_expected for result in ordered)
    reasons = _fitting([_reasons(result, report) for result in ordered], room, "reason")
    return "\n\n".join([*blocks, *reasons[:troubling], *around, *reasons[troubling:]])


def _findings(report: Report) -> list[str]:
    return [markdown_block([click.unstyle(one_line(found))]) for found in report.diagnostics]


def _table(rows: Sequence[str]) -> list[str]:
    if not rows:
        return []
    *shown, last = _fitting(rows, _ROOM_FOR_ROWS, "sentence")
    if last == rows[-1]:
        return ["\n".join([*_HEAD, *shown, last])]
    return ["\n".join([*_HEAD, *shown]), last]


def _row(intent: IntentResult, result: ClaimResult, report: Report) -> str:
    word = account_of(result, report).word
    names = (intent.intent.name, result.claim.text, result.claim.span.brief)
    cells = (
        _SIGNS[standing_of_sentence(result, intent)],
        word,
        *(markdown_code(shortened(name, _WHAT)) for name in names),
    )
    return f"| {' | '.join(cells)} |"


def _reasons(result: IntentResult, report: Report) -> str:
    block = _block(intent_lines(result, report))
    if not result.as_expected:
        return block
    title = f"{word_of(result.verdict)} <code>{html_text(shortened(result.intent.name, _WHAT))}</code>"
    return f"<details><summary>{title}</summary>\n\n{block}\n\n</details>"


def _circumstances(report: Report) -> list[str]:
    """Return what holds for all verdicts, as one block; of very much, its beginning."""
    lines = [line for part in circumstances(report) for line in part_lines(part, "")]
    if len(lines) > _LINES_AROUND:
        lines = [*lines[:_LINES_AROUND], f"and {len(lines) - _LINES_AROUND} more lines"]
    return [_block(lines)] if lines else []


def _block(lines: Iterable[str]) -> str:
    return markdown_block(map(click.unstyle, lines))


def _fitting(blocks: Sequence[str], room: int, noun: str) -> list[str]:
    """Return the first of `blocks` that `room` holds, and a line that counts the others, where there are any."""
    for number, block in enumerate(blocks):
        room -= _size(block)
        if room < 0:
            left = counted(len(blocks) - number, noun)
            return [*blocks[:number], f"{left} left out: a comment has no room for more"]
    return [*blocks]


def _size(block: str) -> int:
    return len(block.encode()) + 2  # the blank line before the next
