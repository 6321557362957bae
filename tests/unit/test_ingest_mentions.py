"""What an export names and does not hold, or holds in part, is in doubt wherever it could be."""

from __future__ import annotations

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
from tests.unit.ingest_pieces import HUB, WEB, with_top
from vnetverify.model.security import AsgMembers

# -- what only others speak of --------------------------------------------------------------------------


_GONE = reference("networkInterfaces", "gone")
_GONE_CONFIGURATION = {"id": f"{_GONE['id']}/ipConfigurations/c"}
_SPEAKERS = {
    "nsg": nsg("n", networkInterfaces=[_GONE]),
    "vm": {
        "id": identity("virtualMachines", "vm", provider="Microsoft.Compute"),
        "properties": {"networkProfile": {"networkInterfaces": [_GONE]}},
    },
    "public address": resource("publicIPAddresses", "ip", ipAddress="20.0.0.4", ipConfiguration=_GONE_CONFIGURATION),
}


@pytest.mark.parametrize("speaker", _SPEAKERS)
def test_an_interface_that_is_not_in_the_input_is_in_doubt_wherever_it_could_be(tmp_path: Path, speaker: str) -> None:
    elsewhere = vnet("far", "10.9.0.0/16")
    elsewhere["id"] = elsewhere["id"].replace("00000000-0000", "11111111-0000", 1)

    found = network(tmp_path, vnet("hub"), elsewhere, _SPEAKERS[speaker])

    assert [(what.split(",")[0], vnets) for what, vnets in doubts(found)] == [("`gone`", ("hub",))]


@pytest.mark.parametrize("speaker", _SPEAKERS)
def test_it_cannot_be_in_another_region_or_in_a_vnet_that_lists_its_interfaces(tmp_path: Path, speaker: str) -> None:
    card = nic("card", "10.0.0.4", WEB)
    listing = [{"id": f"{card['id']}/ipConfigurations/c"}]
    full = with_top(vnet("hub", "10.0.0.0/16", subnet("web", ipConfigurations=listing)), location="westeurope")
    far = with_top(vnet("far", "10.9.0.0/16"), location="eastus")

    found = network(tmp_path, full, far, card, with_top(_SPEAKERS[speaker], location="West Europe"))

    assert doubts(found) == []


@pytest.mark.parametrize("speaker", ["nsg", "public address"])
def test_an_interface_that_does_not_name_what_names_it_is_in_doubt(tmp_path: Path, speaker: str) -> None:
    found = network(
        tmp_path, vnet("hub", "10.0.0.0/16", subnet("web")), nic("gone", "10.0.0.4", WEB), _SPEAKERS[speaker]
    )

    assert [(what.split(",")[0], vnets) for what, vnets in doubts(found)] == [("`gone`", ("hub",))]


def test_a_connection_whose_gateway_is_not_in_the_input_is_in_doubt(tmp_path: Path) -> None:
    gateway = reference("virtualNetworkGateways", "gone")
    line = resource("connections", "line", connectionType="IPsec", virtualNetworkGateway1=gateway)

    assert doubts(network(tmp_path, vnet("hub"), line)) == [("gateway `gone` of connection `line`", ("hub",))]


def test_a_subnet_that_a_group_names_and_its_vnet_lacks_is_in_doubt(tmp_path: Path) -> None:
    found = network(tmp_path, vnet("hub"), nsg("n", subnets=[{"id": WEB}]))

    assert doubts(found) == [("subnet `web`, which nsg `n` names", ("hub",))]


def test_a_nat_gateway_that_is_not_in_the_input_is_in_doubt(tmp_path: Path) -> None:
    found = network(tmp_path, vnet("hub", "10.0.0.0/16", subnet("web", natGateway=reference("natGateways", "egress"))))

    assert doubts(found) == [("nat gateway `egress` of subnet `web`", ("hub",))]


def test_a_nat_gateway_without_address_is_in_doubt_where_only_the_subnet_names_it(tmp_path: Path) -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("web", natGateway=reference("natGateways", "egress")))

    found = network(tmp_path, hub, resource("natGateways", "egress", idleTimeoutInMinutes=4))

    assert doubts(found) == [("nat gateway `egress`", ("hub",))]


# -- interfaces -----------------------------------------------------------------------------------------


def _card(*configurations: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {"name": f"c{position}", "properties": {"subnet": {"id": WEB}, **configuration}}
        for position, configuration in enumerate(configurations)
    ]
    return resource("networkInterfaces", "card", ipConfigurations=entries)


def test_a_second_configuration_without_address_is_in_doubt(tmp_path: Path) -> None:
    found = network(tmp_path, HUB, _card({"privateIPAddress": "10.0.0.4"}, {"privateIPAddress": None}))

    assert doubts(found) == [("an address of nic `card`", ("hub",))]


