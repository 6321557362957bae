"""Networks as people write templates for them: hubs with spokes, modules, loops over rules, gateways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import (
    ELSEWHERE,
    NETWORK,
    SUBSCRIPTION_SCHEMA,
    codes,
    nested,
    read,
    resource,
    subnet,
    template,
    typed,
    vnet,
)
from vnetverify.pipeline import Options, load, prove

_FLAGS = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}


def _peering(name: str, remote: str, **flags: Any) -> dict[str, Any]:
    return resource(
        "virtualNetworks/virtualNetworkPeerings", name, {**_FLAGS, **flags, "remoteVirtualNetwork": {"id": remote}}
    )


def _vnet_id(name: str) -> str:
    return f"[resourceId('Microsoft.Network/virtualNetworks', {name})]"


def _hub_and_spokes() -> dict[str, Any]:
    """A hub, and as many spokes as a parameter says, peered both ways in loops."""
    loop = {"name": "spokes", "count": "[length(parameters('spokes'))]"}
    spoke = "parameters('spokes')[copyIndex()]"
    return template(
        vnet("hub", "10.0.0.0/16", subnet("machines", "10.0.1.0/24")),
        vnet(
            f"[{spoke}.name]",
            f"[{spoke}.prefix]",
            subnet("machines", f"[cidrSubnet({spoke}.prefix, 24, 1)]"),
            copy=loop,
        ),
        _peering(f"[concat('hub/to-', {spoke}.name)]", _vnet_id(f"{spoke}.name")) | {"copy": loop},
        _peering(f"[concat({spoke}.name, '/to-hub')]", _vnet_id("'hub'")) | {"copy": loop},
        parameters=typed(spokes="array"),
    )


def test_a_hub_with_as_many_spokes_as_are_given(tmp_path: Path) -> None:
    spokes = [{"name": f"spoke{number}", "prefix": f"10.{number}.0.0/16"} for number in (1, 2, 3)]

    network = read(tmp_path, _hub_and_spokes(), spokes=json.dumps(spokes)).network

    assert set(network.vnets) == {"hub", "spoke1", "spoke2", "spoke3"}
    assert str(network.subnet("spoke2.machines").prefixes[0]) == "10.2.1.0/24"
    assert len(network.peerings) == 6
    assert network.unmodelled == ()


def test_of_spokes_that_are_not_given_nothing_is_proved(tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    path.write_text(json.dumps(_hub_and_spokes()), encoding="utf-8")
    text = tmp_path / "a.vnet"
    text.write_text("intent i { hub.machines never reaches internet }\n", encoding="utf-8")

    (result,) = prove(load([str(text)], [str(path)]), Options()).results

    assert type(result.verdict).__name__ == "Unknown"


def test_rules_come_from_a_list_of_objects(tmp_path: Path) -> None:
    rule = "parameters('rules')[copyIndex('securityRules')]"
    loop = {
        "name": "securityRules",
        "count": "[length(parameters('rules'))]",
        "input": {
            "name": f"[{rule}.name]",
            "properties": {
                "priority": "[add(100, copyIndex('securityRules'))]",
                "direction": f"[if(contains({rule}, 'direction'), {rule}.direction, 'Inbound')]",
                "access": f"[{rule}.access]",
                "protocol": "Tcp",
                "sourceAddressPrefix": "*",
                "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": f"[string({rule}.port)]",
            },
        },
    }
    default = [{"name": "web", "access": "Allow", "port": 443}, {"name": "ssh", "access": "Deny", "port": "22"}]
    content = template(
        resource("networkSecurityGroups", "n", {"copy": [loop]}),
        parameters={"rules": {"type": "array", "defaultValue": default}},
    )

    rules = read(tmp_path, content).network.nsgs["n"].rules

    assert [(rule.name, rule.priority, rule.access.value) for rule in rules] == [
        ("web", 100, "allow"),
        ("ssh", 101, "deny"),
    ]


@pytest.mark.parametrize(("choice", "vnets"), [("new", {"v"}), ("existing", set())])
def test_a_network_is_new_or_exists_already(tmp_path: Path, choice: str, vnets: set[str]) -> None:
    parameters = {
        "newOrExisting": {"type": "string", "defaultValue": "new", "allowedValues": ["new", "existing"]},
        "group": {"type": "string", "defaultValue": "[resourceGroup().name]"},
    }
    variables = {
        "id": {
            "new": "[resourceId('Microsoft.Network/virtualNetworks', 'v')]",
            "existing": "[resourceId(parameters('group'), 'Microsoft.Network/virtualNetworks', 'v')]",
        },
        "vnetId": "[variables('id')[parameters('newOrExisting')]]",
    }
    content = template(
        vnet("v", condition="[equals(parameters('newOrExisting'), 'new')]"),
        resource("x.y/z", "a", {"network": {"id": "[variables('vnetId')]"}}),
        parameters=parameters,
        variables=variables,
    )

    assert set(read(tmp_path, content, newOrExisting=choice).network.vnets) == vnets


def test_peerings_across_groups_and_subscriptions_stand_in_nested_deployments(tmp_path: Path) -> None:
    hub = "[parameters('hubId')]"
    far = template(
        _peering("[concat(parameters('hub'), '/to-spoke')]", "[parameters('spokeId')]"),
        parameters=typed(hub="string", spokeId="string"),
    )
    passed = {"hub": "[last(split(parameters('hubId'), '/'))]", "spokeId": _vnet_id("'spoke'")}
    content = template(
        vnet("spoke", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
        _peering("spoke/to-hub", hub, useRemoteGateways=True),
        nested(
            "far",
            far,
            parameters=passed,
            subscriptionId="[split(parameters('hubId'), '/')[2]]",
            resourceGroup="[split(parameters('hubId'), '/')[4]]",
        ),
        parameters=typed(hubId="string"),
    )

    network = read(tmp_path, content, hubId=f"{ELSEWHERE}/virtualNetworks/hub").network

    assert {(half.local, half.remote) for half in network.peerings} == {("spoke", "hub"), ("hub", "spoke")}


def test_modules_of_bicep_pass_ids_through_outputs(tmp_path: Path) -> None:
    """A module makes a group of rules, another a network whose subnets it guards if it is given one."""
    guard = template(
        resource("networkSecurityGroups", "[parameters('name')]", {"securityRules": []}),
        parameters=typed(name="string"),
        outputs={
            "id": {
                "type": "string",
                "value": "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('name'))]",
            }
        },
    )
    network = template(
        {
            "net": vnet("[parameters('name')]", "10.0.0.0/16"),
            "sub": resource(
                "virtualNetworks/subnets",
                "[format('{0}/{1}', parameters('name'), 's')]",
                {
                    "addressPrefix": "10.0.0.0/24",
                    "networkSecurityGroup": "[variables('guard')]",
                },
                dependsOn=["net"],
            ),
        },
        languageVersion="2.0",
        parameters=typed(name="string") | {"guard": {"type": "string", "defaultValue": ""}},
        variables={
            "guard": "[if(not(empty(parameters('guard'))), createObject('id', parameters('guard')), null())]",
        },
    )
    content = template(
        {
            "guard": nested("guard", guard, parameters={"name": "n"}),
            "net": nested("net", network, parameters={"name": "v", "guard": "[reference('guard').outputs.id.value]"}),
            "bare": nested("bare", network, parameters={"name": "w"}),
        },
        languageVersion="2.0",
    )

    found = read(tmp_path, content).network

    assert (found.subnet("v.s").nsg, found.subnet("w.s").nsg) == ("n", None)
    assert found.unmodelled == ()


def test_a_template_to_a_subscription_makes_groups_and_fills_them(tmp_path: Path) -> None:
    inner = template(vnet("[parameters('name')]"), parameters=typed(name="string"))
    content = template(
        resource("Microsoft.Resources/resourceGroups", "[concat('rg-', parameters('name'))]", {}, location="here"),
        nested(
            "net",
            inner,
            parameters={"name": "[parameters('name')]"},
            resourceGroup="[concat('rg-', parameters('name'))]",
        ),
        schema=SUBSCRIPTION_SCHEMA,
        parameters=typed(name="string"),
    )

    imported = read(tmp_path, content, name="spoke")

    assert list(imported.network.vnets) == ["spoke"]
    assert imported.network.unmodelled == ()


def _gateway(**properties: Any) -> dict[str, Any]:
    inside = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'GatewaySubnet')]"}
    address = {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'gateway-ip')]"}
    configuration = {"name": "default", "properties": {"subnet": inside, "publicIPAddress": address}}
    said = {"ipConfigurations": [configuration], "gatewayType": "Vpn", "vpnType": "RouteBased", **properties}
    return resource("virtualNetworkGateways", "gateway", said)


def _site_to_site() -> dict[str, Any]:
    return template(
        vnet("hub", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.0.0/27"), subnet("machines", "10.0.1.0/24")),
        resource("publicIPAddresses", "gateway-ip", {"publicIPAllocationMethod": "Static"}, sku={"name": "Standard"}),
        _gateway(),
        resource(
            "localNetworkGateways",
            "office",
            {
                "localNetworkAddressSpace": {"addressPrefixes": ["192.168.0.0/16"]},
                "gatewayIpAddress": "[parameters('office')]",
            },
        ),
        resource(
            "connections",
            "to-office",
            {
                "connectionType": "IPsec",
                "virtualNetworkGateway1": {"id": "[resourceId('Microsoft.Network/virtualNetworkGateways', 'gateway')]"},
                "localNetworkGateway2": {"id": "[resourceId('Microsoft.Network/localNetworkGateways', 'office')]"},
                "sharedKey": "[parameters('key')]",
            },
        ),
        parameters=typed(office="string", key="securestring"),
    )


def test_a_gateway_joins_an_office_whose_public_address_nobody_has_to_know(tmp_path: Path) -> None:
    imported = read(tmp_path, _site_to_site(), key="hunter2")

    assert codes(imported) == []
    assert (list(imported.network.gateways), list(imported.network.sites)) == (["gateway"], ["office"])
    assert len(imported.network.connections) == 1
    assert imported.network.unmodelled == ()
    assert "hunter2" not in repr(imported)


def test_machines_in_a_loop_have_interfaces_in_a_loop(tmp_path: Path) -> None:
    inside = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}
    configuration = {"name": "c", "properties": {"privateIPAllocationMethod": "Dynamic", "subnet": inside}}
    loop = {"name": "vms", "count": 3}
    card = {"id": "[resourceId('Microsoft.Network/networkInterfaces', concat('nic', copyIndex()))]"}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")),
        resource("networkInterfaces", "[concat('nic', copyIndex())]", {"ipConfigurations": [configuration]}, copy=loop),
        resource(
            "Microsoft.Compute/virtualMachines",
            "[concat('vm', copyIndex())]",
            {"networkProfile": {"networkInterfaces": [card]}, "osProfile": {"adminPassword": "[parameters('pw')]"}},
            copy=loop,
        ),
        resource("Microsoft.Storage/storageAccounts", "[uniqueString(resourceGroup().id)]", {}),
        parameters=typed(pw="secureString"),
    )

    imported = read(tmp_path, content)

    assert set(imported.network.machines) == {"vm0", "vm1", "vm2"}
    assert imported.network.unmodelled == ()
    assert any("microsoft.storage/storageaccounts" in one.message for one in imported.diagnostics)


def test_a_table_of_routes_belongs_to_a_subnet_that_names_it(tmp_path: Path) -> None:
    table = {"id": "[resourceId('Microsoft.Network/routeTables', concat(parameters('prefix'), '-routes'))]"}
    route = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.9.0.4"}
    content = template(
        resource("routeTables", "[concat(parameters('prefix'), '-routes')]", {"disableBgpRoutePropagation": True}),
        resource("routeTables/routes", "[concat(parameters('prefix'), '-routes/out')]", route),
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24", routeTable=table)),
        parameters=typed(prefix="string"),
    )

    network = read(tmp_path, content).network

    assert network.subnet("v.s").route_table == "<prefix>-routes"
    assert len(network.route_tables["<prefix>-routes"].routes) == 1


def test_a_default_that_asks_where_the_group_is_makes_no_doubt(tmp_path: Path) -> None:
    content = template(
        vnet("[concat('v-', parameters('location'))]", location="[parameters('location')]"),
        parameters={"location": {"type": "string", "defaultValue": "[resourceGroup().location]"}},
    )

    network = read(tmp_path, content).network

    assert list(network.vnets) == ["v-<location of resource group>"]
    assert network.unmodelled == ()


def test_two_templates_of_one_input_deploy_into_one_group(tmp_path: Path) -> None:
    hub = template(vnet("hub"), _peering("hub/to-spoke", _vnet_id("'spoke'")))
    spoke = template(vnet("spoke", "10.1.0.0/16"), _peering("spoke/to-hub", f"{NETWORK}/virtualNetworks/hub"))
    (tmp_path / "hub.json").write_text(json.dumps(hub), encoding="utf-8")
    text = tmp_path / "a.vnet"
    text.write_text("intent i { hub reaches spoke }\n", encoding="utf-8")
    (tmp_path / "spoke.json").write_text(json.dumps(spoke), encoding="utf-8")

    loaded = load([str(text)], [str(tmp_path)])

    assert {(half.local, half.remote) for half in loaded.document.network.peerings} == {
        ("hub", "spoke"),
        ("spoke", "hub"),
    }
    assert loaded.document.network.unmodelled == ()


def _part_of_b(kind: str, name: str) -> dict[str, str]:
    return {"id": f"[resourceId('Microsoft.Network/loadBalancers/{kind}', 'b', '{name}')]"}


def _public(name: str) -> dict[str, str]:
    return {"id": f"[resourceId('Microsoft.Network/publicIPAddresses', '{name}')]"}


def test_a_balancer_has_its_parts_by_ids_made_of_its_own(tmp_path: Path) -> None:
    own = "resourceId('Microsoft.Network/loadBalancers', 'b')"
    inside = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}
    front = {
        "name": "front",
        "properties": {"privateIPAddress": "10.0.0.10", "privateIPAllocationMethod": "Static", "subnet": inside},
    }
    rule = {
        "name": "web",
        "properties": {
            "frontendIPConfiguration": {"id": f"[concat({own}, '/frontendIPConfigurations/front')]"},
            "backendAddressPool": {
                "id": "[resourceId('Microsoft.Network/loadBalancers/backendAddressPools', 'b', 'pool')]"
            },
            "probe": {"id": f"[concat({own}, '/probes/up')]"},
            "protocol": "Tcp",
            "frontendPort": 443,
            "backendPort": 8443,
        },
    }
    balancer = resource(
        "loadBalancers",
        "b",
        {
            "frontendIPConfigurations": [front],
            "backendAddressPools": [{"name": "pool"}],
            "loadBalancingRules": [rule],
            "probes": [{"name": "up", "properties": {"protocol": "Tcp", "port": 8443}}],
        },
        sku={"name": "Standard"},
    )
    pools = [{"id": f"[concat({own}, '/backendAddressPools/pool')]"}]
    configuration = {"name": "c", "properties": {"subnet": inside, "loadBalancerBackendAddressPools": pools}}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")),
        balancer,
        resource("networkInterfaces", "nic", {"ipConfigurations": [configuration]}),
    )

    network = read(tmp_path, content).network

    assert [(rule.name, rule.members) for rule in network.load_balancers["b"].rules] == [("web", ("nic",))]
    assert network.unmodelled == ()


@pytest.mark.parametrize(
    ("lists", "doubts"),
    [
        ({}, ["pool `pool` of load balancer `b`", "inbound NAT rule `ssh` of load balancer `b`"]),
        (
            {"LoadBalancerBackendAddressPools": None},
            ["pool `pool` of load balancer `b`", "inbound NAT rule `ssh` of load balancer `b`"],
        ),
        (
            {
                "loadBalancerBackendAddressPools": [_part_of_b("backendAddressPools", "pool")],
                "loadBalancerInboundNatRules": [_part_of_b("inboundNatRules", "ssh")],
            },
            [],
        ),
    ],
)
def test_an_interface_of_a_template_is_in_no_pool_that_it_does_not_name(
    tmp_path: Path, lists: dict[str, Any], doubts: list[str]
) -> None:
    """What a pool and an inbound NAT rule say of members is read-only: Azure does not heed it in a template."""
    inside = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"}
    member = {"id": "[concat(resourceId('Microsoft.Network/networkInterfaces', 'nic'), '/ipConfigurations/c')]"}
    front = {"frontendIPConfiguration": _part_of_b("frontendIPConfigurations", "front"), "protocol": "Tcp"}
    balancer = resource(
        "loadBalancers",
        "b",
        {
            "frontendIPConfigurations": [{"name": "front", "properties": {"publicIPAddress": _public("p")}}],
            "backendAddressPools": [{"name": "pool", "properties": {"backendIPConfigurations": [member]}}],
            "loadBalancingRules": [
                {
                    "name": "web",
                    "properties": {
                        **front,
                        "backendAddressPool": _part_of_b("backendAddressPools", "pool"),
                        "frontendPort": 443,
                        "backendPort": 443,
                    },
                }
            ],
            "inboundNatRules": [
                {
                    "name": "ssh",
                    "properties": {**front, "backendIPConfiguration": member, "frontendPort": 2222, "backendPort": 22},
                }
            ],
        },
        sku={"name": "Standard"},
    )
    configuration = {"name": "c", "properties": {"subnet": inside, **lists}}
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")),
        resource("publicIPAddresses", "p", {"publicIPAllocationMethod": "Static"}, sku={"name": "Standard"}),
        balancer,
        resource("networkInterfaces", "nic", {"ipConfigurations": [configuration]}),
    )

    assert [item.what for item in read(tmp_path, content).network.unmodelled] == doubts


@pytest.mark.parametrize(
    ("kind", "in_doubt"),
    [("Microsoft.ContainerService/managedClusters", True), ("Microsoft.Storage/storageAccounts", False)],
)
def test_a_service_in_a_subnet_has_machines_that_no_template_tells(tmp_path: Path, kind: str, in_doubt: bool) -> None:
    place = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"
    content = template(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")),
        resource(kind, "own", {"pools": [{"vnetSubnetID": place}]}),
    )

    imported = read(tmp_path, content)

    assert [item.vnets for item in imported.network.unmodelled] == [("v",)] * in_doubt
    assert any(one.code == "not-network" for one in imported.diagnostics) is not in_doubt
