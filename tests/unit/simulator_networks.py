"""Small networks for the simulator's tests, in as few words as the dataclasses allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vnetverify.facts import World
from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_PORTS,
    TCP,
    Flow,
    Interval,
    IntervalSet,
    Prefix,
    parse_address,
    parse_prefix,
)
from vnetverify.model.balancers import (
    Frontend,
    LoadBalancer,
    LoadBalancingRule,
    OutboundRule,
    Probe,
    PublicAddress,
    PublicFrontend,
    Sku,
)
from vnetverify.model.intents import Place
from vnetverify.model.network import (
    BgpPeer,
    ConnectedGroup,
    Connection,
    Gateway,
    GatewayKind,
    Machine,
    Network,
    NextHopType,
    Nic,
    Peering,
    PolicyRule,
    RouteServer,
    RouteTable,
    Site,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService
from vnetverify.model.security import Access, AddressField, AddressPrefixes, AnyAddress, Direction, Nsg, SecurityRule

Element = (
    Vnet
    | tuple[Peering, Peering]
    | Peering
    | Nsg
    | RouteTable
    | Machine
    | Gateway
    | Site
    | Connection
    | ConnectedGroup
    | RouteServer
    | LoadBalancer
    | PrivateEndpoint
    | PrivateLinkService
)


def network(*elements: Element) -> Network:
    peerings: list[Peering] = []
    for element in elements:
        if isinstance(element, tuple):
            peerings += element
        elif isinstance(element, Peering):
            peerings.append(element)
    named = {kind: {e.name: e for e in elements if isinstance(e, kind)} for kind in (Vnet, Nsg, RouteTable, Machine)}
    return Network(
        vnets=named[Vnet],
        peerings=tuple(peerings),
        nsgs=named[Nsg],
        route_tables=named[RouteTable],
        machines=named[Machine],
        gateways={e.name: e for e in elements if isinstance(e, Gateway)},
        sites={e.name: e for e in elements if isinstance(e, Site)},
        connections=tuple(e for e in elements if isinstance(e, Connection)),
        connected_groups=tuple(e for e in elements if isinstance(e, ConnectedGroup)),
        route_servers=tuple(e for e in elements if isinstance(e, RouteServer)),
        load_balancers={e.name: e for e in elements if isinstance(e, LoadBalancer)},
        private_endpoints={e.name: e for e in elements if isinstance(e, PrivateEndpoint)},
        private_link_services={e.name: e for e in elements if isinstance(e, PrivateLinkService)},
    )


def prefixes(texts: str) -> tuple[Prefix, ...]:
    return tuple(parse_prefix(text) for text in texts.split())


def vnet(name: str, space: str, *subnets: Subnet, **more: object) -> Vnet:
    return Vnet(name, prefixes(space), tuple(replace(subnet, vnet=name) for subnet in subnets), **more)  # type: ignore[arg-type]


def subnet(name: str, space: str, **more: object) -> Subnet:
    return Subnet(name, "", prefixes(space), **more)  # type: ignore[arg-type]


def peered(a: str, b: str, **flags: bool) -> tuple[Peering, Peering]:
    """Return both halves with the same flags."""
    return Peering(a, b, **flags), Peering(b, a, **flags)  # type: ignore[arg-type]


def transit(spoke: str, hub: str) -> tuple[Peering, Peering]:
    """Return a peering by which `spoke` uses the gateways of `hub`."""
    return Peering(spoke, hub, use_remote_gateways=True), Peering(hub, spoke, allow_gateway_transit=True)


def table(name: str, *routes: UserRoute, propagate: bool = True) -> RouteTable:
    return RouteTable(name, routes, propagate)


def route(prefix: str, hop: str) -> UserRoute:
    """Return a user route to an appliance's address, or to the kind of next hop that `hop` names."""
    if hop[0].isdigit() or ":" in hop:
        return UserRoute(prefix, parse_prefix(prefix), NextHopType.APPLIANCE, parse_address(hop))
    return UserRoute(prefix, parse_prefix(prefix), NextHopType(hop))


def nic(name: str, where: str, address: str, **more: object) -> Nic:
    """Return an interface in the subnet `where`, of the machine that `machine` makes of it; it may have addresses."""
    vnet_name, subnet_name = where.split(".")
    return Nic(name, "", vnet_name, subnet_name, tuple(map(parse_address, address.split())), **more)  # type: ignore[arg-type]


def machine(name: str, *nics: Nic, **more: object) -> Machine:
    return Machine(name, tuple(replace(nic, machine=name) for nic in nics), **more)  # type: ignore[arg-type]


def router(name: str, where: str, address: str, **more: object) -> Machine:
    """Return an appliance with one interface that forwards everything."""
    everything = {"policy": (ALLOW_ALL,), **more}
    return machine(name, nic(f"{name}-nic", where, address, ip_forwarding=True), **everything)


ALLOW_ALL = PolicyRule(Access.ALLOW, None, ALL_ADDRESSES, ALL_ADDRESSES, ALL_PORTS)


def public(name: str, address: str | None = None, sku: object = None) -> PublicAddress:
    return PublicAddress(name, sku, None if address is None else parse_address(address))  # type: ignore[arg-type]


