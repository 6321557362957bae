"""Functions of objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vnetverify.ingest.arm.functions.catalogue import Function, as_list, as_object, as_text, refused
from vnetverify.ingest.arm.values import (
    MISSING,
    PartlyKnown,
    because,
    kind_of,
    member_of,
    same,
    spelling_of,
    within,
)
from vnetverify.ingest.unknown import Unknown


def _create_object(*arguments: Any) -> dict[str, Any]:
    if len(arguments) % 2:
        raise refused("createObject", "takes a value for each name")
    members: dict[str, Any] = {}
    doubt: Unknown | None = None
    for position in range(0, len(arguments), 2):
        name, value = arguments[position : position + 2]
        if isinstance(name, Unknown):
            doubt = doubt if doubt is not None else because(name)
            continue
        if as_text("createObject", name, position + 1) in members:
            raise refused("createObject", f"is given `{name[:40]}` twice")
        members[name] = value
    return PartlyKnown(members, doubt) if doubt is not None else members


def _items(value: Any) -> list[Any] | Unknown:
    """Return name and value of each member, in the order of the names without regard to letter case."""
    members = as_object("items", value)
    if isinstance(members, PartlyKnown):
        return because(members.otherwise)
    return [{"key": key, "value": members[key]} for key in sorted(members, key=lambda key: (key.upper(), key))]


def _object_keys(value: Any) -> list[Any] | Unknown:
    """Return the names of the members; no source tells their order, so where it matters none of them is known."""
    members = as_object("objectKeys", value)
    if isinstance(members, PartlyKnown):
        return because(members.otherwise)
    keys = list(members)
    if keys == sorted(keys, key=str.upper):
        return keys
    return [Unknown("the order in which `objectKeys` names members is not documented")] * len(keys)


def _shallow_merge(objects: Any) -> Any:
    return merged("shallowMerge", as_list("shallowMerge", objects), is_deep=False)


def merged(function: str, values: Sequence[Any], *, is_deep: bool) -> Any:
    """Return the objects `values` as one: of members with one name the later counts, in any letter case.

    Where `is_deep`, two members that are objects are made one the same way. What one that is not known may have
    overwritten is not known.
    """
    result: dict[str, Any] = {}
    for position, value in enumerate(values, 1):
        later = PartlyKnown({}, because(value)) if isinstance(value, Unknown) else as_object(function, value, position)
        result = _laid_over(result, later, is_deep)
    return result


def _laid_over(earlier: dict[str, Any], later: dict[str, Any], is_deep: bool) -> dict[str, Any]:
    doubt: Unknown | None = later.otherwise if isinstance(later, PartlyKnown) else None
    members: dict[str, Any] = dict(earlier) if doubt is None else dict.fromkeys(earlier, because(doubt))
    if doubt is None and isinstance(earlier, PartlyKnown):
        doubt = earlier.otherwise
    for key, value in later.items():
        spelt = spelling_of(earlier, key)
        before = earlier[spelt] if spelt is not None else _unseen(earlier, key)
        members[spelt if spelt is not None else key] = _of_both(before, value, is_deep)
    return PartlyKnown(members, doubt) if doubt is not None else members


def _unseen(value: dict[str, Any], key: str) -> Any:
    return within(value.otherwise, key) if isinstance(value, PartlyKnown) else MISSING


def _of_both(before: Any, value: Any, is_deep: bool) -> Any:
    if not is_deep or not isinstance(value, dict):
        return value
    if isinstance(before, Unknown):
        return _laid_over(PartlyKnown({}, because(before)), value, is_deep)
    return _laid_over(before, value, is_deep) if isinstance(before, dict) else value


def common_members(values: Sequence[dict[str, Any]]) -> Any:
    """Return the members that all `values` have with one value, names compared with regard to letter case."""
    common: dict[str, Any] = {}
    for key, value in values[0].items():
        for other in values[1:]:
            partner = other.get(key, within(other.otherwise, key) if isinstance(other, PartlyKnown) else MISSING)
            answer = False if partner is MISSING else same(value, partner)
            if answer is not True:
                break
        else:
            common[key] = value
            continue
        if isinstance(answer, Unknown):
            return answer
    partly = next((value.otherwise for value in values if isinstance(value, PartlyKnown)), None)
    return common if partly is None else PartlyKnown(common, because(partly))


def _try_get(value: Any, key: Any, *further: Any) -> Any:
    """Return the member `key`, null where there is none; of that the members `further`, which have to be there."""
    found = _member_or_null(value, key)
    for name in further:
        if found is None:
            return None
        found = member_of(found, name, is_safe=False)
    return found


def _member_or_null(value: Any, key: Any) -> Any:
    if not isinstance(key, (str, int, Unknown)) or isinstance(key, bool):
        raise refused("tryGet", f"takes a string or an int as argument 2, not {kind_of(key)}")
    if isinstance(value, (dict, list, Unknown)):
        fits = isinstance(key, Unknown) or isinstance(value, Unknown) or isinstance(value, dict) is isinstance(key, str)
        return member_of(value, key, is_safe=True) if fits else None
    return None


OBJECTS = (
    Function("createObject", 0, None, _create_object, is_strict=False, looks_through=False),
    Function("items", 1, 1, _items),
    Function("objectKeys", 1, 1, _object_keys),
    Function("shallowMerge", 1, 1, _shallow_merge),
    Function("tryGet", 2, None, _try_get, is_strict=False, makes=False, looks_through=False),
)
