"""A strategy for what managed firewalls are told: NAT, network and application rules, and whom they translate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_IPV4,
    ALL_PORTS,
    EVERY_IPV4,
    TCP,
    UDP,
    Family,
    Interval,
    IntervalSet,
    Prefix,
    addresses_of,
    family_of,
)
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.network import Machine, Network, NextHopType, RouteTable, UserRoute
from vnetverify.testing.lists import pieces, port_sets
from vnetverify.testing.places import host_subnets

_PORTS = (22, 80, 443, 1024)
_RANGES = (None, None, None, ALL_IPV4, IntervalSet(), addresses_of((Prefix(10 << 24, 8),)))


# Lists that pass nearly all, so that what lies behind the firewall is met.
_EVERYTHING = FirewallRule("all", FirewallRuleKind.NETWORK, True, (None,), ALL_IPV4, ALL_IPV4, ALL_PORTS)
_EVERY_NAME = tuple(
    FirewallRule(f"web{i}", FirewallRuleKind.APPLICATION, True, (TCP,), ALL_IPV4, ALL_ADDRESSES, IntervalSet((ports,)))
    for i, ports in enumerate((Interval(80, 80), Interval(443, 443)))
)


@st.composite
def with_translations(draw: DrawFn, network: Network) -> Network:
    """Draw policies for the managed firewalls that `network` has, and subnets near them whose packets go there."""
    machines = dict(network.machines)
    for machine in network.machines.values():
        if machine.is_managed:
            machines[machine.name] = draw(_told(network, machine))
            network = draw(_with_ways_to(network, machine))
    return replace(network, machines=machines)


@st.composite
def _with_ways_to(draw: DrawFn, network: Network, machine: Machine) -> Network:
    """Draw which subnets of the firewall's network and its peers send everything to it, or what has no other way."""
    (nic,) = machine.nics
    near = {nic.vnet, *(half.remote for half in network.peerings if half.local == nic.vnet)}
    spaces = [p for name in sorted(near) for p in network.vnets[name].address_space if p.family is Family.IPV4]
    wide = UserRoute("all", EVERY_IPV4, NextHopType.APPLIANCE, nic.addresses[0])
    fine = [
        UserRoute(f"to{i}", p, NextHopType.APPLIANCE, nic.addresses[0]) for i, p in enumerate(dict.fromkeys(spaces))
    ]
    tables = {"to-fw": RouteTable("to-fw", (wide,)), "all-to-fw": RouteTable("all-to-fw", (wide, *fine))}
    vnets = dict(network.vnets)
    for name in sorted(near):
        subnets = [
            replace(subnet, route_table=draw(st.sampled_from((subnet.route_table, *tables))))
            if subnet in host_subnets(network, name)
            else subnet
            for subnet in network.vnets[name].subnets
        ]
        vnets[name] = replace(vnets[name], subnets=tuple(subnets))
    return replace(network, vnets=vnets, route_tables={**network.route_tables, **tables})


@st.composite
def _told(draw: DrawFn, network: Network, machine: Machine) -> Machine:
    (nic,) = machine.nics
    of_family = {family_of(address): address for address in reversed(nic.addresses)}  # one with rules has one of each
    nic = replace(nic, addresses=tuple(address for address in nic.addresses if address in of_family.values()))
    if nic.public_address is None and draw(st.booleans()):
        nic = replace(nic, public_address=PublicAddress(f"{machine.name}-ip", Sku.STANDARD))
    return replace(machine, nics=(nic,), policy=None, firewall=draw(_policies(network, replace(machine, nics=(nic,)))))


@st.composite
def _policies(draw: DrawFn, network: Network, machine: Machine) -> FirewallPolicy:
    spaces = [p for vnet in network.vnets.values() for p in vnet.address_space if p.family is Family.IPV4]
    prefixes = pieces(spaces)
    by_itself = draw(st.integers(0, 2)) == 0
    rules = (
        *(_to_itself(machine) if by_itself else ()),
        *draw(_lists(FirewallRuleKind.NAT, _nat_rules(network, machine))),
        *draw(_lists(FirewallRuleKind.NETWORK, _network_rules(prefixes))),
        *draw(st.sampled_from(((), (_EVERYTHING,)))),
        *draw(_lists(FirewallRuleKind.APPLICATION, _application_rules(prefixes))),
        *draw(st.sampled_from(((), _EVERY_NAME))),
    )
    return FirewallPolicy(
        rules=rules,
        private_ranges=draw(st.sampled_from(_RANGES)),
        learns_private_ranges=draw(st.integers(0, 3)) == 0,
        denies_by_threat_intelligence=draw(st.integers(0, 5)) == 0,
        denies_by_intrusion_detection=draw(st.integers(0, 5)) == 0,
        presumes_address=draw(st.integers(0, 5)) == 0,
    )


