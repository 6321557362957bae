"""One line on the terminal that says how far a run has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from vnetverify.cli.output import is_terminal

if TYPE_CHECKING:
    from vnetverify.report.results import IntentResult

_CLEARED = "\r\x1b[K"


@contextmanager
def progress_line() -> Iterator[Callable[[IntentResult], None]]:
    """Give what is to be called with every result: it rewrites the line, which is gone at the end.

    Nothing is written where nobody watches.
    """
    done = 0
    with watched_line() as show:

        def count(_: IntentResult) -> None:
            nonlocal done
            done += 1
            show(f"{done} decided")

        yield count


@contextmanager
def watched_line() -> Iterator[Callable[[str], None]]:
    """Give what is to be called with what the line shall say; it is gone at the end, and never there unwatched."""
    watched = is_terminal(sys.stderr)
    written = False

    def show(text: str) -> None:
        nonlocal written
        if watched:
            _write(f"\r{text}")
            written = True

    try:
        yield show
    finally:
        if written:
            _write(_CLEARED)


def _write(text: str) -> None:
    with suppress(OSError):  # a terminal that is gone stops no proof
        sys.stderr.write(text)
        sys.stderr.flush()
