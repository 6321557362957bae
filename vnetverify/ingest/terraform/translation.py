"""The values of a resource in Azure's spelling, as a table says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetverify.ingest.notation import escaped
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import key_of
from vnetverify.ingest.terraform.configuration import Configuration, Path
from vnetverify.ingest.terraform.fields import (
    Block,
    Blocks,
    Each,
    Field,
    Kind,
    One,
    Plain,
    Reference,
    References,
    Sibling,
    Table,
    Word,
)
from vnetverify.ingest.terraform.instances import LATER, Instance
from vnetverify.ingest.terraform.links import Links
from vnetverify.ingest.unknown import Unknown

# What is computed and no default.
_ASSIGNED = frozenset(("address_space", "address_prefixes", "address_prefix", "region"))
# What a block says of its address: IPv4, and whichever Azure assigns, where that is not written.
_OF_ADDRESSES = frozenset(("private_ip_address", "private_ip_address_version", "private_ip_address_allocation"))
_NEXT_HOP = "next_hop_in_ip_address"  # which a route to an appliance has
# What a security rule has one of; a part of a plan leaves out what is not known yet.
_OF_RULES = (
    ("priority",),
    ("direction",),
    ("access",),
    ("protocol",),
    ("source_port_range", "source_port_ranges"),
    ("destination_port_range", "destination_port_ranges"),
    ("source_address_prefix", "source_address_prefixes", "source_application_security_group_ids"),
    ("destination_address_prefix", "destination_address_prefixes", "destination_application_security_group_ids"),
)
_FIRST_OF_RULES = {group[0]: group for group in _OF_RULES}
_OF_NETWORKS = {
    "address_space": ("address_space", "address_spaces"),
    "address_prefixes": ("address_prefixes", "address_prefix"),
}
_NOTHING: tuple[Any, ...] = (None, "", [], {})


class Draft:
    """A resource in the making: its body, and where in the user's file each part of that comes from.

    `base` is the id of the resource whose parts it can name: its own, or its parent's.
    """

    def __init__(self, instance: Instance, identity: str, base: str) -> None:
        self.instance = instance
        self.identity = identity
        self.base = base
        self.body: dict[str, Any] = {"id": identity, "name": identity.rpartition("/")[2], "properties": {}}
        self.origins: dict[str, str] = {}

    @property
    def properties(self) -> dict[str, Any]:
        """What is known of the properties."""
        inner = self.body["properties"]
        return inner if isinstance(inner, dict) else {}


class Translator:
    """Translates by tables; references go through `links`."""

    def __init__(self, links: Links, configuration: Configuration) -> None:
        self._links = links
        self._configuration = configuration

    def draft(self, instance: Instance, kind: Kind, identity: str) -> Draft:
        """Return the resource that `instance` is."""
        draft = Draft(instance, identity, self._links.parent_of(instance) or identity)
        _Writer(self._links, self._configuration, draft).write(kind.table)
        for name in kind.whole if not instance.is_data else ():
            draft.properties.setdefault(name, [])
        for name in (kind.untold or ()) if instance.is_data else ():
            draft.properties.setdefault(name, Unknown("a data source does not tell it", instance.pointer))
        return draft


class _Writer:
    """Writes the attributes of one resource into its draft."""

    def __init__(self, links: Links, configuration: Configuration, draft: Draft) -> None:
        self._links = links
        self._configuration = configuration
        self._draft = draft
        self._instance = draft.instance

    def write(self, table: Table) -> None:
        pointer = self._instance.pointer
        self._table(table, dict(self._instance.values), (), self._draft.body, pointer)

    def _table(self, table: Table, values: dict[str, Any], path: Path, target: dict[str, Any], pointer: str) -> None:
        """Write the attributes `values`, which stand at `path`, into the object `target` at `pointer`."""
        for attribute, value in values.items():
            inner = (*path, attribute)
            field = table.fields.get(attribute)
            if attribute in table.ignored or value in _NOTHING:
                continue
            if isinstance(value, Unknown) and self._is_settled(attribute, field, value, inner):
                continue
            if field is None:
                if not isinstance(value, Unknown) or value.why != LATER or self._is_written(inner):
                    name = f"azurerm.{attribute}"
                    _put(target, name, sorted(set(ids_in(value))) or True)
                    self._draft.origins[f"{pointer}/properties/{name}"] = self._origin(inner)
            else:
                self._field(field, value, inner, target, pointer)
        for attribute, field in table.fields.items():
            if attribute in values:
                continue
            left_out = Unknown("the document leaves it out", self._instance.pointer)
            if isinstance(field, Reference) and field.needed:
                _put(target, field.to, {"id": left_out} if field.wrapped else left_out)
            elif isinstance(field, Plain) and _is_left_out(attribute, values, table):
                _put(target, field.to, left_out)

    def _is_written(self, path: Path) -> bool:
        if len(path) == 1:
            return self._configuration.is_written(self._instance, str(path[0]))
        return not self._configuration.is_told or self._configuration.expression(self._instance, path) is not None

    def _is_settled(self, attribute: str, field: Field | None, value: Unknown, path: Path) -> bool:
        """Hold for what nobody wrote, and of which Azure then has the default: an empty list, a flag that is off.

        Inside of blocks it holds for ids of others, and for addresses, which Azure then assigns.
        """
        if value.why != LATER:
            return False
        if len(path) == 1:
            return attribute not in _ASSIGNED and not self._configuration.is_written(self._instance, attribute)
        is_such = isinstance(field, (Reference, References)) or attribute in _OF_ADDRESSES
        return is_such and self._configuration.is_left_out(self._instance, path)

    def _origin(self, path: Path) -> str:
        return self._instance.inside + "".join(f"/{escaped(str(step))}" for step in path)

    def _field(self, field: Field, value: Any, path: Path, target: dict[str, Any], pointer: str) -> None:
        match field:
            case Block():
                self._block(field, value, path, target, pointer)
            case Blocks():
                self._blocks(field, value, path, target, pointer)
            case _:
                translated = self._value(field, value, path)
                if translated is not None:
                    where = _put(target, field.to, translated)
                    self._draft.origins[f"{pointer}{where}"] = self._origin(path)

    def _value(self, field: Field, value: Any, path: Path) -> Any:
        """Return the value of the property, None for none."""
        if isinstance(value, Unknown) and not isinstance(field, (Reference, References)):
            return self._links.runtime(self._instance, path) if value.why == LATER else value
        match field:
            case Plain():
                return self._plain(value, path)
            case Word(words=words):
                known = value.lower() if isinstance(value, str) else value
                return words.get(known, value) if isinstance(known, (str, bool)) else value
            case One():
                return [value]
            case Each(key=key):
                return [{key: item} for item in value] if isinstance(value, list) else value
            case Reference(types=types, wrapped=wrapped, apart=apart):
                excluding = key_of(self._draft.base) if apart else None
                found = self._links.reference(self._instance, path, types, excluding)
                return {"id": found} if wrapped and found is not None else found
            case References(types=types, wrapped=wrapped):
                return self._references(value, path, types, wrapped)
            case Sibling(segment=segment, wrapped=wrapped):
                named = f"{self._draft.base}/{segment}/{value}"
                return {"id": named} if wrapped else named
        raise AssertionError(field)

    def _plain(self, value: Any, path: Path) -> Any:
        """Return a value, in which what is not known yet is told with where it comes from."""
        if isinstance(value, list):
            return [self._plain(item, (*path, position)) for position, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self._plain(item, (*path, key)) for key, item in value.items()}
        return self._links.runtime(self._instance, path) if isinstance(value, Unknown) and value.why == LATER else value

    def _references(self, value: Any, path: Path, types: tuple[str, ...], wrapped: bool) -> Any:
        if isinstance(value, Unknown) and value.why == LATER:
            value = [value]  # a set in which something is not known yet is not known as a whole
        if not isinstance(value, list):
            return value
        unknown = [position for position, item in enumerate(value) if isinstance(item, Unknown)]
        found: list[Any] = [item for item in value if isinstance(item, str) and item]
        if unknown:
            listed = self._links.references(self._instance, path, types, len(unknown))
            if isinstance(listed, Unknown):
                return listed
            found += listed
        return [{"id": item} for item in found] if wrapped else found

    def _block(self, field: Block, value: Any, path: Path, target: dict[str, Any], pointer: str) -> None:
        items = value if isinstance(value, list) else [value]
        for position, item in enumerate(items[:1]):
            inner = (*path, position) if isinstance(value, list) else path
            if isinstance(item, Unknown):
                _put(target, field.to or f"azurerm.{path[-1]}", self._plain(item, inner))
            elif isinstance(item, dict) and not field.to:
                self._table(field.table, item, inner, target, pointer)
            elif isinstance(item, dict):
                made: dict[str, Any] = {"properties": dict(field.fixed)}
                self._table(field.table, item, inner, made, f"{pointer}\0")
                where = _put(target, field.to, made["properties"])
                self._move(f"{pointer}\0/properties", f"{pointer}{where}", self._origin(path))
        if len(items) > 1:
            _put(target, f"azurerm.{path[-1]}", True)

    def _blocks(self, field: Blocks, value: Any, path: Path, target: dict[str, Any], pointer: str) -> None:
        if not isinstance(value, list):
            _put(target, field.to, [self._plain(value, path)])
            return
        listed = _list_at(target, field.to)
        for position, item in enumerate(value):
            where = f"{pointer}{_where(field.to)}/{len(listed)}"
            self._draft.origins[where] = self._origin((*path, position))
            if not isinstance(item, dict):
                listed.append(self._plain(item, (*path, position)))
                continue
            made: dict[str, Any] = {"properties": dict(field.fixed)}
            self._table(field.table, item, (*path, position), made, where)
            if field.flat:
                self._move(f"{where}/properties", where, self.origin_of(where))
                made = {**{key: inner for key, inner in made.items() if key != "properties"}, **made["properties"]}
            listed.append(made)

    def origin_of(self, pointer: str) -> str:
        return self._draft.origins[pointer]

    def _move(self, before: str, after: str, origin: str) -> None:
        """Keep the origins of what was written at `before` for where it stands, `after`."""
        origins = self._draft.origins
        for known in [key for key in origins if key.startswith(before + "/")]:
            origins[after + known[len(before) :]] = origins.pop(known)
        origins[after] = origin


def _is_left_out(attribute: str, values: Mapping[str, Any], table: Table) -> bool:
    """Hold for an attribute without which Azure has no such route or rule, and in whose place nothing else stands."""
    if attribute == _NEXT_HOP:
        next_hop = values.get("next_hop_type")
        return isinstance(next_hop, str) and next_hop.lower() == "virtualappliance"
    group: tuple[str, ...] = ()
    if "source_port_range" in table.fields:
        group = _FIRST_OF_RULES.get(attribute, ())
    elif "dns_servers" in table.fields or "service_endpoints" in table.fields:
        group = _OF_NETWORKS.get(attribute, ())
    return bool(group) and all(values.get(one) in _NOTHING for one in group)


def _where(to: str) -> str:
    """Return the pointer of a property within a resource."""
    if to.startswith("^"):
        return "/" + to[1:].replace(".", "/")
    return "/properties/" + to.replace(".", "/")


def _holder(target: dict[str, Any], to: str) -> tuple[dict[str, Any], str]:
    """Return the object in which the last step of `to` stands, made where it is missing, and that step."""
    if to.startswith("azurerm."):
        return target.setdefault("properties", {}), to
    beside = to.startswith("^")
    *steps, last = to.removeprefix("^").split(".")
    here = target if beside else target.setdefault("properties", {})
    for step in steps:
        here = here.setdefault(step, {})
    return here, last


def _put(target: dict[str, Any], to: str, value: Any) -> str:
    """Put `value` where `to` says, and return the pointer of that; of two spellings of one the newer one counts."""
    holder, last = _holder(target, to)
    holder[last] = value
    return f"/properties/{to}" if to.startswith("azurerm.") else _where(to)


def _list_at(target: dict[str, Any], to: str) -> list[Any]:
    holder, last = _holder(target, to)
    found: list[Any] = holder.setdefault(last, [])
    return found
