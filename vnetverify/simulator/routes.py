"""The effective routes of a subnet and the one that carries a packet (R-SYS-1..10, R-SEL-1..8, R-UDR-2, R-UDR-8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import assert_never

from vnetverify.header import EVERYWHERE, Interval, Prefix, address_text, parse_prefix
from vnetverify.model.network import GatewayKind, Network, NextHopType, RouteTable, Subnet, UserRoute, Vnet
from vnetverify.rules import Uncertainty, World, uncertainty
from vnetverify.simulator.addressing import covers, is_inside, is_strictly_inside, point
from vnetverify.simulator.gateways import Entry, entries_of, servers
from vnetverify.simulator.situation import Situation, owner, situation_of
from vnetverify.source import NOWHERE, Span

RESERVED = tuple(parse_prefix(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
FURTHER_BLOCKS = tuple(
    parse_prefix(text)
    for text in (
        "127.0.0.0/8",
        "198.18.0.0/15",
        "25.4.0.0/14",
        "25.176.0.0/13",
        "20.35.252.0/22",
        "104.147.0.0/16",
        "157.59.0.0/16",
    )
)

Literal = tuple[Uncertainty, bool]
# Holds when each clause has a literal that is so; the empty clause never is.
Condition = tuple[tuple[Literal, ...], ...]
ALWAYS: Condition = ()


class Origin(Enum):
    """Where a route comes from, in Azure's words."""

    SYSTEM = "Default"
    GATEWAY = "VirtualNetworkGateway"
    USER = "User"


@dataclass(frozen=True, slots=True)
class ToVnet:
    """Delivery inside the sender's own vnet."""


@dataclass(frozen=True, slots=True)
class ToPeer:
    vnet: str


@dataclass(frozen=True, slots=True)
class ToAppliance:
    address: int


@dataclass(frozen=True, slots=True)
class ToGateway:
    """`name` is None for a user route, which names no gateway."""

    name: str | None


@dataclass(frozen=True, slots=True)
class ToInternet:
    """Out, where an egress method exists."""


@dataclass(frozen=True, slots=True)
class ToNowhere:
    """Azure's next hop `None`: dropped."""


Hop = ToVnet | ToPeer | ToAppliance | ToGateway | ToInternet | ToNowhere


