"""Faults planted in either engine: one or more for each rule about security groups and where they stand.

Those rules are about rules of a group, their order and defaults, application groups, state and the addresses they see,
forwarding, the platform and public addresses.
"""

from __future__ import annotations

from tests.agreement.planting import Mutant

_FILTERS, _MATCHING, _JOURNEY = (f"vnetverify.simulator.{name}" for name in ("filters", "matching", "journey"))
_WALK, _SENDING, _DEVICES = (f"vnetverify.simulator.{name}" for name in ("walk", "sending", "devices"))
_INTERNET, _FRONTENDS, _POOLS = (f"vnetverify.simulator.{name}" for name in ("internet", "frontends", "pools"))
_FIREWALLS = "vnetverify.simulator.firewalls"

_ORDER = "return sorted(rules, key=lambda rule: rule.priority)"
_ITS_DIRECTION = "if rule.direction is direction)"
_BY_DESTINATION = ", _source_fits, _destination_fits):"
_NAMED_PROTOCOL = "if rule.protocol is not None:"
_OTHER_PROTOCOLS = 'or place.situation.holds(uncertainty("U-ANYPROTO"))'
_PORTS = """return lies_in(packet.source_port, rule.source_ports) and lies_in(
            packet.destination_port, rule.destination_ports
        )"""
_WITHOUT_PORTS = "return place.situation.holds(uncertainty(question, label))"
_OF_ICMPV6 = 'passes = place.situation.holds(uncertainty("U-ICMPV6", spot, place.direction.value))'
_GROUPS_HERE = "groups = tuple(attached(situation, interface, direction))"
_NOT_BETWEEN = """groups = tuple(
        each for each in attached(situation, interface, direction) if each[0] == "nicNsg" or not any(
            prefix.value <= packet.source.low <= prefix.last and prefix.value <= packet.destination.low <= prefix.last
            for prefix in interface.subnet.prefixes))"""
_IN_ORDER = "for stage, name in groups if direction is Direction.OUTBOUND else reversed(groups):"
_ALL_ALLOW = "if stages[-1].access is Access.DENY:"
_AT_ONE = "return _judgement(Filter(situation, interface, direction, packet, is_reply))"
_IN_TURN = "for stage, nsg in groups:\n        try:\n"
_SENDER = "blocked = journey.filter(interface, Direction.OUTBOUND, seen)"
_FROM_SUBNET = "journey.meet_gateway(gateway)\n    return Sending(subnet, FromGateway(gateway, out_of_tunnel))"
_GATEWAY_FILTERS = """other = next((s for s in journey.situation.vnet(gateway.vnet).subnets if s.nsg is not None), None)
    blocked = None if other is None else journey.filter(Interface(gateway.name, other, ()), Direction.INBOUND)
    if blocked is not None:
        return blocked
    """
_RECORD = "if self._is_on_record(interface):"
_SHOWN_FRONTEND = 'if balanced is None or situation.holds(uncertainty("U-LBOUT")):'
_FLOATS = 'if rule.floating_ip and situation.holds(uncertainty("U-FLOAT", f"{balanced.balancer.name}/{rule.name}")):'
_SEEN_SOURCE = 'if situation.holds(uncertainty("U-HAIRPUB")):'
_HALF_MEMBER = 'return place.situation.holds(uncertainty("U-ASGFWD", label, place.interface.name))'
_ENTERS = "    if interface is not None:\n        blocked = journey.filter(interface, Direction.INBOUND)"
_TO_HOST = "if direction is Direction.OUTBOUND and lies_in(packet.destination, PLATFORM):"
_JUDGED_BY_RULES = "if has_groups or not by_admin.allowed or any("
_NOT_STATED = 'is_open, rule_id = situation.holds(uncertainty("U-SKU", entry.asked_of)), "F-PIP-3"'
_OUTSIDE = 'return journey.drop(INTERNET.name, "the destination is not a public address of this network", "F-PIP-5")'
_LET_IN = """holding = (s for s in journey.situation.network.subnets() for p in s.prefixes
                   if p.value <= journey.packet.destination.low <= p.last)
        subnet = next(holding, None)
        if subnet is not None:
            interface = interface_at(journey.situation, subnet, journey.packet.destination)
            return delivered_to(interface, journey.packet.destination.low)
        """
_MEMBERS = "return any(lies_in(address, situation.index.members.get(group, IntervalSet())) for group in groups)"
_HOST_THERE = "    if nic is None:\n        return at_host("

