"""Rules of network security groups, of which an input may hold hundreds of thousands: equal parts are read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from vnetverify.header import PROTOCOL_NUMBERS, IntervalSet
from vnetverify.ingest.shapes import RULE
from vnetverify.ingest.values import (
    Malformed,
    as_list,
    as_number,
    as_port_text,
    as_ports,
    as_prefix,
    as_text,
    is_ipv6,
    printable,
    shown,
)
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    SecurityRule,
    ServiceTag,
)
from vnetverify.source import Span

_T = TypeVar("_T")
_LAST_PROTOCOL = 255
_TAG = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)
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
    """The properties that name the addresses of one side of a rule; those for `values` are in lower case."""

    name: str
    single: str
    several: str
    groups: str
    spelt_groups: str


_SOURCE, _DESTINATION = (
    _Side(
        side,
        f"{side}addressprefix",
        f"{side}addressprefixes",
        f"{side}applicationsecuritygroups",
        f"{side}ApplicationSecurityGroups",
    )
    for side in ("source", "destination")
)


def groups_stated(body: dict[str, Any]) -> Iterator[Any]:
    """Yield what a rule says of the application security groups at each of its sides."""
    inner = body.get("properties")
    layers = (inner, body) if isinstance(inner, dict) else (body,)
    for layer in layers:
        for key in _keys_of_groups(tuple(layer)):
            yield layer[key]


@lru_cache(maxsize=4_096)
def _keys_of_groups(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of `keys` that name application security groups, the source first."""
    wanted = (_SOURCE.groups, _DESTINATION.groups)
    return tuple(sorted((key for key in keys if key.lower() in wanted), key=lambda key: wanted.index(key.lower())))


