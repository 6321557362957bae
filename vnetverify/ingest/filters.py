"""Network security groups and application security groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.properties import read
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, certain_first, key_of, kind_of, parent_of
from vnetverify.ingest.rule_lists import GROUPS, rule_list
from vnetverify.ingest.security_rules import NotModelled, UsualRules, groups_stated, security_rule
from vnetverify.ingest.shapes import ASG, NSG, RULE
from vnetverify.ingest.values import Malformed, as_reference
from vnetverify.model.security import Nsg, SecurityRule
from vnetverify.source import Span

_RULES = "networksecuritygroups/securityrules"
_ASGS = "applicationsecuritygroups"


class Filters:
    """The security groups of an input; `names` and `asg_names` hold their names by key."""

    def __init__(self, inventory: Inventory, findings: Findings) -> None:
        self._inventory = inventory
        self._findings = findings
        self._usual = UsualRules()
        self.names = unique_names(((nsg.id, nsg.span) for nsg in inventory.of(GROUPS)), findings)
        named = tuple(_asg_ids(inventory))
        self.asg_names = unique_names(named, findings)
        self._users: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._asg_spans = {key_of(identity): span for identity, span in reversed(named)}

    def nsgs(self) -> dict[str, Nsg]:
        """Return the groups with their rules, having noted what is in doubt about them."""
        rules: defaultdict[str, list[SecurityRule]] = defaultdict(list)
        for resource in self._inventory.of(GROUPS):
            listed = rule_list(resource)
            if listed is not None:
                rules[resource.key] += listed.rules
        for resource in certain_first(self._inventory.of(_RULES)):
            group = parent_of(resource.key)
            if group not in self.names:
                message = f"{resource.subject} belongs to an nsg that is not in the input"
                self._findings.note("nsg-missing", message, resource.span)
            else:
                rule = self._rule(resource, group)
                if rule is not None and not (resource.uncertain is not None and _excludes(rules[group], rule)):
                    rules[group].append(rule)
        for resource in self._inventory.of(GROUPS):
            self._findings.doubts(resource, read(resource.body, resource.pointer, NSG)[1], resource.key)
            self._findings.doubt_untold(resource, self._inventory.untold(resource))
        spans = {resource.key: resource.span for resource in self._inventory.of(GROUPS)}
        return {name: Nsg(name, tuple(rules[key]), spans[key]) for key, name in self.names.items()}

    def asgs(self) -> dict[str, Span]:
        """Return where each application security group is told of; call when all nsgs are known to be attached."""
        for resource in self._inventory.of(_ASGS):
            for group in self._users[resource.key]:
                self._findings.concern(resource.key, *self._findings.concerned_by(group))
            self._findings.doubts(resource, read(resource.body, resource.pointer, ASG)[1], resource.key)
        return {name: self._asg_spans[key] for key, name in self.asg_names.items()}

    def _rule(self, resource: Resource, group: str) -> SecurityRule | None:
        """Return the rule, None where it is not modelled."""
        try:
            usual = self._usual.rule(resource.body, resource.name, resource.span)
            if usual is not None:
                return usual
            values, doubts = read(resource.body, resource.pointer, RULE)
            self._findings.doubts(resource, doubts, group)
            return security_rule(resource.name, values, lambda item: self._asg(item, group), resource.span)
        except NotModelled as reason:
            what = f"{resource.subject} of nsg `{self.names[group]}`"
            self._findings.doubt(what, str(reason), group, resource.span)
        except Malformed as fault:
            message = f"{fault} in {resource.subject} of nsg `{self.names[group]}`"
            self._findings.fault(resource, message)
        return None

    def _asg(self, item: Any, group: str) -> str:
        reference = as_reference(item, "applicationSecurityGroups")
        if reference is None or key_of(reference) not in self.asg_names:
            raise Malformed("an application security group is not named by an id")
        self._users[key_of(reference)][group] = None
        return self.asg_names[key_of(reference)]


def _asg_ids(inventory: Inventory) -> Iterator[tuple[str, Span]]:
    """Yield every application security group that is there or named, since a group is no more than its members."""
    for resource in inventory.of(_ASGS):
        yield resource.id, resource.span
    for resource in inventory.of(_RULES):
        for stated in groups_stated(resource.body):
            yield from ((identity, resource.span) for identity in _asgs_in(stated))
    for kind in NIC_KINDS:
        for resource in inventory.of(kind):
            yield from ((identity, resource.span) for identity in _asgs_in(resource.stated("ipConfigurations")))


def _excludes(rules: Iterable[SecurityRule], other: SecurityRule) -> bool:
    """Hold when Azure would refuse `other` beside one of `rules`."""
    return any((rule.priority, rule.direction) == (other.priority, other.direction) for rule in rules)


def _asgs_in(stated: Any) -> Iterator[str]:
    return (identity for identity in ids_in(stated) if kind_of(key_of(identity)) == _ASGS)