@dataclass(frozen=True, slots=True)
class Route:
    """A candidate: in the subnet's table iff `present`, and free to be selected iff also `usable`.

    `rank` orders candidates of one prefix, smaller first (R-SEL-2, R-GW-15); `limit` says why it may be unusable.
    """

    prefix: Prefix
    origin: Origin
    hop: Hop
    rank: tuple[int, ...]
    rule: str
    span: Span = NOWHERE
    present: Condition = ALWAYS
    usable: Condition = ALWAYS
    limit: str = ""

    def __str__(self) -> str:
        return f"{self.prefix} {hop_text(self.hop)}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The route that carries a packet, None when there is none, and each loser with the reason."""

    route: Route | None
    lost: tuple[tuple[Route, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EffectiveRoute:
    """One line of the effective route table as Azure shows it; `why` says why an invalid route lost."""

    prefix: Prefix
    source: str
    hop_type: str
    next_hop: str
    state: str
    why: str
    span: Span
    rule: str


def hop_text(hop: Hop) -> str:
    """Return how a story speaks of the hop."""
    match hop:
        case ToVnet():
            return "inside the vnet"
        case ToPeer(vnet):
            return f"via peering with {vnet}"
        case ToAppliance(address):
            return f"via appliance {address_text(address)}"
        case ToGateway(None):
            return "via the virtual network gateway"
        case ToGateway(name):
            return f"via gateway {name}"
        case ToInternet():
            return "to the Internet"
        case ToNowhere():
            return "to nowhere"
        case _:
            assert_never(hop)


def select_route(network: Network, subnet_id: str, destination: int, world: World) -> Selection:
    """Return the route that carries packets from the subnet to `destination`, with the losers (R-SEL-1, R-SEL-2)."""
    situation = situation_of(network, world)
    return selection(situation, situation.index.subnets[subnet_id], point(destination))


def selection(situation: Situation, subnet: Subnet, destination: Interval) -> Selection:
    """Return the best candidate that covers `destination` and that the world admits (R-SEL-1, R-SEL-2, R-GW-15)."""
    lost: list[tuple[Route, str]] = []
    ordered = candidates(situation, subnet)
    for number, route in enumerate(ordered):
        if not covers(route.prefix, destination) or not is_so(situation, route.present):
            continue
        if is_so(situation, route.usable):
            return Selection(route, (*lost, *_beaten(route, ordered[number + 1 :], destination)))
        lost.append((route, route.limit))
    return Selection(None, tuple(lost))


def _beaten(winner: Route, behind: tuple[Route, ...], destination: Interval) -> Iterator[tuple[Route, str]]:
    """Return the routes `behind` the winner that are surely there and cover all of `destination`, for the reader."""
    for route in behind:
        if route.present == ALWAYS and route.prefix.value <= destination.low and destination.high <= route.prefix.last:
            yield route, why_beaten(route, winner)


def why_beaten(route: Route, winner: Route) -> str:
    """Return why `route` loses against `winner`, which covers the same address (R-SEL-1, R-SEL-2, R-GW-15)."""
    if route.prefix.length < winner.prefix.length:
        return "a longer prefix wins"
    if route.origin is not winner.origin:
        return f"a {_ORIGIN_WORDS[winner.origin]} route wins over a {_ORIGIN_WORDS[route.origin]} route"
    if route.origin is Origin.GATEWAY:
        return "ExpressRoute wins over VPN, then the gateway declared first"
    return "the route listed first wins"


_ORIGIN_WORDS = {Origin.SYSTEM: "system", Origin.GATEWAY: "gateway", Origin.USER: "user"}


def is_so(situation: Situation, condition: Condition) -> bool:
    """Hold when the world makes some literal of each clause so."""
    return all(any(situation.holds(fact) is value for fact, value in clause) for clause in condition)


def _denied(condition: Condition) -> Condition:
    """Return the condition that holds when `condition` does not."""
    return tuple(tuple((fact, not value) for fact, value in choice) for choice in product(*condition))


def table_of(situation: Situation, subnet: Subnet) -> RouteTable | None:
    return None if subnet.route_table is None else situation.network.route_tables[subnet.route_table]


def propagates(situation: Situation, subnet: Subnet) -> bool:
    """Hold when gateway routes reach the subnet's table (R-GW-7)."""
    table = table_of(situation, subnet)
    return table is None or table.propagate_gateway_routes


def candidates(situation: Situation, subnet: Subnet) -> tuple[Route, ...]:
    """Return the subnet's candidates, whatever the world: longest prefix first, then by rank (R-EFF-1)."""
    memory = situation.index.memory.routes
    if subnet.id not in memory:
        table = table_of(situation, subnet)
        user = tuple(_user_routes(situation, subnet, table))
        gateway = tuple(_gateway_routes(situation, subnet, table))
        system = tuple(_system_routes(situation, subnet, table, gateway))
        memory[subnet.id] = tuple(
            sorted((*user, *gateway, *system), key=lambda route: (-route.prefix.length, route.prefix.value, route.rank))
        )
    return memory[subnet.id]


def _user_routes(situation: Situation, subnet: Subnet, table: RouteTable | None) -> Iterator[Route]:
    """Return the table's routes (R-UDR-2); one whose appliance is not directly connected may be skipped (R-UDR-8)."""
    for number, route in enumerate(table.routes if table else ()):
        hop = _user_hop(route)
        lost = isinstance(hop, ToAppliance) and owner(situation, subnet.vnet, point(hop.address)) is None
        usable: Condition = (((uncertainty("U-R-UDR-8"), False),),) if lost else ALWAYS
        limit = "its next hop is not directly connected (R-UDR-8)" if lost else ""
        yield Route(route.prefix, Origin.USER, hop, (0, number), "R-SEL-1", route.span, usable=usable, limit=limit)


def _user_hop(route: UserRoute) -> Hop:
    match route.next_hop:
        case NextHopType.VNET_LOCAL:
            return ToVnet()
        case NextHopType.APPLIANCE:
            assert route.next_hop_address is not None
            return ToAppliance(route.next_hop_address)
        case NextHopType.GATEWAY:
            return ToGateway(None)
        case NextHopType.INTERNET:
            return ToInternet()
        case NextHopType.NONE:
            return ToNowhere()
        case _:
            assert_never(route.next_hop)


def _gateway_routes(situation: Situation, subnet: Subnet, table: RouteTable | None) -> Iterator[Route]:
    """Return the routes learned from the gateways that serve the vnet (R-SYS-8, R-GW-6, R-GW-7, R-GW-15)."""
    if table is not None and not table.propagate_gateway_routes:
        return
    shields = _near_ranges(situation, situation.vnet(subnet.vnet))
    redirected = {route.prefix for route in table.routes} if table else set()
    for number, gateway in enumerate(servers(situation, subnet.vnet)):
        rank = (1, 0 if gateway.kind is GatewayKind.EXPRESSROUTE else 1, number)
        for entry in entries_of(situation, gateway):
            yield Route(
                entry.prefix,
                Origin.GATEWAY,
                ToGateway(gateway.name),
                rank,
                "R-GW-6" if gateway.vnet != subnet.vnet else "R-SYS-8",
                gateway.span,
                present=tuple(((fact, True),) for fact in entry.condition),
                usable=_beside_near_ranges(entry, shields, redirected),
                limit="a learned route never beats the own or peered range around it (R-SEL-3)",
            )


def _beside_near_ranges(entry: Entry, shields: tuple[Prefix, ...], redirected: set[Prefix]) -> Condition:
    """Return when a learned route counts beside each own or peered range that contains it (R-SEL-3, R-SEL-8)."""
    clauses: list[tuple[Literal, ...]] = []
    for shield in shields:
        if is_inside(entry.prefix, shield):
            static = entry.is_static and entry.prefix != shield
            ways_out = (("U-R-SEL-3", static), ("U-R-SEL-8", shield in redirected))
            clauses.append(tuple((uncertainty(name), True) for name, possible in ways_out if possible))
    return tuple(clauses)


def _near_ranges(situation: Situation, vnet: Vnet) -> tuple[Prefix, ...]:
    """Return the ranges of the vnet and of those it has a usable peering with."""
    names = (vnet.name, *situation.index.peers[vnet.name])
    return tuple(prefix for name in names for prefix in situation.vnet(name).address_space)


def _system_routes(
    situation: Situation, subnet: Subnet, table: RouteTable | None, gateway: tuple[Route, ...]
) -> Iterator[Route]:
    """Return the routes that Azure adds by itself (R-SYS-1, R-SYS-2, R-SYS-7)."""
    vnet = situation.vnet(subnet.vnet)
    for prefix in vnet.address_space:
        yield Route(prefix, Origin.SYSTEM, ToVnet(), (2, 1), "R-SYS-1", vnet.span)
    for peer in situation.index.peers[vnet.name]:
        half_span = situation.index.halves[vnet.name, peer].span
        for prefix in situation.vnet(peer).address_space:
            yield Route(prefix, Origin.SYSTEM, ToPeer(peer), (2, 1), "R-SYS-7", half_span)
    yield Route(EVERYWHERE, Origin.SYSTEM, ToInternet(), (2, 2), "R-SYS-2")
    yield from _reserved_routes(situation, vnet, table, gateway)
    near = _near_ranges(situation, vnet)
    for block in FURTHER_BLOCKS:
        if not any(is_inside(block, range_) for range_ in near):
            known: Condition = (((uncertainty("U-R-SYS-10"), True),),)
            yield Route(block, Origin.SYSTEM, ToNowhere(), (2, 2), "R-SYS-10", present=known)


def _reserved_routes(
    situation: Situation, vnet: Vnet, table: RouteTable | None, gateway: tuple[Route, ...]
) -> Iterator[Route]:
    """Return the `None` routes of the private ranges that nothing removes (R-SYS-3..6)."""
    if table is not None and any(route.prefix == EVERYWHERE for route in table.routes):
        return
    stay = _unless_learned_default(gateway)
    peered = tuple(p for peer in situation.index.peers[vnet.name] for p in situation.vnet(peer).address_space)
    for block in RESERVED:
        if any(is_inside(block, range_) for range_ in vnet.address_space):
            continue
        if any(is_strictly_inside(block, range_) for range_ in peered):
            continue
        tied: Condition = (((uncertainty("U-R-SYS-5"), False),),) if block in peered else ALWAYS
        yield Route(block, Origin.SYSTEM, ToNowhere(), (2, 0), "R-SYS-3", present=tied + stay)


def _unless_learned_default(gateway: tuple[Route, ...]) -> Condition:
    """Return when no learned 0.0.0.0/0 removes the `None` routes (R-SYS-6)."""
    withdrawn = ((uncertainty("U-R-SYS-6"), True),)
    defaults = (route for route in gateway if route.prefix == EVERYWHERE)
    return tuple(clause for route in defaults for clause in _denied((*route.present, *route.usable, withdrawn)))


def effective_routes(network: Network, subnet_id: str, world: World) -> tuple[EffectiveRoute, ...]:
    """Return the subnet's table as Azure shows it, by prefix and then the active route first (R-EFF-1)."""
    situation = situation_of(network, world)
    subnet = situation.index.subnets[subnet_id]
    lines: list[EffectiveRoute] = []
    active: dict[Prefix, Route] = {}
    for route in candidates(situation, subnet):
        if not is_so(situation, route.present):
            continue
        winner = active.get(route.prefix)
        if winner is not None and winner.hop == route.hop:
            continue
        if not is_so(situation, route.usable):
            why = route.limit
        elif winner is None:
            active[route.prefix], why = route, ""
        else:
            why = why_beaten(route, winner)
        lines.append(_line(situation, subnet, route, why))
    return tuple(sorted(lines, key=lambda line: (line.prefix, line.state)))


def _line(situation: Situation, subnet: Subnet, route: Route, why: str) -> EffectiveRoute:
    hop_type, next_hop = _as_azure_shows(situation, subnet, route.hop)
    state = "Invalid" if why else "Active"
    return EffectiveRoute(route.prefix, route.origin.value, hop_type, next_hop, state, why, route.span, route.rule)


def _as_azure_shows(situation: Situation, subnet: Subnet, hop: Hop) -> tuple[str, str]:
    """Return the hop's type in Azure's words and the name or address of what it leads to."""
    match hop:
        case ToVnet():
            return "VnetLocal", ""
        case ToPeer(vnet):
            same_region = situation.vnet(vnet).region == situation.vnet(subnet.vnet).region
            return ("VNetPeering" if same_region else "VNetGlobalPeering"), vnet
        case ToAppliance(address):
            return "VirtualAppliance", address_text(address)
        case ToGateway(name):
            return "VirtualNetworkGateway", name or ""
        case ToInternet():
            return "Internet", ""
        case ToNowhere():
            return "None", ""
        case _:
            assert_never(hop)
