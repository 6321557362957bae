"""What a value that is not known yet refers to: the references of its configuration, followed through modules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vnetverify.ingest.terraform.addresses import Index, Key, ModulePath, Step, steps_of
from vnetverify.ingest.terraform.configuration import Configuration, Expression, Path, value_at
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.unknown import Unknown

# Steps of following references, so that hostile documents come to an end.
_MOST_STEPS, _DEEPEST, _MOST_INSTANCES = 2_000, 40, 256
# Of a whole document: references that are followed and instances that are looked at.
_MOST_OF_ALL = 5_000_000
_SELF = ("path", "terraform", "self")


@dataclass(frozen=True, slots=True)
class Target:
    """Something that a reference leads to: a value inside `instance`, the whole of it where `path` is empty."""

    instance: Instance
    path: Path


@dataclass(slots=True)
class Found:
    """Where references lead, and the words of those that could not be followed."""

    targets: dict[tuple[int, Path], Target] = field(default_factory=dict)
    lost: dict[str, None] = field(default_factory=dict)
    steps: int = 0
    by_count: bool = True

    def add(self, target: Target) -> None:
        self.targets[id(target.instance), target.path] = target


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an expression stands: a module instance, and the key of the resource whose block it is part of.

    `repetition` is the `for_each` to which `each` refers there, `keys` are those of all instances of the block. It is
    part of `instance`, but for a call of a module.
    """

    module: ModulePath
    key: Key
    repetition: Expression | None
    keys: Collection[Key]
    instance: Instance | None = None


@dataclass(frozen=True, slots=True)
class _Reference:
    """A reference of an expression, by its steps, with the references behind it that can stand between its brackets.

    `place` is where the expression stands, `trail` the steps into its value that are wanted, and `depth` counts how
    many expressions were followed to get there.
    """

    steps: tuple[Step, ...]
    following: list[tuple[Step, ...]]
    place: _Place
    trail: tuple[Step, ...]
    depth: int


