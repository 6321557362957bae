"""The pools behind frontends of load balancers: which member gets a packet, and as what it comes to it.

Rules F-ADDR-5, F-LB-2, F-LB-3, F-LB-4, F-LB-6, F-LB-9, F-LB-12, F-LB-13 and F-LB-14.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from vnetverify.facts import uncertainty
from vnetverify.header import TCP, Family, parse_address
from vnetverify.model.balancers import Frontend, LoadBalancer, LoadBalancingRule, PublicFrontend, Sku
from vnetverify.model.intents import FailureKind, Place, PlaceKind
from vnetverify.model.network import Nic
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import Address, Packet, address_in, is_number, lowest_text, point
from vnetverify.simulator.filters import Judgement, attached, declared_interface, judge_at
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.positions import Delivered
from vnetverify.simulator.situation import Situation, first_address
from vnetverify.source import Span

PROBED_FROM = {Family.IPV4: parse_address("168.63.129.16"), Family.IPV6: parse_address("fe80::1234:5678:9abc")}
PROBE_SOURCE_PORT = 49152


Kind = TypeVar("Kind", bound=Frontend | PublicFrontend, covariant=True)


@dataclass(frozen=True, slots=True)
class Balanced(Generic[Kind]):
    """A frontend with its load balancer."""

    balancer: LoadBalancer
    frontend: Kind

    @property
    def label(self) -> str:
        """The frontend as facts name it."""
        return f"{self.balancer.name}/{self.frontend.name}"

    @property
    def place(self) -> Place:
        """Where claims find the frontend: in its subnet, or where nothing else stands."""
        if isinstance(self.frontend, PublicFrontend):
            return Place(PlaceKind.PUBLIC.value, self.label)
        return Place(PlaceKind.SUBNET.value, self.frontend.subnet_id)

    @property
    def rules(self) -> tuple[LoadBalancingRule, ...]:
        return tuple(rule for rule in self.balancer.rules if rule.frontend == self.frontend.name)


Fronted = Balanced[Frontend | PublicFrontend]


@dataclass(frozen=True, slots=True)
class Told:
    """Why a member gets flows or none, for a reader: what its probe said, or an administrator (F-LB-4, F-LB-12)."""

    what: str
    rule: str
    span: Span


@dataclass(frozen=True, slots=True)
class Choice:
    """The member that gets the packet, None where none is eligible, and why others do not."""

    member: Nic | None
    told: tuple[Told, ...]


def is_basic(situation: Situation, balancer: LoadBalancer) -> bool:
    """Hold when the load balancer is of the Basic SKU; where none is stated a fact says so."""
    return (
        situation.holds(uncertainty("U-SKU", f"load balancer {balancer.name}"))
        if balancer.sku is None
        else balancer.sku is Sku.BASIC
    )


def rule_for(situation: Situation, balanced: Fronted, packet: Packet) -> LoadBalancingRule | None:
    """Return the first rule that takes the packet (F-LB-2).

    ICMP goes, where facts say so, by the first of all that is no NAT rule (F-LB-9).
    """
    if packet.is_icmp:
        first = _for_icmp(situation, balanced)
        return None if first is None or _echoes(situation, balanced) else first
    return next((rule for rule in balanced.rules if _takes(rule, packet)), None)


def answers_itself(situation: Situation, balanced: Fronted, packet: Packet) -> bool:
    """Hold when facts say that the frontend answers ICMP by itself, whatever its members let in (F-LB-9)."""
    return packet.is_icmp and _for_icmp(situation, balanced) is not None and _echoes(situation, balanced)


def _for_icmp(situation: Situation, balanced: Fronted) -> LoadBalancingRule | None:
    """Return the rule by which a frontend takes ICMP, None where it does not."""
    first = next((rule for rule in balanced.rules if not rule.is_inbound_nat), None)
    return first if first and situation.holds(uncertainty("U-LBICMP", balanced.label)) else None


def _echoes(situation: Situation, balanced: Fronted) -> bool:
    return situation.holds(uncertainty("U-LBECHO", balanced.label))


def end_at_frontend(journey: Journey, balanced: Fronted, address: Address) -> Delivered:
    """Return the end of a packet that a frontend keeps from its members and answers by itself (F-LB-9)."""
    journey.ends_at_frontend = True
    what = f"frontend {balanced.label} answers by itself, whatever its members let in"
    journey.note(balanced.balancer.name, what, "F-LB-9", balanced.frontend.span)
    return Delivered(balanced.place, address)


def _takes(rule: LoadBalancingRule, packet: Packet) -> bool:
    if rule.protocol is None:
        return packet.has_ports
    assert rule.port is not None
    return is_number(packet.protocol, rule.protocol) and is_number(packet.destination_port, rule.port)


def noted_member(journey: Journey, balanced: Fronted, rule: LoadBalancingRule) -> Nic | None:
    """Return the member that gets the packet by `rule`, telling the story of the choice and what comes to it."""
    packet = journey.packet

    def comes_as(member: Nic) -> str:
        if rule.floating_ip:
            return ", still for the frontend's address (floating IP)"
        seen = rewritten(rule, packet, member)
        port = f" port {seen.destination_port.low}" if packet.has_ports else ""
        return f", as {lowest_text(seen.destination)}{port}"

    return noted_choice(journey, balanced, (rule,), rule.span, comes_as)


def noted_choice(
    journey: Journey,
    balanced: Fronted,
    rules: tuple[LoadBalancingRule, ...],
    span: Span,
    comes_as: Callable[[Nic], str] = lambda _: "",
) -> Nic | None:
    """Return the member that gets the packet by one of `rules`, telling the story of the choice.

    `comes_as` says in words what comes to a member.
    """
    name = balanced.balancer.name
    chosen = choice(journey, balanced, rules)
    for told in chosen.told:
        journey.note(name, told.what, told.rule, told.span)
    if chosen.member is not None:
        by, rule_id = _called(balanced, rules)
        journey.note(name, f"{by} gives it to {chosen.member.machine}{comes_as(chosen.member)}", rule_id, span)
    return chosen.member


def _called(balanced: Fronted, rules: tuple[LoadBalancingRule, ...]) -> tuple[str, str]:
    """Return how a story names what chooses among the members of `rules`, and the rule of the book."""
    rule, *others = rules
    if others:
        return f"the load balancer {balanced.balancer.name}", "F-LB-3"
    if rule.is_inbound_nat:
        return f"NAT rule {rule.name} of {balanced.balancer.name}", "F-LB-2"
    return f"rule {rule.name} of {balanced.balancer.name}", "F-LB-3"


def choice(journey: Journey, balanced: Fronted, rules: tuple[LoadBalancingRule, ...]) -> Choice:
    """Return which of the members of `rules` gets the packet (F-LB-3).

    It is the first eligible one but the last that a fact names, else the last; the fact is one for both ways of a
    packet, and another once a firewall has translated it.
    """
    situation, told = journey.situation, list[Told]()
    taking = {nic.name for rule in rules for nic in _takers(journey, balanced, rule, told)}
    members = dict.fromkeys(member for rule in rules for member in rule.members)
    eligible = [situation.index.nics[name] for name in members if name in taking]
    said = tuple(dict.fromkeys(told))
    for nic in eligible[:-1]:
        if situation.holds(uncertainty("U-BACKEND", balanced.label, nic.name, *journey.packet.called)):
            return Choice(nic, said)
    return Choice(eligible[-1] if eligible else None, said)


def _takers(journey: Journey, balanced: Fronted, rule: LoadBalancingRule, told: list[Told]) -> list[Nic]:
    """Return the members that get new flows by `rule`; why goes to `told` (F-LB-4, F-LB-12, F-LB-13)."""
    able = list(_able_members(journey.situation, rule, told))
    healthy = [nic for nic in able if _is_healthy(journey, balanced, nic, rule, told)]
    if healthy or not able or rule.probe is None or not rule.probe.all_when_none:
        return healthy
    what = f"no member of rule {rule.name} answers its probe, so that all of them get new flows"
    told.append(Told(what, "F-LB-13", rule.span))
    return able


def _able_members(situation: Situation, rule: LoadBalancingRule, told: list[Told]) -> Iterator[Nic]:
    """Yield the members that are up, whatever a probe says: not set down, with an address of the family (F-LB-12)."""
    for name in rule.members:
        nic = situation.index.nics[name]
        if first_address(nic, situation.family) is None:
            continue
        if situation.is_down(FailureKind.APPLIANCE, nic.machine) is not None:
            told.append(Told(f"{nic.machine} is down and gets no flows", "F-LB-4", nic.span))
        elif name in rule.down:
            told.append(Told(f"{nic.machine} is set down in rule {rule.name} and gets no flows", "F-LB-12", rule.span))
        else:
            yield nic


def _is_healthy(journey: Journey, balanced: Fronted, nic: Nic, rule: LoadBalancingRule, told: list[Told]) -> bool:
    """Hold when the member is set up or the rule's probe gets to it, or a fact makes up for that."""
    if rule.probe is None:
        return True
    probe = f"the probe of port {rule.probe.port}"
    if nic.name in rule.always_up:
        told.append(Told(f"{nic.machine} is set up, whatever {probe} says", "F-LB-12", rule.span))
        return True
    stopped = _obstacle_to_probe(journey, nic, rule.probe.port)
    if stopped is None:
        told.append(Told(f"{probe} gets to {nic.machine}", "F-LB-4", rule.span))
        return True
    healthy = journey.situation.holds(uncertainty("U-PROBE", f"{balanced.balancer.name}/{rule.name}", nic.name))
    what = f"{probe} is stopped at {nic.machine} by {stopped.what}"
    told.append(Told(f"{what}; it gets flows all the same" if healthy else what, "F-LB-4", stopped.span))
    return healthy


