"""Where the effective routes of a subnet lead: what is painted on the line of addresses, the longest prefix last.

Rules R-SYS-1, R-SYS-2, R-SYS-3, R-SYS-4, R-SYS-5, R-SYS-7, R-SYS-10, R-SEL-1, R-SEL-2, R-UDR-2, R-UDR-4, R-UDR-6 and
R-UDR-8; what gateways, Route Servers, groups and service endpoints add is marked as not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.facts import uncertainty
from vnetverify.header import Family, Interval, Prefix, parse_prefix
from vnetverify.matrix.reading import Reading
from vnetverify.matrix.topology import Nobody, Topology
from vnetverify.model.network import NextHopType, Subnet, UserRoute

EVERYTHING = Prefix(0, 0)
_RESERVED = tuple(parse_prefix(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
_FURTHER_BLOCKS = tuple(
    parse_prefix(text)
    for text in ("127.0.0.0/8", "198.18.0.0/15", "25.4.0.0/14", "25.176.0.0/13", "20.35.252.0/22", "104.147.0.0/16",
                 "157.59.0.0/16")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Into:
    """Delivery in `vnet`."""

    vnet: str


@dataclass(frozen=True, slots=True)
class ToAppliance:
    """The next hop `address`, which `vnet` holds."""

    address: int
    vnet: str


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A drop, for what has a private address."""


@dataclass(frozen=True, slots=True)
class Outside:
    """To the Internet, where no private address is."""


@dataclass(frozen=True, slots=True)
class Open:
    """A drop or something else, by what `facts` say."""

    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Beyond:
    """What this reading does not follow."""


Hop = Into | ToAppliance | Nowhere | Outside | Open | Beyond

# Of one prefix the later beats the earlier.
_OUTERMOST, _NEAR, _DROPPED, _LEARNED, _TAGGED, _USER = range(6)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A route as it is painted: `hop` holds on `addresses` unless a later stroke covers them."""

    addresses: Interval
    hop: Hop


@dataclass(frozen=True, slots=True)
class TableKey:
    """What the effective routes of a subnet depend on."""

    vnet: str
    route_table: str | None
    service_endpoints: tuple[str, ...]


def table_key(subnet: Subnet) -> TableKey:
    return TableKey(subnet.vnet, subnet.route_table, subnet.service_endpoints)


def strokes(topology: Topology, reading: Reading, key: TableKey) -> list[Stroke]:
    """Return the routes in the order of painting: the longest prefix last, of one the preferred route (R-SEL-1)."""
    painter = _Painter(topology, reading, key)
    found = sorted(painter.candidates(), key=lambda candidate: (candidate.length, candidate.strength))
    painted = [Stroke(_interval(candidate.prefix), candidate.hop) for candidate in found]
    return painted + [Stroke(_interval(prefix), Beyond()) for prefix in painter.overlaid()]


def _interval(prefix: Prefix) -> Interval:
    return Interval(prefix.value, prefix.last)


def _is_inside(one: Prefix, other: Prefix) -> bool:
    """Hold when all of `one` lies in `other`."""
    return other.value <= one.value and one.last <= other.last


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A route of `length` bits, as far as it concerns `prefix`; of one length the greater `strength` wins."""

    length: int
    strength: int
    prefix: Prefix
    hop: Hop


def _whole(prefix: Prefix, strength: int, hop: Hop) -> _Candidate:
    return _Candidate(prefix.length, strength, prefix, hop)


def _breadth(route: UserRoute) -> int:
    """Return how late a route comes among those of its prefix (R-UDR-4)."""
    if route.service_tag is None:
        return 0
    name, dot, _ = route.service_tag.casefold().partition(".")
    return 1 + 2 * (name == "azurecloud") + (not dot)


