"""A flow's first packet from place to place, and its reply back.

Rules R-TRAF-1, R-TRAF-2, R-TRAF-3, R-TRAF-4, R-TRAF-5, R-TRAF-6, R-TRAF-7, R-TRAF-8, R-TRAF-9, R-TRAF-10, R-ADDR-6,
F-STATE-1, F-STATE-2, F-STATE-3, F-STATE-5, F-STATE-6, F-LB-9, F-PE-10, F-FW-7, F-FW-8, F-ADM-18, F-MISC-1, R-EFF-2
and I-FAILURES.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import assert_never

from vnetverify.facts import World, uncertainty
from vnetverify.model.intents import INTERNET, Failures, Place, PlaceKind
from vnetverify.model.network import Network, Site
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import (
    UNROUTABLE,
    Header,
    Packet,
    address_in,
    is_one_of,
    is_ordinary,
    is_public,
    lies_in,
    packet_of,
)
from vnetverify.simulator.answers import answer, answer_by_link
from vnetverify.simulator.devices import (
    at_appliance,
    at_own_address,
    into_gateway,
    is_stateful,
    onward,
    out_of_tunnel,
    translated_back,
)
from vnetverify.simulator.endpoints import endpoint_at
from vnetverify.simulator.filters import declared_interface, interface_at
from vnetverify.simulator.frontends import seen_by_sender
from vnetverify.simulator.internet import answered_outside, delivered_to, enter, receiver_at
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.positions import (
    Appliance,
    Astray,
    AtAppliance,
    AtOwnAddress,
    Delivered,
    Dropped,
    Forwarder,
    Host,
    IntoGateway,
    IntoSite,
    LeftToInternet,
    Linked,
    Met,
    Next,
    Outcome,
    OutOfTunnel,
    Position,
    Sending,
    Step,
    ToPlatform,
    Trace,
    declared_appliance,
    place_name,
)
from vnetverify.simulator.sending import send
from vnetverify.simulator.sites import from_site, into_site
from vnetverify.simulator.situation import Situation, occupied, situation_of
from vnetverify.simulator.tunnels import into_own_tunnel, leaves_by_own_tunnel

ENCAPSULATIONS = (4, 47)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Both ways of a flow; `reply` is None when there was none to follow, `why` says what keeps it from working."""

    forward: Trace
    reply: Trace | None
    established: bool
    why: str = ""


def trace(network: Network, origin: Place, flow: Header, world: World, failures: Failures | None = None) -> Trace:
    """Return the way of the flow's first packet from `origin` in `world`, which may take down what `failures` name."""
    journey = first_journey(network, packet_of(flow), world, failures)
    return journey.ended(follow(journey, start(journey, origin)))


def trace_until(
    network: Network,
    origin: Place,
    flow: Header,
    world: World,
    failures: Failures | None,
    met: Collection[str],
    postponed: list[Callable[[], object]] | None = None,
) -> Trace | None:
    """Return the way of the first packet, None where one of `met` forwards it: it is followed no further then.

    With a list of what is `postponed` the way is that of a packet which no filter and no policy refuses; each then
    stands there as a question, which returns what refuses it, if something does.
    """
    journey = first_journey(network, packet_of(flow), world, failures)
    journey.postponed, journey.tells = postponed, postponed is None
    return until(journey, origin, met)


def until(journey: Journey, origin: Place, met: Collection[str]) -> Trace | None:
    """Return the way of a journey from `origin` on, None where one of `met` forwards the packet."""
    position = start(journey, origin)
    while not isinstance(position, Delivered | LeftToInternet | ToPlatform | Dropped | Astray):
        if any(device.name in met and device.is_of_sentences for device in journey.devices):
            return None
        position = step(journey, position)
    return journey.ended(position)


def trace_unfiltered(
    network: Network, origin: Place, flow: Header, world: World, failures: Failures | None = None
) -> Trace:
    """Return the way of the first packet if every filter and every declared policy allowed it."""
    journey = first_journey(network, packet_of(flow), world, failures, unfiltered=True)
    return journey.ended(follow(journey, start(journey, origin)))


def first_journey(
    network: Network, packet: Packet, world: World, failures: Failures | None, *, unfiltered: bool = False
) -> Journey:
    """Return the walk of a first packet, not yet begun; its story says first what the world chose beside it."""
    situation = situation_of(network, world, packet.family, failures)
    journey = Journey(situation, packet, unfiltered=unfiltered)
    journey.note_what_is_down()
    journey.note_what_is_announced()
    return journey


