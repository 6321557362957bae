"""Names in exports: servers of networks and interfaces, private zones, and what an export leaves open about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit import azure_resources as azure
from vnetverify.diagnostic import Severity
from vnetverify.header import parse_address
from vnetverify.pipeline import Loaded, Options, load, prove
from vnetverify.prover.verdict import Unknown, Verdict, verdict_word

ZONES = "privateDnsZones"


def zone(domain: str = "corp.internal", links: int = 1, sets: int = 2) -> dict[str, Any]:
    return azure.resource(ZONES, domain, numberOfVirtualNetworkLinks=links, numberOfRecordSets=sets)


def link(vnet: str, domain: str = "corp.internal", **properties: Any) -> dict[str, Any]:
    target = azure.reference("virtualNetworks", vnet)
    return azure.resource(f"{ZONES}/{domain}/virtualNetworkLinks", f"to-{vnet}", virtualNetwork=target, **properties)


def record(name: str, *addresses: str, kind: str = "A", domain: str = "corp.internal") -> dict[str, Any]:
    several, single = ("aRecords", "ipv4Address") if kind == "A" else ("aaaaRecords", "ipv6Address")
    listed = [{single: address} for address in addresses]
    return azure.resource(f"{ZONES}/{domain}/{kind}", name, **{several: listed})


def vm(name: str, nic: str, called: str | None = None) -> dict[str, Any]:
    made = azure.resource("virtualMachines", name)
    made["id"] = azure.identity("virtualMachines", name, provider="Microsoft.Compute")
    made["type"] = "Microsoft.Compute/virtualMachines"
    made["properties"] = {"networkProfile": {"networkInterfaces": [azure.reference("networkInterfaces", nic)]}}
    if called is not None:
        made["properties"]["osProfile"] = {"computerName": called}
    return made


HUB = azure.vnet("hub", "10.0.0.0/16", azure.subnet("web"))
WEB = (azure.nic("web-nic", "10.0.0.4", azure.subnet_id("hub", "web")), vm("web", "web-nic", "WEB"))


def loaded(folder: Path, *resources: Any, text: str = "") -> Loaded:
    (folder / "azure").mkdir(exist_ok=True)
    (folder / "azure" / "all.json").write_text(json.dumps(list(resources)))
    (folder / "a.vnet").write_text(f'use "azure"\n{text}')
    return load([str(folder / "a.vnet")], [])


def verdict_on(folder: Path, sentence: str, *resources: Any, text: str = "") -> Verdict:
    found = loaded(folder, *resources, text=f"{text}\nintent i {{ {sentence} }}")
    assert [one.message for one in found.diagnostics if one.severity is Severity.ERROR] == []
    return prove(found, Options()).results[0].results[0].verdict


def test_a_vnet_and_an_interface_name_their_servers(tmp_path: Path) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16", azure.subnet("web"), dhcpOptions={"dnsServers": ["10.0.0.5", "8.8.8.8"]})
    own = azure.nic("n", "10.0.0.4", azure.subnet_id("hub", "web"), dnsSettings={"dnsServers": ["10.0.0.6"]})
    network = loaded(tmp_path, hub, own).document.network

    assert network.vnets["hub"].dns_servers == (parse_address("10.0.0.5"), parse_address("8.8.8.8"))
    assert network.nics()[0].dns_servers == (parse_address("10.0.0.6"),)


@pytest.mark.parametrize("servers", [[], ["168.63.129.16"], ["AzureProvidedDNS"], None])
def test_who_names_no_server_of_its_own_asks_azure(tmp_path: Path, servers: Any) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16", azure.subnet("web"), dhcpOptions={"dnsServers": servers})

    assert loaded(tmp_path, hub).document.network.vnets["hub"].dns_servers == ()


def test_a_zone_has_its_links_and_records(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        HUB,
        zone(sets=4),
        link("hub", registrationEnabled=True),
        record("db", "10.9.0.4"),
        record("DB", "fd00::4", kind="AAAA"),
        record("@", "10.9.0.5"),
    )

    (known,) = found.document.network.dns_zones.values()
    assert known.domain == "corp.internal"
    assert [(one.vnet, one.registration) for one in known.links] == [("hub", True)]
    assert {one.name: len(one.addresses) for one in known.records} == {"db.corp.internal": 2, "corp.internal": 1}
    assert found.document.network.unmodelled == ()


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ('hub resolves "db.corp.internal" as 10.9.0.4', "proved"),
        ('hub never resolves "other.corp.internal"', "proved"),
        ("hub resolves web as 10.0.0.4", "proved"),
        ('hub resolves "web.corp.internal"', "refuted"),
    ],
)
def test_sentences_about_a_whole_export_are_decided(tmp_path: Path, sentence: str, word: str) -> None:
    resources = (HUB, *WEB, zone(), link("hub"), record("db", "10.9.0.4"))

    assert verdict_word(verdict_on(tmp_path, sentence, *resources)) == word


@pytest.mark.parametrize(
    "resources",
    [
        (),
        (zone(links=2), link("hub"), record("db", "10.9.0.4")),
        (zone(sets=9), link("hub"), record("db", "10.9.0.4")),
        (azure.resource(ZONES, "corp.internal"), link("hub"), record("db", "10.9.0.4")),
        (zone(), link("hub", resolutionPolicy="NxDomainRedirect"), record("db", "10.9.0.4")),
        (zone(sets=3), link("hub"), record("db", "10.9.0.4"), azure.resource(f"{ZONES}/corp.internal/CNAME", "x")),
        (zone(), link("hub"), record("db", "10.9.0.4"), record("x", "10.9.9.9", domain="lost.internal")),
    ],
)
def test_what_an_export_leaves_open_about_zones_makes_sentences_about_names_unknown(
    tmp_path: Path, resources: tuple[Any, ...]
) -> None:
    verdict = verdict_on(tmp_path, 'hub never resolves "x.corp.internal"', HUB, *WEB, *resources)

    assert isinstance(verdict, Unknown)
    assert verdict.unmodelled
    assert verdict_word(verdict_on(tmp_path, "hub reaches hub on https", HUB, *WEB, *resources)) == "proved"


def test_a_text_may_declare_the_zones_that_an_export_lacks(tmp_path: Path) -> None:
    text = 'dns-zone "corp.internal" { link hub  record db 10.9.0.4 }'

    assert verdict_word(verdict_on(tmp_path, 'hub resolves "db.corp.internal"', HUB, *WEB, text=text)) == "proved"


@pytest.mark.parametrize("machine", [vm("web", "web-nic"), vm("web", "web-nic", "other"), None])
def test_host_names_that_an_export_does_not_tell_are_open(tmp_path: Path, machine: Any) -> None:
    resources = [
        HUB,
        WEB[0],
        *([machine] if machine is not None else []),
        zone(),
        link("hub"),
        record("db", "10.9.0.4"),
    ]

    assert isinstance(verdict_on(tmp_path, "hub never resolves other", *resources), Unknown)


@pytest.mark.parametrize(
    "resource",
    [
        azure.vnet("spoke", "10.1.0.0/16", dhcpOptions={"dnsServers": "10.0.0.4"}),
        azure.vnet("spoke", "10.1.0.0/16", dhcpOptions={"dnsServers": ["ten"]}),
        record("db", "10.9.0.400"),
        record("a b", "10.9.0.4"),
        link("hub", registrationEnabled="yes"),
        azure.resource(ZONES, "corp..internal", numberOfVirtualNetworkLinks=0, numberOfRecordSets=1),
        azure.resource(ZONES, "x.internal", numberOfVirtualNetworkLinks="many", numberOfRecordSets=1),
    ],
)
def test_a_malformed_value_about_names_leaves_names_open_and_nothing_else(tmp_path: Path, resource: Any) -> None:
    resources = (HUB, *WEB, zone(links=0), resource)

    assert loaded(tmp_path, *resources).document.network.unmodelled == ()
    assert loaded(tmp_path, *resources).document.network.unmodelled_names != ()
    assert verdict_word(verdict_on(tmp_path, "hub reaches hub on https", *resources)) == "proved"


def test_a_strange_value_anywhere_in_a_zone_is_no_traceback(tmp_path: Path) -> None:
    for content in azure.strange_variants([HUB, zone(), link("hub"), record("db", "10.9.0.4")]):
        found = loaded(tmp_path, content)

        assert found.diagnostics or found.document.network.vnets or content[0] == [], "neither a network nor a message"
