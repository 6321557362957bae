"""How long proofs and refutations take as an estate grows: one row for each size and sentence, in a fresh process each.

Networks are read from Azure's JSON, as users have them. Machines are noisy and shared: `cpu` is the processor's time of
all processes of a run, `beyond` what the clock shows beyond start-up and reading, and `rlimit` Z3's own count of work,
which repeats exactly and is 0 where no search was needed. `python -c 'import z3'` is measured beside, so that figures
of two machines can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from estates_json import write_resources
from estates_plan import HOLES, Plan, Shape
from estates_vnet import promises_of

BEFORE = ("start", "parse", "ingest", "resolve", "check")
HEADER = ("spokes", "rules", "intent", "verdict", "assured by", "total s", "cpu s", *BEFORE, "beyond s", "MB", "rlimit")


def measured(folder: Path, shape: Shape, intent: str) -> list[str]:
    """Return a row about `intent`, whose estate is written into `folder` first."""
    plan = Plan(shape)
    with (folder / "estate.json").open("w") as file:
        write_resources(plan, file)
    text = folder / "estate.vnet"
    text.write_text("".join(f"{line}\n" for line in promises_of(plan, "estate.json")))
    command = [sys.executable, "-m", "vnetverify", "prove", str(text), "-k", intent]
    command += ["--output-format", "json", "--timings", "--timeout", "900", "--max-input", "400"]
    begun, before = time.perf_counter(), os.times()
    run = subprocess.run(["/usr/bin/time", "-f", "%M", *command], capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - begun, os.times()
    report = json.loads(run.stdout)
    result, timings = report["intents"][0], report["seconds"]
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    phases = [timings.get(phase, 0.0) for phase in BEFORE]
    verdicts = [claim["verdict"] for claim in result["claims"]]
    rules = shape.spokes * shape.subnets * (shape.inbound + shape.outbound)
    figures = (seconds, spent, *phases, timings["whole"] - sum(phases))
    return [
        *map(str, (shape.spokes, rules, intent, result["verdict"], verdicts[0].get("assurance", ""))),
        *(f"{figure:.2f}" for figure in figures),
        str(int(run.stderr.split()[-1]) >> 10),
        str(sum(claim["rlimit"] for claim in result["claims"])),
    ]


def bare_start() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import z3"], check=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spokes", type=int, nargs="*", default=[30, 100])
    parser.add_argument("--subnets", type=int, default=5)
    parser.add_argument("--rules", type=int, default=40, help="of a security group, half of them each way")
    parser.add_argument("--intents", nargs="*", choices=HOLES, default=HOLES)
    parser.add_argument("--proofs", action="store_true", help="no refutations")
    asked = parser.parse_args()
    print("| " + " | ".join(HEADER) + " |\n|" + " --- |" * len(HEADER), flush=True)
    half = asked.rules // 2
    with tempfile.TemporaryDirectory() as folder:
        for spokes in asked.spokes:
            for intent in asked.intents:
                for hole in ("",) if asked.proofs else ("", intent):
                    shape = Shape(spokes, asked.subnets, half, half, hole=hole)
                    print("| " + " | ".join(measured(Path(folder), shape, intent)) + " |", flush=True)
    print(f"\n`python -c 'import z3'` takes {bare_start():.2f} s here")


if __name__ == "__main__":
    main()
