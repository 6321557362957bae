"""Gateways to other networks, the sites behind them, and connections."""

from __future__ import annotations

from vnetverify.ingest.terraform.fields import Block, Blocks, Kind, Parent, Reference, References, kind, table
from vnetverify.ingest.terraform.tables.networks import PUBLIC_IP, SUBNET

GATEWAY, SITE = ("azurerm_virtual_network_gateway",), ("azurerm_local_network_gateway",)
_CIRCUIT, _NAT_RULE = ("azurerm_express_route_circuit",), ("azurerm_virtual_network_gateway_nat_rule",)

_CONFIGURATION = table(
    "name:^name private_ip_address:privateIPAddress",
    "id private_ip_address_allocation",
    subnet_id=Reference("subnet", SUBNET, needed=True),
    public_ip_address_id=Reference("publicIPAddress", PUBLIC_IP),
)
_CLIENTS = table(
    "address_space:vpnClientAddressPool.addressPrefixes",
    "aad_audience aad_issuer aad_tenant ipsec_policy radius_server radius_server_address radius_server_secret"
    " revoked_certificate root_certificate vpn_auth_types vpn_client_protocols",
    virtual_network_gateway_client_connection=Blocks(
        "vngClientConnectionConfigurations", table("name:^name address_prefixes", "policy_group_names")
    ),
)
_BGP = table("asn peer_weight", "peering_addresses peering_address bgp_peering_address")

GATEWAY_KINDS: dict[str, Kind] = {
    "azurerm_virtual_network_gateway": kind(
        "virtualNetworkGateways",
        "type:gatewayType vpn_type active_active active_active_enabled:activeActive enable_bgp bgp_enabled:enableBgp"
        " sku:^sku.name remote_vnet_traffic_enabled:allowRemoteVnetTraffic"
        " virtual_wan_traffic_enabled:allowVirtualWanTraffic"
        " bgp_route_translation_for_nat_enabled:enableBgpRouteTranslationForNat",
        "generation private_ip_address_enabled dns_forwarding_enabled ip_sec_replay_protection_enabled policy_group"
        " minimum_scale_unit maximum_scale_unit",
        default_local_network_gateway_id=Reference("gatewayDefaultSite", SITE),
        ip_configuration=Blocks("ipConfigurations", _CONFIGURATION),
        vpn_client_configuration=Block("vpnClientConfiguration", _CLIENTS),
        bgp_settings=Block("bgpSettings", _BGP),
        custom_route=Block("customRoutes", table("address_prefixes")),
    ),
    "azurerm_virtual_network_gateway_nat_rule": kind(
        "natRules",
        "mode type external_mapping internal_mapping",
        "ip_configuration_id",
        parent=Parent("virtual_network_gateway_id", GATEWAY[0]),
        part="natRules",
    ),
    "azurerm_local_network_gateway": kind(
        "localNetworkGateways",
        "address_space:localNetworkAddressSpace.addressPrefixes gateway_address:gatewayIpAddress gateway_fqdn:fqdn",
        bgp_settings=Block("bgpSettings", _BGP),
    ),
    "azurerm_virtual_network_gateway_connection": kind(
        "connections",
        "type:connectionType enable_bgp bgp_enabled:enableBgp express_route_gateway_bypass:expressRouteGatewayBypass"
        " private_link_fast_path_enabled:enablePrivateLinkFastPath"
        " use_policy_based_traffic_selectors:usePolicyBasedTrafficSelectors",
        "authorization_key connection_mode connection_protocol custom_bgp_addresses dpd_timeout_seconds ipsec_policy"
        " local_azure_ip_address_enabled routing_weight shared_key",
        virtual_network_gateway_id=Reference("virtualNetworkGateway1", GATEWAY, needed=True),
        peer_virtual_network_gateway_id=Reference("virtualNetworkGateway2", GATEWAY),
        local_network_gateway_id=Reference("localNetworkGateway2", SITE),
        express_route_circuit_id=Reference("peer", _CIRCUIT),
        traffic_selector_policy=Blocks(
            "trafficSelectorPolicies",
            table("local_address_cidrs:localAddressRanges remote_address_cidrs:remoteAddressRanges"),
            flat=True,
        ),
        egress_nat_rule_ids=References("egressNatRules", _NAT_RULE),
        ingress_nat_rule_ids=References("ingressNatRules", _NAT_RULE),
    ),
    "azurerm_express_route_circuit": kind(
        "expressRouteCircuits",
        "",
        "allow_classic_operations authorization_key bandwidth_in_gbps bandwidth_in_mbps express_route_port_id"
        " peering_location rate_limiting_enabled service_key service_provider_name"
        " service_provider_provisioning_state sku",
        untold="",
    ),
}
