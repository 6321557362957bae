"""Ids of resources: those that a document tells, and stand-ins of the same form for what has none yet."""

from __future__ import annotations

import re
from binascii import crc32
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import NO_SUBSCRIPTION, key_of
from vnetverify.ingest.terraform.configuration import Configuration
from vnetverify.ingest.terraform.fields import Kind
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.tables import KINDS

GROUPS = "azurerm_resource_group"
_NO_NAME = re.compile(r"[^\w.-]+")


class Identities:
    """The ids by which the resources of one document know each other.

    A stand-in has the group and the name that are told; where these are not known either, the address stands for them.
    It is the id by which some other resource of the document mentions the same group, type and name, if one does.
    """

    def __init__(self, instances: Iterable[Instance], configuration: Configuration) -> None:
        self._configuration = configuration
        self._mentioned: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self._subscriptions: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._of_provider: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for instance in instances:
            for identity in ids_in(list(instance.values.values())):
                self._note(identity)
            own = instance.identity
            if own is not None and not instance.is_data:
                self._of_provider[self.provider_of(instance)][own.split("/")[2].lower()] = None

    def _note(self, identity: str) -> None:
        subscription, group, rest = _parts(identity)
        if rest:
            self._mentioned[group, rest].setdefault(key_of(identity), identity)
            self._subscriptions[group][subscription] = None

    def stand_in(self, instance: Instance, group: str, type_name: str, name: str) -> str:
        """Return an id for a resource of the group, Azure's type and name."""
        rest = f"{type_name}/{name}"
        known = self._mentioned.get((group.lower(), rest.lower()), {})
        subscription = self._stated_subscription(instance)
        fitting = [one for key, one in known.items() if subscription in (None, key.split("/")[2])]
        if len(fitting) == 1:
            return fitting[0]
        return f"/subscriptions/{subscription or self._likely(instance, group)}/resourceGroups/{group}/providers/{rest}"

    def group_id(self, instance: Instance) -> str:
        """Return the id of a resource group."""
        name = name_for(instance)
        subscription = self._stated_subscription(instance) or self._likely(instance, name)
        return f"/subscriptions/{subscription}/resourceGroups/{name}"

    def provider_of(self, instance: Instance) -> str:
        """Return the key of the provider's configuration, which stands for a subscription and credentials."""
        block = self._configuration.block(instance)
        found = None if block is None else block.get("provider_config_key")
        if not isinstance(found, str):
            return ""
        # Older plans put the module before a provider that it inherits.
        return found if found in self._configuration.providers else found.rpartition(":")[2]

    def _stated_subscription(self, instance: Instance) -> str | None:
        """Return the subscription that the configuration of the provider states."""
        provider: Any = self._configuration.providers.get(self.provider_of(instance))
        written = provider.get("expressions") if isinstance(provider, dict) else None
        stated = written.get("subscription_id") if isinstance(written, dict) else None
        if not isinstance(stated, dict):
            return None
        value = stated.get("constant_value")
        references = stated.get("references")
        if value is None and isinstance(references, list) and len(references) == 1:
            value = self._configuration.variables.get(str(references[0]).removeprefix("var."))
        return value.lower() if isinstance(value, str) and value else None

    def _likely(self, instance: Instance, group: str) -> str:
        """Return the only subscription in which the group is mentioned, or other resources of the provider stand."""
        provider = self.provider_of(instance)
        for known in (self._subscriptions.get(group.lower(), {}), self._of_provider.get(provider, {})):
            if len(known) == 1:
                return next(iter(known))
        return NO_SUBSCRIPTION if "." not in provider else plain_name(provider)


def _parts(identity: str) -> tuple[str, str, str]:
    """Return subscription, group and the rest of an id in lower case; an empty rest where it has another form."""
    steps = key_of(identity).split("/")
    if len(steps) < 8 or (steps[1], steps[3], steps[5]) != ("subscriptions", "resourcegroups", "providers"):
        return "", "", ""
    return steps[2], steps[4], "/".join(steps[6:])


def plain_name(text: str) -> str:
    """Return `text` with what no name holds made dashes."""
    return _NO_NAME.sub("-", text).strip("-") or "unknown"


def name_for(instance: Instance) -> str:
    """Return the name of a resource, or what stands for it where that is not known."""
    told = instance.text("name")
    if told is not None:
        return told
    modules = [f"{name}-{key}" if key is not None else name for name, key in instance.module]
    own = instance.name if instance.key is None else f"{instance.name}-{instance.key}"
    spelt = "-".join((*modules, own))
    made = plain_name(spelt)
    return made if made == spelt else f"{made}-{crc32(instance.address.encode('utf-8', 'replace')):08x}"


def arm_type(instance: Instance) -> str | None:
    """Return Azure's type of an instance whose kind is known and has no parent, or that carries Azure's own body."""
    kind: Kind | None = KINDS.get(instance.type)
    if kind is not None:
        return kind.arm if kind.parent is None else None
    stated = instance.text("type") if instance.type.startswith("azapi_") else None
    return None if stated is None else stated.partition("@")[0]
