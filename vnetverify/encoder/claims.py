"""Claims as obligations: which flows are in question, and which of them contradict.

I-FLOW, I-REACH, I-SOMETIMES, I-NEVER, I-ISOLATED, I-ONLY-VIA, I-NOT-VIA, I-NOT-TRANSITIVE, I-NEXT-HOP,
I-GATEWAY, I-APART, I-FAILURES, R-TRAF-2, R-TRAF-3, R-PEER-12, F-STATE-1, F-STATE-2, F-STATE-3, F-STATE-6,
F-META-2, F-META-3, F-META-4, F-META-5, R-META-1, R-META-2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.circuit import Circuit, Start
from vnetverify.encoder.ends import Ends, coarse, joined_ends, public_nics, region_of, selectors_of
from vnetverify.encoder.facts import Bearing, Detail, Facts, Grounds
from vnetverify.encoder.failures import Failing
from vnetverify.encoder.filters import Filters, Spot
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import ALL_PROTOCOLS, Header, declare_header
from vnetverify.encoder.nodes import Anywhere, Sender, ToInterface, ToInternet, ToSite, ToVnet
from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.routes import (
    ApplianceHop,
    Candidate,
    EndpointHop,
    GroupHop,
    InternetHop,
    LearnedHop,
    LocalHop,
    NoHop,
    PeerHop,
    Routes,
    UserGatewayHop,
)
from vnetverify.encoder.tags import Tags
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Branch,
    Key,
    Script,
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
from vnetverify.header import ALL_PORTS, Interval, IntervalSet, interval_set
from vnetverify.model.intents import INTERNET, Claim, ExpectedHop, HopKind, Place, PlaceKind, Verb
from vnetverify.model.network import Direction, Network, Nic, Service, Site

Parts = dict[Place, IntervalSet]
TermAt = Callable[[Place, IntervalSet], Term]
IsWanted = Callable[[Candidate], bool]

_UNIVERSAL = (
    Verb.REACHES,
    Verb.REACHES_SYMMETRICALLY,
    Verb.LOSES_NO_PACKETS,
    Verb.SOMETIMES_REACHES,
    Verb.NEXT_HOP,
    Verb.GATEWAY,
)
"""Verbs that speak of flows to addresses of the right side; the others speak of all that is delivered there."""

_BY_ROUTES_ALONE = (Verb.GATEWAY, Verb.LOSES_NO_PACKETS)
"""Verbs under which filters and declared policies let everything pass."""


def encode(
    network: Network,
    claim: Claim,
    fixed: Mapping[str, bool],
    detail: Detail = Detail.NONE,
    bearing: Bearing | None = None,
) -> Obligation:
    """Return the obligation of `claim`; `fixed` are facts settled by assumption, by name or kind in lower case.

    With a `detail` the lines that can carry a proof are labelled: those of `bearing`, by default the ones
    whose absence would let a flow contradict the claim.
    """
    bearing = bearing or (Bearing.PASSES if claim.verb in _UNIVERSAL else Bearing.STOPS)
    return _encoder(network, claim, fixed, detail, bearing).obligation()


def encode_arrival(network: Network, claim: Claim, device: str, fixed: Mapping[str, bool]) -> Obligation:
    """Return the obligation that no packet of any service gets from the left of `claim` to the machine `device`.

    Devices that the claim lets pass are closed, as for the claim itself.
    """
    asked = replace(claim, service=Service("any", ((None, ALL_PORTS),)), verb=Verb.NEVER_REACHES)
    passing = {*claim.excused, *(claim.via if claim.verb is Verb.ONLY_VIA else ())}
    return _encoder(network, asked, fixed, Detail.NONE, Bearing.STOPS).arrival(device, frozenset(passing))


def _encoder(network: Network, claim: Claim, fixed: Mapping[str, bool], detail: Detail, bearing: Bearing) -> _Encoder:
    script = Script()
    facts = Facts(script, fixed)
    grounds = Grounds(script, bearing, detail)
    estate = Estate(network)
    gateways = Gateways(estate, facts, Failing(script, claim.failures))
    routes = Routes(estate, gateways)
    filters = Filters(estate, facts, grounds, Tags(estate, gateways, routes, facts, grounds), script)
    right = joined_ends(pair[1] for pair in claim.pairs)
    hops = Hops(estate, facts, grounds, gateways, routes, filters, claim.verb in _BY_ROUTES_ALONE)
    return _Encoder(claim, script, hops, right)


@dataclass(slots=True)
class _Encoder:
    claim: Claim
    script: Script
    hops: Hops
    right: Parts

    def obligation(self) -> Obligation:
        ends, header, left = self._open()
        in_question = self._in_question(ends, left)
        match self.claim.verb:
            case Verb.REACHES | Verb.REACHES_SYMMETRICALLY | Verb.SOMETIMES_REACHES:
                works = any_of(*(self._converses(ends, *pair) for pair in self._pairs()))
                violation = negate(works)
            case Verb.LOSES_NO_PACKETS:
                violation = negate(self._delivered(ends, self._circuit(ends, left)))
            case Verb.NEVER_REACHES:
                violation = self._delivered(ends, self._circuit(ends, left))
            case Verb.ONLY_VIA:
                avoiding = self._circuit(ends, left, closed=frozenset(self.claim.via))
                violation = self._delivered(ends, avoiding)
            case Verb.NOT_VIA:
                circuit = self._circuit(ends, left)
                met = any_of(*(circuit.meets(name) for name in self.claim.via))
                violation = all_of(self._delivered(ends, circuit), met)
            case Verb.NOT_TRANSITIVE:
                circuit = self._circuit(ends, left, closed=frozenset(self.claim.excused))
                through = any_of(*(circuit.meets(name) for name in self._devices_in(self.claim.via)))
                violation = all_of(self._delivered(ends, circuit), through)
            case Verb.NEXT_HOP:
                violation = negate(self._hops_as_expected(ends, left))
            case Verb.GATEWAY:
                violation = negate(self._enters_expected_gateway(ends, left))
            case unreachable:
                assert_never(unreachable)
        if self.claim.verb in _UNIVERSAL:
            violation = all_of(in_question, violation)
        return self._written(ends, header, in_question, violation)

    def arrival(self, device: str, closed: frozenset[str]) -> Obligation:
        self.right = {INTERNET: _EVERY_ADDRESS}
        ends, header, left = self._open()
        circuit = self._circuit(ends, left, closed=closed | {device})
        return self._written(ends, header, TRUE, circuit.is_admitted_by(device))

    # -- opening and closing ------------------------------------------------------------------------------

    def _pairs(self) -> list[tuple[Parts, Parts]]:
        return [(dict(left.parts), dict(right.parts)) for left, right in self.claim.pairs]

    def _open(self) -> tuple[Ends, Header, Parts]:
        left = self._left()
        origins, width = selectors_of(self.hops, left)
        protocols, ports = _service_fields(self.claim.service)
        header = declare_header(self.script, protocols, ports)
        if width:
            self.script.declare("at", width)
        sources = coarse(interval_set(i for addresses in left.values() for i in addresses))
        header = header.of(sources).to(self._destinations(INTERNET in left))
        key = Key(header.source, "at" if width else None, width)
        ends = Ends(self.hops, self.script, header, key, origins, self.claim.apart)
        return ends, header, left

    def _left(self) -> Parts:
        """Return where flows in question begin; only subnets have next hops."""
        left = joined_ends(pair[0] for pair in self.claim.pairs)
        if self.claim.verb is not Verb.NEXT_HOP:
            return left
        return {place: addresses for place, addresses in left.items() if place.kind == PlaceKind.SUBNET.value}

    def _destinations(self, from_internet: bool) -> IntervalSet:
        """Return where the destination of a flow in question can lie."""
        zone = [interval for addresses in self.right.values() for interval in addresses]
        if from_internet or self.claim.verb not in _UNIVERSAL:
            for nic in public_nics(self.hops, self.right):
                address = nic.public_address.address if nic.public_address else None
                zone += [Interval(address, address)] if address is not None else [Interval(0, 0xFFFF_FFFF)]
        return coarse(interval_set(zone))

    def _written(self, ends: Ends, header: Header, in_question: Term, violation: Term) -> Obligation:
        left = self._left()
        premises = [
            ends.begins_in(left),
            _serves(self.claim.service, header),
            any_of(header.has_ports, all_of(equals(header.source_port, 0), equals(header.destination_port, 0))),
            *ends.premises,
            self.hops.gateways.failing.premise(),
        ]
        names = {"q": in_question, "v": violation}
        lines = [f"(declare-const {name} Bool)\n(assert (= {name} {term}))" for name, term in names.items()]
        asserted = [f"(assert {term})" for term in premises if term != TRUE]
        return Obligation(
            "\n".join((*self.script.lines, *lines, *asserted)) + "\n",
            "q", "v",
            dict(self.hops.facts.asked),
            dict(self.hops.grounds.labelled),
            ends.chosen_addresses(),
            ends.origins,
            ends.key.selector_width,
            tuple(self.hops.facts.settled),
            dict(self.hops.gateways.failing.symbols),
        )  # fmt: skip

    def _circuit(self, ends: Ends, left: Parts, closed: frozenset[str] = frozenset()) -> Circuit:
        return Circuit(self.hops, Tunnels(self.hops), ends.header, ends.key, ends.starts(left), closed=closed)

    def _devices_in(self, vnets: tuple[str, ...]) -> list[str]:
        network = self.hops.estate.network
        machines = [m.name for m in network.machines.values() if any(nic.vnet in vnets for nic in m.nics)]
        implied = [m.name for m in self.hops.implied_machines() if m.nics[0].vnet in vnets]
        return [*machines, *implied, *(g.name for g in network.gateways.values() if g.vnet in vnets)]

    # -- which flows a claim speaks of --------------------------------------------------------------------

    def _in_question(self, ends: Ends, left: Parts) -> Term:
        """Hold when source and destination are those of some pair and not of one host or member."""
        pairs = self._pairs()
        if len(pairs) == 1:
            return self._names(ends, pairs[0][1], INTERNET in left)
        return any_of(
            *(all_of(ends.begins_in(source), self._names(ends, target, INTERNET in source)) for source, target in pairs)
        )

    def _names(self, ends: Ends, right: Parts, from_internet: bool) -> Term:
        """Hold when the destination is an address by which this origin can ask for an end in `right`."""
        inside = self._tree(ends, right, lambda place, addresses: TRUE)
        if not from_internet:
            return inside
        nics = public_nics(self.hops, right)
        shown = dict(right)
        for nic in nics:
            place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
            shown[place] = shown[place] - interval_set(Interval(a, a) for a in nic.addresses)
        outside = any_of(
            self._tree(ends, {place: addresses for place, addresses in shown.items() if addresses}, lambda *_: TRUE),
            *(all_of(ends.names_public_address(nic), self._parted(ends, nic)) for nic in nics),
        )
        internet = ends.begins_at(INTERNET)
        return any_of(all_of(internet, outside), all_of(negate(internet), inside))

    def _tree(self, ends: Ends, right: Parts, term: TermAt) -> Term:
        """Return the disjunction over the places of `right` of: the destination is there, apart from the origin,
        and `term` of the place holds."""
        target = Key(ends.header.destination)
        branches: list[Branch] = []
        for place, addresses in sorted(right.items()):
            wanted = term(place, addresses)
            if wanted == FALSE:
                continue
            leaf = self.script.share(all_of(self._extra(ends, place, addresses), wanted))
            branches += ends.membership(target, place, addresses, leaf)
        return decision_tree(target, branches, self.script.share, free_outside=False)

    def _extra(self, ends: Ends, place: Place, addresses: IntervalSet) -> Term:
        """Hold when an end at `place` is another host and member than the origin, and no public address names it."""
        nobody_here = ends.names_no_public_address() if place == INTERNET else TRUE
        return all_of(nobody_here, ends.is_not_itself(place), ends.apart(place, addresses, ends.header.destination))

    def _parted(self, ends: Ends, nic: Nic) -> Term:
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        host = IntervalSet((Interval(nic.addresses[0], nic.addresses[0]),))
        return all_of(ends.is_not_itself(place, nic), ends.apart(place, host, None))

    # -- delivery -----------------------------------------------------------------------------------------

    def _delivered(self, ends: Ends, circuit: Circuit) -> Term:
        """Hold when the packet ends where some pair wants it."""
        pairs = self._pairs()
        if len(pairs) == 1:
            return self._delivered_to(ends, circuit, pairs[0][1])
        return any_of(
            *(all_of(ends.begins_in(source), self._delivered_to(ends, circuit, right)) for source, right in pairs)
        )

    def _delivered_to(self, ends: Ends, circuit: Circuit, right: Parts) -> Term:
        arrived = self._tree(ends, right, lambda place, addresses: self._arrives(ends, circuit, place, addresses))
        public = [
            all_of(
                any_of(ends.enters_from_internet(circuit, nic), ends.enters_from_inside(circuit, nic)),
                self._parted(ends, nic),
            )
            for nic in public_nics(self.hops, right)
        ]
        return any_of(arrived, *public)

    def _arrives(self, ends: Ends, circuit: Circuit, place: Place, addresses: IntervalSet) -> Term:
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

    # -- conversations ------------------------------------------------------------------------------------

    def _converses(self, ends: Ends, left: Parts, right: Parts) -> Term:
        """Hold when the first packet is delivered in `right` and the reply comes back (R-TRAF-2)."""
        forward = self._circuit(ends, left)
        memory = forward.remembered()
        starts = tuple(
            Start(
                place,
                region_of(self.hops, place),
                addresses,
                condition=self._overlap_guard(ends, forward, right, place, addresses),
            )
            for place, addresses in right.items()
            if place != INTERNET
        )
        exits = [end for end in forward.ends() if isinstance(end, ToInternet) and end != ToInternet()]
        relays = tuple((forward.reaches(end), self._answers_for(end)) for end in exits if INTERNET in right)
        reply = Circuit(
            self.hops, Tunnels(self.hops), ends.header.reversed(), Key(ends.header.destination), starts, memory, relays
        )
        back = self._comes_back(ends, reply, left)
        same_state = self._same_stateful(forward, reply, ends)

        def answered(place: Place, addresses: IntervalSet) -> Term:
            arrived = self._arrives(ends, forward, place, addresses)
            if place == INTERNET:
                by_host = forward.reaches(ToInternet())
                by_others = any_of(*(forward.reaches(end) for end in exits))
                return any_of(by_host, all_of(by_others, back, same_state))
            return all_of(arrived, back, same_state)

        inside = self._tree(ends, right, answered)
        if INTERNET not in left:
            return self._from_here(ends, left, inside)
        entered = [
            all_of(ends.enters_from_internet(forward, nic), self._parted(ends, nic), self._answers_directly(ends, nic))
            for nic in public_nics(self.hops, right)
        ]
        internet = ends.begins_at(INTERNET)
        works = any_of(all_of(internet, any_of(*entered)), all_of(negate(internet), inside))
        return self._from_here(ends, left, works)

    def _from_here(self, ends: Ends, left: Parts, works: Term) -> Term:
        return works if len(self.claim.pairs) == 1 else all_of(ends.begins_in(left), works)

    def _overlap_guard(self, ends: Ends, forward: Circuit, right: Parts, place: Place, addresses: IntervalSet) -> Term:
        """Hold when the first packet came to `place`; asked only where another place holds the same addresses."""
        region = region_of(self.hops, place)
        if any(other != place and region_of(self.hops, other) & region for other in right):
            return self._arrives(ends, forward, place, addresses)
        return TRUE

    def _answers_for(self, end: ToInternet) -> Sender | Site:
        """Return who gets the reply to a packet that left for the Internet, and sends it back to the source."""
        return self._sender(end.nic) if end.nic is not None else self.hops.estate.network.sites[str(end.site)]

    def _sender(self, nic_name: str) -> Sender:
        for machine in (*self.hops.estate.network.machines.values(), *self.hops.implied_machines()):
            for nic in machine.nics:
                if nic.name == nic_name:
                    return Sender(self.hops.estate.subnets[nic.subnet_id], machine=machine, nic=nic)
        raise KeyError(nic_name)

    def _comes_back(self, ends: Ends, reply: Circuit, left: Parts) -> Term:
        branches: list[Branch] = []
        for place, addresses in sorted(left.items()):
            if place != INTERNET:
                term = self.script.share(self._arrives(ends, reply, place, addresses))
                branches += ends.membership(ends.key, place, addresses, term)
        return decision_tree(ends.key, branches, self.script.share, free_outside=True)

    def _same_stateful(self, forward: Circuit, reply: Circuit, ends: Ends) -> Term:
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
            all_count = self.claim.verb is Verb.REACHES_SYMMETRICALLY
            counts = TRUE if all_count else self.hops.is_stateful(names[name])
            terms.append(any_of(negate(counts), same))
        return self.script.share(all_of(*terms))

    def _answers_directly(self, ends: Ends, nic: Nic) -> Term:
        """Hold when replies of `nic` leave by Internet, where its public address is put back (R-SEL-9)."""
        subnet = self.hops.estate.subnets[nic.subnet_id]
        return self._selected(ends.header.reversed(), subnet.id, lambda choice: isinstance(choice.hop, InternetHop))

    # -- next hops and gateways ---------------------------------------------------------------------------

    def _selected(self, header: Header, subnet_id: str, wanted: IsWanted) -> Term:
        """Hold when the selected route of a subnet for the destination is a wanted one."""
        terms = []
        for piece in self.hops.routes.pieces(self.hops.estate.subnets[subnet_id]):
            undecided = is_among(header.destination, piece.addresses)
            for candidate in piece.choices:
                if undecided != FALSE and wanted(candidate):
                    terms.append(all_of(undecided, candidate.condition, self.hops.label(subnet_id, candidate)))
                undecided = all_of(undecided, negate(candidate.condition))
        return any_of(*terms)

    def _hops_as_expected(self, ends: Ends, left: Parts) -> Term:
        expected = self.claim.expected_hop
        assert expected is not None
        branches: list[Branch] = []
        for place, addresses in sorted(left.items()):
            if place.kind == PlaceKind.SUBNET.value:
                vnet = self.hops.estate.subnets[place.name].vnet
                term = self._selected(ends.header, place.name, partial(self._is_expected, expected, vnet))
                branches += ends.membership(ends.key, place, addresses, self.script.share(term))
        return decision_tree(ends.key, branches, self.script.share, free_outside=True)

    def _is_expected(self, expected: ExpectedHop, vnet: str, choice: Candidate) -> bool:
        match choice.hop:
            case LocalHop():
                return expected.kind is HopKind.VNET_LOCAL
            case PeerHop() | GroupHop():
                return expected.kind is HopKind.PEERING
            case EndpointHop():
                return expected.kind is HopKind.INTERNET
            case InternetHop():
                return expected.kind is HopKind.INTERNET
            case NoHop():
                return expected.kind is HopKind.NONE
            case ApplianceHop(address, owner):
                machine = None if owner is None else self.hops.machine_at(owner, address)
                return expected.kind is HopKind.APPLIANCE and (
                    expected.name is None or (machine is not None and machine.name == expected.name)
                )
            case UserGatewayHop():
                legal = [gateway.name for gateway in self.hops.gateways.servers(vnet)]
                return expected.kind is HopKind.GATEWAY and (expected.name is None or [expected.name] == legal)
            case LearnedHop(gateway):
                return expected.kind is HopKind.GATEWAY and expected.name in (None, gateway)
            case unreachable:
                assert_never(unreachable)

    def _enters_expected_gateway(self, ends: Ends, left: Parts) -> Term:
        """Hold when the first gateway on the way, filters and declared policies aside, is the expected one."""
        gateways = frozenset(self.hops.estate.network.gateways)
        circuit = self._circuit(ends, left, closed=gateways)
        expected = self.claim.expected_hop
        assert expected is not None
        return any_of(*(circuit.is_passed_on_by(name) for name in sorted(gateways) if expected.name in (None, name)))


_EVERY_ADDRESS = IntervalSet((Interval(0, 0xFFFF_FFFF),))


def _service_fields(service: Service) -> tuple[IntervalSet, IntervalSet]:
    protocols = ALL_PROTOCOLS
    if all(protocol is not None for protocol, _ in service.parts):
        protocols = interval_set(Interval(p, p) for p, _ in service.parts if p is not None)
    ports = interval_set(interval for _, numbers in service.parts for interval in numbers)
    return protocols, ports


def _serves(service: Service, header: Header) -> Term:
    """Hold when the packet asks for the service."""
    parts = []
    for protocol, ports in service.parts:
        asked = (
            TRUE if protocol is None else equals(replace(header.protocol, within=ALL_PROTOCOLS, lows=(0,)), protocol)
        )
        port = replace(header.destination_port, within=ALL_PORTS, lows=(0,))
        parts.append(all_of(asked, is_among(port, ports)))
    return any_of(*parts)
