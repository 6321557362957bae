"""What the rule book asks of a network: typed questions, their answers, and how both are written.

A question is one line and so is its answer:

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
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from vnetverify.header import (
    ICMP,
    PROTOCOL_NAMES,
    PROTOCOL_NUMBERS,
    TCP,
    UDP,
    Family,
    Flow,
    NotAPrefix,
    Prefix,
    address_text,
    family_of,
    parse_address,
    parse_prefix,
)
from vnetverify.model.intents import INTERNET, HopKind, Place, PlaceKind
from vnetverify.model.network import Network, Nic
from vnetverify.model.security import Direction

EPHEMERAL_PORT = 50000


class NotAQuestion(ValueError):
    """A line that is no question or answer of the rule book; the message says why."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a flow: an address at a place."""

    place: Place
    address: int


@dataclass(frozen=True, slots=True)
class NextHop:
    subnet: str
    destination: int


@dataclass(frozen=True, slots=True)
class GatewayOf:
    """Which gateway's learned route carries packets of the subnet for the destination."""

    subnet: str
    destination: int


@dataclass(frozen=True, slots=True)
class Carried:
    """Whether a flow is delivered, or, if `answered`, whether its reply comes back too."""

    origin: End
    target: End
    flow: Flow
    answered: bool


@dataclass(frozen=True, slots=True)
class Filtered:
    """What the filters at interfaces say about a new packet, whatever its way there.

    `stages`, interfaces or private endpoints, are passed in order; the packet is written as they see it, but for one
    that is sent to a frontend (F-ADDR-4). `by_public_address` holds when it came from the Internet through the public
    address of the interface.
    """

    stages: tuple[tuple[Direction, str], ...]
    flow: Flow
    by_public_address: bool = False


@dataclass(frozen=True, slots=True)
class IsValid:
    """Whether Azure would accept the network."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Which prefixes the gateway announces by itself."""

    gateway: str


@dataclass(frozen=True, slots=True)
class Learned:
    """Whether the gateway keeps a prefix that it is told."""

    gateway: str
    prefix: Prefix


@dataclass(frozen=True, slots=True)
class Reserved:
    """Which addresses of the subnet no host can have."""

    subnet: str


@dataclass(frozen=True, slots=True)
class EffectiveRoutes:
    """The subnet's table as Azure shows it, without the lines for the `ignored` prefixes."""

    subnet: str
    ignored: tuple[Prefix, ...] = ()


Question = NextHop | GatewayOf | Carried | Filtered | IsValid | Announced | Learned | Reserved | EffectiveRoutes

# Next hops that the language has no word for: a group is a kind of peering to it, a service endpoint one way to the
# Internet, and a private endpoint, in whatever network, stands for delivery inside.
SPECIAL_HOPS = {
    "group": HopKind.PEERING,
    "service-endpoint": HopKind.INTERNET,
    "private-endpoint": HopKind.VNET_LOCAL,
}


@dataclass(frozen=True, slots=True)
class Hop:
    """A selected route. `name` is an appliance's address, a gateway, a peer, or None for any.

    `origin` is `user`, `gateway` or `system`, `special` one of `SPECIAL_HOPS` or nothing.
    """

    kind: HopKind
    prefix: Prefix
    origin: str
    name: str | None = None
    special: str = ""


@dataclass(frozen=True, slots=True)
class Hops:
    """The next hop is one of these."""

    anyone: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of an effective route table; further invalid ones may stand in it."""

    active: frozenset[Hop]
    invalid: frozenset[Hop] = frozenset()


@dataclass(frozen=True, slots=True)
class Passage:
    """`via` are the devices that forward the first packet, in order; None leaves them open."""

    happens: bool
    via: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """`deciding` lists alternatives, each one `NSG/RULE` for every group consulted; None leaves them open."""

    allowed: bool
    deciding: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """`broken` are ids of rules that must be among those reported."""

    accepted: bool
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prefixes:
    prefixes: frozenset[Prefix]


@dataclass(frozen=True, slots=True)
class Addresses:
    addresses: frozenset[int]


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a device, or None where none is meant."""

    name: str | None


