"""Which networks beside its own hold an address that a user route sends by `VnetLocal` or to the Internet (R-UDR-6)."""

from __future__ import annotations

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.terms import FALSE, Field, Term, all_of, any_of, is_among, none_of
from vnetverify.header import IntervalSet, addresses_of


def held_by_peers(gateways: Gateways, vnet: str, address: Field) -> list[tuple[str, Term]]:
    """Return when each peer that is not cut off has `address`, and `vnet` has not.

    Networks peered by subnets may overlap: one that its peering joins there goes first, and which of others gets it is
    open (R-PEER-24, R-CG-4).
    """
    estate = gateways.estate
    own, spaces = estate.spaces[vnet], estate.spaces
    found = [(peer, is_among(address, spaces[peer] - own)) for peer in estate.peers(vnet)]
    held = [(peer, all_of(there, gateways.is_peering_up(vnet, peer))) for peer, there in found if there != FALSE]
    if len(held) < 2 or not any(estate.is_of_subnets(vnet, peer) for peer, _ in held):
        return held
    joined = {peer: all_of(there, is_among(address, joined_to(estate, vnet, peer))) for peer, there in held}
    nobody = none_of(*joined.values())
    held = [(peer, any_of(joined[peer], all_of(there, nobody))) for peer, there in held]
    chosen = gateways.facts.one_of(held, "U-R-CG-4", vnet)
    return [(peer, taken) for (peer, _), taken in zip(held, chosen, strict=True)]


def joined_to(estate: Estate, vnet: str, peer: str) -> IntervalSet:
    """Return what a peering gives `vnet` of a peer: of one of subnets what takes part (R-PEER-18)."""
    if not estate.is_of_subnets(vnet, peer):
        return estate.spaces[peer]
    return addresses_of(prefix for subnet in estate.participants(peer, vnet) for prefix in subnet.prefixes)


def held_by_mates(gateways: Gateways, vnet: str, address: Field) -> list[tuple[str, Term]]:
    """Return when each mate has `address`, and `vnet` has not."""
    own, spaces = gateways.estate.spaces[vnet], gateways.estate.spaces
    found = [(mate, is_among(address, spaces[mate] - own)) for mate in gateways.estate.mates(vnet)]
    return [(mate, there) for mate, there in found if there != FALSE]


def is_held_beyond(gateways: Gateways, vnet: str, address: Field) -> Term:
    """Hold when a peer or a mate has `address`, and `vnet` has not."""
    held = (*held_by_peers(gateways, vnet, address), *held_by_mates(gateways, vnet, address))
    return any_of(*(term for _, term in held))
