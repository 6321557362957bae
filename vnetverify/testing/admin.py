"""Strategies for security admin rules: managers one above the other, rules that tie, networks that keep rules out."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.header import ALL_PORTS, Family, IntervalSet, Prefix
from vnetverify.model.network import AdminScope, Network, Vnet
from vnetverify.model.security import (
    AddressField,
    AddressPrefixes,
    AdminAction,
    AdminRule,
    AdminRules,
    AnyAddress,
    Direction,
    ServiceTag,
)
from vnetverify.testing.lists import PROTOCOLS, port_sets

_MANAGERS = (("corp",), ("corp", "corp"), ("corp", "team"), ("corp", "corp", "team"), ("corp", "team", "team"))
_PRIORITIES = (1, 10, 10, 10, 20, 4096)
_TAGS = ("VirtualNetwork", "VirtualNetwork", "Internet", "AzureLoadBalancer", "Sql")
_SCOPES = (*(AdminScope.ALL,) * 6, AdminScope.ALLOW_ONLY, AdminScope.ALLOW_ONLY, AdminScope.NONE)


@st.composite
def with_admin_rules(draw: DrawFn, network: Network) -> Network:
    """Draw one manager or two with up to three collections, and which networks keep rules out."""
    vnets = {name: draw(_with_scope(vnet)) for name, vnet in network.vnets.items()}
    names = st.lists(st.sampled_from(tuple(vnets)), min_size=1, unique=True)
    collections = []
    for number, manager in enumerate(draw(st.sampled_from(_MANAGERS))):
        rules = draw(_collections(network, f"a{number}"))
        collections.append(AdminRules(f"rules{number}", manager, tuple(draw(names)), rules))
    return replace(network, vnets=vnets, admin_rules=tuple(collections))


@st.composite
def _with_scope(draw: DrawFn, vnet: Vnet) -> Vnet:
    return replace(vnet, admin_scope=draw(st.sampled_from(_SCOPES)))


@st.composite
def _collections(draw: DrawFn, network: Network, name: str) -> tuple[AdminRule, ...]:
    """Draw up to three rules, or one that always lets pass one way and one that denies the other way.

    These deny answers, which come from ports that flows go to, where no record of what passed is kept.
    """
    if draw(st.booleans()):
        count = draw(st.integers(1, 3))
        return tuple(draw(_rules(network, f"{name}{position}")) for position in range(count))
    always, other = draw(st.permutations(tuple(Direction)))
    passing = _about_everything(f"{name}0", AdminAction.ALWAYS_ALLOW, always, ALL_PORTS)
    return passing, _about_everything(f"{name}1", AdminAction.DENY, other, draw(port_sets()))


def _about_everything(name: str, action: AdminAction, direction: Direction, source_ports: IntervalSet) -> AdminRule:
    return AdminRule(
        name=name,
        priority=10,
        direction=direction,
        action=action,
        protocol=None,
        source=AnyAddress(),
        source_ports=source_ports,
        destination=AnyAddress(),
        destination_ports=ALL_PORTS,
    )


@st.composite
def _rules(draw: DrawFn, network: Network, name: str) -> AdminRule:
    fields = _fields(network, draw(st.sampled_from((Family.IPV4, Family.IPV4, Family.IPV6))))
    return AdminRule(
        name=name,
        priority=draw(st.sampled_from(_PRIORITIES)),
        direction=draw(st.sampled_from(Direction)),
        action=draw(st.sampled_from(AdminAction)),
        protocol=draw(st.sampled_from(PROTOCOLS)),
        source=draw(fields),
        source_ports=draw(st.just(ALL_PORTS) | st.just(ALL_PORTS) | port_sets()),
        destination=draw(fields),
        destination_ports=draw(st.just(ALL_PORTS) | port_sets()),
    )


def _fields(network: Network, family: Family) -> SearchStrategy[AddressField]:
    """Draw every address, a tag, or prefixes of `family` where the network has any."""
    anywhere: list[SearchStrategy[AddressField]] = [st.just(AnyAddress()), st.just(AnyAddress())]
    around = _around(network, family)
    listed = st.lists(st.sampled_from(around), min_size=1, max_size=2, unique=True) if around else st.nothing()
    return st.one_of(
        *anywhere,
        st.sampled_from(_TAGS).map(ServiceTag),
        listed.map(lambda drawn: AddressPrefixes(tuple(drawn))),
    )


def _around(network: Network, family: Family) -> tuple[Prefix, ...]:
    """Return the ranges of networks and subnets, a host and the half of each, and every address."""
    ranges = [
        prefix
        for vnet in network.vnets.values()
        for prefix in (*vnet.address_space, *(prefix for subnet in vnet.subnets for prefix in subnet.prefixes))
        if prefix.family is family
    ]
    hosts = [Prefix(prefix.value + 4, family.bits) for prefix in ranges]
    halves = [Prefix(prefix.value, prefix.length + 1) for prefix in ranges]
    every = [Prefix(0, 0)] if family is Family.IPV4 else []
    return tuple(dict.fromkeys((*ranges, *hosts, *halves, *every)))
