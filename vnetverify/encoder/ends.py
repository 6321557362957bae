"""The two ends of a claim's flows: where they may start, which hosts they may come to, and what each end asks.

F-ADDR-1, F-ADDR-2, F-ADDR-7, F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-4, F-PIP-5, R-TRAF-10,
F-PIP-6, R-SEL-9, R-ADDR-6, F-ADM-18, F-FW-7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.encoder.addressing import assignable
from vnetverify.encoder.circuit import Start
from vnetverify.encoder.entrances import Entrances
from vnetverify.encoder.headers import Header
from vnetverify.encoder.obligation import Origins
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Branch,
    Field,
    Key,
    Script,
    Term,
    all_of,
    any_of,
    branches_of,
    decision_tree,
    equals,
    field_within,
    is_among,
    negate,
)
from vnetverify.encoder.walk import Hops
from vnetverify.header import Interval, IntervalSet, addresses_of, interval_set
from vnetverify.model.intents import EndpointSet, Place, PlaceKind
from vnetverify.model.network import Machine, Nic
from vnetverify.model.private_links import PrivateEndpoint

Parts = dict[Place, IntervalSet]
"""One side of a claim: addresses by place."""
TermAt = Callable[[Place, IntervalSet], Term]
TermOf = Callable[[Nic], Term]
TermOfLink = Callable[[PrivateEndpoint, Nic], Term]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of where a packet ends: at a place, or at an interface by the kind of address it came to."""

    at: TermAt
    by_public_address: TermOf
    by_frontend: TermOf
    by_link: TermOfLink


def region_of(hops: Hops, place: Place) -> IntervalSet:
    """Return all addresses that packets starting at `place` may carry as source."""
    if place.kind == PlaceKind.SUBNET.value:
        return addresses_of(hops.estate.subnets[place.name].prefixes)
    if place.kind == PlaceKind.SITE.value:
        return addresses_of(hops.estate.network.sites[place.name].prefixes)
    return hops.estate.realm.public


def coarse(addresses: IntervalSet) -> IntervalSet:
    """Return `addresses` with gaps of up to sixteen closed: good enough to fold terms by, and far fewer pieces."""
    joined: list[Interval] = []
    for interval in addresses:
        if joined and interval.low - joined[-1].high <= 17:
            joined[-1] = Interval(joined[-1].low, interval.high)
        else:
            joined.append(interval)
    return IntervalSet(tuple(joined))


def joined_ends(sets: Iterable[EndpointSet]) -> dict[Place, IntervalSet]:
    """Return the addresses of all the sets, by place."""
    joined: dict[Place, list[Interval]] = {}
    for ends in sets:
        for place, addresses in ends.parts:
            joined.setdefault(place, []).extend(addresses)
    return {place: interval_set(intervals) for place, intervals in joined.items()}


def held_twice(sides: Iterable[Parts]) -> IntervalSet:
    """Return the addresses that two places of the sides have."""
    by_place: dict[Place, list[Interval]] = {}
    for right in sides:
        for place, addresses in right.items():
            by_place.setdefault(place, []).extend(addresses)
    intervals = sorted((i for those in by_place.values() for i in interval_set(those)), key=lambda i: i.low)
    twice, highest = [], -1
    for interval in intervals:
        if interval.low <= highest:
            twice.append(Interval(interval.low, min(interval.high, highest)))
        highest = max(highest, interval.high)
    return interval_set(twice)


def selectors_of(hops: Hops, places: Iterable[Place]) -> tuple[Origins, int]:
    """Return a selector for each place such that places of one selector share no address, and its width in bits."""
    layers: list[IntervalSet] = []
    numbered = []
    regions = sorted(((region_of(hops, place), place) for place in places), key=lambda pair: str(pair[1]))
    if sum(region.size for region, _ in regions) == interval_set(i for region, _ in regions for i in region).size:
        return Origins(tuple((0, place, region) for region, place in regions)), 0
    for region, place in regions:
        number = next((n for n, layer in enumerate(layers) if not layer & region), len(layers))
        if number == len(layers):
            layers.append(region)
        else:
            layers[number] = layers[number] | region
        numbered.append((number, place, region))
    return Origins(tuple(numbered)), (len(layers) - 1).bit_length()


def public_nics(hops: Hops, ends: Mapping[Place, IntervalSet]) -> list[Nic]:
    """Return the interfaces with a public address whose host is among `ends`."""
    return [
        nic
        for nic in hops.estate.network.nics()
        if nic.public_address is not None
        and nic.addresses
        and nic.addresses[0] in ends.get(Place(PlaceKind.SUBNET.value, nic.subnet_id), IntervalSet())
    ]


