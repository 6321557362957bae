"""Networks, subnets, peerings, security groups, route tables."""

from __future__ import annotations

from collections.abc import Mapping

from vnetverify.ingest.terraform.fields import (
    Block,
    Blocks,
    Each,
    Fastening,
    Field,
    Kind,
    Parent,
    Plain,
    Reference,
    References,
    Word,
    kind,
    table,
)

VNET, SUBNET = ("azurerm_virtual_network",), ("azurerm_subnet",)
NSG, ROUTE_TABLE = ("azurerm_network_security_group",), ("azurerm_route_table",)
ASG, NAT_GATEWAY = ("azurerm_application_security_group",), ("azurerm_nat_gateway",)
PUBLIC_IP, PUBLIC_IP_PREFIX = ("azurerm_public_ip",), ("azurerm_public_ip_prefix",)
_IN_VNET = Parent("virtual_network_name", VNET[0], by_name=True)
_POLICY = ("azurerm_subnet_service_endpoint_storage_policy",)
# Older versions say whether policies are off (enforce) or on (enabled).
_OFF = {True: "Disabled", False: "Enabled"}
_ON = {True: "Enabled", False: "Disabled"}
_NOT = {True: False, False: True}

_DELEGATION = table("name:^name", service_delegation=Block("", table("name:serviceName actions")))
_POOL = table("id number_of_ip_addresses allocated_ip_address_prefixes")
_SUBNET_TEXT = "address_prefix address_prefixes default_outbound_access_enabled:defaultOutboundAccess sharing_scope"
_SUBNET_FIELDS: Mapping[str, Field] = {
    "service_endpoints": Each("serviceEndpoints", "service"),
    # Since version 5 in blocks; a list as well as blocks would say the same.
    "service_endpoint": Blocks("serviceEndpoints", table("service", "network_identifier"), flat=True),
    "delegation": Blocks("delegations", _DELEGATION),
    "service_endpoint_policy_ids": References("serviceEndpointPolicies", _POLICY),
    "enforce_private_link_endpoint_network_policies": Word("privateEndpointNetworkPolicies", _OFF),
    "private_endpoint_network_policies_enabled": Word("privateEndpointNetworkPolicies", _ON),
    "private_endpoint_network_policies": Plain("privateEndpointNetworkPolicies"),
    "enforce_private_link_service_network_policies": Word("privateLinkServiceNetworkPolicies", _OFF),
    "private_link_service_network_policies_enabled": Word("privateLinkServiceNetworkPolicies", _ON),
    # Version 1 told of the interfaces in a subnet.
    "ip_configurations": References("ipConfigurations", ("configuration of azurerm_network_interface",)),
    "ip_address_pool": Blocks("ipamPoolPrefixAllocations", _POOL, flat=True),
}  # fmt: skip
_FASTENED: Mapping[str, Field] = {
    "network_security_group_id": Reference("networkSecurityGroup", NSG),
    "security_group": Reference("networkSecurityGroup", NSG),
    "route_table_id": Reference("routeTable", ROUTE_TABLE),
}
# Since version 4 a network tells of its subnets all that they tell themselves.
_INLINE_SUBNET = table(f"name:^name {_SUBNET_TEXT}", "id", more={**_SUBNET_FIELDS, **_FASTENED})
_ENCRYPTION = table("enforcement")

_RULE = (
    "priority direction access protocol source_port_range source_port_ranges destination_port_range"
    " destination_port_ranges source_address_prefix source_address_prefixes destination_address_prefix"
    " destination_address_prefixes description"
)
_RULE_FIELDS: Mapping[str, Field] = {
    "source_application_security_group_ids": References("sourceApplicationSecurityGroups", ASG),
    "destination_application_security_group_ids": References("destinationApplicationSecurityGroups", ASG),
}
_ROUTE = "address_prefix next_hop_type next_hop_in_ip_address:nextHopIpAddress"

