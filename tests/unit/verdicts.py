"""Verdicts of the prover on one sentence about a text, for tests of what the encoding says."""

from __future__ import annotations

from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Unknown, Verdict
from vnetverify.source import Source
from vnetverify.syntax import read


def inquiry_about(text: str, sentence: str, assumed: str = "", documented: bool = False) -> Inquiry:
    """Return the question that `sentence` asks of the network of `text`, where `assumed` holds as well."""
    asked = read([Source("t.vnet", f"{text}\n{assumed}\nintent asked {{ {sentence} }}\n")], Network())
    assert not asked.diagnostics, asked.diagnostics
    claim = asked.intents[0].claims[0]
    assert isinstance(claim, Claim)
    fixed = {assumption.fact.casefold(): assumption.value for assumption in asked.assumptions}
    return Inquiry(asked.network, claim, fixed, documented)


def verdict_on(text: str, sentence: str, solver: Solver, assumed: str = "", documented: bool = False) -> Verdict:
    return decide(inquiry_about(text, sentence, assumed, documented), solver)


def open_facts(verdict: Verdict) -> set[str]:
    assert isinstance(verdict, Unknown), verdict
    return {str(fact) for fact in verdict.open_facts}