class Follower:
    """Follows the references of a document.

    `counted` are those for which `count.index` was taken for the index, `valued` those for which `each.value` was taken
    for a member of the variable that `for_each` names.
    """

    def __init__(self, instances: Iterable[Instance], configuration: Configuration) -> None:
        self._configuration = configuration
        self._left = _MOST_OF_ALL
        self.counted = self.valued = 0
        self._ambiguous: dict[tuple[int, int], bool] = {}
        self._by_block: defaultdict[tuple[ModulePath, bool, str, str], dict[Key, Instance]] = defaultdict(dict)
        self._modules: defaultdict[tuple[ModulePath, str], dict[Key, Instance | None]] = defaultdict(dict)
        for one in instances:
            self._by_block[one.module, one.is_data, one.type, one.name][one.key] = one
            for depth, (name, key) in enumerate(one.module):
                self._modules[one.module[:depth], name][key] = None

    def follow(self, instance: Instance, path: Path, by_count: bool = True) -> Found:
        """Return what the value at `path` of `instance` refers to.

        A plan does not tell what is computed from `count.index`; `by_count` takes it for the index itself where both
        blocks have as many instances.
        """
        found = Found(by_count=by_count)
        self._value(instance, path, found, 0)
        return found

    def _value(self, instance: Instance, path: Path, found: Found, depth: int) -> None:
        written = self._configuration.expression(instance, path)
        if written is None:
            found.lost["an expression that the document does not tell"] = None
            return
        block = self._configuration.block(instance)
        siblings = self._by_block[instance.module, instance.is_data, instance.type, instance.name]
        names = tuple(name for name, _ in instance.module)
        repetition = self._configuration.repetition(names, block)
        place = _Place(instance.module, instance.key, repetition, siblings, instance)
        self._expression(written, place, (), found, depth)

    def _expression(
        self, written: Expression, place: _Place, trail: tuple[Step, ...], found: Found, depth: int
    ) -> None:
        """Follow all references of an expression; `trail` are the steps into its value that are wanted."""
        found.steps += 1
        self._left -= len(written.references)
        if depth > _DEEPEST or found.steps > _MOST_STEPS or self._left < 0:
            found.lost["more references than are followed"] = None
            return
        references = [steps for text in written.references if (steps := steps_of(text))]
        for position, steps in enumerate(references):
            following = _keys_behind(references[position + 1 :])
            self._reference(_Reference(steps, following, place, trail, depth + 1), found)

    def _reference(self, reference: _Reference, found: Found) -> None:
        steps = reference.steps
        head = steps[0]
        if head == "var" and len(steps) > 1:
            self._variable(reference, found)
        elif head == "local":
            found.lost[f"`{_words(steps[:2])}`, of which a plan does not tell what it refers to"] = None
        elif head == "each" and steps[1:2] == ("value",):
            self._each_value(reference, found)
        elif head in ("each", "count") or head in _SELF:
            return
        elif head == "module" and len(steps) > 1 and isinstance(steps[1], str):
            self._module(steps[1], reference, found)
        else:
            self._resource(reference, found)

    def _variable(self, reference: _Reference, found: Found) -> None:
        module, steps = reference.place.module, reference.steps
        if not module:
            return  # the value of a variable of the root is known before
        key = self._computed(reference.following, reference.place, (), False) if len(steps) == 2 else None
        wanted = (Index(key),) if isinstance(key, str) else ()
        written = self._configuration.argument(tuple(name for name, _ in module), str(steps[1]))
        if written is not None:
            trail = (*steps[2:], *wanted, *reference.trail)
            self._expression(written, self._calling(module), trail, found, reference.depth)

    def _calling(self, module: ModulePath) -> _Place:
        """Return the place of the call of a module."""
        outer, (name, key) = module[:-1], module[-1]
        repetition = self._configuration.repetition(tuple(step for step, _ in module), None)
        return _Place(outer, key, repetition, self._modules[outer, name])

    def _each_value(self, reference: _Reference, found: Found) -> None:
        place = reference.place
        if place.repetition is None:
            found.lost["`each.value`, of which the document does not tell what it refers to"] = None
        elif place.repetition.constant is None:
            wanted = () if place.key is None else (Index(place.key),)
            if not place.repetition.references:
                found.lost["`each.value`, of which the document does not tell what it refers to"] = None
            trail = (*wanted, *reference.steps[2:], *reference.trail)
            self._expression(place.repetition, place, trail, found, reference.depth)

    def _module(self, name: str, reference: _Reference, found: Found) -> None:
        """Follow an output of the module `name`; one that is named by a computed key is any."""
        module, steps = reference.place.module, reference.steps[2:]
        known = self._modules[module, name]
        key = steps[0].key if steps and isinstance(steps[0], Index) else None
        rest = steps[1:] if key is not None else steps
        keys = self._chosen(known, key, reference, reference.trail, found) if known else [None]
        wanted = rest[0] if rest and isinstance(rest[0], str) else None
        path = (*(step for step, _ in module), name)
        for one in keys:
            inner = (*module, (name, one))
            for output, written in self._configuration.outputs(path):
                if wanted in (None, output):
                    here = _Place(inner, None, None, (None,))
                    self._expression(written, here, (*rest[1:], *reference.trail), found, reference.depth)

    def _resource(self, reference: _Reference, found: Found) -> None:
        steps = reference.steps
        is_data = steps[0] == "data"
        named = steps[1:] if is_data else steps
        if len(named) < 2 or not isinstance(named[0], str) or not isinstance(named[1], str):
            return
        kind, name, rest = named[0], named[1], named[2:]
        known = self._by_block.get((reference.place.module, is_data, kind, name), {})
        key = rest[0].key if rest and isinstance(rest[0], Index) else None
        rest = rest[1:] if key is not None else rest
        trail = (*rest, *reference.trail)
        keys = self._chosen(known, key, reference, trail, found)
        path = _path(trail)
        if key is None and len(keys) == 1 < len(known) and path and path[0] in _names_of(keys[0], known):
            path = path[1:]
        if len(keys) > _MOST_INSTANCES:
            found.lost[f"`{kind}.{name}`, of which there are more than are followed"] = None
            return
        self._left -= len(keys)
        for one in (known[each] for each in keys):
            value = value_at(one.values, path) if path else None
            # What hands on the value of another attribute is followed to where that comes from.
            if isinstance(value, Unknown) and path[0] != "id" and self._configuration.expression(one, path):
                self._value(one, path, found, reference.depth)
            else:
                found.add(Target(one, path))

    def _chosen(
        self,
        known: Mapping[Key, Instance | None],
        stated: Key,
        reference: _Reference,
        trail: Sequence[Step],
        found: Found,
    ) -> list[Key]:
        """Return which of the `known` keys of a block are meant: one, or all where that is not told."""
        if stated is not None:
            return [stated] if stated in known else []
        if len(known) < 2:
            return list(known)
        computed = self._computed(reference.following, reference.place, known, found.by_count)
        if computed is not None:
            return [computed] if computed in known else list(known)
        first = next((step.key if isinstance(step, Index) else step for step in trail), None)
        if not reference.following and isinstance(first, str):
            # The key of a map that an output or `for_each` made of the instances. Of a list it is not told what is left
            # out of it, so its positions say nothing.
            if first in known:
                return [first]
            self._left -= len(known)
            named = [key for key in known if first in _names_of(key, known)]
            return named if len(named) == 1 else list(known)
        return list(known)

    def _computed(
        self, following: list[tuple[Step, ...]], place: _Place, known: Collection[Key], by_count: bool
    ) -> Key:
        """Return which of `known` keys one reference between brackets stands for, None where it is not known."""
        if len(following) != 1:
            return None
        steps = following[0]
        if steps == ("each", "key") and isinstance(place.key, str):
            pair = (id(place.keys), id(known))  # of tables that last as long as this
            if pair not in self._ambiguous:
                self._ambiguous[pair] = _is_part_of_others(place.keys, known)
            return None if self._ambiguous[pair] else place.key
        if steps == ("count", "index") and isinstance(place.key, int):
            is_such = by_count and len(place.keys) == len(known)
            self.counted += is_such
            return place.key if is_such else None
        value: Any = None
        if steps[:2] == ("each", "value") and place.repetition is not None and place.key is not None:
            value = value_at(self._repeated(place.repetition, place), (place.key, *_path(steps[2:])))
            self.valued += place.repetition.constant is None and value is not None
        elif steps[0] == "var" and len(steps) > 1:
            value = value_at(self._constant(str(steps[1]), place.module), _path(steps[2:]))
        return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None

    def _repeated(self, written: Expression, place: _Place) -> Any:
        """Return the map that a `for_each` goes through, None where it is not told.

        Where all that it refers to is a variable with a member of the key, it is taken for that or a part of that,
        unless what the plan tells of the instance does not go with it.
        """
        if written.constant is not None:
            return written.constant
        value = self._handed(written, place)
        member = value.get(place.key) if isinstance(value, dict) else None
        return value if member is not None and self._goes_with(member, place) else None

    def _handed(self, written: Expression, place: _Place) -> Any:
        """Return what an expression hands on that refers to one variable, or one thing of `each.value`, alone."""
        steps = steps_of(written.references[0]) if len(written.references) == 1 else None
        if steps is None or len(steps) < 2:
            return None
        if steps[:2] == ("each", "value") and place.repetition is not None and place.key is not None:
            return value_at(self._repeated(place.repetition, place), (place.key, *_path(steps[2:])))
        if steps[0] != "var":
            return None
        variable, names = str(steps[1]), tuple(name for name, _ in place.module)
        given = self._configuration.argument(names, variable) if place.module else None
        if given is None or given.constant is not None:
            return value_at(self._constant(variable, place.module), _path(steps[2:]))
        return value_at(self._handed(given, self._calling(place.module)), _path(steps[2:]))

    def _goes_with(self, member: Any, place: _Place) -> bool:
        """Hold when the attributes that refer to one thing of `each.value` alone have in them what `member` says of it.

        Prefixes, suffixes and other capitals are usual.
        """
        if place.instance is None:
            return True
        for attribute, written in self._configuration.written(place.instance):
            steps = steps_of(written.references[0]) if len(written.references) == 1 else None
            if steps is None or steps[:2] != ("each", "value"):
                continue
            told, planned = value_at(member, _path(steps[2:])), place.instance.values.get(attribute)
            if _is_scalar(told) and _is_scalar(planned) and str(told).lower() not in str(planned).lower():
                return False
        return True

    def _constant(self, variable: str, module: ModulePath) -> Any:
        """Return the value of a variable, None where it is not told."""
        if not module:
            return self._configuration.variables.get(variable)
        names = tuple(name for name, _ in module)
        written = self._configuration.argument(names, variable)
        return self._configuration.default(names, variable) if written is None else written.constant


