"""From the lines of a managed firewall to its policy: collections of rules, in the order in which they are asked.

F-FW-1, F-FW-2, F-FW-9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vnetverify.header import (
    ALL_ADDRESSES,
    LAST_PORT,
    TCP,
    UDP,
    IntervalSet,
    addresses_of,
    interval_set,
    set_of,
)
from vnetverify.model.balancers import PublicAddress
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.network import Machine
from vnetverify.syntax.devices import CollectionNode, FirewallRuleNode
from vnetverify.syntax.elements import Options, is_new
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import EndpointsNode, OptionNode, ReferenceNode, TermNode
from vnetverify.syntax.problems import did_you_mean, listed, shown
from vnetverify.syntax.published import known_tags, spelling_of_tag
from vnetverify.syntax.scope import ANY_WORDS, NotUnderstood, Scope
from vnetverify.syntax.selectors import SELECTABLE, word_of
from vnetverify.syntax.tags import DEFINED_TAGS
from vnetverify.syntax.tree import MachineNode

if TYPE_CHECKING:
    from lark import Token

Ranges = Callable[[EndpointsNode], IntervalSet]

PRIVATE = "private"  # `at private`: the firewall's address in its subnet
APPLICATION_PORTS = {"http": 80, "https": 443, "mssql": 1433}
_OPTIONS = frozenset({"threat-intelligence", "intrusion-detection", "private-address", "private-ranges"})
_KINDS = {kind.value: kind for kind in FirewallRuleKind}
_ORDER = tuple(FirewallRuleKind)
_CERTAINTIES = {"presumed": True, "known": False}
_MODES = {"deny": True, "alert": False, "off": False}
_RANGES = {word: word for word in ("all", "none", "learned")}
_PRIORITIES = (100, 65_000)
_AZURES_OWN = "infrastructure"
_SETS_BY_WORD = frozenset({"any", "internet", "vnet"})


@dataclass(frozen=True, slots=True)
class _Destinations:
    addresses: IntervalSet
    tags: tuple[str, ...] = ()
    has_names: bool = False


def is_option(item: object) -> bool:
    """Tell whether this is an option of a firewall's policy."""
    return isinstance(item, OptionNode) and item.kind in _OPTIONS


def has_policy(node: MachineNode) -> bool:
    """Tell whether a firewall's lines say more than whom it forwards to."""
    return any(isinstance(item, CollectionNode) or is_option(item) for item in node.items)


def outline(
    node: MachineNode, addresses: Sequence[PublicAddress], further: tuple[PublicAddress, ...]
) -> FirewallPolicy:
    """Return a policy that knows its addresses alone, and at which of them there are NAT rules: sets ask for these."""
    rules = (rule for item in node.items if isinstance(item, CollectionNode) for rule in item.rules)
    known = {public.name.casefold(): public.name for public in addresses}
    names = (known.get(text_of(rule.at).casefold()) for rule in rules if rule.at is not None)
    nothing = IntervalSet()
    return FirewallPolicy(
        tuple(
            FirewallRule(name, FirewallRuleKind.NAT, True, (TCP,), nothing, nothing, nothing, at=name)
            for name in dict.fromkeys(names)
            if name is not None
        ),
        public_addresses=further,
    )


def policy(scope: Scope, machine: Machine, node: MachineNode, ranges: Ranges) -> FirewallPolicy:
    """Return the policy of a firewall whose machine has its addresses; lines with a mistake are left out."""
    options = Options(scope, [item for item in node.items if is_option(item)])
    keeps, learns = _private_ranges(scope, node)
    collections = [item for item in node.items if isinstance(item, CollectionNode)]
    return FirewallPolicy(
        _rules(scope, machine, collections, ranges),
        keeps,
        learns,
        _mode(scope, options, "threat-intelligence"),
        _mode(scope, options, "intrusion-detection"),
        () if machine.firewall is None else machine.firewall.public_addresses,
        _presumes(scope, options),
        scope.span(node.name),
    )


