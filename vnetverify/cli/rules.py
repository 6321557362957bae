"""`vnetverify rules`: the security rules in force at an interface or a subnet."""

from __future__ import annotations

from collections.abc import Mapping

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import takes_assumptions, world_of
from vnetverify.cli.naming import interface_or_subnet_called
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, something_to_read, takes_networks, with_lines


@click.command("rules")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@click.argument("where", metavar="NIC|SUBNET")
@takes_networks
@takes_assumptions
def command(
    files: tuple[str, ...], where: str, networks: tuple[str, ...], service_tags: str | None, assumed: Mapping[str, bool]
) -> int:
    """Show the security rules at an interface, a machine or a subnet of FILE..., in the order they are tried.

    At a subnet they are those of a host without a group of its own. Open facts read as documented
    unless the text or --assume says otherwise.
    """
    from vnetverify.model.untold import about, untold_of_rules
    from vnetverify.report.tables import rules_table, with_circumstances
    from vnetverify.simulator.effective_rules import effective_rules

    something_to_read(files, networks, where)
    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    document = loaded.document
    subnet_id, nic = interface_or_subnet_called(document.network, where)
    found = effective_rules(document.network, subnet_id, nic, world_of(document.assumptions, assumed))
    items = about(untold_of_rules(document.network), document.network.subnet(subnet_id).vnet)
    (found, items), _ = with_lines(loaded, (found, items))
    emit(with_circumstances(rules_table(found), document.network.era, items))
    return status.AS_EXPECTED
