"""Whether a flow violates a claim: the judge of every counterexample (specs/contract/claims.md).

Rules I-FLOW, I-REACH, I-SYMMETRIC, I-LOSSLESS, I-SOMETIMES, I-NEVER, I-ISOLATED, I-ONLY-VIA, I-NOT-VIA,
I-NOT-TRANSITIVE, I-NEXT-HOP, I-GATEWAY, I-EGRESS, I-APART, I-FAILURES, R-ADDR-6, R-GW-8, R-LINT-2, R-LINT-3,
F-FW-5 and F-FW-7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from vnetverify.facts import Undetermined, World
from vnetverify.model.intents import Claim, EgressKind, ExpectedHop, HopKind, Place, PlaceKind, Verb
from vnetverify.model.network import Network, Subnet
from vnetverify.simulator.addressing import Header, Mixed, Packet, packet_of, point
from vnetverify.simulator.advertising import as_claimed, is_allowed
from vnetverify.simulator.egress import egress_text, is_expected_egress, left_by
from vnetverify.simulator.ends import End, aimed_at, begins, ends_as_named, ends_at_home, ends_within
from vnetverify.simulator.failures import down_in
from vnetverify.simulator.firewalls import stands_elsewhere
from vnetverify.simulator.frontends import balanced_at, machine_behind
from vnetverify.simulator.hops import (
    Hop,
    ToAppliance,
    ToEndpoint,
    ToGateway,
    ToInternet,
    ToMate,
    ToNowhere,
    ToPeer,
    ToService,
    ToVnet,
)
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.positions import Astray, Dropped, LeftToInternet, Met, Selected, Trace
from vnetverify.simulator.qualities import shortcoming, shown
from vnetverify.simulator.routes import Selection, selection
from vnetverify.simulator.sending import gateway_by_user_route, note_selection
from vnetverify.simulator.situation import (
    Situation,
    next_hop_owner,
    situation_of,
)
from vnetverify.simulator.walk import Conversation, converse, trace, trace_unfiltered, trace_until

_BY_DESTINATION = frozenset(
    {
        Verb.REACHES,
        Verb.REACHES_SYMMETRICALLY,
        Verb.LOSES_NO_PACKETS,
        Verb.SOMETIMES_REACHES,
        Verb.NEXT_HOP,
        Verb.GATEWAY,
        Verb.EGRESS,
    }
)

# Those of them that a delivery decides.
_BY_DELIVERY = _BY_DESTINATION - {Verb.NEXT_HOP, Verb.GATEWAY, Verb.EGRESS}


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a flow breaks a claim, with the ways that show it: the first packet's, then its reply's if it matters."""

    why: str
    traces: tuple[Trace, ...]


def in_question(network: Network, claim: Claim, origin: Place, flow: Header, world: World) -> bool:
    """Hold when the claim speaks of this flow: its origin, service and ends are the claim's.

    Where the claim leaves the destination open, its far end is where the first packet ends. A world that takes down
    more than the claim's failures allow is none of its worlds; nor is one with announcements that it does not allow.
    """
    asked = _as_asked(network, claim, origin, flow, world)
    if asked is None:
        return False
    packet, world = asked
    situation = _situation_of(network, claim, packet, world)
    if claim.verb is Verb.NEXT_HOP and origin.kind != PlaceKind.SUBNET.value:
        return False
    if claim.verb in _BY_DESTINATION:
        if not aimed_at(situation, claim, origin, packet):
            return False
        return not _is_led_home(network, claim, origin, packet, world)
    return _way_there(network, claim, origin, packet, world) is not None


def _as_asked(network: Network, claim: Claim, origin: Place, flow: Header, world: World) -> tuple[Packet, World] | None:
    """Return the packet with its world, completed by what the claim leaves open.

    None where the claim speaks of no flow that begins so, or of no such world.
    """
    packet = packet_of(flow)
    if not begins(network, claim, origin, packet) or not is_allowed(network, claim.advertising, world):
        return None
    world = as_claimed(network, claim.advertising, world)
    return None if has_too_much_down(network, claim, world) else (packet, world)


