"""What a plan or state says of one resource, with what it does not know marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vnetverify.ingest.terraform.addresses import Key, ModulePath, spelt
from vnetverify.ingest.unknown import Unknown

LATER = "Terraform knows it after apply"
SENSITIVE = "it is marked as sensitive and so is not read"


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a resource; in `values` stands `Unknown` for what is not known.

    `pointer` is that of the resource and `inside` that of its values, both in the user's file.
    """

    module: ModulePath
    type: str
    name: str
    key: Key
    is_data: bool
    values: Mapping[str, Any]
    pointer: str
    inside: str
    provider: str = ""

    @property
    def address(self) -> str:
        """The address as Terraform spells it."""
        modules = "".join(f"module.{name}{spelt(key)}." for name, key in self.module)
        return f"{modules}{'data.' if self.is_data else ''}{self.type}.{self.name}{spelt(self.key)}"

    @property
    def block(self) -> tuple[tuple[str, ...], bool, str, str]:
        """What the block of configuration is called whose instance this is, with the names of the modules around it."""
        return tuple(name for name, _ in self.module), self.is_data, self.type, self.name

    @property
    def identity(self) -> str | None:
        """The id, where it is known and one of Azure's."""
        value = self.values.get("id")
        is_id = isinstance(value, str) and value.lower().startswith("/subscriptions/")
        return value if is_id and isinstance(value, str) else None

    @property
    def is_new(self) -> bool:
        """Hold for what will be created: it has no id yet."""
        return not isinstance(self.values.get("id"), str)

    def text(self, attribute: str) -> str | None:
        """Return the text of an attribute, None where it has none that is known."""
        value = self.values.get(attribute)
        return value if isinstance(value, str) and value else None


def marked(value: Any, unknown: Any, sensitive: Any) -> Any:
    """Return `value` with `Unknown` where the trees `unknown` and `sensitive` of the same form hold true."""
    if sensitive is True:
        return Unknown(SENSITIVE) if value is not None or unknown else None
    if unknown is True:
        return Unknown(LATER)
    if not unknown and not sensitive:
        return value
    if isinstance(value, dict) or isinstance(unknown, dict):
        own, later, hidden = _object(value), _object(unknown), _object(sensitive)
        merged = dict(own)
        for key in {**later, **hidden}:
            if later.get(key) or hidden.get(key):
                item = marked(own.get(key), later.get(key), hidden.get(key))
                if key in own or holds_unknown(item):
                    merged[key] = item
        return merged
    if isinstance(value, list) or isinstance(unknown, list):
        own_list, later_list, hidden_list = _list(value), _list(unknown), _list(sensitive)
        count = max(len(own_list), len(later_list))
        return [marked(_at(own_list, at), _at(later_list, at), _at(hidden_list, at)) for at in range(count)]
    return value


def holds_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    if isinstance(value, list):
        return any(map(holds_unknown, value))
    return isinstance(value, Unknown)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _at(items: list[Any], position: int) -> Any:
    return items[position] if position < len(items) else None
