"""Vectors asked of both engines: which of them are answered otherwise than their authors did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.facts import SettledFacts, Undetermined, World
from vnetverify.model.lints.services import refused_at_bastions
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.prover.solver import Solver
from vnetverify.testing.answers import agrees, simulated_answer
from vnetverify.testing.confirmation import confirmations, contested_values
from vnetverify.testing.question_lines import answer_text
from vnetverify.testing.questions import (
    Answer,
    Asked,
    Carried,
    Contested,
    FilterVerdict,
    Hops,
    IsValid,
    Passage,
    Question,
    Validity,
)
from vnetverify.testing.vector_balancers import entrances
from vnetverify.testing.vectors import NotApplicable, Vector, read_vector

_WORLDS = 4096  # ways in which open facts may turn out that are looked at for one question


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What an engine, or the check of configurations, answers otherwise than a vector wants."""

    vector: str
    engine: str
    wanted: str
    given: str

    def __str__(self) -> str:
        return f"{self.vector}: {self.engine}: wanted {self.wanted}, given {self.given}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one vector; `left_out` says why it was not asked, where it was not."""

    vector: str
    disagreements: tuple[Disagreement, ...] = ()
    left_out: str = ""


def conform(vectors: Iterable[Mapping[str, Any]], solver: Solver) -> Iterator[Outcome]:
    """Yield the outcome of each vector, in order."""
    for number, vector in enumerate(vectors, 1):
        name = str(vector.get("id") or f"vector {number}")
        try:
            yield Outcome(name, tuple(_disagreements(name, read_vector(vector), solver)))
        except NotApplicable as reason:
            yield Outcome(name, left_out=str(reason))


def _disagreements(name: str, vector: Vector, solver: Solver) -> Iterator[Disagreement]:
    match vector.asked:
        case Contested() as contested:
            yield from _contested(name, vector.network, contested, solver)
        case Asked(IsValid() as question, answer):
            given = Validity(False, (vector.refused,)) if vector.refused else _checked(vector.network, question)
            if not agrees(answer, given):
                yield Disagreement(name, "check", answer_text(answer), answer_text(given))
        case Asked() as asked:
            wanted, ways = answer_text(asked.answer) or "nothing", list(_ways(vector.network, asked))
            # By whichever member a frontend is reached, or by one it is not.
            enough = all if isinstance(asked.answer, Passage) and asked.answer.happens else any
            told = [_simulated(vector.network, way) for way in ways]
            if not enough(given is None for given in told):
                yield Disagreement(
                    name, "simulator", wanted, next(text for text in told if text is not None) or "nothing"
                )
            found = [_unconfirmed(vector.network, way, solver) for way in ways]
            if not enough(given == "" for given in found):
                yield Disagreement(name, "encoder", wanted, next(filter(None, found)))


def _unconfirmed(network: Network, asked: Asked, solver: Solver) -> str:
    proven = confirmations(network, asked, solver)
    return "; ".join(f"{one.what}: {_shown(one.given)}" for one in proven if one.expected != one.given)


def _ways(network: Network, asked: Asked) -> Iterator[Asked]:
    """Yield the question once for each member that the frontend it is about may give the flow to (F-LB-3)."""
    members: dict[str, None] = {}
    if isinstance(asked.question, Carried):
        for balancer in network.load_balancers.values():
            for rule in balancer.rules:
                at = dict(entrances(balancer)).get(rule.frontend)
                if at is not None and at.address == asked.question.flow.destination:
                    members |= {f"U-BACKEND({balancer.name}/{rule.frontend}, {name})": None for name in rule.members}
    for chosen in members:
        yield replace(asked, facts={**{member: member == chosen for member in members}, **asked.facts})
    if not members:
        yield asked


def _checked(network: Network, question: IsValid) -> Answer:
    return simulated_answer(network, question, World(), _refusals)


def _refusals(network: Network) -> tuple[Diagnostic, ...]:
    at_bastions = (replace(found, severity=Severity.ERROR) for found in refused_at_bastions(network))
    return (*check(network), *at_bastions)


def _simulated(network: Network, asked: Asked) -> str | None:
    """Return what the simulator says instead of the answer wanted, None where it says that.

    Of several next hops, each must be so in some world, and no other.
    """
    if isinstance(asked.answer, Hops) and len(asked.answer.anyone) > 1:
        possible = set(answers_in_all_worlds(network, asked.question, asked.facts))
        wanted = [Hops((hop,)) for hop in asked.answer.anyone]
        is_exact = all(any(agrees(one, given) for given in possible) for one in wanted)
        if is_exact and all(agrees(asked.answer, given) for given in possible):
            return None
        return " or ".join(sorted(map(answer_text, possible)))
    given = simulated_answer(network, asked.question, World(SettledFacts(asked.facts)), check)
    return None if agrees(asked.answer, given) else answer_text(given)


def answers_in_all_worlds(network: Network, question: Question, fixed: Mapping[str, bool]) -> Iterator[Answer]:
    """Yield the simulator's answer in every world in which the `fixed` facts are so, as far as it asks for facts.

    Raises `NotApplicable` where there are too many.
    """
    pending = [dict(fixed)]
    for _ in range(_WORLDS):
        if not pending:
            return
        facts = pending.pop()
        try:
            yield simulated_answer(network, question, World(SettledFacts(facts), partial=True), check)
        except Undetermined as opened:
            pending += [{**facts, str(opened.fact): value} for value in (True, False)]
    raise NotApplicable("more open facts than can be looked at")


def _contested(name: str, network: Network, contested: Contested, solver: Solver) -> Iterator[Disagreement]:
    """Yield the engines for which the answer is open otherwise than wanted, or by other facts than those expected.

    With the expected facts fixed, whichever way, nothing may be open any more.
    """
    wanted = _values(contested.may, contested.must)
    settled = [
        dict(zip(contested.atoms, values, strict=True))
        for values in product((False, True), repeat=len(contested.atoms))
    ]
    for engine in ("simulator", "encoder"):
        ways = [{}] if not contested.atoms else [{}, *settled]
        found = [_possible(engine, network, contested, {**contested.facts, **way}, solver) for way in ways]
        if found[0] != wanted:
            yield Disagreement(name, engine, _shown(wanted), _shown(found[0]))
        elif any(len(values) > 1 for values in found[1:]):
            atoms = ", ".join(contested.atoms)
            yield Disagreement(name, engine, f"a verdict that {atoms} decides", "one that depends on further facts")


def _possible(
    engine: str, network: Network, contested: Contested, facts: Mapping[str, bool], solver: Solver
) -> frozenset[bool]:
    if engine == "encoder":
        return contested_values(network, contested.question, facts, solver)
    given = answers_in_all_worlds(network, contested.question, facts)
    return frozenset(map(_happens, given))


def _happens(answer: Answer) -> bool:
    match answer:
        case Passage(happens):
            return happens
        case FilterVerdict(allowed):
            return allowed
        case _:
            raise NotApplicable("two readings of an answer that is no yes or no")


def _values(may: bool, must: bool) -> frozenset[bool]:
    return frozenset((may, must))


def _shown(given: object) -> str:
    if isinstance(given, frozenset) and given <= {True, False}:
        return "either" if len(given) == 2 else "nothing" if not given else "yes" if True in given else "no"
    if isinstance(given, bool):
        return "yes" if given else "no"
    return ", ".join(sorted(map(str, given))) if isinstance(given, frozenset) else str(given)
