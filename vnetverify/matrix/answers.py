"""What a survey says of a pair: one byte of bounds, and what they amount to."""

from __future__ import annotations

from enum import Enum

ARRIVES, MAY_ARRIVE = 1, 2
"""Some flow surely is delivered; some flow may be."""
ANSWERED, MAY_BE_ANSWERED = 4, 8
"""Some flow is delivered and its reply comes back."""
ALL, MAY_BE_ALL = 16, 32
"""Every flow is delivered and its reply comes back."""
PASSES_NONE, MAY_PASS_NONE = 64, 128
"""Some flow is delivered that passes no appliance."""

UNDECIDED = MAY_ARRIVE | MAY_BE_ANSWERED | MAY_BE_ALL | MAY_PASS_NONE
_OF_EVERY = ALL | MAY_BE_ALL
_QUESTIONS = ((ARRIVES, MAY_ARRIVE), (ANSWERED, MAY_BE_ANSWERED), (ALL, MAY_BE_ALL), (PASSES_NONE, MAY_PASS_NONE))


class Standing(Enum):
    """How a pair stands: what becomes of its flows."""

    ALL = "all"
    SOME = "some"
    UNANSWERED = "unanswered"
    NONE = "none"


def together(one: int, other: int) -> int:
    """Return the byte of two pairs taken as one."""
    return (one | other) & ~_OF_EVERY | one & other & _OF_EVERY


def is_settled(code: int) -> bool:
    """Hold when both bounds agree in every question."""
    return all(bool(code & sure) == bool(code & possible) for sure, possible in _QUESTIONS)


def standing_of(code: int) -> Standing:
    """Return what a settled byte says."""
    if code & ALL:
        return Standing.ALL
    if code & ANSWERED:
        return Standing.SOME
    return Standing.UNANSWERED if code & ARRIVES else Standing.NONE
