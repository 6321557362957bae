"""Where a claim's flows end: at a host that its right side holds, at a site, or on the Internet.

I-FLOW, I-APART, I-FAILURES, F-META-3, F-META-5, R-PEER-12, F-STATE-1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnetverify.encoder.circuit import Circuit
from vnetverify.encoder.ends import Ends, Parts, coarse, public_nics
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Anywhere, ToInterface, ToInternet, ToSite, ToVnet
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
    negate,
    none_of,
)
from vnetverify.encoder.tunnels import Tunnels
from vnetverify.encoder.walk import Hops
from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Direction, Nic

TermAt = Callable[[Place, IntervalSet], Term]


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

    def tree(self, right: Parts, term: TermAt) -> Term:
        """Return the disjunction over the places of `right` of: the destination is there, apart from the origin,
        and `term` of the place holds."""
        target = Key(self.ends.header.destination)
        branches: list[Branch] = []
        for place, addresses in sorted(right.items()):
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
        arrived = self.tree(right, lambda place, addresses: self.arrives(circuit, place, addresses))
        public = [
            all_of(
                any_of(self.ends.enters_from_internet(circuit, nic), self.ends.enters_from_inside(circuit, nic)),
                self.parted(nic),
            )
            for nic in public_nics(self.hops, right)
        ]
        return any_of(arrived, *public)

    def arrives(self, circuit: Circuit, place: Place, addresses: IntervalSet) -> Term:
        """Hold when the packet, which is for an address of `place`, is delivered there."""
        if place.kind == PlaceKind.SITE.value:
            return circuit.reaches(ToSite(place.name))
        if place == INTERNET:
            return any_of(*(circuit.reaches(end) for end in circuit.ends() if isinstance(end, ToInternet)))
        subnet = self.hops.estate.subnets[place.name]
        header = circuit.header.to(coarse(addresses))
        arrived = circuit.reaches(ToVnet(subnet.vnet))
        admitted = TRUE
        if arrived != FALSE and circuit.memory is None and not self.hops.by_routes_alone:
            admitted = self.hops.filters.allow(header, Spot(subnet), Direction.INBOUND)
        by_network = all_of(arrived, admitted, self._takes_in(header, subnet.id, addresses))
        by_interface = [
            all_of(
                any_of(*(equals(header.destination, a) for a in nic.addresses)), circuit.reaches(ToInterface(nic.name))
            )
            for nic in self.hops.estate.nics_in[subnet.id]
            if circuit.may_reach(ToInterface(nic.name)) and any(address in addresses for address in nic.addresses)
        ]
        return any_of(by_network, circuit.reaches(Anywhere()), *by_interface)

    def _takes_in(self, header: Header, subnet_id: str, addresses: IntervalSet) -> Term:
        """Hold unless the destination is an appliance of this subnet that is down (I-FAILURES)."""
        terms = []
        for nic in self.hops.estate.nics_in[subnet_id]:
            works = self.hops.is_up(self.hops.estate.machine_of[nic.name])
            held = [address for address in nic.addresses if address in addresses]
            if works != TRUE and held:
                terms.append(any_of(works, none_of(*(equals(header.destination, address) for address in held))))
        return all_of(*terms)
