"""A suite of intents on an estate, as a team keeps it: cold, with two jobs, from the cache, and after one edit.

All in one run, each in a process of its own, medians of `--times`. The goals are 10 s cold, 1 s when nothing changed,
at most 5 % of a full run after one edit, and two jobs at least 1.6 times one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from estates import estate
from estates_plan import Shape

_EDITED = "\n  inbound 110 "
"""How the line of a security group begins that is changed; the shared subnet of the hub has none."""


READING = ("start", "parse", "ingest", "resolve", "check")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run took: seconds by the clock, of processors, of reading, and of all that follows; sentences recalled."""

    name: str
    seconds: float
    processor: float
    reading: float
    rest: float
    recalled: int


def suite(vnets: int, rules: int, intents: int, seed: int = 0) -> str:
    """Return the text of a hub with its spokes, so many rules in all, and so many intents of one sentence."""
    spokes, each = vnets - 1, round(rules / (4 * (vnets - 1)))
    shape = Shape(spokes, 2, inbound=each, outbound=each, seed=seed)
    network = estate(shape).partition("group spokes")[0]
    return network + "\n".join(sentences(spokes, intents, random.Random(seed))) + "\n"


def sentences(spokes: int, count: int, dice: random.Random, hub: str = "hub", appliance: str = "fw") -> Iterator[str]:
    """Yield intents in turn of four kinds, about pairs of spokes and the shared subnet of a hub."""
    for number in range(count):
        one, other = dice.sample(range(spokes), 2)
        left, right = f"spoke{one}.s{dice.randrange(2)}", f"spoke{other}.s{dice.randrange(2)}"
        sentence = (
            f"{left} never reaches {right} on ssh",
            f"{left} reaches {right} only via {appliance}",
            f"next hop of {left} to {right} is appliance {appliance}",
            f"{left} never reaches {hub}.shared on rdp",
        )[number % 4]
        yield f"intent i{number} {{ {sentence} }}"


def edited(text: str) -> str:
    """Return the text with one rule of one security group made the contrary."""
    at = text.index(_EDITED, text.index("nsg g0 ")) + 1
    end = text.index("\n", at)
    line = text[at:end]
    changed = line.replace(" allow ", " deny ") if " allow " in line else line.replace(" deny ", " allow ")
    return text[:at] + changed + text[end:]


def measured(name: str, text: Path, *options: str) -> tuple[Run, str]:
    """Return what a run took, of a processor with all its children too, and its report without what was measured."""
    command = [sys.executable, "-m", "vnetverify", "prove", str(text), "--output-format", "json", "--timings", *options]
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - begun, os.times()
    if done.returncode not in (0, 1, 3, 4):
        raise SystemExit(f"{name}: status {done.returncode}: {done.stderr[-500:]}")
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    document = json.loads(done.stdout)
    phases, claims = document.pop("seconds"), [claim for intent in document["intents"] for claim in intent["claims"]]
    recalled = sum(claim["recalled"] for claim in claims)
    for claim in claims:
        del claim["seconds"], claim["rlimit"], claim["recalled"]
    del document["end"]
    reading = sum(phases.get(phase, 0.0) for phase in READING)
    return Run(name, seconds, processor, reading, phases["whole"] - reading, recalled), json.dumps(document)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vnets", type=int, default=50)
    parser.add_argument("--rules", type=int, default=5000)
    parser.add_argument("--intents", type=int, default=200)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="only write the text to standard output")
    given = parser.parse_args()
    before = suite(given.vnets, given.rules, given.intents)
    if given.write:
        print(before, end="")
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {given.intents} intents")
    print("| run | s | of processors s | reading s | the rest s | recalled |\n| --- | --- | --- | --- | --- | --- |")
    rows = [row for _ in range(given.times) for row in _rows(before, edited(before))]
    for name in dict.fromkeys(row.name for row in rows):
        of_name = [row for row in rows if row.name == name]
        columns = zip(*((r.seconds, r.processor, r.reading, r.rest) for r in of_name), strict=True)
        figures = " | ".join(f"{median(values):.2f}" for values in columns)
        print(f"| {name} | {figures} | {of_name[-1].recalled} |")
    print(f"load {os.getloadavg()[0]:.1f}")


def _rows(before: str, after: str) -> Iterator[Run]:
    with tempfile.TemporaryDirectory() as folder:
        text, cache = Path(folder, "suite.vnet"), ("--cache", "--cache-dir", str(Path(folder, "cache")))
        text.write_text(before)
        one, honest = measured("one job", text, "-j", "1")
        two, by_two = measured("two jobs", text, "-j", "2")
        cold, filled = measured("two jobs, into an empty cache", text, "-j", "2", *cache)
        warm, recalled = measured("nothing changed", text, *cache)
        text.write_text(after)
        edit, of_edit = measured("one rule changed", text, *cache)
        _, anew = measured("one rule changed, no cache", text)
    if not honest == by_two == filled == recalled or of_edit != anew:
        raise SystemExit("the reports differ")
    yield from (one, two, cold, warm, edit)


if __name__ == "__main__":
    main()
