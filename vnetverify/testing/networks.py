"""Strategies for small networks: a few vnets in a small universe of addresses, so that their parts meet.

Built upward from parts. What Azure refuses is mostly not drawn: peers are disjoint, remote gateways exist.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.header import EVERY_IPV4, LAST_IPV4, Prefix, parse_address, parse_prefix
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.network import (
    DEFAULT_AS_NUMBER,
    GATEWAY_SUBNET,
    SUBNETS_WITHOUT_HOSTS,
    Connection,
    DeploymentModel,
    Era,
    Gateway,
    GatewayKind,
    LinkState,
    Machine,
    Network,
    NextHopType,
    Nic,
    Peering,
    RouteTable,
    Site,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.source import NOWHERE
from vnetverify.testing.constructs import (
    ROUTE_SERVER_SUBNET,
    groups,
    route_servers,
    seldom_in_part,
    seldom_overlapping,
    service_tags,
    with_endpoints,
    with_tag_routes,
)
from vnetverify.testing.hubs import inspected
from vnetverify.testing.lists import policies, security_groups

VNETS = ("a", "b", "c", "d")


def _prefixes(text: str) -> tuple[Prefix, ...]:
    return tuple(map(parse_prefix, text.split()))


# The usual case, a whole private range, public space used privately, and a block that `Internet` may lack.
_SPACES = _prefixes("10.0.0.0/24 10.0.1.0/24 10.0.2.0/24 10.0.4.0/23 192.168.0.0/16 30.0.0.0/24 4.130.0.0/24")
SITE_PREFIXES = _prefixes("172.16.0.0/24 172.16.0.0/16 10.0.8.0/24 31.0.0.0/24 172.16.1.0/24")
_LEARNED = _prefixes(
    "0.0.0.0/0 10.0.0.0/8 10.0.0.0/16 10.0.1.64/26 10.0.2.0/24 172.16.0.0/12 192.168.0.0/16 40.0.0.0/30"
)
_ROUTED = _prefixes(
    "0.0.0.0/0 0.0.0.0/1 10.0.0.0/8 172.16.0.0/12 172.16.0.0/24 192.168.0.0/16 25.4.0.0/14 40.0.0.0/24 40.0.0.0/30"
)
_SUMMARIES = _prefixes("10.0.0.0/16 10.0.0.0/8 10.0.1.0/24 10.0.2.0/25 192.168.0.0/16 30.0.0.0/8")
# The last lies in a vnet's own space.
PUBLIC_POOL = tuple(parse_address(text) for text in ("40.0.0.4", "40.0.0.5", "40.0.0.6", "30.0.0.70"))


@dataclass(frozen=True, slots=True)
class Frame:
    """What the parts of a network refer to, drawn first."""

    vnets: tuple[Vnet, ...]
    nsgs: tuple[str, ...]
    asgs: tuple[str, ...]
    nat_gateways: tuple[str, ...]

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """The prefixes around which the interesting packets are."""
        spaces = [prefix for vnet in self.vnets for prefix in vnet.address_space]
        subnets = [prefix for vnet in self.vnets for subnet in vnet.subnets for prefix in subnet.prefixes]
        return tuple(dict.fromkeys((*spaces, *subnets)))

    @property
    def host_subnets(self) -> tuple[Subnet, ...]:
        return tuple(subnet for vnet in self.vnets for subnet in vnet.subnets if not _is_special(subnet))


def _is_special(subnet: Subnet) -> bool:
    return subnet.name.casefold() in SUBNETS_WITHOUT_HOSTS


@st.composite
def first_networks(draw: DrawFn) -> Network:
    """Draw a network of two to four vnets: every third has a hub that inspects what its spokes send each other."""
    network = draw(_unplanned())
    return draw(inspected(network)) if draw(st.integers(0, 2)) == 2 else network


@st.composite
def _unplanned(draw: DrawFn) -> Network:
    """Draw the parts apart from each other; half of the networks plain, so that tables and filters are seen as well."""
    plain = draw(st.booleans())
    frame = draw(_frames(plain))
    peerings = draw(_peerings(frame.vnets, plain))
    if not plain:
        frame = replace(frame, vnets=draw(seldom_overlapping(frame.vnets, peerings)))
        peerings = draw(seldom_in_part(peerings, frame.vnets))
    gateways = draw(_gateways(frame.vnets))
    wanted = draw(st.lists(st.booleans(), min_size=6, max_size=6))
    peerings = _with_transit(peerings, _with_servers(frame.vnets, gateways), wanted)
    sites = draw(_sites())
    machines = draw(_machines(frame))
    tags = draw(service_tags)
    tables = draw(_route_tables(frame, machines))
    if not plain:
        tables = draw(with_tag_routes(tables, tags))
    vnets = draw(_with_lists(frame, tables, machines))
    if draw(st.booleans()) and machines:
        behind = draw(st.sampled_from(machines)).name
        sites = (*sites, Site("tunnelled", _prefixes("172.20.0.0/24"), behind=behind))
    return Network(
        era=draw(st.sampled_from((Era.CURRENT, Era.CURRENT, Era.CURRENT, Era.Y2018, Era.Y2016))),
        vnets={
            vnet.name: vnet for vnet in draw(_with_summaries(vnets if plain else draw(with_endpoints(vnets, tags))))
        },
        peerings=peerings,
        nsgs={nsg.name: nsg for nsg in draw(security_groups(frame.nsgs, frame.prefixes, frame.asgs))},
        route_tables={table.name: table for table in tables},
        machines={machine.name: machine for machine in machines},
        gateways={gateway.name: gateway for gateway in draw(_with_fastpath(gateways))},
        sites={site.name: site for site in sites},
        connections=draw(_connections(gateways, sites)),
        asgs=dict.fromkeys(frame.asgs, NOWHERE),
        nat_gateways=dict.fromkeys(frame.nat_gateways, NOWHERE),
        service_tags=tags,
        connected_groups=() if plain else draw(groups(vnets)),
        route_servers=() if plain else draw(route_servers(vnets, machines)),
    )


def _with_servers(vnets: Sequence[Vnet], gateways: Sequence[Gateway]) -> frozenset[str]:
    """Return the vnets that have gateways or a Route Server."""
    servers = {vnet.name for vnet in vnets if vnet.subnet(ROUTE_SERVER_SUBNET) is not None}
    return frozenset({gateway.vnet for gateway in gateways} | servers)


@st.composite
def _frames(draw: DrawFn, plain: bool) -> Frame:
    spaces = draw(st.lists(st.sampled_from(_SPACES), min_size=2, max_size=4, unique=True))
    vnets = [draw(_vnets(name, space, plain)) for name, space in zip(VNETS, spaces, strict=False)]
    return Frame(
        vnets=tuple(vnets),
        nsgs=("n", "m")[: draw(st.sampled_from((1, 2, 0)))],
        asgs=("web",)[: draw(st.integers(0, 1))],
        nat_gateways=("nat",)[: draw(st.integers(0, 1))],
    )


@st.composite
def _vnets(draw: DrawFn, name: str, space: Prefix, plain: bool) -> Vnet:
    """Draw a vnet whose subnets stand at fixed places of its space: two of hosts and those of Azure's own."""
    classic = draw(st.integers(0, 9)) == 9
    one_prefix, two_prefixes = (_part(space, 0, 26),), (_part(space, 0, 28), _part(space, 32, 29))
    subnets = [Subnet("s", name, draw(st.sampled_from((one_prefix, one_prefix, two_prefixes))))]
    if draw(st.booleans()):
        subnets.append(Subnet("t", name, (_part(space, 64, 26),)))
    if draw(st.integers(0, 3)) == 3:
        subnets.append(Subnet("AzureFirewallSubnet", name, (_part(space, 128, 26),)))
    if draw(st.integers(0, 2)) > 0 and not classic:
        subnets.append(Subnet(GATEWAY_SUBNET, name, (_part(space, 192, 27),)))
    if not plain and not classic and draw(st.integers(0, 2)) == 2:
        subnets.append(Subnet(ROUTE_SERVER_SUBNET, name, (_part(space, 224, 27),)))
    model = DeploymentModel.CLASSIC if classic else DeploymentModel.RESOURCE_MANAGER
    extra = (parse_prefix(f"10.9.{VNETS.index(name)}.0/24"),) if draw(st.integers(0, 4)) == 4 else ()
    region = "r" if plain else draw(st.sampled_from(("r", "r", "r", "r", "q", None)))
    return Vnet(name, (space, *extra), tuple(subnets), region=region, model=model)


