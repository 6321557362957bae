"""A deployment of a template: the values of its parameters, variables and outputs, and the resources it declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from vnetverify.ingest.arm.bodies import Turn, Turns, count_of, loops_in, resolved, size_of, written_out
from vnetverify.ingest.arm.bounds import Bounds
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.given import Argument
from vnetverify.ingest.arm.mistakes import Mistake, Spot, mistake
from vnetverify.ingest.arm.schemas import SECRET_TYPES, Schemas
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.standpoints import Lookups, Standpoint
from vnetverify.ingest.arm.surroundings import UserFunction
from vnetverify.ingest.arm.targets import Target, last_name
from vnetverify.ingest.arm.templates import Statement, Template, part
from vnetverify.ingest.arm.values import MISSING, PartlyKnown, Value, kind_of, lookup, spelling_of
from vnetverify.ingest.resources import key_of
from vnetverify.ingest.resources import kind_of as kind_of_key
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import printable
from vnetverify.spelling import folded

_SHOWN = 40  # characters of a name that a message repeats
DEPLOYMENTS = "microsoft.resources/deployments"
STACKS = "microsoft.resources/deploymentstacks"
# What a template says of a resource and Azure does not keep with it.
_CONTROL = frozenset(
    (
        "@options",
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


class Reading(Protocol):
    """What all deployments of an input share: the bounds, and who is told of mistakes."""

    bounds: Bounds

    def tell(self, found: Mistake) -> None: ...

    def allow(self, count: int, where: Spot) -> None:
        """Count resources that are about to be declared. Raises `TooLarge`."""

    def allow_values(self, count: int, where: Spot) -> None:
        """Count what a resource has come to hold. Raises `TooLarge`."""

    def references_of(self, deployment: Deployment) -> Lookups:
        """Return what the expressions of `deployment` can ask of resources."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How a deployment came to be: its name, whether it takes place at all, what it stands in, and how deep.

    `around` is where its expressions are evaluated when that is not within itself. `qualifier` goes before the names of
    its parameters where these stand for texts that are not known.
    """

    name: str
    qualifier: str = ""
    presence: Unknown | None = None
    holder: Declared | None = None
    around: Standpoint | None = None
    depth: int = 0


class Deployment:
    """One deployment of one template; what is asked of it is evaluated once, when it is asked."""

    def __init__(
        self,
        template: Template,
        target: Target,
        arguments: Mapping[str, Argument],
        origin: Origin,
        reading: Reading,
    ) -> None:
        self.template = template
        self.target = target
        self.origin = origin
        self.reading = reading
        self.declared: list[Declared] = []
        self.references = reading.references_of(self)
        self._arguments = {folded(name): argument for name, argument in arguments.items()}
        self._values: dict[tuple[str, str], Value] = {}
        self._asked: set[tuple[str, str]] = set()

    @property
    def bounds(self) -> Bounds:
        return self.reading.bounds

    @cached_property
    def own_standpoint(self) -> Standpoint:
        return Standpoint(self)

    @cached_property
    def standpoint(self) -> Standpoint:
        """Where the expressions of the template are evaluated."""
        around = self.origin.around
        return self.own_standpoint if around is None else Standpoint(around.home, around.turns, self.own_standpoint)

    @cached_property
    def schemas(self) -> Schemas:
        return Schemas(self.template.section("definitions"))

    def spot(self, section: str, *keys: str | int) -> Spot:
        return Spot(self.template.file, self.template.pointer_to(section, *keys))

    def parameter(self, name: str) -> Value:
        """Return the value of a parameter. Raises `EvaluationError`."""
        key = spelling_of(self.template.section("parameters"), name)
        if key is None:
            raise EvaluationError(f"the template declares no parameter `{name[:_SHOWN]}`")
        return self._once("parameter", key, self._parameter)

    def variable(self, name: str) -> Value:
        """Return the value of a variable. Raises `EvaluationError`."""
        key = spelling_of(self._variables, name)
        if key is None:
            raise EvaluationError(f"the template declares no variable `{name[:_SHOWN]}`")
        return self._once("variable", key, self._variable)

    def outputs(self) -> dict[str, Any]:
        """Return the outputs by name, each an object with `value`; the value of one with a mistake is not known."""
        return {key: self._once("output", key, self._output) for key in self.template.section("outputs")}

    def _once(self, what: str, key: str, evaluated: Any) -> Value:
        found = self._values.get((what, key), MISSING)
        if found is not MISSING:
            return found
        if (what, key) in self._asked:
            raise EvaluationError(f"the {what} `{key[:_SHOWN]}` needs its own value")
        self._asked.add((what, key))
        try:
            value = evaluated(key)
            self.bounds.measure(value)  # each variable may hold the one before it twice, and so on
            self._values[what, key] = value
        finally:
            self._asked.discard((what, key))
        return value

    def _parameter(self, key: str) -> Value:
        schema = self.template.section("parameters")[key]
        where = self.spot("parameters", key)
        try:
            return self._value_by(key, schema if isinstance(schema, dict) else {}, where)
        except Mistake:
            raise
        except (EvaluationError, BadExpression) as error:
            raise mistake(error, where) from error

    def _value_by(self, key: str, schema: dict[str, Any], where: Spot) -> Value:
        type_name = self.schemas.type_of(schema)
        if type_name in SECRET_TYPES:
            secret = Unknown(f"parameter `{key}` is a secret", where.pointer)
            return self._nameable(secret, key) if type_name == "securestring" else secret
        argument = self._arguments.get(folded(key))
        value = argument.of_type(type_name) if argument is not None else None
        spot = Spot(argument.file, argument.pointer) if argument is not None else where
        default = spelling_of(schema, "defaultValue")
        if value is None and default is not None:
            spot = self.spot("parameters", key, default)
            value = resolved(schema[default], self.own_standpoint, spot)
        if value is None and not self.schemas.is_nullable(schema):
            value = Unknown(f"parameter `{key}` has no value", where.pointer)
        fault = next(self.schemas.faults(value, schema, key), None)
        if fault is not None:
            raise mistake(EvaluationError(f"parameter {fault}"), spot)
        return self._nameable(value, key) if type_name in ("string", "") else value

    def _nameable(self, value: Value, key: str) -> Value:
        """Return a value that is not known as a stand-in, so that what is named by it has one name."""
        if not isinstance(value, Unknown):
            return value
        qualifier = self.origin.qualifier
        return StandIn(f"<{qualifier}.{key}>" if qualifier else f"<{key}>", value)

    @cached_property
    def _variables(self) -> dict[str, tuple[Any, Spot, bool]]:
        """Each variable by name: what it is made of, where that stands, and whether that is a loop."""
        section = self.template.section("variables")
        loops = loops_in(section)
        found = {
            key: (value, self.spot("variables", key), False)
            for key, value in section.items()
            if not (loops and key.lower() == "copy")
        }
        for position, loop in enumerate(loops):
            found[str(part(loop, "name"))] = (loop, self.spot("variables", "copy", position), True)
        return found

    def _variable(self, key: str) -> Value:
        raw, where, is_loop = self._variables[key]
        if is_loop:
            return written_out(key, raw, self.own_standpoint, where)
        return resolved(raw, self.own_standpoint, where)

    def _output(self, key: str) -> Value:
        stated = self.template.section("outputs")[key]
        where = self.spot("outputs", key)
        try:
            if not isinstance(stated, dict):
                raise EvaluationError(f"an output is {kind_of(stated)}, not an object")
            value = self._output_value(key, stated, where)
        except (EvaluationError, BadExpression) as error:
            self.reading.tell(mistake(error, where))
            value = Unknown(f"output `{key}` of `{self.origin.name}` is wrong", where.pointer)
        return {"type": part(stated, "type") if isinstance(stated, dict) else None, "value": value}

    def _output_value(self, key: str, stated: dict[str, Any], where: Spot) -> Value:
        if self.schemas.type_of(stated) in SECRET_TYPES:
            return Unknown(f"output `{key}` is a secret", where.pointer)
        loop = part(stated, "copy")
        if not isinstance(loop, dict):
            return resolved(part(stated, "value"), self.standpoint, Spot(where.file, f"{where.pointer}/value"))
        return written_out(key, loop, self.standpoint, Spot(where.file, f"{where.pointer}/copy"))

    def described(self) -> Value:
        """Return what `deployment()` gives."""
        link = {"uri": f"https://template/{self.template.file.rpartition('/')[2]}"}
        reason = Unknown("what Azure knows of the deployment is not in the template")
        known = {"contentVersion": part(self.template.content, "contentVersion")}
        properties = {"templateLink": link, "template": PartlyKnown(known, reason), "mode": "Incremental"}
        return PartlyKnown({"name": self.origin.name, "properties": PartlyKnown(properties, reason)}, reason)

    def function(self, namespace: str, name: str) -> UserFunction | None:
        """Return the function that the template declares, names in any letter case; None where there is none."""
        declared = part(self.template.content, "functions")
        for group in declared if isinstance(declared, list) else ():
            if not isinstance(group, dict) or str(part(group, "namespace")).lower() != namespace.lower():
                continue
            members = part(group, "members")
            found = lookup(members, name) if isinstance(members, dict) else MISSING
            if isinstance(found, dict):
                return _user_function(found)
        return None

    def loop_turns(self, loop: Mapping[str, Any], around: Turns, where: Spot) -> list[Turns]:
        """Return the turns of a loop over a resource that stands in the turns `around`, of which there may be one whose
        number is not known. Raises `Mistake`, and `TooLarge`."""
        name = str(part(loop, "name") or "").lower()
        count = count_of(dict(loop), self.in_turns(around), where)
        if isinstance(count, Unknown):
            return [(*around, Turn(name, count, True))]
        self.reading.allow(count, where)
        return [(*around, Turn(name, index, True)) for index in range(count)]

    def in_turns(self, turns: Turns) -> Standpoint:
        standpoint = self.standpoint
        for turn in turns:
            standpoint = standpoint.in_turn(turn)
        return standpoint


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
        return kind_of_key(self.key)

    @property
    def is_child(self) -> bool:
        """Hold when its type is one of parts of another resource, as subnets are; what extends a resource is none."""
        return self.key.rpartition("/providers/")[2].count("/") > 2

    @property
    def is_only_if_absent(self) -> bool:
        """Hold for a resource that is deployed only where there is none yet, as Bicep's `onlyIfNotExists` says."""
        options = self.statement.says("@options")
        said = lookup(options, "onlyIfNotExists") if isinstance(options, dict) else MISSING
        return said is not MISSING and said is not False

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
        self.deployment.reading.allow_values(size_of(members), self.spot)
        named = {"id": self.identity, "name": last_name(self.name), "type": self.type_name}
        return {**named, **members}


def _user_function(declared: dict[str, Any]) -> UserFunction:
    parameters, output = part(declared, "parameters"), part(declared, "output")
    if not isinstance(parameters, (list, type(None))):
        raise EvaluationError(f"the parameters of a function are {kind_of(parameters)}, not an array")
    names = [str(part(one, "name")) for one in parameters or () if isinstance(one, dict)]
    return UserFunction(tuple(names), part(output, "value") if isinstance(output, dict) else None)
