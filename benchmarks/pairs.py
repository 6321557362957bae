"""All ordered pairs of an estate's subnets: `vnetverify matrix` beside what a user could install instead, in one run.

Every engine runs in a process of its own and has to give the same answers, or the run fails. What takes longer than the
limit, by the clock, is told as such; seconds are the processor's. Slow engines are asked one pair in so many, of which
the seconds of all are computed. Results are added to `history.jsonl` here, which git ignores. Needs the packages of the
extra `bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from baselines.run import Measured
from estates_plan import Shape

HERE = Path(__file__).resolve().parent
STANDARD = {"subnets": 3, "inbound": 50, "outbound": 12, "routes": 10, "appliance_rules": 200}
LIGHT = {"subnets": 2, "inbound": 10, "outbound": 10, "routes": 4, "appliance_rules": 20}
FULL_HUB = Shape(spokes=500, **STANDARD)
# Estates, and the engines that end there; a number asks one of so many pairs.
CASES: tuple[tuple[str, Shape, dict[str, int]], ...] = (
    ("light", Shape(spokes=5, **LIGHT), {"oxidd": 1, "cudd": 1, "z3 shared": 1, "z3 fresh": 1, "datalog": 1}),
    ("light", Shape(spokes=20, **LIGHT), {"oxidd": 1, "cudd": 1, "z3 shared": 10, "datalog": 1722}),
    ("light", Shape(spokes=80, **LIGHT), {"oxidd": 1, "cudd": 1, "z3 shared": 520, "datalog": 26082}),
    ("standard", Shape(spokes=20, **STANDARD), {"oxidd": 1, "cudd": 1, "z3 shared": 100}),
    ("standard", Shape(spokes=80, **STANDARD), {"oxidd": 1, "cudd": 1}),
    ("standard", Shape(spokes=320, **STANDARD), {"oxidd": 1, "cudd": 1}),
    ("templates", Shape(spokes=320, templates=10, **STANDARD), {"oxidd": 1}),
    ("standard", FULL_HUB, {}),
)


class Differing(Exception):
    """Two engines give different answers."""


def measured(engine: str, shape: Shape, every: int, limit: float) -> Measured | None:
    """Return what an engine took, None where it did not end in time."""
    command = [sys.executable, str(HERE / "baselines" / "run.py"), engine, json.dumps(asdict(shape))]
    command += ["--every", str(every)]
    environment = os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment, check=True)
    except subprocess.TimeoutExpired:
        return None
    except subprocess.CalledProcessError as problem:
        raise SystemExit(f"{engine} failed:\n{problem.stderr}") from None
    return Measured(**json.loads(run.stdout.splitlines()[-1]))


def seconds_of_all(found: Measured) -> float:
    return found.once + found.seconds * found.pairs / found.asked


def rows(limit: float, repeats: int, spokes: range) -> Iterator[list[str]]:
    for name, shape, engines in CASES:
        if shape.spokes not in spokes:
            continue
        ours = sorted(filter(None, (measured("matrix", shape, 1, limit) for _ in range(repeats))), key=seconds_of_all)
        own = ours[len(ours) // 2]
        yield _row(name, shape, own, 1.0)
        digests = {1: own.digest}
        for engine, every in engines.items():
            found = measured(engine, shape, every, limit)
            if found is None:
                yield [name, str(shape.spokes), f"{own.pairs:,}", engine, f"over {limit:g}", "", "", "", "", ""]
                continue
            if every not in digests:
                sampled = measured("matrix", shape, every, limit)
                digests[every] = "" if sampled is None else sampled.digest
            if found.digest != digests[every]:
                raise Differing(f"{engine} and matrix differ on {name} estates of {shape.spokes} spokes")
            yield _row(name, shape, found, seconds_of_all(found) / seconds_of_all(own))


def _row(name: str, shape: Shape, found: Measured, ratio: float) -> list[str]:
    asked = "all" if found.asked == found.pairs else f"{found.asked:,}"
    size, work = (f"{number:,}" if number else "" for number in (found.size, found.rlimit))
    seconds = f"{seconds_of_all(found):.3g}"
    _remember(name, shape, found)
    kept = (found.engine, seconds, f"{ratio:,.0f}", str(found.megabytes), asked, size, work)
    return [name, str(shape.spokes), f"{found.pairs:,}", *kept]


def _remember(name: str, shape: Shape, result: Measured) -> None:
    """Add a result to the history, with its time and the load of the machine."""
    about = {"at": time.strftime("%Y-%m-%dT%H:%M:%S"), "load": os.getloadavg()[0], "case": name}
    with (HERE / "history.jsonl").open("a") as file:
        file.write(json.dumps(about | asdict(shape) | asdict(result)) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=300, help="seconds for one engine on one estate")
    parser.add_argument("--repeats", type=int, default=5, help="runs of `matrix`, of which the median counts")
    parser.add_argument("--smallest", type=int, default=1, help="spokes of the smallest estate")
    parser.add_argument("--largest", type=int, default=500, help="spokes of the largest estate")
    arguments = parser.parse_args()
    headings = ["estate", "spokes", "pairs", "engine", "cpu s", "ratio", "MB", "asked", "size", "rlimit"]
    print("| " + " | ".join(headings) + " |\n|" + " --- |" * len(headings))
    loads = [os.getloadavg()[0]]
    for row in rows(arguments.limit, arguments.repeats, range(arguments.smallest, arguments.largest + 1)):
        print("| " + " | ".join(row) + " |", flush=True)
        loads.append(os.getloadavg()[0])
    print(f"\nload of the machine: {min(loads):.1f} to {max(loads):.1f}, median {statistics.median(loads):.1f}")


if __name__ == "__main__":
    main()
