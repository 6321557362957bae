"""A place in a template for the tests of expressions: whatever a test says is there, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vnetverify.ingest.arm.bounds import Bounds
from vnetverify.ingest.arm.evaluation import evaluate, resolve
from vnetverify.ingest.arm.expressions import parse
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.surroundings import Level, Scope, UserFunction
from vnetverify.ingest.unknown import RuntimeProperty, Unknown

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


@dataclass
class Place:
    """Parameters, variables and so on by lower-case name; a variable is resolved when it is asked for."""

    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    resolved: dict[str, Any] = field(default_factory=dict)
    loops: dict[str | None, int] = field(default_factory=dict)
    functions: dict[str, UserFunction] = field(default_factory=dict)
    scope: Scope = field(default_factory=lambda: Scope(Level.RESOURCE_GROUP, SUBSCRIPTION, "group"))
    bounds: Bounds = field(default_factory=Bounds)

    def parameter(self, name: str) -> Any:
        if name.lower() not in self.parameters:
            raise EvaluationError(f"there is no parameter `{name}`")
        return self.parameters[name.lower()]

    def variable(self, name: str) -> Any:
        if name.lower() not in self.variables:
            raise EvaluationError(f"there is no variable `{name}`")
        if name.lower() not in self.resolved:
            self.resolved[name.lower()] = resolve(self.variables[name.lower()], self)
        return self.resolved[name.lower()]

    def copy_index(self, loop: str | None) -> Any:
        turn = self.loops.get(loop.lower() if loop is not None else None)
        if turn is None:
            raise EvaluationError("there is no such loop")
        return turn

    def deployment(self) -> Any:
        return {"name": "deployment"}

    def deployer(self) -> Any:
        return Unknown("who deploys")

    def environment(self) -> Any:
        return {"name": "AzureCloud"}

    def subscription(self) -> Any:
        return {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION}

    def resource_group(self) -> Any:
        return {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/group", "name": "group", "location": "westeurope"}

    def management_group(self) -> Any:
        return {"name": "mg"}

    def tenant(self) -> Any:
        return {"tenantId": "tenant"}

    def reference(self, target: str, whole: bool, is_versioned: bool) -> Any:
        return Unknown("what a deployed resource has", of=RuntimeProperty(target.lower(), "" if not whole else "full"))

    def references(self, target: str, whole: bool) -> Any:
        return [self.reference(f"{target}{turn}", whole, False) for turn in range(2)]

    def resource_info(self, target: str) -> Any:
        return {"name": target}

    def function(self, namespace: str, name: str) -> UserFunction | None:
        return self.functions.get(f"{namespace}.{name}".lower())


UNKNOWN = Unknown("parameter `u` has no value", "/parameters/u")


def of(expression: str, place: Place | None = None, **parameters: Any) -> Any:
    """Return the value of `expression`, written without its brackets; parameter `u` has no value."""
    where = place if place is not None else Place()
    where.parameters.update({"u": UNKNOWN, **parameters})
    return evaluate(parse(f"[{expression}]"), where)
