"""Tasks distributed over worker processes, any of which may die, hang or run out of memory.

A task whose worker is lost is tried once more in another; then it is given up, and the rest goes on.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import selectors
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from vnetverify.prover.process import GRACE_SECONDS, signal_name
from vnetverify.workers.channel import Channel
from vnetverify.workers.forking import may_fork
from vnetverify.workers.worker import Done, Raised, answer_of, work

_Result = TypeVar("_Result")

TICK_SECONDS = 0.5
SILENT_TICKS = 60
"""After so many ticks without a word a worker is taken for lost: stopped, or without memory or processor to live on."""

_TRIES = 2
_AHEAD = 2  # tasks that a worker is given at a time, so that it need not wait for the next


class NoWorkers(Exception):
    """No process could be started."""


def method_here() -> str:
    """Return how workers are started: with all that is loaded already, where the system lets us safely."""
    return "fork" if may_fork() else "spawn"


@dataclass(frozen=True, slots=True)
class Pool(Generic[_Result]):
    """`prepare` runs in each worker and gives what does a task there, by its number; `lost` is a result without one.

    `tick` is called now and then while the pool waits. With `own` this process does tasks as well, in place of one of
    the workers, but none with which a worker was lost.
    """

    prepare: Callable[[], Callable[[int], _Result]]
    lost: Callable[[int, str], _Result]
    jobs: int
    tick: Callable[[], None] = lambda: None
    method: str = field(default_factory=method_here)
    own: Callable[[int], _Result] | None = None

    def results(self, count: int) -> Generator[_Result, None, None]:
        """Yield the results of the tasks 0 to `count` - 1 in order.

        What the work on a task raises is raised where its result would come. Raises `NoWorkers`. Whatever ends this,
        no worker is left.
        """
        crowd: _Crowd[_Result] = _Crowd(self, deque(range(count)))
        try:
            crowd.fill()
            if not crowd.workers and count:
                raise NoWorkers
            for number in range(count):
                while number not in crowd.answers:
                    if self.own is None or not crowd.help(self.own):
                        crowd.listen()
                answer = crowd.answers.pop(number)
                if isinstance(answer, Raised):
                    raise answer.problem
                yield answer.result
        finally:
            crowd.dismiss()


@dataclass(slots=True)
class _Worker:
    """A process with the tasks that it was given, the first of which is under way."""

    process: BaseProcess
    channel: Channel
    tasks: deque[int] = field(default_factory=deque)
    silent_ticks: int = 0

    def how_it_ended(self) -> str:
        self.process.join(GRACE_SECONDS)  # it has closed its pipe; how it ended is known a moment later
        status = self.process.exitcode
        if status is None:
            return "went silent"
        return f"was ended by signal {signal_name(-status)}" if status < 0 else f"ended with status {status}"

    def end(self) -> None:
        self.process.kill()
        self.channel.close()


@dataclass(slots=True)
class _Crowd(Generic[_Result]):
    """The workers of one run."""

    pool: Pool[_Result]
    waiting: deque[int]
    workers: list[_Worker] = field(default_factory=list)
    answers: dict[int, Done | Raised] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    last_tick: float = field(default_factory=time.monotonic)

    def fill(self) -> None:
        """Start workers as long as there are tasks for them; fewer where no more can be started."""
        while self.waiting and len(self.workers) < self.pool.jobs - (self.pool.own is not None):
            try:
                worker = self._started()
            except OSError:
                return
            self.workers.append(worker)
            self._feed(worker)

    def help(self, own: Callable[[int], _Result]) -> bool:
        """Do a task that waits, if there is one, and hear what workers have said meanwhile; tell whether there was."""
        number = next((each for each in self.waiting if each not in self.lost), None)
        if number is None:
            return False
        self.waiting.remove(number)
        self.answers[number] = answer_of(own, number)
        if self.workers:
            self.listen(0.0)
        return True

    def listen(self, seconds: float = TICK_SECONDS) -> None:
        """Wait for a word of some worker, or for the next tick."""
        if not self.workers:
            self._give_up("no process could be started in its place")
            return
        with selectors.PollSelector() as talking:  # which takes no descriptor itself
            for worker in self.workers:
                talking.register(worker.channel, selectors.EVENT_READ, worker)
            ready = [key.data for key, _ in talking.select(seconds)]
        for worker in ready:
            self._hear(worker)
        if time.monotonic() - self.last_tick >= TICK_SECONDS:
            self._tick()

    def dismiss(self) -> None:
        """End all workers; the solvers of theirs end when they see that they are gone."""
        for worker in self.workers:
            worker.end()
        for worker in self.workers:
            worker.process.join(GRACE_SECONDS)
        self.workers.clear()

    def _started(self) -> _Worker:
        context: ForkContext | SpawnContext = (
            multiprocessing.get_context("fork") if self.pool.method == "fork" else multiprocessing.get_context("spawn")
        )
        ours, theirs = context.Pipe()
        channel = Channel(ours)
        inherited = [channel, *(worker.channel for worker in self.workers)] if self.pool.method == "fork" else []
        try:
            process = context.Process(target=work, args=(self.pool.prepare, theirs, inherited), daemon=True)
            process.start()
        except BaseException:
            channel.close()
            raise
        finally:
            theirs.close()
        return _Worker(process, channel)

    def _feed(self, worker: _Worker) -> None:
        ahead = _AHEAD if len(self.waiting) > _AHEAD * self.pool.jobs else 1
        while self.waiting and len(worker.tasks) < ahead:
            number = self.waiting.popleft()
            worker.tasks.append(number)
            try:
                worker.channel.send(number)
            except OSError:
                return  # it is gone, which is seen where it is listened to

    def _hear(self, worker: _Worker) -> None:
        try:
            messages = worker.channel.receive()
        except (EOFError, OSError):
            self._replace(worker, worker.how_it_ended())
            return
        worker.silent_ticks = 0
        for message in messages:
            if isinstance(message, Raised) and isinstance(message.problem, MemoryError):
                self._replace(worker, "ran out of memory")
                return
            if isinstance(message, Done | Raised):
                worker.tasks.remove(message.number)
                self.answers[message.number] = message
        self._feed(worker)

    def _tick(self) -> None:
        """Count the silence of each worker: in ticks, since a clock jumps when a machine or a terminal sleeps."""
        self.last_tick = time.monotonic()
        self.pool.tick()
        for worker in list(self.workers):
            worker.silent_ticks += 1
            if worker.silent_ticks > SILENT_TICKS:
                self._replace(worker, "went silent")

    def _replace(self, worker: _Worker, how: str) -> None:
        """Let another do what a lost worker had to do, but for what was under way for the second time."""
        self.workers.remove(worker)
        worker.end()
        with contextlib.suppress(IndexError):
            under_way = worker.tasks[0]
            self.lost[under_way] = self.lost.get(under_way, 0) + 1
            if self.lost[under_way] >= _TRIES:
                worker.tasks.popleft()
                self._lose(under_way, f"{how}, twice")
        self.waiting.extendleft(reversed(worker.tasks))
        self.fill()

    def _give_up(self, why: str) -> None:
        while self.waiting:
            self._lose(self.waiting.popleft(), f"was lost, and {why}")

    def _lose(self, number: int, how: str) -> None:
        self.answers[number] = Done(number, self.pool.lost(number, f"the process that was to decide it {how}"))
