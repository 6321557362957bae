"""The judge of certificates: no solver, no search, no trust in who made them.

A cover is accepted when its trees part exactly the regions that are asked about and every leaf is judged to be as the
question has it. What is judged is the network, not a formula about it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice

from vnetverify.certificate.questions import Question
from vnetverify.certificate.regions import Region
from vnetverify.certificate.tree import SETTLED, WALKED, Token, parted
from vnetverify.hands import OWN, Hands
from vnetverify.rules import Undetermined
from vnetverify.simulator.addressing import Impossible, Mixed

_BATCH, _ROUND = 128, 1 << 15
"""Leaves that are judged by one at a time, and by all together."""

_Leaf = tuple[int, Region, Token]
"""The number of a node among the tokens, and the leaf that it is."""


class Refused(Exception):
    """A certificate does not show what it should; the message says why."""


def check(question: Question, regions: Iterable[Region], tokens: Sequence[Token], hands: Hands = OWN) -> None:
    """Return where the tokens show that it is so of all `regions`. Raises `Refused` where they do not."""
    Judge(question).check(regions, tokens, hands)


class Judge:
    """Judges covers that answer one question, nothing of them twice in a run."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._sound: set[Hashable] = set()
        self._trees: dict[Hashable, tuple[Token, ...]] = {}

    def check(self, regions: Iterable[Region], tokens: Sequence[Token], hands: Hands = OWN) -> None:
        """Return where the tokens show that it is so of all `regions`. Raises `Refused` where they do not.

        Leaves say nothing of each other, so `hands` may judge them at the same time.
        """
        leaves = self._leaves(regions, tokens)
        while batch := tuple(islice(leaves, _ROUND)):
            self._judge(batch, hands)

    def flaw(self, region: Region, token: Token) -> str | None:
        """Return why the leaf does not show that it is so of its region, None where it does.

        Raises `Mixed` and `Undetermined` where it is so of some of its flows, `Impossible` where it holds none.
        """
        leaf = (token, _key(region))
        if leaf in self._sound:
            return None
        if token == SETTLED:
            why = None if self.question.is_settled(region) else "the region is not settled"
        else:
            why = "a walk needs an origin" if region.origin is None else self.question.flaw(region, region.origin)
        if why is None:
            self._sound.add(leaf)
        return why

    def accepts(self, region: Region, tree: tuple[Token, ...]) -> bool:
        """Hold when the tree shows that it is so of the region."""
        try:
            self.check([region], tree)
        except Refused:
            return False
        return True

    def take_over(self, region: Region, tree: tuple[Token, ...]) -> None:
        """Do not judge the tree of the region again: a judge of this run accepts it, be it in a forked process."""
        self._trees[_key(region)] = tree

    def _judge(self, leaves: Sequence[_Leaf], hands: Hands) -> None:
        """Return where each of the leaves shows that it is so of its region. Raises `Refused`."""

        def refusal(number: int) -> str | None:
            batch = leaves[number * _BATCH : (number + 1) * _BATCH]
            told = ((node, self._why_not(region, token)) for node, region, token in batch)
            return next((f"node {node}: {why}" for node, why in told if why is not None), None)

        left = -(-len(leaves) // _BATCH)
        with closing(hands.results(refusal, left)) as refusals:
            for refused in refusals:
                if refused is not None:
                    raise Refused(refused)
                left -= 1
        if left:
            raise Refused("not every leaf was judged")

    def _leaves(self, regions: Iterable[Region], tokens: Sequence[Token]) -> Iterator[_Leaf]:
        """Yield the leaves, not accepted yet, of trees that part exactly the `regions`. Raises `Refused` where they do
        not."""
        pending, number = list(regions)[::-1], 0
        while number < len(tokens):
            if not pending:
                raise Refused(f"node {number + 1} belongs to no region")
            region, token = pending.pop(), tokens[number]
            accepted = self._trees.get(_key(region)) if self._trees else None
            if accepted is not None and tuple(tokens[number : number + len(accepted)]) == accepted:
                number += len(accepted)
                continue
            number += 1
            if token in (WALKED, SETTLED):
                yield number, region, token
                continue
            parts = parted(region, self.question, token)
            if parts is None:
                raise Refused(f"node {number} does not part its region")
            pending.extend(reversed(parts))
        if pending:
            raise Refused("some regions are not covered")

    def _why_not(self, region: Region, token: Token) -> str | None:
        """Return why the leaf does not show that it is so of its region, None where it does."""
        try:
            return self.flaw(region, token)
        except Impossible:
            return None  # the region holds no flow
        except (Mixed, Undetermined) as doubt:
            return f"its flows differ: {doubt}"


def _key(region: Region) -> Hashable:
    """Return what tells regions of one question and its assumptions apart."""
    box = region.packet
    fields = box.protocol, box.source, box.source_port, box.destination, box.destination_port
    bounds = tuple((field.low, field.high) for field in fields)
    return region.origin, bounds, tuple(region.decided.items()), tuple(region.spans.items())
