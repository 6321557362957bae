"""Packets that firewalls translate once too often, which may end anywhere: the engines once differed (F-FW-7)."""

from __future__ import annotations

from vnetverify.facts import World
from vnetverify.model.intents import Place
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Witness
from vnetverify.simulator.claims import violates
from vnetverify.syntax.read import read_text
from vnetverify.testing.agreement import opened
from vnetverify.testing.question_lines import parse_flow
from vnetverify.testing.trial import difference_on


def test_what_goes_astray_comes_to_one_of_the_places_that_have_its_destination() -> None:
    """The simulator had a packet that is translated a third time come to both of them (F-FW-7, I-REACH)."""
    text = """
    vnet a {
      address 4.130.0.0/24
      subnet s                   4.130.0.0/26
      subnet AzureFirewallSubnet 4.130.0.128/26
    }
    firewall fw {
      nic 4.130.0.132 in a.AzureFirewallSubnet  public-ip entry standard
      collection nat 100 in {
        rule again tcp from * at private port 1-65535 -> 4.130.0.132 port 22
        rule web   tcp from * at entry port 1-65535 -> 4.130.0.132 port 22
      }
    }
    intent both    { a.s reaches fw.entry, a.AzureFirewallSubnet on tcp }
    intent private { a.s reaches a.AzureFirewallSubnet on tcp }
    """
    document = read_text(text)
    both, private = (intent.claims[0] for intent in document.intents)
    flow, origin = parse_flow("tcp 4.130.0.31:50000 -> 4.130.0.132:1"), Place("subnet", "a.s")
    (public,) = [nic.public_address for nic in document.network.nics() if nic.public_address]
    world = World({"U-FWCHAIN": True}, {public.name: flow.destination, "address of fw": flow.destination + 8})

    assert violates(document.network, both, origin, flow, world) is not None
    assert violates(document.network, private, origin, flow, world) is None


def test_what_goes_astray_ends_at_no_address_of_the_other_family() -> None:
    """The simulator had an IPv4 packet that is translated a third time be delivered where only IPv6 is (F-FW-7)."""
    text = """
    vnet v {
      address 10.0.0.0/16
      address fd00:a::/48
      subnet s                   10.0.0.0/24, fd00:a:0:1::/64
      subnet AzureFirewallSubnet 10.0.1.0/26
    }
    firewall fw {
      nic 10.0.1.4 in v.AzureFirewallSubnet
      collection nat 100 in { rule again tcp from * at private port 1-65535 -> 10.0.1.4 port 22 }
    }
    intent six  { v.s never reaches fd00:a:0:1::9/128 on https }
    intent four { v.s never reaches 10.0.0.9/32 on https }
    """
    document = read_text(text)
    six, four = (intent.claims[0] for intent in document.intents)
    flow, origin = parse_flow("tcp 10.0.0.4:50000 -> 10.0.1.4:443"), Place("subnet", "v.s")
    world = World({"U-FWCHAIN": True}, {"address of fw": flow.destination})

    assert violates(document.network, six, origin, flow, world) is None
    assert violates(document.network, four, origin, flow, world) is not None


def test_what_goes_astray_ends_where_no_pair_has_an_address_of_its_family() -> None:
    """The encoding had an IPv4 packet contradict a sentence whose right side has IPv6 alone (F-FW-7, seed 11071)."""
    text = """
    vnet v {
      address 10.0.0.0/16
      address fd00:a::/48
      subnet s                   10.0.0.0/24
      subnet six                 10.0.2.0/24, fd00:a:0:1::/64
      subnet AzureFirewallSubnet 10.0.1.0/26
    }
    firewall fw {
      nic 10.0.1.4 in v.AzureFirewallSubnet
      collection nat 100 in { rule again tcp from * at private port 1-65535 -> 10.0.1.4 port 22 }
    }
    intent apart { v.s never reaches fd00:a:0:1::9/128 }
    """
    document = read_text(text)
    (claim,) = document.intents[0].claims
    flow, world = (
        parse_flow("tcp 10.0.0.4:50000 -> 10.0.1.4:443"),
        World({"U-FWCHAIN": True}, {"address of fw": 10 << 24 | 260}),
    )
    solver = Solver(Limits())
    try:
        encoded = opened(document.network, claim, solver)
        assert difference_on(encoded, Witness(Place("subnet", "v.s"), flow, world)) is None
    finally:
        solver.close()
