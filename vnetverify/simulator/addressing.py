"""Packets as boxes of numbers, and the comparisons that decide whole boxes at once.

Rules R-ADDR-4, R-ADDR-6, R-TRAF-7 and F-TAG-9. Addresses of both families are numbers on one line.

Every comparison answers True or False for all numbers of an interval alike and raises `Mixed` where they differ.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from operator import attrgetter

from vnetverify.header import (
    ALL_IPV4,
    EVERY_IPV4,
    EVERY_IPV6,
    TCP,
    UDP,
    Family,
    Flow,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    addresses_of,
    family_of,
    parse_prefix,
)
from vnetverify.model.network import SUBNETS_WITHOUT_HOSTS, Subnet, Vnet


class Mixed(Exception):
    """The numbers of `interval` differ in what was asked: those below `cut` from `cut` and those above."""

    def __init__(self, interval: Interval, cut: int) -> None:
        super().__init__(interval, cut)
        self.interval = interval
        self.cut = cut


class Impossible(Exception):
    """A partial world stands for no world: no address that it leaves open can be where it says."""


class Part(Enum):
    """A part of the header of a flow's first packet."""

    PROTOCOL = "protocol"
    SOURCE = "source"
    SOURCE_PORT = "source port"
    DESTINATION = "destination"
    DESTINATION_PORT = "destination port"


@dataclass(frozen=True, slots=True)
class Field(Interval):
    """The numbers that something may be: a part of the flow's header, wherever in a packet it stands by now, or an
    address that the world names.

    Two fields of the same are one number, whichever that is; fields of two things may be.
    """

    of: Part | str

    @property
    def name(self) -> str:
        return self.of.value if isinstance(self.of, Part) else self.of


Address = int | Field
"""An address at which something ends or begins: one number, or that part of the header, whichever number it is.

Two that are equal are the same address; of two that differ nothing is said unless both are numbers.
"""


@dataclass(frozen=True, slots=True)
class Packet:
    """A box of packets: every combination of its numbers. A flow's packet has one number a field.

    `translations` counts the firewalls that made it another packet of its flow (F-FW-5, F-FW-7).
    """

    protocol: Interval
    source: Interval
    source_port: Interval
    destination: Interval
    destination_port: Interval
    translations: int = 0

    @property
    def family(self) -> Family:
        return family_of(self.source.low)

    @property
    def called(self) -> tuple[str, ...]:
        """What facts about what is chosen for a packet say beside what they are about: nothing of a flow's first."""
        return ((), ("translated",), ("twice-translated",), ("thrice-translated",))[self.translations]

    @property
    def has_ports(self) -> bool:
        return is_one_of(self.protocol, (TCP, UDP))

    @property
    def is_icmp(self) -> bool:
        """Whether it is of the ICMP of its family."""
        return is_number(self.protocol, self.family.icmp)

    @property
    def reply(self) -> Packet:
        return replace(
            self,
            source=self.destination,
            source_port=self.destination_port,
            destination=self.source,
            destination_port=self.source_port,
        )


Header = Flow | Packet
"""The header of one flow's first packet, or a box of such packets.

What is asked of a box raises `Mixed` or `Undetermined` where its packets, or the worlds that a partial one leaves open,
differ in the answer, and `Impossible` where there are no such worlds.
"""


def packet_of(flow: Header) -> Packet:
    """Return the first packet of `flow`, or the box that it is."""
    if isinstance(flow, Packet):
        return flow
    return Packet(
        point(flow.protocol),
        point(flow.source),
        point(flow.source_port),
        point(flow.destination),
        point(flow.destination_port),
    )


def point(number: int) -> Interval:
    return Interval(number, number)


def lowest_text(interval: Interval) -> str:
    """Return the first address of `interval` as a story writes it."""
    return address_text(interval.low)


def only(interval: Interval) -> int:
    """Return the one number of `interval`. Raises `Mixed` when there are more."""
    if interval.low != interval.high:
        raise Mixed(interval, interval.low + 1)
    return interval.low


def address_in(interval: Interval) -> Address:
    """Return the one number of `interval`, or the part of the header that it is. Raises `Mixed` where it is neither."""
    if interval.low != interval.high and isinstance(interval, Field):
        return interval
    return only(interval)


def numbers_of(address: Address) -> Interval:
    """Return the numbers that `address` may be."""
    return address if isinstance(address, Field) else point(address)


def among(interval: Interval, numbers: Iterable[int]) -> int | None:
    """Return which of `numbers` the interval is, None where it holds none of them. Raises `Mixed`."""
    if interval.low == interval.high:
        return interval.low if interval.low in numbers else None
    found = next((number for number in numbers if interval.low <= number <= interval.high), None)
    if found is None:
        return None
    raise Mixed(interval, found if found > interval.low else found + 1)


