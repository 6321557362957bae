"""What the walks of a flow tell a reader: each step with its rule, there and back."""

from __future__ import annotations

from vnetverify.facts import SettledFacts, World
from vnetverify.header import Flow, parse_address
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.simulator.positions import Delivered, Trace
from vnetverify.simulator.walk import Conversation, converse, trace_unfiltered
from vnetverify.syntax import read_text

FIREWALL = """
vnet v {
  address 10.0.0.0/16, fd00:a::/48
  subnet AzureFirewallSubnet 10.0.1.0/26, fd00:a:0:f::/64
  subnet s 10.0.2.0/24, fd00:a:0:2::/64  routes by-fw
  subnet t 10.0.3.0/24, fd00:a:0:3::/64
}
route-table by-fw { t fd00:a:0:3::/64 -> appliance fd00:a:0:f::4 }
nsg n { inbound 100 in allow any from any to any }
vm open   { nic 10.0.3.4 in v.t }
vm closed { nic 10.0.3.5 in v.t  nsg n }
vm public { nic 10.0.3.6 in v.t  public-ip standard 203.0.113.9 }
firewall fw {
  nic fd00:a:0:f::4, 10.0.1.4, 10.0.1.5 in v.AzureFirewallSubnet  public-ip entry standard 203.0.113.5
  collection nat 100 inside {
    rule web tcp from * at private port 443 -> 10.0.3.4
  }
  collection network 200 core allow {
    rule all any from * to *
  }
}
"""
PLATFORM = "168.63.129.16"


def flow(source: str, destination: str, port: int = 443) -> Flow:
    return Flow(6, parse_address(source), 49152, parse_address(destination), port)


def talk(origin: str, packet: Flow, **facts: bool) -> Conversation:
    place = INTERNET if origin == "internet" else Place(PlaceKind.SUBNET.value, origin)
    named = {name.replace("_", "-"): value for name, value in facts.items()}
    return converse(read_text(FIREWALL).network, place, packet, World(SettledFacts(named)))


def told(way: Trace | None) -> list[tuple[str, str]]:
    assert way is not None
    return [(step.what, step.rule) for step in way.steps]


def test_a_story_tells_which_filters_there_are() -> None:
    unfiltered = ("no network security group, so nothing is denied", "F-EVAL-3")

    assert unfiltered in told(talk("v.s", flow("10.0.2.4", "10.0.3.4")).forward)[-1:]
    by_group = told(talk("v.s", flow("10.0.2.4", "10.0.3.5")).forward)
    assert ("in (100) of n allows, nothing earlier matches", "F-NSG-4") == by_group[-1]
    assert [unfiltered] == told(talk("v.AzureFirewallSubnet", flow("10.0.1.4", "10.0.3.4")).forward)[-1:]
    assert 1 == told(talk("v.AzureFirewallSubnet", flow("10.0.1.4", "10.0.3.4")).forward).count(unfiltered)


def test_a_story_tells_what_becomes_of_packets_for_the_platform() -> None:
    with_group = told(talk("v.t", flow("10.0.3.5", PLATFORM)).forward)

    assert ("host services are exempt from security groups", "F-PLAT-1") == with_group[0]
    assert (f"{PLATFORM} is the platform's own", "R-TRAF-6") == with_group[-1]


def test_a_story_tells_of_records_and_of_translations() -> None:
    back = told(talk("v.s", flow("10.0.2.4", "10.0.1.4"), **{"U_FWDNATSRC(fw/web)": True}).reply)

    assert ("the flow's record lets the reply pass", "F-STATE-2") == back[0]
    assert ("fw translates the reply back, to 10.0.2.4 from 10.0.1.4", "F-FW-8") in back
    assert ("the flow's record lets the reply pass", "F-STATE-2") == back[-1]


def test_a_firewall_that_passes_ipv6_says_so() -> None:
    there = told(talk("v.s", flow("fd00:a:0:2::4", "fd00:a:0:3::4"), **{"U_FWV6(fw)": True}).forward)

    assert ("fw passes IPv6 packets", "F-FW-11") in there


def test_why_says_that_a_packet_was_dropped_although_it_had_come_back_in() -> None:
    dropped = talk("v.t", flow("10.0.3.4", "203.0.113.9"), U_R_TRAF_10=True, **{"U_DOA(v.t)": True})

    assert "the first packet is dropped: " in dropped.why


def test_what_nobody_filters_ends_at_the_address_of_a_firewall_that_it_came_to() -> None:
    network, world = read_text(FIREWALL).network, World(SettledFacts({}))

    def ends_at(place: Place, packet: Flow) -> object:
        outcome = trace_unfiltered(network, place, packet, world).outcome
        assert isinstance(outcome, Delivered)
        return outcome.address

    inside = Place(PlaceKind.SUBNET.value, "v.s")
    assert parse_address("10.0.1.5") == ends_at(inside, flow("10.0.2.4", "10.0.1.5", 80))
    assert parse_address("10.0.1.4") == ends_at(INTERNET, flow("198.51.100.9", "203.0.113.5", 80))


ROUTES = """
vnet hub {
  address 10.0.0.0/16
  subnet s             10.0.0.0/24 routes some
  subnet GatewaySubnet 10.0.255.0/27
  gateway vpn g
  gateway expressroute er
}
site dc { address 172.20.0.0/16 }
connection c: dc -- hub.g { bgp }
connection d: dc -- hub.er { circuit c }
route-table some {
  kept 172.21.0.0/16 -> none
}
"""


def test_a_story_names_the_rule_by_which_a_route_won() -> None:
    network = read_text(ROUTES).network
    place, world = Place(PlaceKind.SUBNET.value, "hub.s"), World(SettledFacts({}))
    learned = converse(network, place, flow("10.0.0.4", "172.20.0.4"), world)
    by_user = converse(network, place, flow("10.0.0.4", "172.21.0.4"), world)

    assert "R-GW-15" in [step.rule for step in learned.forward.steps]
    assert "the first packet is dropped: 172.21.0.0/16 has next hop none (R-UDR-6)" == by_user.why
    selected = next(step for step in by_user.forward.steps if step.lost)
    assert "R-SEL-1" == selected.rule
