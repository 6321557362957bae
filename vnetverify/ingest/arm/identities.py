"""Ids in what templates deploy: those of their own resources, those of others, and those of nobody knows which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from vnetverify.ingest.arm.deployments import Declared
from vnetverify.ingest.arm.merging import View
from vnetverify.ingest.arm.mistakes import Spot
from vnetverify.ingest.arm.settled import is_id
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.targets import NOBODY, UNSAID_GROUP
from vnetverify.ingest.resources import key_of, kind_of, name_of, parent_of
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import printable

if TYPE_CHECKING:
    from vnetverify.ingest.arm.expansion import Expansion


class Identities:
    """The ids of what the templates deploy, with those of named parts inside: subnets, IP configurations and so on.

    `ambiguous` collects ids of others that may yet mean a resource of the templates, since nobody says where these are
    deployed to: each with the resource, and where it stands.
    """

    def __init__(self, expansion: Expansion, found: Sequence[View]) -> None:
        self._expansion = expansion
        self.keys = {declared.key for declared, _, _ in found}
        self._parts = {key for declared, body, _ in found for key in _parts_of(declared.key, body)}
        self._by_tail: dict[str, list[str]] = {}
        for key in self.keys:
            self._by_tail.setdefault(_tail(key), []).append(key)
        self.ambiguous: dict[str, tuple[str, Spot]] = {}

    def is_known(self, key: str) -> bool:
        """Hold when the id, with all that is not known in it, is that of one resource of the templates."""
        while "<" in key:
            if self._expansion.declares(key) or key in self._parts:
                return True
            if "<" in name_of(key) or "/" not in kind_of(key):
                return False
            key = parent_of(key)
        return True

    def resolved(self, value: Any, where: Spot) -> Any:
        """Return `value`, which stands at `where`, with every stand-in as an id of the templates, or as not known."""
        match value:
            case StandIn():
                if not self.is_known(key_of(printable(value))):
                    return value.unknown
                self._heed(value, where)
                return str(value)
            case str():
                if is_id(value):
                    self._heed(value, where)
                return value
            case dict():
                return {key: self.resolved(item, where) for key, item in value.items()}
            case list():
                return [self.resolved(item, where) for item in value]
            case _:
                return value

    def _heed(self, identity: str, where: Spot) -> None:
        """Take note of an id that is none of the templates' and could be, for all that is said of their scope."""
        key = _root(key_of(printable(identity)))
        for own in self._by_tail.get(_tail(key), ()) if key not in self.keys else ():
            if _may_be_one(_scope(key), _scope(own)):
                self.ambiguous.setdefault(identity, (own, where))

    def open_parent(self, declared: Declared) -> Unknown | None:
        """Return why the parent of a child may be any resource of its type, None where it is one and the same."""
        if not isinstance(declared.identity, StandIn) or not declared.is_child:
            return None
        parent = parent_of(declared.key)
        return declared.identity.unknown if "<" in parent and not self.is_known(parent) else None


def _parts_of(key: str, body: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of the members of lists in a resource that have a name of their own."""
    properties = next((value for name, value in body.items() if name.lower() == "properties"), None)
    for name, items in properties.items() if isinstance(properties, dict) else ():
        for item in items if isinstance(items, list) else ():
            own = item.get("name") if isinstance(item, dict) else None
            if isinstance(own, str):
                yield f"{key}/{name.lower()}/{key_of(own)}"


def _root(key: str) -> str:
    """Return the id of the resource that holds what `key` names: `…/virtualnetworks/hub` of one of its subnets."""
    scope, marker, rest = key.partition("/providers/")
    return scope + marker + "/".join(rest.split("/")[:3])


def _tail(key: str) -> str:
    return key.partition("/providers/")[2]


def _scope(key: str) -> tuple[str, str]:
    """Return subscription and resource group of an id, each empty where it has none."""
    steps = key.partition("/providers/")[0].strip("/").split("/")
    pairs = dict(zip(steps[::2], steps[1::2], strict=False))
    return pairs.get("subscriptions", ""), pairs.get("resourcegroups", "")


def _may_be_one(one: Iterable[str], other: Iterable[str]) -> bool:
    return all(mine == yours or _is_unsaid(mine) or _is_unsaid(yours) for mine, yours in zip(one, other, strict=True))


def _is_unsaid(name: str) -> bool:
    return name in (NOBODY, UNSAID_GROUP) or "<" in name
