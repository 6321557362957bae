"""Packet headers, and sets of addresses and ports: data without rules."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv6Address

# Addresses of both families are whole numbers on one line, IPv4's from 0 and IPv6's from here, so that one set holds
# either and nothing mistakes the one for the other. No prefix and no interval reaches from one family into the other.
FIRST_IPV6 = 1 << 128
LAST_IPV4 = (1 << 32) - 1
LAST_IPV6 = FIRST_IPV6 | (1 << 128) - 1
LAST_PORT = 0xFFFF
LAST_PROTOCOL = 255

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
PROTOCOL_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58}
PROTOCOL_NAMES = {number: name for name, number in PROTOCOL_NUMBERS.items()}


class Family(Enum):
    """The two planes of forwarding; the value counts the bits of an address (R-ADDR-6)."""

    IPV4 = 32
    IPV6 = 128

    @property
    def bits(self) -> int:
        return self.value

    @property
    def icmp(self) -> int:
        """Return the protocol number of this family's ICMP."""
        return ICMP if self is Family.IPV4 else ICMPV6


def family_of(address: int) -> Family:
    return Family.IPV6 if address >= FIRST_IPV6 else Family.IPV4


@dataclass(frozen=True, slots=True, order=True)
class Prefix:
    """A prefix; `value` is its first address, `length` counts its fixed bits: 0 to 32, or 0 to 128 of IPv6."""

    value: int
    length: int

    @property
    def family(self) -> Family:
        return family_of(self.value)

    @property
    def last(self) -> int:
        if self.value >= FIRST_IPV6:
            return self.value | ((1 << (128 - self.length)) - 1)
        return self.value | (LAST_IPV4 >> self.length)

    @property
    def size(self) -> int:
        return self.last - self.value + 1

    def __str__(self) -> str:
        return f"{address_text(self.value)}/{self.length}"


EVERY_IPV4 = Prefix(0, 0)
EVERY_IPV6 = Prefix(FIRST_IPV6, 0)


class NotAPrefix(ValueError):
    """A text that is not a prefix; the message says why, in the user's terms."""


def parse_address(text: str) -> int:
    """Return the address written as four decimal numbers, or as IPv6 is. Raises `NotAPrefix`."""
    if ":" in text:
        return _parse_ipv6(text)
    parts = text.split(".")
    if len(parts) == 4:
        numbers = [_OCTETS.get(part, -1) for part in parts]
        if -1 not in numbers:
            return numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3]
    raise NotAPrefix(_mistake_in_ipv4(text, parts))


_OCTETS = {str(number): number for number in range(256)}
_LENGTHS = {str(number): number for number in range(129)}


def whole_number(text: str, most: int) -> int | None:
    """Return the number that is written in digits; None where there are others, or it is more than `most`.

    Zeros before it say nothing, and no text is so long that reading it takes long.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= len(str(most)) and int(digits) <= most else None


def _mistake_in_ipv4(text: str, parts: list[str]) -> str:
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return f"`{text}` is not an IPv4 address"
    if max(map(int, parts)) > 255:
        return f"`{text}` has a part above 255"
    return f"`{text}` has a part with a leading zero"


def _parse_ipv6(text: str) -> int:
    try:
        if "%" in text:
            raise NotAPrefix(f"`{text}` has a zone, which no network configuration has")
        return FIRST_IPV6 | int(IPv6Address(text))
    except AddressValueError:
        raise NotAPrefix(f"`{text}` is not an IPv6 address") from None


def parse_prefix(text: str) -> Prefix:
    """Return the prefix written in CIDR form; a bare address is a prefix of itself alone. Raises `NotAPrefix`."""
    address, slash, length_text = text.partition("/")
    value = parse_address(address)
    bits = family_of(value).bits
    if not slash:
        return Prefix(value, bits)
    length = _LENGTHS.get(length_text)
    if length is None or length > bits:
        has_zeros = whole_number(length_text, bits) is not None
        why = "a prefix length with a leading zero" if has_zeros else f"no prefix length from 0 to {bits}"
        raise NotAPrefix(f"`{text}` has {why}")
    host = (1 << (bits - length)) - 1
    prefix = Prefix(value & ~host, length)
    if prefix.value != value:
        raise NotAPrefix(f"`{text}` has host bits set; the prefix is `{prefix}`")
    return prefix


def host_prefix(address: int) -> Prefix:
    """Return the prefix that holds `address` alone."""
    return Prefix(address, family_of(address).bits)


def address_text(address: int) -> str:
    if address >= FIRST_IPV6:
        return str(IPv6Address(address - FIRST_IPV6))
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
        if len(self.intervals) == len(other.intervals) == 1:
            one, another = self.intervals[0], other.intervals[0]
            if one.low >= another.low and one.high <= another.high:
                return self
            if another.low >= one.low and another.high <= one.high:
                return other
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
    given = sorted(intervals)
    if len(given) < 2:
        return IntervalSet(tuple(given))  # as most are
    merged: list[Interval] = []
    for interval in given:
        if merged and interval.low <= merged[-1].high + 1:
            if interval.high > merged[-1].high:
                merged[-1] = Interval(merged[-1].low, interval.high)
        else:
            merged.append(interval)
    return IntervalSet(tuple(merged))


def set_of(numbers: Iterable[int]) -> IntervalSet:
    """Return the set of these numbers, whatever they are of: addresses or ports."""
    return interval_set(Interval(number, number) for number in numbers)


def addresses_of(prefixes: Iterable[Prefix]) -> IntervalSet:
    """Return the addresses that lie in some of `prefixes`."""
    return interval_set(Interval(prefix.value, prefix.last) for prefix in prefixes)


def prefixes_of(addresses: IntervalSet) -> Iterator[Prefix]:
    """Yield the fewest prefixes that together are `addresses`, in order; no interval of these is of both families."""
    for interval in addresses:
        low, bits = interval.low, family_of(interval.low).bits
        while low <= interval.high:
            aligned = low & -low or 1 << bits
            fitting = 1 << (interval.high - low + 1).bit_length() - 1
            size = min(aligned, fitting)
            yield Prefix(low, bits + 1 - size.bit_length())
            low += size


ALL_IPV4 = IntervalSet((Interval(0, LAST_IPV4),))
ALL_IPV6 = IntervalSet((Interval(FIRST_IPV6, LAST_IPV6),))
ALL_ADDRESSES = ALL_IPV4 | ALL_IPV6
EVERY_NUMBER = Interval(0, LAST_IPV6)
"""The addresses of both families on one line."""
ALL_PORTS = IntervalSet((Interval(0, LAST_PORT),))


@dataclass(frozen=True, slots=True)
class Flow:
    """The header of a flow's first packet: addresses of one family, ports 0 to 65535, protocol 0 to 255.

    `destination` is the address as the sender writes it. Ports are 0 unless the protocol is TCP or UDP.
    """

    protocol: int
    source: int
    source_port: int
    destination: int
    destination_port: int

    @property
    def has_ports(self) -> bool:
        return self.protocol in (TCP, UDP)

    def __str__(self) -> str:
        name = PROTOCOL_NAMES.get(self.protocol, f"protocol {self.protocol}")
        if self.has_ports:
            source = _with_port(self.source, self.source_port)
            return f"{name} {source} -> {_with_port(self.destination, self.destination_port)}"
        return f"{name} {address_text(self.source)} -> {address_text(self.destination)}"


def _with_port(address: int, port: int) -> str:
    text = address_text(address)
    return f"[{text}]:{port}" if address >= FIRST_IPV6 else f"{text}:{port}"
