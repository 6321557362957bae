"""What people write who know English, or other languages for networks, and what this one says instead."""

from __future__ import annotations

from collections.abc import Collection

_IN_PLACE_OF_VERBS = frozenset(
    ("->", "can", "can't", "cannot", "could", "do", "does", "doesn't", "is", "are", "must", "shall", "should")
)
_VERBS = ("reaches", "isolated")


def habit(before: str, word: str, after: str, expected: Collection[str]) -> str | None:
    """Return what to write in place of `word`, in whose place some of `expected` could stand; None where no habit
    explains it. `before` and `after` are the rest of its line."""
    last = before.split()[-1].lower() if before.split() else ""
    if "reaches" in expected:
        if last in ("via", "through"):
            return f"`only via {word}` says by what all of it has to go, `not via {word}` by what nothing may"
        if last in ("and", "or"):
            return "several places, or services, are listed with commas: `https, ssh`"
        if word.lower() in _IN_PLACE_OF_VERBS:
            return "a sentence says `reaches`, `sometimes reaches`, `never reaches` or `isolated from`"
    if set(expected) == {"allow", "deny"} and last in expected:
        return f"the name of the rule stands before `{last}`"
    if "appliance" in expected and word[:1].isdigit():
        return f"write `appliance {word}`"
    if "intent" in expected and any(verb in after.split() for verb in _VERBS):
        return "a sentence stands in an intent: `intent NAME { … }`"
    return None
