"""A flow from an address to itself that a firewall gives another source and sends back: the engines differ."""

from __future__ import annotations

import pytest

from vnetverify.header import TCP, Flow, parse_address
from vnetverify.model.intents import Claim, Place
from vnetverify.prover.solver import Limits, Solver
from vnetverify.rules import World
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


@pytest.mark.xfail(strict=True, reason="the encoding overlooks that a source alone may be translated on the way home")
def test_a_flow_that_comes_home_without_a_nat_rule_is_none() -> None:
    """Found by `test_encoder_is_complete`: it can only show as a counterexample that does not replay, never as a proof.

    By engines.md a flow that ends where it begins is none; the simulator says so, and the encoding where a NAT rule
    gave the packet its destination, but not where the packet was written for the very address that sends it.
    """
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
