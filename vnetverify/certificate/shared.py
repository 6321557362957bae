"""What settles a region whoever sends, so that a certificate need not walk it from each origin.

1. What is not of the claim's service, or aims at nothing on a right side, no claim speaks of.
2. Claims about what is delivered hold where each place that could take the packet denies it, whatever way it came.
3. They hold of flows that aim at nothing but what is of one member with where they begin in `for each a, b in …`.
4. They hold of flows that the groups where they begin let none of out, whatever route they would have taken.

All need that what is delivered on a right side keeps the destination it was written with, or comes to a host by that
one's public address. It does where no firewall translates, no private link service leads elsewhere, and no load
balancer has a frontend or a member on a right side (F-ADDR-1, F-LB-2, F-PE-10, F-FW-5, R-TRAF-10). Then what ends there
anywhere else than at a host with a public address ends at its destination, past the inbound filters (F-EVAL-5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from vnetverify.certificate.regions import origins_of
from vnetverify.facts import Undetermined, World
from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.endpoints import place_of
from vnetverify.model.intents import Claim, Place, PlaceKind, Verb
from vnetverify.model.network import Network
from vnetverify.model.pieces import Pieces
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import PUBLIC, Field, Mixed, Packet, Part, is_public, lies_in
from vnetverify.simulator.admin import standing
from vnetverify.simulator.advertising import as_claimed
from vnetverify.simulator.ends import is_of_service
from vnetverify.simulator.filters import interface_at, judge_at
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.situation import Situation, situation_of

OF_DELIVERY = frozenset(
    {
        Verb.NEVER_REACHES,
        Verb.ONLY_VIA,
        Verb.NOT_VIA,
        Verb.NOT_TRANSITIVE,
        Verb.BOTTLENECK,
        Verb.LOCAL_LATENCY,
        Verb.CROSSES_AT_MOST,
    }
)
"""Verbs of claims that only what is delivered on a right side can violate."""

_Taker = tuple[Place, Interval]
"""A place of a right side, with what its addresses and a box's destinations have in common."""

Denial = tuple[Place, Direction, Packet]
"""A box that groups deny on its way into the subnet, or out of it."""

_FEW = 16
"""Where flows begin at more pieces of addresses than that, parting them tells more than asking each."""


