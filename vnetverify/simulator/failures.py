"""What is down: the elements that a claim lets fail, and those of them that a world takes down (I-FAILURES)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from vnetverify.facts import Uncertainty, World, uncertainty
from vnetverify.header import address_text
from vnetverify.model.intents import FailureKind, Failures
from vnetverify.model.network import Machine, Network
from vnetverify.simulator.addressing import host_subnet, point
from vnetverify.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Element:
    """Something that can fail, as its fact and a story call it: `gateway hub-vpn`, `peering hub -> spoke`.

    `stands_at` are the vnet and the address of an appliance that a route implies.
    """

    kind: FailureKind
    name: str
    span: Span = field(default=NOWHERE, compare=False)
    stands_at: tuple[str, int] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"

    @property
    def is_down(self) -> Uncertainty:
        """The fact that it is down."""
        return uncertainty("U-DOWN", str(self))


def elements_of(network: Network, failures: Failures) -> Iterator[Element]:
    """Return the elements of the kinds that may fail; both halves of a peering are one."""
    if FailureKind.GATEWAY in failures.kinds:
        yield from (Element(FailureKind.GATEWAY, g.name, g.span) for g in network.gateways.values())
    if FailureKind.APPLIANCE in failures.kinds:
        machines = (machine for machine in network.machines.values() if _is_appliance(network, machine))
        yield from (Element(FailureKind.APPLIANCE, machine.name, machine.span) for machine in machines)
        yield from _implied_appliances(network)
    if FailureKind.CONNECTION in failures.kinds:
        yield from (Element(FailureKind.CONNECTION, c.name, c.span) for c in network.connections)
    if FailureKind.PEERING in failures.kinds:
        yield from peerings_of(network).values()


def _is_appliance(network: Network, machine: Machine) -> bool:
    """Hold when the machine carries what is not its own: by a forwarding interface, or by what it announces."""
    announces = any(peer.machine == machine.name for server in network.route_servers for peer in server.peers)
    return announces or any(nic.ip_forwarding for nic in machine.nics)


def _implied_appliances(network: Network) -> Iterator[Element]:
    """Yield what routes may imply at addresses that nobody is declared to hold: routes that some subnet has."""
    held = {(nic.vnet, address) for nic in network.nics() for address in nic.addresses}
    held |= {(f.vnet, f.address) for balancer in network.load_balancers.values() for f in balancer.frontends}
    held |= {(e.vnet, address) for e in network.private_endpoints.values() for address in e.addresses}
    spans = {(address, vnet): span for address, vnet, span in _next_hops(network)}
    for (address, name), span in spans.items():
        subnet = host_subnet(network.vnets[name], point(address))
        if subnet is not None and (name, address) not in held:
            yield Element(FailureKind.APPLIANCE, f"{address_text(address)} in {subnet.id}", span, (name, address))


def _next_hops(network: Network) -> Iterator[tuple[int, str, Span]]:
    """Yield the next hops of routes, each with a network in which packets that follow them may be sent there."""
    for server in network.route_servers:
        for peer in server.peers:
            own = network.machines[peer.machine].nics[0].addresses
            for hop in own if peer.next_hop is None else (peer.next_hop,):
                for vnet in (server.vnet, *_users(network, server.vnet)):
                    yield from ((hop, holder, server.span) for holder in _holders(network, vnet, hop))
    for subnet in (subnet for vnet in network.vnets.values() for subnet in vnet.subnets):
        for route in () if subnet.route_table is None else network.route_tables[subnet.route_table].routes:
            address = route.next_hop_address
            if address is not None:
                yield from ((address, holder, route.span) for holder in _holders(network, subnet.vnet, address))


def _users(network: Network, vnet: str) -> Iterator[str]:
    """Yield the networks that say they use the gateways of `vnet`, and so the routes of a Route Server there."""
    return (half.local for half in network.peerings if half.remote == vnet and half.use_remote_gateways)


def _holders(network: Network, vnet: str, address: int) -> tuple[str, ...]:
    """Return where packets from a network find a next hop: in a range of its own, else in one that it is joined to."""
    is_own = any(whole.value <= address <= whole.last for whole in network.vnets[vnet].address_space)
    return (vnet,) if is_own else _near(network, vnet)


def _near(network: Network, vnet: str) -> tuple[str, ...]:
    """Return the network itself and those that it is joined to by a peering or a connected group."""
    joined: list[tuple[str, ...]] = [(half.local, half.remote) for half in network.peerings]
    joined += [group.members for group in network.connected_groups]
    return tuple(dict.fromkeys((vnet, *(name for names in joined if vnet in names for name in names))))


def peerings_of(network: Network) -> dict[frozenset[str], Element]:
    """Return the peerings by the two vnets that they join, each called as the half declared first."""
    peerings: dict[frozenset[str], Element] = {}
    for half in network.peerings:
        element = Element(FailureKind.PEERING, half.id, half.span)
        peerings.setdefault(frozenset((half.local, half.remote)), element)
    return peerings


_latest: list[tuple[Network, Failures, tuple[tuple[Element, str], ...]]] = []
_KEPT = 4


def _doubts(network: Network, failures: Failures) -> tuple[tuple[Element, str], ...]:
    """Return what may fail, each with the name of the fact that it is down. Those asked about lately are kept."""
    for of, kept, elements in tuple(_latest):
        if of is network and kept == failures:
            return elements
    found = tuple((element, str(element.is_down)) for element in elements_of(network, failures))
    _latest[:] = [(network, failures, found), *_latest][:_KEPT]
    return found


def down_in(network: Network, world: World, failures: Failures | None) -> tuple[Element, ...]:
    """Return what `world` takes down of what may fail, in order of declaration kind by kind; a partial one surely."""
    if failures is None:
        return ()
    elements = _doubts(network, failures)
    if world.partial:
        return tuple(element for element, fact in elements if world.facts.get(fact))
    return tuple(element for element, _ in elements if world.holds(element.is_down))


def doubted_in(network: Network, world: World, failures: Failures | None) -> tuple[Element, ...]:
    """Return what a partial world leaves open whether it is down; nothing where no more than surely is may fail."""
    if failures is None or not world.partial or len(down_in(network, world, failures)) >= failures.most:
        return ()
    elements = _doubts(network, failures)
    return tuple(element for element, fact in elements if world.facts.get(fact) is None)


def with_implied(occupied: Mapping[str, tuple[int, ...]], elements: Iterable[Element]) -> dict[str, tuple[int, ...]]:
    """Return the occupied addresses with those of appliances that routes imply: one that is down gets nothing."""
    taken = {vnet: set(addresses) for vnet, addresses in occupied.items()}
    for element in elements:
        if element.stands_at is not None:
            vnet, address = element.stands_at
            taken.setdefault(vnet, set()).add(address)
    return {vnet: tuple(sorted(addresses)) for vnet, addresses in taken.items()}
