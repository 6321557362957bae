"""A flow as the packets that firewalls make of it: one after the other, each with its own way.

F-FW-1, F-FW-5, F-FW-7, R-TRAF-3, R-TRAF-10.

A firewall that translates ends the way of one packet and goes on with another. Each stage has the circuit of its
packet, which begins where the packet before was translated; only the last one is delivered. So what holds of a flow
holds of some stage, and where nothing is translated there is one stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import UnionType

from vnetverify.encoder.addressing import Published
from vnetverify.encoder.circuit import GATEWAYS, MACHINES, Circuit, Devices
from vnetverify.encoder.delivery import Delivery
from vnetverify.encoder.ends import Parts
from vnetverify.encoder.firewalls import targets_of, translated
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import (
    Anywhere,
    AtPublicAddress,
    Memory,
    Node,
    Onward,
    Target,
    ToInternet,
    ToVnet,
    Translated,
)
from vnetverify.encoder.terms import FALSE, Term, all_of, any_of, is_among, negate
from vnetverify.encoder.tunnels import Tunnels
from vnetverify.header import Interval, IntervalSet, addresses_of, interval_set
from vnetverify.model.firewalls import FirewallRule
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Machine, Nic

_MOST_TRANSLATIONS = 2


@dataclass(frozen=True, slots=True)
class Translation:
    """A way in which the packet `before` becomes another: at which firewall, by which NAT rule if by one, and when.

    `is_steered` where routes led to the firewall what was for its public address.
    """

    before: Header
    machine: Machine
    rule: FirewallRule | None
    owns_source: bool
    is_steered: bool
    term: Term

    @property
    def is_public(self) -> bool:
        """Tell whether the packet came by a public address of the firewall."""
        return self.rule is not None and self.rule.at is not None and not self.is_steered

    @property
    def place(self) -> Place:
        """Return the place that a NAT rule stands for."""
        assert self.rule is not None
        if self.rule.at is not None:
            return Place(PlaceKind.PUBLIC.value, f"{self.machine.name}/{self.rule.at}")
        return Place(PlaceKind.SUBNET.value, self.machine.nics[0].subnet_id)


@dataclass(frozen=True, slots=True)
class Stage:
    """A packet of a flow: its way, what its ends are, and the translations by which it `came`, none of the first."""

    delivery: Delivery
    circuit: Circuit
    number: int = 0
    came: tuple[Translation, ...] = ()

    @property
    def header(self) -> Header:
        return self.circuit.header


Counted = Callable[[Stage, Parts], Term]
"""When the packet of a stage ends in these parts, as a claim counts it."""


@dataclass(frozen=True, slots=True)
class Journey:
    """The packets of a claim's flows. `astray` holds where one would be translated once too often, and nobody says that
    it is lost: it may end wherever a claim asks."""

    stages: tuple[Stage, ...]
    astray: Term

    # -- the way ------------------------------------------------------------------------------------------

    def meets(self, device: str, of: Devices = (*MACHINES, *GATEWAYS)) -> Term:
        """Hold when a packet is forwarded or translated by the machine or gateway `device` on its way to an end."""
        came = (t for stage in self.stages for t in stage.came if of != GATEWAYS)
        here = (t.term for t in came if t.machine.name == device)
        return any_of(*(stage.circuit.meets(device, of) for stage in self.stages), *here)

    def is_admitted_by(self, device: str) -> Term:
        return any_of(*(stage.circuit.is_admitted_by(device) for stage in self.stages))

    def is_passed_on_by(self, gateway: str) -> Term:
        return any_of(*(stage.circuit.is_passed_on_by(gateway) for stage in self.stages))

    def passes(self, kind: type[Node] | UnionType) -> Term:
        return any_of(*(stage.circuit.passes(kind) for stage in self.stages))

    def reaches(self, target: Target) -> Term:
        return any_of(*(stage.circuit.reaches(target) for stage in self.stages))

    def hops_where(self, is_wanted: Callable[[str, Target], Term]) -> list[Term]:
        return [term for stage in self.stages for term in stage.circuit.hops_where(is_wanted)]

    def machines(self) -> list[Machine]:
        """Return the machines that packets can meet, each once."""
        found = {machine.name: machine for stage in self.stages for machine in stage.circuit.machines()}
        found |= {t.machine.name: t.machine for stage in self.stages for t in stage.came}
        return list(found.values())

    def devices(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for stage in self.stages for name in stage.circuit.devices()))

    def enters_by_public_address(self) -> Term:
        """Hold when a packet comes to a NAT rule by a public address."""
        return any_of(*(t.term for stage in self.stages for t in stage.came if t.is_public))

    def translated_by(self, device: str, stage: Stage) -> Term:
        """Hold when the firewall `device` made the packet of a stage, or made another of it: it knows both."""
        around = self.stages[stage.number : stage.number + 2]
        return any_of(*(t.term for each in around for t in each.came if t.machine.name == device))

    def remembered(self, stage: Stage) -> Memory:
        """Return which interfaces and machines the packet of a stage passed (F-STATE-2, F-STATE-3).

        Their records of it are none of the packets that firewalls make of it (F-STATE-1).
        """
        met = {
            machine.name: stage.delivery.share(
                any_of(stage.circuit.meets(machine.name, MACHINES), self.translated_by(machine.name, stage))
            )
            for machine in self.machines()
        }
        return replace(stage.circuit.remembered(), met=met)

    # -- the end ------------------------------------------------------------------------------------------

    def delivered_to(self, right: Parts) -> Term:
        """Hold when the last packet ends in `right`, by whichever address it was sent there."""
        return self.ends_where(right, lambda stage, parts: stage.delivery.delivered_to(stage.circuit, parts))

    def delivered_as_named(self, right: Parts) -> Term:
        """Hold when the last packet ends at an end of `right` that the first one's destination names; what a NAT rule
        sends on may end there by whichever address."""
        return self.named_where(
            right,
            lambda stage, parts: stage.delivery.delivered_as_named(stage.circuit, parts),
            lambda stage, parts: stage.delivery.delivered_to(stage.circuit, parts),
        )

    def ends_where(self, right: Parts, counted: Counted) -> Term:
        """Hold when the last packet ends in `right`, as `counted`, or came by a NAT rule that stands for a place there
        and ends anywhere, as counted."""
        return any_of(*(any_of(counted(stage, right), self._by_rule(stage, right, counted)) for stage in self.stages))

    def named_where(self, right: Parts, counted: Counted, sent_on: Counted | None = None) -> Term:
        """Hold as `ends_where`, but that a packet that got its destination by a NAT rule counts by its place alone, and
        ends as `sent_on` counts, where that is another way."""
        terms = []
        for stage in self.stages:
            named = counted(stage, right)
            terms += [all_of(negate(self.is_rewritten(stage)), named), self._by_rule(stage, right, sent_on or counted)]
        return any_of(*terms)

    def comes_home(self) -> Term:
        """Hold when NAT rules lead the flow back to where it began, so that it is none."""
        first = self.stages[0].delivery
        return any_of(*(s.delivery.ends_at_origin(s.circuit, targets(first)) for s in self.stages[1:]))

    def is_rewritten(self, stage: Stage) -> Term:
        """Hold when a NAT rule gave the packet of a stage its destination, or one before it."""
        return any_of(*(t.term for t in self._rules_before(stage)))

    def _rules_before(self, stage: Stage) -> list[Translation]:
        return [t for earlier in self.stages[: stage.number + 1] for t in earlier.came if t.rule is not None]

    def stands_for(self, stage: Stage, right: Parts) -> Term:
        """Hold when a NAT rule that stands for a place of `right` gave the packet its destination, or one before it."""
        terms = []
        for translation in self._rules_before(stage):
            asked = right.get(translation.place, IntervalSet())
            if asked:
                terms.append(all_of(translation.term, _is_named(stage.delivery, translation, asked)))
        return any_of(*terms)

    def _by_rule(self, stage: Stage, right: Parts, counted: Counted) -> Term:
        stands = self.stands_for(stage, right)
        if stands == FALSE:
            return FALSE
        alone = replace(stage, delivery=stage.delivery.at(stage.delivery.ends.alone()))
        return all_of(stands, counted(alone, targets(stage.delivery)))


def journey(delivery: Delivery, left: Parts, closed: frozenset[str] = frozenset()) -> Journey:
    """Return the packets of flows that begin in `left`. Devices named in `closed` neither forward nor translate."""
    stages = [Stage(delivery, delivery.circuit(left, closed))]
    found = _translations(stages[0])
    while any(t.machine.name not in closed for t in found) and len(stages) <= _MOST_TRANSLATIONS:
        came = tuple(t for t in found if t.machine.name not in closed)
        stages.append(_next(stages[-1], came, closed))
        found = _translations(stages[-1])
    astray = FALSE
    if len(stages) > _MOST_TRANSLATIONS and found:
        astray = all_of(any_of(*(t.term for t in found)), delivery.hops.facts.holds("U-FWCHAIN"))
    return Journey(tuple(stages), delivery.share(astray))


def targets(delivery: Delivery) -> Parts:
    """Return places where a packet can end that has an address which NAT rules put in place of a firewall's."""
    estate = delivery.hops.estate
    wanted = targets_of(estate.network.machines.values())
    found: Parts = {}
    for subnet in estate.subnets.values():
        place = Place(PlaceKind.SUBNET.value, subnet.id)
        standing = interval_set(
            Interval(address, address)
            for (vnet, address) in (*estate.balanced_at, *estate.endpoint_at)
            if estate.subnet_at(vnet, address) == subnet
        )
        held = wanted & (estate.hosts[subnet.id] | standing)
        if held:
            found[place] = held
    for site in estate.network.sites.values():
        held = wanted & addresses_of(site.prefixes)
        if held:
            found[Place(PlaceKind.SITE.value, site.name)] = held
    public = wanted & estate.realm.public
    if public:
        found[INTERNET] = public
    for entrance in estate.entrances() if public else ():
        match entrance.at:
            case Nic(addresses=(first, *_)) as nic:
                place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
                found[place] = found.get(place, IntervalSet()) | IntervalSet((Interval(first, first),))
            case Published() as published:
                found[published.place] = estate.realm.public if entrance.known is None else entrance.known
    return found


