"""Virtual network gateways, the sites behind them and their connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vnetverify.header import Family, Prefix
from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import read
from vnetverify.ingest.references import vnet_of
from vnetverify.ingest.resources import Resource, key_of, name_of
from vnetverify.ingest.shapes import (
    BGP_SETTINGS,
    CONNECTION,
    GATEWAY,
    GATEWAY_CONFIGURATION,
    LOCAL_GATEWAY,
    VPN_CLIENTS,
)
from vnetverify.ingest.tunnels import LOCAL_GATEWAYS as _LOCAL
from vnetverify.ingest.tunnels import far_ends
from vnetverify.ingest.values import (
    Malformed,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_reference,
    as_text,
    member,
    prefixes_of,
    printable,
    shown,
)
from vnetverify.model.network import DEFAULT_AS_NUMBER, Connection, Gateway, GatewayKind, Site
from vnetverify.source import Span

_GATEWAYS = "virtualnetworkgateways"
_CONNECTIONS = "connections"
_KINDS = {"vpn": GatewayKind.VPN, "expressroute": GatewayKind.EXPRESSROUTE}
# How the names of SKUs begin that only gateways of one kind have.
_SKUS = {"vpngw": "Vpn", "ergw": "ExpressRoute"}


class Gateways:
    """The gateways, sites and connections of an input."""

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._names = unique_names(((gateway.id, gateway.span) for gateway in inventory.of(_GATEWAYS)), findings)
        self._site_names = unique_names(self._site_ids(), findings)
        self._connection_names = unique_names(self._connection_ids(), findings)
        self._bypassed = _bypassed(inventory)
        self._far_ends = far_ends(inventory)
        self._clients: list[tuple[Resource, tuple[Prefix, ...]]] = []
        self._default_sites: dict[str, str] = {}
        self._built: dict[str, str] = {}

    def _site_ids(self) -> Iterator[tuple[str, Span]]:
        """Yield what stands for a network outside: local network gateways, ExpressRoute circuits, pools of clients."""
        for site in self._inventory.of(_LOCAL):
            yield site.id, site.span
        for connection in self._inventory.of(_CONNECTIONS):
            circuit = _circuit(connection)
            if circuit is not None:
                yield circuit, connection.span
        yield from self._client_ids()

    def _connection_ids(self) -> Iterator[tuple[str, Span]]:
        for connection in self._inventory.of(_CONNECTIONS):
            yield connection.id, connection.span
        yield from self._client_ids()

    def _client_ids(self) -> Iterator[tuple[str, Span]]:
        for gateway in self._inventory.of(_GATEWAYS):
            if gateway.stated("vpnClientConfiguration"):
                yield _clients_of(gateway), gateway.span

    def gateways(self) -> dict[str, Gateway]:
        found = {}
        for resource in self._inventory.of(_GATEWAYS):
            try:
                gateway = self._gateway(resource)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
            else:
                if gateway is not None:
                    found[gateway.name] = gateway
                    self._built[resource.key] = gateway.name
        return found

    def _gateway(self, resource: Resource) -> Gateway | None:
        values, doubts = read(resource.body, resource.pointer, GATEWAY)
        vnet = self._vnet_of(resource, values)
        # A gateway changes the traffic of its own vnet and of those that use it as their remote one (R-GW-4).
        self._findings.concern(resource.key, vnet, *self._networks.halves.users_of(vnet))
        kind = as_text(values.get("gatewaytype") or _kind_by_sku(resource), "gatewayType")
        if _KINDS.get(kind.lower()) is GatewayKind.EXPRESSROUTE:  # what Azure says there of tunnels means nothing
            doubts = [doubt for doubt in doubts if doubt.name.lower() != "vpntype"]
        self._findings.doubts(resource, doubts, resource.key)
        default = as_reference(values.get("gatewaydefaultsite"), "gatewayDefaultSite")
        if default is not None:
            self._default_sites[resource.key] = key_of(default)
        if kind.lower() not in _KINDS:
            self._findings.doubt_about(resource, resource.subject, f"gateways of type `{shown(kind)}` are not modelled")
            return None
        self._read_clients(resource, _KINDS[kind.lower()])
        if _KINDS[kind.lower()] is GatewayKind.VPN and _sku_name(resource) == "basic":
            for user in self._networks.halves.users_of(vnet):
                what = f"use of {resource.subject} by vnet `{self._networks.names[user]}`"
                self._findings.doubt(what, "a gateway of the Basic SKU serves no peers (R-GW-10)", user, resource.span)
        bgp, more = read(as_object(values.get("bgpsettings"), "bgpSettings"), resource.pointer, BGP_SETTINGS)
        self._findings.doubts(resource, more, resource.key)
        asn = bgp.get("asn")
        return Gateway(
            self._names[resource.key],
            self._networks.names[vnet],
            _KINDS[kind.lower()],
            as_flag(values.get("allowremotevnettraffic"), "allowRemoteVnetTraffic"),
            bool(as_flag(values.get("activeactive"), "activeActive")),
            DEFAULT_AS_NUMBER if asn is None else as_number(asn, "asn"),
            resource.key in self._bypassed,
            span=resource.span,
        )

    def _read_clients(self, gateway: Resource, kind: GatewayKind) -> None:
        """Keep the pool of the gateway's point-to-site clients, if there is one (R-GW-2)."""
        told, pointer = gateway.located("vpnClientConfiguration")
        clients, doubts = read(as_object(told, "vpnClientConfiguration"), pointer, VPN_CLIENTS)
        self._findings.doubts(gateway, doubts, gateway.key)
        pool = as_object(clients.get("vpnclientaddresspool"), "vpnClientAddressPool")
        prefixes = prefixes_of(member(pool, "addressPrefixes"), "vpnClientAddressPool.addressPrefixes")
        if not prefixes and any(pool.values()):
            self._doubt(gateway, "its addresses are not given", f"the pool for clients of {gateway.subject}")
        if not prefixes:
            return
        if kind is GatewayKind.VPN:
            self._clients.append((gateway, prefixes))
            self._doubt_ipv6(gateway, prefixes, f"IPv6 addresses for clients of {gateway.subject}")
        else:
            self._doubt(gateway, "only a VPN gateway has point-to-site clients", f"clients of {gateway.subject}")

    def _doubt_ipv6(self, resource: Resource, prefixes: tuple[Prefix, ...], what: str) -> None:
        if any(prefix.family is Family.IPV6 for prefix in prefixes):
            self._doubt(resource, "VPN gateways are modelled for IPv4 only (R-ADDR-6)", what)

    def _vnet_of(self, gateway: Resource, values: dict[str, Any]) -> str:
        vnets: dict[str, None] = {}
        for item in as_list(values.get("ipconfigurations"), "ipConfigurations"):
            inner, doubts = read(as_object(item, "ipConfigurations"), gateway.pointer, GATEWAY_CONFIGURATION)
            self._findings.doubts(gateway, doubts, gateway.key)
            subnet = as_reference(inner.get("subnet"), "subnet")
            vnet = None if subnet is None else vnet_of(key_of(subnet))
            if vnet is not None and vnet in self._networks.names:
                vnets[vnet] = None
        if len(vnets) != 1:
            raise Malformed(f"the IP configurations name subnets of {len(vnets) or 'no'} virtual networks")
        return next(iter(vnets))

    def sites(self) -> dict[str, Site]:
        found = {}
        for resource in self._inventory.of(_LOCAL):
            values, doubts = read(resource.body, resource.pointer, LOCAL_GATEWAY)
            self._findings.doubts(resource, doubts, resource.key)
            try:
                space = as_object(values.get("localnetworkaddressspace"), "localNetworkAddressSpace")
                prefixes = prefixes_of(member(space, "addressPrefixes"), "addressPrefixes")
                self._doubt_ipv6(resource, prefixes, f"IPv6 prefixes of {resource.subject}")
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
                prefixes = ()
            name = self._site_names[resource.key]
            found[name] = Site(name, prefixes, span=resource.span)
        for connection in self._inventory.of(_CONNECTIONS):
            circuit = _circuit(connection)
            if circuit is not None:
                name = self._site_names[key_of(circuit)]
                found.setdefault(name, Site(name, (), span=connection.span))
        for gateway, prefixes in self._clients:
            name = self._site_names[key_of(_clients_of(gateway))]
            found[name] = Site(name, prefixes, point_to_site=True, span=gateway.span)
        return found

    def connections(self) -> tuple[Connection, ...]:
        """Return the connections, each VNet-to-VNet one once for its two halves; call after `gateways`."""
        found: list[Connection] = []
        for resource in self._inventory.of(_CONNECTIONS):
            try:
                connection = self._connection(resource)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
                continue
            if connection is not None:
                found.append(connection)
        return (*self._joined(found), *self._to_clients())

    def _to_clients(self) -> Iterator[Connection]:
        for gateway, _ in self._clients:
            if gateway.key in self._built:
                clients = key_of(_clients_of(gateway))
                name, site = self._connection_names[clients], self._site_names[clients]
                yield Connection(name, self._built[gateway.key], site=site, span=gateway.span)

    def _connection(self, resource: Resource) -> Connection | None:
        values, doubts = read(resource.body, resource.pointer, CONNECTION)
        gateway = as_reference(values.get("virtualnetworkgateway1"), "virtualNetworkGateway1")
        if gateway is None:
            raise Malformed("`virtualNetworkGateway1` is missing")
        near = key_of(gateway)
        if near not in self._built:
            message = f"{resource.subject} belongs to gateway `{shown(name_of(gateway))}`, which is not in the network"
            self._findings.note("gateway-missing", message, resource.span)
            if near not in self._inventory:
                self._findings.concern(resource.key, *self._networks.possible_homes(resource))
                self._doubt_outside(resource, NOT_HERE, f"gateway `{shown(name_of(gateway))}` of {resource.subject}")
            return None
        self._concern_ends(resource, near)
        self._findings.doubts(resource, doubts, resource.key)
        self._doubt_status(resource, values.get("connectionstatus"))
        kind = as_text(values.get("connectiontype"), "connectionType").lower()
        if _bypasses(values) and near not in self._bypassed:
            self._doubt(resource, "FastPath of a part of a gateway's connections is not modelled")
        if kind == "ipsec":
            return self._to_site(resource, values, near)
        if kind == "expressroute":
            return self._to_circuit(resource, near)
        if kind == "vnet2vnet":
            return self._to_gateway(resource, values, near)
        self._doubt(resource, f"connections of type `{shown(kind)}` are not modelled")
        return None

    def _concern_ends(self, resource: Resource, gateway: str) -> None:
        for key in self._findings.concerned_by(gateway):
            self._findings.concern(resource.key, key)

    def _doubt(self, resource: Resource, why: str, what: str = "") -> None:
        self._findings.doubt_about(resource, what or resource.subject, why)

    def _doubt_outside(self, resource: Resource, why: str, what: str = "") -> None:
        """Record what is not known of the other side of a gateway: its routes never win over a vnet's own (R-SEL-3)."""
        self._findings.doubt_about(resource, what or resource.subject, why, is_outside=True)

    def _doubt_status(self, resource: Resource, status: Any) -> None:
        if status is not None and as_text(status, "connectionStatus").lower() not in ("connected", "unknown", ""):
            self._doubt_outside(resource, f"its state is `{shown(str(status))}`, and a connection is modelled as up")

    def _to_site(self, resource: Resource, values: dict[str, Any], near: str) -> Connection | None:
        site = as_reference(values.get("localnetworkgateway2"), "localNetworkGateway2")
        if site is None:
            raise Malformed("`localNetworkGateway2` is missing")
        if key_of(site) not in self._site_names:
            self._doubt_outside(resource, NOT_HERE, f"local network gateway `{name_of(site)}` of {resource.subject}")
            return None
        for key in self._findings.concerned_by(near):
            self._findings.concern(key_of(site), key)
        self._doubt_far_end(resource)
        bgp = bool(as_flag(values.get("enablebgp"), "enableBgp"))
        if bgp:
            self._doubt_outside(resource, "what the site announces by BGP is not in the input")
        return Connection(
            self._connection_names[resource.key],
            self._built[near],
            site=self._site_names[key_of(site)],
            bgp=bgp,
            default_site=self._default_sites.get(near) == key_of(site),
            span=resource.span,
        )

    def _doubt_far_end(self, resource: Resource) -> None:
        """Tell where the far end of a connection is, or may be, in a vnet of the input and no network outside."""
        end = self._far_ends.get(resource.key)
        if end is not None:
            near = self._findings.concerned_by(resource.key)
            far = (user for vnet in end.vnets for user in (vnet, *self._networks.halves.users_of(vnet)))
            self._findings.concern(f"{resource.key}/far", *near, *far)
            why = f"{end.subject} of the input is, or may be, at its far end, and a site is modelled there"
            self._findings.doubt(resource.subject, why, f"{resource.key}/far", resource.span, True, is_outside=True)

    def _to_circuit(self, resource: Resource, near: str) -> Connection:
        circuit = _circuit(resource)
        if circuit is None:
            raise Malformed("`peer` names no circuit")
        self._doubt_outside(resource, "what is announced over the circuit is not in the input")
        name = self._site_names[key_of(circuit)]
        return Connection(
            self._connection_names[resource.key],
            self._built[near],
            site=name,
            bgp=True,
            circuit=name,
            span=resource.span,
        )

    def _to_gateway(self, resource: Resource, values: dict[str, Any], near: str) -> Connection | None:
        gateway = as_reference(values.get("virtualnetworkgateway2"), "virtualNetworkGateway2")
        if gateway is None:
            raise Malformed("`virtualNetworkGateway2` is missing")
        far = key_of(gateway)
        if far not in self._built:
            self._doubt_outside(resource, NOT_HERE, f"gateway `{name_of(gateway)}` of {resource.subject}")
            return None
        self._concern_ends(resource, far)
        bgp = bool(as_flag(values.get("enablebgp"), "enableBgp"))
        return Connection(
            self._connection_names[resource.key],
            self._built[near],
            remote_gateway=self._built[far],
            bgp=bgp,
            span=resource.span,
        )

    def _joined(self, connections: list[Connection]) -> tuple[Connection, ...]:
        """Return `connections` with the two halves of each VNet-to-VNet connection made one."""
        halves: dict[tuple[str, str | None], Connection] = {}
        for connection in connections:
            first = halves.setdefault((connection.gateway, connection.remote_gateway), connection)
            if connection.remote_gateway is not None and first is not connection:
                what = f"connection `{connection.name}` beside `{first.name}`"
                self._doubt_named(connection, what, "a second connection of two gateways is not modelled")
        joined: list[Connection] = []
        done: set[frozenset[str]] = set()
        for connection in connections:
            if connection.remote_gateway is None:
                joined.append(connection)
                continue
            ends = frozenset((connection.gateway, connection.remote_gateway))
            other = halves.get((connection.remote_gateway, connection.gateway))
            if other is None:
                what = f"the other half of connection `{connection.name}`"
                self._doubt_named(connection, what, "a connection between two gateways needs both halves")
            elif ends not in done:
                done.add(ends)
                joined.append(_both(connection, other))
        return tuple(joined)

    def _doubt_named(self, connection: Connection, what: str, why: str) -> None:
        key = next(key for key, name in self._connection_names.items() if name == connection.name)
        self._findings.doubt(what, why, key, connection.span)


