"""Faults planted in either engine: one or more for each rule about managed firewalls with rules of their own."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_FIREWALLS, _DEVICES, _JOURNEY = (f"vnetverify.simulator.{name}" for name in ("firewalls", "devices", "journey"))
_WALK, _SYNTAX = "vnetverify.simulator.walk", "vnetverify.syntax.firewalls"

_BY_INTELLIGENCE = "if policy.denies_by_threat_intelligence and is_outside:"
_NETWORK = "rule = _deciding(journey, appliance, FirewallRuleKind.NETWORK)\n    if rule is not None:"
_BUILT_IN = 'if is_web and journey.situation.holds(uncertainty("U-FQDN", f"{name}/infrastructure")):'
_KEY = "(node.parent is None, group, priority)"
_IN_ORDER = "return next((rule for rule in rules if _matches(journey, appliance, rule)), None)"
_PROTOCOLS = "if not any(protocol is None or is_number(packet.protocol, protocol) for protocol in wanted):"
_NAMES = 'return rule.has_names and situation.holds(uncertainty("U-FQDN", f"{appliance.name}/{rule.name}"))'
_DENIAL = "denial = _deciding(journey, appliance, FirewallRuleKind.NETWORK)"
_DENIES = "if denial is not None and not denial.allows:"
_KEEPS = 'keeps_source = public is None and not situation.holds(uncertainty("U-FWDNATSRC", f"{name}/{rule.name}"))'
_AFTER = "after = replace(before, destination=point(rule.translation.address), destination_port=point(rule.translation.port))"
_TAKEN = "        and lies_in(packet.source, rule.sources)\n        and lies_in(packet.destination_port, rule.destination_ports)\n    )"
_UNTAKEN = 'return journey.drop(appliance.name, f"no NAT rule of {appliance.name} takes it at {to}", "F-FW-6")'
_UNALLOWED = 'return journey.drop(name, f"no rule of {name} allows it", "F-FW-6", _policy(appliance).span)'
_BY_APPLICATION = 'return _from_own_address(journey, appliance, "application rules always translate", rule.span)'
_RANGES = "ranges = PRIVATE_RANGES if policy.private_ranges is None else policy.private_ranges"
_LEARNED = 'elif policy.learns_private_ranges and not journey.situation.holds(uncertainty("U-FWSNAT", appliance.name)):'
_CHAINED = 'if not journey.situation.holds(uncertainty("U-FWCHAIN")):'
_OF_TAGS = "if any(is_in_tag("
_BY_DETECTION = 'if journey.situation.holds(uncertainty("U-FWIDPS", name)):'
_IPV6_PASSES = 'if not journey.situation.holds(uncertainty("U-FWV6", where)):'

_ELSEWHERE = "if not stands_elsewhere(journey.situation, name, policy):"

SIMULATOR = (
    Mutant("F-FW-12", "a presumed address is taken for the firewall's own", _FIREWALLS, _ELSEWHERE, "if True:"),
    Mutant("F-FW-1", "application rules are asked before network rules", _FIREWALLS, _NETWORK, f"asked = _deciding(journey, appliance, FirewallRuleKind.APPLICATION)\n    {_NETWORK[:-1]} and asked is None:"),
    Mutant("F-FW-1", "NAT rules come before threat intelligence", _DEVICES, "blocked = (misplaced if journey.unfiltered else inspected)(journey, appliance)", "blocked = None"),
    Mutant("F-FW-1", "threat intelligence is not asked", _FIREWALLS, _BY_INTELLIGENCE, "if False:"),
    Mutant("F-FW-1", "threat intelligence is asked about what stays inside", _FIREWALLS, _BY_INTELLIGENCE, "if policy.denies_by_threat_intelligence:"),
    Mutant("F-FW-1", "the built-in rules let nothing through", _FIREWALLS, _BUILT_IN, "if False:"),
    Mutant("F-FW-1", "the built-in rules let all of the web through", _FIREWALLS, _BUILT_IN, "if is_web:"),
    Mutant("F-FW-1", "the built-in rules are for every port", _FIREWALLS, "lies_in(packet.destination_port, _WEB) and", ""),
    Mutant("F-FW-2", "the last rule that matches decides", _FIREWALLS, _IN_ORDER, _IN_ORDER.replace("in rules", "in reversed(rules)")),
    Mutant("F-FW-2", "the larger number comes first", _SYNTAX, _KEY, "(node.parent is None, group, -priority)"),
    Mutant("F-FW-2", "groups do not matter", _SYNTAX, _KEY, "(node.parent is None, priority, group)"),
    Mutant("F-FW-2", "a parent's rules come last", _SYNTAX, _KEY, "(node.parent is not None, group, priority)"),
    Mutant("F-FW-3", "rules that name pings beside ports take none", _FIREWALLS, "if is_doubtful and not (packet.is_icmp and ICMP in rule.protocols):", "if is_doubtful:"),
    Mutant("F-FW-3", "rules that name pings beside ports surely take them", _FIREWALLS, 'return not is_doubtful or journey.situation.holds(uncertainty("U-FWICMPPORT", f"{appliance.name}/{rule.name}"))', "return True"),
    Mutant("F-FW-3", "rules for all take pings whatever ports they name", _FIREWALLS, "if is_doubtful and not (packet.is_icmp and ICMP in rule.protocols):", "if is_doubtful and not packet.is_icmp:"),
    Mutant("F-FW-3", "application rules are asked where a network rule denies", _FIREWALLS, _NETWORK, f"{_NETWORK[:-1]} and rule.allows:"),
    Mutant("F-FW-4", "names are always those of the packet", _FIREWALLS, _NAMES, "return rule.has_names"),
    Mutant("F-FW-4", "names are never those of the packet", _FIREWALLS, _NAMES, "return False"),
    Mutant("F-FW-4", "application rules are about every protocol", _FIREWALLS, _PROTOCOLS, f"{_PROTOCOLS[:-1]} and rule.kind is FirewallRuleKind.NETWORK:"),
    Mutant("F-FW-4", "application rules are asked about what a NAT rule takes", _FIREWALLS, _DENIAL, f"{_DENIAL} or _deciding(journey, appliance, FirewallRuleKind.APPLICATION)"),
    Mutant("F-FW-5", "network rules have no say in what a NAT rule takes", _FIREWALLS, _DENIES, "if False:"),
    Mutant("F-FW-5", "network rules have to allow what a NAT rule takes", _FIREWALLS, _DENIES, f'if denial is None:\n            return journey.drop(name, "no network rule allows it", "F-FW-5")\n        {_DENIES}'),
    Mutant("F-FW-5", "network rules see the packet as it came", _FIREWALLS, "        journey.packet = after\n", ""),
    Mutant("F-FW-5", "network rules see the firewall as its source", _FIREWALLS, "        journey.packet = after\n", "        journey.packet = _sent_from(after, own_address(situation, appliance))\n"),
    Mutant("F-FW-5", "NAT rules surely take what comes from inside", _FIREWALLS, 'holder[1] if situation.holds(uncertainty("U-FWHAIRPIN", appliance.name)) else None', "holder[1]"),
    Mutant("F-FW-5", "NAT rules surely take nothing from inside", _FIREWALLS, 'holder[1] if situation.holds(uncertainty("U-FWHAIRPIN", appliance.name)) else None', "None"),
    Mutant("F-FW-5", "the target sees the client", _FIREWALLS, _KEEPS, "keeps_source = True"),
    Mutant("F-FW-5", "a NAT rule at the private address keeps the source", _FIREWALLS, _KEEPS, "keeps_source = public is None"),
    Mutant("F-FW-5", "a NAT rule at the private address replaces the source", _FIREWALLS, _KEEPS, "keeps_source = False"),
    Mutant("F-FW-5", "ports are not translated", _FIREWALLS, _AFTER, "after = replace(before, destination=point(rule.translation.address))"),
    Mutant("F-FW-5", "a NAT rule is for every port", _FIREWALLS, _TAKEN, "        and lies_in(packet.source, rule.sources)\n    )"),
    Mutant("F-FW-6", "what no rule allows passes", _FIREWALLS, _UNALLOWED, "return None"),
    Mutant("F-FW-6", "what no NAT rule takes is for the firewall itself", _DEVICES, _UNTAKEN, "return _delivered_to_itself(journey, interface)"),
    Mutant("F-FW-6", "a firewall takes what is for itself", _JOURNEY, "if not interface.is_managed or self.is_reply or self.unfiltered:", "if True:"),
    Mutant("F-FW-7", "100.64.0.0/10 is no private range", _FIREWALLS, ', "100.64.0.0/10")', ")"),
    Mutant("F-FW-7", "172.16.0.0/20 is the private range", _FIREWALLS, '"172.16.0.0/12"', '"172.16.0.0/20"'),
    Mutant("F-FW-7", "network rules always translate", _FIREWALLS, "if lies_in(destination, ranges):", "if False:"),
    Mutant("F-FW-7", "network rules never translate", _FIREWALLS, "if lies_in(destination, ranges):", "if True:"),
    Mutant("F-FW-7", "application rules keep the source", _FIREWALLS, _BY_APPLICATION, "return None"),
    Mutant("F-FW-7", "private ranges are always the same", _FIREWALLS, _RANGES, "ranges = PRIVATE_RANGES"),
    Mutant("F-FW-7", "ranges that are learned are none", _FIREWALLS, _LEARNED, "elif False:"),
    Mutant("F-FW-7", "ranges that are learned are all", _FIREWALLS, _LEARNED, "elif policy.learns_private_ranges:"),
    Mutant("F-FW-7", "a third translation is like the others", _FIREWALLS, "_MOST_TRANSLATIONS = 2", "_MOST_TRANSLATIONS = 3"),
    Mutant("F-FW-7", "what is translated a third time is lost", _FIREWALLS, _CHAINED, "if True:"),
    Mutant("F-FW-7", "what is translated a third time may arrive", _FIREWALLS, _CHAINED, "if False:"),
    Mutant("F-FW-8", "replies need rules", _DEVICES, "if journey.first is not None and is_stateful(journey.situation, appliance):", "if False:"),
    Mutant("F-FW-8", "replies may pass by the firewall", _WALK, "    if asymmetric is not None:", "    if False:"),
    Mutant("F-FW-9", "service tags hold nothing at a firewall", _FIREWALLS, _OF_TAGS, "if False and any(is_in_tag("),
    Mutant("F-FW-9", "service tags hold everything at a firewall", _FIREWALLS, _OF_TAGS, "if rule.service_tags or any(is_in_tag("),
    Mutant("F-FW-10", "intrusion detection drops nothing", _FIREWALLS, _BY_DETECTION, "if False:"),
    Mutant("F-FW-10", "intrusion detection drops everything", _FIREWALLS, _BY_DETECTION, "if True:"),
    Mutant("F-FW-11", "firewalls pass IPv6", _DEVICES, _IPV6_PASSES, "if False:"),
    Mutant("F-FW-11", "firewalls drop IPv6", _DEVICES, _IPV6_PASSES, "if True:"),
    Mutant("F-FW-11", "the question is asked of IPv4 too", _DEVICES, "if appliance.is_managed and journey.packet.family is Family.IPV6:", "if appliance.is_managed:"),
)  # fmt: skip

_ENCODED, _JOURNEYS = "vnetverify.encoder.firewalls", "vnetverify.encoder.journeys"
_CONVERSATIONS, _HOPS = "vnetverify.encoder.conversations", "vnetverify.encoder.walk"

_OTHERWISE = "otherwise = none_of(*(term for _, term in network))"
_BY_NETWORK = "by_network = self.script.share(_first_match(network, FALSE))"
_IS_PUBLIC = 'terms.append(negate(all_of(is_public, self.facts.holds("U-FWTI", machine.name))))'
_FOR_AZURE = 'return all_of(asked, self.facts.holds("U-FQDN", f"{machine.name}/infrastructure"))'
_ASKED_PORTS = "            is_among(header.destination_port, _INFRASTRUCTURE_PORTS),\n"
_RULES = "for rule in policy.of_kind(kind):"
_BY_NAME = 'terms.append(self.facts.holds("U-FQDN", f"{machine.name}/{rule.name}"))'
_ENTERS = "term = self.script.share(all_of(taken, negate(self._is_denied(machine, policy, translated(rule, header)))))"
_REPLACED = 'replaced = self.facts.holds("U-FWDNATSRC", f"{machine.name}/{rule.name}")'
_PUBLIC_RULE = "yield Translated(machine.name, True, index), term\n"
_NAT_PORTS = "            is_among(header.source, rule.sources),\n            is_among(header.destination_port, rule.destination_ports),\n"
_RETURNED = "return self.delivery.share(all_of(translation.term, any_of(*ways)))"
_IGNORED = "ignored = negate(self.grounds.counts(Bearing.STOPS, last))"
_SET_RANGES = "ranges = AZURES_PRIVATE_RANGES if policy.private_ranges is None else policy.private_ranges"
_LEARNT = 'return all_of(outside, self.facts.holds("U-FWSNAT", machine.name))'
_REPLACES = "self.script.share(all_of(screened, any_of(all_of(by_network, translates), by_application))),"
_KEEPS_IT = "self.script.share(all_of(screened, any_of(all_of(by_network, negate(translates)), ignored))),"
_ASTRAY = 'astray = all_of(any_of(*(t.term for t in found)), delivery.hops.facts.holds("U-FWCHAIN"))'
_TAGS_HELD = "self.tags.holds(tag, header.destination, subnet, header.end(is_source=False))"
_DETECTED = 'terms.append(negate(self.facts.holds("U-FWIDPS", machine.name)))'

_OWN = 'return self.facts.holds("U-FWADDR", machine.name) if is_presumed else TRUE'

ENCODER = (
    Mutant("F-FW-12", "a presumed address is taken for the firewall's own", _ENCODED, _OWN, "return TRUE"),
    Mutant("F-FW-1", "application rules are asked before network rules", _ENCODED, _BY_NETWORK, "by_network = self.script.share(all_of(_first_match(network, FALSE), none_of(*(term for _, term in application))))"),
    Mutant("F-FW-1", "NAT rules come before threat intelligence", _ENCODED, "undecided = screened\n", "undecided = TRUE\n"),
    Mutant("F-FW-1", "threat intelligence is not asked", _ENCODED, _IS_PUBLIC, "pass"),
    Mutant("F-FW-1", "threat intelligence is asked about what stays inside", _ENCODED, _IS_PUBLIC, _IS_PUBLIC.replace("is_public, ", "")),
    Mutant("F-FW-1", "the built-in rules let nothing through", _ENCODED, _FOR_AZURE, "return FALSE"),
    Mutant("F-FW-1", "the built-in rules let all of the web through", _ENCODED, _FOR_AZURE, "return asked"),
    Mutant("F-FW-1", "the built-in rules are for every port", _ENCODED, _ASKED_PORTS, ""),
    Mutant("F-FW-2", "the last rule that matches decides", _ENCODED, _RULES, "for rule in reversed(policy.of_kind(kind)):"),
    Mutant("F-FW-3", "rules that name pings beside ports take none", _ENCODED, "if ICMP not in rule.protocols or header.is_icmp == FALSE:", "if True:"),
    Mutant("F-FW-3", "rules that name pings beside ports surely take them", _ENCODED, 'takes_icmp = self.facts.holds("U-FWICMPPORT", f"{machine.name}/{rule.name}")', "takes_icmp = TRUE"),
    Mutant("F-FW-3", "application rules are asked where a network rule denies", _ENCODED, _OTHERWISE, "otherwise = none_of(*(term for rule, term in network if rule.allows))"),
    Mutant("F-FW-4", "names are always those of the packet", _ENCODED, _BY_NAME, "terms.append(TRUE)"),
    Mutant("F-FW-4", "names are never those of the packet", _ENCODED, _BY_NAME, "pass"),
    Mutant("F-FW-4", "application rules are about every protocol", _ENCODED, "lambda: self._protocol_matches(rule, header),", "lambda: TRUE if rule.kind is FirewallRuleKind.APPLICATION else self._protocol_matches(rule, header),"),
    Mutant("F-FW-4", "application rules are asked about what a NAT rule takes", _ENCODED, _ENTERS, _ENTERS.replace("all_of(taken, ", "all_of(taken, _first_match(self._matches(machine, policy, FirewallRuleKind.APPLICATION, translated(rule, header)), TRUE), ")),
    Mutant("F-FW-5", "network rules have no say in what a NAT rule takes", _ENCODED, _ENTERS, "term = taken"),
    Mutant("F-FW-5", "network rules have to allow what a NAT rule takes", _ENCODED, "return negate(_first_match(rules, TRUE))", "return negate(_first_match(rules, FALSE))"),
    Mutant("F-FW-5", "network rules see the packet as it came", _ENCODED, _ENTERS, _ENTERS.replace("translated(rule, header)", "header")),
    Mutant("F-FW-5", "NAT rules surely take what comes from inside", _ENCODED, 'all_of(named, self.facts.holds("U-FWHAIRPIN", machine.name)) if named != FALSE else FALSE', "named"),
    Mutant("F-FW-5", "what comes from inside comes by the public address", "vnetverify.encoder.journeys", " and not self.is_steered", ""),
    Mutant("F-FW-5", "the target sees the client", _ENCODED, _PUBLIC_RULE, _PUBLIC_RULE.replace("True", "False")),
    Mutant("F-FW-5", "a NAT rule at the private address keeps the source", _ENCODED, _REPLACED, "replaced = FALSE"),
    Mutant("F-FW-5", "a NAT rule at the private address replaces the source", _ENCODED, _REPLACED, "replaced = TRUE"),
    Mutant("F-FW-5", "ports are not translated", _ENCODED, "        destination_port=constant(rule.translation.port, 16),\n", ""),
    Mutant("F-FW-5", "a NAT rule is for every port", _ENCODED, _NAT_PORTS, "            is_among(header.source, rule.sources),\n"),
    Mutant("F-FW-5", "replies need not come back to what translated the packet", _CONVERSATIONS, _RETURNED, "return self.delivery.share(all_of(translation.term, any_of(*ways, *(reply.reaches(target) for target in reply.ends()))))"),
    Mutant("F-FW-6", "what no rule allows passes", _ENCODED, _IGNORED, "ignored = TRUE"),
    Mutant("F-FW-6", "a firewall takes what is for itself", _HOPS, "if not machine.is_managed:\n            return FALSE", "if True:\n            return FALSE"),
    Mutant("F-FW-7", "100.64.0.0/10 is no private range", _ENCODED, ', "100.64.0.0/10")', ")"),
    Mutant("F-FW-7", "172.16.0.0/20 is the private range", _ENCODED, '"172.16.0.0/12"', '"172.16.0.0/20"'),
    Mutant("F-FW-7", "network rules always translate", _ENCODED, "outside = negate(is_among(header.destination, ranges))", "outside = TRUE"),
    Mutant("F-FW-7", "network rules never translate", _ENCODED, "outside = negate(is_among(header.destination, ranges))", "outside = FALSE"),
    Mutant("F-FW-7", "application rules keep the source", _ENCODED, f"{_KEEPS_IT}\n            {_REPLACES}", f"{_KEEPS_IT.replace('ignored)', 'ignored, by_application)')}\n            {_REPLACES.replace(', by_application', '')}"),
    Mutant("F-FW-7", "private ranges are always the same", _ENCODED, _SET_RANGES, "ranges = AZURES_PRIVATE_RANGES"),
    Mutant("F-FW-7", "ranges that are learned are none", _ENCODED, _LEARNT, "return outside"),
    Mutant("F-FW-7", "ranges that are learned are all", _ENCODED, _LEARNT, "return FALSE"),
    Mutant("F-FW-7", "a third translation is like the others", _JOURNEYS, "_MOST_TRANSLATIONS = 2", "_MOST_TRANSLATIONS = 3"),
    Mutant("F-FW-7", "what is translated a third time is lost", _JOURNEYS, _ASTRAY, "astray = FALSE"),
    Mutant("F-FW-7", "what is translated a third time may arrive", _JOURNEYS, _ASTRAY, "astray = any_of(*(t.term for t in found))"),
    Mutant("F-FW-8", "replies need rules", _HOPS, "return remembered", "return self.firewalls.passing(machine, machine.firewall, header).kept"),
    Mutant("F-FW-8", "replies may pass by the firewall", _CONVERSATIONS, "terms.append(any_of(negate(self.hops.is_stateful(machine)), same))", "terms.append(TRUE if machine.is_managed else any_of(negate(self.hops.is_stateful(machine)), same))"),
    Mutant("F-FW-9", "service tags hold nothing at a firewall", _ENCODED, _TAGS_HELD, "FALSE"),
    Mutant("F-FW-9", "service tags hold everything at a firewall", _ENCODED, _TAGS_HELD, "TRUE"),
    Mutant("F-FW-10", "intrusion detection drops nothing", _ENCODED, _DETECTED, "pass"),
    Mutant("F-FW-10", "intrusion detection drops everything", _ENCODED, _DETECTED, "terms.append(FALSE)"),
    Mutant("F-FW-11", "firewalls pass IPv6", _HOPS, 'return self.facts.holds("U-FWV6", machine.name)', "return TRUE"),
    Mutant("F-FW-11", "firewalls drop IPv6", _HOPS, 'return self.facts.holds("U-FWV6", machine.name)', "return FALSE"),
    Mutant("F-FW-11", "the question is asked of IPv4 too", _HOPS, "if self.estate.family is Family.IPV4 or not machine.is_managed:", "if not machine.is_managed:"),
)  # fmt: skip

MUTANTS = (*SIMULATOR, *ENCODER)
