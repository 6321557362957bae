"""One question to a solver in a process of its own, ended when it takes too long or too much, or prints nonsense."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vnetverify.prover.process import GRACE_SECONDS, Garbled, Process, signal_name, started

WORKER = Path(__file__).with_name("worker.py")
_LONGEST_ANSWER = 256 << 20


@dataclass(frozen=True, slots=True)
class Fence:
    """What a process may take: wall-clock seconds, and megabytes of memory and again of files."""

    seconds: float = 60.0
    megabytes: int = 4096


@dataclass(frozen=True, slots=True)
class NoReply:
    """The process gave no answer that can be used."""

    why: str


def reply_of(what: str, asked: dict[str, object], fence: Fence) -> dict[str, Any] | NoReply:
    """Return what the worker (`worker.py`) answers to a request of this kind."""
    try:
        process = started(fence.megabytes, WORKER)
    except OSError as problem:
        return NoReply(f"its process could not be started: {problem.strerror}")
    request: dict[str, object] = {what: {**asked, "timeout": max(1, int(fence.seconds * 1000))}}
    try:
        return process.ask(request, time.monotonic() + fence.seconds + GRACE_SECONDS, _LONGEST_ANSWER)
    except TimeoutError:
        return NoReply(_late(fence))
    except Garbled:
        return NoReply("its answer was garbled")
    except (EOFError, BrokenPipeError):
        return NoReply(_how_it_ended(process, fence))
    finally:
        process.close()


def _how_it_ended(process: Process, fence: Fence) -> str:
    ending = process.ending()
    if ending is None:
        return "its process went silent"
    if ending == -signal.SIGXCPU:
        return _late(fence)
    how = f"was ended by signal {signal_name(-ending)}" if ending < 0 else f"ended with status {ending}"
    return f"its process {how}; its memory limit is {fence.megabytes} MB"


def _late(fence: Fence) -> str:
    return f"the time limit of {fence.seconds:g} s was reached"
