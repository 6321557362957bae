"""Campaigns of drawn examples that are independent of each other.

After ten examples Hypothesis begins to vary those it has, so that five of six are near copies of another one. That
pays where a fault needs the same value twice; here it costs variety. A short lot never gets so far.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

LOT = 9
GENERATE, AND_SHRINK = (Phase.generate,), (Phase.generate, Phase.shrink)
# `make fuzz` sets how many examples each test is to draw, and has other ones every time.
FUZZ = int(os.environ.get("VNETVERIFY_FUZZ", "0"))


def for_each(
    count: int,
    test: Callable[..., None],
    phases: Sequence[Phase] = AND_SHRINK,
    first_seed: int = 0,
    **drawn: SearchStrategy[object],
) -> None:
    """Run `test` on `count` examples or a few more, until it fails; with `AND_SHRINK` that one is then made small."""
    run = settings(
        max_examples=LOT,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=phases,
    )(given(**drawn)(test))
    for lot in range(-(-(FUZZ or count) // LOT)):
        (run if FUZZ else seed(first_seed + lot)(run))()
