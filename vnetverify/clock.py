"""Where the time of a run goes, by phase."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

PHASES = (
    "start",
    "parse",
    "ingest",
    "resolve",
    "check",
    "cache",
    "cluster",
    "encode",
    "solve",
    "assure",
    "replay",
    "explain",
)
"""All phases, in the order of the work; the seconds of worker processes are added up."""
WHOLE = "whole"
"""What a run took by the clock on the wall, beside its phases."""


@dataclass(slots=True)
class Clock:
    """Seconds spent by phase. A phase within another is taken out of it, so that no second counts twice."""

    seconds: dict[str, float] = field(default_factory=dict)
    _under_way: list[str] = field(default_factory=list)
    _since: float = 0.0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._settle()
        self._under_way.append(name)
        try:
            yield
        finally:
            self._settle()
            self._under_way.pop()

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def add_all(self, seconds: Mapping[str, float]) -> None:
        for name, each in seconds.items():
            self.add(name, each)

    def move(self, seconds: float, source: str, target: str) -> None:
        """Count `seconds` of the phase `source`, which is over, as `target`: so long it waited for another process."""
        self.add(source, -seconds)
        self.add(target, seconds)

    def in_order(self) -> dict[str, float]:
        """Return the seconds by phase, in the order of the work."""
        return {name: self.seconds[name] for name in PHASES if name in self.seconds}

    def _settle(self) -> None:
        now = time.perf_counter()
        if self._under_way:
            self.add(self._under_way[-1], now - self._since)
        self._since = now
