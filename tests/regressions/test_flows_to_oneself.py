"""What is for the address that it has as source leaves nobody: no engine takes it for a flow (I-FLOW)."""

from __future__ import annotations

from vnetverify.facts import World
from vnetverify.header import TCP, Flow, parse_address
from vnetverify.model.intents import Claim, Place
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import verdict_word
from vnetverify.simulator.claims import in_question
from vnetverify.syntax.read import read_text
from vnetverify.testing.agreement import opened

TEXT = """
vnet b {
  address 4.130.0.0/24
  subnet s                   4.130.0.0/26 routes r
  subnet AzureFirewallSubnet 4.130.0.128/26
}
route-table r {
  all 0.0.0.0/0    -> appliance 4.130.0.132
  to0 4.130.0.0/24 -> appliance 4.130.0.132
}
firewall azfw {
  nic 4.130.0.132 in b.AzureFirewallSubnet public-ip standard
  private-ranges 10.0.0.0/8
  collection nat 100 n1 { rule nat0 tcp from * at private port 80 -> 10.0.0.4 port 22 }
  collection network 101 n allow { rule a tcp, udp from * to * }
}
intent i { b.s reaches 4.130.0.4/32 on tcp }
"""


def test_a_flow_that_comes_home_without_a_nat_rule_is_none() -> None:
    """A firewall gave it another source and sent it back: the engines differed (`test_encoder_is_complete`)."""
    document = read_text(TEXT)
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    address = parse_address("4.130.0.4")
    origin, flow = Place("subnet", "b.s"), Flow(TCP, address, 0, address, 0)
    world = World({"U-R-SYS-10": False}, {"azfw-ip": 1879048187, "address of azfw": 75628676})
    assert not in_question(document.network, claim, origin, flow, world)
    solver = Solver(Limits())
    try:
        assert not opened(document.network, claim, solver).violation(origin, flow, world)
    finally:
        solver.close()


def test_another_address_of_an_interface_is_another_end_by_its_public_address_too() -> None:
    """The encoding took the sender's whole interface for the end of what came back in; the simulator did not."""
    text = """
    vnet v {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24
    }
    vm m { nic 10.0.0.4, 10.0.0.5 in v.s  nsg guard  public-ip standard 203.0.113.4 }
    nsg guard {
      inbound 100 outside allow tcp from Internet to any
      inbound 110 rest    deny  any from any to any
    }
    intent from-the-second { 10.0.0.5/32 never reaches 10.0.0.4/32 on ssh }
    intent from-the-first  { 10.0.0.4/32 never reaches 10.0.0.5/32 on ssh }
    """
    report = prove(Loaded(read_text(text), {}, ()), Options())

    assert [verdict_word(result.verdict) for result in report.results] == ["unknown", "proved"]
