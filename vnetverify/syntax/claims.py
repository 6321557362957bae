"""From the sentences of an intent to claims over resolved sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.model.endpoints import union
from vnetverify.model.intents import (
    OF_ABSENCE,
    OF_QUALITY,
    Claim,
    EgressKind,
    EndpointSet,
    ExpectedEgress,
    ExpectedHop,
    HopKind,
    Intent,
    PlaceKind,
    Statement,
    Verb,
)
from vnetverify.model.network import Network, Service
from vnetverify.model.services import EVERY_CONVERSATION, EVERY_PACKET, EVERY_TRANSLATED
from vnetverify.source import Span
from vnetverify.syntax.conditions import advertising, failures
from vnetverify.syntax.devices import EgressNode
from vnetverify.syntax.elements import gateway_reference
from vnetverify.syntax.establishing import establishment
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import EndpointsNode, ReferenceNode
from vnetverify.syntax.problems import shown
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.selectors import Member, Selection, Selectors, word_of
from vnetverify.syntax.services import service
from vnetverify.syntax.tree import ClaimNode, EstablishmentNode, ForEachNode, HopNode, IntentNode, ResolutionNode
from vnetverify.syntax.zones import resolution

MOST_INSTANCES = 10_000  # sentences that all `for each` may stand for that must be written out one by one

_NAMED = 3  # sets that the text of a union names
_ISOLATED = "ISOLATED"
_MOST_CROSSINGS = 1000
_VERDICTS = {word: word for word in ("proved", "refuted", "vacuous", "unknown")}
# Sentences about all packets that are delivered speak of every protocol; the others of what holds conversations.
_ABOUT_PACKETS = OF_ABSENCE | OF_QUALITY
# What is said of some flow, or of the members of one set among themselves, is said of each instance by itself.
_ONE_BY_ONE = frozenset({Verb.SOMETIMES_REACHES, Verb.NOT_TRANSITIVE})
_LEAVES_BY = {
    EgressKind.NAT_GATEWAY: "nat gateway",
    EgressKind.LOAD_BALANCER: "load balancer",
    EgressKind.SITE: "site",
}

Pair = tuple[EndpointSet, EndpointSet]
_NO_PAIR: Pair = (EndpointSet((), "no member"), EndpointSet((), "no member"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with what it is read against; `variables` are those of the `for each` around it."""

    scope: Scope
    network: Network
    selectors: Selectors
    services: Mapping[str, Service]
    node: ClaimNode
    text: str
    span: Span
    variables: Mapping[str, Member] = field(default_factory=dict)

    def select(self, node: EndpointsNode) -> Selection:
        return self.selectors.select(self.scope, node, self.variables)


def intent(
    scope: Scope, network: Network, selectors: Selectors, services: Mapping[str, Service], name: str, node: IntentNode
) -> Intent:
    claims: list[Statement] = []
    for written in node.sentences:
        if isinstance(written, EstablishmentNode):
            claims += establishment(scope, written)
            continue
        if isinstance(written, ResolutionNode):
            claims += resolution(scope, selectors, written)
            continue
        plain = written if isinstance(written, ClaimNode) else written.claim
        text = scope.text(written.first, plain.last)
        sentence = Sentence(scope, network, selectors, services, plain, text, scope.span(written.first, plain.last))
        claims += claims_of(sentence) if isinstance(written, ClaimNode) else for_each(sentence, written)
    if not node.sentences:
        scope.problems.error("empty-intent", f"intent {shown(name)} says nothing", scope.span(node.name), "no sentence")
    expectation = node.expectation
    verdict = scope.one_of(expectation.verdict, _VERDICTS, "verdict") if expectation is not None else None
    because = expectation.because if expectation is not None else None
    return Intent(
        name,
        tuple(claims),
        scope.span(node.name),
        text_of(node.reason) if node.reason is not None else None,
        verdict or "proved",
        text_of(because) if because is not None else None,
    )


def for_each(sentence: Sentence, node: ForEachNode) -> list[Claim]:
    """Return the claims of a sentence about each member, or each two distinct members, of a set.

    Between members that share no endpoint it is one claim about the whole set that leaves out what lies in one
    member; what cannot be said so is written out member by member.
    """
    problems, variables = sentence.scope.problems, [variable.casefold() for variable in node.variables]
    if len(set(variables)) < len(variables):
        problems.error("duplicate-name", "both variables have one name", sentence.scope.span(node.variables[1]))
        return []
    mistakes = problems.errors
    members = sentence.select(node.members)
    whole = Member(members.text, members.endpoints, members.ranges)
    claims = claims_of(replace(sentence, variables=dict.fromkeys(variables, whole)))
    if problems.errors > mistakes:
        return []
    # A prefix as a destination of routes is no place, so that nothing of it lies in one member.
    is_about_routes = claims[0].verb is Verb.NEXT_HOP and any(member.is_prefix for member in members.members)
    can_leave_out = claims[0].verb is not Verb.SOMETIMES_REACHES and not is_about_routes
    if is_between(node) and members.is_disjoint and can_leave_out:
        apart = tuple(member.endpoints for member in members.members)
        each = (members.named, members.named)
        # Of `isolated`, both directions are these pairs.
        return [replace(claims[0], text=sentence.text, apart=apart, named=each)]
    return one_by_one(sentence, variables, members.members, claims)


