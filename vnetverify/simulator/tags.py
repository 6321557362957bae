"""Service tags as a subnet sees them: VirtualNetwork, Internet and the published ones.

Rules F-TAG-2, F-TAG-3, F-TAG-4, F-TAG-5, F-TAG-6, F-TAG-7, F-TAG-8, F-TAG-9, F-TAG-10, F-TAG-11, F-TAG-12, F-TAG-14,
F-TAG-19, F-TAG-21, F-TAG-22, R-ADDR-6, R-PEER-13, R-PEER-17, R-CG-1, R-GW-19 and R-TRAF-9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.header import EVERY_IPV6, FIRST_IPV6, Interval, IntervalSet, Prefix, addresses_of, parse_prefix
from vnetverify.model.network import NextHopType, Subnet, UserRoute
from vnetverify.simulator.addressing import (
    METADATA_HOST,
    PLATFORM_HOST,
    PUBLIC_IPV6,
    covers,
    everything,
    is_public,
    lies_in,
    some_covers,
)
from vnetverify.simulator.announcements import decides, hears
from vnetverify.simulator.candidates import endpoint_prefixes, propagates, table_of
from vnetverify.simulator.gateways import put_into_tables, servers
from vnetverify.simulator.memory import Remembered
from vnetverify.simulator.peerings import View
from vnetverify.simulator.route_servers import prefixes_kept
from vnetverify.simulator.situation import Situation, route_servers_for, view
from vnetverify.simulator.ways import Entry
from vnetverify.source import NOWHERE, Span

PROBES_IPV6 = parse_prefix("fe80::1234:5678:9abc/128")
HOLES = (parse_prefix("4.128.0.0/12"), parse_prefix("13.96.0.0/13"))
STEERING = (NextHopType.APPLIANCE, NextHopType.GATEWAY)


class Side(Enum):
    """An end of a flow, as its first packet has it."""

    SOURCE = "source"
    DESTINATION = "destination"

    @property
    def other(self) -> Side:
        return Side.DESTINATION if self is Side.SOURCE else Side.SOURCE


@dataclass(frozen=True, slots=True)
class TaggedEnd:
    """An end of one of the packets that a flow becomes, whose address may be another in each (F-FW-5, F-FW-7)."""

    side: Side
    translations: int = 0

    @property
    def called(self) -> str:
        return ("", "translated-", "twice-translated-", "thrice-translated-")[self.translations] + self.side.value


@dataclass(frozen=True, slots=True)
class Member:
    """A prefix of the VirtualNetwork tag and why it is there: `source` names the line at `span`.

    It is there surely, or with `documented` where its fact holds.
    """

    prefix: Prefix
    source: str
    span: Span
    documented: bool | None = None


@dataclass(frozen=True, slots=True)
class VirtualNetworkTag:
    """The tag at one subnet: prefixes that are in it, and those that are where their fact holds (F-TAG-7)."""

    certain: tuple[Prefix, ...]
    possible: tuple[tuple[Prefix, Uncertainty], ...]
    addresses: IntervalSet


_TAGS: Remembered[str, VirtualNetworkTag] = Remembered()


def virtual_network(situation: Situation, subnet: Subnet) -> VirtualNetworkTag:
    """Return the VirtualNetwork tag at `subnet` (F-TAG-2..8), which what is down does not change (I-FAILURES)."""
    situation = situation.with_everything_up
    memory = situation.index.memory.of(_TAGS)
    if subnet.id not in memory:
        certain = tuple(dict.fromkeys(member.prefix for member in certain_members(situation, subnet)))
        documented: dict[Prefix, bool] = {}
        for member in possible_members(situation, subnet):
            documented[member.prefix] = documented.get(member.prefix, False) or bool(member.documented)
        possible = tuple(
            (prefix, Uncertainty("U-VNTAG", (subnet.id, str(prefix)), value))
            for prefix, value in documented.items()
            if prefix not in certain
        )
        memory[subnet.id] = VirtualNetworkTag(certain, possible, addresses_of(certain))
    return memory[subnet.id]


def _routes_of(situation: Situation, subnet: Subnet) -> tuple[UserRoute, ...]:
    table = table_of(situation, subnet)
    return () if table is None else table.routes


def _open_views(situation: Situation, subnet: Subnet) -> Iterator[tuple[str, View]]:
    """Return the peers whose ranges the tag may hold: the access flag is on (F-TAG-4)."""
    for peer in situation.index.peers[subnet.vnet]:
        seen = view(situation, subnet.vnet, peer)
        if seen.half.allow_virtual_network_access:
            yield peer, seen


def _heard(situation: Situation, subnet: Subnet) -> Iterator[tuple[Entry, str, Span]]:
    """Return what the gateways that serve the subnet know, each with the connection it came by."""
    for gateway in servers(situation, subnet.vnet):
        connections = situation.index.connections_of.get(gateway.name, ())
        spans = {connection.name: connection.span for connection in connections}
        for entry in put_into_tables(situation, gateway):
            yield entry, f"gateway {gateway.name}, by {entry.way.name}", spans.get(entry.way.name, gateway.span)


def certain_members(situation: Situation, subnet: Subnet) -> Iterator[Member]:
    """Return the prefixes that are surely in the tag; a default route's never is (F-TAG-7)."""
    default = everything(situation.family)
    vnet = situation.vnet(subnet.vnet)
    yield from (Member(prefix, "own address space", vnet.span) for prefix in vnet.address_space)
    for peer, seen in _open_views(situation, subnet):
        if seen.takes_part(subnet.id):
            yield from (Member(prefix, f"peering with {peer}", seen.half.span) for prefix in seen.sure)
    if propagates(situation, subnet):
        for entry, source, span in _heard(situation, subnet):
            if not entry.condition and entry.prefix != default:
                yield Member(entry.prefix, source, span)
    yield Member(PLATFORM_HOST, "the address of the host", NOWHERE)
    for route in _routes_of(situation, subnet):
        if route.next_hop in STEERING and route.prefix != default and route.service_tag is None:
            yield Member(route.prefix, f"user route {route.name}, next hop {route.next_hop.value}", route.span)


