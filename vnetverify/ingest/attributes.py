"""Resources under the names that Python's SDK has for their properties (`as_dict`), put into those of Azure.

The SDK derives each name from Azure's by rule: `privateIPAddress` is `private_ip_address`. Capitals mean nothing to the
readers, so taking the underscores out leads back. A name that is no property then is one not known to this version.
"""

from __future__ import annotations

import re
from typing import Any

from vnetverify.ingest.notation import escaped

_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
# What shows that an object without id is half a resource: names that most resources of networks have.
_TELLING = frozenset(("provisioning_state", "resource_guid", "address_space", "security_rules", "ip_configurations"))
# Attributes of Terraform, whose blocks have names and forms of their own.
_OF_TERRAFORM = frozenset(("resource_group_name", "security_rule"))
# Objects whose keys are the user's, or names of Azure's that the SDK leaves as they are.
_AS_THEY_ARE = frozenset(("tags", "additional_properties", "user_assigned_identities"))


def has_attributes(content: dict[str, Any]) -> bool:
    """Hold when `content` spells properties as attributes in Python, whoever wrote it."""
    if not _TELLING.isdisjoint(content):
        return True
    return _has_id(content) and any("_" in key and _NAME.fullmatch(key) for key in content)


def is_of_sdk(content: dict[str, Any]) -> bool:
    """Hold when the SDK printed `content`, which has attributes."""
    return _has_id(content) and (_OF_TERRAFORM.isdisjoint(content) or "properties" in content)


def _has_id(content: dict[str, Any]) -> bool:
    identity = content.get("id")
    return isinstance(identity, str) and "/providers/" in identity.lower()


def with_properties(content: dict[str, Any], pointer: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return `content` with Azure's names for properties, and where each that was renamed stands in the file."""
    origins: dict[str, str] = {}
    return _renamed(content, pointer, pointer, origins), origins


def _renamed(value: Any, pointer: str, origin: str, origins: dict[str, str]) -> Any:
    if pointer != origin:
        origins[pointer] = origin
    if isinstance(value, list):
        return [_renamed(item, f"{pointer}/{at}", f"{origin}/{at}", origins) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = _property(key, value)
        here, there = f"{pointer}/{escaped(name)}", f"{origin}/{escaped(key)}"
        found[name] = item if key in _AS_THEY_ARE else _renamed(item, here, there, origins)
    return found


def _property(attribute: str, beside: dict[str, Any]) -> str:
    """Return Azure's name of an attribute; what is none, or would meet another key, keeps its own."""
    if _NAME.fullmatch(attribute) is None:
        return attribute
    first, *others = attribute.split("_")
    name = first + "".join(word.capitalize() for word in others)
    taken = {key.replace("_", "").lower() for key in beside if key != attribute}
    return attribute if name.lower() in taken else name
