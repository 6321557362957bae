"""What a claim could depend on: the networks within reach of its ends, and what is not modelled there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise

from vnetverify.facts import SettledFacts
from vnetverify.header import set_of
from vnetverify.model.balancers import LoadBalancer
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, place_of, place_of_address
from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.intents import INTERNET, OF_ABSENCE, OF_QUALITY, Claim, EndpointSet, Place, PlaceKind, Verb
from vnetverify.model.network import GatewayKind, Network, Nic, Subnet, Unmodelled, Vnet
from vnetverify.prover.verdict import Witness

_TO_ANY_ADDRESS = OF_ABSENCE | OF_QUALITY
"""Verbs about all flows that come to the right side, by whatever address."""

_TO_ITS_ADDRESSES = (
    Verb.REACHES,
    Verb.REACHES_SYMMETRICALLY,
    Verb.LOSES_NO_PACKETS,
    Verb.SOMETIMES_REACHES,
    Verb.NEXT_HOP,
)
"""Verbs about flows that are sent to addresses of the right side."""

_BY_ROUTES = (Verb.NEXT_HOP, Verb.GATEWAY)
"""Verbs about the ways that routes take, be there a way out to the Internet or not."""

_NAMED_BY_KIND = (PlaceKind.SITE.value, PlaceKind.PUBLIC.value)
_BY_THE_INTERNET = (PlaceKind.INTERNET.value, PlaceKind.PUBLIC.value)


def within_reach(network: Network, claim: Claim) -> frozenset[str]:
    """Return the networks that peerings, gateways, load balancers and sites join to either end of a claim."""
    vnet_of = {subnet.id: subnet.vnet for subnet in network.subnets()}
    ends = (
        f"{place.kind} {place.name}" if place.kind in _NAMED_BY_KIND else vnet_of.get(place.name, place.name)
        for pair in claim.pairs
        for ends in pair
        for place in _places_of(ends)
    )
    return _joined_to(network, ends)


def _joined_to(network: Network, names: Iterable[str]) -> frozenset[str]:
    """Return what anything joins to some of `names`, and these."""
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for join in _JOINS:
        for one, other in join(network):
            neighbours[one].add(other)
            neighbours[other].add(one)
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += neighbours[name]
    return frozenset(seen)


def _by_peerings(network: Network) -> Iterator[tuple[str, str]]:
    """Yield the pairs of networks that a peering or a connected group joins."""
    yield from ((half.local, half.remote) for half in network.peerings)
    for group in network.connected_groups:
        yield from pairwise(group.members)


def _by_gateways(network: Network) -> Iterator[tuple[str, str]]:
    """Yield what connections of gateways join, sites and circuits by names of their own."""
    hubs = {name: gateway.vnet for name, gateway in network.gateways.items()}
    for connection in network.connections:
        ends = (connection.gateway, connection.remote_gateway)
        named = [hubs[name] for name in ends if name is not None and name in hubs]
        named += [f"site {connection.site}"] if connection.site else []
        named += [f"circuit {connection.circuit.casefold()}"] if connection.circuit else []
        yield from pairwise(named)


def _by_machines(network: Network) -> Iterator[tuple[str, str]]:
    """Yield what interfaces of one machine join: networks, the sites behind it, a firewall's public addresses."""
    for site in network.sites.values():
        machine = network.machines.get(site.behind) if site.behind is not None else None
        for nic in machine.nics if machine is not None else ():
            yield f"site {site.name}", nic.vnet
    for machine in network.machines.values():
        yield from pairwise(nic.vnet for nic in machine.nics)
        for public in machine.public_addresses if machine.firewall is not None else ():
            for nic in machine.nics:
                yield f"public {machine.name}/{public.name}", nic.vnet


