"""Deployments that a template deploys: their template, where they put it, and what they pass to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vnetverify.ingest.arm.bodies import resolved
from vnetverify.ingest.arm.deployments import STACKS, Declared
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.given import Argument
from vnetverify.ingest.arm.mistakes import Spot, mistake
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.targets import Target, last_name
from vnetverify.ingest.arm.templates import Template, part
from vnetverify.ingest.arm.values import kind_of, spelling_of
from vnetverify.ingest.unknown import Unknown

_NOTHING = Unknown("it has no template")


@dataclass(frozen=True, slots=True)
class Nested:
    """What a nested deployment deploys; where `template` is None, `missing` says why it is not known."""

    template: Template | None
    target: Target
    arguments: Mapping[str, Argument]
    is_inner: bool
    is_linked: bool = False
    missing: Unknown = _NOTHING


def nested_in(declared: Declared, templates: Mapping[str, Template]) -> Nested:
    """Return what the resource `declared`, a deployment, deploys. Raises `Mistake`."""
    return _Reading(declared).nested(templates)


def linked_by(declared: Declared, templates: Mapping[str, Template]) -> Template | None:
    """Return the template of the input that `declared`, a deployment that does not take place, links to."""
    try:
        return _Reading(declared).linked(templates)
    except (EvaluationError, BadExpression):
        return None  # what is not deployed is not evaluated, so that nothing in it is a mistake


class _Reading:
    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._reader = declared.deployment.in_turns(declared.turns)
        properties = declared.statement.says("properties")
        self._properties: dict[str, Any] = properties if isinstance(properties, dict) else {}
        self._pointer = f"{declared.statement.pointer}/{spelling_of(declared.statement.body, 'properties')}"

    def nested(self, templates: Mapping[str, Template]) -> Nested:
        template, missing, is_linked = self._template(templates)
        is_inner = is_linked or self._is_inner()
        if template is not None and is_inner and self._declared.deployment.origin.around is not None and not is_linked:
            template = Template(_unescaped(template.content), template.file, template.pointer)
        return Nested(template, self._target(), self._arguments(template), is_inner, is_linked, missing)

    def linked(self, templates: Mapping[str, Template]) -> Template | None:
        """Return the template of the input that it links to, None where it does not."""
        template, _, is_linked = self._template(templates)
        return template if is_linked else None

    def _spot(self, *keys: str) -> Spot:
        return Spot(self._declared.spot.file, "/".join((self._pointer, *keys)))

    def _said(self, name: str) -> Any:
        """Return the value of a property of the deployment."""
        key = spelling_of(self._properties, name)
        return None if key is None else resolved(self._properties[key], self._reader, self._spot(key))

    def _is_inner(self) -> bool:
        """Hold when the expressions of the template are evaluated within it, as newer templates have it."""
        options = self._said("expressionEvaluationOptions")
        scope = part(options, "scope") if isinstance(options, dict) else None
        if isinstance(scope, str) and scope.lower() in ("inner", "outer"):
            return scope.lower() == "inner"
        version = part(self._declared.deployment.template.content, "languageVersion")
        return isinstance(version, str) and version.startswith("2")

    def _template(self, templates: Mapping[str, Template]) -> tuple[Template | None, Unknown, bool]:
        if self._declared.type_name.lower() == STACKS:
            return None, Unknown("what a deployment stack deploys, and where, is not followed"), False
        key = spelling_of(self._properties, "template")
        if key is not None and self._properties[key] is not None:
            content, where = self._properties[key], self._spot(key)
            if isinstance(content, str):
                content = resolved(content, self._reader, where)
            if isinstance(content, (Unknown, StandIn)):
                return None, content if isinstance(content, Unknown) else content.unknown, False
            if not isinstance(content, dict):
                raise mistake(EvaluationError(f"the template of a deployment is {kind_of(content)}"), where)
            return Template(content, where.file, where.pointer), _NOTHING, False
        link = self._said("templateLink")
        if not isinstance(link, dict):
            return None, link if isinstance(link, Unknown) else _NOTHING, False
        return self._linked(link, templates)

    def _linked(self, link: dict[str, Any], templates: Mapping[str, Template]) -> tuple[Template | None, Unknown, bool]:
        """Return the template of the input whose file the link ends in."""
        path = part(link, "relativePath") or part(link, "uri")
        if isinstance(path, str):
            own = self._declared.spot.file
            wanted = path.partition("?")[0].partition("<")[0].strip("/")
            found = _closest(wanted, [file for file in templates if file != own])
            if found is not None:
                return templates[found], _NOTHING, True
            return None, Unknown(f"its template `{last_name(wanted)[:60]}` is linked, and not in the input"), False
        if part(link, "id") is not None:
            return None, Unknown("its template is a template spec, which is not in the input"), False
        why = path.why if isinstance(path, Unknown) else "it has no template"
        return None, Unknown(f"its template is linked: {why}"), False

    def _target(self) -> Target:
        target, statement = self._declared.deployment.target, self._declared.statement
        said = {name: self._scope_member(name) for name in ("subscriptionId", "resourceGroup", "scope")}
        scope = said["scope"]
        try:
            if scope is not None:
                return target.at(scope if scope.startswith("/") else f"/providers/{scope}")
        except EvaluationError as error:
            raise mistake(error, Spot(self._declared.spot.file, f"{statement.pointer}/scope")) from error
        return target.inside(said["subscriptionId"], said["resourceGroup"])

    def _scope_member(self, name: str) -> str | None:
        key = spelling_of(self._declared.statement.body, name)
        if key is None:
            return None
        where = Spot(self._declared.spot.file, f"{self._declared.statement.pointer}/{key}")
        value = resolved(self._declared.statement.body[key], self._reader, where)
        if isinstance(value, Unknown):
            return StandIn(f"<{name} of {last_name(self._declared.name)}>".replace("<<", "<").replace(">>", ">"), value)
        if value is not None and not isinstance(value, str):
            raise mistake(EvaluationError(f"`{name}` of a deployment is {kind_of(value)}"), where)
        return value or None

    def _arguments(self, template: Template | None) -> dict[str, Argument]:
        """Return what is passed to the parameters of the template, by name."""
        if template is not None and part(self._properties, "parametersLink") is not None:
            return _all_unknown(template, Unknown("the parameters of a deployment are linked"), self._spot())
        key = spelling_of(self._properties, "parameters")
        stated = self._properties[key] if key is not None else None
        if key is not None and isinstance(stated, dict):
            return {name: self._argument(name, entry, self._spot(key, name)) for name, entry in stated.items()}
        said = None if key is None else self._said(key)
        if isinstance(said, Unknown) and template is not None:
            return _all_unknown(template, said, self._spot())
        entries = said.items() if isinstance(said, dict) else ()
        return {name: _passed(name, entry, self._spot(str(key))) for name, entry in entries}

    def _argument(self, name: str, entry: Any, where: Spot) -> Argument:
        return _passed(name, resolved(entry, self._reader, where), where)


def _passed(name: str, said: Any, where: Spot) -> Argument:
    """Return what an entry for a parameter, already evaluated, passes to it."""
    if isinstance(said, dict) and part(said, "reference") is not None:
        return Argument(Unknown(f"parameter `{name}` comes from a key vault", where.pointer), where.file, where.pointer)
    return Argument(part(said, "value") if isinstance(said, dict) else said, where.file, where.pointer)


def _all_unknown(template: Template, why: Unknown, where: Spot) -> dict[str, Argument]:
    """Return what is passed where nobody knows: any parameter may have another value than its default."""
    return {name: Argument(why, where.file, where.pointer) for name in template.section("parameters")}


def _closest(wanted: str, files: list[str]) -> str | None:
    """Return the file whose path shares most of its end with that of a link, None where two do or the name differs."""
    steps = [step for step in wanted.lower().split("/") if step not in (".", "..", "")]
    shared = {file: _shared(steps, file.lower().replace("\\", "/").split("/")) for file in files}
    most = max(shared.values(), default=0)
    found = [file for file, count in shared.items() if count == most]
    return found[0] if most and len(found) == 1 else None


def _shared(one: list[str], other: list[str]) -> int:
    count = 0
    for mine, yours in zip(reversed(one), reversed(other), strict=False):
        if mine != yours:
            break
        count += 1
    return count


def _unescaped(value: Any) -> Any:
    """Return a template with one bracket less where it escapes one, as a template has it that was evaluated once."""
    if isinstance(value, str):
        return value[1:] if value.startswith("[[") else value
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    if isinstance(value, dict):
        return {_unescaped(key): _unescaped(item) for key, item in value.items()}
    return value
