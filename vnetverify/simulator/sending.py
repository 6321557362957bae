"""Sending from a subnet: the selected route, crossing a peering, delivery, and the Internet.

Rules R-TRAF-1, R-TRAF-5, R-TRAF-6, R-TRAF-10, R-UDR-4..9, R-UDR-17, R-SYS-9, R-SEL-6,
R-PEER-11, R-PEER-12, R-PEER-14..19, R-PEER-25, R-CG-1, R-CG-4, R-GW-15, R-GW-19, R-GW-22,
F-OUT-1..4, F-ADDR-1, F-ADDR-7, F-ADDR-8 and F-TAG-22.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from vnetverify.header import TCP, UDP, Interval, address_text
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import SUBNETS_OF_SERVICES, Direction, Gateway, GatewayKind, Nic, Subnet
from vnetverify.rules import uncertainty
from vnetverify.simulator.addressing import PLATFORM, host_subnet, is_public, lies_in, only, point, some_covers
from vnetverify.simulator.filters import Interface, declared_interface, judge_public_entry, undeclared_interface
from vnetverify.simulator.gateways import servers
from vnetverify.simulator.hops import (
    Origin,
    Route,
    ToAppliance,
    ToGateway,
    ToInternet,
    ToMate,
    ToNowhere,
    ToPeer,
    ToService,
    ToVnet,
    obstacle,
)
from vnetverify.simulator.journey import (
    AtAppliance,
    Delivered,
    Dropped,
    Forwarder,
    FromGateway,
    Host,
    IntoGateway,
    Journey,
    LeftToInternet,
    Next,
    Sender,
    Sending,
    ToPlatform,
    declared_appliance,
    implied_appliance,
    place_name,
)
from vnetverify.simulator.peerings import View
from vnetverify.simulator.routes import Selection, selection
from vnetverify.simulator.situation import (
    Situation,
    are_mates,
    half,
    holder_of_public,
    next_hop_owner,
    peers_holding,
    uses,
    view,
    world_address,
)

# What a sender's unknown address outside reads as in a world that names none (TEST-NET-3).
UNNAMED_EGRESS = 203 << 24 | 113 << 8 | 1


def send(journey: Journey, sending: Sending) -> Next:
    """Return where the selected route of the subnet takes the packet (R-TRAF-1, R-TRAF-6)."""
    destination = journey.packet.destination
    where = sender_name(sending)
    if lies_in(destination, PLATFORM):
        journey.note(where, f"{_text(destination)} is the platform's own", "R-TRAF-6")
        return ToPlatform()
    chosen = selection(journey.situation, sending.subnet, destination)
    if chosen.route is None:
        return journey.drop(where, f"no route leads to {_text(destination)}", "R-SEL-10")
    note_selection(journey, where, chosen, chosen.route)
    return _by_route(journey, sending, chosen.route)


def _text(address: Interval) -> str:
    return address_text(address.low)


def sender_name(sending: Sending) -> str:
    match sending.sender:
        case Forwarder(appliance):
            return appliance.name
        case Host() | FromGateway():
            return sending.subnet.id
        case _:
            assert_never(sending.sender)


def note_selection(journey: Journey, where: str, chosen: Selection, route: Route) -> None:
    """Record the route with what lost; the rule is the one that decided against the strongest loser."""
    lost = tuple(f"{loser}: {why}" for loser, why in chosen.lost)
    if not chosen.lost:
        journey.note(where, f"{route}, no other route covers it", route.rule, route.span)
        return
    strongest = chosen.lost[0][0]
    rule = _deciding_rule(journey.situation, route, strongest)
    journey.note(where, f"{route} beats {strongest}", rule, route.span, lost)


def _deciding_rule(situation: Situation, winner: Route, loser: Route) -> str:
    """Return the rule by which `winner` was selected and not `loser`."""
    if loser.prefix.length < winner.prefix.length:
        return "R-SEL-1"
    if (-loser.prefix.length, loser.rank) < (-winner.prefix.length, winner.rank):
        limit = obstacle(situation, loser)
        assert limit is not None
        return limit.rule
    if loser.origin is winner.origin is Origin.GATEWAY:
        return "R-GW-15"
    return "R-UDR-4" if loser.origin is winner.origin is Origin.USER else "R-SEL-2"


def _by_route(journey: Journey, sending: Sending, route: Route) -> Next:
    where, is_user = sender_name(sending), route.origin is Origin.USER
    match route.hop:
        case ToVnet():
            return _inside_vnet(journey, sending, is_user)
        case ToPeer(vnet):
            return deliver(journey, sending, vnet)
        case ToMate(vnet):
            return _overlapping(journey, sending, vnet) or deliver(journey, sending, vnet)
        case ToService(service):
            return _to_service(journey, sending, service)
        case ToNowhere():
            return journey.drop(where, f"{route.prefix} has next hop none", "R-UDR-6" if is_user else route.rule)
        case ToInternet():
            peer = _peer_for(journey, sending) if is_user else None
            return to_internet(journey, sending) if peer is None else deliver(journey, sending, peer)
        case ToAppliance(address):
            return _to_appliance(journey, sending, address)
        case ToGateway(name):
            return _to_gateway(journey, sending, name)
        case _:
            assert_never(route.hop)


def _inside_vnet(journey: Journey, sending: Sending, is_user: bool) -> Next:
    """Return delivery in the vnet; a user route may also cover what lies elsewhere (R-UDR-6)."""
    vnet = journey.situation.vnet(sending.subnet.vnet)
    if not is_user or some_covers(vnet.address_space, journey.packet.destination):
        return deliver(journey, sending, vnet.name)
    peer = _peer_for(journey, sending)
    if peer is not None:
        return deliver(journey, sending, peer)
    return journey.drop(sender_name(sending), f"next hop vnet-local, but outside {vnet.name}", "R-UDR-6")


def _peer_for(journey: Journey, sending: Sending) -> str | None:
    """Return the peer to which `VnetLocal` or `Internet` delivers as its peering would, if that is so (R-UDR-6)."""
    peers = peers_holding(journey.situation, sending.subnet.vnet, journey.packet.destination)
    return peers[0] if peers and journey.situation.holds(uncertainty("U-R-UDR-6")) else None


def _overlapping(journey: Journey, sending: Sending, mate: str) -> Dropped | None:
    """Return the drop of what lies in a further member of the group as well (R-CG-4)."""
    situation, at, destination = journey.situation, sending.subnet.vnet, journey.packet.destination
    for group in situation.network.connected_groups:
        if at not in group.members or mate not in group.members:
            continue
        for member in group.members:
            if member != mate and some_covers(situation.vnet(member).address_space, destination):
                reason = f"{_text(destination)} is in {mate} and in {member} of group {group.name}"
                return journey.drop(sender_name(sending), reason, "R-CG-4", group.span)
    return None


def _to_service(journey: Journey, sending: Sending, service: str) -> Next:
    """Return the way out to a service by its endpoint, which needs no egress method and no translation (R-SYS-9)."""
    where = sender_name(sending)
    match sending.sender:
        case FromGateway():
            return journey.drop(where, "a gateway sends nothing to a service", "R-SYS-9")
        case Forwarder(appliance):
            by = appliance.name
        case Host(interface):
            by = place_name(interface)
        case _:
            assert_never(sending.sender)
    journey.note(where, f"leaves to {service}", "R-SYS-9", sending.subnet.span)
    journey.sent_out_by = sending.sender
    return LeftToInternet(by)


def _to_appliance(journey: Journey, sending: Sending, address: int) -> Next:
    """Return the arrival at the interface that holds the next hop's address (R-UDR-7, R-UDR-8, R-UDR-9)."""
    situation, where = journey.situation, sender_name(sending)
    vnet = next_hop_owner(situation, sending.subnet.vnet, point(address))
    if vnet is None:
        return journey.drop(where, f"next hop {address_text(address)} is not directly connected", "R-UDR-8")
    blocked = cross(journey, sending, vnet, point(address))
    if blocked is not None:
        return blocked
    nic = situation.index.holders.get((vnet, address))
    if nic is not None:
        appliance = declared_appliance(situation, situation.network.machines[nic.machine])
        return AtAppliance(appliance, declared_interface(situation, nic))
    subnet = host_subnet(situation.vnet(vnet), point(address))
    if subnet is None:
        return journey.drop(where, f"nothing can stand at next hop {address_text(address)}", "R-UDR-9")
    interface = undeclared_interface(subnet, address)
    return AtAppliance(implied_appliance(interface), interface)


