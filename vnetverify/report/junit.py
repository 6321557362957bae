"""A report as JUnit XML: a test case for each intent, which passes only where it ended as the intent expects."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import click

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.report.account import account_of, circumstances
from vnetverify.report.escaping import printable
from vnetverify.report.results import IntentResult, Report
from vnetverify.report.standing import Standing, expectation, shortcomings, standing_of, word_of, worst_first
from vnetverify.report.text import intent_lines, part_lines
from vnetverify.source import Span

_NAME = "vnetverify"


def render_junit(report: Report) -> str:
    """Return `report` as one test suite.

    A verdict that contradicts its intent is a failure. One that decides nothing is an error, never skipped: so is
    each error in the input, and whatever else keeps the report from being whole.
    """
    suite = Element("testsuite", name=_NAME)
    for shortcoming in shortcomings(report):
        _add_error(_case(suite, "the report is complete", None), "incomplete", shortcoming)
    for found in report.diagnostics:
        _add_finding(suite, found)
    for result in report.results:
        _add_intent(suite, result, report)
    around = [line for part in circumstances(report) for line in part_lines(part, "")]
    if around:
        SubElement(suite, "system-out").text = _joined(around)
    counts = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": 0,
    }
    suites = Element("testsuites", {"name": _NAME})
    for element in (suites, suite):
        element.attrib.update({name: str(count) for name, count in counts.items()})
    suites.append(suite)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode")


def _add_intent(suite: Element, result: IntentResult, report: Report) -> None:
    intent = result.intent
    case = _case(suite, intent.name, intent.span)
    if report.timings:
        case.set("time", f"{sum(claim.seconds for claim in result.results):.3f}")
    lines = _joined(intent_lines(result, report))
    match standing_of(result):
        case Standing.AS_EXPECTED:
            SubElement(case, "system-out").text = lines
        case Standing.CONTRADICTED:
            _add(case, "failure", word_of(result.verdict), _message(result, report), lines)
        case Standing.UNDECIDED | Standing.EMPTY:
            _add(case, "error", word_of(result.verdict), _message(result, report), lines)


def _message(result: IntentResult, report: Report) -> str:
    """Return the sentence that is most to blame, why it is, and what was expected instead."""
    first = worst_first(result)[0]
    parts = (first.claim.text, account_of(first, report).gist, expectation(result))
    return ": ".join(filter(None, parts))


def _add_finding(suite: Element, found: Diagnostic) -> None:
    case = _case(suite, found.code, found.span)
    if found.severity is Severity.ERROR:
        _add_error(case, found.code, found.message)
    else:
        SubElement(case, "system-out").text = printable(f"{found.severity.value}: {found.message}")


def _add_error(case: Element, kind: str, message: str) -> None:
    _add(case, "error", kind, message, printable(message))


def _add(case: Element, tag: str, kind: str, message: str, text: str) -> None:
    SubElement(case, tag, {"type": printable(kind), "message": printable(message)}).text = text


def _case(suite: Element, name: str, span: Span | None) -> Element:
    attributes = {"name": printable(name), "classname": _NAME}
    if span is not None:
        attributes |= {"classname": printable(span.file), "file": printable(span.file)}
        attributes |= {"line": str(span.line)} if span.line else {}
    return SubElement(suite, "testcase", attributes)


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(map(click.unstyle, lines))
