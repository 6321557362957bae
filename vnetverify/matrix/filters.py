"""What security groups and policies say of one spot and all others, as rows.

Rules F-NSG-2, F-NSG-4, F-NSG-5, F-NSG-8, F-NSG-9, F-DEF-1, F-EVAL-1, F-EVAL-2, F-EVAL-3, F-ASG-1, F-ASG-4, F-FWD-4,
F-TAG-2, F-TAG-7, F-TAG-9, F-TAG-12 and R-META-3. A tag that is not settled here covers its prefixes in part alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from vnetverify.facts import uncertainty
from vnetverify.header import ALL_PORTS, ICMP, IntervalSet, addresses_of, host_prefix, parse_prefix
from vnetverify.matrix.cells import Hits
from vnetverify.matrix.reading import Reading
from vnetverify.matrix.spots import Order, Spot
from vnetverify.matrix.tags import TagSets
from vnetverify.matrix.topology import Topology
from vnetverify.matrix.wide import EVERYONE, NOBODY, Bounds, Extent, Frame, Line
from vnetverify.model.network import Nic, Subnet
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    SecurityRule,
    ServiceTag,
)

_LAST_PRIORITY = 65500
_PROBES = addresses_of((parse_prefix("168.63.129.16/32"),))
_NO_FACT: frozenset[str] = frozenset()


def _default(priority: int, direction: Direction, source: AddressField, destination: AddressField) -> SecurityRule:
    name = f"default {priority}"
    ends = (source, ALL_PORTS, destination, ALL_PORTS)
    return SecurityRule(name, priority, direction, Access.ALLOW, None, *ends)


_ANY, _VNET = AnyAddress(), ServiceTag("VirtualNetwork")
_DEFAULTS = {
    Direction.INBOUND: (
        _default(65000, Direction.INBOUND, _VNET, _VNET),
        _default(65001, Direction.INBOUND, ServiceTag("AzureLoadBalancer"), _ANY),
    ),
    Direction.OUTBOUND: (
        _default(65000, Direction.OUTBOUND, _VNET, _VNET),
        _default(65001, Direction.OUTBOUND, _ANY, ServiceTag("Internet")),
    ),
}


@dataclass(frozen=True, slots=True)
class Region:
    """The addresses that a field surely speaks of, and those that it may; `facts` are what that turns on."""

    sure: IntervalSet
    possible: IntervalSet
    facts: frozenset[str] = _NO_FACT
    everywhere: bool = False


class Known(NamedTuple):
    """A rule as far as it is the same wherever its list stands; `near` is the field on the side of the interface."""

    rule: SecurityRule
    allows: bool
    near: AddressField
    far: AddressField
    hits: Hits
    facts: frozenset[str]


class Filters:
    """The lists of one network under one reading."""

    def __init__(self, topology: Topology, order: Order, frame: Frame, reading: Reading) -> None:
        self._topology = topology
        self._order = order
        self._frame = frame
        self._reading = reading
        self._tags = TagSets(topology, reading)
        self._known: dict[tuple[str, Direction], tuple[Known, ...]] = {}
        self._regions: dict[int, Region] = {}
        self._extents: dict[object, Extent] = {}
        self._shared: dict[tuple[str, Direction], Bounds] = {}
        self._members: dict[str, IntervalSet] = {}
        for nic in topology.network.nics():
            held = addresses_of(map(host_prefix, nic.addresses))
            for group in nic.asgs:
                self._members[group] = self._members.get(group, IntervalSet()) | held

    def at_host(self, spot: Spot, direction: Direction) -> Bounds:
        """Return what the filters of a spot's hosts say of packets to all others, or from them (F-EVAL-1, F-EVAL-2)."""
        bounds = Bounds(self._frame.all, 0)
        for group in groups_at(self._topology, spot.subnet, spot.nic):
            bounds &= self._at_host(group, spot, direction)
        return bounds

    def _at_host(self, group: str, spot: Spot, direction: Direction) -> Bounds:
        shared = self._shared.get((group, direction))
        if shared is not None:
            return shared
        lines = _HostLines(self, spot, self.known(group, direction))
        bounds = self._frame.bounds(lines)
        if not lines.is_local:
            self._shared[group, direction] = bounds
        return bounds

    def at_interface(self, group: str, subnet: Subnet, direction: Direction, source: Spot) -> Bounds:
        """Return what a list at an interface that forwards says of packets from `source` to all others."""
        return self._frame.bounds(self._forwarded(group, subnet, direction, source))

    def _forwarded(self, group: str, subnet: Subnet, direction: Direction, source: Spot) -> Iterator[Line]:
        """Return the lines; a group of interfaces on the side of the interface itself is not settled here (F-FWD-4)."""
        for known in self.known(group, direction):
            rule, facts = known.rule, known.facts
            if isinstance(known.near, AsgMembers):
                yield Line(known.allows, Extent((), ((0, self._frame.spots),)), Hits(0, known.hits.part), facts)
                continue
            region = self.region(rule.source, subnet)
            fit = fit_of(region, source)
            if fit is None:
                continue
            hits = known.hits if fit else Hits(0, known.hits.part)
            far = self.extent(rule.destination, subnet)
            yield Line(known.allows, far, hits, facts | region.facts | self._facts(rule.destination, subnet))

    def known(self, group: str, direction: Direction) -> tuple[Known, ...]:
        """Return the rules of one direction in the order they are tried (F-NSG-2, F-DEF-1)."""
        found = self._known.get((group, direction))
        if found is None:
            rules = [rule for rule in self._topology.network.nsgs[group].rules if rule.direction is direction]
            rules = sorted((*rules, *_DEFAULTS[direction]), key=_priority)
            known = (self._of(group, rule) for rule in rules if rule.priority < _LAST_PRIORITY)
            found = self._known[group, direction] = tuple(each for each in known if each.hits.part)
        return found

    def _of(self, group: str, rule: SecurityRule) -> Known:
        """Return the rule with the cells it covers; whether one with ports speaks of ICMP is open (F-NSG-9)."""
        cells = self._frame.cells
        hits, facts = cells.hits((rule.protocol, rule.source_ports, rule.destination_ports)), _NO_FACT
        if cells.icmp and rule.protocol in (None, ICMP):
            hits, facts = self._with_icmp(group, rule, hits)
        ends = (
            (rule.source, rule.destination) if rule.direction is Direction.OUTBOUND else (rule.destination, rule.source)
        )
        return Known(rule, rule.access is Access.ALLOW, *ends, hits, facts)

    def _with_icmp(self, group: str, rule: SecurityRule, hits: Hits) -> tuple[Hits, frozenset[str]]:
        icmp = self._frame.cells.icmp
        fact = uncertainty("U-ICMPPORT", f"{group}/{rule.name}")
        is_whole = rule.source_ports == ALL_PORTS and rule.destination_ports == ALL_PORTS
        speaks = True if is_whole else self._reading.value(fact)
        full, part = hits.full & ~icmp, hits.part & ~icmp
        if speaks is None:
            return Hits(full, part | icmp), frozenset({str(fact)})
        return (Hits(full | icmp, part | icmp) if speaks else Hits(full, part)), _NO_FACT

    def region(self, field: AddressField, subnet: Subnet) -> Region:
        """Return the addresses that a field speaks of at `subnet`, on the side away from the interface."""
        if isinstance(field, ServiceTag):
            return self._tag(field.name, subnet)
        found = self._regions.get(id(field))
        if found is None:
            found = self._regions[id(field)] = self._plain(field)
        return found

    def _plain(self, field: AddressField) -> Region:
        if isinstance(field, AddressPrefixes):
            addresses = addresses_of(field.prefixes)
        elif isinstance(field, AsgMembers):
            addresses = IntervalSet()
            for name in field.names:
                addresses |= self._members.get(name, IntervalSet())
        else:
            return Region(IntervalSet(), IntervalSet(), everywhere=True)
        return Region(addresses, addresses)

    def _tag(self, name: str, subnet: Subnet) -> Region:
        called = name.casefold()
        if called == "azureloadbalancer":
            return Region(_PROBES, _PROBES)
        sure, possible, facts = self._tags.of(called, subnet)
        return Region(sure, possible, facts)

    def _facts(self, field: AddressField, subnet: Subnet) -> frozenset[str]:
        return self.region(field, subnet).facts if isinstance(field, ServiceTag) else _NO_FACT

    def extent(self, field: AddressField, subnet: Subnet) -> Extent:
        """Return the spots that a field speaks of at `subnet`, on the side away from the interface."""
        if isinstance(field, AnyAddress):
            return EVERYONE
        key: object
        if isinstance(field, AddressPrefixes):
            prefixes = field.prefixes
            key = (prefixes[0].value, prefixes[0].length) if len(prefixes) == 1 else id(field)
        elif isinstance(field, ServiceTag):
            key = (field.name.casefold(), self._tags.key(subnet))
        else:
            key = id(field)
        found = self._extents.get(key)
        if found is None:
            found = self._extents[key] = self._extent(field, subnet)
        return found

    def _extent(self, field: AddressField, subnet: Subnet) -> Extent:
        if isinstance(field, AddressPrefixes):
            full, part = self._order.of_prefixes(field.prefixes)
            return Extent(full, part) if part else NOBODY
        region = self.region(field, subnet)
        full, _ = self._order.runs_of(region.sure)
        _, part = self._order.runs_of(region.possible)
        return Extent(full, part) if part else NOBODY

    def local_fit(self, known: Known, spot: Spot, field: AddressField) -> tuple[bool | None, frozenset[str]]:
        """Return whether all of a spot's hosts fit a field on their own side, None where none does, and the facts.

        False says that some may.
        """
        if isinstance(field, AsgMembers):
            return self._member_fit(known, spot, field)
        region = self.region(field, spot.subnet)
        return fit_of(region, spot), region.facts

    def _member_fit(self, known: Known, spot: Spot, field: AsgMembers) -> tuple[bool | None, frozenset[str]]:
        """Return whether the group of interfaces holds the hosts, and not their addresses alone (F-ASG-4, F-FWD-4)."""
        is_member = spot.nic is not None and any(name in field.names for name in spot.nic.asgs)
        held = self.region(field, spot.subnet).sure
        inside, outside = bool(spot.addresses & held), bool(spot.addresses - held)
        if is_member and not outside:
            return True, _NO_FACT
        if not is_member and not inside:
            return None, _NO_FACT
        return False, frozenset({f"U-ASGFWD of {known.rule.name}"})


