"""Claims with certificates that they must not have, as `make fuzz` found them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.header import TCP, Flow, parse_address
from vnetverify.model.intents import Claim, Place
from vnetverify.rules import SettledFacts, World
from vnetverify.simulator.claims import violates
from vnetverify.syntax.read import read_text

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
    """Found by seed 77 of `make fuzz`: refuted and replayed, and the certificate was accepted all the same.

    Boxes are asked with their filters, so that such a claim has none; what holds by routing alone is asked by one.
    """
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
