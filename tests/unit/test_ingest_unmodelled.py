"""What the model does not follow is said, with the vnets whose traffic it could change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    GROUP,
    SUBSCRIPTION,
    doubts,
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
from vnetverify.model.network import DeploymentModel

_WEB = subnet_id("hub", "web")
_LONE = vnet("lone", "10.9.0.0/16")


def _hub(*subnets: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return vnet("hub", "10.0.0.0/16", *(subnets or (subnet("web"),)), **properties)


def _peered(**of_hub: Any) -> list[dict[str, Any]]:
    """A hub and a spoke with both halves of a peering; `of_hub` goes into the hub's half."""
    return [
        _hub(virtualNetworkPeerings=[peering("p", "spoke", **of_hub)]),
        vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[peering("p", "hub")]),
        _LONE,
    ]


@pytest.mark.parametrize(
    "properties",
    [
        {"serviceEndpoints": [{"service": "Microsoft.Storage"}]},
        {"delegations": [{"name": "x"}]},
        {"privateEndpoints": [reference("privateEndpoints", "missing")]},
        {"aPropertyOfTomorrow": False},
        {"aPropertyOfTomorrow": "x"},
        {"privateEndpointNetworkPolicies": "SomeOfThem"},
        {"networkSecurityGroup": reference("networkSecurityGroups", "missing")},
        {"routeTable": reference("routeTables", "missing")},
        {"ipConfigurations": [{"id": f"{identity('networkInterfaces', 'missing')}/ipConfigurations/c"}]},
        {"ipConfigurations": [{"id": f"{identity('loadBalancers', 'lb')}/frontendIPConfigurations/f"}]},
    ],
)
def test_a_subnet_with_more_than_the_model_knows_is_in_doubt(tmp_path: Path, properties: dict[str, Any]) -> None:
    found = network(tmp_path, _hub(subnet("web", **properties)), _LONE)

    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


@pytest.mark.parametrize(
    "properties",
    [
        {"provisioningState": "Succeeded", "privateEndpointNetworkPolicies": "Disabled", "delegations": []},
        {"aPropertyOfTomorrow": None},
        {"aPropertyOfTomorrow": []},
        {"ipConfigurations": None},
    ],
)
def test_what_changes_no_packet_raises_no_doubt(tmp_path: Path, properties: dict[str, Any]) -> None:
    assert doubts(network(tmp_path, _hub(subnet("web", **properties)))) == []


@pytest.mark.parametrize(
    ("encryption", "raised"),
    [
        ({"Enabled": "False", "ENFORCEMENT": "allowUnencrypted"}, 0),
        ({"enabled": True, "enforcement": "AllowUnencrypted", "note": None}, 0),
        ({"enabled": True, "enforcement": "DropUnencrypted"}, 1),
    ],
)
def test_an_object_that_changes_nothing_is_known_in_any_spelling(
    tmp_path: Path, encryption: dict[str, Any], raised: int
) -> None:
    assert len(doubts(network(tmp_path, _hub(encryption=encryption)))) == raised


@pytest.mark.parametrize(
    "properties",
    [
        {"peerCompleteVnets": False},
        {"peeringSyncLevel": "LocalNotInSync"},
        {"enableOnlyIPv6Peering": True},
        {"peerCompleteVnets": False, "localSubnetNames": ["web"], "remoteSubnetNames": ["nowhere"]},
    ],
)
def test_a_peering_with_more_than_the_model_knows_is_in_doubt_at_both_ends(
    tmp_path: Path, properties: dict[str, Any]
) -> None:
    assert [vnets for _, vnets in doubts(network(tmp_path, *_peered(**properties)))] == [("hub", "spoke")]


@pytest.mark.parametrize(
    "properties",
    [
        {"peerCompleteVnets": True, "peeringSyncLevel": "FullyInSync", "doNotVerifyRemoteGateways": False},
        {"remoteAddressSpace": {"addressPrefixes": ["10.1.0.0/16"]}},
        {"remoteAddressSpace": {"addressPrefixes": ["10.1.0.0/17"]}, "peeringSyncLevel": "LocalNotInSync"},
    ],
)
def test_an_ordinary_peering_raises_no_doubt(tmp_path: Path, properties: dict[str, Any]) -> None:
    assert doubts(network(tmp_path, *_peered(**properties))) == []


def test_a_peer_that_is_not_in_the_input_stands_in_with_the_ranges_that_are_told(tmp_path: Path) -> None:
    told = {"remoteAddressSpace": {"addressPrefixes": ["10.7.0.0/16"]}, "peeringState": "Connected"}

    found = network(tmp_path, _hub(virtualNetworkPeerings=[peering("p", "away", **told)]), _LONE)

    assert [str(prefix) for prefix in found.vnets["away"].address_space] == ["10.7.0.0/16"]
    assert [(vnets) for _, vnets in doubts(found)] == [("away",), ("hub", "away")]


