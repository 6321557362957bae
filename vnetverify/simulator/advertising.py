"""What sites announce by BGP where a claim leaves it open: the world's prefixes in place of those declared.

Rules I-WHATEVER and R-GW-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vnetverify.facts import World
from vnetverify.header import Prefix
from vnetverify.model.intents import Advertising
from vnetverify.model.network import Connection, GatewayKind, Network
from vnetverify.simulator.addressing import is_inside

_latest: list[tuple[Network, Mapping[str, tuple[Prefix, ...]], Network]] = []


def speaks_bgp(network: Network, connection: Connection) -> bool:
    """Hold when routes over `connection` are learned by BGP: it says so, or its gateway is ExpressRoute (R-GW-8)."""
    return connection.bgp or network.gateways[connection.gateway].kind is GatewayKind.EXPRESSROUTE


def open_connections(network: Network, advertising: Advertising) -> tuple[Connection, ...]:
    """Return the connections over which the site may announce what it likes."""
    ends = (end for end in network.connections if end.site == advertising.site)
    return tuple(end for end in ends if speaks_bgp(network, end))


def is_allowed(network: Network, advertising: Advertising | None, world: World) -> bool:
    """Hold when what the world has announced is what the claim lets the site announce."""
    if advertising is None:
        return True
    names = {end.name for end in open_connections(network, advertising)}
    return all(
        name in names and all(any(is_inside(prefix, whole) for whole in advertising.within) for prefix in prefixes)
        for name, prefixes in world.advertised.items()
    )


def as_claimed(network: Network, advertising: Advertising | None, world: World) -> World:
    """Return the world as a claim reads it: each open connection announces something or nothing, no other does.

    A partial world leaves open what (`simulator/announcements.py`).
    """
    if advertising is None:
        return replace(world, advertised={}, announcing={})
    names = [end.name for end in open_connections(network, advertising)]
    if world.partial:
        return replace(world, advertised=dict.fromkeys(names, ()), announcing=dict.fromkeys(names, advertising.within))
    return replace(world, advertised={name: world.advertised.get(name, ()) for name in names}, announcing={})


def with_announcements(network: Network, world: World) -> Network:
    """Return `network` where the connections that the world speaks of announce what it says.

    Of the network and announcements asked about last it is the same value again.
    """
    if not world.advertised:
        return network
    for declared, advertised, told in tuple(_latest):
        if declared is network and advertised == world.advertised:
            return told
    connections = tuple(
        replace(end, prefixes=world.advertised[end.name]) if end.name in world.advertised else end
        for end in network.connections
    )
    told = replace(network, connections=connections)
    _latest[:] = [(network, dict(world.advertised), told)]
    return told
