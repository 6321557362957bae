"""Where results and messages go: results to stdout, the rest to stderr, colour only where it is wanted.

A result that cannot be written whole ends the run as cut short: a verdict that nobody sees is no success.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import TextIO

import click


class Unwritten(Exception):
    """The output could not be written whole; `why` is None where its reader went away and wants to hear nothing."""

    def __init__(self, why: str | None) -> None:
        self.why = why
        super().__init__(why or "the reader of the output has gone")


def emit(text: str) -> None:
    """Write `text` and a line end to stdout. Raises `Unwritten`."""
    if sys.stdout is None:  # closed before we began; click would say nothing to nobody
        raise Unwritten("standard output is closed")
    try:
        click.echo(text, color=_colour())
    except OSError as problem:
        raise lost(problem) from problem


def finish() -> None:
    """Write what is still held back of the output. Raises `Unwritten`."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError as problem:
            raise lost(problem) from problem


def lost(problem: OSError) -> Unwritten:
    """Return what to raise now that stdout cannot be written; nothing more is sent there."""
    _forget_stdout()
    return Unwritten(None if isinstance(problem, BrokenPipeError) else problem.strerror or str(problem))


def tell(text: str) -> None:
    """Write `text` and a line end to stderr, if it can be written: there is nowhere left to complain."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True, color=_colour())


def write_file(path: Path, text: str, is_private: bool = False) -> None:
    """Put `text` at `path`, whole or not at all: what stood there stays until all of it is on the disk.

    What `is_private` nobody but its owner may read, whatever stood there before.

    Raises `OSError`.
    """
    path = path.resolve()  # a link keeps pointing where it points
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o600 if is_private else _mode_at(path))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode_at(path: Path) -> int:
    """Return the permissions of the file at `path`, or those of a new one."""
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _colour() -> bool | None:
    """Return whether to colour; None leaves it to what the stream is."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def speak_utf8() -> None:
    """Make both streams write UTF-8, and escapes for what is none, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def occupy_closed_streams() -> None:
    """Let no file that is opened later take the number of a standard stream that was closed before we began."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _forget_stdout() -> None:
    """Send what is left of the output nowhere, since flushing it at the end would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person watches `stream`: a terminal, and no build server's; None was closed before we began."""
    return stream is not None and stream.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
