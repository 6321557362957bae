"""A drop by a None route of Azure's says why the route that a reader may expect is not there."""

from __future__ import annotations

import pytest

from vnetverify.facts import World
from vnetverify.header import Flow, parse_address
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.simulator.positions import Dropped
from vnetverify.simulator.walk import trace
from vnetverify.syntax.read import read_text

HUB = """
vnet hub {
  address 10.0.0.0/16
  subnet s             10.0.0.0/24
  subnet GatewaySubnet 10.0.255.0/27
  gateway vpn g
}
vnet spoke {
  address 10.1.0.0/16
  subnet s 10.1.0.0/24 routes alone
}
route-table alone { propagate-gateway-routes off }
site hq { address 192.168.0.0/16 }
connection hq -- hub.g { bgp }
"""
ONLY_IPV6 = """
peering hub -> spoke { enable-only-ipv6-peering  local-subnets GatewaySubnet  remote-subnets s }
peering spoke -> hub { enable-only-ipv6-peering  local-subnets s  remote-subnets GatewaySubnet }
"""


def reason_of_the_drop(peerings: str, target: str, hub: str = HUB) -> str:
    network = read_text(hub + peerings).network
    flow = Flow(6, parse_address("10.1.0.4"), 50000, parse_address(target), 443)
    end = trace(network, Place(PlaceKind.SUBNET.value, "spoke.s"), flow, World()).outcome
    assert isinstance(end, Dropped)
    return end.reason


@pytest.mark.parametrize(
    ("peerings", "why"),
    [
        ("", ""),
        ("peering hub -> spoke", ", and spoke has no half to answer peering hub -> spoke"),
        ("peering spoke -> hub", ", and hub has no half to answer peering spoke -> hub"),
        ("peering hub -> spoke { state initiated }", ", and peering hub -> spoke is initiated"),
        (
            "peering hub -> spoke peering spoke -> hub { state disconnected }",
            ", and peering spoke -> hub is disconnected",
        ),
        (ONLY_IPV6, ""),
        (
            "vnet far { address 10.7.0.0/16 } peering far -> hub { state disconnected } peering hub -> spoke",
            ", and spoke has no half to answer peering hub -> spoke",
        ),
    ],
)
def test_a_peering_of_which_a_half_does_not_work_is_named(peerings: str, why: str) -> None:
    assert reason_of_the_drop(peerings, "10.0.0.4") == f"10.0.0.0/8 has next hop none{why}"


def test_nothing_is_said_beside_a_none_route_of_the_users() -> None:
    closed = HUB.replace("propagate-gateway-routes off", "propagate-gateway-routes off  down 10.0.0.0/8 -> none")

    assert reason_of_the_drop("peering hub -> spoke", "10.0.0.4", closed) == "10.0.0.0/8 has next hop none"


@pytest.mark.parametrize(
    ("there", "here", "why"),
    [
        ("", "", "peering spoke -> hub does not use the gateways of hub"),
        ("{ allow-gateway-transit }", "", "peering spoke -> hub does not use the gateways of hub"),
        ("", "{ use-remote-gateways }", "peering hub -> spoke does not allow gateway transit"),
        (
            "{ allow-gateway-transit }",
            "{ use-remote-gateways }",
            "route table alone keeps out what gateways learn",
        ),
    ],
)
def test_what_keeps_a_learned_route_out_is_named(there: str, here: str, why: str) -> None:
    given = reason_of_the_drop(f"peering hub -> spoke {there} peering spoke -> hub {here}", "192.168.0.4")

    assert given == f"192.168.0.0/16 has next hop none, and {why}"


def test_nothing_is_said_of_what_no_gateway_knows() -> None:
    both = "peering hub -> spoke peering spoke -> hub"

    assert reason_of_the_drop(both, "172.16.0.4") == "172.16.0.0/12 has next hop none"


def test_nothing_is_said_of_a_peering_whose_other_network_is_elsewhere() -> None:
    assert reason_of_the_drop("peering hub -> spoke", "10.9.0.4") == "10.0.0.0/8 has next hop none"


def test_nothing_is_said_of_a_peering_between_others() -> None:
    others = """
    vnet far { address 10.7.0.0/16  subnet s 10.7.0.0/24 }
    peering far -> hub { state disconnected }
    peering hub -> far
    """

    assert reason_of_the_drop(others, "10.7.0.4") == "10.0.0.0/8 has next hop none"


def test_nothing_is_said_of_a_gateway_that_is_used_and_may_know_of_it() -> None:
    """What comes over a chain of tunnels without BGP it knows by `U-R-GW-17` alone."""
    chain = """
    peering hub -> spoke { allow-gateway-transit } peering spoke -> hub { use-remote-gateways }
    vnet mid { address 10.6.0.0/16  subnet GatewaySubnet 10.6.255.0/27  gateway vpn m }
    vnet far { address 10.7.0.0/16  subnet GatewaySubnet 10.7.255.0/27  gateway vpn f }
    connection hub.g -- mid.m
    connection mid.m -- far.f
    """

    assert reason_of_the_drop(chain, "10.7.0.4", hub=HUB.replace(" routes alone", "")) == "10.0.0.0/8 has next hop none"