def _translations(stage: Stage) -> list[Translation]:
    """Return the ways in which the packet of a stage becomes another, those that can be."""
    found: dict[Translated, list[Term]] = {}
    for target, term in (*_on_the_way(stage), *_at_private_addresses(stage), *_at_public_addresses(stage)):
        if term != FALSE:
            found.setdefault(target, []).append(term)
    translations = []
    for target, terms in found.items():
        machine = stage.delivery.hops.machine(target.machine)
        assert machine.firewall is not None
        rule = None if target.rule is None else machine.firewall.rules[target.rule]
        term = stage.delivery.share(any_of(*terms))
        translations.append(Translation(stage.header, machine, rule, target.owns_source, target.is_steered, term))
    return translations


def _on_the_way(stage: Stage) -> Iterator[tuple[Translated, Term]]:
    for target in stage.circuit.ends():
        if isinstance(target, Translated):
            yield target, stage.circuit.reaches(target)


def _at_private_addresses(stage: Stage) -> Iterator[tuple[Translated, Term]]:
    """Yield how packets go on that are delivered to a firewall's own address as to any host's (F-FW-5)."""
    hops, circuit = stage.delivery.hops, stage.circuit
    for machine in hops.estate.network.machines.values():
        policy = machine.firewall
        if policy is None:
            continue
        for nic in machine.nics:
            own = interval_set(Interval(address, address) for address in nic.addresses)
            if circuit.reaches(ToVnet(nic.vnet)) == FALSE or not own & stage.header.destination.within:
                continue
            # Asked of the whole address: what a claim narrows it to is no premise where any destination will do.
            here = is_among(hops.estate.address(stage.header.destination.term), own)
            arrived = all_of(circuit.reaches(ToVnet(nic.vnet)), here, hops.is_up(machine))
            for target, term in hops.firewalls.entering(machine, policy, stage.header.to(own), None):
                yield target, all_of(arrived, term)


