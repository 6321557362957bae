"""The judge of one run: it judges nothing twice, and several processes may judge leaves at a time.

Whether a leaf is sound, and whether trees part what is asked about, is said by `certificate/checker.py` alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from contextlib import closing
from itertools import islice

from vnetverify.certificate import checker
from vnetverify.certificate.checker import Leaf, Refused
from vnetverify.certificate.questions import Question
from vnetverify.certificate.regions import Region
from vnetverify.certificate.tree import Token
from vnetverify.executor import IN_PROCESS, Executor

_BATCH, _ROUND = 128, 1 << 15
"""Leaves that are judged by one at a time, and by all together."""


class Judge:
    """Judges covers that answer one question, nothing of them twice in a run."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._sound: set[Hashable] = set()
        self._trees: dict[Hashable, tuple[Token, ...]] = {}

    def check(self, regions: Iterable[Region], tokens: Sequence[Token], executor: Executor = IN_PROCESS) -> None:
        """Return where the tokens show that it is so of all `regions`. Raises `Refused` where they do not.

        Leaves say nothing of each other, so an `executor` may have them judged at the same time.
        """
        leaves = checker.leaves(self.question, regions, tokens, self._accepted)
        while batch := tuple(islice(leaves, _ROUND)):
            self._judge(batch, executor)

    def flaw(self, region: Region, token: Token) -> str | None:
        """Return why the leaf does not show that it is so of its region, None where it does.

        Raises `Mixed` and `Undetermined` where it is so of some of its flows, `Impossible` where it holds none.
        """
        if self._is_sound(region, token):
            return None
        why = checker.flaw(self.question, region, token)
        if why is None:
            self._sound.add((token, _key(region)))
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

    def _accepted(self, region: Region) -> tuple[Token, ...]:
        return self._trees.get(_key(region), ()) if self._trees else ()

    def _judge(self, leaves: Sequence[Leaf], executor: Executor) -> None:
        """Return where each of the leaves shows that it is so of its region. Raises `Refused`."""

        def refusal(number: int) -> str | None:
            batch = leaves[number * _BATCH : (number + 1) * _BATCH]
            told = ((node, self._why_refused(region, token)) for node, region, token in batch)
            return next((f"node {node}: {why}" for node, why in told if why is not None), None)

        left = -(-len(leaves) // _BATCH)
        with closing(executor.results(refusal, left)) as refusals:
            for refused in refusals:
                if refused is not None:
                    raise Refused(refused)
                left -= 1
        if left:
            raise Refused("not every leaf was judged")

    def _why_refused(self, region: Region, token: Token) -> str | None:
        return None if self._is_sound(region, token) else checker.why_refused(self.question, region, token)

    def _is_sound(self, region: Region, token: Token) -> bool:
        return (token, _key(region)) in self._sound


def _key(region: Region) -> Hashable:
    """Return what tells regions of one question and its assumptions apart."""
    box = region.packet
    fields = box.protocol, box.source, box.source_port, box.destination, box.destination_port
    bounds = tuple((field.low, field.high) for field in fields)
    return region.origin, bounds, tuple(region.decided.items()), tuple(region.spans.items())
