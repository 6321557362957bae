"""Confirms that an obligation is unsatisfiable without trusting Z3: by a checked proof, else by another solver.

Answers are never merged: whoever says that a text can be satisfied contradicts Z3, and that is the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib.util import find_spec
from typing import Any

from vnetverify.prover.evidence.child import Fence, NoReply, reply_of
from vnetverify.prover.evidence.circuit import TooLarge
from vnetverify.prover.evidence.clauses import Formula, formula_of
from vnetverify.prover.evidence.lrat import Accepted, BudgetReached, Refused, check_proof
from vnetverify.prover.evidence.reading import Reading, Unreadable, read_obligation

EXTRA = "crosscheck"


class Engine(Enum):
    """A second SMT solver; the value is the name of its module."""

    BITWUZLA = "bitwuzla"
    CVC5 = "cvc5"


ENGINES = tuple(Engine)
SAT_SOLVER = "cadical"


@dataclass(frozen=True, slots=True)
class Question:
    """A text of the encoder, with literals (`v`, `-u0`) and values (symbol, value and width) assumed in it."""

    text: str
    assumed: tuple[str, ...] = ()
    fixed: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    """What evidence for one question may take.

    `seconds` and `megabytes` are the fence of each process that is asked. What decides otherwise is counted, so that it
    is the same on every machine: gates of the circuit, clauses, conflicts of the SAT solver and steps of checking.
    """

    seconds: float = 600.0
    megabytes: int = 4096
    gates: int = 4_000_000
    clauses: int = 4_000_000
    conflicts: int = 1_000_000
    steps: int = 200_000_000

    @property
    def fence(self) -> Fence:
        return Fence(self.seconds, self.megabytes)


@dataclass(frozen=True, slots=True)
class CheckedProof:
    """A SAT solver refuted our own clauses of the question, by a proof of `lemmas` lines that our checker accepts."""

    clauses: int
    lemmas: int


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """This engine finds the question unsatisfiable as well; `no_proof` says why nothing better was had."""

    engine: Engine
    no_proof: str


@dataclass(frozen=True, slots=True)
class NoEvidence:
    """Nobody but Z3 says so; `why` has a reason for each that was asked."""

    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`who` finds the question satisfiable. `confirmed` when our own circuit is satisfied by the values given."""

    who: str
    values: Mapping[str, int]
    confirmed: bool


Evidence = CheckedProof | SecondOpinion | NoEvidence | Contradiction


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Who was asked does not tell; `why` begins with the name."""

    why: str


def evidence_for(question: Question, limits: EvidenceLimits, engines: Sequence[Engine] = ENGINES) -> Evidence:
    """Return the strongest evidence that a question which Z3 finds unsatisfiable is so."""
    try:
        reading = read_obligation(question.text, question.assumed, question.fixed, limits.gates)
    except (Unreadable, TooLarge) as problem:  # and then no other solver gets the text
        return NoEvidence((f"its text cannot be read back: {problem}",))
    found = proof_of(reading, limits)
    if not isinstance(found, Unsettled):
        return found
    why = [found.why]
    for engine in engines:
        opinion = opinion_of(engine, question, reading, limits)
        match opinion:
            case Contradiction():
                return opinion
            case Engine():
                return SecondOpinion(engine, found.why)
            case Unsettled(reason):
                why.append(reason)
    return NoEvidence(tuple(why))


# -- a proof that is checked ------------------------------------------------------------------------------


def proof_of(reading: Reading, limits: EvidenceLimits) -> CheckedProof | Contradiction | Unsettled:
    """Return that the clauses of a reading are refuted by a proof which the checker accepts, or why not."""
    if find_spec("pysolvers") is None:
        return Unsettled(f"{SAT_SOLVER}: python-sat is not installed (extra `{EXTRA}`)")
    try:
        formula = formula_of(reading.circuit, reading.asserted, limits.clauses)
    except TooLarge as problem:
        return Unsettled(f"{SAT_SOLVER}: too large: {problem}")
    reply = reply_of("sat", {"clauses": formula.clauses, "conflicts": limits.conflicts}, limits.fence)
    match reply:
        case NoReply(why):
            return Unsettled(f"{SAT_SOLVER}: {why}")
        case {"answer": "unsat", "proof": str(proof)}:
            return _checked(formula, proof, limits)
        case {"answer": "unknown"}:
            return Unsettled(f"{SAT_SOLVER}: it gave up after {limits.conflicts} conflicts")
        case {"answer": "sat", "model": list(model)}:
            values = _values(reading, formula, model)
            return Contradiction(SAT_SOLVER, values, reading.is_satisfied_by(values))
        case _:
            return Unsettled(f"{SAT_SOLVER}: its answer was garbled")


def _checked(formula: Formula, proof: str, limits: EvidenceLimits) -> CheckedProof | Unsettled:
    match check_proof(formula.clauses, proof.encode(), limits.steps):
        case Accepted(lemmas):
            return CheckedProof(len(formula.clauses), lemmas)
        case Refused(why):
            return Unsettled(f"{SAT_SOLVER}: its proof was refused: {why}")
        case BudgetReached(steps):
            return Unsettled(f"{SAT_SOLVER}: checking its proof takes more than {steps} steps")


def _values(reading: Reading, formula: Formula, model: Sequence[object]) -> dict[str, int]:
    """Return the values of the symbols in a model of the clauses; what no clause speaks of is nought."""
    true = {literal for literal in model if isinstance(literal, int) and literal > 0}
    return reading.values_where(lambda literal: formula.variable_of.get(literal, 0) in true)


# -- another solver -----------------------------------------------------------------------------------------


def opinion_of(
    engine: Engine, question: Question, reading: Reading, limits: EvidenceLimits
) -> Engine | Contradiction | Unsettled:
    """Return `engine` where it finds the question unsatisfiable, which `reading` shows to be a text of ours."""
    if find_spec(engine.value) is None:
        return Unsettled(f"{engine.value}: not installed (extra `{EXTRA}`)")
    request: dict[str, object] = {
        "engine": engine.value,
        "text": script_of(question),
        "symbols": list(reading.symbols),
    }
    match reply_of("smt", request, limits.fence):
        case NoReply(why):
            return Unsettled(f"{engine.value}: {why}")
        case {"answer": "unsat"}:
            return engine
        case {"answer": "sat", "model": dict(model)}:
            values = _numbers(model)
            return Contradiction(engine.value, values, reading.is_satisfied_by(values))
        case {"answer": "unknown"}:
            return Unsettled(f"{engine.value}: it gave up within {limits.seconds:g} s")
        case _:
            return Unsettled(f"{engine.value}: its answer was garbled")


def script_of(question: Question) -> str:
    """Return the question as one SMT-LIB text that asserts everything."""
    assumed = [f"(not {one[1:]})" if one.startswith("-") else one for one in question.assumed]
    fixed = [f"(= {symbol} #b{value:0{width}b})" for symbol, (value, width) in question.fixed.items()]
    lines = [f"(assert {condition})" for condition in (*assumed, *fixed)]
    return "\n".join(("(set-logic QF_BV)", question.text.rstrip("\n"), *lines, ""))


def _numbers(model: Mapping[Any, object]) -> dict[str, int]:
    return {str(symbol): value for symbol, value in model.items() if isinstance(value, int)}
