"""The courses that packets take from a table to every spot: next hops followed over the few things that forward.

Rules R-TRAF-1, R-TRAF-3, R-ADDR-4, R-PEER-12, R-PEER-14, R-PEER-16, R-UDR-7, R-UDR-9, R-UDR-10, R-UDR-11, R-UDR-19
and R-META-3.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.header import address_text, addresses_of
from vnetverify.matrix.reading import Reading
from vnetverify.matrix.spots import Order
from vnetverify.matrix.tables import (
    Beyond,
    Hop,
    Into,
    Nowhere,
    Open,
    Outside,
    Stroke,
    TableKey,
    ToAppliance,
    strokes,
    table_key,
)
from vnetverify.matrix.topology import Topology
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, assignable
from vnetverify.model.network import SUBNETS_WITHOUT_HOSTS, Machine, Network, Nic, PolicyRule, Subnet
from vnetverify.model.security import Direction

_NO_FACT: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Passage:
    """A list that judges what is forwarded: a policy, or a security group at the interface of what forwards."""

    owner: str
    group: str | None = None
    subnet: str = ""
    nic: str | None = None
    direction: Direction = Direction.INBOUND


@dataclass(frozen=True, slots=True)
class Way:
    """One way that packets may go: whether they are delivered, past which lists and which appliances.

    One that is `beyond` is not followed to its end.
    """

    delivered: bool = False
    passages: tuple[Passage, ...] = ()
    met: tuple[str, ...] = ()
    beyond: bool = False
    facts: frozenset[str] = _NO_FACT


Course = tuple[Way, ...]
"""The ways of which a world chooses one."""

DROPPED: Course = (Way(),)
UNKNOWN: Course = (Way(beyond=True),)
DELIVERED: Course = (Way(delivered=True),)


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """Something that forwards: a declared machine, or what a route implies at an address (R-META-3)."""

    name: str
    machine: Machine | None
    arrival: Nic | None
    subnet: Subnet
    address: int

    @property
    def stateful(self) -> bool | None:
        return None if self.machine is None else self.machine.stateful

    @property
    def policy(self) -> tuple[PolicyRule, ...] | None:
        return None if self.machine is None else self.machine.policy


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who sends from a table: a host, or with `device` what forwards packets of the network `origin`."""

    origin: str
    device: Device | None = None
    met: frozenset[tuple[str, str]] = frozenset()


