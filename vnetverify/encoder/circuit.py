"""All paths at once: which devices a packet visits, as the least fixed point over a graph of hops.

In one world a packet has one path, so "visited" needs no step count: a device is visited when the packet
starts there or a visited device sends it there. Devices that can meet again are unrolled as often as
there are of them (R-TRAF-3: a loop delivers nothing, since no device on it delivers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import TypeGuard, assert_never

from vnetverify.encoder.appliances import own_tunnels
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import (
    Arrival,
    AtPublicAddress,
    AtSite,
    Exchanged,
    FromTunnel,
    Inside,
    Memory,
    Node,
    Onward,
    OutOfTunnel,
    Returned,
    Sender,
    Target,
    ToInterface,
    ToInternet,
    ToSite,
    ToVnet,
    Translated,
)
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Branch,
    Key,
    Term,
    all_of,
    any_of,
    branches_of,
    decision_tree,
    is_among,
    negate,
)
from vnetverify.encoder.tunnels import Tunnels
from vnetverify.encoder.walk import Hops
from vnetverify.header import IntervalSet
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Machine, Nic, Site
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction

Devices = tuple[type[Node], ...]
MACHINES: Devices = (Arrival, FromTunnel)
GATEWAYS: Devices = (Inside, OutOfTunnel, Exchanged)
"""The nodes that stand for devices of a kind: a machine and a gateway may have one name."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where packets begin: a place, the region of source addresses that stands for it in the tree, and under which
    selector; `addresses` are those in question and `condition` holds when a packet starts here at all, `lets_out` when
    nothing then keeps it from the network.

    A reply of a frontend is put out `by` the member that got the flow, one of a private endpoint by the endpoint.
    """

    place: Place
    region: IntervalSet
    addresses: IntervalSet
    selector: int = 0
    condition: Term = TRUE
    lets_out: Term = TRUE
    by: Nic | PrivateEndpoint | None = None


@dataclass(slots=True)
class Circuit:
    """The paths of `header` from `starts`. Devices named in `closed` forward nothing.

    With a `memory` the header is a reply. `relays` are appliances and sites that start a reply of their own, and
    firewalls that go on with another packet: a condition and where it leaves by. A reply that comes to a firewall ends
    there where `returning` holds of it: then it goes on as another.
    """

    hops: Hops
    tunnels: Tunnels
    header: Header
    key: Key
    starts: tuple[Start, ...]
    memory: Memory | None = None
    relays: tuple[tuple[Term, Sender | Site | Onward], ...] = ()
    closed: frozenset[str] = frozenset()
    returning: Mapping[str, Term] = field(default_factory=dict)
    _entries: dict[Target, list[Branch]] = field(default_factory=dict)
    _begun: list[tuple[Start, dict[Target, Term]]] = field(default_factory=list)
    _relayed: dict[Target, list[Term]] = field(default_factory=dict)
    _gone_on: list[tuple[str, dict[Target, Term]]] = field(default_factory=list)
    _edges: dict[Node, dict[Target, Term]] = field(default_factory=dict)
    _visited: dict[Node, Term] = field(default_factory=dict)
    _reached: dict[Target, Term] = field(default_factory=dict)

    def __post_init__(self) -> None:
        carried = self.hops.carried(self.header)
        for start in self.starts:
            self._begun.append((start, _joined(self._first_hops(start, carried))))
            for target, term in self._begun[-1][1].items():
                branches = branches_of(self.key, start.region, term, start.selector)
                self._entries.setdefault(target, []).extend(branches)
        for condition, relay in self.relays:
            onward = list(self._sent_on(relay, condition))
            for target, term in onward:
                self._relayed.setdefault(target, []).append(term)
            if isinstance(relay, Onward):
                self._gone_on.append((relay.machine.nics[0].vnet, _joined(onward)))
        self._explore()
        for group in _in_order(self._edges):
            self._settle(group)

    def _sent_on(self, relay: Sender | Site | Onward, condition: Term) -> Iterable[tuple[Target, Term]]:
        match relay:
            case Sender():
                return self.hops.send(relay, self.header, condition)
            case Onward():
                hops = self.hops.go_on(relay, self.header, condition, self.memory)
                return [(target, self._share(term)) for target, term in hops if term != FALSE]
            case Site():
                hops = self.tunnels.from_site(relay, self.header)
                return ((target, all_of(condition, term)) for target, term in hops)
            case unreachable:
                assert_never(unreachable)

    # -- what callers ask ---------------------------------------------------------------------------------

    def reaches(self, target: Target) -> Term:
        """Hold when the packet comes to `target`; for a network, given that its destination lies there."""
        if target not in self._reached:
            self._reached[target] = self._share(
                any_of(
                    self._enters(target),
                    *(
                        all_of(self._visited[node], edges[target])
                        for node, edges in self._edges.items()
                        if target in edges
                    ),
                )
            )
        return self._reached[target]

    def ends(self) -> Iterator[Target]:
        """Yield every end that some packet may come to."""
        seen = dict.fromkeys((*self._entries, *self._relayed))
        for edges in self._edges.values():
            seen.update(dict.fromkeys(edges))
        yield from (target for target in seen if not is_node(target))

    def meets(self, device: str, of: Devices = (*MACHINES, *GATEWAYS)) -> Term:
        """Hold when the packet is forwarded by the machine or gateway `device` on its way to an end."""
        return any_of(
            *(
                all_of(term, negate(self.hops.is_addressed(node, self.header)))
                for node, term in self._visited.items()
                if isinstance(node, of) and device_of(node) == device
            )
        )

    def is_admitted_by(self, device: str) -> Term:
        """Hold when the packet comes to the machine `device` and the filters of the interface let it in."""
        return any_of(
            *(
                all_of(term, self.hops.admitted(node, self.header) if isinstance(node, Arrival) else TRUE)
                for node, term in self._visited.items()
                if _machine_of(node) == device
            )
        )

    def is_passed_on_by(self, gateway: str) -> Term:
        """Hold when the packet comes to `gateway` and is sent on, whatever then becomes of it."""
        return any_of(
            *(
                all_of(term, self.tunnels.passes_on(node, self.header))
                for node, term in self._visited.items()
                if isinstance(node, Inside | OutOfTunnel) and node.gateway == gateway
            )
        )

    def passes(self, kind: type[Node] | UnionType) -> Term:
        """Hold when the packet comes to a device of this kind."""
        return any_of(*(term for node, term in self._visited.items() if isinstance(node, kind)))

    def hops_where(self, is_wanted: Callable[[str, Target], Term]) -> list[Term]:
        """Return, for the first hop and then for each device, when the packet leaves it by a wanted hop.

        A hop is told by the network that the sender stands in and by where it leads.
        """
        branches = []
        for start, hops in self._begun:
            if start.place.kind == PlaceKind.SUBNET.value:
                vnet = self.hops.estate.subnets[start.place.name].vnet
                term = any_of(*(self._wanted(vnet, target, taken, is_wanted) for target, taken in hops.items()))
                if term != FALSE:
                    branches += branches_of(self.key, start.region, self._share(term), start.selector)
        terms = [decision_tree(self.key, branches, self._share, free_outside=False)]
        for vnet, hops in self._gone_on:
            terms.append(any_of(*(self._wanted(vnet, target, taken, is_wanted) for target, taken in hops.items())))
        for node, edges in self._edges.items():
            for vnet, leaves in self._stands_in(node):
                wanted = any_of(*(self._wanted(vnet, target, taken, is_wanted) for target, taken in edges.items()))
                terms.append(all_of(self._visited[node], leaves, wanted))
        return [self._share(term) for term in terms if term != FALSE]

    def _wanted(self, vnet: str, target: Target, taken: Term, is_wanted: Callable[[str, Target], Term]) -> Term:
        """Hold when the packet takes a wanted hop; one into a network is told given that its destination lies there."""
        term = is_wanted(vnet, target)
        if term == FALSE or not isinstance(target, ToVnet):
            return all_of(taken, term)
        return all_of(taken, term, is_among(self.header.destination, self.hops.estate.spaces[target.vnet]))

    def _stands_in(self, node: Node) -> list[tuple[str, Term]]:
        """Return the networks that a device may send from, each with when it does."""
        match node:
            case Arrival() | FromTunnel():
                by_vnet: dict[str, list[Term]] = {}
                machine = self.hops.machine(node.machine)
                for nic, leaves in self.hops.exits(machine, self.header):
                    by_vnet.setdefault(nic.vnet, []).append(leaves)
                if len(by_vnet) == 1:
                    return [(vnet, TRUE) for vnet in by_vnet]
                return [(vnet, any_of(*terms)) for vnet, terms in by_vnet.items()]
            case Inside() | OutOfTunnel() | Exchanged():
                return [(self.hops.estate.network.gateways[node.gateway].vnet, TRUE)]
            case AtSite():
                return []
            case unreachable:
                assert_never(unreachable)

    def devices(self) -> tuple[str, ...]:
        names = (device_of(node) for node in self._edges)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def comes_otherwise(self, nic: Nic) -> Term:
        """Hold when the packet comes to an interface's machine, for which it is, past the filters of that interface:
        out of a tunnel, or by another one."""
        return any_of(
            *(
                all_of(term, self._edges[node].get(ToInterface(nic.name), FALSE))
                for node, term in self._visited.items()
                if isinstance(node, FromTunnel) or (isinstance(node, Arrival) and node.nic != nic.name)
            )
        )

    def machines(self) -> Iterator[Machine]:
        names = dict.fromkeys(node.machine for node in self._edges if isinstance(node, Arrival | FromTunnel))
        yield from (self.hops.machine(name) for name in names)

    def remembered(self) -> Memory:
        """Return which interfaces and machines the packet passed (F-STATE-2, F-STATE-3)."""
        passed: dict[str, Term] = {}
        left: dict[str, Term] = {}
        forgetful: dict[str, Term] = {}
        for node, term in self._visited.items():
            if isinstance(node, Arrival):
                passed[node.nic] = any_of(passed.get(node.nic, FALSE), term)
                came = self.hops.forgets(self.hops.interface(node), self.header, Direction.INBOUND)
                forgetful[node.nic] = any_of(forgetful.get(node.nic, FALSE), all_of(term, came))
            if isinstance(node, Arrival | FromTunnel):
                machine, edges = self.hops.machine(node.machine), self._edges[node]
                by_tunnel = any_of(*(edges[target] for target in edges if isinstance(target, ToSite | AtSite)))
                for nic, chosen in self.hops.exits(machine, self.header):
                    # What it sends to the Internet is from its own address, and no record of this packet (R-UDR-17).
                    outside = edges.get(ToInternet(nic.name), FALSE) if machine.firewall is None else FALSE
                    leaves = all_of(chosen, negate(outside), negate(by_tunnel))
                    left[nic.name] = self._share(any_of(left.get(nic.name, FALSE), all_of(term, leaves)))
                    passed[nic.name] = self._share(any_of(passed.get(nic.name, FALSE), all_of(term, leaves)))
                    went = self.hops.forgets(nic, self.header, Direction.OUTBOUND)
                    forgetful[nic.name] = any_of(forgetful.get(nic.name, FALSE), all_of(term, leaves, went))
        for nic in (nic for machine in self.machines() for nic in machine.nics):
            forgetful[nic.name] = any_of(forgetful.get(nic.name, FALSE), self.comes_otherwise(nic))
        met = {machine.name: self._share(self.meets(machine.name, MACHINES)) for machine in self.machines()}
        return Memory(passed, left, {name: self._share(term) for name, term in forgetful.items()}, met)

    # -- building -----------------------------------------------------------------------------------------

    @property
    def _share(self) -> Callable[[Term], Term]:
        return self.hops.filters.script.share

    def _first_hops(self, start: Start, carried: Term) -> Iterator[tuple[Target, Term]]:
        header = self.header.of(start.addresses)
        begun = all_of(start.condition, carried)
        sent = all_of(begun, start.lets_out)
        match start.place.kind:
            case PlaceKind.SUBNET.value:
                if isinstance(start.by, PrivateEndpoint):
                    hops = list(self.hops.answer(start.by, header))
                else:
                    subnet = self.hops.estate.subnets[start.place.name if start.by is None else start.by.subnet_id]
                    tunnelled = list(own_tunnels(self.hops.estate, self.hops.facts, subnet, header, start.by))
                    yield from ((end, self._share(all_of(begun, term))) for end, term in tunnelled)
                    hops = list(self.hops.send(Sender(subnet), header))
                    if hops and self.memory is None and not self.hops.by_routes_alone:
                        sent = all_of(sent, self.hops.frontends.lets_out(header, Spot(subnet)))
                    sent = all_of(sent, negate(any_of(*(term for _, term in tunnelled))))
            case PlaceKind.SITE.value:
                hops = list(self.tunnels.from_site(self.hops.estate.network.sites[start.place.name], header))
            case _:
                hops = [(AtPublicAddress(), TRUE)]
        yield from ((target, self._share(all_of(sent, term))) for target, term in hops)

    def _explore(self) -> None:
        waiting = [target for target in (*self._entries, *self._relayed) if is_node(target)]
        while waiting:
            node = waiting.pop()
            if node in self._edges:
                continue
            self._edges[node] = {target: self._share(term) for target, term in _joined(self._hop(node)).items()}
            waiting += [target for target in self._edges[node] if is_node(target)]

    def _hop(self, node: Node) -> Iterable[tuple[Target, Term]]:
        if device_of(node) in self.closed:
            return self._own_deliveries(node)
        machine = _machine_of(node)
        if machine in self.returning:
            return self._return(node, machine, self.returning[machine])
        return self._onward(node)

    def _return(self, node: Node, name: str, comes_home: Term) -> Iterator[tuple[Target, Term]]:
        """Yield where a reply goes that comes to the firewall called so, which may have translated its flow."""
        machine = self.hops.machine(name)
        yield Returned(machine.name), all_of(self.hops.is_up(machine), comes_home)
        yield from ((target, all_of(negate(comes_home), term)) for target, term in self._onward(node))

    def _onward(self, node: Node) -> Iterable[tuple[Target, Term]]:
        match node:
            case Arrival():
                return self.hops.arrive(node, self.header, self.memory)
            case FromTunnel():
                return self.hops.from_tunnel(node, self.header, self.memory)
            case Inside():
                return self.tunnels.inside(node, self.header)
            case OutOfTunnel():
                return self.tunnels.out_of_tunnel(node, self.header)
            case Exchanged():
                return self.tunnels.exchanged(node, self.header)
            case AtSite():
                return self.tunnels.at_site(node, self.header)
            case unreachable:
                assert_never(unreachable)

    def _own_deliveries(self, node: Node) -> Iterator[tuple[Target, Term]]:
        """Yield what a closed device takes for itself, and what it would have to translate."""
        if isinstance(node, Arrival | FromTunnel):
            yield from (hop for hop in self._onward(node) if isinstance(hop[0], ToInterface | Translated))

    def _enters(self, target: Target) -> Term:
        by_start = decision_tree(self.key, self._entries.get(target, []), self._share, free_outside=False)
        return any_of(by_start, *self._relayed.get(target, []))

    def _settle(self, group: list[Node]) -> None:
        """Find when each device of a group is visited; the groups that send to it are settled already."""
        outside = {
            node: any_of(
                self._enters(node),
                *(
                    all_of(self._visited[other], edges[node])
                    for other, edges in self._edges.items()
                    if other in self._visited and node in edges
                ),
            )
            for node in group
        }
        current = {node: self._share(term) for node, term in outside.items()}
        for _ in range(len(group) - 1):
            current = {
                node: self._share(
                    any_of(
                        outside[node],
                        *(
                            all_of(current[other], self._edges[other][node])
                            for other in group
                            if node in self._edges[other]
                        ),
                    )
                )
                for node in group
            }
        self._visited.update(current)


def is_node(target: Target) -> TypeGuard[Node]:
    return isinstance(target, Node)


def device_of(node: Node) -> str | None:
    """Return the name of the machine or gateway that a node stands for; None for a site, whatever it is called."""
    match node:
        case Arrival(machine) | FromTunnel(machine):
            return machine
        case Inside(gateway) | OutOfTunnel(gateway) | Exchanged(gateway):
            return gateway
        case AtSite():
            return None
        case unreachable:
            assert_never(unreachable)


def _machine_of(node: Node) -> str:
    """Return the name of the machine that a node stands for, none for a gateway or site."""
    return node.machine if isinstance(node, Arrival | FromTunnel) else ""


def _joined(hops: Iterable[tuple[Target, Term]]) -> dict[Target, Term]:
    joined: dict[Target, list[Term]] = {}
    for target, term in hops:
        if term != FALSE:
            joined.setdefault(target, []).append(term)
    return {target: any_of(*terms) for target, terms in joined.items()}


def _in_order(edges: dict[Node, dict[Target, Term]]) -> Iterator[list[Node]]:
    """Yield the devices in groups that can meet again, every group after those that send to it."""
    onward = {node: _reachable(node, edges) for node in edges}
    groups: dict[Node, list[Node]] = {}
    for node in edges:
        mates = [other for other in edges if other == node or (other in onward[node] and node in onward[other])]
        groups.setdefault(mates[0], mates)
    yield from sorted(groups.values(), key=lambda group: -len(onward[group[0]] | set(group)))


def _reachable(node: Node, edges: dict[Node, dict[Target, Term]]) -> set[Node]:
    seen: set[Node] = set()
    waiting = [node]
    while waiting:
        for target in edges[waiting.pop()]:
            if isinstance(target, Node) and target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen
