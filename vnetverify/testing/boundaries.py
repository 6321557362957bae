"""Bounds that a flow stands on: of addresses, ports and protocols, as the network it runs in names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vnetverify.header import ICMP, ICMPV6, LAST_PORT, TCP, UDP, Flow, Prefix
from vnetverify.model.network import Network
from vnetverify.model.security import AddressPrefixes, AdminRule, SecurityRule

_PLATFORM = frozenset({0xA83F8110, 0xA9FEA9FE})  # 168.63.129.16 and 169.254.169.254
_RESERVED = 4  # addresses at the start of a subnet that are Azure's own


@dataclass(frozen=True, slots=True)
class Edges:
    """What a network names that has bounds: prefixes of rules, routes and spaces, and ports of rules."""

    network: Network
    of_rules: tuple[Prefix, ...]
    of_routes: tuple[Prefix, ...]
    of_spaces: tuple[tuple[str, Prefix], ...]
    of_subnets: tuple[Prefix, ...]
    first_ports: frozenset[int]
    last_ports: frozenset[int]


def edges_of(network: Network) -> Edges:
    rules: list[SecurityRule | AdminRule] = [rule for nsg in network.nsgs.values() for rule in nsg.rules]
    rules += [rule for collection in network.admin_rules for rule in collection.rules]
    fields = [field for rule in rules for field in (rule.source, rule.destination)]
    ports = [interval for rule in rules for interval in rule.destination_ports]
    return Edges(
        network,
        tuple(p for field in fields if isinstance(field, AddressPrefixes) for p in field.prefixes),
        tuple(route.prefix for table in network.route_tables.values() for route in table.routes),
        tuple((vnet.name, p) for vnet in network.vnets.values() for p in vnet.address_space),
        tuple(p for subnet in network.subnets() for p in subnet.prefixes),
        frozenset(interval.low for interval in ports if interval.low > 0),
        frozenset(interval.high for interval in ports if interval.high < LAST_PORT),
    )


def boundaries_of(edges: Edges, flow: Flow) -> frozenset[str]:
    """Return the names of the bounds that the flow stands on."""
    return frozenset(name for name, stands_on in BOUNDARIES.items() if stands_on(edges, flow))


def _within(prefix: Prefix, address: int) -> bool:
    return prefix.value <= address <= prefix.last


def _beside(prefixes: tuple[Prefix, ...], address: int) -> bool:
    return any(address in (prefix.value - 1, prefix.last + 1) for prefix in prefixes)


def _on(prefixes: tuple[Prefix, ...], address: int) -> bool:
    return any(address in (prefix.value, prefix.last) for prefix in prefixes if prefix.length > 0)


def _host(prefix: Prefix) -> bool:
    return prefix.value == prefix.last


def _ends(edges: Edges, flow: Flow) -> tuple[int, int]:
    return flow.source, flow.destination


def _overlapping(edges: Edges, flow: Flow) -> bool:
    return len({name for name, prefix in edges.of_spaces if _within(prefix, flow.destination)}) > 1


def _reserved(edges: Edges, flow: Flow) -> bool:
    return any(
        _within(p, flow.destination) and (flow.destination - p.value < _RESERVED or flow.destination == p.last)
        for p in edges.of_subnets
    )


def _equal_prefixes(edges: Edges, flow: Flow) -> bool:
    """Hold when a user route for the destination has the very prefix of a range (R-SEL-2)."""
    ranges = {prefix for _, prefix in edges.of_spaces}
    return any(_within(prefix, flow.destination) and prefix in ranges for prefix in edges.of_routes)


def _nested(edges: Edges, flow: Flow) -> bool:
    return len({prefix for prefix in edges.of_routes if _within(prefix, flow.destination)}) > 1


def _of_nobody(edges: Edges, flow: Flow) -> bool:
    return not any(_within(prefix, flow.destination) for _, prefix in edges.of_spaces)


BOUNDARIES: Mapping[str, Callable[[Edges, Flow], bool]] = {
    "no bound": lambda edges, flow: True,
    "port 0": lambda edges, flow: flow.has_ports and flow.destination_port == 0,
    "port 65535": lambda edges, flow: flow.has_ports and flow.destination_port == LAST_PORT,
    "source port 0": lambda edges, flow: flow.has_ports and flow.source_port == 0,
    "source port 65535": lambda edges, flow: flow.has_ports and flow.source_port == LAST_PORT,
    "first port of a rule": lambda edges, flow: flow.has_ports and flow.destination_port in edges.first_ports,
    "last port of a rule": lambda edges, flow: flow.has_ports and flow.destination_port in edges.last_ports,
    "a port before a rule's": lambda edges, flow: flow.has_ports and flow.destination_port + 1 in edges.first_ports,
    "a port after a rule's": lambda edges, flow: flow.has_ports and flow.destination_port - 1 in edges.last_ports,
    "ICMP": lambda edges, flow: flow.protocol in (ICMP, ICMPV6),
    "another protocol": lambda edges, flow: flow.protocol not in (TCP, UDP, ICMP, ICMPV6),
    "an end in a /32 of a rule": lambda edges, flow: any(
        _host(prefix) and _within(prefix, end) for prefix in edges.of_rules for end in _ends(edges, flow)
    ),
    "an end in a /31 of a rule or route": lambda edges, flow: any(
        prefix.last == prefix.value + 1 and _within(prefix, end)
        for prefix in (*edges.of_rules, *edges.of_routes)
        for end in _ends(edges, flow)
    ),
    "a rule for every address": lambda edges, flow: any(prefix.length == 0 for prefix in edges.of_rules),
    "an end on a bound of a rule": lambda edges, flow: any(_on(edges.of_rules, end) for end in _ends(edges, flow)),
    "an end beside a rule's prefix": lambda edges, flow: any(
        _beside(edges.of_rules, end) for end in _ends(edges, flow)
    ),
    "a route for all": lambda edges, flow: any(p.length == 0 and _within(p, flow.destination) for p in edges.of_routes),
    "a route for one address": lambda edges, flow: any(
        _host(p) and _within(p, flow.destination) for p in edges.of_routes
    ),
    "a destination on a bound of a route": lambda edges, flow: _on(edges.of_routes, flow.destination),
    "a destination beside a route's prefix": lambda edges, flow: _beside(edges.of_routes, flow.destination),
    "a route of an equal prefix": _equal_prefixes,
    "routes one within the other": _nested,
    "a destination in overlapping ranges": _overlapping,
    "a destination beside a range": lambda edges, flow: _beside(tuple(p for _, p in edges.of_spaces), flow.destination),
    "a destination of Azure's own in a subnet": _reserved,
    "a destination of the platform": lambda edges, flow: flow.destination in _PLATFORM,
    "a destination in no range": _of_nobody,
    "a sender that asks itself": lambda edges, flow: flow.source == flow.destination,
}
