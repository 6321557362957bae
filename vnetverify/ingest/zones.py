"""Private DNS zones with links and records, the servers that networks ask, and what an input leaves open there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.values import (
    Malformed,
    as_address,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_reference,
    as_text,
    member,
    shown,
)
from vnetverify.model.network import Network
from vnetverify.model.resolvers import AZURE_RESOLVER
from vnetverify.model.zones import NO_ZONES, DnsRecord, DnsZone, ZoneLink, normal_name, normal_record
from vnetverify.source import NOWHERE

_ZONES = "privatednszones"
_SOA = "soa"
_LINKS = "privatednszones/virtualnetworklinks"
_ADDRESSES = {"privatednszones/a": ("aRecords", "ipv4Address"), "privatednszones/aaaa": ("aaaaRecords", "ipv6Address")}
# Record sets that no question about an address finds; every zone has one of the last kind.
_OTHERS = ("mx", "txt", "srv", _SOA)
_ALIASES = "privatednszones/cname"
_MACHINES = "microsoft.compute/virtualmachines"


def dns_servers_in(settings: Any, resource: Resource, vnet: str, findings: Findings) -> tuple[int, ...]:
    """Return the servers that the settings of a vnet or interface name, none where it asks Azure's resolver alone."""
    try:
        servers = as_list(member(as_object(settings, "settings"), "dnsServers"), "dnsServers")
        texts = [as_text(server, "dnsServers") for server in servers]
        # An interface says so that it has no servers of its own.
        addresses = tuple(dict.fromkeys(as_address(text) for text in texts if text.lower() != "azureprovideddns"))
    except Malformed as fault:
        findings.doubt_names(f"`dnsServers` of {resource.subject}", str(fault), resource.span, vnet)
        return ()
    return () if set(addresses) <= {AZURE_RESOLVER} else addresses


