"""Networks on premises: what comes to a site, what it sends, and whether it relays.

Rules R-GW-2, R-GW-8, R-GW-16, R-GW-17, R-GW-22, R-GW-24, R-GW-25, R-META-3, R-TRAF-3 and I-FAILURES.
"""

from __future__ import annotations

from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Connection, GatewayKind, Site
from vnetverify.rules import uncertainty
from vnetverify.simulator.addressing import address_in, covers, is_public, lowest_text, some_covers
from vnetverify.simulator.announcements import decides, ways_heard
from vnetverify.simulator.gateways import (
    announces,
    entries_of,
    is_bgp,
    is_known,
    is_near,
    is_told_on,
    joined_gateways,
    passes_between,
    way_of,
)
from vnetverify.simulator.internet import leave_by_site
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.positions import (
    AtAppliance,
    Delivered,
    DeviceKind,
    IntoSite,
    Met,
    Next,
    OutOfTunnel,
    declared_appliance,
)


def into_site(journey: Journey, arrival: IntoSite) -> Next:
    """Return the delivery at a site, or what becomes of a packet for elsewhere: the site may relay it (R-META-3)."""
    site, destination = arrival.site, journey.packet.destination
    journey.meet_gateway(arrival.gateway)
    if some_covers(site.prefixes, destination):
        return delivered_at_site(journey, site, arrival.gateway.name)
    if journey.repeats("site", site.name, arrival.way.name):
        return journey.drop(site.name, "the packet was here before: a loop", "R-TRAF-3")
    if site.point_to_site:
        reason = f"clients of the pool {site.name} pass nothing on"
        return journey.drop(site.name, reason, "R-GW-2", site.span)
    if not journey.situation.holds(uncertainty("U-RELAYS", site.name)):
        reason = f"the destination is not at {site.name}: it leaves the model"
        return journey.drop(site.name, reason, "R-GW-24", site.span)
    journey.devices.append(Met(site.name, DeviceKind.SITE))
    ends = _ends_knowing(journey, site, but=arrival.way.name)
    if ends:
        return _by_connection(journey, site, ends)
    if is_public(destination):
        return leave_by_site(journey, site)
    return journey.drop(site.name, f"no other gateway tells {site.name} of the destination", "R-GW-8", site.span)


def delivered_at_site(journey: Journey, site: Site, by: str) -> Delivered:
    """Return the delivery to the host of `site` that the packet is for."""
    destination = journey.packet.destination
    journey.note(by, f"{lowest_text(destination)} is at site {site.name}", "R-GW-24", site.span)
    return Delivered(Place(PlaceKind.SITE.value, site.name), address_in(destination))


def from_site(journey: Journey, site: Site) -> Next:
    """Return where a site sends: to its appliance, or by a connection that knows the destination (R-GW-24)."""
    situation, destination = journey.situation, journey.packet.destination
    if some_covers(site.prefixes, destination) and site.point_to_site:
        return _to_other_client(journey, site)
    if some_covers(site.prefixes, destination):
        reason = f"{lowest_text(destination)} is at {site.name} itself"
        return journey.drop(site.name, reason, "R-GW-24", site.span)
    if site.behind is not None:
        if site.routes is not None and not some_covers(site.routes, destination):
            reason = f"no declared route of {site.name} covers {lowest_text(destination)}"
            return journey.drop(site.name, reason, "R-GW-24", site.span)
        appliance = declared_appliance(situation, situation.network.machines[site.behind])
        return AtAppliance(appliance, None)
    ends = _ends_knowing(journey, site)
    if not ends:
        return journey.drop(site.name, f"no gateway tells {site.name} of the destination", "R-GW-8", site.span)
    return _by_connection(journey, site, ends)


def _to_other_client(journey: Journey, site: Site) -> Next:
    """Return the delivery from one client of a point-to-site pool to another, which a gateway may allow (R-GW-25)."""
    ends = tuple(end for end in journey.situation.index.connections if end.site == site.name)
    if not ends:
        return journey.drop(site.name, f"no gateway that is up serves {site.name}", "R-GW-25", site.span)
    gateway = _by_connection(journey, site, ends).gateway
    if not journey.situation.holds(uncertainty("U-R-GW-25", gateway.name)):
        reason = f"{gateway.name} carries nothing from one client of {site.name} to another"
        return journey.drop(gateway.name, reason, "R-GW-25", gateway.span)
    journey.meet_gateway(gateway)
    return delivered_at_site(journey, site, gateway.name)


def _by_connection(journey: Journey, site: Site, ends: tuple[Connection, ...]) -> OutOfTunnel:
    """Return the arrival at the gateway of the connection that the site chooses among `ends` (R-GW-24)."""
    situation = journey.situation
    picked = (end for end in ends[:-1] if situation.holds(uncertainty("U-SITE", site.name, end.name)))
    chosen = next(picked, ends[-1])
    journey.note(site.name, f"{site.name} sends the packet by {chosen.name}", "R-GW-24", chosen.span)
    return OutOfTunnel(situation.network.gateways[chosen.gateway], way_of(situation, chosen, chosen.gateway))


def _ends_knowing(journey: Journey, site: Site, but: str | None = None) -> tuple[Connection, ...]:
    """Return the site's connections that are up, with a gateway that takes the packet, but the one called `but`."""
    connections = journey.situation.index.connections
    ends = (end for end in connections if end.site == site.name and end.name != but)
    return tuple(end for end in ends if _knows(journey, end))


def _knows(journey: Journey, connection: Connection) -> bool:
    """Hold when the site sends the packet by `connection`: by routes declared for it, or by what it is told there.

    Rules R-GW-8, R-GW-22 and R-GW-24. Where routes of the site are declared, nothing else goes by a static connection.
    """
    situation, destination = journey.situation, journey.packet.destination
    assert connection.site is not None
    declared = situation.network.sites[connection.site].routes
    if declared is not None and some_covers(declared, destination):
        return True
    if declared is not None and not is_bgp(situation, connection):
        return False
    gateway = situation.network.gateways[connection.gateway]
    return (
        announces(situation, gateway, destination)
        or _is_told_of_others(journey, connection)
        or (is_near(situation, gateway, destination) and situation.holds(uncertainty("U-R-GW-22")))
    )


def _is_told_of_others(journey: Journey, connection: Connection) -> bool:
    """Hold when a gateway passes on what it, or one a Route Server joins to it, learned (R-GW-16, R-GW-17)."""
    situation, destination = journey.situation, journey.packet.destination
    gateway = situation.network.gateways[connection.gateway]
    here = way_of(situation, connection, gateway.name)
    if gateway.kind is GatewayKind.VPN:
        for entry in entries_of(situation, gateway):
            if entry.way.name == here.name or not covers(entry.prefix, destination) or not is_known(situation, entry):
                continue
            if passes_between(situation, here, entry.way) and is_told_on(situation, gateway, entry):
                return True
        for way in ways_heard(situation, gateway):
            is_other = way.name != here.name and passes_between(situation, here, way)
            if is_other and decides(situation, destination, "TOLD", connection.name, way.name):
                return True
    joined = joined_gateways(situation, gateway) if here.bgp else ()
    return any(
        entry.way.bgp and covers(entry.prefix, destination) and is_known(situation, entry)
        for other in joined
        for entry in entries_of(situation, other)
    ) or any(
        way.bgp and decides(situation, destination, "TOLD", connection.name, other.name, way.name)
        for other in joined
        for way in ways_heard(situation, other)
    )