def _part(space: Prefix, offset: int, length: int) -> Prefix:
    return Prefix(space.value + offset, length)


@st.composite
def _peerings(draw: DrawFn, vnets: Sequence[Vnet], plain: bool) -> tuple[Peering, ...]:
    """Draw the halves between neighbours in the order of declaration, and a few others; fewer where groups join."""
    halves: list[Peering] = []
    first_of = 4 if plain else 6
    for i, left in enumerate(vnets):
        for right in vnets[i + 1 :]:
            classic = [vnet.model is DeploymentModel.CLASSIC for vnet in (left, right)]
            if all(classic) or draw(st.integers(0, first_of if i == 0 else 7)) > 3:
                continue
            if not classic[0]:
                halves.append(draw(_halves(left.name, right.name)))
            if not classic[1] and draw(st.integers(0, 9)) > 0:
                halves.append(draw(_halves(right.name, left.name)))
    return tuple(halves)


@st.composite
def _halves(draw: DrawFn, local: str, remote: str) -> Peering:
    connected = draw(st.integers(0, 14))
    return Peering(
        local,
        remote,
        allow_virtual_network_access=draw(st.integers(0, 5)) > 0,
        allow_forwarded_traffic=draw(st.booleans()),
        state=None if connected > 1 else (LinkState.INITIATED, LinkState.DISCONNECTED)[connected],
    )


