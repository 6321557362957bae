"""The two ends of a claim's flows: where they may start, which hosts they may come to, and what each end asks.

F-ADDR-1, F-ADDR-2, F-ADDR-3, F-ADDR-6, F-ADDR-7, F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-4, F-PIP-5, R-TRAF-10,
F-PIP-6, R-SEL-9, R-ADDR-6, F-META-5, F-ADM-18.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.encoder.addressing import assignable
from vnetverify.encoder.circuit import Circuit, Start
from vnetverify.encoder.facts import Bearing, Ground
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Anywhere, AtPublicAddress, ToInternet
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
    either,
    equals,
    field_within,
    is_among,
    negate,
)
from vnetverify.encoder.walk import Hops
from vnetverify.header import Family, Interval, IntervalSet, addresses_of, interval_set
from vnetverify.model.intents import EndpointSet, Place, PlaceKind
from vnetverify.model.network import Direction, Nic, Sku

Parts = dict[Place, IntervalSet]
"""One side of a claim: addresses by place."""


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
    """The header of a claim with what its two ends can be."""

    hops: Hops
    script: Script
    header: Header
    key: Key
    origins: Origins
    members: Sequence[EndpointSet] = ()
    addresses: dict[Term, tuple[str, ...]] = field(default_factory=dict)
    premises: list[Term] = field(default_factory=list)
    _public: dict[str, Field] = field(default_factory=dict)
    _host_egress: Field | None = None
    _other_egress: Field | None = None
    _members: dict[Place, list[tuple[EndpointSet, IntervalSet]]] = field(default_factory=dict)
    _started: dict[int, Term] = field(default_factory=dict)
    _selectors: dict[Place, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._selectors = {place: number for number, place, _ in self.origins.places}
        for member in self.members:
            for place, addresses in member.parts:
                self._members.setdefault(place, []).append((member, addresses))

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
        return all_of(at_selector, is_among(self.header.source, region_of(self.hops, place)))

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

    def is_not_itself(self, place: Place, nic: Nic | None = None) -> Term:
        """Hold unless the flow starts at the very host it is for: the destination, or `nic` at a public address."""
        origin = self.begins_at(place)
        if origin == FALSE:
            return TRUE
        if nic is not None:
            return negate(all_of(origin, any_of(*(equals(self.header.source, a) for a in nic.addresses))))
        return negate(all_of(origin, f"(= {self.header.source.term} {self.header.destination.term})"))

    def public_address(self, nic: Nic) -> Field:
        """Return the public address of `nic`: a constant, or a variable where it is not known."""
        public = nic.public_address
        assert public is not None
        if public.address is not None:
            return self.hops.estate.known_address(public.address)
        if public.name not in self._public:
            estate = self.hops.estate
            symbol = self.script.declare(f"p{len(self._public)}", estate.family.bits)
            anything = estate.address(symbol)
            unknown = anything.narrowed(estate.realm.public)
            self.premises.append(is_among(anything, estate.realm.public - self._known_public()))
            self.premises += [negate(f"(= {symbol} {other.term})") for other in self._public.values()]
            self._public[public.name] = unknown
            self.addresses[symbol] = (public.name,)
        return self._public[public.name]

    def _known_public(self) -> IntervalSet:
        known = (nic.public_address.address for nic in self.hops.estate.network.nics() if nic.public_address)
        return interval_set(Interval(address, address) for address in known if address is not None)

    def names_public_address(self, nic: Nic) -> Term:
        """Hold when the destination is the public address of `nic`."""
        address = self.public_address(nic)
        if address.term.startswith("#"):
            return equals(self.header.destination, address.within.intervals[0].low)
        return f"(= {self.header.destination.term} {address.term})"

    def names_no_public_address(self) -> Term:
        """Hold when the destination is no public address of the model."""
        return all_of(
            *(
                negate(self.names_public_address(nic))
                for nic in self.hops.estate.network.nics()
                if nic.public_address is not None
            )
        )

    def enters_from_internet(self, circuit: Circuit, nic: Nic) -> Term:
        """Hold when an Internet host's packet is let in at the public address of `nic`."""
        return all_of(
            circuit.reaches(AtPublicAddress()), self.names_public_address(nic), self._admits(nic, self.header)
        )

    def enters_from_inside(self, circuit: Circuit, nic: Nic) -> Term:
        """Hold when a packet that left the model for the Internet comes back in at `nic` (R-TRAF-10)."""
        ways = []
        for end in circuit.ends():
            if (isinstance(end, ToInternet) and not end.for_service) or end == Anywhere():
                seen = self._seen_source(end if isinstance(end, ToInternet) else ToInternet())
                public = either(
                    self.hops.facts.holds("U-HAIRPUB"),
                    self._admits(nic, replace(self.header, source=seen)),
                    self._admits(nic, self.header),
                )
                ways.append(all_of(circuit.reaches(end), public))
        reached = any_of(*ways)
        if reached == FALSE:
            return FALSE
        return all_of(self.names_public_address(nic), self.hops.facts.holds("U-R-TRAF-10"), reached)

    def _seen_source(self, end: ToInternet) -> Field:
        """Return the address that the receiver sees of who sent the packet out (F-ADDR-7)."""
        if end == ToInternet():
            return self._host_egress_address()
        nics = self.hops.estate.network.nics()
        public = next((nic.public_address for nic in nics if nic.name == end.nic), None)
        if public is not None and public.address is not None:
            return self.hops.estate.known_address(public.address)
        return self._other_egress_address()

    def _host_egress_address(self) -> Field:
        """Return the public address of the source host: its known one by premise, else whatever the world says."""
        if self._host_egress is None:
            self._host_egress = self._public_variable("eh")
            for nic in self.hops.estate.network.nics():
                self._tie_host_egress(nic, self._host_egress)
        return self._host_egress

    def _tie_host_egress(self, nic: Nic, egress: Field) -> None:
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        sends = all_of(self.begins_at(place), any_of(*(equals(self.header.source, a) for a in nic.addresses)))
        if sends == FALSE:
            return
        public = nic.public_address
        if public is not None and public.address is not None:
            self.premises.append(any_of(negate(sends), equals(egress, public.address)))
        elif nic.ip_forwarding:  # its name is one sender's, whether it sends its own packets or others'
            other = self._other_egress_address()
            self.premises.append(any_of(negate(sends), f"(= {egress.term} {other.term})"))

    def _other_egress_address(self) -> Field:
        """Return the public address of whichever appliance or site sends the packet out, where it is not known."""
        if self._other_egress is None:
            self._other_egress = self._public_variable("eo")
        return self._other_egress

    def _public_variable(self, symbol: Term) -> Field:
        estate = self.hops.estate
        anything = estate.address(self.script.declare(symbol, estate.family.bits))
        self.premises.append(is_among(anything, estate.realm.public))
        return anything.narrowed(estate.realm.public)

    def chosen_addresses(self) -> dict[Term, tuple[str, ...]]:
        """Return the names of the addresses that a world chooses, by symbol."""
        chosen = dict(self.addresses)
        nics = self.hops.estate.network.nics()
        if self._host_egress is not None:
            hosts = [*self.hops.estate.subnets, *(nic.name for nic in nics if not nic.ip_forwarding)]
            chosen[self._host_egress.term] = tuple(map(self._egress_name, hosts))
        if self._other_egress is not None:
            others = [nic.name for nic in nics if nic.ip_forwarding]
            others += [machine.name for machine in self.hops.implied_machines()]
            others += list(self.hops.estate.network.sites)
            chosen[self._other_egress.term] = tuple(map(self._egress_name, others))
        return chosen

    def _egress_name(self, sender: str) -> str:
        """Return the name of the address that `sender` has on the Internet where it has none declared."""
        return egress_name(sender, self.hops.estate.family)

    def _admits(self, nic: Nic, packet: Header) -> Term:
        """Hold when `nic` takes a packet in by its public address."""
        machine = self.hops.estate.machine_of[nic.name]
        works = all_of(self.hops.is_up(machine), negate(self.hops.turns_away(machine)))
        return all_of(works, self.hops.gateways.works_in(nic.vnet), self.is_open(nic, packet))

    def is_open(self, nic: Nic, packet: Header) -> Term:
        """Hold when the filters of `nic` let in a packet for its public address (F-ADDR-1, F-PIP-1 to F-PIP-3)."""
        if self.hops.by_routes_alone:
            return TRUE
        spot, packet = self._behind_public_address(nic, packet)
        admitted = self.hops.filters.allow(packet, spot, Direction.INBOUND)
        if spot.subnet.nsg is not None or nic.nsg is not None:
            return admitted
        public = nic.public_address
        assert public is not None
        opened = self._opens_standard(nic, packet, spot)
        if public.sku is None:
            return either(self.hops.facts.holds("U-SKU", public.name), admitted, all_of(admitted, opened))
        if public.sku is Sku.BASIC:
            return admitted
        closed = Ground(f"interface {nic.name}", "Standard, without a group, so closed", "F-PIP-1", public.span)
        return all_of(admitted, any_of(opened, negate(self.hops.grounds.counts(Bearing.STOPS, closed))))

    def _opens_standard(self, nic: Nic, packet: Header, spot: Spot) -> Term:
        """Hold when admin rules let a packet in at a Standard address without a group (F-PIP-6, F-NSG-16)."""
        filters = self.hops.filters
        always = filters.always_allow(packet, spot, Direction.INBOUND)
        if always != FALSE:
            always = all_of(always, self.hops.facts.holds("U-AAPIP", nic.name))
        if packet.family is Family.IPV4:
            return always
        return any_of(always, all_of(packet.is_icmp, filters.admin_rules_stand(spot, Direction.INBOUND)))

    def lets_answer_out(self, nic: Nic) -> Term:
        """Hold when `nic`, which got the packet by its public address, lets the answer out (F-ADM-18)."""
        spot, packet = self._behind_public_address(nic, self.header)
        return self.hops.filters.allow_answer(packet, spot, Direction.INBOUND)

    def _behind_public_address(self, nic: Nic, packet: Header) -> tuple[Spot, Header]:
        """Return where a packet for the public address of `nic` is judged, and how it looks there."""
        spot = Spot(self.hops.estate.subnets[nic.subnet_id], nic)
        return spot, replace(packet, destination=self.hops.estate.known_address(nic.addresses[0]))


def egress_name(sender: str, family: Family) -> str:
    """Return the name under which a world chooses the address that `sender` has on the Internet."""
    return f"egress of {sender}" if family is Family.IPV4 else f"IPv6 egress of {sender}"


def _is_assignable(address: Field, host_bits: int) -> Term:
    """Hold when the low `host_bits` of an address are not those of the five reserved ones (R-ADDR-4)."""
    low = f"((_ extract {host_bits - 1} 0) {address.term})"
    width = host_bits
    digits = field_within(low, width, IntervalSet((Interval(0, (1 << width) - 1),)))
    return is_among(digits, IntervalSet((Interval(4, (1 << width) - 2),)))
