"""`vnetverify coverage-of`: what the model makes of what is in files."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from vnetverify.cli import status
from vnetverify.cli.findings import findings
from vnetverify.cli.output import emit, tell
from vnetverify.cli.reading import allowance, given, has_errors, takes_settings, with_lines


@click.command("coverage-of")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@takes_settings
@click.option(
    "--output-format",
    type=click.Choice(["full", "json"]),
    default="full",
    show_default=True,
    help="How to print it.",
)
def command(paths: tuple[Path, ...], service_tags: str | None, output_format: str) -> int:
    """List each kind of resource and each property that PATH..., files or folders, hold.

    For each: whether it is modelled, known to change no packet, or not modelled; in the last case, also the networks
    whose verdicts it makes unknown.
    """
    from vnetverify.diagnostic import Diagnostic
    from vnetverify.ingest import read_tag_list, survey
    from vnetverify.report.coverage import as_json, as_text
    from vnetverify.source import Span

    allowed, published, diagnostics = allowance(), None, list[Diagnostic]()
    if service_tags is not None:
        published, found = read_tag_list(Path(service_tags), Span(service_tags, 0, 0, 0, 0), allowed, None)
        diagnostics += found
    coverage, imported = survey(paths, published, allowed, given())
    (said, *listed), quotes = with_lines(
        imported, (imported.diagnostics, imported.network.unmodelled, imported.network.unmodelled_names)
    )
    diagnostics += said
    if diagnostics:
        tell(findings(sys.stderr, diagnostics, {}, quotes))
    if has_errors(diagnostics):
        return status.BAD_INPUT
    network = replace(imported.network, unmodelled=listed[0], unmodelled_names=listed[1])
    emit((as_json if output_format == "json" else as_text)(coverage, network))
    return status.AS_EXPECTED
