"""What virtual network gateways serve, learn and announce, and the way they choose.

Rules R-GW-2, R-GW-4, R-GW-6, R-GW-8, R-GW-14, R-GW-16, R-GW-17, R-GW-18, R-GW-19, R-GW-20, R-GW-21, R-GW-23, R-GW-26,
R-SEL-7, R-ADDR-6 and I-FAILURES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from vnetverify.facts import Uncertainty, World, uncertainty
from vnetverify.header import EVERY_IPV4, Family, Interval, Prefix
from vnetverify.model.network import Connection, Gateway, GatewayKind, Network
from vnetverify.simulator.addressing import covers, everything, is_inside, some_covers
from vnetverify.simulator.advertising import speaks_bgp
from vnetverify.simulator.memory import Remembered
from vnetverify.simulator.peerings import Range
from vnetverify.simulator.route_servers import exchanging, joined_gateways, may_exchange, prefixes_kept
from vnetverify.simulator.situation import Situation, carries, direct, situation_of, uses, view
from vnetverify.simulator.ways import Entry, Way, circuit_to

WHOLE_SPACE = uncertainty("U-R-GW-8")
CHAINED = uncertainty("U-R-GW-17")
HAIRPIN = uncertainty("U-R-GW-18")


def announced(network: Network, gateway_name: str, world: World) -> tuple[Prefix, ...]:
    """Return what the gateway announces to sites that speak BGP: what it does by itself, and of other gateways.

    A VPN gateway passes on what other gateways announce and it learned by connections to them (R-GW-8, R-GW-17).
    """
    gateway = network.gateways[gateway_name]
    found: dict[Prefix, None] = {}
    for family in Family:
        if not carries(network, gateway, family):
            continue
        situation = situation_of(network, world, family)
        ranges = own(situation, gateway)
        by_itself = (range_.prefix for range_ in ranges if all(map(situation.holds, range_.when)))
        told = (*by_itself, *_passed_on(situation, gateway))
        found.update(dict.fromkeys(prefix for prefix in told if prefix.family is family))
    return tuple(found)


def _passed_on(situation: Situation, gateway: Gateway) -> Iterator[Prefix]:
    if gateway.kind is not GatewayKind.VPN:
        return
    others = (other for other in situation.network.gateways.values() if other.name != gateway.name)
    of_others = {range_.prefix for other in others for range_ in own(situation, other)}
    for entry in entries_of(situation, gateway):
        if entry.way.remote_gateway is None or entry.prefix not in of_others:
            continue
        if (entry.way.bgp or situation.holds(CHAINED)) and is_known(situation, entry):
            yield entry.prefix


def learned(network: Network, gateway_name: str, world: World) -> tuple[Entry, ...]:
    """Return the entries of the gateway's table whose condition holds in `world` (R-GW-2)."""
    situations = (situation_of(network, world, family) for family in Family)
    return tuple(
        entry
        for situation in situations
        for entry in entries_of(situation, network.gateways[gateway_name])
        if is_known(situation, entry)
    )


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


def own(situation: Situation, gateway: Gateway) -> tuple[Range, ...]:
    """Return what the gateway announces by itself (R-GW-8, R-GW-16): the space of its vnet, then of each spoke.

    Of a spoke that is peered by subnets the participating ones are sure, its whole ranges are open. Summarised
    prefixes stand for the vnet's space and for the ranges of spokes inside them (R-GW-20). With branch-to-branch
    the prefixes that appliances announce to the Route Server come last, in doubt for a gateway that exchanges none.
    """
    hub = gateway.vnet
    stated = situation.vnet(hub).summarized_gateway_prefixes
    summary = tuple(prefix for prefix in stated if prefix.family is situation.family)
    ranges = _of_spokes(situation, hub)
    return (
        *map(Range, summary or situation.vnet(hub).address_space),
        *(range_ for range_ in ranges if not any(is_inside(range_.prefix, whole) for whole in summary)),
        *(
            Range(prefix, () if may_exchange(gateway) else (CHAINED,))
            for server in exchanging(situation, hub)
            for prefix in dict.fromkeys(prefix for _, prefix in prefixes_kept(situation, server))
        ),
    )


def _without_bgp(situation: Situation, gateway: Gateway) -> Iterator[Range]:
    """Yield what the gateway tells another over a connection without BGP: the ranges of its vnet and of spokes.

    What it announces in place of these or beside them it announces by BGP, and perhaps here (R-GW-17, R-GW-20).
    """
    ranges = (*map(Range, situation.vnet(gateway.vnet).address_space), *_of_spokes(situation, gateway.vnet))
    by_bgp = own(situation, gateway)
    for range_ in dict.fromkeys((*ranges, *by_bgp)):
        is_sure = range_ in ranges and range_ in by_bgp
        yield range_ if is_sure else replace(range_, when=(*range_.when, CHAINED))


