"""Every question about the specs that Z3 finds unsatisfiable, put to all others: a row for each file.

Each question gets a proof that our checker is given, and is put to Bitwuzla; one in `--every` is put to cvc5 as well.
`questions` are what Z3 answered with unsat while the file was proved: the proofs themselves, the lines they rest on,
what is vacuous. Ends with 1 unless everybody agrees on everything.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vnetverify.pipeline import Options, load, prove
from vnetverify.prover.evidence.confirming import (
    CheckedProof,
    Contradiction,
    Engine,
    EvidenceLimits,
    Question,
    Unsettled,
    opinion_of,
    proof_of,
)
from vnetverify.prover.evidence.reading import read_obligation
from vnetverify.prover.solver import Limits, Unsatisfiable
from vnetverify.prover.verdict import Proved
from vnetverify.testing.recording import RecordingSolver

ROOT = Path(__file__).parents[1]
ASKED = ("checked proof", *(engine.value for engine in Engine))


@dataclass(slots=True)
class Tally:
    """What came of the questions of some files."""

    proved: int = 0
    questions: int = 0
    agreed: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    complaints: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.proved += other.proved
        self.questions += other.questions
        self.agreed.update(other.agreed)
        self.asked.update(other.asked)
        for who, taken in other.seconds.items():
            self.seconds[who] += taken
        self.complaints += other.complaints

    def row(self, name: str) -> list[str]:
        agreed = [f"{self.agreed[who]}/{self.asked[who]}" for who in ASKED]
        return [name, str(self.proved), str(self.questions), *agreed, *(f"{self.seconds[who]:.1f}" for who in ASKED)]


def unsatisfiable(path: Path) -> tuple[int, list[Question]]:
    """Return how many claims of a file are proved, and the questions that Z3 answered with unsat meanwhile."""
    solver = RecordingSolver(Limits())
    report = prove(load([str(path)], []), Options(), warmed_up=solver)
    proved = sum(isinstance(claim.verdict, Proved) for intent in report.results for claim in intent.results)
    questions = (question for question, answer in solver.answers if isinstance(answer, Unsatisfiable))
    return proved, list({(q.text, q.assumed, str(q.fixed)): q for q in questions}.values())


def tallied(path: Path, every: int, first: int) -> Tally:
    """Return what came of a file, whose questions are numbered from `first`."""
    proved, questions = unsatisfiable(path)
    tally = Tally(proved, len(questions))
    for number, question in enumerate(questions, first):
        for who, answer in answers_to(question, with_cvc5=number % every == 0, seconds=tally.seconds):
            tally.asked[who] += 1
            match answer:
                case CheckedProof() | Engine():
                    tally.agreed[who] += 1
                case Contradiction(confirmed=confirmed):
                    tally.complaints.append(f"{path.name}: {who} contradicts, {confirmed=}")
                case Unsettled(why):
                    tally.complaints.append(f"{path.name}: {why}")
    return tally


def answers_to(
    question: Question, with_cvc5: bool, seconds: dict[str, float]
) -> Iterator[tuple[str, CheckedProof | Engine | Contradiction | Unsettled]]:
    limits = EvidenceLimits()
    reading = read_obligation(question.text, question.assumed, question.fixed, limits.gates)
    begun = time.perf_counter()
    yield ASKED[0], proof_of(reading, limits)
    seconds[ASKED[0]] += time.perf_counter() - begun
    for engine in (Engine.BITWUZLA, *((Engine.CVC5,) if with_cvc5 else ())):
        begun = time.perf_counter()
        yield engine.value, opinion_of(engine, question, reading, limits)
        seconds[engine.value] += time.perf_counter() - begun


def specs() -> Sequence[Path]:
    seeds, estates = (sorted((ROOT / "specs" / folder).glob("*.vnet")) for folder in ("seed", "estates"))
    return (ROOT / "specs" / "tutorial.vnet", *seeds, *estates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", type=Path, nargs="*", default=specs())
    parser.add_argument("--every", type=int, default=5, help="cvc5 is asked one question in so many")
    given = parser.parse_args()
    total = Tally()
    rows = [["file", "proved", "questions", *ASKED, *(f"{who} s" for who in ASKED)]]
    for path in given.paths:
        tally = tallied(path, given.every, total.questions)
        rows.append(tally.row(path.name))
        total.add(tally)
    rows.append(total.row("all"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print(*total.complaints or ("everybody agrees",), sep="\n")
    sys.exit(1 if total.complaints else 0)


if __name__ == "__main__":
    main()
