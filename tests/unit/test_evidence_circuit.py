"""Gates mean what they are called, fold where that is known at once, and their clauses hold wherever they do."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from vnetverify.prover.evidence.circuit import (
    FALSE,
    TRUE,
    And,
    Choice,
    Circuit,
    Same,
    TooLarge,
    at_most,
    chosen,
    equal,
    number,
    sum_of,
)
from vnetverify.prover.evidence.clauses import formula_of

PLENTY = 10_000
INPUTS = 3
WORLDS = tuple(product((False, True), repeat=INPUTS))


def fresh() -> tuple[Circuit, tuple[int, ...]]:
    """Return a circuit of three inputs and all literals over them, constants first."""
    circuit = Circuit(PLENTY)
    inputs = circuit.inputs(INPUTS)
    return circuit, (TRUE, FALSE, *inputs, *(-one for one in inputs))


def value(circuit: Circuit, literal: int, world: tuple[bool, ...]) -> bool:
    """Return what a literal is where the inputs, which are numbered from 2, have these values."""
    true = {TRUE, *(number for number, holds in enumerate(world, 2) if holds)}
    circuit.evaluate(true)
    return (abs(literal) in true) == (literal > 0)


def table(circuit: Circuit, literal: int) -> tuple[bool, ...]:
    return tuple(value(circuit, literal, world) for world in WORLDS)


def expected(of: Callable[..., bool], *literals: int) -> tuple[bool, ...]:
    circuit, _ = fresh()
    return tuple(of(*(value(circuit, literal, world) for literal in literals)) for world in WORLDS)


def is_a_literal(meaning: tuple[bool, ...]) -> bool:
    """Tell whether a function is constant, or an input or its negation."""
    circuit, literals = fresh()
    return meaning in {table(circuit, literal) for literal in literals}


def built(
    size: int, build: Callable[..., int], of: Callable[..., bool]
) -> Iterator[tuple[Circuit, int, tuple[bool, ...]]]:
    """Yield what is built of each choice of so many literals, and what it has to mean."""
    for chosen_literals in product(fresh()[1], repeat=size):
        circuit, _ = fresh()
        yield circuit, build(circuit, *chosen_literals), expected(of, *chosen_literals)


@pytest.mark.parametrize(
    ("size", "build", "of"),
    [
        (2, Circuit.same, lambda a, b: a == b),
        (3, Circuit.choose, lambda a, b, c: b if a else c),
        (2, lambda circuit, a, b: circuit.all_of((a, b)), lambda a, b: a and b),
        (3, lambda circuit, a, b, c: circuit.all_of((a, b, c)), lambda a, b, c: a and b and c),
        (3, lambda circuit, a, b, c: circuit.any_of((a, b, c)), lambda a, b, c: a or b or c),
    ],
)
def test_gates_mean_what_they_are_called_and_fold_what_needs_none(
    size: int, build: Callable[..., int], of: Callable[..., bool]
) -> None:
    for circuit, literal, meaning in built(size, build, of):
        assert meaning == table(circuit, literal)
        assert len(circuit.gates) == (0 if is_a_literal(meaning) else 1)


def test_all_of_nothing_is_true_and_any_of_nothing_is_false() -> None:
    circuit, _ = fresh()

    assert (circuit.all_of(()), circuit.any_of(())) == (TRUE, FALSE)


def test_what_is_alike_but_for_signs_and_order_is_one_gate() -> None:
    circuit, (_, _, a, b, c, *_) = fresh()

    assert circuit.all_of((a, b, c)) == circuit.all_of((c, a, b, a)) == -circuit.any_of((-b, -a, -c))
    assert circuit.same(a, b) == circuit.same(b, a) == -circuit.same(-a, b) == circuit.same(-a, -b)
    assert circuit.choose(a, b, c) == circuit.choose(-a, c, b) == -circuit.choose(a, -b, -c)
    assert circuit.choose(a, b, -b) == circuit.same(a, b)
    assert circuit.choose(a, b, FALSE) == circuit.all_of((a, b))
    assert circuit.choose(a, b, TRUE) == circuit.any_of((-a, b))
    assert circuit.choose(a, TRUE, b) == circuit.any_of((a, b))
    assert circuit.choose(a, FALSE, b) == circuit.all_of((-a, b))
    assert [type(gate) for gate in circuit.gates.values()] == [And, Same, Choice, And, And, And, And]


def test_gates_are_numbered_behind_what_they_take() -> None:
    circuit, (_, _, a, b, c, *_) = fresh()

    circuit.choose(circuit.same(a, b), circuit.all_of((b, c)), -c)

    assert list(circuit.gates) == [5, 6, 7]


@pytest.mark.parametrize("most", [1, 3, 4])
def test_no_more_gates_and_inputs_than_the_budget(most: int) -> None:
    circuit = Circuit(most)
    circuit.inputs(most - 1)

    with pytest.raises(TooLarge, match=f"more than {most} gates"):
        circuit.inputs(1)


# -- numbers --------------------------------------------------------------------------------------------


def with_numbers(one: int, other: int, build: Callable[..., int]) -> bool:
    """Return what is built of two numbers of three bits that are inputs."""
    circuit = Circuit(PLENTY)
    bits = circuit.inputs(3), circuit.inputs(3)
    literal = build(circuit, *bits)
    world = [bool(each >> place & 1) for each in (one, other) for place in range(3)]
    true = {TRUE, *(number for number, holds in enumerate(world, 2) if holds)}
    circuit.evaluate(true)
    return (abs(literal) in true) == (literal > 0)


@pytest.mark.parametrize("one", range(8))
@pytest.mark.parametrize("other", range(8))
def test_arithmetic_is_that_of_unsigned_numbers(one: int, other: int) -> None:
    def sums_to_five(circuit: Circuit, a: tuple[int, ...], b: tuple[int, ...]) -> int:
        return equal(circuit, sum_of(circuit, a, b), number(5, 3))

    assert with_numbers(one, other, at_most) is (one <= other)
    assert with_numbers(one, other, equal) is (one == other)
    assert with_numbers(one, other, sums_to_five) is ((one + other) % 8 == 5)
    assert with_numbers(one, other, lambda circuit, a, _: at_most(circuit, a, number(other, 3))) is (one <= other)
    assert with_numbers(one, other, lambda circuit, a, _: at_most(circuit, number(other, 3), a)) is (other <= one)


def test_a_number_is_chosen_bit_by_bit() -> None:
    circuit, (_, _, a, *_) = fresh()

    assert chosen(circuit, a, number(5, 3), number(3, 3)) == (TRUE, -a, a)


def test_numbers_of_different_widths_do_not_meet() -> None:
    circuit = Circuit(PLENTY)

    for build in (equal, at_most, sum_of):
        with pytest.raises(ValueError, match="zip"):
            build(circuit, number(1, 3), number(1, 2))


# -- clauses --------------------------------------------------------------------------------------------


def drawn(seed: int) -> tuple[Circuit, list[int]]:
    """Return a circuit and one or two roots in it."""
    dice = random.Random(seed)
    circuit, literals = fresh()
    pool = list(literals[2:])
    for _ in range(dice.randint(1, 8)):
        parts = [dice.choice(pool) * dice.choice((1, -1)) for _ in range(3)]
        pool.append(dice.choice((circuit.choose(*parts), circuit.same(*parts[:2]), circuit.all_of(parts))))
    return circuit, [one for one in dice.sample(pool[-3:], dice.choice((1, 1, 2))) if abs(one) != TRUE]


@pytest.mark.parametrize("lot", range(10))
def test_clauses_can_be_satisfied_in_those_worlds_where_the_roots_hold(lot: int) -> None:
    for seed in range(lot * 30, lot * 30 + 30):
        circuit, roots = drawn(seed)
        formula = formula_of(circuit, roots, PLENTY)
        assert {abs(literal) for clause in formula.clauses for literal in clause} == {*range(1, formula.variables + 1)}
        for world in WORLDS:
            assert all(value(circuit, root, world) for root in roots) is can_hold(
                formula.clauses, formula.variable_of, world
            )


def can_hold(clauses: list[tuple[int, ...]], variable_of: dict[int, int], world: tuple[bool, ...]) -> bool:
    """Tell by trying all values of the gates whether the clauses can hold where the inputs have these values."""
    known = {variable_of[place]: holds for place, holds in enumerate(world, 2) if place in variable_of}
    return _can_hold(clauses, known)


def _can_hold(clauses: list[tuple[int, ...]], known: dict[int, bool]) -> bool:
    left = []
    for clause in clauses:
        if any(known.get(abs(literal)) == (literal > 0) for literal in clause):
            continue
        rest = tuple(literal for literal in clause if abs(literal) not in known)
        if not rest:
            return False
        left.append(rest)
    if not left:
        return True
    variable = abs(min(left, key=len)[0])
    return any(_can_hold(left, {**known, variable: holds}) for holds in (True, False))


def test_clauses_speak_only_of_what_the_roots_rest_on() -> None:
    circuit, (_, _, a, b, c, *_) = fresh()
    root = circuit.any_of((a, b))
    circuit.all_of((b, c))

    formula = formula_of(circuit, [root, TRUE], PLENTY)

    assert formula.variables == 3
    assert sorted(map(len, formula.clauses)) == [1, 2]


def test_the_clauses_of_a_gate_are_written_once() -> None:
    circuit, (_, _, a, b, c, *_) = fresh()
    shared = circuit.all_of((a, b))

    formula = formula_of(circuit, [circuit.any_of((circuit.all_of((shared, c)), circuit.same(shared, c)))], PLENTY)

    assert len(set(formula.clauses)) == len(formula.clauses)


def test_what_is_false_is_an_empty_clause() -> None:
    circuit, (_, _, a, *_) = fresh()

    assert formula_of(circuit, [a, FALSE, -a], PLENTY).clauses.count(()) == 1


def test_the_same_root_twice_is_written_once() -> None:
    circuit, (_, _, a, b, *_) = fresh()
    root = circuit.same(a, b)

    assert formula_of(circuit, [root, root], PLENTY).clauses == formula_of(circuit, [root], PLENTY).clauses


def test_the_budget_of_clauses_is_exact() -> None:
    circuit, (_, _, a, b, c, *_) = fresh()
    roots = [circuit.choose(a, b, c), circuit.same(b, c)]
    count = len(formula_of(circuit, roots, PLENTY).clauses)

    assert len(formula_of(circuit, roots, count).clauses) == count
    with pytest.raises(TooLarge, match=f"more than {count - 1} clauses"):
        formula_of(circuit, roots, count - 1)