def _of_spokes(situation: Situation, hub: str) -> tuple[Range, ...]:
    spokes = (name for name in situation.index.peers[hub] if uses(situation, name, hub))
    return tuple(range_ for spoke in spokes for range_ in _announced_of(situation, hub, spoke))


def _announced_of(situation: Situation, hub: str, spoke: str) -> Iterator[Range]:
    space, seen = situation.vnet(spoke).address_space, view(situation, hub, spoke)
    if seen.subnets is None:
        yield from map(Range, space)
        return
    yield from map(Range, seen.sure)
    yield from (Range(prefix, (WHOLE_SPACE,)) for prefix in space)


def announces(
    situation: Situation, gateway: Gateway, destination: Interval, counts: Callable[[Prefix], bool] = lambda _: True
) -> bool:
    """Hold when the gateway announces a range with `destination` by itself, of those that count (R-GW-8)."""
    ranges = [range_ for range_ in own(situation, gateway) if counts(range_.prefix)]
    if some_covers((range_.prefix for range_ in ranges if not range_.when), destination):
        return True
    return any(covers(range_.prefix, destination) and all(map(situation.holds, range_.when)) for range_ in ranges)


def takes_fastpath(situation: Situation, gateway: Gateway) -> bool:
    """Hold when what comes out of a tunnel of the gateway goes past the user routes of GatewaySubnet (R-GW-23)."""
    return gateway.fastpath and situation.holds(uncertainty("U-R-GW-23", gateway.name))


def is_near(
    situation: Situation, gateway: Gateway, destination: Interval, counts: Callable[[Prefix], bool] = lambda _: True
) -> bool:
    """Hold when `destination` lies in the gateway's vnet or in one that it has a usable peering with.

    A mate is near where a fact says that gateways carry packets for it (R-CG-3). It is about ranges that count.
    """

    def has(vnet: str) -> bool:
        return some_covers(filter(counts, situation.vnet(vnet).address_space), destination)

    if any(map(has, direct(situation, gateway.vnet))):
        return True
    return any(map(has, situation.index.mates[gateway.vnet])) and situation.holds(uncertainty("U-R-GW-22"))


def is_bgp(situation: Situation, connection: Connection) -> bool:
    """Hold when routes over `connection` are learned by BGP."""
    return speaks_bgp(situation.network, connection)


def way_of(situation: Situation, connection: Connection, gateway: str) -> Way:
    """Return `connection` as seen from its end at `gateway`."""
    bgp = is_bgp(situation, connection)
    if connection.remote_gateway is None:
        return Way(connection.name, bgp, site=connection.site)
    other = connection.gateway if connection.remote_gateway == gateway else connection.remote_gateway
    return Way(connection.name, bgp, remote_gateway=other)


def ways_of(situation: Situation, gateway: Gateway) -> tuple[Way, ...]:
    """Return the ways over the connections of `gateway`, in order of declaration; VPN alone has some to gateways."""
    ends = situation.index.connections_of.get(gateway.name, ())
    return tuple(way_of(situation, connection, gateway.name) for connection in ends)


_LEARNED: Remembered[str, tuple[Entry, ...]] = Remembered()


def entries_of(situation: Situation, gateway: Gateway) -> tuple[Entry, ...]:
    """Return everything `gateway` may learn, each with its condition (R-GW-2, R-GW-14, R-GW-17, R-GW-18)."""
    memory = situation.index.memory.of(_LEARNED)
    if gateway.name not in memory:
        ranks = {way.name: rank for rank, way in enumerate(ways_of(situation.with_everything_up, gateway))}
        declared = (*_from_connections(situation, gateway), *_left_behind(situation, gateway))
        offered = (
            *sorted(declared, key=lambda entry: ranks[entry.way.name]),  # equal ones are chosen from in this order
            *_from_circuits(situation, gateway),
            *_from_beside_circuits(situation, gateway),
        )
        of_family = (entry for entry in offered if entry.prefix.family is situation.family)
        kept = (entry for entry in of_family if not _discards(situation, gateway.name, entry.prefix))
        memory[gateway.name] = _most_certain(kept)
    return memory[gateway.name]


def put_into_tables(situation: Situation, gateway: Gateway) -> tuple[Entry, ...]:
    """Return what the subnets that `gateway` serves get of it: what it learned, and perhaps a default route (R-GW-21).

    The latter is there for its default site, to which the gateway itself sends what it has no entry for anyway.
    """
    learned_ones, way = entries_of(situation, gateway), default_way(situation.with_everything_up, gateway)
    if way is None or Entry(EVERY_IPV4, way) in learned_ones:
        return learned_ones
    tunnelled = uncertainty("U-R-GW-21", gateway.name)
    condition = (tunnelled,) if default_way(situation, gateway) == way else (tunnelled, _stays(way))
    return *learned_ones, Entry(EVERY_IPV4, way, condition)


