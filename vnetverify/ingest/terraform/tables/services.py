"""Private endpoints and services, private zones, proxies."""

from __future__ import annotations

from vnetverify.ingest.terraform.fields import Blocks, Each, Kind, Parent, Reference, References, Sibling, kind, table
from vnetverify.ingest.terraform.tables.interfaces import FRONTEND
from vnetverify.ingest.terraform.tables.networks import PUBLIC_IP, SUBNET, VNET

ZONE = ("azurerm_private_dns_zone",)
_IN_ZONE = Parent("zone_name", ZONE[0], by_name=True, or_by="private_dns_zone_id")
_NO_ADDRESS = "ttl fqdn record"

_FRONTEND = table(
    "name:^name private_ip_address:privateIPAddress",
    "id private_link_configuration_id private_ip_address_allocation",
    subnet_id=Reference("subnet", SUBNET),
    public_ip_address_id=Reference("publicIPAddress", PUBLIC_IP),
    private_link_configuration_name=Sibling("privateLinkConfiguration", "privateLinkConfigurations"),
)
# What a listener takes is read of it, not what it then does.
_LISTENER = table(
    "name:^name protocol",
    "id custom_error_configuration firewall_policy_id frontend_ip_configuration_id frontend_port_id host_name"
    " host_names require_sni ssl_certificate_id ssl_certificate_name ssl_profile_id ssl_profile_name",
    frontend_ip_configuration_name=Sibling("frontendIPConfiguration", "frontendIPConfigurations"),
    frontend_port_name=Sibling("frontendPort", "frontendPorts"),
)
_NAMED = table("name:^name", "id fqdns ip_addresses ip_configuration")

SERVICE_KINDS: dict[str, Kind] = {
    "azurerm_private_endpoint": kind(
        "privateEndpoints",
        "custom_network_interface_name",
        "network_interface private_dns_zone_configs private_dns_zone_group custom_dns_configs"
        " private_service_connection",
        subnet_id=Reference("subnet", SUBNET, needed=True),
        ip_configuration=Blocks(
            "ipConfigurations",
            table("name:^name private_ip_address:privateIPAddress subresource_name:groupId member_name"),
        ),
    ),
    "azurerm_private_link_service": kind(
        "privateLinkServices",
        "alias destination_ip_address:destinationIPAddress",
        "auto_approval_subscription_ids enable_proxy_protocol proxy_protocol_enabled fqdns visibility_subscription_ids",
        load_balancer_frontend_ip_configuration_ids=References("loadBalancerFrontendIpConfigurations", FRONTEND),
        nat_ip_configuration=Blocks(
            "ipConfigurations",
            table(
                "name:^name primary private_ip_address:privateIPAddress"
                " private_ip_address_version:privateIPAddressVersion",
                subnet_id=Reference("subnet", SUBNET, needed=True),
            ),
        ),
    ),
    "azurerm_private_dns_zone": kind(
        "privateDnsZones",
        "number_of_record_sets",
        "max_number_of_record_sets max_number_of_virtual_network_links"
        " max_number_of_virtual_network_links_with_registration soa_record",
        untold="",
    ),
    "azurerm_private_dns_zone_virtual_network_link": kind(
        "virtualNetworkLinks",
        "registration_enabled resolution_policy",
        parent=Parent("private_dns_zone_name", ZONE[0], by_name=True, or_by="private_dns_zone_id"),
        virtual_network_id=Reference("virtualNetwork", VNET, needed=True),
    ),
    "azurerm_private_dns_a_record": kind("A", "", "ttl fqdn", parent=_IN_ZONE, records=Each("aRecords", "ipv4Address")),
    "azurerm_private_dns_aaaa_record": kind(
        "AAAA", "", "ttl fqdn", parent=_IN_ZONE, records=Each("aaaaRecords", "ipv6Address")
    ),
    **{
        f"azurerm_private_dns_{sort.lower()}_record": kind(sort, "", f"{_NO_ADDRESS} records", parent=_IN_ZONE)
        for sort in ("CNAME", "PTR", "MX", "SRV", "TXT")
    },
    "azurerm_bastion_host": kind(
        "bastionHosts",
        "sku:^sku.name",
        "copy_paste_enabled dns_name file_copy_enabled ip_connect_enabled kerberos_enabled scale_units"
        " private_only_enabled session_recording_enabled shareable_link_enabled tunneling_enabled",
        virtual_network_id=Reference("virtualNetwork", VNET),
        ip_configuration=Blocks("ipConfigurations", _FRONTEND),
    ),
    "azurerm_application_gateway": kind(
        "applicationGateways",
        "",
        "authentication_certificate autoscale_configuration backend_http_settings custom_error_configuration"
        " enable_http2 http2_enabled fips_enabled firewall_policy_id force_firewall_policy_association global probe"
        " redirect_configuration request_routing_rule rewrite_rule_set sku ssl_certificate ssl_policy ssl_profile"
        " trusted_client_certificate trusted_root_certificate url_path_map waf_configuration backend backend_settings"
        " routing_rule disabled_ssl_protocols",
        whole="frontendIPConfigurations frontendPorts httpListeners",
        gateway_ip_configuration=Blocks(
            "gatewayIPConfigurations", table("name:^name", "id", subnet_id=Reference("subnet", SUBNET, needed=True))
        ),
        frontend_ip_configuration=Blocks("frontendIPConfigurations", _FRONTEND),
        frontend_port=Blocks("frontendPorts", table("name:^name port", "id")),
        http_listener=Blocks("httpListeners", _LISTENER),
        listener=Blocks("listeners", _LISTENER),
        backend_address_pool=Blocks("backendAddressPools", _NAMED),
        private_link_configuration=Blocks("privateLinkConfigurations", _NAMED),
        private_endpoint_connection=Blocks("privateEndpointConnections", table("name:^name", "id")),
    ),
}
