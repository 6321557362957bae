"""The route that carries a packet, and the table as Azure shows it (R-EFF-1, R-SEL-1, R-SEL-2, R-SEL-7, R-GW-15).

What FastPath passes by is left out (R-GW-23). A dual-stack subnet has a table of each family (R-ADDR-6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from vnetverify.facts import World
from vnetverify.header import Family, Interval, Prefix, address_text, family_of
from vnetverify.model.network import Network, Subnet
from vnetverify.simulator.addressing import covers, point
from vnetverify.simulator.announcements import announced_route, is_withdrawn
from vnetverify.simulator.candidates import candidates
from vnetverify.simulator.hops import (
    ALWAYS,
    Hop,
    Origin,
    Route,
    ToAppliance,
    ToEndpoint,
    ToGateway,
    ToInternet,
    ToMate,
    ToNowhere,
    ToPeer,
    ToService,
    ToVnet,
    is_so,
    obstacle,
)
from vnetverify.simulator.situation import Situation, situation_of
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Selection:
    """The route that carries a packet, and each loser with the reason."""

    route: Route
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


def select_route(network: Network, subnet_id: str, destination: int, world: World) -> Selection:
    """Return the route that carries packets from the subnet to `destination`, with the losers (R-SEL-1, R-SEL-2)."""
    situation = situation_of(network, world, family_of(destination))
    return selection(situation, situation.index.subnets[subnet_id], point(destination))


def selection(
    situation: Situation,
    subnet: Subnet,
    destination: Interval,
    *,
    past_user_routes: bool = False,
    with_losers: bool = True,
) -> Selection:
    """Return the best candidate that covers `destination` and that the world admits (R-SEL-1, R-SEL-2, R-GW-15).

    With `past_user_routes` it is sought among the others (R-GW-23). Losers are for the reader. Where a partial world
    leaves open what a site announces, that may be a better one.
    """
    declared = _declared(situation, subnet, destination, past_user_routes, with_losers)
    if not situation.world.announcing:
        return declared
    mode = ("past user routes",) if past_user_routes else ()
    announced = announced_route(situation, subnet, destination, declared.route, *mode)
    return declared if announced is None else Selection(announced, ())


def _declared(
    situation: Situation, subnet: Subnet, destination: Interval, past_user_routes: bool, with_losers: bool
) -> Selection:
    """Return the best of the subnet's candidates as far as they are known.

    There is one: the system's default route covers every address and nothing removes it (R-SYS-2, R-SEL-10).
    """
    lost: list[tuple[Route, str]] = []
    meeting = candidates(situation, subnet).meeting(destination)
    if past_user_routes:
        meeting = (route for route in meeting if route.origin is not Origin.USER)
    for route in meeting:
        if not covers(route.prefix, destination) or not is_so(situation, route.present):
            continue
        if is_withdrawn(situation, subnet, route):
            continue
        limit = obstacle(situation, route)
        if limit is None:
            return Selection(route, (*lost, *_beaten(route, meeting)) if with_losers else ())
        lost.append((route, limit.why))
    raise AssertionError(f"no route of {subnet.id} covers {destination}")


def _beaten(winner: Route, behind: Iterator[Route]) -> Iterator[tuple[Route, str]]:
    """Yield the routes `behind` the winner that are surely there; their prefixes lie around the winner's."""
    for route in behind:
        if route.present == ALWAYS:
            yield route, why_beaten(route, winner)


def why_beaten(route: Route, winner: Route) -> str:
    """Return why `route` loses against `winner`, which covers the same address (R-SEL-1, R-SEL-2, R-GW-15)."""
    if route.prefix.length < winner.prefix.length:
        return "a longer prefix wins"
    if route.origin is not winner.origin:
        return f"a {_ORIGIN_WORDS[winner.origin]} route wins over a {_ORIGIN_WORDS[route.origin]} route"
    if route.origin is Origin.GATEWAY and ToAppliance in (type(route.hop), type(winner.hop)):
        return "ExpressRoute wins, then VPN or appliances as the Route Server's hub prefers"
    if route.origin is Origin.GATEWAY:
        return "ExpressRoute wins over VPN, then the gateway declared first"
    if route.origin is Origin.SYSTEM:
        return "another system route for this prefix comes first"
    if route.rank[:2] != winner.rank[:2]:
        return "an explicit prefix wins over a service tag's, a regional tag's over a wider one's"
    return "the route listed first wins"


_ORIGIN_WORDS = {Origin.SYSTEM: "system", Origin.GATEWAY: "gateway", Origin.USER: "user"}


def effective_routes(network: Network, subnet_id: str, world: World) -> tuple[EffectiveRoute, ...]:
    """Return the subnet's table as Azure shows it, by prefix and then the active route first (R-EFF-1).

    Where the subnet has prefixes of IPv6 the table has lines of both families, IPv4's first (R-ADDR-6).
    """
    subnet = network.subnet(subnet_id)
    is_dual = any(prefix.family is Family.IPV6 for prefix in subnet.prefixes)
    families = tuple(Family) if is_dual else (Family.IPV4,)
    return tuple(line for family in families for line in _lines(situation_of(network, world, family), subnet))


def _lines(situation: Situation, subnet: Subnet) -> list[EffectiveRoute]:
    lines: list[EffectiveRoute] = []
    active: dict[Prefix, Route] = {}
    for route in candidates(situation, subnet):
        if not is_so(situation, route.present):
            continue
        winner = active.get(route.prefix)
        if winner is not None and (winner.origin, winner.hop) == (route.origin, route.hop):
            continue  # what a gateway learned by two connections is one line
        limit = obstacle(situation, route)
        if limit is not None:
            why = limit.why
        elif winner is None:
            active[route.prefix], why = route, ""
        else:
            why = why_beaten(route, winner)
        lines.append(_line(situation, subnet, route, why))
    return sorted(lines, key=lambda line: (line.prefix, line.state))


def _line(situation: Situation, subnet: Subnet, route: Route, why: str) -> EffectiveRoute:
    hop_type, next_hop = _as_azure_shows(situation, subnet, route)
    state = "Invalid" if why else "Active"
    return EffectiveRoute(route.prefix, route.origin.value, hop_type, next_hop, state, why, route.span, route.rule)


def _as_azure_shows(situation: Situation, subnet: Subnet, route: Route) -> tuple[str, str]:
    """Return the hop's type in Azure's words and the name or address of what it leads to."""
    match route.hop:
        case ToVnet():
            return "VnetLocal", ""
        case ToPeer(vnet):
            near, far = ((situation.vnet(name).region or "").casefold() for name in (subnet.vnet, vnet))
            return ("VNetPeering" if near == far else "VNetGlobalPeering"), vnet
        case ToMate(vnet):
            return "ConnectedGroup", vnet
        case ToEndpoint(name):
            return "InterfaceEndpoint", name
        case ToAppliance(address):
            return "BgpNva" if route.origin is Origin.GATEWAY else "VirtualAppliance", address_text(address)
        case ToGateway(name):
            return "VirtualNetworkGateway", name or ""
        case ToService(service):
            return "VirtualNetworkServiceEndpoint", service
        case ToInternet():
            return "Internet", ""
        case ToNowhere():
            return "None", ""
        case _:
            assert_never(route.hop)


__all__ = [
    "EffectiveRoute",
    "Hop",
    "Origin",
    "Route",
    "Selection",
    "ToAppliance",
    "ToEndpoint",
    "ToGateway",
    "ToInternet",
    "ToMate",
    "ToNowhere",
    "ToPeer",
    "ToService",
    "ToVnet",
    "effective_routes",
    "select_route",
    "selection",
    "why_beaten",
]
