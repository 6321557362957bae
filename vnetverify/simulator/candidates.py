"""The candidates of a subnet's table, whatever the world (R-EFF-1).

Rules R-SYS-1, R-SYS-2, R-SYS-3, R-SYS-4, R-SYS-5, R-SYS-6, R-SYS-7, R-SYS-8, R-SYS-9, R-SYS-10, R-SYS-11, R-SEL-3,
R-SEL-6, R-SEL-7, R-SEL-8, R-UDR-2, R-UDR-4, R-UDR-8, R-GW-6, R-GW-7, R-GW-14, R-GW-15, R-GW-19, R-GW-30, R-PEER-17,
R-PEER-18, R-PEER-19, R-CG-1, R-CG-5 and R-ADDR-6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from vnetverify.facts import uncertainty
from vnetverify.header import EVERY_IPV4, Prefix, parse_prefix
from vnetverify.model.network import BgpPeer, Era, GatewayKind, NextHopType, RouteServer, RouteTable, Subnet, UserRoute
from vnetverify.simulator.addressing import everything, is_inside, is_strictly_inside, point
from vnetverify.simulator.endpoint_routes import endpoint_routes
from vnetverify.simulator.gateways import put_into_tables, servers
from vnetverify.simulator.hops import (
    NEVER,
    SYSTEM_RANK,
    Candidates,
    Clause,
    Condition,
    Hop,
    Limit,
    Origin,
    Route,
    ToAppliance,
    ToGateway,
    ToInternet,
    ToMate,
    ToNowhere,
    ToPeer,
    ToService,
    ToVnet,
    all_of,
    denied,
    not_all_of,
)
from vnetverify.simulator.memory import Remembered
from vnetverify.simulator.peerings import Range
from vnetverify.simulator.route_servers import next_hop_of, prefixes_kept
from vnetverify.simulator.situation import Situation, doubt_of_nearness, is_cut_off, owner, route_servers_for, view

RESERVED = tuple(parse_prefix(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
LISTED_LATER = RESERVED[1]  # no page of the older eras has a None route for it (R-SYS-3)
RESERVED_IPV6 = parse_prefix("fc00::/7")
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


def table_of(situation: Situation, subnet: Subnet) -> RouteTable | None:
    return None if subnet.route_table is None else situation.network.route_tables[subnet.route_table]


def propagates(situation: Situation, subnet: Subnet) -> bool:
    """Hold when gateway routes reach the subnet's table (R-GW-7)."""
    table = table_of(situation, subnet)
    return table is None or table.propagate_gateway_routes


@dataclass(frozen=True, slots=True)
class Table:
    """A subnet's own routes and the ranges that are near it: what every kind of candidate depends on."""

    situation: Situation
    subnet: Subnet
    routes: tuple[UserRoute, ...]
    own: tuple[Prefix, ...]
    peered: tuple[tuple[str, Range], ...]
    grouped: tuple[tuple[str, Prefix], ...]
    endpoints: tuple[tuple[str, Range], ...]

    @property
    def beyond(self) -> tuple[Range, ...]:
        """The ranges of peers and of mates (R-SYS-3, R-SYS-5, R-SYS-10)."""
        return (*(range_ for _, range_ in self.peered), *(Range(prefix) for _, prefix in self.grouped))


_ROUTES: Remembered[str, Candidates] = Remembered()


def candidates(situation: Situation, subnet: Subnet) -> Candidates:
    """Return the subnet's candidates of the situation's family: longest prefix first, then by rank (R-EFF-1)."""
    memory = situation.index.memory.of(_ROUTES)
    if subnet.id not in memory:
        table = table_around(situation, subnet)
        learned = tuple(_learned_routes(table)) if propagates(situation, subnet) else ()
        collected = (*_user_routes(table), *learned, *_system_routes(table, learned))
        memory[subnet.id] = Candidates.of(route for route in collected if route.prefix.family is situation.family)
    return memory[subnet.id]


def table_around(situation: Situation, subnet: Subnet) -> Table:
    """Return what the subnet's candidates depend on."""
    index, vnet, table = situation.index, situation.vnet(subnet.vnet), table_of(situation, subnet)
    return Table(
        situation,
        subnet,
        routes=() if table is None else table.routes,
        own=vnet.address_space,
        peered=tuple(
            (peer, range_)
            for peer in index.peers[vnet.name]
            for range_ in view(situation, vnet.name, peer).ranges_at(subnet.id)
        ),
        grouped=tuple((mate, p) for mate in index.mates[vnet.name] for p in situation.vnet(mate).address_space),
        endpoints=tuple(_endpoint_ranges(situation, subnet)),
    )


