"""Clusters of Kubernetes: what of them tells whether their nodes forward packets, in the words of Azure."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.links import Links

_CLUSTER = "azurerm_kubernetes_cluster"
_NODE_POOL = "azurerm_kubernetes_cluster_node_pool"
# What a cluster may have beside its nodes, each an attribute of its own since version 3 of the provider.
_EXTRAS = ("aci_connector_linux", "http_application_routing_enabled", "ingress_application_gateway")
_OLDER_EXTRAS = "addon_profile"


def told_of_cluster(instance: Instance, links: Links) -> dict[str, Any]:
    """Return the properties of the cluster that `instance` is, or is a pool of nodes of; none where it is neither."""
    cluster = links.whose(instance, ("kubernetes_cluster_id",)) if instance.type == _NODE_POOL else instance
    if cluster is None or cluster.type != _CLUSTER:
        return {}
    plugin = _only(cluster.values.get("network_profile")).get("network_plugin")
    return {
        "networkProfile": {"networkPlugin": plugin if isinstance(plugin, str) else None},
        "addonProfiles": {name.replace("_", ""): _extra(value) for name, value in _extras(cluster).items()},
    }


def _extras(cluster: Instance) -> dict[str, Any]:
    listed = cluster.values.get(_OLDER_EXTRAS)
    older = _only(listed) if isinstance(listed, list) else {_OLDER_EXTRAS: listed}
    return older | {name: value for name in _EXTRAS if (value := cluster.values.get(name))}


def _extra(value: Any) -> dict[str, bool] | None:
    """Return whether an extra is on, None where there is none; one of which that is not known counts as on."""
    if not value:
        return None
    return {"enabled": not (isinstance(value, list) and _only(value).get("enabled") is False)}


def _only(block: Any) -> dict[str, Any]:
    """Return the one entry of a block, without attributes where it has none or is not known."""
    entry = block[0] if isinstance(block, list) and block else None
    return entry if isinstance(entry, dict) else {}
