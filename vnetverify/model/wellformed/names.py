"""Private zones and servers for names: what Azure refuses, and what can answer nothing (F-DNS-3)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import address_text
from vnetverify.model.network import Network
from vnetverify.model.zones import DnsZone, ZoneLink


def name_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield links of one vnet to two zones of one domain, second registrations, and links to no vnet."""
    linked: dict[tuple[str, str], ZoneLink] = {}
    registering: dict[str, tuple[DnsZone, ZoneLink]] = {}
    for zone in network.dns_zones.values():
        for link in zone.links:
            if link.vnet not in network.vnets:
                message = f"zone `{zone.name}` is linked to `{link.vnet}`, which is not a vnet"
                yield Diagnostic("unknown-vnet", message, link.span, rule="F-DNS-3")
            earlier = linked.setdefault((link.vnet, zone.domain), link)
            if earlier is not link:
                message = f"vnet `{link.vnet}` is linked to another zone of {zone.domain}"
                others = ((earlier.span, "linked here"),)
                yield Diagnostic("two-zones-of-one-domain", message, link.span, "a second one", others, rule="F-DNS-3")
            if link.registration:
                first, other = registering.setdefault(link.vnet, (zone, link))
                if other is not link:
                    message = f"vnet `{link.vnet}` registers its hosts in zone {first.domain} already, and may in one"
                    others = ((other.span, "registered here"),)
                    yield Diagnostic("two-registrations", message, link.span, "a second one", others, rule="F-DNS-3")
    for server in network.name_servers.values():
        nics = network.machines[server.machine].nics
        own = {address for nic in nics for address in nic.addresses}
        if own & set(server.forwarders):
            where = address_text(min(own & set(server.forwarders)))
            message = f"`{server.machine}` passes questions on to itself, at {where}"
            yield Diagnostic("asks-itself", message, server.span, rule="F-DNS-3", severity=Severity.WARNING)
