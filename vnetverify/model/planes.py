"""The two planes of a network: what it and a claim are for one family of addresses (R-ADDR-6, R-PEER-20).

Nothing translates between the families, so IPv4 and IPv6 are two networks that share their names. What a security group
or a policy lists is left as it is: an address of the other family is simply none that a packet of this one has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from vnetverify.header import ALL_IPV4, ALL_IPV6, ICMP, Family, IntervalSet, Prefix, family_of, host_prefix
from vnetverify.model.balancers import LoadBalancer, PublicFrontend
from vnetverify.model.firewalls import FirewallPolicy, FirewallRuleKind
from vnetverify.model.intents import Advertising, Claim, EndpointSet
from vnetverify.model.network import (
    BgpPeer,
    Connection,
    Machine,
    Network,
    Nic,
    Peering,
    RouteServer,
    RouteTable,
    Service,
    Site,
    Subnet,
    Vnet,
)
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService
from vnetverify.model.services import service_of

EVERY_ADDRESS = {Family.IPV4: ALL_IPV4, Family.IPV6: ALL_IPV6}


def has_ipv6(network: Network) -> bool:
    """Tell whether IPv6 plays any part in `network`."""
    return any(prefix.family is Family.IPV6 for prefix in _prefixes(network)) or any(
        half.only_ipv6 for half in network.peerings
    )


def families_of(claim: Claim) -> tuple[Family, ...]:
    """Return the families for which some pair has addresses on both sides."""
    found = [_families(left) & _families(right) for left, right in claim.pairs]
    return tuple(family for family in Family if any(family in both for both in found))


def only_family(claim: Claim) -> Family:
    """Return the family of all addresses of `claim`, IPv4 where it has none. Raises ValueError where there are two."""
    families = {family for pair in claim.pairs for side in pair for family in _families(side)}
    if len(families) > 1:
        raise ValueError("a claim of both families is no claim of one plane")
    return families.pop() if families else Family.IPV4


def plane(network: Network, family: Family) -> Network:
    """Return the network as packets of `family` see it; the very same object where there is no IPv6 in it."""
    if family is Family.IPV4 and not has_ipv6(network):
        return network
    return replace(
        network,
        vnets={name: _vnet(vnet, family) for name, vnet in network.vnets.items()},
        peerings=_peerings(network.peerings, family),
        route_tables={name: _route_table(table, family) for name, table in network.route_tables.items()},
        machines={name: _machine(machine, family) for name, machine in network.machines.items()},
        sites={name: _site(site, family) for name, site in network.sites.items()},
        connections=tuple(_connection(connection, family) for connection in network.connections),
        service_tags={tag: _of(prefixes, family) for tag, prefixes in network.service_tags.items()},
        route_servers=tuple(_route_server(server, family) for server in network.route_servers),
        load_balancers={name: _load_balancer(one, family) for name, one in network.load_balancers.items()},
        private_endpoints={name: _endpoint(one, family) for name, one in network.private_endpoints.items()},
        private_link_services={name: _service_of(one, family) for name, one in network.private_link_services.items()},
    )


def claim_in(claim: Claim, family: Family) -> Claim:
    """Return what `claim` says of packets of `family`; the very same object where it says nothing about the other."""
    sides = [*(side for pair in claim.pairs for side in pair), *claim.apart]
    within = () if claim.advertising is None else claim.advertising.within
    if family is Family.IPV4 and all(_families(side) <= {family} for side in sides) and within == _of(within, family):
        return claim
    kept = {id(side): _ends(side, family) for side in sides}
    return replace(
        claim,
        pairs=tuple((kept[id(left)], kept[id(right)]) for left, right in claim.pairs),
        service=_service(claim.service, family),
        apart=tuple(kept[id(member)] for member in claim.apart),
        advertising=_advertising(claim.advertising, family),
    )


def _of(prefixes: Iterable[Prefix], family: Family) -> tuple[Prefix, ...]:
    return tuple(prefix for prefix in prefixes if prefix.family is family)


def _addresses(addresses: Iterable[int], family: Family) -> tuple[int, ...]:
    return tuple(address for address in addresses if family_of(address) is family)


def _prefixes(network: Network) -> Iterator[Prefix]:
    """Yield the prefixes that the network is made of, a single address as that of a host."""
    for vnet in network.vnets.values():
        yield from vnet.address_space
        for subnet in vnet.subnets:
            yield from subnet.prefixes
    for table in network.route_tables.values():
        yield from (route.prefix for route in table.routes)
    for site in network.sites.values():
        yield from (*site.prefixes, *(site.routes or ()))
    for connection in network.connections:
        yield from connection.prefixes or ()
    for nic in network.nics():
        yield from map(host_prefix, nic.addresses)
    for balancer in network.load_balancers.values():
        yield from (host_prefix(frontend.address) for frontend in balancer.frontends)
        public = (frontend.public_address.address for frontend in balancer.public_frontends)
        yield from (host_prefix(address) for address in public if address is not None)
    for endpoint in network.private_endpoints.values():
        yield from map(host_prefix, endpoint.addresses)
    for server in network.route_servers:
        yield from (prefix for peer in server.peers for prefix in peer.prefixes)
    for prefixes in network.service_tags.values():
        yield from prefixes


# -- elements of a network ------------------------------------------------------------------------------


def _vnet(vnet: Vnet, family: Family) -> Vnet:
    return replace(
        vnet,
        address_space=_of(vnet.address_space, family),
        subnets=tuple(_subnet(subnet, family) for subnet in vnet.subnets),
        summarized_gateway_prefixes=_of(vnet.summarized_gateway_prefixes, family),
    )


def _subnet(subnet: Subnet, family: Family) -> Subnet:
    return replace(subnet, prefixes=_of(subnet.prefixes, family))


def _peerings(halves: tuple[Peering, ...], family: Family) -> tuple[Peering, ...]:
    """Return the halves that are there for `family`: in IPv4 none of a peering that is of IPv6 alone (R-PEER-20)."""
    absent = {frozenset((half.local, half.remote)) for half in halves if half.only_ipv6}
    return tuple(
        half if half.remote_space is None else replace(half, remote_space=_of(half.remote_space, family))
        for half in halves
        if family is Family.IPV6 or frozenset((half.local, half.remote)) not in absent
    )


def _route_table(table: RouteTable, family: Family) -> RouteTable:
    return replace(table, routes=tuple(route for route in table.routes if route.prefix.family is family))


def _machine(machine: Machine, family: Family) -> Machine:
    firewall = machine.firewall if family is Family.IPV4 else _firewall_of_ipv6(machine.firewall)
    return replace(machine, nics=tuple(_nic(nic, family) for nic in machine.nics), firewall=firewall)


def _firewall_of_ipv6(policy: FirewallPolicy | None) -> FirewallPolicy | None:
    """Return what of a firewall's policy is there for IPv6: no NAT rule, and no further public address (F-FW-11)."""
    if policy is None:
        return None
    rules = tuple(rule for rule in policy.rules if rule.kind is not FirewallRuleKind.NAT)
    return replace(policy, rules=rules, public_addresses=())


