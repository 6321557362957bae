"""Values of template expressions: those of JSON, and those not known before deployment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any, TypeAlias

from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.standins import StandIn, without_stand_ins
from vnetverify.ingest.unknown import RuntimeProperty, Unknown

# A dict, list, str, int, float (of `json` and of the template's own numbers only), bool, None or `Unknown`; checked
# where it is used, as a template has no types. A dict keeps the spelling of its keys; `lookup` finds them in any case.
Value: TypeAlias = Any


_MOST_COMPARED = 2_000_000  # by one function
_LISTED = 5  # members of an object that a message names
_SHOWN = 40  # characters of a name that a message repeats


class PartlyKnown(dict[str, Any]):
    """An object of which not every member is known: one that is absent here may be there, and has any value.

    `otherwise` is the object as a whole, so `otherwise.of` tells whose run-time properties the absent members are.
    """

    __slots__ = ("otherwise",)

    def __init__(self, known: Mapping[str, Any], otherwise: Unknown) -> None:
        super().__init__(known)
        self.otherwise = otherwise


class Missing:
    """The value of a member that is not there; never leaves this package."""


MISSING = Missing()


def lookup(value: dict[str, Any], name: str) -> Any:
    """Return the member `name` in any letter case; of a `PartlyKnown` an `Unknown`; else `MISSING`."""
    key = spelling_of(value, name)
    if key is not None:
        return value[key]
    return within(value.otherwise, name) if isinstance(value, PartlyKnown) else MISSING


def spelling_of(value: Mapping[str, Any], name: str) -> str | None:
    """Return the key of `value` that is `name` in any letter case, or None."""
    if name in value:
        return name
    folded = name.lower()
    return next((key for key in value if key.lower() == folded), None)


def within(value: Unknown, key: str | int) -> Unknown:
    """Return the member of a value that is not known; the member of a run-time property is one as well."""
    if value.of is None:
        return value
    if isinstance(key, int):
        path = f"{value.of.path}[{key}]"
    else:
        path = f"{value.of.path}.{key.lower()}" if value.of.path else key.lower()
    return replace(value, of=RuntimeProperty(value.of.key, path))


def member_of(value: Any, key: Any, is_safe: bool) -> Value:
    """Return the member `key` of `value`. Raises `EvaluationError` where there is none, unless `is_safe`: null then."""
    if type(key) is str and isinstance(value, dict) and key in value:
        return value[key]
    key = without_stand_ins(key)
    if isinstance(value, Unknown):
        return within(value, key) if isinstance(key, (int, str)) else because(value)
    if isinstance(key, Unknown):
        return because(key) if is_safe else _any_member(value, because(key))
    found: Any = MISSING
    match value, key:
        case dict(), str():
            found = lookup(value, key)
        case list(), int() if not isinstance(key, bool):
            found = value[key] if 0 <= key < len(value) else MISSING
    if found is not MISSING:
        return found
    if is_safe and (value is None or isinstance(value, (dict, list))):
        return None
    raise _no_member(value, key)


def _any_member(value: Any, why: Unknown) -> Value:
    """Return what all members of `value` share: one of them is asked for, and why it is not known which."""
    if not isinstance(value, (dict, list)) or isinstance(value, PartlyKnown) or not value:
        return why
    members = value.values() if isinstance(value, dict) else value
    return reduce(lambda one, other: either(one, other, why), members)


def _no_member(value: Any, key: Any) -> EvaluationError:
    match value, key:
        case dict(), str():
            names = [f"`{name[:_SHOWN]}`" for name in list(value)[:_LISTED]]
            has = f"it has {', '.join(names)}{' and more' if len(value) > _LISTED else ''}" if names else "it is empty"
            return EvaluationError(f"the object has no member `{key[:_SHOWN]}`; {has}")
        case list(), int() if not isinstance(key, bool):
            return EvaluationError(f"the array has {len(value)} members, so none at index {key}")
        case dict() | list(), _:
            return EvaluationError(f"{kind_of(key)} is not a key of {kind_of(value)}")
        case _:
            shown = f"`{key[:_SHOWN]}`" if isinstance(key, str) else f"at index {key}"
            return EvaluationError(f"{kind_of(value)} has no member {shown}")


def because(value: Unknown) -> Unknown:
    """Return what is made of `value`: not known for the same reason, and no longer the property itself."""
    return replace(value, of=None) if value.of is not None else value


def first_unknown(values: Iterable[Any]) -> Unknown | None:
    """Return the first of `values` that is not known as a whole."""
    return next((value for value in values if isinstance(value, Unknown)), None)


def unknown_in(value: Any) -> Unknown | None:
    """Return the first thing in `value` that is not known, however deep; None when all of it is known."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Unknown):
            return item
        if isinstance(item, StandIn):
            return item.unknown
        if isinstance(item, PartlyKnown):
            return item.otherwise
        if isinstance(item, dict):
            pending.extend(reversed(item.values()))
        elif isinstance(item, list):
            pending.extend(reversed(item))
    return None


