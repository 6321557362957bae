"""What Azure would refuse, or accept to nobody's good, where IPv6 is concerned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.header import parse_address, parse_prefix
from vnetverify.model.network import Unmodelled
from vnetverify.model.security import AddressPrefixes
from vnetverify.model.wellformed import check
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text

_A = "vnet a { address 10.0.0.0/16, fd00:a::/48 subnet s 10.0.0.0/24, fd00:a::/64 subnet old 10.0.1.0/24 }\n"
_B = "vnet b { address 10.1.0.0/16, fd00:b::/48 subnet s 10.1.0.0/24, fd00:b::/64 }\n"
_BOTH = "peering a -> b\npeering b -> a\n"
_HUB = "vnet hub { address 10.0.0.0/16, fd00:a::/48 subnet GatewaySubnet 10.0.255.0/27 gateway vpn gw }\n"


def found(text: str) -> list[tuple[str, str | None, Severity]]:
    """Return code, rule and severity of everything that is wrong with the network that `text` declares."""
    return [(fault.code, fault.rule, fault.severity) for fault in check(read_text(text).network)]


def error(code: str, rule: str) -> tuple[str, str, Severity]:
    return (code, rule, Severity.ERROR)


def warning(code: str, rule: str) -> tuple[str, str, Severity]:
    return (code, rule, Severity.WARNING)


def test_two_planes_over_one_topology_are_well_formed() -> None:
    machine = "vm m { nic 10.0.0.4, fd00:a::4 in a.s }\n"

    assert found(_A + _B + _BOTH + machine) == []


# Ranges and subnets


@pytest.mark.parametrize(
    "forbidden", ["::/0", "::/127", "::1/128", "fe80::/10", "fe80:1::/64", "ff02::/16", "fe00::/8"]
)
def test_a_range_that_is_not_for_networks_is_refused(forbidden: str) -> None:
    assert error("range-forbidden", "R-ADDR-3") in found(f"vnet a {{ address 10.0.0.0/16, {forbidden} }}")


@pytest.mark.parametrize("allowed", ["fd00::/8", "2001:db8::/32", "fec0::/10", "::2/127"])
def test_a_range_beside_a_forbidden_one_is_allowed(allowed: str) -> None:
    assert found(f"vnet a {{ address 10.0.0.0/16, {allowed} }}") == []


def test_a_vnet_needs_a_range_of_ipv4() -> None:
    assert found("vnet a { address fd00:a::/48 }") == [error("vnet-without-ipv4", "R-ADDR-6")]


@pytest.mark.parametrize("prefix", ["fd00:a::/48", "fd00:a::/63", "fd00:a::/65", "fd00:a::/112"])
def test_a_subnet_of_ipv6_is_a_64_exactly(prefix: str) -> None:
    text = f"vnet a {{ address 10.0.0.0/16, fd00:a::/48 subnet s 10.0.0.0/24, {prefix} }}"

    assert found(text) == [error("subnet-not-64", "R-ADDR-5")]


def test_a_gateway_subnet_of_both_families_is_measured_in_each() -> None:
    text = "vnet a { address 10.0.0.0/16, fd00:a::/48 subnet GatewaySubnet 10.0.0.0/27, fd00:a::/64 }"

    assert found(text) == []


def test_nothing_can_stand_in_a_subnet_of_ipv6_alone() -> None:
    text = "vnet a { address 10.0.0.0/16, fd00:a::/48 subnet s fd00:a::/64 }"

    assert found(text) == [warning("subnet-without-ipv4", "R-ADDR-6")]


def test_a_subnet_lies_in_its_vnet_and_apart_from_others_in_both_families() -> None:
    outside = "vnet a { address 10.0.0.0/16, fd00:a::/48 subnet s 10.0.0.0/24, fd00:b::/64 }"
    twice = _A.replace("10.0.1.0/24", "10.0.1.0/24, fd00:a::/64")

    assert found(outside) == [error("subnet-outside", "R-ADDR-2")]
    assert found(twice) == [error("subnet-overlap", "R-ADDR-2")]


# Interfaces


def test_an_interface_has_an_ipv4_address_and_at_most_one_of_ipv6() -> None:
    assert found(_A + "vm m { nic fd00:a::4 in a.s }") == [error("nic-without-ipv4", "R-ADDR-6")]
    assert found(_A + "vm m { nic 10.0.0.4, fd00:a::4, fd00:a::5 in a.s }") == [error("nic-ipv6-twice", "R-ADDR-6")]
    assert found(_A + "vm m { nic in a.s  public-ip basic 203.0.113.9 }") == [error("nic-without-address", "R-ADDR-6")]
    assert found(_A + "vm m { nic 10.0.0.4 in a.s  public-ip ipv6 }") == [error("nic-without-ipv6", "R-ADDR-6")]
    assert found(_A + "vm m { nic 10.0.0.4, fd00:a::4 in a.s  public-ip ipv6 }") == []


@pytest.mark.parametrize("nic", ["nic in a.s", "nic 10.0.0.4 in a.s public-ip ipv6"])
@pytest.mark.parametrize(("what", "errors"), [("b", 1), ("a", 0), ("nothing", 0)])
def test_an_interface_whose_address_the_input_does_not_tell_is_no_mistake(nic: str, what: str, errors: int) -> None:
    network = read_text(_A + f"vnet b {{ address 10.1.0.0/16 }}\nvm m {{ {nic} }}").network
    vnets = () if what == "nothing" else (what,)
    untold = replace(network, unmodelled=(Unmodelled("an address", "it is not assigned yet", vnets, NOWHERE),))

    assert len([fault for fault in check(untold) if fault.severity is Severity.ERROR]) == errors


@pytest.mark.parametrize("address", ["fd00:a::", "fd00:a::3", "fd00:a::ffff:ffff:ffff:ffff"])
def test_the_ends_of_a_subnet_are_reserved(address: str) -> None:
    assert found(f"{_A}vm m {{ nic 10.0.0.4, {address} in a.s }}") == [error("address-reserved", "R-ADDR-4")]


def test_an_address_lies_in_its_subnet() -> None:
    assert found(_A + "vm m { nic 10.0.1.4, fd00:a::4 in a.old }") == [error("address-outside", "R-ADDR-2")]


# Peerings


def test_peers_overlap_in_either_family() -> None:
    other = _B.replace("fd00:b::", "fd00:a::")

    assert found(_A + other + _BOTH) == [error("peering-overlap", "R-PEER-6")]


def test_peers_of_one_vnet_overlap_in_either_family() -> None:
    third = "vnet c { address 10.2.0.0/16, fd00:a:0:1::/64 }\npeering b -> c\npeering c -> b\n"

    assert found(_A + _B + _BOTH + third) == [error("peers-overlap", "R-PEER-7")]


_SUBNETS = "local-subnets s  remote-subnets s"
_IPV6 = f"peering a -> b {{ enable-only-ipv6-peering {_SUBNETS} }}\n"
_IPV6_BACK = f"peering b -> a {{ enable-only-ipv6-peering {_SUBNETS} }}\n"


def test_a_peering_for_ipv6_alone_joins_subnets_of_both_families() -> None:
    assert found(_A + _B + _IPV6 + _IPV6_BACK) == []


def test_whole_vnets_are_not_peered_for_ipv6_alone() -> None:
    halves = "peering a -> b { enable-only-ipv6-peering }\npeering b -> a { enable-only-ipv6-peering }\n"

    assert found(_A + _B + halves) == [error("only-ipv6-of-whole-vnets", "R-PEER-20")]


def test_a_subnet_without_ipv6_takes_part_in_vain() -> None:
    halves = (
        "peering a -> b { enable-only-ipv6-peering local-subnets old remote-subnets s }\n"
        "peering b -> a { enable-only-ipv6-peering local-subnets s remote-subnets old }\n"
    )

    assert found(_A + _B + halves) == [warning("peered-subnet-without-ipv6", "R-PEER-20")]


def test_halves_that_differ_in_it_are_told() -> None:
    assert found(_A + _B + _IPV6 + f"peering b -> a {{ {_SUBNETS} }}\n") == [warning("halves-differ", "R-PEER-20")]


def test_a_peering_for_ipv6_alone_bears_an_overlap_in_ipv4() -> None:
    alike = _B.replace("10.1.", "10.0.")

    assert found(_A + alike + _IPV6 + _IPV6_BACK) == []


# Gateways, Route Servers and routes


def test_a_vpn_gateway_carries_no_ipv6() -> None:
    branch = "site branch { address 192.168.0.0/16, fd00:c::/48 }\nconnection branch -- hub.gw\n"

    assert found(_HUB + branch) == [warning("ipv6-over-vpn", "R-ADDR-6")]
    assert found(_HUB + branch.replace("hub.gw", "hub.gw { prefixes 192.168.0.0/16 }")) == []


def test_expressroute_carries_ipv6_where_its_subnet_has_it() -> None:
    branch = "site branch { address 192.168.0.0/16, fd00:c::/48 }\nconnection branch -- hub.gw { circuit c }\n"
    hub = _HUB.replace("vpn", "expressroute")

    assert found(hub.replace("10.0.255.0/27", "10.0.255.0/27, fd00:a:0:ff::/64") + branch) == []
    assert found(hub + branch) == [warning("ipv6-past-gateway-subnet", "R-ADDR-6")]
    assert found(hub + branch.replace("circuit c", "circuit c prefixes 192.168.0.0/16")) == []


_SERVED = (
    "vnet hub { address 10.0.0.0/16 subnet RouteServerSubnet 10.0.0.0/27 subnet s 10.0.1.0/24 }\n"
    "appliance fw { nic 10.0.1.4 in hub.s }\n"
)


def test_a_route_server_breaks_the_ipv6_of_its_vnet() -> None:
    server = "route-server rs in hub { peer fw advertises 0.0.0.0/0 }\n"

    assert found(_SERVED + server) == []
    assert found(_SERVED.replace("10.0.0.0/16", "10.0.0.0/16, fd00:a::/48") + server) == [
        warning("route-server-beside-ipv6", "R-ADDR-6")
    ]


def test_a_route_server_is_told_of_ipv4_alone() -> None:
    assert found(_SERVED + "route-server rs in hub { peer fw advertises ::/0 }\n") == [
        error("announced-ipv6", "R-ADDR-6")
    ]


def test_a_next_hop_is_of_the_family_of_its_prefix() -> None:
    machine = "appliance fw { nic 10.0.0.4, fd00:a::4 in a.s }\n"
    table = "route-table t { six ::/0 -> appliance fd00:a::4  four 0.0.0.0/0 -> appliance 10.0.0.4 }\n"
    network = read_text(_A.replace("10.0.1.0/24", "10.0.1.0/24 routes t") + machine + table).network
    crossed = tuple(
        replace(route, next_hop_address=parse_address(address))
        for route, address in zip(network.route_tables["t"].routes, ("10.0.0.4", "fd00:a::4"), strict=True)
    )
    faulty = replace(network, route_tables={"t": replace(network.route_tables["t"], routes=crossed)})

    assert check(network) == ()
    assert [(fault.code, fault.rule) for fault in check(faulty)] == [("next-hop-of-other-family", "R-UDR-2")] * 2


def test_a_gateway_subnet_bears_no_default_route_of_ipv6() -> None:
    table = "route-table t { default ::/0 -> none }\n"
    hub = _HUB.replace("10.0.255.0/27", "10.0.255.0/27 routes t").replace("gateway vpn gw", "")

    assert found(table + hub) == [error("gateway-subnet-default-route", "R-UDR-13")]


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("10.0.0.0/8", "fd00::/8", [("rule-of-two-families", "F-NSG-16")]),
        ("fd00::/8", "fd01::/16", []),
        ("0.0.0.0/0", "fd00::/8", []),
    ],
)
def test_a_rule_has_prefixes_of_one_family(source: str, destination: str, expected: list[tuple[str, str]]) -> None:
    network = read_text("nsg n { inbound 100 r allow tcp from any to any port 80 }").network
    sides = (AddressPrefixes((parse_prefix(text),)) for text in (source, destination))
    (rule,) = network.nsgs["n"].rules
    rule = replace(rule, source=next(sides), destination=next(sides))
    faults = check(replace(network, nsgs={"n": replace(network.nsgs["n"], rules=(rule,))}))

    assert [(fault.code, fault.rule) for fault in faults] == expected
