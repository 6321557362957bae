"""What settles a region whoever sends: sentences that spare a certificate the walk from each origin.

1. What is not of the claim's service, or aims at nothing on a right side, no claim speaks of.
2. Claims about what is delivered hold where each place that could take the packet denies it, whatever way it came.

Both need that a packet keeps the destination it was written with, or comes to a host by that one's public address. It
does where no firewall translates, and where no load balancer or private link service leads elsewhere (F-ADDR-1, F-LB-2,
F-PE-10, F-FW-5, R-TRAF-10). Then what ends anywhere else than at a host with a public address ends at its destination,
past the inbound filters there (F-EVAL-5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from vnetverify.header import ICMPV6, Family, IntervalSet
from vnetverify.model.endpoints import place_of
from vnetverify.model.intents import Claim, Place, PlaceKind, Verb
from vnetverify.model.network import Network
from vnetverify.model.security import Access, Direction, Nsg
from vnetverify.rules import Undetermined, World
from vnetverify.simulator.addressing import Mixed, Packet, is_number, is_public, lies_in
from vnetverify.simulator.admin import standing
from vnetverify.simulator.ends import is_of_service
from vnetverify.simulator.filters import LAST_PRIORITY, attached, interface_at, rules_of
from vnetverify.simulator.matching import Filter, Interface, matches
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
        every = IntervalSet()
        for _, addresses in self.rights:
            every |= addresses
        return every

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

    def settles(self, packet: Packet, world: World) -> bool:
        """Hold when no packet of the box violates the claim, whoever sends it; False where that is not settled.

        Raises `Mixed` where parting the box may settle it.
        """
        if not is_of_service(self.claim.service, packet):
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
        takers = [place for place, addresses in self.rights if lies_in(packet.destination, addresses)]
        return all(_denies(situation, place, packet) for place in takers)


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
    place = Filter(situation, interface, Direction.INBOUND, packet, is_reply=False)
    return any(_surely_denies(place, nsg) for _, nsg in attached(situation, interface, Direction.INBOUND))


def _surely_denies(place: Filter, nsg: Nsg) -> bool:
    """Hold when the first rule that matches denies, whichever it is; raises `Mixed` where a rule may allow some."""
    for rule in rules_of(nsg, place.direction):
        try:
            is_match = rule.priority >= LAST_PRIORITY or matches(place, nsg.name, rule)
        except (Mixed, Undetermined) as doubt:
            if rule.access is Access.DENY:
                continue
            if isinstance(doubt, Undetermined):
                return False
            raise
        if is_match:
            return rule.access is Access.DENY
    return False
