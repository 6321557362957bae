"""Values that the user gives to parameters: one by one, and in files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.templates import part
from vnetverify.ingest.unknown import Unknown

COMMAND_LINE = "<command line>"


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of deployments: `values` of parameters as name and text, the `files` that hold more of
    them, and the `scopes` that templates are deployed to: the id of a resource group for example, each with the file of
    the template, or with an empty text where it counts for all others. Templates are records of a running network where
    they are read `as_recorded`: addresses beside *Dynamic*, and public ones, are what is there."""

    values: tuple[tuple[str, str], ...] = ()
    files: tuple[Path, ...] = ()
    scopes: tuple[tuple[str, str], ...] = ()
    as_recorded: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """The value of a parameter, with the place that gives it. A text of the command line is read by the type that the
    parameter has."""

    value: Any
    file: str
    pointer: str
    is_text: bool = False

    def of_type(self, type_name: str) -> Any:
        """Return the value for a parameter of that type. Raises `EvaluationError` for a text that is none."""
        if not self.is_text or type_name in ("string", "securestring"):
            return self.value
        try:
            return json.loads(self.value)
        except (ValueError, RecursionError) as error:
            raise EvaluationError(f"`{self.value[:40]}` is not JSON, as a value of type `{type_name}` is") from error


@dataclass(frozen=True, slots=True)
class ParameterFile:
    """The arguments in a parameter file, by name as it spells them."""

    file: str
    arguments: Mapping[str, Argument]


def parameter_file(content: Mapping[str, Any], file: str, pointer: str = "") -> ParameterFile:
    """Return what the parameter file `content` gives; a value that is kept elsewhere is not known."""
    stated = part(content, "parameters")
    arguments = {}
    for name, entry in stated.items() if isinstance(stated, dict) else ():
        where = f"{pointer}/parameters/{name}"
        arguments[name] = Argument(_value_in(name, entry, where), file, where)
    return ParameterFile(file, arguments)


def _value_in(name: str, entry: Any, pointer: str) -> Any:
    if not isinstance(entry, dict):
        return entry
    if part(entry, "reference") is not None:
        return Unknown(f"parameter `{name}` comes from a key vault", pointer)
    if part(entry, "expression") is not None:
        return Unknown(f"parameter `{name}` comes from outside of the file", pointer)
    return part(entry, "value")
