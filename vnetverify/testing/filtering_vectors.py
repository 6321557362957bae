"""The filtering format of test vectors: security groups, who is a member of what, load balancers and endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vnetverify.header import (
    TCP,
    UDP,
    Family,
    IntervalSet,
    Prefix,
    family_of,
    parse_address,
    parse_prefix,
)
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.network import (
    GATEWAY_SUBNET,
    AdminScope,
    Connection,
    Gateway,
    GatewayKind,
    LinkState,
    Machine,
    Network,
    Nic,
    Peering,
    RouteTable,
    Site,
    Subnet,
    UserRoute,
    Vnet,
    region_called,
)
from vnetverify.model.private_links import PrivateEndpoint, Proxy, ProxyKind
from vnetverify.model.security import Access, Direction, Nsg, SecurityRule, ServiceTag
from vnetverify.source import NOWHERE
from vnetverify.syntax.tags import tag_spelling
from vnetverify.testing.filtering_fields import (
    PROTOCOLS,
    addresses_of_field,
    first_of_several,
    ports_of_field,
    protocol_of_field,
)
from vnetverify.testing.filtering_questions import PORT
from vnetverify.testing.layout import Layout
from vnetverify.testing.records import NotApplicable, Record, Refused
from vnetverify.testing.routing_vectors import link_state, next_hop_type, refuse_parts_of_whole
from vnetverify.testing.vector_admin import admin_rules_of
from vnetverify.testing.vector_balancers import FILTERING, Balancers, sku_called
from vnetverify.testing.vector_endpoints import endpoint_of, policies_of

_ONE_REGION = "region"
# Services by their names in lower case, without Azure's.
_KEEPING_OUT = frozenset(("sqlmanagedinstance", "databricks"))
_IN_SUBNETS_OF_THEIR_NAME = frozenset(("bastion", "firewall"))

# Addresses for an interface whose own is not told.
_PUBLIC = {Family.IPV4: "20.0.0.4", Family.IPV6: "2a00::4"}


def network_of(vector: Mapping[str, Any]) -> Network:
    """Return the network of a filtering vector. Raises `NotApplicable`.

    The format leaves out what its questions do not turn on; these are filled in: the subnet around an
    interface that names none, the other half of a connected peering, the site that a gateway's learned
    routes come from, the public address of an interface that replies to the Internet, the machine of a load
    balancer's member, the rules of a load balancer, and the one region of networks around a load balancer.
    """
    record = Record(vector["network"], "network")
    groups = {group.need("name"): tuple(group.take("members", ())) for group in _finished(record, "asgs", "asg")}
    vnets, tables, peerings, learned = [], [], [], {}
    hosts_services: dict[str, bool] = {}
    for vnet_record in record.records("vnets", "vnet"):
        name = vnet_record.need("name")
        peerings += [_peering(name, peering) for peering in vnet_record.records("peerings", "peering")]
        learned[name] = _learned(vnet_record)
        hosts_services[name] = _keeps_admin_rules_out(vnet_record.take("contains", ()))
        vnet, its_tables = _vnet(vnet_record, bool(learned[name]))
        vnets.append(vnet)
        tables += its_tables
    admin_rules, settings = admin_rules_of(record)
    vnets = [
        replace(vnet, admin_scope=settings.get(vnet.name, AdminScope.NONE)) if hosts_services[vnet.name] else vnet
        for vnet in vnets
    ]
    if vector["network"].get("loadBalancers") and len(vnets) > 1 and all(vnet.region is None for vnet in vnets):
        vnets = [replace(vnet, region=_ONE_REGION) for vnet in vnets]
    layout = Layout({vnet.name: vnet for vnet in vnets})
    hosts = [_host(nic, groups, layout) for nic in record.records("nics", "nic")]
    machines = [host for host in hosts if isinstance(host, Machine)]
    _refuse_unknown_members(groups, machines)
    if vector["question"].get("kind") in ("reply", "established-after-change"):
        machines = [_open_to_the_internet(m) if m.name == vector["question"].get("at") else m for m in machines]
    balancers = Balancers(FILTERING, layout, machines, _service(vector)).read(record, "loadBalancers")
    record.take("fixedAtoms"), record.take("fixed_atoms")
    tags = record.tags("publishedTags")
    network = Network(
        vnets=layout.vnets,
        peerings=_with_other_halves(peerings),
        nsgs={nsg.name: nsg for nsg in map(_nsg, record.records("nsgs", "nsg"))},
        route_tables={table.name: table for table in tables},
        machines={machine.name: machine for machine in machines},
        asgs=dict.fromkeys(groups, NOWHERE),
        service_tags={tag: tuple(parse_prefix(text) for text in prefixes) for tag, prefixes in tags.items()},
        load_balancers=balancers,
        private_endpoints={host.name: host for host in hosts if isinstance(host, PrivateEndpoint)},
        admin_rules=admin_rules,
        proxies={proxy.name: proxy for proxy in _proxies(record)},
        **_gateways(learned),
    )
    record.finish()
    _refuse_unknown_tags(network)
    return network


def _service(vector: Mapping[str, Any]) -> tuple[int, int]:
    """Return the protocol and port that a load balancer without rules is asked for, if any are told."""
    packet = Record(vector["question"], "question").take("packet", {})
    protocol = PROTOCOLS.get(str(packet.get("protocol", "tcp")).lower())
    return (protocol if protocol in (TCP, UDP) else TCP), packet.get("dstPort") or PORT


def _refuse_unknown_members(groups: Mapping[str, Sequence[str]], machines: Sequence[Machine]) -> None:
    missing = {name for members in groups.values() for name in members} - {machine.name for machine in machines}
    if missing:
        raise NotApplicable(f"malformed: there is no nic `{min(missing)}`")


def _refuse_unknown_tags(network: Network) -> None:
    known = {tag.casefold() for tag in network.service_tags}
    groups = (side for nsg in network.nsgs.values() for rule in nsg.rules for side in (rule.source, rule.destination))
    admin = (side for one in network.admin_rules for rule in one.rules for side in (rule.source, rule.destination))
    for side in (*groups, *admin):
        if not isinstance(side, ServiceTag) or side.name.casefold() in known:
            continue
        if tag_spelling(side.name) is None:
            raise Refused(f"the unknown service tag `{side.name}`", "F-TAG-1")


def _open_to_the_internet(machine: Machine) -> Machine:
    """Return the machine with a public address, if it has none: replies to the Internet need one."""
    (nic,) = machine.nics
    family = family_of(nic.addresses[0])
    public = nic.public_address if family is Family.IPV4 else nic.public_ipv6
    if public is not None and public.address is not None:
        return machine
    sku = Sku.STANDARD if public is None else public.sku
    made_up = PublicAddress(f"{nic.name}-public", sku, parse_address(_PUBLIC[family]))
    return replace(machine, nics=(_with_public(nic, made_up),))


def _with_public(nic: Nic, public: PublicAddress) -> Nic:
    """Return the interface with the public address, which is of the family of its own where it is not known."""
    family = family_of(nic.addresses[0] if public.address is None else public.address)
    return replace(nic, public_address=public) if family is Family.IPV4 else replace(nic, public_ipv6=public)


def _keeps_admin_rules_out(services: Sequence[str]) -> bool:
    """Return whether a vnet holds a service that keeps admin rules out of it (F-ADM-10). Raises `NotApplicable`.

    What keeps them out of its own subnet alone (F-ADM-11) says nothing of the vnet where that has a name.
    """
    called = [service.casefold().removeprefix("azure") for service in services]
    kept = [service for service in called if service not in _IN_SUBNETS_OF_THEIR_NAME]
    if any(service not in _KEEPING_OUT for service in kept):
        raise NotApplicable(f"a vnet that contains {', '.join(services)}")
    return bool(kept)


def _finished(record: Record, key: str, what: str) -> list[Record]:
    records = list(record.records(key, what))
    for each in records:
        each.take("name"), each.take("members")
        each.finish()
    return records


def _host(record: Record, groups: Mapping[str, Sequence[str]], layout: Layout) -> Machine | PrivateEndpoint:
    endpoint = record.take("privateEndpoint")
    if endpoint is None:
        return _machine(record, groups, layout)
    state = Record(endpoint, "privateEndpoint")
    approval = state.take("state", "Approved")
    state.finish()
    if any(record.take("name") in members for members in groups.values()):
        raise NotApplicable("a private endpoint in an application security group")
    return endpoint_of(record, layout, approval)


def _machine(record: Record, groups: Mapping[str, Sequence[str]], layout: Layout) -> Machine:
    name, vnet, addresses = record.need("name"), record.need("vnet"), record.addresses("ip")
    forwards = record.take("ipForwarding", False)
    public = record.take("publicIp")
    nic = Nic(
        name=name,
        machine=name,
        vnet=vnet,
        subnet=layout.place(vnet, addresses[0], record.take("subnet")),
        addresses=addresses,
        nsg=record.take("nsg"),
        asgs=tuple(group for group, members in groups.items() if name in members),
        ip_forwarding=forwards,
    )
    if public:
        nic = _with_public(nic, _public_address(name, Record(public, "publicIp")))
    record.finish()
    if forwards:  # the format does not say what such a machine forwards
        return Machine(name, (nic,), policy=None, stateful=None)
    return Machine(name, (nic,))


def _public_address(nic: str, record: Record) -> PublicAddress:
    sku, address = record.take("sku"), record.take("address")
    public = PublicAddress(f"{nic}-public", sku_called(sku), parse_address(address) if address else None)
    record.finish()
    return public


def _vnet(record: Record, has_gateway: bool) -> tuple[Vnet, list[RouteTable]]:
    name = record.need("name")
    space = tuple(parse_prefix(text) for text in record.need("addressSpace"))
    tables: list[RouteTable] = []
    subnets = [_subnet(name, subnet, tables) for subnet in record.records("subnets", "subnet")]
    if has_gateway and not any(subnet.is_called(GATEWAY_SUBNET) for subnet in subnets):
        subnets.append(Subnet(GATEWAY_SUBNET, name, (Prefix(space[0].last - 31, 27),)))
    vnet = Vnet(
        name,
        space,
        tuple(subnets),
        region=region_called(record.take("region")),
        subscription=record.take("subscription"),
        dns_servers=_dns_servers(record.take("dns")),
    )
    record.finish()
    return vnet, tables


def _dns_servers(told: str | list[str] | None) -> tuple[int, ...]:
    """Return the servers that hosts ask, none for Azure's own resolver."""
    if told is None or (isinstance(told, str) and told.lower() == "azure-provided"):
        return ()
    return tuple(map(parse_address, [told] if isinstance(told, str) else told))


