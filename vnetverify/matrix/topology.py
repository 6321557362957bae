"""Which networks are joined to which, and where this reading knows too little to say more.

Rules R-PEER-1, R-PEER-2, R-ADDR-9 and, of what is left to others, R-PEER-4, R-PEER-17, R-PEER-18, R-PEER-20, R-CG-1,
R-GW-4, R-GW-18, R-GW-19 and R-GW-21.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from vnetverify.header import EVERY_IPV4, IntervalSet, Prefix, addresses_of
from vnetverify.model.network import DeploymentModel, LinkState, Network, Peering


class Nobody(Enum):
    """Why no network can be named: none holds the address, or which one does is not known here."""

    NONE = "none"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Topology:
    """`peers` have a usable peering of whole networks; what joins `uncertain` ones this reading does not say."""

    network: Network
    halves: dict[tuple[str, str], Peering]
    peers: dict[str, tuple[str, ...]]
    uncertain: dict[str, tuple[str, ...]]
    spaces: dict[str, IntervalSet]
    learned: dict[str, tuple[Prefix, ...]]

    def owner(self, vnet: str, address: int) -> str | Nobody:
        """Return the network that holds a next hop as `vnet` sees it (R-ADDR-9)."""
        if address in self.spaces[vnet]:
            return vnet
        if any(address in self.spaces[other] for other in self.uncertain[vnet]):
            return Nobody.UNCERTAIN
        holders = [peer for peer in self.peers[vnet] if address in self.spaces[peer]]
        return holders[0] if len(holders) == 1 else Nobody.NONE

    def overlap(self, vnet: str, other: str) -> bool:
        return bool(self.spaces[vnet] & self.spaces[other])


def topology_of(network: Network) -> Topology:
    """Return which vnets are peers, which are so uncertainly or in ways that are not followed, and what they learn."""
    halves = {(half.local, half.remote): half for half in network.peerings}
    peers: dict[str, list[str]] = {name: [] for name in network.vnets}
    uncertain: dict[str, list[str]] = {name: [] for name in network.vnets}
    for local, remote in halves:
        for one, other in ((local, remote), (remote, local)):
            if _is_special(network, halves, one, other) and other not in uncertain[one]:
                uncertain[one].append(other)
        if _is_usable(halves, local, remote) and remote not in uncertain[local]:
            peers[local].append(remote)
    for group in network.connected_groups:
        for member in group.members:
            mates = (mate for mate in group.members if mate != member and mate not in peers[member])
            uncertain[member] += (mate for mate in mates if mate not in uncertain[member])
    spaces = {name: addresses_of(vnet.address_space) for name, vnet in network.vnets.items()}
    frozen = {name: tuple(others) for name, others in peers.items()}
    serving = {name: _serving(halves, name, frozen[name]) | set(uncertain[name]) for name in network.vnets}
    learned = {name: tuple(_learned(network, vnets)) for name, vnets in serving.items()}
    return Topology(
        network, halves, frozen, {name: tuple(others) for name, others in uncertain.items()}, spaces, learned
    )


def _serving(halves: dict[tuple[str, str], Peering], vnet: str, peers: tuple[str, ...]) -> set[str]:
    """Return the networks whose gateways and Route Servers serve `vnet`, itself first (R-GW-4)."""
    return {vnet} | {
        peer for peer in peers if halves[vnet, peer].use_remote_gateways and halves[peer, vnet].allow_gateway_transit
    }


def _is_usable(halves: dict[tuple[str, str], Peering], local: str, remote: str) -> bool:
    """Hold when both halves are there and connected (R-PEER-2)."""
    both = halves.get((local, remote)), halves.get((remote, local))
    return all(half is not None and half.state in (None, LinkState.CONNECTED) for half in both)


def _is_special(network: Network, halves: dict[tuple[str, str], Peering], one: str, other: str) -> bool:
    """Hold when the peering is of a kind that this reading leaves to others."""
    if any(network.vnets[name].model is DeploymentModel.CLASSIC for name in (one, other)):
        return True
    for half in (halves.get((one, other)), halves.get((other, one))):
        if half is None:
            continue
        space = network.vnets[half.remote].address_space
        seen = space if half.remote_space is None else half.remote_space
        if half.is_of_subnets or half.only_ipv6 or set(seen) != set(space):
            return True
    return False


def _learned(network: Network, serving: set[str]) -> Iterator[Prefix]:
    """Return all that gateways and Route Servers of these networks could tell a table, whatever they do tell."""
    for server in network.route_servers:
        if server.vnet in serving:
            yield from (prefix for peer in server.peers for prefix in peer.prefixes)
    gateways = [gateway for gateway in network.gateways.values() if gateway.vnet in serving]
    if not gateways:
        return
    names = {gateway.name for gateway in gateways}
    ways = [way for way in network.connections if way.gateway in names or way.remote_gateway in names]
    is_open = any(way.remote_gateway or way.circuit for way in ways) or bool(network.route_servers)
    for way in network.connections if is_open else ways:
        if way.site is not None:
            yield from network.sites[way.site].prefixes if way.prefixes is None else way.prefixes
        if way.default_site:
            yield EVERY_IPV4
    if is_open:
        for other_vnet in network.vnets.values():
            yield from (*other_vnet.address_space, *other_vnet.summarized_gateway_prefixes)
        yield from (prefix for server in network.route_servers for peer in server.peers for prefix in peer.prefixes)
