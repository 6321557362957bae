"""Out to the Internet, and in by a public address.

Rules R-TRAF-5, R-TRAF-10, R-SEL-9, R-UDR-17, R-ADDR-6, F-OUT-1, F-OUT-2, F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-4, F-PIP-5,
F-ADDR-1, F-ADDR-7, F-ADDR-8, F-FW-5, F-FW-7 and I-FAILURES.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from vnetverify.facts import uncertainty
from vnetverify.header import FIRST_IPV6, Family, Interval, address_text, family_of
from vnetverify.model.balancers import PublicAddress, PublicFrontend
from vnetverify.model.intents import INTERNET, EgressKind, FailureKind, Place, PlaceKind
from vnetverify.model.network import Nic, Site, Subnet
from vnetverify.model.planes import EVERY_ADDRESS
from vnetverify.simulator.addressing import PUBLIC, Address, Packet, is_one_of, is_public, lowest_text, point
from vnetverify.simulator.egress import egress_of, egress_text, lack_of_egress
from vnetverify.simulator.filters import declared_interface, judge_public_entry
from vnetverify.simulator.hops import ToInternet
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.pools import Balanced
from vnetverify.simulator.positions import (
    Appliance,
    AtOwnAddress,
    Delivered,
    Dropped,
    Egress,
    Forwarder,
    FromGateway,
    Host,
    LeftToInternet,
    Next,
    Sender,
    Sending,
    declared_appliance,
    place_name,
    sender_name,
)
from vnetverify.simulator.public_frontends import enter_at_frontend
from vnetverify.simulator.routes import selection
from vnetverify.simulator.situation import (
    Situation,
    first_address,
    frontend_at_public,
    holder_of_public,
    world_address,
)

# What a sender's unknown address outside reads as in a world that names none (TEST-NET-3, RFC 3849).
UNNAMED_EGRESS = {Family.IPV4: 203 << 24 | 113 << 8 | 1, Family.IPV6: FIRST_IPV6 | 0x20010DB8 << 96 | 1}


def to_internet(journey: Journey, sending: Sending) -> Next:
    """Return what becomes of a packet sent to next hop Internet (R-TRAF-5, R-TRAF-10, R-UDR-17)."""
    where, destination = sender_name(sending), journey.packet.destination
    if not is_public(destination):
        return journey.drop(where, f"{lowest_text(destination)} is not a public address", "R-TRAF-5")
    sender = sending.sender
    match sender:
        case FromGateway():
            return journey.drop(where, "a gateway sends nothing to the Internet", "R-TRAF-5")
        case Forwarder(appliance, interface):
            foreign = not is_one_of(journey.packet.source, interface.addresses)
            if foreign and not _translates(journey, appliance):
                rule = "R-UDR-17" if appliance.firewall is None else "F-FW-7"
                return journey.drop(where, f"{appliance.name} does not translate the source", rule)
        case Host(interface):
            pass
        case _:
            assert_never(sender)
    method = egress_of(journey.situation, sending.subnet, interface, journey.packet.protocol)
    if method is None:
        lack = lack_of_egress(journey.situation, sending.subnet, interface)
        return journey.drop(where, f"{sending.subnet.id} has no way out to the Internet{lack}", "R-TRAF-5")
    by = appliance.name if isinstance(sender, Forwarder) else place_name(interface)
    place = Place(PlaceKind.SUBNET.value, sending.subnet.id)
    return _outside(journey, Exit(sender, where, by, place, _egress_name(sender, interface), method))


@dataclass(frozen=True, slots=True)
class Exit:
    """Who puts a packet onto the Internet, and how: others see it by the method's address, else by the world's.

    `called` is how the world names that address; `method` is None for a site.
    """

    sender: Sender | Site
    where: str
    by: str
    place: Place
    called: str
    method: Egress | None = None

    @property
    def egress(self) -> Egress | None:
        """By what it leaves as claims have it: a method only where the packet's own host sends it out."""
        match self.sender:
            case Site(name):
                return Egress(EgressKind.SITE, (name,))
            case Forwarder(appliance):
                return Egress(EgressKind.APPLIANCE, (appliance.name,))
            case Host() | FromGateway():
                return self.method
            case _:
                assert_never(self.sender)


