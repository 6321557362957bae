"""A story: a flow, the hops it takes and the way back, in words and places."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.header import Flow
from vnetverify.model.intents import Place
from vnetverify.rules import Uncertainty
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Hop:
    """One decision on the way: where it fell, what it was, by which rule and line, and what `lost` to it."""

    where: str
    what: str
    rule: str
    span: Span | None = None
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactUsed:
    """An open fact that the story rests on, with the value it has in this world."""

    fact: Uncertainty
    value: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to `flow` in one world.

    `end` says how the way there ends. `back` and `back_end` tell the reply, where one is sent.
    """

    origin: Place
    flow: Flow
    hops: tuple[Hop, ...]
    end: str
    back: tuple[Hop, ...] = ()
    back_end: str | None = None
    facts: tuple[FactUsed, ...] = ()
