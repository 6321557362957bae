"""Of which vnets the input does not tell all: what they seem to lack may be there."""

from __future__ import annotations

from vnetverify.model.network import Network


def incomplete_vnets(network: Network) -> frozenset[str]:
    """Return the names of the vnets of which something is not modelled, or not known."""
    return untold_vnets(network).union(*(item.vnets for item in network.unmodelled))


def untold_vnets(network: Network) -> frozenset[str]:
    """Return the names of the vnets of which some value is not known."""
    found: set[str] = set()
    for item in network.unmodelled:
        if item.is_unknown:
            found.update(item.vnets or network.vnets)
    return frozenset(found)