def _by_load_balancers(network: Network) -> Iterator[tuple[str, str]]:
    """Yield the frontends of load balancers with the networks of their members."""
    vnet_of_nic = {nic.name: nic.vnet for nic in network.nics()}
    for balancer in network.load_balancers.values():
        fronts = {frontend.name: frontend.vnet for frontend in balancer.frontends}
        fronts |= {front.name: f"public {balancer.name}/{front.name}" for front in balancer.public_frontends}
        for rule in balancer.rules:
            for name in rule.members if rule.frontend in fronts else ():
                yield fronts[rule.frontend], vnet_of_nic[name]


def _by_public_addresses(network: Network) -> Iterator[tuple[str, str]]:
    """Yield the known public addresses of interfaces with the networks they lead into."""
    for nic in network.nics():
        yield from ((f"{PlaceKind.PUBLIC.value} {name}", nic.vnet) for name in _public_addresses(nic))


def _public_addresses(nic: Nic) -> Iterator[str]:
    """Yield the names of the places of an interface's known public addresses."""
    for public in (nic.public_address, nic.public_ipv6):
        if public is not None and public.address is not None:
            yield place_of_address(public.address).name


def _by_private_links(network: Network) -> Iterator[tuple[str, str]]:
    """Yield the networks of private endpoints, of the services they lead to, and of what stands behind these."""
    for endpoint in network.private_endpoints.values():
        service = network.private_link_services.get(endpoint.link_service or "")
        if service is not None:
            yield endpoint.vnet, service.vnet
            yield service.vnet, network.load_balancers[service.balancer].frontend(service.frontend).vnet


def _by_translations(network: Network) -> Iterator[tuple[str, str]]:
    """Yield the networks of firewalls with those of whom a NAT rule may lead to by a public address."""
    for machine in network.machines.values():
        rules = () if machine.firewall is None else machine.firewall.of_kind(FirewallRuleKind.NAT)
        for target in {rule.translation.address for rule in rules if rule.translation is not None}:
            if target in PUBLIC_ADDRESSES:
                yield from ((nic.vnet, name) for nic in machine.nics for name in _holding_public(network, target))


def _holding_public(network: Network, address: int) -> Iterator[str]:
    """Yield the networks of machines, and the frontends, whose public address is this one, or may be."""
    for machine in network.machines.values():
        publics = (*machine.public_addresses, *(nic.public_ipv6 for nic in machine.nics if nic.public_ipv6 is not None))
        if any(public.address in (None, address) for public in publics):
            yield from (nic.vnet for nic in machine.nics)
    for balancer in network.load_balancers.values():
        for front in balancer.public_frontends:
            if front.public_address.address in (None, address):
                yield f"public {balancer.name}/{front.name}"


_JOINS = (
    _by_peerings,
    _by_gateways,
    _by_machines,
    _by_load_balancers,
    _by_public_addresses,
    _by_private_links,
    _by_translations,
)


def doubts(network: Network, claim: Claim, assumed: Mapping[str, bool]) -> tuple[Unmodelled, ...]:
    """Return what the input holds, the model does not, and the claim's verdict could turn on where facts are as
    `assumed`."""
    if not network.unmodelled:
        return ()
    items = _within_reach(network, claim)
    if claim.verb in _TO_ITS_ADDRESSES:
        home = _home(network, [ends for pair in claim.pairs for ends in pair], assumed)
        return tuple(item for item in items if home is None or _matters_within(item, home))
    return items


def unsettled_by(
    network: Network, witness: Witness, items: Iterable[Unmodelled], assumed: Mapping[str, bool]
) -> tuple[Unmodelled, ...]:
    """Return those of `items` that the way of a witness, which gets to its destination, could turn on."""
    flow, origin = witness.flow, witness.origin
    for vnet in network.vnets.values():
        ends = [place_of(subnet.id) for subnet in vnet.subnets if _holds(subnet, flow.destination)]
        if ends and origin in map(place_of, (subnet.id for subnet in vnet.subnets)):
            sides = (_only(origin, flow.source), *(_only(end, flow.destination) for end in ends))
            home = _home(network, sides, assumed)
            return tuple(item for item in items if home is None or _matters_within(item, home))
    return tuple(items)


