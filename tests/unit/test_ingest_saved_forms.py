"""The forms in which people save what Azure answered: tables, several values in a file, what browsers record."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import doubts, errors, identity, network, nsg, read, read_text, rule, subnet, vnet
from vnetverify.ingest import Imported

_HUB = vnet("hub", "10.0.0.0/16", subnet("web", delegations=[{"name": "x"}]))
_SPOKE = vnet("spoke", "10.1.0.0/16")
_COLUMNS = ["id", "name", "type", "location", "properties"]


def _table(*resources: dict[str, Any], **beside: Any) -> dict[str, Any]:
    rows = [[resource.get(name) for name in _COLUMNS] for resource in resources]
    data = {"columns": [{"name": name} for name in _COLUMNS], "rows": rows}
    return {"totalRecords": len(rows), "data": data, **beside}


def _log(*answers: tuple[str, Any]) -> dict[str, Any]:
    entries = [
        {"request": {"url": url}, "response": {"status": 200, "content": {"text": json.dumps(answer)}}}
        for url, answer in answers
    ]
    return {"log": {"version": "1.2", "entries": entries}}


def _helps(imported: Imported) -> list[str | None]:
    return [found.help for found in imported.diagnostics if found.help]


# -- tables of Resource Graph ---------------------------------------------------------------------------------


def test_a_table_of_resource_graph_is_read_as_its_rows_are_as_objects(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    of_table, of_objects = network(tmp_path, _table(_HUB, _SPOKE)), network(tmp_path / "a", [_HUB, _SPOKE])

    assert list(of_table.vnets) == ["hub", "spoke"]
    assert doubts(of_table) == doubts(of_objects) != []
    assert of_table.vnets["hub"].subnets[0].prefixes == of_objects.vnets["hub"].subnets[0].prefixes


def test_what_a_row_says_is_found_in_its_cell(tmp_path: Path) -> None:
    (item,) = network(tmp_path, _table(_HUB)).unmodelled

    assert item.span.pointer == "/data/rows/0/4"


@pytest.mark.parametrize("beside", [{"$skipToken": "abc"}, {"resultTruncated": "true"}, {"totalRecords": 2}])
def test_a_page_of_a_table_is_an_error(tmp_path: Path, beside: dict[str, str]) -> None:
    assert errors(read(tmp_path, _table(_HUB, **beside))) == ["page-missing"]


def test_a_table_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    narrow, doubled = _table(_HUB), _table(_HUB)
    narrow["data"]["rows"][0].pop()
    doubled["data"]["columns"][0] = {"name": "NAME"}

    assert "bad-table" in errors(read(tmp_path, narrow))
    assert "bad-table" in errors(read(tmp_path, doubled))


# -- several values, comments, encodings ----------------------------------------------------------------------


@pytest.mark.parametrize("joint", ["\n", "", " \r\n\t"], ids=["lines", "nothing", "blanks"])
def test_values_one_after_the_other_are_read_with_a_note(tmp_path: Path, joint: str) -> None:
    imported = read_text(tmp_path, joint.join((json.dumps([_HUB]), json.dumps(_SPOKE), "")))

    assert list(imported.network.vnets) == ["hub", "spoke"]
    assert [(found.code, found.severity.value) for found in imported.diagnostics] == [("odd-json", "note")]
    assert imported.network.vnets["spoke"].span.pointer == "/1"


def test_a_last_value_that_is_cut_off_is_an_error_in_its_line(tmp_path: Path) -> None:
    imported = read_text(tmp_path, f'{json.dumps(_HUB)}\n{json.dumps(_HUB)}\n{{"id": ')

    assert [(found.code, found.span.line) for found in imported.diagnostics] == [("bad-json", 3)]


def test_a_key_twice_in_a_later_value_is_an_error(tmp_path: Path) -> None:
    assert errors(read_text(tmp_path, f'{json.dumps(_HUB)}\n{{"a": 1, "a": 2}}')) == ["duplicate-key"]


def test_comments_in_an_export_are_passed_over_with_a_note(tmp_path: Path) -> None:
    text = (
        json.dumps([_HUB, _SPOKE], indent=1).replace('"name"', '/* of mine */ "name"').replace("[\n", "[ // all\n", 1)
    )
    imported = read_text(tmp_path, text)

    assert list(imported.network.vnets) == ["hub", "spoke"]
    assert [found.code for found in imported.diagnostics] == ["odd-json"]


def test_what_looks_like_a_comment_in_a_string_is_kept(tmp_path: Path) -> None:
    hub = vnet("hub", "10.0.0.0/16", tags=None)
    hub["tags"] = {"url": "https://example.org/*x*/"}
    imported = read_text(tmp_path, "// mine\n" + json.dumps(hub))

    assert imported.network.vnets["hub"].tags == (("url", "https://example.org/*x*/"),)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_json_is_read(tmp_path: Path, encoding: str) -> None:
    assert list(read_text(tmp_path, json.dumps(_HUB).encode(encoding)).network.vnets) == ["hub"]


# -- what is no export ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({"value": [{"source": "Default", "state": "Active", "addressPrefix": ["10.0.0.0/16"], "nextHopType": "None"}]},
         "effective routes"),
        ({"value": [{"networkSecurityGroup": {"id": identity("networkSecurityGroups", "n")}, "association": {},
                     "effectiveSecurityRules": []}]}, "effective security rules"),
        ({"nextHopType": "Internet", "nextHopIpAddress": None, "routeTableId": "System Route"}, "next hop"),
        ({"access": "Allow", "ruleName": "r"}, "verdict on one flow"),
    ],
)  # fmt: skip
def test_what_azure_says_of_an_interface_is_for_conform(tmp_path: Path, answer: object, what: str) -> None:
    imported = read(tmp_path, answer)

    assert "no-resources" in errors(imported)
    assert any(what in found.message for found in imported.diagnostics)
    assert any("vnetverify conform" in str(advice) for advice in _helps(imported))


def test_objects_of_powershell_are_an_error_that_says_what_to_take(tmp_path: Path) -> None:
    imported = read(tmp_path, [{"Id": identity("virtualNetworks", "v"), "Name": "v", "AddressSpace": {}}])

    assert "unsupported-format" in errors(imported)
    assert any("-Depth 100" in str(advice) for advice in _helps(imported))


def test_what_powershell_has_cut_off_is_never_read_as_nothing(tmp_path: Path) -> None:
    cut = {**_HUB, "properties": "@{provisioningState=Succeeded; addressSpace=; subnets=System.Object[]}"}
    deeper = {**_SPOKE, "properties": {"addressSpace": "@{addressPrefixes=System.Object[]}", "subnets": []}}

    assert errors(read(tmp_path, cut)) != []
    assert errors(read(tmp_path, deeper)) != []


# -- recordings ------------------------------------------------------------------------------------------------


def test_a_recording_of_a_browser_is_read_whatever_else_it_asked_for(tmp_path: Path) -> None:
    pages = ("https://a/list", {"value": [_HUB], "nextLink": "https://a/list?p=2"}), (
        "https://a/list?p=2", {"value": [_SPOKE]},
    )  # fmt: skip
    found = network(tmp_path, _log(*pages, ("https://b/telemetry", {"ok": True}), ("https://b/feed", [1])))

    assert list(found.vnets) == ["hub", "spoke"]


def test_a_recording_of_a_browser_without_its_last_page_is_an_error(tmp_path: Path) -> None:
    assert errors(read(tmp_path, _log(("https://a", {"value": [_HUB], "nextLink": "https://a?p=2"})))) == [
        "page-missing"
    ]


def test_a_recorded_answer_may_be_written_in_base_64(tmp_path: Path) -> None:
    log = _log(("https://a", _HUB))
    content = log["log"]["entries"][0]["response"]["content"]
    content.update(text=base64.b64encode(content["text"].encode()).decode(), encoding="base64")

    assert list(network(tmp_path, log).vnets) == ["hub"]


def test_of_a_resource_twice_in_a_recording_the_last_that_succeeded_counts(tmp_path: Path) -> None:
    first, last, failed = (nsg("n", rule(name), provisioningState=state) for name, state in
                           (("old", "Succeeded"), ("new", "Succeeded"), ("bad", "Failed")))  # fmt: skip
    found = network(tmp_path, _log(("https://a", first), ("https://a", last), ("https://a", failed)))

    assert [one.name for one in found.nsgs["n"].rules] == ["new"]


# -- what Python's SDK prints ----------------------------------------------------------------------------------


_OF_SDK = {
    "id": identity("virtualNetworks", "hub"),
    "name": "hub",
    "type": "Microsoft.Network/virtualNetworks",
    "location": "westeurope",
    "tags": {"cost_center": "it"},
    "address_space": {"address_prefixes": ["10.0.0.0/16"]},
    "subnets": [
        {
            "id": identity("virtualNetworks", "hub") + "/subnets/web",
            "name": "web",
            "address_prefix": "10.0.0.0/24",
            "default_outbound_access": False,
            "not_of_today": 1,
        }
    ],
    "virtual_network_peerings": [],
    "provisioning_state": "Succeeded",
}


def test_names_of_python_are_read_as_those_of_azure_but_not_where_the_user_gave_them(tmp_path: Path) -> None:
    hub = network(tmp_path, [_OF_SDK]).vnets["hub"]

    assert (str(hub.subnets[0].prefixes[0]), hub.subnets[0].default_outbound) == ("10.0.0.0/24", False)
    assert hub.tags == (("cost_center", "it"),)


def test_what_is_not_known_under_a_name_of_python_is_found_where_it_stands(tmp_path: Path) -> None:
    (item,) = network(tmp_path, [_OF_SDK]).unmodelled

    assert (item.what, item.span.pointer) == ("`notOfToday` of subnet `web`", "/0/subnets/0/not_of_today")


def test_a_name_of_python_beside_the_property_that_it_stands_for_takes_nothing_from_it(tmp_path: Path) -> None:
    both = {**_OF_SDK, "subnets": [], "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}

    found = network(tmp_path, [both])

    assert [str(prefix) for prefix in found.vnets["hub"].address_space] == ["10.1.0.0/16"]
    assert [item.what for item in found.unmodelled] == ["`address_space` of vnet `hub`"]


def test_a_public_address_of_python_names_what_has_it(tmp_path: Path) -> None:
    public = {
        "id": identity("publicIPAddresses", "ip"),
        "ip_address": "203.0.113.4",
        "ip_configuration": {"id": f"{identity('networkInterfaces', 'n')}/ipConfigurations/c"},
        "public_ip_allocation_method": "Static",
    }

    found = network(tmp_path, [_OF_SDK, public])

    assert ("`n`, which public address `ip` names", ("hub",)) in doubts(found)
