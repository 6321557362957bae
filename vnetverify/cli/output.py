"""Where results and messages go: results to stdout, the rest to stderr, colour only where it is wanted."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

import click


def emit(text: str) -> None:
    """Write `text` and a line end to stdout, which may have been closed by its reader.

    Raises `ClickException` where it cannot be written: a verdict that nobody sees is no success.
    """
    try:
        click.echo(text, color=_colour())
    except BrokenPipeError:
        forget_stdout()
    except OSError as problem:
        forget_stdout()
        raise click.ClickException(f"cannot write the output: {problem.strerror}") from problem


def tell(text: str) -> None:
    """Write `text` and a line end to stderr."""
    click.echo(text, err=True, color=_colour())


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


def forget_stdout() -> None:
    """Send what is left of the output nowhere, since flushing it at the end would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def is_terminal(stream: TextIO) -> bool:
    """Tell whether a person watches `stream`: a terminal, and no build server's."""
    return stream.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