class Zones:
    """The private zones of an input; `names` are those of its vnets by key."""

    def __init__(self, inventory: Inventory, findings: Findings, names: Mapping[str, str]) -> None:
        self._inventory = inventory
        self._findings = findings
        self._vnets = names
        self._keys = {zone.key: zone for zone in inventory.of(_ZONES)}
        self._names = unique_names(((zone.id, zone.span) for zone in self._keys.values()), findings)
        self._records: defaultdict[str, dict[str, DnsRecord]] = defaultdict(dict)
        self._links: defaultdict[str, list[ZoneLink]] = defaultdict(list)
        self._sets: defaultdict[str, int] = defaultdict(int)
        self._linked: defaultdict[str, int] = defaultdict(int)
        self._zones = self._read()
        if not self._keys and names:
            why = "the input holds none, and a network does not say which are linked to it"
            findings.doubt_names(NO_ZONES, why, NOWHERE, *names.values())

    def zones(self) -> dict[str, DnsZone]:
        return self._zones

    def _read(self) -> dict[str, DnsZone]:
        for resource in self._inventory.of(_LINKS):
            self._guarded(resource, self._link)
        for kind in (*_ADDRESSES, _ALIASES, "privatednszones/ptr"):
            for resource in self._inventory.of(kind):
                self._guarded(resource, self._record)
        for kind in _OTHERS:
            for resource in self._inventory.of(f"{_ZONES}/{kind}"):
                self._sets[parent_of(resource.key)] += kind != _SOA
        zones = (self._zone(zone) for zone in self._keys.values())
        return {zone.name: zone for zone in zones if zone is not None}

    def _guarded(self, resource: Resource, read: Callable[[Resource, Resource], None]) -> None:
        """Read what belongs to a zone; what cannot be read is left out of names, and of nothing else."""
        zone = self._keys.get(parent_of(resource.key))
        if zone is None:
            what = f"zone `{shown(name_of(parent_of(resource.key)))}`, to which {resource.subject} belongs"
            self._findings.doubt_names(what, NOT_HERE, resource.span)
            return
        try:
            read(zone, resource)
        except Malformed as fault:
            self._findings.doubt_names(resource.subject, str(fault), resource.span)

    def _link(self, zone: Resource, resource: Resource) -> None:
        self._linked[zone.key] += 1
        identity = as_reference(resource.stated("virtualNetwork"), "virtualNetwork")
        vnet = self._vnets.get(key_of(identity)) if identity is not None else None
        if vnet is None:
            return
        registers = bool(as_flag(resource.stated("registrationEnabled"), "registrationEnabled"))
        self._links[zone.key].append(ZoneLink(vnet, registers, resource.span))
        policy = resource.stated("resolutionPolicy")
        if policy is not None and as_text(policy, "resolutionPolicy").lower() != "default":
            what = f"`resolutionPolicy` of {resource.subject}"
            self._findings.doubt_names(what, "looking elsewhere is not modelled", resource.span, vnet)

    def _record(self, zone: Resource, resource: Resource) -> None:
        self._sets[zone.key] += 1
        name = normal_record(resource.name.lower(), zone.name.lower())
        if name is None:
            raise Malformed(f"`{shown(resource.name)}` is not a name of a record")
        if resource.kind not in _ADDRESSES:
            # Where an alias leads, and what a reverse zone of one's own holds, is not followed.
            why = "records that lead to other names are not modelled"
            vnets = [link.vnet for link in self._links[zone.key]]
            if vnets:
                self._findings.doubt_names(f"record {name}", why, resource.span, *vnets)
            return
        several, single = _ADDRESSES[resource.kind]
        addresses = tuple(
            as_address(as_text(member(as_object(item, several), single), single))
            for item in as_list(resource.stated(several), several)
        )
        earlier = self._records[zone.key].get(name)
        together = (*(earlier.addresses if earlier is not None else ()), *addresses)
        self._records[zone.key][name] = DnsRecord(name, tuple(dict.fromkeys(together)), resource.span)

    def _zone(self, zone: Resource) -> DnsZone | None:
        domain = normal_name(zone.name)
        if domain is None:
            self._findings.doubt_names(zone.subject, "its name is none of the DNS", zone.span)
            return None
        links = self._links[zone.key]
        try:
            self._count(zone, "numberOfVirtualNetworkLinks", self._linked[zone.key], ())
            self._count(zone, "numberOfRecordSets", self._sets[zone.key] + 1, tuple(link.vnet for link in links))
        except Malformed as fault:
            self._findings.doubt_names(zone.subject, str(fault), zone.span)
        records = tuple(record for record in self._records[zone.key].values() if record.addresses)
        return DnsZone(self._names[zone.key], domain, tuple(links), records, zone.span)

    def _count(self, zone: Resource, name: str, known: int, vnets: tuple[str, ...]) -> None:
        """Doubt a zone of which the input does not hold all; without links nobody sees its records."""
        said = zone.stated(name)
        if (said is not None and as_number(said, name) <= known) or (name == "numberOfRecordSets" and not vnets):
            return
        why = "the input does not say how many there are" if said is None else f"there are {said}, and {known} here"
        self._findings.doubt_names(f"`{name}` of {zone.subject}", why, zone.span, *vnets)


def doubt_host_names(inventory: Inventory, findings: Findings, network: Network) -> None:
    """Record the machines of which the input does not say that they are called as the model calls them."""
    named = {}  # by the name as well: what a loop of a template makes stands in one place
    for resource in inventory.of(_MACHINES):
        profile = resource.stated("osProfile")
        name = member(profile, "computerName") if isinstance(profile, dict) else None
        named[resource.span, resource.name.lower()] = name.lower() if isinstance(name, str) else None
    vnets: dict[str, None] = {}
    doubtful = 0
    for machine in network.machines.values():
        if not machine.is_managed and named.get((machine.span, machine.name.lower())) != machine.name.lower():
            doubtful += 1
            vnets.update((nic.vnet, None) for nic in machine.nics)
    if doubtful:
        noun = "machine" if doubtful == 1 else "machines"
        why = "the input does not tell their `computerName`, or tells another than their name"
        findings.doubt_names(f"host names of {doubtful} {noun}", why, NOWHERE, *vnets)
