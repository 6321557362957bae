"""What an export holds beyond what the model reads never comes out again: canaries in every corner, none in an output."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import GROUP, identity, nic, nsg, reference, resource, rule, subnet, subnet_id, vnet
from vnetverify.cli import main
from vnetverify.ingest import read_path
from vnetverify.ingest.notation import escaped, place
from vnetverify.report.lines import with_lines

FORMATS = ("full", "concise", "json", "html", "markdown", "csv", "junit", "sarif", "github")
TEXT = """\
use "x.json"
intent a { hub.web reaches hub.db on ssh }
intent b { hub.web never reaches hub.db }
intent c { vnet never reaches internet }
"""


class Canaries:
    """Hands out words that stand nowhere else."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self) -> str:
        self.planted.append(f"c4nary{len(self.planted):03d}hunter2")
        return self.planted[-1]


def export(canary: Canaries) -> list[Any]:
    """Return the smallest network with two hosts, and a canary in whatever else Azure's JSON can hold."""
    return [*_network(canary), *_gateways(canary), *_machines(canary), _proxy(canary), *_of_other_kinds(canary)]


def _network(canary: Canaries) -> list[Any]:
    hosts = [nic(f"{name}-nic", f"10.0.{at}.4", subnet_id("hub", name)) for at, name in enumerate(("web", "db"))]
    hub = vnet(
        "hub",
        "10.0.0.0/16",
        subnet("web", "10.0.0.0/24"),
        subnet("db", "10.0.1.0/24", networkSecurityGroup=reference("networkSecurityGroups", "g")),
    )
    secret_rule = rule(
        "ssh", destinationPortRange="22", description=canary(), comment=canary(), provisioningState=canary()
    )
    hub["tags"] = {"owner": canary(), canary(): "x"}
    hub["properties"]["unheardOf"] = {"password": canary(), "list": [canary(), {"deep": canary()}]}
    hub["identity"] = {"userAssignedIdentities": {canary(): {"clientId": canary()}}}
    hosts[0]["properties"]["comment"] = canary()
    hosts[0]["properties"]["dnsSettings"] = {"internalDnsNameLabel": canary(), "internalDomainNameSuffix": canary()}
    hosts[1]["etag"], hosts[1]["systemData"] = canary(), {"createdBy": canary()}
    group = nsg("g", secret_rule, notes=canary())
    group["tags"] = {"note": canary()}
    return [hub, group, *hosts]


def _gateways(canary: Canaries) -> list[Any]:
    gateway = resource(
        "virtualNetworkGateways", "vpn", gatewayType="Vpn", vpnType="RouteBased", sku={"name": "VpnGw1", "note": canary()},
        ipConfigurations=[{"name": "c", "properties": {"subnet": {"id": subnet_id("hub", "GatewaySubnet")}}}],
        vpnClientConfiguration={
            "radiusServerSecret": canary(), "radiusServerAddress": "10.9.9.9", "aadAudience": canary(),
            "radiusServers": [{"radiusServerAddress": "10.9.9.8", "radiusServerSecret": canary()}],
            "vpnClientRootCertificates": [{"name": canary(), "properties": {"publicCertData": canary()}}],
            "vpnClientRevokedCertificates": [{"name": canary(), "properties": {"thumbprint": canary()}}],
        },
    )  # fmt: skip
    connection = resource(
        "connections", "to-branch", connectionType="IPsec", sharedKey=canary(), authorizationKey=canary(),
        virtualNetworkGateway1=reference("virtualNetworkGateways", "vpn"), localNetworkGateway2=reference("localNetworkGateways", "branch"),
        ipsecPolicies=[{"ikeEncryption": canary()}], certificateAuthentication={"outboundAuthCertificate": canary()},
    )  # fmt: skip
    circuit = resource(
        "expressRouteCircuits",
        "er",
        serviceKey=canary(),
        authorizations=[{"properties": {"authorizationKey": canary()}}],
    )
    return [gateway, connection, circuit]


def _machines(canary: Canaries) -> list[Any]:
    machine = resource(
        "virtualMachines", "vm", osProfile={
            "adminUsername": canary(), "adminPassword": canary(), "customData": canary(), "computerName": canary(),
            "linuxConfiguration": {"ssh": {"publicKeys": [{"keyData": canary()}]}},
            "windowsConfiguration": {"additionalUnattendContent": [{"content": canary()}]},
        },
        networkProfile={"networkInterfaces": [reference("networkInterfaces", "web-nic")]}, userData=canary(),
        storageProfile={"osDisk": {"encryptionSettings": {"diskEncryptionKey": {"secretUrl": canary()}}}},
    )  # fmt: skip
    machine["id"] = identity("virtualMachines", "vm", provider="Microsoft.Compute")
    machine["type"] = "Microsoft.Compute/virtualMachines"
    extension = {
        "id": f"{machine['id']}/extensions/script", "type": "Microsoft.Compute/virtualMachines/extensions", "name": "script",
        "properties": {"settings": {"commandToExecute": canary()}, "protectedSettings": {"storageAccountKey": canary()}},
    }  # fmt: skip
    return [machine, extension]


