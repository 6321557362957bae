"""Where a claim's flows end: at a host that its right side holds, at a site, or on the Internet.

I-FLOW, I-APART, I-FAILURES, F-META-3, R-PEER-12, F-STATE-1, F-LB-2, F-LB-8, F-PE-10, F-PIP-5, F-FW-6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import assert_never

from vnetverify.encoder.addressing import Balanced, Entrance, Published
from vnetverify.encoder.circuit import Circuit
from vnetverify.encoder.ends import Ends, Parts, TermAt, TermOf, TermOfLink, Wanted, coarse, held_twice, public_nics
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.frontends import AnyFrontend, Chosen, holds
from vnetverify.encoder.headers import Header, serves
from vnetverify.encoder.links import Linked, Links
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
from vnetverify.model.network import Nic
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService
from vnetverify.model.security import Direction


@dataclass(slots=True)
class Delivery:
    """The flows of a claim between its two ends, as terms."""

    hops: Hops
    ends: Ends
    links: Links = field(init=False)

    def __post_init__(self) -> None:
        self.links = Links(self.hops, self.ends.entrances)

    def at(self, ends: Ends) -> Delivery:
        """Return the same for other ends of the flow: those of another packet of it."""
        delivery = Delivery(self.hops, ends)
        delivery.links = replace(self.links, entrances=ends.entrances)
        return delivery

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
            *(all_of(self._names_publicly(nic), self.parted(nic)) for nic in self.asked_behind(nics, right)),
        )
        internet = self.ends.begins_at(INTERNET)
        return any_of(all_of(internet, outside), all_of(negate(internet), inside))

    def asked_behind(self, nics: Iterable[Nic], right: Parts) -> list[Nic]:
        """Return the interfaces that the Internet asks for by their public addresses: none that `right` names by that
        address itself."""
        entrances = self.hops.estate.entrance_at
        named = {id(entrances[place]) for place in right if place.kind == PlaceKind.PUBLIC.value}
        return [nic for nic in nics if id(self.ends.entrances.own(nic)) not in named]

    def names_several(self, sides: Sequence[tuple[Term, Parts, bool]]) -> Term:
        """Hold when the destination names ends at two places; of each right side with when it counts and whether
        flows from the Internet, which know hosts by their public addresses, are among those that ask for it."""
        named: dict[Place, list[Term]] = {}
        nics = {
            nic.name: nic
            for _, right, by_public in sides
            if by_public
            for nic in self.asked_behind(public_nics(self.hops, right), right)
        }
        torn = held_twice(right for _, right, _ in sides)
        if not torn and not nics:
            return FALSE
        for counts, right, by_public in sides:
            hidden = public_nics(self.hops, right) if by_public else []
            for place, addresses in sorted(right.items()):
                asked = addresses & (torn | self.hops.estate.realm.public if nics else torn)
                if asked:
                    term = all_of(counts, self._names_at(place, asked, hidden))
                    named.setdefault(place, []).append(term)
        terms = [any_of(*terms) for terms in named.values()]
        internet = self.ends.begins_at(INTERNET)
        terms += [all_of(internet, self._names_publicly(nic), self.parted(nic)) for nic in nics.values()]
        some, several = FALSE, FALSE
        for term in terms:
            several = any_of(several, all_of(some, term))
            some = self.share(any_of(some, term))
        return several

    def _names_publicly(self, nic: Nic) -> Term:
        """Hold when the destination is the public address of `nic`."""
        return self.ends.entrances.names(self.ends.entrances.own(nic), self.ends.header.destination)

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
        """Hold when an end at `place` is another host and member than the origin, and the public address that the
        destination is, if it is one, is that of the place."""
        destination, named = self.ends.header.destination, TRUE
        if place == INTERNET:
            named = self.ends.entrances.names_none(destination)
        elif place.kind == PlaceKind.PUBLIC.value:
            entrance = self.ends.entrances.at(place)
            named = all_of(self.ends.entrances.names(entrance, destination), self._leads_elsewhere(entrance))
        return all_of(
            named, self.ends.is_not_itself(place), self.ends.apart(place, addresses, self.ends.header.destination)
        )

    def _leads_elsewhere(self, entrance: Entrance) -> Term:
        """Hold unless the flow starts at the host that the public address leads to."""
        nic = entrance.at
        if not isinstance(nic, Nic) or not self.hops.estate.leads_to_host(entrance):
            return TRUE
        return self.ends.starts_elsewhere(Place(PlaceKind.SUBNET.value, nic.subnet_id), nic.addresses[:1])

    def parted(self, nic: Nic) -> Term:
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        host = IntervalSet((Interval(nic.addresses[0], nic.addresses[0]),))
        return all_of(self.ends.starts_elsewhere(place, nic.addresses[:1]), self.ends.apart(place, host, None))

    def delivered_to(self, circuit: Circuit, right: Parts) -> Term:
        """Hold when the packet ends in `right`, by whichever address it was sent there, and as the service that counts
        where one does."""
        entrances, public = self.ends.entrances, public_nics(self.hops, right)
        asked = self.asked_behind(public, right)
        itself = any_of(
            self.delivered_as_named(circuit, right),
            *(self._comes_to(right, entrances.from_inside(circuit, entrances.own(nic))) for nic in public),
            *(
                self._comes_to(right, entrances.from_internet(circuit, entrances.own(nic)))
                for nic in public
                if nic not in asked
            ),
        )
        return any_of(
            all_of(itself, self._is_as_asked(circuit)),
            self.shared_out(circuit, right, lambda nic: TRUE),
            self._published_to(circuit, right, lambda nic: TRUE),
            self._linked_to(circuit, right, lambda endpoint, nic: TRUE),
        )

    def ends_at_origin(self, circuit: Circuit, parts: Parts) -> Term:
        """Hold when the packet ends in `parts` at the very host or site address at which its flow began."""
        terms = []
        for place, addresses in sorted(parts.items()):
            begins = self.ends.begins_at(place)
            if begins != FALSE:
                destination = self.hops.estate.address(self.ends.header.destination.term)
                is_here = all_of(is_among(destination, addresses), negate(self.ends.is_not_itself(place)))
                terms.append(all_of(is_here, self.arrives(circuit, place, addresses)))
        for nic in public_nics(self.hops, parts):
            place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
            itself = negate(self.ends.starts_elsewhere(place, nic.addresses[:1]))
            if itself != FALSE:
                entered = self.ends.entrances.from_inside(circuit, self.ends.entrances.own(nic))
                terms += [all_of(itself, term) for _, term in entered]
        return any_of(*terms)

    def delivered_where(self, circuit: Circuit, right: Parts, wanted: Wanted) -> Term:
        """Hold when the packet ends in `right`, at a place or interface where what is wanted holds."""

        def arrived(place: Place, addresses: IntervalSet) -> Term:
            here = wanted.at(place, addresses)
            return FALSE if here == FALSE else all_of(self.arrives(circuit, place, addresses), here)

        by_public = []
        for nic in public_nics(self.hops, right):
            entrance = self.ends.entrances.own(nic)
            ways = (*self.ends.entrances.from_inside(circuit, entrance),)
            ways += (*self.ends.entrances.from_internet(circuit, entrance),)
            by_public.append(self._comes_to(right, ways, wanted.by_public_address))
        return any_of(
            self.tree(right, arrived),
            *by_public,
            self.shared_out(circuit, right, wanted.by_frontend),
            self._shared_out_by_name(circuit, right, wanted.by_frontend),
            self._published_to(circuit, right, wanted.by_public_address),
            self._published_by_name(circuit, right, wanted.by_public_address),
            self._linked_to(circuit, right, wanted.by_link),
            self._linked_by_name(circuit, right, wanted.by_link),
        )

    def delivered_as_named(self, circuit: Circuit, right: Parts) -> Term:
        """Hold when the packet ends at an end of `right` that its destination names: a host that is entered by its
        public address is named by that from the Internet alone."""
        arrived = self.tree(right, lambda place, addresses: self.arrives(circuit, place, addresses))
        public = [
            self._comes_to(right, self.ends.entrances.from_internet(circuit, self.ends.entrances.own(nic)))
            for nic in self.asked_behind(public_nics(self.hops, right), right)
        ]
        return any_of(arrived, *public)

    def _comes_to(self, right: Parts, ways: Iterable[Chosen], at: TermOf | None = None) -> Term:
        """Hold when the packet comes by one of these ways to a host of `right` where `at` holds."""
        return any_of(
            *(
                all_of(term, self.parted(nic), TRUE if at is None else at(nic))
                for nic, term in ways
                if holds(right, nic)
            )
        )

    # -- by public frontends ------------------------------------------------------------------------------

    def published_from_internet(self, circuit: Circuit, published: Published) -> list[Chosen]:
        """Return when each member gets an Internet host's packet by a public frontend."""
        return self.ends.entrances.from_internet(circuit, self.ends.entrances.at(published.place))

    def _published(self, circuit: Circuit, published: Published) -> list[Chosen]:
        """Return when each member gets a packet by a public frontend, wherever that comes from (F-LB-8)."""
        inside = self.ends.entrances.from_inside(circuit, self.ends.entrances.at(published.place))
        return [
            *self.published_from_internet(circuit, published),
            *((nic, all_of(term, self._returns(published, nic))) for nic, term in inside),
        ]

    def _returns(self, balanced: AnyFrontend, nic: Nic) -> Term:
        """Hold unless the flow began at the member that gets it, which then gets nothing (F-LB-8)."""
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        return any_of(self.ends.starts_elsewhere(place, nic.addresses), self.hops.frontends.hairpins(balanced))

    def _published_to(self, circuit: Circuit, right: Parts, at_member: TermOf) -> Term:
        """Hold when the packet gets by a public frontend to a member that is a host of `right`."""
        return any_of(
            *(
                self._comes_to(right, self._published(circuit, published), at_member)
                for published in self.hops.frontends.published_before(right)
            )
        )

    def _published_by_name(self, circuit: Circuit, right: Parts, at_member: TermOf) -> Term:
        """Hold when the packet comes to a public frontend that `right` names, and to a member where `at_member`
        holds."""
        terms = []
        for place, addresses in right.items():
            if place.kind == PlaceKind.PUBLIC.value:
                entrance = self.ends.entrances.at(place)
                ways = [all_of(term, at_member(nic)) for nic, term in self._entered(circuit, entrance)]
                terms.append(all_of(self._extra(place, addresses), any_of(*ways)))
        return any_of(*terms)

    def _entered(self, circuit: Circuit, entrance: Entrance) -> list[Chosen]:
        """Return when each interface gets a packet by the public address of a PUBLIC place; at a firewall with rules
        these decide."""
        if isinstance(entrance.at, Published):
            return self._published(circuit, entrance.at)
        if not self.hops.estate.leads_to_host(entrance):
            return []
        entrances = self.ends.entrances
        return [*entrances.from_internet(circuit, entrance), *entrances.from_inside(circuit, entrance)]

    def _arrives_at_public_place(self, circuit: Circuit, place: Place) -> Term:
        entrance = self.ends.entrances.at(place)
        return any_of(
            *(term for _, term in self._entered(circuit, entrance)),
            self.ends.entrances.keeps(circuit, entrance),
            circuit.reaches(Anywhere()),
        )

    # -- by private link services ---------------------------------------------------------------------------

    def linked(
        self, circuit: Circuit, behind: Linked, addresses: IntervalSet, *, to_frontend: bool = False
    ) -> list[Chosen]:
        """Return when each member of the service behind an endpoint gets a packet for these addresses of it."""
        endpoint, service = behind
        named = is_among(self.hops.estate.address(circuit.header.destination.term), addresses)
        arrived = self.share(all_of(named, self._gets_to_endpoint(circuit, endpoint, addresses)))
        if arrived == FALSE:
            return []
        header = circuit.header.to(addresses)
        return [
            (nic, self.share(all_of(arrived, term)))
            for nic, term in self.links.deliveries(service, header, to_frontend=to_frontend)
        ]

    def _linked_to(self, circuit: Circuit, right: Parts, at_member: TermOfLink) -> Term:
        """Hold when the packet gets by a private endpoint to a member that is a host of `right`, or whose frontend
        `right` names."""
        terms = []
        for endpoint, service in self.links.before(right):
            addresses = _numbers(endpoint.addresses)
            ways = self.linked(circuit, (endpoint, service), addresses)
            terms.append(self._comes_to(right, ways, partial(at_member, endpoint)))
            passed = self.links.frontend_in(right, service)
            if passed is not None:
                ways = self.linked(circuit, (endpoint, service), addresses, to_frontend=True)
                by_frontend = any_of(*(all_of(term, at_member(endpoint, nic)) for nic, term in ways))
                apart = self.ends.apart(passed.place, passed.address, None)
                terms.append(all_of(self._is_as_asked(circuit), apart, by_frontend))
        return any_of(*terms)

    def _is_as_asked(self, circuit: Circuit) -> Term:
        """Hold when the packet itself is of the service as which it has to arrive, where one counts."""
        arriving = self.hops.frontends.arriving
        return TRUE if arriving is None else serves(arriving, circuit.header)

    def _linked_by_name(self, circuit: Circuit, right: Parts, at_member: TermOfLink) -> Term:
        """Hold when the packet comes to an endpoint that `right` names, and by it to a member where `at_member`
        holds."""
        terms = []
        for place, addresses, endpoint, service in self.endpoints_in(right):
            linked = self.linked(circuit, (endpoint, service), addresses)
            ways = [all_of(term, at_member(endpoint, nic)) for nic, term in linked]
            terms.append(all_of(self._extra(place, addresses), any_of(*ways)))
        return any_of(*terms)

    def endpoints_in(self, right: Parts) -> list[tuple[Place, IntervalSet, PrivateEndpoint, PrivateLinkService]]:
        """Return the private endpoints of declared services that `right` names, with their place and addresses there
        and the service."""
        found = []
        for endpoint in self.hops.estate.network.private_endpoints.values():
            place = Place(PlaceKind.SUBNET.value, endpoint.subnet_id)
            addresses = _numbers(endpoint.addresses) & right.get(place, IntervalSet())
            service = self.links.service(endpoint)
            if addresses and service is not None:
                found.append((place, addresses, endpoint, service))
        return found

    # -- by internal frontends ------------------------------------------------------------------------------

    def shares(self, circuit: Circuit, balanced: Balanced, *, to_frontend: bool = False) -> list[Chosen]:
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
        for nic, term in self.hops.frontends.deliveries(balanced, header, to_frontend=to_frontend):
            works = self.hops.gateways.works_in(nic.vnet)
            delivered.append((nic, self.share(all_of(arrived, term, self._returns(balanced, nic), works))))
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
        header, vnet = circuit.header.to(balanced.address), balanced.frontend.vnet
        kept = any_of(
            self.hops.frontends.refuses(balanced, header), self.hops.frontends.answers_itself(balanced, header)
        )
        return any_of(
            *(term for _, term in self.shares(circuit, balanced, to_frontend=True)),
            all_of(circuit.reaches(ToVnet(vnet)), kept, self.hops.gateways.works_in(vnet)),
            self._astray(circuit),
        )

    def _arrives_at_endpoint(self, circuit: Circuit, endpoint: PrivateEndpoint, address: IntervalSet) -> Term:
        service = self.links.service(endpoint)
        if service is None:
            return self._gets_to_endpoint(circuit, endpoint, address)
        gets = (term for _, term in self.linked(circuit, (endpoint, service), address, to_frontend=True))
        return any_of(*gets, self._astray(circuit))

    def _gets_to_endpoint(self, circuit: Circuit, endpoint: PrivateEndpoint, addresses: IntervalSet) -> Term:
        """Hold when a packet for these addresses of an endpoint is let in there, whoever then takes it."""
        arrived = circuit.reaches(ToVnet(endpoint.vnet))
        taken_in = self.hops.endpoints.takes_in(endpoint, circuit.header.to(addresses)) if arrived != FALSE else FALSE
        works = self.hops.gateways.works_in(endpoint.vnet)
        return any_of(all_of(arrived, taken_in, works), self._astray(circuit))

    def _astray(self, circuit: Circuit) -> Term:
        return any_of(*(circuit.reaches(end) for end in ANYWHERE))

    def arrives(self, circuit: Circuit, place: Place, addresses: IntervalSet) -> Term:
        """Hold when the packet, which is for an address of `place`, is delivered there.

        Addresses of frontends and private endpoints are asked for one by one.
        """
        if place.kind == PlaceKind.PUBLIC.value:
            return self._arrives_at_public_place(circuit, place)
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
            if any(address in addresses for address in nic.addresses)
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
            held = [address for address in nic.addresses if address in addresses]
            if circuit.memory is None:
                here = header.to(interval_set(Interval(address, address) for address in held))
                works = all_of(works, negate(self.hops.turns_away(machine, here)))
            if works != TRUE and held:
                terms.append(any_of(works, none_of(*(equals(header.destination, address) for address in held))))
        return all_of(*terms)


def _numbers(addresses: Iterable[int]) -> IntervalSet:
    return interval_set(Interval(address, address) for address in addresses)
