"""Private endpoints: who gets in, and what they answer.

R-SYS-12, F-PE-1, F-PE-2, F-PE-3, F-PE-4, F-PE-5, F-PE-8, F-PE-11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.filters import Filters, Spot
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import Header
from vnetverify.encoder.holders import held_by_mates, joined_to
from vnetverify.encoder.nodes import Inside, Target, ToVnet
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, equals, is_among, lies_in, negate, none_of
from vnetverify.model.network import GatewayKind, PrivateEndpointPolicies, Subnet
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction

_FILTERS_ON = (PrivateEndpointPolicies.ENABLED, PrivateEndpointPolicies.SECURITY_GROUPS)


@dataclass(slots=True)
class PrivateEndpoints:
    """What the private endpoints of an estate let in, and where their replies go."""

    estate: Estate
    facts: Facts
    grounds: Grounds
    gateways: Gateways
    filters: Filters
    by_routes_alone: bool = False

    def takes_in(self, endpoint: PrivateEndpoint, header: Header) -> Term:
        """Hold when a packet for the endpoint is let in: it is approved, carries the packet, and the group of its
        subnet, where groups hold for endpoints, allows it (F-PE-1, F-PE-2, F-PE-5, F-PE-11)."""
        approved = TRUE
        if not endpoint.is_approved:
            ground = Ground(f"private endpoint {endpoint.name}", "not approved", "F-PE-5", endpoint.span)
            approved = negate(self.grounds.counts(Bearing.STOPS, ground))
        if self.by_routes_alone or approved == FALSE:
            return approved
        return all_of(approved, self._carries(endpoint, header), self._admits(endpoint, header))

    def _carries(self, endpoint: PrivateEndpoint, header: Header) -> Term:
        """Hold for TCP and UDP, and for the rest where a fact says so; a declared service sees to it by itself."""
        if header.has_ports == TRUE or endpoint.link_service in self.estate.network.private_link_services:
            return TRUE
        return any_of(header.has_ports, self.facts.holds("U-PEPROTO", endpoint.name))

    def _admits(self, endpoint: PrivateEndpoint, header: Header) -> Term:
        subnet = self.estate.subnets[endpoint.subnet_id]
        judged = self._obeys_groups(subnet)
        if judged == FALSE:
            return TRUE
        allowed = self.filters.allow(header, Spot(subnet, is_endpoint=True), Direction.INBOUND)
        if allowed == TRUE:
            return TRUE
        what = "security groups hold for its private endpoints"
        ground = Ground(f"subnet {subnet.id}", what, "F-PE-2", subnet.span, of_filter=True)
        counts = all_of(judged, self.grounds.counts(Bearing.STOPS, ground))
        return any_of(negate(counts), allowed)

    def _obeys_groups(self, subnet: Subnet) -> Term:
        if subnet.nsg is None:
            return FALSE
        if subnet.private_endpoint_policies is None:
            return self.facts.holds("U-PEPOL", subnet.id)
        return TRUE if subnet.private_endpoint_policies in _FILTERS_ON else FALSE

    def is_joined_to_group(self, mate: str, header: Header) -> Term:
        """Hold unless the packet is for an endpoint of `mate` that a connected group does not reach (F-PE-8)."""
        terms = []
        for endpoint in self.estate.endpoints_of[mate]:
            is_named = any_of(*(equals(header.destination, address) for address in endpoint.addresses))
            if is_named != FALSE:
                terms.append(any_of(negate(is_named), self.facts.holds("U-PECG", endpoint.name)))
        return all_of(*terms)

    def answers(
        self, endpoint: PrivateEndpoint, header: Header, crosses: Callable[[str], Term]
    ) -> Iterator[tuple[Target, Term]]:
        """Yield where a reply of `endpoint` goes: no route table has a say in it (R-SYS-12).

        `crosses` tells when a packet gets from the endpoint's network into another.
        """
        vnet = endpoint.vnet
        here = is_among(header.destination, self.estate.spaces[vnet])
        yield ToVnet(vnet), all_of(here, crosses(vnet))
        peers = [
            (
                peer,
                all_of(
                    is_among(header.destination, joined_to(self.estate, vnet, peer)),
                    self.gateways.is_served(vnet, peer),
                ),
            )
            for peer in self.estate.peers(vnet)
        ]
        held = held_by_mates(self.gateways, vnet, header.destination)
        by_peering = any_of(*(there for _, there in peers))
        undecided = none_of(here, by_peering)
        chosen = self.facts.one_of([*held, ("a peer", by_peering)], "U-R-CG-4", vnet)
        for peer, there in peers:
            yield ToVnet(peer), all_of(there, chosen[-1], crosses(peer))
        for (mate, _), there in zip(held, chosen, strict=False):
            clash = is_among(header.destination, self.estate.overlapped(vnet, mate))
            yield ToVnet(mate), all_of(there, negate(clash), self.facts.holds("U-PECG", endpoint.name))
            undecided = all_of(undecided, negate(there))
        known = [
            (entry.bits, gateway.kind is GatewayKind.EXPRESSROUTE, -order, gateway, entry)
            for order, gateway in enumerate(self.gateways.servers(vnet))
            for entry in self.gateways.known_about(gateway, header.destination)
        ]
        for _, _, _, gateway, entry in sorted(known, key=lambda found: found[:3], reverse=True):
            served = all_of(entry.in_force, self.gateways.is_served(vnet, gateway.vnet))
            there = all_of(lies_in(header.destination, entry.prefix), served)
            yield Inside(gateway.name, False), all_of(undecided, there)
            undecided = all_of(undecided, negate(there))
