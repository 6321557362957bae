"""Load balancers and private endpoints as Azure's resources in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vnetverify.header import TCP, Family, address_text, family_of
from vnetverify.model.balancers import LoadBalancer, LoadBalancingRule, OutboundRule, Probe
from vnetverify.model.network import Network
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.testing.azure_parts import identity, public_resource, reference, resource, subnet_reference
from vnetverify.testing.records import NotApplicable

Pools = dict[tuple[str, int, str], list[dict[str, str]]]
"""What each configuration of an interface (its name and position) says, by key, of the pools it is in."""

_Rule = LoadBalancingRule | OutboundRule
_POOLS, _NAT_RULES = "loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"


def pools_of(network: Network) -> Pools:
    """Return the memberships as the interfaces tell them."""
    found: Pools = {}
    for balancer in network.load_balancers.values():
        rules: tuple[_Rule, ...] = (*balancer.rules, *balancer.outbound_rules)
        for rule in rules:
            is_nat = isinstance(rule, LoadBalancingRule) and rule.is_inbound_nat
            key, part = (_NAT_RULES, "inboundNatRules") if is_nat else (_POOLS, "backendAddressPools")
            for member in rule.members:
                position = _position(network, balancer, rule, member)
                found.setdefault((member, position, key), []).append(_part(balancer, part, rule.name))
    return found


def _part(balancer: LoadBalancer, kind: str, name: str) -> dict[str, str]:
    return {"id": f"{identity('loadBalancers', balancer.name)}/{kind}/{name}"}


def _position(network: Network, balancer: LoadBalancer, rule: _Rule, member: str) -> int:
    """Return which configuration of the member is in the pool: the first of the frontend's family."""
    family, homes = _family(balancer, rule), {frontend.vnet for frontend in balancer.frontends}
    for nic in network.nics():
        if nic.name != member or not (nic.vnet in homes or not homes):
            continue
        for number, address in enumerate(nic.addresses):
            if family_of(address) is family:
                return number
    raise NotApplicable(f"`{member}` has no address of its frontend's family, or is in another network")


def _family(balancer: LoadBalancer, rule: _Rule) -> Family:
    names = (rule.frontend,) if isinstance(rule, LoadBalancingRule) else rule.frontends
    own = [frontend.address for frontend in balancer.frontends if frontend.name in names]
    public = [one.public_address.address for one in balancer.public_frontends if one.name in names]
    return next((family_of(address) for address in (*own, *public) if address is not None), Family.IPV4)


def load_balancer(network: Network, balancer: LoadBalancer) -> list[dict[str, Any]]:
    """Return the load balancer with a pool for each rule, and its public addresses. Raises `NotApplicable`."""
    if balancer.sku is None or any(rule.always_up or rule.down for rule in balancer.rules):
        raise NotApplicable("a load balancer of no SKU, or with members that are set up or down")
    if any(rule.probe and _family(balancer, rule) is Family.IPV6 for rule in balancer.rules):
        raise NotApplicable("probes of IPv6, which an import lists")
    rules = [rule for rule in balancer.rules if not rule.is_inbound_nat]
    pooled: list[_Rule] = [*rules, *balancer.outbound_rules]
    made = resource(
        "loadBalancers",
        balancer.name,
        frontendIPConfigurations=list(_frontends(balancer)),
        backendAddressPools=[_pool(network, balancer, rule) for rule in pooled],
        probes=[_probe(rule.name, rule.probe) for rule in rules if rule.probe is not None],
        loadBalancingRules=[_rule(balancer, rule) for rule in rules],
        inboundNatRules=[_nat_rule(network, balancer, rule) for rule in balancer.rules if rule.is_inbound_nat],
        outboundRules=[_outbound(balancer, rule) for rule in balancer.outbound_rules],
    )
    publics = [public_resource(one.public_address, Family.IPV4) for one in balancer.public_frontends]
    return [made | {"sku": {"name": balancer.sku.value.capitalize()}}, *publics]


