"""Rules of security groups that change nothing, wherever their group is attached and whatever the world.

That is proved for every packet: a rule never matches when everything it names is decided before it, by one rule or by
several together; it is redundant when no packet would fare otherwise without it (F-NSG-4, F-EVAL-3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.lists import Asking, Level, Line, LineName, Lists, is_own
from vnetverify.encoder.spots import Context, contexts
from vnetverify.encoder.terms import FALSE, Term
from vnetverify.header import Family
from vnetverify.model.network import Network
from vnetverify.model.planes import has_ipv6, plane
from vnetverify.model.security import Access, Direction, Nsg, SecurityRule, ServiceTag
from vnetverify.prover.solver import Solver, Unsatisfiable

_FEW = 12
_AT_ONCE = 64
_LINES_AT_ONCE = 600


class Kind(Enum):
    """Why a rule changes nothing."""

    NAMES_NOTHING = "names nothing"
    SHADOWED = "shadowed"
    REDUNDANT = "redundant"
    OVERRULED = "overruled"


@dataclass(frozen=True, slots=True)
class IdleRule:
    """A rule that changes nothing; `causes` are the rules of a group's own that make it so, without defaults."""

    nsg: str
    rule: SecurityRule
    kind: Kind
    causes: tuple[LineName, ...]


@dataclass(frozen=True, slots=True)
class IdleRules:
    """What was found; `undecided` counts rules for which a limit was hit. All rules found may be taken out together."""

    found: tuple[IdleRule, ...]
    undecided: int = 0


def estates_of(network: Network) -> tuple[Estate, ...]:
    """Return the network as packets of each family see it."""
    return tuple(Estate(plane(network, family), family) for family in (Family if has_ipv6(network) else (Family.IPV4,)))


