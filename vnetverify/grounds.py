"""What a proof by a cover rests on: the lines that decide at its leaves.

A leaf is judged by few lines: the route that wins, the rule that refuses. All of them together suffice for the proof,
which says of no single one that it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.certificate.evidence import MAIN, Certificate, Subject
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import Region, premise
from vnetverify.certificate.tree import SETTLED, WALKED, Token, parted
from vnetverify.facts import Undetermined
from vnetverify.prover.verdict import Ground
from vnetverify.simulator.addressing import Impossible, Mixed
from vnetverify.simulator.positions import Step
from vnetverify.simulator.reasons import deciding_steps, denials
from vnetverify.source import NOWHERE

MOST_NODES = 400
MOST_GROUNDS = 60
"""Of larger covers, and where more lines decide, none are told: they would be nearly everything."""


def grounds_of(subject: Subject, certificate: Certificate) -> tuple[Ground, ...]:
    """Return the lines that decide at the leaves of a cover that was judged; none where they are too many."""
    if sum(map(len, certificate.values())) > MOST_NODES:
        return ()
    question = Unviolated(subject.network, subject.claim)
    found: dict[tuple[str, str], Ground] = {}
    for region, token in _leaves(question, tuple(premise(subject.claim, subject.assumed)), certificate[MAIN]):
        for step in _steps(subject, question, region, token):
            ground = _ground(step)
            found.setdefault((str(ground.span) if ground.span else ground.group, ground.what), ground)
        if len(found) > MOST_GROUNDS:
            return ()
    return tuple(sorted(found.values(), key=lambda ground: (ground.group, ground.what)))


def _leaves(
    question: Unviolated, regions: tuple[Region, ...], tokens: tuple[Token, ...]
) -> Iterator[tuple[Region, Token]]:
    pending = list(regions)[::-1]
    for token in tokens:
        region = pending.pop()
        if token in (WALKED, SETTLED):
            yield region, token
        else:
            pending.extend(reversed(parted(region, question, token) or ()))


def _steps(subject: Subject, question: Unviolated, region: Region, token: Token) -> Iterator[Step]:
    network, claim, packet = subject.network, subject.claim, region.packet
    try:
        if token == SETTLED:
            for place, direction, denied in question.denials(region) or ():
                yield from denials(network, place, direction, denied, region.world)
        elif region.origin is not None and question.is_about(region, region.origin):
            yield from deciding_steps(network, claim, region.origin, packet, region.world)
    except (Mixed, Undetermined, Impossible):
        return  # no line decides: the claim does not cover these flows, or not of all of them


def _ground(step: Step) -> Ground:
    span = None if step.span == NOWHERE else step.span  # built-in rules stand in no file
    return Ground(step.where, step.what, step.rule, span, of_filter=step.rule.startswith(("F-", "R-META")))
