"""Ids of other resources inside a resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of, names_all, parent_of
from vnetverify.ingest.values import printable

VNETS = ("virtualnetworks", "microsoft.classicnetwork/virtualnetworks")
# Kinds whose resources say in which subnets they stand.
_STANDING = (
    *NIC_KINDS,
    "virtualnetworkgateways",
    "virtualnetworks/virtualnetworkpeerings",
    "loadbalancers",
    "privateendpoints",
    "privatelinkservices",
    "applicationgateways",
    "bastionhosts",
    "azurefirewalls",
)
# Kinds whose resources say to which subnets they are fastened.
_FASTENED = ("routetables", "networksecuritygroups", "natgateways")


def ids_in(value: Any) -> Iterator[str]:
    """Yield every text inside `value` that is the id of a resource, in no particular order."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, str) and item.startswith("/") and "/providers/" in item.lower():
            yield printable(item)


def vnet_of(key: str) -> str | None:
    """Return the key of the vnet that holds the resource `key` (or is it), or None when it is in none."""
    while key:
        kind = kind_of(key)
        if kind in VNETS:
            return key
        if "/" not in kind:
            return None
        key = parent_of(key)
    return None


def places_in(resource: Resource) -> tuple[str, ...]:
    """Return the ids of the vnets and subnets that `resource` names, as spelt and sorted."""
    body = resource.body
    if resource.kind == "networksecuritygroups":  # its rules are many and name no subnet
        body = {"subnets": resource.stated("subnets")}
    found = []
    for identity in ids_in(body):
        kind = kind_of(key_of(identity))
        if (kind in VNETS or kind == "virtualnetworks/subnets") and names_all(identity):
            found.append(identity)
    return tuple(sorted(dict.fromkeys(found)))


def places_mentioned(inventory: Inventory) -> Iterator[tuple[str, Resource]]:
    """Yield the ids of vnets and subnets that other resources name, each with who names it.

    What is fastened to a subnet of another network is no part of this one, unless the input holds no vnet at all
    (a listing of route tables alone), where it is all that is known.
    """
    any_vnet = next(inventory.of("virtualnetworks"), None) is not None
    for kind in _STANDING if any_vnet else (*_STANDING, *_FASTENED):
        for resource in inventory.of(kind):
            for identity in places_in(resource):
                yield identity, resource
    for kind in ("virtualnetworks/subnets", "virtualnetworks/virtualnetworkpeerings"):
        for resource in inventory.of(kind):
            if parent_of(resource.key) not in inventory:
                yield parent_of(resource.id.rstrip("/")), resource
