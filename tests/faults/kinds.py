"""The kinds of faults: what goes wrong, and what a run may then end with."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import Enum

LIMIT_SECONDS = 1.0


class Outlet(Enum):
    """Where the report goes."""

    PIPE = "a pipe"
    FILE = "a file"
    SHUT_PIPE = "a pipe that nobody reads"
    FULL_DISK = "a full disk"
    READ_ONLY = "a place that takes no files"


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault of the worker (`saboteur.FAULTS`), of the surroundings (`command.SURROUNDINGS`), or a signal to us.

    `may_recover`: the fault need not be felt, and then the report has to be the honest one. `intent` is one that
    it is felt at.
    """

    name: str
    worker: str = ""
    surroundings: str = "plain"
    signal: signal.Signals | None = None
    outlet: Outlet = Outlet.PIPE
    arguments: tuple[str, ...] = ()
    may_recover: bool = False
    intent: str = "no-ssh"


_PATIENT = ("--timeout", "60")

KINDS = (
    Kind("worker gets SIGKILL", "kill"),
    Kind("worker gets SIGABRT", "abort"),
    Kind("worker reads address 0", "segfault"),
    Kind("worker exits", "exit"),
    Kind("worker is stopped", "stop"),
    Kind("worker sleeps", "sleep"),
    Kind("worker spins", "spin"),
    Kind("z3 deaf to its clock", "deaf"),
    Kind("worker out of memory", "devour", arguments=("--memory", "600")),
    Kind("terms out of memory", "deaf", arguments=("--memory", "200", "--timeout", "20")),
    Kind("garbled answer", "garble"),
    Kind("truncated answer", "truncate"),
    Kind("endless answer", "flood"),
    Kind("answer byte by byte", "drip"),
    Kind("answer to another question", "stale", arguments=_PATIENT),
    Kind("solver says unsat", "unsat", arguments=_PATIENT),
    Kind("solver denies every flow", "deny", arguments=_PATIENT, intent="known-gap"),
    Kind("solver says sat, any model", "random-model", arguments=_PATIENT),
    Kind("solver says sat, no model", "impossible-model", arguments=_PATIENT),
    Kind("Ctrl-C", "slow", signal=signal.SIGINT, arguments=_PATIENT),
    Kind("SIGTERM", "slow", signal=signal.SIGTERM, arguments=_PATIENT),
    Kind("parent gets SIGKILL", "slow", signal=signal.SIGKILL, arguments=_PATIENT),
    Kind("Ctrl-C, report to a file", "slow", signal=signal.SIGINT, outlet=Outlet.FILE, arguments=_PATIENT),
    Kind("parent killed, to a file", "slow", signal=signal.SIGKILL, outlet=Outlet.FILE, arguments=_PATIENT),
    Kind("closed pipe", outlet=Outlet.SHUT_PIPE),
    Kind("full disk", outlet=Outlet.FULL_DISK),
    Kind("disk fills up in a file", surroundings="disk", outlet=Outlet.FILE),
    Kind("read-only", outlet=Outlet.READ_ONLY),
    Kind("clocks jump", surroundings="clock", may_recover=True),
    Kind("no descriptors left", surroundings="descriptors", may_recover=True),
    Kind("parent out of memory", surroundings="memory", may_recover=True),
)