def test_a_peer_across_a_half_that_is_only_initiated_leaves_the_near_end_certain(tmp_path: Path) -> None:
    half = peering("p", "away", peeringState="Initiated")

    found = network(tmp_path, _hub(virtualNetworkPeerings=[half]))

    assert [vnets for _, vnets in doubts(found)] == [("away",)]


def test_a_connected_peering_whose_other_half_is_missing_is_in_doubt(tmp_path: Path) -> None:
    half = peering("p", "spoke", peeringState="Connected")

    found = network(tmp_path, _hub(virtualNetworkPeerings=[half]), vnet("spoke", "10.1.0.0/16"))

    assert [vnets for _, vnets in doubts(found)] == [("hub", "spoke")]


def test_a_classic_peer_is_classic(tmp_path: Path) -> None:
    classic = {"id": identity("virtualNetworks", "old", provider="Microsoft.ClassicNetwork")}
    half = {"name": "p", "properties": {"remoteVirtualNetwork": classic, "peeringState": "Connected"}}

    found = network(tmp_path, _hub(virtualNetworkPeerings=[half]))

    assert found.vnets["old"].model is DeploymentModel.CLASSIC


@pytest.mark.parametrize(
    "properties",
    [
        {"sourceAddressPrefix": "", "sourceAddressPrefixes": ["Internet", "10.0.0.0/8"]},
        {"sourceApplicationSecurityGroups": [reference("applicationSecurityGroups", "a")]},
        {"aPropertyOfTomorrow": "x"},
    ],
)
def test_a_rule_that_is_not_modelled_is_in_doubt_where_its_nsg_is_attached(
    tmp_path: Path, properties: dict[str, Any]
) -> None:
    web = subnet("web", networkSecurityGroup=reference("networkSecurityGroups", "n"))

    found = network(tmp_path, _hub(web), _LONE, nsg("n", rule(**properties)))

    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


def test_a_doubt_about_an_nsg_at_a_nic_concerns_the_vnet_of_the_nic(tmp_path: Path) -> None:
    card = nic("card", "10.0.0.4", _WEB, networkSecurityGroup=reference("networkSecurityGroups", "n"))

    found = network(tmp_path, _hub(), _LONE, nsg("n", rule(aPropertyOfTomorrow="x")), card)

    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


def test_a_doubt_about_what_is_attached_nowhere_concerns_nobody(tmp_path: Path) -> None:
    assert doubts(network(tmp_path, _hub(), nsg("n", aPropertyOfTomorrow="x"))) == []


@pytest.mark.parametrize(
    "properties",
    [
        {"addressPrefix": "Storage", "nextHopType": "Internet"},
        {"addressPrefix": "10.8.0.0/16", "nextHopType": "VirtualApplianceEcmp"},
    ],
)
def test_a_route_that_is_not_modelled_is_in_doubt_where_its_table_is_attached(
    tmp_path: Path, properties: dict[str, Any]
) -> None:
    web = subnet("web", routeTable=reference("routeTables", "t"))
    table = resource("routeTables", "t", routes=[{"name": "r", "properties": properties}])

    found = network(tmp_path, _hub(web), _LONE, table)

    assert found.route_tables["t"].routes == ()
    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


@pytest.mark.parametrize(("overrides", "concerned"), [(True, [("hub",)]), (False, [])])
def test_a_route_that_goes_before_longer_learned_ones_is_in_doubt(
    tmp_path: Path, overrides: bool, concerned: list[tuple[str, ...]]
) -> None:
    web = subnet("web", routeTable=reference("routeTables", "t"))
    route = {"addressPrefix": "10.8.0.0/16", "nextHopType": "None", "hasBgpOverride": overrides}
    table = resource("routeTables", "t", routes=[{"name": "r", "properties": route}])

    assert [vnets for _, vnets in doubts(network(tmp_path, _hub(web), _LONE, table))] == concerned


@pytest.mark.parametrize("kind", ["networkSecurityGroups", "routeTables"])
def test_an_attachment_that_one_side_denies_is_in_doubt(tmp_path: Path, kind: str) -> None:
    found = network(tmp_path, _hub(), _LONE, resource(kind, "x", subnets=[{"id": _WEB}], routes=[], securityRules=[]))

    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


