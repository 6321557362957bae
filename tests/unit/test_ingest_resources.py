"""Resources are found in whatever wrapping, and each counts once."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    GROUP,
    SUBSCRIPTION,
    errors,
    identity,
    network,
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
from vnetverify.header import parse_prefix
from vnetverify.ingest import read_path, read_paths
from vnetverify.model.network import LinkState, Subnet, Vnet


def _call(content: object, code: int = 200, uri: str = "u") -> dict[str, Any]:
    return {"request": {"uri": uri}, "response": {"status": {"code": code}, "body": content}}


_HUB, _SPOKE = vnet("hub"), vnet("spoke", "10.1.0.0/16")


@pytest.mark.parametrize(
    "content",
    [
        [_HUB, _SPOKE],
        {"value": [_HUB, _SPOKE]},
        {"data": [_HUB, _SPOKE], "count": 2},
        [[_HUB], {"value": [_SPOKE]}],
        {"interactions": [_call({"data": {"value": [_HUB]}}), _call({"string": json.dumps({"value": [_SPOKE]})})]},
        {"parameters": {}, "responses": {"200": {"body": {"value": [_HUB, _SPOKE]}}, "202": {}}},
    ],
    ids=["list", "value", "data", "nested", "recording", "example"],
)
def test_a_list_of_resources_is_found_in_every_wrapping(tmp_path: Path, content: object) -> None:
    assert list(network(tmp_path, content).vnets) == ["hub", "spoke"]


def test_properties_may_stand_beside_the_id_as_az_prints_them(tmp_path: Path) -> None:
    rest = vnet("hub", "10.0.0.0/16", subnet("web", routeTable=reference("routeTables", "t")))
    flat = {**rest, **rest["properties"]}
    del flat["properties"]
    flat["subnets"] = [{"name": "web", "addressPrefix": "10.0.0.0/24", "routeTable": reference("routeTables", "t")}]
    table = resource("routeTables", "t", disableBgpRoutePropagation=True, routes=[])
    flat_table = {
        **{key: table[key] for key in ("id", "name", "type")},
        "disableBgpRoutePropagation": True,
        "routes": [],
    }

    found = network(tmp_path, [flat, flat_table])

    assert found.vnets["hub"].subnets[0].route_table == "t"
    assert not found.route_tables["t"].propagate_gateway_routes


def test_ids_match_without_regard_to_case(tmp_path: Path) -> None:
    web = subnet("web", networkSecurityGroup={"id": identity("networkSecurityGroups", "Web-NSG").upper()})

    found = network(tmp_path, vnet("hub", "10.0.0.0/16", web), nsg("web-nsg"))

    assert found.vnets["hub"].subnets[0].nsg == "web-nsg"


def test_a_resource_without_id_is_known_by_type_and_name(tmp_path: Path) -> None:
    hub = copy.deepcopy(_HUB)
    del hub["id"]

    assert list(network(tmp_path, hub).vnets) == ["hub"]


def test_children_may_be_resources_of_their_own(tmp_path: Path) -> None:
    found = network(
        tmp_path,
        vnet("hub"),
        vnet("spoke", "10.1.0.0/16"),
        resource("virtualNetworks/hub/subnets", "web", addressPrefix="10.0.1.0/24"),
        resource("virtualNetworks/hub/virtualNetworkPeerings", "p", **peering("p", "spoke")["properties"]),
        nsg("n"),
        resource("networkSecurityGroups/n/securityRules", "r", **rule()["properties"]),
        resource("routeTables", "t", disableBgpRoutePropagation=False),
        resource("routeTables/t/routes", "x", addressPrefix="10.9.0.0/16", nextHopType="None"),
    )

    assert [subnet.name for subnet in found.vnets["hub"].subnets] == ["web"]
    assert [(peering.local, peering.remote) for peering in found.peerings] == [("hub", "spoke")]
    assert [rule.name for rule in found.nsgs["n"].rules] == ["r"]
    assert [route.name for route in found.route_tables["t"].routes] == ["x"]


def test_the_same_id_with_different_content_is_an_error(tmp_path: Path) -> None:
    imported = read(tmp_path, vnet("hub", "10.0.0.0/16"), vnet("hub", "10.1.0.0/16"))

    assert errors(imported) == ["duplicate-id"]
    assert imported.diagnostics[0].span.file.endswith("1.json")
    assert imported.diagnostics[0].others[0][0].file.endswith("0.json")


def test_an_nsg_in_two_files_with_different_rules_is_an_error(tmp_path: Path) -> None:
    assert "duplicate-id" in errors(read(tmp_path, nsg("n", rule("a")), nsg("n", rule("a"), rule("b", 200))))
    assert "duplicate-id" in errors(read(tmp_path, nsg("n", rule("a")), nsg("n", rule("a", 200))))


def test_the_same_id_with_the_same_content_counts_once(tmp_path: Path) -> None:
    second = {**copy.deepcopy(_HUB), "etag": "other"}

    imported = read(tmp_path, _HUB, second)

    assert [found.code for found in imported.diagnostics] == ["read-twice"]
    assert list(imported.network.vnets) == ["hub"]


def test_in_a_recording_the_last_state_that_succeeded_counts(tmp_path: Path) -> None:
    def seen(state: str, *rules: dict[str, Any]) -> dict[str, Any]:
        return _call({"data": nsg("n", *rules, provisioningState=state)})

    states = [seen("Updating", rule("old")), seen("Succeeded", rule("new")), seen("Updating")]

    found = network(tmp_path, {"interactions": states})

    assert [rule.name for rule in found.nsgs["n"].rules] == ["new"]


def test_a_list_without_its_next_page_is_an_error(tmp_path: Path) -> None:
    assert errors(read(tmp_path, {"value": [_HUB], "nextLink": "https://more"})) == ["page-missing"]


def test_a_recording_may_hold_the_next_page_itself(tmp_path: Path) -> None:
    first = _call({"data": {"value": [_HUB], "nextLink": "https://more"}})
    second = _call({"data": {"value": [_SPOKE]}}, uri="https://more")

    assert list(network(tmp_path, {"interactions": [first, second]}).vnets) == ["hub", "spoke"]


def test_answers_that_failed_are_left_out(tmp_path: Path) -> None:
    other = [_call({"data": _SPOKE}, 404), _call({"string": "<xml/>"}), _call(None), None, {"response": 1}]
    recording = {"interactions": [_call({"data": _HUB}), *other]}

    assert list(network(tmp_path, recording).vnets) == ["hub"]


def test_equal_names_in_two_groups_are_told_apart_by_the_group(tmp_path: Path) -> None:
    other = f"{SUBSCRIPTION}/resourceGroups/other"
    twin = resource("virtualNetworks", "hub", other, addressSpace={"addressPrefixes": ["10.1.0.0/16"]})

    imported = read(tmp_path, vnet("HUB"), twin, vnet("lone", "10.2.0.0/16"))

    assert list(imported.network.vnets) == ["rg/HUB", "other/hub", "lone"]
    assert [found.code for found in imported.diagnostics] == ["name-used-twice"] * 2


def test_an_element_points_at_its_file_and_place(tmp_path: Path) -> None:
    found = network(tmp_path, {"value": [_SPOKE, vnet("hub", "10.0.0.0/16", subnet("web"))]})

    assert found.vnets["hub"].subnets[0].span.pointer == "/value/1/properties/subnets/0"
    assert found.vnets["hub"].span.file.endswith("0.json")


def test_a_peering_keeps_its_flags_and_state(tmp_path: Path) -> None:
    half = peering("p", "spoke", allowForwardedTraffic=True, useRemoteGateways=True, peeringState="Initiated")

    (found,) = network(tmp_path, vnet("hub", virtualNetworkPeerings=[half]), _SPOKE).peerings

    assert (found.allow_virtual_network_access, found.allow_forwarded_traffic) == (True, True)
    assert (found.allow_gateway_transit, found.use_remote_gateways) == (False, True)
    assert found.state is LinkState.INITIATED


@pytest.mark.parametrize(
    "broken",
    [
        {"addressSpace": "10.0.0.0/16"},
        {"addressSpace": {"addressPrefixes": [7]}},
        {"addressSpace": {"addressPrefixes": ["10.0.0/16"]}},
        {"subnets": {}},
        {"subnets": [7]},
        {"subnets": [{"name": "s"}]},
        {"subnets": [subnet("s", networkSecurityGroup=["x"])]},
        {"subnets": [subnet("s", defaultOutboundAccess="no")]},
        {"virtualNetworkPeerings": [{"name": "p", "properties": {}}]},
        {"virtualNetworkPeerings": [peering("p", "hub", peeringState="Odd")]},
        {"virtualNetworkPeerings": [peering("p", "hub", allowForwardedTraffic="yes")]},
    ],
)
def test_a_value_of_the_wrong_form_is_an_error(tmp_path: Path, broken: dict[str, Any]) -> None:
    assert "bad-value" in errors(read(tmp_path, resource("virtualNetworks", "hub", **broken)))


def test_resources_that_are_not_network_are_counted(tmp_path: Path) -> None:
    disk = {"id": f"{GROUP}/providers/Microsoft.Compute/disks/d", "name": "d", "type": "Microsoft.Compute/disks"}

    imported = read(tmp_path, [_HUB, disk])

    assert [found.code for found in imported.diagnostics] == ["not-network"]
    assert imported.network.unmodelled == ()


def test_a_subnet_of_the_text_completes_an_export_that_lacks_its_vnet(tmp_path: Path) -> None:
    own = Vnet("Hub", (parse_prefix("10.0.0.0/16"),), (Subnet("Web", "Hub", (parse_prefix("10.0.0.0/24"),)),))
    table = resource("routeTables", "t", routes=[], subnets=[{"id": subnet_id("hub", "web")}])
    (tmp_path / "t.json").write_text(json.dumps(table), encoding="utf-8")

    found = read_path(tmp_path, {"Hub": own}).network

    assert found.vnets["Hub"].subnets == (Subnet("Web", "Hub", (parse_prefix("10.0.0.0/24"),), route_table="t"),)
    assert found.unmodelled == ()


def test_several_exports_are_read_as_one(tmp_path: Path) -> None:
    for name, content in (
        ("vnets", _HUB),
        ("peers", [_SPOKE, vnet("far", virtualNetworkPeerings=[peering("p", "hub")])]),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")

    found = read_paths((tmp_path / "vnets.json", tmp_path / "peers.json")).network

    assert list(found.vnets) == ["hub", "spoke", "far"]
    assert found.unmodelled == ()


def test_json_inside_a_recorded_string_is_read_as_strictly(tmp_path: Path) -> None:
    recording = {
        "interactions": [_call({"data": _HUB}), _call({"string": '{"id": 1, "id": 2}'}), _call({"string": "{"})]
    }

    assert sorted(errors(read(tmp_path, recording))) == ["bad-json", "duplicate-key"]


def test_an_object_whose_id_names_no_type_is_not_left_out_in_silence(tmp_path: Path) -> None:
    found = read(tmp_path, [_HUB, {"id": "/subscriptions/s/providers/", "properties": {}}])

    assert list(found.network.vnets) == ["hub"]
    assert [one.code for one in found.diagnostics] == ["no-type"]