def start(journey: Journey, origin: Place) -> Next:
    """Return the packet's first position: past the checks that hold for whoever sends (R-TRAF-7, F-EVAL-5)."""
    refused = journey.asked(lambda: _uncarried(journey, origin))
    if refused is not None:
        return refused
    if origin.kind == PlaceKind.SUBNET.value:
        subnet = journey.situation.index.subnets[origin.name]
        return _from_host(journey, interface_at(journey.situation, subnet, journey.packet.source))
    if origin.kind == PlaceKind.SITE.value:
        return from_site(journey, journey.situation.network.sites[origin.name])
    return _from_internet(journey)


def _from_host(journey: Journey, interface: Interface) -> Next:
    """Return the sending past the outbound filters of the machine that wrote the packet (F-EVAL-5, F-ADDR-4).

    What a tunnel of its own takes does not come to them (R-UDR-11).
    """
    tunnelled = into_own_tunnel(journey, interface)
    if tunnelled is not None:
        return tunnelled
    seen = journey.packet if journey.is_reply else seen_by_sender(journey, interface)
    blocked = journey.filter(interface, Direction.OUTBOUND, seen)
    journey.began_at = interface.name
    return blocked if blocked is not None else Sending(interface.subnet, Host(interface))


def _uncarried(journey: Journey, origin: Place) -> Dropped | None:
    """Return the drop of what no network of Azure carries (R-TRAF-7)."""
    protocol = journey.packet.protocol
    if is_one_of(protocol, ENCAPSULATIONS):
        return journey.drop(origin.name, f"protocol {protocol.low} is blocked", "R-TRAF-7")
    ordinary = is_ordinary(protocol, journey.packet.family)
    if not ordinary and not journey.situation.holds(uncertainty("U-R-TRAF-7")):
        return journey.drop(origin.name, f"protocol {protocol.low} is not carried", "R-TRAF-7")
    if lies_in(journey.packet.destination, UNROUTABLE):
        return journey.drop(origin.name, "multicast and broadcast are blocked", "R-TRAF-7")
    return None


def _from_internet(journey: Journey) -> Next:
    """Return the entry of a packet from outside: by a public address or not at all (F-PIP-5)."""
    if not is_public(journey.packet.source):
        return journey.drop(INTERNET.name, "the source is not a public address", "F-TAG-9")
    receiver = receiver_at(journey.situation, journey.packet.destination)
    if receiver is None:
        return journey.drop(INTERNET.name, "the destination is not a public address of this network", "F-PIP-5")
    return enter(journey, receiver, INTERNET)


def follow(journey: Journey, position: Next) -> Outcome:
    """Return how the walk ends. It does: each device is met at most once in each mode (R-TRAF-3)."""
    while not isinstance(position, Delivered | LeftToInternet | ToPlatform | Dropped | Astray):
        position = step(journey, position)
    return position


def step(journey: Journey, position: Position) -> Next:
    """Return where the packet is next."""
    match position:
        case Sending():
            return send(journey, position)
        case AtAppliance():
            return at_appliance(journey, position)
        case AtOwnAddress():
            return at_own_address(journey, position)
        case IntoGateway():
            return into_gateway(journey, position)
        case OutOfTunnel():
            return out_of_tunnel(journey, position)
        case IntoSite():
            return into_site(journey, position)
        case _:
            assert_never(position)


