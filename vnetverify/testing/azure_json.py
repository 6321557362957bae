"""Networks as Azure's resources in JSON, so that what a text says can be asked of an import as well.

Written are networks, subnets, peerings, security groups, route tables, machines and their interfaces, public
addresses, NAT gateways, load balancers, private endpoints and gateways with what they state; a network with more than
that raises `NotApplicable`. An import knows no policies of appliances.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from vnetverify.header import Family, Interval, IntervalSet, address_text, family_of
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.network import (
    AdminScope,
    DeploymentModel,
    LinkState,
    Machine,
    Network,
    NextHopType,
    Nic,
    Peering,
    PrivateEndpointPolicies,
    RouteTable,
    Subnet,
    Vnet,
)
from vnetverify.model.security import (
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Nsg,
    SecurityRule,
    ServiceTag,
)
from vnetverify.testing.azure_gateways import gateway_resources
from vnetverify.testing.azure_parts import identity, public_resource, reference, resource, subnet_reference
from vnetverify.testing.azure_services import Pools, endpoint_resources, load_balancer, pools_of
from vnetverify.testing.records import NotApplicable

_WRITTEN = frozenset(("vnets", "peerings", "nsgs", "route_tables", "machines", "asgs", "nat_gateways", "service_tags",
                      "load_balancers", "private_endpoints", "gateways", "sites", "connections"))  # fmt: skip
_PROTOCOLS: Mapping[int | None, str] = {6: "Tcp", 17: "Udp", 1: "Icmp", 50: "Esp", 51: "Ah", None: "*"}
_HOPS = {
    NextHopType.VNET_LOCAL: "VnetLocal",
    NextHopType.APPLIANCE: "VirtualAppliance",
    NextHopType.GATEWAY: "VirtualNetworkGateway",
    NextHopType.INTERNET: "Internet",
    NextHopType.NONE: "None",
}
_STATES = {
    LinkState.INITIATED: "Initiated",
    LinkState.CONNECTED: "Connected",
    LinkState.DISCONNECTED: "Disconnected",
}
_POLICIES = {
    PrivateEndpointPolicies.DISABLED: "Disabled",
    PrivateEndpointPolicies.ENABLED: "Enabled",
    PrivateEndpointPolicies.SECURITY_GROUPS: "NetworkSecurityGroupEnabled",
    PrivateEndpointPolicies.ROUTE_TABLES: "RouteTableEnabled",
}


def azure_resources(network: Network) -> list[dict[str, Any]]:
    """Return the resources of a network. Raises `NotApplicable` where it has something else, or says less."""
    plain = Network()
    for field in fields(Network):
        if field.name not in _WRITTEN and getattr(network, field.name) != getattr(plain, field.name):
            raise NotApplicable(f"`{field.name}` is not written as JSON")
    resources = [_vnet(network, vnet) for vnet in network.vnets.values()]
    resources += map(_nsg, network.nsgs.values())
    resources += map(_route_table, network.route_tables.values())
    resources += (resource("applicationSecurityGroups", name) for name in network.asgs)
    for name in network.nat_gateways:
        resources += _nat_gateway(network, name)
    pools = pools_of(network)
    for machine in network.machines.values():
        resources += _machine(machine, pools)
    resources += gateway_resources(network)
    for balancer in network.load_balancers.values():
        resources += load_balancer(network, balancer)
    for endpoint in network.private_endpoints.values():
        resources += endpoint_resources(endpoint)
    return resources


def _nat_gateway(network: Network, name: str) -> list[dict[str, Any]]:
    """Return the NAT gateway with a public address, which it needs and the model does not tell."""
    public = f"{name}-public"
    served = (subnet for subnet in network.subnets() if subnet.nat_gateway == name)
    subnets = [subnet_reference(subnet.vnet, subnet.name) for subnet in served]
    addresses = [reference("publicIPAddresses", public)]
    made = resource("natGateways", name, subnets=subnets, publicIpAddresses=addresses)
    return [made, public_resource(PublicAddress(public, Sku.STANDARD), Family.IPV4)]


# -- networks ---------------------------------------------------------------------------------------------


def _vnet(network: Network, vnet: Vnet) -> dict[str, Any]:
    if vnet.model is not DeploymentModel.RESOURCE_MANAGER or vnet.subscription or vnet.tenant or vnet.tags:
        raise NotApplicable("a network of another model, subscription or tenant, or with tags")
    if vnet.admin_scope is not AdminScope.ALL or vnet.summarized_gateway_prefixes or vnet.dns_servers:
        raise NotApplicable("a network with further settings")
    made = resource(
        "virtualNetworks",
        vnet.name,
        addressSpace={"addressPrefixes": list(map(str, vnet.address_space))},
        subnets=list(map(_subnet, vnet.subnets)),
        virtualNetworkPeerings=[_peering(network, half) for half in network.peerings if half.local == vnet.name],
        flowTimeoutInMinutes=10 if vnet.flow_timeout else None,
    )
    return made | ({"location": vnet.region} if vnet.region else {})


def _subnet(subnet: Subnet) -> dict[str, Any]:
    properties: dict[str, Any] = {"addressPrefixes": list(map(str, subnet.prefixes))}
    if subnet.nsg is not None:
        properties["networkSecurityGroup"] = reference("networkSecurityGroups", subnet.nsg)
    if subnet.route_table is not None:
        properties["routeTable"] = reference("routeTables", subnet.route_table)
    if subnet.nat_gateway is not None:
        properties["natGateway"] = reference("natGateways", subnet.nat_gateway)
    if subnet.default_outbound is not None:
        properties["defaultOutboundAccess"] = subnet.default_outbound
    if subnet.private_endpoint_policies is not None:
        properties["privateEndpointNetworkPolicies"] = _POLICIES[subnet.private_endpoint_policies]
    if subnet.service_endpoints:
        properties["serviceEndpoints"] = [{"service": name} for name in subnet.service_endpoints]
    return {"name": subnet.name, "properties": properties}


def _peering(network: Network, half: Peering) -> dict[str, Any]:
    others = ((other.local, other.remote) for other in network.peerings)
    state = half.state or (
        LinkState.CONNECTED if (half.remote, half.local) in others else LinkState.INITIATED
    )  # fmt: skip
    space = network.vnets[half.remote].address_space
    seen = space if half.remote_space is None else half.remote_space
    properties: dict[str, Any] = {
        "remoteVirtualNetwork": reference("virtualNetworks", half.remote),
        "allowVirtualNetworkAccess": half.allow_virtual_network_access,
        "allowForwardedTraffic": half.allow_forwarded_traffic,
        "allowGatewayTransit": half.allow_gateway_transit,
        "useRemoteGateways": half.use_remote_gateways,
        "peeringState": _STATES[state],
        "peeringSyncLevel": "FullyInSync" if seen == space else "RemoteNotInSync",
        "remoteAddressSpace": {"addressPrefixes": list(map(str, seen))},
        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": list(map(str, space))},
        "peerCompleteVnets": not half.is_of_subnets,
        "enableOnlyIPv6Peering": half.only_ipv6,
    }
    if half.is_of_subnets:
        properties["localSubnetNames"] = list(half.local_subnets or ())
        properties["remoteSubnetNames"] = list(half.remote_subnets or ())
    return {"name": f"to-{half.remote}", "properties": properties}


def _route_table(table: RouteTable) -> dict[str, Any]:
    routes, told = [], set()
    for route in table.routes:
        if route.name in told:  # a further prefix of a tag
            continue
        told.add(route.name)
        properties: dict[str, Any] = {"nextHopType": _HOPS[route.next_hop]}
        properties["addressPrefix"] = route.service_tag or str(route.prefix)
        if route.next_hop_address is not None:
            properties["nextHopIpAddress"] = address_text(route.next_hop_address)
        routes.append({"name": route.name, "properties": properties})
    propagates = table.propagate_gateway_routes
    return resource("routeTables", table.name, routes=routes, disableBgpRoutePropagation=not propagates)


# -- security groups --------------------------------------------------------------------------------------


def _nsg(nsg: Nsg) -> dict[str, Any]:
    rules = [{"name": rule.name, "properties": _rule(rule)} for rule in nsg.rules]
    return resource("networkSecurityGroups", nsg.name, securityRules=rules)


def _rule(rule: SecurityRule) -> dict[str, Any]:
    if rule.protocol not in _PROTOCOLS:
        raise NotApplicable(f"a rule for protocol {rule.protocol}")
    return {
        "priority": rule.priority,
        "direction": rule.direction.value.capitalize(),
        "access": rule.access.value.capitalize(),
        "protocol": _PROTOCOLS[rule.protocol],
        "sourcePortRanges": _ports(rule.source_ports),
        "destinationPortRanges": _ports(rule.destination_ports, rule.first_destination_ports),
        **_end("source", rule.source),
        **_end("destination", rule.destination),
    }


def _ports(ports: IntervalSet, first: IntervalSet | None = None) -> list[str]:
    """Return the ranges, those that were listed `first` before the others (F-PE-9)."""
    listed = IntervalSet() if first is None else first
    return [_range(interval) for interval in (*listed, *(ports - listed))]


def _range(interval: Interval) -> str:
    return str(interval.low) if interval.low == interval.high else f"{interval.low}-{interval.high}"


def _end(end: str, field: AddressField) -> dict[str, Any]:
    match field:
        case AnyAddress():
            return {f"{end}AddressPrefix": "*"}
        case AddressPrefixes(prefixes):
            return {f"{end}AddressPrefixes": list(map(str, prefixes))}
        case ServiceTag(name):
            return {f"{end}AddressPrefix": name}
        case AsgMembers(names):
            groups = [reference("applicationSecurityGroups", name) for name in names]
            return {f"{end}ApplicationSecurityGroups": groups}


# -- machines ---------------------------------------------------------------------------------------------


def _machine(machine: Machine, pools: Pools) -> list[dict[str, Any]]:
    """Return the machine, its interfaces and their public addresses."""
    is_plain = machine.policy == () and not any(nic.ip_forwarding for nic in machine.nics)
    is_untold = machine.policy is None and machine.stateful is None and machine.translates_source is None
    if not (is_plain or is_untold) or machine.is_managed or machine.bandwidth is not None:
        raise NotApplicable("a machine whose behaviour is declared")
    owner = identity("virtualMachines", machine.name, "Microsoft.Compute")
    resources = [_interface(nic, owner, pools) for nic in machine.nics]
    resources += [public_resource(*public) for nic in machine.nics for public in _publics(nic)]
    interfaces = [reference("networkInterfaces", nic.name) for nic in machine.nics]
    profile = {"networkInterfaces": interfaces}
    return [*resources, resource("virtualMachines", machine.name, "Microsoft.Compute", networkProfile=profile)]


def _interface(nic: Nic, owner: str, pools: Pools) -> dict[str, Any]:
    if nic.dns_servers:
        raise NotApplicable("an interface with servers of its own")
    properties: dict[str, Any] = {
        "ipConfigurations": [_configuration(nic, number, pools) for number in range(len(nic.addresses))],
        "enableIPForwarding": nic.ip_forwarding,
        "virtualMachine": {"id": owner},
    }
    if nic.nsg is not None:
        properties["networkSecurityGroup"] = reference("networkSecurityGroups", nic.nsg)
    return resource("networkInterfaces", nic.name, **properties)


def _configuration(nic: Nic, number: int, pools: Pools) -> dict[str, Any]:
    address = nic.addresses[number]
    family = family_of(address)
    properties: dict[str, Any] = {
        "privateIPAddress": address_text(address),
        "privateIPAddressVersion": "IPv4" if family is Family.IPV4 else "IPv6",
        "subnet": subnet_reference(nic.vnet, nic.subnet),
        "applicationSecurityGroups": [reference("applicationSecurityGroups", name) for name in nic.asgs],
    }
    public = nic.public_address if family is Family.IPV4 else nic.public_ipv6
    is_first = next(each for each in nic.addresses if family_of(each) is family) == address
    if public is not None and is_first:
        properties["publicIPAddress"] = reference("publicIPAddresses", public.name)
    properties |= {key: ids for (name, position, key), ids in pools.items() if (name, position) == (nic.name, number)}
    return {"name": f"ipconfig{number}", "properties": properties}


def _publics(nic: Nic) -> Iterator[tuple[PublicAddress, Family]]:
    if nic.public_address is not None:
        yield nic.public_address, Family.IPV4
    if nic.public_ipv6 is not None:
        yield nic.public_ipv6, Family.IPV6
