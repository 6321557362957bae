"""Faults planted in the simulator: one or more for each routing rule that the engines follow."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_CANDIDATES, _CROSSING, _DEVICES = (f"vnetverify.simulator.{name}" for name in ("candidates", "crossing", "devices"))
_HOPS = "vnetverify.simulator.hops"
_MATCHING = "vnetverify.simulator.matching"
_GATEWAYS, _PEERINGS, _SENDING = (f"vnetverify.simulator.{name}" for name in ("gateways", "peerings", "sending"))
_SITES, _SITUATION, _WALK = (f"vnetverify.simulator.{name}" for name in ("sites", "situation", "walk"))
_ADDRESSING, _INTERNET, _TAGS = (f"vnetverify.simulator.{name}" for name in ("addressing", "internet", "tags"))
_ENDPOINT_ROUTES, _ANSWERS = (f"vnetverify.simulator.{name}" for name in ("endpoint_routes", "answers"))
_FRONTENDS, _QUALITIES, _FILTERS = (f"vnetverify.simulator.{name}" for name in ("frontends", "qualities", "filters"))
_JOURNEY, _EGRESS, _POOLS = (f"vnetverify.simulator.{name}" for name in ("journey", "egress", "pools"))

_LOOP = 'return journey.drop(appliance.name, "the packet was here before: a loop", "R-TRAF-3")'
_THROUGH = """from vnetverify.simulator.sending import deliver
        return deliver(journey, Sending(interface.subnet, Forwarder(appliance, interface)), interface.subnet.vnet)"""
_GROUPS = "for group in network.connected_groups:"
_MERGED = """for group in [
        ConnectedGroup(g.name, tuple({m: 0 for h in network.connected_groups if {*h.members} & {*g.members}
        for m in h.members}), g.is_global) for g in network.connected_groups]:"""
_PEERS_AS_GROUPS = "for group in (*network.connected_groups, *(ConnectedGroup(v, (v, *p)) for v, p in peers.items())):"
_HOST = "    subnet = host_subnet(situation.vnet(vnet), destination)\n"
_ANY_HOST = "    subnet = next((s for v in reversed(situation.network.vnets.values()) if (s := host_subnet(v, destination))), None)\n"
_ASKED_BACK = (
    "if subnet is None or isinstance(selection(situation, subnet, journey.packet.source).route.hop, ToNowhere):"
)
_RESOLVED = """blocked = cross(journey, sending, vnet, point(address))
    if isinstance(selection(situation, sending.subnet, point(address)).route.hop, ToNowhere):
        return journey.drop(where, "no route to the next hop", "R-UDR-9")"""

MUTANTS = (
    Mutant("R-META-3", "an undeclared appliance forwards everything", _DEVICES, 'if not journey.situation.holds(uncertainty("U-FORWARDS", appliance.name)):', "if False:"),
    Mutant("R-META-3", "no site sends on what is not its own", _SITES, 'if not journey.situation.holds(uncertainty("U-RELAYS", site.name)):', "if True:"),
    Mutant("R-ADDR-1", "routes are of subnets, not of ranges", _CANDIDATES, "own=vnet.address_space,", "own=tuple(p for s in vnet.subnets for p in s.prefixes),"),
    Mutant("R-ADDR-4", "only the network address is reserved", _ADDRESSING, "prefix.value + 4, prefix.last - 1", "prefix.value + 1, prefix.last"),
    Mutant("R-ADDR-6", "VPN gateways carry IPv6", _SITUATION, "return family is Family.IPV4 or network.gateways[connection.gateway].kind is not GatewayKind.VPN", "return True"),
    Mutant("R-ADDR-6", "a default route of IPv6 removes the None route", _CANDIDATES, "if any(is_inside(RESERVED_IPV6, range_) for range_ in table.own):", "if any(route.prefix.length == 0 for route in table.routes):"),
    Mutant("R-ADDR-6", "a default route of IPv6 removes the None routes of IPv4", _CANDIDATES, "if any(route.prefix == EVERY_IPV4 for route in table.routes):", "if any(route.prefix.length == 0 for route in table.routes):"),
    Mutant("R-ADDR-6", "the question is read the other way", _CANDIDATES, '(uncertainty("U-R-ADDR-6"), False)', '(uncertainty("U-R-ADDR-6"), True)'),
    Mutant("R-ADDR-6", "a Route Server never breaks IPv6", _JOURNEY, 'if server is None or self.situation.holds(uncertainty("U-ARSV6", vnet)):', "if True:"),
    Mutant("R-ADDR-6", "a Route Server breaks IPv4 too", _JOURNEY, "if self.packet.family is Family.IPV4:", "if False:"),
    Mutant("R-ADDR-6", "IPv6 leaves by what IPv4 leaves by", _EGRESS, "if nat_gateway is not None and family is Family.IPV4 and is_one_of(protocol, (TCP, UDP)):", "if nat_gateway is not None and is_one_of(protocol, (TCP, UDP)):"),
    Mutant("R-ADDR-7", "hosts stand in GatewaySubnet", _ADDRESSING, "if subnet.name.casefold() in SUBNETS_WITHOUT_HOSTS:", "if False:"),
    Mutant("R-ADDR-8", "hosts stand beside the firewall", _SENDING, "if nic is None and subnet.name.casefold() in SUBNETS_OF_SERVICES:", "if False:"),
    Mutant("R-ADDR-9", "an address has one owner everywhere", _SENDING, _HOST, _ANY_HOST),
    Mutant("R-PEER-1", "one half's flags are asked twice", _CROSSING, "for side in (half(situation, at, to), half(situation, to, at)):", "for side in (half(situation, to, at), half(situation, to, at)):"),
    Mutant("R-PEER-2", "an initiated half is connected", _PEERINGS, "half.state in (None, LinkState.CONNECTED)", "half.state in (None, LinkState.CONNECTED, LinkState.INITIATED)"),
    Mutant("R-PEER-3", "a half heals when the other is made again", _PEERINGS, "return half.state in (None, LinkState.CONNECTED)", "return True"),
    Mutant("R-PEER-4", "a classic network needs a half of its own", _PEERINGS, "classic = network.vnets[half.remote].model is DeploymentModel.CLASSIC", "classic = False"),
    Mutant("R-PEER-11", "a peering carries nothing by itself", _SENDING, "case ToPeer(vnet) | ToEndpoint(_, vnet):\n            return deliver(journey, sending, vnet)", 'case ToPeer(vnet) | ToEndpoint(_, vnet):\n            return journey.drop(where, "", "")'),
    Mutant("R-PEER-12", "peers of one network are connected", _PEERINGS, _GROUPS, _PEERS_AS_GROUPS),
    Mutant("R-PEER-13", "the access flag of the other half decides the tag", _TAGS, "if seen.half.allow_virtual_network_access:", "if situation.index.halves[peer, subnet.vnet].allow_virtual_network_access:"),
    Mutant("R-PEER-14", "access off always blocks", _CROSSING, 'if not side.allow_virtual_network_access and situation.holds(uncertainty("U-AVNA", side.id)):', "if not side.allow_virtual_network_access:"),
    Mutant("R-PEER-15", "the sender's half is asked for forwarded traffic", _CROSSING, "incoming = half(situation, to, at)", "incoming = half(situation, at, to)"),
    Mutant("R-PEER-16", "a missing flag always blocks forwarded packets", _CROSSING, ' and not situation.holds(uncertainty("U-R-PEER-16"))', ""),
    Mutant("R-PEER-17", "every half sees the present space", _PEERINGS, "sure = tuple(prefix for prefix in either if _is_within(prefix, present) and _is_within(prefix, seen))", "sure = present"),
    Mutant("R-PEER-18", "the ends of a packet need not take part", _CROSSING, 'if not _joins_ends(journey, seen) and not situation.holds(uncertainty("U-R-PEER-18")):', "if False:"),
    Mutant("R-PEER-19", "where there is a route there is a way", _CROSSING, 'if not takes_part and not situation.holds(uncertainty("U-SUBPEER", seen.half.id)):', "if False:"),
    Mutant("R-PEER-20", "a peering for IPv6 alone carries IPv4", _PEERINGS, "return family is Family.IPV6 or not half.only_ipv6", "return True"),
    Mutant("R-PEER-20", "a peering for IPv6 alone carries nothing", _PEERINGS, "return family is Family.IPV6 or not half.only_ipv6", "return not half.only_ipv6"),
    Mutant("R-PEER-20", "the other half decides which family it is for", _PEERINGS, "_is_for(side, family) for side in (half, other)", "_is_for(other, family) for side in (half, other)"),
    Mutant("R-PEER-24", "a group joins what a peering of subnets leaves out", _PEERINGS, "if other in found and other not in peers[name]", "if other in found"),
    Mutant("R-PEER-25", "whatever an appliance sends counts as forwarded", _CROSSING, "foreign = not some_covers(situation.vnet(at).address_space, journey.packet.source)", "foreign = True"),
    Mutant("R-SYS-1", "only the first range has a route", _CANDIDATES, "for prefix in table.own:", "for prefix in table.own[:1]:"),
    Mutant("R-SYS-2", "there is no way to the Internet", _CANDIDATES, 'ToInternet(), (2, 2), "R-SYS-2")', 'ToNowhere(), (2, 2), "R-SYS-2")'),
    Mutant("R-SYS-3", "172.16.0.0/12 is not reserved", _CANDIDATES, '"172.16.0.0/12", ', ""),
    Mutant("R-SYS-4", "the None route stays beside an own range", _CANDIDATES, "if any(is_inside(block, range_) for range_ in table.own):", "if False:"),
    Mutant("R-SYS-5", "the question is read the other way", _CANDIDATES, '(uncertainty("U-R-SYS-5"), False)', '(uncertainty("U-R-SYS-5"), True)'),
    Mutant("R-SYS-6", "two halves of a default route count as one", _CANDIDATES, "if any(route.prefix == EVERY_IPV4 for route in table.routes):", "if any(route.prefix.length <= 1 for route in table.routes):"),
    Mutant("R-SYS-7", "peers in another region give no route", _PEERINGS, "if other is not None and", "if network.vnets[local].region == network.vnets[remote].region and other is not None and"),
    Mutant("R-SYS-8", "what gateways learn is no route", _CANDIDATES, "limits=tuple(_beside_near_ranges(table, entry.prefix, entry.is_static)),", 'limits=(Limit(NEVER, "", "R-SYS-8"),),'),
    Mutant("R-SYS-9", "an endpoint serves every subnet of its network", _CANDIDATES, "for service in subnet.service_endpoints:", "for service in {e for s in situation.vnet(subnet.vnet).subnets for e in s.service_endpoints}:"),
    Mutant("R-SYS-10", "the question is read the other way", _CANDIDATES, '(uncertainty("U-R-SYS-10"), True)', '(uncertainty("U-R-SYS-10"), False)'),
    Mutant("R-SYS-11", "endpoints have no routes", _CANDIDATES, "yield from endpoint_routes(situation, table.subnet, table_of(situation, table.subnet))", "yield from ()"),
    Mutant("R-SYS-11", "peers get no route", _ENDPOINT_ROUTES, "for vnet in direct(situation, subnet.vnet):", "for vnet in (subnet.vnet,):"),
    Mutant("R-SYS-11", "whoever is further away gets a route", _ENDPOINT_ROUTES, "for vnet in direct(situation, subnet.vnet):", "for vnet in situation.network.vnets:"),
    Mutant("R-SYS-11", "gateways get no route", _ENDPOINT_ROUTES, "for vnet in direct(situation, subnet.vnet):", 'for vnet in direct(situation, subnet.vnet) if subnet.name != "GatewaySubnet" else ():'),
    Mutant("R-SYS-11", "no user route wins for the same address", _ENDPOINT_ROUTES, "Origin.SYSTEM, hop, (2, 1)", "Origin.SYSTEM, hop, (-1, 1)"),
    Mutant("R-SYS-11", "route tables never hold for endpoints", _ENDPOINT_ROUTES, "return () if policies in _WITH_ROUTE_TABLES else None", "return None"),
    Mutant("R-SYS-11", "route tables hold whatever the policies", _ENDPOINT_ROUTES, "return () if policies in _WITH_ROUTE_TABLES else None", "return ()"),
    Mutant("R-SYS-11", "policies that are not stated do not hold", _ENDPOINT_ROUTES, 'return ((uncertainty("U-PEPOL-ROUTES", subnet.id), False),)', "return None"),
    Mutant("R-SYS-11", "the lengths are read the other way", _ENDPOINT_ROUTES, "route.length > range_.length", "route.length < range_.length"),
    Mutant("R-SYS-11", "a route as long as the range is read in two ways", _ENDPOINT_ROUTES, "if route.length == range_.length:", "if False:"),
    Mutant("R-SYS-12", "what endpoints answer obeys the table of their subnet", _WALK, "follow(back, _uncarried(back, place) or answer(back, endpoint))", "follow(back, start(back, place))"),
    Mutant("R-SYS-12", "endpoints answer nobody in a peer", _ANSWERS, "own, *peers = direct(situation, vnet)", "own, *peers = direct(situation, vnet)[:1]"),
    Mutant("R-SYS-12", "endpoints answer no site", _ANSWERS, "gateway = _gateway_to(situation, endpoint.vnet, destination)", "gateway = None"),
    Mutant("R-SYS-12", "a firewall on one way alone lets replies pass", _WALK, "asymmetric = _asymmetric(first, back) if is_back else None", "asymmetric = None"),
    Mutant("R-EFF-1", "user routes are not in the table", _CANDIDATES, "return None if subnet.route_table is None else situation.network.route_tables[subnet.route_table]", "return None"),
    Mutant("R-EFF-2", "the receiver's table must lead back", _SENDING, f"{_HOST}    if subnet is None:", f"{_HOST}    {_ASKED_BACK}"),
    Mutant("R-SEL-1", "the shortest prefix wins", _HOPS, "key=lambda route: (-route.prefix.length,", "key=lambda route: (route.prefix.length,"),
    Mutant("R-SEL-2", "user routes come last", _CANDIDATES, "rank = (0, _breadth(route.service_tag), number)", "rank = (3, _breadth(route.service_tag), number)"),
    Mutant("R-SEL-3", "a longer learned prefix beats a peering", _CANDIDATES, 'yield Limit((*not_all_of(shield.when), *kept), _LOSES_TO_PEERING, "R-SEL-3")', "pass"),
    Mutant("R-SEL-6", "an equal learned route never beats an endpoint", _CANDIDATES, "if prefix == service:", "if False:"),
    Mutant("R-SEL-7", "the choice among appliances is read the other way", _CANDIDATES, 'uncertainty("U-R-SEL-7", subnet.id, peer.machine), True)', 'uncertainty("U-R-SEL-7", subnet.id, peer.machine), False)'),
    Mutant("R-SEL-8", "a hidden range never lets a learned route live", _CANDIDATES, '("U-R-SEL-8", shield.prefix in redirected)', '("U-R-SEL-8", False)'),
    Mutant("R-SEL-9", "replies come back by any route", _INTERNET, "if route is not None and isinstance(route.hop, ToInternet):", "if route is not None:"),
    Mutant("R-UDR-2", "next hop None leads to the Internet", _CANDIDATES, "case NextHopType.NONE:\n            return ToNowhere()", "case NextHopType.NONE:\n            return ToInternet()"),
    Mutant("R-UDR-4", "tags are taken in the order of the table", _CANDIDATES, 'return 1 + 2 * (name == "azurecloud") + (not dot)', "return 1"),
    Mutant("R-UDR-5", "a user route reaches every gateway nearby", _SENDING, 'if not situation.holds(uncertainty("U-R-UDR-5")):', "if False:"),
    Mutant("R-UDR-6", "vnet-local delivers to peers", _SENDING, ' or not situation.holds(uncertainty("U-R-UDR-6"))', ""),
    Mutant("R-UDR-7", "the appliance must stand in the own network", _SENDING, "if vnet is None:", "if vnet != sending.subnet.vnet:"),
    Mutant("R-UDR-8", "the question is read the other way", _CANDIDATES, '((uncertainty("U-R-UDR-8"), False),)', '((uncertainty("U-R-UDR-8"), True),)'),
    Mutant("R-UDR-9", "the next hop needs a route of its own", _SENDING, "blocked = cross(journey, sending, vnet, point(address))", _RESOLVED),
    Mutant("R-UDR-10", "interfaces forward whatever their switch says", _MATCHING, "return self.nic is None or self.nic.ip_forwarding", "return True"),
    Mutant("R-UDR-11", "an appliance's own routes reach other tunnels", _DEVICES, "if site.behind == appliance.name and", "if site.behind is not None and"),
    Mutant("R-UDR-12", "another subnet's table decides for gateways", _DEVICES, "return Sending(subnet, FromGateway(gateway, out_of_tunnel))", "return Sending(journey.situation.vnet(gateway.vnet).subnets[0], FromGateway(gateway, out_of_tunnel))"),
    Mutant("R-UDR-15", "any rule makes a next hop of a frontend", _FRONTENDS, 'elif situation.holds(uncertainty("U-R-UDR-15", balanced.label)):', "elif True:"),
    Mutant("R-UDR-15", "a rule for one port never carries", _FRONTENDS, 'elif situation.holds(uncertainty("U-R-UDR-15", balanced.label)):', "elif False:"),
    Mutant("R-UDR-15", "a rule for all ports carries what has none", _FRONTENDS, "is_for_it = every is not None and journey.packet.has_ports", "is_for_it = every is not None"),
    Mutant("R-UDR-15", "a Basic load balancer carries as well", _FRONTENDS, "if every is not None and is_for_it and not is_basic(situation, balanced.balancer):", "if every is not None and is_for_it:"),
    Mutant("R-UDR-15", "the last member gets everything", _POOLS, 'if situation.holds(uncertainty("U-BACKEND", balanced.label, nic.name)):', "if False:"),
    Mutant("R-UDR-15", "a frontend as next hop gets the packet for itself", _SENDING, "return at_next_hop(journey, balanced)", "return at_frontend(journey, balanced, vnet)"),
    Mutant("R-UDR-17", "private sources get onto the Internet", _INTERNET, "if foreign and not _translates(journey, appliance):", "if False:"),
    Mutant("R-UDR-19", "a security group stands before a managed firewall", _FILTERS, "if interface.is_managed:", "if False:"),
    Mutant("R-UDR-19", "a managed firewall needs the switch", "vnetverify.syntax.machines", 'is_appliance = is_firewall or node.kind == "appliance"', 'is_appliance = node.kind == "appliance"'),
    Mutant("R-UDR-19", "a managed firewall does not forward, switch or not", _MATCHING, "return self.nic is None or self.nic.ip_forwarding", "return self.nic is None or (self.nic.ip_forwarding and not self.is_managed)"),
    Mutant("R-UDR-19", "a managed firewall keeps what it is sent", _DEVICES, "    if own is not None:\n", "    if appliance.is_managed:\n        own = appliance.interfaces[0]\n    if own is not None:\n"),
    Mutant("R-UDR-19", "a managed firewall delivers past the routes of its subnet", _DEVICES, "return Sending(interface.subnet, Forwarder(appliance, interface))", "return Sending(journey.situation.index.subnets[sorted(journey.situation.index.subnets)[-1]] if interface.is_managed else interface.subnet, Forwarder(appliance, interface))"),
    Mutant("R-GW-2", "gateways hear nothing of each other's networks", _GATEWAYS, "if way.remote_gateway in news.owners or", "if False or"),
    Mutant("R-GW-4", "one of the two flags is enough", _SITUATION, "use_remote_gateways and half", "use_remote_gateways or half"),
    Mutant("R-GW-6", "spokes learn nothing from the hub's gateways", _GATEWAYS, "if not hubs:", "if True:"),
    Mutant("R-GW-7", "every table propagates", _CANDIDATES, "return table is None or table.propagate_gateway_routes", "return True"),
    Mutant("R-GW-8", "all peers are announced", _GATEWAYS, "spokes = (name for name in situation.index.peers[hub] if uses(situation, name, hub))", "spokes = situation.index.peers[hub]"),
    Mutant("R-GW-9", "a classic spoke has no transit", _PEERINGS, "transit = half.allow_gateway_transit and network.era is not Era.Y2016", "transit = False"),
    Mutant("R-GW-13", "learned routes join spokes for certain", _DEVICES, 'if arrival.by_user_route or situation.holds(uncertainty("U-R-GW-13")):', "if True:"),
    Mutant("R-GW-14", "a gateway discards what covers its network", _GATEWAYS, "return any(is_inside(prefix, range_) for range_ in space)", "return any(is_inside(range_, prefix) for range_ in space)"),
    Mutant("R-GW-15", "VPN comes before ExpressRoute", _CANDIDATES, "_EXPRESSROUTE, _PREFERRED_APPLIANCE, _VPN, _APPLIANCE = range(4)", "_VPN, _PREFERRED_APPLIANCE, _EXPRESSROUTE, _APPLIANCE = range(4)"),
    Mutant("R-GW-16", "branch-to-branch needs no active-active gateway", _GATEWAYS, "if not is_ready or not", "if not"),
    Mutant("R-GW-17", "gateways pass packets on without BGP", _GATEWAYS, "return (one.bgp and other.bgp) or situation.holds(CHAINED)", "return True"),
    Mutant("R-GW-17", "sites are told of default routes of others", _GATEWAYS, "if entry.prefix == everything(situation.family):", "if False:"),
    Mutant("R-GW-17", "sites are told of what overlaps the network", _GATEWAYS, 'return situation.holds(uncertainty("U-R-GW-17-OVERLAP", gateway.name))', "return True"),
    Mutant("R-GW-18", "a switch that is off leaves the edge open", _GATEWAYS, "if False in switches:", "if not switches:"),
    Mutant("R-GW-19", "Route Servers tell every network", _SITUATION, "if server.vnet != vnet and uses(situation, vnet, server.vnet)", "if server.vnet != vnet"),
    Mutant("R-GW-20", "summarised prefixes are announced beside the ranges", _GATEWAYS, "if not any(is_inside(range_.prefix, whole) for whole in summary)", "if True"),
    Mutant("R-GW-21", "a default site changes no table", _GATEWAYS, "if way is None or situation.family is Family.IPV6 or Entry(EVERY_IPV4, way) in learned_ones:", "if True:"),
    Mutant("R-GW-21", "there is no default site", _DEVICES, "way = default_way(situation, gateway)", "way = None"),
    Mutant("R-GW-22", "a gateway never sends to who does not use it", _CROSSING, 'if not uses(situation, to, at) and not situation.holds(uncertainty("U-R-GW-22")):', "if not uses(situation, to, at):"),
    Mutant("R-GW-23", "user routes of GatewaySubnet always hold for FastPath", _GATEWAYS, 'return gateway.fastpath and situation.holds(uncertainty("U-R-GW-23", gateway.name))', "return False"),
    Mutant("R-GW-24", "a site sends nothing of its own", _SITES, "if end.site == site.name and end.name != but)", "if end.site == site.name and but is not None)"),
    Mutant("R-GW-24", "declared routes send nothing", _SITES, "if declared is not None and some_covers(declared, destination):", "if False:"),
    Mutant("R-GW-24", "without BGP announcements are heeded beside routes", _SITES, "if declared is not None and not is_bgp(situation, connection):", "if False:"),
    Mutant("R-GW-24", "with BGP nothing but declared routes is heeded", _SITES, "if declared is not None and not is_bgp(situation, connection):", "if declared is not None:"),
    Mutant("R-GW-24", "a site behind an appliance sends everything there", _SITES, "if site.routes is not None and not some_covers(site.routes, destination):", "if False:"),
    Mutant("R-GW-24", "the last connection takes everything", _SITES, 'picked = (end for end in ends[:-1] if situation.holds(uncertainty("U-SITE", site.name, end.name)))', "picked = iter(())"),
    Mutant("R-GW-25", "clients always reach each other", _SITES, 'if not journey.situation.holds(uncertainty("U-R-GW-25", gateway.name)):', "if False:"),
    Mutant("R-GW-25", "clients never reach each other", _SITES, 'if not journey.situation.holds(uncertainty("U-R-GW-25", gateway.name)):', "if True:"),
    Mutant("R-GW-25", "a pool is like any other site", _SITES, "if some_covers(site.prefixes, destination) and site.point_to_site:", "if False:"),
    Mutant("R-GW-26", "the question is read the other way", _GATEWAYS, "entry.is_static is not dynamic]", "entry.is_static is dynamic]"),
    Mutant("R-GW-29", "the edge always returns packets", _DEVICES, 'if announced and situation.holds(uncertainty("U-R-GW-29")):', "if announced:"),
    Mutant("R-GW-30", "gateways follow the Route Server's routes", _CANDIDATES, 'all_of([uncertainty("U-R-GW-30", server.vnet)] if in_gateway_subnet else [])', "all_of([])"),
    Mutant("R-CG-1", "every group is global", _PEERINGS, "return one != other and (group.is_global or len(regions) <= 1)", "return one != other"),
    Mutant("R-CG-2", "groups that share a network are one", _PEERINGS, _GROUPS, _MERGED),
    Mutant("R-CG-3", "a group conveys transit", _GATEWAYS, "if uses(situation, vnet, hub)}", "if uses(situation, vnet, hub)} | {*situation.index.mates[vnet]}"),
    Mutant("R-CG-4", "the first of two holders gets the packet", _SENDING, "overlapping(journey, sending, vnet) or deliver", "deliver"),
    Mutant("R-CG-5", "the question is read the other way", _CANDIDATES, '(uncertainty("U-R-CG-5"), True)', '(uncertainty("U-R-CG-5"), False)'),
    Mutant("R-TRAF-1", "the receiver's table sends", _SENDING, "journey.situation, sending.subnet, destination, past_user_routes=bypassed,", "journey.situation, host_subnet(journey.situation.vnet(sending.subnet.vnet), destination) or sending.subnet, destination, past_user_routes=bypassed,"),
    Mutant("R-TRAF-2", "no appliance keeps state", _DEVICES, "return appliance.stateful", "return False"),
    Mutant("R-TRAF-3", "a packet gets out of a loop", _DEVICES, _LOOP, _THROUGH),
    Mutant("R-TRAF-5", "every subnet gets out", _INTERNET, "if method is None:", "if False:"),
    Mutant("R-TRAF-6", "routes capture the platform's address", _SENDING, "if lies_in(destination, PLATFORM):", "if False:"),
    Mutant("R-TRAF-7", "GRE is carried", _WALK, "ENCAPSULATIONS = (4, 47)", "ENCAPSULATIONS = (4,)"),
    Mutant("R-TRAF-9", "user routes leave the tag alone", _TAGS, "if route.next_hop in STEERING and route.prefix != default", "if route.next_hop in ()"),
    Mutant("R-TRAF-10", "what leaves never comes in again", _INTERNET, 'if not situation.holds(uncertainty("U-R-TRAF-10")):', "if True:"),
    Mutant("R-LINT-2", "a peering has a cap of its own", _QUALITIES, "    for device in way.devices:", "    if way.crossings:\n        yield Element(str(way.crossings[0]), 10**8, NOWHERE)\n    for device in way.devices:"),
    Mutant("R-LINT-2", "a cap of just the limit is too small", _QUALITIES, "elif element.bandwidth < limit:", "elif element.bandwidth <= limit:"),
    Mutant("R-LINT-2", "gateways have no cap", _QUALITIES, "yield Element(gateway.name, gateway.bandwidth, gateway.span)", "pass"),
    Mutant("R-LINT-2", "the machine at the end has no cap", _QUALITIES, "yield _machine(situation, situation.index.nics[way.outcome.nic].machine)", "pass"),
    Mutant("R-LINT-2", "what is not stated is no cap", _QUALITIES, 'if not situation.holds(uncertainty("U-BANDWIDTH", element.name)):', "if False:"),
    Mutant("R-LINT-2", "regions are told apart by the case of letters", _QUALITIES, "if near.region.casefold() == far.region.casefold():", "if near.region == far.region:"),
    Mutant("R-LINT-2", "every region is near", _QUALITIES, "if near.region.casefold() == far.region.casefold():", "if near.region and far.region:"),
    Mutant("R-LINT-2", "regions that are not stated are the same", _QUALITIES, 'elif situation.holds(uncertainty("U-REGION", *sorted((near.name, far.name)))):', "elif True:"),
    Mutant("R-LINT-2", "a gateway is as quick as a peering", _QUALITIES, "if passed is not None:", "if False:"),
    Mutant("R-LINT-3", "a way there and back counts as one crossing", _QUALITIES, "if crossing.is_of_peering]", "if crossing.is_of_peering][:1]"),
    Mutant("R-LINT-3", "as many as are allowed are too many", _QUALITIES, "if len(crossed) <= limit:", "if len(crossed) < limit:"),
)  # fmt: skip
