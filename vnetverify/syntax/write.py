"""From a network to a text that reads back as the same network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from vnetverify.header import (
    address_text,
)
from vnetverify.model.network import (
    ANY_TAG,
    DEFAULT_AS_NUMBER,
    AdminScope,
    ConnectedGroup,
    Connection,
    DeploymentModel,
    Era,
    Gateway,
    Machine,
    Network,
    Nic,
    Peering,
    PolicyRule,
    Principal,
    RouteServer,
    RouteTable,
    Site,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.model.security import (
    Access,
)
from vnetverify.model.zones import NameServer
from vnetverify.source import NOWHERE, Span
from vnetverify.syntax import unmodelled, wording
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.scope import BANDWIDTH_UNITS
from vnetverify.syntax.words import quoted, visible, written, written_service
from vnetverify.syntax.write_devices import firewall_policy, link_service, load_balancer, private_endpoint, proxy
from vnetverify.syntax.write_names import dns_zone_text, name_server_items
from vnetverify.syntax.write_rules import admin_rules_text, by_manager, nsg_text


def write(network: Network, heading: Sequence[str] = (), origins: Mapping[Span, Span] | None = None) -> str:
    """Return `network` as a `.vnet` text in the canonical layout, below the lines of `heading` as comments.

    With `origins`, the places to show for those of `origins_in`, it tells those too. Every policy line and
    `AddressPrefixes` must hold an address: the language has no empty set. A network does not keep how long a flow
    timeout is, nor which names of domains the rules of a firewall list: some stand for them.
    """
    said = _statements(network)
    texts = (("" if origins is None else _origin(origins.get(span, span))) + text for span, text in said)
    comments = "".join(f"# {visible(line)}".rstrip() + "\n" for line in heading)
    return "\n".join((*((comments,) if comments else ()), *_laid_out(texts)))


def origins_in(network: Network) -> tuple[Span, ...]:
    """Return the places where `network` was told of what its statements say, as far as there are any."""
    return tuple(dict.fromkeys(span for span, _ in _statements(network) if span != NOWHERE))


def _origin(span: Span) -> str:
    return f"# {visible(str(span))}\n" if span != NOWHERE else ""


def _laid_out(statements: Iterable[str]) -> Iterator[str]:
    """Yield the statements in the canonical layout; those that are so already, and stand apart, end in a line end."""
    for is_done, some in groupby(statements, lambda statement: statement.endswith("\n")):
        if is_done:
            yield from some
        else:
            yield format_text("\n".join(some))


def _statements(network: Network) -> Iterator[tuple[Span, str]]:
    """Yield the statements, each with the place where the network was told of its element."""
    if network.era is not Era.CURRENT:
        yield NOWHERE, f"era {network.era.value}"
    if network.is_strict:
        yield NOWHERE, "strict"
    yield from unmodelled.statements(network)
    for tag, prefixes in network.service_tags.items():
        yield NOWHERE, f"service-tag {quoted(tag)} {wording.prefixes(prefixes)}"
    yield from ((span, f"asg {written(name)}") for name, span in network.asgs.items())
    yield from ((span, f"nat-gateway {written(name)}") for name, span in network.nat_gateways.items())
    for vnet in network.vnets.values():
        gateways = [gateway for gateway in network.gateways.values() if gateway.vnet == vnet.name]
        yield vnet.span, wording.block(f"vnet {written(vnet.name)}", (*_vnet(vnet), *map(_gateway, gateways)))
    yield from ((half.span, _peering(half)) for half in network.peerings)
    yield from ((group.span, _connected_group(group)) for group in network.connected_groups)
    yield from ((nsg.span, nsg_text(nsg, network)) for nsg in network.nsgs.values())
    yield from ((one.span, admin_rules_text(one, network)) for one in by_manager(network.admin_rules))
    yield from ((table.span, _route_table(table)) for table in network.route_tables.values())
    yield from ((zone.span, dns_zone_text(zone)) for zone in network.dns_zones.values())
    for machine in network.machines.values():
        yield machine.span, _machine(machine, network.name_servers.get(machine.name))
    yield from ((server.span, _route_server(server)) for server in network.route_servers)
    yield from ((balancer.span, load_balancer(balancer, network)) for balancer in network.load_balancers.values())
    yield from ((service.span, link_service(service)) for service in network.private_link_services.values())
    yield from ((endpoint.span, private_endpoint(endpoint)) for endpoint in network.private_endpoints.values())
    yield from ((made.span, proxy(made)) for made in network.proxies.values())
    yield from ((site.span, _site(site)) for site in network.sites.values())
    yield from ((connection.span, _connection(connection, network)) for connection in network.connections)
    yield from ((principal.span, _principal(principal)) for principal in network.principals.values())


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
    yield from (f"tag {tag if tag == ANY_TAG else written(tag)} not-known" for tag in vnet.unknown_tags)
    if vnet.admin_scope is not AdminScope.ALL:
        yield f"admin-scope {vnet.admin_scope.value}"
    if vnet.flow_timeout:
        yield "flow-timeout 4 minutes"
    if vnet.dns_servers:
        yield f"dns {', '.join(map(address_text, vnet.dns_servers))}"
    yield from map(_subnet, vnet.subnets)


def _subnet(subnet: Subnet) -> str:
    parts = ["subnet", written(subnet.name)]
    if subnet.prefixes:
        parts.append(wording.prefixes(subnet.prefixes))
    for keyword, name in (("nsg", subnet.nsg), ("routes", subnet.route_table), ("nat-gateway", subnet.nat_gateway)):
        if name is not None:
            parts.append(f"{keyword} {written(name)}")
    if subnet.default_outbound is not None:
        parts.append(f"default-outbound {wording.switch(subnet.default_outbound)}")
    if subnet.service_endpoints:
        parts.append(f"service-endpoints {', '.join(map(written_service, subnet.service_endpoints))}")
    if subnet.private_endpoint_policies is not None:
        parts.append(f"private-endpoint-policies {subnet.private_endpoint_policies.value}")
    return " ".join(parts)


def _gateway(gateway: Gateway) -> str:
    header, allows = f"gateway {gateway.kind.value} {written(gateway.name)}", gateway.allows_remote_vnets
    options = [
        *((f"asn {gateway.asn}",) if gateway.asn != DEFAULT_AS_NUMBER else ()),
        *(("active-active",) if gateway.active_active else ()),
        *(("fastpath",) if gateway.fastpath else ()),
        *_bandwidth(gateway.bandwidth),
        *(
            (f"allow-remote-vnets {wording.switch(allows)}",)
            if (allows := gateway.allows_remote_vnets) is not None
            else ()
        ),
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
        *((f"remote-space {wording.prefixes(space)}",) if space is not None else ()),
        *((f"local-subnets {', '.join(map(written, local))}",) if local is not None else ()),
        *((f"remote-subnets {', '.join(map(written, remote))}",) if remote is not None else ()),
    ]
    header = f"peering {written(half.local)} -> {written(half.remote)}"
    return wording.block(header, flags) if flags else header


def _connected_group(group: ConnectedGroup) -> str:
    members = (f"members {', '.join(map(written, group.members))}",) if group.members else ()
    return wording.block(
        f"connected-group {written(group.name)}", (*members, *(("global",) if group.is_global else ()))
    )


def _route_server(server: RouteServer) -> str:
    peers = (
        f"peer {written(peer.machine)} advertises {wording.prefixes(peer.prefixes)}"
        + (f" via {address_text(peer.next_hop)}" if peer.next_hop is not None else "")
        for peer in server.peers
    )
    items = (*(("branch-to-branch",) if server.branch_to_branch else ()), *peers)
    header = f"route-server {written(server.name)} in {written(server.vnet)}"
    return wording.block(header, items) if items else header


def _route_table(table: RouteTable) -> str:
    propagation = () if table.propagate_gateway_routes else ("propagate-gateway-routes off",)
    # The routes that one line made, one for each prefix of its service tag, make one line again.
    routes = dict.fromkeys(map(_route, table.routes))
    return wording.block(f"route-table {written(table.name)}", (*propagation, *routes))


def _route(route: UserRoute) -> str:
    destination = str(route.prefix) if route.service_tag is None else written_service(route.service_tag)
    hop = route.next_hop.value
    if route.next_hop_address is not None:
        hop += f" {address_text(route.next_hop_address)}"
    return f"{written(route.name)} {destination} -> {hop}"


def _machine(machine: Machine, server: NameServer | None) -> str:
    """Return a `vm` where its defaults say all there is, else an `appliance` that says everything.

    A managed firewall says its policy alone, since the rest is Azure's.
    """
    if machine.is_managed:
        nics = [_nic(nic, number, machine.name, True) for number, nic in enumerate(machine.nics, 1)]
        policy = _policy(machine) if machine.firewall is None else firewall_policy(machine, machine.firewall)
        return wording.block(f"firewall {written(machine.name)}", (*nics, *policy, *_bandwidth(machine.bandwidth)))
    forwards = any(nic.ip_forwarding for nic in machine.nics)
    defaults = (None, None, None) if forwards else ((), False, None)
    is_vm = (machine.policy, machine.stateful, machine.translates_source) == defaults
    nics = [_nic(nic, number, machine.name, not is_vm) for number, nic in enumerate(machine.nics, 1)]
    rest = (*_bandwidth(machine.bandwidth), *name_server_items(server))
    if is_vm:
        return wording.block(f"vm {written(machine.name)}", (*nics, *rest))
    behaviour = (*_policy(machine), *_behaviour(machine), *rest)
    return wording.block(f"appliance {written(machine.name)}", (*nics, *behaviour))


def _policy(machine: Machine) -> Iterator[str]:
    if machine.policy == ():
        yield "forwards nothing"
    yield from map(_policy_rule, machine.policy or ())


def _behaviour(machine: Machine) -> Iterator[str]:
    if machine.stateful is not None:
        yield "stateful" if machine.stateful else "stateless"
    if machine.translates_source is not None:
        yield f"source-nat {wording.switch(machine.translates_source)}"


def _bandwidth(bits: int | None) -> tuple[str, ...]:
    """Return the bits a second in the largest unit that divides them."""
    if bits is None:
        return ()
    unit, factor = next(found for found in reversed(BANDWIDTH_UNITS.items()) if bits % found[1] == 0)
    return (f"bandwidth {bits // factor} {unit}",)


def _policy_rule(rule: PolicyRule) -> str:
    verb = "forwards" if rule.access is Access.ALLOW else "drops"
    return (
        f"{verb} {wording.protocol(rule.protocol)} from {wording.addresses(rule.sources)}"
        f" to {wording.addresses(rule.destinations)}{wording.ports(rule.destination_ports)}"
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
        parts.append(f"ip-forwarding {wording.switch(nic.ip_forwarding)}")
    if nic.public_address is not None:
        parts.append(wording.public_address(nic.public_address, f"{nic.name}-ip", ""))
    if nic.public_ipv6 is not None:
        parts.append(wording.public_address(nic.public_ipv6, f"{nic.name}-ipv6", "ipv6"))
    if nic.dns_servers:
        parts.append(f"dns {', '.join(map(address_text, nic.dns_servers))}")
    return " ".join(parts)


def _site(site: Site) -> str:
    behind = (f"behind {written(site.behind)}",) if site.behind is not None else ()
    return wording.block(
        f"site {written(site.name)}",
        (
            *(("point-to-site",) if site.point_to_site else ()),
            *(f"address {prefix}" for prefix in site.prefixes),
            *behind,
            *((f"routes {wording.prefixes(site.routes)}",) if site.routes is not None else ()),
        ),
    )


def _connection(connection: Connection, network: Network) -> str:
    gateways = (connection.gateway, connection.remote_gateway)
    ends = [f"{written(network.gateways[name].vnet)}.{written(name)}" for name in gateways if name is not None]
    if connection.site is not None:
        ends.insert(0, written(connection.site))
    options = [
        *(("bgp",) if connection.bgp else ()),
        *((f"prefixes {wording.prefixes(connection.prefixes)}",) if connection.prefixes is not None else ()),
        *((f"circuit {written(connection.circuit)}",) if connection.circuit is not None else ()),
        *(("default-site",) if connection.default_site else ()),
    ]
    header = f"connection {written(connection.name)}: {' -- '.join(ends)}"
    return wording.block(header, options) if options else header


def _principal(principal: Principal) -> str:
    items = (
        f"{word} {', '.join(map(written, vnets))}"
        for word, vnets in (("write", principal.write), ("peer", principal.peer))
        if vnets
    )
    return wording.block(f"principal {written(principal.name)}", items)
