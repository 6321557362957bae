"""What may cross from one vnet to another: over a peering, or inside a connected group.

Rules R-PEER-11, R-PEER-12, R-PEER-14, R-PEER-15, R-PEER-16, R-PEER-17, R-PEER-18, R-PEER-19, R-PEER-25, R-CG-1,
R-CG-3, R-GW-4, R-GW-22, F-TAG-22 and I-FAILURES.
"""

from __future__ import annotations

from vnetverify.facts import uncertainty
from vnetverify.header import Interval
from vnetverify.model.network import Gateway
from vnetverify.simulator.addressing import lowest_text, some_covers
from vnetverify.simulator.failures import peerings_of
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.peerings import View
from vnetverify.simulator.positions import Crossing, Dropped, Forwarder, FromGateway, Sending, sender_name
from vnetverify.simulator.situation import are_mates, half, uses, view


def cross(journey: Journey, sending: Sending, to: str, target: Interval) -> Dropped | None:
    """Return the drop where nothing carries the packet to `target` in vnet `to` (R-PEER-12, R-CG-1).

    `target` is what the packet is sent to: its destination or the next hop. Otherwise the packet has crossed.
    """
    if sending.subnet.vnet == to:
        return None
    blocked = _blocked(journey, sending, to, target)
    if blocked is None:
        record_crossing(journey, sending.subnet.vnet, to)
    return blocked


def cross_into_gateway(journey: Journey, sending: Sending, gateway: Gateway) -> Dropped | None:
    """Return the drop where a peering does not carry the packet to a gateway beyond it (R-GW-4).

    Its flags hold as for other packets; of a peering of subnets GatewaySubnet has to take part.
    """
    situation, at, hub = journey.situation, sending.subnet.vnet, gateway.vnet
    if at == hub:
        return None
    gateway_subnet = situation.vnet(hub).gateway_subnet
    takes_part = gateway_subnet is not None and view(situation, hub, at).takes_part(gateway_subnet.id)
    blocked = (
        _switched_off(journey, sending, hub)
        or _outside_subnets(journey, sending, hub, gateway.name, takes_part)
        or _unflagged(journey, sending, hub)
    )
    if blocked is None:
        record_crossing(journey, at, hub)
    return blocked


def record_crossing(journey: Journey, near: str, far: str) -> None:
    """Record that the packet went from one vnet to another: in a connected group where that alone joins them."""
    peered = not are_mates(journey.situation, near, far)
    span = half(journey.situation, near, far).span if peered else None
    journey.crossings.append(Crossing(near, far, peered, span))


def _blocked(journey: Journey, sending: Sending, to: str, target: Interval) -> Dropped | None:
    if are_mates(journey.situation, sending.subnet.vnet, to):
        return _from_gateway_to_mate(journey, sending, to)
    return (
        _over_what_is_down(journey, sending, to)
        or _switched_off(journey, sending, to)
        or _unsynced(journey, sending, to, target)
        or _to_other_subnets(journey, sending, to, target)
        or _refused_to_sender(journey, sending, to)
    )


def _from_gateway_to_mate(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop of what a gateway sends into a connected group, which conveys no transit (R-CG-3, R-GW-22)."""
    if not isinstance(sending.sender, FromGateway) or journey.situation.holds(uncertainty("U-R-GW-22")):
        return None
    return journey.drop(sending.subnet.id, f"{to} does not use the gateways of {sending.subnet.vnet}", "R-GW-22")


def _over_what_is_down(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop by a peering that is down: only the owner of a next hop leads there (I-FAILURES)."""
    situation, at = journey.situation, sending.subnet.vnet
    if to in situation.index.peers[at]:
        return None
    return journey.drop_at_fallen(peerings_of(situation.network)[frozenset((at, to))], sender_name(sending))


def _switched_off(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop by a half whose virtual-network access is off (R-PEER-14)."""
    situation, at = journey.situation, sending.subnet.vnet
    for side in (half(situation, at, to), half(situation, to, at)):
        if not side.allow_virtual_network_access and situation.holds(uncertainty("U-AVNA", side.id)):
            reason = f"peering {side.id} has virtual-network access off"
            return journey.drop(sender_name(sending), reason, "R-PEER-14", side.span)
    return None


def _unsynced(journey: Journey, sending: Sending, to: str, target: Interval) -> Dropped | None:
    """Return the drop where only one of a half's old and new views holds the target (R-PEER-17)."""
    seen = view(journey.situation, sending.subnet.vnet, to)
    if seen.subnets is not None or some_covers(seen.sure, target):
        return None
    if journey.situation.holds(uncertainty("U-R-PEER-17", seen.half.id)):
        return None
    reason = f"peering {seen.half.id} is not in sync about {lowest_text(target)}"
    return journey.drop(sender_name(sending), reason, "R-PEER-17", seen.half.span)


def _to_other_subnets(journey: Journey, sending: Sending, to: str, target: Interval) -> Dropped | None:
    """Return the drop by a peering of subnets of which not all that the packet has to do with is part (R-PEER-18)."""
    seen = view(journey.situation, sending.subnet.vnet, to)
    return _outside_subnets(journey, sending, to, lowest_text(target), some_covers(seen.sure, target))


def _outside_subnets(
    journey: Journey, sending: Sending, to: str, target: str, target_takes_part: bool
) -> Dropped | None:
    """Return the drop by a peering of subnets that sender, target or the packet's ends have no part in (R-PEER-18)."""
    situation, seen = journey.situation, view(journey.situation, sending.subnet.vnet, to)
    if seen.subnets is None:
        return None
    takes_part = seen.takes_part(sending.subnet.id) and target_takes_part
    if not takes_part and not situation.holds(uncertainty("U-SUBPEER", seen.half.id)):
        reason = f"peering {seen.half.id} is not for {sending.subnet.id} and {target}"
        return journey.drop(sender_name(sending), reason, "R-PEER-19", seen.half.span)
    if not _joins_ends(journey, seen) and not situation.holds(uncertainty("U-R-PEER-18")):
        reason = f"peering {seen.half.id} is not for the packet's source and destination"
        return journey.drop(sender_name(sending), reason, "R-PEER-18", seen.half.span)
    return None


def _joins_ends(journey: Journey, seen: View) -> bool:
    packet = journey.packet
    return some_covers(seen.sources, packet.source) and some_covers(seen.sure, packet.destination)


def _refused_to_sender(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop of what appliances and gateways may not send over a peering (R-PEER-16, R-GW-22)."""
    if not isinstance(sending.sender, FromGateway):
        return _unflagged(journey, sending, to)
    situation, at = journey.situation, sending.subnet.vnet
    if not uses(situation, to, at) and not situation.holds(uncertainty("U-R-GW-22")):
        reason = f"{to} does not use the gateways of {at}"
        return journey.drop(sender_name(sending), reason, "R-GW-22", half(situation, to, at).span)
    return None


def _unflagged(journey: Journey, sending: Sending, to: str) -> Dropped | None:
    """Return the drop of what an appliance forwards to where no flag lets it in (R-PEER-16, R-PEER-25)."""
    if not isinstance(sending.sender, Forwarder):
        return None
    situation, at = journey.situation, sending.subnet.vnet
    incoming = half(situation, to, at)
    foreign = not some_covers(situation.vnet(at).address_space, journey.packet.source)
    if foreign and not incoming.allow_forwarded_traffic and not situation.holds(uncertainty("U-R-PEER-16")):
        reason = f"peering {incoming.id} does not allow forwarded traffic"
        return journey.drop(sender_name(sending), reason, "R-PEER-16", incoming.span)
    return None
