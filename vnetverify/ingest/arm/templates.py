"""Templates and parameter files: how they are told from other JSON, and the parts of a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.surroundings import Level
from vnetverify.ingest.arm.values import kind_of, spelling_of
from vnetverify.ingest.notation import escaped

_LEVELS = (
    ("subscriptiondeploymenttemplate", Level.SUBSCRIPTION),
    ("managementgroupdeploymenttemplate", Level.MANAGEMENT_GROUP),
    ("tenantdeploymenttemplate", Level.TENANT),
    ("deploymenttemplate", Level.RESOURCE_GROUP),
)


def is_template(content: Any) -> bool:
    """Hold when `content` is an ARM template: its schema says so, or its parts do where it names none."""
    if not isinstance(content, dict):
        return False
    schema = part(content, "$schema")
    if isinstance(schema, str):
        return "deploymenttemplate" in schema.lower()
    return isinstance(part(content, "resources"), (list, dict)) and isinstance(part(content, "contentVersion"), str)


def is_parameter_file(content: Any) -> bool:
    """Hold when `content` gives the parameters of a template their values, and nothing else."""
    if not isinstance(content, dict):
        return False
    schema = part(content, "$schema")
    if isinstance(schema, str):
        return "deploymentparameters" in schema.lower()
    has_values = isinstance(part(content, "parameters"), dict) and isinstance(part(content, "contentVersion"), str)
    return has_values and part(content, "resources") is None


def texts_in_built(content: Any) -> dict[str, str]:
    """Return the texts of JSON in what Bicep makes of a parameter file, by the keys that they stand at: the parameters,
    and with them perhaps the template. Empty for anything else."""
    if not (isinstance(content, dict) and isinstance(content.get("parametersJson"), str)):
        return {}
    keys = ("templateJson", "parametersJson")
    return {key: content[key] for key in keys if isinstance(content.get(key), str)}


def part(content: Mapping[str, Any], name: str) -> Any:
    """Return the member `name` of `content` in any letter case; None where there is none."""
    key = spelling_of(content, name)
    return None if key is None else content[key]


@dataclass(frozen=True, slots=True)
class Statement:
    """A resource as a template declares it, before anything is evaluated; `symbol` names it in newer templates.

    `children` are the resources that are written inside it.
    """

    body: dict[str, Any]
    pointer: str
    symbol: str | None
    children: tuple[Statement, ...]

    def says(self, name: str) -> Any:
        return part(self.body, name)


@dataclass(frozen=True)
class Template:
    """A template that stands at `pointer` of `file`. Raises `EvaluationError` for a part of the wrong form."""

    content: dict[str, Any]
    file: str
    pointer: str = ""

    @cached_property
    def level(self) -> Level:
        schema = str(part(self.content, "$schema")).lower()
        return next((level for word, level in _LEVELS if word in schema), Level.RESOURCE_GROUP)

    def section(self, name: str) -> dict[str, Any]:
        """Return the object at `name`, empty where there is none."""
        found = part(self.content, name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise EvaluationError(f"`{name}` of the template is {kind_of(found)}, not an object")
        return found

    def pointer_to(self, section: str, *keys: str | int) -> str:
        """Return the pointer of what stands in a section, as the template spells the section."""
        name = spelling_of(self.content, section) or section
        return "/".join((self.pointer, name, *(escaped(str(key)) for key in keys)))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The resources that it declares."""
        return _statements(part(self.content, "resources"), self.pointer_to("resources"))


def _statements(found: Any, pointer: str) -> tuple[Statement, ...]:
    entries: list[tuple[str | None, Any, str]]
    match found:
        case None:
            return ()
        case dict():
            entries = [(symbol, item, f"{pointer}/{escaped(symbol)}") for symbol, item in found.items()]
        case list():
            entries = [(None, item, f"{pointer}/{position}") for position, item in enumerate(found)]
        case _:
            raise EvaluationError(f"`resources` is {kind_of(found)}, neither an array nor an object")
    return tuple(_statement(symbol, item, where) for symbol, item, where in entries)


def _statement(symbol: str | None, item: Any, pointer: str) -> Statement:
    if not isinstance(item, dict):
        raise EvaluationError(f"a resource of the template is {kind_of(item)}, not an object")
    key = spelling_of(item, "resources")
    children = _statements(item[key], f"{pointer}/{key}") if key is not None else ()
    return Statement(item, pointer, symbol, children)
