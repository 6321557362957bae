"""What virtual network gateways serve, learn and announce, and the way they choose.

Rules R-GW-2, R-GW-4, R-GW-6, R-GW-8, R-GW-14, R-GW-17, R-GW-18, R-GW-21, R-GW-26 and R-SEL-7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from vnetverify.header import EVERYWHERE, Interval, Prefix
from vnetverify.model.network import Connection, Gateway, GatewayKind, Network
from vnetverify.rules import Uncertainty, World, uncertainty
from vnetverify.simulator.addressing import covers, is_inside
from vnetverify.simulator.situation import Situation, situation_of, uses

CHAINED = uncertainty("U-R-GW-17")
HAIRPIN = uncertainty("U-R-GW-18")


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a gateway, by its name: a connection, or an ExpressRoute circuit it shares with `remote_gateway`."""

    name: str
    bgp: bool
    site: str | None = None
    remote_gateway: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A prefix that a gateway learns by `way` where all of `condition` hold."""

    prefix: Prefix
    way: Way
    condition: tuple[Uncertainty, ...] = ()

    @property
    def is_static(self) -> bool:
        return not self.way.bgp


def announced(network: Network, gateway_name: str, world: World) -> tuple[Prefix, ...]:
    """Return what the gateway announces by itself: whole spaces of its vnet and of the spokes that use it (R-GW-8)."""
    return own(situation_of(network, world), network.gateways[gateway_name])


def learned(network: Network, gateway_name: str, world: World) -> tuple[Entry, ...]:
    """Return the entries of the gateway's table whose condition holds in `world` (R-GW-2)."""
    situation = situation_of(network, world)
    entries = entries_of(situation, network.gateways[gateway_name])
    return tuple(entry for entry in entries if is_known(situation, entry))


def is_known(situation: Situation, entry: Entry) -> bool:
    """Hold when the world lets the gateway know `entry`."""
    return all(situation.holds(fact) for fact in entry.condition)


def servers(situation: Situation, vnet: str) -> tuple[Gateway, ...]:
    """Return the gateways that serve `vnet`: its own, then those of hubs whose gateways it uses (R-GW-4)."""
    own_gateways = situation.index.gateways_of.get(vnet, ())
    if not situation.index.gateways_of:
        return ()
    hubs = {hub for hub in situation.index.peers[vnet] if uses(situation, vnet, hub)}
    if not hubs:
        return own_gateways
    return own_gateways + tuple(gateway for gateway in situation.network.gateways.values() if gateway.vnet in hubs)


def own(situation: Situation, gateway: Gateway) -> tuple[Prefix, ...]:
    """Return the spaces of the gateway's vnet and of every spoke that uses it, in order of declaration (R-GW-8)."""
    hub = gateway.vnet
    spokes = [name for name in situation.index.peers[hub] if uses(situation, name, hub)]
    return tuple(prefix for name in (hub, *spokes) for prefix in situation.vnet(name).address_space)


def is_bgp(situation: Situation, connection: Connection) -> bool:
    """Hold when routes over `connection` are learned by BGP: it says so, or its gateway is ExpressRoute."""
    return connection.bgp or situation.network.gateways[connection.gateway].kind is GatewayKind.EXPRESSROUTE


def way_of(situation: Situation, connection: Connection, gateway: str) -> Way:
    """Return `connection` as seen from its end at `gateway`."""
    bgp = is_bgp(situation, connection)
    if connection.remote_gateway is None:
        return Way(connection.name, bgp, site=connection.site)
    other = connection.gateway if connection.remote_gateway == gateway else connection.remote_gateway
    return Way(connection.name, bgp, remote_gateway=other)


def ways_of(situation: Situation, gateway: Gateway) -> tuple[Way, ...]:
    """Return the ways over the connections of `gateway`, in order of declaration; ExpressRoute has none to gateways."""
    ways = [
        way_of(situation, connection, gateway.name)
        for connection in situation.index.connections_of.get(gateway.name, ())
    ]
    return tuple(way for way in ways if way.site is not None or _is_tunnel(situation, gateway, way))


def _is_tunnel(situation: Situation, gateway: Gateway, way: Way) -> bool:
    """Hold when `way` joins two different VPN gateways."""
    if way.remote_gateway is None or way.remote_gateway == gateway.name:
        return False
    ends = (gateway, situation.network.gateways[way.remote_gateway])
    return all(end.kind is GatewayKind.VPN for end in ends)


