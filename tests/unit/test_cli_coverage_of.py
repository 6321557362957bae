"""`coverage-of` says of every kind and property what the readers really make of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import nsg, resource, rule, subnet, vnet
from vnetverify.cli import main, status
from vnetverify.ingest import survey
from vnetverify.ingest.coverage import Coverage, Treatment

_EXPORT = Path(__file__).resolve().parents[2] / "specs" / "estates" / "contoso-export"
_OF_A_GATEWAY = "vpn-ip"  # no packet of any network is sent to its address, so no verdict rests on it
_BALANCER = resource(
    "loadBalancers",
    "lb",
    frontendIPConfigurations=[{"name": "f", "properties": {"privateIPAddress": "10.0.0.9"}}],
    probes=[{"name": "p", "properties": {"port": 80}}],
)


def _resources() -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(_EXPORT.glob("*.json"))]


def _objects_of_properties(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every `properties` inside `value`, the outermost first."""
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict):
            yield value["properties"]
        for item in value.values():
            yield from _objects_of_properties(item)
    elif isinstance(value, list):
        for item in value:
            yield from _objects_of_properties(item)


def _surveyed(folder: Path, *resources: Any) -> tuple[Coverage, list[str]]:
    """Return the coverage of resources and the subjects of what is not modelled of them."""
    file = folder / "export.json"
    file.write_text(json.dumps(list(resources)))
    coverage, imported = survey([file])
    return coverage, [item.what for item in imported.network.unmodelled]


def _treatments(coverage: Coverage, word: str) -> list[Treatment]:
    return [one.treatment for kind in coverage.kinds for one in kind.properties if word in one.name]


@pytest.mark.parametrize("position", range(len(_resources())), ids=[body["name"] for body in _resources()])
def test_a_property_is_not_modelled_exactly_where_the_readers_doubt_it(position: int, tmp_path: Path) -> None:
    whole = _resources()
    name = whole[position]["name"]
    for place in range(len(list(_objects_of_properties(whole[position])))):
        changed = copy.deepcopy(whole)
        list(_objects_of_properties(changed[position]))[place]["novelty"] = "on"
        coverage, doubted = _surveyed(tmp_path, *changed)
        is_doubted = any("novelty" in what for what in doubted)

        assert (Treatment.NOT_MODELLED in _treatments(coverage, "novelty")) is (is_doubted or name == _OF_A_GATEWAY)
        assert set(_treatments(coverage, "novelty")) <= {Treatment.NOT_MODELLED, Treatment.IRRELEVANT}


def test_every_kind_of_treatment_is_told(tmp_path: Path) -> None:
    hub = vnet(
        "hub",
        "10.0.0.0/16",
        subnet("web", delegations=[{"name": "x"}], purpose="none", addressPrefixes=[]),
        encryption={"enabled": False},
        dhcpOptions={"dnsServers": [], "novelty": 1},
    )
    cluster = {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Hardware/things/t"}
    coverage, _ = _surveyed(tmp_path, hub, nsg("n", rule()), _BALANCER, cluster, resource("dnsZones", "z"))
    found = {
        (kind.name, one.name): one.treatment for kind in coverage.kinds for one in kind.properties if kind.properties
    }

    assert found["virtualnetworks/subnets", "delegations"] is Treatment.NOT_MODELLED
    assert found["virtualnetworks/subnets", "purpose"] is Treatment.IRRELEVANT
    assert found["virtualnetworks/subnets", "addressPrefix"] is Treatment.MODELLED
    assert found["virtualnetworks", "encryption"] is Treatment.HARMLESS
    assert found["virtualnetworks", "dhcpOptions.novelty"] is Treatment.NOT_MODELLED
    assert found["loadbalancers", "probes.port"] is Treatment.MODELLED
    assert ("virtualnetworks/subnets", "addressPrefixes") not in found
    assert {kind.name: kind.standing.value for kind in coverage.kinds if not kind.properties} == {
        "microsoft.hardware/things": "not network",
        "dnszones": "without effect",
    }


def test_a_parameter_without_value_is_not_known(tmp_path: Path) -> None:
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"space": {"type": "string"}},
        "resources": [
            {
                "type": "Microsoft.Network/virtualNetworks",
                "apiVersion": "2023-04-01",
                "name": "v",
                "properties": {"addressSpace": {"addressPrefixes": ["[parameters('space')]"]}},
            }
        ],
    }
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template))
    coverage, imported = survey([file])

    assert coverage.unknown_values == 1
    assert coverage.known_values > 0
    assert [item.is_unknown for item in imported.network.unmodelled][:1] == [True]


def test_the_command_prints_tables_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps([vnet("hub", "10.0.0.0/16", subnet("web", delegations=[{"name": "x"}]))]))

    assert main(["coverage-of", str(file)]) == status.AS_EXPECTED
    text = capsys.readouterr().out
    assert "delegations    not modelled" in text
    assert "a delegated subnet holds machines of a service that is not modelled" in text
    assert main(["coverage-of", str(file), "--output-format", "json"]) == status.AS_EXPECTED
    document = json.loads(capsys.readouterr().out)
    assert (document["format"], document["not_modelled"][0]["networks"]) == ("vnetverify-coverage", ["hub"])
    assert document["not_modelled"][0]["at"]["pointer"] == "/0/properties/subnets/0/properties/delegations"


def test_what_cannot_be_read_is_told_and_nothing_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage-of", str(tmp_path / "none.json")]) == status.BAD_INPUT
    printed = capsys.readouterr()
    assert (printed.out, "error[" in printed.err) == ("", True)
