"""A list that is decoded entry by entry says what it says when it is decoded as a whole, in fewer objects."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.azure_resources import errors, identity, nic, nsg, read_text, reference, rule, subnet, subnet_id, vnet
from vnetverify.ingest import Imported, documents
from vnetverify.ingest.answers import resources_in
from vnetverify.ingest.documents import read_documents
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.rule_lists import RuleList, rule_list

_WEB = nsg("web", rule("a"))
_SUBNET = subnet_id("v", "s")
_OUTSIDE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"


def _flat(one: dict[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "etag": "e", **one["properties"]}


def _named(one: dict[str, Any], name: Any, **beside: Any) -> dict[str, Any]:
    return {**one, "name": name, **beside}


_RULES = st.sampled_from(
    [
        rule("a"),
        rule("A", 101),
        rule("b", 102, description='{"a": 1}', provisioningState="Succeeded"),
        rule("c", 103, sourcePortRanges=[], destinationAddressPrefixes=[]),
        rule("d", 104, destinationPortRange="", destinationPortRanges=["22", "80-90"]),
        rule("e", 105, sourceAddressPrefix=None, sourceAddressPrefixes=["10.0.0.0/8", "fd00::/8"]),
        rule("f", 106, sourceApplicationSecurityGroups=[reference("applicationSecurityGroups", "web")]),
        rule("g", 107, protocol="Icmp", access="deny", direction="OUTBOUND"),
        rule("h", 108, destinationPortRange="443 "),
        rule("i", 109, destinationPortRange="70000"),
        rule("j", 110, novelty="x"),
        rule("k", 111, description=[["x"]]),
        rule("l", True),
        rule("m", 113, sourceAddressPrefix="Internet", destinationAddressPrefixes=["Storage"]),
        _flat(rule("n", 114)),
        _named(rule("o", 115), "o", id=f"{_OUTSIDE}/p"),
        _named(rule("q", 116), "ß"),
        _named(rule("x", 120), "x", id=7),
        _named(rule("y", 121), ["y"]),
        _named(rule("r", 117), "x" * 300),
        _named(rule("s", 118), 7),
        _named(rule("t", 119), "t", systemData={"createdBy": "x", "createdby": "x"}),
        {"name": "u", "properties": None},
        {"name": "v"},
        {},
        "w",
    ]
)
_GROUPS = st.builds(
    lambda name, rules, more: {**nsg(name, *rules), **more},
    st.sampled_from(["web", "db", "WEB", "spare"]),
    st.lists(_RULES, max_size=4),
    st.sampled_from([{}, {"etag": "e"}, {"location": "x", "securityRules": []}, {"tags": {"a": '":', "b": None}}]),
)
_ATTACHED = vnet(
    "v",
    "10.0.0.0/16",
    subnet("s", networkSecurityGroup=reference("networkSecurityGroups", "web")),
    subnet("t", "10.0.1.0/24", networkSecurityGroup=reference("networkSecurityGroups", "db")),
)
_OTHERS = st.sampled_from(
    [
        {"id": identity("networkSecurityGroups", "web") + "/securityRules/a", **rule("a", 90)},
        nic("card", "10.0.0.4", subnet_id("v", "s"), networkSecurityGroup=reference("networkSecurityGroups", "db")),
        {"id": identity("networkSecurityGroups", "db") + "/securityRules/x", "name": "x", **rule("x", 120)},
        {"id": identity("networkSecurityGroups", "web"), "name": "web"},
        {"id": identity("applicationSecurityGroups", "web"), "name": "web", "properties": {}},
        {"nextLink": None},
    ]
)
_WRAPPINGS = st.sampled_from(
    ["%s", '{"value": %s}', ' {"count" : 2, "data" :%s, "rest": {}}', '{"value":%s,"Value":1}']
)


def _read_as_a_whole(folder: Path, text: str) -> Imported:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "listing", lambda *_: None)
        return read_text(folder, text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_GROUPS | _OTHERS, min_size=1, max_size=5), _WRAPPINGS, st.sampled_from([None, 1]))
@example([nsg("web", rule("a", novelty="x"))], "%s", None)
@example([{"id": identity("networkSecurityGroups", "web") + "/securityRules/a", **rule("a", 90)}, _WEB], "%s", None)
def test_entry_by_entry_and_as_a_whole_are_one(
    tmp_path: Path, entries: list[Any], wrapping: str, indent: int | None
) -> None:
    text = wrapping % json.dumps([*entries, _ATTACHED], indent=indent)

    assert read_text(tmp_path, text) == _read_as_a_whole(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": {"b": 1, "b": 2}}]',
        '[{"a": {"b" : 1, "B" : 2}}]',
        '{"value": [{}, {"a": {"id": "x", "id": "y"}}]}',
        '{"value": [{}], "value": [{}]}',
        '{"value": [{}, 1, {"id": NaN}]}',
        '{"value": [{}, {}',
        '{"value": [{}, {},]}',
        '{"value": [{}] "a": 1}',
        '{"value": [{}]}}',
        '[{"a": ' + "[" * 199 + "]" * 199 + "}]",
        '[{"a": 1e999}]',
    ],
)
def test_what_is_wrong_with_a_list_is_said_as_ever(tmp_path: Path, text: str) -> None:
    found = read_text(tmp_path, text)

    assert errors(found)
    assert found == _read_as_a_whole(tmp_path, text)


def _inventory(folder: Path, *bodies: Any) -> tuple[list[Resource], Inventory]:
    path = folder / "export.json"
    path.write_text(json.dumps({"value": bodies}))
    found = [one for document in read_documents(path)[0] for one in resources_in(document)[0]]
    return found, Inventory(found, Findings())


def test_the_rules_of_a_group_are_no_resources_where_nothing_else_speaks_of_them(tmp_path: Path) -> None:
    (group,), inventory = _inventory(tmp_path, nsg("web", rule("a"), rule("b", 101, destinationPortRanges=["1", "2"])))

    listed = rule_list(group)
    assert listed is not None
    assert [found.name for found in listed.rules] == ["a", "b"]
    assert listed.rules[1].span.pointer == "/value/0/properties/securityRules/1"
    assert list(inventory.all()) == [group]


def test_a_rule_that_is_no_resource_is_found_by_its_id(tmp_path: Path) -> None:
    (group,), inventory = _inventory(tmp_path, nsg("web", rule("a")))

    found = inventory.find(f"{group.key}/securityrules/a")
    assert found is not None
    assert found.body == rule("a")
    assert f"{group.key}/securityrules/b" not in inventory


def test_a_group_that_stands_twice_has_its_rules_as_resources(tmp_path: Path) -> None:
    _, inventory = _inventory(tmp_path, nsg("web", rule("a")), nsg("WEB", rule("a")))

    assert [found.kind.rpartition("/")[2] for found in inventory.all()] == ["networksecuritygroups", "securityrules"]


def test_what_was_read_is_let_go_without_the_collector_of_cycles(tmp_path: Path) -> None:
    text = json.dumps([nsg("web", rule("a")), vnet("v", "10.0.0.0/16", subnet("s")), nic("n", "10.0.0.4", _SUBNET)])
    gc.collect()
    gc.disable()
    try:
        read_text(tmp_path, text)
        kept = [found for found in gc.get_objects() if isinstance(found, Inventory | Resource | RuleList)]
    finally:
        gc.enable()

    assert kept == []
