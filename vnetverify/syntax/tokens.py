"""The tokens of a text with the comments between them, for tools that keep the text and change its looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vnetverify.diagnostic import InputError
from vnetverify.source import Source
from vnetverify.syntax.grammar import parser
from vnetverify.syntax.parse import parse

if TYPE_CHECKING:
    from lark import Token

_CLASSES = frozenset({"NAME", "STRING", "ADDRESS", "NUMBER", "RANGE", "FACT"})


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A token as it is written, with what stands before it.

    `kind` is the class of a word or literal, as the grammar calls it, and nothing for what the grammar spells out.
    `comments` stand on lines of their own, an empty one being a blank line between or after them; `trailing` follows
    the token before it on its line.
    """

    text: str
    kind: str
    comments: tuple[str, ...]
    trailing: str | None
    after_blank_line: bool

    def is_word(self, *words: str) -> bool:
        """Tell whether this is one of the grammar's own words."""
        return not self.kind and self.text in words


def lexemes(source: Source) -> tuple[Lexeme, ...]:
    """Return the tokens of `source`, closed by an empty one that carries the last comments. Raises `InputError`."""
    parsed = parse(source)
    if parsed.diagnostics:
        raise InputError(parsed.diagnostics)
    found: list[Lexeme] = []
    end = 0
    for token in _tokens(source.text):
        found.append(_lexeme(token, source.text[end : token.start_pos], bool(found)))
        end = token.end_pos or 0
    return (*found, _lexeme(None, source.text[end:], bool(found)))


def _tokens(text: str) -> list[Token]:
    lark, builder = parser()
    interactive: Any = lark.parse_interactive(text, start="start")
    tokens: list[Token] = interactive.exhaust_lexer()
    builder.statements.clear()
    return tokens


def _lexeme(token: Token | None, between: str, follows: bool) -> Lexeme:
    """Return the lexeme of `token`, None at the end; `between` is what the text holds before it."""
    first, *lines = (line.strip() for line in between.split("\n"))
    trailing = first or None
    if not follows:
        lines, trailing = [first, *lines], None
    comments = _without_runs_of_blanks(lines[:-1] if token is not None else lines)
    blank = bool(lines[:-1]) and not lines[0]
    kind = token.type if token is not None and token.type in _CLASSES else ""
    return Lexeme(str(token or ""), kind, comments, trailing, blank)


def _without_runs_of_blanks(lines: Sequence[str]) -> tuple[str, ...]:
    """Return `lines` without blank ones at the start and without two in a row."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return tuple(kept)
