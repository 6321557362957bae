"""Interfaces, machines, load balancers, gateways and firewalls of plans and states."""

from __future__ import annotations

from pathlib import Path

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
    state,
    subnet,
    vnet,
)
from vnetverify.header import address_text, parse_prefix
from vnetverify.model.balancers import Sku
from vnetverify.model.network import GatewayKind

_HUB = [vnet("hub"), subnet("app", "hub")]
_APP = f"{identity('virtualNetworks', 'hub')}/subnets/app"


# -- interfaces and machines ------------------------------------------------------------------------------


def test_a_machine_has_the_interfaces_that_it_names(tmp_path: Path) -> None:
    machine = planned(
        "linux_virtual_machine", "vm", later={"network_interface_ids": [True], "computer_name": ANY_VALUE}
    )
    document = plan(
        *_HUB,
        nic("n", "10.0.0.10", ip_forwarding_enabled=True),
        machine,
        configuration=Module(
            [block("linux_virtual_machine", "vm", network_interface_ids=refers("azurerm_network_interface.n.id"))]
        ),
    )

    network = read_network(tmp_path, document)

    assert {name: [nic.name for nic in one.nics] for name, one in network.machines.items()} == {"vm": ["n"]}
    assert network.machines["vm"].nics[0].ip_forwarding
    assert network.unmodelled == ()
    assert [item.what for item in network.unmodelled_names if "host names" in item.what] == []


def test_an_address_that_azure_will_assign_is_one_of_the_subnet(tmp_path: Path) -> None:
    network = read_network(tmp_path, plan(*_HUB, nic("n", None)))

    assert [address_text(one) for one in network.machines["n"].nics[0].addresses] == ["10.0.0.4"]
    assert network.unmodelled == ()


def test_an_address_of_a_state_is_the_one_that_azure_gave(tmp_path: Path) -> None:
    given = nic("n", "10.0.0.9", configuration={"private_ip_address_allocation": "Dynamic"})

    network = read_network(tmp_path, state(*_HUB, given))

    assert [address_text(one) for one in network.machines["n"].nics[0].addresses] == ["10.0.0.9"]


def test_associations_give_an_interface_its_groups(tmp_path: Path) -> None:
    own = identity("networkInterfaces", "n")
    document = plan(
        *_HUB,
        nic("n", "10.0.0.10"),
        planned("network_security_group", "g", security_rule=[]),
        planned("application_security_group", "web"),
        planned(
            "network_interface_security_group_association",
            "a",
            network_interface_id=own,
            network_security_group_id=identity("networkSecurityGroups", "g"),
        ),
        planned(
            "network_interface_application_security_group_association",
            "b",
            network_interface_id=own,
            application_security_group_id=identity("applicationSecurityGroups", "web"),
        ),
    )

    card = read_network(tmp_path, document).machines["n"].nics[0]

    assert (card.nsg, card.asgs) == ("g", ("web",))


def test_a_public_address_belongs_to_the_interface_that_names_it(tmp_path: Path) -> None:
    public = planned("public_ip", "p", sku="Standard", ip_version="IPv4", later={"ip_address": ANY_VALUE})
    configuration = {"public_ip_address_id": identity("publicIPAddresses", "p")}

    network = read_network(tmp_path, plan(*_HUB, nic("n", "10.0.0.10", configuration=configuration), public))

    found = network.machines["n"].nics[0].public_address
    assert found is not None
    assert (found.name, found.sku, found.address) == ("p", Sku.STANDARD, None)


def test_a_scale_set_is_in_doubt_where_it_stands(tmp_path: Path) -> None:
    scale_set = planned(
        "linux_virtual_machine_scale_set",
        "set",
        network_interface=[{"name": "n", "primary": True, "ip_configuration": [{"name": "c", "subnet_id": _APP}]}],
    )

    network = read_network(tmp_path, plan(*_HUB, vnet("far", "10.9.0.0/16"), scale_set))

    assert [item.vnets for item in network.unmodelled] == [("hub",)]


# -- load balancers ---------------------------------------------------------------------------------------

