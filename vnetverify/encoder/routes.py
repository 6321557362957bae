"""Which route carries a packet: effective tables as disjoint pieces of the address space.

A table is read as a relation: a route is taken where its condition and prefix hold and no better
route's do. Since prefixes are nested or disjoint, that is a partition into intervals, each with the
few routes that can apply there in order of preference.

R-SYS-1, R-SYS-2, R-SYS-3, R-SYS-4, R-SYS-5, R-SYS-6, R-SYS-7, R-SYS-8, R-SYS-10, R-EFF-1, R-EFF-2, R-SEL-1,
R-SEL-2, R-SEL-3, R-SEL-4, R-SEL-8, R-SEL-9, R-SEL-10, R-UDR-2, R-UDR-8, R-GW-7, R-GW-15, R-GW-21, R-TRAF-4,
R-TRAF-8, R-ADDR-6.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.candidates import (
    APPLIANCE,
    EXPRESSROUTE,
    PREFERRED_APPLIANCE,
    VPN,
    ApplianceHop,
    Candidate,
    Class,
    EndpointHop,
    GroupHop,
    Hop,
    InternetHop,
    Known,
    LearnedHop,
    LocalHop,
    NoHop,
    PeerHop,
    Piece,
    PrivateHop,
    UserGatewayHop,
)
from vnetverify.encoder.entries import contains
from vnetverify.encoder.facts import Grounds
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.open_routes import OpenRoutes
from vnetverify.encoder.private_routes import EndpointRoutes
from vnetverify.encoder.terms import FALSE, TRUE, Field, Term, all_of, any_of, negate, none_of
from vnetverify.header import Family, Interval, Prefix, interval_set
from vnetverify.model.intents import FailureKind
from vnetverify.model.network import (
    GATEWAY_SUBNET,
    BgpPeer,
    Era,
    GatewayKind,
    NextHopType,
    RouteServer,
    RouteTable,
    Subnet,
    UserRoute,
)

# Ranks inside SYSTEM for one prefix: a None route that stays beats all, then own ranges, peers', mates'.
_STAYS, _OWN, _PEER, _MATE = 4000, 3000, 2000, 1000
_LISTED_LATER = 12
"""The length of the private block that pages of older eras do not list."""


@dataclass(slots=True)
class Routes:
    """The effective tables of an estate, made once for each kind of subnet."""

    estate: Estate
    gateways: Gateways
    grounds: Grounds
    _pieces: dict[tuple[object, ...], tuple[Piece, ...]] = field(default_factory=dict)

    def pieces(self, subnet: Subnet, destination: Field) -> tuple[Piece, ...]:
        """Return the partition of all addresses that the effective routes of `subnet` make.

        They are those for packets to `destination` where a site may announce what it likes around it.
        """
        alike = self._what_tells_tables_apart(subnet)
        if self.gateways.announcing.site is not None:
            alike = (*alike, destination.term)
        if alike not in self._pieces:
            self._pieces[alike] = self._parted(subnet, self.candidates(subnet), destination)
        return self._pieces[alike]

    def pieces_without_user_routes(self, subnet: Subnet, destination: Field) -> tuple[Piece, ...]:
        """Return the partition that the other routes of the table make (R-GW-23)."""
        others = (candidate for candidate in self.candidates(subnet) if candidate.kind is not Class.USER)
        return self._parted(subnet, others, destination)

    def _parted(self, subnet: Subnet, candidates: Iterable[Candidate], destination: Field) -> tuple[Piece, ...]:
        every = self.estate.realm.every
        table = self.table_of(subnet)
        if not self.gateways.announcing.cells() or (table is not None and not table.propagate_gateway_routes):
            return partition(candidates, every)
        known = self._known(subnet)
        routes = OpenRoutes(
            self.gateways, subnet, destination.term, known, partial(self._survives, known=known, hidden=_hidden(table))
        )
        return partition(candidates, every, routes)

    def _what_tells_tables_apart(self, subnet: Subnet) -> tuple[object, ...]:
        idle = tuple(peer for peer in self.estate.peers(subnet.vnet) if not self.takes_part(subnet, peer))
        own = subnet.id if self.gateways.serving_route_servers(subnet.vnet) else None
        return (subnet.vnet, subnet.route_table, subnet.service_endpoints, idle, own)

    def takes_part(self, subnet: Subnet, peer: str) -> bool:
        """Tell whether `subnet` takes part in the peering with `peer`: always, unless it is one of subnets."""
        if not self.estate.is_of_subnets(subnet.vnet, peer):
            return True
        return subnet in self.estate.participants(subnet.vnet, peer)

    def table_of(self, subnet: Subnet) -> RouteTable | None:
        return None if subnet.route_table is None else self.estate.network.route_tables.get(subnet.route_table)

    def candidates(self, subnet: Subnet) -> tuple[Candidate, ...]:
        """Return every route that some world has in the table of `subnet` (R-EFF-1)."""
        table = self.table_of(subnet)
        user_routes = () if table is None else table.routes
        known = self._known(subnet)
        learned = self._learned(subnet, known)
        return (
            *self._system(subnet.vnet, known, user_routes, [*learned, *self._open_defaults(subnet, known)]),
            *learned,
            *self._user(subnet, user_routes, known),
            *self._to_endpoints(subnet, user_routes),
        )

    def failing_next_hops(self) -> list[tuple[str, int]]:
        """Return the addresses that some route makes an appliance, where these may be down, each with its network.

        Nothing need be routed there: a host that a packet is for is down all the same (I-FAILURES).
        """
        if not self.gateways.failing.may_fail(FailureKind.APPLIANCE):
            return []
        hops = (candidate.hop for subnet in self.estate.subnets.values() for candidate in self.candidates(subnet))
        return sorted(
            {(hop.vnet, hop.address) for hop in hops if isinstance(hop, ApplianceHop) and hop.vnet is not None}
        )

    def _known(self, subnet: Subnet) -> tuple[Known, ...]:
        """Return the ranges of the network itself, its peers, its mates, and enabled service endpoints."""
        estate, facts, vnet = self.estate, self.gateways.facts, subnet.vnet
        own = estate.network.vnets[vnet]
        known = [Known(prefix, LocalHop(), span=own.span) for prefix in own.address_space]
        for peer in estate.peers(vnet):
            line = estate.half(vnet, peer).span
            joined = self.gateways.is_peering_up(vnet, peer)
            takes_part = TRUE if self.takes_part(subnet, peer) else facts.holds("U-R-PEER-19")
            for prefix, is_sure in estate.ranges_seen(vnet, peer):
                seen = TRUE if is_sure else facts.holds("U-R-PEER-17", f"{vnet} -> {peer}")
                known.append(Known(prefix, PeerHop(peer), all_of(joined, takes_part, seen), line))
        grouped = [(mate, p) for mate in estate.mates(vnet) for p in estate.network.vnets[mate].address_space]
        last = {prefix: mate for mate, prefix in grouped}  # of networks with one range the last is there in any case
        for mate, prefix in grouped:
            chosen = TRUE if last[prefix] == mate else facts.holds("U-R-CG-4", vnet, mate)
            known.append(Known(prefix, GroupHop(mate), chosen))
        for service in subnet.service_endpoints:
            near = self._prefixes_near(vnet, service)
            for prefix in self.service_prefixes(service):
                is_sure = near is None or prefix in near
                here = TRUE if is_sure else facts.holds("U-R-SYS-9", vnet, service)
                known.append(Known(prefix, EndpointHop(service), here))
        return tuple(known)

    def service_prefixes(self, service: str) -> tuple[Prefix, ...]:
        """Return the prefixes of a service endpoint, published under its name or without `Microsoft.` (R-SYS-9)."""
        name = service.casefold()
        tags = {tag.casefold(): prefixes for tag, prefixes in self.estate.network.service_tags.items()}
        return tags.get(name, tags.get(name.removeprefix("microsoft."), ()))

    def _prefixes_near(self, vnet: str, service: str) -> frozenset[Prefix] | None:
        """Return the prefixes of a service in the region of the network; None where no tag tells regions apart."""
        name = service.casefold()
        tags = {tag.casefold(): prefixes for tag, prefixes in self.estate.network.service_tags.items()}
        called = name if name in tags else name.removeprefix("microsoft.")
        regional = {tag: prefixes for tag, prefixes in tags.items() if tag.startswith(f"{called}.")}
        region = (self.estate.network.vnets[vnet].region or "").casefold().replace(" ", "")
        return frozenset(regional.get(f"{called}.{region}", ())) if regional else None

    # -- learned routes -----------------------------------------------------------------------------------

    def _learned(self, subnet: Subnet, known: tuple[Known, ...]) -> tuple[Candidate, ...]:
        """Return the gateway routes of `subnet` that what the system knows leaves (R-SYS-8, R-GW-7, R-SEL-3)."""
        table = self.table_of(subnet)
        if table is not None and not table.propagate_gateway_routes:
            return ()
        hidden = _hidden(table)
        candidates = [
            Candidate(
                entry.prefix, Class.GATEWAY, LearnedHop(gateway.name), "R-SYS-8", condition, rank - order, entry.span
            )
            for order, gateway in enumerate(self.gateways.servers(subnet.vnet))
            for rank in (EXPRESSROUTE if gateway.kind is GatewayKind.EXPRESSROUTE else VPN,)
            for entry in self.gateways.in_tables(gateway)
            for condition in (
                all_of(
                    entry.in_force,
                    self.gateways.is_served(subnet.vnet, gateway.vnet),
                    self._survives(entry.prefix, entry.is_static, known, hidden),
                ),
            )
        ]
        for server in self.gateways.serving_route_servers(subnet.vnet):
            candidates += self._from_route_server(subnet, server, known, hidden)
        return tuple(candidate for candidate in candidates if candidate.condition != FALSE)

    def _from_route_server(
        self, subnet: Subnet, server: RouteServer, known: tuple[Known, ...], hidden: frozenset[Prefix]
    ) -> Iterator[Candidate]:
        """Yield the routes that a Route Server puts into `subnet`, next hop its appliances (R-GW-19, R-GW-30)."""
        facts = self.gateways.facts
        here = facts.holds("U-R-GW-30", server.vnet) if subnet.is_called(GATEWAY_SUBNET) else TRUE
        by_prefix: dict[Prefix, list[BgpPeer]] = {}
        for peer in server.peers:
            for prefix in self.gateways.kept_of(server, peer):
                by_prefix.setdefault(prefix, []).append(peer)
        for prefix, peers in by_prefix.items():
            survives = all_of(here, self._survives(prefix, False, known, hidden))
            works = [self.gateways.is_in_touch(server, peer) for peer in peers]
            for order, peer in enumerate(peers):
                later = any_of(*works[order + 1 :])
                wanted = TRUE
                if later != FALSE:
                    wanted = any_of(negate(later), facts.holds("U-R-SEL-7", subnet.id, peer.machine))
                chosen = all_of(wanted, works[order], self.gateways.is_served(subnet.vnet, server.vnet))
                preferred = facts.holds("U-R-GW-15", server.vnet)
                for hop, in_force in self._hops_in_force(subnet, self._announced_next_hop(peer)):
                    taken = all_of(survives, chosen, in_force)
                    first = all_of(taken, preferred)
                    yield Candidate(prefix, Class.GATEWAY, hop, "R-GW-19", first, PREFERRED_APPLIANCE - order)
                    yield Candidate(prefix, Class.GATEWAY, hop, "R-GW-19", taken, APPLIANCE - order)

    def _announced_next_hop(self, peer: BgpPeer) -> int:
        """Return the next hop that an appliance announces: its first address, which acceptance asks for, or another."""
        if peer.next_hop is not None:
            return peer.next_hop
        return self.estate.network.machines[peer.machine].nics[0].addresses[0]

    def _appliance_hops(self, subnet: Subnet, address: int) -> list[tuple[ApplianceHop, Term]]:
        """Return the hops to an appliance's address: who owns it, where that network counts as near (R-UDR-8)."""
        owner = self.estate.owner(subnet.vnet, address)
        if owner is None or owner == subnet.vnet:
            return [(ApplianceHop(address, owner), TRUE)]
        if owner in self.estate.mates(subnet.vnet):
            counts = self.gateways.facts.holds("U-R-UDR-8-CG")
        else:
            counts = all_of(self.gateways.is_peering_up(subnet.vnet, owner), self._is_in_sync(subnet, owner, address))
        if counts == TRUE:
            return [(ApplianceHop(address, owner), TRUE)]
        return [(ApplianceHop(address, owner), counts), (ApplianceHop(address, None), negate(counts))]

    def _is_in_sync(self, subnet: Subnet, peer: str, address: int) -> Term:
        """Hold when the tables have a range of `peer` that holds `address` (R-PEER-17)."""
        ranges = self.estate.ranges_seen(subnet.vnet, peer)
        if any(is_sure and prefix.value <= address <= prefix.last for prefix, is_sure in ranges):
            return TRUE
        return self.gateways.facts.holds("U-R-PEER-17", self.estate.half(subnet.vnet, peer).id)

    def _survives(self, prefix: Prefix, is_static: bool, known: tuple[Known, ...], hidden: frozenset[Prefix]) -> Term:
        """Hold when no known range that contains `prefix` displaces it (R-SEL-3, R-SEL-6, R-SEL-8, R-CG-5)."""
        facts = self.gateways.facts
        conditions = []
        for range_ in known:
            if not contains(range_.prefix, prefix):
                continue
            match range_.hop:
                case GroupHop():
                    kept = facts.holds("U-R-CG-5")
                case EndpointHop():
                    longer = is_static and prefix != range_.prefix
                    kept = any_of(
                        facts.holds("U-R-SEL-6") if prefix == range_.prefix else FALSE,
                        facts.holds("U-R-SEL-3") if longer else FALSE,
                    )
                case _:
                    longer = is_static and prefix != range_.prefix
                    kept = any_of(
                        facts.holds("U-R-SEL-3") if longer else FALSE,
                        facts.holds("U-R-SEL-8") if range_.prefix in hidden else FALSE,
                    )
            conditions.append(any_of(negate(range_.condition), kept))
        return all_of(*conditions)

    def _open_defaults(self, subnet: Subnet, known: tuple[Known, ...]) -> Iterator[Candidate]:
        """Yield the default routes that a site may announce, whatever the destination (R-SYS-6)."""
        every, table = self.estate.realm.every, self.table_of(subnet)
        if table is not None and not table.propagate_gateway_routes:
            return
        survives = self._survives(every, False, known, _hidden(table))
        for gateway in self.gateways.servers(subnet.vnet):
            for entry in self.gateways.told_defaults(gateway):
                served = self.gateways.is_served(subnet.vnet, gateway.vnet)
                condition = all_of(entry.in_force, served, survives)
                yield Candidate(every, Class.GATEWAY, LearnedHop(gateway.name), "R-SYS-8", condition)

    # -- system and user routes ---------------------------------------------------------------------------

    def _system(
        self, vnet: str, known: tuple[Known, ...], user_routes: tuple[UserRoute, ...], learned: list[Candidate]
    ) -> Iterator[Candidate]:
        for order, range_ in enumerate(known):
            rule, rank = _SYSTEM_RULES[type(range_.hop)]
            is_there = all_of(range_.condition, self._unless_by_a_group(vnet, range_))
            yield Candidate(range_.prefix, Class.SYSTEM, range_.hop, rule, is_there, rank - order, range_.span)
        realm = self.estate.realm
        yield Candidate(realm.every, Class.SYSTEM, InternetHop(), "R-SYS-2")
        facts = self.gateways.facts
        near = [range_ for range_ in known if not isinstance(range_.hop, EndpointHop)]
        for block in realm.further:
            outside = none_of(*(range_.condition for range_ in near if contains(range_.prefix, block)))
            condition = all_of(facts.holds("U-R-SYS-10"), outside)
            if condition != FALSE:
                yield Candidate(block, Class.SYSTEM, NoHop(), "R-SYS-10", condition)
        if realm.family is Family.IPV6:
            yield from self._private_blocks_of_ipv6(near)
            return
        if any(route.prefix == realm.every for route in user_routes):
            return
        defaults = [route for route in learned if route.prefix == realm.every]
        no_default = all_of(*(negate(all_of(route.condition, facts.holds("U-R-SYS-6"))) for route in defaults))
        for block in realm.reserved:
            listed = TRUE if self._is_listed(block) else facts.holds("U-R-SYS-10")
            condition = all_of(no_default, listed, *(self._keeps(block, range_) for range_ in near))
            if condition != FALSE:
                yield Candidate(block, Class.SYSTEM, NoHop(), "R-SYS-3", condition, rank=_STAYS)

    def _is_listed(self, block: Prefix) -> bool:
        """Tell whether pages of the era have a None route for a private block: 172.16.0.0/12 came late (R-SYS-3)."""
        return self.estate.network.era is Era.CURRENT or block.length != _LISTED_LATER

    def _unless_by_a_group(self, vnet: str, range_: Known) -> Term:
        """Hold when a peer's range is not given up to a mate's that is the same (R-CG-4, R-CG-5)."""
        if not isinstance(range_.hop, PeerHop):
            return TRUE
        vnets = self.estate.network.vnets
        mates = [mate for mate in self.estate.mates(vnet) if range_.prefix in vnets[mate].address_space]
        return none_of(*(self.gateways.facts.holds("U-R-CG-4", vnet, mate) for mate in mates))

    def _private_blocks_of_ipv6(self, near: list[Known]) -> Iterator[Candidate]:
        """Yield the None route of private IPv6 addresses, which no default route removes (R-ADDR-6)."""
        there = negate(self.gateways.facts.holds("U-R-ADDR-6"))
        own = [range_ for range_ in near if isinstance(range_.hop, LocalHop)]
        for block in self.estate.realm.reserved:
            outside = none_of(*(range_.condition for range_ in own if contains(range_.prefix, block)))
            condition = all_of(there, outside)
            if condition != FALSE:
                yield Candidate(block, Class.SYSTEM, NoHop(), "R-ADDR-6", condition, rank=_STAYS)

    def _to_endpoints(self, subnet: Subnet, user_routes: tuple[UserRoute, ...]) -> Iterator[Candidate]:
        paths = EndpointRoutes(self.estate, self.gateways.facts, self.gateways, self.grounds).to_endpoints(
            subnet, user_routes
        )
        for order, path in enumerate(paths):
            hop = PrivateHop(path.endpoint.name, path.endpoint.vnet)
            line = path.endpoint.span
            yield Candidate(path.prefix, Class.SYSTEM, hop, "R-SYS-11", path.condition, _PEER - order, line)

    def _keeps(self, block: Prefix, range_: Known) -> Term:
        """Hold when a range leaves the None route of a reserved block in force (R-SYS-4, R-SYS-5)."""
        if not contains(range_.prefix, block):
            return TRUE
        if isinstance(range_.hop, LocalHop) or range_.prefix != block:
            return negate(range_.condition)
        return negate(all_of(range_.condition, self.gateways.facts.holds("U-R-SYS-5")))

    def _user(self, subnet: Subnet, routes: tuple[UserRoute, ...], known: tuple[Known, ...]) -> Iterator[Candidate]:
        facts = self.gateways.facts
        endpoints = [range_ for range_ in known if isinstance(range_.hop, EndpointHop)]
        for order, route in enumerate(routes):
            rank = _tag_rank(route.service_tag) - order
            around = any_of(*(each.condition for each in endpoints if contains(each.prefix, route.prefix)))
            overrides = TRUE if around == FALSE else any_of(negate(around), facts.holds("U-R-SEL-6"))
            for hop, condition in self._user_hops(subnet, route):
                rule = "R-SEL-4" if hop != NoHop() else "R-UDR-6"
                in_force = all_of(overrides, condition)
                yield Candidate(route.prefix, Class.USER, hop, rule, in_force, rank, route.span)

    def _user_hops(self, subnet: Subnet, route: UserRoute) -> list[tuple[Hop, Term]]:
        """Return where a user route leads, on which condition (R-UDR-8)."""
        if route.next_hop_address is None:
            return [(_PLAIN_HOPS[route.next_hop], TRUE)]
        return [*self._hops_in_force(subnet, route.next_hop_address)]

    def _hops_in_force(self, subnet: Subnet, address: int) -> list[tuple[ApplianceHop, Term]]:
        """Return the hops to an appliance's address, each with when its route is not passed over (R-UDR-8)."""
        hops = self._appliance_hops(subnet, address)
        return [(hop, near if hop.vnet is not None else self._unless_skipped(near)) for hop, near in hops]

    def _unless_skipped(self, far: Term) -> Term:
        """Hold when a next hop that is not directly connected drops what comes to it, instead of being passed over."""
        return all_of(far, negate(self.gateways.facts.holds("U-R-UDR-8")))