@pytest.mark.parametrize(
    "configuration",
    [
        {"privateIPAddress": None, "privateIPAddressVersion": "IPv6"},
        {"privateIPAddress": None},
        {"privateIPAddress": "10.0.0.4", "loadBalancerInboundNatRules": [{"id": "x"}]},
        {"privateIPAddress": "10.0.0.4", "privateIPAddressPrefixLength": 28},
        {"privateIPAddress": "10.0.0.4", "loadBalancerBackendAddressPools": [{"id": "x"}]},
        {"privateIPAddress": "10.0.0.4", "applicationGatewayBackendAddressPools": [{"id": "x"}]},
    ],
)
def test_a_nic_with_more_than_the_model_knows_is_in_doubt(tmp_path: Path, configuration: dict[str, Any]) -> None:
    properties = {"subnet": {"id": _WEB}, **configuration}
    card = resource("networkInterfaces", "card", ipConfigurations=[{"properties": properties}])

    found = network(tmp_path, _hub(), _LONE, card)

    assert {vnets for _, vnets in doubts(found)} == {("hub",)}


def test_a_nic_whose_nsg_is_missing_is_in_doubt(tmp_path: Path) -> None:
    card = nic("card", "10.0.0.4", _WEB, networkSecurityGroup=reference("networkSecurityGroups", "missing"))

    found = network(tmp_path, _hub(), card)

    assert doubts(found) == [("nsg `missing` of nic `card`", ("hub",))]


def test_a_nic_in_a_vnet_that_is_not_in_the_input_makes_that_vnet_stand_in(tmp_path: Path) -> None:
    found = network(tmp_path, _LONE, nic("card", "10.0.0.4", _WEB))

    assert found.vnets["hub"].address_space == ()
    assert {vnets for _, vnets in doubts(found)} == {("hub",)}


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("azureFirewalls", {"ipConfigurations": [{"properties": {"subnet": {"id": _WEB}}}]}, {"hub", "spoke"}),
        (
            "loadBalancers",
            {"pools": [{"id": f"{identity('networkInterfaces', 'card')}/ipConfigurations/c"}]},
            {"hub", "spoke"},
        ),
        ("privateEndpoints", {"subnet": {"id": _WEB}}, {"hub", "spoke"}),
        ("networkManagers", {}, set()),
        ("virtualHubs", {}, set()),
        ("somethingOfTomorrow", {}, set()),
    ],
)
def test_a_network_resource_of_another_type_is_in_doubt_for_the_vnets_it_names_and_their_peers(
    tmp_path: Path, kind: str, properties: dict[str, Any], expected: set[str]
) -> None:
    found = network(tmp_path, *_peered(), nic("card", "10.0.0.4", _WEB), resource(kind, "x", **properties))

    assert doubts(found)
    assert all(set(vnets) == expected for _, vnets in doubts(found))


@pytest.mark.parametrize(
    "kind",
    [
        "networkWatchers",
        "publicIPPrefixes",
        "privateDnsZones",
        "networkIntentPolicies",
        "routeFilters",
        "expressRoutePorts",
        "networkSecurityPerimeters",
        "networkManagers/m/ipamPools",
    ],
)
def test_a_network_resource_that_carries_no_packet_raises_no_doubt(tmp_path: Path, kind: str) -> None:
    assert doubts(network(tmp_path, _hub(), resource(kind, "x", subnet={"id": _WEB}))) == []


def test_machines_of_a_scale_set_are_in_doubt(tmp_path: Path) -> None:
    scale_set = {
        "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/set",
        "properties": {"virtualMachineProfile": {"subnet": {"id": _WEB}}},
    }

    assert [vnets for _, vnets in doubts(network(tmp_path, _hub(), _LONE, scale_set))] == [("hub",)]


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    machine = {
        "id": f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm",
        "properties": {"osProfile": {"adminPassword": "hunter2", "customData": "c2VjcmV0"}},
    }
    connection = resource("connections", "c", connectionType="IPsec", sharedKey="hunter2", authorizationKey="hunter2")

    imported = read(tmp_path, _hub(), machine, connection, nic("card", "10.0.0.4", _WEB))

    assert "hunter2" not in repr(imported)
    assert "c2VjcmV0" not in repr(imported)


@pytest.mark.parametrize(("value", "raised"), [("None", 0), ("none", 0), ("All", 1)])
def test_a_table_that_drops_the_routes_of_peerings_is_in_doubt(tmp_path: Path, value: str, raised: int) -> None:
    table = resource("routeTables", "t", routes=[], disablePeeringRoute=value)

    found = network(tmp_path, _hub(subnet("web", routeTable=reference("routeTables", "t"))), table)

    assert len(doubts(found)) == raised


@pytest.mark.parametrize(("value", "raised"), [("None", 0), ("Disabled", 0), ("Enabled", 1)])
def test_a_nat_gateway_between_the_families_is_in_doubt(tmp_path: Path, value: str, raised: int) -> None:
    public = resource("publicIPAddresses", "p", ipAddress="203.0.113.4", upgradedToV2=False)
    gateway = resource(
        "natGateways",
        "g",
        nat64=value,
        subnets=[{"id": _WEB}],
        publicIpAddresses=[reference("publicIPAddresses", "p")],
    )

    assert len(doubts(network(tmp_path, _hub(), gateway, public))) == raised
