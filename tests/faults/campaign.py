"""Many runs under every kind of fault: `python -m tests.faults.campaign [--runs N] [--only REGEX]`.

Prints a row for each kind and ends with 1 if any run ended as it may not.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from tests.faults.command import as_fork
from tests.faults.harness import Ending, Verdicts, complaints, run, verdicts_in
from tests.faults.kinds import KINDS, Kind
from tests.faults.saboteur import DEAF
from vnetverify.prover.solver import Limits, Solver, Undecided

HEAD = ("kind", "runs", "statuses", "wrongly", "orphans", "files", "MB", "longest s", "late s", "after signal s")
_SEEDS_FOR_A_RUN = 4


def honest_verdicts(folder: Path) -> Verdicts:
    """Return the verdicts of a run without any fault, which ends with 0."""
    ending = run(Kind("honest", arguments=("--timeout", "60")), 0, folder / "honest")
    if ending.status != 0 or ending.report is None:
        raise RuntimeError(f"the honest run ended with {ending.status}: {ending.errors}")
    return verdicts_in(ending.report)


def struck_run(kind: Kind, number: int, folder: Path) -> Ending:
    """Return a run that its fault did strike; a seed at which it meets no question is passed over."""
    for attempt in count():
        seed = number + 1000 * attempt
        ending = run(kind, seed, folder / f"{KINDS.index(kind)}-{seed}", launch=as_fork)
        if ending.struck or attempt == _SEEDS_FOR_A_RUN:
            return ending
    raise AssertionError("unreachable")


def row(kind: Kind, endings: list[Ending], wrong: int) -> tuple[str, ...]:
    statuses = Counter(ending.status for ending in endings)
    late = [ending.late for ending in endings if ending.late is not None and "--timeout" not in kind.arguments]
    after = [ending.after_signal for ending in endings if ending.after_signal is not None]
    return (
        kind.name,
        str(len(endings)),
        " ".join(f"{number}:{times}" for number, times in sorted(statuses.items())),
        str(wrong),
        str(sum(ending.orphans for ending in endings)),
        str(sum(len(ending.left_behind) for ending in endings)),
        str(max(ending.megabytes for ending in endings)),
        f"{max(ending.seconds for ending in endings):.1f}",
        f"{max(0.0, *late):.2f}" if late else "-",
        f"{max(after):.2f}" if after else "-",
    )


def lateness(questions: int) -> str:
    """Return how long after its limit a question is given up over which Z3 forgets its own clock."""
    late = []
    for _ in range(questions):
        solver = Solver(Limits(seconds=0.5))
        solver.open(Deaf())
        begun = time.monotonic()
        answer = solver.check(["v"])
        late.append(time.monotonic() - begun - solver.limits.seconds)
        solver.close()
        if not isinstance(answer, Undecided):
            raise RuntimeError(f"that was to be hopeless: {answer}")
    return f"a question is given up {median(late):.2f} s after its limit in the median, {max(late):.2f} s at most"


@dataclass(frozen=True, slots=True)
class Deaf:
    """A question during which Z3 looks at no clock."""

    text: str = DEAF
    symbols: tuple[str, ...] = ()
    widths: dict[str, int] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=3)
    options = parser.parse_args()
    kinds = [kind for kind in KINDS if re.search(options.only, kind.name)]
    rows, bad, begun = [HEAD], 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.jobs) as pool:
        folder = Path(name)
        honest = honest_verdicts(folder)
        for kind in kinds:
            endings = list(pool.map(partial(struck_run, kind, folder=folder), range(options.runs)))
            wrong = 0
            for number, ending in enumerate(endings):
                found = complaints(kind, ending, honest) if ending.struck else ["never struck"]
                wrong += bool(found)
                for complaint in found:
                    print(f"{kind.name}, run {number}: {complaint}", file=sys.stderr)
            rows.append(row(kind, endings, wrong))
            bad += wrong
            print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEAD))]
    for line in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(lateness(options.runs))
    total = options.runs * len(kinds)
    print(f"{total - bad} of {total} runs ended as they may, in {time.monotonic() - begun:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
