"""The process that holds a SAT solver: reads clauses, answers with a model or with a proof in the LRAT format.

Nothing here is believed: models are tried out and proofs checked by whoever asked. A proof is cut down to the lines
that its end rests on, and its clauses get new numbers: those of the formula from 1, then those derived.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

Line = tuple[Sequence[int], Sequence[int]]


def solved(clauses: list[list[int]]) -> dict[str, Any]:
    """Return a model, or a proof that there is none."""
    import pysolvers  # once memory is limited

    if [] in clauses:  # which the solver does not take
        return {"answer": "unsat", "proof": f"{len(clauses) + 1} 0 {clauses.index([]) + 1} 0\n"}
    with tempfile.TemporaryFile() as file:
        solver = pysolvers.cadical195_new()
        for option, value in (("lrat", 1), ("binary", 0)):
            pysolvers.cadical195_set(solver, option, value)
        pysolvers.cadical195_tracepr(solver, file)
        for clause in clauses:
            pysolvers.cadical195_add_cl(solver, clause)
        satisfiable = pysolvers.cadical195_solve(solver, [], 1)
        model = pysolvers.cadical195_model(solver) if satisfiable else None
        pysolvers.cadical195_del(solver, file)  # which writes what is left of the proof
        if satisfiable:
            return {"answer": "sat", "model": model}
        file.seek(0)
        return {"answer": "unsat", "proof": trimmed(read_lines(file.read().decode("ascii")), len(clauses))}


def read_lines(proof: str) -> dict[int, Line]:
    """Return the literals and the hints of each derived clause by its number."""
    lines: dict[int, Line] = {}
    for line in proof.splitlines():
        name, *rest = line.split()
        if rest[0] != "d":  # what was forgotten does no harm
            numbers = [int(word) for word in rest]
            end = numbers.index(0)
            lines[int(name)] = (numbers[:end], numbers[end + 1 : -1])
    return lines


def trimmed(lines: dict[int, Line], count: int) -> str:
    """Return the lines that the empty clause rests on, as a proof about `count` clauses."""
    empty = min(name for name, (literals, _) in lines.items() if not literals)
    needed: set[int] = set()
    waiting = [empty]
    while waiting:
        name = waiting.pop()
        if name in lines and name not in needed:
            needed.add(name)
            waiting.extend(lines[name][1])
    # The solver numbers all clauses as they come, so those given have the numbers that none derived has.
    numbers: dict[int, int] = {}
    given = 0
    for name in range(1, empty + 1):
        if name not in lines:
            given += 1
            numbers[name] = given
    numbers |= {name: place for place, name in enumerate(sorted(needed), count + 1)}
    return "".join(_written(numbers[name], lines[name], numbers) for name in sorted(needed))


def _written(number: int, line: Line, numbers: dict[int, int]) -> str:
    literals, hints = line
    return " ".join(map(str, (number, *literals, 0, *(numbers[hint] for hint in hints), 0))) + "\n"


def main() -> None:
    most = int(sys.argv[1]) << 20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    request = json.loads(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(solved(request["clauses"])) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
