"""Security groups as Azure shows them at an interface, beside those that stand there: group by group, by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vnetverify.facts import World
from vnetverify.header import (
    ALL_IPV4,
    ALL_IPV6,
    EVERY_IPV4,
    IntervalSet,
    Prefix,
    address_text,
    addresses_of,
    interval_set,
)
from vnetverify.ingest.values import as_prefix
from vnetverify.model.network import Network, Nic
from vnetverify.model.security import AddressField, AnyAddress, AsgMembers, SecurityRule, ServiceTag
from vnetverify.simulator.effective_rules import EffectiveRule, effective_rules
from vnetverify.simulator.tag_listing import tag_at
from vnetverify.testing.recordings import RecordedAddresses, RecordedGroup, RecordedRule, RecordedRules

_OF_SUBNET, _OF_INTERFACE = "subnetNsg", "nicNsg"
_DEFAULT_PRIORITY = 65000  # and above
_RULES_OF_TAGS = {"virtualnetwork": "F-TAG-7", "internet": "F-TAG-9", "azureloadbalancer": "F-TAG-12"}


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of a recording beside the derived one; `rule` is that behind what differs.

    `open_fact` is set where the line settles a fact that the model leaves open, which is no difference.
    """

    what: str
    line: str
    recorded: str
    derived: str
    rule: str = ""
    open_fact: str = ""

    @property
    def is_difference(self) -> bool:
        return self.recorded != self.derived and not self.open_fact

    def __str__(self) -> str:
        if self.open_fact:
            told = f"recorded {self.recorded}, derived {self.derived}"
            return f"{self.what}: {self.line}: {told}, which is open ({self.open_fact})"
        return f"{self.what}: {self.line}: recorded {self.recorded}, derived {self.derived} [{self.rule}]"


def rules_compared(network: Network, nic: Nic, recording: RecordedRules, world: World) -> Iterator[Compared]:
    """Yield how each rule of each group compares; where a group stands comes first (F-NSG-13)."""
    stood: dict[tuple[str, str], list[EffectiveRule]] = {}
    for rule in effective_rules(network, nic.subnet_id, nic.name, world):
        if isinstance(rule.rule, SecurityRule):
            stood.setdefault((rule.stage, rule.nsg.casefold()), []).append(rule)
    shown = {(stage, group.name.casefold()): group for group in recording.groups for stage in _stages(group)}
    for key in sorted({*stood, *shown}):
        place = f"group {key[1]} at the {'subnet' if key[0] == _OF_SUBNET else 'interface'}"
        yield Compared(recording.what, place, _presence(key in shown), _presence(key in stood), "F-NSG-13")
        if key in shown and key in stood:
            members = _in_virtual_network(network, nic.subnet_id, world)
            yield from _rules(f"{recording.what}: {place}", shown[key].rules, stood[key], members)


def _presence(is_there: bool) -> str:
    return "there" if is_there else "not there"


def _stages(group: RecordedGroup) -> Iterator[str]:
    if group.at_subnet:
        yield _OF_SUBNET
    if group.at_interface:
        yield _OF_INTERFACE


@dataclass(frozen=True, slots=True)
class _InTag:
    """A prefix that VirtualNetwork holds at the subnet, surely where there is no `fact` (F-TAG-7)."""

    addresses: IntervalSet
    fact: str


def _in_virtual_network(network: Network, subnet: str, world: World) -> tuple[_InTag, ...]:
    return tuple(
        _InTag(addresses_of((part.prefix,)), "" if part.fact is None else str(part.fact))
        for part in tag_at(network, subnet, "VirtualNetwork", world)
        if part.prefix is not None
    )


def _facts_settled(recorded: IntervalSet, derived: IntervalSet, members: Sequence[_InTag]) -> tuple[str, ...]:
    """Return the facts by whose other values the tag would hold what is recorded; none where no values make it so."""
    held = [one for one in members if not one.fact or not one.addresses - recorded]
    if interval_set(interval for one in held for interval in one.addresses) != recorded:
        return ()
    differing = (recorded - derived) | (derived - recorded)
    return tuple(dict.fromkeys(one.fact for one in members if one.fact and differing & one.addresses))


