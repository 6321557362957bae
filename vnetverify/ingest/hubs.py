"""Virtual hubs, Route Servers among them: which networks one could change that is not modelled.

A hub changes the routes of the networks that are connected to it and to the other hubs of its WAN, a Route Server those
of the network in which it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from typing import Any

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.references import ids_in, vnet_of
from vnetverify.ingest.resources import Resource, key_of, kind_of, name_of, parent_of
from vnetverify.ingest.values import Malformed, as_address, as_prefix, as_text

HUBS, _WANS = "virtualhubs", "virtualwans"
_OWN_SUBNET = "routeserversubnet"
PEERS_NOT_TOLD = "what its peers announce is not in the input"
_PLACE, _NEIGHBOUR = f"{HUBS}/ipconfigurations", f"{HUBS}/bgpconnections"
_JOINING = (f"{HUBS}/hubvirtualnetworkconnections", _PLACE)


def concern_hubs(inventory: Inventory, findings: Findings, vnets: Container[str]) -> None:
    """Record which of `vnets` hubs, their parts and their WANs have to do with, where all of the input's say."""
    parts: defaultdict[str, list[Resource]] = defaultdict(list)
    for kind in inventory.kinds():
        if kind.startswith(f"{HUBS}/"):
            for part in inventory.of(kind):
                parts[_hub_of(part.key)].append(part)
    groups: defaultdict[str, list[Resource]] = defaultdict(list)
    for hub in inventory.of(HUBS):
        groups[_wan_of(hub) or hub.key].append(hub)
    for group, hubs in groups.items():
        joined = {hub.key: _vnets_joined(hub, parts[hub.key], vnets) or _possible(hub, inventory) for hub in hubs}
        named = dict.fromkeys(vnet for each in joined.values() for vnet in each)
        if not named or any(hub.is_literal and not joined[hub.key] for hub in hubs):
            continue  # an export of a hub may leave out what is connected to it
        for key in (group, *joined, *(part.key for hub in hubs for part in parts[hub.key])):
            findings.concern(key, *named)


def _hub_of(identity: str) -> str:
    key = key_of(identity)
    head, _, tail = key.rpartition(f"/{HUBS}/")
    return f"{head}/{HUBS}/{tail.partition('/')[0]}"


def _wan_of(hub: Resource) -> str | None:
    found = (key_of(identity) for identity in ids_in(hub.stated("virtualWan")))
    return next((key for key in found if kind_of(key) == _WANS), None)


def is_route_server(hub: Resource) -> bool:
    """Hold for a virtual hub that stands in a network and is part of no WAN."""
    sku, kind = hub.stated("sku"), hub.body.get("kind")
    is_called_so = isinstance(kind, str) and kind.lower() == "routeserver"
    return _wan_of(hub) is None and (is_called_so or (isinstance(sku, str) and sku.lower() == "standard"))


def is_part_of_route_server(resource: Resource, inventory: Inventory) -> bool:
    """Hold for the subnet and the peers of a Route Server of the input: what they leave open is open about it."""
    hub = inventory.find(parent_of(resource.key)) if resource.kind in (_PLACE, _NEIGHBOUR) else None
    return hub is not None and is_route_server(hub)


def _possible(hub: Resource, inventory: Inventory) -> list[str]:
    """Return the keys of the vnets in which a Route Server may stand that does not name its subnet itself.

    That subnet lists it, or holds its addresses, which those of other networks may do as well.
    """
    if not is_route_server(hub):
        return []
    subnets = [one for one in inventory.of("virtualnetworks/subnets") if name_of(one.key) == _OWN_SUBNET]
    listing = [one for one in subnets if hub.key in map(_hub_of, ids_in(one.stated("ipConfigurations")))]
    told = hub.stated("virtualRouterIps")
    texts = told if isinstance(told, list) else []
    holding = [one for one in subnets if texts and all(_holds(one, text) for text in texts)]
    return [parent_of(one.key) for one in listing or holding]


def _holds(subnet: Resource, address: Any) -> bool:
    """Hold when a prefix of `subnet` holds an address; what is no address, or no prefix, is for their readers."""
    several = subnet.stated("addressPrefixes")
    texts = [*(several if isinstance(several, list) else ()), subnet.stated("addressPrefix")]
    try:
        value = as_address(as_text(address, "virtualRouterIps"))
        prefixes = [as_prefix(text) for text in texts if isinstance(text, str)]
    except Malformed:
        return False
    return any(prefix.value <= value <= prefix.last for prefix in prefixes)


def _vnets_joined(hub: Resource, parts: Iterable[Resource], vnets: Container[str]) -> list[str]:
    """Return the keys of the vnets to which a hub, or a part that joins it to one, says it is joined."""
    bodies = [hub.body, *(part.body for part in parts if part.kind in _JOINING)]
    named = (vnet_of(key_of(identity)) for body in bodies for identity in ids_in(body))
    return [vnet for vnet in named if vnet is not None and vnet in vnets]