def entries_of(situation: Situation, gateway: Gateway) -> tuple[Entry, ...]:
    """Return everything `gateway` may learn, each with its condition (R-GW-2, R-GW-14, R-GW-17, R-GW-18)."""
    memory = situation.index.memory.learned
    if gateway.name not in memory:
        offered = (*_from_connections(situation, gateway), *_from_circuits(situation, gateway))
        kept = (entry for entry in offered if not _discards(situation, gateway.name, entry.prefix))
        memory[gateway.name] = tuple(dict.fromkeys(kept))
    return memory[gateway.name]


def _from_connections(situation: Situation, gateway: Gateway) -> Iterator[Entry]:
    """Return what `gateway` hears over its connections: of sites directly, of other gateways by hearsay (R-GW-17)."""
    ways = ways_of(situation, gateway)
    hearsay = tuple(_hearsay(situation, gateway)) if any(way.remote_gateway for way in ways) else ()
    for way in ways:
        if way.remote_gateway is None:
            yield from (Entry(prefix, way) for prefix in _offered_by_site(situation, gateway, way))
            continue
        for news, prefixes in hearsay:
            if way.remote_gateway in news.owners or (way.bgp and way.remote_gateway in news.surely):
                yield from (Entry(prefix, way) for prefix in prefixes)
            elif way.remote_gateway in news.perhaps:
                yield from (Entry(prefix, way, (CHAINED,)) for prefix in prefixes)


def _offered_by_site(situation: Situation, gateway: Gateway, way: Way) -> tuple[Prefix, ...]:
    """Return the prefixes of a connection to a site: its own list, else all of the site's (R-GW-2)."""
    ends = situation.index.connections_of[gateway.name]
    connection = next(end for end in ends if end.name == way.name)
    if connection.prefixes is not None:
        return connection.prefixes
    assert way.site is not None
    return situation.network.sites[way.site].prefixes


@dataclass(frozen=True, slots=True)
class News:
    """What VPN gateways may hear of some prefixes from each other, by the names of gateways.

    `owners` announce them by themselves, `surely` learn them of a site by BGP and `perhaps` of any site;
    `silent` discard what they hear of them, or may not pass it on.
    """

    owners: frozenset[str]
    surely: frozenset[str]
    perhaps: frozenset[str]
    silent: frozenset[str]


def _hearsay(situation: Situation, listener: Gateway) -> Iterator[tuple[News, tuple[Prefix, ...]]]:
    """Return what `listener` may hear, with all that learned it surely or perhaps, of sites or of others (R-GW-17).

    What is heard on a chain of connections that all use BGP is sure, other chains need `U-R-GW-17`. The listener
    itself passes nothing on here, since a gateway met before on a chain contributes nothing.
    """
    by_bgp, by_any = _neighbours(situation, bgp_alone=True), _neighbours(situation, bgp_alone=False)
    for news, prefixes in _news(situation).items():
        owners, passing = news.owners - {listener.name}, by_any.keys() - news.silent - {listener.name}
        surely = _spread(owners, news.surely, by_bgp, passing)
        perhaps = _spread(owners, news.perhaps, by_any, passing)
        yield replace(news, surely=surely, perhaps=perhaps), prefixes


def _spread(
    owners: Set[str], told: Set[str], neighbours: Mapping[str, frozenset[str]], passing: Set[str]
) -> frozenset[str]:
    """Return the gateways of `passing` that learn what `owners` announce and sites have `told`."""
    learners: set[str] = set()
    pending = [*told, *(neighbour for owner in owners for neighbour in neighbours[owner])]
    while pending:
        name = pending.pop()
        if name in passing and name not in learners:
            learners.add(name)
            pending.extend(neighbours[name])
    return frozenset(learners)


def _neighbours(situation: Situation, *, bgp_alone: bool) -> dict[str, frozenset[str]]:
    """Return the gateways at the other end of each VPN gateway's connections, or of those that use BGP."""
    gateways = (gateway for gateway in situation.network.gateways.values() if gateway.kind is GatewayKind.VPN)
    return {
        gateway.name: frozenset(
            way.remote_gateway
            for way in ways_of(situation, gateway)
            if way.remote_gateway is not None and (way.bgp or not bgp_alone)
        )
        for gateway in gateways
    }


