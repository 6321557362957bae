"""The changes that can be made to a module of ours, one at a time, each of which makes it another program."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import CodeType

from tests.mutation.operators import replacements, returned_otherwise

ROOT = Path(__file__).parents[2]
MODULE_LEVEL = "<module>"
# Types are not run, and default values are tried where they are used.
_NOT_RUN = ("annotation", "returns", "decorator_list", "type_comment", "args")
# What is written in these changes nothing that a program of ours does.
_SPARED_CALLS = {"field", "dataclass", "TypeVar"}


@dataclass(frozen=True, slots=True)
class Change:
    """A place in a module and what it becomes.

    `function` is the outermost function that holds it (`Class.method`), `first` its first line, or `MODULE_LEVEL` and
    1; `lines` are those of the statement. `text` is the line as written; `occurrence` tells apart what is else equal.
    """

    module: str
    function: str
    first: int
    lines: tuple[int, int]
    text: str
    operator: str
    was: str
    becomes: str
    occurrence: int

    @property
    def key(self) -> str:
        """Return what identifies the change as long as its line stands in its function."""
        again = f" #{self.occurrence}" if self.occurrence else ""
        return f"{self.module} {self.function} | {self.text} | {self.operator}: {self.was} => {self.becomes}{again}"

    def lot(self, seed: int) -> str:
        """Return what the change draws under that seed: a sample is those that draw the least."""
        return hashlib.sha256(f"{seed} {self.key}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node hangs: the field of its parent, and the index where that is a list (else -1)."""

    parent: ast.AST
    field: str
    index: int

    def hang(self, node: ast.AST) -> None:
        if self.index < 0:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True, slots=True)
class _Context:
    function: str = MODULE_LEVEL
    first: int = 1
    returns: str = ""
    lines: tuple[int, int] = (1, 1)
    is_outermost: bool = True
    prefix: str = ""


def path_of(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


def changes_of(module: str) -> tuple[Change, ...]:
    """Return every change of a module, in the order of its text."""
    return tuple(change for change, _, _, _ in _found(module)[1].values())


def change_of(module: str, key: str) -> Change:
    """Return the change of that key. Raises `KeyError` where the module has none."""
    return _found(module)[1][key][0]


def changed_code(change: Change) -> CodeType:
    """Return the code of the module with the change made. Raises `KeyError` where it cannot be made."""
    tree, found = _found(change.module)
    _, place, was, becomes = found[change.key]
    place.hang(becomes)
    try:
        return compile(tree, str(path_of(change.module)), "exec")
    finally:
        place.hang(was)


@cache
def _found(module: str) -> tuple[ast.Module, dict[str, tuple[Change, _Place, ast.AST, ast.AST]]]:
    text = path_of(module).read_text()
    tree = ast.parse(text)
    lines = text.splitlines()
    found: dict[str, tuple[Change, _Place, ast.AST, ast.AST]] = {}
    seen: Counter[str] = Counter()
    for context, place, node, operator, becomes in _walk(tree, _Context(), _identifiers(tree)):
        _locate(becomes, node)
        at = getattr(node, "lineno", context.lines[0])
        change = Change(
            module, context.function, context.first, context.lines, lines[at - 1].strip(), operator, _shown(node),
            _shown(becomes), 0,
        )  # fmt: skip
        number = seen[change.key]
        seen[change.key] += 1
        if number:
            change = replace(change, occurrence=number)
        found[change.key] = change, place, node, becomes
    return tree, found


def _locate(becomes: ast.AST, node: ast.AST) -> None:
    """Give the nodes that are new the place of the one that they stand for."""
    if "lineno" in becomes._attributes and not hasattr(becomes, "lineno"):
        ast.copy_location(becomes, node)
    for child in ast.iter_child_nodes(becomes):
        _locate(child, becomes if hasattr(becomes, "lineno") else node)


def _shown(node: ast.AST) -> str:
    match node:
        case ast.If() | ast.While():
            shown = f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
        case ast.Match(subject=subject, cases=cases):
            shown = f"match {ast.unparse(subject)}: {' / '.join(ast.unparse(case.pattern) for case in cases)}"
        case ast.match_case(pattern=pattern, guard=guard):
            shown = f"case {ast.unparse(pattern)}" + (f" if {ast.unparse(guard)}" if guard else "")
        case ast.comprehension(ifs=conditions):
            shown = f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
            shown += "".join(f" if {ast.unparse(condition)}" for condition in conditions)
        case _:
            shown = ast.unparse(node)
    return " ".join(shown.split())


def _identifiers(tree: ast.Module) -> frozenset[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return frozenset(names | attributes | imported | defined)


def _walk(
    node: ast.AST, context: _Context, known: frozenset[str]
) -> Iterator[tuple[_Context, _Place, ast.AST, str, ast.AST]]:
    """Yield every change below `node`, with what surrounds it."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_comment", "args") and not isinstance(
            node, ast.Call
        ):
            continue  # types are not run, and default values are tried where they are used
        children = list(enumerate(value)) if isinstance(value, list) else [(-1, value)]
        for index, child in children:
            if isinstance(child, ast.AST) and not _is_spared(child, node):
                inner = _inner(child, context)
                for operator, becomes in _of(child, inner, known):
                    yield inner, _Place(node, name, index), child, operator, becomes
                yield from _walk(child, inner, known)


def _of(node: ast.AST, context: _Context, known: frozenset[str]) -> Iterator[tuple[str, ast.AST]]:
    yield from replacements(node, known)
    if isinstance(node, ast.Return):
        yield from returned_otherwise(node, context.returns)


def _is_spared(node: ast.AST, parent: ast.AST) -> bool:
    """Tell whether nothing that a program does depends on this: its texts for people, its types, its imports."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in _SPARED_CALLS or isinstance(parent, ast.Raise)
        case ast.keyword(arg="strict"):
            return True  # a check on us: where it held, nothing changes without it
    return isinstance(node, ast.expr) and isinstance(parent, ast.Raise)


def _inner(node: ast.AST, context: _Context) -> _Context:
    match node:
        case ast.ClassDef(name=name):
            return _Context(context.function, context.first, "", _lines(node), True, f"{context.prefix}{name}.")
        case ast.FunctionDef(name=name, returns=returns):
            shown = ast.unparse(returns) if returns else ""
            if context.is_outermost:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                return _Context(f"{context.prefix}{name}", first, shown, _lines(node), False)
            return _Context(context.function, context.first, shown, _lines(node), False)
        case ast.stmt() | ast.match_case():
            return _Context(
                context.function, context.first, context.returns, _lines(node), context.is_outermost, context.prefix
            )
    return context


def _lines(node: ast.AST) -> tuple[int, int]:
    """Return the first and the last line of a statement, or of its head where others hang below it."""
    match node:
        case ast.If(test=head) | ast.While(test=head) | ast.For(iter=head) | ast.Match(subject=head):
            return node.lineno, head.end_lineno or node.lineno
        case ast.match_case(pattern=pattern, guard=guard):
            return pattern.lineno, (guard or pattern).end_lineno or pattern.lineno
        case ast.FunctionDef() | ast.ClassDef() | ast.With() | ast.Try():
            return node.lineno, node.lineno
    return getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
