"""What became of changes, kept in a file so that a run goes on where the last one ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

# What notices a change is a test that fails, or takes ever so much longer, or else a short campaign of fuzzing.
# `BROKEN` is an error of ours.
KILLED, LATE, FUZZED, SURVIVED, UNREACHED, BROKEN = "killed", "late", "fuzzed", "survived", "unreached", "broken"


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
        return self.outcome in (KILLED, LATE, FUZZED)


def load(path: Path) -> dict[str, Outcome]:
    """Return the outcomes by the names of the changes; of one that was tried again, the last."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {name: Outcome(**outcome) for name, outcome in lines}


def add(name: str, outcome: Outcome, path: Path) -> None:
    """Keep an outcome: a line at the end of the file, so that two runs may write at once."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps((name, asdict(outcome))) + "\n")
