"""The open facts as a survey reads them: as assumed, as documented, or left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vnetverify.facts import SettledFacts, Uncertainty


@dataclass(frozen=True, slots=True)
class Reading:
    """What is taken for granted; where nothing is, every fact is open unless facts read as `documented`."""

    assumed: SettledFacts
    documented: bool

    def value(self, fact: Uncertainty) -> bool | None:
        """Return whether the fact holds, None where worlds differ in it."""
        assumed = self.assumed.get(str(fact))
        if assumed is not None:
            return assumed
        return bool(fact.documented) if self.documented else None


def reading(assumed: Mapping[str, bool], *, documented: bool) -> Reading:
    return Reading(SettledFacts(assumed), documented)
