"""What gateways and sites do with a packet: turn it back, send it along a way, or relay it.

R-META-3, R-UDR-12, R-GW-13, R-GW-16, R-GW-17, R-GW-21, R-GW-22, R-GW-24, R-GW-25, R-GW-26,
R-GW-29, R-SEL-7, R-ADDR-6, F-GWS-1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from vnetverify.encoder.candidates import Candidate, Class, LearnedHop, Piece
from vnetverify.encoder.entries import Announced, Entry, Way
from vnetverify.encoder.facts import Bearing, Ground
from vnetverify.encoder.headers import Header
from vnetverify.encoder.home import NOWHERE, Home, home_of
from vnetverify.encoder.nodes import (
    AtSite,
    Exchanged,
    FromTunnel,
    Inside,
    OutOfTunnel,
    Sender,
    Target,
    ToInternet,
    ToSite,
)
from vnetverify.encoder.terms import FALSE, TRUE, Field, Term, all_of, any_of, either, is_among, lies_in, negate
from vnetverify.encoder.walk import Hops
from vnetverify.header import Prefix, addresses_of
from vnetverify.model.intents import FailureKind
from vnetverify.model.network import Connection, Gateway, GatewayKind, Site

ITSELF = Way("itself", True)

Choice = Way | Gateway | None
"""What a gateway does with a packet: send it along a way, hand it to another gateway, or send it from its subnet."""


@dataclass(slots=True)
class Tunnels:
    """The hops of gateways and sites of an estate."""

    hops: Hops
    _homes: dict[str, Home] = field(default_factory=dict)

    def inside(self, node: Inside, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield where a gateway sends what Azure hands it."""
        gateway = self.hops.estate.network.gateways[node.gateway]
        sender = self._sender(gateway, from_tunnel=False)
        return self._carried_out(gateway, self._decisions_inside(gateway, node, header), sender, header)

    def out_of_tunnel(self, node: OutOfTunnel, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield where a gateway sends what comes out of its tunnel (R-UDR-12, R-GW-16, R-GW-17)."""
        gateway = self.hops.estate.network.gateways[node.gateway]
        sender = self._sender(gateway, from_tunnel=True)
        arrives = self.hops.gateways.carries_by(gateway, self._way_named(gateway, node.way))
        decisions = [(choice, all_of(arrives, term)) for choice, term in self._decisions_outside(gateway, node, header)]
        return self._carried_out(gateway, decisions, sender, header)

    def passes_on(self, node: Inside | OutOfTunnel, header: Header) -> Term:
        """Hold when a gateway that the packet comes to sends it on, whatever then becomes of it."""
        gateway = self.hops.estate.network.gateways[node.gateway]
        if isinstance(node, Inside):
            decisions = self._decisions_inside(gateway, node, header)
        else:
            arrives = self.hops.gateways.carries_by(gateway, self._way_named(gateway, node.way))
            outside = self._decisions_outside(gateway, node, header)
            decisions = [(choice, all_of(arrives, term)) for choice, term in outside]
        terms = []
        for choice, term in decisions:
            if isinstance(choice, Way):
                terms += [reached for _, reached in self._along(gateway, choice, header, term)]
            elif choice is not None or self._sender(gateway, from_tunnel=False) is not None:
                terms.append(term)
        return all_of(self._is_up(gateway), any_of(*terms))

    def _decisions_inside(self, gateway: Gateway, node: Inside, header: Header) -> list[tuple[Choice, Term]]:
        """Return when a gateway takes each way with a packet from inside; None is back by GatewaySubnet."""
        entries = self.hops.gateways.known_about(gateway, header.destination)
        if gateway.kind is GatewayKind.VPN:
            turned = self._leads_inside(gateway, header)
            allowed = TRUE if node.by_user or turned == FALSE else self.hops.facts.holds("U-R-GW-13")
            decisions: list[tuple[Choice, Term]] = [(None, all_of(turned, allowed))]
        else:
            returned, turned = self._at_edge(gateway, entries, header)
            decisions = [(ITSELF, returned)]
        decisions += [(way, all_of(negate(turned), term)) for way, term in self._ways(gateway, entries, header)]
        default = self._default_end(gateway)
        if default is not None:
            known = any_of(*(all_of(lies_in(header.destination, e.prefix), e.in_force) for e in entries))
            way = self.hops.gateways.way_of(default, gateway)
            works = self.hops.gateways.failing.is_up(FailureKind.CONNECTION, default.name)
            decisions.append((way, all_of(negate(turned), negate(known), works)))
        return decisions

    def _at_edge(self, gateway: Gateway, entries: Sequence[Entry], header: Header) -> tuple[Term, Term]:
        """Return when the Microsoft edge returns a packet to the gateway that sent it, and when no site gets it.

        The edge goes by the longest prefix announced to it: where that is the gateway's own it returns the packet or
        drops it, and where others announce one as long it may hand it to them instead (R-GW-29).
        """
        is_open, address = self.hops.facts.holds("U-R-GW-29"), header.destination
        own: dict[int, list[Announced]] = {}
        for announced in self.hops.gateways.own_prefixes(gateway):
            own.setdefault(announced.prefix.length, []).append(announced)
        nearest, alone = [], []
        for bits, group in own.items():
            here = any_of(*_heard(address, ((a.prefix, a.in_force) for a in group)))
            if here == FALSE:
                continue
            longer = any_of(*_heard(address, ((e.prefix, e.in_force) for e in entries if e.bits > bits)))
            as_long = any_of(*_heard(address, ((e.prefix, e.in_force) for e in entries if e.bits == bits)))
            nearest.append(all_of(here, negate(longer)))
            alone.append(all_of(here, negate(any_of(longer, as_long))))
        returned = all_of(any_of(*nearest), is_open)
        return returned, any_of(returned, *alone)

    def _decisions_outside(self, gateway: Gateway, node: OutOfTunnel, header: Header) -> list[tuple[Choice, Term]]:
        """Return when a gateway takes each way with a packet out of a tunnel; None is into its network."""
        local = self._leads_inside(gateway, header)
        by_subnet = any_of(local, self._is_user_routed(gateway, header))
        relays = self._relays(gateway, node.way, header) if gateway.kind is GatewayKind.VPN else []
        relayed = any_of(*(term for _, term in relays))
        decisions: list[tuple[Choice, Term]] = [(way, all_of(negate(by_subnet), term)) for way, term in relays]
        if self._way_named(gateway, node.way).is_bgp:
            for other in self.hops.gateways.exchanges_with(gateway):
                joins = any_of(*(term for _, term in self._ways_by_bgp(other, header)))
                decisions.append((other, all_of(negate(by_subnet), negate(relayed), joins)))
                relayed = any_of(relayed, joins)
        near = self._way_named(gateway, node.way)
        default = self._default_between(gateway, near, header)
        if default is not None:
            way, takes = default
            decisions.append((way, all_of(negate(by_subnet), negate(relayed), takes)))
            relayed = any_of(relayed, takes)
        decisions.append((None, any_of(by_subnet, negate(relayed))))
        to_itself = self._is_for_pool(near, header)
        if to_itself == FALSE:
            return decisions
        turned = all_of(to_itself, self.hops.facts.holds("U-R-GW-25", gateway.name))
        return [(near, turned), *((choice, all_of(negate(to_itself), term)) for choice, term in decisions)]

    def _default_between(self, gateway: Gateway, near: Way, header: Header) -> tuple[Way, Term] | None:
        """Return the way to the default site of a gateway, and when it takes what came by another (R-GW-17, R-GW-21).

        That is what the gateway itself knows no other way for; as a static 0.0.0.0/0 it is doubtful.
        """
        end = self._default_end(gateway)
        if end is None or end.name == near.name:
            return None
        entries = self.hops.gateways.known_about(gateway, header.destination)
        known = any_of(
            *(all_of(lies_in(header.destination, e.prefix), e.in_force) for e in entries if e.way.name != near.name)
        )
        works = self.hops.gateways.failing.is_up(FailureKind.CONNECTION, end.name)
        takes = all_of(negate(known), works, self.hops.facts.holds("U-R-GW-17"))
        return self.hops.gateways.way_of(end, gateway), takes

    def _default_end(self, gateway: Gateway) -> Connection | None:
        return next((end for end in self.hops.gateways.connections(gateway) if end.default_site), None)

    def _is_for_pool(self, way: Way, header: Header) -> Term:
        """Hold when the packet is for the point-to-site pool that it came from, by this way (R-GW-25)."""
        site = None if way.site is None else self.hops.estate.network.sites[way.site]
        if site is None or not site.point_to_site:
            return FALSE
        return is_among(header.destination, addresses_of(site.prefixes))

    def _ways_by_bgp(self, gateway: Gateway, header: Header) -> list[tuple[Way, Term]]:
        ways = self._ways(gateway, self.hops.gateways.known_about(gateway, header.destination), header)
        return [(way, term) for way, term in ways if way.is_bgp]

    def exchanged(self, node: Exchanged, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield where a gateway sends what the other gateway of its network hands it (R-GW-16)."""
        gateway = self.hops.estate.network.gateways[node.gateway]
        for way, term in self._ways_by_bgp(gateway, header):
            yield from self._along(gateway, way, header, term)

    def _carried_out(
        self, gateway: Gateway, decisions: list[tuple[Choice, Term]], sender: Sender | None, header: Header
    ) -> Iterator[tuple[Target, Term]]:
        works = self._is_up(gateway)
        for choice, term in decisions:
            if isinstance(choice, Way):
                yield from self._along(gateway, choice, header, all_of(works, term))
            elif choice is not None:
                yield Exchanged(choice.name), all_of(works, term)
            elif sender is not None:
                yield from self.hops.send(sender, header, all_of(works, term))

    def _is_up(self, gateway: Gateway) -> Term:
        return self.hops.gateways.is_working(gateway)

    def _sender(self, gateway: Gateway, *, from_tunnel: bool) -> Sender | None:
        subnet = self.hops.estate.network.vnets[gateway.vnet].gateway_subnet
        return None if subnet is None else Sender(subnet, gateway=gateway, from_tunnel=from_tunnel)

    def _relays(self, gateway: Gateway, came_by: str, header: Header) -> list[tuple[Way, Term]]:
        """Return when a gateway passes a packet from one of its ways straight on to another (R-GW-17)."""
        known = self.hops.gateways.known_about(gateway, header.destination)
        entries = [entry for entry in known if entry.way.name != came_by]
        near = self._way_named(gateway, came_by)
        return [
            (way, all_of(term, any_of(self._is_agreed(near, way, header), self.hops.gateways.may_relay(near, way))))
            for way, term in self._ways(gateway, entries, header)
        ]

    def _is_agreed(self, near: Way, far: Way, header: Header) -> Term:
        """Hold when the sites at two static ways both declare routes, one to the destination, one back (R-GW-17)."""
        if near.is_bgp or far.is_bgp or near.site is None or far.site is None:
            return FALSE
        there, back = (self.hops.estate.network.sites[name].routes or () for name in (near.site, far.site))
        return all_of(is_among(header.destination, addresses_of(there)), is_among(header.source, addresses_of(back)))

    def _way_named(self, gateway: Gateway, name: str) -> Way:
        ways = (
            self.hops.gateways.way_of(connection, gateway) for connection in self.hops.gateways.connections(gateway)
        )
        return next((way for way in ways if way.name == name), ITSELF)

    def _is_user_routed(self, gateway: Gateway, header: Header) -> Term:
        """Hold when a user route of GatewaySubnet decides, where gateways heed it (R-GW-16, R-GW-23)."""
        subnet = self.hops.estate.network.vnets[gateway.vnet].gateway_subnet
        if subnet is None:
            return FALSE
        pieces = self.hops.routes.pieces(subnet, header.destination)
        decided = self._is_selected(pieces, header, lambda candidate: candidate.kind is Class.USER)
        if decided == FALSE:
            return FALSE
        bypassed = self.hops.facts.holds("U-R-GW-23", gateway.name) if gateway.fastpath else FALSE
        return all_of(decided, negate(bypassed), self.hops.facts.holds("U-R-GW-16"))

    def _leads_inside(self, gateway: Gateway, header: Header) -> Term:
        """Hold when the packet is for the gateway's network or a peer and GatewaySubnet has no route back to `gateway`.

        It has one where a peering of subnets leaves out a range, or a static prefix goes before a peer's (R-SEL-3).
        """
        near = self.hops.gateways.is_near(gateway, header.destination)
        subnet = self.hops.estate.network.vnets[gateway.vnet].gateway_subnet
        if near == FALSE or subnet is None:
            return near

        def leads_back(candidate: Candidate) -> bool:
            return candidate.kind is Class.GATEWAY and candidate.hop == LearnedHop(gateway.name)

        routes = self.hops.routes
        back = self._is_selected(routes.pieces(subnet, header.destination), header, leads_back)
        if gateway.fastpath:
            others = routes.pieces_without_user_routes(subnet, header.destination)
            past = self._is_selected(others, header, leads_back)
            back = either(self.hops.facts.holds("U-R-GW-23", gateway.name), past, back) if past != back else back
        return all_of(near, negate(back))

    def _is_selected(self, pieces: Iterable[Piece], header: Header, wanted: Callable[[Candidate], bool]) -> Term:
        """Hold when one of these candidates is the route that is taken."""
        terms = []
        for piece in pieces:
            undecided = is_among(header.destination, piece.addresses)
            last = max((i for i, candidate in enumerate(piece.choices) if wanted(candidate)), default=-1)
            for candidate in piece.choices[: last + 1]:
                if wanted(candidate):
                    terms.append(all_of(undecided, candidate.condition))
                undecided = self.hops.facts.script.share(all_of(undecided, negate(candidate.condition)))
        return any_of(*terms)

    def _ways(self, gateway: Gateway, entries: Iterable[Entry], header: Header) -> list[tuple[Way, Term]]:
        """Return when each way is chosen: by longest prefix, then as the open facts say (R-GW-26, R-SEL-7)."""
        by_prefix: dict[int, list[Entry]] = {}
        for entry in entries:
            by_prefix.setdefault(entry.bits, []).append(entry)
        chosen: dict[Way, list[Term]] = {}
        unknown = TRUE
        for length in sorted(by_prefix, reverse=True):
            here = [
                (entry, all_of(lies_in(header.destination, entry.prefix), entry.in_force))
                for entry in by_prefix[length]
            ]
            here = [(entry, term) for entry, term in here if term != FALSE]
            static = _by_way((entry.way, term) for entry, term in here if entry.is_static)
            learned = _by_way((entry.way, term) for entry, term in here if not entry.is_static)
            prefers_static = prefers_learned = TRUE
            if static and learned:
                both = self.hops.facts.holds("U-R-GW-26", gateway.name)
                prefers_learned = any_of(negate(any_of(*static.values())), both)
                prefers_static = any_of(negate(any_of(*learned.values())), negate(both))
            for ways, preferred in ((static, prefers_static), (learned, prefers_learned)):
                for way, term in self._equal_ways(gateway, ways):
                    chosen.setdefault(way, []).append(all_of(unknown, preferred, term))
            longer = any_of(*(term for _, term in here))
            unknown = self.hops.facts.script.share(all_of(unknown, negate(longer)))
        return [(way, any_of(*terms)) for way, terms in chosen.items()]

    def _equal_ways(self, gateway: Gateway, ways: dict[Way, Term]) -> list[tuple[Way, Term]]:
        """Return when each of equally good ways is taken: the first whose fact holds, else the last that is there.

        They are asked in the order in which their connections are declared, circuits to other gateways last.
        """
        declared = [connection.name for connection in self.hops.gateways.connections(gateway)]
        others = list(self.hops.estate.network.gateways)
        order = {name: rank for rank, name in enumerate((*declared, *(f"circuit to {name}" for name in others)))}
        names = sorted(ways, key=lambda way: order[way.name])
        result, undecided = [], TRUE
        for index, way in enumerate(names):
            later = any_of(*(ways[other] for other in names[index + 1 :]))
            wanted = (
                TRUE
                if later == FALSE
                else any_of(negate(later), self.hops.facts.holds("U-R-SEL-7", gateway.name, way.name))
            )
            taken = all_of(ways[way], wanted)
            result.append((way, all_of(undecided, taken)))
            undecided = all_of(undecided, negate(taken))
        return result

    def _along(self, gateway: Gateway, way: Way, header: Header, condition: Term) -> Iterator[tuple[Target, Term]]:
        if condition == FALSE:
            return
        condition = all_of(condition, self.hops.gateways.carries_by(gateway, way))
        if way.site is not None:
            site = self.hops.estate.network.sites[way.site]
            is_there = all_of(self._is_home(site, header), negate(self._is_told_beyond(site, header)))
            yield ToSite(site.name), all_of(condition, is_there)
            yield AtSite(site.name, way.name), all_of(condition, negate(is_there))
        elif way.gateway is not None:
            yield OutOfTunnel(way.gateway, way.name), condition
        else:
            yield OutOfTunnel(gateway.name, way.name), condition

    def at_site(self, node: AtSite, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield where a site sends on what comes to it for elsewhere, if it does: no pool does (R-META-3).

        A site behind an appliance does not send back into the tunnel what came by it.
        """
        site = self.hops.estate.network.sites[node.site]
        if site.point_to_site:
            return
        relays = self.hops.facts.holds("U-RELAYS", node.site)
        left = [relays, is_among(header.destination, self.hops.estate.realm.public)]
        for target, term in self.from_site(site, header) if site.behind is None else ():
            left.append(negate(term))
            yield target, all_of(relays, term)
        yield ToInternet(site=node.site), all_of(*left)

    def from_site(self, site: Site, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield where a site sends a packet: what is its own only where Azure tells it of longer prefixes.

        Rules R-GW-8, R-GW-22 and R-GW-24.
        """
        if site.behind is not None:
            yield FromTunnel(site.behind, site.name), self._tunnelled(site, header)
            return
        ends = self._ends(site)
        terms = self._takings(site, header)
        undecided = TRUE
        if site.point_to_site:
            here = self._is_home(site, header)
            gateways = self.hops.estate.network.gateways
            terms = [
                either(here, self._is_open(gateways[end.gateway], end.name), term)
                for end, term in zip(ends, terms, strict=True)
            ]
        elif self._home(site) is NOWHERE:
            undecided = negate(self._is_home(site, header))
        names = [(end.name, term) for end, term in zip(ends, terms, strict=True)]
        chosen = self.hops.facts.one_of(names, "U-SITE", site.name, called=header.called)
        for end, term in zip(ends, chosen, strict=True):
            yield OutOfTunnel(end.gateway, end.name), all_of(undecided, term)

    def _tunnelled(self, site: Site, header: Header) -> Term:
        """Hold when a site sends the packet through the tunnel of its appliance (R-GW-24)."""
        home = Home(site.prefixes)
        if site.routes is not None:
            return is_among(header.destination, home.routed(site.routes))
        ranges = [range_ for vnet in self.hops.estate.network.vnets.values() for range_ in vnet.address_space]
        elsewhere = is_among(header.destination, Home(site.prefixes, frozenset(ranges)).beyond(ranges))
        return any_of(negate(self._is_home(site, header)), elsewhere)

    def _ends(self, site: Site) -> list[Connection]:
        return [end for end in self.hops.estate.network.connections if end.site == site.name]

    def _takings(self, site: Site, header: Header) -> list[Term]:
        """Return for each connection of a site when packets for the destination may go by it."""
        gateways, home = self.hops.estate.network.gateways, self._home(site)
        return [self._takes(site, end, gateways[end.gateway], header, home) for end in self._ends(site)]

    def _is_home(self, site: Site, header: Header) -> Term:
        return is_among(header.destination, addresses_of(site.prefixes))

    def _is_told_beyond(self, site: Site, header: Header) -> Term:
        """Hold when a site is told of a prefix around the destination that is longer than its own (R-GW-24)."""
        if self._home(site) is NOWHERE:
            return FALSE
        return any_of(*self._takings(site, header.to(addresses_of(site.prefixes))))

    def _home(self, site: Site) -> Home:
        """Return what stays at a site; pools keep all that is theirs."""
        if site.name not in self._homes:
            announcing = self.hops.gateways.announcing
            left_open = frozenset(end.name for end, _ in announcing.connections())
            home = NOWHERE if site.point_to_site else home_of(self.hops.estate.network, site, left_open)
            self._homes[site.name] = home
        return self._homes[site.name]

    def _takes(self, site: Site, end: Connection, gateway: Gateway, header: Header, home: Home) -> Term:
        """Hold when a site sends packets for the destination by this connection (R-GW-24).

        It does where its declared routes say so, and by BGP, or where none are declared, what is announced to it; for
        what is at `home` only where that goes before.
        """
        if site.routes is None:
            return self._announced(gateway, end.name, header, home)
        grounds = self.hops.grounds
        ground = Ground(f"site {site.name}", "sends to Azure what its routes say", "R-GW-24", site.span)
        routed = all_of(
            is_among(header.destination, home.routed(site.routes)),
            self._is_held_open(gateway, end.name),
            grounds.counts(Bearing.PASSES, ground),
        )
        heeds = TRUE
        if not self._way_named(gateway, end.name).is_bgp:
            heeds = negate(grounds.counts(Bearing.STOPS, ground))
        if heeds == FALSE:
            return routed
        return any_of(routed, all_of(heeds, self._announced(gateway, end.name, header, home)))

    def _is_open(self, gateway: Gateway, connection: str) -> Term:
        """Hold when gateway and connection are both up."""
        return all_of(self._is_up(gateway), self.hops.gateways.failing.is_up(FailureKind.CONNECTION, connection))

    def _is_held_open(self, gateway: Gateway, connection: str) -> Term:
        """Hold when they are, or when the site does not see, for want of BGP, that they are down (I-FAILURES)."""
        is_open, way = self._is_open(gateway, connection), self._way_named(gateway, connection)
        if way.is_bgp or is_open == TRUE or not self.hops.gateways.carries(gateway):
            return is_open
        return any_of(is_open, self.hops.facts.holds("U-STATICDOWN", connection))

    def _announced(self, gateway: Gateway, connection: str, header: Header, home: Home) -> Term:
        """Hold when a site at this connection is told to send packets for the destination to the gateway.

        What is at `home` it sends only where what it is told goes before that.
        """
        gateways, address = self.hops.gateways, header.destination
        own = gateways.announces(gateway, address, home)
        terms = [own]
        if gateway.kind is GatewayKind.VPN:
            near = self._way_named(gateway, connection)
            terms += [
                all_of(
                    self._is_heeded(entry, address, home),
                    gateways.may_relay(near, entry.way),
                    gateways.is_told_on(gateway, entry, address),
                )
                for entry in gateways.known_about(gateway, address)
                if entry.way.name != connection and lies_in(address, entry.prefix) != FALSE
            ]
        if self._way_named(gateway, connection).is_bgp:
            terms += [
                self._is_heeded(entry, address, home)
                for other in gateways.exchanges_with(gateway)
                for entry in gateways.known_about(other, address)
                if entry.way.is_bgp
            ]
        unused = gateways.is_near(gateway, address, home)
        if unused != FALSE and own != TRUE:
            terms.append(all_of(unused, self.hops.facts.holds("U-R-GW-22")))
        return all_of(self._is_held_open(gateway, connection), any_of(*terms))

    def _is_heeded(self, entry: Entry, address: Field, home: Home) -> Term:
        return all_of(lies_in(address, entry.prefix), entry.in_force, home.heeds(address, entry.bits))


def _heard(address: Field, prefixes: Iterable[tuple[Prefix, Term]]) -> Iterator[Term]:
    """Yield terms one of which holds where a prefix that is in force has the address."""
    told = list(prefixes)
    yield is_among(address, addresses_of(prefix for prefix, in_force in told if in_force == TRUE))
    yield from (all_of(lies_in(address, prefix), in_force) for prefix, in_force in told if in_force != TRUE)


def _by_way(terms: Iterable[tuple[Way, Term]]) -> dict[Way, Term]:
    joined: dict[Way, Term] = {}
    for way, term in terms:
        joined[way] = any_of(joined.get(way, FALSE), term)
    return joined
