"""An estate as plain numbers: subnets, first-match lists, routes by longest prefix, and one appliance."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from estates_plan import ALL_SPOKES, Plan, Rule

PROTOCOLS = {"tcp": 0, "udp": 1, "icmp": 2}
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list; None for a field that it does not restrict."""

    allows: bool
    protocol: int | None
    source: Range | None
    source_ports: Range | None
    destination: Range | None
    ports: Range | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A subnet, with its lists (empty for none at all) and the number of its table."""

    name: str
    prefix: Range
    outbound: tuple[Line, ...]
    inbound: tuple[Line, ...]
    table: int


@dataclass(frozen=True, slots=True)
class Hop:
    """A route: delivery where the destination is, the appliance, or neither."""

    prefix: Range
    delivers: bool = False
    by_appliance: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """`tables` hold routes with the longest prefix first; `onward` is that of the appliance."""

    endpoints: tuple[Endpoint, ...]
    tables: tuple[tuple[Hop, ...], ...]
    policy: tuple[Line, ...]
    onward: tuple[Hop, ...]


def span(prefix: str) -> Range:
    network = IPv4Network(prefix)
    return int(network.network_address), int(network.broadcast_address)


def model_of(plan: Plan) -> Model:
    """Return the numbers of an estate with one hub and no gateway."""
    if plan.shape.hubs != 1 or plan.shape.gateway:
        raise ValueError("the baselines know estates of one hub without a gateway")
    hub, base = span(f"{plan.hub_base(0)}.0.0/16"), plan.hub_base(0)
    shared = (
        Line(True, PROTOCOLS["tcp"], span(ALL_SPOKES), None, None, (443, 443)),
        Line(False, None, span(ALL_SPOKES), None, None, None),
    )
    spokes = range(plan.shape.spokes)
    at_hub = (Hop(hub, delivers=True), *(Hop(span(plan.space(spoke)), delivers=True) for spoke in spokes))
    tables = [tuple(sorted(at_hub, key=_length))]
    endpoints = [
        Endpoint("hub.firewall", span(f"{base}.1.0/24"), (), (), 0),
        Endpoint("hub.shared", span(f"{base}.2.0/24"), (Line(True, None, None, None, None, None),), shared, 0),
    ]
    for spoke in spokes:
        tables.append(_table(plan, spoke, hub))
        for subnet in range(plan.shape.subnets):
            rules = [*plan.rules(plan.group_of(spoke, subnet))]
            outbound, inbound = (tuple(_line(r) for r in rules if r.is_inbound is side) for side in (False, True))
            prefix = span(plan.subnet(spoke, subnet))
            endpoints.append(Endpoint(f"spoke{spoke}.s{subnet}", prefix, outbound, inbound, len(tables) - 1))
    policy = tuple(
        Line(each.allows, PROTOCOLS.get(each.protocol), source, None, destination, _ports(each.ports))
        for each in plan.policy()
        for source, destination in ((span(each.source), span(each.destination)),)
    )
    return Model(tuple(endpoints), tuple(tables), policy, tables[0])


def _length(hop: Hop) -> int:
    return hop.prefix[1] - hop.prefix[0]


def _table(plan: Plan, spoke: int, hub: Range) -> tuple[Hop, ...]:
    """Return the routes of a spoke; of one prefix its own routes come before the system's."""
    own = [Hop(span(route.prefix), by_appliance=route.appliance is not None) for route in plan.routes(spoke)]
    system = [Hop(span(plan.space(spoke)), delivers=True), Hop(hub, delivers=True)]
    if plan.shape.hole == "waypoint" and spoke < 2:
        system.append(Hop(span(plan.space(1 - spoke)), delivers=True))
    return tuple(sorted((*own, *system), key=_length))


def _line(rule: Rule) -> Line:
    source, destination = (None if end == "*" else span(end) for end in (rule.source, rule.destination))
    return Line(
        rule.allows, PROTOCOLS.get(rule.protocol), source, _ports(rule.source_ports), destination, _ports(rule.ports)
    )


def _ports(text: str) -> Range | None:
    if text in ("", "*"):
        return None
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def prefixes_of(ports: Range, bits: int = 16) -> list[tuple[int, int]]:
    """Return a range as prefixes: values and how many leading bits are fixed."""
    low, high = ports
    found = []
    while low <= high:
        size = low & -low or 1 << bits
        while size > high - low + 1:
            size >>= 1
        found.append((low, bits - size.bit_length() + 1))
        low += size
    return found
