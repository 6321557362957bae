"""What one sentence costs as an estate grows: seconds of a processor, which a busy machine stretches least.

One row for each estate `SPOKES/HUBS/RULES` (rules of each direction in each of two groups a spoke), in a process of its
own: reading it from Azure's JSON, then a sentence of each of the four kinds of `suite.py`, and the memory of it all.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from estates_json import write_resources
from estates_plan import Plan, Shape
from estates_vnet import promises_of
from suite import sentences

from vnetverify.deciding import Deciding
from vnetverify.files import Allowance
from vnetverify.loading import load
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Proved

_KINDS = ("never reaches", "only via", "next hop", "never reaches the hub")
_ALLOWANCE = 1000


def row(spokes: int, hubs: int, rules: int, count: int) -> str:
    plan = Plan(Shape(spokes, 2, inbound=rules, outbound=rules, hubs=hubs))
    with tempfile.TemporaryDirectory() as folder:
        network, text = Path(folder, "estate.json"), Path(folder, "estate.vnet")
        with network.open("w") as file:
            write_resources(plan, file)
        head = "\n".join(promises_of(plan, network.name)).partition("group ")[0]
        drawn = sentences(spokes, count, random.Random(0), plan.hub(0), plan.appliance(0))
        text.write_text(head + "\n".join(drawn) + "\n")
        size, begun = network.stat().st_size / (1 << 20), time.process_time()
        document = load([str(text)], [], allowance=Allowance(_ALLOWANCE)).document
        reading = time.process_time() - begun
    deciding, solver = Deciding(document.network, {}, documented=False), Solver(Limits())
    costs, proved = [], 0
    for intent in document.intents:
        begun = time.process_time()
        proved += isinstance(deciding.result(intent.claims[0], solver).verdict, Proved)
        costs.append(time.process_time() - begun)
    solver.close()
    kinds = len(_KINDS)
    each = (1000 * sum(costs[kinds + kind :: kinds]) / len(costs[kinds + kind :: kinds]) for kind in range(kinds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    total = sum(len(nsg.rules) for nsg in document.network.nsgs.values())
    figures = [f"{spokes + hubs:,}", f"{total:,}", f"{size:.1f}", f"{reading:.1f}", f"{1000 * sum(costs[:kinds]):.0f}"]
    return " | ".join(["", *figures, *(f"{one:.1f}" for one in each), f"{proved}/{count}", str(peak), ""]).strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("estates", nargs="*", default=["49/1/25", "200/1/25", "480/1/25", "2000/8/10"])
    parser.add_argument("--sentences", type=int, default=44, help="of all kinds together; the first four warm up")
    parser.add_argument("--alone", action="store_true", help="only the row of the one estate")
    given = parser.parse_args()
    if given.alone:
        spokes, hubs, rules = map(int, given.estates[0].split("/"))
        print(row(spokes, hubs, rules, given.sentences))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    head = [
        "",
        "vnets",
        "rules",
        "MB",
        "reading s",
        "first four ms",
        *(f"{kind} ms" for kind in _KINDS),
        "proved",
        "MB",
        "",
    ]
    print(" | ".join(head).strip(), "|".join(["", *["---"] * (len(head) - 2), ""]), sep="\n", flush=True)
    for estate in given.estates:
        command = [sys.executable, __file__, estate, "--alone", "--sentences", str(given.sentences)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
