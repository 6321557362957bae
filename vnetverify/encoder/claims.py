"""Claims as obligations: which flows are in question, and which of them contradict.

I-FLOW, I-REACH, I-LOSSLESS, I-SOMETIMES, I-NEVER, I-ISOLATED, I-ONLY-VIA, I-NOT-VIA, I-NOT-TRANSITIVE, I-NEXT-HOP,
I-GATEWAY, I-EGRESS, I-APART, I-FAILURES, I-BOTTLENECK, I-LATENCY, I-CROSSINGS, I-WHATEVER, R-TRAF-2, R-TRAF-3,
R-PEER-12, F-STATE-1, F-STATE-2, F-STATE-3, F-STATE-6, F-META-3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.candidates import (
    ApplianceHop,
    Candidate,
    EndpointHop,
    GroupHop,
    InternetHop,
    LearnedHop,
    LocalHop,
    NoHop,
    PeerHop,
    PrivateHop,
    UserGatewayHop,
)
from vnetverify.encoder.circuit import GATEWAYS, MACHINES, Devices
from vnetverify.encoder.conversations import Conversations
from vnetverify.encoder.delivery import Delivery
from vnetverify.encoder.egress import Egress
from vnetverify.encoder.endpoints import PrivateEndpoints
from vnetverify.encoder.ends import Ends, Parts, coarse, joined_ends, public_nics, selectors_of
from vnetverify.encoder.facts import Bearing, Detail, Facts, Grounds
from vnetverify.encoder.failures import Failing
from vnetverify.encoder.filters import Filters
from vnetverify.encoder.firewalls import FirewallPolicies, targets_of
from vnetverify.encoder.frontends import Frontends
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import Header, declare_header, serves
from vnetverify.encoder.journeys import Journey, Stage, journey, targets
from vnetverify.encoder.links import endpoints_before
from vnetverify.encoder.nodes import Anywhere, Sender, ToInternet
from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.qualities import Qualities
from vnetverify.encoder.routes import Routes
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
    negate,
)
from vnetverify.encoder.walk import Hops
from vnetverify.header import ALL_PORTS, Interval, IntervalSet, interval_set
from vnetverify.model.intents import (
    INTERNET,
    Claim,
    EgressKind,
    EndpointSet,
    ExpectedEgress,
    ExpectedHop,
    HopKind,
    PlaceKind,
    Verb,
)
from vnetverify.model.network import Network, Service, Subnet
from vnetverify.model.planes import only_family

_UNIVERSAL = (
    Verb.REACHES,
    Verb.REACHES_SYMMETRICALLY,
    Verb.LOSES_NO_PACKETS,
    Verb.SOMETIMES_REACHES,
    Verb.NEXT_HOP,
    Verb.GATEWAY,
    Verb.EGRESS,
)
"""Verbs that speak of flows to addresses of the right side; the others speak of all that is delivered there."""

_BETWEEN_ENDS = (Verb.REACHES, Verb.REACHES_SYMMETRICALLY, Verb.LOSES_NO_PACKETS, Verb.SOMETIMES_REACHES)
"""Verbs that speak of flows from one end to another."""

_BY_ROUTES_ALONE = (Verb.GATEWAY, Verb.EGRESS, Verb.LOSES_NO_PACKETS)
"""Verbs under which filters and declared policies let everything pass."""


def encode(
    network: Network,
    claim: Claim,
    fixed: Mapping[str, bool],
    detail: Detail = Detail.NONE,
) -> Obligation:
    """Return the obligation of `claim`; `fixed` are facts settled by assumption, by name or kind in lower case.

    Network and claim are of one plane (`model.planes`). Raises ValueError where the claim is of both.

    With a `detail` the lines that can carry a proof are labelled: those whose absence would let a flow contradict the
    claim, or of `sometimes reaches` the ones whose absence would let some flow get there.
    """
    bearing = Bearing.PASSES if claim.verb in _UNIVERSAL and not _is_stopped(claim) else Bearing.STOPS
    return _encoder(network, claim, fixed, detail, bearing).obligation()


def _is_stopped(claim: Claim) -> bool:
    """Tell whether a proof about a claim of addresses is that nothing gets to them: of `egress … is none`, and against
    `sometimes reaches`."""
    if claim.verb is Verb.SOMETIMES_REACHES:
        return True
    return claim.expected_egress is not None and claim.expected_egress.kind is EgressKind.NONE


def encode_arrival(network: Network, claim: Claim, device: str, fixed: Mapping[str, bool]) -> Obligation:
    """Return the obligation that no packet of any service gets from the left of `claim` to the machine `device`.

    Devices that the claim lets pass are closed, as for the claim itself.
    """
    asked = replace(claim, service=Service("any", ((None, ALL_PORTS),)), arriving=None, verb=Verb.NEVER_REACHES)
    passing = {*claim.excused, *(claim.via if claim.verb is Verb.ONLY_VIA else ())}
    return _encoder(network, asked, fixed, Detail.NONE, Bearing.STOPS).arrival(device, frozenset(passing))


def _encoder(network: Network, claim: Claim, fixed: Mapping[str, bool], detail: Detail, bearing: Bearing) -> _Encoder:
    script = Script()
    facts = Facts(script, fixed)
    grounds = Grounds(script, bearing, detail)
    estate = Estate(network, only_family(claim))
    gateways = Gateways(estate, facts, Failing(script, claim.failures), claim.advertising)
    routes = Routes(estate, gateways, grounds)
    tags = Tags(estate, gateways, routes, facts, grounds)
    filters = Filters(estate, facts, grounds, tags, script)
    right = joined_ends(pair[1] for pair in claim.pairs)
    routed = claim.unfiltered or claim.verb in _BY_ROUTES_ALONE
    frontends = Frontends(estate, facts, grounds, gateways, filters, routed, claim.arriving)
    endpoints = PrivateEndpoints(estate, facts, grounds, gateways, filters, routed)
    egress = Egress(estate, facts, grounds, frontends)
    firewalls = FirewallPolicies(estate, facts, grounds, tags, script, routed)
    hops = Hops(estate, facts, grounds, gateways, routes, filters, frontends, endpoints, egress, firewalls, routed)
    pairs = tuple((_hosts_of(estate, left), right) for left, right in claim.pairs)
    return _Encoder(replace(claim, pairs=pairs), script, hops, right)


def _hosts_of(estate: Estate, origins: EndpointSet) -> EndpointSet:
    """Return `origins` without what starts no flow: frontends of any kind and private endpoints (F-LB-1, F-PE-5)."""
    standing = ((place, held) for place, held in origins.parts if place.kind != PlaceKind.PUBLIC.value)
    parts = ((place, estate.hosts_among(place, addresses)) for place, addresses in standing)
    return replace(origins, parts=tuple((place, addresses) for place, addresses in parts if addresses))


@dataclass(slots=True)
class _Encoder:
    claim: Claim
    script: Script
    hops: Hops
    right: Parts

    def obligation(self) -> Obligation:
        ends, header, left = self._open()
        delivery = Delivery(self.hops, ends)
        in_question = all_of(self._in_question(delivery, left), negate(self._comes_home(delivery, left)))
        violation = self._violation(delivery, left)
        if self.claim.verb in _UNIVERSAL:
            violation = all_of(in_question, violation)
        return self._written(ends, header, in_question, violation)

    def _violation(self, delivery: Delivery, left: Parts) -> Term:
        """Hold when the flow does what the claim rules out; of some verbs only for flows that are in question."""
        match self.claim.verb:
            case Verb.REACHES | Verb.REACHES_SYMMETRICALLY | Verb.SOMETIMES_REACHES:
                symmetric = self.claim.verb is Verb.REACHES_SYMMETRICALLY
                talks = Conversations(delivery, symmetric, len(self.claim.pairs) == 1)
                works = any_of(*(talks.holds(*pair) for pair in self._pairs()))
                if self.claim.verb is Verb.SOMETIMES_REACHES:
                    return negate(works)
                return any_of(negate(works), self._is_torn(delivery))
            case Verb.LOSES_NO_PACKETS:
                way = journey(delivery, left)
                delivered = any_of(self._of_pairs(delivery, way.delivered_as_named), way.astray)
                return any_of(negate(delivered), self._is_torn(delivery))
            case Verb.NEVER_REACHES:
                way = journey(delivery, left)
                return any_of(self._delivered(delivery, way), self._goes_astray(delivery, way))
            case Verb.ONLY_VIA:
                avoiding = journey(delivery, left, closed=frozenset(self.claim.via))
                return any_of(self._delivered(delivery, avoiding), self._goes_astray(delivery, avoiding))
            case Verb.NOT_VIA:
                way = journey(delivery, left)
                met = any_of(*(way.meets(name) for name in self.claim.via))
                return any_of(all_of(self._delivered(delivery, way), met), self._goes_astray(delivery, way))
            case Verb.NOT_TRANSITIVE:
                way = journey(delivery, left, closed=frozenset(self.claim.excused))
                through = any_of(*(way.meets(name, of) for name, of in self._devices_in(self.claim.via)))
                return any_of(all_of(self._delivered(delivery, way), through), self._goes_astray(delivery, way))
            case Verb.NEXT_HOP:
                return negate(self._hops_as_expected(delivery.ends, left))
            case Verb.GATEWAY:
                return negate(self._enters_expected_gateway(delivery, left))
            case Verb.BOTTLENECK | Verb.LOCAL_LATENCY | Verb.CROSSES_AT_MOST:
                qualities = Qualities(self.claim, delivery, journey(delivery, left))
                delivered = self._delivered(delivery, qualities.journey)
                ended = self._of_pairs(delivery, qualities.ends_badly)
                astray = self._goes_astray(delivery, qualities.journey)
                return any_of(all_of(delivered, qualities.is_bad(left)), ended, astray)
            case Verb.EGRESS:
                return negate(self._leaves_as_expected(delivery, journey(delivery, left), left))
            case unreachable:
                assert_never(unreachable)

    def arrival(self, device: str, closed: frozenset[str]) -> Obligation:
        self.right = {INTERNET: self.hops.estate.realm.addresses}
        ends, header, left = self._open()
        way = journey(Delivery(self.hops, ends), left, closed=closed | {device})
        return self._written(ends, header, TRUE, any_of(way.is_admitted_by(device), way.astray))

    # -- opening and closing ------------------------------------------------------------------------------

    def _pairs(self) -> list[tuple[Parts, Parts]]:
        return [(dict(left.parts), dict(right.parts)) for left, right in self.claim.pairs]

    def _open(self) -> tuple[Ends, Header, Parts]:
        left = self._left()
        origins, width = selectors_of(self.hops, left)
        protocols, ports = _service_fields(self.claim.service)
        header = declare_header(self.script, protocols, ports, self.hops.estate.family)
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
        if self.claim.verb not in _UNIVERSAL:
            zone += [interval for balanced in self.hops.frontends.before(self.right) for interval in balanced.address]
            for published in self.hops.frontends.published_before(self.right):
                known = self.hops.estate.entrance_at[published.place].known
                zone += [*(self.hops.estate.realm.public if known is None else known)]
            for endpoint, _ in endpoints_before(self.hops, self.right):
                zone += [Interval(address, address) for address in endpoint.addresses]
            if self._may_be_rewritten():
                return self.hops.estate.realm.addresses
        if from_internet or self.claim.verb not in _UNIVERSAL:
            for nic in public_nics(self.hops, self.right):
                assert nic.public_address is not None
                address = nic.public_address.address
                zone += [Interval(address, address)] if address is not None else [*self.hops.estate.realm.addresses]
        return coarse(interval_set(zone))

    def _may_be_rewritten(self) -> bool:
        """Tell whether a packet may get another destination, or go astray: then its first one may be any."""
        estate = self.hops.estate
        firewalls = [machine for machine in estate.network.machines.values() if machine.firewall is not None]
        if len(firewalls) > 1 or targets_of(firewalls):
            return True
        if firewalls and any(server.peers for server in estate.network.route_servers):
            return True  # whose routes may lead back to the firewall that sends by them
        return any(estate.subnets[nic.subnet_id].route_table for machine in firewalls for nic in machine.nics)

    def _written(self, ends: Ends, header: Header, in_question: Term, violation: Term) -> Obligation:
        left = self._left()
        premises = [
            ends.begins_in(left),
            serves(self.claim.service, header),
            any_of(header.has_ports, all_of(equals(header.source_port, 0), equals(header.destination_port, 0))),
            header.is_for_another,
            *ends.premises,
            self.hops.gateways.failing.premise(),
            self.hops.gateways.announcing.premise(),
        ]
        names = {"q": in_question, "v": violation}
        lines = [f"(declare-const {name} Bool)\n(assert (= {name} {term}))" for name, term in names.items()]
        asserted = [f"(assert {term})" for term in premises if term != TRUE]
        return Obligation(
            "\n".join((*self.script.lines, *lines, *asserted)) + "\n",
            "q", "v",
            dict(self.hops.facts.asked),
            dict(self.hops.grounds.labelled),
            ends.entrances.chosen_addresses(),
            ends.origins,
            ends.key.selector_width,
            tuple(self.hops.facts.settled),
            dict(self.hops.gateways.failing.symbols),
            self.hops.estate.family,
            self.hops.gateways.announcing.chosen,
            ends.derived,
        )  # fmt: skip

    def _devices_in(self, vnets: tuple[str, ...]) -> list[tuple[str, Devices]]:
        network = self.hops.estate.network
        machines = [m.name for m in network.machines.values() if any(nic.vnet in vnets for nic in m.nics)]
        implied = [m.name for m in self.hops.implied_machines() if m.nics[0].vnet in vnets]
        gateways = [(gateway.name, GATEWAYS) for gateway in network.gateways.values() if gateway.vnet in vnets]
        return [*((name, MACHINES) for name in (*machines, *implied)), *gateways]

    # -- which flows a claim speaks of --------------------------------------------------------------------

    def _in_question(self, delivery: Delivery, left: Parts) -> Term:
        """Hold when source and destination are those of some pair and not of one host or member."""
        pairs = self._pairs()
        if len(pairs) == 1:
            return delivery.names(pairs[0][1], INTERNET in left)
        return any_of(
            *(
                all_of(delivery.ends.begins_in(source), delivery.names(target, INTERNET in source))
                for source, target in pairs
            )
        )

    def _comes_home(self, delivery: Delivery, left: Parts) -> Term:
        """Hold when NAT rules lead a flow back to where it began: then it is none that the claim speaks of."""
        if self.claim.verb not in _BETWEEN_ENDS or not targets(delivery):
            return FALSE
        return journey(delivery, left).comes_home()

    def _is_torn(self, delivery: Delivery) -> Term:
        """Hold when several places of the right sides have the destination, so that no packet comes to each."""
        pairs = self._pairs()
        if len(pairs) == 1:
            return delivery.names_several([(TRUE, pairs[0][1], INTERNET in pairs[0][0])])
        return delivery.names_several(
            [(delivery.ends.begins_in(left), right, INTERNET in left) for left, right in pairs]
        )

    def _delivered(self, delivery: Delivery, way: Journey) -> Term:
        """Hold when the packet ends where some pair wants it."""
        return self._of_pairs(delivery, way.delivered_to)

    def _goes_astray(self, delivery: Delivery, way: Journey) -> Term:
        """Hold when the packet may end anywhere, and so where a pair wants it that has addresses of this family."""
        return self._of_pairs(delivery, lambda right: way.astray if right else FALSE)

    def _of_pairs(self, delivery: Delivery, term: Callable[[Parts], Term]) -> Term:
        """Hold when `term` does of the right side of some pair that the flow begins in."""
        pairs = self._pairs()
        if len(pairs) == 1:
            return term(pairs[0][1])
        return any_of(*(all_of(delivery.ends.begins_in(left), term(right)) for left, right in pairs))

    # -- next hops and gateways ---------------------------------------------------------------------------

    def _hops_as_expected(self, ends: Ends, left: Parts) -> Term:
        expected = self.claim.expected_hop
        assert expected is not None
        branches: list[Branch] = []
        for place, addresses in sorted(left.items()):
            subnet = self.hops.estate.subnets[place.name]
            term = any_of(
                self.hops.selected(ends.header, subnet, partial(self._is_expected, expected, subnet.vnet)),
                self._enters_by_user_route(expected, ends.header, subnet),
            )
            branches += ends.membership(ends.key, place, addresses, self.script.share(term))
        found = decision_tree(ends.key, branches, self.script.share, free_outside=True)
        if expected.kind is not HopKind.APPLIANCE or expected.name is None:
            return found
        return all_of(found, self.hops.firewalls.has_its_address(self.hops.estate.network.machines[expected.name]))

    def _is_expected(self, expected: ExpectedHop, vnet: str, choice: Candidate) -> bool:
        match choice.hop:
            case LocalHop():
                return expected.kind is HopKind.VNET_LOCAL
            case PeerHop() | GroupHop():
                return expected.kind is HopKind.PEERING
            case PrivateHop(_, owner):
                return expected.kind is (HopKind.VNET_LOCAL if owner == vnet else HopKind.PEERING)
            case EndpointHop():
                return expected.kind is HopKind.INTERNET
            case InternetHop():
                return expected.kind is HopKind.INTERNET
            case NoHop():
                return expected.kind is HopKind.NONE
            case ApplianceHop(address, owner):
                return expected.kind is HopKind.APPLIANCE and (
                    expected.name is None or self._machines_at(owner, address) == {expected.name}
                )
            case UserGatewayHop():
                return expected.kind is HopKind.GATEWAY and expected.name is None
            case LearnedHop(gateway):
                return expected.kind is HopKind.GATEWAY and expected.name in (None, gateway)
            case unreachable:
                assert_never(unreachable)

    def _enters_by_user_route(self, expected: ExpectedHop, header: Header, subnet: Subnet) -> Term:
        """Hold when the selected route is the user's to a gateway, and leads into the expected one (R-UDR-5)."""
        if expected.kind is not HopKind.GATEWAY or expected.name is None:
            return FALSE
        selected = self.hops.selected(header, subnet, lambda choice: isinstance(choice.hop, UserGatewayHop))
        if selected == FALSE:
            return FALSE
        entered = (t for gateway, t in self.hops.enter_by_user(Sender(subnet)) if gateway.gateway == expected.name)
        return all_of(selected, any_of(*entered))

    def _machines_at(self, vnet: str | None, address: int) -> set[str]:
        """Return the machines that a next hop may be: of a frontend all that are behind it (R-UDR-15)."""
        if vnet is None:
            return set()
        balanced = self.hops.estate.balanced_at.get((vnet, address))
        if balanced is not None:
            return self.hops.frontends.machines(balanced)
        machine = self.hops.machine_at(vnet, address)
        return set() if machine is None else {machine.name}

    def _enters_expected_gateway(self, delivery: Delivery, left: Parts) -> Term:
        """Hold when the first gateway on the way, filters and declared policies aside, is the expected one."""
        gateways = frozenset(self.hops.estate.network.gateways)
        way = journey(delivery, left, closed=gateways)
        expected = self.claim.expected_hop
        assert expected is not None
        return any_of(*(way.is_passed_on_by(name) for name in sorted(gateways) if expected.name in (None, name)))

    # -- ways out -----------------------------------------------------------------------------------------

    def _leaves_as_expected(self, delivery: Delivery, way: Journey, left: Parts) -> Term:
        """Hold when the packet leaves for the Internet as expected, filters and declared policies aside (F-OUT-2)."""
        expected = self.claim.expected_egress
        assert expected is not None
        terms = []
        for stage in way.stages:
            ends = [end for end in stage.circuit.ends() if isinstance(end, ToInternet) and not end.for_service]
            nobody_here = delivery.ends.entrances.names_none(stage.header.destination)
            terms.append(all_of(nobody_here, self._leaves_by(expected, stage, ends, left)))
        left_for_it = any_of(*terms)
        return negate(any_of(left_for_it, way.astray)) if expected.kind is EgressKind.NONE else left_for_it

    def _leaves_by(self, expected: ExpectedEgress, stage: Stage, ends: list[ToInternet], left: Parts) -> Term:
        """Hold when the packet of a stage leaves for the Internet as expected; by `none`, when it leaves at all."""
        circuit, network = stage.circuit, self.hops.estate.network
        match expected.kind:
            case EgressKind.NONE:
                return any_of(*map(circuit.reaches, ends), circuit.reaches(Anywhere()))
            case EgressKind.APPLIANCE:
                machines = (*network.machines.values(), *self.hops.implied_machines())
                named = [machine for machine in machines if expected.name in (None, machine.name)]
                nics = {nic.name for machine in named for nic in machine.nics}
                wanted = [circuit.reaches(end) for end in ends if end.nic in nics]
            case EgressKind.SITE:
                by_site = [end for end in ends if end.site is not None and expected.name in (None, end.site)]
                wanted = [circuit.reaches(end) for end in by_site]
            case _:
                by_host = [end for end in ends if end.is_by_host]
                by_method = self._leaves_by_method(expected, stage.delivery, left) if by_host else FALSE
                wanted = [all_of(circuit.reaches(end), by_method) for end in by_host]
        return any_of(*wanted)

    def _leaves_by_method(self, expected: ExpectedEgress, delivery: Delivery, left: Parts) -> Term:
        """Hold when a host that sends the packet out itself does so by the expected method."""
        ends = delivery.ends
        branches: list[Branch] = []
        for place, addresses in sorted(left.items()):
            if place.kind == PlaceKind.SUBNET.value:
                sender = Sender(self.hops.estate.subnets[place.name])
                term = self.hops.egress.leaves_by(expected, sender, ends.header.of(coarse(addresses)))
                branches += ends.membership(ends.key, place, addresses, self.script.share(term))
        return decision_tree(ends.key, branches, self.script.share, free_outside=False)


def _service_fields(service: Service) -> tuple[IntervalSet, IntervalSet]:
    asked = (Interval(0, 255) if protocol is None else Interval(protocol, protocol) for protocol, _ in service.parts)
    ports = interval_set(interval for _, numbers in service.parts for interval in numbers)
    return interval_set(asked), ports
