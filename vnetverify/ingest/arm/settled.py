"""Evaluated values as a reader of resources takes them: stand-ins stay where they name something, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.values import PartlyKnown

_ENVELOPE = frozenset(("id", "name", "type", "properties", "location", "tags", "sku"))


def settled(value: Any, is_name: bool = False, is_member: bool = True) -> Any:
    """Return `value` as a reader of resources takes it: plain JSON, what is not known, and ids that are stand-ins.

    The names of a resource and of the members of lists stay as stand-ins where they are not known; what else is called
    `name` is none, such as that of a SKU, and like any other text that is not known it is not. Templates may spell the
    keys of an envelope in any letter case.
    """
    match value:
        case StandIn():
            if is_name:
                return str(value)
            return value if is_id(value) else value.unknown
        case PartlyKnown():
            return value.otherwise
        case dict():
            return {_usual(name, value): _settled_member(name.lower(), item, is_member) for name, item in value.items()}
        case list():
            return [settled(item) for item in value]
        case _:
            return value


def _settled_member(name: str, value: Any, is_member: bool) -> Any:
    if name == "tags" and isinstance(value, dict):
        return {tag: settled(item, is_member=False) for tag, item in value.items()}
    return settled(value, is_member and name == "name", is_member=False)


def _usual(name: str, among: Mapping[str, Any]) -> str:
    """Return key `name` as Azure spells it, if it is of an envelope and `among` has no other that is spelt so."""
    lower = name.lower()
    return lower if lower in _ENVELOPE and lower not in among else name


def is_id(text: str) -> bool:
    lower = text.lower()
    return lower.startswith("/") and ("/providers/" in lower or lower.startswith("/subscriptions/"))
