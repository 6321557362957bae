"""Route tables: their routes, and where they are attached (R-UDR-2, R-UDR-4, R-UDR-5, R-UDR-8, R-UDR-13 to 15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import EVERY_IPV4, EVERY_IPV6, Prefix, address_text, family_of
from vnetverify.model.balancers import Frontend, LoadBalancer, Sku
from vnetverify.model.endpoints import assignable
from vnetverify.model.network import (
    SUBNETS_WITHOUT_HOSTS,
    DeploymentModel,
    Gateway,
    GatewayKind,
    Network,
    NextHopType,
    RouteTable,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.model.wellformed.incompleteness import incomplete_vnets
from vnetverify.model.wellformed.occupants import occupants
from vnetverify.source import Span

_WITHOUT_TABLE = ("routeserversubnet", "azurebastionsubnet")


def routing_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with route tables and with the subnets that use them."""
    for table in network.route_tables.values():
        yield from _route_faults(table)
    neighbourhood = _Neighbourhood(network)
    judged: set[tuple[str, str]] = set()
    for subnet in network.subnets():
        table_or_none = network.route_tables.get(subnet.route_table or "")
        if table_or_none is None:
            continue
        yield from _special_subnet_faults(subnet, table_or_none, network.vnets[subnet.vnet].address_space)
        if (subnet.vnet, table_or_none.name) not in judged:
            judged.add((subnet.vnet, table_or_none.name))
            yield from neighbourhood.faults(subnet, table_or_none)


def _route_faults(table: RouteTable) -> Iterator[Diagnostic]:
    by_prefix: dict[tuple[Prefix, str | None], UserRoute] = {}
    by_name: dict[str, UserRoute] = {}
    for route in table.routes:
        first = by_prefix.setdefault((route.prefix, route.service_tag), route)
        if first is not route:
            message = f"route table `{table.name}` has a second route for {route.prefix}"
            yield Diagnostic("route-taken", message, route.span, "second", ((first.span, "the first"),))
        first = by_name.setdefault(route.name.casefold(), route)
        if first is not route and not _of_one_tag(first, route):
            message = f"route table `{table.name}` has a second route called `{route.name}`"
            yield Diagnostic("route-name-taken", message, route.span, "second", ((first.span, "the first"),))
        if route.next_hop is NextHopType.APPLIANCE and route.next_hop_address is None:
            message = f"route `{route.name}` to an appliance names no address"
            yield Diagnostic("next-hop-missing", message, route.span, "no address", rule="R-UDR-2")
        if route.next_hop is not NextHopType.APPLIANCE and route.next_hop_address is not None:
            message = (
                f"route `{route.name}` has next hop {route.next_hop.value} and an address, which only appliances have"
            )
            yield Diagnostic("next-hop-with-address", message, route.span, rule="R-UDR-2")
        if route.next_hop_address is not None and family_of(route.next_hop_address) is not route.prefix.family:
            hop = address_text(route.next_hop_address)
            message = f"route `{route.name}` for {route.prefix} has a next hop of the other family, {hop}"
            yield Diagnostic("next-hop-of-other-family", message, route.span, rule="R-UDR-2")


def _special_subnet_faults(subnet: Subnet, table: RouteTable, space: tuple[Prefix, ...]) -> Iterator[Diagnostic]:
    """Yield what Azure's own subnets do not bear in a vnet with this address space."""
    name = subnet.name.lower()
    if name in _WITHOUT_TABLE:
        message = f"`{subnet.id}` takes no route table"
        yield Diagnostic("route-table-forbidden", message, subnet.span, "has a route table", rule="R-UDR-14")
    if name != "gatewaysubnet":
        return
    if not table.propagate_gateway_routes:
        yield Diagnostic(
            "gateway-subnet-propagation",
            f"route table `{table.name}` stops the gateway of `{subnet.vnet}`: it turns propagation off",
            subnet.span,
            "uses this table",
            ((table.span, "turns propagation off"),),
            rule="R-UDR-13",
        )
    for route in table.routes:
        if route.prefix in (EVERY_IPV4, EVERY_IPV6):
            yield Diagnostic(
                "gateway-subnet-default-route",
                f"`{subnet.id}` may have no user route for {route.prefix}",
                subnet.span,
                "uses a table with such a route",
                ((route.span, "the route"),),
                rule="R-UDR-13",
            )
        elif any(_meet(route.prefix, own) for own in subnet.prefixes):
            # One that is shorter than the vnet's range takes nothing from it (R-SEL-5).
            is_in_force = any(_meet(route.prefix, own) and own.length <= route.prefix.length for own in space)
            yield Diagnostic(
                "gateway-subnet-own-route",
                f"`{subnet.id}` may have no user route for its own addresses, and {route.prefix} holds some",
                subnet.span,
                "uses a table with such a route",
                ((route.span, "the route"),),
                "leave the addresses of the gateway to the system's route",
                "R-UDR-13",
                severity=Severity.ERROR if is_in_force else Severity.WARNING,
            )


