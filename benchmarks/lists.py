"""How long two versions of a long security group take to compare: one row for each size and kind of edit, in a fresh
process each.

Rules are nested prefixes from /12 to /32, a fifth of them for any source, single ports and ranges, 60 % allowing.
*Equal* edits split one rule in fifty in two, *small* ones draw one rule in a hundred anew, *heavy* ones every third.
 Read the ratios in a column: machines are noisy and shared. `start` is a bare `import z3`.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

KINDS = ("same", "equal", "small", "heavy")
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
        case "small":
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


def measured(count: int, kind: str, seed: int) -> list[str]:
    """Return a row: rules, edit, what `diff` says, seconds in all."""
    dice = random.Random(seed)
    rules = drawn(min(count, LAST_PRIORITY - FIRST_PRIORITY - 90), dice)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("old.vnet", "new.vnet")]
        paths[0].write_text(text(rules))
        paths[1].write_text(text(edited(rules, kind, dice)))
        begun = time.perf_counter()
        command = [sys.executable, "-m", "vnetverify", "diff", *map(str, paths)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
    said = run.stdout.strip().splitlines()[-1] if run.stdout.strip() else run.stderr.strip()[-60:]
    return [str(len(rules)), kind, f"{seconds:.2f}", said[:60]]


def bare_start() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import z3"], check=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="*", default=[100, 1000, 3900])
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rows = [["rules", "edit", "total s", "said"]]
    rows += [measured(count, kind, given.seed) for count in given.rules for kind in given.kinds]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print(f"start: `python -c 'import z3'` takes {bare_start():.2f} s here")


if __name__ == "__main__":
    main()
