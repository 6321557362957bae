"""Attributes that Terraform sends to Azure and keeps nowhere: no plan and no state has their values."""

from __future__ import annotations

from dataclasses import replace

from vnetverify.ingest.terraform.configuration import Configuration
from vnetverify.ingest.terraform.instances import LATER, Instance
from vnetverify.ingest.terraform.tables import KINDS
from vnetverify.ingest.unknown import Unknown

_SUFFIX = "_wo"
_NOT_KEPT = "it is write-only, and Terraform keeps its value nowhere"


def with_write_only(instance: Instance, configuration: Configuration) -> Instance:
    """Return `instance` with what is not told of its write-only attributes, as the configuration wrote them.

    Without a configuration the version that stands beside each tells that it was written.
    """
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
