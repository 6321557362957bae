"""Who does independent tasks: the process that has them, or several processes (`workers.several`)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

_Result = TypeVar("_Result")


class Lost(Exception):
    """A task was begun more than once and nobody lived to end it; the message says how that came."""


class Executor(Protocol):
    """Does tasks that say nothing of each other. Whoever does them, the results are the same."""

    def results(
        self, work: Callable[[int], _Result], count: int, *, long: bool = False
    ) -> Generator[_Result, None, None]:
        """Yield what the work on the tasks 0 to `count` - 1 gives, in order. Raises `Lost`, and what it does.

        One task that is `long` is worth the while of several.
        """


class InProcess:
    """The process that has the tasks does them, one after the other."""

    def results(
        self, work: Callable[[int], _Result], count: int, *, long: bool = False
    ) -> Generator[_Result, None, None]:
        yield from map(work, range(count))


IN_PROCESS = InProcess()
