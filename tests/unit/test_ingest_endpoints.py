"""Private endpoints of an export, and what keeps one in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    SUBSCRIPTION,
    doubts,
    errors,
    identity,
    network,
    peering,
    read,
    reference,
    resource,
    strange_variants,
    subnet,
    subnet_id,
    vnet,
)
from vnetverify.header import parse_address
from vnetverify.model.network import PrivateEndpointPolicies
from vnetverify.model.private_links import PrivateEndpoint

_PLINK = subnet_id("hub", "plink")
_VAULT = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v"
_HUB = vnet("hub", "10.0.0.0/16", subnet("plink"), virtualNetworkPeerings=[peering("p", "spoke")])
_SPOKE = vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[peering("p", "hub")])
_LONE = vnet("lone", "10.9.0.0/16")


def _link(status: str | None = "Approved", target: str = _VAULT) -> dict[str, Any]:
    state = {} if status is None else {"status": status, "actionsRequired": "None"}
    own = {"privateLinkServiceId": target, "groupIds": ["vault"], "privateLinkServiceConnectionState": state}
    return {"name": "l", "properties": own}


def _endpoint(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "subnet": {"id": _PLINK},
        "privateLinkServiceConnections": [_link()],
        "manualPrivateLinkServiceConnections": [],
        "networkInterfaces": [reference("networkInterfaces", "vault-nic")],
        "customDnsConfigs": [{"fqdn": "v.vault.azure.net", "ipAddresses": ["10.0.0.20"]}],
        "ipConfigurations": [],
        "applicationSecurityGroups": [],
    }
    return resource("privateEndpoints", "vault", **{**ordinary, **properties})


def _nic(*addresses: str | None, **of_configuration: Any) -> dict[str, Any]:
    configurations = [
        {
            "name": f"c{position}",
            "properties": {"privateIPAddress": address, "subnet": {"id": _PLINK}, **of_configuration},
        }
        for position, address in enumerate(addresses)
    ]
    own = {"ipConfigurations": configurations, "privateEndpoint": reference("privateEndpoints", "vault")}
    return resource("networkInterfaces", "vault-nic", **own)


def test_an_endpoint_stands_at_the_addresses_of_its_interface_which_is_no_machine(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _endpoint(), _nic("10.0.0.20", "10.0.0.21"))

    own = found.private_endpoints["vault"]
    addresses = (parse_address("10.0.0.20"), parse_address("10.0.0.21"))
    assert own == PrivateEndpoint("vault", "hub", "plink", addresses, True, span=own.span)
    assert found.machines == {}
    assert doubts(found) == []


@pytest.mark.parametrize(
    "told",
    [
        {"ipConfigurations": [{"properties": {"privateIPAddress": "10.0.0.20"}}]},
        {"ipConfigurations": [{"privateIPAddress": "10.0.0.20", "groupId": "vault"}]},
    ],
    ids=["REST", "az"],
)
def test_without_the_interface_the_endpoint_tells_its_static_addresses(tmp_path: Path, told: dict[str, Any]) -> None:
    listing = [{"id": f"{identity('networkInterfaces', 'vault-nic')}/ipConfigurations/c"}]
    endpoints = [reference("privateEndpoints", "vault")]
    hub = vnet("hub", "10.0.0.0/16", subnet("plink", ipConfigurations=listing, privateEndpoints=endpoints))

    found = network(tmp_path, hub, _endpoint(**told))

    assert found.private_endpoints["vault"].addresses == (parse_address("10.0.0.20"),)
    assert doubts(found) == []


@pytest.mark.parametrize(
    ("status", "is_approved"), [("Approved", True), ("Pending", False), ("Rejected", False), ("Disconnected", False)]
)
@pytest.mark.parametrize("field", ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"])
def test_only_an_approved_connection_carries_traffic(
    tmp_path: Path, field: str, status: str, is_approved: bool
) -> None:
    links = {"privateLinkServiceConnections": [], field: [_link(status)]}

    assert network(tmp_path, _HUB, _SPOKE, _endpoint(**links)).private_endpoints["vault"].is_approved is is_approved


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Disabled", PrivateEndpointPolicies.DISABLED),
        ("Enabled", PrivateEndpointPolicies.ENABLED),
        ("NetworkSecurityGroupEnabled", PrivateEndpointPolicies.SECURITY_GROUPS),
        ("RouteTableEnabled", PrivateEndpointPolicies.ROUTE_TABLES),
        (None, None),
    ],
)
def test_the_policies_of_a_subnet_for_endpoints(
    tmp_path: Path, word: str | None, expected: PrivateEndpointPolicies | None
) -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("plink", privateEndpointNetworkPolicies=word))

    assert network(tmp_path, hub).subnet("hub.plink").private_endpoint_policies is expected


_PLS = identity("privateLinkServices", "pls")


@pytest.mark.parametrize(
    "contents",
    [
        (_endpoint(privateLinkServiceConnections=[_link(None)]),),
        (_endpoint(privateLinkServiceConnections=[_link("Tomorrow")]),),
        (_endpoint(privateLinkServiceConnections=[]),),
        (_endpoint(privateLinkServiceConnections=[_link(), _link("Pending")]),),
        (_endpoint(privateLinkServiceConnections=[_link(target=_PLS)]),),
        (_endpoint(privateLinkServiceConnections=[_link(target=identity("applicationGateways", "g"))]),),
        (_endpoint(manualPrivateLinkServiceConnections=[_link(target="pls.1.westeurope.azure.privatelinkservice")]),),
        (_endpoint(customDnsConfigs=[]),),
        (_endpoint(),),
        (_endpoint(ipConfigurations=[{"properties": {"privateIPAddress": "10.0.0.20"}}]), _nic("10.0.0.21")),
        (_endpoint(), _nic(None)),
        (_endpoint(), _nic("10.0.0.20", publicIPAddress=reference("publicIPAddresses", "ip"))),
        (_endpoint(), _nic("10.0.0.20", aPropertyOfTomorrow="x")),
        (_endpoint(applicationSecurityGroups=[reference("applicationSecurityGroups", "a")]),),
        (_endpoint(aPropertyOfTomorrow="x"),),
        (_nic("10.0.0.20"),),
    ],
    ids=[
        "no state",
        "another state",
        "no connection",
        "two states",
        "private link service",
        "application gateway",
        "alias",
        "no address",
        "names alone",
        "other address",
        "unassigned",
        "public address",
        "interface of tomorrow",
        "application security group",
        "tomorrow",
        "interface alone",
    ],
)
def test_an_endpoint_with_more_than_the_model_holds_is_in_doubt_for_its_network_and_its_peers(
    tmp_path: Path, contents: tuple[dict[str, Any], ...]
) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _LONE, *contents)

    assert found.machines == {}
    assert doubts(found)
    assert all(vnets == ("hub", "spoke") for _, vnets in doubts(found))


def test_an_endpoint_in_a_subnet_that_is_not_in_the_input_makes_its_vnet_stand_in(tmp_path: Path) -> None:
    found = network(tmp_path, _LONE, _endpoint())

    assert found.private_endpoints == {}
    assert {vnets for _, vnets in doubts(found)} == {("hub",)}


def test_an_endpoint_without_its_properties_is_in_doubt_wherever_it_could_be(tmp_path: Path) -> None:
    bare = {"id": identity("privateEndpoints", "vault"), "name": "vault", "type": "Microsoft.Network/privateEndpoints"}

    assert doubts(network(tmp_path, _LONE, bare)) == [("private endpoint `vault`", ("lone",))]


@pytest.mark.parametrize("told_by", ["the subnet", "its interface"])
def test_an_endpoint_without_its_properties_is_in_doubt_where_others_say_it_stands(
    tmp_path: Path, told_by: str
) -> None:
    bare = {"id": identity("privateEndpoints", "vault"), "name": "vault", "type": "Microsoft.Network/privateEndpoints"}
    card = _nic("10.0.0.20")
    listed: dict[str, Any] = {"ipConfigurations": [{"id": f"{card['id']}/ipConfigurations/c0"}]}
    if told_by == "the subnet":
        listed["privateEndpoints"] = [{"id": bare["id"]}]
        card["properties"]["privateEndpoint"] = None
    hub = vnet("hub", "10.0.0.0/16", subnet("plink", **listed))

    assert doubts(network(tmp_path, hub, card, bare)) == [("private endpoint `vault`", ("hub",))]


def test_names_of_an_endpoint_in_dns_change_no_packet(tmp_path: Path) -> None:
    zones = resource("privateEndpoints/vault/privateDnsZoneGroups", "default", privateDnsZoneConfigs=[{"name": "x"}])

    assert doubts(network(tmp_path, _HUB, _SPOKE, _endpoint(), _nic("10.0.0.20"), zones)) == []


@pytest.mark.parametrize(
    "properties",
    [
        {"subnet": None},
        {"subnet": {"id": "x"}},
        {"customDnsConfigs": [{"ipAddresses": ["ten"]}]},
        {"privateLinkServiceConnections": "x"},
    ],
)
def test_an_endpoint_that_azure_could_not_have_written_is_an_error(tmp_path: Path, properties: dict[str, Any]) -> None:
    assert errors(read(tmp_path, _HUB, _endpoint(**properties))) == ["bad-value"]


def test_a_strange_value_anywhere_in_an_endpoint_is_no_traceback(tmp_path: Path) -> None:
    static = [{"properties": {"privateIPAddress": "10.0.0.20"}}]
    pairs = [(body, _nic("10.0.0.20")) for body in strange_variants(_endpoint(ipConfigurations=static))]
    pairs += [(_endpoint(), body) for body in strange_variants(_nic("10.0.0.20"))]
    for pair in pairs:
        imported = read(tmp_path, _HUB, _SPOKE, *pair)
        assert imported.network.private_endpoints or imported.diagnostics or imported.network.unmodelled
