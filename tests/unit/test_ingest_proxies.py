"""Bastions and application gateways of an export are proxies; their public addresses are in doubt where they matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    doubts,
    errors,
    identity,
    network,
    peering,
    read,
    reference,
    resource,
    strange_variants,
    subnet,
    subnet_id,
    vnet,
)
from vnetverify.header import ALL_PORTS, LAST_PORT, Interval, IntervalSet
from vnetverify.ingest.values import as_ports
from vnetverify.model.endpoints import Endpoints
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Verb
from vnetverify.model.network import Network, Service
from vnetverify.model.private_links import Proxy, ProxyKind
from vnetverify.model.wellformed import check
from vnetverify.prover.reach import doubts as doubts_of_claim
from vnetverify.source import NOWHERE

_HUB = vnet(
    "hub",
    "10.0.0.0/16",
    subnet("agw", "10.0.1.0/24", defaultOutboundAccess=False),
    subnet("web", "10.0.2.0/24", defaultOutboundAccess=False),
    subnet("AzureBastionSubnet", "10.0.3.0/24", defaultOutboundAccess=False),
    virtualNetworkPeerings=[peering("p", "spoke")],
)
_SPOKE = vnet("spoke", "10.1.0.0/16", subnet("db", "10.1.0.0/24"), virtualNetworkPeerings=[peering("p", "hub")])
_BOTH = (_HUB, _SPOKE)
_GATE = identity("applicationGateways", "gate")


def _part(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


def _listener(name: str, port: str) -> dict[str, Any]:
    at = {"id": f"{_GATE}/frontendPorts/{port}"}
    return _part(name, frontendPort=at, protocol="Https", hostName="a.example.com", enableHttp3=False)


_PRIVATE = _part("private", privateIPAddress="10.0.1.10", subnet={"id": subnet_id("hub", "agw")})
_PUBLIC = _part("public", publicIPAddress=reference("publicIPAddresses", "ip"))


def _gateway(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
        "gatewayIPConfigurations": [_part("g", subnet={"id": subnet_id("hub", "agw")})],
        "frontendIPConfigurations": [_PRIVATE],
        "frontendPorts": [_part("https", port=443), _part("http", port=80), _part("unused", port=81)],
        "httpListeners": [_listener("a", "HTTPS"), _listener("b", "http")],
        "backendAddressPools": [_part("pool", backendAddresses=[{"ipAddress": "10.1.0.4"}])],
        "backendHttpSettingsCollection": [_part("s", port=8080)],
        "requestRoutingRules": [_part("r", ruleType="Basic")],
        "webApplicationFirewallConfiguration": {"enabled": True, "firewallMode": "Prevention"},
        "firewallPolicy": reference("ApplicationGatewayWebApplicationFirewallPolicies", "waf"),
    }
    return resource("applicationGateways", "gate", **{**ordinary, **properties})


def _bastion(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "dnsName": "bst-1.bastion.azure.com",
        "scaleUnits": 2,
        "ipConfigurations": [
            _part(
                "IpConf",
                subnet={"id": subnet_id("hub", "AzureBastionSubnet")},
                publicIPAddress=reference("publicIPAddresses", "ip"),
            )
        ],
    }
    return {**resource("bastionHosts", "jump", **{**ordinary, **properties}), "sku": {"name": "Standard"}}


def test_an_application_gateway_listens_in_its_subnet_at_the_ports_of_its_listeners(tmp_path: Path) -> None:
    found = network(tmp_path, *_BOTH, _gateway())

    gate = found.proxies["gate"]
    assert gate == Proxy("gate", ProxyKind.APPLICATION_GATEWAY, "hub", "agw", as_ports(("80", "443")), gate.span)
    assert doubts(found) == []
    assert found.subnet("hub.agw").default_outbound is False
    assert check(found) == ()


@pytest.mark.parametrize(
    "listeners",
    [{"httpListeners": None}, {"httpListeners": [_listener("a", "gone")]}, {"listeners": [_part("tcp")]}],
    ids=["left out", "at a port that is not there", "at no port"],
)
def test_an_application_gateway_may_listen_anywhere_where_it_is_not_told(
    tmp_path: Path, listeners: dict[str, Any]
) -> None:
    found = network(tmp_path, *_BOTH, _gateway(**listeners))

    assert found.proxies["gate"].listens == IntervalSet((Interval(1, LAST_PORT),))


def test_a_listener_for_udp_as_well_is_in_doubt(tmp_path: Path) -> None:
    listener = _listener("a", "https")
    listener["properties"]["enableHttp3"] = True

    found = network(tmp_path, *_BOTH, _gateway(httpListeners=[listener]))

    assert [what for what, _ in doubts(found)] == ["`enableHttp3` of application gateway `gate`"]


def test_a_bastion_stands_in_its_subnet(tmp_path: Path) -> None:
    found = network(tmp_path, *_BOTH, _bastion())

    jump = found.proxies["jump"]
    assert jump == Proxy("jump", ProxyKind.BASTION, "hub", "AzureBastionSubnet", as_ports(("443",)), jump.span)
    assert check(found) == ()


def test_a_bastion_developer_serves_a_network_from_outside(tmp_path: Path) -> None:
    developer = _bastion(ipConfigurations=[], virtualNetwork=reference("virtualNetworks", "hub"))

    found = network(tmp_path, *_BOTH, developer)

    jump = found.proxies["jump"]
    assert jump == Proxy("jump", ProxyKind.BASTION, "hub", None, IntervalSet(), jump.span)
    assert doubts(found) == []


def _about(found: Network, verb: Verb, left: EndpointSet, right: EndpointSet) -> list[str]:
    claim = Claim(verb, ((left, right),), Service("any", ((None, ALL_PORTS),)), "a sentence", NOWHERE)
    return [item.what for item in doubts_of_claim(found, claim, {})]


def test_a_public_address_of_a_proxy_is_in_doubt_only_for_its_own_subnet(tmp_path: Path) -> None:
    found = network(tmp_path, *_BOTH, _gateway(frontendIPConfigurations=[_PRIVATE, _PUBLIC]))
    sets = Endpoints(found)
    agw, web, db = (sets.of_subnet(found.subnet(name)) for name in ("hub.agw", "hub.web", "spoke.db"))
    internet = sets.of_internet()
    doubt = ["the public address of application gateway `gate`"]

    assert internet.at(INTERNET)
    assert doubts(found) == [(*doubt, ("hub",))]
    assert _about(found, Verb.NEVER_REACHES, internet, agw) == doubt
    assert _about(found, Verb.NEVER_REACHES, db, agw) == doubt
    assert _about(found, Verb.REACHES, internet, agw) == doubt
    assert _about(found, Verb.EGRESS, agw, internet) == doubt
    assert _about(found, Verb.NEVER_REACHES, internet, web) == []
    assert _about(found, Verb.NEVER_REACHES, agw, db) == []
    assert _about(found, Verb.REACHES, db, agw) == []


def test_whether_a_proxy_with_a_public_address_leaves_for_the_internet_is_open(tmp_path: Path) -> None:
    found = network(tmp_path, *_BOTH, _bastion())

    assert found.subnet("hub.AzureBastionSubnet").default_outbound is None
    assert found.subnet("hub.web").default_outbound is False


@pytest.mark.parametrize(
    "proxy",
    [
        _gateway(gatewayIPConfigurations=[]),
        _gateway(gatewayIPConfigurations=[_part("g", subnet={"id": subnet_id("hub", "gone")})]),
        _gateway(frontendIPConfigurations=None),
        _gateway(privateLinkConfigurations=[_part("l")]),
        _gateway(aPropertyOfTomorrow="x"),
        _bastion(ipConfigurations=[_part("c", subnet={"id": subnet_id("hub", "web")})]),
        _bastion(aPropertyOfTomorrow="x"),
    ],
)
def test_a_proxy_with_more_than_the_model_holds_is_in_doubt(tmp_path: Path, proxy: dict[str, Any]) -> None:
    found = network(tmp_path, *_BOTH, vnet("lone", "10.9.0.0/16"), proxy)

    whole = [item for item in found.unmodelled if not item.places]
    assert whole
    assert all("lone" not in item.vnets for item in whole if item.vnets)


@pytest.mark.parametrize("kind", ["applicationGateways", "bastionHosts"])
def test_a_proxy_without_its_properties_may_matter_anywhere(tmp_path: Path, kind: str) -> None:
    bare = {"id": identity(kind, "x"), "name": "x", "type": f"Microsoft.Network/{kind}"}

    assert [vnets for _, vnets in doubts(network(tmp_path, *_BOTH, bare))] == [()]


def test_an_application_gateway_that_others_name_has_to_be_in_the_input(tmp_path: Path) -> None:
    pools = [{"id": f"{_GATE}/backendAddressPools/pool"}]
    own = {"privateIPAddress": "10.0.2.4", "subnet": {"id": subnet_id("hub", "web")}}
    card = resource(
        "networkInterfaces", "a", ipConfigurations=[_part("c", **own, applicationGatewayBackendAddressPools=pools)]
    )
    standing = subnet(
        "agw", "10.0.1.0/24", applicationGatewayIPConfigurations=[{"id": f"{_GATE}/gatewayIPConfigurations/g"}]
    )
    hub = vnet("hub", "10.0.0.0/16", standing, subnet("web", "10.0.2.0/24"))

    assert doubts(network(tmp_path, hub, card, _gateway())) == []
    (tmp_path / "2.json").unlink()
    found = network(tmp_path, hub, card)
    assert [what for what, _ in doubts(found)] == [
        "application gateway `gate` in subnet `agw`",
        "application gateway `gate`, which nic `a` names",
    ]


def test_a_proxy_that_azure_could_not_have_written_is_an_error(tmp_path: Path) -> None:
    assert errors(read(tmp_path, *_BOTH, _gateway(frontendPorts=[_part("https", port="https")]))) == ["bad-value"]


def test_a_strange_value_anywhere_in_a_proxy_is_no_traceback(tmp_path: Path) -> None:
    for body in (*strange_variants(_gateway()), *strange_variants(_bastion())):
        imported = read(tmp_path, *_BOTH, body)
        assert imported.network.proxies or imported.diagnostics or imported.network.unmodelled
