"""What the rules of managed firewalls say of a packet: dropped, passed on as it is, or as another packet.

F-FW-1, F-FW-2, F-FW-3, F-FW-4, F-FW-5, F-FW-6, F-FW-7, F-FW-9, F-FW-10, F-FW-11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from vnetverify.encoder.addressing import Entrance, Estate
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Translated
from vnetverify.encoder.tags import Tags
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Field,
    Script,
    Term,
    all_of,
    any_of,
    constant,
    equals,
    first_match,
    is_among,
    negate,
    none_of,
)
from vnetverify.header import (
    ALL_PORTS,
    ICMP,
    TCP,
    Family,
    Interval,
    IntervalSet,
    addresses_of,
    interval_set,
    parse_prefix,
)
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind
from vnetverify.model.network import Machine

AZURES_PRIVATE_RANGES = addresses_of(
    parse_prefix(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
"""Destinations towards which network rules keep the source where the policy does not say (F-FW-7)."""

_INFRASTRUCTURE_PORTS = interval_set((Interval(80, 80), Interval(443, 443)))


@dataclass(frozen=True, slots=True)
class Passing:
    """When a firewall passes a packet on with the source that it has, and when with one of its own (F-FW-7)."""

    kept: Term
    replaced: Term


@dataclass(slots=True)
class FirewallPolicies:
    """The policies of an estate's firewalls. With `by_routes_alone` they let everything pass, and still translate
    destinations."""

    estate: Estate
    facts: Facts
    grounds: Grounds
    tags: Tags
    script: Script
    by_routes_alone: bool = False
    names: Callable[[Entrance, Field], Term] | None = None
    """Tells when an address is that of an entrance: set where addresses that are not known get their variables."""

    def passing(self, machine: Machine, policy: FirewallPolicy, header: Header) -> Passing:
        """Return what becomes of a first packet that is for elsewhere (F-FW-1, F-FW-3, F-FW-4)."""
        if self.by_routes_alone:
            return Passing(self.has_its_address(machine), FALSE)
        screened = self._screened(machine, policy, header)
        network = self._matches(machine, policy, FirewallRuleKind.NETWORK, header)
        application = self._matches(machine, policy, FirewallRuleKind.APPLICATION, header)
        by_network = self.script.share(_first_match(network, FALSE))
        otherwise = none_of(*(term for _, term in network))
        last = Ground(_group(machine), "passes nothing else", "F-FW-6", machine.span, of_filter=True)
        ignored = negate(self.grounds.counts(Bearing.STOPS, last))
        by_application = FALSE
        if otherwise != FALSE:
            asked = _first_match(application, self._infrastructure(machine, header))
            by_application = self.script.share(all_of(otherwise, asked))
        if ignored != FALSE:
            ignored = all_of(ignored, otherwise, none_of(*(term for _, term in application)))
        if self.estate.family is Family.IPV6:
            return Passing(all_of(screened, any_of(by_network, by_application, ignored)), FALSE)
        translates = self._translates(machine, policy, header) if by_network != FALSE else FALSE
        return Passing(
            self.script.share(all_of(screened, any_of(all_of(by_network, negate(translates)), ignored))),
            self.script.share(all_of(screened, any_of(all_of(by_network, translates), by_application))),
        )

    def entering(
        self, machine: Machine, policy: FirewallPolicy, header: Header, at: str | None
    ) -> Iterator[tuple[Translated, Term]]:
        """Yield how a first packet for an address of the firewall goes on: its public address called `at`, or a private
        one where that is None (F-FW-5, F-FW-6)."""
        if self.estate.family is Family.IPV6:
            return
        screened = self._screened(machine, policy, header)
        undecided = screened
        for index, rule in self._nat_rules(policy, at):
            matches = self._nat_matches(rule, header)
            if matches == FALSE:
                continue
            ground = Ground(_group(machine), f"NAT rule {rule.name} translates", "F-FW-5", rule.span)
            taken = all_of(undecided, matches, self.grounds.counts(Bearing.PASSES, ground))
            undecided = self.script.share(all_of(undecided, negate(matches)))
            term = self.script.share(all_of(taken, negate(self._is_denied(machine, policy, translated(rule, header)))))
            if at is not None:
                yield Translated(machine.name, True, index), term
                continue
            replaced = self.facts.holds("U-FWDNATSRC", f"{machine.name}/{rule.name}")
            yield Translated(machine.name, True, index), all_of(term, replaced)
            yield Translated(machine.name, False, index), all_of(term, negate(replaced))

    def steered(
        self, machine: Machine, policy: FirewallPolicy, header: Header
    ) -> Iterator[tuple[Translated | None, Term]]:
        """Yield how packets go on that routes lead to a firewall for one of its public addresses, and a NAT rule there
        takes; last, for None, when one is taken (F-FW-5). Whether NAT rules take such packets is open."""
        assert self.names is not None
        taken = []
        for entrance in self.estate.entrances_of.get(machine.name, ()):
            at = entrance.public.name
            rules = [rule for _, rule in self._nat_rules(policy, at)]
            if not rules or not header.destination.within & self.estate.realm.public:
                continue
            named = self.names(entrance, header.destination)
            here = all_of(named, self.facts.holds("U-FWHAIRPIN", machine.name)) if named != FALSE else FALSE
            if here != FALSE:
                for target, term in self.entering(machine, policy, header, at):
                    yield replace(target, is_steered=True), all_of(here, term)
                taken.append(all_of(here, any_of(*(self._nat_matches(rule, header) for rule in rules))))
        yield None, self.script.share(any_of(*taken))

    def keeps_nothing(self, machine: Machine, policy: FirewallPolicy, header: Header, at: str | None) -> Term:
        """Hold when the packet does not end at the firewall, though filters allow it: a NAT rule is for it, or the
        firewall did not get the address that it comes to (F-FW-5, F-FW-12)."""
        if self.estate.family is Family.IPV6:
            return FALSE
        taken = (self._nat_matches(rule, header) for _, rule in self._nat_rules(policy, at))
        return any_of(negate(self.has_its_address(machine)), *taken)

    def has_its_address(self, machine: Machine) -> Term:
        """Hold when the firewall stands where routes say (F-FW-12)."""
        is_presumed = machine.firewall is not None and machine.firewall.presumes_address
        return self.facts.holds("U-FWADDR", machine.name) if is_presumed else TRUE

    # -- what stands before the rules ---------------------------------------------------------------------

    def _screened(self, machine: Machine, policy: FirewallPolicy, header: Header) -> Term:
        """Hold unless threat intelligence or intrusion detection drops the packet, or it comes to an address that the
        firewall did not get (F-FW-1, F-FW-10, F-FW-12)."""
        terms = [self.has_its_address(machine)]
        if self.by_routes_alone:
            return all_of(*terms)
        if policy.denies_by_threat_intelligence:
            public = self.estate.realm.public
            is_public = any_of(is_among(header.source, public), is_among(header.destination, public))
            if is_public != FALSE:
                terms.append(negate(all_of(is_public, self.facts.holds("U-FWTI", machine.name))))
        if policy.denies_by_intrusion_detection:
            terms.append(negate(self.facts.holds("U-FWIDPS", machine.name)))
        return all_of(*terms)

    # -- rules --------------------------------------------------------------------------------------------

    def _matches(
        self, machine: Machine, policy: FirewallPolicy, kind: FirewallRuleKind, header: Header
    ) -> list[tuple[FirewallRule, Term]]:
        """Return the rules of a kind that the packet can match, in their order, each with when it does."""
        found = []
        for rule in policy.of_kind(kind):
            matches = self._rule_matches(machine, rule, header)
            if matches == FALSE:
                continue
            bearing = Bearing.PASSES if rule.allows else Bearing.STOPS
            what = f"{kind.value} rule {rule.name} {'allows' if rule.allows else 'denies'}"
            rule_id = "F-FW-3" if kind is FirewallRuleKind.NETWORK else "F-FW-4"
            ground = Ground(_group(machine), what, rule_id, rule.span, of_filter=True)
            label = self.grounds.counts(bearing, ground)
            found.append((rule, all_of(matches, label)))
            if found[-1][1] == TRUE:
                break
        return found

    def _rule_matches(self, machine: Machine, rule: FirewallRule, header: Header) -> Term:
        tests: list[Callable[[], Term]] = [
            lambda: self._protocol_matches(rule, header),
            lambda: is_among(header.source, rule.sources),
            lambda: self._ports_match(machine, rule, header),
            lambda: self._destination_matches(machine, rule, header),
        ]
        found: list[Term] = []
        for test in tests:
            found.append(test())
            if found[-1] == FALSE:
                return FALSE
        return all_of(*found)

    def _ports_match(self, machine: Machine, rule: FirewallRule, header: Header) -> Term:
        """Hold when the rule names the destination port (F-FW-3).

        Packets without ports match rules of all ports alone, and it is open whether those that name ICMP take it.
        """
        if rule.destination_ports == ALL_PORTS:
            return TRUE
        by_port = all_of(header.has_ports, is_among(header.destination_port, rule.destination_ports))
        if ICMP not in rule.protocols or header.is_icmp == FALSE:
            return by_port
        takes_icmp = self.facts.holds("U-FWICMPPORT", f"{machine.name}/{rule.name}")
        return any_of(by_port, all_of(header.is_icmp, takes_icmp))

    def _protocol_matches(self, rule: FirewallRule, header: Header) -> Term:
        named = [self.estate.family.icmp if number == ICMP else number for number in rule.protocols]
        every = (Interval(0, 255) if number is None else Interval(number, number) for number in named)
        return is_among(header.protocol, interval_set(every))

    def _destination_matches(self, machine: Machine, rule: FirewallRule, header: Header) -> Term:
        """Hold when the destination is one of the rule's, of its tags' or of its names' (F-FW-4, F-FW-9)."""
        listed = is_among(header.destination, rule.destinations)
        if listed == TRUE:
            return TRUE
        subnet = self.estate.subnets[machine.nics[0].subnet_id]
        terms = [listed]
        terms += [
            self.tags.holds(tag, header.destination, subnet, header.end(is_source=False)) for tag in rule.service_tags
        ]
        if rule.has_names:
            terms.append(self.facts.holds("U-FQDN", f"{machine.name}/{rule.name}"))
        return any_of(*terms)

    def _infrastructure(self, machine: Machine, header: Header) -> Term:
        """Hold when the built-in rules for what Azure itself needs let the packet pass (F-FW-1)."""
        asked = all_of(
            equals(header.protocol, TCP),
            is_among(header.destination_port, _INFRASTRUCTURE_PORTS),
            is_among(header.destination, self.estate.realm.public),
        )
        if asked == FALSE:
            return FALSE
        return all_of(asked, self.facts.holds("U-FQDN", f"{machine.name}/infrastructure"))

    def _translates(self, machine: Machine, policy: FirewallPolicy, header: Header) -> Term:
        """Hold when a network rule that allows the packet gives it the firewall's source (F-FW-7)."""
        ranges = AZURES_PRIVATE_RANGES if policy.private_ranges is None else policy.private_ranges
        outside = negate(is_among(header.destination, ranges))
        if outside == FALSE or not policy.learns_private_ranges:
            return outside
        return all_of(outside, self.facts.holds("U-FWSNAT", machine.name))

    # -- NAT rules ----------------------------------------------------------------------------------------

    def _nat_rules(self, policy: FirewallPolicy, at: str | None) -> Iterator[tuple[int, FirewallRule]]:
        for index, rule in enumerate(policy.rules):
            if rule.kind is FirewallRuleKind.NAT and rule.at == at:
                yield index, rule

    def _nat_matches(self, rule: FirewallRule, header: Header) -> Term:
        return all_of(
            self._protocol_matches(rule, header),
            header.has_ports,
            is_among(header.source, rule.sources),
            is_among(header.destination_port, rule.destination_ports),
        )

    def _is_denied(self, machine: Machine, policy: FirewallPolicy, header: Header) -> Term:
        """Hold when a network rule denies a packet whose destination has been translated (F-FW-5)."""
        if self.by_routes_alone or all(rule.allows for rule in policy.of_kind(FirewallRuleKind.NETWORK)):
            return FALSE
        rules = self._matches(machine, policy, FirewallRuleKind.NETWORK, header)
        return negate(_first_match(rules, TRUE))


def translated(rule: FirewallRule, header: Header) -> Header:
    """Return the packet with the destination that a NAT rule gives it."""
    assert rule.translation is not None
    return replace(
        header,
        destination=constant(rule.translation.address, header.family.bits),
        destination_port=constant(rule.translation.port, 16),
        translations=header.translations + 1,
    )


def targets_of(machines: Iterable[Machine]) -> IntervalSet:
    """Return the addresses that NAT rules of these machines put in place of a firewall's."""
    policies = (machine.firewall for machine in machines if machine.firewall is not None)
    translations = (rule.translation for policy in policies for rule in policy.rules)
    return interval_set(Interval(each.address, each.address) for each in translations if each is not None)


def _first_match(taken: Sequence[tuple[FirewallRule, Term]], otherwise: Term) -> Term:
    return first_match([(rule.allows, matches) for rule, matches in taken], otherwise)


def _group(machine: Machine) -> str:
    return f"firewall {machine.name}"
