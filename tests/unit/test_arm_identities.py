"""Which ids mean resources of the templates, and what is open where that is not stated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import codes, deployed, read, resource, resources_of, subnet, template, typed, vnet
from vnetverify.cli import main, status
from vnetverify.diagnostic import Severity
from vnetverify.ingest.arm.given import Given
from vnetverify.ingest.arm.reading import Deployed, deploy
from vnetverify.ingest.arm.templates import Template
from vnetverify.ingest.unknown import Unknown

_GROUP = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg"
_SUBNET = f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/hub/subnets/s"


def _with_card(hub: str = "hub") -> dict[str, Any]:
    configuration = {"name": "c", "properties": {"subnet": {"id": _SUBNET}}}
    return template(vnet(hub), resource("networkInterfaces", "nic", {"ipConfigurations": [configuration]}))


def _deployed(content: dict[str, Any], scope: str | None) -> Deployed:
    return deploy([Template(content, "main.json")], [], [], Given(scopes=() if scope is None else (("", scope),)))


def test_an_id_that_could_be_one_of_the_template_leaves_everything_open() -> None:
    assert [gap.what for gap in _deployed(_with_card(), None).gaps] == [
        "`Microsoft.Network/virtualNetworks/hub/subnets/s` of `rg`"
    ]


def test_an_id_of_something_else_leaves_nothing_open() -> None:
    assert _deployed(_with_card("other"), None).gaps == ()


def test_where_a_template_is_deployed_to_decides_what_ids_mean() -> None:
    assert _deployed(_with_card(), _GROUP).gaps == ()
    assert _deployed(_with_card(), f"{_GROUP}-2").gaps == ()
    assert (
        _deployed(_with_card(), _GROUP).resources[0].id == f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/hub"
    )


def test_a_subscription_alone_leaves_the_group_open() -> None:
    assert len(_deployed(_with_card(), _GROUP.rpartition("/resourceGroups")[0]).gaps) == 1


def test_what_is_no_scope_is_a_mistake() -> None:
    assert [one.code for one in _deployed(_with_card(), "/somewhere").diagnostics] == ["bad-scope"]


def test_what_is_said_of_the_scope_is_known() -> None:
    content = template(resource("x.y/z", "a", {"same": "[equals(resourceGroup().name, 'rg')]"}))

    assert _deployed(content, _GROUP).resources[0].body["properties"] == {"same": True}


def test_the_command_line_says_the_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "a.vnet"
    text.write_text("intent i { hub never reaches internet }\n", encoding="utf-8")
    read(tmp_path, template(vnet("hub")))
    arguments = ["check", str(text), "--network", str(tmp_path / "main.json"), "--deploy-to"]

    assert main([*arguments, _GROUP]) == status.AS_EXPECTED
    assert main([*arguments, "nowhere"]) == status.BAD_INPUT
    assert "bad-scope" in capsys.readouterr().out


def test_a_subnet_of_whose_name_nothing_is_known_may_be_a_special_one() -> None:
    inline = vnet("v", "10.0.0.0/16", subnet("[parameters('n')]", "10.0.0.0/24"), subnet("t", "10.0.1.0/24"))
    apart = resource("virtualNetworks/subnets", "[concat('w/', parameters('n'))]", {"addressPrefix": "10.1.0.0/24"})
    content = template(inline, vnet("w", "10.1.0.0/16"), apart, parameters=typed(n="string"))

    found = resources_of(content)

    assert found["virtualNetworks/v/subnets/<n>"].uncertain is not None
    assert found["virtualNetworks/w/subnets/<n>"].uncertain is not None
    assert [one["name"] for one in found["virtualNetworks/v"].body["properties"]["subnets"]] == ["t"]


def test_a_subnet_of_whose_name_a_part_is_known_is_an_ordinary_one() -> None:
    content = template(
        vnet("v", "10.0.0.0/16", subnet("[concat(parameters('n'), '-subnet')]", "10.0.0.0/24")),
        parameters=typed(n="string"),
    )

    assert list(resources_of(content)) == ["virtualNetworks/v"]


def test_the_name_of_a_sku_is_no_name() -> None:
    content = template(
        resource("publicIPAddresses", "[parameters('n')]", {}, sku={"name": "[parameters('sku')]"}),
        parameters=typed(n="string", sku="string"),
    )

    (one,) = resources_of(content).values()

    assert isinstance(one.body["sku"]["name"], Unknown)
    assert one.body["name"] == "<n>"


def test_a_pool_that_may_not_be_there_is_not_left_out() -> None:
    content = template(
        resource("loadBalancers", "b", {}),
        resource("loadBalancers/backendAddressPools", "b/pool", {}, condition="[parameters('wanted')]"),
        parameters=typed(wanted="bool"),
    )

    assert resources_of(content)["loadBalancers/b/backendAddressPools/pool"].uncertain is not None


def test_a_linked_template_has_no_mistakes_of_its_own_but_those_of_its_deployment() -> None:
    link = {"mode": "Incremental", "templateLink": {"uri": "x/net.json"}, "parameters": {"size": {"value": "24"}}}
    net = template(
        vnet("v", "[concat('10.0.0.0/', substring(parameters('size'), 0, 2))]"),
        parameters={"size": {"type": "string", "defaultValue": ""}},
    )
    main_template = Template(template(resource("Microsoft.Resources/deployments", "d", link)), "in/main.json")

    found = deploy([main_template, Template(net, "in/net.json")], [], [], Given())

    assert [one for one in found.diagnostics if one.severity is Severity.ERROR] == []
    assert [one.name for one in found.resources] == ["v"]
    assert codes(deployed(net)) == ["bad-template"]


_ELSEWHERE = f"{_GROUP.removesuffix('rg')}spokes"


def _peered(name: str, prefix: str, other: str) -> dict[str, Any]:
    peering = {
        "remoteVirtualNetwork": {"id": f"{other}"},
        "allowVirtualNetworkAccess": True,
        "peeringState": "Connected",
    }
    return template(
        vnet(name, prefix, subnet("s", prefix)),
        resource("virtualNetworks/virtualNetworkPeerings", f"{name}/p", peering),
    )


def test_each_template_may_be_deployed_to_a_place_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    networks = "providers/Microsoft.Network/virtualNetworks"
    for name, content in (
        ("hub", _peered("hub", "10.0.0.0/24", f"{_ELSEWHERE}/{networks}/spoke")),
        ("spoke", _peered("spoke", "10.0.1.0/24", f"{_GROUP}/{networks}/hub")),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    text = tmp_path / "a.vnet"
    text.write_text("intent i { hub.s reaches spoke.s on tcp/22 }\n", encoding="utf-8")
    arguments = ["check", str(text), *(f"--network={tmp_path / name}" for name in ("hub.json", "spoke.json"))]
    places = [f"--deploy-to=hub.json={_GROUP}", f"--deploy-to=SPOKE.json={_ELSEWHERE}"]

    assert main([*arguments, *places]) == status.AS_EXPECTED
    assert main([*arguments, f"--deploy-to=other.json={_GROUP}"]) == status.BAD_INPUT
    assert "no template of the input has that name" in capsys.readouterr().out