def test_a_public_address_of_one_of_several_private_ones_is_in_doubt(tmp_path: Path) -> None:
    public = {"publicIPAddress": reference("publicIPAddresses", "ip")}
    card = _card({"privateIPAddress": "10.0.0.4"}, {"privateIPAddress": "10.0.0.5", **public})

    found = network(tmp_path, HUB, card, resource("publicIPAddresses", "ip", ipAddress="20.0.0.4"))

    assert doubts(found) == [("the public address of nic `card`, which has several private ones", ("hub",))]


def test_an_interface_of_a_scale_set_keeps_its_application_security_groups(tmp_path: Path) -> None:
    card = _card(
        {"privateIPAddress": "10.0.0.4", "applicationSecurityGroups": [reference("applicationSecurityGroups", "a")]}
    )
    card["id"] = (
        f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0/networkInterfaces/card"
    )

    assert network(tmp_path, HUB, card).machines["card"].nics[0].asgs == ("a",)


def test_groups_of_one_of_several_configurations_alone_are_in_doubt(tmp_path: Path) -> None:
    groups = [reference("applicationSecurityGroups", "a")]
    first = {"privateIPAddress": "10.0.0.4", "applicationSecurityGroups": groups}

    one = network(tmp_path, HUB, _card(first, {"privateIPAddress": "10.0.0.5"}))
    both = network(tmp_path, HUB, _card(first, {"privateIPAddress": "10.0.0.5", "applicationSecurityGroups": groups}))

    assert [vnets for _, vnets in doubts(one)] == [("hub",)]
    assert doubts(both) == []


def test_a_gateway_that_a_peering_says_it_uses_is_in_doubt_where_it_is_not_in_the_input(tmp_path: Path) -> None:
    gateway = resource(
        "virtualNetworkGateways",
        "gate",
        gatewayType="Vpn",
        ipConfigurations=[{"name": "c", "properties": {"subnet": {"id": subnet_id("hub", "GatewaySubnet")}}}],
    )
    giving = peering("p", "spoke", allowGatewayTransit=True)
    taking = peering("p", "hub", useRemoteGateways=True, remoteGateways=[{"id": gateway["id"]}])
    spoke = vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[taking])

    def hub(**listing: Any) -> dict[str, Any]:
        home = subnet("GatewaySubnet", "10.0.0.0/27", **listing)
        return vnet("hub", "10.0.0.0/16", home, virtualNetworkPeerings=[giving])

    listing = [{"id": f"{gateway['id']}/ipConfigurations/c"}]

    assert doubts(network(tmp_path, hub(), spoke, gateway)) == []
    assert doubts(network(tmp_path, hub(), spoke, {})) == [
        ("gateway `gate`, which peering `p` names", ("spoke", "hub"))
    ]
    assert len(doubts(network(tmp_path, hub(ipConfigurations=listing), spoke, {}))) == 1


def test_an_ip_configuration_listed_without_its_interface_is_in_doubt(tmp_path: Path) -> None:
    part = {
        "id": f"{identity('networkInterfaces', 'card')}/ipConfigurations/c0",
        "properties": {"privateIPAddress": "10.0.0.4", "subnet": {"id": WEB}},
    }

    assert doubts(network(tmp_path, HUB, part)) == [("interface `card` of IP configuration `c0`", ("hub",))]
    assert doubts(network(tmp_path, HUB, part, _card({"privateIPAddress": "10.0.0.4"}))) == []


def test_an_application_security_group_that_is_none_is_an_error(tmp_path: Path) -> None:
    groups = [reference("networkSecurityGroups", "a")]

    assert errors(
        read(tmp_path, HUB, _card({"privateIPAddress": "10.0.0.4", "applicationSecurityGroups": groups}))
    ) == ["bad-value"]


@pytest.mark.parametrize("user", ["rule", "interface"])
def test_what_is_new_about_an_application_security_group_is_in_doubt_where_it_is_used(
    tmp_path: Path, user: str
) -> None:
    group = reference("applicationSecurityGroups", "a")
    if user == "rule":
        side = {"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [group]}
        using = nsg("n", rule(**side), subnets=[])
        hub = vnet("hub", "10.0.0.0/16", subnet("web", networkSecurityGroup=reference("networkSecurityGroups", "n")))
    else:
        using, hub = _card({"privateIPAddress": "10.0.0.4", "applicationSecurityGroups": [group]}), HUB

    found = network(tmp_path, hub, using, resource("applicationSecurityGroups", "a", selector="x"))

    assert doubts(found) == [("`selector` of asg `a`", ("hub",))]
    if user == "rule":
        assert found.nsgs["n"].rules[0].source == AsgMembers(("a",))
