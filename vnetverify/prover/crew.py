"""Work shared out among solvers, each with a thread of its own that nobody has to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from vnetverify.prover.solver import Solver

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_FAREWELL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Crew(Generic[_Item, _Result]):
    """Does `work` on items with one solver each at a time, until all are done or it is `stopped`."""

    work: Callable[[_Item, Solver], _Result]
    solvers: Sequence[Solver]
    stopped: Event

    def results(self, items: Sequence[_Item]) -> Generator[_Result, None, None]:
        """Yield what the work on each item gives, in their order.

        Whatever ends this before the last result, be it the caller, an error in the work or an interrupt, stops all
        solvers. Results that come after that reach nobody, and a thread that is busy then ends with the program.
        """
        tasks: list[_Task[_Item, _Result]] = [_Task(item, Future()) for item in items]
        waiting: SimpleQueue[_Task[_Item, _Result]] = SimpleQueue()
        for task in tasks:
            waiting.put(task)
        threads = [Thread(target=self._toil, args=(waiting, solver), daemon=True) for solver in self.solvers]
        try:
            for thread in threads:
                thread.start()
            for task in tasks:
                yield task.future.result()
        finally:
            self._dismiss(threads)

    def _toil(self, waiting: SimpleQueue[_Task[_Item, _Result]], solver: Solver) -> None:
        while not self.stopped.is_set():
            try:
                task = waiting.get_nowait()
            except Empty:
                return
            try:
                task.future.set_result(self.work(task.item, solver))
            except BaseException as problem:
                task.future.set_exception(problem)

    def _dismiss(self, threads: Sequence[Thread]) -> None:
        """Stop what is still under way; a solver that nobody uses any more is closed."""
        self.stopped.set()
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
