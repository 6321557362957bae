"""Private endpoints: where they have their addresses, where they lead, and whether their connection is approved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vnetverify.header import Family, family_of
from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.links import LinkServices
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import Shape, read
from vnetverify.ingest.references import ids_in, places_in, vnet_of
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of, name_of, parent_of
from vnetverify.ingest.shapes import IP_CONFIGURATION, NIC, PRIVATE_ENDPOINT, PRIVATE_LINK
from vnetverify.ingest.values import (
    Malformed,
    as_address,
    as_list,
    as_object,
    as_reference,
    as_text,
    member,
    shown,
)
from vnetverify.model.private_links import PrivateEndpoint

_ENDPOINTS = "privateendpoints"
_CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
_APPROVED = {"approved": True, "pending": False, "rejected": False, "disconnected": False}
# What an interface of an endpoint does not have, and would mean more than the model holds.
_BEYOND_AN_ADDRESS = (
    "networksecuritygroup",
    "publicipaddress",
    "applicationsecuritygroups",
    "loadbalancerbackendaddresspools",
    "loadbalancerinboundnatrules",
    "applicationgatewaybackendaddresspools",
    "privatelinkservice",
)


class Endpoints:
    """The private endpoints of an input; make them when the vnets and private link `services` are made."""

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks, services: LinkServices) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._services = services
        self._names = unique_names(((one.id, one.span) for one in inventory.of(_ENDPOINTS)), findings)
        self._interfaces = _interfaces(inventory)

    def private_endpoints(self) -> dict[str, PrivateEndpoint]:
        found = {}
        for resource in self._inventory.of(_ENDPOINTS):
            if resource.is_bare:
                self._findings.concern(resource.key, *self._networks.possible_homes(resource), *self._homes(resource))
                self._doubt(resource, resource.subject, "it is listed without its properties")
                continue
            try:
                endpoint = self._endpoint(resource)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
            else:
                if endpoint is not None:
                    found[endpoint.name] = endpoint
        return found

    def _homes(self, endpoint: Resource) -> Iterator[str]:
        """Yield the keys of the vnets in which interfaces of the endpoint stand by their own word."""
        for key in self._interfaces[endpoint.key]:
            interface = self._inventory.find(key)
            for identity in places_in(interface) if interface is not None else ():
                home = vnet_of(key_of(identity))
                if home is not None:
                    yield home

    def _doubt(self, resource: Resource, what: str, why: str) -> None:
        """Record what is not modelled; an endpoint's address has a route in every network peered with its own."""
        self._findings.doubt_about(resource, what, why, with_peers=True)

    def _read(self, resource: Resource, item: dict[str, Any], pointer: str, kind: Shape, what: str) -> dict[str, Any]:
        values, doubts = read(item, pointer, kind)
        for doubt in doubts:
            self._doubt(resource, f"`{doubt.name}` of {what}", doubt.why)
        return values

    def _endpoint(self, resource: Resource) -> PrivateEndpoint | None:
        subject = resource.subject
        values = self._read(resource, resource.body, resource.pointer, PRIVATE_ENDPOINT, subject)
        subnet = as_reference(values.get("subnet"), "subnet")
        if subnet is None or key_of(subnet) not in self._networks.places:
            raise Malformed("`subnet` names no subnet of a virtual network")
        where = self._networks.places[key_of(subnet)]
        self._findings.concern(resource.key, parent_of(key_of(subnet)))
        is_approved = self._is_approved(resource, values)
        service = self._link_service(resource, values)
        addresses = self._addresses(resource, values)
        if addresses and not self._networks.has_prefixes(key_of(subnet)):
            self._doubt(resource, f"where {subject} has its address", "the prefixes of its subnet are not in the input")
            addresses = ()
        if is_approved is None or not addresses:
            return None
        if service is not None and any(family_of(address) is not Family.IPV4 for address in addresses):
            self._doubt(resource, subject, "an endpoint of IPv6 for a private link service is not modelled")
            service = None
        name = self._names[resource.key]
        return PrivateEndpoint(name, where.vnet, where.subnet, addresses, is_approved, service, resource.span)

    def _is_approved(self, resource: Resource, values: dict[str, Any]) -> bool | None:
        """Return whether the connections of the endpoint are approved (F-PE-5), None where that is in doubt."""
        states = set()
        for field in _CONNECTIONS:
            for item in as_list(values.get(field.lower()), field):
                inner = self._read(resource, as_object(item, field), resource.pointer, PRIVATE_LINK, resource.subject)
                state = as_object(inner.get("privatelinkserviceconnectionstate"), "privateLinkServiceConnectionState")
                word = as_text(member(state, "status") or "", "privateLinkServiceConnectionState.status")
                states.add(_APPROVED.get(word.lower()))
        if len(states) == 1 and None not in states:
            return states.pop()
        why = "their states differ" if len(states) > 1 else NOT_HERE
        self._doubt(resource, f"the state of the connections of {resource.subject}", why)
        return None

    def _link_service(self, resource: Resource, values: dict[str, Any]) -> str | None:
        """Return the name of the private link service that the endpoint leads to, None for a service of Azure's.

        What else leads to a network of somebody's is in doubt, and so is a service that is not modelled (F-PE-10).
        """
        found: dict[str | None, None] = {}
        for field in _CONNECTIONS:
            for item in as_list(values.get(field.lower()), field):
                inner, _ = read(as_object(item, field), resource.pointer, PRIVATE_LINK)
                target = as_text(inner.get("privatelinkserviceid") or "", "privateLinkServiceId")
                key = self._services.keys_by_alias.get(target.lower(), key_of(target))
                if "." in kind_of(key):
                    found[None] = None
                    continue
                service = self._services.by_key.get(key)
                if service is not None:
                    found[service.name] = None
                    self._findings.concern(key, *self._findings.concerned_by(resource.key))
                else:
                    what = f"where {resource.subject} leads, `{shown(name_of(target))}`,"
                    self._doubt(resource, what, "it is not in the input as a service that is modelled")
        if len(found) > 1:
            self._doubt(resource, f"where {resource.subject} leads", "its connections lead to several services")
        return next(iter(found), None)

    def _addresses(self, resource: Resource, values: dict[str, Any]) -> tuple[int, ...]:
        """Return the addresses of the endpoint, in doubt where some may be missing or wrong.

        Its interfaces have all of them; static ones are told for all or none, as Azure demands; names are up to users.
        """
        interfaces = self._interfaces.get(resource.key, {})
        present = [one for key in interfaces if (one := self._inventory.find(key)) is not None]
        own = dict.fromkeys(address for one in present for address in self._of_interface(resource, one))
        static = dict.fromkeys(_static(values))
        subject = resource.subject
        if present and len(present) == len(interfaces):
            if not own or not static.keys() <= own.keys():
                self._doubt(resource, f"an address of {subject}", "its interface does not have it")
            return tuple(own)
        if static:
            return tuple(own | static)
        self._doubt(resource, f"the interface of {subject}", NOT_HERE)
        return tuple(own | dict.fromkeys(_named(values)))

    def _of_interface(self, resource: Resource, interface: Resource) -> Iterator[int]:
        what = f"{interface.subject} of {resource.subject}"
        values = self._read(resource, interface.body, interface.pointer, NIC, what)
        self._doubt_beyond(resource, values, what)
        for item in as_list(values.get("ipconfigurations"), "ipConfigurations"):
            body = as_object(item, "ipConfigurations")
            inner = self._read(resource, body, interface.pointer, IP_CONFIGURATION, what)
            self._doubt_beyond(resource, inner, what)
            text = inner.get("privateipaddress")
            if text:
                yield as_address(as_text(text, "privateIPAddress"))
            else:
                self._doubt(resource, f"an address of {what}", "it is not assigned yet")

    def _doubt_beyond(self, resource: Resource, values: dict[str, Any], what: str) -> None:
        for field in _BEYOND_AN_ADDRESS:
            if values.get(field):
                self._doubt(resource, what, "an endpoint's interface with more than an address is not modelled")


