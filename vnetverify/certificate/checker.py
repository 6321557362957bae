"""The judge of certificates: no solver, no search, no trust in who made them.

A cover is accepted when its trees part exactly the regions that are asked about and every leaf is judged to be as the
question has it. What is judged is the network, not a formula about it. That a run judges nothing twice, and several
leaves at a time, is `certificate/judging.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from vnetverify.certificate.questions import Question
from vnetverify.certificate.regions import Region, where_they_differ
from vnetverify.certificate.tree import SETTLED, WALKED, Token, parted
from vnetverify.facts import Undetermined
from vnetverify.simulator.addressing import Impossible, Mixed

Leaf = tuple[int, Region, Token]
"""The number of a node among the tokens, and the leaf that it is."""


class Refused(Exception):
    """A certificate does not show what it should; the message says why."""


def check(question: Question, regions: Iterable[Region], tokens: Sequence[Token]) -> None:
    """Return where the tokens show that it is so of all `regions`. Raises `Refused` where they do not."""
    for node, region, token in leaves(question, regions, tokens):
        why = why_refused(question, region, token)
        if why is not None:
            raise Refused(f"node {node}: {why}")


def _none_accepted(_: Region) -> tuple[Token, ...]:
    return ()


def leaves(
    question: Question,
    regions: Iterable[Region],
    tokens: Sequence[Token],
    accepted: Callable[[Region], tuple[Token, ...]] = _none_accepted,
) -> Iterator[Leaf]:
    """Yield the leaves of trees that part exactly the `regions`, without those of a region's `accepted` tree.

    Raises `Refused` where the tokens are not such trees.
    """
    pending, number = list(regions)[::-1], 0
    while number < len(tokens):
        if not pending:
            raise Refused(f"node {number + 1} belongs to no region")
        region, token = pending.pop(), tokens[number]
        tree = accepted(region)
        if tree and tuple(tokens[number : number + len(tree)]) == tree:
            number += len(tree)
            continue
        number += 1
        if token in (WALKED, SETTLED):
            yield number, region, token
            continue
        parts = parted(region, question, token)
        if parts is None:
            raise Refused(f"node {number} does not part its region")
        pending.extend(reversed(parts))
    if pending:
        raise Refused("some regions are not covered")


def why_refused(question: Question, region: Region, token: Token) -> str | None:
    """Return why the leaf does not show that it is so of its region, None where it does."""
    try:
        return flaw(question, region, token)
    except Impossible:
        return None  # the region holds no flow
    except Mixed as doubt:
        return f"its flows differ: {where_they_differ(doubt)}"
    except Undetermined as doubt:
        return f"its flows differ: {doubt}"


def flaw(question: Question, region: Region, token: Token) -> str | None:
    """Return why the leaf does not show that it is so of its region, None where it does.

    Raises `Mixed` and `Undetermined` where it is so of some of its flows, `Impossible` where it holds none.
    """
    if token == SETTLED:
        return None if question.is_settled(region) else "the region is not settled"
    return "a walk needs an origin" if region.origin is None else question.flaw(region, region.origin)
