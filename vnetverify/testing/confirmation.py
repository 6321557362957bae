"""What the encoding makes of the answers in the rule book: asked with every number and every fact fixed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from zlib import crc32

from vnetverify.encoder.addressing import Estate, assignable
from vnetverify.encoder.entries import Way
from vnetverify.encoder.facts import Facts
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.terms import Script, all_of
from vnetverify.facts import SettledFacts, World
from vnetverify.header import (
    ALL_PORTS,
    Family,
    Flow,
    Interval,
    IntervalSet,
    Prefix,
    addresses_of,
    family_of,
    host_prefix,
    parse_address,
)
from vnetverify.model.endpoints import Endpoints
from vnetverify.model.intents import (
    INTERNET,
    Claim,
    EndpointSet,
    ExpectedEgress,
    ExpectedHop,
    HopKind,
    Place,
    PlaceKind,
    Resolution,
    Verb,
)
from vnetverify.model.network import GatewayKind, Network, Service
from vnetverify.model.planes import plane
from vnetverify.model.security import Direction
from vnetverify.prover.names import decide_resolution
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Satisfiable, Solver
from vnetverify.prover.verdict import Verdict, verdict_word
from vnetverify.simulator.internet import UNNAMED_EGRESS
from vnetverify.source import NOWHERE
from vnetverify.testing.agreement import opened
from vnetverify.testing.answers import hidden_prefixes, told
from vnetverify.testing.changes import rules_that_may_decide, turned, without_rules
from vnetverify.testing.filter_confirmation import filtered, open_filters
from vnetverify.testing.questions import (
    Addresses,
    Announced,
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
    Outlives,
    Passage,
    Prefixes,
    Question,
    Reserved,
    Table,
    WayOut,
    public_address,
)
from vnetverify.testing.records import NotApplicable

_ANYTHING = Service("any", ((None, ALL_PORTS),))
_UNASKED = {Family.IPV4: parse_address("41.0.0.0"), Family.IPV6: parse_address("2001:db8:41::")}
_SPEAKS_BGP = Way("a connection that tells", is_bgp=True)  # to a site
_FACT = re.compile(r"\bu\d+\b")  # of the conjunctions that conditions of announcements are
_YES, _NO = frozenset({True}), frozenset({False})
# From here on public addresses that are not known are made up.
_UNKNOWN = {Family.IPV4: parse_address("198.18.0.0"), Family.IPV6: parse_address("2001:db8:ffff::")}
_OUTBOUND = Direction.OUTBOUND


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was asked of the encoding and what it said; it confirms when the two are equal."""

    what: str
    expected: object
    given: object


def confirmations(network: Network, asked: Asked, solver: Solver) -> Iterator[Confirmation]:
    """Yield what the expected answer means for the encoding; nothing for `is valid`, which no engine answers."""
    world = World(SettledFacts(asked.facts), _NamedAddresses(network))
    match asked.question, asked.answer:
        case NextHop(subnet, destination), Hops(anyone):
            hops = [_expected(network, subnet, hop) for hop in anyone]
            said = [_has_next_hop(network, subnet, destination, hop, world, solver) for hop in hops]
            yield Confirmation("the next hop is one of them", True, _YES in said)
        case GatewayOf(subnet, destination), Name(name):
            hop = ExpectedHop(HopKind.GATEWAY, name)
            is_gateway = _has_next_hop(network, subnet, destination, hop, world, solver)
            yield Confirmation("the next hop is the gateway", _NO if name is None else _YES, is_gateway)
        case Carried(), Passage():
            yield from _carried(network, asked.question, asked.answer, world, solver)
        case Filtered(), FilterVerdict(allowed):
            passes = _passes(network, asked.question, world, solver)
            yield Confirmation("the filters allow it", frozenset({allowed}), passes)
        case Announced(gateway), Prefixes(prefixes):
            yield Confirmation("announced", prefixes, _announced(network, gateway, world))
        case Learned(gateway, prefix), Passage(happens):
            knowing = _gateways(told(network, gateway, prefix), prefix.family)
            entries = knowing.learned(network.gateways[gateway])
            yield Confirmation("kept", happens, any(entry.prefix == prefix for entry in entries))
        case Reserved(subnet), Addresses(addresses):
            yield Confirmation("reserved", addresses, _reserved(network.subnet(subnet).prefixes))
        case EffectiveRoutes(subnet), Table(active):
            yield from _selected(network, subnet, active, world, solver)
        case Inspected(), Inspection():
            yield from _inspected(network, asked.question, asked.answer, world, solver)
        case LeavesBy(), WayOut(way):
            yield Confirmation("it leaves so", _YES, _leaves_so(network, asked.question, way, world, solver))
        case LooksUp(), Passage(happens):
            word = "proved" if happens else "refuted"
            yield Confirmation("it finds the name", word, _found(network, asked.question, asked.facts, solver))
        case Outlives(), Passage(happens):
            yield from _outlives(network, asked.question, happens, world, solver)
        case IsValid(), _:
            return
        case _:
            raise AssertionError("an answer to another question")


