"""`make decisions`: which decisions no test takes both ways, looked for in one run of all tests.

What never decides can be changed and no test notices. Mutation tries a sample of changes, each with its tests; this
looks at every decision of the engines at once, and finds only what the tests do not even come by.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeVar

import pytest

from tests.mutation.changes import ROOT
from tests.mutation.modules import MODULES
from tests.mutation.reach import LEFT_OUT

Value = TypeVar("Value")
_RECORDS = ROOT / ".mutation" / "decisions"
_ONLY = "VNETVERIFY_DECISIONS"
_ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}
_NEUTRAL = {"all_of": "true", "any_of": "false", "none_of": "false"}
# How often the operands of one place are looked into that the program itself leaves out.
_PATIENCE = 4000
_ERROR = object()


@dataclass(frozen=True, slots=True)
class Decision:
    """A place in a function, and what is to be seen there: each of `wanted` has a bit in what was `seen`."""

    module: str
    function: str
    line: int
    column: int
    text: str
    wanted: tuple[str, ...]

    def open(self, seen: int) -> list[str]:
        """Return what is wanted and was not seen."""
        return [wanted for index, wanted in enumerate(self.wanted) if not seen >> index & 1]


@dataclass(slots=True)
class Record:
    """What was seen of the decisions of the modules that were imported, by their numbers."""

    decisions: list[Decision] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    looks: Counter[int] = field(default_factory=Counter)
    is_looking: bool = False

    def new(self, decision: Decision) -> int:
        self.decisions.append(decision)
        self.seen.append(0)
        return len(self.seen) - 1

    def see(self, number: int, bit: int) -> None:
        if not self.is_looking:
            self.seen[number] |= 1 << bit

    def condition(self, number: int, value: Value) -> Value:
        self.see(number, 0 if value else 1)
        return value

    def comparison(self, number: int, order: str, left: object, right: object) -> bool:
        if left == right:
            self.see(number, 0)
        return _ORDERS[getattr(ast, order)](left, right)

    def quantifier(self, number: int, is_any: bool, values: Iterable[object]) -> bool:
        """Stand for `any` and `all`; is seen where the other would have told otherwise."""
        if self.is_looking or self.seen[number]:
            return any(values) if is_any else all(values)
        every = [bool(value) for value in values]
        if any(every) is not all(every):
            self.see(number, 0)
        return any(every) if is_any else all(every)

    def argument(self, number: int, index: int, neutral: str, value: Value) -> Value:
        if value != neutral:
            self.see(number, index)
        return value

    def chain(self, number: int, is_and: bool, *operands: Callable[[], object]) -> object:
        """Stand for `and` and `or`; an operand is seen where the outcome would be another without it."""
        values = []
        for operand in operands:
            values.append(operand())
            if bool(values[-1]) is not is_and:
                break
        is_settled = self.seen[number] == (1 << len(operands)) - 1 or self.looks[number] > _PATIENCE
        if not self.is_looking and not is_settled:
            self.looks[number] += 1
            self._look(number, is_and, values, operands[len(values) :])
        return values[-1]

    def _look(self, number: int, is_and: bool, values: Sequence[object], rest: Sequence[Callable[[], object]]) -> None:
        self.is_looking = True
        try:
            every = [*values, *map(_value, rest)]
        finally:
            self.is_looking = False
        for index in range(len(every)):
            others = [*every[:index], *every[index + 1 :]]
            without = next((value for value in others if value is _ERROR or bool(value) is not is_and), others[-1])
            if without is _ERROR or bool(without) is not bool(values[-1]):
                self.see(number, index)

    def save(self) -> None:
        _RECORDS.mkdir(parents=True, exist_ok=True)
        rows = [[asdict(decision), seen] for decision, seen in zip(self.decisions, self.seen, strict=True)]
        (_RECORDS / f"{os.getpid()}.json").write_text(json.dumps(rows))


def _value(operand: Callable[[], object]) -> object:
    try:
        return operand()
    except Exception:  # what would have been raised is an outcome too
        return _ERROR


class Watched(ast.NodeTransformer):
    """Puts a call of the record around each decision of a module, `_record` there."""

    def __init__(self, module: str, record: Record) -> None:
        self._module, self._record = module, record
        self._names: list[str] = []
        self._returns = ""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self._names.append(node.name)
        node.body = [self.visit(each) if isinstance(each, ast.FunctionDef) else each for each in node.body]
        self._names.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        outer = self._returns
        self._returns = ast.unparse(node.returns) if node.returns else ""
        self._names.append(node.name)
        node.body = [self.visit(each) for each in node.body]
        self._names.pop()
        self._returns = outer
        return node

    def visit_If(self, node: ast.If) -> ast.If:
        node.test = self._condition(node.test)
        node.body, node.orelse = ([self.visit(each) for each in part] for part in (node.body, node.orelse))
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.IfExp:
        node.test = self._condition(node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        node.iter = self.visit(node.iter)
        node.ifs = [self._condition(condition) for condition in node.ifs]
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        node.guard = self._condition(node.guard) if node.guard else None
        number = self._new(node.body[0], f"case {ast.unparse(node.pattern)}", ("taken",))
        taken = ast.Expr(_recorded("condition", ast.Constant(number), ast.Constant(True)))
        node.body = [taken, *(self.visit(each) for each in node.body)]
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        if node.value is not None:
            is_decision = self._returns == "bool" and not isinstance(node.value, ast.Constant)
            node.value = self._condition(node.value) if is_decision else self.visit(node.value)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        # What binds a name or is a generator cannot be moved into a function of its own.
        if any(isinstance(each, ast.NamedExpr | ast.Yield | ast.YieldFrom) for each in ast.walk(node)):
            return self.generic_visit(node)
        number = self._new(
            node, ast.unparse(node), tuple(f"that `{ast.unparse(each)}` decides" for each in node.values)
        )
        nothing = ast.arguments([], [], None, [], [], None, [])
        operands = [ast.Lambda(nothing, self.visit(each)) for each in node.values]
        return _recorded("chain", ast.Constant(number), ast.Constant(isinstance(node.op, ast.And)), *operands)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        order = type(node.ops[0])
        if len(node.ops) > 1 or order not in _ORDERS:
            return self.generic_visit(node)
        number = self._new(node, ast.unparse(node), ("equality",))
        left, right = self.visit(node.left), self.visit(node.comparators[0])
        return _recorded("comparison", ast.Constant(number), ast.Constant(order.__name__), left, right)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("any", "all") and not any(isinstance(each, ast.NamedExpr) for each in ast.walk(node)):
            number = self._new(node, ast.unparse(node), ("true and false together",))
            is_any = ast.Constant(name == "any")
            return _recorded("quantifier", ast.Constant(number), is_any, self.visit(node.args[0]))
        is_splat = any(isinstance(each, ast.Starred) for each in node.args)
        if name not in _NEUTRAL or len(node.args) < 2 or is_splat:
            return self.generic_visit(node)
        wanted = tuple(f"`{ast.unparse(each)}` other than {_NEUTRAL[name]}" for each in node.args)
        number = self._new(node, ast.unparse(node), wanted)
        node.args = [
            _recorded(
                "argument", ast.Constant(number), ast.Constant(index), ast.Constant(_NEUTRAL[name]), self.visit(each)
            )
            for index, each in enumerate(node.args)
        ]
        return node

    def _condition(self, node: ast.expr) -> ast.expr:
        number = self._new(node, ast.unparse(node), ("true", "false"))
        return _recorded("condition", ast.Constant(number), self.visit(node))

    def _new(self, node: ast.expr | ast.stmt, text: str, wanted: tuple[str, ...]) -> int:
        shown = " ".join(text.split())
        return self._record.new(
            Decision(self._module, ".".join(self._names), node.lineno, node.col_offset, shown, wanted)
        )


def _recorded(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("_record", ast.Load()), name, ast.Load()), list(arguments), [])


def watched(text: str, module: str, record: Record) -> ast.Module:
    """Return the program of that text with its decisions recorded."""
    tree = Watched(module, record).visit(ast.parse(text))
    assert isinstance(tree, ast.Module)
    return ast.fix_missing_locations(tree)


class _Loader(SourceFileLoader):
    def __init__(self, module: str, path: str, record: Record) -> None:
        super().__init__(module, path)
        self._record = record

    def get_code(self, fullname: str) -> CodeType:
        return compile(watched(Path(self.path).read_text(), fullname, self._record), self.path, "exec")

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["_record"] = self._record
        super().exec_module(module)


class _Finder(MetaPathFinder):
    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = frozenset(modules)
        self._record = Record()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin, self._record)
        return spec

    def pytest_sessionfinish(self) -> None:
        self._record.save()


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Watch the modules that the run asks for, before anything imports them; this module is a plugin of it."""
    finder = _Finder(json.loads(os.environ[_ONLY]))
    sys.meta_path.insert(0, finder)
    early_config.pluginmanager.register(finder)


