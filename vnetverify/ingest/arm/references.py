"""What expressions ask of resources: `reference`, and the like."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Protocol

from vnetverify.ingest.arm.deployments import Declared, Deployment
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.ordering import chain
from vnetverify.ingest.arm.targets import last_name
from vnetverify.ingest.arm.templates import part
from vnetverify.ingest.arm.values import PartlyKnown, Value, lookup, within
from vnetverify.ingest.resources import key_of, kind_of, name_of, parent_of
from vnetverify.ingest.unknown import RuntimeProperty, Unknown

_ONE_OF_LOOP = re.compile(r"(?P<symbol>[^\[\]]+)\[(?P<index>[0-9]{1,9})\]")
# Lists by kind whose members have ids of their own; others may be added to them.
_CHILDREN = {
    "virtualnetworks": frozenset(("subnets", "virtualnetworkpeerings")),
    "networksecuritygroups": frozenset(("securityrules",)),
    "routetables": frozenset(("routes",)),
    "networkinterfaces": frozenset(("ipconfigurations",)),
    "loadbalancers": frozenset(
        (
            "frontendipconfigurations",
            "backendaddresspools",
            "loadbalancingrules",
            "probes",
            "inboundnatrules",
            "outboundrules",
        )
    ),
}
# What Azure chooses where the way of allocation is dynamic, whatever the template says.
_ALLOCATED = {"privateipaddress": "privateipallocationmethod", "ipaddress": "publicipallocationmethod"}


class Declarations(Protocol):
    """The resources that all templates of an input declare."""

    def find(self, key: str) -> Declared | None: ...

    def find_before(self, key: str) -> Declared | None: ...

    def children_of(self, key: str, segment: str) -> Collection[str] | None: ...

    def within(self, declared: Declared) -> Deployment | None: ...

    def outputs_of(self, deployment: Deployment) -> dict[str, Any]: ...


class References:
    """The resources that the expressions of one deployment can ask for."""

    def __init__(self, deployment: Deployment, declarations: Declarations) -> None:
        self._deployment = deployment
        self._declarations = declarations

    def of(self, target: str, whole: bool, is_versioned: bool) -> Value:
        """Return the properties of a resource, or the whole of it; what only Azure knows is not known."""
        declared = self._find(target)
        if declared is not None and declared.is_being_read and is_versioned and target.startswith("/"):
            declared = self._declarations.find_before(declared.key)
        if declared is None:
            key = key_of(target)
            inline = self._member_of_parent(key)
            if inline is not None:
                return PartlyKnown({"properties": inline}, inline.otherwise) if whole else inline
            return _at_run_time(key if key.startswith("/") else f"/{key}", last_name(target), whole)
        return self._told(declared, whole)

    def of_loop(self, target: str, whole: bool) -> Value:
        """Return the same for each resource of a loop, by the symbolic name of the loop."""
        found = self._of_symbol(target)
        if not found:
            raise EvaluationError(f"the template declares no loop `{target[:40]}`")
        doubt = next((one.presence for one in found if one.presence is not None and len(found) == 1), None)
        return doubt if doubt is not None else [self._told(one, whole) for one in found]

    def info(self, target: str) -> Value:
        """Return id, name, type and version of a resource by its symbolic name."""
        declared = self._find(target)
        if declared is None:
            raise EvaluationError(f"the template declares no resource `{target[:40]}`")
        return _information(declared)

    def _find(self, target: str) -> Declared | None:
        """Return the resource that an id, a symbolic name or a name means, None where the templates declare none."""
        if target.startswith("/"):
            return self._declarations.find(key_of(target))
        symbolic = self._of_symbol(target)
        if symbolic:
            return symbolic[0] if len(symbolic) == 1 else None
        one = _ONE_OF_LOOP.fullmatch(target)
        if one is not None:
            members = self._of_symbol(one["symbol"])
            index = int(one["index"])
            return members[index] if index < len(members) else None
        return self._named(target)

    def _of_symbol(self, symbol: str) -> list[Declared]:
        wanted = symbol.lower()
        return [
            one for one in self._deployment.declared if one.statement.symbol and one.statement.symbol.lower() == wanted
        ]

    def _named(self, target: str) -> Declared | None:
        """Return the resource with a name, or with type and name as the end of its id has them."""
        wanted = target.strip("/").lower()
        found = [one for one in self._deployment.declared if wanted in (one.name.lower(), _end_of_id(one))]
        return found[0] if len(found) == 1 else None

    def _told(self, declared: Declared, whole: bool) -> Value:
        if declared.is_absent:
            return Unknown(f"`{last_name(declared.name)}` is not deployed, so it has no properties")
        if declared.is_existing:
            deployed = self._declarations.find(declared.key)
            if deployed is not None and _is_of_another(deployed, declared):
                return self._told(deployed, whole)
            properties: Any = _at_run_time(declared.key, last_name(declared.name), False)
        elif declared.is_nested_deployment:
            properties = self._of_deployment(declared)
        else:
            properties = self._properties(declared)
        if not whole:
            return properties
        body = {} if declared.is_existing else declared.body()
        known = {key: value for key, value in body.items() if key.lower() != "properties"}
        return PartlyKnown({**known, **_information(declared), "properties": properties}, _of_azure(declared))

    def _member_of_parent(self, key: str) -> PartlyKnown | None:
        """Return the properties of a resource that its parent declares in a list of its own, such as a subnet."""
        parent = self._declarations.find(parent_of(key)) if key.startswith("/") else None
        if parent is None or parent.is_absent or parent.is_existing:
            return None
        properties = part(parent.body(), "properties")
        items = part(properties, key.split("/")[-2]) if isinstance(properties, dict) else None
        for item in items if isinstance(items, list) else ():
            inner = part(item, "properties") if isinstance(item, dict) else None
            if isinstance(inner, dict) and str(part(item, "name")).lower() == name_of(key):
                why = Unknown(f"what Azure gives `{name_of(key)}` when it is deployed", of=RuntimeProperty(key, ""))
                told = self._deployed(inner, why, key)
                return told if isinstance(told, PartlyKnown) else None
        return None

    def _of_deployment(self, declared: Declared) -> Value:
        within_it = self._declarations.within(declared)
        known: dict[str, Any] = {"provisioningState": "Succeeded"}
        if within_it is not None:
            known["outputs"] = self._declarations.outputs_of(within_it)
        return PartlyKnown(known, _of_azure(declared))

    def _properties(self, declared: Declared) -> Value:
        properties = part(declared.body(), "properties")
        if not isinstance(properties, dict):
            return properties if isinstance(properties, Unknown) else _of_azure(declared)
        return self._deployed(properties, _of_azure(declared), declared.key)

    def _deployed(self, value: Any, otherwise: Unknown, key: str) -> Any:
        """Return what a body says as far as Azure keeps to it; `otherwise` is the value as Azure will have it."""
        if isinstance(value, list):
            return [self._deployed(item, within(otherwise, position), key) for position, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        known = {
            name: self._children(name, item, within(otherwise, name), key)
            for name, item in value.items()
            if item is not None and not _is_allocated(name, value)
        }
        return PartlyKnown(known, otherwise)

    def _children(self, name: str, value: Any, otherwise: Unknown, key: str) -> Any:
        """Return a member; children get their ids, and are not known where others stand outside of the list."""
        told = self._deployed(value, otherwise, key)
        if name.lower() not in _CHILDREN.get(kind_of(key), ()) or not isinstance(value, list):
            return told
        outside = self._declarations.children_of(key, name)
        listed = [_identity(item, f"{key}/{name}") for item in told]
        if outside is None or not {key_of(identity or "") for identity in listed}.issuperset(outside):
            return otherwise
        return [_as_child(*each, outside) for each in zip(told, listed, strict=True)]


def _is_of_another(deployed: Declared, existing: Declared) -> bool:
    """Hold when another template deploys what one takes to exist; of its own it is not told in what order."""
    if deployed.is_existing or deployed.is_absent:
        return False
    one, other = (list(chain(each))[-1].deployment.template for each in (deployed, existing))
    return one is not other


def _identity(item: Any, parent: str) -> str | None:
    name = lookup(item, "name") if isinstance(item, PartlyKnown) else None
    return f"{parent}/{name}" if isinstance(name, str) else None


def _as_child(item: Any, identity: str | None, outside: Collection[str]) -> Any:
    """Return a member with its id, and nothing else but its name where it is declared outside as well."""
    if identity is None:
        return item
    known = {"name": lookup(item, "name")} if key_of(identity) in outside else item
    return PartlyKnown({**known, "id": identity}, item.otherwise)


def _is_allocated(name: str, siblings: dict[str, Any]) -> bool:
    how = _ALLOCATED.get(name.lower())
    method = None if how is None else part(siblings, how)
    return how is not None and not (isinstance(method, str) and method.lower() == "static")


def _information(declared: Declared) -> dict[str, Any]:
    return {
        "id": declared.identity,
        "name": declared.name,
        "type": declared.type_name,
        "apiVersion": declared.statement.says("apiVersion"),
    }


def _of_azure(declared: Declared) -> Unknown:
    name = last_name(declared.name)
    return Unknown(
        f"what Azure gives `{name}` when it is deployed", declared.spot.pointer, RuntimeProperty(declared.key, "")
    )


def _at_run_time(key: str, name: str, whole: bool) -> Value:
    otherwise = Unknown(f"`{name}` is not in the input", of=RuntimeProperty(key, ""))
    return PartlyKnown({"properties": otherwise}, Unknown(otherwise.why)) if whole else otherwise


def _end_of_id(declared: Declared) -> str:
    """Return type and name as the end of an id has them: `microsoft.network/virtualnetworks/hub`."""
    return declared.key.rpartition("/providers/")[2]
