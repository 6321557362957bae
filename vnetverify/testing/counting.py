"""A solver that counts what it is asked, and what it leaves undecided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vnetverify.encoder.terms import Term
from vnetverify.prover.solver import Answer, Solver, Undecided


@dataclass(slots=True)
class CountingSolver(Solver):
    """`asked` counts questions, `undecided` those of them without an answer."""

    asked: int = 0
    undecided: int = 0

    def check(
        self, assumed: Iterable[Term], *, core: bool = False, fix: Mapping[Term, tuple[int, int]] | None = None
    ) -> Answer:
        # A slotted dataclass is made anew, so that `super()` without arguments would look for the one before.
        answer = Solver.check(self, assumed, core=core, fix=fix)
        self.asked += 1
        self.undecided += isinstance(answer, Undecided)
        return answer

    def check_each(self, questions: Sequence[Sequence[Term]]) -> list[bool | None]:
        answers = Solver.check_each(self, questions)
        self.asked += len(answers)
        self.undecided += answers.count(None)
        return answers
