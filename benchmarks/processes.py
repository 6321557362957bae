"""What several processes make of one sentence about all spokes of an estate, beyond start and reading.

The estate is read once; each run is a process of its own that has it already. On a machine that does other work the
clock says little: `longest` is the processor's time of the process that took most, which is what the clock would show
on an idle one, and `all` that of all together.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from estates_json import write_resources
from estates_plan import HOLES, Plan, Shape
from estates_vnet import promises_of

from vnetverify.files import Allowance
from vnetverify.loading import Loaded, load
from vnetverify.pipeline import Options, prove
from vnetverify.report.json import render_json


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds by the clock, of a processor in the first process, and in all others; and the report."""

    clock: float
    own: float
    others: float
    report: str

    @property
    def longest(self) -> float:
        return max(self.own, self.others)


def run(loaded: Loaded, intent: str, jobs: int) -> Run:
    """Return what a process of its own takes for the intent, with so many jobs."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        begun, before = time.perf_counter(), time.process_time()
        text = told(render_json(prove(loaded, Options(pattern=intent, jobs=jobs))))
        clock, own = time.perf_counter() - begun, time.process_time() - before
        others = resource.getrusage(resource.RUSAGE_CHILDREN)
        with os.fdopen(theirs, "w") as pipe:
            json.dump([clock, own, others.ru_utime + others.ru_stime, text], pipe)
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        found = Run(*json.load(pipe))
    os.waitpid(child, 0)
    return found


def told(report: str) -> str:
    """Return a report without what was measured."""
    document = json.loads(report)
    del document["seconds"], document["end"]
    for intent in document["intents"]:
        for claim in intent["claims"]:
            del claim["seconds"]
    return json.dumps(document)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spokes", type=int, nargs="*", default=[100])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--intents", nargs="*", choices=HOLES, default=HOLES)
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {asked.jobs} jobs")
    print("| spokes | intent | one s | longest s | all s | ratio | clock of one s | clock s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for spokes in asked.spokes:
        loaded = estate(spokes)
        gc.freeze()  # as the command does
        for intent in asked.intents:
            one, several = run(loaded, intent, 1), run(loaded, intent, asked.jobs)
            if one.report != several.report:
                raise SystemExit(f"{intent}: the reports differ")
            alone = one.own + one.others
            figures = (alone, several.longest, several.own + several.others, alone / several.longest)
            row = (*figures, one.clock, several.clock)
            print(f"| {spokes} | {intent} | {' | '.join(f'{figure:.2f}' for figure in row)} |", flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


def estate(spokes: int) -> Loaded:
    """Return an estate as `scale.py` has them, read."""
    plan = Plan(Shape(spokes, 5, 20, 20))
    with tempfile.TemporaryDirectory() as folder:
        with Path(folder, "estate.json").open("w") as file:
            write_resources(plan, file)
        text = Path(folder, "estate.vnet")
        text.write_text("".join(f"{line}\n" for line in promises_of(plan, "estate.json")))
        return load([str(text)], [], None, Allowance(400))


if __name__ == "__main__":
    main()
