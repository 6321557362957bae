"""Whatever Z3 answers about drawn networks our own clauses say too: by a model that fits, or a checked proof."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from tests.agreement.campaigns import for_each
from tests.agreement.test_agreement import situations
from vnetverify.facts import World
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.evidence.clauses import formula_of
from vnetverify.prover.evidence.confirming import Question
from vnetverify.prover.evidence.lrat import Accepted, check_proof
from vnetverify.prover.evidence.reading import read_obligation
from vnetverify.prover.evidence.worker import solved
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits, Satisfiable
from vnetverify.testing.recording import RecordingSolver

pytest.importorskip("pysolvers", reason="python-sat is not installed (extra `crosscheck`)")

NETWORKS = 27
MOST = 1_000_000


def can_be_satisfied(question: Question) -> bool:
    """Tell what our own clauses say, which is shown each time."""
    reading = read_obligation(question.text, question.assumed, question.fixed, MOST)
    formula = formula_of(reading.circuit, reading.asserted, MOST)
    answer = solved([list(clause) for clause in formula.clauses], MOST)
    if answer["answer"] == "unsat":
        assert isinstance(check_proof(formula.clauses, answer["proof"].encode(), 100 * MOST), Accepted)
        return False
    true = {literal for literal in answer["model"] if literal > 0}
    values = reading.values_where(lambda literal: formula.variable_of.get(literal, 0) in true)

    assert reading.is_satisfied_by(values)
    return True


def test_clauses_agree_with_z3_on_every_question_about_drawn_networks() -> None:
    seen: Counter[bool] = Counter()
    with closing(RecordingSolver(Limits())) as solver:

        def agree(situation: tuple[Network, Claim, World]) -> None:
            network, claim, _ = situation
            solver.answers.clear()
            decide(Inquiry(network, claim, {}, False), solver)
            for question, answer in solver.answers:
                expected = isinstance(answer, Satisfiable)

                assert expected is can_be_satisfied(question)
                seen[expected] += 1

        for_each(NETWORKS, agree, situation=situations())

    assert min(seen[True], seen[False]) >= NETWORKS
