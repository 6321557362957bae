"""Addresses of IPv6 are read wherever Azure writes them, beside those of IPv4."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    doubts,
    errors,
    network,
    nsg,
    peering,
    read,
    reference,
    resource,
    rule,
    subnet,
    subnet_id,
    vnet,
)
from vnetverify.header import parse_address, parse_prefix
from vnetverify.ingest import read_path
from vnetverify.model.network import NextHopType, UserRoute
from vnetverify.model.security import AddressPrefixes

_WEB = subnet_id("hub", "web")
_SPACE = {"addressPrefixes": ["10.0.0.0/16", "fd00:db8::/48"]}


def _hub(**of_subnet: Any) -> dict[str, Any]:
    both = {"addressPrefix": None, "addressPrefixes": ["10.0.0.0/24", "fd00:db8:0:1::/64"]}
    return vnet("hub", "", subnet("web", **{**both, **of_subnet}), addressSpace=_SPACE)


def _card(*configurations: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {"name": f"c{position}", "properties": {"subnet": {"id": _WEB}, **configuration}}
        for position, configuration in enumerate(configurations)
    ]
    return resource("networkInterfaces", "card", ipConfigurations=entries)


def _public(name: str, address: str, version: str) -> dict[str, Any]:
    body = resource("publicIPAddresses", name, ipAddress=address, publicIPAddressVersion=version)
    return {**body, "sku": {"name": "Standard"}}


def test_a_vnet_and_its_subnets_have_ranges_of_both_families(tmp_path: Path) -> None:
    found = network(tmp_path, _hub())

    hub = found.vnets["hub"]
    assert hub.address_space == (parse_prefix("10.0.0.0/16"), parse_prefix("fd00:db8::/48"))
    assert hub.subnets[0].prefixes == (parse_prefix("10.0.0.0/24"), parse_prefix("fd00:db8:0:1::/64"))
    assert doubts(found) == []


def test_host_bits_of_an_ipv6_prefix_are_dropped(tmp_path: Path) -> None:
    found = network(tmp_path, nsg("n", rule(sourceAddressPrefix="fd00:db8::7/64")))

    assert found.nsgs["n"].rules[0].source == AddressPrefixes((parse_prefix("fd00:db8::/64"),))


@pytest.mark.parametrize("prefix", ["fd00:db8::/129", "fd00::db8::/48", "fd00:db8::%eth0", "fd00:db8::/x"])
def test_what_is_no_ipv6_prefix_is_an_error(tmp_path: Path, prefix: str) -> None:
    assert errors(read(tmp_path, nsg("n", rule(sourceAddressPrefix=prefix)))) == ["bad-value"]


def test_an_interface_has_a_public_address_for_each_of_its_families(tmp_path: Path) -> None:
    card = _card(
        {"privateIPAddress": "10.0.0.4", "publicIPAddress": reference("publicIPAddresses", "four")},
        {
            "privateIPAddress": "fd00:db8:0:1::4",
            "privateIPAddressVersion": "IPv6",
            "publicIPAddress": reference("publicIPAddresses", "six"),
        },
    )
    publics = (_public("four", "20.0.0.4", "IPv4"), _public("six", "2603:1::4", "IPv6"))

    found = network(tmp_path, _hub(), card, *publics)

    (own,) = found.nics()
    assert own.addresses == (parse_address("10.0.0.4"), parse_address("fd00:db8:0:1::4"))
    assert own.public_address is not None
    assert own.public_ipv6 is not None
    assert own.public_address.address == parse_address("20.0.0.4")
    assert own.public_ipv6.address == parse_address("2603:1::4")
    assert doubts(found) == []


def test_a_public_address_of_the_other_family_is_in_doubt(tmp_path: Path) -> None:
    card = _card({"privateIPAddress": "10.0.0.4", "publicIPAddress": reference("publicIPAddresses", "six")})

    found = network(tmp_path, _hub(), card, _public("six", "2603:1::4", "IPv6"))

    assert found.nics()[0].public_address is None
    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


def test_a_public_ipv6_address_that_is_not_in_the_input_is_any(tmp_path: Path) -> None:
    public = {"publicIPAddress": reference("publicIPAddresses", "six")}
    card = _card({"privateIPAddress": "10.0.0.4"}, {"privateIPAddress": "fd00:db8:0:1::4", **public})

    (own,) = network(tmp_path, _hub(), card).nics()

    assert own.public_address is None
    assert own.public_ipv6 is not None
    assert own.public_ipv6.address is None


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (
            {"addressPrefix": "::/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "fd00:db8:0:1::4"},
            (NextHopType.APPLIANCE, parse_address("fd00:db8:0:1::4")),
        ),
        ({"addressPrefix": "::/0", "nextHopType": "None"}, (NextHopType.NONE, None)),
    ],
)
def test_a_route_of_ipv6(tmp_path: Path, properties: dict[str, Any], expected: tuple[NextHopType, int | None]) -> None:
    table = resource("routeTables", "t", routes=[{"name": "r", "properties": properties}])

    (found,) = network(tmp_path, table).route_tables["t"].routes

    assert found == UserRoute("r", parse_prefix("::/0"), *expected, span=found.span)


def test_a_route_whose_next_hop_is_of_the_other_family_is_in_doubt(tmp_path: Path) -> None:
    crossed = {"addressPrefix": "::/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0.4"}
    table = resource("routeTables", "t", routes=[{"name": "r", "properties": crossed}])

    found = network(tmp_path, _hub(routeTable=reference("routeTables", "t")), table)

    assert found.route_tables["t"].routes == ()
    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


def test_a_route_to_a_tag_leads_to_its_prefixes_of_both_families(tmp_path: Path) -> None:
    table = resource(
        "routeTables", "t", routes=[{"name": "r", "properties": {"addressPrefix": "Sql", "nextHopType": "Internet"}}]
    )
    (tmp_path / "export.json").write_text(json.dumps(table), encoding="utf-8")
    prefixes = (parse_prefix("20.60.0.0/16"), parse_prefix("2603:1030::/32"))

    found = read_path(tmp_path, tags={"Sql": prefixes}).network

    assert tuple(route.prefix for route in found.route_tables["t"].routes) == prefixes


def test_a_peering_of_subnets_may_be_of_ipv6_alone(tmp_path: Path) -> None:
    told = {
        "peerCompleteVnets": False,
        "localSubnetNames": ["web"],
        "remoteSubnetNames": ["app"],
        "enableOnlyIPv6Peering": True,
    }
    spoke = vnet("spoke", "10.1.0.0/16", subnet("app", "10.1.0.0/24"), virtualNetworkPeerings=[peering("p", "hub")])
    hub = _hub()
    hub["properties"]["virtualNetworkPeerings"] = [peering("p", "spoke", **told)]

    found = network(tmp_path, hub, spoke)

    assert [half.only_ipv6 for half in found.peerings] == [True, False]
    assert doubts(found) == []


def test_a_half_that_has_not_seen_an_ipv6_range_keeps_what_it_saw(tmp_path: Path) -> None:
    spoke = vnet(
        "spoke",
        "10.1.0.0/16",
        virtualNetworkPeerings=[peering("p", "hub", remoteAddressSpace={"addressPrefixes": ["10.0.0.0/16"]})],
    )

    found = network(tmp_path, _hub(), spoke)

    assert found.peerings[0].remote_space == (parse_prefix("10.0.0.0/16"),)


def test_a_nat_gateway_for_ipv6_is_in_doubt(tmp_path: Path) -> None:
    nat = resource(
        "natGateways",
        "nat",
        publicIpAddresses=[reference("publicIPAddresses", "a")],
        publicIpAddressesV6=[reference("publicIPAddresses", "b")],
    )

    found = network(tmp_path, _hub(natGateway=reference("natGateways", "nat")), nat)

    assert doubts(found) == [("`publicIpAddressesV6` of nat gateway `nat`", ("hub",))]
