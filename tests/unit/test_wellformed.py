"""What Azure would refuse is refused: one small network for each fault, and one beside it that has none."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import ALL_PORTS, Interval, IntervalSet, Prefix, parse_address, parse_prefix
from vnetverify.model.network import (
    Connection,
    Gateway,
    GatewayKind,
    LinkState,
    Machine,
    Network,
    NextHopType,
    Nic,
    Peering,
    RouteTable,
    Subnet,
    Unmodelled,
    UserRoute,
    Vnet,
)
from vnetverify.model.security import Access, AnyAddress, Direction, Nsg, SecurityRule
from vnetverify.model.wellformed import check
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text


def found(text: str) -> list[tuple[str, str | None]]:
    """Return code and rule of everything but notes that is wrong with the network that `text` declares."""
    return [(fault.code, fault.rule) for fault in check(read_text(text).network)]


def codes(network: Network) -> list[str]:
    return [fault.code for fault in check(network)]


def only(text: str) -> Diagnostic:
    (fault,) = check(read_text(text).network)
    return fault


_A = "vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 }\n"
_B = "vnet b { address 10.1.0.0/16 subnet s 10.1.0.0/24 }\n"
_BOTH = "peering a -> b\npeering b -> a\n"
_HUB = "vnet hub { address 10.0.0.0/16 subnet GatewaySubnet 10.0.255.0/27 gateway vpn gw }\n"
_HUB += "site branch { address 192.168.0.0/16 }\nconnection c: branch -- hub.gw\n"
_SPOKE = "vnet spoke { address 10.1.0.0/16 subnet s 10.1.0.0/24 }\n"
_TRANSIT = "peering hub -> spoke { allow-gateway-transit }\npeering spoke -> hub { use-remote-gateways }\n"


def test_an_ordinary_hub_and_spoke_is_well_formed() -> None:
    assert found(_HUB + _SPOKE + _TRANSIT) == []


# Addresses


@pytest.mark.parametrize(
    "forbidden", ["127.0.0.0/8", "169.254.0.0/16", "169.254.7.0/24", "224.0.0.0/4", "168.63.129.0/24", "0.0.0.0/0"]
)
def test_a_range_that_is_not_for_networks_is_refused(forbidden: str) -> None:
    assert ("range-forbidden", "R-ADDR-3") in found(f"vnet a {{ address {forbidden} }}")


@pytest.mark.parametrize("allowed", ["126.0.0.0/8", "128.0.0.0/8", "223.0.0.0/8", "168.63.128.0/24", "20.0.0.0/8"])
def test_a_range_beside_a_forbidden_one_is_allowed(allowed: str) -> None:
    assert found(f"vnet a {{ address {allowed} }}") == []


def test_ranges_of_one_vnet_must_not_overlap() -> None:
    assert found("vnet a { address 10.0.0.0/16, 10.0.1.0/24 }") == [("range-overlap", "R-ADDR-1")]
    assert found("vnet a { address 10.0.0.0/24, 10.0.1.0/24 }") == []


def test_a_subnet_lies_in_one_range_of_its_vnet() -> None:
    fault = only("vnet a { address 10.0.0.0/24, 10.0.1.0/24 subnet s 10.0.0.0/23 }")

    assert (fault.code, fault.rule, fault.azure) == ("subnet-outside", "R-ADDR-2", "NetcfgInvalidSubnet")
    assert found("vnet a { address 10.0.0.0/16 subnet s 9.255.255.0/24 }") == [("subnet-outside", "R-ADDR-2")]
    assert found("vnet a { address 10.0.0.0/16 subnet s 10.1.0.0/24 }") == [("subnet-outside", "R-ADDR-2")]
    assert found("vnet a { address 10.0.0.0/16, 10.1.0.0/16 subnet s 10.1.0.0/16 }") == []


def test_overlapping_subnets_are_told_at_the_later_line() -> None:
    fault = only("vnet a {\n  address 10.0.0.0/16\n  subnet s 10.0.0.0/24\n  subnet t 10.0.0.0/20\n}")

    assert (fault.code, fault.rule, fault.azure) == ("subnet-overlap", "R-ADDR-2", "NetcfgSubnetRangesOverlap")
    assert (fault.span.line, fault.others[0][0].line) == (4, 3)
    assert fault.message == "subnet `a.t` (10.0.0.0/20) overlaps `a.s` (10.0.0.0/24)"


def test_a_subnet_is_a_29_at_least() -> None:
    assert found("vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/30 }") == [("subnet-too-small", "R-ADDR-5")]
    assert found("vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/29 }") == []


def test_a_gateway_subnet_should_be_a_27() -> None:
    fault = only("vnet a { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/28 }")

    assert (fault.code, fault.rule, fault.severity) == ("subnet-small", "R-ADDR-7", Severity.WARNING)


@pytest.mark.parametrize("last", [0, 1, 2, 3, 255])
def test_five_addresses_of_a_subnet_are_reserved(last: int) -> None:
    assert found(f"{_A}vm m {{ nic 10.0.0.{last} in a.s }}") == [("address-reserved", "R-ADDR-4")]


@pytest.mark.parametrize("last", [4, 254])
def test_the_addresses_between_are_free(last: int) -> None:
    assert found(f"{_A}vm m {{ nic 10.0.0.{last} in a.s }}") == []


def test_an_address_lies_in_its_subnet() -> None:
    assert found(f"{_A}vm m {{ nic 10.0.1.4 in a.s }}") == [("address-outside", "R-ADDR-2")]


def test_an_address_is_given_once_in_a_vnet() -> None:
    twice = "vm m { nic 10.0.0.4 in a.s }\nvm n { nic 10.0.0.4 in a.s }"

    assert found(_A + twice) == [("address-taken", "R-ADDR-9")]


def test_vnets_that_are_not_joined_may_hold_the_same_address() -> None:
    twin = "vnet b { address 10.0.0.0/16 subnet s 10.0.0.0/24 }\n"

    assert found(f"{_A}{twin}vm m {{ nic 10.0.0.4 in a.s }}\nvm n {{ nic 10.0.0.4 in b.s }}") == []


@pytest.mark.parametrize(("name", "rule"), [("GatewaySubnet", "R-ADDR-7"), ("RouteServerSubnet", "R-ADDR-8")])
def test_no_interface_stands_in_a_subnet_of_azures_own(name: str, rule: str) -> None:
    text = f"vnet a {{ address 10.0.0.0/16 subnet {name} 10.0.0.0/24 }}\nvm m {{ nic 10.0.0.4 in a.{name} }}"

    assert found(text) == [("nic-in-special-subnet", rule)]


def test_a_vnet_that_is_not_in_an_export_is_not_blamed_for_what_it_lacks() -> None:
    lacking = Vnet("a", (), (Subnet("s", "a", ()),))
    card = Nic("n", "m", "a", "s", (parse_address("10.0.0.4"),))
    network = Network(vnets={"a": lacking}, machines={"m": Machine("m", (card,))})

    assert codes(network) == ["vnet-without-range"]
    assert codes(replace(network, unmodelled=(Unmodelled("vnet `a`", "not in the input", ("a",), NOWHERE),))) == []


# Peerings


def test_a_vnet_is_not_peered_with_itself() -> None:
    network = replace(read_text(_A).network, peerings=(Peering("a", "a"),))

    assert [(fault.code, fault.rule) for fault in check(network)] == [("peering-with-itself", "R-PEER-1")]


def test_a_second_half_to_the_same_vnet_is_refused() -> None:
    network = read_text(_A + _B + _BOTH).network
    faults = check(replace(network, peerings=(*network.peerings, Peering("a", "b"))))

    assert [(fault.code, fault.azure) for fault in faults] == [
        ("peering-twice", "AnotherPeeringAlreadyReferencesRemoteVnet")
    ]


def test_a_half_without_the_other_is_a_warning_with_the_line_to_write() -> None:
    fault = only(f"{_A}{_B}peering a -> b")

    assert (fault.code, fault.rule, fault.severity) == ("half-peering", "R-PEER-2", Severity.WARNING)
    assert fault.help == "add `peering b -> a`"
    assert fault.span.line == 3


def test_a_half_whose_state_says_that_the_other_exists_is_not_alone() -> None:
    assert found(f"{_A}{_B}peering a -> b {{ state connected }}") == []


def test_a_classic_vnet_needs_no_half_of_its_own() -> None:
    classic = "vnet b { model classic address 10.1.0.0/16 }\n"

    assert found(f"{_A}{classic}peering a -> b") == []


def test_classic_vnets_are_not_peered_with_each_other() -> None:
    classic = "vnet a { model classic address 10.0.0.0/16 }\nvnet b { model classic address 10.1.0.0/16 }\n"

    assert found(classic + _BOTH) == [("classic-with-classic", "R-PEER-8")]


@pytest.mark.parametrize(("era", "expected"), [("2016-07", [("peering-across-regions", "R-PEER-5")]), ("current", [])])
def test_peers_were_once_in_one_region(era: str, expected: list[tuple[str, str]]) -> None:
    west = "vnet a { region westus address 10.0.0.0/16 }\n"
    east = "vnet b { region eastus address 10.1.0.0/16 }\n"

    assert found(f"era {era}\n{west}{east}{_BOTH}") == expected


def test_peers_must_not_overlap_and_it_is_told_once() -> None:
    inner = "vnet b { address 10.9.0.0/16, 10.0.128.0/17 }\n"
    fault = only(_A + inner + _BOTH)

    assert (fault.code, fault.rule, fault.azure) == ("peering-overlap", "R-PEER-6", "VnetAddressSpacesOverlap")
    assert fault.span.line == 4


def test_peers_of_one_vnet_must_not_overlap_though_they_are_not_peered() -> None:
    text = (
        "vnet hub { address 10.0.0.0/16 }\n"
        "vnet b { address 10.1.0.0/16 }\n"
        "vnet c { address 10.2.0.0/16, 10.1.8.0/24 }\n"
        "peering hub -> b\npeering b -> hub\npeering hub -> c\npeering c -> hub\n"
    )
    fault = only(text)

    assert (fault.code, fault.rule) == ("peers-overlap", "R-PEER-7")
    assert fault.azure == "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet"
    assert (fault.span.line, fault.others[0][0].line) == (6, 4)


def test_overlap_three_hops_away_is_no_fault() -> None:
    text = (
        "vnet a { address 10.1.0.0/16 }\nvnet b { address 10.2.0.0/16 }\n"
        "vnet c { address 10.3.0.0/16 }\nvnet d { address 10.1.0.0/16 }\n"
    )
    links = "".join(f"peering {one} -> {other}\n" for one, other in ("ab", "ba", "bc", "cb", "cd", "dc"))

    assert found(text + links) == []


@pytest.mark.parametrize(("flagged", "expected"), [("hub -> spoke", True), ("spoke -> hub", False)])
def test_the_forwarded_traffic_flag_belongs_on_the_side_away_from_the_appliance(flagged: str, expected: bool) -> None:
    bare = "spoke -> hub" if flagged == "hub -> spoke" else "hub -> spoke"
    links = f"peering {flagged} {{ allow-forwarded-traffic }}\npeering {bare}\n"
    hub = "vnet hub { address 10.0.0.0/16 subnet s 10.0.0.0/24 }\nappliance fw { nic 10.0.0.4 in hub.s }\n"

    assert (("forwarded-traffic-one-way", "R-PEER-15") in found(hub + _SPOKE + links)) is expected


# Gateways


@pytest.mark.parametrize("era", ["2016-07", "2018-02", "current"])
def test_two_gateways_of_a_kind_are_refused(era: str) -> None:
    text = f"era {era}\nvnet v {{ address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g gateway vpn h }}"

    assert ("gateway-twice", "R-GW-1") in found(text)


@pytest.mark.parametrize(("era", "expected"), [("2016-07", True), ("current", False)])
def test_a_vpn_and_an_expressroute_gateway_coexist_today(era: str, expected: bool) -> None:
    vnet = "vnet v { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g gateway expressroute h }"

    assert (("gateway-twice", "R-GW-1") in found(f"era {era}\n{vnet}")) is expected


def test_a_gateway_needs_its_subnet() -> None:
    assert ("gateway-without-subnet", "R-ADDR-7") in found("vnet v { address 10.0.0.0/16 gateway vpn g }")


def test_a_gateway_without_connection_is_a_warning() -> None:
    fault = only("vnet v { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g }")

    assert (fault.code, fault.severity) == ("gateway-without-connection", Severity.WARNING)


def test_remote_gateways_need_the_other_halfs_leave() -> None:
    fault = only(f"{_HUB}{_SPOKE}peering hub -> spoke\npeering spoke -> hub {{ use-remote-gateways }}")

    assert (fault.code, fault.rule) == ("transit-not-allowed", "R-GW-4")
    assert fault.help == "write `peering hub -> spoke { allow-gateway-transit }`"


def test_a_remote_vnet_without_gateway_has_none_to_use() -> None:
    hub = "vnet hub { address 10.0.0.0/16 }\n"
    fault = only(hub + _SPOKE + _TRANSIT)

    assert (fault.code, fault.rule, fault.azure) == ("remote-gateway-missing", "R-GW-4", "RemoteVnetHasNoGateways")


def test_an_own_gateway_excludes_a_remote_one() -> None:
    spoke = "vnet spoke { address 10.1.0.0/16 subnet GatewaySubnet 10.1.0.0/27 gateway vpn own }\n"
    to_branch = "site depot { address 192.169.0.0/16 }\nconnection d: depot -- spoke.own\n"

    assert found(_HUB + spoke + to_branch + _TRANSIT) == [("remote-gateway-beside-own", "R-GW-5")]


def test_the_gateways_of_two_vnets_cannot_be_used() -> None:
    second = "vnet other { address 10.2.0.0/16 subnet GatewaySubnet 10.2.255.0/27 gateway vpn gw2 }\n"
    second += "connection e: branch -- other.gw2\n"
    links = "peering other -> spoke { allow-gateway-transit }\npeering spoke -> other { use-remote-gateways }\n"

    assert found(_HUB + second + _SPOKE + _TRANSIT + links) == [("remote-gateways-twice", "R-GW-5")]


@pytest.mark.parametrize(("era", "expected"), [("2016-07", [("transit-across-models", "R-GW-9")]), ("current", [])])
def test_transit_did_not_cross_deployment_models(era: str, expected: list[tuple[str, str]]) -> None:
    classic = "vnet old { model classic address 10.1.0.0/16 }\n"

    assert found(f"era {era}\n{_HUB}{classic}peering hub -> old {{ allow-gateway-transit }}") == expected


@pytest.mark.parametrize(("era", "expected"), [("2018-02", [("transit-across-regions", "R-GW-10")]), ("current", [])])
def test_transit_did_not_cross_regions(era: str, expected: list[tuple[str, str]]) -> None:
    hub = _HUB.replace("vnet hub {", "vnet hub { region westus")
    spoke = _SPOKE.replace("vnet spoke {", "vnet spoke { region eastus")

    assert found(f"era {era}\n{hub}{spoke}{_TRANSIT}") == expected


@pytest.mark.parametrize(
    ("prefix", "severity"),
    [
        ("10.0.0.0/16", Severity.ERROR),
        ("10.0.3.0/24", Severity.ERROR),
        ("10.0.0.0/8", Severity.WARNING),
        ("10.1.0.0/16", None),
    ],
)
def test_a_static_site_must_not_overlap_the_vnet_of_its_gateway(prefix: str, severity: Severity | None) -> None:
    faults = check(read_text(_HUB.replace("192.168.0.0/16", prefix)).network)

    assert [(fault.code, fault.rule, fault.severity) for fault in faults] == (
        [] if severity is None else [("site-overlap", "R-ADDR-10", severity)]
    )


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("203.0.113.9", "203.0.113.10", None),
        ("203.0.113.9", "203.0.113.9", "public-address-taken"),
        ("10.9.9.9", "203.0.113.9", "not-public"),
        ("168.63.129.16", "203.0.113.9", "not-public"),
        ("fd00::9", "2001:db8::9", "not-public"),
    ],
)
def test_a_public_address_is_public_and_of_one_interface(first: str, second: str, code: str | None) -> None:
    text = f"""
    vnet v {{ address 10.0.0.0/16, fd00::/48  subnet s 10.0.0.0/24, fd00:0:0:1::/64 }}
    vm a {{ nic 10.0.0.4 in v.s  public-ip one standard {first} }}
    vm b {{ nic 10.0.0.5 in v.s  public-ip two standard {second} }}
    """

    assert found(text) == ([] if code is None else [(code, None)])


_SHARING = """
site depot { address 10.9.0.0/16, 192.168.1.0/24, 192.168.2.0/24 }
connection depot -- hub.gw { bgp }
"""


def test_two_sites_of_one_gateway_that_share_addresses_are_told_of_once() -> None:
    faults = check(read_text(_HUB + _SHARING).network)

    assert [(fault.code, fault.rule, fault.severity) for fault in faults] == [
        ("sites-overlap", "R-ADDR-10", Severity.WARNING)
    ]


def test_what_a_site_announces_beyond_its_addresses_is_shared_with_nobody() -> None:
    everything = _SHARING.replace("10.9.0.0/16, 192.168.1.0/24, 192.168.2.0/24", "10.9.0.0/16")

    assert found(_HUB + everything.replace("bgp", "bgp prefixes 10.9.0.0/16, 0.0.0.0/0")) == []


def _joined(kind: GatewayKind, connection: Connection, *more: Gateway) -> list[str]:
    gateways = (Gateway("g", "a", kind), *more)
    vnets = {
        name: Vnet(name, (parse_prefix(space),), (Subnet("GatewaySubnet", name, (parse_prefix(subnet),)),))
        for name, space, subnet in (("a", "10.0.0.0/16", "10.0.0.0/27"), ("b", "10.1.0.0/16", "10.1.0.0/27"))
    }
    return codes(Network(vnets=vnets, gateways={g.name: g for g in gateways}, connections=(connection,)))


def test_an_expressroute_connection_needs_a_circuit_and_a_vpn_one_has_none() -> None:
    assert _joined(GatewayKind.EXPRESSROUTE, Connection("c", "g", bgp=True)) == [
        "circuit-missing",
        "connection-without-end",
    ]
    assert _joined(GatewayKind.EXPRESSROUTE, Connection("c", "g", bgp=True, circuit="x")) == []
    assert _joined(GatewayKind.VPN, Connection("c", "g", circuit="x")) == ["circuit-on-vpn"]


def test_a_connection_between_vnets_joins_two_vpn_gateways_of_two_vnets() -> None:
    connection = Connection("c", "g", remote_gateway="h")

    assert _joined(GatewayKind.VPN, connection, Gateway("h", "b", GatewayKind.VPN)) == []
    assert _joined(GatewayKind.VPN, connection, Gateway("h", "b", GatewayKind.EXPRESSROUTE)) == ["connection-kinds"]
    assert "connection-with-itself" in _joined(GatewayKind.VPN, connection, Gateway("h", "a", GatewayKind.EXPRESSROUTE))


def test_connected_vnets_must_not_overlap() -> None:
    text = (
        "vnet a { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g }\n"
        "vnet b { address 10.0.0.0/8 subnet GatewaySubnet 10.1.0.0/27 gateway vpn h }\n"
        "connection c: a.g -- b.h\n"
    )

    assert found(text) == [("connection-overlap", "R-ADDR-10")]


# Routes


def _routed(routes: str, vnet: str = "hub", extra: str = "") -> list[tuple[str, str | None]]:
    table = f"route-table t {{ {routes} }}\n"
    hub = (
        _HUB.replace("subnet GatewaySubnet", "subnet s 10.0.0.0/24 routes t  subnet GatewaySubnet")
        if vnet == "hub"
        else _HUB
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
    circuit = _HUB.replace("gateway vpn gw", "gateway vpn gw gateway expressroute er")
    circuit = circuit.replace("subnet GatewaySubnet", "subnet s 10.0.0.0/24 routes t subnet GatewaySubnet")
    circuit += "connection d: branch -- hub.er { circuit x }\n"

    assert found("route-table t { x 10.9.0.0/16 -> gateway }\n" + circuit) == [("route-to-expressroute", "R-UDR-5")]


def test_a_route_to_a_gateway_that_nobody_has_is_a_warning() -> None:
    spoke = _SPOKE.replace("10.1.0.0/24", "10.1.0.0/24 routes t")
    table = "route-table t { x 10.9.0.0/16 -> gateway }\n"

    assert found(table + spoke) == [("route-to-no-gateway", "R-UDR-5")]
    assert found(table + spoke + _HUB + _TRANSIT) == []


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
    hub = _HUB.replace("10.0.255.0/27", "10.0.255.0/27 routes t")

    assert found(f"route-table t {{ {lines} }}\n{hub}") == [(code, "R-UDR-13")]


@pytest.mark.parametrize(
    ("prefix", "severities"),
    [("10.0.255.16/28", [Severity.ERROR]), ("10.0.0.0/8", [Severity.WARNING]), ("10.1.0.0/16", [])],
)
def test_a_route_on_a_gateway_subnet_is_an_error_where_it_takes_what_is_the_gateways(
    prefix: str, severities: list[Severity]
) -> None:
    text = f"route-table t {{ r {prefix} -> internet }}\n" + _HUB.replace("10.0.255.0/27", "10.0.255.0/27 routes t")

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


# Filters


_RULE = SecurityRule(
    "r",
    100,
    Direction.INBOUND,
    Access.ALLOW,
    6,
    AnyAddress(),
    ALL_PORTS,
    AnyAddress(),
    IntervalSet((Interval(80, 80),)),
)


def _filtered(*rules: SecurityRule) -> list[tuple[str, str | None]]:
    return [(fault.code, fault.rule) for fault in check(Network(nsgs={"n": Nsg("n", rules)}))]


def test_a_priority_is_taken_once_in_a_direction() -> None:
    other = replace(_RULE, name="s")

    assert _filtered(_RULE, other) == [("priority-taken", "F-NSG-3")]
    assert _filtered(_RULE, replace(other, direction=Direction.OUTBOUND)) == []
    assert _filtered(_RULE, replace(other, priority=101)) == []


def test_a_taken_priority_names_the_line_that_took_it() -> None:
    first = replace(_RULE, span=replace(NOWHERE, line=12))
    (fault,) = check(Network(nsgs={"n": Nsg("n", (first, replace(_RULE, name="s")))}))

    assert fault.others[0][0].line == 12
    assert fault.azure == "SecurityRuleConflict"


@pytest.mark.parametrize(("priority", "expected"), [(99, True), (100, False), (4096, False), (4097, True)])
def test_a_priority_is_one_of_100_to_4096(priority: int, expected: bool) -> None:
    assert (("priority-out-of-range", "F-NSG-2") in _filtered(replace(_RULE, priority=priority))) is expected


def test_a_name_stands_once_in_an_nsg() -> None:
    assert _filtered(_RULE, replace(_RULE, name="R", priority=101)) == [("rule-name-taken", "F-NSG-15")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", False),
        ("a_", False),
        ("a.b-c", False),
        ("x" * 80, False),
        ("", True),
        ("a.", True),
        ("-a", True),
        ("x" * 81, True),
    ],
)
def test_a_rule_name_has_azures_form(name: str, expected: bool) -> None:
    assert (("rule-name", "F-NSG-15") in _filtered(replace(_RULE, name=name))) is expected


@pytest.mark.parametrize(("protocol", "expected"), [(None, False), (50, False), (51, False), (47, True), (0, True)])
def test_a_rule_knows_few_protocols(protocol: int | None, expected: bool) -> None:
    assert (("protocol-unsupported", "F-NSG-6") in _filtered(replace(_RULE, protocol=protocol))) is expected


def test_a_rule_has_ports_within_range() -> None:
    assert _filtered(replace(_RULE, source_ports=IntervalSet())) == [("no-ports", "F-NSG-8")]
    beyond = IntervalSet((Interval(65535, 65536),))
    assert _filtered(replace(_RULE, destination_ports=beyond)) == [("port-out-of-range", "F-NSG-8")]


@pytest.mark.parametrize("name", ["GatewaySubnet", "AzureFirewallSubnet", "RouteServerSubnet"])
def test_subnets_of_azures_own_take_no_nsg(name: str) -> None:
    text = f"nsg n {{ }}\nvnet a {{ address 10.0.0.0/16 subnet {name} 10.0.0.0/26 nsg n }}"

    assert found(text) == [("nsg-forbidden", "F-EVAL-9")]


def test_a_gateway_subnet_takes_no_nat_gateway() -> None:
    text = "nat-gateway n\nvnet a { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/26 nat-gateway n }"

    assert found(text) == [("nat-gateway-forbidden", "F-OUT-3")]


_MEMBERS = "asg one\nasg two\nvm m { nic 10.0.0.4 in a.s asg one }\nvm n { nic 10.1.0.4 in b.s asg two }\n"


def test_the_members_of_an_asg_are_in_one_vnet() -> None:
    members = "asg one\nvm m { nic 10.0.0.4 in a.s asg one }\nvm n { nic 10.1.0.4 in b.s asg one }\n"

    assert found(_A + _B + members) == [("asg-spans-vnets", "F-ASG-2")]


def test_a_rule_joins_asgs_of_one_vnet() -> None:
    rule = "nsg n { inbound 100 r allow tcp from asg one to asg two port 80 }\n"

    assert found(_A + _B + _MEMBERS + rule) == [("asgs-of-two-vnets", "F-ASG-3")]


def test_an_asg_is_of_the_vnet_where_the_nsg_is_attached() -> None:
    rule = "nsg n { inbound 100 r allow tcp from asg one to any port 80 }\n"

    assert found(_A.replace("10.0.0.0/24", "10.0.0.0/24 nsg n") + _B + _MEMBERS + rule) == []
    assert found(_A + _B.replace("10.1.0.0/24", "10.1.0.0/24 nsg n") + _MEMBERS + rule) == [
        ("asg-of-other-vnet", "F-ASG-5")
    ]


# The whole


def test_limits_are_warnings() -> None:
    rules = tuple(replace(_RULE, name=f"r{number}", priority=100 + number) for number in range(1001))
    (fault,) = check(Network(nsgs={"n": Nsg("n", rules)}))

    assert (fault.code, fault.rule, fault.severity) == ("above-limit", "F-NSG-14", Severity.WARNING)
    assert _filtered(*rules[:1000]) == []


def test_all_faults_are_told_in_source_order() -> None:
    text = (
        "vnet a {\n  address 10.0.0.0/16\n  subnet s 10.1.0.0/24\n  subnet t 10.0.0.0/30\n}\n"
        "vnet b { address 10.0.0.0/24 }\npeering a -> b\n"
    )

    assert found(text) == [
        ("subnet-outside", "R-ADDR-2"),
        ("subnet-too-small", "R-ADDR-5"),
        ("half-peering", "R-PEER-2"),
        ("peering-overlap", "R-PEER-6"),
    ]


def test_many_overlaps_cost_no_pairs() -> None:
    """Ten thousand equal ranges in as many peers of one vnet: a loop over pairs would take minutes."""
    space = (Prefix(parse_address("10.0.0.0"), 16),)
    vnets = {f"v{number}": Vnet(f"v{number}", space) for number in range(10_000)}
    peerings = tuple(Peering("v0", name, state=LinkState.CONNECTED) for name in vnets if name != "v0")
    started = time.process_time()

    told = codes(Network(vnets=vnets, peerings=peerings))

    assert told.count("peers-overlap") == 9_998
    assert time.process_time() - started < 20
