"""Firewalls of plans, and routes to addresses that Azure will assign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    ANY_VALUE,
    Module,
    Planned,
    block,
    doubts,
    identity,
    nic,
    plan,
    planned,
    read_network,
    refers,
    subnet,
    vnet,
)
from vnetverify.header import parse_address
from vnetverify.model.firewalls import FirewallRuleKind

_HUB = [vnet("hub"), subnet("app", "hub")]
_APP = f"{identity('virtualNetworks', 'hub')}/subnets/app"
_FIREWALL_SUBNET = f"{identity('virtualNetworks', 'hub')}/subnets/AzureFirewallSubnet"
_SAFE: list[Planned] = [
    vnet("hub"),
    subnet("AzureFirewallSubnet", "hub"),
    planned("public_ip", "p", sku="Standard", ip_version="IPv4", later={"ip_address": ANY_VALUE}),
]


def _firewall(**more: Any) -> Planned:
    configuration = {
        "name": "c",
        "subnet_id": _FIREWALL_SUBNET,
        "public_ip_address_id": identity("publicIPAddresses", "p"),
    }
    return planned(
        "firewall",
        "fw",
        sku_name="AZFW_VNet",
        sku_tier="Standard",
        ip_configuration=[configuration],
        later={"ip_configuration": [{"private_ip_address": True}]},
        **more,
    )


def test_a_firewall_has_the_collections_that_name_it(tmp_path: Path) -> None:
    rule = {
        "name": "web",
        "source_addresses": ["10.1.0.0/16"],
        "destination_addresses": ["10.2.0.0/16"],
        "destination_ports": ["443"],
        "protocols": ["TCP"],
    }
    collections = [
        planned(
            "firewall_network_rule_collection", "n", azure_firewall_name="fw", priority=100, action="Allow", rule=[rule]
        ),
        planned(
            "firewall_application_rule_collection",
            "a",
            azure_firewall_name="fw",
            priority=200,
            action="Allow",
            rule=[
                {
                    "name": "all",
                    "source_addresses": ["*"],
                    "target_fqdns": ["*"],
                    "protocol": [{"type": "Https", "port": 443}],
                }
            ],
        ),
    ]

    network = read_network(tmp_path, plan(*_SAFE, _firewall(private_ip_ranges=["10.0.0.0/8"]), *collections))

    policy = network.machines["fw"].firewall
    assert policy is not None
    assert [(rule.name, rule.kind) for rule in policy.rules] == [
        ("n/web", FirewallRuleKind.NETWORK),
        ("a/all", FirewallRuleKind.APPLICATION),
    ]
    assert policy.private_ranges is not None
    assert network.unmodelled == ()


def test_a_firewall_follows_the_groups_of_its_policy(tmp_path: Path) -> None:
    rule = {
        "name": "web",
        "source_ip_groups": [],
        "source_addresses": ["10.1.0.0/16"],
        "destination_ip_groups": [],
        "destination_addresses": [],
        "destination_ports": ["443"],
        "protocols": ["TCP"],
    }
    group = planned(
        "firewall_policy_rule_collection_group",
        "group",
        priority=100,
        later={
            "firewall_policy_id": True,
            "network_rule_collection": [{"rule": [{"destination_ip_groups": [True]}]}],
        },
        network_rule_collection=[{"name": "net", "priority": 100, "action": "Allow", "rule": [rule]}],
    )
    document = plan(
        *_SAFE,
        _firewall(firewall_policy_id=identity("firewallPolicies", "policy")),
        planned(
            "firewall_policy",
            "policy",
            threat_intelligence_mode="Alert",
            later={"rule_collection_groups": ANY_VALUE},
        ),
        planned("ip_group", "servers", cidrs=["10.2.0.0/24", "10.4.0.0/24"]),
        planned("ip_group_cidr", "more", ip_group_id=identity("ipGroups", "servers"), cidr="10.3.0.0/24"),
        planned(
            "ip_group_cidr",
            "less",
            ip_group_id=identity("ipGroups", "servers"),
            cidr="10.4.0.0/24",
            actions=("delete",),
        ),
        group,
        configuration=Module(
            [
                block("firewall_policy", "policy"),
                block("ip_group", "servers"),
                block(
                    "firewall_policy_rule_collection_group",
                    "group",
                    firewall_policy_id=refers("azurerm_firewall_policy.policy.id"),
                    network_rule_collection=[
                        {"rule": [{"destination_ip_groups": refers("azurerm_ip_group.servers.id")}]}
                    ],
                ),
            ]
        ),
    )

    network = read_network(tmp_path, document)

    policy = network.machines["fw"].firewall
    assert network.unmodelled == ()
    assert policy is not None
    assert [(rule.name, rule.allows) for rule in policy.rules] == [("net/web", True)]
    assert parse_address("10.2.0.1") in policy.rules[0].destinations
    assert parse_address("10.3.0.1") in policy.rules[0].destinations
    assert parse_address("10.4.0.1") not in policy.rules[0].destinations


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ({"dns_proxy_enabled": True}, "EnableProxy"),
        ({"firewall_policy_id": identity("firewallPolicies", "elsewhere")}, "elsewhere"),
    ],
    ids=["proxy", "policy"],
)
def test_what_is_not_told_of_a_firewall_is_in_doubt(tmp_path: Path, written: dict[str, Any], word: str) -> None:
    said = doubts(read_network(tmp_path, plan(*_SAFE, _firewall(**written))))

    assert any(word in one for one in said)


@pytest.mark.parametrize(
    ("reference", "holder"),
    [
        (refers("azurerm_firewall.fw.ip_configuration[0].private_ip_address"), "fw"),
        ({"references": ["azurerm_firewall.fw"]}, "fw"),
        (refers("azurerm_network_interface.n.private_ip_address"), "vm"),
        (refers("azurerm_linux_virtual_machine.vm.private_ip_address"), "vm"),
        (refers("azurerm_network_interface.n.private_ip_address", "azurerm_firewall.fw"), None),
    ],
    ids=["firewall", "old plan", "interface", "machine", "either"],
)
def test_a_route_to_an_address_that_azure_will_assign_leads_to_who_gets_it(
    tmp_path: Path, reference: dict[str, Any], holder: str | None
) -> None:
    route = planned(
        "route",
        "r",
        route_table_name="t",
        address_prefix="0.0.0.0/0",
        next_hop_type="VirtualAppliance",
        later={"next_hop_in_ip_address": True},
    )
    app = f"{identity('virtualNetworks', 'hub')}/subnets/app"
    document = plan(
        *_SAFE,
        subnet("app", "hub", "10.0.1.0/24"),
        _firewall(),
        nic("n", None, configuration={"subnet_id": app}),
        planned("linux_virtual_machine", "vm", network_interface_ids=[identity("networkInterfaces", "n")]),
        planned("route_table", "t", route=[]),
        route,
        planned("subnet_route_table_association", "a", subnet_id=app, route_table_id=identity("routeTables", "t")),
        configuration=Module([block("route", "r", next_hop_in_ip_address=reference)]),
    )

    network = read_network(tmp_path, document)

    hops = [one.next_hop_address for one in network.route_tables["t"].routes]
    assert hops == ([] if holder is None else list(network.machines[holder].nics[0].addresses))
    assert bool(network.unmodelled) is (holder is None)


def test_a_prefix_around_an_address_is_not_the_address(tmp_path: Path) -> None:
    """A plan does not tell `"${azurerm_network_interface.n.private_ip_address}/24"` from the address alone."""
    own = planned(
        "network_security_rule",
        "r",
        network_security_group_name="g",
        later={"source_address_prefix": True},
        priority=100,
        direction="Inbound",
        access="Deny",
        protocol="*",
        source_port_range="*",
        destination_port_range="*",
        destination_address_prefix="*",
    )
    written = block(
        "network_security_rule", "r", source_address_prefix=refers("azurerm_network_interface.n.private_ip_address")
    )
    at = planned(
        "subnet_network_security_group_association",
        "a",
        subnet_id=_APP,
        network_security_group_id=identity("networkSecurityGroups", "g"),
    )
    group = planned("network_security_group", "g", security_rule=[])

    network = read_network(tmp_path, plan(*_HUB, nic("n", None), group, own, at, configuration=Module([written])))

    assert any("sourceAddressPrefix" in said for said in doubts(network))
