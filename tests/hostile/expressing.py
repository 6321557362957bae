"""Changes of what a template computes and a plan refers to: expressions, and lists of references."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from vnetverify.ingest.arm.functions import FUNCTIONS

_TOKEN = re.compile(r"'(?:[^']|'')*'|\w+|\s+|[^\w\s]")
_NAMES = tuple(sorted(function.name for function in FUNCTIONS.values()))
_LITERALS = (
    "''", "'a'", "'10.0.0.0/16'", "'0.0.0.0/0'", "'::/0'", "'{0}{1}'", "'{0,2000000000}'", "'[1, 2'", "'\u202e'", "'%'",
    "'2024-02-30T25:00:00Z'", "'P9999999999Y'", "0", "-1", "9223372036854775807", "99999999999999999999", "2000000000",
    "true()", "null()", "createArray()", "createObject()", "createObject('a', 1)", "range(0, 10000)",
    "resourceGroup().id", "copyIndex()", "parameters('prefix')", "variables('nsg')", "f.named('x')",
    "lambda('x', lambdaVariables('x'))", "reference('nsg')", "newGuid()", "utcNow()", "json('[[[[1]]]]')",
)  # fmt: skip
_GREEDY = (
    "range(0, 2000000000)", "padLeft('a', 2000000000)", "concat(range(0, 9999), range(0, 9999))",
    "map(range(0, 9999), lambda('i', range(0, 9999)))",
    "reduce(range(0, 9999), 'a', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))",
    "replace(padLeft('', 60000, 'a'), 'a', padLeft('', 60000, 'b'))",
    "format('{0,1000000}', 1)", "split(padLeft('', 65000, 'a'), 'a')", "json(padLeft('', 60000, '['))",
    "sort(range(0, 9999), lambda('a', 'b', fail('x')))", "cidrSubnet('::/0', 128, 2147483647)",
    "variables('text')[variables('hub')]", "base64ToString(base64(base64(padLeft('', 50000, 'a'))))",
    "flatten(createArray(range(0, 9999), range(0, 9999)))", "groupBy(range(0, 9999), lambda('x', 'a'))",
)  # fmt: skip
_DEEP = ("concat(", "not(", "createArray(", "f.named(", "first(", "string(")
_REFERENCES = (
    "each.key", "each.value.id", "count.index", "local.x", "var.x", "path.module", "module.a", "module.a.b",
    "module.a[0].b[\"c\"]", "azurerm_subnet.r0.id", "azurerm_subnet.r0[0].id", "azurerm_subnet.r0[*].id",
    "data.azurerm_subnet.r0", "azurerm_subnet.", ".", "[", "azurerm_subnet.r0[\"", "azurerm_subnet.r0[99999999999].id",
    "self", "terraform.workspace", "module." * 200 + "a", "a[0]" + "[0]" * 200,
)  # fmt: skip

Draw = random.Random


def _texts_in(content: Any, wanted: Callable[[str], bool]) -> list[tuple[Any, Any]]:
    """Return every holder of a text that is `wanted`, with its key or position."""
    return [(holder, key) for holder, key in _places(content) if isinstance(holder[key], str) and wanted(holder[key])]


def texts_in(content: Any, wanted: Callable[[str], bool]) -> list[str]:
    return [holder[key] for holder, key in _texts_in(content, wanted)]


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    pending = [content]
    while pending:
        value = pending.pop()
        for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            yield value, key
            pending.append(value[key])


def change_expression(draw: Draw, content: Any) -> Any:
    """Change a word, a text or a sign of an expression."""
    places = _texts_in(content, lambda text: text.startswith("["))
    if places:
        holder, key = draw.choice(places)
        tokens = _TOKEN.findall(holder[key])
        for _ in range(draw.choice((1, 1, 2, 4))):
            tokens[draw.randrange(len(tokens))] = draw.choice(
                (draw.choice(_NAMES), draw.choice(_LITERALS), draw.choice(tokens), draw.choice("()[],.'?"), "")
            )
        holder[key] = "".join(tokens)
    return content


def write_expression(draw: Draw, content: Any) -> Any:
    """Put an expression where a value was, or around the one that was there."""
    places = list(_places(content))
    if places:
        holder, key = draw.choice(places)
        was = holder[key]
        inner = was[1:-1] if isinstance(was, str) and was.startswith("[") and was.endswith("]") else _literal(was)
        holder[key] = f"[{_expression(draw, inner)}]"
    return content


def _literal(value: Any) -> str:
    return "'" + str(value)[:200].replace("'", "''") + "'"


def _expression(draw: Draw, inner: str) -> str:
    kind = draw.randrange(10)
    if kind == 0:
        return draw.choice(_GREEDY)
    if kind == 1:
        depth = draw.choice((3, 149, 160, 5000))
        return draw.choice(_DEEP) * depth + inner + ")" * depth
    arguments = [draw.choice((inner, draw.choice(_LITERALS))) for _ in range(draw.choice((0, 1, 2, 2, 3)))]
    call = f"{draw.choice(_NAMES)}({', '.join(arguments)})"
    return call if kind < 7 else f"{draw.choice(_NAMES)}({call}, {draw.choice(_LITERALS)})"


def change_reference(draw: Draw, content: Any) -> Any:
    """Change what an attribute of a plan refers to."""
    lists = [holder[key] for holder, key in _places(content) if key == "references" and isinstance(holder[key], list)]
    if lists:
        chosen = draw.choice(lists)
        chosen.insert(draw.randint(0, len(chosen)), draw.choice((*_REFERENCES, *(one for one in chosen[:1]))))
    return content
