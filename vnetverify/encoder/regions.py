"""Sets of packets as products of number ranges, and what other such sets leave of one.

Exact, and without a solver: what is found or denied here follows from comparing bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vnetverify.header import IntervalSet

Ranges = tuple[tuple[int, int], ...]
"""Numbers as sorted, disjoint ranges with both bounds included; empty for none."""

Region = tuple[Ranges, Ranges, Ranges, Ranges, Ranges]
"""Packets by protocol, destination port, source, destination and source port; none of these is empty."""

PROTOCOL, DESTINATION_PORT, SOURCE, DESTINATION, SOURCE_PORT = range(5)
_FIELDS = (DESTINATION_PORT, SOURCE, DESTINATION, SOURCE_PORT, PROTOCOL)  # what tells most regions apart comes first


class TooMuch(Exception):
    """A search has taken more steps than it was given."""


class Steps:
    """How many comparisons of ranges a search may still take, about."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, number: int) -> None:
        """Count steps. Raises `TooMuch`."""
        self.left -= number
        if self.left < 0:
            raise TooMuch


def ranges(numbers: IntervalSet) -> Ranges:
    return tuple((interval.low, interval.high) for interval in numbers)


def region(fields: Sequence[Ranges]) -> Region | None:
    """Return the product of these, in the order of `Region`; None where it is empty."""
    if not all(fields):
        return None
    protocols, destination_ports, sources, destinations, source_ports = fields
    return protocols, destination_ports, sources, destinations, source_ports


def common(left: Ranges, right: Ranges) -> Ranges:
    """Return the numbers in both."""
    if len(left) == len(right) == 1:
        (low, high), (other_low, other_high) = left[0], right[0]
        if low >= other_low and high <= other_high:
            return left
        if other_low >= low and other_high <= high:
            return right
        low, high = max(low, other_low), min(high, other_high)
        return ((low, high),) if low <= high else ()
    found = []
    one = other = 0
    while one < len(left) and other < len(right):
        low, high = max(left[one][0], right[other][0]), min(left[one][1], right[other][1])
        if low <= high:
            found.append((low, high))
        if left[one][1] < right[other][1]:
            one += 1
        else:
            other += 1
    return tuple(found)


def without(numbers: Ranges, gone: Ranges) -> Ranges:
    """Return the numbers that are not among those `gone`."""
    found = []
    index = 0
    for low, high in numbers:
        while index < len(gone) and gone[index][1] < low:
            index += 1
        at = index
        while at < len(gone) and gone[at][0] <= high:
            if gone[at][0] > low:
                found.append((low, gone[at][0] - 1))
            low = gone[at][1] + 1
            at += 1
        if low <= high:
            found.append((low, high))
    return tuple(found)


def meet(left: Region, right: Region) -> Region | None:
    """Return the packets in both, None where there are none. Fields of which nothing is lost are those of `left`."""
    protocols, ports, sources, destinations, source_ports = left
    if ports is not right[1]:
        ports = common(ports, right[1])
    if sources is not right[2]:
        sources = common(sources, right[2])
    if destinations is not right[3]:
        destinations = common(destinations, right[3])
    if source_ports is not right[4]:
        source_ports = common(source_ports, right[4])
    if protocols is not right[0]:
        protocols = common(protocols, right[0])
    return region((protocols, ports, sources, destinations, source_ports))


def near(whole: Region, others: Iterable[Region]) -> Iterator[Region]:
    """Yield those of the others that may meet `whole`, by bounds: most do not, and this is asked very often."""
    _, ports, sources, destinations, _ = whole
    low_port, high_port = ports[0][0], ports[-1][1]
    low_source, high_source = sources[0][0], sources[-1][1]
    low_destination, high_destination = destinations[0][0], destinations[-1][1]
    for other in others:
        _, ports, sources, destinations, _ = other
        if (
            ports[0][0] <= high_port
            and ports[-1][1] >= low_port
            and sources[0][0] <= high_source
            and sources[-1][1] >= low_source
            and destinations[0][0] <= high_destination
            and destinations[-1][1] >= low_destination
        ):
            yield other


def remainder(whole: Region, covers: Sequence[Region], steps: Steps) -> Region | None:
    """Return some packets of `whole` that are in none of the `covers`, None where there are none. Raises `TooMuch`."""
    pending = [(whole, covers)]
    while pending:
        rest, over = pending.pop()
        likely = list(near(rest, over))
        steps.take(1 + len(over) + sum(len(cover[SOURCE]) + len(cover[DESTINATION]) for cover in likely))
        met = [both for both in (meet(rest, cover) for cover in likely) if both is not None]
        if not met:
            return rest
        # The cover that leaves fewest pieces goes first: what covers all but one field of the rest only shrinks it.
        pieces: list[Region] = []
        best = min(met, key=lambda cover: _cut_fields(rest, cover))
        for number in _FIELDS:
            if rest[number] != best[number]:
                left = without(rest[number], best[number])
                if left:
                    pieces.append(_with(rest, number, left))
                rest = _with(rest, number, best[number])
        pending += [(piece, met) for piece in pieces]
    return None


def _cut_fields(whole: Region, part: Region) -> int:
    """Count the fields that a part of a region, as `meet` returns it, may have less of."""
    return (
        (whole[0] is not part[0])
        + (whole[1] is not part[1])
        + (whole[2] is not part[2])
        + (whole[3] is not part[3])
        + (whole[4] is not part[4])
    )


def _with(whole: Region, number: int, numbers: Ranges) -> Region:
    fields = list(whole)
    fields[number] = numbers
    return fields[0], fields[1], fields[2], fields[3], fields[4]
