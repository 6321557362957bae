"""Cover certificates: trees of cuts whose leaves a checker judges one by one.

A certificate is a list of tokens, the nodes of its trees from the top, each before its children: `source 167772160`
parts a region below that number, `? FACT` by a fact (first where it holds), `origins` by where flows begin, `targets`
where the addresses of right sides begin and end. A leaf is `walked`, judged by the simulator, or `settled`, judged
whoever sends.
"""

from __future__ import annotations

from vnetverify.certificate.questions import Question
from vnetverify.certificate.regions import Region
from vnetverify.simulator.addressing import Part

WALKED = "walked"
SETTLED = "settled"
ORIGINS = "origins"
TARGETS = "targets"
ASK = "? "

Token = str


def cut(name: str, number: int) -> Token:
    """Return the token that parts a region in two: where a part of the header, or an address that the world names, is
    below `number`, and where it is not."""
    return f"{name} {number}"


def ask(fact: str) -> Token:
    """Return the token that parts a region in two: the worlds in which the fact holds, and the others."""
    return f"{ASK}{fact}"


def parted(region: Region, question: Question, token: Token) -> tuple[Region, ...] | None:
    """Return the parts of the region that `token` names, which together are the region; None where it names none."""
    if token == ORIGINS:
        return region.by_origin(question.origins)
    if token == TARGETS:
        return region.by_target(question.targets)
    if token.startswith(ASK):
        return region.asked(token.removeprefix(ASK))
    name, _, number = token.rpartition(" ")
    if not name or not number.isascii() or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
        return None
    part = _PARTS.get(name)
    return region.named(name, int(number)) if part is None else region.cut(part, int(number))


_PARTS = {part.value: part for part in Part}
_LONGEST_NUMBER = 39
