"""Services that place machines of their own into subnets: what each does to flows between others.

Azure calls it injection. Most such machines are hosts: they begin and end flows and forward none, so that only flows
from and to their subnet are open. Those of other services may route, or attract routes, and leave the network open.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

from vnetverify.ingest.references import places_in
from vnetverify.ingest.resources import Resource, key_of, kind_of
from vnetverify.ingest.values import member

# By the type that a delegation or a link names, or the resource that is deployed into the subnet, as Azure or Terraform
# calls it.
_HOSTS_ONLY = frozenset(
    [
        "azurerm_api_management",
        "azurerm_app_service",
        "azurerm_app_service_environment_v3",
        "azurerm_app_service_virtual_network_swift_connection",
        "azurerm_container_app_environment",
        "azurerm_container_group",
        "azurerm_function_app",
        "azurerm_linux_function_app",
        "azurerm_linux_web_app",
        "azurerm_logic_app_standard",
        "azurerm_mssql_managed_instance",
        "azurerm_mysql_flexible_server",
        "azurerm_netapp_volume",
        "azurerm_postgresql_flexible_server",
        "azurerm_redis_cache",
        "azurerm_windows_function_app",
        "azurerm_windows_web_app",
        "dell.storage/filesystems",
        "github.network/networksettings",
        "microsoft.aad/domainservices",
        "microsoft.apimanagement/service",
        "microsoft.app/environments",
        "microsoft.app/managedenvironments",
        "microsoft.azurecosmosdb/clusters",
        "microsoft.baremetal/azurepaymenthsm",
        "microsoft.batch/batchaccounts",
        "microsoft.batch/batchaccounts/pools",
        "microsoft.cache/redis",
        "microsoft.cloudtest/hostedpools",
        "microsoft.cloudtest/images",
        "microsoft.cloudtest/pools",
        "microsoft.codespaces/plans",
        "microsoft.cognitiveservices/accounts",
        "microsoft.cognitiveservices/accounts/capabilityhosts",
        "microsoft.containerinstance/containergroups",
        "microsoft.containerregistry/registries/agentpools",
        "microsoft.databricks/workspaces",
        "microsoft.datafactory/factories",
        "microsoft.dbformysql/flexibleservers",
        "microsoft.dbformysql/servers",
        "microsoft.dbformysql/serversv2",
        "microsoft.dbforpostgresql/flexibleservers",
        "microsoft.dbforpostgresql/serversv2",
        "microsoft.dbforpostgresql/singleservers",
        "microsoft.devcenter/networkconnection",
        "microsoft.devcenter/networkconnections",
        "microsoft.devopsinfrastructure/pools",
        "microsoft.documentdb/cassandraclusters",
        "microsoft.documentdb/cassandraclusters/datacenters",
        "microsoft.hardwaresecuritymodules/dedicatedhsms",
        "microsoft.hdinsight/clusters",
        "microsoft.kusto/clusters",
        "microsoft.labservices/labplans",
        "microsoft.logic/integrationserviceenvironments",
        "microsoft.machinelearningservices/workspacecomputes",
        "microsoft.machinelearningservices/workspaces",
        "microsoft.netapp/netappaccounts/capacitypools/volumes",
        "microsoft.netapp/scalevolumes",
        "microsoft.netapp/volumes",
        "microsoft.network/dnsresolvers",
        "microsoft.powerplatform/enterprisepolicies",
        "microsoft.powerplatform/vnetaccesslinks",
        "microsoft.resources/deploymentscripts",
        "microsoft.servicefabricmesh/networks",
        "microsoft.servicenetworking/trafficcontrollers",
        "microsoft.sql/managedinstances",
        "microsoft.storagepool/diskpools",
        "microsoft.streamanalytics/streamingjobs",
        "microsoft.synapse/workspaces",
        "microsoft.web/hostingenvironments",
        "microsoft.web/serverfarms",
        "microsoft.web/sites",
        "microsoft.web/sites/config",
        "microsoft.web/sites/networkconfig",
        "microsoft.web/sites/slots",
        "microsoft.web/sites/slots/config",
        "microsoft.web/sites/slots/networkconfig",
        "networkprofiles",
        "nginx.nginxplus/nginxdeployments",
        "oracle.database/networkattachments",
        "purestorage.block/storagepools",
        "qumulo.storage/filesystems",
    ]
)
_CLUSTERS = frozenset(
    ("microsoft.containerservice/managedclusters", "azurerm_kubernetes_cluster", "azurerm_kubernetes_cluster_node_pool")
)
# More nodes for a cluster, which forward what those of the cluster forward.
NODE_POOLS = "microsoft.containerservice/managedclusters/agentpools"
_EXTRAS_IN_THE_CLUSTER = frozenset(("azurekeyvaultsecretsprovider", "azurepolicy", "kubedashboard", "omsagent"))
# Of these, what changes route tables or groups of its subnet when it is deployed, which others may share.
_BIG_DATA = "microsoft.hdinsight/clusters"
# What computes in a workspace of machine learning: machines, or a cluster that may be joined in any manner.
_COMPUTES, _COMPUTES_OF_HOSTS = (
    "microsoft.machinelearningservices/workspaces/computes",
    ("amlcompute", "computeinstance"),
)
_WORKSPACES = "microsoft.databricks/workspaces"
_CHANGING_LISTS = frozenset(("azurerm_mssql_managed_instance", _WORKSPACES, "microsoft.sql/managedinstances"))
# Services that are modelled: who delegates a subnet to one says no more than that others may not stand there.
_MODELLED = frozenset(("microsoft.network/applicationgateways",))
# What stands in a subnet that is delegated to clusters is not their nodes: what answers for them.
_BY_DELEGATION = frozenset(("microsoft.containerservice/managedclusters",))
# Lists of those whom a service lets in.
_ADMITTING = frozenset(
    (
        "ipsecurityrestrictions",
        "scmipsecurityrestrictions",
        "networkacls",
        "networkrulesets",
        "networkruleset",
        "virtualnetworkrules",
    )
)
# Properties of a subnet that name such services, with the member of each entry that does.
_NAMING = {
    "delegations": "serviceName",
    "serviceassociationlinks": "linkedResourceType",
    "resourcenavigationlinks": "linkedResourceType",
}


def deploys_hosts_only(resource: Resource) -> bool:
    """Hold when `resource` adds machines that forward nothing, and changes nothing else but lists of their subnets."""
    if resource.kind == _COMPUTES:
        said = resource.stated("computeType")
        return isinstance(said, str) and said.lower() in _COMPUTES_OF_HOSTS
    return resource.kind in _HOSTS_ONLY or _is_cluster_of_hosts(resource)


def changes_lists(resource: Resource) -> bool:
    """Hold when `resource` changes groups and tables of its subnets as it is deployed, which others may share."""
    return resource.kind in _CHANGING_LISTS


def names_changing(name: str, value: Any) -> bool:
    """Hold when property `name` of a subnet, of this `value`, tells of such a service: the delegation changes them."""
    services = _services_in(value, _NAMING.get(name.lower(), ""))
    return any(isinstance(service, str) and service.lower() in _CHANGING_LISTS for service in services)


def places_named_by(resource: Resource) -> list[str]:
    """Return the keys of the subnets and networks that `resource` names; a workspace of Databricks names its network by
    an id, and the two subnets by their names, a cluster of HDInsight the network of each subnet beside it."""
    named = [key_of(place) for place in places_in(resource)]
    if resource.kind == _BIG_DATA:
        return [key for key in named if not any(other.startswith(f"{key}/subnets/") for other in named)]
    said = resource.stated("parameters") if resource.kind == _WORKSPACES else None
    if not isinstance(said, dict) or len(named) != 1 or kind_of(named[0]) != "virtualnetworks":
        return named
    parts = [member(said, f"custom{which}SubnetName") for which in ("Public", "Private")]
    names = [member(part, "value") if isinstance(part, dict) else None for part in parts]
    found = [f"{named[0]}/subnets/{name.lower()}" for name in names if isinstance(name, str) and name]
    return found if len(found) == len(names) else named


def is_service_of_hosts(resource: Resource) -> bool:
    """Hold when `resource` of an export is a service whose machines forward nothing; what it changed when it was
    deployed stands in the export. Web applications delegate what they stand in."""
    return resource.kind in _HOSTS_ONLY and not resource.kind.startswith("microsoft.web/sites")


def without_admissions(value: Any) -> Any:
    """Return `value` without the lists of those whom a service lets in, who may be named by their subnets."""
    if isinstance(value, dict):
        return {key: without_admissions(item) for key, item in value.items() if key.lower() not in _ADMITTING}
    return [without_admissions(item) for item in value] if isinstance(value, list) else value


def admits(resource: Resource) -> bool:
    """Hold for an entry of such a list that is a resource of its own."""
    return resource.kind.rpartition("/")[2] in _ADMITTING


def tells_of_services(subnet: Resource) -> bool:
    """Hold when `subnet` says itself which services stand in it."""
    return any(subnet.stated(name) for name in _NAMING)


def _is_cluster_of_hosts(resource: Resource) -> bool:
    """Hold for a Kubernetes cluster whose containers have addresses by Azure's own plugin, and no further subnet.

    With other plugins it writes into the route table of its subnet, which others may share.
    """
    if resource.kind not in _CLUSTERS or resource.is_literal:
        return False
    profile, extras = resource.stated("networkProfile"), resource.stated("addonProfiles")
    plugin = member(profile, "networkPlugin") if isinstance(profile, dict) else None
    if not isinstance(plugin, str) or plugin.lower() != "azure" or not isinstance(extras, (dict, type(None))):
        return False
    return all(name.lower() in _EXTRAS_IN_THE_CLUSTER or _is_off(extra) for name, extra in (extras or {}).items())


def _is_off(extra: Any) -> bool:
    return extra is None or (isinstance(extra, dict) and member(extra, "enabled") is False)


def names_hosts_only(name: str, value: Any) -> bool:
    """Hold when property `name` of a subnet, of this `value`, tells of services whose machines forward nothing."""
    services = list(_services_in(value, _NAMING.get(name.lower(), "")))
    return _are_of(services, _HOSTS_ONLY | _BY_DELEGATION | _MODELLED)


def names_modelled_only(name: str, value: Any) -> bool:
    """Hold when property `name` of a subnet, of this `value`, tells of services alone that are modelled."""
    return _are_of(list(_services_in(value, _NAMING.get(name.lower(), ""))), _MODELLED)


def _are_of(services: Sequence[Any], known: Container[str]) -> bool:
    return bool(services) and all(isinstance(service, str) and service.lower() in known for service in services)


def _services_in(value: Any, field: str) -> Iterator[Any]:
    for item in value if field and isinstance(value, list) else ():
        layers = [item, member(item, "properties")] if isinstance(item, dict) else [item]
        said = [found for layer in layers if isinstance(layer, dict) and (found := member(layer, field)) is not None]
        yield said[0] if said else None
