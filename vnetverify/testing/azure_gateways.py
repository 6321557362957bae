"""Gateways, sites and connections as Azure's resources in JSON.

What comes by BGP no export holds, so connections that learn so cannot be written, nor ExpressRoute circuits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vnetverify.model.network import GATEWAY_SUBNET, Connection, Gateway, GatewayKind, Network, Site
from vnetverify.testing.azure_parts import reference, resource, subnet_reference
from vnetverify.testing.records import NotApplicable

_TYPES = {GatewayKind.VPN: "Vpn", GatewayKind.EXPRESSROUTE: "ExpressRoute"}


def gateway_resources(network: Network) -> Iterator[dict[str, Any]]:
    """Yield what gives the network its gateways. Raises `NotApplicable`."""
    for gateway in network.gateways.values():
        yield _gateway(network, gateway)
    for site in network.sites.values():
        yield _site(network, site)
    for connection in network.connections:
        yield from _connection(connection)


def _gateway(network: Network, gateway: Gateway) -> dict[str, Any]:
    if gateway.fastpath or gateway.bandwidth is not None or network.vnets[gateway.vnet].gateway_subnet is None:
        raise NotApplicable("a gateway with FastPath, with a stated size, or without its subnet")
    default = next((way for way in network.connections if way.gateway == gateway.name and way.default_site), None)
    subnet = subnet_reference(gateway.vnet, GATEWAY_SUBNET)
    further: dict[str, Any] = {}
    if gateway.allows_remote_vnets is not None:
        further["allowRemoteVnetTraffic"] = gateway.allows_remote_vnets
    if default is not None:
        if default.site is None:
            raise NotApplicable("a default site that is a gateway")
        further["gatewayDefaultSite"] = reference("localNetworkGateways", default.site)
    return resource(
        "virtualNetworkGateways",
        gateway.name,
        gatewayType=_TYPES[gateway.kind],
        vpnType="RouteBased",
        ipConfigurations=[{"name": "c", "properties": {"subnet": subnet}}],
        activeActive=gateway.active_active,
        bgpSettings={"asn": gateway.asn},
        **further,
    )


def _site(network: Network, site: Site) -> dict[str, Any]:
    is_led_to = any(way.site == site.name for way in network.connections)
    if site.behind is not None or site.routes is not None or site.point_to_site or not is_led_to:
        raise NotApplicable("a site that is no local network gateway")
    space = {"addressPrefixes": list(map(str, site.prefixes))}
    return resource("localNetworkGateways", site.name, localNetworkAddressSpace=space)


def _connection(connection: Connection) -> Iterator[dict[str, Any]]:
    if connection.circuit is not None:
        raise NotApplicable("a circuit")
    ends: dict[str, Any] = {"virtualNetworkGateway1": reference("virtualNetworkGateways", connection.gateway)}
    if connection.site is not None:
        if connection.bgp or connection.prefixes is not None:
            raise NotApplicable("a connection that learns other prefixes than the site's")
        ends["localNetworkGateway2"] = reference("localNetworkGateways", connection.site)
        yield resource("connections", connection.name, connectionType="IPsec", enableBgp=False, **ends)
        return
    if connection.remote_gateway is None or connection.prefixes is not None:
        raise NotApplicable("a connection to nothing, or one of two gateways with prefixes of its own")
    ends["virtualNetworkGateway2"] = reference("virtualNetworkGateways", connection.remote_gateway)
    back: dict[str, Any] = dict(zip(ends, reversed(ends.values()), strict=True))
    for name, half in ((connection.name, ends), (f"{connection.name}-back", back)):
        yield resource("connections", name, connectionType="Vnet2Vnet", enableBgp=connection.bgp, **half)