def _only(place: Place, address: int) -> EndpointSet:
    return EndpointSet(((place, set_of((address,))),))


def _home(network: Network, sides: Collection[EndpointSet], assumed: Mapping[str, bool]) -> str | None:
    """Return the vnet that nothing leaves which some of `sides` send to others; None where something may.

    All are interfaces in its subnets, or addresses of its ranges, and nothing there hands on what it gets. To its own
    ranges a vnet delivers whatever gateways, Route Servers and peerings tell, and a user route to more than these
    changes nothing (R-SEL-3, R-SEL-5); only one to a part of them would (R-SEL-4). Others may have no address in them
    (R-PEER-6, R-ADDR-10), but sites of a peer's gateway: whether a static prefix of one wins is open (`U-R-SEL-3`).
    """
    subnets = {place_of(subnet.id): subnet for subnet in network.subnets()}
    places = {place for ends in sides for place in _places_of(ends)}
    named = [place for place in places if place.kind == PlaceKind.SUBNET.value]
    within = [subnets[place] for place in named if place in subnets]
    homes = {subnet.vnet for subnet in within}
    if len(homes) != 1 or len(within) < len(named) or any(_hands_on(network, ends) for ends in sides):
        return None
    if any(place.kind in (*_BY_THE_INTERNET, PlaceKind.SITE.value) for place in places):
        return None  # what a site sends comes by others, whatever address it has
    (home,) = homes
    if SettledFacts(assumed).get("U-R-SEL-3") is not False and _may_learn_static(network, home, within):
        return None
    pieces = (piece for ends in sides for place, held in ends.parts if place not in subnets for piece in held)
    if not all(_is_inside(network.vnets[home], piece.low, piece.high) for piece in pieces):
        return None
    tables = {subnet.route_table for subnet in within} - {None}
    prefixes = (route.prefix for name in tables for route in network.route_tables[str(name)].routes)
    return None if any(_is_inside(network.vnets[home], each.value, each.last) for each in prefixes) else home


def _may_learn_static(network: Network, vnet: str, subnets: Iterable[Subnet]) -> bool:
    """Hold when some of `subnets`, of `vnet`, may have static prefixes of a VPN gateway in a peer, known or not."""
    kinds: defaultdict[str, set[GatewayKind]] = defaultdict(set)
    for gateway in network.gateways.values():
        kinds[gateway.vnet].add(gateway.kind)
    used = [half.remote for half in network.peerings if half.local == vnet and half.use_remote_gateways]
    tables = (None if each.route_table is None else network.route_tables[each.route_table] for each in subnets)
    is_told = any(table is None or table.propagate_gateway_routes for table in tables)
    return is_told and any(kinds[hub] != {GatewayKind.EXPRESSROUTE} for hub in used)


def _is_inside(vnet: Vnet, low: int, high: int) -> bool:
    return any(whole.value <= low and high <= whole.last for whole in vnet.address_space)


def _matters_within(item: Unmodelled, home: str) -> bool:
    """Hold when flows that never leave the vnet `home` could turn on `item`."""
    return not item.is_outside and (not item.vnets or home in item.vnets)


def _within_reach(network: Network, claim: Claim) -> tuple[Unmodelled, ...]:
    reach = within_reach(network, claim)
    if any(_leads_anywhere(network, right) for _, right in claim.pairs):
        reach |= network.vnets.keys()
    if claim.verb in _TO_ANY_ADDRESS and any(_comes_by_the_internet(network, right) for _, right in claim.pairs):
        reach |= _joined_to(network, _sending_on(network))
    passed = _passed(network, claim) if any(item.ends_there for item in network.unmodelled) else frozenset()
    return tuple(
        item
        for item in network.unmodelled
        if (not item.vnets or reach & set(item.vnets))
        and (
            not item.places
            or _may_matter(network, item, claim)
            or (item.ends_there and not passed.isdisjoint(item.places))
        )
    )


