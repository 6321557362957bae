"""Frontends of internal load balancers: which member gets a packet, and what filters see of it.

Rules R-PEER-11, R-UDR-15, F-ADDR-4, F-ADDR-5, F-LB-1, F-LB-2, F-LB-3, F-LB-4, F-LB-6, F-LB-8, F-LB-9 and F-LB-14.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from vnetverify.header import TCP, UDP, Family, parse_address
from vnetverify.model.intents import FailureKind, Place, PlaceKind
from vnetverify.model.network import Direction, Frontend, LoadBalancer, LoadBalancingRule, Nic, Sku
from vnetverify.rules import uncertainty
from vnetverify.simulator.addressing import Packet, only, point
from vnetverify.simulator.admin import standing
from vnetverify.simulator.filters import Judgement, attached, declared_interface, judge_at
from vnetverify.simulator.journey import AtAppliance, Delivered, Dropped, Journey, declared_appliance
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.situation import Situation, first_address
from vnetverify.source import Span

PROBED_FROM = {Family.IPV4: parse_address("168.63.129.16"), Family.IPV6: parse_address("fe80::1234:5678:9abc")}
PROBE_SOURCE_PORT = 49152


@dataclass(frozen=True, slots=True)
class Balanced:
    """A frontend with its load balancer."""

    balancer: LoadBalancer
    frontend: Frontend

    @property
    def label(self) -> str:
        """The frontend as facts name it."""
        return f"{self.balancer.name}/{self.frontend.name}"

    @property
    def place(self) -> Place:
        return Place(PlaceKind.SUBNET.value, self.frontend.subnet_id)

    @property
    def rules(self) -> tuple[LoadBalancingRule, ...]:
        return tuple(rule for rule in self.balancer.rules if rule.frontend == self.frontend.name)


@dataclass(frozen=True, slots=True)
class Probed:
    """What a member's probe said, for a reader."""

    what: str
    span: Span


@dataclass(frozen=True, slots=True)
class Choice:
    """The member that gets the packet, None where none is eligible, and what the probes said."""

    member: Nic | None
    probes: tuple[Probed, ...]


def balanced_at(situation: Situation, vnet: str, address: int) -> Balanced | None:
    """Return the frontend at this address of `vnet` (F-LB-1)."""
    found = situation.index.frontends.get((vnet, address))
    return None if found is None else Balanced(*found)


def machine_behind(situation: Situation, balanced: Balanced) -> str | None:
    """Return the machine that all members of the frontend's rules are interfaces of, None where there is no such."""
    members = {member for rule in balanced.rules for member in rule.members}
    machines = {situation.index.nics[member].machine for member in members}
    return machines.pop() if len(machines) == 1 else None


def at_frontend(journey: Journey, balanced: Balanced, sent_from: str) -> Delivered | Dropped:
    """Return the delivery to a member, past its filters, of what was sent to the frontend from a vnet (F-LB-1..9)."""
    name, packet = balanced.balancer.name, journey.packet
    refused = _beyond_region(journey, balanced, sent_from)
    if refused is not None:
        return refused
    rule = _rule_for(journey.situation, balanced, packet)
    if rule is None:
        rule_id = "F-LB-9" if packet.protocol == packet.family.icmp else "F-LB-2"
        return journey.drop(name, f"no rule of {name} is for it", rule_id, balanced.frontend.span)
    member = _noted_choice(journey, balanced, (rule,), rule.span)
    if member is None:
        return journey.drop(name, f"no member behind {name} gets new flows", "F-LB-4", rule.span)
    if member.name == journey.flow_began_at:
        return journey.drop(name, f"{name} gives it back to {member.machine}, its sender", "F-LB-8", rule.span)
    interface = declared_interface(journey.situation, member)
    blocked = journey.filter(
        interface, Direction.INBOUND, _seen_by_member(journey.situation, balanced, rule, packet, member)
    )
    if blocked is not None:
        return blocked
    journey.member = interface
    end = (balanced.place, balanced.frontend.address)
    address = _address_of(member, packet.family)
    return Delivered(Place(PlaceKind.SUBNET.value, interface.subnet.id), address, member.name, end)


def _beyond_region(journey: Journey, balanced: Balanced, sent_from: str) -> Dropped | None:
    """Return the drop of what a Basic load balancer does not take from another region (F-LB-6)."""
    near, far = (journey.situation.vnet(name) for name in (sent_from, balanced.frontend.vnet))
    if near.region is None or far.region is None or near.region.casefold() == far.region.casefold():
        return None
    if near.name == far.name or not _is_basic(journey.situation, balanced.balancer):
        return None
    reason = f"{balanced.balancer.name} is Basic, which other regions do not reach"
    return journey.drop(balanced.balancer.name, reason, "F-LB-6", balanced.balancer.span)


