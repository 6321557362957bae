"""Scale sets: what of them tells whether their machines forward packets, in the words of Azure."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.terraform.configuration import Path
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.links import Links
from vnetverify.ingest.terraform.tables.balancers import POOL
from vnetverify.ingest.unknown import Unknown

_TYPES = frozenset(f"azurerm_{name}_virtual_machine_scale_set" for name in ("linux", "windows", "orchestrated"))
_FORWARDING = ("enable_ip_forwarding", "ip_forwarding_enabled")  # before version 4 of the provider, and since
_POOLS = "load_balancer_backend_address_pool_ids"
# These name pools of inbound NAT, whatever they are called.
_NAT_POOLS, _NAT_POOL = "load_balancer_inbound_nat_rules_ids", ("azurerm_lb_nat_pool",)
_IN_AZURE = {
    _POOLS: ("loadBalancerBackendAddressPools", POOL),
    _NAT_POOLS: ("loadBalancerInboundNatPools", _NAT_POOL),
}
# Attributes of interfaces and of their configurations that change no flow but their own.
_OF_INTERFACE = frozenset(
    (
        *("name", "primary", "dns_servers", "network_security_group_id", "ip_configuration"),
        *("enable_accelerated_networking", "accelerated_networking_enabled", "auxiliary_mode", "auxiliary_sku"),
    )
)
_OF_CONFIGURATION = frozenset(
    (
        *("name", "primary", "subnet_id", "version", "public_ip_address"),
        *("application_security_group_ids", "application_gateway_backend_address_pool_ids", *_IN_AZURE),
    )
)


def told_of_scale_set(instance: Instance, links: Links) -> dict[str, Any]:
    """Return the properties of the scale set that `instance` is; none where it is none, or not all is known of it."""
    interfaces = instance.values.get("network_interface")
    if instance.type not in _TYPES or not isinstance(interfaces, list):
        return {}
    if not all(isinstance(one, dict) for one in interfaces):
        return {}
    told = [_interface(instance, links, at, one) for at, one in enumerate(interfaces)]
    return {"virtualMachineProfile": {"networkProfile": {"networkInterfaceConfigurations": told}}}


def _interface(instance: Instance, links: Links, at: int, interface: dict[str, Any]) -> dict[str, Any]:
    forwards = any(interface.get(name) not in (None, False) for name in _FORWARDING)
    configurations = interface.get("ip_configuration")
    listed = configurations if isinstance(configurations, list) else []
    path: Path = ("network_interface", at, "ip_configuration")
    return {
        "enableIPForwarding": forwards,
        "ipConfigurations": [
            _others(one, _OF_CONFIGURATION) | _pools(instance, links, (*path, position), one)
            for position, one in enumerate(listed)
        ],
        **_others({key: value for key, value in interface.items() if key not in _FORWARDING}, _OF_INTERFACE),
    }


def _pools(instance: Instance, links: Links, path: Path, configuration: Any) -> dict[str, Any]:
    """Return the pools of load balancers that a configuration is in, as a property that nobody knows where these are
    not known."""
    found: dict[str, Any] = {}
    for attribute, (name, kinds) in _IN_AZURE.items():
        pools = configuration.get(attribute) if isinstance(configuration, dict) else None
        if isinstance(pools, Unknown):  # a set with one that is not known is not known as a whole
            pools = links.references(instance, (*path, attribute), kinds, 1)
        if not pools:
            continue
        if isinstance(pools, list) and all(isinstance(one, str) for one in pools):
            found[name] = [{"id": one} for one in pools]
        else:
            found[attribute] = True
    return found


def _others(block: Any, known: frozenset[str]) -> dict[str, Any]:
    """Return what a block says besides what is `known`, as properties that nobody knows."""
    if not isinstance(block, dict):
        return {"notKnown": True}
    return {name: True for name, value in block.items() if name not in known and _says_something(value)}


def _says_something(value: Any) -> bool:
    return isinstance(value, Unknown) or value not in (None, "", [], {}, False)
