"""Strategies for ordered lists of rules: security groups and appliance policies, near the bounds of each other."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.header import (
    ALL_IPV4,
    ALL_PORTS,
    LAST_PORT,
    Interval,
    IntervalSet,
    Prefix,
    addresses_of,
    interval_set,
)
from vnetverify.model.network import PolicyRule
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)

EVERYTHING = PolicyRule(Access.ALLOW, None, ALL_IPV4, ALL_IPV4, ALL_PORTS)
PROTOCOLS = (6, 6, 6, None, None, 17, 1, 50)
# Flows are drawn from the same ports, so that they fall on the bounds of rules and beside them.
PORTS = (0, 22, 79, 80, 81, 443, 1024, LAST_PORT)
TAGS = (
    "VirtualNetwork", "VirtualNetwork", "Internet", "AzureLoadBalancer", "Sql", "Storage",
    "AzurePlatformDNS", "AzurePlatformIMDS", "AzurePlatformLKM",
)  # fmt: skip


def port_sets() -> SearchStrategy[IntervalSet]:
    """Draw every port, one, a range, or a union of two."""
    bounds = st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(sorted)
    ranges = bounds.map(lambda pair: Interval(pair[0], pair[1]))
    return st.just(ALL_PORTS) | st.lists(ranges, min_size=1, max_size=2).map(interval_set)


@st.composite
def security_groups(
    draw: DrawFn, names: Sequence[str], prefixes: Sequence[Prefix], asgs: Sequence[str]
) -> tuple[Nsg, ...]:
    """Draw a group for each name: of up to three rules, or now and then one that lets everything pass one way only."""
    return tuple(draw(_security_groups(name, prefixes, asgs)) for name in names)


@st.composite
def _security_groups(draw: DrawFn, name: str, prefixes: Sequence[Prefix], asgs: Sequence[str]) -> Nsg:
    if draw(st.integers(0, 2)) == 2:
        return _one_way(name, draw(st.sampled_from(Direction)))
    count = draw(st.integers(0, 3))
    # Priorities fall and rise, so that the order of lines and the order of rules differ.
    priorities = (300, 100, 200)[:count]
    rules = tuple(draw(_rules(f"{name}{i}", priority, prefixes, asgs)) for i, priority in enumerate(priorities))
    return Nsg(name, rules)


def _one_way(name: str, direction: Direction) -> Nsg:
    """Return a group by which whoever is behind it can only begin conversations, or only answer."""
    return Nsg(
        name,
        tuple(
            SecurityRule(
                name=f"{name}-{way.value}",
                priority=100,
                direction=way,
                access=Access.ALLOW if way is direction else Access.DENY,
                protocol=None,
                source=AnyAddress(),
                source_ports=ALL_PORTS,
                destination=AnyAddress(),
                destination_ports=ALL_PORTS,
            )
            for way in Direction
        ),
    )


@st.composite
def _rules(draw: DrawFn, name: str, priority: int, prefixes: Sequence[Prefix], asgs: Sequence[str]) -> SecurityRule:
    fields = _fields(prefixes, asgs)
    ports = draw(port_sets())
    several = [IntervalSet((interval,)) for interval in ports] if len(ports.intervals) > 1 else [None]
    return SecurityRule(
        name=name,
        priority=priority,
        direction=draw(st.sampled_from(Direction)),
        access=draw(st.sampled_from((Access.ALLOW, Access.DENY))),
        protocol=draw(st.sampled_from(PROTOCOLS)),
        source=draw(fields),
        source_ports=draw(st.just(ALL_PORTS) | st.just(ALL_PORTS) | port_sets()),
        destination=draw(fields),
        destination_ports=ports,
        first_destination_ports=draw(st.sampled_from(several)),
    )


def _fields(prefixes: Sequence[Prefix], asgs: Sequence[str]) -> SearchStrategy[AddressField]:
    listed = st.lists(st.sampled_from(pieces(prefixes)), min_size=1, max_size=2, unique=True)
    kinds: list[SearchStrategy[AddressField]] = [
        st.just(AnyAddress()),
        listed.map(lambda drawn: AddressPrefixes(tuple(drawn))),
        st.sampled_from(TAGS).map(ServiceTag),
    ]
    if asgs:
        kinds.append(st.just(AsgMembers(tuple(asgs))))
    return st.one_of(kinds)


def pieces(prefixes: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """Return the prefixes, a host of each, and the half of each."""
    hosts = (Prefix(prefix.value + 4, 32) for prefix in prefixes)
    halves = (Prefix(prefix.value, prefix.length + 1) for prefix in prefixes)
    return tuple(dict.fromkeys((*prefixes, *hosts, *halves, Prefix(0, 0))))


@st.composite
def policies(draw: DrawFn, prefixes: Sequence[Prefix]) -> tuple[PolicyRule, ...] | None:
    """Draw an undeclared policy, one that passes all, or up to two lines."""
    kind = draw(st.sampled_from(("any", "any", "undeclared", "lines")))
    if kind == "undeclared":
        return None
    if kind == "any":
        return (EVERYTHING,)
    return tuple(draw(st.lists(_policy_lines(prefixes), min_size=0, max_size=2)))


@st.composite
def _policy_lines(draw: DrawFn, prefixes: Sequence[Prefix]) -> PolicyRule:
    sets = st.just(ALL_IPV4) | st.sampled_from(pieces(prefixes)).map(lambda prefix: addresses_of((prefix,)))
    return PolicyRule(
        access=draw(st.sampled_from((Access.ALLOW, Access.ALLOW, Access.DENY))),
        protocol=draw(st.sampled_from(PROTOCOLS)),
        sources=draw(sets),
        destinations=draw(sets),
        destination_ports=draw(port_sets()),
    )
