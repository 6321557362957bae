"""Where a claim's flows end: at a host that its right side holds, at a site, or on the Internet.

I-FLOW, I-APART, I-FAILURES, F-META-3, F-META-5, R-PEER-12, F-STATE-1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from vnetverify.encoder.addressing import Balanced
from vnetverify.encoder.circuit import Circuit
from vnetverify.encoder.ends import Ends, Parts, coarse, public_nics
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.frontends import holds
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import ANYWHERE, Anywhere, ToInterface, ToInternet, ToSite, ToVnet
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Branch,
    Key,
    Term,
    all_of,
    any_of,
    decision_tree,
    equals,
    is_among,
    negate,
    none_of,
)
from vnetverify.encoder.tunnels import Tunnels
from vnetverify.encoder.walk import Hops
from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Direction, Nic, PrivateEndpoint

TermAt = Callable[[Place, IntervalSet], Term]
TermOf = Callable[[Nic], Term]


@dataclass(slots=True)
class Delivery:
    """The flows of a claim between its two ends, as terms."""

    hops: Hops
    ends: Ends

    def share(self, term: Term) -> Term:
        return self.ends.script.share(term)

    def circuit(self, left: Parts, closed: frozenset[str] = frozenset()) -> Circuit:
        return Circuit(
            self.hops, Tunnels(self.hops), self.ends.header, self.ends.key, self.ends.starts(left), closed=closed
        )

    def names(self, right: Parts, from_internet: bool) -> Term:
        """Hold when the destination is an address by which this origin can ask for an end in `right`."""
        inside = self.tree(right, lambda place, addresses: TRUE)
        if not from_internet:
            return inside
        nics = public_nics(self.hops, right)
        shown = dict(right)
        for nic in nics:
            place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
            shown[place] = shown[place] - interval_set(Interval(a, a) for a in nic.addresses)
        outside = any_of(
            self.tree({place: addresses for place, addresses in shown.items() if addresses}, lambda *_: TRUE),
            *(all_of(self.ends.names_public_address(nic), self.parted(nic)) for nic in nics),
        )
        internet = self.ends.begins_at(INTERNET)
        return any_of(all_of(internet, outside), all_of(negate(internet), inside))

    def names_several(self, sides: Sequence[tuple[Term, Parts, bool]]) -> Term:
        """Hold when the destination names ends at two places; of each right side with when it counts and whether
        flows from the Internet, which know hosts by their public addresses, are among those that ask for it."""
        named: dict[Place, list[Term]] = {}
        nics = {n.name: n for _, right, by_public in sides if by_public for n in public_nics(self.hops, right)}
        torn = _held_twice(right for _, right, _ in sides)
        if not torn and not nics:
            return FALSE
        for counts, right, by_public in sides:
            hidden = public_nics(self.hops, right) if by_public else []
            for place, addresses in sorted(right.items()):
                asked = addresses & (torn | self.hops.estate.realm.public if nics and place != INTERNET else torn)
                if asked:
                    term = all_of(counts, self._names_at(place, asked, hidden))
                    named.setdefault(place, []).append(term)
        terms = [any_of(*terms) for terms in named.values()]
        internet = self.ends.begins_at(INTERNET)
        terms += [all_of(internet, self.ends.names_public_address(nic), self.parted(nic)) for nic in nics.values()]
        some, several = FALSE, FALSE
        for term in terms:
            several = any_of(several, all_of(some, term))
            some = self.share(any_of(some, term))
        return several

    def _names_at(self, place: Place, addresses: IntervalSet, hidden: list[Nic]) -> Term:
        """Hold when the destination is an address of `place` apart from the origin; from the Internet not a hidden
        host's."""
        here = [n for n in hidden if Place(PlaceKind.SUBNET.value, n.subnet_id) == place]
        covered = any_of(*(equals(self.ends.header.destination, a) for nic in here for a in nic.addresses))
        seen = negate(all_of(self.ends.begins_at(INTERNET), covered))
        return all_of(is_among(self.ends.header.destination, addresses), self._extra(place, addresses), seen)

    def tree(self, right: Parts, term: TermAt) -> Term:
        """Return the disjunction over the places of `right` of: the destination is there, apart from the origin,
        and `term` of the place holds."""
        target = Key(self.ends.header.destination)
        branches: list[Branch] = []
        for place, everything in sorted(right.items()):
            for addresses in self.hops.estate.sorted_out(place, everything):
                wanted = term(place, addresses)
                if wanted == FALSE:
                    continue
                leaf = self.share(all_of(self._extra(place, addresses), wanted))
                branches += self.ends.membership(target, place, addresses, leaf)
        return decision_tree(target, branches, self.share, free_outside=False)

    def _extra(self, place: Place, addresses: IntervalSet) -> Term:
        """Hold when an end at `place` is another host and member than the origin, and no public address names it."""
        nobody_here = self.ends.names_no_public_address() if place == INTERNET else TRUE
        return all_of(
            nobody_here, self.ends.is_not_itself(place), self.ends.apart(place, addresses, self.ends.header.destination)
        )

    def parted(self, nic: Nic) -> Term:
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        host = IntervalSet((Interval(nic.addresses[0], nic.addresses[0]),))
        return all_of(self.ends.is_not_itself(place, nic), self.ends.apart(place, host, None))

    def delivered_to(self, circuit: Circuit, right: Parts) -> Term:
        """Hold when the packet ends in `right`, by whichever address it was sent there."""
        return any_of(
            self.delivered_as_named(circuit, right),
            self.shared_out(circuit, right, lambda nic: TRUE),
            *(
                all_of(self.ends.enters_from_inside(circuit, nic), self.parted(nic))
                for nic in public_nics(self.hops, right)
            ),
        )

    def delivered_where(
        self, circuit: Circuit, right: Parts, at: TermAt, by_public_address: TermOf, by_frontend: TermOf
    ) -> Term:
        """Hold when the packet ends in `right`, at a place where `at` holds, or at an interface where the term for the
        kind of address it was reached by does."""

        def arrived(place: Place, addresses: IntervalSet) -> Term:
            here = at(place, addresses)
            return FALSE if here == FALSE else all_of(self.arrives(circuit, place, addresses), here)

        by_public = []
        for nic in public_nics(self.hops, right):
            entered = any_of(self.ends.enters_from_inside(circuit, nic), self.ends.enters_from_internet(circuit, nic))
            by_public.append(all_of(entered, self.parted(nic), by_public_address(nic)))
        shared = (self.shared_out(circuit, right, by_frontend), self._shared_out_by_name(circuit, right, by_frontend))
        return any_of(self.tree(right, arrived), *by_public, *shared)

    def delivered_as_named(self, circuit: Circuit, right: Parts) -> Term:
        """Hold when the packet ends at an end of `right` that its destination names: a host that is entered by its
        public address is named by that from the Internet alone."""
        arrived = self.tree(right, lambda place, addresses: self.arrives(circuit, place, addresses))
        public = [
            all_of(self.ends.enters_from_internet(circuit, nic), self.parted(nic))
            for nic in public_nics(self.hops, right)
        ]
        return any_of(arrived, *public)

    def shares(self, circuit: Circuit, balanced: Balanced) -> list[tuple[Nic, Term]]:
        """Return when a packet that names a frontend is delivered to each member behind it (F-LB-3, F-LB-8)."""
        header = circuit.header.to(balanced.address)
        # Asked of the whole address: what a claim narrows it to is no premise where any destination will do.
        destination = self.hops.estate.address(circuit.header.destination.term)
        named = is_among(destination, balanced.address)
        reached = any_of(circuit.reaches(ToVnet(balanced.frontend.vnet)), self._astray(circuit))
        arrived = self.share(all_of(named, reached))
        if arrived == FALSE:
            return []
        delivered = []
        for nic, term in self.hops.frontends.deliveries(balanced, header):
            place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
            returns = any_of(self.ends.is_not_itself(place, nic), self.hops.frontends.hairpins(balanced))
            works = self.hops.gateways.works_in(nic.vnet)
            delivered.append((nic, self.share(all_of(arrived, term, returns, works))))
        return delivered

    def shared_out(self, circuit: Circuit, right: Parts, at_member: TermOf) -> Term:
        """Hold when the packet gets by a frontend to a member that is a host of `right`, where `at_member` holds."""
        return any_of(
            *(
                all_of(term, self.parted(nic), at_member(nic))
                for balanced in self.hops.frontends.before(right)
                for nic, term in self.shares(circuit, balanced)
                if holds(right, nic)
            )
        )

    def _shared_out_by_name(self, circuit: Circuit, right: Parts, at_member: TermOf) -> Term:
        """Hold when the packet comes to a frontend that `right` names, and to a member where `at_member` holds."""
        terms = []
        for balanced in self.hops.frontends.among(right):
            ways = [all_of(term, at_member(nic)) for nic, term in self.shares(circuit, balanced)]
            terms.append(all_of(self._extra(balanced.place, balanced.address), any_of(*ways)))
        return any_of(*terms)

    def _arrives_at_frontend(self, circuit: Circuit, balanced: Balanced) -> Term:
        header = circuit.header.to(balanced.address)
        refused = self.hops.frontends.refuses(balanced, header)
        return any_of(
            *(term for _, term in self.shares(circuit, balanced)),
            all_of(circuit.reaches(ToVnet(balanced.frontend.vnet)), refused),
            self._astray(circuit),
        )

    def _arrives_at_endpoint(self, circuit: Circuit, endpoint: PrivateEndpoint, address: IntervalSet) -> Term:
        arrived = circuit.reaches(ToVnet(endpoint.vnet))
        taken_in = self.hops.endpoints.takes_in(endpoint, circuit.header.to(address)) if arrived != FALSE else FALSE
        works = self.hops.gateways.works_in(endpoint.vnet)
        return any_of(all_of(arrived, taken_in, works), self._astray(circuit))

    def _astray(self, circuit: Circuit) -> Term:
        return any_of(*(circuit.reaches(end) for end in ANYWHERE))

    def arrives(self, circuit: Circuit, place: Place, addresses: IntervalSet) -> Term:
        """Hold when the packet, which is for an address of `place`, is delivered there.

        Addresses of frontends and private endpoints are asked for one by one.
        """
        match self.hops.estate.standing_at(place, addresses):
            case Balanced() as balanced:
                return self._arrives_at_frontend(circuit, balanced)
            case PrivateEndpoint() as endpoint:
                return self._arrives_at_endpoint(circuit, endpoint, addresses)
            case None:
                return self._arrives_at_host(circuit, place, addresses)
            case unreachable:
                assert_never(unreachable)

    def _arrives_at_host(self, circuit: Circuit, place: Place, addresses: IntervalSet) -> Term:
        astray = self._astray(circuit)
        if place.kind == PlaceKind.SITE.value:
            return any_of(circuit.reaches(ToSite(place.name)), astray)
        if place == INTERNET:
            left = (circuit.reaches(end) for end in circuit.ends() if isinstance(end, ToInternet))
            return any_of(*left, circuit.reaches(Anywhere()))
        subnet = self.hops.estate.subnets[place.name]
        header = circuit.header.to(coarse(addresses))
        arrived = circuit.reaches(ToVnet(subnet.vnet))
        admitted = TRUE
        if arrived != FALSE and circuit.memory is None and not self.hops.by_routes_alone:
            admitted = self.hops.filters.allow(header, Spot(subnet), Direction.INBOUND)
        taken_in = all_of(
            self._takes_in(circuit, header, subnet.id, addresses), self.hops.gateways.works_in(subnet.vnet)
        )
        by_network = all_of(arrived, admitted, taken_in)
        by_interface = [
            all_of(
                any_of(*(equals(header.destination, a) for a in nic.addresses)), circuit.reaches(ToInterface(nic.name))
            )
            for nic in (*self.hops.estate.nics_in[subnet.id], *self.hops.implied_nics(subnet.id))
            if circuit.may_reach(ToInterface(nic.name)) and any(address in addresses for address in nic.addresses)
        ]
        return any_of(by_network, astray, *by_interface)

    def _takes_in(self, circuit: Circuit, header: Header, subnet_id: str, addresses: IntervalSet) -> Term:
        """Hold unless the destination is an appliance of this subnet that is down, or a managed firewall, which has
        answers alone delivered to itself (I-FAILURES, F-FW-6)."""
        terms = []
        machine_of = self.hops.estate.machine_of
        standing = [(nic, machine_of[nic.name]) for nic in self.hops.estate.nics_in[subnet_id]]
        standing += [(nic, self.hops.machine(nic.name)) for nic in self.hops.implied_nics(subnet_id)]
        for nic, machine in standing:
            works = self.hops.is_up(machine)
            if circuit.memory is None:
                works = all_of(works, negate(self.hops.turns_away(machine)))
            held = [address for address in nic.addresses if address in addresses]
            if works != TRUE and held:
                terms.append(any_of(works, none_of(*(equals(header.destination, address) for address in held))))
        return all_of(*terms)


def _held_twice(sides: Iterable[Parts]) -> IntervalSet:
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
