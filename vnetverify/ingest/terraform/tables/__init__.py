"""Tables of the types of the provider, by field."""

from __future__ import annotations

from collections.abc import Mapping

from vnetverify.ingest.terraform.fields import Fastening, Kind
from vnetverify.ingest.terraform.tables.balancers import BALANCER_KINDS
from vnetverify.ingest.terraform.tables.firewalls import FIREWALL_KINDS
from vnetverify.ingest.terraform.tables.gateways import GATEWAY_KINDS
from vnetverify.ingest.terraform.tables.interfaces import INTERFACE_FASTENINGS, INTERFACE_KINDS
from vnetverify.ingest.terraform.tables.managers import MANAGER_KINDS
from vnetverify.ingest.terraform.tables.networks import NETWORK_FASTENINGS, NETWORK_KINDS
from vnetverify.ingest.terraform.tables.services import SERVICE_KINDS

KINDS: Mapping[str, Kind] = {
    **NETWORK_KINDS,
    **INTERFACE_KINDS,
    **BALANCER_KINDS,
    **GATEWAY_KINDS,
    **FIREWALL_KINDS,
    **SERVICE_KINDS,
    **MANAGER_KINDS,
}
FASTENINGS: Mapping[str, Fastening] = {**NETWORK_FASTENINGS, **INTERFACE_FASTENINGS}

# What is not a resource of its own with the provider but a part of another: by the wanted type, the types that hold it
# with their block and Azure's segment.
PARTS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "azurerm_subnet": (("azurerm_virtual_network", "subnet", "subnets"),),
    "frontend of azurerm_lb": (("azurerm_lb", "frontend_ip_configuration", "frontendIPConfigurations"),),
    "pool of azurerm_application_gateway": (
        ("azurerm_application_gateway", "backend_address_pool", "backendAddressPools"),
    ),
    "configuration of azurerm_network_interface": (
        ("azurerm_network_interface", "ip_configuration", "ipConfigurations"),
    ),
}