_SYSTEM_RULES: dict[type, tuple[str, int]] = {
    LocalHop: ("R-SYS-1", _OWN),
    PeerHop: ("R-SYS-7", _PEER),
    GroupHop: ("R-CG-1", _MATE),
    EndpointHop: ("R-SYS-9", _MATE),
}
_PLAIN_HOPS: dict[NextHopType, Hop] = {
    NextHopType.VNET_LOCAL: LocalHop(by_user=True),
    NextHopType.INTERNET: InternetHop(by_user=True),
    NextHopType.NONE: NoHop(),
    NextHopType.GATEWAY: UserGatewayHop(),
    NextHopType.APPLIANCE: NoHop(),
}


def _tag_rank(tag: str | None) -> int:
    """Rank user routes of one prefix by what they were written as (R-UDR-4): greater is taken first."""
    if tag is None:
        return 50_000
    is_cloud = tag.casefold().startswith("azurecloud")
    return 10_000 * (2 * (not is_cloud) + ("." in tag) + 1)


def _hidden(table: RouteTable | None) -> frozenset[Prefix]:
    """Return the prefixes of user routes, which hide what the system knows (R-SEL-8)."""
    return frozenset() if table is None else frozenset(route.prefix for route in table.routes)


def partition(
    candidates: Iterable[Candidate], every: Prefix, open_routes: OpenRoutes | None = None
) -> tuple[Piece, ...]:
    """Return disjoint pieces that cover all addresses of `every`, those with the same choices joined."""
    by_preference = sorted(candidates, key=lambda candidate: candidate.preference, reverse=True)
    edges = {cut for candidate in by_preference for cut in (candidate.prefix.value, candidate.prefix.last + 1)}
    edges |= {every.value} if open_routes is None else {every.value, *open_routes.cuts()}
    cuts = sorted(edges - {every.last + 1})
    choices: list[list[Candidate]] = [[] for _ in cuts]
    settled = [False] * len(cuts)
    for candidate in by_preference:
        for index in range(bisect_left(cuts, candidate.prefix.value), bisect_right(cuts, candidate.prefix.last)):
            if not settled[index]:
                choices[index].append(candidate)
                settled[index] = candidate.condition == TRUE
    joined: dict[tuple[Candidate, ...], list[Interval]] = {}
    for index, low in enumerate(cuts):
        high = cuts[index + 1] - 1 if index + 1 < len(cuts) else every.last
        here = choices[index] if open_routes is None else open_routes.among(choices[index], low)
        joined.setdefault(tuple(here), []).append(Interval(low, high))
    return tuple(Piece(interval_set(intervals), chosen) for chosen, intervals in joined.items())
