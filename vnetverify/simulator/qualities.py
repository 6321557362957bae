"""The qualities of a path: how much its elements carry, whether it stays in a region, which peerings it crosses.

Rules I-BOTTLENECK, I-LATENCY, I-CROSSINGS, R-LINT-2, R-LINT-3 and F-FW-7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from vnetverify.facts import uncertainty
from vnetverify.model.intents import INTERNET, Claim, Place, PlaceKind, Verb
from vnetverify.simulator.addressing import Packet
from vnetverify.simulator.filters import interface_at
from vnetverify.simulator.positions import Astray, Crossing, Delivered, DeviceKind, LeftToInternet, Step, Trace
from vnetverify.simulator.situation import Situation
from vnetverify.source import NOWHERE, Span

_UNITS = ((10**9, "Gbps"), (10**6, "Mbps"), (10**3, "kbps"), (1, "bps"))


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """What a way lacks, the element or crossing that is to blame, and by which rule."""

    what: str
    where: str
    rule: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """Something with a cap of its own; `bandwidth` is in bits a second, None where it is not stated."""

    name: str
    bandwidth: int | None
    span: Span


def shortcoming(situation: Situation, claim: Claim, origin: Place, packet: Packet, way: Trace) -> Shortcoming | None:
    """Return what the way lacks of the quality that the claim asks for, None when it lacks nothing."""
    if isinstance(way.outcome, Astray):
        return Shortcoming("it is translated a third time and may go anywhere", way.outcome.where, "F-FW-7")
    if claim.verb is Verb.LOCAL_LATENCY:
        return _detour(situation, origin, way)
    assert claim.limit is not None
    if claim.verb is Verb.BOTTLENECK:
        return _bottleneck(situation, origin, packet, way, claim.limit)
    return _too_many_crossings(situation, way, claim.limit)


def shown(way: Trace, found: Shortcoming, situation: Situation) -> Trace:
    """Return the way with a last step that says what it lacks, and the facts that `situation` was asked for it."""
    step = Step(found.where, found.what, found.rule, found.span, facts=situation.asked_since(0))
    asked = tuple((fact, situation.world.holds(fact)) for fact in step.facts)
    return replace(way, steps=(*way.steps, step), asked=(*way.asked, *asked))


def rate_text(bits: int) -> str:
    """Return a rate in the largest unit of which it is a whole number."""
    size, unit = next((size, unit) for size, unit in _UNITS if bits % size == 0)
    return f"{bits // size} {unit}"


def _bottleneck(situation: Situation, origin: Place, packet: Packet, way: Trace, limit: int) -> Shortcoming | None:
    """Return the first element on the way that carries less than `limit`; a peering never does (R-LINT-2)."""
    for element in _elements(situation, origin, packet, way):
        if element.bandwidth is None:
            if not situation.holds(uncertainty("U-BANDWIDTH", element.name)):
                what = f"the bandwidth of {element.name} is not stated and may be less than {rate_text(limit)}"
                return Shortcoming(what, element.name, "R-LINT-2", element.span)
        elif element.bandwidth < limit:
            what = f"{element.name} carries {rate_text(element.bandwidth)}, less than {rate_text(limit)}"
            return Shortcoming(what, element.name, "R-LINT-2", element.span)
    return None


def _elements(situation: Situation, origin: Place, packet: Packet, way: Trace) -> Iterator[Element]:
    """Yield what has a cap on the way: the machine it begins at, what forwards it, the machine it ends at."""
    network = situation.network
    if origin.kind == PlaceKind.SUBNET.value:
        sender = interface_at(situation, situation.index.subnets[origin.name], packet.source).nic
        if sender is not None:
            yield _machine(situation, sender.machine)
    for device in way.devices:
        match device.kind:
            case DeviceKind.APPLIANCE:
                yield _machine(situation, device.name)
            case DeviceKind.GATEWAY:
                gateway = network.gateways[device.name]
                yield Element(gateway.name, gateway.bandwidth, gateway.span)
            case DeviceKind.SITE:
                pass
            case _:
                assert_never(device.kind)
    if isinstance(way.outcome, Delivered) and way.outcome.nic is not None:
        yield _machine(situation, situation.index.nics[way.outcome.nic].machine)


def _machine(situation: Situation, name: str) -> Element:
    """Return the machine called so; what a route implies has no bandwidth stated."""
    machine = situation.network.machines.get(name)
    return Element(name, None, NOWHERE) if machine is None else Element(name, machine.bandwidth, machine.span)


def _detour(situation: Situation, origin: Place, way: Trace) -> Shortcoming | None:
    """Return what keeps the way from being as quick as inside one vnet (R-LINT-2)."""
    if origin.kind != PlaceKind.SUBNET.value:
        return Shortcoming(f"it begins at {origin.name}", origin.name, "R-LINT-2")
    if way.entered_from is not None:
        return Shortcoming("it comes in by a public address", way.entered_from.name, "R-LINT-2")
    passed = next((device for device in way.devices if not device.is_appliance), None)
    if passed is not None:  # a gateway, or a site behind an appliance
        declared = situation.network.sites if passed.kind is DeviceKind.SITE else situation.network.gateways
        what = f"{passed.kind.value} {passed.name} carries it"
        return Shortcoming(what, passed.name, "R-LINT-2", declared[passed.name].span)
    if isinstance(way.outcome, LeftToInternet):
        return Shortcoming("it leaves to the Internet", INTERNET.name, "R-LINT-2")
    if isinstance(way.outcome, Delivered) and way.outcome.place.kind != PlaceKind.SUBNET.value:
        return Shortcoming(f"it ends at {way.outcome.place.name}", way.outcome.place.name, "R-LINT-2")
    reasons = (_other_region(situation, crossing) for crossing in way.crossings)
    return next((reason for reason in reasons if reason is not None), None)


def _other_region(situation: Situation, crossing: Crossing) -> Shortcoming | None:
    """Return the crossing from one region to another, or to one that may be another."""
    near, far = situation.vnet(crossing.near), situation.vnet(crossing.far)
    if near.region is not None and far.region is not None:
        if near.region.casefold() == far.region.casefold():
            return None
        what = f"{near.name} is in {near.region} and {far.name} in {far.region}"
    elif situation.holds(uncertainty("U-REGION", *sorted((near.name, far.name)))):
        return None
    else:
        what = f"{near.name} and {far.name} may be in two regions"
    return Shortcoming(what, str(crossing), "R-LINT-2", crossing.span)


def _too_many_crossings(situation: Situation, way: Trace, limit: int) -> Shortcoming | None:
    """Return that the way crosses more than `limit` peerings (R-LINT-3)."""
    crossed = [crossing for crossing in way.crossings if crossing.is_of_peering]
    if len(crossed) <= limit:
        return None
    what = f"it crosses {len(crossed)} {'peering' if len(crossed) == 1 else 'peerings'}: {', '.join(map(str, crossed))}"
    return Shortcoming(what, str(crossed[limit]), "R-LINT-3", crossed[limit].span)
