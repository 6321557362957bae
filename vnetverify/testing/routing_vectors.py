"""The routing format of test vectors: topology, route tables, gateways, and where packets go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import (
    DEFAULT_AS_NUMBER,
    SUBNETS_OF_SERVICES,
    BgpPeer,
    ConnectedGroup,
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
from vnetverify.rules import QUESTIONS
from vnetverify.testing.layout import Layout
from vnetverify.testing.questions import (
    Addresses,
    Announced,
    Answer,
    Asked,
    Carried,
    Contested,
    EffectiveRoutes,
    End,
    GatewayOf,
    Hop,
    Hops,
    IsValid,
    Learned,
    Name,
    NextHop,
    Passage,
    Prefixes,
    Question,
    Reserved,
    Table,
    Validity,
    interface,
    new_flow,
    shown_hop,
)
from vnetverify.testing.records import NotApplicable, Record, Refused, facts_of
from vnetverify.testing.vector_balancers import ROUTING, Balancers
from vnetverify.testing.vector_endpoints import endpoint_of, policies_of

FORWARDS_ANY = (PolicyRule(Access.ALLOW, None, ALL_ADDRESSES, ALL_ADDRESSES, ALL_PORTS),)
_POINT_TO_SITE = "p2s"
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
        era=Era(vector.get("era") or "current"),
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
    return network


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
        model=DeploymentModel.CLASSIC if record.take("model", "arm") == "classic" else DeploymentModel.RESOURCE_MANAGER,
    )
    record.finish()
    return vnet


def _subnet(vnet: str, record: Record) -> Subnet:
    subnet = Subnet(
        name=record.need("name"),
        vnet=vnet,
        prefixes=tuple(parse_prefix(text) for text in record.need("prefixes")),
        route_table=record.take("route_table"),
        service_endpoints=tuple(record.take("service_endpoints", ())),
        private_endpoint_policies=policies_of(record.take("private_endpoint_network_policies")),
    )
    record.finish()
    return subnet


def _peering(record: Record) -> Peering:
    state, seen = record.take("state"), record.take("remote_address_space")
    # The level says of a half that it has not seen the present space of its remote vnet; what it has seen must be told.
    if record.take("sync", "FullyInSync") in ("LocalNotInSync", "LocalAndRemoteNotInSync") and seen is None:
        raise NotApplicable("a peering not in sync without `remote_address_space`")
    is_whole = record.take("peer_complete_vnets", True)
    local_subnets, remote_subnets = record.take("local_subnets"), record.take("remote_subnets")
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
    if tag is not None and tag not in tags:
        raise NotApplicable(f"a route for the service tag `{tag}`, whose prefixes are not told")
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
    record.take("os_routes")  # of one interface: they choose among exits, of which there is one (R-UDR-11)
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


def _connection(record: Record, gateway: str, number: int) -> Connection:
    kind, prefixes = record.need("kind"), record.take("prefixes")
    if kind not in ("s2s", "er", "vnet_to_vnet", _POINT_TO_SITE):
        raise NotApplicable(f"connections of kind `{kind}`")
    if kind == "vnet_to_vnet" and prefixes is not None:
        raise NotApplicable("`prefixes` of a connection between gateways")
    site, remote = record.take("site"), record.take("remote_gateway")
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


def _sites(network: Record, gateways: tuple[Record, ...]) -> Iterator[Site]:
    ways = [way for gateway in gateways for way in gateway.records("connections", "connection")]
    pools = {way.take("site") for way in ways if way.take("kind") == _POINT_TO_SITE}
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


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked | Contested:
    """Return what a routing vector asks, with the atoms that its rules name where its answer is contested."""
    question = _question(Record(vector["question"], "question"), vector["answer"], network)
    facts = facts_of(vector.get("fixed_atoms", {}), network)
    answer = vector["answer"]
    if "must" not in answer and "may" not in answer:
        return Asked(question, _answer(question, answer, network), facts)
    rules = set(vector.get("rules", ()))
    atoms = tuple(known.name for known in QUESTIONS.values() if rules & set(known.rules))
    must, may = (bool(answer.get(reading, answer.get("value"))) for reading in ("must", "may"))
    return Contested(question, must, may, atoms, facts)


def _question(record: Record, answer: Mapping[str, Any], network: Network) -> Question:
    kind, origin = record.need("kind"), record.take("from")
    question: Question
    match kind:
        case "next_hop":
            question = NextHop(_subnet_id(origin, network), parse_address(record.need("dst")))
        case "gateway_for":
            question = GatewayOf(_subnet_id(origin, network), parse_address(record.need("dst")))
        case "effective_routes":
            ignored = (*record.take("ignore_prefixes", ()), *answer.get("ignore_prefixes", ()))
            question = EffectiveRoutes(_subnet_id(origin, network), tuple(parse_prefix(text) for text in ignored))
        case "deliver" | "converse":
            start, end = _ends(origin, record.need("to"), network)
            flow = new_flow(TCP, start.address, end.address, _PORT)
            question = Carried(start, end, flow, answered=kind == "converse")
        case "valid_config":
            question = IsValid()
        case "gateway_advertises":
            question = Announced(network.gateways[record.need("gateway")].name)
        case "bgp_accepts":
            question = Learned(network.gateways[record.need("gateway")].name, parse_prefix(record.need("prefix")))
        case "reserved_addresses":
            question = Reserved(_subnet_id(origin, network))
        case _:
            raise NotApplicable(f"questions of kind `{kind}`")
    record.finish()
    return question


def _subnet_id(origin: Any, network: Network) -> str:
    if isinstance(origin, str):
        return interface(network, origin).subnet_id
    return network.subnet(f"{origin['vnet']}.{origin['subnet']}").id


def _ends(origin: str, target: str, network: Network) -> tuple[End, End]:
    """Return the two ends, with the first addresses that are of one family. Raises `NotApplicable`."""
    for end in _possible_ends(target, network):
        for start in _possible_ends(origin, network):
            if family_of(start.address) is family_of(end.address):
                return start, end
    raise NotApplicable("malformed: two ends without addresses of one family")


def _possible_ends(text: str, network: Network) -> list[End]:
    name, is_site, address = text.partition(":")
    if is_site:
        return [End(Place(PlaceKind.SITE.value, network.sites[name].name), parse_address(address))]
    if name in network.private_endpoints:
        endpoint = network.private_endpoints[name]
        held, subnet = endpoint.addresses, endpoint.subnet_id
    elif name in network.load_balancers:
        frontends = network.load_balancers[name].frontends
        held, subnet = tuple(each.address for each in frontends), frontends[0].subnet_id
    else:
        nic = interface(network, name)
        held, subnet = nic.addresses, nic.subnet_id
    return [End(Place(PlaceKind.SUBNET.value, subnet), address) for address in held]


def _answer(question: Question, answer: Mapping[str, Any], network: Network) -> Answer:
    match question:
        case NextHop():
            return Hops(tuple(_hop(Record(hop, "answer")) for hop in answer.get("any_of", [answer])))
        case EffectiveRoutes():
            return _table(answer["routes"], question.ignored)
        case GatewayOf():
            return Name(answer["gateway"])
        case Carried():
            return Passage(bool(answer["value"]), _forwarders(answer.get("path")))
        case IsValid():
            return Validity(bool(answer["value"]), tuple(map(str, answer.get("violates") or ())))
        case Announced():
            return Prefixes(frozenset(parse_prefix(text) for text in answer["prefixes"]))
        case Learned():
            return Passage(bool(answer["value"]))
        case Reserved():
            return Addresses(frozenset(parse_address(text) for text in answer["addresses"]))
        case _:
            raise NotApplicable("an answer to another question")


def _forwarders(path: list[str] | None) -> tuple[str, ...] | None:
    return tuple(map(str, path[1:-1])) if path else None


def _table(lines: list[Mapping[str, Any]], ignored: tuple[Prefix, ...]) -> Table:
    active: set[Hop] = set()
    invalid: set[Hop] = set()
    for line in lines:
        record = Record(line, "route")
        state = record.take("state", "Active")
        hop = _hop(record)
        if hop.prefix not in ignored:
            (active if state == "Active" else invalid).add(hop)
    return Table(frozenset(active), frozenset(invalid))


def _hop(record: Record) -> Hop:
    name = record.take("ip") or record.take("gateway")
    hop = shown_hop(record.need("type"), parse_prefix(record.need("prefix")), record.need("route_source"), name)
    record.finish()
    return hop
