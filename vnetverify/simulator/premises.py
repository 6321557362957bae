"""Whether a claim speaks of a flow at all, whatever becomes of the packet: the judge of a proof's premise."""

from __future__ import annotations

from dataclasses import replace

from vnetverify.facts import World
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import Header
from vnetverify.simulator.claims import in_question

_OF_DELIVERIES = (
    Verb.NEVER_REACHES,
    Verb.ONLY_VIA,
    Verb.NOT_VIA,
    Verb.NOT_TRANSITIVE,
    Verb.BOTTLENECK,
    Verb.LOCAL_LATENCY,
    Verb.CROSSES_AT_MOST,
)


def is_spoken_of(network: Network, claim: Claim, origin: Place, flow: Header, world: World) -> bool:
    """Hold when the header goes from the left to the right of a pair of the claim, be it delivered there or not.

    A claim about deliveries presumes no more of a flow than one about gateways does: its ends.
    """
    if claim.verb in _OF_DELIVERIES:
        claim = replace(claim, verb=Verb.GATEWAY, arriving=None)
    return in_question(network, claim, origin, flow, world)
