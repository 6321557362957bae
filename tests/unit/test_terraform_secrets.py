"""What a plan or state holds beyond what the model reads never comes out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import RULE, Planned, identity, plan, planned, state, subnet, vnet
from tests.unit.test_secrets import Canaries, said_by
from vnetverify.ingest import read_path

_APP = f"{identity('virtualNetworks', 'hub')}/subnets/app"
_TEXT = 'use "x.json"\nintent a { hub never reaches internet }\nintent b { hub reaches hub.app on ssh }\n'


def _resources(canary: Canaries) -> list[Planned]:
    """Return a network with a canary in whatever else Terraform's values can hold."""
    return [
        *_network(canary),
        *_machines(canary),
        *_gateways(canary),
        *_in_subnets(canary),
        *_of_azure(canary),
        planned("key_vault_secret", "s", value=canary()),
        Planned("random_password", "p", {"result": canary()}, {}),
    ]


def _network(canary: Canaries) -> list[Planned]:
    return [
        vnet("hub", attribute_of_tomorrow=canary(), guid=canary()),
        subnet("app", "hub", block_of_tomorrow=[{"password": canary()}]),
        planned("network_security_group", "g", security_rule=[RULE | {"description": canary()}]),
        planned(
            "network_interface",
            "n",
            ip_configuration=[{"name": "c", "subnet_id": _APP, "private_ip_address": "10.0.0.9"}],
            mac_address=canary(),
        ),
    ]


def _machines(canary: Canaries) -> list[Planned]:
    return [
        planned(
            "linux_virtual_machine",
            "vm",
            network_interface_ids=[identity("networkInterfaces", "n")],
            admin_password=canary(),
            custom_data=canary(),
            admin_ssh_key=[{"public_key": canary()}],
        ),
        planned(
            "virtual_machine",
            "old",
            network_interface_ids=[],
            os_profile=[{"computer_name": "old", "admin_password": canary(), "custom_data": canary()}],
        ),
    ]


def _gateways(canary: Canaries) -> list[Planned]:
    return [
        planned(
            "virtual_network_gateway",
            "gw",
            type="Vpn",
            ip_configuration=[{"name": "c", "subnet_id": _APP}],
            vpn_client_configuration=[
                {"radius_server_secret": canary(), "root_certificate": [{"public_cert_data": canary()}]}
            ],
        ),
        planned(
            "virtual_network_gateway_connection",
            "t",
            type="IPsec",
            virtual_network_gateway_id=identity("virtualNetworkGateways", "gw"),
            shared_key=canary(),
            authorization_key=canary(),
        ),
        planned("express_route_circuit", "er", service_key=canary()),
    ]


def _in_subnets(canary: Canaries) -> list[Planned]:
    """Return what stands in a subnet and is no machine."""
    return [
        planned(
            "application_gateway",
            "agw",
            gateway_ip_configuration=[{"name": "g", "subnet_id": _APP}],
            ssl_certificate=[{"data": canary(), "password": canary()}],
        ),
        planned(
            "private_endpoint",
            "pe",
            subnet_id=_APP,
            private_service_connection=[{"name": "c", "request_message": canary()}],
        ),
        planned(
            "kubernetes_cluster",
            "aks",
            kube_config=[{"password": canary()}],
            default_node_pool=[{"vnet_subnet_id": _APP}],
        ),
    ]


def _of_azure(canary: Canaries) -> list[Planned]:
    """Return resources that carry Azure's own body."""
    body = {"properties": {"secret": canary(), "addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}}
    return [
        Planned(
            "azapi_resource",
            "a",
            {
                "type": "Microsoft.Network/virtualNetworks@2024-05-01",
                "name": "a",
                "parent_id": "/subscriptions/s/resourceGroups/rg",
                "body": body,
                "output": canary(),
            },
            {"id": True},
        ),
        Planned(
            "azapi_resource",
            "b",
            {
                "type": "Microsoft.Network/routeTables@2024-05-01",
                "name": "b",
                "parent_id": "/subscriptions/s/resourceGroups/rg",
                "body": f"not json {canary()}",
            },
            {"id": True},
        ),
    ]


@pytest.fixture(params=[plan, state], ids=["plan", "state"])
def planted(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    canary = Canaries()
    document: dict[str, Any] = request.param(*_resources(canary))
    document["variables"] = {"password": {"value": canary()}}
    (tmp_path / "x.json").write_text(json.dumps(document))
    (tmp_path / "a.vnet").write_text(_TEXT)
    return tmp_path, canary.planted


def test_the_network_holds_no_secret(planted: tuple[Path, list[str]]) -> None:
    folder, canaries = planted

    imported = read_path(folder / "x.json")

    assert len(canaries) >= 25
    assert len(imported.network.vnets) == 2
    assert [word for word in canaries if word in repr(imported)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("prove", "a.vnet"),
        ("prove", "a.vnet", "--output-format", "json"),
        ("check", "a.vnet"),
        ("import", "x.json", "--origins"),
        ("coverage-of", "x.json"),
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_no_output_holds_a_secret(
    arguments: tuple[str, ...], planted: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, canaries = planted
    monkeypatch.chdir(folder)
    said = said_by(*arguments)

    assert said != ""
    assert [word for word in canaries if word in said] == []
