"""Regions of packets and worlds drawn at random: what a region is found to do, its flows have to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import Region, premise
from vnetverify.certificate.tree import ORIGINS, Token, ask, cut, parted
from vnetverify.header import TCP, UDP, Flow
from vnetverify.model.intents import Claim, Place
from vnetverify.model.network import Network
from vnetverify.rules import SettledFacts, Undetermined, World
from vnetverify.simulator.addressing import Field, Impossible, Mixed, Part
from vnetverify.testing.worlds import Choices

_DEEPEST = 400


@dataclass(frozen=True, slots=True)
class Leaf:
    """A region of which the judge says one thing: that nothing in it violates the claim, or that all of it does."""

    region: Region
    violates: bool


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
    """Return how to part the region, else whether it violates; None where it holds nothing."""
    try:
        if region.origin is None:
            return False if dice.random() < 0.8 and question.is_settled(region) else ORIGINS
        return question.flaw(region, region.origin) is not None
    except Mixed as doubt:
        return cut(doubt.interval.name, doubt.cut) if isinstance(doubt.interval, Field) else None
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
        fact.startswith("ARE-ONE") and (value or _may_be_one(fact, flow, world))
        for fact, value in region.decided.items()
    ):
        return None
    return origin, flow, replace(world, facts=Choices(seed, tuple(region.decided.items())))


def _may_be_one(fact: str, flow: Flow, world: World) -> bool:
    """Hold when some named address is one of the flow's, so that the fact may not be false."""
    names = fact.removeprefix("ARE-ONE(").removesuffix(")").split(", ")
    numbers = {world.addresses.get(name) for name in names} - {None}
    return bool(numbers & {flow.source, flow.destination}) or not numbers
