"""A packet before the filters of an interface: when a rule of a group or of a manager matches it.

Rules F-NSG-4, F-NSG-7, F-NSG-8, F-NSG-9, F-NSG-10, F-NSG-11, F-NSG-12, F-NSG-17, F-ADM-2, F-ADM-16, F-ASG-1, F-ASG-4,
F-ASG-6, F-FWD-4, F-PE-3 and F-PE-9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar, assert_never

from vnetverify.facts import Undetermined, uncertainty
from vnetverify.header import ALL_PORTS, EVERY_IPV4, EVERY_NUMBER, Interval, IntervalSet, Prefix
from vnetverify.model.network import Nic, Subnet
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AdminRule,
    AnyAddress,
    AsgMembers,
    Direction,
    SecurityRule,
    ServiceTag,
)
from vnetverify.simulator.addressing import Mixed, Packet, Part, is_number, is_ordinary, lies_in, some_covers
from vnetverify.simulator.situation import Situation
from vnetverify.simulator.tags import Side, TaggedEnd, is_in_tag

Rule = SecurityRule | AdminRule


@dataclass(frozen=True, slots=True)
class Interface:
    """Where filters stand: a declared interface, or the place of an undeclared host (`nic` is None)."""

    name: str
    subnet: Subnet
    addresses: tuple[int, ...]
    nic: Nic | None = None
    is_managed: bool = False

    @property
    def nsg(self) -> str | None:
        return None if self.nic is None else self.nic.nsg

    @property
    def forwards(self) -> bool:
        """Whether IP forwarding is on; an appliance that is implied by a route has it on (R-UDR-10)."""
        return self.nic is None or self.nic.ip_forwarding


@dataclass(frozen=True, slots=True)
class Filter:
    """A packet before the filters of an interface."""

    situation: Situation
    interface: Interface
    direction: Direction
    packet: Packet
    is_reply: bool
    at_endpoint: bool = False


_Line = TypeVar("_Line")
Reaching = tuple[_Line, Interval, Interval]
"""A line of a list with addresses of sources and of destinations outside of which it surely does not match."""


def within_reach(lines: Iterable[Reaching[_Line]], packet: Packet) -> Iterator[_Line]:
    """Yield the lines that may match some packet of the box."""
    source, destination = packet.source, packet.destination
    first, last, nearest, farthest = source.low, source.high, destination.low, destination.high
    for line, sources, destinations in lines:
        if (
            sources.low <= last
            and first <= sources.high
            and destinations.low <= farthest
            and nearest <= destinations.high
        ):
            yield line


def reach_of(field: AddressField) -> Interval:
    """Return addresses outside of which nothing is what `field` speaks of (F-NSG-11, F-NSG-12)."""
    if not isinstance(field, AddressPrefixes) or not field.prefixes or EVERY_IPV4 in field.prefixes:
        return EVERY_NUMBER
    return Interval(min(prefix.value for prefix in field.prefixes), max(prefix.last for prefix in field.prefixes))


def matches(place: Filter, owner: str, rule: Rule) -> bool:
    """Hold when all five conditions of `rule`, one of the group or manager `owner`, do (F-NSG-4, F-ADM-2)."""
    label = f"{owner}/{rule.name}"
    doubt: Mixed | Undetermined | None = None
    for fits in (_protocol_fits, _ports_fit, _source_fits, _destination_fits):
        try:
            if not fits(place, rule, label):
                return False
        except (Mixed, Undetermined) as found:
            doubt = doubt or found  # no matter, where another condition surely does not hold
    if doubt is not None:
        raise doubt
    return True


def match_together(place: Filter, owner: str, rules: Iterable[SecurityRule], part: Part) -> bool:
    """Hold when each packet of the box is surely matched by some of `rules`, by its ports of `part` (F-NSG-8)."""
    packet = place.packet
    asked = packet.source_port if part is Part.SOURCE_PORT else packet.destination_port
    held = IntervalSet()
    for rule in rules:
        try:
            if _fits_but_for(part, place, rule, f"{owner}/{rule.name}"):
                held |= rule.source_ports if part is Part.SOURCE_PORT else rule.destination_ports
        except (Mixed, Undetermined):
            continue
    return any(piece.low <= asked.low and asked.high <= piece.high for piece in held.intervals)


def _fits_but_for(part: Part, place: Filter, rule: SecurityRule, label: str) -> bool:
    """Hold when the rule matches those of the packets whose ports of `part` are its own. Raises `Mixed`."""
    packet = place.packet
    if place.at_endpoint:
        return False  # where ports are read otherwise (F-PE-3, F-PE-9)
    if part is Part.SOURCE_PORT:
        others_fit = lies_in(packet.destination_port, rule.destination_ports)
    else:
        others_fit = lies_in(packet.source_port, rule.source_ports)
    return others_fit and all(fits(place, rule, label) for fits in (_protocol_fits, _source_fits, _destination_fits))


def _source_fits(place: Filter, rule: Rule, label: str) -> bool:
    return _address_fits(place, rule.source, Side.SOURCE, label)


def _destination_fits(place: Filter, rule: Rule, label: str) -> bool:
    return _address_fits(place, rule.destination, Side.DESTINATION, label)


def _protocol_fits(place: Filter, rule: Rule, _: str) -> bool:
    """Hold when the packet's protocol is the rule's; `*` covers others than the usual three by a fact (F-NSG-7)."""
    if rule.protocol is not None:
        return is_number(place.packet.protocol, rule.protocol)
    return is_ordinary(place.packet.protocol, place.packet.family) or place.situation.holds(uncertainty("U-ANYPROTO"))


def _ports_fit(place: Filter, rule: Rule, label: str) -> bool:
    """Hold when the packet's ports are the rule's (F-NSG-8); protocols without ports are F-NSG-9 and F-NSG-17."""
    packet = place.packet
    if packet.has_ports and place.at_endpoint and isinstance(rule, SecurityRule):
        return _ports_fit_at_endpoint(place, rule, label)
    if packet.has_ports:
        return lies_in(packet.source_port, rule.source_ports) and lies_in(
            packet.destination_port, rule.destination_ports
        )
    if rule.source_ports == ALL_PORTS and rule.destination_ports == ALL_PORTS:
        return True
    question = "U-ICMPPORT" if packet.is_icmp else "U-PROTOPORT"
    return place.situation.holds(uncertainty(question, label))


def _ports_fit_at_endpoint(place: Filter, rule: SecurityRule, label: str) -> bool:
    """Hold when the destination port is the rule's, as a private endpoint reads it (F-PE-3, F-PE-9).

    Source ports do not count. Of several ranges the first is sure, the others are by a fact; a port in none is
    denied by a rule that denies where another fact says so.
    """
    port, first = place.packet.destination_port, rule.first_destination_ports
    if first is None:
        return lies_in(port, rule.destination_ports)
    if lies_in(port, first):
        return True
    if lies_in(port, rule.destination_ports):
        return place.situation.holds(uncertainty("U-PEPORT", label))
    return rule.access is Access.DENY and place.situation.holds(uncertainty("U-PEDENY", label))


def _address_fits(place: Filter, field: AddressField, side: Side, label: str) -> bool:
    """Hold when the packet's address on `side` is one that `field` speaks of (F-NSG-10, F-NSG-11, F-NSG-12)."""
    address = place.packet.source if side is Side.SOURCE else place.packet.destination
    match field:
        case AnyAddress():
            return True
        case AddressPrefixes(prefixes):
            return some_covers(prefixes, address) or _is_any_address(place, prefixes)
        case ServiceTag(name):
            end = TaggedEnd(side.other if place.is_reply else side, place.packet.translations)
            return is_in_tag(place.situation, place.interface.subnet, name, address, end)
        case AsgMembers(groups):
            local = Side.SOURCE if place.direction is Direction.OUTBOUND else Side.DESTINATION
            is_member = _is_member_address(place.situation, groups, address)
            return is_member if side is not local else _local_group_fits(place, groups, is_member, label)
        case _:
            assert_never(field)


def _is_any_address(place: Filter, prefixes: tuple[Prefix, ...]) -> bool:
    """Hold where a literal 0.0.0.0/0, which does not cover the address, means every IPv6 address as well (F-NSG-12)."""
    return EVERY_IPV4 in prefixes and place.situation.holds(uncertainty("U-V6ANY"))


def _is_member_address(situation: Situation, groups: tuple[str, ...], address: Interval) -> bool:
    return any(lies_in(address, situation.index.members.get(group, IntervalSet())) for group in groups)


def _local_group_fits(place: Filter, groups: tuple[str, ...], is_member_address: bool, label: str) -> bool:
    """Hold when a rule with a group on its local side applies at the interface (F-ASG-4, F-FWD-4)."""
    nic = place.interface.nic
    is_member = nic is not None and any(group in groups for group in nic.asgs)
    if is_member is is_member_address:
        return is_member
    return place.situation.holds(uncertainty("U-ASGFWD", label, place.interface.name))
