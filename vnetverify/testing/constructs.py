"""Strategies for what joins networks beyond plain peerings: parts, old views, groups, Route Servers, service tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.header import Prefix, parse_address, parse_prefix
from vnetverify.model.network import (
    BgpPeer,
    ConnectedGroup,
    Machine,
    NextHopType,
    Peering,
    RouteServer,
    RouteTable,
    Subnet,
    UserRoute,
    Vnet,
)

ROUTE_SERVER_SUBNET = "RouteServerSubnet"


def _prefixes(text: str) -> tuple[Prefix, ...]:
    return tuple(map(parse_prefix, text.split()))


# One prefix under several tags, one tag of two prefixes, and a tag that holds declared public addresses.
_TAGS: tuple[Mapping[str, tuple[Prefix, ...]], ...] = (
    {},
    {"Sql": _prefixes("40.0.0.0/30")},
    {"AzureCloud": _prefixes("40.0.0.0/24 40.0.0.0/30"), "Sql": _prefixes("40.0.0.0/30")},
    {"Sql": _prefixes("40.0.0.0/30"), "Sql.WestUS": _prefixes("40.0.0.0/30"), "Storage": _prefixes("40.0.0.4/31")},
)
_ANNOUNCED = _prefixes(
    "0.0.0.0/0 10.0.0.0/8 10.0.0.0/16 10.0.1.64/26 10.0.8.0/24 172.16.0.0/24 31.0.0.0/24 40.0.0.0/30"
)
_SHARED = parse_prefix("10.9.9.0/24")

service_tags: SearchStrategy[Mapping[str, tuple[Prefix, ...]]] = st.sampled_from(_TAGS)


@st.composite
def seldom_in_part(draw: DrawFn, peerings: Sequence[Peering], vnets: Sequence[Vnet]) -> tuple[Peering, ...]:
    """Draw which halves speak of subnets and which have seen another remote space than the present one."""
    by_name = {vnet.name: vnet for vnet in vnets}
    halves = []
    for half in peerings:
        local, remote = by_name[half.local], by_name[half.remote]
        kind = draw(st.integers(0, 7))
        if kind == 0:
            halves.append(replace(half, remote_space=draw(_views(remote.address_space))))
        elif kind == 1:
            both = (draw(_parts(local)), draw(_parts(remote)))
            halves.append(replace(half, local_subnets=both[0], remote_subnets=both[1]))
        else:
            halves.append(half)
    return tuple(halves)


def _views(present: tuple[Prefix, ...]) -> SearchStrategy[tuple[Prefix, ...]]:
    """Draw a view of a space: half of it, more than it, another one, or the present one after all."""
    first = present[0]
    lower = Prefix(first.value, first.length + 1)
    return st.sampled_from(((lower,), (*present, _SHARED), (_SHARED,), present))


@st.composite
def _parts(draw: DrawFn, vnet: Vnet) -> tuple[str, ...] | None:
    names = st.sampled_from([subnet.name for subnet in vnet.subnets])
    return draw(st.none() | st.lists(names, min_size=1, max_size=2, unique=True).map(tuple))


@st.composite
def groups(draw: DrawFn, vnets: Sequence[Vnet]) -> tuple[ConnectedGroup, ...]:
    """Draw no group, one, or two that may share members; one that joins a region alone knows its members' (R-CG-1)."""
    names = st.sampled_from([vnet.name for vnet in vnets])
    members = st.lists(names, min_size=2, max_size=3, unique=True)
    drawn = []
    for name in ("g", "h")[: draw(st.sampled_from((1, 0, 1, 2)))]:
        chosen = tuple(draw(members))
        unstated = [vnet.region is None for vnet in vnets if vnet.name in chosen]
        drawn.append(ConnectedGroup(name, chosen, draw(st.booleans()) or any(unstated) > all(unstated)))
    return tuple(drawn)


@st.composite
def seldom_overlapping(draw: DrawFn, vnets: Sequence[Vnet], peerings: Sequence[Peering]) -> tuple[Vnet, ...]:
    """Draw whether two vnets without peerings have a subnet at the same addresses (R-CG-4)."""
    peered = {name for half in peerings for name in (half.local, half.remote)}
    alone = [vnet.name for vnet in vnets if vnet.name not in peered]
    if len(alone) < 2 or draw(st.integers(0, 7)) == 7:
        return tuple(vnets)
    shared = Subnet("o", "", (Prefix(_SHARED.value, 26),))
    return tuple(
        replace(
            vnet,
            address_space=(*vnet.address_space, _SHARED),
            subnets=(*vnet.subnets, replace(shared, vnet=vnet.name)),
        )
        if vnet.name in alone[:2]
        else vnet
        for vnet in vnets
    )


@st.composite
def route_servers(draw: DrawFn, vnets: Sequence[Vnet], machines: Sequence[Machine]) -> tuple[RouteServer, ...]:
    """Draw a Route Server where there is a subnet for it, with the machines of whatever network as its peers."""
    servers = []
    for vnet in vnets:
        if vnet.subnet(ROUTE_SERVER_SUBNET) is not None:
            near = [machine for machine in machines if any(nic.vnet == vnet.name for nic in machine.nics)]
            choices = st.sampled_from((*near * 3, *machines)) if machines else None
            names = draw(st.lists(choices, max_size=2, unique=True)) if choices is not None else []
            peers = tuple(draw(_bgp_peers(machine)) for machine in names)
            servers.append(RouteServer(f"{vnet.name}-rs", vnet.name, peers, draw(st.booleans())))
    return tuple(servers)


@st.composite
def _bgp_peers(draw: DrawFn, machine: Machine) -> BgpPeer:
    prefixes = draw(st.lists(st.sampled_from(_ANNOUNCED), min_size=1, max_size=2, unique=True))
    others = (machine.nics[-1].addresses[0], parse_address("10.99.0.4"), parse_address("10.0.0.9"))
    return BgpPeer(machine.name, tuple(prefixes), draw(st.sampled_from((None, None, None, *others))))


@st.composite
def with_endpoints(draw: DrawFn, vnets: Sequence[Vnet], tags: Mapping[str, tuple[Prefix, ...]]) -> tuple[Vnet, ...]:
    """Draw which subnets have service endpoints, of services whose prefixes are declared."""
    services = [f"Microsoft.{tag}" for tag in tags if tag in ("Sql", "Storage")]
    if not services:
        return tuple(vnets)
    return tuple(
        replace(
            vnet,
            subnets=tuple(
                replace(subnet, service_endpoints=tuple(services) if draw(st.booleans()) else ())
                for subnet in vnet.subnets
            ),
        )
        for vnet in vnets
    )


@st.composite
def with_tag_routes(
    draw: DrawFn, tables: Sequence[RouteTable], tags: Mapping[str, tuple[Prefix, ...]]
) -> tuple[RouteTable, ...]:
    """Draw which tables have routes to service tags as well, in whatever order."""
    hops = st.sampled_from((NextHopType.NONE, NextHopType.INTERNET, NextHopType.VNET_LOCAL))
    made = []
    for table in tables:
        fewest = draw(st.integers(0, 1))
        routed = draw(st.lists(st.sampled_from(sorted(tags)), min_size=fewest, max_size=2, unique=True)) if tags else []
        more = tuple(
            UserRoute(f"to-{tag}", prefix, hop, service_tag=tag)
            for tag, hop in [(tag, draw(hops)) for tag in routed]
            for prefix in tags[tag]
        )
        made.append(replace(table, routes=(*more, *table.routes)))
    return tuple(made)
