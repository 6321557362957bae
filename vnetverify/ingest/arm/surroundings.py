"""What an expression may ask of the place in a template where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from vnetverify.ingest.arm.bounds import Bounds
from vnetverify.ingest.arm.values import Value


class Level(Enum):
    """To what a template is deployed."""

    RESOURCE_GROUP = "resource group"
    SUBSCRIPTION = "subscription"
    MANAGEMENT_GROUP = "management group"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a template is deployed. `subscription` and `group` are the id and the name that its ids are made of: texts,
    or not known; None where the level has none."""

    level: Level
    subscription: Value = None
    group: Value = None


@dataclass(frozen=True, slots=True)
class UserFunction:
    """A function that the template declares: names of its parameters, and what stands at `output.value`."""

    parameters: tuple[str, ...]
    output: Any


class Surroundings(Protocol):
    """The place of an expression. Names of parameters, variables and loops are to be found in any letter case.

    Each method raises `EvaluationError` where Azure would refuse to answer (no such parameter, no such loop, a variable
    that needs itself), and returns an `Unknown` where the answer is not known before deployment.
    """

    @property
    def bounds(self) -> Bounds:
        """One for a whole reading."""

    @property
    def scope(self) -> Scope: ...

    def parameter(self, name: str) -> Value: ...

    def variable(self, name: str) -> Value: ...

    def copy_index(self, loop: str | None) -> Value:
        """Return the turn of the loop called `loop`, of the innermost for None; the first turn is 0."""

    def deployment(self) -> Value: ...

    def deployer(self) -> Value: ...

    def environment(self) -> Value: ...

    def subscription(self) -> Value: ...

    def resource_group(self) -> Value: ...

    def management_group(self) -> Value: ...

    def tenant(self) -> Value: ...

    def reference(self, target: str, whole: bool, is_versioned: bool) -> Value:
        """Return the properties of the resource that `target` names: an id, a name, or a symbolic name; the whole
        resource where `whole`. What the template does not say is an `Unknown` with its `RuntimeProperty`, or the
        `otherwise` of a `PartlyKnown`. With an id and a version Azure looks up what is there at that time, so that a
        resource can be deployed again as what it is."""

    def references(self, target: str, whole: bool) -> Value:
        """Return the list of what `reference` gives for each resource of the loop with symbolic name `target`."""

    def resource_info(self, target: str) -> Value:
        """Return `id`, `name`, `type` and `apiVersion` of the resource with symbolic name `target`."""

    def function(self, namespace: str, name: str) -> UserFunction | None:
        """Return the function that the template declares, names in any letter case; None where there is none."""
