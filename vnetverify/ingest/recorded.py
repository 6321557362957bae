"""Public addresses that exported templates record, and that Azure gives no resource which is deployed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vnetverify.ingest.publics import PUBLIC_KINDS
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.tunnels import ADDRESS, LOCAL_GATEWAYS
from vnetverify.ingest.unknown import RuntimeProperty, Unknown
from vnetverify.ingest.values import key_called


def without_records(deployed: Iterable[Resource]) -> list[Resource]:
    """Return what templates deploy with public addresses that are any, but where one is chosen out of a prefix.

    A local network gateway with such an address still has that of the same resource, whichever it is.
    """
    resources = list(deployed)
    recorded = {
        str(one.stated("ipAddress")): Unknown("it is assigned at deployment", of=RuntimeProperty(one.key, "ipaddress"))
        for one in resources
        if _is_recorded(one)
    }
    return [_without_record(one, recorded) for one in resources]


def _is_recorded(resource: Resource) -> bool:
    return (
        resource.kind in PUBLIC_KINDS
        and bool(isinstance(resource.stated("ipAddress"), str) and resource.stated("ipAddress"))
        and not resource.stated("publicIPPrefix")
    )


def _without_record(resource: Resource, recorded: Mapping[str, Unknown]) -> Resource:
    if resource.kind == LOCAL_GATEWAYS:
        address = resource.stated(ADDRESS)
        return (
            _with(resource, ADDRESS, recorded[address])
            if isinstance(address, str) and address in recorded
            else resource
        )
    if resource.kind in PUBLIC_KINDS and resource.stated("ipAddress") and not resource.stated("publicIPPrefix"):
        return _with(resource, "ipAddress", None)
    return resource


def _with(resource: Resource, name: str, value: Any) -> Resource:
    """Return `resource` with `value` in place of a property, which is left out where that is None."""
    body = {key: _put(own, name, value) if key.lower() == "properties" else own for key, own in resource.body.items()}
    return replace(resource, body=body)


def _put(properties: Any, name: str, value: Any) -> Any:
    if not isinstance(properties, dict):
        return properties
    passed = key_called(name, properties)
    kept = {key: own for key, own in properties.items() if key != passed}
    return kept if value is None else {**kept, name: value}
