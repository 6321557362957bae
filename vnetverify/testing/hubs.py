"""A strategy for hubs that inspect: spokes whose tables lead to an appliance that forwards, there and back.

Networks whose parts are drawn apart from each other seldom have one: half a dozen flags and addresses must fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.header import EVERY_IPV4, Prefix, parse_prefix
from vnetverify.model.network import (
    DeploymentModel,
    Machine,
    Network,
    NextHopType,
    Nic,
    Peering,
    RouteTable,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.testing.lists import EVERYTHING, policies

_FIREWALL, _TABLE, _FIREWALL_SUBNET = "fw", "via-fw", "AzureFirewallSubnet"


@st.composite
def inspected(draw: DrawFn, network: Network) -> Network:
    """Draw `network` with a firewall in its first vnet, and with those others that can be as its spokes."""
    hub, *others = network.vnets.values()
    spokes = [vnet for vnet in others if _can_be_peers(hub, vnet) and not _overlaps_another(vnet, network)]
    if not spokes:
        return network
    place = hub.subnet(_FIREWALL_SUBNET) or hub.subnets[-1 if hub.subnets[-1].name == "t" else 0]
    firewall = draw(_firewalls(network, place))
    table = draw(_tables(spokes, hub, firewall.nics[0].addresses[0]))
    vnets = {vnet.name: draw(_steered(vnet, place)) for vnet in (hub, *spokes)}
    return replace(
        network,
        vnets={**network.vnets, **vnets},
        peerings=_with_open_peerings(network.peerings, hub, spokes),
        machines={**network.machines, _FIREWALL: firewall},
        route_tables={**network.route_tables, _TABLE: table},
    )


def _can_be_peers(hub: Vnet, spoke: Vnet) -> bool:
    return DeploymentModel.RESOURCE_MANAGER in (hub.model, spoke.model)


def _overlaps_another(vnet: Vnet, network: Network) -> bool:
    others = [prefix for other in network.vnets.values() if other != vnet for prefix in other.address_space]
    return any(_overlap(one, other) for one in vnet.address_space for other in others)


def _overlap(one: Prefix, other: Prefix) -> bool:
    return one.value <= other.last and other.value <= one.last


def _with_open_peerings(peerings: Sequence[Peering], hub: Vnet, spokes: Sequence[Vnet]) -> tuple[Peering, ...]:
    """Return the halves, those between hub and spokes all there and open to what others send."""
    declared = {(half.local, half.remote): half for half in peerings}
    for spoke in spokes:
        for local, remote in ((hub, spoke), (spoke, hub)):
            if local.model is not DeploymentModel.CLASSIC:
                ends = (local.name, remote.name)
                declared[ends] = replace(
                    declared.get(ends, Peering(*ends)),
                    allow_virtual_network_access=True,
                    allow_forwarded_traffic=True,
                    state=None,
                )
    return tuple(declared.values())


@st.composite
def _firewalls(draw: DrawFn, network: Network, place: Subnet) -> Machine:
    """Draw an appliance at the first free address of `place`, more often than not one that forwards everything."""
    taken = {address for nic in network.nics() if nic.vnet == place.vnet for address in nic.addresses}
    first = place.prefixes[0].value + 4
    address = next(address for address in range(first, first + len(taken) + 1) if address not in taken)
    permissive = draw(st.integers(0, 3)) < 3
    return Machine(
        _FIREWALL,
        (Nic(_FIREWALL, _FIREWALL, place.vnet, place.name, (address,), ip_forwarding=True),),
        policy=(EVERYTHING,) if permissive else draw(policies(place.prefixes)),
        stateful=draw(st.sampled_from((True, True, None, False))),
        translates_source=draw(st.sampled_from((False, False, None, True))),
    )


@st.composite
def _tables(draw: DrawFn, spokes: Sequence[Vnet], hub: Vnet, firewall: int) -> RouteTable:
    """Draw a table that leads to the firewall: from spoke to spoke, to the hub as well, or everywhere."""
    ranges = tuple(prefix for vnet in spokes for prefix in vnet.address_space)
    wide: tuple[tuple[Prefix, ...], ...] = ((EVERY_IPV4,), (parse_prefix("0.0.0.0/1"), parse_prefix("10.0.0.0/8")))
    targets = draw(st.sampled_from((ranges, (*ranges, *hub.address_space), *wide)))
    routes = (UserRoute(f"v{i}", prefix, NextHopType.APPLIANCE, firewall) for i, prefix in enumerate(targets))
    return RouteTable(_TABLE, tuple(routes), propagate_gateway_routes=draw(st.integers(0, 3)) > 0)


@st.composite
def _steered(draw: DrawFn, vnet: Vnet, place: Subnet) -> Vnet:
    """Draw which subnets have the table: most, and the firewall's own only where packets are to go round in a loop."""
    subnets = []
    for subnet in vnet.subnets:
        if subnet.id == place.id:
            loops = place.name != _FIREWALL_SUBNET and draw(st.integers(0, 5)) == 5
            subnet = replace(subnet, route_table=_TABLE if loops else None)
        elif len(subnet.name) == 1 and draw(st.integers(0, 3)) < 3:
            subnet = replace(subnet, route_table=_TABLE)
        subnets.append(subnet)
    return replace(vnet, subnets=tuple(subnets))