@st.composite
def _gateways(draw: DrawFn, vnets: Sequence[Vnet]) -> tuple[Gateway, ...]:
    gateways: list[Gateway] = []
    for vnet in vnets:
        if vnet.gateway_subnet is not None:
            vpn, express = (GatewayKind.VPN,), (GatewayKind.EXPRESSROUTE,)
            for kind in draw(st.sampled_from((vpn, vpn, express, (*vpn, *express)))):
                allows = draw(st.sampled_from((None, True, False)))
                both = draw(st.booleans())
                asn = draw(st.sampled_from((DEFAULT_AS_NUMBER, DEFAULT_AS_NUMBER, 65010)))
                gateways.append(Gateway(f"{vnet.name}-{kind.value}", vnet.name, kind, allows, both, asn))
    return tuple(gateways)


def _with_transit(
    peerings: Sequence[Peering], with_gateways: Collection[str], wanted: Sequence[bool]
) -> tuple[Peering, ...]:
    """Return the halves with gateway transit where Azure takes it: towards one hub, from a vnet without gateways."""
    pairs = {(half.local, half.remote) for half in peerings}
    choice = iter(wanted)
    spokes: dict[str, str] = {}
    for half in peerings:
        if (
            half.remote in with_gateways
            and half.local not in with_gateways
            and half.local not in spokes
            and (half.remote, half.local) in pairs
            and next(choice, True)
        ):
            spokes[half.local] = half.remote
    return tuple(
        replace(
            half,
            use_remote_gateways=spokes.get(half.local) == half.remote,
            allow_gateway_transit=spokes.get(half.remote) == half.local
            or (half.local in with_gateways and next(choice, False)),
        )
        for half in peerings
    )


@st.composite
def _with_fastpath(draw: DrawFn, gateways: Sequence[Gateway]) -> tuple[Gateway, ...]:
    return tuple(
        replace(gateway, fastpath=gateway.kind is GatewayKind.EXPRESSROUTE and draw(st.booleans()))
        for gateway in gateways
    )


@st.composite
def _with_summaries(draw: DrawFn, vnets: Sequence[Vnet]) -> tuple[Vnet, ...]:
    """Draw what gateways announce in place of their vnet's ranges: seldom anything, now and then a part of a range."""
    summaries = st.lists(st.sampled_from(_SUMMARIES), min_size=1, max_size=2, unique=True).map(tuple)
    return tuple(
        replace(vnet, summarized_gateway_prefixes=draw(summaries)) if draw(st.integers(0, 4)) == 4 else vnet
        for vnet in vnets
    )


@st.composite
def _sites(draw: DrawFn) -> tuple[Site, ...]:
    prefixes = draw(st.lists(st.sampled_from(SITE_PREFIXES), min_size=1, max_size=2, unique=True))
    return tuple(Site(name, (prefix,)) for name, prefix in zip(("here", "there"), prefixes, strict=False))


