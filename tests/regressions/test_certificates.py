"""Claims with certificates that they must not have, as `make fuzz` found them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.regions import Region, premise
from vnetverify.facts import SettledFacts, World
from vnetverify.header import TCP, Flow, parse_address
from vnetverify.model.intents import Claim, Place
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.verdict import Proved
from vnetverify.simulator.addressing import Part
from vnetverify.simulator.claims import violates
from vnetverify.syntax.read import read_text
from vnetverify.testing.regions import holds_no_flow

TEXT = """
vnet a {
  address 10.0.0.0/16
  subnet s 10.0.0.0/24  nsg n
  subnet t 10.0.1.0/24
}
nsg n { outbound 100 nothing deny any from any to any }
intent apart { a.s never reaches a.t on tcp }
"""


def test_a_claim_as_if_every_filter_allowed_is_not_certified_by_filters() -> None:
    """Found by seed 77 of `make fuzz`: refuted and replayed, and the certificate was accepted all the same."""
    document = read_text(TEXT)
    said = document.intents[0].claims[0]
    assert isinstance(said, Claim)
    claim = replace(said, unfiltered=True)
    flow = Flow(TCP, parse_address("10.0.0.4"), 50000, parse_address("10.0.1.4"), 443)
    assert violates(document.network, claim, Place("subnet", "a.s"), flow, World()) is not None
    subject = Subject(document.network, claim, SettledFacts({}))
    certificate = certify(subject, 10_000)
    if isinstance(certificate, NoCover):
        return

    with pytest.raises(Refused):
        judge(subject, certificate)


def test_boxes_are_parted_where_an_appliance_that_a_route_implies_may_be_down() -> None:
    """Found by seed 10021 of `make fuzz`: nobody is declared at its address, so no box was cut there."""
    text = """
    vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24 routes via }
    route-table via { out 172.16.0.0/12 -> appliance 10.0.0.9 }
    intent sturdy { a.s reaches a.s on tcp under any 1 failure of appliance }
    """
    document = read_text(text)
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    subject = Subject(document.network, claim, SettledFacts({}))

    found = certify(subject, 10_000)

    assert isinstance(found, NoCover)
    assert found.is_flaw
    assert "10.0.0.9 in a.s is down" in found.why


def test_a_documented_proof_leans_on_what_keeps_any_packet_from_it() -> None:
    """It named the facts of one protocol alone, so that its evidence left what pings do open (seed 11031)."""
    text = """
    vnet a { address 10.0.4.0/23  subnet s 10.0.4.0/26 }
    appliance m { nic 10.0.4.4 in a.s  forwards any from any to any }
    load-balancer lp {
      frontend p public-ip 43.0.0.2
      rule r tcp 80 at p -> m port 79
    }
    intent shut { internet never reaches lp.p }
    """
    report = prove(Loaded(read_text(text), {}, ()), Options(documented=True))
    (verdict,) = [one.verdict for result in report.results for one in result.results]

    assert isinstance(verdict, Proved)
    assert {fact.question for fact in verdict.leaned_on} == {"U-SKU", "U-LBICMP"}


def test_a_region_parted_by_facts_that_exclude_each_other_holds_no_flow() -> None:
    """What is not so of it says nothing of the claim: the campaign took it for a flaw of the certificate."""
    document = read_text(TEXT)
    said = document.intents[0].claims[0]
    assert isinstance(said, Claim)
    whole = next(premise(said, SettledFacts({})))
    below = whole.cut(Part.DESTINATION, parse_address("20.0.0.0"))
    assert below is not None
    aimed, held = "ARE-ONE(destination, public entry)", "ARE-ONE(30.0.0.4, public entry)"

    def parted(region: Region, *facts: str) -> Region:
        return replace(region, decided=dict.fromkeys(facts, True))

    assert not holds_no_flow(parted(whole, aimed, held))
    assert not holds_no_flow(parted(below[0], aimed))
    assert holds_no_flow(parted(below[0], aimed, held))
    assert holds_no_flow(parted(below[0], held, aimed))
    assert not holds_no_flow(parted(below[1], aimed, held))