def is_between(node: ForEachNode) -> bool:
    """Tell whether one side of the sentence is exactly the one variable and the other side the other."""
    if len(node.variables) != 2 or node.claim.right is None:
        return False
    sides = (node.claim.left, node.claim.right)
    words = {word_of(side.terms[0]) for side in sides if len(side.terms) == 1 and not side.excluded}
    return words == {variable.casefold() for variable in node.variables}


def one_by_one(
    sentence: Sentence, variables: Sequence[str], members: Sequence[Member], of_whole: Sequence[Claim]
) -> list[Claim]:
    """Return the claims of the sentence with the variables standing for each choice of distinct members.

    Without any choice they are the claims `of_whole`, about no endpoint at all: an intent is never without a claim.
    """
    sentence.selectors.instances += len(members) ** len(variables)
    if sentence.selectors.instances > MOST_INSTANCES:
        sentence.scope.problems.error(
            "too-many-instances",
            f"with this `for each` the text stands for more than {MOST_INSTANCES} sentences",
            sentence.span,
            f"of {len(members)} members",
            (),
            "one sentence does for all where each of its sides is one of two variables",
        )
        return []
    choices = _choices(variables, members)
    if not choices:
        return [replace(claim, pairs=(_NO_PAIR,), apart=(), peered_with=(), named=((), ())) for claim in of_whole]
    instances = [
        claims_of(replace(sentence, variables=choice, text=f"{sentence.text} ({_bindings(choice)})"))
        for choice in choices
    ]
    if instances[0][0].verb in _ONE_BY_ONE:
        return [claim for claims in instances for claim in claims]
    return [_of_all(claims, sentence.text) for claims in zip(*instances, strict=True)]


def _of_all(claims: Sequence[Claim], text: str) -> Claim:
    """Return the one claim that the instances of a sentence are together."""
    left, right = (tuple(dict.fromkeys(one for claim in claims for one in claim.named[side])) for side in (0, 1))
    return replace(
        claims[0], text=text, pairs=_merged(pair for claim in claims for pair in claim.pairs), named=(left, right)
    )


def _choices(variables: Sequence[str], members: Sequence[Member]) -> list[dict[str, Member]]:
    if len(variables) == 1:
        return [{variables[0]: member} for member in members]
    return [
        dict(zip(variables, (first, second), strict=True))
        for first in members
        for second in members
        if first is not second
    ]


def _bindings(choice: Mapping[str, Member]) -> str:
    return ", ".join(f"{variable} = {member.text}" for variable, member in choice.items())