def _nic(nic: Nic, family: Family) -> Nic:
    public = nic.public_address if family is Family.IPV4 else nic.public_ipv6
    return replace(nic, addresses=_addresses(nic.addresses, family), public_address=public, public_ipv6=None)


def _site(site: Site, family: Family) -> Site:
    routes = None if site.routes is None else _of(site.routes, family)
    return replace(site, prefixes=_of(site.prefixes, family), routes=routes)


def _connection(connection: Connection, family: Family) -> Connection:
    if connection.prefixes is None:
        return connection
    return replace(connection, prefixes=_of(connection.prefixes, family))


def _route_server(server: RouteServer, family: Family) -> RouteServer:
    """Return the Route Server, which has nothing to do with IPv6 but that it stands there (R-ADDR-6)."""
    peers = tuple(_bgp_peer(peer, family) for peer in server.peers)
    return replace(server, peers=peers, branch_to_branch=server.branch_to_branch and family is Family.IPV4)


def _bgp_peer(peer: BgpPeer, family: Family) -> BgpPeer:
    return replace(peer, prefixes=_of(peer.prefixes, family) if family is Family.IPV4 else ())


def _load_balancer(balancer: LoadBalancer, family: Family) -> LoadBalancer:
    """Return it with the frontends of `family`; members of the other's rules are members all the same (F-OUT-4).

    A public frontend whose address is not known is one of IPv4.
    """
    return replace(
        balancer,
        frontends=tuple(frontend for frontend in balancer.frontends if family_of(frontend.address) is family),
        public_frontends=tuple(front for front in balancer.public_frontends if family_of_frontend(front) is family),
    )


def family_of_frontend(frontend: PublicFrontend) -> Family:
    """Return the family of a public frontend: IPv4 where its address is not known."""
    address = frontend.public_address.address
    return Family.IPV4 if address is None else family_of(address)


def _service_of(service: PrivateLinkService, family: Family) -> PrivateLinkService:
    """Return the private link service, which carries IPv4 alone (F-PE-10)."""
    return replace(service, addresses=_addresses(service.addresses, family) if family is Family.IPV4 else ())


def _endpoint(endpoint: PrivateEndpoint, family: Family) -> PrivateEndpoint:
    return replace(endpoint, addresses=_addresses(endpoint.addresses, family))


# -- claims ---------------------------------------------------------------------------------------------


def _families(ends: EndpointSet) -> set[Family]:
    """Return the families that `ends` has addresses of: no interval reaches from one into the other."""
    outermost = ((*addresses.intervals[:1], *addresses.intervals[-1:]) for _, addresses in ends.parts)
    return {family_of(interval.low) for intervals in outermost for interval in intervals}


def _ends(ends: EndpointSet, family: Family) -> EndpointSet:
    every = EVERY_ADDRESS[family]
    parts = ((place, _within(addresses, every)) for place, addresses in ends.parts)
    return replace(ends, parts=tuple((place, addresses) for place, addresses in parts if addresses))


def _within(addresses: IntervalSet, every: IntervalSet) -> IntervalSet:
    return IntervalSet(tuple(i for i in addresses if every.intervals[0].low <= i.low <= every.intervals[0].high))


def _service(service: Service, family: Family) -> Service:
    """Return what the service means in packets of `family`: `icmp` is the family's own."""
    if family is Family.IPV4:
        return service
    return service_of(
        service.name, ((family.icmp if number == ICMP else number, ports) for number, ports in service.parts)
    )


def _advertising(advertising: Advertising | None, family: Family) -> Advertising | None:
    return None if advertising is None else replace(advertising, within=_of(advertising.within, family))