_BALANCER = identity("loadBalancers", "lb")
_PARTS: list[Planned] = [
    planned(
        "lb",
        "lb",
        sku="Standard",
        frontend_ip_configuration=[{"name": "f", "subnet_id": _APP, "private_ip_address": "10.0.0.100"}],
    ),
    planned("lb_backend_address_pool", "pool", later={"loadbalancer_id": True, "backend_ip_configurations": True}),
    planned("lb_probe", "probe", later={"loadbalancer_id": True}, protocol="Tcp", port=443),
    planned(
        "lb_rule",
        "rule",
        later={"loadbalancer_id": True, "probe_id": True, "backend_address_pool_ids": [True]},
        protocol="Tcp",
        frontend_port=443,
        backend_port=8443,
        frontend_ip_configuration_name="f",
    ),
    planned(
        "network_interface_backend_address_pool_association",
        "member",
        later={"network_interface_id": True, "backend_address_pool_id": True},
        ip_configuration_name="c",
    ),
]
_BALANCER_BLOCKS = [
    block("lb_backend_address_pool", "pool", loadbalancer_id=refers("azurerm_lb.lb.id")),
    block("lb_probe", "probe", loadbalancer_id=refers("azurerm_lb.lb.id")),
    block(
        "lb_rule",
        "rule",
        loadbalancer_id=refers("azurerm_lb.lb.id"),
        probe_id=refers("azurerm_lb_probe.probe.id"),
        backend_address_pool_ids=refers("azurerm_lb_backend_address_pool.pool.id"),
    ),
    block(
        "network_interface_backend_address_pool_association",
        "member",
        network_interface_id=refers("azurerm_network_interface.n.id"),
        backend_address_pool_id=refers("azurerm_lb_backend_address_pool.pool.id"),
    ),
]


def test_the_parts_of_a_load_balancer_are_put_together(tmp_path: Path) -> None:
    document = plan(*_HUB, nic("n", "10.0.0.10"), *_PARTS, configuration=Module(_BALANCER_BLOCKS))

    network = read_network(tmp_path, document)
    balancer = network.load_balancers["lb"]

    assert [(one.name, address_text(one.address)) for one in balancer.frontends] == [("f", "10.0.0.100")]
    assert [(rule.name, rule.port, rule.backend_port, rule.members) for rule in balancer.rules] == [
        ("rule", 443, 8443, ("n",))
    ]
    assert balancer.rules[0].probe is not None
    assert network.unmodelled == ()


def test_an_inbound_nat_rule_leads_to_the_interface_that_is_joined_to_it(tmp_path: Path) -> None:
    rule = planned(
        "lb_nat_rule",
        "ssh",
        loadbalancer_id=_BALANCER,
        protocol="Tcp",
        frontend_port=2222,
        backend_port=22,
        frontend_ip_configuration_name="f",
        frontend_port_start=None,
    )
    joined = planned(
        "network_interface_nat_rule_association",
        "j",
        network_interface_id=identity("networkInterfaces", "n"),
        nat_rule_id=f"{_BALANCER}/inboundNatRules/ssh",
        ip_configuration_name="c",
    )

    network = read_network(tmp_path, plan(*_HUB, nic("n", "10.0.0.10"), _PARTS[0], rule, joined))

    assert [(one.name, one.members) for one in network.load_balancers["lb"].rules] == [("ssh", ("n",))]
    assert network.unmodelled == ()


def test_members_by_address_and_outbound_rules_are_read(tmp_path: Path) -> None:
    pool = f"{_BALANCER}/backendAddressPools/pool"
    public = planned("public_ip", "p", sku="Standard", ip_version="IPv4", later={"ip_address": ANY_VALUE})
    document = plan(
        *_HUB,
        nic("n", "10.0.0.10"),
        public,
        planned(
            "lb",
            "lb",
            sku="Standard",
            frontend_ip_configuration=[{"name": "f", "public_ip_address_id": identity("publicIPAddresses", "p")}],
        ),
        planned("lb_backend_address_pool", "pool", loadbalancer_id=_BALANCER),
        planned(
            "lb_backend_address_pool_address",
            "m",
            backend_address_pool_id=pool,
            virtual_network_id=identity("virtualNetworks", "hub"),
            ip_address="10.0.0.10",
        ),
        planned(
            "lb_outbound_rule",
            "out",
            loadbalancer_id=_BALANCER,
            backend_address_pool_id=pool,
            protocol="All",
            frontend_ip_configuration=[{"name": "f", "id": None}],
        ),
    )

    balancer = read_network(tmp_path, document).load_balancers["lb"]

    assert [(rule.name, rule.frontends, rule.members) for rule in balancer.outbound_rules] == [("out", ("f",), ("n",))]


