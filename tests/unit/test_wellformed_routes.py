"""What Azure refuses of route tables, and what cannot be meant: one small network for each fault."""

from __future__ import annotations

import pytest

from tests.unit.wellformed_networks import HUB, SPOKE, TRANSIT, found
from vnetverify.diagnostic import Severity
from vnetverify.header import parse_address, parse_prefix
from vnetverify.model.network import Network, NextHopType, RouteTable, UserRoute
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text


def _routed(routes: str, vnet: str = "hub", extra: str = "") -> list[tuple[str, str | None]]:
    table = f"route-table t {{ {routes} }}\n"
    hub = (
        HUB.replace("subnet GatewaySubnet", "subnet s 10.0.0.0/24 routes t  subnet GatewaySubnet")
        if vnet == "hub"
        else HUB
    )
    return found(table + hub + extra)


def test_a_prefix_stands_once_in_a_route_table() -> None:
    assert _routed("x 10.9.0.0/16 -> none  y 10.9.0.0/16 -> internet") == [("route-taken", None)]


def test_a_next_hop_in_no_neighbouring_vnet_is_a_warning() -> None:
    assert _routed("x 10.9.0.0/16 -> appliance 10.7.0.4") == [("next-hop-far", "R-UDR-8")]


def test_a_next_hop_that_nothing_declared_holds_is_told_once() -> None:
    text = "x 10.9.0.0/16 -> appliance 10.0.0.4  y 10.8.0.0/16 -> appliance 10.0.0.4"

    assert _routed(text) == [("next-hop-undeclared", "R-META-3")]
    assert _routed(text, extra="appliance fw { nic 10.0.0.4 in hub.s }") == []


@pytest.mark.parametrize("address", ["10.0.0.1", "10.0.0.255", "10.0.77.4", "10.0.255.5"])
def test_a_next_hop_that_no_machine_can_have_loses_what_is_sent_there(address: str) -> None:
    assert _routed(f"x 10.9.0.0/16 -> appliance {address}") == [("next-hop-nobody", "R-UDR-9")]


def test_a_next_hop_may_stand_in_a_peer_but_not_behind_one() -> None:
    table = "route-table t { x 10.9.0.0/16 -> appliance 10.2.0.4 }\n"
    vnets = (
        "vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 routes t }\n"
        "vnet b { address 10.1.0.0/16 }\nvnet c { address 10.2.0.0/16 subnet s 10.2.0.0/24 }\n"
        "appliance fw { nic 10.2.0.4 in c.s }\n"
    )
    chain = "peering a -> b\npeering b -> a\npeering b -> c\npeering c -> b\n"

    assert found(table + vnets + chain) == [("next-hop-far", "R-UDR-8")]
    assert found(table + vnets + chain + "peering a -> c\npeering c -> a\n") == []


def test_a_route_to_a_gateway_works_towards_vpn_alone() -> None:
    assert _routed("x 10.9.0.0/16 -> gateway") == []
    circuit = HUB.replace("gateway vpn gw", "gateway vpn gw gateway expressroute er")
    circuit = circuit.replace("subnet GatewaySubnet", "subnet s 10.0.0.0/24 routes t subnet GatewaySubnet")
    circuit += "connection d: branch -- hub.er { circuit x }\n"

    assert found("route-table t { x 10.9.0.0/16 -> gateway }\n" + circuit) == [("route-to-expressroute", "R-UDR-5")]


def test_a_route_to_a_gateway_that_nobody_has_is_a_warning() -> None:
    spoke = SPOKE.replace("10.1.0.0/24", "10.1.0.0/24 routes t")
    table = "route-table t { x 10.9.0.0/16 -> gateway }\n"

    assert found(table + spoke) == [("route-to-no-gateway", "R-UDR-5")]
    assert found(table + spoke + HUB + TRANSIT) == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("default 0.0.0.0/0 -> internet", "gateway-subnet-default-route"),
        ("propagate-gateway-routes off", "gateway-subnet-propagation"),
        ("own 10.0.255.0/27 -> none", "gateway-subnet-own-route"),
        ("around 10.0.0.0/16 -> internet", "gateway-subnet-own-route"),
        ("wide 10.0.0.0/8 -> none", "gateway-subnet-own-route"),
    ],
)
def test_a_gateway_subnet_bears_no_default_route_and_no_lack_of_propagation(lines: str, code: str) -> None:
    hub = HUB.replace("10.0.255.0/27", "10.0.255.0/27 routes t")

    assert found(f"route-table t {{ {lines} }}\n{hub}") == [(code, "R-UDR-13")]


@pytest.mark.parametrize(
    ("prefix", "severities"),
    [("10.0.255.16/28", [Severity.ERROR]), ("10.0.0.0/8", [Severity.WARNING]), ("10.1.0.0/16", [])],
)
def test_a_route_on_a_gateway_subnet_is_an_error_where_it_takes_what_is_the_gateways(
    prefix: str, severities: list[Severity]
) -> None:
    text = f"route-table t {{ r {prefix} -> internet }}\n" + HUB.replace("10.0.255.0/27", "10.0.255.0/27 routes t")

    assert [fault.severity for fault in check(read_text(text).network)] == severities


@pytest.mark.parametrize("name", ["RouteServerSubnet", "AzureBastionSubnet"])
def test_some_of_azures_own_subnets_take_no_route_table(name: str) -> None:
    text = f"route-table t {{ }}\nvnet a {{ address 10.0.0.0/16 subnet {name} 10.0.0.0/26 routes t }}"

    assert found(text) == [("route-table-forbidden", "R-UDR-14")]


def test_an_appliance_alone_has_an_address() -> None:
    missing = UserRoute("x", parse_prefix("10.9.0.0/16"), NextHopType.APPLIANCE)
    needless = UserRoute("y", parse_prefix("10.8.0.0/16"), NextHopType.NONE, parse_address("10.0.0.4"))

    network = Network(route_tables={"t": RouteTable("t", (missing, needless))})

    assert [(fault.code, fault.rule) for fault in check(network)] == [
        ("next-hop-missing", "R-UDR-2"),
        ("next-hop-with-address", "R-UDR-2"),
    ]
