"""What forwards: appliances with their policy, and gateways with their tunnels.

Rules R-UDR-10, R-UDR-11, R-UDR-12, R-ADDR-6, R-META-3, R-SEL-9, R-TRAF-2, R-TRAF-3, R-GW-8, R-GW-13, R-GW-16,
R-GW-17, R-GW-21, R-GW-22, R-GW-23, R-GW-24, R-GW-26, R-GW-29, F-GWS-1, F-FW-5, F-FW-6,
F-FW-8, F-FW-11 and I-FAILURES.
"""

from __future__ import annotations

from dataclasses import replace

from vnetverify.facts import uncertainty
from vnetverify.header import ICMP, Family, Interval, IntervalSet, family_of
from vnetverify.model.balancers import PublicAddress
from vnetverify.model.intents import INTERNET, FailureKind
from vnetverify.model.network import Gateway, GatewayKind, PolicyRule
from vnetverify.model.security import Access, Direction
from vnetverify.simulator.addressing import (
    Packet,
    address_in,
    among,
    covers,
    is_number,
    is_one_of,
    lies_in,
    lowest_text,
    some_covers,
)
from vnetverify.simulator.announcements import decides, way_chosen
from vnetverify.simulator.firewalls import Refusal, inspected, misplaced, nat_rule, refused, refused_by_nat, steered_to
from vnetverify.simulator.frontends import seen_by_sender
from vnetverify.simulator.gateways import (
    CHAINED,
    announces,
    default_way,
    entries_of,
    is_known,
    is_near,
    passes_between,
    takes_fastpath,
    way_of,
)
from vnetverify.simulator.internet import answered_outside, delivered_to, own_source
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.matching import Interface, Reaching, within_reach
from vnetverify.simulator.memory import Remembered
from vnetverify.simulator.positions import (
    Appliance,
    AtAppliance,
    AtOwnAddress,
    Delivered,
    Dropped,
    Forwarder,
    FromGateway,
    IntoGateway,
    IntoSite,
    Next,
    OutOfTunnel,
    Sending,
)
from vnetverify.simulator.route_servers import joined_gateways
from vnetverify.simulator.routes import Origin, ToGateway, selection
from vnetverify.simulator.sending import leads_outside
from vnetverify.simulator.situation import Situation, carries
from vnetverify.simulator.tunnels import exit_fact, into_tunnel
from vnetverify.simulator.ways import Way, circuit_to


def at_appliance(journey: Journey, arrival: AtAppliance) -> Next:
    """Return what an appliance does with a packet: keep its own, else forward it (R-UDR-10, F-FWD-1..5)."""
    appliance, interface = arrival.appliance, arrival.interface
    if journey.repeats("appliance", appliance.name, "tunnel" if interface is None else f"at {interface.name}"):
        return journey.drop(appliance.name, "the packet was here before: a loop", "R-TRAF-3")
    fallen = journey.drop_if_down(FailureKind.APPLIANCE, appliance.name)
    if fallen is not None:
        return fallen
    if interface is not None:
        blocked = journey.filter(interface, Direction.INBOUND)
        if blocked is not None:
            return blocked
    journey.visit(appliance)
    if _has_come_back(journey, appliance):
        return translated_back(journey, appliance)
    own = _own_interface(arrival, journey.packet.destination)
    if own is not None and appliance.firewall is not None:
        return at_own_address(journey, AtOwnAddress(appliance, own))
    if own is not None:
        return journey.turned_away(own) or delivered_to(own, address_in(journey.packet.destination))
    if interface is not None and not interface.forwards:
        return _without_forwarding(journey, appliance, interface)
    kept = None if interface is None else _kept_for_another(journey, appliance, interface)
    if kept is not None:
        return kept
    public = steered_to(journey, appliance)
    taken = None if public is None else _at_nat_rules(journey, appliance, public)
    if taken is not None:
        return taken
    return journey.asked(lambda: _refused(journey, appliance)) or onward(journey, appliance)


def _at_nat_rules(journey: Journey, appliance: Appliance, public: PublicAddress | None) -> Next | None:
    """Return what comes of the NAT rule that takes the packet at the address, None where none does (F-FW-5)."""
    blocked = (misplaced if journey.unfiltered else inspected)(journey, appliance)
    if blocked is not None:
        return blocked
    rule = nat_rule(journey, appliance, public)
    return None if rule is None else refused_by_nat(journey, appliance, rule, public) or onward(journey, appliance)


