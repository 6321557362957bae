"""Sending from a subnet: the selected route, and delivery to where it leads.

Rules R-TRAF-1, R-TRAF-6, R-ADDR-6, R-UDR-4, R-UDR-5, R-UDR-6, R-UDR-7, R-UDR-8, R-UDR-9, R-SYS-9, R-PEER-11, R-CG-1,
R-CG-4, R-GW-4, R-GW-15, R-GW-19, R-GW-23, F-FW-5, F-FW-8 and I-FAILURES.
"""

from __future__ import annotations

from typing import assert_never

from vnetverify.facts import uncertainty
from vnetverify.header import Interval, address_text
from vnetverify.model.intents import FailureKind
from vnetverify.model.network import SUBNETS_OF_SERVICES, Gateway, GatewayKind, Subnet
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import PLATFORM, address_in, host_subnet, lies_in, lowest_text, point, some_covers
from vnetverify.simulator.crossing import cross, cross_into_gateway
from vnetverify.simulator.endpoints import at_endpoint, endpoint_at
from vnetverify.simulator.filters import declared_interface, undeclared_interface
from vnetverify.simulator.frontends import at_frontend, at_next_hop, balanced_at
from vnetverify.simulator.gateways import servers, takes_fastpath
from vnetverify.simulator.hints import missing_route
from vnetverify.simulator.hops import (
    Origin,
    Route,
    ToAppliance,
    ToEndpoint,
    ToGateway,
    ToInternet,
    ToMate,
    ToNowhere,
    ToPeer,
    ToService,
    ToVnet,
    obstacle,
)
from vnetverify.simulator.internet import delivered_to, to_internet
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.peerings import connects
from vnetverify.simulator.positions import (
    AtAppliance,
    AtOwnAddress,
    Dropped,
    Forwarder,
    FromGateway,
    Host,
    IntoGateway,
    LeftToInternet,
    Loser,
    Next,
    Sending,
    ToPlatform,
    declared_appliance,
    implied_appliance,
    place_name,
    sender_name,
)
from vnetverify.simulator.routes import Selection, selection
from vnetverify.simulator.situation import (
    Situation,
    mates_holding,
    next_hop_owner,
    occupied,
    peers_holding,
)


def send(journey: Journey, sending: Sending) -> Next:
    """Return where the selected route of the subnet takes the packet (R-TRAF-1, R-TRAF-6)."""
    destination = journey.packet.destination
    where = sender_name(sending)
    without_ipv6 = journey.drop_without_ipv6(sending.subnet.vnet)
    if without_ipv6 is not None:
        return without_ipv6
    if lies_in(destination, PLATFORM):
        journey.note(where, f"{lowest_text(destination)} is the platform's own", "R-TRAF-6")
        return ToPlatform()
    bypassed = _is_bypassing(journey, sending)
    chosen = selection(
        journey.situation, sending.subnet, destination, past_user_routes=bypassed, with_losers=journey.tells
    )
    note_selection(journey, where, chosen)
    return _by_route(journey, sending, chosen.route)


def _is_bypassing(journey: Journey, sending: Sending) -> bool:
    """Hold when FastPath takes what came out of a tunnel past the user routes (R-GW-23)."""
    sender = sending.sender
    if not isinstance(sender, FromGateway) or not sender.out_of_tunnel:
        return False
    if not takes_fastpath(journey.situation, sender.gateway):
        return False
    journey.note(sender_name(sending), "FastPath passes the user routes by", "R-GW-23", sender.gateway.span)
    return True


def note_selection(journey: Journey, where: str, chosen: Selection) -> None:
    """Record the route with what lost; the rule is the one that decided against the strongest loser."""
    if not journey.tells:
        return
    route = chosen.route
    lost = tuple(Loser(str(loser), why, _deciding_rule(journey.situation, route, loser)) for loser, why in chosen.lost)
    if not lost:
        journey.note(where, f"{route}, no other route covers it", route.rule, route.span)
        return
    journey.note(where, f"{route} beats {lost[0].what}", lost[0].rule, route.span, lost)


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
            return _inside_vnet(journey, sending)
        case ToPeer(vnet) | ToEndpoint(_, vnet):
            return deliver(journey, sending, vnet)
        case ToMate(vnet):
            return overlapping(journey, sending, vnet) or deliver(journey, sending, vnet)
        case ToService(service):
            return _to_service(journey, sending, service)
        case ToNowhere():
            return journey.drop(where, _without_next_hop(journey, sending, route), "R-UDR-6" if is_user else route.rule)
        case ToInternet():
            beyond = _beyond(journey, sending) if is_user else None
            return to_internet(journey, sending) if beyond is None else beyond
        case ToAppliance(address):
            return _to_appliance(journey, sending, address)
        case ToGateway(name):
            return _to_gateway(journey, sending, name)
        case _:
            assert_never(route.hop)


