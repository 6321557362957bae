"""`prove` on reports made by hand: exit statuses, formats, and bad input. The prover itself does not run here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.golden.samples import AS_DOCUMENTED, EMPTY, EVERYTHING, INTERRUPTED, KNOWN_GAP, LIMIT, OPEN, PROVED, REFUTED
from vnetverify import pipeline
from vnetverify.cli import main, status
from vnetverify.cli.status import status_of
from vnetverify.facts import World
from vnetverify.prover.verdict import Witness
from vnetverify.report.results import IntentResult, Report
from vnetverify.report.schema import REPORT
from vnetverify.workers.sharing import AUTO


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "hub.vnet"
    path.write_text("vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 }\nintent one { a reaches a }\n")
    return str(path)


@pytest.fixture
def prover(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A prover that answers with the report in `prover[0]`; what it was asked is appended."""
    told: list[Any] = [EVERYTHING]

    def prove(_: pipeline.Loaded, options: pipeline.Options, *__: object) -> Report:
        told.append(options)
        return told[0]

    monkeypatch.setattr(pipeline, "prove", prove)
    return told


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([PROVED], status.AS_EXPECTED),
        ([PROVED, KNOWN_GAP], status.AS_EXPECTED),
        ([AS_DOCUMENTED], status.AS_EXPECTED),
        ([PROVED, REFUTED], status.REFUTED),
        ([replace(KNOWN_GAP, verdict=PROVED.verdict, as_expected=False)], status.REFUTED),
        ([OPEN, REFUTED], status.REFUTED),
        ([LIMIT, PROVED], status.UNDECIDED),
        ([LIMIT, EMPTY], status.UNDECIDED),
        ([EMPTY, PROVED], status.NOTHING_CHECKED),
        ([], status.NOTHING_CHECKED),
    ],
)
def test_the_status_says_how_the_intents_ended(results: list[IntentResult], expected: int) -> None:
    assert status_of(Report(tuple(results), len(results))) == expected


@pytest.mark.parametrize(("given", "jobs"), [((), AUTO), (("-j", "auto"), AUTO), (("-j", "3"), 3)])
def test_jobs_are_a_number_or_as_many_as_pay(given: tuple[str, ...], jobs: int, text: str, prover: list[Any]) -> None:
    main(["prove", text, *given])

    assert prover[1].jobs == jobs


@pytest.mark.parametrize("given", ["0", "65", "many"])
def test_other_numbers_of_jobs_are_refused(given: str, text: str, prover: list[Any]) -> None:
    assert main(["prove", text, "-j", given]) == status.BAD_INPUT


def test_a_cache_is_used_where_it_is_asked_for_and_can_be_one(
    text: str,
    prover: list[Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    own, others = ["--cache-dir", str(tmp_path / "own")], ["--cache-dir", str(tmp_path / "open")]
    for options in (own, ["--cache"], ["--cache", *own], ["--cache", *others], ["--cache", "--no-cache"]):
        main(["prove", text, *options])

    folders = [None if asked.cache is None else asked.cache.folder for asked in prover[1:]]
    assert folders == [None, tmp_path / "xdg" / "vnetverify", tmp_path / "own", None, None]
    assert "others may write there" in capsys.readouterr().err


def test_an_interrupted_run_ends_with_130_and_prints_what_it_has(
    text: str, prover: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    prover[0] = INTERRUPTED

    assert main(["prove", text]) == status.INTERRUPTED

    printed = capsys.readouterr().out

    assert "proved[orders-work]" in printed
    assert printed.endswith("interrupted: 3 of 4 intents were not decided\n1 of 4 intents: 1 proved\n")


def test_json_on_stdout_is_one_document_that_obeys_the_schema(
    text: str, prover: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prove", text, "--output-format", "json"]) == status.REFUTED

    jsonschema.Draft202012Validator(REPORT).validate(json.loads(capsys.readouterr().out))


def test_bad_input_is_a_json_report_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.vnet"
    path.write_text("vnet a { address 10.0.0.0/33 }\n")

    assert main(["prove", str(path), "--output-format", "json"]) == status.BAD_INPUT

    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(REPORT).validate(document)

    assert [found["code"] for found in document["diagnostics"]] == ["bad-prefix"]
    assert document["intents"] == []


def test_nothing_is_proved_of_bad_input(tmp_path: Path, prover: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.vnet"
    path.write_text("vnet a { address 10.0.0.0/33 }\nintent one { a reaches a }\n")

    assert main(["prove", str(path)]) == status.BAD_INPUT
    assert prover == [EVERYTHING]
    assert capsys.readouterr().out == ""


def test_the_format_can_come_from_the_environment(
    text: str, prover: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VNETVERIFY_OUTPUT_FORMAT", "concise")
    main(["prove", text])

    assert capsys.readouterr().out.startswith("hub.vnet:20:12: proved[orders-work]")


def test_timings_are_printed_only_on_request(text: str, prover: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    prover[0] = replace(EVERYTHING, timings={"solve": 0.5})
    main(["prove", text])

    assert "seconds:" not in capsys.readouterr().out

    main(["prove", text, "--timings"])

    assert "seconds: solve 0.500" in capsys.readouterr().out


def test_options_reach_the_prover(text: str, prover: list[Any]) -> None:
    main(["prove", text, "-k", "o*", "--timeout", "2.5", "--memory", "512", "-j", "3", "--reading", "documented"])

    options = prover[1]

    assert (options.pattern, options.jobs, options.documented) == ("o*", 3, True)
    assert (options.limits.seconds, options.limits.megabytes) == (2.5, 512)


def test_a_pattern_that_fits_nothing_ends_with_4_and_names_what_there_is(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prove", text, "-k", "two"]) == status.NOTHING_CHECKED

    streams = capsys.readouterr()

    assert streams.out == "no intent to check\n"
    assert streams.err == "help: the intents are `one`\n"


def test_engines_that_disagree_are_our_bug_and_no_verdict(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = REFUTED.results[0].claim
    verdict = REFUTED.results[0].verdict
    witness = Witness(verdict.witness.origin, verdict.witness.flow, World({"U-FORWARDS(fw)": True}))  # type: ignore[union-attr]

    def disagree(*_: object) -> Report:
        raise pipeline.Disagreement(claim, witness, "the simulator sees no \x1b[2J violation")

    monkeypatch.setattr(pipeline, "prove", disagree)

    assert main(["prove", text]) == status.OUR_BUG

    streams = capsys.readouterr()

    assert streams.out == ""
    assert "tcp 10.1.0.4:49152 -> 10.0.2.4:1433 from spoke.app" in streams.err
    assert "U-FORWARDS(fw)=True" in streams.err
    assert "\x1b" not in streams.err
    assert "this is a bug of vnetverify" in streams.err