def possible_members(situation: Situation, subnet: Subnet) -> Iterator[Member]:
    """Return prefixes that may be in the tag, each with whether this reason for it is documented (F-TAG-7)."""
    routes, heard = _routes_of(situation, subnet), tuple(_heard(situation, subnet))
    propagating, default = propagates(situation, subnet), everything(situation.family)
    for route in routes:
        if route.prefix == default and route.next_hop in STEERING:
            yield Member(default, f"user route {route.name}, next hop {route.next_hop.value}", route.span, True)
    for entry, source, span in heard if propagating else ():
        if entry.prefix == default:
            yield Member(default, source, span, True)
    for route in routes:
        if route.next_hop not in STEERING or route.service_tag is not None:
            yield Member(route.prefix, f"user route {route.name}", route.span, route.prefix != default)
    for other in situation.vnet(subnet.vnet).subnets:
        if other.id != subnet.id:
            for route in _routes_of(situation, other):
                yield Member(route.prefix, f"user route {route.name} of {other.id}", route.span, False)
    for entry, source, span in heard:
        if entry.condition or not propagating:
            yield Member(entry.prefix, source, span, False)
    yield Member(METADATA_HOST, "the address of the metadata service", NOWHERE, False)
    for service, prefix in endpoint_prefixes(situation, subnet):
        yield Member(prefix, f"service endpoint {service}", subnet.span, False)
    for peer, seen in _open_views(situation, subnet):
        for prefix, value in _doubtful(situation, peer, seen):
            yield Member(prefix, f"peering with {peer}", seen.half.span, value)
    for mate in situation.index.mates[subnet.vnet]:
        span = situation.vnet(mate).span
        yield from (Member(p, f"connected group with {mate}", span, True) for p in situation.vnet(mate).address_space)
    for server in route_servers_for(situation, subnet.vnet):
        for peer_of_server, prefix in prefixes_kept(situation, server):
            source = f"Route Server {server.name}, by {peer_of_server.machine}"
            yield Member(prefix, source, peer_of_server.span, prefix == default)


