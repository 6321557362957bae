"""`vnetverify routes`: the effective routes of a subnet."""

from __future__ import annotations

from collections.abc import Mapping

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import takes_assumptions, world_of
from vnetverify.cli.naming import subnet_called
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, takes_networks, with_lines


@click.command("routes")
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("subnet")
@takes_networks
@takes_assumptions
def command(
    file: str, subnet: str, networks: tuple[str, ...], service_tags: str | None, assumed: Mapping[str, bool]
) -> int:
    """Show the effective routes of SUBNET (`vnet.subnet`) in FILE, with those that lost and why.

    Open facts read as documented unless the text or --assume says otherwise.
    """
    from vnetverify.model.untold import about, untold_of_routes
    from vnetverify.report.tables import routes_table, with_circumstances
    from vnetverify.simulator.routes import effective_routes

    loaded = load_or_tell([file], networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    document = loaded.document
    found = subnet_called(document.network, subnet)
    routes = effective_routes(document.network, found.id, world_of(document.assumptions, assumed))
    (routes, items), _ = with_lines(loaded, (routes, about(untold_of_routes(document.network), found.vnet)))
    emit(with_circumstances(routes_table(routes), document.network.era, items))
    return status.AS_EXPECTED
