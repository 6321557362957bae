"""Networks on premises: what comes to a site, what it sends, and whether it relays.

Rules R-GW-2, R-GW-8, R-GW-16, R-GW-17, R-GW-22, R-GW-24, R-GW-25, R-META-3, R-TRAF-3 and I-FAILURES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from vnetverify.facts import uncertainty
from vnetverify.header import Interval, Prefix
from vnetverify.model.intents import FailureKind, Place, PlaceKind
from vnetverify.model.network import Connection, GatewayKind, Site
from vnetverify.simulator.addressing import address_in, covers, is_inside, is_public, lowest_text, some_covers
from vnetverify.simulator.announcements import decides, ways_heard
from vnetverify.simulator.doubted import those
from vnetverify.simulator.gateways import (
    announces,
    entries_of,
    is_bgp,
    is_known,
    is_near,
    is_told_on,
    passes_between,
    way_of,
)
from vnetverify.simulator.internet import leave_by_site
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.memory import Remembered
from vnetverify.simulator.positions import (
    AtAppliance,
    Delivered,
    DeviceKind,
    Dropped,
    IntoSite,
    Met,
    Next,
    OutOfTunnel,
    declared_appliance,
)
from vnetverify.simulator.route_servers import joined_gateways
from vnetverify.simulator.situation import Situation
from vnetverify.simulator.ways import Entry

_HEEDED: Remembered[str, frozenset[Prefix]] = Remembered()


def into_site(journey: Journey, arrival: IntoSite) -> Next:
    """Return the delivery at a site, or what becomes of a packet for elsewhere: the site may relay it (R-META-3).

    It is for elsewhere, too, where Azure tells the site of a longer prefix than its own (R-GW-24).
    """
    site, destination = arrival.site, journey.packet.destination
    journey.meet_gateway(arrival.gateway)
    is_home = some_covers(site.prefixes, destination)
    is_told = not is_home or (not site.point_to_site and _is_around(journey.situation, site))
    ends = _ends_knowing(journey, site) if is_told else ()
    if is_home and not ends:
        return delivered_at_site(journey, site, arrival.gateway.name)
    if journey.repeats("site", site.name, arrival.way.name):
        return journey.drop(site.name, "the packet was here before: a loop", "R-TRAF-3")
    if site.point_to_site:
        reason = f"clients of the pool {site.name} pass nothing on"
        return journey.drop(site.name, reason, "R-GW-2", site.span)
    return _sent_on(journey, site, ends)


def by_default_into_site(journey: Journey, site: Site) -> Next:
    """Return what becomes of a packet for elsewhere that the tunnel of its appliance brings to a site (R-UDR-11)."""
    if journey.repeats("site", site.name, "tunnel"):
        return journey.drop(site.name, "the packet was here before: a loop", "R-TRAF-3")
    return _sent_on(journey, site, ())


def _sent_on(journey: Journey, site: Site, ends: tuple[Connection, ...]) -> Next:
    """Return where a site that relays sends a packet for elsewhere: by one of `ends`, else to the Internet."""
    destination = journey.packet.destination
    if not journey.situation.holds(uncertainty("U-RELAYS", site.name)):
        reason = f"the destination is not at {site.name}: it leaves the model"
        return journey.drop(site.name, reason, "R-GW-24", site.span)
    journey.devices.append(Met(site.name, DeviceKind.SITE))
    if ends:
        return _by_connection(journey, site, ends)
    if is_public(destination):
        return leave_by_site(journey, site)
    return journey.drop(site.name, f"no gateway tells {site.name} of the destination", "R-GW-8", site.span)


def delivered_at_site(journey: Journey, site: Site, by: str) -> Delivered:
    """Return the delivery to the host of `site` that the packet is for."""
    destination = journey.packet.destination
    journey.note(by, f"{lowest_text(destination)} is at site {site.name}", "R-GW-24", site.span)
    return Delivered(Place(PlaceKind.SITE.value, site.name), address_in(destination))


def from_site(journey: Journey, site: Site) -> Next:
    """Return where a site sends: to its appliance, or by a connection that knows the destination (R-GW-24).

    What is at the site itself stays there, unless Azure has told it of a longer prefix.
    """
    is_home = some_covers(site.prefixes, journey.packet.destination)
    if is_home and site.point_to_site:
        return _to_other_client(journey, site)
    if is_home and not _is_around(journey.situation, site):
        return _stays(journey, site)
    if site.behind is not None:
        return _to_appliance(journey, site, site.behind)
    ends = _ends_knowing(journey, site)
    if ends:
        return _by_connection(journey, site, ends)
    if is_home:
        return _stays(journey, site)
    return journey.drop(site.name, f"no gateway tells {site.name} of the destination", "R-GW-8", site.span)


def _stays(journey: Journey, site: Site) -> Dropped:
    reason = f"{lowest_text(journey.packet.destination)} is at {site.name} itself"
    return journey.drop(site.name, reason, "R-GW-24", site.span)


def _to_appliance(journey: Journey, site: Site, behind: str) -> Next:
    """Return the arrival at the site's appliance: of what its routes cover, else of all that is for elsewhere.

    Elsewhere is also a network whose range is longer than the site's own prefix.
    """
    situation, destination = journey.situation, journey.packet.destination
    length = home_length(site, destination)
    routes: Iterable[Prefix] | None = site.routes
    if routes is None and length >= 0:
        spaces = (vnet.address_space for vnet in situation.network.vnets.values())
        ranges = (range_ for space in spaces for range_ in space if range_.length > length)
        if not some_covers(ranges, destination):
            return _stays(journey, site)
    elif routes is not None and not some_covers((route for route in routes if route.length >= length), destination):
        reason = f"no declared route of {site.name} covers {lowest_text(destination)}"
        return journey.drop(site.name, reason, "R-GW-24", site.span)
    return AtAppliance(declared_appliance(situation, situation.network.machines[behind]), None)


def home_length(site: Site, destination: Interval) -> int:
    """Return how long the longest prefix of the site with `destination` is, -1 where none holds it."""
    return max((prefix.length for prefix in site.prefixes if covers(prefix, destination)), default=-1)


def _is_around(situation: Situation, site: Site) -> bool:
    """Hold when something else has a prefix inside one of the site's: then what is at the site is not plain."""
    routes = (is_inside(route, own) for route in site.routes or () for own in site.prefixes)
    return bool(_heeded(situation, site)) or any(routes)


