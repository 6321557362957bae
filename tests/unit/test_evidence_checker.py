"""The checker of proofs accepts what follows, line by line, and nothing else: no forgery is ever accepted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import pytest

from vnetverify.prover.evidence.lrat import Accepted, BudgetReached, Refused, check_proof
from vnetverify.prover.evidence.worker import solved

Clause = tuple[int, ...]
PLENTY = 10_000_000
VARIABLES = 5
# Not one of them can be false, nor true: x or y, each the other's opposite.
CLAUSES = ((1, 2), (1, -2), (-1, 2), (-1, -2))
PROOF = b"5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n"


def has_model(clauses: list[Clause]) -> bool:
    """Tell by trying all values whether the clauses can hold together."""
    return any(
        all(any((literal > 0) == values[abs(literal) - 1] for literal in clause) for clause in clauses)
        for values in product((False, True), repeat=VARIABLES)
    )


def drawn_clauses(dice: random.Random) -> list[Clause]:
    """Return clauses that now and then have no model."""
    return [
        tuple(
            variable * dice.choice((1, -1))
            for variable in dice.sample(range(1, VARIABLES + 1), dice.choice((1, 2, 3, 3)))
        )
        for _ in range(dice.randint(12, 30))
    ]


def resolved(clauses: list[Clause]) -> bytes:
    """Return a proof by resolution that the clauses have no model."""
    numbers = {frozenset(clause): number for number, clause in reversed(list(enumerate(clauses, 1)))}
    parents: dict[int, tuple[frozenset[int], int, int]] = {}
    while frozenset() not in numbers:
        new = sorted(_resolvents(numbers), key=lambda found: (len(found[0]), sorted(found[0])))
        clause, one, other = next(found for found in new if found[0] not in numbers)
        number = len(clauses) + len(parents) + 1
        parents[number] = clause, one, other
        numbers[clause] = number
    return _needed(parents, numbers[frozenset()], len(clauses))


def _resolvents(numbers: dict[frozenset[int], int]) -> Iterator[tuple[frozenset[int], int, int]]:
    for one, other in combinations(numbers, 2):
        opposed = [literal for literal in one if -literal in other]
        if len(opposed) == 1:
            yield (one | other) - {opposed[0], -opposed[0]}, numbers[one], numbers[other]


def _needed(parents: dict[int, tuple[frozenset[int], int, int]], last: int, given: int) -> bytes:
    needed, waiting = set(), [last]
    while waiting:
        number = waiting.pop()
        if number in parents and number not in needed:
            needed.add(number)
            waiting.extend(parents[number][1:])
    names = {number: place for place, number in enumerate(sorted(needed), given + 1)}
    lines = []
    for number in sorted(needed):
        clause, *hints = parents[number]
        numbers = [names[number], *sorted(clause), 0, *(names.get(hint, hint) for hint in hints), 0]
        lines.append(" ".join(map(str, numbers)) + "\n")
    return "".join(lines).encode()


@dataclass(frozen=True)
class Refuted:
    """Clauses without a model, and a proof of that."""

    clauses: list[Clause]
    proof: bytes


@pytest.fixture(scope="module")
def refuted() -> list[Refuted]:
    """Return 30 different refutations of several lines each."""
    dice = random.Random(0)
    found: list[Refuted] = []
    while len(found) < 30:
        clauses = drawn_clauses(dice)
        if not has_model(clauses):
            proof = resolved(clauses)
            if proof.count(b"\n") > 3:
                found.append(Refuted(clauses, proof))
    return found


# -- what is accepted -----------------------------------------------------------------------------------


def test_a_true_proof_is_accepted(refuted: list[Refuted]) -> None:
    assert check_proof(CLAUSES, PROOF, PLENTY) == Accepted(3)
    for one in refuted:
        assert check_proof(one.clauses, one.proof, PLENTY) == Accepted(one.proof.count(b"\n"))


def test_an_empty_clause_among_those_given_is_reason_enough() -> None:
    assert check_proof([(1,), ()], b"3 0 2 0\n", PLENTY) == Accepted(1)


def test_numbers_of_lines_may_leave_gaps() -> None:
    assert check_proof(CLAUSES, b"10 1 0 1 2 0\n20 2 0 10 3 0\n30 0 10 20 4 0\n", PLENTY) == Accepted(3)


# -- what is not ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "proof",
    [
        b"",
        b"\n",
        b"5 0 0\n",
        b"5 0 1 0\n",
        b"5 0 5 0\n",
        b"5 1 0 1 2 0\n",
        b"5 1 0 1 2 0\n5 2 0 5 3 0\n6 0 5 2 4 0\n",
        b"4 1 0 1 2 0\n6 2 0 4 3 0\n7 0 4 6 4 0\n",
        b"5 1 0 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 1 0 1 2 0\n6 2 0 5 5 0\n7 0 5 6 4 0\n",
        b"5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 0\n",
        b"5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0",
        b"5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4",
        b"5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0x",
        b"5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n8 0 5 6 4 0\n",
        b"5 1 0 1 2 0\r\n6 2 0 5 3 0\r\n7 0 5 6 4 0\r\n",
        b"5 1 0 1 2 0\n\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 1 0 1 2 0 \n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 1 0 -1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 1 0 1 2\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 +1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 01 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 1_0 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"5 -0 0 1 2 0\n7 0 5 4 0\n",
        b"5 99999999999 0 1 2 0\n",
        b"5 d 1 2 0\n5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"s UNSATISFIABLE\n",
        b"c a comment\n5 1 0 1 2 0\n6 2 0 5 3 0\n7 0 5 6 4 0\n",
        b"0\n",
        b"1 0\n-1 0\n0\n",
        b"\x00\xff\xfe\n",
        "5 \u0661 0 1 2 0\n".encode(),
    ],
)
def test_a_proof_that_is_not_whole_or_not_in_the_format_or_does_not_follow_is_refused(proof: bytes) -> None:
    assert isinstance(check_proof(CLAUSES, proof, PLENTY), Refused)


def test_a_true_proof_without_one_of_its_lines_is_refused(refuted: list[Refuted]) -> None:
    for one in refuted:
        lines = one.proof.splitlines(keepends=True)
        for left_out in range(len(lines)):
            forged = b"".join(lines[:left_out] + lines[left_out + 1 :])

            assert isinstance(check_proof(one.clauses, forged, PLENTY), Refused)


def test_a_true_proof_that_is_cut_off_anywhere_is_refused(refuted: list[Refuted]) -> None:
    for one in refuted[:10]:
        for length in range(len(one.proof)):
            assert isinstance(check_proof(one.clauses, one.proof[:length], PLENTY), Refused)


def forgeries(proof: bytes, dice: random.Random) -> Iterator[bytes]:
    """Yield the proof as it is, and versions with literals turned around, hints replaced and lines exchanged."""
    yield proof
    lines = [line.split() for line in proof.decode().splitlines()]
    for place, line in enumerate(lines):
        for word in range(1, len(line) - 1):
            changed = line.copy()
            if line[word] != "0":
                changed[word] = dice.choice(
                    (line[word].removeprefix("-") if "-" in line[word] else f"-{line[word]}", "1", "2")
                )
            else:
                changed.insert(word, str(dice.randint(1, 5)))
            yield _joined([*lines[:place], changed, *lines[place + 1 :]])
        yield _joined([*lines[:place], line[: line.index("0")], *lines[place + 1 :]])
        yield _joined([*lines[:place], [line[0], "0", *line[line.index("0") + 1 :]]])


def _joined(lines: list[list[str]]) -> bytes:
    return "".join(" ".join(line) + "\n" for line in lines).encode()


def test_no_forgery_about_clauses_that_have_a_model_is_accepted(refuted: list[Refuted]) -> None:
    """Proofs of other clauses, as they are and changed: whatever they say, the clauses can hold together."""
    dice = random.Random(1)
    tried = 0
    for one in refuted:
        for left_out in range(len(one.clauses)):
            clauses = [*one.clauses[:left_out], *one.clauses[left_out + 1 :], one.clauses[0]]
            if not has_model(clauses):
                continue
            for forged in forgeries(one.proof, dice):
                tried += 1

                assert not isinstance(check_proof(clauses, forged, PLENTY), Accepted)

    assert tried >= 500


def test_no_proof_of_other_clauses_is_accepted_for_clauses_that_have_a_model(refuted: list[Refuted]) -> None:
    dice = random.Random(2)
    tried = 0
    while tried < 500:
        clauses = drawn_clauses(dice)
        if has_model(clauses):
            tried += 1

            assert not isinstance(check_proof(clauses, dice.choice(refuted).proof, PLENTY), Accepted)


def test_no_forgery_of_a_solvers_proof_is_accepted_for_clauses_that_have_a_model() -> None:
    """Five pigeons do not fit into four holes, but they do without any one of the clauses."""
    pytest.importorskip("pysolvers", reason="python-sat is not installed (extra `crosscheck`)")
    clauses = pigeons(4)
    proof = str(solved([list(clause) for clause in clauses], PLENTY)["proof"]).encode()
    dice = random.Random(3)
    tried = 0

    assert isinstance(check_proof(clauses, proof, PLENTY), Accepted)
    for left_out in dice.sample(range(len(clauses)), 5):
        fewer = [*clauses[:left_out], clauses[left_out - 1], *clauses[left_out + 1 :]]
        for forged in forgeries(proof, dice):
            tried += 1

            assert not isinstance(check_proof(fewer, forged, PLENTY), Accepted)

    assert tried >= 500


def pigeons(holes: int) -> list[Clause]:
    """Return that each of so many pigeons and one more has a hole, and no hole two of them."""
    held = [[hole * (holes + 1) + pigeon + 1 for hole in range(holes)] for pigeon in range(holes + 1)]
    alone = [(-one[hole], -other[hole]) for hole in range(holes) for one, other in combinations(held, 2)]
    return [*map(tuple, held), *alone]


# -- hostile --------------------------------------------------------------------------------------------


def test_a_proof_longer_than_the_budget_is_not_even_read() -> None:
    assert check_proof(CLAUSES, b"x" * 1001, 1000) == BudgetReached(1000)


def test_the_budget_counts_bytes_and_literals() -> None:
    steps = len(PROOF) + (1 + 2 + 2) + (1 + 1 + 2) + (0 + 1 + 1 + 2)

    assert check_proof(CLAUSES, PROOF, steps) == Accepted(3)
    assert check_proof(CLAUSES, PROOF, steps - 1) == BudgetReached(steps - 1)


def test_looking_at_long_clauses_again_and_again_ends_with_the_budget() -> None:
    clauses = [tuple(range(1, 100_000))]
    proof = b"2 " + b" ".join(str(number).encode() for number in range(1, 99_999)) + b" 0 " + b"1 " * 500_000 + b"0\n"

    assert check_proof(clauses, proof, PLENTY) == BudgetReached(PLENTY)


def test_a_line_of_many_numbers_is_read_once() -> None:
    proof = b"5 " + b"1 " * 2_000_000 + b"x\n"

    assert isinstance(check_proof(CLAUSES, proof, PLENTY), Refused)
