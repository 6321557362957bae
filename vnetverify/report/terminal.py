"""Text for terminals: nothing of the input's can move the cursor, and columns line up."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import click

from vnetverify.report.escaping import printable as printable


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, the last being `…` when some are left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def counted(number: int, noun: str) -> str:
    """Return for example `1 intent` or `2,000 intents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def width(text: str) -> int:
    """Return how many cells of a terminal `text` fills; it holds no control characters."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, cells: int) -> str:
    return text + " " * (cells - width(text))


def aligned(rows: Sequence[Sequence[str]], indent: str = "  ", widest: int = 84) -> list[str]:
    """Return a line for each row, its cells in columns two blanks apart; the rows are equally long.

    A cell wider than `widest` does not widen its column: it pushes only its own row.
    """
    widths = [
        max((width(cell) for cell in column if width(cell) <= widest), default=0) for column in zip(*rows, strict=True)
    ]
    return [indent + "  ".join(map(padded, row, widths)).rstrip() for row in rows]


def dim(text: str) -> str:
    return click.style(text, dim=True) if text else text


def bold(text: str) -> str:
    return click.style(text, bold=True)


def coloured(text: str, colour: str) -> str:
    return click.style(text, fg=colour, bold=True)