def _subnet(vnet: str, record: Record, tables: list[RouteTable]) -> Subnet:
    name = record.need("name")
    routes = tuple(_route(route, number) for number, route in enumerate(record.records("routes", "route"), 1))
    propagates = not record.take("disableBgpRoutePropagation", False)
    table = RouteTable(f"{vnet}-{name}-routes", routes, propagates) if routes or not propagates else None
    tables += [table] if table is not None else []
    subnet = Subnet(
        name=name,
        vnet=vnet,
        prefixes=tuple(map(parse_prefix, record.take("prefixes") or (record.need("prefix"),))),
        nsg=record.take("nsg"),
        route_table=table.name if table is not None else None,
        service_endpoints=tuple(record.take("serviceEndpoints", ())),
        private_endpoint_policies=policies_of(record.take("privateEndpointNetworkPolicies")),
    )
    record.take("contains")  # `_proxies`
    record.finish()
    return subnet


def _proxies(network: Record) -> Iterator[Proxy]:
    """Yield the application gateways that subnets contain. Raises `NotApplicable` for what stands elsewhere."""
    for vnet in network.records("vnets", "vnet"):
        for subnet in vnet.records("subnets", "subnet"):
            name = subnet.need("name")
            for service in subnet.take("contains", ()):
                called = service.casefold().removeprefix("azure")
                if called == "applicationgateway":
                    yield Proxy(
                        f"{service}-{name}", ProxyKind.APPLICATION_GATEWAY, vnet.need("name"), name, IntervalSet()
                    )
                elif not name.casefold().startswith(f"azure{called}") or called not in _IN_SUBNETS_OF_THEIR_NAME:
                    raise NotApplicable(f"a subnet that contains {service}")


