"""Public frontends of load balancers: what comes in to them, and the filters of the member that gets it.

Rules R-TRAF-10, F-ADDR-1, F-LB-2, F-LB-4, F-LB-7, F-LB-8, F-LB-9, F-PIP-1, F-PIP-5 and F-PIP-6.
"""

from __future__ import annotations

from vnetverify.model.balancers import PublicFrontend
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import address_in, lowest_text
from vnetverify.simulator.filters import PublicEntry, declared_interface, judge_entry
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.pools import (
    Balanced,
    address_of,
    answers_itself,
    end_at_frontend,
    noted_member,
    port_at,
    rule_for,
    seen_by_member,
)
from vnetverify.simulator.positions import Delivered, Dropped


def enter_at_frontend(journey: Journey, balanced: Balanced[PublicFrontend], entered_from: Place) -> Delivered | Dropped:
    """Return the delivery to a member, past its filters, of what came in to a public frontend (F-LB-2, F-LB-7)."""
    balancer, frontend, packet = balanced.balancer, balanced.frontend, journey.packet
    journey.entered_from = entered_from
    what = f"{lowest_text(packet.destination)} is frontend {frontend.name} of load balancer {balancer.name}"
    journey.note(balancer.name, what, "F-ADDR-1" if entered_from == INTERNET else "R-TRAF-10", frontend.span)
    if answers_itself(journey.situation, balanced, packet):
        return end_at_frontend(journey, balanced, address_in(packet.destination))
    rule = rule_for(journey.situation, balanced, packet)
    if rule is None:
        rule_id = "F-LB-9" if packet.is_icmp else "F-LB-2"
        return journey.drop(balancer.name, f"no rule of {balancer.name} is for it", rule_id, frontend.span)
    member = noted_member(journey, balanced, rule)
    if member is None:
        return journey.drop(balancer.name, f"no member behind {balancer.name} gets new flows", "F-LB-4", rule.span)
    if member.name == journey.began_at:
        reason = f"{balancer.name} gives it back to {member.machine}, its sender"
        return journey.drop(balancer.name, reason, "F-LB-8", rule.span)
    interface = declared_interface(journey.situation, member)
    without_ipv6 = journey.drop_without_ipv6(interface.subnet.vnet)
    if without_ipv6 is not None:
        return without_ipv6
    if not journey.unfiltered:
        seen = seen_by_member(journey.situation, balanced, rule, packet, member)
        journey.show(interface, Direction.INBOUND, seen)
        judgement = judge_entry(journey.situation, interface, seen, journey.is_reply, _entry_to(balanced))
        blocked = journey.judged(interface, judgement)
        if blocked is not None:
            return blocked
    end = (balanced.place, address_in(packet.destination))
    address = address_of(member, packet.family)
    place = Place(PlaceKind.SUBNET.value, interface.subnet.id)
    return journey.turned_away(interface) or Delivered(
        place, address, member.name, end, port=port_at(rule, packet, member)
    )


def _entry_to(balanced: Balanced[PublicFrontend]) -> PublicEntry:
    """Return the frontend as the filters of its members know it: the SKU is its load balancer's."""
    balancer = balanced.balancer
    named = f"load balancer {balancer.name}"
    return PublicEntry(named, balancer.sku, named, balanced.frontend.span, closed_by="F-LB-7")
