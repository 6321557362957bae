"""Questions to Z3 in a process of its own, which is killed when it takes too long, too much or dies.

Whatever goes wrong there is `Undecided` here: never a hang, a crash or a proof.
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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.terms import Term

_WIDTHS = {"pr": 8, "src": 32, "sp": 16, "dst": 32, "dp": 16}
_WORKER = Path(__file__).with_name("worker.py")
_GRACE_SECONDS = 2.0
_LONGEST_ANSWER = 64 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may take: wall-clock seconds, megabytes of the process, and Z3's own count (0: no limit)."""

    seconds: float = 60.0
    megabytes: int = 4096
    rlimit: int = 0


@dataclass(frozen=True, slots=True)
class Satisfiable:
    model: Mapping[Term, int]


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """`core` are the assumed literals that suffice, where they were asked for."""

    core: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Undecided:
    why: str


Answer = Satisfiable | Unsatisfiable | Undecided


class SolverBug(Exception):
    """The solver refused a text that we wrote: an error of ours."""


@dataclass(slots=True)
class Solver:
    """Asks one obligation after the other; a process is started when needed and again after it was killed.

    `rlimit` and `seconds` add up what all questions so far took.
    """

    limits: Limits
    rlimit: int = 0
    seconds: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _obligation: Obligation | None = None
    _opened: bool = False
    _stopped: bool = False
    _buffer: bytearray = field(default_factory=bytearray)

    def open(self, obligation: Obligation) -> None:
        """Let later questions be about `obligation`."""
        self._obligation = obligation
        self._opened = False

    def check(
        self,
        assumed: Iterable[Term],
        *,
        core: bool = False,
        fix: Mapping[Term, tuple[int, int]] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        """Answer whether the obligation's flows allow the literals (a symbol, or `-symbol`) and fixed values."""
        begun = time.monotonic()
        try:
            return self._answer(assumed, core, fix or {}, self.limits.seconds if seconds is None else seconds)
        finally:
            self.seconds += time.monotonic() - begun

    def _answer(
        self, assumed: Iterable[Term], core: bool, fix: Mapping[Term, tuple[int, int]], budget: float
    ) -> Answer:
        assert self._obligation is not None
        if self._stopped:
            return Undecided("the run was interrupted")
        deadline = time.monotonic() + budget
        try:
            self._ensure_process()
            if not self._opened:
                reply = self._ask({"open": self._obligation.text}, deadline + _GRACE_SECONDS)
                if reply.get("answer") != "opened":
                    return self._unusual(reply)
                self._opened = True
            reply = self._ask({"check": self._request(assumed, core, fix, budget)}, deadline + _GRACE_SECONDS)
        except TimeoutError:
            self.close()
            return Undecided(f"the time limit of {budget:g} s was reached")
        except (EOFError, BrokenPipeError) as problem:
            return Undecided(self._how_it_died(problem))
        self.rlimit += int(reply.get("rlimit", 0))
        match reply.get("answer"):
            case "sat":
                return Satisfiable(reply["model"])
            case "unsat":
                return Unsatisfiable(tuple(reply.get("core", ())))
            case _:
                return self._unusual(reply)

    def _request(
        self, assumed: Iterable[Term], core: bool, fix: Mapping[Term, tuple[int, int]], budget: float
    ) -> dict[str, object]:
        assert self._obligation is not None
        widths = {**_WIDTHS, **dict.fromkeys(self._obligation.addresses, 32)}
        if self._obligation.selector_width:
            widths["at"] = self._obligation.selector_width
        return {
            "assume": list(assumed),
            "core": core,
            "fix": dict(fix),
            "rlimit": self.limits.rlimit,
            "timeout": max(1, int(budget * 1000)),
            "want": list(self._obligation.symbols),
            "widths": widths,
        }

    def _unusual(self, reply: dict[str, Any]) -> Undecided:
        reason = str(reply.get("reason", ""))
        if reply.get("answer") == "error":
            raise SolverBug(reason)
        if "memory" in reason:
            self.close()
            return Undecided(f"the memory limit of {self.limits.megabytes} MB was reached")
        if "timeout" in reason or "canceled" in reason:
            if self.limits.rlimit and self.rlimit >= self.limits.rlimit:
                return Undecided(f"the budget of {self.limits.rlimit} steps was reached")
            return Undecided(f"the time limit of {self.limits.seconds:g} s was reached")
        return Undecided(f"the solver gave up: {reason or 'no reason given'}")

    # -- the process --------------------------------------------------------------------------------------

    def _ask(self, request: dict[str, object], deadline: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        line = self._read_line(process.stdout.fileno(), deadline)
        reply = json.loads(line)
        if not isinstance(reply, dict):
            raise EOFError("the solver's answer was garbled")
        return reply

    def _read_line(self, descriptor: int, deadline: float) -> bytes:
        with selectors.DefaultSelector() as waiting:
            waiting.register(descriptor, selectors.EVENT_READ)
            while (end := self._buffer.find(b"\n")) < 0:
                left = deadline - time.monotonic()
                if left <= 0 or not waiting.select(left):
                    raise TimeoutError
                chunk = os.read(descriptor, 1 << 16)
                if not chunk or len(self._buffer) > _LONGEST_ANSWER:
                    raise EOFError("the solver's process ended")
                self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _ensure_process(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER), str(self.limits.megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _how_it_died(self, problem: Exception) -> str:
        process, self._process, self._opened = self._process, None, False
        self._buffer.clear()
        code = None if process is None else process.wait()
        if code is not None and code < 0:
            return f"the solver's process was ended by signal {signal.Signals(-code).name}"
        return f"the solver's process ended ({problem})"

    def stop(self) -> None:
        """End the process from another thread; questions under way and later ones stay undecided."""
        self._stopped = True
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process; a later question starts another."""
        process, self._process, self._opened = self._process, None, False
        self._buffer.clear()
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(BrokenPipeError):
                assert stream is not None
                stream.close()
