"""The changes that no test notices, each with the reason why: `survivors.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("survivors.toml")
# What makes no difference to any answer: the same program; the same with more work, a larger formula or a longer proof;
# one whose difference no network shows that passes the checks before; other words for people. A `gap` does make one.
NO_DIFFERENCE = ("equivalent", "cost", "unreachable", "words")
GAP = "gap"


@dataclass(frozen=True, slots=True)
class Survivor:
    """`change` is the key of the change, `kind` one of `NO_DIFFERENCE` or `GAP`."""

    change: str
    kind: str
    why: str

    @property
    def module(self) -> str:
        return self.change.partition(" ")[0]


def explained() -> tuple[Survivor, ...]:
    """Return the survivors that are explained, in the order of the file."""
    return tuple(Survivor(**entry) for entry in tomllib.loads(FILE.read_text()).get("survivor", ()))
