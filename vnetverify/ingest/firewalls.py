"""Azure Firewalls as managed machines, as far as they change no address on the way (R-UDR-19, F-FW-5, F-FW-7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vnetverify.header import Family, Prefix, parse_prefix
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.findings import ANYTHING, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.machines import FIREWALLS, MachineNames
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.publics import PublicAddresses
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import (
    FIREWALL,
    FIREWALL_CONFIGURATION,
    FIREWALL_POLICY,
    RULE_COLLECTION_GROUP,
    Shape,
    read,
)
from vnetverify.ingest.values import Malformed, as_address, as_list, as_object, as_reference, as_text, member, shown
from vnetverify.model.network import Machine, Nic

_GROUPS = "firewallpolicies/rulecollectiongroups"
_SUBNET = "azurefirewallsubnet"
_NOT_HERE = "it is not in the input"
_LEFT_OUT = "the input leaves the list out"
# Rules by which a firewall without a policy changes addresses; Azure always gives both lists.
_CLASSIC = ("natRuleCollections", "applicationRuleCollections")
# The destinations towards which a firewall keeps the source by default; the word stands for all of them.
_KEPT = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
_KEPT_PREFIXES = tuple(map(parse_prefix, _KEPT))
_DEFAULT_RANGES: tuple[frozenset[str], ...] = (frozenset(), frozenset(("ianaprivateranges",)), frozenset(_KEPT))
# Settings that decide about names and about what is dropped, by the first words of their keys.
_HARMLESS_SETTINGS = ("network.dns.", "network.ftp.", "threatintel.")
_FILTERS = "firewallpolicyfilterrulecollection"


class Firewalls:
    """The Azure Firewalls of an input; make them when vnets and sites are made."""

    def __init__(
        self,
        inventory: Inventory,
        findings: Findings,
        networks: Networks,
        publics: PublicAddresses,
        names: MachineNames,
        ranges: Iterable[Prefix],
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._publics = publics
        self._names = names
        self._public_range = next((prefix for prefix in ranges if _is_translated(prefix)), None)
        self._told: list[tuple[Resource, str, str]] = []

    def machines(self) -> dict[str, Machine]:
        """Return the firewalls as machines by name. What they forward is left open, whatever their rules say."""
        found = {}
        for resource in self._inventory.of(FIREWALLS):
            named = vnets_named_by(resource, self._findings, self._networks.names)
            self._findings.concern(resource.key, *named)
            try:
                machine = self._machine(resource)
            except Malformed as fault:
                self._findings.error("bad-value", f"{fault} in {resource.subject}", resource.span)
            else:
                if machine is not None:
                    found[machine.name] = machine
        for resource, what, why in self._told:
            subject = resource.key if self._findings.concerned_by(resource.key) else ANYTHING
            self._findings.doubt(what, why, subject, resource.span, with_peers=True)
        return found

    def _doubt(self, resource: Resource, what: str, why: str) -> None:
        self._told.append((resource, what, why))

    def _read(self, firewall: Resource, item: dict[str, Any], kind: Shape, what: str) -> dict[str, Any]:
        values, doubts = read(item, firewall.pointer, kind)
        for doubt in doubts:
            self._doubt(firewall, f"`{doubt.name}` of {what}", doubt.why)
        return values

    def _machine(self, resource: Resource) -> Machine | None:
        subject = resource.subject
        values = self._read(resource, resource.body, FIREWALL, subject)
        nic = self._nic(resource, values)
        self._doubt_settings(resource, as_object(values.get("additionalproperties"), "additionalProperties"))
        policy = as_reference(values.get("firewallpolicy"), "firewallPolicy")
        if policy is not None:
            self._doubt_policies(resource, policy)
        for name in _CLASSIC if policy is None and nic is not None and resource.is_of_azure else ():
            if resource.stated(name) is None:
                self._doubt(resource, f"`{name}` of {subject}", _LEFT_OUT)
        if self._public_range is not None:
            why = f"it translates sources towards {self._public_range}, which is not private (F-FW-7)"
            self._doubt(resource, subject, why)
        if nic is None:
            self._doubt(resource, subject, "it has no address in a subnet called `AzureFirewallSubnet`")
            return None
        return Machine(
            nic.machine,
            (nic,),
            policy=None,
            stateful=True,
            translates_source=True,
            is_managed=True,
            span=resource.span,
        )

    def _nic(self, resource: Resource, values: dict[str, Any]) -> Nic | None:
        """Return the interface of the firewall, None where its place or address is not known."""
        subnets: dict[str, None] = {}
        addresses: dict[int, None] = {}
        publics = []
        for item in as_list(values.get("ipconfigurations"), "ipConfigurations"):
            body = as_object(item, "ipConfigurations")
            inner = self._read(resource, body, FIREWALL_CONFIGURATION, resource.subject)
            subnet = as_reference(inner.get("subnet"), "subnet")
            if subnet is not None:
                subnets[key_of(subnet)] = None
            if inner.get("privateipaddress"):
                addresses[as_address(as_text(inner["privateipaddress"], "privateIPAddress"))] = None
            public = as_reference(inner.get("publicipaddress"), "publicIPAddress")
            if public is not None:
                publics.append((public, Family.IPV4))
        subnet = next(iter(subnets), "")
        public_address = self._publics.one_of(resource, publics, Family.IPV4)
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
            public_address=public_address,
            span=resource.span,
        )

    def _doubt_settings(self, firewall: Resource, settings: dict[str, Any]) -> None:
        for key, value in settings.items():
            if key.lower().startswith(_HARMLESS_SETTINGS) or value in (None, ""):
                continue
            ranges = frozenset(part.strip().lower() for part in str(value).split(","))
            if key.lower() != "network.snat.privateranges" or ranges not in _DEFAULT_RANGES:
                self._doubt(firewall, f"`{shown(key)}` of {firewall.subject}", "this setting is not modelled")

    def _doubt_policies(self, firewall: Resource, reference: str) -> None:
        """Tell what a policy and its parents do to addresses; that they drop packets is open anyhow."""
        following: str | None = reference
        seen: set[str] = set()
        while following is not None and key_of(following) not in seen:
            seen.add(key_of(following))
            policy = self._inventory.find(key_of(following))
            if policy is None or policy.is_bare:
                why = _NOT_HERE if policy is None else "it is listed without its properties"
                self._doubt(firewall, f"firewall policy `{shown(name_of(following))}` of {firewall.subject}", why)
                return
            following = self._doubt_policy(firewall, policy)

    def _doubt_policy(self, firewall: Resource, policy: Resource) -> str | None:
        """Tell what one policy does to addresses, and return the id of its parent, None where it has none."""
        values = self._read(firewall, policy.body, FIREWALL_POLICY, policy.subject)
        self._doubt_snat(firewall, policy, as_object(values.get("snat"), "snat"))
        for group in self._groups(firewall, policy, values.get("rulecollectiongroups")):
            inner = self._read(firewall, group.body, RULE_COLLECTION_GROUP, group.subject)
            if inner.get("rulecollections") is None:
                self._doubt(firewall, f"`ruleCollections` of {group.subject}", _LEFT_OUT)
            for item in as_list(inner.get("rulecollections"), "ruleCollections"):
                self._doubt_collection(firewall, group, as_object(item, "ruleCollections"))
        return as_reference(values.get("basepolicy"), "basePolicy")

    def _doubt_snat(self, firewall: Resource, policy: Resource, snat: dict[str, Any]) -> None:
        ranges = as_list(member(snat, "privateRanges"), "privateRanges")
        learns = member(snat, "autoLearnPrivateRanges") or "Disabled"
        is_default = frozenset(as_text(text, "privateRanges").lower() for text in ranges) in _DEFAULT_RANGES
        if not is_default or as_text(learns, "autoLearnPrivateRanges").lower() != "disabled":
            self._doubt(firewall, f"`snat` of {policy.subject}", "other ranges without translation are not modelled")

    def _groups(self, firewall: Resource, policy: Resource, listed: Any) -> Iterator[Resource]:
        """Yield the rule collection groups of a policy, in doubt about those that the input lacks."""
        present = [group for group in self._inventory.of(_GROUPS) if parent_of(group.key) == policy.key]
        if listed is None and not present:
            self._doubt(firewall, f"`ruleCollectionGroups` of {policy.subject}", _LEFT_OUT)
        references = [as_reference(item, "ruleCollectionGroups") for item in as_list(listed, "ruleCollectionGroups")]
        keys = {group.key for group in present}
        for reference in references:
            if reference is not None and key_of(reference) not in keys:
                what = f"rule collection group `{shown(name_of(reference))}` of {policy.subject}"
                self._doubt(firewall, what, _NOT_HERE)
        yield from present

    def _doubt_collection(self, firewall: Resource, group: Resource, collection: dict[str, Any]) -> None:
        """Tell of rules by which packets get other addresses: destination translation and application rules."""
        kind = as_text(member(collection, "ruleCollectionType") or "", "ruleCollectionType").lower()
        name = as_text(member(collection, "name") or "", "name")
        what = f"rule collection `{shown(name)}` of {group.subject}"
        if member(collection, "rules") is None:
            self._doubt(firewall, f"`rules` of {what}", _LEFT_OUT)
        for item in as_list(member(collection, "rules"), "rules"):
            rule = as_text(member(as_object(item, "rules"), "ruleType") or "", "ruleType")
            if kind == _FILTERS and rule.lower() == "networkrule":
                continue
            self._doubt(firewall, what, "a firewall's rules other than network rules change addresses, unmodelled")
            return


def _is_translated(prefix: Prefix) -> bool:
    """Hold when some of `prefix` is a destination towards which a firewall puts in its own source."""
    return prefix.family is Family.IPV4 and not any(
        kept.value <= prefix.value and prefix.last <= kept.last for kept in _KEPT_PREFIXES
    )