def _presumes(scope: Scope, options: Options) -> bool:
    """Tell whether Azure may give the firewall another private address than its line says (F-FW-12)."""
    word = options.word("private-address")
    return word is not None and bool(scope.one_of(word, _CERTAINTIES, "certainty"))


def _mode(scope: Scope, options: Options, key: str) -> bool:
    """Tell whether a check of the firewall denies; one that only tells changes nothing."""
    word = options.word(key)
    return word is not None and bool(scope.one_of(word, _MODES, "mode"))


def _private_ranges(scope: Scope, node: MachineNode) -> tuple[IntervalSet | None, bool]:
    """Return the destinations towards which sources are kept, None where not said, and whether others are learned."""
    said: list[tuple[Token, IntervalSet]] = []
    learns = False
    for option in (item for item in node.items if isinstance(item, OptionNode) and item.kind == "private-ranges"):
        first = next(word for word in option.words if word is not None)
        if first.type == "ADDRESS":
            said.append((first, addresses_of(scope.prefixes([word for word in option.words if word is not None]))))
            continue
        word = scope.one_of(first, _RANGES, "set of ranges")
        learns |= word == "learned"
        if word in ("all", "none"):
            said.append((first, ALL_ADDRESSES if word == "all" else IntervalSet()))
    words = [token for token, _ in said if token.type != "ADDRESS"]
    if words and len(said) > 1:
        message = f"`private-ranges {words[0]}` excludes other ranges, and others are given too"
        scope.problems.error("said-twice", message, scope.span(words[0]), "or the other ranges")
    return (interval_set(i for _, one in said for i in one) if said else None), learns


# -- collections ----------------------------------------------------------------------------------------


def _rules(scope: Scope, machine: Machine, nodes: Sequence[CollectionNode], ranges: Ranges) -> tuple[FirewallRule, ...]:
    """Return the rules in the order in which they are asked (F-FW-1, F-FW-2)."""
    names: dict[str, Token] = {}
    rules: dict[bool, dict[str, Token]] = {True: {}, False: {}}
    taken: dict[tuple[int, ...], CollectionNode] = {}
    placed: list[tuple[tuple[int, ...], list[FirewallRule]]] = []
    grouped = {node.parent is None: True for node in nodes if node.group is not None}
    for node in nodes:
        key = _key(scope, node)
        kind = scope.one_of(node.kind, _KINDS, "kind of rules")
        is_new(scope, names, "collection", node.name)
        if key is None or kind is None or not _access(scope, node, kind):
            continue
        if node.group is None and grouped.get(node.parent is None):
            message = f"collection {shown(text_of(node.name))} is in no group, and others of its policy are"
            scope.problems.error(
                "collection-without-group", message, scope.span(node.name), "write `group N` behind it"
            )
        place = (_ORDER.index(kind), *key)
        earlier = taken.setdefault(place, node)
        if earlier is not node:
            _tie(scope, kind, earlier, node)
        for rule in node.rules:
            _is_named_alone(scope, kind, rules[kind is FirewallRuleKind.NAT], rule.name)
        made = (_rule(scope, machine, kind, node, rule, ranges) for rule in node.rules)
        placed.append((place, [rule for rule in made if rule is not None]))
    return tuple(rule for _, rules in sorted(placed, key=lambda each: each[0]) for rule in rules)


def _is_named_alone(scope: Scope, kind: FirewallRuleKind, rules: dict[str, Token], name: Token) -> None:
    """Report a name that another rule of the firewall has, or Azure's own: open facts are called by it.

    What is open about NAT rules is not what is open about others.
    """
    if not is_new(scope, rules, "rule of the firewall", name) or kind is FirewallRuleKind.NAT:
        return
    if text_of(name).casefold() == _AZURES_OWN:
        message = f"the name {shown(text_of(name))} is that of the rules that Azure has itself"
        scope.problems.error("duplicate-name", message, scope.span(name), "taken")


