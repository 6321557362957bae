"""Network interfaces, gathered into the machines they belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.header import Family, family_of
from vnetverify.ingest.filters import Filters
from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.machines import MachineNames
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import read
from vnetverify.ingest.publics import PublicAddresses
from vnetverify.ingest.references import places_in, vnet_of
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import IP_CONFIGURATION, NIC
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import (
    Malformed,
    as_address,
    as_flag,
    as_list,
    as_object,
    as_reference,
    as_text,
    entries,
    shown,
)
from vnetverify.ingest.zones import dns_servers_in
from vnetverify.model.network import Machine, Nic
from vnetverify.source import Span

# What an interface may be of besides machines, by the field that names it.
_OF_OTHERS = {"privateEndpoint": "private endpoint", "privateLinkService": "private link service"}


@dataclass(frozen=True, slots=True)
class _Configuration:
    """One IP configuration of an interface, by keys.

    `pools` and `nat_rules` are None where it does not say which it is in.
    """

    key: str
    subnet: str | None
    family: Family
    address: int | None
    public: str | None
    asgs: tuple[str, ...]
    pools: tuple[str, ...] | None
    nat_rules: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Card:
    """An interface as load balancers see it, by the keys of its IP configurations.

    `addresses` are None where one is not known; `pools` and `nat_rules`, the backend pools and inbound NAT rules that
    each says it is in, are None where it says nothing.
    """

    nic: Nic
    resource: Resource
    addresses: Mapping[str, int | None]
    pools: Mapping[str, tuple[str, ...] | None]
    nat_rules: Mapping[str, tuple[str, ...] | None]


class Interfaces:
    """The interfaces of an input; `cards` holds them by key once the machines are made."""

    def __init__(
        self,
        inventory: Inventory,
        findings: Findings,
        networks: Networks,
        filters: Filters,
        publics: PublicAddresses,
        names: MachineNames,
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._filters = filters
        self._publics = publics
        self._names = names
        self._nics = tuple(nic for kind in NIC_KINDS for nic in inventory.of(kind))
        self.cards: dict[str, Card] = {}

    def machines(self) -> dict[str, Machine]:
        nics: defaultdict[str, list[Nic]] = defaultdict(list)
        spans: dict[str, Span] = {}
        for resource in self._nics:
            try:
                nic = self._nic(resource)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
                continue
            if nic is not None:
                nics[nic.machine].append(nic)
                owner = self._inventory.find(self._names.owner_of(resource)) or resource
                spans.setdefault(nic.machine, owner.span)
        return {name: _machine(name, tuple(own), spans[name]) for name, own in nics.items()}

    def _nic(self, resource: Resource) -> Nic | None:
        values, doubts = read(resource.body, resource.pointer, NIC)
        if self._is_of_another(resource, values):
            return None
        configurations = self._configurations(resource, values)
        subnet = self._subnet_of(configurations)
        where = self._networks.places[subnet]
        self._findings.concern(resource.key, parent_of(subnet))
        self._findings.doubts(resource, doubts, resource.key)
        addresses = self._addresses(resource, subnet, configurations)
        publics = [(found.public, found.family) for found in configurations if found.public is not None]
        nic = Nic(
            self._names.of_nic(resource),
            self._names.of_machine(resource),
            where.vnet,
            where.subnet,
            addresses,
            self._nsg(resource, values, parent_of(subnet)),
            self._asgs(resource, configurations),
            _may_forward(values.get("enableipforwarding")),
            self._publics.one_of(resource, publics, Family.IPV4),
            self._publics.one_of(resource, publics, Family.IPV6),
            dns_servers=dns_servers_in(values.get("dnssettings"), resource, where.vnet, self._findings),
            span=resource.span,
        )
        self.cards[resource.key] = _card(nic, resource, configurations)
        return nic

    def _is_of_another(self, resource: Resource, values: dict[str, Any]) -> bool:
        """Tell whether an interface is of no machine; where that is not known it is in doubt already."""
        for field, what in _OF_OTHERS.items():
            if isinstance(values.get(field.lower()), Unknown):
                return True
            if values.get(field.lower()):
                self._of_another(resource, as_reference(values[field.lower()], field), what)
                return True
        return False

    def _subnet_of(self, configurations: list[_Configuration]) -> str:
        """Return the key of the one subnet that the IP configurations name. Raises `Malformed`."""
        subnets = {found.subnet for found in configurations if found.subnet is not None}
        if not subnets:
            raise Malformed("no IP configuration names a subnet")
        if len(subnets) > 1:
            raise Malformed("the IP configurations name several subnets")
        subnet = subnets.pop()
        if subnet not in self._networks.places:
            raise Malformed("an IP configuration names no subnet of a virtual network")
        return subnet

    def _addresses(self, resource: Resource, subnet: str, configurations: list[_Configuration]) -> tuple[int, ...]:
        addresses = tuple(found.address for found in configurations if found.address is not None)
        if addresses and not self._networks.has_prefixes(subnet):
            why = "the prefixes of its subnet are not in the input"
            self._findings.doubt_about(resource, f"where {resource.subject} has its address", why)
            return ()
        return addresses

    def _asgs(self, resource: Resource, configurations: list[_Configuration]) -> tuple[str, ...]:
        asgs = dict.fromkeys(name for found in configurations for name in found.asgs)
        if any(set(found.asgs) != set(asgs) for found in configurations):
            what = f"the application security groups of {resource.subject}, whose IP configurations differ in them,"
            self._findings.doubt_about(resource, what, "an interface has its groups for all addresses in the model")
        return tuple(asgs)

    def _of_another(self, resource: Resource, reference: str | None, kind: str) -> None:
        """What an interface is of says itself where it stands; of one that is not in the input only this is known."""
        if reference is None or key_of(reference) in self._inventory:
            return
        homes = (vnet_of(key_of(place)) for place in places_in(resource))
        self._findings.concern(resource.key, *(home for home in homes if home is not None))
        what = f"{kind} `{shown(name_of(reference))}` of {resource.subject}"
        self._findings.doubt(what, NOT_HERE, resource.key, resource.span, with_peers=True)

    def _configurations(self, nic: Resource, values: dict[str, Any]) -> list[_Configuration]:
        found = []
        for position, item in entries(values.get("ipconfigurations"), "ipConfigurations"):
            within = "/properties" if "properties" in nic.body else ""
            pointer = f"{nic.pointer}{within}/ipConfigurations/{position}"
            body = as_object(item, "ipConfigurations")
            inner, doubts = read(body, pointer, IP_CONFIGURATION)
            self._findings.doubts(nic, doubts, nic.key)
            found.append(self._configuration(nic, f"{nic.key}/ipconfigurations/{_name(body, position)}", inner))
        for family in Family:
            own = [one for one in found if one.family is family and one.address is not None]
            if len(own) > 1 and any(one.public is not None for one in own):
                what = f"the public address of {nic.subject}, which has several private ones"
                self._findings.doubt_about(nic, what, "which private address it stands for is not modelled")
        return found

    def _configuration(self, nic: Resource, key: str, values: dict[str, Any]) -> _Configuration:
        subnet = as_reference(values.get("subnet"), "subnet")
        family, address = self._private_address(nic, values)
        public = as_reference(values.get("publicipaddress"), "publicIPAddress")
        groups = as_list(values.get("applicationsecuritygroups"), "applicationSecurityGroups")
        references = [as_reference(one, "applicationSecurityGroups") for one in groups]
        groups_named = [key_of(reference) for reference in references if reference is not None]
        if not all(key in self._filters.asg_names for key in groups_named):
            raise Malformed("an application security group is not named by an id")
        if subnet is not None:
            for group in groups_named:
                self._findings.concern(group, parent_of(key_of(subnet)))
        pools = _balanced(values, "applicationGatewayBackendAddressPools")
        self._doubt_gateways(nic, pools or ())
        return _Configuration(
            key,
            None if subnet is None else key_of(subnet),
            family,
            address,
            public,
            tuple(self._filters.asg_names[key] for key in groups_named),
            _balanced(values, "loadBalancerBackendAddressPools"),
            _balanced(values, "loadBalancerInboundNatRules"),
        )

    def _doubt_gateways(self, nic: Resource, pools: tuple[str, ...]) -> None:
        """Application gateways send to their members as any host of theirs does; but one has to be known."""
        for key in sorted({parent_of(pool) for pool in pools}):
            if key not in self._inventory:
                what = f"application gateway `{shown(name_of(key))}`, which {nic.subject} names"
                self._findings.doubt_about(nic, what, NOT_HERE, with_peers=True)

    def _private_address(self, nic: Resource, values: dict[str, Any]) -> tuple[Family, int | None]:
        """Return the family and the address of a configuration, in doubt where the latter is not known."""
        text = values.get("privateipaddress")
        spelt = as_text(text, "privateIPAddress") if text else ""
        version = as_text(values.get("privateipaddressversion") or "IPv4", "privateIPAddressVersion")
        if not spelt:
            self._findings.doubt_about(nic, f"an address of {nic.subject}", "it is not assigned yet")
            return (Family.IPV6 if version.lower() == "ipv6" else Family.IPV4), None
        address = as_address(spelt)
        return family_of(address), address

    def _nsg(self, nic: Resource, values: dict[str, Any], vnet: str) -> str | None:
        reference = as_reference(values.get("networksecuritygroup"), "networkSecurityGroup")
        if reference is None:
            return None
        self._findings.concern(key_of(reference), vnet)
        name = self._filters.names.get(key_of(reference))
        if name is None:
            what = f"nsg `{name_of(reference)}` of {nic.subject}"
            self._findings.doubt_about(nic, what, NOT_HERE)
        return name


def _name(item: dict[str, Any], position: int) -> str:
    """Return the name of an IP configuration in lower case; one that is written without has its position for one."""
    named = item.get("name") or item.get("id")
    return name_of(named).lower() if isinstance(named, str) else f"#{position}"


def _balanced(values: dict[str, Any], field: str) -> tuple[str, ...] | None:
    """Return the keys of the parts of balancers and gateways that a configuration names, None where it says nothing."""
    value = values.get(field.lower())
    if value is None:
        return None
    references = [as_reference(item, field) for item in as_list(value, field)]
    return tuple(key_of(reference) for reference in references if reference is not None)


def _may_forward(value: Any) -> bool:
    """Hold for an interface that forwards, and for one of which it is not known: it is of an appliance that may."""
    return isinstance(value, Unknown) or bool(as_flag(value, "enableIPForwarding"))


def _machine(name: str, nics: tuple[Nic, ...], span: Span) -> Machine:
    """Return the machine; one that may forward is an appliance of which nothing is declared (R-META-3)."""
    machine = Machine(name, nics, span=span)
    if any(nic.ip_forwarding for nic in nics):
        return replace(machine, policy=None, stateful=None)
    return machine


def _card(nic: Nic, resource: Resource, configurations: list[_Configuration]) -> Card:
    known = frozenset(nic.addresses)
    return Card(
        nic,
        resource,
        {found.key: found.address if found.address in known else None for found in configurations},
        {found.key: found.pools for found in configurations},
        {found.key: found.nat_rules for found in configurations},
    )
