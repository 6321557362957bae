"""Whether proofs hold by routing alone: both engines without filters, and the prover's short ways to the answer."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from tests.agreement.campaigns import for_each
from tests.agreement.test_agreement import FLOWS, situations
from vnetverify.facts import World
from vnetverify.model.intents import OF_ABSENCE, Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Satisfiable, Solver
from vnetverify.prover.verdict import Proved, Vacuous, Witness
from vnetverify.simulator.claims import in_question, violates
from vnetverify.testing.agreement import opened
from vnetverify.testing.strategies import flows_of

NETWORKS = 18


@st.composite
def situations_of_absence(draw: st.DrawFn) -> tuple[Network, Claim, World]:
    """Draw a situation whose claim is one of absence; most others are read as `never reaches`."""
    network, claim, world = draw(situations())
    if claim.verb not in OF_ABSENCE:
        claim = replace(claim, verb=Verb.NEVER_REACHES, expected_hop=None, expected_egress=None, limit=None)
    return network, replace(claim, unfiltered=False), world


def test_without_filters_the_engines_agree(solver: Solver) -> None:
    def agree(situation: tuple[Network, Claim, World], data: st.DataObject) -> None:
        network, claim, world = situation
        encoded = opened(network, replace(claim, unfiltered=True), solver)
        for _ in range(FLOWS):
            origin, flow = data.draw(flows_of(network, claim, world))
            allowed = encoded.violation(origin, flow, world)
            violated = violates(network, encoded.claim, origin, flow, world) is not None

            assert allowed == {violated} if allowed else not in_question(network, encoded.claim, origin, flow, world)
        for obligation in encoded.obligations.values():
            solver.open(obligation)
            answer = solver.check([obligation.violation])
            if isinstance(answer, Satisfiable):
                witness = Witness(*obligation.witness(answer.model))

                assert violates(network, encoded.claim, witness.origin, witness.flow, witness.world), str(witness)

    for_each(NETWORKS, agree, situation=situations_of_absence(), data=st.data())


def test_a_proof_holds_by_routing_alone_exactly_where_the_claim_without_filters_is_proved(solver: Solver) -> None:
    def is_exact(situation: tuple[Network, Claim, World], documented: bool) -> None:
        network, claim, _ = situation
        verdict = decide(Inquiry(network, claim, {}, documented), solver)
        if not isinstance(verdict, Proved) or verdict.by_routing is None:
            return
        # A proof of every world is asked about every world, whatever the reading.
        unfiltered = decide(Inquiry(network, replace(claim, unfiltered=True), {}, verdict.documented), solver)

        assert isinstance(unfiltered, Proved | Vacuous) is verdict.by_routing, unfiltered

    for_each(NETWORKS, is_exact, situation=situations_of_absence(), documented=st.booleans())