SIMULATOR = (
    Mutant("F-NSG-2", "the largest priority comes first", _FILTERS, _ORDER, "return sorted(rules, key=lambda rule: -rule.priority)"),
    Mutant("F-NSG-2", "rules are tried as they are declared", _FILTERS, _ORDER, "return tuple(rules)"),
    Mutant("F-NSG-2", "the default rules come first", _FILTERS, _ORDER, "return sorted(rules, key=lambda rule: (rule.priority < 65000, rule.priority))"),
    Mutant("F-NSG-4", "a rule is for every protocol", _MATCHING, "return is_number(place.packet.protocol, rule.protocol)", "return True"),
    Mutant("F-NSG-4", "a rule is for every destination", _MATCHING, _BY_DESTINATION, ", _source_fits):"),
    Mutant("F-NSG-4", "inbound rules are installed on the outgoing side", _FILTERS, _ITS_DIRECTION, "if rule.direction is Direction.INBOUND)"),
    Mutant("F-NSG-5", "the last rule is for three protocols", _FILTERS, "is_match = rule.priority >= LAST_PRIORITY or matches(", "is_match = matches("),
    Mutant("F-NSG-6", "a rule for ESP is for every protocol", _MATCHING, _NAMED_PROTOCOL, "if rule.protocol in (1, 6, 17):"),
    Mutant("F-NSG-7", "any protocol is every protocol", _MATCHING, _OTHER_PROTOCOLS, "or True"),
    Mutant("F-NSG-7", "any protocol is three protocols", _MATCHING, _OTHER_PROTOCOLS, "or False"),
    Mutant("F-NSG-7", "the question is read the other way", _MATCHING, _OTHER_PROTOCOLS, 'or not place.situation.holds(uncertainty("U-ANYPROTO"))'),
    Mutant("F-NSG-8", "source ports do not count", _MATCHING, _PORTS, "return lies_in(packet.destination_port, rule.destination_ports)"),
    Mutant("F-NSG-8", "of several ports the first counts", _MATCHING, _PORTS, "return lies_in(packet.source_port, rule.source_ports) and lies_in(packet.destination_port, IntervalSet(rule.destination_ports.intervals[:1]))"),
    Mutant("F-NSG-9", "a rule with ports applies to ICMP", _MATCHING, _WITHOUT_PORTS, 'return question == "U-ICMPPORT" or place.situation.holds(uncertainty(question, label))'),
    Mutant("F-NSG-9", "a rule with ports does not apply to ICMP", _MATCHING, _WITHOUT_PORTS, 'return question != "U-ICMPPORT" and place.situation.holds(uncertainty(question, label))'),
    Mutant("F-NSG-10", "of several prefixes the first counts", _MATCHING, "return some_covers(prefixes, address) or", "return some_covers(prefixes[:1], address) or"),
    Mutant("F-NSG-12", "0.0.0.0/0 is every address of IPv6", _MATCHING, 'return EVERY_IPV4 in prefixes and place.situation.holds(uncertainty("U-V6ANY"))', "return EVERY_IPV4 in prefixes"),
    Mutant("F-NSG-12", "0.0.0.0/0 is not an address of IPv6", _MATCHING, 'return EVERY_IPV4 in prefixes and place.situation.holds(uncertainty("U-V6ANY"))', "return False"),
    Mutant("F-NSG-12", "any is not an address of IPv6", _MATCHING, "case AnyAddress():\n            return True", "case AnyAddress():\n            return place.packet.family.bits == 32"),
    Mutant("F-NSG-13", "the subnet's group does not act between two of its interfaces", _FILTERS, _GROUPS_HERE, _NOT_BETWEEN),
    Mutant("F-NSG-13", "the subnet's group never acts", _FILTERS, "        if name is not None:\n            yield stage", '        if name is not None and stage == "nicNsg":\n            yield stage'),
    Mutant("F-NSG-16", "groups decide about ICMPv6", _FILTERS, "if (groups or lists) and _is_icmpv6(packet):", "if False:"),
    Mutant("F-NSG-16", "ICMPv6 passes all groups", _FILTERS, _OF_ICMPV6, "passes = True"),
    Mutant("F-NSG-16", "ICMPv6 passes no group", _FILTERS, _OF_ICMPV6, "passes = False"),
    Mutant("F-NSG-17", "a rule with ports applies to ESP", _MATCHING, _WITHOUT_PORTS, 'return question == "U-PROTOPORT" or place.situation.holds(uncertainty(question, label))'),
    Mutant("F-NSG-17", "a rule with ports does not apply to ESP", _MATCHING, _WITHOUT_PORTS, 'return question != "U-PROTOPORT" and place.situation.holds(uncertainty(question, label))'),
    Mutant("F-DEF-1", "nothing leaves for the Internet by default", _FILTERS, '_default("AllowInternetOutBound", 65001, Direction.OUTBOUND, Access.ALLOW,', '_default("AllowInternetOutBound", 65001, Direction.OUTBOUND, Access.DENY,'),
    Mutant("F-DEF-1", "what is left comes in by default", _FILTERS, '_default("DenyAllInBound", 65500, Direction.INBOUND, Access.DENY,', '_default("DenyAllInBound", 65500, Direction.INBOUND, Access.ALLOW,'),
    Mutant("F-DEF-1", "the default rule that denies comes before those that allow", _FILTERS, '_default("DenyAllOutBound", 65500,', '_default("DenyAllOutBound", 64999,'),
    Mutant("F-DEF-1", "whoever asks for the virtual network gets in", _FILTERS, "Direction.INBOUND, Access.ALLOW, _VNET, _VNET)", "Direction.INBOUND, Access.ALLOW, _ANY, _VNET)"),
    Mutant("F-DEF-2", "who is in the virtual network gets out of it", _FILTERS, "Direction.INBOUND, Access.ALLOW, _VNET, _VNET)", "Direction.INBOUND, Access.ALLOW, _VNET, _ANY)"),
    Mutant("F-EVAL-1", "the interface's group comes first on the way in", _FILTERS, _IN_ORDER, "for stage, name in groups:"),
    Mutant("F-EVAL-2", "the subnet's group comes first on the way out", _FILTERS, _IN_ORDER, "for stage, name in reversed(groups):"),
    Mutant("F-EVAL-3", "one group that allows is enough", _FILTERS, _ALL_ALLOW, f"{_ALL_ALLOW[:-1]} and len(stages) == len(groups) and all(each.access is Access.DENY for each in stages):"),
    Mutant("F-EVAL-3", "where there is no group everything is denied", _FILTERS, "return Judgement(True, tuple(stages),", "return Judgement(bool(stages), tuple(stages),"),
    Mutant("F-EVAL-3", "the security group of an interface is never applied", _FILTERS, '("nicNsg", interface.nsg)', '("nicNsg", None)'),
    Mutant("F-EVAL-5", "the receiver's filters stand for the sender's", _WALK, _SENDER, "blocked = None"),
    Mutant("F-EVAL-5", "the sender's filters stand for the receiver's", _SENDING, "blocked = journey.filter(interface, Direction.INBOUND)", "blocked = None"),
    Mutant("F-EVAL-6", "a group of a network judges what its gateway passes on", _DEVICES, _FROM_SUBNET, _GATEWAY_FILTERS + _FROM_SUBNET),
    Mutant("F-EVAL-7", "all interfaces of a machine are judged as its first", _FILTERS, "situation.index.subnets[nic.subnet_id], nic.addresses", "situation.index.subnets[situation.network.machines[nic.machine].nics[0].subnet_id], nic.addresses"),
    Mutant("F-STATE-1", "what may come in may also begin the other way round", _FILTERS, _IN_TURN, "for stage, nsg in groups:\n        if direction is Direction.OUTBOUND and judge_at(situation, interface, Direction.INBOUND, packet.reply, True).allowed:\n            continue\n        try:\n"),
    Mutant("F-STATE-2", "replies need rules of their own", _JOURNEY, _RECORD, "if False:"),
    Mutant("F-STATE-3", "what one interface saw all remember", _JOURNEY, "if self.first is None or here not in self.first.filtered:", "if self.first is None:"),
    Mutant("F-STATE-3", "what was made of a packet is remembered as itself", _JOURNEY, "here = (self.number, interface.name)\n        if self.first is None or here not in self.first.filtered:", "here = (self.number, interface.name)\n        if self.first is None or interface.name not in {name for _, name in self.first.filtered}:"),
    Mutant("F-STATE-6", "TCP alone has flows", _JOURNEY, _RECORD, "if is_number(self.packet.protocol, TCP) and self._is_on_record(interface):"),
    Mutant("F-ADDR-1", "inbound rules see the public address", _INTERNET, "journey.packet = replace(journey.packet, destination=point(address))", "pass"),
    Mutant("F-ADDR-1", "inbound rules see the frontend's address", _POOLS, "return replace(packet, destination=point(address_of(to, packet.family)), destination_port=port)", "return replace(packet, destination_port=port)"),
    Mutant("F-ADDR-2", "outbound rules see the public address", _FILTERS, _AT_ONE, "public = None if interface.nic is None else public_of(interface.nic, packet.family)\n    if public is not None and public.address is not None and direction is Direction.OUTBOUND:\n        packet = replace(packet, source=Interval(public.address, public.address))\n    " + _AT_ONE),
    Mutant("F-ADDR-4", "a client's rules see the frontend", _FRONTENDS, _SHOWN_FRONTEND, "if True:"),
    Mutant("F-ADDR-4", "a client's rules see the member", _FRONTENDS, _SHOWN_FRONTEND, "if balanced is None:"),
    Mutant("F-ADDR-5", "a member's rules see its own address", _POOLS, _FLOATS, "if False:"),
    Mutant("F-ADDR-4", "an appliance's rules see the frontend", "vnetverify.simulator.devices", "return journey.filter(interface, Direction.OUTBOUND, seen_by_sender(journey, interface))", "return journey.filter(interface, Direction.OUTBOUND)"),
    Mutant("F-ADDR-5", "a member's rules see the frontend's address", _POOLS, _FLOATS, "if rule.floating_ip:"),
    Mutant("F-ADDR-7", "the public source is seen", _INTERNET, _SEEN_SOURCE, "if True:"),
    Mutant("F-ADDR-7", "the private source is seen", _INTERNET, _SEEN_SOURCE, "if False:"),
    Mutant("F-ADDR-8", "filters see who began the flow", _FIREWALLS, "return replace(packet, source=address)", "return packet"),
    Mutant("F-FWD-1", "rules at an appliance see its own address", _FILTERS, _AT_ONE, "if direction is Direction.INBOUND and packet.destination.low not in interface.addresses:\n        packet = replace(packet, destination=Interval(interface.addresses[0], interface.addresses[0]))\n    " + _AT_ONE),
    Mutant("F-FWD-1", "an appliance's own rules see whom it translates", _DEVICES, "blocked = journey.filter(interface, Direction.OUTBOUND, replace(journey.packet, source=own))", "blocked = journey.filter(interface, Direction.OUTBOUND)"),
    Mutant("F-FWD-1", "what an appliance translated it has a record of as itself", _DEVICES, "journey.is_from_own_address = True", "journey.is_from_own_address = False"),
    Mutant("F-FWD-1", "those inside see whom an appliance translates", _INTERNET, "elif isinstance(exit_.sender, Forwarder):", "elif False:"),
    Mutant("F-FWD-2", "an appliance takes in everything", _DEVICES, _ENTERS, _ENTERS.replace("journey.filter(interface, Direction.INBOUND)", "None")),
    Mutant("F-FWD-2", "an appliance lets out everything", _DEVICES, "blocked = _filtered_out(journey, appliance, interface)", "blocked = None"),
    Mutant("F-FWD-4", "a rule holds where interface or address is a member", _MATCHING, _HALF_MEMBER, "return True"),
    Mutant("F-FWD-4", "a rule holds where both are members", _MATCHING, _HALF_MEMBER, "return False"),
    Mutant("F-FWD-5", "leaving needs no IP forwarding", _DEVICES, "interface = _exit(journey, appliance)\n    if not interface.forwards:", "interface = _exit(journey, appliance)\n    if False:"),
    Mutant("F-FWD-5", "entering needs no IP forwarding", _DEVICES, "if interface is not None and not interface.forwards:", "if False:"),
    Mutant("F-PLAT-1", "nothing shuts off a host service", _FILTERS, "if rule.access is Access.DENY:", "if False:"),
    Mutant("F-PLAT-1", "the rules hold for host services", _FILTERS, _TO_HOST, "if False:"),
    Mutant("F-PLAT-2", "the rules hold for the agent's ports", _FILTERS, _TO_HOST, _TO_HOST[:-1] + " and not lies_in(packet.destination_port, IntervalSet((Interval(80, 80), Interval(32526, 32526)))):"),
    Mutant("F-PLAT-3", "probes escape the rules", _FILTERS, _TO_HOST, "if direction is Direction.INBOUND and lies_in(packet.source, PLATFORM):\n        return Judgement(True, (), ())\n    " + _TO_HOST),
    Mutant("F-PIP-1", "a Standard address is open", _FILTERS, _JUDGED_BY_RULES, "if True or any("),
    Mutant("F-PIP-1", "a Standard address is closed whatever a group allows", _FILTERS, _JUDGED_BY_RULES, "if not by_admin.allowed or any("),
    Mutant("F-PIP-2", "a Basic address is closed", _FILTERS, "is_open = entry.sku is Sku.BASIC", "is_open = False"),
    Mutant("F-PIP-3", "an address whose SKU is not known is Basic", _FILTERS, _NOT_STATED, 'is_open, rule_id = True, "F-PIP-3"'),
    Mutant("F-PIP-3", "the question is read the other way", _FILTERS, _NOT_STATED, _NOT_STATED.replace("= situation", "= not situation")),
    Mutant("F-PIP-4", "private packets are kept out as well", _FILTERS, _AT_ONE, "public = None if interface.nic is None else interface.nic.public_address\n    if direction is Direction.INBOUND and public is not None and public.sku is Sku.STANDARD and not any(attached(situation, interface, direction)):\n        return Judgement(False, (), ())\n    " + _AT_ONE),
    Mutant("F-PIP-5", "flows of the Internet find machines without a public address", _WALK, _OUTSIDE, _LET_IN + _OUTSIDE),
    Mutant("F-ASG-1", "a member stands for its first address", _MATCHING, _MEMBERS, "return any(address.low in nic.addresses[:1] for nic in situation.network.nics() if set(nic.asgs) & set(groups))"),
    Mutant("F-ASG-4", "a rule with a group acts at every interface", _MATCHING, "else _local_group_fits(place, groups, is_member, label)", "else True"),
    Mutant("F-ASG-4", "the other side has to be the interface as well", _MATCHING, "return is_member if side is not local else", "return"),
    Mutant("F-ASG-6", "a group without members is everybody", _MATCHING, _MEMBERS, "return any(lies_in(address, situation.index.members.get(group, IntervalSet((Interval(0, 1 << 130),)))) for group in groups)"),
    Mutant("F-MISC-1", "ICMP does not work", _WALK, "ordinary = is_ordinary(protocol, journey.packet.family)", "ordinary = protocol in (6, 17)"),
    Mutant("F-GWS-1", "what a gateway passes on meets no filters", _SENDING, _HOST_THERE, "    if nic is None and isinstance(sending.sender, FromGateway):\n        return delivered_to(undeclared_interface(subnet, destination), destination.low)\n" + _HOST_THERE),
)  # fmt: skip

