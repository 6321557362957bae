"""Network interfaces, gathered into the machines they belong to, and their public addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.ingest.filters import Filters
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of, name_of, parent_of
from vnetverify.ingest.shapes import IP_CONFIGURATION, NIC, PUBLIC_ADDRESS, read
from vnetverify.ingest.values import (
    Malformed,
    as_address,
    as_flag,
    as_list,
    as_object,
    as_reference,
    as_text,
    is_ipv6,
    member,
)
from vnetverify.model.network import Machine, Nic, PublicAddress, Sku
from vnetverify.source import Span

_MACHINES = "microsoft.compute/virtualmachines"
_PUBLIC = "publicipaddresses"
_SKUS = {"standard": Sku.STANDARD, "standardv2": Sku.STANDARD, "basic": Sku.BASIC}


@dataclass(frozen=True, slots=True)
class _Configuration:
    """One IP configuration of an interface, by keys."""

    subnet: str | None
    address: int | None
    public: str | None
    asgs: tuple[str, ...]


class Interfaces:
    """The interfaces of an input."""

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks, filters: Filters) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._filters = filters
        self._nics = tuple(nic for kind in NIC_KINDS for nic in inventory.of(kind))
        self.names = unique_names(((nic.id, nic.span) for nic in self._nics), findings)
        self._owners = dict(self._owner_ids())
        self._machine_names = unique_names(
            ((self._owners.get(nic.key, nic.id), nic.span) for nic in self._nics), findings
        )
        self._public_names = unique_names(self._public_ids(), findings)

    def machines(self) -> dict[str, Machine]:
        nics: defaultdict[str, list[Nic]] = defaultdict(list)
        spans: dict[str, Span] = {}
        for resource in self._nics:
            try:
                nic = self._nic(resource)
            except Malformed as fault:
                self._findings.error("bad-value", f"{fault} in {resource.subject}", resource.span)
                continue
            if nic is not None:
                nics[nic.machine].append(nic)
                owner = self._inventory.find(key_of(self._owners.get(resource.key, "")))
                spans.setdefault(nic.machine, resource.span if owner is None else owner.span)
        return {name: _machine(name, tuple(own), spans[name]) for name, own in nics.items()}

    def _owner_ids(self) -> Iterator[tuple[str, str]]:
        """Yield interface keys with the id of their virtual machine, as either of the two tells it."""
        for machine in self._inventory.of(_MACHINES):
            for identity in ids_in(machine.stated("networkProfile")):
                yield key_of(identity), machine.id
        for nic in self._nics:
            for identity in ids_in(nic.stated("virtualMachine")):
                owner = self._inventory.find(key_of(identity))
                yield nic.key, identity if owner is None else owner.id

    def _public_ids(self) -> Iterator[tuple[str, Span]]:
        for public in self._inventory.of(_PUBLIC):
            yield public.id, public.span
        for nic in self._nics:
            for identity in _public_references(nic):
                if key_of(identity) not in self._inventory:
                    yield identity, nic.span

    def _nic(self, resource: Resource) -> Nic | None:
        values, doubts = read(resource.body, resource.pointer, NIC)
        configurations = self._configurations(resource, values)
        subnets = dict.fromkeys(found.subnet for found in configurations if found.subnet is not None)
        if len(subnets) != 1:
            if not subnets:
                raise Malformed("no IP configuration names a subnet")
            raise Malformed("the IP configurations name several subnets")
        subnet = next(iter(subnets))
        if subnet not in self._networks.places:
            raise Malformed("an IP configuration names no subnet of a virtual network")
        where = self._networks.places[subnet]
        self._findings.concern(resource.key, parent_of(subnet))
        self._findings.doubts(resource, doubts, resource.key)
        addresses = tuple(found.address for found in configurations if found.address is not None)
        if addresses and not self._networks.has_prefixes(subnet):
            why = "the prefixes of its subnet are not in the input"
            self._findings.doubt_about(resource, f"where {resource.subject} has its address", why)
            addresses = ()
        asgs = dict.fromkeys(name for found in configurations for name in found.asgs)
        return Nic(
            self.names[resource.key],
            self._machine_names[key_of(self._owners.get(resource.key, resource.id))],
            where.vnet,
            where.subnet,
            addresses,
            self._nsg(resource, values, parent_of(subnet)),
            tuple(asgs),
            bool(as_flag(values.get("enableipforwarding"), "enableIPForwarding")),
            self._public_address(resource, [found.public for found in configurations if found.public is not None]),
            span=resource.span,
        )

    def _configurations(self, nic: Resource, values: dict[str, Any]) -> list[_Configuration]:
        found = []
        for position, item in enumerate(as_list(values.get("ipconfigurations"), "ipConfigurations")):
            within = "/properties" if "properties" in nic.body else ""
            pointer = f"{nic.pointer}{within}/ipConfigurations/{position}"
            inner, doubts = read(as_object(item, "ipConfigurations"), pointer, IP_CONFIGURATION)
            self._findings.doubts(nic, doubts, nic.key)
            found.append(self._configuration(nic, inner))
        if sum(one.address is not None for one in found) > 1 and any(one.public is not None for one in found):
            what = f"the public address of {nic.subject}, which has several private ones"
            self._findings.doubt_about(nic, what, "which private address it stands for is not modelled")
        return found

    def _configuration(self, nic: Resource, values: dict[str, Any]) -> _Configuration:
        subnet = as_reference(values.get("subnet"), "subnet")
        address = self._private_address(nic, values)
        public = as_reference(values.get("publicipaddress"), "publicIPAddress")
        groups = as_list(values.get("applicationsecuritygroups"), "applicationSecurityGroups")
        references = [as_reference(group, "applicationSecurityGroups") for group in groups]
        groups_named = [key_of(reference) for reference in references if reference is not None]
        if not all(key in self._filters.asg_names for key in groups_named):
            raise Malformed("an application security group is not named by an id")
        if subnet is not None:
            for key in groups_named:
                self._findings.concern(key, parent_of(key_of(subnet)))
        return _Configuration(
            None if subnet is None else key_of(subnet),
            address,
            public,
            tuple(self._filters.asg_names[key] for key in groups_named),
        )

    def _private_address(self, nic: Resource, values: dict[str, Any]) -> int | None:
        """Return the IPv4 address of a configuration, None with a doubt where it has none."""
        text = values.get("privateipaddress")
        spelt = as_text(text, "privateIPAddress") if text else ""
        version = as_text(values.get("privateipaddressversion") or "IPv4", "privateIPAddressVersion")
        if is_ipv6(spelt) or version.lower() == "ipv6":
            self._findings.doubt_about(nic, f"the IPv6 address of {nic.subject}", "only IPv4 is modelled")
            return None
        if not spelt:
            self._findings.doubt_about(nic, f"an address of {nic.subject}", "it is not assigned yet")
            return None
        return as_address(spelt)

    def _nsg(self, nic: Resource, values: dict[str, Any], vnet: str) -> str | None:
        reference = as_reference(values.get("networksecuritygroup"), "networkSecurityGroup")
        if reference is None:
            return None
        self._findings.concern(key_of(reference), vnet)
        name = self._filters.names.get(key_of(reference))
        if name is None:
            what = f"nsg `{name_of(reference)}` of {nic.subject}"
            self._findings.doubt_about(nic, what, "it is not in the input")
        return name

    def _public_address(self, nic: Resource, references: list[str]) -> PublicAddress | None:
        found = [self._public(reference, nic) for reference in references]
        known = [address for address in found if address is not None]
        for extra in known[1:]:
            what = f"public address `{extra.name}` of {nic.subject}"
            self._findings.doubt_about(nic, what, "an interface with several public addresses is not modelled")
        return known[0] if known else None

    def _public(self, reference: str, nic: Resource) -> PublicAddress | None:
        """Return the public address; one that is not in the input is unknown in every respect."""
        key = key_of(reference)
        name = self._public_names.get(key)
        if name is None:
            raise Malformed("`publicIPAddress` names no public address")
        resource = self._inventory.find(key)
        if resource is None:
            message = f"public address `{name}` of {nic.subject} is not in the input, so it is any"
            self._findings.note("public-address-missing", message, nic.span)
            return PublicAddress(name, None, None, nic.span)
        values, doubts = read(resource.body, resource.pointer, PUBLIC_ADDRESS)
        self._findings.doubts(resource, doubts, nic.key)
        version = values.get("publicipaddressversion")
        if version is not None and as_text(version, "publicIPAddressVersion").lower() == "ipv6":
            self._findings.doubt(resource.subject, "only IPv4 is modelled", nic.key, resource.span)
            return None
        text = values.get("ipaddress")
        address = as_address(as_text(text, "ipAddress")) if text else None
        return PublicAddress(name, _sku(values.get("sku")), address, resource.span)


def _public_references(nic: Resource) -> Iterator[str]:
    return (identity for identity in ids_in(nic.body) if kind_of(key_of(identity)) == _PUBLIC)


def _sku(value: Any) -> Sku | None:
    name = member(as_object(value, "sku"), "name")
    return None if name is None else _SKUS.get(as_text(name, "sku").lower())


def _machine(name: str, nics: tuple[Nic, ...], span: Span) -> Machine:
    """Return the machine; one that may forward is an appliance of which nothing is declared (R-META-3)."""
    machine = Machine(name, nics, span=span)
    if any(nic.ip_forwarding for nic in nics):
        return replace(machine, policy=None, stateful=None)
    return machine
