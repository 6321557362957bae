"""Pieces of addresses at places, found by what they have in common with some addresses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from vnetverify.header import Interval
from vnetverify.model.intents import Place


@dataclass(frozen=True)
class Pieces:
    """Pieces of addresses, each at a place, in order of their first addresses; they may overlap."""

    sorted: tuple[tuple[Interval, Place], ...]

    @staticmethod
    def of(pieces: Iterable[tuple[Place, Interval]]) -> Pieces:
        return Pieces(tuple(sorted(((piece, place) for place, piece in set(pieces)), key=_in_order)))

    def __len__(self) -> int:
        return len(self.sorted)

    def __iter__(self) -> Iterator[tuple[Place, Interval]]:
        return ((place, piece) for piece, place in self.sorted)

    @property
    def hull(self) -> Interval | None:
        """The addresses from the first to the last; None where there are none."""
        return Interval(self.sorted[0][0].low, self._lasts[-1]) if self.sorted else None

    def below(self, address: int) -> int:
        """Return how many pieces begin below the address."""
        return bisect_left(self.sorted, address, key=_first)

    def within(self, addresses: Interval) -> int:
        """Return how many pieces begin within `addresses`."""
        return self.below(addresses.high + 1) - self.below(addresses.low)

    def beside(self, addresses: Interval) -> tuple[int | None, int | None]:
        """Return the last address below `addresses` that a piece has, and the first above; None where none has any."""
        low, high = addresses.low, addresses.high
        before, after = self.below(low), bisect_right(self.sorted, high, key=_first)
        last = min(self._lasts[before - 1], low - 1) if before else None
        if after and self._lasts[after - 1] > high:
            return last, high + 1
        return last, self.sorted[after][0].low if after < len(self.sorted) else None

    @cached_property
    def _lasts(self) -> tuple[int, ...]:
        """The last address of each piece and all those before it."""
        return tuple(accumulate((piece.high for piece, _ in self.sorted), max))

    def meeting(self, addresses: Interval) -> Iterator[tuple[Place, Interval]]:
        """Yield what each piece and `addresses` have in common, with its place, the last piece first."""
        for number in range(bisect_right(self.sorted, addresses.high, key=_first) - 1, -1, -1):
            if self._lasts[number] < addresses.low:
                return
            piece, place = self.sorted[number]
            if piece.high >= addresses.low:
                yield place, Interval(max(piece.low, addresses.low), min(piece.high, addresses.high))


def _in_order(piece: tuple[Interval, Place]) -> tuple[int, int, str, str]:
    """Return what pieces are sorted by: the addresses, and the place for those that are at several."""
    addresses, place = piece
    return addresses.low, addresses.high, place.kind, place.name


def _first(piece: tuple[Interval, Place]) -> int:
    return piece[0].low
