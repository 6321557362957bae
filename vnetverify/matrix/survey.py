"""All pairs of spots under one reading: courses there and back, filters at both ends, lists on the way.

Rules R-TRAF-2, F-STATE-2 and F-STATE-3 for the way back.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from vnetverify.header import ALL_PORTS, FIRST_IPV6, Family, Prefix, addresses_of, parse_prefix
from vnetverify.matrix.answers import (
    ALL,
    ANSWERED,
    ARRIVES,
    MAY_ARRIVE,
    MAY_BE_ALL,
    MAY_BE_ANSWERED,
    MAY_PASS_NONE,
    PASSES_NONE,
    UNDECIDED,
)
from vnetverify.matrix.cells import CARRIED, Cells, Ports, cells_of
from vnetverify.matrix.courses import Course, Courses, next_hops
from vnetverify.matrix.filters import Filters
from vnetverify.matrix.passages import Passages
from vnetverify.matrix.reading import Reading
from vnetverify.matrix.replies import Replies
from vnetverify.matrix.spots import Order, Spot, spots_of
from vnetverify.matrix.tables import TableKey, table_key
from vnetverify.matrix.topology import Topology, topology_of
from vnetverify.matrix.wide import Bounds, Frame, Turned, turned
from vnetverify.model.network import SUBNETS_OF_SERVICES, Era, Network, Service
from vnetverify.model.security import Direction

_UNUSUAL = addresses_of(
    parse_prefix(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "224.0.0.0/3")
)


_TELLING_RULES = 5_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What does not depend on a reading: the spots of the network and the cells of the service."""

    network: Network
    topology: Topology
    spots: tuple[Spot, ...]
    order: Order
    cells: Cells
    beyond: bytes

    @property
    def tables(self) -> tuple[TableKey, ...]:
        return tuple(dict.fromkeys(table_key(spot.subnet) for spot in self.spots))


def ground_of(network: Network, service: Service) -> Ground:
    """Return the ground of a network of IPv4."""
    spots = spots_of(network, _cuts(network), next_hops(network))
    cells = cells_of(service, _ports(network), len(spots))
    is_followed = all(protocol in CARRIED for protocol, _ in service.parts)
    beyond = bytes(_are_beyond(network, spots)) if is_followed else b"\1" * len(spots)
    return Ground(network, topology_of(network), spots, Order(spots), cells, beyond)


def _cuts(network: Network) -> Iterator[Prefix]:
    """Return the prefixes at whose borders routes may change."""
    routes = (route.prefix for table in network.route_tables.values() for route in table.routes)
    spaces = (prefix for vnet in network.vnets.values() for prefix in vnet.address_space)
    seen = (prefix for half in network.peerings for prefix in half.remote_space or ())
    sites = (prefix for site in network.sites.values() for prefix in site.prefixes)
    told = (prefix for way in network.connections for prefix in way.prefixes or ())
    served = (prefix for server in network.route_servers for peer in server.peers for prefix in peer.prefixes)
    tags = (prefix for prefixes in network.service_tags.values() for prefix in prefixes)
    has_endpoints = any(subnet.service_endpoints for subnet in network.subnets())
    every = chain(routes, spaces, seen, sites, told, served, tags if has_endpoints else ())
    return (prefix for prefix in every if prefix.family is Family.IPV4)


