"""A network on which the engines differ made small: element after element is left out while they still differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

from vnetverify.diagnostic import Severity
from vnetverify.model.endpoints import place_of_address
from vnetverify.model.intents import Claim, Place, PlaceKind
from vnetverify.model.network import Network, Nic, Subnet, Vnet
from vnetverify.model.wellformed import check

_Part = TypeVar("_Part")

_LISTS = ("peerings", "connections", "connected_groups", "route_servers", "admin_rules")
_NAMED = ("load_balancers", "private_endpoints", "private_link_services", "proxies", "gateways", "sites", "machines")


def shrunk(
    network: Network, claim: Claim, still_differs: Callable[[Network], bool], deadline: Callable[[], bool]
) -> Network:
    """Return a network without what the difference does not need; it stops early once `deadline` holds.

    Nothing is left out that the claim names, and nothing that Azure would refuse to lack.
    """
    faults = _faults(network)
    smaller = True
    while smaller:
        smaller = False
        for candidate in _reductions(network, claim):
            if deadline():
                return network
            if _faults(candidate) <= faults and still_differs(candidate):
                network, smaller = candidate, True
                break
    return network


def _faults(network: Network) -> frozenset[str]:
    try:
        return frozenset(found.message for found in check(network) if found.severity is Severity.ERROR)
    except LookupError:  # no reader makes a network in which something speaks of what is not there
        return frozenset({"something speaks of what is left out"})


def _reductions(network: Network, claim: Claim) -> Iterator[Network]:
    """Yield networks that lack one thing, large things first."""
    named = _named_by(network, claim)
    for field in _LISTS:
        for rest in _without_one(getattr(network, field)):
            yield _with(network, field, rest)
    for field in _NAMED:
        yield from (_with(network, field, rest) for rest in _without_key(getattr(network, field), named))
    kept = {gateway.vnet for gateway in network.gateways.values() if gateway.name in named}
    for name in network.vnets:
        if name not in kept and not any(place == name or place.startswith(f"{name}.") for place in named):
            yield _without_vnet(network, name)
    for name, nsg in network.nsgs.items():
        yield replace(_without_nsg(network, name), nsgs=_others(network.nsgs, name))
        for rules in _without_one(nsg.rules):
            yield replace(network, nsgs={**network.nsgs, name: replace(nsg, rules=rules)})
    for name, table in network.route_tables.items():
        yield replace(_without_table(network, name), route_tables=_others(network.route_tables, name))
        for routes in _without_one(table.routes):
            yield replace(network, route_tables={**network.route_tables, name: replace(table, routes=routes)})
    yield from chain(_smaller_collections(network), _smaller_balancers(network), _plainer(network, named))


def _named_by(network: Network, claim: Claim) -> frozenset[str]:
    """Return the names that the claim has of places and devices."""
    sets = (*(each for pair in claim.pairs for each in pair), *claim.apart)
    places = {place for each in sets for place, _ in each.parts}
    named = {place.name for place in places} | {*claim.via, *claim.excused, *claim.peered_with}
    named |= {place.name.partition("/")[0] for place in places if place.kind == PlaceKind.PUBLIC.value}
    named |= {nic.machine for nic in network.nics() if not places.isdisjoint(_public_places(nic))}
    expected = (claim.expected_hop, claim.expected_egress)
    named |= {each.name for each in expected if each is not None and each.name is not None}
    return frozenset(named if claim.advertising is None else {*named, claim.advertising.site})


def _public_places(nic: Nic) -> Iterator[Place]:
    for public in (nic.public_address, nic.public_ipv6):
        if public is not None and public.address is not None:
            yield place_of_address(public.address)


def _without_one(parts: tuple[_Part, ...]) -> Iterator[tuple[_Part, ...]]:
    yield from ((*parts[:position], *parts[position + 1 :]) for position in range(len(parts)))


def _without_key(parts: Mapping[str, _Part], kept: frozenset[str]) -> Iterator[Mapping[str, _Part]]:
    yield from (_others(parts, name) for name in parts if name not in kept)


def _others(parts: Mapping[str, _Part], name: str) -> dict[str, _Part]:
    return {other: part for other, part in parts.items() if other != name}


def _without_vnet(network: Network, name: str) -> Network:
    """Return the network without a vnet and what stands in it; what else speaks of it makes it be refused."""
    machines = {n: m for n, m in network.machines.items() if all(nic.vnet != name for nic in m.nics)}
    return replace(
        network,
        vnets=_others(network.vnets, name),
        machines=machines,
        peerings=tuple(half for half in network.peerings if name not in (half.local, half.remote)),
        gateways={n: gateway for n, gateway in network.gateways.items() if gateway.vnet != name},
        route_servers=tuple(server for server in network.route_servers if server.vnet != name),
        private_endpoints={n: e for n, e in network.private_endpoints.items() if e.vnet != name},
    )


def _of_subnets(network: Network, change: Callable[[Subnet], Subnet]) -> dict[str, Vnet]:
    return {n: replace(vnet, subnets=tuple(map(change, vnet.subnets))) for n, vnet in network.vnets.items()}


def _without_nsg(network: Network, name: str) -> Network:
    """Return the network in which nothing has the security group."""
    vnets = _of_subnets(network, lambda subnet: replace(subnet, nsg=None) if subnet.nsg == name else subnet)
    machines = {
        n: replace(m, nics=tuple(replace(nic, nsg=None) if nic.nsg == name else nic for nic in m.nics))
        for n, m in network.machines.items()
    }
    return replace(network, vnets=vnets, machines=machines)


def _without_table(network: Network, name: str) -> Network:
    """Return the network in which no subnet has the route table."""
    plain = _of_subnets(network, lambda s: replace(s, route_table=None) if s.route_table == name else s)
    return replace(network, vnets=plain)


def _smaller_collections(network: Network) -> Iterator[Network]:
    for position, collection in enumerate(network.admin_rules):
        for rules in _without_one(collection.rules):
            less = replace(collection, rules=rules)
            yield replace(
                network, admin_rules=(*network.admin_rules[:position], less, *network.admin_rules[position + 1 :])
            )


def _smaller_balancers(network: Network) -> Iterator[Network]:
    for name, balancer in network.load_balancers.items():
        for rules in _without_one(balancer.rules):
            yield replace(network, load_balancers={**network.load_balancers, name: replace(balancer, rules=rules)})
        for outbound in _without_one(balancer.outbound_rules):
            less = replace(balancer, outbound_rules=outbound)
            yield replace(network, load_balancers={**network.load_balancers, name: less})


def _plainer(network: Network, named: frozenset[str]) -> Iterator[Network]:
    """Yield networks in which one subnet, interface or vnet says less."""
    for vnet in network.vnets.values():
        for subnets in _without_one(vnet.subnets):
            gone = next(subnet for subnet in vnet.subnets if subnet not in subnets)
            if gone.id not in named:
                yield replace(network, vnets={**network.vnets, vnet.name: replace(vnet, subnets=subnets)})
        for less in _less(vnet, summarized_gateway_prefixes=(), flow_timeout=False):
            yield replace(network, vnets={**network.vnets, vnet.name: less})
        for subnet in vnet.subnets:
            for plain in _less(subnet, nat_gateway=None, default_outbound=None, service_endpoints=()):
                subnets = tuple(plain if each is subnet else each for each in vnet.subnets)
                yield replace(network, vnets={**network.vnets, vnet.name: replace(vnet, subnets=subnets)})
    for name, machine in network.machines.items():
        for position, nic in enumerate(machine.nics):
            for plain_nic in _less(nic, **_plain_parts(name in named)):
                nics = (*machine.nics[:position], plain_nic, *machine.nics[position + 1 :])
                yield replace(network, machines={**network.machines, name: replace(machine, nics=nics)})
    yield from _less(network, is_strict=False, service_tags={}, asgs={}, nat_gateways={})


def _plain_parts(is_named: bool) -> dict[str, object]:
    """Return what an interface is without; a claim may name it by its public address."""
    return {"asgs": ()} if is_named else {"public_address": None, "public_ipv6": None, "asgs": ()}


def _less(part: _Part, **plain: object) -> Iterator[_Part]:
    """Yield `part` with one of its fields plain, where it is not."""
    for field, value in plain.items():
        if getattr(part, field) != value:
            yield _with(part, field, value)


def _with(part: _Part, field: str, value: Any) -> _Part:
    changed: _Part = replace(part, **{field: value})  # type: ignore[type-var]
    return changed
