"""Services in subnets of their own: what they leave open, and what not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import read, resource, subnet, template, vnet
from tests.unit.azure_resources import identity, network
from tests.unit.azure_resources import subnet as exported_subnet
from tests.unit.azure_resources import vnet as exported_vnet

_PG, _ROUTER = "Microsoft.DBforPostgreSQL/flexibleServers", "PaloAltoNetworks.Cloudngfw/firewalls"


_OWN = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'own')]"


def _delegated(*services: str) -> dict[str, Any]:
    return {"delegations": [{"name": one, "properties": {"serviceName": one}} for one in services]}


def _network(**properties: Any) -> dict[str, Any]:
    return vnet("v", "10.0.0.0/16", subnet("own", "10.0.0.0/24", **properties), subnet("app", "10.0.1.0/24"))


@pytest.mark.parametrize("name", [_PG, _PG.upper()])
def test_a_delegation_to_hosts_leaves_flows_from_and_to_its_subnet_open(tmp_path: Path, name: str) -> None:
    (item,) = read(tmp_path, template(_network(**_delegated(name)))).network.unmodelled

    assert (item.vnets, item.places, item.ends_there) == (("v",), ("v.own",), True)


@pytest.mark.parametrize(
    ("services", "places"),
    [
        (("Microsoft.Network/applicationGateways",), []),
        (("Microsoft.ContainerService/managedClusters",), [("v.own",)]),
        (("Microsoft.Network/applicationGateways", _PG), [("v.own",)]),
        (("Microsoft.Network/applicationGateways", _ROUTER), [()]),
    ],
)
def test_a_delegation_to_what_is_modelled_leaves_nothing_open(
    tmp_path: Path, services: tuple[str, ...], places: list[tuple[str, ...]]
) -> None:
    network = read(tmp_path, template(_network(**_delegated(*services)))).network

    assert [item.places for item in network.unmodelled] == places


def test_a_profile_of_containers_puts_hosts_into_its_subnet(tmp_path: Path) -> None:
    interface = {"properties": {"ipConfigurations": [{"properties": {"subnet": {"id": _OWN}}}]}}
    profile = resource("networkProfiles", "p", {"containerNetworkInterfaceConfigurations": [interface]})

    (item,) = read(tmp_path, template(_network(), profile)).network.unmodelled

    assert (item.places, item.ends_there) == (("v.own",), True)


@pytest.mark.parametrize("services", [(_ROUTER,), (_PG, _ROUTER), ("New.Provider/things",)])
def test_one_to_what_may_route_leaves_its_network_open(tmp_path: Path, services: tuple[str, ...]) -> None:
    (item,) = read(tmp_path, template(_network(**_delegated(*services)))).network.unmodelled

    assert (item.vnets, item.places) == (("v",), ())


def test_one_that_names_no_service_leaves_its_network_open(tmp_path: Path) -> None:
    (item,) = read(tmp_path, template(_network(delegations=[{"name": "x"}]))).network.unmodelled

    assert item.places == ()


def test_a_link_of_an_export_tells_of_its_service_alike(tmp_path: Path) -> None:
    links = [{"properties": {"linkedResourceType": "Microsoft.Web/serverfarms", "allowDelete": False}}]

    (item,) = read(tmp_path, template(_network(serviceAssociationLinks=links))).network.unmodelled

    assert (item.places, item.ends_there) == (("v.own",), True)


def test_what_a_template_deploys_as_hosts_leaves_their_subnet_open(tmp_path: Path) -> None:
    site = resource("Microsoft.Web/sites", "shop", {"virtualNetworkSubnetId": _OWN})

    (item,) = read(tmp_path, template(_network(), site)).network.unmodelled

    assert (item.places, item.ends_there) == (("v.own",), True)


_INSTANCE = resource("Microsoft.Sql/managedInstances", "mi", {"subnetId": _OWN})
_TO_INSTANCES = _delegated("Microsoft.Sql/managedInstances")


def _lists(*, group: str = "", table: str = "") -> dict[str, Any]:
    names = {"networkSecurityGroup": ("networkSecurityGroups", group), "routeTable": ("routeTables", table)}
    return {
        field: {"id": f"[resourceId('Microsoft.Network/{kind}', '{name}')]"}
        for field, (kind, name) in names.items()
        if name
    }


def _sharing(own: dict[str, Any], app: dict[str, Any], third: str = "db") -> tuple[dict[str, Any], ...]:
    """Return a network whose first subnet has the lists `own`, and the second those of `app`."""
    subnets = (
        subnet("own", "10.0.0.0/24", **own),
        subnet("app", "10.0.1.0/24", **app),
        subnet(third, "10.0.2.0/24", **({} if third == "db" else app)),
    )
    groups = [resource("networkSecurityGroups", name, {"securityRules": []}) for name in ("g", "other")]
    tables = [resource("routeTables", name, {"routes": []}) for name in ("t", "second")]
    return (vnet("v", "10.0.0.0/16", *subnets), *groups, *tables)


@pytest.mark.parametrize("parts", [(_INSTANCE,), (_INSTANCE, _TO_INSTANCES), (_TO_INSTANCES,)])
@pytest.mark.parametrize(
    ("app", "places"),
    [
        (_lists(group="other", table="second"), ("v.own",)),
        (_lists(group="g", table="second"), ("v.app", "v.own")),
        (_lists(group="other", table="t"), ("v.app", "v.own")),
    ],
)
def test_what_changes_lists_as_it_is_deployed_leaves_open_where_these_act(
    tmp_path: Path, parts: tuple[dict[str, Any], ...], app: dict[str, Any], places: tuple[str, ...]
) -> None:
    own = _lists(group="g", table="t") | (_TO_INSTANCES if _TO_INSTANCES in parts else {})
    deployed = [part for part in parts if part is not _TO_INSTANCES]

    found = read(tmp_path, template(*_sharing(own, app), *deployed)).network.unmodelled

    assert len(found) == len(parts)
    assert {(item.places, item.ends_there) for item in found} == {(places, True)}


@pytest.mark.parametrize(
    ("names", "places"),
    [
        ({"Public": {"value": "own"}, "Private": {"value": "APP"}}, ("v.app", "v.own")),
        ({"Public": {"value": "own"}}, ()),
        ({"Public": {"value": "own"}, "Private": {"value": "[parameters('p')]"}}, ()),
        ({"Public": {"value": "own"}, "Private": {"value": "elsewhere"}}, ()),
        ({"Public": "own", "Private": {"value": 7}}, ()),
    ],
)
def test_a_workspace_names_its_subnets_by_their_names(
    tmp_path: Path, names: dict[str, Any], places: tuple[str, ...]
) -> None:
    said = {"customVirtualNetworkId": {"value": "[resourceId('Microsoft.Network/virtualNetworks', 'v')]"}}
    said |= {f"custom{which}SubnetName": name for which, name in names.items()}
    workspace = resource("Microsoft.Databricks/workspaces", "w", {"parameters": said})

    content = template(*_sharing({}, {}), workspace, parameters={"p": {"type": "string"}})

    found = read(tmp_path, content).network.unmodelled
    assert {item.places for item in found} == {places}


@pytest.mark.parametrize(("kind", "places"), [("AmlCompute", ("v.own",)), ("ComputeInstance", ("v.own",)), ("AKS", ())])
def test_what_computes_for_machine_learning_is_hosts_but_for_clusters(
    tmp_path: Path, kind: str, places: tuple[str, ...]
) -> None:
    said = {"computeType": kind, "properties": {"subnet": {"id": _OWN}}}
    compute = resource("Microsoft.MachineLearningServices/workspaces/computes", "w/c", said)

    assert [item.places for item in read(tmp_path, template(_network(), compute)).network.unmodelled] == [places]


def test_a_cluster_that_names_the_network_beside_its_subnet_stands_in_the_subnet(tmp_path: Path) -> None:
    profile = {"id": "[resourceId('Microsoft.Network/virtualNetworks', 'v')]", "subnet": _OWN}
    cluster = resource("Microsoft.HDInsight/clusters", "c", {"roles": [{"virtualNetworkProfile": profile}]})

    assert [item.places for item in read(tmp_path, template(_network(), cluster)).network.unmodelled] == [("v.own",)]


def test_lists_that_act_in_a_subnet_of_a_gateway_as_well_leave_the_network_open(tmp_path: Path) -> None:
    own = _lists(table="t") | _TO_INSTANCES

    content = template(*_sharing(own, _lists(table="t"), "GatewaySubnet"), _INSTANCE)

    assert {item.places for item in read(tmp_path, content).network.unmodelled} == {()}


def test_a_group_that_an_interface_has_as_well_acts_in_its_subnet(tmp_path: Path) -> None:
    place = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'app')]"}
    configuration = {
        "name": "c",
        "properties": {"subnet": place, "privateIPAllocationMethod": "Static", "privateIPAddress": "10.0.1.4"},
    }
    card = resource("networkInterfaces", "n", {"ipConfigurations": [configuration], **_lists(group="g")})

    content = template(*_sharing(_lists(group="g"), {}), _INSTANCE, card)

    assert [item.places for item in read(tmp_path, content).network.unmodelled] == [("v.app", "v.own")]


def test_lists_of_an_export_stand_as_they_were_changed(tmp_path: Path) -> None:
    table = {"routeTable": {"id": identity("routeTables", "t")}}
    services = {"delegations": [{"name": "d", "properties": {"serviceName": "Microsoft.Sql/managedInstances"}}]}
    parts = (exported_subnet("own", **table, **services), exported_subnet("app", "10.0.1.0/24", **table))
    routes = {"id": identity("routeTables", "t"), "name": "t", "properties": {"routes": []}}

    found = network(tmp_path, exported_vnet("hub", "10.0.0.0/16", *parts), routes)

    assert [item.places for item in found.unmodelled] == [("hub.own",)]


def test_a_private_resolver_changes_names_and_what_its_endpoints_send_and_take(tmp_path: Path) -> None:
    endpoint = {"ipConfigurations": [{"privateIpAllocationMethod": "Dynamic", "subnet": {"id": _OWN}}]}
    rule = {"domainName": "contoso.com.", "targetDnsServers": [{"ipaddress": "10.0.1.4", "port": 53}]}
    parts = (
        resource(
            "dnsResolvers", "r", {"virtualNetwork": {"id": "[resourceId('Microsoft.Network/virtualNetworks', 'v')]"}}
        ),
        resource("dnsResolvers/inboundEndpoints", "r/in", endpoint),
        resource("dnsForwardingRulesets", "f", {"dnsResolverOutboundEndpoints": []}),
        resource("dnsForwardingRulesets/forwardingRules", "f/contoso", rule),
    )

    network = read(tmp_path, template(_network(), *parts)).network

    assert [(item.places, item.ends_there) for item in network.unmodelled] == [(("v.own",), True)]
    assert {item.what.partition(" ")[0] for item in network.unmodelled_names} >= {
        "dnsresolvers/inboundendpoints",
        "dnsforwardingrulesets/forwardingrules",
    }


@pytest.mark.parametrize(("plugin", "places"), [("azure", ("v.own",)), ("kubenet", ())])
def test_a_pool_of_nodes_beside_its_cluster_is_what_the_cluster_is(
    tmp_path: Path, plugin: str, places: tuple[str, ...]
) -> None:
    clusters = "Microsoft.ContainerService/managedClusters"
    parts = (
        resource(clusters, "k", {"networkProfile": {"networkPlugin": plugin}}),
        resource(f"{clusters}/agentPools", "k/more", {"vnetSubnetID": _OWN, "mode": "User"}),
    )

    network = read(tmp_path, template(_network(), *parts)).network

    assert [item.places for item in network.unmodelled] == [places]


@pytest.mark.parametrize(
    ("kind", "properties", "places"),
    [
        ("Microsoft.ApiManagement/service", {}, [("hub.own",)]),
        ("Microsoft.Sql/managedInstances", {}, [("hub.own",)]),
        (
            "Microsoft.Web/sites",
            {"delegations": [{"properties": {"serviceName": "Microsoft.Web/serverFarms"}}]},
            [("hub.own",)],
        ),
        ("Microsoft.Storage/storageAccounts", {}, []),
        ("Microsoft.ContainerService/managedClusters", {}, []),
    ],
)
def test_a_service_of_an_export_is_told_once_where_it_stands(
    tmp_path: Path, kind: str, properties: dict[str, Any], places: list[tuple[str, ...]]
) -> None:
    """A gateway of APIs with a public address is reached from the Internet, and its subnet need not tell of it."""
    provider, _, name = kind.partition("/")
    own = identity("virtualNetworks", "hub") + "/subnets/own"
    service = {"id": identity(name, "x", provider=provider), "type": kind, "properties": {"subnet": {"id": own}}}

    found = network(tmp_path, exported_vnet("hub", "10.0.0.0/16", exported_subnet("own", **properties)), service)

    assert [item.places for item in found.unmodelled] == places


def test_whom_a_service_lets_in_is_not_where_it_stands(tmp_path: Path) -> None:
    admitted = {"ipSecurityRestrictions": [{"vnetSubnetResourceId": _OWN, "action": "Allow"}]}
    parts = (
        resource("Microsoft.Web/sites", "shop", {"siteConfig": admitted}),
        resource("Microsoft.Web/sites/config", "shop/web", admitted),
        resource("Microsoft.Search/searchServices", "find", {"networkRuleSet": {"rules": [{"id": _OWN}]}}),
        resource("Microsoft.DBforMySQL/servers/virtualNetworkRules", "db/r", {"virtualNetworkSubnetId": _OWN}),
        resource("Microsoft.Sql/servers/virtualNetworkRules", "sql/r", {"virtualNetworkSubnetId": _OWN}),
        resource("Microsoft.CognitiveServices/accounts", "ai", {"networkAcls": {"rules": [{"id": _OWN}]}}),
    )

    assert read(tmp_path, template(_network(), *parts)).network.unmodelled == ()


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("Microsoft.CognitiveServices/accounts", {"networkInjections": [{"scenario": "agent", "subnetArmId": _OWN}]}),
        ("Microsoft.ContainerRegistry/registries/agentPools", {"virtualNetworkSubnetResourceId": _OWN}),
        ("Microsoft.DocumentDB/cassandraClusters", {"delegatedManagementSubnetId": _OWN}),
        ("Microsoft.DocumentDB/cassandraClusters/dataCenters", {"delegatedSubnetId": _OWN}),
        ("Microsoft.Resources/deploymentScripts", {"containerSettings": {"subnetIds": [{"id": _OWN}]}}),
    ],
)
def test_a_service_of_a_provider_that_else_only_lets_in_stands_in_the_subnet_that_it_names(
    tmp_path: Path, kind: str, properties: dict[str, Any]
) -> None:
    service = resource(kind, "x" + "/x" * kind.count("/", kind.index("/") + 1), properties)

    assert [item.places for item in read(tmp_path, template(_network(), service)).network.unmodelled] == [("v.own",)]