class _NamedAddresses(dict[str, int]):
    """Addresses by name: whoever has none to leave by leaves by the one that the simulator takes for it.

    What an interface is declared to have and nobody has told is an address that no question aims at.
    """

    def __init__(self, network: Network) -> None:
        super().__init__(_own_addresses(network))
        self._of_ipv6 = {nic.public_ipv6.name for nic in network.nics() if nic.public_ipv6 is not None}

    def __missing__(self, name: str) -> int:
        if name.removeprefix("IPv6 ").startswith(("egress of ", "subnet egress of ", "site egress of ")):
            return UNNAMED_EGRESS[Family.IPV6 if name.startswith("IPv6 ") else Family.IPV4]
        return _UNASKED[Family.IPV6 if name in self._of_ipv6 else Family.IPV4] + (crc32(name.encode()) & 0xFFFF)


def _own_addresses(network: Network) -> Iterator[tuple[str, int]]:
    """Yield the first address of what may put one of its own in the place of a source, by its name."""
    for name, service in network.private_link_services.items():
        yield f"link address of {name}", service.addresses[0]
    for name, machine in network.machines.items():
        if machine.firewall:
            yield f"address of {name}", machine.nics[0].addresses[0]


def _gateways(network: Network, family: Family) -> Gateways:
    return Gateways(Estate(plane(network, family), family), Facts(Script()))


def _announced(network: Network, gateway: str, world: World) -> frozenset[Prefix]:
    return frozenset(prefix for family in Family for prefix in _announced_of(network, gateway, world, family))


def _announced_of(network: Network, gateway: str, world: World, family: Family) -> Iterator[Prefix]:
    gateways, here = _gateways(network, family), network.gateways[gateway]
    others = (other for name, other in network.gateways.items() if name != gateway)
    of_others = {announced.prefix for other in others for announced in gateways.own_prefixes(other)}
    found = [(own.prefix, own.condition) for own in gateways.own_prefixes(here)]
    if here.kind is GatewayKind.VPN:
        found += [
            (entry.prefix, all_of(entry.condition, gateways.may_relay(entry.way, _SPEAKS_BGP)))
            for entry in gateways.learned(here)
            if entry.way.gateway is not None and entry.prefix in of_others
        ]
    asked = gateways.facts.asked
    for prefix, condition in found:
        if prefix.family is family and all(world.holds(asked[fact]) for fact in _FACT.findall(condition)):
            yield prefix


def _reserved(prefixes: tuple[Prefix, ...]) -> frozenset[int]:
    holes = addresses_of(prefixes) - assignable(prefixes)
    return frozenset(address for hole in holes for address in range(hole.low, hole.high + 1))


# -- next hops ------------------------------------------------------------------------------------------