def _frontends(balancer: LoadBalancer) -> Iterator[dict[str, Any]]:
    for frontend in balancer.frontends:
        version = "IPv4" if family_of(frontend.address) is Family.IPV4 else "IPv6"
        address, subnet = address_text(frontend.address), subnet_reference(frontend.vnet, frontend.subnet)
        properties: dict[str, Any] = {"privateIPAddress": address, "subnet": subnet}
        yield {"name": frontend.name, "properties": properties | {"privateIPAddressVersion": version}}
    for public in balancer.public_frontends:
        address_of = public.public_address.address
        if address_of is not None and family_of(address_of) is Family.IPV6:
            raise NotApplicable("a public IPv6 frontend")
        reference_to = reference("publicIPAddresses", public.public_address.name)
        yield {"name": public.name, "properties": {"publicIPAddress": reference_to}}


def _pool(network: Network, balancer: LoadBalancer, rule: _Rule) -> dict[str, Any]:
    members = [
        _configuration(member, _position(network, balancer, rule, member)) for member in rule.members
    ]  # fmt: skip
    return {"name": rule.name, "properties": {"backendIPConfigurations": members}}


def _configuration(nic: str, position: int) -> dict[str, str]:
    return {"id": f"{identity('networkInterfaces', nic)}/ipConfigurations/ipconfig{position}"}


def _probe(name: str, probe: Probe) -> dict[str, Any]:
    behavior = "AllProbedUp" if probe.all_when_none else "AllProbedDown"
    return {"name": name, "properties": {"protocol": "Tcp", "port": probe.port, "noHealthyBackendsBehavior": behavior}}


def _rule(balancer: LoadBalancer, rule: LoadBalancingRule) -> dict[str, Any]:
    pool = _part(balancer, "backendAddressPools", rule.name)
    properties = _service(balancer, rule) | {"backendAddressPool": pool, "disableOutboundSnat": not rule.gives_egress}
    if rule.probe is not None:
        properties["probe"] = _part(balancer, "probes", rule.name)
    return {"name": rule.name, "properties": properties}


def _nat_rule(network: Network, balancer: LoadBalancer, rule: LoadBalancingRule) -> dict[str, Any]:
    (member,) = rule.members
    target = _configuration(member, _position(network, balancer, rule, member))
    return {"name": rule.name, "properties": _service(balancer, rule) | {"backendIPConfiguration": target}}


def _service(balancer: LoadBalancer, rule: LoadBalancingRule) -> dict[str, Any]:
    return {
        "frontendIPConfiguration": _part(balancer, "frontendIPConfigurations", rule.frontend),
        "protocol": "All" if rule.protocol is None else "Tcp" if rule.protocol == TCP else "Udp",
        "frontendPort": rule.port or 0,
        "backendPort": rule.backend_port or 0,
        "enableFloatingIP": rule.floating_ip,
    }


def _outbound(balancer: LoadBalancer, rule: OutboundRule) -> dict[str, Any]:
    properties = {
        "frontendIPConfigurations": [_part(balancer, "frontendIPConfigurations", name) for name in rule.frontends],
        "backendAddressPool": _part(balancer, "backendAddressPools", rule.name),
        "protocol": "All" if rule.protocol is None else "Tcp" if rule.protocol == TCP else "Udp",
    }
    return {"name": rule.name, "properties": properties}


def endpoint_resources(endpoint: PrivateEndpoint) -> list[dict[str, Any]]:
    """Return the endpoint of a service of Azure's, and its interface. Raises `NotApplicable`."""
    if endpoint.link_service is not None:
        raise NotApplicable("a private endpoint of a private link service")
    interface, subnet = f"{endpoint.name}-nic", subnet_reference(endpoint.vnet, endpoint.subnet)
    status = "Approved" if endpoint.is_approved else "Pending"
    link = {
        "name": "link",
        "properties": {
            "privateLinkServiceId": identity("accounts", endpoint.name, "Microsoft.CognitiveServices"),
            "privateLinkServiceConnectionState": {"status": status},
        },
    }
    configurations = [
        {"name": f"c{number}", "properties": {"privateIPAddress": address_text(address), "subnet": subnet}}
        for number, address in enumerate(endpoint.addresses)
    ]
    return [
        resource(
            "privateEndpoints",
            endpoint.name,
            subnet=subnet,
            networkInterfaces=[reference("networkInterfaces", interface)],
            privateLinkServiceConnections=[link],
        ),
        resource(
            "networkInterfaces",
            interface,
            ipConfigurations=configurations,
            privateEndpoint=reference("privateEndpoints", endpoint.name),
        ),
    ]
