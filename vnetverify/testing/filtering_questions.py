"""The questions of the filtering format: what one interface lets pass, new flows, replies, and frontends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    addresses_of,
    family_of,
    parse_address,
)
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, PUBLIC_IPV6_ADDRESSES
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Network, Nic
from vnetverify.model.security import Direction
from vnetverify.simulator.filters import DEFAULT_RULES
from vnetverify.testing.filtering_fields import PROTOCOLS
from vnetverify.testing.questions import (
    Answer,
    Asked,
    Carried,
    Contested,
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
from vnetverify.testing.records import NotApplicable, Record, answer_of, atoms_of, facts_of, fixed_atoms, verdict_of
from vnetverify.testing.vector_balancers import entrances

PORT = 443  # of a question that names none


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked | Contested:
    """Return what a filtering vector asks, with its fixed atoms as facts. Raises `NotApplicable`.

    A verdict that is unknown, or one that a proof of reachability `must` and one of isolation `may` take otherwise,
    turns on the atoms that the rules of the vector name.
    """
    facts, answer = facts_of(fixed_atoms(vector), network), answer_of(vector)
    question = _question(Record(vector["question"], "question"), network)
    readings = _readings(answer)
    asked: Asked | Contested
    if readings is None:
        asked = Asked(question, _answer(question, answer, network), facts)
    else:
        if isinstance(question, IsValid):
            raise NotApplicable("two readings of whether a network is valid")
        asked = Contested(question, *readings, atoms_of(vector), facts)
    answer.finish()
    return asked


def _readings(answer: Record) -> tuple[bool, bool] | None:
    """Return what must and what may be so; None of an answer that is one verdict. Raises `NotApplicable`."""
    verdict, must, may = answer.take("verdict", ""), answer.take("must"), answer.take("may")
    is_unknown = verdict.casefold() == "unknown"
    if must is None and may is None:
        return (False, True) if is_unknown else None
    read = [_PASSES.get(str(reading).casefold()) for reading in (must, may)]
    if None in read or not (is_unknown or _PASSES.get(verdict.casefold(), read[0]) in read):
        raise NotApplicable("malformed: a contested answer without its two readings")
    return bool(read[0]), bool(read[1])


_PASSES = {"allow": True, "true": True, "deny": False, "false": False}


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
    if family_of(origin.address) is not family_of(target.address):
        raise NotApplicable("malformed: two ends without addresses of one family")
    flow = _flow(record) if record.take("packet") else _new_flow(network, origin, target)
    if kind == "frontend-reachable":
        if _frontend_at(network, target.address) is None and not _holders(network, target.address):
            raise NotApplicable(f"malformed: nobody is at {address_text(target.address)}")
        return Carried(origin, target, flow, answered=True)
    called = _frontend_at(network, flow.destination)
    if called is not None:
        return Carried(origin, called, flow, answered=False)
    stages = ((Direction.OUTBOUND, record.take("from")), (Direction.INBOUND, record.take("to")))
    return Filtered(tuple((direction, spot(network, name)) for direction, name in stages), flow)


def _holder(network: Network, name: str) -> End:
    """Return the interface, endpoint or frontend called `name`, or the holder of that address."""
    if name in network.load_balancers:
        return entrances(network.load_balancers[name])[0][1]
    held = {nic.name: (nic.subnet_id, nic.addresses[0]) for nic in network.nics()}
    held |= {each.name: (each.subnet_id, each.addresses[0]) for each in network.private_endpoints.values()}
    if name in held:
        subnet, address = held[name]
        return End(Place(PlaceKind.SUBNET.value, subnet), address)
    address = parse_address(name)
    return _frontend_at(network, address) or _end(network, address)


def _frontend_at(network: Network, address: int) -> End | None:
    ends = (end for balancer in network.load_balancers.values() for _, end in entrances(balancer))
    return next((end for end in ends if end.address == address), None)


def _new_flow(network: Network, origin: End, target: End) -> Flow:
    """Return a flow that the first rule at a frontend takes, or one to the port of questions that name none."""
    for balancer in network.load_balancers.values():
        for rule in balancer.rules:
            at = dict(entrances(balancer)).get(rule.frontend)
            if rule.protocol is not None and at == target:
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
    """Return who has the address: an interface, some host of a subnet, or one on the Internet.

    Raises `NotApplicable` for a private address in no subnet, whose holder may be anywhere.
    """
    holders = _holders(network, address)
    holders += [subnet.id for subnet in network.subnets() if address in addresses_of(subnet.prefixes)]
    if not holders and address not in PUBLIC_ADDRESSES | PUBLIC_IPV6_ADDRESSES:
        raise NotApplicable(f"a flow with {address_text(address)}, which stands in no subnet")
    return End(Place(PlaceKind.SUBNET.value, holders[0]) if holders else INTERNET, address)


def _holders(network: Network, address: int) -> list[str]:
    """Return the subnets of the interfaces and private endpoints with the address."""
    holders = [nic.subnet_id for nic in network.nics() if address in nic.addresses]
    return [*holders, *(each.subnet_id for each in network.private_endpoints.values() if address in each.addresses)]


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


def _answer(question: Question, answer: Record, network: Network) -> Answer:
    match question:
        case IsValid():
            verdict = answer.need("verdict").casefold()
            if verdict not in ("valid", "invalid"):
                raise NotApplicable(f"the verdict `{verdict}` on a network")
            return Validity(verdict == "valid", tuple(answer.take("violates", ())))
        case Filtered():
            return FilterVerdict(verdict_of(answer), _deciding(question, answer, network))
        case Carried():
            return Passage(verdict_of(answer))
        case _:
            raise NotApplicable("an answer to another question")


def _deciding(question: Filtered, answer: Record, network: Network) -> tuple[tuple[str, ...], ...] | None:
    one_of, spared = answer.take("decidingRuleOneOf"), answer.take("notEvaluated")
    trace = answer.records("trace", "stage")
    is_told = answer.has("trace")
    if spared is not None and not is_told:
        raise NotApplicable("groups that are not asked, without the `trace` of those that are")
    if one_of is not None:
        attached = _groups_at(network, question.stages[0][1])
        if len(attached) != 1 or is_told:
            raise NotApplicable("one of several deciding rules, at more than one group")
        return tuple((f"{attached[0]}/{rule}",) for rule in one_of)
    if not is_told:
        return None
    stages = tuple(name for name in (_stage(stage, network) for stage in trace) if name)
    asked = {name.partition("/")[0].casefold() for name in stages}
    for name in spared or ():
        if name.casefold() in asked or not any(name.casefold() in _owners_at(stage, network) for stage in _STAGES):
            raise NotApplicable(f"malformed: a group `{name}` that is asked, or stands nowhere, and is not asked")
    return (stages,)


_NO_GROUP = frozenset(("publicip", "publicaddress", "platform"))  # stages of which no rule of a group is told


def _stage(record: Record, network: Network) -> str:
    """Return the group and its rule that a stage names, nothing where no rule decides it. Raises `NotApplicable`.

    The rule tells the access, so that another one beside it is a mistake, as is a stage at which the group is not.
    """
    stage, access, owner = (record.take(key, "") for key in ("stage", "access", "object"))
    rule = record.take("rule")
    record.finish()
    if rule is None and stage.casefold() in _NO_GROUP:
        return ""
    if not owner or rule is None:
        raise NotApplicable("a stage without `object` or `rule`")
    if stage and owner.casefold() not in _owners_at(stage, network):
        raise NotApplicable(f"malformed: no `{owner}` stands at a stage `{stage}`")
    if access and access.casefold() not in _accesses(owner, rule, network):
        raise NotApplicable(f"malformed: a rule `{owner}/{rule}` with the access `{access}`")
    return f"{owner}/{rule}"


_STAGES = ("securityadmin", "subnetnsg", "nicnsg")


def _owners_at(stage: str, network: Network) -> set[str]:
    """Return the names of what may decide at a stage, in lower case."""
    owners: dict[str, Iterable[str | None]] = {
        "securityadmin": (rules.manager for rules in network.admin_rules),
        "subnetnsg": (subnet.nsg for subnet in network.subnets()),
        "nicnsg": (nic.nsg for nic in network.nics()),
    }
    return {name.casefold() for name in owners.get(stage.casefold(), ()) if name is not None}


def _accesses(owner: str, rule: str, network: Network) -> set[str]:
    """Return what the rules called so do, in lower case: those of a group, or of a manager, or the default ones."""
    here = owner.casefold()
    custom = [(each.name, each.access.value) for nsg in network.nsgs.values() if nsg.name.casefold() == here
              for each in (*nsg.rules, *DEFAULT_RULES)]  # fmt: skip
    admin = [(each.name, each.action.value.replace("-", "")) for rules in network.admin_rules
             if rules.manager.casefold() == here for each in rules.rules]  # fmt: skip
    return {access for name, access in (*custom, *admin) if name.casefold() == rule.casefold()}


def _groups_at(network: Network, name: str) -> list[str]:
    endpoint = network.private_endpoints.get(name)
    if endpoint is not None:
        groups = [network.subnet(endpoint.subnet_id).nsg]
    else:
        nic = next(nic for nic in network.nics() if nic.name == name)
        groups = [nic.nsg, network.subnet(nic.subnet_id).nsg]
    return [nsg for nsg in groups if nsg]
