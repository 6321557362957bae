"""A JSON report that is cut or changed is refused, wherever it was cut."""

from __future__ import annotations

import json

import pytest

from tests.golden.samples import EVERYTHING, INTERRUPTED
from vnetverify.report.json import render_json
from vnetverify.report.seal import NotWhole, read_report, sealed

TEXT = render_json(EVERYTHING)


def test_a_whole_report_is_read_as_it_was_written() -> None:
    written = json.loads(TEXT)

    assert {**read_report(TEXT), "end": written["end"]} == written


def test_the_report_of_an_interrupted_run_is_whole_and_says_that_it_is_a_part() -> None:
    assert read_report(render_json(INTERRUPTED))["complete"] is False


def test_a_report_cut_anywhere_is_refused() -> None:
    for length in range(0, len(TEXT), 97):
        with pytest.raises(NotWhole, match="not a complete JSON"):
            read_report(TEXT[:length])


def test_a_report_without_its_end_is_refused() -> None:
    document = json.loads(TEXT)
    del document["end"]

    with pytest.raises(NotWhole, match="no end"):
        read_report(json.dumps(document))


def test_a_report_with_a_verdict_turned_is_refused() -> None:
    with pytest.raises(NotWhole, match="digest"):
        read_report(TEXT.replace('"refuted"', '"proved"', 1))


def test_a_report_with_an_intent_taken_out_is_refused() -> None:
    document = json.loads(TEXT)
    del document["intents"][1]

    with pytest.raises(NotWhole, match="digest"):
        read_report(json.dumps(document))


def test_a_report_whose_count_alone_is_wrong_is_refused() -> None:
    document = json.loads(TEXT)
    document["end"]["intents"] += 1

    with pytest.raises(NotWhole, match="digest"):
        read_report(json.dumps(document))


def test_a_key_that_stands_twice_is_refused_since_readers_differ_on_which_counts() -> None:
    with pytest.raises(NotWhole, match="not a complete JSON"):
        read_report(TEXT.replace('"complete": true', '"complete": false, "complete": true', 1))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "not a report"),
        ('{"format": "another"}', "not a report"),
        ('{"format": "vnetverify-report", "format_version": 2}', "another version"),
        ('{"format": "vnetverify-report", "format_version": NaN}', "not a complete JSON"),
        ("[" * 100_000, "not a complete JSON"),
    ],
)
def test_what_is_no_report_is_refused(text: str, why: str) -> None:
    with pytest.raises(NotWhole, match=why):
        read_report(text)


def test_the_order_of_keys_does_not_matter_to_the_end() -> None:
    document = json.loads(TEXT)
    del document["end"]

    assert sealed(document)["end"] == sealed(dict(reversed(document.items())))["end"]
