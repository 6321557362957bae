"""Settings of all tests, and the solver that those of one module share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from vnetverify.prover.solver import Solver

# What Hypothesis draws may take its time on a machine that is busy.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    """A solver, which starts its process at the first question."""
    from vnetverify.prover.solver import Limits, Solver  # a test without it imports what it asks for, and no more

    solver = Solver(Limits())
    yield solver
    solver.close()
