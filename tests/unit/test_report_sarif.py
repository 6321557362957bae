"""The SARIF log says what is not as expected, where, and how it comes about; its structure is that of version 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.golden.samples import EVERYTHING, INTERRUPTED, KNOWN_GAP, PROVED, REFUTED, REPORTS, at
from tests.unit.hostile_names import NAMES, hostile_report
from vnetverify.diagnostic import Diagnostic
from vnetverify.report.results import Report
from vnetverify.report.sarif import render_sarif
from vnetverify.source import Span


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(render_sarif(report))

    assert log["version"] == "2.1.0"
    assert len(log["runs"]) == 1

    run = log["runs"][0]
    assert isinstance(run, dict)
    return run


def within(document: Any, key: str) -> Iterator[Any]:
    """Yield every value that stands under `key`, however deep."""
    if isinstance(document, dict):
        yield from (document[key] for _ in range(key in document))
        for part in document.values():
            yield from within(part, key)
    elif isinstance(document, list):
        for part in document:
            yield from within(part, key)


@pytest.mark.parametrize("report", [*REPORTS.values(), *map(hostile_report, NAMES[::9])])
def test_every_log_has_the_structure_of_sarif(report: Report) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]

    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"], result["message"]["text"] != "") == ("fail", True)
        assert result["level"] in ("error", "warning", "note")
    for region in within(run, "region"):
        assert {"startLine", "startColumn", "endLine", "endColumn"} == set(region)
        assert min(region.values()) >= 1
    for place in within(run, "artifactLocation"):
        assert place["uri"].isascii()
        assert place.get("uriBaseId") in run["originalUriBaseIds"]
    for location in within(run, "location"):
        assert location["physicalLocation"]["artifactLocation"]["uri"] != ""


def test_only_what_is_not_as_expected_is_a_result_and_each_is_an_error() -> None:
    results = run_of(EVERYTHING)["results"]

    assert [(result["ruleId"], result["level"]) for result in results] == [
        ("intent:app-private", "error"),
        ("intent:inspected", "error"),
        ("intent:huge", "error"),
        ("intent:nobody", "error"),
    ]


def test_a_refutation_is_told_step_by_step_there_and_back() -> None:
    (result,) = run_of(Report((REFUTED,), 1))["results"]
    steps = [step["location"] for step in result["codeFlows"][0]["threadFlows"][0]["locations"]]

    assert [step["message"]["text"] for step in steps] == [
        "tcp 10.1.0.4:49152 -> 10.0.2.4:1433 from spoke.app",
        "spoke.app: no network security group, so nothing is denied (F-EVAL-3)",
        "spoke.app: 10.0.0.0/16 via peering with hub beats 0.0.0.0/0 via appliance 10.0.1.4 (R-SEL-1)",
        "hub.db: AllowVnetInBound allows, nothing earlier matches (F-DEF-2)",
        "delivered to hub.db",
        "the reply: hub.db: 10.1.0.0/16 via peering (R-SEL-1)",
        "the reply is delivered to spoke.app",
    ]
    assert steps[2]["physicalLocation"]["region"]["startLine"] == 11


def test_what_is_built_in_points_at_the_sentence() -> None:
    (result,) = run_of(Report((REFUTED,), 1))["results"]
    first = result["codeFlows"][0]["threadFlows"][0]["locations"][1]["location"]

    assert first["physicalLocation"] == result["locations"][0]["physicalLocation"]


def test_a_fingerprint_does_not_depend_on_the_place() -> None:
    moved = replace(
        REFUTED, results=(replace(REFUTED.results[0], claim=replace(REFUTED.results[0].claim, span=at(99))),)
    )
    (here,), (there,) = run_of(Report((REFUTED,), 1))["results"], run_of(Report((moved,), 1))["results"]

    assert here["locations"] != there["locations"]
    assert here["partialFingerprints"] == there["partialFingerprints"]


def test_an_interrupted_run_did_not_succeed_and_has_a_result_that_says_so() -> None:
    run = run_of(INTERRUPTED)

    assert run["invocations"][0]["executionSuccessful"] is False
    assert [result["ruleId"] for result in run["results"]] == ["report:incomplete"]
    assert run["results"][0]["message"]["text"] == "interrupted: 3 of 4 intents were not decided"
    assert run["results"][0]["locations"] != []


def test_errors_of_the_input_are_results() -> None:
    found = Diagnostic("bad-prefix", "`10.0.0.0/33` has no prefix length", at(1, 18, 29), others=((at(2), "here"),))
    run = run_of(Report((), 0, (found,)))

    assert [result["ruleId"] for result in run["results"]] == ["report:incomplete", "input:bad-prefix"]
    assert run["results"][1]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 18
    assert run["results"][1]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 2


def test_a_run_that_ends_as_expected_has_no_results() -> None:
    run = run_of(Report((PROVED, KNOWN_GAP), 2))

    assert run["invocations"][0]["executionSuccessful"] is True
    assert run["results"] == []


@pytest.mark.parametrize(
    ("file", "artifact"),
    [
        ("specs/hub.vnet", {"uri": "specs/hub.vnet", "uriBaseId": "%SRCROOT%"}),
        ("a b:c#d.vnet", {"uri": "a%20b%3Ac%23d.vnet", "uriBaseId": "%SRCROOT%"}),
        ("/etc/hub.vnet", {"uri": "file:///etc/hub.vnet"}),
    ],
)
def test_a_path_becomes_a_uri(file: str, artifact: dict[str, str]) -> None:
    claim = replace(REFUTED.results[0].claim, span=Span(file, 0, 0, 0, 0, "/value/0"))
    moved = replace(REFUTED, results=(replace(REFUTED.results[0], claim=claim),))
    (result,) = run_of(Report((moved,), 1))["results"]

    assert result["locations"] == [{"physicalLocation": {"artifactLocation": artifact}}]


def test_no_text_of_a_log_has_a_link_or_a_placeholder() -> None:
    texts = list(within(run_of(hostile_report("{0} [a](1)")), "text"))

    assert any(r"{{0}} [a\](1)" in text for text in texts)
    assert not any("](" in text.replace(r"\](", "") for text in texts)
    assert not any("{0}" in text.replace("{{0}}", "") for text in texts)
