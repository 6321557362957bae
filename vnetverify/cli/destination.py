"""The file that a report goes to: whole or not at all, and never over an input."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from vnetverify.cli.output import Unwritten, write_file


def destination(path: str, inputs: Iterable[Path]) -> Path:
    """Return the file that `path` leads to, links followed, where a report may be written.

    Raises `ClickException` where it may not: over an input or inside a folder of them, which the next run would read,
    over what is not a regular file, or where no file can be made.
    """
    try:
        target = Path(path).resolve()
        _refuse(path, _objection(target, inputs))
    except (OSError, RuntimeError) as problem:
        raise _failure(path, problem) from problem
    return target


def folder(path: str) -> Path:
    """Return the folder at `path`, made where it is missing. Raises `ClickException` where it is none."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise _refusal(path, "it is not a folder") from None
    except (OSError, ValueError) as problem:
        raise _failure(path, problem) from problem
    return Path(path)


def save(text: str, target: Path, is_private: bool = False) -> None:
    """Write `text` and a line end to `target`, whole or not at all. Raises `Unwritten`."""
    try:
        write_file(target, f"{text}\n", is_private)
    except OSError as problem:
        raise Unwritten(f"{target}: {problem.strerror or problem}") from problem


def _objection(target: Path, inputs: Iterable[Path]) -> str | None:
    for source in filter(Path.exists, inputs):
        if target == source.resolve() or (target.exists() and target.samefile(source)):
            return "it is an input"
        if source.is_dir() and source.resolve() in target.parents:
            return f"it lies in `{source}`, all of which is read as input"
    if target.is_dir():
        return "it is a folder"
    if target.exists() and not target.is_file():
        return "it is not a regular file"
    if not target.parent.is_dir():
        return "there is no such folder"
    if not os.access(target.parent, os.W_OK):
        return "its folder cannot be written to"
    return None


def _refuse(path: str, objection: str | None) -> None:
    if objection is not None:
        raise _refusal(path, objection)


def _failure(path: str, problem: Exception) -> click.ClickException:
    reason = (problem.strerror if isinstance(problem, OSError) else None) or str(problem)
    return _refusal(path, reason.lower())


def _refusal(path: str, reason: str) -> click.ClickException:
    from vnetverify.report.terminal import printable

    return click.ClickException(f"cannot write `{printable(path)}`: {printable(reason)}")
