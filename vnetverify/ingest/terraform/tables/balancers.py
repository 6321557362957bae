"""Load balancers, whose rules, probes and pools are resources of their own with the provider."""

from __future__ import annotations

from vnetverify.ingest.terraform.fields import Blocks, Kind, Parent, Reference, References, Sibling, kind, table
from vnetverify.ingest.terraform.tables.interfaces import FRONTEND
from vnetverify.ingest.terraform.tables.networks import PUBLIC_IP, PUBLIC_IP_PREFIX, SUBNET, VNET

BALANCER, POOL = ("azurerm_lb",), ("azurerm_lb_backend_address_pool",)
_CONFIGURATION = ("configuration of azurerm_network_interface",)
_OF_BALANCER = Parent("loadbalancer_id", BALANCER[0])

_FRONTEND = table(
    "name:^name private_ip_address:privateIPAddress private_ip_address_version:privateIPAddressVersion",
    "id private_ip_address_allocation inbound_nat_rules load_balancer_rules outbound_rules zones availability_zone",
    subnet_id=Reference("subnet", SUBNET),
    public_ip_address_id=Reference("publicIPAddress", PUBLIC_IP),
    public_ip_prefix_id=Reference("publicIPPrefix", PUBLIC_IP_PREFIX),
    gateway_load_balancer_frontend_ip_configuration_id=Reference("gatewayLoadBalancer", FRONTEND),
)
_AT_FRONTEND = Sibling("frontendIPConfiguration", "frontendIPConfigurations")
_OF_RULES = "enable_floating_ip:enableFloatingIP floating_ip_enabled:enableFloatingIP"
_SAYING_NOTHING = "idle_timeout_in_minutes enable_tcp_reset tcp_reset_enabled frontend_ip_configuration_id"

BALANCER_KINDS: dict[str, Kind] = {
    "azurerm_lb": kind(
        "loadBalancers",
        "sku:^sku.name sku_tier:^sku.tier",
        "private_ip_address private_ip_addresses public_ip_address_id subnet_id",
        whole="frontendIPConfigurations backendAddressPools loadBalancingRules probes inboundNatRules outboundRules",
        frontend_ip_configuration=Blocks("frontendIPConfigurations", _FRONTEND),
    ),
    "azurerm_lb_backend_address_pool": kind(
        "backendAddressPools",
        "synchronous_mode:syncMode",
        "inbound_nat_rules load_balancing_rules outbound_rules",
        parent=_OF_BALANCER,
        part="backendAddressPools",
        virtual_network_id=Reference("virtualNetwork", VNET),
        backend_address=Blocks(
            "loadBalancerBackendAddresses",
            table("name:^name ip_address", virtual_network_id=Reference("virtualNetwork", VNET)),
        ),
        tunnel_interface=Blocks("tunnelInterfaces", table("identifier type protocol port"), flat=True),
        backend_ip_configurations=References("backendIPConfigurations", _CONFIGURATION),
    ),
    "azurerm_lb_backend_address_pool_address": kind(
        "loadBalancerBackendAddresses",
        "ip_address",
        "inbound_nat_rule_port_mapping",
        parent=Parent("backend_address_pool_id", POOL[0]),
        part="loadBalancerBackendAddresses",
        virtual_network_id=Reference("virtualNetwork", VNET),
        backend_address_ip_configuration_id=Reference("loadBalancerFrontendIPConfiguration", FRONTEND),
    ),
    "azurerm_lb_rule": kind(
        "loadBalancingRules",
        f"protocol frontend_port backend_port {_OF_RULES} load_distribution disable_outbound_snat",
        _SAYING_NOTHING,
        parent=_OF_BALANCER,
        part="loadBalancingRules",
        frontend_ip_configuration_name=_AT_FRONTEND,
        backend_address_pool_id=Reference("backendAddressPool", POOL),
        backend_address_pool_ids=References("backendAddressPools", POOL),
        probe_id=Reference("probe", ("azurerm_lb_probe",)),
    ),
    "azurerm_lb_probe": kind(
        "probes",
        "protocol port request_path interval_in_seconds number_of_probes probe_threshold no_healthy_backends_behavior",
        "load_balancer_rules",
        parent=_OF_BALANCER,
        part="probes",
    ),
    "azurerm_lb_nat_rule": kind(
        "inboundNatRules",
        f"protocol frontend_port backend_port frontend_port_start:frontendPortRangeStart"
        f" frontend_port_end:frontendPortRangeEnd {_OF_RULES}",
        _SAYING_NOTHING,
        parent=_OF_BALANCER,
        part="inboundNatRules",
        backend_ip_configuration_id=Reference("backendIPConfiguration", _CONFIGURATION),
        frontend_ip_configuration_name=_AT_FRONTEND,
        backend_address_pool_id=Reference("backendAddressPool", POOL),
    ),
    "azurerm_lb_nat_pool": kind(
        "inboundNatPools",
        f"protocol backend_port frontend_port_start:frontendPortRangeStart frontend_port_end:frontendPortRangeEnd"
        f" {_OF_RULES}",
        _SAYING_NOTHING,
        parent=_OF_BALANCER,
        part="inboundNatPools",
        frontend_ip_configuration_name=_AT_FRONTEND,
    ),
    "azurerm_lb_outbound_rule": kind(
        "outboundRules",
        "protocol allocated_outbound_ports",
        _SAYING_NOTHING,
        parent=_OF_BALANCER,
        part="outboundRules",
        backend_address_pool_id=Reference("backendAddressPool", POOL),
        frontend_ip_configuration=Blocks(
            "frontendIPConfigurations",
            table("", "id", name=Sibling("id", "frontendIPConfigurations", wrapped=False)),
            flat=True,
        ),
    ),
}
