"""Pieces of Azure's resources in JSON that several kinds have: ids, references, public addresses."""

from __future__ import annotations

from typing import Any

from vnetverify.header import Family, address_text
from vnetverify.model.balancers import PublicAddress

_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/rg"


def resource(kind: str, name: str, provider: str = "Microsoft.Network", **properties: Any) -> dict[str, Any]:
    return {
        "id": identity(kind, name, provider),
        "name": _plain(name),
        "type": f"{provider}/{kind}",
        "properties": properties,
    }


def identity(kind: str, name: str, provider: str = "Microsoft.Network") -> str:
    return f"{_GROUP}/providers/{provider}/{kind}/{_plain(name)}"


def _plain(name: str) -> str:
    """Return the name without the slash of those that a text gives to what it leaves unnamed."""
    return name.replace("/", "-")


def reference(kind: str, name: str) -> dict[str, str]:
    return {"id": identity(kind, name)}


def subnet_reference(vnet: str, subnet: str) -> dict[str, str]:
    return {"id": f"{identity('virtualNetworks', vnet)}/subnets/{subnet}"}


def public_resource(public: PublicAddress, family: Family) -> dict[str, Any]:
    known = {} if public.address is None else {"ipAddress": address_text(public.address)}
    version = "IPv4" if family is Family.IPV4 else "IPv6"
    made = resource("publicIPAddresses", public.name, publicIPAddressVersion=version, **known)
    return made | ({} if public.sku is None else {"sku": {"name": public.sku.value.capitalize()}})
