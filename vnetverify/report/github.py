"""A report as workflow commands of GitHub: an annotation at each sentence that is not as expected."""

from __future__ import annotations

from collections.abc import Iterator

import click

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.report.account import Account, account_of
from vnetverify.report.escaping import annotation_message, annotation_property, printable
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.report.standing import blamed, shortcomings, troubling_first
from vnetverify.report.text import body, summary
from vnetverify.source import Span

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_github(report: Report) -> str:
    """Return a line for each annotation, the worst first since GitHub shows ten a step; the last counts the verdicts.

    What is as expected has none. What decides nothing is an error as much as what contradicts its intent.
    """
    last = _command("notice", {"title": "vnetverify"}, printable(summary(report).split("\n")[-1]))
    return "\n".join([*_annotations(report), last])


def _annotations(report: Report) -> Iterator[str]:
    for shortcoming in shortcomings(report):
        yield _command("error", {"title": "vnetverify"}, printable(shortcoming))
    for intent in troubling_first(report.results):
        for result in blamed(intent):
            yield _verdict(intent, result, account_of(result, report))
    for found in report.diagnostics:
        yield _finding(found)


def _verdict(intent: IntentResult, result: ClaimResult, account: Account) -> str:
    lines = [printable(result.claim.text), *(click.unstyle(line) for line in body(account))]
    title = f"{account.word}[{intent.intent.name}]"
    return _command("error", {**_place(result.claim.span), "title": title}, "\n".join(lines))


def _finding(found: Diagnostic) -> str:
    help_line = [f"help: {printable(found.help)}"] if found.help else []
    message = "\n".join([printable(found.message), *help_line])
    return _command(_COMMANDS[found.severity], {**_place(found.span), "title": found.code}, message)


def _place(span: Span) -> dict[str, str]:
    place = {"file": span.file}
    if span.line:
        place |= {"line": str(span.line), "endLine": str(span.end_line)}
        if span.end_line == span.line:
            place |= {"col": str(span.column), "endColumn": str(span.end_column)}
    return place


def _command(name: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{key}={annotation_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{annotation_message(message)}"
