"""Two versions of the security groups of one network, at one place: where they decide differently.

F-NSG-4, F-NSG-5, F-EVAL-1, F-EVAL-2, F-EVAL-3, F-EVAL-4, F-ADM-3, F-ADM-13, F-ADM-18.

A packet that matches no rule which one version has and the other has not, or has elsewhere in the order, meets the same
first match in both. So the question is about packets that match such a rule, and other rules count only where they can
meet one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.admin import admin_lists
from vnetverify.encoder.lists import Asking, LineName, ListQuestion, Lists
from vnetverify.encoder.spots import Context, contexts, entries
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, negate
from vnetverify.header import ALL_PORTS, EVERY_IPV4, TCP, UDP, IntervalSet, addresses_of
from vnetverify.model.network import Network
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AdminRule,
    AnyAddress,
    Direction,
    SecurityRule,
)

_MANY = 200  # changed rules from which on it costs more to tell which others can meet them
LAST_RULE = {Direction.INBOUND: "DenyAllInBound", Direction.OUTBOUND: "DenyAllOutBound"}

Decision = tuple[LineName, ...]
"""The rules that decide: security admin rules, then those of the groups in their order, up to the first that denies or
of all; none where no group is asked."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One context in both versions."""

    old: Context
    new: Context


def pairs(old: Estate, new: Estate) -> Iterator[Pair]:
    """Yield the contexts of places that both versions have, cut so that packets of one pair are judged alike."""
    others: dict[tuple[object, ...], list[Context]] = {}
    for context in (*contexts(new), *entries(new)):
        others.setdefault(_place_of(context), []).append(context)
    for context in (*contexts(old), *entries(old)):
        for other in others.get(_place_of(context), ()):
            local = context.local & other.local
            if local and (context.entry is None or _is_judged_as_entry(old, context, new, other)):
                nics = tuple(name for name in context.nics if name in other.nics)
                here = tuple(direction for direction in context.directions if direction in other.directions)
                kept = (replace(one, local=local, nics=nics, directions=here) for one in (context, other))
                yield Pair(*kept)


def _is_judged_as_entry(old: Estate, context: Context, new: Estate, other: Context) -> bool:
    """Tell whether what comes in by a public address may fare otherwise than what comes from elsewhere.

    Without a group that hangs on the address, which is not compared; but for what admin rules do there.
    """
    if context.groups or other.groups:
        return not (context.groups and other.groups)
    versions = ((old.network, context), (new.network, other))
    return any(admin_lists(network, one.spot.subnet, Direction.INBOUND) for network, one in versions)


def _place_of(context: Context) -> tuple[object, ...]:
    nic = context.spot.nic
    by_balancer = context.entry.name if context.entry is not None and context.entry.is_balancer else None
    nic_name = None if nic is None else nic.name
    return context.spot.subnet.id, nic_name, context.spot.is_endpoint, context.entry is None, by_balancer


def renamed(old: Network, new: Network) -> dict[str, str]:
    """Return by what names facts about rules go that read as one that is gone: those are the same facts."""
    labels = [{_label(owner, rule.name): rule for owner, rule in _own_rules(network)} for network in (old, new)]
    gone = {_content(rule): label for label, rule in labels[0].items() if label not in labels[1]}
    fresh = {label: rule for label, rule in labels[1].items() if label not in labels[0]}
    found: dict[str, str] = {}
    for label, rule in fresh.items():
        former = gone.pop(_content(rule), None)
        if former is not None:
            found[label] = former
    return found


def _own_rules(network: Network) -> Iterator[tuple[str, SecurityRule | AdminRule]]:
    yield from ((nsg.name, rule) for nsg in network.nsgs.values() for rule in nsg.rules)
    yield from ((collection.manager, rule) for collection in network.admin_rules for rule in collection.rules)


def _label(nsg: str, rule: str) -> str:
    return f"{nsg}/{rule}"


def _content(rule: SecurityRule | AdminRule) -> tuple[object, ...]:
    """Return all that decides about a rule but its place in the order."""
    if isinstance(rule, AdminRule):
        sides = (rule.source, rule.source_ports, rule.destination, rule.destination_ports)
        return rule.direction, rule.action, rule.protocol, sides
    return rule.direction, rule.access, _matched(rule)


