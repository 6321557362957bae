"""Sentences decided by a cover alone: what is left to the solver, what is proved and what is refuted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.test_grounds import NETWORK
from vnetverify import covering
from vnetverify.assurance import Contradicted
from vnetverify.certificate.evidence import MAIN, Subject, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.regions import Region, one_flow
from vnetverify.covering import decided_by_cover, is_large
from vnetverify.facts import DOCUMENTED, SettledFacts
from vnetverify.header import parse_address
from vnetverify.model.intents import Advertising, Claim
from vnetverify.model.network import Network
from vnetverify.prover.verdict import Assurance, Proved, Refuted, Witness
from vnetverify.simulator.addressing import packet_of, point
from vnetverify.simulator.claims import violates
from vnetverify.syntax.read import read_text

MOST = 2_000


def asked(sentence: str, more: str = "") -> tuple[Network, Claim]:
    document = read_text(f"{NETWORK}{more}\nintent i {{ {sentence} }}")
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return document.network, claim


def proof(sentence: str, more: str = "") -> Proved:
    network, claim = asked(sentence, more)
    found = decided_by_cover(network, claim, {}, MOST)
    assert isinstance(found, tuple), found
    judge(Subject(network, claim, SettledFacts({})), found[1])
    return found[0]


def why_not(sentence: str, more: str = "", **changes: Any) -> str:
    network, claim = asked(sentence, more)
    found = decided_by_cover(network, replace(claim, **changes), {}, MOST)
    assert isinstance(found, NoCover), found
    return found.why


# -- what is left to the solver -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "changes"),
    [
        ("a sometimes reaches b.open on https", {}),
        ("a reaches b.open on https over at most 2 peerings", {}),
        ("b.s reaches c.s on ssh", {"unfiltered": True}),
        ("b.s reaches c.s on ssh", {"advertising": Advertising("onprem", ())}),
    ],
)
def test_what_covers_do_not_decide_is_asked_of_the_solver(sentence: str, changes: dict[str, Any]) -> None:
    assert why_not(sentence, **changes) == "it is asked of the solver"


def test_what_a_text_assumes_is_asked_of_the_solver() -> None:
    network, claim = asked("hub never reaches b.s on ssh")

    assert decided_by_cover(network, claim, {"U-DOA": False}, MOST) == NoCover("it is asked of the solver")


def test_what_appliances_may_send_is_asked_of_the_solver() -> None:
    relay = "vm relay { nic 10.3.0.9 in c.s  ip-forwarding on }"

    assert why_not("hub never reaches b.s on ssh", relay) == "appliances may send flows of their own"
    assert isinstance(proof("a.s reaches c.s on https", relay), Proved)


def test_a_sentence_that_speaks_of_no_flow_is_proved_by_nobody() -> None:
    nothing = "no flow is at hand that the claim speaks of"

    assert why_not("a reaches b.s on ssh only via nva") == nothing
    assert why_not("b.s reaches c.s on ssh not via nva") == nothing
    assert isinstance(proof("a reaches b.s on https only via nva"), Proved)


def test_one_flow_that_arrives_is_enough() -> None:
    assert isinstance(proof("c, a reaches b on https only via nva"), Proved)


# -- proofs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "by_routing"),
    [
        ("hub never reaches b.s on ssh", False),
        ("b.s never reaches c.s on ssh", True),
        ("a reaches b.s on https only via nva", True),
        ("a.s reaches c.s on https", None),
        ("next hop of a.s to c.s is peering", None),
    ],
)
def test_a_proof_says_whether_it_stands_without_filters(sentence: str, by_routing: bool | None) -> None:
    found = proof(sentence)

    assert found.by_routing is by_routing
    assert (found.assurance, found.assured_by.endswith("judged")) == (Assurance.CERTIFICATE, True)
    assert found.premise is not None
    assert isinstance(found.premise.example, Witness)
    assert found.premise.example.world == DOCUMENTED


def test_whether_filters_are_needed_is_not_said_where_no_flow_and_no_judge_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(covering, "_TRIED", 0)

    assert proof("hub never reaches b.s on ssh").by_routing is None
    assert proof("b.s never reaches c.s on ssh").by_routing is True


def test_a_certificate_that_the_judge_refuses_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "certify", lambda *_: {MAIN: ("walked",)})

    for sentence in ("hub never reaches b.s on ssh", "a.s reaches c.s on https"):
        found = decided_by_cover(*asked(sentence), {}, MOST)
        assert isinstance(found, Contradicted)
        assert "the judge refuses the certificate" in found.what


def test_a_cover_has_the_nodes_that_are_allowed() -> None:
    found = decided_by_cover(*asked("hub never reaches b.s on ssh"), {}, 3)

    assert found == NoCover("a certificate would have more than 3 nodes", is_too_large=True)


# -- refutations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("a.s never reaches b.open on https", "the first packet is delivered"),
        ("a.s reaches b.s on ssh", "the first packet is dropped"),
        ("next hop of a.s to c.s is internet", "the selected route is"),
    ],
)
def test_a_region_that_contradicts_whatever_the_world_refutes(sentence: str, why: str) -> None:
    network, claim = asked(sentence)
    found = decided_by_cover(network, claim, {}, MOST)

    assert isinstance(found, Refuted)
    assert found.why.startswith(why)
    assert found.witness is not None
    assert violates(network, claim, found.witness.origin, found.witness.flow, found.witness.world) is not None


FLAWED = "a.s never reaches b.open on https"


def flawed_region() -> tuple[Network, Claim, Region]:
    network, claim = asked(FLAWED)
    refuted = decided_by_cover(network, claim, {}, MOST)
    assert isinstance(refuted, Refuted)
    assert refuted.witness is not None
    return network, claim, one_flow(refuted.witness.origin, packet_of(refuted.witness.flow), SettledFacts({}))


def test_only_a_region_that_is_of_every_world_refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    network, claim, region = flawed_region()
    elsewhere = replace(region, packet=replace(region.packet, destination=point(parse_address("10.9.0.4"))))

    def found(region: Region | None, *, is_flaw: bool = True) -> object:
        made = NoCover("flawed", region, is_flaw=is_flaw)
        monkeypatch.setattr(covering, "certify", lambda *_: made)
        verdict = decided_by_cover(network, claim, {}, MOST)
        assert isinstance(verdict, Refuted) or verdict is made
        return verdict

    assert isinstance(found(region), Refuted)
    assert isinstance(found(region, is_flaw=False), NoCover)
    assert isinstance(found(None), NoCover)
    assert isinstance(found(replace(region, origin=None)), NoCover)
    assert isinstance(found(replace(region, decided={"U-R-TRAF-7": True})), NoCover)
    assert isinstance(found(replace(region, spans={"fw": region.packet.source})), NoCover)
    assert isinstance(found(elsewhere), NoCover)


# -- large networks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rules", "expected"), [(1500, False), (1501, True)])
def test_a_network_is_large_by_all_its_rules(rules: int, expected: bool) -> None:
    network, _ = asked(FLAWED)
    nsg = network.nsgs["n"]
    half = replace(nsg, rules=(nsg.rules[0],) * (rules // 2))
    rest = replace(nsg, rules=(nsg.rules[0],) * (rules - rules // 2))

    assert is_large(replace(network, nsgs={"n": half, "m": rest})) is expected
