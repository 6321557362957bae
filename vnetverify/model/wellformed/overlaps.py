"""Overlapping prefixes, found by one sweep over the sorted ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from vnetverify.header import Prefix

Owner = TypeVar("Owner", bound=Hashable)


def overlaps(prefixes: Iterable[tuple[Prefix, Owner]]) -> Iterator[tuple[tuple[Prefix, Owner], tuple[Prefix, Owner]]]:
    """Yield each prefix that lies in one of another owner, after the narrowest such one, each prefix at most once.

    Two prefixes overlap only when one contains the other, so a stack of the open ones is enough. A prefix inside
    one of its own owner's adds nothing to the stack, hence neighbours on it have different owners.
    """
    open_ones: list[tuple[Prefix, Owner]] = []
    for prefix, owner in sorted(prefixes, key=lambda item: item[0]):
        while open_ones and open_ones[-1][0].last < prefix.value:
            open_ones.pop()
        own = bool(open_ones) and open_ones[-1][1] == owner
        outer = open_ones[-2:-1] if own else open_ones[-1:]
        if outer:
            yield outer[0], (prefix, owner)
        if not own:
            open_ones.append((prefix, owner))


def outermost(prefixes: Iterable[Prefix]) -> list[Prefix]:
    """Return the prefixes that lie in no other, sorted and hence disjoint."""
    found: list[Prefix] = []
    for prefix in sorted(prefixes):
        if not found or found[-1].last < prefix.value:
            found.append(prefix)
    return found