def field(text: str | AddressField) -> AddressField:
    if not isinstance(text, str):
        return text
    return AnyAddress() if text == "*" else AddressPrefixes(prefixes(text))


def rule(
    priority: int,
    access: str,
    direction: str,
    *,
    protocol: int | None = None,
    source: str | AddressField = "*",
    destination: str | AddressField = "*",
    ports: IntervalSet = ALL_PORTS,
) -> SecurityRule:
    return SecurityRule(
        f"rule-{priority}",
        priority,
        Direction(direction),
        Access(access),
        protocol,
        field(source),
        ALL_PORTS,
        field(destination),
        ports,
    )


def nsg(name: str, *rules: SecurityRule) -> Nsg:
    return Nsg(name, rules)


def port(number: int) -> IntervalSet:
    return IntervalSet((Interval(number, number),))


def vpn(name: str, where: str, **more: object) -> Gateway:
    return Gateway(name, where, GatewayKind.VPN, **more)  # type: ignore[arg-type]


def expressroute(name: str, where: str, **more: object) -> Gateway:
    return Gateway(name, where, GatewayKind.EXPRESSROUTE, **more)  # type: ignore[arg-type]


def group(name: str, members: str, *, everywhere: bool = False) -> ConnectedGroup:
    return ConnectedGroup(name, tuple(members.split()), everywhere)


def route_server(where: str, *peers: BgpPeer, branches: bool = False) -> RouteServer:
    return RouteServer(f"rs-{where}", where, peers, branches)


def announces(machine_name: str, space: str, next_hop: str | None = None) -> BgpPeer:
    """Return what an appliance announces, by its own address unless `next_hop` is another."""
    return BgpPeer(machine_name, prefixes(space), None if next_hop is None else parse_address(next_hop))


def site(name: str, space: str, **more: object) -> Site:
    return Site(name, prefixes(space), **more)  # type: ignore[arg-type]


def flow(source: str, destination: str, destination_port: int = 443, protocol: int = TCP) -> Flow:
    ported = protocol in (TCP, 17)
    return Flow(
        protocol,
        parse_address(source),
        50000 if ported else 0,
        parse_address(destination),
        destination_port if ported else 0,
    )


def at(name: str) -> Place:
    """Return the subnet, site or Internet called `name`."""
    if name == "internet":
        return Place("internet", name)
    return Place("subnet" if "." in name else "site", name)


def world(*true: str, false: Iterable[str] = (), **addresses: str) -> World:
    """Return the world in which the facts named hold, those in `false` do not, and the rest are as documented."""
    facts = {**dict.fromkeys(true, True), **dict.fromkeys(false, False)}
    return World(facts, {name: parse_address(text) for name, text in addresses.items()})


def frontend(name: str, where: str, address: str) -> Frontend:
    vnet_name, subnet_name = where.split(".")
    return Frontend(name, vnet_name, subnet_name, parse_address(address))


def balancing(
    name: str, at_frontend: str, protocol: int | None, port_: int | None, members: str, **more: object
) -> LoadBalancingRule:
    """Return a rule with members that are named like their interfaces; `probe` is a port."""
    probe = more.pop("probe", None)
    probed = {"probe": Probe(probe)} if isinstance(probe, int) else {}
    backend = more.pop("backend_port", port_)
    return LoadBalancingRule(name, at_frontend, protocol, port_, tuple(members.split()), backend, **probed, **more)  # type: ignore[arg-type]


def balancer(
    name: str,
    frontends: tuple[Frontend | PublicFrontend, ...],
    *rules: LoadBalancingRule | OutboundRule,
    sku: Sku | None = Sku.STANDARD,
) -> LoadBalancer:
    return LoadBalancer(
        name,
        sku,
        tuple(one for one in frontends if isinstance(one, Frontend)),
        tuple(one for one in rules if isinstance(one, LoadBalancingRule)),
        tuple(one for one in frontends if isinstance(one, PublicFrontend)),
        tuple(one for one in rules if isinstance(one, OutboundRule)),
    )


def public_frontend(name: str, address: str | None = None) -> PublicFrontend:
    return PublicFrontend(name, public(name, address))


def nat_rule(name: str, at_frontend: str, port_: int, member: str, backend_port: int) -> LoadBalancingRule:
    return LoadBalancingRule(name, at_frontend, TCP, port_, (member,), backend_port, is_inbound_nat=True)


def outbound(name: str, frontends: str, members: str, protocol: int | None = None) -> OutboundRule:
    return OutboundRule(name, tuple(frontends.split()), protocol, tuple(members.split()))


def endpoint(
    name: str, where: str, address: str, *, approved: bool = True, service: str | None = None
) -> PrivateEndpoint:
    vnet_name, subnet_name = where.split(".")
    addresses = tuple(map(parse_address, address.split()))
    return PrivateEndpoint(name, vnet_name, subnet_name, addresses, approved, service)


def link_service(name: str, behind: str, where: str, addresses: str) -> PrivateLinkService:
    """Return the service that offers the frontend `behind`, written `balancer.frontend`."""
    balancer_name, frontend_name = behind.split(".")
    vnet_name, subnet_name = where.split(".")
    numbers = tuple(map(parse_address, addresses.split()))
    return PrivateLinkService(name, balancer_name, frontend_name, vnet_name, subnet_name, numbers)
