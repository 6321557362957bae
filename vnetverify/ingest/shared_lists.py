"""Which subnets have the security groups and route tables of others: what changes these changes flows there as well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.references import ids_in, places_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of

_SUBNETS = "virtualnetworks/subnets"
_LISTS = ("networkSecurityGroup", "routeTable")


class SharedLists:
    """The groups and tables of the subnets of an input, by the word of subnets and interfaces."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def subnets(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the keys of the subnets `keys`, and of those in which a group or table of theirs acts as well."""
        given = frozenset(keys)
        subnets = (self._inventory.find(key) for key in given)
        lists = {name for subnet in subnets if subnet is not None for name in _lists_of(subnet)}
        return given.union(*(self._acting_in[name] for name in lists if name in self._acting_in))

    @cached_property
    def _acting_in(self) -> dict[str, set[str]]:
        """The subnets in which a group or table acts, by its key."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for subnet in self._inventory.of(_SUBNETS):
            for name in _lists_of(subnet):
                found[name].add(subnet.key)
        for kind in NIC_KINDS:
            for card in self._inventory.of(kind):
                for name in _lists_of(card):
                    found[name].update(map(key_of, places_in(card)))
        return dict(found)


def _lists_of(resource: Resource) -> set[str]:
    return {key_of(identity) for name in _LISTS for identity in ids_in(resource.stated(name))}
