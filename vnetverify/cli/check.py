"""`vnetverify check`: what is wrong with a text, without proving anything."""

from __future__ import annotations

import sys

import click

from vnetverify.cli import status
from vnetverify.cli.findings import findings, tell_circumstances
from vnetverify.cli.options import takes_format_of_findings
from vnetverify.cli.output import emit
from vnetverify.cli.reading import has_errors, load, something_to_read, takes_networks, with_lines


@click.command("check")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@takes_networks
@takes_format_of_findings
def command(files: tuple[str, ...], networks: tuple[str, ...], service_tags: str | None, output_format: str) -> int:
    """Check FILE... for syntax, names, what Azure would refuse, and the warnings of `lint`, without proving intents."""
    from vnetverify.inspection import is_lintable_at_once, lint_for_check
    from vnetverify.report.excerpt import counts_of, one_line
    from vnetverify.report.json import render_findings
    from vnetverify.report.terminal import counted

    something_to_read(files, networks)
    loaded = load(files, networks, service_tags)
    is_bad = has_errors(loaded.diagnostics)
    found = loaded.diagnostics if is_bad else lint_for_check(loaded)
    found, quotes = (found, loaded.quotes) if is_bad else with_lines(loaded, tuple(found))
    if output_format == "json":
        emit(render_findings(found))
        return status.BAD_INPUT if is_bad else status.AS_EXPECTED
    if found and output_format == "full":
        emit(findings(sys.stdout, found, loaded.sources, quotes))
    elif found:
        emit("\n".join(map(one_line, found)))
    if is_bad:
        if output_format == "full":
            emit(f"\n{counts_of(found)}")
        return status.BAD_INPUT
    network = loaded.document.network
    counts = (
        counted(len(network.vnets), "vnet"),
        counted(len(network.subnets()), "subnet"),
        counted(len(network.machines), "machine"),
        counted(len(loaded.document.intents), "intent"),
    )
    emit(f"no errors: {', '.join(counts)}")
    tell_circumstances(network)
    if not is_lintable_at_once(network):
        emit("`vnetverify lint` proves as well which of these very many security rules have no effect")
    return status.AS_EXPECTED
