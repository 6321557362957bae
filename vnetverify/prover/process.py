"""The process that holds Z3, seen from outside: if it hangs, dies or prints nonsense, only its time limit is lost.

It knows when its parent is gone (`worker.py`), so none is left behind whatever happens to us.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")
GRACE_SECONDS = 0.4
"""How long something that is over may take to be seen as over."""


class Garbled(Exception):
    """The process answered something that no worker of ours would."""


@dataclass(slots=True)
class Process:
    _child: subprocess.Popen[bytes]
    _buffer: bytearray = field(default_factory=bytearray)
    _asked: int = 0

    @property
    def pid(self) -> int:
        return self._child.pid

    def is_running(self) -> bool:
        return self._child.poll() is None

    def ask(self, request: dict[str, object], deadline: float, longest: int = 0) -> dict[str, Any]:
        """Return the answer to `request`, and to no other, of up to `longest` bytes where it is not Z3 that answers.

        Raises `TimeoutError` at the `deadline` (of the monotonic clock), `EOFError` or `BrokenPipeError` when the
        process is gone, and `Garbled`.
        """
        self._asked += 1
        text = json.dumps({**request, "number": self._asked}).encode() + b"\n"
        stdin, stdout = self._pipes()
        _write(stdin, text, deadline)
        try:
            answer = json.loads(self._read_line(stdout, deadline, longest or longest_answer(text)))
        except (ValueError, RecursionError):
            raise Garbled from None
        if not isinstance(answer, dict) or answer.get("number") != self._asked:
            raise Garbled
        return answer

    def _read_line(self, descriptor: int, deadline: float, longest: int) -> bytes:
        with selectors.DefaultSelector() as waiting:
            waiting.register(descriptor, selectors.EVENT_READ)
            while (end := self._buffer.find(b"\n")) < 0:
                left = deadline - time.monotonic()
                if left <= 0 or not waiting.select(left):
                    raise TimeoutError
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    raise EOFError
                self._buffer += chunk
                if len(self._buffer) > longest:
                    raise Garbled
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def ending(self) -> int | None:
        """Return the status that the process ended with, `-signal` if by one; None while it only went silent."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(GRACE_SECONDS)  # it has closed its pipes; how it ended is known a moment later
        return self._child.poll()

    def kill(self) -> None:
        """Kill the process, from any thread; who talks to it finds it gone."""
        self._child.kill()

    def close(self) -> None:
        """Kill the process and let go of its pipes."""
        self._child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(GRACE_SECONDS)
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()

    def _pipes(self) -> tuple[int, int]:
        stdin, stdout = self._child.stdin, self._child.stdout
        assert stdin is not None
        assert stdout is not None
        return stdin.fileno(), stdout.fileno()


def started(megabytes: int, worker: Path | None = None) -> Process:
    """Return a new process of Z3, or of another `worker`, that may take so much memory (0: any). Raises `OSError`."""
    child = subprocess.Popen(
        [sys.executable, "-P", str(worker or WORKER), str(megabytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us, and we end it
        bufsize=0,
    )
    process = Process(child)
    os.set_blocking(process._pipes()[0], False)
    return process


def longest_answer(request: bytes) -> int:
    """Return how many bytes an honest answer to `request` may have: at most a number of 128 bits for each symbol."""
    return (1 << 16) + 4 * len(request)


def _write(descriptor: int, text: bytes, deadline: float) -> None:
    """Write all of `text`. The pipe never blocks, so a process that has stopped reading costs no more than time."""
    rest = memoryview(text)
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_WRITE)
        while rest:
            if not waiting.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            rest = rest[os.write(descriptor, rest) :]


def signal_name(number: int) -> str:
    names = {known.value: known.name for known in signal.Signals}
    return names.get(number, str(number))
