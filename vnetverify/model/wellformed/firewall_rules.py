"""What the rules of managed firewalls may say (F-FW-1, F-FW-4, F-FW-5, F-FW-6)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import ICMP, LAST_PORT, PROTOCOL_NAMES, TCP, UDP, Family, address_text, family_of
from vnetverify.model.endpoints import place_of_frontend, place_of_translation, translated_addresses
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind
from vnetverify.model.network import Machine, Network

# What the built-in collection is called where facts speak of it.
_BUILT_IN = "infrastructure"
_PROTOCOLS = {
    FirewallRuleKind.NAT: (TCP, UDP),
    FirewallRuleKind.NETWORK: (None, ICMP, TCP, UDP),
    FirewallRuleKind.APPLICATION: (TCP,),
}


def firewall_rule_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with the policies of managed firewalls."""
    for machine in network.machines.values():
        if machine.firewall is not None:
            yield from _machine_faults(machine, machine.firewall)
            yield from _names(machine, machine.firewall)
            for rule in machine.firewall.rules:
                yield from _protocol_faults(machine, rule)
                if rule.kind is FirewallRuleKind.NAT:
                    yield from _nat_faults(machine, rule)
    yield from _places(network)


def _machine_faults(machine: Machine, policy: FirewallPolicy) -> Iterator[Diagnostic]:
    if not machine.is_managed:
        message = f"`{machine.name}` has the rules of a managed firewall, and is not one"
        yield Diagnostic("not-a-firewall", message, machine.span, rule="F-FW-1")
    if machine.policy:
        message = f"firewall `{machine.name}` has rules, and lines as an appliance has"
        yield Diagnostic("two-policies", message, machine.span, rule="F-FW-1")
    if len(machine.nics) != 1:
        message = f"firewall `{machine.name}` has {len(machine.nics)} interfaces, and one with rules has one"
        yield Diagnostic("firewall-interfaces", message, machine.span, rule="F-FW-5")
    for nic in machine.nics:
        held = [address_text(address) for address in nic.addresses if family_of(address) is Family.IPV4]
        if len(held) > 1:
            message = (
                f"firewall `{machine.name}` has the private addresses {', '.join(held)}, and one with rules has one"
            )
            yield Diagnostic("firewall-addresses", message, nic.span, rule="F-FW-5")
    if not policy.rules:
        message = f"firewall `{machine.name}` has a policy without rules, so it drops everything"
        yield Diagnostic("firewall-without-rules", message, machine.span, rule="F-FW-6", severity=Severity.WARNING)
    for public in policy.public_addresses:
        if public.address is not None and family_of(public.address) is Family.IPV6:
            message = (
                f"firewall `{machine.name}` has the IPv6 public address `{public.name}`, and translates IPv4 alone"
            )
            yield Diagnostic("firewall-with-ipv6", message, public.span, rule="F-FW-5")


def _names(machine: Machine, policy: FirewallPolicy) -> Iterator[Diagnostic]:
    """Yield rules that facts about names of domains, or about sources of NAT rules, could not tell apart."""
    first: dict[tuple[bool, str], FirewallRule] = {}
    for rule in policy.rules:
        is_nat = rule.kind is FirewallRuleKind.NAT
        earlier = first.setdefault((is_nat, rule.name.casefold()), rule)
        if earlier is not rule:
            what = "NAT rules" if is_nat else "network or application rules"
            message = f"firewall `{machine.name}` has two {what} called `{rule.name}`"
            yield Diagnostic(
                "firewall-rule-twice", message, rule.span, "second", ((earlier.span, "first"),), rule="F-FW-1"
            )
        if not is_nat and rule.name.casefold() == _BUILT_IN:
            message = f"a rule of firewall `{machine.name}` is called `{_BUILT_IN}`, as the built-in collection is"
            yield Diagnostic("rule-name-taken", message, rule.span, help="rename the rule", rule="F-FW-1")


def _protocol_faults(machine: Machine, rule: FirewallRule) -> Iterator[Diagnostic]:
    allowed = _PROTOCOLS[rule.kind]
    for number in rule.protocols:
        if number not in allowed:
            name = "any protocol" if number is None else PROTOCOL_NAMES.get(number, str(number))
            message = f"the {rule.kind.value} rule `{rule.name}` of `{machine.name}` is about {name}"
            known = ", ".join("any" if each is None else PROTOCOL_NAMES[each] for each in allowed)
            yield Diagnostic("protocol-unsupported", message, rule.span, f"such rules know {known}", rule="F-FW-4")
    if not rule.protocols:
        message = f"rule `{rule.name}` of `{machine.name}` is for no protocol"
        yield Diagnostic("protocol-unsupported", message, rule.span, rule="F-FW-4")


def _nat_faults(machine: Machine, rule: FirewallRule) -> Iterator[Diagnostic]:
    what = f"the NAT rule `{rule.name}` of `{machine.name}`"
    if rule.at is not None and rule.at not in (public.name for public in machine.public_addresses):
        message = f"{what} is at `{rule.at}`, which is not a public address of the firewall"
        yield Diagnostic("unknown-public-address", message, rule.span, rule="F-FW-5")
    if rule.translation is None:
        yield Diagnostic("nat-without-target", f"{what} does not say where to", rule.span, rule="F-FW-5")
        return
    if family_of(rule.translation.address) is Family.IPV6:
        message = f"{what} translates to an IPv6 address, and firewalls translate IPv4 alone"
        yield Diagnostic("firewall-with-ipv6", message, rule.span, rule="F-FW-5")
    ports = [rule.translation.port, *(port for each in rule.destination_ports for port in (each.low, each.high))]
    if not rule.destination_ports or min(ports) < 1 or max(ports) > LAST_PORT:
        message = f"{what} has a port that is not one of 1 to {LAST_PORT}"
        yield Diagnostic("port-out-of-range", message, rule.span, rule="F-FW-5")


def _places(network: Network) -> Iterator[Diagnostic]:
    """Yield public addresses of firewalls that have the same place in sentences as a public frontend."""
    frontends = {
        place_of_frontend(balancer, frontend).name.casefold(): frontend.span
        for balancer in network.load_balancers.values()
        for frontend in balancer.public_frontends
    }
    for machine in network.machines.values():
        for public in translated_addresses(machine):
            name = place_of_translation(machine, public).name
            if name.casefold() in frontends:
                others = ((frontends[name.casefold()], "a public frontend"),)
                message = f"`{name}` names a public frontend and a public address of a firewall"
                yield Diagnostic("public-name-taken", message, machine.span, others=others, help="rename one of them")
