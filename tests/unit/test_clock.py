"""Seconds by phase: none counts twice, and none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnetverify import clock
from vnetverify.clock import PHASES, Clock
from vnetverify.pipeline import Options, load, prove

TEXT = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet db  10.0.2.0/24
}
intent fails { v.web never reaches v.db on sql }
intent holds { v.web reaches v.db on sql }
"""


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock reads, one after the other."""
    given: list[float] = []
    monkeypatch.setattr(clock.time, "perf_counter", lambda: given.pop(0))
    return given


def test_a_phase_within_another_is_taken_out_of_it(ticks: list[float]) -> None:
    ticks += [0.0, 1.0, 3.0, 7.0]
    told = Clock()
    with told.phase("explain"), told.phase("encode"):
        pass

    assert told.seconds == {"explain": 1.0 + 4.0, "encode": 2.0}


def test_time_that_was_waited_for_another_process_is_moved(ticks: list[float]) -> None:
    ticks += [0.0, 5.0]
    told = Clock()
    with told.phase("encode"):
        pass
    told.move(3.0, "encode", "solve")

    assert told.in_order() == {"encode": 2.0, "solve": 3.0}


def test_a_run_tells_every_phase_and_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.vnet"
    path.write_text(TEXT)
    timings = dict(prove(load([str(path)], []), Options()).timings)
    whole = timings.pop("whole")

    assert [name for name in PHASES if name not in ("start", "cache", "cluster")] == list(timings)
    assert sum(timings.values()) <= whole
