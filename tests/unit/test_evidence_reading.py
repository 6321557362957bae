"""Texts of the encoder read back into gates and clauses: as strict as a reader can be, and of one mind with Z3."""

from __future__ import annotations

import random

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from vnetverify.prover.evidence.circuit import TooLarge
from vnetverify.prover.evidence.clauses import Formula, formula_of
from vnetverify.prover.evidence.reading import Reading, Unreadable, read_obligation

PLENTY = 1_000_000
SYMBOLS = {"p": None, "u0": None, "u1": None, "src": 6, "dst": 6, "dp": 4}
HEADER = "".join(
    f"(declare-const {symbol} {'Bool' if width is None else f'(_ BitVec {width})'})\n"
    for symbol, width in SYMBOLS.items()
)


def reading_of(text: str, *assumed: str, fixed: dict[str, tuple[int, int]] | None = None) -> Reading:
    return read_obligation(text, assumed, fixed or {}, PLENTY)


def clauses_of(text: str, *assumed: str, fixed: dict[str, tuple[int, int]] | None = None) -> Formula:
    reading = reading_of(text, *assumed, fixed=fixed)
    return formula_of(reading.circuit, reading.asserted, PLENTY)


def can_be_satisfied(formula: Formula) -> bool:
    """Tell what Z3 makes of the clauses alone."""
    declared = [f"(declare-const v{number} Bool)" for number in range(1, formula.variables + 1)]
    written = [" ".join(f"v{n}" if n > 0 else f"(not v{-n})" for n in clause) for clause in formula.clauses]
    lines = [*declared, *(f"(assert (or false {clause}))" for clause in written)]
    solver = z3.SolverFor("QF_FD")
    solver.from_string("\n".join(lines))
    return solver.check() == z3.sat


# -- of one mind with Z3 --------------------------------------------------------------------------------


