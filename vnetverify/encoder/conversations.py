"""Flows whose reply comes back: there, at the end, and home again past devices that keep state.

I-REACH, I-SYMMETRIC, R-TRAF-2, R-TRAF-3, R-TRAF-10, R-SEL-9, F-META-4, F-STATE-2, F-STATE-3, F-STATE-5, F-STATE-6,
F-ADM-18, F-PE-10.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.encoder.addressing import Balanced
from vnetverify.encoder.candidates import Candidate, InternetHop
from vnetverify.encoder.circuit import Circuit, Start
from vnetverify.encoder.delivery import Delivery
from vnetverify.encoder.ends import Ends, Parts, coarse, public_nics, region_of
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Memory, Sender, ToInternet
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Branch,
    Key,
    Term,
    all_of,
    any_of,
    decision_tree,
    either,
    equals,
    is_among,
    negate,
)
from vnetverify.encoder.tunnels import Tunnels
from vnetverify.encoder.walk import Hops
from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Direction, Nic, PrivateEndpoint, Site, Subnet


@dataclass(slots=True)
class Conversations:
    """Conversations between the ends of a claim; with `is_symmetric` both ways must meet the same appliances.

    `is_only_pair` tells that the claim has one pair of sides, so that its premise says where flows begin.
    """

    delivery: Delivery
    is_symmetric: bool
    is_only_pair: bool

    @property
    def hops(self) -> Hops:
        return self.delivery.hops

    @property
    def ends(self) -> Ends:
        return self.delivery.ends

    def holds(self, left: Parts, right: Parts) -> Term:
        """Hold when the first packet is delivered in `right` and the reply comes back (R-TRAF-2)."""
        forward = self.delivery.circuit(left)
        shares = self._shares(forward, right)
        memory = self._remembered(forward, shares, right)
        starts = (*self._answering(forward, right), *self._answering_for_frontends(shares))
        exits = [end for end in forward.ends() if isinstance(end, ToInternet) and not end.is_by_host]
        relays = tuple(
            (all_of(forward.reaches(end), self._lets_in_at_exit(end, memory)), self._answers_for(end))
            for end in exits
            if INTERNET in right
        )
        came_to = Key(self.ends.header.destination)
        reply = Circuit(self.hops, Tunnels(self.hops), self.ends.header.reversed(), came_to, starts, memory, relays)
        back = self._comes_back(reply, left)
        same_state = self._same_stateful(forward, reply)
        heard = self._hears_the_internet(left) if INTERNET in right else TRUE

        def answered(place: Place, addresses: IntervalSet) -> Term:
            if place.kind == PlaceKind.PUBLIC.value:
                return FALSE  # what comes back in from inside is not answered (R-TRAF-10)
            arrived = self.delivery.arrives(forward, place, addresses)
            if place == INTERNET:
                leaving = (end for end in forward.ends() if isinstance(end, ToInternet) and end.is_by_host)
                by_host = any_of(*(forward.reaches(end) for end in leaving))
                by_others = any_of(*(forward.reaches(end) for end in exits))
                return any_of(all_of(by_host, heard), all_of(by_others, back, same_state))
            return all_of(arrived, back, same_state)

        inside = self.delivery.tree(right, answered)
        if INTERNET not in left:
            return self._from_here(left, inside)
        entered = self._entered(forward, right)
        internet = self.ends.begins_at(INTERNET)
        works = any_of(all_of(internet, any_of(*entered)), all_of(negate(internet), inside))
        return self._from_here(left, works)

    def _entered(self, forward: Circuit, right: Parts) -> list[Term]:
        """Return when a packet of the Internet comes in by each public address that is asked for, and is answered."""
        terms = []
        for nic in public_nics(self.hops, right):
            entrance = self.ends.entrances.own(nic)
            for taker, term in self.ends.entrances.from_internet(forward, entrance):
                answered = all_of(self._answers_directly(taker), self.ends.entrances.lets_answer_out(entrance, taker))
                terms.append(all_of(term, self.delivery.parted(taker), answered))
        for place in right:
            if place.kind == PlaceKind.PUBLIC.value:
                entrance = self.ends.entrances.at(place)
                apart = self.ends.apart(place, right[place], self.ends.header.destination)
                for taker, term in self.ends.entrances.from_internet(forward, entrance):
                    lets_out = self.ends.entrances.lets_answer_out(entrance, taker)
                    terms.append(all_of(term, apart, self._answers_directly(taker), lets_out))
        return terms

    def _from_here(self, left: Parts, works: Term) -> Term:
        return works if self.is_only_pair else all_of(self.ends.begins_in(left), works)

    # -- who answers --------------------------------------------------------------------------------------

    def _shares(self, forward: Circuit, right: Parts) -> list[tuple[Balanced, Nic, Term]]:
        """Return when each member behind a frontend of `right` gets the first packet."""
        return [
            (balanced, nic, term)
            for balanced in self.hops.frontends.among(right)
            for nic, term in self.delivery.shares(forward, balanced)
        ]

    def _remembered(self, forward: Circuit, shares: list[tuple[Balanced, Nic, Term]], right: Parts) -> Memory:
        """Return what the first packet passed, the interfaces of members that it came to by a frontend included."""
        memory = forward.remembered()
        passed, forgetful = dict(memory.passed), dict(memory.forgetful)
        taken_in = [
            (nic, term, self.hops.frontends.forgets(balanced, nic, self.ends.header.to(balanced.address)))
            for balanced, nic, term in shares
        ]
        for _, addresses, endpoint, service in self.delivery.endpoints_in(right):
            header = self.ends.header.to(addresses)
            taken_in += [
                (nic, term, self.delivery.links.forgets(service, nic, header))
                for nic, term in self.delivery.linked(forward, endpoint, addresses)
            ]
        for nic, term, forgets in taken_in:
            passed[nic.name] = any_of(passed.get(nic.name, FALSE), term)
            forgetful[nic.name] = any_of(forgetful.get(nic.name, FALSE), all_of(term, forgets))
        return Memory(passed, forgetful, memory.met, lambda nic: self._at_end(forward, nic, right))

    def _at_end(self, forward: Circuit, nic: Nic, right: Parts) -> tuple[Term, Term]:
        """Return when the first packet began at `nic`, or was delivered there as in `right` (F-STATE-2), and when
        that leaves no record (F-ADM-18)."""
        place, subnet = Place(PlaceKind.SUBNET.value, nic.subnet_id), self.hops.estate.subnets[nic.subnet_id]
        own = interval_set(Interval(address, address) for address in nic.addresses)
        begun = all_of(self.ends.begins_at(place), is_among(self.ends.header.source, own))
        sent = all_of(begun, self.hops.frontends.sender_forgets(self.ends.header.of(own), subnet))
        there = own & right.get(place, IntervalSet())
        if not there:
            return begun, self.delivery.share(sent)
        ended = all_of(is_among(self.ends.header.destination, there), self.delivery.arrives(forward, place, there))
        taken = all_of(ended, self.hops.forgets(nic, self.ends.header.to(there), Direction.INBOUND))
        return self.delivery.share(any_of(begun, ended)), self.delivery.share(any_of(sent, taken))

    def _answering(self, forward: Circuit, right: Parts) -> Iterator[Start]:
        """Yield where the replies of hosts, sites and private endpoints of `right` begin."""
        estate = self.hops.estate
        for place, everything in right.items():
            if place == INTERNET or place.kind == PlaceKind.PUBLIC.value:
                continue
            region = region_of(self.hops, place)
            is_shared = any(other != place and region_of(self.hops, other) & region for other in right)
            for addresses in estate.sorted_out(place, everything):
                standing = estate.standing_at(place, addresses)
                if isinstance(standing, Balanced):
                    continue
                came = self.delivery.arrives(forward, place, addresses) if is_shared else TRUE
                here = estate.hosts_among(place, region) if standing is None else addresses
                if standing is None:
                    lets_out = self._lets_answer_out(place, addresses)
                else:
                    lets_out = self._answers_by_link(forward, standing, addresses)
                yield Start(place, here, addresses, condition=all_of(came, lets_out), by=standing)

    def _answers_by_link(self, forward: Circuit, endpoint: PrivateEndpoint, addresses: IntervalSet) -> Term:
        """Hold when whoever stands behind a private endpoint answers: Azure's service does, and a member of another's
        where its answer comes back to the service (F-PE-10)."""
        service = self.delivery.links.service(endpoint)
        if service is None:
            return TRUE
        header = self.ends.header.to(addresses)
        return any_of(
            *(
                all_of(term, self.delivery.links.answers(service, nic, header))
                for nic, term in self.delivery.linked(forward, endpoint, addresses)
            )
        )

    def _answering_for_frontends(self, shares: list[tuple[Balanced, Nic, Term]]) -> Iterator[Start]:
        """Yield where a member answers what came to it by a frontend: with the frontend's address as source."""
        for balanced, nic, term in shares:
            header = self.ends.header.to(balanced.address)
            answers = all_of(term, self.hops.frontends.lets_answer_out(balanced, nic, header))
            yield Start(balanced.place, balanced.address, balanced.address, condition=answers, by=nic)

    def _lets_answer_out(self, place: Place, addresses: IntervalSet) -> Term:
        """Hold when the host of `place` that got the packet lets its answer out (F-ADM-18)."""
        if place.kind != PlaceKind.SUBNET.value:
            return TRUE
        header, spot = self.ends.header.to(coarse(addresses)), Spot(self.hops.estate.subnets[place.name])
        return self.delivery.share(self.hops.filters.allow_answer(header, spot, Direction.INBOUND))

    # -- who gets the answer ------------------------------------------------------------------------------

    def _answers_for(self, end: ToInternet) -> Sender | Site:
        """Return who gets the reply to a packet that left for the Internet, and sends it back to the source."""
        return self._sender(end.nic) if end.nic is not None else self.hops.estate.network.sites[str(end.site)]

    def _sender(self, nic_name: str) -> Sender:
        for machine in (*self.hops.estate.network.machines.values(), *self.hops.implied_machines()):
            for nic in machine.nics:
                if nic.name == nic_name:
                    return Sender(self.hops.estate.subnets[nic.subnet_id], machine=machine, nic=nic)
        raise KeyError(nic_name)

    def _comes_back(self, reply: Circuit, left: Parts) -> Term:
        branches: list[Branch] = []
        for place, addresses in sorted(left.items()):
            if place != INTERNET:
                arrives = self.delivery.arrives(reply, place, addresses)
                term = self.delivery.share(all_of(arrives, self._lets_answer_in(place, addresses)))
                branches += self.ends.membership(self.ends.key, place, addresses, term)
        return decision_tree(self.ends.key, branches, self.delivery.share, free_outside=True)

    def _lets_answer_in(self, place: Place, addresses: IntervalSet) -> Term:
        """Hold when the host of `place` that sent the packet lets the answer in (F-ADM-18)."""
        if place.kind != PlaceKind.SUBNET.value:
            return TRUE
        subnet = self.hops.estate.subnets[place.name]
        return self.hops.frontends.lets_answer_in(self.ends.header.of(coarse(addresses)), subnet)

    def _hears_the_internet(self, left: Parts) -> Term:
        """Hold when the host that sent the packet to the Internet itself lets the answer in (F-ADM-18)."""
        terms = []
        for place, addresses in sorted(left.items()):
            if place.kind == PlaceKind.SUBNET.value:
                subnet = self.hops.estate.subnets[place.name]
                header = self.ends.header.of(coarse(addresses))
                forgotten = self.hops.frontends.sender_forgets(header, subnet)
                if forgotten != FALSE:
                    taken_in = any_of(negate(forgotten), self._is_open_to_answers(subnet, header.reversed()))
                    terms.append((place, addresses, self.delivery.share(taken_in)))
        branches = [branch for parts in terms for branch in self.ends.membership(self.ends.key, *parts)]
        named = any_of(*(self.ends.begins_in({place: addresses}) for place, addresses, _ in terms))
        tree = decision_tree(self.ends.key, branches, self.delivery.share, free_outside=False)
        return any_of(negate(named), tree)

    def _is_open_to_answers(self, subnet: Subnet, answer: Header) -> Term:
        """Hold when the filters of a host let an answer of the Internet in as a new packet."""
        taken_in = self.hops.filters.allow(answer, Spot(subnet), Direction.INBOUND)
        for nic in self.hops.estate.nics_in[subnet.id]:
            here = any_of(*(equals(answer.destination, address) for address in nic.addresses))
            if nic.public_address is not None and here != FALSE:
                taken_in = either(here, self.ends.entrances.is_open(nic, answer), taken_in)
        return taken_in

    def _lets_in_at_exit(self, end: ToInternet, memory: Memory) -> Term:
        """Hold when the interface by which an appliance sent the packet out lets the answer in, and out again to where
        it belongs (F-ADM-18)."""
        forgotten = FALSE if end.nic is None else memory.forgetful.get(end.nic, FALSE)
        if forgotten == FALSE or end.nic is None:
            return TRUE
        nic, answer = self._sender(end.nic).nic, self.ends.header.reversed()
        assert nic is not None
        spot = Spot(self.hops.estate.subnets[nic.subnet_id], nic)
        if nic.public_address is not None and nic.addresses:
            lets_in = self.ends.entrances.is_open(nic, answer)
        else:
            lets_in = self.hops.filters.allow(answer, spot, Direction.INBOUND)
        onward = self.hops.filters.allow(answer, spot, Direction.OUTBOUND)
        return any_of(negate(forgotten), all_of(lets_in, onward))

    def _same_stateful(self, forward: Circuit, reply: Circuit) -> Term:
        """Hold when both ways meet the same appliances: the stateful ones, or all where the claim is of symmetry; one
        that translated is on both."""
        terms = []
        names = {machine.name: machine for circuit in (forward, reply) for machine in circuit.machines()}
        for name in sorted(names):
            there, back = forward.meets(name), reply.meets(name)
            translated = any_of(
                *(
                    forward.reaches(end)
                    for end in forward.ends()
                    if isinstance(end, ToInternet)
                    and end.nic is not None
                    and self._sender(end.nic).machine == names[name]
                )
            )
            back = any_of(back, translated)
            same = any_of(all_of(there, back), all_of(negate(there), negate(back)))
            counts = TRUE if self.is_symmetric else self.hops.is_stateful(names[name])
            terms.append(any_of(negate(counts), same))
        return self.delivery.share(all_of(*terms))

    def _answers_directly(self, nic: Nic) -> Term:
        """Hold when replies of `nic` leave by Internet, where its public address is put back (R-SEL-9)."""
        subnet = self.hops.estate.subnets[nic.subnet_id]
        return self.hops.selected(self.ends.header.reversed(), subnet, _is_internet)


def _is_internet(choice: Candidate) -> bool:
    return isinstance(choice.hop, InternetHop)
