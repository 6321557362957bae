"""The surroundings of an expression: the deployment that it stands in, and the turns of the loops around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from vnetverify.ingest.arm.bodies import Turn, Turns
from vnetverify.ingest.arm.bounds import Bounds
from vnetverify.ingest.arm.evaluation import evaluate
from vnetverify.ingest.arm.expressions import is_expression, parse, unescaped
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.surroundings import Scope, UserFunction
from vnetverify.ingest.arm.targets import Target
from vnetverify.ingest.arm.values import PartlyKnown, Value
from vnetverify.ingest.unknown import Unknown

_CLOUD = Unknown("to which cloud the template is deployed is not stated")
# What names are made of most; the other clouds have other ones.
_SUFFIXES = {
    "acrLoginServer": ".azurecr.io",
    "keyvaultDns": ".vault.azure.net",
    "sqlServerHostname": ".database.windows.net",
    "storage": "core.windows.net",
}


class Lookups(Protocol):
    """The resources that the expressions of one deployment can ask for."""

    def of(self, target: str, whole: bool, is_versioned: bool) -> Value: ...

    def of_loop(self, target: str, whole: bool) -> Value: ...

    def info(self, target: str) -> Value: ...


class Home(Protocol):
    """A deployment as the expressions in it see it."""

    references: Lookups
    target: Target

    @property
    def bounds(self) -> Bounds: ...

    def parameter(self, name: str) -> Value: ...

    def variable(self, name: str) -> Value: ...

    def described(self) -> Value: ...

    def function(self, namespace: str, name: str) -> UserFunction | None: ...


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where an expression stands. A template that is evaluated where it is nested has the `home` of the deployment
    around it; what it escapes is evaluated in the `inner` deployment, with that one's own turns."""

    home: Home
    turns: Turns = ()
    inner: Standpoint | None = None

    @property
    def bounds(self) -> Bounds:
        return self.home.bounds

    @property
    def scope(self) -> Scope:
        return self.home.target.scope

    def text(self, raw: str) -> Value:
        """Return the value of `raw`, an expression or what an escaped text stands for."""
        if is_expression(raw):
            return evaluate(parse(raw), self)
        plain = unescaped(raw)
        return self.inner.text(plain) if self.inner is not None and plain != raw else plain

    def in_turn(self, turn: Turn) -> Standpoint:
        inner = None if self.inner is None else self.inner.in_turn(turn)
        return Standpoint(self.home, (*self.turns, turn), inner)

    def parameter(self, name: str) -> Value:
        return self.home.parameter(name)

    def variable(self, name: str) -> Value:
        return self.home.variable(name)

    def copy_index(self, loop: str | None) -> Value:
        """Return the turn of a loop; without a name that of the resource, else of what stands nearest."""
        if loop is not None:
            found = [turn for turn in self.turns if turn.loop == loop.lower()]
        else:
            found = [turn for turn in self.turns if turn.of_resource] or list(self.turns)
        if not found:
            raise EvaluationError(
                f"there is no loop `{loop[:40]}` here" if loop is not None else "there is no loop here"
            )
        return found[-1].index

    def deployment(self) -> Value:
        return self.home.described()

    def deployer(self) -> Value:
        return Unknown("who deploys the template is not stated")

    def environment(self) -> Value:
        suffixes = {name: StandIn(text, _CLOUD) for name, text in _SUFFIXES.items()}
        known: dict[str, Any] = {"name": StandIn("AzureCloud", _CLOUD), "suffixes": PartlyKnown(suffixes, _CLOUD)}
        return PartlyKnown(known, _CLOUD)

    def subscription(self) -> Value:
        return self.home.target.subscription_object()

    def resource_group(self) -> Value:
        return self.home.target.group_object()

    def management_group(self) -> Value:
        return self.home.target.management_group_object()

    def tenant(self) -> Value:
        tenant = Unknown("to which tenant the template is deployed is not stated")
        return PartlyKnown({"id": "/", "tenantId": StandIn("<tenant>", tenant)}, tenant)

    def reference(self, target: str, whole: bool, is_versioned: bool) -> Value:
        return self.home.references.of(target, whole, is_versioned)

    def references(self, target: str, whole: bool) -> Value:
        return self.home.references.of_loop(target, whole)

    def resource_info(self, target: str) -> Value:
        return self.home.references.info(target)

    def function(self, namespace: str, name: str) -> UserFunction | None:
        return self.home.function(namespace, name)
