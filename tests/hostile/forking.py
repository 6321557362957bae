"""One attempt after the other, each in a fork of this process, under limits and with an eye on what it touches.

Importing the package takes longer than refusing a text; so it is imported once and each run is a fork of that.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import sys
import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import vnetverify.cli
import vnetverify.cli.check
import vnetverify.cli.conform
import vnetverify.cli.diff
import vnetverify.cli.fmt
import vnetverify.cli.lint
import vnetverify.cli.prove
import vnetverify.cli.resolve
import vnetverify.cli.routes
import vnetverify.cli.rules
import vnetverify.cli.show
import vnetverify.cli.trace
import vnetverify.comparison
import vnetverify.inspection
import vnetverify.pipeline
import vnetverify.report.changes
import vnetverify.report.excerpt
import vnetverify.report.json
import vnetverify.report.tables
import vnetverify.report.text
import vnetverify.syntax.layout
import vnetverify.testing.conformance
from vnetverify.cli import status
from vnetverify.syntax.grammar import parser

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 10.0
MEGABYTES = 512
CHARACTERS = 2_000_000
_KILLED_AFTER = 900  # seconds on the clock, also of a busy machine: who is killed waited for what never comes
_STOPPED_AFTER = 40  # seconds of the processor
_ADDRESS_SPACE = 4 << 30
_ENDS = (
    status.AS_EXPECTED, status.REFUTED, status.BAD_INPUT, status.UNDECIDED, status.NOTHING_CHECKED,
)  # fmt: skip
_FORBIDDEN = "\x00\x07\x08\x0b\x0c\x0d\x1b\x7f\x85\x9b\u200b\u200e\u200f\u2028\u202a\u202e\u2066\u2069\ufeff"
_CHANGING = {
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate",
    "os.utime", "os.setxattr", "os.mkfifo", "os.mknod", "shutil.copyfile", "shutil.move", "shutil.rmtree",
}  # fmt: skip
_NEVER = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "socket.connect", "socket.bind", "ftplib", "urllib", "pty",
)  # fmt: skip
_INSTALLED = (ROOT / "vnetverify", ROOT / "grammar", sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())
_READABLE = (*map(os.path.realpath, _INSTALLED), "/dev/null", "/dev/urandom", "/etc/localtime", "/usr/share/zoneinfo")


@dataclass(frozen=True)
class Attempt:
    """A command in a folder with `files`; a `{folder}` in an argument stands for that folder."""

    name: str
    files: Mapping[str, bytes]
    arguments: Sequence[str]
    special: Mapping[str, str] = field(default_factory=dict)  # names of links with their targets; `fifo` makes a pipe
    standard_input: bytes = b""


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: str
    stderr: str
    seconds: float  # of the processor, its solver's included
    megabytes: float

    @property
    def faults(self) -> list[str]:
        """What is wrong with how it ended, empty where nothing is."""
        found = []
        said = self.stdout + self.stderr
        if self.code not in _ENDS:
            found.append(f"ended with {self.code}")
        if "Traceback" in self.stderr or "internal error" in said:
            found.append("a traceback or an internal error")
        if "TOUCHED" in self.stderr:
            found.append("touched what is not its own")
        if len(said) > CHARACTERS:
            found.append(f"{len(said)} characters of output")
        marks = sorted({f"U+{ord(mark):04X}" for mark in _FORBIDDEN if mark in said})
        if marks:
            found.append(f"raw {', '.join(marks)} in the output")
        if self.seconds > SECONDS:
            found.append(f"took {self.seconds:.1f} s")
        if self.megabytes > MEGABYTES:
            found.append(f"took {self.megabytes:.0f} MiB")
        return found


def warm_up() -> None:
    """Load what every run needs, and keep the collector from touching it in each of them."""
    parser()
    gc.freeze()
    sys.dont_write_bytecode = True


def run(attempt: Attempt, scratch: Path) -> Ended:
    """Return how `attempt` ends. `scratch` is a folder of the caller's own; it is left empty."""
    folder = scratch / "run"
    folder.mkdir()
    try:
        for name, data in attempt.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name, target in attempt.special.items():
            if target == "fifo":
                os.mkfifo(folder / name)
            else:
                (folder / name).symlink_to(target)
        (scratch / "in").write_bytes(attempt.standard_input)
        return _forked([argument.replace("{folder}", str(folder)) for argument in attempt.arguments], scratch)
    finally:
        shutil.rmtree(folder)


def _forked(arguments: list[str], scratch: Path) -> Ended:
    streams = [scratch / name for name in ("in", "out", "err")]
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _live(arguments, scratch, streams)
    _, how, usage = os.wait4(child, 0)
    out, err = (path.read_bytes().decode("utf-8", "replace") for path in streams[1:])
    seconds = usage.ru_utime + usage.ru_stime
    return Ended(os.waitstatus_to_exitcode(how), out, err, seconds, usage.ru_maxrss / 1024)


def _live(arguments: list[str], scratch: Path, streams: Sequence[Path]) -> None:
    """Run the command as this process, and end it."""
    os.setpgid(0, 0)
    os.chdir(scratch / "run")
    for descriptor, path in enumerate(streams):
        how = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(path, how), descriptor)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_KILLED_AFTER)
    resource.setrlimit(resource.RLIMIT_CPU, (_STOPPED_AFTER, _STOPPED_AFTER))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    os.environ["VNETVERIFY_DEBUG"] = "1"
    os.environ.pop("FORCE_COLOR", None)
    sys.addaudithook(_Watch(str((scratch / "run").resolve()), arguments))
    try:
        code = vnetverify.cli.main(arguments)
    except BaseException:
        traceback.print_exc()
        code = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Watch:
    """An audit hook that tells of everything outside of `folder` that is written, and of what is read there."""

    def __init__(self, folder: str, arguments: Sequence[str]) -> None:
        self._folder = folder
        self._readable = (
            folder,
            *_READABLE,
            *(os.path.realpath(word) for word in arguments if word and "\0" not in word),
        )

    def __call__(self, event: str, details: tuple[object, ...]) -> None:
        if event == "open":
            self._opened(*details)
        elif event in _CHANGING:
            for path in details[:2]:
                if isinstance(path, str | bytes) and not self._is_within(path, (self._folder,)):
                    _tell(event, path)
        elif event.startswith(_NEVER):
            _tell(event, details)
        elif event == "subprocess.Popen" and "worker.py" not in str(details[1]):
            _tell(event, details[1])

    def _opened(self, path: object, mode: object, flags: object) -> None:
        if not isinstance(path, str | bytes):
            return
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        allowed = (self._folder, "/dev/null") if writes else self._readable
        if not self._is_within(path, allowed):
            _tell("write" if writes else "read", path)

    @staticmethod
    def _is_within(path: str | bytes, folders: Sequence[str]) -> bool:
        try:
            real = os.path.realpath(os.fsdecode(path))
        except ValueError:  # a NUL; nothing is opened then
            return True
        return any(real == folder or real.startswith(f"{folder}/") for folder in folders)


def _tell(event: str, what: object) -> None:
    os.write(2, f"TOUCHED {event} {what!r}\n".encode("utf-8", "replace"))
