"""What resources of the input say of others that are not in it, or that do not say so themselves."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.references import ids_in, places_in, vnet_of
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of, name_of, parent_of
from vnetverify.ingest.values import member, shown

_GROUPS = "networksecuritygroups"
_MACHINES = "microsoft.compute/virtualmachines"
_PEERINGS = "virtualnetworks/virtualnetworkpeerings"


def doubt_absent(inventory: Inventory, findings: Findings, networks: Networks) -> None:
    """Tell `findings` of interfaces, holders of public addresses and gateways that only others speak of.

    Such an interface may have a group, an address and a role of its own, in whichever vnet it stands.
    """
    for resource, holder in _spoken_of(inventory):
        found = inventory.find(key_of(holder))
        what = f"`{shown(name_of(holder))}`, which {resource.subject} names"
        if found is None:
            if networks.lists(key_of(holder)):
                continue
            subject = f"{resource.key} at {key_of(holder)}"
            findings.concern(subject, *networks.possible_homes(resource))
            findings.doubt(what, NOT_HERE, subject, resource.span, with_peers=True)
        elif found.kind in NIC_KINDS and not _names(found, resource):
            findings.doubt(what, "it does not name the other", found.key, resource.span)
    for kind in NIC_KINDS:
        for part in inventory.of(f"{kind}/ipconfigurations"):
            _doubt_owner(part, inventory, findings, networks)
    for half in inventory.of(_PEERINGS):
        _doubt_gateways(half, inventory, findings, networks)


def _doubt_gateways(half: Resource, inventory: Inventory, findings: Findings, networks: Networks) -> None:
    """Tell of gateways that the vnet of a half of a peering says it uses (R-GW-4), and that the input lacks."""
    for identity in ids_in(half.stated("remoteGateways")):
        gateway = key_of(identity)
        if gateway not in inventory and not networks.lists(gateway):
            subject = f"{half.key} at {gateway}"
            findings.concern(subject, parent_of(half.key))
            what = f"gateway `{shown(name_of(identity))}`, which {half.subject} names"
            findings.doubt(what, NOT_HERE, subject, half.span, with_peers=True, is_outside=True)


def _doubt_owner(part: Resource, inventory: Inventory, findings: Findings, networks: Networks) -> None:
    """Tell of the interface whose IP configuration `part` is, where only this is listed."""
    owner = parent_of(part.key)
    if owner not in inventory:
        homes = [home for place in places_in(part) if (home := vnet_of(key_of(place))) is not None]
        findings.concern(part.key, *(homes or networks.possible_homes(part)))
        what = f"interface `{shown(name_of(owner))}` of IP configuration `{shown(part.name)}`"
        findings.doubt(what, NOT_HERE, part.key, part.span, with_peers=True)


def _spoken_of(inventory: Inventory) -> Iterator[tuple[Resource, str]]:
    """Yield resources with the ids of those that they are fastened to by their own word."""
    for kind, property_name in ((_GROUPS, "networkInterfaces"), (_MACHINES, "networkProfile")):
        for resource in inventory.of(kind):
            for identity in ids_in(resource.stated(property_name)):
                if kind_of(key_of(identity)) in NIC_KINDS:
                    yield resource, identity
    for public in inventory.of("publicipaddresses"):
        holder = public.stated("ipConfiguration")
        for identity in ids_in(member(holder, "id") if isinstance(holder, dict) else None):
            yield public, parent_of(identity.rstrip("/"))


def _names(interface: Resource, resource: Resource) -> bool:
    """Hold when `interface` says the same; a machine need not be named by it."""
    if resource.kind == _MACHINES:
        return True
    return any(key_of(identity) == resource.key for identity in ids_in(interface.body))
