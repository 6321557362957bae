"""Principals and the vnets they have permissions on (R-PEER-9)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic
from vnetverify.model.network import Network


def principal_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield permissions on vnets that are not there."""
    for principal in network.principals.values():
        for name in dict.fromkeys((*principal.write, *principal.peer)):
            if name not in network.vnets:
                message = f"principal `{principal.name}` has a permission on `{name}`, which is not a vnet"
                yield Diagnostic("unknown-vnet", message, principal.span, rule="R-PEER-9")
