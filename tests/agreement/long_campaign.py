"""A campaign of any length that can be broken off and goes on where it was: `make fuzz SEED=1 NETWORKS=10000`.

Lots of networks run in processes of their own, so that one that dies is a finding and not the end. After each batch
the state is written whole: which lots are done, the counts, the ledger and the differences. The campaign fails if
there are differences, if more than a fifth of the claims are about nothing, or if a cell of the ledger is empty.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.agreement.campaigns import LOT
from vnetverify.testing.ledger import Ledger, told

_LOTS_AT_ONCE = 10
_BATCH_SECONDS = 1800.0
_MOST_VACUOUS = 0.2
_LAST_WORDS = 2000  # characters of what a process said before it died


@dataclass(slots=True)
class State:
    """How far a campaign of one seed has come; the same seed and more networks go on from there."""

    seed: int
    done: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    ledger: Ledger = field(default_factory=Ledger)
    differences: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def take_up(self, batch: range, result: dict[str, Any]) -> None:
        self.done.update(batch)
        self.counts.update(result["counts"])
        self.ledger.update(Ledger.of_json(result["ledger"]))
        self.differences += [{**one, "lots": [batch.start, batch.stop]} for one in result["differences"]]

    def write(self, path: Path) -> None:
        """Replace the file at once, so that a kill leaves the old state or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(
            json.dumps({
                "seed": self.seed,
                "done": sorted(self.done),
                "counts": dict(self.counts),
                "ledger": self.ledger.as_json(),
                "differences": self.differences,
                "seconds": self.seconds,
            })
        )  # fmt: skip
        os.replace(beside, path)


def read_state(path: Path, seed: int) -> State:
    """Return the state at `path`, a new one where there is none. Raises `SystemExit` where it is of another seed."""
    if not path.exists():
        return State(seed)
    told = json.loads(path.read_text())
    if told["seed"] != seed:
        raise SystemExit(f"{path} is the state of seed {told['seed']}; remove it, or name another with --state")
    return State(
        seed,
        set(told["done"]),
        Counter(told["counts"]),
        Ledger.of_json(told["ledger"]),
        told["differences"],
        told["seconds"],
    )


def batches(state: State, networks: int) -> Iterator[range]:
    """Yield the lots that are not done, a few at a time."""
    wanted = -(-networks // LOT)
    first = 0
    while first < wanted:
        batch = range(first, min(first + _LOTS_AT_ONCE, wanted))
        if not state.done.issuperset(batch):
            yield batch
        first = batch.stop


def run_batch(seed: int, batch: range) -> dict[str, Any]:
    """Return what a process of its own makes of the lots; that it died or hung is a difference."""
    command = [sys.executable, "-m", "tests.agreement.lots", *map(str, (seed, batch.start, batch.stop))]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=_BATCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return _died(f"no end after {_BATCH_SECONDS:g} seconds")
    if process.returncode != 0:
        return _died(f"status {process.returncode}: {process.stderr[-_LAST_WORDS:]}")
    result: dict[str, Any] = json.loads(process.stdout)
    return result


def _died(what: str) -> dict[str, Any]:
    empty = Ledger().as_json()
    return {"counts": {}, "ledger": empty, "differences": [{"kind": "died", "what": what, "text": ""}]}


def campaign(state: State, path: Path, networks: int, processes: int, seconds: float) -> None:
    """Run the lots that are not done, until the time is over or an interrupt; the state is kept all along."""
    begun, before = time.monotonic(), state.seconds
    waiting = batches(state, networks)
    running: dict[Future[dict[str, Any]], range] = {}
    with ThreadPoolExecutor(processes) as pool:
        try:
            while True:
                while len(running) < processes and time.monotonic() - begun < seconds:
                    batch = next(waiting, None)
                    if batch is None:
                        break
                    running[pool.submit(run_batch, state.seed, batch)] = batch
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    state.take_up(running.pop(future), future.result())
                    state.seconds = before + time.monotonic() - begun
                    state.write(path)
                    print(progress(state), flush=True)
        except KeyboardInterrupt:
            print("interrupted: what was running is not counted; the same command goes on")


def progress(state: State) -> str:
    counts, claims = state.counts, max(state.counts["claims"], 1)
    return (
        f"{counts['networks']:,} networks, {counts['flows']:,} flows, {counts['questions']:,} questions in "
        f"{state.seconds:,.0f} s: {counts['vacuous'] / claims:.1%} vacuous, {counts['unknown'] / claims:.1%} unknown, "
        f"{len(state.differences)} differences"
    )


def failures(state: State) -> Iterator[str]:
    """Yield why the campaign failed."""
    counts = state.counts
    if state.differences:
        yield f"{len(state.differences)} differences"
    if counts["vacuous"] > _MOST_VACUOUS * counts["claims"]:
        yield f"{counts['vacuous']} of {counts['claims']} claims are about nothing"
    for heading, table in {**state.ledger.singles(), **state.ledger.doubles()}.items():
        if table.empty:
            yield f"{heading}: {len(table.empty)} cells are empty"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--networks", type=int, default=10_000)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--seconds", type=float, default=float("inf"), help="begin no batch after that")
    options.add_argument("--state", type=Path, default=Path(".fuzz/state.json"))
    options.add_argument("--quiet-ledger", action="store_true", help="do not print the ledger")
    chosen = options.parse_args()
    state = read_state(chosen.state, chosen.seed)
    campaign(state, chosen.state, chosen.networks, chosen.processes, chosen.seconds)
    if not chosen.quiet_ledger:
        print("\n".join(told(state.ledger)))
    for number, difference in enumerate(state.differences):
        path = chosen.state.with_name(f"difference-{state.seed}-{number}.vnet")
        path.write_text(difference["text"])
        print(f"{path}: {difference['kind']}: {difference['what']}")
    print(progress(state))
    found = list(failures(state))
    print(
        "\n".join(f"failed: {why}" for why in found)
        or "no differences, and every cell of the ledger that can be is hit"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