def _interfaces(inventory: Inventory) -> dict[str, dict[str, None]]:
    """Return the keys of the interfaces of each endpoint, as either of the two tells them."""
    found: dict[str, dict[str, None]] = {one.key: {} for one in inventory.of(_ENDPOINTS)}
    for endpoint in inventory.of(_ENDPOINTS):
        for identity in ids_in(endpoint.stated("networkInterfaces")):
            if kind_of(key_of(identity)) in NIC_KINDS:
                found[endpoint.key][key_of(identity)] = None
    for kind in NIC_KINDS:
        for interface in inventory.of(kind):
            for identity in ids_in(interface.stated("privateEndpoint")):
                if key_of(identity) in found:
                    found[key_of(identity)][interface.key] = None
    return found


def _named(values: dict[str, Any]) -> Iterator[int]:
    """Yield the addresses that the endpoint tells with names."""
    for item in as_list(values.get("customdnsconfigs"), "customDnsConfigs"):
        addresses = as_list(member(as_object(item, "customDnsConfigs"), "ipAddresses"), "customDnsConfigs.ipAddresses")
        yield from (as_address(as_text(address, "customDnsConfigs.ipAddresses")) for address in addresses)


def _static(values: dict[str, Any]) -> Iterator[int]:
    for item in as_list(values.get("ipconfigurations"), "ipConfigurations"):
        body = as_object(item, "ipConfigurations")
        inner = body.get("properties") if isinstance(body.get("properties"), dict) else body
        text = member(as_object(inner, "ipConfigurations"), "privateIPAddress")
        if text:
            yield as_address(as_text(text, "privateIPAddress"))