NETWORK_KINDS: dict[str, Kind] = {
    "azurerm_virtual_network": kind(
        "virtualNetworks",
        "address_space:addressSpace.addressPrefixes address_spaces:addressSpace.addressPrefixes"
        " dns_servers:dhcpOptions.dnsServers flow_timeout_in_minutes"
        " private_endpoint_vnet_policies:privateEndpointVNetPolicies"
        " bgp_community:bgpCommunities.virtualNetworkCommunity",
        "ddos_protection_plan vm_protection_enabled subnets vnet_peerings vnet_peerings_addresses",
        whole="subnets virtualNetworkPeerings",
        untold="subnets virtualNetworkPeerings",
        subnet=Blocks("subnets", _INLINE_SUBNET),
        encryption=Block("encryption", _ENCRYPTION, {"enabled": True}),
        ip_address_pool=Blocks("addressSpace.ipamPoolPrefixAllocations", _POOL, flat=True),
    ),
    "azurerm_subnet": kind(
        "subnets",
        _SUBNET_TEXT,
        "network_security_group_id_wo_version route_table_id_wo_version",
        parent=_IN_VNET,
        untold="delegations natGateway serviceEndpointPolicies",
        more={**_SUBNET_FIELDS, **_FASTENED},
        network_security_group_id_wo=Reference("networkSecurityGroup", NSG),
        route_table_id_wo=Reference("routeTable", ROUTE_TABLE),
    ),
    "azurerm_virtual_network_peering": kind(
        "virtualNetworkPeerings",
        "allow_virtual_network_access allow_forwarded_traffic allow_gateway_transit use_remote_gateways"
        " peer_complete_virtual_networks_enabled:peerCompleteVnets local_subnet_names remote_subnet_names"
        " only_ipv6_peering_enabled:enableOnlyIPv6Peering",
        "triggers virtual_network_id",
        parent=_IN_VNET,
        remote_virtual_network_id=Reference("remoteVirtualNetwork", VNET, apart=True, needed=True),
    ),
    "azurerm_network_security_group": kind(
        "networkSecurityGroups",
        whole="securityRules",
        untold="",
        security_rule=Blocks("securityRules", table(f"name:^name {_RULE}", more=_RULE_FIELDS)),
    ),
    "azurerm_network_security_rule": kind(
        "securityRules", _RULE, parent=Parent("network_security_group_name", NSG[0], by_name=True), more=_RULE_FIELDS
    ),
    "azurerm_application_security_group": kind("applicationSecurityGroups", untold=""),
    "azurerm_route_table": kind(
        "routeTables",
        "disable_bgp_route_propagation",
        whole="routes",
        untold="",
        bgp_route_propagation_enabled=Word("disableBgpRoutePropagation", _NOT),
        route=Blocks("routes", table(f"name:^name {_ROUTE}")),
        subnets=References("subnets", SUBNET),
    ),
    "azurerm_route": kind("routes", _ROUTE, parent=Parent("route_table_name", ROUTE_TABLE[0], by_name=True)),
    "azurerm_nat_gateway": kind(
        "natGateways",
        "idle_timeout_in_minutes",
        untold="subnets",
        public_ip_address_ids=References("publicIpAddresses", PUBLIC_IP),
        public_ip_prefix_ids=References("publicIpPrefixes", PUBLIC_IP_PREFIX),
    ),
}

NETWORK_FASTENINGS: dict[str, Fastening] = {
    "azurerm_subnet_network_security_group_association": Fastening(
        "subnet_id", SUBNET, "network_security_group_id", NSG, "networkSecurityGroup", "subnets"
    ),
    "azurerm_subnet_route_table_association": Fastening(
        "subnet_id", SUBNET, "route_table_id", ROUTE_TABLE, "routeTable", "subnets"
    ),
    "azurerm_subnet_nat_gateway_association": Fastening(
        "subnet_id", SUBNET, "nat_gateway_id", NAT_GATEWAY, "natGateway", "subnets"
    ),
    "azurerm_nat_gateway_public_ip_association": Fastening(
        "nat_gateway_id", NAT_GATEWAY, "public_ip_address_id", PUBLIC_IP, "publicIpAddresses", several=True
    ),
    "azurerm_nat_gateway_public_ip_prefix_association": Fastening(
        "nat_gateway_id", NAT_GATEWAY, "public_ip_prefix_id", PUBLIC_IP_PREFIX, "publicIpPrefixes", several=True
    ),
}
