"""Bastions and application gateways, which end flows and begin others (F-META-7, F-AGW-1, F-BAS-1, F-BAS-3).

They drop or let pass at the proxy itself whatever they are told of applications, and forward no packet; so what they
are told changes no flow but those from and to their own subnet.
"""

from __future__ import annotations

from typing import Any

from vnetverify.header import LAST_PORT, Interval, IntervalSet, interval_set
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.findings import ANYTHING, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import Shape, read
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import (
    APPLICATION_GATEWAY,
    BASTION,
    GATEWAY_CONFIGURATION,
    LISTENER,
    PORT_OF_LISTENERS,
    PROXY_FRONTEND,
)
from vnetverify.ingest.values import Malformed, as_list, as_number, as_object, as_reference, as_text, member
from vnetverify.model.private_links import Proxy, ProxyKind

GATEWAYS, BASTIONS = "applicationgateways", "bastionhosts"
_KINDS = {GATEWAYS: ProxyKind.APPLICATION_GATEWAY, BASTIONS: ProxyKind.BASTION}
_BASTION_SUBNET = "azurebastionsubnet"
_BASTION_PORT = IntervalSet((Interval(443, 443),))
_EVERY_PORT = IntervalSet((Interval(1, LAST_PORT),))


class Proxies:
    """The bastions and application gateways of an input; make them when the vnets are made.

    `leaving` are the subnets (`vnet.subnet`) from which they can leave for the Internet by an address of their own.
    """

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        resources = [one for kind in _KINDS for one in inventory.of(kind)]
        self._names = unique_names(((one.id, one.span) for one in resources), findings)
        self.leaving: set[str] = set()

    def proxies(self) -> dict[str, Proxy]:
        """Return the proxies by name; one of which it is not known where it stands is in doubt as a whole."""
        found = {}
        for kind, made_of in ((GATEWAYS, self._gateway), (BASTIONS, self._bastion)):
            for resource in self._inventory.of(kind):
                self._findings.concern(resource.key, *vnets_named_by(resource, self._findings, self._networks.names))
                if resource.is_bare:
                    self._doubt(resource, resource.subject, "it is listed without its properties")
                    continue
                try:
                    proxy = made_of(resource)
                except Malformed as fault:
                    self._findings.fault(resource, f"{fault} in {resource.subject}")
                else:
                    found.update({proxy.name: proxy} if proxy is not None else {})
        return found

    def _doubt(self, resource: Resource, what: str, why: str) -> None:
        subject = resource.key if self._findings.concerned_by(resource.key) else ANYTHING
        self._findings.doubt(what, why, subject, resource.span, with_peers=True)

    def _read(self, resource: Resource, body: dict[str, Any], kind: Shape) -> dict[str, Any]:
        values, doubts = read(body, resource.pointer, kind)
        for doubt in doubts:
            self._doubt(resource, f"`{doubt.name}` of {resource.subject}", doubt.why)
        return values

    def _parts(self, resource: Resource, values: dict[str, Any], field: str, kind: Shape) -> list[dict[str, Any]]:
        items = as_list(values.get(field.lower()), field)
        return [self._read(resource, as_object(item, field), kind) for item in items]

    def _gateway(self, resource: Resource) -> Proxy | None:
        values = self._read(resource, resource.body, APPLICATION_GATEWAY)
        subnets = self._subnets(self._parts(resource, values, "gatewayIPConfigurations", GATEWAY_CONFIGURATION))
        if resource.stated("frontendIPConfigurations") is None:
            self._doubt(resource, f"`frontendIPConfigurations` of {resource.subject}", "the input leaves the list out")
        frontends = self._parts(resource, values, "frontendIPConfigurations", PROXY_FRONTEND)
        is_public = any(each.get("publicipaddress") for each in frontends)
        return self._standing(resource, subnets, self._listens(resource, values), is_public)

    def _listens(self, resource: Resource, values: dict[str, Any]) -> IntervalSet:
        """Return the ports that listeners are at; every one where one of them is not told."""
        ports = {}
        for item in as_list(values.get("frontendports"), "frontendPorts"):
            body = as_object(item, "frontendPorts")
            inner, _ = read(body, resource.pointer, PORT_OF_LISTENERS)
            named = member(body, "name") or member(body, "id")
            if inner.get("port") is not None and named is not None:
                port = as_number(inner["port"], "port")
                if not 1 <= port <= LAST_PORT:
                    raise Malformed(f"`port` is {port}, not a port")
                ports[name_of(as_text(named, "name")).lower()] = port
        found = []
        for field in ("httpListeners", "listeners"):
            for listener in self._parts(resource, values, field, LISTENER):
                reference = as_reference(listener.get("frontendport"), "frontendPort")
                port_of_it = None if reference is None else ports.get(name_of(key_of(reference)))
                if port_of_it is None:
                    return _EVERY_PORT
                found.append(Interval(port_of_it, port_of_it))
        return interval_set(found) if resource.stated("httpListeners") is not None else _EVERY_PORT

    def _bastion(self, resource: Resource) -> Proxy | None:
        values = self._read(resource, resource.body, BASTION)
        configurations = self._parts(resource, values, "ipConfigurations", PROXY_FRONTEND)
        vnet = as_reference(values.get("virtualnetwork"), "virtualNetwork")
        if vnet is not None and not configurations:
            name = self._networks.names.get(key_of(vnet))
            if name is None:
                raise Malformed("`virtualNetwork` names no virtual network")
            self._findings.concern(resource.key, key_of(vnet))
            return Proxy(self._names[resource.key], ProxyKind.BASTION, name, None, IntervalSet(), resource.span)
        subnets = self._subnets(configurations)
        if [name_of(key) for key in subnets] != [_BASTION_SUBNET]:
            self._doubt(resource, resource.subject, "it does not stand in one subnet called `AzureBastionSubnet`")
            return None
        is_public = any(each.get("publicipaddress") for each in configurations)
        return self._standing(resource, subnets, _BASTION_PORT, is_public)

    def _subnets(self, configurations: list[dict[str, Any]]) -> list[str]:
        references = [as_reference(each.get("subnet"), "subnet") for each in configurations]
        return list(dict.fromkeys(key_of(reference) for reference in references if reference is not None))

    def _standing(self, resource: Resource, subnets: list[str], listens: IntervalSet, is_public: bool) -> Proxy | None:
        """Return the proxy in its subnet; what its public address does is in doubt for flows from and to there."""
        key = subnets[0] if subnets else ""
        if len(subnets) != 1 or key not in self._networks.places or self._networks.is_stand_in(key):
            self._doubt(resource, resource.subject, "the subnet in which it stands is not in the input")
            return None
        where = self._networks.places[key]
        self._findings.concern(resource.key, parent_of(key))
        if is_public:
            self.leaving.add(f"{where.vnet}.{where.subnet}")
            what = f"the public address of {resource.subject}"
            why = "which flows its subnet takes and sends by it is not modelled"
            subject = f"{resource.key} in its subnet"
            self._findings.concern(subject, parent_of(key))
            self._findings.doubt(what, why, subject, resource.span, places=(f"{where.vnet}.{where.subnet}",))
        name = self._names[resource.key]
        return Proxy(name, _KINDS[resource.kind], where.vnet, where.subnet, listens, resource.span)
