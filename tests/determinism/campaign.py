"""The same reports many times over: `python -m tests.determinism.campaign [--runs N]`.

Every run has its own hash seed and from one to four jobs. Prints a row for each report and ends with 1 if two runs
differ in a byte of it.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from tests.determinism.reports import fingerprint, reports


def tell_apart(what: str, first: str, other: str) -> None:
    lines = difflib.unified_diff(first.splitlines(), other.splitlines(), lineterm="", n=1)
    print(f"{what}:", *islice(lines, 20), sep="\n", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=3, help="runs at once")
    options = parser.parse_args()
    begun = time.monotonic()
    first = reports(0)
    differing = dict.fromkeys(first, 0)
    with ThreadPoolExecutor(options.jobs) as pool:
        for number, printed in enumerate(pool.map(reports, range(1, options.runs)), start=1):
            for command in differing:
                if printed[command] != first[command]:
                    differing[command] += 1
                    tell_apart(f"run {number} of `{command}`", first[command], printed[command])
    for command, count in differing.items():
        print(f"{fingerprint(first[command])}  {options.runs - count} of {options.runs} runs alike  {command}")
    print(f"{options.runs} runs in {time.monotonic() - begun:.0f} s")
    return 1 if any(differing.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