def _without_next_hop(journey: Journey, sending: Sending, route: Route) -> str:
    """Return the reason of a drop by next hop None, with why no better route is there where somebody reads it."""
    reason = f"{route.prefix} has next hop none"
    if route.origin is Origin.USER or not journey.tells:
        return reason
    why = missing_route(journey.situation, sending.subnet, journey.packet.destination)
    return reason if why is None else f"{reason}, and {why}"


def _inside_vnet(journey: Journey, sending: Sending) -> Next:
    """Return delivery in the vnet; a user route may also cover what lies elsewhere (R-UDR-6)."""
    vnet = journey.situation.vnet(sending.subnet.vnet)
    if some_covers(vnet.address_space, journey.packet.destination):
        return deliver(journey, sending, vnet.name)
    beyond = _beyond(journey, sending)
    if beyond is not None:
        return beyond
    return journey.drop(sender_name(sending), f"next hop vnet-local, but outside {vnet.name}", "R-UDR-6")


def _beyond(journey: Journey, sending: Sending) -> Next | None:
    """Return the delivery by `VnetLocal` or `Internet` to a peer or a mate, if they deliver as its own route would.

    None where neither holds the destination, or it is not so (R-UDR-6). Which of several does is open (R-CG-4).
    """
    situation, at, destination = journey.situation, sending.subnet.vnet, journey.packet.destination
    if not _is_beyond(journey, sending.subnet):
        return None
    peers = peers_holding(situation, at, destination)
    mate = mate_for(situation, at, destination, bool(peers))
    if mate is None:
        given = (peer for peer in peers[:-1] if situation.holds(uncertainty("U-R-CG-4", at, peer)))
        return deliver(journey, sending, next(given, peers[-1]))
    return overlapping(journey, sending, mate) or deliver(journey, sending, mate)


def _is_beyond(journey: Journey, subnet: Subnet) -> bool:
    """Hold when user routes to the Internet or the vnet leave the packet to the route of a peer or mate (R-UDR-6)."""
    situation, destination = journey.situation, journey.packet.destination
    held = peers_holding(situation, subnet.vnet, destination) or mates_holding(situation, subnet.vnet, destination)
    return bool(held) and situation.holds(uncertainty("U-R-UDR-6"))


def leads_outside(journey: Journey, subnet: Subnet) -> bool:
    """Hold when the subnet's route takes the packet to the Internet (R-TRAF-5)."""
    route = selection(journey.situation, subnet, journey.packet.destination).route
    return isinstance(route.hop, ToInternet) and not (route.origin is Origin.USER and _is_beyond(journey, subnet))


def mate_for(situation: Situation, vnet: str, address: Interval, beside_peer: bool) -> str | None:
    """Return the mate that gets what `vnet` sends to `address`, None where no mate does.

    Which of several gets it is open, and whether one does where a peer has the address as well (R-CG-4).
    """
    mates = mates_holding(situation, vnet, address)
    asked, last = (mates, None) if beside_peer else (mates[:-1], next(iter(mates[-1:]), None))
    return next((mate for mate in asked if situation.holds(uncertainty("U-R-CG-4", vnet, mate))), last)


def overlapping(journey: Journey, sending: Sending, mate: str) -> Dropped | None:
    """Return the drop of what lies in a further member of the group as well (R-CG-4)."""
    situation, at, destination = journey.situation, sending.subnet.vnet, journey.packet.destination
    for group in situation.network.connected_groups:
        if at not in group.members or mate not in group.members or not connects(situation.network, group, at, mate):
            continue
        for member in group.members:
            if member != at and not connects(situation.network, group, at, member):
                continue  # a group that is not global does not join it to the sender, who knows nothing of its range
            if member != mate and some_covers(situation.vnet(member).address_space, destination):
                reason = f"{lowest_text(destination)} is in {mate} and in {member} of group {group.name}"
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
    """Return the arrival at the interface that holds the next hop's address (R-UDR-7, R-UDR-8, R-UDR-9, R-UDR-15)."""
    situation, where = journey.situation, sender_name(sending)
    vnet = next_hop_owner(situation, sending.subnet.vnet, point(address))
    if vnet is None:
        return journey.drop(where, f"next hop {address_text(address)} is not directly connected", "R-UDR-8")
    blocked = cross(journey, sending, vnet, point(address)) or journey.drop_without_ipv6(vnet)
    if blocked is not None:
        return blocked
    balanced = balanced_at(situation, vnet, address)
    if balanced is not None:
        return at_next_hop(journey, balanced)
    nic = situation.index.holders.get((vnet, address))
    if nic is not None:
        appliance = declared_appliance(situation, situation.network.machines[nic.machine])
        return AtAppliance(appliance, declared_interface(situation, nic))
    subnet = host_subnet(situation.vnet(vnet), point(address))
    if subnet is None or endpoint_at(situation, vnet, address) is not None:
        return journey.drop(where, f"nothing that forwards can stand at next hop {address_text(address)}", "R-UDR-9")
    interface = undeclared_interface(subnet, point(address))
    return AtAppliance(implied_appliance(interface), interface)