def _at_public_addresses(stage: Stage) -> Iterator[tuple[Translated, Term]]:
    """Yield how packets go on that come in by a public address of a firewall: of Internet hosts, or from inside
    (F-FW-5, R-TRAF-10)."""
    hops, circuit, entrances = stage.delivery.hops, stage.circuit, stage.delivery.ends.entrances
    for machine in hops.estate.network.machines.values():
        policy = machine.firewall
        for entrance in hops.estate.entrances_of.get(machine.name, ()) if policy is not None else ():
            assert policy is not None
            named = entrances.names(entrance, stage.header.destination)
            if named == FALSE or not any(rule.at == entrance.public.name for rule in policy.rules):
                continue
            known = entrance.known
            header = stage.header.to(hops.estate.realm.public if known is None else known)
            works = all_of(named, hops.is_up(machine))
            ways = [(circuit.reaches(AtPublicAddress()), header)]
            for end in circuit.ends():
                if (isinstance(end, ToInternet) and not end.for_service) or end == Anywhere():
                    out = end if isinstance(end, ToInternet) else ToInternet()
                    comes_back = all_of(circuit.reaches(end), hops.facts.holds("U-R-TRAF-10"))
                    ways += [
                        (all_of(comes_back, seen), packet) for seen, packet in entrances.seen_from_inside(header, out)
                    ]
            for came, packet in ways:
                if came != FALSE:
                    for target, term in hops.firewalls.entering(machine, policy, packet, entrance.public.name):
                        yield target, all_of(works, came, term)


