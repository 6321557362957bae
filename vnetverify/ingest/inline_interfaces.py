"""Interfaces that a virtual machine declares in itself, and that Azure makes with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from vnetverify.ingest.resources import Resource, key_of, kind_of
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import key_called, member

_MACHINES = "microsoft.compute/virtualmachines"
_LISTED, _DECLARED = "networkInterfaces", "networkInterfaceConfigurations"
# What a declaration says and an interface does not.
_OF_DECLARATIONS = frozenset(("deleteoption", "enablefpga"))


def with_inline_interfaces(resources: Iterable[Resource]) -> Iterator[Resource]:
    """Yield `resources`, each virtual machine with the interfaces and public addresses that it declares in itself."""
    for resource in resources:
        declared = _declarations(resource) if resource.kind == _MACHINES else []
        if not declared:
            yield resource
            continue
        made = [_interface(resource, at, item) for at, item in enumerate(declared)]
        yield _with_interfaces(resource, [card.id for card, _ in made])
        for card, publics in made:
            yield card
            yield from publics


def _declarations(machine: Resource) -> list[Any]:
    """Return the interfaces that `machine` declares, as far as they are known; none where it says which it has."""
    profile = machine.stated("networkProfile")
    if not isinstance(profile, dict) or member(profile, _LISTED):
        return []
    found = member(profile, _DECLARED)
    return [item for item in found if not isinstance(item, Unknown)] if isinstance(found, list) else []


def _with_interfaces(machine: Resource, identities: list[str]) -> Resource:
    outer = next((key for key in machine.body if key.lower() == "properties"), None)
    layer = machine.body if outer is None else machine.body[outer]
    key = key_called("networkProfile", layer) or "networkProfile"
    profile = {name: item for name, item in layer[key].items() if name.lower() != _LISTED.lower()}
    changed = {**layer, key: {**profile, _LISTED: [{"id": one} for one in identities]}}
    return replace(machine, body=changed if outer is None else {**machine.body, outer: changed})


def _interface(machine: Resource, at: int, declared: Any) -> tuple[Resource, list[Resource]]:
    """Return the interface of a declaration, and the public addresses that it gets; one of another form is empty."""
    name = f"{machine.name}-{_called(declared, at)}"
    publics: list[Resource] = []
    said = {key: value for key, value in _properties(declared).items() if key.lower() not in _OF_DECLARATIONS}
    key = key_called("ipConfigurations", said)
    listed = said.get(key) if key is not None else None
    if key is not None and isinstance(listed, list):
        said[key] = [_configuration(machine, name, number, item, publics) for number, item in enumerate(listed)]
    inner = {**said, "virtualMachine": {"id": machine.id}} if said else {}
    return _beside(machine, "networkInterfaces", name, {"properties": inner}), publics


def _configuration(machine: Resource, card: str, at: int, item: Any, publics: list[Resource]) -> Any:
    """Return an IP configuration as interfaces have it, having put the public address that it declares to `publics`."""
    said = dict(_properties(item))
    key = key_called("publicIPAddressConfiguration", said)
    declared = said.pop(key) if key is not None else None
    if declared:
        body = {"properties": _properties(declared)}
        if isinstance(declared, dict) and member(declared, "sku") is not None:
            body["sku"] = member(declared, "sku")
        publics.append(_beside(machine, "publicIPAddresses", f"{card}-{_called(declared, at)}", body))
        said["publicIPAddress"] = {"id": publics[-1].id}
    said.setdefault("privateIPAllocationMethod", "Dynamic")
    return {"name": _called(item, at), "properties": said}


def _called(item: Any, at: int) -> str:
    name = member(item, "name") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name else str(at)


def _properties(item: Any) -> dict[str, Any]:
    """Return what an object says under `properties`, or beside its name where it has none."""
    inner = member(item, "properties") if isinstance(item, dict) else None
    if isinstance(inner, dict):
        return dict(inner)
    return {key: value for key, value in item.items() if key.lower() != "name"} if isinstance(item, dict) else {}


def _beside(machine: Resource, kind: str, name: str, body: dict[str, Any]) -> Resource:
    """Return a resource of the network provider in the group of `machine`, in doubt where that is."""
    identity = f"{machine.id.rpartition('/providers/')[0]}/providers/Microsoft.Network/{kind}/{name}"
    key, whole = key_of(identity), {"id": identity, "name": name, "type": f"Microsoft.Network/{kind}", **body}
    return replace(machine, id=identity, key=key, kind=kind_of(key), name=name, body=whole)
