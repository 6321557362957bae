"""What an input holds, and what the model makes of it: each kind of resource and each property, with counts.

Nothing is decided here: kinds stand as `estate` takes them, properties as `shapes` reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from vnetverify.ingest.injected import names_modelled_only
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.others import Standing, standing_of
from vnetverify.ingest.properties import NOTHING, WITHIN, inside, is_harmless
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.trees import TREES, Tree
from vnetverify.ingest.unknown import Unknown


class Treatment(Enum):
    """What the model makes of a property where it says something.

    One that is `HARMLESS` is not modelled, and has a value that changes nothing.
    """

    MODELLED = "modelled"
    IRRELEVANT = "irrelevant"
    HARMLESS = "harmless"
    NOT_MODELLED = "not modelled"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Property:
    """A property by its way from the resource, such as `ipConfigurations.subnet`, and how often it is treated so."""

    name: str
    treatment: Treatment
    count: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource; of kinds that are not modelled no property is looked at."""

    name: str
    standing: Standing
    count: int
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The kinds of resources of an input, and how many values that a template or plan gives are known, and are not."""

    kinds: tuple[Kind, ...]
    known_values: int = 0
    unknown_values: int = 0


def coverage_of(resources: Iterable[Resource], inventory: Inventory) -> Coverage:
    """Return what `inventory`, which is made of `resources`, holds; ask before its unknown values are settled."""
    kinds = tuple(_kind(inventory, kind) for kind in sorted(inventory.kinds()))
    leaves = [_leaves(resource.body) for resource in resources if not resource.is_literal]
    return Coverage(kinds, sum(known for known, _ in leaves), sum(unknown for _, unknown in leaves))


def _kind(inventory: Inventory, kind: str) -> Kind:
    tree = TREES.get(kind)
    standing = standing_of(kind)
    if tree is not None and standing is Standing.WITHOUT_EFFECT:
        standing = Standing.MODELLED  # no effect of its own, but on what names it
    resources = list(inventory.of(kind))
    met: Counter[tuple[str, Treatment]] = Counter()
    spelt: dict[str, str] = {}
    for resource in resources:
        for name, treatment in _treated(resource.body, tree, "") if tree is not None else ():
            met[spelt.setdefault(name.lower(), name), treatment] += 1
    rows = sorted(met.items(), key=lambda row: (row[0][0].lower(), row[0][1].value))
    return Kind(kind, standing, len(resources), tuple(Property(*key, count) for key, count in rows))


def _treated(body: dict[str, Any], tree: Tree, before: str) -> Iterator[tuple[str, Treatment]]:
    """Yield the properties of an object and of its parts that say something, with what is made of each."""
    inner = body.get("properties")
    if isinstance(inner, Unknown):
        yield f"{before}properties", Treatment.NOT_KNOWN
    for layer in (body, inner) if isinstance(inner, dict) else (body,):
        suspects = {key: suspect for key, _, suspect in tree.shape.treatment(layer).each}
        for key, value in layer.items():
            if value in NOTHING or key.lower() == "properties":
                continue
            name, said = key.lower(), f"{before}{key}"
            if not tree.heeds(name) or (key not in suspects and not tree.only):
                yield said, Treatment.IRRELEVANT
            elif isinstance(value, Unknown):
                yield said, Treatment.NOT_KNOWN
            elif (suspect := suspects.get(key)) is not None and not tree.only:
                changes_nothing = is_harmless(value, suspect) or names_modelled_only(name, value)
                yield said, Treatment.HARMLESS if changes_nothing else Treatment.NOT_MODELLED
            else:
                yield said, Treatment.MODELLED
                yield from _parts(key, value, tree, said)


def _parts(key: str, value: Any, tree: Tree, said: str) -> Iterator[tuple[str, Treatment]]:
    name = key.lower()
    if name in WITHIN and not tree.only:
        for doubt in inside(name, value, key, ""):
            yield f"{said}.{doubt.name.partition('.')[2]}", Treatment.NOT_MODELLED
    part = tree.parts.get(name)
    if part is not None:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from _treated(item, part, f"{said}.")


def _leaves(value: Any) -> tuple[int, int]:
    """Return how many values inside `value`, at any depth, are known, and how many are not."""
    known = unknown = 0
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, Unknown):
            unknown += 1
        else:
            known += 1
    return known, unknown