_ENCODED, _ENCODED_FRONTENDS, _ENCODED_WALK = (
    f"vnetverify.encoder.{name}" for name in ("filters", "frontends", "walk")
)
_DELIVERY, _CONVERSATIONS, _ENTRANCES = (
    f"vnetverify.encoder.{name}" for name in ("delivery", "conversations", "entrances")
)
_JOURNEYS, _HEADERS = "vnetverify.encoder.journeys", "vnetverify.encoder.headers"

_OWN_FIRST = """        yield from sorted(own, key=lambda rule: rule.priority)
        yield from _DEFAULTS[direction]"""
_ANYTHING_ELSE = 'any_of(ordinary, self.facts.holds("U-ANYPROTO"))'
_BY_NUMBERS = "return all_of(is_among(header.source_port, rule.source_ports), by_destination)"
_BY_ICMP = 'by_icmp = self.facts.holds("U-ICMPPORT", name) if header.is_icmp != FALSE else FALSE'
_BY_OTHER = 'by_other = self.facts.holds("U-PROTOPORT", name) if is_other else FALSE'
_EVERY_IPV6 = 'return any_of(listed, self.facts.holds("U-V6ANY"))'
_OF_SUBNET = "        if spot.subnet.nsg is not None:\n            groups.append("
_ICMPV6_IF = 'return any_of(negate(is_asked), self.facts.holds("U-ICMPV6", name, direction.value))'
_ENCODED_GROUPS = "groups = self._attached(spot)\n        if self.estate.family"
_BY_GROUPS = "by_groups = all_of("
_AT_RECEIVER = "admitted = self.hops.filters.allow(header, Spot(subnet), Direction.INBOUND)"
_AT_SENDER = (
    "return self._as_sender_sees(header, spot, lambda seen: self.filters.allow(seen, spot, Direction.OUTBOUND))"
)
_SENDS = "        if condition == FALSE:\n            return\n        if sender.gateway is not None and sender.gateway.fastpath"
_REMEMBERS = "return any_of(all_of(passed, negate(forgotten)), allowed)"
_BEHIND = "return replace(packet, destination=self.hops.estate.known_address(nic.addresses[0]))"
_AS_MEMBER = "translated = replace(header, destination=self.estate.known_address(nic.addresses[0]))"
_MEMBER_SEEN = 'by_member = negate(self.facts.holds("U-LBOUT"))'
_FLOATING = 'return either(self.facts.holds("U-FLOAT", name), by_frontend, by_member)'
_PUBLIC_SEEN = """        public = self.hops.facts.holds("U-HAIRPUB")
        names = dict.fromkeys((*plain, *shown))"""