def _route(record: Record, number: int) -> UserRoute:
    address, hop = record.take("nextHopIp"), next_hop_type(record.need("nextHopType"))
    route = UserRoute(
        name=record.take("name", f"r{number}"),
        prefix=parse_prefix(record.need("prefix")),
        next_hop=hop,
        next_hop_address=parse_address(address) if address else None,
    )
    record.finish()
    return route


def _peering(local: str, record: Record) -> Peering:
    is_whole = record.take("peerCompleteVnets", True)
    local_subnets, remote_subnets = record.take("localSubnetNames", ()), record.take("remoteSubnetNames", ())
    refuse_parts_of_whole(is_whole, local_subnets, remote_subnets)
    peering = Peering(
        local=local,
        remote=record.need("remote"),
        allow_virtual_network_access=record.take("allowVirtualNetworkAccess", True),
        allow_forwarded_traffic=record.take("allowForwardedTraffic", False),
        allow_gateway_transit=record.take("allowGatewayTransit", False),
        use_remote_gateways=record.take("useRemoteGateways", False),
        state=link_state(record.take("state")),
        local_subnets=None if is_whole else tuple(local_subnets),
        remote_subnets=None if is_whole else tuple(remote_subnets),
        only_ipv6=record.take("enableOnlyIPv6Peering", False),
    )
    record.finish()
    return peering