def converse(
    network: Network, origin: Place, flow: Header, world: World, failures: Failures | None = None
) -> Conversation:
    """Return both ways of the flow and whether its reply comes back to the sender (R-TRAF-2, F-STATE-2, F-STATE-3)."""
    packet = packet_of(flow)
    first = first_journey(network, packet, world, failures)
    outcome = follow(first, start(first, origin))
    forward = first.ended(outcome)
    if not isinstance(outcome, Dropped | Astray) and any(place not in (None, INTERNET) for place in first.entries):
        why = "a reply to a packet that came back in is not to be relied on (R-TRAF-10)"
        return Conversation(forward, None, False, why)
    match outcome:
        case Delivered(place):
            if first.ends_at_frontend:
                return Conversation(forward, None, False, "whether a frontend's own answer comes back is open (F-LB-9)")
            if first.linked is not None:
                return _answered(first, forward, origin, packet, _reply_by_link(first, first.linked))
            if first.member is not None:
                return _answered(first, forward, origin, packet, _reply_from_member(first, place, first.member))
            if first.entered_from is None:
                return _answered(first, forward, origin, packet, _reply_from(first, place))
            return _answered_outside(first, forward)
        case LeftToInternet():
            if isinstance(first.sent_out_by, Forwarder):
                return _answered(first, forward, origin, packet, _reply_through(first, first.sent_out_by))
            if isinstance(first.sent_out_by, Site):
                site = Place(PlaceKind.SITE.value, first.sent_out_by.name)
                return _answered(first, forward, origin, packet, _reply_from(first, site))
            assert isinstance(first.sent_out_by, Host)
            return _answered_from_outside(first, forward, first.sent_out_by.interface)
        case ToPlatform():
            return Conversation(forward, None, False, "the platform takes the packet")
        case Dropped(reason, rule):
            return Conversation(forward, None, False, f"the first packet is dropped: {reason} ({rule})")
        case Astray():
            return Conversation(forward, None, True, "it may end anywhere, and be answered from there (F-FW-7)")
        case _:
            assert_never(outcome)


def _return_journey(first: Journey) -> Journey:
    situation = Situation(first.situation.index, first.situation.world)
    return Journey(situation, first.packet.reply, first=first, translations=list(first.translations))


def _reply_from(first: Journey, place: Place) -> tuple[Journey, Outcome]:
    """Return the walk of the reply from the place the first packet reached; endpoints answer by themselves."""
    back = _return_journey(first)
    endpoint = _endpoint_at(back, place)
    if endpoint is not None:
        return back, follow(back, _uncarried(back, place) or answer(back, endpoint))
    return back, follow(back, start(back, place))


def _endpoint_at(back: Journey, place: Place) -> PrivateEndpoint | None:
    if place.kind != PlaceKind.SUBNET.value:
        return None
    vnet = back.situation.index.subnets[place.name].vnet
    return endpoint_at(back.situation, vnet, occupied(back.situation, vnet, back.packet.source))


def _reply_from_member(first: Journey, place: Place, member: Interface) -> tuple[Journey, Outcome]:
    """Return the walk of the reply from a load balancer's member, whose source is the frontend (F-LB-2)."""
    back = _return_journey(first)
    return back, follow(back, _uncarried(back, place) or _from_host(back, member))


def _reply_by_link(first: Journey, linked: Linked) -> tuple[Journey, Outcome]:
    """Return the walk of the reply from behind a private link service, which the endpoint sends on (F-PE-10)."""
    back = _return_journey(first)
    return back, follow(back, answer_by_link(back, linked))


def _reply_through(first: Journey, forwarder: Forwarder) -> tuple[Journey, Outcome]:
    """Return the walk of a reply from the Internet, which the translating appliance hands on (R-UDR-17)."""
    back = _return_journey(first)
    translated = back.awaited_by
    if translated is not None and translated.by.name == forwarder.appliance.name:
        return back, follow(back, translated_back(back, forwarder.appliance))
    back.is_from_own_address = first.left_from_own_address(forwarder.interface)
    blocked = back.judged_from_outside(forwarder.interface)
    back.is_from_own_address = False
    if blocked is not None:
        return back, blocked
    what = f"{forwarder.appliance.name} translates the reply back"
    back.note(forwarder.appliance.name, what, "R-UDR-17")
    return back, follow(back, onward(back, forwarder.appliance))


def _answered(
    first: Journey, forward: Trace, origin: Place, packet: Packet, reply: tuple[Journey, Outcome]
) -> Conversation:
    """Return the conversation: the reply must reach the sender, past the same stateful appliances (R-TRAF-2).

    It also has to come back to each firewall that translated the packet (F-FW-8).
    """
    back, outcome = reply
    if isinstance(outcome, Dropped):
        return _stopped(forward, back, outcome)
    awaited = back.awaited_by
    if awaited is not None:
        why = f"the reply does not come back to {awaited.by.name}, which translated the packet (F-FW-8)"
        return Conversation(forward, back.ended(outcome), False, why)
    is_back = _is_back(outcome, origin, packet)
    asymmetric = _asymmetric(first, back) if is_back else None
    backward = back.ended(outcome)
    if not is_back:
        return Conversation(forward, backward, False, "the reply ends elsewhere than at the sender")
    if asymmetric is not None:
        return Conversation(forward, backward, False, f"{asymmetric} sees only one way of the flow (R-TRAF-2)")
    return Conversation(forward, backward, True)