def test_a_rule_of_a_load_balancer_that_is_elsewhere_is_in_doubt(tmp_path: Path) -> None:
    rule = planned("lb_rule", "rule", loadbalancer_id=_BALANCER, protocol="Tcp", frontend_port=1, backend_port=1)

    assert any("azurerm_lb_rule" in said for said in doubts(read_network(tmp_path, plan(*_HUB, rule))))


# -- gateways ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["azurerm_public_ip.p.ip_address", "azurerm_public_ip.q.ip_address"])
def test_a_site_with_the_public_address_of_an_appliance_of_the_plan_leads_to_it(tmp_path: Path, address: str) -> None:
    configuration = {"name": "c", "subnet_id": f"{identity('virtualNetworks', 'far')}/subnets/GatewaySubnet"}
    document = plan(
        *_HUB,
        vnet("far", "10.9.0.0/16"),
        subnet("GatewaySubnet", "far", "10.9.0.0/27"),
        *(planned("public_ip", name, sku="Standard", ip_version="IPv4", later={"ip_address": True}) for name in "pq"),
        nic("nva", "10.0.0.10", configuration={"public_ip_address_id": identity("publicIPAddresses", "p")}),
        planned("virtual_network_gateway", "gw", type="Vpn", ip_configuration=[configuration]),
        planned("local_network_gateway", "office", address_space=["10.0.0.0/16"], later={"gateway_address": True}),
        planned(
            "virtual_network_gateway_connection",
            "tunnel",
            type="IPsec",
            virtual_network_gateway_id=identity("virtualNetworkGateways", "gw"),
            local_network_gateway_id=identity("localNetworkGateways", "office"),
        ),
        configuration=Module([block("local_network_gateway", "office", gateway_address=refers(address))]),
    )

    found = [(item.what, set(item.vnets)) for item in read_network(tmp_path, document).unmodelled]

    assert found == ([("connection `tunnel`", {"hub", "far"})] if ".p." in address else [])


def test_a_gateway_connects_its_network_to_a_site(tmp_path: Path) -> None:
    configuration = {"name": "c", "subnet_id": f"{identity('virtualNetworks', 'hub')}/subnets/GatewaySubnet"}
    document = plan(
        vnet("hub"),
        subnet("GatewaySubnet", "hub"),
        planned(
            "virtual_network_gateway",
            "gw",
            type="Vpn",
            vpn_type="RouteBased",
            active_active=True,
            ip_configuration=[configuration],
            bgp_settings=[{"asn": 65010, "peer_weight": 0}],
            vpn_client_configuration=[{"address_space": ["172.16.0.0/24"], "vpn_client_protocols": ["OpenVPN"]}],
        ),
        planned("local_network_gateway", "office", address_space=["192.168.0.0/16"], gateway_address="198.51.100.1"),
        planned(
            "virtual_network_gateway_connection",
            "tunnel",
            type="IPsec",
            shared_key="not kept",
            later={"virtual_network_gateway_id": True, "local_network_gateway_id": True},
        ),
        configuration=Module(
            [
                block(
                    "virtual_network_gateway_connection",
                    "tunnel",
                    virtual_network_gateway_id=refers("azurerm_virtual_network_gateway.gw.id"),
                    local_network_gateway_id=refers("azurerm_local_network_gateway.office.id"),
                )
            ]
        ),
    )

    network = read_network(tmp_path, document)

    assert (network.gateways["gw"].kind, network.gateways["gw"].active_active) == (GatewayKind.VPN, True)
    assert network.gateways["gw"].asn == 65010
    assert network.sites["office"].prefixes == (parse_prefix("192.168.0.0/16"),)
    assert ("gw", "office") in {(one.gateway, one.site) for one in network.connections}
    assert any(site.point_to_site for site in network.sites.values())
    assert network.unmodelled == ()


def test_what_a_gateway_does_beyond_the_model_is_in_doubt(tmp_path: Path) -> None:
    configuration = {"name": "c", "subnet_id": f"{identity('virtualNetworks', 'hub')}/subnets/GatewaySubnet"}
    gateway = planned(
        "virtual_network_gateway", "gw", type="Vpn", vpn_type="PolicyBased", ip_configuration=[configuration]
    )
    translation = planned(
        "virtual_network_gateway_nat_rule",
        "nat",
        virtual_network_gateway_id=identity("virtualNetworkGateways", "gw"),
        external_mapping=[{"address_space": "10.9.0.0/24"}],
    )

    said = doubts(read_network(tmp_path, plan(vnet("hub"), subnet("GatewaySubnet", "hub"), gateway, translation)))

    assert any("vpnType" in one for one in said)
    assert any("natRules" in one for one in said)