def is_number(interval: Interval, number: int) -> bool:
    """Hold when `interval` is `number` alone. Raises `Mixed` when it holds others, too."""
    return among(interval, (number,)) is not None


def is_one_of(interval: Interval, numbers: Iterable[int]) -> bool:
    """Hold when `interval` is one of `numbers`. Raises `Mixed` when it holds one of them and others."""
    return among(interval, numbers) is not None


def covers(prefix: Prefix, interval: Interval) -> bool:
    """Hold when `interval` lies in `prefix`. Raises `Mixed` when only part of it does."""
    if prefix.value <= interval.low and interval.high <= prefix.last:
        return True
    if interval.high < prefix.value or prefix.last < interval.low:
        return False
    raise _parted(interval, prefix.value, prefix.last)


def _parted(interval: Interval, first: int, last: int) -> Mixed:
    """Return that only some of `interval` lies between `first` and `last`."""
    return Mixed(interval, first if interval.low < first else last + 1)


def some_covers(prefixes: Iterable[Prefix], interval: Interval) -> bool:
    """Hold when one of `prefixes` holds `interval`. Raises `Mixed` when none does and one holds part of it."""
    parting: Prefix | None = None
    for prefix in prefixes:
        if prefix.value <= interval.low and interval.high <= prefix.last:
            return True
        if prefix.value <= interval.high and interval.low <= prefix.last:
            parting = prefix
    if parting is not None:
        raise _parted(interval, parting.value, parting.last)
    return False


def lies_in(interval: Interval, numbers: IntervalSet) -> bool:
    """Hold when `interval` lies in `numbers`. Raises `Mixed` when only part of it does."""
    pieces, low, high = numbers.intervals, interval.low, interval.high
    following = bisect_right(pieces, low, key=_low) if len(pieces) > 1 else int(bool(pieces) and pieces[0].low <= low)
    if following and pieces[following - 1].high >= low:
        if pieces[following - 1].high >= high:
            return True
        raise Mixed(interval, pieces[following - 1].high + 1)
    if following < len(pieces) and pieces[following].low <= high:
        raise Mixed(interval, pieces[following].low)
    return False


_low = attrgetter("low")


def is_inside(inner: Prefix, outer: Prefix) -> bool:
    """Hold when `inner` equals `outer` or is a part of it."""
    return outer.length <= inner.length and outer.value <= inner.value <= outer.last


def is_strictly_inside(inner: Prefix, outer: Prefix) -> bool:
    return inner != outer and is_inside(inner, outer)


PLATFORM_HOST = parse_prefix("168.63.129.16/32")
METADATA_HOST = parse_prefix("169.254.169.254/32")
PLATFORM = addresses_of((PLATFORM_HOST, METADATA_HOST))
UNROUTABLE = addresses_of(parse_prefix(text) for text in ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8"))
PUBLIC_IPV6 = parse_prefix("2000::/3")
PUBLIC = addresses_of((PUBLIC_IPV6,)) | ALL_IPV4 - addresses_of(
    parse_prefix(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "168.63.129.16/32",
    )
)


def everything(family: Family) -> Prefix:
    """Return the prefix of a default route: 0.0.0.0/0 or ::/0."""
    return EVERY_IPV4 if family is Family.IPV4 else EVERY_IPV6


def is_ordinary(protocol: Interval, family: Family) -> bool:
    """Hold for TCP, UDP and the family's own ICMP (R-TRAF-7, R-ADDR-6)."""
    return is_one_of(protocol, (TCP, UDP, family.icmp))


def is_public(interval: Interval) -> bool:
    """Hold when the addresses are public: neither private, reserved nor the platform's (F-TAG-9)."""
    return lies_in(interval, PUBLIC)


def assignable(prefix: Prefix) -> IntervalSet:
    """Return the addresses of a subnet's prefix without its first four and its last (R-ADDR-4)."""
    first, last = prefix.value + 4, prefix.last - 1
    return IntervalSet((Interval(first, last),)) if first <= last else IntervalSet()


def host_subnet(vnet: Vnet, address: Interval) -> Subnet | None:
    """Return the subnet of `vnet` in which `address` may stand as a host (R-ADDR-4, R-ADDR-7)."""
    for subnet in vnet.subnets:
        if subnet.name.casefold() in SUBNETS_WITHOUT_HOSTS:
            continue
        if any(lies_in(address, assignable(prefix)) for prefix in subnet.prefixes):
            return subnet
    return None
