"""Faults planted in either engine: one or more for each rule about what a service tag holds.

Some are those of another reader of Azure's networks: a tag without a list read as empty, `VirtualNetwork` a constant,
peerings and user routes left out of it.
"""

from __future__ import annotations

from tests.agreement.planting import Mutant

_TAGS, _ADDRESSING = "vnetverify.simulator.tags", "vnetverify.simulator.addressing"
_ENCODED, _FAMILIES = "vnetverify.encoder.tags", "vnetverify.encoder.families"

_RFC_1918 = '("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")'
_MISTYPED = '("10.0.0.0/8", "172.16.0.0/20", "192.168.0.0/16")'
_IN_VNET = "    tag = virtual_network(situation, subnet)\n    if lies_in(address, tag.addresses):"
_IN_CONSTANT = "    return some_covers([parse_prefix(text) for text in {}], address)\n"
_OWN = '(Member(prefix, "own address space", vnet.span) for prefix in vnet.address_space)'
_FAR = "*(p for near in situation.index.peers[subnet.vnet] for far in situation.index.peers[near] for p in situation.vnet(far).address_space)"
_OF_PEERS = "for peer, seen in _open_views(situation, subnet):\n        if seen.takes_part(subnet.id):"
_KNOWN = "if not entry.condition and entry.prefix != default:"
_STEERED = "if route.next_hop in STEERING and route.prefix != default and route.service_tag is None:"
_ROUTES_HERE = "for route in _routes_of(situation, subnet):\n        if route.next_hop in STEERING"
_IS_OPEN = "if seen.half.allow_virtual_network_access:"
_OTHER_HALF = "situation.index.halves[peer, subnet.vnet].allow_virtual_network_access"
_POSSIBLE = "if any(covers(prefix, address) and situation.holds(fact) for prefix, fact in tag.possible):"
_OF_ITSELF = "if some_covers(situation.vnet(subnet.vnet).address_space, address):"
_HOST_TOO = "if not (covers(PLATFORM_HOST, address) and situation.holds(host)):"
_HOLES = 'return all(situation.holds(uncertainty("U-INET", str(hole))) for hole in HOLES if covers(hole, address))'
_LEAVES = 'situation.holds(uncertainty("U-INETMINUS", subnet.id, str(prefix)))'
_UNLISTED = 'if not is_public(address) or not situation.holds(uncertainty("U-TAG", name, end.called)):'
_BLOCK = "block = PUBLIC_IPV6 if covers(PUBLIC_IPV6, address) else EVERY_IPV6"

