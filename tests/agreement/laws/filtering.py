"""Laws of filters: rules said otherwise, rules that others shadow, and what more or fewer rules can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

from tests.agreement.laws.law import Case, Changed, Law, Relation
from vnetverify.header import ALL_PORTS, EVERY_IPV4, TCP, UDP, Interval, IntervalSet, Prefix
from vnetverify.model.intents import Verb
from vnetverify.model.network import Network
from vnetverify.model.planes import has_ipv6
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    Nsg,
    SecurityRule,
)

_STEP = 10  # between priorities, so that a rule fits in after another
_FIRST, _LAST_PRIORITY = 100, 4096
_Change = Callable[[Sequence[SecurityRule], Random], Sequence[SecurityRule]]


def _of_rules(change: _Change) -> Callable[[Case, Random], Changed | None]:
    """Return the change of a case in which the rules of every group change, which stand in order and apart."""

    def changed(case: Case, random: Random) -> Changed | None:
        spaced = _with_groups(case.network, lambda nsg: _spaced(_in_order(nsg.rules)))
        network = _with_groups(spaced, lambda nsg: tuple(change(nsg.rules, random)))
        if network == spaced:
            return None
        return Changed(case, replace(case, network=network))

    return changed


def _with_groups(network: Network, rules: Callable[[Nsg], tuple[SecurityRule, ...]]) -> Network:
    return replace(network, nsgs={name: replace(nsg, rules=rules(nsg)) for name, nsg in network.nsgs.items()})


def _in_order(rules: Iterable[SecurityRule]) -> list[SecurityRule]:
    return sorted(rules, key=lambda rule: rule.priority)


def _spaced(rules: Sequence[SecurityRule]) -> tuple[SecurityRule, ...]:
    """Return the rules with other priorities and in the same order of them."""
    return tuple(replace(rule, priority=_FIRST + _STEP * number) for number, rule in enumerate(rules))


def _is_plain(rule: SecurityRule) -> bool:
    """Hold when no open fact is about the rule by its name, so that a copy of it says the same."""
    fields = (rule.source, rule.destination)
    names_no_ports = rule.source_ports == ALL_PORTS == rule.destination_ports
    return (
        (rule.protocol in (TCP, UDP) or names_no_ports)
        and rule.first_destination_ports is None
        and not any(isinstance(field, AsgMembers) for field in fields)
    )


def _each(change: Callable[[SecurityRule], Iterable[SecurityRule]]) -> _Change:
    """Return the change that puts what it makes of each plain rule in its place."""
    return lambda rules, random: [new for rule in rules for new in (change(rule) if _is_plain(rule) else (rule,))]


def _named(rule: SecurityRule, suffix: str, after: int, **changed: object) -> SecurityRule:
    return replace(rule, name=f"{rule.name}{suffix}", priority=rule.priority + after, **changed)  # type: ignore[arg-type]


# -- said otherwise ---------------------------------------------------------------------------------------


def _other_priorities(rules: Sequence[SecurityRule], random: Random) -> Sequence[SecurityRule]:
    priorities = sorted(random.sample(range(_FIRST, _LAST_PRIORITY), len(rules)))
    return [replace(rule, priority=priority) for rule, priority in zip(rules, priorities, strict=True)]


def _neighbours_swapped(rules: Sequence[SecurityRule], random: Random) -> Sequence[SecurityRule]:
    swapped = list(rules)
    for number in range(len(rules) - 1):
        one, other = swapped[number], swapped[number + 1]
        if one.access is other.access or one.direction is not other.direction:
            swapped[number] = replace(other, priority=one.priority)
            swapped[number + 1] = replace(one, priority=other.priority)
    return swapped


def _prefixes_halved(rule: SecurityRule) -> Iterable[SecurityRule]:
    return (replace(rule, source=_halved(rule.source), destination=_halved(rule.destination)),)


def _halved(field: AddressField) -> AddressField:
    if not isinstance(field, AddressPrefixes):
        return field
    return AddressPrefixes(tuple(half for prefix in field.prefixes for half in _halves(prefix)))


def _halves(prefix: Prefix) -> tuple[Prefix, ...]:
    """Return both halves; a prefix for everything stays whole, since Azure may read it as more (U-V6ANY)."""
    if prefix.length in (0, prefix.family.bits):
        return (prefix,)
    upper = prefix.value | 1 << (prefix.family.bits - prefix.length - 1)
    return Prefix(prefix.value, prefix.length + 1), Prefix(upper, prefix.length + 1)


def _a_rule_for_each_source(rule: SecurityRule) -> Iterable[SecurityRule]:
    if not isinstance(rule.source, AddressPrefixes):
        return (rule,)
    return [
        _named(rule, f"-{number}", number, source=AddressPrefixes((prefix,)))
        for number, prefix in enumerate(rule.source.prefixes)
    ]


def _ports_halved(rule: SecurityRule) -> Iterable[SecurityRule]:
    if rule.protocol not in (TCP, UDP) or len(rule.destination_ports.intervals) != 1:
        return (rule,)
    (ports,) = rule.destination_ports
    if ports.low == ports.high:
        return (rule,)
    middle = (ports.low + ports.high) // 2
    parts = (Interval(ports.low, middle), Interval(middle + 1, ports.high))
    return [_named(rule, f"-{n}", n, destination_ports=IntervalSet((part,))) for n, part in enumerate(parts)]


def _said_three_times(rule: SecurityRule) -> Iterable[SecurityRule]:
    """Yield the rule and two copies behind it."""
    return (rule, _named(rule, "-again", 1), _named(rule, "-and-again", 2))


def _everything_written_out(case: Case, random: Random) -> Changed | None:
    if has_ipv6(case.network):
        return None  # where it would be a question whether it covers IPv6 (U-V6ANY)
    changed = _of_rules(lambda rules, random: [_written_out(rule) for rule in rules])
    return changed(case, random)


def _written_out(rule: SecurityRule) -> SecurityRule:
    every = AddressPrefixes((EVERY_IPV4,))
    return replace(
        rule,
        source=every if rule.source == AnyAddress() else rule.source,
        destination=every if rule.destination == AnyAddress() else rule.destination,
    )


def _shadowed_opposites(rule: SecurityRule) -> Iterable[SecurityRule]:
    opposite = Access.DENY if rule.access is Access.ALLOW else Access.ALLOW
    return (rule, _named(rule, "-shadowed", 1, access=opposite))


# -- more and fewer ---------------------------------------------------------------------------------------


def _about(verb: Verb, change: Callable[[Case, Random], Changed | None]) -> Callable[[Case, Random], Changed | None]:
    """Return the change of a case whose sentence has this verb instead, where no probe can turn flows elsewhere."""

    def changed(case: Case, random: Random) -> Changed | None:
        if case.network.load_balancers or case.network.private_endpoints:
            return None
        return change(replace(case, claim=replace(case.claim, verb=verb, via=(), expected_hop=None)), random)

    return changed


def _blanket(access: Access) -> _Change:
    """Return the change that adds a rule somewhere which does so with some packets, of either direction."""

    def changed(rules: Sequence[SecurityRule], random: Random) -> Sequence[SecurityRule]:
        ports = random.choice((ALL_PORTS, IntervalSet((Interval(0, 443),)), IntervalSet((Interval(80, 80),))))
        rule = SecurityRule(
            name=f"added-{access.value}",
            priority=_FIRST - 1 + _STEP * random.randint(0, len(rules)),
            direction=random.choice(tuple(Direction)),
            access=access,
            protocol=TCP,
            source=AnyAddress(),
            source_ports=ALL_PORTS,
            destination=AnyAddress(),
            destination_ports=ports,
        )
        return [*rules, rule]

    return changed


def _without(access: Access) -> _Change:
    return lambda rules, random: [rule for rule in rules if rule.access is not access]


FILTERING = (
    Law("only the order of priorities counts", Relation.SAME, _of_rules(_other_priorities), in_every_world=True),
    Law("neighbours of one kind may change places", Relation.SAME, _of_rules(_neighbours_swapped), in_every_world=True),
    Law("a prefix is its two halves", Relation.SAME, _of_rules(_each(_prefixes_halved)), in_every_world=True),
    Law("a list of sources is a rule for each", Relation.SAME, _of_rules(_each(_a_rule_for_each_source))),
    Law("a range of ports is its two halves", Relation.SAME, _of_rules(_each(_ports_halved))),
    Law("a rule said three times is said", Relation.SAME, _of_rules(_each(_said_three_times))),
    Law("a rule behind its opposite is none", Relation.SAME, _of_rules(_each(_shadowed_opposites))),
    Law("0.0.0.0/0 is any address of IPv4", Relation.SAME, _everything_written_out),
    Law("one more deny lets no more pass", Relation.NO_MORE, _about(Verb.NEVER_REACHES, _of_rules(_blanket(Access.DENY)))),
    Law("one more allow stops no more", Relation.NO_MORE, _about(Verb.REACHES, _of_rules(_blanket(Access.ALLOW)))),
    Law("fewer allows let no more pass", Relation.NO_MORE, _about(Verb.NEVER_REACHES, _of_rules(_without(Access.ALLOW)))),
    Law("fewer denies stop no more", Relation.NO_MORE, _about(Verb.REACHES, _of_rules(_without(Access.DENY)))),
)  # fmt: skip
