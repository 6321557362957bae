"""Makes certificates: asks the judge about ever smaller regions, and cuts them where the judge is in doubt.

Nothing here is believed: the judge of the same run says of each leaf that it is sound, and goes through how the leaves
part what is asked about (`certificate/checker.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from vnetverify.certificate.judging import Judge
from vnetverify.certificate.kinds import EVERY_KIND, Kind
from vnetverify.certificate.regions import Region
from vnetverify.certificate.tree import ORIGINS, SETTLED, TARGETS, WALKED, Token, ask, cut, parted
from vnetverify.executor import IN_PROCESS, Executor
from vnetverify.facts import Undetermined
from vnetverify.simulator.addressing import Field, Impossible, Mixed, Part

_BATCH = 32
"""Regions whose trees are made by one at a time, where there are more."""

_FEW_NODES, _MORE_NODES = 12, 400
"""Nodes for each origin that a cover by routes may have before the other way is tried; more where ways matter."""

_FEW_TARGETS, _MANY_ORIGINS, _MOST_BROAD = 8, 24, 12
"""More targets are parted at once; more origins are not asked about each of them; so many kinds of packets may be
sent by more."""

_SOME_NODES, _MISJUDGED = 1_024, 1.25
"""After how many nodes it is asked how many there will be, and by what factor that may be wrong."""


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
    judge: Judge, regions: Sequence[Region], budget: int, executor: Executor = IN_PROCESS
) -> tuple[Token, ...] | NoCover:
    """Return trees of at most `budget` nodes that show that it is so of all `regions`, the same whoever makes them.

    Where routes tell, it is shortest to ask each origin at once; where filters do, to ask first who takes the packet.
    What nearly everybody may send there is asked of each origin all the same: somebody on the way refuses that.
    """
    question = judge.question
    few = min(budget, (_MORE_NODES if question.is_about_ways else _FEW_NODES) * (1 + len(question.origins)))
    by_routes = _Making(judge, few, regions, executor, [EVERY_KIND]).cover()
    if not isinstance(by_routes, NoCover) or by_routes.region is not None:
        return by_routes
    return _Making(judge, budget, regions, executor).cover()


_Tree = tuple[Token, ...]
_Made = _Tree | NoCover | Kind
"""A tree, or why there is none: among others that packets of a kind come from too many to be asked one by one."""


@dataclass(slots=True)
class _Making:
    """A cover under way: packets of the kinds `broad` are asked of each origin at once, others by destination first."""

    judge: Judge
    budget: int
    regions: Sequence[Region]
    executor: Executor
    broad: list[Kind] = field(default_factory=list)

    def cover(self) -> tuple[Token, ...] | NoCover:
        tokens: list[Token] = []
        for region in self.regions:
            found = self._tree(region, self.budget - len(tokens), self.executor)
            if isinstance(found, NoCover):
                return found
            if isinstance(found, Kind):  # which is parted from others where a tree begins, and so is none of these
                return self._too_large
            tokens.extend(found)
        return tuple(tokens)

    def _tree(self, whole: Region, most: float, executor: Executor) -> _Made:
        """Return a tree of at most `most` nodes that covers the region.

        A kind that is found to be broad is parted from others where packets still come from and go to everywhere.
        """
        pending, tokens = [whole], list[Token]()
        begun: tuple[int, tuple[Region, ...]] | None = None
        while pending:
            region = pending[-1]
            if self._is_everywhere(region):
                begun = len(tokens), tuple(pending)
            if len(tokens) >= most:
                return self._too_large
            made: _Made | Token = self._node(pending.pop())
            if isinstance(made, str):
                tokens.append(made)
                parts = () if made in (WALKED, SETTLED) else parted(region, self.judge.question, made)
                if parts is None:
                    return NoCover(f"`{made}` does not part a region", region)
                if len(parts) <= _BATCH:
                    pending.extend(reversed(parts))
                    continue
                made = self._trees(parts, most - len(tokens), executor)
            if isinstance(made, Kind) and begun is not None:
                if len(self.broad) == _MOST_BROAD:
                    return self._too_large
                self.broad.append(made)
                del tokens[begun[0] :]
                pending = list(begun[1])
            elif isinstance(made, Kind | NoCover):
                return made
            else:
                tokens.extend(made)
        return tuple(tokens)

    def _trees(self, regions: tuple[Region, ...], most: float, executor: Executor) -> _Made:
        """Return the trees of `regions`, made batch by batch, which say nothing of each other.

        Who makes one judges it as well. It is given up when more than `most` nodes are to be expected of all.
        """
        batches = [regions[first : first + _BATCH] for first in range(0, len(regions), _BATCH)]

        def made_in(number: int) -> list[tuple[_Tree, bool]] | NoCover | Kind:
            judge = Judge(self.judge.question)
            making = _Making(judge, self.budget, self.regions, IN_PROCESS, self.broad)
            trees: list[tuple[_Tree, bool]] = []
            spent = 0
            for done, region in enumerate(batches[number], number * _BATCH + 1):
                expected = max(_SOME_NODES, _MISJUDGED * most * done / len(regions))
                found = making._tree(region, min(most, expected) - spent, IN_PROCESS)
                if isinstance(found, NoCover | Kind):
                    return found
                trees.append((found, judge.accepts(region, found)))
                spent += len(found)
            return trees

        tokens: list[Token] = []
        with closing(executor.results(made_in, len(batches))) as results:
            for done, (batch, found) in enumerate(zip(batches, results, strict=True), 1):
                if isinstance(found, NoCover | Kind):
                    return found
                for region, (tree, is_accepted) in zip(batch, found, strict=True):
                    if is_accepted:
                        self.judge.take_over(region, tree)
                    tokens.extend(tree)
                expected = len(tokens) * len(batches) / done
                if len(tokens) > most or (len(tokens) > _SOME_NODES and expected > _MISJUDGED * most):
                    return self._too_large
        return tuple(tokens)

    @property
    def _too_large(self) -> NoCover:
        return NoCover(f"a certificate would have more than {self.budget} nodes", is_too_large=True)

    def _is_everywhere(self, region: Region) -> bool:
        ends = region.packet.source, region.packet.destination
        return region.origin is None and any(
            ends == (all_.packet.source, all_.packet.destination) for all_ in self.regions
        )

    def _node(self, region: Region) -> Token | NoCover | Kind:
        try:
            if region.origin is None:
                return self._before_origins(region)
            flaw = self.judge.flaw(region, WALKED)
        except Mixed as doubt:
            if not isinstance(doubt.interval, Field):
                return NoCover("what an address is translated to differs", region)
            return cut(doubt.interval.name, doubt.cut)
        except Undetermined as doubt:
            return ask(str(doubt.fact))
        except Impossible:
            return WALKED
        return WALKED if flaw is None else NoCover(flaw, region, is_flaw=True)

    def _before_origins(self, region: Region) -> Token | Kind:
        """Return the node of a region of all origins, or the kind of its packets where there are too many of them.

        Raises `Mixed` where to part it may settle it.
        """
        question, packet = self.judge.question, region.packet
        targets, origins = question.targets.hull, question.origins.hull
        if targets is None or origins is None or not question.is_spoken_of(region):
            return self._settled_or_parted(region)
        parting = next(filter(None, (kind.parting(packet) for kind in self.broad)), None)
        if parting is not None:
            return parting
        at_once = any(kind.holds(packet) for kind in self.broad)
        outermost, within, part = (
            (targets, packet.destination, Part.DESTINATION) if at_once else (origins, packet.source, Part.SOURCE)
        )
        if within.low < outermost.low <= within.high:
            return cut(part.value, outermost.low)
        if within.low <= outermost.high < within.high:
            return cut(part.value, outermost.high + 1)
        is_beside = within.high < outermost.low or outermost.high < within.low
        if is_beside is not at_once:
            return ORIGINS
        if not at_once and question.targets.within(packet.destination) > _FEW_TARGETS:
            return TARGETS
        node = self._settled_or_parted(region)
        if node == ORIGINS and not at_once and question.origins.within(packet.source) > _MANY_ORIGINS:
            return Kind.of(packet)
        return node

    def _settled_or_parted(self, region: Region) -> Token:
        return SETTLED if self.judge.flaw(region, SETTLED) is None else ORIGINS
