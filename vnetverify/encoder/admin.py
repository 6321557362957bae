"""What security admin rules decide before any security group does: to deny, to admit, or to leave it to the groups.

F-ADM-1, F-ADM-2, F-ADM-3, F-ADM-4, F-ADM-5, F-ADM-6, F-ADM-7, F-ADM-8, F-ADM-9, F-ADM-10, F-ADM-11, F-ADM-13, F-ADM-15,
F-ADM-16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.headers import Header
from vnetverify.encoder.terms import FALSE, TRUE, Script, Term, all_of, any_of, either, negate
from vnetverify.model.network import AdminScope, Network, Subnet
from vnetverify.model.security import Access, AdminAction, AdminRule, Direction, SecurityRule

Matches = Callable[[str, SecurityRule, Header, Subnet], Term]
"""When a rule, called by a name in facts, matches a packet at a subnet."""

_SUBNETS_LEFT_OUT = frozenset(
    {
        "gatewaysubnet",
        "routeserversubnet",
        "azurebastionsubnet",
        "azurefirewallsubnet",
        "azurefirewallmanagementsubnet",
    }
)
_VERBS = {
    AdminAction.ALLOW: ("allows", "F-ADM-6", (Bearing.PASSES, Bearing.STOPS)),  # it also shields from always-allow
    AdminAction.ALWAYS_ALLOW: ("always allows", "F-ADM-5", (Bearing.PASSES,)),
    AdminAction.DENY: ("denies", "F-ADM-4", (Bearing.STOPS,)),
}

Step = tuple[AdminRule, Term]
"""A rule of a list, and when it matches; of several the first that matches decides."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """When admin rules deny a packet and when they always allow it, never both; else they leave it to the groups."""

    denied: Term
    always: Term


NEITHER = Outcome(FALSE, FALSE)


@dataclass(frozen=True, slots=True)
class AdminList:
    """The rules of one manager for one network and direction, the smallest priority first (F-ADM-3)."""

    manager: str
    rules: tuple[AdminRule, ...]


@dataclass(slots=True)
class AdminLists:
    """The security admin rules of an estate as terms; `matches` tells when the conditions of a rule hold."""

    estate: Estate
    facts: Facts
    grounds: Grounds
    script: Script
    matches: Matches
    _lists: dict[tuple[str, Direction], tuple[AdminList, ...]] = field(default_factory=dict)

    def stands(self, subnet: Subnet, direction: Direction) -> Term:
        """Hold when some admin rule of this direction is in force at the hosts of `subnet`."""
        rules = [rule for admin_list in self._in_force(subnet, direction) for rule in admin_list.rules]
        return any_of(*dict.fromkeys(self._survives(subnet, rule) for rule in rules))

    def outcome(self, header: Header, subnet: Subnet, direction: Direction) -> Outcome:
        """Return what the lists decide about a new flow's packet, that of the highest scope first (F-ADM-13)."""
        after = NEITHER
        for admin_list in reversed(self._in_force(subnet, direction)):
            steps = list(self._steps(admin_list, header, subnet))
            after = Outcome(
                self._decides(AdminAction.DENY, steps, after.denied),
                self._decides(AdminAction.ALWAYS_ALLOW, steps, after.always),
            )
        return after

    def steps(self, header: Header, subnet: Subnet, direction: Direction) -> list[tuple[str, list[Step]]]:
        """Return the lists in force at the hosts of `subnet`, each by its manager, that of the highest scope first."""
        lists = self._in_force(subnet, direction)
        return [(admin_list.manager, list(self._steps(admin_list, header, subnet))) for admin_list in lists]

    def _in_force(self, subnet: Subnet, direction: Direction) -> tuple[AdminList, ...]:
        asked = (subnet.id, direction)
        if asked not in self._lists:
            self._lists[asked] = admin_lists(self.estate.network, subnet, direction)
        return self._lists[asked]

    def _survives(self, subnet: Subnet, rule: AdminRule) -> Term:
        """Hold when a rule that services of a network or subnet may keep out holds there (F-ADM-10, F-ADM-11)."""
        network = self.estate.network
        terms = []
        if network.vnets[subnet.vnet].admin_scope is AdminScope.ALLOW_ONLY and rule.action is AdminAction.ALWAYS_ALLOW:
            terms.append(self.facts.holds("U-AANIP", subnet.vnet))
        # Of proxies only application gateways stand in subnets that are not left out.
        if any((proxy.vnet, proxy.subnet) == (subnet.vnet, subnet.name) for proxy in network.proxies.values()):
            terms.append(negate(self.facts.holds("U-ADMAGW", subnet.id)))
        return all_of(*terms)

    def _steps(self, admin_list: AdminList, header: Header, subnet: Subnet) -> Iterator[Step]:
        for _, tied in groupby(admin_list.rules, key=lambda rule: rule.priority):
            found = [(rule, self.takes(admin_list.manager, rule, header, subnet)) for rule in tied]
            found = [(rule, term) for rule, term in found if term != FALSE]
            terms = [term for _, term in found]
            if len({rule.action for rule, _ in found}) > 1:
                named = [(f"{admin_list.manager}/{rule.name}", term) for rule, term in found]
                terms = self.facts.one_of(named, "U-ADMTIE")
            yield from ((rule, term) for (rule, _), term in zip(found, terms, strict=True))

    def takes(self, manager: str, rule: AdminRule, header: Header, subnet: Subnet) -> Term:
        """Hold when a rule matches and, as far as that is asked, counts, whichever of tied rules is tried first."""
        matches = self.matches(f"{manager}/{rule.name}", _as_security_rule(rule), header, subnet)
        if matches == FALSE:
            return FALSE
        verb, rule_id, bearings = _VERBS[rule.action]
        ground = Ground(f"admin rules {manager}", f"{rule.name} {verb}", rule_id, rule.span, of_filter=True)
        counts = (self.grounds.counts(bearing, ground) for bearing in bearings)
        return self.script.share(all_of(self._survives(subnet, rule), matches, *counts))

    def _decides(self, action: AdminAction, steps: Sequence[Step], after: Term) -> Term:
        """Hold when the list does `action`, or leaves the packet to lists below where `after` holds."""
        result = after
        for done, run in reversed([(done, list(run)) for done, run in groupby(steps, key=lambda step: step[0].action)]):
            then = TRUE if done is action else FALSE
            if done is AdminAction.ALLOW and after != FALSE:
                then = all_of(self.facts.holds("U-ADMNEST"), after)
            result = either(any_of(*(term for _, term in run)), then, result)
        return self.script.share(result)


