"""The routes that private endpoints put into the tables around them (R-SYS-11)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.facts import uncertainty
from vnetverify.header import Prefix, host_prefix
from vnetverify.model.network import PrivateEndpointPolicies, RouteTable, Subnet
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.simulator.addressing import is_inside
from vnetverify.simulator.hops import SYSTEM_RANK, Clause, Limit, Literal, Origin, Route, ToEndpoint
from vnetverify.simulator.situation import Situation, direct

_WITH_ROUTE_TABLES = (PrivateEndpointPolicies.ENABLED, PrivateEndpointPolicies.ROUTE_TABLES)


def endpoint_routes(situation: Situation, subnet: Subnet, table: RouteTable | None) -> Iterator[Route]:
    """Return the routes of a subnet to the endpoints of its vnet and of its peers, of both families (R-SYS-11)."""
    for vnet in direct(situation, subnet.vnet):
        for endpoint in situation.network.private_endpoints.values():
            if endpoint.vnet == vnet:
                yield from _routes_to(situation, endpoint, table)


def _routes_to(situation: Situation, endpoint: PrivateEndpoint, table: RouteTable | None) -> Iterator[Route]:
    for address in endpoint.addresses:
        prefix, hop = host_prefix(address), ToEndpoint(endpoint.name, endpoint.vnet)
        limits = tuple(_limits(situation, endpoint, prefix, table))
        yield Route(prefix, Origin.SYSTEM, hop, SYSTEM_RANK, "R-SYS-11", endpoint.span, limits=limits)


def _limits(
    situation: Situation, endpoint: PrivateEndpoint, prefix: Prefix, table: RouteTable | None
) -> Iterator[Limit]:
    """Return what each user route around the endpoint does to its route (R-SYS-11).

    Where the policies of the endpoint's subnet hold for route tables, such a route keeps it out of force if it is at
    least as long as the range around the endpoint, or, as a fact has it, at most as long.
    """
    policy = _without_policy(situation.index.subnets[endpoint.subnet_id])
    if policy is None or table is None:
        return
    space = situation.vnet(endpoint.vnet).address_space
    for range_ in (range_ for range_ in space if is_inside(prefix, range_)):
        for route in table.routes:
            if is_inside(prefix, route.prefix) and 0 < route.prefix.length < prefix.length:
                kept = (*policy, *_without_length(route.prefix, range_))
                yield Limit(kept, f"{route.prefix} of {table.name} holds for endpoints (R-SYS-11)", "R-SYS-11")


def _without_policy(subnet: Subnet) -> Clause | None:
    """Return when the subnet's policies do not hold for route tables, None where they surely do not."""
    policies = subnet.private_endpoint_policies
    if policies is None:
        return ((uncertainty("U-PEPOL-ROUTES", subnet.id), False),)
    return () if policies in _WITH_ROUTE_TABLES else None


def _without_length(route: Prefix, range_: Prefix) -> tuple[Literal, ...]:
    """Return when the lengths keep a user route from reaching endpoints; nothing where they are equal."""
    if route.length == range_.length:
        return ()
    return ((uncertainty("U-R-SYS-11"), route.length > range_.length),)
