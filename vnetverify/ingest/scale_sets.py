"""Scale sets: machines that come and go, whose interfaces only their set describes where no list gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.properties import read
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, SCALE_SETS, Resource, key_of, kind_of, parent_of
from vnetverify.ingest.shapes import SCALE_SET_CONFIGURATION, SCALE_SET_INTERFACE
from vnetverify.ingest.values import member

NOT_LISTED = "interfaces of its instances are not in the input; `az vmss nic list` gives them"
_IN_TERRAFORM = (f"azurerm_{name}_virtual_machine_scale_set" for name in ("linux", "windows", "orchestrated"))
_KINDS = frozenset((SCALE_SETS, *_IN_TERRAFORM))
_MACHINES, _SUBNETS, _BALANCERS = "microsoft.compute/virtualmachines", "virtualnetworks/subnets", "loadbalancers"
_POOLS, _NAT_POOLS = f"{_BALANCERS}/backendaddresspools", f"{_BALANCERS}/inboundnatpools"


class ScaleSets:
    """The scale sets of an input, as far as they describe the interfaces of their instances."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._places: dict[str, frozenset[str] | None] = {}

    def places(self, resource: Resource) -> frozenset[str] | None:
        """Return the keys of subnets such that `resource` changes no flow but those that begin or end there; None where
        it is no scale set, or may change others.

        These are where its interfaces stand, and the internal frontends that lead to them. It forwards nothing, and is
        alone in the pools that hold it.
        """
        if resource.key not in self._places:
            self._places[resource.key] = self._found_places(resource)
        return self._places[resource.key]

    def places_described(self, interface: str) -> frozenset[str]:
        """Return the places of the scale set that says all that is known of the interface of this key; none where a
        list has it, or there is no such set."""
        if not is_of_scale_set(interface) or interface in self._inventory:
            return frozenset()
        owner = self._inventory.find(parent_of(interface, 2))
        return frozenset() if owner is None or self.is_listed(owner) else self.places(owner) or frozenset()

    def is_listed(self, scale_set: Resource) -> bool:
        """Hold when the input holds as many instances as Azure says that there are, with their interfaces.

        These say then whatever there is to say.
        """
        capacity = member(sku, "capacity") if isinstance(sku := scale_set.body.get("sku"), dict) else None
        if not scale_set.is_literal or not isinstance(capacity, int) or isinstance(capacity, bool):
            return False
        of_each, of_flexible = self._instances.get(scale_set.key, Counter()), self._flexible[scale_set.key]
        is_whole = all(count >= len(_interfaces(scale_set)) for count in of_each.values())
        return is_whole and len(of_each) + of_flexible >= capacity

    @cached_property
    def _instances(self) -> dict[str, Counter[str]]:
        """How many interfaces are listed of each instance, by scale set."""
        found: dict[str, Counter[str]] = {}
        for one in self._inventory.of(NIC_KINDS[1]):
            found.setdefault(parent_of(one.key, 2), Counter())[parent_of(one.key)] += 1
        return found

    @cached_property
    def _flexible(self) -> Counter[str | None]:
        """How many machines with a resource of their own each scale set has."""
        return Counter(scale_set_of(machine) for machine in self._inventory.of(_MACHINES))

    def _found_places(self, resource: Resource) -> frozenset[str] | None:
        interfaces = _interfaces(resource)
        if resource.kind not in _KINDS or not interfaces or not all(_is_of_host(one) for one in interfaces):
            return None
        places = {key for identity in ids_in(resource.body) if kind_of(key := key_of(identity)) == _SUBNETS}
        for pool in sorted(set(_pools_of(resource))):
            fronts = self._fronts(pool)
            if fronts is None:
                return None
            places |= fronts
        return frozenset(places)

    def _fronts(self, pool: str) -> set[str] | None:
        """Return the keys of the subnets with frontends that may lead to a pool of scale sets alone; None where it may
        hold others, or its load balancer is not told. One of inbound NAT is in doubt itself where it is told."""
        balancer = self._inventory.find(parent_of(pool))
        if balancer is None or balancer.kind != _BALANCERS or balancer.is_bare or pool in self._pools_of_cards:
            return None
        if kind_of(pool) not in (_POOLS, _NAT_POOLS):
            return None
        if kind_of(pool) == _NAT_POOLS and not balancer.stated("inboundNatPools"):
            return None
        members = [
            key_of(one) for one in ids_in(balancer.stated("backendAddressPools")) if "/ipconfigurations/" in key_of(one)
        ]
        if not all(is_of_scale_set(parent_of(one)) for one in members):
            return None
        fronts = ids_in(balancer.stated("frontendIPConfigurations"))
        return {key for identity in fronts if kind_of(key := key_of(identity)) == _SUBNETS}

    @cached_property
    def _pools_of_cards(self) -> frozenset[str]:
        """The keys of the pools that listed interfaces say that they are in."""
        cards = (card for kind in NIC_KINDS for card in self._inventory.of(kind))
        keys = (key_of(identity) for card in cards for identity in ids_in(card.body))
        return frozenset(key for key in keys if kind_of(key) == _POOLS)


def is_of_scale_set(interface: str) -> bool:
    """Hold when the interface with key `interface` is of an instance of a scale set."""
    return kind_of(interface) == NIC_KINDS[1]


def scale_set_of(machine: Resource) -> str | None:
    """Return the key of the scale set that a virtual machine was made by, or joined."""
    return next((key_of(one) for one in ids_in(machine.stated("virtualMachineScaleSet"))), None)


def _interfaces(scale_set: Resource) -> list[Any]:
    profile = scale_set.stated("virtualMachineProfile")
    network = member(profile, "networkProfile") if isinstance(profile, dict) else None
    found = member(network, "networkInterfaceConfigurations") if isinstance(network, dict) else None
    return found if isinstance(found, list) else []


def _pools_of(scale_set: Resource) -> Iterator[str]:
    """Yield the keys of what a scale set names as pools of load balancers for its interfaces."""
    for interface in _interfaces(scale_set):
        for configuration in _configurations(interface):
            values, _ = read(configuration, "", SCALE_SET_CONFIGURATION)
            for kind in ("loadbalancerbackendaddresspools", "loadbalancerinboundnatpools"):
                yield from (key_of(one) for one in ids_in(values.get(kind)))


def _configurations(interface: dict[str, Any]) -> list[Any]:
    values, _ = read(interface, "", SCALE_SET_INTERFACE)
    listed = values.get("ipconfigurations")
    return listed if isinstance(listed, list) else []


def _is_of_host(interface: Any) -> bool:
    if not isinstance(interface, dict):
        return False
    values, doubts = read(interface, "", SCALE_SET_INTERFACE)
    configurations = _configurations(interface)
    if doubts or values.get("enableipforwarding") not in (None, False) or not configurations:
        return False
    return all(_is_told(one) for one in configurations)


def _is_told(configuration: Any) -> bool:
    """Hold for an IP configuration with nothing but what is known."""
    return isinstance(configuration, dict) and not read(configuration, "", SCALE_SET_CONFIGURATION)[1]
