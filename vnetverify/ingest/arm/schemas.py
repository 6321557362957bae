"""What a template allows as the value of a parameter: types, limits, and types that it defines itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.templates import part
from vnetverify.ingest.arm.values import MISSING, PartlyKnown, kind_of, lookup, same
from vnetverify.ingest.unknown import Unknown

SECRET_TYPES = ("securestring", "secureobject")
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "int": (int,),
    "bool": (bool,),
    "array": (list,),
    "object": (dict,),
    "secureobject": (dict,),
}
_DEEPEST = 64  # references of types to types, one inside the other


class Schemas:
    """The types of one template; `definitions` are those that it names."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def whole(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `schema` with what the type that it refers to says. Raises `EvaluationError`."""
        found = dict(schema)
        for _ in range(_DEEPEST):
            reference = part(found, "$ref")
            if not isinstance(reference, str):
                return found
            named = self._named(reference)
            own = {key: value for key, value in found.items() if key.lower() != "$ref"}
            found = {**named, **own}
        raise EvaluationError(f"the type `{part(schema, '$ref')}` refers to itself")

    def _named(self, reference: str) -> Mapping[str, Any]:
        prefix, _, name = reference.rpartition("/")
        found = lookup(dict(self._definitions), name) if prefix.lower() == "#/definitions" else MISSING
        if not isinstance(found, dict):
            raise EvaluationError(f"the template defines no type `{reference[:80]}`")
        return found

    def type_of(self, schema: Mapping[str, Any]) -> str:
        """Return the type that `schema` says, in lower case; empty where it says none."""
        found = part(self.whole(schema), "type")
        return found.lower() if isinstance(found, str) else ""

    def is_nullable(self, schema: Mapping[str, Any]) -> bool:
        return part(self.whole(schema), "nullable") is True

    def faults(self, value: Any, schema: Mapping[str, Any], name: str, depth: int = 0) -> Iterator[str]:
        """Yield what is wrong with `value`, which messages call `name`; what is not known is not wrong."""
        if isinstance(value, Unknown) or depth > _DEEPEST:
            return
        known = self.whole(schema)
        if value is None:
            if part(known, "nullable") is not True and depth:
                yield f"`{name}` is null"
            return
        stated = part(known, "type")
        expected = _PYTHON_TYPES.get(stated.lower()) if isinstance(stated, str) else None
        if stated is not None and expected is None:
            yield f"`{name}` has the type `{str(stated)[:40]}`, which does not exist"
        elif expected is not None and (
            not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)
        ):
            yield f"`{name}` is {kind_of(value)}, where {_called(str(stated).lower())} is due"
        elif not isinstance(value, StandIn):
            yield from _limits(value, known, name)
            yield from self._members(value, known, name, depth)

    def _members(self, value: Any, known: Mapping[str, Any], name: str, depth: int) -> Iterator[str]:
        items, first = part(known, "items"), part(known, "prefixItems")
        if isinstance(value, list):
            leading = first if isinstance(first, list) else []
            for position, item in enumerate(value):
                schema = leading[position] if position < len(leading) else items
                if isinstance(schema, dict):
                    yield from self.faults(item, schema, f"{name}[{position}]", depth + 1)
        if isinstance(value, dict):
            yield from self._properties(value, self._variant(value, known), name, depth)

    def _variant(self, value: dict[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the form of an object that a member of it decides between, where there are several."""
        discriminator = part(known, "discriminator")
        if not isinstance(discriminator, dict):
            return known
        chosen = lookup(value, str(part(discriminator, "propertyName")))
        mapping = part(discriminator, "mapping")
        found = lookup(mapping, chosen) if isinstance(mapping, dict) and isinstance(chosen, str) else MISSING
        return self.whole(found) if isinstance(found, dict) else known

    def _properties(self, value: dict[str, Any], known: Mapping[str, Any], name: str, depth: int) -> Iterator[str]:
        stated, rest = part(known, "properties"), part(known, "additionalProperties")
        properties = stated if isinstance(stated, dict) else {}
        for key, schema in properties.items():
            item = lookup(value, key)
            if not isinstance(schema, dict):
                continue
            if item is MISSING:
                if not self.is_nullable(schema):
                    yield f"`{name}` has no `{key}`"
            else:
                yield from self.faults(item, schema, f"{name}.{key}", depth + 1)
        declared = {key.lower() for key in properties}
        for key, item in value.items() if not isinstance(value, PartlyKnown) else ():
            if key.lower() not in declared and isinstance(rest, dict):
                yield from self.faults(item, rest, f"{name}.{key}", depth + 1)
            elif key.lower() not in declared and rest is False:
                yield f"`{name}` has a member `{key[:40]}`, which its type does not have"


def _limits(value: Any, known: Mapping[str, Any], name: str) -> Iterator[str]:
    allowed = part(known, "allowedValues")
    if isinstance(allowed, list) and not _is_allowed(value, allowed):
        shown = ", ".join(f"`{item}`" for item in allowed[:5]) + (", …" if len(allowed) > 5 else "")
        yield f"`{name}` is `{str(value)[:40]}`, which is not allowed: {shown}"
    size = len(value) if isinstance(value, (str, list)) else None
    for limit, is_least in (("minLength", True), ("maxLength", False)):
        bound = part(known, limit)
        if size is not None and isinstance(bound, int) and (size < bound if is_least else size > bound):
            yield f"`{name}` has length {size}, {'less' if is_least else 'more'} than {bound}"
    for limit, is_least in (("minValue", True), ("maxValue", False)):
        bound = part(known, limit)
        if isinstance(value, int) and isinstance(bound, int) and (value < bound if is_least else value > bound):
            yield f"`{name}` is {value}, {'less' if is_least else 'more'} than {bound}"


def _is_allowed(value: Any, allowed: list[Any]) -> bool:
    """Hold when `value` is one of those `allowed`, or a list of them; letter case makes no difference to Azure."""
    found = [same(_folded(value), _folded(one)) for one in allowed]
    if any(answer is not False for answer in found):
        return True
    return isinstance(value, list) and all(
        _is_allowed(item, allowed) for item in value if not isinstance(item, Unknown)
    )


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) and not isinstance(value, StandIn) else value


def _called(stated: str) -> str:
    return {"int": "an int", "array": "an array", "object": "an object"}.get(stated, f"a {stated}")
