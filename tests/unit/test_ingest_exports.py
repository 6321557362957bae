"""Exports as engineers have them: cut off, projected, gathered by a script, in two views, or with a part missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    SUBSCRIPTION,
    doubts,
    errors,
    identity,
    network,
    nic,
    nsg,
    read,
    reference,
    resource,
    rule,
    subnet,
    subnet_id,
    vnet,
)
from tests.unit.ingest_pieces import HUB, WEB, with_top
from vnetverify.diagnostic import Severity
from vnetverify.model.security import AddressPrefixes, ServiceTag

_FIREWALL = resource("azureFirewalls", "fw", ipConfigurations=[{"properties": {"subnet": {"id": WEB}}}])
# -- wrappings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        {"value": [HUB], "@odata.nextLink": "https://more"},
        {"data": [HUB], "count": 1, "skip_token": "abc", "total_records": 1},
        {"data": [HUB], "count": 1, "totalRecords": 2, "resultTruncated": "false"},
        {"data": [HUB], "count": 1, "totalRecords": 1, "resultTruncated": "true"},
        [{"value": [HUB], "nextLink": {"href": "https://more"}}],
    ],
    ids=["odata", "az graph query", "fewer than there are", "truncated", "not a text"],
)
def test_a_list_that_is_cut_off_is_an_error_however_it_says_so(tmp_path: Path, page: object) -> None:
    assert errors(read(tmp_path, page)) == ["page-missing"]


def test_a_whole_answer_of_resource_graph_is_read(tmp_path: Path) -> None:
    answer = {"count": 1, "data": [HUB], "skip_token": None, "total_records": 1, "resultTruncated": "false"}

    assert list(network(tmp_path, answer).vnets) == ["hub"]


def test_lists_under_names_of_a_script_are_read(tmp_path: Path) -> None:
    found = network(tmp_path, {"when": "today", "vnets": [HUB], "more": {"firewalls": [_FIREWALL]}})

    assert list(found.vnets) == ["hub"]
    assert doubts(found) == [("firewall `fw`", ("hub",))]


def test_a_mere_reference_inside_an_answer_is_no_resource(tmp_path: Path) -> None:
    answer = {
        "value": [{"networkSecurityGroup": reference("networkSecurityGroups", "n"), "effectiveSecurityRules": []}]
    }

    assert network(tmp_path, HUB, answer).nsgs == {}


@pytest.mark.parametrize("named", [{"type": "text/plain", "name": "x"}, {"type": "module", "name": "x"}])
def test_other_things_with_a_type_and_a_name_are_no_resources(tmp_path: Path, named: dict[str, str]) -> None:
    assert doubts(network(tmp_path, HUB, [named])) == []


@pytest.mark.parametrize(
    "content",
    [
        [{"Name": name, "Id": identity("azureFirewalls", name)} for name in ("fw", "other")],
        {"template": {"$schema": "https://x/deploymentTemplate.json#", "resources": []}},
        [{"name": name, "security_rules": []} for name in ("g", "other")],
        [{"id": identity("virtualNetworks", "v"), "address_space": ["10.0.0.0/16"], "resource_group_name": "rg"}],
        {"status": "Succeeded", "changes": [{"changeType": "Delete", "before": HUB, "after": None}]},
        {"createdDateTime": "x", "resources": [{"id": identity("virtualNetworks", "v"), "associations": []}]},
    ],
    ids=["PowerShell", "template within", "attributes without id", "attributes of Terraform", "what-if", "topology"],
)
def test_a_format_that_is_not_read_is_an_error_beside_a_good_file(tmp_path: Path, content: object) -> None:
    assert errors(read(tmp_path, HUB, content)) == ["unsupported-format"]


def test_an_error_that_was_saved_as_an_answer_is_an_error(tmp_path: Path) -> None:
    refusal = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization"}}

    assert errors(read(tmp_path, HUB, refusal)) == ["not-an-answer"]


@pytest.mark.parametrize("content", [[], {"value": []}, {"data": [], "count": 0}])
def test_an_empty_listing_is_nothing_to_speak_of(tmp_path: Path, content: object) -> None:
    assert read(tmp_path, HUB, content).diagnostics == ()


# -- resources that are not told whole ------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["virtualNetworks", "networkSecurityGroups", "routeTables", "networkInterfaces", "publicIPAddresses"]
)
@pytest.mark.parametrize("beyond", [{}, {"properties": None}, {"sku": {"name": "Standard"}, "tags": None}])
def test_a_resource_without_its_properties_is_an_error_not_an_empty_one(
    tmp_path: Path, kind: str, beyond: dict[str, Any]
) -> None:
    bare = {"id": identity(kind, "x"), "name": "x", "type": f"Microsoft.Network/{kind}", **beyond}

    assert "no-properties" in errors(read(tmp_path, HUB, bare))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_bare_view_beside_a_whole_one_counts_for_nothing(tmp_path: Path, order: tuple[int, int]) -> None:
    views = (nsg("n", rule()), {"id": identity("networkSecurityGroups", "n"), "name": "n", "location": "x"})

    found = network(tmp_path, HUB, *(views[position] for position in order))

    assert [rule.name for rule in found.nsgs["n"].rules] == ["r"]


def test_properties_spelt_as_a_text_are_an_error(tmp_path: Path) -> None:
    group = nsg("n", rule())
    group["properties"] = json.dumps(group["properties"])

    assert errors(read(tmp_path, HUB, group)) == ["bad-value"]


@pytest.mark.parametrize("untold", ["securityRules", "routes"])
def test_an_nsg_or_table_without_its_list_is_in_doubt_where_it_is_attached(tmp_path: Path, untold: str) -> None:
    kind, field = {
        "securityRules": ("networkSecurityGroups", "networkSecurityGroup"),
        "routes": ("routeTables", "routeTable"),
    }[untold]
    attached = vnet("hub", "10.0.0.0/16", subnet("web", **{field: reference(kind, "x")}))

    found = network(tmp_path, attached, resource(kind, "x", subnets=[{"id": WEB}]))

    assert [(what.split(" ")[0], vnets) for what, vnets in doubts(found)] == [(f"`{untold}`", ("hub",))]


@pytest.mark.parametrize("untold", ["subnets", "virtualNetworkPeerings"])
def test_a_vnet_without_one_of_its_lists_is_in_doubt(tmp_path: Path, untold: str) -> None:
    projected = vnet("hub")
    del projected["properties"][untold]

    assert doubts(network(tmp_path, projected)) == [(f"`{untold}` of vnet `hub`", ("hub",))]


def test_two_views_that_differ_in_columns_of_resource_graph_are_one(tmp_path: Path) -> None:
    row = with_top(HUB, tenantId="t", subscriptionId="s", resourceGroup="rg", kind="", managedBy="", zones=None)

    assert list(network(tmp_path, HUB, row).vnets) == ["hub"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_only_one_of_two_views_lists_is_not_forgotten(tmp_path: Path, order: tuple[int, int]) -> None:
    missing = [{"id": f"{identity('networkInterfaces', 'gone')}/ipConfigurations/c"}]
    views = (
        vnet("hub", "10.0.0.0/16", subnet("web", ipConfigurations=missing)),
        vnet("hub", "10.0.0.0/16", subnet("web")),
    )

    found = network(tmp_path, *(views[position] for position in order))

    assert doubts(found) == [("interface `gone` in subnet `web`", ("hub",))]


# -- names and spellings --------------------------------------------------------------------------------


def test_a_property_that_stands_twice_in_other_letter_case_keeps_what_is_said(tmp_path: Path) -> None:
    route = {
        "name": "r",
        "properties": {
            "addressPrefix": "0.0.0.0/0",
            "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": "10.0.0.4",
            "nextHopIPAddress": None,
        },
    }
    table = resource("routeTables", "t", routes=[route])

    assert network(tmp_path, HUB, table).route_tables["t"].routes[0].next_hop_address == 0x0A000004


def test_a_property_that_stands_twice_with_different_values_is_an_error(tmp_path: Path) -> None:
    twice = vnet("hub", "10.0.0.0/16", subnet("web", defaultOutboundAccess=True, DefaultOutboundAccess=False))

    assert errors(read(tmp_path, twice)) == ["duplicate-key"]


def test_a_property_under_properties_and_beside_them_with_different_values_is_in_doubt(tmp_path: Path) -> None:
    twice = vnet("hub", "10.0.0.0/16", {**subnet("web", defaultOutboundAccess=True), "DefaultOutboundAccess": False})

    assert doubts(network(tmp_path, twice)) == [("`defaultOutboundAccess` of subnet `web`", ("hub",))]


def test_keys_in_capitals_are_the_same_keys(tmp_path: Path) -> None:
    space = {"AddressPrefixes": ["10.0.0.0/16"]}
    capitals = resource("virtualNetworks", "hub", AddressSpace=space, Subnets=[], VirtualNetworkPeerings=[])

    assert [str(prefix) for prefix in network(tmp_path, capitals).vnets["hub"].address_space] == ["10.0.0.0/16"]


@pytest.mark.parametrize("word", ["Any", "ALL", "VirtualNetwork,Internet", "not a tag"])
def test_a_word_that_is_no_tag_is_an_error_where_addresses_stand(tmp_path: Path, word: str) -> None:
    assert errors(read(tmp_path, HUB, nsg("n", rule(sourceAddressPrefix=word)))) == ["bad-value"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [(" virtualnetwork ", "VirtualNetwork"), ("Storage.WestEurope", "Storage.WestEurope")],
)
def test_blanks_around_a_tag_mean_nothing(tmp_path: Path, word: str, expected: str) -> None:
    found = network(tmp_path, HUB, nsg("n", rule(sourceAddressPrefix=word)))

    assert found.nsgs["n"].rules[0].source == ServiceTag(expected)


def test_blanks_around_a_prefix_mean_nothing(tmp_path: Path) -> None:
    found = network(tmp_path, HUB, nsg("n", rule(sourceAddressPrefix=" 10.0.0.0/8")))

    assert isinstance(found.nsgs["n"].rules[0].source, AddressPrefixes)


def test_a_protocol_may_be_a_number(tmp_path: Path) -> None:
    assert network(tmp_path, HUB, nsg("n", rule(protocol="6"))).nsgs["n"].rules[0].protocol == 6


@pytest.mark.parametrize("number", ["256", "-1", "٦", "6.0"])
def test_a_number_that_is_no_protocol_is_an_error(tmp_path: Path, number: str) -> None:
    assert errors(read(tmp_path, HUB, nsg("n", rule(protocol=number)))) == ["bad-value"]


def test_a_subnet_whose_prefix_is_none_of_its_prefixes_is_an_error(tmp_path: Path) -> None:
    odd = vnet("hub", "10.0.0.0/16", subnet("web", "10.0.0.0/24", addressPrefixes=["10.0.1.0/24"]))

    assert errors(read(tmp_path, odd)) == ["bad-value"]


def test_an_azure_tag_without_value_is_an_empty_one(tmp_path: Path) -> None:
    assert network(tmp_path, with_top(HUB, tags={"env": None})).vnets["hub"].tags == (("env", ""),)


@pytest.mark.parametrize(
    "content",
    [
        vnet("v" * 261),
        vnet("hub", "10.0.0.0/16", subnet("s" * 261)),
        nic("card", "10.0.0.4", subnet_id("v" * 261, "web")),
        nic("card", "10.0.0.4", subnet_id("hub", "s" * 261)),
    ],
    ids=["vnet", "subnet", "vnet mentioned", "subnet mentioned"],
)
def test_a_name_longer_than_texts_may_have_is_an_error(tmp_path: Path, content: dict[str, Any]) -> None:
    assert "name-too-long" in errors(read(tmp_path, content))


@pytest.mark.parametrize("field", ["natGateway", "networkSecurityGroup", "routeTable"])
def test_a_lone_surrogate_in_a_reference_is_no_traceback(tmp_path: Path, field: str) -> None:
    odd = vnet("hub", "10.0.0.0/16", subnet("web", **{field: {"id": identity(f"{field}s", "n\ud800")}}))

    assert [vnets for _, vnets in doubts(network(tmp_path, odd))] == [("hub",)]


# -- what is not network --------------------------------------------------------------------------------


def test_resources_of_other_vendors_are_counted_as_not_network(tmp_path: Path) -> None:
    other = {"id": f"{SUBSCRIPTION}/resourceGroups/rg/providers/Dynatrace.Observability/monitors/m", "properties": {}}

    imported = read(tmp_path, HUB, other)

    assert imported.network.unmodelled == ()
    assert [(found.code, found.severity) for found in imported.diagnostics] == [("not-network", Severity.NOTE)]


@pytest.mark.parametrize("kind", ["privateDnsZones/x/A", "frontDoors", "customIpPrefixes"])
def test_names_and_front_doors_carry_no_packet_of_a_vnet(tmp_path: Path, kind: str) -> None:
    assert doubts(network(tmp_path, HUB, resource(kind, "y", ttl=300))) == []
