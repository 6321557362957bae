"""Faults planted in the encoder, for the routing rules of what came with IPv6, load balancers and private endpoints."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_GATEWAYS, _ROUTES, _EGRESS, _TUNNELS = (
    f"vnetverify.encoder.{name}" for name in ("gateways", "routes", "egress", "tunnels")
)
_PRIVATE_ROUTES, _ENDPOINTS, _FRONTENDS = (
    f"vnetverify.encoder.{name}" for name in ("private_routes", "endpoints", "frontends")
)
_FILTERS, _QUALITIES, _CONVERSATIONS = (
    f"vnetverify.encoder.{name}" for name in ("filters", "qualities", "conversations")
)
_PLANES, _CROSSING, _HOME = "vnetverify.model.planes", "vnetverify.encoder.crossing", "vnetverify.encoder.home"
_ENCODED_WALK = "vnetverify.encoder.walk"

_TO_PLACES = "for vnet in self.estate.direct(subnet.vnet):"
_OBEYS = "if subnet.private_endpoint_policies is not None and subnet.private_endpoint_policies not in _ROUTES_ON:"
_OTHERWISE = 'otherwise = all_of(negate(made_for_it), self.facts.holds("U-R-UDR-15", balanced.name))'
_IN_PLANE = "if family is Family.IPV6 or frozenset((half.local, half.remote)) not in absent"
_TURNED = 'turned = all_of(to_itself, self.hops.facts.holds("U-R-GW-25", gateway.name))'

MUTANTS = (
    Mutant("R-SYS-9", "endpoints surely lead to every region", "vnetverify.encoder.routes", "is_sure = near is None or prefix in near", "is_sure = True"),
    Mutant("R-ADDR-6", "VPN gateways carry IPv6", _GATEWAYS, "return self.estate.family is Family.IPV4 or (is_dual and gateway.kind is GatewayKind.EXPRESSROUTE)", "return self.estate.family is Family.IPV4 or is_dual"),
    Mutant("R-ADDR-6", "ExpressRoute gateways in a subnet of IPv4 carry IPv6", _GATEWAYS, "return self.estate.family is Family.IPV4 or (is_dual and gateway.kind is GatewayKind.EXPRESSROUTE)", "return self.estate.family is Family.IPV4 or gateway.kind is GatewayKind.EXPRESSROUTE"),
    Mutant("R-ADDR-6", "a Route Server never breaks IPv6", _GATEWAYS, 'return self.facts.holds("U-ARSV6", vnet)', "return TRUE"),
    Mutant("R-ADDR-6", "a Route Server breaks IPv4 too", _GATEWAYS, "if self.estate.family is Family.IPV4 or not self.route_servers(vnet):", "if not self.route_servers(vnet):"),
    Mutant("R-SYS-3", "172.16.0.0/12 was always listed", _ROUTES, "return self.estate.network.era is Era.CURRENT or block.length != _LISTED_LATER", "return True"),
    Mutant("R-ADDR-6", "the question is read the other way", _ROUTES, 'there = negate(self.gateways.facts.holds("U-R-ADDR-6"))', 'there = self.gateways.facts.holds("U-R-ADDR-6")'),
    Mutant("R-ADDR-6", "a default route of IPv6 removes the None route", _ROUTES, "yield from self._private_blocks_of_ipv6(near)", "yield from () if any(route.prefix == realm.every for route in user_routes) else self._private_blocks_of_ipv6(near)"),
    Mutant("R-ADDR-6", "IPv6 leaves by what IPv4 leaves by", _EGRESS, "if subnet.nat_gateway is not None and self.estate.family is Family.IPV4 else FALSE", "if subnet.nat_gateway is not None else FALSE"),
    Mutant("R-PEER-20", "a peering for IPv6 alone carries IPv4", _PLANES, _IN_PLANE, "if True"),
    Mutant("R-PEER-20", "a peering for IPv6 alone carries nothing", _PLANES, _IN_PLANE, "if frozenset((half.local, half.remote)) not in absent"),
    Mutant("R-SYS-11", "endpoints have no routes", _PRIVATE_ROUTES, _TO_PLACES, "for vnet in ():"),
    Mutant("R-SYS-11", "peers get no route", _PRIVATE_ROUTES, _TO_PLACES, "for vnet in (subnet.vnet,):"),
    Mutant("R-SYS-11", "gateways get no route", _PRIVATE_ROUTES, _TO_PLACES, 'for vnet in self.estate.direct(subnet.vnet) if subnet.name != "GatewaySubnet" else ():'),
    Mutant("R-SYS-11", "route tables never hold for endpoints", _PRIVATE_ROUTES, _OBEYS, "if subnet.private_endpoint_policies is not None:"),
    Mutant("R-SYS-11", "route tables hold whatever the policies", _PRIVATE_ROUTES, _OBEYS, "if False:"),
    Mutant("R-SYS-11", "policies that are not stated do not hold", _PRIVATE_ROUTES, 'return all_of(self.facts.holds("U-PEPOL-ROUTES", subnet.id), counts)', "return FALSE"),
    Mutant("R-SYS-11", "the lengths are read the other way", _PRIVATE_ROUTES, "negate(read_otherwise) if as_long else read_otherwise", "read_otherwise if as_long else negate(read_otherwise)"),
    Mutant("R-SYS-11", "a route as long as the range is read in two ways", _PRIVATE_ROUTES, "if as_long and as_short:", "if False:"),
    Mutant("R-SYS-12", "what endpoints answer obeys the table of their subnet", _CONVERSATIONS, "lets_out=lets_out, by=standing", "lets_out=lets_out"),
    Mutant("R-SYS-12", "a firewall on one way alone lets replies pass", _CONVERSATIONS, "same = any_of(translated, _are_alike(stage.circuit.meets(name, MACHINES), reply.meets(name, MACHINES)))", "same = TRUE"),
    Mutant("R-SYS-12", "endpoints answer nobody in a peer", _ENDPOINTS, "for peer in self.estate.peers(vnet)", "for peer in ()"),
    Mutant("R-CG-4", "endpoints answer a peer before a member of a group", _ENDPOINTS, "all_of(there, chosen[-1], crosses(peer))", "all_of(there, crosses(peer))"),
    Mutant("R-SYS-12", "endpoints answer no site", _ENDPOINTS, "for order, gateway in enumerate(self.gateways.servers(vnet))", "for order, gateway in enumerate(self.gateways.servers(vnet)[:0])"),
    Mutant("R-UDR-15", "any rule makes a next hop of a frontend", _FRONTENDS, _OTHERWISE, "otherwise = negate(made_for_it)"),
    Mutant("R-UDR-15", "a rule for one port never carries", _FRONTENDS, _OTHERWISE, "otherwise = FALSE"),
    Mutant("R-UDR-15", "a rule for all ports carries what has none", _FRONTENDS, "made_for_it = all_of(negate(self.is_basic(balanced.balancer)), header.has_ports)", "made_for_it = negate(self.is_basic(balanced.balancer))"),
    Mutant("R-UDR-15", "a Basic load balancer carries as well", _FRONTENDS, "made_for_it = all_of(negate(self.is_basic(balanced.balancer)), header.has_ports)", "made_for_it = header.has_ports"),
    Mutant("R-UDR-19", "a security group stands before a managed firewall", _FILTERS, "if spot.nic is not None and self.estate.is_managed(spot.nic):", "if False:"),
    Mutant("R-GW-29", "sites get what the edge does not return", _TUNNELS, "return returned, any_of(returned, *alone)", "return returned, returned"),
    Mutant("R-GW-29", "the edge returns what a site announces by a longer prefix", _TUNNELS, "nearest.append(all_of(here, negate(longer)))", "nearest.append(here)"),
    Mutant("R-GW-17", "what a Route Server joins is surely told on", _GATEWAYS, 'yield replace(entry, condition=all_of(entry.condition, self.facts.holds("U-R-GW-17")))', "yield entry"),
    Mutant("R-GW-4", "whatever is forwarded gets into a gateway beyond", _CROSSING, "terms = [*self._flags(near, far, sender, header)]", "terms: list[Term] = []"),
    Mutant("R-GW-4", "any subnet gets into a gateway beyond", _CROSSING, "if self.estate.is_of_subnets(vnet, hub):", "if False:"),
    Mutant("R-GW-13", "what lies in a peer's range never goes by a tunnel", _TUNNELS, "return all_of(near, negate(back))", "return near"),
    Mutant("R-GW-24", "declared routes send nothing", _TUNNELS, "is_among(header.destination, home.routed(site.routes)),\n            self._is_held_open", "FALSE,\n            self._is_held_open"),
    Mutant("R-GW-24", "without BGP announcements are heeded beside routes", _TUNNELS, "heeds = negate(grounds.counts(Bearing.STOPS, ground))", "heeds = TRUE"),
    Mutant("R-GW-24", "with BGP nothing but declared routes is heeded", _TUNNELS, "if not self._way_named(gateway, end.name).is_bgp:\n            heeds", "if True:\n            heeds"),
    Mutant("R-GW-24", "a site behind an appliance sends everything there", _TUNNELS, "return is_among(header.destination, home.routed(site.routes))", "return TRUE"),
    Mutant("R-GW-24", "a site sends nothing of what it holds", _TUNNELS, "home = NOWHERE if site.point_to_site else home_of", "home = NOWHERE if True else home_of"),
    Mutant("R-GW-24", "a site keeps nothing", _HOME, "if prefix not in crossed)]", ")]"),
    Mutant("R-GW-24", "a site goes by what is as long as its own prefix", _HOME, "negate(is_among(address, self.at_least(bits)))", "negate(is_among(address, self.at_least(bits + 1)))"),
    Mutant("R-UDR-11", "replies leave by where the flow left", "vnetverify.encoder.appliances", 'return "U-EXITBACK" if header.is_reply else "U-EXIT"', 'return "U-EXIT"'),
    Mutant("R-UDR-11", "a tunnel takes what is for a network inside its site", "vnetverify.encoder.appliances", "leads = TRUE if elsewhere == FALSE else facts.holds(exit_fact, machine.name, site.name, *header.called)", "leads = TRUE"),
    Mutant("R-UDR-11", "no tunnel has a default route", "vnetverify.encoder.appliances", "undecided = is_among(header.destination, outside)", "undecided = FALSE"),
    Mutant("R-UDR-11", "a tunnel surely has the default route", "vnetverify.encoder.appliances", "        leads = facts.holds(exit_fact, machine.name, site.name, *header.called)\n", "        leads = TRUE\n"),
    Mutant("R-UDR-11", "a tunnel surely takes what is the appliance's own", "vnetverify.encoder.appliances", "elsewhere = TRUE if is_own else is_among", "elsewhere = FALSE if is_own else is_among"),
    Mutant("R-UDR-11", "no tunnel takes what is the appliance's own", "vnetverify.encoder.circuit", "tunnelled = list(own_tunnels(self.hops.estate, self.hops.facts, subnet, header, start.by))", "tunnelled = list(own_tunnels(self.hops.estate, self.hops.facts, subnet, header, start.by))[:0]"),
    Mutant("R-SEL-9", "no tunnel takes answers to the Internet", "vnetverify.encoder.conversations", "return all_of(negate(tunnelled), self.hops.selected(header, subnet, _is_internet))", "return self.hops.selected(header, subnet, _is_internet)"),
    Mutant("R-UDR-11", "what came for a host by its tunnel is on record", "vnetverify.encoder.circuit", "forgetful[nic.name] = any_of(forgetful.get(nic.name, FALSE), self.comes_otherwise(nic))", "pass"),
    Mutant("R-UDR-10", "a machine keeps nothing for its other interfaces", "vnetverify.encoder.appliances", "return [other for other in machine.nics if other.name != nic.name]", "return []"),
    Mutant("R-UDR-10", "a machine surely keeps what is for its other interfaces", "vnetverify.encoder.walk", 'keeps = all_of(negate(_is_for(nic, header)), self.facts.holds("U-OWNADDR", machine.name))', "keeps = negate(_is_for(nic, header))"),
    Mutant("R-META-3", "a site sends back into its tunnel what came by it", _TUNNELS, "for target, term in self.from_site(site, header) if site.behind is None else ():", "for target, term in self.from_site(site, header):"),
    Mutant("R-GW-25", "clients always reach each other", _TUNNELS, _TURNED, "turned = to_itself"),
    Mutant("R-GW-25", "clients never reach each other", _TUNNELS, _TURNED, "turned = FALSE"),
    Mutant("R-LINT-2", "a cap of just the limit is too small", _QUALITIES, "if element.bandwidth < limit:", "if element.bandwidth <= limit:"),
    Mutant("R-LINT-2", "gateways have no cap", _QUALITIES, "((each, GATEWAYS) for each in gateways)", "()"),
    Mutant("R-LINT-2", "the machine at the end has no cap", _QUALITIES, "return stage.delivery.delivered_where(stage.circuit, right, slow)", "return FALSE"),
    Mutant("R-LINT-2", "what is not stated is no cap", _QUALITIES, 'return negate(self.delivery.hops.facts.holds("U-BANDWIDTH", element.name))', "return FALSE"),
    Mutant("R-LINT-2", "regions are told apart by the case of letters", _QUALITIES, "if len({str(region).casefold() for region in regions}) > 1:", "if len({str(region) for region in regions}) > 1:"),
    Mutant("R-LINT-2", "every region is near", _QUALITIES, "if len({str(region).casefold() for region in regions}) > 1:", "if False:"),
    Mutant("R-LINT-2", "regions that are not stated are the same", _QUALITIES, 'return negate(self.delivery.hops.facts.holds("U-REGION", one, two))', "return FALSE"),
    Mutant("R-LINT-2", "a gateway is as quick as a peering", _QUALITIES, "met = self.journey.passes(Inside | OutOfTunnel | Exchanged | AtSite)", "met = FALSE"),
    Mutant("R-LINT-3", "a way there and back counts as one crossing", _QUALITIES, "for crossing in crossings]", "for crossing in crossings[:1]]"),
    Mutant("R-LINT-3", "as many as are allowed are too many", _QUALITIES, "negate(at_most(limit, ", "negate(at_most(limit - 1, "),
)  # fmt: skip
