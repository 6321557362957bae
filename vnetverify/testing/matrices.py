"""A matrix against the simulator: packets of every pair, in worlds that somebody draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random

from vnetverify.facts import World
from vnetverify.header import ICMP, TCP, UDP, Family, Flow, IntervalSet
from vnetverify.matrix.answers import ALL, ANSWERED, ARRIVES, MAY_ARRIVE, MAY_BE_ANSWERED, MAY_PASS_NONE
from vnetverify.matrix.matrix import Matrix, matrix_of
from vnetverify.matrix.witnesses import Expected, witnesses
from vnetverify.model.endpoints import Endpoints, place_of
from vnetverify.model.network import DeploymentModel, Era, Network, Vnet
from vnetverify.model.planes import plane
from vnetverify.model.security import AddressPrefixes
from vnetverify.model.services import EVERY_CONVERSATION
from vnetverify.simulator.positions import Delivered
from vnetverify.simulator.walk import converse

_PROTOCOLS = (TCP, TCP, UDP, ICMP)


def within_classes(network: Network) -> Network:
    """Return the network without what classes leave to others, so that they decide more of it."""
    halves = tuple(
        replace(half, local_subnets=None, remote_subnets=None, remote_space=None, only_ipv6=False)
        for half in network.peerings
    )
    vnets = {name: _plain(vnet) for name, vnet in network.vnets.items()}
    return replace(
        network, era=Era.CURRENT, vnets=vnets, gateways={}, connections=(), sites={}, route_servers=(),
        connected_groups=(), peerings=halves,
    )  # fmt: skip


def _plain(vnet: Vnet) -> Vnet:
    subnets = tuple(replace(subnet, service_endpoints=()) for subnet in vnet.subnets)
    return replace(vnet, model=DeploymentModel.RESOURCE_MANAGER, subnets=subnets)


def difference_in_matrix(network: Network, worlds: Sequence[World], seed: int, flows: int) -> str | None:
    """Return what the simulator finds otherwise than a matrix of the network, in some of `worlds`; None if nothing."""
    network = plane(network, Family.IPV4)
    matrix = matrix_of(network, EVERY_CONVERSATION, {})
    for expected in witnesses(matrix, 10_000, of_every_pair=True):
        found = _unlike(network, expected)
        if found is not None:
            return f"{expected.flow} from {expected.sender} to {expected.receiver}: {found}"
    dice, endpoints = Random(seed), Endpoints(network)
    ports, numbers = _ports(network), _numbers(network)
    for line, sender in enumerate(matrix.senders):
        sources = _telling(endpoints.of_subnet(sender).at(place_of(sender.id)), numbers)
        for column, receiver in enumerate(matrix.receivers):
            targets = _telling(endpoints.of_subnet(receiver).at(place_of(receiver.id)), numbers)
            for _ in range(flows if sender.id != receiver.id else 0):
                flow = _drawn(dice, sources, targets, ports)
                found = _judged(network, matrix, (line, column), flow, dice.choice(worlds))
                if found is not None:
                    return f"{flow} from {sender.id} to {receiver.id}: {found}"
    return None


def _unlike(network: Network, expected: Expected) -> str | None:
    """Return what becomes of a flow as documented, where a matrix expects something else."""
    found = converse(network, place_of(expected.sender), expected.flow, World())
    end = place_of(expected.receiver)
    arrives = isinstance(found.forward.outcome, Delivered) and found.forward.outcome.place == end
    if expected.arrives not in (None, arrives):
        return f"it arrives: {arrives}"
    if expected.answered not in (None, arrives and found.established):
        return f"it is answered: {found.established}"
    return None


def _judged(network: Network, matrix: Matrix, pair: tuple[int, int], flow: Flow, world: World) -> str | None:
    """Return what the matrix has wrong about a flow, as documented and in a world."""
    codes = matrix.codes[pair[0]][pair[1]]
    if flow.source == flow.destination:
        return None
    for code, read_in in ((codes, world), (matrix.documented[pair[0]][pair[1]], World())):
        origin, end = (place_of(matrix.senders[pair[0]].id), place_of(matrix.receivers[pair[1]].id))
        found = converse(network, origin, flow, read_in)
        arrives = isinstance(found.forward.outcome, Delivered) and found.forward.outcome.place == end
        answered = arrives and found.established
        if arrives and not code & MAY_ARRIVE:
            return "it arrives"
        if answered and not code & MAY_BE_ANSWERED:
            return "it is answered"
        if not answered and code & ALL:
            return "it is not answered"
        if arrives and not code & MAY_PASS_NONE and not any(device.is_appliance for device in found.forward.devices):
            return "it passes no appliance"
        if code & ANSWERED and not code & ARRIVES:
            return "it is answered and does not arrive"
    return None


def _drawn(dice: Random, sources: Sequence[int], targets: Sequence[int], ports: Sequence[int]) -> Flow:
    protocol = dice.choice(_PROTOCOLS)
    here, there = (0, 0) if protocol == ICMP else (dice.choice(ports), dice.choice(ports))
    return Flow(protocol, dice.choice(sources), here, dice.choice(targets), there)


def _telling(hosts: IntervalSet, numbers: Iterable[int]) -> list[int]:
    """Return addresses of `hosts` at borders: its own, and those that something names."""
    own = {number for interval in hosts for number in (interval.low, interval.high)}
    return sorted(own | {number for number in numbers if number in hosts})


def _numbers(network: Network) -> list[int]:
    """Return the addresses at the borders of what rules and routes name, and those around interfaces."""
    found: set[int] = set()
    for group in network.nsgs.values():
        for rule in group.rules:
            for field in (rule.source, rule.destination):
                prefixes = field.prefixes if isinstance(field, AddressPrefixes) else ()
                found |= {number for p in prefixes for number in (p.value - 1, p.value, p.last, p.last + 1)}
    for table in network.route_tables.values():
        found |= {number for route in table.routes for number in (route.prefix.value, route.prefix.last + 1)}
    for nic in network.nics():
        found |= {number for address in nic.addresses for number in (address - 1, address, address + 1)}
    return sorted(found)


def _ports(network: Network) -> list[int]:
    found = {0, 22, 443, 49152, 65535}
    for ports in _named_ports(network):
        found |= {number for interval in ports for number in (interval.low, interval.high)}
        found |= {interval.high + 1 for interval in ports if interval.high < 65535}
    return sorted(found)


def _named_ports(network: Network) -> Iterator[IntervalSet]:
    for group in network.nsgs.values():
        for rule in group.rules:
            yield from (rule.source_ports, rule.destination_ports)
    for machine in network.machines.values():
        yield from (line.destination_ports for line in machine.policy or ())