def _proxy(canary: Canaries) -> Any:
    return resource(
        "applicationGateways", "agw",
        gatewayIPConfigurations=[{"name": "c", "properties": {"subnet": {"id": subnet_id("hub", "web")}}}],
        sslCertificates=[{"name": canary(), "properties": {"data": canary(), "password": canary()}}],
        authenticationCertificates=[{"properties": {"data": canary()}}], trustedRootCertificates=[{"properties": {"data": canary()}}],
        rewriteRuleSets=[{"properties": {"rewriteRules": [{"actionSet": {"requestHeaderConfigurations": [{"headerValue": canary()}]}}]}}],
    )  # fmt: skip


def _of_other_kinds(canary: Canaries) -> list[Any]:
    vault = {
        "id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv", "type": "Microsoft.KeyVault/vaults", "name": "kv",
        "properties": {"secrets": [{"value": canary()}], "accessPolicies": [{"objectId": canary()}]},
    }  # fmt: skip
    deployment = {
        "id": f"{GROUP}/providers/Microsoft.Resources/deployments/d", "type": "Microsoft.Resources/deployments", "name": "d",
        "properties": {"parameters": {"adminPassword": {"type": "String", "value": canary()}}, "outputs": {"key": {"value": canary()}}},
    }  # fmt: skip
    unheard = resource("unheardOfThings", "thing", **{canary(): canary()})
    return [vault, deployment, unheard]


def said_by(*arguments: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main(arguments)
    return out.getvalue() + err.getvalue()


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, list[str]]:
    canary = Canaries()
    # One member on each line, so that a line can be quoted at all.
    (tmp_path / "x.json").write_text(json.dumps(export(canary), indent=1), encoding="utf-8")
    (tmp_path / "a.vnet").write_text(TEXT, encoding="utf-8")
    return tmp_path, canary.planted


def test_the_model_has_no_place_for_a_secret(planted: tuple[Path, list[str]]) -> None:
    folder, canaries = planted
    imported = read_path(folder / "x.json")
    tags = repr(imported.network.vnets["hub"].tags)  # which a text can ask for
    kept = repr(imported.network).replace(tags, "") + repr(imported.diagnostics)

    assert len(canaries) >= 40
    assert [word for word in canaries if word in kept] == []


@pytest.mark.parametrize(
    "arguments",
    [
        *(("prove", "a.vnet", "--output-format", form) for form in FORMATS),
        ("check", "a.vnet"), ("lint", "a.vnet"), ("lint", "a.vnet", "--output-format", "json"), ("diff", "x.json", "a.vnet"),
        ("show", "tag", "VirtualNetwork", "a.vnet", "hub.web"), ("routes", "a.vnet", "hub.web"), ("rules", "a.vnet", "hub.db"),
        ("resolve", "a.vnet", "vnet"), ("resolve", "a.vnet", "nowhere"), ("assumptions", "a.vnet"), ("conform", "x.json"),
        ("check", "x.json"), ("check", "a.vnet", "--service-tags", "x.json"), ("fmt", "x.json"),
        ("trace", "a.vnet", "--from", "hub.web", "--to", "hub.db", "--port", "22"),
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)  # fmt: skip
def test_no_output_holds_a_secret(
    arguments: tuple[str, ...], planted: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, canaries = planted
    monkeypatch.chdir(folder)
    said = said_by(*arguments)

    assert said != ""
    assert [word for word in canaries if word in said] == []


def test_lines_of_an_export_are_quoted_without_what_is_secret(
    planted: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value of the export is pointed at by a finding of its own: what is quoted then holds no canary."""
    folder, canaries = planted
    text = (folder / "x.json").read_text(encoding="utf-8")
    pointers = list(_pointers(json.loads(text)))
    _, quotes = with_lines(tuple(place("x.json", pointer) for pointer in pointers), lambda _: text)
    quoted = "\n".join(quotes["x.json"].values())

    assert len(pointers) > 200
    assert quoted.count("\n") > 60
    assert [word for word in canaries if word in quoted] == []


def _pointers(value: Any, pointer: str = "") -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield f"{pointer}/{escaped(str(key))}"
        yield from _pointers(item, f"{pointer}/{escaped(str(key))}")
