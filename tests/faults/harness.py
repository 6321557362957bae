"""One run with a fault, watched from outside, and what is wrong with how it ended."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.command import SHUT, Launch, Launched, as_program
from tests.faults.kinds import LIMIT_SECONDS, Kind, Outlet
from tests.faults.saboteur import FAULT, SEED, SHARE, SIGN
from vnetverify.cli import status
from vnetverify.report.seal import NotWhole, read_report

ESTATE = Path(__file__).with_name("estate.vnet")
TOKEN = "FAULT_RUN"
MOST_MEGABYTES = 300
_LONGEST_RUN = 300.0
_HUNG = "HUNG"
_FAREWELL_SECONDS = 5.0
_TICK = 0.02
_NOWHERE_WRITABLE = "/proc/report.json"

Verdicts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `late` is how long after its limit the slowest sentence had its verdict, None if none had."""

    status: int
    seconds: float
    struck: bool
    report: dict[str, Any] | None
    text: str
    errors: str
    left_behind: tuple[str, ...] = ()
    orphans: int = 0
    megabytes: int = 0
    after_signal: float | None = None

    @property
    def late(self) -> float | None:
        took = [claim["seconds"] for intent in (self.report or {}).get("intents", ()) for claim in intent["claims"]]
        return max(took) - LIMIT_SECONDS if took else None


def verdicts_in(report: Mapping[str, Any]) -> Verdicts:
    """Return the verdict on each intent by its name."""
    return {intent["name"]: intent["verdict"] for intent in report["intents"]}


def run(kind: Kind, seed: int, folder: Path, pattern: str = "*", share: int = 3, launch: Launch = as_program) -> Ending:
    """Return how the command ended under a fault of this kind, over one of `share` questions of some intents.

    `folder` is made, and nothing but the report should be in it in the end.
    """
    folder.mkdir()
    files = _Files(folder)
    token = f"{os.getpid()}-{kind.name}-{seed}"
    arguments = ["prove", str(ESTATE), "--output-format", "json", "--timings", "-k", pattern]
    arguments += ["-j", str(1 + seed % 2)]
    arguments += [] if "--timeout" in kind.arguments else ["--timeout", str(LIMIT_SECONDS)]
    output = str(files.output)
    match kind.outlet:
        case Outlet.FILE:
            arguments += ["-o", str(files.report)]
        case Outlet.READ_ONLY:
            arguments += ["-o", _NOWHERE_WRITABLE]
        case Outlet.SHUT_PIPE:
            output = SHUT
        case Outlet.FULL_DISK:
            output = "/dev/full"
        case Outlet.PIPE:
            pass
    command = [output, str(files.errors), kind.surroundings, *arguments, *kind.arguments]
    environment = {**os.environ, FAULT: kind.worker, SEED: str(seed), SHARE: str(share)}
    begun = time.monotonic()
    process = launch(command, environment | {SIGN: str(files.sign), TOKEN: token})
    watched = _watched(process, kind, files.sign, random.Random(f"{kind.name} {seed}").uniform(0.0, 0.4))
    ended = time.monotonic()
    written = files.report if files.report.exists() else files.output
    text = written.read_text(errors="replace") if written.exists() else ""
    return Ending(
        watched.status,
        ended - begun,
        files.sign.exists() or not kind.worker,
        _report(text),
        text,
        files.errors.read_text() + watched.remark,
        tuple(sorted(name for name in os.listdir(folder) if name != files.report.name)),
        _orphans(token),
        watched.megabytes,
        None if watched.signalled is None else ended - watched.signalled,
    )


@dataclass(frozen=True, slots=True)
class _Files:
    """What a run writes: the report into its folder, the rest beside it."""

    folder: Path

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    @property
    def output(self) -> Path:
        return self.folder.with_suffix(".out")

    @property
    def errors(self) -> Path:
        return self.folder.with_suffix(".err")

    @property
    def sign(self) -> Path:
        return self.folder.with_suffix(".sign")


@dataclass(slots=True)
class _Watched:
    """How a process ended, its largest memory, and when it was sent its signal."""

    status: int = 0
    megabytes: int = 0
    signalled: float | None = None
    remark: str = ""


def _watched(process: Launched, kind: Kind, sign: Path, delay: float) -> _Watched:
    """Watch a process until it ends; its signal comes some time after its fault made its sign."""
    watched, struck, until = _Watched(), None, time.monotonic() + _LONGEST_RUN
    while (status := process.poll()) is None:
        watched.megabytes = max(watched.megabytes, _peak(process.pid))
        now = time.monotonic()
        if struck is None and kind.signal is not None and sign.exists():
            struck = now
        if struck is not None and kind.signal is not None and watched.signalled is None and now >= struck + delay:
            watched.signalled = now
            os.kill(process.pid, kind.signal)
        if now > until:
            watched.remark = _HUNG
            os.kill(process.pid, signal.SIGKILL)
            until = now + _LONGEST_RUN
        time.sleep(_TICK)
    watched.status = status
    return watched


def complaints(kind: Kind, ending: Ending, honest: Verdicts) -> list[str]:
    """Return what is wrong with how a run ended that should have felt its fault."""
    found = [f"left {ending.left_behind}"] if ending.left_behind else []
    if ending.orphans:
        found.append(f"{ending.orphans} orphans")
    if ending.megabytes > MOST_MEGABYTES:
        found.append(f"{ending.megabytes} MB")
    if "Traceback" in ending.errors or _HUNG in ending.errors:
        found.append(ending.errors[-300:])
    if ending.report is None:
        if kind.outlet is Outlet.FILE and ending.text:
            found.append("half a report in the file")
        return found if ending.status != status.AS_EXPECTED else [*found, "status 0 without a whole report"]
    verdicts = verdicts_in(ending.report)
    found += [f"wrongly proved: {name}" for name, word in verdicts.items() if word == "proved" != honest[name]]
    is_honest = ending.report["complete"] and verdicts == honest
    if ending.status == status.AS_EXPECTED and not (kind.may_recover and is_honest):
        found.append("status 0")
    if ending.report["complete"] and len(verdicts) < len(honest) and not ending.report["diagnostics"]:
        found.append("a part that reads as complete")
    return found


def _report(text: str) -> dict[str, Any] | None:
    try:
        return read_report(text)
    except NotWhole:
        return None


def _peak(pid: int) -> int:
    """Return the most megabytes that a process had in memory so far, 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM")), 0)


def _orphans(token: str) -> int:
    """Return how many processes of a run are still there some time after it."""
    until = time.monotonic() + _FAREWELL_SECONDS
    while (left := sum(_is_of(pid, token) for pid in _pids())) and time.monotonic() < until:
        time.sleep(_TICK)
    return left


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _is_of(pid: int, token: str) -> bool:
    try:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False  # dead, and nobody has reaped it yet
        return f"{TOKEN}={token}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
