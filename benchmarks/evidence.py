"""What evidence beside Z3 costs as lists of rules grow: a row for each size, medians over the seeds.

Two groups stand before a server, and the second lets pass what an equal edit of the first stops, so that the proof that
nothing gets through is that a list and its edit say the same. Rules and edits are those of `lists.py`. Seconds are of
the processor, children's included, since they say more than the clock's on a shared machine. `prove` is all from the
text to the verdict, with the start of Z3; `z3` that question alone, without it. Of the evidence `make` is reading back
the text, writing the clauses and having them refuted, `check` the checker alone. Solvers are asked in processes of
their own, whose start is in the figure.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TypeVar

from lists import FIRST_PRIORITY, LAST_PRIORITY, Rule, drawn, edited

from vnetverify.model.network import Network
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.evidence.child import reply_of
from vnetverify.prover.evidence.clauses import Clause, formula_of
from vnetverify.prover.evidence.confirming import Engine, EvidenceLimits, Question, opinion_of
from vnetverify.prover.evidence.lrat import Accepted, check_proof
from vnetverify.prover.evidence.reading import Reading, read_obligation
from vnetverify.prover.solver import Limits, Solver, Unsatisfiable
from vnetverify.source import Source
from vnetverify.syntax import read
from vnetverify.testing.recording import RecordingSolver

Result = TypeVar("Result")

OPPOSITE = {"allow": "deny", "deny": "allow"}
COLUMNS = ("rules", "prove s", "z3 s", "clauses", "lines", "bytes", "make s", "check s", "bitwuzla s", "cvc5 s")


def text(count: int, seed: int) -> str:
    dice = random.Random(seed)
    first = drawn(count, dice)
    second = [replace(rule, access=OPPOSITE[rule.access]) for rule in edited(first, "equal", dice)]
    return "\n".join(
        (
            "vnet v { address 10.0.0.0/8  subnet web 10.0.0.0/24 nsg one  subnet clients 10.128.0.0/9 }",
            "vm server { nic 10.0.0.4 in v.web nsg other }",
            *_group("one", first, "deny"),
            *_group("other", second, "allow"),
            "intent shut { v.clients never reaches server }",
            "",
        )
    )


def _group(name: str, rules: Sequence[Rule], rest: str) -> Sequence[str]:
    lines = [f"  inbound {FIRST_PRIORITY + number} r{number} {rule}" for number, rule in enumerate(rules)]
    return (f"nsg {name} {{", *lines, f"  inbound {LAST_PRIORITY} rest {rest} any from any to any", "}")


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds and sizes of one run, in the order of the columns behind the first."""

    figures: tuple[float, ...]


def used(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the seconds of the processor that work took, with the processes that it started and ended."""
    before = _seconds()
    result = work()
    return _seconds() - before, result


def _seconds() -> float:
    usages = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def taken(count: int, seed: int) -> Taken:
    source = Source("evidence.vnet", text(count, seed))
    solver = RecordingSolver(Limits())
    whole, report = used(lambda: prove(Loaded(read([source], Network()), {}, ()), Options(), warmed_up=solver))
    assert report.results[0].as_expected
    question = next(q for q, answer in solver.answers if isinstance(answer, Unsatisfiable))
    limits = EvidenceLimits()
    made, (reading, clauses, proof) = used(partial(refuted, question, limits))
    checked, answer = used(lambda: check_proof(clauses, proof, limits.steps))
    assert isinstance(answer, Accepted)
    asked = []
    for engine in Engine:
        seconds, opinion = used(partial(opinion_of, engine, question, reading, limits))
        assert opinion is engine
        asked.append(seconds)
    z3 = _with_z3(question) - _with_z3(Question("(declare-const v Bool)\n(assert (not v))", ("v",)))
    return Taken((whole, max(0.0, z3), len(clauses), answer.lemmas, len(proof), made, checked, *asked))


def refuted(question: Question, limits: EvidenceLimits) -> tuple[Reading, list[Clause], bytes]:
    reading = read_obligation(question.text, question.assumed, question.fixed, limits.gates)
    clauses = formula_of(reading.circuit, reading.asserted, limits.clauses).clauses
    reply = reply_of("sat", {"clauses": clauses, "conflicts": limits.conflicts}, limits.fence)
    assert isinstance(reply, dict)
    return reading, clauses, str(reply["proof"]).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """A text for Z3 of which no values are wanted."""

    text: str
    symbols: tuple[str, ...] = ()

    @property
    def widths(self) -> dict[str, int]:
        return {}


def _with_z3(question: Question) -> float:
    """Return what it takes to start a process of Z3 and to put the question to it."""

    def ask() -> None:
        with closing(Solver(Limits())) as solver:
            solver.open(Asked(question.text))
            assert isinstance(solver.check(question.assumed), Unsatisfiable)

    return used(ask)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="*", default=[20, 200, 1000])
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    rows = [list(COLUMNS)]
    for count in given.rules:
        runs = [taken(count, seed).figures for seed in range(given.seeds)]
        middle = [median(run[column] for run in runs) for column in range(len(COLUMNS) - 1)]
        rows.append(
            [str(count)]
            + [
                f"{value:.3f}" if name.endswith(" s") else f"{value:.0f}"
                for name, value in zip(COLUMNS[1:], middle, strict=True)
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