def endpoint_prefixes(situation: Situation, subnet: Subnet) -> Iterator[tuple[str, Prefix]]:
    """Return the prefixes of each service endpoint, published under its name or without `Microsoft.` (R-SYS-9)."""
    published = situation.index.published
    for service in subnet.service_endpoints:
        name = service.casefold()
        for prefix in published.get(name, published.get(name.removeprefix("microsoft."), ())):
            yield service, prefix


def _endpoint_ranges(situation: Situation, subnet: Subnet) -> Iterator[tuple[str, Range]]:
    """Yield the prefixes of the endpoints, with the condition of those that another region's may be (R-SYS-9).

    Where tags of the service for single regions are there, that of the network's own tells which ones are sure.
    """
    published, region = situation.index.published, situation.vnet(subnet.vnet).region or ""
    for service, prefix in endpoint_prefixes(situation, subnet):
        tag = service.casefold() if service.casefold() in published else service.casefold().removeprefix("microsoft.")
        near = published.get(f"{tag}.{region.casefold().replace(' ', '')}", ())
        is_sure = prefix in near or not any(name.startswith(f"{tag}.") for name in published)
        yield service, Range(prefix) if is_sure else Range(prefix, (uncertainty("U-R-SYS-9", subnet.vnet, service),))


def _user_routes(table: Table) -> Iterator[Route]:
    """Return the table's own routes (R-UDR-2), explicit prefixes before those of service tags (R-UDR-4)."""
    for number, route in enumerate(table.routes):
        hop = _user_hop(route)
        limits = tuple(_user_limits(table, route, hop))
        rank = (0, _breadth(route.service_tag), number)
        yield Route(route.prefix, Origin.USER, hop, rank, "R-SEL-1", route.span, limits=limits)


def _breadth(service_tag: str | None) -> int:
    """Return how late a route comes among user routes of its prefix, by what names the prefix (R-UDR-4)."""
    if service_tag is None:
        return 0
    name, dot, _ = service_tag.casefold().partition(".")
    return 1 + 2 * (name == "azurecloud") + (not dot)


def _user_limits(table: Table, route: UserRoute, hop: Hop) -> Iterator[Limit]:
    """Return what may keep a user route out of force: a next hop too far away, or a service endpoint."""
    if isinstance(hop, ToAppliance):
        yield from _limits_of_next_hop(table, hop.address)
    for when in dict.fromkeys(range_.when for _, range_ in table.endpoints if is_inside(route.prefix, range_.prefix)):
        overrides: Clause = (*not_all_of(when), (uncertainty("U-R-SEL-6"), True))
        yield Limit(overrides, "a user route does not override a service endpoint (R-SEL-6)", "R-SEL-6")


def _limits_of_next_hop(table: Table, address: int) -> Iterator[Limit]:
    """Return what may keep a route to an appliance out of force: that it is too far away (R-UDR-8)."""
    holder = owner(table.situation, table.subnet.vnet, point(address))
    if holder is not None and is_cut_off(table.situation, table.subnet.vnet, holder):
        holder = None
    ways: Clause = ((uncertainty("U-R-UDR-8"), False),)
    if holder is not None:
        doubt = doubt_of_nearness(table.situation, table.subnet.vnet, holder, point(address))
        ways += () if doubt is None else ((doubt, True),)
    if holder is None or len(ways) > 1:
        yield Limit(ways, "its next hop is not directly connected (R-UDR-8)", "R-UDR-8")


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


# Of one prefix among learned routes: ExpressRoute, then an appliance where it is preferred to VPN, then VPN (R-GW-15).
_EXPRESSROUTE, _PREFERRED_APPLIANCE, _VPN, _APPLIANCE = range(4)


def _learned_routes(table: Table) -> Iterator[Route]:
    """Return the routes of the gateways and Route Servers that serve the vnet (R-SYS-8, R-GW-6, R-GW-15, R-GW-19)."""
    situation, vnet, by_vpn = table.situation, table.subnet.vnet, set()
    for number, gateway in enumerate(servers(situation, vnet)):
        is_vpn = gateway.kind is GatewayKind.VPN
        for entry in put_into_tables(situation, gateway):
            if is_vpn:
                by_vpn.add(entry.prefix)
            yield Route(
                entry.prefix,
                Origin.GATEWAY,
                ToGateway(gateway.name),
                (1, _VPN if is_vpn else _EXPRESSROUTE, number),
                "R-GW-6" if gateway.vnet != vnet else "R-SYS-8",
                gateway.span,
                present=all_of(entry.condition),
                limits=tuple(beside_near_ranges(table, entry.prefix, entry.is_static)),
            )
    yield from _appliance_routes(table, by_vpn)


