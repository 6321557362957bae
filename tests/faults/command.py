"""The command line as a program of its own, with the saboteur for a worker and what else a fault takes.

    python -m tests.faults.command SURROUNDINGS ARGUMENT...

Only here does anything of it know of faults: the package has no switch for them.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections.abc import Callable

from tests.faults.saboteur import FAULT, HERE, SEED, SIGN


def _jumping_clock(dice: random.Random) -> None:
    """Let the clock on the wall jump either way, and the monotonic one forward, as after a machine's long sleep."""
    steady, wall = time.monotonic, time.time
    lost = 0.0

    def jumping_wall() -> float:
        return wall() + dice.uniform(-90_000, 90_000)

    def jumping_steady() -> float:
        nonlocal lost
        if dice.random() < 0.02:
            lost += 5000.0
            with open(os.environ[SIGN], "a"):
                pass
        return steady() + lost

    time.time, time.monotonic = jumping_wall, jumping_steady


def _few_descriptors(dice: random.Random) -> None:
    """Leave room for hardly any open file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (dice.randint(3, 9), hard))


def _little_memory(dice: random.Random) -> None:
    """Leave the parent little room; the workers set their own limit, which cannot be higher."""
    least = dice.randint(40, 160) << 20
    resource.setrlimit(resource.RLIMIT_AS, (least, least))


def _short_files(dice: random.Random) -> None:
    """Let the disk be full after so many bytes of any file."""
    most = dice.randint(0, 1500)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


SURROUNDINGS: dict[str, Callable[[random.Random], None]] = {
    "plain": lambda _: None,
    "clock": _jumping_clock,
    "descriptors": _few_descriptors,
    "memory": _little_memory,
    "disk": _short_files,
}


def main() -> int:
    surroundings, *arguments = sys.argv[1:]
    SURROUNDINGS[surroundings](random.Random(os.environ[SEED]))
    from vnetverify.cli import main as command
    from vnetverify.prover import process

    if os.environ[FAULT]:
        process.WORKER = HERE
    return command(arguments)


if __name__ == "__main__":
    sys.exit(main())
