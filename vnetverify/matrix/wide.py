"""Rows as wide whole numbers: for each spot in order a group of bits, one for each cell.

A row says of one spot and a filter what becomes of packets to (or from) every other spot. A set of spots is a row with
the lowest bit of their groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vnetverify.matrix.cells import Cells, Hits
from vnetverify.matrix.spots import Runs


@dataclass(frozen=True, slots=True)
class Extent:
    """The spots that a rule speaks of: wholly, and at least in part. `everyone` says that it speaks of all."""

    full: Runs
    part: Runs
    everyone: bool = False


EVERYONE = Extent((), (), True)
NOBODY = Extent((), ())


class Line(NamedTuple):
    """A rule as one spot sees it: which others it speaks of, of which packets, and what it does with them."""

    allows: bool
    far: Extent
    hits: Hits
    facts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The cells of which something may be allowed, and those of which something may be denied.

    `facts` are open facts that may have to do with it.
    """

    allowed: int
    denied: int
    facts: frozenset[str] = frozenset()

    def __and__(self, other: Bounds) -> Bounds:
        """Return the bounds of what both have to let pass."""
        return Bounds(self.allowed & other.allowed, self.denied | other.denied, self.facts | other.facts)


class Frame:
    """The shape of rows: how many spots there are, and how many bits each has."""

    def __init__(self, spots: int, cells: Cells) -> None:
        self.spots = spots
        self.cells = cells
        self.width = cells.width
        self.ones = _repeated(1, cells.width, spots)
        self.all = self.ones * cells.all
        self._lower = self.ones * ((1 << cells.width - 1) - 1)
        self._everyone: dict[int, int] = {}

    def everyone(self, cells: int) -> int:
        """Return the row with these cells at every spot."""
        row = self._everyone.get(cells)
        if row is None:
            row = self._everyone[cells] = self.ones * cells
        return row

    def at(self, runs: Runs, cells: int) -> int:
        """Return the row with these cells at the spots of `runs`."""
        row = 0
        for begin, end in runs:
            row |= (self.ones >> self.width * (self.spots - end + begin)) * cells << self.width * begin
        return row

    def bounds(self, lines: Iterable[Line]) -> Bounds:
        """Return what the first line that matches does, everywhere; what none matches is denied.

        A cell is surely allowed where nothing of it may be denied, and surely denied where nothing may be allowed.
        """
        left, allowed, denied = self.all, 0, 0
        facts: frozenset[str] = frozenset()
        for allows, far, hits, turning in lines:
            part = self.everyone(hits.part) if far.everyone else self.at(far.part, hits.part)
            part &= left
            if not part:
                continue
            if allows:
                allowed |= part
            else:
                denied |= part
            if turning:
                facts |= turning
            is_sure = hits.full == hits.part and far.full == far.part
            left ^= part if is_sure else left & self._surely(far, hits)
            if not left:
                break
        return Bounds(allowed, denied | left, facts)

    def _surely(self, far: Extent, hits: Hits) -> int:
        return self.everyone(hits.full) if far.everyone else self.at(far.full, hits.full)

    def units(self, flags: bytes) -> int:
        """Return the set of the spots whose flag is 1; the others have 0."""
        spread = bytearray(self.spots * self.cells.bytes)
        spread[:: self.cells.bytes] = flags
        return int.from_bytes(spread, "little")

    def some(self, row: int) -> int:
        """Return the spots with any bit in `row`: adding to a group that is not empty sets its highest bit."""
        return ((row & self._lower) + self._lower | row) >> self.width - 1 & self.ones

    def bytes_of(self, row: int) -> bytes:
        """Return the lowest byte of each group."""
        return row.to_bytes(self.spots * self.cells.bytes, "little")[:: self.cells.bytes]


def _repeated(pattern: int, width: int, count: int) -> int:
    """Return `pattern` in `count` groups of `width` bits."""
    row, made = pattern, 1
    if count == 0:
        return 0
    while made < count:
        more = min(made, count - made)
        row |= (row & (1 << width * more) - 1) << width * made
        made += more
    return row


def turned(rows: Sequence[int], frame: Frame) -> Turned:
    """Return the rows by the other side: of each spot the groups that all others have for it."""
    length = frame.spots * frame.cells.bytes
    known: dict[int, bytes] = {}
    packed = []
    for row in rows:
        if id(row) not in known:
            known[id(row)] = row.to_bytes(length, "little")
        packed.append(known[id(row)])
    return Turned(b"".join(packed), frame)


@dataclass(frozen=True, slots=True)
class Turned:
    packed: bytes
    frame: Frame

    def column(self, spot: int) -> int:
        """Return the row of what all spots have for `spot`."""
        size, length = self.frame.cells.bytes, len(self.packed) // self.frame.spots
        column = bytearray(length)
        for byte in range(size):
            column[byte::size] = self.packed[spot * size + byte :: length]
        return int.from_bytes(column, "little")
