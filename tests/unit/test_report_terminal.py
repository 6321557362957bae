"""Names are escaped, and columns line up."""

from __future__ import annotations

import pytest

from vnetverify.report.terminal import aligned, printable, shortened, width


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb", r"a\nb"),
        ("\U000e0001", r"\U000e0001"),
        ("\ud800", r"\ud800"),
        ("plain 東京", "plain 東京"),
        ("::error::red", r"\x3a:error::red"),
        (" ::add-mask::10", r" \x3a:add-mask::10"),
        ("::1 is the loopback of IPv6", "::1 is the loopback of IPv6"),
        ("::ffff:10.0.0.4", "::ffff:10.0.0.4"),
        ("a ##[error]b", r"a \x23#[error]b"),
        ("a ##vso[task.setvariable variable=b]c", r"a \x23#vso[task.setvariable variable=b]c"),
        ("## [heading]", "## [heading]"),
    ],
)
def test_what_cannot_be_seen_is_written_as_an_escape(hostile: str, shown: str) -> None:
    assert printable(hostile) == shown


def test_columns_line_up_two_blanks_apart() -> None:
    assert aligned([("a", "bb"), ("ccc", "d")]) == ["  a    bb", "  ccc  d"]


def test_a_wide_character_takes_two_cells() -> None:
    assert width("東a") == 3
    assert aligned([("東", "x"), ("ab", "y")]) == ["  東  x", "  ab  y"]


def test_a_very_long_cell_pushes_only_its_own_row() -> None:
    long, short = aligned([("x" * 90, "end"), ("a", "end")])

    assert long == f"  {'x' * 90}  end"
    assert short == "  a  end"


def test_a_long_text_is_shortened_visibly() -> None:
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"