def _matched(rule: SecurityRule) -> tuple[object, ...]:
    """Return what a rule matches, by its words."""
    return (
        rule.protocol, rule.source, rule.source_ports, rule.destination, rule.destination_ports,
        rule.first_destination_ports,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ordered:
    """A group of one version as it is tried, without rules that match what an earlier one does: these never decide.

    Of two versions that are aligned `matches` are equal where two rules match the same packets.
    """

    nsg: str
    rules: tuple[SecurityRule, ...]
    matches: tuple[int, ...]

    @property
    def keys(self) -> list[tuple[int, Access]]:
        """Return what rules share that match alike and do the same."""
        return [(match, rule.access) for match, rule in zip(self.matches, self.rules, strict=True)]


Changed = tuple[tuple[SecurityRule, ...], tuple[SecurityRule, ...]]
"""The rules that the old and the new version of a group have for themselves."""


class Alignment:
    """The groups of both versions at a pair of contexts in one direction, side by side.

    `changed` are the rules that one version alone has, by the position of their group; None where the groups do not
    stand beside each other. `has_admin` tells that security admin rules stand before them, `is_same` that there is
    nothing to ask, and `keeps_records` that both versions always allow the same, so that what leaves a record does so
    in both (F-ADM-18).
    """

    def __init__(self, old: Estate, new: Estate, pair: Pair, direction: Direction, names: Mapping[str, str]) -> None:
        self.estates = (old, new)
        self.pair = pair
        self.direction = direction
        self.names = names
        self.askings = self.fresh_askings()
        self._matches: dict[object, int] = {}
        before, after = (
            Lists(asking, replace(context, groups=()), direction, labelled=False)
            for asking, context in zip(self.askings, (pair.old, pair.new), strict=True)
        )
        self.header = before.header
        self.has_admin = bool(before.admin or after.admin)
        self.keeps_records = before.always == after.always
        self.has_same_admin = self.keeps_records and before.denied == after.denied
        old_lists, new_lists = (
            tuple(self._ordered(side, context, name) for name in context.groups)
            for side, context in zip(self.askings, (pair.old, pair.new), strict=True)
        )
        self.lists = (old_lists, new_lists)
        self.changed = None
        if len(old_lists) == len(new_lists):
            self.changed = [_changed(one, other) for one, other in zip(old_lists, new_lists, strict=True)]
        self.is_same = self.has_same_admin and self.changed is not None and not any(map(any, self.changed))

    @property
    def size(self) -> int:
        """Return how many rules there are in both versions together."""
        return sum(len(group.rules) for groups in self.lists for group in groups)

    def fresh_askings(self) -> tuple[Asking, Asking]:
        asking = Asking(self.estates[0])
        return asking, Asking(self.estates[1], asking, self.names)

    def _ordered(self, side: Asking, context: Context, name: str) -> Ordered:
        nsg = side.estate.network.nsgs[name]
        kept: dict[int, SecurityRule] = {}
        for rule in side.filters.rules(nsg, self.direction):
            match = self._matches.setdefault(self._match(side, context, name, rule), len(self._matches))
            kept.setdefault(match, rule)
        return Ordered(name, tuple(kept.values()), tuple(kept))

    def _match(self, side: Asking, context: Context, nsg: str, rule: SecurityRule) -> object:
        """Return what rules share that match the same packets."""
        if is_plain(rule.source) and is_plain(rule.destination):
            is_by_name = context.spot.is_endpoint or (rule.protocol not in (TCP, UDP) and not _has_all_ports(rule))
            label = _label(nsg, rule.name)
            return _matched(rule), side.filters.names.get(label, label) if is_by_name else None
        return side.filters.matches(side.estate.network.nsgs[nsg], rule, self.header, context.spot)


def _changed(old: Ordered, new: Ordered) -> Changed:
    common = common_subsequence(old.keys, new.keys)
    kept = ({index for index, _ in common}, {index for _, index in common})
    left, right = (
        tuple(rule for index, rule in enumerate(group.rules) if index not in indices)
        for group, indices in zip((old, new), kept, strict=True)
    )
    return left, right


@dataclass(frozen=True, slots=True)
class Deciding:
    """Symbols of one version: of each rule, that it decides in its list; and of each list of admin rules that one of
    these does."""

    rules: Mapping[LineName, Term]
    lists: tuple[tuple[Term, frozenset[LineName]], ...]

    def literals(self, decision: Decision) -> list[Term] | None:
        """Return literals that together say that these rules decide, None where one of them never does."""
        found = [self.rules.get(rule) for rule in decision]
        passed = [f"-{symbol}" for symbol, of_list in self.lists if of_list.isdisjoint(decision)]
        known = [literal for literal in found if literal is not None]
        return [*known, *passed] if len(known) == len(found) else None


class Comparison:
    """The question where two versions differ that stand side by side.

    Made `by_rule` it can tell which rules decide.
    """

    def __init__(self, alignment: Alignment, by_rule: bool = False) -> None:
        self.pair = alignment.pair
        self.direction = alignment.direction
        self._changed = alignment.changed if alignment.has_same_admin else None
        self._askings = alignment.fresh_askings()
        self.sides = tuple(
            Lists(side, context, self.direction, gone, labelled=False, chained=by_rule)
            for side, context, gone in zip(
                self._askings, (self.pair.old, self.pair.new), self._dropped(alignment.lists), strict=True
            )
        )
        old, new = (side.allows for side in self.sides)
        differs = all_of(any_of(old, new), negate(all_of(old, new)), self._matches_changed())
        self.differs = self.sides[0].literal(differs)
        self.may_differ = differs != FALSE

    def question(self) -> ListQuestion:
        return self._askings[0].question()

    def name_decisions(self) -> tuple[Deciding, ...]:
        """Return for each version the symbols by which decisions can be asked for."""
        return tuple(self._named(side) for side in self.sides)

    def _named(self, side: Lists) -> Deciding:
        name = self._askings[0].name
        rules: dict[LineName, Term] = {}
        lists: list[tuple[Term, frozenset[LineName]]] = []
        for admin in side.admin:
            of_list = {(admin.manager, line.rule.name): name(line.decides) for line in admin.lines}
            rules |= of_list
            lists.append((name(admin.decides), frozenset(of_list)))
        for level in side.levels:
            for line in level.lines:
                if line.decides != FALSE:
                    rules[level.nsg, line.rule.name] = name(line.decides)
            rules[level.nsg, LAST_RULE[self.direction]] = name(level.undecided)
        return Deciding(rules, tuple(lists))

    # -- which rules count --------------------------------------------------------------------------------

    def _dropped(self, lists: Sequence[Sequence[Ordered]]) -> tuple[frozenset[LineName], ...]:
        """Return the rules of each version that no packet in question can match."""
        if self._changed is None or self.pair.old.spot.is_endpoint:
            return frozenset(), frozenset()
        changed = [rule for position in self._changed for rules in position for rule in rules]
        if len(changed) > _MANY:
            return frozenset(), frozenset()
        reaches = [reach_of(rule) for rule in changed]
        return tuple(
            frozenset(
                (group.nsg, rule.name)
                for group in groups
                for rule in group.rules
                if not _may_meet_any(reach_of(rule), reaches)
            )
            for groups in lists
        )

    def _matches_changed(self) -> Term:
        """Hold when the packet matches a rule that one version alone has."""
        if self._changed is None:
            return TRUE
        terms: list[Term] = []
        for position, rules_of_sides in enumerate(self._changed):
            for side, rules in zip(self.sides, rules_of_sides, strict=True):
                wanted = {rule.name for rule in rules}
                terms += [line.matches for line in side.levels[position].lines if line.rule.name in wanted]
        return self._askings[0].script.share(any_of(*terms))


def common_subsequence(old: Sequence[object], new: Sequence[object]) -> list[tuple[int, int]]:
    """Return pairs of indices at which both have the same, rising in both; the most, were no element there twice."""
    places: dict[object, int] = {}
    for index, element in enumerate(old):
        places.setdefault(element, index)
    ends: list[int] = []
    chains: list[tuple[int, int, int]] = []
    last: list[int] = []
    for index, element in enumerate(new):
        place = places.get(element)
        if place is None:
            continue
        length = bisect_left(ends, place)
        chains.append((place, index, last[length - 1] if length else -1))
        if length == len(ends):
            ends.append(place)
            last.append(len(chains) - 1)
        else:
            ends[length] = place
            last[length] = len(chains) - 1
    found: list[tuple[int, int]] = []
    current = last[-1] if last else -1
    while current >= 0:
        place, index, current = chains[current]
        found.append((place, index))
    return found[::-1]


# -- what rules can have in common ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reach:
    """The packets that a rule can match at most; addresses are None where more than the text decides about them."""

    protocol: int | None
    sources: IntervalSet | None
    destinations: IntervalSet | None
    source_ports: IntervalSet
    destination_ports: IntervalSet


def is_plain(side: AddressField) -> bool:
    """Tell whether the addresses of a side are the same wherever the rule stands."""
    return isinstance(side, AnyAddress | AddressPrefixes)


def reach_of(rule: SecurityRule) -> Reach:
    return Reach(
        rule.protocol, _addresses(rule.source), _addresses(rule.destination), rule.source_ports, rule.destination_ports
    )


def _addresses(side: AddressField) -> IntervalSet | None:
    if not isinstance(side, AddressPrefixes) or EVERY_IPV4 in side.prefixes:
        return None
    return addresses_of(side.prefixes)


def _may_meet_any(one: Reach, others: Iterable[Reach]) -> bool:
    return any(may_meet(one, other) for other in others)


def may_meet(one: Reach, other: Reach) -> bool:
    """Tell whether some packet may match both rules."""
    if one.protocol is not None and other.protocol is not None and one.protocol != other.protocol:
        return False
    # Packets of other protocols have no ports, and may match whatever ports the rules name.
    have_ports = one.protocol in (TCP, UDP) or other.protocol in (TCP, UDP)
    if have_ports and not one.destination_ports & other.destination_ports:
        return False
    if have_ports and not one.source_ports & other.source_ports:
        return False
    sides = ((one.sources, other.sources), (one.destinations, other.destinations))
    return all(near is None or far is None or bool(near & far) for near, far in sides)


def _has_all_ports(rule: SecurityRule) -> bool:
    return rule.source_ports == ALL_PORTS and rule.destination_ports == ALL_PORTS