@st.composite
def _connections(draw: DrawFn, gateways: Sequence[Gateway], sites: Sequence[Site]) -> tuple[Connection, ...]:
    """Draw the ways of every gateway: to sites, over circuits, and between VPN gateways."""
    connections: list[Connection] = []
    reachable = [site for site in sites if site.behind is None]
    for gateway in gateways:
        for number in range(draw(st.integers(0, 2))):
            express = gateway.kind is GatewayKind.EXPRESSROUTE
            connections.append(
                Connection(
                    name=f"{gateway.name}-{number}",
                    gateway=gateway.name,
                    site=draw(st.sampled_from(reachable)).name,
                    bgp=express or draw(st.booleans()),
                    circuit=draw(st.sampled_from(("k", "l", "k"))) if express else None,
                    prefixes=draw(_learned_prefixes),
                    default_site=not express and number == 0 and draw(st.integers(0, 4)) == 4,
                )
            )
    tunnels = [gateway for gateway in gateways if gateway.kind is GatewayKind.VPN]
    for i, one in enumerate(tunnels):
        for other in tunnels[i + 1 :]:
            if draw(st.booleans()):
                name = f"{one.name}-{other.name}"
                connections.append(Connection(name, one.name, remote_gateway=other.name, bgp=draw(st.booleans())))
    return tuple(connections)


_learned_prefixes: SearchStrategy[tuple[Prefix, ...] | None] = st.none() | st.lists(
    st.sampled_from((*_LEARNED, *SITE_PREFIXES)), min_size=1, max_size=2, unique=True
).map(tuple)


@st.composite
def _machines(draw: DrawFn, frame: Frame) -> tuple[Machine, ...]:
    """Draw up to three machines at the first addresses of their subnets, appliances among them."""
    taken: set[tuple[str, int]] = set()
    machines: list[Machine] = []
    for number in range(draw(st.sampled_from((1, 2, 3, 0)))):
        name = f"m{number}"
        home = draw(st.sampled_from((frame.vnets[0], *frame.vnets))).name
        subnets = [subnet for subnet in frame.host_subnets if subnet.vnet == home]
        is_appliance = draw(st.sampled_from((True, True, False)))
        nics = [
            draw(_nics(frame, name, number, draw(st.sampled_from((*subnets[1:] * 2, *subnets))), is_appliance, taken))
            for number in range(draw(st.integers(1, 2)))
        ]
        machines.append(draw(_behaving(name, tuple(nics), frame, is_appliance)))
    return tuple(machines)


@st.composite
def _nics(
    draw: DrawFn, frame: Frame, machine: str, number: int, subnet: Subnet, forwards: bool, taken: set[tuple[str, int]]
) -> Nic:
    name = f"{machine}-{number}" if number else machine
    first = next(
        address for address in range(subnet.prefixes[0].value + 4, LAST_IPV4) if (subnet.vnet, address) not in taken
    )
    count = 2 if draw(st.integers(0, 7)) == 7 else 1
    addresses = tuple(range(first, first + count))
    taken.update((subnet.vnet, address) for address in addresses)
    filtered = frame.nsgs and not subnet.is_called("AzureFirewallSubnet")
    return Nic(
        name=name,
        machine=machine,
        vnet=subnet.vnet,
        subnet=subnet.name,
        addresses=addresses,
        nsg=draw(st.sampled_from((None, None, *frame.nsgs))) if filtered else None,
        asgs=frame.asgs if subnet.vnet == VNETS[0] and draw(st.booleans()) else (),
        ip_forwarding=forwards and draw(st.integers(0, 7)) > 0,
        # One address of the pool for each machine, so that no two interfaces share one.
        public_address=draw(_public_addresses(name, None if number else PUBLIC_POOL[int(machine[1:])])),
    )


@st.composite
def _public_addresses(draw: DrawFn, nic: str, address: int | None) -> PublicAddress | None:
    if draw(st.integers(0, 2)) > 0:
        return None
    known = address if draw(st.booleans()) else None
    return PublicAddress(f"{nic}-ip", draw(st.sampled_from((Sku.STANDARD, Sku.BASIC, None))), known)