def _ports(network: Network) -> Iterator[Ports]:
    """Return the ports of rules, from which cells are made: of all lines, and of some thousand security rules."""
    rules = [rule for group in network.nsgs.values() for rule in group.rules]
    for rule in rules[:: 1 + len(rules) // _TELLING_RULES]:
        yield rule.protocol, rule.source_ports, rule.destination_ports
    for machine in network.machines.values():
        for line in machine.policy or ():
            yield line.protocol, ALL_PORTS, line.destination_ports


def _are_beyond(network: Network, spots: Iterable[Spot]) -> Iterator[bool]:
    """Return for each spot whether something stands there that this reading does not follow."""
    unusual = _UNUSUAL | addresses_of(_balanced_addresses(network))
    administered = {vnet for rules in network.admin_rules for vnet in rules.vnets}
    endpoints = {(e.vnet, address) for e in network.private_endpoints.values() for address in e.addresses}
    everything = network.is_strict or network.era is not Era.CURRENT
    for spot in spots:
        here = spot.subnet.vnet
        yield (
            everything
            or here in administered
            or spot.subnet.name.casefold() in SUBNETS_OF_SERVICES
            or (spot.nic is not None and network.machines[spot.nic.machine].is_managed)
            or bool(spot.addresses & unusual)
            or any(vnet == here and address in spot.addresses for vnet, address in endpoints)
        )


def _balanced_addresses(network: Network) -> Iterator[Prefix]:
    for balancer in network.load_balancers.values():
        for frontend in balancer.frontends:
            if frontend.address < FIRST_IPV6:
                yield Prefix(frontend.address, 32)


_ONE_BYTE = [bytes(each == number for each in range(256)) for number in range(256)]


class Survey:
    """The answers of one reading, spot by spot, as rows of bytes; `answers` says what a byte means."""

    def __init__(self, ground: Ground, reading: Reading) -> None:
        self.ground = ground
        self.reading = reading
        self.frame = Frame(len(ground.spots), ground.cells)
        self.courses = Courses(ground.topology, ground.order, reading)
        self.filters = Filters(ground.topology, ground.order, self.frame, reading)
        self.passages = Passages(ground.network, ground.order, self.frame, self.filters)
        self.tables = [table_key(spot.subnet) for spot in ground.spots]
        self.from_table = {key: self.courses.from_hosts(key) for key in ground.tables}
        self.replies = Replies(ground.network, self.courses)
        self._evaluated: dict[tuple[TableKey, bytes], dict[tuple[int, int], int]] = {}

    @cached_property
    def outbound(self) -> list[Bounds]:
        return [self.filters.at_host(spot, Direction.OUTBOUND) for spot in self.ground.spots]

    @cached_property
    def _inbound(self) -> tuple[Turned, Turned]:
        bounds = [self.filters.at_host(spot, Direction.INBOUND) for spot in self.ground.spots]
        self.inbound_facts = [each.facts for each in bounds]
        return turned([each.allowed for each in bounds], self.frame), turned(
            [each.denied for each in bounds], self.frame
        )

    @cached_property
    def _back(self) -> tuple[list[int], list[array[int]]]:
        """Return for each spot the position of its table, and for each table its courses to every spot."""
        position = {key: number for number, key in enumerate(self.from_table)}
        return [position[key] for key in self.tables], list(self.from_table.values())

    def courses_back(self, spot: int) -> array[int]:
        """Return the numbers of the courses from every spot to this one."""
        positions, rows = self._back
        column = [row[spot] for row in rows]
        return array("L", [column[position] for position in positions])

    def rows(self) -> Iterator[bytes]:
        """Return a row of bytes for each spot: what becomes of its flows to every spot."""
        for spot in range(self.frame.spots):
            yield self.row(spot)

    def row(self, spot: int) -> bytes:
        """Return what becomes of the flows of one spot."""
        if self.ground.beyond[spot]:
            return bytes([UNDECIDED]) * self.frame.spots
        row = self.frame.bytes_of(self._coded(spot))
        if any(self.ground.beyond):
            row = bytes(UNDECIDED if beyond else code for code, beyond in zip(row, self.ground.beyond, strict=True))
        return row

    def _coded(self, spot: int) -> int:
        frame, judged = self.frame, self.ends(spot)
        rows = [0] * 6
        for (there, back), others in self.together(spot).items():
            found = self._judged(spot, there, back, others, judged)
            rows = [row | more for row, more in zip(rows, found, strict=True)]
        arrives, may_arrive, direct, may_direct, answered, may_be_answered = rows
        code = frame.some(arrives) * ARRIVES | frame.some(may_arrive) * MAY_ARRIVE
        code |= frame.some(direct) * PASSES_NONE | frame.some(may_direct) * MAY_PASS_NONE
        code |= frame.some(answered) * ANSWERED | frame.some(may_be_answered) * MAY_BE_ANSWERED
        code |= (frame.ones & ~frame.some(frame.all & ~answered)) * ALL
        return code | (frame.ones & ~frame.some(frame.all & ~may_be_answered)) * MAY_BE_ALL

    def ends(self, spot: int) -> Bounds:
        """Return what the filters at both ends say of flows from this spot."""
        allowed, denied = self._inbound
        return self.outbound[spot] & Bounds(allowed.column(spot), denied.column(spot))

    def together(self, spot: int) -> Mapping[tuple[int, int], int]:
        """Return the spots by the courses there and back."""
        back = self.courses_back(spot)
        key = (self.tables[spot], back.tobytes())
        found = self._evaluated.get(key)
        if found is None:
            there = self.from_table[self.tables[spot]]
            found = self._evaluated[key] = self._parted(there, back)
        return found

    def _parted(self, there: array[int], back: array[int]) -> dict[tuple[int, int], int]:
        one, other = self._flags(there), self._flags(back)
        return {both: one[both[0]] & other[both[1]] for both in set(zip(there, back, strict=True))}

    def _flags(self, numbers: array[int]) -> dict[int, int]:
        """Return for each number the spots that have it."""
        if max(numbers) > 255:
            return {number: self.frame.units(bytes(each == number for each in numbers)) for number in set(numbers)}
        packed = bytes(numbers.tolist())
        return {number: self.frame.units(packed.translate(_ONE_BYTE[number])) for number in set(numbers)}

    def _judged(self, spot: int, there: int, back: int, others: int, ends: Bounds) -> tuple[int, ...]:
        """Return the cells of the spots with these courses: what surely and what possibly arrives, the same past no
        appliance, and answered.
        """
        course = self.courses.courses[there]
        allowed, denied, direct = self.along(spot, course, ends)
        cells = others * self.frame.cells.all
        may, surely = allowed & cells, cells & ~denied
        passes_none = surely if all(way.delivered and not way.met for way in course) else 0
        arriving = (surely, may, passes_none, direct & cells)
        answer = self.replies.between(there, back)
        if not may or not answer.possibly:
            return (*arriving, 0, 0)
        policies = self.passages.of_replies(spot, answer.judged_by)
        return (*arriving, surely & ~policies.denied if answer.surely else 0, may & policies.allowed)

    def along(self, spot: int, course: Course, ends: Bounds) -> tuple[int, int, int]:
        """Return the cells that may arrive, those that may not, and those that may without passing an appliance."""
        allowed = denied = direct = 0
        for way in course:
            if way.beyond:
                allowed = denied = direct = self.frame.all
                break
            if not way.delivered:
                denied = self.frame.all
                continue
            bounds = ends
            for passage in way.passages:
                bounds &= self.passages.of(spot, passage)
            allowed |= bounds.allowed
            denied |= bounds.denied
            if not way.met:
                direct |= bounds.allowed
        return allowed, denied, direct

    def facts_between(self, spot: int, other: int) -> frozenset[str]:
        """Return the open facts that may have to do with what becomes of the flows from one spot to another."""
        there = self.courses.courses[self.from_table[self.tables[spot]][other]]
        back = self.courses.courses[self.from_table[self.tables[other]][spot]]
        _ = self._inbound
        facts = self.outbound[spot].facts | self.inbound_facts[other] | self.replies.facts(there, back)
        for way in (*there, *back):
            facts |= way.facts
        for way in there:
            for passage in way.passages:
                facts |= self.passages.of(spot, passage).facts
        return facts
