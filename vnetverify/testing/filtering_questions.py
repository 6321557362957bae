"""The questions of the filtering format: what one interface lets pass, new flows, replies, and frontends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vnetverify.header import (
    ICMP,
    LAST_PORT,
    TCP,
    UDP,
    Family,
    Flow,
    address_text,
    family_of,
    parse_address,
)
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Network, Nic
from vnetverify.model.security import Direction
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
    new_flow,
    public_address,
    spot,
)
from vnetverify.testing.records import NotApplicable, Record, facts_of

PROTOCOLS: Mapping[str, int | None] = {
    "tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": 50, "ah": 51, "*": None, "any": None
}  # fmt: skip
PORT = 443  # of a question that names none


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
            stage, flow = (Direction(record.need("direction").lower()), spot(network, record.need("at"))), _flow(record)
            if entered is not None and not _is_public(network, stage[1], flow):
                raise NotApplicable(f"a packet that entered by the public address of `{stage[1]}`, which has none")
            question = Filtered((stage,), flow, by_public_address=entered is not None)
        case "connect-new-flow" | "frontend-reachable":
            question = _connection_to(record, network, kind)
        case "reply":
            question = _reply(record, network)
        case "validate":
            question = IsValid()
        case _:
            raise NotApplicable(f"questions of kind `{kind}`")
    record.finish()
    return question


def _is_public(network: Network, name: str, flow: Flow) -> bool:
    publics = (n.public_address if family_of(flow.source) is Family.IPV4 else n.public_ipv6 for n in network.nics()
               if n.name == name)  # fmt: skip
    return any(public is not None for public in publics)


def _connection_to(record: Record, network: Network, kind: str) -> Question:
    """Return what the filters say of the way to an interface, or whether that to a frontend is open.

    A frontend or what else is asked of as reachable is named by its address, or by its load balancer.
    """
    origin, target = _holder(network, record.need("from")), _holder(network, record.need("to"))
    flow = _flow(record) if record.take("packet") else _new_flow(network, origin, target)
    if kind == "frontend-reachable":
        return Carried(origin, target, flow, answered=True)
    called = _frontend_at(network, flow.destination)
    if called is not None:
        return Carried(origin, called, flow, answered=False)
    stages = ((Direction.OUTBOUND, record.take("from")), (Direction.INBOUND, record.take("to")))
    return Filtered(tuple((direction, spot(network, name)) for direction, name in stages), flow)


def _holder(network: Network, name: str) -> End:
    """Return the interface, endpoint or first frontend called `name`, or the holder of that address."""
    if name in network.load_balancers:
        name = address_text(network.load_balancers[name].frontends[0].address)
    held = {nic.name: (nic.subnet_id, nic.addresses[0]) for nic in network.nics()}
    held |= {each.name: (each.subnet_id, each.addresses[0]) for each in network.private_endpoints.values()}
    if name in held:
        subnet, address = held[name]
        return End(Place(PlaceKind.SUBNET.value, subnet), address)
    address = parse_address(name)
    return _frontend_at(network, address) or _end(network, address)


def _frontend_at(network: Network, address: int) -> End | None:
    frontends = (each for balancer in network.load_balancers.values() for each in balancer.frontends)
    found = next((each for each in frontends if each.address == address), None)
    return None if found is None else End(Place(PlaceKind.SUBNET.value, found.subnet_id), address)


def _new_flow(network: Network, origin: End, target: End) -> Flow:
    """Return a flow that the first rule at a frontend takes, or one to the port of questions that name none."""
    for balancer in network.load_balancers.values():
        for rule in balancer.rules:
            if rule.protocol is not None and balancer.frontend(rule.frontend).address == target.address:
                return new_flow(rule.protocol, origin.address, target.address, rule.port or PORT)
    return new_flow(TCP, origin.address, target.address, PORT)


def _reply(record: Record, network: Network) -> Question:
    """Return whether the established flow is answered; a packet that is not its reply is asked about as a new one."""
    nic = interface(network, record.need("at"))
    first, packet = _flow(record, "establishedFlow"), _flow(record)
    came, goes = (Direction(record.need(key).lower()) for key in ("flowDirection", "direction"))
    back = Flow(first.protocol, first.destination, first.destination_port, first.source, first.source_port)
    if packet != back or came is goes:
        return Filtered(((goes, nic.name),), packet)
    return _carried_at(network, nic, came, first)


def established_flow(record: Record, network: Network) -> Carried:
    """Return whether the established flow of a question is carried, there and back."""
    nic = interface(network, record.need("at"))
    return _carried_at(network, nic, Direction(record.need("flowDirection").lower()), _flow(record, "establishedFlow"))


def _carried_at(network: Network, nic: Nic, came: Direction, first: Flow) -> Carried:
    """Return whether a flow that came in to an interface or out of it is answered."""
    own = _end(network, nic.addresses[0])
    if came is Direction.OUTBOUND:
        return Carried(own, _end(network, first.destination), first, answered=True)
    other = _end(network, first.source)
    if other.place == INTERNET:  # who is not in the network knows the public address alone (F-ADDR-1)
        first = replace(first, destination=public_address(network, own))
    return Carried(other, own, first, answered=True)


def _end(network: Network, address: int) -> End:
    holders = [nic.subnet_id for nic in network.nics() if address in nic.addresses]
    holders += [each.subnet_id for each in network.private_endpoints.values() if address in each.addresses]
    return End(Place(PlaceKind.SUBNET.value, holders[0]) if holders else INTERNET, address)


def _flow(question: Record, key: str = "packet") -> Flow:
    packet = Record(question.need(key), "packet")
    protocol = PROTOCOLS[packet.need("protocol").lower().removesuffix("v6")]
    if protocol is None:
        raise NotApplicable("a packet of any protocol")
    source = parse_address(packet.need("src"))
    ports = (packet.take("srcPort", 0), packet.take("dstPort", 0))
    if protocol not in (TCP, UDP):
        ports = (0, 0)
    flow = Flow(
        protocol=family_of(source).icmp if protocol == ICMP else protocol,
        source=source,
        source_port=ports[0],
        destination=parse_address(packet.need("dst")),
        destination_port=ports[1],
    )
    if not (0 <= flow.source_port <= LAST_PORT and 0 <= flow.destination_port <= LAST_PORT):
        raise NotApplicable("malformed: a packet with a port outside 0 to 65535")
    if family_of(flow.source) is not family_of(flow.destination):
        raise NotApplicable("malformed: a packet with addresses of two families")
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
        attached = _groups_at(network, question.stages[0][1])
        if len(attached) != 1:
            raise NotApplicable("one of several deciding rules, at more than one group")
        return tuple((f"{attached[0]}/{rule}",) for rule in answer["decidingRuleOneOf"])
    if "trace" not in answer:
        return None
    return (tuple(f"{stage['object']}/{stage['rule']}" for stage in answer["trace"]),)


def _groups_at(network: Network, name: str) -> list[str]:
    endpoint = network.private_endpoints.get(name)
    if endpoint is not None:
        groups = [network.subnet(endpoint.subnet_id).nsg]
    else:
        nic = next(nic for nic in network.nics() if nic.name == name)
        groups = [nic.nsg, network.subnet(nic.subnet_id).nsg]
    return [nsg for nsg in groups if nsg]
