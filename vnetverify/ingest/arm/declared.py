"""A resource of a deployment: its id, whether it is there, and what Azure would hold of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vnetverify.ingest.arm.bodies import Turns, resolved, size_of
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.mistakes import Spot, mistake
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.targets import last_name
from vnetverify.ingest.arm.templates import Statement
from vnetverify.ingest.arm.values import PartlyKnown
from vnetverify.ingest.resources import key_of, kind_of
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import printable

if TYPE_CHECKING:
    from vnetverify.ingest.arm.deployments import Deployment

DEPLOYMENTS = "microsoft.resources/deployments"
STACKS = "microsoft.resources/deploymentstacks"
_ENVELOPE = frozenset(("id", "name", "type", "properties", "location", "tags", "sku"))
# What a template says of a resource and Azure does not keep with it.
_CONTROL = frozenset(
    (
        "apiversion",
        "asserts",
        "comments",
        "condition",
        "copy",
        "dependson",
        "existing",
        "extension",
        "id",
        "import",
        "metadata",
        "name",
        "parent",
        "resources",
        "scope",
        "type",
    )
)


@dataclass(slots=True, eq=False)
class Declared:
    """A resource that a statement declares in the turns of the loops around it.

    `identity` is a stand-in where a part of it is not known. `presence` says why it is not known whether the resource
    is there; one that `is_absent` is not, and one that exists already is only spoken of. `within` is the deployment
    that a nested one makes, `holder` the resource that this one is a child of.
    """

    statement: Statement
    deployment: Deployment
    turns: Turns
    type_name: str
    name: str
    identity: str
    presence: Unknown | None = None
    is_absent: bool = False
    is_existing: bool = False
    within: Deployment | None = None
    _body: dict[str, Any] | None = field(default=None, repr=False)
    _is_asked: bool = field(default=False, repr=False)

    @property
    def key(self) -> str:
        return key_of(printable(self.identity))

    @property
    def kind(self) -> str:
        return kind_of(self.key)

    @property
    def is_child(self) -> bool:
        """Hold when its type is one of parts of another resource, as subnets are; what extends a resource is none."""
        return self.key.rpartition("/providers/")[2].count("/") > 2

    @property
    def spot(self) -> Spot:
        return Spot(self.deployment.template.file, self.statement.pointer)

    @property
    def is_nested_deployment(self) -> bool:
        return self.type_name.lower() in (DEPLOYMENTS, STACKS)

    @property
    def is_being_read(self) -> bool:
        """Hold while its body is evaluated, so that who asks for it now is asked for by it."""
        return self._is_asked

    def body(self) -> dict[str, Any]:
        """Return the resource as it is after deployment, with stand-ins where names and ids are not known.

        Raises `Mistake`.
        """
        if self._body is not None:
            return self._body
        if self._is_asked:
            raise mistake(EvaluationError(f"the resource `{self.name[:40]}` refers to itself"), self.spot)
        self._is_asked = True
        try:
            self._body = self._evaluated()
        finally:
            self._is_asked = False
        return self._body

    def _evaluated(self) -> dict[str, Any]:
        reader = self.deployment.in_turns(self.turns)
        members = {
            key: resolved(value, reader, Spot(self.spot.file, f"{self.statement.pointer}/{key}"))
            for key, value in self.statement.body.items()
            if key.lower() not in _CONTROL
        }
        self.deployment.expansion.allow_values(size_of(members), self.spot)
        named = {"id": self.identity, "name": last_name(self.name), "type": self.type_name}
        return {**named, **members}


def settled(value: Any, is_name: bool = False, is_member: bool = True) -> Any:
    """Return `value` as a reader of resources takes it: plain JSON, what is not known, and ids that are stand-ins.

    The names of a resource and of the members of lists stay as stand-ins where they are not known; what else is called
    `name` is none, such as that of a SKU, and like any other text that is not known it is not. Templates may spell the
    keys of an envelope in any letter case.
    """
    match value:
        case StandIn():
            if is_name:
                return str(value)
            return value if is_id(value) else value.unknown
        case PartlyKnown():
            return value.otherwise
        case dict():
            return {_usual(name, value): _settled_member(name.lower(), item, is_member) for name, item in value.items()}
        case list():
            return [settled(item) for item in value]
        case _:
            return value


def _settled_member(name: str, value: Any, is_member: bool) -> Any:
    if name == "tags" and isinstance(value, dict):
        return {tag: settled(item, is_member=False) for tag, item in value.items()}
    return settled(value, is_member and name == "name", is_member=False)


def _usual(name: str, among: Mapping[str, Any]) -> str:
    """Return key `name` as Azure spells it, if it is of an envelope and `among` has no other that is spelt so."""
    lower = name.lower()
    return lower if lower in _ENVELOPE and lower not in among else name


def is_id(text: str) -> bool:
    lower = text.lower()
    return lower.startswith("/") and ("/providers/" in lower or lower.startswith("/subscriptions/"))
