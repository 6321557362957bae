"""A long campaign goes on where it was, and what dies in it is a finding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agreement import long_campaign
from tests.agreement.long_campaign import State, batches, campaign, failures, progress, read_state, run_batch
from tests.agreement.lots import as_json, run_lots
from vnetverify.testing.ledger import Ledger


def result(**counts: int) -> dict[str, Any]:
    return {"counts": counts, "ledger": Ledger().as_json(), "differences": []}


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = State(7)
    state.take_up(range(3, 6), result(networks=27, claims=27, vacuous=2))
    state.write(tmp_path / "deep" / "state.json")

    assert read_state(tmp_path / "deep" / "state.json", 7) == state


def test_a_state_of_another_seed_is_refused(tmp_path: Path) -> None:
    State(7).write(tmp_path / "state.json")

    with pytest.raises(SystemExit, match="seed 7"):
        read_state(tmp_path / "state.json", 8)


def test_what_is_done_is_not_done_again() -> None:
    state = State(1)
    state.take_up(range(10), result())

    assert list(batches(state, 9 * 23)) == [range(10, 20), range(20, 23)]


def test_a_campaign_counts_every_batch_and_keeps_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_campaign, "run_batch", lambda seed, batch: result(networks=9 * len(batch)))
    state = State(1)
    campaign(state, tmp_path / "state.json", networks=90, processes=2, seconds=60)

    assert state.counts["networks"] == 90
    assert read_state(tmp_path / "state.json", 1).done == set(range(10))


def test_a_process_that_dies_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    (difference,) = run_batch(1, range(1))["differences"]

    assert difference["kind"] == "died"
    assert "status 1" in difference["what"]


def test_a_process_without_an_end_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def hanging(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("lots", 1)

    monkeypatch.setattr(subprocess, "run", hanging)

    assert "no end" in run_batch(1, range(1))["differences"][0]["what"]


def test_it_fails_on_differences_on_claims_about_nothing_and_on_empty_cells() -> None:
    state = State(1)
    state.take_up(range(1), {**result(claims=9, vacuous=3), "differences": [{"kind": "PROOF"}]})
    why = list(failures(state))

    assert why[:2] == ["1 differences", "3 of 9 claims are about nothing"]
    assert any(line.startswith("pairs of features: ") for line in why)
    assert "33.3% vacuous" in progress(state)


def test_a_lot_is_the_same_again() -> None:
    first, again = (as_json(run_lots(1, 0, 1)) for _ in range(2))

    assert first == again
    assert first["counts"]["networks"] == 9
    assert first["differences"] == []
