"""Resources that templates declare twice, as one: of two deployments of one resource the later counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vnetverify.ingest.arm.deployments import Declared
from vnetverify.ingest.arm.ordering import comes_after
from vnetverify.ingest.resources import parent_of
from vnetverify.ingest.unknown import Unknown

Found = tuple[Declared, dict[str, Any]]
# A resource with its body, and why it is not certain that it is there.
View = tuple[Declared, dict[str, Any], Unknown | None]
# The lists inside a resource whose members may be declared as resources of their own.
_LISTS = {
    "virtualnetworks": ("subnets", "virtualnetworkpeerings"),
    "networksecuritygroups": ("securityrules",),
    "routetables": ("routes",),
}


def merged(found: Sequence[Found]) -> Iterator[View]:
    """Yield each resource once, with its body and why it is not certain; in the order of `found`."""
    by_key: dict[str, list[Found]] = {}
    for declared, body in found:
        by_key.setdefault(declared.key, []).append((declared, body))
    for views in by_key.values():
        declared, body, presence = _latest(views)
        if declared.is_only_if_absent and presence is None and _is_listed(declared, by_key):
            presence = Unknown(
                "its parent lists it, and it is deployed only where it is not there yet", declared.statement.pointer
            )
        yield declared, _without_children(declared, body, by_key), presence


def _latest(views: Sequence[Found]) -> View:
    """Return the view that is deployed last; where nothing says which that is, and they differ, it is not certain."""
    if len(views) == 1:
        declared, body = views[0]
        return declared, body, declared.presence
    declared, body = views[0]
    doubt = declared.presence
    for other, its_body in views[1:]:
        is_sure = doubt is None and other.presence is None
        if _essence(body) == _essence(its_body):
            doubt = None if doubt is None or other.presence is None else doubt
            continue
        if comes_after(other, declared):
            if not other.is_only_if_absent:
                declared, body = other, _with_lists_of(body, its_body, other.kind)
        elif comes_after(declared, other):
            if declared.is_only_if_absent:
                declared, body = other, its_body
            else:
                body = _with_lists_of(its_body, body, other.kind)
        else:
            is_sure = False
        if not is_sure:
            why = "two parts of the template declare it, and which of them counts is not known"
            doubt = Unknown(why, other.statement.pointer)
    return declared, body, doubt


def _essence(body: dict[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in body.items() if key.lower() not in ("tags", "id", "name", "type")}


def _with_lists_of(earlier: dict[str, Any], later: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the `later` view with the children of the `earlier` one where it has none: Azure keeps them."""
    before, after = _properties(earlier), _properties(later)
    kept = {
        name: value
        for name, value in before.items()
        if name.lower() in _LISTS.get(kind, ()) and value and not _member(after, name)
    }
    if not kept:
        return later
    others = {name: value for name, value in after.items() if name.lower() not in {key.lower() for key in kept}}
    return {**later, _key(later): {**others, **kept}}


def _without_children(declared: Declared, body: dict[str, Any], by_key: dict[str, list[Found]]) -> dict[str, Any]:
    """Return a resource without the members of its lists that are declared as resources of their own: these are
    deployed after it, and count."""
    properties = _properties(body)
    changed = {}
    for name, items in properties.items():
        if name.lower() in _LISTS.get(declared.kind, ()) and isinstance(items, list):
            rest = [item for item in items if not _is_declared(f"{declared.key}/{name.lower()}", item, by_key)]
            if len(rest) < len(items):
                changed[name] = rest
    return {**body, _key(body): {**properties, **changed}} if changed else body


def _is_listed(declared: Declared, by_key: dict[str, list[Found]]) -> bool:
    """Hold when what `declared` is a part of holds it in a list."""
    inside = declared.kind.rpartition("/")[2]
    for holder, body in by_key.get(parent_of(declared.key), ()):
        items = _member(_properties(body), inside) if inside in _LISTS.get(holder.kind, ()) else None
        names = (item.get("name") for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
        if any(isinstance(name, str) and name.lower() == declared.name.rpartition("/")[2].lower() for name in names):
            return True
    return False


def _is_declared(parent: str, item: Any, by_key: dict[str, list[Found]]) -> bool:
    name = item.get("name") if isinstance(item, dict) else None
    views = by_key.get(f"{parent}/{name.lower()}", []) if isinstance(name, str) else []
    return any(declared.presence is None and parent_of(declared.key) for declared, _ in views)


def _key(body: dict[str, Any]) -> str:
    return next((key for key in body if key.lower() == "properties"), "properties")


def _properties(body: dict[str, Any]) -> dict[str, Any]:
    found = body.get(_key(body))
    return found if isinstance(found, dict) else {}


def _member(value: dict[str, Any], name: str) -> Any:
    return next((item for key, item in value.items() if key.lower() == name.lower()), None)
