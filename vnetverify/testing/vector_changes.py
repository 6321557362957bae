"""Test vectors about flows that began before a change of rules (F-STATE-4).

The format shows the rules after the change and tells the change in a sentence. The network here has the rules of both
times, and the question says which of them were not there before, and which are no longer there after.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vnetverify.header import ALL_PORTS
from vnetverify.model.network import Network
from vnetverify.model.security import Access, AnyAddress, Direction, Nsg, SecurityRule
from vnetverify.testing import filtering_questions, filtering_vectors
from vnetverify.testing.changes import without_rules
from vnetverify.testing.filtering_fields import ports_of_field, protocol_of_field
from vnetverify.testing.questions import Asked, Outlives, Passage
from vnetverify.testing.records import NotApplicable, Record, answer_of, facts_of, fixed_atoms, verdict_of

_CHANGE = re.compile(
    r"rule (?P<name>\S+)(?: \((?P<protocol>[a-z*]+)(?: (?P<ports>[\d-]+|any))?, (?P<access>allow|deny), "
    r"(?P<direction>inbound|outbound)\))?"
    r"(?: was (?:present|absent) when the flow was admitted and)?"
    r" (?:was|has(?: since)?(?: then)? been) (?P<what>removed|added)(?: after the flow was admitted)?"
    r"(?:; flushConnection ?(?:is |= ?)?(?P<flush>(?:not )?(?:set|enabled|on)|true|false|off|disabled))?\.?",
    re.IGNORECASE,
)
_FLUSHES = frozenset({"set", "true", "on", "enabled"})
_FIRST = 100  # the smallest priority


def network_of(vector: Mapping[str, Any]) -> Network:
    """Return the network with the rules of before and after the change. Raises `NotApplicable`."""
    network, change = filtering_vectors.network_of(vector), _change(vector)
    if change["what"].lower() == "added":
        return network
    (nsg,) = _groups(network)
    if change["protocol"] is None:
        raise NotApplicable("a removed rule of which nothing is told")
    ports = change["ports"]
    rule = SecurityRule(
        name=change["name"],
        priority=_FIRST,
        direction=Direction(change["direction"].lower()),
        access=Access(change["access"].lower()),
        protocol=protocol_of_field(change["protocol"]),
        source=AnyAddress(),
        source_ports=ALL_PORTS,
        destination=AnyAddress(),
        destination_ports=ALL_PORTS if ports is None or ports.lower() == "any" else ports_of_field([ports]),
    )
    return replace(network, nsgs={nsg.name: replace(nsg, rules=_with_first(nsg.rules, rule))})


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked:
    """Return whether the flow goes on. Raises `NotApplicable`."""
    change, question = _change(vector), Record(vector["question"], "question")
    question.take("kind"), question.take("change")
    carried = filtering_questions.established_flow(question, network)
    question.finish()
    (nsg,) = _groups(network)
    changed, is_flushed = (f"{nsg.name}/{change['name']}",), _is_flushed(vector, change["flush"])
    without_rules(network, changed)  # so that none is malformed that names another
    gone = changed if change["what"].lower() == "removed" else ()
    outlives = Outlives(carried, gone, () if gone else changed, is_flushed)
    answer = answer_of(vector)
    happens = verdict_of(answer)
    answer.finish()
    return Asked(outlives, Passage(happens), facts_of(fixed_atoms(vector), network))


def _is_flushed(vector: Mapping[str, Any], told: str | None) -> bool:
    """Return whether flows are judged again, which the change says, or the group. Raises `NotApplicable`."""
    (nsg,) = Record(vector["network"], "network").records("nsgs", "nsg")
    of_group = nsg.take("flushConnection")
    of_change = None if told is None else told.lower() in _FLUSHES
    if None not in (of_group, of_change) and of_group is not of_change:
        raise NotApplicable("malformed: `flushConnection` of an nsg that the change tells otherwise")
    return bool(of_group or of_change)


def _change(vector: Mapping[str, Any]) -> re.Match[str]:
    told = vector["question"].get("change")
    match = _CHANGE.fullmatch(told) if isinstance(told, str) else None
    if match is None:
        raise NotApplicable(f"the change `{told}`")
    return match


def _groups(network: Network) -> Sequence[Nsg]:
    if len(network.nsgs) != 1:
        raise NotApplicable("a change of a rule where there is not one group")
    return tuple(network.nsgs.values())


def _with_first(rules: Sequence[SecurityRule], first: SecurityRule) -> tuple[SecurityRule, ...]:
    """Return the rules with `first` before them; those of its direction make place where their number is taken."""
    if any(rule.name.casefold() == first.name.casefold() for rule in rules):
        raise NotApplicable(f"malformed: `{first.name}` was removed, and is there")
    if any(rule.priority <= first.priority and rule.direction is first.direction for rule in rules):
        raise NotApplicable("a removed rule that may have stood behind others")
    return (first, *rules)
