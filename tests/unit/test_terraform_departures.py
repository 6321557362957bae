"""What a plan deletes or replaces is gone from what stays, too, which tells of it as it was before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    GROUP,
    Module,
    Planned,
    block,
    identity,
    plan,
    planned,
    read,
    read_network,
    state,
    subnet,
    vnet,
)
from vnetverify.model.network import Network, Subnet

_HUB, _TABLE, _GROUP = identity("virtualNetworks", "hub"), identity("routeTables", "t"), "networkSecurityGroups"
_WEB, _APP = f"{_HUB}/subnets/web", f"{_HUB}/subnets/app"
_NIC, _POOL = identity("networkInterfaces", "n"), f"{identity('loadBalancers', 'lb')}/backendAddressPools/p"
_RULE = {
    "direction": "Inbound",
    "protocol": "Tcp",
    "source_port_range": "*",
    "destination_port_range": "22",
    "source_address_prefix": "*",
    "destination_address_prefix": "*",
}
_REPLACED = pytest.mark.parametrize("actions", [["delete", "create"], ["create", "delete"]])


def _replacing(document: dict[str, Any], one: Planned, before: dict[str, Any], actions: list[str]) -> dict[str, Any]:
    """Return `document`, in which `one` replaces what was `before`."""
    for change in document["resource_changes"]:
        if change["address"] == one.address:
            change["change"] |= {"before": one.values | before, "actions": actions}
    return document


def _subnet(network: Network, name: str) -> Subnet:
    return next(one for one in network.vnets["hub"].subnets if one.name == name)


@_REPLACED
def test_a_table_whose_association_moves_is_where_it_moved_to(tmp_path: Path, actions: list[str]) -> None:
    moved = planned("subnet_route_table_association", "a", subnet_id=_APP, route_table_id=_TABLE)
    document = plan(
        vnet("hub", id=_HUB, actions=("no-op",)),
        subnet("web", "hub", id=_WEB, actions=("no-op",)),
        subnet("app", "hub", "10.0.1.0/24", id=_APP, actions=("no-op",)),
        planned("route_table", "t", id=_TABLE, route=[], subnets=[_WEB], actions=("no-op",)),
        moved,
    )

    network = read_network(tmp_path, _replacing(document, moved, {"id": _WEB, "subnet_id": _WEB}, actions))

    assert [_subnet(network, name).route_table for name in ("web", "app")] == [None, "t"]


@_REPLACED
def test_a_rule_that_is_replaced_is_what_it_becomes(tmp_path: Path, actions: list[str]) -> None:
    own = identity(_GROUP, "web")
    before = _RULE | {"name": "block", "access": "Deny", "priority": 100}
    after = planned(
        "network_security_rule",
        "r",
        network_security_group_name="web",
        **(_RULE | {"name": "pass", "access": "Allow", "priority": 200}),
    )
    document = plan(
        planned("network_security_group", "web", id=own, security_rule=[before], actions=("no-op",)),
        after,
        configuration=Module([block("network_security_group", "web")]),
    )

    network = read_network(
        tmp_path, _replacing(document, after, before | {"id": f"{own}/securityRules/block"}, actions)
    )

    assert [rule.name for rule in network.nsgs["web"].rules] == ["pass"]


@pytest.mark.parametrize("is_written", [False, True])
def test_a_subnet_that_its_network_tells_of_stays_when_its_group_goes(tmp_path: Path, is_written: bool) -> None:
    own = identity(_GROUP, "web")
    inline = {"id": _APP, "name": "app", "address_prefixes": ["10.0.1.0/24"], "security_group": own}
    written = {"subnet": [{"security_group": {"references": ["azurerm_network_security_group.web.id"]}}]}
    document = plan(
        vnet("hub", id=_HUB, subnet=[inline], actions=("no-op",)),
        planned("network_security_group", "web", id=own, security_rule=[], actions=("no-op",)),
        planned(
            "subnet_network_security_group_association",
            "a",
            id=_APP,
            subnet_id=_APP,
            network_security_group_id=own,
            actions=("delete",),
        ),
        configuration=Module([block("virtual_network", "hub", **(written if is_written else {}))]),
    )

    assert _subnet(read_network(tmp_path, document), "app").nsg == ("web" if is_written else None)


def test_what_a_data_source_saw_of_a_subnet_goes_with_its_associations(tmp_path: Path) -> None:
    own = identity(_GROUP, "web")
    fastened = {"network_security_group": own, "route_table": _TABLE}
    attributes = {f"{kind}_id": one for kind, one in fastened.items()}
    seen = subnet("app", "hub", id=_APP, is_data=True, actions=("no-op",), **attributes)
    document = plan(
        seen,
        vnet("hub", id=_HUB, actions=("no-op",)),
        planned("network_security_group", "web", id=own, security_rule=[], actions=("no-op",)),
        planned("route_table", "t", id=_TABLE, route=[], subnets=[_APP], actions=("no-op",)),
        *(
            planned(
                f"subnet_{kind}_association",
                "a",
                id=_APP,
                subnet_id=_APP,
                actions=("delete",),
                **{f"{kind}_id": one},
            )
            for kind, one in fastened.items()
        ),
        prior_state={"values": {"root_module": {"resources": [seen.told()]}}},
    )

    found = _subnet(read_network(tmp_path, document), "app")

    assert (found.nsg, found.route_table) == (None, None)


@pytest.mark.parametrize(("action", "members"), [("no-op", ("n",)), ("delete", ())])
def test_a_pool_has_the_members_whose_associations_stay(tmp_path: Path, action: str, members: tuple[str, ...]) -> None:
    balancer = identity("loadBalancers", "lb")
    held = {"subnet_id": _APP, "private_ip_address_allocation": "Static"}
    document = plan(
        vnet("hub", id=_HUB, actions=("no-op",)),
        subnet("app", "hub", id=_APP, actions=("no-op",)),
        planned(
            "network_interface",
            "n",
            id=_NIC,
            ip_configuration=[{"name": "c", "private_ip_address": "10.0.0.7", **held}],
            actions=("no-op",),
        ),
        planned(
            "lb",
            "lb",
            id=balancer,
            sku="Standard",
            frontend_ip_configuration=[{"name": "f", "private_ip_address": "10.0.0.20", **held}],
            actions=("no-op",),
        ),
        planned(
            "lb_backend_address_pool",
            "p",
            id=_POOL,
            loadbalancer_id=balancer,
            backend_ip_configurations=[f"{_NIC}/ipConfigurations/c"],
            actions=("no-op",),
        ),
        planned(
            "lb_rule",
            "r",
            loadbalancer_id=balancer,
            protocol="Tcp",
            frontend_port=80,
            backend_port=80,
            frontend_ip_configuration_name="f",
            backend_address_pool_ids=[_POOL],
        ),
        planned(
            "network_interface_backend_address_pool_association",
            "a",
            id=f"{_NIC}/ipConfigurations/c|{_POOL}",
            network_interface_id=_NIC,
            ip_configuration_name="c",
            backend_address_pool_id=_POOL,
            actions=(action,),
        ),
    )

    network = read_network(tmp_path, document)

    assert [rule.members for rule in network.load_balancers["lb"].rules] == [members]
    assert network.unmodelled == ()


@pytest.mark.parametrize(("action", "left"), [("no-op", 1), ("delete", 0)])
def test_servers_for_names_go_with_what_told_them(tmp_path: Path, action: str, left: int) -> None:
    document = plan(
        vnet("hub", id=_HUB, dns_servers=["10.0.0.5"], actions=("no-op",)),
        planned(
            "virtual_network_dns_servers",
            "d",
            id=f"{_HUB}/dnsServers/default",
            virtual_network_id=_HUB,
            dns_servers=["10.0.0.5"],
            actions=(action,),
        ),
        configuration=Module([block("virtual_network", "hub")]),
    )

    assert len(read_network(tmp_path, document).vnets["hub"].dns_servers) == left


@pytest.mark.parametrize("targets", [["web"], []])
def test_what_a_plan_does_not_plan_stays_as_it_was(tmp_path: Path, targets: list[str]) -> None:
    existing = [
        vnet("hub", id=_HUB),
        subnet("web", "hub", id=_WEB, actions=("update",)),
        subnet("app", "hub", "10.0.1.0/24", id=_APP),
        subnet("old", "hub", "10.0.2.0/24", id=f"{_HUB}/subnets/old", actions=("delete",)),
        subnet("former", "hub", "10.0.4.0/24", id=f"{_HUB}/subnets/moved"),
    ]
    moved = subnet("moved", "hub", "10.0.3.0/24", id=f"{_HUB}/subnets/moved")
    planning = [one for one in existing if one.name in (*targets, "old")]
    document = plan(*planning, moved, prior_state=state(*existing))
    for change in document["resource_changes"]:
        if change["address"] == moved.address:
            change["previous_address"] = existing[-1].address

    imported = read(tmp_path, document)

    assert imported.network is not None
    assert {one.name for one in imported.network.vnets["hub"].subnets} == {"web", "app", "moved"}
    assert [found.code for found in imported.diagnostics] == ["terraform-kept"]


def test_a_plan_that_only_refreshes_tells_what_is_there(tmp_path: Path) -> None:
    document = plan(configuration=Module([block("subnet", "web")]), prior_state=state(vnet("hub", id=_HUB)))
    del document["resource_changes"]
    document["planned_values"] = {"root_module": {}}

    assert list(read_network(tmp_path, document).vnets) == ["hub"]


def test_a_plan_without_its_changes_is_what_is_planned(tmp_path: Path) -> None:
    existing = [subnet("web", "hub", id=_WEB), subnet("app", "hub", "10.0.1.0/24", id=_APP)]
    document = plan(
        vnet("hub", id=_HUB),
        existing[0],
        configuration=Module([block("subnet", "web")]),
        prior_state=state(vnet("hub", id=_HUB), *existing),
    )
    del document["resource_changes"]

    assert [one.name for one in read_network(tmp_path, document).vnets["hub"].subnets] == ["web"]


@_REPLACED
def test_a_group_of_rules_that_is_replaced_by_one_of_its_name_stays(tmp_path: Path, actions: list[str]) -> None:
    policy, firewall = identity("firewallPolicies", "p"), f"{_HUB}/subnets/AzureFirewallSubnet"
    rule = {"name": "web", "protocols": ["TCP"], "destination_ports": ["443"]}
    net = {"name": "net", "priority": 100, "action": "Allow"}
    net |= {"rule": [rule | {"source_addresses": ["*"], "destination_addresses": ["*"]}]}
    group = planned(
        "firewall_policy_rule_collection_group",
        "g",
        id=f"{policy}/ruleCollectionGroups/g",
        firewall_policy_id=policy,
        priority=100,
        network_rule_collection=[net],
    )
    document = plan(
        vnet("hub", id=_HUB),
        subnet("AzureFirewallSubnet", "hub", id=firewall),
        planned("public_ip", "pip", id=identity("publicIPAddresses", "pip"), sku="Standard", ip_address="20.0.0.1"),
        planned(
            "firewall",
            "fw",
            firewall_policy_id=policy,
            sku_tier="Standard",
            ip_configuration=[
                {
                    "name": "c",
                    "subnet_id": firewall,
                    "private_ip_address": "10.0.0.4",
                    "public_ip_address_id": identity("publicIPAddresses", "pip"),
                }
            ],
        ),
        planned("firewall_policy", "p", id=policy, sku="Standard", rule_collection_groups=[group.values["id"]]),
        group,
    )

    found = read_network(tmp_path, _replacing(document, group, {"priority": 200}, actions)).machines["fw"].firewall

    assert found is not None
    assert [one.name for one in found.rules] == ["net/web"]


@pytest.mark.parametrize(
    ("told", "table"), [({}, "t"), ({"route_table_id": ""}, None)], ids=["before version 4", "since version 4"]
)
def test_a_subnet_that_is_written_inside_of_its_network_goes_before_what_a_data_source_saw_of_it(
    tmp_path: Path, told: dict[str, Any], table: str | None
) -> None:
    own = identity(_GROUP, "web")
    inline = {"id": _APP, "name": "app", "address_prefix": "10.0.1.0/24", "security_group": own}
    seen = subnet(
        "app",
        "hub",
        id=_APP,
        is_data=True,
        network_security_group_id=identity(_GROUP, "old"),
        route_table_id=_TABLE,
        service_endpoints=[],
    )
    document = plan(
        vnet("hub", id=_HUB, subnet=[inline | told], actions=("update",)),
        planned("network_security_group", "web", id=own, security_rule=[], actions=("no-op",)),
        planned("route_table", "t", id=_TABLE, route=[], actions=("no-op",)),
        configuration=Module([block("virtual_network", "hub", subnet=[{"name": {"constant_value": "app"}}])]),
        prior_state={"values": {"root_module": {"resources": [seen.told()]}}},
    )

    network = read_network(tmp_path, document)

    assert (_subnet(network, "app").nsg, _subnet(network, "app").route_table) == ("web", table)
    assert network.unmodelled == ()


def test_what_stands_in_a_body_of_azures_own_stays(tmp_path: Path) -> None:
    group = identity(_GROUP, "web")
    inner = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": group}}
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    body = {"properties": {"addressSpace": space, "subnets": [{"name": "app", "properties": inner}]}}
    network = Planned(
        "azapi_resource",
        "hub",
        {
            "id": _HUB,
            "name": "hub",
            "parent_id": GROUP,
            "type": "Microsoft.Network/virtualNetworks@2024-05-01",
            "body": body,
        },
        {},
        actions=("update",),
    )
    document = plan(
        network,
        planned("network_security_group", "web", id=group, security_rule=[], actions=("no-op",)),
        subnet("app", "hub", "10.0.1.0/24", id=_APP, actions=("delete",)),
        planned(
            "subnet_network_security_group_association",
            "a",
            id=_APP,
            subnet_id=_APP,
            network_security_group_id=group,
            actions=("delete",),
        ),
    )

    assert _subnet(read_network(tmp_path, document), "app").nsg == "web"
