"""What decides of a box of packets that a claim speaks of: the steps that lead it, and what refuses it in the end."""

from __future__ import annotations

from vnetverify.facts import Undetermined, World
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Network
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import Mixed, Packet
from vnetverify.simulator.claims import is_wrong, may_pass_by, way_by_routes
from vnetverify.simulator.ends import ends_within
from vnetverify.simulator.filters import interface_at, judge_at
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.positions import Step
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.walk import converse, first_journey, until

_BY_ROUTES = (Verb.NEXT_HOP, Verb.GATEWAY, Verb.EGRESS)
_BOTH_WAYS = (Verb.REACHES, Verb.REACHES_SYMMETRICALLY, Verb.LOSES_NO_PACKETS)


def deciding_steps(network: Network, claim: Claim, origin: Place, packet: Packet, world: World) -> tuple[Step, ...]:
    """Return the steps by which no packet of the box violates the claim, where none does.

    Raises `Mixed` and `Undetermined` where they do not all go one way.
    """
    if claim.verb in _BY_ROUTES:
        return way_by_routes(network, claim, origin, packet, world).steps
    if claim.verb in _BOTH_WAYS:
        talk = converse(network, origin, packet, world, claim.failures)
        return (*talk.forward.steps, *(() if talk.reply is None else talk.reply.steps))
    journey = first_journey(network, packet, world, claim.failures)
    journey.postponed = []
    try:
        way = until(journey, origin, may_pass_by(claim))
        if way is None or not ends_within(claim, origin, packet, way):
            return tuple(journey.steps)
        if not is_wrong(network, claim, origin, packet, world, way):
            return tuple(journey.steps)
    except (Mixed, Undetermined):
        pass  # something refuses it, wherever it would have gone
    return (*journey.steps, *_refusal(journey))


def _refusal(journey: Journey) -> tuple[Step, ...]:
    """Return the step at which the first filter or policy that surely refuses the packet does so."""
    assert journey.postponed is not None
    for question in journey.postponed:
        journey.steps.clear()
        try:
            if question() is not None:
                return tuple(journey.steps[-1:])
        except (Mixed, Undetermined):
            continue
    return ()


def denials(network: Network, place: Place, direction: Direction, packet: Packet, world: World) -> tuple[Step, ...]:
    """Return what denies the box, which surely is denied, on its way into a subnet, whoever sent it, or out of it."""
    situation = situation_of(network, world, packet.family)
    local = packet.source if direction is Direction.OUTBOUND else packet.destination
    interface = interface_at(situation, situation.index.subnets[place.name], local)
    journey = Journey(situation, packet)
    journey.judged(interface, judge_at(situation, interface, direction, packet, is_reply=False))
    return tuple(journey.steps[-1:])
