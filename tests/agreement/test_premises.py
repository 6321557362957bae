"""What a claim speaks of, told by both engines and by arithmetic on its sets."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from tests.agreement.campaigns import for_each
from tests.agreement.test_agreement import FLOWS, situations
from vnetverify.facts import World
from vnetverify.header import TCP, Flow
from vnetverify.model.intents import Claim, EndpointSet, Place
from vnetverify.model.network import Network
from vnetverify.prover.premise import premise_of
from vnetverify.prover.solver import Satisfiable, Solver, Unsatisfiable
from vnetverify.prover.verdict import Witness
from vnetverify.simulator.premises import is_spoken_of
from vnetverify.testing.agreement import opened
from vnetverify.testing.strategies import flows_of

NETWORKS = 9
MOST_PARTS = 4


def test_the_engines_agree_on_which_flows_a_claim_speaks_of(solver: Solver) -> None:
    def agree(situation: tuple[Network, Claim, World], data: st.DataObject) -> None:
        network, claim, world = situation
        encoded = opened(network, claim, solver)
        for _ in range(FLOWS):
            origin, flow = data.draw(flows_of(network, claim, world))
            spoken_of = is_spoken_of(network, claim, origin, flow, world)

            assert (encoded.question(origin, flow, world) == {True}) is spoken_of, f"{flow} from {origin}"
        for obligation in encoded.obligations.values():
            solver.open(obligation)
            answer = solver.check([obligation.in_question])
            if isinstance(answer, Satisfiable):
                witness = Witness(*obligation.witness(answer.model))

                assert is_spoken_of(network, claim, witness.origin, witness.flow, witness.world), str(witness)

    for_each(NETWORKS, agree, situation=situations(), data=st.data())


def test_pairs_of_places_have_flows_where_the_encoding_says_so(solver: Solver) -> None:
    def agrees(situation: tuple[Network, Claim, World]) -> None:
        network, claim, world = situation
        left, right = claim.pairs[0]
        assume(len(left.parts) <= MOST_PARTS and len(right.parts) <= MOST_PARTS)
        asked = _encoded_pairs(network, claim, solver)
        example = Witness(Place("subnet", "none"), Flow(TCP, 0, 0, 0, 0), world)

        assert premise_of(network, claim, example).pairs == len(asked), asked

    for_each(NETWORKS, agrees, situation=situations())


def _encoded_pairs(network: Network, claim: Claim, solver: Solver) -> set[tuple[Place, Place]]:
    left, right = claim.pairs[0]
    return {
        (source[0], target[0])
        for source in left.parts
        for target in right.parts
        if _is_in_question(network, replace(claim, pairs=((EndpointSet((source,)), EndpointSet((target,))),)), solver)
    }


def _is_in_question(network: Network, claim: Claim, solver: Solver) -> bool:
    for obligation in opened(network, claim, solver).obligations.values():
        solver.open(obligation)
        if not isinstance(solver.check([obligation.in_question]), Unsatisfiable):
            return True
    return False
