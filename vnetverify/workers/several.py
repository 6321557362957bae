"""The parts of one sentence, done by several processes where that pays off."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from contextlib import closing
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from vnetverify.executor import Lost
from vnetverify.workers.forking import may_fork

_Result = TypeVar("_Result")

WORTH_SECONDS = 0.25
"""Work that is left from which on further processes pay: to begin and to end them takes a tenth of that."""


@dataclass(frozen=True, slots=True)
class _Loss:
    why: str


@dataclass(frozen=True, slots=True)
class Several:
    """This process and others, `jobs` in all, which inherit all that it knows and what is to be done.

    Where they cannot inherit anything this one does it all. Where `stopped` is set nobody waits for it any more. They
    pay where as much work is left as is `worth` while.
    """

    jobs: int
    stopped: Event
    worth: float = WORTH_SECONDS

    def results(
        self, work: Callable[[int], _Result], count: int, *, long: bool = False
    ) -> Generator[_Result, None, None]:
        """Yield what the work on each task gives, in order. Raises `Lost`, `CancelledError` and what the work does."""
        done, begun, can_share = 0, time.monotonic(), self.jobs > 1 and may_fork()
        while done < count and not (can_share and (self._pays(done, count - done, begun) or (long and count > 1))):
            self._go_on()
            yield work(done)
            done += 1
        if done < count:
            with closing(self._shared_out(lambda number: work(done + number), count - done, long=long)) as found:
                yield from found

    def _shared_out(self, work: Callable[[int], _Result], count: int, *, long: bool) -> Generator[_Result, None, None]:
        from vnetverify.workers.pool import NoWorkers, Pool  # which are not needed where one process does it all

        own = None if long else work  # where each worker copies what it touches this process has it already
        pool: Pool[_Result | _Loss] = Pool(lambda: work, _lost, self.jobs, self._go_on, "fork", own)
        try:
            with closing(pool.results(count)) as found:
                for result in found:
                    if isinstance(result, _Loss):
                        raise Lost(result.why)
                    yield result
        except NoWorkers:
            yield from map(work, range(count))

    def _pays(self, done: int, left: int, begun: float) -> bool:
        """Tell whether several pay for what is left, by how long what is done took."""
        return done > 0 and left > 1 and (time.monotonic() - begun) / done * left > self.worth

    def _go_on(self) -> None:
        if self.stopped.is_set():
            raise CancelledError


def _lost(_: int, why: str) -> _Loss:
    return _Loss(why)
