"""One hop as a relation: from a device, to which device or end, and on what condition.

R-META-3, R-PEER-11, R-SYS-9, R-UDR-5, R-UDR-6, R-UDR-7, R-UDR-9, R-UDR-10, R-UDR-11, R-UDR-12, R-UDR-17,
R-GW-13, R-GW-16, R-GW-17, R-GW-21, R-GW-22, R-GW-23, R-GW-24, R-GW-26, R-GW-29, R-SEL-7, R-TRAF-1, R-TRAF-5, R-TRAF-6,
R-TRAF-7, R-TRAF-10, R-ADDR-6, F-FW-11, F-MISC-1, F-OUT-1, F-OUT-2, F-OUT-3, F-OUT-4, F-FWD-2, F-FWD-3, F-FWD-5,
F-GWS-1, F-ADDR-8, F-FW-5, F-FW-6, F-FW-7, F-FW-8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.appliances import (
    exit_question,
    from_own_address,
    kept_for,
    machine_at,
    policy_forwards,
    tunnels,
)
from vnetverify.encoder.candidates import (
    ApplianceHop,
    Candidate,
    Class,
    EndpointHop,
    GroupHop,
    InternetHop,
    LearnedHop,
    LocalHop,
    NoHop,
    PeerHop,
    Piece,
    PrivateHop,
    UserGatewayHop,
    hop_text,
)
from vnetverify.encoder.crossing import Crossings
from vnetverify.encoder.egress import Egress
from vnetverify.encoder.endpoints import PrivateEndpoints
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.filters import Filters, Spot
from vnetverify.encoder.firewalls import FirewallPolicies
from vnetverify.encoder.frontends import Frontends
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import Header
from vnetverify.encoder.holders import held_by_mates, held_by_peers, is_held_beyond
from vnetverify.encoder.nodes import (
    Anywhere,
    Arrival,
    FromTunnel,
    Inside,
    Memory,
    Node,
    Onward,
    Sender,
    Target,
    ToInterface,
    ToInternet,
    ToVnet,
    Translated,
)
from vnetverify.encoder.routes import Routes
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, either, equals, is_among, negate
from vnetverify.header import Family, Interval, interval_set
from vnetverify.model.network import Gateway, GatewayKind, Machine, Nic, Subnet
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction


@dataclass(slots=True)
class Hops:
    """The hops of an estate. With `by_routes_alone` filters and declared policies let everything pass."""

    estate: Estate
    facts: Facts
    grounds: Grounds
    gateways: Gateways
    routes: Routes
    filters: Filters
    frontends: Frontends
    endpoints: PrivateEndpoints
    egress: Egress
    firewalls: FirewallPolicies
    by_routes_alone: bool = False
    crossings: Crossings = field(init=False)
    _implied: dict[tuple[str, int], Machine | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crossings = Crossings(self.estate, self.facts, self.grounds, self.gateways, self.routes)
        for vnet, address in self.routes.failing_next_hops():
            self.machine_at(vnet, address)

    def carried(self, header: Header) -> Term:
        """Hold when the platform carries such packets at all (R-TRAF-7)."""
        blocked = any_of(equals(header.protocol, 4), equals(header.protocol, 47))
        ordinary = header.is_ordinary
        return all_of(
            negate(blocked),
            ordinary if ordinary == TRUE else any_of(ordinary, self.facts.holds("U-R-TRAF-7")),
            negate(is_among(header.destination, self.estate.realm.not_carried)),
        )

    # -- sending by a route table -------------------------------------------------------------------------

    def send(self, sender: Sender, header: Header, condition: Term = TRUE) -> Iterator[tuple[Target, Term]]:
        """Yield where the effective routes of the sender's subnet take the packet."""
        condition = all_of(condition, self.gateways.works_in(sender.subnet.vnet))
        if sender.gateway is None:
            condition = all_of(condition, negate(is_among(header.destination, self.estate.realm.platform)))
        if condition == FALSE:
            return
        if sender.gateway is not None and sender.gateway.fastpath:  # which has it out of a circuit
            past = self.facts.holds("U-R-GW-23", sender.gateway.name)
            direct = self.routes.pieces_without_user_routes(sender.subnet, header.destination)
            yield from self._send_in(direct, sender, header, all_of(condition, past))
            condition = all_of(condition, negate(past))
        yield from self._send_in(self.routes.pieces(sender.subnet, header.destination), sender, header, condition)

    def _send_in(
        self, pieces: Sequence[Piece], sender: Sender, header: Header, condition: Term
    ) -> Iterator[tuple[Target, Term]]:
        for piece in pieces:
            if any(header.destination.meets(interval) for interval in piece.addresses):
                yield from self._send_by(piece, sender, header, condition)

    def _send_by(self, piece: Piece, sender: Sender, header: Header, condition: Term) -> Iterator[tuple[Target, Term]]:
        inside = is_among(header.destination, piece.addresses)
        undecided = condition
        for candidate in piece.choices:
            taken = all_of(undecided, candidate.condition)
            undecided = self.filters.script.share(all_of(undecided, negate(candidate.condition)))
            ground = self._route_ground(sender.subnet, candidate)
            passes = self.grounds.counts(Bearing.PASSES, ground)
            for target, term in self._follow(candidate, sender, header.to(piece.addresses)):
                here = self._inside(piece, target, header, inside)
                yield target, all_of(here, taken, passes, term)
            if (
                not isinstance(candidate.hop, LocalHop | PeerHop | GroupHop | PrivateHop)
                and candidate.rule != "R-SYS-10"
            ):
                ignored = negate(self.grounds.counts(Bearing.STOPS, ground))
                yield Anywhere(isinstance(candidate.hop, InternetHop | EndpointHop)), all_of(inside, taken, ignored)

    def _inside(self, piece: Piece, target: Target, header: Header, inside: Term) -> Term:
        if isinstance(target, ToVnet):  # used only where the destination is known to lie in that network
            return is_among(header.destination.narrowed(self.estate.spaces[target.vnet]), piece.addresses)
        return inside

    def _route_ground(self, subnet: Subnet, candidate: Candidate) -> Ground:
        hop = hop_text(candidate)
        table = subnet.route_table if candidate.kind is Class.USER else None
        group = f"routes of {subnet.vnet}" if table is None else f"route table {table}"
        what = str(candidate.prefix) if candidate.told_by is None else f"what {candidate.told_by} announces"
        return Ground(group, f"{what} {hop}", candidate.rule, candidate.span)

    def selected(self, header: Header, subnet: Subnet, is_wanted: Callable[[Candidate], bool]) -> Term:
        """Hold when the selected route of a subnet for the destination is a wanted one."""
        terms = []
        for piece in self.routes.pieces(subnet, header.destination):
            undecided = is_among(header.destination, piece.addresses)
            for candidate in piece.choices:
                if undecided != FALSE and is_wanted(candidate):
                    counts = self.grounds.counts(Bearing.PASSES, self._route_ground(subnet, candidate))
                    terms.append(all_of(undecided, candidate.condition, counts))
                undecided = self.filters.script.share(all_of(undecided, negate(candidate.condition)))
        return any_of(*terms)

    def _follow(self, candidate: Candidate, sender: Sender, header: Header) -> Iterator[tuple[Target, Term]]:
        vnet = sender.subnet.vnet
        match candidate.hop:
            case NoHop():
                return
            case LocalHop(by_user):
                yield ToVnet(vnet), TRUE
                if by_user:
                    yield from self._by_peering(sender, header)
            case PeerHop(peer):
                yield ToVnet(peer), self._deliver_beyond(peer, sender, header)
            case PrivateHop(_, owner):
                yield ToVnet(owner), self.crossings.over_peering(vnet, owner, sender, header, header.destination)
            case GroupHop(mate):
                yield ToVnet(mate), self._deliver_to_mate(mate, sender, header)
            case EndpointHop():
                if sender.gateway is None:
                    yield ToInternet(None if sender.nic is None else sender.nic.name, for_service=True), TRUE
            case InternetHop(by_user):
                yield from self._to_internet(by_user, sender, header)
            case ApplianceHop(address, owner):
                if owner is not None:
                    yield from self._to_appliance(address, owner, sender, header)
            case UserGatewayHop():
                for inside, term in self.enter_by_user(sender):
                    yield inside, all_of(term, self.crossings.into_gateway(inside.gateway, sender, header))
            case LearnedHop(gateway):
                if not sender.from_tunnel:  # out of a tunnel, another gateway's route leads nowhere (R-GW-16)
                    yield Inside(gateway, False), self.crossings.into_gateway(gateway, sender, header)
            case unreachable:
                assert_never(unreachable)

    def _deliver_to_mate(self, mate: str, sender: Sender, header: Header) -> Term:
        """Hold when a connected group delivers the packet, which two of its members must not both claim (R-CG-4)."""
        vnet = sender.subnet.vnet
        clash = is_among(header.destination, self.estate.overlapped(vnet, mate))
        ground = Ground("connected groups", f"drop what {mate} and another member both have", "R-CG-4")
        counts = self.grounds.counts(Bearing.STOPS, ground) if clash != FALSE else TRUE
        reached = all_of(
            self.endpoints.is_joined_to_group(mate, header), self.frontends.crosses_regions(vnet, mate, header)
        )
        return all_of(negate(all_of(clash, counts)), self.crossings.to_mate(sender), reached)

    def _to_internet(self, by_user: bool, sender: Sender, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield ways out; a user route to the Internet may leave to its own route what others hold (R-UDR-6)."""
        there = is_held_beyond(self.gateways, sender.subnet.vnet, header.destination) if by_user else FALSE
        if there == FALSE:
            yield from self.egress.leave(sender, header)
            return
        yield from self._by_peering(sender, header)
        stays = all_of(there, self.facts.holds("U-R-UDR-6"))
        yield from ((target, all_of(negate(stays), term)) for target, term in self.egress.leave(sender, header))

    def _to_appliance(self, address: int, owner: str, sender: Sender, header: Header) -> Iterator[tuple[Target, Term]]:
        vnet = sender.subnet.vnet
        if owner in self.estate.mates(vnet):
            crosses = self.crossings.to_mate(sender)
        else:
            crosses = self.crossings.over_peering(vnet, owner, sender, header, self.estate.known_address(address))
        balanced = self.estate.balanced_at.get((owner, address))
        if balanced is not None:
            for nic, term in self.frontends.carriers(balanced, header):
                yield Arrival(self.estate.machine_of[nic.name].name, nic.name), all_of(crosses, term)
            return
        machine = self.machine_at(owner, address)
        if machine is not None:
            nic = next(nic for nic in machine.nics if address in nic.addresses and nic.vnet == owner)
            yield Arrival(machine.name, nic.name), crosses

    def _deliver_beyond(self, peer: str, sender: Sender, header: Header) -> Term:
        """Hold when a peering delivers the packet, be it to a host or a frontend (R-PEER-11, F-LB-6)."""
        vnet = sender.subnet.vnet
        return all_of(
            self.crossings.over_peering(vnet, peer, sender, header, header.destination),
            self.frontends.crosses_regions(vnet, peer, header),
        )

    def answer(self, endpoint: PrivateEndpoint, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield where a reply of a private endpoint goes (R-SYS-12)."""
        vnet, sender = endpoint.vnet, Sender(self.estate.subnets[endpoint.subnet_id])
        works = self.gateways.works_in(vnet)

        def crosses(other: str) -> Term:
            return self.crossings.over_peering(vnet, other, sender, header, header.destination)

        for target, term in self.endpoints.answers(endpoint, header, crosses):
            beyond = TRUE
            if isinstance(target, Inside):
                beyond = self.crossings.into_gateway(target.gateway, sender, header)
            yield target, all_of(works, term, beyond)

    def _by_peering(self, sender: Sender, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield deliveries to peers and mates although a user route says VnetLocal or Internet (R-UDR-6, R-CG-4)."""
        vnet, peers = sender.subnet.vnet, held_by_peers(self.gateways, sender.subnet.vnet, header.destination)
        mates = held_by_mates(self.gateways, vnet, header.destination)
        by_peering = any_of(*(there for _, there in peers))
        chosen = self.facts.one_of([*mates, ("a peer", by_peering)], "U-R-CG-4", vnet)
        for peer, there in peers:
            delivered = self._deliver_beyond(peer, sender, header)
            yield ToVnet(peer), all_of(there, chosen[-1], self.facts.holds("U-R-UDR-6"), delivered)
        for (mate, _), here in zip(mates, chosen, strict=False):
            delivered = self._deliver_to_mate(mate, sender, header)
            yield ToVnet(mate), all_of(here, self.facts.holds("U-R-UDR-6"), delivered)

    def enter_by_user(self, sender: Sender) -> Iterator[tuple[Inside, Term]]:
        """Yield the gateways that a user route to a gateway leads into (R-UDR-5)."""
        vnet, served = sender.subnet.vnet, self.gateways.is_served
        serving = [(gateway, served(vnet, gateway.vnet)) for gateway in self.gateways.servers(vnet)]
        otherwise = TRUE
        for gateway, term in serving:
            others = any_of(*(there for other, there in serving if other is not gateway))
            if gateway.kind is GatewayKind.VPN:  # a network has the use of one at most
                alone = all_of(term, negate(others))
                otherwise = negate(alone)
                yield Inside(gateway.name, True), alone
        if otherwise != FALSE:
            yield from self._enter_unsupported(sender, serving, otherwise)

    def _enter_unsupported(
        self, sender: Sender, serving: Sequence[tuple[Gateway, Term]], otherwise: Term
    ) -> Iterator[tuple[Inside, Term]]:
        """Yield the gateways that a user route may lead to all the same: serving ones, or where none is, peers'."""
        vnet = sender.subnet.vnet
        peers, unserved = self.estate.peers(vnet), negate(any_of(*(term for _, term in serving)))
        present = [(gateway.name, term) for gateway, term in serving]
        present += [
            (gateway.name, all_of(unserved, self.gateways.is_peering_up(vnet, gateway.vnet)))
            for gateway in self.estate.network.gateways.values()
            if gateway.vnet in peers and unserved != FALSE
        ]
        allowed = all_of(otherwise, self.facts.holds("U-R-UDR-5"))
        for (name, _), term in zip(present, self.facts.one_of(present, "U-R-SEL-7", sender.subnet.id), strict=True):
            yield Inside(name, True), all_of(allowed, term)

    # -- appliances ---------------------------------------------------------------------------------------

    def machine_at(self, vnet: str, address: int) -> Machine | None:
        """Return the machine that holds `address`, or the undeclared appliance that a route implies there."""
        if (vnet, address) not in self._implied:
            self._implied[vnet, address] = machine_at(self.estate, vnet, address)
        return self._implied[vnet, address]

    def implied_machines(self) -> tuple[Machine, ...]:
        """Return the undeclared appliances that routes met so far imply."""
        declared = self.estate.network.machines
        return tuple(m for m in self._implied.values() if m is not None and m.name not in declared)

    def implied_nics(self, subnet_id: str) -> list[Nic]:
        return [nic for machine in self.implied_machines() for nic in machine.nics if nic.subnet_id == subnet_id]

    def machine(self, name: str) -> Machine:
        declared = self.estate.network.machines.get(name)
        if declared is not None:
            return declared
        return {machine.name: machine for machine in self.implied_machines()}[name]

    def arrive(self, node: Arrival, header: Header, memory: Memory | None) -> Iterator[tuple[Target, Term]]:
        """Yield where a machine sends a packet that reached one of its interfaces (R-UDR-10, R-UDR-11)."""
        machine = self.machine(node.machine)
        nic = self.interface(node)
        works = all_of(self.is_up(machine), self.gateways.works_in(nic.vnet))
        admitted = all_of(works, self._filtered(nic, header, Direction.INBOUND, memory))
        yield from self._for_itself(machine, nic, header, admitted, memory)
        if nic.ip_forwarding:
            for other in kept_for(machine, nic):
                keeps = all_of(negate(_is_for(nic, header)), self.facts.holds("U-OWNADDR", machine.name))
                yield from self._for_itself(machine, other, header, all_of(admitted, keeps), memory)
            onward = all_of(negate(self.is_addressed(node, header)), admitted)
            yield from self._forward(machine, header, onward, memory)

    def is_addressed(self, node: Node, header: Header) -> Term:
        """Hold when the packet is for the machine that it reached, out of a tunnel by any of its addresses."""
        match node:
            case Arrival(name):
                machine, nic = self.machine(name), self.interface(node)
                others = any_of(*(_is_for(other, header) for other in kept_for(machine, nic)))
                if others == FALSE:
                    return _is_for(nic, header)
                return any_of(_is_for(nic, header), all_of(others, self.facts.holds("U-OWNADDR", name)))
            case FromTunnel(name):
                return any_of(*(_is_for(nic, header) for nic in self.machine(name).nics))
            case _:
                return FALSE

    def _for_itself(
        self, machine: Machine, nic: Nic, header: Header, condition: Term, memory: Memory | None
    ) -> Iterator[tuple[Target, Term]]:
        """Yield where a packet ends, or goes on by a NAT rule, that is for the machine itself at an interface."""
        addressed = all_of(_is_for(nic, header), condition)
        if addressed == FALSE:
            return
        here = header.to(interval_set(Interval(address, address) for address in nic.addresses))
        keeps = TRUE if memory is not None else negate(self.turns_away(machine, here))
        yield ToInterface(nic.name), all_of(addressed, keeps)
        if memory is None and machine.firewall is not None:
            for target, term in self.firewalls.entering(machine, machine.firewall, here, None):
                yield target, all_of(addressed, term)

    def turns_away(self, machine: Machine, header: Header, at: str | None = None) -> Term:
        """Hold when nothing at `machine` takes what is addressed to itself, at the public address called `at` or at a
        private one: so it is at a managed firewall (F-FW-6). What its NAT rules translate goes on as another packet."""
        if not machine.is_managed:
            return FALSE
        if self.by_routes_alone:
            policy = machine.firewall
            return FALSE if policy is None else self.firewalls.keeps_nothing(machine, policy, header, at)
        group, what = f"firewall {machine.name}", "takes nothing for itself"
        ground = Ground(group, what, "F-FW-6", machine.span, of_filter=True)
        return self.grounds.counts(Bearing.STOPS, ground)

    def admitted(self, node: Arrival, header: Header) -> Term:
        """Hold when the filters of the interface let a first packet in."""
        nic = self.interface(node)
        works = all_of(self.is_up(self.machine(node.machine)), self.gateways.works_in(nic.vnet))
        return all_of(works, self._filtered(nic, header, Direction.INBOUND, None))

    def interface(self, node: Arrival) -> Nic:
        return next(nic for nic in self.machine(node.machine).nics if nic.name == node.nic)

    def from_tunnel(self, node: FromTunnel, header: Header, memory: Memory | None) -> Iterator[tuple[Target, Term]]:
        machine = self.machine(node.machine)
        works = self.is_up(machine)
        for nic in machine.nics:
            yield from self._for_itself(machine, nic, header, works, memory)
        yield from self._forward(machine, header, all_of(works, negate(self.is_addressed(node, header))), memory)

    def is_up(self, machine: Machine) -> Term:
        """Hold when a machine works, as far as the claim lets appliances fail (I-FAILURES)."""
        return self.gateways.works(machine)

    def exits(self, machine: Machine, header: Header) -> list[tuple[Nic, Term]]:
        """Return when a machine that forwards a packet puts it out by each interface, if the filters there let it."""
        nics = [(nic.name, TRUE) for nic in machine.nics]
        chosen = self.facts.one_of(nics, exit_question(header), machine.name, called=header.called)
        return [(nic, term) for nic, term in zip(machine.nics, chosen, strict=True) if nic.ip_forwarding]

    def _forward(
        self, machine: Machine, header: Header, condition: Term, memory: Memory | None
    ) -> Iterator[tuple[Target, Term]]:
        condition = all_of(condition, self._passes_family(machine))
        if memory is not None or machine.firewall is None:
            passes = self.forwards(machine, header, memory)
            yield from self._put_out(machine, header, all_of(condition, passes), memory, None)
            return
        for target, term in self.firewalls.steered(machine, machine.firewall, header):
            if target is None:
                condition = all_of(condition, negate(term))
            else:
                yield target, all_of(condition, term)
        passing = self.firewalls.passing(machine, machine.firewall, header)
        owns_source = None if self.by_routes_alone else FALSE
        yield from self._put_out(machine, header, all_of(condition, passing.kept), memory, owns_source)
        yield Translated(machine.name, owns_source=True), all_of(condition, passing.replaced)

    def go_on(
        self, relay: Onward, header: Header, condition: Term, memory: Memory | None
    ) -> Iterator[tuple[Target, Term]]:
        """Yield where a firewall sends a packet that it has translated, or the reply to one (F-FW-5, F-FW-7)."""
        owns_source = TRUE if relay.owns_source else FALSE
        return self._put_out(relay.machine, header, condition, memory, owns_source)

    def _put_out(
        self, machine: Machine, header: Header, condition: Term, memory: Memory | None, owns_source: Term | None
    ) -> Iterator[tuple[Target, Term]]:
        for end, term in tunnels(self.estate, self.facts, machine, header):
            yield end, all_of(condition, term)
            condition = all_of(condition, negate(term))
        for nic, chosen in self.exits(machine, header):
            sender = Sender(self.estate.subnets[nic.subnet_id], machine=machine, nic=nic, owns_source=owns_source)
            lets_out = self._filtered(nic, header, Direction.OUTBOUND, memory)
            for target, term in self.send(sender, header, all_of(condition, chosen)):
                allowed = lets_out
                is_outside = isinstance(target, ToInternet) and not target.for_service
                if is_outside and memory is None and machine.firewall is None:
                    own = from_own_address(self.estate, nic, header)
                    allowed = self._filtered(nic, own, Direction.OUTBOUND, None)
                yield target, all_of(term, allowed)

    def _passes_family(self, machine: Machine) -> Term:
        """Hold when a machine forwards packets of this family at all: managed firewalls are IPv4's (F-FW-11)."""
        if self.estate.family is Family.IPV4 or not machine.is_managed:
            return TRUE
        return self.facts.holds("U-FWV6", machine.name)

    def _filtered(self, nic: Nic, header: Header, direction: Direction, memory: Memory | None) -> Term:
        if self.by_routes_alone:
            return TRUE
        spot, is_out = self._spot(nic), direction is Direction.OUTBOUND
        if memory is None and is_out:
            return self.frontends.lets_out(header, spot)
        allowed = self.filters.allow(header, spot, direction)
        if memory is None:
            return allowed
        at_end, unrecorded = memory.at_end(nic)
        passed = any_of(memory.passed.get(nic.name, FALSE), at_end)
        forgotten = any_of(memory.forgetful.get(nic.name, FALSE), unrecorded)
        if forgotten != FALSE and not is_out:
            as_new = self.frontends.takes_as_new(header.reversed(), spot)
            allowed = either(memory.left.get(nic.name, FALSE), as_new, allowed)
        return any_of(all_of(passed, negate(forgotten)), allowed)

    def forgets(self, nic: Nic, header: Header, direction: Direction) -> Term:
        """Hold when a packet that passes an interface leaves no record of its flow there (F-ADM-18)."""
        if direction is Direction.OUTBOUND:
            return self.frontends.sender_forgets(header, self._spot(nic))
        return self.filters.forget(header, self._spot(nic), direction)

    def _spot(self, nic: Nic) -> Spot:
        return Spot(self.estate.subnets[nic.subnet_id], nic)

    def is_stateful(self, machine: Machine) -> Term:
        """Hold when a machine drops packets of flows that it did not see begin (R-TRAF-2)."""
        if machine.stateful is None:
            return self.facts.holds("U-STATEFUL", machine.name)
        return TRUE if machine.stateful else FALSE

    def forwards(self, machine: Machine, header: Header, memory: Memory | None) -> Term:
        """Hold when the policy of a machine forwards the packet, or it remembers the flow.

        A firewall with rules keeps state: a reply passes it where its flow did.
        """
        remembered = FALSE if memory is None else memory.met.get(machine.name, FALSE)
        if machine.firewall is not None:
            return remembered
        if machine.policy is None:
            return self.facts.holds("U-FORWARDS", machine.name)
        if self.by_routes_alone:
            return TRUE
        result = policy_forwards(machine, machine.policy, header, self.grounds)
        if remembered != FALSE:
            result = any_of(all_of(self.is_stateful(machine), remembered), result)
        return result


def _is_for(nic: Nic, header: Header) -> Term:
    """Hold when the packet is for an address of the interface."""
    return any_of(*(equals(header.destination, address) for address in nic.addresses))
