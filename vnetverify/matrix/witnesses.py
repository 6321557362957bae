"""Packets that show what a matrix says, for the simulator to judge: some of every class of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from vnetverify.header import ICMP, Flow, IntervalSet
from vnetverify.matrix.answers import ALL, MAY_ARRIVE, MAY_BE_ANSWERED, MAY_PASS_NONE
from vnetverify.matrix.cells import Cell
from vnetverify.matrix.matrix import Matrix
from vnetverify.matrix.survey import Survey

_PACKETS = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """A flow, and what a matrix says becomes of it as documented; None where it does not say."""

    sender: str
    receiver: str
    flow: Flow
    arrives: bool | None
    answered: bool | None
    direct: bool | None


def witnesses(matrix: Matrix, most: int, *, of_every_pair: bool = False) -> Iterator[Expected]:
    """Return at most `most` flows: a few of the first pair with some courses and answer, or of every pair."""
    return islice(_witnesses(matrix, of_every_pair), most)


def _witnesses(matrix: Matrix, of_every_pair: bool) -> Iterator[Expected]:
    survey, seen = matrix.documented_survey, set[tuple[int, int, int]]()
    for spot, row in matrix.spot_rows:
        there = survey.from_table[survey.tables[spot]]
        keys = list(zip(there, survey.courses_back(spot), row, strict=True))
        if of_every_pair:
            others = [other for other in range(len(keys)) if _are_apart(survey, spot, other)]
        else:
            fresh = sorted(set(keys) - seen)
            found = (
                next((o for o, k in enumerate(keys) if k == key and _are_apart(survey, spot, o)), None) for key in fresh
            )
            others = [other for other in found if other is not None]
            seen |= {keys[other] for other in others}
        for other in others:
            yield from _of_pair(survey, spot, other, row[other])


def _are_apart(survey: Survey, spot: int, other: int) -> bool:
    spots, beyond = survey.ground.spots, survey.ground.beyond
    return spots[spot].subnet.id != spots[other].subnet.id and not beyond[spot] and not beyond[other]


def _of_pair(survey: Survey, spot: int, other: int, code: int) -> Iterator[Expected]:
    """Return packets of a pair: of cells that surely arrive, of those that surely do not, and of others."""
    there, back = survey.from_table[survey.tables[spot]][other], survey.from_table[survey.tables[other]][spot]
    allowed, denied, _ = survey.along(spot, survey.courses.courses[there], survey.ends(spot))
    answer = survey.replies.between(there, back)
    unanswered = survey.passages.of_replies(spot, answer.judged_by).denied
    shift, cells = survey.frame.width * other, survey.frame.cells
    surely = ~denied >> shift & cells.all
    answered = surely & ~unanswered >> shift if answer.surely else 0
    never = ~allowed >> shift & cells.all
    source, target = survey.ground.spots[spot], survey.ground.spots[other]
    for chosen, arrives in ((surely, True), (never, False), (cells.all & ~surely & ~never, None)):
        for position in _picked([position for position in range(len(cells.cells)) if chosen >> position & 1]):
            for number in (0, 1):
                ends = (_some(source.addresses, number), _some(target.addresses, number))
                flow = _flow(cells.cells[position], ends, number)
                comes_back = True if answered >> position & 1 else None
                if ends[0] != ends[1]:
                    yield _expected(source.subnet.id, target.subnet.id, flow, (arrives, comes_back), code)


def _picked(positions: list[int]) -> list[int]:
    """Return the first positions, and the last."""
    return list(dict.fromkeys((*positions[: _PACKETS - 1], *positions[-1:])))


def _some(numbers: IntervalSet, number: int) -> int:
    """Return the lowest or the highest of `numbers`."""
    return numbers.intervals[-1].high if number else numbers.intervals[0].low


def _flow(cell: Cell, ends: tuple[int, int], number: int) -> Flow:
    if cell.protocol == ICMP:
        return Flow(ICMP, ends[0], 0, ends[1], 0)
    return Flow(
        cell.protocol, ends[0], _some(cell.source_ports, number), ends[1], _some(cell.destination_ports, number)
    )


def _expected(sender: str, receiver: str, flow: Flow, known: tuple[bool | None, bool | None], code: int) -> Expected:
    """Return what is `known` of one of a pair's packets, whether it arrives and is answered, and what its byte says."""
    arrives, answered = known
    if arrives is None:
        arrives = True if code & ALL else None if code & MAY_ARRIVE else False
    if answered is None:
        answered = False if arrives is False or not code & MAY_BE_ANSWERED else True if code & ALL else None
    direct = False if arrives is False or not code & MAY_PASS_NONE else None
    return Expected(sender, receiver, flow, arrives, answered, direct)
