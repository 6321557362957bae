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
from vnetverify.model.network import DeploymentModel, GatewayKind, Network, NextHopType, UserRoute
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


def _gateway(name: str, vnet_name: str, kind: str = "Vpn", **properties: Any) -> dict[str, Any]:
    configuration = {"properties": {"subnet": {"id": subnet_id(vnet_name, "GatewaySubnet")}}}
    return resource("virtualNetworkGateways", name, gatewayType=kind, ipConfigurations=[configuration], **properties)


def _connection(name: str, gateway: str, kind: str, **properties: Any) -> dict[str, Any]:
    near = reference("virtualNetworkGateways", gateway)
    return resource("connections", name, connectionType=kind, virtualNetworkGateway1=near, **properties)


def _gateway_vnet(name: str, net: str, **properties: Any) -> dict[str, Any]:
    return vnet(name, f"10.{net}.0.0/16", subnet("GatewaySubnet", f"10.{net}.255.0/27"), **properties)


def _branch(prefix: str = "192.168.0.0/16") -> dict[str, Any]:
    return resource("localNetworkGateways", "branch", localNetworkAddressSpace={"addressPrefixes": [prefix]})


def test_a_static_connection_leads_to_the_prefixes_of_its_site(tmp_path: Path) -> None:
    to_branch = {"localNetworkGateway2": reference("localNetworkGateways", "branch"), "sharedKey": "secret"}

    found = network(
        tmp_path,
        _gateway_vnet("hub", "0"),
        _gateway("gw", "hub", gatewayDefaultSite=reference("localNetworkGateways", "branch")),
        _branch(),
        _connection("c", "gw", "IPsec", **to_branch),
    )

    assert (found.gateways["gw"].vnet, found.gateways["gw"].kind) == ("hub", GatewayKind.VPN)
    assert found.sites["branch"].prefixes == (parse_prefix("192.168.0.0/16"),)
    (connection,) = found.connections
    assert (connection.gateway, connection.site, connection.bgp, connection.default_site) == (
        "gw",
        "branch",
        False,
        True,
    )
    assert doubts(found) == []
    assert "secret" not in repr(found)


def test_what_bgp_or_a_circuit_announces_is_in_doubt_for_all_who_use_the_gateway(tmp_path: Path) -> None:
    circuit = {"id": identity("expressRouteCircuits", "circuit")}
    spoke = vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[peering("p", "hub", useRemoteGateways=True)])
    hub = _gateway_vnet("hub", "0", virtualNetworkPeerings=[peering("p", "spoke", allowGatewayTransit=True)])
    to_branch = {"localNetworkGateway2": reference("localNetworkGateways", "branch"), "enableBgp": True}

    found = network(
        tmp_path,
        hub,
        spoke,
        vnet("lone", "10.2.0.0/16"),
        _gateway("gw", "hub"),
        _gateway("er", "hub", "ExpressRoute", allowRemoteVnetTraffic=False),
        _branch(),
        _connection("bgp", "gw", "IPsec", **to_branch),
        _connection("mpls", "er", "ExpressRoute", peer=circuit),
    )

    assert doubts(found) == [("connection `bgp`", ("hub", "spoke")), ("connection `mpls`", ("hub", "spoke"))]
    assert [(c.site, c.circuit, c.bgp) for c in found.connections] == [
        ("branch", None, True),
        ("circuit", "circuit", True),
    ]
    assert found.gateways["er"].allows_remote_vnets is False


def test_the_two_halves_of_a_connection_between_vnets_are_one(tmp_path: Path) -> None:
    halves = [
        _connection(
            "ab", "a", "Vnet2Vnet", virtualNetworkGateway2=reference("virtualNetworkGateways", "b"), enableBgp=True
        ),
        _connection("ba", "b", "Vnet2Vnet", virtualNetworkGateway2=reference("virtualNetworkGateways", "a")),
    ]

    found = network(
        tmp_path, _gateway_vnet("v", "0"), _gateway_vnet("w", "1"), _gateway("a", "v"), _gateway("b", "w"), halves
    )

    assert [(c.name, c.gateway, c.remote_gateway, c.bgp) for c in found.connections] == [("ab", "a", "b", False)]
    assert doubts(found) == []


def test_half_a_connection_between_vnets_is_in_doubt(tmp_path: Path) -> None:
    half = _connection("ab", "a", "Vnet2Vnet", virtualNetworkGateway2=reference("virtualNetworkGateways", "b"))

    found = network(
        tmp_path, _gateway_vnet("v", "0"), _gateway_vnet("w", "1"), _gateway("a", "v"), _gateway("b", "w"), half
    )

    assert found.connections == ()
    assert doubts(found) == [("the other half of connection `ab`", ("v", "w"))]


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


