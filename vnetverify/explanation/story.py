"""A story: a flow, the hops it takes and the way back, in words and places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from vnetverify.facts import Uncertainty
from vnetverify.header import Flow
from vnetverify.model.intents import Place
from vnetverify.model.network import Era
from vnetverify.simulator.addressing import lowest_text, numbers_of
from vnetverify.simulator.positions import Crossing, Loser, Selected
from vnetverify.simulator.walk import (
    Astray,
    Conversation,
    Delivered,
    Dropped,
    LeftToInternet,
    Outcome,
    Step,
    ToPlatform,
    Trace,
)
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Hop:
    """One decision on the way: where it fell, what it was, by which rule and line, and what `lost` to it and why."""

    where: str
    what: str
    rule: str
    span: Span | None = None
    lost: tuple[Loser, ...] = ()


@dataclass(frozen=True, slots=True)
class FactUsed:
    """An open fact that the story asked for, with the value it has in this world."""

    fact: Uncertainty
    value: bool

    @property
    def is_as_documented(self) -> bool:
        return self.value is self.fact.documented


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to `flow` in one world.

    `end` says how the way there ends. `back` and `back_end` tell the reply, where one is followed;
    `conclusion` says what comes of both. `crossings` are the steps from vnet to vnet, there and then back, and
    `charges` what the peerings among them cost, where that was asked.
    """

    origin: Place
    flow: Flow
    hops: tuple[Hop, ...]
    end: str
    back: tuple[Hop, ...] = ()
    back_end: str | None = None
    facts: tuple[FactUsed, ...] = ()
    conclusion: str = ""
    crossings: tuple[Crossing, ...] = ()
    charges: str = ""


def tell(
    origin: Place, flow: Flow, traces: Sequence[Trace], conclusion: str = "", billed_in: Era | None = None
) -> Story:
    """Return the story of the first packet's way, `traces[0]`, and of its reply's, the second where there is one.

    With `billed_in` it ends with what its crossings of peerings cost in that era.
    """
    crossings = tuple(crossing for trace in traces for crossing in trace.crossings)
    there, *replies = traces
    reply = replies[0] if replies else None
    return Story(
        origin,
        flow,
        _hops(there.steps),
        _end(there.outcome),
        _hops(reply.steps) if reply else (),
        _end(reply.outcome) if reply else None,
        _facts_used(traces),
        conclusion,
        crossings,
        "" if billed_in is None else charges_for(crossings, billed_in),
    )


def tell_conversation(origin: Place, flow: Flow, conversation: Conversation, billed_in: Era | None = None) -> Story:
    """Return the story of both ways, which concludes with whether the flow converses."""
    traces = [trace for trace in (conversation.forward, conversation.reply) if trace is not None]
    conclusion = "the reply comes back to the sender" if conversation.established else conversation.why
    return tell(origin, flow, traces, conclusion, billed_in)


def charges_for(crossings: Sequence[Crossing], era: Era) -> str:
    """Return what crossing peerings costs: each time egress on one side and ingress on the other (R-LINT-3)."""
    crossed = [crossing for crossing in crossings if crossing.is_of_peering]
    if not crossed:
        return "crosses no peering, so none is billed"
    peerings = "1 peering" if len(crossed) == 1 else f"{len(crossed)} peerings"
    told = f"crosses {peerings}: {', '.join(map(str, crossed))}"
    if era is Era.Y2016:
        return f"{told}; in {era.value} that is free"
    return f"{told}; each is billed on both sides, egress and ingress: {2 * len(crossed)} charges"


def _hops(steps: Sequence[Step]) -> tuple[Hop, ...]:
    return tuple(Hop(step.where, step.what, step.rule, step.span, step.lost) for step in steps)


def _end(outcome: Outcome | Selected) -> str:
    match outcome:
        case Delivered(place, address, nic, frontend, endpoint):
            called = "the frontend" if endpoint is None else f"private endpoint {endpoint},"
            behind = f", behind {called} {lowest_text(numbers_of(frontend[1]))} at {frontend[0]}" if frontend else ""
            return (
                f"delivered to {lowest_text(numbers_of(address))} at {place}"
                + (f", interface {nic}" if nic else "")
                + behind
            )
        case LeftToInternet(by):
            return f"leaves to the Internet from {by}"
        case ToPlatform():
            return "taken by the platform at the sender's own machine"
        case Dropped(_, _, where):
            return f"dropped at {where}"
        case Astray(where):
            return f"goes on from {where} to wherever the sentence asks"
        case Selected(where):
            return f"that is the next hop of {where}"
        case _:
            assert_never(outcome)


def _facts_used(traces: Sequence[Trace]) -> tuple[FactUsed, ...]:
    """Return the facts asked for on any way, each once; those that read otherwise than documented first."""
    used = {str(fact): FactUsed(fact, value) for trace in traces for fact, value in trace.asked}
    return tuple(sorted(used.values(), key=lambda each: each.is_as_documented))
