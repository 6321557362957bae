"""Gateways of an export with more than the model knows put in doubt what they serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import doubts, network, reference, resource, subnet, subnet_id, vnet


def _gateway(name: str, home: str, **properties: Any) -> dict[str, Any]:
    configuration = {"name": "c", "properties": {"subnet": {"id": subnet_id(home, "GatewaySubnet")}}}
    return resource(
        "virtualNetworkGateways", name, **{"gatewayType": "Vpn", "ipConfigurations": [configuration], **properties}
    )


def _home(name: str, space: str) -> dict[str, Any]:
    return vnet(name, space, subnet("GatewaySubnet", space.replace("/16", "/27")))


@pytest.mark.parametrize(
    "properties",
    [
        {"vpnType": "PolicyBased"},
        {"vpnClientConfiguration": {"vpnClientAddressPool": {"addressPrefixes": ["fd00:c::/64"]}}},
        {"vpnClientConfiguration": {"vngClientConnectionConfigurations": [{"name": "a"}]}},
        {"vpnClientConfiguration": {"propertyOfTomorrow": True}},
        {"vpnClientConfiguration": {"vpnClientAddressPool": {"ipamPoolPrefixAllocations": [{"pool": {"id": "x"}}]}}},
        {
            "gatewayType": "ExpressRoute",
            "vpnClientConfiguration": {"vpnClientAddressPool": {"addressPrefixes": ["172.16.0.0/24"]}},
        },
        {"customRoutes": {"addressPrefixes": ["10.9.0.0/16"]}},
        {
            "ipConfigurations": [
                {"properties": {"subnet": {"id": subnet_id("a", "GatewaySubnet")}, "modeOfTomorrow": "x"}}
            ]
        },
    ],
    ids=[
        "policy-based",
        "IPv6 pool",
        "pools of groups",
        "clients",
        "managed pool",
        "no VPN",
        "custom routes",
        "configuration",
    ],
)
def test_a_gateway_with_more_than_the_model_knows_is_in_doubt(tmp_path: Path, properties: dict[str, Any]) -> None:
    found = network(tmp_path, _home("a", "10.0.0.0/16"), _gateway("g", "a", **properties))

    assert [vnets for _, vnets in doubts(found)] == [("a",)]


@pytest.mark.parametrize(
    "properties",
    [
        {"vpnType": "RouteBased", "customRoutes": {"addressPrefixes": []}},
        {
            "vpnClientConfiguration": {
                "vpnClientProtocols": ["OpenVPN"],
                "vpnClientAddressPool": None,
                "radiusServers": [],
                "vpnClientConnectionHealth": {"vpnClientConnectionsCount": 1},
            }
        },
        {  # what Azure's answers say beyond its documents
            "isMigrateToCSES": False,
            "isMigratedLegacySKU": False,
            "blockUpgradeOfMigratedLegacyGateways": False,
            "vpnStack": "Classic",
            "remoteVirtualNetworkPeerings": [
                {"id": f"{reference('virtualNetworks', 'b')['id']}/virtualNetworkPeerings/to-a"}
            ],
        },
    ],
)
def test_an_ordinary_gateway_raises_no_doubt(tmp_path: Path, properties: dict[str, Any]) -> None:
    assert doubts(network(tmp_path, _home("a", "10.0.0.0/16"), _gateway("g", "a", **properties))) == []


def test_a_second_connection_of_the_same_gateways_is_in_doubt(tmp_path: Path) -> None:
    ends = {"g": "h", "h": "g"}
    lines = [
        resource(
            "connections",
            f"{near}-{number}",
            connectionType="Vnet2Vnet",
            virtualNetworkGateway1=reference("virtualNetworkGateways", near),
            virtualNetworkGateway2=reference("virtualNetworkGateways", far),
        )
        for number in (1, 2)
        for near, far in ends.items()
    ]

    found = network(
        tmp_path,
        _home("a", "10.0.0.0/16"),
        _home("b", "10.1.0.0/16"),
        _gateway("g", "a"),
        _gateway("h", "b"),
        *lines,
    )

    assert len(found.connections) == 1
    assert [what for what, _ in doubts(found)] == ["connection `g-2` beside `g-1`", "connection `h-2` beside `h-1`"]


def test_ipv6_prefixes_of_a_site_are_in_doubt(tmp_path: Path) -> None:
    site = resource("localNetworkGateways", "s", localNetworkAddressSpace={"addressPrefixes": ["2001:db8::/32"]})
    line = resource(
        "connections",
        "line",
        connectionType="IPsec",
        virtualNetworkGateway1=reference("virtualNetworkGateways", "g"),
        localNetworkGateway2=reference("localNetworkGateways", "s"),
    )

    found = network(tmp_path, _home("a", "10.0.0.0/16"), _gateway("g", "a"), site, line)

    assert doubts(found) == [("IPv6 prefixes of local network gateway `s`", ("a",))]


def test_what_azure_says_of_tunnels_at_an_expressroute_gateway_means_nothing(tmp_path: Path) -> None:
    gateway = _gateway("g", "a", gatewayType="ExpressRoute", vpnType="PolicyBased")

    assert network(tmp_path, _home("a", "10.0.0.0/16"), gateway).unmodelled == ()
