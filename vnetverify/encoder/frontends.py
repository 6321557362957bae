"""What load balancers do with a packet: which member gets it, and how rules see it.

R-PEER-11, R-UDR-15, R-SEL-7, F-LB-1, F-LB-2, F-LB-3, F-LB-4, F-LB-5, F-LB-6, F-LB-7, F-LB-9, F-LB-12, F-LB-13, F-LB-14,
F-ADDR-4, F-ADDR-5, F-ADM-18, F-STATE-5, F-FW-6.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from vnetverify.encoder.addressing import Balanced, Estate, Published
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.filters import Filters, Spot
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import WITH_PORTS, Header, serves
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Term,
    all_of,
    any_of,
    constant,
    either,
    equals,
    negate,
    none_of,
)
from vnetverify.header import TCP, Family, Interval, IntervalSet
from vnetverify.model.balancers import LoadBalancer, LoadBalancingRule, OutboundRule, Sku
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Nic, Service
from vnetverify.model.security import Direction

_PROBE_PORT = 49152

Chosen = tuple[Nic, Term]
"""A member and when it is the one that gets the packet."""

Judge = Callable[[Header], Term]
"""What filters say of a packet as they see it."""

AnyFrontend = Balanced | Published
"""A frontend in a subnet, or one at a public address."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A rule of a frontend, when a packet is one for it, and the port its members get (None: as the packet has it)."""

    rule: LoadBalancingRule
    term: Term
    protocols: IntervalSet
    port: int | None


