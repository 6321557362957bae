"""One line on the terminal that says how far a run has come."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from vnetverify.cli.output import is_terminal

if TYPE_CHECKING:
    from vnetverify.pipeline import Progress

_CLEARED = "\r\x1b[K"


@contextmanager
def progress_line() -> Iterator[Callable[[Progress], None]]:
    """Give what is to be called now and then with how far a run has come: it rewrites the line, gone at the end.

    Nothing is written where nobody watches.
    """
    begun = time.monotonic()
    with watched_line() as show:
        yield lambda progress: show(_line(progress, time.monotonic() - begun))


def _line(progress: Progress, seconds: float) -> str:
    """Return which intent is under way, how many are left and how long it has taken, no wider than the terminal."""
    from vnetverify.report.terminal import printable

    minutes, rest = divmod(int(seconds), 60)
    left = progress.selected - progress.decided
    told = f"{minutes}:{rest:02}  {left} of {progress.selected} left  "
    columns = shutil.get_terminal_size().columns - 1
    return (told + printable(progress.under_way))[:columns]


@contextmanager
def watched_line() -> Iterator[Callable[[str], None]]:
    """Give what is to be called with what the line shall say; it is gone at the end, and never there unwatched."""
    watched = is_terminal(sys.stderr)
    written = False

    def show(text: str) -> None:
        nonlocal written
        if watched:
            _write(f"{_CLEARED}{text}")
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
