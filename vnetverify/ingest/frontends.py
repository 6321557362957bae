"""Frontends of load balancers: addresses in subnets, and public ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vnetverify.header import Family, family_of
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import Shape, read
from vnetverify.ingest.publics import PUBLIC_KINDS
from vnetverify.ingest.resources import Resource, key_of, kind_of, parent_of
from vnetverify.ingest.shapes import FRONTEND, PUBLIC_ADDRESS
from vnetverify.ingest.values import Malformed, as_address, as_reference, as_text, shown
from vnetverify.model.balancers import Frontend, PublicAddress, PublicFrontend, Sku

AnyFrontend = Frontend | PublicFrontend
# Records what is not modelled about a load balancer, and why.
Doubting = Callable[[Resource, str, str], None]


class Frontends:
    """Reads frontends; `doubt` is told of those that the model does not hold."""

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks, doubt: Doubting) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._doubt = doubt

    def frontend(
        self, resource: Resource, balancer: str, sku: Sku | None, name: str, item: dict[str, Any], pointer: str
    ) -> AnyFrontend | None:
        """Return the frontend `name` of the load balancer called `balancer`, None where it is in doubt."""
        what = f"frontend `{shown(name)}` of {resource.subject}"
        values = self._read(resource, item, pointer, FRONTEND, what)
        public = as_reference(values.get("publicipaddress"), "publicIPAddress")
        if values.get("publicipprefix"):
            self._doubt(resource, what, "frontends with a prefix of public addresses are not modelled")
            return None
        if public is not None:
            address = self._public_address(resource, f"{balancer}/{name}", sku, public, what)
            return None if address is None else PublicFrontend(name, address, resource.place(pointer))
        return self._internal(resource, name, values, pointer, what)

    def _read(self, resource: Resource, item: dict[str, Any], pointer: str, kind: Shape, what: str) -> dict[str, Any]:
        values, doubts = read(item, pointer, kind)
        for doubt in doubts:
            self._doubt(resource, f"`{doubt.name}` of {what}", doubt.why)
        return values

    def _public_address(
        self, resource: Resource, name: str, sku: Sku | None, reference: str, what: str
    ) -> PublicAddress | None:
        """Return the address, called `name` and of the SKU of its load balancer, None where it is not told whether it
        is of IPv4."""
        if kind_of(key_of(reference)) not in PUBLIC_KINDS:
            raise Malformed("`publicIPAddress` names no public address")
        public = self._inventory.find(key_of(reference))
        if public is None:
            self._doubt(resource, what, "its public address is not in the input")
            return None
        values = self._read(resource, public.body, public.pointer, PUBLIC_ADDRESS, f"{public.subject} of {what}")
        version = as_text(values.get("publicipaddressversion") or "IPv4", "publicIPAddressVersion").lower()
        text = values.get("ipaddress")
        address = as_address(as_text(text, "ipAddress")) if text else None
        family = Family.IPV4 if address is None else family_of(address)
        if version != family.name.lower() or (address is None and version != "ipv4"):
            self._doubt(resource, what, "its public address is not known, and not of IPv4")
            return None
        return PublicAddress(name, sku, address, public.span)

    def _internal(
        self, resource: Resource, name: str, values: dict[str, Any], pointer: str, what: str
    ) -> Frontend | None:
        subnet = as_reference(values.get("subnet"), "subnet")
        if subnet is None:
            self._doubt(resource, what, "neither its subnet nor its public address is given")
            return None
        if key_of(subnet) not in self._networks.places:
            raise Malformed("a frontend names no subnet of a virtual network")
        where = self._networks.places[key_of(subnet)]
        self._findings.concern(resource.key, parent_of(key_of(subnet)))
        text = values.get("privateipaddress")
        if not text or not self._networks.has_prefixes(key_of(subnet)):
            why = "where it has its address is not in the input" if text else "its address is not known"
            self._doubt(resource, what, why)
            return None
        address = as_address(as_text(text, "privateIPAddress"))
        return Frontend(name, where.vnet, where.subnet, address, resource.place(pointer))


def family_at(frontend: AnyFrontend) -> Family:
    """Return the family of a frontend; a public one whose address is not known is of IPv4."""
    if isinstance(frontend, Frontend):
        return family_of(frontend.address)
    address = frontend.public_address.address
    return Family.IPV4 if address is None else family_of(address)
