"""The configuration part of a plan: what each attribute was written as, with the references in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vnetverify.ingest.terraform.instances import Instance

# Steps from a resource to a value inside it: attributes and positions.
Path = tuple[str | int, ...]

# Blocks of which the provider makes a set.
_SETS = frozenset(
    (
        "security_rule",
        "subnet",
        "route",
        "backend_address_pool",
        "backend_http_settings",
        "http_listener",
        "request_routing_rule",
        "probe",
        "private_link_configuration",
    )
)


@dataclass(frozen=True, slots=True)
class Expression:
    """What an attribute was written as: a constant (None where it is none), or references in the order of the text."""

    references: tuple[str, ...]
    constant: Any = None


class Configuration:
    """The configuration of a plan; of a document without one it knows nothing.

    `variables` are the values of the variables of the root module as the plan tells them.
    """

    def __init__(self, content: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self._root = _object(content.get("root_module"))
        self.is_told = bool(self._root)
        self.providers = _object(content.get("provider_config"))
        self.variables = {name: _object(value).get("value") for name, value in variables.items()}
        self._blocks: dict[tuple[tuple[str, ...], bool, str, str], dict[str, Any]] = {}
        self._index()

    def _index(self) -> None:
        pending: list[tuple[tuple[str, ...], dict[str, Any]]] = [((), self._root)]
        while pending:
            path, module = pending.pop()
            for resource in _list(module.get("resources")):
                block = _object(resource)
                key = (path, block.get("mode") == "data", str(block.get("type")), str(block.get("name")))
                self._blocks[key] = block
            for name, call in _object(module.get("module_calls")).items():
                pending.append(((*path, name), _object(_object(call).get("module"))))

    def block(self, instance: Instance) -> dict[str, Any] | None:
        return self._blocks.get(instance.block)

    def is_left_out(self, instance: Instance, path: Path) -> bool:
        """Hold when the attribute at `path` stands in a block that the configuration tells of, and is not written.

        Blocks that are `dynamic` are not told of.
        """
        found: Any = _object(self.block(instance)).get("expressions")
        for position, step in enumerate(path[:-1]):
            if isinstance(step, str):
                found = _object(found).get(step)
            elif isinstance(found, list):
                found = self._member(instance, path[: position + 1], found)
            if found is None or _is_expression(found):
                return False
        return isinstance(found, dict) and path[-1] not in found

    def expression(self, instance: Instance, path: Path) -> Expression | None:
        """Return what the value at `path` of `instance` was written as, None where that is not told."""
        found: Any = _object(self.block(instance)).get("expressions")
        for position, step in enumerate(path):
            if isinstance(step, str):
                found = _object(found).get(step)
                if _is_expression(found):  # what follows stands inside of a value that was written as one
                    return _expression(found)
            elif isinstance(found, list):
                found = self._member(instance, path[: position + 1], found)
            # a block that may stand once is told without a list
        return _expression(found) if _is_expression(found) else None

    def _member(self, instance: Instance, path: Path, blocks: list[Any]) -> Any:
        """Return the block that became the value at `path`, None where that is not told.

        Of `dynamic` blocks nothing is told, and those of a set do not keep their order.
        """
        at = path[-1]
        siblings = value_at(instance.values, path[:-1])
        if not isinstance(siblings, list) or len(siblings) != len(blocks) or not isinstance(at, int):
            return None
        if len(blocks) == 1 or path[-2] not in _SETS:
            return blocks[at]
        fitting = [block for block in blocks if _fits(_object(block), _object(siblings[at]))]
        return fitting[0] if len(fitting) == 1 else None

    def written(self, instance: Instance) -> Iterator[tuple[str, Expression]]:
        """Yield the attributes of `instance` that were written as expressions, but for those inside of blocks."""
        for attribute, value in _object(_object(self.block(instance)).get("expressions")).items():
            if _is_expression(value):
                yield attribute, _expression(value)

    def is_written(self, instance: Instance, attribute: str) -> bool:
        """Hold when the configuration says something of `attribute`, or it is not told what it says."""
        block = self.block(instance)
        return block is None or attribute in _object(block.get("expressions"))

    def repetition(self, path: tuple[str, ...], block: Mapping[str, Any] | None) -> Expression | None:
        """Return the `for_each` of a resource block, or of the module call at the end of `path`."""
        holder = self.call(path) if block is None else block
        found = holder.get("for_each_expression")
        return _expression(found) if isinstance(found, dict) else None

    def call(self, path: tuple[str, ...]) -> dict[str, Any]:
        """Return the call of the module at `path`."""
        module, call = self._root, {}
        for name in path:
            call = _object(_object(module.get("module_calls")).get(name))
            module = _object(call.get("module"))
        return call

    def argument(self, path: tuple[str, ...], variable: str) -> Expression | None:
        """Return what the module at `path` is given for `variable`, None where it takes the default."""
        found = _object(self.call(path).get("expressions")).get(variable)
        return _expression(found) if _is_expression(found) else None

    def default(self, path: tuple[str, ...], variable: str) -> Any:
        module = _object(self.call(path).get("module")) if path else self._root
        return _object(_object(module.get("variables")).get(variable)).get("default")

    def outputs(self, path: tuple[str, ...]) -> Iterator[tuple[str, Expression]]:
        """Yield the outputs of the module at `path` with what they were written as."""
        module = _object(self.call(path).get("module")) if path else self._root
        for name, output in _object(module.get("outputs")).items():
            written = _object(output).get("expression")
            yield name, _expression(written) if _is_expression(written) else Expression(())


def value_at(values: Any, path: Path) -> Any:
    """Return the value at `path`, None where there is none."""
    for step in path:
        if isinstance(step, str):
            values = values.get(step) if isinstance(values, dict) else None
        else:
            values = values[step] if isinstance(values, list) and step < len(values) else None
    return values


def _is_expression(value: Any) -> bool:
    return isinstance(value, dict) and (not value or "references" in value or "constant_value" in value)


def _expression(value: Any) -> Expression:
    references = [item for item in _list(value.get("references")) if isinstance(item, str)]
    # A reference is followed by all that it begins with.
    own: list[str] = []
    for item in references:
        if not (own and own[-1].startswith(item) and own[-1][len(item) : len(item) + 1] in (".", "[")):
            own.append(item)
    return Expression(tuple(own), value.get("constant_value"))


def _fits(block: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Hold when the constants of a block are those of the value."""
    constants = {key: item for key, item in block.items() if isinstance(item, dict) and "constant_value" in item}
    return all(value.get(key) == item["constant_value"] for key, item in constants.items())


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
