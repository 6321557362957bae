"""Whole reports and diagnostics, as a user sees them without colour."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest

from tests.golden.samples import DIAGNOSTICS, REPORTS, SOURCE
from vnetverify.report.excerpt import one_line, render_diagnostics
from vnetverify.report.json import render_json
from vnetverify.report.text import render_concise, render_full

Matcher = Callable[[str, str], bool]


@pytest.mark.parametrize("name", REPORTS)
def test_a_full_report_reads_as_recorded(name: str, matches_golden: Matcher) -> None:
    assert matches_golden(f"{name}.full.txt", click.unstyle(render_full(REPORTS[name])))


@pytest.mark.parametrize("name", REPORTS)
def test_a_concise_report_reads_as_recorded(name: str, matches_golden: Matcher) -> None:
    assert matches_golden(f"{name}.concise.txt", click.unstyle(render_concise(REPORTS[name])))


@pytest.mark.parametrize("name", REPORTS)
def test_a_json_report_reads_as_recorded(name: str, matches_golden: Matcher) -> None:
    assert matches_golden(f"{name}.json", render_json(REPORTS[name]))


def test_diagnostics_read_as_recorded(matches_golden: Matcher) -> None:
    assert matches_golden("diagnostics.txt", click.unstyle(render_diagnostics(DIAGNOSTICS, {SOURCE.name: SOURCE})))


def test_diagnostics_of_one_line_read_as_recorded(matches_golden: Matcher) -> None:
    assert matches_golden("diagnostics.concise.txt", click.unstyle("\n".join(map(one_line, DIAGNOSTICS))))
