"""From set expressions to the members and endpoints they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from vnetverify.header import ALL_ADDRESSES, IntervalSet, Prefix, addresses_of, interval_set
from vnetverify.model.balancers import LoadBalancer
from vnetverify.model.endpoints import (
    PUBLIC_ADDRESSES,
    PUBLIC_IPV6_ADDRESSES,
    Endpoints,
    are_disjoint,
    translated_addresses,
    union,
    without,
)
from vnetverify.model.intents import ANYWHERE, EndpointSet, PlaceKind
from vnetverify.model.network import ANY_TAG, Machine, Network, Vnet
from vnetverify.syntax.names import Names, text_of
from vnetverify.syntax.parts import AddressTerm, EndpointsNode, ReferenceNode, TaggedTerm, TermNode
from vnetverify.syntax.problems import did_you_mean, listed, shown
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import GroupNode

_WORDS = {"any": "everything", "internet": "the Internet", "vnet": "every vnet"}
VNET, SUBNET, MACHINE, SITE, GROUP = "vnet", "subnet", "machine", "site", "group"
LOAD_BALANCER, PRIVATE_ENDPOINT = "load balancer", "private endpoint"
_SHOWN_OF_CIRCLE = 3
SELECTABLE = (VNET, MACHINE, SITE, LOAD_BALANCER, PRIVATE_ENDPOINT, GROUP)


@dataclass(frozen=True, slots=True)
class Member:
    """What one term of a set stands for: its endpoints, and the plain ranges that an appliance's policy means by it.

    Of a prefix the next hop may be asked for all its `ranges`, whoever has them. `vnet` is the one that it is all of.
    """

    text: str
    endpoints: EndpointSet
    ranges: IntervalSet
    is_prefix: bool = False
    vnet: str | None = None


@dataclass(frozen=True)
class Selection:
    """The members of a set expression, each once; `nothing` are its terms that stand for no member."""

    members: tuple[Member, ...]
    text: str
    nothing: tuple[str, ...] = ()

    @cached_property
    def endpoints(self) -> EndpointSet:
        return union((member.endpoints for member in self.members), self.text)

    @cached_property
    def ranges(self) -> IntervalSet:
        if len(self.members) == 1:
            return self.members[0].ranges
        return interval_set(interval for member in self.members for interval in member.ranges)

    @cached_property
    def destinations(self) -> EndpointSet:
        """What routes can lead to: the endpoints, and every address of a prefix."""
        return union((_destinations(member) for member in self.members), self.text)

    @property
    def named(self) -> tuple[EndpointSet, ...]:
        """The endpoints of each member by itself, and none for each term that stands for nothing."""
        return (*(member.endpoints for member in self.members), *self._empty)

    @property
    def named_destinations(self) -> tuple[EndpointSet, ...]:
        """What routes can lead to of each member by itself."""
        return (*(_destinations(member) for member in self.members), *self._empty)

    @property
    def _empty(self) -> tuple[EndpointSet, ...]:
        return tuple(EndpointSet((), text) for text in self.nothing)

    @cached_property
    def is_disjoint(self) -> bool:
        return are_disjoint(member.endpoints for member in self.members)


def _destinations(member: Member) -> EndpointSet:
    if member.is_prefix and member.ranges:
        return EndpointSet(((ANYWHERE, member.ranges),), member.text)
    return member.endpoints


class Selectors:
    """Finds what set expressions stand for in one network with its groups."""

    def __init__(self, network: Network, names: Names) -> None:
        self._network = network
        self.names = names
        self._endpoints = Endpoints(network)
        self._prefixes: dict[Prefix, Member] = {}
        self.groups: dict[str, Selection] = {}
        self.instances = 0  # sentences that those with `for each` stand for, written out one by one

    def select(self, scope: Scope, node: EndpointsNode, variables: Mapping[str, Member] | None = None) -> Selection:
        """Return what `node` stands for; a term that is unknown is reported and stands for nothing."""
        variables = variables or {}
        text = scope.text(node.first, node.last) if not variables else _text_with(scope, node, variables)
        of_terms = [tuple(self._term(scope, term, variables)) for term in node.terms]
        members = self._each_once(of_terms)
        if node.excluded:
            excluded = self._each_once(self._term(scope, term, variables) for term in node.excluded)
            members = self._excluding(members, excluded)
        empty = (term for term, found in zip(node.terms, of_terms, strict=True) if not found)
        return Selection(tuple(members), text, tuple(scope.text(term.first, term.last) for term in empty))

    def ranges(self, scope: Scope, node: EndpointsNode) -> IntervalSet:
        """Return the addresses of what `node` stands for, whoever has them."""
        if node.excluded or not all(isinstance(term, AddressTerm) for term in node.terms):
            return self.select(scope, node).ranges
        stated = [scope.prefix(term.first) for term in node.terms]
        return addresses_of(prefix for prefix in stated if prefix is not None)

    def _each_once(self, of_terms: Iterable[Iterable[Member]]) -> list[Member]:
        """Return all members, each once; what is named as a prefix and otherwise too counts as a prefix."""
        found = [member for of_term in of_terms for member in of_term]
        if len(found) < 2:
            return found
        members: dict[tuple[object, object, IntervalSet, str | None], Member] = {}
        for member in found:
            nowhere = member.vnet if not member.endpoints else None  # vnets without hosts are told apart by their names
            key = (member.endpoints.parts, member.endpoints.unknown, member.ranges, nowhere)
            if key not in members or not members[key].is_prefix:
                members[key] = member
        return list(members.values())

    def _excluding(self, members: Iterable[Member], excluded: Sequence[Member]) -> list[Member]:
        """Return what is left of `members`; with hosts their public addresses go, and with all of a subnet its
        frontends."""
        holes = self._endpoints.with_other_names(union(member.endpoints for member in excluded))
        gaps = interval_set(interval for member in excluded for interval in member.ranges)
        rest = (
            replace(member, endpoints=without(member.endpoints, holes, member.text), ranges=member.ranges - gaps)
            for member in members
        )
        left = [member for member in rest if member.endpoints or member.endpoints.unknown or member.ranges]
        whole = {(member.endpoints.parts, member.ranges) for member in members}
        return [
            member if (member.endpoints.parts, member.ranges) in whole else replace(member, vnet=None)
            for member in left
        ]

    def groups_named(self, node: GroupNode) -> set[str]:
        """Return the declared groups that the definition of a group names."""
        terms = (*node.endpoints.terms, *node.endpoints.excluded)
        words = (text_of(term.first) for term in terms if isinstance(term, ReferenceNode) and term.second is None)
        return {declared.spelling for word in words if (declared := self.names.lookup(GROUP, word)) is not None}

    def _term(self, scope: Scope, term: TermNode, variables: Mapping[str, Member]) -> Iterable[Member]:
        if isinstance(term, AddressTerm):
            prefix = scope.prefix(term.first)
            return () if prefix is None else (self._prefix(prefix, str(term.first)),)
        if isinstance(term, TaggedTerm):
            return self._tagged(scope, term)
        if term.second is not None:
            return self._qualified(scope, term)
        return self._word(scope, term, variables)

    def _word(self, scope: Scope, term: ReferenceNode, variables: Mapping[str, Member]) -> Iterable[Member]:
        word = word_of(term)
        if word in variables:
            return (variables[word],)
        if word in _WORDS:
            self._check_meant(scope, term, word)
        if word == "any":
            return (Member("any", self._endpoints.everywhere(), ALL_ADDRESSES),)
        if word == "internet":
            return (Member("internet", self._endpoints.of_internet(), PUBLIC_ADDRESSES | PUBLIC_IPV6_ADDRESSES),)
        if word == VNET:
            return [self._vnet(vnet) for vnet in self._network.vnets.values()]
        return self._named(scope, term)

    def _check_meant(self, scope: Scope, term: ReferenceNode, word: str) -> None:
        """Warn of a word of the language where something declared is called so as well: that is not what it means."""
        kind = next((kind for kind in SELECTABLE if self.names.lookup(kind, word) is not None), None)
        if kind is not None:
            message = f"{shown(word)} is {_WORDS[word]} here, not the {kind} that is called so"
            help_text = f'the {kind} is written `"{word}"`'
            scope.problems.warning("word-of-the-language", message, scope.span(term.first), help=help_text)

    def _named(self, scope: Scope, term: ReferenceNode) -> Iterable[Member]:
        name, span = text_of(term.first), scope.span(term.first)
        found = [(kind, declared) for kind in SELECTABLE if (declared := self.names.lookup(kind, name)) is not None]
        if not found:
            self.names.unknown(SELECTABLE, name, span)
            return ()
        kind, declared = found[0]
        if len(found) > 1:
            kinds = " and a ".join(kind for kind, _ in found)
            places = tuple((declared.span, f"a {kind}") for kind, declared in found if declared.span.line)
            scope.problems.error("ambiguous-name", f"{shown(name)} is a {kinds}", span, "which one?", places)
            return ()
        return self._element(kind, declared.spelling)

    def _element(self, kind: str, name: str) -> Iterable[Member]:
        network = self._network
        if kind == GROUP:
            return self.groups[name].members if name in self.groups else ()
        if kind == VNET:
            return (self._vnet(network.vnets[name]),) if name in network.vnets else ()
        if kind == LOAD_BALANCER:
            return (_member(self._endpoints.of_load_balancer(network.load_balancers[name])),)
        if kind == PRIVATE_ENDPOINT:
            known = network.private_endpoints.get(name)
            return () if known is None else (_member(self._endpoints.of_private_endpoint(known)),)
        if kind == MACHINE:
            return (_member(self._endpoints.of_machine(network.machines[name])),)
        site = network.sites[name]
        return (Member(name, self._endpoints.of_site(site), addresses_of(site.prefixes)),)

    def _qualified(self, scope: Scope, term: ReferenceNode) -> Iterable[Member]:
        """Return the subnet that `vnet.subnet` names; where there is no such vnet, a part of what has parts."""
        whole = None if self.names.lookup(VNET, text_of(term.first)) else self._whole(text_of(term.first))
        if whole is not None:
            return self._part(scope, whole, term)
        found = scope.subnet(term)
        if found is None:
            return ()
        subnet = self._network.vnets[found[0]].subnet(found[1])
        if subnet is None:  # another is written alike, which is told: `a."b.c"` and `"a.b".c`
            return ()
        return (Member(subnet.id, self._endpoints.of_subnet(subnet), addresses_of(subnet.prefixes)),)

    def _whole(self, name: str) -> LoadBalancer | Machine | None:
        """Return the load balancer, or managed firewall with rules, that is called so."""
        balancer, machine = (self.names.lookup(kind, name) for kind in (LOAD_BALANCER, MACHINE))
        if balancer is not None:
            return self._network.load_balancers[balancer.spelling]
        host = self._network.machines.get(machine.spelling) if machine is not None else None
        return host if host is not None and host.firewall is not None else None

    def _part(self, scope: Scope, whole: LoadBalancer | Machine, term: ReferenceNode) -> Iterable[Member]:
        assert term.second is not None
        word = text_of(term.second)
        endpoints = self._endpoints.part_of(whole, word, f"{whole.name}.{word}")
        if endpoints is not None:
            return (_member(endpoints),)
        is_firewall = isinstance(whole, Machine)
        what = "public address with NAT rules" if is_firewall else "frontend"
        known = _parts(whole)
        scope.problems.error(
            "unknown-public-address" if is_firewall else "unknown-frontend",
            f"{shown(whole.name)} has no {what} called {shown(word)}",
            scope.span(term.first, term.second),
            "not declared",
            (),
            did_you_mean(word, known) or (f"declared: {listed(known)}" if known else None),
        )
        return ()

    def _tagged(self, scope: Scope, term: TaggedTerm) -> Iterable[Member]:
        if term.first.casefold() != VNET:
            scope.problems.error(
                "syntax", "only vnets have tags", scope.span(term.first), 'expected `vnet where TAG = "value"`'
            )
            return ()
        tag, value = text_of(term.tag), text_of(term.last)
        open_one = next((vnet for vnet in self._network.vnets.values() if _may_have_tag(vnet, tag, value)), None)
        if open_one is not None:
            scope.problems.error(
                "unknown-tag",
                f"whether vnet {shown(open_one.name)} has the tag {shown(f'{tag} = {value}')} is not known",
                scope.span(term.first, term.last),
                "so it is not known what this stands for",
            )
            return ()
        vnets = [vnet for vnet in self._network.vnets.values() if _has_tag(vnet, tag, value)]
        if not vnets:
            self._no_vnet_tagged(scope, term, tag, value)
        return [self._vnet(vnet) for vnet in vnets]

    def _no_vnet_tagged(self, scope: Scope, term: TaggedTerm, tag: str, value: str) -> None:
        """Warn of a set that is empty, since what is said of it holds for no reason."""
        tags = [(key, text) for vnet in self._network.vnets.values() for key, text in vnet.tags]
        values = sorted({text for key, text in tags if key.casefold() == tag.casefold()})
        keys = sorted({key for key, _ in tags})
        help_text = f"values of that tag: {listed(values)}" if values else did_you_mean(tag, keys)
        scope.problems.warning(
            "empty-set",
            f"no vnet has the tag {shown(f'{tag} = {value}')}",
            scope.span(term.first, term.last),
            "stands for nothing",
            help_text,
        )

    def _vnet(self, vnet: Vnet) -> Member:
        endpoints = self._endpoints.of_vnet(vnet)
        return Member(vnet.name, endpoints, addresses_of(vnet.address_space), vnet=vnet.name)

    def _prefix(self, prefix: Prefix, text: str) -> Member:
        """Return the member for a prefix; the same one again, under its first spelling, where it is written again."""
        known = self._prefixes.get(prefix)
        if known is None:
            known = Member(text, self._endpoints.in_prefix(prefix, text), addresses_of((prefix,)), is_prefix=True)
            self._prefixes[prefix] = known
        return known


def _parts(whole: LoadBalancer | Machine) -> list[str]:
    if isinstance(whole, Machine):
        return [public.name for public in translated_addresses(whole)]
    return [*(one.name for one in whole.frontends), *(one.name for one in whole.public_frontends)]


def _member(endpoints: EndpointSet) -> Member:
    """Return the member for what has its own addresses and no others; a public one that is not known is in no range."""
    ranges = interval_set(
        interval
        for place, addresses in endpoints.parts
        if place.kind != PlaceKind.PUBLIC.value or addresses.size == 1
        for interval in addresses
    )
    return Member(endpoints.text, endpoints, ranges)


def word_of(term: TermNode) -> str:
    """Return the word, case-folded, that a term consists of; nothing for what is no word or stands in quotes."""
    if not isinstance(term, ReferenceNode) or term.second is not None or term.first.type == "STRING":
        return ""
    return term.first.casefold()


def _text_with(scope: Scope, node: EndpointsNode, variables: Mapping[str, Member]) -> str:
    """Return what is written with the members in the places of the variables."""
    terms, excluded = (
        ", ".join(
            variables[word].text if (word := word_of(term)) in variables else scope.text(term.first, term.last)
            for term in terms
        )
        for terms in (node.terms, node.excluded)
    )
    return f"{terms} except {excluded}" if excluded else terms


def define_groups(selectors: Selectors, groups: Iterable[tuple[Scope, str, GroupNode]]) -> None:
    """Resolve the groups, each after those it names; groups in a circle are reported and left empty."""
    nodes = {name: (scope, node) for scope, name, node in groups}
    named: dict[str, Set[str]] = {
        name: selectors.groups_named(node) & nodes.keys() for name, (_, node) in nodes.items()
    }
    while named and not selectors.names.problems.is_crowded:
        sorter = TopologicalSorter(named)
        circle = _prepare(sorter)
        while ready := sorter.get_ready():
            for name in ready:
                scope, node = nodes[name]
                selectors.groups[name] = selectors.select(scope, node.endpoints)
            sorter.done(*ready)
        if circle:
            _report_circle(circle, nodes)
        named = _left(named, selectors.groups.keys() | set(circle))


def _prepare(sorter: TopologicalSorter[str]) -> list[str]:
    """Ready `sorter` for use; return a circle in it, empty where there is none."""
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1][1:])
    return []


def _left(named: Mapping[str, Set[str]], done: Set[str]) -> dict[str, Set[str]]:
    return {name: others - done for name, others in named.items() if name not in done}


def _report_circle(circle: Sequence[str], nodes: Mapping[str, tuple[Scope, GroupNode]]) -> None:
    first, *others = sorted(circle, key=list(nodes).index)
    scope, node = nodes[first]
    scope.problems.error(
        "circular-group",
        f"group {shown(first)} is defined by itself",
        scope.span(node.name),
        "needs itself",
        tuple((nodes[name][0].span(nodes[name][1].name), "by way of this group") for name in others[:_SHOWN_OF_CIRCLE]),
    )


def _has_tag(vnet: Vnet, tag: str, value: str) -> bool:
    """Tell whether `vnet` has the tag; Azure compares the names of tags without regard to case, their values with."""
    return any(key.casefold() == tag.casefold() and text == value for key, text in vnet.tags)


def _may_have_tag(vnet: Vnet, tag: str, value: str) -> bool:
    """Tell whether it is not known if `vnet` has the tag."""
    names = {name.casefold() for name in vnet.unknown_tags}
    return not _has_tag(vnet, tag, value) and not names.isdisjoint((tag.casefold(), ANY_TAG))
