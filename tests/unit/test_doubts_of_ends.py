"""What is not modelled of all flows that begin or end somewhere, and of no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import read, resource, subnet, template, vnet
from vnetverify.pipeline import Options, load, prove
from vnetverify.prover.verdict import Proved, Unknown, Verdict
from vnetverify.source import Source
from vnetverify.syntax import read as read_text
from vnetverify.syntax.unmodelled import statements

_TEXT = """
vnet hub { address 10.0.0.0/16  subnet apps 10.0.1.0/24 nsg closed  subnet jobs 10.0.2.0/24 nsg closed }
nsg closed { inbound 100 none deny * from any to any port * }
vm job { nic 10.0.2.4 in hub.jobs  public-ip standard 20.0.0.4 }
vm app { nic 10.0.1.4 in hub.apps  public-ip standard 20.0.0.5 }
not-modelled "what `hub.jobs` takes" because "it is a service" for hub at hub.jobs alone
"""


def _verdict(tmp_path: Path, claim: str) -> Verdict:
    path = tmp_path / "a.vnet"
    path.write_text(f"{_TEXT}intent i {{ {claim} }}\n", encoding="utf-8")
    (result,) = prove(load([str(path)], []), Options()).results
    return result.verdict


@pytest.mark.parametrize(
    "claim",
    [
        "hub.jobs never reaches hub.apps",
        "hub.apps never reaches hub.jobs",
        "internet never reaches 20.0.0.4",
        "internet never reaches 20.0.0.0/24",
    ],
)
def test_a_sentence_about_flows_that_begin_or_end_there_is_open(tmp_path: Path, claim: str) -> None:
    assert isinstance(_verdict(tmp_path, claim), Unknown)


def test_a_sentence_about_other_flows_is_not(tmp_path: Path) -> None:
    assert isinstance(_verdict(tmp_path, "internet never reaches hub.apps"), Proved)
    assert isinstance(_verdict(tmp_path, "internet never reaches 20.0.0.5"), Proved)


def test_it_is_written_as_it_is_read() -> None:
    network = read_text([Source("a.vnet", _TEXT)]).network

    (said,) = (line for _, line in statements(network))

    assert said == ('not-modelled "what `hub.jobs` takes" because "it is a service" for hub at hub.jobs alone')


_INSIDE = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'AzureFirewallSubnet')]"}
_PUBLIC = {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'p')]"}
_NAT = {
    "ruleCollectionType": "FirewallPolicyNatRuleCollection",
    "name": "in",
    "priority": 100,
    "action": {"type": "Dnat"},
    "rules": [],
}


def _with_proxy(*collections: Any) -> dict[str, Any]:
    configuration = {"name": "c", "properties": {"subnet": _INSIDE, "publicIPAddress": _PUBLIC}}
    policy = {"id": "[resourceId('Microsoft.Network/firewallPolicies', 'fp')]"}
    return template(
        vnet("v", "10.0.0.0/16", subnet("AzureFirewallSubnet", "10.0.1.0/26")),
        resource("publicIPAddresses", "p", {"publicIPAllocationMethod": "Static"}, sku={"name": "Standard"}),
        resource("azureFirewalls", "fw", {"ipConfigurations": [configuration], "firewallPolicy": policy}),
        resource("firewallPolicies", "fp", {"dnsSettings": {"enableProxy": True}}),
        resource(
            "firewallPolicies/ruleCollectionGroups", "fp/g", {"priority": 1, "ruleCollections": list(collections)}
        ),
    )


def test_a_firewall_that_answers_about_names_leaves_only_what_is_sent_to_it_open(tmp_path: Path) -> None:
    (item,) = read(tmp_path, _with_proxy()).network.unmodelled

    assert (item.places, item.ends_there) == (("v.AzureFirewallSubnet",), True)


def test_so_does_one_that_clients_send_to_as_their_proxy(tmp_path: Path) -> None:
    said = _with_proxy()
    said["resources"][3]["properties"] = {"explicitProxy": {"enableExplicitProxy": True, "httpPort": 8080}}

    (item,) = read(tmp_path, said).network.unmodelled

    assert (item.what, item.places, item.ends_there) == (
        "`explicitProxy` of firewall policy `fp`",
        ("v.AzureFirewallSubnet",),
        True,
    )


def test_with_translation_beside_it_everything_is_open(tmp_path: Path) -> None:
    rule = {
        "ruleType": "NatRule",
        "name": "dns",
        "ipProtocols": ["UDP"],
        "sourceAddresses": ["*"],
        "destinationAddresses": ["203.0.113.1"],
        "destinationPorts": ["53"],
        "translatedAddress": "10.0.5.5",
        "translatedPort": "53",
    }

    network = read(tmp_path, json.loads(json.dumps(_with_proxy(_NAT | {"rules": [rule]})))).network

    assert any("dnsSettings" in item.what and not item.ends_there for item in network.unmodelled)


@pytest.mark.parametrize(
    "through",
    [
        "appliance nva { nic 10.0.2.9 in hub.jobs  forwards any }",
        "route-table t { d 0.0.0.0/0 -> appliance 10.0.2.9 }",
    ],
)
def test_it_is_open_where_something_there_may_forward_flows_between_others(tmp_path: Path, through: str) -> None:
    path = tmp_path / "a.vnet"
    path.write_text(f"{_TEXT}{through}\nintent i {{ internet never reaches hub.apps }}\n", encoding="utf-8")

    (result,) = prove(load([str(path)], []), Options()).results

    assert isinstance(result.verdict, Unknown)


def test_a_service_endpoint_of_unknown_prefixes_leaves_what_its_subnet_sends_and_takes_open(tmp_path: Path) -> None:
    web = subnet("web", "10.0.1.0/24", serviceEndpoints=[{"service": "Microsoft.Storage"}])
    firewalls = subnet("AzureFirewallSubnet", "10.0.2.0/26", serviceEndpoints=[{"service": "Microsoft.Storage"}])

    found = read(tmp_path, template(vnet("hub", "10.0.0.0/16", web, firewalls))).network.unmodelled

    assert [(item.places, item.ends_there) for item in found] == [(("hub.web",), True), ((), False)]


def test_a_policy_of_service_endpoints_leaves_open_what_its_subnet_sends_and_takes(tmp_path: Path) -> None:
    policy = {"id": "[resourceId('Microsoft.Network/serviceEndpointPolicies', 'p')]"}
    named = [
        subnet("web", "10.0.1.0/24", serviceEndpointPolicies=[policy]),
        subnet("AzureFirewallSubnet", "10.0.2.0/26", serviceEndpointPolicies=[policy]),
    ]
    policies = resource("serviceEndpointPolicies", "p", {}), resource("serviceEndpointPolicies", "of-nobody", {})

    found = read(tmp_path, template(vnet("hub", "10.0.0.0/16", *named), *policies)).network.unmodelled

    assert [(item.places, item.ends_there) for item in found] == [(("hub.web",), True), ((), False)]


def test_an_app_that_is_joined_to_a_subnet_leaves_only_that_open(tmp_path: Path) -> None:
    where = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'web')]"
    app = resource("Microsoft.Web/sites/config", "app/virtualNetwork", {"subnetResourceId": where})

    found = read(tmp_path, template(vnet("hub", "10.0.0.0/16", subnet("web", "10.0.1.0/24")), app)).network.unmodelled

    assert [(item.places, item.ends_there) for item in found] == [(("hub.web",), True)]


@pytest.mark.parametrize(
    ("plugin", "extras", "is_alone"),
    [
        ("azure", {"omsagent": {"enabled": True}, "aciConnectorLinux": {"enabled": False}}, True),
        ("kubenet", {}, False),
        ("azure", {"aciConnectorLinux": {"enabled": True, "config": {"SubnetName": "more"}}}, False),
    ],
)
def test_a_cluster_leaves_only_its_subnet_open_where_it_writes_no_routes(
    tmp_path: Path, plugin: str, extras: dict[str, Any], is_alone: bool
) -> None:
    where = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'web')]"
    said = {
        "agentPoolProfiles": [{"name": "p", "vnetSubnetID": where}],
        "networkProfile": {"networkPlugin": plugin},
        "addonProfiles": extras,
    }
    cluster = resource("Microsoft.ContainerService/managedClusters", "aks", said)
    network = read(tmp_path, template(vnet("hub", "10.0.0.0/16", subnet("web", "10.0.1.0/24")), cluster)).network

    assert [item.places for item in network.unmodelled] == [("hub.web",) if is_alone else ()]


_HANDING_ON = """
vnet hub {
  address 10.0.0.0/16
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet apps 10.0.1.0/24
  subnet jobs 10.0.2.0/24
  subnet fronts 10.0.3.0/24
}
firewall fw {
  nic 10.0.0.4 in hub.AzureFirewallSubnet  public-ip entry standard 203.0.113.5
  collection nat 100 inbound {
    rule web tcp from * at entry port 443 -> 10.0.2.5 port 443
    rule inside tcp from * at private port 443 -> 10.0.2.5 port 443
  }
}
vm worker { nic 10.0.2.9 in hub.jobs }
load-balancer lb standard in hub.fronts {
  frontend 10.0.3.4
  rule web tcp 443 -> worker probe 443
}
not-modelled "what `hub.jobs` takes" because "it is a service" for hub at hub.jobs alone
"""


@pytest.mark.parametrize(
    ("claim", "is_open"),
    [
        ("internet never reaches fw on tcp/443", True),
        ("internet never reaches 203.0.113.5 on tcp/443", True),
        ("hub.apps never reaches 10.0.0.4 on tcp/443", True),
        ("hub.apps never reaches lb on tcp/443", True),
        ("hub.apps never reaches hub.fronts on tcp/443", False),
        ("internet never reaches hub.apps on tcp/443", False),
    ],
)
def test_so_is_one_about_what_hands_flows_on_to_what_stands_there(tmp_path: Path, claim: str, is_open: bool) -> None:
    """The firewall's addresses and the frontend lead to `hub.jobs`, whatever the sentence calls them."""
    path = tmp_path / "a.vnet"
    path.write_text(f"{_HANDING_ON}intent i {{ {claim} }}\n", encoding="utf-8")
    loaded = load([str(path)], [])
    (result,) = prove(loaded, Options()).results

    assert loaded.diagnostics == ()
    assert isinstance(result.verdict, Unknown) is is_open
