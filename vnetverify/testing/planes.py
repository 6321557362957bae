"""A strategy that gives a network a second plane: IPv6 ranges, addresses, routes and rules beside those of IPv4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_IPV4,
    EVERY_IPV6,
    Family,
    IntervalSet,
    Prefix,
    addresses_of,
    host_prefix,
    parse_address,
    parse_prefix,
)
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.network import (
    GATEWAY_SUBNET,
    Connection,
    GatewayKind,
    Machine,
    Network,
    NextHopType,
    Nic,
    Peering,
    PolicyRule,
    RouteTable,
    Site,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)
from vnetverify.testing.lists import PROTOCOLS, port_sets

_WHOLE_PRIVATE_RANGE = parse_prefix("fc00::/7")
_WIDE = tuple(map(parse_prefix, ("::/0", "::/0", "fc00::/7", "fd00::/8", "2000::/3", "::/1")))
_FIRST_PUBLIC = parse_address("2001:db8:ff::4")
# Subnets that seldom have IPv6, as what stands there does not support it.
_WITHOUT = frozenset({"RouteServerSubnet", "o"})


@dataclass(frozen=True, slots=True)
class Plane:
    """What is there of IPv6 once vnets and machines have it."""

    vnets: tuple[Vnet, ...]
    machines: tuple[Machine, ...]

    @property
    def ranges(self) -> tuple[Prefix, ...]:
        spaces = [prefix for vnet in self.vnets for prefix in of_ipv6(vnet.address_space)]
        subnets = [p for vnet in self.vnets for subnet in vnet.subnets for p in of_ipv6(subnet.prefixes)]
        return (*spaces, *subnets)

    @property
    def pieces(self) -> tuple[Prefix, ...]:
        """The ranges, a host of each subnet, the half of each range, and what holds them all."""
        hosts = [host_prefix(prefix.value + 4) for prefix in self.ranges if prefix.length == 64]
        halves = [Prefix(prefix.value, prefix.length + 1) for prefix in self.ranges]
        return tuple(dict.fromkeys((*self.ranges, *hosts, *halves, *_WIDE)))

    @property
    def next_hops(self) -> tuple[int, ...]:
        """Addresses of interfaces, of an undeclared host and of nobody; of what forwards four times as often."""
        nics = [nic for machine in self.machines for nic in machine.nics]
        forwarding = [a for nic in nics if nic.ip_forwarding for a in of_nic(nic)]
        others = [a for nic in nics for a in of_nic(nic)]
        undeclared = [prefix.value + 9 for prefix in self.ranges if prefix.length == 64][:1]
        return (*forwarding * 4, *others, *undeclared, parse_address("fd99::4"))


def of_ipv6(prefixes: Sequence[Prefix]) -> tuple[Prefix, ...]:
    return tuple(prefix for prefix in prefixes if prefix.family is Family.IPV6)


def of_nic(nic: Nic) -> tuple[int, ...]:
    """Return the IPv6 addresses of an interface."""
    return tuple(address for address in nic.addresses if host_prefix(address).family is Family.IPV6)


@st.composite
def with_ipv6(draw: DrawFn, network: Network) -> Network:
    """Draw what of `network` has IPv6 as well; what Azure refuses is mostly not drawn."""
    vnets = draw(_dual_vnets(tuple(network.vnets.values())))
    machines = draw(_dual_machines(tuple(network.machines.values()), vnets))
    plane = Plane(vnets, machines)
    if not plane.ranges:
        return network
    sites = draw(_dual_sites(tuple(network.sites.values())))
    return replace(
        network,
        vnets={vnet.name: vnet for vnet in vnets},
        machines={machine.name: machine for machine in machines},
        peerings=draw(_peerings(network.peerings, vnets)),
        nsgs={name: draw(_longer_group(nsg, plane)) for name, nsg in network.nsgs.items()},
        route_tables={name: draw(_longer_table(table, network, plane)) for name, table in network.route_tables.items()},
        sites={site.name: site for site in sites},
        connections=draw(_connections(network, plane)),
        service_tags=draw(_tags(network)),
    )


@st.composite
def _dual_vnets(draw: DrawFn, vnets: tuple[Vnet, ...]) -> tuple[Vnet, ...]:
    """Draw the ranges: private ones, public ones, none, or now and then the whole private range for the first vnet."""
    whole = draw(st.integers(0, 9)) == 9
    dual = []
    for number, vnet in enumerate(vnets, 1):
        private, public = parse_prefix(f"fd00:db8:{number}::/48"), parse_prefix(f"2001:db8:{number}::/48")
        usual = (public, None) if whole else (private, private, private, public, None)
        space = _WHOLE_PRIVATE_RANGE if whole and number == 1 else draw(st.sampled_from(usual))
        dual.append(vnet if space is None else draw(_dual_vnet(vnet, space)))
    return tuple(dual)


@st.composite
def _dual_vnet(draw: DrawFn, vnet: Vnet, space: Prefix) -> Vnet:
    subnets = []
    for number, subnet in enumerate(vnet.subnets, 1):
        of_hosts = len(subnet.name) == 1 and subnet.name not in _WITHOUT
        if of_hosts or (subnet.name not in _WITHOUT and draw(st.booleans())):
            subnet = replace(subnet, prefixes=(*subnet.prefixes, Prefix(space.value + (number << 64), 64)))
        subnets.append(subnet)
    summary = vnet.summarized_gateway_prefixes
    widened: bool = draw(st.booleans())
    if summary and widened:
        summary = (*summary, draw(st.sampled_from((space, _around(space), Prefix(space.value, space.length + 1)))))
    return replace(
        vnet,
        address_space=(*vnet.address_space, space),
        subnets=tuple(subnets),
        summarized_gateway_prefixes=summary,
    )


def _around(space: Prefix) -> Prefix:
    """Return a prefix that holds `space`, and the ranges beside it."""
    length = max(space.length - 16, 0)
    free = 128 - length
    return Prefix(space.value >> free << free, length)


@st.composite
def _dual_machines(draw: DrawFn, machines: Sequence[Machine], vnets: Sequence[Vnet]) -> tuple[Machine, ...]:
    """Draw which interfaces have an address of IPv6, the next one of their subnet, and which a public one."""
    subnets = {subnet.id: subnet for vnet in vnets for subnet in vnet.subnets}
    public = iter(range(_FIRST_PUBLIC, _FIRST_PUBLIC + 99))
    taken: dict[str, int] = {}
    dual = []
    for machine in machines:
        nics = []
        for nic in machine.nics:
            found = of_ipv6(subnets[nic.subnet_id].prefixes)
            if found and draw(st.integers(0, 7)) > 0:
                number = taken[nic.subnet_id] = taken.get(nic.subnet_id, 3) + 1
                nic = replace(nic, addresses=(*nic.addresses, found[0].value + number))
                nic = replace(nic, public_ipv6=draw(_public_addresses(nic.name, next(public))))
            nics.append(nic)
        policy = (
            None if machine.policy is None else tuple([draw(_wider_line(line, subnets)) for line in machine.policy])
        )
        dual.append(replace(machine, nics=tuple(nics), policy=policy))
    return tuple(dual)


@st.composite
def _public_addresses(draw: DrawFn, nic: str, address: int) -> PublicAddress | None:
    if draw(st.integers(0, 2)) > 0:
        return None
    known = address if draw(st.booleans()) else None
    return PublicAddress(f"{nic}-ip6", draw(st.sampled_from((Sku.STANDARD, None))), known)


@st.composite
def _wider_line(draw: DrawFn, line: PolicyRule, subnets: Mapping[str, Subnet]) -> PolicyRule:
    """Draw a line of a policy that speaks of IPv6 too: wholly where it did of IPv4, else of a range or not at all."""
    ranges = [prefix for subnet in subnets.values() for prefix in of_ipv6(subnet.prefixes)]
    some = st.sampled_from((IntervalSet(), *(addresses_of((prefix,)) for prefix in ranges)))
    sides = [ALL_ADDRESSES if side == ALL_IPV4 else side | draw(some) for side in (line.sources, line.destinations)]
    return replace(line, sources=sides[0], destinations=sides[1])


@st.composite
def _peerings(draw: DrawFn, peerings: Sequence[Peering], vnets: Sequence[Vnet]) -> tuple[Peering, ...]:
    """Draw which peerings of subnets are for IPv6 alone, and whether halves not in sync have seen the other's IPv6."""
    spaces = {vnet.name: of_ipv6(vnet.address_space) for vnet in vnets}
    in_part = {frozenset((half.local, half.remote)) for half in peerings if half.is_of_subnets}
    halves = []
    for half in peerings:
        if half.remote_space is not None and draw(st.booleans()):
            half = replace(half, remote_space=(*half.remote_space, *spaces[half.remote]))
        may_be = frozenset((half.local, half.remote)) in in_part
        halves.append(replace(half, only_ipv6=may_be and draw(st.integers(0, 3)) == 3))
    return tuple(halves)


