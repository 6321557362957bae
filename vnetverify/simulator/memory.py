"""What was worked out about a network and holds in every world, kept for the next question.

Who remembers something declares a kind of it, so that this module knows nothing of what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Remembered(Generic[_Key, _Value]):
    """One kind of thing to remember: values by their keys."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one network, by its kind."""

    _kinds: dict[Remembered[Any, Any], dict[Any, Any]] = field(default_factory=dict)

    def of(self, kind: Remembered[_Key, _Value]) -> dict[_Key, _Value]:
        """Return all of that kind, to read and to add to."""
        return self._kinds.setdefault(kind, {})
