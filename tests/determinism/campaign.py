"""The same reports many times over: `python -m tests.determinism.campaign [--runs N]`.

Every run has its own hash seed and from one to four jobs. Prints a row for each report and ends with 1 if two runs
differ in a byte of it.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from itertools import islice

from tests.determinism.reports import fingerprint, reports


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    begun = time.monotonic()
    first = reports(0)
    differing = dict.fromkeys(first, 0)
    for number in range(1, options.runs):
        for command, text in reports(number).items():
            if text != first[command]:
                differing[command] += 1
                print(f"run {number} of `{command}`:", file=sys.stderr)
                lines = difflib.unified_diff(first[command].splitlines(), text.splitlines(), lineterm="", n=1)
                print(*islice(lines, 20), sep="\n", file=sys.stderr, flush=True)
    for command, count in differing.items():
        print(f"{fingerprint(first[command])}  {options.runs - count} of {options.runs} runs alike  {command}")
    print(f"{options.runs} runs in {time.monotonic() - begun:.0f} s")
    return 1 if any(differing.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
