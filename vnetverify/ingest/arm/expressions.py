"""Expressions of the template language as trees, and back as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, assert_never

from vnetverify.ingest.arm.failures import BadExpression
from vnetverify.ingest.arm.tokens import Kind, Token, tokens_of

MOST_CHARACTERS = 65_536  # of one expression; Azure Resource Manager takes 24,576
_SHORT = 512  # characters; of longer expressions fewer are remembered, as a tree takes fifty times the memory
MOST_DEPTH = 150  # of calls within calls, or of accesses one after another


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, without its quotes, or an int."""

    value: str | int
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`, or `namespace.name(arguments)`; names as written."""

    namespace: str | None
    name: str
    arguments: tuple[Expression, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Access:
    """`of.name` or `of[key]`; a safe one, `of.?name` or `of[?key]`, is null where there is no such member."""

    of: Expression
    key: Expression
    is_dotted: bool
    is_safe: bool
    position: int


Expression: TypeAlias = Literal | Call | Access


def is_expression(text: str) -> bool:
    """Hold when a string of a template is to be evaluated: it stands in brackets, and the first is not doubled."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def unescaped(text: str) -> str:
    """Return the string that a text which is no expression stands for: of `[[` at its start one bracket is left."""
    return text[1:] if text.startswith("[[") else text


def parse(text: str) -> Expression:
    """Return the tree of `text`, which `is_expression`. Raises `BadExpression`."""
    if len(text) > MOST_CHARACTERS:
        raise BadExpression(f"an expression of more than {MOST_CHARACTERS} characters is not read", 0)
    return _short(text) if len(text) <= _SHORT else _long(text)


@lru_cache(maxsize=2_048)
def _short(text: str) -> Expression:
    return _parsed(text)


@lru_cache(maxsize=32)
def _long(text: str) -> Expression:
    return _parsed(text)


def _parsed(text: str) -> Expression:
    reader = _Reader(text, tokens_of(text, 1, len(text) - 1))
    tree = reader.expression(1)
    reader.expect(Kind.END)
    return tree


class _Reader:
    """Reads the tokens of one expression from left to right; each method takes those that it returns a tree for."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0

    def _take(self, kind: Kind) -> bool:
        if self._tokens[self._next].kind is not kind:
            return False
        self._next += 1
        return True

    def expect(self, kind: Kind) -> Token:
        token = self._tokens[self._next]
        if token.kind is not kind:
            raise BadExpression(f"{kind.value} is expected, not {token.shown()}", token.start, _repair_of(token, kind))
        self._next += 1
        return token

    def expression(self, depth: int) -> Expression:
        """Return a literal or a call, with the accesses that follow it."""
        token = self._tokens[self._next]
        if depth > MOST_DEPTH:
            raise BadExpression(f"the expression nests deeper than {MOST_DEPTH} levels", token.start)
        self._next += 1
        match token.kind:
            case Kind.TEXT | Kind.NUMBER:
                tree: Expression = Literal(token.value, token.start)
            case Kind.WORD:
                tree = self._call(token, depth)
            case _:
                raise BadExpression(f"a function, string or int is expected, not {token.shown()}", token.start)
        while (access := self._access(tree, depth)) is not None:
            depth += 1
            tree = access
        return tree

    def _call(self, first: Token, depth: int) -> Call:
        namespace, name = None, str(first.value)
        if self._tokens[self._next].kind is Kind.DOT:
            self._next += 1
            namespace, name = name, str(self.expect(Kind.WORD).value)
        self.expect(Kind.OPEN)
        arguments: list[Expression] = []
        if not self._take(Kind.CLOSE):
            arguments.append(self.expression(depth + 1))
            while self._take(Kind.COMMA):
                arguments.append(self.expression(depth + 1))
            self.expect(Kind.CLOSE)
        return Call(namespace, name, tuple(arguments), first.start)

    def _access(self, of: Expression, depth: int) -> Access | None:
        token = self._tokens[self._next]
        if depth >= MOST_DEPTH:
            raise BadExpression(f"the expression nests deeper than {MOST_DEPTH} levels", token.start)
        if self._take(Kind.DOT):
            is_safe = self._take(Kind.QUESTION)
            word = self.expect(Kind.WORD)
            return Access(of, Literal(word.value, word.start), True, is_safe, token.start)
        if self._take(Kind.OPEN_BRACKET):
            is_safe = self._take(Kind.QUESTION)
            key = self.expression(depth + 1)
            self.expect(Kind.CLOSE_BRACKET)
            return Access(of, key, False, is_safe, token.start)
        return None


def _repair_of(token: Token, expected: Kind) -> str | None:
    """Return the help for what people forget most: the parentheses of a function without arguments."""
    return "functions without arguments are written `true()`, `null()` and so on" if expected is Kind.OPEN else None


def written(tree: Expression) -> str:
    """Return `tree` as text, without the brackets around it."""
    match tree:
        case Literal(str() as value):
            return "'" + value.replace("'", "''") + "'"
        case Literal(value):
            return str(value)
        case Call(namespace, name, arguments):
            prefix = f"{namespace}." if namespace is not None else ""
            return f"{prefix}{name}({', '.join(written(argument) for argument in arguments)})"
        case Access(of, Literal(str() as name), True, is_safe):
            return f"{written(of)}.{'?' if is_safe else ''}{name}"
        case Access(of, key, _, is_safe):
            return f"{written(of)}[{'?' if is_safe else ''}{written(key)}]"
        case _:
            assert_never(tree)
