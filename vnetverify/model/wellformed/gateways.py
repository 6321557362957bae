"""Gateways, their connections and the sites behind them (R-ADDR-6, 7 and 10, R-GW-1, R-GW-21, R-GW-23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import Family, Prefix
from vnetverify.model.network import Connection, Era, Gateway, GatewayKind, Network, Site, Vnet
from vnetverify.model.wellformed.incompleteness import incomplete_vnets, untold_vnets
from vnetverify.model.wellformed.overlaps import overlaps
from vnetverify.source import Span


def gateway_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with gateways and connections as such; what peerings add is in `transit`."""
    yield from _placement_faults(network)
    yield from _sites_that_overlap(network)
    yield from _sites_of_two_ways(network)
    yield from _sites_called_as_interfaces(network)
    yield from _circuits_that_tell_more(network)
    connected = {name for c in network.connections for name in (c.gateway, c.remote_gateway)}
    untold = untold_vnets(network)
    for gateway in network.gateways.values():
        if gateway.fastpath and gateway.kind is not GatewayKind.EXPRESSROUTE:
            message = f"gateway `{gateway.name}` has FastPath, which leads past expressroute gateways alone"
            yield Diagnostic("fastpath-on-vpn", message, gateway.span, rule="R-GW-23")
        if gateway.name not in connected and gateway.vnet not in untold:
            message = f"gateway `{gateway.name}` has no connection, so it leads nowhere"
            yield Diagnostic("gateway-without-connection", message, gateway.span, severity=Severity.WARNING)
    defaults: dict[str, Connection] = {}
    for connection in network.connections:
        yield from _connection_faults(network, connection)
        if connection.default_site:
            yield from _default_site_faults(network, connection)
            first = defaults.setdefault(connection.gateway, connection)
            if first is not connection:
                yield Diagnostic(
                    "default-site-twice",
                    f"gateway `{connection.gateway}` has two default sites, `{first.name}` and `{connection.name}`",
                    connection.span,
                    "a second default site",
                    ((first.span, "the first"),),
                    rule="R-GW-21",
                )


def _sites_of_two_ways(network: Network) -> Iterator[Diagnostic]:
    """Yield the sites behind an appliance that have a connection as well: which way such a site sends is not said."""
    first: dict[str, Connection] = {}
    for connection in network.connections:
        if connection.site is not None:
            first.setdefault(connection.site, connection)
    for site in network.sites.values():
        if site.behind is not None and site.name in first:
            connection = first[site.name]
            yield Diagnostic(
                "site-of-two-ways",
                f"site `{site.name}` is behind appliance `{site.behind}` and has connection `{connection.name}`",
                site.span,
                f"behind `{site.behind}`",
                ((connection.span, "its connection"),),
                rule="R-GW-24",
                help="declare two sites with these prefixes, one for each way",
            )


def _sites_called_as_interfaces(network: Network) -> Iterator[Diagnostic]:
    """Yield the sites behind an appliance that are called as an interface of it: `U-EXIT` would be about both."""
    for site in network.sites.values():
        machine = network.machines.get(site.behind or "")
        for nic in machine.nics if machine is not None else ():
            if nic.name.casefold() == site.name.casefold():
                yield Diagnostic(
                    "site-called-as-interface",
                    f"site `{site.name}` and interface `{nic.name}` of `{nic.machine}` have one name, and either may "
                    "be where it sends a flow",
                    site.span,
                    "the site",
                    ((nic.span, "the interface"),),
                    rule="R-UDR-11",
                    help="rename the site",
                )


def _default_site_faults(network: Network, connection: Connection) -> Iterator[Diagnostic]:
    """Yield what keeps a connection from leading to a default site: a VPN gateway has one, and it is a site."""
    gateway = network.gateways[connection.gateway]
    if gateway.kind is not GatewayKind.VPN or connection.site is None:
        message = (
            f"connection `{connection.name}` does not join a site to a vpn gateway, which alone has a default site"
        )
        yield Diagnostic(
            "default-site-kinds", message, connection.span, others=((gateway.span, gateway.kind.value),), rule="R-GW-21"
        )


def _placement_faults(network: Network) -> Iterator[Diagnostic]:
    incomplete = incomplete_vnets(network)
    by_vnet: defaultdict[str, list[Gateway]] = defaultdict(list)
    for gateway in network.gateways.values():
        by_vnet[gateway.vnet].append(gateway)
    for name, gateways in by_vnet.items():
        vnet = network.vnets[name]
        if vnet.gateway_subnet is None and name not in incomplete:
            for gateway in gateways:
                yield Diagnostic(
                    "gateway-without-subnet",
                    f"gateway `{gateway.name}` needs a subnet called `GatewaySubnet` in vnet `{name}`",
                    gateway.span,
                    others=((vnet.span, "has no `GatewaySubnet`"),),
                    rule="R-ADDR-7",
                )
        yield from _count_faults(network.era, vnet, gateways)


