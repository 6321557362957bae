"""The rules of a security group, read when their text is decoded: an export may hold hundreds of thousands.

They stand in the body of their group as a `RuleList`, so that neither a `Resource` nor the values of its JSON are kept
for each of them. Only groups are read so of whose rules there is nothing to say and none names another resource. Where
anything else in the input speaks of such a group, it is decoded again (`spelt_out`), and read as any other resource.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from vnetverify.ingest.names import LONGEST_NAME
from vnetverify.ingest.notation import escaped, place, value_at
from vnetverify.ingest.resources import Resource, key_of, kind_of, name_of
from vnetverify.ingest.security_rules import Form, NotModelled, UsualRules, distinct, form_of, security_rule
from vnetverify.ingest.shapes import RULE, read
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
        rules, taken, keys = [], set(), 0
        form, last = None, None
        for position, item in enumerate(items):
            name, key = self._names[_name_in(item)]
            taken.add(key)
            inner = item.get("properties")
            names = tuple(item), tuple(inner) if inner.__class__ is dict else None
            if names != last:  # seldom, and soon seen: equal keys in one entry are one text
                form, last = form_of(item), names
            span = place(self._file, f"{pointer}/{position}")
            rule = None if form is None else self._usual_rule(form, item, inner or item, name, span)
            rules.append(rule if rule is not None else _other_rule(item, name, span))
            keys += form.distinct if form is not None else _keys_of(item)
        if len(taken) < len(items):
            raise _NotSimple
        return tuple(rules), keys

    def _usual_rule(
        self, form: Form, item: dict[str, Any], properties: dict[str, Any], name: str, span: Span
    ) -> SecurityRule | None:
        """Return a rule of the usual form, None where it may hold more than meets the eye."""
        if not (_is_flat(item, form.around) and _is_flat(properties, form.beside)):
            return None
        return self._usual.rule_of(form, properties, name, span)


def _other_rule(item: dict[str, Any], name: str, span: Span) -> SecurityRule:
    """Return a rule that is not of the usual form. Raises `_NotSimple`, `Malformed` and `NotModelled`."""
    values, doubts = read(item, "", RULE)
    if doubts or _nests(item):
        raise _NotSimple
    return security_rule(name, values, _group_called, span)


class _NotSimple(Exception):
    """A rule about which there is something to say, or that is not all that stands there."""


class _Names(dict[str, tuple[str, str]]):
    """The names of rules, of which many groups have the same, each with its key. Raises `_NotSimple`."""

    def __missing__(self, name: str) -> tuple[str, str]:
        if not name or not name.isascii() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise _NotSimple
        found = self[name] = (name, name.lower())
        return found


def _name_in(item: dict[str, Any]) -> str:
    """Return the name of a rule, which its id ends with if it has one."""
    identity, name = item.get("id"), item.get("name")
    if identity.__class__ is str and identity:
        last = name_of(identity)
        return name if last == name else last  # one text, of two that are equal
    if name.__class__ is not str:
        raise _NotSimple
    return name_of(name)


_HOLDERS: frozenset[type] = frozenset((dict, list))
_NAME_ALONE = ("name",)


def _is_flat(values: dict[str, Any], keys: tuple[str, ...]) -> bool:
    """Hold when neither lists nor objects stand under `keys`; under the name of a rule a text does."""
    return keys == _NAME_ALONE or _HOLDERS.isdisjoint([type(values[key]) for key in keys])


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
