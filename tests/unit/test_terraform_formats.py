"""The formats in which Terraform tells of resources, and what each of them does not know."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    ASSOCIATION,
    RULE,
    Module,
    Planned,
    block,
    doubts,
    identity,
    plan,
    planned,
    read,
    read_network,
    refers,
    state,
    subnet,
    vnet,
)
from vnetverify.diagnostic import Severity
from vnetverify.ingest import read_path
from vnetverify.ingest.terraform.addresses import Index, module_path, spelt, steps_of
from vnetverify.ingest.terraform.instances import marked
from vnetverify.ingest.unknown import Unknown

_HUB = identity("virtualNetworks", "hub")
_APP = f"{_HUB}/subnets/app"


def _raw(*resources: dict[str, Any], version: int = 4) -> dict[str, Any]:
    return {"version": version, "terraform_version": "1.5.7", "serial": 1, "lineage": "l", "resources": list(resources)}


def _held(kind: str, name: str, *instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    provider = 'provider["registry.example/hashicorp/azurerm"]'
    return {
        "mode": "managed",
        "type": f"azurerm_{kind}",
        "name": name,
        "provider": provider,
        "instances": list(instances),
    } | more


_RAW_HUB = _held(
    "virtual_network",
    "hub",
    {
        "attributes": {
            "id": _HUB,
            "name": "hub",
            "resource_group_name": "rg",
            "address_space": ["10.0.0.0/16"],
            "subnet": [],
        }
    },
)
_RAW_SUBNETS = _held(
    "subnet",
    "s",
    *(
        {
            "index_key": key,
            "attributes": {
                "id": f"{_HUB}/subnets/{key}",
                "name": key,
                "resource_group_name": "rg",
                "virtual_network_name": "hub",
                "address_prefixes": [f"10.0.{at}.0/24"],
            },
        }
        for at, key in enumerate(("a", "b"))
    ),
)


# -- states -----------------------------------------------------------------------------------------------


def test_a_raw_state_is_read_with_its_instances_and_modules(tmp_path: Path) -> None:
    moved = _RAW_SUBNETS | {"module": 'module.net["x"]'}

    network = read_network(tmp_path, _raw(_RAW_HUB, moved))

    assert [subnet.id for subnet in network.subnets()] == ["hub.a", "hub.b"]
    assert network.vnets["hub"].subnets[1].span.pointer == "/resources/1/instances/1"
    assert network.unmodelled == ()


def test_what_is_deposed_may_still_be_there(tmp_path: Path) -> None:
    old = {"deposed": "a1b2", "attributes": {"id": _HUB, "name": "hub", "resource_group_name": "rg"}}
    both = _RAW_HUB | {"instances": [*_RAW_HUB["instances"], old]}

    assert any("not yet destroyed" in said for said in doubts(read_network(tmp_path, _raw(both))))


def test_a_tainted_resource_is_there_until_it_is_replaced(tmp_path: Path) -> None:
    tainted = _RAW_HUB | {"instances": [_RAW_HUB["instances"][0] | {"status": "tainted"}]}

    assert list(read_network(tmp_path, _raw(tainted)).vnets) == ["hub"]


def test_sensitive_attributes_of_a_raw_state_are_not_read(tmp_path: Path) -> None:
    path = [{"type": "get_attr", "value": "address_space"}]
    hidden = _RAW_HUB | {"instances": [_RAW_HUB["instances"][0] | {"sensitive_attributes": [path]}]}

    network = read_network(tmp_path, _raw(hidden))

    assert network.vnets["hub"].address_space == ()
    assert any("marked as sensitive" in said for said in doubts(network))


def test_an_old_state_is_refused_with_what_to_do(tmp_path: Path) -> None:
    imported = read(tmp_path, {"version": 3, "terraform_version": "0.11.14", "modules": []})

    assert any("`terraform show -json` writes one that is read" in found.message for found in imported.diagnostics)


# -- plans ------------------------------------------------------------------------------------------------


def test_a_part_of_a_plan_is_read_as_one(tmp_path: Path) -> None:
    whole = plan(vnet("hub"), subnet("app", "hub"))

    for part in (whole["planned_values"], {"planned_values": whole["planned_values"]}):
        network = read_network(tmp_path, part)

        assert [subnet.id for subnet in network.subnets()] == ["hub.app"]
        assert network.unmodelled == ()


def test_changes_without_a_configuration_do_not_tell_what_is_fastened_where(tmp_path: Path) -> None:
    table = planned("route_table", "via", route=[], later={"id": True, "subnets": True})
    fastened = planned(
        "subnet_route_table_association", "a", later={"id": True, "route_table_id": True, "subnet_id": True}
    )
    whole = plan(vnet("hub"), subnet("app", "hub"), subnet("db", "hub", "10.0.1.0/24"), table, fastened)

    network = read_network(tmp_path, whole)

    assert any("`azurerm_subnet_route_table_association.a`" in doubt for doubt in doubts(network))


def test_a_part_of_a_plan_leaves_out_where_a_route_leads(tmp_path: Path) -> None:
    route = {"name": "default", "address_prefix": "0.0.0.0/0", "next_hop_type": "VirtualAppliance"}
    table = planned("route_table", "via", route=[route], id=identity("routeTables", "via"))
    fastened = planned("subnet_route_table_association", "a", subnet_id=_APP, route_table_id=table.values["id"])
    whole = plan(vnet("hub", id=_HUB), subnet("app", "hub", id=_APP), table, fastened)

    network = read_network(tmp_path, whole["planned_values"])

    assert any("the document leaves it out" in doubt for doubt in doubts(network))


def test_what_a_document_leaves_out_of_a_rule_or_a_network_is_not_known(tmp_path: Path) -> None:
    rule = {"name": "ssh", "priority": 100, "direction": "Inbound", "access": "Allow", "destination_port_range": "22"}
    group = planned("network_security_group", "g", security_rule=[rule], id=identity("networkSecurityGroups", "g"))
    fastened = planned(ASSOCIATION, "a", subnet_id=_APP, network_security_group_id=group.values["id"])
    hub = planned("virtual_network", "hub", id=_HUB)
    whole = plan(hub, subnet("app", "hub", id=_APP), group, fastened)

    said = doubts(read_network(tmp_path, whole["planned_values"]))

    left_out = [doubt.split(":")[0] for doubt in said if doubt.endswith("the document leaves it out")]
    assert left_out == [
        "`addressSpace` of vnet `hub`",
        "`protocol` of rule `ssh`",
        "`sourcePortRange` of rule `ssh`",
        "`sourceAddressPrefix` of rule `ssh`",
        "`destinationAddressPrefix` of rule `ssh`",
    ]


def test_changes_alone_tell_what_will_be(tmp_path: Path) -> None:
    whole = plan(
        vnet("hub"), subnet("app", "hub"), vnet("old", actions=("delete",), id=identity("virtualNetworks", "old"))
    )
    del whole["planned_values"]

    network = read_network(tmp_path, whole)

    assert list(network.vnets) == ["hub"]
    assert network.vnets["hub"].span.pointer == "/resource_changes/0"


def test_what_is_deleted_is_gone_and_what_is_forgotten_is_there(tmp_path: Path) -> None:
    gone, forgotten = (
        vnet(name, id=identity("virtualNetworks", name), actions=(action,))
        for name, action in (("gone", "delete"), ("forgotten", "forget"))
    )

    assert sorted(read_network(tmp_path, plan(vnet("hub"), gone, forgotten)).vnets) == ["forgotten", "hub"]


def test_a_deferred_change_may_be_anything(tmp_path: Path) -> None:
    deferred = {
        "reason": "resource_config_unknown",
        "resource_change": {
            "address": "azurerm_virtual_network.more",
            "mode": "managed",
            "type": "azurerm_virtual_network",
            "name": "more",
            "change": {"actions": ["create"], "after": {"name": "more"}, "after_unknown": {"id": True}},
        },
    }

    network = read_network(tmp_path, plan(vnet("hub"), deferred_changes=[deferred]))

    assert [item.vnets for item in network.unmodelled] == [()]


def test_a_document_without_resources_is_an_error(tmp_path: Path) -> None:
    for document in ({"terraform_version": "1.5.7"}, plan(), [plan(vnet("hub"))]):
        assert any(found.severity is Severity.ERROR for found in read(tmp_path, document).diagnostics)


def test_drift_is_told_and_a_plan_with_errors_is_one(tmp_path: Path) -> None:
    drifted = read(tmp_path, plan(vnet("hub"), resource_drift=[{"address": "azurerm_virtual_network.hub"}]))
    errored = read(tmp_path, plan(vnet("hub"), errored=True))

    assert "terraform-drift" in [found.code for found in drifted.diagnostics]
    assert [found.code for found in errored.diagnostics if found.severity is Severity.ERROR] == ["plan-incomplete"]


def test_what_a_plan_hides_is_not_read(tmp_path: Path) -> None:
    document = plan(vnet("hub"), subnet("app", "hub"))
    document["resource_changes"][1]["change"]["after_sensitive"] = {"address_prefixes": [True]}

    network = read_network(tmp_path, document)

    assert network.vnets["hub"].subnets[0].prefixes == ()
    assert any("marked as sensitive" in said for said in doubts(network))


def test_subscriptions_of_providers_keep_resources_of_one_name_apart(tmp_path: Path) -> None:
    networks = [vnet("one", name="net"), vnet("two", "10.1.0.0/16", name="net")]
    blocks = [
        block("virtual_network", name) | {"provider_config_key": f"azurerm{alias}"}
        for name, alias in (("one", ""), ("two", ".other"))
    ]

    inner = subnet("app", "net", "10.1.0.0/24")
    blocks.append(block("subnet", "app") | {"provider_config_key": "azurerm.other"})

    network = read_network(tmp_path, plan(*networks, inner, configuration=Module(blocks)))

    assert {str(vnet.address_space[0]): len(vnet.subnets) for vnet in network.vnets.values()} == {
        "10.0.0.0/16": 0,
        "10.1.0.0/16": 1,
    }


# -- data sources -----------------------------------------------------------------------------------------


def _seen(*resources: Planned) -> dict[str, Any]:
    return {"prior_state": state(*resources)}


def test_what_a_data_source_saw_is_known_as_far_as_it_tells(tmp_path: Path) -> None:
    seen = vnet("hub", id=_HUB, is_data=True, subnets=["app"])
    app = subnet(
        "app",
        "hub",
        id=_APP,
        is_data=True,
        network_security_group_id=identity("networkSecurityGroups", "g"),
        route_table_id="",
    )
    group = planned(
        "network_security_group", "g", is_data=True, id=identity("networkSecurityGroups", "g"), security_rule=[RULE]
    )

    network = read_network(tmp_path, plan(vnet("spoke", "10.1.0.0/16"), **_seen(seen, app, group)))

    assert network.vnets["hub"].subnets[0].nsg == "g"
    assert len(network.nsgs["g"].rules) == 1
    assert any("a data source does not tell it" in said for said in doubts(network))
    assert {vnet for item in network.unmodelled for vnet in item.vnets} == {"hub"}


def test_an_association_replaces_what_a_data_source_saw(tmp_path: Path) -> None:
    app = subnet(
        "app", "hub", id=_APP, is_data=True, network_security_group_id=identity("networkSecurityGroups", "old")
    )
    fastened = planned(
        "subnet_network_security_group_association",
        "a",
        subnet_id=_APP,
        network_security_group_id=identity("networkSecurityGroups", "new"),
    )
    groups = [planned("network_security_group", name, security_rule=[]) for name in ("old", "new")]

    network = read_network(tmp_path, plan(vnet("hub"), *groups, fastened, **_seen(app)))

    assert network.vnets["hub"].subnets[0].nsg == "new"


def test_a_data_source_that_is_read_later_stands_for_the_resource_that_it_names(tmp_path: Path) -> None:
    later = vnet("hub", is_data=True, later={"address_space": True})
    half = planned(
        "virtual_network_peering", "p", virtual_network_name="spoke", later={"remote_virtual_network_id": True}
    )
    written = block(
        "virtual_network_peering", "p", remote_virtual_network_id=refers("data.azurerm_virtual_network.hub.id")
    )

    network = read_network(tmp_path, plan(vnet("spoke", "10.1.0.0/16"), later, half, configuration=Module([written])))

    assert [(one.local, one.remote) for one in network.peerings] == [("spoke", "hub")]


def test_what_is_managed_goes_before_what_a_data_source_saw_of_it(tmp_path: Path) -> None:
    seen = vnet("hub", "10.8.0.0/16", id=_HUB, is_data=True)

    network = read_network(tmp_path, plan(vnet("hub", id=_HUB, actions=("update",)), **_seen(seen)))

    assert [str(one) for one in network.vnets["hub"].address_space] == ["10.0.0.0/16"]
    assert network.unmodelled == ()


# -- parts ------------------------------------------------------------------------------------------------


def test_addresses_are_taken_apart_with_keys_that_hold_anything() -> None:
    assert steps_of('azurerm_subnet.s["a.b[\\"c\\"]"].id') == ("azurerm_subnet", "s", Index('a.b["c"]'), "id")
    assert steps_of("azurerm_subnet.s[0].id") == ("azurerm_subnet", "s", Index(0), "id")
    assert steps_of("a..b") is None
    assert module_path('module.hub["/x/y"].module.net[1]') == (("hub", "/x/y"), ("net", 1))
    assert module_path("hub") is None
    assert spelt('a"b') == '["a\\"b"]'


def test_marks_of_what_is_later_and_what_is_hidden_stand_in_the_values() -> None:
    found = marked({"a": [1, None], "b": {"c": 2}, "d": 3}, {"a": [False, True], "e": True}, {"b": {"c": True}})

    assert found["a"][0] == 1
    assert isinstance(found["a"][1], Unknown)
    assert isinstance(found["b"]["c"], Unknown)
    assert isinstance(found["e"], Unknown)
    assert found["d"] == 3


def _mutated(value: Any, chance: random.Random) -> Any:
    """Return `value` with something else in one place."""
    strange = [
        None,
        True,
        0,
        -1,
        "",
        "x",
        [],
        {},
        [None],
        {"id": None},
        "/subscriptions/a",
        ["a", 1],
        {"references": [1]},
    ]
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        return {**value, key: _mutated(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        return [*value[:at], _mutated(value[at], chance), *value[at + 1 :]]
    return chance.choice(strange)


@pytest.mark.parametrize("seed", range(3))
def test_a_document_with_anything_anywhere_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    fastened = planned(
        "subnet_network_security_group_association", "a", later={"subnet_id": True, "network_security_group_id": True}
    )
    written = block(
        "subnet_network_security_group_association",
        "a",
        subnet_id=refers("azurerm_subnet.app.id"),
        network_security_group_id=refers("azurerm_network_security_group.g.id"),
    )
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        planned("network_security_group", "g", security_rule=[RULE]),
        fastened,
        planned("lb", "lb", frontend_ip_configuration=[{"name": "f", "subnet_id": _APP}]),
        planned("lb_rule", "r", loadbalancer_id=identity("loadBalancers", "lb"), frontend_ip_configuration_name="f"),
        planned("private_endpoint", "pe", subnet_id=_APP, private_service_connection=[{"name": "c"}]),
        configuration=Module([written]),
        prior_state=state(vnet("seen", is_data=True)),
        deferred_changes=[{"resource_change": {"type": "azurerm_subnet", "name": "x", "change": {"after": {}}}}],
    )
    for _ in range(60):
        changed = document
        for _ in range(chance.randint(1, 4)):
            changed = _mutated(changed, chance)
        (tmp_path / "plan.json").write_text(json.dumps(changed), encoding="utf-8")

        found = read_path(tmp_path / "plan.json")

        assert found.diagnostics or found.network.vnets, "neither a network nor a message"