Answer = Hops | Table | Passage | FilterVerdict | Validity | Prefixes | Addresses | Name


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its expected answer, in the documented world changed by `facts`."""

    question: Question
    answer: Answer
    facts: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contested:
    """A question on which the sources disagree: `must` is so in every world, `may` in some world.

    `atoms` are the kinds of facts that decide it, if they are known.
    """

    question: Question
    must: bool
    may: bool
    atoms: tuple[str, ...] = ()
    facts: dict[str, bool] = field(default_factory=dict)


def interface(network: Network, name: str) -> Nic:
    """Return the interface called `name`, or the first one of the machine called so. Raises `NotAQuestion`."""
    nics = network.nics()
    for nic in (*(n for n in nics if n.name == name), *(n for n in nics if n.machine == name)):
        return nic
    raise NotAQuestion(f"no machine or interface is called `{name}`")


def spot(network: Network, name: str) -> str:
    """Return the name of where filters stand: a private endpoint, or an interface or machine. Raises `NotAQuestion`."""
    return name if name in network.private_endpoints else interface(network, name).name


# How Azure names next hops and the sources of routes.
_SHOWN_HOPS: Mapping[str, tuple[HopKind, str]] = {
    "VnetLocal": (HopKind.VNET_LOCAL, ""),
    "VNetPeering": (HopKind.PEERING, ""),
    "VNetGlobalPeering": (HopKind.PEERING, ""),
    "ConnectedGroup": (HopKind.PEERING, "group"),
    "VirtualNetworkServiceEndpoint": (HopKind.INTERNET, "service-endpoint"),
    "InterfaceEndpoint": (HopKind.VNET_LOCAL, "private-endpoint"),
    "VirtualAppliance": (HopKind.APPLIANCE, ""),
    "BgpNva": (HopKind.APPLIANCE, ""),
    "VirtualNetworkGateway": (HopKind.GATEWAY, ""),
    "Internet": (HopKind.INTERNET, ""),
    "None": (HopKind.NONE, ""),
}
_SHOWN_SOURCES = {"User": "user", "VirtualNetworkGateway": "gateway", "Default": "system"}


def shown_hop(hop_type: str, prefix: Prefix, source: str, name: str | None) -> Hop:
    """Return the hop of a line of an effective route table, in Azure's words. Raises `NotAQuestion` for other words."""
    if hop_type not in _SHOWN_HOPS or source not in _SHOWN_SOURCES:
        raise NotAQuestion(f"a next hop of type `{hop_type}` from `{source}`")
    kind, special = _SHOWN_HOPS[hop_type]
    return Hop(kind, prefix, _SHOWN_SOURCES[source], name, special)


def public_address(network: Network, end: End) -> int:
    """Return the public address by which the host at `end` is reached, its own where it has none."""
    for nic in network.nics():
        public = nic.public_address if family_of(end.address) is Family.IPV4 else nic.public_ipv6
        if nic.subnet_id == end.place.name and end.address in nic.addresses and public:
            return public.address or end.address
    return end.address


def new_flow(protocol: int, source: int, destination: int, port: int) -> Flow:
    """Return a flow from an ephemeral port; protocols without ports have none, and ICMP is the addresses' own."""
    if protocol in (TCP, UDP):
        return Flow(protocol, source, EPHEMERAL_PORT, destination, port)
    return Flow(family_of(source).icmp if protocol == ICMP else protocol, source, 0, destination, 0)


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
            raise NotAQuestion(f"`{text[position:]}` is no list of facts")
        facts[match[2]] = match[1] is None
        position = match.end()
    return facts


def _parse_question(text: str, network: Network) -> Question:
    for pattern, build in _QUESTIONS:
        if match := pattern.fullmatch(text):
            return build(match, network)
    raise NotAQuestion(f"`{text}` is no question")


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


_PROTOCOL = r"(?P<protocol>icmpv6|[a-z]+|protocol \d+)"
_FLOW = re.compile(
    rf"{_PROTOCOL} (?P<source>[\d.]+|\[[\da-f:]+\]|[\da-f:]+)(?::(?P<sport>\d+))?"
    r" -> (?P<target>[\d.]+|\[[\da-f:]+\]|[\da-f:]+)(?::(?P<dport>\d+))?"
)


def parse_flow(text: str) -> Flow:
    """Return the flow that `str` writes so. Raises `NotAQuestion`."""
    match = _FLOW.fullmatch(text)
    if match is None:
        raise NotAQuestion(f"`{text}` is no flow")
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
_QUESTIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Network], Question]], ...] = (
    (re.compile(r"next hop of (\S+) to (\S+)"), lambda m, n: NextHop(n.subnet(m[1]).id, parse_address(m[2]))),
    (re.compile(r"gateway of (\S+) to (\S+)"), lambda m, n: GatewayOf(n.subnet(m[1]).id, parse_address(m[2]))),
    (
        re.compile(rf"{_SERVICE} from (?P<origin>.+) to (?P<target>.+?){_AIM} is (?P<what>delivered|answered)"),
        _carried,
    ),
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


def _parse_verdict(text: str) -> FilterVerdict:
    word, by, rules = text.partition(" by ")
    allowed = {"allow": True, "deny": False}[word]
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
        case Carried(origin, target, flow, answered):
            service = PROTOCOL_NAMES.get(flow.protocol, f"protocol {flow.protocol}")
            port = f" {flow.destination_port}" if flow.protocol in (TCP, UDP) else ""
            ends = f"from {_end_text(origin, network)} to {_end_text(target, network)}"
            ends += _aim_text(network, origin, target, flow)
            return f"{service}{port} {ends} is {'answered' if answered else 'delivered'}"
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
        case _:
            assert_never(question)


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
        case _:
            assert_never(answer)


def _hop_text(hop: Hop) -> str:
    return f"{hop.special or hop.kind.value}{f' {hop.name}' if hop.name else ''} by {hop.prefix} ({hop.origin})"


def facts_text(facts: dict[str, bool]) -> str:
    """Return the condition of a question that `facts` make, or nothing."""
    if not facts:
        return ""
    return " where " + ", ".join(name if value else f"not {name}" for name, value in sorted(facts.items()))
