"""What comments and build servers are told: nothing undecided passes, and nothing is left out in silence."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import click
import pytest

from tests.golden.samples import (
    AS_DOCUMENTED,
    EMPTY,
    EVERYTHING,
    INTERRUPTED,
    KNOWN_GAP,
    LIMIT,
    LONG_PROOF,
    OPEN,
    PROVED,
    REFUTED,
    at,
)
from vnetverify.cli import status
from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.report.csv import render_csv
from vnetverify.report.github import render_github
from vnetverify.report.junit import render_junit
from vnetverify.report.markdown import render_markdown
from vnetverify.report.results import IntentResult, Report
from vnetverify.report.text import render_full

SURPRISE = replace(KNOWN_GAP, verdict=PROVED.verdict, results=PROVED.results, as_expected=False)
HALF = replace(REFUTED, results=(*PROVED.results, *REFUTED.results))
WARNING = Diagnostic("shadowed", "100% shadowed", at(3, 4, 9), help="drop it", severity=Severity.WARNING)
ERROR = Diagnostic("bad-prefix", "`10.0.0.0/33` has no prefix length", at(4, 18, 29))


def report(*results: IntentResult) -> Report:
    return Report(results, selected=len(results))


def suite(of: Report) -> ElementTree.Element:
    found = ElementTree.fromstring(render_junit(of)).find("testsuite")
    assert found is not None
    return found


def table(of: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(of))))


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (PROVED, None),
        (AS_DOCUMENTED, None),
        (KNOWN_GAP, None),
        (REFUTED, ("failure", "refuted")),
        (SURPRISE, ("failure", "proved")),
        (OPEN, ("error", "unknown")),
        (LIMIT, ("error", "unknown")),
        (EMPTY, ("error", "vacuous")),
    ],
)
def test_a_test_case_passes_where_the_run_would_end_with_0(
    result: IntentResult, outcome: tuple[str, str] | None
) -> None:
    (case,) = suite(report(result)).findall("testcase")
    found = [(child.tag, child.get("type")) for child in case if child.tag != "system-out"]

    assert found == ([] if outcome is None else [outcome])
    assert (status.status_of(report(result)) == status.AS_EXPECTED) is (outcome is None)


def test_a_suite_counts_its_cases_and_skips_none() -> None:
    counts = suite(replace(EVERYTHING, diagnostics=(WARNING,))).attrib

    assert counts == {"name": "vnetverify", "tests": "9", "failures": "1", "errors": "3", "skipped": "0"}


def test_a_failure_says_what_was_expected() -> None:
    (failure,) = suite(report(SURPRISE)).iter("failure")

    assert failure.get("message") == "spoke.web reaches hub.db on sql: expected refuted: ticket 4711"


def test_an_interrupted_suite_and_one_of_bad_input_have_an_error() -> None:
    for part in (INTERRUPTED, report(), Report((), 0, (ERROR,))):
        (error, *_) = suite(part).iter("error")

        assert error.get("type") == "incomplete"


def test_a_case_tells_its_time_only_where_timings_are_asked_for() -> None:
    timed = replace(report(PROVED), timings={"solve": 0.5})

    assert [case.get("time") for case in suite(report(PROVED)).iter("testcase")] == [None]
    assert [case.get("time") for case in suite(timed).iter("testcase")] == ["0.250"]


def test_annotations_stand_at_what_is_not_as_expected_the_worst_first() -> None:
    lines = render_github(replace(report(PROVED, KNOWN_GAP, EMPTY, LIMIT, HALF), diagnostics=(WARNING,))).split("\n")

    assert [line.split("::")[1] for line in lines] == [
        "error file=hub.vnet,line=21,endLine=21,col=12,endColumn=13,title=refuted[app-private]",
        "error file=hub.vnet,line=24,endLine=24,col=12,endColumn=13,title=unknown[huge]",
        "error file=hub.vnet,line=25,endLine=25,col=12,endColumn=13,title=vacuous[nobody]",
        "warning file=hub.vnet,line=3,endLine=3,col=4,endColumn=9,title=shadowed",
        "notice title=vnetverify",
    ]
    assert lines[3].endswith("::100%25 shadowed%0Ahelp: drop it")


def test_what_is_not_as_expected_heads_the_comment_and_the_rest_is_folded() -> None:
    text = render_markdown(report(PROVED, OPEN, REFUTED))

    assert [line.split(" | ")[1] for line in text.split("\n") if re.match(r"\| [^| -]", line)] == [
        *("refuted", "unknown", "proved")
    ]
    assert text.index("refuted[app-private]") < text.index("unknown[inspected]") < text.index("<details>")
    assert text.count("<details>") == 1


def test_a_comment_has_room_for_the_worst_and_counts_what_it_leaves_out() -> None:
    many = [replace(PROVED, intent=replace(PROVED.intent, name=f"proof-{number}")) for number in range(900)]
    text = render_markdown(report(*many, REFUTED))

    assert len(text.encode()) < 65_536
    assert text.startswith("### vnetverify: 901 of 901 intents: 900 proved, 1 refuted\n")
    assert "refuted[app-private]" in text
    rows = len(re.findall(r"^\| ✅", text, re.MULTILINE))
    reasons = text.count("<details>")
    assert f"{900 - rows} sentences left out: a comment has no room for more" in text
    assert f"{900 - reasons} reasons left out: a comment has no room for more" in text


def test_a_sentence_that_holds_in_an_intent_that_does_not_is_not_marked_as_failed() -> None:
    rows = re.findall(r"^\| (\S+) \| (\w+)", render_markdown(report(HALF, KNOWN_GAP)), re.MULTILINE)

    assert rows == [("✅", "proved"), ("❌", "refuted"), ("✅", "refuted")]
    assert click.style("proved[app-private]", fg="green", bold=True) in render_full(report(HALF))
    assert click.style("refuted[app-private]", fg="red", bold=True) in render_full(report(HALF))


def test_a_failure_begins_with_the_sentence_that_is_most_to_blame() -> None:
    mixed = replace(HALF, results=(*OPEN.results, *HALF.results))
    failure = suite(report(mixed)).find("testcase/failure")

    assert failure is not None
    assert failure.get("message", "").startswith(f"{REFUTED.results[0].claim.text}: ")


def test_a_table_has_a_row_for_each_sentence_and_a_last_one_for_the_run() -> None:
    *verdicts, last = table(report(HALF, KNOWN_GAP))

    assert [(row["verdict"], row["as expected"]) for row in verdicts] == [
        *(("proved", "yes"), ("refuted", "no"), ("refuted", "yes"))
    ]
    assert (last["kind"], last["verdict"], last["why"]) == (
        *("run", "complete", "2 of 2 intents: 1 refuted, 1 refuted (expected)"),
    )
    assert table(INTERRUPTED)[-1]["verdict"] == "incomplete"
    assert [row["verdict"] for row in table(Report((), 0, (ERROR,)))] == ["error", "incomplete"]


def test_a_cell_counts_what_it_leaves_out() -> None:
    longer = replace(LONG_PROOF.results[0].verdict, grounds=LONG_PROOF.results[0].verdict.grounds * 2)  # type: ignore[union-attr]
    long = replace(LONG_PROOF, verdict=longer, results=(replace(LONG_PROOF.results[0], verdict=longer),))

    assert "and 20 more" in table(report(long))[0]["account"]
