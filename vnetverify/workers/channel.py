"""Messages between a run and its own worker processes.

They are pickled, which is safe between processes that one program has made of itself, and nowhere else.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from threading import Lock
from typing import Any

_LENGTH = struct.Struct("!Q")
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Channel:
    """One end of a pipe that goes both ways. Whoever closes the other end, or dies, is an `EOFError` or `OSError`."""

    connection: Connection[Any, Any]
    _arrived: bytearray = field(default_factory=bytearray)
    _sending: Lock = field(default_factory=Lock)

    def fileno(self) -> int:
        return self.connection.fileno()

    def send(self, message: object) -> None:
        """Send a message whole, from any thread."""
        packed = bytes(ForkingPickler.dumps(message))
        rest = memoryview(_LENGTH.pack(len(packed)) + packed)
        with self._sending:
            while rest:
                rest = rest[os.write(self.fileno(), rest) :]

    def receive(self) -> list[Any]:
        """Return the messages that are whole after what has arrived, or else arrives next, was read once."""
        chunk = os.read(self.fileno(), _CHUNK)
        if not chunk:
            raise EOFError
        self._arrived.extend(chunk)
        messages = []
        while (packed := self._first_whole()) is not None:
            messages.append(ForkingPickler.loads(packed))
        return messages

    def _first_whole(self) -> bytes | None:
        head = _LENGTH.size
        if len(self._arrived) < head:
            return None
        (length,) = _LENGTH.unpack_from(self._arrived)
        if len(self._arrived) < head + length:
            return None
        packed = bytes(self._arrived[head : head + length])
        del self._arrived[: head + length]
        return packed

    def close(self) -> None:
        self.connection.close()


def is_sent_whole(message: object) -> bool:
    """Tell whether what comes out at the other end is made as what was sent."""
    try:
        ForkingPickler.loads(bytes(ForkingPickler.dumps(message)))
    except Exception:
        return False
    return True
