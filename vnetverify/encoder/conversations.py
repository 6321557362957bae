"""Flows whose reply comes back: there, at the end, and home again past devices that keep state.

I-REACH, I-SYMMETRIC, R-TRAF-2, R-TRAF-3, R-TRAF-10, R-SEL-9, F-STATE-2, F-STATE-3, F-STATE-5, F-STATE-6,
F-ADM-18, F-PE-10, F-FW-7, F-FW-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vnetverify.encoder.addressing import Balanced, Published
from vnetverify.encoder.appliances import from_own_address, own_tunnels
from vnetverify.encoder.candidates import Candidate, InternetHop
from vnetverify.encoder.circuit import MACHINES, Circuit, Start
from vnetverify.encoder.delivery import Delivery
from vnetverify.encoder.ends import Ends, Parts, coarse, public_nics, region_of
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.headers import Header
from vnetverify.encoder.journeys import Journey, Stage, Translation, journey, targets
from vnetverify.encoder.nodes import Memory, Onward, Returned, Sender, ToInternet, ToVnet
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Branch,
    Field,
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
from vnetverify.model.network import Machine, Nic, Site, Subnet
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction


@dataclass(frozen=True, slots=True)
class Ended:
    """The packet of a stage, where it can end so that a claim counts it, and the members that get it by frontends."""

    stage: Stage
    parts: Parts
    shares: list[tuple[Balanced, Nic, Term]]


@dataclass(frozen=True, slots=True)
class Replies:
    """The ways of the replies to the packets of a flow, in the order of the packets. `returned` tells when the reply to
    the packet after the first came to the firewall that made it."""

    circuits: list[Circuit]
    returned: list[tuple[Translation, Term]]

    def machines(self) -> Iterator[Machine]:
        for circuit in self.circuits:
            yield from circuit.machines()

    def meets(self, machine: str) -> Term:
        return any_of(*(circuit.meets(machine, MACHINES) for circuit in self.circuits))


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
        """Hold when the last packet is delivered in `right` and the reply comes back (R-TRAF-2).

        The reply goes back stage by stage: from where the last packet ended to the firewall that made it of another,
        and on from there as the reply to that one.
        """
        way = journey(self.delivery, left)
        ended = [self._ended(stage, way, right) for stage in way.stages]
        memories = [self._remembered(way, end) for end in ended]
        replies = self._replies(ended, memories)
        back = self._comes_back(replies.circuits[0], left, memories[0])
        same_state = self._same_stateful(way, replies)
        heard = self._hears_the_internet(left) if INTERNET in right else TRUE

        def answered(stage: Stage, parts: Parts, home: Term) -> Term:
            def at(place: Place, addresses: IntervalSet) -> Term:
                if place.kind == PlaceKind.PUBLIC.value:
                    return FALSE  # what comes back in from inside is not answered (R-TRAF-10)
                arrived = stage.delivery.arrives(stage.circuit, place, addresses)
                if place == INTERNET:
                    leaving = [end for end in stage.circuit.ends() if isinstance(end, ToInternet)]
                    by_host = any_of(*(stage.circuit.reaches(end) for end in leaving if end.is_by_host))
                    by_others = any_of(*(stage.circuit.reaches(end) for end in leaving if not end.is_by_host))
                    return any_of(all_of(by_host, heard), all_of(by_others, home, same_state))
                return all_of(arrived, home, same_state)

            return stage.delivery.tree(parts, at)

        inside = way.named_where(right, lambda stage, parts: answered(stage, parts, back))
        if INTERNET not in left:
            return self._from_here(left, any_of(inside, way.astray))
        entered = self._entered(way.stages[0].circuit, right)
        home = self._comes_back_to_internet(replies)
        if home != FALSE:
            entered.append(way.named_where(right, lambda stage, parts: answered(stage, parts, home)))
        internet = self.ends.begins_at(INTERNET)
        works = any_of(all_of(internet, any_of(*entered)), all_of(negate(internet), inside), way.astray)
        return self._from_here(left, works)

    def _comes_back_to_internet(self, replies: Replies) -> Term:
        """Hold when the reply to a packet of the Internet comes to the firewall that it came in by, and goes out there
        (R-SEL-9)."""
        return any_of(
            *(
                all_of(term, self._answers_directly(translation.machine.nics[0]))
                for translation, term in replies.returned
                if translation.is_public
            )
        )

    def _entered(self, forward: Circuit, right: Parts) -> list[Term]:
        """Return when a packet of the Internet comes in by each public address that is asked for, and is answered."""
        terms = []
        for nic in self.delivery.asked_behind(public_nics(self.hops, right), right):
            entrance = self.ends.entrances.own(nic)
            for taker, term in self.ends.entrances.from_internet(forward, entrance):
                answered = all_of(self._answers_directly(taker), self.ends.entrances.lets_answer_out(entrance, taker))
                terms.append(all_of(term, self.delivery.parted(taker), answered))
        for place in right:
            if place.kind != PlaceKind.PUBLIC.value:
                continue
            entrance = self.ends.entrances.at(place)
            if isinstance(entrance.at, Published) or self.hops.estate.leads_to_host(entrance):
                apart = self.ends.apart(place, right[place], self.ends.header.destination)
                for taker, term in self.ends.entrances.from_internet(forward, entrance):
                    lets_out = self.ends.entrances.lets_answer_out(entrance, taker)
                    terms.append(all_of(term, apart, self._answers_directly(taker), lets_out))
        return terms

    def _ended(self, stage: Stage, way: Journey, right: Parts) -> Ended:
        """Return where the packet of a stage can end so that the claim counts it: in `right`, or where NAT rules send
        it if one stands for a place there."""
        parts = dict(right)
        if way.stands_for(stage, right) != FALSE:
            for place, addresses in targets(stage.delivery).items():
                parts[place] = parts.get(place, IntervalSet()) | addresses
        return Ended(stage, parts, self._shares(stage, parts))

    # -- the way back -------------------------------------------------------------------------------------

    def _replies(self, ended: list[Ended], memories: list[Memory]) -> Replies:
        """Return the ways of the replies, each begun where its packet ended, or where the reply to the next came to."""
        circuits: list[Circuit] = []
        returned: list[tuple[Translation, Term]] = []
        for end, memory in zip(reversed(ended), reversed(memories), strict=True):
            stage = end.stage
            relays: list[tuple[Term, Site | Onward]] = [
                (self._is_answered(stage, out, memory, len(ended) > 1), self._answers_for(out))
                for out in self._exits(end)
                if self._translator_at(stage, out) is None
            ]
            # What came in from inside by a public address is not answered (R-TRAF-10), nor does its firewall go on.
            relays += [(term, Onward(each.machine)) for each, term in returned if not each.is_public]
            reply = Circuit(
                self.hops,
                Tunnels(self.hops),
                stage.header.reversed(),
                Key(stage.header.destination),
                (*self._answering(end, memory, len(ended) > 1), *self._answering_for_frontends(end, memory)),
                memory,
                tuple(relays),
                returning=_by_machine(stage.came),
            )
            circuits.append(reply)
            if stage.number:
                returned = [(each, self._has_returned(end, each, reply, memory)) for each in stage.came]
        return Replies(circuits[::-1], returned)

    def _is_answered(self, stage: Stage, out: ToInternet, memory: Memory, is_one_of_several: bool) -> Term:
        """Hold when the packet of a stage leaves for the Internet by `out`, and who answers it there is let in.

        Where there are several stages a later one may be what counts: the packet must not have come back in.
        """
        entrances = stage.delivery.ends.entrances
        outside = entrances.names_none(stage.delivery.ends.header.destination) if is_one_of_several else TRUE
        return all_of(stage.circuit.reaches(out), outside, self._lets_in_at_exit(stage, out, memory))

    def _exits(self, end: Ended) -> list[ToInternet]:
        """Return the ways by which the packet of a stage leaves for the Internet by others than its sender."""
        leaving = [out for out in end.stage.circuit.ends() if isinstance(out, ToInternet) and not out.is_by_host]
        return leaving if INTERNET in end.parts else []

    def _translator_at(self, stage: Stage, end: ToInternet) -> Machine | None:
        """Return the firewall that made the packet of a stage, if the packet leaves for the Internet by that one."""
        if end.nic is None:
            return None
        machine = self._machine_of(end.nic)
        return next((each.machine for each in stage.came if each.machine == machine), None)

    def _has_returned(self, end: Ended, translation: Translation, reply: Circuit, memory: Memory) -> Term:
        """Hold when the reply to the packet of a stage comes to the firewall that made it so (F-FW-7, F-FW-8)."""
        machine, stage = translation.machine, end.stage
        ways = [reply.reaches(Returned(machine.name))]
        if translation.owns_source:
            ways.append(all_of(reply.reaches(ToVnet(machine.nics[0].vnet)), self.hops.is_up(machine)))
        ways += [
            self._is_answered(stage, out, memory, True)
            for out in self._exits(end)
            if self._translator_at(stage, out) == machine
        ]
        return self.delivery.share(all_of(translation.term, any_of(*ways)))

    def _from_here(self, left: Parts, works: Term) -> Term:
        return works if self.is_only_pair else all_of(self.ends.begins_in(left), works)

    # -- who answers --------------------------------------------------------------------------------------

    def _shares(self, stage: Stage, parts: Parts) -> list[tuple[Balanced, Nic, Term]]:
        """Return when each member behind a frontend of `parts` gets the packet of a stage."""
        return [
            (balanced, nic, term)
            for balanced in self.hops.frontends.among(parts)
            for nic, term in stage.delivery.shares(stage.circuit, balanced)
        ]

    def _remembered(self, way: Journey, end: Ended) -> Memory:
        """Return what the packet of a stage passed, interfaces of members that it came to by a frontend included."""
        stage = end.stage
        memory = way.remembered(stage)
        passed, forgetful = dict(memory.passed), dict(memory.forgetful)
        taken_in = [
            (nic, term, self.hops.frontends.forgets(balanced, nic, stage.header.to(balanced.address)))
            for balanced, nic, term in end.shares
        ]
        for _, addresses, endpoint, service in stage.delivery.endpoints_in(end.parts):
            header = stage.header.to(addresses)
            taken_in += [
                (nic, term, stage.delivery.links.forgets(service, nic, header))
                for nic, term in stage.delivery.linked(stage.circuit, (endpoint, service), addresses)
            ]
        for nic, term, forgets in taken_in:
            passed[nic.name] = any_of(passed.get(nic.name, FALSE), term)
            forgetful[nic.name] = any_of(forgetful.get(nic.name, FALSE), all_of(term, forgets))
        return Memory(passed, memory.left, forgetful, memory.met, lambda nic: self._at_end(end, nic))

    def _at_end(self, end: Ended, nic: Nic) -> tuple[Term, Term]:
        """Return when the packet of a stage began at `nic`, as the first of a flow does, or was delivered there as in
        `right` (F-STATE-2), and when that leaves no record (F-ADM-18)."""
        place, stage = Place(PlaceKind.SUBNET.value, nic.subnet_id), end.stage
        own = interval_set(Interval(address, address) for address in nic.addresses)
        there, unrecorded = list[Term](), list[Term]()
        if stage.number == 0:
            begun = all_of(self.ends.begins_at(place), is_among(self.ends.header.source, own))
            spot = Spot(self.hops.estate.subnets[place.name])
            forgets = self.hops.frontends.sender_forgets(self.ends.header.of(own), spot)
            there.append(begun)
            unrecorded.append(all_of(begun, forgets))
        held = own & end.parts.get(place, IntervalSet())
        if held:
            arrived = all_of(
                is_among(stage.header.destination, held), stage.delivery.arrives(stage.circuit, place, held)
            )
            there.append(arrived)
            unrecorded.append(all_of(arrived, self.hops.forgets(nic, stage.header.to(held), Direction.INBOUND)))
        return self.delivery.share(any_of(*there)), self.delivery.share(any_of(*unrecorded))

    def _answering(self, end: Ended, memory: Memory, is_one_of_several: bool) -> Iterator[Start]:
        """Yield where the replies of hosts, sites and private endpoints begin that got the packet of a stage."""
        estate = self.hops.estate
        for place, everything in end.parts.items():
            if place == INTERNET or place.kind == PlaceKind.PUBLIC.value:
                continue
            region = region_of(self.hops, place)
            is_shared = any(other != place and region_of(self.hops, other) & region for other in end.parts)
            for addresses in estate.sorted_out(place, everything):
                standing = estate.standing_at(place, addresses)
                if isinstance(standing, Balanced):
                    continue
                came = TRUE
                if is_shared or is_one_of_several:
                    came = end.stage.delivery.arrives(end.stage.circuit, place, addresses)
                here = estate.hosts_among(place, region) if standing is None else addresses
                if standing is None:
                    lets_out = self._lets_answer_out(end.stage, place, addresses, memory)
                else:
                    lets_out = self._answers_by_link(end.stage, standing, addresses, memory)
                yield Start(place, here, addresses, condition=came, lets_out=lets_out, by=standing)

    def _answers_by_link(self, stage: Stage, endpoint: PrivateEndpoint, addresses: IntervalSet, memory: Memory) -> Term:
        """Hold when whoever stands behind a private endpoint answers: Azure's service does, and a member of another's
        where its answer comes back to the service (F-PE-10)."""
        links = stage.delivery.links
        service = links.service(endpoint)
        if service is None:
            return TRUE
        header = stage.header.to(addresses)
        return any_of(
            *(
                all_of(term, links.answers(service, nic, header, memory.forgetful[nic.name]))
                for nic, term in stage.delivery.linked(stage.circuit, (endpoint, service), addresses)
            )
        )

    def _answering_for_frontends(self, end: Ended, memory: Memory) -> Iterator[Start]:
        """Yield where a member answers what came to it by a frontend: with the frontend's address as source."""
        for balanced, nic, term in end.shares:
            header, forgotten = end.stage.header.to(balanced.address), memory.forgetful[nic.name]
            lets_out = self.hops.frontends.lets_answer_out(balanced, nic, header, forgotten)
            yield Start(balanced.place, balanced.address, balanced.address, condition=term, lets_out=lets_out, by=nic)

    def _lets_answer_out(self, stage: Stage, place: Place, addresses: IntervalSet, memory: Memory) -> Term:
        """Hold when the host of `place` that got the packet lets its answer out (F-ADM-18)."""
        if place.kind != PlaceKind.SUBNET.value:
            return TRUE
        header, spot = stage.header.to(coarse(addresses)), Spot(self.hops.estate.subnets[place.name])
        forgotten = any_of(
            self.hops.filters.forget(header, spot, Direction.INBOUND),
            self._forgotten_on_the_way(stage.header.destination, place, addresses, memory),
        )
        if forgotten == FALSE:
            return TRUE
        as_new = self.hops.filters.allow(header.reversed(), spot, Direction.OUTBOUND)
        return self.delivery.share(any_of(negate(forgotten), as_new))

    def _forgotten_on_the_way(self, end: Field, place: Place, addresses: IntervalSet, memory: Memory) -> Term:
        """Hold when the host that has the address `end` has passed the packet on as well, and kept no record of it."""
        terms = []
        for nic in (*self.hops.estate.nics_in[place.name], *self.hops.implied_nics(place.name)):
            own = interval_set(Interval(address, address) for address in nic.addresses) & addresses
            terms.append(all_of(is_among(end, own), memory.forgetful.get(nic.name, FALSE)))
        return any_of(*terms)

    # -- who gets the answer ------------------------------------------------------------------------------

    def _answers_for(self, end: ToInternet) -> Onward | Site:
        """Return who gets the reply to a packet that left for the Internet, and sends it back to the source."""
        if end.nic is None:
            return self.hops.estate.network.sites[str(end.site)]
        return Onward(self._machine_of(end.nic))

    def _machine_of(self, nic_name: str) -> Machine:
        machine = self._sender(nic_name).machine
        assert machine is not None
        return machine

    def _sender(self, nic_name: str) -> Sender:
        for machine in (*self.hops.estate.network.machines.values(), *self.hops.implied_machines()):
            for nic in machine.nics:
                if nic.name == nic_name:
                    return Sender(self.hops.estate.subnets[nic.subnet_id], machine=machine, nic=nic)
        raise KeyError(nic_name)

    def _comes_back(self, reply: Circuit, left: Parts, memory: Memory) -> Term:
        branches: list[Branch] = []
        for place, addresses in sorted(left.items()):
            if place != INTERNET:
                arrives = self.delivery.arrives(reply, place, addresses)
                term = self.delivery.share(all_of(arrives, self._lets_answer_in(reply, place, addresses, memory)))
                branches += self.ends.membership(self.ends.key, place, addresses, term)
        return decision_tree(self.ends.key, branches, self.delivery.share, free_outside=True)

    def _lets_answer_in(self, reply: Circuit, place: Place, addresses: IntervalSet, memory: Memory) -> Term:
        """Hold when the host of `place` that sent the packet lets the answer in (F-ADM-18), or gets it past them."""
        if place.kind != PlaceKind.SUBNET.value:
            return TRUE
        header, spot = self.ends.header.of(coarse(addresses)), Spot(self.hops.estate.subnets[place.name])
        forgotten = any_of(
            self.hops.frontends.sender_forgets(header, spot),
            self._forgotten_on_the_way(self.ends.header.source, place, addresses, memory),
        )
        if forgotten == FALSE:
            return TRUE
        past_them = map(reply.comes_otherwise, self.hops.estate.nics_in[place.name])
        return any_of(negate(forgotten), self.hops.frontends.takes_as_new(header, spot), *past_them)

    def _hears_the_internet(self, left: Parts) -> Term:
        """Hold when the host that sent the packet to the Internet itself lets the answer in (F-ADM-18)."""
        terms = []
        for place, addresses in sorted(left.items()):
            if place.kind == PlaceKind.SUBNET.value:
                subnet = self.hops.estate.subnets[place.name]
                header = self.ends.header.of(coarse(addresses))
                forgotten = self.hops.frontends.sender_forgets(header, Spot(subnet))
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
            if nic.public_address is not None:
                here = any_of(*(equals(answer.destination, address) for address in nic.addresses))
                taken_in = either(here, self.ends.entrances.is_open(nic, answer), taken_in)
        return taken_in

    def _lets_in_at_exit(self, stage: Stage, end: ToInternet, memory: Memory) -> Term:
        """Hold when the interface by which an appliance sent the packet out lets the answer in (F-ADM-18)."""
        if end.nic is None:
            return TRUE
        sender, header = self._sender(end.nic), stage.header
        nic, machine = sender.nic, self._machine_of(end.nic)
        assert nic is not None
        forgotten = memory.forgetful.get(end.nic, FALSE)
        if not end.for_service and machine.firewall is None:
            header = from_own_address(self.hops.estate, nic, header)
            forgotten = self.hops.forgets(nic, header, Direction.OUTBOUND)
        if forgotten == FALSE:
            return TRUE
        answer, spot = header.reversed(), Spot(sender.subnet, nic)
        if nic.public_address is not None and nic.addresses:
            lets_in = self.ends.entrances.is_open(nic, answer)
        else:
            lets_in = self.hops.filters.allow(answer, spot, Direction.INBOUND)
        return any_of(negate(forgotten), lets_in)

    def _same_stateful(self, way: Journey, replies: Replies) -> Term:
        """Hold when the stateful appliances of both ways are the same, packet by packet, and where the claim is of
        symmetry all appliances of both ways; one that translated is on both."""
        terms = []
        for stage, reply in zip(way.stages, replies.circuits, strict=True):
            machines = {machine.name: machine for machine in (*stage.circuit.machines(), *reply.machines())}
            for name, machine in sorted(machines.items()):
                translated = any_of(self._leaves_by(stage, name), way.translated_by(name, stage))
                same = any_of(translated, _are_alike(stage.circuit.meets(name, MACHINES), reply.meets(name, MACHINES)))
                terms.append(any_of(negate(self.hops.is_stateful(machine)), same))
        if self.is_symmetric:
            for name in sorted({machine.name for machine in (*way.machines(), *replies.machines())}):
                translated = any_of(
                    *(any_of(self._leaves_by(stage, name), way.translated_by(name, stage)) for stage in way.stages)
                )
                terms.append(any_of(translated, _are_alike(way.meets(name, MACHINES), replies.meets(name))))
        return self.delivery.share(all_of(*terms))

    def _leaves_by(self, stage: Stage, name: str) -> Term:
        """Hold when the packet of a stage leaves for the Internet by the machine of this name."""
        return any_of(
            *(
                stage.circuit.reaches(end)
                for end in stage.circuit.ends()
                if isinstance(end, ToInternet) and end.nic is not None and self._machine_of(end.nic).name == name
            )
        )

    def _answers_directly(self, nic: Nic) -> Term:
        """Hold when replies of `nic` leave by Internet, where its public address is put back (R-SEL-9), and by no
        tunnel."""
        subnet, header = self.hops.estate.subnets[nic.subnet_id], self.ends.header.reversed()
        tunnelled = any_of(*(term for _, term in own_tunnels(self.hops.estate, self.hops.facts, subnet, header, nic)))
        return all_of(negate(tunnelled), self.hops.selected(header, subnet, _is_internet))


def _are_alike(one: Term, other: Term) -> Term:
    return any_of(all_of(one, other), all_of(negate(one), negate(other)))


def _is_internet(choice: Candidate) -> bool:
    return isinstance(choice.hop, InternetHop)


def _by_machine(came: Iterable[Translation]) -> dict[str, Term]:
    """Return when each firewall is the one that a packet came by."""
    found: dict[str, Term] = {}
    for translation in came:
        found[translation.machine.name] = any_of(found.get(translation.machine.name, FALSE), translation.term)
    return found
