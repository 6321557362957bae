"""The words and marks that template expressions are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from vnetverify.ingest.arm.failures import BadExpression

_SHOWN = 30  # characters of a word that a message repeats


class Kind(Enum):
    """What a token is; the value is what messages call it."""

    TEXT = "a string"
    NUMBER = "an int"
    WORD = "a name"
    OPEN = "`(`"
    CLOSE = "`)`"
    OPEN_BRACKET = "`[`"
    CLOSE_BRACKET = "`]`"
    COMMA = "`,`"
    DOT = "`.`"
    QUESTION = "`?`"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """`value` is the string, int or word itself; `start` is where it stands in the whole text."""

    kind: Kind
    value: str | int
    start: int

    def shown(self) -> str:
        if self.kind in {Kind.WORD, Kind.NUMBER}:
            word = str(self.value)
            return f"`{word if len(word) <= _SHOWN else word[:_SHOWN] + '…'}`"
        return str(self.kind.value)


_MARKS = {
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    "[": Kind.OPEN_BRACKET,
    "]": Kind.CLOSE_BRACKET,
    ",": Kind.COMMA,
    ".": Kind.DOT,
    "?": Kind.QUESTION,
}
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>[-+]?[0-9]+)"
    r"|(?P<word>(?:[^\W\d]|\$)[\w$-]*)"
    r"|(?P<mark>[()\[\],.?])"
)
_MOST_DIGITS = 20  # of an int; Azure Resource Manager has 64 bits


def tokens_of(text: str, start: int, end: int) -> list[Token]:
    """Return the tokens of `text` from `start` to `end`, the last of them `END`. Raises `BadExpression`."""
    tokens = []
    position = start
    while position < end:
        match = _TOKEN.match(text, position, end)
        if match is None:
            raise _no_token(text[position], position)
        if match.lastgroup != "space":
            tokens.append(_token(str(match.lastgroup), match.group(), position))
        position = match.end()
    tokens.append(Token(Kind.END, "", end))
    return tokens


def _token(group: str, word: str, start: int) -> Token:
    match group:
        case "text":
            return Token(Kind.TEXT, word[1:-1].replace("''", "'"), start)
        case "number":
            return Token(Kind.NUMBER, _number(word, start), start)
        case "word":
            return Token(Kind.WORD, word, start)
        case _:
            return Token(_MARKS[word], word, start)


def _number(word: str, start: int) -> int:
    value = int(word) if len(word) <= _MOST_DIGITS else None
    if value is None or not -(2**63) <= value < 2**63:
        raise BadExpression("an int has at most 64 bits", start)
    return value


def _no_token(character: str, position: int) -> BadExpression:
    if character == "'":
        return BadExpression("a string has no closing quote", position, "a quote within a string is written `''`")
    if character == '"':
        return BadExpression("strings of an expression stand in single quotes", position)
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return BadExpression(f"`{shown}` has no meaning in an expression", position)
