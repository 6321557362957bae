"""Strategies for what lies on premises beyond plain sites: pools of clients, and what sites send towards Azure."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.header import Prefix, parse_prefix
from vnetverify.model.network import Connection, GatewayKind, Network, Site

_POOL = parse_prefix("172.16.201.0/24")
_WIDE = tuple(map(parse_prefix, ("0.0.0.0/0", "10.0.0.0/8", "0.0.0.0/1", "172.16.0.0/12", "::/0", "fc00::/7")))


@st.composite
def with_pools(draw: DrawFn, network: Network) -> Network:
    """Draw `network` with the clients of one or two VPN gateways, where there are gateways."""
    gateways = [gateway.name for gateway in network.gateways.values() if gateway.kind is GatewayKind.VPN]
    if not gateways:
        return network
    served = draw(st.lists(st.sampled_from(gateways), min_size=1, max_size=2, unique=True))
    site = Site("clients", (_POOL,), point_to_site=True)
    connections = tuple(Connection(f"clients-{number}", name, site=site.name) for number, name in enumerate(served))
    return replace(
        network,
        sites={**network.sites, site.name: site},
        connections=(*network.connections, *connections),
    )


@st.composite
def with_site_routes(draw: DrawFn, network: Network) -> Network:
    """Draw which sites say what they send towards Azure: vnets, halves of them, other sites, or everything."""
    spaces = [prefix for vnet in network.vnets.values() for prefix in vnet.address_space]
    halves = [Prefix(prefix.value, prefix.length + 1) for prefix in spaces]
    others = [prefix for site in network.sites.values() for prefix in site.prefixes]
    routes = st.lists(st.sampled_from((*spaces * 2, *halves, *others, *_WIDE)), max_size=3, unique=True).map(tuple)
    sites = {}
    for name, site in network.sites.items():
        stated = site.behind is None and draw(st.integers(0, 2)) > 0
        sites[name] = replace(site, routes=draw(routes)) if stated else site
    return replace(network, sites=sites)
