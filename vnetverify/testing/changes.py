"""Networks with one thing changed, which show what a rule decides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from vnetverify.model.firewalls import FirewallRule, FirewallRuleKind
from vnetverify.model.network import Network
from vnetverify.testing.questions import NotAQuestion


def without_rules(network: Network, names: Collection[str]) -> Network:
    """Return `network` without the rules of security groups called `NSG/RULE`. Raises `NotAQuestion`."""
    known = {f"{nsg.name}/{rule.name}" for nsg in network.nsgs.values() for rule in nsg.rules}
    if missing := set(names) - known:
        raise NotAQuestion(f"there is no rule `{min(missing)}`")
    nsgs = {
        nsg.name: replace(nsg, rules=tuple(rule for rule in nsg.rules if f"{nsg.name}/{rule.name}" not in names))
        for nsg in network.nsgs.values()
    }
    return replace(network, nsgs=nsgs)


def rules_that_may_decide(network: Network, firewall: str, allowed: bool) -> tuple[FirewallRule, ...]:
    """Return the rules of a managed firewall that may have let a flow through, or not: those of NAT never deny.

    Raises `NotAQuestion` where it has no rules of its own.
    """
    machine = network.machines.get(firewall)
    if machine is None or machine.firewall is None:
        raise NotAQuestion(f"`{firewall}` is no firewall with rules")
    rules = machine.firewall.rules
    return rules if allowed else tuple(rule for rule in rules if rule.kind is not FirewallRuleKind.NAT)


def turned(network: Network, firewall: str, rule: FirewallRule) -> Network:
    """Return `network` where a rule of the firewall says the opposite: what it decides about fares otherwise.

    A rule that translates leads one address further on.
    """
    opposite = replace(rule, allows=not rule.allows)
    if rule.translation is not None:
        opposite = replace(rule, translation=replace(rule.translation, address=rule.translation.address ^ 1))
    machine = network.machines[firewall]
    assert machine.firewall is not None
    rules = tuple(opposite if each is rule else each for each in machine.firewall.rules)
    changed = replace(machine, firewall=replace(machine.firewall, rules=rules))
    return replace(network, machines={**network.machines, firewall: changed})
