"""Reads the text of an obligation back into a circuit: strictly, and without any code that wrote it.

What is read is what our own encoder writes and nothing beyond: any other word is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vnetverify.prover.evidence.circuit import FALSE, TRUE, Bits, Circuit, at_most, chosen, equal, number, sum_of

_PLAIN = re.compile(r"[A-Za-z0-9#_=>() \n-]*", re.ASCII)
_SYMBOL = re.compile(r"[a-z]+[0-9]*", re.ASCII)
_CONSTANT = re.compile(r"#(?:x([0-9a-f]+)|b([01]+))", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]{0,3}", re.ASCII)
_WIDEST = 256

Value = int | Bits
"""A Boolean is a literal, a bit-vector the literals of its bits."""


class Unreadable(Exception):
    """A text that no encoder of ours writes; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Sort:
    """The sort of bit-vectors of `width` bits."""

    width: int


@dataclass(frozen=True, slots=True)
class _Extract:
    """The function that takes bits `high` down to `low`."""

    high: int
    low: int


@dataclass(frozen=True, slots=True)
class _NoArguments:
    """The empty list of arguments of a definition."""


_Item = str | Value | _Sort | _Extract | _NoArguments
_Items = Sequence[_Item]


@dataclass(slots=True)
class Reading:
    """A circuit for a text: what is asserted holds all together iff the text is satisfied."""

    circuit: Circuit
    asserted: list[int] = field(default_factory=list)
    symbols: dict[str, Value] = field(default_factory=dict)
    defined: dict[str, Value] = field(default_factory=lambda: {"true": TRUE, "false": FALSE})

    def assume(self, literal: str) -> None:
        """Assert a declared Boolean, or with a minus its negation."""
        value = self.symbols.get(literal.removeprefix("-"))
        if not isinstance(value, int):
            raise Unreadable(f"no Boolean `{literal[:40]}` is declared")
        self.asserted.append(-value if literal.startswith("-") else value)

    def fix(self, symbol: str, value: int, width: int) -> None:
        """Assert that a declared bit-vector has this value."""
        bits = self.symbols.get(symbol)
        if not isinstance(bits, tuple) or len(bits) != width or not 0 <= value < 1 << width:
            raise Unreadable(f"no number `{symbol[:40]}` of {width} bits is declared")
        self.asserted.append(equal(self.circuit, bits, number(value, width)))

    def values_where(self, holds: Callable[[int], bool]) -> dict[str, int]:
        """Return the values of the declared symbols, where `holds` tells which inputs of the circuit are true."""
        return {
            symbol: sum(1 << place for place, bit in enumerate(_bits_of(value)) if holds(bit))
            for symbol, value in self.symbols.items()
        }

    def is_satisfied_by(self, values: Mapping[str, int]) -> bool:
        """Tell whether all that is asserted holds where the declared symbols have these values, else nought."""
        true = {TRUE}
        for symbol, value in self.symbols.items():
            true.update(bit for place, bit in enumerate(_bits_of(value)) if values.get(symbol, 0) >> place & 1)
        self.circuit.evaluate(true)
        return all((abs(literal) in true) == (literal > 0) for literal in self.asserted)


def _bits_of(value: Value) -> Bits:
    return (value,) if isinstance(value, int) else value


def read_obligation(
    text: str, assumed: Iterable[str], fixed: Mapping[str, tuple[int, int]], most_gates: int
) -> Reading:
    """Return the circuit of a text with its assumptions. Raises `Unreadable` and `TooLarge`."""
    reading = Reading(Circuit(most_gates))
    _read_text(reading, text)
    for literal in assumed:
        reading.assume(literal)
    for symbol, (value, width) in fixed.items():
        reading.fix(symbol, value, width)
    return reading


def _read_text(reading: Reading, text: str) -> None:
    """Carry out the commands of a text. It may be nested as deeply as it likes."""
    if not _PLAIN.fullmatch(text):
        raise Unreadable("it has a character that no term has")
    open_lists: list[list[_Item]] = []
    for token in text.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            open_lists.append([])
        elif not open_lists:
            raise Unreadable(f"`{token[:40]}` stands outside of a command")
        elif token != ")":
            open_lists[-1].append(token)
        elif len(open_lists) > 1:
            closed = open_lists.pop()
            open_lists[-1].append(_term(reading, closed))
        else:
            _command(reading, open_lists.pop())
    if open_lists:
        raise Unreadable("a command is not closed")


def _command(reading: Reading, items: _Items) -> None:
    match items:
        case ["assert", condition]:
            reading.asserted.append(_boolean(reading, condition))
        case ["define-fun", str(symbol), _NoArguments(), "Bool", term]:
            _introduce(reading, symbol, _boolean(reading, term))
        case ["declare-const", str(symbol), "Bool"]:
            _introduce(reading, symbol, reading.circuit.inputs(1)[0])
            reading.symbols[symbol] = reading.defined[symbol]
        case ["declare-const", str(symbol), _Sort(width)]:
            _introduce(reading, symbol, reading.circuit.inputs(width))
            reading.symbols[symbol] = reading.defined[symbol]
        case _:
            raise Unreadable(f"no command of ours is {items!r:.80}")


def _introduce(reading: Reading, symbol: str, value: Value) -> None:
    if not _SYMBOL.fullmatch(symbol) or symbol in _FUNCTIONS or symbol in reading.defined:
        raise Unreadable(f"`{symbol[:40]}` cannot be declared")
    reading.defined[symbol] = value