# What every rule says in one value each, in the order of `Form.values`.
_USUAL = (
    "sourceaddressprefix", "destinationaddressprefix", "sourceportrange", "destinationportrange",
    "direction", "access", "protocol", "priority",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """How rules of the usual form are read whose objects have the same keys in the same order.

    `values` gets what a rule says from its properties, under whose keys `empty` nothing may stand. What is `beside`
    those, and `around` the properties, has no effect, but for the name. There are `distinct` keys in both objects.
    """

    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    empty: tuple[str, ...]
    beside: tuple[str, ...]
    around: tuple[str, ...]
    distinct: int

    @property
    def is_bare(self) -> bool:
        """Hold when nothing but its name stands around the properties, and nothing beside them."""
        return self.around == ("name",) and not self.beside


class UsualRules:
    """Reads the rules that say each thing in one text, as most do, in a quarter of the time; equal parts are shared."""

    def __init__(self) -> None:
        self._addresses: _Remembered[AddressField] = _Remembered(_addresses_at)
        self._ports: _Remembered[IntervalSet] = _Remembered(_ports_at)

    def rule(self, body: dict[str, Any], name: str, span: Span) -> SecurityRule | None:
        """Return the rule, None where it may be of another form, which says nothing about it.

        It is what `security_rule` makes of the properties that `read` finds, which raise no doubts. Raises `Malformed`
        and `NotModelled`.
        """
        form = form_of(body)
        return None if form is None else self.rule_of(form, body.get("properties") or body, name, span)

    def rule_of(self, form: Form, properties: dict[str, Any], name: str, span: Span) -> SecurityRule | None:
        """Return that for a rule of which the form is known."""
        if form.empty and any(map(properties.__getitem__, form.empty)):
            return None
        source, destination, source_ports, ports, direction, access, protocol, priority = form.values(properties)
        if priority.__class__ is not int:
            return None
        try:
            sender, receiver = self._addresses[source], self._addresses[destination]
            direction, access, protocol = _spelt_decision(direction, access, protocol)
            source_ports, ports = self._ports[source_ports], self._ports[ports]
        except (_NoText, TypeError):  # the latter for lists and objects, which nothing is remembered by
            return None
        return SecurityRule(
            name, priority, direction, access, protocol, sender, source_ports, receiver, ports, None, span
        )


def form_of(body: dict[str, Any]) -> Form | None:
    """Return the form of the rule `body`, None where it is not a usual one."""
    inner = body.get("properties")
    if inner is None:
        return _form_beside(tuple(body))
    return _form(tuple(body), tuple(inner)) if inner.__class__ is dict else None


@lru_cache(maxsize=4_096)
def _form(names: tuple[str, ...], properties: tuple[str, ...]) -> Form | None:
    """Return the form of rules with these keys and properties."""
    form = None if RULE.treatment(dict.fromkeys(names)).each else _form_beside(properties)
    if form is None:
        return None
    around = tuple(name for name in names if name != "properties")
    return replace(form, around=around, distinct=form.distinct + distinct(names))


@lru_cache(maxsize=4_096)
def _form_beside(names: tuple[str, ...]) -> Form | None:
    """Return the form of rules whose properties stand with these keys beside their name."""
    treatment = RULE.treatment(dict.fromkeys(names))
    spelt = {name: key for key, name, _ in treatment.each}
    if not treatment.is_plain or not spelt.keys() >= set(_USUAL):
        return None
    beside = tuple(name for name in names if name not in spelt.values())
    values = itemgetter(*(spelt.pop(name) for name in _USUAL))
    return Form(values, tuple(spelt.values()), beside, (), distinct(names))


def distinct(names: tuple[str, ...]) -> int:
    """Return how many of `names` are different, whatever their letter case."""
    return len({name.lower() for name in names})


class _NoText(Exception):
    """Something else than a text with something in it."""


class _Remembered(dict[str, _T]):
    """What `reads` makes of texts, each read once. Raises `_NoText`."""

    def __init__(self, reads: Callable[[str], _T]) -> None:
        super().__init__()
        self._reads = reads

    def __missing__(self, text: str) -> _T:
        if text.__class__ is not str or not text:
            raise _NoText
        found = self[text] = self._reads(text)
        return found


def security_rule(name: str, values: dict[str, Any], group_called: Callable[[Any], str], span: Span) -> SecurityRule:
    """Return the rule with these properties; `group_called` gives the name that a reference to a group leads to.

    Raises `Malformed` and `NotModelled`.
    """
    source = _field(values, _SOURCE, group_called)
    destination = _field(values, _DESTINATION, group_called)
    priority = as_number(values.get("priority"), "priority")
    direction, access, protocol = _decision(values.get("direction"), values.get("access"), values.get("protocol"))
    source_ports, _ = _ports(values, "sourceportrange", "sourceportranges")
    ports, first = _ports(values, "destinationportrange", "destinationportranges")
    return SecurityRule(
        name, priority, direction, access, protocol, source, source_ports, destination, ports, first, span
    )


def _field(values: dict[str, Any], side: _Side, group_called: Callable[[Any], str]) -> AddressField:
    """Return the addresses of one side of a rule."""
    one, many, groups = values.get(side.single), values.get(side.several), values.get(side.groups)
    if one.__class__ is str and one and not many and not groups:
        return _addresses_at(one)
    texts = _texts(one, side.single, many, side.several)
    if groups:
        if texts:
            raise NotModelled("a rule side with both addresses and application security groups is not modelled")
        return AsgMembers(tuple(group_called(item) for item in as_list(groups, side.spelt_groups)))
    if not texts:
        raise Malformed(f"`{side.name}AddressPrefix` is missing")
    return addresses_named(texts)


def _addresses_at(text: str) -> AddressField:
    if text.isascii() and text[:1].isdigit():
        return AddressPrefixes((as_prefix(text.strip()),))
    return addresses_named((printable(text),))


def _ports(values: dict[str, Any], single: str, several: str) -> tuple[IntervalSet, IntervalSet | None]:
    """Return all ports of one side of a rule and, where it lists several ranges, the first of these."""
    one, many = values.get(single), values.get(several)
    if one.__class__ is str and one and not many:
        return _ports_at(one), None
    texts = tuple(as_port_text(each, several) for each in as_list(many, several))
    if one not in (None, ""):
        texts = (as_port_text(one, single), *texts)
    return as_ports(texts), as_ports(texts[:1]) if len(texts) > 1 else None


def _ports_at(text: str) -> IntervalSet:
    return as_ports((printable(text),))


def _decision(direction: Any, access: Any, protocol: Any) -> tuple[Direction, Access, int | None]:
    if direction.__class__ is access.__class__ is protocol.__class__ is str:
        return _spelt_decision(direction, access, protocol)
    return (
        choice(DIRECTIONS, direction, "direction"),
        choice(_ACCESSES, access, "access"),
        protocol_of(as_text(protocol, "protocol")),
    )


@lru_cache(maxsize=1_024)
def _spelt_decision(direction: str, access: str, protocol: str) -> tuple[Direction, Access, int | None]:
    return (
        choice(DIRECTIONS, direction, "direction"),
        choice(_ACCESSES, access, "access"),
        protocol_of(as_text(protocol, "protocol")),
    )


def choice(choices: Mapping[str, _T], value: Any, what: str) -> _T:
    text = as_text(value, what)
    found = choices.get(text.lower())
    if found is None:
        raise Malformed(f"`{what}` is `{shown(text)}`")
    return found


def protocol_of(text: str) -> int | None:
    name = text.lower()
    if name in ("*", "all", "any"):
        return None
    if name.isascii() and name.isdigit() and len(name) <= 3 and int(name) <= _LAST_PROTOCOL:
        return int(name)
    if name not in PROTOCOL_NUMBERS:
        raise Malformed(f"`protocol` is `{shown(text)}`")
    return PROTOCOL_NUMBERS[name]


def _texts(one: Any, single: str, many: Any, several: str) -> tuple[str, ...]:
    texts = (as_text(one, single),) if one else ()
    return (*texts, *(as_text(text, several) for text in as_list(many, several))) if many else texts


def addresses_named(stated: tuple[str, ...]) -> AddressField:
    """Return what the texts `stated` name together (F-NSG-11)."""
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
