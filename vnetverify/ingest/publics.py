"""Public addresses, which interfaces and frontends name."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.header import Family
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.properties import read
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of
from vnetverify.ingest.shapes import PUBLIC_ADDRESS
from vnetverify.ingest.values import Malformed, as_address, as_text, sku_of
from vnetverify.model.balancers import PublicAddress
from vnetverify.source import Span

# An instance of a scale set has addresses of its own.
PUBLIC_KINDS = ("publicipaddresses", *(f"{kind}/ipconfigurations/publicipaddresses" for kind in NIC_KINDS[1:]))
_HOLDERS = (*NIC_KINDS, "azurefirewalls")


class PublicAddresses:
    """The public addresses of an input and those that it only mentions."""

    def __init__(self, inventory: Inventory, findings: Findings) -> None:
        self._inventory = inventory
        self._findings = findings
        self._names = unique_names(self._ids(), findings)

    def _ids(self) -> Iterator[tuple[str, Span]]:
        for kind in PUBLIC_KINDS:
            for public in self._inventory.of(kind):
                yield public.id, public.span
        for kind in _HOLDERS:
            for holder in self._inventory.of(kind):
                for identity in ids_in(holder.body):
                    if kind_of(key_of(identity)) in PUBLIC_KINDS and key_of(identity) not in self._inventory:
                        yield identity, holder.span

    def one_of(self, holder: Resource, references: list[tuple[str, Family]], family: Family) -> PublicAddress | None:
        """Return the first public address that `holder` names for its addresses of `family`, in doubt about others."""
        wanted = dict.fromkeys(reference for reference, own in references if own is family)
        found = [self._named(reference, holder, family) for reference in wanted]
        known = [address for address in found if address is not None]
        for extra in known[1:]:
            what = f"public address `{extra.name}` of {holder.subject}"
            self._findings.doubt_about(holder, what, "an interface with several public addresses is not modelled")
        return known[0] if known else None

    def _named(self, reference: str, holder: Resource, family: Family) -> PublicAddress | None:
        """Return the public address; one that is not in the input is unknown in every respect."""
        key = key_of(reference)
        name = self._names.get(key)
        if name is None:
            raise Malformed("`publicIPAddress` names no public address")
        resource = self._inventory.find(key)
        if resource is None:
            message = f"public address `{name}` of {holder.subject} is not in the input, so it is any"
            self._findings.note("public-address-missing", message, holder.span)
            return PublicAddress(name, None, None, holder.span)
        values, doubts = read(resource.body, resource.pointer, PUBLIC_ADDRESS)
        self._findings.doubts(resource, doubts, holder.key)
        version = as_text(values.get("publicipaddressversion") or "IPv4", "publicIPAddressVersion").lower()
        if (version == "ipv6") is not (family is Family.IPV6):
            what = f"{resource.subject} of {holder.subject}"
            self._findings.doubt_about(holder, what, "it is of the other address family than what it stands for")
            return None
        text = values.get("ipaddress")
        address = as_address(as_text(text, "ipAddress")) if text else None
        return PublicAddress(name, sku_of(values.get("sku")), address, resource.span)
