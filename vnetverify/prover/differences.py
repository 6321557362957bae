"""Where two versions of a network's security groups decide differently, in any world: all of it, by deciding rules.

Bounds of rules tell most of it (`Overlaps`). The solver is asked where they do not settle all, and always where lists
are short: then it judges them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.comparing import Alignment, Comparison, Deciding, Decision, Pair, pairs, renamed
from vnetverify.encoder.lists import ListQuestion
from vnetverify.encoder.overlaps import Overlaps
from vnetverify.encoder.terms import Term
from vnetverify.facts import Uncertainty, World
from vnetverify.header import TCP, UDP, Flow
from vnetverify.model.network import Network
from vnetverify.model.security import Direction
from vnetverify.prover.idle import estates_of
from vnetverify.prover.solver import Satisfiable, Solver, Undecided, Unsatisfiable

_USUAL_PORT = 49152
_MOST = 100  # differences at one place in one direction
_FEW = 300  # rules of both versions up to which the solver judges what was found without it, as that costs nothing


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet at a place in one world; facts about renamed rules have both names there."""

    pair: Pair
    direction: Direction
    flow: Flow
    world: World


@dataclass(frozen=True, slots=True)
class Difference:
    """Packets at one place that `old` rules let through or stopped, and `new` rules do not; `packet` is one of them.

    `needed` are open facts, with the values under which it is so, where as documented it is not.
    """

    packet: Packet
    old: Decision
    new: Decision
    was_allowed: bool
    needed: tuple[tuple[Uncertainty, bool], ...] = ()


Teller = Callable[[Packet], Difference]
"""Tells which rules decide about a packet in both versions; that is not for the solver to say."""


class Inconsistent(Exception):
    """Simulator, solver and bounds of rules do not agree on which rules decide about a packet: a bug of ours."""

    def __init__(self, found: Difference) -> None:
        super().__init__(f"{found.packet.flow}: {found.old or 'no group'} and {found.new or 'no group'}")


@dataclass(frozen=True, slots=True)
class Differences:
    """What was found; `undecided` are places at which a limit was hit, `cut` those with more than is listed.

    Unless they `keep_records` alike, a reply may fare otherwise in a world in which what is always allowed leaves
    none (F-ADM-18): that is not compared. Without `places` that both have nothing was.
    """

    found: tuple[Difference, ...]
    undecided: tuple[Pair, ...] = ()
    cut: tuple[Pair, ...] = ()
    keep_records: bool = True
    places: int = 0


@dataclass(slots=True)
class _Search:
    solver: Solver
    told: Teller
    names: Mapping[str, str]
    by_bounds: bool
    found: list[Difference] = field(default_factory=list)
    undecided: list[Pair] = field(default_factory=list)
    cut: list[Pair] = field(default_factory=list)
    keep_records: bool = True
    places: int = 0


def differences(old: Network, new: Network, solver: Solver, told: Teller, by_bounds: bool = True) -> Differences:
    """Return where the groups of `old` and `new` decide differently at places that both have, in order of places.

    Unless `by_bounds` the solver finds all of it, which is slow and says the same. Raises `Inconsistent`.
    """
    search = _Search(solver, told, renamed(old, new), by_bounds)
    for one, other in zip(estates_of(old), estates_of(new), strict=False):
        for pair in pairs(one, other):
            search.places += 1
            for direction in pair.old.directions:
                _compare(search, one, other, pair, direction)
    undecided, cut = tuple(search.undecided), tuple(search.cut)
    return Differences(tuple(search.found), undecided, cut, search.keep_records, search.places)


def _compare(search: _Search, old: Estate, new: Estate, pair: Pair, direction: Direction) -> None:
    alignment = Alignment(old, new, pair, direction, search.names)
    search.keep_records = search.keep_records and alignment.keeps_records
    if alignment.is_same:
        return
    if not search.by_bounds:
        _ask(search, alignment, (), are_all=False)
        return
    overlaps = Overlaps(alignment)
    known: list[tuple[Decision, Decision]] = []
    for overlap in overlaps:
        if len(known) == _MOST:
            search.cut.append(pair)
            return
        known.append((overlap.old, overlap.new))
        needed = tuple((fact, True) for fact in overlap.needed)
        world = _in_both(World({str(fact): value for fact, value in needed}), search.names)
        packet = Packet(pair, direction, overlap.flow, world)
        search.found.append(Difference(packet, overlap.old, overlap.new, overlap.was_allowed, needed))
    if not overlaps.is_complete or alignment.size <= _FEW:
        _ask(search, alignment, known, overlaps.is_complete)


