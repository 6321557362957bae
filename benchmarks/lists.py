"""How long two versions of a long security group take to compare: a row for each size and kind of edit.

Rules are nested prefixes from /12 to /32, a fifth of them for any source, single ports and ranges, 60 % allowing.
*Equal* edits split one rule in fifty in two, *review* ones draw one rule in a hundred anew, *heavy* ones every third.
`compare` is the comparison alone, by bounds; `cpu` what it took of a processor, which says more on a shared machine;
`solver` the same comparison by the solver alone, with the start of its process. With `--total` the whole command is
timed in a process of its own, too. All are medians over the seeds.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TypeVar

from vnetverify.comparison import compare
from vnetverify.model.network import Network
from vnetverify.prover.solver import Limits
from vnetverify.source import Source
from vnetverify.syntax import read

Result = TypeVar("Result")

KINDS = ("same", "equal", "review", "heavy")
FIRST_PRIORITY, LAST_PRIORITY = 100, 4096


@dataclass(frozen=True, slots=True)
class Rule:
    access: str
    source: str
    low: int
    high: int

    def __str__(self) -> str:
        ports = str(self.low) if self.low == self.high else f"{self.low}-{self.high}"
        return f"{self.access} tcp from {self.source} to any port {ports}"


def drawn(count: int, dice: random.Random) -> list[Rule]:
    """Return a list of rules, always the same for the same dice."""
    return [_rule(dice) for _ in range(count)]


def _rule(dice: random.Random) -> Rule:
    length = dice.choice((12, 16, 20, 24, 24, 28, 32))
    value = (10 << 24 | dice.randrange(1 << 24)) >> (32 - length) << (32 - length)
    prefix = f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}/{length}"
    low = dice.choice((22, 80, 443, 1433, 3389, dice.randrange(1024, 60000)))
    high = low if dice.random() < 0.7 else min(65535, low + dice.randrange(1, 2000))
    return Rule("allow" if dice.random() < 0.6 else "deny", "any" if dice.random() < 0.2 else prefix, low, high)


def edited(rules: Sequence[Rule], kind: str, dice: random.Random) -> list[Rule]:
    """Return the rules after an edit of this kind."""
    match kind:
        case "same":
            return list(rules)
        case "equal":
            return list(_split(rules))
        case "review":
            return [_rule(dice) if number % 100 == 50 else rule for number, rule in enumerate(rules)]
        case _:
            return [_rule(dice) if number % 3 == 0 else rule for number, rule in enumerate(rules)]


def _split(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Yield the rules, one in fifty with a range as two."""
    for number, rule in enumerate(rules):
        if number % 50 == 25 and rule.low < rule.high:
            middle = (rule.low + rule.high) // 2
            yield replace(rule, high=middle)
            yield replace(rule, low=middle + 1)
        else:
            yield rule


def text(rules: Sequence[Rule]) -> str:
    """Return a network with one group, which Azure would refuse from 1,000 rules on."""
    lines = [f"  inbound {FIRST_PRIORITY + number} r{number} {rule}" for number, rule in enumerate(rules)]
    return "\n".join(
        ("vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }", "nsg g {", *lines, "}", "")
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of one comparison, None for what was not measured, and what it found."""

    bounds: float
    processor: float
    solver: float | None
    total: float | None
    found: int


def taken(count: int, kind: str, seed: int, with_solver: bool, with_total: bool) -> Taken:
    dice = random.Random(seed)
    rules = drawn(min(count, LAST_PRIORITY - FIRST_PRIORITY - 90), dice)
    texts = [text(rules), text(edited(rules, kind, dice))]
    old, new = (read([Source("lists.vnet", one)], Network()).network for one in texts)
    used = time.process_time()
    by_bounds, found = timed(lambda: len(compare(old, new, Limits()).found))
    used = time.process_time() - used
    by_solver = None
    if with_solver:
        by_solver, alike = timed(lambda: len(compare(old, new, Limits(), by_bounds=False).found))
        assert alike == found
    total = command_time(texts) if with_total else None
    return Taken(by_bounds, used, by_solver, total, found)


def command_time(texts: Sequence[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("old.vnet", "new.vnet")]
        for path, one in zip(paths, texts, strict=True):
            path.write_text(one)
        command = [sys.executable, "-m", "vnetverify", "diff", *map(str, paths)]
        return timed(lambda: subprocess.run(command, capture_output=True, check=False))[0]


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def row(count: int, kind: str, given: argparse.Namespace) -> list[str]:
    runs = [taken(count, kind, seed, count <= given.solver, given.total) for seed in range(given.seeds)]
    solver = [run.solver for run in runs if run.solver is not None]
    totals = [run.total for run in runs if run.total is not None]
    return [
        str(count),
        kind,
        f"{median(run.bounds for run in runs):.3f}",
        f"{median(run.processor for run in runs):.3f}",
        f"{median(solver):.2f}" if solver else "",
        f"{median(totals):.2f}" if totals else "",
        " ".join(str(run.found) for run in runs),
    ]


def bare_start() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import z3"], check=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="*", default=[100, 1000, 4000])
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--solver", type=int, default=1000, help="most rules at which the solver is timed as well")
    parser.add_argument("--total", action="store_true", help="time the whole command as well")
    given = parser.parse_args()
    rows = [["rules", "edit", "compare s", "cpu s", "solver s", "total s", "differences"]]
    rows += [row(count, kind, given) for count in given.rules for kind in given.kinds]
    widths = [max(len(one[column]) for one in rows) for column in range(len(rows[0]))]
    for one in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(one, widths, strict=True)))
    print(f"start: `python -c 'import z3'` takes {bare_start():.2f} s here; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