def _key(scope: Scope, node: CollectionNode) -> tuple[int, ...] | None:
    """Return what orders the collections of one kind: the parent's first, then group, then priority (F-FW-2)."""
    priority = scope.number(node.priority, *_PRIORITIES, "priority")
    group = scope.number(node.group, *_PRIORITIES, "priority") if node.group is not None else 0
    return None if priority is None or group is None else (node.parent is None, group, priority)


def _tie(scope: Scope, kind: FirewallRuleKind, earlier: CollectionNode, node: CollectionNode) -> None:
    scope.problems.error(
        "priority-taken",
        f"two {kind.value} collections have priority {node.priority}, so that neither is asked first",
        scope.span(node.priority),
        "taken",
        ((scope.span(earlier.priority), f"{shown(text_of(earlier.name))} has it"),),
        "give one of them another priority",
    )


def _access(scope: Scope, node: CollectionNode, kind: FirewallRuleKind) -> bool:
    """Tell whether a collection says what its rules do, which those of NAT do not."""
    span = scope.span(node.access or node.name)
    if kind is FirewallRuleKind.NAT and node.access is not None:
        message, help_text = "a NAT collection neither allows nor denies", "what it translates a network rule can deny"
        scope.problems.error("bad-collection", message, span, "leave it out", (), help_text)
    if kind is not FirewallRuleKind.NAT and node.access is None:
        message = f"the {kind.value} collection {shown(text_of(node.name))} does not say what its rules do"
        scope.problems.error("bad-collection", message, span, "write `allow` or `deny` behind it")
    return (kind is FirewallRuleKind.NAT) is (node.access is None)


# -- rules ----------------------------------------------------------------------------------------------


def _rule(
    scope: Scope,
    machine: Machine,
    kind: FirewallRuleKind,
    collection: CollectionNode,
    node: FirewallRuleNode,
    ranges: Ranges,
) -> FirewallRule | None:
    """Return the rule; None where a part of it could not be understood."""
    mistakes = scope.problems.errors
    name, span = scope.name(node.name), scope.span(node.first, node.last)
    sources = _sources(scope, node, ranges)
    ports = scope.ports(node.ports) if node.ports is not None or kind is not FirewallRuleKind.APPLICATION else None
    _parts(scope, kind, node)
    blank = FirewallRule(
        name or "", kind, collection.access != "deny", (), sources, IntervalSet(), ports or IntervalSet(), span=span
    )
    if kind is FirewallRuleKind.NAT:
        made = _nat(scope, machine, node, blank)
    elif kind is FirewallRuleKind.NETWORK:
        made = _network(scope, node, blank, ranges)
    else:
        made = _application(scope, node, blank)
    return made if scope.problems.errors == mistakes else None


def _parts(scope: Scope, kind: FirewallRuleKind, node: FirewallRuleNode) -> None:
    """Report parts that a rule of its kind cannot do without, and those it cannot have."""
    is_nat = kind is FirewallRuleKind.NAT
    span = scope.span(node.first, node.name)
    for word, part, is_for_nat in (
        ("at", node.at, True),
        ("->", node.translation, True),
        ("to", node.destinations, False),
    ):
        if part is None and is_nat is is_for_nat:
            message = f"a rule of {kind.value} has no {shown(word)}"
            help_text = (
                "write `at NAME port N -> ADDRESS`, NAME being a public address of the firewall"
                if is_nat
                else "write `to` and the destinations, `*` for all"
            )
            scope.problems.error("bad-firewall-rule", message, span, "not whole", (), help_text)
            return
        if part is not None and is_nat is not is_for_nat:
            message = f"a rule of {kind.value} cannot have {shown(word)}"
            help_text = "its address is given with `at`" if is_nat else "rules of a `nat` collection have it"
            scope.problems.error("bad-firewall-rule", message, span, "has it", (), help_text)
            return