@dataclass(frozen=True)
class Shared:
    """A claim about a network, asked of packets whoever sends them."""

    network: Network
    claim: Claim

    @cached_property
    def rights(self) -> tuple[tuple[Place, IntervalSet], ...]:
        """The places of the right sides with their addresses."""
        found: dict[Place, IntervalSet] = {}
        for right in dict.fromkeys(right for _, right in self.claim.pairs):
            for place, addresses in right.parts:
                found[place] = found.get(place, IntervalSet()) | addresses
        return tuple(sorted(found.items()))

    @cached_property
    def aims(self) -> IntervalSet:
        """The addresses of the right sides."""
        return interval_set(piece for _, addresses in self.rights for piece in addresses)

    @cached_property
    def only_drops(self) -> bool:
        """Whether filters and policies do nothing but drop: nothing translates, and no probe chooses a way."""
        return not (self._translates or self.network.load_balancers)

    @cached_property
    def may_lead_there(self) -> bool:
        """Whether something may deliver on a right side what was written for another address."""
        return self._translates or self._is_balanced_there

    @property
    def _translates(self) -> bool:
        network = self.network
        has_rules = any(machine.firewall is not None for machine in network.machines.values())
        return has_rules or bool(network.private_link_services)

    @property
    def _is_balanced_there(self) -> bool:
        """Whether a load balancer has a frontend or a member on a right side."""
        balancers = self.network.load_balancers.values()
        members = {name for balancer in balancers for rule in balancer.rules for name in rule.members}
        public = any(place.kind == PlaceKind.PUBLIC.value for place, _ in self.rights)
        return (
            (public and any(balancer.public_frontends for balancer in balancers))
            or any(self._holds(front.subnet_id, (front.address,)) for each in balancers for front in each.frontends)
            or any(nic.name in members and self._holds(nic.subnet_id, nic.addresses) for nic in self.network.nics())
        )

    @cached_property
    def _addresses_of(self) -> dict[Place, IntervalSet]:
        return dict(self.rights)

    def _holds(self, subnet_id: str, addresses: tuple[int, ...]) -> bool:
        """Hold when a right side has one of the addresses in the subnet."""
        there = self._addresses_of.get(place_of(subnet_id), IntervalSet())
        return any(address in there for address in addresses)

    @cached_property
    def leads_there_from_outside(self) -> bool:
        """Whether a public address may stand for a host of a right side, or is named there itself."""
        return any(place.kind == PlaceKind.PUBLIC.value for place, _ in self.rights) or any(
            (nic.public_address is not None or nic.public_ipv6 is not None)
            and self._holds(nic.subnet_id, nic.addresses)
            for nic in self.network.nics()
        )

    @cached_property
    def targets(self) -> Pieces:
        """The addresses of the right sides, piece by piece."""
        return Pieces.of((place, piece) for place, addresses in self.rights for piece in addresses)

    @cached_property
    def origins(self) -> Pieces:
        """The places where flows begin, with the addresses they begin from."""
        return origins_of(self.claim)

    def is_of_one_member(self, origin: Place, packet: Packet) -> bool:
        """Hold when all that the box aims at is of one member with what it comes from: no claim speaks of that."""
        takers = self.targets.meeting(packet.destination)  # of which the first mostly tells
        if self.claim.verb not in OF_DELIVERY or self.may_lead_there:
            return False
        if self.leads_there_from_outside and _may_lie_in(packet.destination, PUBLIC):
            return False
        return self._is_of_one_member(origin, packet.source, takers)

    def _is_of_one_member(self, origin: Place, source: Interval, takers: Iterable[_Taker]) -> bool:
        """Hold when all that the box aims at, which are `takers`, is of one member with `source` at `origin`."""
        members = [member for member in self.claim.apart_at(origin) if _lies_within(source, member.at(origin))]
        return all(any(_lies_within(aimed_at, member.at(place)) for member in members) for place, aimed_at in takers)

    def is_spoken_of(self, packet: Packet) -> bool:
        """Hold when the packets are of the claim's service. Raises `Mixed`."""
        return is_of_service(self.claim.service, packet)

    def denials(self, packet: Packet, world: World, *, by_routing: bool) -> tuple[Denial, ...] | None:
        """Return what is denied, and where, so that no packet of the box violates the claim, whoever sends it.

        None where that is not settled. With `by_routing` groups are not asked. Raises `Mixed` where parting the box may
        settle it.
        """
        if not self.is_spoken_of(packet):
            return ()
        if self.claim.verb in OF_DELIVERY and self.may_lead_there:
            return None
        if self.leads_there_from_outside and is_public(packet.destination):
            return None
        if not lies_in(packet.destination, self.aims):
            return ()
        if self.claim.verb not in OF_DELIVERY:
            return None
        takers = tuple(self.targets.meeting(packet.destination))
        for _, piece in takers:
            lies_in(packet.destination, IntervalSet((piece,)))  # all of the box, or it has to be parted
        world = as_claimed(self.network, self.claim.advertising, world)
        situation = None if by_routing else situation_of(self.network, world, packet.family)
        kept = self._kept_where_it_begins(situation, packet, takers)
        return kept if kept is not None or situation is None else self._kept_out(situation, packet, takers)

    def _kept_where_it_begins(
        self, situation: Situation | None, packet: Packet, takers: tuple[_Taker, ...]
    ) -> tuple[Denial, ...] | None:
        """Return what groups of `situation` deny of the box where it begins, without what the claim does not cover;
        None where they do not surely deny all of that."""
        beginning = tuple(islice(self.origins.meeting(packet.source), _FEW + 1))
        if len(beginning) > _FEW:
            return None
        found: list[Denial] = []
        for origin, source in beginning:
            if self._is_of_one_member(origin, source, takers):
                continue
            begun = replace(packet, source=Field(source.low, source.high, Part.SOURCE))
            if situation is None or not _surely_denies(situation, origin, begun):
                return None
            found.append((origin, Direction.OUTBOUND, begun))
        return tuple(found)

    def _kept_out(self, situation: Situation, packet: Packet, takers: tuple[_Taker, ...]) -> tuple[Denial, ...] | None:
        """Return what is denied of the box where it would end, without what is of one member with that; None where some
        is not. Raises `Mixed` where that may be so of a part."""
        elsewhere = self._sources_elsewhere(packet, takers)
        coming = tuple(replace(packet, source=source) for source in elsewhere)
        if all(_denies(situation, place, Direction.INBOUND, part) for part in coming for place, _ in takers):
            return tuple((place, Direction.INBOUND, part) for part in coming for place, _ in takers)
        if elsewhere != (packet.source,):
            first = elsewhere[0]
            raise Mixed(packet.source, first.high + 1 if first.low == packet.source.low else first.low)
        return None

    def _sources_elsewhere(self, packet: Packet, takers: tuple[_Taker, ...]) -> tuple[Interval, ...]:
        """Return the sources of the box without those of the member that all it aims at is of (sentence 3)."""
        source = packet.source
        for member in self.claim.apart_at(takers[0][0]):
            hull = member.hulls.get(packet.family)
            if hull is None or hull.high < source.low or source.high < hull.low:
                continue
            inside = tuple(islice(self.origins.meeting(hull), _FEW + 1))
            if len(inside) <= _FEW and all(self._is_of_one_member(*begun, takers) for begun in inside):
                last_before, first_after = self.origins.beside(hull)
                below = () if last_before is None else (Field(source.low, min(source.high, last_before), Part.SOURCE),)
                above = () if first_after is None else (Field(max(source.low, first_after), source.high, Part.SOURCE),)
                return tuple(side for side in (*below, *above) if side.low <= side.high)
        return (source,)