def presumed_elsewhere(network: Network, assumed: Mapping[str, bool]) -> Iterator[Unmodelled]:
    """Yield firewalls of which it is assumed that they did not get the address that routes name (F-FW-12).

    Their NAT rules take what comes in by a public address all the same, and the reply finds them or not.
    """
    denied = {fact.casefold() for fact, value in assumed.items() if not value}
    for name, machine in network.machines.items():
        policy = machine.firewall
        if policy is None or not policy.presumes_address or not policy.of_kind(FirewallRuleKind.NAT):
            continue
        if not denied.isdisjoint({"u-fwaddr", f"u-fwaddr({name})".casefold()}):
            why = f"its NAT rules are modelled where U-FWADDR({name}) holds, and it is assumed not to"
            yield Unmodelled(f"firewall `{name}`", why, (), policy.span)


def _passed(network: Network, claim: Claim) -> frozenset[str]:
    """Return the subnets in which flows of a claim may be forwarded, or end, though its ends are elsewhere."""
    handed_on = any(_hands_on(network, right) for _, right in claim.pairs)
    return frozenset((*forwarded(network), *(_handed_on(network) if handed_on else ())))


def forwarded(network: Network) -> Iterator[str]:
    """Yield the subnets in which flows between others may be forwarded, by what is not managed by Azure."""
    managed = {nic.name for machine in network.machines.values() if machine.is_managed for nic in machine.nics}
    held = {(nic.subnet_id, address) for nic in network.nics() if nic.name in managed for address in nic.addresses}
    hops = {route.next_hop_address for table in network.route_tables.values() for route in table.routes}
    hops |= {peer.next_hop for server in network.route_servers for peer in server.peers}
    for subnet in network.subnets():
        if any(hop is not None and (subnet.id, hop) not in held and _holds(subnet, hop) for hop in hops):
            yield subnet.id
    yield from (nic.subnet_id for nic in network.nics() if nic.ip_forwarding and nic.name not in managed)


def _sending_on(network: Network) -> Iterator[str]:
    """Yield the networks of machines that may take what comes by a public address and send it anywhere (F-ADDR-8).

    They are appliances that nobody describes, and managed firewalls whose rules are not modelled.
    """
    for machine in network.machines.values():
        if machine.policy is None and machine.firewall is None:
            yield from (nic.vnet for nic in machine.nics if nic.public_address or nic.public_ipv6)


def _comes_by_the_internet(network: Network, ends: EndpointSet) -> bool:
    """Hold when flows may come to `ends` by way of the Internet."""
    if any(place.kind in _BY_THE_INTERNET for place, _ in ends.parts):
        return True
    return not frozenset(reached_otherwise(network)).isdisjoint(place.name for place in _places_of(ends))


def reached_otherwise(network: Network) -> Iterator[str]:
    """Yield the subnets whose hosts may get flows that name another address than theirs."""
    for nic in network.nics():
        if nic.public_address is not None or nic.public_ipv6 is not None:
            yield nic.subnet_id
    members = {name for lb in network.load_balancers.values() for rule in lb.rules for name in rule.members}
    yield from (nic.subnet_id for nic in network.nics() if nic.name in members)
    translating = any(
        machine.firewall is not None and any(machine.firewall.of_kind(FirewallRuleKind.NAT))
        for machine in network.machines.values()
    )
    if translating:
        yield from (subnet.id for subnet in network.subnets())


def _hands_on(network: Network, ends: EndpointSet) -> bool:
    """Hold when what comes to `ends` may be delivered elsewhere: by a load balancer, by NAT rules of a firewall."""
    if any(place.kind == PlaceKind.PUBLIC.value for place, _ in ends.parts):
        return True
    return any(address in ends.at(place_of(subnet)) for subnet, address in _addresses_handing_on(network))


