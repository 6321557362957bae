"""The clauses of a circuit: satisfiable if its roots can hold together, so that a refutation of them counts.

Every clause follows from what a gate means; only those are written down that the way it is used calls for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from vnetverify.prover.evidence.circuit import FALSE, TRUE, And, Choice, Circuit, Gate, Same, TooLarge

Clause = tuple[int, ...]


@dataclass(slots=True)
class Formula:
    """Clauses over variables 1 to `variables`; `variable_of` finds that of an input or a gate of the circuit."""

    most: int
    clauses: list[Clause] = field(default_factory=list)
    variable_of: dict[int, int] = field(default_factory=dict)

    @property
    def variables(self) -> int:
        return len(self.variable_of)

    def add(self, literals: Iterable[int]) -> None:
        """Add the clause of these literals of the circuit. Raises `TooLarge`."""
        if len(self.clauses) >= self.most:
            raise TooLarge(f"more than {self.most} clauses")
        self.clauses.append(tuple(self._numbered(literal) for literal in literals))

    def _numbered(self, literal: int) -> int:
        variable = self.variable_of.setdefault(abs(literal), len(self.variable_of) + 1)
        return variable if literal > 0 else -variable


def formula_of(circuit: Circuit, roots: Sequence[int], most_clauses: int) -> Formula:
    """Return clauses that can be satisfied iff all roots can hold together. Raises `TooLarge`."""
    formula = Formula(most_clauses)
    used = _assert_all(formula, circuit, roots)
    written: set[int] = set()
    while used:
        literal = used.pop()
        gate = circuit.gates.get(abs(literal))
        if gate is None or literal in written:
            continue
        written.add(literal)
        for consequence in _consequences(gate, literal > 0):
            formula.add((-literal, *consequence))
            used.extend(consequence)
    return formula


def _assert_all(formula: Formula, circuit: Circuit, roots: Sequence[int]) -> list[int]:
    """Write down that the roots hold, with what follows at once, and return the literals used."""
    waiting = list(roots)
    used: list[int] = []
    seen = {TRUE}
    while waiting:
        root = waiting.pop()
        if root in seen:
            continue
        seen.add(root)
        gate = circuit.gates.get(abs(root))
        if root == FALSE:
            formula.add(())
        elif gate is None:
            formula.add((root,))
        elif isinstance(gate, And) and root > 0:
            waiting.extend(gate.parts)
        else:
            formula.add((root,))
            for consequence in _consequences(gate, root > 0):
                formula.add(consequence)
                used.extend(consequence)
    return used


def _consequences(gate: Gate, holds: bool) -> list[Clause]:
    """Return the clauses that follow when a gate holds, or does not."""
    match gate:
        case And(parts):
            return [(part,) for part in parts] if holds else [tuple(-part for part in parts)]
        case Choice(condition, then, otherwise):
            one, other = (then, otherwise) if holds else (-then, -otherwise)
            return [(-condition, one), (condition, other), (one, other)]
        case Same(one, other):
            return [(-one, other), (one, -other)] if holds else [(one, other), (-one, -other)]
        case _:
            assert_never(gate)
