"""The routing format of test vectors: topology, route tables, gateways, and where packets go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vnetverify.facts import World
from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_PORTS,
    TCP,
    Family,
    NotAPrefix,
    Prefix,
    family_of,
    parse_address,
    parse_prefix,
)
from vnetverify.model.network import (
    DEFAULT_AS_NUMBER,
    SUBNETS_OF_SERVICES,
    BgpPeer,
    ConnectedGroup,
    Connection,
    DeploymentModel,
    Gateway,
    GatewayKind,
    LinkState,
    Machine,
    Network,
    NextHopType,
    Nic,
    Peering,
    PolicyRule,
    RouteServer,
    RouteTable,
    Site,
    Subnet,
    UserRoute,
    Vnet,
    region_called,
)
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Access
from vnetverify.simulator.gateways import announced
from vnetverify.testing.layout import Layout
from vnetverify.testing.records import NotApplicable, Record, Refused
from vnetverify.testing.vector_balancers import ROUTING, Balancers
from vnetverify.testing.vector_endpoints import endpoint_of, policies_of

FORWARDS_ANY = (PolicyRule(Access.ALLOW, None, ALL_ADDRESSES, ALL_ADDRESSES, ALL_PORTS),)
_POINT_TO_SITE = "p2s"
_KINDS = {
    "s2s": "s2s", "site_to_site": "s2s", "er": "er", "expressroute": "er", "vnet_to_vnet": "vnet_to_vnet",
    "vnet2vnet": "vnet_to_vnet", "v2v": "vnet_to_vnet", "p2s": _POINT_TO_SITE, "point_to_site": _POINT_TO_SITE,
}  # fmt: skip
_PORT = 443  # the format asks about no service: filters and policies of its networks let everything pass

NEXT_HOPS = {
    "virtualappliance": NextHopType.APPLIANCE,
    "virtualnetworkgateway": NextHopType.GATEWAY,
    "vnetlocal": NextHopType.VNET_LOCAL,
    "internet": NextHopType.INTERNET,
    "none": NextHopType.NONE,
}
_UNWRITABLE_HOPS = frozenset({"vnetpeering", "vnetglobalpeering", "virtualnetworkserviceendpoint", "connectedgroup"})
# Of a link that is being made (R-PEER-4) nothing is in use yet, as of one that was only begun.
_STATES = {state.value: state for state in LinkState} | {"updating": LinkState.INITIATED}


_SYNC_LEVELS = {"fullyinsync": False, "remotenotinsync": False, "localnotinsync": True, "localandremotenotinsync": True}
_MODELS = {"arm": DeploymentModel.RESOURCE_MANAGER, "classic": DeploymentModel.CLASSIC}


def next_hop_type(text: str) -> NextHopType:
    """Return the next hop of a user route. Raises `NotApplicable`."""
    called = text.casefold()
    if called in _UNWRITABLE_HOPS:
        raise Refused(f"a user route with next hop type `{text}`", "R-UDR-2")
    if called not in NEXT_HOPS:
        raise NotApplicable(f"next hop type `{text}`")
    return NEXT_HOPS[called]


def link_state(text: str | None) -> LinkState | None:
    """Return the state of a half; None where it is not told. Raises KeyError for a state that halves do not have."""
    return _STATES[text.lower()] if text else None


def network_of(vector: Mapping[str, Any]) -> Network:
    """Return the network of a routing vector. Raises `NotApplicable`."""
    record = Record(vector["network"], "network")
    record.take("fixed_atoms"), record.take("fixedAtoms")
    gateways = tuple(record.records("gateways", "gateway"))
    tags = {
        name: tuple(parse_prefix(text) for text in prefixes)
        for key in ("service_tags", "service_prefixes")
        for name, prefixes in record.tags(key).items()
    }
    vnets = [_vnet(vnet) for vnet in record.records("vnets", "vnet")]
    layout = Layout({vnet.name: vnet for vnet in vnets})
    hosts = [_host(nic, layout) for nic in record.records("nics", "nic")]
    machines = [host for host in hosts if isinstance(host, Machine)]
    balancers = Balancers(ROUTING, layout, machines, (TCP, _PORT)).read(record, "load_balancers")
    network = Network(
        vnets=layout.vnets,
        peerings=tuple(_peering(peering) for peering in record.records("peerings", "peering")),
        route_tables={
            table.name: table
            for table in (_route_table(table, tags) for table in record.records("route_tables", "route table"))
        },
        machines={machine.name: machine for machine in machines},
        connections=_connections(gateways),
        gateways={gateway.name: gateway for gateway in map(_gateway, gateways)},
        sites={site.name: site for site in _sites(record, gateways)},
        service_tags=tags,
        connected_groups=tuple(map(_connected_group, record.records("connected_groups", "connected group"))),
        route_servers=tuple(map(_route_server, record.records("route_servers", "Route Server"))),
        load_balancers=balancers,
        private_endpoints={host.name: host for host in hosts if isinstance(host, PrivateEndpoint)},
    )
    record.finish()
    _refuse_other_prefixes(gateways, network)
    return network


def _refuse_other_prefixes(gateways: tuple[Record, ...], network: Network) -> None:
    """Refuse connections between gateways that are told to lead elsewhere than to what the other one announces."""
    for way in (way for gateway in gateways for way in gateway.records("connections", "connection")):
        told, other = way.take("prefixes"), way.take("remote_gateway")
        if told is None or other is None:
            continue
        if set(map(parse_prefix, told)) != set(announced(network, other, World())):
            raise NotApplicable("`prefixes` of a connection between gateways, of which the other announces others")


def _vnet(record: Record) -> Vnet:
    name = record.need("name")
    vnet = Vnet(
        name=name,
        address_space=tuple(parse_prefix(text) for text in record.need("address_space")),
        subnets=tuple(_subnet(name, subnet) for subnet in record.records("subnets", "subnet")),
        region=region_called(record.take("region")),
        subscription=record.take("subscription"),
        tenant=record.take("tenant"),
        summarized_gateway_prefixes=tuple(map(parse_prefix, record.take("summarized_gateway_prefixes", ()))),
        model=_model(record.take("model", "arm")),
    )
    record.finish()
    return vnet


def _model(text: str) -> DeploymentModel:
    if text.casefold() not in _MODELS:
        raise NotApplicable(f"a vnet of model `{text}`")
    return _MODELS[text.casefold()]


def _subnet(vnet: str, record: Record) -> Subnet:
    only = record.take("prefix")
    subnet = Subnet(
        name=record.need("name"),
        vnet=vnet,
        prefixes=tuple(parse_prefix(text) for text in ((only,) if only else record.need("prefixes"))),
        route_table=record.take("route_table"),
        service_endpoints=tuple(record.take("service_endpoints", ())),
        private_endpoint_policies=policies_of(record.take("private_endpoint_network_policies")),
    )
    record.finish()
    return subnet


def _peering(record: Record) -> Peering:
    state, seen = record.take("state"), record.take("remote_address_space")
    # The level says of a half that it has not seen the present space of its remote vnet; what it has seen must be told.
    level = record.take("sync", "FullyInSync").casefold()
    if level not in _SYNC_LEVELS:
        raise NotApplicable(f"a peering at the level `{level}` of being in sync")
    if _SYNC_LEVELS[level] and seen is None:
        raise NotApplicable("a peering not in sync without `remote_address_space`")
    is_whole = record.take("peer_complete_vnets", True)
    local_subnets, remote_subnets = record.take("local_subnets"), record.take("remote_subnets")
    refuse_parts_of_whole(is_whole, local_subnets, remote_subnets)
    peering = Peering(
        local=record.need("local"),
        remote=record.need("remote"),
        allow_virtual_network_access=record.take("allow_vnet_access", True),
        allow_forwarded_traffic=record.take("allow_forwarded_traffic", False),
        allow_gateway_transit=record.take("allow_gateway_transit", False),
        use_remote_gateways=record.take("use_remote_gateways", False),
        state=link_state(state),
        remote_space=None if seen is None else tuple(parse_prefix(text) for text in seen),
        local_subnets=None if is_whole else tuple(local_subnets or ()),
        remote_subnets=None if is_whole else tuple(remote_subnets or ()),
        only_ipv6=record.take("enable_only_ipv6_peering", False),
    )
    record.finish()
    return peering


def refuse_parts_of_whole(is_whole: bool, *parts: Sequence[str] | None) -> None:
    """Raise `NotApplicable` for a peering of whole vnets that names subnets."""
    if is_whole and any(parts):
        raise NotApplicable("malformed: a peering of complete vnets that names subnets")


def _connected_group(record: Record) -> ConnectedGroup:
    group = ConnectedGroup(record.need("name"), tuple(record.need("members")), record.take("global", False))
    record.finish()
    return group


def _route_server(record: Record) -> RouteServer:
    vnet = record.need("vnet")
    server = RouteServer(
        name=record.take("name", f"{vnet}-route-server"),
        vnet=vnet,
        peers=tuple(map(_bgp_peer, record.records("bgp_peers", "peer of a Route Server"))),
        branch_to_branch=record.take("branch_to_branch", False),
    )
    record.finish()
    return server


def _bgp_peer(record: Record) -> BgpPeer:
    next_hop = record.take("next_hop_ip") or record.take("next_hop")
    peer = BgpPeer(
        machine=record.need("nva"),
        prefixes=tuple(parse_prefix(text) for text in record.need("advertises")),
        next_hop=parse_address(next_hop) if next_hop else None,
    )
    record.finish()
    return peer


def _route_table(record: Record, tags: Mapping[str, tuple[Prefix, ...]]) -> RouteTable:
    routes = enumerate(record.records("routes", "route"), 1)
    table = RouteTable(
        name=record.need("name"),
        routes=tuple(made for number, route in routes for made in _routes(route, number, tags)),
        propagate_gateway_routes=not record.take("disable_bgp_route_propagation", False),
    )
    record.finish()
    return table


def _routes(record: Record, number: int, tags: Mapping[str, tuple[Prefix, ...]]) -> Iterator[UserRoute]:
    """Yield the route, one for each prefix that its next hop can serve where it leads to a service tag (R-UDR-4)."""
    address, name = record.take("next_hop_ip"), record.take("name", f"r{number}")
    hop, destination = next_hop_type(record.need("next_hop_type")), record.need("prefix")
    tag = None if _is_prefix(destination) else destination.removeprefix("tag:")
    if tag is not None:
        told = next((name for name in tags if name.casefold() == tag.casefold()), None)
        if told is None:
            raise NotApplicable(f"a route for the service tag `{tag}`, whose prefixes are not told")
        tag = told
    record.finish()
    next_hop = parse_address(address) if address else None
    if tag is None:
        yield UserRoute(name, parse_prefix(destination), hop, next_hop)
        return
    for prefix in tags[tag]:
        if next_hop is not None and prefix.family is not family_of(next_hop):
            continue  # the appliance has no address of that family
        yield UserRoute(name, prefix, hop, next_hop, tag)


def _is_prefix(text: str) -> bool:
    """Hold for what is not a service tag: it begins as an address of either family does, or is one."""
    try:
        return text[:1].isdigit() or parse_prefix(text).family is Family.IPV6
    except NotAPrefix:
        return False


def _host(record: Record, layout: Layout) -> Machine | PrivateEndpoint:
    name, subnet, role = record.need("name"), record.need("subnet"), record.take("role", "vm").lower()
    if role == "private_endpoint":
        return endpoint_of(record, layout, record.take("state", "Approved"))
    if role not in ("vm", "nva"):
        raise NotApplicable(f"a nic with role `{role}`")
    is_appliance = role == "nva"
    is_managed = is_appliance and subnet.casefold() in SUBNETS_OF_SERVICES
    for route in record.records("os_routes", "route of a nic"):
        # Of one interface: they choose among exits, of which there is one (R-UDR-11).
        parse_prefix(route.need("prefix")), parse_address(route.need("via"))
        route.finish()
    nic = Nic(
        name=name,
        machine=name,
        vnet=record.need("vnet"),
        subnet=subnet,
        addresses=record.addresses("ip"),
        ip_forwarding=record.take("ip_forwarding", False) or is_managed,
    )
    machine = Machine(
        name=name,
        nics=(nic,),
        policy=FORWARDS_ANY if is_appliance else (),
        stateful=record.take("stateful", False) or is_managed,
        translates_source=True if is_managed else None,
        is_managed=is_managed,
    )
    record.finish()
    return machine


def _gateway(record: Record) -> Gateway:
    gateway = Gateway(
        name=record.need("name"),
        vnet=record.need("vnet"),
        kind=GatewayKind(record.need("type").lower()),
        # In this format `false` is what is not stated; its vector on the hairpin leaves open whether that blocks.
        allows_remote_vnets=record.take("allow_remote_vnet_traffic") or None,
        active_active=record.take("active_active", False),
        asn=record.take("asn", DEFAULT_AS_NUMBER),
    )
    record.finish()
    return gateway


def _connections(gateways: tuple[Record, ...]) -> tuple[Connection, ...]:
    """Return every connection once; one between gateways is written at both ends (`bgp` must then agree)."""
    connections: dict[frozenset[str] | str, Connection] = {}
    for gateway in gateways:
        name = gateway.need("name")
        for number, record in enumerate(gateway.records("connections", "connection"), 1):
            connection = _connection(record, name, number)
            ends = frozenset({name, connection.remote_gateway}) if connection.remote_gateway else connection.name
            earlier = connections.setdefault(ends, connection)
            if earlier.bgp != connection.bgp:
                raise NotApplicable(f"two ends of `{earlier.name}` that differ in `bgp`")
    return tuple(connections.values())


def _kind(record: Record) -> str:
    """Return the kind of a connection. Raises `NotApplicable`."""
    told = record.need("kind")
    kind = told.casefold().replace("-", "_")
    if kind not in _KINDS:
        raise NotApplicable(f"connections of kind `{told}`")
    return _KINDS[kind]


def _connection(record: Record, gateway: str, number: int) -> Connection:
    kind, prefixes = _kind(record), record.take("prefixes")
    if kind == "vnet_to_vnet":
        record.need("remote_gateway")
        prefixes = None  # `_refuse_other_prefixes`
    site, remote = _site_of(record, gateway, number), record.take("remote_gateway")
    connection = Connection(
        name=record.take("name", f"{gateway}-{remote or site or number}"),
        gateway=gateway,
        site=site,
        remote_gateway=remote,
        bgp=record.take("bgp", kind == "er"),
        circuit=record.take("circuit"),
        prefixes=None if prefixes is None else tuple(parse_prefix(text) for text in prefixes),
        default_site=record.take("default_site", False),
    )
    record.finish()
    return connection


def _site_of(way: Record, gateway: str, number: int) -> str | None:
    """Return the site at the other end of a connection; what is not told is one for each circuit, or for itself."""
    site, circuit = way.take("site"), way.take("circuit")
    if site is not None or way.take("remote_gateway") is not None:
        return None if site is None else str(site)
    return f"circuit-{circuit}" if circuit is not None else f"{gateway}-{number}-site"


def _sites(network: Record, gateways: tuple[Record, ...]) -> Iterator[Site]:
    """Yield the sites of connections that name none, then those that are told."""
    ways = [
        (way, _site_of(way, gateway.need("name"), number))
        for gateway in gateways
        for number, way in enumerate(gateway.records("connections", "connection"), 1)
    ]
    pools = {site for way, site in ways if _kind(way) == _POINT_TO_SITE}
    for name in dict.fromkeys(site for way, site in ways if site is not None and way.take("site") is None):
        told = (text for way, site in ways if site == name for text in way.take("prefixes", ()))
        yield Site(name, tuple(dict.fromkeys(map(parse_prefix, told))), point_to_site=name in pools)
    for record in network.records("sites", "site"):
        name, reaches = record.need("name"), record.take("reaches")
        yield Site(
            name=name,
            prefixes=tuple(parse_prefix(text) for text in record.need("prefixes")),
            behind=record.take("attached_to_nva"),
            routes=None if reaches is None else tuple(parse_prefix(text) for text in reaches),
            point_to_site=name in pools,
        )
        record.finish()
