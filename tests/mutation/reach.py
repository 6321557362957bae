"""Which tests run which lines of the program, measured once: a change can be noticed only by a test that runs it."""

from __future__ import annotations

import ast
import gc
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.caches import caches
from tests.mutation.changes import MODULE_LEVEL, ROOT, Change, path_of

# Whole programs and whole files of output are slow, and of no use to tell what is right in one function. The planted
# faults are mutants themselves, and what the generators draw is no statement about the program.
LEFT_OUT = (
    "tests/packaging",
    "tests/golden",
    "tests/mutation",
    "tests/agreement/test_mutants.py",
    "tests/agreement/test_planted_faults.py",
    "tests/agreement/test_generator",
)


@dataclass(slots=True)
class Reach:
    """What was measured of tests.

    `seconds` of the processor each took; `lines` says of a function's lines, counted from its first, which tests ran
    them; `texts` are digests of the functions and of the files of tests as they were then.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def tests_of(self, change: Change) -> frozenset[str]:
        """Return the tests that run the statement that is changed.

        Where the function has changed since: all that ran it; of what the import runs: all that ran any of the module,
        or all there are where none ran any.
        """
        name = f"{change.module} {change.function}"
        if self.is_imported(change) or name not in self.lines:
            within = [lines for each, lines in self.lines.items() if each.startswith(f"{change.module} ")]
            found = frozenset(test for lines in within for tests in lines.values() for test in tests)
            return found or frozenset(self.seconds)
        lines = self.lines[name]
        first, last = (line - change.first for line in change.lines)
        if self.texts.get(name) != text_of(change):
            first, last = 0, max(lines, default=0)
        return frozenset(test for line in range(first, last + 1) for test in lines.get(line, ()))

    def is_imported(self, change: Change) -> bool:
        """Tell whether the import alone runs what is changed: a statement of the module, or a function no test ran."""
        return change.function == MODULE_LEVEL or self.lines.get(f"{change.module} {change.function}") == {}

    def keep(self, files: Sequence[str]) -> None:
        """Forget the tests of other files."""
        self.seconds = {test: took for test, took in self.seconds.items() if test.partition("::")[0] in files}
        for ran in self.lines.values():
            for line, tests in ran.items():
                ran[line] = [test for test in tests if test in self.seconds]

    def files_to_measure(self, chosen: Sequence[str] = ()) -> list[str]:
        """Return the files of tests that are new or have changed since they were measured; of some, if chosen."""
        every = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob("test_*.py"))]
        files = [file for file in chosen or every if not file.startswith(LEFT_OUT)]
        return [file for file in files if self.texts.get(file) != _digest_of(file)]

    def save(self, path: Path) -> None:
        numbers = {test: number for number, test in enumerate(self.seconds)}
        lines = {
            name: {line: [numbers[test] for test in tests if test in numbers] for line, tests in ran.items()}
            for name, ran in self.lines.items()
        }
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(asdict(self) | {"lines": lines}))


def load(path: Path) -> Reach:
    """Return what was measured; nothing where nothing was."""
    if not path.exists():
        return Reach()
    saved = json.loads(path.read_text())
    tests = list(saved["seconds"])
    lines = {
        name: {int(line): [tests[number] for number in numbers] for line, numbers in ran.items()}
        for name, ran in saved["lines"].items()
    }
    return Reach(saved["seconds"], lines, saved["texts"])


def measure(modules: Sequence[str], files: Sequence[str], known: Reach) -> Reach:
    """Run the tests of `files` and return what they reach in `modules`, beside what is `known` of other tests."""
    import coverage  # of the extra `dev`, and of no use to whoever only reads what was measured

    sources = {str(path_of(module)): module for module in modules}
    measuring = coverage.Coverage(data_file=None, config_file=False, include=list(sources))
    watch = _Watch(measuring)
    measuring.start()
    try:
        pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files], plugins=[watch])
    finally:
        measuring.stop()
    seconds = {test: took for test, took in known.seconds.items() if test.partition("::")[0] not in files}
    measured = Reach(seconds | watch.seconds, {}, known.texts | {file: _digest_of(file) for file in files})
    for source, module in sources.items():
        ran = measuring.get_data().contexts_by_lineno(source)
        for name, function in functions_of(module):
            _add(measured, f"{module} {name}", function, ran, known)
    return measured


def _add(measured: Reach, name: str, function: FunctionText, ran: Mapping[int, Sequence[str]], known: Reach) -> None:
    """Add the tests that ran a function's lines; of one that has changed, those that ran it before ran all of it."""
    old = known.lines.get(name, {})
    if known.texts.get(name) != function.digest:
        every = sorted({test for tests in old.values() for test in tests})
        old = dict.fromkeys(range(function.last - function.first + 1), every) if every else {}
    lines: dict[int, list[str]] = {}
    for line in range(function.last - function.first + 1):
        tests = {*old.get(line, ()), *ran.get(function.first + line, ())} & measured.seconds.keys()
        if tests:
            lines[line] = sorted(tests)
    measured.lines[name] = lines
    measured.texts[name] = function.digest


@dataclass(frozen=True, slots=True)
class FunctionText:
    """The first line of a function, decorators included, its last one, and a digest of its text."""

    first: int
    last: int
    digest: str


@cache
def functions_of(module: str) -> tuple[tuple[str, FunctionText], ...]:
    """Return the outermost functions of a module (`Class.method`)."""
    text = path_of(module).read_text()
    return tuple(_functions_below(ast.parse(text), text.splitlines(), ""))


def _functions_below(node: ast.AST, lines: Sequence[str], prefix: str) -> Iterator[tuple[str, FunctionText]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            last = child.end_lineno or first
            yield f"{prefix}{child.name}", FunctionText(first, last, _digest("\n".join(lines[first - 1 : last])))
        elif isinstance(child, ast.ClassDef):
            yield from _functions_below(child, lines, f"{prefix}{child.name}.")


def text_of(change: Change) -> str:
    """Return a digest of the function that is changed, as it is without the change; of the module where it is none."""
    known = dict(functions_of(change.module)).get(change.function)
    return known.digest if known is not None else _digest(path_of(change.module).read_text())


def _digest_of(file: str) -> str:
    return _digest((ROOT / file).read_text())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Watch:
    """Tells the measurement which test is running; caches are emptied, so that a test runs all that it needs."""

    def __init__(self, measuring: Any) -> None:
        self._measuring = measuring
        self._caches: list[Any] = []
        self.seconds: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not item.nodeid.startswith(LEFT_OUT)]
        self._caches = caches()
        gc.freeze()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for remembered in self._caches:
            remembered.cache_clear()
        self._measuring.switch_context(item.nodeid)
        begun = time.process_time()
        result = yield
        self.seconds[item.nodeid] = round(time.process_time() - begun, 4)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.seconds.pop(report.nodeid, None)  # what fails anyway notices nothing
