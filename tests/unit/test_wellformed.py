"""What Azure would refuse is refused: one small network for each fault, and one beside it that has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.effort import with_calls
from tests.unit.wellformed_networks import HUB, RULE, SPOKE, TRANSIT, A, B, codes, filtered, found, only
from vnetverify.diagnostic import Severity
from vnetverify.header import Prefix, parse_address
from vnetverify.model.network import LinkState, Machine, Network, Nic, Peering, Subnet, Unmodelled, Vnet
from vnetverify.model.security import Nsg
from vnetverify.model.wellformed import check
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text

_BOTH = "peering a -> b\npeering b -> a\n"


def test_an_ordinary_hub_and_spoke_is_well_formed() -> None:
    assert found(HUB + SPOKE + TRANSIT) == []


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
    assert found(f"{A}vm m {{ nic 10.0.0.{last} in a.s }}") == [("address-reserved", "R-ADDR-4")]


@pytest.mark.parametrize("last", [4, 254])
def test_the_addresses_between_are_free(last: int) -> None:
    assert found(f"{A}vm m {{ nic 10.0.0.{last} in a.s }}") == []


def test_an_address_lies_in_its_subnet() -> None:
    assert found(f"{A}vm m {{ nic 10.0.1.4 in a.s }}") == [("address-outside", "R-ADDR-2")]


def test_an_address_is_given_once_in_a_vnet() -> None:
    twice = "vm m { nic 10.0.0.4 in a.s }\nvm n { nic 10.0.0.4 in a.s }"

    assert found(A + twice) == [("address-taken", "R-ADDR-9")]


def test_vnets_that_are_not_joined_may_hold_the_same_address() -> None:
    twin = "vnet b { address 10.0.0.0/16 subnet s 10.0.0.0/24 }\n"

    assert found(f"{A}{twin}vm m {{ nic 10.0.0.4 in a.s }}\nvm n {{ nic 10.0.0.4 in b.s }}") == []


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
    network = replace(read_text(A).network, peerings=(Peering("a", "a"),))

    assert [(fault.code, fault.rule) for fault in check(network)] == [("peering-with-itself", "R-PEER-1")]


def test_a_second_half_to_the_same_vnet_is_refused() -> None:
    network = read_text(A + B + _BOTH).network
    faults = check(replace(network, peerings=(*network.peerings, Peering("a", "b"))))

    assert [(fault.code, fault.azure) for fault in faults] == [
        ("peering-twice", "AnotherPeeringAlreadyReferencesRemoteVnet")
    ]


def test_a_half_without_the_other_is_a_warning_with_the_line_to_write() -> None:
    fault = only(f"{A}{B}peering a -> b")

    assert (fault.code, fault.rule, fault.severity) == ("half-peering", "R-PEER-2", Severity.WARNING)
    assert fault.help == "add `peering b -> a`"
    assert fault.span.line == 3


def test_a_half_whose_state_says_that_the_other_exists_is_not_alone() -> None:
    assert found(f"{A}{B}peering a -> b {{ state connected }}") == []


def test_a_classic_vnet_needs_no_half_of_its_own() -> None:
    classic = "vnet b { model classic address 10.1.0.0/16 }\n"

    assert found(f"{A}{classic}peering a -> b") == []


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
    fault = only(A + inner + _BOTH)

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

    assert (("forwarded-traffic-one-way", "R-PEER-15") in found(hub + SPOKE + links)) is expected


# The whole


def test_limits_are_warnings() -> None:
    rules = tuple(replace(RULE, name=f"r{number}", priority=100 + number) for number in range(1001))
    (fault,) = check(Network(nsgs={"n": Nsg("n", rules)}))

    assert (fault.code, fault.rule, fault.severity) == ("above-limit", "F-NSG-14", Severity.WARNING)
    assert filtered(*rules[:1000]) == []


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
    """Ten thousand equal ranges in as many peers of one vnet."""
    space = (Prefix(parse_address("10.0.0.0"), 16),)
    vnets = {f"v{number}": Vnet(f"v{number}", space) for number in range(10_000)}
    peerings = tuple(Peering("v0", name, state=LinkState.CONNECTED) for name in vnets if name != "v0")

    told, calls = with_calls(lambda: codes(Network(vnets=vnets, peerings=peerings)))

    assert told.count("peers-overlap") == 9_998
    assert calls < 3_000_000  # a loop over pairs would take fifty million