def _is_basic(situation: Situation, balancer: LoadBalancer) -> bool:
    """Hold when the load balancer is of the Basic SKU; where none is stated a fact says so."""
    return (
        situation.holds(uncertainty("U-SKU", f"load balancer {balancer.name}"))
        if balancer.sku is None
        else balancer.sku is Sku.BASIC
    )


def is_standard_member(situation: Situation, nic: Nic) -> bool:
    """Hold when a Standard load balancer has the interface as a member, which then has no implicit address outside
    (F-OUT-4)."""
    balancers = situation.network.load_balancers.values()
    having = (balancer for balancer in balancers if any(nic.name in rule.members for rule in balancer.rules))
    return any(not _is_basic(situation, balancer) for balancer in having)


def _rule_for(situation: Situation, balanced: Balanced, packet: Packet) -> LoadBalancingRule | None:
    """Return the first rule that takes the packet (F-LB-2); ICMP goes by the first of all, by a fact (F-LB-9)."""
    rules = balanced.rules
    if packet.protocol == packet.family.icmp:
        carried = bool(rules) and situation.holds(uncertainty("U-LBICMP", balanced.label))
        return rules[0] if carried else None
    return next((rule for rule in rules if _takes(rule, packet)), None)


def _takes(rule: LoadBalancingRule, packet: Packet) -> bool:
    if rule.protocol is None:
        return packet.protocol in (TCP, UDP)
    return rule.protocol == packet.protocol and rule.port == only(packet.destination_port)


def _noted_choice(journey: Journey, balanced: Balanced, rules: tuple[LoadBalancingRule, ...], span: Span) -> Nic | None:
    """Return the member that gets the packet, telling the story of the choice."""
    name = balanced.balancer.name
    choice = _choice(journey, balanced, rules)
    for probe in choice.probes:
        journey.note(name, probe.what, "F-LB-4", probe.span)
    if choice.member is not None:
        journey.note(name, f"the load balancer {name} gives it to {choice.member.machine}", "F-LB-3", span)
    return choice.member


def _choice(journey: Journey, balanced: Balanced, rules: tuple[LoadBalancingRule, ...]) -> Choice:
    """Return which of the members of `rules` gets the packet (F-LB-3).

    It is the first eligible one but the last that a fact names, else the last; the fact is one for both ways of a flow.
    """
    situation = journey.situation
    probes: list[Probed] = []
    eligible = [nic for nic, those in _members(situation, rules) if _is_eligible(journey, balanced, nic, those, probes)]
    for nic in eligible[:-1]:
        if situation.holds(uncertainty("U-BACKEND", balanced.label, nic.name)):
            return Choice(nic, tuple(probes))
    return Choice(eligible[-1] if eligible else None, tuple(probes))


def _members(
    situation: Situation, rules: tuple[LoadBalancingRule, ...]
) -> Iterator[tuple[Nic, tuple[LoadBalancingRule, ...]]]:
    """Yield each member once, in order, with the rules that it is a member of."""
    for name in dict.fromkeys(member for rule in rules for member in rule.members):
        yield situation.index.nics[name], tuple(rule for rule in rules if name in rule.members)


def _is_eligible(
    journey: Journey, balanced: Balanced, nic: Nic, rules: tuple[LoadBalancingRule, ...], probes: list[Probed]
) -> bool:
    """Hold when the member gets new flows by one of `rules`; what its probes said goes to `probes` (F-LB-4)."""
    situation = journey.situation
    if first_address(nic, situation.family) is None:
        return False
    if situation.is_down(FailureKind.APPLIANCE, nic.machine) is not None:
        probes.append(Probed(f"{nic.machine} is down and gets no flows", nic.span))
        return False
    return any(_is_healthy(journey, balanced, nic, rule, probes) for rule in rules)


def _is_healthy(journey: Journey, balanced: Balanced, nic: Nic, rule: LoadBalancingRule, probes: list[Probed]) -> bool:
    """Hold when the rule's probe gets to the member, or a fact makes up for that."""
    if rule.probe is None:
        return True
    probe = f"the probe of port {rule.probe.port}"
    stopped = _obstacle_to_probe(journey, nic, rule.probe.port)
    if stopped is None:
        probes.append(Probed(f"{probe} gets to {nic.machine}", rule.span))
        return True
    healthy = journey.situation.holds(uncertainty("U-PROBE", f"{balanced.balancer.name}/{rule.name}", nic.name))
    what = f"{probe} is stopped at {nic.machine} by {stopped.what}"
    probes.append(Probed(f"{what}; it gets flows all the same" if healthy else what, stopped.span))
    return healthy