def _doubtful(situation: Situation, peer: str, seen: View) -> Iterator[tuple[Prefix, bool]]:
    """Return what a peering out of sync or of subnets may add: what it last saw is documented (R-PEER-17, F-TAG-22)."""
    last_seen = seen.half.remote_space or ()
    yield from ((prefix, prefix in last_seen) for prefix in seen.doubtful)
    if seen.subnets is not None:
        yield from ((prefix, False) for prefix in (*seen.sure, *situation.vnet(peer).address_space))


def is_in_virtual_network(situation: Situation, subnet: Subnet, address: Interval) -> bool:
    """Hold when `address` is in VirtualNetwork at `subnet` (F-TAG-7)."""
    tag = virtual_network(situation, subnet)
    if lies_in(address, tag.addresses):
        return True
    if any(covers(prefix, address) and situation.holds(fact) for prefix, fact in tag.possible):
        return True
    return _is_announced(situation, subnet, address, "TAG")


def _is_announced(situation: Situation, subnet: Subnet, address: Interval, kind: str) -> bool:
    """Hold when what a site announces around `address` decides about a tag, where a partial world leaves it open."""
    situation = situation.with_everything_up
    return any(hears(situation, subnet.vnet)) and decides(situation, address, kind, subnet.id)


def is_in_internet(situation: Situation, subnet: Subnet, address: Interval) -> bool:
    """Hold when `address` is in Internet at `subnet` (F-TAG-9, F-TAG-10, F-TAG-11, F-TAG-21)."""
    if some_covers(situation.vnet(subnet.vnet).address_space, address):
        return False
    in_blocks = _is_in_blocks_of_ipv6 if address.low >= FIRST_IPV6 else _is_in_blocks_of_ipv4
    if not in_blocks(situation, address):
        return False
    leaves = any(
        situation.holds(uncertainty("U-INETMINUS", subnet.id, str(prefix)))
        for prefix in _gained(situation, subnet, address)
        if prefix != PLATFORM_HOST
    )
    return not leaves and not _is_announced(situation, subnet, address, "INTERNET")


def _is_in_blocks_of_ipv4(situation: Situation, address: Interval) -> bool:
    """Hold when `address` is public and in no hole, or the platform's where a fact says so (F-TAG-9, F-TAG-10)."""
    if not is_public(address):
        host = Uncertainty("U-INET", (str(PLATFORM_HOST),), False)
        if not (covers(PLATFORM_HOST, address) and situation.holds(host)):
            return False
    return all(situation.holds(uncertainty("U-INET", str(hole))) for hole in HOLES if covers(hole, address))


def _is_in_blocks_of_ipv6(situation: Situation, address: Interval) -> bool:
    """Hold when the fact of the block says so: private ranges are not known to be outside the tag (F-TAG-21)."""
    block = PUBLIC_IPV6 if covers(PUBLIC_IPV6, address) else EVERY_IPV6
    return situation.holds(uncertainty("U-INET", str(block)))


def _gained(situation: Situation, subnet: Subnet, address: Interval) -> Iterator[Prefix]:
    """Return the prefixes of VirtualNetwork at `subnet` that hold `address`."""
    tag = virtual_network(situation, subnet)
    yield from (prefix for prefix in tag.certain if covers(prefix, address))
    for prefix, fact in tag.possible:
        if covers(prefix, address) and situation.holds(fact):
            yield prefix


def is_in_tag(situation: Situation, subnet: Subnet, name: str, address: Interval, end: TaggedEnd) -> bool:
    """Hold when `address`, the `end` of the flow, is in the service tag `name` as `subnet` sees it (F-TAG-1).

    The AzurePlatform tags match nothing here: they speak of host services alone (F-PLAT-1).
    """
    called = name.casefold()
    if called == "virtualnetwork":
        return is_in_virtual_network(situation, subnet, address)
    if called == "internet":
        return is_in_internet(situation, subnet, address)
    if called == "azureloadbalancer":
        return some_covers((PLATFORM_HOST, PROBES_IPV6), address)
    if called.startswith("azureplatform"):
        return False
    published = situation.index.published.get(called)
    if published is not None:
        return some_covers(published, address)
    if not is_public(address) or not situation.holds(uncertainty("U-TAG", name, end.called)):
        return False
    everywhere, region = name.partition(".")[::2]
    return not region or is_in_tag(situation, subnet, everywhere, address, end)  # a part of the global tag (F-TAG-19)
