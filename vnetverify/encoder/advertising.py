"""What a site may advertise by BGP while a claim is judged: any prefixes inside those that the claim gives.

I-WHATEVER, R-GW-8.

Of all that a site may announce, only the prefixes around addresses that a packet carries can matter to it. So for each
such address, length and connection there is a symbol: this prefix is announced. Symbols of two addresses are equal
where their prefixes are. They are chosen with the flow and are no open facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from vnetverify.encoder.facts import Facts
from vnetverify.encoder.terms import Script, Term, all_of, any_of, negate
from vnetverify.facts import Uncertainty
from vnetverify.header import (
    FIRST_IPV6,
    Family,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    addresses_of,
    interval_set,
)
from vnetverify.model.intents import Advertising
from vnetverify.model.network import Connection, Gateway, GatewayKind, Network

Value = Callable[[Term], int]
"""The value that a model gives to a bit-vector symbol."""


@dataclass(frozen=True, slots=True)
class Around:
    """The prefix of `length` bits around the address that the term `address` stands for."""

    address: Term
    length: int

    def prefix(self, family: Family, value: Value) -> Prefix:
        """Return the prefix itself where terms have these values."""
        number = int(self.address.replace("#", "0"), 0) if self.address.startswith("#x") else value(self.address)
        return around(number | (FIRST_IPV6 if family is Family.IPV6 else 0), family, self.length)

    def __str__(self) -> str:
        if self.address == _NOWHERE:
            return "/0"
        if self.address.startswith("#x"):
            digits = self.address[2:]
            return f"/{self.length} around {address_text(int(digits, 16) | (FIRST_IPV6 if len(digits) == 32 else 0))}"
        return f"/{self.length} around the {_ENDS.get(self.address, f'address {self.address}')}"


_NOWHERE = "#x0"  # the address around which the prefix of no bits lies, one for all
_ENDS = {"src": "source", "dst": "destination"}


def place_of(address: Term, length: int) -> Around:
    """Return the prefix of `length` bits around `address`."""
    return Around(address if length else _NOWHERE, length)


def around(address: int, family: Family, length: int) -> Prefix:
    """Return the prefix of `length` bits that holds `address`."""
    host_bits = family.bits - length
    return Prefix(address >> host_bits << host_bits, length)


@dataclass(frozen=True, slots=True)
class Advertised:
    """What a model says of announcements: by symbol, the prefix that a connection announces and the doubtful facts
    about such prefixes, each with the symbols of the announcements that raise it."""

    family: Family = Family.IPV4
    within: tuple[Prefix, ...] = ()
    announced: Mapping[Term, tuple[str, Around]] = field(default_factory=dict)
    facts: Mapping[Term, tuple[Around, tuple[Term, ...]]] = field(default_factory=dict)

    def prefixes(self, value: Value) -> dict[str, tuple[Prefix, ...]]:
        """Return what each connection announces, where that is anything the claim allows."""
        found: dict[str, set[Prefix]] = {}
        for symbol, (connection, place) in self.announced.items():
            if value(symbol):
                prefix = place.prefix(self.family, value)
                if any(
                    outer.length <= prefix.length and prefix.value <= outer.last and outer.value <= prefix.last
                    for outer in self.within
                ):
                    found.setdefault(connection, set()).add(prefix)
        return {connection: tuple(sorted(prefixes)) for connection, prefixes in found.items()}

    def told(self, announced: Mapping[str, tuple[Prefix, ...]], value: Value) -> dict[Term, bool]:
        """Return what a world's announcements say of each symbol."""
        return {
            symbol: place.prefix(self.family, value) in announced.get(connection, ())
            for symbol, (connection, place) in self.announced.items()
        }

    def named(self, symbol: Term, fact: Uncertainty, value: Value) -> Uncertainty:
        """Return `fact` about the prefix that it turned out to be about."""
        if symbol not in self.facts:
            return fact
        place, _ = self.facts[symbol]
        return replace(fact, about=(fact.about[0], str(place.prefix(self.family, value))))

    def settles(self, symbol: Term, is_listed: bool, value: Value) -> bool:
        """Tell whether this fact's value is the world's: nobody asks where no announcement raises it, and of a prefix
        that is listed without announcements those facts speak, but for a default route."""
        place, raised_by = self.facts[symbol]
        return any(value(announced) for announced in raised_by) and not (is_listed and place.length)


@dataclass(frozen=True, slots=True)
class Cell:
    """Addresses that no boundary parts which could matter to an announcement; the shortest that can be announced."""

    addresses: IntervalSet
    shortest: int

    @property
    def first(self) -> int:
        return self.addresses.intervals[0].low


