"""Private link services: a frontend of a load balancer, offered to endpoints anywhere (F-PE-10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetverify.header import Family, family_of
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.findings import ANYTHING, NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import read
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of, name_of, parent_of
from vnetverify.ingest.shapes import IP_CONFIGURATION, LINK_CONFIGURATION, LINK_SERVICE, NIC
from vnetverify.ingest.values import Malformed, as_address, as_list, as_object, as_reference, as_text, shown
from vnetverify.model.balancers import LoadBalancer, Sku
from vnetverify.model.private_links import PrivateLinkService

LINK_SERVICES = "privatelinkservices"
_FRONTENDS = "loadBalancerFrontendIpConfigurations"


class LinkServices:
    """The private link services of an input; make them when vnets and load balancers (`balancers`, by key) are made.

    `by_key` holds those that are modelled by the key of the resource, `keys_by_alias` the keys of all that say one.
    """

    def __init__(
        self, inventory: Inventory, findings: Findings, networks: Networks, balancers: Mapping[str, LoadBalancer]
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._balancers = balancers
        self._names = unique_names(((one.id, one.span) for one in inventory.of(LINK_SERVICES)), findings)
        self._told: list[tuple[Resource, str, str]] = []
        self.by_key: dict[str, PrivateLinkService] = {}
        self.keys_by_alias = {
            alias.lower(): one.key
            for one in inventory.of(LINK_SERVICES)
            if isinstance(alias := one.stated("alias"), str) and alias
        }

    def services(self) -> dict[str, PrivateLinkService]:
        """Return the services by name; what the model does not hold is in doubt."""
        for resource in self._inventory.of(LINK_SERVICES):
            self._findings.concern(resource.key, *vnets_named_by(resource, self._findings, self._networks.names))
            if resource.is_bare:
                self._doubt(resource, resource.subject, "it is listed without its properties")
                continue
            try:
                service = self._service(resource)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
            else:
                if service is not None:
                    self.by_key[resource.key] = service
        for resource, what, why in self._told:
            subject = resource.key if self._findings.concerned_by(resource.key) else ANYTHING
            self._findings.doubt(what, why, subject, resource.span, with_peers=True)
        return {service.name: service for service in self.by_key.values()}

    def _doubt(self, resource: Resource, what: str, why: str) -> None:
        self._told.append((resource, what, why))

    def _service(self, resource: Resource) -> PrivateLinkService | None:
        values, doubts = read(resource.body, resource.pointer, LINK_SERVICE)
        for doubt in doubts:
            self._doubt(resource, f"`{doubt.name}` of {resource.subject}", doubt.why)
        self._doubt_consumers(resource, values.get("privateendpointconnections"))
        behind = self._frontend(resource, values)
        place = self._addresses(resource, values)
        if behind is None or place is None:
            return None
        subnet, addresses = place
        where = self._networks.places[subnet]
        name = self._names[resource.key]
        return PrivateLinkService(name, *behind, where.vnet, where.subnet, addresses, resource.span)

    def _doubt_consumers(self, resource: Resource, connections: Any) -> None:
        """Endpoints that are not in the input are ways in from networks that are not."""
        for identity in ids_in(connections):
            if kind_of(key_of(identity)) == "privateendpoints" and key_of(identity) not in self._inventory:
                what = f"private endpoint `{shown(name_of(identity))}`, which {resource.subject} names"
                self._doubt(resource, what, NOT_HERE)

    def _frontend(self, resource: Resource, values: dict[str, Any]) -> tuple[str, str] | None:
        """Return load balancer and frontend by name, None where they are in doubt."""
        listed = as_list(values.get(_FRONTENDS.lower()), _FRONTENDS)
        references = [as_reference(item, _FRONTENDS) for item in listed]
        keys = dict.fromkeys(key_of(reference) for reference in references if reference is not None)
        if len(keys) != 1:
            self._doubt(resource, f"what {resource.subject} leads to", "it is not one frontend of a load balancer")
            return None
        (key,) = keys
        balancer = self._balancers.get(parent_of(key))
        frontends = () if balancer is None else balancer.frontends
        found = next((one for one in frontends if one.name.lower() == name_of(key)), None)
        if balancer is None or found is None or family_of(found.address) is not Family.IPV4:
            what = f"frontend `{shown(name_of(key))}`, which {resource.subject} leads to,"
            self._doubt(resource, what, "it is not in the input as an internal one of IPv4")
            return None
        if balancer.sku is Sku.BASIC:
            self._doubt(resource, resource.subject, "services of Basic load balancers are not modelled")
            return None
        return balancer.name, found.name

    def _addresses(self, resource: Resource, values: dict[str, Any]) -> tuple[str, tuple[int, ...]] | None:
        """Return the key of the subnet and the addresses that members see, None where they are in doubt.

        A dynamic address is told by the service's interface, which has all of them.
        """
        subnets: dict[str, None] = {}
        stated: list[int | None] = []
        for item in as_list(values.get("ipconfigurations"), "ipConfigurations"):
            inner, doubts = read(as_object(item, "ipConfigurations"), resource.pointer, LINK_CONFIGURATION)
            for doubt in doubts:
                self._doubt(resource, f"`{doubt.name}` of {resource.subject}", doubt.why)
            subnet = as_reference(inner.get("subnet"), "subnet")
            if subnet is not None:
                subnets[key_of(subnet)] = None
                self._findings.concern(resource.key, parent_of(key_of(subnet)))
            text = inner.get("privateipaddress")
            stated.append(as_address(as_text(text, "privateIPAddress")) if text else None)
        own = self._of_interfaces(resource, values)
        addresses = tuple(dict.fromkeys((*(one for one in stated if one is not None), *own)))
        subnet_key = next(iter(subnets), "")
        if len(subnets) != 1 or subnet_key not in self._networks.places:
            self._doubt(resource, f"the addresses of {resource.subject}", "they are not in one subnet")
        elif not addresses or len(addresses) < len(stated):
            self._doubt(resource, f"an address of {resource.subject}", "it is not known")
        elif any(family_of(address) is not Family.IPV4 for address in addresses):
            self._doubt(resource, f"an address of {resource.subject}", "services of IPv6 are not modelled")
        elif not self._networks.has_prefixes(subnet_key):
            what = f"where {resource.subject} has its addresses"
            self._doubt(resource, what, "the prefixes of its subnet are not in the input")
        else:
            return subnet_key, addresses
        return None

    def _of_interfaces(self, resource: Resource, values: dict[str, Any]) -> tuple[int, ...]:
        """Return the addresses of the interfaces that the service, or they themselves, say are its own."""
        named = {key_of(identity) for identity in ids_in(values.get("networkinterfaces"))}
        found: dict[int, None] = {}
        for kind in NIC_KINDS:
            for interface in self._inventory.of(kind):
                theirs = {key_of(identity) for identity in ids_in(interface.stated("privateLinkService"))}
                if interface.key not in named and resource.key not in theirs:
                    continue
                inner, _ = read(interface.body, interface.pointer, NIC)
                for item in as_list(inner.get("ipconfigurations"), "ipConfigurations"):
                    own, _ = read(as_object(item, "ipConfigurations"), interface.pointer, IP_CONFIGURATION)
                    text = own.get("privateipaddress")
                    if text:
                        found[as_address(as_text(text, "privateIPAddress"))] = None
        return tuple(found)
