"""Which route carries a packet: effective tables as disjoint pieces of the address space.

A table is read as a relation: a route is taken where its condition and prefix hold and no better
route's do. Since prefixes are nested or disjoint, that is a partition into intervals, each with the
few routes that can apply there in order of preference.

R-SYS-1, R-SYS-2, R-SYS-3, R-SYS-4, R-SYS-5, R-SYS-6, R-SYS-7, R-SYS-8, R-SYS-10, R-EFF-1, R-EFF-2, R-SEL-1,
R-SEL-2, R-SEL-3, R-SEL-4, R-SEL-5, R-SEL-8, R-SEL-9, R-SEL-10, R-UDR-1, R-UDR-2, R-UDR-8, R-GW-7, R-GW-11,
R-GW-12, R-GW-15, R-TRAF-4, R-TRAF-8.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.gateways import Entry, Gateways, contains
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, negate
from vnetverify.header import EVERYWHERE, LAST_ADDRESS, Interval, IntervalSet, Prefix, interval_set, parse_prefix
from vnetverify.model.network import Gateway, GatewayKind, NextHopType, RouteTable, Subnet, UserRoute
from vnetverify.source import Span

RESERVED = tuple(map(parse_prefix, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
FURTHER_BLOCKS = tuple(
    map(
        parse_prefix,
        ("127.0.0.0/8", "198.18.0.0/15", "25.4.0.0/14", "25.176.0.0/13", "20.35.252.0/22", "104.147.0.0/16",
         "157.59.0.0/16"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LocalHop:
    """Deliver in the sender's own network; `by_user` when a user route says so."""

    by_user: bool = False


@dataclass(frozen=True, slots=True)
class PeerHop:
    vnet: str


@dataclass(frozen=True, slots=True)
class InternetHop:
    by_user: bool = False


@dataclass(frozen=True, slots=True)
class NoHop:
    """The packet is dropped."""


@dataclass(frozen=True, slots=True)
class ApplianceHop:
    """Send to the interface that holds `address` in `vnet`, whatever its own routes say (R-UDR-9).

    `vnet` is None where no directly connected network holds it: the packet is dropped (R-UDR-8).
    """

    address: int
    vnet: str | None


@dataclass(frozen=True, slots=True)
class UserGatewayHop:
    pass


@dataclass(frozen=True, slots=True)
class LearnedHop:
    gateway: str


Hop = LocalHop | PeerHop | InternetHop | NoHop | ApplianceHop | UserGatewayHop | LearnedHop


