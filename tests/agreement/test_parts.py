"""Claims decided in parts: on drawn networks the whole comes to the same verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.agreement.campaigns import for_each
from tests.agreement.test_routing_alone import situations_of_absence
from vnetverify.executor import IN_PROCESS
from vnetverify.facts import World
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover import parts
from vnetverify.prover.parts import decide_in_parts, parts_of
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Proved, Refuted, verdict_word
from vnetverify.simulator.claims import violates

NETWORKS = 18


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    solver = Solver(Limits())
    solver.warm_up()
    yield solver
    solver.close()


def test_the_whole_comes_to_the_same(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PLACES", 1)
    monkeypatch.setattr(parts, "Solver", lambda _: _Shared(solver))
    seen: Counter[str] = Counter()

    def agree(situation: tuple[Network, Claim, World]) -> None:
        network, claim, _ = situation
        inquiry = Inquiry(network, claim, {}, documented=False)
        in_parts, whole = decide_in_parts(inquiry, solver, IN_PROCESS), decide(inquiry, solver)
        seen[verdict_word(whole)] += len(parts_of(claim)) > 1

        assert verdict_word(whole) == verdict_word(in_parts)
        match whole, in_parts:
            case Proved(), Proved():
                assert (whole.premise is None) is (in_parts.premise is None)
                assert (whole.caveats, whole.by_routing) == (in_parts.caveats, in_parts.by_routing)
            case Refuted(witness=_), Refuted(witness=witness) if witness is not None and not in_parts.documented:
                assert violates(network, claim, witness.origin, witness.flow, witness.world) is not None

    for_each(NETWORKS, agree, situation=situations_of_absence())

    assert min(seen["proved"], seen["refuted"]) > 0, seen


class _Shared(Solver):
    """A solver whose process outlives its work, since starting one takes longer than what is asked here."""

    def __init__(self, solver: Solver) -> None:
        super().__init__(solver.limits, _process=solver._process)

    def close(self) -> None:
        """Leave the process to others."""
