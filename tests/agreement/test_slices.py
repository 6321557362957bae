"""What a claim is filed under in the cache: no verdict reads a security group that its key leaves out.

The maker of certificates may, on its way to nowhere: what is recalled of it is judged again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from tests.agreement.campaigns import GENERATE, for_each
from vnetverify.cache.slices import slices_of
from vnetverify.diagnostic import Severity
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.model.security import Nsg
from vnetverify.model.wellformed import check
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits, Solver
from vnetverify.testing.estates import networks
from vnetverify.testing.sentences import claims

NETWORKS = 6


class Guarded(dict[str, Nsg]):
    """Security groups, some of which nobody may look up."""

    forbidden: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Nsg:
        if name in self.forbidden:
            raise LookupError(f"`{name}` is looked up")
        return super().__getitem__(name)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Network, Claim]:
    network = draw(networks())
    assume(not any(found.severity is Severity.ERROR for found in check(network)))
    return network, draw(claims(network))


@contextmanager
def a_solver() -> Iterator[Solver]:
    solver = Solver(Limits(seconds=10))
    yield solver
    solver.close()


def test_no_verdict_reads_a_group_that_its_slice_leaves_out() -> None:
    seen = {"left out": 0}

    def alike(situation: tuple[Network, Claim]) -> None:
        network, claim = situation
        outside = frozenset(network.nsgs) - set(slices_of(network).groups(claim))
        assume(outside)
        seen["left out"] += 1
        groups = Guarded(network.nsgs)
        groups.forbidden = outside
        guarded = replace(network, nsgs=groups, published_tags=None)
        decide(Inquiry(guarded, claim, {}, documented=False), solver)

    with a_solver() as solver:
        for_each(NETWORKS, alike, GENERATE, situation=situations())

    assert seen["left out"] >= NETWORKS / 2
