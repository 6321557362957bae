"""Security groups that filter nothing because they are attached to nothing (F-NSG-13)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.network import Network


def group_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield each security group that no subnet and no interface has."""
    attached = {subnet.nsg for subnet in network.subnets()} | {nic.nsg for nic in network.nics()}
    for nsg in network.nsgs.values():
        if nsg.name not in attached:
            yield Diagnostic(
                "nsg-unattached",
                f"nsg `{nsg.name}` is attached to no subnet and no interface, so it filters nothing",
                nsg.span,
                "filters nothing",
                rule="F-NSG-13",
                # What is not modelled may have it, a scale set for example.
                severity=Severity.NOTE if network.unmodelled else Severity.WARNING,
            )