def _priority(rule: SecurityRule) -> int:
    return rule.priority


def fit_of(region: Region, spot: Spot) -> bool | None:
    """Return True where the region surely holds all hosts of the spot, None where surely none, else False."""
    if region.everywhere or not spot.addresses - region.sure:
        return True
    return False if spot.addresses & region.possible else None


def groups_at(topology: Topology, subnet: Subnet, nic: Nic | None) -> Iterator[str]:
    """Return the security groups at an interface, of which all have to allow (F-EVAL-3, R-UDR-19)."""
    if nic is not None and topology.network.machines[nic.machine].is_managed:
        return
    if nic is not None and nic.nsg is not None:
        yield nic.nsg
    if subnet.nsg is not None:
        yield subnet.nsg


class _HostLines:
    """The lines of a list at a host, made as they are asked for.

    `is_local` says whether some of those that were made depend on which host it is.
    """

    def __init__(self, filters: Filters, spot: Spot, rules: tuple[Known, ...]) -> None:
        self._filters = filters
        self._spot = spot
        self._rules = rules
        self.is_local = False

    def __iter__(self) -> Iterator[Line]:
        filters, spot = self._filters, self._spot
        subnet = spot.subnet
        for known in self._rules:
            near, far, hits, facts = known.near, known.far, known.hits, known.facts
            if type(near) is not AnyAddress:
                self.is_local = True
                fits, turning = filters.local_fit(known, spot, near)
                if fits is None:
                    continue
                facts |= turning
                if not fits:
                    hits = Hits(0, hits.part)
            if type(far) is ServiceTag:
                self.is_local = True
                facts |= filters.region(far, subnet).facts
            extent = filters.extent(far, subnet)
            if extent is not NOBODY:
                yield Line(known.allows, extent, hits, facts)