@dataclass(frozen=True, slots=True)
class _Painter:
    topology: Topology
    reading: Reading
    key: TableKey

    @property
    def _routes(self) -> tuple[UserRoute, ...]:
        table = self.key.route_table
        routes = () if table is None else self.topology.network.route_tables[table].routes
        return tuple(route for route in routes if route.prefix.family is Family.IPV4)

    def candidates(self) -> Iterator[_Candidate]:
        """Return the routes with their place among those of one prefix."""
        yield _whole(EVERYTHING, _OUTERMOST, Outside())
        yield from self._near()
        yield from self._reserved()
        yield from self._further()
        table = self.key.route_table
        if table is None or self.topology.network.route_tables[table].propagate_gateway_routes:
            yield from (_whole(prefix, _LEARNED, Beyond()) for prefix in self._learned)
        by_breadth = sorted(self._routes, key=_breadth)
        for route in reversed(by_breadth):
            hop = self._user_hop(route)
            if hop is not None:
                yield from self._user(route, hop)

    @property
    def _learned(self) -> tuple[Prefix, ...]:
        return tuple(prefix for prefix in self.topology.learned[self.key.vnet] if prefix.family is Family.IPV4)

    def _space(self, vnet: str) -> tuple[Prefix, ...]:
        space = self.topology.network.vnets[vnet].address_space
        return tuple(prefix for prefix in space if prefix.family is Family.IPV4)

    def _near(self) -> Iterator[_Candidate]:
        """Return the own ranges and those of peers (R-SYS-1, R-SYS-7); of two at one prefix nothing is said."""
        hops: dict[Prefix, Hop] = {}
        for vnet in (self.key.vnet, *self.topology.peers[self.key.vnet]):
            for prefix in self._space(vnet):
                hops[prefix] = Into(vnet) if prefix not in hops else Beyond()
        for vnet in self.topology.uncertain[self.key.vnet]:
            hops.update((prefix, Beyond()) for prefix in self._seen(vnet))
        yield from (_whole(prefix, _NEAR, hop) for prefix, hop in hops.items())

    def _seen(self, vnet: str) -> Iterator[Prefix]:
        """Return all ranges that the tables may have for a network whose joining is not known here."""
        yield from self._space(vnet)
        half = self.topology.halves.get((self.key.vnet, vnet))
        if half is not None and half.remote_space is not None:
            yield from (prefix for prefix in half.remote_space if prefix.family is Family.IPV4)
        for subnet in self.topology.network.vnets[vnet].subnets:
            yield from (prefix for prefix in subnet.prefixes if prefix.family is Family.IPV4)

    def _reserved(self) -> Iterator[_Candidate]:
        """Return the drops of private ranges that nothing removes (R-SYS-3, R-SYS-4, R-SYS-5, R-SYS-6)."""
        if any(route.prefix == EVERYTHING for route in self._routes):
            return
        is_uncertain = bool(self.topology.uncertain[self.key.vnet]) or EVERYTHING in self._learned
        peered = [prefix for peer in self.topology.peers[self.key.vnet] for prefix in self._space(peer)]
        for block in _RESERVED:
            if any(_is_inside(block, own) for own in self._space(self.key.vnet)):
                continue
            if any(_is_inside(block, prefix) and block != prefix for prefix in peered):
                continue
            if is_uncertain:
                yield _whole(block, _DROPPED, Beyond())
                continue
            fact = uncertainty("U-R-SYS-5")
            yielding = self.reading.value(fact) if block in peered else False
            if yielding is None:
                yield _whole(block, _DROPPED, Open(frozenset({str(fact)})))
            elif not yielding:
                yield _whole(block, _DROPPED, Nowhere())

    def _further(self) -> Iterator[_Candidate]:
        """Return the drops of public blocks that no page lists (R-SYS-10)."""
        near = [p for vnet in (self.key.vnet, *self.topology.peers[self.key.vnet]) for p in self._space(vnet)]
        fact = uncertainty("U-R-SYS-10")
        known = self.reading.value(fact)
        for block in _FURTHER_BLOCKS:
            if known is not False and not any(_is_inside(block, prefix) for prefix in near):
                hop: Hop = Open(frozenset({str(fact)})) if known is None else Nowhere()
                yield _whole(block, _OUTERMOST, Beyond() if self.topology.uncertain[self.key.vnet] else hop)

    def _user_hop(self, route: UserRoute) -> Hop | None:
        """Return where a user route leads, None where it is passed over (R-UDR-8)."""
        match route.next_hop:
            case NextHopType.APPLIANCE:
                assert route.next_hop_address is not None
                owner = self.topology.owner(self.key.vnet, route.next_hop_address)
                if owner is Nobody.UNCERTAIN:
                    return Beyond()
                if owner is Nobody.NONE:
                    return self._unconnected()
                return ToAppliance(route.next_hop_address, owner)
            case NextHopType.NONE:
                return Nowhere()
            case NextHopType.INTERNET:
                return Outside()
            case NextHopType.VNET_LOCAL:
                return Nowhere()
            case NextHopType.GATEWAY:
                return Beyond()

    def _unconnected(self) -> Hop | None:
        fact = uncertainty("U-R-UDR-8")
        match self.reading.value(fact):
            case None:
                return Open(frozenset({str(fact)}))
            case True:
                return None
            case False:
                return Nowhere()

    def _user(self, route: UserRoute, hop: Hop) -> Iterator[_Candidate]:
        """Return a user route, with what it means for the ranges near it (R-UDR-6)."""
        strength = _USER if route.service_tag is None else _TAGGED
        yield _whole(route.prefix, strength, hop)
        if route.next_hop in (NextHopType.VNET_LOCAL, NextHopType.INTERNET):
            for prefix, beside in self._beside(route):
                if _is_inside(prefix, route.prefix) or _is_inside(route.prefix, prefix):
                    narrower = max(prefix, route.prefix, key=lambda one: one.length)
                    yield _Candidate(route.prefix.length, strength, narrower, beside)

    def _beside(self, route: UserRoute) -> Iterator[tuple[Prefix, Hop]]:
        """Return the ranges for which such a route may deliver as the system's own would (R-UDR-6)."""
        for vnet in self.topology.uncertain[self.key.vnet]:
            yield from ((prefix, Beyond()) for prefix in self._seen(vnet))
        fact = uncertainty("U-R-UDR-6")
        delivers = self.reading.value(fact)
        if delivers is not False:
            beside: Hop = Beyond() if delivers else Open(frozenset({str(fact)}))
            for peer in self.topology.peers[self.key.vnet]:
                yield from ((prefix, beside) for prefix in self._space(peer))
        if route.next_hop is NextHopType.VNET_LOCAL:
            yield from ((prefix, Into(self.key.vnet)) for prefix in self._space(self.key.vnet))
        elif route.next_hop is NextHopType.INTERNET:
            yield from ((prefix, Outside()) for prefix in self._space(self.key.vnet))

    def overlaid(self) -> Iterator[Prefix]:
        """Return the prefixes of service endpoints, which override what stands there (R-SYS-9, R-SEL-6)."""
        published = {name.casefold(): prefixes for name, prefixes in self.topology.network.service_tags.items()}
        for service in self.key.service_endpoints:
            name = service.casefold()
            prefixes = published.get(name, published.get(name.removeprefix("microsoft."), ()))
            yield from (prefix for prefix in prefixes if prefix.family is Family.IPV4)
