"""What is not known of the resources of an input becomes doubts about the networks that it could change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.gaps import USED_BY_OTHERS, ZONES, Gap, gaps_in, without_unknowns
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.references import ids_in, places_in, vnet_of
from vnetverify.ingest.resources import Resource, key_of, parent_of
from vnetverify.ingest.shapes import NAMES_ASKED_FOR
from vnetverify.ingest.tunnels import ADDRESS
from vnetverify.ingest.unknown import Unknown
from vnetverify.model.network import ANY_TAG

_VNETS = "virtualnetworks"
# What an interface belongs to decides how it is read, also where it is not known to what; and one that may forward is
# not one that does not. A rule for names that are not known is not one for none. Whose address a local network gateway
# will have may be known.
_KEPT = frozenset(("privateendpoint", "privatelinkservice", "enableipforwarding", ADDRESS.lower())) | NAMES_ASKED_FOR
# Resources whose effect reaches to where those stand that they name: `b` of `a joins b`.
_JOINING = ("connections", "loadbalancers", "privatelinkservices", "privateendpoints")


def settle(inventory: Inventory, findings: Findings) -> None:
    """Leave only what is known in the bodies of `inventory`, having told `findings` of everything that is not.

    From then on a property that is not known reads like one that is not there. That is no guess: the doubt is about
    every network that any value of it could change, so no verdict about one of these rests on how it was read.
    """
    partial = [resource for resource in inventory.all() if not resource.is_literal]
    gaps = {resource.key: tuple(gaps_in(resource)) for resource in partial}
    ties: _Ties | None = None
    for resource in partial:
        if gaps[resource.key] or resource.uncertain is not None:
            ties = ties or _Ties(inventory)
            _doubt(resource, gaps[resource.key], ties, findings)
        if resource.kind == _VNETS:
            findings.unknown_tags[resource.key] = tuple(_unknown_tags(resource.body.get("tags")))
    for resource in partial:
        inventory.amend(replace(resource, body=without_unknowns(resource.body, _KEPT)))


def _unknown_tags(tags: Any) -> Iterator[str]:
    if isinstance(tags, Unknown):
        yield ANY_TAG
    elif isinstance(tags, dict):
        yield from (name for name, value in tags.items() if isinstance(value, Unknown))


def _doubt(resource: Resource, gaps: tuple[Gap, ...], ties: _Ties, findings: Findings) -> None:
    if resource.uncertain is not None:
        why = f"whether it is there is not known: {resource.uncertain.why}"
        _say(resource, resource.subject, why, resource.pointer, False, findings)
    for gap in gaps:
        what, why = f"`{gap.name}` of {resource.subject}", f"it is not known: {gap.unknown.why}"
        _say(resource, what, why, gap.pointer, gap.says_where, findings)
    leaning, vnets = ties.leaning_on(resource)
    findings.partly_known.update(leaning)
    findings.concern(resource.key, *vnets)


def _say(resource: Resource, what: str, why: str, pointer: str, anywhere: bool, findings: Findings) -> None:
    span = resource.place(pointer)
    if resource.kind.split("/")[0] == ZONES:
        findings.doubt_names(what, why, span)
        return
    findings.doubt_unknown(resource, what, why, span, anywhere)


class _Ties:
    """Who names whom in an input."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._of_parents: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._namers: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for resource in inventory.all():
            for key in self._named_by(resource):
                self._namers[key][resource.key] = None

    def _named_by(self, resource: Resource) -> Iterator[str]:
        """Yield the keys of the resources that `resource` names, itself or parts of them."""
        for identity in ids_in(resource.body):
            key = key_of(identity)
            while key and key not in self._inventory and "/providers/" in parent_of(key):
                key = parent_of(key)
            if key in self._inventory and key != resource.key:
                yield key

    def leaning_on(self, resource: Resource) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the keys of `resource` and of all whose effect may depend on it, and of the vnets where these stand.

        These are who names it, what it is part of, and so on. The many rules of one group have what that has.
        """
        if resource.key in self._namers or parent_of(resource.key) not in self._inventory:
            return self._followed(resource)
        parent = self._inventory.find(parent_of(resource.key))
        if parent is None or vnet_of(resource.key) is not None:
            return self._followed(resource)
        if parent.key not in self._of_parents:
            self._of_parents[parent.key] = self._followed(parent)
        keys, vnets = self._of_parents[parent.key]
        return (resource.key, *keys), (*vnets, *_vnets_of((resource,)))

    def _followed(self, resource: Resource) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Follow the ties of `resource`, not past what is in a vnet by its id, nor from a list of users to them."""
        found: dict[str, Resource] = {}
        waiting = [resource.key]
        while waiting:
            key = waiting.pop()
            one = self._inventory.find(key)
            if key in found or one is None:
                continue
            found[key] = one
            if vnet_of(key) is not None:
                continue
            waiting.append(parent_of(key))
            waiting += (namer for namer in self._namers.get(key, ()) if self._follows(namer, one))
            if one.kind in _JOINING:
                waiting += self._named_by(one)
        return tuple(found), tuple(dict.fromkeys(_vnets_of(found.values())))

    def _follows(self, namer: str, named: Resource) -> bool:
        """Hold when what `namer` does may depend on the resource that it names, of which it is not a list of users."""
        found = self._inventory.find(namer)
        return found is not None and (found.kind not in USED_BY_OTHERS or named.kind in USED_BY_OTHERS)


def _vnets_of(resources: Iterable[Resource]) -> Iterator[str]:
    """Yield the keys of the vnets in which `resources` stand or which they name."""
    for resource in resources:
        if (own := vnet_of(resource.key)) is not None:
            yield own
        for identity in places_in(resource):
            if (named := vnet_of(key_of(identity))) is not None:
                yield named
