"""What a solver is asked to settle one obligation: is there a flow that does something in every world, in
the documented one, or in none?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.terms import Term
from vnetverify.facts import Uncertainty
from vnetverify.header import TCP, UDP, Family
from vnetverify.prover.solver import Answer, Satisfiable, Solver, Undecided, Unsatisfiable

_ROUNDS = 6
_USUAL_PORT = 49152
_USUAL_LENGTHS = {Family.IPV4: 24, Family.IPV6: 64}
_SMALL_CORE = 40


@dataclass(frozen=True, slots=True)
class NoFlowEver:
    """No flow does it in any world."""


@dataclass(frozen=True, slots=True)
class NoFlowAsDocumented:
    """None does it where `facts` read as documented; `model` is one that does it in another world."""

    facts: tuple[Uncertainty, ...]
    model: Mapping[Term, int]


@dataclass(frozen=True, slots=True)
class FlowAlways:
    """The flow of `model` does it in every world; with `as_documented` in every one that agrees with these facts."""

    model: Mapping[Term, int]
    as_documented: tuple[Uncertainty, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowSometimes:
    """The flow of `model` does it as documented, but not whatever `facts` are, and no other was found that does."""

    model: Mapping[Term, int]
    facts: tuple[Uncertainty, ...]


Finding = NoFlowEver | NoFlowAsDocumented | FlowAlways | FlowSometimes | Undecided


@dataclass(slots=True)
class Questions:
    """Questions about `obligation` to a solver that has it open. With `documented` worlds read as documented only."""

    solver: Solver
    obligation: Obligation
    documented: bool

    def example(self, does: Sequence[Term]) -> Mapping[Term, int] | Undecided | None:
        """Return a model that satisfies `does`, None where none does."""
        answer = self._ask(does)
        match answer:
            case Satisfiable(model):
                return model
            case Unsatisfiable():
                return None
            case Undecided():
                return answer
            case unreachable:
                assert_never(unreachable)

    def find(self, does: Sequence[Term], fails: Sequence[Term]) -> Finding:
        """Return whether a flow satisfies `does`; `fails` is how a fixed flow in question does not."""
        anywhere = self._ask(does)
        match anywhere:
            case Undecided():
                return anywhere
            case Unsatisfiable():
                return NoFlowEver()
            case Satisfiable(model):
                pass
        fixed = self._documented_literals()
        documented = self._ask([*does, *fixed])
        match documented:
            case Undecided():
                return documented
            case Unsatisfiable():
                return self._only_otherwise(does, model, fixed)
            case Satisfiable(model):
                return self._robust(does, fails, self._usual([*does, *fixed], model), fixed)

    def _only_otherwise(
        self, does: Sequence[Term], model: Mapping[Term, int], fixed: Sequence[Term]
    ) -> NoFlowAsDocumented:
        """Return the facts that keep every flow from it as documented: of ordinary packets, where any of these can.

        A proof that reads what is documented leans on all facts that keep any packet from it.
        """
        model = self._usual(does, model)
        packet = {} if self.documented else {"pr": (model["pr"], 8)}
        answer = self._ask([*does, *fixed], core=True, fix=packet)
        core = answer.core if isinstance(answer, Unsatisfiable) else tuple(fixed)
        needed = self._smaller([*does], [literal for literal in core if literal in fixed], packet)
        return NoFlowAsDocumented(self._facts(needed, model), model)

    def _usual(self, does: Sequence[Term], model: Mapping[Term, int]) -> Mapping[Term, int]:
        """Return a model whose flow a reader expects, if there is one: TCP, UDP or ICMP, from a client's port."""
        ordinary = (TCP, UDP, self.obligation.family.icmp)
        first = [model["pr"]] if model["pr"] in ordinary else []
        for protocol in (*first, *(number for number in ordinary if number not in first)):
            fix = {"pr": (protocol, 8)}
            if protocol in (TCP, UDP):
                fix["sp"] = (_USUAL_PORT, 16)
            answer = self._ask(does, fix=fix)
            if isinstance(answer, Satisfiable):
                return self._sparing(does, answer.model)
        return self._sparing(does, model)

    def _sparing(self, does: Sequence[Term], model: Mapping[Term, int]) -> Mapping[Term, int]:
        """Return a model of the same kind of packet in which a site announces no more than it takes."""
        announced = self.obligation.advertised.announced
        if not any(model[symbol] for symbol in announced):
            return model
        packet = {"pr": (model["pr"], 8), "sp": (model["sp"], 16)}
        silent = [f"-{symbol}" for symbol in announced]
        while silent:
            answer = self._ask([*does, *silent], core=True, fix=packet)
            match answer:
                case Satisfiable():
                    return answer.model
                case Unsatisfiable(core):
                    needed = [literal for literal in silent if literal in core]
                    if not needed:
                        break
                    silent.remove(min(needed, key=lambda literal: self._oddity(literal)))
                case Undecided():
                    break
        return model

    def _oddity(self, literal: Term) -> int:
        """Return how far a prefix is from the length that networks are usually announced with."""
        _, place = self.obligation.advertised.announced[literal.lstrip("-")]
        return abs(place.length - _USUAL_LENGTHS[self.obligation.family])

    def _robust(
        self, does: Sequence[Term], fails: Sequence[Term], model: Mapping[Term, int], fixed: Sequence[Term]
    ) -> Finding:
        """Look for a flow that does it whatever the facts are, starting from one that does it as documented."""
        first = model
        for _ in range(_ROUNDS):
            header = self._header(model)
            answer = self._ask([*fails, *self._chosen(model)], fix=header)
            if isinstance(answer, Undecided):
                return answer
            if isinstance(answer, Unsatisfiable):
                return FlowAlways(model)
            other = self._ask([*does, *self._literals(answer.model)])
            if not isinstance(other, Satisfiable):
                break
            model = other.model
        return self._as_documented(fails, first, fixed)

    def _as_documented(self, fails: Sequence[Term], model: Mapping[Term, int], fixed: Sequence[Term]) -> Finding:
        header = self._header(model)
        fails = [*fails, *self._chosen(model)]
        answer = self._ask([*fails, *fixed], core=True, fix=header)
        match answer:
            case Undecided():
                return answer
            case Unsatisfiable(core):
                smaller = self._smaller([*fails], [literal for literal in core if literal in fixed], header)
                needed = self._facts(smaller, model)
                return FlowAlways(model, needed) if self.documented else FlowSometimes(model, needed)
            case Satisfiable():
                literals = self._literals(model)
                pinned = self._ask([*fails, *literals], core=True, fix=header)
                core = pinned.core if isinstance(pinned, Unsatisfiable) else tuple(literals)
                wanted = self._smaller([*fails], [literal for literal in core if literal in literals], header)
                if self.documented:  # which settles what documents speak of
                    facts = self.obligation.facts
                    wanted = [literal for literal in wanted if facts[literal.lstrip("-")].documented is None]
                return FlowSometimes(model, self._facts(wanted, model))

    def _ask(
        self, literals: Iterable[Term], *, core: bool = False, fix: Mapping[Term, tuple[int, int]] | None = None
    ) -> Answer:
        return self.solver.check([*self.obligation.settled, *literals], core=core, fix=fix)

    def _documented_literals(self) -> list[Term]:
        assumed = {literal.lstrip("-") for literal in self.obligation.settled}
        return [
            symbol if fact.documented else f"-{symbol}"
            for symbol, fact in self.obligation.facts.items()
            if fact.documented is not None and symbol not in assumed
        ]

    def _literals(self, model: Mapping[Term, int]) -> list[Term]:
        assumed = {literal.lstrip("-") for literal in self.obligation.settled}
        open_facts = (symbol for symbol in self.obligation.facts if symbol not in assumed)
        return [symbol if model[symbol] else f"-{symbol}" for symbol in open_facts]

    def _chosen(self, model: Mapping[Term, int]) -> list[Term]:
        """Return the literals of what a model chose with the flow: failures and announcements are no open facts."""
        return [symbol if model[symbol] else f"-{symbol}" for symbol in self.obligation.choices]

    def _facts(self, literals: Iterable[Term], model: Mapping[Term, int]) -> tuple[Uncertainty, ...]:
        return tuple(self.obligation.fact(literal.lstrip("-"), model) for literal in literals)

    def _header(self, model: Mapping[Term, int]) -> dict[Term, tuple[int, int]]:
        """Return what makes a flow this one: its header, and the public addresses that its world chose to name."""
        origin, flow, _ = self.obligation.witness(model)
        chosen = {symbol: (model[symbol], self.obligation.family.bits) for symbol in self.obligation.addresses}
        return self.obligation.fixing(origin, flow) | chosen

    def _smaller(self, kept: list[Term], core: list[Term], fix: Mapping[Term, tuple[int, int]]) -> list[Term]:
        """Return literals of `core` that still suffice, leaving out each that can be."""
        return smaller_core(self.solver, [*self.obligation.settled, *kept], core, fix)[0]


def smaller_core(
    solver: Solver, kept: list[Term], core: list[Term], fix: Mapping[Term, tuple[int, int]] | None = None
) -> tuple[list[Term], bool]:
    """Return literals of `core` that with `kept` are still contradictory, and whether none can be left out."""
    if len(core) > _SMALL_CORE:
        return core, False
    minimal = True
    for literal in list(core):
        if literal not in core:
            continue
        answer = solver.check([*kept, *(other for other in core if other != literal)], core=True, fix=fix or {})
        if isinstance(answer, Unsatisfiable):
            core = [other for other in core if other in answer.core]
        elif isinstance(answer, Undecided):
            minimal = False
    return core, minimal
