"""Who makes certificates: it asks the judge about ever smaller regions, and parts them where the judge is in doubt.

Nothing here is believed: the checker judges each leaf again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from vnetverify.certificate.questions import Question
from vnetverify.certificate.regions import Region
from vnetverify.certificate.tree import ORIGINS, SETTLED, WALKED, Token, ask, cut, parted
from vnetverify.hands import OWN, Hands
from vnetverify.rules import Undetermined
from vnetverify.simulator.addressing import Field, Impossible, Mixed, Part

_BATCH = 32
"""Regions whose trees are made by one at a time, where there are more."""

_FEW_NODES, _MORE_NODES = 12, 400
"""Nodes for each origin that a cover by routes may have before the other way is tried; more where ways matter."""

_SOME_NODES, _NOW_AND_THEN, _MISJUDGED = 1_024, 128, 1.25
"""After how many nodes, and how often, it is asked how many there will be, and by what factor that may be wrong."""


@dataclass(frozen=True, slots=True)
class NoCover:
    """Why there is no cover: a bound was reached, a region cannot be parted, or it is not so of its flows.

    With `is_too_large` the first; with `is_flaw` the last: `why` says what is not so of the flows of `region`.
    """

    why: str
    region: Region | None = None
    is_flaw: bool = False
    is_too_large: bool = False


def cover(
    question: Question, regions: Sequence[Region], budget: int, hands: Hands = OWN
) -> tuple[Token, ...] | NoCover:
    """Return trees of at most `budget` nodes that show that it is so of all `regions`, the same whoever makes them.

    Where routes tell, it is shortest to ask each origin at once; where filters do, to ask first who takes the packet.
    """
    few = min(budget, (_MORE_NODES if question.is_about_ways else _FEW_NODES) * (1 + len(question.origins)))
    by_routes = _Task(question, few, at_once=True).trees(regions, 0, hands)
    if not isinstance(by_routes, NoCover) or by_routes.region is not None:
        return by_routes
    return _Task(question, budget, at_once=False).trees(regions, 0, hands)


@dataclass(frozen=True, slots=True)
class _Task:
    """How a cover is to be made: each origin `at_once`, or by who takes the packet."""

    question: Question
    budget: int
    at_once: bool

    def trees(self, regions: Sequence[Region], before: int, hands: Hands) -> tuple[Token, ...] | NoCover:
        """Return the trees of `regions`, which come after at least so many nodes of the cover."""
        pending = list(regions)[::-1]
        tokens: list[Token] = []
        while pending:
            region, nodes = pending.pop(), before + len(tokens)
            if nodes >= self.budget or (nodes % _NOW_AND_THEN == 0 and self._will_be_too_large(region, nodes)):
                return self._too_large()
            token = _node(self.question, region, self.at_once)
            if isinstance(token, NoCover):
                return token
            tokens.append(token)
            if token in (WALKED, SETTLED):
                continue
            parts = parted(region, self.question, token)
            if parts is None:
                return NoCover(f"`{token}` does not part a region", region)
            if len(parts) <= _BATCH:
                pending.extend(reversed(parts))
                continue
            found = self._trees_of_many(parts, nodes + 1, hands)
            if isinstance(found, NoCover):
                return found
            tokens.extend(found)
        return tuple(tokens)

    def _trees_of_many(self, regions: tuple[Region, ...], before: int, hands: Hands) -> tuple[Token, ...] | NoCover:
        """Return the trees of `regions`, made batch by batch: nothing but their number says of one what another is."""
        batches = [regions[first : first + _BATCH] for first in range(0, len(regions), _BATCH)]

        def trees(number: int) -> tuple[Token, ...] | NoCover:
            return self.trees(batches[number], before + number * _BATCH, OWN)

        tokens: list[Token] = []
        with closing(hands.results(trees, len(batches))) as made:
            for number, found in enumerate(made, 1):
                if isinstance(found, NoCover):
                    return found
                tokens.extend(found)
                is_last, nodes = number == len(batches), before + len(tokens)
                if nodes > self.budget or (not is_last and self._will_be_too_large(batches[number][0], nodes)):
                    return self._too_large()
        return tuple(tokens)

    def _will_be_too_large(self, region: Region, nodes: int) -> bool:
        """Hold when nothing else is to be expected, by what share of the origins or of the targets is done before
        `region`.

        Origins are gone through from the last on, targets from the first.
        """
        if nodes < _SOME_NODES:
            return False
        pieces = self.question.origins if self.at_once else self.question.targets
        before = pieces.below(region.packet.source.low if self.at_once else region.packet.destination.low)
        done = len(pieces) - before if self.at_once else before
        return nodes * len(pieces) > _MISJUDGED * self.budget * (done + 1)

    def _too_large(self) -> NoCover:
        return NoCover(f"a certificate would have more than {self.budget} nodes", is_too_large=True)


def _node(question: Question, region: Region, at_once: bool) -> Token | NoCover:
    try:
        if region.origin is None:
            return _before_origins(question, region, at_once)
        flaw = question.flaw(region, region.origin)
    except Mixed as doubt:
        if not isinstance(doubt.interval, Field):
            return NoCover("what an address is translated to differs", region)
        return cut(doubt.interval.name, doubt.cut)
    except Undetermined as doubt:
        return ask(str(doubt.fact))
    except Impossible:
        return WALKED
    return WALKED if flaw is None else NoCover(flaw, region, is_flaw=True)


def _before_origins(question: Question, region: Region, at_once: bool) -> Token:
    """Return the node of a region of all origins. Raises `Mixed` where to part it may settle it."""
    outermost, aimed_at = question.targets.hull, region.packet.destination
    if not at_once or outermost is None or not question.is_spoken_of(region):
        return SETTLED if question.is_settled(region) else ORIGINS
    if aimed_at.low < outermost.low <= aimed_at.high:
        return cut(Part.DESTINATION.value, outermost.low)
    if aimed_at.low <= outermost.high < aimed_at.high:
        return cut(Part.DESTINATION.value, outermost.high + 1)
    is_beside = aimed_at.high < outermost.low or outermost.high < aimed_at.low
    return SETTLED if is_beside and question.is_settled(region) else ORIGINS