def _nat(scope: Scope, machine: Machine, node: FirewallRuleNode, blank: FirewallRule) -> FirewallRule:
    at = _address_at(scope, machine, node.at) if node.at is not None else None
    if node.ports is None or node.ports.ports[0].casefold() in ANY_WORDS:
        span = scope.span(node.ports.ports[0] if node.ports is not None else node.name)
        scope.problems.error("bad-port", "a nat rule has to name its ports", span, "write `port N`")
    return replace(
        blank, protocols=_tcp_udp(scope, node.protocols), at=at, translation=_translation(scope, node, blank)
    )


def _translation(scope: Scope, node: FirewallRuleNode, blank: FirewallRule) -> Translation | None:
    if node.translation is None:
        return None
    address = scope.address(node.translation.address)
    said = node.translation.port
    port = scope.number(said, 1, LAST_PORT, "port") if said is not None else None
    ports = blank.destination_ports
    if said is None and ports:
        if ports.size > 1:
            message, label = "several ports are translated, and not to which one", "write `port N` behind it"
            scope.problems.error("bad-port", message, scope.span(node.translation.address), label)
        port = ports.intervals[0].low
    return None if address is None or port is None else Translation(address, port)


def _address_at(scope: Scope, machine: Machine, token: Token) -> str | None:
    """Return the public address of the firewall that is named, None for its private one."""
    if token.type != "STRING" and token.casefold() == PRIVATE:
        return None
    names = [public.name for public in machine.public_addresses]
    found = next((name for name in names if name.casefold() == text_of(token).casefold()), None)
    if found is None:
        scope.problems.error(
            "unknown-public-address",
            f"firewall {shown(machine.name)} has no public address {shown(text_of(token))}",
            scope.span(token),
            "not declared",
            (),
            did_you_mean(text_of(token), [*names, PRIVATE]) or f"it has {listed([*names, PRIVATE])}",
        )
    return found


def _network(scope: Scope, node: FirewallRuleNode, blank: FirewallRule, ranges: Ranges) -> FirewallRule:
    protocols = [scope.protocol(token) for token in node.protocols]
    known = dict.fromkeys(protocol for protocol in protocols if not isinstance(protocol, NotUnderstood))
    destinations = _destinations(scope, node.destinations, ranges)
    return replace(
        blank,
        protocols=(None,) if None in known else tuple(known),
        destinations=destinations.addresses,
        service_tags=destinations.tags,
        has_names=destinations.has_names,
    )


def _application(scope: Scope, node: FirewallRuleNode, blank: FirewallRule) -> FirewallRule:
    default = [scope.one_of(token, APPLICATION_PORTS, "protocol of an application rule") for token in node.protocols]
    ports = blank.destination_ports or set_of(port for port in default if port is not None)
    ends = node.destinations
    if isinstance(ends, EndpointsNode) and not any(map(_is_every_name, ends.terms)):
        for term in (*ends.terms, *ends.excluded):
            if term in ends.excluded or not isinstance(term, ReferenceNode) or term.first.type != "STRING":
                message, label = "an application rule is for domain names", "expected `*` or names in quotes"
                scope.problems.error("bad-firewall-rule", message, scope.span(term.first, term.last), label)
        return replace(blank, protocols=(TCP,), destination_ports=ports, has_names=True)
    return replace(blank, protocols=(TCP,), destination_ports=ports, destinations=ALL_ADDRESSES)


def _is_every_name(term: TermNode) -> bool:
    return word_of(term) == "any" or (isinstance(term, ReferenceNode) and text_of(term.first) == "*")


def _tcp_udp(scope: Scope, tokens: Sequence[Token]) -> tuple[int | None, ...]:
    """Return the protocols of a NAT rule, which are TCP and UDP alone."""
    found: dict[int | None, None] = {}
    for token in tokens:
        protocol = scope.protocol(token)
        if protocol is None:
            found.update(dict.fromkeys((TCP, UDP)))
        elif protocol in (TCP, UDP):
            found[protocol] = None
        elif not isinstance(protocol, NotUnderstood):
            message, label = f"no rule of nat is for {shown(token)}", "expected `tcp`, `udp` or `any`"
            scope.problems.error("unknown-protocol", message, scope.span(token), label)
    return tuple(found)