def kind_of(value: Any) -> str:
    """Return what a message calls the kind of `value`."""
    match value:
        case None:
            return "null"
        case bool():
            return "a bool"
        case int():
            return "an int"
        case float():
            return "a number with a fraction"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "a value that is not known"


class Comparisons:
    """How often values have been compared since `count` was nought. Raises `EvaluationError` beyond a bound: two arrays
    take the product of their lengths."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def one_more(self) -> None:
        self.count += 1
        if self.count > _MOST_COMPARED:
            raise EvaluationError(f"more than {_MOST_COMPARED} values would be compared with one another")


COMPARED = Comparisons()


def same(one: Any, other: Any) -> bool | Unknown:
    """Tell whether two values are equal; an `Unknown` where that depends on what is not known.

    Strings and keys of objects are compared with regard to letter case.
    """
    COMPARED.one_more()
    if isinstance(one, StandIn) and isinstance(other, StandIn) and one == other:
        return True
    one, other = (item.unknown if isinstance(item, StandIn) else item for item in (one, other))
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return because(one if isinstance(one, Unknown) else other)
    if isinstance(one, dict) and isinstance(other, dict):
        return _same_objects(one, other)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return False
        return _all(same(left, right) for left, right in zip(one, other, strict=True))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _same_objects(one: dict[str, Any], other: dict[str, Any]) -> bool | Unknown:
    if not isinstance(one, PartlyKnown) and not isinstance(other, PartlyKnown):
        return one.keys() == other.keys() and _all(same(value, other[key]) for key, value in one.items())
    answers: list[bool | Unknown] = []
    for mine, yours in ((one, other), (other, one)):
        for key, value in mine.items():
            if key in yours:
                answers.append(same(value, yours[key]))
            else:
                answers.append(because(yours.otherwise) if isinstance(yours, PartlyKnown) else False)
    answers.extend(because(value.otherwise) for value in (one, other) if isinstance(value, PartlyKnown))
    return _all(answers)


def _all(answers: Iterable[bool | Unknown]) -> bool | Unknown:
    """Return False where one answer is, else the first that is not known, else True."""
    doubt: Unknown | None = None
    for answer in answers:
        if answer is False:
            return False
        if isinstance(answer, Unknown) and doubt is None:
            doubt = answer
    return doubt if doubt is not None else True


def either(one: Any, other: Any, why: Unknown) -> Any:
    """Return what is known of a value that is `one` or `other`, depending on `why`."""
    if same(one, other) is True:
        return one
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [either(left, right, why) for left, right in zip(one, other, strict=True)]
    if _have_same_keys(one, other):
        return {key: either(value, lookup(other, key), why) for key, value in one.items()}
    return because(why)


def _have_same_keys(one: Any, other: Any) -> bool:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return False
    if isinstance(one, PartlyKnown) or isinstance(other, PartlyKnown):
        return False
    return {key.lower() for key in one} == {key.lower() for key in other}
