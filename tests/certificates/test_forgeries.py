"""Forged certificates: of thousands none is accepted. `VNETVERIFY_FORGERIES=N` asks for N of each certificate."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.certificates.forging import damaged
from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Certificate, Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certifying import sentences
from vnetverify.facts import SettledFacts
from vnetverify.header import EVERY_IPV4
from vnetverify.loading import load
from vnetverify.model.intents import Advertising, Claim, Verb

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("VNETVERIFY_FORGERIES", "25"))
BUDGET = 600

NETWORK = """\
vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24  subnet db 10.0.2.0/24 nsg db }
vnet far { address 10.9.0.0/16  subnet app 10.9.1.0/24 }
peering v -> far { }
peering far -> v { }
nsg db {
  inbound 100 sql  allow tcp from 10.0.1.0/24 to any port 1433
  inbound 200 rest deny  any from any to any
}
intent holds { v.web never reaches v.db on ssh }
intent closed { far never reaches v.db }
intent works { v.web reaches v.db on sql }
"""

OPEN = """\
vnet hub {
  address 10.0.0.0/16
  subnet app           10.0.1.0/24
  subnet GatewaySubnet 10.0.255.0/27
  gateway vpn g
  gateway expressroute er
}
vnet spoke { address 10.1.0.0/16  subnet web 10.1.1.0/24 nsg web }
vnet alone { address 10.9.0.0/16  subnet s 10.9.0.0/24 }
peering hub -> spoke { allow-gateway-transit }
peering spoke -> hub { use-remote-gateways }
site branch { address 192.168.0.0/16 }
connection line: branch -- hub.er { circuit c }
connection tunnel: branch -- hub.g { bgp }
nsg web {
  inbound 100 sql  allow tcp from any to any port 1433
  inbound 200 rest deny  any from any to any
}
assume U-RELAYS = false
intent announced { branch never reaches spoke.web on ssh whatever branch advertises }
intent apart     { spoke.web never reaches alone.s whatever branch advertises }
intent near      { next hop of spoke.web to hub is peering whatever branch advertises }
intent sturdy    { spoke.web reaches branch on tcp under any 1 failure of connection, gateway }
intent shut      { branch never reaches spoke.web on ssh under any 2 failures of connection, gateway, peering }
"""
"""Sentences whose worlds differ in what a site announces, and in what is down."""


def subjects_in(path: Path) -> Iterator[tuple[Subject, Certificate]]:
    """Yield what is certified in a text, with its certificate."""
    document = load([str(path)], []).document
    assumed = SettledFacts({each.fact: each.value for each in document.assumptions})
    for sentence in sentences(document):
        subject = Subject(document.network, sentence.claim, assumed)
        try:
            made = certify(subject, BUDGET)
        except Refused:  # it asks for a flow
            continue
        if not isinstance(made, NoCover):
            yield subject, made


@pytest.fixture
def certified(tmp_path: Path) -> list[tuple[Subject, Certificate]]:
    path = tmp_path / "v.vnet"
    path.write_text(NETWORK)
    return list(subjects_in(path))


def test_what_is_made_is_accepted(certified: list[tuple[Subject, Certificate]]) -> None:
    assert len(certified) == 3
    for subject, certificate in certified:
        judge(subject, certificate)


def test_no_damaged_certificate_is_accepted(certified: list[tuple[Subject, Certificate]]) -> None:
    tried = 0
    for subject, certificate in certified:
        for what, forged in damaged(certificate, Random(subject.claim.text), COUNT):
            tried += 1
            assert_refused(subject, forged, what)

    assert tried > COUNT


def test_no_damaged_certificate_about_announcements_or_failures_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "open.vnet"
    path.write_text(OPEN)
    made = list(subjects_in(path))
    tokens = [token for _, certificate in made for tree in certificate.values() for token in tree]
    assert any(token.startswith("? ANNOUNCED-") for token in tokens)
    assert any(token.startswith("? U-DOWN(") for token in tokens)
    for subject, certificate in made:
        judge(subject, certificate)
        for what, forged in damaged(certificate, Random(subject.claim.text), COUNT):
            assert_refused(subject, forged, what)


def test_a_certificate_is_not_accepted_where_more_may_fail_or_be_announced(tmp_path: Path) -> None:
    path = tmp_path / "open.vnet"
    path.write_text(OPEN)
    sturdy = next((s, c) for s, c in subjects_in(path) if s.claim.verb is Verb.REACHES)
    subject, certificate = sturdy
    assert subject.claim.failures is not None
    under_two = replace(subject.claim, failures=replace(subject.claim.failures, most=2))
    whatever = replace(subject.claim, advertising=Advertising("branch", (EVERY_IPV4,)))
    for claim in (under_two, whatever):
        assert_refused(replace(subject, claim=claim), certificate, claim.text)


def assert_refused(subject: Subject, forged: Certificate, what: str) -> None:
    """Hold when a forgery is refused."""
    try:
        judge(subject, forged)
    except Refused:
        return
    pytest.fail(f"{what} was accepted for `{subject.claim.text}`")


def test_a_certificate_is_not_accepted_for_another_sentence(certified: list[tuple[Subject, Certificate]]) -> None:
    for subject, _ in certified:
        for other, certificate in certified:
            if other.claim != subject.claim:
                with pytest.raises(Refused):
                    judge(subject, certificate)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("200 rest deny  any", "200 rest allow any"),
        ("from 10.0.1.0/24 to any port 1433", "from 10.0.1.0/24 to any port 22"),
        ("subnet db 10.0.2.0/24 nsg db", "subnet db 10.0.2.0/24"),
    ],
)
def test_a_certificate_is_not_accepted_for_a_network_that_changed(
    certified: list[tuple[Subject, Certificate]], tmp_path: Path, old: str, new: str
) -> None:
    path = tmp_path / "changed.vnet"
    path.write_text(NETWORK.replace(old, new))
    changed = load([str(path)], []).document.network
    claims: list[Claim] = [subject.claim for subject, _ in certified]
    refused = []
    for subject, certificate in certified:
        try:
            judge(Subject(changed, subject.claim, subject.assumed), certificate)
        except Refused:
            refused.append(subject.claim)

    assert claims[0] in refused


def test_a_section_that_nobody_asked_for_is_refused(certified: list[tuple[Subject, Certificate]]) -> None:
    subject, certificate = certified[0]

    with pytest.raises(Refused, match="belongs to nothing"):
        judge(subject, {**certificate, "from nobody": ()})


def test_a_section_that_is_missing_is_refused(certified: list[tuple[Subject, Certificate]]) -> None:
    with pytest.raises(Refused, match="is missing"):
        judge(certified[0][0], {})


@pytest.mark.skipif(COUNT < 100, reason="the specs' certificates are forged by `make forgeries`")
def test_no_damaged_certificate_of_the_specs_is_accepted() -> None:
    tried = 0
    for path in (ROOT / "specs" / "tutorial.vnet", *sorted((ROOT / "specs" / "seed").glob("*.vnet"))):
        for subject, certificate in subjects_in(path):
            for what, forged in damaged(certificate, Random(f"{path.name} {subject.claim.text}"), COUNT):
                tried += 1
                assert_refused(subject, forged, what)

    assert tried >= 2000, f"{tried} forgeries alone"
