"""Functions that a template declares, from within."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetverify.ingest.arm.bounds import Bounds
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.surroundings import Scope, Surroundings, UserFunction
from vnetverify.ingest.arm.values import Value


class InFunction:
    """The surroundings of an expression in a function that the template declares: its own parameters and no more.

    `parameters` by lower-case name. Other functions of the template may be called; a function that calls itself ends
    at the bound on nesting, where Azure refuses it at once.
    """

    def __init__(self, around: Surroundings, parameters: Mapping[str, Any]) -> None:
        self._around = around
        self._parameters = parameters

    @property
    def bounds(self) -> Bounds:
        return self._around.bounds

    @property
    def scope(self) -> Scope:
        return self._around.scope

    def parameter(self, name: str) -> Value:
        if name.lower() not in self._parameters:
            raise EvaluationError(f"the function has no parameter `{name[:40]}`")
        return self._parameters[name.lower()]

    def variable(self, name: str) -> Value:
        raise _refused("variables")

    def copy_index(self, loop: str | None) -> Value:
        raise _refused("copyIndex")

    def deployment(self) -> Value:
        return self._around.deployment()

    def deployer(self) -> Value:
        return self._around.deployer()

    def environment(self) -> Value:
        return self._around.environment()

    def subscription(self) -> Value:
        return self._around.subscription()

    def resource_group(self) -> Value:
        return self._around.resource_group()

    def management_group(self) -> Value:
        return self._around.management_group()

    def tenant(self) -> Value:
        return self._around.tenant()

    def reference(self, target: str, whole: bool, is_versioned: bool) -> Value:
        raise _refused("reference")

    def references(self, target: str, whole: bool) -> Value:
        raise _refused("references")

    def resource_info(self, target: str) -> Value:
        raise _refused("resourceInfo")

    def function(self, namespace: str, name: str) -> UserFunction | None:
        return self._around.function(namespace, name)


def _refused(name: str) -> EvaluationError:
    return EvaluationError(f"`{name}` may not be used in a function that the template declares")