def _meet(one: Prefix, other: Prefix) -> bool:
    return one.value <= other.last and other.value <= one.last


def _of_one_tag(first: UserRoute, second: UserRoute) -> bool:
    """Hold when both stand for prefixes of the service tag of one written route (R-UDR-4)."""
    return first.service_tag is not None and first.service_tag == second.service_tag and first.span == second.span


class _Neighbourhood:
    """Who is next to whom, for the next hops of routes."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._halves = {(peering.local, peering.remote): peering for peering in network.peerings}
        self._peers = self._direct_peers()
        self._gateways: defaultdict[str, list[Gateway]] = defaultdict(list)
        for gateway in network.gateways.values():
            self._gateways[gateway.vnet].append(gateway)
        self._held = {(one.vnet, address) for one in occupants(network) for address in one.addresses}
        self._frontends = {
            (frontend.vnet, frontend.address): (balancer, frontend)
            for balancer in network.load_balancers.values()
            for frontend in balancer.frontends
        }
        self._incomplete = incomplete_vnets(network)

    def _direct_peers(self) -> Mapping[str, list[str]]:
        peers: defaultdict[str, list[str]] = defaultdict(list)
        for local, remote in self._halves:
            if (remote, local) in self._halves or self._is_classic(remote):
                peers[local].append(remote)
            if (remote, local) not in self._halves and self._is_classic(remote):
                peers[remote].append(local)
        return peers

    def _is_classic(self, vnet: str) -> bool:
        return self._network.vnets[vnet].model is DeploymentModel.CLASSIC

    def faults(self, subnet: Subnet, table: RouteTable) -> Iterator[Diagnostic]:
        """Yield what is wrong with the next hops of `table` in the vnet of `subnet`."""
        vnet = self._network.vnets[subnet.vnet]
        told: set[int] = set()
        for route in table.routes:
            if route.next_hop is NextHopType.GATEWAY:
                yield from self._gateway_faults(subnet, route)
            address = route.next_hop_address
            if address is not None and address not in told:
                told.add(address)
                yield from self._appliance_faults(vnet, subnet, route, address)

    def _servers(self, vnet: str) -> Iterator[Gateway]:
        yield from self._gateways[vnet]
        for peer in self._peers.get(vnet, ()):
            half, other = self._halves.get((vnet, peer)), self._halves.get((peer, vnet))
            uses = half.use_remote_gateways if half is not None else other is not None and other.allow_gateway_transit
            if uses and (other is None or other.allow_gateway_transit):
                yield from self._gateways[peer]

    def _gateway_faults(self, subnet: Subnet, route: UserRoute) -> Iterator[Diagnostic]:
        servers = list(self._servers(subnet.vnet))
        circuit = next((gateway for gateway in servers if gateway.kind is GatewayKind.EXPRESSROUTE), None)
        if circuit is not None:
            both = any(gateway.kind is GatewayKind.VPN for gateway in servers)
            why = "beside a vpn gateway" if both else "alone"
            yield Diagnostic(
                "route-to-expressroute",
                f"route `{route.name}` to a gateway does not work in `{subnet.vnet}`, which expressroute serves {why}",
                route.span,
                "works towards a vpn gateway only",
                ((circuit.span, "the expressroute gateway"), (subnet.span, "uses this route")),
                rule="R-UDR-5",
            )
        elif not servers and subnet.vnet not in self._incomplete:
            yield Diagnostic(
                "route-to-no-gateway",
                f"route `{route.name}` leads to a gateway, and none serves vnet `{subnet.vnet}`",
                route.span,
                others=((subnet.span, "uses this route"),),
                rule="R-UDR-5",
                severity=Severity.WARNING,
            )

    def _appliance_faults(self, vnet: Vnet, subnet: Subnet, route: UserRoute, address: int) -> Iterator[Diagnostic]:
        owner = next((near for near in self._near(vnet) if _holds(near, address)), None)
        places: tuple[tuple[Span, str], ...] = ((subnet.span, "uses this route"),)
        if owner is None and vnet.name not in self._incomplete:
            yield Diagnostic(
                "next-hop-far",
                f"next hop {address_text(address)} is neither in `{vnet.name}` nor in a vnet peered with it",
                route.span,
                "not directly connected",
                places,
                rule="R-UDR-8",
                severity=Severity.WARNING,
            )
        elif owner is not None and (owner.name, address) not in self._held:
            self._held.add((owner.name, address))  # told once, however many routes lead there
            yield self._undeclared(owner, route, address, places)
        elif owner is not None and (owner.name, address) in self._frontends:
            yield from _frontend_faults(route, *self._frontends[owner.name, address])

    def _undeclared(
        self, owner: Vnet, route: UserRoute, address: int, places: tuple[tuple[Span, str], ...]
    ) -> Diagnostic:
        """Return what becomes of packets for a next hop that nobody is declared to hold."""
        stands = owner.name in self._incomplete or _may_stand(owner, address)
        where = f"{address_text(address)} in `{owner.name}`"
        code, message = "next-hop-nobody", f"no machine can have {where}, so what is sent there is lost"
        if stands:
            code, message = "next-hop-undeclared", f"nothing declared has {where}, so some appliance is presumed there"
        return Diagnostic(
            code,
            message,
            route.span,
            "next hop",
            places,
            _taken_for(self._network, owner, address),
            rule="R-META-3" if stands else "R-UDR-9",
            severity=Severity.WARNING,
        )

    def _near(self, vnet: Vnet) -> Iterator[Vnet]:
        yield vnet
        yield from (self._network.vnets[peer] for peer in self._peers.get(vnet.name, ()))


def _may_stand(vnet: Vnet, address: int) -> bool:
    """Hold when a machine can have the address: in some subnet for hosts, not one that Azure keeps (R-ADDR-4)."""
    return any(
        address in assignable(prefix)
        for subnet in vnet.subnets
        for prefix in subnet.prefixes
        if subnet.name.casefold() not in SUBNETS_WITHOUT_HOSTS
    )


def _frontend_faults(route: UserRoute, balancer: LoadBalancer, frontend: Frontend) -> Iterator[Diagnostic]:
    """Yield a load balancer that is made for its own rules' packets, not for being a next hop (R-UDR-15)."""
    has_ha_ports = any(rule.protocol is None and rule.frontend == frontend.name for rule in balancer.rules)
    if not has_ha_ports or balancer.sku is Sku.BASIC:
        lack = "no HA rule" if not has_ha_ports else "the Basic SKU"
        yield Diagnostic(
            "next-hop-without-ha-ports",
            f"route `{route.name}` leads to load balancer `{balancer.name}`, which has {lack} there",
            route.span,
            "next hop",
            ((frontend.span, "the frontend"),),
            rule="R-UDR-15",
            severity=Severity.WARNING,
        )


def _taken_for(network: Network, vnet: Vnet, address: int) -> str | None:
    """Return the help that names what could be meant by an address nobody has: the forwarding interfaces beside it."""
    beside = [subnet.id for subnet in vnet.subnets if any(p.value <= address <= p.last for p in subnet.prefixes)]
    forwarding = [nic for nic in network.nics() if nic.ip_forwarding and nic.subnet_id in beside]
    known = [f"{address_text(own)} (`{nic.name}`)" for nic in forwarding for own in nic.addresses[:1]]
    return f"did you mean {known[0]}?" if len(known) == 1 else None


def _holds(vnet: Vnet, address: int) -> bool:
    return any(prefix.value <= address <= prefix.last for prefix in vnet.address_space)
