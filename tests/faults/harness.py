"""One run with a fault, watched from outside, and what is wrong with how it ended."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.kinds import LIMIT_SECONDS, Kind, Outlet
from tests.faults.saboteur import FAULT, SEED, SHARE, SIGN
from vnetverify.cli import status
from vnetverify.report.seal import NotWhole, read_report

ROOT = Path(__file__).parents[2]
ESTATE = ROOT / "tests" / "faults" / "estate.vnet"
TOKEN = "FAULT_RUN"
MOST_MEGABYTES = 300
_LONGEST_RUN = 60.0
_FAREWELL_SECONDS = 5.0
_TICK = 0.01
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


@dataclass(slots=True)
class _Watch:
    """The largest memory of a process and when it was sent its signal."""

    process: subprocess.Popen[str]
    megabytes: int = 0
    signalled: float | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def look(self, kind: Kind, sign: Path, delay: float) -> None:
        struck = None
        while not self.over.wait(_TICK):
            self.megabytes = max(self.megabytes, _peak(self.process.pid))
            if kind.signal is None or self.signalled is not None:
                continue
            if struck is None and sign.exists():
                struck = time.monotonic()
            if struck is not None and time.monotonic() >= struck + delay:
                self.signalled = time.monotonic()
                self.process.send_signal(kind.signal)


def verdicts_in(report: Mapping[str, Any]) -> Verdicts:
    return {claim["text"]: claim["verdict"]["word"] for intent in report["intents"] for claim in intent["claims"]}


def run(kind: Kind, seed: int, folder: Path, pattern: str = "*", share: int = 3) -> Ending:
    """Return how the command ended under a fault of this kind, over one of `share` questions of some intents.

    `folder` is made, and nothing but the report should be in it in the end.
    """
    folder.mkdir()
    sign, target = folder.with_suffix(".sign"), folder / "report.json"
    token = f"{os.getpid()}-{kind.name}-{seed}"
    dice = random.Random(f"{kind.name} {seed}")
    arguments = ["prove", str(ESTATE), "--output-format", "json", "--timings", "-k", pattern]
    arguments += ["-j", str(1 + seed % 2)]
    arguments += [] if "--timeout" in kind.arguments else ["--timeout", str(LIMIT_SECONDS)]
    match kind.outlet:
        case Outlet.FILE:
            arguments += ["-o", str(target)]
        case Outlet.READ_ONLY:
            arguments += ["-o", _NOWHERE_WRITABLE]
        case _:
            pass
    command = [sys.executable, "-m", "tests.faults.command", kind.surroundings, *arguments, *kind.arguments]
    environment = {**os.environ, FAULT: kind.worker, SEED: str(seed), SHARE: str(share)}
    environment |= {SIGN: str(sign), TOKEN: token}
    begun = time.monotonic()
    out, close = _outlet(kind.outlet)
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True
    )
    for descriptor in close:
        os.close(descriptor)
    watch = _Watch(process)
    watching = threading.Thread(target=watch.look, args=(kind, sign, dice.uniform(0.0, 0.4)))
    watching.start()
    try:
        text, errors = process.communicate(timeout=_LONGEST_RUN)
    except subprocess.TimeoutExpired:
        process.kill()
        text, errors = process.communicate()
        errors += "HUNG"
    finally:
        watch.over.set()
        watching.join()
    ended = time.monotonic()
    written = target.read_text() if target.exists() else text or ""
    return Ending(
        process.returncode,
        ended - begun,
        sign.exists() or not kind.worker,
        _report(written),
        written,
        errors,
        tuple(sorted(name for name in os.listdir(folder) if name != target.name)),
        _orphans(token),
        watch.megabytes,
        None if watch.signalled is None else ended - watch.signalled,
    )


def complaints(kind: Kind, ending: Ending, honest: Verdicts) -> list[str]:
    """Return what is wrong with how a run ended that should have felt its fault."""
    found = [f"left {ending.left_behind}"] if ending.left_behind else []
    if ending.orphans:
        found.append(f"{ending.orphans} orphans")
    if ending.megabytes > MOST_MEGABYTES:
        found.append(f"{ending.megabytes} MB")
    if "Traceback" in ending.errors or "HUNG" in ending.errors:
        found.append(ending.errors[-300:])
    if ending.report is None:
        if kind.outlet is Outlet.FILE and ending.text:
            found.append("half a report in the file")
        return found if ending.status != status.AS_EXPECTED else [*found, "status 0 without a whole report"]
    verdicts = verdicts_in(ending.report)
    found += [f"wrongly proved: {text}" for text, word in verdicts.items() if word == "proved" != honest[text]]
    is_honest = ending.report["complete"] and verdicts == honest
    if ending.status == status.AS_EXPECTED and not (kind.may_recover and is_honest):
        found.append("status 0")
    if ending.report["complete"] and len(verdicts) < len(honest) and not ending.report["diagnostics"]:
        found.append("a part that reads as complete")
    return found


def _outlet(outlet: Outlet) -> tuple[int, Sequence[int]]:
    """Return what stdout is to be, and what to close here once it is handed on."""
    match outlet:
        case Outlet.SHUT_PIPE:
            reading, writing = os.pipe()
            os.close(reading)
            return writing, (writing,)
        case Outlet.FULL_DISK:
            full = os.open("/dev/full", os.O_WRONLY)
            return full, (full,)
        case _:
            return subprocess.PIPE, ()


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
