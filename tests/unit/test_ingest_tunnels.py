"""Local network gateways that stand for gateways and appliances of the input, and for no network outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit import arm_templates
from tests.unit.azure_resources import read, reference, resource, subnet, subnet_id, vnet
from vnetverify.model.network import Network

_ADDRESSES = {"a": "20.0.0.1", "b": "20.0.0.2"}


def _side(name: str, net: str, address: str | None) -> list[dict[str, Any]]:
    """Return a network with a VPN gateway that has a public `address`, None for one that the input does not tell."""
    place = {"id": subnet_id(name, "GatewaySubnet")}
    configurations = [{"properties": {"subnet": place, "publicIPAddress": reference("publicIPAddresses", name)}}]
    found = [
        vnet(name, f"10.{net}.0.0/16", subnet("s", f"10.{net}.1.0/24"), subnet("GatewaySubnet", f"10.{net}.0.0/27")),
        resource("virtualNetworkGateways", name, gatewayType="Vpn", ipConfigurations=configurations),
    ]
    return found if address is None else [*found, resource("publicIPAddresses", name, ipAddress=address)]


def _tunnel(near: str, prefix: str, address: Any) -> list[dict[str, Any]]:
    space = {"addressPrefixes": [prefix]}
    return [
        resource("localNetworkGateways", f"to-{near}", localNetworkAddressSpace=space, gatewayIpAddress=address),
        resource(
            "connections",
            f"from-{near}",
            connectionType="IPsec",
            virtualNetworkGateway1=reference("virtualNetworkGateways", near),
            localNetworkGateway2=reference("localNetworkGateways", f"to-{near}"),
        ),
    ]


def _open(network: Network) -> set[tuple[str, frozenset[str], bool]]:
    return {(item.what, frozenset(item.vnets), item.is_outside) for item in network.unmodelled}


_BOTH = {(f"connection `from-{name}`", frozenset(("a", "b")), True) for name in "ab"}


@pytest.mark.parametrize(
    ("told", "towards", "beyond", "found"),
    [
        (_ADDRESSES, _ADDRESSES, "10.{}.0.0/16", _BOTH),
        (_ADDRESSES, _ADDRESSES, "192.168.{}.0/24", _BOTH),
        (_ADDRESSES, {"a": "20.0.0.9", "b": "20.0.0.8"}, "10.{}.0.0/16", set()),
        ({}, _ADDRESSES, "10.{}.0.0/16", _BOTH),
        ({}, _ADDRESSES, "192.168.{}.0/24", set()),
        ({}, {}, "10.{}.0.0/16", _BOTH),
    ],
)
def test_two_gateways_that_are_each_others_sites_may_join_their_networks(
    tmp_path: Path, told: dict[str, str], towards: dict[str, str], beyond: str, found: set[Any]
) -> None:
    imported = read(
        tmp_path,
        *_side("a", "1", told.get("a")),
        *_side("b", "2", told.get("b")),
        *_tunnel("a", beyond.format(2), towards.get("b")),
        *_tunnel("b", beyond.format(1), towards.get("a")),
    )

    assert _open(imported.network) == found


def test_a_gateway_without_a_tunnel_back_is_nobodys_site_but_by_its_address(tmp_path: Path) -> None:
    sides = (*_side("a", "1", _ADDRESSES["a"]), *_side("b", "2", None))

    assert _open(read(tmp_path, *sides, *_tunnel("a", "10.2.0.0/16", "20.0.0.9")).network) == set()


@pytest.mark.parametrize(("address", "found"), [("20.0.0.7", True), ("20.0.0.9", False)])
def test_an_appliance_whose_public_address_a_site_has_stands_at_the_far_end(
    tmp_path: Path, address: str, found: bool
) -> None:
    inner = {
        "privateIPAddress": "10.2.1.4",
        "subnet": {"id": subnet_id("b", "s")},
        "publicIPAddress": reference("publicIPAddresses", "nva"),
    }
    imported = read(
        tmp_path,
        *_side("a", "1", _ADDRESSES["a"]),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.1.0/24")),
        resource("publicIPAddresses", "nva", ipAddress="20.0.0.7"),
        resource("networkInterfaces", "nva", ipConfigurations=[{"name": "c", "properties": inner}]),
        *_tunnel("a", "10.2.0.0/16", address),
    )

    assert _open(imported.network) == ({("connection `from-a`", frozenset(("a", "b")), True)} if found else set())


@pytest.mark.parametrize(("address", "found"), [("10.2.0.4", True), ("10.3.0.4", False), ("nowhere", False)])
def test_a_private_address_in_a_network_of_the_input_ends_the_tunnel_there(
    tmp_path: Path, address: str, found: bool
) -> None:
    sides = (*_side("a", "1", _ADDRESSES["a"]), *_side("b", "2", _ADDRESSES["b"]))
    imported = read(tmp_path, *sides, *_tunnel("a", "192.168.0.0/24", address))

    assert _open(imported.network) == ({("connection `from-a`", frozenset(("a", "b")), True)} if found else set())


def _here(kind: str, *names: str) -> dict[str, str]:
    return {"id": f"[resourceId('Microsoft.Network/{kind}', {', '.join(map(repr, names))})]"}


@pytest.mark.parametrize(
    ("recorded", "address", "found"),
    [
        (None, "[reference(resourceId('Microsoft.Network/publicIPAddresses', '{}')).ipAddress]", _BOTH),
        (None, "[parameters('device')]", _BOTH),
        (None, "20.0.0.{}", set()),
        ("20.0.0.{}", "20.0.0.{}", _BOTH),
    ],
)
def test_a_template_may_give_a_site_the_address_of_a_gateway_that_it_deploys(
    tmp_path: Path, recorded: str | None, address: str, found: set[Any]
) -> None:
    parts: list[dict[str, Any]] = []
    for near, far, net, beyond in (("a", "b", "1", "2"), ("b", "a", "2", "1")):
        inner = {
            "subnet": _here("virtualNetworks/subnets", near, "GatewaySubnet"),
            "publicIPAddress": _here("publicIPAddresses", near),
        }
        public = {"publicIPAllocationMethod": "Static", **({"ipAddress": recorded.format(near)} if recorded else {})}
        site = {
            "localNetworkAddressSpace": {"addressPrefixes": [f"10.{beyond}.0.0/16"]},
            "gatewayIpAddress": address.format(far),
        }
        ends = {
            "connectionType": "IPsec",
            "virtualNetworkGateway1": _here("virtualNetworkGateways", near),
            "localNetworkGateway2": _here("localNetworkGateways", f"to-{near}"),
        }
        parts += [
            arm_templates.vnet(near, f"10.{net}.0.0/16", arm_templates.subnet("GatewaySubnet", f"10.{net}.0.0/27")),
            arm_templates.resource("publicIPAddresses", near, public),
            arm_templates.resource(
                "virtualNetworkGateways", near, {"gatewayType": "Vpn", "ipConfigurations": [{"properties": inner}]}
            ),
            arm_templates.resource("localNetworkGateways", f"to-{near}", site),
            arm_templates.resource("connections", f"from-{near}", ends),
        ]

    content = arm_templates.template(*parts, parameters={"device": {"type": "string"}})

    assert _open(arm_templates.read(tmp_path, content).network) == found


@pytest.mark.parametrize(
    ("recorded", "address", "found"),
    [
        (None, "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'nva')).ipAddress]", True),
        (None, "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'hub')).ipAddress]", False),
        ("20.0.0.7", "20.0.0.7", True),
        (None, "20.0.0.7", False),
    ],
)
def test_a_template_may_give_a_site_the_address_of_an_appliance_that_it_deploys(
    tmp_path: Path, recorded: str | None, address: str, found: bool
) -> None:
    inner = {
        "privateIPAddress": "10.2.1.4",
        "privateIPAllocationMethod": "Static",
        "subnet": _here("virtualNetworks/subnets", "b", "s"),
        "publicIPAddress": _here("publicIPAddresses", "nva"),
    }
    public = {"publicIPAllocationMethod": "Static", **({"ipAddress": recorded} if recorded else {})}
    gateway = {"subnet": _here("virtualNetworks/subnets", "a", "GatewaySubnet")}
    site = {"localNetworkAddressSpace": {"addressPrefixes": ["10.2.0.0/16"]}, "gatewayIpAddress": address}
    ends = {
        "connectionType": "IPsec",
        "virtualNetworkGateway1": _here("virtualNetworkGateways", "a"),
        "localNetworkGateway2": _here("localNetworkGateways", "site"),
    }
    content = arm_templates.template(
        arm_templates.vnet("a", "10.1.0.0/16", arm_templates.subnet("GatewaySubnet", "10.1.0.0/27")),
        arm_templates.vnet("b", "10.2.0.0/16", arm_templates.subnet("s", "10.2.1.0/24")),
        arm_templates.resource("publicIPAddresses", "hub", {"publicIPAllocationMethod": "Static"}),
        arm_templates.resource("publicIPAddresses", "nva", public),
        arm_templates.resource("networkInterfaces", "nva", {"ipConfigurations": [{"name": "c", "properties": inner}]}),
        arm_templates.resource(
            "virtualNetworkGateways", "a", {"gatewayType": "Vpn", "ipConfigurations": [{"properties": gateway}]}
        ),
        arm_templates.resource("localNetworkGateways", "site", site),
        arm_templates.resource("connections", "tunnel", ends),
    )

    open_ = {("connection `tunnel`", frozenset(("a", "b")), True)} if found else set()
    assert _open(arm_templates.read(tmp_path, content).network) == open_
