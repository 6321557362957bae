"""Azure Firewalls as managed machines with the policy that they follow (R-UDR-19, F-FW-1 to F-FW-10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vnetverify.header import Family
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.findings import ANYTHING, Findings
from vnetverify.ingest.firewall_policies import FirewallPolicies, Told
from vnetverify.ingest.firewall_rules import Doubting, FirewallRules
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.machines import FIREWALLS, MachineNames
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import Shape, read
from vnetverify.ingest.publics import PublicAddresses
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.representatives import PRESUMED
from vnetverify.ingest.resources import Resource, key_of, kind_of, name_of
from vnetverify.ingest.shapes import FIREWALL, FIREWALL_CONFIGURATION
from vnetverify.ingest.values import Malformed, as_address, as_list, as_object, as_reference, as_text
from vnetverify.model.balancers import PublicAddress
from vnetverify.model.firewalls import FirewallPolicy, FirewallRuleKind
from vnetverify.model.network import Machine, Nic

_SUBNET = "azurefirewallsubnet"
_SUBNETS = "virtualnetworks/subnets"


class Firewalls:
    """The Azure Firewalls of an input; make them when vnets are made. `tags` are service tags with known prefixes."""

    def __init__(
        self,
        inventory: Inventory,
        findings: Findings,
        networks: Networks,
        publics: PublicAddresses,
        names: MachineNames,
        tags: Iterable[str],
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._publics = publics
        self._names = names
        self._policies = FirewallPolicies(inventory)
        self._rules = FirewallRules(inventory, tags)
        self._told: list[tuple[Resource, str, str]] = []

    def machines(self) -> dict[str, Machine]:
        """Return the firewalls as machines by name. What one does of which something is in doubt is left open."""
        found = {}
        for resource in self._inventory.of(FIREWALLS):
            named = vnets_named_by(resource, self._findings, self._networks.names)
            self._findings.concern(resource.key, *named)
            try:
                machine = self._machine(resource)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
            else:
                if machine is not None:
                    found[machine.name] = machine
        for resource, what, why in self._told:
            subject = resource.key if self._findings.concerned_by(resource.key) else ANYTHING
            self._findings.doubt(what, why, subject, resource.span, with_peers=True)
        return found

    def _read(self, firewall: Resource, item: dict[str, Any], kind: Shape, what: str) -> dict[str, Any]:
        values, doubts = read(item, firewall.pointer, kind)
        for doubt in doubts:
            self._told.append((firewall, f"`{doubt.name}` of {what}", doubt.why))
        return values

    def _machine(self, resource: Resource) -> Machine | None:
        before = len(self._told)

        def doubt(what: str, why: str) -> None:
            self._told.append((resource, what, why))

        values = self._read(resource, resource.body, FIREWALL, resource.subject)
        publics = self._public_addresses(resource, values)
        nic = self._nic(resource, values, publics[0] if publics else None)
        if nic is None:
            doubt(resource.subject, self._why_nowhere(values))
            return None
        told = self._policies.of_firewall(resource, values, doubt)
        self._doubt_services(resource, told, nic, doubt)
        if not publics:  # it sends what is for the Internet elsewhere
            doubt(resource.subject, "a firewall without a public address for what it forwards is not modelled")
        own: dict[int, str | None] = dict.fromkeys(nic.addresses)
        own.update((public.address, public.name) for public in publics if public.address is not None)
        rules = self._rules.rules(told.collections, own, doubt)
        machine = Machine(
            nic.machine,
            (nic,),
            policy=None,
            stateful=True,
            translates_source=True,
            is_managed=True,
            span=resource.span,
        )
        if len(self._told) > before or self._findings.is_in_doubt(resource):
            return machine
        policy = FirewallPolicy(
            rules,
            told.private_ranges,
            told.learns_private_ranges,
            told.denies_by_threat_intelligence,
            told.denies_by_intrusion_detection,
            tuple(publics[1:]),
            not resource.is_literal and resource.stated(PRESUMED) is True,
            resource.span,
        )
        return replace(machine, firewall=policy)

    def _doubt_services(self, resource: Resource, told: Told, nic: Nic, doubt: Doubting) -> None:
        """Record what the firewall serves by itself: flows that begin or end there are open."""
        for what, why in told.serves:
            if any(one.kind is FirewallRuleKind.NAT for one in told.collections):
                doubt(what, why)  # which of the two takes what comes for it is not told
            else:
                at = (f"{nic.vnet}.{nic.subnet}",)
                self._findings.doubt(what, why, resource.key, resource.span, True, at, ends_there=True)

    def _configurations(self, resource: Resource, values: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the IP configurations as read, the one that says its subnet first."""
        items = [
            as_object(item, "ipConfigurations") for item in as_list(values.get("ipconfigurations"), "ipConfigurations")
        ]
        found = [self._read(resource, item, FIREWALL_CONFIGURATION, resource.subject) for item in items]
        return sorted(found, key=lambda each: not each.get("subnet"))

    def _public_addresses(self, resource: Resource, values: dict[str, Any]) -> list[PublicAddress]:
        """Return the public addresses for what the firewall forwards, that of its interface first."""
        references = (
            as_reference(each.get("publicipaddress"), "publicIPAddress")
            for each in self._configurations(resource, values)
        )
        wanted = dict.fromkeys(reference for reference in references if reference is not None)
        found = (self._publics.one_of(resource, [(each, Family.IPV4)], Family.IPV4) for each in wanted)
        return [public for public in found if public is not None]

    def _why_nowhere(self, values: dict[str, Any]) -> str:
        """Return why the firewall has no interface in the model."""
        named = [key_of(each) for each in ids_in(values.get("ipconfigurations")) if kind_of(key_of(each)) == _SUBNETS]
        if named and all(name_of(key) == _SUBNET and self._networks.has_prefixes(key) for key in named):
            return "the input does not say its private address, and tells addresses of its subnet apart"
        return "it has no address in a subnet called `AzureFirewallSubnet`"

    def _nic(self, resource: Resource, values: dict[str, Any], public: PublicAddress | None) -> Nic | None:
        """Return the interface of the firewall, None where its place or address is not known."""
        subnets: dict[str, None] = {}
        addresses: dict[int, None] = {}
        for item in as_list(values.get("ipconfigurations"), "ipConfigurations"):
            inner, _ = read(as_object(item, "ipConfigurations"), resource.pointer, FIREWALL_CONFIGURATION)
            subnet = as_reference(inner.get("subnet"), "subnet")
            if subnet is not None:
                subnets[key_of(subnet)] = None
            if inner.get("privateipaddress"):
                addresses[as_address(as_text(inner["privateipaddress"], "privateIPAddress"))] = None
        subnet = next(iter(subnets), "")
        if len(subnets) != 1 or len(addresses) != 1 or name_of(subnet) != _SUBNET:
            return None
        if not self._networks.has_prefixes(subnet):
            return None
        where = self._networks.places[subnet]
        return Nic(
            self._names.of_nic(resource),
            self._names.of_machine(resource),
            where.vnet,
            where.subnet,
            tuple(addresses),
            ip_forwarding=True,
            public_address=public,
            span=resource.span,
        )
