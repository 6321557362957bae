"""Lints about groups that keep a service from what it needs, and about rules at targets of translation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.header import ALL_IPV4, TCP, Interval, IntervalSet, parse_address
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.lints import plain_lints
from vnetverify.model.network import Network
from vnetverify.model.private_links import Proxy, ProxyKind
from vnetverify.source import Source
from vnetverify.syntax import read

BASTION = """\
vnet v { address 10.0.0.0/16  subnet AzureBastionSubnet 10.0.1.0/26 nsg g }
nsg g {
  inbound 102 manager  allow tcp from GatewayManager to any port 443
  inbound 110 balancer allow tcp from AzureLoadBalancer to any port 443
  inbound 120 data     allow any from VirtualNetwork to VirtualNetwork port 8080, 5701
  outbound 100 targets allow any from any to VirtualNetwork port 22, 3389
  outbound 110 share   allow any from VirtualNetwork to VirtualNetwork port 8080, 5701
  outbound 120 cloud   allow tcp from any to AzureCloud port 443
  outbound 130 web     allow any from any to Internet port 80
}
"""
GATEWAY = "vnet v {{ address 10.0.0.0/16  subnet agw 10.0.1.0/24 nsg g }}\nnsg g {{ {} }}"
TARGET = """\
vnet v {{
  address 10.0.0.0/16
  subnet AzureFirewallSubnet 10.0.1.0/26
  subnet web 10.0.2.0/24 nsg g
}}
nsg g {{ inbound 100 clients allow tcp from {} to any port {} }}
firewall fw {{ nic 10.0.1.4 in v.AzureFirewallSubnet public-ip entry standard 203.0.113.5 }}
vm web {{ nic 10.0.2.4 in v.web }}
"""


def network(text: str) -> Network:
    document = read([Source("t.vnet", text)], Network())
    assert not document.diagnostics, document.diagnostics
    return document.network


def found(network: Network) -> dict[str, str]:
    return {lint.code: lint.message for lint in plain_lints(network)}


def with_gateway(rules: str) -> Network:
    declared = network(GATEWAY.format(rules))
    listens = IntervalSet((Interval(443, 443),))
    return replace(declared, proxies={"gate": Proxy("gate", ProxyKind.APPLICATION_GATEWAY, "v", "agw", listens)})


def translating(source: str, port: str, at: str | None = "entry") -> Network:
    declared = network(TARGET.format(source, port))
    rule = FirewallRule(
        "web", FirewallRuleKind.NAT, True, (TCP,), ALL_IPV4, ALL_IPV4, IntervalSet((Interval(443, 443),)), at=at,
        translation=Translation(parse_address("10.0.2.4"), 8443),
    )  # fmt: skip
    firewall = replace(declared.machines["fw"], firewall=FirewallPolicy((rule,)))
    return replace(declared, machines={**declared.machines, "fw": firewall})


def test_a_bastion_with_all_its_rules_is_fine() -> None:
    assert not found(network(BASTION))


@pytest.mark.parametrize(
    ("line", "need"),
    [
        ("inbound 102 manager", "inbound tcp from GatewayManager port 443"),
        ("inbound 120 data", "inbound tcp from VirtualNetwork port 5701, 8080"),
        ("outbound 100 targets", "outbound tcp to VirtualNetwork port 22, 3389"),
        ("outbound 120 cloud", "outbound tcp to AzureCloud port 443"),
    ],
)
def test_a_bastion_that_lacks_a_rule_is_told_which(line: str, need: str) -> None:
    text = "\n".join(kept for kept in BASTION.splitlines() if line not in kept)

    assert found(network(text))["service-group-lacks-rules"].endswith(f"needs: {need}")


def test_default_rules_do_not_satisfy_a_bastion() -> None:
    lacking = found(network(BASTION.split("\nnsg g")[0] + "\nnsg g {}"))["service-group-lacks-rules"]

    assert lacking.count(";") == 6


def test_a_denial_before_the_mandatory_rule_counts() -> None:
    text = BASTION.replace("nsg g {\n", "nsg g {\n  inbound 101 first deny tcp from any to any port 443\n")

    assert "GatewayManager" in found(network(text))["service-group-lacks-rules"]


def test_an_application_gateway_needs_its_managers_ports() -> None:
    lacking = found(with_gateway(""))["service-group-lacks-rules"]

    assert lacking.endswith("application gateway `gate` needs: inbound tcp from GatewayManager port 65200-65535")


def test_an_application_gateway_may_do_with_two_rules_for_its_managers_ports() -> None:
    halves = "inbound 100 a allow tcp from GatewayManager to any port 65200-65300\n"
    halves += "inbound 110 b allow any from any to any port 65301-65535"

    assert not found(with_gateway(halves))


def test_an_application_gateway_must_get_out() -> None:
    rules = "inbound 100 a allow tcp from GatewayManager to any port 65200-65535\n"
    rules += "outbound 100 no deny any from any to Internet"

    assert found(with_gateway(rules))["service-group-lacks-rules"].endswith("outbound tcp to Internet port 0-65535")


@pytest.mark.parametrize("source", ["Internet", "203.0.113.0/24, 198.51.100.7"])
def test_a_target_of_translation_never_sees_clients(source: str) -> None:
    assert "nat-target-names-clients" in found(translating(source, "8443"))


@pytest.mark.parametrize("source", ["any", "VirtualNetwork", "10.0.1.0/26", "203.0.113.0/24, 10.0.1.0/26"])
def test_a_target_of_translation_sees_the_firewall(source: str) -> None:
    assert not found(translating(source, "8443"))


def test_a_rule_about_another_port_is_none_about_what_is_translated() -> None:
    assert not found(translating("Internet", "443"))


def test_a_rule_at_the_private_address_may_keep_its_clients() -> None:
    assert not found(translating("Internet", "8443", at=None))