def _heeded(situation: Situation, site: Site) -> frozenset[Prefix]:
    """Return the prefixes inside the site's own that it heeds when it is told of them: those of others alone."""
    known = situation.index.memory.of(_HEEDED)
    if site.name not in known:
        declared = [end for end in situation.network.connections if end.name not in situation.world.advertised]
        own = {prefix for end in declared if end.site == site.name for prefix in end.prefixes or ()}
        told = (prefix for prefix in _of_others(situation, site) if prefix not in own)
        known[site.name] = frozenset(p for p in told if any(is_inside(p, whole) for whole in site.prefixes))
    return known[site.name]


def _of_others(situation: Situation, site: Site) -> Iterator[Prefix]:
    """Yield the prefixes of networks, other sites as declared, and appliances at Route Servers."""
    network = situation.network
    for vnet in network.vnets.values():
        yield from vnet.address_space
        yield from vnet.summarized_gateway_prefixes
        yield from (prefix for subnet in vnet.subnets for prefix in subnet.prefixes)
    yield from (prefix for other in network.sites.values() if other.name != site.name for prefix in other.prefixes)
    for end in network.connections:
        if end.site != site.name and end.name not in situation.world.advertised:
            yield from end.prefixes or ()
    yield from (prefix for server in network.route_servers for peer in server.peers for prefix in peer.prefixes)


def _to_other_client(journey: Journey, site: Site) -> Next:
    """Return the delivery from one client of a point-to-site pool to another, which a gateway may allow (R-GW-25)."""
    ends = tuple(those(journey.situation.index.connections, lambda end: end.site == site.name))
    if not ends:
        return journey.drop(site.name, f"no gateway that is up serves {site.name}", "R-GW-25", site.span)
    gateway = journey.situation.network.gateways[_chosen(journey, site, ends).gateway]
    if not journey.situation.holds(uncertainty("U-R-GW-25", gateway.name)):
        reason = f"{gateway.name} carries nothing from one client of {site.name} to another"
        return journey.drop(gateway.name, reason, "R-GW-25", gateway.span)
    journey.meet_gateway(gateway)
    return delivered_at_site(journey, site, gateway.name)


