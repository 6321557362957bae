"""Strategies for what is asked of a network: flows near its bounds, and sets of their ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.facts import World
from vnetverify.header import (
    ALL_IPV4,
    ALL_IPV6,
    ICMP,
    LAST_IPV4,
    LAST_IPV6,
    TCP,
    UDP,
    Family,
    Flow,
    IntervalSet,
    Prefix,
    family_of,
    host_prefix,
    parse_address,
)
from vnetverify.model.balancers import LoadBalancer
from vnetverify.model.endpoints import Endpoints, union
from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Place, PlaceKind
from vnetverify.model.network import SUBNETS_OF_SERVICES, SUBNETS_WITHOUT_HOSTS, Network, NextHopType
from vnetverify.model.planes import families_of, has_ipv6
from vnetverify.testing.lists import PORTS

_FLOW_PROTOCOLS = (*(TCP,) * 12, *(UDP,) * 4, 1, 1, 50, 47)
_OUTSIDE = tuple(parse_address(text) for text in ("203.0.113.9", "13.100.0.9", "25.4.0.9", "224.0.0.5", "10.77.0.4"))
_OUTSIDE_IPV6 = tuple(
    map(parse_address, ("2001:4860::8", "2001:db8:40::9", "fd77::4", "4000::4", "fe80::4", "ff02::5"))
)
_EVERY = {Family.IPV4: ALL_IPV4, Family.IPV6: ALL_IPV6}
_PLATFORM = tuple(parse_address(text) for text in ("168.63.129.16", "169.254.169.254"))
_PLATFORM_PORTS = (53, 53, 80, 80, 1688, 32526)  # names, metadata, licences, the agent of machines


def places(network: Network) -> tuple[Place, ...]:
    """Return the places where flows of `network` begin and end."""
    subnets = tuple(Place(PlaceKind.SUBNET.value, subnet.id) for subnet in network.subnets())
    sites = tuple(Place(PlaceKind.SITE.value, name) for name in network.sites)
    return (*subnets, *sites, INTERNET)


def origins(network: Network) -> tuple[Place, ...]:
    """Return the places where somebody can send: no gateway's subnet, and a firewall's where one is declared."""
    named = {subnet.id: subnet.name.casefold() for subnet in network.subnets()}
    held = {nic.subnet_id for nic in network.nics()}
    idle = {
        subnet
        for subnet, name in named.items()
        if name in SUBNETS_WITHOUT_HOSTS or (name in SUBNETS_OF_SERVICES and subnet not in held)
    }
    return tuple(place for place in places(network) if place.name not in idle)


def addresses_at(network: Network, place: Place, world: World) -> tuple[int, ...]:
    """Return addresses of `place` that are on a bound or held by an interface, a frontend or a private endpoint."""
    if place.kind == PlaceKind.SUBNET.value:
        standing = standing_at(network, place.name)
        return tuple(dict.fromkeys((*standing, *hosts_at(network, place.name))))
    if place.kind == PlaceKind.SITE.value:
        return tuple(end for prefix in network.sites[place.name].prefixes for end in (prefix.value, prefix.last))
    if place.kind == PlaceKind.PUBLIC.value:
        return public_addresses(network, world)
    outside = (*_OUTSIDE[:3], *_OUTSIDE_IPV6[:2]) if has_ipv6(network) else _OUTSIDE[:3]
    return (*outside, *public_addresses(network, world))


def hosts_at(network: Network, subnet_id: str) -> tuple[int, ...]:
    """Return addresses of a subnet that are on a bound or held by an interface: somebody can send from there."""
    subnet = network.subnet(subnet_id)
    last = {prefix.family: prefix for prefix in subnet.prefixes}.values()
    hosts = [prefix.value + 4 for prefix in subnet.prefixes] + [prefix.last - 1 for prefix in last]
    held = [address for nic in network.nics() if nic.subnet_id == subnet_id for address in nic.addresses]
    if subnet.name.casefold() in SUBNETS_OF_SERVICES:
        return tuple(held) or (hosts[0],)
    standing = standing_at(network, subnet_id)
    return tuple(a for a in dict.fromkeys((*held, *hosts, hosts[0] + 1)) if a not in standing) or (hosts[0] + 2,)


def standing_at(network: Network, subnet_id: str) -> tuple[int, ...]:
    """Return the addresses of frontends and private endpoints in a subnet, at which no flow begins."""
    frontends = [f for balancer in network.load_balancers.values() for f in balancer.frontends]
    endpoints = [endpoint for endpoint in network.private_endpoints.values() if endpoint.subnet_id == subnet_id]
    return (
        *(frontend.address for frontend in frontends if frontend.subnet_id == subnet_id),
        *(address for endpoint in endpoints for address in endpoint.addresses),
    )


def public_addresses(network: Network, world: World) -> tuple[int, ...]:
    """Return the public addresses of interfaces and frontends, those unknown as the world has them."""
    held = [public for nic in network.nics() for public in (nic.public_address, nic.public_ipv6) if public is not None]
    fronts = [f.public_address for one in network.load_balancers.values() for f in one.public_frontends]
    return tuple(world.addresses[p.name] if p.address is None else p.address for p in (*held, *fronts))


@st.composite
def flows(draw: DrawFn, network: Network, world: World) -> tuple[Place, Flow]:
    """Draw where a flow begins and its header, near the bounds of what `network` names; half follow user routes.

    Where there is IPv6 every other flow is of it.
    """
    family = draw(st.sampled_from(Family)) if has_ipv6(network) else Family.IPV4
    sending = [place for place in origins(network) if _sources(network, place, family, world)]
    ways = [(place, prefix) for place, prefix in steered(network) if prefix.family is family and place in sending]
    if draw(st.booleans()) and ways:
        origin, prefix = draw(st.sampled_from(ways))
        destination = draw(_inside(network, prefix, world))
    else:
        origin = draw(st.sampled_from(sending))
        public = in_family(public_addresses(network, world), family)
        meets_public = origin == INTERNET and public and draw(st.integers(0, 7)) > 0
        destination = draw(st.sampled_from(public) if meets_public else _destinations(network, world, family))
    source = draw(st.sampled_from(_sources(network, origin, family, world)))
    protocol = draw(_protocols(destination))
    if protocol not in (TCP, UDP):
        return origin, Flow(protocol, source, 0, destination, 0)
    ports = (*PORTS, *_listened(network, destination, world), *translated_ports(network))
    ports += _PLATFORM_PORTS if destination in _PLATFORM else ()
    return origin, Flow(protocol, source, draw(st.sampled_from(PORTS)), destination, draw(st.sampled_from(ports)))


def in_family(addresses: Iterable[int], family: Family) -> tuple[int, ...]:
    return tuple(address for address in addresses if family_of(address) is family)


def _sources(network: Network, origin: Place, family: Family, world: World) -> tuple[int, ...]:
    """Return addresses of `family` from which somebody at `origin` can send."""
    if origin.kind == PlaceKind.SUBNET.value:
        return in_family(hosts_at(network, origin.name), family)
    if origin == INTERNET:
        return in_family((*_OUTSIDE[:3], *_OUTSIDE_IPV6[:2]), family)
    return in_family(addresses_at(network, origin, world), family)


def _protocols(destination: int) -> SearchStrategy[int]:
    """Draw a protocol; of IPv6 its own ICMP where IPv4 has its."""
    icmp = family_of(destination).icmp
    return st.sampled_from(_FLOW_PROTOCOLS).map(lambda protocol: icmp if protocol == ICMP else protocol)


def _listened(network: Network, destination: int, world: World) -> tuple[int, ...]:
    """Return the ports at which load balancers listen for `destination`, many times."""
    fronts = [
        (balancer, name)
        for balancer in network.load_balancers.values()
        for name, address in _frontends_of(balancer, world)
        if address == destination
    ]
    return 8 * tuple(
        rule.port
        for balancer, frontend in fronts
        for rule in balancer.rules
        if rule.port is not None and rule.frontend == frontend
    )


def _frontends_of(balancer: LoadBalancer, world: World) -> Iterator[tuple[str, int]]:
    """Yield the names and addresses of frontends of both kinds."""
    yield from ((frontend.name, frontend.address) for frontend in balancer.frontends)
    for frontend in balancer.public_frontends:
        public = frontend.public_address
        yield frontend.name, world.addresses[public.name] if public.address is None else public.address


def translated_ports(network: Network) -> list[int]:
    """Return the ports at which firewalls translate the destination."""
    told = [machine.firewall for machine in network.machines.values() if machine.firewall is not None]
    rules = [rule for policy in told for rule in policy.of_kind(FirewallRuleKind.NAT)]
    return [interval.low for rule in rules for interval in rule.destination_ports]


def steered(network: Network) -> list[tuple[Place, Prefix]]:
    """Return the places whose subnets have user routes to appliances and gateways, with the prefixes of these.

    Routes to what forwards count as four, so that more of what is drawn comes through.
    """
    sending = origins(network)
    forwarding = {address for nic in network.nics() if nic.ip_forwarding for address in nic.addresses}
    forwarding |= {frontend.address for one in network.load_balancers.values() for frontend in one.frontends}
    return [
        (place, route.prefix)
        for subnet in network.subnets()
        if subnet.route_table is not None and (place := Place(PlaceKind.SUBNET.value, subnet.id)) in sending
        for route in network.route_tables[subnet.route_table].routes
        if route.next_hop in (NextHopType.APPLIANCE, NextHopType.GATEWAY)
        for _ in range(4 if route.next_hop_address in forwarding else 1)
    ]


def _inside(network: Network, prefix: Prefix, world: World) -> SearchStrategy[int]:
    """Draw an address of `prefix`, one that somebody could have if there is any."""
    known = [address for place in origins(network) for address in addresses_at(network, place, world)]
    inside = [address for address in known if prefix.value <= address <= prefix.last]
    return st.sampled_from(inside or [min(prefix.value + 4, prefix.last)])


@st.composite
def _destinations(draw: DrawFn, network: Network, world: World, family: Family) -> int:
    kind = draw(st.integers(0, 11))
    sought = in_family(_sought(network), family)
    if kind < 4 and sought:
        return draw(st.sampled_from(sought))
    if kind < 8:
        held = (in_family(addresses_at(network, place, world), family) for place in places(network))
        return draw(st.sampled_from(draw(st.sampled_from([addresses for addresses in held if addresses]))))
    if kind < 10:
        return draw(st.sampled_from(in_family((*_OUTSIDE, *_PLATFORM, *_OUTSIDE_IPV6), family)))
    routed = [route.prefix for table in network.route_tables.values() for route in table.routes]
    spaces = [prefix for vnet in network.vnets.values() for prefix in vnet.address_space]
    tagged = [prefix for prefixes in network.service_tags.values() for prefix in prefixes]
    told = [prefix for server in network.route_servers for peer in server.peers for prefix in peer.prefixes]
    seen = [prefix for half in network.peerings for prefix in half.remote_space or ()]
    named = [prefix for prefix in (*routed, *spaces, *tagged, *told, *seen) if prefix.family is family]
    prefix = draw(st.sampled_from(named or [host_prefix(in_family((*_OUTSIDE, *_OUTSIDE_IPV6), family)[0])]))
    after = min(prefix.last + 1, LAST_IPV4 if family is Family.IPV4 else LAST_IPV6)
    return draw(st.sampled_from((prefix.value, prefix.value + 3, prefix.last, after)))


def _sought(network: Network) -> tuple[int, ...]:
    """Return what few flows would be for by chance: frontends, private endpoints, clients of pools."""
    pools = [prefix for site in network.sites.values() if site.point_to_site for prefix in site.prefixes]
    standing = [address for subnet in network.subnets() for address in standing_at(network, subnet.id)]
    return (*standing, *(prefix.value + 4 for prefix in pools))


@st.composite
def endpoint_sets(draw: DrawFn, network: Network) -> EndpointSet:
    """Draw what an expression can stand for: one or two vnets, subnets, machines, sites, prefixes, the Internet."""
    known = Endpoints(network)
    kinds = [
        *(known.of_subnet(subnet) for subnet in network.subnets()),
        *(known.of_subnet(subnet) for subnet in network.subnets() for _ in range(1 if subnet.nsg is None else 4)),
        *(known.of_vnet(vnet) for vnet in network.vnets.values()),
        *(known.of_machine(machine) for machine in network.machines.values()),
        *(known.of_site(site) for site in network.sites.values()),
        *(known.of_load_balancer(balancer) for balancer in network.load_balancers.values() for _ in range(3)),
        *(known.of_private_endpoint(endpoint) for endpoint in network.private_endpoints.values() for _ in range(3)),
        *(known.in_prefix(host_prefix(f.address)) for b in network.load_balancers.values() for f in b.frontends),
        known.of_internet(),
        known.in_prefix(Prefix(network.subnets()[0].prefixes[0].value + 4, 31)),
        known.everywhere(),
    ]
    return union(draw(st.lists(st.sampled_from([kind for kind in kinds if kind]), min_size=1, max_size=2)))


@st.composite
def flows_of(draw: DrawFn, network: Network, claim: Claim, world: World) -> tuple[Place, Flow]:
    """Draw a flow of the service of `claim` that begins on its left, more often than not towards its right.

    Any flow where no family has addresses on both sides: then there is none of the claim.
    """
    spoken_of = [(pair, families) for pair in claim.pairs if (families := families_of(replace(claim, pairs=(pair,))))]
    if not spoken_of:
        return draw(flows(network, world))
    (left, right), families = spoken_of[0]
    family = draw(st.sampled_from(families))
    origin, sources = draw(st.sampled_from(_of(left, family)))
    _, flow = draw(flows(network, world))
    target, wanted = draw(st.sampled_from(_of(right, family)))
    if draw(st.integers(0, 7)) > 0 or family_of(flow.destination) is not family:
        flow = replace(flow, destination=draw(_among(network, target, wanted, world)))
    protocol, ports = claim.service.parts[0]
    protocol = family.icmp if protocol == ICMP else protocol or draw(_protocols(flow.destination))
    flow = replace(flow, source=draw(_among(network, origin, sources, world)), protocol=protocol)
    if flow.protocol not in (TCP, UDP):
        return origin, replace(flow, source_port=0, destination_port=0)
    bounds = [port for interval in ports for port in (interval.low, interval.high)]
    bounds += [port for port in _listened(network, flow.destination, world) if port in ports]
    bounds += [port for port in translated_ports(network) if port in ports]
    return origin, replace(flow, destination_port=draw(st.sampled_from(bounds)))


def _of(endpoints: EndpointSet, family: Family) -> list[tuple[Place, IntervalSet]]:
    """Return the parts of `endpoints` without the other family's addresses."""
    parts = ((place, addresses & _EVERY[family]) for place, addresses in endpoints.parts)
    return [(place, addresses) for place, addresses in parts if addresses]


def _among(network: Network, place: Place, addresses: IntervalSet, world: World) -> SearchStrategy[int]:
    known = [address for address in addresses_at(network, place, world) if address in addresses]
    return st.sampled_from(known or [addresses.intervals[0].low, addresses.intervals[-1].high])
