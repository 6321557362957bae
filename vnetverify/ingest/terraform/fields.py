"""The vocabulary of the tables that say which attribute of Terraform is which property of Azure's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# Where a property stands in a resource: names divided by dots, below `properties`, or beside it after a `^`.


@dataclass(frozen=True, slots=True)
class Plain:
    """An attribute whose value is the property's."""

    to: str


@dataclass(frozen=True, slots=True)
class Word:
    """An attribute whose value stands for another; one that is not in `words` (in lower case) stays as it is."""

    to: str
    words: Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class One:
    """An attribute that is the only member of a list."""

    to: str


@dataclass(frozen=True, slots=True)
class Each:
    """An attribute that lists texts, of which each becomes an object with the text as its member `key`."""

    to: str
    key: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute that is the id of a resource of one of the `types`; without `wrapped` it stands as it is.

    One that is `apart` is never the parent of the resource itself. One that is `needed` is not known where a document
    leaves it out.
    """

    to: str
    types: tuple[str, ...]
    wrapped: bool = True
    apart: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True)
class References:
    """An attribute that lists ids of resources of one of the `types`; without `wrapped` they stand as they are."""

    to: str
    types: tuple[str, ...]
    wrapped: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """A block that stands at most once, and is an object; an empty `to` adds its members to where the block stands."""

    to: str
    table: Table
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks that are members of a list: with their name beside `properties`, or `flat`. More can stand in `fixed`."""

    to: str
    table: Table
    flat: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sibling:
    """An attribute that names a part of the same resource, or of its parent's, of list `segment`."""

    to: str
    segment: str
    wrapped: bool = True


Field = Plain | Word | One | Each | Reference | References | Block | Blocks | Sibling


@dataclass(frozen=True, slots=True)
class Table:
    """The attributes of a resource or block.

    `ignored` change no packet, or follow from others. Any that stands nowhere is in doubt where it says something.
    """

    fields: Mapping[str, Field]
    ignored: frozenset[str] = frozenset()


def camel(attribute: str) -> str:
    """Return Azure's spelling of an attribute that has the same words."""
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


def plain(text: str) -> dict[str, Field]:
    """Return the attributes named in `text`, each alone or as `attribute:property`."""
    found: dict[str, Field] = {}
    for item in text.split():
        attribute, _, to = item.partition(":")
        found[attribute] = Plain(to or camel(attribute))
    return found


_OF_EVERY_RESOURCE = (
    "id resource_group_name timeouts zones zone availability_zone edge_zone sku_name identity guid resource_guid"
)


def table(text: str = "", ignored: str = "", more: Mapping[str, Field] | None = None, **fields: Field) -> Table:
    """Return the table of a block: attributes as in `plain`, others by `fields` and `more`."""
    return Table({**plain(text), **(more or {}), **fields}, frozenset(f"timeouts {ignored}".split()))


@dataclass(frozen=True, slots=True)
class Parent:
    """How a child tells its parent: by `attribute`, an id of a resource of `type` or, if `by_name`, a name in the
    resource group of the child. It may tell the id in the attribute `or_by` in place of the name."""

    attribute: str
    type: str
    by_name: bool = False
    or_by: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the provider: Azure's type, or the last part of it below that of the parent.

    `whole` are lists that are told although they are empty. A `part` stands in the list of its parent that is called
    like the last segment of the type. `untold` are properties that a data source of this type does not have; None
    where the data source tells too little to be read.
    """

    arm: str
    table: Table
    parent: Parent | None = None
    whole: tuple[str, ...] = ()
    part: str = ""
    untold: tuple[str, ...] | None = None


def kind(
    arm: str,
    text: str = "",
    ignored: str = "",
    parent: Parent | None = None,
    whole: str = "",
    part: str = "",
    untold: str | None = None,
    more: Mapping[str, Field] | None = None,
    **fields: Field,
) -> Kind:
    """Return a kind; a type without a provider is one of `Microsoft.Network`."""
    made = table(f"location:^location tags:^tags {text}", f"{_OF_EVERY_RESOURCE} {ignored}", more, **fields)
    named = arm if parent is not None or "." in arm else f"Microsoft.Network/{arm}"
    return Kind(
        named,
        replace(
            made, ignored=made.ignored | {"name"} | ({parent.attribute, parent.or_by} if parent is not None else set())
        ),
        parent,
        tuple(whole.split()),
        part,
        None if untold is None else tuple(untold.split()),
    )


@dataclass(frozen=True, slots=True)
class Fastening:
    """A type that joins two resources: `what`, of one of `what_types`, is fastened `at` one of `at_types`.

    `to` is the property of the latter, a list if `several`. Where that one is not in the document, `back` is the list
    of the former that names it. `within` names the attribute that says which member of the list `segment` is meant;
    without it every one is.
    """

    at: str
    at_types: tuple[str, ...]
    what: str
    what_types: tuple[str, ...]
    to: str
    back: str = ""
    several: bool = False
    within: str = ""
    segment: str = ""
