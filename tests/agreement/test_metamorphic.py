"""Laws of networks and sentences, each judged by the simulator and by verdicts: a few networks here, `make laws` more."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.agreement.campaigns import LOT
from tests.agreement.laws.law import Case, Changed, Law, Relation, broken_by_simulation, broken_by_verdict
from tests.agreement.laws.obeying import LAWS, Obeying, State
from vnetverify.facts import World
from vnetverify.header import TCP, Flow
from vnetverify.model.intents import Claim, Place
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Witness
from vnetverify.syntax.read import read_text

NETWORKS, VERDICTS = 18, 1
# What few networks have: a site that may announce, and rules that can be left out where nothing else decides.
SELDOM_CHANGED = {"fewer announcements break no more", "0.0.0.0/0 is any address of IPv4"}


@cache
def obeying() -> Obeying:
    solver = Solver(Limits())
    asked = Obeying(LAWS, VERDICTS, solver)
    asked.run(NETWORKS, campaign_seed=4)
    solver.close()
    return asked


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name.replace(" ", "-").replace("/", "-"))
def test_a_law_holds(law: Law) -> None:
    asked = obeying()

    assert law.name not in asked.broken, asked.broken[law.name]
    assert asked.asked[law.name] > 0 or law.name in SELDOM_CHANGED
    assert asked.asked[f"verdicts of {law.name}"] > 0 or law.name in SELDOM_CHANGED


OPEN = "vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24  subnet t 10.0.1.0/24 }\nintent i { a.s never reaches a.t }"
CLOSED = (
    OPEN.replace("subnet t 10.0.1.0/24", "subnet t 10.0.1.0/24  nsg n")
    + "\nnsg n { inbound 100 no deny any from any to any }"
)
EXAMPLE = Witness(Place("subnet", "a.s"), Flow(TCP, 0x0A000004, 50000, 0x0A000104, 443), World())


def case(text: str) -> Case:
    document = read_text(text)
    (claim,) = document.intents[0].claims
    assert isinstance(claim, Claim)
    return Case(document.network, claim)


def law_of(relation: Relation) -> Law:
    return Law("a law that the tests break", relation, lambda case, random: None)


@pytest.mark.parametrize("relation", Relation)
def test_a_flow_that_violates_only_afterwards_breaks_a_law(relation: Relation) -> None:
    broken = broken_by_simulation(law_of(relation), Changed(case(CLOSED), case(OPEN)), [EXAMPLE])

    assert broken is not None
    assert "violates it after and not before" in broken


def test_a_flow_that_violates_no_longer_breaks_only_what_has_to_stay_the_same() -> None:
    changed = Changed(case(OPEN), case(CLOSED))

    assert broken_by_simulation(law_of(Relation.NO_MORE), changed, [EXAMPLE]) is None
    assert broken_by_simulation(law_of(Relation.SAME), changed, [EXAMPLE]) is not None


@pytest.mark.parametrize(("relation", "holds"), [(Relation.SAME, False), (Relation.NO_MORE, True)])
def test_verdicts_break_laws_alike(relation: Relation, holds: bool) -> None:
    solver = Solver(Limits())
    try:
        fewer = broken_by_verdict(law_of(relation), Changed(case(OPEN), case(CLOSED)), solver)
        more = broken_by_verdict(law_of(relation), Changed(case(CLOSED), case(OPEN)), solver)
    finally:
        solver.close()

    assert (fewer is None) is holds
    assert more == "proved before, refuted after"


def test_a_campaign_of_laws_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    laws, state = LAWS[:3], State(tmp_path / "state.json", "of this test")
    solver = Solver(Limits())
    at_once, first, second = (Obeying(laws, 0, solver) for _ in range(3))
    at_once.run(2 * LOT, campaign_seed=4)
    first.run(LOT, campaign_seed=4, after_a_lot=lambda: state.keep(first))

    state.resume(second)
    second.run(2 * LOT, campaign_seed=4)

    assert at_once.asked == second.asked
    assert first.lots == 1
    assert second.lots == 2
