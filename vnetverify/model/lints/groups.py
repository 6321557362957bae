"""Security groups and route tables that do nothing because they are attached to nothing (F-NSG-13, R-UDR-1)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.network import Network


def group_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield each security group that no subnet and no interface has."""
    attached = {subnet.nsg for subnet in network.subnets()} | {nic.nsg for nic in network.nics()}
    for nsg in network.nsgs.values():
        if nsg.name in attached:
            continue
        if network.unmodelled:  # which may have it: a scale set, an association that is not known
            severity, label = Severity.NOTE, "may filter nothing"
            said = f"no subnet and no interface is known to have nsg `{nsg.name}`; what is not modelled may have it"
        else:
            severity, label = Severity.WARNING, "filters nothing"
            said = f"nsg `{nsg.name}` is attached to no subnet and no interface, so it filters nothing"
        yield Diagnostic("nsg-unattached", said, nsg.span, label, rule="F-NSG-13", severity=severity)


def route_table_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield each route table that no subnet has."""
    attached = {subnet.route_table for subnet in network.subnets()}
    for table in network.route_tables.values():
        if table.name in attached:
            continue
        if network.unmodelled:  # which may have it: a subnet or an association that is not known
            severity, label = Severity.NOTE, "may route nothing"
            said = f"no subnet is known to have route table `{table.name}`; what is not modelled may have it"
        else:
            severity, label = Severity.WARNING, "routes nothing"
            said = f"route table `{table.name}` is attached to no subnet, so it routes nothing"
        yield Diagnostic("route-table-unattached", said, table.span, label, rule="R-UDR-1", severity=severity)