def _own_interface(arrival: AtAppliance, address: Interval) -> Interface | None:
    """Return the interface with this address for which the packet came: that of arrival, of a firewall with rules or
    out of a tunnel any."""
    is_any = arrival.interface is None or arrival.appliance.firewall is not None
    interfaces = arrival.appliance.interfaces if is_any else (arrival.interface,)
    return next((each for each in interfaces if each is not None and is_one_of(address, each.addresses)), None)


def _kept_for_another(journey: Journey, appliance: Appliance, interface: Interface) -> Next | None:
    """Return the delivery of what came by one interface for the address of another, where the guest takes it as its own
    (R-UDR-10)."""
    others = (each for each in appliance.interfaces if each.name != interface.name)
    own = next((each for each in others if is_one_of(journey.packet.destination, each.addresses)), None)
    if own is None or not journey.situation.holds(uncertainty("U-OWNADDR", appliance.name)):
        return None
    return journey.turned_away(own) or delivered_to(own, address_in(journey.packet.destination))


def _has_come_back(journey: Journey, appliance: Appliance) -> bool:
    """Hold when the reply is at the firewall that has to translate it back next (F-FW-8)."""
    translated = journey.awaited_by
    return translated is not None and translated.by.name == appliance.name


def translated_back(journey: Journey, appliance: Appliance) -> Next:
    """Return where the firewall sends the reply of the packet that it translated (F-FW-8).

    A client at the Internet gets it where the firewall's subnet sends there by next hop Internet (R-SEL-9).
    """
    translated = journey.undo()
    ends = f"to {lowest_text(journey.packet.destination)} from {lowest_text(journey.packet.source)}"
    journey.note(appliance.name, f"{appliance.name} translates the reply back, {ends}", "F-FW-8")
    if translated.entered_from != INTERNET:
        return onward(journey, appliance)
    journey.meet_appliance(appliance)
    return answered_outside(journey, appliance.interfaces[0].subnet)


def at_own_address(journey: Journey, arrival: AtOwnAddress) -> Next:
    """Return what a firewall does with a packet for itself: a NAT rule takes it, else it drops (F-FW-5, F-FW-6)."""
    appliance, interface, public = arrival.appliance, arrival.interface, arrival.public
    fallen = journey.drop_if_down(FailureKind.APPLIANCE, appliance.name)
    if fallen is not None:
        return fallen
    if _has_come_back(journey, appliance):
        return translated_back(journey, appliance)
    if journey.is_reply or journey.packet.family is Family.IPV6:
        return journey.turned_away(interface) or _delivered_to_itself(journey, interface)
    taken = _at_nat_rules(journey, appliance, public)
    if taken is not None:
        return taken
    if journey.unfiltered:
        return _delivered_to_itself(journey, interface)
    to = lowest_text(journey.packet.destination)
    return journey.drop(appliance.name, f"no NAT rule of {appliance.name} takes it at {to}", "F-FW-6")


def _delivered_to_itself(journey: Journey, interface: Interface) -> Delivered:
    own = among(journey.packet.destination, interface.addresses)
    first = next(held for held in interface.addresses if family_of(held) is journey.packet.family)
    return delivered_to(interface, first if own is None else own)


def _without_forwarding(journey: Journey, appliance: Appliance, interface: Interface) -> Dropped:
    assert interface.nic is not None  # one that a route implies forwards
    return journey.drop(appliance.name, f"{interface.name} has IP forwarding off", "R-UDR-10", interface.nic.span)


