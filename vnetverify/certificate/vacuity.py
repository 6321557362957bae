"""Whether a claim says anything: a certificate shows that no flow contradicts it, be there flows or not (I-VACUOUS)."""

from __future__ import annotations

from dataclasses import replace

from vnetverify.certificate.judging import Judge
from vnetverify.certificate.maker import NoCover, cover
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import premise
from vnetverify.facts import SettledFacts, World
from vnetverify.header import Family
from vnetverify.model.intents import ABOUT_WAYS, Claim, Verb
from vnetverify.model.network import Network
from vnetverify.simulator.examples import first_spoken_of
from vnetverify.simulator.situation import index_of

_TRIED, _MOST_NODES = 10_000, 20_000
"""Flows that are looked at for one that a claim speaks of, and nodes for one that is delivered."""


def is_vacuous(network: Network, claim: Claim, assumed: SettledFacts) -> bool:
    """Hold unless the claim is seen to speak of a flow, and one about ways of one that is delivered (I-VACUOUS).

    A certificate shows nothing of either: it says that no flow contradicts.
    """
    if any(not _is_peered(network, name, claim.via[0]) for name in claim.peered_with):
        return True
    if first_spoken_of(network, claim, World(assumed), _TRIED) is None:
        return True
    return claim.verb in ABOUT_WAYS and not _may_arrive(network, claim, assumed)


def _is_peered(network: Network, name: str, hub: str) -> bool:
    families = (index_of(network, family).peers[hub] for family in Family)
    return name == hub or any(name in peers for peers in families)


def _may_arrive(network: Network, claim: Claim, assumed: SettledFacts) -> bool:
    """Hold when a flow that the claim speaks of is delivered in some world."""
    never = replace(claim, verb=Verb.NEVER_REACHES)
    found = cover(Judge(Unviolated(network, never)), tuple(premise(never, assumed)), _MOST_NODES)
    return isinstance(found, NoCover) and found.is_flaw
