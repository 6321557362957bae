"""Virtual machines that declare their interfaces in themselves, which Azure then makes with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import codes, read, resource, subnet, template, typed, vnet
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Network

_SUBNET = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}
_V = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"))
_PUBLIC = {"name": "ip", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}


def _machine(configuration: dict[str, Any] | None = None, **interface: Any) -> dict[str, Any]:
    inner = {"name": "c", "properties": {"subnet": _SUBNET, "primary": True, **(configuration or {})}}
    said = {"primary": True, "deleteOption": "Delete", "ipConfigurations": [inner], **interface}
    profile = {"networkApiVersion": "2022-11-01", "networkInterfaceConfigurations": [{"name": "n", "properties": said}]}
    return resource("Microsoft.Compute/virtualMachines", "vm", {"networkProfile": profile})


def _network(tmp_path: Path, *resources: Any) -> Network:
    found = read(tmp_path, template(_V, *resources, parameters=typed(open="bool", all="array", one="object")))
    assert codes(found) == []
    return found.network


def test_a_machine_has_the_interface_that_it_declares(tmp_path: Path) -> None:
    group = resource("networkSecurityGroups", "g", {"securityRules": []})
    named = {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'g')]"}
    machine = _machine({"publicIPAddressConfiguration": _PUBLIC}, networkSecurityGroup=named, enableIPForwarding=True)

    found = _network(tmp_path, group, machine)

    (card,) = found.machines["vm"].nics
    assert (card.name, card.subnet_id, card.nsg, card.ip_forwarding) == ("vm-n", "v.s", "g", True)
    assert card.public_address is not None
    assert card.public_address.sku is Sku.STANDARD
    assert found.unmodelled == ()


@pytest.mark.parametrize(
    "unknown",
    [
        _machine(enableIPForwarding="[parameters('open')]"),
        resource(
            "Microsoft.Compute/virtualMachines",
            "vm",
            {"networkProfile": {"networkInterfaceConfigurations": "[parameters('all')]"}},
        ),
        resource(
            "Microsoft.Compute/virtualMachines",
            "vm",
            {"networkProfile": {"networkInterfaceConfigurations": ["[parameters('one')]"]}},
        ),
    ],
)
def test_what_is_not_known_of_it_is_in_doubt(tmp_path: Path, unknown: dict[str, Any]) -> None:
    assert _network(tmp_path, unknown).unmodelled != ()


def test_one_that_says_which_interfaces_it_has_declares_none(tmp_path: Path) -> None:
    card = resource(
        "networkInterfaces", "own", {"ipConfigurations": [{"name": "c", "properties": {"subnet": _SUBNET}}]}
    )
    machine = _machine()
    listed = [{"id": "[resourceId('Microsoft.Network/networkInterfaces', 'own')]"}]
    machine["properties"]["networkProfile"]["networkInterfaces"] = listed

    assert [one.name for one in _network(tmp_path, card, machine).nics()] == ["own"]
