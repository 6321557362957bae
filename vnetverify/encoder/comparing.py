"""Two versions of the security groups of one network, at one place: where they decide differently.

F-NSG-4, F-NSG-5, F-EVAL-1, F-EVAL-2, F-EVAL-3, F-EVAL-4, F-META-2.

A packet that matches no rule which one version has and the other has not, or has elsewhere in the order, meets the same
first match in both. So the question is about packets that match such a rule, and other rules count only where they can
meet one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.lists import Asking, LineName, ListQuestion, Lists, is_own
from vnetverify.encoder.spots import Context, contexts, entries
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, negate
from vnetverify.header import ALL_PORTS, EVERY_IPV4, TCP, UDP, IntervalSet, addresses_of
from vnetverify.model.network import AddressField, AddressPrefixes, AnyAddress, Direction, Network, SecurityRule

_MANY = 200  # changed rules from which on it costs more to tell which others can meet them
LAST_RULE = {Direction.INBOUND: "DenyAllInBound", Direction.OUTBOUND: "DenyAllOutBound"}

Decision = tuple[LineName, ...]
"""The rules that decide, in the order of the groups: of those up to the first that denies, or of all."""


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
            if local and (context.entry is None or bool(context.groups) != bool(other.groups)):
                nics = tuple(name for name in context.nics if name in other.nics)
                here = tuple(direction for direction in context.directions if direction in other.directions)
                kept = (replace(one, local=local, nics=nics, directions=here) for one in (context, other))
                yield Pair(*kept)


def _place_of(context: Context) -> tuple[object, ...]:
    nic = context.spot.nic
    by_balancer = context.entry.name if context.entry is not None and context.entry.is_balancer else None
    nic_name = None if nic is None else nic.name
    return context.spot.subnet.id, nic_name, context.spot.is_endpoint, context.entry is None, by_balancer


def renamed(old: Network, new: Network) -> dict[str, str]:
    """Return by what names facts about rules go that read as one that is gone: those are the same facts."""
    labels = [{_label(nsg, rule.name): rule for nsg, rule in _own_rules(network)} for network in (old, new)]
    gone = {_content(rule): label for label, rule in labels[0].items() if label not in labels[1]}
    fresh = {label: rule for label, rule in labels[1].items() if label not in labels[0]}
    found: dict[str, str] = {}
    for label, rule in fresh.items():
        former = gone.pop(_content(rule), None)
        if former is not None:
            found[label] = former
    return found


def _own_rules(network: Network) -> Iterator[tuple[str, SecurityRule]]:
    return ((nsg.name, rule) for nsg in network.nsgs.values() for rule in nsg.rules)


def _label(nsg: str, rule: str) -> str:
    return f"{nsg}/{rule}"


def _content(rule: SecurityRule) -> tuple[object, ...]:
    """Return all that decides about a rule but its place in the order."""
    return (
        rule.direction, rule.access, rule.protocol, rule.source, rule.source_ports, rule.destination,
        rule.destination_ports, rule.first_destination_ports,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ordered:
    """A group of one version as it is tried; keys are equal where two rules match alike and do the same."""

    nsg: str
    rules: tuple[SecurityRule, ...]
    keys: tuple[object, ...]


class Comparison:
    """The question where two versions differ at a pair of contexts in one direction.

    `is_same` tells that there is nothing to ask. `changed` are the rules that one version alone has, by the position of
    their group; None where the groups do not stand beside each other. Made `by_rule` it can tell which rules decide.
    """

    def __init__(
        self,
        old: Estate,
        new: Estate,
        pair: Pair,
        direction: Direction,
        names: Mapping[str, str],
        by_rule: bool = False,
    ) -> None:
        self.pair = pair
        self._by_rule = by_rule
        self.direction = direction
        asking = Asking(old)
        self._askings = (asking, Asking(new, asking, names))
        self._header = Lists(asking, replace(pair.old, groups=()), direction, labelled=False).header
        listed = [
            [self._ordered(side, context, name) for name in context.groups]
            for side, context in zip(self._askings, (pair.old, pair.new), strict=True)
        ]
        self.changed = _changed(*listed) if len(listed[0]) == len(listed[1]) else None
        self.is_same = self.changed is not None and not any(self.changed)
        if not self.is_same:
            self._encode(listed)

    def _encode(self, listed: Sequence[Sequence[Ordered]]) -> None:
        dropped = self._dropped(listed)
        self.sides = tuple(
            Lists(side, context, self.direction, gone, labelled=False, chained=self._by_rule)
            for side, context, gone in zip(self._askings, (self.pair.old, self.pair.new), dropped, strict=True)
        )
        old, new = (side.allows for side in self.sides)
        differs = all_of(any_of(old, new), negate(all_of(old, new)), self._matches_changed())
        self.differs = self.sides[0].literal(differs)
        self.may_differ = differs != FALSE

    def question(self) -> ListQuestion:
        return self._askings[0].question()

    def name_decisions(self) -> tuple[dict[LineName, Term], ...]:
        """Return for each version a symbol by rule that is true where the rule decides its group."""
        found: list[dict[LineName, Term]] = []
        for side in self.sides:
            names: dict[LineName, Term] = {}
            for level in side.levels:
                for line in level.lines:
                    if line.decides != FALSE:
                        names[level.nsg, line.rule.name] = self._askings[0].name(line.decides)
                names[level.nsg, LAST_RULE[self.direction]] = self._askings[0].name(level.undecided)
            found.append(names)
        return tuple(found)

    # -- which rules count --------------------------------------------------------------------------------

    def _ordered(self, side: Asking, context: Context, name: str) -> Ordered:
        nsg = side.estate.network.nsgs[name]
        rules = tuple(side.filters.rules(nsg, self.direction))
        return Ordered(name, rules, tuple(self._key(side, context, name, rule) for rule in rules))

    def _key(self, side: Asking, context: Context, nsg: str, rule: SecurityRule) -> object:
        """Return what rules share that match the same packets and do the same with them."""
        if is_plain(rule.source) and is_plain(rule.destination):
            is_by_name = context.spot.is_endpoint or (rule.protocol not in (TCP, UDP) and not _has_all_ports(rule))
            label = _label(nsg, rule.name)
            return _content(rule), side.filters.names.get(label, label) if is_by_name else None
        return side.filters.matches(side.estate.network.nsgs[nsg], rule, self._header, context.spot), rule.access

    def _dropped(self, listed: Sequence[Sequence[Ordered]]) -> tuple[frozenset[LineName], ...]:
        """Return the rules of each version that no packet in question can match."""
        if self.changed is None or self.pair.old.spot.is_endpoint:
            return frozenset(), frozenset()
        changed = [rule for position in self.changed for rules in position for rule in rules]
        if len(changed) > _MANY:
            return frozenset(), frozenset()
        reaches = [reach_of(rule) for rule in changed]
        return tuple(
            frozenset(
                (group.nsg, rule.name)
                for group in groups
                for rule in group.rules
                if is_own(rule) and not any(may_meet(reach_of(rule), reach) for reach in reaches)
            )
            for groups in listed
        )

    def _matches_changed(self) -> Term:
        """Hold when the packet matches a rule that one version alone has."""
        if self.changed is None:
            return TRUE
        terms: list[Term] = []
        for position, rules_of_sides in enumerate(self.changed):
            for side, rules in zip(self.sides, rules_of_sides, strict=True):
                wanted = {rule.name for rule in rules}
                terms += [line.matches for line in side.levels[position].lines if line.rule.name in wanted]
        return self._askings[0].script.share(any_of(*terms))


Changed = tuple[tuple[SecurityRule, ...], tuple[SecurityRule, ...]]
"""The rules that the old and the new version of a group have for themselves."""


def _changed(old: Sequence[Ordered], new: Sequence[Ordered]) -> list[Changed]:
    found: list[Changed] = []
    for one, other in zip(old, new, strict=True):
        common = common_subsequence(one.keys, other.keys)
        kept = ({index for index, _ in common}, {index for _, index in common})
        left, right = (
            tuple(rule for index, rule in enumerate(group.rules) if index not in indices)
            for group, indices in zip((one, other), kept, strict=True)
        )
        found.append((left, right))
    return found


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
