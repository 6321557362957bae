"""Opening inputs: regular files and nothing else, once, never waiting, and no more bytes than were allowed.

A text may come from anybody, so the files that it names have to lie in its own folder, whatever links say. What stands
on the command line the user has chosen, and may be anywhere.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

LARGEST_INPUT = 64  # MiB of all inputs together, unless the user allows more
MOST_FILES = 20_000
WORDS_OF_A_MEGABYTE = 12_500  # of a text, for each that may be read: each takes some hundred bytes of memory
_SUFFIXES = (".json", ".tfstate")  # of the files that are read in a folder
_MOST_ENTRIES = 500_000  # of a folder, with all inside it
_DEEPEST = 64  # folders inside each other

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_FOLLOWING_NO_LINK = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC


class NotRead(Exception):
    """A file that is not read; the message says why in the user's terms, without the path."""

    def __init__(self, message: str, code: str = "unreadable", help: str | None = None) -> None:  # noqa: A002
        self.code = code
        self.help = help
        super().__init__(message)


@dataclass(slots=True)
class Allowance:
    """How many bytes of input may still be read, of `largest` MiB in all."""

    largest: int = LARGEST_INPUT
    spent: int = 0

    @property
    def most_values(self) -> int:
        """Return how many values a text of JSON may hold: a few bytes of it each, and hundreds of memory."""
        return self.largest * 125_000

    @property
    def most_words(self) -> int:
        """Return how many words a text may hold."""
        return self.largest * WORDS_OF_A_MEGABYTE

    @property
    def left(self) -> int:
        return (self.largest << 20) - self.spent

    def spend(self, data: bytes) -> bytes:
        """Return `data`, which is one byte longer than allowed where there is more of it. Raises `NotRead`."""
        if len(data) > self.left:
            advice = "`--max-input MB` allows more"
            raise NotRead(f"the input is larger than {self.largest} MB", "too-large", advice)
        self.spent += len(data)
        return data


def read_file(path: Path, allowance: Allowance, within: Path | None = None) -> bytes:
    """Return what the regular file at `path` holds. Raises `NotRead`.

    Where it has to lie `within` a folder no link may lead out of that, not even one that is put there meanwhile.
    """
    try:
        descriptor = os.open(path, _FOLLOWING_NO_LINK & ~os.O_NOFOLLOW) if within is None else _open_below(within, path)
    except (OSError, ValueError) as problem:
        raise NotRead(reason(problem)) from problem
    try:
        _check_regular(descriptor)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return allowance.spend(file.read(allowance.left + 1))
    except OSError as problem:
        raise NotRead(reason(problem)) from problem
    finally:
        os.close(descriptor)


def _check_regular(descriptor: int) -> None:
    mode = os.fstat(descriptor).st_mode
    kind = next((what for is_one, what in _KINDS if is_one(mode)), None)
    if kind is not None:
        raise NotRead(f"it is {kind}", help="`-` reads standard input" if kind == "a pipe" else None)


def is_json_by_name(name: str) -> bool:
    """Hold for what is called as files are that a folder is read for."""
    return PurePath(name).suffix.lower() in _SUFFIXES


def read_standard_input(allowance: Allowance) -> bytes:
    """Return what standard input holds. Raises `NotRead`."""
    if sys.stdin is None:
        raise NotRead("standard input is closed")
    try:
        return allowance.spend(sys.stdin.buffer.read(allowance.left + 1))
    except OSError as problem:
        raise NotRead(reason(problem)) from problem


def resolved_within(folder: Path, path: str) -> Path:
    """Return where `path`, which a text in `folder` names, leads. Raises `NotRead` where that is out of the folder.

    What leads out by its spelling alone is refused before the file system is asked anything.
    """
    pure = PurePath(path)
    steps = 0
    for part in pure.parts:
        steps += -1 if part == ".." else 1
        if steps < 0:
            raise _out_of_folder()
    if pure.anchor or "\\" in path:
        raise _out_of_folder()
    try:
        real = Path(os.path.realpath(folder / path))
        if not real.is_relative_to(os.path.realpath(folder)):
            raise _out_of_folder()
    except (OSError, ValueError) as problem:
        raise NotRead(reason(problem)) from problem
    return folder / path


def _out_of_folder() -> NotRead:
    advice = "name it on the command line, with `--network` or `--service-tags`"
    return NotRead("it leads out of the folder of the text", "outside-folder", advice)


def _open_below(folder: Path, path: Path) -> int:
    """Open the file that `path` leads to, from `folder` downward step by step and without following any link."""
    root = os.path.realpath(folder)
    steps = Path(os.path.realpath(path)).relative_to(root).parts
    holder = os.open(root, _FOLLOWING_NO_LINK | os.O_DIRECTORY)
    try:
        for step in steps[:-1]:
            inner = os.open(step, _FOLLOWING_NO_LINK | os.O_DIRECTORY, dir_fd=holder)
            os.close(holder)
            holder = inner
        return os.open(steps[-1], _FOLLOWING_NO_LINK, dir_fd=holder) if steps else os.dup(holder)
    finally:
        os.close(holder)


def json_files_in(folder: Path) -> list[Path]:
    """Return the `.json` and `.tfstate` files in `folder` and all inside it, sorted; links to folders are not followed.

    Raises `NotRead` where there are too many.
    """
    found = []
    for path in _entries_in(folder):
        if is_json_by_name(path.name) and path.is_file():
            found.append(path)
            if len(found) > MOST_FILES:
                raise NotRead(f"it holds more than {MOST_FILES} files", "too-large")
    return sorted(found)


def _entries_in(folder: Path) -> Iterator[Path]:
    entries, depth = 0, len(folder.parts)
    for holder, folders, files in os.walk(folder):
        entries += len(folders) + len(files)
        if entries > _MOST_ENTRIES:
            raise NotRead(f"it holds more than {_MOST_ENTRIES} entries", "too-large")
        if len(Path(holder).parts) - depth >= _DEEPEST:
            folders.clear()
        yield from (Path(holder, name) for name in files)


def reason(problem: OSError | ValueError) -> str:
    """Return why a file could not be read, as the system says it."""
    if isinstance(problem, OSError) and problem.errno == errno.ELOOP:
        return "too many links, or one that has just been put there"
    return ((problem.strerror if isinstance(problem, OSError) else None) or str(problem)).lower()