_DOUBTFUL = 'doubtful = self.facts.holds("U-ASGFWD", rule, spot.nic.name)'
_FILTERED = "allowed = self.filters.allow(header, spot, direction)"
_PLATFORM_TOO = "if direction is Direction.OUTBOUND and admitted != TRUE:"
_OPENED_BY_GROUPS = "if spot.subnet.nsg is not None or nic.nsg is not None:"
_SKU_ASKED = 'return either(self.hops.facts.holds("U-SKU", openness.name), admitted, all_of(admitted, opened))'
_MEMBER_ADDRESSES = "if wanted & set(nic.asgs)\n                for address in nic.addresses"

ENCODER = (
    Mutant("F-NSG-2", "the largest priority comes first", _ENCODED, "yield from sorted(own, key=lambda rule: rule.priority)", "yield from sorted(own, key=lambda rule: -rule.priority)"),
    Mutant("F-NSG-2", "rules are tried as they are declared", _ENCODED, "yield from sorted(own, key=lambda rule: rule.priority)", "yield from own"),
    Mutant("F-NSG-2", "the default rules come first", _ENCODED, _OWN_FIRST, "\n".join(reversed(_OWN_FIRST.split("\n")))),
    Mutant("F-NSG-4", "a rule is for every protocol", _ENCODED, "lambda: self._protocol_matches(rule, header),", "lambda: TRUE,"),
    Mutant("F-NSG-4", "a rule is for every port", _ENCODED, "lambda: self._ports_match(rule, header, name, spot),", "lambda: TRUE,"),
    Mutant("F-NSG-4", "inbound rules are installed on the outgoing side", _ENCODED, "own = (rule for rule in nsg.rules if rule.direction is direction)", "own = (rule for rule in nsg.rules if rule.direction is Direction.INBOUND)"),
    Mutant("F-NSG-5", "what no rule matches is allowed", _ENCODED, "otherwise=negate(last)", "otherwise=TRUE"),
    Mutant("F-NSG-6", "a rule for ESP is for every protocol", _ENCODED, "if rule.protocol is not None:", "if rule.protocol in (1, 6, 17):"),
    Mutant("F-NSG-7", "any protocol is every protocol", _ENCODED, _ANYTHING_ELSE, "TRUE"),
    Mutant("F-NSG-7", "any protocol is three protocols", _ENCODED, _ANYTHING_ELSE, "ordinary"),
    Mutant("F-NSG-7", "the question is read the other way", _ENCODED, _ANYTHING_ELSE, 'any_of(ordinary, negate(self.facts.holds("U-ANYPROTO")))'),
    Mutant("F-NSG-8", "source ports do not count", _ENCODED, _BY_NUMBERS, "return by_destination"),
    Mutant("F-NSG-8", "of several ports the first counts", _ENCODED, "by_destination = is_among(header.destination_port, rule.destination_ports)", "by_destination = is_among(header.destination_port, IntervalSet(rule.destination_ports.intervals[:1]))"),
    Mutant("F-NSG-9", "a rule with ports applies to ICMP", _ENCODED, _BY_ICMP, "by_icmp = TRUE"),
    Mutant("F-NSG-9", "a rule with ports does not apply to ICMP", _ENCODED, _BY_ICMP, "by_icmp = FALSE"),
    Mutant("F-NSG-10", "of several prefixes the first counts", _ENCODED, "listed = is_among(address, addresses_of(prefixes))", "listed = is_among(address, addresses_of(prefixes[:1]))"),
    Mutant("F-NSG-12", "0.0.0.0/0 is every address of IPv6", _ENCODED, _EVERY_IPV6, "return TRUE"),
    Mutant("F-NSG-12", "0.0.0.0/0 is not an address of IPv6", _ENCODED, _EVERY_IPV6, "return listed"),
    Mutant("F-NSG-12", "any is not an address of IPv6", _ENCODED, "case AnyAddress():\n                return TRUE", "case AnyAddress():\n                return FALSE if self._is_of_ipv6 else TRUE"),
    Mutant("F-NSG-13", "the subnet's group never acts", _ENCODED, _OF_SUBNET, _OF_SUBNET.replace("spot.subnet.nsg is not None", "False")),
    Mutant("F-NSG-16", "groups decide about ICMPv6", _ENCODED, "if self.estate.family is Family.IPV6 and self.are_attached(spot, direction):", "if False:"),
    Mutant("F-NSG-16", "ICMPv6 passes all groups", _ENCODED, _ICMPV6_IF, "return TRUE"),
    Mutant("F-NSG-16", "ICMPv6 passes no group", _ENCODED, _ICMPV6_IF, "return negate(is_asked)"),
    Mutant("F-NSG-17", "a rule with ports applies to ESP", _ENCODED, _BY_OTHER, "by_other = TRUE"),
    Mutant("F-NSG-17", "a rule with ports does not apply to ESP", _ENCODED, _BY_OTHER, "by_other = FALSE"),
    Mutant("F-DEF-1", "nothing is allowed by default", _ENCODED, "yield from _DEFAULTS[direction]", "yield from ()"),
    Mutant("F-DEF-1", "nothing leaves for the Internet by default", _ENCODED, "yield from _DEFAULTS[direction]", "yield from _DEFAULTS[direction][:1]"),
    Mutant("F-DEF-1", "whoever asks for the virtual network gets in", _ENCODED, "Direction.INBOUND, Access.ALLOW, _VIRTUAL_NETWORK, _VIRTUAL_NETWORK)", "Direction.INBOUND, Access.ALLOW, _ANY, _VIRTUAL_NETWORK)"),
    Mutant("F-DEF-2", "who is in the virtual network gets out of it", _ENCODED, "Direction.INBOUND, Access.ALLOW, _VIRTUAL_NETWORK, _VIRTUAL_NETWORK)", "Direction.INBOUND, Access.ALLOW, _VIRTUAL_NETWORK, _ANY)"),
    Mutant("F-EVAL-1", "the interface's group is not asked about what comes in", _ENCODED, _ENCODED_GROUPS, _ENCODED_GROUPS.replace("(spot)\n", "(spot)[: 1 if direction is Direction.INBOUND else None]\n")),
    Mutant("F-EVAL-2", "the subnet's group is not asked about what goes out", _ENCODED, _ENCODED_GROUPS, _ENCODED_GROUPS.replace("(spot)\n", "(spot)[-1 if direction is Direction.OUTBOUND else None :]\n")),
    Mutant("F-EVAL-3", "one group that allows is enough", _ENCODED, _BY_GROUPS, "by_groups = (any_of if groups else all_of)("),
    Mutant("F-EVAL-3", "where there is no group everything is denied", _ENCODED, _BY_GROUPS, "by_groups = FALSE if not groups else all_of("),
    Mutant("F-EVAL-3", "the security group of an interface is never applied", _ENCODED, "nic.nsg is not None:", "nic.nsg is not None and False:"),
    Mutant("F-EVAL-5", "the sender's filters stand for the receiver's", _DELIVERY, _AT_RECEIVER, "admitted = TRUE"),
    Mutant("F-EVAL-5", "the receiver's filters stand for the sender's", _ENCODED_FRONTENDS, _AT_SENDER, "return TRUE"),
    Mutant("F-EVAL-6", "a group of a network judges what its gateway passes on", _ENCODED_WALK, _SENDS, "        for other in self.estate.network.vnets[sender.subnet.vnet].subnets if sender.gateway is not None else ():\n            if other.nsg is not None:\n                condition = all_of(condition, self.filters.allow(header, Spot(other), Direction.OUTBOUND))\n" + _SENDS),
    Mutant("F-EVAL-7", "all interfaces of a machine are judged as its first", _ENCODED, _OF_SUBNET, "        if spot.nic is not None:\n            spot = replace(spot, subnet=self.estate.subnets[self.estate.machine_of[spot.nic.name].nics[0].subnet_id])\n" + _OF_SUBNET),
    Mutant("F-STATE-1", "what may come in may also begin the other way round", _ENCODED, "        if direction is Direction.OUTBOUND and admitted != TRUE:", "        if direction is Direction.OUTBOUND:\n            admitted = any_of(admitted, self.allow(header.reversed(), spot, Direction.INBOUND))\n        if direction is Direction.OUTBOUND and admitted != TRUE:"),
    Mutant("F-STATE-2", "replies need rules of their own", _CONVERSATIONS, "            self._forgotten_on_the_way(stage.header.destination, place, addresses, memory),\n        )\n        if forgotten == FALSE:", "        )\n        forgotten = TRUE\n        if forgotten == FALSE:"),
    Mutant("F-STATE-3", "what one interface saw all remember", _ENCODED_WALK, _REMEMBERS, "return TRUE"),
    Mutant("F-STATE-6", "TCP alone has flows", _CONVERSATIONS, "        if forgotten == FALSE:\n            return TRUE\n        as_new = self.hops.filters.allow(header.reversed(), spot, Direction.OUTBOUND)", "        forgotten = any_of(forgotten, negate(equals(header.protocol, 6)))\n        as_new = self.hops.filters.allow(header.reversed(), spot, Direction.OUTBOUND)"),
    Mutant("F-ADDR-1", "inbound rules see the public address", _ENTRANCES, _BEHIND, "return packet"),
    Mutant("F-ADDR-1", "inbound rules see the frontend's address", _ENCODED_FRONTENDS, _AS_MEMBER, "translated = header"),
    Mutant("F-ADDR-2", "outbound rules see the public address", _ENCODED_FRONTENDS, _AT_SENDER, "nics = [n for n in self.estate.nics_in[spot.subnet.id] if n.public_address is not None and n.public_address.address is not None]\n        if nics:\n            header = replace(header, source=self.estate.known_address(nics[0].public_address.address))\n        " + _AT_SENDER),
    Mutant("F-ADDR-4", "a client's rules see the frontend", _ENCODED_FRONTENDS, _MEMBER_SEEN, "by_member = FALSE"),
    Mutant("F-ADDR-4", "a client's rules see the member", _ENCODED_FRONTENDS, _MEMBER_SEEN, "by_member = TRUE"),
    Mutant("F-ADDR-5", "a member's rules see its own address", _ENCODED_FRONTENDS, _FLOATING, "return by_member"),
    Mutant("F-ADDR-4", "an appliance's rules see the frontend", "vnetverify.encoder.walk", "return self.frontends.lets_out(header, spot)", "return self.filters.allow(header, spot, direction)"),
    Mutant("F-ADDR-4", "answers come to an appliance's rules from the frontend", "vnetverify.encoder.walk", "as_new = self.frontends.takes_as_new(header.reversed(), spot)", "as_new = allowed"),
    Mutant("F-ADDR-5", "a member's rules see the frontend's address", _ENCODED_FRONTENDS, _FLOATING, "return by_frontend"),
    Mutant("F-ADDR-7", "the public source is seen", _ENTRANCES, _PUBLIC_SEEN, _PUBLIC_SEEN.replace('self.hops.facts.holds("U-HAIRPUB")', "TRUE")),
    Mutant("F-ADDR-7", "the private source is seen", _ENTRANCES, _PUBLIC_SEEN, _PUBLIC_SEEN.replace('self.hops.facts.holds("U-HAIRPUB")', "FALSE")),
    Mutant("F-ADDR-8", "filters see who began the flow", _JOURNEYS, "sources = [ends.own_address(t.machine) if t.owns_source else header.source for t in came]", "sources = [header.source for t in came]"),
    Mutant("F-FWD-1", "rules at an appliance see its own address", _ENCODED, "        outbound = rule.direction is Direction.OUTBOUND\n", "        outbound = rule.direction is Direction.OUTBOUND\n        if spot.nic is not None and not outbound:\n            header = replace(header, destination=self.estate.known_address(spot.nic.addresses[0]))\n"),
    Mutant("F-FWD-1", "an appliance's own rules see whom it translates", _ENCODED_WALK, "if is_outside and memory is None and machine.firewall is None:", "if False:"),
    Mutant("F-FWD-1", "what an appliance translated it has a record of as itself", "vnetverify.encoder.circuit", "leaves = all_of(chosen, negate(outside), negate(by_tunnel))", "leaves = all_of(chosen, negate(by_tunnel))"),
    Mutant("F-STATE-2", "what goes into a tunnel leaves a record at interfaces", "vnetverify.encoder.circuit", "leaves = all_of(chosen, negate(outside), negate(by_tunnel))", "leaves = all_of(chosen, negate(outside))"),
    Mutant("F-FWD-1", "those inside see whom an appliance translates", "vnetverify.encoder.entrances", "yield negate(public), self._as_sent(header, end)", "yield negate(public), header"),
    Mutant("F-FWD-1", "members inside see whom an appliance translates", "vnetverify.encoder.entrances", "plain = self._by_name(entrance, self._as_sent(header, end))", "plain = self._by_name(entrance, header)"),
    Mutant("F-FWD-2", "an appliance takes in everything", _ENCODED_WALK, _FILTERED, f"{_FILTERED} if direction is Direction.OUTBOUND else TRUE"),
    Mutant("F-FWD-2", "an appliance lets out everything", _ENCODED_WALK, "return self.frontends.lets_out(header, spot)", "return TRUE"),
    Mutant("F-FWD-4", "a rule holds where interface or address is a member", _ENCODED, _DOUBTFUL, "doubtful = TRUE"),
    Mutant("F-FWD-4", "a rule holds where both are members", _ENCODED, _DOUBTFUL, "doubtful = FALSE"),
    Mutant("F-FWD-5", "leaving needs no IP forwarding", _ENCODED_WALK, "for nic, term in zip(machine.nics, chosen, strict=True) if nic.ip_forwarding]", "for nic, term in zip(machine.nics, chosen, strict=True)]"),
    Mutant("F-FWD-5", "entering needs no IP forwarding", _ENCODED_WALK, "        if nic.ip_forwarding:\n            for other", "        if True:\n            for other"),
    Mutant("F-PLAT-1", "nothing shuts off a host service", _ENCODED, "return none_of(*(self._shuts(name, header, spot) for name in groups))", "return TRUE"),
    Mutant("F-PLAT-1", "the rules hold for host services", _ENCODED, _PLATFORM_TOO, "if False:"),
    Mutant("F-PLAT-2", "the rules hold for the agent's ports", _ENCODED, "self._is_exempt(header, spot, [name for name, _ in groups]),", "all_of(self._is_exempt(header, spot, [name for name, _ in groups]), negate(is_among(header.destination_port, interval_set((Interval(80, 80), Interval(32526, 32526)))))),"),
    Mutant("F-PLAT-3", "probes escape the rules", _ENCODED, _PLATFORM_TOO, "if direction is Direction.INBOUND:\n            return any_of(is_among(header.source, self.estate.realm.platform), admitted)\n        " + _PLATFORM_TOO),
    Mutant("F-PIP-1", "a Standard address is open", _ENTRANCES, _OPENED_BY_GROUPS, "if True:"),
    Mutant("F-PIP-1", "a Standard address is closed whatever a group allows", _ENTRANCES, _OPENED_BY_GROUPS, "if False:"),
    Mutant("F-PIP-2", "a Basic address is closed", _ENTRANCES, "if openness.sku is Sku.BASIC:", "if False:"),
    Mutant("F-PIP-3", "an address whose SKU is not known is Basic", _ENTRANCES, _SKU_ASKED, "return admitted"),
    Mutant("F-PIP-3", "an address whose SKU is not known is Standard", _ENTRANCES, _SKU_ASKED, "return all_of(admitted, opened)"),
    Mutant("F-PIP-3", "the question is read the other way", _ENTRANCES, _SKU_ASKED, _SKU_ASKED.replace('self.hops.facts.holds("U-SKU", openness.name)', 'negate(self.hops.facts.holds("U-SKU", openness.name))')),
    Mutant("F-PIP-4", "private packets are kept out as well", _ENCODED, _ENCODED_GROUPS, "if direction is Direction.INBOUND and spot.nic is not None and spot.nic.public_address is not None and spot.nic.public_address.sku is not None and not self._attached(spot):\n            return FALSE\n        " + _ENCODED_GROUPS),
    Mutant("F-PIP-5", "flows of the Internet find machines without a public address", _DELIVERY, "        arrived = circuit.reaches(ToVnet(subnet.vnet))\n        admitted = TRUE", "        arrived = any_of(circuit.reaches(ToVnet(subnet.vnet)), self.ends.begins_at(INTERNET))\n        admitted = TRUE"),
    Mutant("F-ASG-1", "a member stands for its first address", _ENCODED, _MEMBER_ADDRESSES, f"{_MEMBER_ADDRESSES}[:1]"),
    Mutant("F-ASG-4", "a rule with a group acts at every interface", _ENCODED, "return self._local_member(names, address, is_address, name, spot) if local else is_address", "return TRUE if local else is_address"),
    Mutant("F-ASG-4", "the other side has to be the interface as well", _ENCODED, "return self._local_member(names, address, is_address, name, spot) if local else is_address", "return self._local_member(names, address, is_address, name, spot)"),
    Mutant("F-ASG-6", "a group without members is everybody", _ENCODED, "is_address = is_among(address, self._asg_addresses(names))", "is_address = is_among(address, self._asg_addresses(names) or self.estate.realm.addresses)"),
    Mutant("F-MISC-1", "ICMP does not work", _ENCODED_WALK, "ordinary = header.is_ordinary", "ordinary = header.has_ports"),
    Mutant("F-GWS-1", "what a gateway passes on meets no filters", _DELIVERY, _AT_RECEIVER, _AT_RECEIVER + "\n            admitted = any_of(admitted, *(self.ends.begins_at(Place(PlaceKind.SITE.value, site)) for site in self.hops.estate.network.sites))"),
)  # fmt: skip

MUTANTS = (*SIMULATOR, *ENCODER)
