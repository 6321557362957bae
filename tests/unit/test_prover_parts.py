"""One claim in parts: together they say what it says, and its verdict is that of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.test_planes import read_text
from vnetverify.executor import IN_PROCESS
from vnetverify.facts import World, uncertainty
from vnetverify.header import TCP, Flow
from vnetverify.model.intents import INTERNET, Claim, Verb
from vnetverify.prover import parts
from vnetverify.prover.parts import decide_in_parts, parts_of
from vnetverify.prover.prove import Inquiry
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Ground, Premise, Proved, Refuted, Unknown, Vacuous, Verdict, Witness

TEXT = """\
vnet v { address 10.0.0.0/16  subnet a 10.0.1.0/24  subnet b 10.0.2.0/24  subnet c 10.0.3.0/24 }
vnet w { address 10.1.0.0/16  subnet d 10.1.1.0/24 }
intent asked { v, w reaches v, w on https }
"""
DOCUMENT = read_text(TEXT)
NETWORK, CLAIM = DOCUMENT.network, DOCUMENT.intents[0].claims[0]
assert isinstance(CLAIM, Claim)
INQUIRY = Inquiry(NETWORK, CLAIM, {}, documented=False)
FACT = uncertainty("U-V6ANY")
SHOWN = Witness(INTERNET, Flow(TCP, 1, 1, 2, 2), World())
ONE, OTHER = Ground("nsg g", "one denies", "F-NSG-4"), Ground("nsg g", "other denies", "F-NSG-4")
EMPTY, LATE = Vacuous("nothing goes there"), Unknown("the time limit was reached")
OPEN, CLEAR = Unknown("open", (FACT,), "refuted"), Refuted(SHOWN, "")
PROOF = Proved((ONE,), minimal=True, premise=Premise(SHOWN), by_routing=True)


@pytest.fixture(autouse=True)
def _of_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PLACES", 1)


@pytest.fixture
def solver() -> Iterator[Solver]:
    solver = Solver(Limits())
    yield solver
    solver.close()


def places(claim: Claim) -> list[tuple[str, str]]:
    return [
        (origin.name, target.name)
        for left, right in claim.pairs
        for origin, _ in left.parts
        for target, _ in right.parts
    ]


def test_parts_say_of_each_place_what_the_claim_says() -> None:
    assert isinstance(CLAIM, Claim)
    found = parts_of(CLAIM)

    assert [["v.a"], ["v.b"], ["v.c"], ["w.d"]] == [sorted({origin for origin, _ in places(part)}) for part in found]
    assert sorted(places(CLAIM)) == sorted(pair for part in found for pair in places(part))
    assert {CLAIM} == {replace(part, pairs=CLAIM.pairs) for part in found}


def test_a_wish_and_a_claim_about_few_places_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(CLAIM, Claim)
    wish = replace(CLAIM, verb=Verb.SOMETIMES_REACHES)

    assert (wish,) == parts_of(wish)
    monkeypatch.setattr(parts, "PLACES", 3)
    assert (CLAIM,) == parts_of(CLAIM)


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([EMPTY, EMPTY, EMPTY, EMPTY], EMPTY),
        ([PROOF, LATE, OPEN, CLEAR], CLEAR),
        ([PROOF, LATE, OPEN, EMPTY], OPEN),
        ([PROOF, LATE, PROOF, EMPTY], LATE),
        ([PROOF, replace(CLEAR, documented=True), CLEAR, LATE], CLEAR),
        ([PROOF, replace(CLEAR, documented=True), LATE, EMPTY], replace(CLEAR, documented=True)),
    ],
)
def test_the_worst_part_counts(
    verdicts: list[Verdict], whole: Verdict, solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(verdicts)
    monkeypatch.setattr(parts, "decide", lambda *_: next(left))

    assert whole == decide_in_parts(INQUIRY, solver, IN_PROCESS)


@pytest.mark.parametrize(
    ("proofs", "grounds", "by_routing"),
    [
        ([PROOF, replace(PROOF, grounds=(OTHER,), by_routing=False), EMPTY, PROOF], (ONE, OTHER), False),
        ([PROOF, replace(PROOF, grounds=(), by_routing=None), PROOF, EMPTY], (), None),
    ],
)
def test_a_proof_rests_on_what_each_part_rests_on_or_does_not_say(
    proofs: list[Verdict],
    grounds: tuple[Ground, ...],
    by_routing: bool,
    solver: Solver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = iter(proofs)
    monkeypatch.setattr(parts, "decide", lambda *_: next(left))
    proof = decide_in_parts(INQUIRY, solver, IN_PROCESS)

    assert isinstance(proof, Proved)
    assert (grounds, by_routing) == (proof.grounds, proof.by_routing)
    assert proof.premise is not None
    assert 16 == proof.premise.pairs


def test_what_the_parts_took_is_what_the_whole_took(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(_: Inquiry, own: Solver) -> Verdict:
        own.rlimit += 7
        return PROOF

    monkeypatch.setattr(parts, "decide", decide)
    decide_in_parts(INQUIRY, solver, IN_PROCESS)

    assert 28 == solver.rlimit
