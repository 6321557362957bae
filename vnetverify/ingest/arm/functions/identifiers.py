"""Functions that make ids of resources, and those that ask for resources."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from vnetverify.ingest.arm.functions.catalogue import Evaluator, Function, as_text, refused
from vnetverify.ingest.arm.surroundings import Level
from vnetverify.ingest.arm.values import MISSING, because, lookup
from vnetverify.ingest.unknown import Unknown


def _resource_id(evaluator: Evaluator, *arguments: Any) -> str | Unknown:
    """Return the id of a resource: `([subscription], [resource group], type, name, …)`, told apart by the type's slash.

    What is not given is that of the deployment; one to a subscription has no resource group, and so on.
    """
    before, kind, names = _parts("resourceId", arguments)
    if len(before) > 2:
        raise refused("resourceId", "takes at most a subscription and a resource group before the type")
    scope = evaluator.surroundings.scope
    subscription, group = scope.subscription, scope.group
    if len(before) == 2:
        subscription, group = before
    elif before and _is_uuid(before[0]):
        subscription = before[0]
    elif before:
        group = before[0]
    if group is not None:
        start: Any = _joined("/subscriptions/", subscription, "/resourceGroups/", group)
    elif subscription is not None:
        start = _joined("/subscriptions/", subscription)
    else:
        start = ""
    return _joined(start, _tail("resourceId", kind, names))


def _subscription_resource_id(evaluator: Evaluator, *arguments: Any) -> str | Unknown:
    before, kind, names = _parts("subscriptionResourceId", arguments)
    if len(before) > 1:
        raise refused("subscriptionResourceId", "takes at most a subscription before the type")
    subscription = before[0] if before else evaluator.surroundings.scope.subscription
    if subscription is None:
        raise refused("subscriptionResourceId", f"needs a subscription, which {_level(evaluator)} does not give")
    if kind.lower() == "microsoft.resources/resourcegroups" and len(names) == 1:
        return _joined("/subscriptions/", subscription, "/resourceGroups/", names[0])
    return _joined("/subscriptions/", subscription, _tail("subscriptionResourceId", kind, names))


def _level(evaluator: Evaluator) -> str:
    return f"a deployment to a {evaluator.surroundings.scope.level.value}"


def _tenant_resource_id(*arguments: Any) -> str | Unknown:
    before, kind, names = _parts("tenantResourceId", arguments)
    if before:
        raise refused("tenantResourceId", "takes a type as argument 1")
    return _tail("tenantResourceId", kind, names)


def _management_group_resource_id(evaluator: Evaluator, *arguments: Any) -> str | Unknown:
    before, kind, names = _parts("managementGroupResourceId", arguments)
    if len(before) > 1:
        raise refused("managementGroupResourceId", "takes at most a management group before the type")
    group = before[0] if before else _management_group(evaluator)
    start = _joined("/providers/Microsoft.Management/managementGroups/", group)
    return _joined(start, _tail("managementGroupResourceId", kind, names))


def _management_group(evaluator: Evaluator) -> Any:
    if evaluator.surroundings.scope.level is not Level.MANAGEMENT_GROUP:
        raise refused("managementGroupResourceId", f"needs a management group, unlike {_level(evaluator)}")
    group = evaluator.surroundings.management_group()
    name = lookup(group, "name") if isinstance(group, dict) else group
    return Unknown("the name of the management group") if name is MISSING else name


def _extension_resource_id(base: Any, *arguments: Any) -> str | Unknown:
    before, kind, names = _parts("extensionResourceId", arguments)
    if before:
        raise refused("extensionResourceId", "takes the id of a resource and a type as arguments 1 and 2")
    return _joined(as_text("extensionResourceId", base), _tail("extensionResourceId", kind, names))


def _parts(function: str, arguments: Sequence[Any]) -> tuple[list[str], str, list[str]]:
    """Return what stands before the type, the type, and the names behind it."""
    texts = [as_text(function, value, position) for position, value in enumerate(arguments, 1)]
    at = next((position for position, text in enumerate(texts) if "/" in text), None)
    if at is None:
        raise refused(function, "is given no type such as `Microsoft.Network/virtualNetworks`")
    return texts[:at], texts[at], texts[at + 1 :]


def _tail(function: str, kind: str, names: Sequence[str]) -> str:
    """Return `/providers/` with the type and the names, taken in turn."""
    provider, *types = kind.strip("/").split("/")
    if len(types) != len(names):
        needs = f"{len(types)} name{'' if len(types) == 1 else 's'}"
        raise refused(function, f"needs {needs} for the type `{kind[:80]}`, not {len(names)}")
    return "/".join(["/providers", provider, *chain.from_iterable(zip(types, names, strict=True))])


def _joined(*parts: Any) -> str | Unknown:
    """Return `parts` as one text; what is not known leaves all of it not known."""
    doubt = next((part for part in parts if isinstance(part, Unknown)), None)
    return because(doubt) if doubt is not None else "".join(parts)


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and UUID(text) is not None
    except ValueError:
        return False


def _reference(evaluator: Evaluator, target: Any, version: Any = None, what: Any = None) -> Any:
    words = _words("reference", version, what)
    return evaluator.surroundings.reference(as_text("reference", target), "full" in words, bool(words - {"full"}))


def _references(evaluator: Evaluator, target: Any, version: Any = None, what: Any = None) -> Any:
    return evaluator.surroundings.references(
        as_text("references", target), "full" in _words("references", version, what)
    )


def _words(function: str, *arguments: Any) -> set[str]:
    """Return what stands behind the resource: a version of the programming interface, and whether all is asked for."""
    return {as_text(function, word, position).lower() for position, word in enumerate(arguments, 2) if word is not None}


def _resource_info(evaluator: Evaluator, target: Any) -> Any:
    return evaluator.surroundings.resource_info(as_text("resourceInfo", target))


IDENTIFIERS = (
    Function("resourceId", 2, None, _resource_id, is_placed=True),
    Function("subscriptionResourceId", 2, None, _subscription_resource_id, is_placed=True),
    Function("tenantResourceId", 2, None, _tenant_resource_id),
    Function("managementGroupResourceId", 2, None, _management_group_resource_id, is_placed=True),
    Function("extensionResourceId", 3, None, _extension_resource_id),
    Function("reference", 1, 3, _reference, is_placed=True),
    Function("references", 1, 3, _references, is_placed=True),
    Function("resourceInfo", 1, 1, _resource_info, is_placed=True, makes=False),
)
