"""Azure resources as JSON for tests: the smallest bodies that the readers accept."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vnetverify.diagnostic import Severity
from vnetverify.ingest import Imported, read_path
from vnetverify.model.network import Network

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"


def identity(kind: str, name: str, group: str = GROUP, provider: str = "Microsoft.Network") -> str:
    return f"{group}/providers/{provider}/{kind}/{name}"


def reference(kind: str, name: str) -> dict[str, str]:
    return {"id": identity(kind, name)}


def resource(kind: str, name: str, group: str = GROUP, **properties: Any) -> dict[str, Any]:
    own = identity(kind, name, group)
    return {"id": own, "name": name, "type": f"Microsoft.Network/{kind}", "properties": properties}


def vnet(name: str, space: str = "10.0.0.0/16", *subnets: dict[str, Any], **properties: Any) -> dict[str, Any]:
    ordinary = {"addressSpace": {"addressPrefixes": [space]}, "virtualNetworkPeerings": []}
    return resource("virtualNetworks", name, subnets=list(subnets), **{**ordinary, **properties})


def subnet(name: str, prefix: str = "10.0.0.0/24", **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"addressPrefix": prefix, **properties}}


def peering(name: str, remote: str, **properties: Any) -> dict[str, Any]:
    remote_id = reference("virtualNetworks", remote)
    return {"name": name, "properties": {"remoteVirtualNetwork": remote_id, **properties}}


def rule(name: str = "r", priority: int = 100, **properties: Any) -> dict[str, Any]:
    ordinary = {
        "priority": priority,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "443",
    }
    return {"name": name, "properties": {**ordinary, **properties}}


def nsg(name: str, *rules: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return resource("networkSecurityGroups", name, securityRules=list(rules), **properties)


def nic(name: str, address: str, subnet_id: str, **properties: Any) -> dict[str, Any]:
    configuration = {"name": "c", "properties": {"privateIPAddress": address, "subnet": {"id": subnet_id}}}
    return resource("networkInterfaces", name, ipConfigurations=[configuration], **properties)


def subnet_id(vnet_name: str, subnet_name: str) -> str:
    return f"{identity('virtualNetworks', vnet_name)}/subnets/{subnet_name}"


def read(folder: Path, *contents: Any) -> Imported:
    """Return what reading `contents` gives, each written to a file of its own in `folder`."""
    for position, content in enumerate(contents):
        (folder / f"{position}.json").write_text(json.dumps(content), encoding="utf-8")
    return read_path(folder)


def read_text(folder: Path, text: str | bytes) -> Imported:
    file = folder / "input.json"
    file.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_path(file)


def network(folder: Path, *contents: Any) -> Network:
    """Return the network that `contents` make, which must be free of errors."""
    imported = read(folder, *contents)
    assert errors(imported) == []
    return imported.network


def errors(imported: Imported) -> list[str]:
    return [found.code for found in imported.diagnostics if found.severity is Severity.ERROR]


def doubts(network: Network) -> list[tuple[str, tuple[str, ...]]]:
    return [(item.what, item.vnets) for item in network.unmodelled]


_STRANGE: tuple[Any, ...] = (None, 7, "x", [], {}, [7], {"id": "/providers/"})


def strange_variants(content: Any) -> Iterator[Any]:
    """Yield `content` with one value at a time replaced by one that does not belong there."""
    for path in _places(content):
        for value in _STRANGE:
            changed = copy.deepcopy(content)
            holder = changed
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = value
            yield changed


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _places(item, (*path, key))
