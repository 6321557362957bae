"""What settles a region whoever sends: sentences that spare a certificate the walk from each origin.

1. What is not of the claim's service, or aims at nothing on a right side, no claim speaks of.
2. Claims about what is delivered hold where each place that could take the packet denies it, whatever way it came.
3. They hold of flows from one origin that aim at nothing but what is of one member with it in `for each a, b in …`.

All need that a packet keeps the destination it was written with, or comes to a host by that one's public address. It
does where no firewall translates, and where no load balancer or private link service leads elsewhere (F-ADDR-1, F-LB-2,
F-PE-10, F-FW-5, R-TRAF-10). Then what ends anywhere else than at a host with a public address ends at its destination,
past the inbound filters there (F-EVAL-5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from vnetverify.header import ICMPV6, Family, Interval, IntervalSet, interval_set
from vnetverify.model.endpoints import place_of
from vnetverify.model.intents import Claim, Place, PlaceKind, Verb
from vnetverify.model.network import Network
from vnetverify.model.pieces import Pieces
from vnetverify.model.security import Direction
from vnetverify.rules import Undetermined, World
from vnetverify.simulator.addressing import PUBLIC, Mixed, Packet, is_number, is_public, lies_in
from vnetverify.simulator.admin import standing
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
    def may_lead_elsewhere(self) -> bool:
        """Whether something may deliver a packet at another address than it was written with."""
        network = self.network
        has_rules = any(machine.firewall is not None for machine in network.machines.values())
        return bool(has_rules or network.load_balancers or network.private_link_services)

    @cached_property
    def leads_there_from_outside(self) -> bool:
        """Whether a public address may stand for a host of a right side."""
        places = dict(self.rights)
        return any(
            (nic.public_address is not None or nic.public_ipv6 is not None)
            and any(address in places.get(place_of(nic.subnet_id), IntervalSet()) for address in nic.addresses)
            for nic in self.network.nics()
        )

    @cached_property
    def targets(self) -> Pieces:
        """The addresses of the right sides, piece by piece."""
        return Pieces.of((place, piece) for place, addresses in self.rights for piece in addresses)

    def is_of_one_member(self, origin: Place, packet: Packet) -> bool:
        """Hold when all that the box aims at is of one member with what it comes from: no claim speaks of that."""
        if self.claim.verb not in OF_DELIVERY or self.may_lead_elsewhere:
            return False
        if self.leads_there_from_outside and _may_lie_in(packet.destination, PUBLIC):
            return False
        members = [member for member in self.claim.apart_at(origin) if _lies_within(packet.source, member.at(origin))]
        return all(
            any(_lies_within(aimed_at, member.at(place)) for member in members)
            for place, aimed_at in self.targets.meeting(packet.destination)
        )

    def is_spoken_of(self, packet: Packet) -> bool:
        """Hold when the packets are of the claim's service. Raises `Mixed`."""
        return is_of_service(self.claim.service, packet)

    def settles(self, packet: Packet, world: World) -> bool:
        """Hold when no packet of the box violates the claim, whoever sends it; False where that is not settled.

        Raises `Mixed` where parting the box may settle it.
        """
        if not self.is_spoken_of(packet):
            return True
        if self.claim.verb in OF_DELIVERY and self.may_lead_elsewhere:
            return False
        if self.leads_there_from_outside and is_public(packet.destination):
            return False
        if not lies_in(packet.destination, self.aims):
            return True
        if self.claim.verb not in OF_DELIVERY:
            return False
        situation = situation_of(self.network, world, packet.family)
        takers = list(self.targets.meeting(packet.destination))
        for _, piece in takers:
            lies_in(packet.destination, IntervalSet((piece,)))  # all of the box, or it has to be parted
        return all(_denies(situation, place, packet) for place, _ in takers)


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


def _denies(situation: Situation, place: Place, packet: Packet) -> bool:
    """Hold when nothing that stands at the destination in the subnet takes the packet; False where that is not sure."""
    if place.kind != PlaceKind.SUBNET.value:
        return False
    subnet = situation.index.subnets[place.name]
    interface = interface_at(situation, subnet, packet.destination)
    if any((subnet.vnet, address) in situation.index.endpoints for address in interface.addresses):
        return False
    return _is_denied(situation, interface, packet)


def _is_denied(situation: Situation, interface: Interface, packet: Packet) -> bool:
    """Hold when some group at the interface denies the packet on its way in, whatever the world (F-EVAL-4).

    Rules of managers, and ICMPv6, which no rule is about, are left to the walk (F-ADM-5, F-NSG-16).
    """
    if packet.family is Family.IPV6 and is_number(packet.protocol, ICMPV6):
        return False
    if standing(situation, interface, Direction.INBOUND):
        return False
    try:
        judgement = judge_at(situation, interface, Direction.INBOUND, packet, is_reply=False)
    except Undetermined:
        return False
    return not judgement.allowed
