"""Boxes against packets: what the judge of certificates says of a region is so of every flow in it."""

from __future__ import annotations

from random import Random

from hypothesis import assume
from hypothesis import strategies as st

from tests.agreement.campaigns import GENERATE, for_each
from vnetverify.certificate.questions import Unviolated
from vnetverify.diagnostic import Severity
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.rules import World
from vnetverify.simulator.claims import violates
from vnetverify.testing.estates import networks
from vnetverify.testing.regions import drawn_flow, drawn_leaf
from vnetverify.testing.sentences import claims
from vnetverify.testing.worlds import worlds

NETWORKS = 60
LEAVES, FLOWS = 12, 4
DEFINED_ALL_THE_SAME = frozenset({"R-UDR-5"})


@st.composite
def situations(draw: st.DrawFn) -> tuple[Network, Claim, World]:
    network = draw(networks())
    assume(not any(f.severity is Severity.ERROR and f.rule not in DEFINED_ALL_THE_SAME for f in check(network)))
    claim = draw(claims(network))
    assume(claim.advertising is None and claim.verb is not Verb.SOMETIMES_REACHES)
    return network, claim, draw(worlds(network, claim))


def test_what_a_region_is_found_to_do_its_flows_do() -> None:
    seen = {"leaves": 0, "flows": 0}

    def agree(situation: tuple[Network, Claim, World], seed: int) -> None:
        network, claim, world = situation
        dice, question = Random(seed), Unviolated(network, claim)
        for _ in range(LEAVES):
            leaf = drawn_leaf(network, claim, dice)
            if leaf is None or leaf.violates:
                continue
            seen["leaves"] += 1
            for _ in range(FLOWS):
                drawn = drawn_flow(question, leaf.region, world, seed, dice)
                if drawn is not None:
                    origin, flow, inside = drawn
                    seen["flows"] += 1

                    assert violates(network, claim, origin, flow, inside) is None, f"{flow} from {origin}"

    for_each(NETWORKS, agree, GENERATE, situation=situations(), seed=st.integers(0, 2**32))

    assert seen["leaves"] > NETWORKS
    assert seen["flows"] > 2 * NETWORKS
