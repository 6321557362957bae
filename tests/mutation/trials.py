"""A change is tried: a child of a process that holds all tests makes it in memory and runs those that it can fail.

One that no test notices can be tried by drawn networks too, on which the engines then have to differ.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType
from typing import Any, NoReturn

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from tests.agreement.campaigns import LOT
from tests.agreement.lots import run_lots
from tests.mutation.caches import caches
from tests.mutation.changes import Change, changed_code, path_of
from tests.mutation.outcomes import BROKEN, FUZZED, KILLED, LATE, SURVIVED, UNREACHED, Outcome
from tests.mutation.reach import LEFT_OUT, Reach

_MEGABYTES = 4096
# How long a test may take: seconds of the processor beside ten times what it took without the change. The clock on
# the wall, for what waits for ever, is far more generous, since others may use the machine.
_SECONDS_MORE, _TIMES_AS_LONG = 5.0, 10.0
_SECONDS_ON_THE_WALL, _TIMES_ON_THE_WALL = 900.0, 60.0
_BOOK = "tests/rulebook"
# A campaign of this seed finds no difference where nothing is changed, which is tried first.
_CAMPAIGN = 9701
# Where a function stands: its file, first line and qualified name.
_Spot = tuple[str, int, str]
Live = Mapping[_Spot, Sequence[FunctionType]]


class TooLate(BaseException):
    """A test takes far longer than it does without the change."""


class Order:
    """In which order tests are run: those that noticed other changes of the function, or of the module, come first."""

    def __init__(self, reach: Reach, budget: float, outcomes: Iterable[tuple[Change, Outcome]]) -> None:
        self._reach, self._budget = reach, budget
        self._noticed: dict[str, int] = defaultdict(int)
        for change, outcome in outcomes:
            self.learn(change, outcome)

    def learn(self, change: Change, outcome: Outcome) -> None:
        if outcome.outcome == KILLED:
            for part in (change.module, change.function):
                self._noticed[f"{part} {outcome.by}"] += 1

    def of(self, change: Change, tests: frozenset[str]) -> list[str]:
        """Return the tests in their order, file by file, as many as `budget` seconds last.

        The files about the module come before the rule book, and this before others.
        """
        files: dict[str, list[str]] = defaultdict(list)
        for test in tests:
            files[test.partition("::")[0]].append(test)
        costs = {file: sum(self._reach.seconds[test] for test in files[file]) for file in files}

        def promise(test: str) -> tuple[object, ...]:
            file = test.partition("::")[0]
            noticed = self._noticed[f"{change.function} {test}"], self._noticed[f"{change.module} {test}"]
            is_about = all(part in file for part in change.module.split(".")[1:])
            apart = not is_about, not file.startswith(_BOOK), costs[file], file
            return -noticed[0], -noticed[1], *apart, self._reach.seconds[test], test

        spent = 0.0
        chosen: list[str] = []
        for test in sorted(tests, key=promise):
            spent += self._reach.seconds[test]
            if spent <= self._budget or not chosen:
                chosen.append(test)
        return chosen


class Trials:
    """A plugin that does not run the tests that were collected but tries changes with them."""

    def __init__(
        self,
        changes: Sequence[Change],
        reach: Reach,
        order: Order,
        jobs: int,
        networks: int,
        report: Callable[[Change, Outcome], None],
    ) -> None:
        self._changes, self._reach, self._order, self._jobs, self._report = changes, reach, order, jobs, report
        self._lots = -(-networks // LOT)
        # A change is noticed by any failure: none has to be made small.
        hypothesis.settings.register_profile("mutation", phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
        hypothesis.settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not item.nodeid.startswith(LEFT_OUT)]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        gc.unfreeze()  # what is frozen, by a measurement before, would not be found
        live, remembered = _functions(), caches()
        gc.freeze()
        unchanged = next(_differences(self._lots), None)
        if unchanged is not None:
            raise pytest.UsageError(f"the campaign finds a difference without any change: {unchanged}")
        running: list[_Running] = []
        for change in self._changes:
            reaching = self._reach.tests_of(change) & items.keys()
            tests = self._order.of(change, reaching)
            if not tests and not self._lots:
                self._report(change, Outcome(UNREACHED, "", 0, 0, 0.0))
                continue
            trial = _Trial(change, [items[test] for test in tests], self._reach, self._lots, live, remembered)
            running.append(_Running(trial, len(reaching)))
            while len(running) >= self._jobs:
                self._wait(running)
        while running:
            self._wait(running)
        return True

    def _wait(self, running: list[_Running]) -> None:
        """Wait for something to happen, and take those that have ended off the list."""
        left = min(each.deadline for each in running) - time.monotonic()
        readable = select.select([each.reading for each in running], [], [], max(0.0, left))[0]
        for each in tuple(running):
            outcome = each.outcome(each.reading in readable)
            if outcome is not None:
                running.remove(each)
                self._order.learn(each.trial.change, outcome)
                self._report(each.trial.change, outcome)


@dataclass(frozen=True, slots=True)
class _Trial:
    change: Change
    items: Sequence[pytest.Item]
    reach: Reach
    lots: int
    live: Live
    remembered: Sequence[Any]

    @property
    def seconds(self) -> float:
        return sum(self.reach.seconds[item.nodeid] for item in self.items) + self.lots * LOT

    def run(self, tell: Callable[[str, str, int], None]) -> None:
        """Make the change and run the tests until one fails, and then the campaign."""
        for remembered in self.remembered:
            remembered.cache_clear()
        if not plant(self.change, self.live):
            tell(BROKEN, "no function to be changed", 0)
            return
        for number, item in enumerate(self.items, 1):
            after = self.items[number] if number < len(self.items) else None
            with _within(_SECONDS_MORE + _TIMES_AS_LONG * self.reach.seconds[item.nodeid]):
                reports = runtestprotocol(item, log=False, nextitem=after)
            if any(report.failed for report in reports):
                is_late = any(TooLate.__name__ in str(report.longrepr) for report in reports)
                tell(LATE if is_late else KILLED, item.nodeid, number)
                return
        for difference in _differences(self.lots):
            tell(FUZZED, difference, len(self.items))
            return
        tell(SURVIVED if self.items else UNREACHED, "", len(self.items))


class _Running:
    """A child that tries a change and writes how it went."""

    def __init__(self, trial: _Trial, reaching: int) -> None:
        self.trial = trial
        self._reaching, self._text, self._begun = reaching, b"", time.monotonic()
        self.deadline = self._begun + _SECONDS_ON_THE_WALL + _TIMES_ON_THE_WALL * trial.seconds
        self.reading, writing = os.pipe()
        self._child = os.fork()
        if not self._child:
            os.close(self.reading)
            _be_the_child(trial, writing)
        os.close(writing)

    def outcome(self, is_readable: bool) -> Outcome | None:
        """Return what became of the change; None while that is not known yet."""
        if is_readable:
            chunk = os.read(self.reading, 1 << 16)
            self._text += chunk
            return None if chunk else self._ended(False)
        return self._ended(True) if time.monotonic() >= self.deadline else None

    def _ended(self, is_late: bool) -> Outcome:
        os.close(self.reading)
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        took = round(time.monotonic() - self._begun, 2)
        if is_late:
            return Outcome(LATE, "the clock", 0, self._reaching, took)
        if not self._text:
            return Outcome(BROKEN, "the child ended", 0, self._reaching, took)
        outcome, by, tests = json.loads(self._text)
        return Outcome(outcome, by, tests, self._reaching, took)


def _be_the_child(trial: _Trial, writing: int) -> NoReturn:
    def tell(outcome: str, by: str, tests: int) -> None:
        os.write(writing, json.dumps((outcome, by, tests)).encode())

    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        resource.setrlimit(resource.RLIMIT_AS, (_MEGABYTES << 20, _MEGABYTES << 20))
        trial.run(tell)
    except TooLate:
        tell(LATE, "the processor", 0)
    except BaseException:
        tell(BROKEN, traceback.format_exc(limit=-3), 0)
    finally:
        os._exit(0)


def _differences(lots: int) -> Iterator[str]:
    """Yield the first differences that drawn networks show, lot by lot."""
    for lot in range(lots):
        try:
            with _within(_SECONDS_MORE + _TIMES_AS_LONG * LOT):
                found = [one["kind"] for one in run_lots(_CAMPAIGN, lot, lot + 1, shrinking_seconds=0).differences]
        except (Exception, TooLate) as died:
            found = [type(died).__name__]
        yield from (f"make fuzz SEED={_CAMPAIGN}, lot {lot}: {kind}" for kind in found)


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooLate

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _functions() -> Live:
    """Return the functions that exist, by where they stand: a function can be given other code and stay itself."""
    found: dict[_Spot, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if type(each) is FunctionType:
            found[_spot(each.__code__)].append(each)
    return found


def _spot(code: CodeType) -> _Spot:
    return code.co_filename, code.co_firstlineno, code.co_qualname


def plant(change: Change, live: Live) -> bool:
    """Give the functions the code that they have with the change; tell whether the changed one was there."""
    wanted = (str(path_of(change.module)), change.first, change.function)
    outermost = next((code for code in _codes(changed_code(change)) if _spot(code) == wanted), None)
    if outermost is None or not live.get(wanted):
        return False
    for code in _codes(outermost):
        for function in live.get(_spot(code), ()):
            function.__code__ = code
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code and whatever is defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