@st.composite
def _behaving(draw: DrawFn, name: str, nics: tuple[Nic, ...], frame: Frame, is_appliance: bool) -> Machine:
    if not is_appliance:
        return Machine(name, nics)
    return Machine(
        name,
        nics,
        policy=draw(policies(frame.prefixes)),
        stateful=draw(st.sampled_from((None, True, False))),
        translates_source=draw(st.sampled_from((None, True, False))),
    )


@st.composite
def _route_tables(draw: DrawFn, frame: Frame, machines: Sequence[Machine]) -> tuple[RouteTable, ...]:
    spaces = [prefix for vnet in frame.vnets for prefix in vnet.address_space]
    prefixes = st.sampled_from((*frame.prefixes, EVERY_IPV4, EVERY_IPV4, *_ROUTED, *frame.prefixes))
    tables: list[RouteTable] = []
    for name in ("r", "q")[: draw(st.sampled_from((1, 2, 0)))]:
        first = draw(st.sampled_from((*spaces, EVERY_IPV4)))
        others = dict.fromkeys(draw(st.lists(prefixes, max_size=2)))
        others.pop(first, None)
        routes = [draw(_appliance_routes("r0", first, frame, machines))]
        routes += [draw(_routes(f"r{i}", prefix, frame, machines)) for i, prefix in enumerate(others, 1)]
        tables.append(RouteTable(name, tuple(routes), propagate_gateway_routes=draw(st.integers(0, 3)) > 0))
    return tuple(tables)


@st.composite
def _routes(draw: DrawFn, name: str, prefix: Prefix, frame: Frame, machines: Sequence[Machine]) -> UserRoute:
    hop = draw(st.sampled_from((*(NextHopType.APPLIANCE,) * 4, *NextHopType)))
    if hop is NextHopType.APPLIANCE:
        return draw(_appliance_routes(name, prefix, frame, machines))
    return UserRoute(name, prefix, hop)


@st.composite
def _appliance_routes(draw: DrawFn, name: str, prefix: Prefix, frame: Frame, machines: Sequence[Machine]) -> UserRoute:
    forwarding = [nic.addresses[0] for machine in machines for nic in machine.nics if nic.ip_forwarding]
    others = [nic.addresses[-1] for machine in machines for nic in machine.nics]
    undeclared = [frame.vnets[0].subnets[0].prefixes[0].value + 9]
    nobody = [parse_address("10.99.0.4"), frame.vnets[0].address_space[0].value + 3]
    address = draw(st.sampled_from((*forwarding * 4, *undeclared, *others, *nobody)))
    return UserRoute(name, prefix, NextHopType.APPLIANCE, address)


@st.composite
def _with_lists(
    draw: DrawFn, frame: Frame, tables: Sequence[RouteTable], machines: Sequence[Machine]
) -> tuple[Vnet, ...]:
    """Draw which subnets have which group, table, NAT gateway and default access; appliances loop only now and then."""
    vnets: list[Vnet] = []
    crowded = {nic.subnet_id for machine in machines for nic in machine.nics if nic.ip_forwarding}
    for vnet in frame.vnets:
        subnets = []
        for subnet in vnet.subnets:
            special = _is_special(subnet)
            allowed = [t.name for t in tables if not special or _fits_gateway_subnet(t, subnet)]
            subnets.append(
                replace(
                    subnet,
                    route_table=draw(st.sampled_from((*allowed, *((None,) * (9 if subnet.id in crowded else 1))))),
                    nsg=None if len(subnet.name) > 1 else draw(st.sampled_from((None, *frame.nsgs))),
                    default_outbound=None if special else draw(st.sampled_from((None, None, True, False))),
                    nat_gateway=None if special else draw(st.sampled_from((None, None, *frame.nat_gateways))),
                )
            )
        vnets.append(replace(vnet, subnets=tuple(subnets)))
    return tuple(vnets)


def _fits_gateway_subnet(table: RouteTable, subnet: Subnet) -> bool:
    """Hold when Azure would take the table at a subnet of its own (R-UDR-13, R-UDR-14)."""
    if not subnet.is_called(GATEWAY_SUBNET):
        return False
    own = subnet.prefixes[0]
    meets = any(route.prefix.value <= own.last and own.value <= route.prefix.last for route in table.routes)
    return table.propagate_gateway_routes and not meets