def _refused(journey: Journey, appliance: Appliance) -> Refusal | None:
    """Return the drop where records or policy keep the appliance from forwarding (R-TRAF-2, R-META-3, F-FW-8)."""
    where = appliance.name
    if appliance.is_managed and journey.packet.family is Family.IPV6:
        if not journey.situation.holds(uncertainty("U-FWV6", where)):
            return journey.drop(where, f"{where} passes no IPv6 packets", "F-FW-11")
        journey.note(where, f"{where} passes IPv6 packets", "F-FW-11")
    if journey.first is not None and is_stateful(journey.situation, appliance):
        if not journey.knows_flow(appliance):
            return journey.drop(where, f"{where} did not see the flow begin", "R-TRAF-2")
        journey.note(where, "its record of the flow lets the reply pass", "R-TRAF-2")
        return None
    if appliance.firewall is not None:
        return (misplaced if journey.unfiltered else refused)(journey, appliance)
    if appliance.policy is None:
        if not journey.situation.holds(uncertainty("U-FORWARDS", appliance.name)):
            return journey.drop(where, f"{where} does not forward this flow", "R-META-3")
        journey.note(where, f"{where}, whose policy is not declared, forwards this flow", "R-META-3")
        return None
    if journey.unfiltered:
        return None
    lines = within_reach(_lines_of(journey.situation, appliance, appliance.policy), journey.packet)
    line = next((line for line in lines if _applies(line, journey.packet)), None)
    if line is None:
        return journey.drop(where, f"no line of the policy of {where} matches", "R-META-3")
    if line.access is Access.DENY:
        return journey.drop(where, f"the policy of {where} denies", "R-META-3", line.span)
    journey.note(where, f"the policy of {where} allows", "R-META-3", line.span)
    return None


def is_stateful(situation: Situation, appliance: Appliance) -> bool:
    """Hold when the appliance drops what belongs to no flow it saw begin (R-TRAF-2)."""
    if appliance.stateful is None:
        return situation.holds(uncertainty("U-STATEFUL", appliance.name))
    return appliance.stateful


_LINES: Remembered[str, tuple[Reaching[PolicyRule], ...]] = Remembered()


def _lines_of(
    situation: Situation, appliance: Appliance, policy: tuple[PolicyRule, ...]
) -> tuple[Reaching[PolicyRule], ...]:
    """Return the lines of the appliance's policy, each with where it may match."""
    known = situation.index.memory.of(_LINES)
    lines = known.get(appliance.name)
    if lines is None:
        lines = tuple((line, _hull(line.sources), _hull(line.destinations)) for line in policy)
        known[appliance.name] = lines
    return lines


def _hull(numbers: IntervalSet) -> Interval:
    """Return the numbers from the first to the last."""
    pieces = numbers.intervals
    return Interval(pieces[0].low, pieces[-1].high) if pieces else Interval(1, 0)


def _applies(line: PolicyRule, packet: Packet) -> bool:
    """Hold when a line of a policy matches; `icmp` there is that of either family."""
    protocol = packet.family.icmp if line.protocol == ICMP else line.protocol
    return (
        (protocol is None or is_number(packet.protocol, protocol))
        and lies_in(packet.source, line.sources)
        and lies_in(packet.destination, line.destinations)
        and lies_in(packet.destination_port, line.destination_ports)
    )


def onward(journey: Journey, appliance: Appliance) -> Next:
    """Return the site behind the appliance that holds the destination or takes what is for the Internet, else the way
    out by an interface (R-UDR-11)."""
    tunnelled = into_tunnel(journey, appliance)
    if tunnelled is not None:
        return tunnelled
    if not appliance.interfaces:
        return journey.drop(appliance.name, f"{appliance.name} has no interface", "R-UDR-11")
    interface = _exit(journey, appliance)
    if not interface.forwards:
        return _without_forwarding(journey, appliance, interface)
    blocked = _filtered_out(journey, appliance, interface)
    if blocked is not None:
        return blocked
    journey.meet_appliance(appliance)
    return Sending(interface.subnet, Forwarder(appliance, interface))


def _filtered_out(journey: Journey, appliance: Appliance, interface: Interface) -> Dropped | None:
    """Return the drop by the filters at the interface by which the appliance sends the packet on.

    They see its own address as source of what it sends to the Internet, which it translates (F-FWD-1, F-ADDR-8).
    """
    if journey.is_reply:
        return journey.filter(interface, Direction.OUTBOUND)
    own = own_source(appliance, interface, journey.packet)
    if own is None or not leads_outside(journey, interface.subnet):
        return journey.filter(interface, Direction.OUTBOUND, seen_by_sender(journey, interface))
    journey.is_from_own_address = True
    blocked = journey.filter(interface, Direction.OUTBOUND, replace(journey.packet, source=own))
    journey.is_from_own_address = False
    return blocked


def _exit(journey: Journey, appliance: Appliance) -> Interface:
    """Return the interface by which the appliance's own table sends the packet (R-UDR-11)."""
    for interface in appliance.interfaces[:-1]:
        if journey.situation.holds(exit_fact(journey, appliance, interface.name)):
            return interface
    return appliance.interfaces[-1]


