"""Parts of load balancers that templates and listings give as resources of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vnetverify.ingest.inventory import Inventory, essence
from vnetverify.ingest.properties import NOTHING
from vnetverify.ingest.resources import Resource, name_of, parent_of

_BALANCERS = "loadbalancers"
_LISTS = {"backendaddresspools": "backendAddressPools", "inboundnatrules": "inboundNatRules"}
# What of a part is its envelope, and says nothing about it.
_ENVELOPE = frozenset(("name", "id", "dependson", "comments", "scope", "condition"))


def fold_parts(inventory: Inventory) -> None:
    """Put parts that stand by themselves into the load balancers of `inventory` that they belong to.

    One of which it is not known whether it is there, or that says otherwise than its load balancer, stays where it is,
    and so in doubt.
    """
    for segment, field in _LISTS.items():
        for part in tuple(inventory.of(f"{_BALANCERS}/{segment}")):
            whole = inventory.find(parent_of(part.key))
            if whole is None or whole.kind != _BALANCERS or whole.is_bare or part.is_bare or part.uncertain is not None:
                continue
            folded = _with_part(whole, field, part)
            if folded is not None:
                inventory.amend(folded)
                inventory.drop(part)


def _with_part(whole: Resource, field: str, part: Resource) -> Resource | None:
    """Return `whole` with `part` in its list called `field`, None where it says something else of it."""
    listed, pointer = whole.located(field)
    items = [] if listed is None else listed
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    place = next((at for at, item in enumerate(items) if _called(item) == part.name.lower()), len(items))
    known = _said(items[place]) if place < len(items) else {}
    said = _said(part.body)
    if said == known or not said:
        return (
            whole if place < len(items) else _in_list(whole, field, [*items, {"name": part.name}], pointer, part, place)
        )
    if known:
        return None
    item = {"name": part.name, **{key: value for key, value in part.body.items() if key.lower() not in _ENVELOPE}}
    return _in_list(whole, field, [*items[:place], item, *items[place + 1 :]], pointer, part, place)


def _called(item: dict[str, Any]) -> str:
    named = item.get("name") or item.get("id")
    return name_of(named).lower() if isinstance(named, str) else ""


def _said(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a part says besides its name and its envelope."""
    said = essence({key: value for key, value in body.items() if key.lower() not in _ENVELOPE})
    return {key: value for key, value in said.items() if value not in NOTHING}


def _in_list(whole: Resource, field: str, items: list[Any], pointer: str, part: Resource, place: int) -> Resource:
    inner = whole.body.get("properties")
    layer = inner if isinstance(inner, dict) else whole.body
    key = next((one for one in layer if one.lower() == field.lower()), field)
    changed = {**layer, key: items}
    body = {**whole.body, "properties": changed} if isinstance(inner, dict) else changed
    within = "/properties" if isinstance(inner, dict) else ""
    at = f"{whole.pointer}{within}/{field}" if pointer == whole.pointer else pointer
    origins = {f"{at}/{place}": part.pointer} if part.file == whole.file else {}
    return replace(whole, body=body, origins={**(whole.origins or {}), **origins})
