"""Where the flows of a claim begin, what they aim at and where they end (specs/contract/claims.md).

Rules I-FLOW, I-REACH, R-ADDR-6, F-LB-1, F-LB-2, F-PE-5, F-FW-5 and F-FW-7.

Of two fields of a box that may be one address it is said that they differ: that keeps more ends in question.
"""

from __future__ import annotations

from dataclasses import replace

from vnetverify.header import ICMP, Interval, family_of
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Place, PlaceKind
from vnetverify.model.network import Network, Service
from vnetverify.model.planes import EVERY_ADDRESS
from vnetverify.simulator.addressing import (
    Address,
    Packet,
    address_in,
    is_number,
    is_one_of,
    lies_in,
    numbers_of,
)
from vnetverify.simulator.internet import public_place_at, receiver_at
from vnetverify.simulator.positions import Astray, Delivered, LeftToInternet, Trace
from vnetverify.simulator.situation import Situation, first_address, holder_of_public, occupied, public_of

End = tuple[Place, Address]


def begins(network: Network, claim: Claim, origin: Place, packet: Packet) -> bool:
    """Hold when the flow is of one family and of the claim's service, and begins in some left set (R-ADDR-6).

    What is for the address that it has as source leaves nobody, and is no flow (I-FLOW).
    """
    if packet.source.low == packet.source.high == packet.destination.low == packet.destination.high:
        return False
    if packet.family is not family_of(packet.destination.low) or not is_of_service(claim.service, packet):
        return False
    start = (origin, address_in(packet.source))
    return _starts_flows(network, origin, packet.source) and any(_holds(left, start) for left, _ in claim.pairs)


def _starts_flows(network: Network, origin: Place, address: Interval) -> bool:
    """Hold unless a frontend or a private endpoint stands there: neither begins a flow (F-LB-1, F-PE-5)."""
    if origin.kind != PlaceKind.SUBNET.value:
        return origin.kind != PlaceKind.PUBLIC.value
    frontends = (frontend for balancer in network.load_balancers.values() for frontend in balancer.frontends)
    endpoints = (endpoint for endpoint in network.private_endpoints.values() if endpoint.subnet_id == origin.name)
    silent = [frontend.address for frontend in frontends if frontend.subnet_id == origin.name]
    silent += [held for endpoint in endpoints for held in endpoint.addresses]
    return not is_one_of(address, silent)


def is_of_service(service: Service, packet: Packet) -> bool:
    """Hold when the packet is of the service by its protocol and destination port."""
    icmp = packet.family.icmp  # which is what a claim means by ICMP (R-ADDR-6)
    wanted = ((icmp if protocol == ICMP else protocol, ports) for protocol, ports in service.parts)
    return any(
        (protocol is None or is_number(packet.protocol, protocol)) and lies_in(packet.destination_port, ports)
        for protocol, ports in wanted
    )


def _holds(endpoints: EndpointSet, end: End) -> bool:
    place, address = end
    return lies_in(numbers_of(address), endpoints.at(place))


def _is_excluded(claim: Claim, origin: Place, packet: Packet, end: End) -> bool:
    """Hold when the two ends are the same, or both lie in one member of `for each a, b in …`."""
    start = (origin, address_in(packet.source))
    return start == end or any(_holds(member, start) and _holds(member, end) for member in claim.apart_at(origin))


def aimed_at(situation: Situation, claim: Claim, origin: Place, packet: Packet) -> list[End]:
    """Return the ends that the flow's destination names, in the right sets of the pairs it begins in."""
    ends = (
        end
        for left, right in claim.pairs
        if _holds(left, (origin, address_in(packet.source)))
        for end in _aims(situation, right, origin, packet)
        if not _is_excluded(claim, origin, packet, end)
    )
    behind = _behind_public(situation, packet)
    if behind == (origin, address_in(packet.source)):  # whose own public address names nobody to it
        ends = (end for end in ends if end[0].kind != PlaceKind.PUBLIC.value)
    return list(dict.fromkeys(ends))


def _behind_public(situation: Situation, packet: Packet) -> End | None:
    """Return the host that a public address leads to by itself: at a firewall with rules these decide (F-ADDR-1)."""
    receiver = holder_of_public(situation, packet.destination)
    if receiver is None or situation.network.machines[receiver[0].machine].firewall is not None:
        return None
    address = first_address(receiver[0], packet.family)
    return None if address is None else (Place(PlaceKind.SUBNET.value, receiver[0].subnet_id), address)


