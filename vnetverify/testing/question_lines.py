"""How questions of the rule book and their answers are written, a line each.

? next hop of spoke1.web to 10.3.0.4
= none by 10.0.0.0/8 (system)
? tcp 443 from vm1 to 10.3.0.4 at spoke3.web is answered where U-R-PEER-16, not U-DOA(spoke1.web)
= yes via fw
? tcp 443 from vm1 to vm2 is delivered
= yes directly
? tcp 443 from fd00::4 at spoke1.web to orders is answered
= no
? outbound at vm1, inbound at vm2: tcp 10.0.1.5:50000 -> 10.0.1.4:22
= deny by NSG1/DenyAllOut
? what fw makes of tcp 3389 from 203.0.113.9 at internet to 10.0.3.4 at v.s by 20.0.0.1
= allow by rdp at port 3389
? egress of vm1 to 8.8.8.8 on tcp 443
= nat-gateway ng
? vm1 looks up web.corp.internal
= 10.0.3.4
? tcp 22 from vm1 to vm2 goes on without N/ssh
= yes
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import assert_never

from vnetverify.header import (
    PROTOCOL_NAMES,
    PROTOCOL_NUMBERS,
    TCP,
    UDP,
    Flow,
    NotAPrefix,
    address_text,
    parse_address,
    parse_prefix,
)
from vnetverify.model.intents import INTERNET, EgressKind, ExpectedEgress, HopKind, Place, PlaceKind
from vnetverify.model.network import Network
from vnetverify.model.security import Direction
from vnetverify.testing.questions import (
    SPECIAL_HOPS,
    Addresses,
    Announced,
    Answer,
    Asked,
    Carried,
    EffectiveRoutes,
    End,
    Filtered,
    FilterVerdict,
    GatewayOf,
    Hop,
    Hops,
    Inspected,
    Inspection,
    IsValid,
    Learned,
    LeavesBy,
    LooksUp,
    Name,
    NextHop,
    NotAQuestion,
    Outlives,
    Passage,
    Prefixes,
    Question,
    Reserved,
    Table,
    Validity,
    WayOut,
    interface,
    new_flow,
    public_address,
    spot,
)


def parse_asked(question: str, answer: str, network: Network) -> Asked:
    """Return the question and answer written in these lines, without `?` and `=`. Raises `NotAQuestion`."""
    sentence, _, condition = question.partition(" where ")
    try:
        parsed = _parse_question(sentence.strip(), network)
        return Asked(parsed, _parse_answer(parsed, answer.strip()), _parse_facts(condition))
    except (NotAPrefix, ValueError, KeyError) as error:
        raise NotAQuestion(f"`{question}` = `{answer}`: {error}") from error


_FACT = re.compile(r"(not )?(U-[A-Z0-9-]+(?:\([^)]*\))?)(?:, |$)")


def _parse_facts(text: str) -> dict[str, bool]:
    facts, position = {}, 0
    while position < len(text):
        match = _FACT.match(text, position)
        if match is None:
            raise NotAQuestion(f"`{text[position:]}` is not a list of facts")
        facts[match[2]] = match[1] is None
        position = match.end()
    return facts


def _parse_question(text: str, network: Network) -> Question:
    for pattern, build in _QUESTIONS:
        if match := pattern.fullmatch(text):
            return build(match, network)
    raise NotAQuestion(f"`{text}` is not a question")


def _carried(match: re.Match[str], network: Network) -> Carried:
    origin, target = _parse_end(match["origin"], network), _parse_end(match["target"], network)
    protocol = _parse_protocol(match["protocol"])
    aimed_at = target.address
    if match["aim"] not in (None, _ITS_OWN):
        aimed_at = parse_address(match["aim"])
    elif match["public"] or origin.place == INTERNET:
        aimed_at = public_address(network, target)
    flow = new_flow(protocol, origin.address, aimed_at, int(match["port"] or 0))
    return Carried(origin, target, flow, match["what"] == "answered")


def _inspected(match: re.Match[str], network: Network) -> Inspected:
    if match["firewall"] not in network.machines:
        raise NotAQuestion(f"no firewall is called `{match['firewall']}`")
    carried = _CARRIED.fullmatch(f"{match['flow']} is delivered")
    if carried is None:
        raise NotAQuestion(f"`{match['flow']}` is not a flow from one end to another")
    return Inspected(match["firewall"], _carried(carried, network))


def _leaves_by(match: re.Match[str], network: Network) -> LeavesBy:
    origin = _parse_end(match["origin"], network)
    protocol, target = _parse_protocol(match["protocol"]), parse_address(match["target"])
    return LeavesBy(origin, new_flow(protocol, origin.address, target, int(match["port"] or 0)))


def _looks_up(match: re.Match[str], network: Network) -> LooksUp:
    addresses = match["addresses"].split(", ") if match["addresses"] else ()
    return LooksUp(_parse_end(match["asker"], network), match["name"].lower(), tuple(map(parse_address, addresses)))


def _outlives(match: re.Match[str], network: Network) -> Outlives:
    carried = _CARRIED.fullmatch(f"{match['flow']} is answered")
    if carried is None:
        raise NotAQuestion(f"`{match['flow']}` is not a flow from one end to another")
    gone, added = (tuple(match[key].split(", ")) if match[key] else () for key in ("gone", "added"))
    return Outlives(_carried(carried, network), gone, added, match["flushed"] is not None)


def _parse_end(text: str, network: Network) -> End:
    address, at, place = text.partition(" at ")
    if not at:
        answering = _answering(text, network)
        if answering is not None:
            return answering
        nic = interface(network, text)
        return End(Place(PlaceKind.SUBNET.value, nic.subnet_id), nic.addresses[0])
    if place == INTERNET.name:
        return End(INTERNET, parse_address(address))
    if place in network.sites:
        return End(Place(PlaceKind.SITE.value, place), parse_address(address))
    if "/" in place:
        return End(Place(PlaceKind.PUBLIC.value, place), parse_address(address))
    return End(Place(PlaceKind.SUBNET.value, network.subnet(place).id), parse_address(address))


def _answering(name: str, network: Network) -> End | None:
    """Return the first frontend of a load balancer, or the first address of a private endpoint, called so."""
    if name in network.load_balancers:
        frontend = network.load_balancers[name].frontends[0]
        return End(Place(PlaceKind.SUBNET.value, frontend.subnet_id), frontend.address)
    if name in network.private_endpoints:
        endpoint = network.private_endpoints[name]
        return End(Place(PlaceKind.SUBNET.value, endpoint.subnet_id), endpoint.addresses[0])
    return None


def _parse_protocol(text: str) -> int:
    return PROTOCOL_NUMBERS[text] if text in PROTOCOL_NUMBERS else int(text.removeprefix("protocol "))


def _filtered(match: re.Match[str], network: Network) -> Filtered:
    stages = []
    for stage in match["stages"].split(", "):
        direction, _, name = stage.partition(" at ")
        stages.append((Direction(direction), spot(network, name)))
    return Filtered(tuple(stages), parse_flow(match["flow"]), match["public"] is not None)


_PROTOCOL = r"(?P<protocol>icmpv6|protocol \d+|[a-z]+)"
_FLOW = re.compile(
    rf"{_PROTOCOL} (?P<source>[\d.]+|\[[\da-f:]+\]|[\da-f:]+)(?::(?P<sport>\d+))?"
    r" -> (?P<target>[\d.]+|\[[\da-f:]+\]|[\da-f:]+)(?::(?P<dport>\d+))?"
)


def parse_flow(text: str) -> Flow:
    """Return the flow that `str` writes so. Raises `NotAQuestion`."""
    match = _FLOW.fullmatch(text)
    if match is None:
        raise NotAQuestion(f"`{text}` is not a flow")
    return Flow(
        _parse_protocol(match["protocol"]),
        parse_address(match["source"].strip("[]")),
        int(match["sport"] or 0),
        parse_address(match["target"].strip("[]")),
        int(match["dport"] or 0),
    )


def _effective_routes(match: re.Match[str], network: Network) -> EffectiveRoutes:
    ignored = tuple(parse_prefix(text) for text in match[2].split(", ")) if match[2] else ()
    return EffectiveRoutes(network.subnet(match[1]).id, ignored)


_SERVICE = rf"{_PROTOCOL}(?: (?P<port>\d+))?"
_ITS_OWN = "its public address"
_PUBLIC = rf"(?P<public> by {_ITS_OWN})?"
_AIM = rf"(?P<public> by (?P<aim>{_ITS_OWN}|[\d.]+))?"
_STAGES = r"(?P<stages>(?:(?:in|out)bound at [^\s,]+(?:, )?)+)"
_CARRIED = re.compile(rf"{_SERVICE} from (?P<origin>.+) to (?P<target>.+?){_AIM} is (?P<what>delivered|answered)")
_QUESTIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Network], Question]], ...] = (
    (re.compile(r"next hop of (\S+) to (\S+)"), lambda m, n: NextHop(n.subnet(m[1]).id, parse_address(m[2]))),
    (re.compile(r"gateway of (\S+) to (\S+)"), lambda m, n: GatewayOf(n.subnet(m[1]).id, parse_address(m[2]))),
    (re.compile(r"what (?P<firewall>\S+) makes of (?P<flow>.+)"), _inspected),
    (re.compile(rf"egress of (?P<origin>.+) to (?P<target>\S+) on {_SERVICE}"), _leaves_by),
    (re.compile(r"(?P<asker>.+) finds (?P<name>\S+)(?: as (?P<addresses>.+))?"), _looks_up),
    (
        re.compile(
            r"(?P<flow>.+?) goes on(?: without (?P<gone>\S+(?:, \S+)*?))?(?: begun before (?P<added>\S+(?:, \S+)*?))?"
            r"(?P<flushed> with flows flushed)?"
        ),
        _outlives,
    ),
    (_CARRIED, _carried),
    (re.compile(rf"{_STAGES}: (?P<flow>.+?){_PUBLIC}"), _filtered),
    (re.compile(r"is valid"), lambda m, n: IsValid()),
    (re.compile(r"what (\S+) announces"), lambda m, n: Announced(n.gateways[m[1]].name)),
    (re.compile(r"(\S+) keeps (\S+)"), lambda m, n: Learned(n.gateways[m[1]].name, parse_prefix(m[2]))),
    (re.compile(r"reserved addresses of (\S+)"), lambda m, n: Reserved(n.subnet(m[1]).id)),
    (re.compile(r"effective routes of (\S+)(?: besides (.+))?"), _effective_routes),
)


def _parse_answer(question: Question, text: str) -> Answer:
    match question:
        case NextHop():
            return Hops(tuple(_parse_hop(part) for part in text.split(" or ")))
        case GatewayOf():
            return Name(None if text == "none" else text)
        case Carried():
            word, _, via = text.partition(" via ")
            if word == "yes directly":
                return Passage(True, ())
            return Passage(_parse_yes(word), tuple(via.split(", ")) if via else None)
        case Filtered():
            return _parse_verdict(text)
        case IsValid():
            word, *broken = text.replace(",", "").split()
            return Validity({"valid": True, "invalid": False}[word], tuple(broken))
        case Announced():
            return Prefixes(frozenset(parse_prefix(part) for part in text.split(", ")))
        case Learned():
            return Passage(_parse_yes(text))
        case Reserved():
            return Addresses(frozenset(parse_address(part) for part in text.split(", ")))
        case EffectiveRoutes():
            return _parse_table(text)
        case Inspected():
            return _parse_inspection(text)
        case LeavesBy():
            kind, _, name = text.partition(" ")
            return WayOut(ExpectedEgress(EgressKind(kind), name or None))
        case LooksUp() | Outlives():
            return Passage(_parse_yes(text))
        case _:
            assert_never(question)


def _parse_yes(word: str) -> bool:
    return {"yes": True, "no": False}[word]


_HOP = re.compile(r"(?P<kind>[a-z-]+)(?: (?P<name>\S+))? by (?P<prefix>\S+) \((?P<origin>user|gateway|system)\)")


def _parse_table(text: str) -> Table:
    lines = text.split(", ")
    invalid = [line.removeprefix("invalid ") for line in lines if line.startswith("invalid ")]
    active = [line for line in lines if not line.startswith("invalid ")]
    return Table(frozenset(map(_parse_hop, active)), frozenset(map(_parse_hop, invalid)))


def _parse_hop(text: str) -> Hop:
    match = _HOP.fullmatch(text)
    if match is None:
        raise NotAQuestion(f"`{text}` is no next hop")
    special = match["kind"] if match["kind"] in SPECIAL_HOPS else ""
    kind = SPECIAL_HOPS[special] if special else HopKind(match["kind"])
    return Hop(kind, parse_prefix(match["prefix"]), match["origin"], match["name"], special)


def _parse_inspection(text: str) -> Inspection:
    said, _, port = text.partition(" at port ")
    word, by, rule = said.partition(" by ")
    deciding = None if not by else () if rule == "no rule" else (rule,)
    return Inspection(_ALLOWS[word], deciding, int(port) if port else None)


_ALLOWS = {"allow": True, "deny": False}


def _parse_verdict(text: str) -> FilterVerdict:
    word, by, rules = text.partition(" by ")
    allowed = _ALLOWS[word]
    if not by:
        return FilterVerdict(allowed)
    if rules == "no group":
        return FilterVerdict(allowed, ((),))
    return FilterVerdict(allowed, tuple(tuple(part.split(", ")) for part in rules.split(" or ")))


def question_text(question: Question, network: Network) -> str:
    """Return the line that asks this of `network`, as `parse_asked` reads it."""
    match question:
        case NextHop(subnet, destination):
            return f"next hop of {subnet} to {address_text(destination)}"
        case GatewayOf(subnet, destination):
            return f"gateway of {subnet} to {address_text(destination)}"
        case Carried(answered=answered):
            return f"{_flow_text(question, network)} is {'answered' if answered else 'delivered'}"
        case Filtered(stages, flow, by_public_address):
            places = ", ".join(f"{direction.value} at {nic}" for direction, nic in stages)
            return f"{places}: {flow}{' by its public address' if by_public_address else ''}"
        case IsValid():
            return "is valid"
        case Announced(gateway):
            return f"what {gateway} announces"
        case Learned(gateway, prefix):
            return f"{gateway} keeps {prefix}"
        case Reserved(subnet):
            return f"reserved addresses of {subnet}"
        case EffectiveRoutes(subnet, ignored):
            return f"effective routes of {subnet}" + (f" besides {', '.join(map(str, ignored))}" if ignored else "")
        case Inspected(firewall, carried):
            return f"what {firewall} makes of {_flow_text(carried, network)}"
        case LeavesBy(origin, flow):
            target = address_text(flow.destination)
            return f"egress of {_end_text(origin, network)} to {target} on {_service_text(flow)}"
        case LooksUp(asker, name, addresses):
            return f"{_end_text(asker, network)} finds {name}{_listed(' as ', list(map(address_text, addresses)))}"
        case Outlives(carried, gone, added, is_flushed):
            change = _listed(" without ", gone) + _listed(" begun before ", added)
            return f"{_flow_text(carried, network)} goes on{change}{' with flows flushed' if is_flushed else ''}"
        case _:
            assert_never(question)


def _listed(before: str, names: Sequence[str]) -> str:
    return f"{before}{', '.join(names)}" if names else ""


def _service_text(flow: Flow) -> str:
    service = PROTOCOL_NAMES.get(flow.protocol, f"protocol {flow.protocol}")
    return f"{service} {flow.destination_port}" if flow.protocol in (TCP, UDP) else service


def _flow_text(carried: Carried, network: Network) -> str:
    origin, target, flow = carried.origin, carried.target, carried.flow
    ends = f"from {_end_text(origin, network)} to {_end_text(target, network)}"
    return f"{_service_text(flow)} {ends}{_aim_text(network, origin, target, flow)}"


def _aim_text(network: Network, origin: End, target: End, flow: Flow) -> str:
    """Return by which address of another the flow is sent to the target, nothing where it is as one would expect."""
    public = public_address(network, target)
    if flow.destination == (public if origin.place == INTERNET else target.address):
        return ""
    return f" by {_ITS_OWN if flow.destination == public else address_text(flow.destination)}"


def _end_text(end: End, network: Network) -> str:
    for machine in network.machines.values():
        first = machine.nics[0] if machine.nics else None
        if first and first.subnet_id == end.place.name and first.addresses[:1] == (end.address,):
            return machine.name
    return f"{address_text(end.address)} at {end.place}"


def answer_text(answer: Answer) -> str:
    """Return the line that answers so, as `parse_asked` reads it."""
    match answer:
        case Hops(anyone):
            return " or ".join(_hop_text(hop) for hop in anyone)
        case Table(active, invalid):
            lines = (*map(_hop_text, active), *(f"invalid {_hop_text(hop)}" for hop in invalid))
            return ", ".join(sorted(lines))
        case Passage(happens, via):
            if happens and via == ():
                return "yes directly"
            return ("yes" if happens else "no") + (f" via {', '.join(via)}" if via else "")
        case FilterVerdict(allowed, deciding):
            word = "allow" if allowed else "deny"
            if deciding is None:
                return word
            return f"{word} by {' or '.join(', '.join(rules) or 'no group' for rules in deciding)}"
        case Validity(accepted, broken):
            return " ".join(("valid" if accepted else "invalid", *broken))
        case Prefixes(prefixes):
            return ", ".join(str(prefix) for prefix in sorted(prefixes))
        case Addresses(addresses):
            return ", ".join(address_text(address) for address in sorted(addresses))
        case Name(name):
            return name or "none"
        case Inspection(allowed, which, port):
            by = "" if which is None else f" by {which[0] if which else 'no rule'}"
            return f"{'allow' if allowed else 'deny'}{by}{'' if port is None else f' at port {port}'}"
        case WayOut(way):
            return f"{way.kind.value}{f' {way.name}' if way.name else ''}"
        case _:
            assert_never(answer)


def _hop_text(hop: Hop) -> str:
    return f"{hop.special or hop.kind.value}{f' {hop.name}' if hop.name else ''} by {hop.prefix} ({hop.origin})"


def facts_text(facts: dict[str, bool]) -> str:
    """Return the condition of a question that `facts` make, or nothing."""
    if not facts:
        return ""
    return " where " + ", ".join(name if value else f"not {name}" for name, value in sorted(facts.items()))
