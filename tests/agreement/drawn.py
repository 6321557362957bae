"""One seeded campaign of drawn networks, claims, worlds and flows, for all who measure what the strategies find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from tests.agreement.campaigns import GENERATE, for_each
from vnetverify.facts import World
from vnetverify.header import Flow
from vnetverify.model.intents import Claim, Place
from vnetverify.model.network import Network
from vnetverify.simulator.walk import Conversation, converse
from vnetverify.testing.estates import networks
from vnetverify.testing.sentences import claims
from vnetverify.testing.strategies import flows, flows_of
from vnetverify.testing.worlds import worlds

NETWORKS = 270
FLOWS = 4


@dataclass(frozen=True, slots=True)
class Walk:
    """A flow and what becomes of it."""

    origin: Place
    flow: Flow
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn together: `anywhere` are flows near any bound of the network, `asked` those of the claim."""

    network: Network
    claim: Claim
    world: World
    anywhere: tuple[Walk, ...]
    asked: tuple[Walk, ...]


_FIRST_SEED = 2000
"""Of a sample that has every outcome which is not seldom, and the shares that are asked for."""


@cache
def samples() -> Sequence[Sample]:
    """Return the same samples each time."""
    found: list[Sample] = []

    def draw_one(data: st.DataObject) -> None:
        network = data.draw(networks())
        claim = data.draw(claims(network))
        world = data.draw(worlds(network, claim))
        anywhere = [data.draw(flows(network, world)) for _ in range(FLOWS)]
        asked = [data.draw(flows_of(network, claim, world)) for _ in range(FLOWS)]
        walks = [
            tuple(Walk(origin, flow, converse(network, origin, flow, world)) for origin, flow in drawn)
            for drawn in (anywhere, asked)
        ]
        found.append(Sample(network, claim, world, *walks))

    for_each(NETWORKS, draw_one, phases=GENERATE, first_seed=_FIRST_SEED, data=st.data())
    return found