@st.composite
def _longer_group(draw: DrawFn, nsg: Nsg, plane: Plane) -> Nsg:
    """Draw up to two more rules, before and between those there are."""
    rules = [draw(_rules(f"{nsg.name}-six{p}", p, plane)) for p in (150, 101)[: draw(st.integers(0, 2))]]
    return replace(nsg, rules=(*nsg.rules, *rules))


@st.composite
def _rules(draw: DrawFn, name: str, priority: int, plane: Plane) -> SecurityRule:
    fields: st.SearchStrategy[AddressField] = st.one_of(
        st.just(AnyAddress()),
        st.sampled_from(plane.pieces).map(lambda prefix: AddressPrefixes((prefix,))),
        st.sampled_from(("VirtualNetwork", "Internet", "AzureLoadBalancer", "Sql")).map(ServiceTag),
    )
    ports = draw(port_sets())
    several = [IntervalSet((interval,)) for interval in ports] if len(ports.intervals) > 1 else [None]
    return SecurityRule(
        name=name,
        priority=priority,
        direction=draw(st.sampled_from(Direction)),
        access=draw(st.sampled_from(Access)),
        protocol=draw(st.sampled_from(PROTOCOLS)),
        source=draw(fields),
        source_ports=draw(port_sets()),
        destination=draw(fields),
        destination_ports=ports,
        first_destination_ports=draw(st.sampled_from(several)),
    )


