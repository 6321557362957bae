"""A sentence on its way to a verdict: whoever tells something wrong, no verdict comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.simulator_networks import at, peered
from tests.unit.test_simulator_claims import A_TO_B, HTTPS, claim, spokes
from vnetverify import deciding as module
from vnetverify.assurance import Contradicted, Demands
from vnetverify.certificate.evidence import MAIN, Certificate, Subject, certify
from vnetverify.certificate.maker import NoCover
from vnetverify.deciding import Deciding, Disagreement
from vnetverify.encoder.obligation import NoFlow
from vnetverify.facts import SettledFacts, World, uncertainty
from vnetverify.header import parse_address
from vnetverify.model.arrivals import arriving_claim
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network, Unmodelled
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Assurance, Premise, Proved, Refuted, Unknown, Vacuous, Verdict, Witness
from vnetverify.report.results import Answer, ClaimResult
from vnetverify.source import NOWHERE
from vnetverify.syntax.read import read_text

APART, JOINED = spokes(), spokes(peered("a", "b"), peered("b", "a"))
NEVER, WISH = claim(Verb.NEVER_REACHES, service=HTTPS), claim(Verb.SOMETIMES_REACHES, service=HTTPS)
SHOWN = Witness(at("a.s"), A_TO_B, World())
ELSEWHERE = replace(SHOWN, flow=replace(A_TO_B, destination=parse_address("10.9.0.4")))
CERTIFIED = Proved((), assurance=Assurance.CERTIFICATE)


@pytest.fixture(name="solver")
def _solver() -> Solver:
    return Solver(Limits())


def result(
    monkeypatch: pytest.MonkeyPatch, solver: Solver, network: Network, asked: Claim, told: Verdict, **how: Any
) -> ClaimResult:
    """Return what becomes of what the search tells."""
    monkeypatch.setattr(module, "decide_in_parts", lambda *_: told)
    monkeypatch.setattr(module, "assured", lambda network, claim, proof, *_: proof)
    return Deciding(network, how.pop("assumed", {}), False, **how).result(asked, solver)


# -- what the simulator does not see ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "asked", "told", "what"),
    [
        (APART, NEVER, Refuted(SHOWN, "so"), "does not see the flow contradict the claim"),
        (JOINED, NEVER, Refuted(ELSEWHERE, "so"), "does not see the flow contradict the claim"),
        (APART, WISH, Proved((), witness=SHOWN), "does not see the flow get there and back"),
        (JOINED, WISH, Proved((), witness=ELSEWHERE), "does not see the flow get there and back"),
        (APART, NEVER, Proved((), premise=Premise(ELSEWHERE)), "does not see that the claim speaks of the flow"),
    ],
)
def test_a_flow_that_the_simulator_does_not_see_is_no_verdict(
    network: Network, asked: Claim, told: Verdict, what: str, solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Disagreement, match=what):
        result(monkeypatch, solver, network, asked, told)


def test_what_it_sees_is_a_verdict_and_told_in_its_words(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    refuted = result(monkeypatch, solver, JOINED, NEVER, Refuted(SHOWN, "so"))
    shown = result(monkeypatch, solver, JOINED, WISH, Proved((), witness=SHOWN))
    proved = result(monkeypatch, solver, APART, NEVER, Proved((), premise=Premise(SHOWN)))

    assert isinstance(refuted.verdict, Refuted)
    assert refuted.verdict.why == "the first packet is delivered"
    assert refuted.story is not None
    assert isinstance(shown.verdict, Proved)
    assert shown.story is not None
    assert isinstance(proved.verdict, Proved)
    assert proved.story is None


def test_an_answer_that_makes_no_sense_is_no_verdict(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_flow(*_: object) -> Verdict:
        raise NoFlow

    monkeypatch.setattr(module, "decide_in_parts", no_flow)

    with pytest.raises(Disagreement, match="answers with what is not a flow at all"):
        Deciding(APART, {}, False).result(NEVER, solver)


def test_whoever_contradicts_a_proof_is_heard(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "decide_in_parts", lambda *_: Proved(()))
    monkeypatch.setattr(module, "assured", lambda *_: Contradicted("somebody finds one", SHOWN))

    with pytest.raises(Disagreement, match="somebody finds one") as raised:
        Deciding(APART, {}, False).result(NEVER, solver)
    assert raised.value.witness == SHOWN


def test_a_world_says_what_was_assumed(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    assumed = {"U-R-TRAF-7": False}

    refuted = result(monkeypatch, solver, JOINED, NEVER, Refuted(SHOWN, "so"), assumed=assumed)
    proved = result(monkeypatch, solver, APART, NEVER, Proved((), premise=Premise(SHOWN)), assumed=assumed)

    assert isinstance(refuted.verdict, Refuted)
    assert refuted.verdict.witness is not None
    assert refuted.verdict.witness.world.facts == SettledFacts(assumed)
    assert isinstance(proved.verdict, Proved)
    assert proved.verdict.premise is not None
    assert isinstance(proved.verdict.premise.example, Witness)
    assert proved.verdict.premise.example.world.facts == SettledFacts(assumed)


# -- what is not modelled -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "told", "word"),
    [(APART, Proved((), premise=Premise(SHOWN)), "proved"), (JOINED, Refuted(SHOWN, "so"), "refuted")],
)
@pytest.mark.parametrize(("vnets", "matters"), [((), True), (("a",), True), (("nowhere",), False)])
def test_what_is_not_modelled_leaves_open_what_it_can_change(
    network: Network,
    told: Verdict,
    word: str,
    vnets: tuple[str, ...],
    matters: bool,
    solver: Solver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = Unmodelled("a thing", "it does something", vnets, NOWHERE)

    found = result(monkeypatch, solver, replace(network, unmodelled=(item,)), NEVER, told).verdict

    assert isinstance(found, Unknown) is matters
    if isinstance(found, Unknown):
        assert (found.why, found.unmodelled) == (f"{word}, were it not for what is not modelled", (item,))


def test_beside_what_is_not_modelled_there_is_no_answer_as_documented(
    solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = Unmodelled("a thing", "it does something", (), NOWHERE)
    told = Unknown("open", (uncertainty("U-DOA", "a.s"),), "proved")

    found = result(monkeypatch, solver, replace(APART, unmodelled=(item,)), NEVER, told).verdict

    assert found == replace(told, as_documented=None, unmodelled=(item,))


# -- what arrives as a service ------------------------------------------------------------------------------

BALANCED = """
vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24  subnet t 10.0.1.0/24 }
vm db { nic 10.0.1.4 in v.t }
load-balancer lb standard in v.t { frontend 10.0.1.9  rule one tcp 8443 -> db port 443 }
intent i { v.s never reaches v.t on https }
"""


def balanced() -> tuple[Network, Claim]:
    document = read_text(BALANCED)
    asked = document.intents[0].claims[0]
    assert isinstance(asked, Claim)
    return document.network, asked


@pytest.mark.parametrize(
    ("sent", "arrived", "expected"),
    [
        (Proved(()), Proved(()), Proved),
        (Proved(()), Unknown("late"), Unknown),
        (Unknown("late"), Proved(()), Unknown),
        (Vacuous("empty"), Proved(()), Proved),
        (Proved(()), Vacuous("empty"), Proved),
    ],
)
def test_what_arrives_as_a_service_is_decided_as_well(
    sent: Verdict, arrived: Verdict, expected: type[Verdict], solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, asked = balanced()
    monkeypatch.setattr(
        module, "decide_in_parts", lambda inquiry, *_: sent if inquiry.claim.arriving is None else arrived
    )
    monkeypatch.setattr(module, "assured", lambda network, claim, proof, *_: proof)

    found = Deciding(network, {}, False).result(asked, solver)

    assert isinstance(found.verdict, expected)


# -- large networks -----------------------------------------------------------------------------------------


def large(monkeypatch: pytest.MonkeyPatch, solver: Solver, found: object, network: Network = APART) -> ClaimResult:
    monkeypatch.setattr(module, "is_large", lambda _: True)
    monkeypatch.setattr(module, "decided_by_cover", lambda *_: found)
    return Deciding(network, {}, False).result(NEVER, solver)


def test_a_cover_decides_about_a_large_network_without_the_solver(
    solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "decide_in_parts", lambda *_: pytest.fail("the solver was asked"))
    proof = replace(CERTIFIED, premise=Premise(SHOWN))

    proved = large(monkeypatch, solver, (proof, {MAIN: ("walked",)}))
    refuted = large(monkeypatch, solver, Refuted(SHOWN, "so"), JOINED)

    assert isinstance(proved.verdict, Proved)
    assert proved.answer is not None
    assert proved.answer.certificates == ((False, {MAIN: ("walked",)}),)
    assert isinstance(refuted.verdict, Refuted)
    with pytest.raises(Disagreement, match="somebody finds one"):
        large(monkeypatch, solver, Contradicted("somebody finds one", SHOWN))
    with pytest.raises(Disagreement, match="does not see the flow contradict"):
        large(monkeypatch, solver, Refuted(SHOWN, "so"))


@pytest.mark.parametrize("is_too_large", [True, False])
def test_what_a_cover_does_not_decide_is_asked_of_the_solver(
    is_too_large: bool, solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    def assured(*arguments: object) -> object:
        tried.append(arguments[5])
        return arguments[2]

    monkeypatch.setattr(module, "decide_in_parts", lambda *_: Proved(()))
    monkeypatch.setattr(module, "assured", assured)
    none = NoCover("no", is_too_large=is_too_large)

    found = large(monkeypatch, solver, none)

    assert isinstance(found.verdict, Proved)
    assert tried == [none if is_too_large else None]


# -- answers of earlier runs --------------------------------------------------------------------------------


def certificate(network: Network = APART, asked: Claim = NEVER) -> Certificate:
    made = certify(Subject(network, asked, SettledFacts({})), 1_000)
    assert not isinstance(made, NoCover)
    return made


def recalled(answer: Answer, network: Network = APART, asked: Claim = NEVER, **how: Any) -> ClaimResult | None:
    return Deciding(network, {}, False, **how).recalled(asked, answer)


def test_an_answer_that_holds_is_recalled() -> None:
    proved = recalled(Answer(CERTIFIED, ((False, certificate()),)))
    refuted = recalled(Answer(Refuted(SHOWN, "so")), JOINED)

    assert proved is not None
    assert isinstance(proved.verdict, Proved)
    assert refuted is not None
    assert isinstance(refuted.verdict, Refuted)
    assert refuted.verdict.why == "the first packet is delivered"
    assert proved.seconds > 0


DOUBT = (uncertainty("U-R-TRAF-7"),)


@pytest.mark.parametrize(
    ("verdict", "certificates"),
    [
        (replace(CERTIFIED, documented=True), ((False, certificate()),)),
        (replace(CERTIFIED, leaned_on=DOUBT), ((False, certificate()),)),
        (replace(CERTIFIED, assurance=Assurance.SAT_PROOF), ((False, certificate()),)),
        (CERTIFIED, ()),
        (CERTIFIED, ((True, certificate()),)),
        (CERTIFIED, ((False, certificate()), (True, certificate()))),
        (CERTIFIED, ((False, {MAIN: ("walked",)}),)),
        (CERTIFIED, ((False, {}),)),
        (replace(CERTIFIED, premise=Premise(ELSEWHERE)), ((False, certificate()),)),
        (Refuted(SHOWN, "so"), ()),
        (Refuted(None, "so"), ()),
        (Vacuous("empty"), ()),
        (Unknown("late"), ()),
    ],
)
def test_an_answer_that_does_not_hold_is_none(verdict: Verdict, certificates: Any) -> None:
    assert recalled(Answer(verdict, certificates)) is None


@pytest.mark.parametrize("changes", [{"documented": True}, {"leaned_on": DOUBT}, {"witness": ELSEWHERE}])
def test_a_refutation_that_does_not_hold_is_none(changes: dict[str, Any]) -> None:
    assert recalled(Answer(replace(Refuted(SHOWN, "so"), **changes)), JOINED) is None


def test_an_answer_that_is_larger_than_allowed_is_none() -> None:
    made = certificate()
    nodes = sum(map(len, made.values()))
    answer = Answer(CERTIFIED, ((False, made),))

    assert recalled(answer, demands=Demands(nodes=nodes)) is not None
    assert recalled(answer, demands=Demands(nodes=nodes - 1)) is None


def test_what_arrives_is_shown_as_well() -> None:
    shut = BALANCED.replace("subnet t 10.0.1.0/24", "subnet t 10.0.1.0/24 nsg shut").replace(
        "intent", "nsg shut { inbound 100 no deny any from any to any }\nintent"
    )
    document = read_text(shut)
    asked = document.intents[0].claims[0]
    assert isinstance(asked, Claim)
    arriving = arriving_claim(document.network, asked)
    assert arriving is not None
    sent, arrived = certificate(document.network, asked), certificate(document.network, arriving)

    def answered(*certificates: tuple[bool, Certificate]) -> bool:
        return recalled(Answer(CERTIFIED, certificates), document.network, asked) is not None

    assert answered((False, sent), (True, arrived))
    assert not answered((False, sent))
    assert not answered((True, arrived))
    assert not answered((True, arrived), (False, sent))


@pytest.mark.parametrize(
    "told",
    [
        replace(CERTIFIED, premise=Premise(SHOWN)),  # of which no certificate was kept
        Proved(()),
        Vacuous("empty"),
        Unknown("late"),
    ],
)
def test_what_cannot_be_checked_is_not_kept_for_a_later_run(
    told: Verdict, solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert result(monkeypatch, solver, APART, NEVER, told).answer is None


def test_a_flow_that_contradicts_is_kept_for_a_later_run(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    refuted = Refuted(SHOWN, "so")

    assert result(monkeypatch, solver, JOINED, NEVER, refuted).answer is not None
    assert result(monkeypatch, solver, JOINED, NEVER, replace(refuted, documented=True)).answer is None