def _expected(network: Network, subnet: str, hop: Hop) -> ExpectedHop:
    """Return the hop in the words of a claim, which calls the route to a private endpoint of a peer one by peering."""
    if hop.special == "private-endpoint":
        vnet = network.subnet(subnet).vnet
        own = [each for each in network.private_endpoints.values() if each.vnet == vnet]
        is_own = any(hop.prefix.value in each.addresses for each in own)
        return ExpectedHop(HopKind.VNET_LOCAL if is_own else HopKind.PEERING)
    if hop.kind is not HopKind.APPLIANCE:
        return ExpectedHop(hop.kind, hop.name if hop.kind is HopKind.GATEWAY else None)
    return ExpectedHop(hop.kind)


def _has_next_hop(
    network: Network, subnet: str, destination: int, hop: ExpectedHop, world: World, solver: Solver
) -> frozenset[bool]:
    """Return what the encoding says of whether the subnet's selected route has this hop."""
    place = Place(PlaceKind.SUBNET.value, subnet)
    prefixes = [prefix for prefix in network.subnet(subnet).prefixes if prefix.family is family_of(destination)]
    if not prefixes:
        raise NotApplicable(f"a next hop of a family that `{subnet}` has no prefix of")
    source = _free_address(network, subnet, prefixes[0], destination)
    left, right = EndpointSet(((place, _one(source)),)), EndpointSet(((INTERNET, _one(destination)),))
    encoded = opened(network, _claim(Verb.NEXT_HOP, left, right, hop), solver)
    flow = Flow(6, source, 50000, destination, 443)
    if encoded.question(place, flow, world) != _YES:
        raise RuntimeError(f"the encoding does not cover {flow} from `{subnet}`")
    return frozenset(not value for value in encoded.violation(place, flow, world))


def _free_address(network: Network, subnet: str, prefix: Prefix, destination: int) -> int:
    """Return the first address of `prefix` from which a host of the subnet can send to `destination`."""
    balanced = {f.address for b in network.load_balancers.values() for f in b.frontends if f.subnet_id == subnet}
    endpoints = (end for end in network.private_endpoints.values() if end.subnet_id == subnet)
    taken = {destination, *balanced, *(address for end in endpoints for address in end.addresses)}
    return next(address for address in count(prefix.value + 4) if address not in taken)


def _selected(
    network: Network, subnet: str, active: frozenset[Hop], world: World, solver: Solver
) -> Iterator[Confirmation]:
    """Yield, of each active line, whether an address that no longer active one holds has its next hop."""
    hidden = hidden_prefixes(network, subnet)
    for hop in sorted(active, key=lambda hop: hop.prefix):
        longer = [other for other in (*(hop.prefix for hop in active), *hidden) if other.length > hop.prefix.length]
        alone = addresses_of((hop.prefix,)) - addresses_of(longer)
        if alone:
            said = _has_next_hop(
                network, subnet, alone.intervals[0].low, _expected(network, subnet, hop), world, solver
            )
            yield Confirmation(f"{hop.prefix} has its next hop", _YES, said)


# -- what is contested ----------------------------------------------------------------------------------


def contested_values(
    network: Network, question: Question, facts: Mapping[str, bool], solver: Solver
) -> frozenset[bool]:
    """Return whether a flow can be carried, or let pass, and can be not, over all worlds in which `facts` are so.

    Raises `NotApplicable` for questions that are not about a flow on its way.
    """
    if isinstance(question, Filtered) and not question.by_public_address:
        filters = open_filters(network, question.stages, question.flow, solver)
        return _open_values(filters, INTERNET, question.flow, SettledFacts(facts), solver)
    if not isinstance(question, Carried):
        raise NotApplicable("two readings of what is not a flow on its way")
    right = _held(network, question.target)
    if not right:
        return _NO
    left = EndpointSet(((question.origin.place, _one(question.origin.address)),))
    claim = _claim(Verb.REACHES if question.answered else Verb.NEVER_REACHES, left, right)
    obligation = opened(network, claim, solver).only_obligation
    violated = _open_values(obligation, question.origin.place, question.flow, SettledFacts(facts), solver)
    return frozenset(not value for value in violated) if question.answered else violated


