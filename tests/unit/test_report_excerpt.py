"""Excerpts point at the right place and let no input near the terminal."""

from __future__ import annotations

import re

import click
import pytest

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.report.excerpt import SHOWN, one_line, render_diagnostics
from vnetverify.source import NOWHERE, Source, Span


def excerpt(text: str, span: Span, message: str = "wrong", label: str = "here") -> list[str]:
    diagnostic = Diagnostic("some-code", message, span, label)
    return click.unstyle(render_diagnostics([diagnostic], {"a.vnet": Source("a.vnet", text)})).split("\n")


def on_line(number: int, column: int, end: int) -> Span:
    return Span("a.vnet", number, column, number, end)


def test_the_carets_stand_below_the_words_they_mean() -> None:
    lines = excerpt("vnet hub {}", on_line(1, 6, 9))

    assert lines[3:] == ["1 | vnet hub {}", "  |      ^^^ here"]


def test_a_wide_character_moves_the_carets_by_two_cells() -> None:
    lines = excerpt("東 hub", on_line(1, 3, 6))

    assert lines[4] == "  |    ^^^ here"


def test_a_tab_takes_one_cell() -> None:
    lines = excerpt("\thub", on_line(1, 2, 5))

    assert lines[3:] == ["1 |  hub", "  |  ^^^ here"]


def test_a_carriage_return_is_no_part_of_the_line() -> None:
    lines = excerpt("hub\r\nweb\r\n", on_line(1, 1, 4))

    assert lines[3] == "1 | hub"


@pytest.mark.parametrize("column", [1, 50, 5_000, 99_990])
def test_a_huge_line_is_cut_around_the_caret(column: int) -> None:
    text = "x" * (column - 1) + "BAD" + "y" * (100_000 - column)
    quoted, marked = excerpt(text, on_line(1, column, column + 3))[3:]

    assert len(quoted) < 110
    start = marked.index("^")
    assert quoted[start : start + 3] == "BAD"


def test_the_end_of_a_file_can_be_pointed_at() -> None:
    lines = excerpt("vnet hub {", on_line(1, 11, 11))

    assert lines[4] == "  |           ^ here"


def test_a_place_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    lines = excerpt("vnet hub {\n}", Span("a.vnet", 1, 6, 2, 2))

    assert lines[4] == "  |      ^^^^^ here"


def test_a_second_place_in_a_part_that_is_cut_off_is_marked_below_the_dots() -> None:
    text = "a" * 300
    spans = on_line(1, 150, 160), on_line(1, 3, 8), on_line(1, 290, 295)
    diagnostic = Diagnostic("some-code", "wrong", spans[0], "here", ((spans[1], "before"), (spans[2], "behind")))
    lines = click.unstyle(render_diagnostics([diagnostic], {"a.vnet": Source("a.vnet", text)})).split("\n")

    assert lines[3].partition("| ")[2] == f"…{'a' * 100}…"
    assert lines[5:] == ["  | - before", f"  | {' ' * 101}- behind"]


def test_a_place_past_the_end_has_its_label_and_no_excerpt() -> None:
    assert excerpt("vnet", on_line(9, 1, 2)) == ["error[some-code]: wrong", " --> a.vnet:9:1: here"]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\u202e", "\u200b", "\x9b1m", "\ud800"])
def test_nothing_invisible_reaches_the_terminal(hostile: str) -> None:
    diagnostic = Diagnostic("some-code", f"name `{hostile}`", on_line(1, 6, 7), f"`{hostile}`", help=hostile)
    text = render_diagnostics([diagnostic], {"a.vnet": Source("a.vnet", f"vnet {hostile} x")})

    without_our_colours = re.sub(r"\x1b\[\d*m", "", text)

    assert all(line.isprintable() for line in without_our_colours.split("\n"))


def test_a_flood_of_errors_is_counted_not_printed() -> None:
    flood = [Diagnostic("some-code", "wrong", on_line(1, n + 1, n + 2)) for n in range(SHOWN + 7)]
    text = click.unstyle(render_diagnostics(flood, {"a.vnet": Source("a.vnet", "x" * 200)}))

    assert text.count("error[some-code]") == SHOWN
    assert text.endswith("... and 7 more")


def test_what_is_about_no_place_names_none() -> None:
    note = Diagnostic("not-network", "3 resources are left out", NOWHERE, severity=Severity.NOTE)

    assert click.unstyle(render_diagnostics([note], {})) == "note[not-network]: 3 resources are left out"
    assert click.unstyle(one_line(note)) == "note[not-network]: 3 resources are left out"
