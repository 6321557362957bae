"""`make versions`: the same sentences asked with several versions of Z3; ends with 1 where two contradict each other.

    python -m tests.versions.campaign [VERSION ...] [--networks N] [--seed N] [--folder FOLDER]

Each version is installed below the folder where it is not there yet, which needs a package index. A version that gives
up where another decides is counted, and is no contradiction: limits are steps of the solver, which each counts its way.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.versions.verdicts import UNDECIDED

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("4.13.0.0", "4.15.4.0", "5.4.1.0")
"""The oldest that is allowed (pyproject.toml), one between, and the newest when this was measured."""

Verdicts = Mapping[str, str]


def contradictions(one: Verdicts, other: Verdicts) -> list[str]:
    """Return the sentences on which both decide, and differ, with the two words; those that only one has as well."""
    return [
        f"{what}: {one.get(what)} and {other.get(what)}"
        for what in {**one, **other}
        if one.get(what) != other.get(what) and UNDECIDED not in (one.get(what), other.get(what))
    ]


def installed(version: str, folder: Path) -> Path:
    """Return where that version of Z3 lies; installs it where it does not. Raises `CalledProcessError`."""
    place = folder / version
    if not (place / "z3").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place)]
        subprocess.run([*pip, f"z3-solver=={version}"], check=True)
    return place


def said_with(version: str, folder: Path, networks: int, seed: int) -> Verdicts:
    """Return what that version says. Raises `CalledProcessError`, and `SystemExit` where another one answers."""
    place = str(installed(version, folder))
    paths = os.pathsep.join((place, str(ROOT)))
    asked = [sys.executable, "-m", "tests.versions.verdicts", str(networks), str(seed)]
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"}  # what is drawn is the same then
    done = subprocess.run(asked, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    answered, *lines = done.stdout.splitlines()
    if not version.startswith(answered):
        raise SystemExit(f"Z3 {answered} answers instead of {version}")
    return dict(json.loads(line) for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", default=VERSIONS)
    parser.add_argument("--networks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=ROOT / ".z3")
    options = parser.parse_args()
    said: dict[str, Verdicts] = {}
    wrong: list[str] = []
    for version in options.versions:
        begun = time.monotonic()
        said[version] = said_with(version, options.folder, options.networks, options.seed)
        counts = ", ".join(f"{word}: {count}" for word, count in sorted(Counter(said[version].values()).items()))
        print(f"{version}: {len(said[version])} sentences in {time.monotonic() - begun:.0f} s: {counts}", flush=True)
        first = options.versions[0]
        wrong += [f"{first} and {version}: {one}" for one in contradictions(said[first], said[version])]
    same = sum(len({verdicts.get(what) for verdicts in said.values()}) == 1 for what in said[options.versions[0]])
    print(f"{same} of {len(said[options.versions[0]])} alike with all, {len(wrong)} contradictions", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
