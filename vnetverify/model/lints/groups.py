"""Security groups and route tables that do nothing because they are attached to nothing (F-NSG-13, R-UDR-1)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.network import Network


def group_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield each security group that no subnet and no interface has."""
    attached = {subnet.nsg for subnet in network.subnets()} | {nic.nsg for nic in network.nics()}
    for nsg in network.nsgs.values():
        if nsg.name not in attached:
            said, label, severity = _of_nobody(network, f"nsg `{nsg.name}`", "no subnet and no interface", "filter")
            yield Diagnostic("nsg-unattached", said, nsg.span, label, rule="F-NSG-13", severity=severity)


def route_table_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield each route table that no subnet has."""
    attached = {subnet.route_table for subnet in network.subnets()}
    for table in network.route_tables.values():
        if table.name not in attached:
            said, label, severity = _of_nobody(network, f"route table `{table.name}`", "no subnet", "route")
            yield Diagnostic("route-table-unattached", said, table.span, label, rule="R-UDR-1", severity=severity)


def _of_nobody(network: Network, named: str, nobody: str, verb: str) -> tuple[str, str, Severity]:
    """Return what to say of a list that `nobody` has: a note where something that is not modelled may have it, such as
    a scale set or an association that is not known."""
    if network.unmodelled:
        said = f"{nobody} is known to have {named}; what is not modelled may have it"
        return said, f"may {verb} nothing", Severity.NOTE
    return f"{named} is attached to {nobody}, so it {verb}s nothing", f"{verb}s nothing", Severity.WARNING