def _aims(situation: Situation, right: EndpointSet, origin: Place, packet: Packet) -> list[End]:
    """Return the ends in `right` that the flow's destination names.

    A public address that an interface or a frontend holds names nobody at the Internet, and a public place is named
    by its own address. From the Internet a host with a public address is named by that address alone; so is a firewall
    by its interface's, where the set does not name that address itself (F-FW-5).
    """
    aimed_at = packet.destination
    named: list[End] = [
        (place, address_in(aimed_at)) for place, addresses in right.parts if lies_in(aimed_at, addresses)
    ]
    if receiver_at(situation, aimed_at) is not None:
        named = [end for end in named if end[0] != INTERNET]
    public = public_place_at(situation, aimed_at)
    named = [end for end in named if end[0].kind != PlaceKind.PUBLIC.value or end[0] == public]
    receiver = holder_of_public(situation, aimed_at)
    if origin != INTERNET:
        return named
    ends = [end for end in named if not _has_public_address(situation, end)]
    if receiver is None or any(place == public for place, _ in named):
        return ends
    nic, held = receiver
    address = first_address(nic, packet.family)
    if held is public_of(nic, situation.family) and address is not None:
        behind: End = (Place(PlaceKind.SUBNET.value, nic.subnet_id), address)
        if _holds(right, behind):
            ends.append(behind)
    return ends


def _has_public_address(situation: Situation, end: End) -> bool:
    place, address = end
    if place.kind != PlaceKind.SUBNET.value:
        return False
    vnet = situation.index.subnets[place.name].vnet
    number = occupied(situation, vnet, numbers_of(address))
    nic = None if number is None else situation.index.holders.get((vnet, number))
    return any(holder is nic for holder, _ in situation.index.public_holders)


def ends_of(way: Trace, packet: Packet) -> tuple[End, ...]:
    """Return the place and address where the last of the first packets ended, none when it was not delivered.

    What a load balancer gave to a member ended there and at the frontend alike, what came by a private link service at
    its endpoint as well, and what NAT rules of firewalls translated also where it was sent to.
    """
    named = (translated.named for translated in way.translations)
    at_firewalls = tuple(end for end in named if end is not None)
    if isinstance(way.outcome, Delivered):
        return (*way.outcome.ends, *at_firewalls)
    if isinstance(way.outcome, LeftToInternet):
        last = way.translations[-1].after.destination if way.translations else packet.destination
        return ((INTERNET, address_in(last)), *at_firewalls)
    return ()


def ends_as_named(way: Trace, origin: Place, packet: Packet) -> tuple[End, ...]:
    """Return the ends of the way at which the flow's destination can have been the one it names.

    What a NAT rule sent on counts by the place that the rule stands for alone (F-FW-5), what came to its host by a
    frontend, an endpoint or, from inside, a public address by that alone (F-LB-2, F-PE-10, F-ADDR-1): that the host has
    the destination as an address of its own is chance, as where networks overlap.
    """
    ends, outcome = ends_of(way, packet), way.outcome
    by_rules = [translated.named for translated in way.translations if translated.named is not None]
    if by_rules:
        return tuple(end for end in ends if end in by_rules)
    if not isinstance(outcome, Delivered):
        return ends
    if outcome.endpoint is not None:
        return ends[1:2]
    by_public_address = way.entered_from is not None and origin != INTERNET
    return ends[1:] if outcome.frontend is not None or by_public_address else ends


def ends_within(claim: Claim, origin: Place, packet: Packet, way: Trace) -> bool:
    """Hold when the way ends in the right set of a pair that the flow begins in.

    One astray may end at any address of its family (F-FW-7).
    """
    rights = [right for left, right in claim.pairs if _holds(left, (origin, address_in(packet.source)))]
    if isinstance(way.outcome, Astray):
        return any(addresses & EVERY_ADDRESS[packet.family] for right in rights for _, addresses in right.parts)
    if ends_at_home(way, origin, packet):
        return False
    ends = [end for end in _ends_apart(way, origin, packet) if not _is_excluded(claim, origin, packet, end)]
    if claim.arriving is not None:
        ends = [end for end in ends if is_of_service(claim.arriving, _arrived(way, packet, end))]
    return any(_holds(right, end) for end in ends for right in rights)


def _ends_apart(way: Trace, origin: Place, packet: Packet) -> tuple[End, ...]:
    """Return where the last packet ended, without the public address of the host at which the flow began (I-FLOW)."""
    ends, home = ends_of(way, packet), (origin, address_in(packet.source))
    outcome = way.outcome
    if not isinstance(outcome, Delivered) or outcome.passed is None or (outcome.place, outcome.address) != home:
        return ends
    is_own = outcome.passed[0].kind == PlaceKind.PUBLIC.value
    return tuple(end for end in ends if end != outcome.passed) if is_own else ends


def _arrived(way: Trace, packet: Packet, end: End) -> Packet:
    """Return the packet with the port at which it comes to one of its ends: a member gets it at another than its
    frontend (F-LB-2, F-FW-5)."""
    port = way.translations[-1].after.destination_port if way.translations else packet.destination_port
    outcome = way.outcome
    if isinstance(outcome, Delivered) and outcome.port is not None and end == outcome.ends[0]:
        port = numbers_of(outcome.port)
    return replace(packet, destination_port=port)


def ends_at_home(way: Trace, origin: Place, packet: Packet) -> bool:
    """Hold when firewalls translated the packet into one that ends where it began (F-FW-5)."""
    return bool(way.translations) and (origin, address_in(packet.source)) in ends_of(way, packet)[:1]
