"""A report as a table for spreadsheets: a row for each sentence, and a last one that says whether it is whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from vnetverify.report.account import Part, account_of
from vnetverify.report.escaping import csv_cell
from vnetverify.report.facts import turned_on
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.report.standing import expectation, is_to_blame, shortcomings
from vnetverify.report.text import summary
from vnetverify.source import Span

COLUMNS = (
    *("kind", "intent", "sentence", "verdict", "expected", "as expected", "why", "purpose", "expectation"),
    *("open facts", "account", "path", "file", "line", "column"),
)
_ITEMS = 20  # a spreadsheet's cell has an end


def render_csv(report: Report) -> str:
    """Return the rows, separated by commas, below a row of headings.

    A row's `kind` is `finding`, `verdict` or, in the last, which a cut table lacks, `run`: it counts the verdicts.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({column: csv_cell(value) for column, value in row.items()})
    return text.getvalue().removesuffix("\n")


def _rows(report: Report) -> Iterator[dict[str, str]]:
    for found in report.diagnostics:
        yield {"kind": "finding", "verdict": found.severity.value, "intent": found.code, "why": found.message} | _place(
            found.span
        )
    for intent in report.results:
        for result in intent.results:
            yield _verdict(intent, result, report)
    short = shortcomings(report)
    yield {"kind": "run", "verdict": "incomplete" if short else "complete", "why": "; ".join(short) or summary(report)}


def _verdict(intent: IntentResult, result: ClaimResult, report: Report) -> dict[str, str]:
    account = account_of(result, report)
    hops = () if result.story is None else result.story.hops
    return {
        "kind": "verdict",
        "intent": intent.intent.name,
        "sentence": result.claim.text,
        "verdict": account.word,
        "expected": intent.intent.expect,
        "as expected": "no" if is_to_blame(result, intent) else "yes",
        "why": account.gist,
        "purpose": intent.intent.reason or "",
        "expectation": expectation(intent),
        "open facts": "; ".join(map(str, turned_on(result.verdict))),
        "account": "; ".join(map(_in_a_line, account.parts)),
        "path": "; ".join(f"{hop.where}: {hop.what} ({hop.rule})" for hop in hops),
    } | _place(result.claim.span)


def _in_a_line(part: Part) -> str:
    items = [f"{item.what} ({item.rule})" if item.rule else item.what for item in part.items]
    more = [f"and {len(items) - _ITEMS} more"] if len(items) > _ITEMS else []
    return ": ".join(filter(None, (part.says, ", ".join([*items[:_ITEMS], *more]))))


def _place(span: Span) -> dict[str, str]:
    known = span.line > 0
    return {
        "file": span.file if span.pointer is None else f"{span.file}#{span.pointer}",
        "line": str(span.line) if known else "",
        "column": str(span.column) if known else "",
    }
