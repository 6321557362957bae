"""What goes with a plan is taken out of what stays, which still tells what was there before.

A provider fills attributes that nobody wrote with what other resources made, and a data source tells what it saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import key_of
from vnetverify.ingest.terraform.fields import Fastening
from vnetverify.ingest.terraform.folding import Folding
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.specials import CIDR, DNS_SERVERS
from vnetverify.ingest.terraform.tables import FASTENINGS

# The lists in which a pool or rule of a load balancer tells whose configurations are fastened to it.
_MEMBERS = {
    "azurerm_network_interface_backend_address_pool_association": "backendIPConfigurations",
    "azurerm_network_interface_nat_rule_association": "backendIPConfiguration",
}


def release(folding: Folding, gone: Iterable[Instance]) -> None:
    """Take out of the resources of the document what those made that are `gone`, unless it is written there as well."""
    for one in gone:
        if one.type in FASTENINGS:
            _unfasten(one, FASTENINGS[one.type], folding)
        elif one.type == CIDR:
            for properties in _properties(folding, one.text("ip_group_id"), "ipAddresses"):
                _remove(properties, "ipAddresses", one.text("cidr"))
        elif one.type == DNS_SERVERS:
            for properties in _properties(folding, one.text("virtual_network_id"), "dhcpOptions.dnsServers"):
                properties.pop("dhcpOptions", None)


def _unfasten(one: Instance, fastening: Fastening, folding: Folding) -> None:
    at, what = one.text(fastening.at), one.text(fastening.what)
    for properties in _properties(folding, at, fastening.segment or fastening.to):
        members = properties.get(fastening.segment) if fastening.segment else [{"properties": properties}]
        for member in members if isinstance(members, list) else ():
            inner = member.get("properties") if isinstance(member, dict) else None
            if isinstance(inner, dict):
                _remove(inner, fastening.to, what)
    name = one.text(fastening.within) if fastening.within else None
    if one.type in _MEMBERS and at is not None and name is not None:
        for properties in _properties(folding, what, _MEMBERS[one.type]):
            _remove(properties, _MEMBERS[one.type], f"{at}/{fastening.segment}/{name}")


def _properties(folding: Folding, identity: str | None, to: str) -> Iterator[dict[str, Any]]:
    """Yield the properties that are told of a resource, as far as nobody wrote the one that is called `to`."""
    for body in folding.told_at(identity, to) if identity is not None else ():
        if isinstance(body.get("properties"), dict):
            yield body["properties"]


def _remove(properties: dict[str, Any], to: str, what: str | None) -> None:
    """Take `what`, an id or a text, out of a property that holds it, or a list of such."""
    value = properties.get(to)
    if what is None:
        return
    if isinstance(value, list):
        properties[to] = [item for item in value if not _is(item, what)]
    elif _is(value, what):
        del properties[to]


def _is(item: Any, what: str) -> bool:
    return item == what or [key_of(one) for one in ids_in(item)] == [key_of(what)]