SIMULATOR = (
    Mutant("F-TAG-2", "VirtualNetwork is the private ranges", _TAGS, _IN_VNET, _IN_CONSTANT.format(_RFC_1918) + _IN_VNET),
    Mutant("F-TAG-2", "VirtualNetwork is the private ranges, one of them mistyped", _TAGS, _IN_VNET, _IN_CONSTANT.format(_MISTYPED) + _IN_VNET),
    Mutant("F-TAG-2", "peerings do not count", _TAGS, _OF_PEERS, _OF_PEERS.replace("_open_views(situation, subnet)", "()")),
    Mutant("F-TAG-2", "what gateways know does not count", _TAGS, _KNOWN, "if False:"),
    Mutant("F-TAG-2", "the host's address is not in it", _TAGS, 'yield Member(PLATFORM_HOST, "the address of the host", NOWHERE)', "pass"),
    Mutant("F-TAG-3", "user routes do not count", _TAGS, _STEERED, "if False:"),
    Mutant("F-TAG-3", "the tag is the same in every subnet", _TAGS, _ROUTES_HERE, _ROUTES_HERE.replace("_routes_of(situation, subnet)", "[route for s in vnet.subnets for route in _routes_of(situation, s)]")),
    Mutant("F-TAG-4", "the access flag does not matter", _TAGS, _IS_OPEN, "if True:"),
    Mutant("F-TAG-5", "both halves have to be shut", _TAGS, _IS_OPEN, f"if seen.half.allow_virtual_network_access or {_OTHER_HALF}:"),
    Mutant("F-TAG-5", "a half shuts both sides", _TAGS, _IS_OPEN, f"if seen.half.allow_virtual_network_access and {_OTHER_HALF}:"),
    Mutant("F-TAG-6", "peers of peers are in it", _TAGS, _OWN, _OWN.replace("in vnet.address_space", f"in (*vnet.address_space, {_FAR})")),
    Mutant("F-TAG-7", "the question is read the other way", _TAGS, _POSSIBLE, _POSSIBLE.replace("and situation", "and not situation")),
    Mutant("F-TAG-7", "what may be in it is not", _TAGS, _POSSIBLE, "if False:"),
    Mutant("F-TAG-7", "what may be in it is", _TAGS, _POSSIBLE, _POSSIBLE.replace(" and situation.holds(fact)", "")),
    Mutant("F-TAG-7", "routes of other subnets are surely not in it", _TAGS, "if other.id != subnet.id:", "if False:"),
    Mutant("F-TAG-7", "prefixes of service endpoints are surely not in it", _TAGS, "for service, prefix in endpoint_prefixes(situation, subnet):", "for service, prefix in ():"),
    Mutant("F-TAG-7", "routes to tags are surely in it", _TAGS, _STEERED, _STEERED.replace(" and route.service_tag is None", "")),
    Mutant("F-TAG-9", "own ranges are in the Internet", _TAGS, _OF_ITSELF, "if False:"),
    Mutant("F-TAG-9", "100.64.0.0/10 is public", _ADDRESSING, '        "100.64.0.0/10",\n', ""),
    Mutant("F-TAG-9", "the host is in the Internet", _TAGS, _HOST_TOO, "if not covers(PLATFORM_HOST, address):"),
    Mutant("F-TAG-9", "the host is not in the Internet", _TAGS, _HOST_TOO, "if True:"),
    Mutant("F-TAG-10", "the Internet has no holes", _TAGS, _HOLES, "return True"),
    Mutant("F-TAG-10", "the Internet has its holes", _TAGS, _HOLES, "return not any(covers(hole, address) for hole in HOLES)"),
    Mutant("F-TAG-11", "what the network gained stays in the Internet", _TAGS, _LEAVES, "False"),
    Mutant("F-TAG-11", "what the network gained leaves the Internet", _TAGS, _LEAVES, "True"),
    Mutant("F-TAG-12", "what a load balancer passes on is in the tag", _TAGS, "return some_covers((PLATFORM_HOST, PROBES_IPV6), address)", "return True"),
    Mutant("F-TAG-12", "probes come from elsewhere", _TAGS, "return some_covers((PLATFORM_HOST, PROBES_IPV6), address)", "return False"),
    Mutant("F-TAG-12", "the tag has no IPv6", _TAGS, "return some_covers((PLATFORM_HOST, PROBES_IPV6), address)", "return some_covers((PLATFORM_HOST,), address)"),
    Mutant("F-TAG-14", "lists of tags are not read", _TAGS, "if published is not None:", "if False:"),
    Mutant("F-TAG-19", "a tag without a list is empty", _TAGS, _UNLISTED, "if True:"),
    Mutant("F-TAG-19", "a tag without a list is every public address", _TAGS, _UNLISTED, "if not is_public(address):"),
    Mutant("F-TAG-19", "a tag without a list may hold private addresses", _TAGS, _UNLISTED, _UNLISTED.replace("not is_public(address) or ", "")),
    Mutant("F-TAG-19", "a region is no part of its tag", _TAGS, "return not region or is_in_tag", "return True or is_in_tag"),
    Mutant("F-TAG-19", "a tag without a list is asked about the other end", _TAGS, _UNLISTED, _UNLISTED.replace("end.called", "TaggedEnd(end.side.other).called")),
    Mutant("F-TAG-19", "what a firewall put in place of an address is in a tag as that is", _TAGS, _UNLISTED, _UNLISTED.replace("end.called", "end.side.value")),
    Mutant("F-TAG-21", "VirtualNetwork has no IPv6", _TAGS, "if lies_in(address, tag.addresses):", "if address.low < FIRST_IPV6 and lies_in(address, tag.addresses):"),
    Mutant("F-TAG-21", "the Internet has no private IPv6", _TAGS, _BLOCK, f"if not covers(PUBLIC_IPV6, address):\n        return False\n    {_BLOCK}"),
    Mutant("F-TAG-21", "the Internet has all public IPv6", _TAGS, _BLOCK, f"if covers(PUBLIC_IPV6, address):\n        return True\n    {_BLOCK}"),
    Mutant("F-TAG-22", "peered subnets count as their networks", _TAGS, _OF_PEERS, _OF_PEERS.replace("seen.takes_part(subnet.id)", "True")),
    Mutant("F-TAG-22", "what takes no part is surely not in it", _TAGS, "if seen.subnets is not None:", "if False:"),
)  # fmt: skip