class Courses:
    """The courses of one network under one reading, each with a number; 0 is the drop."""

    def __init__(self, topology: Topology, order: Order, reading: Reading) -> None:
        self._topology = topology
        self._spots = order.spots
        self._order = order
        self._reading = reading
        self.courses: list[Course] = [DROPPED, UNKNOWN, DELIVERED]
        self._numbers = {course: number for number, course in enumerate(self.courses)}
        self._holders = {(nic.vnet, address): nic for nic in topology.network.nics() for address in nic.addresses}
        self._frontends = {
            (front.vnet, front.address) for lb in topology.network.load_balancers.values() for front in lb.frontends
        }
        self._rows: dict[object, array[int]] = {}
        self._strokes: dict[TableKey, list[Stroke]] = {}
        self._of_vnet: dict[str, list[int]] = {}
        for position, spot in enumerate(self._spots):
            self._of_vnet.setdefault(spot.subnet.vnet, []).append(position)
        self._standing: dict[tuple[str, int], Device | None] = {}
        self.devices: dict[str, Device] = {}

    def value(self, fact: Uncertainty) -> bool | None:
        """Return whether the fact holds, None where that is open."""
        return self._reading.value(fact)

    def from_hosts(self, key: TableKey) -> array[int]:
        """Return the numbers of the courses from hosts of a subnet with this table to every spot."""
        return self._row(key, _Sender(key.vnet))

    def _number(self, course: Course) -> int:
        found = self._numbers.get(course)
        if found is None:
            found = self._numbers[course] = len(self.courses)
            self.courses.append(course)
        return found

    def _row(self, key: TableKey, sender: _Sender) -> array[int]:
        found = self._rows.get((key, sender))
        if found is None:
            found = self._rows[key, sender] = self._painted(key, sender)
        return found

    def _as_seen(self, sender: _Sender) -> _Sender:
        """Return the sender without where packets began, if no appliance may take them for its own network's."""
        return sender if sender.origin in self._near_forwarding else replace(sender, origin="")

    @cached_property
    def _near_forwarding(self) -> frozenset[str]:
        """The networks that hold next hops, and those that share addresses with them (R-PEER-16)."""
        spaces, hops = self._topology.spaces, next_hops(self._topology.network)
        holding = {vnet for vnet, space in spaces.items() if any(hop in space for hop in hops)}
        holding |= {nic.vnet for nic in self._topology.network.nics() if nic.ip_forwarding}
        return frozenset(vnet for vnet in spaces if any(spaces[vnet] & spaces[other] for other in holding))

    def _painted(self, key: TableKey, sender: _Sender) -> array[int]:
        row = array("L", [self._number(DROPPED)]) * len(self._spots)
        painted = self._strokes.get(key)
        if painted is None:
            painted = self._strokes[key] = strokes(self._topology, self._reading, key)
        for stroke in painted:
            full, part = self._order.runs(stroke.addresses)
            ways = self._by_hop(stroke.hop, key, sender) if part else row
            for begin, end in part:
                row[begin:end] = ways[begin:end] if full == part else self._all(UNKNOWN)[begin:end]
        return row

    def _all(self, course: Course) -> array[int]:
        key = ("all", course)
        if key not in self._rows:
            self._rows[key] = array("L", [self._number(course)]) * len(self._spots)
        return self._rows[key]

    def _by_hop(self, hop: Hop, key: TableKey, sender: _Sender) -> array[int]:
        match hop:
            case Into(vnet):
                return self._crossed(self._inside(vnet), key.vnet, vnet, sender)
            case ToAppliance(address, vnet):
                return self._crossed(self._through(address, vnet, sender), key.vnet, vnet, sender)
            case Nowhere():
                return self._all(DROPPED)
            case Outside():
                return self._outside()
            case Open(facts):
                return self._all((Way(beyond=True, facts=facts),))
            case Beyond():
                return self._all(UNKNOWN)

    def _inside(self, vnet: str) -> array[int]:
        """Return delivery at the spots of a network, and the drop of what is for elsewhere (R-ADDR-4)."""
        row = self._rows.get(vnet)
        if row is None:
            row = array("L", [self._number(DROPPED)]) * len(self._spots)
            for position in self._of_vnet.get(vnet, ()):
                row[position] = self._number(DELIVERED)
            self._rows[vnet] = row
        return row

    def _outside(self) -> array[int]:
        """Return the drop of private addresses; where public ones lead is not followed."""
        row = self._rows.get("outside")
        if row is None:
            row = array("L", [self._number(DROPPED)]) * len(self._spots)
            for position, spot in enumerate(self._spots):
                if spot.addresses & PUBLIC_ADDRESSES:
                    row[position] = self._number(UNKNOWN)
            self._rows["outside"] = row
        return row

    def _mapped(self, row: array[int], change: Callable[[Course], Course]) -> array[int]:
        changed = {number: self._number(change(self.courses[number])) for number in set(row)}
        return array("L", [changed[number] for number in row])

    # -- crossing -----------------------------------------------------------------------------------------

    def _crossed(self, row: array[int], near: str, far: str, sender: _Sender) -> array[int]:
        """Return the courses past the peering, which may refuse the packets (R-PEER-14, R-PEER-16)."""
        if near == far:
            return row
        facts: set[str] = set()
        for fact, blocks in self._obstacles(near, far, sender):
            value = self._reading.value(fact)
            if value is None:
                facts.add(str(fact))
            elif value is blocks:
                return self._all(DROPPED)
        if self._is_of_doubtful_origin(near, far, sender):
            return self._all(UNKNOWN)
        if not facts:
            return row
        return self._mapped(row, lambda course: _or_dropped(course, frozenset(facts)))

    def _obstacles(self, near: str, far: str, sender: _Sender) -> Iterable[tuple[Uncertainty, bool]]:
        """Return the facts that decide whether packets cross, each with the value that keeps them from it."""
        halves = self._topology.halves
        for half in (halves[near, far], halves[far, near]):
            if not half.allow_virtual_network_access:
                yield uncertainty("U-AVNA", half.id), True
        is_foreign = sender.device is not None and sender.origin != near
        if is_foreign and not halves[far, near].allow_forwarded_traffic:
            yield uncertainty("U-R-PEER-16"), False

    def _is_of_doubtful_origin(self, near: str, far: str, sender: _Sender) -> bool:
        """Hold when packets of another network may have addresses of the appliance's own."""
        if sender.device is None or sender.origin in ("", near):
            return False
        refuses = not self._topology.halves[far, near].allow_forwarded_traffic
        return refuses and self._topology.overlap(near, sender.origin)

    # -- what forwards ------------------------------------------------------------------------------------

    def _through(self, address: int, vnet: str, sender: _Sender) -> array[int]:
        """Return the courses by way of what stands at a next hop (R-UDR-7, R-UDR-9, R-UDR-10)."""
        if (vnet, address) in self._frontends or self._is_watched(vnet, address):
            return self._all(UNKNOWN)
        if (vnet, address) not in self._standing:
            self._standing[vnet, address] = self._device_at(address, vnet)
        device = self._standing[vnet, address]
        if device is None:
            return self._all(DROPPED)
        self.devices[device.name] = device
        place = (device.name, str(device.address) if device.arrival is None else device.arrival.name)
        if place in sender.met:
            return self._all(DROPPED)
        onward = self._as_seen(replace(sender, device=device, met=sender.met | {place}))
        row = self._rows.get((address, vnet, onward))
        if row is None:
            row = self._rows[address, vnet, onward] = self._with_itself(self._forwarded(device, onward), device)
        return row

    def _is_watched(self, vnet: str, address: int) -> bool:
        """Hold when what stands there is left to others: a firewall with rules of its own, admin rules, an endpoint."""
        network = self._topology.network
        if any(e.vnet == vnet and address in e.addresses for e in network.private_endpoints.values()):
            return True
        if any(vnet in rules.vnets for rules in network.admin_rules):
            return True
        nic = self._holders.get((vnet, address))
        return nic is not None and network.machines[nic.machine].firewall is not None

    def _device_at(self, address: int, vnet: str) -> Device | None:
        nic = self._holders.get((vnet, address))
        subnets = {subnet.id: subnet for subnet in self._topology.network.vnets[vnet].subnets}
        if nic is not None:
            machine = self._topology.network.machines[nic.machine]
            return Device(machine.name, machine, nic, subnets[nic.subnet_id], address)
        for subnet in subnets.values():
            is_for_hosts = subnet.name.casefold() not in SUBNETS_WITHOUT_HOSTS
            if is_for_hosts and any(address in assignable(prefix) for prefix in subnet.prefixes):
                return Device(f"{address_text(address)} in {subnet.id}", None, None, subnet, address)
        return None

    def _with_itself(self, row: array[int], device: Device) -> array[int]:
        """Return the courses with delivery at the device's own interface, which is not forwarded."""
        own = {device.address} if device.arrival is None else set(device.arrival.addresses)
        changed = array("L", row)
        for position in self._of_vnet.get(device.subnet.vnet, ()):
            spot = self._spots[position]
            if any(address in spot.addresses for address in own):
                is_itself = spot.nic == device.arrival and spot.addresses.size <= len(own)
                changed[position] = self._number(DELIVERED if is_itself else UNKNOWN)
        if device.machine is None or device.arrival is None or not device.arrival.ip_forwarding:
            return changed
        for nic in device.machine.nics:  # whether the guest keeps what is for these is left to others (R-UDR-10)
            for position in self._of_vnet.get(nic.vnet, ()) if nic != device.arrival else ():
                if any(address in self._spots[position].addresses for address in nic.addresses):
                    changed[position] = self._number(UNKNOWN)
        return changed

    def _forwarded(self, device: Device, sender: _Sender) -> array[int]:
        if device.arrival is not None and not device.arrival.ip_forwarding:
            return self._all(DROPPED)
        arriving = tuple(self._groups(device, device.arrival, Direction.INBOUND))
        rows = [self._out_by(device, nic, sender, arriving, facts) for nic, facts in self._exits(device)]
        merged = rows[0]
        for row in rows[1:]:
            merged = array("L", [self._either(one, other) for one, other in zip(merged, row, strict=True)])
        return self._behind(merged, device)

    def _either(self, one: int, other: int) -> int:
        if one == other:
            return one
        return self._number(tuple(dict.fromkeys((*self.courses[one], *self.courses[other]))))

    def _exits(self, device: Device) -> Iterable[tuple[Nic | None, frozenset[str]]]:
        """Return the interfaces by which the device may send, with the facts that it turns on (R-UDR-11)."""
        if device.machine is None:
            yield None, _NO_FACT
            return
        facts: set[str] = set()
        for nic in device.machine.nics[:-1]:
            there, back = (uncertainty(kind, device.name, nic.name) for kind in ("U-EXIT", "U-EXITBACK"))
            value = self._reading.value(there)
            if value is not self._reading.value(back):  # a course is one of packets and of replies alike
                value = None
            if value is None:
                facts |= {str(fact) for fact in (there, back) if self._reading.value(fact) is None}
            if value is not False:
                yield nic, frozenset(facts)
            if value:
                return
        yield device.machine.nics[-1], frozenset(facts)

    def _out_by(
        self, device: Device, nic: Nic | None, sender: _Sender, arriving: tuple[Passage, ...], facts: frozenset[str]
    ) -> array[int]:
        """Return the courses past the device's lists and out by an interface (R-UDR-10, R-META-3)."""
        if nic is not None and not nic.ip_forwarding:
            return self._all(DROPPED)
        subnet = device.subnet if nic is None else self._subnet_of(nic)
        passages = arriving
        is_doubtful = False
        if device.policy is None:
            fact = uncertainty("U-FORWARDS", device.name)
            forwards = self._reading.value(fact)
            if forwards is False:
                return self._all(DROPPED)
            if forwards is None:
                is_doubtful, facts = True, facts | {str(fact)}
        else:
            passages += (Passage(device.name),)
        passages += tuple(self._groups(replace(device, subnet=subnet), nic, Direction.OUTBOUND))
        row = self._row(table_key(subnet), sender)

        def past(course: Course) -> Course:
            ways = tuple(_past(way, device.name, passages, facts) for way in course)
            return _or_dropped(ways, facts) if is_doubtful else ways

        return self._mapped(row, past)

    def _subnet_of(self, nic: Nic) -> Subnet:
        vnet = self._topology.network.vnets[nic.vnet]
        return next(subnet for subnet in vnet.subnets if subnet.id == nic.subnet_id)

    def _groups(self, device: Device, nic: Nic | None, direction: Direction) -> Iterable[Passage]:
        """Return the security groups at an interface of the device; a managed firewall has none (R-UDR-19)."""
        if device.machine is not None and device.machine.is_managed:
            return
        for group in (None if nic is None else nic.nsg, device.subnet.nsg):
            if group is not None:
                yield Passage(device.name, group, device.subnet.id, None if nic is None else nic.name, direction)

    def _behind(self, row: array[int], device: Device) -> array[int]:
        """Return the courses where spots have addresses of a site behind the device left out."""
        sites = [site for site in self._topology.network.sites.values() if site.behind == device.name]
        if not sites:
            return row
        changed = array("L", row)
        held = addresses_of(prefix for site in sites for prefix in site.prefixes)
        for position, spot in enumerate(self._spots):
            if spot.addresses & held:
                changed[position] = self._number(UNKNOWN)
        return changed


def _past(way: Way, device: str, passages: tuple[Passage, ...], facts: frozenset[str]) -> Way:
    if not way.delivered and not way.beyond:
        return way
    return replace(way, passages=(*passages, *way.passages), met=(device, *way.met), facts=way.facts | facts)


def _or_dropped(course: Course, facts: frozenset[str]) -> Course:
    """Return the ways of `course`, or none at all, by what `facts` say."""
    ways = (*(replace(way, facts=way.facts | facts) for way in course), Way(facts=facts))
    return tuple(dict.fromkeys(ways))


def next_hops(network: Network) -> frozenset[int]:
    """Return the addresses that user routes send to."""
    routes = (route for table in network.route_tables.values() for route in table.routes)
    return frozenset(route.next_hop_address for route in routes if route.next_hop_address is not None)
