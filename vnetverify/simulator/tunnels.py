"""Tunnels of appliances: which site they take a packet to, forwarded or the appliance's own.

Rules R-UDR-11, R-GW-24 and R-META-3.
"""

from __future__ import annotations

from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.model.network import Site
from vnetverify.simulator.addressing import is_public, some_covers
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.positions import Appliance, Next, declared_appliance
from vnetverify.simulator.sites import by_default_into_site, delivered_at_site, home_length


def exit_fact(journey: Journey, appliance: Appliance, name: str) -> Uncertainty:
    """Return the fact that the appliance sends by the interface or tunnel `name`: replies go elsewhere, and
    so does what a firewall made of the packet, by other routes of its table (R-UDR-11)."""
    kind = "U-EXITBACK" if journey.is_reply else "U-EXIT"
    return uncertainty(kind, appliance.name, name, *journey.packet.called)


def into_tunnel(journey: Journey, appliance: Appliance, *, is_own: bool = False) -> Next | None:
    """Return where a tunnel takes what the appliance forwards, or what `is_own`; None where an interface puts it out
    (R-UDR-11)."""
    behind = _site_behind(journey, appliance, is_own=is_own)
    site = behind or _site_by_default(journey, appliance)
    if site is None:
        return None
    if behind is None:
        journey.note(
            appliance.name, f"{appliance.name} sends the packet by its tunnel to {site.name}", "R-UDR-11", site.span
        )
    if not is_own:
        journey.meet_appliance(appliance)
    return delivered_at_site(journey, site, appliance.name) if behind else by_default_into_site(journey, site)


def into_own_tunnel(journey: Journey, interface: Interface) -> Next | None:
    """Return where a tunnel of its machine takes what is sent from `interface`, None where that puts it out.

    No security group sees it in the tunnel.
    """
    appliance = _with_tunnels(journey, interface)
    return None if appliance is None else into_tunnel(journey, appliance, is_own=True)


def leaves_by_own_tunnel(journey: Journey, interface: Interface) -> bool:
    """Hold when a tunnel of its machine takes what is sent from `interface`."""
    appliance = _with_tunnels(journey, interface)
    if appliance is None:
        return False
    return (_site_behind(journey, appliance, is_own=True) or _site_by_default(journey, appliance)) is not None


def _with_tunnels(journey: Journey, interface: Interface) -> Appliance | None:
    """Return the machine of an interface as an appliance, None where it has no tunnels of its own."""
    if interface.nic is None or interface.is_managed:
        return None
    network, name = journey.situation.network, interface.nic.machine
    if all(site.behind != name for site in network.sites.values()):
        return None
    return declared_appliance(journey.situation, network.machines[name])


def _site_behind(journey: Journey, appliance: Appliance, *, is_own: bool) -> Site | None:
    """Return the site to which the appliance's tunnel takes the packet: of several the one of the longest prefix.

    Where a network has a longer range, the appliance's own table may know it or not, and what is its own a tunnel may
    leave out (R-UDR-11).
    """
    situation, destination = journey.situation, journey.packet.destination
    lengths = {site.name: home_length(site, destination) for site in _sites_behind(journey, appliance)}
    name = max(lengths, key=lengths.__getitem__, default=None)
    if name is None or lengths[name] < 0:
        return None
    ranges = (range_ for vnet in situation.network.vnets.values() for range_ in vnet.address_space)
    longer = (range_ for range_ in ranges if range_.length > lengths[name])
    is_open = is_own or some_covers(longer, destination)
    if is_open and not situation.holds(exit_fact(journey, appliance, name)):
        return None
    return situation.network.sites[name]


def _site_by_default(journey: Journey, appliance: Appliance) -> Site | None:
    """Return the site whose tunnel has the appliance's default route, if one has, for what is on the Internet.

    What a network or a site behind it holds the appliance's table is taken to know. A managed firewall's has no such
    route.
    """
    situation, destination = journey.situation, journey.packet.destination
    sites = _sites_behind(journey, appliance)
    if not sites or appliance.is_managed or not is_public(destination):
        return None
    if any(home_length(site, destination) >= 0 for site in sites):
        return None
    if some_covers((range_ for vnet in situation.network.vnets.values() for range_ in vnet.address_space), destination):
        return None
    return next((site for site in sites if situation.holds(exit_fact(journey, appliance, site.name))), None)


def _sites_behind(journey: Journey, appliance: Appliance) -> list[Site]:
    return [site for site in journey.situation.network.sites.values() if site.behind == appliance.name]