def _to_gateway(journey: Journey, sending: Sending, learned_from: str | None) -> Next:
    """Return the entry into a gateway: the one a learned route names, else the one a user route means (R-UDR-5)."""
    situation, where = journey.situation, sender_name(sending)
    if learned_from is None:
        gateway = gateway_by_user_route(situation, sending.subnet)
        if gateway is None:
            return journey.drop(where, "the route's next hop needs one VPN gateway alone", "R-UDR-5")
        return IntoGateway(gateway, by_user_route=True)
    if isinstance(sending.sender, FromGateway) and sending.sender.out_of_tunnel:
        return journey.drop(where, "what came out of a tunnel goes into none by a learned route", "R-GW-16")
    return IntoGateway(situation.network.gateways[learned_from], by_user_route=False)


def gateway_by_user_route(situation: Situation, subnet: Subnet) -> Gateway | None:
    """Return what next hop VirtualNetworkGateway means in `subnet`; None where it drops (R-UDR-5, R-SEL-7)."""
    serving = servers(situation, subnet.vnet)
    if len(serving) == 1 and serving[0].kind is GatewayKind.VPN:
        return serving[0]
    if not situation.holds(uncertainty("U-R-UDR-5")):
        return None
    peers = situation.index.peers[subnet.vnet]
    choices = serving or tuple(g for g in situation.network.gateways.values() if g.vnet in peers)
    for gateway in choices[:-1]:
        if situation.holds(uncertainty("U-R-SEL-7", subnet.id, gateway.name)):
            return gateway
    return choices[-1] if choices else None


