"""Managed firewalls with rules of their own: what they let pass, and into what they translate it.

Rules F-FW-1, F-FW-2, F-FW-3, F-FW-4, F-FW-5, F-FW-6, F-FW-7, F-FW-9, F-FW-10,
F-FW-12 and F-ADDR-8.
"""

from __future__ import annotations

from dataclasses import replace

from vnetverify.facts import uncertainty
from vnetverify.header import (
    ALL_PORTS,
    ICMP,
    TCP,
    UDP,
    Family,
    Interval,
    IntervalSet,
    address_text,
    addresses_of,
    interval_set,
    parse_prefix,
)
from vnetverify.model.balancers import PublicAddress
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Subnet
from vnetverify.simulator.addressing import (
    Packet,
    address_in,
    assignable,
    is_number,
    is_public,
    lies_in,
    lowest_text,
    point,
)
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.positions import Appliance, Astray, Dropped, Translated
from vnetverify.simulator.situation import Situation, holder_of_public, world_address
from vnetverify.simulator.tags import Side, TaggedEnd, is_in_tag
from vnetverify.source import Span

# The destinations towards which network rules keep the source where nothing else is configured (F-FW-7).
PRIVATE_RANGES = addresses_of(
    parse_prefix(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
_WEB = IntervalSet((Interval(80, 80), Interval(443, 443)))
_MOST_TRANSLATIONS = 2

Refusal = Dropped | Astray


def own_address(situation: Situation, appliance: Appliance) -> Interval:
    """Return the address that a firewall puts in place of a source: the world's, any of its subnet's (F-FW-7)."""
    prefixes = (prefix for prefix in _subnet(appliance).prefixes if prefix.family is Family.IPV4)
    possible = interval_set(piece for prefix in prefixes for piece in assignable(prefix))
    chosen = world_address(situation, f"address of {appliance.name}", possible)
    return point(possible.intervals[0].low) if chosen is None else chosen


def inspected(journey: Journey, appliance: Appliance) -> Dropped | None:
    """Return the drop by what a firewall asks before all rules and beside them (F-FW-1, F-FW-6, F-FW-10)."""
    missed = misplaced(journey, appliance)
    if missed is not None:
        return missed
    policy, name, packet = _policy(appliance), appliance.name, journey.packet
    is_outside = is_public(packet.source) or is_public(packet.destination)
    if policy.denies_by_threat_intelligence and is_outside:
        if journey.situation.holds(uncertainty("U-FWTI", name)):
            return journey.drop(name, f"the threat intelligence of {name} drops it", "F-FW-1", policy.span)
        journey.note(name, f"the threat intelligence of {name} knows nothing against it", "F-FW-1", policy.span)
    if policy.denies_by_intrusion_detection:
        if journey.situation.holds(uncertainty("U-FWIDPS", name)):
            return journey.drop(name, f"the intrusion detection of {name} drops it", "F-FW-10", policy.span)
        journey.note(name, f"the intrusion detection of {name} finds nothing in it", "F-FW-10", policy.span)
    return None


def misplaced(journey: Journey, appliance: Appliance) -> Dropped | None:
    """Return the drop of what comes to a firewall that routes do not lead to, whatever filters do (F-FW-12)."""
    name, policy = appliance.name, _policy(appliance)
    if not stands_elsewhere(journey.situation, name, policy):
        return None
    return journey.drop(name, f"{name} did not get the address that routes name", "F-FW-12", policy.span)


def stands_elsewhere(situation: Situation, name: str, policy: FirewallPolicy | None) -> bool:
    """Hold when the firewall of this name has another address than routes say (F-FW-12)."""
    return policy is not None and policy.presumes_address and not situation.holds(uncertainty("U-FWADDR", name))


# -- passing through ------------------------------------------------------------------------------------


def refused(journey: Journey, appliance: Appliance) -> Refusal | None:
    """Return the drop where no rule lets the packet through; else it may go on as another packet (F-FW-1, F-FW-3)."""
    blocked = inspected(journey, appliance)
    if blocked is not None:
        return blocked
    rule = _deciding(journey, appliance, FirewallRuleKind.NETWORK)
    if rule is not None:
        return _by_network_rule(journey, appliance, rule)
    rule = _deciding(journey, appliance, FirewallRuleKind.APPLICATION)
    if rule is not None:
        told = f"application rule {rule.name} of {appliance.name}"
        if not rule.allows:
            return journey.drop(appliance.name, f"{told} denies", "F-FW-4", rule.span)
        journey.note(appliance.name, f"{told} allows, no network rule matches", "F-FW-4", rule.span)
        return _from_own_address(journey, appliance, "application rules always translate", rule.span)
    return _by_infrastructure(journey, appliance)


def _by_network_rule(journey: Journey, appliance: Appliance, rule: FirewallRule) -> Refusal | None:
    """Return what comes of the first network rule that matches: application rules are not asked (F-FW-3)."""
    told = f"network rule {rule.name} of {appliance.name}"
    if not rule.allows:
        return journey.drop(appliance.name, f"{told} denies", "F-FW-3", rule.span)
    journey.note(appliance.name, f"{told} allows, nothing earlier matches", "F-FW-3", rule.span)
    if journey.packet.family is Family.IPV6:
        return None
    policy, destination = _policy(appliance), journey.packet.destination
    ranges = PRIVATE_RANGES if policy.private_ranges is None else policy.private_ranges
    if lies_in(destination, ranges):
        why = f"it keeps the source, as {lowest_text(destination)} is in its private ranges"
    elif policy.learns_private_ranges and not journey.situation.holds(uncertainty("U-FWSNAT", appliance.name)):
        why = f"it keeps the source, as {lowest_text(destination)} is in a range that it learned"
    else:
        why = f"{lowest_text(destination)} is in none of its private ranges"
        return _from_own_address(journey, appliance, why, policy.span)
    journey.note(appliance.name, why, "F-FW-7", policy.span)
    return None


def _by_infrastructure(journey: Journey, appliance: Appliance) -> Refusal | None:
    """Return what comes of no rule: the built-in collection lets some of the web through, nothing else passes."""
    name, packet = appliance.name, journey.packet
    is_web = (
        is_number(packet.protocol, TCP) and lies_in(packet.destination_port, _WEB) and is_public(packet.destination)
    )
    if is_web and journey.situation.holds(uncertainty("U-FQDN", f"{name}/infrastructure")):
        journey.note(name, f"the built-in infrastructure rules of {name} allow, no other matches", "F-FW-1")
        return _from_own_address(journey, appliance, "application rules always translate", None)
    return journey.drop(name, f"no rule of {name} allows it", "F-FW-6", _policy(appliance).span)


def _from_own_address(journey: Journey, appliance: Appliance, why: str, span: Span | None) -> Refusal | None:
    """Make the packet one from the firewall's own address (F-FW-7); IPv6 is never translated (F-FW-11)."""
    if journey.packet.family is Family.IPV6:
        return None
    own, before = own_address(journey.situation, appliance), journey.packet
    after = replace(_sent_from(before, own), translations=before.translations + 1)
    translated = Translated(appliance, before, after, own)
    what = f"{appliance.name} puts its own address {lowest_text(own)} in place of the source: {why}"
    return _translated(journey, translated, what, "F-FW-7", span)


# -- to the firewall's own addresses ---------------------------------------------------------------------


def nat_rule(journey: Journey, appliance: Appliance, public: PublicAddress | None) -> FirewallRule | None:
    """Return the first NAT rule at the address that takes the packet, None where none does (F-FW-3, F-FW-5)."""
    at = None if public is None else public.name
    rules = (rule for rule in _policy(appliance).of_kind(FirewallRuleKind.NAT) if rule.at == at)
    return next((rule for rule in rules if _takes(rule, journey.packet)), None)


def steered_to(journey: Journey, appliance: Appliance) -> PublicAddress | None:
    """Return the firewall's public address for which routes led the packet to it, if a NAT rule there takes it.

    Whether NAT rules take what does not come in from outside is open (F-FW-5).
    """
    policy, situation, packet = appliance.firewall, journey.situation, journey.packet
    if policy is None or journey.is_reply or packet.family is Family.IPV6:
        return None
    if all(rule.at is None for rule in policy.of_kind(FirewallRuleKind.NAT)) or not is_public(packet.destination):
        return None
    holder = holder_of_public(situation, packet.destination)
    if holder is None or holder[0].machine != appliance.name or nat_rule(journey, appliance, holder[1]) is None:
        return None
    return holder[1] if situation.holds(uncertainty("U-FWHAIRPIN", appliance.name)) else None


def refused_by_nat(
    journey: Journey,
    appliance: Appliance,
    rule: FirewallRule,
    public: PublicAddress | None,
) -> Refusal | None:
    """Return the drop of what a NAT rule takes and a network rule denies; else it goes on as another packet (F-FW-5).

    The target sees an address of the firewall, for what came by the private address where a fact says so.
    """
    assert rule.translation is not None
    name, before, situation = appliance.name, journey.packet, journey.situation
    to = f"{address_text(rule.translation.address)}:{rule.translation.port}"
    journey.note(name, f"NAT rule {rule.name} of {name} leads to {to}, no earlier one matches", "F-FW-5", rule.span)
    place = Place(PlaceKind.SUBNET.value, _subnet(appliance).id)
    if public is not None:
        place = Place(PlaceKind.PUBLIC.value, f"{name}/{public.name}")
    named, entered_from = (place, address_in(before.destination)), journey.entered_from
    after = replace(before, destination=point(rule.translation.address), destination_port=point(rule.translation.port))
    after = replace(after, translations=before.translations + 1)
    if not journey.unfiltered:
        journey.packet = after
        denial = _deciding(journey, appliance, FirewallRuleKind.NETWORK)
        if denial is not None and not denial.allows:
            reason = f"network rule {denial.name} of {name} denies what NAT rule {rule.name} translated"
            return journey.drop(name, reason, "F-FW-5", denial.span)
    keeps_source = public is None and not situation.holds(uncertainty("U-FWDNATSRC", f"{name}/{rule.name}"))
    own = None if keeps_source else own_address(situation, appliance)
    if own is None:
        what = f"the target sees the client {lowest_text(before.source)}, as {name} keeps the source"
    else:
        after = _sent_from(after, own)
        what = f"the target sees {lowest_text(own)}, an address of {name}, not {lowest_text(before.source)}"
    translated = Translated(appliance, before, after, own, named, entered_from)
    return _translated(journey, translated, what, "F-FW-5", rule.span)


def _takes(rule: FirewallRule, packet: Packet) -> bool:
    """Hold when a NAT rule at the packet's destination takes it: TCP and UDP alone are translated."""
    return (
        any(is_number(packet.protocol, protocol) for protocol in (TCP, UDP) if protocol in rule.protocols)
        and lies_in(packet.source, rule.sources)
        and lies_in(packet.destination_port, rule.destination_ports)
    )


# -- what both have in common ----------------------------------------------------------------------------


def _subnet(appliance: Appliance) -> Subnet:
    """Return the subnet in which the firewall's one interface stands."""
    return appliance.interfaces[0].subnet


def _policy(appliance: Appliance) -> FirewallPolicy:
    assert appliance.firewall is not None
    return appliance.firewall


def _sent_from(packet: Packet, address: Interval) -> Packet:
    return replace(packet, source=address)


def _translated(journey: Journey, translated: Translated, what: str, rule: str, span: Span | None) -> Refusal | None:
    """Make the packet another one, telling so; return its end where it was one as often as is followed (F-FW-7)."""
    name = translated.by.name
    if len(journey.translations) < _MOST_TRANSLATIONS:
        journey.become(translated)
        journey.note(name, what, rule, span)
        return None
    third = "it is translated a third time"
    if not journey.situation.holds(uncertainty("U-FWCHAIN")):
        return journey.drop(name, f"{third}, and lost", "F-FW-7", span)
    journey.note(name, f"{third}, and may end anywhere", "F-FW-7", span)
    return Astray(name)


def _deciding(journey: Journey, appliance: Appliance, kind: FirewallRuleKind) -> FirewallRule | None:
    """Return the first rule of the kind, in the order of the policy, that matches the packet (F-FW-2, F-FW-3)."""
    rules = _policy(appliance).of_kind(kind)
    return next((rule for rule in rules if _matches(journey, appliance, rule)), None)


def _matches(journey: Journey, appliance: Appliance, rule: FirewallRule) -> bool:
    """Hold when a network or application rule matches; `icmp` there is that of either family (F-FW-3, F-FW-4).

    Packets without ports match a rule of all ports; whether one of others that names ICMP takes that is open.
    """
    packet = journey.packet
    wanted = (packet.family.icmp if protocol == ICMP else protocol for protocol in rule.protocols)
    if not any(protocol is None or is_number(packet.protocol, protocol) for protocol in wanted):
        return False
    is_doubtful = not packet.has_ports and rule.destination_ports != ALL_PORTS
    if is_doubtful and not (packet.is_icmp and ICMP in rule.protocols):
        return False
    ports_fit = is_doubtful or not packet.has_ports or lies_in(packet.destination_port, rule.destination_ports)
    if not (ports_fit and lies_in(packet.source, rule.sources) and _destination_fits(journey, appliance, rule)):
        return False
    return not is_doubtful or journey.situation.holds(uncertainty("U-FWICMPPORT", f"{appliance.name}/{rule.name}"))


def _destination_fits(journey: Journey, appliance: Appliance, rule: FirewallRule) -> bool:
    """Hold when the destination is an address, a service tag's or a name's of the rule (F-FW-4, F-FW-9)."""
    situation, packet = journey.situation, journey.packet
    if lies_in(packet.destination, rule.destinations):
        return True
    end, subnet = TaggedEnd(Side.DESTINATION, packet.translations), _subnet(appliance)
    if any(is_in_tag(situation, subnet, tag, packet.destination, end) for tag in rule.service_tags):
        return True
    return rule.has_names and situation.holds(uncertainty("U-FQDN", f"{appliance.name}/{rule.name}"))