@dataclass(slots=True)
class Frontends:
    """The load balancers of an estate. With `by_routes_alone` filters let everything pass, probes too.

    With `arriving` only what members get as that service counts as delivered to them (`model.arrivals`).
    """

    estate: Estate
    facts: Facts
    grounds: Grounds
    gateways: Gateways
    filters: Filters
    by_routes_alone: bool = False
    arriving: Service | None = None
    _members: dict[tuple[object, ...], list[Chosen]] = field(default_factory=dict)
    _meant: dict[str, dict[int, Balanced]] = field(default_factory=dict)

    # -- which member -------------------------------------------------------------------------------------

    def takings(self, balanced: AnyFrontend, header: Header) -> list[Taking]:
        """Return when each rule of a frontend takes the packet, of which no other can take it too (F-LB-2, F-LB-9)."""
        takings: list[Taking] = []
        for rule in balanced.rules:
            if rule.protocol is None:
                takings.append(Taking(rule, header.has_ports, WITH_PORTS, None))
                continue
            assert rule.port is not None
            matches = all_of(equals(header.protocol, rule.protocol), equals(header.destination_port, rule.port))
            port = None if rule.floating_ip else rule.backend_port
            takings.append(Taking(rule, matches, _only(rule.protocol), port))
        for_icmp, by_icmp = _rule_for_icmp(balanced), self._takes_icmp(balanced, header)
        if by_icmp != FALSE:
            assert for_icmp is not None
            to_member = all_of(by_icmp, negate(self.facts.holds("U-LBECHO", balanced.name)))
            takings.append(Taking(for_icmp, to_member, _only(header.family.icmp), None))
        return [taking for taking in takings if taking.term != FALSE]

    def _takes_icmp(self, balanced: AnyFrontend, header: Header) -> Term:
        """Hold when the frontend takes the packet as ICMP, wherever that comes then (F-LB-9)."""
        if header.is_icmp == FALSE or _rule_for_icmp(balanced) is None:
            return FALSE
        return all_of(header.is_icmp, self.facts.holds("U-LBICMP", balanced.name))

    def answers_itself(self, balanced: AnyFrontend, header: Header) -> Term:
        """Hold when the frontend answers the packet by itself, whatever its members let in (F-LB-9)."""
        taken = self._takes_icmp(balanced, header)
        return FALSE if taken == FALSE else all_of(taken, self.facts.holds("U-LBECHO", balanced.name))

    def members(self, balanced: AnyFrontend, rules: Sequence[LoadBalancingRule], header: Header) -> list[Chosen]:
        """Return when each member of these rules together is chosen of those that are eligible (F-LB-3, R-SEL-7)."""
        names = (balanced.name, header.called, *(rule.name for rule in rules))
        if names not in self._members:
            eligible: dict[str, Term] = {}
            for rule in rules:
                for name, term in self._eligible(balanced, rule).items():
                    eligible[name] = any_of(eligible.get(name, FALSE), term)
            present = [(name, term) for name, term in eligible.items() if term != FALSE]
            chosen = self.facts.one_of(present, "U-BACKEND", balanced.name, called=header.called)
            nics = (self.estate.nic_named[name] for name, _ in present)
            self._members[names] = list(zip(nics, chosen, strict=True))
        return self._members[names]

    def _eligible(self, balanced: AnyFrontend, rule: LoadBalancingRule) -> dict[str, Term]:
        """Return when each member of a rule gets new flows: as its probe says, or where nobody answers the probes all
        of them may (F-LB-13)."""
        eligible = {name: self._is_eligible(balanced, rule, name) for name in rule.members}
        if rule.probe is None or not rule.probe.all_when_none:
            return eligible
        nobody = self.filters.script.share(none_of(*eligible.values()))
        return {name: any_of(term, all_of(nobody, self._can_be(rule, name))) for name, term in eligible.items()}

    def _can_be(self, rule: LoadBalancingRule, name: str) -> Term:
        """Hold when a member could get new flows: its machine works, and nobody took it out (F-LB-12)."""
        if name in rule.down:
            return FALSE
        return self.gateways.works(self.estate.machine_of[name])

    def _is_eligible(self, balanced: AnyFrontend, rule: LoadBalancingRule, name: str) -> Term:
        """Hold when a member gets new flows: its machine works, and the probe gets in (F-LB-4)."""
        nic, works = self.estate.nic_named[name], self._can_be(rule, name)
        if works == FALSE or rule.probe is None or name in rule.always_up:
            return works
        probe = Header(
            constant(TCP, 8),
            self.estate.known_address(self.estate.realm.probe),
            constant(_PROBE_PORT, 16),
            self.estate.known_address(nic.addresses[0]),
            constant(rule.probe.port, 16),
            self.estate.family,
        )
        subnet = self.estate.subnets[nic.subnet_id]
        passes = TRUE if self.by_routes_alone else self.filters.allow(probe, Spot(subnet, nic), Direction.INBOUND)
        if self.estate.family is Family.IPV6 and subnet.nsg is None and nic.nsg is None:
            passes = FALSE  # such probes need a group that lets them in (F-LB-14)
        if passes != TRUE:
            passes = any_of(passes, self.facts.holds("U-PROBE", f"{balanced.balancer.name}/{rule.name}", name))
        return all_of(works, passes)

    # -- delivery -----------------------------------------------------------------------------------------

    def deliveries(
        self,
        balanced: AnyFrontend,
        header: Header,
        opens: Callable[[Nic, Header], Term] | None = None,
        *,
        to_frontend: bool = False,
    ) -> list[Chosen]:
        """Return when each member gets a packet for the frontend and its filters let it in (F-ADDR-5).

        `opens` tells it of a member and the packet as that sees it, where not the filters alone decide. What counts
        `to_frontend` does so whatever port the member gets it at.
        """
        admits = self._allows if opens is None else opens
        delivered: defaultdict[str, list[Term]] = defaultdict(list)
        for taking in self.takings(balanced, header):
            ground = Ground(
                f"load balancer {balanced.balancer.name}", _described(taking.rule), "F-LB-2", taking.rule.span
            )
            label = self.grounds.counts(Bearing.PASSES, ground)
            seen = replace(header, protocol=header.protocol.narrowed(taking.protocols))
            for nic, chosen in self.members(balanced, (taking.rule,), header):
                admitted = self._as_member_sees(balanced, taking, nic, seen, partial(admits, nic))
                counts = TRUE if to_frontend else self._counts(taking, header)
                term = all_of(taking.term, label, chosen, admitted, counts)
                delivered[nic.name].append(term)
        chosen_by = {name: any_of(*terms) for name, terms in delivered.items()}
        return [(self.estate.nic_named[name], term) for name, term in chosen_by.items() if term != FALSE]

    def _counts(self, taking: Taking, header: Header) -> Term:
        """Hold when what the members of a rule get is of the service that counts."""
        if self.arriving is None:
            return TRUE
        port = header.destination_port if taking.port is None else constant(taking.port, 16)
        return serves(self.arriving, replace(header, destination_port=port))

    def _allows(self, nic: Nic, seen: Header) -> Term:
        """Hold when the filters of a member let in a packet that they see so, and it is no firewall (F-FW-6)."""
        if self.by_routes_alone:
            return TRUE
        if not self.estate.is_managed(nic):
            return self.filters.allow(seen, Spot(self.estate.subnets[nic.subnet_id], nic), Direction.INBOUND)
        machine = self.estate.machine_of[nic.name]
        ground = Ground(f"firewall {machine.name}", "takes nothing for itself", "F-FW-6", machine.span, of_filter=True)
        return negate(self.grounds.counts(Bearing.STOPS, ground))

    def _as_member_sees(self, balanced: AnyFrontend, taking: Taking, nic: Nic, header: Header, judge: Judge) -> Term:
        """Return what `judge` says of the packet as the filters of a member see it (F-ADDR-5)."""
        translated = replace(header, destination=self.estate.known_address(nic.addresses[0]))
        if taking.port is not None:
            translated = replace(translated, destination_port=constant(taking.port, 16))
        by_member = judge(translated)
        if not taking.rule.floating_ip:
            return by_member
        by_frontend = judge(header)
        if by_frontend == by_member:
            return by_member
        name = f"{balanced.balancer.name}/{taking.rule.name}"
        return either(self.facts.holds("U-FLOAT", name), by_frontend, by_member)

    def forgets(self, balanced: AnyFrontend, nic: Nic, header: Header) -> Term:
        """Hold when a member keeps no record of a flow that it got by the frontend (F-ADM-18)."""
        spot = Spot(self.estate.subnets[nic.subnet_id], nic)
        if not self.filters.may_forget(spot, Direction.INBOUND):
            return FALSE
        return self._at_member(balanced, nic, header, lambda seen: self.filters.forget(seen, spot, Direction.INBOUND))

    def lets_answer_out(self, balanced: AnyFrontend, nic: Nic, header: Header, forgotten: Term = FALSE) -> Term:
        """Hold when a member that got `header` by the frontend lets the answer out (F-ADM-18).

        `forgotten` tells when it has passed the packet on before and kept no record of that.
        """
        forgotten = any_of(forgotten, self.forgets(balanced, nic, header))
        if forgotten == FALSE:
            return TRUE
        spot = Spot(self.estate.subnets[nic.subnet_id], nic)
        as_new = self._at_member(
            balanced, nic, header, lambda seen: self.filters.allow(seen.reversed(), spot, Direction.OUTBOUND)
        )
        return any_of(negate(forgotten), as_new)

    def _at_member(self, balanced: AnyFrontend, nic: Nic, header: Header, judge: Judge) -> Term:
        """Return what `judge` says of the packet as the filters of a member see it, whichever rule takes it."""
        terms = []
        for taking in self.takings(balanced, header):
            if nic.name in taking.rule.members:
                seen = replace(header, protocol=header.protocol.narrowed(taking.protocols))
                terms.append(all_of(taking.term, self._as_member_sees(balanced, taking, nic, seen, judge)))
        return any_of(*terms)

    def refuses(self, balanced: AnyFrontend, header: Header) -> Term:
        """Hold when no rule of the frontend is for the packet, if that is not to count."""
        ground = Ground(
            f"load balancer {balanced.balancer.name}",
            f"no rule at {balanced.frontend.name} for such packets",
            "F-LB-2",
            balanced.frontend.span,
        )
        ignored = negate(self.grounds.counts(Bearing.STOPS, ground))
        return all_of(ignored, none_of(*(taking.term for taking in self.takings(balanced, header))))

    def hairpins(self, balanced: AnyFrontend) -> Term:
        """Hold when it is not to count that a member gets nothing of its own back (F-LB-8)."""
        what = f"a member gets nothing of its own back from {balanced.frontend.name}"
        ground = Ground(f"load balancer {balanced.balancer.name}", what, "F-LB-8", balanced.frontend.span)
        return negate(self.grounds.counts(Bearing.STOPS, ground))

    def crosses_regions(self, vnet: str, other: str, header: Header) -> Term:
        """Hold unless the packet is for a Basic load balancer of `other`, in another region than `vnet` (F-LB-6)."""
        together = self._are_in_one_region(*sorted((vnet, other)))
        if together == TRUE:
            return TRUE
        terms = []
        for (there, address), balanced in self.estate.balanced_at.items():
            is_named = equals(header.destination, address) if there == other else FALSE
            if is_named == FALSE:
                continue
            what = f"Basic, so closed to other regions at {balanced.frontend.name}"
            ground = Ground(f"load balancer {balanced.balancer.name}", what, "F-LB-6", balanced.balancer.span)
            label = self.grounds.counts(Bearing.STOPS, ground)
            terms.append(negate(all_of(is_named, self.is_basic(balanced.balancer), negate(together), label)))
        return all_of(*terms)

    def _are_in_one_region(self, one: str, two: str) -> Term:
        regions = [self.estate.network.vnets[name].region for name in (one, two)]
        known = {region.casefold() for region in regions if region is not None}
        if None not in regions:
            return TRUE if len(known) == 1 else FALSE
        stands_there = any(vnet in (one, two) for vnet, _ in self.estate.balanced_at)
        return self.facts.holds("U-REGION", one, two) if stands_there else TRUE

    # -- as next hop --------------------------------------------------------------------------------------

    def carriers(self, balanced: Balanced, header: Header) -> list[Chosen]:
        """Return when each member gets a packet whose next hop is the frontend (R-UDR-15)."""
        carried: dict[str, list[Term]] = {}
        made_for_it = FALSE
        rule = next((rule for rule in balanced.rules if rule.protocol is None), None)
        if rule is not None:
            made_for_it = all_of(negate(self.is_basic(balanced.balancer)), header.has_ports)
            ground = Ground(f"load balancer {balanced.balancer.name}", _described(rule), "R-UDR-15", rule.span)
            label = self.grounds.counts(Bearing.PASSES, ground)
            for nic, term in self.members(balanced, (rule,), header) if made_for_it != FALSE else ():
                carried.setdefault(nic.name, []).append(all_of(made_for_it, label, term))
        if made_for_it != TRUE:
            otherwise = all_of(negate(made_for_it), self.facts.holds("U-R-UDR-15", balanced.name))
            for nic, term in self.members(balanced, balanced.rules, header):
                carried.setdefault(nic.name, []).append(all_of(otherwise, term))
        return [(self.estate.nic_named[name], any_of(*terms)) for name, terms in carried.items()]

    def among(self, right: Mapping[Place, IntervalSet]) -> list[Balanced]:
        """Return the frontends that `right` names."""
        return [b for b in self.estate.balanced_at.values() if b.frontend.address in right.get(b.place, IntervalSet())]

    def before(self, right: Mapping[Place, IntervalSet]) -> list[Balanced]:
        """Return the frontends by which a packet may come to a host of `right`."""
        return [balanced for balanced in self.estate.balanced_at.values() if self.leads_to(balanced, right)]

    def published_before(self, right: Mapping[Place, IntervalSet]) -> list[Published]:
        """Return the public frontends by which a packet may come to a host of `right`."""
        return [published for published in self.estate.published if self.leads_to(published, right)]

    def leads_to(self, balanced: AnyFrontend, right: Mapping[Place, IntervalSet]) -> bool:
        """Tell whether a member behind the frontend is a host of `right`."""
        return any(holds(right, self.estate.nic_named[name]) for rule in balanced.rules for name in rule.members)

    def machines(self, balanced: Balanced) -> set[str]:
        """Return the names of the machines behind a frontend."""
        names = (name for rule in balanced.rules for name in rule.members)
        return {self.estate.machine_of[name].name for name in names}

    # -- what the sender's rules see ----------------------------------------------------------------------

    def lets_out(self, header: Header, spot: Spot) -> Term:
        """Hold when the filters at `spot` let a packet out.

        They may see one for a frontend with the address and port of the member that gets it (F-ADDR-4).
        """
        return self._as_sender_sees(header, spot, lambda seen: self.filters.allow(seen, spot, Direction.OUTBOUND))

    def sender_forgets(self, header: Header, spot: Spot) -> Term:
        """Hold when who sends from `spot` keeps no record of the packet that it lets out (F-ADM-18)."""
        if not self.filters.may_forget(spot, Direction.OUTBOUND):
            return FALSE
        return self._as_sender_sees(header, spot, lambda seen: self.filters.forget(seen, spot, Direction.OUTBOUND))

    def takes_as_new(self, header: Header, spot: Spot) -> Term:
        """Hold when who let `header` out from `spot` lets the answer in as a new packet (F-ADM-18)."""
        return self._as_sender_sees(
            header, spot, lambda seen: self.filters.allow(seen.reversed(), spot, Direction.INBOUND)
        )

    def _as_sender_sees(self, header: Header, spot: Spot, judge: Judge) -> Term:
        """Return what `judge` says of the packet as the filters of its sender see it (F-ADDR-4)."""
        judged = judge(header)
        if not self.filters.are_attached(spot, Direction.OUTBOUND):
            return judged
        for number, balanced in self._meant_from(spot.subnet.vnet).items():
            if equals(header.destination, number) == FALSE:
                continue
            for translated, nic, port in self._translations(balanced, header):
                here = self.filters.script.share(all_of(equals(header.destination, number), translated))
                seen = replace(header, destination=self.estate.known_address(nic.addresses[0]))
                if port is not None:
                    seen = replace(seen, destination_port=constant(port, seen.destination_port.width))
                judged = either(here, judge(seen), judged)
        return judged

    def _meant_from(self, vnet: str) -> dict[int, Balanced]:
        """Return the frontend that senders in `vnet` mean by each address, of several the one declared first."""
        if vnet not in self._meant:
            meant: dict[int, Balanced] = {}
            for (there, number), balanced in self.estate.balanced_at.items():
                if there in self._holders(vnet, number):
                    meant.setdefault(number, balanced)
            self._meant[vnet] = meant
        return self._meant[vnet]

    def _holders(self, vnet: str, address: int) -> Collection[str]:
        """Return the networks that may have what `vnet` sends to `address`: itself, else such peers, else such mates,
        and any network where none of these has it (R-ADDR-9)."""
        for names in ((vnet,), self.estate.peers(vnet), self.estate.mates(vnet)):
            held = [name for name in names if address in self.estate.spaces[name]]
            if held:
                return held
        return self.estate.network.vnets

    def _translations(self, balanced: Balanced, header: Header) -> Iterator[tuple[Term, Nic, int | None]]:
        takings = self.takings(balanced, header)
        if not takings:
            return
        by_member = negate(self.facts.holds("U-LBOUT"))
        for taking in takings:
            for nic, chosen in self.members(balanced, (taking.rule,), header):
                yield all_of(by_member, taking.term, chosen), nic, taking.port

    # -- members -------------------------------------------------------------------------------------------

    def is_standard_member(self, nic: Nic) -> Term:
        """Hold when a Standard load balancer has the interface as a member, which then has no implicit address outside
        (F-OUT-4)."""
        return self._is_member(lambda balancer: any(nic.name in rule.members for rule in _for_pools(balancer)))

    def is_standard_target(self, nic: Nic) -> Term:
        """Hold when an inbound NAT rule of a Standard load balancer leads to the interface."""
        return self._is_member(
            lambda balancer: any(rule.is_inbound_nat and nic.name in rule.members for rule in balancer.rules)
        )

    def _is_member(self, has: Callable[[LoadBalancer], bool]) -> Term:
        having = filter(has, self.estate.network.load_balancers.values())
        return any_of(*(negate(self.is_basic(balancer)) for balancer in having))

    # -- small things -------------------------------------------------------------------------------------

    def is_basic(self, balancer: LoadBalancer) -> Term:
        if balancer.sku is None:
            return self.facts.holds("U-SKU", f"load balancer {balancer.name}")
        return TRUE if balancer.sku is Sku.BASIC else FALSE


def holds(ends: Mapping[Place, IntervalSet], nic: Nic) -> bool:
    """Tell whether the host at `nic`, which counts with its first address, is among `ends`."""
    here = ends.get(Place(PlaceKind.SUBNET.value, nic.subnet_id), IntervalSet())
    return nic.addresses[0] in here


def _for_pools(balancer: LoadBalancer) -> Iterator[LoadBalancingRule | OutboundRule]:
    yield from (rule for rule in balancer.rules if not rule.is_inbound_nat)
    yield from balancer.outbound_rules


def _rule_for_icmp(balanced: AnyFrontend) -> LoadBalancingRule | None:
    """Return the rule by which a frontend would take ICMP: the first that is no NAT rule (F-LB-9)."""
    return next((rule for rule in balanced.rules if not rule.is_inbound_nat), None)


def _described(rule: LoadBalancingRule) -> str:
    return f"rule {rule.name} at {rule.frontend}"


def _only(number: int) -> IntervalSet:
    return IntervalSet((Interval(number, number),))
