"""A strategy for internal load balancers: as destinations, as next hops, and before the appliances of a hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.header import TCP, UDP, Family, Prefix, family_of, host_prefix
from vnetverify.model.balancers import Frontend, LoadBalancer, LoadBalancingRule, Probe, Sku
from vnetverify.model.network import BgpPeer, Network, NextHopType, Nic, RouteServer, RouteTable
from vnetverify.model.security import AddressPrefixes, Nsg, SecurityRule
from vnetverify.testing.lists import PORTS
from vnetverify.testing.places import free_address, host_subnets

PORTS_LISTENED = tuple(port for port in PORTS if 1 <= port <= 65534)
_PROBED = (22, 80, 443, 1024)


@st.composite
def with_load_balancers(draw: DrawFn, network: Network) -> Network:
    """Draw `network` with a load balancer or two before interfaces that it has; routes and rules learn of them."""
    for name in ("lb", "lc")[: draw(st.sampled_from((1, 1, 2)))]:
        nics = [nic for nic in network.nics() if not nic.subnet.casefold().startswith("azurefirewall")]
        if not nics:
            break
        # What forwards is taken more often, so that a next hop leads on.
        vnet = draw(st.sampled_from([nic.vnet for nic in nics for _ in range(3 if nic.ip_forwarding else 1)]))
        balancer = draw(_balancers(name, network, vnet, [nic for nic in nics if nic.vnet == vnet]))
        if balancer is not None:
            network = replace(network, load_balancers={**network.load_balancers, name: balancer})
            network = draw(_leading_to(network, balancer))
    return network


@st.composite
def _balancers(draw: DrawFn, name: str, network: Network, vnet: str, nics: Sequence[Nic]) -> LoadBalancer | None:
    sku = draw(st.sampled_from((Sku.STANDARD, Sku.STANDARD, Sku.BASIC, None)))
    balancer = LoadBalancer(name, sku, ())
    for number in range(draw(st.sampled_from((1, 1, 2)))):
        families = [family for family in Family if any(addresses_in(nic, family) for nic in nics)]
        family = draw(st.sampled_from(families))
        places = [
            (subnet, address)
            for subnet in host_subnets(network, vnet)
            if (address := free_address(network, subnet, family, (f.address for f in balancer.frontends))) is not None
        ]
        if not places:
            continue
        subnet, address = draw(st.sampled_from(places))
        frontend = Frontend(f"f{number}", vnet, subnet.name, address)
        members = [nic for nic in nics if addresses_in(nic, family)]
        rules = draw(_rules_of(frontend, members, sku is not Sku.BASIC))
        balancer = replace(balancer, frontends=(*balancer.frontends, frontend), rules=(*balancer.rules, *rules))
    return balancer if balancer.frontends else None


def addresses_in(nic: Nic, family: Family) -> tuple[int, ...]:
    return tuple(address for address in nic.addresses if family_of(address) is family)


@st.composite
def _rules_of(draw: DrawFn, frontend: Frontend, nics: Sequence[Nic], ha_ports: bool) -> tuple[LoadBalancingRule, ...]:
    """Draw one rule for every port, or up to two for a port each, which exclude the other kind (F-LB-2)."""
    if ha_ports and draw(st.booleans()):
        return (draw(_rules(f"{frontend.name}-ha", frontend, nics, None, None)),)
    asked = draw(
        st.lists(st.tuples(st.sampled_from((TCP, TCP, UDP)), st.sampled_from(PORTS_LISTENED)), max_size=2, unique=True)
    )
    return tuple(
        [
            draw(_rules(f"{frontend.name}-{number}", frontend, nics, protocol, port))
            for number, (protocol, port) in enumerate(asked)
        ]
    )


@st.composite
def _rules(
    draw: DrawFn, name: str, frontend: Frontend, nics: Sequence[Nic], protocol: int | None, port: int | None
) -> LoadBalancingRule:
    members = draw(st.lists(st.sampled_from([nic.name for nic in nics]), min_size=1, max_size=3, unique=True))
    probe = draw(st.sampled_from((None, *map(Probe, _PROBED))))
    return LoadBalancingRule(
        name=name,
        frontend=frontend.name,
        protocol=protocol,
        port=port,
        members=tuple(members),
        backend_port=None if port is None else draw(st.sampled_from((port, port, *PORTS_LISTENED))),
        probe=probe,
        floating_ip=draw(st.booleans()),
    )


@st.composite
def _leading_to(draw: DrawFn, network: Network, balancer: LoadBalancer) -> Network:
    """Draw which user routes, announcements and rules of security groups name a frontend."""
    tables = {name: draw(_with_next_hops(table, balancer)) for name, table in network.route_tables.items()}
    servers = tuple([draw(_with_announced_hops(server, balancer)) for server in network.route_servers])
    nsgs = {name: draw(_naming(nsg, balancer)) for name, nsg in network.nsgs.items()}
    return replace(network, route_tables=tables, route_servers=servers, nsgs=nsgs)


@st.composite
def _with_next_hops(draw: DrawFn, table: RouteTable, balancer: LoadBalancer) -> RouteTable:
    """Draw whether the routes that lead to appliances lead to a frontend of their family: all of them, or none."""
    if draw(st.booleans()):
        return table
    routes = []
    for route in table.routes:
        frontends = _of(balancer, route.prefix.family)
        if route.next_hop is NextHopType.APPLIANCE and frontends:
            route = replace(route, next_hop_address=draw(st.sampled_from(frontends)).address)
        routes.append(route)
    return replace(table, routes=tuple(routes))


def _of(balancer: LoadBalancer, family: Family) -> tuple[Frontend, ...]:
    return tuple(frontend for frontend in balancer.frontends if family_of(frontend.address) is family)


@st.composite
def _with_announced_hops(draw: DrawFn, server: RouteServer, balancer: LoadBalancer) -> RouteServer:
    frontends = _of(balancer, Family.IPV4)
    peers: list[BgpPeer] = []
    for peer in server.peers:
        led = bool(frontends) and draw(st.integers(0, 2)) == 2
        peers.append(replace(peer, next_hop=frontends[0].address) if led else peer)
    return replace(server, peers=tuple(peers))


@st.composite
def _naming(draw: DrawFn, nsg: Nsg, balancer: LoadBalancer) -> Nsg:
    """Draw which rules have a frontend for their destination."""
    rules: list[SecurityRule] = []
    for rule in nsg.rules:
        prefix = host_prefix(draw(st.sampled_from(balancer.frontends)).address)
        named = _may_name(rule, prefix) and draw(st.integers(0, 3)) == 3
        rules.append(replace(rule, destination=AddressPrefixes((prefix,))) if named else rule)
    return replace(nsg, rules=tuple(rules))


def _may_name(rule: SecurityRule, destination: Prefix) -> bool:
    """Hold when the rule does not join two families with this destination (F-NSG-12)."""
    if not isinstance(rule.source, AddressPrefixes):
        return True
    return all(prefix.family is destination.family for prefix in rule.source.prefixes)
