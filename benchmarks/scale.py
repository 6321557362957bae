"""How long proofs take as an estate grows: one row for each size and case, in a fresh process each.

Machines are noisy and shared: read the ratios in a column, and `rlimit`, which is z3's own count of work and repeats
exactly. `start` is a bare `import z3`, measured beside, so that figures from two machines can be compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from estates import HOLES, Shape, estate

PHASES = ("parse", "check", "encode", "solve", "replay")


def measured(shape: Shape, intent: str) -> list[str]:
    """Return a row: the size, the verdict, seconds in all and by phase, megabytes and z3's count."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "estate.vnet")
        text.write_text(estate(shape))
        command = [sys.executable, "-m", "vnetverify", "prove", str(text), "-k", intent]
        command += ["--output-format", "json", "--timings", "--timeout", "300", "--max-input", "400"]
        begun = time.perf_counter()
        run = subprocess.run(["/usr/bin/time", "-f", "%M", *command], capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
    report = json.loads(run.stdout)
    peak = int(run.stderr.split()[-1]) >> 10
    result = report["intents"][0]
    timings = report["seconds"]
    work = sum(claim["rlimit"] for claim in result["claims"])
    phases = (f"{timings.get(phase, 0.0):.2f}" for phase in PHASES)
    rules = shape.spokes * shape.subnets * (shape.inbound + shape.outbound)
    return [str(shape.spokes), str(rules), intent, result["verdict"], f"{seconds:.2f}", *phases, str(peak), str(work)]


def bare_start() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import z3"], check=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spokes", type=int, nargs="*", default=[25, 50, 100, 200])
    sizes = parser.parse_args().spokes
    rows = [["spokes", "rules", "intent", "verdict", "total s", *PHASES, "MB", "rlimit"]]
    for spokes in sizes:
        for intent in HOLES:
            rows += [measured(Shape(spokes, hole=hole), intent) for hole in ("", intent)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print(f"start: `python -c 'import z3'` takes {bare_start():.2f} s here")


if __name__ == "__main__":
    main()