_MEMBERS = "        members = self.membership(subnet)\n        surely ="
_CONSTANT = "        return is_among(address, addresses_of([parse_prefix(text) for text in {}]))\n"
_CERTAIN_PEERS = "for prefix, is_sure in self._of_peers(subnet) if is_sure"
_WRITTEN = "certain += [route.prefix for route in written if route.next_hop in _THROUGH and route.prefix != every]"
_ITS_ROUTES = "return () if table is None else table.routes"
_IS_PEER_OPEN = "if half.allow_virtual_network_access and self.routes.takes_part(subnet, peer):"
_OWN_SPACE = "own = vnets[subnet.vnet].address_space\n"
_FAR_SPACE = "own += tuple(p for near in self.estate.peers(subnet.vnet) for far in self.estate.peers(near) for p in vnets[far].address_space)\n"
_TAGGED = 'return self.facts.holds("U-VNTAG", subnet.id, str(prefix), documented=documented)'
_OUTSIDE_OWN = "return all_of(public, negate(is_among(address, addresses_of(members.own))), *holes, *left)"
_HOST_ASKED = 'return any_of(public, all_of(host, self.facts.holds("U-INET", str(HOST), documented=False)))'
_HOLE = 'any_of(negate(lies_in(address, hole)), self.facts.holds("U-INET", str(hole)))'
_GAINED = 'self.facts.holds("U-INETMINUS", subnet.id, str(prefix))'
_PROBES = "return equals(address, self.estate.realm.probe)"
_NO_LIST = 'held = self.facts.holds("U-TAG", tag, end)'

