"""What Azure fills in of a resource that a template leaves out: it holds every list, and parts told apart belong in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetverify.ingest.resources import name_of
from vnetverify.ingest.values import key_called

# Lists that are empty where nothing is in them, and values that others take for granted.
_FILLED_IN: Mapping[str, Mapping[str, Any]] = {
    "virtualnetworks": {"subnets": (), "virtualNetworkPeerings": ()},
    "networksecuritygroups": {"securityRules": ()},
    "routetables": {"routes": ()},
    "publicipaddresses": {"publicIPAllocationMethod": "Dynamic"},
    "natgateways": {"idleTimeoutInMinutes": 4},
    "loadbalancers": {
        "frontendIPConfigurations": (),
        "backendAddressPools": (),
        "loadBalancingRules": (),
        "probes": (),
        "inboundNatRules": (),
        "outboundRules": (),
    },
    "applicationgateways": {"frontendIPConfigurations": ()},
    "azurefirewalls": {
        "natRuleCollections": (),
        "networkRuleCollections": (),
        "applicationRuleCollections": (),
    },
    "firewallpolicies": {"ruleCollectionGroups": ()},
    "firewallpolicies/rulecollectiongroups": {"ruleCollections": ()},
}
# Lists that each member of a list has. Whom a load balancer's pools and rules lead to, the interfaces say: what a
# template writes about it at the load balancer is read-only there, and Azure does not heed it.
_FILLED_IN_EACH: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "networkinterfaces": ("ipConfigurations", ("loadBalancerBackendAddressPools", "loadBalancerInboundNatRules")),
}
# Resources that are read as members of a list of their parents, and the name of the list.
FOLDED = {
    "loadbalancers/inboundnatrules": "inboundNatRules",
    "loadbalancers/backendaddresspools": "backendAddressPools",
}
_MENTIONED = {"firewallpolicies/rulecollectiongroups": "ruleCollectionGroups"}


def completed(kind: str, body: dict[str, Any], children: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the `body` of a resource with what Azure fills in; `children` are the bodies of its children by kind."""
    key = next((key for key in body if key.lower() == "properties"), "properties")
    stated = body.get(key)
    if stated is not None and not isinstance(stated, dict):
        return body
    properties = {name: value for name, value in (stated or {}).items() if value is not None}
    said = {name.lower() for name in properties}
    for name, value in _FILLED_IN.get(kind, {}).items():
        if name.lower() not in said:
            properties[name] = list(value) if isinstance(value, tuple) else value
    if kind in _FILLED_IN_EACH:
        each, lists = _FILLED_IN_EACH[kind]
        properties = {
            name: [_with_lists(one, lists) for one in value]
            if name.lower() == each.lower() and isinstance(value, list)
            else value
            for name, value in properties.items()
        }
    for child_kind, bodies in children.items():
        if child_kind in FOLDED:
            _add(properties, FOLDED[child_kind], [_as_member(one) for one in bodies])
        elif child_kind in _MENTIONED:
            _add(properties, _MENTIONED[child_kind], [{"id": one["id"]} for one in bodies])
    return {**body, key: properties} if properties or stated is not None else body


def _with_lists(member: Any, lists: tuple[str, ...]) -> Any:
    """Return `member` of a list with those of `lists` empty that its properties leave out."""
    key = key_called("properties", member) if isinstance(member, dict) else None
    stated = None if key is None else member[key]
    if not isinstance(stated, dict):
        return member
    filled: dict[str, Any] = {key_called(name, stated) or name: [] for name in lists if not _says(stated, name)}
    return {**member, key: {**stated, **filled}}


def _says(stated: dict[str, Any], name: str) -> bool:
    key = key_called(name, stated)
    return key is not None and stated[key] is not None


def _as_member(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a child as it stands in a list of its parent."""
    return {**body, "name": name_of(str(body["id"]))}


def _add(properties: dict[str, Any], name: str, members: list[dict[str, Any]]) -> None:
    """Put `members` into a list of `properties`, each in the place of one with its name; no list takes none."""
    key = next((key for key in properties if key.lower() == name.lower()), name)
    present = properties.get(key)
    if not isinstance(present, list):
        return
    new = {str(one.get("name") or name_of(str(one["id"]))).lower() for one in members}
    kept = [item for item in present if not (isinstance(item, dict) and str(item.get("name")).lower() in new)]
    properties[key] = [*kept, *members]
