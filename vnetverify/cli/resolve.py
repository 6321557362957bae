"""`vnetverify resolve`: the addresses that an expression stands for."""

from __future__ import annotations

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit
from vnetverify.cli.reading import endpoints_called, load_or_tell, something_to_read, takes_networks


@click.command("resolve")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@click.argument("expression")
@takes_networks
def command(files: tuple[str, ...], expression: str, networks: tuple[str, ...], service_tags: str | None) -> int:
    """Show which addresses at which places EXPRESSION stands for in FILE....

    \b
    For example: vnetverify resolve hub.vnet 'spokes except spoke1.db'
    """
    from vnetverify.report.tables import endpoints_table

    something_to_read(files, networks, expression)
    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    emit(endpoints_table(endpoints_called(loaded, expression)))
    return status.AS_EXPECTED