def test_a_gateway_has_its_number_and_says_whether_both_its_instances_work(tmp_path: Path) -> None:
    found = network(
        tmp_path,
        _gateway_vnet("a", "0"),
        _gateway_vnet("b", "1"),
        _gateway("one", "a", activeActive=True, bgpSettings={"asn": 65010, "peerWeight": 0}),
        _gateway("two", "b", activeActive=False),
    ).gateways

    assert (found["one"].active_active, found["one"].asn) == (True, 65010)
    assert (found["two"].active_active, found["two"].asn) == (False, 65515)


def _with_circuits(folder: Path, *bypass: bool | None) -> Network:
    """Return a hub whose ExpressRoute gateway has a circuit for each of `bypass`, which says whether by FastPath."""
    connections = (
        _connection(
            f"c{number}",
            "er",
            "ExpressRoute",
            peer={"id": identity("expressRouteCircuits", f"circuit{number}")},
            **({} if value is None else {"expressRouteGatewayBypass": value}),
        )
        for number, value in enumerate(bypass)
    )
    return network(folder, _gateway_vnet("hub", "0"), _gateway("er", "hub", "ExpressRoute"), *connections)


@pytest.mark.parametrize(
    ("bypass", "fastpath"), [((True,), True), ((True, True), True), ((False,), False), ((None,), False)]
)
def test_a_gateway_whose_every_circuit_is_reached_by_fastpath_has_it(
    tmp_path: Path, bypass: tuple[bool | None, ...], fastpath: bool
) -> None:
    found = _with_circuits(tmp_path, *bypass)

    assert found.gateways["er"].fastpath is fastpath
    assert not [item for item in found.unmodelled if "FastPath" in item.why]


def test_fastpath_of_a_part_of_the_circuits_is_in_doubt(tmp_path: Path) -> None:
    found = _with_circuits(tmp_path, True, False)

    assert not found.gateways["er"].fastpath
    assert ["connection `c0`"] == [item.what for item in found.unmodelled if "FastPath" in item.why]


def test_fastpath_of_a_connection_to_a_site_is_in_doubt(tmp_path: Path) -> None:
    to_branch = {"localNetworkGateway2": reference("localNetworkGateways", "branch"), "expressRouteGatewayBypass": True}

    found = network(
        tmp_path,
        _gateway_vnet("hub", "0"),
        _gateway("gw", "hub"),
        _branch(),
        _connection("c", "gw", "IPsec", **to_branch),
    )

    assert not found.gateways["gw"].fastpath
    assert [("connection `c`", ("hub",))] == doubts(found)


def test_a_vnet_has_the_prefixes_that_its_gateways_announce_in_summary(tmp_path: Path) -> None:
    said = {"summarizedGatewayPrefixes": {"addressPrefixes": ["10.0.0.0/8", "172.16.0.0/12"]}}
    unsaid = {"summarizedGatewayPrefixes": {"addressPrefixes": []}}

    found = network(tmp_path, vnet("a", "10.0.0.0/16", **said), vnet("b", "10.1.0.0/16", **unsaid))

    assert (parse_prefix("10.0.0.0/8"), parse_prefix("172.16.0.0/12")) == found.vnets["a"].summarized_gateway_prefixes
    assert () == found.vnets["b"].summarized_gateway_prefixes
    assert [] == doubts(found)


def test_the_pool_of_a_gateway_is_the_site_of_its_clients(tmp_path: Path) -> None:
    clients = {
        "vpnClientAddressPool": {"addressPrefixes": ["172.16.201.0/24"]},
        "vpnClientProtocols": ["OpenVPN"],
        "radiusServerSecret": "hunter2",
    }

    found = network(tmp_path, _gateway_vnet("hub", "0"), _gateway("gw", "hub", vpnClientConfiguration=clients))

    site = found.sites["gw-clients"]
    assert (site.prefixes, site.point_to_site, site.routes) == ((parse_prefix("172.16.201.0/24"),), True, None)
    (connection,) = found.connections
    assert (connection.name, connection.gateway, connection.site, connection.bgp) == (
        "gw-clients",
        "gw",
        "gw-clients",
        False,
    )
    assert doubts(found) == []
    assert "hunter2" not in repr(found)


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
