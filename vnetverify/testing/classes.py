"""One flow of every class that the bounds of a network cut out, so that nothing between two bounds is left untried.

Between two neighbouring bounds of prefixes, ranges of ports and lists of protocols no rule and no route tells packets
apart. A class is a source, a destination, a protocol and two ports between such bounds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from itertools import chain, islice
from math import gcd
from random import Random

from vnetverify.facts import World
from vnetverify.header import (
    ALL_IPV4,
    ALL_IPV6,
    ICMP,
    LAST_PORT,
    TCP,
    UDP,
    Family,
    Flow,
    Interval,
    IntervalSet,
    Prefix,
    interval_set,
    parse_prefix,
)
from vnetverify.model.intents import Claim, Place, PlaceKind
from vnetverify.model.network import Network
from vnetverify.simulator.advertising import as_claimed
from vnetverify.source import Span

_EVERY = {Family.IPV4: ALL_IPV4, Family.IPV6: ALL_IPV6}
_PORTS = frozenset({"destination_ports", "source_ports", "first_destination_ports", "listens"})
_PORT = frozenset({"port", "backend_port"})
_PROTOCOL = frozenset({"protocol", "protocols"})
_ADDRESS = frozenset({"address", "addresses", "next_hop_address", "next_hop", "dns_servers"})
# Those that Azure does not carry, one that it may, and one that RFC 3692 keeps for experiments.
_OTHER_PROTOCOLS = frozenset({4, 47, 50, 253})
# What Azure itself tells apart, whatever the network names.
_AZURES_PREFIXES = tuple(
    map(
        parse_prefix,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("168.63.129.16", "169.254.169.254", "224.0.0.0/4", "255.255.255.255"),
            *("fc00::/7", "fe80::/10", "ff00::/8", "2000::/3"),
        ),
    )
)
_AZURES_PORTS = (53, 80, 1688)  # of its resolver, its metadata service and its key management


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where something changes: the first number of every class of addresses and of ports, and the protocols named."""

    addresses: tuple[int, ...]
    destination_ports: tuple[int, ...]
    source_ports: tuple[int, ...]
    protocols: frozenset[int]


@dataclass(frozen=True, slots=True)
class Block:
    """The classes from some sources to some destinations: every combination of what the fields hold."""

    origin: Place
    sources: tuple[Interval, ...]
    destinations: tuple[Interval, ...]
    asked: tuple[tuple[int, Interval, Interval], ...]

    @property
    def count(self) -> int:
        return len(self.sources) * len(self.destinations) * len(self.asked)

    def flow(self, number: int, random: Random) -> Flow:
        """Return a flow of the class, on one of its bounds."""
        number, asked = divmod(number, len(self.asked))
        source, destination = divmod(number, len(self.destinations))
        protocol, source_ports, destination_ports = self.asked[asked]
        return Flow(
            protocol,
            _bound(self.sources[source], random),
            _bound(source_ports, random),
            _bound(self.destinations[destination], random),
            _bound(destination_ports, random),
        )


@dataclass(frozen=True, slots=True)
class Classes:
    """Every class of the flows that a claim may speak of; they are numbered from 0."""

    blocks: tuple[Block, ...]

    @property
    def count(self) -> int:
        return sum(block.count for block in self.blocks)

    def flow(self, number: int, random: Random) -> tuple[Place, Flow]:
        """Return where a flow of the class begins, and one. Raises IndexError where there is no such class."""
        for block in self.blocks:
            if number < block.count:
                return block.origin, block.flow(number, random)
            number -= block.count
        raise IndexError(number)

    def in_turn(self, seed: int) -> Iterator[int]:
        """Yield the number of every class once, far from the one before, in an order that the seed decides."""
        if not self.count:
            return iter(())
        random = Random(seed)
        first = random.randrange(self.count)
        step = next(step for step in iter(lambda: random.randrange(1, self.count + 1), 0) if gcd(step, self.count) == 1)
        return ((first + position * step) % self.count for position in range(self.count))

    def sampled(self, most: int, seed: int) -> Iterator[tuple[Place, Flow]]:
        """Yield a flow of each class in no order, of `most` classes where there are more."""
        random = Random(seed)
        return (self.flow(number, random) for number in islice(self.in_turn(seed), most))


def classes_of(network: Network, claim: Claim, world: World) -> Classes:
    """Return the classes of the flows that begin on the left of `claim` and go to its right, or to public addresses."""
    bounds = bounds_of(network, claim, world)
    public = IntervalSet(tuple(Interval(a, a) for a in sorted(_public_addresses(network, world))))
    asked = {family: tuple(_asked(claim, bounds, family)) for family in Family}
    blocks = []
    for left, right in claim.pairs:
        aimed_at = interval_set(chain(public, *(addresses for _, addresses in right.parts)))
        for origin, sources in left.parts:
            if origin.kind == PlaceKind.PUBLIC.value:
                continue  # where no flow begins
            for family in Family:
                block = Block(
                    origin,
                    tuple(_cut(sources & _EVERY[family], bounds.addresses)),
                    tuple(_cut(aimed_at & _EVERY[family], bounds.addresses)),
                    asked[family],
                )
                blocks += [block] if block.count else []
    return Classes(tuple(blocks))


