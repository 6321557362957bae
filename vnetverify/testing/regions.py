"""Regions of packets and worlds: what a drawn one is found to do, its flows have to do; and what a flow does, some
region that holds it has to be found to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import Region, field_of, premise
from vnetverify.certificate.tree import ORIGINS, Token, ask, cut, parted
from vnetverify.facts import SettledFacts, Undetermined, World
from vnetverify.header import EVERY_NUMBER, TCP, UDP, Flow, Interval, parse_address
from vnetverify.model.intents import Claim, Place
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import Field, Impossible, Mixed, Part, point
from vnetverify.testing.worlds import Choices

_DEEPEST = 400
_MOST_REGIONS = 3_000
_ARE_ONE = "ARE-ONE("


@dataclass(frozen=True, slots=True)
class Leaf:
    """A region of which the judge says one thing: that nothing in it violates the claim, or that it refuses it."""

    region: Region
    is_refused: bool


def drawn_leaf(network: Network, claim: Claim, dice: Random) -> Leaf | None:
    """Return a leaf that parting at random leads to; None where there is none below."""
    question = Unviolated(network, claim)
    regions = tuple(premise(claim, SettledFacts({})))
    if not regions:
        return None
    region = dice.choice(regions)
    for _ in range(_DEEPEST):
        found = _node(question, region, dice)
        if not isinstance(found, str):
            return None if found is None else Leaf(region, found)
        parts = parted(region, question, found)
        if not parts:
            return None
        region = dice.choice(parts)
    return None


def _node(question: Unviolated, region: Region, dice: Random) -> Token | bool | None:
    """Return how to part the region, else whether it is refused; None where it holds nothing."""
    try:
        if region.origin is None:
            return False if dice.random() < 0.8 and question.is_settled(region) else ORIGINS
        return question.flaw(region, region.origin) is not None
    except Mixed as doubt:
        return cut(doubt.interval.name, doubt.cut) if isinstance(doubt.interval, Field) else True
    except Undetermined as doubt:
        return ask(str(doubt.fact))
    except Impossible:
        return None


def drawn_flow(
    question: Unviolated, region: Region, world: World, seed: int, dice: Random
) -> tuple[Place, Flow, World] | None:
    """Return a flow of the region in a world of it that is otherwise as `world` and `seed` say; None where that fails.

    A region in which a named address is one that the flow has is left out: no world of the generators says so.
    """
    origin, source = region.origin, region.packet.source
    if origin is None:
        held = list(question.origins.meeting(source))
        if not held:
            return None
        origin, piece = dice.choice(held)
        source = Field(piece.low, piece.high, Part.SOURCE)
    packet = replace(region.packet, source=source)
    ends = (packet.protocol, packet.source, packet.source_port, packet.destination, packet.destination_port)
    flow = Flow(*(dice.choice((end.low, end.high, dice.randint(end.low, end.high))) for end in ends))
    if flow.protocol not in (TCP, UDP):
        if packet.source_port.low > 0 or packet.destination_port.low > 0:
            return None
        flow = replace(flow, source_port=0, destination_port=0)
    addresses: Mapping[str, int] = world.addresses
    for name, span in region.spans.items():
        number = addresses.get(name)
        if number is None or not span.low <= number <= span.high:
            return None
    if any(
        fact.startswith(_ARE_ONE) and (value or _may_be_one(fact, flow, world))
        for fact, value in region.decided.items()
    ):
        return None
    return origin, flow, replace(world, facts=Choices(seed, tuple(region.decided.items())))


def _may_be_one(fact: str, flow: Flow, world: World) -> bool:
    """Hold when some named address is one of the flow's, so that the fact may not be false."""
    numbers = {world.addresses.get(name) for name in _names_of(fact)} - {None}
    return bool(numbers & {flow.source, flow.destination}) or not numbers


def is_refused_somewhere(question: Unviolated, origin: Place, flow: Flow, world: World, dice: Random) -> bool | None:
    """Hold when a tree that parts what the claim is about has a leaf for the flow in this world that is refused.

    Where facts about announcements part it, the flow may lie on either side. None where there are too many regions.
    """
    pending = [region for region in premise(question.claim, SettledFacts({})) if _may_hold(region, origin, flow, world)]
    for _ in range(_MOST_REGIONS):
        if not pending:
            return False
        region = pending.pop()
        found = _node(question, region, dice)
        if found is True:
            return True
        if isinstance(found, str):
            parts = parted(region, question, found) or ()
            pending += [part for part in parts if _may_hold(part, origin, flow, world)]
    return None


def holds_no_flow(region: Region) -> bool:
    """Hold when facts of the region say that numbers are one which cannot be, so that it holds no flow."""
    held = {part.value: field_of(region.packet, part) for part in Part} | dict(region.spans)
    pairs = [_names_of(fact) for fact, value in region.decided.items() if value and fact.startswith(_ARE_ONE)]
    for _ in pairs:
        for pair in pairs:
            spans = [held.get(name, _literal(name)) for name in pair]
            both = Interval(max(span.low for span in spans), min(span.high for span in spans))
            if both.low > both.high:
                return True
            held |= dict.fromkeys(pair, both)
    return False


def _literal(name: str) -> Interval:
    """Return the number that `name` writes, any number where it is a name."""
    try:
        return point(parse_address(name))
    except ValueError:
        return EVERY_NUMBER


def _names_of(fact: str) -> list[str]:
    """Return what a fact says to be one number, public addresses as worlds call them."""
    return [name.removeprefix("public ") for name in fact.removeprefix(_ARE_ONE).removesuffix(")").split(", ")]


def _may_hold(region: Region, origin: Place, flow: Flow, world: World) -> bool:
    """Hold unless the region does not hold the flow, in this world, for sure."""
    box = region.packet
    fields = (box.protocol, box.source, box.source_port, box.destination, box.destination_port)
    numbers = (flow.protocol, flow.source, flow.source_port, flow.destination, flow.destination_port)
    named = ((span, world.addresses.get(name)) for name, span in region.spans.items())
    return (
        region.origin in (None, origin)
        and all(field.low <= number <= field.high for field, number in zip(fields, numbers, strict=True))
        and all(number is not None and span.low <= number <= span.high for span, number in named)
        and all(_is_so(fact, flow, world) in (None, value) for fact, value in region.decided.items())
    )


def _is_so(fact: str, flow: Flow, world: World) -> bool | None:
    """Return what the fact by which a region is parted is for the flow in the world; None where it may be either."""
    if fact.startswith("ANNOUNCED-"):
        return None
    if not fact.startswith(_ARE_ONE):
        return world.facts.get(fact)
    one, other = (_number(name, flow, world) for name in _names_of(fact))
    return one is not None and one == other


def _number(name: str, flow: Flow, world: World) -> int | None:
    numbers = {Part.SOURCE.value: flow.source, Part.DESTINATION.value: flow.destination}
    try:
        return numbers[name] if name in numbers else parse_address(name)
    except ValueError:
        return world.addresses.get(name)