def _is_led_home(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> bool:
    """Hold when firewalls translate the flow into one that ends where it begins, which is none (I-FLOW, F-FW-5)."""
    if claim.verb not in _BY_DELIVERY or all(machine.firewall is None for machine in network.machines.values()):
        return False
    walked = trace_unfiltered if claim.verb is Verb.LOSES_NO_PACKETS else trace
    return ends_at_home(walked(network, origin, packet, world, claim.failures), origin, packet)


def violates(network: Network, claim: Claim, origin: Place, flow: Header, world: World) -> Violation | None:
    """Return how the flow violates the claim, None when it does not or is not in question.

    For SOMETIMES_REACHES this is a flow that does not reach: a witness is one in question without a violation.
    """
    asked = _as_asked(network, claim, origin, flow, world)
    if asked is None:
        return None
    packet, world = asked
    match claim.verb:
        case Verb.REACHES | Verb.REACHES_SYMMETRICALLY | Verb.SOMETIMES_REACHES:
            return _not_reaching(network, claim, origin, packet, world)
        case Verb.LOSES_NO_PACKETS:
            return _lost(network, claim, origin, packet, world)
        case Verb.NEVER_REACHES | Verb.ONLY_VIA | Verb.NOT_VIA | Verb.NOT_TRANSITIVE:
            return _wrongly_delivered(network, claim, origin, packet, world)
        case Verb.NEXT_HOP:
            return _other_next_hop(network, claim, origin, packet, world)
        case Verb.GATEWAY:
            return _other_gateway(network, claim, origin, packet, world)
        case Verb.BOTTLENECK | Verb.LOCAL_LATENCY | Verb.CROSSES_AT_MOST:
            return _poorly_delivered(network, claim, origin, packet, world)
        case Verb.EGRESS:
            return _other_egress(network, claim, origin, packet, world)
        case _:
            assert_never(claim.verb)


class Asks(Enum):
    """When filters and policies are asked whether they refuse a packet: as it comes to them, once a delivery would be
    wrong, or never, as if all of them allowed."""

    AT_ONCE = "at once"
    LAST = "last"
    NOTHING = "nothing"


def may_violate(
    network: Network, claim: Claim, origin: Place, flow: Header, world: World, asks: Asks = Asks.AT_ONCE
) -> bool:
    """Hold when the flow violates a claim about what is delivered, of which it is not asked how.

    The packet is followed no further than where something has forwarded it by which the claim lets it pass. Filters and
    policies are asked as `asks` says, other than at once only where nothing translates and no load balancer chooses:
    there they only drop, and what does not violate if they allow does not violate (F-EVAL-5).
    """
    asked = _as_asked(network, claim, origin, flow, world)
    if asked is None:
        return False
    packet, world = asked
    met = may_pass_by(claim)
    postponed: list[Callable[[], object]] = []
    try:
        way = trace_until(
            network, origin, packet, world, claim.failures, met, None if asks is Asks.AT_ONCE else postponed
        )
        if way is None or not ends_within(claim, origin, packet, way):
            return False
        if not is_wrong(network, claim, origin, packet, world, way):
            return False
    except (Mixed, Undetermined):
        if asks is Asks.LAST and claim.verb is Verb.NEVER_REACHES and _is_refused(postponed):
            return False
        raise
    doubts: list[Mixed | Undetermined] = []
    if asks is Asks.NOTHING:
        return True
    if _is_refused(postponed, doubts):
        return False
    if doubts:
        raise doubts[0]
    return True


def _is_refused(questions: Iterable[Callable[[], object]], doubts: list[Mixed | Undetermined] | None = None) -> bool:
    """Hold when what one of `questions` asks about surely refuses the packet; what is in doubt goes to `doubts`."""
    for question in questions:
        try:
            if question() is not None:
                return True
        except (Mixed, Undetermined) as doubt:
            if doubts is not None:
                doubts.append(doubt)
    return False


def may_pass_by(claim: Claim) -> tuple[str, ...]:
    """Return the devices that make a delivery right, whatever else it meets."""
    return claim.via if claim.verb is Verb.ONLY_VIA else claim.excused if claim.verb is Verb.NOT_TRANSITIVE else ()


def is_wrong(network: Network, claim: Claim, origin: Place, packet: Packet, world: World, way: Trace) -> bool:
    """Hold when a delivery by this way is what the claim speaks against."""
    if claim.verb in (Verb.BOTTLENECK, Verb.LOCAL_LATENCY, Verb.CROSSES_AT_MOST):
        situation = _situation_of(network, claim, packet, world)
        return shortcoming(situation, claim, origin, packet, way) is not None
    return _wrong_way(claim, way) is not None


def _situation_of(network: Network, claim: Claim, packet: Packet, world: World) -> Situation:
    return situation_of(network, world, packet.family, claim.failures)


def has_too_much_down(network: Network, claim: Claim, world: World) -> bool:
    """Hold when the world takes down more than the claim speaks of, a partial one surely (I-FAILURES)."""
    if claim.failures is None:
        return False
    return len(down_in(network, world, claim.failures)) > claim.failures.most


def _not_reaching(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Violation | None:
    targets = aimed_at(_situation_of(network, claim, packet, world), claim, origin, packet)
    if not targets:
        return None
    conversation = converse(network, origin, packet, world, claim.failures)
    way = conversation.forward
    if ends_at_home(way, origin, packet):
        return None
    if isinstance(way.outcome, Astray):
        return _torn(claim, way, targets)
    ends = ends_as_named(way, origin, packet)
    if not conversation.established:
        return Violation(conversation.why, _traces(conversation))
    missed = _missed(claim, ends, targets)
    if missed is not None:
        return Violation(f"the first packet {missed}", _traces(conversation))
    one_sided = _on_one_way(conversation) if claim.verb is Verb.REACHES_SYMMETRICALLY else ()
    if one_sided:
        return Violation(f"only one of the two ways passes {' and '.join(one_sided)}", _traces(conversation))
    return None


def _missed(claim: Claim, ends: tuple[End, ...], targets: list[End]) -> str | None:
    """Return how a first packet that ends at `ends` misses what the claim is about, None when it does not.

    An address may be one of several places; a packet comes to one of them, and the claim is about each (I-REACH).
    """
    hit = next((end for end in ends if end in targets), None)
    if hit is None:
        return "ends elsewhere"
    others = [target[0].name for target in targets if target not in ends]
    if not others or claim.verb is Verb.SOMETIMES_REACHES:
        return None
    return f"ends at {hit[0].name}, and its destination is an address of {' and '.join(others)} as well"


def _torn(claim: Claim, way: Trace, targets: list[End]) -> Violation | None:
    """Return the violation where a packet that went astray was for several places: it may end at any, at one alone
    (F-FW-7, I-REACH)."""
    missed = _missed(claim, tuple(targets[:1]), targets)
    return None if missed is None else Violation(f"the first packet {missed}", (way,))


def _on_one_way(conversation: Conversation) -> tuple[str, ...]:
    """Return the appliances, stateful or not, that only one of the two ways meets (R-TRAF-2)."""
    there, back = (
        dict.fromkeys(device for device in devices if device.is_appliance)
        for devices in (conversation.forward.devices, () if conversation.reply is None else conversation.reply.devices)
    )
    return tuple(device.name for device in (*there, *back) if not (device in there and device in back))


def _lost(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Violation | None:
    """Return the violation where the first packet goes astray though every filter and declared policy allows it."""
    targets = aimed_at(_situation_of(network, claim, packet, world), claim, origin, packet)
    if not targets:
        return None
    way = trace_unfiltered(network, origin, packet, world, claim.failures)
    if ends_at_home(way, origin, packet):
        return None
    if isinstance(way.outcome, Astray):
        return _torn(claim, way, targets)
    if isinstance(way.outcome, Dropped):
        return Violation(f"it is lost: {way.outcome.reason}", (way,))
    missed = _missed(claim, ends_as_named(way, origin, packet), targets)
    return None if missed is None else Violation(f"it {missed}", (way,))


def _traces(conversation: Conversation) -> tuple[Trace, ...]:
    return (conversation.forward,) if conversation.reply is None else (conversation.forward, conversation.reply)


def _wrongly_delivered(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Violation | None:
    """Return the violation of a claim about what is delivered and whom it met on the way."""
    way = _way_there(network, claim, origin, packet, world)
    if way is None:
        return None
    why = _wrong_way(claim, way)
    return None if why is None else Violation(why, (way,))


def _poorly_delivered(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Violation | None:
    """Return the violation of a claim about what the way of each delivery is like (R-LINT-2, R-LINT-3)."""
    way = _way_there(network, claim, origin, packet, world)
    if way is None:
        return None
    situation = _situation_of(network, claim, packet, world)
    found = shortcoming(situation, claim, origin, packet, way)
    return None if found is None else Violation(found.what, (shown(way, found, situation),))


def _way_there(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Trace | None:
    """Return the first packet's way where it ends in a right set of the claim."""
    walked = trace_unfiltered if claim.unfiltered else trace
    way = walked(network, origin, packet, world, claim.failures)
    return way if ends_within(claim, origin, packet, way) else None


def delivers(network: Network, claim: Claim, origin: Place, flow: Header, world: World) -> bool:
    """Hold when the flow begins in a left set of the claim and ends in a right set of the same pair."""
    packet = packet_of(flow)
    return begins(network, claim, origin, packet) and _way_there(network, claim, origin, packet, world) is not None


def _wrong_way(claim: Claim, way: Trace) -> str | None:
    """Return what is wrong with a delivery by `way`, None when the claim allows it."""
    if claim.verb is Verb.NEVER_REACHES:
        astray = isinstance(way.outcome, Astray)
        return "the first packet may be delivered" if astray else "the first packet is delivered"
    met = [device.name for device in way.devices if device.is_of_sentences]
    if claim.verb is Verb.ONLY_VIA:
        return None if any(name in claim.via for name in met) else f"it is delivered without {_either(claim.via)}"
    if claim.verb is Verb.NOT_VIA:
        passed = next((name for name in met if name in claim.via), None)
        if passed is None and isinstance(way.outcome, Astray):
            return f"it is translated a third time and may come by {_either(claim.via)}"
        return None if passed is None else f"it is delivered by way of {passed}"
    if any(name in claim.excused for name in met):
        return None
    if isinstance(way.outcome, Astray):
        return f"it is translated a third time and may be carried through {_either(claim.via)}"
    transit = next((device for device in way.devices if _stands_in(device, claim.via)), None)
    return None if transit is None else f"{transit.name} carries it through {_either(claim.via)}"


def _stands_in(device: Met, vnets: tuple[str, ...]) -> bool:
    return any(vnet in vnets for vnet in device.vnets)


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _other_next_hop(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Violation | None:
    """Return the violation where the subnet's selected route has another hop; other origins have no routes."""
    situation = _situation_of(network, claim, packet, world)
    if origin.kind != PlaceKind.SUBNET.value or not aimed_at(situation, claim, origin, packet):
        return None
    assert claim.expected_hop is not None
    subnet = situation.index.subnets[origin.name]
    chosen = selection(situation, subnet, packet.destination)
    if is_expected_hop(situation, subnet, chosen.route.hop, claim.expected_hop):
        return None
    return Violation(f"the selected route is {chosen.route}", (_trace_of(situation, packet, subnet, chosen),))


def way_by_routes(network: Network, claim: Claim, origin: Place, flow: Header, world: World) -> Trace:
    """Return the way that a claim about next hop, gateway or egress looks at, as its route selections have it."""
    packet, world = packet_of(flow), as_claimed(network, claim.advertising, world)
    if claim.verb is not Verb.NEXT_HOP:
        return trace_unfiltered(network, origin, packet, world, claim.failures)
    situation = _situation_of(network, claim, packet, world)
    subnet = situation.index.subnets[origin.name]
    return _trace_of(situation, packet, subnet, selection(situation, subnet, packet.destination))


def _trace_of(situation: Situation, packet: Packet, subnet: Subnet, chosen: Selection) -> Trace:
    """Return a story of one step: the route that was selected."""
    journey = Journey(situation, packet)
    journey.note_what_is_down()
    journey.note_what_is_announced()
    note_selection(journey, subnet.id, chosen)
    return journey.ended(Selected(subnet.id))


def is_expected_hop(situation: Situation, subnet: Subnet, hop: Hop, expected: ExpectedHop) -> bool:
    """Hold when `hop`, selected in `subnet`, is of the expected kind and, where one is named, leads to that device."""
    match hop:
        case ToVnet():
            return expected.kind is HopKind.VNET_LOCAL
        case ToPeer() | ToMate():
            return expected.kind is HopKind.PEERING
        case ToEndpoint(_, vnet):
            return expected.kind is (HopKind.VNET_LOCAL if vnet == subnet.vnet else HopKind.PEERING)
        case ToAppliance(address):
            if expected.kind is not HopKind.APPLIANCE or expected.name is None:
                return expected.kind is HopKind.APPLIANCE
            machine = situation.index.network.machines.get(expected.name)
            is_elsewhere = machine is not None and stands_elsewhere(situation, machine.name, machine.firewall)
            return expected.name == appliance_at(situation, subnet, address) and not is_elsewhere
        case ToGateway(name):
            if expected.kind is not HopKind.GATEWAY:
                return False
            return expected.name is None or expected.name == (name or _gateway_meant(situation, subnet))
        case ToInternet() | ToService():
            return expected.kind is HopKind.INTERNET
        case ToNowhere():
            return expected.kind is HopKind.NONE
        case _:
            assert_never(hop)


def appliance_at(situation: Situation, subnet: Subnet, address: int) -> str | None:
    """Return the name of the machine at a next hop's address as seen from `subnet`, None where none is (R-UDR-7)."""
    vnet = next_hop_owner(situation, subnet.vnet, point(address))
    if vnet is None:
        return None
    balanced = balanced_at(situation, vnet, address)
    if balanced is not None:
        return machine_behind(situation, balanced)
    nic = situation.index.holders.get((vnet, address))
    return None if nic is None else nic.machine


def _gateway_meant(situation: Situation, subnet: Subnet) -> str | None:
    gateway = gateway_by_user_route(situation, subnet)
    return None if gateway is None else gateway.name


def _other_gateway(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Violation | None:
    """Return the violation where the first gateway met, filters aside, is not the expected one."""
    if not aimed_at(_situation_of(network, claim, packet, world), claim, origin, packet):
        return None
    assert claim.expected_hop is not None
    way = trace_unfiltered(network, origin, packet, world, claim.failures)
    first = next((device.name for device in way.devices if device.is_gateway), None)
    if first is None:
        return Violation("it meets no gateway", (way,))
    if claim.expected_hop.name in (None, first):
        return None
    return Violation(f"the first gateway it meets is {first}", (way,))


def _other_egress(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> Violation | None:
    """Return the violation where the first packet, filters aside, leaves otherwise than expected, or not at all."""
    situation = _situation_of(network, claim, packet, world)
    if not aimed_at(situation, claim, origin, packet):
        return None
    assert claim.expected_egress is not None
    way = trace_unfiltered(network, origin, packet, world, claim.failures)
    left = left_by(way)
    if isinstance(way.outcome, Astray) and claim.expected_egress.kind is EgressKind.NONE:
        return Violation("it is translated a third time and may leave to the Internet", (way,))
    if is_expected_egress(left, claim.expected_egress):
        return None
    if left is not None:
        return Violation(f"it leaves to the Internet by {egress_text(left)}", (way,))
    if isinstance(way.outcome, LeftToInternet):
        return Violation("it leaves by a service endpoint, to the service alone", (way,))
    return Violation("it does not leave to the Internet", (way,))