def _count_faults(era: Era, vnet: Vnet, gateways: list[Gateway]) -> Iterator[Diagnostic]:
    """Yield every gateway too many: a second one of its kind, in 2016 a second one at all (R-GW-1)."""
    first: dict[GatewayKind | None, Gateway] = {}
    for gateway in gateways:
        kind = None if era is Era.Y2016 else gateway.kind
        other = first.setdefault(kind, gateway)
        if other is not gateway:
            what = "gateway" if kind is None else f"{kind.value} gateway"
            yield Diagnostic(
                "gateway-twice",
                f"vnet `{vnet.name}` has two {what}s, `{other.name}` and `{gateway.name}`",
                gateway.span,
                f"a second {what}",
                ((other.span, "the first"),),
                rule="R-GW-1",
            )


def _connection_faults(network: Network, connection: Connection) -> Iterator[Diagnostic]:
    gateway = network.gateways[connection.gateway]
    remote = None if connection.remote_gateway is None else network.gateways[connection.remote_gateway]
    name, span = connection.name, connection.span
    if gateway.kind is GatewayKind.EXPRESSROUTE and connection.circuit is None:
        message = f"connection `{name}` of the expressroute gateway `{gateway.name}` needs a circuit"
        yield Diagnostic("circuit-missing", message, span, "no `circuit`", ((gateway.span, "expressroute"),),
                         help="write `{ circuit NAME }` behind it")  # fmt: skip
    if gateway.kind is GatewayKind.VPN and connection.circuit is not None:
        message = f"connection `{name}` of the vpn gateway `{gateway.name}` cannot use a circuit"
        yield Diagnostic("circuit-on-vpn", message, span, "has a circuit", ((gateway.span, "vpn"),))
    if remote is not None:
        yield from _between_gateways(network, connection, gateway, remote)
    elif connection.site is None and connection.circuit is None:
        yield Diagnostic("connection-without-end", f"connection `{name}` leads to no site and no gateway", span)
    if connection.site is not None and gateway.kind is GatewayKind.VPN:
        site = network.sites[connection.site]
        if not connection.bgp and not site.point_to_site:  # that of a pool is told in `pools`
            yield from _site_overlap(network, connection, site, gateway)
        yield from _ipv6_over_vpn(connection, site, gateway)
    if connection.site is not None and gateway.kind is GatewayKind.EXPRESSROUTE:
        yield from _ipv6_past_its_subnet(network, connection, network.sites[connection.site], gateway)


def _between_gateways(
    network: Network, connection: Connection, gateway: Gateway, remote: Gateway
) -> Iterator[Diagnostic]:
    if connection.site is not None:
        message = f"connection `{connection.name}` leads to a site and to a gateway"
        yield Diagnostic("connection-to-both", message, connection.span)
    if not gateway.kind is remote.kind is GatewayKind.VPN:
        message = f"connection `{connection.name}` between two vnets needs vpn gateways at both ends"
        places = tuple((end.span, end.kind.value) for end in (gateway, remote))
        yield Diagnostic("connection-kinds", message, connection.span, others=places)
    if gateway.vnet == remote.vnet:
        message = f"connection `{connection.name}` joins vnet `{gateway.vnet}` with itself"
        yield Diagnostic("connection-with-itself", message, connection.span)
        return
    ends = (network.vnets[gateway.vnet], network.vnets[remote.vnet])
    ranges = [(prefix, vnet.name) for vnet in ends for prefix in vnet.address_space]
    for (outer, first), (inner, second) in overlaps(ranges):
        message = f"the connected vnets `{first}` ({outer}) and `{second}` ({inner}) overlap"
        places_of_ranges = tuple((vnet.span, "overlaps the other") for vnet in ends)
        yield Diagnostic("connection-overlap", message, connection.span, others=places_of_ranges, rule="R-ADDR-10")
        break


def _ipv6_over_vpn(connection: Connection, site: Site, gateway: Gateway) -> Iterator[Diagnostic]:
    """Yield the first IPv6 prefix that a VPN gateway would have to carry: it carries IPv4 alone (R-ADDR-6)."""
    prefixes = site.prefixes if connection.prefixes is None else connection.prefixes
    for prefix in prefixes:
        if prefix.family is Family.IPV6:
            yield Diagnostic(
                "ipv6-over-vpn",
                f"vpn gateway `{gateway.name}` carries no IPv6, so {prefix} of site `{site.name}` is not reached by it",
                connection.span,
                others=((site.span, f"has {prefix}"),),
                rule="R-ADDR-6",
                severity=Severity.WARNING,
            )
            return


def _ipv6_past_its_subnet(
    network: Network, connection: Connection, site: Site, gateway: Gateway
) -> Iterator[Diagnostic]:
    """Yield the first IPv6 prefix that an ExpressRoute gateway would carry if GatewaySubnet had IPv6 (R-ADDR-6)."""
    subnet = network.vnets[gateway.vnet].gateway_subnet
    if subnet is None or not subnet.prefixes or any(prefix.family is Family.IPV6 for prefix in subnet.prefixes):
        return
    for prefix in site.prefixes if connection.prefixes is None else connection.prefixes:
        if prefix.family is Family.IPV6:
            message = (
                f"`{subnet.id}` has no IPv6, so gateway `{gateway.name}` carries none to {prefix} of `{site.name}`"
            )
            yield Diagnostic(
                "ipv6-past-gateway-subnet",
                message,
                connection.span,
                others=((subnet.span, "has IPv4 alone"),),
                rule="R-ADDR-6",
                severity=Severity.WARNING,
            )
            return