def _to_gateway(journey: Journey, sending: Sending, learned_from: str | None) -> Next:
    """Return the entry into a gateway: the one a learned route names, else the one a user route means (R-UDR-5)."""
    situation, where = journey.situation, sender_name(sending)
    if learned_from is None:
        gateway = gateway_by_user_route(situation, sending.subnet)
        if gateway is None:
            return journey.drop(where, "the route's next hop needs one VPN gateway alone", "R-UDR-5")
        return enter(journey, sending, gateway, by_user_route=True)
    if isinstance(sending.sender, FromGateway) and sending.sender.out_of_tunnel:
        return journey.drop(where, "what came out of a tunnel goes into none by a learned route", "R-GW-16")
    return enter(journey, sending, situation.network.gateways[learned_from], by_user_route=False)


def enter(journey: Journey, sending: Sending, gateway: Gateway, *, by_user_route: bool) -> IntoGateway | Dropped:
    """Return the entry into `gateway`, which crosses the peering with its vnet (R-GW-4)."""
    return cross_into_gateway(journey, sending, gateway) or IntoGateway(gateway, by_user_route)


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


def deliver(journey: Journey, sending: Sending, vnet: str) -> Next:
    """Return the delivery to the host of `vnet` that holds the destination, past its filters (R-ADDR-4, F-EVAL-5)."""
    blocked = cross(journey, sending, vnet, journey.packet.destination) or journey.drop_without_ipv6(vnet)
    if blocked is not None:
        return blocked
    situation, destination, awaited = journey.situation, journey.packet.destination, journey.awaited_by
    if awaited is not None and awaited.gets_reply(situation, vnet, destination):
        return AtOwnAddress(awaited.by, awaited.by.interfaces[0])
    subnet = host_subnet(situation.vnet(vnet), destination)
    if subnet is None:
        return journey.drop(vnet, f"{lowest_text(destination)} is not an address of a host in {vnet}", "R-ADDR-4")
    number = occupied(situation, vnet, destination)
    balanced = balanced_at(situation, vnet, number)
    if balanced is not None:
        return at_frontend(journey, balanced, sending.subnet.vnet)
    endpoint = endpoint_at(situation, vnet, number)
    if endpoint is not None:
        return at_endpoint(journey, endpoint, sending.subnet.vnet)
    nic = None if number is None else situation.index.holders.get((vnet, number))
    if nic is None and subnet.name.casefold() in SUBNETS_OF_SERVICES:
        return journey.drop(subnet.id, f"{lowest_text(destination)} is not declared in {subnet.id}", "R-ADDR-8")
    if nic is None:
        return at_host(journey, undeclared_interface(subnet, destination))
    return at_host(journey, declared_interface(situation, nic))


def at_host(journey: Journey, interface: Interface) -> Next:
    """Return the delivery to `interface` where its inbound filters allow and it is up (F-EVAL-1, I-FAILURES).

    What is for a firewall with rules of its own is for these to take (F-FW-5).
    """
    situation = journey.situation
    if interface.nic is not None and situation.network.machines[interface.nic.machine].firewall is not None:
        appliance = declared_appliance(situation, situation.network.machines[interface.nic.machine])
        return AtOwnAddress(appliance, interface)
    blocked = journey.filter(interface, Direction.INBOUND)
    if blocked is None:
        machine = interface.name if interface.nic is None else interface.nic.machine
        blocked = journey.drop_if_down(FailureKind.APPLIANCE, machine) or journey.turned_away(interface)
    return blocked if blocked is not None else delivered_to(interface, address_in(journey.packet.destination))
