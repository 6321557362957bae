"""What the index of the corpus states of real templates, as intents that the whole program answers as expected."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vnetverify.ingest import Given, Imported, read_paths
from vnetverify.pipeline import Options, load, prove

_TEXTS = Path(__file__).resolve().parents[1] / "corpus"
_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", _BESIDE))
pytestmark = pytest.mark.skipif(
    not (_CORPUS / "INDEX.md").is_file(),
    reason=f"the corpus of real files is not at {_CORPUS}; VNETVERIFY_CORPUS says where else",
)

_QUICKSTARTS = "arm-template/azure-quickstart-templates"
_BICEP = "arm-bicep-compiled"
_TEMPLATES = {
    "d01": f"{_QUICKSTARTS}/201-nsg-dmz-in-vnet/azuredeploy.json",
    "d02": f"{_QUICKSTARTS}/201-userdefined-routes-appliance/azuredeploy.json",
    "d03": f"{_QUICKSTARTS}/201-vnet-to-vnet-peering/azuredeploy.json",
    "d04": "arm-template/fortinet-azure-templates/FortiGate/VNET-Peering/azuredeploy.json",
    "d05": "arm-template/azure-enterprise-scale/eslzArm/subscriptionTemplates/vnetPeering.json",
    "d06": f"{_BICEP}/mspnp-samples/solutions/azure-hub-spoke/azuredeploy.json",
    "d07": f"{_BICEP}/azure-bicep-registry-modules/avm/res/network/virtual-network/main.json",
}
_HUB = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/hub/providers/Microsoft.Network"
_GIVEN = {
    "d05": Given(
        (
            ("vNetRgName", "spokes"),
            ("vNetName", "spoke"),
            ("vNetLocation", "westeurope"),
            ("vNetCidrRange", "10.1.0.0/16"),
            ("hubResourceId", f"{_HUB}/virtualNetworks/hub"),
        )
    ),
    "d07": Given(files=(_TEXTS / "d07.parameters.json",)),
}


def _read(item: str, **parameters: str) -> Imported:
    given = _GIVEN.get(item, Given())
    values = (*given.values, *parameters.items())
    imported = read_paths((_CORPUS / _TEMPLATES[item],), given=Given(values, given.files))
    assert [found for found in imported.diagnostics if found.severity.value == "error"] == []
    return imported


@pytest.mark.parametrize("item", _TEMPLATES)
def test_every_intent_about_a_real_template_ends_as_expected(item: str) -> None:
    loaded = load([str(_TEXTS / f"{item}.vnet")], [str(_CORPUS / _TEMPLATES[item])], given=_GIVEN.get(item))

    report = prove(loaded, Options())

    assert report.complete
    assert report.selected == len(loaded.document.intents) > 0
    assert [result.intent.name for result in report.results if not result.as_expected] == []


@pytest.mark.parametrize(
    ("item", "vnets", "subnets", "peerings", "nsgs", "rules", "tables", "routes"),
    [
        ("d01", 1, 3, 0, 3, 9, 0, 0),
        ("d02", 1, 3, 0, 1, 1, 1, 1),
        ("d03", 2, 2, 2, 0, 0, 0, 0),
        ("d04", 3, 8, 4, 1, 2, 4, 12),
        ("d05", 2, 0, 2, 0, 0, 0, 0),
        ("d06", 3, 7, 4, 3, 17, 1, 1),
        ("d07", 2, 2, 2, 0, 0, 0, 0),
    ],
)
def test_a_real_template_deploys_what_it_is_known_to(
    item: str, vnets: int, subnets: int, peerings: int, nsgs: int, rules: int, tables: int, routes: int
) -> None:
    network = _read(item).network

    assert (len(network.vnets), len(network.subnets()), len(network.peerings)) == (vnets, subnets, peerings)
    assert (len(network.nsgs), sum(len(nsg.rules) for nsg in network.nsgs.values())) == (nsgs, rules)
    assert len(network.route_tables) == tables
    assert sum(len(table.routes) for table in network.route_tables.values()) == routes


def test_the_front_end_of_three_tiers_takes_http_and_rdp_from_the_internet_alone() -> None:
    rules = _read("d01").network.nsgs["FE_NSG"].rules

    assert [(rule.name, rule.access.value) for rule in rules] == [("rdp_rule", "allow"), ("web_rule", "allow")]


def test_forwarded_traffic_is_off_both_ways_between_the_two_networks() -> None:
    assert [half.allow_forwarded_traffic for half in _read("d03").network.peerings] == [False, False]


def test_the_appliances_of_the_hub_forward_and_the_peerings_take_what_they_send() -> None:
    network = _read("d04").network

    assert sum(nic.ip_forwarding for nic in network.nics()) == 8
    assert [half.allow_forwarded_traffic for half in network.peerings] == [True] * 4


def test_the_second_half_of_the_peering_stands_in_the_subscription_of_the_hub() -> None:
    imported = _read("d05")

    halves = {(half.local, half.remote): half for half in imported.network.peerings}
    assert halves.keys() == {("spoke", "hub"), ("hub", "spoke")}
    assert all(half.allow_gateway_transit and not half.use_remote_gateways for half in halves.values())
    pointer = halves["hub", "spoke"].span.pointer
    assert pointer == "/resources/1/properties/template/resources/2/properties/template/resources/0"


def test_the_spoke_uses_the_gateway_of_the_hub_only_if_a_parameter_says_so() -> None:
    network = _read("d05", vNetPeerUseRemoteGateway="true").network

    assert [half.use_remote_gateways for half in network.peerings if half.local == "spoke"] == [True]


def test_with_a_gateway_nothing_changes_for_the_spokes() -> None:
    network = _read("d06", deployVpnGateway="true").network

    assert len(network.gateways) == 1
    assert not any(half.allow_gateway_transit or half.use_remote_gateways for half in network.peerings)


def test_the_firewall_lets_names_through_and_nothing_else() -> None:
    network = _read("d06", location="westeurope").network

    assert [str(half.allow_forwarded_traffic) for half in network.peerings] == ["False"] * 4
    assert {nic.subnet for nic in network.machines["fw-westeurope"].nics} == {"AzureFirewallSubnet"}
