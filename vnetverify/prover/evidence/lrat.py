"""The checker of refutations: derives each line of a proof anew, and trusts nothing else.

A proof is text in the LRAT format. Each line has a new number, the literals of a clause, 0, the numbers of earlier
clauses that show it, 0: with all its literals false, each of these but the last has one literal left, and the last has
none. Clauses of the formula have the numbers from 1. The last line of a proof is the empty clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = re.compile(rb"([1-9][0-9]{0,9}) ((?:-?[1-9][0-9]{0,9} )*)0 ((?:[1-9][0-9]{0,9} )+)0")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The clauses cannot all hold: `lemmas` clauses were derived, the last of them empty."""

    lemmas: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The text does not prove it."""

    why: str


@dataclass(frozen=True, slots=True)
class BudgetReached:
    """The proof is too long to be checked within so many steps."""

    steps: int


def check_proof(clauses: Sequence[Sequence[int]], proof: bytes, most_steps: int) -> Accepted | Refused | BudgetReached:
    """Tell whether `proof` shows that the clauses cannot all hold; a step is a look at a literal or at a byte."""
    if len(proof) > most_steps:
        return BudgetReached(most_steps)
    if not proof.endswith(b"\n"):
        return Refused("the proof is empty, or its last line is not whole")
    known = dict(enumerate((tuple(clause) for clause in clauses), 1))
    steps, last = len(proof), len(clauses)
    lines = proof[:-1].split(b"\n")
    for count, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None:
            return Refused(f"line {count} is not in the format")
        name, lemma, hints = int(found[1]), tuple(map(int, found[2].split())), tuple(map(int, found[3].split()))
        if name <= last:
            return Refused(f"line {count} takes a number that is not new")
        if not all(hint in known for hint in hints):
            return Refused(f"line {count} rests on a clause that is not there")
        steps += len(lemma) + sum(len(known[hint]) for hint in hints)
        if steps > most_steps:
            return BudgetReached(most_steps)
        if not _follows(lemma, [known[hint] for hint in hints]):
            return Refused(f"line {count} does not follow")
        if not lemma:
            return Accepted(count) if count == len(lines) else Refused(f"lines follow the empty clause of line {count}")
        known[name], last = lemma, name
    return Refused("the empty clause is not derived")


def _follows(lemma: Sequence[int], reasons: Sequence[Sequence[int]]) -> bool:
    """Tell whether the reasons, in this order, leave no way for all literals of the lemma to be false."""
    false = set(lemma)
    for reason in reasons[:-1]:
        left = [literal for literal in reason if literal not in false]
        if len(left) != 1:
            return False
        false.add(-left[0])
    return all(literal in false for literal in reasons[-1])
