"""Gateways, connections and sites in Azure's JSON: what they become, and what of them stays in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    doubts,
    identity,
    network,
    peering,
    read,
    reference,
    resource,
    subnet,
    subnet_id,
    vnet,
)
from vnetverify.header import parse_prefix
from vnetverify.model.network import GatewayKind, Network


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


@pytest.mark.parametrize(
    ("sku", "kind"), [("VpnGw2AZ", GatewayKind.VPN), ("ErGw1AZ", GatewayKind.EXPRESSROUTE), ("Standard", None)]
)
def test_the_sku_tells_what_a_gateway_is_that_does_not_say_it(
    tmp_path: Path, sku: str, kind: GatewayKind | None
) -> None:
    untold = _gateway("gw", "hub", sku={"name": sku, "tier": sku})
    del untold["properties"]["gatewayType"]

    imported = read(tmp_path, _gateway_vnet("hub", "0"), untold)

    assert [gateway.kind for gateway in imported.network.gateways.values()] == ([] if kind is None else [kind])
    assert [found.code for found in imported.diagnostics] == (["bad-value"] if kind is None else [])


@pytest.mark.parametrize(("sku", "doubted"), [("Basic", ["spoke"]), ("VpnGw1", [])])
def test_a_gateway_of_the_basic_sku_leaves_open_what_becomes_of_peers_that_use_it(
    tmp_path: Path, sku: str, doubted: list[str]
) -> None:
    peerings = [peering("p", "spoke", allowGatewayTransit=True), peering("q", "other", allowGatewayTransit=True)]
    imported = read(
        tmp_path,
        _gateway_vnet("hub", "0", virtualNetworkPeerings=peerings),
        vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[peering("p", "hub", useRemoteGateways=True)]),
        vnet("other", "10.2.0.0/16", virtualNetworkPeerings=[peering("p", "hub")]),
        _gateway("gw", "hub", sku={"name": sku, "tier": sku}),
    )

    assert [vnet for doubt in imported.network.unmodelled for vnet in doubt.vnets] == doubted


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
