"""What gateways serve, learn and announce.

R-GW-2, R-GW-4, R-GW-6, R-GW-8, R-GW-14, R-GW-16, R-GW-17, R-GW-18, R-GW-19, R-GW-20,
R-SYS-8, I-FAILURES.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Facts
from vnetverify.encoder.failures import Failing
from vnetverify.encoder.terms import TRUE, Field, Term, all_of, any_of, is_among, lies_in
from vnetverify.header import EVERYWHERE, Prefix, addresses_of
from vnetverify.model.intents import FailureKind
from vnetverify.model.network import Connection, Gateway, GatewayKind, RouteServer
from vnetverify.source import Span

_AZURE_ASN = 65515


@dataclass(frozen=True, slots=True)
class Way:
    """Where a gateway can send: a connection to a site or gateway, or its circuit to another gateway."""

    name: str
    is_bgp: bool
    site: str | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A prefix that a gateway knows, the way it points and the condition on which it does."""

    prefix: Prefix
    way: Way
    is_static: bool
    condition: Term = TRUE
    span: Span | None = None

    def where(self, condition: Term) -> Entry:
        """Return the entry on a further condition."""
        return replace(self, condition=all_of(self.condition, condition))


class Gateways:
    """Gateway knowledge of an estate; conditions are terms over open facts."""

    def __init__(self, estate: Estate, facts: Facts, failing: Failing) -> None:
        self.estate = estate
        self.facts = facts
        self.failing = failing
        self._learned: dict[str, tuple[Entry, ...]] = {}

    def uses(self, spoke: str, hub: str) -> bool:
        """Tell whether `spoke` uses the gateways of `hub` (R-GW-4)."""
        near, far = self.estate.half(spoke, hub), self.estate.half(hub, spoke)
        return (
            hub in self.estate.peers(spoke)
            and near is not None
            and far is not None
            and near.use_remote_gateways
            and far.allow_gateway_transit
        )

    def servers(self, vnet: str) -> tuple[Gateway, ...]:
        """Return the gateways that serve `vnet`: its own, then those it uses, as declared."""
        hubs = {hub for hub in self.estate.peers(vnet) if self.uses(vnet, hub)}
        used = (gateway for gateway in self.estate.network.gateways.values() if gateway.vnet in hubs)
        return (*self.estate.gateways_of[vnet], *used)

    def own_prefixes(self, gateway: Gateway) -> tuple[tuple[Prefix, Term], ...]:
        """Return what `gateway` announces by itself, each on its condition: whole spaces of its network and its spokes,
        what takes part of spokes peered by subnets (R-GW-8), and what a Route Server tells it (R-GW-19)."""
        hub = gateway.vnet
        vnets = self.estate.network.vnets
        summary = vnets[hub].summarized_gateway_prefixes
        announced = [(prefix, TRUE) for prefix in summary or vnets[hub].address_space]
        for spoke in self.estate.peers(hub):
            if not self.uses(spoke, hub):
                continue
            joined = self.is_peering_up(hub, spoke)
            own = tuple(
                prefix for prefix in vnets[spoke].address_space if not any(contains(s, prefix) for s in summary)
            )
            whole = joined
            if self.estate.is_of_subnets(hub, spoke):
                taking_part = self.estate.participants(spoke, hub)
                announced += [(prefix, joined) for subnet in taking_part for prefix in subnet.prefixes]
                whole = all_of(joined, self.facts.holds("U-R-GW-8"))
            announced += [(prefix, whole) for prefix in own]
        for server in self.route_servers(hub):
            if server.branch_to_branch:
                announced += [
                    (prefix, self.failing.is_up(FailureKind.APPLIANCE, peer.machine))
                    for peer in server.peers
                    for prefix in peer.prefixes
                ]
        return tuple(announced)

    def is_peering_up(self, vnet: str, peer: str) -> Term:
        return self.failing.is_up(FailureKind.PEERING, self.estate.peering_name(vnet, peer))

    def is_served(self, vnet: str, hub: str) -> Term:
        """Hold while `vnet` has the use of what serves it in `hub`: always of its own."""
        return TRUE if vnet == hub else self.is_peering_up(vnet, hub)

    def announces(self, gateway: Gateway, address: Field) -> Term:
        """Hold when `gateway` announces `address` by itself."""
        own = self.own_prefixes(gateway)
        surely = addresses_of(prefix for prefix, condition in own if condition == TRUE)
        doubtful = [all_of(lies_in(address, prefix), condition) for prefix, condition in own if condition != TRUE]
        return any_of(is_among(address, surely), *doubtful)

    def route_servers(self, vnet: str) -> tuple[RouteServer, ...]:
        return tuple(server for server in self.estate.network.route_servers if server.vnet == vnet)

    def serving_route_servers(self, vnet: str) -> tuple[RouteServer, ...]:
        """Return the Route Servers whose routes `vnet` gets: its own, and those of hubs it uses (R-GW-19)."""
        return tuple(
            server
            for server in self.estate.network.route_servers
            if server.vnet == vnet or self.uses(vnet, server.vnet)
        )

    def exchanges_with(self, gateway: Gateway) -> tuple[Gateway, ...]:
        """Return the gateways beside `gateway` that branch-to-branch joins to it (R-GW-16)."""
        beside = self.estate.gateways_of[gateway.vnet]
        vpn = any(g.kind is GatewayKind.VPN and g.active_active and g.asn == _AZURE_ASN for g in beside)
        if not vpn or not any(server.branch_to_branch for server in self.route_servers(gateway.vnet)):
            return ()
        return tuple(other for other in beside if other.name != gateway.name)

    def connections(self, gateway: Gateway) -> tuple[Connection, ...]:
        """Return the connections with an end at `gateway`."""
        return tuple(
            connection
            for connection in self.estate.network.connections
            if gateway.name in (connection.gateway, connection.remote_gateway)
        )

    def way_of(self, connection: Connection, gateway: Gateway) -> Way:
        """Return `connection` as seen from `gateway`."""
        if connection.site is not None:
            express = gateway.kind is GatewayKind.EXPRESSROUTE
            return Way(connection.name, connection.bgp or express, site=connection.site)
        far = connection.remote_gateway if connection.gateway == gateway.name else connection.gateway
        return Way(connection.name, connection.bgp, gateway=far)

    def learned(self, gateway: Gateway) -> tuple[Entry, ...]:
        """Return every prefix that `gateway` knows and keeps (R-GW-2, R-GW-14)."""
        if gateway.name not in self._learned:
            self._learned[gateway.name] = self._learn(gateway, frozenset())
        return self._learned[gateway.name]

    def may_relay(self, one: Way, other: Way) -> Term:
        """Hold when a VPN gateway passes between two of its ways (R-GW-17)."""
        return TRUE if one.is_bgp and other.is_bgp else self.facts.holds("U-R-GW-17")

    def _learn(self, gateway: Gateway, met: frozenset[str]) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        here = self.failing.is_up(FailureKind.GATEWAY, gateway.name)
        for connection in self.connections(gateway):
            way = self.way_of(connection, gateway)
            works = all_of(here, self.failing.is_up(FailureKind.CONNECTION, connection.name))
            if way.site is not None:
                site = self.estate.network.sites[way.site]
                prefixes = site.prefixes if connection.prefixes is None else connection.prefixes
                entries += [Entry(prefix, way, not way.is_bgp, works, connection.span) for prefix in prefixes]
            elif way.gateway is not None and way.gateway not in met | {gateway.name}:
                far = self.estate.network.gateways[way.gateway]
                entries += [entry.where(works) for entry in self._from_gateway(way, far, met | {gateway.name})]
        if gateway.kind is GatewayKind.EXPRESSROUTE:
            entries += [entry.where(here) for entry in self._over_circuits(gateway)]
        space = self.estate.network.vnets[gateway.vnet].address_space
        return tuple(entry for entry in entries if not any(contains(prefix, entry.prefix) for prefix in space))

    def _from_gateway(self, way: Way, far: Gateway, met: frozenset[str]) -> list[Entry]:
        there = self.failing.is_up(FailureKind.GATEWAY, far.name)
        entries = [Entry(p, way, not way.is_bgp, all_of(there, own)) for p, own in self.own_prefixes(far)]
        for entry in self._learn(far, met):
            if entry.way.name != way.name and entry.prefix != EVERYWHERE:
                condition = all_of(entry.condition, self.may_relay(way, entry.way))
                entries.append(Entry(entry.prefix, way, not way.is_bgp, condition))
        return entries

    def _over_circuits(self, gateway: Gateway) -> list[Entry]:
        circuits = self._circuits(gateway)
        entries = []
        for other in self.estate.network.gateways.values():
            if other.name == gateway.name or not circuits & self._circuits(other):
                continue
            switches = (gateway.allows_remote_vnets, other.allows_remote_vnets)
            if False in switches:
                continue
            condition = TRUE if switches == (True, True) else self.facts.holds("U-R-GW-18")
            condition = all_of(condition, self.failing.is_up(FailureKind.GATEWAY, other.name))
            way = Way(f"circuit to {other.name}", True, gateway=other.name)
            entries += [Entry(p, way, False, all_of(condition, own)) for p, own in self.own_prefixes(other)]
        return entries

    def _circuits(self, gateway: Gateway) -> set[str]:
        if gateway.kind is not GatewayKind.EXPRESSROUTE:
            return set()
        named = (connection.circuit for connection in self.connections(gateway))
        return {circuit.casefold() for circuit in named if circuit is not None}


def contains(outer: Prefix, inner: Prefix) -> bool:
    """Tell whether every address of `inner` is one of `outer`."""
    return inner.length >= outer.length and (inner.value ^ outer.value) >> (32 - outer.length) == 0