def into_gateway(journey: Journey, arrival: IntoGateway) -> Next:
    """Return what a gateway does with a packet from inside (R-GW-13, R-GW-29, R-GW-21)."""
    gateway, situation = arrival.gateway, journey.situation
    if journey.repeats("gateway", gateway.name, "by user route" if arrival.by_user_route else "by learned route"):
        return journey.drop(gateway.name, "the packet was here before: a loop", "R-TRAF-3")
    fallen = journey.drop_if_down(FailureKind.GATEWAY, gateway.name)
    if fallen is not None:
        return fallen
    if not carries(situation.network, gateway, journey.packet.family):
        return journey.drop(gateway.name, f"{gateway.name} carries IPv4 alone", "R-ADDR-6", gateway.span)
    if gateway.kind is GatewayKind.VPN and _leads_inside(journey, gateway):
        if arrival.by_user_route or situation.holds(uncertainty("U-R-GW-13")):
            return _from_subnet(journey, gateway, "R-GW-13", out_of_tunnel=False)
        return journey.drop(gateway.name, "a learned route carries nothing between spokes", "R-GW-13")
    at_edge = _at_edge(journey, gateway) if gateway.kind is GatewayKind.EXPRESSROUTE else None
    if at_edge is not None:
        return at_edge
    way = way_chosen(situation, gateway, journey.packet.destination)
    if way is not None:
        return _by_way(journey, gateway, way, "R-GW-2")
    way = default_way(situation, gateway)
    if way is None:
        return journey.drop(gateway.name, f"{gateway.name} knows no way to the destination", "R-GW-21", gateway.span)
    return _by_way(journey, gateway, way, "R-GW-21")


def _at_edge(journey: Journey, gateway: Gateway) -> OutOfTunnel | Dropped | None:
    """Return what the Microsoft edge does with a packet for what the gateway announces itself (R-GW-29).

    It goes by the longest prefix announced to it. The gateway's own brings the packet back, or it is dropped there: no
    site sees it. None where others announce a longer one, or one as long and the edge does not return the packet.
    """
    situation, destination = journey.situation, journey.packet.destination
    known = (entry for entry in entries_of(situation, gateway) if covers(entry.prefix, destination))
    heard = [entry.prefix.length for entry in known if is_known(situation, entry)]
    if not announces(situation, gateway, destination, lambda prefix: all(prefix.length >= each for each in heard)):
        return None
    if decides(situation, destination, "PAST-EDGE", gateway.name):
        return None
    if situation.holds(uncertainty("U-R-GW-29")):
        journey.note(gateway.name, "the Microsoft edge returns the packet", "R-GW-29", gateway.span)
        journey.meet_gateway(gateway)
        return OutOfTunnel(gateway, Way("itself", True))
    if not announces(situation, gateway, destination, lambda prefix: all(prefix.length > each for each in heard)):
        return None
    reason = f"the Microsoft edge does not return what {gateway.name} announces itself"
    return journey.drop(gateway.name, reason, "R-GW-29", gateway.span)


def out_of_tunnel(journey: Journey, arrival: OutOfTunnel) -> Next:
    """Return what a gateway does with a packet out of a tunnel (R-UDR-12, R-GW-16, R-GW-17)."""
    gateway, situation, packet = arrival.gateway, journey.situation, journey.packet
    if journey.repeats("gateway", gateway.name, "tunnel", arrival.way.name):
        return journey.drop(gateway.name, "the packet was here before: a loop", "R-TRAF-3")
    if _leads_inside(journey, gateway) or _is_steered(journey, gateway):
        return _from_subnet(journey, gateway, "R-UDR-12", out_of_tunnel=True)
    if gateway.kind is GatewayKind.VPN:
        way = way_chosen(situation, gateway, packet.destination, but=arrival.way)
        if way is not None and (
            _both_ends_say_so(journey, arrival.way, way) or passes_between(situation, arrival.way, way)
        ):
            return _by_way(journey, gateway, way, "R-GW-17")
    for other in joined_gateways(situation, gateway) if arrival.way.bgp else ():
        way = way_chosen(situation, other, packet.destination)
        if way is not None and way.bgp:
            journey.note(gateway.name, f"a Route Server joins {gateway.name} and {other.name}", "R-GW-16", gateway.span)
            journey.meet_gateway(gateway)
            return _by_way(journey, other, way, "R-GW-16")
    default = _default_between(journey, arrival)
    if default is not None:
        return _by_way(journey, gateway, default, "R-GW-21")
    return _from_subnet(journey, gateway, "R-UDR-12", out_of_tunnel=True)


