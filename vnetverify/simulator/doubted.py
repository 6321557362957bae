"""Collections some of whose things are there only if what they need is up, where a partial world leaves that open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from vnetverify.facts import Uncertainty, Undetermined

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doubted(Collection[T], Generic[T]):
    """Things, each with the fact that takes it away where nothing says yet whether that is so.

    To come to one of these raises `Undetermined`.
    """

    things: tuple[tuple[T, Uncertainty | None], ...]

    def __iter__(self) -> Iterator[T]:
        return self.where(lambda _: True)

    def __contains__(self, wanted: object) -> bool:
        return any(True for _ in self.where(lambda thing: thing == wanted))

    def __len__(self) -> int:
        return len(tuple(iter(self)))  # a tuple of `self` would ask for its length

    def where(self, is_wanted: Callable[[T], bool]) -> Iterator[T]:
        """Yield the things that are wanted; it is not asked whether others are there."""
        for thing, doubt in self.things:
            if is_wanted(thing):
                if doubt is not None:
                    raise Undetermined(doubt)
                yield thing


def doubted(things: Iterable[tuple[T, Uncertainty | None]]) -> Collection[T]:
    """Return the things, as they are where nothing about them is in doubt."""
    told = tuple(things)
    if any(doubt is not None for _, doubt in told):
        return Doubted(told)
    return tuple(thing for thing, _ in told)


def those(things: Collection[T], is_wanted: Callable[[T], bool]) -> Iterator[T]:
    """Yield the things that are wanted; it is not asked whether others are there. Raises `Undetermined`."""
    return things.where(is_wanted) if isinstance(things, Doubted) else filter(is_wanted, things)
