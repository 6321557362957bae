"""What a term of the encoder is worth for given values: a reader of SMT-LIB that shares nothing with the encoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TOKEN = re.compile(r"[()]|[^\s()]+")
Bits = tuple[int, int]  # an unsigned number and its width


def parsed(text: str) -> list[Any]:
    """Return the expressions that `text` holds, as nested lists of words."""
    stack: list[list[Any]] = [[]]
    for token in TOKEN.findall(text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    assert len(stack) == 1
    return stack[0]


class Reader:
    """Reads terms under the definitions of a script."""

    def __init__(self, script: str = "") -> None:
        self.defined = {words[1]: words[4] for words in parsed(script) if words[0] == "define-fun"}
        self.read: dict[str, Any] = {}

    def value(self, term: str, values: Mapping[str, bool | Bits]) -> Any:
        if term not in self.read:
            (self.read[term],) = parsed(term)
        return self._of(self.read[term], values)

    def _of(self, term: Any, values: Mapping[str, bool | Bits]) -> Any:
        if isinstance(term, str):
            return self._word(term, values)
        operator, *operands = term
        if operator == "ite":
            condition, then, otherwise = operands
            return self._of(then if self._of(condition, values) else otherwise, values)
        arguments = [self._of(operand, values) for operand in operands]
        match operator:
            case "and":
                assert len(arguments) > 1
                return all(arguments)
            case "or":
                assert len(arguments) > 1
                return any(arguments)
            case "not":
                return not arguments[0]
            case "=":
                assert arguments[0][1] == arguments[1][1], "widths differ"
                return arguments[0] == arguments[1]
            case "bvuge":
                assert arguments[0][1] == arguments[1][1], "widths differ"
                return arguments[0] >= arguments[1]
            case "bvule":
                assert arguments[0][1] == arguments[1][1], "widths differ"
                return arguments[0] <= arguments[1]
            case "bvadd":
                (one, width), (other, same) = arguments
                assert width == same, "widths differ"
                return (one + other) % (1 << width), width
            case ["_", "extract", high, low]:
                number, width = arguments[0]
                assert width > int(high) >= int(low)
                return (number >> int(low)) % (1 << int(high) - int(low) + 1), int(high) - int(low) + 1
        raise AssertionError(f"no such operator: {operator}")

    def _word(self, word: str, values: Mapping[str, bool | Bits]) -> Any:
        if word in ("true", "false"):
            return word == "true"
        if word.startswith("#x"):
            return int(word.replace("#", "0"), 0), 4 * (len(word) - 2)
        if word.startswith("#b"):
            return int(word.replace("#", "0"), 0), len(word) - 2
        if word in self.defined:
            return self._of(self.defined[word], values)
        return values[word]
