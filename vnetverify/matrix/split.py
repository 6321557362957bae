"""Pairs that bounds leave open, decided by boxes: each list cuts what reaches it until every packet is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from vnetverify.header import ALL_PORTS, ICMP, IntervalSet
from vnetverify.matrix.answers import (
    ALL,
    ANSWERED,
    ARRIVES,
    MAY_ARRIVE,
    MAY_BE_ALL,
    MAY_BE_ANSWERED,
    MAY_PASS_NONE,
    PASSES_NONE,
    UNDECIDED,
)
from vnetverify.matrix.filters import Known, fit_of, groups_at
from vnetverify.matrix.spots import Spot
from vnetverify.matrix.survey import Survey
from vnetverify.model.network import Subnet
from vnetverify.model.security import Access, AddressField, AsgMembers, Direction

_MOST_BOXES = 4_000


class Undecidable(Exception):
    """A list turns on something that is open, or cuts into more boxes than are worth it."""


@dataclass(frozen=True, slots=True)
class Box:
    """Packets: every combination of these numbers."""

    protocol: int
    source: IntervalSet
    source_ports: IntervalSet
    destination: IntervalSet
    destination_ports: IntervalSet

    def __and__(self, other: Box) -> Box | None:
        """Return what two boxes of one protocol share, None where that is nothing."""
        source, destination = self.source & other.source, self.destination & other.destination
        if not source or not destination:
            return None
        here, there = self.source_ports & other.source_ports, self.destination_ports & other.destination_ports
        return Box(self.protocol, source, here, destination, there) if here and there else None

    def without(self, inner: Box) -> Iterator[Box]:
        """Return the rest of the box around `inner`, which lies in it."""
        rest = self
        for field in ("source", "destination", "source_ports", "destination_ports"):
            whole, held = getattr(rest, field), getattr(inner, field)
            if beside := whole - held:
                yield replace(rest, **{field: beside})
            rest = replace(rest, **{field: held})


@dataclass(frozen=True, slots=True)
class _Judge:
    """A line of a list as boxes see it: None for a field that it does not restrict."""

    allows: bool
    protocol: int | None
    source: IntervalSet | None
    source_ports: IntervalSet
    destination: IntervalSet | None
    destination_ports: IntervalSet
    icmp: bool | None

    def on(self, box: Box) -> Box | None:
        """Return the part of `box` that the line speaks of. Raises `Undecidable` where that is open."""
        if self.protocol not in (None, box.protocol):
            return None
        source = box.source if self.source is None else box.source & self.source
        destination = box.destination if self.destination is None else box.destination & self.destination
        if not source or not destination:
            return None
        if box.protocol == ICMP:
            if self.icmp is None:
                raise Undecidable
            return replace(box, source=source, destination=destination) if self.icmp else None
        here, there = box.source_ports & self.source_ports, box.destination_ports & self.destination_ports
        return Box(box.protocol, source, here, destination, there) if here and there else None


class Splitter:
    """The pairs of one survey, decided one by one."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._filters = survey.filters
        self._network = survey.ground.network

    def code(self, spot: int, other: int, code: int) -> int:
        """Return the byte of a pair with the bounds that boxes give; `code` where they say no more."""
        survey = self._survey
        if survey.ground.beyond[spot] or survey.ground.beyond[other]:
            return code
        there = survey.from_table[survey.tables[spot]][other]
        back = survey.from_table[survey.tables[other]][spot]
        ways = survey.courses.courses[there]
        if len(ways) != 1 or not ways[0].delivered:
            return code
        try:
            passed, is_cut = self._through(spot, other, list(self._lists(spot, other, there)))
        except Undecidable:
            return code
        if not passed:
            return 0
        found = ARRIVES | MAY_ARRIVE | (0 if ways[0].met else PASSES_NONE | MAY_PASS_NONE)
        answer = survey.replies.between(there, back)
        if answer.judged_by and answer.possibly:
            return found | code & (ANSWERED | MAY_BE_ANSWERED | ALL | MAY_BE_ALL)
        found |= (ANSWERED if answer.surely else 0) | (MAY_BE_ANSWERED if answer.possibly else 0)
        if is_cut:
            return found
        return found | (ALL if answer.surely else 0) | (MAY_BE_ALL if answer.possibly else 0)

    def _through(self, spot: int, other: int, lists: list[list[_Judge]]) -> tuple[list[Box], bool]:
        """Return the boxes that every list allows, and whether some list denies something."""
        spots = self._survey.ground.spots
        boxes = [
            Box(cell.protocol, spots[spot].addresses, cell.source_ports, spots[other].addresses, cell.destination_ports)
            for cell in self._survey.ground.cells.cells
        ]
        is_cut = False
        for judges in lists:
            passed: list[Box] = []
            left = boxes
            for judge in judges:
                left = self._judged(judge, left, passed)
                if len(left) + len(passed) > _MOST_BOXES:
                    raise Undecidable
            is_cut |= sum(map(_size, passed)) != sum(map(_size, boxes))
            boxes = passed
        return boxes, is_cut

    @staticmethod
    def _judged(judge: _Judge, boxes: list[Box], passed: list[Box]) -> list[Box]:
        """Return what the line leaves to those behind it; what it allows is added to `passed`."""
        left: list[Box] = []
        for box in boxes:
            part = judge.on(box)
            if part is None:
                left.append(box)
                continue
            if judge.allows:
                passed.append(part)
            left += box.without(part)
        return left

    def _lists(self, spot: int, other: int, there: int) -> Iterator[list[_Judge]]:
        """Return every list that the packets of a pair pass."""
        spots = self._survey.ground.spots
        topology = self._survey.ground.topology
        source, destination = spots[spot], spots[other]
        for end, direction in ((source, Direction.OUTBOUND), (destination, Direction.INBOUND)):
            for group in groups_at(topology, end.subnet, end.nic):
                yield list(self._at_host(group, end, direction, source, destination))
        for passage in self._survey.courses.courses[there][0].passages:
            if passage.group is None:
                yield list(self._policy(passage.owner))
            else:
                subnet = self._network.subnet(passage.subnet)
                yield list(self._at_interface(passage.group, subnet, passage.direction, source, destination))

    def _policy(self, owner: str) -> Iterator[_Judge]:
        for line in self._network.machines[owner].policy or ():
            allows, ports = line.access is Access.ALLOW, line.destination_ports
            yield _Judge(allows, line.protocol, line.sources, ALL_PORTS, line.destinations, ports, 0 in ports)

    def _at_host(
        self, group: str, end: Spot, direction: Direction, source: Spot, destination: Spot
    ) -> Iterator[_Judge]:
        for known in self._filters.known(group, direction):
            near = known.near
            if isinstance(near, AsgMembers):
                fits, _ = self._filters.local_fit(known, end, near)
                if fits is None:
                    continue
                if not fits:
                    raise Undecidable
                yield from self._judges(known, end.subnet, source, destination, free=near)
                continue
            yield from self._judges(known, end.subnet, source, destination)

    def _at_interface(
        self, group: str, subnet: Subnet, direction: Direction, source: Spot, destination: Spot
    ) -> Iterator[_Judge]:
        for known in self._filters.known(group, direction):
            if isinstance(known.near, AsgMembers):
                raise Undecidable
            yield from self._judges(known, subnet, source, destination)

    def _judges(
        self, known: Known, subnet: Subnet, source: Spot, destination: Spot, free: AddressField | None = None
    ) -> Iterator[_Judge]:
        """Return the line of a rule, if it speaks of the pair. Raises `Undecidable` where that is open."""
        rule = known.rule
        fields: list[IntervalSet | None] = []
        for field, end in ((rule.source, source), (rule.destination, destination)):
            if field is free:
                fields.append(None)
                continue
            region = self._filters.region(field, subnet)
            if fit_of(region, end) is None:
                return
            if not region.everywhere and end.addresses & (region.possible - region.sure):
                raise Undecidable
            fields.append(None if region.everywhere else region.sure)
        icmp = self._survey.frame.cells.icmp
        speaks = True if known.hits.full & icmp else None if known.hits.part & icmp else False
        yield _Judge(
            known.allows, rule.protocol, fields[0], rule.source_ports, fields[1], rule.destination_ports, speaks
        )


def _size(box: Box) -> int:
    return box.source.size * box.destination.size * box.source_ports.size * box.destination_ports.size


def refined(survey: Survey, rows: Iterable[tuple[int, bytes]], most: int) -> Iterator[tuple[int, bytes]]:
    """Return the rows with at most `most` of the pairs that bounds leave open decided by boxes."""
    splitter, left = Splitter(survey), most
    for spot, row in rows:
        opened = [other for other, code in enumerate(row) if code in _OPEN and code != UNDECIDED] if left > 0 else []
        if opened:
            changed = bytearray(row)
            for other in opened[:left]:
                changed[other] = splitter.code(spot, other, row[other])
            left -= len(opened)
            row = bytes(changed)
        yield spot, row


def _is_open(code: int) -> bool:
    return any(bool(code >> shift & 1) != bool(code >> shift + 1 & 1) for shift in (0, 2, 4, 6))


_OPEN = frozenset(code for code in range(256) if _is_open(code))
