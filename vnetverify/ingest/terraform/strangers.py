"""Resources that no table translates: those without effect on packets, and those that could have one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vnetverify.ingest.references import ids_in
from vnetverify.ingest.terraform.azapi import is_network
from vnetverify.ingest.terraform.configuration import Path
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.links import Links
from vnetverify.ingest.terraform.specials import CIDR
from vnetverify.ingest.terraform.tables.networks import SUBNET, VNET
from vnetverify.ingest.unknown import Unknown

_AZURE = ("azurerm_", "azapi_")
# Attributes by which a resource says in which subnet or network it puts something.
_PLACE = re.compile(r"(?:^|_)(?:subnet|subnet_resource|virtual_network|vnet)_ids?$")
# Blocks that say from which subnets a service may be asked.
_ADMITTING = frozenset(
    (
        "network_rules",
        "network_rule",
        "network_rule_set",
        "network_rulesets",
        "network_acls",
        "ip_restriction",
        "scm_ip_restriction",
        "virtual_network_rule",
        "virtual_network_rules",
    )
)
_ADMITTING_TYPE = re.compile(r"azurerm_\w+_(?:virtual_network_rule|network_rules)")
# Types whose names sound of networks and that change no packet, with all whose names begin so.
_HARMLESS = re.compile(
    r"azurerm_(?:network_(?:watcher|packet_capture|connection_monitor|ddos_protection_plan|function|security_perimeter"
    r"|manager_(?:ipam|verifier))"
    r"|private_dns_|dns_|route_(?:filter|map|server_bgp_connection)|express_route_(?:circuit(?!_connection)|port)|public_ip"
    r"|subnet_service_endpoint|virtual_machine_(?:scale_set_|extension|data_disk|run|restore|gallery|automanage|implicit|packet)"
    r"|virtual_desktop_|web_application_firewall_policy|network_manager_deployment"
    r"|network_manager_scope_connection)"
)
# Virtual WAN reaches networks by connections, which have a type of their own.
_VIRTUAL_WAN = re.compile(
    r"azurerm_(?:virtual_wan|virtual_hub(?!_connection|_ip)\w*|vpn_\w+|express_route_(?:gateway|connection)"
    r"|point_to_site_vpn_gateway)"
)
_NETWORK = re.compile(
    r"azurerm_(?:virtual_network|virtual_hub|subnet|network|route|firewall|nat_|vpn|express_route|lb|load_balancer"
    r"|private_link|private_endpoint|public_ip|application_gateway|bastion|ip_group|local_network"
    r"|virtual_machine_scale_set|linux_virtual_machine_scale_set|windows_virtual_machine_scale_set"
    r"|orchestrated_virtual_machine_scale_set)"
)
# What names networks and puts nothing there.
_NAMING = (
    "azurerm_private_dns_resolver",
    "azurerm_private_dns_resolver_virtual_network_link",
    "azurerm_network_ddos_protection_plan",
)
# What these do may be anywhere, whatever they name.
_ANYWHERE = re.compile(
    r"azurerm_network_manager_(?:connectivity|routing|subscription_connection|management_group_connection)\w*"
)


def is_of_azure(instance: Instance) -> bool:
    return instance.type.startswith(_AZURE)


def is_in_hub(instance: Instance) -> bool:
    """Hold for a firewall in a hub of Virtual WAN, which networks reach by their connections alone."""
    return instance.type == "azurerm_firewall" and bool(instance.values.get("virtual_hub"))


def is_left_out(instance: Instance) -> bool:
    """Hold for what changes no packet of a network in the document."""
    kind = instance.type
    if not is_of_azure(instance) or instance.is_data or _ADMITTING_TYPE.fullmatch(kind) is not None:
        return True
    if kind.startswith("azapi_"):
        return not is_network(instance)
    if kind.endswith("template_deployment"):
        return not _deploys(instance.values.get("template_content") or instance.values.get("template_body"))
    if any(True for _ in _places(dict(instance.values), ())):
        return kind in _NAMING
    if kind == CIDR or _HARMLESS.match(kind) is not None:
        return True
    return _VIRTUAL_WAN.fullmatch(kind) is not None or _NETWORK.match(kind) is None


def _deploys(template: Any) -> bool:
    """Hold when a template could deploy something of networks: it is not known, or names their provider."""
    if isinstance(template, Unknown) or not isinstance(template, str):
        return True
    text = template.lower()
    return "microsoft.network" in text or "microsoft.resources/deployments" in text or "templatelink" in text


def places_named(instance: Instance, links: Links) -> list[str | Unknown]:
    """Return the ids of networks and subnets in which a resource puts something, and of all else that it names.

    Nothing is returned where it may act anywhere.
    """
    if _ANYWHERE.match(instance.type):
        return []
    found: list[str | Unknown] = []
    for path, value in _places(dict(instance.values), ()):
        if isinstance(value, Unknown):
            placed = links.reference(instance, path, (*SUBNET, *VNET))
            if not isinstance(placed, str):
                return []
            found.append(placed)
    return [*found, *sorted(set(ids_in(dict(instance.values))))]


def _places(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the attributes that name a subnet or a network, with their paths."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _ADMITTING:
                yield from _places(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _places(item, (*path, position))
    elif value:
        named = next((step for step in reversed(path) if isinstance(step, str)), "")
        if _PLACE.search(named):
            yield path, value
