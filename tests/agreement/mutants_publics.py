"""Faults planted in the simulator: one or more for each rule about public load balancers, links, ways out and state."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_POOLS, _LINKS, _EGRESS = (f"vnetverify.simulator.{name}" for name in ("pools", "links", "egress"))
_FILTERS, _JOURNEY, _ANSWERS = (f"vnetverify.simulator.{name}" for name in ("filters", "journey", "answers"))
_FRONTENDS = "vnetverify.simulator.public_frontends"

_NAT_FIRST = "if nat_gateway is not None and family is Family.IPV4 and protocol in (TCP, UDP):"
_GIVES = "if nic.name in each.members and each.frontend in public and each.gives_egress and not each.is_inbound_nat:"
_ALL_WHEN_NONE = "if healthy or not able or rule.probe is None or not rule.probe.all_when_none:"
_RECORD = (
    'if interface.name in self.first.perhaps_stateless and self.situation.holds(uncertainty("U-STATELESSIN", vnet)):'
)
_STATELESS = "return self.situation.network.is_strict and self.packet.protocol == TCP and not has_timeout"
_LEADS_THERE = "leads_there = chosen.route.hop == (ToVnet() if near == far else ToPeer(far))"

MUTANTS = (
    Mutant("F-LB-2", "a frontend has a rule for every port", _POOLS, "return rule.protocol == packet.protocol and rule.port == only(packet.destination_port)", "return rule.protocol == packet.protocol"),
    Mutant("F-LB-2", "members get packets at the frontend's port", _POOLS, "port = point(rule.backend_port)", "pass"),
    Mutant("F-LB-2", "pings go by NAT rules as well", _POOLS, "first = next((rule for rule in rules if not rule.is_inbound_nat), None)", "first = next(iter(rules), None)"),
    Mutant("F-LB-7", "public frontends are open", _FRONTENDS, "if blocked is not None:", "if False:"),
    Mutant("F-LB-7", "what is not Basic is open where there is no group", _FILTERS, "is_open = entry.sku is Sku.BASIC", "is_open = True"),
    Mutant("F-LB-7", "a load balancer whose SKU is not stated is Standard", _FILTERS, 'is_open, rule_id = situation.holds(uncertainty("U-SKU", entry.asked_of)), "F-PIP-3"', 'is_open, rule_id = False, "F-PIP-3"'),
    Mutant("F-LB-10", "no load balancer is a way out", _EGRESS, "return Egress(EgressKind.LOAD_BALANCER,", "return None and Egress(EgressKind.LOAD_BALANCER,"),
    Mutant("F-LB-10", "each rule gives a way out", _EGRESS, _GIVES, "if nic.name in each.members and each.frontend in public:"),
    Mutant("F-LB-10", "NAT rules give a way out", _EGRESS, _GIVES, "if nic.name in each.members and each.frontend in public and each.gives_egress:"),
    Mutant("F-LB-10", "an outbound rule is for every protocol", _EGRESS, "rule.protocol in (None, protocol)", "True"),
    Mutant("F-LB-12", "a member that is set down gets flows", _POOLS, "elif name in rule.down:", "elif False:"),
    Mutant("F-LB-12", "a member that is set up needs its probe", _POOLS, "if nic.name in rule.always_up:", "if False:"),
    Mutant("F-LB-13", "where no probe is answered nobody gets flows", _POOLS, _ALL_WHEN_NONE, "if True:"),
    Mutant("F-LB-13", "where no probe is answered all get flows", _POOLS, _ALL_WHEN_NONE, "if healthy or not able or rule.probe is None:"),
    Mutant("F-OUT-1", "what has no method leaves", _EGRESS, "if is_default else None", "if True else None"),
    Mutant("F-OUT-2", "a public address comes before a NAT gateway", _EGRESS, _NAT_FIRST, "if interface.nic is None and nat_gateway is not None and protocol in (TCP, UDP):"),
    Mutant("F-OUT-2", "the default comes before load balancers", _EGRESS, "if shared is not None:", "if shared is not None and not subnet.default_outbound:"),
    Mutant("F-OUT-3", "a NAT gateway carries everything", _EGRESS, _NAT_FIRST, "if nat_gateway is not None:"),
    Mutant("F-OUT-4", "members of Standard load balancers have a default address", _EGRESS, "yield from of_nat", "yield from ()"),
    Mutant("F-OUT-4", "what a NAT rule leads to surely has a default address", _EGRESS, "if memberships or subnet.default_outbound is None:", "if subnet.default_outbound is None:"),
    Mutant("F-PE-10", "a private link service ends the flow", "vnetverify.simulator.endpoints", "if service is not None:", "if False:"),
    Mutant("F-PE-10", "members see the client", _LINKS, "arriving = replace(packet, source=point(seen_from), destination=", "arriving = replace(packet, destination="),
    Mutant("F-PE-10", "replies need no route to the service", _ANSWERS, _LEADS_THERE, "leads_there = True"),
    Mutant("F-PE-10", "replies go by the member's own routes", _ANSWERS, "selection(situation, member.subnet, target)", "selection(situation, member.subnet, journey.packet.destination)"),
    Mutant("F-PE-10", "a private link carries every protocol", _LINKS, "if packet.protocol not in (TCP, UDP) or packet.family is not Family.IPV4:", "if False:"),
    Mutant("F-STATE-5", "custom rules keep state", _JOURNEY, _RECORD, "if False:"),
    Mutant("F-STATE-5", "custom rules keep none", _JOURNEY, _RECORD, "if interface.name in self.first.perhaps_stateless:"),
    Mutant("F-STATE-5", "it is so in every text", _JOURNEY, _STATELESS, "return self.packet.protocol == TCP and not has_timeout"),
    Mutant("F-STATE-5", "a flow timeout changes nothing", _JOURNEY, _STATELESS, "return self.situation.network.is_strict and self.packet.protocol == TCP"),
    Mutant("F-STATE-5", "it is so of UDP", _JOURNEY, _STATELESS, "return self.situation.network.is_strict and not has_timeout"),
    Mutant("F-STATE-5", "default rules keep no state either", _FILTERS, " and stage.priority not in _DEFAULT_RULE_IDS for stage in stages)", " for stage in stages)"),
)  # fmt: skip
