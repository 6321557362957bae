"""A folder of small files, one for each key, that several runs may use at once.

A file is put in place whole. What cannot be read or written is not there: a cache is never a reason to fail. The folder
has to be ours alone, and files that others own, links and devices are not read.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

LARGEST_ENTRY = 4 << 20
MOST_ENTRIES = 20_000
MOST_BYTES = 256 << 20
_KEPT_SHARE = 0.8  # of both, once there was too much
_SUFFIX = ".json"


class Unusable(Exception):
    """The folder cannot serve as a cache; the message says why."""


def default_folder() -> Path:
    """Return where a user's caches lie (XDG base directories)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "vnetverify"


@dataclass(frozen=True, slots=True)
class Store:
    folder: Path

    def read(self, key: str) -> str | None:
        """Return what was last written for the key, which now counts as used."""
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        with open(descriptor, "rb") as file, contextlib.suppress(OSError, UnicodeDecodeError):
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_size <= LARGEST_ENTRY:
                os.utime(descriptor)
                return file.read(LARGEST_ENTRY).decode()
        return None

    def write(self, key: str, text: str) -> None:
        if len(text) > LARGEST_ENTRY:
            return
        with contextlib.suppress(OSError):
            descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with open(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(name, self._path(key))
            except BaseException:
                os.unlink(name)
                raise

    def prune(self) -> None:
        """Drop what was not used for longest where there is too much."""
        with contextlib.suppress(OSError):
            entries = []
            for entry in os.scandir(self.folder):
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    entries.append((found.st_mtime, found.st_size, entry.path))
            entries.sort(reverse=True)
            if len(entries) <= MOST_ENTRIES and sum(size for _, size, _ in entries) <= MOST_BYTES:
                return
            kept_bytes = 0
            for number, (_, size, path) in enumerate(entries):
                kept_bytes += size
                if number >= MOST_ENTRIES * _KEPT_SHARE or kept_bytes > MOST_BYTES * _KEPT_SHARE:
                    with contextlib.suppress(OSError):
                        os.unlink(path)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"


def opened(folder: Path) -> Store:
    """Return the store in `folder`, which is made where it is not there yet. Raises `Unusable`."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.stat(follow_symlinks=False)
    except OSError as problem:
        raise Unusable(f"cannot use `{folder}` as a cache: {problem.strerror}") from problem
    if not stat.S_ISDIR(found.st_mode):
        raise Unusable(f"cannot use `{folder}` as a cache: it is not a folder")
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise Unusable(f"cannot use `{folder}` as a cache: others may write there (`chmod 700` makes it yours alone)")
    return Store(folder)
