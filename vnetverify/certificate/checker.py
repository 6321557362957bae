"""The judge of certificates: no solver, no search, no trust in who made them.

A cover is accepted when its trees part exactly the regions that are asked about and every leaf is judged to be as the
question has it. What is judged is the network, not a formula about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    """Return where the tokens show that it is so of all `regions`. Raises `Refused` where they do not.

    Leaves say nothing of each other, so `hands` may judge them at the same time.
    """
    leaves = _leaves(question, regions, tokens)
    while batch := tuple(islice(leaves, _ROUND)):
        _judge(question, batch, hands)


def _judge(question: Question, leaves: Sequence[_Leaf], hands: Hands) -> None:
    """Return where each of the leaves shows that it is so of its region. Raises `Refused`."""

    def refusal(number: int) -> str | None:
        batch = leaves[number * _BATCH : (number + 1) * _BATCH]
        told = ((node, _flaw(question, region, token)) for node, region, token in batch)
        return next((f"node {node}: {why}" for node, why in told if why is not None), None)

    left = -(-len(leaves) // _BATCH)
    with closing(hands.results(refusal, left)) as refusals:
        for refused in refusals:
            if refused is not None:
                raise Refused(refused)
            left -= 1
    if left:
        raise Refused("not every leaf was judged")


def _leaves(question: Question, regions: Iterable[Region], tokens: Sequence[Token]) -> Iterator[_Leaf]:
    """Yield the leaves of trees that part exactly the `regions`. Raises `Refused` where they do not."""
    pending = list(regions)[::-1]
    for number, token in enumerate(tokens, 1):
        if not pending:
            raise Refused(f"node {number} belongs to no region")
        region = pending.pop()
        if token in (WALKED, SETTLED):
            yield number, region, token
            continue
        parts = parted(region, question, token)
        if parts is None:
            raise Refused(f"node {number} does not part its region")
        pending.extend(reversed(parts))
    if pending:
        raise Refused("some regions are not covered")


def _flaw(question: Question, region: Region, token: Token) -> str | None:
    """Return why the leaf does not show that it is so of its region, None where it does."""
    try:
        if token == SETTLED:
            return None if question.is_settled(region) else "the region is not settled"
        return "a walk needs an origin" if region.origin is None else question.flaw(region, region.origin)
    except Impossible:
        return None  # the region holds no flow
    except (Mixed, Undetermined) as doubt:
        return f"its flows differ: {doubt}"
