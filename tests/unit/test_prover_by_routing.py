"""Whether a proof of absence holds by routing alone, or falls without the filters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.test_prover_verdicts import FORWARDED, ONE_VNET, document, verdict_on
from vnetverify.encoder.facts import Bearing, Detail, Ground, Grounds
from vnetverify.encoder.terms import Script
from vnetverify.facts import World
from vnetverify.header import TCP, Flow, parse_address
from vnetverify.model.intents import INTERNET, Claim
from vnetverify.prover import prove as module
from vnetverify.prover.prove import Inquiry
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Proved
from vnetverify.report.account import account_of
from vnetverify.report.results import ClaimResult, Report
from vnetverify.simulator.claims import violates
from vnetverify.testing.agreement import opened

APART = """\
vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24 nsg shut }
vnet b { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
nsg shut { outbound 100 all deny any from any to any }
"""
PEERED = f"{APART}peering a -> b\npeering b -> a\n"
BY_POLICY = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24 routes via-fw
  subnet db  10.0.2.0/24
  subnet nva 10.0.9.0/24
}
route-table via-fw { to-db 10.0.2.0/24 -> appliance 10.0.9.4 }
appliance fw { nic 10.0.9.4 in v.nva  forwards tcp from any to any port 443 }
"""


def proof_of(network: str, sentence: str, solver: Solver, more: str = "", documented: bool = False) -> Proved:
    verdict = verdict_on(document(network, sentence, more), solver, documented)
    assert isinstance(verdict, Proved)
    return verdict


@pytest.mark.parametrize(
    ("network", "sentence", "by_routing"),
    [
        (APART, "a never reaches b", True),
        (PEERED, "a never reaches b", False),
        (BY_POLICY, "v.web never reaches v.db on ssh", False),
        (BY_POLICY, "v.web reaches v.db only via fw", True),
        (BY_POLICY, "v.nva reaches v.web not via fw", True),
        (ONE_VNET, "v.web never reaches v.db on ssh", False),
    ],
)
def test_a_proof_says_whether_it_stands_without_filters(
    network: str, sentence: str, by_routing: bool, solver: Solver
) -> None:
    assert proof_of(network, sentence, solver).by_routing is by_routing


def test_of_presence_it_is_not_asked(solver: Solver) -> None:
    assert proof_of(BY_POLICY, "v.web loses no packets to v.db on https", solver).by_routing is None


def test_a_proof_as_documented_is_asked_about_documented_worlds(solver: Solver) -> None:
    proof = proof_of(FORWARDED, "one.s never reaches two.s", solver, documented=True)

    assert (proof.documented, proof.by_routing) == (True, True)


def test_an_undeclared_appliance_that_filters_keep_from_relaying_makes_it_rest_on_them(solver: Solver) -> None:
    network = BY_POLICY.replace("db  10.0.2.0/24", "db  10.0.2.0/24 nsg shut").replace("routes via-fw", "")
    box = "nsg shut { inbound 100 all deny any from any to any }\nappliance box { nic 10.0.9.9 in v.nva }"
    proof = proof_of(network, "v.web never reaches v.db on ssh", solver, box)

    assert proof.by_routing is False


def test_more_work_than_the_proof_took_is_not_done(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LITTLE_WORK", 1)
    asked = document(PEERED, "a never reaches b").intents[0].claims[0]
    network = document(PEERED, "a never reaches b").network
    assert isinstance(asked, Claim)

    assert module._by_routing(Inquiry(network, asked, {}, False), Proved(()), solver, 0) is None
    assert solver.limits == Limits()


def test_the_report_names_the_lists_that_filter(solver: Solver) -> None:
    asked = document(BY_POLICY, "v.web never reaches v.db on ssh")
    result = ClaimResult(asked.intents[0].claims[0], verdict_on(asked, solver))

    assert "rests on filters: policy of fw" in [part.says for part in account_of(result, Report((), 1)).parts]


def test_without_filters_a_firewall_that_translates_is_itself_reached_by_its_public_address() -> None:
    text = document(
        """\
vnet c {
  address 10.0.0.0/24
  subnet AzureFirewallSubnet 10.0.0.64/26
  subnet s 10.0.0.0/26
}
firewall fw {
  nic 10.0.0.68 in c.AzureFirewallSubnet public-ip entry standard 203.0.113.5
  collection nat 100 inbound { rule www tcp from any at entry port 80 -> 10.0.0.4 port 80 }
}
""",
        "internet never reaches fw on ssh",
    )
    claim = text.intents[0].claims[0]
    assert isinstance(claim, Claim)
    flow = Flow(TCP, parse_address("198.51.100.1"), 49152, parse_address("203.0.113.5"), 22)
    solver = Solver(Limits(seconds=30))
    asked = replace(claim, unfiltered=True)

    assert violates(text.network, asked, INTERNET, flow, World()) is not None
    assert opened(text.network, asked, solver).violation(INTERNET, flow, World()) == {True}
    assert opened(text.network, claim, solver).violation(INTERNET, flow, World()) == {False}
    solver.close()


@pytest.mark.parametrize("filters", [(False, True), (True, False)])
def test_lines_told_together_are_of_a_filter_when_one_of_them_is(filters: tuple[bool, bool]) -> None:
    grounds = Grounds(Script(), Bearing.STOPS, Detail.GROUP)
    for number, of_filter in enumerate(filters):
        symbol = grounds.counts(Bearing.STOPS, Ground("subnet v.s", f"line {number}", "F-PE-2", of_filter=of_filter))

    assert grounds.labelled[symbol].of_filter
