"""Strategies for services in a vnet: private endpoints with routes and policies around them, managed firewalls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.header import EVERY_IPV4, Family, Prefix, family_of, host_prefix, parse_prefix
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.network import (
    Machine,
    Network,
    NextHopType,
    Nic,
    PrivateEndpointPolicies,
    RouteTable,
    Subnet,
    UserRoute,
)
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.testing.lists import EVERYTHING, policies
from vnetverify.testing.places import free_address, host_subnets

_FIREWALL_SUBNET, _FIREWALL = "AzureFirewallSubnet", "azfw"
_WIDE = tuple(map(parse_prefix, ("10.0.0.0/8", "0.0.0.0/0", "0.0.0.0/1", "192.0.0.0/7")))
_WIDE_IPV6 = tuple(map(parse_prefix, ("::/0", "fc00::/7", "fd00::/8")))


# -- private endpoints ----------------------------------------------------------------------------------


@st.composite
def with_private_endpoints(draw: DrawFn, network: Network) -> Network:
    """Draw an endpoint or two, the policies of their subnets, and user routes for what lies around them."""
    for name in ("vault", "store")[: draw(st.sampled_from((1, 1, 2)))]:
        subnet = draw(st.sampled_from([s for vnet in network.vnets for s in host_subnets(network, vnet)]))
        addresses = draw(_addresses(network, subnet))
        if addresses:
            approved = draw(st.integers(0, 7)) > 0
            endpoint = PrivateEndpoint(name, subnet.vnet, subnet.name, addresses, approved)
            network = replace(network, private_endpoints={**network.private_endpoints, name: endpoint})
    network = draw(_with_policies(network))
    around = [address for endpoint in network.private_endpoints.values() for address in endpoint.addresses]
    if not around:
        return network
    tables = {name: draw(_with_routes(table, around, network)) for name, table in network.route_tables.items()}
    return replace(network, route_tables=tables)


@st.composite
def _addresses(draw: DrawFn, network: Network, subnet: Subnet) -> tuple[int, ...]:
    """Draw an address of each family that the subnet has, of IPv6 now and then."""
    found = [free_address(network, subnet, family) for family in Family]
    first, second = found
    wanted = (first, second if draw(st.booleans()) else None)
    return tuple(address for address in wanted if address is not None)


@st.composite
def _with_policies(draw: DrawFn, network: Network) -> Network:
    holding = {endpoint.subnet_id for endpoint in network.private_endpoints.values()}
    settings = st.sampled_from((None, *PrivateEndpointPolicies, PrivateEndpointPolicies.ENABLED))
    vnets = {}
    for name, vnet in network.vnets.items():
        subnets = [replace(s, private_endpoint_policies=draw(settings)) if s.id in holding else s for s in vnet.subnets]
        vnets[name] = replace(vnet, subnets=tuple(subnets))
    return replace(network, vnets=vnets)


@st.composite
def _with_routes(draw: DrawFn, table: RouteTable, around: Sequence[int], network: Network) -> RouteTable:
    """Draw more routes: for the endpoint alone, its neighbours, its subnet, half of its vnet's range, all, or more."""
    if draw(st.integers(0, 2)) == 0:
        return table
    address = draw(st.sampled_from(around))
    ranges = [
        prefix
        for vnet in network.vnets.values()
        for prefix in (*vnet.address_space, *(p for subnet in vnet.subnets for p in subnet.prefixes))
        if prefix.value <= address <= prefix.last
    ]
    halves = [Prefix(address >> shift << shift, p.length + 1) for p in ranges for shift in [_shift(p) - 1]]
    bits = family_of(address).bits
    near = [host_prefix(address), Prefix(address >> 1 << 1, bits - 1), Prefix(address >> 2 << 2, bits - 2)]
    wide = _WIDE if family_of(address) is Family.IPV4 else _WIDE_IPV6
    candidates = st.sampled_from((*near, *ranges * 2, *halves, *wide))
    hops = [route for route in table.routes if route.prefix.family is family_of(address)]
    there = {route.prefix for route in table.routes}
    added = []
    for number, prefix in enumerate(dict.fromkeys(draw(st.lists(candidates, min_size=1, max_size=2)))):
        if prefix not in there:
            like = draw(st.sampled_from([UserRoute("none", prefix, NextHopType.NONE), *hops * 3]))
            added.append(replace(like, name=f"pe{number}", prefix=prefix, service_tag=None))
    return replace(table, routes=(*table.routes, *added))


def _shift(prefix: Prefix) -> int:
    """Return how many bits of an address in `prefix` are free."""
    return prefix.family.bits - prefix.length


# -- managed firewalls ----------------------------------------------------------------------------------


@st.composite
def with_managed_firewall(draw: DrawFn, network: Network) -> Network:
    """Draw `network` with a managed firewall: an appliance that stands in a firewall's subnet, else one more."""
    found = [m for m in network.machines.values() if all(nic.subnet == _FIREWALL_SUBNET for nic in m.nics)]
    if found:
        chosen = _as_managed(draw(st.sampled_from(found)))
        return replace(network, machines={**network.machines, chosen.name: chosen})
    network, place = _with_subnet(network, draw(st.sampled_from(tuple(network.vnets))))
    firewall = draw(_firewalls(network, place))
    tables = {name: draw(_led_to(table, firewall.nics[0].addresses[0])) for name, table in network.route_tables.items()}
    return replace(network, machines={**network.machines, _FIREWALL: firewall}, route_tables=tables)


def _as_managed(machine: Machine) -> Machine:
    """Return the appliance as its syntax sets a managed one (R-UDR-19)."""
    nics = tuple(replace(nic, nsg=None, asgs=(), ip_forwarding=True) for nic in machine.nics[:1])
    return replace(machine, nics=nics, is_managed=True, stateful=True, translates_source=True)


def _with_subnet(network: Network, vnet: str) -> tuple[Network, Subnet]:
    """Return `network` and the firewall's subnet of `vnet`, made where there was none."""
    home = network.vnets[vnet]
    place = home.subnet(_FIREWALL_SUBNET)
    if place is not None:
        return network, place
    place = Subnet(_FIREWALL_SUBNET, vnet, (Prefix(home.address_space[0].value + 128, 26),))
    home = replace(home, subnets=(*home.subnets, place))
    return replace(network, vnets={**network.vnets, vnet: home}), place


@st.composite
def _firewalls(draw: DrawFn, network: Network, place: Subnet) -> Machine:
    address = free_address(network, place, Family.IPV4)
    assert address is not None
    public = PublicAddress(f"{_FIREWALL}-ip", Sku.STANDARD) if draw(st.booleans()) else None
    nic = Nic(_FIREWALL, _FIREWALL, place.vnet, place.name, (address,), ip_forwarding=True, public_address=public)
    policy = (EVERYTHING,) if draw(st.integers(0, 2)) < 2 else draw(policies(place.prefixes))
    return Machine(_FIREWALL, (nic,), policy, stateful=True, translates_source=True, is_managed=True)


@st.composite
def _led_to(draw: DrawFn, table: RouteTable, firewall: int) -> RouteTable:
    """Draw whether a table leads to the firewall where it led to other appliances, or everywhere."""
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return table
    ways = tuple(
        replace(route, next_hop_address=firewall)
        if route.next_hop is NextHopType.APPLIANCE and route.prefix.family is Family.IPV4
        else route
        for route in table.routes
    )
    if kind == 1 or any(route.prefix == EVERY_IPV4 for route in ways):
        return replace(table, routes=ways)
    return replace(table, routes=(*ways, UserRoute("fw", EVERY_IPV4, NextHopType.APPLIANCE, firewall)))
