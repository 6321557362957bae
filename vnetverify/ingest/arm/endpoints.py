"""Private endpoints of templates, with what Azure adds: an interface, and whether the service has approved (F-PE-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vnetverify.ingest.endpoint_addresses import CONNECTIONS, has_one_address
from vnetverify.ingest.resources import Resource, key_of, kind_of
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import key_called, member

_ENDPOINTS = "privateendpoints"
_STATE = "privateLinkServiceConnectionState"
# Who may approve asks for no approval; who asks for it waits for somebody else.
_APPROVED: dict[str, Any] = {"status": "Approved"}
_WAITS: dict[str, Any] = {"status": Unknown("whether the owner of the service has approved is not told")}


def with_interfaces(resource: Resource) -> Iterator[Resource]:
    """Yield `resource` and, if it is an endpoint of which it is known how many addresses it gets, its interface."""
    properties = resource.body.get("properties")
    if resource.kind != _ENDPOINTS or not isinstance(properties, dict):
        yield resource
        return
    told = dict(properties)
    for field, state in zip(CONNECTIONS, (_APPROVED, _WAITS), strict=True):
        key = key_called(field, told)
        if key is not None and isinstance(told[key], list):
            told[key] = [_with_state(item, state) for item in told[key]]
    subnet = member(told, "subnet")
    identity = member(subnet, "id") if isinstance(subnet, dict) else None
    says_itself = bool(member(told, "networkInterfaces") or member(told, "ipConfigurations"))
    had = _had(told)
    if not isinstance(identity, str) or says_itself or not (had or has_one_address(told)):
        yield replace(resource, body={**resource.body, "properties": told})
        return
    card = _card(resource, told, identity, had or [None])
    whole = {name: value for name, value in told.items() if name.lower() != "customdnsconfigs" or not had}
    whole["networkInterfaces"] = [{"id": card.id}]
    yield replace(resource, body={**resource.body, "properties": whole})
    yield card


def _with_state(connection: Any, state: dict[str, Any]) -> Any:
    inner = member(connection, "properties") if isinstance(connection, dict) else None
    if not isinstance(inner, dict) or member(inner, _STATE) is not None:
        return connection
    return {**connection, "properties": {**inner, _STATE: state}}


def _had(endpoint: dict[str, Any]) -> list[str | None]:
    """Return the addresses that an exported template says with names."""
    names = member(endpoint, "customDnsConfigs")
    items = names if isinstance(names, list) else ()
    listed = [member(item, "ipAddresses") for item in items if isinstance(item, dict)]
    texts = [text for each in listed if isinstance(each, list) for text in each if isinstance(text, str)]
    return list(dict.fromkeys(texts))


def _card(endpoint: Resource, told: dict[str, Any], subnet: str, addresses: list[str | None]) -> Resource:
    """Return the interface of an endpoint; Azure assigns its addresses, unless the endpoint chooses them itself."""
    custom = member(told, "customNetworkInterfaceName")
    name = custom if isinstance(custom, str) and custom else f"{endpoint.name}-nic"
    identity = f"{endpoint.id.rpartition('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces/{name}"
    configurations = [
        {
            "name": f"address{number}",
            "properties": {
                "subnet": {"id": subnet},
                "privateIPAllocationMethod": "Dynamic",
                **({} if address is None else {"privateIPAddress": address}),
            },
        }
        for number, address in enumerate(addresses)
    ]
    inner = {"privateEndpoint": {"id": endpoint.id}, "ipConfigurations": configurations}
    body = {"id": identity, "name": name, "type": "Microsoft.Network/networkInterfaces", "properties": inner}
    key = key_of(identity)
    return Resource(
        identity, key, kind_of(key), name, body, endpoint.file, endpoint.pointer, uncertain=endpoint.uncertain
    )
