"""Peerings: their two halves, their ends and the address spaces they join (R-PEER-1 to R-PEER-9)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.network import DeploymentModel, LinkState, Network, Peering
from vnetverify.model.wellformed.incompleteness import incomplete_vnets
from vnetverify.model.wellformed.overlaps import overlaps
from vnetverify.model.wellformed.pairs import requirements
from vnetverify.model.wellformed.parts import (
    is_of_subnets,
    joined_prefixes,
    links_of,
    only_ipv6_faults,
    part_faults,
    view_faults,
)


def peering_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with peerings as such; what gateways add is in `transit`."""
    halves: dict[tuple[str, str], Peering] = {}
    for peering in network.peerings:
        if peering.local == peering.remote:
            message = f"vnet `{peering.local}` is peered with itself"
            yield Diagnostic("peering-with-itself", message, peering.span, rule="R-PEER-1")
            continue
        first = halves.setdefault((peering.local, peering.remote), peering)
        if first is not peering:
            yield Diagnostic(
                "peering-twice",
                f"vnet `{peering.local}` is already peered with `{peering.remote}`",
                peering.span,
                "a second peering with the same vnet",
                ((first.span, "the first"),),
                rule="R-PEER-1",
                azure="AnotherPeeringAlreadyReferencesRemoteVnet",
            )
    met: set[tuple[str, str]] = set()
    forwarding = {nic.vnet for nic in network.nics() if nic.ip_forwarding}
    for (local, remote), half in halves.items():
        other = halves.get((remote, local))
        yield from view_faults(network, half)
        if other is None:
            yield from _half_faults(network, half)
        else:
            yield from _misplaced_flag(half, other, forwarding)
        if other is None or (remote, local) in met:  # a fault of both halves is told at the second
            yield from _pair_faults(network, half)
            yield from only_ipv6_faults(half, other)
            in_part = is_of_subnets(half, other)
            yield from part_faults(network, half, other) if in_part else _overlap(network, half)
        met.add((local, remote))
    yield from _overlaps_among_peers(network, halves)


def _is_classic(network: Network, vnet: str) -> bool:
    return network.vnets[vnet].model is DeploymentModel.CLASSIC


def _misplaced_flag(half: Peering, other: Peering, forwarding: Collection[str]) -> Iterator[Diagnostic]:
    """Yield a half that accepts forwarded packets from a vnet where nothing forwards, while the other half, next to
    the appliance, does not: the flag stands on the wrong side (R-PEER-15).
    """
    misplaced = half.local in forwarding and half.remote not in forwarding
    if misplaced and half.allow_forwarded_traffic and not other.allow_forwarded_traffic:
        yield Diagnostic(
            "forwarded-traffic-one-way",
            f"`{other.id}` does not allow forwarded traffic from the appliances in `{other.remote}`",
            half.span,
            f"lets packets forwarded in `{half.remote}` into `{half.local}`, where the appliance is",
            ((other.span, "has no `allow-forwarded-traffic`"),),
            rule="R-PEER-15",
            severity=Severity.WARNING,
        )


def _half_faults(network: Network, half: Peering) -> Iterator[Diagnostic]:
    if half.state not in (None, LinkState.INITIATED):
        return
    if _is_classic(network, half.local) or _is_classic(network, half.remote):
        return
    if half.state is None and half.remote in incomplete_vnets(network):
        return  # the other half may be among what the input does not tell of that network
    yield Diagnostic(
        "half-peering",
        f"the other half of this peering is missing, so nothing passes between `{half.local}` and `{half.remote}`",
        half.span,
        "only one half",
        help=f"add `peering {half.remote} -> {half.local}`",
        rule="R-PEER-2",
        severity=Severity.WARNING,
    )


def _pair_faults(network: Network, half: Peering) -> Iterator[Diagnostic]:
    for requirement in requirements(network.era, network.vnets[half.local], network.vnets[half.remote]):
        if requirement.is_met is False:
            yield Diagnostic(requirement.code, requirement.why, half.span, rule=requirement.rule)


def _overlap(network: Network, half: Peering) -> Iterator[Diagnostic]:
    ranges = [(prefix, name) for name in (half.local, half.remote) for prefix in network.vnets[name].address_space]
    for (outer, first), (inner, second) in overlaps(ranges):
        yield Diagnostic(
            "peering-overlap",
            f"the peered vnets `{first}` ({outer}) and `{second}` ({inner}) overlap",
            half.span,
            "peers must not overlap",
            tuple((network.vnets[name].span, f"has {prefix}") for name, prefix in ((first, outer), (second, inner))),
            rule="R-PEER-6",
            azure="VnetAddressSpacesOverlap",
        )
        break


def _overlaps_among_peers(network: Network, halves: Mapping[tuple[str, str], Peering]) -> Iterator[Diagnostic]:
    """Yield the peers of one vnet that overlap, though they are not peered with each other (R-PEER-7)."""
    for local, own in links_of(network).items():
        numbered = [
            (prefix, position)
            for position, half in enumerate(own)
            for prefix in joined_prefixes(network, half, halves.get((half.remote, half.local)))
        ]
        told: set[tuple[int, int]] = set()
        for (_, first), (inner, second) in overlaps(numbered):
            earlier, later = min(first, second), max(first, second)
            if (earlier, later) in told:
                continue
            told.add((earlier, later))
            yield Diagnostic(
                "peers-overlap",
                f"the peers `{own[later].remote}` and `{own[earlier].remote}` of `{local}` overlap at {inner}",
                own[later].span,
                f"`{own[later].remote}` overlaps a vnet that `{local}` is peered with",
                ((own[earlier].span, f"peered here with `{own[earlier].remote}`"),),
                rule="R-PEER-7",
                azure="VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
            )
