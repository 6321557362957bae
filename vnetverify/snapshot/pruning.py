"""What of a resource is written into a snapshot: what the readers know, and nothing that could be a secret.

An allow-list: what stands in the tables of the readers, ids, and otherwise the bare fact that something is there. A
property that no table knows stays with `LEFT_OUT` in the place of its value, so that it puts verdicts in doubt as it
would with its value.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any

from vnetverify.ingest.properties import NOTHING, WITHIN, is_harmless, words_of
from vnetverify.ingest.resources import SCALE_SETS, Resource
from vnetverify.ingest.trees import TREES, Tree

LEFT_OUT = "(left out)"

_ALWAYS = words_of("id name type location kind zones provisioningState")
_VNETS, _MACHINES, _ZONES = "virtualnetworks", "microsoft.compute/virtualmachines", "privatednszones"
# What is read of private zones, their links and their records; the texts of TXT records are nobody's business.
_OF_ZONES = words_of(
    "virtualNetwork registrationEnabled resolutionPolicy numberOfRecordSets numberOfVirtualNetworkLinks"
    " numberOfVirtualNetworkLinksWithRegistration aRecords aaaaRecords ipv4Address ipv6Address cnameRecord cname"
    " ptrRecords ptrdname ttl fqdn isAutoRegistered virtualNetworkLinkState"
)
# What is read of references and of the entries of lists besides ids, and the one object whose members have free names.
_OF_REFERENCES = words_of("protocolType port privateLinkServiceConnectionState status privateEndpoint name")
_SETTINGS = "additionalproperties"
# Names under which something modelled could still carry a secret.
_SECRET = re.compile(
    "secret|password|passphrase|sharedkey|authorizationkey|token|credential|customdata|userdata|pfx", re.IGNORECASE
)


def pruned(resource: Resource) -> dict[str, Any]:
    """Return what of the body of `resource` is written."""
    kind = resource.kind
    if kind.split("/")[0] == _ZONES:
        return dict(_allowed(resource.body, _ALWAYS | _OF_ZONES))
    tree = TREES.get(kind)
    found = dict(_of_kind(resource.body, kind, tree) if tree is not None else _of_stranger(resource.body))
    if kind == _VNETS and isinstance(resource.body.get("tags"), dict):
        texts = {key: value for key, value in resource.body["tags"].items() if isinstance(value, str)}
        found["tags"] = _without_secrets(texts)  # sentences may ask for them
    if kind == SCALE_SETS and isinstance(resource.body.get("sku"), dict):
        found["sku"] = _allowed(resource.body["sku"], words_of("capacity"))
    return found


def _of_stranger(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is kept of a resource that no table knows: what it is and whom it names."""
    for key, value in body.items():
        if key.lower() in _ALWAYS:
            yield key, value
        elif (ids := _ids_in(value)) is not None:
            yield key, ids


def _of_kind(body: dict[str, Any], kind: str, tree: Tree) -> Iterator[tuple[str, Any]]:
    suspects = {key: suspect for key, _, suspect in tree.shape.treatment(body).each}
    for key, value in body.items():
        name = key.lower()
        if name in _ALWAYS or value in NOTHING:
            yield key, value
        elif name == "properties" and isinstance(value, dict):
            yield key, dict(_of_kind(value, kind, tree))
        elif kind == _MACHINES and name == "osprofile" and isinstance(value, dict):
            yield key, _allowed(value, words_of("computerName"))
        elif tree.only:
            if name in tree.only:
                yield key, _modelled(name, value, kind, tree)
        elif key not in suspects:
            ids = _ids_in(value)
            if ids is not None:
                yield key, ids
        elif (suspect := suspects[key]) is not None:
            yield key, value if is_harmless(value, suspect) else LEFT_OUT
        else:
            yield key, _modelled(name, value, kind, tree)


def _modelled(name: str, value: Any, kind: str, tree: Tree) -> Any:
    """Return what is kept of a property that is modelled: its parts as their own tables say."""
    if isinstance(value, list):
        return [_modelled(name, item, kind, tree) for item in value]
    if not isinstance(value, dict):
        return value
    part = TREES.get(f"{kind}/{name}") if name in tree.apart else tree.parts.get(name)
    if part is not None:
        return dict(_of_kind(value, f"{kind}/{name}", part))
    known = WITHIN.get(name)
    if known is not None:
        return {key: item if key.lower() in known or item in NOTHING else LEFT_OUT for key, item in value.items()}
    return _without_secrets(value) if name == _SETTINGS else _allowed(value, _OF_REFERENCES)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: LEFT_OUT if _SECRET.search(key) and not isinstance(item, bool) else _without_secrets(item)
            for key, item in value.items()
        }
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _allowed(value: Any, names: Container[str]) -> Any:
    """Return `value` with the members of objects that are called as in `names`, and with ids."""
    if isinstance(value, dict):
        return {
            key: _allowed(item, names)
            for key, item in value.items()
            if key.lower() in names or key == "properties" or _is_id(item)
        }
    return [_allowed(item, names) for item in value] if isinstance(value, list) else value


def _ids_in(value: Any) -> Any:
    """Return `value` with nothing but the ids of resources in it, None where it holds none."""
    if isinstance(value, dict):
        kept = {key: ids for key, item in value.items() if (ids := _ids_in(item)) is not None}
        return kept or None
    if isinstance(value, list):
        items = [ids for item in value if (ids := _ids_in(item)) is not None]
        return items or None
    return value if _is_id(value) else None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("/subscriptions/") and "/providers/" in value.lower()
