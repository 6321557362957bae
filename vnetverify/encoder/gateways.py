"""What gateways serve, learn and announce.

R-GW-2, R-GW-4, R-GW-6, R-GW-8, R-GW-14, R-GW-16, R-GW-17, R-GW-18, R-GW-19, R-GW-20, R-SYS-8, R-ADDR-6, I-FAILURES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.advertising import Announcing, Cell, around
from vnetverify.encoder.entries import Announced, Entry, Way, contains
from vnetverify.encoder.facts import Facts
from vnetverify.encoder.failures import Failing
from vnetverify.encoder.home import NOWHERE, Home
from vnetverify.encoder.propagation import Link, may_exchange, neighbours_of, spread
from vnetverify.encoder.terms import FALSE, TRUE, Field, Term, all_of, any_of, is_among, negate
from vnetverify.header import Family, Prefix, addresses_of
from vnetverify.model.intents import Advertising, FailureKind
from vnetverify.model.network import BgpPeer, Connection, Gateway, GatewayKind, Machine, RouteServer


class Gateways:
    """Gateway knowledge of an estate; conditions are terms over open facts."""

    def __init__(
        self, estate: Estate, facts: Facts, failing: Failing | None = None, advertising: Advertising | None = None
    ) -> None:
        self.estate = estate
        self.facts = facts
        self.failing = failing or Failing(facts.script, None)
        self.announcing = Announcing(facts.script, facts, estate.network, advertising, estate.family)
        self._learned: dict[str, tuple[Entry, ...]] = {}
        self._told: dict[tuple[str, Cell, Term], list[Entry]] = {}
        self._heard_in: dict[tuple[str, Cell], list[tuple[str, Entry]]] = {}

    def carries(self, gateway: Gateway) -> bool:
        """Tell whether `gateway` has to do with this family: IPv6 asks for ExpressRoute and its subnet (R-ADDR-6)."""
        subnet = self.estate.network.vnets[gateway.vnet].gateway_subnet
        is_dual = subnet is not None and any(prefix.family is Family.IPV6 for prefix in subnet.prefixes)
        return self.estate.family is Family.IPV4 or (is_dual and gateway.kind is GatewayKind.EXPRESSROUTE)

    def is_working(self, gateway: Gateway) -> Term:
        """Hold when `gateway` does something with the packets that come to it."""
        return self._is_up(gateway.name) if self.carries(gateway) else FALSE

    def works_in(self, vnet: str) -> Term:
        """Hold when the network carries packets of this family: IPv6 beside a Route Server is doubtful (R-ADDR-6)."""
        if self.estate.family is Family.IPV4 or not self.route_servers(vnet):
            return TRUE
        return self.facts.holds("U-ARSV6", vnet)

    def uses(self, spoke: str, hub: str) -> bool:
        """Tell whether `spoke` uses the gateways of `hub` (R-GW-4)."""
        return (
            hub in self.estate.peers(spoke)
            and self.estate.half(spoke, hub).use_remote_gateways
            and self.estate.half(hub, spoke).allow_gateway_transit
        )

    def servers(self, vnet: str) -> tuple[Gateway, ...]:
        """Return the gateways that serve `vnet`: its own, then those it uses, as declared."""
        hubs = {hub for hub in self.estate.peers(vnet) if self.uses(vnet, hub)}
        used = (gateway for gateway in self.estate.network.gateways.values() if gateway.vnet in hubs)
        return (*self.estate.gateways_of[vnet], *used)

    def own_prefixes(self, gateway: Gateway) -> tuple[Announced, ...]:
        """Return what `gateway` announces by itself (R-GW-8, R-GW-19, R-GW-20).

        These are whole spaces of its network and its spokes or a summary of them, what takes part of spokes peered by
        subnets, and what a Route Server tells it.
        """
        if not self.carries(gateway):
            return ()
        hub = gateway.vnet
        vnets = self.estate.network.vnets
        summary = vnets[hub].summarized_gateway_prefixes
        announced = [Announced(prefix) for prefix in summary or vnets[hub].address_space]
        for spoke in self.estate.peers(hub):
            if self.uses(spoke, hub):
                announced += self._of_spoke(hub, spoke, summary)
        for server in self.route_servers(hub):
            if server.branch_to_branch:
                told = TRUE if may_exchange(gateway) else self.facts.holds("U-R-GW-17")
                announced += [
                    Announced(prefix, told, self.is_in_touch(server, peer))
                    for peer in server.peers
                    for prefix in self.kept_of(server, peer)
                ]
        return tuple(announced)

    def _without_bgp(self, gateway: Gateway) -> Iterator[Announced]:
        """Yield what `gateway` tells another over a connection without BGP: the ranges of its network and of spokes.

        What it announces in place of these or beside them it announces by BGP; whether here too is not said (R-GW-17).
        """
        hub, by_bgp = gateway.vnet, self.own_prefixes(gateway)
        ranges = [Announced(prefix) for prefix in self.estate.network.vnets[hub].address_space]
        for spoke in self.estate.peers(hub):
            if self.uses(spoke, hub):
                ranges += self._of_spoke(hub, spoke, ())
        for told in dict.fromkeys((*ranges, *by_bgp)):
            if told in ranges and told in by_bgp:
                yield told
            else:
                yield replace(told, condition=all_of(told.condition, self.facts.holds("U-R-GW-17")))

    def _of_spoke(self, hub: str, spoke: str, summary: tuple[Prefix, ...]) -> Iterator[Announced]:
        joined = self.is_peering_up(hub, spoke)
        whole = TRUE
        told: list[tuple[Prefix, Term]] = []
        if self.estate.is_of_subnets(hub, spoke):
            told += [(prefix, TRUE) for subnet in self.estate.participants(spoke, hub) for prefix in subnet.prefixes]
            whole = self.facts.holds("U-R-GW-8")
        told += [(prefix, whole) for prefix in self.estate.network.vnets[spoke].address_space]
        for prefix, is_told in told:
            if not any(contains(outer, prefix) for outer in summary):
                yield Announced(prefix, is_told, joined)

    def kept_of(self, server: RouteServer, peer: BgpPeer) -> tuple[Prefix, ...]:
        """Return what a Route Server keeps of what `peer` announces: nothing inside its own network (R-GW-14)."""
        space = self.estate.network.vnets[server.vnet].address_space
        return tuple(prefix for prefix in peer.prefixes if not any(contains(own, prefix) for own in space))

    def is_in_touch(self, server: RouteServer, peer: BgpPeer) -> Term:
        """Hold when an appliance is up and can tell a Route Server what it announces: of another network over the
        peering with that (I-FAILURES)."""
        works = self.failing.is_up(FailureKind.APPLIANCE, peer.machine)
        home = self.estate.network.machines[peer.machine].nics[0].vnet
        if home not in self.estate.peers(server.vnet):
            return works
        return all_of(works, self.is_peering_up(server.vnet, home))

    def is_peering_up(self, vnet: str, peer: str) -> Term:
        if not self.failing.may_fail(FailureKind.PEERING):
            return TRUE  # naming every peering would cost more than all the rest
        return self.failing.is_up(FailureKind.PEERING, self.estate.peering_name(vnet, peer))

    def is_near(self, gateway: Gateway, address: Field, home: Home = NOWHERE) -> Term:
        """Hold when `address` lies in the network of `gateway` or of a peer (R-GW-13, R-UDR-12, R-GW-22).

        In a range, that is, which goes before the prefixes of `home`. A mate is near where gateways carry packets for
        it (R-CG-3).
        """
        vnet, vnets = gateway.vnet, self.estate.network.vnets
        to_mates = is_among(address, home.beyond(p for m in self.estate.mates(vnet) for p in vnets[m].address_space))
        if to_mates != FALSE:
            to_mates = all_of(to_mates, self.facts.holds("U-R-GW-22"))
        return any_of(self._is_direct(vnet, address, home), to_mates)

    def _is_direct(self, vnet: str, address: Field, home: Home) -> Term:
        """Hold when `address` lies in a range of `vnet` or of a peer that goes before the prefixes of `home`."""
        spaces = self.estate.spaces
        if home.prefixes:
            vnets = self.estate.network.vnets
            near = {other: home.beyond(vnets[other].address_space) for other in self.estate.direct(vnet)}
            return any_of(*(all_of(self.is_served(o, vnet), is_among(address, there)) for o, there in near.items()))
        if not self.failing.may_fail(FailureKind.PEERING):
            return is_among(address, self.estate.direct_space(vnet))
        peers = (all_of(self.is_peering_up(vnet, p), is_among(address, spaces[p])) for p in self.estate.peers(vnet))
        return any_of(is_among(address, spaces[vnet]), *peers)

    def is_served(self, vnet: str, hub: str) -> Term:
        """Hold while `vnet` has the use of what serves it in `hub`: always of its own."""
        return TRUE if vnet == hub else self.is_peering_up(vnet, hub)

    def announces(self, gateway: Gateway, address: Field, home: Home = NOWHERE) -> Term:
        """Hold when `gateway` announces `address` by itself, by a prefix that goes before those of `home`."""
        own = self.own_prefixes(gateway)
        surely = home.beyond(announced.prefix for announced in own if announced.in_force == TRUE)
        doubtful = [
            all_of(is_among(address, home.beyond((announced.prefix,))), announced.in_force)
            for announced in own
            if announced.in_force != TRUE
        ]
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
        vpn = any(g.kind is GatewayKind.VPN and may_exchange(g) for g in beside)
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

    def known_about(self, gateway: Gateway, address: Field) -> tuple[Entry, ...]:
        """Return every prefix around `address` that `gateway` may know, and others that it knows."""
        return (*self.learned(gateway), *self.told(gateway, address))

    def told(self, gateway: Gateway, address: Field) -> tuple[Entry, ...]:
        """Return the prefixes around `address` that `gateway` knows if the claim's site announces them."""
        entries = []
        for cell in self.announcing.cells():
            inside = is_among(address, cell.addresses)
            if inside != FALSE:
                entries += [
                    replace(entry, told=all_of(inside, entry.told))
                    for entry in self.told_in(gateway, cell, address.term)
                ]
        return tuple(entries)

    def told_in(self, gateway: Gateway, cell: Cell, address: Term) -> list[Entry]:
        """Return what `told` does for an address that lies in `cell`."""
        key = (gateway.name, cell, address)
        if key not in self._told:
            heard = self._hearable(gateway, cell)
            self._told[key] = [self._as_told(connection, entry, address) for connection, entry in heard]
        return self._told[key]

    def told_defaults(self, gateway: Gateway) -> list[Entry]:
        """Return the default routes that `gateway` knows if the claim's site announces them, whatever the address."""
        cells = [cell for cell in self.announcing.cells() if cell.shortest == 0][:1]
        heard = [pair for cell in cells for pair in self._hearable(gateway, cell)]
        return [self._as_told(connection, entry, "") for connection, entry in heard if entry.bits == 0]

    def _as_told(self, connection: str, entry: Entry, address: Term) -> Entry:
        symbol = self.announcing.is_announced(connection, address, entry.bits)
        every = self.estate.realm.every
        return replace(entry, prefix=every, length=entry.bits, told=symbol, announcement=symbol)

    def _hearable(self, gateway: Gateway, cell: Cell) -> list[tuple[str, Entry]]:
        """Return what `gateway` would know of each prefix around an address in `cell`, with who announces it."""
        key = (gateway.name, cell)
        if key not in self._heard_in:
            self._heard_in[key] = [
                (connection.name, entry)
                for connection, origin in self.announcing.connections()
                if self.carries(gateway)
                for length in range(cell.shortest, self.estate.family.bits + 1)
                for entry in self._hear(gateway, connection, origin, around(cell.first, self.estate.family, length))
            ]
        return self._heard_in[key]

    def _hear(self, gateway: Gateway, connection: Connection, origin: Gateway, prefix: Prefix) -> Iterator[Entry]:
        """Yield what `gateway` keeps of a prefix announced by a site's `connection` to `origin`."""
        if self._discards(gateway.name, prefix):
            return
        way = self.way_of(connection, origin)
        works = all_of(self._is_up(origin.name), self._is_connected(connection))
        if origin.name == gateway.name:
            yield Entry(prefix, way, False, works=works, span=connection.span)
        elif prefix != self.estate.realm.every:
            told = {origin.name: Announced(prefix, works=works)} if origin.kind is GatewayKind.VPN else {}
            for other in self.exchanges_with(origin) if origin.kind is not GatewayKind.VPN else ():
                told[other.name] = Announced(prefix, self.facts.holds("U-R-GW-17"), works)
            ends = [end for end in self.connections(gateway) if end.remote_gateway is not None]
            for name, news in told.items():
                yield from dict.fromkeys(self._heard(gateway, ends, self._links(), name, news, way))
            yield from self._told_beside(gateway, lambda joined: self._hear(joined, connection, origin, prefix))

    def learned(self, gateway: Gateway) -> tuple[Entry, ...]:
        """Return every prefix that `gateway` knows and keeps, whatever the claim's site may announce besides (R-GW-2,
        R-GW-14)."""
        if gateway.name not in self._learned:
            entries: list[Entry] = []
            if self.carries(gateway):
                stated = (replace(e, works=self._or_stays(e.works, e.way)) for e in self._from_sites(gateway))
                entries = [*stated, *self._from_gateways(gateway), *self._over_circuits(gateway)]
                entries += self._told_beside(gateway, self.learned)
            kept = (entry for entry in entries if not self._discards(gateway.name, entry.prefix))
            self._learned[gateway.name] = tuple(dict.fromkeys(kept))
        return self._learned[gateway.name]

    def in_tables(self, gateway: Gateway) -> tuple[Entry, ...]:
        """Return the entries of `gateway` that subnets get: with those learned, a doubtful one to its default site.

        The gateway itself sends to that site whatever it has no entry for (R-GW-21).
        """
        learned = self.learned(gateway)
        default = next((connection for connection in self.connections(gateway) if connection.default_site), None)
        if default is None or not self.carries(gateway):
            return learned
        way, every = self.way_of(default, gateway), self.estate.realm.every
        works = all_of(self._is_up(gateway.name), self._is_connected(default))
        if works != TRUE:
            works = any_of(works, self.facts.holds("U-STATICDOWN", default.name))
        tunnelled = self.facts.holds("U-R-GW-21", gateway.name)
        return (*learned, Entry(every, way, not way.is_bgp, tunnelled, works, default.span))

    def _or_stays(self, works: Term, way: Way) -> Term:
        """Hold when an entry that a way without BGP states is there: while all it needs works, and perhaps longer.

        It is not said whether it leaves the tables with what is down (I-FAILURES).
        """
        return works if way.is_bgp or works == TRUE else any_of(works, self.facts.holds("U-STATICDOWN", way.name))

    def carries_by(self, gateway: Gateway, way: Way) -> Term:
        """Hold when `way` and the gateways at its ends are up, where what it stated may outlive them (I-FAILURES)."""
        if way.is_bgp:
            return TRUE  # nobody knows of it then
        far = TRUE if way.gateway is None else self._is_up(way.gateway)
        return all_of(self._is_up(gateway.name), far, self.failing.is_up(FailureKind.CONNECTION, way.name))

    def _discards(self, gateway: str, prefix: Prefix) -> bool:
        vnet = self.estate.network.gateways[gateway].vnet
        return any(contains(own, prefix) for own in self.estate.network.vnets[vnet].address_space)

    def may_relay(self, one: Way, other: Way) -> Term:
        """Hold when a VPN gateway passes between two of its ways (R-GW-17)."""
        return TRUE if one.is_bgp and other.is_bgp else self.facts.holds("U-R-GW-17")

    def is_told_on(self, gateway: Gateway, entry: Entry, address: Field) -> Term:
        """Hold when a VPN gateway tells sites of what it learned elsewhere, never of a default route (R-GW-17).

        One that overlaps a network of its own or a peer's is doubtful. `address` lies in the entry's prefix.
        """
        if entry.bits == 0:
            return FALSE
        vnets = (gateway.vnet, *self.estate.peers(gateway.vnet))
        ranges = [prefix for vnet in vnets for prefix in self.estate.network.vnets[vnet].address_space]
        lengths = [min(entry.bits, prefix.length) for prefix in ranges]
        shared = [around(p.value, self.estate.family, length) for p, length in zip(ranges, lengths, strict=True)]
        if entry.length is None:
            overlaps = TRUE if any(contains(prefix, entry.prefix) for prefix in shared) else FALSE
        else:
            overlaps = is_among(address, addresses_of(shared))
        if overlaps == FALSE:
            return TRUE
        return any_of(negate(overlaps), self.facts.holds("U-R-GW-17-OVERLAP", gateway.name))

    def _from_sites(self, gateway: Gateway) -> Iterator[Entry]:
        here = self._is_up(gateway.name)
        for connection in self.connections(gateway):
            way = self.way_of(connection, gateway)
            if way.site is not None and not self.announcing.is_open(connection):
                works = all_of(here, self._is_connected(connection))
                site = self.estate.network.sites[way.site]
                for prefix in site.prefixes if connection.prefixes is None else connection.prefixes:
                    yield Entry(prefix, way, not way.is_bgp, works=works, span=connection.span)

    def works(self, machine: Machine) -> Term:
        """Hold when a machine works, as far as the claim lets appliances fail (I-FAILURES)."""
        announces = any(peer.machine == machine.name for s in self.estate.network.route_servers for peer in s.peers)
        if not announces and not any(nic.ip_forwarding for nic in machine.nics):
            return TRUE
        return self.failing.is_up(FailureKind.APPLIANCE, machine.name)

    def _is_up(self, gateway: str) -> Term:
        return self.failing.is_up(FailureKind.GATEWAY, gateway)

    def _is_connected(self, connection: Connection) -> Term:
        return self.failing.is_up(FailureKind.CONNECTION, connection.name)

    def _from_gateways(self, gateway: Gateway) -> Iterator[Entry]:
        """Yield what other gateways announce or pass on over VNet-to-VNet connections (R-GW-17)."""
        ends = [end for end in self.connections(gateway) if end.remote_gateway is not None]
        if not ends:
            return
        links = self._links()
        for end in ends:
            way = self.way_of(end, gateway)
            if way.gateway is not None and not way.is_bgp:
                up = all_of(self._is_up(gateway.name), self._is_up(way.gateway), self._is_connected(end))
                for told in self._without_bgp(self.estate.network.gateways[way.gateway]):
                    works = all_of(told.works, self._or_stays(up, way))
                    yield Entry(told.prefix, way, True, told.condition, works, end.span)
        for origin in self.estate.network.gateways.values():
            if origin.kind is not GatewayKind.VPN or origin.name == gateway.name:
                continue
            for announced in self.own_prefixes(origin):
                yield from self._heard(gateway, ends, links, origin.name, announced, None)
            for entry in self._from_sites(origin):
                if entry.prefix != self.estate.realm.every:
                    told = Announced(entry.prefix, works=entry.works)
                    yield from self._heard(gateway, ends, links, origin.name, told, entry.way)
            for entry in self._exchanged(origin):
                told = Announced(entry.prefix, entry.condition, entry.works)
                yield from self._heard(gateway, ends, links, origin.name, told, entry.way)

    def _exchanged(self, gateway: Gateway) -> Iterator[Entry]:
        """Yield what a Route Server tells `gateway` of ExpressRoute beside it; whether that goes on is not said.

        It comes by BGP, and by BGP a gateway tells others what it learned (R-GW-16, R-GW-17).
        """
        for other in self.exchanges_with(gateway):
            for entry in (*self._from_sites(other), *self._over_circuits(other)):
                if entry.prefix != self.estate.realm.every:
                    yield replace(entry, condition=all_of(entry.condition, self.facts.holds("U-R-GW-17")))

    def _links(self) -> tuple[Link, ...]:
        return tuple(
            Link(
                end.name,
                (end.gateway, end.remote_gateway),
                end.bgp,
                self._is_connected(end),
            )
            for end in self.estate.network.connections
            if end.remote_gateway is not None
        )

    def _heard(
        self,
        listener: Gateway,
        ends: list[Connection],
        links: tuple[Link, ...],
        origin: str,
        news: Announced,
        told_by: Way | None,
    ) -> Iterator[Entry]:
        """Yield what `listener` hears at its ends of `news` that `origin` announces, or was `told_by` a site.

        A default route goes no further than to those whom `origin` tells itself.
        """
        gateways = () if news.prefix == self.estate.realm.every else self.estate.network.gateways.values()
        passing = frozenset(
            g.name for g in gateways if g.name != listener.name and not self._discards(g.name, news.prefix)
        )
        by_bgp = tuple(link for link in links if link.is_bgp)
        if told_by is None:
            first = {far: all_of(link.is_up, self._is_up(origin)) for far, link in neighbours_of(origin, links)}
            surely = {far: all_of(link.is_up, self._is_up(origin)) for far, link in neighbours_of(origin, by_bgp)}
        else:
            first = {origin: TRUE}
            surely = first if told_by.is_bgp else {}
        known = spread(first, links, passing, self._is_up)
        known_surely = spread(surely, by_bgp, passing, self._is_up)
        for end in ends:
            way = self.way_of(end, listener)
            here = all_of(news.works, self._is_up(listener.name), self._is_connected(end))
            far = str(way.gateway)
            if told_by is None and far == origin:
                if way.is_bgp:
                    yield Entry(news.prefix, way, False, news.condition, all_of(here, self._is_up(origin)), end.span)
                continue
            sure = known_surely.get(far, FALSE) if way.is_bgp else FALSE
            if sure != FALSE:
                yield Entry(news.prefix, way, not way.is_bgp, news.condition, all_of(here, sure), end.span)
            perhaps = known.get(far, FALSE)
            if perhaps not in (FALSE, sure):
                condition = all_of(news.condition, self.facts.holds("U-R-GW-17"))
                yield Entry(news.prefix, way, not way.is_bgp, condition, all_of(here, perhaps), end.span)

    def _over_circuits(self, gateway: Gateway) -> Iterator[Entry]:
        for other, way, condition, works in self._beyond_edge(gateway):
            for own in self.own_prefixes(other):
                yield Entry(own.prefix, way, False, all_of(condition, own.condition), all_of(works, own.works))

    def _told_beside(self, gateway: Gateway, knows: Callable[[Gateway], Iterable[Entry]]) -> Iterator[Entry]:
        """Yield what VPN gateways `know` by BGP that a Route Server joins to others on the circuits of `gateway`.

        Whether that goes on is not said (R-GW-16, R-GW-17).
        """
        for other, way, condition, works in self._beyond_edge(gateway):
            for entry in (entry for joined in self.exchanges_with(other) for entry in knows(joined)):
                if entry.way.is_bgp and entry.prefix != self.estate.realm.every:
                    told = all_of(condition, self.facts.holds("U-R-GW-17"), entry.condition)
                    yield Entry(entry.prefix, way, False, told, all_of(works, entry.works))

    def _beyond_edge(self, gateway: Gateway) -> Iterator[tuple[Gateway, Way, Term, Term]]:
        """Yield the gateways on a circuit with `gateway`, each with the way there, on what the two reach each other and
        when all that takes is up (R-GW-18)."""
        circuits = self._circuits(gateway)
        for other in self.estate.network.gateways.values():
            if other.name == gateway.name:
                continue
            far = self._circuits(other)
            joined = any_of(*(all_of(works, far[name]) for name, works in circuits.items() if name in far))
            switches = (gateway.allows_remote_vnets, other.allows_remote_vnets)
            if joined == FALSE or False in switches:
                continue
            condition = TRUE if switches == (True, True) else self.facts.holds("U-R-GW-18")
            both = all_of(self._is_up(gateway.name), self._is_up(other.name), joined)
            yield other, Way(f"circuit to {other.name}", True, gateway=other.name), condition, both

    def _circuits(self, gateway: Gateway) -> dict[str, Term]:
        """Return the circuits of an ExpressRoute gateway, each with when a connection to it is up."""
        circuits: dict[str, Term] = {}
        if gateway.kind is GatewayKind.EXPRESSROUTE:
            for connection in self.connections(gateway):
                if connection.circuit is not None:
                    name = connection.circuit.casefold()
                    works = self._is_connected(connection)
                    circuits[name] = any_of(circuits.get(name, FALSE), works)
        return circuits
