"""Private endpoints, zones, proxies, managers, Azure's own bodies, and what no table knows, of plans and states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    ANY_VALUE,
    GROUP,
    Module,
    Planned,
    block,
    doubts,
    identity,
    plan,
    planned,
    read,
    read_network,
    refers,
    state,
    subnet,
    vnet,
)
from vnetverify.header import address_text, parse_address
from vnetverify.model.private_links import ProxyKind

_HUB = [vnet("hub"), subnet("app", "hub")]
_APP = f"{identity('virtualNetworks', 'hub')}/subnets/app"
_VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"


def _endpoint(connection: dict[str, Any], **more: Any) -> Planned:
    ordinary = {"name": "c", "is_manual_connection": False, "subresource_names": ["vault"]}
    return planned("private_endpoint", "pe", subnet_id=_APP, private_service_connection=[ordinary | connection], **more)


# -- private endpoints and services -----------------------------------------------------------------------


def test_an_endpoint_of_a_state_has_the_addresses_that_are_told_anywhere(tmp_path: Path) -> None:
    own = _endpoint(
        {"private_connection_resource_id": _VAULT, "private_ip_address": "10.0.0.7"},
        id=identity("privateEndpoints", "pe"),
        custom_dns_configs=[{"fqdn": "v.vault.azure.net", "ip_addresses": ["10.0.0.7", "10.0.0.8"]}],
    )

    network = read_network(tmp_path, state(*_HUB, own))

    found = network.private_endpoints["pe"]
    assert [address_text(one) for one in found.addresses] == ["10.0.0.7", "10.0.0.8"]
    assert found.is_approved
    assert network.unmodelled == ()


def test_an_endpoint_of_a_vault_gets_one_address(tmp_path: Path) -> None:
    own = _endpoint(
        {"private_connection_resource_id": _VAULT},
        later={"private_service_connection": [{"private_ip_address": True}]},
    )

    network = read_network(tmp_path, plan(*_HUB, own))

    assert [address_text(one) for one in network.private_endpoints["pe"].addresses] == ["10.0.0.4"]
    assert network.unmodelled == ()


def test_an_endpoint_of_which_nobody_knows_how_many_addresses_it_gets_is_in_doubt(tmp_path: Path) -> None:
    own = _endpoint(
        {"private_connection_resource_id": _VAULT, "subresource_names": ["registry"]},
        later={"private_service_connection": [{"private_ip_address": True}]},
    )

    network = read_network(tmp_path, plan(*_HUB, own))

    assert network.private_endpoints == {}
    assert [item.vnets for item in network.unmodelled] == [("hub",)]


def test_an_endpoint_with_addresses_of_its_own_choice_is_known_before(tmp_path: Path) -> None:
    own = _endpoint(
        {},
        ip_configuration=[{"name": "i", "private_ip_address": "10.0.0.7", "subresource_name": "vault"}],
        later={"private_service_connection": [{"private_connection_resource_id": True, "private_ip_address": True}]},
    )
    written = block(
        "private_endpoint",
        "pe",
        private_service_connection=[{"private_connection_resource_id": refers("azurerm_key_vault.v.id")}],
    )

    network = read_network(tmp_path, plan(*_HUB, own, planned("key_vault", "v"), configuration=Module([written])))

    assert [address_text(one) for one in network.private_endpoints["pe"].addresses] == ["10.0.0.7"]
    assert network.unmodelled == ()


def test_whether_a_manual_connection_is_approved_is_not_known(tmp_path: Path) -> None:
    own = _endpoint(
        {"private_connection_resource_id": _VAULT, "is_manual_connection": True, "private_ip_address": "10.0.0.7"}
    )

    said = doubts(read_network(tmp_path, plan(*_HUB, own)))

    assert any("approved is not told" in one for one in said)


def test_an_endpoint_in_an_application_group_is_in_doubt(tmp_path: Path) -> None:
    joined = planned(
        "private_endpoint_application_security_group_association",
        "j",
        private_endpoint_id=identity("privateEndpoints", "pe"),
        application_security_group_id=identity("applicationSecurityGroups", "web"),
    )
    own = _endpoint({"private_connection_resource_id": _VAULT, "private_ip_address": "10.0.0.7"})

    said = doubts(read_network(tmp_path, plan(*_HUB, own, planned("application_security_group", "web"), joined)))

    assert any("applicationSecurityGroups" in one for one in said)


def test_a_private_link_service_leads_to_the_frontend_that_it_refers_to(tmp_path: Path) -> None:
    balancer = planned(
        "lb",
        "lb",
        sku="Standard",
        frontend_ip_configuration=[{"name": "f", "subnet_id": _APP, "private_ip_address": "10.0.0.100"}],
        later={"frontend_ip_configuration": [{"id": True}]},
    )
    service = planned(
        "private_link_service",
        "pls",
        nat_ip_configuration=[{"name": "n", "primary": True, "subnet_id": _APP, "private_ip_address": "10.0.0.50"}],
        later={"load_balancer_frontend_ip_configuration_ids": ANY_VALUE, "alias": ANY_VALUE},
    )
    written = block(
        "private_link_service",
        "pls",
        load_balancer_frontend_ip_configuration_ids=refers("azurerm_lb.lb.frontend_ip_configuration[0].id"),
    )
    client = planned(
        "private_endpoint",
        "pe",
        subnet_id=f"{identity('virtualNetworks', 'far')}/subnets/app",
        private_service_connection=[{"name": "c", "is_manual_connection": False}],
        ip_configuration=[{"name": "i", "private_ip_address": "10.9.0.7"}],
        later={"private_service_connection": [{"private_connection_resource_id": True}]},
    )
    leading = block(
        "private_endpoint",
        "pe",
        private_service_connection=[{"private_connection_resource_id": refers("azurerm_private_link_service.pls.id")}],
    )
    far = [
        vnet("far", "10.9.0.0/16"),
        planned("subnet", "far", name="app", virtual_network_name="far", address_prefixes=["10.9.0.0/24"]),
    ]
    document = plan(*_HUB, *far, balancer, service, client, configuration=Module([written, leading]))

    network = read_network(tmp_path, document)

    found = network.private_link_services["pls"]
    assert (found.balancer, found.frontend) == ("lb", "f")
    assert network.private_endpoints["pe"].link_service == "pls"


# -- zones ------------------------------------------------------------------------------------------------


def test_a_new_zone_has_the_links_and_records_of_the_plan(tmp_path: Path) -> None:
    document = plan(
        vnet("hub"),
        planned("private_dns_zone", "corp.internal", later={"number_of_record_sets": ANY_VALUE}),
        planned(
            "private_dns_zone_virtual_network_link",
            "l",
            private_dns_zone_name="corp.internal",
            virtual_network_id=identity("virtualNetworks", "hub"),
            registration_enabled=True,
        ),
        planned("private_dns_a_record", "www", zone_name="corp.internal", records=["10.0.0.5"], ttl=300),
        configuration=Module([block("private_dns_zone", "corp.internal")]),
    )

    network = read_network(tmp_path, document)
    zone = network.dns_zones["corp.internal"]

    assert [(link.vnet, link.registration) for link in zone.links] == [("hub", True)]
    assert [record.addresses for record in zone.records] == [(parse_address("10.0.0.5"),)]
    assert network.unmodelled_names == ()


def test_groups_of_endpoints_add_records_that_nobody_tells(tmp_path: Path) -> None:
    zone = "privatelink.vaultcore.azure.net"
    grouped = _endpoint(
        {"private_connection_resource_id": _VAULT, "private_ip_address": "10.0.0.7"},
        private_dns_zone_group=[{"name": "g", "private_dns_zone_ids": [identity("privateDnsZones", zone)]}],
    )
    link = planned(
        "private_dns_zone_virtual_network_link",
        "l",
        private_dns_zone_name=zone,
        virtual_network_id=identity("virtualNetworks", "hub"),
    )

    network = read_network(tmp_path, plan(*_HUB, grouped, planned("private_dns_zone", zone), link))

    assert [item.what for item in network.unmodelled_names] == [f"`numberOfRecordSets` of privatednszones `{zone}`"]


# -- proxies ----------------------------------------------------------------------------------------------


def test_a_gateway_for_applications_listens_where_its_listeners_do(tmp_path: Path) -> None:
    gateway = planned(
        "application_gateway",
        "agw",
        gateway_ip_configuration=[{"name": "g", "subnet_id": _APP}],
        frontend_ip_configuration=[{"name": "f", "subnet_id": _APP, "private_ip_address": "10.0.0.20"}],
        frontend_port=[{"name": "p", "port": 8443}],
        http_listener=[
            {"name": "l", "frontend_ip_configuration_name": "f", "frontend_port_name": "p", "protocol": "Https"}
        ],
        backend_address_pool=[{"name": "b", "ip_addresses": ["10.0.0.30"]}],
    )

    network = read_network(tmp_path, plan(*_HUB, gateway))

    assert network.proxies["agw"].kind is ProxyKind.APPLICATION_GATEWAY
    assert [item.low for item in network.proxies["agw"].listens] == [8443]
    assert network.unmodelled == ()


def test_a_bastion_stands_in_its_subnet(tmp_path: Path) -> None:
    where = f"{identity('virtualNetworks', 'hub')}/subnets/AzureBastionSubnet"
    bastion = planned("bastion_host", "b", sku="Standard", ip_configuration=[{"name": "c", "subnet_id": where}])

    network = read_network(tmp_path, plan(vnet("hub"), subnet("AzureBastionSubnet", "hub"), bastion))

    assert (network.proxies["b"].kind, network.proxies["b"].subnet) == (ProxyKind.BASTION, "AzureBastionSubnet")


# -- managers ---------------------------------------------------------------------------------------------


def test_what_a_manager_is_told_to_do_is_not_known_to_be_done(tmp_path: Path) -> None:
    manager = planned(
        "network_manager",
        "m",
        scope=[
            {"subscription_ids": ["/subscriptions/00000000-0000-0000-0000-000000000000"], "management_group_ids": []}
        ],
        scope_accesses=["SecurityAdmin"],
    )

    said = doubts(read_network(tmp_path, plan(vnet("hub"), manager)))

    assert any("list-active-security-admin-rule" in one for one in said)


def test_a_manager_that_connects_networks_may_do_so_anywhere(tmp_path: Path) -> None:
    connecting = planned(
        "network_manager_connectivity_configuration",
        "c",
        connectivity_topology="HubAndSpoke",
        hub=[{"resource_id": identity("virtualNetworks", "hub"), "resource_type": "Microsoft.Network/virtualNetworks"}],
    )

    network = read_network(tmp_path, plan(vnet("hub"), connecting))

    assert [item.vnets for item in network.unmodelled] == [()]


# -- azapi ------------------------------------------------------------------------------------------------


def _azapi(kind: str, name: str, stated: str, body: Any, **more: Any) -> Planned:
    values = {"type": f"{stated}@2024-05-01", "name": name, "parent_id": GROUP, "body": body} | more
    return Planned(f"azapi_{kind}", name, values, {"id": True})


@pytest.mark.parametrize("as_text", [True, False], ids=["text", "object"])
def test_azures_own_bodies_are_read_as_they_are(tmp_path: Path, as_text: bool) -> None:
    body = {
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "app", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            "virtualNetworkPeerings": [],
        }
    }
    made = _azapi("resource", "hub", "Microsoft.Network/virtualNetworks", json.dumps(body) if as_text else body)

    network = read_network(tmp_path, plan(made))

    assert [subnet.id for subnet in network.subnets()] == ["hub.app"]
    assert network.unmodelled == ()


def test_a_child_of_azures_own_stands_below_its_parent(tmp_path: Path) -> None:
    child = Planned(
        "azapi_resource",
        "app",
        {
            "type": "Microsoft.Network/virtualNetworks/subnets@2024-05-01",
            "name": "app",
            "body": {"properties": {"addressPrefix": "10.0.0.0/24"}},
        },
        {"id": True, "parent_id": True},
    )
    written = block("subnet", "app", parent_id=refers("azurerm_virtual_network.hub.id")) | {"type": "azapi_resource"}

    network = read_network(tmp_path, plan(vnet("hub"), child, configuration=Module([written])))

    assert [subnet.id for subnet in network.subnets()] == ["hub.app"]


def test_ids_inside_of_azures_own_bodies_are_those_of_what_they_refer_to(tmp_path: Path) -> None:
    inner = {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {}, "routeTable": {}}
    body = {
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "virtualNetworkPeerings": [],
            "subnets": [{"name": "app", "properties": inner}],
        }
    }
    unknown = {
        "properties": {"subnets": [{"properties": {"networkSecurityGroup": {"id": True}, "routeTable": {"id": True}}}]}
    }
    made = _azapi("resource", "hub", "Microsoft.Network/virtualNetworks", body)
    hub = Planned(made.type, made.name, made.values, {"id": True, "body": unknown})
    written = refers("azurerm_network_security_group.g.id", "azurerm_route_table.t.id")
    document = plan(
        hub,
        planned("network_security_group", "g", security_rule=[]),
        planned("route_table", "t", route=[]),
        configuration=Module([block("subnet", "hub", body=written) | {"type": "azapi_resource"}]),
    )

    network = read_network(tmp_path, document)

    assert [(one.nsg, one.route_table) for one in network.subnets()] == [("g", "t")]
    assert network.unmodelled == ()


def test_azures_own_bodies_are_children_of_each_other(tmp_path: Path) -> None:
    """As modules make them that are made of nothing else: a group, a network in it, a subnet in that."""
    own = {
        "group": ("Microsoft.Resources/resourceGroups", {}, None),
        "hub": ("Microsoft.Network/virtualNetworks", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}, "group"),
        "app": ("Microsoft.Network/virtualNetworks/subnets", {"addressPrefix": "10.0.0.0/24"}, "hub"),
    }
    made, blocks = [], []
    for name, (stated, inner, parent) in own.items():
        one = _azapi("resource", name, stated, {"properties": inner})
        values = {key: value for key, value in one.values.items() if key != "parent_id"}
        made.append(Planned(one.type, name, values, {"id": True, "parent_id": True}))
        written = {} if parent is None else {"parent_id": refers(f"azapi_resource.{parent}.id")}
        blocks.append(block("x", name, **written) | {"type": "azapi_resource"})

    network = read_network(tmp_path, plan(*made, configuration=Module(blocks)))

    assert [subnet.id for subnet in network.subnets()] == ["hub.app"]
    assert network.unmodelled == ()


def test_an_update_of_azures_own_changes_what_is_there(tmp_path: Path) -> None:
    update = Planned(
        "azapi_update_resource",
        "u",
        {
            "type": "Microsoft.Network/virtualNetworks/subnets@2024-05-01",
            "resource_id": _APP,
            "body": {"properties": {"defaultOutboundAccess": False}},
        },
        {"id": True},
    )

    network = read_network(tmp_path, plan(*_HUB, update))

    assert network.vnets["hub"].subnets[0].default_outbound is False


def test_an_update_of_what_is_elsewhere_is_in_doubt(tmp_path: Path) -> None:
    update = Planned(
        "azapi_update_resource",
        "u",
        {"type": "Microsoft.Network/routeTables@2024-05-01", "resource_id": identity("routeTables", "x"), "body": {}},
        {"id": True},
    )

    assert any("azapi_update_resource" in one for one in doubts(read_network(tmp_path, plan(vnet("hub"), update))))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"properties": {"agentPoolProfiles": [{"vnetSubnetID": _APP}]}}, [("hub",)]),
        ({"properties": {"size": 3}}, []),
    ],
    ids=["machines", "nothing"],
)
def test_azures_own_bodies_of_other_providers_are_in_doubt_where_they_put_something(
    tmp_path: Path, body: dict[str, Any], expected: list[tuple[str, ...]]
) -> None:
    made = _azapi("resource", "x", "Microsoft.Something/clusters", body)

    assert [item.vnets for item in read_network(tmp_path, plan(*_HUB, made)).unmodelled] == expected


def test_a_body_of_another_provider_that_hides_its_subnet_may_be_anywhere(tmp_path: Path) -> None:
    body = {"properties": {"agentPoolProfiles": [{"name": "p"}]}}
    later = {"id": True, "body": {"properties": {"agentPoolProfiles": [{"vnetSubnetID": True}]}}}
    made = _azapi("resource", "x", "Microsoft.Something/clusters", body)
    hidden = Planned(made.type, made.name, made.values, later)

    assert [item.vnets for item in read_network(tmp_path, plan(*_HUB, hidden)).unmodelled] == [()]


def test_an_action_on_a_network_is_in_doubt(tmp_path: Path) -> None:
    action = Planned(
        "azapi_resource_action",
        "x",
        {"type": "Microsoft.Network/virtualNetworks@2024-05-01", "action": "y"},
        {"id": True},
    )

    assert [item.vnets for item in read_network(tmp_path, plan(*_HUB, action)).unmodelled] == [()]


# -- strangers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stranger", "expected"),
    [
        (planned("role_assignment", "x"), []),
        (planned("storage_account", "x", network_rules=[{"virtual_network_subnet_ids": [_APP]}]), []),
        (planned("mssql_virtual_network_rule", "x", subnet_id=_APP), []),
        (planned("kubernetes_cluster", "x", default_node_pool=[{"name": "p", "vnet_subnet_id": _APP}]), [("hub",)]),
        (planned("linux_web_app", "x", virtual_network_subnet_id=_APP), [("hub",)]),
        (planned("linux_web_app", "x", site_config=[{"ip_restriction": [{"virtual_network_subnet_id": _APP}]}]), []),
        (planned("route_server", "x", subnet_id=_APP), [("hub",)]),
        (planned("virtual_hub", "x", address_prefix="10.50.0.0/24"), []),
        (
            planned("virtual_hub_connection", "x", remote_virtual_network_id=identity("virtualNetworks", "hub")),
            [("hub",)],
        ),
        (planned("subnet_of_a_new_kind", "x"), [()]),
        (planned("kubernetes_cluster", "x", later={"default_node_pool": [{"vnet_subnet_id": True}]}), [()]),
        (planned("subscription_template_deployment", "x", template_content='{"resources": []}'), []),
        (planned("resource_group_template_deployment", "x", later={"template_content": True}), [()]),
        (planned("express_route_circuit", "x", service_provider_name="p"), []),
        (planned("express_route_circuit_connection", "x", address_prefix_ipv4="192.168.8.0/29"), [()]),
        (planned("virtual_machine_scale_set_extension", "x", publisher="p"), []),
        (planned("network_security_perimeter_association", "x", access_mode="Enforced"), []),
        (Planned("aws_vpc", "x", {"cidr_block": "10.0.0.0/16"}, {}), []),
    ],
    ids=lambda value: value.type if isinstance(value, Planned) else "",
)
def test_what_no_table_knows_is_in_doubt_where_it_could_put_something(
    tmp_path: Path, stranger: Planned, expected: list[tuple[str, ...]]
) -> None:
    network = read_network(tmp_path, plan(*_HUB, vnet("far", "10.9.0.0/16"), stranger))

    assert [item.vnets for item in network.unmodelled] == expected


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    imported = read(tmp_path, plan(vnet("hub"), planned("role_assignment", "x"), Planned("random_id", "r", {}, {})))

    (note,) = [found for found in imported.diagnostics if found.code == "not-network"]
    assert "azurerm_role_assignment, random_id" in note.message