def _merged(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Return pairs that hold the same flows, with one left set for each right set."""
    lefts: dict[EndpointSet, list[EndpointSet]] = {}
    for left, right in pairs:
        lefts.setdefault(right, []).append(left)
    return tuple((_united(sets), right) for right, sets in lefts.items())


def _united(sets: Sequence[EndpointSet]) -> EndpointSet:
    if len(sets) == 1:
        return sets[0]
    return union(sets, ", ".join(one.text for one in sets[:_NAMED]) + (", …" if len(sets) > _NAMED else ""))


def claims_of(sentence: Sentence) -> list[Claim]:
    """Return the claims that a sentence makes, each in spite of the failures and announcements that it names."""
    claims, node = plain_claims(sentence), sentence.node
    if not node.conditions:
        return claims
    allowed = failures(sentence.scope, node)
    announced = advertising(sentence.scope, sentence.network, node)
    return [replace(claim, failures=allowed, advertising=announced) for claim in claims]


def plain_claims(sentence: Sentence) -> list[Claim]:
    """Return the claims that a sentence makes of the network as declared: two of `isolated from`, else one."""
    node, scope = sentence.node, sentence.scope
    if node.verb == _ISOLATED:
        return isolation(sentence)
    verb = Verb[node.verb]
    claim = Claim(verb, (), service_asked(sentence, verb), sentence.text, sentence.span)
    left = sentence.select(node.left)
    if node.hub is not None:
        return [non_transitivity(sentence, claim, left)]
    assert node.right is not None
    right = sentence.select(node.right)
    if node.hop is not None:
        pair, named = (left.endpoints, right.destinations), (left.named, right.named_destinations)
        return [replace(claim, pairs=(pair,), named=named, expected_hop=expected_hop(scope, node.hop))]
    pair = (left.endpoints, right.endpoints)
    claim = replace(claim, pairs=(pair,), named=(left.named, right.named), limit=limit(scope, node))
    if node.egress is not None:
        return [replace(claim, expected_egress=expected_egress(scope, node.egress))]
    devices = tuple(name for reference in node.via if (name := device(scope, reference, verb)) is not None)
    if verb is Verb.GATEWAY:
        return [replace(claim, expected_hop=ExpectedHop(HopKind.GATEWAY, next(iter(devices), None)))]
    return [replace(claim, via=devices)]


def limit(scope: Scope, node: ClaimNode) -> int | None:
    """Return the number of a sentence that has one: bits a second where a unit follows, else peerings."""
    if len(node.limit) == 2:
        return scope.bandwidth(*node.limit)
    return scope.number(node.limit[0], 0, _MOST_CROSSINGS, "count") if node.limit else None


def isolation(sentence: Sentence) -> list[Claim]:
    """Return the claims that neither side ever reaches the other."""
    node = sentence.node
    assert node.right is not None
    left, right = sentence.select(node.left), sentence.select(node.right)
    asked = service_asked(sentence, Verb.NEVER_REACHES)
    return [
        Claim(
            Verb.NEVER_REACHES,
            ((one.endpoints, other.endpoints),),
            asked,
            f"{sentence.text}: {one.endpoints.text} never reaches {other.endpoints.text}",
            sentence.span,
            named=(one.named, other.named),
        )
        for one, other in ((left, right), (right, left))
    ]


def non_transitivity(sentence: Sentence, claim: Claim, members: Selection) -> Claim:
    """Return the claim that no two distinct members reach each other through the hub."""
    node, scope = sentence.node, sentence.scope
    assert node.hub is not None
    hub = scope.find("vnet", node.hub)
    excused = tuple(name for reference in node.via if (name := device(scope, reference, claim.verb)) is not None)
    if members.is_disjoint:
        pairs: tuple[Pair, ...] = ((members.endpoints, members.endpoints),)
        apart = tuple(member.endpoints for member in members.members)
    else:
        sets = [member.endpoints for member in members.members]
        pairs = _merged((first, second) for first in sets for second in sets if first is not second)
        apart = ()
    peers = tuple(vnet for vnet in vnets_of(sentence.network, members.endpoints) if vnet != hub)
    via = (hub,) if hub is not None else ()
    named = (members.named, members.named)
    return replace(claim, pairs=pairs, apart=apart, via=via, excused=excused, peered_with=peers, named=named)


def vnets_of(network: Network, endpoints: EndpointSet) -> tuple[str, ...]:
    """Return the vnets in which `endpoints` lie, in order of declaration."""
    places = {place.name for place, _ in endpoints.parts if place.kind == PlaceKind.SUBNET.value}
    return tuple(vnet.name for vnet in network.vnets.values() if any(subnet.id in places for subnet in vnet.subnets))


def service_asked(sentence: Sentence, verb: Verb) -> Service:
    """Return the service of a sentence; where it names none, what the verb speaks of."""
    every = EVERY_PACKET if verb in _ABOUT_PACKETS else EVERY_CONVERSATION
    if sentence.node.services is None:
        return every if sentence.node.egress is None else _egress_service(sentence.node.egress)
    return service(sentence.scope, sentence.services, sentence.node.services, every)


def _egress_service(expected: EgressNode) -> Service:
    """Return what `egress of A to B is …` speaks of: what methods carry, or for `none` every packet (F-OUT-3)."""
    return EVERY_PACKET if EgressKind(str(expected.kind)) is EgressKind.NONE else EVERY_TRANSLATED


def device(scope: Scope, node: ReferenceNode, verb: Verb) -> str | None:
    """Return the machine or gateway that is named; for `gateway of` a gateway alone.

    A claim knows devices by their names alone, so one that a machine and a gateway share is refused in any spelling.
    """
    if verb is Verb.GATEWAY:
        return gateway_reference(scope, node)
    word, span = text_of(node.second or node.first), scope.span(node.first, node.last)
    found = [declared for kind in ("machine", "gateway") if (declared := scope.names.lookup(kind, word)) is not None]
    if node.second is not None and len(found) < 2:
        return gateway_reference(scope, node)
    if not found:
        scope.names.unknown(("machine", "gateway"), word, span)
    if len(found) > 1:
        places = ((found[0].span, "a machine"), (found[1].span, "a gateway"))
        scope.problems.error("ambiguous-name", f"{shown(word)} is a machine and a gateway", span, "which one?", places)
    return found[0].spelling if len(found) == 1 else None


def expected_hop(scope: Scope, node: HopNode) -> ExpectedHop:
    kind = HopKind(str(node.kind))
    if node.reference is None:
        return ExpectedHop(kind)
    if kind is HopKind.GATEWAY:
        return ExpectedHop(kind, gateway_reference(scope, node.reference))
    return ExpectedHop(kind, appliance(scope, node.reference))


def expected_egress(scope: Scope, node: EgressNode) -> ExpectedEgress:
    kind = EgressKind(str(node.kind))
    if isinstance(node.reference, ReferenceNode):
        return ExpectedEgress(kind, appliance(scope, node.reference))
    return ExpectedEgress(kind, scope.find(_LEAVES_BY[kind], node.reference) if node.reference is not None else None)


def appliance(scope: Scope, node: ReferenceNode) -> str | None:
    if node.second is None:
        return scope.find("machine", node.first)
    scope.names.unknown(("machine",), f"{node.first}.{node.second}", scope.span(node.first, node.second))
    return None
