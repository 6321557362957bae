"""The formats for build servers and comments, whole: on reports made by hand, and on what the prover says of a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import jsonschema
import pytest

from tests.golden.samples import REPORTS
from vnetverify.cli import main
from vnetverify.pipeline import Options, load, prove
from vnetverify.report.formats import writer_of
from vnetverify.report.results import Report
from vnetverify.report.schema import REPORT
from vnetverify.report.seal import digest

Matcher = Callable[[str, str], bool]
ENDINGS = {"markdown": "md", "csv": "csv", "junit": "xml", "github": "github.txt", "sarif": "sarif", "html": "html"}


@pytest.fixture(scope="module")
def timed() -> Iterator[Report]:
    """The prover's report on `cases/hub.vnet`, which has every kind of verdict; tests run beside that text."""
    with pytest.MonkeyPatch.context() as here:
        here.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        here.chdir(Path(__file__).parent / "cases")
        yield prove(load(["hub.vnet"], []), Options())


@pytest.fixture(scope="module")
def proved(timed: Report) -> Report:
    return replace(timed, timings={})


@pytest.mark.parametrize("format_name", [*ENDINGS, "concise"])
def test_a_text_is_reported_as_recorded(format_name: str, proved: Report, matches_golden: Matcher) -> None:
    ending = ENDINGS.get(format_name, f"{format_name}.txt")

    assert matches_golden(f"prove.{ending}", click.unstyle(writer_of(format_name)(proved)))


def test_a_report_of_the_prover_obeys_the_schema(timed: Report) -> None:
    document = json.loads(writer_of("json")(timed))

    jsonschema.Draft202012Validator(REPORT).validate(document)

    assert document["seconds"]
    assert document["end"] == {"intents": 7, "sha256": digest(document)}


def test_the_same_report_comes_out_whatever_the_number_of_jobs(
    proved: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["prove", "--output-format", "json", "-j", "3", "hub.vnet"])

    assert capsys.readouterr().out == writer_of("json")(proved) + "\n"


@pytest.mark.parametrize("format_name", ENDINGS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_recorded(name: str, format_name: str, matches_golden: Matcher) -> None:
    assert matches_golden(f"{name}.{ENDINGS[format_name]}", writer_of(format_name)(REPORTS[name]))
