"""Work distributed over several solvers, each with a thread of its own, none of which has to be waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from vnetverify.prover.solver import Solver

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_FAREWELL_SECONDS = 0.2
_TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Crew(Generic[_Item, _Result]):
    """Does `work` on items with one solver each at a time, until all are done or it is `stopped`.

    A single solver begins with an item when its result is asked for, so that it is idle between two. `tick` is called
    now and then while a result is waited for.
    """

    work: Callable[[_Item, Solver], _Result]
    solvers: Sequence[Solver]
    stopped: Event
    tick: Callable[[], None] = lambda: None

    def results(self, items: Sequence[_Item]) -> Generator[_Result, None, None]:
        """Yield what the work on each item gives, in their order.

        Whatever ends this before the last result, be it the caller, an error in the work or an interrupt, stops all
        solvers. Results that come after that reach nobody, and a thread that is busy then ends with the program.
        """
        tasks: list[_Task[_Item, _Result]] = [_Task(item, Future()) for item in items]
        waiting: SimpleQueue[_Task[_Item, _Result] | None] = SimpleQueue()
        is_alone = len(self.solvers) == 1
        for task in () if is_alone else tasks:
            waiting.put(task)
        threads = [Thread(target=self._work, args=(waiting, solver), daemon=True) for solver in self.solvers]
        try:
            for thread in threads:
                thread.start()
            for task in tasks:
                if is_alone:
                    waiting.put(task)
                yield self._result(task)
        finally:
            self.stopped.set()
            for _ in threads:
                waiting.put(None)
            self._dismiss(threads)

    def _result(self, task: _Task[_Item, _Result]) -> _Result:
        while True:
            try:
                return task.future.result(_TICK_SECONDS)
            except TimeoutError:
                if task.future.done():  # it is the work's own
                    return task.future.result()
                self.tick()

    def _work(self, waiting: SimpleQueue[_Task[_Item, _Result] | None], solver: Solver) -> None:
        while (task := waiting.get()) is not None and not self.stopped.is_set():
            try:
                task.future.set_result(self.work(task.item, solver))
            except BaseException as problem:
                task.future.set_exception(problem)

    def _dismiss(self, threads: Sequence[Thread]) -> None:
        """Stop what is still under way; a solver that nobody uses any more is closed."""
        until = time.monotonic() + _FAREWELL_SECONDS
        for solver in self.solvers:
            solver.stop()
        for thread, solver in zip(threads, self.solvers, strict=True):
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))
            if not thread.is_alive():
                solver.close()


@dataclass(frozen=True, slots=True)
class _Task(Generic[_Item, _Result]):
    item: _Item
    future: Future[_Result]