# -- terms ------------------------------------------------------------------------------------------------


def _term(reading: Reading, items: _Items) -> _Item:
    """Return what a list stands for, whose own lists have been replaced so already."""
    if not items:
        return _NoArguments()
    head, *arguments = items
    if isinstance(head, _Extract):
        return _extracted(reading, head, arguments)
    function = _FUNCTIONS.get(head) if isinstance(head, str) else None
    if function is None:
        raise Unreadable(f"no function of ours is {head!r:.80}")
    return function(reading, arguments)


def _indexed(_: Reading, arguments: _Items) -> _Item:
    match arguments:
        case ["extract", high, low]:
            return _Extract(_count(high), _count(low))
        case ["BitVec", width] if 1 <= _count(width) <= _WIDEST:
            return _Sort(_count(width))
        case _:
            raise Unreadable(f"nothing of ours has the indices {arguments!r:.80}")


def _count(item: _Item) -> int:
    if not isinstance(item, str) or not _COUNT.fullmatch(item):
        raise Unreadable(f"{item!r:.40} is no count of bits")
    return int(item)


def _extracted(reading: Reading, taken: _Extract, arguments: _Items) -> Value:
    (whole,) = _bits(reading, arguments, 1)
    if not taken.low <= taken.high < len(whole):
        raise Unreadable(f"bits {taken.high} to {taken.low} are taken of {len(whole)}")
    return whole[taken.low : taken.high + 1]


def _negation(reading: Reading, arguments: _Items) -> Value:
    (condition,) = _booleans(reading, arguments, 1)
    return -condition


def _conjunction(reading: Reading, arguments: _Items) -> Value:
    return reading.circuit.all_of(_booleans(reading, arguments))


def _disjunction(reading: Reading, arguments: _Items) -> Value:
    return reading.circuit.any_of(_booleans(reading, arguments))


def _implication(reading: Reading, arguments: _Items) -> Value:
    condition, then = _booleans(reading, arguments, 2)
    return reading.circuit.any_of((-condition, then))


def _choice(reading: Reading, arguments: _Items) -> Value:
    if len(arguments) != 3:
        raise Unreadable("`ite` takes three arguments")
    condition = _boolean(reading, arguments[0])
    match [_value(reading, item) for item in arguments[1:]]:
        case [int(then), int(otherwise)]:
            return reading.circuit.choose(condition, then, otherwise)
        case _:
            return chosen(reading.circuit, condition, *_bits(reading, arguments[1:], 2))


def _equality(reading: Reading, arguments: _Items) -> Value:
    match [_value(reading, item) for item in arguments]:
        case [int(one), int(other)]:
            return reading.circuit.same(one, other)
        case _:
            return equal(reading.circuit, *_bits(reading, arguments, 2))


def _not_above(reading: Reading, arguments: _Items) -> Value:
    one, other = _bits(reading, arguments, 2)
    return at_most(reading.circuit, one, other)


def _not_below(reading: Reading, arguments: _Items) -> Value:
    one, other = _bits(reading, arguments, 2)
    return at_most(reading.circuit, other, one)


def _above(reading: Reading, arguments: _Items) -> Value:
    one, other = _bits(reading, arguments, 2)
    return -at_most(reading.circuit, one, other)


def _sum(reading: Reading, arguments: _Items) -> Value:
    one, other = _bits(reading, arguments, 2)
    return sum_of(reading.circuit, one, other)


_FUNCTIONS: Mapping[str, Callable[[Reading, _Items], _Item]] = {
    "_": _indexed,
    "not": _negation,
    "and": _conjunction,
    "or": _disjunction,
    "=>": _implication,
    "ite": _choice,
    "=": _equality,
    "bvule": _not_above,
    "bvuge": _not_below,
    "bvugt": _above,
    "bvadd": _sum,
}


# -- arguments --------------------------------------------------------------------------------------------


def _booleans(reading: Reading, items: _Items, count: int | None = None) -> list[int]:
    if not items or (count is not None and len(items) != count):
        raise Unreadable(f"{len(items)} arguments stand where {count or 'some'} have to")
    return [_boolean(reading, item) for item in items]


def _boolean(reading: Reading, item: _Item) -> int:
    value = _value(reading, item)
    if not isinstance(value, int):
        raise Unreadable("a number stands where a condition has to")
    return value


def _bits(reading: Reading, items: _Items, count: int) -> list[Bits]:
    """Return the bits of so many numbers of one width."""
    values = [_value(reading, item) for item in items]
    numbers = [value for value in values if isinstance(value, tuple)]
    if len(values) != count or len(numbers) != count or len(set(map(len, numbers))) != 1:
        raise Unreadable(f"{count} numbers of one width have to stand where others stand")
    return numbers


def _value(reading: Reading, item: _Item) -> Value:
    if isinstance(item, int | tuple):
        return item
    if isinstance(item, str):
        value = reading.defined.get(item)
        if value is not None:
            return value
        if found := _CONSTANT.fullmatch(item):
            return _number_written(found[1], 16, 4) if found[1] else _number_written(found[2], 2, 1)
    raise Unreadable(f"nothing is called {item!r:.40}")


def _number_written(digits: str, base: int, bits_of_digit: int) -> Bits:
    return number(int(digits, base), len(digits) * bits_of_digit)
