"""Resources of the `azapi` provider, which carry Azure's own bodies."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.notation import Refused, parse
from vnetverify.ingest.terraform.folding import Folding
from vnetverify.ingest.terraform.identities import arm_type
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.links import Links
from vnetverify.ingest.terraform.tables import KINDS
from vnetverify.ingest.terraform.tables.networks import ASG, NAT_GATEWAY, NSG, PUBLIC_IP, ROUTE_TABLE, SUBNET, VNET
from vnetverify.ingest.terraform.translation import Draft
from vnetverify.ingest.terraform.write_only import SECRET_BODY
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import member

RESOURCE, UPDATE = "azapi_resource", "azapi_update_resource"
_MOST_VALUES = 100_000
# Lists that are empty where a body does not hold them, by Azure's type.
_WHOLE = {kind.arm.lower(): kind.whole for kind in KINDS.values()}
# The types of the provider `azurerm` that a property with an id can name.
_NAMED = {
    "networksecuritygroup": NSG,
    "routetable": ROUTE_TABLE,
    "natgateway": NAT_GATEWAY,
    "subnet": SUBNET,
    "remotevirtualnetwork": VNET,
    "virtualnetwork": VNET,
    "publicipaddress": PUBLIC_IP,
    "applicationsecuritygroups": ASG,
}


def draft_of(instance: Instance, identity: str, links: Links) -> Draft:
    """Return the resource that an `azapi_resource` carries."""
    draft = Draft(instance, identity, identity)
    body = _body(instance, links)
    for key in ("location", "tags"):
        value = instance.values.get(key)
        if value:
            draft.body[key] = value
    if isinstance(body, dict):
        draft.body.update({key: value for key, value in body.items() if key not in ("id", "name", "type")})
        if not isinstance(draft.body.get("properties"), (dict, Unknown)):
            draft.body["properties"] = {}
    else:
        draft.body["properties"] = body if isinstance(body, Unknown) else {"azapi.body": True}
    _hide(instance, draft.body)
    for name in _WHOLE.get((arm_type(instance) or "").lower(), ()):
        if isinstance(draft.body["properties"], dict) and member(draft.properties, name) is None:
            draft.properties[name] = []
    draft.origins[f"{instance.pointer}/properties"] = f"{instance.inside}/body"
    return draft


def amend(instance: Instance, folding: Folding, links: Links) -> bool:
    """Put what an `azapi_update_resource` says into the resource that it changes, and return whether that is there."""
    at = links.anything(instance, ("resource_id",))
    if not isinstance(at, str):
        at = links.id_of(instance)
    target = folding.find(at) if at is not None else None
    body = _body(instance, links)
    if target is None or not isinstance(body, dict):
        return False
    _merge(target, {key: value for key, value in body.items() if key not in ("id", "name", "type")})
    _hide(instance, target)
    return True


def _hide(instance: Instance, body: dict[str, Any]) -> None:
    """Put into a body what a part of it says that is not told."""
    hidden = instance.values.get(SECRET_BODY)
    if hidden is not None:
        _merge(body, hidden if isinstance(hidden, dict) else {"properties": {f"azapi.{SECRET_BODY}": True}})


def is_network(instance: Instance) -> bool:
    """Hold for a resource of Azure's network provider, or one whose type is not known."""
    stated = arm_type(instance)
    return stated is None or stated.lower().startswith("microsoft.network/")


def hides_place(instance: Instance, links: Links) -> bool:
    """Hold when a resource of another provider than the network's may name a subnet that is not known."""
    return _hides(_body(instance, links), "")


def _hides(value: Any, key: str) -> bool:
    if isinstance(value, dict):
        return any(_hides(item, name) for name, item in value.items())
    if isinstance(value, list):
        return any(_hides(item, key) for item in value)
    return isinstance(value, Unknown) and (not key or "subnet" in key.lower() or "vnet" in key.lower())


def _body(instance: Instance, links: Links) -> Any:
    """Return the body, in which ids that are not known are those of what they refer to."""
    value = instance.values.get("body")
    if isinstance(value, str):
        try:
            return parse(value, instance.address, _MOST_VALUES)
        except Refused:
            return Unknown("its body is not JSON that is read", instance.pointer)
    return _resolved(value, ("body",), instance, links)


def _resolved(value: Any, path: tuple[str | int, ...], instance: Instance, links: Links) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, (*path, key), instance, links) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, (*path, position), instance, links) for position, item in enumerate(value)]
    if not isinstance(value, Unknown):
        return value
    # All of a body is written as one expression, whose references do not say which of them stands where.
    named = [step for step in path if isinstance(step, str)]
    types = _NAMED.get(named[-2].lower()) if named[-1:] == ["id"] and len(named) > 1 else None
    return links.runtime(instance, path) if types is None else links.reference(instance, path, types)


def _merge(target: dict[str, Any], addition: dict[str, Any]) -> None:
    for key, value in addition.items():
        spelt = next((known for known in target if known.lower() == key.lower()), key)
        known = target.get(spelt)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif not (isinstance(known, Unknown) and key == "properties"):  # all else of them stays unknown
            target[spelt] = value