def leave_by_site(journey: Journey, site: Site) -> Next:
    """Return what becomes of a packet that a site sends on to the Internet (R-META-3, R-TRAF-10)."""
    place = Place(PlaceKind.SITE.value, site.name)
    return _outside(journey, Exit(site, site.name, site.name, place, f"site egress of {site.name}"))


def _outside(journey: Journey, exit_: Exit) -> Next:
    """Return the end on the Internet, or the way back in to a declared public address (R-TRAF-10, F-ADDR-7)."""
    situation, destination = journey.situation, journey.packet.destination
    receiver = receiver_at(situation, destination)
    if receiver is None:
        _note_leaving(journey, exit_)
        journey.sent_out_by = exit_.sender
        return LeftToInternet(exit_.by, exit_.egress)
    if not situation.holds(uncertainty("U-R-TRAF-10")):
        return journey.drop(exit_.where, f"{lowest_text(destination)} does not come back in", "R-TRAF-10")
    if situation.holds(uncertainty("U-HAIRPUB")):
        journey.packet = replace(journey.packet, source=_address_outside(situation, exit_))
    elif isinstance(exit_.sender, Forwarder):
        own = own_source(exit_.sender.appliance, exit_.sender.interface, journey.packet)
        journey.packet = journey.packet if own is None else replace(journey.packet, source=own)
    return enter(journey, receiver, exit_.place)


def own_source(appliance: Appliance, interface: Interface, packet: Packet) -> Interval | None:
    """Return the address that an appliance puts in place of the source of what it sends to the Internet (R-UDR-17).

    None for a firewall, which has done so before, and where it has none of the family.
    """
    own = [address for address in interface.addresses if family_of(address) is packet.family]
    return point(own[0]) if own and appliance.firewall is None else None


def _note_leaving(journey: Journey, exit_: Exit) -> None:
    """Record by which method the packet leaves (F-OUT-2)."""
    if exit_.method is None:
        journey.note(exit_.where, "leaves to the Internet", "R-TRAF-5")
        return
    span = exit_.method.span
    journey.note(exit_.where, f"leaves to the Internet by {egress_text(exit_.method)}", "F-OUT-2", span)


Receiver = tuple[Nic, PublicAddress] | Balanced[PublicFrontend]


def receiver_at(situation: Situation, address: Interval) -> Receiver | None:
    """Return who holds a public address of this network: an interface, else a public frontend (R-TRAF-10)."""
    found = frontend_at_public(situation, address)
    return holder_of_public(situation, address) or (None if found is None else Balanced(*found))


def public_place_at(situation: Situation, address: Interval) -> Place | None:
    """Return the place at which claims find who holds a public address as such: a frontend, a firewall's NAT rules, or
    an interface by its known address.

    None where there is no such holder.
    """
    receiver = receiver_at(situation, address)
    if receiver is None or isinstance(receiver, Balanced):
        return None if receiver is None else receiver.place
    nic, public = receiver
    if situation.network.machines[nic.machine].firewall is not None:
        return Place(PlaceKind.PUBLIC.value, f"{nic.machine}/{public.name}")
    return None if public.address is None else _place_of(public.address)


def _place_of(address: int) -> Place:
    """Return the place of an interface's public address."""
    return Place(PlaceKind.PUBLIC.value, address_text(address))


def enter(journey: Journey, receiver: Receiver, entered_from: Place) -> Next:
    """Return the delivery of what came in to a public address of this network (F-PIP-1 to F-PIP-5, F-LB-7)."""
    if isinstance(receiver, Balanced):
        return enter_at_frontend(journey, receiver, entered_from)
    return enter_by_public_address(journey, *receiver, entered_from)


def _is_passing(journey: Journey, appliance: Appliance) -> bool:
    """Hold unless the packet is the one that a NAT rule of the firewall made."""
    return not journey.translations or journey.translations[-1].by.name != appliance.name


