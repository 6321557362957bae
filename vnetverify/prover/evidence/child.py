"""One question to a program in a process of its own, which is ended when it takes too long, too much or babbles."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST_ANSWER = 256 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Fence:
    """What a process may take: wall-clock seconds, and megabytes of memory and of files."""

    seconds: float = 60.0
    megabytes: int = 4096


@dataclass(frozen=True, slots=True)
class NoReply:
    """The process gave no answer that can be used."""

    why: str


def reply_of(program: Path, request: dict[str, object], fence: Fence) -> dict[str, Any] | NoReply:
    """Return the one JSON object that a program answers on its output to the one that it finds on its input."""
    command = [sys.executable, "-P", str(program), str(fence.megabytes)]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as problem:
        return NoReply(f"its process could not be started: {problem.strerror}")
    try:
        answer = _exchanged(process, json.dumps(request).encode(), time.monotonic() + fence.seconds)
        return _read(answer)
    except TimeoutError:
        return NoReply(f"the time limit of {fence.seconds:g} s was reached")
    except OverflowError:
        return NoReply("its answer was too long")
    except EOFError:
        return NoReply(_how_it_ended(process, fence))
    finally:
        _end(process)


def _exchanged(process: subprocess.Popen[bytes], request: bytes, deadline: float) -> bytes:
    """Return the line that the process writes.

    Raises `TimeoutError` when it has not by the deadline, `EOFError` when it ends first, and `OverflowError`.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    os.set_blocking(process.stdin.fileno(), False)
    rest, answer = memoryview(request), bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdin, selectors.EVENT_WRITE)
        waiting.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                if key.fileobj is process.stdin:
                    rest = _written(process.stdin.fileno(), rest)
                    if not rest:
                        waiting.unregister(process.stdin)
                        process.stdin.close()
                    continue
                chunk = os.read(process.stdout.fileno(), _CHUNK)
                answer += chunk
                if not chunk:
                    raise EOFError
                if len(answer) > _LONGEST_ANSWER:
                    raise OverflowError
                if chunk.endswith(b"\n"):
                    return bytes(answer)
    raise TimeoutError


def _written(descriptor: int, rest: memoryview) -> memoryview:
    """Return what is left to write; nothing when nobody reads any more."""
    try:
        return rest[os.write(descriptor, rest[:_CHUNK]) :]
    except BrokenPipeError:
        return rest[:0]


def _read(answer: bytes) -> dict[str, Any] | NoReply:
    try:
        reply = json.loads(answer)
    except (ValueError, RecursionError):
        return NoReply("its answer was garbled")
    return reply if isinstance(reply, dict) else NoReply("its answer was garbled")


def _how_it_ended(process: subprocess.Popen[bytes], fence: Fence) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)  # it has closed its pipes; how it ended is known a moment later
    code = process.poll()
    if code is None:
        return "its process went silent"
    how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
    return f"its process {how}; its memory limit is {fence.megabytes} MB"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:  # once it is reaped its number may be somebody else's
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
