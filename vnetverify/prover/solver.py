"""Questions to Z3 in a process of its own, which is killed when it takes too long, too much or dies.

Whatever goes wrong there is `Undecided` here: never a hang, a crash or a proof.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from vnetverify.encoder.terms import Term
from vnetverify.prover.process import Garbled, Process, signal_name, started

BUDGET = 20_000_000
"""Z3's own steps for one sentence, eight times what the largest in `benchmarks/scale.py` takes.

The wall clock stands far behind it, so that a slow machine gives the same verdict as a fast one.
"""
FENCE_SECONDS = 600.0
_OVERTIME_SECONDS = 0.2
"""How long after its limit a process that looks at its clock is waited for."""


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
    """What questions may take: wall-clock seconds, megabytes of the process, and Z3's own steps (0: no limit)."""

    seconds: float = FENCE_SECONDS
    megabytes: int = 4096
    rlimit: int = BUDGET


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
_INTERRUPTED = Undecided("the run was interrupted")
_POSSIBLE = {"sat": True, "unsat": False}


class SolverBug(Exception):
    """The solver refused a text that we wrote: an error of ours."""


@dataclass(slots=True)
class Solver:
    """Asks one obligation after the other; a process is started when needed and again after it was killed.

    Each question has all of `limits`, or all those together that are asked between two calls of `allot`. `rlimit` and
    `seconds` add up what all questions so far took.
    """

    limits: Limits
    rlimit: int = 0
    seconds: float = 0.0
    _process: Process | None = None
    _obligation: Askable | None = None
    _added: list[list[Term]] = field(default_factory=list)
    _opened: bool = False
    _stopped: bool = False
    _allotted: tuple[float, int] | None = None

    def warm_up(self) -> None:
        """Start the process now, so that it gets ready while the caller still reads its input."""
        with contextlib.suppress(OSError):
            self._running()

    def allot(self) -> None:
        """Let all questions from here on, until the next call, share one set of limits."""
        self._allotted = self.seconds, self.rlimit

    def open(self, obligation: Askable) -> None:
        """Let later questions be about `obligation`."""
        self._obligation = obligation
        self._added.clear()
        self._opened = False

    def check(
        self,
        assumed: Iterable[Term],
        *,
        core: bool = False,
        fix: Mapping[Term, tuple[int, int]] | None = None,
    ) -> Answer:
        """Answer whether the obligation's flows allow the literals (a symbol, or `-symbol`) and fixed values."""
        obligation = self._opened_obligation()
        literals = tuple(assumed)
        request: dict[str, object] = {
            "assume": literals,
            "core": core,
            "fix": dict(fix or {}),
            "want": obligation.symbols,
            "widths": obligation.widths,
        }
        reply = self._exchange("check", request)
        match reply:
            case Undecided():
                return reply
            case {"answer": "sat", "model": dict(model)} if _is_model(model, obligation):
                return Satisfiable(model)
            case {"answer": "unsat", "core": list(found)} if _are_among(found, literals):
                return Unsatisfiable(tuple(found))
            case _:
                return self._unusual(reply)

    def check_each(self, questions: Sequence[Sequence[Term]]) -> list[bool | None]:
        """Tell of each list of literals whether the obligation's flows allow it; None where that stays undecided.

        The limits hold for all of them together. Cheaper than as many calls of `check`, and without models.
        """
        reply = self._exchange("each", {"assume": [list(one) for one in questions]})
        match reply:
            case Undecided():
                pass
            case {"answer": "each", "answers": list(answers)} if len(answers) == len(questions):
                return [_POSSIBLE.get(str(answer)) for answer in answers]
            case _:
                self._unusual(reply)
        return [None] * len(questions)

    def add(self, literals: Sequence[Term]) -> bool:
        """Ask until another obligation is opened that one of the literals holds; tell whether that worked."""
        reply = self._exchange("add", {"literals": list(literals)})
        worked = isinstance(reply, dict) and reply.get("answer") == "added"
        if worked:
            self._added.append(list(literals))
        return worked

    # -- one request and its reply ------------------------------------------------------------------------

    def _exchange(self, kind: str, request: dict[str, object]) -> dict[str, Any] | Undecided:
        """Return the reply to a request about the obligation, and count what it took."""
        begun = time.monotonic()
        left = self._left()
        if left.seconds <= 0:
            return Undecided(self._late())
        if self.limits.rlimit and left.rlimit <= 0:
            return Undecided(self._spent())
        budget = {"rlimit": left.rlimit, "timeout": max(1, int(left.seconds * 1000))}
        try:
            reply = self._reply({kind: {**request, **budget}}, begun + left.seconds + _OVERTIME_SECONDS)
        finally:
            self.seconds += time.monotonic() - begun
        if isinstance(reply, dict):
            self.rlimit += reply["rlimit"]
        return reply

    def _left(self) -> Limits:
        """Return what the next question may take."""
        if self._allotted is None:
            return self.limits
        seconds, rlimit = self._allotted
        spent = self.rlimit - rlimit if self.limits.rlimit else 0
        return replace(
            self.limits, seconds=self.limits.seconds - (self.seconds - seconds), rlimit=self.limits.rlimit - spent
        )

    def _reply(self, request: dict[str, object], deadline: float) -> dict[str, Any] | Undecided:
        """Return the reply of the process, or of a second one where the first dies over it."""
        died = _INTERRUPTED
        for _ in range(2):
            if self._stopped:
                return _INTERRUPTED
            try:
                reply = self._asked(request, deadline)
            except TimeoutError:
                self.close()
                return Undecided(self._late())
            except Garbled:
                self.close()
                return _GARBLED
            except (EOFError, BrokenPipeError):
                died = self._how_it_died()
            except OSError as problem:
                self.close()
                return Undecided(f"the solver's process could not be started: {problem.strerror}")
            else:
                return _INTERRUPTED if self._stopped else reply
        return _INTERRUPTED if self._stopped else died

    def _asked(self, request: dict[str, object], deadline: float) -> dict[str, Any]:
        """Return the reply to a request about the obligation, which is opened first if it is not yet."""
        process = self._running()
        if not self._opened:
            timeout = int(self.limits.seconds * 1000)
            requests: list[dict[str, object]] = [{"open": {"text": self._opened_obligation().text, "timeout": timeout}}]
            requests += [{"add": {"literals": literals, "timeout": timeout}} for literals in self._added]
            for first in requests:
                reply = _counted(process.ask(first, deadline))
                if reply.get("answer") not in ("opened", "added"):
                    return reply
            self._opened = True
        return _counted(process.ask(request, deadline))

    def _opened_obligation(self) -> Askable:
        if self._obligation is None:
            raise RuntimeError("no obligation is open")
        return self._obligation

    def _unusual(self, reply: dict[str, Any]) -> Undecided:
        """Return what a reply says that is not an answer. Raises `SolverBug`."""
        reason = reply.get("reason")
        match reply.get("answer"), reason:
            case "error", str(reason):
                raise SolverBug(reason[:500])
            case "unknown", "budget":
                return Undecided(self._spent())
            case "unknown", "timeout":
                return Undecided(self._late())
            case "unknown", "memory":
                self.close()
                return Undecided(f"the memory limit of {self.limits.megabytes} MB was reached")
            case "unknown", str(reason):
                return Undecided(f"the solver gave up: {reason[:300] or 'no reason given'}")
            case _:
                self.close()
                return _GARBLED

    def _late(self) -> str:
        return f"the time limit of {self.limits.seconds:g} s was reached"

    def _spent(self) -> str:
        return f"the budget of {self.limits.rlimit} steps was reached"

    # -- the process --------------------------------------------------------------------------------------

    def _running(self) -> Process:
        if self._process is not None and self._process.is_running():
            return self._process
        self.close()
        process = self._process = started(self.limits.megabytes)
        if self._stopped:  # `stop` came while the process was being started and did not see it
            process.kill()
        return process

    def _how_it_died(self) -> Undecided:
        ending = None if self._process is None else self._process.ending()
        self.close()
        if ending is None:
            return Undecided("the solver's process went silent, twice")
        if ending == -signal.SIGXCPU:
            return Undecided(self._late())
        how = f"was ended by signal {signal_name(-ending)}" if ending < 0 else f"ended with status {ending}"
        perhaps = f"; its memory limit is {self.limits.megabytes} MB" if self.limits.megabytes else ""
        return Undecided(f"the solver's process {how}, twice{perhaps}")

    def stop(self) -> None:
        """End the process from another thread; questions under way and later ones stay undecided."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process; a later question starts another."""
        process, self._process, self._opened = self._process, None, False
        if process is not None:
            process.close()


def _counted(reply: dict[str, Any]) -> dict[str, Any]:
    """Return `reply`, which says how many steps it took. Raises `Garbled`."""
    if type(reply.get("rlimit")) is not int or reply["rlimit"] < 0:
        raise Garbled
    return reply


def _is_model(model: Mapping[Term, object], obligation: Askable) -> bool:
    """Tell whether `model` gives each symbol a value that it can have."""
    return all(_fits(model.get(symbol), obligation.widths.get(symbol, 1)) for symbol in obligation.symbols)


def _are_among(found: Sequence[object], literals: Iterable[Term]) -> bool:
    return all(isinstance(literal, str) for literal in found) and set(found) <= set(literals)


def _fits(value: object, width: int) -> bool:
    return type(value) is int and 0 <= value < 1 << width
