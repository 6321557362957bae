"""A worker process: does one task after the other, reports every second, and never outlives its parent."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from vnetverify.workers.channel import Channel, is_sent_whole

BEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Beat:
    """A worker is alive."""


@dataclass(frozen=True, slots=True)
class Done:
    """The task `number` has this result."""

    number: int
    result: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The work on task `number` raised this."""

    number: int
    problem: BaseException


class Untold(Exception):
    """Something was raised in a worker that cannot be sent as it is."""


def work(
    prepare: Callable[[], Callable[[int], Any]], connection: Connection[Any, Any], others: Sequence[Channel]
) -> None:
    """Do the tasks whose numbers arrive, until the parent closes its end or dies.

    `others` are the parent's ends that this process has inherited: as long as it holds them open, nobody would see the
    parent's death.
    """
    gc.freeze()  # what was inherited stays: looking through it again and again would copy it, page by page
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in others:
        other.close()
    channel, numbers = Channel(connection), SimpleQueue[int]()
    threading.Thread(target=_listen, args=(channel, numbers), daemon=True).start()
    threading.Thread(target=_beat, args=(channel,), daemon=True).start()
    try:
        work = prepare()
        while True:
            channel.send(_that_can_be_sent(answer_of(work, numbers.get())))
    except OSError:
        os._exit(0)  # the parent is gone
    except BaseException:
        os._exit(1)  # whom nobody would hear: the parent sees that it has lost us


def answer_of(work: Callable[[int], Any], number: int) -> Done | Raised:
    try:
        return Done(number, work(number))
    except Exception as problem:
        return Raised(number, problem)


def _that_can_be_sent(answer: Done | Raised) -> Done | Raised:
    if isinstance(answer, Done) or is_sent_whole(answer.problem):
        return answer
    return Raised(answer.number, Untold(f"{type(answer.problem).__name__}: {answer.problem}"))


def _listen(channel: Channel, numbers: SimpleQueue[int]) -> None:
    try:
        while True:
            for number in channel.receive():
                numbers.put(number)
    except (EOFError, OSError):
        os._exit(0)  # in the middle of a task: nobody waits for it


def _beat(channel: Channel) -> None:
    try:
        while True:
            channel.send(Beat())
            time.sleep(BEAT_SECONDS)
    except OSError:
        os._exit(0)