def idle_rules(network: Network, solver: Solver) -> IdleRules:
    """Return the rules of attached groups that change nothing, in order of declaration."""
    search = _Search(network, solver)
    search.look_for_use()
    found = {idle.rule: idle for idle in (*search.unmatched(), *search.redundant())}
    ordered = (found[rule] for nsg in network.nsgs.values() for rule in nsg.rules if rule in found)
    return IdleRules(tuple(ordered), len(search.undecided))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A context in one direction in which some rule had still to show its use."""

    estate: Estate
    context: Context
    direction: Direction


@dataclass(slots=True)
class _Together:
    """Contexts that one question is about: of each rule, a literal that it turns a verdict and one that it decides."""

    asking: Asking
    lines: int = 0
    asked: list[tuple[LineName, Term, Term]] = field(default_factory=list)


@dataclass(slots=True)
class _Search:
    network: Network
    solver: Solver
    spots: list[_Spot] = field(default_factory=list)
    decide: set[LineName] = field(default_factory=set)
    matter: set[LineName] = field(default_factory=set)
    undecided: set[LineName] = field(default_factory=set)
    dropped: set[LineName] = field(default_factory=set)

    # -- rules with some use ------------------------------------------------------------------------------

    def look_for_use(self) -> None:
        """Find the rules that decide a packet somewhere, and those without which it would fare otherwise."""
        for estate in estates_of(self.network):
            together = _Together(Asking(estate))
            for context in contexts(estate):
                for direction in context.directions if context.groups else ():
                    self._add(together, context, direction)
                    if together.lines > _LINES_AT_ONCE:
                        self._ask(together)
                        together = _Together(Asking(estate))
            self._ask(together)

    def _add(self, together: _Together, context: Context, direction: Direction) -> None:
        """Add what is still to be asked about the lists of a context."""
        asking = together.asking
        nsgs = (asking.estate.network.nsgs[name] for name in context.groups)
        rules = [(nsg.name, rule) for nsg in nsgs for rule in nsg.rules if rule.direction is direction]
        if not any(self._is_pending(name, rule) for name, rule in rules):
            return
        lists = Lists(asking, context, direction)
        together.lines += sum(len(level.lines) for level in lists.levels)
        self.spots.append(_Spot(asking.estate, context, direction))
        for level, line in own_lines(lists):
            if line.decides != FALSE and self._is_pending(level.nsg, line.rule):
                turns, decides = lists.literal(lists.turns_verdict(level, line)), lists.literal(lists.reaches(line))
                together.asked.append(((level.nsg, line.rule.name), turns, decides))

    def _is_pending(self, nsg: str, rule: SecurityRule) -> bool:
        return (nsg, rule.name) not in self.matter and not names_platform(rule)

    def _ask(self, together: _Together) -> None:
        if not together.asked:
            return
        self.solver.open(together.asking.question())
        possible = self._possible({turns for _, turns, _ in together.asked})
        for name, turns, _ in together.asked:
            if possible[turns] is not False:
                self.matter.add(name)
                self.decide.add(name)
                if possible[turns] is None:
                    self.undecided.add(name)
        open_ones = [(name, decides) for name, _, decides in together.asked if name not in self.decide]
        possible = self._possible({decides for _, decides in open_ones})
        self.decide |= {name for name, decides in open_ones if possible[decides] is not False}

    def _possible(self, literals: Iterable[Term]) -> dict[Term, bool | None]:
        """Tell of each literal whether it can hold when all rules count."""
        ordered = sorted(literals)
        found: dict[Term, bool | None] = {}
        for start in range(0, len(ordered), _AT_ONCE):
            chunk = ordered[start : start + _AT_ONCE]
            found.update(zip(chunk, self.solver.check_each([("on", literal) for literal in chunk]), strict=True))
        return found

    # -- rules without ------------------------------------------------------------------------------------

    def unmatched(self) -> Iterator[IdleRule]:
        """Yield the rules that are never the first to match, with those that are before them."""
        named = {(nsg.name, rule.name): rule for nsg, rule in self._attached()}
        idle = {name: rule for name, rule in named.items() if name not in self.decide}
        causes: dict[LineName, dict[LineName, None]] = {name: {} for name in idle}
        for spot in self.spots:
            lists = Lists(Asking(spot.estate), spot.context, spot.direction)
            asked = [
                ((level.nsg, line.rule.name), lists.literal(lists.reaches(line)))
                for level, line in own_lines(lists)
                if (level.nsg, line.rule.name) in idle and line.decides != FALSE
            ]
            if asked:
                self.solver.open(lists.asking.question())
            for name, decides in asked:
                needed = self._core(lists, [decides], keep=name)
                causes[name].update(dict.fromkeys(needed or ()))
        for name, rule in idle.items():
            self.dropped.add(name)
            yield IdleRule(name[0], rule, Kind.SHADOWED if causes[name] else Kind.NAMES_NOTHING, tuple(causes[name]))

    def redundant(self) -> Iterator[IdleRule]:
        """Yield rules that decide and change nothing, given that those found before are taken out."""
        for nsg, rule in self._attached():
            name = (nsg.name, rule.name)
            if name in self.matter or name in self.dropped:
                continue
            found = self._redundant(name)
            if found is not None:
                is_alone, causes = found
                self.dropped.add(name)
                kind = Kind.REDUNDANT if is_alone or rule.access is Access.DENY else Kind.OVERRULED
                yield IdleRule(nsg.name, rule, kind, causes)

    def _redundant(self, name: LineName) -> tuple[bool, tuple[LineName, ...]] | None:
        """Return whether the rest of its own group makes the rule redundant, and what does; None if it is needed."""
        is_alone = True
        causes: dict[LineName, None] = {}
        for spot in self.spots:
            if name[0] not in spot.context.groups:
                continue
            lists = Lists(Asking(spot.estate), spot.context, spot.direction, frozenset(self.dropped))
            for level, line in own_lines(lists):
                if (level.nsg, line.rule.name) != name or line.decides == FALSE:
                    continue
                by_list = lists.literal(lists.turns(line))
                by_all = lists.literal(lists.turns_verdict(level, line))
                self.solver.open(lists.asking.question())
                alone = isinstance(self.solver.check(["on", by_list]), Unsatisfiable)
                needed = self._core(lists, [by_list if alone else by_all], keep=name)
                if needed is None:
                    return None
                is_alone = is_alone and alone
                causes.update(dict.fromkeys(needed))
        return is_alone, tuple(causes)

    def _core(self, lists: Lists, asked: Sequence[Term], keep: LineName) -> list[LineName] | None:
        """Return rules that suffice for the answer no, beside the rule itself; None where the answer is another."""
        own = lists.asking.labels[keep]
        names = {label: name for name, label in lists.asking.labels.items()}
        answer = self.solver.check([*asked, *names], core=True)
        if not isinstance(answer, Unsatisfiable):
            return None
        core = [label for label in answer.core if label in names and label != own]
        for label in core if len(core) <= _FEW else ():
            fewer = [other for other in core if other != label]
            if isinstance(self.solver.check([*asked, own, *fewer]), Unsatisfiable):
                core = fewer
        return [names[label] for label in core]

    def _attached(self) -> Iterator[tuple[Nsg, SecurityRule]]:
        """Yield the rules that were asked about."""
        judged = {name for spot in self.spots for name in spot.context.groups}
        for nsg in self.network.nsgs.values():
            if nsg.name in judged:
                yield from ((nsg, rule) for rule in nsg.rules if not names_platform(rule))


def own_lines(lists: Lists) -> Iterator[tuple[Level, Line]]:
    """Yield the lines that are no defaults, with their lists."""
    for level in lists.levels:
        yield from ((level, line) for line in level.lines if is_own(line.rule))


def names_platform(rule: SecurityRule) -> bool:
    """Tell whether a rule names a host service: then it holds for nothing but the exemption of these (F-PLAT-1)."""
    sides: Iterable[object] = (rule.source, rule.destination)
    return any(isinstance(side, ServiceTag) and side.name.casefold().startswith("azureplatform") for side in sides)
