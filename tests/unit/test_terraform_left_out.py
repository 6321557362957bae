"""What the providers compute and nobody wrote: a plan calls it unknown, and it is what Azure has by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    Module,
    Planned,
    block,
    doubts,
    plan,
    planned,
    read_network,
    refers,
    subnet,
    vnet,
)
from vnetverify.header import address_text

_PLACES = (vnet("hub"), subnet("app", "hub"), subnet("AzureFirewallSubnet", "hub", "10.0.1.0/26"))
_BLOCKS = (block("virtual_network", "hub"), block("subnet", "app"), block("subnet", "AzureFirewallSubnet"))
_APP = {"name": {"constant_value": "c"}, "subnet_id": refers("azurerm_subnet.app.id")}
_IN_FRONT = {"gateway_load_balancer_frontend_ip_configuration_id": refers("azurerm_lb.other.id")}


def _document(*resources: Planned, **blocks: dict[str, Any]) -> dict[str, Any]:
    written = [block(kind.partition("__")[0], kind.partition("__")[2], **said) for kind, said in blocks.items()]
    return plan(*_PLACES, *resources, configuration=Module(blocks=[*_BLOCKS, *written]))


_NIC = planned(
    "network_interface",
    "n",
    ip_configuration=[{"name": "c", "private_ip_address_allocation": "Dynamic", "private_ip_address_version": "IPv4"}],
    later={
        "ip_configuration": [
            {
                "gateway_load_balancer_frontend_ip_configuration_id": True,
                "primary": True,
                "private_ip_address": True,
                "public_ip_address_id": True,
                "subnet_id": True,
            }
        ],
        "dns_servers": True,
        "ip_forwarding_enabled": True,
    },
)


def test_an_interface_has_no_gateway_load_balancer_where_none_is_written(tmp_path: Path) -> None:
    document = _document(_NIC, network_interface__n={"ip_configuration": [_APP]})

    network = read_network(tmp_path, document)

    assert [(nic.name, *map(address_text, nic.addresses)) for nic in network.nics()] == [("n", "10.0.0.4")]
    assert doubts(network) == []


@pytest.mark.parametrize("blocks", [[_APP | _IN_FRONT], [_APP, _APP], {"references": ["local.configurations"]}])
def test_it_may_have_one_where_one_is_written_or_nobody_tells(tmp_path: Path, blocks: Any) -> None:
    document = _document(_NIC, network_interface__n={"ip_configuration": blocks})

    assert any("gatewayLoadBalancer" in said for said in doubts(read_network(tmp_path, document)))


def test_a_frontend_is_of_ipv4_and_gets_an_address_where_nothing_else_is_written(tmp_path: Path) -> None:
    computed = ("gateway_load_balancer_frontend_ip_configuration_id", "id", "private_ip_address", "subnet_id")
    computed += ("private_ip_address_allocation", "private_ip_address_version", "public_ip_address_id")
    balancer = planned(
        "lb",
        "lb",
        frontend_ip_configuration=[{"name": "c"}],
        sku="Standard",
        later={"frontend_ip_configuration": [dict.fromkeys((*computed, "public_ip_prefix_id"), True)]},
    )

    network = read_network(tmp_path, _document(balancer, lb__lb={"frontend_ip_configuration": [_APP]}))

    assert [address_text(one.address) for one in network.load_balancers["lb"].frontends] == ["10.0.0.4"]
    assert doubts(network) == []


def _answering(servers: list[str] | None, **written: Any) -> dict[str, Any]:
    inside = {
        "subnet_id": refers("azurerm_subnet.AzureFirewallSubnet.id"),
        "public_ip_address_id": refers("azurerm_public_ip.p.id"),
    }
    firewall = planned(
        "firewall",
        "fw",
        sku_name="AZFW_VNet",
        dns_servers=servers,
        ip_configuration=[{"name": "c"}],
        later={
            "dns_proxy_enabled": True,
            "threat_intel_mode": True,
            "ip_configuration": [{"private_ip_address": True, "subnet_id": True, "public_ip_address_id": True}],
        },
    )
    public = planned("public_ip", "p", sku="Standard", allocation_method="Static", later={"ip_address": True})
    return _document(firewall, public, firewall__fw={"ip_configuration": [inside], **written}, public_ip__p={})


def test_a_firewall_answers_about_names_where_it_is_told_whom_to_ask(tmp_path: Path) -> None:
    assert doubts(read_network(tmp_path, _answering(None))) == []
    assert doubts(read_network(tmp_path, _answering(["10.0.0.9"], dns_servers={"constant_value": ["10.0.0.9"]}))) != []
    assert doubts(read_network(tmp_path, _answering(None, dns_proxy_enabled=refers("local.answers")))) != []


def test_a_database_in_a_subnet_leaves_what_begins_or_ends_there_open(tmp_path: Path) -> None:
    server = planned("postgresql_flexible_server", "pg", later={"delegated_subnet_id": True})

    network = read_network(
        tmp_path,
        _document(server, postgresql_flexible_server__pg={"delegated_subnet_id": refers("azurerm_subnet.app.id")}),
    )

    assert [(item.places, item.ends_there) for item in network.unmodelled] == [(("hub.app",), True)]


_IN_APP = {"default_node_pool": [{"vnet_subnet_id": refers("azurerm_subnet.app.id")}]}


def _cluster(**more: Any) -> Planned:
    profile = {"network_profile": [{"network_plugin": "azure"}], "default_node_pool": [{"name": "d"}]}
    return planned(
        "kubernetes_cluster", "k", later={"default_node_pool": [{"vnet_subnet_id": True}]}, **(profile | more)
    )


def test_a_cluster_with_azures_plugin_leaves_what_begins_or_ends_at_its_nodes_open(tmp_path: Path) -> None:
    extras = {"aci_connector_linux": [], "addon_profile": [{"azure_policy": [{"enabled": True}]}]}

    network = read_network(tmp_path, _document(_cluster(**extras), kubernetes_cluster__k=_IN_APP))

    assert [(item.places, item.ends_there) for item in network.unmodelled] == [(("hub.app",), True)]


@pytest.mark.parametrize(
    "more",
    [
        {"network_profile": [{"network_plugin": "kubenet"}]},
        {"network_profile": []},
        {"aci_connector_linux": [{"subnet_name": "app"}]},
        {"ingress_application_gateway": [{"subnet_cidr": "10.0.2.0/24"}]},
        {"addon_profile": [{"ingress_application_gateway": [{"enabled": True}]}]},
    ],
)
def test_one_that_may_route_or_put_more_into_the_network_leaves_all_of_it_open(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    network = read_network(tmp_path, _document(_cluster(**more), kubernetes_cluster__k=_IN_APP))

    assert [(item.places, item.ends_there) for item in network.unmodelled] == [((), False)]


@pytest.mark.parametrize(("plugin", "places"), [("azure", ("hub.app",)), ("kubenet", ())])
def test_a_pool_of_nodes_forwards_what_its_cluster_does(tmp_path: Path, plugin: str, places: tuple[str, ...]) -> None:
    cluster = planned("kubernetes_cluster", "k", network_profile=[{"network_plugin": plugin}])
    pool = planned("kubernetes_cluster_node_pool", "p", later={"kubernetes_cluster_id": True, "vnet_subnet_id": True})
    written = {
        "kubernetes_cluster_id": refers("azurerm_kubernetes_cluster.k.id"),
        "vnet_subnet_id": refers("azurerm_subnet.app.id"),
    }

    network = read_network(
        tmp_path, _document(cluster, pool, kubernetes_cluster__k={}, kubernetes_cluster_node_pool__p=written)
    )

    assert [item.places for item in network.unmodelled] == [places]