def admin_lists(network: Network, subnet: Subnet, direction: Direction) -> tuple[AdminList, ...]:
    """Return the list of each manager that is in force at the hosts of `subnet` (F-ADM-11, F-ADM-13)."""
    if not network.admin_rules or subnet.name.casefold() in _SUBNETS_LEFT_OUT:
        return ()
    return tuple(_of_vnet(network, subnet.vnet, direction))


def _of_vnet(network: Network, vnet: str, direction: Direction) -> Iterator[AdminList]:
    """Yield the list of each manager for a network, without what its services keep out (F-ADM-10)."""
    scope = network.vnets[vnet].admin_scope
    if scope is AdminScope.NONE:
        return
    for manager in dict.fromkeys(collection.manager for collection in network.admin_rules):
        rules = [
            rule
            for collection in network.admin_rules
            if collection.manager == manager and vnet in collection.vnets
            for rule in collection.rules
            if rule.direction is direction and (scope is AdminScope.ALL or rule.action is not AdminAction.DENY)
        ]
        if rules:
            yield AdminList(manager, tuple(sorted(rules, key=lambda rule: rule.priority)))


def _as_security_rule(rule: AdminRule) -> SecurityRule:
    access = Access.DENY if rule.action is AdminAction.DENY else Access.ALLOW
    return SecurityRule(
        rule.name,
        rule.priority,
        rule.direction,
        access,
        rule.protocol,
        rule.source,
        rule.source_ports,
        rule.destination,
        rule.destination_ports,
        span=rule.span,
    )
