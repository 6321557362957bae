"""Packets that show what a matrix says, for the simulator to judge: some of every class of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


def witnesses(matrix: Matrix, most: int) -> Iterator[Expected]:
    """Return at most `most` flows: of each pair of courses with each answer, a few packets of the first pair."""
    survey, seen, made = matrix.documented_survey, set[tuple[int, int, int]](), 0
    for spot, row in matrix.spot_rows:
        there = survey.from_table[survey.tables[spot]]
        back = survey.courses_back(spot)
        keys = list(zip(there, back, row, strict=True))
        for key in sorted(set(keys) - seen):
            other = next((o for o, k in enumerate(keys) if k == key and _are_apart(survey, spot, o)), None)
            if other is None:
                continue
            seen.add(key)
            for expected in _of_pair(survey, spot, other, row[other]):
                if made == most:
                    return
                made += 1
                yield expected


def _are_apart(survey: Survey, spot: int, other: int) -> bool:
    spots = survey.ground.spots
    return spots[spot].subnet.id != spots[other].subnet.id and not survey.ground.beyond[other]


def _of_pair(survey: Survey, spot: int, other: int, code: int) -> Iterator[Expected]:
    """Return packets of a pair: of cells that surely arrive, and of others."""
    course = survey.courses.courses[survey.from_table[survey.tables[spot]][other]]
    allowed, denied, _ = survey.along(spot, course, survey.ends(spot))
    shift, cells = survey.frame.width * other, survey.frame.cells
    surely = ~denied >> shift & cells.all
    never = ~allowed >> shift & cells.all
    source, target = survey.ground.spots[spot], survey.ground.spots[other]
    for chosen, arrives in ((surely, True), (never, False), (cells.all & ~surely & ~never, None)):
        picked = [cell for position, cell in enumerate(cells.cells) if chosen >> position & 1][:_PACKETS]
        for number, cell in enumerate(picked):
            ends = (_some(source.addresses, number), _some(target.addresses, number))
            if ends[0] != ends[1]:
                flow = _flow(cell, ends, number)
                yield _expected(source.subnet.id, target.subnet.id, flow, arrives, code)


def _some(numbers: IntervalSet, number: int) -> int:
    """Return the lowest, the highest or another of `numbers`."""
    first, last = numbers.intervals[0], numbers.intervals[-1]
    return (first.low, last.high, (first.low + first.high) // 2)[number % 3]


def _flow(cell: Cell, ends: tuple[int, int], number: int) -> Flow:
    if cell.protocol == ICMP:
        return Flow(ICMP, ends[0], 0, ends[1], 0)
    return Flow(
        cell.protocol, ends[0], _some(cell.source_ports, number), ends[1], _some(cell.destination_ports, number)
    )


def _expected(sender: str, receiver: str, flow: Flow, arrives: bool | None, code: int) -> Expected:
    """Return what the byte of a pair says of one of its packets, which surely arrives, surely does not, or may."""
    if arrives is None:
        arrives = True if code & ALL else None if code & MAY_ARRIVE else False
    answered = False if arrives is False or not code & MAY_BE_ANSWERED else True if code & ALL else None
    direct = False if arrives is False or not code & MAY_PASS_NONE else None
    return Expected(sender, receiver, flow, arrives, answered, direct)
