"""What of a template is not known leaves open the verdicts that it could change, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import codes, read, resource, subnet, template, typed, vnet
from vnetverify.loading import load
from vnetverify.model.lints import plain_lints


@pytest.mark.parametrize("name", ["prefix", "address"])
def test_a_prefix_that_is_not_known_leaves_verdicts_about_its_network_open(tmp_path: Path, name: str) -> None:
    prefixes = {"prefix": "10.0.0.0/24", "address": "10.0.0.0/16"}
    prefixes[name] = f"[parameters('{name}')]"
    content = template(
        vnet("v", prefixes["address"], subnet("s", prefixes["prefix"])),
        vnet("w", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
        parameters=typed(**{name: "string"}),
    )

    open_items = read(tmp_path, content).network.unmodelled

    assert [item.vnets for item in open_items] == [("v",)] * len(open_items) != []


def test_a_rule_that_is_not_known_leaves_verdicts_about_whom_it_guards_open(tmp_path: Path) -> None:
    group = {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'n')]"}
    rules = {"securityRules": "[parameters('rules')]"}
    content = template(
        resource("networkSecurityGroups", "n", rules),
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24", networkSecurityGroup=group)),
        vnet("w", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
        parameters=typed(rules="array"),
    )

    assert {item.vnets for item in read(tmp_path, content).network.unmodelled} == {("v",)}


@pytest.mark.parametrize(
    ("subnet_id", "vnets"),
    [
        ("[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]", {("v",)}),
        ("[parameters('place')]", {()}),
    ],
)
def test_what_names_no_place_does_not_widen_what_a_scale_set_leaves_open(
    tmp_path: Path, subnet_id: str, vnets: set[tuple[str, ...]]
) -> None:
    address = {"name": "p", "properties": {"dnsSettings": {"domainNameLabel": "[parameters('label')]"}}}
    configuration = {"properties": {"subnet": {"id": subnet_id}, "publicIPAddressConfiguration": address}}
    interface = {"name": "n", "properties": {"ipConfigurations": [configuration]}}
    profile = {
        "osProfile": {"adminPassword": "[parameters('secret')]"},
        "networkProfile": {"networkInterfaceConfigurations": [interface]},
        "extensionProfile": {"extensions": [{"name": "e", "properties": {"settings": "[parameters('label')]"}}]},
    }
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")),
        vnet("w", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
        resource("Microsoft.Compute/virtualMachineScaleSets", "m", {"virtualMachineProfile": profile}),
        parameters=typed(secret="securestring", label="string", place="string"),
    )

    assert {item.vnets for item in read(tmp_path, content).network.unmodelled} == vnets


def test_a_group_that_may_not_be_there_leaves_verdicts_open(tmp_path: Path) -> None:
    group = {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'n')]"}
    content = template(
        resource("networkSecurityGroups", "n", {"securityRules": []}, condition="[parameters('guarded')]"),
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24", networkSecurityGroup=group)),
        parameters=typed(guarded="bool"),
    )

    assert {item.vnets for item in read(tmp_path, content).network.unmodelled} == {("v",)}


def test_what_a_linked_template_deploys_could_change_anything(tmp_path: Path) -> None:
    link = {"mode": "Incremental", "templateLink": {"uri": "https://example.org/more.json"}}
    content = template(vnet("v"), resource("Microsoft.Resources/deployments", "more", link))

    assert [item.vnets for item in read(tmp_path, content).network.unmodelled] == [()]


_POOL = {"pool": {"id": "[resourceId('Microsoft.Network/networkManagers/ipamPools', 'm', 'p')]"}}


@pytest.mark.parametrize("allocated", [[], ["10.0.0.0/16"]])
def test_prefixes_out_of_a_pool_are_known_only_once_azure_has_told_them(tmp_path: Path, allocated: list[str]) -> None:
    pools = [{**_POOL, "numberOfIpAddresses": "65536", "allocatedAddressPrefixes": allocated}]
    space = {"addressPrefixes": ["fd00:a::/48", *allocated], "ipamPoolPrefixAllocations": pools}
    content = template(resource("virtualNetworks", "v", {"addressSpace": space}), vnet("w", "10.1.0.0/16"))

    open_items = read(tmp_path, content).network.unmodelled

    assert [item.vnets for item in open_items if item.is_unknown] == ([] if allocated else [("v",)])


def test_networks_and_subnets_with_prefixes_out_of_a_pool_alone_are_no_mistake(tmp_path: Path) -> None:
    pools = {"ipamPoolPrefixAllocations": [{**_POOL, "numberOfIpAddresses": "256"}]}
    inside = {"name": "s", "properties": pools}
    peering = {"remoteVirtualNetwork": {"id": "[resourceId('Microsoft.Network/virtualNetworks', 'v')]"}}
    content = template(
        resource("virtualNetworks", "v", {"addressSpace": pools, "subnets": [inside]}),
        vnet("w", "10.1.0.0/16"),
        resource("virtualNetworks/virtualNetworkPeerings", "w/v", peering),
        vnet("x", "10.2.0.0/16"),
    )

    found = read(tmp_path, content)

    assert codes(found) == []
    open_items = {item.what: item.vnets for item in found.network.unmodelled if item.is_unknown}
    assert open_items == {"`addressPrefix` of subnet `s`": ("v", "w"), "`addressSpace` of vnet `v`": ("v", "w")}


@pytest.mark.parametrize("scope", ["/subscriptions/11111111-1111-1111-1111-111111111111", "[subscription().id]"])
def test_a_network_manager_may_manage_what_is_deployed_nobody_says_where(tmp_path: Path, scope: str) -> None:
    scopes = {"networkManagerScopes": {"subscriptions": [scope]}, "networkManagerScopeAccesses": ["SecurityAdmin"]}
    content = template(vnet("v"), resource("networkManagers", "m", scopes))

    open_items = read(tmp_path, content).network.unmodelled

    assert [(item.what, item.vnets) for item in open_items] == [("network manager `m`", ("v",))]


@pytest.mark.parametrize(
    ("own", "inner"),
    [
        ({"networkSecurityGroup": {"id": "[parameters('x')]"}}, {}),
        ({}, {"publicIPAddress": {"id": "[parameters('x')]"}}),
        ({}, {"applicationSecurityGroups": [{"id": "[parameters('x')]"}]}),
        ({}, {"loadBalancerBackendAddressPools": [{"id": "[parameters('x')]"}]}),
        ({}, {"loadBalancerInboundNatRules": [{"id": "[parameters('x')]"}]}),
        ({}, {"applicationGatewayBackendAddressPools": [{"id": "[parameters('x')]"}]}),
    ],
)
def test_an_interface_of_which_it_is_not_known_what_it_names_stays_where_it_is(
    tmp_path: Path, own: dict[str, object], inner: dict[str, object]
) -> None:
    place = {"subnet": {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}}
    configuration = {"name": "c", "properties": {**place, "privateIPAddress": "10.0.0.9", **inner}}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")),
        vnet("w", "10.1.0.0/16"),
        resource("networkInterfaces", "n", {"ipConfigurations": [configuration], **own}),
        parameters=typed(x="string"),
    )

    found = read(tmp_path, content)

    assert codes(found) == []
    assert [machine.nics[0].name for machine in found.network.machines.values()] == ["n"]
    assert [item.vnets for item in found.network.unmodelled] == [("v",)]


def test_what_a_template_does_not_tell_is_not_called_missing(tmp_path: Path) -> None:
    """A group, a connection, the other half of a peering may be there."""
    place = {"subnet": {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}}
    public = {"publicIPAddress": {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'p')]"}}
    configuration = {"name": "c", "properties": {**place, **public, "privateIPAddress": "10.0.0.9"}}
    gateway = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'GatewaySubnet')]"
    elsewhere = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/r/providers/Microsoft.Network"
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"), subnet("GatewaySubnet", "10.0.9.0/27")),
        resource("publicIPAddresses", "p", {}, sku={"name": "Standard"}),
        resource(
            "networkInterfaces",
            "n",
            {"ipConfigurations": [configuration], "networkSecurityGroup": {"id": "[parameters('x')]"}},
        ),
        resource(
            "virtualNetworkGateways",
            "g",
            {"gatewayType": "Vpn", "ipConfigurations": [{"name": "c", "properties": {"subnet": {"id": gateway}}}]},
        ),
        resource("connections", "c", {"virtualNetworkGateway1": {"id": "[parameters('x')]"}}),
        resource(
            "virtualNetworks/virtualNetworkPeerings",
            "v/hub",
            {"remoteVirtualNetwork": {"id": f"{elsewhere}/virtualNetworks/hub"}},
        ),
        parameters=typed(x="string"),
    )
    path = tmp_path / "main.json"
    path.write_text(json.dumps(content))

    loaded = load([], [str(path)])

    assert [one.code for one in (*loaded.diagnostics, *plain_lints(loaded.document.network))] == []


@pytest.mark.parametrize("unknown", ["firewallPolicy", "publicIPAddress"])
def test_a_firewall_of_which_not_all_is_known_may_forward_anything(tmp_path: Path, unknown: str) -> None:
    place = {"subnet": {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'AzureFirewallSubnet')]"}}
    public = {"publicIPAddress": {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'p')]"}}
    not_known = {"id": "[parameters('x')]"}
    if unknown in public:
        public[unknown] = not_known
    configuration = {"name": "c", "properties": {**place, **public}}
    own = {"firewallPolicy": not_known} if unknown == "firewallPolicy" else {}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("AzureFirewallSubnet", "10.0.0.0/26")),
        resource("publicIPAddresses", "p", {}, sku={"name": "Standard"}),
        resource("azureFirewalls", "f", {"ipConfigurations": [configuration], **own}),
        parameters=typed(x="string"),
    )

    found = read(tmp_path, content)

    assert found.network.machines["f"].firewall is None
    assert {item.vnets for item in found.network.unmodelled} == {("v",)}
    assert "firewall-without-rules" not in [one.code for one in found.diagnostics]


def test_a_balancer_and_a_gateway_stay_of_which_it_is_not_known_what_they_name(tmp_path: Path) -> None:
    not_known = {"id": "[parameters('x')]"}
    subnets = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', '{}')]"
    frontend = {"privateIPAddress": "10.0.0.9", "subnet": {"id": subnets.format("s")}}
    rule = {"frontendIPConfiguration": not_known, "protocol": "Tcp", "frontendPort": 80, "backendPort": 80}
    configuration = {"name": "c", "properties": {"subnet": {"id": subnets.format("GatewaySubnet")}}}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"), subnet("GatewaySubnet", "10.0.9.0/27")),
        resource(
            "loadBalancers",
            "b",
            {
                "frontendIPConfigurations": [{"name": "f", "properties": frontend}],
                "loadBalancingRules": [{"name": "r", "properties": rule}],
            },
            sku={"name": "Standard"},
        ),
        resource(
            "virtualNetworkGateways",
            "g",
            {"gatewayType": "Vpn", "gatewayDefaultSite": not_known, "ipConfigurations": [configuration]},
        ),
        parameters=typed(x="string"),
    )

    found = read(tmp_path, content)

    assert codes(found) == []
    assert ([*found.network.load_balancers], [*found.network.gateways]) == (["b"], ["g"])
    assert {item.vnets for item in found.network.unmodelled} == {("v",)}


_COLLECTIONS = {
    "networkRuleCollections": {
        "destinationPorts": ["443"],
        "protocols": ["TCP"],
        "destinationAddresses": ["10.9.0.0/16"],
    },
    "applicationRuleCollections": {"protocols": [{"protocolType": "Https", "port": 443}]},
}


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("networkRuleCollections", {"destinationFqdns": ["[parameters('name')]"]}),
        ("networkRuleCollections", {"destinationFqdns": "[parameters('names')]"}),
        ("applicationRuleCollections", {"targetFqdns": ["[concat('sql', environment().suffixes.sqlServerHostname)]"]}),
        ("applicationRuleCollections", {"targetFqdns": ["*", "[parameters('name')]"]}),
        ("applicationRuleCollections", {"targetFqdns": "[parameters('names')]"}),
        ("applicationRuleCollections", {"fqdnTags": "[parameters('names')]", "targetFqdns": []}),
    ],
)
def test_names_that_a_rule_asks_for_need_not_be_known(tmp_path: Path, kind: str, asked: dict[str, Any]) -> None:
    rule = {"name": "r", "sourceAddresses": ["10.0.0.0/8"], **_COLLECTIONS[kind], **asked}
    collection = {"name": "c", "properties": {"priority": 100, "action": {"type": "Allow"}, "rules": [rule]}}
    place = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'AzureFirewallSubnet')]"}
    public = {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'p')]"}
    configuration = {"name": "c", "properties": {"subnet": place, "publicIPAddress": public}}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("AzureFirewallSubnet", "10.0.1.0/26")),
        resource("publicIPAddresses", "p", {"publicIPAllocationMethod": "Static"}, sku={"name": "Standard"}),
        resource("azureFirewalls", "f", {"ipConfigurations": [configuration], kind: [collection]}),
        parameters=typed(name="string", names="array"),
    )

    found = read(tmp_path, content).network

    assert found.unmodelled == ()
    policy = found.machines["f"].firewall
    assert policy is not None
    assert [rule.has_names for rule in policy.rules] == [True]
