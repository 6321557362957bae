"""Boxes against packets: what the judge of certificates says of a region is so of every flow in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from random import Random

from hypothesis import assume
from hypothesis import strategies as st

from tests.agreement.campaigns import GENERATE, for_each
from vnetverify.certificate.questions import Unviolated
from vnetverify.diagnostic import Severity
from vnetverify.facts import World
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.simulator.claims import violates
from vnetverify.testing.classes import classes_of
from vnetverify.testing.estates import networks
from vnetverify.testing.regions import drawn_flow, drawn_leaf, is_refused_somewhere
from vnetverify.testing.sentences import claims
from vnetverify.testing.worlds import Choices, worlds

NETWORKS = 60
LEAVES, FLOWS = 12, 4
CLASSES, VIOLATING = 60, 3
DEFINED_ALL_THE_SAME = frozenset({"R-UDR-5"})


@st.composite
def situations(draw: st.DrawFn) -> tuple[Network, Claim, World]:
    network = draw(networks())
    assume(not any(f.severity is Severity.ERROR and f.rule not in DEFINED_ALL_THE_SAME for f in check(network)))
    claim = draw(claims(network))
    assume(claim.verb is not Verb.SOMETIMES_REACHES)
    return network, claim, draw(worlds(network, claim))


def test_what_a_region_is_found_to_do_its_flows_do() -> None:
    seen = {"leaves": 0, "flows": 0}

    def agree(situation: tuple[Network, Claim, World], seed: int) -> None:
        network, claim, world = situation
        assume(claim.advertising is None)  # no drawn world tells which facts about announcements are so in it
        dice, question = Random(seed), Unviolated(network, claim)
        for _ in range(LEAVES):
            leaf = drawn_leaf(network, claim, dice)
            if leaf is None or leaf.is_refused:
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


def test_no_cover_leaves_out_what_a_flow_does() -> None:
    """However the cover of a claim is cut, a flow that violates the claim is in a region that is refused."""
    seen = {"violating": 0, "announced": 0}

    def is_in_none(situation: tuple[Network, Claim, World], seed: int) -> None:
        network, claim, world = situation
        world = replace(world, facts=Choices(seed))
        dice, question = Random(seed), Unviolated(network, claim)
        drawn = classes_of(network, claim, world).sampled(CLASSES, seed)
        violating = (one for one in drawn if violates(network, claim, *one, world) is not None)
        for origin, flow in islice(violating, VIOLATING):
            refused = is_refused_somewhere(question, origin, flow, world, dice)
            seen["violating"] += refused is True
            seen["announced"] += refused is True and claim.advertising is not None

            assert refused is not False, f"{flow} from {origin}, {world.advertised}"

    for_each(NETWORKS // 2, is_in_none, GENERATE, situation=situations(), seed=st.integers(1, 2**32))

    assert seen["violating"] > NETWORKS // 4
    assert seen["announced"] > NETWORKS // 20
