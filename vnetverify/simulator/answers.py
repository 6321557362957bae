"""What private endpoints answer: it obeys no route table (R-SYS-12, F-PE-8, F-PE-10)."""

from __future__ import annotations

from dataclasses import replace

from vnetverify.facts import uncertainty
from vnetverify.header import Interval
from vnetverify.model.network import Gateway, GatewayKind
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import covers, lowest_text, only, point, some_covers
from vnetverify.simulator.announcements import decides, hears
from vnetverify.simulator.crossing import cross
from vnetverify.simulator.endpoints import endpoint_interface
from vnetverify.simulator.gateways import entries_of, is_known, servers
from vnetverify.simulator.hops import ToPeer, ToVnet
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.pools import address_of
from vnetverify.simulator.positions import Dropped, Host, Linked, Next, Sending
from vnetverify.simulator.routes import selection
from vnetverify.simulator.sending import deliver, enter, mate_for, note_selection, overlapping
from vnetverify.simulator.situation import Situation, direct, joined_to


def answer(journey: Journey, endpoint: PrivateEndpoint) -> Next:
    """Return where the endpoint sends its reply: straight to what is near, else into a gateway that knows the way."""
    situation, name, destination = journey.situation, endpoint.name, journey.packet.destination
    interface = endpoint_interface(situation, endpoint, only(journey.packet.source))
    sending = Sending(interface.subnet, Host(interface))
    vnet = _near(situation, endpoint.vnet, destination)
    mate = None
    if vnet != endpoint.vnet:
        mate = mate_for(situation, endpoint.vnet, destination, beside_peer=vnet is not None)
    if mate is not None:
        return _to_mate(journey, endpoint, sending, mate)
    if vnet is not None:
        what = f"private endpoint {name} answers {lowest_text(destination)} in {vnet}, past all route tables"
        journey.note(name, what, "R-SYS-12", endpoint.span)
        return deliver(journey, sending, vnet)
    gateway = _gateway_to(situation, endpoint.vnet, destination)
    if gateway is not None:
        journey.note(name, f"private endpoint {name} answers by gateway {gateway.name}", "R-SYS-12", endpoint.span)
        return enter(journey, sending, gateway, by_user_route=False)
    reason = f"private endpoint {name} has no way back to {lowest_text(destination)}"
    return journey.drop(name, reason, "R-SYS-12", endpoint.span)


def answer_by_link(journey: Journey, linked: Linked) -> Next:
    """Return where the endpoint sends the reply of a member behind a private link service (F-PE-10).

    The member's own routes have to lead to the service's address first, inside the network or over a peering.
    """
    return _back_to_service(journey, linked) or answer(journey, linked.endpoint)


def _back_to_service(journey: Journey, linked: Linked) -> Dropped | None:
    """Return the drop of a reply that does not come back to the private link service."""
    situation, member, target = journey.situation, linked.member, linked.address
    blocked = journey.filter(member, Direction.OUTBOUND)
    if blocked is not None:
        return blocked
    chosen = selection(situation, member.subnet, target)
    note_selection(journey, member.subnet.id, chosen)
    near, far = member.subnet.vnet, linked.service.vnet
    leads_there = chosen.route.hop == (ToVnet() if near == far else ToPeer(far))
    if not leads_there:
        reason = f"the reply does not come back to private link service {linked.service.name}"
        return journey.drop(member.subnet.id, reason, "F-PE-10", chosen.route.span)
    return _blocked_on_the_way(journey, linked)


def _blocked_on_the_way(journey: Journey, linked: Linked) -> Dropped | None:
    """Return the drop where nothing carries the reply over the peering with the service's network."""
    packet, member = journey.packet, linked.member
    assert member.nic is not None
    source, target = point(address_of(member.nic, packet.family)), linked.address
    journey.packet = replace(packet, source=source, destination=target)
    blocked = cross(journey, Sending(member.subnet, Host(member)), linked.service.vnet, target)
    journey.packet = packet
    return blocked


def _to_mate(journey: Journey, endpoint: PrivateEndpoint, sending: Sending, mate: str) -> Next:
    """Return the delivery to a network that a connected group alone joins, where a fact lets it be (F-PE-8)."""
    name = endpoint.name
    if not journey.situation.holds(uncertainty("U-PECG", name)):
        return journey.drop(name, f"a connected group carries nothing from private endpoint {name}", "F-PE-8")
    journey.note(name, f"private endpoint {name} answers over the connected group with {mate}", "F-PE-8", endpoint.span)
    return overlapping(journey, sending, mate) or deliver(journey, sending, mate)


def _near(situation: Situation, vnet: str, destination: Interval) -> str | None:
    """Return the vnet that holds `destination` as seen from the endpoint's: itself, or a peer, in what it joins."""
    own, *peers = direct(situation, vnet)
    if some_covers(situation.vnet(own).address_space, destination):
        return own
    return next((peer for peer in peers if some_covers(joined_to(situation, vnet, peer), destination)), None)


def _gateway_to(situation: Situation, vnet: str, destination: Interval) -> Gateway | None:
    """Return the gateway with the longest learned prefix: ExpressRoute before VPN, then as declared (R-GW-15).

    Or one that learned what a site announces there, where a partial world leaves that open.
    """
    for gateway in hears(situation, vnet):
        if decides(situation, destination, "ANSWER", vnet, gateway.name):
            return gateway
    ways = [
        (-entry.prefix.length, gateway.kind is GatewayKind.VPN, number, gateway)
        for number, gateway in enumerate(servers(situation, vnet))
        for entry in entries_of(situation, gateway)
        if covers(entry.prefix, destination) and is_known(situation, entry)
    ]
    return min(ways, key=lambda way: way[:3])[3] if ways else None