def _lies_within(interval: Interval, numbers: IntervalSet) -> bool:
    """Hold when all of `interval` lies in `numbers`."""
    try:
        return lies_in(interval, numbers)
    except Mixed:
        return False


def _may_lie_in(interval: Interval, numbers: IntervalSet) -> bool:
    """Hold when some of `interval` lies in `numbers`."""
    try:
        return lies_in(interval, numbers)
    except Mixed:
        return True


def _surely_denies(situation: Situation, origin: Place, packet: Packet) -> bool:
    """Hold when nothing of the box is let out of the subnet where it begins."""
    try:
        return _denies(situation, origin, Direction.OUTBOUND, packet)
    except Mixed:
        return False


def _denies(situation: Situation, place: Place, direction: Direction, packet: Packet) -> bool:
    """Hold when what stands at its end in the subnet lets none of the packets in, or out; False where not sure."""
    if place.kind != PlaceKind.SUBNET.value:
        return False
    subnet = situation.index.subnets[place.name]
    local = packet.source if direction is Direction.OUTBOUND else packet.destination
    interface = interface_at(situation, subnet, local)
    if any((subnet.vnet, address) in situation.index.endpoints for address in interface.addresses):
        return False
    return _is_denied(situation, interface, packet, direction)


def _is_denied(situation: Situation, interface: Interface, packet: Packet, direction: Direction) -> bool:
    """Hold when some group at the interface denies the packet there, whatever the world (F-EVAL-1..4).

    Rules of managers are left to the walk (F-ADM-5).
    """
    try:
        if standing(situation, interface, direction):
            return False
        judgement = judge_at(situation, interface, direction, packet, is_reply=False)
    except Undetermined:
        return False
    return not judgement.allowed
