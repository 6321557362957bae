"""The filtering format of test vectors: security groups, who is a member of what, and what passes one interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vnetverify.header import (
    ALL_PORTS,
    LAST_ADDRESS,
    Flow,
    Interval,
    IntervalSet,
    Prefix,
    interval_set,
    parse_address,
    parse_prefix,
)
from vnetverify.model.network import (
    GATEWAY_SUBNET,
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Connection,
    Direction,
    Gateway,
    GatewayKind,
    LinkState,
    Machine,
    Network,
    Nic,
    Nsg,
    Peering,
    PublicAddress,
    RouteTable,
    SecurityRule,
    ServiceTag,
    Site,
    Sku,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.source import NOWHERE
from vnetverify.testing.questions import Answer, Asked, Filtered, FilterVerdict, IsValid, Question, Validity
from vnetverify.testing.records import NotApplicable, Record, facts_of
from vnetverify.testing.routing_vectors import NEXT_HOPS

_PROTOCOLS: Mapping[str, int | None] = {"tcp": 6, "udp": 17, "icmp": 1, "esp": 50, "ah": 51, "*": None}


def network_of(vector: Mapping[str, Any]) -> Network:
    """Return the network of a filtering vector. Raises `NotApplicable`.

    The format leaves out what its questions do not turn on; these are filled in: the subnet around an
    interface that names none, the other half of a connected peering, the site that a gateway's learned
    routes come from.
    """
    record = Record(vector["network"], "network")
    groups = {group.need("name"): tuple(group.take("members", ())) for group in _finished(record, "asgs", "asg")}
    machines = [_machine(nic, groups) for nic in record.records("nics", "nic")]
    vnets, tables, peerings, learned = [], [], [], {}
    for vnet_record in record.records("vnets", "vnet"):
        name = vnet_record.need("name")
        peerings += [_peering(name, peering) for peering in vnet_record.records("peerings", "peering")]
        learned[name] = _learned(vnet_record)
        vnet, its_tables = _vnet(
            vnet_record, [nic for machine in machines for nic in machine.nics], bool(learned[name])
        )
        vnets.append(vnet)
        tables += its_tables
    record.take("fixedAtoms")
    tags = record.take("publishedTags", {})
    network = Network(
        vnets={vnet.name: vnet for vnet in vnets},
        peerings=_with_other_halves(peerings),
        nsgs={nsg.name: nsg for nsg in map(_nsg, record.records("nsgs", "nsg"))},
        route_tables={table.name: table for table in tables},
        machines={machine.name: machine for machine in machines},
        asgs=dict.fromkeys(groups, NOWHERE),
        service_tags={tag: tuple(parse_prefix(text) for text in prefixes) for tag, prefixes in tags.items()},
        **_gateways(learned),
    )
    record.finish()
    return network


def _finished(record: Record, key: str, what: str) -> list[Record]:
    records = list(record.records(key, what))
    for each in records:
        each.take("name"), each.take("members")
        each.finish()
    return records


def _machine(record: Record, groups: Mapping[str, Sequence[str]]) -> Machine:
    name, address = record.need("name"), parse_address(record.need("ip"))
    forwards = record.take("ipForwarding", False)
    public = record.take("publicIp")
    nic = Nic(
        name=name,
        machine=name,
        vnet=record.need("vnet"),
        subnet=record.take("subnet", "default"),
        addresses=(address,),
        nsg=record.take("nsg"),
        asgs=tuple(group for group, members in groups.items() if name in members),
        ip_forwarding=forwards,
        public_address=_public_address(name, Record(public, "publicIp")) if public else None,
    )
    record.finish()
    if forwards:  # the format does not say what such a machine forwards
        return Machine(name, (nic,), policy=None, stateful=None)
    return Machine(name, (nic,))


def _public_address(nic: str, record: Record) -> PublicAddress:
    sku, address = record.take("sku"), record.take("address")
    public = PublicAddress(
        f"{nic}-public", Sku(sku.lower()) if sku else None, parse_address(address) if address else None
    )
    record.finish()
    return public


def _vnet(record: Record, nics: Sequence[Nic], has_gateway: bool) -> tuple[Vnet, list[RouteTable]]:
    name = record.need("name")
    space = tuple(parse_prefix(text) for text in record.need("addressSpace"))
    tables: list[RouteTable] = []
    subnets = [_subnet(name, subnet, tables) for subnet in record.records("subnets", "subnet")]
    for nic in nics:
        if nic.vnet == name and not any(subnet.name == nic.subnet for subnet in subnets):
            subnets.append(Subnet(nic.subnet, name, (Prefix(nic.addresses[0] & ~0xFF & LAST_ADDRESS, 24),)))
    if has_gateway and not any(subnet.is_called(GATEWAY_SUBNET) for subnet in subnets):
        subnets.append(Subnet(GATEWAY_SUBNET, name, (Prefix(space[0].last - 31, 27),)))
    vnet = Vnet(name, space, tuple(subnets), region=record.take("region"), subscription=record.take("subscription"))
    record.finish()
    return vnet, tables


def _subnet(vnet: str, record: Record, tables: list[RouteTable]) -> Subnet:
    name = record.need("name")
    routes = tuple(_route(route, number) for number, route in enumerate(record.records("routes", "route"), 1))
    if routes:
        tables.append(RouteTable(f"{vnet}-{name}-routes", routes))
    subnet = Subnet(
        name=name,
        vnet=vnet,
        prefixes=(parse_prefix(record.need("prefix")),),
        nsg=record.take("nsg"),
        route_table=tables[-1].name if routes else None,
        service_endpoints=tuple(record.take("serviceEndpoints", ())),
    )
    record.only("privateEndpointNetworkPolicies", "Disabled", "Enabled")  # of no effect without an endpoint
    record.finish()
    return subnet


def _route(record: Record, number: int) -> UserRoute:
    address, hop = record.take("nextHopIp"), record.need("nextHopType")
    if hop not in NEXT_HOPS:
        raise NotApplicable(f"next hop type `{hop}`")
    route = UserRoute(
        name=record.take("name", f"r{number}"),
        prefix=parse_prefix(record.need("prefix")),
        next_hop=NEXT_HOPS[hop],
        next_hop_address=parse_address(address) if address else None,
    )
    record.finish()
    return route


def _peering(local: str, record: Record) -> Peering:
    state = record.take("state")
    peering = Peering(
        local=local,
        remote=record.need("remote"),
        allow_virtual_network_access=record.take("allowVirtualNetworkAccess", True),
        allow_forwarded_traffic=record.take("allowForwardedTraffic", False),
        allow_gateway_transit=record.take("allowGatewayTransit", False),
        use_remote_gateways=record.take("useRemoteGateways", False),
        state=LinkState(state.lower()) if state else None,
    )
    record.finish()
    return peering


def _with_other_halves(peerings: Sequence[Peering]) -> tuple[Peering, ...]:
    declared = {(peering.local, peering.remote) for peering in peerings}
    missing = [
        Peering(peering.remote, peering.local, state=LinkState.CONNECTED)
        for peering in peerings
        if peering.state is LinkState.CONNECTED and (peering.remote, peering.local) not in declared
    ]
    return (*peerings, *missing)


def _learned(vnet: Record) -> tuple[Prefix, ...]:
    values = vnet.take("gateway")
    if values is None:
        return ()
    record = Record(values, "gateway")
    prefixes = tuple(parse_prefix(text) for text in record.need("learnedRoutes"))
    record.finish()
    return prefixes


def _gateways(learned: Mapping[str, tuple[Prefix, ...]]) -> dict[str, Any]:
    """Return, for each vnet that learns routes, a VPN gateway with BGP and the site that advertises them."""
    names = {vnet: prefixes for vnet, prefixes in learned.items() if prefixes}
    return {
        "gateways": {f"{vnet}-gateway": Gateway(f"{vnet}-gateway", vnet, GatewayKind.VPN) for vnet in names},
        "sites": {f"{vnet}-site": Site(f"{vnet}-site", prefixes) for vnet, prefixes in names.items()},
        "connections": tuple(
            Connection(f"{vnet}-connection", f"{vnet}-gateway", site=f"{vnet}-site", bgp=True) for vnet in names
        ),
    }


def _nsg(record: Record) -> Nsg:
    nsg = Nsg(record.need("name"), tuple(_rule(rule) for rule in record.records("rules", "rule")))
    record.finish()
    return nsg


def _rule(record: Record) -> SecurityRule:
    rule = SecurityRule(
        name=record.need("name"),
        priority=record.need("priority"),
        direction=Direction(record.need("direction").lower()),
        access=Access(record.need("access").lower()),
        protocol=_PROTOCOLS[record.need("protocol").lower()],
        source=_addresses(record.need("source")),
        source_ports=_ports(record.need("sourcePorts")),
        destination=_addresses(record.need("destination")),
        destination_ports=_ports(record.need("destinationPorts")),
    )
    record.finish()
    return rule


def _addresses(terms: Sequence[str]) -> AddressField:
    tags = [term.removeprefix("tag:") for term in terms if term.startswith("tag:")]
    groups = [term.removeprefix("asg:") for term in terms if term.startswith("asg:")]
    if "*" in terms:
        return AnyAddress()
    if len(groups) == len(terms):
        return AsgMembers(tuple(groups))
    if len(tags) == len(terms) == 1:
        return ServiceTag(tags[0])
    if tags or groups:
        raise NotApplicable("several kinds of address in one field")
    return AddressPrefixes(tuple(parse_prefix(term) for term in terms))


def _ports(terms: Sequence[str]) -> IntervalSet:
    if "*" in terms:
        return ALL_PORTS
    bounds = [str(term).partition("-") for term in terms]
    return interval_set(Interval(int(low), int(high or low)) for low, _, high in bounds)


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked:
    """Return what a filtering vector asks, with its fixed atoms as facts. Raises `NotApplicable`."""
    fixed = {**vector["network"].get("fixedAtoms", {}), **vector.get("fixedAtoms", {})}
    facts = facts_of(fixed, network)
    question = _question(Record(vector["question"], "question"))
    return Asked(question, _answer(question, vector["answer"], network), facts)


def _question(record: Record) -> Question:
    kind = record.need("kind")
    question: Question
    match kind:
        case "filter":
            entered = record.take("enteredVia")
            if entered not in (None, "publicIp"):
                raise NotApplicable(f"packets that entered by `{entered}`")
            stage = (Direction(record.need("direction").lower()), record.need("at"))
            question = Filtered((stage,), _flow(record), by_public_address=entered is not None)
        case "connect-new-flow":
            ends = ((Direction.OUTBOUND, record.need("from")), (Direction.INBOUND, record.need("to")))
            question = Filtered(ends, _flow(record))
        case "validate":
            question = IsValid()
        case _:
            raise NotApplicable(f"questions of kind `{kind}`")
    record.finish()
    return question


def _flow(question: Record) -> Flow:
    packet = Record(question.need("packet"), "packet")
    protocol = _PROTOCOLS[packet.need("protocol").lower()]
    if protocol is None:
        raise NotApplicable("a packet of any protocol")
    flow = Flow(
        protocol,
        parse_address(packet.need("src")),
        packet.take("srcPort", 0),
        parse_address(packet.need("dst")),
        packet.take("dstPort", 0),
    )
    packet.finish()
    return flow


def _answer(question: Question, answer: Mapping[str, Any], network: Network) -> Answer:
    verdict = answer["verdict"]
    match question:
        case IsValid():
            return Validity(verdict == "valid")
        case Filtered():
            return FilterVerdict({"Allow": True, "Deny": False}[verdict], _deciding(question, answer, network))
        case _:
            raise NotApplicable("an answer to another question")


def _deciding(question: Filtered, answer: Mapping[str, Any], network: Network) -> tuple[tuple[str, ...], ...] | None:
    if "decidingRuleOneOf" in answer:
        nic = next(nic for nic in network.nics() if nic.name == question.stages[0][1])
        attached = [nsg for nsg in (nic.nsg, network.subnet(nic.subnet_id).nsg) if nsg]
        if len(attached) != 1:
            raise NotApplicable("one of several deciding rules, at more than one group")
        return tuple((f"{attached[0]}/{rule}",) for rule in answer["decidingRuleOneOf"])
    if "trace" not in answer:
        return None
    return (tuple(f"{stage['object']}/{stage['rule']}" for stage in answer["trace"]),)