def _obstacle_to_probe(journey: Journey, nic: Nic, port: int) -> Probed | None:
    """Return what keeps a probe from the member: its filters, or over IPv6 that it has none (F-LB-4, F-LB-14)."""
    situation = journey.situation
    interface = declared_interface(situation, nic)
    if situation.family is Family.IPV6 and not any(attached(situation, interface, Direction.INBOUND)):
        return Probed("the lack of a security group, without which probes over IPv6 fail", nic.span)
    if journey.unfiltered:
        return None
    judgement = _probing(situation, nic, port)
    if judgement.allowed:
        return None
    last = judgement.stages[-1]
    return Probed(f"{last.rule} of {last.nsg}", last.span)


def _probing(situation: Situation, nic: Nic, port: int) -> Judgement:
    """Return what the member's inbound filters say of a probe (F-LB-4, F-PLAT-3)."""
    packet = Packet(
        TCP,
        point(PROBED_FROM[situation.family]),
        point(PROBE_SOURCE_PORT),
        point(_address_of(nic, situation.family)),
        point(port),
    )
    return judge_at(situation, declared_interface(situation, nic), Direction.INBOUND, packet, is_reply=False)


def _address_of(nic: Nic, family: Family) -> int:
    address = first_address(nic, family)
    assert address is not None
    return address


def _seen_by_member(
    situation: Situation, balanced: Balanced, rule: LoadBalancingRule, packet: Packet, to: Nic
) -> Packet:
    """Return the packet as the member's filters read it; with floating IP a fact says which address (F-ADDR-5)."""
    if rule.floating_ip and situation.holds(uncertainty("U-FLOAT", f"{balanced.balancer.name}/{rule.name}")):
        return packet
    return _rewritten(rule, packet, to)


def _rewritten(rule: LoadBalancingRule, packet: Packet, to: Nic) -> Packet:
    """Return the packet with the member's address, and its port where the rule has one and no floating IP."""
    port = packet.destination_port
    if rule.backend_port is not None and not rule.floating_ip and packet.protocol in (TCP, UDP):
        port = point(rule.backend_port)
    return replace(packet, destination=point(_address_of(to, packet.family)), destination_port=port)


def seen_by_sender(journey: Journey, interface: Interface) -> Packet:
    """Return the packet as the outbound filters read it where the flow begins: the frontend or the member (F-ADDR-4).

    Where no member would take it there is nothing but the frontend to see.
    """
    situation, packet = journey.situation, journey.packet
    if not situation.index.frontends or not _is_filtered(situation, interface):
        return packet
    balanced = _first_balanced(situation, only(packet.destination))
    if balanced is None or situation.holds(uncertainty("U-LBOUT")):
        return packet
    rule = _rule_for(situation, balanced, packet)
    member = None if rule is None else _choice(journey, balanced, (rule,)).member
    return packet if rule is None or member is None else _rewritten(rule, packet, member)


def _is_filtered(situation: Situation, interface: Interface) -> bool:
    """Hold when groups or admin rules are asked about what the interface sends."""
    direction = Direction.OUTBOUND
    return any(attached(situation, interface, direction)) or bool(standing(situation, interface, direction))


def _first_balanced(situation: Situation, address: int) -> Balanced | None:
    """Return the frontend of this address that is declared first, in whichever vnet."""
    frontends = situation.index.frontends.values()
    return next((Balanced(*found) for found in frontends if found[1].address == address), None)


def at_next_hop(journey: Journey, balanced: Balanced) -> AtAppliance | Dropped:
    """Return the arrival at a member of what a route sends to the frontend; it keeps its destination (R-UDR-15)."""
    name, situation = balanced.balancer.name, journey.situation
    every = next((rule for rule in balanced.rules if rule.protocol is None), None)
    is_for_it = every is not None and journey.packet.protocol in (TCP, UDP)
    if every is not None and is_for_it and not _is_basic(situation, balanced.balancer):
        rules: tuple[LoadBalancingRule, ...] = (every,)
    elif situation.holds(uncertainty("U-R-UDR-15", balanced.label)):
        rules = balanced.rules
    else:
        reason = f"{name} forwards nothing that its rules are not made for"
        return journey.drop(name, reason, "R-UDR-15", balanced.frontend.span)
    member = _noted_choice(journey, balanced, rules, balanced.frontend.span)
    if member is None:
        return journey.drop(name, f"no member behind {name} gets new flows", "F-LB-4", balanced.frontend.span)
    appliance = declared_appliance(situation, situation.network.machines[member.machine])
    return AtAppliance(appliance, declared_interface(situation, member))