def _appliance_routes(table: Table, by_vpn: set[Prefix]) -> Iterator[Route]:
    """Return the routes that appliances announce to Route Servers, one a prefix free to be taken (R-GW-19, R-SEL-7)."""
    offers: dict[Prefix, list[tuple[RouteServer, BgpPeer]]] = {}
    for server in route_servers_for(table.situation, table.subnet.vnet):
        for peer, prefix in prefixes_kept(table.situation, server):
            offers.setdefault(prefix, []).append((server, peer))
    for prefix, those in offers.items():
        near = tuple(beside_near_ranges(table, prefix, is_static=False))
        for number, (server, peer) in enumerate(those, 1):
            limits = near if number == len(those) else (*near, _where_chosen(table.subnet, peer))
            hop = ToAppliance(next_hop_of(table.situation, peer))
            limits += tuple(_limits_of_next_hop(table, hop.address))
            for place, present in _places(table, server, prefix in by_vpn):
                rank = (1, place, number)
                yield Route(prefix, Origin.GATEWAY, hop, rank, "R-GW-19", peer.span, present, limits)


def _where_chosen(subnet: Subnet, peer: BgpPeer) -> Limit:
    chosen: Clause = ((uncertainty("U-R-SEL-7", subnet.id, peer.machine), True),)
    return Limit(chosen, "this flow goes to another appliance that announces the prefix (R-SEL-7)", "R-SEL-7")


def _places(table: Table, server: RouteServer, beside_vpn: bool) -> Iterator[tuple[int, Condition]]:
    """Return where an appliance's route comes among learned ones, and when (R-GW-15, R-GW-30)."""
    in_gateway_subnet = table.subnet == table.situation.vnet(server.vnet).gateway_subnet
    present = all_of([uncertainty("U-R-GW-30", server.vnet)] if in_gateway_subnet else [])
    if not beside_vpn:
        yield _APPLIANCE, present
        return
    preferred = uncertainty("U-R-GW-15", server.vnet)
    yield _PREFERRED_APPLIANCE, (*present, ((preferred, True),))
    yield _APPLIANCE, (*present, ((preferred, False),))


def beside_near_ranges(table: Table, prefix: Prefix, is_static: bool) -> Iterator[Limit]:
    """Return when a learned route counts beside each range near the subnet that contains its prefix.

    Rules R-SEL-3, R-SEL-6, R-SEL-8 and R-CG-5.
    """
    redirected = {route.prefix for route in table.routes}
    for shield in (*map(Range, table.own), *(range_ for _, range_ in table.peered)):
        if is_inside(prefix, shield.prefix):
            static = is_static and prefix != shield.prefix
            ways_out = (("U-R-SEL-3", static), ("U-R-SEL-8", shield.prefix in redirected))
            kept = tuple((uncertainty(name), True) for name, possible in ways_out if possible)
            yield Limit((*not_all_of(shield.when), *kept), _LOSES_TO_PEERING, "R-SEL-3")
    if any(is_inside(prefix, range_) for _, range_ in table.grouped):
        yield Limit(((uncertainty("U-R-CG-5"), True),), _LOSES_TO_GROUP, "R-CG-5")
    for _, service in table.endpoints:
        elsewhere = not_all_of(service.when)
        if prefix == service.prefix:
            yield Limit((*elsewhere, (uncertainty("U-R-SEL-6"), True)), _LOSES_TO_SERVICE, "R-SEL-6")
        elif is_inside(prefix, service.prefix):
            longer: Clause = ((uncertainty("U-R-SEL-3"), True),) if is_static else NEVER
            yield Limit((*elsewhere, *longer), _LOSES_TO_SERVICE, "R-SEL-3")


_LOSES_TO_PEERING = "a learned route never beats the own or peered range around it (R-SEL-3)"
_LOSES_TO_GROUP = "a learned route does not beat the range of a connected group around it (R-CG-5)"
_LOSES_TO_SERVICE = "a learned route does not beat the service endpoint around it (R-SEL-3, R-SEL-6)"


