"""Virtual hubs, Route Servers among them: which networks one could change that is not modelled.

A hub changes the routes of the networks that are connected to it and to the other hubs of its WAN, a Route Server those
of the network in which it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.references import ids_in, vnet_of
from vnetverify.ingest.resources import Resource, key_of, kind_of

_HUBS, _WANS = "virtualhubs", "virtualwans"
_JOINING = (f"{_HUBS}/hubvirtualnetworkconnections", f"{_HUBS}/ipconfigurations")


def concern_hubs(inventory: Inventory, findings: Findings, vnets: Container[str]) -> None:
    """Record which of `vnets` hubs, their parts and their WANs have to do with, where all of the input's say."""
    parts: defaultdict[str, list[Resource]] = defaultdict(list)
    for kind in inventory.kinds():
        if kind.startswith(f"{_HUBS}/"):
            for part in inventory.of(kind):
                parts[_hub_of(part.key)].append(part)
    groups: defaultdict[str, list[Resource]] = defaultdict(list)
    for hub in inventory.of(_HUBS):
        groups[_wan_of(hub) or hub.key].append(hub)
    for group, hubs in groups.items():
        joined = {hub.key: _vnets_joined(hub, parts[hub.key], vnets) for hub in hubs}
        named = dict.fromkeys(vnet for each in joined.values() for vnet in each)
        if not named or any(hub.is_literal and not joined[hub.key] for hub in hubs):
            continue  # an export of a hub may leave out what is connected to it
        for key in (group, *joined, *(part.key for hub in hubs for part in parts[hub.key])):
            findings.concern(key, *named)


def _hub_of(key: str) -> str:
    head, _, tail = key.rpartition(f"/{_HUBS}/")
    return f"{head}/{_HUBS}/{tail.partition('/')[0]}"


def _wan_of(hub: Resource) -> str | None:
    found = (key_of(identity) for identity in ids_in(hub.stated("virtualWan")))
    return next((key for key in found if kind_of(key) == _WANS), None)


def _vnets_joined(hub: Resource, parts: Iterable[Resource], vnets: Container[str]) -> list[str]:
    """Return the keys of the vnets to which a hub, or a part that joins it to one, says it is joined."""
    bodies = [hub.body, *(part.body for part in parts if part.kind in _JOINING)]
    named = (vnet_of(key_of(identity)) for body in bodies for identity in ids_in(body))
    return [vnet for vnet in named if vnet is not None and vnet in vnets]
