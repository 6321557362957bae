"""`vnetverify fmt`: texts in their canonical layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.findings import findings
from vnetverify.cli.output import emit, tell, write_file
from vnetverify.cli.reading import allowance, takes_max_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vnetverify.diagnostic import Diagnostic
    from vnetverify.source import Source


@click.command("fmt")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the layout of a file is not canonical.")
@takes_max_input
def command(files: tuple[str, ...], check: bool) -> int:
    """Rewrite FILE... in the canonical layout, in place; `-` reads standard input and writes standard output."""
    statuses = [_laid_out(path, check) for path in files]
    return status.worst(statuses)


def _laid_out(path: str, check: bool) -> int:
    from vnetverify.diagnostic import InputError
    from vnetverify.loading import source_at
    from vnetverify.report.terminal import printable
    from vnetverify.syntax.layout import format_text

    diagnostics: list[Diagnostic] = []
    source = source_at(path, diagnostics, allowance())
    if source is None:
        return _refused(diagnostics, None)
    try:
        text = _with_ends_of(source.text, format_text(source.text, path))
    except InputError as mistakes:
        return _refused(mistakes.diagnostics, source)
    if check and text != source.text:
        emit(f"{printable(path)} is not in the canonical layout")
        return status.REFUTED
    if path == "-" and not check:
        emit(text.removesuffix("\n"))
    elif text != source.text:
        _write(path, text)
        emit(f"{printable(path)} laid out")
    return status.AS_EXPECTED


def _with_ends_of(text: str, laid_out: str) -> str:
    """Return what was laid out with the line ends of `text`, where all of these are as on Windows."""
    lines = text.count("\n")
    return laid_out.replace("\n", "\r\n") if lines and text.count("\r\n") == lines else laid_out


def _write(path: str, text: str) -> None:
    try:
        write_file(Path(path), text)
    except OSError as problem:
        raise click.FileError(path, problem.strerror) from problem


def _refused(diagnostics: Sequence[Diagnostic], source: Source | None) -> int:
    tell(findings(sys.stderr, diagnostics, {} if source is None else {source.name: source}))
    return status.BAD_INPUT