def _lists(kind: FirewallRuleKind, rules: SearchStrategy[FirewallRule]) -> SearchStrategy[tuple[FirewallRule, ...]]:
    named = st.lists(rules, max_size=2)
    return named.map(lambda drawn: tuple(replace(r, name=f"{kind.value}{i}") for i, r in enumerate(drawn)))


def _to_itself(machine: Machine) -> Iterator[FirewallRule]:
    """Yield rules that lead from the firewall to itself: to more translations than are followed (F-FW-7)."""
    (nic,) = machine.nics
    for at in (None, *((nic.public_address.name,) if nic.public_address is not None else ())):
        yield FirewallRule(
            name="to-itself" if at is None else "from-outside",
            kind=FirewallRuleKind.NAT,
            allows=True,
            protocols=(TCP, UDP),
            sources=ALL_IPV4,
            destinations=IntervalSet(),
            destination_ports=IntervalSet((Interval(1, 65535),)),
            at=at,
            translation=Translation(nic.addresses[0], _PORTS[0]),
        )


@st.composite
def _nat_rules(draw: DrawFn, network: Network, machine: Machine) -> FirewallRule:
    """Draw a rule at one of the firewall's addresses, to an interface, to somewhere else, or back to itself."""
    (nic,) = machine.nics
    held = [a for other in network.nics() for a in other.addresses if a < ALL_IPV4.intervals[-1].high]
    subnets = [p.value + 4 for s in network.subnets() for p in s.prefixes if p.family is Family.IPV4]
    public = [nic.public_address.name] * 3 if nic.public_address is not None else []
    port, last = draw(st.sampled_from(((80, 80), (443, 443), (22, 443), (1, 65535))))
    return FirewallRule(
        name="",
        kind=FirewallRuleKind.NAT,
        allows=True,
        protocols=draw(st.sampled_from(((TCP,), (TCP, UDP), (UDP,)))),
        sources=draw(st.sampled_from((ALL_IPV4, ALL_IPV4, addresses_of((Prefix(10 << 24, 8),))))),
        destinations=IntervalSet(),
        destination_ports=IntervalSet((Interval(port, last),)),
        at=draw(st.sampled_from((None, *public))),
        translation=Translation(draw(st.sampled_from((*held * 3, *subnets))), draw(st.sampled_from(_PORTS))),
    )


@st.composite
def _network_rules(draw: DrawFn, prefixes: Sequence[Prefix]) -> FirewallRule:
    names = draw(st.integers(0, 7)) == 0
    tags = ("Sql",) if draw(st.integers(0, 7)) == 0 else ()
    return FirewallRule(
        name="",
        kind=FirewallRuleKind.NETWORK,
        allows=draw(st.integers(0, 3)) > 0,
        protocols=draw(st.sampled_from(((None,), (None,), (TCP,), (TCP, UDP), (1,)))),
        sources=draw(_sets(prefixes)),
        destinations=IntervalSet() if names or tags else draw(_sets(prefixes)),
        destination_ports=draw(st.just(ALL_PORTS) | port_sets()),
        service_tags=tags,
        has_names=names,
    )


@st.composite
def _application_rules(draw: DrawFn, prefixes: Sequence[Prefix]) -> FirewallRule:
    names = draw(st.booleans())
    return FirewallRule(
        name="",
        kind=FirewallRuleKind.APPLICATION,
        allows=draw(st.integers(0, 3)) > 0,
        protocols=(TCP,),
        sources=draw(_sets(prefixes)),
        destinations=IntervalSet() if names else ALL_ADDRESSES,
        destination_ports=draw(st.sampled_from((80, 443, 1433)).map(lambda port: IntervalSet((Interval(port, port),)))),
        has_names=names,
    )


def _sets(prefixes: Sequence[Prefix]) -> SearchStrategy[IntervalSet]:
    return st.just(ALL_IPV4) | st.sampled_from(prefixes).map(lambda prefix: addresses_of((prefix,)))
