"""Security admin rules that change nothing, and those that tie: proved at every place where they are in force.

F-ADM-3, F-ADM-6, F-ADM-7, F-ADM-13, F-ADM-15.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.admin import admin_lists
from vnetverify.encoder.lists import AdminLine, Asking, LineName, Lists
from vnetverify.encoder.spots import Context, contexts
from vnetverify.encoder.terms import FALSE, Term, all_of, any_of
from vnetverify.facts import World
from vnetverify.header import TCP
from vnetverify.model.network import Network
from vnetverify.model.security import AdminAction, AdminRule
from vnetverify.prover.anomalies import Shown
from vnetverify.prover.idle import estates_of
from vnetverify.prover.solver import Satisfiable, Solver, Undecided, Unsatisfiable

_CLIENT = {"pr": (TCP, 8), "sp": (49152, 16)}


@dataclass(frozen=True, slots=True)
class IdleAdminRule:
    """A rule that is never the first to match, for the `causes` before it; or, without these, one that matches nothing.

    With `allows_only` it does decide and allows, and no rule behind it does otherwise with its packets (F-ADM-7).
    """

    name: LineName
    rule: AdminRule
    causes: tuple[LineName, ...] = ()
    allows_only: bool = False


@dataclass(frozen=True, slots=True)
class TiedAdminRules:
    """Two rules of one priority that both match a packet, which no rule before them does, and differ in what they do.

    The packet is in a world in which `rule` is tried first; in `otherwise` `other` is.
    """

    name: LineName
    rule: AdminRule
    other_name: LineName
    other: AdminRule
    shown: Shown
    otherwise: World


AdminFinding = IdleAdminRule | TiedAdminRules


@dataclass(frozen=True, slots=True)
class AdminFindings:
    """What was found, in order of declaration; `undecided` counts rules for which a limit was hit."""

    found: tuple[AdminFinding, ...]
    undecided: int = 0


def admin_findings(network: Network, solver: Solver) -> AdminFindings:
    """Return the admin rules in force that change nothing, and those that tie."""
    if not network.admin_rules:
        return AdminFindings(())
    search = _Search(solver)
    for estate in estates_of(network):
        for context in _places(estate):
            for direction in context.directions:
                search.look(Lists(Asking(estate), context, direction))
    return search.findings(network)


def _places(estate: Estate) -> Iterator[Context]:
    """Yield where admin rules judge packets, without groups and each but once: places that differ in these are one."""
    told: set[Context] = set()
    for context in contexts(estate):
        bare = replace(context, groups=())
        if bare not in told and not context.spot.is_endpoint:  # none stand at private endpoints (F-ADM-12)
            told.add(bare)
            yield bare


_Line = tuple[LineName, AdminLine]


@dataclass(slots=True)
class _Search:
    """What is known after some places: rules that are the first to match, and those that keep packets from others."""

    solver: Solver
    seen: set[LineName] = field(default_factory=set)
    decide: set[LineName] = field(default_factory=set)
    matter: set[LineName] = field(default_factory=set)
    undecided: set[LineName] = field(default_factory=set)
    causes: dict[LineName, dict[LineName, None]] = field(default_factory=dict)
    ties: dict[tuple[LineName, LineName], TiedAdminRules] = field(default_factory=dict)

    def look(self, lists: Lists) -> None:
        """Ask about all rules in force at a place whose use has not been seen elsewhere."""
        lines = [((level.manager, line.rule.name), line) for level in lists.admin for line in level.lines]
        for in_force in admin_lists(lists.asking.estate.network, lists.context.spot.subnet, lists.direction):
            self.seen |= {(in_force.manager, rule.name) for rule in in_force.rules}
        deciding = [
            (name, lists.literal(line.may_decide))
            for name, line in lines
            if name not in self.decide and line.may_decide != FALSE
        ]
        mattering = [
            (name, lists.literal(term))
            for name, term in self._exceptions(lines)
            if name not in self.matter and term != FALSE
        ]
        tied = [
            (one, other, lists.literal(term))
            for one, other, term in self._tied(lines)
            if (one[0], other[0]) not in self.ties and term != FALSE
        ]
        if deciding or mattering or tied:
            self.solver.open(lists.asking.question())
        for name, literal in deciding:
            self._ask(name, literal, self.decide)
            if name not in self.decide:
                self._explain(lists, name, literal)
        for name, literal in mattering:
            self._ask(name, literal, self.matter)
        for one, other, literal in tied:
            self._show(lists, one, other, literal, [name for name, _ in lines])

    def _exceptions(self, lines: Sequence[_Line]) -> Iterator[tuple[LineName, Term]]:
        """Yield for each rule that allows when it decides about a packet that a rule behind it does otherwise with."""
        for position, (name, line) in enumerate(lines):
            if line.rule.action is not AdminAction.ALLOW:
                continue
            behind = [
                other.matches
                for index, ((manager, _), other) in enumerate(lines)
                if other.rule.action is not AdminAction.ALLOW
                and (index > position or (manager == name[0] and other.rule.priority == line.rule.priority))
            ]
            yield name, all_of(line.may_decide, any_of(*behind))

    def _tied(self, lines: Sequence[_Line]) -> Iterator[tuple[_Line, _Line, Term]]:
        for position, one in enumerate(lines):
            for other in lines[position + 1 :]:
                is_tie = one[0][0] == other[0][0] and one[1].rule.priority == other[1].rule.priority
                if is_tie and one[1].rule.action is not other[1].rule.action:
                    yield one, other, all_of(one[1].may_decide, other[1].may_decide)

    def _ask(self, name: LineName, literal: Term, known: set[LineName]) -> None:
        """Note in `known` what is possible, and what may be as the solver did not decide it."""
        answer = self.solver.check(["on", literal])
        if not isinstance(answer, Unsatisfiable):
            known.add(name)
        if isinstance(answer, Undecided):
            self.undecided.add(name)

    def _explain(self, lists: Lists, name: LineName, literal: Term) -> None:
        labels = {label: called for called, label in lists.asking.labels.items()}
        answer = self.solver.check([literal, *labels], core=True)
        if isinstance(answer, Unsatisfiable):
            needed = (labels[label] for label in answer.core if label in labels)
            self.causes.setdefault(name, {}).update(dict.fromkeys(cause for cause in needed if cause != name))

    def _show(self, lists: Lists, one: _Line, other: _Line, literal: Term, names: Sequence[LineName]) -> None:
        """Keep a packet that two rules tie for: from a client's port and as documented, if there is such a one."""
        question = lists.asking.question()
        answer = self.solver.check(["on", literal])
        if isinstance(answer, Undecided):
            self.undecided.add(one[0])
        if not isinstance(answer, Satisfiable):
            return
        for fixed in (_CLIENT, {}):
            usual = self.solver.check(["on", literal, *question.documented()], fix=fixed)
            if isinstance(usual, Satisfiable):
                answer = usual
                break
        flow, world = question.witness(answer.model)
        ahead, behind = (
            World({**world.facts, **{f"U-ADMTIE({'/'.join(name)})": name == first for name in names}})
            for first in (one[0], other[0])
        )
        shown = Shown(lists.context, lists.direction, flow, ahead)
        self.ties[one[0], other[0]] = TiedAdminRules(one[0], one[1].rule, other[0], other[1].rule, shown, behind)

    def findings(self, network: Network) -> AdminFindings:
        found: list[AdminFinding] = []
        for collection in network.admin_rules:
            for rule in collection.rules:
                name = (collection.manager, rule.name)
                if name in self.seen and name not in self.decide:
                    found.append(IdleAdminRule(name, rule, tuple(self.causes.get(name, ()))))
                elif name in self.seen and rule.action is AdminAction.ALLOW and name not in self.matter:
                    found.append(IdleAdminRule(name, rule, allows_only=True))
                found += [tie for tie in self.ties.values() if tie.other_name == name]
        return AdminFindings(tuple(found), len(self.undecided))
