"""What Azure would refuse in a network, and what it accepts but nobody wants: checked before any packet is."""

from __future__ import annotations

from vnetverify.diagnostic import Diagnostic, in_source_order
from vnetverify.model.network import Network
from vnetverify.model.wellformed.addressing import addressing_faults
from vnetverify.model.wellformed.admin import admin_faults
from vnetverify.model.wellformed.balancers import balancer_faults
from vnetverify.model.wellformed.endpoints import endpoint_faults
from vnetverify.model.wellformed.filters import filter_faults
from vnetverify.model.wellformed.firewall_rules import firewall_rule_faults
from vnetverify.model.wellformed.firewalls import firewall_faults
from vnetverify.model.wellformed.gateways import gateway_faults
from vnetverify.model.wellformed.groups import group_faults
from vnetverify.model.wellformed.limits import limit_faults
from vnetverify.model.wellformed.names import name_faults
from vnetverify.model.wellformed.nat_gateways import nat_gateway_faults
from vnetverify.model.wellformed.occupants import occupant_faults
from vnetverify.model.wellformed.peerings import peering_faults
from vnetverify.model.wellformed.pools import pool_faults
from vnetverify.model.wellformed.principals import principal_faults
from vnetverify.model.wellformed.private_links import private_link_faults
from vnetverify.model.wellformed.proxies import proxy_faults
from vnetverify.model.wellformed.public_frontends import public_frontend_faults
from vnetverify.model.wellformed.routing import routing_faults
from vnetverify.model.wellformed.transit import transit_faults

__all__ = ["check"]


def check(network: Network) -> tuple[Diagnostic, ...]:
    """Return everything that is ill-formed in `network`, in source order; an error is what Azure would refuse."""
    return in_source_order(
        (
            *addressing_faults(network),
            *occupant_faults(network),
            *peering_faults(network),
            *transit_faults(network),
            *gateway_faults(network),
            *pool_faults(network),
            *group_faults(network),
            *routing_faults(network),
            *balancer_faults(network),
            *public_frontend_faults(network),
            *endpoint_faults(network),
            *private_link_faults(network),
            *firewall_faults(network),
            *firewall_rule_faults(network),
            *proxy_faults(network),
            *filter_faults(network),
            *nat_gateway_faults(network),
            *admin_faults(network),
            *principal_faults(network),
            *name_faults(network),
            *limit_faults(network),
        )
    )
