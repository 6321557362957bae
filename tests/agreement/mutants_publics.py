"""Faults planted in either engine: one or more for each rule about public load balancers, links, ways out and state."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_POOLS, _LINKS, _EGRESS = (f"vnetverify.simulator.{name}" for name in ("pools", "links", "egress"))
_FILTERS, _JOURNEY, _ANSWERS = (f"vnetverify.simulator.{name}" for name in ("filters", "journey", "answers"))
_FRONTENDS = "vnetverify.simulator.public_frontends"

_NAT_FIRST = "if nat_gateway is not None and family is Family.IPV4 and is_one_of(protocol, (TCP, UDP)):"
_GIVES = "if leads_to_it and each.gives_egress and _lets_out(situation, balancer):"
_ALL_WHEN_NONE = "if healthy or not able or rule.probe is None or not rule.probe.all_when_none:"
_RECORD = 'if here in self.first.perhaps_stateless and self.situation.holds(uncertainty("U-STATELESSIN", vnet)):'
_STATELESS = "return self.situation.network.is_strict and not has_timeout and is_number(self.packet.protocol, TCP)"
_LEADS_THERE = "leads_there = chosen.route.hop == (ToVnet() if near == far else ToPeer(far))"

_LEADS = "return None if public.address is None else _place_of(public.address)"

SIMULATOR = (
    Mutant("F-ADDR-1", "a public address names no interface", "vnetverify.simulator.internet", _LEADS, "return None"),
    Mutant("F-FW-5", "a frontend is asked for at its member's port", "vnetverify.simulator.ends", "outcome.port is not None and end == outcome.ends[0]:", "outcome.port is not None:"),
    Mutant("F-NSG-16", "ICMPv6 is kept out of a closed address", _FILTERS, "if _is_icmpv6(packet) and not is_open:", "if False:"),
    Mutant("F-PE-10", "what an endpoint gets does not pass the frontend", _LINKS, "        (balanced.place, balanced.frontend.address),\n", "        None,\n"),
    Mutant("F-LB-2", "a frontend has a rule for every port", _POOLS, "return is_number(packet.protocol, rule.protocol) and is_number(packet.destination_port, rule.port)", "return is_number(packet.protocol, rule.protocol)"),
    Mutant("F-LB-2", "members get packets at the frontend's port", _POOLS, "port = point(rule.backend_port)", "pass"),
    Mutant("F-LB-2", "pings go by NAT rules as well", _POOLS, "first = next((rule for rule in balanced.rules if not rule.is_inbound_nat), None)", "first = next(iter(balanced.rules), None)"),
    Mutant("F-LB-7", "public frontends are open", _FRONTENDS, "if blocked is not None:", "if False:"),
    Mutant("F-LB-7", "what is not Basic is open where there is no group", _FILTERS, "is_open = entry.sku is Sku.BASIC", "is_open = True"),
    Mutant("F-LB-7", "a load balancer whose SKU is not stated is Standard", _FILTERS, 'is_open, rule_id = situation.holds(uncertainty("U-SKU", entry.asked_of)), "F-PIP-3"', 'is_open, rule_id = False, "F-PIP-3"'),
    Mutant("F-LB-10", "no load balancer is a way out", _EGRESS, "return Egress(EgressKind.LOAD_BALANCER,", "return None and Egress(EgressKind.LOAD_BALANCER,"),
    Mutant("F-LB-10", "each rule gives a way out", _EGRESS, _GIVES, "if leads_to_it and _lets_out(situation, balancer):"),
    Mutant("F-LB-10", "NAT rules give a way out", _EGRESS, "each.frontend in public and not each.is_inbound_nat", "each.frontend in public"),
    Mutant("F-LB-10", "rules surely let IPv6 out", _EGRESS, 'situation.holds(uncertainty("U-LBV6OUT", balancer.name))', "True"),
    Mutant("F-LB-10", "an outbound rule is for every protocol", _EGRESS, "(rule.protocol is None or is_number(protocol, rule.protocol))", "True"),
    Mutant("F-LB-12", "a member that is set down gets flows", _POOLS, "elif name in rule.down:", "elif False:"),
    Mutant("F-LB-12", "a member that is set up needs its probe", _POOLS, "if nic.name in rule.always_up:", "if False:"),
    Mutant("F-LB-13", "where no probe is answered nobody gets flows", _POOLS, _ALL_WHEN_NONE, "if True:"),
    Mutant("F-LB-13", "where no probe is answered all get flows", _POOLS, _ALL_WHEN_NONE, "if healthy or not able or rule.probe is None:"),
    Mutant("F-OUT-1", "what has no method leaves", _EGRESS, "if is_default else None", "if True else None"),
    Mutant("F-OUT-2", "a public address comes before a NAT gateway", _EGRESS, _NAT_FIRST, "if interface.nic is None and nat_gateway is not None and is_one_of(protocol, (TCP, UDP)):"),
    Mutant("F-OUT-2", "the default comes before load balancers", _EGRESS, "if shared is not None or", "if shared is not None and not subnet.default_outbound or"),
    Mutant("F-OUT-3", "a NAT gateway carries everything", _EGRESS, _NAT_FIRST, "if nat_gateway is not None:"),
    Mutant("F-OUT-4", "members of Standard load balancers have a default address", _EGRESS, "yield from of_nat", "yield from ()"),
    Mutant("F-OUT-4", "what a NAT rule leads to surely has a default address", _EGRESS, "if memberships or subnet.default_outbound is None or", "if subnet.default_outbound is None or"),
    Mutant("F-OUT-4", "the default address carries everything", _EGRESS, "is_carried = nat_gateway is None and is_one_of(protocol, (TCP, UDP))", "is_carried = nat_gateway is None"),
    Mutant("F-OUT-4", "a Standard address elsewhere leaves the default one", _EGRESS, "if not all(memberships) or any(_has_standard_address(nic) for nic in others):", "if not all(memberships):"),
    Mutant("F-FW-7", "a managed firewall surely translates pings", _EGRESS, "is_doubtful = interface.is_managed and not is_one_of(protocol, (TCP, UDP))", "is_doubtful = False"),
    Mutant("F-OUT-3", "pings pass a NAT gateway by a public address", _EGRESS, 'situation.holds(uncertainty("U-NATPROTO"))', "True"),
    Mutant("F-PE-10", "a private link service ends the flow", "vnetverify.simulator.endpoints", "if service is not None:", "if False:"),
    Mutant("F-PE-10", "members see the client", _LINKS, "arriving = replace(packet, source=seen_from, destination=", "arriving = replace(packet, destination="),
    Mutant("F-PE-10", "replies need no route to the service", _ANSWERS, _LEADS_THERE, "leads_there = True"),
    Mutant("F-PE-10", "replies go by the member's own routes", _ANSWERS, "selection(situation, member.subnet, target)", "selection(situation, member.subnet, journey.packet.destination)"),
    Mutant("F-PE-10", "a private link carries every protocol", _LINKS, "if not packet.has_ports:", "if False:"),
    Mutant("F-STATE-5", "custom rules keep state", _JOURNEY, _RECORD, "if False:"),
    Mutant("F-STATE-5", "custom rules keep none", _JOURNEY, _RECORD, "if here in self.first.perhaps_stateless:"),
    Mutant("F-STATE-5", "it is so in every text", _JOURNEY, _STATELESS, "return not has_timeout and is_number(self.packet.protocol, TCP)"),
    Mutant("F-STATE-5", "a flow timeout changes nothing", _JOURNEY, _STATELESS, "return self.situation.network.is_strict and is_number(self.packet.protocol, TCP)"),
    Mutant("F-STATE-5", "it is so of UDP", _JOURNEY, _STATELESS, "return self.situation.network.is_strict and not has_timeout"),
    Mutant("F-STATE-5", "default rules keep no state either", _FILTERS, " and stage.priority not in _DEFAULT_RULE_IDS for stage in stages)", " for stage in stages)"),
)  # fmt: skip

_ENCODED, _ENCODED_EGRESS, _ENCODED_LINKS = (f"vnetverify.encoder.{name}" for name in ("frontends", "egress", "links"))
_ENTRANCES, _DELIVERY, _ENCODED_FILTERS = (
    f"vnetverify.encoder.{name}" for name in ("entrances", "delivery", "filters")
)

_OPENS = "self._opens(nic, seen, Openness(balancer.sku, name, closed))"
_GRANTS = "if rule.frontend in public and rule.gives_egress and not rule.is_inbound_nat:"
_WHEN_NONE = "if rule.probe is None or not rule.probe.all_when_none:"
_BY_NAT = "by_nat = self.by_nat_gateway(sender.subnet, header)"
_BY_THIS = "return all_of(negate(by_nat), negate(by_address), by_this)"
_NARROWED = "is_tcp, header = equals(header.protocol, TCP), replace(header, protocol=header.protocol.narrowed(_TCP))"
_CUSTOM = "own = [rule for rule in nsg.rules if rule.direction is Direction.INBOUND and rule.access is Access.ALLOW]"

_ENTERED = "return [*entrances.from_internet(circuit, entrance), *entrances.from_inside(circuit, entrance)]"

ENCODER = (
    Mutant("F-ADDR-1", "nothing comes to a public address that is named", _DELIVERY, _ENTERED, "return []"),
    Mutant("F-FW-5", "a frontend is asked for at its member's port", _ENCODED, "counts = TRUE if to_frontend else self._counts(taking, header)", "counts = self._counts(taking, header)"),
    Mutant("F-NSG-16", "ICMPv6 is kept out of a closed address", _ENTRANCES, "any_of(ruled, passes)", "ruled"),
    Mutant("F-PE-10", "what an endpoint gets does not pass the frontend", _ENCODED_LINKS, "return balanced if _is_named(balanced, right) else None", "return None"),
    Mutant("F-LB-2", "a frontend has a rule for every port", _ENCODED, "all_of(equals(header.protocol, rule.protocol), equals(header.destination_port, rule.port))", "equals(header.protocol, rule.protocol)"),
    Mutant("F-LB-2", "members get packets at the frontend's port", _ENCODED, "        if taking.port is not None:\n            translated", "        if False:\n            translated"),
    Mutant("F-LB-2", "pings go by NAT rules as well", _ENCODED, "return next((rule for rule in balanced.rules if not rule.is_inbound_nat), None)", "return next(iter(balanced.rules), None)"),
    Mutant("F-LB-7", "public frontends are open", _ENTRANCES, f"all_of(self._works(nic, seen, None), {_OPENS})", "self._works(nic, seen, None)"),
    Mutant("F-LB-7", "what is not Basic is open where there is no group", _ENTRANCES, _OPENS, _OPENS.replace("balancer.sku", "Sku.BASIC")),
    Mutant("F-LB-7", "a load balancer whose SKU is not stated is Standard", _ENTRANCES, _OPENS, _OPENS.replace("balancer.sku", "balancer.sku or Sku.STANDARD")),
    Mutant("F-LB-10", "no load balancer is a way out", _ENCODED_EGRESS, "            self._by_load_balancer(sender, header, None),\n", ""),
    Mutant("F-LB-10", "each rule gives a way out", _ENCODED_EGRESS, _GRANTS, _GRANTS.replace(" and rule.gives_egress", "")),
    Mutant("F-LB-10", "NAT rules give a way out", _ENCODED_EGRESS, _GRANTS, _GRANTS.replace(" and not rule.is_inbound_nat", "")),
    Mutant("F-LB-10", "rules surely let IPv6 out", _ENCODED_EGRESS, "is_sure = is_outbound or self.estate.family is Family.IPV4", "is_sure = True"),
    Mutant("F-LB-10", "an outbound rule is for every protocol", _ENCODED_EGRESS, "yield outbound.protocol, True,", "yield None, True,"),
    Mutant("F-LB-12", "a member that is set down gets flows", _ENCODED, "if name in rule.down:", "if False:"),
    Mutant("F-LB-12", "a member that is set up needs its probe", _ENCODED, " or name in rule.always_up:", ":"),
    Mutant("F-LB-13", "where no probe is answered nobody gets flows", _ENCODED, _WHEN_NONE, "if True:"),
    Mutant("F-LB-13", "where no probe is answered all get flows", _ENCODED, _WHEN_NONE, "if rule.probe is None:"),
    Mutant("F-OUT-1", "what has no method leaves", _ENCODED_EGRESS, "all_of(*terms, found)", "all_of(*terms)"),
    Mutant("F-OUT-2", "a public address comes before a NAT gateway", _ENCODED_EGRESS, _BY_NAT, "by_nat = all_of(self.by_nat_gateway(sender.subnet, header), negate(self._by_public_address(sender, header)))"),
    Mutant("F-OUT-2", "the default comes before load balancers", _ENCODED_EGRESS, _BY_THIS, f"return FALSE if sender.subnet.default_outbound else {_BY_THIS.removeprefix('return ')}"),
    Mutant("F-OUT-3", "a NAT gateway carries everything", _ENCODED_EGRESS, "return header.has_ports if subnet.nat_gateway", "return TRUE if subnet.nat_gateway"),
    Mutant("F-OUT-4", "members of Standard load balancers have a default address", _ENCODED_EGRESS, "implicit, negate(members), negate(barred)", "implicit, negate(barred)"),
    Mutant("F-OUT-4", "what a NAT rule leads to surely has a default address", _ENCODED_EGRESS, "negate(barred), doubted)", "negate(barred))"),
    Mutant("F-OUT-4", "the default address carries everything", _ENCODED_EGRESS, "return all_of(header.has_ports, implicit,", "return all_of(implicit,"),
    Mutant("F-OUT-4", "a Standard address elsewhere leaves the default one", _ENCODED_EGRESS, "negate(members), negate(barred)", "negate(members)"),
    Mutant("F-FW-7", "a managed firewall surely translates pings", _ENCODED_EGRESS, 'self.facts.holds("U-FWPROTO", nic.machine)', "TRUE"),
    Mutant("F-OUT-3", "pings pass a NAT gateway by a public address", _ENCODED_EGRESS, 'any_of(header.has_ports, self.facts.holds("U-NATPROTO"))', "TRUE"),
    Mutant("F-PE-10", "a private link service ends the flow", _DELIVERY, "if service is None:", "if True:"),
    Mutant("F-PE-10", "members see the client", _ENCODED_LINKS, "            source=self._address(service),\n            destination=self.hops", "            destination=self.hops"),
    Mutant("F-PE-10", "replies need no route to the service", _ENCODED_LINKS, "return all_of(lets_out, self._routes_back(service, nic, header))", "return lets_out"),
    Mutant("F-PE-10", "a private link carries every protocol", _ENCODED_LINKS, "takes = all_of(header.has_ports, negate(", "takes = all_of(negate("),
    Mutant("F-STATE-5", "custom rules keep state", _ENCODED_FILTERS, "by_rule = self.script.share(self._is_let_in_by_a_custom_rule(header, spot))", "by_rule = FALSE"),
    Mutant("F-STATE-5", "custom rules keep none", _ENCODED_FILTERS, 'stateless = self.facts.holds("U-STATELESSIN", spot.subnet.vnet)', "stateless = TRUE"),
    Mutant("F-STATE-5", "it is so in every text", _ENCODED_FILTERS, "if not self.estate.network.is_strict or direction", "if direction"),
    Mutant("F-STATE-5", "a flow timeout changes nothing", _ENCODED_FILTERS, "return not self.estate.network.vnets[spot.subnet.vnet].flow_timeout and bool(", "return bool("),
    Mutant("F-STATE-5", "it is so of UDP", _ENCODED_FILTERS, _NARROWED, "is_tcp = TRUE"),
    Mutant("F-STATE-5", "default rules keep no state either", _ENCODED_FILTERS, _CUSTOM, _CUSTOM.replace("in nsg.rules", "in (*nsg.rules, *_DEFAULTS[Direction.INBOUND])")),
)  # fmt: skip

MUTANTS = (*SIMULATOR, *ENCODER)
