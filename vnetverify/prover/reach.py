"""What a claim could turn on: the networks within reach of its ends, and what the model leaves out there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Place, PlaceKind, Verb
from vnetverify.model.network import Network, Unmodelled

_TO_ANY_ADDRESS = (
    Verb.NEVER_REACHES,
    Verb.ONLY_VIA,
    Verb.NOT_VIA,
    Verb.NOT_TRANSITIVE,
    Verb.BOTTLENECK,
    Verb.LOCAL_LATENCY,
    Verb.CROSSES_AT_MOST,
)
"""Verbs about all flows that come to the right side, by whatever address."""

_NAMED_BY_KIND = (PlaceKind.SITE.value, PlaceKind.PUBLIC.value)


def within_reach(network: Network, claim: Claim) -> frozenset[str]:
    """Return the networks that peerings, gateways, load balancers and sites join to either end of a claim."""
    joined: dict[str, set[str]] = {name: set() for name in network.vnets}

    def join(one: str, other: str) -> None:
        joined.setdefault(one, set()).add(other)
        joined.setdefault(other, set()).add(one)

    for half in network.peerings:
        join(half.local, half.remote)
    hubs = {name: gateway.vnet for name, gateway in network.gateways.items()}
    for connection in network.connections:
        ends = (connection.gateway, connection.remote_gateway)
        named = [hubs[name] for name in ends if name is not None and name in hubs]
        named += [f"site {connection.site}"] if connection.site else []
        named += [f"circuit {connection.circuit.casefold()}"] if connection.circuit else []
        for one, other in pairwise(named):
            join(one, other)
    for site in network.sites.values():
        machine = network.machines.get(site.behind) if site.behind is not None else None
        for nic in machine.nics if machine is not None else ():
            join(f"site {site.name}", nic.vnet)
    for machine in network.machines.values():
        for one, other in pairwise(nic.vnet for nic in machine.nics):
            join(one, other)
    vnet_of_nic = {nic.name: nic.vnet for nic in network.nics()}
    for balancer in network.load_balancers.values():
        fronts = {frontend.name: frontend.vnet for frontend in balancer.frontends}
        fronts |= {front.name: f"public {balancer.name}/{front.name}" for front in balancer.public_frontends}
        for rule in balancer.rules:
            for name in rule.members if rule.frontend in fronts else ():
                join(fronts[rule.frontend], vnet_of_nic[name])
    for endpoint in network.private_endpoints.values():
        service = network.private_link_services.get(endpoint.link_service or "")
        if service is not None:
            join(endpoint.vnet, service.vnet)
            join(service.vnet, network.load_balancers[service.balancer].frontend(service.frontend).vnet)
    for machine in network.machines.values():
        for public in machine.public_addresses if machine.firewall is not None else ():
            for nic in machine.nics:
                join(f"public {machine.name}/{public.name}", nic.vnet)
    for group in network.connected_groups:
        for one, other in pairwise(group.members):
            join(one, other)
    vnet_of = {subnet.id: subnet.vnet for subnet in network.subnets()}
    waiting = [
        f"{place.kind} {place.name}" if place.kind in _NAMED_BY_KIND else vnet_of.get(place.name, place.name)
        for pair in claim.pairs
        for ends in pair
        for place in (*(place for place, _ in ends.parts), *ends.unknown)
    ]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += joined.get(name, ())
    return frozenset(seen)


def doubts(network: Network, claim: Claim) -> tuple[Unmodelled, ...]:
    """Return what the input holds, the model does not, and the claim's verdict could turn on."""
    if not network.unmodelled:
        return ()
    reach = within_reach(network, claim)
    passed = _passed(network) if any(item.ends_there for item in network.unmodelled) else frozenset()
    return tuple(
        item
        for item in network.unmodelled
        if (not item.vnets or reach & set(item.vnets))
        and (not item.places or _may_matter(item, claim) or (item.ends_there and not passed.isdisjoint(item.places)))
    )


def _passed(network: Network) -> frozenset[str]:
    """Return the subnets in which flows between others may be forwarded, by what is not managed by Azure."""
    managed = {nic.name for machine in network.machines.values() if machine.is_managed for nic in machine.nics}
    held = {(nic.subnet_id, address) for nic in network.nics() if nic.name in managed for address in nic.addresses}
    hops = {route.next_hop_address for table in network.route_tables.values() for route in table.routes} - {None}
    named = (
        subnet.id
        for subnet in network.subnets()
        for hop in hops
        if hop is not None
        and (subnet.id, hop) not in held
        and any(prefix.value <= hop <= prefix.last for prefix in subnet.prefixes)
    )
    return frozenset(
        (*(nic.subnet_id for nic in network.nics() if nic.ip_forwarding and nic.name not in managed), *named)
    )


def _may_matter(item: Unmodelled, claim: Claim) -> bool:
    """Tell whether a claim could turn on what is not known of what stands at the places of `item`.

    Unless it has to do with all flows there it is about public addresses: that flows leave from there is open anyhow
    (`U-DOA`), but not by which method.
    """
    for left, right in claim.pairs:
        leaves, arrives = (any(place.name in item.places for place in _places_of(ends)) for ends in (left, right))
        if item.ends_there and (leaves or arrives):
            return True
        if arrives and (claim.verb in _TO_ANY_ADDRESS or left.at(INTERNET)):
            return True
        if leaves and claim.verb is Verb.EGRESS:
            return True
    return False


def _places_of(ends: EndpointSet) -> Iterator[Place]:
    yield from (place for place, _ in ends.parts)
    yield from ends.unknown
