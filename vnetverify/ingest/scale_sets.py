"""Scale sets: machines that come and go, whose interfaces only their set describes where no list gives them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.properties import NOTHING, read
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, SCALE_SETS, Resource, key_of, kind_of, parent_of
from vnetverify.ingest.shapes import SCALE_SET_CONFIGURATION, SCALE_SET_INTERFACE
from vnetverify.ingest.values import member

NOT_LISTED = "interfaces of its instances are not in the input; `az vmss nic list` gives them"
_KINDS = frozenset(
    (SCALE_SETS, *(f"azurerm_{name}_virtual_machine_scale_set" for name in ("linux", "windows", "orchestrated")))
)
_MACHINES = "microsoft.compute/virtualmachines"


def puts_hosts_only(resource: Resource) -> bool:
    """Hold for a scale set whose instances forward nothing, and to which no load balancer sends."""
    return resource.kind in _KINDS and bool(found := _interfaces(resource)) and all(_is_of_host(one) for one in found)


def is_of_scale_set(interface: str) -> bool:
    """Hold when the interface with key `interface` is of an instance of a scale set."""
    return kind_of(interface) == NIC_KINDS[1]


def subnets_described(scale_set: Resource | None, inventory: Inventory) -> frozenset[str]:
    """Return the keys of subnets of whose interfaces without a list of their own a scale set says all that is known."""
    if scale_set is None or not puts_hosts_only(scale_set) or is_listed(scale_set, inventory):
        return frozenset()
    return frozenset(key_of(identity) for identity in ids_in(scale_set.body))


def is_listed(scale_set: Resource, inventory: Inventory) -> bool:
    """Hold when the input holds as many of its instances as Azure says that there are, with their interfaces.

    These say then whatever there is to say.
    """
    capacity = member(sku, "capacity") if isinstance(sku := scale_set.body.get("sku"), dict) else None
    if not scale_set.is_literal or not isinstance(capacity, int) or isinstance(capacity, bool):
        return False
    own = [one.key for one in inventory.of(NIC_KINDS[1]) if parent_of(one.key, 2) == scale_set.key]
    of_each = Counter(parent_of(key) for key in own)
    of_flexible = [one for one in inventory.of(_MACHINES) if scale_set_of(one) == scale_set.key]
    is_whole = all(count >= len(_interfaces(scale_set)) for count in of_each.values())
    return is_whole and len(of_each) + len(of_flexible) >= capacity


def scale_set_of(machine: Resource) -> str | None:
    """Return the key of the scale set that a virtual machine was made by, or joined."""
    return next((key_of(one) for one in ids_in(machine.stated("virtualMachineScaleSet"))), None)


def _interfaces(scale_set: Resource) -> list[Any]:
    profile = scale_set.stated("virtualMachineProfile")
    network = member(profile, "networkProfile") if isinstance(profile, dict) else None
    found = member(network, "networkInterfaceConfigurations") if isinstance(network, dict) else None
    return found if isinstance(found, list) else []


def _is_of_host(interface: Any) -> bool:
    if not isinstance(interface, dict):
        return False
    values, doubts = read(interface, "", SCALE_SET_INTERFACE)
    listed = values.get("ipconfigurations")
    configurations = listed if isinstance(listed, list) else []
    if doubts or values.get("enableipforwarding") not in (None, False) or not configurations:
        return False
    return all(_is_balanced_by_none(one) for one in configurations)


def _is_balanced_by_none(configuration: Any) -> bool:
    if not isinstance(configuration, dict):
        return False
    values, doubts = read(configuration, "", SCALE_SET_CONFIGURATION)
    return not doubts and all(value in NOTHING for name, value in values.items() if name != "subnet")
