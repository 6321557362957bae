"""Whose an interface is, and the names of interfaces and machines; a managed firewall is a machine with one of each."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of

FIREWALLS = "azurefirewalls"
_MACHINES = "microsoft.compute/virtualmachines"


class MachineNames:
    """The names of the interfaces and machines of an input."""

    def __init__(self, inventory: Inventory, findings: Findings) -> None:
        self._inventory = inventory
        self._nics = tuple(nic for kind in NIC_KINDS for nic in inventory.of(kind))
        self._owners = dict(self._owner_ids())
        firewalls = tuple((firewall.id, firewall.span) for firewall in inventory.of(FIREWALLS))
        owned = ((self._owners.get(nic.key, nic.id), nic.span) for nic in self._nics)
        self._nic_names = unique_names((*((nic.id, nic.span) for nic in self._nics), *firewalls), findings)
        self._machine_names = unique_names((*owned, *firewalls), findings)

    def _owner_ids(self) -> Iterator[tuple[str, str]]:
        """Yield interface keys with the id of their virtual machine, as either of the two tells it."""
        for machine in self._inventory.of(_MACHINES):
            for identity in ids_in(machine.stated("networkProfile")):
                yield key_of(identity), machine.id
        for nic in self._nics:
            for identity in ids_in(nic.stated("virtualMachine")):
                owner = self._inventory.find(key_of(identity))
                yield nic.key, identity if owner is None else owner.id

    def owner_of(self, nic: Resource) -> str:
        """Return the key of what the interface or firewall belongs to: itself, where it belongs to no machine."""
        return key_of(self._owners.get(nic.key, nic.id))

    def of_nic(self, nic: Resource) -> str:
        return self._nic_names[nic.key]

    def of_machine(self, nic: Resource) -> str:
        return self._machine_names[self.owner_of(nic)]