def _site_overlap(network: Network, connection: Connection, site: Site, gateway: Gateway) -> Iterator[Diagnostic]:
    """Yield the first clash of the static prefixes of a site with the vnet of its gateway (R-ADDR-10).

    A site prefix around a whole range of the vnet (10.0.0.0/8) is in wide use, so it is a warning.
    """
    prefixes = site.prefixes if connection.prefixes is None else connection.prefixes
    vnet = network.vnets[gateway.vnet]
    both = [(prefix, False) for prefix in prefixes] + [(prefix, True) for prefix in vnet.address_space]
    for (outer, _), (inner, in_vnet) in overlaps(both):
        severity = Severity.WARNING if in_vnet and outer != inner else Severity.ERROR
        places: tuple[tuple[Span, str], ...] = ((site.span, "the site"), (vnet.span, "the vnet"))
        message = f"site `{site.name}` overlaps vnet `{vnet.name}`, to which it is connected, at {inner}"
        label = f"{outer} holds {inner}"
        yield Diagnostic("site-overlap", message, connection.span, label, places, rule="R-ADDR-10", severity=severity)
        break


def _sites_that_overlap(network: Network) -> Iterator[Diagnostic]:
    """Yield the first address that two sites of one gateway share, for each two of them (R-ADDR-10).

    Azure takes it, and some mean it: a second site that stands in for the first. Hence a warning. The sites' own
    addresses are compared; what one of them announces beyond these, a default route say, is not an address of it.
    """
    connections: defaultdict[str, dict[str, Connection]] = defaultdict(dict)
    for connection in network.connections:
        if connection.site is not None:
            connections[connection.gateway].setdefault(connection.site, connection)
    for gateway, by_site in connections.items():
        held = [(prefix, name) for name in by_site for prefix in network.sites[name].prefixes]
        told: set[frozenset[str]] = set()
        for (_, one), (shared, other) in overlaps(held):
            if frozenset((one, other)) in told:
                continue
            told.add(frozenset((one, other)))
            first, second = sorted((one, other), key=list(by_site).index)
            yield Diagnostic(
                "sites-overlap",
                f"sites `{first}` and `{second}` of gateway `{gateway}` both have {shared}",
                by_site[second].span,
                "the second way to these addresses",
                ((network.sites[first].span, "the one"), (network.sites[second].span, "the other")),
                rule="R-ADDR-10",
                severity=Severity.WARNING,
            )


def _circuits_that_tell_more(network: Network) -> Iterator[Diagnostic]:
    """Yield each gateway that shares a circuit with a site to which it has no connection (R-GW-2).

    What comes over a circuit comes to all its gateways. Were only what is declared believed, that such a gateway's
    networks never reach the site would be proved: hence an error.
    """
    circuits: defaultdict[str, list[Connection]] = defaultdict(list)
    for connection in network.connections:
        if connection.circuit is not None and connection.site is not None:
            circuits[connection.circuit.casefold()].append(connection)
    for connections in circuits.values():
        yield from _told_unalike(network, connections)
        joined = {(connection.gateway, connection.site) for connection in connections}
        for near in {connection.gateway: connection for connection in connections}.values():
            for far in {connection.site: connection for connection in connections}.values():
                if (near.gateway, far.site) in joined:
                    continue
                yield Diagnostic(
                    "circuit-tells-more",
                    f"gateway `{near.gateway}` shares a circuit with site `{far.site}`, and has no connection to it",
                    near.span,
                    "hears of that site over the circuit",
                    ((far.span, f"leads to `{far.site}`"),),
                    f"declare a connection of `{far.site}` with `{near.gateway}` as well, or name two circuits",
                    rule="R-GW-2",
                )


def _told_unalike(network: Network, connections: list[Connection]) -> Iterator[Diagnostic]:
    """Yield each connection by which a site announces less than by another one on the same circuit (R-GW-2)."""
    for connection in connections:
        told = set(_announced_by(network, connection))
        for other in connections:
            missing = [prefix for prefix in _announced_by(network, other) if prefix not in told]
            if other.site != connection.site or other.gateway == connection.gateway or not missing:
                continue
            what = ", ".join(map(str, missing))
            yield Diagnostic(
                "circuit-tells-more",
                f"site `{connection.site}` announces {what} over this circuit to gateway `{other.gateway}` alone",
                connection.span,
                f"`{connection.gateway}` hears of it as well",
                ((other.span, "tells more"),),
                "a circuit tells all its gateways the same: give both connections the same `prefixes`",
                rule="R-GW-2",
            )
            break


def _announced_by(network: Network, connection: Connection) -> tuple[Prefix, ...]:
    """Return what the site of a connection announces by it."""
    assert connection.site is not None
    return network.sites[connection.site].prefixes if connection.prefixes is None else connection.prefixes