@dataclass(slots=True)
class Ends:
    """The header of a packet with what the two ends of its flow can be: of the first one's, or one that comes after it.

    Where a flow begins the first packet says: `key` has its source.
    """

    hops: Hops
    script: Script
    header: Header
    key: Key
    origins: Origins
    members: Sequence[EndpointSet] = ()
    premises: list[Term] = field(default_factory=list)
    entrances: Entrances = field(init=False)
    _members: dict[Place, list[tuple[EndpointSet, IntervalSet]]] = field(default_factory=dict)
    _started: dict[int, Term] = field(default_factory=dict)
    _selectors: dict[Place, int] = field(default_factory=dict)
    derived: dict[Term, int] = field(default_factory=dict)
    _own: dict[str, Field] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.entrances = Entrances(self.hops, self.script, self.header, self.begins_at, self.premises)
        self._selectors = {place: number for number, place, _ in self.origins.places}
        for member in self.members:
            for place, addresses in member.parts:
                self._members.setdefault(place, []).append((member, addresses))

    def after(self, header: Header) -> Ends:
        """Return the ends of the packet that comes after a translation: of the same flow, in the same world."""
        ends = replace(self, header=header, _members={})
        ends.entrances = self.entrances.after(header)
        return ends

    def alone(self) -> Ends:
        """Return the ends where only the origin itself is apart from an end."""
        ends = replace(self, members=(), _members={})
        ends.entrances = self.entrances
        return ends

    def one_of(self, cases: Sequence[tuple[Term, Field]]) -> Field:
        """Return the number that the first case that holds puts into the next packet, the last where none does: a
        variable that `derived` holds, unless all put the same."""
        fields = {number.term: number for _, number in cases}
        if len(fields) == 1:
            return next(iter(fields.values()))
        width = cases[0][1].width
        symbol = self.script.declare(f"t{len(self.derived)}", width)
        self.derived[symbol] = width
        value = cases[-1][1].term
        for condition, number in reversed(cases[:-1]):
            value = f"(ite {condition} {number.term} {value})"
        self.premises.append(f"(= {symbol} {value})")
        return field_within(symbol, width, interval_set(i for number in fields.values() for i in number.within))

    def own_address(self, machine: Machine) -> Field:
        """Return the address that the firewall `machine` puts as source: any assignable one of its subnet (F-FW-7)."""
        if machine.name not in self._own:
            held, symbol = (
                assignable(self.hops.estate.subnets[machine.nics[0].subnet_id].prefixes),
                f"x{len(self._own)}",
            )
            self._own[machine.name] = self.entrances.chosen_among(symbol, held)
            self.entrances.addresses[symbol] = (f"address of {machine.name}",)
        return self._own[machine.name]

    # -- sources ------------------------------------------------------------------------------------------

    def starts(self, sources: dict[Place, IntervalSet]) -> tuple[Start, ...]:
        return tuple(
            Start(place, region_of(self.hops, place), addresses, self.selector(place))
            for place, addresses in sorted(sources.items())
        )

    def selector(self, place: Place) -> int:
        return self._selectors.get(place, 0)

    def begins_in(self, sources: dict[Place, IntervalSet]) -> Term:
        """Hold when the flow starts at one of these places with one of these addresses."""
        branches = [
            branch
            for place, addresses in sources.items()
            if place in self._selectors
            for branch in self.membership(self.key, place, addresses, TRUE)
        ]
        return decision_tree(self.key, branches, self.script.share, free_outside=False)

    def begins_at(self, place: Place) -> Term:
        """Hold when the flow starts at `place`."""
        if place not in self._selectors:
            return FALSE
        at_selector = self.key.has_bits(self.key.under(self.selector(place)), 0, self.key.selector_width)
        return all_of(at_selector, is_among(self.key.address, region_of(self.hops, place)))

    def membership(self, key: Key, place: Place, addresses: IntervalSet, term: Term) -> list[Branch]:
        """Return branches of `key` that give `term` to `addresses` of `place`; whole subnets take one a prefix."""
        width = key.selector_width
        selector = self.selector(place) if width else 0
        subnet = self.hops.estate.subnets.get(place.name) if place.kind == PlaceKind.SUBNET.value else None
        if subnet is None or addresses.size < 16:
            return branches_of(key, addresses, term, selector)
        usual = assignable(subnet.prefixes)
        hosts = self.hops.estate.hosts_among(place, usual)
        bits = key.address.width
        if hosts.size != addresses.size:
            return branches_of(key, addresses, term, selector)
        # What is known of the key rests on just this, so that it may not be used here.
        anything = self.hops.estate.address(key.address.term)
        is_host = TRUE if hosts == usual else negate(is_among(anything, usual - hosts))
        if any(prefix.length > bits - 3 for prefix in subnet.prefixes):
            return branches_of(key, addresses, term, selector)
        return [
            Branch(
                key.under(selector, prefix.value),
                width + prefix.length,
                all_of(_is_assignable(key.address, bits - prefix.length), is_host, term),
            )
            for prefix in subnet.prefixes
        ]

    # -- hosts as destinations ----------------------------------------------------------------------------

    def apart(self, place: Place, addresses: IntervalSet, at: Field | None) -> Term:
        """Hold when the flow did not start in a member that also holds this end; `at` is None at a public address,
        where `addresses` is the one host."""
        terms = []
        for member, parts in self._members.get(place, ()):
            held = parts & addresses
            if held:
                is_here = TRUE if at is None or held == addresses else is_among(at, held)
                terms.append(negate(all_of(self._started_in(member), is_here)))
        return all_of(*terms)

    def _started_in(self, member: EndpointSet) -> Term:
        known = self._started.get(id(member))
        if known is None:
            known = self._started[id(member)] = self.begins_in(dict(member.parts))
        return known

    def is_not_itself(self, place: Place) -> Term:
        """Hold unless the flow starts at the very host that its destination names."""
        origin = self.begins_at(place)
        if origin == FALSE:
            return TRUE
        return negate(all_of(origin, f"(= {self.key.address.term} {self.header.destination.term})"))

    def starts_elsewhere(self, place: Place, addresses: Iterable[int]) -> Term:
        """Hold unless the flow starts at a host of `place` with one of `addresses`."""
        origin = self.begins_at(place)
        if origin == FALSE:
            return TRUE
        return negate(all_of(origin, any_of(*(equals(self.key.address, address) for address in addresses))))


def _is_assignable(address: Field, host_bits: int) -> Term:
    """Hold when the low `host_bits` of an address are not those of the five reserved ones (R-ADDR-4)."""
    low = f"((_ extract {host_bits - 1} 0) {address.term})"
    width = host_bits
    digits = field_within(low, width, IntervalSet((Interval(0, (1 << width) - 1),)))
    return is_among(digits, IntervalSet((Interval(4, (1 << width) - 2),)))