def cross(journey: Journey, sending: Sending, to: str, target: Interval) -> Dropped | None:
    """Return the drop where nothing carries the packet to `target` in vnet `to` (R-PEER-12, R-CG-1).

    `target` is what the packet is sent to: its destination or the next hop.
    """
    at = sending.subnet.vnet
    if at == to:
        return None
    if are_mates(journey.situation, at, to):
        return _from_gateway_to_mate(journey, sending, to)
    return (
        _switched_off(journey, sending, to)
        or _unsynced(journey, sending, to, target)
        or _outside_subnets(journey, sending, to, target)
        or _refused_to_sender(journey, sending, to)
    )


def _from_gateway_to_mate(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop of what a gateway sends into a connected group, which conveys no transit (R-CG-3, R-GW-22)."""
    if not isinstance(sending.sender, FromGateway) or journey.situation.holds(uncertainty("U-R-GW-22")):
        return None
    return journey.drop(sending.subnet.id, f"{to} does not use the gateways of {sending.subnet.vnet}", "R-GW-22")


def _switched_off(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop by a half whose virtual-network access is off (R-PEER-14)."""
    situation, at = journey.situation, sending.subnet.vnet
    for side in (half(situation, at, to), half(situation, to, at)):
        if not side.allow_virtual_network_access and situation.holds(uncertainty("U-AVNA", side.id)):
            reason = f"peering {side.id} has virtual-network access off"
            return journey.drop(sender_name(sending), reason, "R-PEER-14", side.span)
    return None


def _unsynced(journey: Journey, sending: Sending, to: str, target: Interval) -> Dropped | None:
    """Return the drop where only one of a half's old and new views holds the target (R-PEER-17)."""
    seen = view(journey.situation, sending.subnet.vnet, to)
    if seen.half.remote_space is None or seen.subnets is not None or some_covers(seen.sure, target):
        return None
    if journey.situation.holds(uncertainty("U-R-PEER-17", seen.half.id)):
        return None
    reason = f"peering {seen.half.id} is not in sync about {_text(target)}"
    return journey.drop(sender_name(sending), reason, "R-PEER-17", seen.half.span)


def _outside_subnets(journey: Journey, sending: Sending, to: str, target: Interval) -> Dropped | None:
    """Return the drop by a peering of subnets that sender, target or the packet's ends have no part in (R-PEER-18)."""
    situation, seen = journey.situation, view(journey.situation, sending.subnet.vnet, to)
    if seen.subnets is None:
        return None
    takes_part = seen.takes_part(sending.subnet.id) and some_covers(seen.sure, target)
    if not takes_part and not situation.holds(uncertainty("U-SUBPEER", seen.half.id)):
        reason = f"peering {seen.half.id} is not for {sending.subnet.id} and {_text(target)}"
        return journey.drop(sender_name(sending), reason, "R-PEER-19", seen.half.span)
    if not _joins_ends(journey, seen) and not situation.holds(uncertainty("U-R-PEER-18")):
        reason = f"peering {seen.half.id} is not for the packet's source and destination"
        return journey.drop(sender_name(sending), reason, "R-PEER-18", seen.half.span)
    return None


def _joins_ends(journey: Journey, seen: View) -> bool:
    packet = journey.packet
    return some_covers(seen.sources, packet.source) and some_covers(seen.sure, packet.destination)


def _refused_to_sender(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop of what appliances and gateways may not send over a peering (R-PEER-16, R-PEER-25, R-GW-22)."""
    situation, at, where = journey.situation, sending.subnet.vnet, sender_name(sending)
    incoming = half(situation, to, at)
    match sending.sender:
        case Host():
            return None
        case Forwarder():
            foreign = not some_covers(situation.vnet(at).address_space, journey.packet.source)
            if foreign and not incoming.allow_forwarded_traffic and not situation.holds(uncertainty("U-R-PEER-16")):
                reason = f"peering {incoming.id} does not allow forwarded traffic"
                return journey.drop(where, reason, "R-PEER-16", incoming.span)
            return None
        case FromGateway():
            if not uses(situation, to, at) and not situation.holds(uncertainty("U-R-GW-22")):
                return journey.drop(where, f"{to} does not use the gateways of {at}", "R-GW-22", incoming.span)
            return None
        case _:
            assert_never(sending.sender)


def deliver(journey: Journey, sending: Sending, vnet: str) -> Next:
    """Return the delivery to the host of `vnet` that holds the destination, past its filters (R-ADDR-4, F-EVAL-5)."""
    blocked = cross(journey, sending, vnet, journey.packet.destination)
    if blocked is not None:
        return blocked
    situation, destination = journey.situation, journey.packet.destination
    subnet = host_subnet(situation.vnet(vnet), destination)
    if subnet is None:
        return journey.drop(vnet, f"{_text(destination)} is no address of a host in {vnet}", "R-ADDR-4")
    nic = situation.index.holders.get((vnet, only(destination)))
    if nic is None and subnet.name.casefold() in SUBNETS_OF_SERVICES:
        return journey.drop(subnet.id, f"{_text(destination)} is not declared in {subnet.id}", "R-ADDR-8")
    if nic is None:
        return at_host(journey, undeclared_interface(subnet, only(destination)))
    return at_host(journey, declared_interface(situation, nic))


def at_host(journey: Journey, interface: Interface) -> Next:
    """Return the delivery to `interface` where its inbound filters allow (F-EVAL-1)."""
    blocked = journey.filter(interface, Direction.INBOUND)
    return blocked if blocked is not None else delivered_to(interface, only(journey.packet.destination))


def delivered_to(interface: Interface, address: int) -> Delivered:
    nic = None if interface.nic is None else interface.nic.name
    return Delivered(Place(PlaceKind.SUBNET.value, interface.subnet.id), address, nic)


def to_internet(journey: Journey, sending: Sending) -> Next:
    """Return what becomes of a packet sent to next hop Internet (R-TRAF-5, R-TRAF-10, R-UDR-17)."""
    situation, where, destination = journey.situation, sender_name(sending), journey.packet.destination
    if not is_public(destination):
        return journey.drop(where, f"{_text(destination)} is not a public address", "R-TRAF-5")
    sender = sending.sender
    match sender:
        case FromGateway():
            return journey.drop(where, "a gateway sends nothing to the Internet", "R-TRAF-5")
        case Forwarder(appliance, interface):
            foreign = only(journey.packet.source) not in interface.addresses
            if foreign and not _translates(situation, appliance.name, appliance.translates_source):
                return journey.drop(where, f"{appliance.name} does not translate the source", "R-UDR-17")
        case Host(interface):
            pass
        case _:
            assert_never(sender)
    if not _has_egress(journey, sending.subnet, interface):
        return journey.drop(where, f"{sending.subnet.id} has no way out to the Internet", "R-TRAF-5")
    receiver = holder_of_public(situation, destination)
    if receiver is None:
        journey.note(where, "leaves to the Internet", "R-TRAF-5")
        journey.sent_out_by = sender
        return LeftToInternet(appliance.name if isinstance(sender, Forwarder) else place_name(interface))
    if not situation.holds(uncertainty("U-R-TRAF-10")):
        return journey.drop(where, f"{_text(destination)} does not come back in", "R-TRAF-10")
    if situation.holds(uncertainty("U-HAIRPUB")):
        seen = point(_address_outside(situation, sender, interface))
        journey.packet = replace(journey.packet, source=seen)
    return enter_by_public_address(journey, receiver, Place(PlaceKind.SUBNET.value, sending.subnet.id))


def _translates(situation: Situation, machine: str, declared: bool | None) -> bool:
    return situation.holds(uncertainty("U-R-UDR-17", machine)) if declared is None else declared


def _has_egress(journey: Journey, subnet: Subnet, interface: Interface) -> bool:
    """Hold when a public address, a NAT gateway or the default outbound address lets the packet out (F-OUT-1..4)."""
    if interface.nic is not None and interface.nic.public_address is not None:
        return True
    if subnet.nat_gateway is not None:
        return journey.packet.protocol in (TCP, UDP)
    if subnet.default_outbound is None:
        return journey.situation.holds(uncertainty("U-DOA", subnet.id))
    return subnet.default_outbound


def _address_outside(situation: Situation, sender: Sender, interface: Interface) -> int:
    """Return the public address that others see the sender by (F-ADDR-7)."""
    public = None if interface.nic is None else interface.nic.public_address
    if public is not None and public.address is not None:
        return public.address
    is_undeclared_host = isinstance(sender, Host) and interface.nic is None
    name = interface.subnet.id if is_undeclared_host else interface.name
    number = world_address(situation, f"egress of {name}")
    return UNNAMED_EGRESS if number is None else number


def enter_by_public_address(journey: Journey, nic: Nic, entered_from: Place) -> Next:
    """Return the delivery to the interface of the public address, at its first address (F-ADDR-1, F-PIP-1..5)."""
    interface = declared_interface(journey.situation, nic)
    journey.packet = replace(journey.packet, destination=point(nic.addresses[0]))
    journey.entered_from = entered_from
    assert nic.public_address is not None
    what = f"public address {nic.public_address.name} leads to {address_text(nic.addresses[0])}"
    rule = "F-ADDR-1" if entered_from == INTERNET else "R-TRAF-10"
    journey.note(place_name(interface), what, rule, nic.public_address.span)
    if not journey.unfiltered:
        judgement = judge_public_entry(journey.situation, interface, journey.packet, journey.is_reply)
        blocked = journey.judged(interface, judgement)
        if blocked is not None:
            return blocked
    return delivered_to(interface, nic.addresses[0])
