"""What gateways serve, learn and announce.

R-GW-2, R-GW-4, R-GW-6, R-GW-8, R-GW-14, R-GW-17, R-GW-18, R-SYS-8.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Facts
from vnetverify.encoder.terms import TRUE, Term, all_of
from vnetverify.header import EVERYWHERE, IntervalSet, Prefix, addresses_of
from vnetverify.model.network import Connection, Gateway, GatewayKind


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


class Gateways:
    """Gateway knowledge of an estate; conditions are terms over open facts."""

    def __init__(self, estate: Estate, facts: Facts) -> None:
        self.estate = estate
        self.facts = facts
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

    def own_prefixes(self, gateway: Gateway) -> tuple[Prefix, ...]:
        """Return what `gateway` announces by itself: whole spaces of its network and its spokes (R-GW-8)."""
        hub = gateway.vnet
        members = [hub, *(spoke for spoke in self.estate.peers(hub) if self.uses(spoke, hub))]
        return tuple(prefix for name in members for prefix in self.estate.network.vnets[name].address_space)

    def own_space(self, gateway: Gateway) -> IntervalSet:
        return addresses_of(self.own_prefixes(gateway))

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
        for connection in self.connections(gateway):
            way = self.way_of(connection, gateway)
            if way.site is not None:
                site = self.estate.network.sites[way.site]
                prefixes = site.prefixes if connection.prefixes is None else connection.prefixes
                entries += [Entry(prefix, way, not way.is_bgp) for prefix in prefixes]
            elif way.gateway is not None and way.gateway not in met | {gateway.name}:
                entries += self._from_gateway(way, self.estate.network.gateways[way.gateway], met | {gateway.name})
        if gateway.kind is GatewayKind.EXPRESSROUTE:
            entries += self._over_circuits(gateway)
        space = self.estate.network.vnets[gateway.vnet].address_space
        return tuple(entry for entry in entries if not any(contains(prefix, entry.prefix) for prefix in space))

    def _from_gateway(self, way: Way, far: Gateway, met: frozenset[str]) -> list[Entry]:
        entries = [Entry(prefix, way, not way.is_bgp) for prefix in self.own_prefixes(far)]
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
            both_allow = gateway.allows_remote_vnets is True and other.allows_remote_vnets is True
            condition = TRUE if both_allow else self.facts.holds("U-R-GW-18")
            way = Way(f"circuit to {other.name}", True, gateway=other.name)
            entries += [Entry(prefix, way, False, condition) for prefix in self.own_prefixes(other)]
        return entries

    def _circuits(self, gateway: Gateway) -> set[str]:
        if gateway.kind is not GatewayKind.EXPRESSROUTE:
            return set()
        named = (connection.circuit for connection in self.connections(gateway))
        return {circuit.casefold() for circuit in named if circuit is not None}


def contains(outer: Prefix, inner: Prefix) -> bool:
    """Tell whether every address of `inner` is one of `outer`."""
    return inner.length >= outer.length and (inner.value ^ outer.value) >> (32 - outer.length) == 0
