"""Packets and the sets of addresses and ports that speak about them: data, no rules."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LAST_ADDRESS = 0xFFFF_FFFF
LAST_PORT = 0xFFFF

ICMP, TCP, UDP = 1, 6, 17
PROTOCOL_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51}
PROTOCOL_NAMES = {number: name for name, number in PROTOCOL_NUMBERS.items()}


@dataclass(frozen=True, slots=True, order=True)
class Prefix:
    """An IPv4 prefix; `value` is its first address, `length` counts 0 to 32 fixed bits."""

    value: int
    length: int

    @property
    def last(self) -> int:
        return self.value | (LAST_ADDRESS >> self.length)

    @property
    def size(self) -> int:
        return 1 << (32 - self.length)

    def __str__(self) -> str:
        return f"{address_text(self.value)}/{self.length}"


EVERYWHERE = Prefix(0, 0)


class NotAPrefix(ValueError):
    """A text that is no IPv4 prefix; the message says why, in the user's terms."""


def parse_address(text: str) -> int:
    """Return the IPv4 address written as four decimal numbers. Raises `NotAPrefix`."""
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        raise NotAPrefix(f"`{text}` is not an IPv4 address")
    numbers = [int(part) for part in parts]
    if max(numbers) > 255:
        raise NotAPrefix(f"`{text}` has a part above 255")
    if any(len(part) > 1 and part[0] == "0" for part in parts):
        raise NotAPrefix(f"`{text}` has a part with a leading zero")
    return numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3]


def parse_prefix(text: str) -> Prefix:
    """Return the prefix written in CIDR form; a bare address is a /32. Raises `NotAPrefix`."""
    address, slash, length_text = text.partition("/")
    value = parse_address(address)
    if not slash:
        return Prefix(value, 32)
    if not (length_text.isascii() and length_text.isdigit()) or int(length_text[:4]) > 32:
        raise NotAPrefix(f"`{text}` has no prefix length from 0 to 32")
    prefix = Prefix(value & ~(LAST_ADDRESS >> int(length_text)) & LAST_ADDRESS, int(length_text))
    if prefix.value != value:
        raise NotAPrefix(f"`{text}` has host bits set; the prefix is `{prefix}`")
    return prefix


def address_text(address: int) -> str:
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The whole numbers from `low` to `high`, both included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class IntervalSet:
    """A set of numbers as sorted, disjoint, non-adjacent intervals."""

    intervals: tuple[Interval, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __iter__(self) -> Iterator[Interval]:
        return iter(self.intervals)

    def __contains__(self, number: int) -> bool:
        return any(interval.low <= number <= interval.high for interval in self.intervals)

    def __or__(self, other: IntervalSet) -> IntervalSet:
        return interval_set((*self.intervals, *other.intervals))

    def __and__(self, other: IntervalSet) -> IntervalSet:
        few, many = sorted((self.intervals, other.intervals), key=len)
        if len(many) > 8 * len(few):
            return _clipped(many, few)
        pieces = []
        left, right = iter(self.intervals), iter(other.intervals)
        a, b = next(left, None), next(right, None)
        while a is not None and b is not None:
            low, high = max(a.low, b.low), min(a.high, b.high)
            if low <= high:
                pieces.append(Interval(low, high))
            if a.high < b.high:
                a = next(left, None)
            else:
                b = next(right, None)
        return IntervalSet(tuple(pieces))

    def __sub__(self, other: IntervalSet) -> IntervalSet:
        pieces = []
        for interval in self.intervals:
            low = interval.low
            for hole in other.intervals:
                if hole.high < low:
                    continue
                if hole.low > interval.high:
                    break
                if hole.low > low:
                    pieces.append(Interval(low, hole.low - 1))
                low = hole.high + 1
            if low <= interval.high:
                pieces.append(Interval(low, interval.high))
        return IntervalSet(tuple(pieces))

    @property
    def size(self) -> int:
        return sum(interval.high - interval.low + 1 for interval in self.intervals)


def _clipped(many: tuple[Interval, ...], few: tuple[Interval, ...]) -> IntervalSet:
    """Return the intersection by looking each of the `few` up among the `many`."""
    pieces = []
    for interval in few:
        index = bisect_left(many, interval.low, key=lambda other: other.high)
        while index < len(many) and many[index].low <= interval.high:
            pieces.append(Interval(max(interval.low, many[index].low), min(interval.high, many[index].high)))
            index += 1
    return IntervalSet(tuple(pieces))


def interval_set(intervals: Iterable[Interval]) -> IntervalSet:
    """Return the union of `intervals`, which may overlap and come in any order."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.low <= merged[-1].high + 1:
            if interval.high > merged[-1].high:
                merged[-1] = Interval(merged[-1].low, interval.high)
        else:
            merged.append(interval)
    return IntervalSet(tuple(merged))


def addresses_of(prefixes: Iterable[Prefix]) -> IntervalSet:
    """Return the addresses that lie in some of `prefixes`."""
    return interval_set(Interval(prefix.value, prefix.last) for prefix in prefixes)


ALL_ADDRESSES = IntervalSet((Interval(0, LAST_ADDRESS),))
ALL_PORTS = IntervalSet((Interval(0, LAST_PORT),))


@dataclass(frozen=True, slots=True)
class Flow:
    """The header of a flow's first packet: addresses of 32 bits, ports 0 to 65535, protocol 0 to 255.

    `destination` is the address as the sender writes it. Ports are 0 unless the protocol is TCP or UDP.
    """

    protocol: int
    source: int
    source_port: int
    destination: int
    destination_port: int

    def __str__(self) -> str:
        name = PROTOCOL_NAMES.get(self.protocol, f"protocol {self.protocol}")
        if self.protocol in (TCP, UDP):
            return (
                f"{name} {address_text(self.source)}:{self.source_port}"
                f" -> {address_text(self.destination)}:{self.destination_port}"
            )
        return f"{name} {address_text(self.source)} -> {address_text(self.destination)}"
