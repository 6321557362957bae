"""Faults planted in either engine: one or more for each rule about internal load balancers and private endpoints."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_FRONTENDS, _POOLS, _ENDPOINTS = (f"vnetverify.simulator.{name}" for name in ("frontends", "pools", "endpoints"))
_WALK, _SENDING, _MATCHING = (f"vnetverify.simulator.{name}" for name in ("walk", "sending", "matching"))

_REGION = "refused = _beyond_region(journey, balanced, sent_from)"
_CHOSEN = 'if situation.holds(uncertainty("U-BACKEND", balanced.label, nic.name, *journey.packet.called)):'
_OBSTACLE = "stopped = _obstacle_to_probe(journey, nic, rule.probe.port)"
_HEALTHY = (
    'healthy = journey.situation.holds(uncertainty("U-PROBE", f"{balanced.balancer.name}/{rule.name}", nic.name))'
)
_TOGETHER = 'if situation.holds(uncertainty("U-REGION", *sorted((near.name, far.name)))):'
_FAR = "if near.name == far.name or not is_basic(situation, balanced.balancer):"
_ITSELF = "if member.name == journey.began_at:"
_PINGED = 'return first if first and situation.holds(uncertainty("U-LBICMP", balanced.label)) else None'
_UNGROUPED = "if situation.family is Family.IPV6 and not any(attached(situation, interface, Direction.INBOUND)):"
_POLICIES = 'return not situation.holds(uncertainty("U-PEPOL", subnet.id))'
_AT_ENDPOINT = "if packet.has_ports and place.at_endpoint and isinstance(rule, SecurityRule):"
_SENDER = "blocked = journey.filter(interface, Direction.OUTBOUND, seen)"
_TO_MATE = 'if are_mates(situation, sent_from, endpoint.vnet) and not situation.holds(uncertainty("U-PECG", name)):'
_MORE_PORTS = 'return place.situation.holds(uncertainty("U-PEPORT", label))'
_DENIED_PORTS = 'return rule.access is Access.DENY and place.situation.holds(uncertainty("U-PEDENY", label))'

SIMULATOR = (
    Mutant("F-LB-1", "a frontend has the group of its subnet", _FRONTENDS, _REGION, "refused = journey.filter(Interface(name, journey.situation.index.subnets[balanced.frontend.subnet_id], ()), Direction.INBOUND) or _beyond_region(journey, balanced, sent_from)"),
    Mutant("F-LB-1", "a host stands at a frontend's address", _SENDING, "    if balanced is not None:\n        return at_frontend(", "    if False:\n        return at_frontend("),
    Mutant("F-LB-3", "the first member gets everything", _POOLS, _CHOSEN, "if True:"),
    Mutant("F-LB-4", "no probe is ever stopped", _POOLS, _OBSTACLE, "stopped = None"),
    Mutant("F-LB-4", "a probe that is stopped keeps packets out", _POOLS, _HEALTHY, "healthy = False"),
    Mutant("F-LB-6", "a Basic frontend is reached from other regions", _FRONTENDS, _FAR, "if True:"),
    Mutant("F-LB-6", "no frontend is reached from other regions", _FRONTENDS, _FAR, "if near.name == far.name:"),
    Mutant("F-LB-6", "a region that is not stated is any", _FRONTENDS, _TOGETHER, "if True:"),
    Mutant("F-LB-8", "a member gets what it sends to its frontend", _FRONTENDS, _ITSELF, "if False:"),
    Mutant("F-LB-8", "a member's calls to its frontend all fail", _FRONTENDS, _ITSELF, "if journey.began_at in rule.members:"),
    Mutant("F-LB-9", "pings come to a member", _POOLS, _PINGED, "return first"),
    Mutant("F-LB-9", "pings come to no member", _POOLS, _PINGED, "return None"),
    Mutant("F-LB-9", "no frontend answers a ping by itself", _POOLS, 'return situation.holds(uncertainty("U-LBECHO", balanced.label))', "return False"),
    Mutant("F-LB-14", "probes over IPv6 work everywhere", _POOLS, _UNGROUPED, "if False:"),
    Mutant("F-LB-14", "probes over IPv6 work nowhere", _POOLS, _UNGROUPED, "if situation.family is Family.IPV6:"),
    Mutant("F-PE-2", "policies that are not stated are off", _ENDPOINTS, _POLICIES, "return True"),
    Mutant("F-PE-2", "policies that are not stated are on", _ENDPOINTS, _POLICIES, "return False"),
    Mutant("F-PE-2", "the question is read the other way", _ENDPOINTS, _POLICIES, _POLICIES.replace("not ", "")),
    Mutant("F-PE-3", "source ports count", _MATCHING, _AT_ENDPOINT, _AT_ENDPOINT[:-1] + " and lies_in(packet.source_port, rule.source_ports):"),
    Mutant("F-PE-4", "a client may send to endpoints whatever its rules say", _WALK, _SENDER, f"blocked = None if endpoint_at(journey.situation, interface.subnet.vnet, journey.packet.destination.low) else {_SENDER.removeprefix('blocked = ')}"),
    Mutant("F-PE-11", "an endpoint surely carries pings", _ENDPOINTS, 'if journey.packet.has_ports or journey.situation.holds(uncertainty("U-PEPROTO", endpoint.name)):', "if True:"),
    Mutant("F-PE-11", "an endpoint surely carries no pings", _ENDPOINTS, ' or journey.situation.holds(uncertainty("U-PEPROTO", endpoint.name)):', ":"),
    Mutant("F-PE-5", "connections need no approval", _ENDPOINTS, "if not endpoint.is_approved:", "if False:"),
    Mutant("F-PE-8", "a connected group carries packets to endpoints", _ENDPOINTS, _TO_MATE, "if False:"),
    Mutant("F-PE-8", "a connected group carries no packets to endpoints", _ENDPOINTS, _TO_MATE, "if are_mates(situation, sent_from, endpoint.vnet):"),
    Mutant("F-PE-9", "all ranges of a rule count", _MATCHING, _MORE_PORTS, "return True"),
    Mutant("F-PE-9", "the first range of a rule counts", _MATCHING, _MORE_PORTS, "return False"),
    Mutant("F-PE-9", "a rule that denies several ranges denies all", _MATCHING, _DENIED_PORTS, "return rule.access is Access.DENY"),
    Mutant("F-PE-9", "a rule that denies several ranges denies these", _MATCHING, _DENIED_PORTS, "return False"),
)  # fmt: skip

_DELIVERY, _FILTERS, _WALKING = (f"vnetverify.encoder.{name}" for name in ("delivery", "filters", "walk"))
_ENCODED_ENDPOINTS, _ENCODED = "vnetverify.encoder.endpoints", "vnetverify.encoder.frontends"

_SHARED = "for nic, term in self.hops.frontends.deliveries(balanced, header, to_frontend=to_frontend):"
_ELIGIBLE = 'chosen = self.facts.one_of(present, "U-BACKEND", balanced.name, called=header.called)'
_PASSES = "passes = TRUE if self.by_routes_alone else self.filters.allow(probe, Spot(subnet, nic), Direction.INBOUND)"
_MADE_UP_FOR = 'passes = any_of(passes, self.facts.holds("U-PROBE", f"{balanced.balancer.name}/{rule.name}", name))'
_CROSSES = "negate(all_of(is_named, self.is_basic(balanced.balancer), negate(together), label))"
_RETURNS = "return any_of(self.ends.starts_elsewhere(place, nic.addresses), self.hops.frontends.hairpins(balanced))"
_BY_ICMP = 'return all_of(header.is_icmp, self.facts.holds("U-LBICMP", balanced.name))'
_TO_MEMBER = 'to_member = all_of(by_icmp, negate(self.facts.holds("U-LBECHO", balanced.name)))'
_PROBE_OF_IPV6 = "if self.estate.family is Family.IPV6 and subnet.nsg is None and nic.nsg is None:"
_OBEYED = 'return self.facts.holds("U-PEPOL", subnet.id)'
_LETS_OUT = "return self._as_sender_sees(header, spot, lambda seen: self.filters.allow(seen, spot, Direction.OUTBOUND))"
_JOINED = 'terms.append(any_of(negate(is_named), self.facts.holds("U-PECG", endpoint.name)))'
_FURTHER = 'terms.append(all_of(by_destination, self.facts.holds("U-PEPORT", name)))'
_ALL_DENIED = 'terms.append(all_of(negate(by_destination), self.facts.holds("U-PEDENY", name)))'

ENCODER = (
    Mutant("F-LB-1", "a frontend has the group of its subnet", _DELIVERY, _SHARED, _SHARED + "\n            term = all_of(term, self.hops.filters.allow(header, Spot(self.hops.estate.subnets[balanced.frontend.subnet_id]), Direction.INBOUND))"),
    Mutant("F-LB-1", "a host stands at a frontend's address", _DELIVERY, "return self._arrives_at_frontend(circuit, balanced)", "return self._arrives_at_host(circuit, place, addresses)"),
    Mutant("F-LB-3", "all members get the packet", _ENCODED, _ELIGIBLE, "chosen = [term for _, term in present]"),
    Mutant("F-LB-4", "no probe is ever stopped", _ENCODED, _PASSES, "passes = TRUE"),
    Mutant("F-LB-4", "a probe that is stopped keeps packets out", _ENCODED, _MADE_UP_FOR, "pass"),
    Mutant("F-LB-6", "a Basic frontend is reached from other regions", _ENCODED, _CROSSES, "TRUE"),
    Mutant("F-LB-6", "a region that is not stated is any", _ENCODED, 'return self.facts.holds("U-REGION", one, two) if stands_there else TRUE', "return TRUE"),
    Mutant("F-LB-6", "no frontend is reached from other regions", _ENCODED, _CROSSES, "negate(all_of(is_named, negate(together), label))"),
    Mutant("F-LB-6", "a load balancer whose SKU is not stated is Basic", _ENCODED, 'return self.facts.holds("U-SKU", f"load balancer {balancer.name}")', "return TRUE"),
    Mutant("F-LB-8", "a member gets what it sends to its frontend", _DELIVERY, _RETURNS, "return TRUE"),
    Mutant("F-LB-8", "a member's calls to its frontend all fail", _DELIVERY, _RETURNS, "return all_of(*(self.ends.starts_elsewhere(place, self.hops.estate.nic_named[name].addresses) for rule in balanced.rules for name in rule.members))"),
    Mutant("F-LB-9", "pings come to a member", _ENCODED, _BY_ICMP, "return header.is_icmp"),
    Mutant("F-LB-9", "pings come to no member", _ENCODED, _BY_ICMP, "return FALSE"),
    Mutant("F-LB-9", "no frontend answers a ping by itself", _ENCODED, 'return FALSE if taken == FALSE else all_of(taken, self.facts.holds("U-LBECHO", balanced.name))', "return FALSE"),
    Mutant("F-LB-9", "a ping that a frontend answers by itself comes to a member as well", _ENCODED, _TO_MEMBER, "to_member = by_icmp"),
    Mutant("F-LB-14", "probes over IPv6 work everywhere", _ENCODED, _PROBE_OF_IPV6, "if False:"),
    Mutant("F-LB-14", "probes over IPv6 work nowhere", _ENCODED, _PROBE_OF_IPV6, "if self.estate.family is Family.IPV6:"),
    Mutant("F-PE-2", "policies that are not stated are off", _ENCODED_ENDPOINTS, _OBEYED, "return FALSE"),
    Mutant("F-PE-2", "policies that are not stated are on", _ENCODED_ENDPOINTS, _OBEYED, "return TRUE"),
    Mutant("F-PE-2", "the question is read the other way", _ENCODED_ENDPOINTS, _OBEYED, 'return negate(self.facts.holds("U-PEPOL", subnet.id))'),
    Mutant("F-PE-3", "source ports count", _FILTERS, "if not spot.is_endpoint:\n            return all_of(", "if True:\n            return all_of("),
    Mutant("F-PE-4", "a client may send to endpoints whatever its rules say", _ENCODED, _LETS_OUT, "return any_of(*(equals(header.destination, address) for _, address in self.estate.endpoint_at), self._as_sender_sees(header, spot, lambda seen: self.filters.allow(seen, spot, Direction.OUTBOUND)))"),
    Mutant("F-PE-11", "an endpoint surely carries pings", _ENCODED_ENDPOINTS, 'return any_of(header.has_ports, self.facts.holds("U-PEPROTO", endpoint.name))', "return TRUE"),
    Mutant("F-PE-11", "an endpoint surely carries no pings", _ENCODED_ENDPOINTS, 'return any_of(header.has_ports, self.facts.holds("U-PEPROTO", endpoint.name))', "return header.has_ports"),
    Mutant("F-PE-5", "connections need no approval", _ENCODED_ENDPOINTS, "if not endpoint.is_approved:", "if False:"),
    Mutant("F-PE-8", "a connected group carries packets to endpoints", _ENCODED_ENDPOINTS, _JOINED, "pass"),
    Mutant("F-PE-8", "a connected group carries no packets to endpoints", _ENCODED_ENDPOINTS, _JOINED, "terms.append(negate(is_named))"),
    Mutant("F-PE-9", "all ranges of a rule count", _FILTERS, _FURTHER, "terms.append(by_destination)"),
    Mutant("F-PE-9", "the first range of a rule counts", _FILTERS, _FURTHER, "pass"),
    Mutant("F-PE-9", "a rule that denies several ranges denies all", _FILTERS, _ALL_DENIED, "terms.append(negate(by_destination))"),
    Mutant("F-PE-9", "a rule that denies several ranges denies these", _FILTERS, _ALL_DENIED, "pass"),
)  # fmt: skip

MUTANTS = (*SIMULATOR, *ENCODER)
