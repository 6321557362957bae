"""Each kind of resource becomes the element of the model that it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    GROUP,
    doubts,
    errors,
    identity,
    network,
    nic,
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
from vnetverify.header import Interval, IntervalSet, parse_address, parse_prefix
from vnetverify.ingest import read_path
from vnetverify.model.balancers import Sku
from vnetverify.model.network import DeploymentModel, Network, NextHopType, UserRoute
from vnetverify.model.security import AddressPrefixes, AnyAddress, AsgMembers, SecurityRule, ServiceTag

_WEB = subnet_id("hub", "web")


def _hub(*subnets: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return vnet("hub", "10.0.0.0/16", *(subnets or (subnet("web"),)), **properties)


def _only_rule(folder: Path, **properties: Any) -> SecurityRule:
    (found,) = network(folder, nsg("n", rule(**properties))).nsgs["n"].rules
    return found


def test_a_vnet_keeps_region_subscription_and_tags(tmp_path: Path) -> None:
    hub = {**_hub(), "location": "West Europe", "tags": {"env": "prod"}}

    found = network(tmp_path, hub).vnets["hub"]

    assert (found.region, found.subscription) == ("westeurope", "00000000-0000-0000-0000-000000000000")
    assert found.tags == (("env", "prod"),)
    assert found.model is DeploymentModel.RESOURCE_MANAGER


def test_a_subnet_may_have_several_prefixes(tmp_path: Path) -> None:
    web = {"name": "web", "properties": {"addressPrefixes": ["10.0.1.0/24", "10.0.2.0/24"]}}

    (found,) = network(tmp_path, _hub(web)).vnets["hub"].subnets

    assert found.prefixes == (parse_prefix("10.0.1.0/24"), parse_prefix("10.0.2.0/24"))


@pytest.mark.parametrize(
    ("properties", "expected"),
    [({}, None), ({"defaultOutboundAccess": None}, None), ({"defaultOutboundAccess": False}, False)],
)
def test_default_outbound_access_is_known_only_where_it_is_said(
    tmp_path: Path, properties: dict[str, Any], expected: bool | None
) -> None:
    (found,) = network(tmp_path, _hub(subnet("web", **properties))).vnets["hub"].subnets

    assert found.default_outbound is expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"sourceAddressPrefix": "*"}, AnyAddress()),
        ({"sourceAddressPrefix": "10.0.0.4"}, AddressPrefixes((parse_prefix("10.0.0.4/32"),))),
        ({"sourceAddressPrefix": "10.0.0.9/24"}, AddressPrefixes((parse_prefix("10.0.0.0/24"),))),
        ({"sourceAddressPrefix": "0.0.0.0/0"}, AddressPrefixes((parse_prefix("0.0.0.0/0"),))),
        ({"sourceAddressPrefix": "virtualnetwork"}, ServiceTag("VirtualNetwork")),
        ({"sourceAddressPrefix": "Storage.WestUS"}, ServiceTag("Storage.WestUS")),
        (
            {"sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.0.0.0/24", "10.1.0.0/24"]},
            AddressPrefixes((parse_prefix("10.0.0.0/24"), parse_prefix("10.1.0.0/24"))),
        ),
        (
            {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/24", "2001:db8::/32"]},
            AddressPrefixes((parse_prefix("10.0.0.0/24"), parse_prefix("2001:db8::/32"))),
        ),
        ({"sourceAddressPrefix": "::/0"}, AddressPrefixes((parse_prefix("::/0"),))),
        (
            {
                "sourceAddressPrefix": "",
                "sourceApplicationSecurityGroups": [reference("applicationSecurityGroups", "a")],
            },
            AsgMembers(("a",)),
        ),
    ],
)
def test_the_addresses_of_a_rule(tmp_path: Path, properties: dict[str, Any], expected: object) -> None:
    assert _only_rule(tmp_path, **properties).source == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"destinationPortRange": "*"}, [(0, 65535)]),
        ({"destinationPortRange": "22"}, [(22, 22)]),
        ({"destinationPortRange": "0-65535"}, [(0, 65535)]),
        ({"destinationPortRange": "", "destinationPortRanges": ["80", "88-90", "89-100"]}, [(80, 80), (88, 100)]),
    ],
)
def test_the_ports_of_a_rule(tmp_path: Path, properties: dict[str, Any], expected: list[tuple[int, int]]) -> None:
    ports = IntervalSet(tuple(Interval(low, high) for low, high in expected))

    assert _only_rule(tmp_path, **properties).destination_ports == ports


@pytest.mark.parametrize(
    ("word", "expected"), [("TCP", 6), ("Udp", 17), ("Icmp", 1), ("Esp", 50), ("Ah", 51), ("*", None)]
)
def test_the_protocol_of_a_rule(tmp_path: Path, word: str, expected: int | None) -> None:
    assert _only_rule(tmp_path, protocol=word).protocol == expected


def test_a_rule_keeps_the_first_of_several_ranges_of_destination_ports(tmp_path: Path) -> None:
    several = _only_rule(tmp_path, destinationPortRange="", destinationPortRanges=["443", "80"])

    assert several.first_destination_ports == IntervalSet((Interval(443, 443),))
    assert _only_rule(tmp_path, destinationPortRange="443").first_destination_ports is None


@pytest.mark.parametrize(
    "broken",
    [
        {"sourceAddressPrefix": None},
        {"sourceAddressPrefix": "10.0.0.0/33"},
        {"sourceAddressPrefix": "10.0.0.300"},
        {"destinationPortRange": "70000"},
        {"destinationPortRange": "9-8"},
        {"destinationPortRange": "http"},
        {"destinationPortRange": None},
        {"protocol": "Sctp"},
        {"protocol": 6},
        {"priority": "first"},
        {"priority": True},
        {"direction": "Sideways"},
        {"access": None},
    ],
)
def test_a_rule_that_azure_could_not_have_written_is_an_error(tmp_path: Path, broken: dict[str, Any]) -> None:
    imported = read(tmp_path, nsg("n", rule(**broken)))

    assert errors(imported) == ["bad-value"]
    assert imported.diagnostics[0].span.pointer == "/properties/securityRules/0"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0.4"}, (NextHopType.APPLIANCE, "10.0.0.4")),
        ({"nextHopType": "VirtualAppliance", "nextHopIPAddress": "10.0.0.4"}, (NextHopType.APPLIANCE, "10.0.0.4")),
        ({"nextHopType": "VirtualNetworkGateway"}, (NextHopType.GATEWAY, None)),
        ({"nextHopType": "VNetLocal"}, (NextHopType.VNET_LOCAL, None)),
        ({"nextHopType": "Internet", "nextHopIpAddress": ""}, (NextHopType.INTERNET, None)),
        ({"nextHopType": "None"}, (NextHopType.NONE, None)),
    ],
)
def test_the_next_hop_of_a_route(
    tmp_path: Path, properties: dict[str, Any], expected: tuple[NextHopType, str | None]
) -> None:
    routes = [{"name": "r", "properties": {"addressPrefix": "10.9.0.0/16", **properties}}]

    (found,) = network(tmp_path, resource("routeTables", "t", routes=routes)).route_tables["t"].routes

    hop, address = expected
    parsed = None if address is None else parse_address(address)
    assert found == UserRoute("r", parse_prefix("10.9.0.0/16"), hop, parsed, span=found.span)


def test_a_nic_stands_in_its_subnet_with_its_groups_and_public_address(tmp_path: Path) -> None:
    configuration = {
        "privateIPAddress": "10.0.0.4",
        "subnet": {"id": _WEB},
        "publicIPAddress": reference("publicIPAddresses", "ip"),
        "applicationSecurityGroups": [reference("applicationSecurityGroups", "a")],
    }
    card = resource(
        "networkInterfaces",
        "card",
        ipConfigurations=[{"name": "c", "properties": configuration}],
        networkSecurityGroup=reference("networkSecurityGroups", "n"),
    )
    address = {**resource("publicIPAddresses", "ip", ipAddress="20.0.0.1"), "sku": {"name": "Standard"}}

    found = network(tmp_path, _hub(), card, address, nsg("n"))

    (own,) = found.machines["card"].nics
    assert (own.subnet_id, own.addresses, own.nsg, own.asgs) == ("hub.web", (parse_address("10.0.0.4"),), "n", ("a",))
    assert own.public_address is not None
    assert (own.public_address.sku, own.public_address.address) == (Sku.STANDARD, parse_address("20.0.0.1"))
    assert list(found.asgs) == ["a"]


def test_a_nic_belongs_to_the_machine_that_either_of_them_names(tmp_path: Path) -> None:
    machine = {
        "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/two",
        "name": "two",
        "properties": {"networkProfile": {"networkInterfaces": [{"id": identity("networkInterfaces", "B").upper()}]}},
    }
    one = {"id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/one"}
    cards = [
        nic("a", "10.0.0.4", _WEB, virtualMachine=one),
        nic("b", "10.0.0.5", _WEB),
        nic("c", "10.0.0.6", _WEB),
    ]

    found = network(tmp_path, _hub(), machine, cards)

    assert {name: [card.name for card in own.nics] for name, own in found.machines.items()} == {
        "one": ["a"],
        "two": ["b"],
        "c": ["c"],
    }


def test_a_machine_that_forwards_is_an_appliance_of_which_nothing_is_declared(tmp_path: Path) -> None:
    found = network(tmp_path, _hub(), nic("fw", "10.0.0.4", _WEB, enableIPForwarding=True), nic("vm", "10.0.0.5", _WEB))

    assert (found.machines["fw"].policy, found.machines["fw"].stateful) == (None, None)
    assert (found.machines["vm"].policy, found.machines["vm"].stateful) == ((), False)


def test_a_public_address_that_is_not_in_the_input_is_any(tmp_path: Path) -> None:
    configuration = {"subnet": {"id": _WEB}, "privateIPAddress": "10.0.0.4"}
    configuration = {**configuration, "publicIPAddress": reference("publicIPAddresses", "ip")}
    card = resource("networkInterfaces", "card", ipConfigurations=[{"properties": configuration}])

    imported = read(tmp_path, _hub(), card)

    (own,) = imported.network.nics()
    assert own.public_address is not None
    assert (own.public_address.sku, own.public_address.address) == (None, None)
    assert [found.code for found in imported.diagnostics] == ["public-address-missing"]


def test_a_nat_gateway_serves_the_subnets_that_it_names(tmp_path: Path) -> None:
    nat = resource(
        "natGateways", "nat", subnets=[{"id": _WEB}], publicIpAddresses=[reference("publicIPAddresses", "x")]
    )

    found = network(tmp_path, _hub(), nat)

    assert found.vnets["hub"].subnets[0].nat_gateway == "nat"
    assert doubts(found) == []


def _peered(**of_hub: Any) -> list[dict[str, Any]]:
    hub = _hub(subnet("web"), virtualNetworkPeerings=[peering("p", "spoke", **of_hub)])
    spoke = vnet("spoke", "10.1.0.0/16", subnet("App", "10.1.0.0/24"), virtualNetworkPeerings=[peering("p", "hub")])
    return [hub, spoke]


def test_a_peering_of_subnets_names_them_as_they_are_declared(tmp_path: Path) -> None:
    told = {"peerCompleteVnets": False, "localSubnetNames": ["WEB"], "remoteSubnetNames": ["app"]}

    found = network(tmp_path, *_peered(**told, remoteAddressSpace={"addressPrefixes": ["10.1.0.0/24"]}))

    half, other = found.peerings
    assert (half.local_subnets, half.remote_subnets, half.remote_space) == (("web",), ("App",), None)
    assert not other.is_of_subnets
    assert doubts(found) == []


def test_a_half_that_saw_another_remote_space_keeps_it(tmp_path: Path) -> None:
    seen = {"addressPrefixes": ["10.1.0.0/17", "10.8.0.0/16"]}

    half, other = network(tmp_path, *_peered(remoteAddressSpace=seen)).peerings

    assert half.remote_space == (parse_prefix("10.1.0.0/17"), parse_prefix("10.8.0.0/16"))
    assert other.remote_space is None


def test_a_peer_that_stands_in_has_its_present_space_and_the_half_the_one_it_saw(tmp_path: Path) -> None:
    told = {
        "remoteAddressSpace": {"addressPrefixes": ["10.7.0.0/17"]},
        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": ["10.7.0.0/16"]},
    }

    found = network(tmp_path, _hub(virtualNetworkPeerings=[peering("p", "away", **told)]))

    assert found.vnets["away"].address_space == (parse_prefix("10.7.0.0/16"),)
    assert found.peerings[0].remote_space == (parse_prefix("10.7.0.0/17"),)


_TAGS = {"Storage": (parse_prefix("20.60.0.0/16"), parse_prefix("20.150.0.0/17"))}


def _with_tags(folder: Path, *contents: Any) -> Network:
    path = folder / "estate.json"
    path.write_text(json.dumps(contents), encoding="utf-8")
    return read_path(path, tags=_TAGS).network


def test_a_service_endpoint_counts_where_its_prefixes_are_told(tmp_path: Path) -> None:
    endpoints = [{"service": "Microsoft.storage", "locations": ["*"]}, {"service": "Microsoft.Sql"}]

    found = _with_tags(tmp_path, _hub(subnet("web", serviceEndpoints=endpoints)))

    assert found.subnet("hub.web").service_endpoints == ("Microsoft.Storage",)
    assert doubts(found) == [("service endpoint `Microsoft.Sql` of subnet `web`", ("hub",))]


def test_a_route_to_a_service_tag_leads_to_its_prefixes_where_they_are_told(tmp_path: Path) -> None:
    routes = [{"name": "r", "properties": {"addressPrefix": "storage", "nextHopType": "Internet"}}]

    found = _with_tags(tmp_path, resource("routeTables", "t", routes=routes)).route_tables["t"].routes

    assert [(route.prefix, route.service_tag) for route in found] == [(p, "Storage") for p in _TAGS["Storage"]]


@pytest.mark.parametrize(("minutes", "expected"), [(None, False), (4, True)])
def test_a_network_has_a_flow_timeout_or_not(tmp_path: Path, minutes: int | None, expected: bool) -> None:
    found = network(tmp_path, vnet("hub", flowTimeoutInMinutes=minutes))

    assert found.vnets["hub"].flow_timeout is expected
    assert doubts(found) == []
