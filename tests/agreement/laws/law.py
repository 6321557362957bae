"""What a law is: a change of a network or of a sentence, and what it may do to the flows that violate the sentence.

Each is judged twice: by the simulator on flows, and by verdicts of the encoder and the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Unknown, Verdict, Witness, verdict_word
from vnetverify.simulator.claims import violates
from vnetverify.testing.rewriting import Rewriting


class Relation(Enum):
    SAME = "the same flows violate it"
    NO_MORE = "no other flows violate it"


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence about a network, with what is taken for granted."""

    network: Network
    claim: Claim
    assumed: Mapping[str, bool] = field(default_factory=dict)
    documented: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """A case before and after a change; `rewriting` says where its flows are afterwards."""

    before: Case
    after: Case
    rewriting: Rewriting = field(default_factory=Rewriting)


@dataclass(frozen=True, slots=True)
class Law:
    """`change` returns None where there is nothing to change, or the law says nothing.

    With `in_every_world` the simulator is asked in worlds that differ from the documents as well: the change adds no
    open fact and renames none.
    """

    name: str
    relation: Relation
    change: Callable[[Case, Random], Changed | None]
    in_every_world: bool = False


def broken_by_simulation(law: Law, changed: Changed, examples: Iterable[Witness]) -> str | None:
    """Return how the law does not hold of some example, None where it holds of each."""
    for example in examples:
        before = _violates(changed.before, example)
        after = _violates(changed.after, changed.rewriting.of_witness(example))
        if before is not after and (law.relation is Relation.SAME or after):
            said = "violates it before and not after" if before else "violates it after and not before"
            return f"{example.flow} from {example.origin} {said}"
    return None


def _violates(case: Case, example: Witness) -> bool:
    return violates(case.network, case.claim, example.origin, example.flow, example.world) is not None


def broken_by_verdict(law: Law, changed: Changed, solver: Solver) -> str | None:
    """Return how the verdicts before and after do not go together, None where they do."""
    before, after = (_decided(case, solver) for case in (changed.before, changed.after))
    words = verdict_word(before), verdict_word(after)
    if law.relation is Relation.SAME:
        return None if words[0] == words[1] else _differ(before, after)
    if Verb.SOMETIMES_REACHES in (changed.before.claim.verb, changed.after.claim.verb):
        return None
    if words[0] in ("proved", "vacuous") and words[1] not in ("proved", "vacuous"):
        return _differ(before, after)
    return None


def _decided(case: Case, solver: Solver) -> Verdict:
    fixed = {fact.casefold(): value for fact, value in case.assumed.items()}
    return decide(Inquiry(case.network, case.claim, fixed, case.documented), solver)


def _differ(before: Verdict, after: Verdict) -> str:
    return f"{verdict_word(before)}{_why(before)} before, {verdict_word(after)}{_why(after)} after"


def _why(verdict: Verdict) -> str:
    return f" ({verdict.why})" if isinstance(verdict, Unknown) else ""