def _addresses_handing_on(network: Network) -> Iterator[tuple[str, int]]:
    """Yield the private addresses, by subnet, whose flows are delivered to others."""
    for balancer in network.load_balancers.values():
        yield from ((frontend.subnet_id, frontend.address) for frontend in balancer.frontends)
    for endpoint in network.private_endpoints.values():
        if endpoint.link_service is not None:
            yield from ((endpoint.subnet_id, address) for address in endpoint.addresses)
    for machine in network.machines.values():
        if machine.firewall is not None and machine.firewall.of_kind(FirewallRuleKind.NAT):
            yield from ((nic.subnet_id, address) for nic in machine.nics for address in nic.addresses)


def _handed_on(network: Network) -> Iterator[str]:
    """Yield the subnets of frontends and members of load balancers, and those of what NAT rules lead to."""
    subnet_of = {nic.name: nic.subnet_id for nic in network.nics()}
    for balancer in network.load_balancers.values():
        yield from (frontend.subnet_id for frontend in balancer.frontends)
        yield from (subnet_of[name] for rule in balancer.rules for name in rule.members)
        if _lacks_members(balancer):
            yield from (subnet.id for subnet in network.subnets())
    policies = (machine.firewall for machine in network.machines.values() if machine.firewall is not None)
    rules = (rule for policy in policies for rule in policy.of_kind(FirewallRuleKind.NAT))
    targets = {rule.translation.address for rule in rules if rule.translation is not None}
    yield from (subnet.id for subnet in network.subnets() if any(_holds(subnet, target) for target in targets))


def _lacks_members(balancer: LoadBalancer) -> bool:
    """Hold when nobody is known to whom a rule leads: members that only a scale set describes may be anywhere."""
    return not all(rule.members for rule in balancer.rules)


def _leads_anywhere(network: Network, ends: EndpointSet) -> bool:
    """Hold when a public frontend is among `ends` of whose members it is not known in which network they are."""
    names = {f"{name}/" for name, balancer in network.load_balancers.items() if _lacks_members(balancer)}
    public = [place.name for place, _ in ends.parts if place.kind == PlaceKind.PUBLIC.value]
    return any(place.startswith(tuple(names)) for place in public)


def _holds(subnet: Subnet, address: int) -> bool:
    return any(prefix.value <= address <= prefix.last for prefix in subnet.prefixes)


def _may_matter(network: Network, item: Unmodelled, claim: Claim) -> bool:
    """Tell whether a claim could turn on what is not known of what stands at the places of `item`.

    Unless it has to do with all flows there it is about public addresses, by which flows come in, and leave.
    """
    for left, right in claim.pairs:
        leaves = any(place.name in item.places for place in _places_of(left))
        arrives = any(place.name in item.places for place in (*_places_of(right), *_behind_addresses(network, right)))
        if item.ends_there and (leaves or arrives):
            return True
        if arrives and (claim.verb in _TO_ANY_ADDRESS or left.at(INTERNET)):
            return True
        if leaves and _may_leave_for(network, claim.verb, right):
            return True
    return False


def _may_leave_for(network: Network, verb: Verb, right: EndpointSet) -> bool:
    """Hold when a way out to the Internet may matter to flows to `right`: the own address of a host needs none."""
    if verb in _TO_ANY_ADDRESS:
        return _comes_by_the_internet(network, right)
    return verb not in _BY_ROUTES and any(place.kind in _BY_THE_INTERNET for place, _ in right.parts)


def _places_of(ends: EndpointSet) -> Iterator[Place]:
    yield from (place for place, _ in ends.parts)
    yield from ends.unknown


def _behind_addresses(network: Network, ends: EndpointSet) -> Iterator[Place]:
    """Yield the places of interfaces that `ends` name by a public address."""
    subnets = {address: nic.subnet_id for nic in network.nics() for address in _public_addresses(nic)}
    for place, _ in ends.parts:
        if place.kind == PlaceKind.PUBLIC.value and place.name in subnets:
            yield place_of(subnets[place.name])