def _system_routes(table: Table, learned: tuple[Route, ...]) -> Iterator[Route]:
    """Return the routes that Azure adds by itself (R-SYS-1, R-SYS-2, R-SYS-7, R-SYS-9, R-SYS-11, R-CG-1).

    They are of both families. Of one prefix the first is taken: a `None` route that stays, then own ranges, peers' and
    mates' (R-SYS-5).
    """
    situation, vnet = table.situation, table.situation.vnet(table.subnet.vnet)
    yield from _reserved_routes(table, learned)
    yield from _reserved_ipv6(table)
    for prefix in table.own:
        yield Route(prefix, Origin.SYSTEM, ToVnet(), SYSTEM_RANK, "R-SYS-1", vnet.span)
    for peer, range_ in table.peered:
        span = view(situation, vnet.name, peer).half.span
        present = (*all_of(range_.when), *_unless_by_a_group(table, range_.prefix))
        yield Route(range_.prefix, Origin.SYSTEM, ToPeer(peer), SYSTEM_RANK, "R-SYS-7", span, present)
    yield from endpoint_routes(situation, table.subnet, table_of(situation, table.subnet))
    for number, (mate, prefix) in enumerate(table.grouped):
        is_last = all(prefix != other for _, other in table.grouped[number + 1 :])
        chosen: Condition = () if is_last else all_of((uncertainty("U-R-CG-4", table.subnet.vnet, mate),))
        yield Route(prefix, Origin.SYSTEM, ToMate(mate), SYSTEM_RANK, "R-CG-1", situation.vnet(mate).span, chosen)
    for service, range_ in table.endpoints:
        way, when = ToService(service), all_of(range_.when)
        yield Route(range_.prefix, Origin.SYSTEM, way, SYSTEM_RANK, "R-SYS-9", table.subnet.span, when)
    yield Route(everything(situation.family), Origin.SYSTEM, ToInternet(), SYSTEM_RANK, "R-SYS-2")
    for block in FURTHER_BLOCKS:
        clauses = [not_all_of(range_.when) for range_ in _own_and_beyond(table) if is_inside(block, range_.prefix)]
        if NEVER not in clauses:
            known = ((uncertainty("U-R-SYS-10"), True),)
            yield Route(block, Origin.SYSTEM, ToNowhere(), SYSTEM_RANK, "R-SYS-10", present=(known, *clauses))


def _unless_by_a_group(table: Table, prefix: Prefix) -> Condition:
    """Return on what a peer's range is not given up to a mate's that is the same (R-CG-4, R-CG-5)."""
    mates = dict.fromkeys(mate for mate, other in table.grouped if other == prefix)
    return tuple(((uncertainty("U-R-CG-4", table.subnet.vnet, mate), False),) for mate in mates)


def _own_and_beyond(table: Table) -> tuple[Range, ...]:
    return (*map(Range, table.own), *table.beyond)


def _reserved_routes(table: Table, learned: tuple[Route, ...]) -> Iterator[Route]:
    """Return the `None` routes of the private ranges that nothing removes (R-SYS-3, R-SYS-4, R-SYS-5, R-SYS-6)."""
    if any(route.prefix == EVERY_IPV4 for route in table.routes):
        return
    stay = _unless_learned_default(learned)
    for block in RESERVED:
        if any(is_inside(block, range_) for range_ in table.own):
            continue
        clauses = tuple(_unless_covered(table, block))
        if block == LISTED_LATER and table.situation.network.era is not Era.CURRENT:
            clauses += (((uncertainty("U-R-SYS-10"), True),),)
        if NEVER not in clauses:
            yield Route(block, Origin.SYSTEM, ToNowhere(), SYSTEM_RANK, "R-SYS-3", present=clauses + stay)


def _reserved_ipv6(table: Table) -> Iterator[Route]:
    """Return the `None` route that IPv6 may have of its own; no default route removes it (R-ADDR-6).

    No network has a range around it, since link-local addresses would lie there.
    """
    if any(is_inside(RESERVED_IPV6, range_) for range_ in table.own):
        return
    present = (((uncertainty("U-R-ADDR-6"), False),),)
    yield Route(RESERVED_IPV6, Origin.SYSTEM, ToNowhere(), SYSTEM_RANK, "R-ADDR-6", present=present)


def _unless_covered(table: Table, block: Prefix) -> Iterator[Clause]:
    """Return when ranges of peers and mates leave the `None` route of `block` in force (R-SYS-4, R-SYS-5)."""
    for range_ in table.beyond:
        if is_strictly_inside(block, range_.prefix):
            yield not_all_of(range_.when)
        elif block == range_.prefix:
            yield (*not_all_of(range_.when), (uncertainty("U-R-SYS-5"), False))


def _unless_learned_default(learned: tuple[Route, ...]) -> Condition:
    """Return when no learned 0.0.0.0/0 removes the `None` routes (R-SYS-6)."""
    withdrawn = ((uncertainty("U-R-SYS-6"), True),)
    defaults = (route for route in learned if route.prefix == EVERY_IPV4)
    return tuple(clause for route in defaults for clause in denied((*route.condition, withdrawn)))