class Drawn:
    """A text drawn with dice: conditions over few narrow numbers, so that they often depend on each other."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.names = ["p", "u0", "u1", "true", "false"]
        lines = [self.definition(f"d{number}") for number in range(2)]
        lines += [f"(assert {self.condition(3)})" for _ in range(self.dice.randint(1, 3))]
        self.text = HEADER + "\n".join(lines)

    def definition(self, name: str) -> str:
        line = f"(define-fun {name} () Bool {self.condition(2)})"
        self.names.append(name)
        return line

    def condition(self, depth: int) -> str:
        kind = self.dice.choice(
            ("name", "compare", "not", "and", "or", "=", "=>", "ite") if depth else ("name", "compare")
        )
        match kind:
            case "name":
                return self.dice.choice(self.names)
            case "compare":
                width = self.dice.choice((1, 3, 4, 6))
                return (
                    f"({self.dice.choice(('=', 'bvule', 'bvuge', 'bvugt'))} {self.number(width)} {self.number(width)})"
                )
            case _:
                count = {"not": 1, "=": 2, "=>": 2, "ite": 3}.get(kind, self.dice.randint(1, 4))
                return f"({kind} {' '.join(self.condition(depth - 1) for _ in range(count))})"

    def number(self, width: int) -> str:
        match self.dice.randrange(6):
            case 0:
                return f"(bvadd {self.number(width)} {self.number(width)})"
            case 1:
                return f"(ite {self.condition(0)} {self.number(width)} {self.number(width)})"
            case 2:
                return f"#b{self.dice.randrange(1 << width):0{width}b}"
            case _:
                symbol = self.dice.choice(
                    [name for name, bits in SYMBOLS.items() if bits is not None and bits >= width]
                )
                low = self.dice.randint(0, (SYMBOLS[symbol] or width) - width)
                return symbol if SYMBOLS[symbol] == width else f"((_ extract {low + width - 1} {low}) {symbol})"


@given(st.integers(0, 1 << 32))
@settings(max_examples=100, deadline=None)
def test_clauses_can_be_satisfied_exactly_where_z3_satisfies_the_text(seed: int) -> None:
    text = Drawn(seed).text
    solver = z3.SolverFor("QF_FD")
    solver.from_string(text)

    for assumed in ("p", "-p"):
        literal = z3.Not(z3.Bool("p")) if assumed.startswith("-") else z3.Bool("p")

        assert (solver.check(literal) == z3.sat) is can_be_satisfied(clauses_of(text, assumed))


@given(st.integers(0, 1 << 32))
@settings(max_examples=100, deadline=None)
def test_values_satisfy_the_circuit_exactly_where_z3_finds_the_text_true(seed: int) -> None:
    drawn = Drawn(seed)
    values = {symbol: drawn.dice.randrange(1 << (width or 1)) for symbol, width in SYMBOLS.items()}
    known = [
        (z3.Bool(symbol), z3.BoolVal(bool(values[symbol])))
        if width is None
        else (z3.BitVec(symbol, width), z3.BitVecVal(values[symbol], width))
        for symbol, width in SYMBOLS.items()
    ]
    asserted = z3.parse_smt2_string(drawn.text)

    expected = all(z3.is_true(z3.simplify(z3.substitute(one, *known))) for one in asserted)

    assert expected is reading_of(drawn.text).is_satisfied_by(values)


def test_a_value_that_is_fixed_counts() -> None:
    text = f"{HEADER}(assert (bvugt dp #x4))"

    assert can_be_satisfied(clauses_of(text, fixed={"dp": (5, 4)}))
    assert not can_be_satisfied(clauses_of(text, fixed={"dp": (4, 4)}))


def test_a_term_may_be_nested_as_deeply_as_it_likes() -> None:
    depth = 10_000
    text = f"{HEADER}(assert {'(or p (and u0 ' * depth}u1{'))' * depth})"

    assert reading_of(text).is_satisfied_by({"u0": 1, "u1": 1})
    assert not reading_of(text).is_satisfied_by({"u0": 1})


def test_equal_terms_share_their_gates() -> None:
    once = reading_of(f"{HEADER}(assert (or p (bvule src dst)))")
    twice = reading_of(f"{HEADER}(assert (or p (bvule src dst)))(assert (or (bvule src dst) p))")

    assert len(once.circuit.gates) == len(twice.circuit.gates)


# -- strict ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(assert q)",
        "(assert (bvult src dst))",
        "(assert (distinct src dst))",
        "(assert (= src #b1))",
        "(assert (= src p))",
        "(assert (= p u0 u1))",
        "(assert (and))",
        "(assert (not p u0))",
        "(assert (ite p u0))",
        "(assert (ite p u0 src))",
        "(assert (bvule p u0))",
        "(assert (bvule src))",
        "(assert (= ((_ extract 6 0) src) src))",
        "(assert (= ((_ extract 0 1) src) src))",
        "(assert (= ((_ extract -1 0) src) src))",
        "(assert (= ((_ zero_extend 2) dp) src))",
        "(assert src)",
        "(assert #b1)",
        "(assert)",
        "(assert p u0)",
        "(assert (p))",
        "(assert (true))",
        "(assert ((not) p))",
        "(assert (_ extract 1 0))",
        "(assert ())",
        "(assert Bool)",
        "(assert p",
        "assert p",
        "(assert p))",
        "()",
        "(check-sat)",
        "(exit)",
        "(set-logic QF_BV)",
        "(declare-const p Bool)",
        "(declare-const not Bool)",
        "(declare-const true Bool)",
        "(declare-const P Bool)",
        "(declare-const web-1 Bool)",
        "(declare-const x (_ BitVec 0))",
        "(declare-const x (_ BitVec 257))",
        "(declare-const x (_ BitVec 032))",
        "(declare-const x Int)",
        "(declare-fun x () Bool)",
        "(define-fun src () Bool p)",
        "(define-fun x Bool p)",
        "(define-fun x () Bool src)",
        "(define-fun x () (_ BitVec 6) src)",
        "(define-fun x ((y Bool)) Bool p)",
        "(assert p) ; a comment",
        "(assert |p|)",
        '(assert "p")',
        "(assert p)\x00",
        "(assert\u00a0p)",
        "(assert p)\r(assert u0)",
        "(assert \u0440)",
        "(assert (= dp #xg))",
        "(assert (= dp #X1))",
        "(assert (= dp (_ bv1 4)))",
        "(push)(assert p)(pop)",
    ],
)
def test_what_the_encoder_never_writes_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        reading_of(HEADER + text)


@pytest.mark.parametrize("literal", ["", "-", "d0", "src", "nobody", "--p", "p)(assert false"])
def test_only_a_declared_condition_is_assumed(literal: str) -> None:
    with pytest.raises(Unreadable):
        reading_of(f"{HEADER}(define-fun d0 () Bool p)", literal)


@pytest.mark.parametrize("fixed", [("p", 1, 1), ("dp", 1, 5), ("dp", 16, 4), ("dp", -1, 4), ("x", 0, 1)])
def test_only_a_declared_number_is_fixed_at_what_it_can_be(fixed: tuple[str, int, int]) -> None:
    symbol, value, width = fixed

    with pytest.raises(Unreadable):
        reading_of(HEADER, fixed={symbol: (value, width)})


def test_more_gates_than_the_budget_are_too_many() -> None:
    with pytest.raises(TooLarge, match="40 gates"):
        read_obligation(f"{HEADER}(assert (bvule (bvadd src dst) (bvadd src (bvadd dst dst))))", (), {}, 40)


def test_more_clauses_than_the_budget_are_too_many() -> None:
    reading = reading_of(f"{HEADER}(assert (bvule (bvadd src dst) dst))")

    with pytest.raises(TooLarge, match="20 clauses"):
        formula_of(reading.circuit, reading.asserted, 20)
