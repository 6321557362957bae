"""The judge of certificates: no solver, no search, no trust in who made them.

A cover is accepted when its trees part exactly the regions that are asked about and every leaf is judged to be as the
question has it. What is judged is the network, not a formula about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vnetverify.certificate.questions import Question
from vnetverify.certificate.regions import Region
from vnetverify.certificate.tree import SETTLED, WALKED, Token, parted
from vnetverify.rules import Undetermined
from vnetverify.simulator.addressing import Impossible, Mixed


class Refused(Exception):
    """A certificate does not show what it should; the message says why."""


def check(question: Question, regions: Iterable[Region], tokens: Sequence[Token]) -> None:
    """Return where the tokens show that it is so of all `regions`. Raises `Refused` where they do not."""
    pending = list(regions)[::-1]
    for number, token in enumerate(tokens, 1):
        if not pending:
            raise Refused(f"node {number} belongs to no region")
        region = pending.pop()
        if token in (WALKED, SETTLED):
            why = _flaw(question, region, token)
            if why is not None:
                raise Refused(f"node {number}: {why}")
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