def _open_values(
    obligation: Obligation, origin: Place, flow: Flow, facts: SettledFacts, solver: Solver
) -> frozenset[bool]:
    """Return the values that the violation of an open obligation can take while facts not named are free."""
    literals = [
        symbol if facts[str(fact)] else f"-{symbol}"
        for symbol, fact in obligation.facts.items()
        if facts.get(str(fact)) is not None
    ]
    fix = obligation.fixing(origin, flow)
    tried = ((True, obligation.violation), (False, f"-{obligation.violation}"))
    return frozenset(
        value for value, literal in tried if isinstance(solver.check([*literals, literal], fix=fix), Satisfiable)
    )


# -- deliveries -----------------------------------------------------------------------------------------


def _carried(
    network: Network, question: Carried, answer: Passage, world: World, solver: Solver
) -> Iterator[Confirmation]:
    right = _held(network, question.target)
    if not right:  # nobody can be there, so nothing is delivered to anybody
        yield Confirmation("somebody can be there", answer.happens, False)
        return
    left = EndpointSet(((question.origin.place, _one(question.origin.address)),))
    if question.answered:
        asked_for = _asked_for(network, question, right)
        violated = _violated(network, _claim(Verb.REACHES, left, asked_for), question, world, solver)
        given = frozenset(not value for value in violated)
        yield Confirmation("it is answered", frozenset({answer.happens}), given)
    delivered = _violated(network, _claim(Verb.NEVER_REACHES, left, right), question, world, solver)
    if answer.happens or not question.answered:
        yield Confirmation("it is delivered", frozenset({answer.happens}), delivered)
    if answer.happens and answer.via is not None:
        for name in (*network.machines, *network.gateways):
            claim = Claim(Verb.NOT_VIA, ((left, right),), _ANYTHING, "asked", NOWHERE, via=(name,))
            met = _violated(network, claim, question, world, solver)
            yield Confirmation(f"it meets {name}", frozenset({name in answer.via}), met)


def _violated(network: Network, claim: Claim, question: Carried, world: World, solver: Solver) -> frozenset[bool]:
    return opened(network, claim, solver).violation(question.origin.place, question.flow, world)


def _held(network: Network, end: End) -> EndpointSet:
    """Return the end as a set of endpoints, empty where no host can be."""
    known = Endpoints(network).in_prefix(host_prefix(end.address)).at(end.place)
    return EndpointSet(((end.place, known),) if known else ())


def _asked_for(network: Network, question: Carried, right: EndpointSet) -> EndpointSet:
    """Return who has the address that the flow is sent to: the target, or a firewall or frontend that it is behind."""
    named = Endpoints(network).in_prefix(host_prefix(question.flow.destination))
    behind = EndpointSet(tuple(part for part in named.parts if part[0] != INTERNET))
    is_behind = question.flow.destination not in (question.target.address, public_address(network, question.target))
    return behind if is_behind and question.target.place != INTERNET else right


def _claim(verb: Verb, left: EndpointSet, right: EndpointSet, hop: ExpectedHop | None = None) -> Claim:
    return Claim(verb, ((left, right),), _ANYTHING, "asked", NOWHERE, expected_hop=hop)


def _one(address: int) -> IntervalSet:
    return IntervalSet((Interval(address, address),))


# -- what firewalls, ways out, names and changes decide ---------------------------------------------------


def _inspected(
    network: Network, question: Inspected, answer: Inspection, world: World, solver: Solver
) -> Iterator[Confirmation]:
    """Yield whether the firewall allows the flow, at which port, and which rule's opposite has it fare otherwise."""
    carried, name = question.carried, question.firewall
    yield Confirmation("it is let through", answer.allowed, _is_delivered(network, carried, world, solver))
    if answer.port is not None:
        at_port = ((carried.flow.protocol, IntervalSet((Interval(answer.port, answer.port),))),)
        arrives = _is_delivered(network, carried, world, solver, Service("asked", at_port))
        yield Confirmation(f"it arrives at port {answer.port}", answer.allowed, arrives)
    if answer.deciding is None:
        return
    wanted = {rule.casefold() for rule in answer.deciding}
    for rule in rules_that_may_decide(network, name, answer.allowed):
        fares = _is_delivered(turned(network, name, rule), carried, world, solver)
        is_decided = rule.name.casefold() in wanted
        yield Confirmation(f"{rule.name} decides", is_decided, fares is not answer.allowed)