def _default_between(journey: Journey, arrival: OutOfTunnel) -> Way | None:
    """Return the way to the gateway's default site where that takes what came out of another tunnel (R-GW-17, R-GW-21).

    It does for what the gateway itself knows no way for, if a fact says so: it is a static 0.0.0.0/0.
    """
    situation, gateway = journey.situation, arrival.gateway
    way = default_way(situation, gateway)
    if way is None or way == arrival.way:
        return None
    if way_chosen(situation, gateway, journey.packet.destination, but=arrival.way) is not None:
        return None
    return way if situation.holds(CHAINED) else None


def _leads_inside(journey: Journey, gateway: Gateway) -> bool:
    """Hold when the packet is for the gateway's vnet or a peer, and GatewaySubnet has no route to the gateway itself.

    It has one where a peering of subnets leaves out a range, or a static prefix goes before a peer's (R-SEL-3).
    """
    situation, destination = journey.situation, journey.packet.destination
    if not is_near(situation, gateway, destination):
        return False
    subnet = situation.vnet(gateway.vnet).gateway_subnet
    if subnet is None:
        return True
    bypassed = takes_fastpath(situation, gateway)
    route = selection(situation, subnet, destination, past_user_routes=bypassed).route
    return route.origin is not Origin.GATEWAY or route.hop != ToGateway(gateway.name)


def _both_ends_say_so(journey: Journey, one: Way, other: Way) -> bool:
    """Hold when two sites on static connections have routes of their own for the packet and its reply (R-GW-17)."""
    sites, packet = journey.situation.network.sites, journey.packet
    if one.bgp or other.bgp or one.site is None or other.site is None:
        return False
    there, back = sites[one.site].routes, sites[other.site].routes
    return some_covers(there or (), packet.destination) and some_covers(back or (), packet.source)


def _is_steered(journey: Journey, gateway: Gateway) -> bool:
    """Hold when a user route of GatewaySubnet takes the packet to elsewhere than the gateway would (R-GW-16)."""
    subnet = journey.situation.vnet(gateway.vnet).gateway_subnet
    if subnet is None:
        return False
    bypassed = takes_fastpath(journey.situation, gateway)
    route = selection(journey.situation, subnet, journey.packet.destination, past_user_routes=bypassed).route
    return route.origin is Origin.USER and journey.situation.holds(uncertainty("U-R-GW-16"))


def _from_subnet(journey: Journey, gateway: Gateway, rule: str, *, out_of_tunnel: bool) -> Next:
    subnet = journey.situation.vnet(gateway.vnet).gateway_subnet
    if subnet is None:
        return journey.drop(gateway.name, f"{gateway.vnet} has no GatewaySubnet", "R-ADDR-7", gateway.span)
    journey.note(gateway.name, f"{gateway.name} sends the packet from {subnet.id}", rule, gateway.span)
    journey.meet_gateway(gateway)
    return Sending(subnet, FromGateway(gateway, out_of_tunnel))


def _by_way(journey: Journey, gateway: Gateway, way: Way, rule: str) -> Next:
    """Return the arrival at the other end of `way`: a site or the next gateway, unless it is down (I-FAILURES)."""
    journey.note(gateway.name, f"{gateway.name} sends the packet by {way.name}", rule, gateway.span)
    fallen = journey.drop_if_down(FailureKind.CONNECTION, way.name)
    if fallen is not None:
        return fallen
    if way.remote_gateway is not None:
        fallen = journey.drop_if_down(FailureKind.GATEWAY, way.remote_gateway)
        if fallen is not None:
            return fallen
        journey.meet_gateway(gateway)
        there = journey.situation.network.gateways[way.remote_gateway]
        return OutOfTunnel(there, _seen_from_there(journey, gateway, way))
    assert way.site is not None
    return IntoSite(journey.situation.network.sites[way.site], gateway, way)


def _seen_from_there(journey: Journey, gateway: Gateway, way: Way) -> Way:
    """Return `way` of `gateway` as its other end names it."""
    assert way.remote_gateway is not None
    for connection in journey.situation.index.connections_of.get(gateway.name, ()):
        if connection.name == way.name:
            return way_of(journey.situation, connection, way.remote_gateway)
    return circuit_to(gateway.name)
