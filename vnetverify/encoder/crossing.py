"""What may cross from one network to another, as conditions: over a peering, into a gateway beyond it, in a group.

R-PEER-11, R-PEER-12, R-PEER-14, R-PEER-15, R-PEER-16, R-PEER-17, R-PEER-18, R-PEER-19, R-PEER-25, R-CG-3, R-GW-4,
R-GW-22.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Sender
from vnetverify.encoder.routes import Routes
from vnetverify.encoder.terms import FALSE, TRUE, Field, Term, all_of, any_of, is_among, negate
from vnetverify.header import addresses_of
from vnetverify.model.network import Peering


@dataclass(frozen=True, slots=True)
class Crossings:
    """The ways between the networks of an estate, for each sender and header."""

    estate: Estate
    facts: Facts
    grounds: Grounds
    gateways: Gateways
    routes: Routes

    def over_peering(self, vnet: str, other: str, sender: Sender, header: Header, target: Field) -> Term:
        """Hold when a peering carries this sender's packet from `vnet` to `other`, on its way to `target` there."""
        if vnet == other:
            return TRUE
        near, far = self.estate.half(vnet, other), self.estate.half(other, vnet)
        terms = [self.gateways.is_peering_up(vnet, other), *self._flags(near, far, sender, header)]
        if sender.gateway is not None and not self.gateways.uses(other, vnet):
            terms.append(self.facts.holds("U-R-GW-22"))
        if self.estate.is_of_subnets(vnet, other):
            there = addresses_of(p for subnet in self.estate.participants(other, vnet) for p in subnet.prefixes)
            terms += self._taking_part(vnet, other, sender, header, is_among(target, there))
        else:
            sure = addresses_of(prefix for prefix, is_sure in self.estate.ranges_seen(vnet, other) if is_sure)
            in_sync = is_among(target, sure)
            if in_sync != TRUE and any(not is_sure for _, is_sure in self.estate.ranges_seen(vnet, other)):
                terms.append(any_of(in_sync, self.facts.holds("U-R-PEER-17", near.id)))
        return all_of(*terms)

    def into_gateway(self, gateway: str, sender: Sender, header: Header) -> Term:
        """Hold when this sender's packet gets to a gateway, over the peering with its network if it is another's.

        The flags of that peering hold for it as for other packets (R-PEER-14, R-PEER-16, R-GW-4).
        """
        vnet, hub = sender.subnet.vnet, self.estate.network.gateways[gateway].vnet
        if vnet == hub:
            return TRUE
        near, far = self.estate.half(vnet, hub), self.estate.half(hub, vnet)
        terms = [*self._flags(near, far, sender, header)]
        if self.estate.is_of_subnets(vnet, hub):
            stands = self.estate.network.vnets[hub].gateway_subnet
            is_reached = TRUE if stands is not None and self.routes.takes_part(stands, vnet) else FALSE
            terms += self._taking_part(vnet, hub, sender, header, is_reached)
        return all_of(*terms)

    def to_mate(self, sender: Sender) -> Term:
        """Hold when a connected group carries this sender's packets: it conveys no gateway's (R-CG-3)."""
        return TRUE if sender.gateway is None else self.facts.holds("U-R-GW-22")

    def _flags(self, near: Peering, far: Peering, sender: Sender, header: Header) -> Iterator[Term]:
        """Yield what both halves' flags ask of a packet that leaves the network of `near` (R-PEER-14, R-PEER-16)."""
        shut = (half for half in (near, far) if not half.allow_virtual_network_access)
        yield from (negate(self.facts.holds("U-AVNA", half.id)) for half in shut)
        if sender.machine is None:
            return
        foreign = negate(is_among(header.source, self.estate.spaces[near.local]))
        if not far.allow_forwarded_traffic:
            ground = Ground(f"peering {far.id}", "does not allow forwarded traffic", "R-PEER-16", far.span)
            ignored = negate(self.grounds.counts(Bearing.STOPS, ground))
            if foreign != FALSE:
                yield any_of(negate(foreign), self.facts.holds("U-R-PEER-16"), ignored)
        else:
            ground = Ground(f"peering {far.id}", "allows forwarded traffic", "R-PEER-15", far.span)
            yield any_of(negate(foreign), self.grounds.counts(Bearing.PASSES, ground))

    def _taking_part(self, vnet: str, other: str, sender: Sender, header: Header, is_target: Term) -> Iterator[Term]:
        """Yield what a peering of subnets asks of a packet besides (R-PEER-18, R-PEER-19).

        `is_target` tells when what the packet is sent to takes part.
        """
        here = addresses_of(p for subnet in self.estate.participants(vnet, other) for p in subnet.prefixes)
        there = addresses_of(p for subnet in self.estate.participants(other, vnet) for p in subnet.prefixes)
        both = all_of(TRUE if self.routes.takes_part(sender.subnet, other) else FALSE, is_target)
        yield both if both == TRUE else any_of(both, self.facts.holds("U-SUBPEER", f"{vnet} -> {other}"))
        own = all_of(is_among(header.source, here), is_among(header.destination, there))
        yield own if own == TRUE else any_of(own, self.facts.holds("U-R-PEER-18"))
