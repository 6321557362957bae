"""A report as SARIF 2.1.0: each intent is a rule, each sentence that keeps one from ending as expected a result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import PurePath

import click

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.explanation.story import Hop
from vnetverify.report.account import Account, Telling, account_of, circumstances
from vnetverify.report.escaping import json_text, printable, sarif_message, uri_path
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.report.seal import Json
from vnetverify.report.standing import blamed, expectation, shortcomings
from vnetverify.report.terminal import shortened
from vnetverify.report.text import body, part_lines, summary
from vnetverify.source import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_RELATED = 100  # locations a result; GitHub keeps no more
_SHORT = 200
_INCOMPLETE = "report:incomplete"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render_sarif(report: Report) -> str:
    """Return one run. Its results are of kind `fail` and level `error` also where nothing was decided."""
    rules = {rule["id"]: rule for rule in _rules(report)}
    numbers = {identifier: number for number, identifier in enumerate(rules)}
    results = [{**result, "ruleIndex": numbers[result["ruleId"]]} for result in _results(report)]
    run = {
        "tool": {"driver": {"name": "vnetverify", "version": report.version, "rules": list(rules.values())}},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the folder in which vnetverify ran"}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"complete": report.complete, "summary": summary(report), "circumstances": _around(report)},
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


# -- rules ----------------------------------------------------------------------------------------------


def _rules(report: Report) -> Iterator[Json]:
    for result in report.results:
        sentences = [claim.claim.text for claim in result.results]
        reason = result.intent.reason or "; ".join(sentences)
        yield _rule(_of_intent(result), shortened("; ".join(sentences), _SHORT), reason)
    for found in report.diagnostics:
        yield _rule(_of_finding(found), f"{found.code} in the input", f"{found.code} in the input")
    if shortcomings(report):
        yield _rule(_INCOMPLETE, "the report is complete", "an incomplete report says nothing about what it leaves out")


def _of_intent(result: IntentResult) -> str:
    return f"intent:{printable(result.intent.name)}"


def _of_finding(found: Diagnostic) -> str:
    return f"input:{printable(found.code)}"


def _rule(identifier: str, short: str, full: str) -> Json:
    told = _text(full)
    return {"id": identifier, "shortDescription": _text(short), "fullDescription": told, "help": told}


# -- results --------------------------------------------------------------------------------------------


def _results(report: Report) -> Iterator[Json]:
    spans = [result.intent.span for result in report.results] + [found.span for found in report.diagnostics]
    for shortcoming in shortcomings(report):  # without a place GitHub refuses the log, which must close no alerts
        yield _result(_INCOMPLETE, "error", [printable(shortcoming)], spans[:1])
    for found in report.diagnostics:
        yield _finding(found)
    for intent in report.results:
        for result in blamed(intent):
            yield _verdict(intent, result, account_of(result, report))


def _verdict(intent: IntentResult, result: ClaimResult, account: Account) -> Json:
    claim = result.claim
    lines = [f"{account.word}: {printable(claim.text)}", *map(click.unstyle, body(account))]
    if expectation(intent):
        lines.append(printable(expectation(intent)))
    document = _result(_of_intent(intent), "error", lines, [claim.span])
    document["partialFingerprints"] = {"verdict/v1": _fingerprint(intent.intent.name, claim.text, account.word)}
    items = (item for part in account.parts for item in part.items if item.span is not None)
    related = [_location(item.span, item.what, claim.span) for item in islice(items, _RELATED)]
    if related:
        document["relatedLocations"] = [{"id": number, **where} for number, where in enumerate(related)]
    if account.telling is not None:
        document["codeFlows"] = [_code_flow(account.telling, claim.span)]
    document["properties"] = {"verdict": account.word, "expected": intent.intent.expect}
    return document


def _finding(found: Diagnostic) -> Json:
    lines = [printable(found.message), *([f"help: {printable(found.help)}"] if found.help else [])]
    document = _result(_of_finding(found), _LEVELS[found.severity], lines, [found.span])
    if found.others:
        others = enumerate(found.others[:_RELATED])
        document["relatedLocations"] = [{"id": n, **_location(span, label, found.span)} for n, (span, label) in others]
    return document


def _result(rule: str, level: str, lines: Iterable[str], spans: Iterable[Span]) -> Json:
    return {
        "ruleId": rule,
        "kind": "fail",
        "level": level,
        "message": {"text": sarif_message(lines)},
        "locations": [{"physicalLocation": _place(span)} for span in spans],
    }


def _fingerprint(*parts: str) -> str:
    """Return what stays the same while the text around a sentence changes."""
    return sha256("\n".join(map(printable, parts)).encode()).hexdigest()


def _code_flow(telling: Telling, fallback: Span) -> Json:
    """Return the story as steps; what the network has built in points at the sentence, since GitHub wants a place."""
    story = telling.story
    steps: list[tuple[str, Span | None]] = [(f"{story.flow} from {story.origin}", None), *_steps(story.hops)]
    steps.append((story.end, None))
    if story.back_end is not None:
        steps += [*(("the reply: " + told, span) for told, span in _steps(story.back)), (story.back_end, None)]
    locations = [{"location": _location(span, told, fallback)} for told, span in steps]
    return {"message": _text(telling.heading or "what happens"), "threadFlows": [{"locations": locations}]}


def _steps(hops: Iterable[Hop]) -> Iterator[tuple[str, Span | None]]:
    return ((f"{hop.where}: {hop.what} ({hop.rule})", hop.span) for hop in hops)


# -- places ---------------------------------------------------------------------------------------------


def _location(span: Span | None, told: str, fallback: Span) -> Json:
    known = span if span is not None and (span.line > 0 or span.pointer is not None) else fallback
    return {"physicalLocation": _place(known), "message": _text(told)}


def _place(span: Span) -> Json:
    place: Json = {"artifactLocation": _artifact(span.file)}
    if span.line:
        place["region"] = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    return place


def _artifact(file: str) -> Json:
    if PurePath(file).is_absolute():
        return {"uri": f"file://{uri_path(file)}"}
    return {"uri": uri_path(file), "uriBaseId": _ROOT}


def _text(text: str) -> Json:
    return {"text": sarif_message([printable(text)])}


# -- the run --------------------------------------------------------------------------------------------


def _invocation(report: Report) -> Json:
    short = shortcomings(report)
    notes = [{"level": "error", "message": _text(text), "descriptor": {"id": _INCOMPLETE}} for text in short]
    return {"executionSuccessful": not short, "toolExecutionNotifications": notes}


def _around(report: Report) -> list[str]:
    return [click.unstyle(line) for part in circumstances(report) for line in part_lines(part, "")]