# -- sources and destinations ---------------------------------------------------------------------------


def _sources(scope: Scope, node: FirewallRuleNode, ranges: Ranges) -> IntervalSet:
    """Return the sources, among which service tags cannot be (F-FW-9)."""
    if not isinstance(node.sources, EndpointsNode):
        return ALL_ADDRESSES
    for term in node.sources.terms:
        tag = _tag(scope, term) if isinstance(term, ReferenceNode) else None
        if tag is not None:
            message = f"service tags are destinations in rules of a firewall, and {shown(tag)} is a source"
            scope.problems.error("service-tag-as-source", message, scope.span(term.first, term.last), "not here")
            return IntervalSet()
    return ranges(node.sources)


def _destinations(scope: Scope, ends: EndpointsNode | Token | None, ranges: Ranges) -> _Destinations:
    """Return the destinations of a network rule: addresses, service tags, names of domains in quotes."""
    if not isinstance(ends, EndpointsNode):
        return _Destinations(ALL_ADDRESSES)
    tags: dict[str, None] = {}
    named: list[ReferenceNode] = []
    rest = []
    for term in ends.terms:
        tag = _tag(scope, term) if isinstance(term, ReferenceNode) else None
        if tag in DEFINED_TAGS:
            message, label = f"firewalls do not know the service tag {shown(str(tag))}", "name the addresses"
            scope.problems.error("unknown-service-tag", message, scope.span(term.first, term.last), label)
        elif tag is not None:
            tags[tag] = None
        elif isinstance(term, ReferenceNode) and _is_domain(scope, term):
            named.append(term)
        elif not isinstance(term, ReferenceNode) or _is_set(scope, term) or _is_subnet(scope, term):
            rest.append(term)
        else:
            _unknown(scope, term)
    if ends.excluded and (tags or named):
        message, label = "`except` takes addresses away, not from service tags or names", "not here"
        scope.problems.error("bad-firewall-rule", message, scope.span(ends.excluded[0].first, ends.last), label)
    addresses = ranges(ends._replace(terms=rest)) if rest else IntervalSet()
    return _Destinations(addresses, tuple(tags), bool(named))


def _tag(scope: Scope, term: ReferenceNode) -> str | None:
    """Return the service tag that a term names; what is declared as a set of endpoints is none.

    In quotes a word without a dot is a tag, however new.
    """
    if _is_set(scope, term) or _is_subnet(scope, term):
        return None
    word = text_of(term.first) if term.second is None else f"{text_of(term.first)}.{text_of(term.second)}"
    known = spelling_of_tag(scope.names, word)
    is_new_one = (
        scope.names.tag_list is None and term.first.type == "STRING" and term.second is None and not _has_domain(word)
    )
    return known or (word if is_new_one else None)


def _is_domain(scope: Scope, term: ReferenceNode) -> bool:
    is_text = term.first.type == "STRING" and term.second is None and not _is_set(scope, term)
    return is_text and _has_domain(text_of(term.first))


def _has_domain(text: str) -> bool:
    return "." in text or "*" in text


def _is_set(scope: Scope, term: ReferenceNode) -> bool:
    if term.second is not None:
        return False
    return word_of(term) in _SETS_BY_WORD or any(scope.names.lookup(kind, text_of(term.first)) for kind in SELECTABLE)


def _is_subnet(scope: Scope, term: ReferenceNode) -> bool:
    return term.second is not None and scope.names.lookup("vnet", text_of(term.first)) is not None


def _unknown(scope: Scope, term: ReferenceNode) -> None:
    word = str(term.first) if term.second is None else f"{term.first}.{term.second}"
    known: Iterable[str] = [
        *(name for kind in SELECTABLE for name in scope.names.spellings(kind)),
        *known_tags(scope.names),
    ]
    scope.problems.error(
        "unknown-name",
        f"{shown(word)} is neither a set of addresses nor a service tag",
        scope.span(term.first, term.last),
        "not declared",
        (),
        did_you_mean(word, known) or "domain names stand in quotes",
    )