def _translates(journey: Journey, appliance: Appliance) -> bool:
    """Hold when the appliance puts a source of its own in place of a foreign one; a firewall has done so (F-FW-7)."""
    if appliance.firewall is not None and not (journey.unfiltered and _is_passing(journey, appliance)):
        replacing = (each for each in reversed(journey.translations) if each.own is not None)
        last = next(replacing, None)
        return last is not None and last.by.name == appliance.name
    if appliance.translates_source is None:
        return journey.situation.holds(uncertainty("U-R-UDR-17", appliance.name))
    return appliance.translates_source


def _egress_name(sender: Sender, interface: Interface) -> str:
    """Return how the world names the public address of a sender: an undeclared host's is its subnet's (F-ADDR-7).

    Interfaces, subnets and sites may have one name, and are seen by addresses of their own.
    """
    if isinstance(sender, Host) and interface.nic is None:
        return f"subnet egress of {interface.subnet.id}"
    return f"egress of {interface.name}"


def _address_outside(situation: Situation, exit_: Exit) -> Interval:
    """Return the public address that others see the sender by (F-ADDR-7)."""
    if exit_.method is not None and exit_.method.address is not None:
        return point(exit_.method.address)
    plane = "" if situation.family is Family.IPV4 else "IPv6 "
    chosen = world_address(situation, f"{plane}{exit_.called}", PUBLIC & EVERY_ADDRESS[situation.family])
    return point(UNNAMED_EGRESS[situation.family]) if chosen is None else chosen


def enter_by_public_address(journey: Journey, nic: Nic, public: PublicAddress, entered_from: Place) -> Next:
    """Return the delivery to the interface of the public address, at its first address (F-ADDR-1, F-PIP-1..5).

    At a firewall with rules of its own these say what becomes of it (F-FW-5).
    """
    situation = journey.situation
    interface, address = declared_interface(situation, nic), first_address(nic, journey.packet.family)
    assert address is not None
    journey.entered_from = entered_from
    what = f"public address {public.name} leads to {address_text(address)}"
    rule = "F-ADDR-1" if entered_from == INTERNET else "R-TRAF-10"
    journey.note(place_name(interface), what, rule, public.span)
    without_ipv6 = journey.drop_without_ipv6(interface.subnet.vnet)
    if without_ipv6 is not None:
        return without_ipv6
    appliance = declared_appliance(situation, situation.network.machines[nic.machine])
    if appliance.firewall is not None:
        return AtOwnAddress(appliance, interface, public)
    journey.packet = replace(journey.packet, destination=point(address))
    if not journey.unfiltered:
        packet, is_reply = journey.packet, journey.is_reply
        blocked = journey.asked(
            lambda: journey.judged(interface, judge_public_entry(situation, interface, packet, is_reply))
        )
        if blocked is not None:
            return blocked
    fallen = journey.drop_if_down(FailureKind.APPLIANCE, nic.machine)
    refused = fallen or journey.turned_away(interface)
    if refused is not None or public.address is None:
        return refused or delivered_to(interface, address)
    return replace(delivered_to(interface, address), passed=(_place_of(public.address), public.address))


def answered_outside(journey: Journey, subnet: Subnet) -> LeftToInternet | Dropped:
    """Return the end of a reply to an Internet host, which leaves the subnet by next hop Internet or not (R-SEL-9)."""
    route = selection(journey.situation, subnet, journey.packet.destination).route
    what = f"the reply leaves by {route}"
    journey.note(subnet.id, what, "R-SEL-9", route.span)
    if isinstance(route.hop, ToInternet):
        return LeftToInternet(subnet.id)
    return Dropped(f"{what}, not to the Internet", "R-SEL-9", subnet.id)


def delivered_to(interface: Interface, address: Address) -> Delivered:
    nic = None if interface.nic is None else interface.nic.name
    return Delivered(Place(PlaceKind.SUBNET.value, interface.subnet.id), address, nic)
