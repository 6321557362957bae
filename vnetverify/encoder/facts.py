"""The Booleans of a query that are no part of a packet: open facts, and the lines a proof may rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from vnetverify.encoder.terms import FALSE, TRUE, Script, Term, all_of, any_of, negate
from vnetverify.facts import QUESTIONS, Uncertainty
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Ground:
    """A line or rule that a proof rests on. `group` is the list it stands in (a security group, a route table).

    A line `of_filter` is one of what lets packets pass or not, and not of what leads them.
    """

    group: str
    what: str
    rule: str
    span: Span | None = None
    of_filter: bool = False


class Bearing(Enum):
    """Which lines can carry a proof: those that stop packets, or those that let them pass."""

    STOPS = "stops"
    PASSES = "passes"


class Detail(Enum):
    """How finely a proof's grounds are told apart: not at all, by list, or by line."""

    NONE = "none"
    GROUP = "group"
    LINE = "line"


@dataclass(slots=True)
class Facts:
    """Symbols for the facts of a query; `fixed` holds assumptions, by fact or by kind, in lower case.

    An assumed fact keeps its symbol, so that a core tells whether a proof needs it: `settled` are the literals.
    """

    script: Script
    fixed: Mapping[str, bool] = field(default_factory=dict)
    symbols: dict[str, Term] = field(default_factory=dict)
    asked: dict[Term, Uncertainty] = field(default_factory=dict)
    settled: list[Term] = field(default_factory=list)

    def holds(self, question: str, *about: str, documented: bool | None = None) -> Term:
        """Return the term that is true iff the fact is."""
        if documented is None:
            documented = QUESTIONS[question].documented
        fact = Uncertainty(question, about, documented)
        name = str(fact)
        symbol = self.symbols.get(name)
        if symbol is None:
            symbol = self.script.declare(f"u{len(self.symbols)}")
            self.symbols[name] = symbol
            self.asked[symbol] = fact
            value = self.fixed.get(name.casefold(), self.fixed.get(question.casefold()))
            if value is not None:
                self.settled.append(symbol if value else f"-{symbol}")
        return symbol

    def one_of(
        self, present: Sequence[tuple[str, Term]], question: str, *about: str, called: tuple[str, ...] = ()
    ) -> list[Term]:
        """Return when each is chosen of those present: the first but the last whose fact holds, else the last.

        A packet that firewalls made of a flow's first is `called` something, and chosen for by itself.
        """
        terms, undecided = [], TRUE
        for index, (name, there) in enumerate(present):
            later = any_of(*(term for _, term in present[index + 1 :]))
            wanted = TRUE if later == FALSE else any_of(negate(later), self.holds(question, *about, name, *called))
            taken = all_of(there, wanted)
            terms.append(all_of(undecided, taken))
            undecided = all_of(undecided, negate(taken))
        return terms


@dataclass(slots=True)
class Grounds:
    """Labels: a line counts in the query iff its label holds, so that an unsat core names what a proof needs.

    Leaving out a line that stops packets can only let more pass, and the other way round; so lines are
    labelled by the bearing that matters to the claim and the rest stands as it is.
    """

    script: Script
    bearing: Bearing
    detail: Detail = Detail.NONE
    labelled: dict[Term, Ground] = field(default_factory=dict)
    _symbols: dict[tuple[str, str], Term] = field(default_factory=dict)

    def counts(self, bearing: Bearing, ground: Ground) -> Term:
        """Return the label of `ground`, or true where lines of this bearing are not labelled."""
        if self.detail is Detail.NONE or bearing is not self.bearing:
            return TRUE
        name = (ground.group, ground.what if self.detail is Detail.LINE else "")
        symbol = self._symbols.get(name)
        if symbol is None:
            symbol = self.script.declare(f"l{len(self._symbols)}")
            self._symbols[name] = symbol
            self.labelled[symbol] = ground
        elif self.labelled[symbol].what != ground.what:
            of_filter = self.labelled[symbol].of_filter or ground.of_filter
            self.labelled[symbol] = replace(self.labelled[symbol], what="its lines together", of_filter=of_filter)
        return symbol
