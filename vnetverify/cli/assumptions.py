"""`vnetverify assumptions`: the open facts that some verdict turns on, and how to settle each."""

from __future__ import annotations

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, takes_networks


@click.command("assumptions")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@takes_networks
def command(files: tuple[str, ...], networks: tuple[str, ...], service_tags: str | None) -> int:
    """List the facts that Azure's documentation leaves open and that intents of FILE... depend on.

    For each: what it means, what the documentation prefers, how to find out, and the intents whose verdict needs it.
    """
    from vnetverify.pipeline import Options, prove
    from vnetverify.report.facts import facts_table

    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    emit(facts_table(prove(loaded, Options())))
    return status.AS_EXPECTED
