"""The process that holds Z3: reads requests as JSON lines, answers each with one line, and is killed when it tarries.

Requests: `{"open": text}` starts an obligation; `{"check": {...}}` asks it. A check names the literals it assumes
(`"v"`, `"-u3"`), extra equalities on bit-vectors, the budget, the symbols wanted of a model and whether a core is
wanted; it answers `sat`, `unsat`, or `unknown` with a reason. `{"each": {...}}` asks many checks that differ in the
literals alone, and answers with one such word for each. `{"add": literals}` asks from then on that one of them holds.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import z3


class Session:
    """One obligation in a context of its own."""

    def __init__(self, text: str) -> None:
        self.context = z3.Context()
        self.solver = z3.SolverFor("QF_FD", ctx=self.context)
        self.solver.from_string(text)
        self.spent = 0
        self.literals: dict[str, z3.BoolRef] = {}

    def check(self, request: dict[str, Any]) -> dict[str, Any]:
        literals = {name: self._literal(name) for name in request.get("assume", ())}
        self.solver.push()
        for symbol, (value, width) in request.get("fix", {}).items():
            self.solver.add(z3.BitVec(symbol, width, self.context) == z3.BitVecVal(value, width, self.context))
        self._limit(request)
        answer = self.solver.check(*literals.values())
        result: dict[str, Any] = {"answer": str(answer), "rlimit": self._rlimit()}
        if answer == z3.sat:
            result["model"] = self._model(request.get("want", ()), request.get("widths", {}))
        elif answer == z3.unsat:
            kept = {term.get_id() for term in self.solver.unsat_core()} if request.get("core") else set()
            result["core"] = [name for name, term in literals.items() if term.get_id() in kept]
        elif answer == z3.unknown:
            result["reason"] = self.solver.reason_unknown()
        self.solver.pop()
        return result

    def each(self, request: dict[str, Any]) -> dict[str, Any]:
        self._limit(request)
        answers = [str(self.solver.check(*map(self._literal, names))) for names in request["assume"]]
        return {"answer": "each", "answers": answers, "rlimit": self._rlimit()}

    def add(self, names: list[str]) -> None:
        self.solver.add(z3.Or(*map(self._literal, names)))

    def _limit(self, request: dict[str, Any]) -> None:
        self.solver.set("rlimit", int(request.get("rlimit", 0)))
        self.solver.set("timeout", int(request.get("timeout", 0)) or 0xFFFFFFFF)

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

    def _rlimit(self) -> int:
        for key, value in self.solver.statistics():
            if key == "rlimit count":
                spent = int(value)
                self.spent, last = spent, self.spent
                return spent - last
        return 0


def main() -> None:
    memory = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))
    session: Session | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "open" in request:
                session = Session(request["open"])
                reply: dict[str, Any] = {"answer": "opened"}
            elif "add" in request:
                assert session is not None
                session.add(request["add"])
                reply = {"answer": "added"}
            elif "each" in request:
                assert session is not None
                reply = session.each(request["each"])
            else:
                assert session is not None
                reply = session.check(request["check"])
        except (z3.Z3Exception, MemoryError) as problem:
            text = str(problem)
            reply = {
                "answer": "unknown" if "memory" in text or isinstance(problem, MemoryError) else "error",
                "reason": text[:500],
            }
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
