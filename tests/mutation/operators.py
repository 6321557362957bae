"""What may be changed in one node of a program so that it says something else: the operators of mutation."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from copy import copy
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
# A replacement with the name of the operator; None stands for a node that is left out.
Replacement = tuple[str, ast.AST]

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_OPPOSITES = {
    "any": ("all",),
    "all": ("any",),
    "min": ("max",),
    "max": ("min",),
    "any_of": ("all_of", "none_of"),
    "all_of": ("any_of",),
    "none_of": ("any_of",),
    "takewhile": ("filter",),
}
_PAIRS = (
    ("source", "destination"),
    ("sources", "destinations"),
    ("inbound", "outbound"),
    ("low", "high"),
    ("first", "last"),
    ("left", "right"),
    ("sender", "receiver"),
    ("local", "remote"),
    ("ipv4", "ipv6"),
    ("tcp", "udp"),
    ("true", "false"),
    ("allow", "deny"),
    ("vpn", "expressroute"),
    ("before", "after"),
    ("value", "last"),
)
_COUNTERPARTS = {word: other for pair in _PAIRS for word, other in (pair, pair[::-1])}
_BUILDERS = {"all_of", "any_of", "none_of", "chain"}
_LONGEST_DISPLAY = 8


def replacements(node: ast.AST, known: frozenset[str]) -> Iterator[Replacement]:
    """Yield what `node` may become. `known` are the identifiers that may be written in its place."""
    match node:
        case ast.Compare():
            yield from _compared_otherwise(node)
        case ast.BoolOp(op=op, values=values):
            yield "boolean", _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            for rest in _with_one_less(values):
                yield "operand dropped", _with(node, values=rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield "negation dropped", operand
        case ast.BinOp():
            yield from _calculated_otherwise(node)
        case ast.Constant(value=bool(value)):
            yield "flag", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case ast.IfExp(body=body, orelse=orelse):
            yield "branch", body
            yield "branch", orelse
        case ast.comprehension(ifs=conditions):
            for rest in _with_one_less(conditions):
                yield "condition dropped", _with(node, ifs=rest)
        case ast.Call():
            yield from _called_otherwise(node, known)
        case ast.Attribute(attr=name):
            for other in _counterparts(name, known):
                yield "counterpart", _with(node, attr=other)
        case ast.Name(id=name, ctx=ast.Load()):
            for other in _counterparts(name, known):
                yield "counterpart", _with(node, id=other)
        case ast.List(elts=elements, ctx=ast.Load()) | ast.Set(elts=elements):
            if 1 < len(elements) <= _LONGEST_DISPLAY:
                for rest in _with_one_less(elements):
                    yield "element dropped", _with(node, elts=rest)
        case ast.stmt() | ast.match_case() | ast.MatchOr():
            yield from _done_otherwise(node)


def _with(node: Node, **fields: object) -> Node:
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _with_one_less(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    for index in range(len(nodes)):
        yield [*nodes[:index], *nodes[index + 1 :]]


def _compared_otherwise(node: ast.Compare) -> Iterator[Replacement]:
    for index, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:
            yield "comparison", _with(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])
    for operand in (node.left, *node.comparators):
        if isinstance(operand, ast.Tuple) and len(operand.elts) > 1:
            yield from _tuple_of_a_comparison(node, operand)


def _tuple_of_a_comparison(node: ast.Compare, row: ast.Tuple) -> Iterator[Replacement]:
    """Yield `a in (b, c)` with one element less."""
    if isinstance(node.ops[-1], ast.In | ast.NotIn) and row is node.comparators[-1]:
        for rest in _with_one_less(row.elts):
            yield "element dropped", _with(node, comparators=[*node.comparators[:-1], _with(row, elts=rest)])


def _calculated_otherwise(node: ast.BinOp) -> Iterator[Replacement]:
    if isinstance(node.op, ast.Add):
        # A sum of tuples has no difference, and one of numbers without an operand is another number too.
        numbers = any(
            isinstance(side, ast.Constant) and isinstance(side.value, int) for side in (node.left, node.right)
        )
        yield "arithmetic", _with(node, op=ast.Sub()) if numbers else node.left
        if not numbers:
            yield "arithmetic", node.right
    elif type(node.op) in _ARITHMETIC:
        yield "arithmetic", _with(node, op=_ARITHMETIC[type(node.op)]())


def _called_otherwise(node: ast.Call, known: frozenset[str]) -> Iterator[Replacement]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    for other in _OPPOSITES.get(name, ()):
        if other in known or other in ("any", "all", "min", "max"):
            yield "opposite", _with(node, func=_with(node.func, id=other))
    if name in _BUILDERS and len(node.args) > 1:
        for rest in _with_one_less(node.args):
            yield "argument dropped", _with(node, args=rest)
    for index, (first, second) in enumerate(zip(node.args, node.args[1:], strict=False)):
        if _word(first) and _word(second) and _may_be_swapped(first, second):
            yield "arguments swapped", _with(node, args=[*node.args[:index], second, first, *node.args[index + 2 :]])


def _word(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _may_be_swapped(first: ast.expr, second: ast.expr) -> bool:
    return _word(second) in _counterparts(_word(first), None)


def _counterparts(name: str, known: frozenset[str] | None) -> Iterator[str]:
    """Yield `name` with one of its words replaced by the opposite, as far as such names are known."""
    words = name.split("_")
    for index, word in enumerate(words):
        other = _COUNTERPARTS.get(word.lower())
        if other is not None:
            shown = other.upper() if word.isupper() else other
            changed = "_".join([*words[:index], shown, *words[index + 1 :]])
            if known is None or changed in known:
                yield changed


def _done_otherwise(node: ast.AST) -> Iterator[Replacement]:
    match node:
        case ast.If(test=test) if not isinstance(test, ast.Constant):
            yield "branch", _with(node, test=ast.Constant(True))
            yield "branch", _with(node, test=ast.Constant(False))
        case ast.While():
            yield "branch", _with(node, test=ast.Constant(False))
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
            yield "yield dropped", ast.If(ast.Constant(False), [node], [])  # so that it stays a generator
        case ast.Expr(value=ast.Call(func=func)) if _word(func) != "assert_never":
            yield "call dropped", ast.Pass()
        case ast.AugAssign(op=op):
            yield "assignment dropped", ast.Pass()
            if type(op) in _ARITHMETIC:
                yield "arithmetic", _with(node, op=_ARITHMETIC[type(op)]())
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield "assignment dropped", ast.Pass()
        case ast.Raise(exc=ast.expr()):
            yield "raise dropped", ast.Pass()
        case ast.Continue() | ast.Break():
            yield "loop", ast.Pass()
        case ast.Match(cases=cases) if len(cases) > 1:
            for index, case in enumerate(cases):
                if not _is_closing(case):
                    yield "case dropped", _with(node, cases=[*cases[:index], *cases[index + 1 :]])
        case ast.match_case(guard=ast.expr()):
            yield "condition dropped", _with(node, guard=None)
        case ast.MatchOr(patterns=patterns):
            for rest in _with_one_less(patterns):
                yield "case dropped", _with(node, patterns=rest) if len(rest) > 1 else rest[0]


def _is_closing(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None


def returned_otherwise(node: ast.Return, returns: str) -> Iterator[Replacement]:
    """Yield other things that a function which `returns` that type may return."""
    value = node.value
    if value is None:
        return
    constant = value.value if isinstance(value, ast.Constant) else value
    if returns == "bool" and not isinstance(value, ast.Constant):
        yield "return", _with(node, value=ast.UnaryOp(ast.Not(), value))
    elif returns == "Term":
        for term in ("true", "false"):
            if ast.unparse(value) != term.upper():
                yield "return", _with(node, value=ast.Constant(term))
    elif returns == "int" and not isinstance(value, ast.Constant):
        yield "return", _with(node, value=ast.BinOp(value, ast.Add(), ast.Constant(1)))
    elif returns.endswith("| None") and constant is not None:
        yield "return", _with(node, value=ast.Constant(None))
    elif returns.startswith(("tuple[", "Sequence[", "Iterable[", "Iterator[")) and _is_of_any_length(value, returns):
        yield "return", _with(node, value=ast.Call(ast.Name("iter", ast.Load()), [ast.Tuple([], ast.Load())], [])
                              if returns.startswith("Iterator") else ast.Tuple([], ast.Load()))  # fmt: skip
    elif returns.startswith("list["):
        yield "return", _with(node, value=ast.List([], ast.Load()))
    elif returns.startswith(("frozenset[", "set[")):
        yield "return", _with(node, value=ast.Call(ast.Name("frozenset", ast.Load()), [], []))
    elif returns.startswith(("dict[", "Mapping[")):
        yield "return", _with(node, value=ast.Dict([], []))


def _is_of_any_length(value: ast.expr, returns: str) -> bool:
    is_empty = isinstance(value, ast.Tuple) and not value.elts
    return not is_empty and (not returns.startswith("tuple[") or returns.endswith(", ...]"))
