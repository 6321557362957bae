"""Pieces of addresses at places: what is found by their order is what a look at each would find."""

from __future__ import annotations

from itertools import product

import pytest

from vnetverify.header import Interval
from vnetverify.model.intents import Place
from vnetverify.model.pieces import Pieces

Some = tuple[tuple[Place, Interval], ...]
A, B = Place("subnet", "a"), Place("subnet", "b")
SOME = (
    (),
    ((A, Interval(5, 5)),),
    ((A, Interval(3, 4)), (B, Interval(8, 9))),
    ((A, Interval(2, 9)), (B, Interval(3, 4)), (A, Interval(6, 7))),
    ((A, Interval(1, 4)), (B, Interval(1, 4)), (B, Interval(4, 6)), (A, Interval(9, 10))),
)
ADDRESSES = range(12)
INTERVALS = [Interval(low, high) for low, high in product(ADDRESSES, ADDRESSES) if low <= high]

every = pytest.mark.parametrize("some", SOME, ids=len)


@every
def test_each_piece_that_meets_is_found_with_what_is_common_the_last_first(some: Some) -> None:
    pieces = Pieces.of(some)
    for asked in INTERVALS:
        expected = [
            (place, Interval(max(piece.low, asked.low), min(piece.high, asked.high)))
            for place, piece in sorted(some, key=lambda each: (each[1].low, each[1].high, each[0].name))
            if piece.low <= asked.high and asked.low <= piece.high
        ]

        assert list(pieces.meeting(asked)) == expected[::-1]


@every
def test_the_nearest_addresses_beside_are_those_of_any_piece(some: Some) -> None:
    pieces = Pieces.of(some)
    held = {address for _, piece in some for address in range(piece.low, piece.high + 1)}
    for asked in INTERVALS:
        below = max((address for address in held if address < asked.low), default=None)
        above = min((address for address in held if address > asked.high), default=None)

        assert pieces.beside(asked) == (below, above)


@every
def test_pieces_are_counted_by_where_they_begin(some: Some) -> None:
    pieces = Pieces.of(some)
    assert [pieces.below(address) for address in ADDRESSES] == [
        sum(piece.low < address for _, piece in some) for address in ADDRESSES
    ]
    assert [pieces.within(asked) for asked in INTERVALS] == [
        sum(asked.low <= piece.low <= asked.high for _, piece in some) for asked in INTERVALS
    ]


@every
def test_the_hull_reaches_from_the_first_address_to_the_last(some: Some) -> None:
    held = [address for _, piece in some for address in (piece.low, piece.high)]

    assert Pieces.of(some).hull == (Interval(min(held), max(held)) if held else None)


def test_a_piece_that_is_told_twice_is_one() -> None:
    twice = Pieces.of([(A, Interval(1, 2)), (B, Interval(1, 2)), (A, Interval(1, 2))])

    assert list(twice) == [(A, Interval(1, 2)), (B, Interval(1, 2))]
    assert len(twice) == 2
