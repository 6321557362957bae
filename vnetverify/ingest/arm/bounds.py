"""How much work and memory the expressions of a template may take."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.arm.failures import EvaluationError

MOST_CHARACTERS = 1_000_000  # of one text that a function makes; a whole template may be 4 MB
MOST_VALUES = 100_000  # of one value, its members and their members counted
MOST_LEVELS = 100  # of lists and objects in one value, as the limits of Azure Resource Manager
MOST_NESTING = 400  # frames of the stack, roughly, that evaluations within evaluations take
MOST_STEPS = 2_000_000  # of all expressions together
MOST_MADE = 50_000_000  # characters that all expressions together make, values counted as some each
CHARACTERS_A_VALUE = 8  # a list holds a number in the memory of even more


def require_characters(length: int) -> None:
    """Raise `EvaluationError` where a text of `length` characters must not be made; to be asked before it is."""
    if length > MOST_CHARACTERS:
        raise EvaluationError(f"a text of more than {MOST_CHARACTERS} characters would be made")


def require_values(count: int) -> None:
    """Raise `EvaluationError` where a value with `count` members must not be made; to be asked before it is."""
    if count > MOST_VALUES:
        raise EvaluationError(f"a value with more than {MOST_VALUES} members would be made")


class Bounds:
    """What is left to the expressions of one reading; shared by every deployment that it reads."""

    __slots__ = ("left", "made", "nesting")

    def __init__(self, steps: int = MOST_STEPS, made: int = MOST_MADE) -> None:
        self.left = steps
        self.made = made
        self.nesting = 0

    def step(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise EvaluationError("the expressions of the template take too many steps")

    def enter(self, frames: int = 1) -> None:
        """Count a step, and one more evaluation that stands within others; `leave` it, whatever comes of it."""
        self.step()
        self.nesting += frames
        if self.nesting > MOST_NESTING:
            self.nesting -= frames
            raise EvaluationError("evaluation nests too deeply: what needs itself never ends")

    def leave(self, frames: int = 1) -> None:
        self.nesting -= frames

    def measure(self, value: Any) -> None:
        """Take note that a function made `value`. Raises `EvaluationError` where it holds too much.

        Members that stand in it twice count twice.
        """
        if isinstance(value, str):
            require_characters(len(value))
            self._spend(len(value))
            return
        if not isinstance(value, (dict, list)):
            return
        count, pending = 0, [(value, 1)]
        while pending:
            item, depth = pending.pop()
            members = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            if not members:
                continue
            if depth > MOST_LEVELS:
                raise EvaluationError(f"a value that nests deeper than {MOST_LEVELS} levels would be made")
            count += len(members)
            require_values(count)
            pending.extend((member, depth + 1) for member in members if isinstance(member, (dict, list)))
        self._spend(count * CHARACTERS_A_VALUE)

    def _spend(self, amount: int) -> None:
        self.made -= amount
        if self.made < 0:
            raise EvaluationError("the expressions of the template make too many values")