def _news(situation: Situation) -> Mapping[News, tuple[Prefix, ...]]:
    """Return all that VPN gateways own or learn of sites, prefixes with the same sources together."""
    memory = situation.index.memory.news
    if not memory:
        names = tuple(_neighbours(situation, bgp_alone=False))
        owners: dict[Prefix, set[str]] = {}
        told: dict[Prefix, set[tuple[str, bool]]] = {}
        for name in names:
            gateway = situation.network.gateways[name]
            for prefix in own(situation, gateway):
                owners.setdefault(prefix, set()).add(name)
            for way in ways_of(situation, gateway):
                for prefix in () if way.site is None else _offered_by_site(situation, gateway, way):
                    told.setdefault(prefix, set()).add((name, way.bgp))
        for prefix in dict.fromkeys((*owners, *told)):
            sources = told.get(prefix, set())
            news = News(
                frozenset(owners.get(prefix, ())),
                frozenset(name for name, bgp in sources if bgp),
                frozenset(name for name, _ in sources),
                frozenset(name for name in names if prefix == EVERYWHERE or _discards(situation, name, prefix)),
            )
            memory[news] = (*memory.get(news, ()), prefix)
    return memory


def _discards(situation: Situation, gateway: str, prefix: Prefix) -> bool:
    """Hold when `prefix` lies in the gateway's own vnet, so that it discards what it hears of it (R-GW-14)."""
    space = situation.vnet(situation.network.gateways[gateway].vnet).address_space
    return any(is_inside(prefix, range_) for range_ in space)


def _from_circuits(situation: Situation, gateway: Gateway) -> Iterator[Entry]:
    """Return what an ExpressRoute gateway hears of others on its circuits (R-GW-18)."""
    circuits = _circuits_of(situation, gateway)
    for other in situation.network.gateways.values():
        if other.name == gateway.name or not circuits & _circuits_of(situation, other):
            continue
        both = gateway.allows_remote_vnets is True and other.allows_remote_vnets is True
        way = circuit_to(other.name)
        for prefix in own(situation, other):
            yield Entry(prefix, way, () if both else (HAIRPIN,))


def _circuits_of(situation: Situation, gateway: Gateway) -> set[str]:
    if gateway.kind is not GatewayKind.EXPRESSROUTE:
        return set()
    ends = situation.index.connections_of.get(gateway.name, ())
    return {end.circuit for end in ends if end.circuit is not None}


def circuit_to(gateway: str) -> Way:
    """Return the way by a shared circuit to `gateway`."""
    return Way(f"circuit to {gateway}", True, remote_gateway=gateway)


def choose_way(situation: Situation, gateway: Gateway, entries: Iterable[Entry], destination: Interval) -> Way | None:
    """Return the way of the longest prefix that holds `destination` (R-SEL-7, R-GW-26).

    Entries whose condition fails are passed over. None when nothing is left.
    """
    best: list[Entry] = []
    for entry in sorted(entries, key=lambda entry: -entry.prefix.length):
        if best and entry.prefix.length < best[0].prefix.length:
            break
        if covers(entry.prefix, destination) and is_known(situation, entry):
            best.append(entry)
    if len({entry.is_static for entry in best}) > 1:
        dynamic = situation.holds(uncertainty("U-R-GW-26", gateway.name))
        best = [entry for entry in best if entry.is_static is not dynamic]
    ways = list(dict.fromkeys(entry.way for entry in best))
    for way in ways[:-1]:
        if situation.holds(uncertainty("U-R-SEL-7", gateway.name, way.name)):
            return way
    return ways[-1] if ways else None


def default_way(situation: Situation, gateway: Gateway) -> Way | None:
    """Return the way to the default site, which takes what nothing else covers (R-GW-21)."""
    ends = situation.index.connections_of.get(gateway.name, ())
    defaults = {end.name for end in ends if end.default_site and end.gateway == gateway.name}
    return next((way for way in ways_of(situation, gateway) if way.name in defaults), None)


def passes_between(situation: Situation, one: Way, other: Way) -> bool:
    """Hold when a VPN gateway passes packets between two ways: both use BGP, or `U-R-GW-17` (R-GW-17)."""
    return (one.bgp and other.bgp) or situation.holds(CHAINED)
