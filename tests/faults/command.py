"""The command line as a program of its own, with the saboteur for a worker and what else a fault takes.

    python -m tests.faults.command OUTPUT ERRORS SURROUNDINGS ARGUMENT...

Only here does anything of it know of faults: the package has no switch for them. Where very many are run, each is
forked from a process that has loaded everything already.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol

from tests.faults.saboteur import FAULT, HERE, SEED, SIGN

ROOT = Path(__file__).parents[2]
SHUT = "shut"
"""The output that is a pipe which nobody reads."""


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


class Launched(Protocol):
    """A run of the command."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...


Launch = Callable[[Sequence[str], Mapping[str, str]], Launched]


def as_program(command: Sequence[str], environment: Mapping[str, str]) -> Launched:
    return subprocess.Popen([sys.executable, "-m", "tests.faults.command", *command], cwd=ROOT, env=environment)


@dataclass(frozen=True, slots=True)
class _Forked:
    process: ForkServerProcess
    pid: int

    def poll(self) -> int | None:
        with _GATE:
            return self.process.exitcode


_GATE = threading.Lock()  # `multiprocessing` looks after the other processes too when it starts one
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.loaded"])


def as_fork(command: Sequence[str], environment: Mapping[str, str]) -> Launched:
    with _GATE:
        process = _FORKS.Process(target=_in_fork, args=(list(command), dict(environment)))
        process.start()
    if process.pid is None:
        raise RuntimeError("the process has not started")
    return _Forked(process, process.pid)


def _in_fork(command: list[str], environment: dict[str, str]) -> None:
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    redirect(command)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  as long as the process
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    sys.exit(run(command))


def run(command: Sequence[str]) -> int:
    """Return the exit status of the command line whose output, errors and surroundings stand before its arguments."""
    _, _, surroundings, *arguments = command
    SURROUNDINGS[surroundings](random.Random(os.environ[SEED]))
    from vnetverify.cli import main
    from vnetverify.prover import process

    if os.environ[FAULT]:
        process.WORKER = HERE
    return main(arguments)


def redirect(command: Sequence[str]) -> None:
    """Let output and errors go where the command's first two words say, and let there be no input."""
    for descriptor, path in ((0, os.devnull), (1, command[0]), (2, command[1])):
        _redirect(path, descriptor)


def _redirect(path: str, descriptor: int) -> None:
    if path == SHUT:
        reading, target = os.pipe()
        os.close(reading)
    else:
        target = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.dup2(target, descriptor)
    os.close(target)


if __name__ == "__main__":
    redirect(sys.argv[1:])
    sys.exit(run(sys.argv[1:]))