def _ask(search: _Search, alignment: Alignment, known: Sequence[tuple[Decision, Decision]], are_all: bool) -> None:
    """Let the solver find differences beside the `known` ones, which `are_all` where it finds another."""
    if not known and not _may_differ(search, alignment):
        return
    pair, direction, solver = alignment.pair, alignment.direction, search.solver
    comparison = Comparison(alignment, by_rule=True)
    symbols = comparison.name_decisions()
    question = comparison.question()
    solver.open(question)
    for old, new in known:
        if not _leave_out(solver, symbols, old, new):
            search.undecided.append(pair)
            return
    for _ in range(len(known), _MOST):
        match solver.check([comparison.differs]):
            case Unsatisfiable():
                return
            case Undecided():
                search.undecided.append(pair)
                return
            case Satisfiable(model):
                pass
        found = search.told(Packet(pair, direction, *_witness(question, model, search.names)))
        literals = _literals(symbols, found.old, found.new)
        usual = None if literals is None else _usual(solver, question, [comparison.differs, *literals])
        if usual is None or are_all:
            raise Inconsistent(found)
        model, needed = usual
        packet = Packet(pair, direction, *_witness(question, model, search.names))
        search.found.append(replace(found, packet=packet, needed=needed))
        if not _leave_out(solver, symbols, found.old, found.new):
            search.undecided.append(pair)
            return
    search.cut.append(pair)


def _may_differ(search: _Search, alignment: Alignment) -> bool:
    """Tell whether the solver finds a difference; where it hits a limit the place is undecided."""
    comparison = Comparison(alignment)
    if not comparison.may_differ:
        return False
    search.solver.open(comparison.question())
    answer = search.solver.check([comparison.differs])
    if isinstance(answer, Undecided):
        search.undecided.append(alignment.pair)
    return isinstance(answer, Satisfiable)


def _leave_out(solver: Solver, symbols: Sequence[Deciding], old: Decision, new: Decision) -> bool:
    """Let later answers be about other decisions; tell whether that worked."""
    literals = _literals(symbols, old, new) or ()
    return solver.add([one.removeprefix("-") if one.startswith("-") else f"-{one}" for one in literals])


def _literals(symbols: Sequence[Deciding], old: Decision, new: Decision) -> list[Term] | None:
    """Return literals that say that these rules decide, None where the encoding has one of them never decide."""
    before, after = (names.literals(decision) for names, decision in zip(symbols, (old, new), strict=True))
    return None if before is None or after is None else [*before, *after]


def _witness(question: ListQuestion, model: Mapping[Term, int], names: Mapping[str, str]) -> tuple[Flow, World]:
    flow, world = question.witness(model)
    return flow, _in_both(world, names)


def _usual(
    solver: Solver, question: ListQuestion, literals: Sequence[Term]
) -> tuple[Mapping[Term, int], tuple[tuple[Uncertainty, bool], ...]] | None:
    """Return a model that a reader expects, as documented where it can be so, and the facts that keep it from that.

    None where there is no model at all.
    """
    found = solver.check(literals)
    if not isinstance(found, Satisfiable):
        return None
    model = found.model
    kept: list[Term] = []
    needed: list[tuple[Uncertainty, bool]] = []
    answer = solver.check([*literals, *question.documented()])
    if isinstance(answer, Satisfiable):
        kept, model = list(question.documented()), answer.model
    else:
        rest = list(question.documented())
        while rest:
            # All before `low` go together with those kept, and all before `high` do not, or that is not known.
            low, high = 0, len(rest) + 1
            while high - low > 1:
                middle = (low + high) // 2
                answer = solver.check([*literals, *kept, *rest[:middle]])
                if isinstance(answer, Satisfiable):
                    low, model = middle, answer.model
                else:
                    high = middle
            kept += rest[:low]
            if low < len(rest):
                needed.append((question.facts[rest[low].removeprefix("-")], rest[low].startswith("-")))
            rest = rest[low + 1 :]
    for fixed in _expected():
        answer = solver.check([*literals, *kept], fix=fixed)
        if isinstance(answer, Satisfiable):
            return answer.model, tuple(needed)
    return model, tuple(needed)


def _expected() -> Iterator[Mapping[Term, tuple[int, int]]]:
    """Yield what to fix of a packet: TCP or UDP from a client's port, to a well-known port where that can be."""
    for protocol in (TCP, UDP):
        usual = {"pr": (protocol, 8), "sp": (_USUAL_PORT, 16)}
        yield {**usual, "dp": (443, 16)}
        yield usual


def _in_both(world: World, names: Mapping[str, str]) -> World:
    """Return the world with facts about renamed rules under both names."""
    facts = dict(world.facts)
    for fresh, former in names.items():
        for name, value in world.facts.items():
            kind, _, about = name.partition("(")
            if about == f"{former})" or about.startswith(f"{former}, "):
                facts[f"{kind}({fresh}{about.removeprefix(former)}"] = value
    return World(facts)
