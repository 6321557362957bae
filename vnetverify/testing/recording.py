"""A solver that keeps what it was asked, so that somebody else can be asked the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vnetverify.encoder.terms import Term
from vnetverify.prover.evidence.confirming import Question
from vnetverify.prover.solver import Answer, Satisfiable, Solver, Unsatisfiable


@dataclass(slots=True)
class RecordingSolver(Solver):
    """`answers` are those that say yes or no, by their questions."""

    answers: list[tuple[Question, Satisfiable | Unsatisfiable]] = field(default_factory=list)

    def check(
        self, assumed: Iterable[Term], *, core: bool = False, fix: Mapping[Term, tuple[int, int]] | None = None
    ) -> Answer:
        literals = tuple(assumed)
        # A slotted dataclass is made anew, so that `super()` without arguments would look for the one before.
        answer = Solver.check(self, literals, core=core, fix=fix)
        if isinstance(answer, Satisfiable | Unsatisfiable):
            self.answers.append((Question(self._opened_obligation().text, literals, dict(fix or {})), answer))
        return answer
