"""Frontends of internal load balancers: who takes what is sent to them, and what filters see of it.

Rules R-PEER-11, R-UDR-15, F-ADDR-4, F-ADDR-5, F-LB-1, F-LB-2, F-LB-4, F-LB-6, F-LB-8, F-LB-9 and F-FW-6.
"""

from __future__ import annotations

from vnetverify.facts import uncertainty
from vnetverify.header import Interval
from vnetverify.model.balancers import Frontend, LoadBalancingRule
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import Packet, is_number, some_covers
from vnetverify.simulator.admin import standing
from vnetverify.simulator.filters import attached, declared_interface
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.pools import (
    Balanced,
    address_of,
    answers_itself,
    choice,
    end_at_frontend,
    is_basic,
    noted_choice,
    noted_member,
    port_at,
    rewritten,
    rule_for,
    seen_by_member,
)
from vnetverify.simulator.positions import AtAppliance, Delivered, Dropped, declared_appliance
from vnetverify.simulator.situation import Situation


def balanced_at(situation: Situation, vnet: str, address: int | None) -> Balanced[Frontend] | None:
    """Return the frontend at this address of `vnet`, None where there is none or `address` is None (F-LB-1)."""
    found = None if address is None else situation.index.frontends.get((vnet, address))
    return None if found is None else Balanced(*found)


def machine_behind(situation: Situation, balanced: Balanced[Frontend]) -> str | None:
    """Return the machine that all members of the frontend's rules are interfaces of, None where there is no such."""
    members = {member for rule in balanced.rules for member in rule.members}
    machines = {situation.index.nics[member].machine for member in members}
    return machines.pop() if len(machines) == 1 else None


def at_frontend(journey: Journey, balanced: Balanced[Frontend], sent_from: str) -> Delivered | Dropped:
    """Return the delivery to a member, past its filters, of what was sent to the frontend from a vnet (F-LB-1..9)."""
    name, packet = balanced.balancer.name, journey.packet
    refused = _beyond_region(journey, balanced, sent_from)
    if refused is not None:
        return refused
    if answers_itself(journey.situation, balanced, packet):
        return end_at_frontend(journey, balanced, balanced.frontend.address)
    rule = rule_for(journey.situation, balanced, packet)
    if rule is None:
        rule_id = "F-LB-9" if packet.is_icmp else "F-LB-2"
        return journey.drop(name, f"no rule of {name} is for it", rule_id, balanced.frontend.span)
    member = noted_member(journey, balanced, rule)
    if member is None:
        return journey.drop(name, f"no member behind {name} gets new flows", "F-LB-4", rule.span)
    if member.name == journey.began_at:
        return journey.drop(name, f"{name} gives it back to {member.machine}, its sender", "F-LB-8", rule.span)
    interface = declared_interface(journey.situation, member)
    blocked = journey.filter(
        interface, Direction.INBOUND, seen_by_member(journey.situation, balanced, rule, packet, member)
    ) or journey.turned_away(interface)
    if blocked is not None:
        return blocked
    journey.member = interface
    end = (balanced.place, balanced.frontend.address)
    address = address_of(member, packet.family)
    return Delivered(
        Place(PlaceKind.SUBNET.value, interface.subnet.id),
        address,
        member.name,
        end,
        port=port_at(rule, packet, member),
    )


def _beyond_region(journey: Journey, balanced: Balanced[Frontend], sent_from: str) -> Dropped | None:
    """Return the drop of what a Basic load balancer does not take from another region (F-LB-6)."""
    situation = journey.situation
    near, far = (situation.vnet(name) for name in (sent_from, balanced.frontend.vnet))
    if near.name == far.name or not is_basic(situation, balanced.balancer):
        return None
    where = ""
    if near.region is None or far.region is None:
        if situation.holds(uncertainty("U-REGION", *sorted((near.name, far.name)))):
            return None
        where = f", and {near.name} and {far.name} may be in two"
    elif near.region.casefold() == far.region.casefold():
        return None
    reason = f"{balanced.balancer.name} is Basic, which other regions do not reach{where}"
    return journey.drop(balanced.balancer.name, reason, "F-LB-6", balanced.balancer.span)


def seen_by_sender(journey: Journey, interface: Interface) -> Packet:
    """Return the packet as the outbound filters read it where it is sent: the frontend or the member (F-ADDR-4).

    Where no member would take it there is nothing but the frontend to see.
    """
    situation, packet = journey.situation, journey.packet
    if not situation.index.frontends or not _is_filtered(situation, interface):
        return packet
    balanced = _balanced_for(situation, interface.subnet.vnet, packet.destination)
    if balanced is None or situation.holds(uncertainty("U-LBOUT")):
        return packet
    rule = rule_for(situation, balanced, packet)
    member = None if rule is None else choice(journey, balanced, (rule,)).member
    return packet if rule is None or member is None else rewritten(rule, packet, member)


def _is_filtered(situation: Situation, interface: Interface) -> bool:
    """Hold when groups or admin rules are asked about what the interface sends."""
    direction = Direction.OUTBOUND
    return any(attached(situation, interface, direction)) or bool(standing(situation, interface, direction))


def _balanced_for(situation: Situation, vnet: str, address: Interval) -> Balanced[Frontend] | None:
    """Return the frontend that a sender in `vnet` means by this address, of several the one that is declared first."""
    frontends = situation.index.frontends.values()
    named = [Balanced(*found) for found in frontends if is_number(address, found[1].address)]
    holders = _holders(situation, vnet, address) if named else ()
    return next((balanced for balanced in named if balanced.frontend.vnet in holders), None)


def _holders(situation: Situation, vnet: str, address: Interval) -> tuple[str, ...]:
    """Return the networks that may have what `vnet` sends to `address`: itself, else such peers, else such mates, and
    any network where none of these has it (R-ADDR-9)."""
    index = situation.with_everything_up.index
    for names in ((vnet,), index.peers[vnet], index.mates[vnet]):
        held = tuple(name for name in names if some_covers(situation.vnet(name).address_space, address))
        if held:
            return held
    return tuple(situation.network.vnets)


def at_next_hop(journey: Journey, balanced: Balanced[Frontend]) -> AtAppliance | Dropped:
    """Return the arrival at a member of what a route sends to the frontend; it keeps its destination (R-UDR-15)."""
    name, situation = balanced.balancer.name, journey.situation
    every = next((rule for rule in balanced.rules if rule.protocol is None), None)
    if every is not None and journey.packet.has_ports and not is_basic(situation, balanced.balancer):
        rules: tuple[LoadBalancingRule, ...] = (every,)
    elif situation.holds(uncertainty("U-R-UDR-15", balanced.label)):
        rules = balanced.rules
    else:
        reason = f"{name} forwards nothing that its rules are not made for"
        return journey.drop(name, reason, "R-UDR-15", balanced.frontend.span)
    member = noted_choice(journey, balanced, rules, balanced.frontend.span)
    if member is None:
        return journey.drop(name, f"no member behind {name} gets new flows", "F-LB-4", balanced.frontend.span)
    appliance = declared_appliance(situation, situation.network.machines[member.machine])
    return AtAppliance(appliance, declared_interface(situation, member))
