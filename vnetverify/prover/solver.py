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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from vnetverify.encoder.terms import Term

_WORKER = Path(__file__).with_name("worker.py")
_GRACE_SECONDS = 2.0
_LONGEST_ANSWER = 64 << 20


class Askable(Protocol):
    """A text for a solver, the symbols whose values are wanted of a model, and the bits of those that are numbers."""

    @property
    def text(self) -> str: ...

    @property
    def symbols(self) -> tuple[Term, ...]: ...

    @property
    def widths(self) -> dict[Term, int]: ...


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

_GARBLED = Undecided("the solver's answer was garbled")
_POSSIBLE = {"sat": True, "unsat": False}


class SolverBug(Exception):
    """The solver refused a text that we wrote: an error of ours."""


class _Garbled(Exception):
    """The process answered something that no worker of ours would."""


@dataclass(slots=True)
class Solver:
    """Asks one obligation after the other; a process is started when needed and again after it was killed.

    `rlimit` and `seconds` add up what all questions so far took.
    """

    limits: Limits
    rlimit: int = 0
    seconds: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _obligation: Askable | None = None
    _opened: bool = False
    _stopped: bool = False
    _buffer: bytearray = field(default_factory=bytearray)

    def warm_up(self) -> None:
        """Start the process now, so that it gets ready while the caller still reads its input."""
        with contextlib.suppress(OSError):
            self._ensure_process()

    def open(self, obligation: Askable) -> None:
        """Let later questions be about `obligation`."""
        self._obligation = obligation
        self._opened = False

    def check(
        self,
        assumed: Iterable[Term],
        *,
        core: bool = False,
        fix: Mapping[Term, tuple[int, int]] | None = None,
    ) -> Answer:
        """Answer whether the obligation's flows allow the literals (a symbol, or `-symbol`) and fixed values."""
        begun = time.monotonic()
        try:
            return self._answer(assumed, core, fix or {})
        finally:
            self.seconds += time.monotonic() - begun

    def check_each(self, questions: Sequence[Sequence[Term]]) -> list[bool | None]:
        """Tell of each list of literals whether the obligation's flows allow it; None where that stays undecided.

        The limits hold for all of them together. Cheaper than as many calls of `check`, and without models.
        """
        begun = time.monotonic()
        try:
            reply = self._exchange({"each": {"assume": [list(one) for one in questions], **self._budget()}})
        finally:
            self.seconds += time.monotonic() - begun
        match reply:
            case {"answer": "each", "answers": list(answers), "rlimit": int(spent)} if len(answers) == len(questions):
                self.rlimit += spent
                return [_POSSIBLE.get(answer) for answer in answers]
            case Undecided():
                pass
            case _:
                try:
                    self._unusual(reply)
                except _Garbled:
                    self.close()
        return [None] * len(questions)

    def add(self, literals: Sequence[Term]) -> bool:
        """Ask until another obligation is opened that one of the literals holds; tell whether that worked."""
        reply = self._exchange({"add": list(literals)})
        return isinstance(reply, dict) and reply.get("answer") == "added"

    def _answer(self, assumed: Iterable[Term], core: bool, fix: Mapping[Term, tuple[int, int]]) -> Answer:
        reply = self._exchange({"check": self._request(assumed, core, fix)})
        if isinstance(reply, Undecided):
            return reply
        try:
            return self._read(reply)
        except _Garbled:
            self.close()
            return _GARBLED

    def _exchange(self, request: dict[str, object]) -> dict[str, Any] | Undecided:
        """Return the reply to a request about the obligation, which is opened first if it is not yet."""
        assert self._obligation is not None
        if self._stopped:
            return Undecided("the run was interrupted")
        deadline = time.monotonic() + self.limits.seconds + _GRACE_SECONDS
        try:
            self._ensure_process()
            if not self._opened:
                reply = self._ask({"open": self._obligation.text}, deadline)
                if reply.get("answer") != "opened":
                    return self._unusual(reply)
                self._opened = True
            return self._ask(request, deadline)
        except TimeoutError:
            self.close()
            return Undecided(self._late())
        except _Garbled:
            self.close()
            return _GARBLED
        except (EOFError, BrokenPipeError):
            return Undecided(self._how_it_died())
        except OSError as problem:
            self.close()
            return Undecided(f"the solver's process could not be started: {problem.strerror}")

    def _read(self, reply: dict[str, Any]) -> Answer:
        """Return what a reply to a check says. Raises `_Garbled` when no worker of ours would say so."""
        assert self._obligation is not None
        match reply:
            case {"answer": "sat", "rlimit": int(spent), "model": dict(model)}:
                if any(type(model.get(symbol)) is not int for symbol in self._obligation.symbols):
                    raise _Garbled
                self.rlimit += spent
                return Satisfiable(model)
            case {"answer": "unsat", "rlimit": int(spent), "core": list(core)}:
                self.rlimit += spent
                return Unsatisfiable(tuple(core))
            case _:
                return self._unusual(reply)

    def _request(self, assumed: Iterable[Term], core: bool, fix: Mapping[Term, tuple[int, int]]) -> dict[str, object]:
        assert self._obligation is not None
        return {
            "assume": list(assumed),
            "core": core,
            "fix": dict(fix),
            "want": list(self._obligation.symbols),
            "widths": self._obligation.widths,
            **self._budget(),
        }

    def _budget(self) -> dict[str, object]:
        return {"rlimit": self.limits.rlimit, "timeout": max(1, int(self.limits.seconds * 1000))}

    def _unusual(self, reply: dict[str, Any]) -> Undecided:
        reason, spent = reply.get("reason"), reply.get("rlimit", 0)
        if not isinstance(reason, str) or not isinstance(spent, int):
            raise _Garbled
        if reply.get("answer") == "error":
            raise SolverBug(reason)
        self.rlimit += spent
        if "memory" in reason:
            self.close()
            return Undecided(f"the memory limit of {self.limits.megabytes} MB was reached")
        if "timeout" in reason or "canceled" in reason:
            if 0 < self.limits.rlimit <= spent:
                return Undecided(f"the budget of {self.limits.rlimit} steps was reached")
            return Undecided(self._late())
        return Undecided(f"the solver gave up: {reason[:300] or 'no reason given'}")

    def _late(self) -> str:
        return f"the time limit of {self.limits.seconds:g} s was reached"

    # -- the process --------------------------------------------------------------------------------------

    def _ask(self, request: dict[str, object], deadline: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        self._write(process.stdin.fileno(), json.dumps(request).encode() + b"\n", deadline)
        line = self._read_line(process.stdout.fileno(), deadline)
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            raise _Garbled from None
        if not isinstance(reply, dict):
            raise _Garbled
        return reply

    def _write(self, descriptor: int, text: bytes, deadline: float) -> None:
        """Write all of `text`. The pipe never blocks, so a process that has stopped reading costs no more than time."""
        rest = memoryview(text)
        with selectors.DefaultSelector() as waiting:
            waiting.register(descriptor, selectors.EVENT_WRITE)
            while rest:
                if not waiting.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                rest = rest[os.write(descriptor, rest) :]

    def _read_line(self, descriptor: int, deadline: float) -> bytes:
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
                if len(self._buffer) > _LONGEST_ANSWER:
                    raise _Garbled
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _ensure_process(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER), str(self.limits.megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        self._process = process
        if self._stopped:  # `stop` came while the process was being started and did not see it
            self.stop()

    def _how_it_died(self) -> str:
        process = self._process
        if process is None or self._stopped:
            self.close()
            return "the run was interrupted"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)  # it has closed its pipes; how it ended is known a moment later
        code = process.poll()
        self.close()
        if code is None:
            return "the solver's process went silent"
        how = f"was ended by signal {_signal_name(-code)}" if code < 0 else f"ended with status {code}"
        perhaps = f"; its memory limit is {self.limits.megabytes} MB" if self.limits.megabytes else ""
        return f"the solver's process {how}{perhaps}"

    def stop(self) -> None:
        """End the process from another thread; questions under way and later ones stay undecided."""
        self._stopped = True
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process; a later question starts another."""
        process, self._process, self._opened = self._process, None, False
        self._buffer.clear()
        if process is None:
            return
        if process.poll() is None:  # once it is reaped its number may be somebody else's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


def _signal_name(number: int) -> str:
    names = {known.value: known.name for known in signal.Signals}
    return names.get(number, str(number))