def _rules(
    what: str, shown: Sequence[RecordedRule], stood: Sequence[EffectiveRule], members: Sequence[_InTag]
) -> Iterator[Compared]:
    recorded = {(rule.direction.value, rule.name.casefold()): rule for rule in shown}
    derived = {(one.rule.direction.value, one.rule.name.casefold()): one for one in stood}
    for key in sorted({*recorded, *derived}):
        line = f"{key[0]} {key[1]}"
        if key not in recorded or key not in derived:
            rule = _rule_of_presence(derived.get(key))
            yield Compared(what, line, _presence(key in recorded), _presence(key in derived), rule)
            continue
        fields = _fields(what, line, recorded[key], derived[key], members)
        differing = [one for one in fields if one.recorded != one.derived]
        yield from differing or (Compared(what, line, "the same", "the same"),)


def _rule_of_presence(derived: EffectiveRule | None) -> str:
    is_default = derived is not None and derived.rule.priority >= _DEFAULT_PRIORITY
    return "F-DEF-1" if is_default else "F-NSG-1"


def _fields(
    what: str, line: str, recorded: RecordedRule, derived: EffectiveRule, members: Sequence[_InTag]
) -> Iterator[Compared]:
    rule = derived.rule
    assert isinstance(rule, SecurityRule)
    pairs: list[tuple[str, object, object, str]] = [
        ("priority", recorded.priority, rule.priority, "F-NSG-2"),
        ("access", recorded.access.value, rule.access.value, "F-NSG-1"),
        ("protocol", recorded.protocol, rule.protocol, "F-NSG-6"),
        ("source ports", recorded.source_ports, rule.source_ports, "F-NSG-8"),
        ("destination ports", recorded.destination_ports, rule.destination_ports, "F-NSG-8"),
    ]
    for name, wanted, given, rule_id in pairs:
        yield Compared(what, f"{line}: {name}", _shown(wanted), _shown(given), rule_id)
    ends = (
        ("source", recorded.source, rule.source, derived.sources),
        ("destination", recorded.destination, rule.destination, derived.destinations),
    )
    for end, shown, field, listed in ends:
        yield _end(what, f"{line}: {end}", shown, field, listed, members)


def _shown(value: object) -> str:
    if isinstance(value, IntervalSet):
        return ", ".join(f"{one.low}-{one.high}" for one in value) or "none"
    return "any" if value is None else str(value)


def _end(
    what: str,
    line: str,
    recorded: RecordedAddresses,
    field: AddressField,
    listed: tuple[Prefix, ...] | None,
    members: Sequence[_InTag],
) -> Compared:
    """Return how one end of a rule compares: a tag by its name and, where both sides list it, by what it holds."""
    word, named = _tag(recorded.words), field.name.lower() if isinstance(field, ServiceTag) else ""
    rule = "F-ASG-1" if isinstance(field, AsgMembers) else "F-NSG-10"
    if named:
        rule = _RULES_OF_TAGS.get(named, "F-TAG-14")
    if word or named:
        if word != named or not recorded.expanded or listed is None:
            return Compared(what, line, word or "no tag", named or "no tag", rule)
        wanted, line = addresses_of(recorded.expanded), f"{line}: {named}"
    else:
        wanted = addresses_of(recorded.expanded or map(_prefix, recorded.words))
    given = addresses_of(listed or ())
    if isinstance(field, AnyAddress):
        given = ALL_IPV4 | (wanted & ALL_IPV6)
    facts = _facts_settled(wanted, given, members) if named == "virtualnetwork" else ()
    return Compared(what, line, _beyond(wanted, given), _beyond(given, wanted), rule, ", ".join(facts))


def _tag(words: Sequence[str]) -> str:
    """Return the tag that a field names, in lower case; nothing where it has prefixes."""
    if len(words) == 1 and words[0] != "*" and not words[0][:1].isdigit() and ":" not in words[0]:
        return words[0].lower()
    return ""


def _prefix(word: str) -> Prefix:
    if word == "*":
        return EVERY_IPV4
    return as_prefix(word)


def _beyond(one: IntervalSet, other: IntervalSet) -> str:
    """Return what `one` holds beyond `other`."""
    return ", ".join(f"{address_text(i.low)}-{address_text(i.high)}" for i in one - other) or "nothing more"
