"""Networks with gateways and Route Servers on which the two engines once differed, as Hypothesis shrank them."""

from __future__ import annotations

from vnetverify.facts import World
from vnetverify.model.intents import FailureKind, Failures, Place
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.verdict import verdict_word
from vnetverify.simulator.walk import Delivered, trace
from vnetverify.syntax.read import read_text
from vnetverify.testing.question_lines import parse_flow


def verdicts(text: str) -> dict[str, str]:
    report = prove(Loaded(read_text(text), {}, ()), Options())
    return {result.intent.name: verdict_word(result.verdict) for result in report.results}


def test_ways_of_a_gateway_are_chosen_from_in_one_order_whichever_is_down() -> None:
    """The simulator asked about the connections that are up first, and so about another fact than the encoding."""
    network = read_text("""
    vnet v {
      address 10.0.0.0/16
      subnet s             10.0.0.0/24
      subnet GatewaySubnet 10.0.1.0/27
      gateway vpn g
    }
    site here { address 192.168.0.0/24 }
    connection one: here -- v.g
    connection two: here -- v.g
    """).network
    facts = {"U-DOWN(connection one)": True, "U-STATICDOWN(one)": True}
    flow = parse_flow("tcp 10.0.0.5:50000 -> 192.168.0.5:443")
    failures = Failures(1, frozenset({FailureKind.CONNECTION}))

    def outcome(first: bool) -> object:
        return trace(
            network, Place("subnet", "v.s"), flow, World({**facts, "U-R-SEL-7(g, one)": first}), failures
        ).outcome

    assert isinstance(outcome(False), Delivered)
    assert not isinstance(outcome(True), Delivered)


def test_a_route_server_implies_an_appliance_where_its_network_has_the_address_of_a_peer_elsewhere() -> None:
    """The encoding had one at the peer's address in the server's own network, which may be down; the simulator none."""
    network = read_text("""
    vnet a {
      address 10.9.9.0/24
      subnet o 10.9.9.0/26
    }
    vnet b {
      address 192.168.0.0/16
      address 10.9.9.0/24
      subnet t                 192.168.0.64/26
      subnet o                 10.9.9.0/26
      subnet RouteServerSubnet 192.168.0.224/27
    }
    appliance m { nic 10.9.9.4 in a.o  forwards any }
    route-server rs in b { peer m advertises 10.0.0.0/16 }
    """).network
    flow = parse_flow("tcp 192.168.0.68:50000 -> 10.9.9.4:443")
    failures = Failures(1, frozenset({FailureKind.APPLIANCE}))

    def outcome(is_down: bool) -> object:
        world = World({"U-DOWN(appliance 10.9.9.4 in b.o)": is_down})
        return trace(network, Place("subnet", "b.t"), flow, world, failures).outcome

    assert isinstance(outcome(False), Delivered)
    assert not isinstance(outcome(True), Delivered)


def test_a_default_route_that_an_appliance_announces_is_not_passed_on_by_gateways() -> None:
    """The encoding had a gateway pass on what another announces for its Route Server, the simulator not (R-GW-17)."""
    text = """
    vnet b { address 10.0.1.0/24  subnet t 10.0.1.64/26  subnet GatewaySubnet 10.0.1.192/27  gateway vpn b-vpn }
    vnet c {
      address 10.0.4.0/23
      subnet s                 10.0.4.0/26
      subnet GatewaySubnet     10.0.4.192/27
      subnet RouteServerSubnet 10.0.4.224/27
      gateway vpn c-vpn { active-active }
    }
    vnet d { address 30.0.0.0/24  subnet s 30.0.0.0/26  subnet GatewaySubnet 30.0.0.192/27  gateway vpn d-vpn }
    appliance nva { nic 10.0.4.4 in c.s  forwards any }
    route-server rs in c { branch-to-branch  peer nva advertises 0.0.0.0/0 }
    connection near: b.b-vpn -- c.c-vpn { bgp }
    connection far:  b.b-vpn -- d.d-vpn
    assume U-R-SYS-6 = true
    assume U-R-GW-17 = true
    intent told   { next hop of b.t to 192.168.0.126 is gateway }
    intent untold { next hop of d.s to 192.168.0.126 is none }
    """

    assert verdicts(text) == {"told": "proved", "untold": "proved"}
