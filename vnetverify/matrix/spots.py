"""Spots: hosts of one subnet that routes, filters and appliances cannot tell apart by where they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from vnetverify.header import Interval, IntervalSet, Prefix, addresses_of, host_prefix, interval_set
from vnetverify.model.endpoints import Endpoints, place_of
from vnetverify.model.network import Network, Nic, Subnet

Runs = tuple[tuple[int, int], ...]
"""Sets of spots as ranges of their positions, the end excluded."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The hosts at `addresses` of a subnet: undeclared ones, or those of the interface `nic`."""

    subnet: Subnet
    nic: Nic | None
    addresses: IntervalSet

    @property
    def low(self) -> int:
        return self.addresses.intervals[0].low

    @property
    def high(self) -> int:
        return self.addresses.intervals[-1].high


def spots_of(network: Network, cuts: Iterable[Prefix], next_hops: frozenset[int]) -> tuple[Spot, ...]:
    """Return the spots of every subnet in the order of their addresses; no spot lies across the border of a cut.

    `cuts` are the prefixes of routes; what stands at one of the `next_hops` is a spot of its own.
    """
    prefixes = (*cuts, *map(host_prefix, next_hops))
    borders = sorted({border for prefix in prefixes for border in (prefix.value, prefix.last + 1)})
    endpoints = Endpoints(network)
    nics: dict[str, list[Nic]] = {}
    for nic in network.nics():
        nics.setdefault(nic.subnet_id, []).append(nic)
    found: list[Spot] = []
    for subnet in network.subnets():
        hosts = endpoints.of_subnet(subnet).at(place_of(subnet.id))
        standing = [nic for nic in nics.get(subnet.id, ()) if _is_special(nic, next_hops)]
        found += _spots_at(subnet, hosts, standing, borders)
    return tuple(sorted(found, key=lambda spot: (spot.low, spot.high, spot.subnet.id)))


def _is_special(nic: Nic, next_hops: frozenset[int]) -> bool:
    """Hold when the interface is not a host like any other of its subnet."""
    return nic.nsg is not None or bool(nic.asgs) or nic.ip_forwarding or not next_hops.isdisjoint(nic.addresses)


def _spots_at(subnet: Subnet, hosts: IntervalSet, nics: Iterable[Nic], borders: list[int]) -> Iterator[Spot]:
    for nic in nics:
        own = interval_set(Interval(address, address) for address in nic.addresses) & hosts
        hosts -= own
        yield from (Spot(subnet, nic, piece) for piece in _parted(own, borders))
    yield from (Spot(subnet, None, piece) for piece in _parted(hosts, borders))


def _parted(addresses: IntervalSet, borders: list[int]) -> Iterator[IntervalSet]:
    """Return `addresses` cut at `borders`: from one border up to the next."""
    pieces: list[Interval] = []
    for interval in addresses:
        low = interval.low
        for border in borders[bisect_right(borders, interval.low) : bisect_right(borders, interval.high)]:
            pieces.append(Interval(low, border - 1))
            low = border
        pieces.append(Interval(low, interval.high))
    for _, together in groupby(pieces, key=lambda piece: bisect_right(borders, piece.low)):
        yield IntervalSet(tuple(together))


class Order:
    """The spots in order, and which of them lie in a prefix: wholly, and at least in part."""

    def __init__(self, spots: tuple[Spot, ...]) -> None:
        self.spots = spots
        self._lows = [spot.low for spot in spots]
        self._highs = [spot.high for spot in spots]
        self._sorted = all(one <= other for one, other in zip(self._highs, self._highs[1:], strict=False))
        self._within: dict[tuple[int, int], tuple[Runs, Runs]] = {}

    def runs(self, addresses: Interval) -> tuple[Runs, Runs]:
        """Return the spots whose hosts all lie in `addresses`, and those of which some may."""
        key = (addresses.low, addresses.high)
        found = self._within.get(key)
        if found is None:
            found = self._within[key] = self._found(addresses)
        return found

    def _found(self, addresses: Interval) -> tuple[Runs, Runs]:
        end = bisect_right(self._lows, addresses.high)
        if not self._sorted:
            touched = [index for index in range(end) if self._highs[index] >= addresses.low]
            whole = [i for i in touched if self._lows[i] >= addresses.low and self._highs[i] <= addresses.high]
            return _runs(whole), _runs(touched)
        begin = bisect_left(self._highs, addresses.low)
        first = max(begin, bisect_left(self._lows, addresses.low))
        last = min(end, bisect_right(self._highs, addresses.high))
        part = ((begin, end),) if begin < end else ()
        return ((first, last),) if first < last else (), part

    def runs_of(self, addresses: IntervalSet) -> tuple[Runs, Runs]:
        """Return the same of a set: what one of its intervals holds wholly, and what any of them touches."""
        whole: list[int] = []
        touched: list[int] = []
        for interval in addresses:
            full, part = self.runs(interval)
            whole += (index for run in full for index in range(*run))
            touched += (index for run in part for index in range(*run))
        return _runs(sorted(set(whole))), _runs(sorted(set(touched)))

    def of_prefixes(self, prefixes: tuple[Prefix, ...]) -> tuple[Runs, Runs]:
        if len(prefixes) == 1:
            return self.runs(Interval(prefixes[0].value, prefixes[0].last))
        return self.runs_of(addresses_of(prefixes))


def _runs(indexes: list[int]) -> Runs:
    runs: list[tuple[int, int]] = []
    for index in indexes:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return tuple(runs)
