"""Which security groups the verdict on a claim can depend on: those where its flows begin, end or pass.

A packet is filtered where it leaves or enters an interface. Flows of a claim begin and end at its places, and pass what
takes packets for others: appliances, load balancers and whatever else stands for something. A subnet in which there are
hosts alone, and which the claim does not name, sees none of them, unless it shares addresses with one that it does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from vnetverify.header import Interval, IntervalSet, addresses_of, interval_set
from vnetverify.model.intents import Claim
from vnetverify.model.network import Machine, Network, Nic


@dataclass(frozen=True, slots=True)
class Slices:
    """The subnets of a network where packets may pass, the addresses of each, and where each group is attached."""

    network: Network
    passages: frozenset[str]
    ranges: tuple[tuple[Interval, str], ...]
    attached: dict[str, frozenset[str]] = field(default_factory=dict)

    def groups(self, claim: Claim) -> tuple[str, ...]:
        """Return the names of the groups that the claim can turn on, in the order of the network."""
        touched = self.passages | self._places(claim)
        return tuple(name for name in self.network.nsgs if self.attached.get(name, frozenset()) & touched)

    def _places(self, claim: Claim) -> frozenset[str]:
        """Return the subnets that a claim names, by themselves or by a machine."""
        sets = [ends for pair in (*claim.pairs, claim.apart, *claim.named) for ends in pair]
        named = {place.name for ends in sets for place, _ in ends.parts}
        named |= {place.name for ends in sets for place in ends.unknown}
        named |= self._holding(interval_set(one for ends in sets for _, addresses in ends.parts for one in addresses))
        machines = {*claim.via, *claim.excused}
        for expected in (claim.expected_hop, claim.expected_egress):
            if expected is not None and expected.name is not None:
                machines.add(expected.name)
        held = (self.network.machines[name] for name in machines if name in self.network.machines)
        return frozenset(named | {nic.subnet_id for machine in held for nic in machine.nics})

    def _holding(self, addresses: IntervalSet) -> set[str]:
        """Return the subnets that hold some of the addresses: a packet may come to any that has its destination."""
        ends = [interval.high for interval in addresses]
        found = set()
        for held, name in self.ranges:
            first = bisect_left(ends, held.low)
            if first < len(ends) and addresses.intervals[first].low <= held.high:
                found.add(name)
        return found


def slices_of(network: Network) -> Slices:
    """Return what is needed to tell the groups of every claim about `network`."""
    attached: dict[str, set[str]] = {}
    for subnet in network.subnets():
        if subnet.nsg is not None:
            attached.setdefault(subnet.nsg, set()).add(subnet.id)
    for nic in network.nics():
        if nic.nsg is not None:
            attached.setdefault(nic.nsg, set()).add(nic.subnet_id)
    ranges = tuple((held, subnet.id) for subnet in network.subnets() for held in addresses_of(subnet.prefixes))
    return Slices(
        network, frozenset(_passages(network)), ranges, {name: frozenset(ids) for name, ids in attached.items()}
    )


def _passages(network: Network) -> Iterator[str]:
    """Yield the subnets in which anything but a host stands, or may stand by what is said of it."""
    balanced = set(_balanced(network))
    for machine in network.machines.values():
        for nic in machine.nics:
            if _takes_for_others(machine, nic) or nic.name in balanced:
                yield nic.subnet_id
    for balancer in network.load_balancers.values():
        yield from (frontend.subnet_id for frontend in balancer.frontends)
    yield from (endpoint.subnet_id for endpoint in network.private_endpoints.values())
    yield from (service.subnet_id for service in network.private_link_services.values())
    for vnet in network.vnets.values():
        if vnet.gateway_subnet is not None:
            yield vnet.gateway_subnet.id
    for proxy in network.proxies.values():
        inside = (subnet.id for subnet in network.vnets[proxy.vnet].subnets)
        yield from inside if proxy.subnet_id is None else (proxy.subnet_id,)
    yield from _led_to(network)


def _takes_for_others(machine: Machine, nic: Nic) -> bool:
    """Tell whether packets may pass the interface that are neither from nor for it, or come to it by a public one."""
    forwards = nic.ip_forwarding or machine.is_managed or machine.firewall is not None or machine.policy != ()
    return forwards or nic.public_address is not None or nic.public_ipv6 is not None


def _balanced(network: Network) -> Iterator[str]:
    for balancer in network.load_balancers.values():
        yield from (member for rule in balancer.rules for member in rule.members)
        yield from (member for rule in balancer.outbound_rules for member in rule.members)


def _led_to(network: Network) -> Iterator[str]:
    """Yield the subnets to which a route sends packets that are for others, or a firewall by another address."""
    hops = {route.next_hop_address for table in network.route_tables.values() for route in table.routes}
    hops |= {peer.next_hop for server in network.route_servers for peer in server.peers}
    rules = [rule for machine in network.machines.values() if machine.firewall for rule in machine.firewall.rules]
    hops |= {rule.translation.address for rule in rules if rule.translation is not None}
    for subnet in network.subnets():
        inside = addresses_of(subnet.prefixes)
        if any(hop in inside for hop in hops if hop is not None):
            yield subnet.id
