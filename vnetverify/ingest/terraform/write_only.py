"""Attributes that Terraform sends to Azure and keeps nowhere: no plan and no state has their values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vnetverify.ingest.terraform.configuration import Configuration
from vnetverify.ingest.terraform.instances import LATER, Instance
from vnetverify.ingest.terraform.tables import KINDS
from vnetverify.ingest.unknown import Unknown

_SUFFIX = "_wo"
_NOT_KEPT = "it is write-only, and Terraform keeps its value nowhere"
# The part of one of Azure's own bodies that is kept nowhere, and the attribute that has versions of its members.
SECRET_BODY, _VERSIONS = "sensitive_body", "sensitive_body_version"


def with_write_only(instance: Instance, configuration: Configuration) -> Instance:
    """Return `instance` with what is not told of its write-only attributes, as the configuration wrote them.

    Without a configuration the version that stands beside each tells that it was written.
    """
    if instance.type.startswith("azapi_"):
        hidden = _hidden_body(instance, configuration)
        return instance if hidden is None else replace(instance, values={**instance.values, SECRET_BODY: hidden})
    kind = KINDS.get(instance.type)
    names = [name for name in kind.table.fields if name.endswith(_SUFFIX)] if kind is not None else []
    written = configuration.block(instance)
    found = {}
    for name in names:
        if instance.values.get(name) is None:
            if written is not None and configuration.is_written(instance, name):
                expression = configuration.expression(instance, (name,))
                constant = None if expression is None else expression.constant
                found[name] = Unknown(LATER, instance.pointer) if constant is None else constant
            elif instance.values.get(f"{name}_version") is not None:
                found[name] = Unknown(_NOT_KEPT, instance.pointer)
    return replace(instance, values={**instance.values, **found}) if found else instance


def _hidden_body(instance: Instance, configuration: Configuration) -> Any:
    """Return the members of the hidden part of a body, all without value; None where there is no such part."""
    versions, block = instance.values.get(_VERSIONS), configuration.block(instance)
    expressions = block.get("expressions") if block is not None else None
    written = expressions.get(SECRET_BODY) if isinstance(expressions, dict) else None
    if instance.values.get(SECRET_BODY) is None and written in (None, {"constant_value": None}) and not versions:
        return None
    if isinstance(written, dict) and isinstance(written.get("constant_value"), dict):
        return _without_values(written["constant_value"], instance.pointer)
    if not isinstance(versions, dict) or not versions:
        return Unknown(_NOT_KEPT, instance.pointer)
    made: dict[str, Any] = {}
    for path in versions:
        *steps, last = path.split(".")
        here = made
        for step in steps:
            inner = here.get(step)
            here[step] = inner if isinstance(inner, dict) else {}
            here = here[step]
        here[last] = Unknown(_NOT_KEPT, instance.pointer)
    return made


def _without_values(value: dict[str, Any], pointer: str) -> dict[str, Any]:
    return {
        key: _without_values(item, pointer) if isinstance(item, dict) else Unknown(_NOT_KEPT, pointer)
        for key, item in value.items()
    }
