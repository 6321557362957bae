"""Private endpoints and private link services of templates: what Azure adds to them when it deploys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import read, resource, subnet, template, vnet
from vnetverify.header import address_text
from vnetverify.ingest import Imported
from vnetverify.model.network import Network

_V = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"))
_SUBNET = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}
_VAULT = "[resourceId('Microsoft.KeyVault/vaults', 'kv')]"


def _endpoint(service: str = _VAULT, *groups: str, field: str = "private", **more: Any) -> dict[str, Any]:
    connection = {"name": "c", "properties": {"privateLinkServiceId": service, "groupIds": list(groups)}}
    said = {"subnet": _SUBNET, f"{field}LinkServiceConnections": [connection], **more}
    return resource("privateEndpoints", "pe", said)


def _addresses(network: Network) -> list[str]:
    return [address_text(one) for one in network.private_endpoints["pe"].addresses]


def test_an_endpoint_of_a_vault_is_approved_and_gets_one_address(tmp_path: Path) -> None:
    network = read(tmp_path, template(_V, _endpoint(_VAULT, "vault"))).network

    assert (_addresses(network), network.private_endpoints["pe"].is_approved) == (["10.0.0.4"], True)
    assert network.unmodelled == ()


def _doubted(imported: Imported) -> list[str]:
    return [one.what for one in imported.network.unmodelled]


def test_whether_one_that_asks_for_approval_gets_it_is_not_known(tmp_path: Path) -> None:
    imported = read(tmp_path, template(_V, _endpoint(_VAULT, "vault", field="manualPrivate")))

    assert any("privateLinkServiceConnectionState" in what for what in _doubted(imported))


@pytest.mark.parametrize("groups", [("Sql",), ("azuremonitor",), ()])
def test_how_many_addresses_it_gets_of_another_service_is_not_known(tmp_path: Path, groups: tuple[str, ...]) -> None:
    imported = read(tmp_path, template(_V, _endpoint("[resourceId('New.Provider/things', 't')]", *groups)))

    assert _doubted(imported) == ["the interface of private endpoint `pe`"]


def test_an_exported_template_says_how_many_it_had(tmp_path: Path) -> None:
    names = [{"fqdn": "a.documents", "ipAddresses": ["10.0.0.9"]}, {"fqdn": "b.documents", "ipAddresses": ["10.0.0.8"]}]
    own = _endpoint("[resourceId('Microsoft.DocumentDB/databaseAccounts', 'd')]", "Sql", customDnsConfigs=names)

    network = read(tmp_path, template(_V, own)).network

    assert _addresses(network) == ["10.0.0.9", "10.0.0.8"]


def test_one_that_chooses_its_address_has_that(tmp_path: Path) -> None:
    chosen = [{"name": "c", "properties": {"groupId": "Sql", "memberName": "m", "privateIPAddress": "10.0.0.7"}}]

    network = read(tmp_path, template(_V, _endpoint(_VAULT, "vault", ipConfigurations=chosen))).network

    assert _addresses(network) == ["10.0.0.7"]


def test_a_link_service_and_its_endpoint_are_deployed_together(tmp_path: Path) -> None:
    front = {"name": "front", "properties": {"subnet": _SUBNET}}
    service = {
        "loadBalancerFrontendIpConfigurations": [
            {"id": "[resourceId('Microsoft.Network/loadBalancers/frontendIPConfigurations', 'lb', 'front')]"}
        ],
        "ipConfigurations": [{"name": "c", "properties": {"privateIPAllocationMethod": "Dynamic", "subnet": _SUBNET}}],
    }
    link = "[resourceId('Microsoft.Network/privateLinkServices', 'pls')]"

    network = read(
        tmp_path,
        template(
            _V,
            resource("loadBalancers", "lb", {"frontendIPConfigurations": [front]}, sku={"name": "Standard"}),
            resource("privateLinkServices", "pls", service),
            _endpoint(link),
        ),
    ).network

    assert network.private_endpoints["pe"].link_service == "pls"
    own = {*network.private_link_services["pls"].addresses, network.load_balancers["lb"].frontends[0].address}
    assert {address_text(one) for one in own} | set(_addresses(network)) == {"10.0.0.4", "10.0.0.5", "10.0.0.6"}
    assert network.unmodelled == ()