@st.composite
def _longer_table(draw: DrawFn, table: RouteTable, network: Network, plane: Plane) -> RouteTable:
    """Draw routes of IPv6 beside those there are: of a hub that inspects, mostly those that lead through it."""
    way = _through_hub(table, plane)
    if way and draw(st.integers(0, 3)) > 0:
        return replace(table, routes=(*table.routes, *way))
    at_gateways = any(s.route_table == table.name and s.is_called(GATEWAY_SUBNET) for s in network.subnets())
    prefixes = [
        p for p in (*plane.ranges * 2, *plane.pieces, *(EVERY_IPV6,) * 3) if not (at_gateways and _is_barred(p))
    ]
    wanted = dict.fromkeys(draw(st.lists(st.sampled_from(prefixes), min_size=1, max_size=3))) if prefixes else {}
    routes = [draw(_routes(f"six{number}", prefix, plane)) for number, prefix in enumerate(wanted)]
    return replace(table, routes=(*table.routes, *routes))


def _through_hub(table: RouteTable, plane: Plane) -> tuple[UserRoute, ...]:
    """Return a route to each range by the interface, in IPv6, to which the whole table leads in IPv4."""
    hops = {route.next_hop_address for route in table.routes}
    nics = [nic for machine in plane.machines for nic in machine.nics]
    address = next((of_nic(nic)[0] for nic in nics if of_nic(nic) and hops == {nic.addresses[0]}), None)
    spaces = [prefix for vnet in plane.vnets for prefix in of_ipv6(vnet.address_space)]
    if address is None:
        return ()
    return tuple(
        UserRoute(f"six{number}", prefix, NextHopType.APPLIANCE, address) for number, prefix in enumerate(spaces)
    )


def _is_barred(prefix: Prefix) -> bool:
    """Hold when no table of a GatewaySubnet may have a route for `prefix` (R-UDR-13)."""
    return prefix == EVERY_IPV6 or prefix.length >= 64


@st.composite
def _routes(draw: DrawFn, name: str, prefix: Prefix, plane: Plane) -> UserRoute:
    hop = draw(st.sampled_from((*(NextHopType.APPLIANCE,) * 6, *NextHopType)))
    if hop is NextHopType.APPLIANCE:
        return UserRoute(name, prefix, hop, draw(st.sampled_from(plane.next_hops)))
    return UserRoute(name, prefix, hop)


@st.composite
def _dual_sites(draw: DrawFn, sites: Sequence[Site]) -> tuple[Site, ...]:
    return tuple(
        replace(site, prefixes=(*site.prefixes, parse_prefix(f"fd00:517e:{number}::/48")))
        if draw(st.integers(0, 3)) > 0
        else site
        for number, site in enumerate(sites, 1)
    )


@st.composite
def _connections(draw: DrawFn, network: Network, plane: Plane) -> tuple[Connection, ...]:
    """Draw what sites announce of IPv6: by ExpressRoute, and now and then by VPN, where nobody listens."""
    heard = (*map(parse_prefix, ("::/0", "fd00:517e::/32", "fd00:517e:1::/48", "2001:db8:40::/48")), *plane.pieces)
    connections = []
    for end in network.connections:
        express = network.gateways[end.gateway].kind is GatewayKind.EXPRESSROUTE
        if end.prefixes is not None and (express or draw(st.integers(0, 5)) == 5):
            more = draw(st.lists(st.sampled_from(heard), max_size=2, unique=True))
            end = replace(end, prefixes=(*end.prefixes, *more))
        connections.append(end)
    return tuple(connections)


@st.composite
def _tags(draw: DrawFn, network: Network) -> Mapping[str, tuple[Prefix, ...]]:
    """Draw whether published tags have IPv6 prefixes: none that a route stands for, which would lack a line."""
    routed = any(route.service_tag for table in network.route_tables.values() for route in table.routes)
    if routed or draw(st.booleans()):
        return network.service_tags
    return {tag: (*prefixes, parse_prefix("2001:db8:40::/48")) for tag, prefixes in network.service_tags.items()}
