"""The process that holds Z3: reads requests as JSON lines, answers each with one line, and is killed if it is late.

Requests: `{"open": {...}}` starts an obligation with its text; `{"check": {...}}` asks it. A check names the literals
it assumes (`"v"`, `"-u3"`), extra equalities on bit-vectors, the budget, the symbols wanted of a model and whether a
core is wanted; it answers `sat`, `unsat`, or `unknown` with a reason. `{"each": {...}}` asks many checks that differ in
the literals alone, and answers with one such word for each. `{"add": {...}}` asks from then on that one of its
literals holds. Every answer bears the number of its request and says what it took of Z3's own count of steps.

It ends itself when nobody is there to read the answer, or when it has computed for longer than anybody waits.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from queue import SimpleQueue
from typing import Any

import z3

_STACK = 256 << 10
_SPARE_SECONDS = 2


class Session:
    """One obligation in a context of its own."""

    def __init__(self, text: str) -> None:
        self.context = z3.Context()
        self.solver = z3.SolverFor("QF_FD", ctx=self.context)
        self.solver.from_string(text)
        self.spent = 0
        self.literals: dict[str, z3.BoolRef] = {}

    def check(self, request: dict[str, Any]) -> dict[str, Any]:
        literals = {name: self._literal(name) for name in request["assume"]}
        self.solver.push()
        for symbol, (value, width) in request["fix"].items():
            self.solver.add(z3.BitVec(symbol, width, self.context) == z3.BitVecVal(value, width, self.context))
        self._limit(request["rlimit"], request["timeout"])
        answer = self.solver.check(*literals.values())
        result: dict[str, Any] = {"answer": str(answer)}
        if answer == z3.sat:
            result["model"] = self._model(request["want"], request["widths"])
        elif answer == z3.unsat:
            kept = {term.get_id() for term in self.solver.unsat_core()} if request["core"] else set()
            result["core"] = [name for name, term in literals.items() if term.get_id() in kept]
        elif answer == z3.unknown:
            result["reason"] = _reason(self.solver.reason_unknown())
        self.solver.pop()
        return result

    def each(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer for each list of literals; the budget is for all of them."""
        budget, answers = request["rlimit"], []
        begun = self._steps()
        for names in request["assume"]:
            left = budget - (self._steps() - begun) if budget else 0
            if budget and left <= 0:
                answers.append("unknown")
                continue
            self._limit(left, request["timeout"])
            answers.append(str(self.solver.check(*map(self._literal, names))))
        return {"answer": "each", "answers": answers}

    def add(self, names: list[str]) -> dict[str, Any]:
        self.solver.add(z3.Or(*map(self._literal, names)))
        return {"answer": "added"}

    def spent_since_last(self) -> int:
        """Return the steps that were taken since this was last asked."""
        last, self.spent = self.spent, self._steps()
        return max(0, self.spent - last)

    def _limit(self, rlimit: int, milliseconds: int) -> None:
        self.solver.set("rlimit", min(rlimit, 0xFFFFFFFF))
        self.solver.set("timeout", min(milliseconds, 0xFFFFFFFF))

    def _literal(self, name: str) -> z3.BoolRef:
        if name not in self.literals:
            symbol = z3.Bool(name.removeprefix("-"), self.context)
            self.literals[name] = z3.Not(symbol) if name.startswith("-") else symbol
        return self.literals[name]

    def _model(self, wanted: list[str], widths: dict[str, int]) -> dict[str, int]:
        model = self.solver.model()
        values = {}
        for symbol in wanted:
            width = widths.get(symbol, 0)
            term = z3.BitVec(symbol, width, self.context) if width else z3.Bool(symbol, self.context)
            value = model.eval(term, model_completion=True)
            values[symbol] = value.as_long() if width else int(z3.is_true(value))
        return values

    def _steps(self) -> int:
        """Return Z3's count so far, which it does not tell before it has been asked something."""
        return next((int(value) for key, value in self.solver.statistics() if key == "rlimit count"), 0)


def _reason(given: str) -> str:
    """Return which limit was hit, or else what Z3 says."""
    if "memory" in given:
        return "memory"
    if "timeout" in given:
        return "timeout"
    return "budget" if "canceled" in given else given[:500]


def answer_to(request: dict[str, Any], session: Session | None) -> tuple[dict[str, Any], Session | None]:
    """Return the answer to one request, and the session that the next is about."""
    try:
        match request, session:
            case {"open": opening}, _:
                session = Session(opening["text"])
                reply: dict[str, Any] = {"answer": "opened"}
            case {"add": adding}, Session():
                reply = session.add(adding["literals"])
            case {"each": asking}, Session():
                reply = session.each(asking)
            case {"check": asking}, Session():
                reply = session.check(asking)
            case _:
                reply = {"answer": "error", "reason": "nothing is open"}
    except MemoryError:
        reply = {"answer": "unknown", "reason": "memory"}
    except z3.Z3Exception as problem:
        reason = _reason(str(problem))
        reply = {"answer": "unknown" if reason == "memory" else "error", "reason": reason}
    return {**reply, "rlimit": session.spent_since_last() if session is not None else 0}, session


# -- the fence ------------------------------------------------------------------------------------------


def requests_from_parent() -> SimpleQueue[bytes]:
    """Return the lines of stdin as they come; when it ends, which it does when the parent dies, so do we at once."""
    lines: SimpleQueue[bytes] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)  # in mid question: nobody is there any more

    threading.stack_size(_STACK)
    threading.Thread(target=listen, daemon=True).start()
    return lines


def limit_processor(milliseconds: int) -> None:
    """Let the kernel end this process when it computes for longer than its parent waits."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime + milliseconds / 1000) + _SPARE_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (_within(until, hard), hard))  # only the soft one: it moves on


def limit_memory(megabytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _within(megabytes << 20, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _within(wanted: int, hard: int) -> int:
    """Return what may be asked for where somebody has set a hard limit already."""
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def main() -> None:
    megabytes = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lines = requests_from_parent()
    if megabytes:
        limit_memory(megabytes)
    session: Session | None = None
    while True:
        request = json.loads(lines.get())
        number = request.pop("number")
        limit_processor(next(iter(request.values()))["timeout"])
        reply, session = answer_to(request, session)
        sys.stdout.write(json.dumps({**reply, "number": number}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
