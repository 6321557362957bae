"""Which networks are connected, and what each sees of the other; nothing here depends on a world.

Rules R-PEER-1, R-PEER-2, R-PEER-3, R-PEER-4, R-PEER-17, R-PEER-18, R-PEER-20, R-PEER-24, R-GW-9, R-CG-1, R-CG-2 and
R-CG-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.header import Family, Prefix
from vnetverify.model.network import ConnectedGroup, DeploymentModel, LinkState, Network, Peering, Vnet
from vnetverify.simulator.addressing import is_inside

Halves = Mapping[tuple[str, str], Peering]


@dataclass(frozen=True, slots=True)
class Range:
    """A prefix that counts where all of `when` hold."""

    prefix: Prefix
    when: tuple[Uncertainty, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What a vnet sees of a peer: `sure` ranges, and `doubtful` ones of a half that is not in sync (R-PEER-17).

    In a peering of subnets `sure` are the prefixes of the peer's participating subnets, `subnets` the ids of the
    vnet's own and `sources` their prefixes; `subnets` is None where whole networks are peered (R-PEER-18).
    """

    half: Peering
    sure: tuple[Prefix, ...]
    doubtful: tuple[Prefix, ...] = ()
    subnets: tuple[str, ...] | None = None
    sources: tuple[Prefix, ...] = ()

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        return self.sure + self.doubtful

    def takes_part(self, subnet_id: str) -> bool:
        """Hold when packets of the subnet may use the peering (R-PEER-18, R-PEER-19)."""
        return self.subnets is None or subnet_id in self.subnets

    def ranges_at(self, subnet_id: str) -> tuple[Range, ...]:
        """Return the ranges that the peering gives to the subnet's table (R-SYS-7, R-PEER-17, R-PEER-19)."""
        here = () if self.takes_part(subnet_id) else (uncertainty("U-R-PEER-19"),)
        unsynced = uncertainty("U-R-PEER-17", self.half.id)
        return (
            *(Range(prefix, here) for prefix in self.sure),
            *(Range(prefix, (unsynced,)) for prefix in self.doubtful),
        )


def halves_of(network: Network) -> dict[tuple[str, str], Peering]:
    """Return the declared halves and the implied ones of classic networks, no two of which peer (R-PEER-4, R-GW-9)."""
    halves = {(half.local, half.remote): half for half in network.peerings}
    for half in network.peerings:
        classic = network.vnets[half.remote].model is DeploymentModel.CLASSIC
        if classic and (half.remote, half.local) not in halves:
            transit = half.allow_gateway_transit
            implied = Peering(half.remote, half.local, use_remote_gateways=transit, span=half.span)
            halves[implied.local, implied.remote] = implied
    return halves


def _is_connected(half: Peering) -> bool:
    """Hold when a half is connected, given that the other half exists (R-PEER-2)."""
    return half.state in (None, LinkState.CONNECTED)


def _is_for(half: Peering, family: Family) -> bool:
    """Hold when the half lets a peering carry packets of this family (R-PEER-20)."""
    return family is Family.IPV6 or not half.only_ipv6


def peers_of(network: Network, halves: Halves, family: Family) -> dict[str, tuple[str, ...]]:
    """Return for each vnet those it has a usable peering with in this family (R-PEER-2, R-PEER-20).

    Both halves exist and are connected, and for IPv4 neither is for IPv6 alone.
    """
    peers: dict[str, list[str]] = {name: [] for name in network.vnets}
    for (local, remote), half in halves.items():
        other = halves.get((remote, local))
        if other is not None and all(_is_connected(side) and _is_for(side, family) for side in (half, other)):
            peers[local].append(remote)
    return {name: tuple(remotes) for name, remotes in peers.items()}


def views_of(network: Network, halves: Halves, peers: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, str], View]:
    """Return what each vnet sees of each of its peers."""
    pairs = ((local, remote) for local, remotes in peers.items() for remote in remotes)
    return {(local, remote): _view(network, halves, local, remote) for local, remote in pairs}


def _view(network: Network, halves: Halves, local: str, remote: str) -> View:
    half, other = halves[local, remote], halves[remote, local]
    here, there = network.vnets[local], network.vnets[remote]
    if half.is_of_subnets or other.is_of_subnets:
        taking_part = _participants(here, half.local_subnets, other.remote_subnets)
        ids = tuple(f"{local}.{name}" for name in taking_part)
        beyond = _participants(there, other.local_subnets, half.remote_subnets)
        return View(half, _prefixes(there, beyond), subnets=ids, sources=_prefixes(here, taking_part))
    present = there.address_space
    seen = present if half.remote_space is None else half.remote_space
    either = tuple(dict.fromkeys((*present, *seen)))
    sure = tuple(prefix for prefix in either if _is_within(prefix, present) and _is_within(prefix, seen))
    return View(half, sure, tuple(prefix for prefix in either if prefix not in sure))


def _is_within(prefix: Prefix, ranges: tuple[Prefix, ...]) -> bool:
    return any(is_inside(prefix, range_) for range_ in ranges)


def _participants(vnet: Vnet, stated: tuple[str, ...] | None, mirrored: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the subnets of `vnet` that take part: as its own half says, else the other, else all (R-PEER-18)."""
    named = stated if stated is not None else mirrored
    every = tuple(subnet.name for subnet in vnet.subnets)
    if named is None:
        return every
    folded = {name.casefold() for name in named}
    return tuple(name for name in every if name.casefold() in folded)


def _prefixes(vnet: Vnet, names: tuple[str, ...]) -> tuple[Prefix, ...]:
    return tuple(prefix for subnet in vnet.subnets if subnet.name in names for prefix in subnet.prefixes)


def mates_of(network: Network, peers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return for each vnet those that a group connects it to without a usable peering (R-CG-1, R-CG-2, R-PEER-24)."""
    mates: dict[str, set[str]] = {name: set() for name in network.vnets}
    for group in network.connected_groups:
        for member in group.members:
            mates[member] |= {mate for mate in group.members if connects(network, group, member, mate)}
    return {
        name: tuple(other for other in network.vnets if other in found and other not in peers[name])
        for name, found in mates.items()
    }


def connects(network: Network, group: ConnectedGroup, one: str, other: str) -> bool:
    """Hold when `group` reaches from one member to another: it is global, or their regions may be the same (R-CG-1)."""
    regions = {region.casefold() for name in (one, other) if (region := network.vnets[name].region) is not None}
    return one != other and (group.is_global or len(regions) <= 1)
