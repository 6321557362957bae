"""A change to what a module does when it is imported is tried in a process that imports everything with the change."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

import pytest

from tests.mutation.changes import ROOT, Change, change_of, changed_code
from tests.mutation.outcomes import BROKEN, KILLED, LATE, SURVIVED, Outcome

_SECONDS = 300.0
_OUTCOMES = {pytest.ExitCode.OK: SURVIVED, pytest.ExitCode.TESTS_FAILED: KILLED, pytest.ExitCode.INTERRUPTED: KILLED}


class _Changed(SourceFileLoader):
    def __init__(self, change: Change, path: str) -> None:
        super().__init__(change.module, path)
        self._change = change

    def get_code(self, fullname: str) -> CodeType:
        return changed_code(self._change)


class _Finder(MetaPathFinder):
    def __init__(self, change: Change) -> None:
        self._change = change

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._change.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Changed(self._change, spec.origin)
        return spec


class _Chosen:
    """Runs the chosen tests in their order, and tells which failed."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._tests = {test: number for number, test in enumerate(tests)}
        self.by = "the import"
        self.run = 0

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self._tests), key=lambda item: self._tests[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.run += report.when == "call"
        if report.failed:
            self.by = report.nodeid


def tried_anew(change: Change, tests: Sequence[str], reaching: int) -> Outcome:
    """Run the tests in a process of their own that has the change."""
    begun = time.monotonic()
    asked = json.dumps({"module": change.module, "key": change.key, "tests": tests})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.mutation.anew"], cwd=ROOT, input=asked, capture_output=True, text=True,
            timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Outcome(LATE, "the clock", 0, reaching, round(time.monotonic() - begun, 2))
    took = round(time.monotonic() - begun, 2)
    try:
        outcome, by, run = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return Outcome(BROKEN, (done.stdout + done.stderr)[-300:], 0, reaching, took)
    return Outcome(outcome, by, run, reaching, took)


def main() -> None:
    asked = json.load(sys.stdin)
    sys.meta_path.insert(0, _Finder(change_of(asked["module"], asked["key"])))
    chosen = _Chosen(asked["tests"])
    files = dict.fromkeys(test.partition("::")[0] for test in asked["tests"])
    ended = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *files], plugins=[chosen])
    outcome = _OUTCOMES.get(pytest.ExitCode(ended), BROKEN)
    print(json.dumps((outcome, chosen.by if outcome == KILLED else str(ended), chosen.run)))


if __name__ == "__main__":
    main()
