"""A few hundred attempts of `make hostile`, the same each time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = 150


def test_no_hostile_input_breaks_hangs_grows_or_touches_what_is_not_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.campaign", str(MUTANTS), "--jobs", "2", "--few"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ", 0 faults" in done.stdout, done.stdout[-5000:] + done.stderr[-2000:]
    assert done.returncode == 0
