"""From a network to a text that reads back as the same network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_PORTS,
    PROTOCOL_NAMES,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    family_of,
)
from vnetverify.model.network import (
    DEFAULT_AS_NUMBER,
    Access,
    AddressField,
    AddressPrefixes,
    AdminRule,
    AdminRules,
    AdminScope,
    AnyAddress,
    AsgMembers,
    ConnectedGroup,
    Connection,
    DeploymentModel,
    Era,
    Frontend,
    Gateway,
    LoadBalancer,
    LoadBalancingRule,
    Machine,
    Network,
    Nic,
    Nsg,
    Peering,
    PolicyRule,
    Principal,
    PrivateEndpoint,
    PublicAddress,
    RouteServer,
    RouteTable,
    SecurityRule,
    ServiceTag,
    Site,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.syntax.admin import DEFAULT_MANAGER
from vnetverify.syntax.balancers import FIRST_FRONTEND
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.scope import BANDWIDTH_UNITS
from vnetverify.syntax.tags import tag_spelling
from vnetverify.syntax.words import quoted, written, written_service


def write(network: Network) -> str:
    """Return `network` as a `.vnet` text in the canonical layout; what is not modelled is left out.

    Every policy line and `AddressPrefixes` must hold an address: the language has no empty set.
    """
    return format_text("\n".join(_statements(network)))


def _statements(network: Network) -> Iterator[str]:
    if network.era is not Era.CURRENT:
        yield f"era {network.era.value}"
    for tag, prefixes in network.service_tags.items():
        yield f"service-tag {quoted(tag)} {_prefixes(prefixes)}"
    yield from (f"asg {written(name)}" for name in network.asgs)
    yield from (f"nat-gateway {written(name)}" for name in network.nat_gateways)
    for vnet in network.vnets.values():
        gateways = [gateway for gateway in network.gateways.values() if gateway.vnet == vnet.name]
        yield _block(f"vnet {written(vnet.name)}", (*_vnet(vnet), *map(_gateway, gateways)))
    yield from map(_peering, network.peerings)
    yield from map(_connected_group, network.connected_groups)
    yield from (_nsg(nsg, network) for nsg in network.nsgs.values())
    yield from (_admin_rules(collection, network) for collection in _by_manager(network.admin_rules))
    yield from map(_route_table, network.route_tables.values())
    yield from map(_machine, network.machines.values())
    yield from map(_route_server, network.route_servers)
    yield from (_load_balancer(balancer, network) for balancer in network.load_balancers.values())
    yield from map(_private_endpoint, network.private_endpoints.values())
    yield from map(_site, network.sites.values())
    yield from (_connection(connection, network) for connection in network.connections)
    yield from map(_principal, network.principals.values())


def _block(header: str, items: Iterable[str]) -> str:
    return "\n".join((f"{header} {{", *items, "}"))


def _vnet(vnet: Vnet) -> Iterator[str]:
    if vnet.region is not None:
        yield f"region {written(vnet.region)}"
    if vnet.subscription is not None:
        yield f"subscription {written(vnet.subscription)}"
    if vnet.tenant is not None:
        yield f"tenant {written(vnet.tenant)}"
    if vnet.model is not DeploymentModel.RESOURCE_MANAGER:
        yield f"model {vnet.model.value}"
    yield from (f"address {prefix}" for prefix in vnet.address_space)
    yield from (f"summarized-gateway-prefixes {prefix}" for prefix in vnet.summarized_gateway_prefixes)
    yield from (f"tag {written(tag)} = {quoted(value)}" for tag, value in vnet.tags)
    if vnet.admin_scope is not AdminScope.ALL:
        yield f"admin-scope {vnet.admin_scope.value}"
    yield from map(_subnet, vnet.subnets)


def _subnet(subnet: Subnet) -> str:
    parts = [f"subnet {written(subnet.name)} {_prefixes(subnet.prefixes)}"]
    for keyword, name in (("nsg", subnet.nsg), ("routes", subnet.route_table), ("nat-gateway", subnet.nat_gateway)):
        if name is not None:
            parts.append(f"{keyword} {written(name)}")
    if subnet.default_outbound is not None:
        parts.append(f"default-outbound {_switch(subnet.default_outbound)}")
    if subnet.service_endpoints:
        parts.append(f"service-endpoints {', '.join(map(written_service, subnet.service_endpoints))}")
    if subnet.private_endpoint_policies is not None:
        parts.append(f"private-endpoint-policies {subnet.private_endpoint_policies.value}")
    return " ".join(parts)


def _gateway(gateway: Gateway) -> str:
    header = f"gateway {gateway.kind.value} {written(gateway.name)}"
    options = [
        *((f"asn {gateway.asn}",) if gateway.asn != DEFAULT_AS_NUMBER else ()),
        *(("active-active",) if gateway.active_active else ()),
        *(("fastpath",) if gateway.fastpath else ()),
        *_bandwidth(gateway.bandwidth),
        *((f"allow-remote-vnets {_switch(allows)}",) if (allows := gateway.allows_remote_vnets) is not None else ()),
    ]
    return f"{header} {{ {' '.join(options)} }}" if options else header


def _peering(half: Peering) -> str:
    local, remote, space = half.local_subnets, half.remote_subnets, half.remote_space
    flags = [
        *(() if half.allow_virtual_network_access else ("allow-virtual-network-access off",)),
        *(("allow-forwarded-traffic",) if half.allow_forwarded_traffic else ()),
        *(("allow-gateway-transit",) if half.allow_gateway_transit else ()),
        *(("use-remote-gateways",) if half.use_remote_gateways else ()),
        *(("enable-only-ipv6-peering",) if half.only_ipv6 else ()),
        *((f"state {half.state.value}",) if half.state is not None else ()),
        *((f"remote-space {_prefixes(space)}",) if space is not None else ()),
        *((f"local-subnets {', '.join(map(written, local))}",) if local is not None else ()),
        *((f"remote-subnets {', '.join(map(written, remote))}",) if remote is not None else ()),
    ]
    header = f"peering {written(half.local)} -> {written(half.remote)}"
    return _block(header, flags) if flags else header


def _connected_group(group: ConnectedGroup) -> str:
    members = (f"members {', '.join(map(written, group.members))}",) if group.members else ()
    return _block(f"connected-group {written(group.name)}", (*members, *(("global",) if group.is_global else ())))


def _route_server(server: RouteServer) -> str:
    peers = (
        f"peer {written(peer.machine)} advertises {_prefixes(peer.prefixes)}"
        + (f" via {address_text(peer.next_hop)}" if peer.next_hop is not None else "")
        for peer in server.peers
    )
    items = (*(("branch-to-branch",) if server.branch_to_branch else ()), *peers)
    header = f"route-server {written(server.name)} in {written(server.vnet)}"
    return _block(header, items) if items else header


def _nsg(nsg: Nsg, network: Network) -> str:
    return _block(f"nsg {written(nsg.name)}", (_security_rule(rule, network) for rule in nsg.rules))


def _security_rule(rule: SecurityRule, network: Network) -> str:
    return (
        f"{rule.direction.value} {rule.priority} {written(rule.name)} {rule.access.value} {_protocol(rule.protocol)}"
        f" from {_field(rule.source, network)}{_ports(rule.source_ports)}"
        f" to {_field(rule.destination, network)}{_destination_ports(rule)}"
    )


def _by_manager(collections: Sequence[AdminRules]) -> Iterable[AdminRules]:
    """Return the collections with those of each manager together: one that is for no vnet may be the first to name it.

    That one is left out, since the language has no empty set.
    """
    managers = list(dict.fromkeys(collection.manager for collection in collections))
    return sorted((one for one in collections if one.vnets), key=lambda one: managers.index(one.manager))


def _admin_rules(collection: AdminRules, network: Network) -> str:
    by = f" by {written(collection.manager)}" if collection.manager != DEFAULT_MANAGER else ""
    vnets = ", ".join(map(written, collection.vnets))
    header = f"admin-rules {written(collection.name)}{by} for {vnets}"
    return _block(header, (_admin_rule(rule, network) for rule in collection.rules))


def _admin_rule(rule: AdminRule, network: Network) -> str:
    return (
        f"{rule.direction.value} {rule.priority} {written(rule.name)} {rule.action.value} {_protocol(rule.protocol)}"
        f" from {_field(rule.source, network)}{_ports(rule.source_ports)}"
        f" to {_field(rule.destination, network)}{_ports(rule.destination_ports)}"
    )


def _destination_ports(rule: SecurityRule) -> str:
    """Return the ports with the range that is the first of several in front."""
    first = rule.first_destination_ports
    if first is None:
        return _ports(rule.destination_ports)
    low = first.intervals[0].low
    # Where the first range holds all of them, another one inside it still says that there are several.
    others = rule.destination_ports - first or IntervalSet((Interval(low, low),))
    return f" port {', '.join(_port_range(interval) for interval in (*first, *others))}"


def _field(field: AddressField, network: Network) -> str:
    match field:
        case AnyAddress():
            return "any"
        case AddressPrefixes(prefixes):
            return _prefixes(prefixes)
        case AsgMembers(names):
            return f"asg {', '.join(map(written, names))}"
        case ServiceTag(name):
            is_bare = tag_spelling(name) == name and name not in network.service_tags
            return name if is_bare else quoted(name)
        case _:
            assert_never(field)


def _route_table(table: RouteTable) -> str:
    propagation = () if table.propagate_gateway_routes else ("propagate-gateway-routes off",)
    # The routes that one line made, one for each prefix of its service tag, make one line again.
    routes = dict.fromkeys(map(_route, table.routes))
    return _block(f"route-table {written(table.name)}", (*propagation, *routes))


def _route(route: UserRoute) -> str:
    destination = str(route.prefix) if route.service_tag is None else written_service(route.service_tag)
    hop = route.next_hop.value
    if route.next_hop_address is not None:
        hop += f" {address_text(route.next_hop_address)}"
    return f"{written(route.name)} {destination} -> {hop}"


def _machine(machine: Machine) -> str:
    """Return a `vm` where its defaults say all there is, else an `appliance` that says everything.

    A managed firewall says its policy alone, since the rest is Azure's.
    """
    if machine.is_managed:
        nics = [_nic(nic, number, machine.name, True) for number, nic in enumerate(machine.nics, 1)]
        return _block(f"firewall {written(machine.name)}", (*nics, *_policy(machine), *_bandwidth(machine.bandwidth)))
    forwards = any(nic.ip_forwarding for nic in machine.nics)
    defaults = (None, None, None) if forwards else ((), False, None)
    is_vm = (machine.policy, machine.stateful, machine.translates_source) == defaults
    nics = [_nic(nic, number, machine.name, not is_vm) for number, nic in enumerate(machine.nics, 1)]
    if is_vm:
        return _block(f"vm {written(machine.name)}", (*nics, *_bandwidth(machine.bandwidth)))
    behaviour = (*_policy(machine), *_behaviour(machine), *_bandwidth(machine.bandwidth))
    return _block(f"appliance {written(machine.name)}", (*nics, *behaviour))


def _policy(machine: Machine) -> Iterator[str]:
    if machine.policy == ():
        yield "forwards nothing"
    yield from map(_policy_rule, machine.policy or ())


def _behaviour(machine: Machine) -> Iterator[str]:
    if machine.stateful is not None:
        yield "stateful" if machine.stateful else "stateless"
    if machine.translates_source is not None:
        yield f"source-nat {_switch(machine.translates_source)}"


def _bandwidth(bits: int | None) -> tuple[str, ...]:
    """Return the bits a second in the largest unit that divides them."""
    if bits is None:
        return ()
    unit, factor = next(found for found in reversed(BANDWIDTH_UNITS.items()) if bits % found[1] == 0)
    return (f"bandwidth {bits // factor} {unit.title() if factor > 1 else unit}",)


def _policy_rule(rule: PolicyRule) -> str:
    verb = "forwards" if rule.access is Access.ALLOW else "drops"
    return (
        f"{verb} {_protocol(rule.protocol)} from {_addresses(rule.sources)} to {_addresses(rule.destinations)}"
        f"{_ports(rule.destination_ports)}"
    )


def _nic(nic: Nic, number: int, machine: str, forwards: bool) -> str:
    parts = ["nic"]
    if nic.name != (machine if number == 1 else f"{machine}-{number}"):
        parts.append(written(nic.name))
    if nic.addresses:
        parts.append(", ".join(map(address_text, nic.addresses)))
    parts.append(f"in {written(nic.vnet)}.{written(nic.subnet)}")
    if nic.nsg is not None:
        parts.append(f"nsg {written(nic.nsg)}")
    if nic.asgs:
        parts.append(f"asg {', '.join(map(written, nic.asgs))}")
    if nic.ip_forwarding is not forwards:
        parts.append(f"ip-forwarding {_switch(nic.ip_forwarding)}")
    if nic.public_address is not None:
        parts.append(_public_address(nic.public_address, f"{nic.name}-ip", ""))
    if nic.public_ipv6 is not None:
        parts.append(_public_address(nic.public_ipv6, f"{nic.name}-ipv6", "ipv6"))
    return " ".join(parts)


def _public_address(public: PublicAddress, default_name: str, family: str) -> str:
    """Return the public address; `family` is the word for its family where that is no matter of course."""
    parts = ["public-ip"]
    if public.name != default_name:
        parts.append(written(public.name))
    if public.sku is not None:
        parts.append(public.sku.value)
    address = address_text(public.address) if public.address is not None else family
    return " ".join((*parts, address) if address else parts)


def _load_balancer(balancer: LoadBalancer, network: Network) -> str:
    header = f"load-balancer {written(balancer.name)}"
    if balancer.sku is not None:
        header += f" {balancer.sku.value}"
    first = next(iter(balancer.frontends), None)
    if first is not None:
        header += f" in {_place(first)}"
    frontends = (_frontend(frontend, first) for frontend in balancer.frontends)
    return _block(header, (*frontends, *(_balancing_rule(rule, balancer, network) for rule in balancer.rules)))


def _place(element: Frontend | PrivateEndpoint) -> str:
    return f"{written(element.vnet)}.{written(element.subnet)}"


def _frontend(frontend: Frontend, first: Frontend | None) -> str:
    name = f"{written(frontend.name)} " if frontend.name != FIRST_FRONTEND else ""
    elsewhere = f" in {_place(frontend)}" if first is not None and frontend.subnet_id != first.subnet_id else ""
    return f"frontend {name}{address_text(frontend.address)}{elsewhere}"


def _balancing_rule(rule: LoadBalancingRule, balancer: LoadBalancer, network: Network) -> str:
    parts = [f"rule {written(rule.name)} {_protocol(rule.protocol)}"]
    if rule.port is not None:
        parts.append(str(rule.port))
    if rule.frontend != balancer.frontends[0].name:
        parts.append(f"at {written(rule.frontend)}")
    parts.append(f"-> {', '.join(_member(name, network) for name in rule.members)}")
    if rule.backend_port != rule.port:
        parts.append(f"port {rule.backend_port}")
    if rule.probe is not None:
        parts.append(f"probe {rule.probe.port}")
    if rule.floating_ip:
        parts.append("floating-ip")
    return " ".join(parts)


def _member(nic: str, network: Network) -> str:
    """Return the interface's name, behind its machine's where a machine is called as it is and begins with another."""
    namesake = next((machine for name, machine in network.machines.items() if name.casefold() == nic.casefold()), None)
    if namesake is None or (namesake.nics[:1] and namesake.nics[0].name == nic):
        return written(nic)
    return f"{written(next(known.machine for known in network.nics() if known.name == nic))}.{written(nic)}"


def _private_endpoint(endpoint: PrivateEndpoint) -> str:
    addresses = ", ".join(map(address_text, endpoint.addresses))
    pending = "" if endpoint.is_approved else " pending"
    return f"private-endpoint {written(endpoint.name)} {addresses} in {_place(endpoint)}{pending}"


def _site(site: Site) -> str:
    behind = (f"behind {written(site.behind)}",) if site.behind is not None else ()
    return _block(
        f"site {written(site.name)}",
        (
            *(("point-to-site",) if site.point_to_site else ()),
            *(f"address {prefix}" for prefix in site.prefixes),
            *behind,
            *((f"routes {_prefixes(site.routes)}",) if site.routes is not None else ()),
        ),
    )


def _connection(connection: Connection, network: Network) -> str:
    gateways = (connection.gateway, connection.remote_gateway)
    ends = [f"{written(network.gateways[name].vnet)}.{written(name)}" for name in gateways if name is not None]
    if connection.site is not None:
        ends.insert(0, written(connection.site))
    options = [
        *(("bgp",) if connection.bgp else ()),
        *((f"prefixes {_prefixes(connection.prefixes)}",) if connection.prefixes is not None else ()),
        *((f"circuit {written(connection.circuit)}",) if connection.circuit is not None else ()),
        *(("default-site",) if connection.default_site else ()),
    ]
    header = f"connection {written(connection.name)}: {' -- '.join(ends)}"
    return _block(header, options) if options else header


def _principal(principal: Principal) -> str:
    items = (
        f"{word} {', '.join(map(written, vnets))}"
        for word, vnets in (("write", principal.write), ("peer", principal.peer))
        if vnets
    )
    return _block(f"principal {written(principal.name)}", items)


def _prefixes(prefixes: Sequence[Prefix]) -> str:
    return ", ".join(map(str, prefixes)) or "none"


def _addresses(addresses: IntervalSet) -> str:
    if addresses == ALL_ADDRESSES:
        return "any"
    return ", ".join(str(prefix) for interval in addresses for prefix in prefixes_of(interval))


def prefixes_of(interval: Interval) -> Iterator[Prefix]:
    """Yield the fewest prefixes that hold exactly the addresses of `interval`, in order."""
    low = interval.low
    while low <= interval.high:
        bits = family_of(low).bits
        aligned = low & -low or 1 << bits
        room = 1 << (interval.high - low + 1).bit_length() - 1
        size = min(aligned, room)
        yield Prefix(low, bits + 1 - size.bit_length())
        low += size


def _ports(ports: IntervalSet) -> str:
    if ports == ALL_PORTS:
        return ""
    return f" port {', '.join(_port_range(interval) for interval in ports)}"


def _port_range(ports: Interval) -> str:
    return str(ports.low) if ports.low == ports.high else f"{ports.low}-{ports.high}"


def _protocol(protocol: int | None) -> str:
    return "any" if protocol is None else PROTOCOL_NAMES.get(protocol, str(protocol))


def _switch(value: bool) -> str:
    return "on" if value else "off"