def _kind_by_sku(gateway: Resource) -> str | None:
    """Return the kind of a gateway that does not say it, None where its SKU does not tell it either."""
    return next((kind for start, kind in _SKUS.items() if _sku_name(gateway).startswith(start)), None)


def _sku_name(gateway: Resource) -> str:
    """Return the name of a gateway's SKU in lower case, empty where it is not told."""
    sku = gateway.stated("sku")
    name = member(sku, "name") if isinstance(sku, dict) else None
    return name.lower() if isinstance(name, str) else ""


def _clients_of(gateway: Resource) -> str:
    """Return an id for the clients of a gateway, which have none of their own, and for what leads to them."""
    return f"{gateway.id.rstrip('/')}/vpnClientConfiguration/{name_of(gateway.id)}-clients"


def _both(connection: Connection, other: Connection) -> Connection:
    return Connection(
        connection.name,
        connection.gateway,
        remote_gateway=connection.remote_gateway,
        bgp=connection.bgp and other.bgp,
        span=connection.span,
    )


def _bypassed(inventory: Inventory) -> frozenset[str]:
    """Return the keys of the gateways all of whose connections lead to circuits by FastPath (R-GW-23)."""
    passes: dict[str, bool] = {}
    for resource in inventory.of(_CONNECTIONS):
        try:
            values, _ = read(resource.body, resource.pointer, CONNECTION)
            gateway = as_reference(values.get("virtualnetworkgateway1"), "virtualNetworkGateway1")
            bypasses = _bypasses(values) and _circuit(resource) is not None
        except Malformed:
            continue  # said where the connection itself is read
        if gateway is not None:
            passes[key_of(gateway)] = passes.get(key_of(gateway), True) and bypasses
    return frozenset(key for key, every in passes.items() if every)


def _bypasses(values: dict[str, Any]) -> bool:
    return bool(as_flag(values.get("expressroutegatewaybypass"), "expressRouteGatewayBypass"))


def _circuit(connection: Resource) -> str | None:
    """Return the id of the ExpressRoute circuit that `connection` leads to, or None when it leads to none."""
    peer = connection.stated("peer")
    kind = connection.stated("connectionType")
    if not (isinstance(kind, str) and kind.lower() == "expressroute" and isinstance(peer, dict)):
        return None
    identity = member(peer, "id")
    return printable(identity) if isinstance(identity, str) else None
