"""Out to the Internet, and in by a public address.

Rules R-TRAF-5, R-TRAF-10, R-UDR-17, R-ADDR-6, F-OUT-1, F-OUT-2, F-OUT-3, F-OUT-4, F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-4,
F-PIP-5, F-ADDR-1, F-ADDR-7, F-ADDR-8 and I-FAILURES.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from vnetverify.header import FIRST_IPV6, TCP, UDP, Family, address_text
from vnetverify.model.intents import INTERNET, FailureKind, Place, PlaceKind
from vnetverify.model.network import Nic, PublicAddress, Site, Subnet
from vnetverify.rules import uncertainty
from vnetverify.simulator.addressing import is_public, lowest_text, only, point
from vnetverify.simulator.filters import declared_interface, judge_public_entry
from vnetverify.simulator.frontends import is_standard_member
from vnetverify.simulator.journey import (
    Delivered,
    Forwarder,
    FromGateway,
    Host,
    Journey,
    LeftToInternet,
    Next,
    Sender,
    Sending,
    place_name,
    sender_name,
)
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.situation import Situation, first_address, holder_of_public, public_of, world_address

# What a sender's unknown address outside reads as in a world that names none (TEST-NET-3, RFC 3849).
UNNAMED_EGRESS = {Family.IPV4: 203 << 24 | 113 << 8 | 1, Family.IPV6: FIRST_IPV6 | 0x20010DB8 << 96 | 1}


def to_internet(journey: Journey, sending: Sending) -> Next:
    """Return what becomes of a packet sent to next hop Internet (R-TRAF-5, R-TRAF-10, R-UDR-17)."""
    situation, where, destination = journey.situation, sender_name(sending), journey.packet.destination
    if not is_public(destination):
        return journey.drop(where, f"{lowest_text(destination)} is not a public address", "R-TRAF-5")
    sender = sending.sender
    match sender:
        case FromGateway():
            return journey.drop(where, "a gateway sends nothing to the Internet", "R-TRAF-5")
        case Forwarder(appliance, interface):
            foreign = only(journey.packet.source) not in interface.addresses
            if foreign and not _translates(situation, appliance.name, appliance.translates_source):
                return journey.drop(where, f"{appliance.name} does not translate the source", "R-UDR-17")
        case Host(interface):
            pass
        case _:
            assert_never(sender)
    if not _has_egress(journey, sending.subnet, interface):
        return journey.drop(where, f"{sending.subnet.id} has no way out to the Internet", "R-TRAF-5")
    by = appliance.name if isinstance(sender, Forwarder) else place_name(interface)
    place = Place(PlaceKind.SUBNET.value, sending.subnet.id)
    public = _public_of(interface, journey.packet.family)
    address = None if public is None else public.address
    return _outside(journey, Exit(sender, where, by, place, _egress_name(sender, interface), address))


@dataclass(frozen=True, slots=True)
class Exit:
    """Who puts a packet onto the Internet, and the public address others see it by: `address`, else the world's."""

    sender: Sender | Site
    where: str
    by: str
    place: Place
    egress: str
    address: int | None = None


def leave_by_site(journey: Journey, site: Site) -> Next:
    """Return what becomes of a packet that a site sends on to the Internet (R-META-3, R-TRAF-10)."""
    place = Place(PlaceKind.SITE.value, site.name)
    return _outside(journey, Exit(site, site.name, site.name, place, site.name))


def _outside(journey: Journey, exit_: Exit) -> Next:
    """Return the end on the Internet, or the way back in to a declared public address (R-TRAF-10, F-ADDR-7)."""
    situation, destination = journey.situation, journey.packet.destination
    receiver = holder_of_public(situation, destination)
    if receiver is None:
        journey.note(exit_.where, "leaves to the Internet", "R-TRAF-5")
        journey.sent_out_by = exit_.sender
        return LeftToInternet(exit_.by)
    if not situation.holds(uncertainty("U-R-TRAF-10")):
        return journey.drop(exit_.where, f"{lowest_text(destination)} does not come back in", "R-TRAF-10")
    if situation.holds(uncertainty("U-HAIRPUB")):
        journey.packet = replace(journey.packet, source=point(_address_outside(situation, exit_)))
    return enter_by_public_address(journey, *receiver, exit_.place)


def _translates(situation: Situation, machine: str, declared: bool | None) -> bool:
    return situation.holds(uncertainty("U-R-UDR-17", machine)) if declared is None else declared


def _has_egress(journey: Journey, subnet: Subnet, interface: Interface) -> bool:
    """Hold when a public address, a NAT gateway or the default outbound address lets the packet out (F-OUT-1..4).

    IPv6 has nothing but public addresses (R-ADDR-6).
    """
    if _public_of(interface, journey.packet.family) is not None:
        return True
    if journey.packet.family is Family.IPV6:
        return False
    if subnet.nat_gateway is not None:
        return journey.packet.protocol in (TCP, UDP)
    if interface.nic is not None and is_standard_member(journey.situation, interface.nic):
        return False
    if subnet.default_outbound is None:
        return journey.situation.holds(uncertainty("U-DOA", subnet.id))
    return subnet.default_outbound


def _public_of(interface: Interface, family: Family) -> PublicAddress | None:
    return None if interface.nic is None else public_of(interface.nic, family)


def _egress_name(sender: Sender, interface: Interface) -> str:
    """Return whose public address it is, where that is the world's: an undeclared host's is its subnet's (F-ADDR-7)."""
    return interface.subnet.id if isinstance(sender, Host) and interface.nic is None else interface.name


def _address_outside(situation: Situation, exit_: Exit) -> int:
    """Return the public address that others see the sender by (F-ADDR-7)."""
    if exit_.address is not None:
        return exit_.address
    plane = "" if situation.family is Family.IPV4 else "IPv6 "
    number = world_address(situation, f"{plane}egress of {exit_.egress}")
    return UNNAMED_EGRESS[situation.family] if number is None else number


def enter_by_public_address(journey: Journey, nic: Nic, public: PublicAddress, entered_from: Place) -> Next:
    """Return the delivery to the interface of the public address, at its first address (F-ADDR-1, F-PIP-1..5)."""
    interface, address = declared_interface(journey.situation, nic), first_address(nic, journey.packet.family)
    assert address is not None
    journey.packet = replace(journey.packet, destination=point(address))
    journey.entered_from = entered_from
    what = f"public address {public.name} leads to {address_text(address)}"
    rule = "F-ADDR-1" if entered_from == INTERNET else "R-TRAF-10"
    journey.note(place_name(interface), what, rule, public.span)
    without_ipv6 = journey.drop_without_ipv6(interface.subnet.vnet)
    if without_ipv6 is not None:
        return without_ipv6
    if not journey.unfiltered:
        judgement = judge_public_entry(journey.situation, interface, journey.packet, journey.is_reply)
        blocked = journey.judged(interface, judgement)
        if blocked is not None:
            return blocked
    fallen = journey.drop_if_down(FailureKind.APPLIANCE, nic.machine)
    return fallen or journey.turned_away(interface) or delivered_to(interface, address)


def delivered_to(interface: Interface, address: int) -> Delivered:
    nic = None if interface.nic is None else interface.nic.name
    return Delivered(Place(PlaceKind.SUBNET.value, interface.subnet.id), address, nic)
