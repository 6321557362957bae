"""Verdicts found without a solver: on drawn networks the solver comes to the same."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.agreement.campaigns import for_each
from tests.agreement.test_boxes import situations
from tests.agreement.test_routing_alone import situations_of_absence
from vnetverify.certificate import maker
from vnetverify.certificate.evidence import Subject, judge
from vnetverify.covering import decided_by_cover
from vnetverify.facts import SettledFacts, World
from vnetverify.grounds import MOST_GROUNDS
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted
from vnetverify.simulator.claims import violates

Situations = st.SearchStrategy[tuple[Network, Claim, World]]
NETWORKS = 25
MOST_NODES = 600
# With these every outcome is met on few networks.
FIRST_SEED = 30


@pytest.fixture(params=["as it is", "by destination"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have small networks be covered as large ones are."""
    if request.param == "by destination":
        for name, number in {
            "_FEW_NODES": 0,
            "_MORE_NODES": 0,
            "_FEW_TARGETS": 1,
            "_MANY_ORIGINS": 2,
            "_BATCH": 2,
        }.items():
            monkeypatch.setattr(maker, name, number)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("drawn", [situations(), situations_of_absence()], ids=["any", "absence"])
def test_the_solver_comes_to_the_same(drawn: Situations, solver: Solver) -> None:
    seen = {"proved": 0, "refuted": 0, "told": 0}

    def agree(situation: tuple[Network, Claim, World]) -> None:
        network, claim, _ = situation
        found = decided_by_cover(network, claim, {}, MOST_NODES)
        if isinstance(found, Refuted):
            seen["refuted"] += 1
            witness = found.witness
            assert witness is not None
            assert violates(network, claim, witness.origin, witness.flow, witness.world) is not None
            assert isinstance(decide(Inquiry(network, claim, {}, documented=False), solver), Refuted)
        elif isinstance(found, tuple):
            seen["proved"] += 1
            verdict = decide(Inquiry(network, claim, {}, documented=False), solver)
            assert isinstance(verdict, Proved)
            proof, certificate = found
            judge(Subject(network, claim, SettledFacts({})), certificate)
            seen["told"] += bool(proof.grounds)
            assert len(proof.grounds) <= MOST_GROUNDS
            if proof.by_routing is not None and verdict.by_routing is not None:
                assert proof.by_routing is verdict.by_routing

    for_each(NETWORKS, agree, first_seed=FIRST_SEED, situation=drawn)

    assert min(seen.values()) > 0, seen
