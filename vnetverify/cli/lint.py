"""`vnetverify lint`: what Azure accepts and hardly anybody means."""

from __future__ import annotations

import sys

import click

from vnetverify.cli import status
from vnetverify.cli.findings import findings, tell_circumstances
from vnetverify.cli.options import takes_format_of_findings
from vnetverify.cli.output import emit
from vnetverify.cli.reading import has_errors, load, something_to_read, takes_networks, with_lines


@click.command("lint")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@takes_networks
@takes_format_of_findings
def command(files: tuple[str, ...], networks: tuple[str, ...], service_tags: str | None, output_format: str) -> int:
    """Find what Azure accepts in FILE... but hardly anybody means: rules without effect, tags that hold more than
    they seem to, filters that filter nothing.

    That a rule has no effect is proved: for every packet, wherever its group is attached, whatever the open facts.
    """
    from vnetverify.inspection import lint
    from vnetverify.report.excerpt import counts_of, one_line
    from vnetverify.report.json import render_findings

    something_to_read(files, networks)
    loaded = load(files, networks, service_tags)
    is_bad = has_errors(loaded.diagnostics)
    found = loaded.diagnostics if is_bad else lint(loaded)
    found, quotes = (found, loaded.quotes) if is_bad else with_lines(loaded, tuple(found))
    if output_format == "json":
        emit(render_findings(found))
    elif output_format == "concise":
        emit("\n".join([*map(one_line, found), counts_of(found) or "no findings"]))
    else:
        told = (findings(sys.stdout, found, loaded.sources, quotes), counts_of(found) or "no findings")
        emit("\n\n".join(filter(None, told)))
        if not is_bad:
            tell_circumstances(loaded.document.network)
    return status.BAD_INPUT if is_bad else status.AS_EXPECTED
