"""Private link services: from a private endpoint to a member of the pool behind it (F-PE-10, F-FW-6)."""

from __future__ import annotations

from dataclasses import replace

from vnetverify.header import Interval, addresses_of, host_prefix
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import lies_in, lowest_text, only, point
from vnetverify.simulator.filters import declared_interface
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.pools import Balanced, address_of, is_basic, noted_member, port_at, rule_for, seen_by_member
from vnetverify.simulator.positions import Crossing, Delivered, Dropped, Linked
from vnetverify.simulator.situation import Situation, world_address


def through_service(journey: Journey, endpoint: PrivateEndpoint, service: PrivateLinkService) -> Delivered | Dropped:
    """Return the delivery to a member behind the service of what came to a private endpoint of it.

    There are no routes and no peerings between the two. The member sees an address of the service as source.
    """
    situation, packet, where = journey.situation, journey.packet, service.name
    if not packet.has_ports:  # an endpoint of IPv6 leads to no service
        reason = f"private link service {where} carries TCP and UDP over IPv4 alone"
        return journey.drop(where, reason, "F-PE-10", service.span)
    balancer = situation.network.load_balancers[service.balancer]
    balanced = Balanced(balancer, balancer.frontend(service.frontend))
    if is_basic(situation, balancer):
        reason = f"load balancer {balancer.name} is Basic, and private link needs a Standard one"
        return journey.drop(where, reason, "F-PE-10", balancer.span)
    rule = rule_for(situation, balanced, packet)
    if rule is None:
        return journey.drop(balancer.name, f"no rule of {balancer.name} is for it", "F-LB-2", balanced.frontend.span)
    seen_from = _address_of(situation, service)
    what = f"private link service {where} takes it to frontend {balanced.label}, as from {lowest_text(seen_from)}"
    journey.note(where, what, "F-PE-10", service.span)
    member = noted_member(journey, balanced, rule)
    if member is None:
        return journey.drop(balancer.name, f"no member behind {balancer.name} gets new flows", "F-LB-4", rule.span)
    interface = declared_interface(situation, member)
    arriving = replace(packet, source=seen_from, destination=point(balanced.frontend.address))
    seen = seen_by_member(situation, balanced, rule, arriving, member)
    blocked = journey.filter(interface, Direction.INBOUND, seen) or journey.turned_away(interface)
    if blocked is not None:
        return blocked
    if endpoint.vnet != member.vnet:
        journey.crossings.append(Crossing(endpoint.vnet, member.vnet, is_of_peering=False, span=service.span))
    journey.linked = Linked(endpoint, service, interface, seen_from)
    asked_for = (Place(PlaceKind.SUBNET.value, endpoint.subnet_id), only(packet.destination))
    place = Place(PlaceKind.SUBNET.value, interface.subnet.id)
    return Delivered(
        place,
        address_of(member, packet.family),
        member.name,
        asked_for,
        endpoint.name,
        port_at(rule, packet, member),
        (balanced.place, balanced.frontend.address),
    )


def _address_of(situation: Situation, service: PrivateLinkService) -> Interval:
    """Return the address of the service that members see as source: the world's choice, where it has several."""
    if len(service.addresses) == 1:
        return point(service.addresses[0])
    possible = addresses_of(host_prefix(address) for address in service.addresses)
    chosen = world_address(situation, f"link address of {service.name}", possible)
    return point(service.addresses[0]) if chosen is None or not lies_in(chosen, possible) else chosen
