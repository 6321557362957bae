"""What became of changes, kept in a file so that a run goes on where the last one ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

# What notices a change is a test that fails, or takes ever so much longer. `BROKEN` is an error of ours.
KILLED, LATE, SURVIVED, UNREACHED, BROKEN = "killed", "late", "survived", "unreached", "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change; `by` is the test that noticed it, after `tests` of the `reaching` ones were run."""

    outcome: str
    by: str
    tests: int
    reaching: int
    seconds: float

    @property
    def is_noticed(self) -> bool:
        return self.outcome in (KILLED, LATE)


def load(path: Path) -> dict[str, Outcome]:
    """Return the outcomes by the names of the changes."""
    if not path.exists():
        return {}
    return {key: Outcome(**outcome) for key, outcome in json.loads(path.read_text()).items()}


def save(outcomes: Mapping[str, Outcome], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps({key: asdict(outcome) for key, outcome in outcomes.items()}))
    beside.replace(path)
