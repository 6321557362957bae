"""Flows that show what a proof is about, and the way of one that is about routes (I-NEXT-HOP, I-GATEWAY, I-EGRESS)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from vnetverify.facts import World
from vnetverify.header import TCP, UDP, Flow, IntervalSet, family_of
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Network
from vnetverify.simulator.claims import in_question, violates, way_by_routes
from vnetverify.simulator.positions import Trace
from vnetverify.simulator.premises import is_spoken_of

_EPHEMERAL_PORT = 49152
_WELL_KNOWN_PORT = 443
_TRIED = 64


def example_of(network: Network, claim: Claim, world: World) -> tuple[Place, Flow, Trace] | None:
    """Return a flow that obeys a claim about its next hop, gateway or egress, and its way; None where none was found.

    `world` has to be one that the claim speaks of.
    """
    if claim.verb not in (Verb.NEXT_HOP, Verb.GATEWAY, Verb.EGRESS):
        return None
    for origin, flow in islice(flows_between(claim), _TRIED):
        asked = in_question(network, claim, origin, flow, world)
        if asked and violates(network, claim, origin, flow, world) is None:
            return origin, flow, way_by_routes(network, claim, origin, flow, world)
    return None


def first_spoken_of(network: Network, claim: Claim, world: World) -> tuple[Place, Flow] | None:
    """Return a flow between first addresses that `claim` speaks of in `world`; None where none of them is one."""
    flows = islice(flows_between(claim), _TRIED)
    return next((found for found in flows if is_spoken_of(network, claim, *found, world)), None)


def flows_between(claim: Claim) -> Iterator[tuple[Place, Flow]]:
    """Yield flows of the claim's first service between the first addresses of its sets."""
    protocol, ports = claim.service.parts[0]
    protocol = TCP if protocol is None else protocol
    first = _WELL_KNOWN_PORT if _WELL_KNOWN_PORT in ports else ports.intervals[0].low
    source_port, port = (_EPHEMERAL_PORT, first) if protocol in (TCP, UDP) else (0, 0)
    for left, right in claim.pairs:
        for origin, sources in left.parts:
            for _, destinations in right.parts:
                for source, destination in _addresses(sources, destinations):
                    yield origin, Flow(protocol, source, source_port, destination, port)


def _addresses(sources: IntervalSet, destinations: IntervalSet) -> Iterator[tuple[int, int]]:
    """Yield the first address of each interval of both sets, two different ones of one family."""
    for source in (interval.low for interval in sources):
        for interval in destinations:
            destination = interval.low if interval.low != source else min(source + 1, interval.high)
            if destination != source and family_of(source) is family_of(destination):
                yield source, destination
