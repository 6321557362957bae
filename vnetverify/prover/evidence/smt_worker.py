"""The process that holds a second SMT solver: reads a text without commands to solve it, answers once."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Sequence
from typing import Any


def asked_of_bitwuzla(text: str, symbols: Sequence[str], milliseconds: int) -> dict[str, Any]:
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
    values = {symbol: solver.getValue(declared[symbol]) for symbol in symbols}
    model = {symbol: int(value.toPythonObj()) for symbol, value in values.items()}
    return {"answer": "sat", "model": model}


ENGINES = {"bitwuzla": asked_of_bitwuzla, "cvc5": asked_of_cvc5}


def main() -> None:
    most = int(sys.argv[1]) << 20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    request = json.loads(sys.stdin.buffer.read())
    reply = ENGINES[request["engine"]](request["text"], request["symbols"], request["milliseconds"])
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
