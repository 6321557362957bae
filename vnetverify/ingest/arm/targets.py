"""Where a deployment puts its resources, and the ids that they have there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.standins import StandIn, composed
from vnetverify.ingest.arm.surroundings import Level, Scope
from vnetverify.ingest.resources import NO_SUBSCRIPTION
from vnetverify.ingest.unknown import Unknown

NOBODY = NO_SUBSCRIPTION
UNSAID_GROUP = "resource-group"
_LEVELS = {
    "resourceGroup": Level.RESOURCE_GROUP,
    "subscription": Level.SUBSCRIPTION,
    "managementGroup": Level.MANAGEMENT_GROUP,
    "tenant": Level.TENANT,
}
_MANAGEMENT_GROUPS = "/providers/Microsoft.Management/managementGroups/"


def _not_said(what: str) -> Unknown:
    return Unknown(f"to which {what} the template is deployed is not stated")


@dataclass(frozen=True, slots=True)
class Target:
    """What a deployment is directed at. What nobody has said is a stand-in, the same for all templates of an input."""

    level: Level
    subscription: str = StandIn(NOBODY, _not_said("subscription"))
    group: str = StandIn(UNSAID_GROUP, _not_said("resource group"))
    management_group: str = StandIn("management-group", _not_said("management group"))

    @property
    def scope(self) -> Scope:
        """What functions build ids of."""
        match self.level:
            case Level.RESOURCE_GROUP:
                return Scope(self.level, self.subscription, self.group)
            case Level.SUBSCRIPTION:
                return Scope(self.level, self.subscription)
            case _:
                return Scope(self.level)

    @property
    def root(self) -> str:
        """The id of what the deployment is directed at, empty for a tenant."""
        match self.level:
            case Level.RESOURCE_GROUP:
                return composed((self.subscription_id, "/resourceGroups/", self.group))
            case Level.SUBSCRIPTION:
                return self.subscription_id
            case Level.MANAGEMENT_GROUP:
                return composed((_MANAGEMENT_GROUPS, self.management_group))
            case Level.TENANT:
                return ""

    @property
    def subscription_id(self) -> str:
        return composed(("/subscriptions/", self.subscription))

    def subscription_object(self) -> dict[str, Any]:
        """What `subscription()` returns."""
        name = StandIn("<subscription>", _not_said("subscription"))
        tenant = StandIn(NOBODY, _not_said("tenant"))
        return {
            "id": self.subscription_id,
            "subscriptionId": self.subscription,
            "tenantId": tenant,
            "displayName": name,
        }

    def group_object(self) -> dict[str, Any]:
        """What `resourceGroup()` returns."""
        root = replace(self, level=Level.RESOURCE_GROUP).root
        where = StandIn("<location of resource group>", Unknown("the location of the resource group is not stated"))
        return {
            "id": root,
            "name": self.group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": where,
            "tags": Unknown("the tags of the resource group are not said"),
            "properties": {"provisioningState": "Succeeded"},
        }

    def management_group_object(self) -> dict[str, Any]:
        """What `managementGroup()` returns."""
        return {
            "id": composed((_MANAGEMENT_GROUPS, self.management_group)),
            "name": self.management_group,
            "type": "Microsoft.Management/managementGroups",
            "properties": Unknown("the management group is not in the input"),
        }

    def inside(self, subscription: str | None, group: str | None) -> Target:
        """Return the target of a nested deployment that names a subscription, a resource group, or both."""
        within = self if subscription is None else replace(self, level=Level.SUBSCRIPTION, subscription=subscription)
        return within if group is None else replace(within, level=Level.RESOURCE_GROUP, group=group)

    def at(self, scope: str) -> Target:
        """Return the target that an id names: of a resource group, a subscription or a management group, or `/`."""
        parts = [part for part in scope.strip("/").split("/") if part]
        words = [part.lower() for part in parts]
        held = [StandIn(part, scope.unknown) if isinstance(scope, StandIn) else part for part in parts]
        match words:
            case []:
                return replace(self, level=Level.TENANT)
            case ["subscriptions", _]:
                return replace(self, level=Level.SUBSCRIPTION, subscription=held[1])
            case ["subscriptions", _, "resourcegroups", _]:
                return replace(self, level=Level.RESOURCE_GROUP, subscription=held[1], group=held[3])
            case [*_, "microsoft.management", "managementgroups", _]:
                return replace(self, level=Level.MANAGEMENT_GROUP, management_group=held[-1])
        raise EvaluationError(f"`{scope[:80]}` is not a scope of a deployment")


def targets_called(scopes: Sequence[tuple[str, str]], files: Collection[str]) -> dict[str, Target]:
    """Return where each of `files`, which hold templates, is deployed to, as far as the user says. Raises
    `EvaluationError`.

    `scopes` are ids, each with the end of the path of the file, or with an empty text where it counts for all others.
    """
    found: dict[str, Target] = {}
    for name, scope in sorted(scopes, key=lambda pair: pair[0] != ""):
        target = Target(Level.TENANT).at(scope)
        for file in files if not name else [_file_called(name, files)]:
            found[file] = target
    return found


def _file_called(name: str, files: Collection[str]) -> str:
    steps = PurePath(name.lower()).parts
    found = [file for file in files if PurePath(file.lower()).parts[-len(steps) :] == steps]
    if len(found) != 1:
        which = "several templates of the input have that name" if found else "no template of the input has that name"
        raise EvaluationError(f"where `{name[:80]}` is deployed to is said, and {which}")
    return found[0]


def id_within(root: str, type_name: str, name: str) -> str:
    """Return the id of a resource under `root`, the id of a scope or of a resource that it extends.

    Raises `EvaluationError` where type and name do not have as many parts.
    """
    provider, *kinds = type_name.strip("/").split("/")
    names = _names_in(name, len(kinds))
    if not kinds or len(kinds) != len(names):
        few = "too few" if len(names) < len(kinds) else "too many"
        raise EvaluationError(f"the name `{name[:80]}` has {few} parts for the type `{type_name[:80]}`")
    if type_name.lower() == "microsoft.resources/resourcegroups":
        return composed((root, "/resourceGroups/", names[0]))
    if type_name.lower() == "microsoft.resources/subscriptions":
        return composed(("/subscriptions/", names[0]))
    pairs = [part for kind, own in zip(kinds, names, strict=True) for part in ("/", kind, "/", own)]
    return composed((root, "/providers/", provider, *pairs))


def _names_in(name: str, count: int) -> list[str]:
    """Return the parts of `name`; one that is not known at all may be several."""
    if isinstance(name, StandIn) and name.may_be_empty and count > 1:
        return [
            StandIn(f"{name[:-1]}, part {position + 1}>", name.unknown) if position < count - 1 else name
            for position in range(count)
        ]
    parts = name.strip("/").split("/")
    return [StandIn(part, name.unknown) for part in parts] if isinstance(name, StandIn) else parts


def last_name(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]
