"""Boolean functions as gates: equal gates are one, and constants fold away.

A literal is a number, its negation the negative number; 1 is true, so -1 is false.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

TRUE, FALSE = 1, -1


class TooLarge(Exception):
    """More gates or clauses than the budget allows."""


@dataclass(frozen=True, slots=True)
class And:
    """Holds when all of `parts` do: at least two, different, none the negation of another."""

    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """As true as `then` where `condition` holds, else as `otherwise`."""

    condition: int
    then: int
    otherwise: int


@dataclass(frozen=True, slots=True)
class Same:
    """Holds when both are true or both false."""

    one: int
    other: int


Gate = And | Choice | Same


@dataclass(slots=True)
class Circuit:
    """Gates by the number of their output; what has no gate is an input, or number 1, which is true."""

    most: int
    gates: dict[int, Gate] = field(default_factory=dict)
    _outputs: dict[Gate, int] = field(default_factory=dict)
    _last: int = TRUE

    def inputs(self, count: int) -> tuple[int, ...]:
        """Return that many new literals which nothing determines."""
        return tuple(self._fresh() for _ in range(count))

    def all_of(self, literals: Iterable[int]) -> int:
        parts = dict.fromkeys(literals)
        parts.pop(TRUE, None)
        if FALSE in parts or any(-part in parts for part in parts):
            return FALSE
        if len(parts) < 2:
            return next(iter(parts), TRUE)
        return self._output(And(tuple(sorted(parts))))

    def any_of(self, literals: Iterable[int]) -> int:
        return -self.all_of(-literal for literal in literals)

    def same(self, one: int, other: int) -> int:
        """Return what holds when the two are alike."""
        if abs(one) > abs(other):
            one, other = other, one
        if one in (TRUE, FALSE):
            return other if one == TRUE else -other
        if abs(one) == abs(other):
            return TRUE if one == other else FALSE
        output = self._output(Same(abs(one), abs(other)))
        return output if (one > 0) == (other > 0) else -output

    def choose(self, condition: int, then: int, otherwise: int) -> int:
        """Return what is as true as `then` where the condition holds, and as `otherwise` where not."""
        if condition < 0:
            condition, then, otherwise = -condition, otherwise, then
        if condition == TRUE or then == otherwise:
            return then
        if then == -otherwise:
            return self.same(condition, then)
        if then in (TRUE, condition):
            return self.any_of((condition, otherwise))
        if then in (FALSE, -condition):
            return self.all_of((-condition, otherwise))
        if otherwise in (FALSE, condition):
            return self.all_of((condition, then))
        if otherwise in (TRUE, -condition):
            return self.any_of((-condition, then))
        if then < 0:
            return -self._output(Choice(condition, -then, -otherwise))
        return self._output(Choice(condition, then, otherwise))

    def evaluate(self, true: set[int]) -> None:
        """Add to the inputs that are true the gates that then hold."""

        def holds(literal: int) -> bool:
            return (abs(literal) in true) == (literal > 0)

        for output, gate in self.gates.items():  # each after those that it takes
            match gate:
                case And(parts):
                    value = all(map(holds, parts))
                case Choice(condition, then, otherwise):
                    value = holds(then) if holds(condition) else holds(otherwise)
                case Same(one, other):
                    value = holds(one) == holds(other)
                case _:
                    assert_never(gate)
            if value:
                true.add(output)

    def _output(self, gate: Gate) -> int:
        output = self._outputs.get(gate)
        if output is None:
            output = self._outputs[gate] = self._fresh()
            self.gates[output] = gate
        return output

    def _fresh(self) -> int:
        self._last += 1
        if self._last > self.most:
            raise TooLarge(f"more than {self.most} gates")
        return self._last


# -- numbers, as literals of their bits, the least significant first --------------------------------------


Bits = tuple[int, ...]


def number(value: int, width: int) -> Bits:
    return tuple(TRUE if value >> place & 1 else FALSE for place in range(width))


def equal(circuit: Circuit, one: Bits, other: Bits) -> int:
    """Return what holds when two numbers of one width are equal."""
    return circuit.all_of(circuit.same(a, b) for a, b in zip(one, other, strict=True))


def at_most(circuit: Circuit, one: Bits, other: Bits) -> int:
    """Return what holds when unsigned `one` is not above `other`: a ladder, whose rungs fold where a bit is known."""
    result = TRUE
    for a, b in zip(one, other, strict=True):
        result = circuit.choose(circuit.same(a, b), result, b)
    return result


def sum_of(circuit: Circuit, one: Bits, other: Bits) -> Bits:
    """Return the sum of two numbers of one width, modulo its range."""
    carry, result = FALSE, []
    for a, b in zip(one, other, strict=True):
        alike = circuit.same(a, b)
        result.append(circuit.same(alike, carry))
        carry = circuit.choose(alike, a, carry)
    return tuple(result)


def chosen(circuit: Circuit, condition: int, then: Sequence[int], otherwise: Sequence[int]) -> Bits:
    return tuple(circuit.choose(condition, a, b) for a, b in zip(then, otherwise, strict=True))
