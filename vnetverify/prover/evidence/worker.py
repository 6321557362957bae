"""The process that holds a solver other than Z3: reads one request, answers with one line, and is never trusted.

`{"sat": {...}}` has clauses and is answered with a model or with a proof in the LRAT format, cut down to the lines
that its end rests on and numbered anew: the clauses given from 1, then those derived. `{"smt": {...}}` has the name of
an engine, a text without a command to solve it and the symbols whose values are wanted. An answer has the number of
its request. Whoever asked tries out the models and checks the proofs.

It ends itself when nobody is there to read the answer, or when it has computed for longer than anybody waits.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import Any

Line = tuple[Sequence[int], Sequence[int]]

_STACK = 256 << 10
_SPARE_SECONDS = 2

# Solvers are imported once memory is limited.

# -- clauses ----------------------------------------------------------------------------------------------


def solved(clauses: list[list[int]], conflicts: int) -> dict[str, Any]:
    """Return a model, or a proof that there is none, unless it takes more than so many conflicts."""
    import pysolvers

    if [] in clauses:  # which the solver does not take
        return {"answer": "unsat", "proof": f"{len(clauses) + 1} 0 {clauses.index([]) + 1} 0\n"}
    with tempfile.TemporaryFile() as file:
        solver = pysolvers.cadical195_new()
        for option, value in (("lrat", 1), ("binary", 0)):
            pysolvers.cadical195_set(solver, option, value)
        pysolvers.cadical195_tracepr(solver, file)
        for clause in clauses:
            pysolvers.cadical195_add_cl(solver, clause)
        pysolvers.cadical195_cbudget(solver, conflicts)
        status = pysolvers.cadical195_solve_lim(solver, [], 0)  # 1 satisfiable, -1 not, 0 unknown
        model = pysolvers.cadical195_model(solver) if status > 0 else None
        pysolvers.cadical195_del(solver, file)  # which writes what is left of the proof
        if status > 0:
            return {"answer": "sat", "model": model}
        if status == 0:
            return {"answer": "unknown"}
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
    given = [name for name in range(1, empty) if name not in lines]
    numbers = {name: place for place, name in enumerate(given, 1)}
    numbers |= {name: place for place, name in enumerate(sorted(needed), count + 1)}
    return "".join(_written(numbers[name], lines[name], numbers) for name in sorted(needed))


def _written(number: int, line: Line, numbers: dict[int, int]) -> str:
    literals, hints = line
    return " ".join(map(str, (number, *literals, 0, *(numbers[hint] for hint in hints), 0))) + "\n"


# -- texts ------------------------------------------------------------------------------------------------


def asked_of_bitwuzla(text: str, symbols: Sequence[str], milliseconds: int) -> dict[str, Any]:
    """Return the answer `sat`, `unsat` or `unknown` to an SMT-LIB text; with `sat` the values of `symbols`."""
    import bitwuzla

    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    options.set(bitwuzla.Option.TIME_LIMIT_PER, milliseconds)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    parser.parse(text, True, False)
    solver = parser.bitwuzla()
    answer = solver.check_sat()
    if answer == bitwuzla.Result.UNSAT:
        return {"answer": "unsat"}
    if answer != bitwuzla.Result.SAT:
        return {"answer": "unknown"}
    terms = {str(term.symbol()): term for term in parser.get_declared_funs()}
    values = {symbol: solver.get_value(terms[symbol]) for symbol in symbols}
    model = {
        symbol: int(value.value(10) if value.sort().is_bv() else value.value()) for symbol, value in values.items()
    }
    return {"answer": "sat", "model": model}


def asked_of_cvc5(text: str, symbols: Sequence[str], milliseconds: int) -> dict[str, Any]:
    """Return the same as `asked_of_bitwuzla`. Raises ValueError where the text is refused."""
    import cvc5

    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    for option, value in (("bitblast", "eager"), ("produce-models", "true"), ("tlimit-per", str(milliseconds))):
        solver.setOption(option, value)
    names = cvc5.SymbolManager(terms)
    parser = cvc5.InputParser(solver, names)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    while not (command := parser.nextCommand()).isNull():
        if said := command.invoke(solver, names):
            raise ValueError(said)
    answer = solver.checkSat()
    if answer.isUnsat():
        return {"answer": "unsat"}
    if not answer.isSat():
        return {"answer": "unknown"}
    declared = {term.getSymbol(): term for term in names.getDeclaredTerms()}
    model = {symbol: int(solver.getValue(declared[symbol]).toPythonObj()) for symbol in symbols}
    return {"answer": "sat", "model": model}


ENGINES = {"bitwuzla": asked_of_bitwuzla, "cvc5": asked_of_cvc5}


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    match request:
        case {"sat": asked}:
            return solved(asked["clauses"], asked["conflicts"])
        case {"smt": asked}:
            return ENGINES[asked["engine"]](asked["text"], asked["symbols"], asked["timeout"])
        case _:
            return {"answer": "unknown"}


# -- the fence --------------------------------------------------------------------------------------------


def end_with_parent() -> None:
    """End at once when stdin does, which it does when the parent dies: nobody is there any more.

    A solver that computes keeps all our threads waiting, so the kernel has to see it: it sends a signal that ends us.
    """

    def listen() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    stdin = sys.stdin.fileno()
    fcntl.fcntl(stdin, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(stdin, fcntl.F_SETFL, fcntl.fcntl(stdin, fcntl.F_GETFL) | os.O_ASYNC)
    threading.stack_size(_STACK)
    threading.Thread(target=listen, daemon=True).start()  # for what ended before


def limit(megabytes: int, milliseconds: int) -> None:
    """Let the kernel refuse more memory and larger files, and end this process when it computes for too long."""
    most, seconds = megabytes << 20, milliseconds // 1000 + _SPARE_SECONDS
    for what, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, most),
        (resource.RLIMIT_FSIZE, most),
        (resource.RLIMIT_CPU, seconds),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    end_with_parent()
    limit(int(sys.argv[1]), next(iter(request.values()))["timeout"])
    sys.stdout.write(json.dumps({**answer_to(request), "number": request["number"]}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
