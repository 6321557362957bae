"""Which addresses a service tag holds at a subnet.

F-TAG-1, F-TAG-2, F-TAG-3, F-TAG-4, F-TAG-5, F-TAG-6, F-TAG-7, F-TAG-8, F-TAG-9, F-TAG-10, F-TAG-11, F-TAG-12,
F-TAG-14, F-TAG-19, F-TAG-21, F-TAG-22, R-ADDR-6, R-PEER-13, R-TRAF-9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.advertising import Around, place_of
from vnetverify.encoder.entries import Entry
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.families import HOST, HOST_ADDRESS
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.routes import Routes
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Field,
    Term,
    all_of,
    any_of,
    either,
    equals,
    is_among,
    lies_in,
    negate,
    none_of,
)
from vnetverify.header import Family, IntervalSet, NotAPrefix, Prefix, addresses_of, parse_prefix
from vnetverify.model.network import NextHopType, Peering, Subnet, UserRoute
from vnetverify.source import Span

_THROUGH = (NextHopType.APPLIANCE, NextHopType.GATEWAY)


@dataclass(frozen=True, slots=True)
class Membership:
    """What `VirtualNetwork` holds at a subnet: surely, possibly (with what is documented), and what halves keep out."""

    own: tuple[Prefix, ...]
    certain: tuple[Prefix, ...]
    possible: tuple[tuple[Prefix, bool], ...]
    certainly: IntervalSet
    shut: tuple[tuple[Prefix, Peering], ...] = ()


@dataclass(frozen=True, slots=True)
class ToldMember:
    """A prefix around an address that a site may announce: when it belongs to `VirtualNetwork`, and the symbols of its
    announcements."""

    place: Around
    is_in: Term
    announcements: tuple[Term, ...]


@dataclass(slots=True)
class Tags:
    """Service tags as terms over an address and open facts."""

    estate: Estate
    gateways: Gateways
    routes: Routes
    facts: Facts
    grounds: Grounds
    _memberships: dict[tuple[object, ...], Membership] = field(default_factory=dict)

    def holds(self, tag: str, address: Field, subnet: Subnet, end: str) -> Term:
        """Hold when `address`, which is this `end` of the flow (not of the packet), belongs to `tag` at `subnet`."""
        name = tag.casefold()
        if name == "virtualnetwork":
            return self._virtual_network(address, subnet)
        if name == "internet":
            return self._internet(address, subnet)
        if name == "azureloadbalancer":
            return equals(address, self.estate.realm.probe)
        if name.startswith("azureplatform"):
            return FALSE  # they act in the exemption of host services alone (F-PLAT-1)
        for declared, prefixes in self.estate.network.service_tags.items():
            if declared.casefold() == name:
                return is_among(address, addresses_of(prefixes))
        public = is_among(address, self.estate.realm.public)
        if public == FALSE:
            return FALSE
        held = self.facts.holds("U-TAG", tag, end)
        whole, _, region = tag.partition(".")
        # What a region's part holds the tag of all regions does, too (F-TAG-19).
        of_all = self.holds(whole, address, subnet, end) if region else TRUE
        return all_of(public, held, of_all)

    def _virtual_network(self, address: Field, subnet: Subnet) -> Term:
        members = self.membership(subnet)
        surely = is_among(address, members.certainly)
        if surely == TRUE:
            return TRUE
        return any_of(
            surely,
            *(
                all_of(lies_in(address, prefix), negate(self._is_shut_by(half)))
                for prefix, half in members.shut
                if lies_in(address, prefix) != FALSE
            ),
            *(all_of(lies_in(address, prefix), is_in) for prefix, is_in in self._possible(address, subnet, members)),
            *(member.is_in for member in self._told(address, subnet, members)),
        )

    def _is_shut_by(self, half: Peering) -> Term:
        """Hold while the line counts that keeps a peer's space out of the tag (F-TAG-4)."""
        ground = Ground(f"peering {half.id}", "virtual network access is off", "F-TAG-4", half.span)
        return self.grounds.counts(Bearing.STOPS, ground)

    def _is_tagged(self, subnet: Subnet, prefix: Prefix, documented: bool) -> Term:
        return self.facts.holds("U-VNTAG", subnet.id, str(prefix), documented=documented)

    def _internet(self, address: Field, subnet: Subnet) -> Term:
        realm = self.estate.realm
        if is_among(address, realm.tagged_public) == FALSE:
            return FALSE
        members = self.membership(subnet)
        public = self._outside_of_ipv6(address) if realm.family is Family.IPV6 else self._outside_of_ipv4(address)
        holes = [
            any_of(negate(lies_in(address, hole)), self.facts.holds("U-INET", str(hole)))
            for hole in realm.holes
            if lies_in(address, hole) != FALSE
        ]
        gained = [(prefix, TRUE) for prefix in members.certain if prefix != HOST]
        gained += self._possible(address, subnet, members)
        left = [
            negate(all_of(lies_in(address, prefix), is_in, self.facts.holds("U-INETMINUS", subnet.id, str(prefix))))
            for prefix, is_in in gained
            if addresses_of((prefix,)) & realm.tagged_public and lies_in(address, prefix) != FALSE
        ]
        left += self._left_by_announcement(address.narrowed(realm.tagged_public), subnet, members)
        return all_of(public, negate(is_among(address, addresses_of(members.own))), *holes, *left)

    def _outside_of_ipv4(self, address: Field) -> Term:
        """Hold when the Internet tag holds `address`, were it not for networks: public ones (F-TAG-9)."""
        public = is_among(address, self.estate.realm.public)
        host = equals(address, HOST_ADDRESS)
        if host == FALSE:
            return public
        return any_of(public, all_of(host, self.facts.holds("U-INET", str(HOST), documented=False)))

    def _outside_of_ipv6(self, address: Field) -> Term:
        """Hold when the Internet tag holds `address`, were it not for networks: public and others (F-TAG-21)."""
        public = is_among(address, self.estate.realm.public)
        there = TRUE if public == FALSE else self.facts.holds("U-INET", "2000::/3")
        elsewhere = TRUE if public == TRUE else self.facts.holds("U-INET", str(self.estate.realm.every))
        return either(public, there, elsewhere)

    def _possible(self, address: Field, subnet: Subnet, members: Membership) -> Iterator[tuple[Prefix, Term]]:
        """Yield the prefixes that `VirtualNetwork` may hold at a subnet, each with when it does.

        Of a default route other documents speak where a site announces it.
        """
        for prefix, documented in members.possible:
            if lies_in(address, prefix) != FALSE:
                is_in = self._is_tagged(subnet, prefix, documented)
                if prefix == self.estate.realm.every and not documented:
                    is_in = all_of(negate(self._default_is_told(subnet)), is_in)
                yield prefix, is_in

    # -- what a site may announce -------------------------------------------------------------------------

    def _default_is_told(self, subnet: Subnet) -> Term:
        """Hold when the subnet gets a default route that the claim's site announces."""
        if not self._propagates(subnet):
            return FALSE
        servers = self.gateways.servers(subnet.vnet)
        return any_of(*(entry.told for gateway in servers for entry in self.gateways.told_defaults(gateway)))

    def _propagates(self, subnet: Subnet) -> bool:
        table = self.routes.table_of(subnet)
        return table is None or table.propagate_gateway_routes

    def _told(self, address: Field, subnet: Subnet, members: Membership) -> Iterator[ToldMember]:
        """Yield what `VirtualNetwork` holds around `address` for what the claim's site announces (F-TAG-7)."""
        by_length: dict[int, list[Entry]] = {}
        for gateway in self.gateways.servers(subnet.vnet) if self.gateways.announcing.cells() else ():
            for entry in self.gateways.told(gateway, address):
                by_length.setdefault(entry.bits, []).append(entry)
        propagates, listed = self._propagates(subnet), dict(members.possible)
        listed |= dict.fromkeys(members.certain, True)
        for length, entries in by_length.items():
            sure = [e for e in entries if propagates and e.condition == TRUE and length > 0]
            by_default = propagates and length == 0
            member = ToldMember(place_of(address.term, length), FALSE, tuple(e.announcement for e in entries))
            same = [p for p in listed if p.length == length and not (by_default and not listed[p])]
            doubtful = all_of(
                any_of(*(entry.told for entry in entries)),
                none_of(*(lies_in(address, prefix) for prefix in same)),
            )
            if doubtful != FALSE and len(sure) < len(entries):
                doubtful = all_of(doubtful, self._doubt("U-VNTAG", address, subnet, member, (), by_default))
            else:
                doubtful = FALSE
            yield replace(member, is_in=any_of(*(entry.told for entry in sure), doubtful))

    def _left_by_announcement(self, address: Field, subnet: Subnet, members: Membership) -> Iterator[Term]:
        """Yield what the Internet tag asks of `address` for what the claim's site announces (F-TAG-11)."""
        listed = (*members.certain, *(prefix for prefix, _ in members.possible), self.estate.realm.every)
        for member in self._told(address, subnet, members):
            if member.is_in != FALSE:
                is_host = any_of(
                    *(lies_in(address, p) for p in self.estate.realm.host if p.length == member.place.length)
                )
                leaves = self._doubt("U-INETMINUS", address, subnet, member, listed, False)
                yield negate(all_of(member.is_in, negate(is_host), leaves))

    def _doubt(
        self,
        question: str,
        address: Field,
        subnet: Subnet,
        member: ToldMember,
        listed: Iterable[Prefix],
        documented: bool,
    ) -> Term:
        """Return the fact about a subnet and an announced prefix; of a `listed` prefix it has a symbol of its own."""
        place = member.place
        same = {prefix for prefix in (*listed, *self._assumed(question, subnet)) if prefix.length == place.length}
        same = {prefix for prefix in same if lies_in(address, prefix) != FALSE}
        if not place.length and same:
            return self.facts.holds(question, subnet.id, str(self.estate.realm.every), documented=documented)
        fact = self.gateways.announcing.holds(question, subnet.id, place, member.announcements, documented=documented)
        for prefix in sorted(same):
            known = self.facts.holds(question, subnet.id, str(prefix), documented=documented)
            fact = either(lies_in(address, prefix), known, fact)
        return fact

    def _assumed(self, question: str, subnet: Subnet) -> Iterator[Prefix]:
        """Yield the prefixes about which such a fact of this subnet is assumed."""
        start = f"{question}({subnet.id}, ".casefold()
        for name in self.facts.fixed:
            if name.startswith(start):
                with suppress(NotAPrefix):
                    yield parse_prefix(name.removeprefix(start).removesuffix(")"))

    # -- what is declared ---------------------------------------------------------------------------------

    def membership(self, subnet: Subnet) -> Membership:
        """Return what `VirtualNetwork` holds at `subnet` (F-TAG-7)."""
        idle = tuple(peer for peer in self.estate.peers(subnet.vnet) if not self.routes.takes_part(subnet, peer))
        name = (subnet.vnet, subnet.route_table, subnet.service_endpoints, idle)
        if name not in self._memberships:
            self._memberships[name] = self._membership(subnet)
        return self._memberships[name]

    def _membership(self, subnet: Subnet) -> Membership:
        vnets = self.estate.network.vnets
        own = vnets[subnet.vnet].address_space
        certain = tuple(dict.fromkeys(self._certain(subnet)))
        possible: dict[Prefix, bool] = {}
        for prefix, documented in self._perhaps(subnet):
            if prefix not in certain and prefix not in own:
                possible[prefix] = possible.get(prefix, False) or documented
        return Membership(own, certain, tuple(possible.items()), addresses_of((*own, *certain)), self._shut(subnet))

    def _certain(self, subnet: Subnet) -> list[Prefix]:
        """Return the prefixes that the tag surely holds besides those of the network itself."""
        every = self.estate.realm.every
        certain = [prefix for prefix, is_sure in self._of_peers(subnet) if is_sure]
        if self._propagates(subnet):
            certain += [e.prefix for e in self._in_tables(subnet) if e.condition == TRUE and e.prefix != every]
        written = [route for route in self._user_routes(subnet) if route.service_tag is None]
        certain += [route.prefix for route in written if route.next_hop in _THROUGH and route.prefix != every]
        return [*certain, *self.estate.realm.host]

    def _perhaps(self, subnet: Subnet) -> Iterator[tuple[Prefix, bool]]:
        """Yield the prefixes that the tag may hold, each with whether this reason for it is documented."""
        vnets, every = self.estate.network.vnets, self.estate.realm.every
        routes, entries = self._user_routes(subnet), self._in_tables(subnet)
        to_devices = any(route.prefix == every and route.next_hop in _THROUGH for route in routes)
        if to_devices or (self._propagates(subnet) and any(entry.prefix == every for entry in entries)):
            yield every, True
        for route in routes:
            if route.service_tag is not None or route.next_hop not in _THROUGH:
                yield route.prefix, route.prefix != every
        yield from ((prefix, False) for prefix in self._of_other_tables(subnet))
        yield from ((entry.prefix, False) for entry in entries)
        yield from ((prefix, False) for prefix in self.estate.realm.metadata)
        for service in subnet.service_endpoints:
            yield from ((prefix, False) for prefix in self.routes.service_prefixes(service))
        yield from self._doubtful_of_peers(subnet)
        for mate in self.estate.mates(subnet.vnet):
            yield from ((prefix, True) for prefix in vnets[mate].address_space)
        for server in self.gateways.serving_route_servers(subnet.vnet):
            for peer in server.peers:
                yield from ((prefix, prefix == every) for prefix in self.gateways.kept_of(server, peer))

    def _of_other_tables(self, subnet: Subnet) -> Iterator[Prefix]:
        """Yield the prefixes of the user routes of other subnets of the network."""
        table = self.routes.table_of(subnet)
        for other in self.estate.network.vnets[subnet.vnet].subnets:
            other_table = self.routes.table_of(other)
            if other_table is not None and other_table is not table:
                yield from (route.prefix for route in other_table.routes)

    def _user_routes(self, subnet: Subnet) -> tuple[UserRoute, ...]:
        table = self.routes.table_of(subnet)
        return () if table is None else table.routes

    def _in_tables(self, subnet: Subnet) -> list[Entry]:
        return [entry for gateway in self.gateways.servers(subnet.vnet) for entry in self.gateways.in_tables(gateway)]

    def defaults(self, subnet: Subnet) -> list[Span]:
        """Return the lines by which `VirtualNetwork` holds every address at a subnet, as documented (F-TAG-8)."""
        every = self.estate.realm.every
        if (every, True) not in self.membership(subnet).possible:
            return []
        routes, entries = self._user_routes(subnet), self._in_tables(subnet)
        written = [route.span for route in routes if route.prefix == every and route.next_hop in _THROUGH]
        return written + [entry.span for entry in entries if entry.prefix == every and entry.span is not None]

    def _shut(self, subnet: Subnet) -> tuple[tuple[Prefix, Peering], ...]:
        halves = (self.estate.half(subnet.vnet, peer) for peer in self.estate.peers(subnet.vnet))
        return tuple(
            (prefix, half)
            for half in halves
            if not half.allow_virtual_network_access
            for prefix in self.estate.network.vnets[half.remote].address_space
        )

    def _of_peers(self, subnet: Subnet) -> Iterator[tuple[Prefix, bool]]:
        """Yield the ranges of peers whose access is on, each with whether the tag surely holds it (F-TAG-4)."""
        for peer in self.estate.peers(subnet.vnet):
            half = self.estate.half(subnet.vnet, peer)
            if half.allow_virtual_network_access and self.routes.takes_part(subnet, peer):
                yield from self.estate.ranges_seen(subnet.vnet, peer)

    def _doubtful_of_peers(self, subnet: Subnet) -> Iterator[tuple[Prefix, bool]]:
        """Yield the ranges of peers that the tag may hold, each with what is documented (R-PEER-17, F-TAG-22)."""
        for peer in self.estate.peers(subnet.vnet):
            half = self.estate.half(subnet.vnet, peer)
            if not half.allow_virtual_network_access:
                continue
            present = self.estate.network.vnets[peer].address_space
            if self.estate.is_of_subnets(subnet.vnet, peer):
                if not self.routes.takes_part(subnet, peer):
                    yield from ((prefix, False) for prefix, _ in self.estate.ranges_seen(subnet.vnet, peer))
                yield from ((prefix, False) for prefix in present)
            else:
                doubtful = [prefix for prefix, sure in self.estate.ranges_seen(subnet.vnet, peer) if not sure]
                yield from ((prefix, prefix not in present) for prefix in doubtful)
