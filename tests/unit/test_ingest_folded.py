"""Parts of load balancers that stand by themselves: pools and inbound NAT rules of templates and listings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import read, template, typed
from tests.unit.arm_templates import resource as planned
from tests.unit.arm_templates import subnet as planned_subnet
from tests.unit.arm_templates import vnet as planned_vnet
from tests.unit.azure_resources import identity, network, nic, resource, subnet, subnet_id, vnet

_LB = identity("loadBalancers", "lb")
_POOL = f"{_LB}/backendAddressPools/pool"
_HUB = vnet("hub", "10.0.0.0/16", subnet("db"))
_RULE: dict[str, Any] = {
    "frontendIPConfiguration": {"id": f"{_LB}/frontendIPConfigurations/front"},
    "backendIPConfiguration": {"id": f"{identity('networkInterfaces', 'a')}/ipConfigurations/c"},
    "protocol": "Tcp",
    "frontendPort": 50001,
    "backendPort": 22,
}
_MEMBERS = {"backendIPConfigurations": [_RULE["backendIPConfiguration"]]}


def _card() -> dict[str, Any]:
    card = nic("a", "10.0.0.4", subnet_id("hub", "db"))
    own = {"loadBalancerBackendAddressPools": [{"id": _POOL}]}
    own["loadBalancerInboundNatRules"] = [{"id": f"{_LB}/inboundNatRules/ssh"}]
    card["properties"]["ipConfigurations"][0]["properties"] |= own
    return card


def _balancer(**properties: Any) -> dict[str, Any]:
    front = {"privateIPAddress": "10.0.0.100", "subnet": {"id": subnet_id("hub", "db")}}
    ordinary = {"frontendIPConfigurations": [{"name": "front", "properties": front}]}
    empty: dict[str, Any] = {name: [] for name in ("loadBalancingRules", "probes", "outboundRules", "inboundNatRules")}
    pools = [{"name": "pool", "properties": _MEMBERS}]
    said = {**ordinary, **empty, "backendAddressPools": pools, **properties}
    return {**resource("loadBalancers", "lb", **said), "sku": {"name": "Standard"}}


def _rule(**properties: Any) -> dict[str, Any]:
    return resource("loadBalancers/lb/inboundNatRules", "ssh", **{**_RULE, **properties})


def test_a_rule_by_itself_is_one_of_its_load_balancer(tmp_path: Path) -> None:
    found = network(tmp_path, [_HUB, _card(), _balancer(), _rule()])

    (rule,) = found.load_balancers["lb"].rules
    assert (rule.name, rule.port, rule.members) == ("ssh", 50001, ("a",))
    assert rule.span.pointer == "/3"
    assert found.unmodelled == ()


def test_one_that_stands_there_as_well_is_the_same(tmp_path: Path) -> None:
    inside = [{"name": "SSH", "properties": {**_RULE, "provisioningState": "Succeeded"}}]

    found = network(tmp_path, _HUB, _card(), _balancer(inboundNatRules=inside), _rule())

    assert len(found.load_balancers["lb"].rules) == 1
    assert found.unmodelled == ()


def test_one_that_says_otherwise_leaves_its_network_open(tmp_path: Path) -> None:
    inside = [{"name": "ssh", "properties": _RULE}]

    found = network(tmp_path, _HUB, _card(), _balancer(inboundNatRules=inside), _rule(frontendPort=50002))

    assert {item.vnets for item in found.unmodelled} == {("hub",)}


def test_one_whose_load_balancer_is_not_there_is_in_doubt(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _card(), _rule())

    assert "loadbalancers/inboundnatrules `ssh`" in {item.what for item in found.unmodelled}


@pytest.mark.parametrize("listed", [[], [{"name": "pool"}], [{"name": "pool", "properties": {}}]])
def test_a_pool_by_itself_has_the_members_that_it_says(tmp_path: Path, listed: list[Any]) -> None:
    pool = resource("loadBalancers/lb/backendAddressPools", "pool", **_MEMBERS)

    found = network(tmp_path, _HUB, _card(), _balancer(backendAddressPools=listed), pool, _rule())

    assert found.unmodelled == ()


@pytest.mark.parametrize("members", [{}, {"condition": "[parameters('wanted')]"}])
def test_rules_that_a_template_declares_in_a_loop_belong_to_their_load_balancer(
    tmp_path: Path, members: dict[str, Any]
) -> None:
    where = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}
    front = {"id": "[resourceId('Microsoft.Network/loadBalancers/frontendIPConfigurations', 'lb', 'front')]"}
    own = {"frontendIPConfiguration": front, "protocol": "Tcp", "backendPort": 22}
    loop = {"name": "each", "count": 2}
    fronts = [{"name": "front", "properties": {"privateIPAddress": "10.0.0.100", "subnet": where}}]
    rule_id = {
        "id": "[resourceId('Microsoft.Network/loadBalancers/inboundNatRules', 'lb', concat('ssh', copyIndex()))]"
    }
    configuration = {"subnet": where, "loadBalancerInboundNatRules": [rule_id]}
    parts = (
        planned_vnet("v", "10.0.0.0/16", planned_subnet("s", "10.0.0.0/24")),
        planned("loadBalancers", "lb", {"frontendIPConfigurations": fronts}, sku={"name": "Standard"}),
        planned(
            "loadBalancers/inboundNatRules",
            "[concat('lb/ssh', copyIndex())]",
            {**own, "frontendPort": "[add(50000, copyIndex())]"},
            copy=loop,
            **members,
        ),
        planned(
            "networkInterfaces",
            "[concat('n', copyIndex())]",
            {
                "ipConfigurations": [
                    {
                        "name": "c",
                        "properties": {**configuration, "privateIPAddress": "[concat('10.0.0.1', copyIndex())]"},
                    }
                ]
            },
            copy=loop,
        ),
    )

    found = read(tmp_path, template(*parts, parameters=typed(wanted="bool"))).network

    ports = [rule.port for rule in found.load_balancers["lb"].rules]
    assert (ports, bool(found.unmodelled)) == (([], True) if members else ([50000, 50001], False))
