"""Network security groups and application security groups."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from vnetverify.header import PROTOCOL_NUMBERS
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of, parent_of
from vnetverify.ingest.shapes import ASG, NSG, RULE, read
from vnetverify.ingest.values import (
    Malformed,
    as_list,
    as_number,
    as_ports,
    as_prefix,
    as_reference,
    as_text,
    is_ipv6,
    shown,
)
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)
from vnetverify.source import Span

_T = TypeVar("_T")
_LAST_PROTOCOL = 255
_TAG = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)

_GROUPS = "networksecuritygroups"
_RULES = "networksecuritygroups/securityrules"
_ASGS = "applicationsecuritygroups"

DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND}
_ACCESSES = {"allow": Access.ALLOW, "deny": Access.DENY}
# Azure's spelling of the tags that carry rules, also under their older names.
_TAGS = {
    "virtualnetwork": "VirtualNetwork",
    "virtual_network": "VirtualNetwork",
    "internet": "Internet",
    "azureloadbalancer": "AzureLoadBalancer",
    "azure_loadbalancer": "AzureLoadBalancer",
    "azureplatformdns": "AzurePlatformDNS",
    "azureplatformimds": "AzurePlatformIMDS",
    "azureplatformlkm": "AzurePlatformLKM",
}


class NotModelled(Exception):
    """A rule that Azure accepts and the model cannot hold; the message says why."""


@dataclass(frozen=True, slots=True)
class _Side:
    """The properties that name the addresses of one side of a rule, in lower case but for `groups`."""

    name: str
    single: str
    several: str
    groups: str


_SOURCE, _DESTINATION = (
    _Side(side, f"{side}addressprefix", f"{side}addressprefixes", f"{side}ApplicationSecurityGroups")
    for side in ("source", "destination")
)


class Filters:
    """The security groups of an input; `names` and `asg_names` hold their names by key."""

    def __init__(self, inventory: Inventory, findings: Findings) -> None:
        self._inventory = inventory
        self._findings = findings
        self.names = unique_names(((nsg.id, nsg.span) for nsg in inventory.of(_GROUPS)), findings)
        named = tuple(_asg_ids(inventory))
        self.asg_names = unique_names(named, findings)
        self._users: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._asg_spans = {key_of(identity): span for identity, span in reversed(named)}

    def nsgs(self) -> dict[str, Nsg]:
        """Return the groups with their rules, having noted what is in doubt about them."""
        rules: defaultdict[str, list[SecurityRule]] = defaultdict(list)
        for resource in self._inventory.of(_RULES):
            group = parent_of(resource.key)
            if group not in self.names:
                message = f"{resource.subject} belongs to an nsg that is not in the input"
                self._findings.note("nsg-missing", message, resource.span)
            else:
                rules[group].extend(self._rules_of(resource, group))
        for resource in self._inventory.of(_GROUPS):
            self._findings.doubts(resource, read(resource.body, resource.pointer, NSG)[1], resource.key)
            self._findings.doubt_untold(resource, self._inventory.untold(resource))
        spans = {resource.key: resource.span for resource in self._inventory.of(_GROUPS)}
        return {name: Nsg(name, tuple(rules[key]), spans[key]) for key, name in self.names.items()}

    def asgs(self) -> dict[str, Span]:
        """Return where each application security group is told of; call when all nsgs are known to be attached."""
        for resource in self._inventory.of(_ASGS):
            for group in self._users[resource.key]:
                self._findings.concern(resource.key, *self._findings.concerned_by(group))
            self._findings.doubts(resource, read(resource.body, resource.pointer, ASG)[1], resource.key)
        return {name: self._asg_spans[key] for key, name in self.asg_names.items()}

    def _rules_of(self, resource: Resource, group: str) -> Iterator[SecurityRule]:
        """Yield the rule, or nothing where it is not modelled."""
        values, doubts = read(resource.body, resource.pointer, RULE)
        if doubts:
            self._findings.doubts(resource, doubts, group)
        try:
            source = self._field(values, _SOURCE, group)
            destination = self._field(values, _DESTINATION, group)
            yield _rule(resource, values, source, destination)
        except NotModelled as reason:
            what = f"{resource.subject} of nsg `{self.names[group]}`"
            self._findings.doubt(what, str(reason), group, resource.span)
        except Malformed as fault:
            message = f"{fault} in {resource.subject} of nsg `{self.names[group]}`"
            self._findings.fault(resource, message)

    def _field(self, values: dict[str, Any], side: _Side, group: str) -> AddressField:
        """Return the addresses of one side of a rule."""
        groups = values.get(side.groups.lower())
        texts = _texts(values, side.single, side.several)
        if groups:
            if texts:
                raise NotModelled("a rule side with both addresses and application security groups is not modelled")
            return AsgMembers(tuple(self._asg(item, group) for item in as_list(groups, side.groups)))
        if not texts:
            raise Malformed(f"`{side.name}AddressPrefix` is missing")
        return addresses_named(texts)

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
    for kind, fields in (
        (_RULES, (_SOURCE.groups, _DESTINATION.groups)),
        *((kind, ("ipConfigurations",)) for kind in NIC_KINDS),
    ):
        for resource in inventory.of(kind):
            for field in fields:
                stated = resource.stated(field)
                for identity in ids_in(stated) if stated else ():
                    if kind_of(key_of(identity)) == _ASGS:
                        yield identity, resource.span


def _rule(resource: Resource, values: dict[str, Any], source: AddressField, destination: AddressField) -> SecurityRule:
    destination_ports = _texts(values, "destinationportrange", "destinationportranges")
    return SecurityRule(
        resource.name,
        as_number(values.get("priority"), "priority"),
        choice(DIRECTIONS, values.get("direction"), "direction"),
        choice(_ACCESSES, values.get("access"), "access"),
        protocol_of(as_text(values.get("protocol"), "protocol")),
        source,
        as_ports(_texts(values, "sourceportrange", "sourceportranges")),
        destination,
        as_ports(destination_ports),
        as_ports(destination_ports[:1]) if len(destination_ports) > 1 else None,
        span=resource.span,
    )


def choice(choices: Mapping[str, _T], value: Any, what: str) -> _T:
    text = as_text(value, what)
    found = choices.get(text.lower())
    if found is None:
        raise Malformed(f"`{what}` is `{shown(text)}`")
    return found


@lru_cache(maxsize=1_024)
def protocol_of(text: str) -> int | None:
    name = text.lower()
    if name in ("*", "all", "any"):
        return None
    if name.isascii() and name.isdigit() and len(name) <= 3 and int(name) <= _LAST_PROTOCOL:
        return int(name)
    if name not in PROTOCOL_NUMBERS:
        raise Malformed(f"`protocol` is `{shown(text)}`")
    return PROTOCOL_NUMBERS[name]


def _texts(values: dict[str, Any], single: str, several: str) -> tuple[str, ...]:
    one = values.get(single)
    texts = (as_text(one, single),) if one else ()
    many = values.get(several)
    return (*texts, *(as_text(text, several) for text in as_list(many, several))) if many else texts


@lru_cache(maxsize=65_536)
def addresses_named(stated: tuple[str, ...]) -> AddressField:
    """Return what the texts `stated` name together (F-NSG-11). Rules repeat each other, so equal ones are shared."""
    texts = [text.strip() for text in stated]
    if "*" in texts:
        return AnyAddress()
    words = [text for text in texts if not text[:1].isdigit() and not is_ipv6(text)]
    if not words:
        return AddressPrefixes(tuple(dict.fromkeys(map(as_prefix, texts))))
    for word in words:
        if _TAG.fullmatch(word) is None or word.lower() in ("any", "all"):
            raise Malformed(f"`{shown(word)}` is neither a prefix nor a service tag")
    if len(texts) > 1:
        raise NotModelled("a rule side with a service tag beside other addresses is not modelled")
    return ServiceTag(_TAGS.get(words[0].lower(), words[0]))
