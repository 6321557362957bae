"""Templates as hands and tools write them: quoted numbers, keys in any letter case."""

from __future__ import annotations

from pathlib import Path

from tests.unit.arm_templates import read, resource, subnet, template, vnet


def test_flags_and_numbers_may_be_quoted(tmp_path: Path) -> None:
    gateway = {"gatewayType": "Vpn", "enableBgp": "True", "activeActive": "false", "bgpSettings": {"asn": "65010"}}
    inside = {"subnet": {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'GatewaySubnet')]"}}
    rule = {
        "priority": "200",
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationPortRange": 22,
    }

    network = read(
        tmp_path,
        template(
            vnet("v", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.1.0/27")),
            resource("virtualNetworkGateways", "g", {**gateway, "ipConfigurations": [{"properties": inside}]}),
            resource("networkSecurityGroups", "n", {"securityRules": [{"name": "ssh", "properties": rule}]}),
        ),
    ).network

    assert (network.gateways["g"].asn, network.gateways["g"].active_active) == (65010, False)
    assert network.nsgs["n"].rules[0].priority == 200
    assert network.unmodelled == ()


def test_keys_of_an_envelope_may_be_spelt_in_any_letter_case(tmp_path: Path) -> None:
    inside = {"Id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'web')]"}
    pool = {"ID": "[resourceId('Microsoft.Network/loadBalancers/backendAddressPools', 'lb', 'pool')]"}
    front = {"id": "[resourceId('Microsoft.Network/loadBalancers/frontendIpConfigurations', 'lb', 'front')]"}
    rule = {
        "frontendIPConfiguration": front,
        "backendAddressPool": pool,
        "protocol": "Tcp",
        "frontendPort": 80,
        "backendPort": 80,
    }
    balancer = {
        "frontendIPConfigurations": [
            {"Name": "front", "Properties": {"subnet": inside, "privateIPAddress": "10.0.1.9"}},
        ],
        "backendAddressPools": [{"NAME": "pool"}],
        "loadBalancingRules": [{"Name": "http", "properties": rule}],
    }
    nic = {
        "ipConfigurations": [
            {
                "Name": "c",
                "Properties": {
                    "subnet": inside,
                    "privateIPAddress": "10.0.1.4",
                    "loadBalancerBackendAddressPools": [pool],
                },
            }
        ]
    }

    network = read(
        tmp_path,
        template(
            vnet(
                "v", "10.0.0.0/16", {"Name": "web", "Properties": {"addressPrefix": "10.0.1.0/24"}}, Tags={"Name": "x"}
            ),
            resource("loadBalancers", "lb", balancer, Sku={"name": "Standard"}),
            resource("networkInterfaces", "n", nic),
        ),
    ).network

    assert [rule.name for rule in network.load_balancers["lb"].rules] == ["http"]
    assert network.load_balancers["lb"].rules[0].members == ("n",)
    assert network.vnets["v"].tags == (("Name", "x"),)
    assert network.unmodelled == ()
