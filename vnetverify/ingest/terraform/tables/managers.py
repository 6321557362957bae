"""Network managers: what is configured; what of it is in force, a plan tells no more than a manager does."""

from __future__ import annotations

from vnetverify.ingest.terraform.fields import Block, Blocks, Kind, Parent, Reference, kind, table
from vnetverify.ingest.terraform.tables.networks import VNET

_MANAGER, _GROUP = "azurerm_network_manager", "azurerm_network_manager_network_group"
_CONFIGURATION = "azurerm_network_manager_security_admin_configuration"
_COLLECTION = "azurerm_network_manager_admin_rule_collection"
_SIDE = table("address_prefix address_prefix_type")

MANAGER_KINDS: dict[str, Kind] = {
    _MANAGER: kind(
        "networkManagers",
        "scope_accesses:networkManagerScopeAccesses",
        "description",
        scope=Block(
            "networkManagerScopes", table("management_group_ids:managementGroups subscription_ids:subscriptions")
        ),
        cross_tenant_scopes=Blocks(
            "networkManagerScopes.crossTenantScopes", table("management_groups subscriptions tenant_id"), flat=True
        ),
    ),
    _GROUP: kind("networkGroups", "member_type", "description", parent=Parent("network_manager_id", _MANAGER)),
    "azurerm_network_manager_static_member": kind(
        "staticMembers",
        "region",
        parent=Parent("network_group_id", _GROUP),
        target_virtual_network_id=Reference("resourceId", VNET, wrapped=False),
    ),
    _CONFIGURATION: kind(
        "securityAdminConfigurations",
        "",
        "apply_on_network_intent_policy_based_services description",
        parent=Parent("network_manager_id", _MANAGER),
    ),
    _COLLECTION: kind(
        "ruleCollections",
        "",
        "network_group_ids description",
        parent=Parent("security_admin_configuration_id", _CONFIGURATION),
    ),
    "azurerm_network_manager_admin_rule": kind(
        "rules",
        "action:access direction priority protocol source_port_ranges destination_port_ranges",
        "description",
        parent=Parent("admin_rule_collection_id", _COLLECTION),
        source=Blocks("sources", _SIDE, flat=True),
        destination=Blocks("destinations", _SIDE, flat=True),
    ),
}