def _by_connection(journey: Journey, site: Site, ends: tuple[Connection, ...]) -> OutOfTunnel | Dropped:
    """Return the arrival at the gateway of the connection that the site chooses among `ends` (R-GW-24)."""
    situation, chosen = journey.situation, _chosen(journey, site, ends)
    journey.note(site.name, f"{site.name} sends the packet by {chosen.name}", "R-GW-24", chosen.span)
    fallen = journey.drop_if_down(FailureKind.CONNECTION, chosen.name)
    fallen = fallen or journey.drop_if_down(FailureKind.GATEWAY, chosen.gateway)
    gateway = situation.network.gateways[chosen.gateway]
    return fallen or OutOfTunnel(gateway, way_of(situation, chosen, chosen.gateway))


def _chosen(journey: Journey, site: Site, ends: tuple[Connection, ...]) -> Connection:
    situation, called = journey.situation, journey.packet.called
    picked = (end for end in ends[:-1] if situation.holds(uncertainty("U-SITE", site.name, end.name, *called)))
    return next(picked, ends[-1])


def _ends_knowing(journey: Journey, site: Site) -> tuple[Connection, ...]:
    """Return the site's connections with a gateway that takes the packet.

    They are up, but for those without BGP: the site may not see that one is down, or the gateway (I-FAILURES).
    """
    situation = journey.situation
    up = tuple(those(situation.index.connections, lambda end: end.site == site.name))
    length = -1 if site.point_to_site else home_length(site, journey.packet.destination)

    def is_held_up(end: Connection) -> bool:
        return end in up or (not is_bgp(situation, end) and situation.holds(uncertainty("U-STATICDOWN", end.name)))

    ends = those(situation.with_everything_up.index.connections, lambda end: end.site == site.name)
    return tuple(end for end in ends if _knows(journey, end, site, length) and is_held_up(end))


def _knows(journey: Journey, connection: Connection, site: Site, length: int) -> bool:
    """Hold when the site sends the packet by `connection`: by routes declared for it, or by what it is told there.

    Rules R-GW-8, R-GW-22 and R-GW-24. Where routes of the site are declared, nothing else goes by a static connection.
    Against a prefix of its own, of `length`, it heeds longer ones of others, and routes as long; -1 is none.
    """
    situation, destination, declared = journey.situation, journey.packet.destination, site.routes
    if declared is not None and some_covers((route for route in declared if route.length >= length), destination):
        return True
    if declared is not None and not is_bgp(situation, connection):
        return False
    gateway = situation.network.gateways[connection.gateway]

    def counts(prefix: Prefix) -> bool:
        return length < 0 or (prefix.length > length and prefix in _heeded(situation, site))

    return (
        announces(situation, gateway, destination, counts)
        or _is_told_of_others(journey, connection, counts)
        or (is_near(situation, gateway, destination, counts) and situation.holds(uncertainty("U-R-GW-22")))
    )


def _is_told_of_others(journey: Journey, connection: Connection, counts: Callable[[Prefix], bool]) -> bool:
    """Hold when a gateway passes on what it, or one a Route Server joins to it, learned (R-GW-16, R-GW-17)."""
    situation, destination = journey.situation, journey.packet.destination
    gateway = situation.network.gateways[connection.gateway]
    here = way_of(situation, connection, gateway.name)

    def is_told(entry: Entry) -> bool:
        return counts(entry.prefix) and covers(entry.prefix, destination) and is_known(situation, entry)

    if gateway.kind is GatewayKind.VPN:
        for entry in entries_of(situation, gateway):
            if entry.way.name == here.name or not is_told(entry):
                continue
            if passes_between(situation, here, entry.way) and is_told_on(situation, gateway, entry):
                return True
        for way in ways_heard(situation, gateway):
            is_other = way.name != here.name and passes_between(situation, here, way)
            if is_other and decides(situation, destination, "TOLD", connection.name, way.name):
                return True
    joined = joined_gateways(situation, gateway) if here.bgp else ()
    return any(entry.way.bgp and is_told(entry) for other in joined for entry in entries_of(situation, other)) or any(
        way.bgp and decides(situation, destination, "TOLD", connection.name, other.name, way.name)
        for other in joined
        for way in ways_heard(situation, other)
    )