def _is_delivered(
    network: Network, carried: Carried, world: World, solver: Solver, arriving: Service | None = None
) -> bool:
    right = _held(network, carried.target)
    if not right:  # nobody can be there
        return False
    left = EndpointSet(((carried.origin.place, _one(carried.origin.address)),))
    claim = replace(_claim(Verb.NEVER_REACHES, left, right), arriving=arriving)
    return _violated(network, claim, carried, world, solver) == _YES


def _leaves_so(
    network: Network, question: LeavesBy, way: ExpectedEgress, world: World, solver: Solver
) -> frozenset[bool]:
    left = EndpointSet(((question.origin.place, _one(question.origin.address)),))
    right = EndpointSet(((INTERNET, _one(question.flow.destination)),))
    claim = replace(_claim(Verb.EGRESS, left, right), expected_egress=way)
    violated = opened(network, claim, solver).violation(question.origin.place, question.flow, world)
    return frozenset(not value for value in violated)


def _found(network: Network, question: LooksUp, facts: Mapping[str, bool], solver: Solver) -> str:
    """Return the verdict's word on whether the host finds the name."""
    hosts = EndpointSet(((question.asker.place, _one(question.asker.address)),))
    statement = Resolution(hosts, question.name, False, question.addresses, "asked", NOWHERE)
    fixed = {fact.casefold(): value for fact, value in facts.items()}

    def ask(claim: Claim, documented: bool) -> Verdict:
        return decide(Inquiry(network, claim, fixed, documented), solver)

    return verdict_word(decide_resolution(network, statement, ask, fixed, True).verdict)


def _outlives(
    network: Network, question: Outlives, happens: bool, world: World, solver: Solver
) -> Iterator[Confirmation]:
    """Yield whether the flow was let through when it began, and where its record is void also by the new rules."""
    began = _answers(without_rules(network, question.added), question.carried, world, solver)
    if question.is_flushed:
        began &= _answers(without_rules(network, question.gone), question.carried, world, solver)
    yield Confirmation("it goes on", happens, began)


def _answers(network: Network, carried: Carried, world: World, solver: Solver) -> bool:
    said = _carried(network, carried, Passage(True), world, solver)
    return all(confirmation.expected == confirmation.given for confirmation in said)


# -- filters --------------------------------------------------------------------------------------------


def _passes(network: Network, question: Filtered, world: World, solver: Solver) -> frozenset[bool]:
    """Return what the encoding says of whether every stage lets the packet pass."""
    if question.by_public_address:
        return _enters(network, question, world, solver)
    said = [filtered(network, (stage,), question.flow, world, solver) for stage in question.stages]
    return frozenset({False}) if _NO in said else frozenset().union(*said)


def _enters(network: Network, question: Filtered, world: World, solver: Solver) -> frozenset[bool]:
    """Return whether an Internet host's packet is delivered: nothing but the interface's filters stands before it."""
    nic = next(nic for nic in network.nics() if nic.name == question.stages[0][1])
    flow, family = question.flow, family_of(question.flow.source)
    publics = {n.name: n.public_address if family is Family.IPV4 else n.public_ipv6 for n in network.nics()}
    public = publics[nic.name]
    assert public is not None
    aimed_at = public.address
    if aimed_at is None:
        unknown = [each.name for each in publics.values() if each is not None and each.address is None]
        world = replace(world, addresses={name: _UNKNOWN[family] + number for number, name in enumerate(unknown)})
        aimed_at = world.addresses[public.name]
    outside = Flow(flow.protocol, flow.source, flow.source_port, aimed_at, flow.destination_port)
    left = EndpointSet(((INTERNET, _one(flow.source)),))
    own = next(address for address in nic.addresses if family_of(address) is family)
    right = EndpointSet(((Place(PlaceKind.SUBNET.value, nic.subnet_id), _one(own)),))
    return opened(network, _claim(Verb.NEVER_REACHES, left, right), solver).violation(INTERNET, outside, world)
