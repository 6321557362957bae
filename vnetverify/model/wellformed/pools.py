"""Point-to-site pools and the gateways that serve them (R-ADDR-10, R-GW-2, R-PEER-23)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.network import Connection, Gateway, GatewayKind, Network, Site
from vnetverify.model.wellformed.overlaps import overlaps
from vnetverify.source import Span


def pool_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with sites that are the clients of a gateway."""
    for site in network.sites.values():
        if site.point_to_site and site.behind is not None:
            message = f"the point-to-site clients `{site.name}` connect to a gateway, not to appliance `{site.behind}`"
            yield Diagnostic("point-to-site-behind-appliance", message, site.span, rule="R-GW-2")
    for connection in network.connections:
        site_or_none = None if connection.site is None else network.sites[connection.site]
        if site_or_none is not None and site_or_none.point_to_site:
            yield from _connection_faults(network, connection, site_or_none)


def _connection_faults(network: Network, connection: Connection, site: Site) -> Iterator[Diagnostic]:
    gateway = network.gateways[connection.gateway]
    if gateway.kind is not GatewayKind.VPN:
        message = f"the point-to-site clients `{site.name}` need a vpn gateway, which `{gateway.name}` is not"
        places: tuple[tuple[Span, str], ...] = ((gateway.span, gateway.kind.value),)
        yield Diagnostic("point-to-site-gateway", message, connection.span, others=places, rule="R-GW-2")
    options = (
        ("bgp", connection.bgp),
        ("circuit", connection.circuit is not None),
        ("default-site", connection.default_site),
    )
    for option, is_set in options:
        if is_set:
            message = f"the connection of the point-to-site clients `{site.name}` cannot have `{option}`"
            yield Diagnostic("point-to-site-option", message, connection.span, f"has `{option}`", rule="R-GW-2")
    yield from _overlap(network, connection, site, gateway)
    yield from _package_notes(network, connection, site, gateway)


def _overlap(network: Network, connection: Connection, site: Site, gateway: Gateway) -> Iterator[Diagnostic]:
    """Yield the first clash of the pool with the vnet of its gateway, or with one that uses the gateway (R-ADDR-10)."""
    for name in (gateway.vnet, *_users(network, gateway)):
        vnet = network.vnets[name]
        both = [(prefix, False) for prefix in site.prefixes] + [(prefix, True) for prefix in vnet.address_space]
        for (outer, _), (inner, _) in overlaps(both):
            yield Diagnostic(
                "site-overlap",
                f"the pool of `{site.name}` overlaps vnet `{vnet.name}`, to which it is connected, at {inner}",
                connection.span,
                f"{outer} holds {inner}",
                ((site.span, "the pool"), (vnet.span, "the vnet")),
                rule="R-ADDR-10",
            )
            return


def _package_notes(network: Network, connection: Connection, site: Site, gateway: Gateway) -> Iterator[Diagnostic]:
    users = _users(network, gateway)
    if users:
        names = ", ".join(f"`{name}`" for name in users[:5])
        yield Diagnostic(
            "point-to-site-packages",
            f"the clients `{site.name}` reach {names} once their packages are downloaded again",
            connection.span,
            help="a package holds the routes of the peerings that were there when it was made",
            rule="R-PEER-23",
            severity=Severity.NOTE,
        )


def _users(network: Network, gateway: Gateway) -> tuple[str, ...]:
    """Return the vnets that use the gateways of the vnet of `gateway`."""
    halves = (half for half in network.peerings if half.remote == gateway.vnet and half.use_remote_gateways)
    return tuple(dict.fromkeys(half.local for half in halves))
