"""The filtering format of test vectors: security groups, who is a member of what, and what passes one interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vnetverify.header import (
    ALL_PORTS,
    LAST_IPV4,
    LAST_PORT,
    Flow,
    Interval,
    IntervalSet,
    Prefix,
    interval_set,
    parse_address,
    parse_prefix,
)
from vnetverify.model.intents import INTERNET, Place, PlaceKind
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
from vnetverify.syntax.tags import tag_spelling
from vnetverify.testing.questions import (
    Answer,
    Asked,
    Carried,
    End,
    Filtered,
    FilterVerdict,
    IsValid,
    Passage,
    Question,
    Validity,
    interface,
)
from vnetverify.testing.records import NotApplicable, Record, Refused, facts_of
from vnetverify.testing.routing_vectors import link_state, next_hop_type

_PUBLIC = "20.0.0.4"  # an address for an interface whose own is not told

_PROTOCOLS: Mapping[str, int | None] = {"tcp": 6, "udp": 17, "icmp": 1, "esp": 50, "ah": 51, "*": None}


def network_of(vector: Mapping[str, Any]) -> Network:
    """Return the network of a filtering vector. Raises `NotApplicable`.

    The format leaves out what its questions do not turn on; these are filled in: the subnet around an
    interface that names none, the other half of a connected peering, the site that a gateway's learned
    routes come from, the public address of an interface that replies to the Internet.
    """
    record = Record(vector["network"], "network")
    groups = {group.need("name"): tuple(group.take("members", ())) for group in _finished(record, "asgs", "asg")}
    machines = [_machine(nic, groups) for nic in record.records("nics", "nic")]
    missing = {name for members in groups.values() for name in members} - {machine.name for machine in machines}
    if missing:
        raise NotApplicable(f"malformed: there is no nic `{min(missing)}`")
    if vector["question"].get("kind") == "reply":
        machines = [_open_to_the_internet(m) if m.name == vector["question"].get("at") else m for m in machines]
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
    tags = record.tags("publishedTags")
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
    _refuse_unknown_tags(network)
    return network


def _refuse_unknown_tags(network: Network) -> None:
    known = {tag.casefold() for tag in network.service_tags}
    for nsg in network.nsgs.values():
        for rule in nsg.rules:
            for side in (rule.source, rule.destination):
                if not isinstance(side, ServiceTag) or side.name.casefold() in known:
                    continue
                if tag_spelling(side.name) is None:
                    raise Refused(f"the unknown service tag `{side.name}`", "F-TAG-1")


def _open_to_the_internet(machine: Machine) -> Machine:
    """Return the machine with a public address, if it has none: replies to the Internet need one."""
    (nic,) = machine.nics
    if nic.public_address is not None and nic.public_address.address is not None:
        return machine
    sku = Sku.STANDARD if nic.public_address is None else nic.public_address.sku
    public = PublicAddress(f"{nic.name}-public", sku, parse_address(_PUBLIC))
    return replace(machine, nics=(replace(nic, public_address=public),))


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
            subnets.append(Subnet(nic.subnet, name, (Prefix(nic.addresses[0] & ~0xFF & LAST_IPV4, 24),)))
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
    address, hop = record.take("nextHopIp"), next_hop_type(record.need("nextHopType"))
    route = UserRoute(
        name=record.take("name", f"r{number}"),
        prefix=parse_prefix(record.need("prefix")),
        next_hop=hop,
        next_hop_address=parse_address(address) if address else None,
    )
    record.finish()
    return route


def _peering(local: str, record: Record) -> Peering:
    is_whole = record.take("peerCompleteVnets", True)
    local_subnets, remote_subnets = record.take("localSubnetNames", ()), record.take("remoteSubnetNames", ())
    peering = Peering(
        local=local,
        remote=record.need("remote"),
        allow_virtual_network_access=record.take("allowVirtualNetworkAccess", True),
        allow_forwarded_traffic=record.take("allowForwardedTraffic", False),
        allow_gateway_transit=record.take("allowGatewayTransit", False),
        use_remote_gateways=record.take("useRemoteGateways", False),
        state=link_state(record.take("state")),
        local_subnets=None if is_whole else tuple(local_subnets),
        remote_subnets=None if is_whole else tuple(remote_subnets),
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
        return ServiceTag(tag_spelling(tags[0]) or tags[0])
    if tags or groups:
        raise Refused("several tags or several kinds of address in one field", "F-NSG-11")
    if 0 < sum(":" in term for term in terms) < len(terms):
        raise Refused("IPv4 and IPv6 in one field", "F-NSG-16")
    return AddressPrefixes(tuple(parse_prefix(term) for term in terms))


def _ports(terms: Sequence[str]) -> IntervalSet:
    if "*" in terms:
        return ALL_PORTS
    bounds = [str(term).partition("-") for term in terms]
    ranges = [Interval(int(low), int(high or low)) for low, _, high in bounds]
    if any(ports.low > ports.high for ports in ranges):
        raise Refused("a range of ports that ends before it begins", "F-NSG-8")
    return interval_set(ranges)


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked:
    """Return what a filtering vector asks, with its fixed atoms as facts. Raises `NotApplicable`."""
    fixed = {**vector["network"].get("fixedAtoms", {}), **vector.get("fixedAtoms", {})}
    facts = facts_of(fixed, network)
    question = _question(Record(vector["question"], "question"), network)
    return Asked(question, _answer(question, vector["answer"], network), facts)


def _question(record: Record, network: Network) -> Question:
    kind = record.need("kind")
    question: Question
    match kind:
        case "filter":
            entered = record.take("enteredVia")
            if entered not in (None, "publicIp"):
                raise NotApplicable(f"packets that entered by `{entered}`")
            stage = (Direction(record.need("direction").lower()), interface(network, record.need("at")).name)
            if entered is not None and interface(network, stage[1]).public_address is None:
                raise NotApplicable(f"a packet that entered by the public address of `{stage[1]}`, which has none")
            question = Filtered((stage,), _flow(record), by_public_address=entered is not None)
        case "connect-new-flow":
            sender, receiver = (interface(network, record.need(key)).name for key in ("from", "to"))
            question = Filtered(((Direction.OUTBOUND, sender), (Direction.INBOUND, receiver)), _flow(record))
        case "reply":
            question = _reply(record, network)
        case "validate":
            question = IsValid()
        case _:
            raise NotApplicable(f"questions of kind `{kind}`")
    record.finish()
    return question


def _reply(record: Record, network: Network) -> Question:
    """Return whether the established flow is answered; a packet that is not its reply is asked about as a new one."""
    nic = interface(network, record.need("at"))
    first, packet = _flow(record, "establishedFlow"), _flow(record)
    came, goes = (Direction(record.need(key).lower()) for key in ("flowDirection", "direction"))
    back = Flow(first.protocol, first.destination, first.destination_port, first.source, first.source_port)
    if packet != back or came is goes:
        return Filtered(((goes, nic.name),), packet)
    own = _end(network, nic.addresses[0])
    if came is Direction.OUTBOUND:
        return Carried(own, _end(network, first.destination), first, answered=True)
    other = _end(network, first.source)
    if other.place == INTERNET:  # who is not in the network knows the public address alone (F-ADDR-1)
        assert nic.public_address is not None
        assert nic.public_address.address is not None
        first = replace(first, destination=nic.public_address.address)
    return Carried(other, own, first, answered=True)


def _end(network: Network, address: int) -> End:
    holders = [nic for nic in network.nics() if address in nic.addresses]
    return End(Place(PlaceKind.SUBNET.value, holders[0].subnet_id) if holders else INTERNET, address)


def _flow(question: Record, key: str = "packet") -> Flow:
    packet = Record(question.need(key), "packet")
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
    if not (0 <= flow.source_port <= LAST_PORT and 0 <= flow.destination_port <= LAST_PORT):
        raise NotApplicable("malformed: a packet with a port outside 0 to 65535")
    packet.finish()
    return flow


_ALLOWS = {"Allow": True, "Deny": False}


def _answer(question: Question, answer: Mapping[str, Any], network: Network) -> Answer:
    verdict = answer["verdict"]
    match question:
        case IsValid():
            return Validity(verdict == "valid")
        case Filtered():
            return FilterVerdict(_ALLOWS[verdict], _deciding(question, answer, network))
        case Carried():
            return Passage(_ALLOWS[verdict])
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