def bounds_of(network: Network, claim: Claim, world: World) -> Bounds:
    """Return what network, claim and world tell apart."""
    found = _Found(set(), set(), set(), {TCP, UDP, ICMP, *_OTHER_PROTOCOLS})
    found.note(_AZURES_PREFIXES)
    found.destination_ports.update(bound for port in _AZURES_PORTS for bound in (port, port + 1))
    told = as_claimed(network, claim.advertising, world).advertised.values()
    for part in (network, claim.pairs, claim.apart, claim.service, claim.arriving, *told):
        found.note(part)
    for address in _public_addresses(network, world):
        found.addresses.update((address, address + 1))
    for protocol, ports in claim.service.parts:
        _note_ports(ports, found.destination_ports)
        found.protocols.update(() if protocol is None else (protocol,))
    return Bounds(
        tuple(sorted(found.addresses)),
        tuple(sorted(found.destination_ports)),
        tuple(sorted(found.source_ports)),
        frozenset(found.protocols),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    addresses: set[int]
    destination_ports: set[int]
    source_ports: set[int]
    protocols: set[int]

    def note(self, part: object, field: str = "") -> None:
        """Take up the bounds of `part`, which stands in the field of that name."""
        match part:
            case Prefix():
                self.addresses.update((part.value, part.last + 1))
            case IntervalSet() if field in _PORTS:
                # Replies come from the ports that flows go to, so that rules of either look at both.
                _note_ports(part, self.destination_ports)
                _note_ports(part, self.source_ports)
            case IntervalSet():
                self.addresses.update(bound for interval in part for bound in (interval.low, interval.high + 1))
            case bool() | str() | Enum() | Span() | None:
                pass
            case int():
                self._note_number(part, field)
            case Mapping():
                for value in part.values():
                    self.note(value, field)
            case tuple():
                for value in part:
                    self.note(value, field)
            case _ if is_dataclass(part):
                for each in fields(part):
                    self.note(getattr(part, each.name), each.name)

    def _note_number(self, number: int, field: str) -> None:
        if field in _PORT:
            for ports in (self.destination_ports, self.source_ports):
                ports.update((number, number + 1))
        elif field in _PROTOCOL:
            self.protocols.add(number)
        elif field in _ADDRESS:
            self.addresses.update((number, number + 1))


def _public_addresses(network: Network, world: World) -> Iterator[int]:
    """Yield the public addresses of interfaces, frontends and firewalls; those unknown as the world has them."""
    held = [public for machine in network.machines.values() for public in machine.public_addresses]
    held += [nic.public_ipv6 for nic in network.nics() if nic.public_ipv6 is not None]
    held += [f.public_address for one in network.load_balancers.values() for f in one.public_frontends]
    for public in held:
        address = world.addresses.get(public.name) if public.address is None else public.address
        if address is not None:
            yield address


def _asked(claim: Claim, bounds: Bounds, family: Family) -> Iterator[tuple[int, Interval, Interval]]:
    """Yield what flows of the claim's service can ask for: a protocol, source ports and destination ports."""
    nothing = Interval(0, 0)
    from_ports = tuple(_cut(IntervalSet((Interval(0, LAST_PORT),)), bounds.source_ports))
    for named, ports in claim.service.parts:
        named = family.icmp if named == ICMP else named
        spoken = {family.icmp if protocol == ICMP else protocol for protocol in bounds.protocols}
        for protocol in sorted(spoken if named is None else {named}):
            if protocol not in (TCP, UDP):
                if 0 in ports:
                    yield protocol, nothing, nothing
                continue
            for to_ports in _cut(ports, bounds.destination_ports):
                yield from ((protocol, source_ports, to_ports) for source_ports in from_ports)


def _cut(numbers: IntervalSet, firsts: Sequence[int]) -> Iterator[Interval]:
    """Yield the intervals of `numbers`, cut before each of `firsts`, which are sorted."""
    for interval in numbers:
        low = interval.low
        for first in firsts[bisect_right(firsts, low) : bisect_left(firsts, interval.high + 1)]:
            yield Interval(low, first - 1)
            low = first
        yield Interval(low, interval.high)


def _bound(interval: Interval, random: Random) -> int:
    return interval.low if random.random() < 0.5 else interval.high


def _note_ports(ports: IntervalSet, into: set[int]) -> None:
    into.update(bound for interval in ports for bound in (interval.low, interval.high + 1))