@dataclass(slots=True)
class Announcing:
    """The symbols for what the claim's site announces; none where a claim leaves that as it is declared."""

    script: Script
    facts: Facts
    network: Network
    advertising: Advertising | None
    family: Family
    _announced: dict[Term, tuple[str, Around]] = field(default_factory=dict)
    _symbols: dict[tuple[str, Around], Term] = field(default_factory=dict)
    _doubts: dict[Term, tuple[Around, tuple[Term, ...]]] = field(default_factory=dict)
    _cells: tuple[Cell, ...] | None = None

    @property
    def site(self) -> str | None:
        return None if self.advertising is None else self.advertising.site

    @property
    def chosen(self) -> Advertised:
        within = () if self.advertising is None else self.advertising.within
        return Advertised(self.family, within, dict(self._announced), dict(self._doubts))

    def is_open(self, connection: Connection) -> bool:
        """Tell whether the claim lets anything be announced by this connection: by BGP alone (R-GW-8)."""
        if self.advertising is None or connection.site != self.advertising.site:
            return False
        gateway = self.network.gateways[connection.gateway]
        return connection.bgp or gateway.kind is GatewayKind.EXPRESSROUTE

    def connections(self) -> list[tuple[Connection, Gateway]]:
        """Return the connections by which the site announces what it likes, each with its gateway."""
        open_ones = (connection for connection in self.network.connections if self.is_open(connection))
        return [(connection, self.network.gateways[connection.gateway]) for connection in open_ones]

    def is_announced(self, connection: str, address: Term, length: int) -> Term:
        """Hold when the prefix of `length` around `address`, which the claim allows, is announced by `connection`."""
        place = place_of(address, length)
        symbol = self._symbols.get((connection, place))
        if symbol is None:
            symbol = self.script.declare(f"a{len(self._symbols)}")
            self._symbols[connection, place] = symbol
            self._announced[symbol] = (connection, place)
        return symbol

    def holds(self, question: str, subnet: str, place: Around, raised_by: Iterable[Term], *, documented: bool) -> Term:
        """Return the term that is true iff the fact about this subnet and prefix is.

        Nobody asks but where one of the announcements `raised_by` is made.
        """
        symbol = self.facts.holds(question, subnet, f"the {place}", documented=documented)
        _, known = self._doubts.get(symbol, (place, ()))
        self._doubts[symbol] = (place, tuple(dict.fromkeys((*known, *raised_by))))
        return symbol

    def premise(self) -> Term:
        """Hold when equal prefixes are announced, and doubted, alike."""
        same: list[Term] = []
        told: dict[tuple[str, str, int], list[tuple[Term, Term]]] = {}
        for symbol, (connection, place) in self._announced.items():
            told.setdefault(("", connection, place.length), []).append((symbol, place.address))
        for symbol, (place, _) in self._doubts.items():
            fact = self.facts.asked[symbol]
            told.setdefault((fact.question, fact.about[0], place.length), []).append((symbol, place.address))
        for (*_, length), symbols in told.items():
            for index, (one, here) in enumerate(symbols):
                for other, there in symbols[index + 1 :]:
                    same.append(any_of(negate(self._shares(here, there, length)), f"(= {one} {other})"))
        return all_of(*same)

    def _shares(self, one: Term, other: Term, length: int) -> Term:
        """Hold when two addresses have the first `length` bits in common."""
        low = self.family.bits - length
        return f"(= {_leading(one, self.family.bits, low)} {_leading(other, self.family.bits, low)})"

    def cells(self) -> tuple[Cell, ...]:
        """Return the addresses that can be announced, parted where a gateway's own network begins or ends (R-GW-14)."""
        if self._cells is None:
            self._cells = tuple(self._parted())
        return self._cells

    def _parted(self) -> Iterator[Cell]:
        within = () if self.advertising is None else self.advertising.within
        vnets = {gateway.vnet for gateway in self.network.gateways.values()}
        own = [prefix for name in sorted(vnets) for prefix in self.network.vnets[name].address_space]
        zone = addresses_of(within)
        cuts = {cut for prefix in (*within, *own) for cut in (prefix.value, prefix.last + 1)}
        joined: dict[tuple[int, tuple[Prefix, ...]], list[Interval]] = {}
        for interval in zone:
            inner = sorted(cut for cut in cuts if interval.low < cut <= interval.high)
            for low, high in zip((interval.low, *inner), (*(cut - 1 for cut in inner), interval.high), strict=True):
                around_it = tuple(prefix for prefix in own if prefix.value <= low <= prefix.last)
                shortest = min(prefix.length for prefix in within if prefix.value <= low <= prefix.last)
                joined.setdefault((shortest, around_it), []).append(Interval(low, high))
        for (shortest, _), intervals in joined.items():
            yield Cell(interval_set(intervals), shortest)


def _leading(term: Term, width: int, low: int) -> Term:
    return term if low == 0 else f"((_ extract {width - 1} {low}) {term})"
