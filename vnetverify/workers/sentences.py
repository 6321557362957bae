"""The sentences of a run as tasks of worker processes: a number is sent, a result comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from vnetverify.assurance import Demands
from vnetverify.deciding import Deciding
from vnetverify.model.intents import Statement
from vnetverify.model.network import Network
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Unknown
from vnetverify.report.results import ClaimResult

Found = tuple[Any, ...]
"""What there is of a result beside its sentence, which the parent has."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """The `statements` of a run and what they are decided by; it can be sent to a process of our own.

    Where it `remembers`, results bear what a later run can check.
    """

    network: Network
    statements: tuple[Statement, ...]
    assumed: Mapping[str, bool]
    documented: bool
    why: bool
    demands: Demands
    limits: Limits
    remembers: bool = False

    @property
    def deciding(self) -> Deciding:
        return Deciding(self.network, self.assumed, self.documented, self.why, self.demands)

    def prepare(self) -> Callable[[int], Found]:
        """Return what decides the sentence of a number, with a solver of its own."""
        solver = Solver(self.limits)
        deciding = self.deciding

        def found(number: int) -> Found:
            result = deciding.result(self.statements[number], solver)
            if not self.remembers:
                result = replace(result, answer=None)
            return tuple(getattr(result, name) for name in _NAMES)

        return found

    def result(self, number: int, found: Found) -> ClaimResult:
        return ClaimResult(self.statements[number], *found)

    def lost(self, number: int, why: str) -> Found:
        result = ClaimResult(self.statements[number], Unknown(why))
        return tuple(getattr(result, name) for name in _NAMES)


_NAMES = tuple(field.name for field in fields(ClaimResult))[1:]
