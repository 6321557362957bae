"""Flows whose reply comes back: there, at the end, and home again past devices that keep state.

I-REACH, I-SYMMETRIC, R-TRAF-2, R-TRAF-3, R-SEL-9, F-META-4, F-STATE-2, F-STATE-3, F-STATE-6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.encoder.addressing import Balanced
from vnetverify.encoder.candidates import Candidate, InternetHop
from vnetverify.encoder.circuit import Circuit, Start
from vnetverify.encoder.delivery import Delivery
from vnetverify.encoder.ends import Ends, Parts, public_nics, region_of
from vnetverify.encoder.nodes import Memory, Sender, ToInternet
from vnetverify.encoder.terms import FALSE, TRUE, Branch, Key, Term, all_of, any_of, decision_tree, is_among, negate
from vnetverify.encoder.tunnels import Tunnels
from vnetverify.encoder.walk import Hops
from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Nic, Site


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
        relays = tuple((forward.reaches(end), self._answers_for(end)) for end in exits if INTERNET in right)
        came_to = Key(self.ends.header.destination)
        reply = Circuit(self.hops, Tunnels(self.hops), self.ends.header.reversed(), came_to, starts, memory, relays)
        back = self._comes_back(reply, left)
        same_state = self._same_stateful(forward, reply)

        def answered(place: Place, addresses: IntervalSet) -> Term:
            arrived = self.delivery.arrives(forward, place, addresses)
            if place == INTERNET:
                leaving = (end for end in forward.ends() if isinstance(end, ToInternet) and end.is_by_host)
                by_host = any_of(*(forward.reaches(end) for end in leaving))
                by_others = any_of(*(forward.reaches(end) for end in exits))
                return any_of(by_host, all_of(by_others, back, same_state))
            return all_of(arrived, back, same_state)

        inside = self.delivery.tree(right, answered)
        if INTERNET not in left:
            return self._from_here(left, inside)
        entered = [
            all_of(self.ends.enters_from_internet(forward, nic), self.delivery.parted(nic), self._answers_directly(nic))
            for nic in public_nics(self.hops, right)
        ]
        internet = self.ends.begins_at(INTERNET)
        works = any_of(all_of(internet, any_of(*entered)), all_of(negate(internet), inside))
        return self._from_here(left, works)

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
        passed = dict(memory.passed)
        for _, nic, term in shares:
            passed[nic.name] = any_of(passed.get(nic.name, FALSE), term)
        return Memory(passed, memory.met, lambda nic: self._ends_at(forward, nic, right))

    def _ends_at(self, forward: Circuit, nic: Nic, right: Parts) -> Term:
        """Hold when the first packet began at `nic`, or was delivered there as in `right` (F-STATE-2)."""
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        own = interval_set(Interval(address, address) for address in nic.addresses)
        begun = all_of(self.ends.begins_at(place), is_among(self.ends.header.source, own))
        there = own & right.get(place, IntervalSet())
        if not there:
            return begun
        ended = all_of(is_among(self.ends.header.destination, there), self.delivery.arrives(forward, place, there))
        return self.delivery.share(any_of(begun, ended))

    def _answering(self, forward: Circuit, right: Parts) -> Iterator[Start]:
        """Yield where the replies of hosts, sites and private endpoints of `right` begin."""
        estate = self.hops.estate
        for place, everything in right.items():
            if place == INTERNET:
                continue
            region = region_of(self.hops, place)
            is_shared = any(other != place and region_of(self.hops, other) & region for other in right)
            for addresses in estate.sorted_out(place, everything):
                standing = estate.standing_at(place, addresses)
                if isinstance(standing, Balanced):
                    continue
                came = self.delivery.arrives(forward, place, addresses) if is_shared else TRUE
                here = estate.hosts_among(place, region) if standing is None else addresses
                yield Start(place, here, addresses, condition=came, by=standing)

    def _answering_for_frontends(self, shares: list[tuple[Balanced, Nic, Term]]) -> Iterator[Start]:
        """Yield where a member answers what came to it by a frontend: with the frontend's address as source."""
        for balanced, nic, term in shares:
            yield Start(balanced.place, balanced.address, balanced.address, condition=term, by=nic)

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
                term = self.delivery.share(self.delivery.arrives(reply, place, addresses))
                branches += self.ends.membership(self.ends.key, place, addresses, term)
        return decision_tree(self.ends.key, branches, self.delivery.share, free_outside=True)

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