def _obstacle_to_probe(journey: Journey, nic: Nic, port: int) -> Told | None:
    """Return what keeps a probe from the member: its filters, or over IPv6 that it has none (F-LB-4, F-LB-14)."""
    situation = journey.situation
    interface = declared_interface(situation, nic)
    if situation.family is Family.IPV6 and not any(attached(situation, interface, Direction.INBOUND)):
        return Told("the lack of a security group, without which probes over IPv6 fail", "F-LB-14", nic.span)
    if journey.unfiltered:
        return None
    judgement = _probing(situation, nic, port)
    if judgement.allowed:
        return None
    last = judgement.stages[-1]
    return Told(f"{last.rule} of {last.nsg}", "F-LB-4", last.span)


def _probing(situation: Situation, nic: Nic, port: int) -> Judgement:
    """Return what the member's inbound filters say of a probe (F-LB-4, F-PLAT-3)."""
    packet = Packet(
        point(TCP),
        point(PROBED_FROM[situation.family]),
        point(PROBE_SOURCE_PORT),
        point(address_of(nic, situation.family)),
        point(port),
    )
    return judge_at(situation, declared_interface(situation, nic), Direction.INBOUND, packet, is_reply=False)


def address_of(nic: Nic, family: Family) -> int:
    address = first_address(nic, family)
    assert address is not None
    return address


def seen_by_member(situation: Situation, balanced: Fronted, rule: LoadBalancingRule, packet: Packet, to: Nic) -> Packet:
    """Return the packet as the member's filters read it; with floating IP a fact says which address (F-ADDR-5)."""
    if rule.floating_ip and situation.holds(uncertainty("U-FLOAT", f"{balanced.balancer.name}/{rule.name}")):
        return packet
    return rewritten(rule, packet, to)


def port_at(rule: LoadBalancingRule, packet: Packet, to: Nic) -> Address:
    """Return the destination port that the member gets the packet at."""
    return address_in(rewritten(rule, packet, to).destination_port)


def rewritten(rule: LoadBalancingRule, packet: Packet, to: Nic) -> Packet:
    """Return the packet with the member's address, and its port where the rule has one and no floating IP."""
    port = packet.destination_port
    if rule.backend_port is not None and not rule.floating_ip and packet.has_ports:
        port = point(rule.backend_port)
    return replace(packet, destination=point(address_of(to, packet.family)), destination_port=port)
