"""No two proofs contradict: what is proved to get through is not proved to stay away, on any network."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from tests.agreement.campaigns import for_each
from tests.agreement.test_agreement import situations
from vnetverify.facts import World
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Unknown

NETWORKS = 9


def test_nothing_is_proved_both_to_get_through_and_to_stay_away(solver: Solver) -> None:
    """`reaches` implies `sometimes reaches`, and either of them that `never reaches` does not hold."""

    def is_consistent(situation: tuple[Network, Claim, World], documented: bool) -> None:
        network, claim, _ = situation
        plain = replace(
            claim, via=(), excused=(), peered_with=(), expected_hop=None, expected_egress=None, limit=None,
            arriving=None, unfiltered=False, failures=None, advertising=None,
        )  # fmt: skip
        reaches, sometimes, never = (
            decide(Inquiry(network, replace(plain, verb=verb), {}, documented), solver)
            for verb in (Verb.REACHES, Verb.SOMETIMES_REACHES, Verb.NEVER_REACHES)
        )

        if isinstance(reaches, Proved):
            assert isinstance(sometimes, Proved | Unknown)
            assert not isinstance(never, Proved)
        if isinstance(sometimes, Proved):
            assert not isinstance(never, Proved)

    for_each(NETWORKS, is_consistent, situation=situations(), documented=st.booleans())


def test_nothing_is_proved_to_pass_and_not_to_pass_one_device(solver: Solver) -> None:
    def is_consistent(situation: tuple[Network, Claim, World], data: st.DataObject) -> None:
        network, claim, _ = situation
        devices = (*network.machines, *network.gateways)
        assume(devices and claim.verb in (Verb.REACHES, Verb.NEVER_REACHES, Verb.ONLY_VIA, Verb.NOT_VIA))
        device = data.draw(st.sampled_from(devices))
        only, never = (
            decide(Inquiry(network, replace(claim, verb=verb, via=(device,), unfiltered=False), {}, False), solver)
            for verb in (Verb.ONLY_VIA, Verb.NOT_VIA)
        )

        assert not (isinstance(only, Proved) and isinstance(never, Proved)), device

    for_each(NETWORKS, is_consistent, situation=situations(), data=st.data())