ENCODER = (
    Mutant("F-TAG-2", "VirtualNetwork is the private ranges", _ENCODED, _MEMBERS, _CONSTANT.format(_RFC_1918) + _MEMBERS),
    Mutant("F-TAG-2", "VirtualNetwork is the private ranges, one of them mistyped", _ENCODED, _MEMBERS, _CONSTANT.format(_MISTYPED) + _MEMBERS),
    Mutant("F-TAG-2", "peerings do not count", _ENCODED, _CERTAIN_PEERS, _CERTAIN_PEERS.replace("self._of_peers(subnet)", "()")),
    Mutant("F-TAG-2", "what gateways know does not count", _ENCODED, "certain += [e.prefix for e in self._in_tables(subnet) if e.condition == TRUE and e.prefix != every]", "pass"),
    Mutant("F-TAG-3", "user routes do not count", _ENCODED, _WRITTEN, "pass"),
    Mutant("F-TAG-3", "the tag is the same in every subnet", _ENCODED, _ITS_ROUTES, "return tuple(r for s in self.estate.network.vnets[subnet.vnet].subnets if (t := self.routes.table_of(s)) is not None for r in t.routes)"),
    Mutant("F-TAG-4", "the access flag does not matter", _ENCODED, "all_of(lies_in(address, prefix), negate(self._is_shut_by(half)))", "lies_in(address, prefix)"),
    Mutant("F-TAG-5", "both halves have to be shut", _ENCODED, _IS_PEER_OPEN, _IS_PEER_OPEN.replace("half.allow", "(half.allow").replace("access and", "access or self.estate.half(peer, subnet.vnet).allow_virtual_network_access) and")),
    Mutant("F-TAG-5", "a half shuts both sides", _ENCODED, _IS_PEER_OPEN, _IS_PEER_OPEN[:-1] + " and self.estate.half(peer, subnet.vnet).allow_virtual_network_access:"),
    Mutant("F-TAG-6", "peers of peers are in it", _ENCODED, _OWN_SPACE, _OWN_SPACE + "        " + _FAR_SPACE),
    Mutant("F-TAG-7", "the question is read the other way", _ENCODED, _TAGGED, _TAGGED.replace("self.facts", "negate(self.facts") + ")"),
    Mutant("F-TAG-7", "what may be in it is not", _ENCODED, _TAGGED, "return FALSE"),
    Mutant("F-TAG-7", "what may be in it is", _ENCODED, _TAGGED, "return TRUE"),
    Mutant("F-TAG-7", "routes of other subnets are surely not in it", _ENCODED, "if other_table is not None and other_table is not table:", "if False:"),
    Mutant("F-TAG-7", "prefixes of service endpoints are surely not in it", _ENCODED, "for service in subnet.service_endpoints:", "for service in ():"),
    Mutant("F-TAG-7", "routes to tags are surely in it", _ENCODED, "written = [route for route in self._user_routes(subnet) if route.service_tag is None]", "written = self._user_routes(subnet)"),
    Mutant("F-TAG-9", "own ranges are in the Internet", _ENCODED, _OUTSIDE_OWN, "return all_of(public, *holes, *left)"),
    Mutant("F-TAG-9", "100.64.0.0/10 is public", _FAMILIES, '"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10",', '"0.0.0.0/8", "10.0.0.0/8",'),
    Mutant("F-TAG-9", "the host is in the Internet", _ENCODED, _HOST_ASKED, "return any_of(public, host)"),
    Mutant("F-TAG-9", "the host is not in the Internet", _ENCODED, _HOST_ASKED, "return public"),
    Mutant("F-TAG-10", "the Internet has no holes", _ENCODED, _HOLE, "TRUE"),
    Mutant("F-TAG-10", "the Internet has its holes", _ENCODED, _HOLE, "negate(lies_in(address, hole))"),
    Mutant("F-TAG-11", "what the network gained stays in the Internet", _ENCODED, _GAINED, "FALSE"),
    Mutant("F-TAG-11", "what the network gained leaves the Internet", _ENCODED, _GAINED, "TRUE"),
    Mutant("F-TAG-12", "what a load balancer passes on is in the tag", _ENCODED, _PROBES, "return TRUE"),
    Mutant("F-TAG-12", "probes come from elsewhere", _ENCODED, _PROBES, "return FALSE"),
    Mutant("F-TAG-12", "the tag has no IPv6", _ENCODED, _PROBES, "return equals(address, HOST_ADDRESS)"),
    Mutant("F-TAG-14", "lists of tags are not read", _ENCODED, "if declared.casefold() == name:", "if False:"),
    Mutant("F-TAG-19", "a tag without a list is empty", _ENCODED, _NO_LIST, "held = FALSE"),
    Mutant("F-TAG-19", "a region is no part of its tag", _ENCODED, "if region else TRUE", "if False else TRUE"),
    Mutant("F-TAG-19", "a tag without a list is every public address", _ENCODED, _NO_LIST, "held = TRUE"),
    Mutant("F-TAG-19", "a tag without a list may hold private addresses", _ENCODED, "public = is_among(address, self.estate.realm.public)", "public = TRUE"),
    Mutant("F-TAG-19", "a tag without a list is asked about the other end", _ENCODED, _NO_LIST, _NO_LIST.replace("end)", '"destination" if end == "source" else "source")')),
    Mutant("F-TAG-19", "what a firewall put in place of an address is in a tag as that is", _ENCODED, _NO_LIST, _NO_LIST.replace("end)", 'end.rpartition("-")[2])')),
    Mutant("F-TAG-21", "VirtualNetwork has no IPv6", _ENCODED, "        surely = is_among(address, members.certainly)\n", "        if self.estate.family is Family.IPV6:\n            return FALSE\n        surely = is_among(address, members.certainly)\n"),
    Mutant("F-TAG-21", "the Internet has no private IPv6", _ENCODED, 'elsewhere = TRUE if public == TRUE else self.facts.holds("U-INET", str(self.estate.realm.every))', "elsewhere = FALSE"),
    Mutant("F-TAG-21", "the Internet has all public IPv6", _ENCODED, 'there = TRUE if public == FALSE else self.facts.holds("U-INET", "2000::/3")', "there = TRUE"),
    Mutant("F-TAG-22", "peered subnets count as their networks", _ENCODED, _IS_PEER_OPEN, "if half.allow_virtual_network_access:"),
    Mutant("F-TAG-22", "what takes no part is surely not in it", _ENCODED, "if self.estate.is_of_subnets(subnet.vnet, peer):", "if False:"),
)  # fmt: skip

MUTANTS = (*SIMULATOR, *ENCODER)
