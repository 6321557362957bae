"""What sites may announce where a partial world leaves that open: facts of the walk, one for each place that asks.

Rules I-WHATEVER, R-GW-2, R-GW-8, R-GW-14, R-GW-16, R-GW-17, R-SYS-6, R-SYS-8, R-SEL-3 and F-TAG-7.

In such a world the network itself announces nothing by the connections that are open. Wherever something that a gateway
learned could decide, a fact says whether what is announced around the address does: in each world of a flow it does or
does not, and with the fact as it is there the walk is that of the flow in that world. Facts of two places may be so
together in no world; a region is then in question although it holds no flow, which can only lose proofs.
"""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.header import Interval, IntervalSet, Prefix, address_text, addresses_of
from vnetverify.model.network import Gateway, GatewayKind, Subnet
from vnetverify.simulator.addressing import Field, covers, everything, is_inside, lies_in, only
from vnetverify.simulator.candidates import RESERVED, Table, beside_near_ranges, propagates, table_around
from vnetverify.simulator.doubted import those
from vnetverify.simulator.gateways import (
    beyond_edge,
    choose_way,
    entries_of,
    neighbours,
    servers,
    spread,
    ways_of,
)
from vnetverify.simulator.hops import Origin, Route, ToGateway, ToNowhere, obstacle
from vnetverify.simulator.route_servers import joined_gateways
from vnetverify.simulator.situation import Situation
from vnetverify.simulator.ways import Way, circuit_to


def ways_heard(situation: Situation, gateway: Gateway) -> tuple[Way, ...]:
    """Return the ways by which the gateway may learn what is announced: of the site itself, over tunnels (R-GW-17), or
    of another on its circuit that a Route Server joins to one of these (R-GW-16, R-GW-18).

    None unless the world leaves open what is announced.
    """
    announcing = situation.world.announcing
    if not announcing:
        return ()
    open_ends = those(situation.index.connections, lambda end: end.name in announcing)
    hearers = [situation.network.gateways[end.gateway] for end in open_ends]
    hearers += [joined for hearer in hearers for joined in joined_gateways(situation, hearer)]
    told = {hearer.name for hearer in hearers if hearer.kind is GatewayKind.VPN}
    joined = neighbours(situation, bgp_alone=False)
    learners = spread(set(), told, joined, joined.keys() - {gateway.name})
    ways = ways_of(situation, gateway)
    others = [
        o
        for o, _ in beyond_edge(situation, gateway)
        if any(ways_heard(situation, j) for j in joined_gateways(situation, o))
    ]
    heard = (way for way in ways if way.name in announcing or way.remote_gateway in learners)
    return (*heard, *(circuit_to(other.name) for other in others))


def decides(situation: Situation, address: Interval, kind: str, *about: str) -> bool:
    """Hold when what is announced around `address` decides, as a fact says; never where nothing there may be.

    Raises `Mixed` and `Undetermined`.
    """
    if not lies_in(address, _open_addresses(situation)):
        return False
    named = address.name if isinstance(address, Field) else address_text(only(address))
    return situation.holds(Uncertainty(f"ANNOUNCED-{kind}", (*about, named)))


def _open_addresses(situation: Situation) -> IntervalSet:
    return addresses_of(prefix for within in situation.world.announcing.values() for prefix in within)


def way_chosen(situation: Situation, gateway: Gateway, destination: Interval, but: Way | None = None) -> Way | None:
    """Return the way by which the gateway sends, one that it learned of what is announced or declared, not `but`."""
    besides = () if but is None else (f"not {but.name}",)
    for way in ways_heard(situation, gateway):
        if (but is None or way.name != but.name) and decides(
            situation, destination, "WAY", gateway.name, way.name, *besides
        ):
            return way
    entries = (entry for entry in entries_of(situation, gateway) if but is None or entry.way.name != but.name)
    return choose_way(situation, gateway, entries, destination)


def hears(situation: Situation, vnet: str) -> Iterator[Gateway]:
    """Yield the gateways that serve `vnet` and may learn what is announced."""
    return (gateway for gateway in servers(situation, vnet) if ways_heard(situation, gateway))


def has_announced_default(situation: Situation, subnet: Subnet) -> bool:
    """Hold when the subnet has a default route that a site announces, as a fact says (R-SYS-6)."""
    default = everything(situation.family)
    within = (prefix for prefixes in situation.world.announcing.values() for prefix in prefixes)
    if default not in within or not propagates(situation, subnet) or not any(hears(situation, subnet.vnet)):
        return False
    return situation.holds(Uncertainty("ANNOUNCED-DEFAULT", (subnet.id,)))


def is_withdrawn(situation: Situation, subnet: Subnet, route: Route) -> bool:
    """Hold when the route is one of Azure's `None` routes, which an announced default route removes (R-SYS-6)."""
    if not situation.world.announcing or route.prefix not in RESERVED or route.origin is not Origin.SYSTEM:
        return False
    return (
        isinstance(route.hop, ToNowhere)
        and has_announced_default(situation, subnet)
        and situation.holds(uncertainty("U-R-SYS-6"))
    )


def announced_route(
    situation: Situation, subnet: Subnet, destination: Interval, declared: Route, *mode: str
) -> Route | None:
    """Return a route to a gateway that beats the `declared` one in the subnet since a site announces its prefix.

    None where none does. `mode` tells apart selections among other candidates.
    """
    if not propagates(situation, subnet):
        return None
    for gateway in servers(situation, subnet.vnet):
        ways = ways_heard(situation, gateway)
        if not ways or not lies_in(destination, _open_addresses(situation)):
            continue
        table = table_around(situation, subnet)
        for route in _rivals(table, gateway, ways, destination, declared):
            if obstacle(situation, route) is None:
                if decides(situation, destination, "ROUTE", subnet.id, gateway.name, *mode):
                    return route
                break
    return None


def _rivals(
    table: Table, gateway: Gateway, ways: tuple[Way, ...], destination: Interval, declared: Route
) -> Iterator[Route]:
    """Yield what may be announced around the destination and beats the declared route, if nothing limits it.

    Of prefixes that the same ranges contain one stands for all. Raises `Mixed` where the ranges part the destination.
    """
    situation = table.situation
    own = situation.vnet(gateway.vnet).address_space
    beyond = (*table.beyond, *(range_ for _, range_ in table.endpoints))
    near = (*table.own, *(range_.prefix for range_ in beyond), *own)
    around = [prefix for prefix in dict.fromkeys(near) if covers(prefix, destination)]
    within = {prefix for prefixes in situation.world.announcing.values() for prefix in prefixes}
    widest = min(prefix.length for prefix in within if covers(prefix, destination))
    shortest = max(widest, declared.prefix.length + (declared.origin is Origin.USER))
    bounds = {shortest, *(prefix.length + more for prefix in around for more in (0, 1))}
    for length in sorted(bound for bound in bounds if shortest <= bound <= situation.family.bits):
        host_bits = situation.family.bits - length
        prefix = Prefix(destination.low >> host_bits << host_bits, length)
        if any(is_inside(prefix, range_) for range_ in own):
            continue  # the gateway discards it (R-GW-14)
        for is_static in sorted({not way.bgp for way in ways}):
            limits = tuple(beside_near_ranges(table, prefix, is_static))
            hop, rule = ToGateway(gateway.name), "R-SYS-8" if gateway.vnet == table.subnet.vnet else "R-GW-6"
            yield Route(prefix, Origin.GATEWAY, hop, (1,), rule, gateway.span, limits=limits)