def recorded(files: Iterable[Path]) -> dict[Decision, int]:
    """Return what several processes have seen together."""
    together: dict[Decision, int] = {}
    for file in files:
        for fields, seen in json.loads(file.read_text()):
            decision = Decision(**fields | {"wanted": tuple(fields["wanted"])})
            together[decision] = together.get(decision, 0) | seen
    return together


def main() -> int:
    """Run tests and print what they leave open; return 1 where that is anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.decisions", description=__doc__)
    parser.add_argument("--tests", nargs="+", default=["tests"], help="files of tests, instead of all")
    parser.add_argument("only", nargs="*", default=["vnetverify.simulator", "vnetverify.encoder"], help="modules")
    asked = parser.parse_args()
    modules = [module for module in MODULES if any(part in module for part in asked.only)]
    for file in _RECORDS.glob("*.json"):
        file.unlink()
    left_out = [f"--ignore-glob={ROOT / part}*" for part in LEFT_OUT]
    command = ["pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "-p", "tests.mutation.decisions", *left_out]
    subprocess.run(
        [sys.executable, "-m", *command, *asked.tests],
        cwd=ROOT,
        env=os.environ | {_ONLY: json.dumps(modules)},
        check=False,
    )
    found = recorded(_RECORDS.glob("*.json"))
    lines = [
        f"{decision.module}:{decision.line} {decision.function}: never {wanted}: {decision.text}"
        for decision, seen in sorted(found.items(), key=lambda each: (each[0].module, each[0].line, each[0].column))
        for wanted in decision.open(seen)
    ]
    print(*lines, sep="\n")
    print(f"{len(lines)} of {sum(len(decision.wanted) for decision in found)} open")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
