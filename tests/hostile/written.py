"""Networks of the specs written as templates, plans and states, and a template that uses most of its language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.unit.arm_templates import PARAMETERS_SCHEMA, nested, resource, subnet, template, vnet
from tests.unit.deployable_networks import deployable
from tests.unit.template_writer import TemplateWriter
from tests.unit.terraform_writer import as_plan
from vnetverify.syntax import read_text
from vnetverify.testing.azure_json import azure_resources

_SEED = Path(__file__).resolve().parents[2] / "specs" / "seed"
_NAMES = (
    "hub-and-spoke",
    "service-chaining",
    "internal-load-balancer",
    "security-groups-closed",
    "dns-server-in-the-peer",
)


@cache
def _networks() -> tuple[tuple[str, list[dict[str, Any]]], ...]:
    networks = (deployable(read_text((_SEED / f"{name}.vnet").read_text()).network) for name in _NAMES)
    return tuple(zip(_NAMES, map(azure_resources, networks), strict=True))


def templates() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resources in _networks():
        yield name, TemplateWriter(Random(name).randrange).template(resources)


def plans() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resources in _networks():
        yield name, as_plan(resources)


def states() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each network as `terraform show -json` tells it, and as the file of a backend has it."""
    for name, plan in plans():
        root = plan["planned_values"]["root_module"]
        yield name, {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": root}}
        held = [
            {key: one[key] for key in ("mode", "type", "name")}
            | {"provider": "azurerm", "instances": [{"attributes": one["values"] | {"id": f"/{one['address']}"}}]}
            for one in root["resources"]
        ]
        yield name, {"version": 4, "terraform_version": "1.5.7", "serial": 1, "lineage": "l", "resources": held}


def with_parameters() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a template and the file of its parameters."""
    given = {
        "prefix": {"value": "10.0.0.0/16"},
        "spokes": {"value": [{"name": "a", "space": "10.1.0.0/16"}, {"name": "b", "space": "10.2.0.0/16"}]},
        "isOpen": {"value": True},
    }
    return _rich(), {"$schema": PARAMETERS_SCHEMA, "contentVersion": "1.0.0.0", "parameters": given}


def _rich() -> dict[str, Any]:
    spoke = vnet(
        "[f.named(parameters('spokes')[copyIndex()].name)]",
        "[parameters('spokes')[copyIndex()].space]",
        copy={"name": "spokes", "count": "[length(parameters('spokes'))]"},
        dependsOn=["[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]"],
    )
    hub = vnet(
        "[concat(variables('hub'), '')]",
        "[parameters('prefix')]",
        subnet("s", "[cidrSubnet(parameters('prefix'), 24, 0)]", networkSecurityGroup={"id": "[variables('nsg')]"}),
        condition="[and(parameters('isOpen'), not(empty(variables('names'))))]",
        tags="[union(createObject('a', 'b'), json('{\"c\": \"d\"}'))]",
    )
    rules = {
        "name": "securityRules",
        "count": "[min(length(variables('ports')), 5)]",
        "input": {
            "name": "[format('allow-{0}', variables('ports')[copyIndex('securityRules')])]",
            "properties": {
                "priority": "[add(100, mul(10, copyIndex('securityRules')))]", "direction": "Inbound",
                "access": "[if(parameters('isOpen'), 'Allow', 'Deny')]", "protocol": "Tcp", "sourcePortRange": "*",
                "destinationPortRange": "[string(variables('ports')[copyIndex('securityRules')])]",
                "sourceAddressPrefix": "*", "destinationAddressPrefix": "[first(split(parameters('prefix'), ','))]",
            },
        },
    }  # fmt: skip
    inner = template(vnet("[parameters('name')]", "10.9.0.0/16"), parameters={"name": {"type": "string"}})
    function = {
        "parameters": [{"name": "p", "type": "string"}],
        "output": {"type": "string", "value": "[toLower(concat('spoke-', parameters('p')))]"},
    }
    return template(
        hub,
        spoke,
        resource("networkSecurityGroups", "nsg", {"copy": [rules]}),
        nested("inner", inner, parameters={"name": "[uniqueString(resourceGroup().id, 'x')]"}),
        parameters={
            "prefix": {"type": "string", "minLength": 3},
            "spokes": {"type": "array", "maxLength": 9},
            "isOpen": {"type": "bool", "defaultValue": False},
        },
        variables={
            "hub": "[concat('hub-', substring(parameters('prefix'), 0, 2))]",
            "nsg": "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]",
            "names": "[map(parameters('spokes'), lambda('s', lambdaVariables('s').name))]",
            "copy": [{"name": "ports", "count": 3, "input": "[add(mul(copyIndex('ports'), 100), 22)]"}],
            "text": json.dumps({"a": [1, 2]}),
        },
        functions=[{"namespace": "f", "members": {"named": function}}],
        outputs={"id": {"type": "string", "value": "[reference(variables('nsg'), '2024-05-01').resourceGuid]"}},
    )
