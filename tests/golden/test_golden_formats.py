"""The formats for build servers and comments, whole: on reports made by hand, and on what the prover says of a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.golden.samples import REPORTS
from vnetverify.pipeline import Options, load, prove
from vnetverify.report.formats import writer_of
from vnetverify.report.results import Report

Matcher = Callable[[str, str], bool]
ENDINGS = {"markdown": "md", "csv": "csv", "junit": "xml", "github": "github.txt", "sarif": "sarif", "html": "html"}


@pytest.fixture(scope="module")
def proved() -> Report:
    """The prover's report on `cases/hub.vnet`, which has every kind of verdict."""
    with pytest.MonkeyPatch.context() as here:
        here.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        here.chdir(Path(__file__).parent / "cases")
        return replace(prove(load(["hub.vnet"], []), Options()), timings={})


@pytest.mark.parametrize("format_name", ENDINGS)
def test_a_text_is_reported_as_recorded(format_name: str, proved: Report, matches_golden: Matcher) -> None:
    assert matches_golden(f"prove.{ENDINGS[format_name]}", writer_of(format_name)(proved))


@pytest.mark.parametrize("format_name", ENDINGS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_recorded(name: str, format_name: str, matches_golden: Matcher) -> None:
    assert matches_golden(f"{name}.{ENDINGS[format_name]}", writer_of(format_name)(REPORTS[name]))
