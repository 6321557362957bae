"""The JSON report keeps the promises of its schema."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from tests.golden.samples import EVERYTHING, REPORTS
from vnetverify.report.json import render_json
from vnetverify.report.results import Report
from vnetverify.report.schema import REPORT
from vnetverify.report.seal import digest

TIMED = replace(EVERYTHING, timings={"parse": 0.1, "solve": 0.2})


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(REPORT)


@pytest.mark.parametrize("report", [*REPORTS.values(), TIMED], ids=[*REPORTS, "timed"])
def test_every_report_obeys_the_schema(report: Report) -> None:
    faults = jsonschema.Draft202012Validator(REPORT).iter_errors(json.loads(render_json(report)))

    assert [fault.message for fault in faults] == []


def test_the_schema_refuses_a_verdict_that_nobody_gives() -> None:
    document = json.loads(render_json(EVERYTHING))
    document["intents"][0]["claims"][0]["verdict"]["word"] = "fine"

    assert not jsonschema.Draft202012Validator(REPORT).is_valid(document)


def test_the_digest_notices_a_removed_intent() -> None:
    document = json.loads(render_json(EVERYTHING))

    assert document["end"] == {"intents": 8, "sha256": digest(document)}

    del document["intents"][1]

    assert document["end"]["sha256"] != digest(document)


def test_a_truncated_report_is_no_json() -> None:
    text = render_json(EVERYTHING)

    with pytest.raises(json.JSONDecodeError):
        json.loads(text[: len(text) // 2])


def test_the_same_report_gives_the_same_text() -> None:
    assert render_json(EVERYTHING) == render_json(replace(EVERYTHING))


def test_work_is_reported_only_where_timings_are_asked_for() -> None:
    plain, timed = json.loads(render_json(EVERYTHING)), json.loads(render_json(TIMED))

    assert "seconds" not in plain
    assert "rlimit" not in plain["intents"][0]["claims"][0]
    assert timed["intents"][0]["claims"][0]["rlimit"] == 1200
    assert timed["seconds"] == {"parse": 0.1, "solve": 0.2}


def test_an_open_fact_says_how_to_settle_it() -> None:
    document = json.loads(render_json(EVERYTHING))
    fact = document["intents"][3]["claims"][0]["verdict"]["open_facts"][0]

    assert fact["name"] == "U-R-PEER-16"
    assert fact["documented"] is False
    assert "connection test" in fact["settled_by"]