def _most_certain(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return `entries` without those that another of the same prefix and way is there for with fewer conditions."""
    conditions: dict[tuple[Prefix, Way], dict[tuple[Uncertainty, ...], None]] = {}
    for entry in entries:
        conditions.setdefault((entry.prefix, entry.way), {})[entry.condition] = None
    return tuple(
        Entry(prefix, way, condition)
        for (prefix, way), those in conditions.items()
        for condition in those
        if not any(set(other) < set(condition) for other in those)
    )


def _from_connections(situation: Situation, gateway: Gateway) -> Iterator[Entry]:
    """Return what `gateway` hears over its connections: of sites, and of other gateways what these heard (R-GW-17)."""
    ways = ways_of(situation, gateway)
    others = tuple(_from_gateways(situation, gateway)) if any(way.remote_gateway for way in ways) else ()
    for way in ways:
        if way.remote_gateway is None:
            yield from (Entry(prefix, way) for prefix in _offered_by_site(situation, gateway, way))
            continue
        if not way.bgp:
            yield from _stated_by(situation, way)
        for news, prefixes in others:
            if way.bgp and way.remote_gateway in (news.owners | news.surely):
                yield from (Entry(prefix, way, news.when) for prefix in prefixes)
            elif way.remote_gateway in (news.perhaps - news.owners):
                yield from (Entry(prefix, way, (*news.when, CHAINED)) for prefix in prefixes)


def _left_behind(situation: Situation, gateway: Gateway) -> Iterator[Entry]:
    """Yield what connections without BGP stated before they went down, or a gateway at their ends (I-FAILURES)."""
    intact = situation.with_everything_up
    if intact is situation:
        return
    up = {way.name for way in ways_of(situation, gateway)}
    for way in ways_of(intact, gateway):
        if way.bgp or way.name in up:
            continue
        if way.remote_gateway is None:
            yield from (Entry(prefix, way, (_stays(way),)) for prefix in _offered_by_site(intact, gateway, way))
            continue
        yield from (replace(e, condition=(*e.condition, _stays(way))) for e in _stated_by(situation, way))


def _stated_by(situation: Situation, way: Way) -> Iterator[Entry]:
    assert way.remote_gateway is not None
    ranges = _without_bgp(situation, situation.network.gateways[way.remote_gateway])
    return (Entry(range_.prefix, way, range_.when) for range_ in ranges)


def _stays(way: Way) -> Uncertainty:
    """Return the fact that what a connection stated without BGP outlives it."""
    return uncertainty("U-STATICDOWN", way.name)


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

    `owners` announce them by themselves where all of `when` hold, `surely` learn them of a site by BGP and
    `perhaps` of any site; `silent` discard what they hear of them, or may not pass it on.
    """

    owners: frozenset[str]
    surely: frozenset[str]
    perhaps: frozenset[str]
    silent: frozenset[str]
    when: tuple[Uncertainty, ...] = ()


def _from_gateways(situation: Situation, listener: Gateway) -> Iterator[tuple[News, tuple[Prefix, ...]]]:
    """Return what `listener` may hear, with all that learned it surely or perhaps, of sites or of others (R-GW-17).

    What is heard on a chain of connections that all use BGP is sure, other chains need `U-R-GW-17`. The listener
    itself passes nothing on here, since a gateway met before on a chain contributes nothing.
    """
    by_bgp, by_any = neighbours(situation, bgp_alone=True), neighbours(situation, bgp_alone=False)
    for news, prefixes in _news(situation).items():
        owners, passing = news.owners - {listener.name}, by_any.keys() - news.silent - {listener.name}
        surely = spread(owners, news.surely, by_bgp, passing)
        perhaps = spread(owners, news.perhaps, by_any, passing)
        yield replace(news, surely=surely, perhaps=perhaps), prefixes


def spread(
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


def neighbours(situation: Situation, *, bgp_alone: bool) -> dict[str, frozenset[str]]:
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


_NEWS: Remembered[News, tuple[Prefix, ...]] = Remembered()


def _news(situation: Situation) -> Mapping[News, tuple[Prefix, ...]]:
    """Return all that VPN gateways own or learn of sites, prefixes with the same sources together."""
    memory = situation.index.memory.of(_NEWS)
    if not memory:
        names = tuple(neighbours(situation, bgp_alone=False))
        owners: dict[Range, set[str]] = {}
        told: dict[Range, set[tuple[str, bool]]] = {}
        for name in names:
            gateway = situation.network.gateways[name]
            for range_ in own(situation, gateway):
                owners.setdefault(range_, set()).add(name)
            for way in ways_of(situation, gateway):
                for prefix in () if way.site is None else _offered_by_site(situation, gateway, way):
                    told.setdefault(Range(prefix), set()).add((name, way.bgp))
            for range_ in _exchanged(situation, gateway):
                told.setdefault(range_, set()).add((name, True))
        for range_ in dict.fromkeys((*owners, *told)):
            prefix, sources = range_.prefix, told.get(range_, set())
            news = News(
                frozenset(owners.get(range_, ())),
                frozenset(name for name, bgp in sources if bgp),
                frozenset(name for name, _ in sources),
                frozenset(name for name in names if prefix == EVERY_IPV4 or _discards(situation, name, prefix)),
                range_.when,
            )
            memory[news] = (*memory.get(news, ()), prefix)
    return memory


def _exchanged(situation: Situation, gateway: Gateway) -> Iterator[Range]:
    """Yield what a Route Server tells a VPN gateway of ExpressRoute beside it; whether that goes on is not said.

    It comes by BGP, and by BGP a gateway tells others what it learned (R-GW-16, R-GW-17).
    """
    for other in joined_gateways(situation, gateway):
        for way in ways_of(situation, other):
            yield from (Range(prefix, (CHAINED,)) for prefix in _offered_by_site(situation, other, way))
        for entry in _from_circuits(situation, other):
            yield Range(entry.prefix, (*entry.condition, CHAINED))


def _discards(situation: Situation, gateway: str, prefix: Prefix) -> bool:
    """Hold when `prefix` lies in the gateway's own vnet, so that it discards what it hears of it (R-GW-14)."""
    space = situation.vnet(situation.network.gateways[gateway].vnet).address_space
    return any(is_inside(prefix, range_) for range_ in space)


def _from_circuits(situation: Situation, gateway: Gateway) -> Iterator[Entry]:
    """Return what an ExpressRoute gateway hears of others on its circuits (R-GW-18)."""
    for other, when in beyond_edge(situation, gateway):
        for range_ in own(situation, other):
            yield Entry(range_.prefix, circuit_to(other.name), (*range_.when, *when))


def _from_beside_circuits(situation: Situation, gateway: Gateway) -> Iterator[Entry]:
    """Return what it may hear of VPN gateways that a Route Server joins to these others; that goes on as unsaid.

    What they learned by BGP, that is (R-GW-16, R-GW-17).
    """
    for other, when in beyond_edge(situation, gateway):
        for joined in joined_gateways(situation, other):
            for entry in entries_of(situation, joined):
                if entry.way.bgp and entry.prefix != EVERY_IPV4:
                    condition = dict.fromkeys((*entry.condition, *when, CHAINED))
                    yield Entry(entry.prefix, circuit_to(other.name), tuple(condition))


def beyond_edge(situation: Situation, gateway: Gateway) -> Iterator[tuple[Gateway, tuple[Uncertainty, ...]]]:
    """Yield the gateways on a circuit with this one, each with on what the two reach each other (R-GW-18)."""
    circuits = _circuits_of(situation, gateway)
    for other in situation.network.gateways.values():
        if other.name == gateway.name or not circuits & _circuits_of(situation, other):
            continue
        switches = (gateway.allows_remote_vnets, other.allows_remote_vnets)
        if False not in switches:
            yield other, () if all(switches) else (HAIRPIN,)


def _circuits_of(situation: Situation, gateway: Gateway) -> set[str]:
    if gateway.kind is not GatewayKind.EXPRESSROUTE:
        return set()
    ends = situation.index.connections_of.get(gateway.name, ())
    return {end.circuit.casefold() for end in ends if end.circuit is not None}


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
    """Return the way to the default site of a VPN gateway, which takes what nothing else covers (R-GW-21)."""
    ends = situation.index.connections_of.get(gateway.name, ())
    defaults = {end.name for end in ends if end.default_site}
    return next((way for way in ways_of(situation, gateway) if way.name in defaults), None)


def passes_between(situation: Situation, one: Way, other: Way) -> bool:
    """Hold when a VPN gateway passes packets between two ways: both use BGP, or `U-R-GW-17` (R-GW-17)."""
    return (one.bgp and other.bgp) or situation.holds(CHAINED)


def is_told_on(situation: Situation, gateway: Gateway, entry: Entry) -> bool:
    """Hold when a VPN gateway tells sites of what it learned elsewhere: never of a default route (R-GW-17).

    Of a prefix that overlaps its vnet or a peer of that it does so by `U-R-GW-17-OVERLAP`.
    """
    if entry.prefix == everything(situation.family):
        return False
    vnets = direct(situation.with_everything_up, gateway.vnet)
    ranges = (range_ for vnet in vnets for range_ in situation.vnet(vnet).address_space)
    if any(is_inside(entry.prefix, range_) or is_inside(range_, entry.prefix) for range_ in ranges):
        return situation.holds(uncertainty("U-R-GW-17-OVERLAP", gateway.name))
    return True
