"""The rules of a security group, read when their text is decoded: an export may hold hundreds of thousands.

They stand in the body of their group as a `RuleList`, so that neither a `Resource` nor the values of its JSON are kept
for each of them. Only groups are read so of whose rules there is nothing to say and none names another resource. Where
anything else in the input speaks of such a group, it is decoded again (`spelt_out`), and read as any other resource.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from vnetverify.ingest.names import LONGEST_NAME
from vnetverify.ingest.notation import escaped, value_at
from vnetverify.ingest.properties import read
from vnetverify.ingest.resources import Resource, key_of, kind_of, name_of
from vnetverify.ingest.security_rules import Form, NotModelled, UsualRules, distinct, form_of, security_rule
from vnetverify.ingest.shapes import RULE
from vnetverify.ingest.values import Malformed, key_called
from vnetverify.model.security import SecurityRule
from vnetverify.source import Span

GROUPS = "networksecuritygroups"
_LIST = "securityrules"


@dataclass(frozen=True, slots=True, eq=False)
class RuleList:
    """The rules in the list of a group, which begins at `start` of the `text`."""

    rules: tuple[SecurityRule, ...]
    text: str = field(repr=False)
    start: int


def rule_list(resource: Resource) -> RuleList | None:
    """Return the rules of a group that are read already, None where they are not."""
    found = resource.stated(_LIST) if resource.kind == GROUPS else None
    return found if isinstance(found, RuleList) else None


def spelt_out(resource: Resource) -> Resource:
    """Return `resource` with its rules as JSON has them."""
    found = rule_list(resource)
    return resource if found is None else replace(resource, body=value_at(found.text, found.start)[0])


class RuleReader:
    """Reads the rules of the groups in one text."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._usual = UsualRules()
        self._names = _Names()

    def fold(self, body: Any, pointer: str, start: int) -> int:
        """Put the rules of `body` in the place of their JSON, if it is a group whose rules can be read at once.

        It begins at `start` of the text. Return how many keys the objects had that are gone.
        """
        identity = body.get("id") if isinstance(body, dict) else None
        if not isinstance(identity, str) or kind_of(key_of(identity)) != GROUPS:
            return 0
        inner = body.get("properties")
        holder, where = (inner, f"{pointer}/properties") if isinstance(inner, dict) else (body, pointer)
        spelt = key_called(_LIST, holder)
        if spelt is None or (holder is inner and key_called(_LIST, body) is not None):
            return 0
        items = holder[spelt]
        if not isinstance(items, list) or not items or set(map(type, items)) != {dict}:
            return 0
        try:
            rules, keys = self._read(items, f"{where}/{escaped(spelt)}")
        except (_NotSimple, Malformed, NotModelled):
            return 0
        holder[spelt] = RuleList(rules, self._text, start)
        return keys

    def _read(self, items: list[dict[str, Any]], pointer: str) -> tuple[tuple[SecurityRule, ...], int]:
        """Return the rules, and how many different keys their objects had.

        Raises `_NotSimple`, `Malformed` and `NotModelled`.
        """
        rules: list[SecurityRule] = []
        taken: set[str] = set()
        form: Form | None = None
        last: object = None
        keys = 0
        for position, item in enumerate(items):
            given = _name_in(item) if item.get("id") else item.get("name")
            if given.__class__ is not str:
                raise _NotSimple
            name, key = self._names[given]
            taken.add(key)
            inner = item.get("properties")
            names = tuple(item), tuple(inner) if inner.__class__ is dict else None
            if names != last:  # seldom, and soon seen: equal keys in one entry are one text
                form, last = form_of(item), names
            span = Span(self._file, 0, 0, 0, 0, f"{pointer}/{position}")
            rule = None
            if form is not None and (form.is_bare or _is_flat(item, form.around, inner or item, form.beside)):
                rule = self._usual.rule_of(form, inner or item, name, span)
            rules.append(rule if rule is not None else _other_rule(item, name, span))
            keys += form.distinct if form is not None else _keys_of(item)
        if len(taken) < len(items):
            raise _NotSimple
        return tuple(rules), keys


def _other_rule(item: dict[str, Any], name: str, span: Span) -> SecurityRule:
    """Return a rule that is not of the usual form. Raises `_NotSimple`, `Malformed` and `NotModelled`."""
    values, doubts = read(item, "", RULE)
    if doubts or _nests(item):
        raise _NotSimple
    return security_rule(name, values, _group_called, span)


class _NotSimple(Exception):
    """A rule about which there is something to say, or that is not all that stands there."""


class _Names(dict[str, tuple[str, str]]):
    """The names of rules as they are given, of which many groups have the same, each with its key.

    Raises `_NotSimple`.
    """

    def __missing__(self, given: str) -> tuple[str, str]:
        name = name_of(given)
        if not name or not name.isascii() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise _NotSimple
        found = self[given] = (name, name.lower())
        return found


def _name_in(item: dict[str, Any]) -> Any:
    """Return the name of a rule that has an id: what that ends with."""
    identity, name = item["id"], item.get("name")
    last = name_of(identity) if isinstance(identity, str) else None
    return name if last == name else last  # one text, of two that are equal


_HOLDERS: frozenset[type] = frozenset((dict, list))


def _is_flat(
    rule: dict[str, Any], around: tuple[str, ...], properties: dict[str, Any], beside: tuple[str, ...]
) -> bool:
    """Hold when neither lists nor objects stand under the keys `around` of a rule, and `beside` its properties."""
    kinds = [*(type(rule[key]) for key in around), *(type(properties[key]) for key in beside)]
    return _HOLDERS.isdisjoint(kinds)


def _nests(item: dict[str, Any]) -> bool:
    """Hold for a rule with more inside it than its properties and lists of plain values."""
    inner = item.get("properties")
    values: list[Any] = [*item.values(), *(inner.values() if isinstance(inner, dict) else ())]
    holders: list[Any] = [value for value in values if value is not inner and value.__class__ in _HOLDERS]
    return any(one.__class__ is dict or not _HOLDERS.isdisjoint([type(inside) for inside in one]) for one in holders)


def _group_called(_: Any) -> str:
    raise _NotSimple


def _keys_of(item: dict[str, Any]) -> int:
    """Return how many different keys a rule and its properties have."""
    inner = item.get("properties")
    return distinct(tuple(item)) + (distinct(tuple(inner)) if isinstance(inner, dict) else 0)
