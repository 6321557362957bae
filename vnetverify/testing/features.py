"""Constructs of the language, read off a network: what it has of each kind of element, rule, route and flag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from vnetverify.header import EVERY_IPV4, EVERY_IPV6, ICMP, TCP, UDP, Family
from vnetverify.model.balancers import Sku
from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.network import (
    DEFAULT_AS_NUMBER,
    SUBNETS_OF_SERVICES,
    AdminScope,
    DeploymentModel,
    Era,
    GatewayKind,
    LinkState,
    Network,
    NextHopType,
    PrivateEndpointPolicies,
    UserRoute,
)
from vnetverify.model.planes import has_ipv6
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AdminAction,
    AdminRule,
    AsgMembers,
    Direction,
    SecurityRule,
    ServiceTag,
)

Feature = Callable[[Network], bool]


def features_of(network: Network) -> frozenset[str]:
    """Return the names of the features that the network has."""
    return frozenset(name for name, is_there in FEATURES.items() if is_there(network))


def _routes(network: Network) -> Iterator[UserRoute]:
    return (route for table in network.route_tables.values() for route in table.routes)


def _rules(network: Network) -> Iterator[SecurityRule]:
    return (rule for nsg in network.nsgs.values() for rule in nsg.rules)


def _admin(network: Network) -> Iterator[AdminRule]:
    return (rule for collection in network.admin_rules for rule in collection.rules)


def _fields(network: Network) -> Iterator[AddressField]:
    rules: tuple[SecurityRule | AdminRule, ...] = (*_rules(network), *_admin(network))
    return (field for rule in rules for field in (rule.source, rule.destination))


def _tags(network: Network) -> set[str]:
    return {field.name for field in _fields(network) if isinstance(field, ServiceTag)}


def _tie(network: Network) -> bool:
    return any(
        first.priority == second.priority
        and first.direction is second.direction
        and first.action is not second.action
        and one.manager == other.manager
        and not set(one.vnets).isdisjoint(other.vnets)
        for one in network.admin_rules
        for other in network.admin_rules
        for first in one.rules
        for second in other.rules
    )


def _overlap(network: Network) -> bool:
    ranges = [(vnet.name, p) for vnet in network.vnets.values() for p in vnet.address_space]
    return any(a != b and p.value <= q.last and q.value <= p.last for a, p in ranges for b, q in ranges)


def _shared_circuit(network: Network) -> bool:
    users = {(one.circuit, one.gateway) for one in network.connections if one.circuit is not None}
    return len(users) > len({circuit for circuit, _ in users})


def _firewall_rules(network: Network, kind: FirewallRuleKind) -> bool:
    return any(m.firewall is not None and m.firewall.of_kind(kind) for m in network.machines.values())


_OF_VNETS: Mapping[str, Feature] = {
    "a range of another length than /24": lambda n: any(
        p.length != 24 for v in n.vnets.values() for p in v.address_space
    ),
    "several ranges": lambda n: any(len(v.address_space) > 1 for v in n.vnets.values()),
    "ranges that overlap": _overlap,
    "a classic network": lambda n: any(v.model is DeploymentModel.CLASSIC for v in n.vnets.values()),
    "networks of two regions": lambda n: len({v.region for v in n.vnets.values()}) > 1,
    "IPv6": has_ipv6,
    "a subnet of several prefixes": lambda n: any(len(s.prefixes) > 1 for s in n.subnets()),
    "a firewall's subnet": lambda n: any(s.name.casefold() in SUBNETS_OF_SERVICES for s in n.subnets()),
    "a NAT gateway": lambda n: any(s.nat_gateway is not None for s in n.subnets()),
    "default outbound on": lambda n: any(s.default_outbound is True for s in n.subnets()),
    "default outbound off": lambda n: any(s.default_outbound is False for s in n.subnets()),
    "a service endpoint": lambda n: any(s.service_endpoints for s in n.subnets()),
    "a summary of ranges": lambda n: any(v.summarized_gateway_prefixes for v in n.vnets.values()),
    "an era of the past": lambda n: n.era is not Era.CURRENT,
    "a strict network": lambda n: n.is_strict,
    "a flow timeout": lambda n: any(v.flow_timeout for v in n.vnets.values()),
}
_OF_LINKS: Mapping[str, Feature] = {
    "a peering": lambda n: bool(n.peerings),
    "one half of a peering alone": lambda n: any(
        not any(other.local == half.remote and other.remote == half.local for other in n.peerings)
        for half in n.peerings
    ),
    "access off": lambda n: any(not half.allow_virtual_network_access for half in n.peerings),
    "forwarded traffic": lambda n: any(half.allow_forwarded_traffic for half in n.peerings),
    "gateway transit": lambda n: any(half.use_remote_gateways for half in n.peerings),
    "a half that is not connected": lambda n: any(
        h.state in (LinkState.INITIATED, LinkState.DISCONNECTED) for h in n.peerings
    ),
    "a half not in sync": lambda n: any(half.remote_space is not None for half in n.peerings),
    "a peering of subnets": lambda n: any(half.is_of_subnets for half in n.peerings),
    "a peering for IPv6 alone": lambda n: any(half.only_ipv6 for half in n.peerings),
    "a connected group": lambda n: bool(n.connected_groups),
    "two groups": lambda n: len(n.connected_groups) > 1,
    "a group of all regions": lambda n: any(group.is_global for group in n.connected_groups),
}
_OF_FILTERS: Mapping[str, Feature] = {
    "a group at a subnet": lambda n: any(s.nsg is not None for s in n.subnets()),
    "a group at an interface": lambda n: any(nic.nsg is not None for nic in n.nics()),
    "a group at both": lambda n: any(
        nic.nsg is not None and n.subnet(nic.subnet_id).nsg is not None for nic in n.nics()
    ),
    "a group without rules": lambda n: any(not nsg.rules for nsg in n.nsgs.values()),
    "a rule that allows in": lambda n: any(
        r.access is Access.ALLOW and r.direction is Direction.INBOUND for r in _rules(n)
    ),
    "a rule that denies in": lambda n: any(
        r.access is Access.DENY and r.direction is Direction.INBOUND for r in _rules(n)
    ),
    "a rule that allows out": lambda n: any(
        r.access is Access.ALLOW and r.direction is Direction.OUTBOUND for r in _rules(n)
    ),
    "a rule that denies out": lambda n: any(
        r.access is Access.DENY and r.direction is Direction.OUTBOUND for r in _rules(n)
    ),
    "a rule for any protocol": lambda n: any(r.protocol is None for r in _rules(n)),
    "a rule for ICMP": lambda n: any(r.protocol == ICMP for r in _rules(n)),
    "a rule for another protocol": lambda n: any(r.protocol not in (None, TCP, UDP, ICMP) for r in _rules(n)),
    "a rule with source ports": lambda n: any(r.source_ports.size < 65536 for r in _rules(n)),
    "a rule with several ranges of ports": lambda n: any(r.first_destination_ports is not None for r in _rules(n)),
    "a rule with prefixes": lambda n: any(isinstance(field, AddressPrefixes) for field in _fields(n)),
    "a rule with an ASG": lambda n: any(isinstance(field, AsgMembers) for field in _fields(n)),
    "a rule with VirtualNetwork": lambda n: "VirtualNetwork" in _tags(n),
    "a rule with Internet": lambda n: "Internet" in _tags(n),
    "a rule with AzureLoadBalancer": lambda n: "AzureLoadBalancer" in _tags(n),
    "a rule with a platform's tag": lambda n: any(tag.startswith("AzurePlatform") for tag in _tags(n)),
    "a rule with a tag that is listed": lambda n: bool(_tags(n) & set(n.service_tags)),
    "a rule with a tag that is not listed": lambda n: bool(_tags(n) & {"Sql", "Storage"} - set(n.service_tags)),
    "an admin rule that allows": lambda n: any(r.action is AdminAction.ALLOW for r in _admin(n)),
    "an admin rule that always allows": lambda n: any(r.action is AdminAction.ALWAYS_ALLOW for r in _admin(n)),
    "an admin rule that denies": lambda n: any(r.action is AdminAction.DENY for r in _admin(n)),
    "admin rules that tie": _tie,
    "two managers": lambda n: len({collection.manager for collection in n.admin_rules}) > 1,
    "a network that keeps admin rules out": lambda n: any(
        v.admin_scope is not AdminScope.ALL for v in n.vnets.values()
    ),
}
_OF_ROUTES: Mapping[str, Feature] = {
    **{
        f"a user route to {hop.value}": lambda n, hop=hop: any(route.next_hop is hop for route in _routes(n))  # type: ignore[misc]
        for hop in NextHopType
    },
    "a user route for everything": lambda n: any(route.prefix in (EVERY_IPV4, EVERY_IPV6) for route in _routes(n)),
    "a user route for a network's range": lambda n: any(
        route.prefix in vnet.address_space for route in _routes(n) for vnet in n.vnets.values()
    ),
    "a user route for a service tag": lambda n: any(route.service_tag is not None for route in _routes(n)),
    "a table without gateway routes": lambda n: any(
        not table.propagate_gateway_routes for table in n.route_tables.values()
    ),
    "a Route Server with a peer": lambda n: any(server.peers for server in n.route_servers),
    "branch to branch": lambda n: any(server.branch_to_branch for server in n.route_servers),
    "an announced next hop": lambda n: any(p.next_hop is not None for server in n.route_servers for p in server.peers),
}
_OF_DEVICES: Mapping[str, Feature] = {
    "a machine": lambda n: any(m.policy == () for m in n.machines.values()),
    "an appliance": lambda n: any(m.policy and m.firewall is None for m in n.machines.values()),
    "an appliance that is not declared": lambda n: any(m.policy is None for m in n.machines.values()),
    "a stateful appliance": lambda n: any(m.policy and m.stateful is True for m in n.machines.values()),
    "a stateless appliance": lambda n: any(m.policy and m.stateful is False for m in n.machines.values()),
    "an appliance that translates": lambda n: any(
        m.policy and m.translates_source is True for m in n.machines.values()
    ),
    "a machine with several interfaces": lambda n: any(len(m.nics) > 1 for m in n.machines.values()),
    "an interface with several addresses": lambda n: any(len(nic.addresses) > 1 for nic in n.nics()),
    "a public address that is known": lambda n: any(
        nic.public_address is not None and nic.public_address.address is not None for nic in n.nics()
    ),
    "a public address that is not known": lambda n: any(
        nic.public_address is not None and nic.public_address.address is None for nic in n.nics()
    ),
    "a Basic public address": lambda n: any(
        nic.public_address is not None and nic.public_address.sku is Sku.BASIC for nic in n.nics()
    ),
    "a managed firewall": lambda n: any(m.is_managed for m in n.machines.values()),
    "NAT rules": lambda n: _firewall_rules(n, FirewallRuleKind.NAT),
    "network rules": lambda n: _firewall_rules(n, FirewallRuleKind.NETWORK),
    "application rules": lambda n: _firewall_rules(n, FirewallRuleKind.APPLICATION),
    "an internal load balancer": lambda n: any(b.frontends for b in n.load_balancers.values()),
    "a public load balancer": lambda n: any(b.public_frontends for b in n.load_balancers.values()),
    "a Basic load balancer": lambda n: any(b.sku is Sku.BASIC for b in n.load_balancers.values()),
    "HA ports": lambda n: any(r.protocol is None for b in n.load_balancers.values() for r in b.rules),
    "a probe": lambda n: any(r.probe is not None for b in n.load_balancers.values() for r in b.rules),
    "floating IP": lambda n: any(r.floating_ip for b in n.load_balancers.values() for r in b.rules),
    "an inbound NAT rule": lambda n: any(r.is_inbound_nat for b in n.load_balancers.values() for r in b.rules),
    "an outbound rule": lambda n: any(b.outbound_rules for b in n.load_balancers.values()),
    "a private endpoint": lambda n: bool(n.private_endpoints),
    "an endpoint that is not approved": lambda n: any(not e.is_approved for e in n.private_endpoints.values()),
    "a private link service": lambda n: bool(n.private_link_services),
    "endpoints under security groups": lambda n: any(
        s.private_endpoint_policies in (PrivateEndpointPolicies.SECURITY_GROUPS, PrivateEndpointPolicies.ENABLED)
        for s in n.subnets()
    ),
    "endpoints under route tables": lambda n: any(
        s.private_endpoint_policies in (PrivateEndpointPolicies.ROUTE_TABLES, PrivateEndpointPolicies.ENABLED)
        for s in n.subnets()
    ),
}
_OF_SITES: Mapping[str, Feature] = {
    "a VPN gateway": lambda n: any(g.kind is GatewayKind.VPN for g in n.gateways.values()),
    "an ExpressRoute gateway": lambda n: any(g.kind is GatewayKind.EXPRESSROUTE for g in n.gateways.values()),
    "FastPath": lambda n: any(g.fastpath for g in n.gateways.values()),
    "an AS number of its own": lambda n: any(g.asn != DEFAULT_AS_NUMBER for g in n.gateways.values()),
    "a site": lambda n: bool(n.sites),
    "a site behind an appliance": lambda n: any(s.behind is not None for s in n.sites.values()),
    "a site with routes": lambda n: any(s.routes is not None for s in n.sites.values()),
    "a pool of clients": lambda n: any(s.point_to_site for s in n.sites.values()),
    "a site of IPv6": lambda n: any(p.family is Family.IPV6 for s in n.sites.values() for p in s.prefixes),
    "a connection by BGP": lambda n: any(c.bgp for c in n.connections),
    "a static connection": lambda n: any(not c.bgp for c in n.connections),
    "a connection that announces of its own": lambda n: any(c.prefixes is not None for c in n.connections),
    "a shared circuit": _shared_circuit,
    "gateways joined": lambda n: any(c.remote_gateway is not None for c in n.connections),
    "a default site": lambda n: any(c.default_site for c in n.connections),
}
FEATURES: Mapping[str, Feature] = {
    **_OF_VNETS, **_OF_LINKS, **_OF_FILTERS, **_OF_ROUTES, **_OF_DEVICES, **_OF_SITES,
}  # fmt: skip
