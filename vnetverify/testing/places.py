"""Where something more can stand in a drawn network: free addresses near the bounds of its subnets."""

from __future__ import annotations

from collections.abc import Iterable

from vnetverify.header import Family
from vnetverify.model.network import Network, Subnet


def host_subnets(network: Network, vnet: str) -> tuple[Subnet, ...]:
    """Return the subnets of `vnet` in which the user's own may stand; drawn ones have names of one letter."""
    return tuple(subnet for subnet in network.vnets[vnet].subnets if len(subnet.name) == 1)


def taken_addresses(network: Network, vnet: str) -> frozenset[int]:
    """Return every address of `vnet` that something declared has."""
    held = [address for nic in network.nics() if nic.vnet == vnet for address in nic.addresses]
    fronts = [f.address for one in network.load_balancers.values() for f in one.frontends if f.vnet == vnet]
    ends = [a for endpoint in network.private_endpoints.values() if endpoint.vnet == vnet for a in endpoint.addresses]
    return frozenset((*held, *fronts, *ends))


def free_address(network: Network, subnet: Subnet, family: Family, beside: Iterable[int] = ()) -> int | None:
    """Return the first address of `subnet` that nothing has, nor is among `beside`; None where there is none."""
    taken = taken_addresses(network, subnet.vnet) | frozenset(beside)
    for prefix in subnet.prefixes:
        if prefix.family is family:
            candidates = range(prefix.value + 4, min(prefix.last, prefix.value + 64))
            return next((address for address in candidates if address not in taken), None)
    return None
