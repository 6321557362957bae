"""How far a proof is believed: the weakest of what assures it, and nobody who contradicts is passed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.simulator_networks import at, peered
from tests.unit.test_simulator_claims import A_TO_B, HTTPS, A, B, claim, ends, spokes
from vnetverify import assurance as module
from vnetverify.assurance import Contradicted, Demands, assured, certified, flow_in, judged, subject_of
from vnetverify.certificate.evidence import MAIN, Certificate, Subject
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.regions import one_flow
from vnetverify.facts import SettledFacts, World, uncertainty
from vnetverify.header import ICMP, TCP, UDP, Flow
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.evidence.confirming import (
    CheckedProof,
    Contradiction,
    Engine,
    Evidence,
    NoEvidence,
    SecondOpinion,
)
from vnetverify.prover.parts import PLACES
from vnetverify.prover.prove import Inquiry
from vnetverify.prover.verdict import CERTIFICATE_NODES, Assurance, Proved, Unknown, Witness
from vnetverify.simulator.addressing import Field, Packet, Part, packet_of, point
from vnetverify.syntax.read import read_text

APART, JOINED = spokes(), spokes(peered("a", "b"), peered("b", "a"))
NEVER = claim(Verb.NEVER_REACHES, service=HTTPS)
PROOF = Proved(())
NO_COVER = NoCover("it is too long", is_too_large=True)


# -- an ordinary flow of a box ------------------------------------------------------------------------------


def box(
    protocol: tuple[int, int], source: tuple[int, int], ports: tuple[int, int], destination: tuple[int, int]
) -> Packet:
    return Packet(
        Field(*protocol, Part.PROTOCOL),
        Field(*source, Part.SOURCE),
        Field(*ports, Part.SOURCE_PORT),
        Field(*destination, Part.DESTINATION),
        Field(*ports, Part.DESTINATION_PORT),
    )


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (box((0, 255), (5, 9), (0, 65535), (20, 30)), Flow(TCP, 5, 49152, 20, 443)),
        (box((7, 255), (5, 9), (0, 65535), (20, 30)), Flow(UDP, 5, 49152, 20, 443)),
        (box((7, 16), (5, 9), (0, 0), (20, 30)), Flow(7, 5, 0, 20, 0)),
        (box((18, 255), (5, 9), (0, 0), (20, 30)), Flow(18, 5, 0, 20, 0)),
        (box((TCP, TCP), (5, 5), (443, 443), (20, 20)), Flow(TCP, 5, 443, 20, 443)),
        (box((TCP, TCP), (5, 5), (49152, 49152), (20, 20)), Flow(TCP, 5, 49152, 20, 49152)),
        (box((UDP, UDP), (5, 5), (444, 49151), (20, 20)), Flow(UDP, 5, 444, 20, 444)),
        (box((TCP, TCP), (5, 9), (80, 80), (5, 6)), Flow(TCP, 5, 80, 6, 80)),
        (box((TCP, TCP), (5, 9), (80, 80), (5, 5)), Flow(TCP, 5, 80, 5, 80)),
        (box((ICMP, ICMP), (5, 9), (0, 0), (4, 6)), Flow(ICMP, 5, 0, 4, 0)),
    ],
)
def test_a_flow_of_a_box_is_an_ordinary_one_where_it_holds_one(packet: Packet, expected: Flow) -> None:
    assert flow_in(packet) == expected


# -- certificates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "places", "expected"),
    [
        (CERTIFICATE_NODES, 1, CERTIFICATE_NODES),
        (CERTIFICATE_NODES, 251, 80 * 251),
        (CERTIFICATE_NODES - 1, 251, CERTIFICATE_NODES - 1),
        (CERTIFICATE_NODES + 1, 1, CERTIFICATE_NODES + 1),
        (7, 1, 7),
    ],
)
def test_a_claim_about_many_places_may_have_a_long_certificate(nodes: int, places: int, expected: int) -> None:
    left = ends(*((f"a.s{number}", f"10.1.{number}.0/24") for number in range(places)))

    assert Demands(nodes=nodes).nodes_for(claim(Verb.NEVER_REACHES, left)) == expected


def test_a_proof_with_a_certificate_is_assured_by_that_one_and_it_is_kept() -> None:
    kept: list[tuple[Subject, Certificate]] = []
    found = assured(APART, NEVER, PROOF, {}, Demands(keep=lambda subject, made: kept.append((subject, made))))

    assert isinstance(found, Proved)
    assert found.assurance is Assurance.CERTIFICATE
    ((subject, made),) = kept
    assert found.assured_by == f"{sum(map(len, made.values()))} nodes, judged"
    assert (subject.network, subject.claim) == (APART, NEVER)
    assert certified({MAIN: ("walked",)}, PROOF).assured_by == "1 node, judged"


def test_a_certificate_that_the_judge_refuses_contradicts(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Subject] = []
    demands = Demands(keep=lambda subject, _: kept.append(subject))
    monkeypatch.setattr(module, "certify", lambda *_: {MAIN: ("walked",)})

    found = assured(APART, NEVER, PROOF, {}, demands)

    assert isinstance(found, Contradicted)
    assert "the judge refuses the certificate" in found.what
    assert not kept
    assert judged(subject_of(APART, NEVER, PROOF, {}), {}, PROOF) == Contradicted(
        "the judge refuses the certificate that was made for it: section `claim` is missing"
    )


def test_a_flow_that_the_maker_finds_contradicts() -> None:
    found = assured(JOINED, NEVER, PROOF, {}, Demands())

    assert isinstance(found, Contradicted)
    assert found.what == "the simulator finds a flow that contradicts what is proved"
    assert found.witness is not None
    assert (found.witness.origin, found.witness.flow.destination_port) == (at("a.s"), 443)


def region_refused(monkeypatch: pytest.MonkeyPatch, asked: Claim = NEVER, **changes: object) -> object:
    """Return what becomes of a proof whose certificate fails at a region of one flow, which does contradict."""
    region = replace(one_flow(at("a.s"), packet_of(A_TO_B), SettledFacts({})), **changes)  # type: ignore[arg-type]
    monkeypatch.setattr(module, "certify", lambda *_: NoCover("no", region))
    return assured(JOINED, asked, PROOF, {}, Demands())


def test_only_a_region_that_names_a_flow_and_its_world_contradicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "evidence_for", lambda *_: NoEvidence(()))

    decided = region_refused(monkeypatch, decided={"U-R-TRAF-7": True})
    assert isinstance(decided, Contradicted)
    assert decided.witness is not None
    assert decided.witness.world == World(SettledFacts({"U-R-TRAF-7": True}))
    assert isinstance(region_refused(monkeypatch), Contradicted)
    for changes in ({"origin": None}, {"spans": {"fw": point(1)}}, {"decided": {"ARE-ONE(fw, db)": True}}):
        assert isinstance(region_refused(monkeypatch, **changes), Proved)
    assert isinstance(region_refused(monkeypatch, replace(NEVER, verb=Verb.SOMETIMES_REACHES)), Proved)
    other = packet_of(replace(A_TO_B, destination_port=22))
    assert isinstance(region_refused(monkeypatch, packet=other), Proved)


def test_what_a_proof_says_is_of_facts_as_it_leans_on_them() -> None:
    fact = uncertainty("U-R-TRAF-7")
    witness = Witness(at("a.s"), A_TO_B, World())

    found = subject_of(APART, NEVER, replace(PROOF, leaned_on=(fact,), witness=witness), {"U-DOA": False})
    contrary = subject_of(APART, NEVER, replace(PROOF, leaned_on=(fact,)), {str(fact): not fact.documented})

    assert dict(found.assumed) == dict(SettledFacts({str(fact): bool(fact.documented), "U-DOA": False}))
    assert found.shown_by == (at("a.s"), A_TO_B)
    assert contrary.assumed[str(fact)] is not fact.documented
    assert contrary.shown_by is None


# -- where there is none ------------------------------------------------------------------------------------

PROVED, OPINION, NONE = CheckedProof(9, 2), SecondOpinion(Engine.BITWUZLA, "too large"), NoEvidence(("nobody", "home"))


def otherwise(
    monkeypatch: pytest.MonkeyPatch,
    evidence: Sequence[Evidence],
    least: Assurance = Assurance.Z3_ALONE,
    asked: Claim = NEVER,
    network: Network = APART,
) -> object:
    monkeypatch.setattr(module, "certify", lambda *_: pytest.fail("it was tried already"))
    monkeypatch.setattr(module, "contradictions", lambda *_: iter(evidence))
    monkeypatch.setattr(module, "evidence_for", lambda question, _: question)
    return assured(network, asked, PROOF, {}, Demands(least), NO_COVER)


@pytest.mark.parametrize(
    ("evidence", "level", "told"),
    [
        ([PROVED], Assurance.SAT_PROOF, "2 lines about 9 clauses, checked; no certificate: it is too long"),
        ([PROVED, CheckedProof(1, 5)], Assurance.SAT_PROOF, "7 lines about 10 clauses, checked; no certificate"),
        ([PROVED, OPINION], Assurance.TWO_SOLVERS, "Z3 and bitwuzla; too large; no certificate: it is too long"),
        ([OPINION, PROVED, NONE], Assurance.Z3_ALONE, "no certificate: it is too long; nobody; home"),
        ([], Assurance.Z3_ALONE, "no certificate: it is too long"),
    ],
)
def test_the_weakest_evidence_for_any_question_counts(
    evidence: list[Evidence], level: Assurance, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = otherwise(monkeypatch, evidence)

    assert isinstance(found, Proved)
    assert found.assurance is level
    assert found.assured_by.startswith(told)


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("number", range(3))
def test_whoever_contradicts_is_heard(number: int, confirmed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence: list[Evidence] = [PROVED, OPINION]
    evidence.insert(number, Contradiction("cvc5", {}, confirmed))

    found = otherwise(monkeypatch, evidence)

    assert isinstance(found, Contradicted)
    assert found.what.startswith("cvc5 finds that what Z3 calls impossible is possible")
    assert found.what.endswith("our own circuit agrees") is confirmed


@pytest.mark.parametrize(
    ("least", "is_enough"),
    [
        (Assurance.Z3_ALONE, True),
        (Assurance.TWO_SOLVERS, True),
        (Assurance.SAT_PROOF, False),
        (Assurance.CERTIFICATE, False),
    ],
)
def test_less_than_what_is_demanded_is_no_proof(
    least: Assurance, is_enough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = otherwise(monkeypatch, [OPINION], least)

    assert isinstance(found, Proved if is_enough else Unknown)
    if isinstance(found, Unknown):
        asked = f"`--assurance {least.value}` asks for more (Z3 and bitwuzla; "
        assert found.why.startswith(f"uncertified: proved by two solvers, and {asked}")


def test_what_is_asked_for_is_never_shown_by_what_is_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    found = otherwise(monkeypatch, [PROVED], asked=replace(NEVER, verb=Verb.SOMETIMES_REACHES))

    assert found == replace(PROOF, assured_by="no certificate: it is too long")


def test_what_appliances_may_send_is_shown_by_no_proof_of_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = read_text(
        "vnet a { address 10.1.0.0/16  subnet s 10.1.0.0/24 } vm m { nic 10.1.0.9 in a.s ip-forwarding on }"
    )

    found = otherwise(monkeypatch, [PROVED], network=relay.network)

    assert isinstance(found, Proved)
    assert found.assurance is Assurance.Z3_ALONE
    assert found.assured_by.endswith("what appliances may send was asked of Z3 alone")


def test_each_part_of_a_claim_needs_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Claim] = []
    left = ends(*((f"a.s{number}", f"10.1.{number}.0/24") for number in range(2 * PLACES)))
    whole = replace(NEVER, pairs=((left, B),))

    def questions(inquiry: Inquiry, _: object) -> list[Evidence]:
        asked.append(inquiry.claim)
        return [PROVED if len(asked) == 1 else OPINION]

    monkeypatch.setattr(module, "contradictions", questions)
    monkeypatch.setattr(module, "evidence_for", lambda question, _: question)
    found = assured(APART, whole, PROOF, {"U-Doa": False}, Demands(), NO_COVER)

    assert isinstance(found, Proved)
    assert found.assurance is Assurance.TWO_SOLVERS
    assert len(asked) == 2
    assert {place for part in asked for left, _ in part.pairs for place, _ in left.parts} == {
        place for place, _ in left.parts
    }


def test_a_proof_is_of_facts_as_they_are_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, object]] = []
    fact = uncertainty("U-R-TRAF-7")
    leaning = replace(PROOF, leaned_on=(fact,))

    def questions(inquiry: Inquiry, taken: object) -> list[Evidence]:
        asked.append((dict(inquiry.fixed), taken))
        return []

    monkeypatch.setattr(module, "contradictions", questions)
    assured(APART, claim(Verb.NEVER_REACHES, A, B), leaning, {"U-Doa": False}, Demands(), NO_COVER)

    assert asked == [({"u-doa": False}, (fact,))]