def _with_other_halves(peerings: Sequence[Peering]) -> tuple[Peering, ...]:
    declared = {(peering.local, peering.remote) for peering in peerings}
    missing = [
        Peering(peering.remote, peering.local, state=LinkState.CONNECTED)
        for peering in peerings
        if peering.state is LinkState.CONNECTED and (peering.remote, peering.local) not in declared
    ]
    return (*peerings, *missing)


def _learned(vnet: Record) -> tuple[Prefix, ...]:
    values = vnet.take("gateway")
    if values is None:
        return ()
    record = Record(values, "gateway")
    prefixes = tuple(parse_prefix(text) for text in record.need("learnedRoutes"))
    record.finish()
    return prefixes


def _gateways(learned: Mapping[str, tuple[Prefix, ...]]) -> dict[str, Any]:
    """Return, for each vnet that learns routes, a VPN gateway with BGP and the site that advertises them."""
    names = {vnet: prefixes for vnet, prefixes in learned.items() if prefixes}
    return {
        "gateways": {f"{vnet}-gateway": Gateway(f"{vnet}-gateway", vnet, GatewayKind.VPN) for vnet in names},
        "sites": {f"{vnet}-site": Site(f"{vnet}-site", prefixes) for vnet, prefixes in names.items()},
        "connections": tuple(
            Connection(f"{vnet}-connection", f"{vnet}-gateway", site=f"{vnet}-site", bgp=True) for vnet in names
        ),
    }


def _nsg(record: Record) -> Nsg:
    record.take("flushConnection")  # for the flows that a change finds (`vector_changes`)
    nsg = Nsg(record.need("name"), tuple(_rule(rule) for rule in record.records("rules", "rule")))
    record.finish()
    return nsg


def _access(text: str) -> Access:
    try:
        return Access(text.casefold())
    except ValueError as error:
        raise Refused(f"a rule with the access `{text}`", "F-NSG-1") from error


def _rule(record: Record) -> SecurityRule:
    rule = SecurityRule(
        name=record.need("name"),
        priority=record.need("priority"),
        direction=Direction(record.need("direction").lower()),
        access=_access(record.need("access")),
        protocol=protocol_of_field(record.need("protocol")),
        source=addresses_of_field(record.need("source")),
        source_ports=ports_of_field(record.need("sourcePorts")),
        destination=addresses_of_field(record.need("destination")),
        destination_ports=ports_of_field(record.need("destinationPorts")),
        first_destination_ports=first_of_several(record.need("destinationPorts")),
    )
    record.finish()
    return rule