def _owners(stage: Stage, came: tuple[Translation, ...]) -> Iterator[tuple[str, Term]]:
    """Yield the firewalls that may have put an address of their own as source of the packet after `came`, with when."""
    kept = any_of(*(translation.term for translation in came if not translation.owns_source))
    for name, term in stage.header.owned:
        yield name, stage.delivery.share(all_of(kept, term))
    yield from ((translation.machine.name, translation.term) for translation in came if translation.owns_source)


def _next(stage: Stage, came: tuple[Translation, ...], closed: frozenset[str]) -> Stage:
    """Return the stage after these translations of the packet of `stage`."""
    delivery, hops = stage.delivery, stage.delivery.hops
    ends, header = delivery.ends, stage.header
    after = [header if t.rule is None else translated(t.rule, header) for t in came]
    sources = [ends.own_address(t.machine) if t.owns_source else header.source for t in came]
    terms = [t.term for t in came]
    onward = replace(
        header,
        source=ends.one_of(list(zip(terms, sources, strict=True))),
        destination=ends.one_of([(term, each.destination) for term, each in zip(terms, after, strict=True)]),
        destination_port=ends.one_of([(term, each.destination_port) for term, each in zip(terms, after, strict=True)]),
        translations=header.translations + 1,
        owned=tuple(_owners(stage, came)),
    )
    leaving: dict[tuple[str, bool], list[Translation]] = {}
    for translation in came:
        leaving.setdefault((translation.machine.name, translation.owns_source), []).append(translation)
    relays = tuple(
        (any_of(*(t.term for t in group)), Onward(group[0].machine, group[0].owns_source)) for group in leaving.values()
    )
    circuit = Circuit(hops, Tunnels(hops), onward, ends.key, (), relays=relays, closed=closed)
    return Stage(delivery.at(ends.after(onward)), circuit, stage.number + 1, came)


def _is_named(delivery: Delivery, translation: Translation, asked: IntervalSet) -> Term:
    """Hold when the packet came to a NAT rule by an address among `asked`, apart from where the flow began."""
    place, destination = translation.place, translation.before.destination
    if place.kind == PlaceKind.PUBLIC.value:
        return delivery.ends.apart(place, asked, None)
    asked &= interval_set(Interval(a, a) for nic in translation.machine.nics for a in nic.addresses)
    named = is_among(delivery.hops.estate.address(destination.term), asked)
    return all_of(named, delivery.ends.apart(place, asked, destination))
