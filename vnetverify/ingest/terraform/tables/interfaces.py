"""Interfaces, public addresses, machines."""

from __future__ import annotations

from vnetverify.ingest.terraform.fields import Blocks, Fastening, Kind, Reference, References, kind, table
from vnetverify.ingest.terraform.tables.networks import ASG, NSG, PUBLIC_IP, PUBLIC_IP_PREFIX, SUBNET

NIC = ("azurerm_network_interface",)
FRONTEND = ("frontend of azurerm_lb",)
_POOL, _NAT_RULE = ("azurerm_lb_backend_address_pool",), ("azurerm_lb_nat_rule",)
_GATEWAY_POOL = ("pool of azurerm_application_gateway",)

_CONFIGURATION = table(
    "name:^name primary private_ip_address:privateIPAddress private_ip_address_version:privateIPAddressVersion",
    # Whoever chose an address, it is the one that is told.
    "private_ip_address_allocation",
    subnet_id=Reference("subnet", SUBNET, needed=True),
    public_ip_address_id=Reference("publicIPAddress", PUBLIC_IP),
    gateway_load_balancer_frontend_ip_configuration_id=Reference("gatewayLoadBalancer", FRONTEND),
    # Of a data source, and of version 1.
    application_security_group_ids=References("applicationSecurityGroups", ASG),
    load_balancer_backend_address_pools_ids=References("loadBalancerBackendAddressPools", _POOL),
    load_balancer_inbound_nat_rules_ids=References("loadBalancerInboundNatRules", _NAT_RULE),
    application_gateway_backend_address_pools_ids=References("applicationGatewayBackendAddressPools", _GATEWAY_POOL),
)

_MACHINE = "Microsoft.Compute/virtualMachines"
# What a machine is besides its interfaces and its name changes no packet.
_OF_MACHINES = """
    additional_capabilities admin_password admin_ssh_key admin_username allow_extension_operations
    availability_set_id boot_diagnostics bypass_platform_safety_checks_on_user_schedule_enabled
    capacity_reservation_group_id custom_data dedicated_host_group_id dedicated_host_id
    disable_password_authentication disk_controller_type encryption_at_host_enabled eviction_policy
    extensions_time_budget gallery_application license_type max_bid_price os_disk os_image_notification
    os_managed_disk_id patch_assessment_mode patch_mode plan platform_fault_domain priority private_ip_address
    private_ip_addresses provision_vm_agent proximity_placement_group_id public_ip_address public_ip_addresses
    reboot_setting secret secure_boot_enabled size source_image_id source_image_reference termination_notification
    user_data virtual_machine_id virtual_machine_scale_set_id vm_agent_platform_updates_enabled vtpm_enabled
    additional_unattend_content automatic_updates_enabled enable_automatic_updates hotpatching_enabled timezone
    winrm_listener delete_data_disks_on_termination delete_os_disk_on_termination os_profile_linux_config
    os_profile_secrets os_profile_windows_config storage_data_disk storage_image_reference storage_os_disk vm_size
    termination_notification gallery_applications power_state tags_all
"""
_INTERFACES = References("networkProfile.networkInterfaces", NIC)
_NAMED_HOST = kind(_MACHINE, "computer_name:osProfile.computerName", _OF_MACHINES, network_interface_ids=_INTERFACES)

INTERFACE_KINDS: dict[str, Kind] = {
    "azurerm_network_interface": kind(
        "networkInterfaces",
        "enable_ip_forwarding:enableIPForwarding ip_forwarding_enabled:enableIPForwarding"
        " dns_servers:dnsSettings.dnsServers auxiliary_mode auxiliary_sku",
        "accelerated_networking_enabled enable_accelerated_networking applied_dns_servers internal_dns_name_label"
        " internal_domain_name_suffix internal_fqdn mac_address private_ip_address private_ip_addresses"
        " virtual_machine_id",
        untold="",
        ip_configuration=Blocks("ipConfigurations", _CONFIGURATION),
        network_security_group_id=Reference("networkSecurityGroup", NSG),
    ),
    "azurerm_public_ip": kind(
        "publicIPAddresses",
        "ip_address:ipAddress ip_version:publicIPAddressVersion sku:^sku.name sku_tier:^sku.tier"
        " allocation_method:publicIPAllocationMethod public_ip_address_allocation:publicIPAllocationMethod",
        "ddos_protection_mode ddos_protection_plan_id domain_name_label domain_name_label_scope fqdn"
        " idle_timeout_in_minutes ip_tags reverse_fqdn",
        untold="",
        public_ip_prefix_id=Reference("publicIPPrefix", PUBLIC_IP_PREFIX),
    ),
    "azurerm_public_ip_prefix": kind(
        "publicIPPrefixes",
        "ip_version:publicIPAddressVersion prefix_length sku:^sku.name sku_tier:^sku.tier",
        "ip_prefix custom_ip_prefix_id",
        untold="",
    ),
    "azurerm_linux_virtual_machine": _NAMED_HOST,
    "azurerm_windows_virtual_machine": _NAMED_HOST,
    "azurerm_virtual_machine": kind(
        _MACHINE,
        "",
        f"{_OF_MACHINES} primary_network_interface_id",
        network_interface_ids=_INTERFACES,
        os_profile=Blocks("osProfiles", table("computer_name", "admin_password admin_username custom_data"), flat=True),
    ),
}

INTERFACE_FASTENINGS: dict[str, Fastening] = {
    "azurerm_private_endpoint_application_security_group_association": Fastening(
        "private_endpoint_id",
        ("azurerm_private_endpoint",),
        "application_security_group_id",
        ASG,
        "applicationSecurityGroups",
        several=True,
    ),
    "azurerm_network_interface_security_group_association": Fastening(
        "network_interface_id", NIC, "network_security_group_id", NSG, "networkSecurityGroup", "networkInterfaces"
    ),
    "azurerm_network_interface_application_security_group_association": Fastening(
        "network_interface_id",
        NIC,
        "application_security_group_id",
        ASG,
        "applicationSecurityGroups",
        several=True,
        segment="ipConfigurations",
    ),
    "azurerm_network_interface_backend_address_pool_association": Fastening(
        "network_interface_id",
        NIC,
        "backend_address_pool_id",
        _POOL,
        "loadBalancerBackendAddressPools",
        several=True,
        within="ip_configuration_name",
        segment="ipConfigurations",
    ),
    "azurerm_network_interface_nat_rule_association": Fastening(
        "network_interface_id",
        NIC,
        "nat_rule_id",
        _NAT_RULE,
        "loadBalancerInboundNatRules",
        several=True,
        within="ip_configuration_name",
        segment="ipConfigurations",
    ),
    "azurerm_network_interface_application_gateway_backend_address_pool_association": Fastening(
        "network_interface_id",
        NIC,
        "backend_address_pool_id",
        _GATEWAY_POOL,
        "applicationGatewayBackendAddressPools",
        several=True,
        within="ip_configuration_name",
        segment="ipConfigurations",
    ),
}
