"""Whatever stands where in a template, reading ends in a network and diagnostics, never in a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import nested, resource, subnet, template, vnet
from tests.unit.azure_resources import strange_variants
from vnetverify.diagnostic import Severity
from vnetverify.ingest import read_path
from vnetverify.model.wellformed import check

_LOOPS: dict[str, Any] = {
    "parameters": {"count": {"type": "int", "defaultValue": 2, "maxValue": 4}, "open": {"type": "string"}},
    "variables": {
        "copy": [{"name": "all", "count": 2, "input": {"name": "[copyIndex('all')]"}}],
        "n": "[variables('all')]",
    },
    "functions": [
        {
            "namespace": "f",
            "members": {
                "g": {
                    "parameters": [{"name": "p", "type": "string"}],
                    "output": {"type": "string", "value": "[concat(parameters('p'), 'x')]"},
                }
            },
        }
    ],
}
_LOOPED = template(
    vnet("[f.g(string(copyIndex()))]", "10.0.0.0/16", copy={"name": "c", "count": "[parameters('count')]"}),
    resource(
        "networkSecurityGroups",
        "nsg",
        {"copy": [{"name": "securityRules", "count": 2, "input": {"name": "[string(copyIndex('securityRules'))]"}}]},
        condition="[equals(parameters('open'), 'a')]",
        tags={"[parameters('open')]": "[variables('n')[0].name]"},
    ),
    **_LOOPS,
)
_INNER = template(
    vnet("[parameters('name')]", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
    parameters={"name": {"type": "string"}},
    outputs={
        "id": {"type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', parameters('name'))]"}
    },
)
_NESTED = template(
    nested("inner", _INNER, parameters={"name": "v"}),
    resource(
        "networkInterfaces",
        "nic",
        {
            "ipConfigurations": [
                {
                    "name": "i",
                    "properties": {"subnet": {"id": "[concat(reference('inner').outputs.id.value, '/subnets/s')]"}},
                }
            ]
        },
    ),
)


@pytest.mark.parametrize("content", [_LOOPED, _NESTED], ids=["loops", "nested"])
def test_a_strange_value_anywhere_is_no_traceback(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "main.json"
    for changed in strange_variants(content):
        file.write_text(json.dumps(changed), encoding="utf-8")
        imported = read_path(file)
        if not any(found.severity is Severity.ERROR for found in imported.diagnostics):
            check(imported.network)


def test_an_id_without_its_last_name_is_an_error_of_who_names_it(tmp_path: Path) -> None:
    configuration = {"name": "i", "properties": {"subnet": {"id": "[concat(variables('v'), '/subnets/', '')]"}}}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("a", "10.0.0.0/24")),
        resource("networkInterfaces", "nic", {"ipConfigurations": [configuration]}),
        variables={"v": "[resourceId('Microsoft.Network/virtualNetworks', 'v')]"},
    )
    file = tmp_path / "main.json"
    file.write_text(json.dumps(content), encoding="utf-8")

    assert ["an IP configuration names no subnet of a virtual network in nic `nic`"] == [
        found.message for found in read_path(file).diagnostics if found.severity is Severity.ERROR
    ]


@pytest.mark.parametrize("output", [5, True, None, "x", []])
def test_a_strange_output_is_an_error(output: Any, tmp_path: Path) -> None:
    content = template(
        nested("inner", template(vnet("v"), outputs={"o": output})),
        resource("routeTables", "r", {"routes": "[reference('inner').outputs.o.value]"}),
    )
    file = tmp_path / "main.json"
    file.write_text(json.dumps(content), encoding="utf-8")

    assert any("an output is" in found.message for found in read_path(file).diagnostics)
