"""Networks, subnets, peerings, groups and tables of plans and states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    ANY_VALUE,
    RULE,
    Module,
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
from vnetverify.diagnostic import Severity
from vnetverify.header import parse_address, parse_prefix
from vnetverify.model.network import NextHopType, PrivateEndpointPolicies
from vnetverify.model.security import AddressPrefixes, AsgMembers, ServiceTag


def test_a_planned_network_has_its_ranges_and_subnets(tmp_path: Path) -> None:
    document = plan(vnet("hub", flow_timeout_in_minutes=10), subnet("app", "hub"), subnet("db", "hub", "10.0.1.0/24"))

    hub = read_network(tmp_path, document).vnets["hub"]

    assert hub.address_space == (parse_prefix("10.0.0.0/16"),)
    assert [(one.name, one.prefixes) for one in hub.subnets] == [
        ("app", (parse_prefix("10.0.0.0/24"),)),
        ("db", (parse_prefix("10.0.1.0/24"),)),
    ]
    assert hub.region == "westeurope"
    assert hub.flow_timeout


def test_subnets_inside_a_network_are_read_with_what_is_fastened_to_them(tmp_path: Path) -> None:
    inline = {
        "name": "app",
        "address_prefixes": ["10.0.0.0/24"],
        "security_group": identity("networkSecurityGroups", "web"),
        "service_endpoints": [],
        "delegation": [],
    }
    group = planned("network_security_group", "web", id=identity("networkSecurityGroups", "web"), security_rule=[])

    network = read_network(tmp_path, plan(vnet("hub", subnet=[inline]), group))

    assert [(one.name, one.nsg) for one in network.vnets["hub"].subnets] == [("app", "web")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"private_endpoint_network_policies": "RouteTableEnabled"}, PrivateEndpointPolicies.ROUTE_TABLES),
        ({"private_endpoint_network_policies_enabled": False}, PrivateEndpointPolicies.DISABLED),
        ({"private_endpoint_network_policies_enabled": True}, PrivateEndpointPolicies.ENABLED),
        ({"enforce_private_link_endpoint_network_policies": True}, PrivateEndpointPolicies.DISABLED),
        ({"enforce_private_link_endpoint_network_policies": False}, PrivateEndpointPolicies.ENABLED),
        ({}, None),
    ],
    ids=["now", "off", "on", "enforced", "not enforced", "not told"],
)
def test_policies_for_endpoints_have_had_three_spellings(
    tmp_path: Path, written: dict[str, Any], expected: PrivateEndpointPolicies | None
) -> None:
    network = read_network(tmp_path, plan(vnet("hub"), subnet("app", "hub", **written)))

    assert network.vnets["hub"].subnets[0].private_endpoint_policies is expected


def test_a_subnet_keeps_its_way_out_and_its_delegations_are_in_doubt(tmp_path: Path) -> None:
    delegation = [{"name": "d", "service_delegation": [{"name": "Microsoft.Web/serverFarms", "actions": []}]}]
    closed = subnet("app", "hub", default_outbound_access_enabled=False, delegation=delegation)

    network = read_network(tmp_path, plan(vnet("hub"), closed))

    assert network.vnets["hub"].subnets[0].default_outbound is False
    assert any("`delegations` of subnet `app`" in said for said in doubts(network))


def test_encryption_that_drops_is_in_doubt_and_encryption_that_allows_is_not(tmp_path: Path) -> None:
    drops = vnet("a", encryption=[{"enforcement": "DropUnencrypted"}])
    allows = vnet("b", encryption=[{"enforcement": "AllowUnencrypted"}])

    network = read_network(tmp_path, plan(drops, allows))

    assert [item.vnets for item in network.unmodelled] == [("a",)]


def test_an_attribute_that_nobody_knows_is_in_doubt_by_its_name(tmp_path: Path) -> None:
    network = read_network(tmp_path, plan(vnet("hub", hyperlink="fast", guid="g", bgp_community="12076:1")))

    assert [said for said in doubts(network) if "hyperlink" in said] != []
    assert len(network.unmodelled) == 1


def test_both_halves_of_a_peering_are_read_with_their_flags(tmp_path: Path) -> None:
    there = planned(
        "virtual_network_peering",
        "there",
        virtual_network_name="hub",
        remote_virtual_network_id=identity("virtualNetworks", "spoke"),
        allow_gateway_transit=True,
        allow_forwarded_traffic=True,
        allow_virtual_network_access=True,
        use_remote_gateways=False,
    )
    back = planned(
        "virtual_network_peering",
        "back",
        virtual_network_name="spoke",
        remote_virtual_network_id=identity("virtualNetworks", "hub"),
        allow_virtual_network_access=False,
        use_remote_gateways=True,
    )

    network = read_network(tmp_path, plan(vnet("hub"), vnet("spoke", "10.1.0.0/16"), there, back))

    assert [
        (half.local, half.remote, half.allow_gateway_transit, half.use_remote_gateways, half.allow_forwarded_traffic)
        for half in network.peerings
    ] == [("hub", "spoke", True, False, True), ("spoke", "hub", False, True, False)]
    assert [half.allow_virtual_network_access for half in network.peerings] == [True, False]
    assert network.unmodelled == ()


def test_peerings_of_subnets_name_those_that_take_part(tmp_path: Path) -> None:
    half = planned(
        "virtual_network_peering",
        "there",
        virtual_network_name="hub",
        remote_virtual_network_id=identity("virtualNetworks", "spoke"),
        peer_complete_virtual_networks_enabled=False,
        local_subnet_names=["app"],
        remote_subnet_names=["db"],
        only_ipv6_peering_enabled=False,
    )
    document = plan(
        vnet("hub"), subnet("app", "hub"), vnet("spoke", "10.1.0.0/16"), subnet("db", "spoke", "10.1.0.0/24"), half
    )

    found = read_network(tmp_path, document).peerings[0]

    assert (found.local_subnets, found.remote_subnets, found.only_ipv6) == (("app",), ("db",), False)


def test_rules_inside_a_group_and_rules_of_their_own_are_rules_of_the_group(tmp_path: Path) -> None:
    group = planned("network_security_group", "web", security_rule=[RULE | {"name": "inline"}])
    own = planned(
        "network_security_rule", "own", network_security_group_name="web", **(RULE | {"name": "own", "priority": 200})
    )

    network = read_network(tmp_path, plan(group, own))

    assert [(rule.name, rule.priority) for rule in network.nsgs["web"].rules] == [("inline", 100), ("own", 200)]


def test_a_rule_may_name_several_of_everything(tmp_path: Path) -> None:
    rule = RULE | {
        "source_address_prefix": None,
        "source_address_prefixes": ["10.0.0.0/24", "10.0.1.0/24"],
        "destination_address_prefix": "VirtualNetwork",
        "destination_port_range": None,
        "destination_port_ranges": ["80", "8080-8090"],
        "protocol": "*",
        "source_application_security_group_ids": None,
    }

    found = (
        read_network(tmp_path, plan(planned("network_security_group", "web", security_rule=[rule]))).nsgs["web"].rules
    )

    assert found[0].source == AddressPrefixes((parse_prefix("10.0.0.0/24"), parse_prefix("10.0.1.0/24")))
    assert found[0].destination == ServiceTag("VirtualNetwork")
    assert found[0].protocol is None
    assert [(item.low, item.high) for item in found[0].destination_ports] == [(80, 80), (8080, 8090)]


def test_a_rule_refers_to_the_only_application_group_that_it_names(tmp_path: Path) -> None:
    own = planned(
        "network_security_rule",
        "own",
        network_security_group_name="web",
        later={"source_application_security_group_ids": ANY_VALUE},
        **(RULE | {"source_address_prefix": None}),
    )
    written = block(
        "network_security_rule",
        "own",
        source_application_security_group_ids=refers("azurerm_application_security_group.front.id"),
    )
    document = plan(
        planned("network_security_group", "web", security_rule=[]),
        planned("application_security_group", "front"),
        planned("application_security_group", "back"),
        own,
        configuration=Module([written]),
    )

    network = read_network(tmp_path, document)

    assert network.nsgs["web"].rules[0].source == AsgMembers(("front",))


def test_a_group_without_rules_in_the_configuration_has_none_of_its_own(tmp_path: Path) -> None:
    group = planned("network_security_group", "web", later={"security_rule": ANY_VALUE})
    document = plan(group, vnet("hub"), configuration=Module([block("network_security_group", "web")]))

    network = read_network(tmp_path, document)

    assert network.nsgs["web"].rules == ()
    assert network.unmodelled == ()


def test_rules_that_are_known_later_are_not_taken_for_none(tmp_path: Path) -> None:
    group = planned("network_security_group", "web", later={"security_rule": ANY_VALUE})
    fastened = planned(
        "subnet_network_security_group_association",
        "a",
        subnet_id=f"{identity('virtualNetworks', 'hub')}/subnets/app",
        network_security_group_id=identity("networkSecurityGroups", "web"),
    )
    written = block("network_security_group", "web", security_rule=refers("local.rules"))
    document = plan(group, vnet("hub"), subnet("app", "hub"), fastened, configuration=Module([written]))

    network = read_network(tmp_path, document)

    assert any("securityRules" in said and "local.rules" in said for said in doubts(network))


def test_routes_inside_a_table_and_of_their_own_are_routes_of_the_table(tmp_path: Path) -> None:
    inline = {
        "name": "a",
        "address_prefix": "0.0.0.0/0",
        "next_hop_type": "VirtualAppliance",
        "next_hop_in_ip_address": "10.0.0.4",
    }
    table = planned("route_table", "t", route=[inline], bgp_route_propagation_enabled=False)
    own = planned(
        "route",
        "b",
        route_table_name="t",
        address_prefix="10.9.0.0/16",
        next_hop_type="None",
        next_hop_in_ip_address="",
    )

    found = read_network(tmp_path, plan(table, own)).route_tables["t"]

    assert not found.propagate_gateway_routes
    assert [(one.name, one.next_hop, one.next_hop_address) for one in found.routes] == [
        ("a", NextHopType.APPLIANCE, parse_address("10.0.0.4")),
        ("b", NextHopType.NONE, None),
    ]


@pytest.mark.parametrize(
    ("written", "propagates"),
    [({"disable_bgp_route_propagation": True}, False), ({"bgp_route_propagation_enabled": True}, True), ({}, True)],
    ids=["before", "now", "not told"],
)
def test_propagation_has_had_two_spellings(tmp_path: Path, written: dict[str, Any], propagates: bool) -> None:
    network = read_network(tmp_path, plan(planned("route_table", "t", route=[], **written)))

    assert network.route_tables["t"].propagate_gateway_routes is propagates


def test_associations_fasten_groups_tables_and_nat_gateways_to_subnets(tmp_path: Path) -> None:
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        planned("network_security_group", "web", security_rule=[]),
        planned("route_table", "t", route=[]),
        planned("nat_gateway", "out"),
        planned("public_ip", "p", sku="Standard", ip_version="IPv4"),
        planned(
            "subnet_network_security_group_association",
            "a",
            later={"subnet_id": True, "network_security_group_id": True},
        ),
        planned("subnet_route_table_association", "b", later={"subnet_id": True, "route_table_id": True}),
        planned("subnet_nat_gateway_association", "c", later={"subnet_id": True, "nat_gateway_id": True}),
        planned("nat_gateway_public_ip_association", "d", later={"nat_gateway_id": True, "public_ip_address_id": True}),
        configuration=Module(
            [
                block(
                    "subnet_network_security_group_association",
                    "a",
                    subnet_id=refers("azurerm_subnet.app.id"),
                    network_security_group_id=refers("azurerm_network_security_group.web.id"),
                ),
                block(
                    "subnet_route_table_association",
                    "b",
                    subnet_id=refers("azurerm_subnet.app.id"),
                    route_table_id=refers("azurerm_route_table.t.id"),
                ),
                block(
                    "subnet_nat_gateway_association",
                    "c",
                    subnet_id=refers("azurerm_subnet.app.id"),
                    nat_gateway_id=refers("azurerm_nat_gateway.out.id"),
                ),
                block(
                    "nat_gateway_public_ip_association",
                    "d",
                    nat_gateway_id=refers("azurerm_nat_gateway.out.id"),
                    public_ip_address_id=refers("azurerm_public_ip.p.id"),
                ),
            ]
        ),
    )

    network = read_network(tmp_path, document)
    app = network.vnets["hub"].subnets[0]

    assert (app.nsg, app.route_table, app.nat_gateway) == ("web", "t", "out")
    assert network.unmodelled == ()


def test_two_groups_at_one_subnet_are_in_doubt(tmp_path: Path) -> None:
    at = f"{identity('virtualNetworks', 'hub')}/subnets/app"
    both = [
        planned(
            "subnet_network_security_group_association",
            name,
            subnet_id=at,
            network_security_group_id=identity("networkSecurityGroups", name),
        )
        for name in ("one", "two")
    ]
    groups = [planned("network_security_group", name, security_rule=[]) for name in ("one", "two")]

    network = read_network(tmp_path, plan(vnet("hub"), subnet("app", "hub"), *groups, *both))

    assert any("fastens both `one` and `two`" in said for said in doubts(network))


def test_what_is_fastened_to_an_unknown_subnet_may_be_anywhere(tmp_path: Path) -> None:
    fastened = planned(
        "subnet_network_security_group_association",
        "a",
        later={"subnet_id": True},
        network_security_group_id=identity("networkSecurityGroups", "web"),
    )
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        subnet("db", "hub", "10.0.1.0/24"),
        planned("network_security_group", "web", security_rule=[]),
        fastened,
        configuration=Module(
            [block("subnet_network_security_group_association", "a", subnet_id=refers("local.subnet"))]
        ),
    )

    network = read_network(tmp_path, document)

    assert [item.vnets for item in network.unmodelled] != []
    assert any("local.subnet" in said for said in doubts(network))


def test_a_table_that_lists_a_subnet_of_a_state_is_fastened_to_it(tmp_path: Path) -> None:
    at = f"{identity('virtualNetworks', 'hub')}/subnets/app"
    table = planned("route_table", "t", id=identity("routeTables", "t"), route=[], subnets=[at])
    document = state(vnet("hub", id=identity("virtualNetworks", "hub")), subnet("app", "hub", id=at), table)

    network = read_network(tmp_path, document)

    assert network.vnets["hub"].subnets[0].route_table == "t"
    assert network.unmodelled == ()


def test_a_table_whose_association_goes_is_fastened_no_more(tmp_path: Path) -> None:
    at, own = f"{identity('virtualNetworks', 'hub')}/subnets/app", identity("routeTables", "t")
    document = plan(
        vnet("hub", id=identity("virtualNetworks", "hub"), actions=("no-op",)),
        subnet("app", "hub", id=at, actions=("no-op",)),
        planned("route_table", "t", id=own, route=[], subnets=[at], actions=("no-op",)),
        planned("subnet_route_table_association", "a", id=at, subnet_id=at, route_table_id=own, actions=("delete",)),
    )

    network = read_network(tmp_path, document)

    assert network.vnets["hub"].subnets[0].route_table is None
    assert network.unmodelled == ()


def test_a_computed_list_does_not_keep_what_goes_or_is_changed(tmp_path: Path) -> None:
    own = identity("networkSecurityGroups", "web")
    gone, changed = RULE | {"name": "gone"}, RULE | {"name": "changed", "priority": 200}
    document = plan(
        planned("network_security_group", "web", id=own, security_rule=[gone, changed], actions=("no-op",)),
        planned(
            "network_security_rule",
            "g",
            id=f"{own}/securityRules/gone",
            network_security_group_name="web",
            actions=("delete",),
            **gone,
        ),
        planned(
            "network_security_rule",
            "c",
            id=f"{own}/securityRules/changed",
            network_security_group_name="web",
            actions=("update",),
            **(changed | {"destination_port_range": "22"}),
        ),
        configuration=Module([block("network_security_group", "web")]),
    )

    rules = read_network(tmp_path, document).nsgs["web"].rules

    assert [(rule.name, [item.low for item in rule.destination_ports]) for rule in rules] == [("changed", [22])]


def test_one_rule_told_twice_with_different_words_is_an_error(tmp_path: Path) -> None:
    rules = [
        planned("network_security_rule", name, network_security_group_name="web", **(RULE | {"priority": priority}))
        for name, priority in (("a", 100), ("b", 200))
    ]

    imported = read(tmp_path, plan(planned("network_security_group", "web", security_rule=[]), *rules))

    assert [found.code for found in imported.diagnostics if found.severity is Severity.ERROR] == ["duplicate-id"]


def test_dns_servers_may_be_told_apart_from_their_network(tmp_path: Path) -> None:
    servers = planned(
        "virtual_network_dns_servers",
        "d",
        dns_servers=["10.0.0.5"],
        virtual_network_id=identity("virtualNetworks", "hub"),
    )

    network = read_network(
        tmp_path,
        plan(
            vnet("hub", later={"dns_servers": ANY_VALUE}),
            servers,
            configuration=Module([block("virtual_network", "hub")]),
        ),
    )

    assert network.vnets["hub"].dns_servers == (parse_address("10.0.0.5"),)


def test_elements_point_at_the_plan(tmp_path: Path) -> None:
    group = planned("network_security_group", "web", security_rule=[RULE])

    network = read_network(tmp_path, plan(vnet("hub"), group))

    assert network.vnets["hub"].span.pointer == "/planned_values/root_module/resources/0"
    assert network.nsgs["web"].rules[0].span.pointer == "/planned_values/root_module/resources/1/values/security_rule/0"