class Class(IntEnum):
    """Classes of routes as R-SEL-2 ranks them for one prefix: greater is taken first."""

    SYSTEM = 0
    GATEWAY = 1
    USER = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that may be in force. `rank` orders candidates of one prefix, greater first."""

    prefix: Prefix
    kind: Class
    hop: Hop
    rule: str
    condition: Term = TRUE
    rank: int = 0
    span: Span | None = None

    @property
    def preference(self) -> tuple[int, int, int]:
        return (self.prefix.length, int(self.kind), self.rank)


@dataclass(frozen=True, slots=True)
class Piece:
    """Addresses that the same candidates contest, the preferred first and the last one unconditional.

    `choices` is empty where no route leads anywhere (R-SEL-10).
    """

    addresses: IntervalSet
    choices: tuple[Candidate, ...]


@dataclass(slots=True)
class Routes:
    """The effective tables of an estate, made once for each network and route table."""

    estate: Estate
    gateways: Gateways
    _pieces: dict[tuple[str, str | None], tuple[Piece, ...]] = field(default_factory=dict)

    def pieces(self, subnet: Subnet) -> tuple[Piece, ...]:
        """Return the partition of all addresses that the effective routes of `subnet` make."""
        name = (subnet.vnet, subnet.route_table)
        if name not in self._pieces:
            self._pieces[name] = partition(self.candidates(subnet))
        return self._pieces[name]

    def table_of(self, subnet: Subnet) -> RouteTable | None:
        return None if subnet.route_table is None else self.estate.network.route_tables.get(subnet.route_table)

    def candidates(self, subnet: Subnet) -> tuple[Candidate, ...]:
        """Return every route that some world has in the table of `subnet` (R-EFF-1)."""
        table = self.table_of(subnet)
        user_routes = () if table is None else table.routes
        learned = self.learned_here(subnet)
        return (
            *self._system(subnet, user_routes, learned),
            *learned,
            *self._user(subnet, user_routes),
        )

    def learned_here(self, subnet: Subnet) -> tuple[Candidate, ...]:
        """Return the gateway routes of `subnet` that its own and peered ranges leave (R-SYS-8, R-GW-7, R-SEL-3)."""
        table = self.table_of(subnet)
        if table is not None and not table.propagate_gateway_routes:
            return ()
        servers = self.gateways.servers(subnet.vnet)
        return tuple(
            Candidate(entry.prefix, Class.GATEWAY, LearnedHop(gateway.name), "R-SYS-8", condition, rank)
            for order, gateway in enumerate(servers)
            for entry in self.gateways.learned(gateway)
            if (condition := all_of(entry.condition, self._survives(entry, subnet, table))) != FALSE
            for rank in (_gateway_rank(gateway, order),)
        )

    def _survives(self, entry: Entry, subnet: Subnet, table: RouteTable | None) -> Term:
        """Hold when no own or peered range that contains the entry displaces it (R-SEL-3, R-SEL-8)."""
        facts = self.gateways.facts
        hidden = set() if table is None else {route.prefix for route in table.routes}
        conditions = []
        for prefix in self._known_ranges(subnet.vnet):
            if contains(prefix, entry.prefix):
                longer = entry.is_static and entry.prefix != prefix
                conditions.append(
                    any_of(
                        facts.holds("U-R-SEL-3") if longer else FALSE,
                        facts.holds("U-R-SEL-8") if prefix in hidden else FALSE,
                    )
                )
        return all_of(*conditions)

    def _known_ranges(self, vnet: str) -> list[Prefix]:
        return [prefix for name in self.estate.direct(vnet) for prefix in self.estate.network.vnets[name].address_space]

    def _system(
        self, subnet: Subnet, user_routes: tuple[UserRoute, ...], learned: tuple[Candidate, ...]
    ) -> Iterable[Candidate]:
        vnets = self.estate.network.vnets
        own = vnets[subnet.vnet].address_space
        peered = [(prefix, name) for name in self.estate.peers(subnet.vnet) for prefix in vnets[name].address_space]
        for prefix in own:
            yield Candidate(prefix, Class.SYSTEM, LocalHop(), "R-SYS-1")
        for prefix, name in peered:
            yield Candidate(prefix, Class.SYSTEM, PeerHop(name), "R-SYS-7")
        yield Candidate(EVERYWHERE, Class.SYSTEM, InternetHop(), "R-SYS-2")
        facts = self.gateways.facts
        known = [*own, *(prefix for prefix, _ in peered)]
        for block in FURTHER_BLOCKS:
            if not any(contains(prefix, block) for prefix in known):
                yield Candidate(block, Class.SYSTEM, NoHop(), "R-SYS-10", facts.holds("U-R-SYS-10"))
        if any(route.prefix == EVERYWHERE for route in user_routes):
            return
        no_default = all_of(
            *(
                negate(all_of(route.condition, facts.holds("U-R-SYS-6")))
                for route in learned
                if route.prefix == EVERYWHERE
            )
        )
        for block in RESERVED:
            if any(contains(prefix, block) for prefix in own):
                continue
            if any(contains(prefix, block) and prefix != block for prefix, _ in peered):
                continue
            contested = any(prefix == block for prefix, _ in peered)
            condition = all_of(no_default, negate(facts.holds("U-R-SYS-5")) if contested else TRUE)
            yield Candidate(block, Class.SYSTEM, NoHop(), "R-SYS-3", condition, rank=1)

    def _user(self, subnet: Subnet, routes: tuple[UserRoute, ...]) -> Iterable[Candidate]:
        for route in routes:
            hop = self._user_hop(subnet, route)
            condition = TRUE
            if isinstance(hop, ApplianceHop) and hop.vnet is None:
                condition = negate(self.gateways.facts.holds("U-R-UDR-8"))
            rule = "R-SEL-4" if hop != NoHop() else "R-UDR-6"
            yield Candidate(route.prefix, Class.USER, hop, rule, condition, span=route.span)

    def _user_hop(self, subnet: Subnet, route: UserRoute) -> Hop:
        match route.next_hop:
            case NextHopType.VNET_LOCAL:
                return LocalHop(by_user=True)
            case NextHopType.INTERNET:
                return InternetHop(by_user=True)
            case NextHopType.NONE:
                return NoHop()
            case NextHopType.GATEWAY:
                return UserGatewayHop()
            case NextHopType.APPLIANCE:
                if route.next_hop_address is None:
                    return NoHop()
                owner = self.estate.owner(subnet.vnet, route.next_hop_address)
                return ApplianceHop(route.next_hop_address, owner)


def _gateway_rank(gateway: Gateway, order: int) -> int:
    """Rank learned routes of one prefix: ExpressRoute first (R-GW-15), then as declared."""
    return (1000 if gateway.kind is GatewayKind.EXPRESSROUTE else 0) - order


def partition(candidates: Iterable[Candidate]) -> tuple[Piece, ...]:
    """Return disjoint pieces that cover all addresses, those with the same choices joined."""
    by_preference = sorted(candidates, key=lambda candidate: candidate.preference, reverse=True)
    cuts = sorted({0, *(cut for c in by_preference for cut in (c.prefix.value, c.prefix.last + 1))})
    if cuts[-1] > LAST_ADDRESS:
        cuts.pop()
    choices: list[list[Candidate]] = [[] for _ in cuts]
    settled = [False] * len(cuts)
    for candidate in by_preference:
        for index in range(bisect_left(cuts, candidate.prefix.value), bisect_right(cuts, candidate.prefix.last)):
            if not settled[index]:
                choices[index].append(candidate)
                settled[index] = candidate.condition == TRUE
    joined: dict[tuple[Candidate, ...], list[Interval]] = {}
    for index, low in enumerate(cuts):
        high = cuts[index + 1] - 1 if index + 1 < len(cuts) else LAST_ADDRESS
        joined.setdefault(tuple(choices[index]), []).append(Interval(low, high))
    return tuple(Piece(interval_set(intervals), chosen) for chosen, intervals in joined.items())