def _is_part_of_others(keys: Collection[Key], known: Collection[Key]) -> bool:
    """Hold when one text around each of `keys` makes a key that is `known` as well.

    A plan does not tell `each.key` from a text with `each.key` in it.
    """
    own = [key for key in keys if isinstance(key, str)]
    shortest = min(own, key=len, default="")
    for other in known:
        if not isinstance(other, str) or other == shortest or not shortest:
            continue
        for match in re.finditer(f"(?={re.escape(shortest)})", other):
            before, after = other[: match.start()], other[match.start() + len(shortest) :]
            if all(f"{before}{key}{after}" in known for key in own):
                return True
    return False


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _names_of(key: Key, known: Mapping[Key, Instance | None]) -> tuple[Key, ...]:
    """Return by what a map of instances can call the one with `key`: by that, or by its name."""
    one = known[key]
    return (key,) if one is None else (key, one.text("name"))


def _keys_behind(references: Sequence[tuple[Step, ...]]) -> list[tuple[Step, ...]]:
    """Return the references right behind one that can stand between its brackets."""
    found: list[tuple[Step, ...]] = []
    for steps in references:
        if steps[0] not in ("each", "count", "var", "local"):
            break
        found.append(steps)
    return found


def _path(steps: Iterable[Step]) -> Path:
    return tuple(step.key if isinstance(step, Index) else step for step in steps)


def _words(steps: Iterable[Step]) -> str:
    return ".".join(str(step) for step in steps if isinstance(step, str))
