"""`vnetverify routes`: the effective routes of a subnet."""

from __future__ import annotations

from collections.abc import Mapping

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import takes_assumptions, world_of
from vnetverify.cli.naming import interface_or_subnet_called
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, something_to_read, takes_networks, with_lines


@click.command("routes")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@click.argument("where", metavar="NIC|SUBNET")
@takes_networks
@takes_assumptions
def command(
    files: tuple[str, ...], where: str, networks: tuple[str, ...], service_tags: str | None, assumed: Mapping[str, bool]
) -> int:
    """Show the effective routes at a subnet (`vnet.subnet`), an interface or a machine of FILE..., with those that
    lost and why.

    Open facts read as documented unless the text or --assume says otherwise.
    """
    from vnetverify.model.untold import about, untold_of_routes
    from vnetverify.report.tables import routes_table, with_circumstances
    from vnetverify.simulator.routes import effective_routes

    something_to_read(files, networks, where)
    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    document = loaded.document
    subnet_id, _ = interface_or_subnet_called(document.network, where)
    routes = effective_routes(document.network, subnet_id, world_of(document.assumptions, assumed))
    (routes, items), _ = with_lines(
        loaded, (routes, about(untold_of_routes(document.network), document.network.subnet(subnet_id).vnet))
    )
    emit(with_circumstances(routes_table(routes), document.network.era, items))
    return status.AS_EXPECTED