def _is_back(outcome: Outcome, origin: Place, packet: Packet) -> bool:
    """Hold when a reply that is translated back as often as the packet was has ended at the sender.

    Where that is an Internet host, the reply that leaves by next hop Internet has.
    """
    if isinstance(outcome, Delivered):
        return (outcome.place, outcome.address) == (origin, address_in(packet.source))
    return isinstance(outcome, LeftToInternet) and origin == INTERNET


def _asymmetric(first: Journey, back: Journey) -> str | None:
    """Return a stateful appliance that is on one way alone, of one of the packets that the flow becomes (R-TRAF-2).

    A firewall that translates keeps record of both packets.
    """
    translating = {
        (number, translated.by.met)
        for before, translated in enumerate(first.translations)
        for number in (before, before + 1)
    }
    one_way = {met for _, met in (first.forwarded ^ back.forwarded) - translating}
    for met in (*first.devices, *back.devices):
        if met in one_way and is_stateful(back.situation, _appliance_called(back.situation, met)):
            back.note(met.name, f"{met.name} sees only one way of the flow", "R-TRAF-2")
            return met.name
    return None


def _appliance_called(situation: Situation, met: Met) -> Appliance:
    machine = situation.network.machines.get(met.name)
    return Appliance(met.name, (), None, None, None) if machine is None else declared_appliance(situation, machine)


def _answered_from_outside(first: Journey, forward: Trace, interface: Interface) -> Conversation:
    """Return the conversation with an Internet host that a host began, whose reply comes back by itself (R-TRAF-2).

    It is judged where the packet may have left no record: an always-allow rule let it out (F-ADM-18).
    """
    if not first.may_lack_record(interface.name):
        return Conversation(forward, None, True)
    back = _return_journey(first)
    blocked = back.judged_from_outside(interface)
    if blocked is not None:
        return _stopped(forward, back, blocked)
    return Conversation(forward, back.ended(delivered_to(interface, address_in(back.packet.destination))), True)


def _stopped(forward: Trace, back: Journey, dropped: Dropped) -> Conversation:
    why = f"the reply is dropped: {dropped.reason} ({dropped.rule})"
    return Conversation(forward, back.ended(dropped), False, why)


def _answered_outside(first: Journey, forward: Trace) -> Conversation:
    """Return the conversation with an Internet host: the reply must leave by next hop Internet (R-SEL-9)."""
    assert isinstance(forward.outcome, Delivered)
    assert forward.outcome.nic is not None
    back = _return_journey(first)
    interface = declared_interface(back.situation, back.situation.index.nics[forward.outcome.nic])
    if leaves_by_own_tunnel(back, interface):
        why = f"the reply leaves by a tunnel of {place_name(interface)}, not to the Internet"
        return _stopped(forward, back, back.drop(place_name(interface), why, "R-SEL-9"))
    blocked = _blocked_at_public_entry(back, forward.outcome.nic)
    if blocked is not None:
        return _stopped(forward, back, blocked)
    outcome = answered_outside(back, back.situation.index.subnets[forward.outcome.place.name])
    if isinstance(outcome, LeftToInternet):
        return Conversation(forward, back.ended(outcome), True)
    return Conversation(forward, back.ended(outcome), False, f"{outcome.reason} (R-SEL-9)")


def _blocked_at_public_entry(back: Journey, nic: str) -> Dropped | None:
    """Return the drop of a reply to an Internet host whose flow may have left no record (F-ADM-18, F-STATE-5)."""
    assert back.first is not None
    if not back.first.may_lack_record(nic):
        return None
    return back.filter(declared_interface(back.situation, back.situation.index.nics[nic]), Direction.OUTBOUND)


__all__ = [
    "Astray",
    "Conversation",
    "Delivered",
    "Dropped",
    "LeftToInternet",
    "Outcome",
    "Step",
    "ToPlatform",
    "Trace",
    "converse",
    "trace",
    "trace_unfiltered",
    "trace_until",
]
