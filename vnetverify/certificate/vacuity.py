"""Whether a claim says anything: a certificate shows that no flow contradicts it, be there flows or not (I-VACUOUS)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vnetverify.certificate.judging import Judge
from vnetverify.certificate.maker import NoCover, cover
from vnetverify.certificate.questions import Unviolated, Unvisited
from vnetverify.certificate.regions import Region, premise
from vnetverify.facts import SettledFacts, World
from vnetverify.header import Family
from vnetverify.model.intents import ABOUT_WAYS, Claim, Place, Verb
from vnetverify.model.network import Network
from vnetverify.simulator.examples import first_spoken_of
from vnetverify.simulator.premises import is_spoken_of
from vnetverify.simulator.situation import index_of

_MOST_NODES = 20_000
"""Nodes of a cover that is sought for a flow that a claim speaks of, or one that is delivered."""


@dataclass(frozen=True)
class Unspoken(Unvisited):
    """The claim speaks of no flow, be it delivered or not."""

    machine: str = ""

    def flaw(self, region: Region, origin: Place) -> str | None:
        spoken_of = is_spoken_of(self.network, self.claim, origin, region.packet, region.world)
        return "the claim speaks of it" if spoken_of else None


def is_vacuous(network: Network, claim: Claim, assumed: SettledFacts) -> bool:
    """Hold unless the claim is seen to speak of a flow, and one about ways of one that is delivered (I-VACUOUS).

    A certificate shows nothing of either: it says that no flow contradicts.
    """
    if any(not _is_peered(network, name, claim.via[0]) for name in claim.peered_with):
        return True
    if first_spoken_of(network, claim, World(assumed)) is None and not _is_flawed(Unspoken(network, claim), assumed):
        return True
    return claim.verb in ABOUT_WAYS and not _may_arrive(network, claim, assumed)


def _is_peered(network: Network, name: str, hub: str) -> bool:
    families = (index_of(network, family).peers[hub] for family in Family)
    return name == hub or any(name in peers for peers in families)


def _may_arrive(network: Network, claim: Claim, assumed: SettledFacts) -> bool:
    """Hold when a flow that the claim speaks of is delivered in some world."""
    return _is_flawed(Unviolated(network, replace(claim, verb=Verb.NEVER_REACHES)), assumed)


def _is_flawed(question: Unviolated | Unspoken, assumed: SettledFacts) -> bool:
    """Hold when it is seen of some flows that it is not as the question has it."""
    found = cover(Judge(question), tuple(premise(question.claim, assumed)), _MOST_NODES)
    return isinstance(found, NoCover) and found.is_flaw
