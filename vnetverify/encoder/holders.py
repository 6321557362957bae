"""Which networks beside its own hold an address that a user route sends by `VnetLocal` or to the Internet (R-UDR-6)."""

from __future__ import annotations

from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.terms import FALSE, Field, Term, all_of, any_of, is_among


def held_by_peers(gateways: Gateways, vnet: str, address: Field) -> list[tuple[str, Term]]:
    """Return when each peer that is not cut off has `address`, and `vnet` has not."""
    own, spaces = gateways.estate.spaces[vnet], gateways.estate.spaces
    found = [(peer, is_among(address, spaces[peer] - own)) for peer in gateways.estate.peers(vnet)]
    return [(peer, all_of(there, gateways.is_peering_up(vnet, peer))) for peer, there in found if there != FALSE]


def held_by_mates(gateways: Gateways, vnet: str, address: Field) -> list[tuple[str, Term]]:
    """Return when each mate has `address`, and `vnet` has not."""
    own, spaces = gateways.estate.spaces[vnet], gateways.estate.spaces
    found = [(mate, is_among(address, spaces[mate] - own)) for mate in gateways.estate.mates(vnet)]
    return [(mate, there) for mate, there in found if there != FALSE]


def is_held_beyond(gateways: Gateways, vnet: str, address: Field) -> Term:
    """Hold when a peer or a mate has `address`, and `vnet` has not."""
    held = (*held_by_peers(gateways, vnet, address), *held_by_mates(gateways, vnet, address))
    return any_of(*(term for _, term in held))
