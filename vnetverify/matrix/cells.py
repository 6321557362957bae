"""The packets of a service, cut into cells that most rules treat as one.

A cell is a box of protocol, source ports and destination ports. Ports that many rules name have cells of their own;
those that few name share one, and a rule that covers a part of a cell says so by its two bounds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vnetverify.header import ALL_PORTS, ICMP, TCP, UDP, Interval, IntervalSet
from vnetverify.model.network import Service

_NO_PORT = IntervalSet((Interval(0, 0),))
CARRIED = (TCP, UDP, ICMP)
"""The protocols that are surveyed."""
_CELLS = ((2_000, 64), (4_000, 32))
_FEWEST_CELLS = 16

Ports = tuple[int | None, IntervalSet, IntervalSet]
"""A rule's protocol (None for all), source ports and destination ports."""


def _key(ports: Ports) -> tuple[object, ...]:
    """Return what tells ports from others and is quickly compared."""
    protocol, sources, destinations = ports
    if sources is ALL_PORTS and len(destinations.intervals) == 1:
        only = destinations.intervals[0]
        return protocol, only.low, only.high
    return ports


@dataclass(frozen=True, slots=True)
class Cell:
    """A box of packets; the ports of ICMP are 0."""

    protocol: int
    source_ports: IntervalSet
    destination_ports: IntervalSet


@dataclass(frozen=True, slots=True)
class Hits:
    """Which cells a rule covers wholly, and which at least in part: bit sets by the position of the cell."""

    full: int
    part: int


class _Line:
    """One field of all cells on the line of ports: which cells hold each stretch."""

    def __init__(self, fields: Sequence[IntervalSet]) -> None:
        holders: dict[Interval, int] = {}
        for position, field in enumerate(fields):
            for interval in field:
                holders[interval] = holders.get(interval, 0) | 1 << position
        self._stretches = sorted(holders.items())
        self._lows = [stretch.low for stretch, _ in self._stretches]

    def touched(self, ports: IntervalSet) -> Hits:
        """Return the cells whose field lies in `ports`, and those whose field meets them."""
        missed = met = 0
        begin = 0
        for interval in ports:
            first = max(begin, bisect_right(self._lows, interval.low) - 1)
            end = bisect_right(self._lows, interval.high)
            for _, cells in self._stretches[begin:first]:
                missed |= cells
            for stretch, cells in self._stretches[first:end]:
                if stretch.high < interval.low:
                    missed |= cells
                    continue
                met |= cells
                if stretch.low < interval.low or interval.high < stretch.high:
                    missed |= cells
            begin = max(begin, end)
        for _, cells in self._stretches[begin:]:
            missed |= cells
        return Hits(met & ~missed, met)


class Cells:
    """The cells of one service, in a fixed order; `width` is their number rounded up to whole bytes."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self.cells = tuple(cells)
        self.bytes = max(1, -(-len(self.cells) // 8))
        self.width = self.bytes * 8
        self.all = (1 << len(self.cells)) - 1
        self._hits: dict[object, Hits] = {}
        self._of_protocol = {protocol: self._mask(protocol) for protocol in CARRIED}
        by_protocol = {
            protocol: [cell if cell.protocol == protocol else _NO_CELL for cell in self.cells] for protocol in CARRIED
        }
        self._sources = {number: _Line([cell.source_ports for cell in those]) for number, those in by_protocol.items()}
        self._destinations = {
            number: _Line([cell.destination_ports for cell in those]) for number, those in by_protocol.items()
        }
        self.icmp = self._of_protocol[ICMP]

    def _mask(self, protocol: int) -> int:
        return sum(1 << position for position, cell in enumerate(self.cells) if cell.protocol == protocol)

    def hits(self, ports: Ports, *, reply: bool = False) -> Hits:
        """Return what a rule with these ports covers of TCP and UDP, and of ICMP where it names its protocol.

        Whether a rule that names ports speaks of ICMP is another question. Of a `reply` the ports are swapped.
        """
        key = (_key(ports), reply)
        found = self._hits.get(key)
        if found is None:
            found = self._hits[key] = self._counted(ports, reply)
        return found

    def _counted(self, ports: Ports, reply: bool) -> Hits:
        protocol, sources, destinations = ports
        here, there = (destinations, sources) if reply else (sources, destinations)
        full = part = 0
        for number, mask in self._of_protocol.items():
            if not mask or protocol not in (None, number):
                continue
            source = _EVERY_CELL if here == ALL_PORTS else self._sources[number].touched(here)
            destination = _EVERY_CELL if there == ALL_PORTS else self._destinations[number].touched(there)
            full |= source.full & destination.full & mask
            part |= source.part & destination.part & mask
        return Hits(full, part)


_NO_CELL = Cell(-1, IntervalSet(), IntervalSet())
_EVERY_CELL = Hits(-1, -1)


def cells_of(service: Service, rules: Iterable[Ports], spots: int) -> Cells:
    """Return cells that hold every packet of `service` once, fine where `rules` often tell packets apart.

    The more `spots` there are the fewer the cells, since memory is their product.
    """
    most = next((cells for limit, cells in _CELLS if spots <= limit), _FEWEST_CELLS)
    asked = {protocol: _ports_of(service, protocol) for protocol in CARRIED}
    named = _counted(rules)
    for kept in (12, 8, 5, 3, 2, 1, 0):
        for halves in (2, 1, 0):
            cells = [cell for protocol, ports in asked.items() for cell in _cut(protocol, ports, named, kept, halves)]
            if len(cells) <= most:
                return Cells(cells)
    raise AssertionError("three protocols in one piece each are few cells")


def _counted(rules: Iterable[Ports]) -> Counter[Ports]:
    """Return how many rules have the same ports."""
    counts: Counter[tuple[object, ...]] = Counter()
    examples: dict[tuple[object, ...], Ports] = {}
    for ports in rules:
        key = _key(ports)
        counts[key] += 1
        examples.setdefault(key, ports)
    named: Counter[Ports] = Counter()
    for key, count in counts.items():
        named[examples[key]] += count
    return named


def _ports_of(service: Service, protocol: int) -> IntervalSet:
    """Return the destination ports of `protocol` in `service`, port 0 alone for ICMP."""
    ports = IntervalSet()
    for number, part in service.parts:
        if number in (None, protocol):
            ports |= part
    return _NO_PORT if protocol == ICMP and ports else ports


def _cut(protocol: int, ports: IntervalSet, named: Counter[Ports], kept: int, halves: int) -> Iterator[Cell]:
    if protocol == ICMP:
        if ports:
            yield Cell(ICMP, _NO_PORT, _NO_PORT)
        return
    destinations: Counter[IntervalSet] = Counter()
    sources: Counter[IntervalSet] = Counter()
    for (number, source, destination), count in named.items():
        if number in (None, protocol):
            destinations[destination & ports] += count
            sources[source] += count
    for destination in _pieces(ports, destinations, kept):
        for source in _pieces(ALL_PORTS, sources, halves):
            yield Cell(protocol, source, destination)


def _pieces(whole: IntervalSet, named: Counter[IntervalSet], kept: int) -> list[IntervalSet]:
    """Return `whole` parted by the `kept` sets that are named most often."""
    pieces = [whole] if whole else []
    often = sorted(named.items(), key=lambda entry: (-entry[1], entry[0].intervals))
    telling = [part for part, _ in often if part and part != whole]
    for part in telling[:kept]:
        pieces = [piece for old in pieces for piece in (old & part, old - part) if piece]
    return pieces
