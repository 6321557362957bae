"""How long reading an export takes, phase by phase: a row for each size of an estate, and for each path that is given.

Every size is generated (`estates.py`), written as Azure's JSON into a temporary folder, and read in a process of its
own, several times; seconds are of the processor and the median of these. `json` is the text to values, with keys
compared; `inventory` resources by id; `network` what they make together; `check` what Azure would refuse. `plain` is
Python's own `json.loads` beside it, with the collector off, and `MB` the most memory that the process had.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from estates_json import write_resources
from estates_plan import Plan, Shape

from vnetverify.files import Allowance
from vnetverify.ingest.answers import resources_in
from vnetverify.ingest.documents import read_documents
from vnetverify.ingest.estate import network_of
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.quick import collector_off

_PHASES = ("json", "inventory", "network", "check")
_COLUMNS = ("KB", "subnets", "rules", "doubts", *_PHASES, "whole", "plain", "MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="exports to read in place of generated ones")
    parser.add_argument("--spokes", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="read one path in this process, and print a row of JSON")
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(_row(arguments.paths[0])))
        return
    print(f"| input | {' | '.join(_COLUMNS)} |")
    print(f"| --- {'| --- ' * len(_COLUMNS)}|")
    for path in arguments.paths:
        _print(path.name, path, arguments.times)
    for spokes in arguments.spokes if not arguments.paths else ():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "estate.json")
            with path.open("w") as file:
                write_resources(Plan(Shape(spokes, 5)), file)
            _print(f"{spokes} spokes", path, arguments.times)


def _print(name: str, path: Path, times: int) -> None:
    rows = [_in_a_process(path) for _ in range(times)]
    cells = [statistics.median(row[column] for row in rows) for column in _COLUMNS]
    print(f"| {name} | {' | '.join(map(_cell, cells))} |", flush=True)


def _cell(value: float) -> str:
    return f"{value:,.2f}" if isinstance(value, float) and value != int(value) else f"{int(value):,}"


def _in_a_process(path: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--alone", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def _row(path: Path) -> dict[str, float]:
    seconds: dict[str, float] = {}
    network = _read(path, seconds)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    gc.disable()
    text = path.read_text(encoding="utf-8")
    with _timed("plain", seconds):
        json.loads(text)
    return {
        "KB": path.stat().st_size // 1024,
        "subnets": len(network.subnets()),
        "rules": sum(len(nsg.rules) for nsg in network.nsgs.values()),
        "doubts": len(network.unmodelled) + len(network.unmodelled_names),
        **seconds,
        "whole": sum(seconds[phase] for phase in _PHASES),
        "MB": used,
    }


def _read(path: Path, seconds: dict[str, float]) -> Network:
    findings = Findings()
    with collector_off():
        with _timed("json", seconds):
            documents, _ = read_documents(path, Allowance(4096))
        with _timed("inventory", seconds):
            found = [one for document in documents for one in resources_in(document)[0]]
            inventory = Inventory(found, findings)
        with _timed("network", seconds):
            network = network_of(inventory, findings, {}, {}, None)
        with _timed("check", seconds):
            check(network)
    return network


@contextmanager
def _timed(phase: str, seconds: dict[str, float]) -> Iterator[None]:
    start = time.process_time()
    yield
    seconds[phase] = time.process_time() - start


if __name__ == "__main__":
    main()
