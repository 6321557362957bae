"""Which elements may be down while a claim is judged (I-FAILURES)."""

from __future__ import annotations

from dataclasses import dataclass, field

from vnetverify.encoder.terms import TRUE, Script, Term, at_most, negate
from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.model.intents import FailureKind, Failures


@dataclass(slots=True)
class Failing:
    """Symbols for the elements that a claim lets fail; they are chosen with the flow and are no open facts."""

    script: Script
    failures: Failures | None
    symbols: dict[Term, Uncertainty] = field(default_factory=dict)
    _names: dict[str, Term] = field(default_factory=dict)

    def may_fail(self, kind: FailureKind) -> bool:
        return self.failures is not None and kind in self.failures.kinds

    def is_up(self, kind: FailureKind, name: str) -> Term:
        """Hold when the element works: always, unless the claim lets elements of its kind fail."""
        if not self.may_fail(kind):
            return TRUE
        fact = uncertainty("U-DOWN", f"{kind.value} {name}")
        symbol = self._names.get(str(fact))
        if symbol is None:
            symbol = self.script.declare(f"f{len(self._names)}")
            self._names[str(fact)] = symbol
            self.symbols[symbol] = fact
        return negate(symbol)

    def premise(self) -> Term:
        """Hold when no more elements are down than the claim says."""
        return TRUE if self.failures is None else at_most(self.failures.most, list(self.symbols))
