"""A claim about very many places, decided by the solver in parts: by where flows begin.

Every part says of its flows what the claim says of all, so that the claim holds where all parts do. The solver's
question grows faster than the places that it is about.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise

from vnetverify.executor import Executor
from vnetverify.model.intents import Claim, EndpointSet, Place, Verb
from vnetverify.prover.caveats import caveats_of
from vnetverify.prover.joined import joined_proof
from vnetverify.prover.premise import premise_of
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Verdict

PLACES = 128
"""Places where the flows of a part begin, or somewhat more or fewer."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The verdict on a part, the seconds that it took, those of its solver among them, and the steps of that."""

    verdict: Verdict
    seconds: float
    solving: float
    rlimit: int


def parts_of(claim: Claim) -> tuple[Claim, ...]:
    """Return claims that together say what `claim` says; itself where it is about few places or asks for one flow."""
    places = sorted({place for left, _ in claim.pairs for place, _ in left.parts})
    count = round(len(places) / PLACES)
    if count < 2 or claim.verb is Verb.SOMETIMES_REACHES:
        return (claim,)
    bounds = [number * len(places) // count for number in range(count + 1)]
    return tuple(_from(claim, frozenset(places[low:high])) for low, high in pairwise(bounds))


def _from(claim: Claim, places: frozenset[Place]) -> Claim:
    """Return what the claim says of flows that begin at these places."""
    lefts = {left: _at(left, places) for left in dict.fromkeys(left for left, _ in claim.pairs)}
    return replace(claim, pairs=tuple((lefts[left], right) for left, right in claim.pairs if lefts[left]))


def _at(ends: EndpointSet, places: frozenset[Place]) -> EndpointSet:
    return replace(ends, parts=tuple(part for part in ends.parts if part[0] in places))


def decide_in_parts(inquiry: Inquiry, solver: Solver, executor: Executor) -> Verdict:
    """Return the verdict on a claim by those on its parts, each of which has all of the solver's limits.

    What they took counts as the solver's own work. A flow that contradicts whatever documents say ends the search.
    """
    parts = parts_of(inquiry.claim)
    if len(parts) == 1:
        return decide(inquiry, solver)

    def found(number: int) -> _Found:
        return _found(replace(inquiry, claim=parts[number]), solver.limits)

    begun, answers = time.perf_counter(), list[_Found]()
    with closing(executor.results(found, len(parts), long=True)) as results:
        for each in results:
            answers.append(each)
            if isinstance(each.verdict, Refuted) and not each.verdict.documented:
                break
    waited, worked = time.perf_counter() - begun, sum(each.seconds for each in answers)
    solver.seconds += waited * sum(each.solving for each in answers) / worked  # they may have worked side by side
    solver.rlimit += sum(each.rlimit for each in answers)
    return _together(inquiry, [each.verdict for each in answers], solver)


def _found(inquiry: Inquiry, limits: Limits) -> _Found:
    begun, solver = time.perf_counter(), Solver(limits)
    solver.allot()
    try:
        verdict = decide(inquiry, solver)
        return _Found(verdict, time.perf_counter() - begun, solver.seconds, solver.rlimit)
    finally:
        solver.close()


def _together(inquiry: Inquiry, verdicts: Sequence[Verdict], solver: Solver) -> Verdict:
    """Return the verdict on the whole by those on its parts: the worst, and what speaks of nothing does not count."""
    refuted = [verdict for verdict in verdicts if isinstance(verdict, Refuted)]
    if refuted:
        return min(refuted, key=lambda verdict: verdict.documented)
    unknown = [verdict for verdict in verdicts if isinstance(verdict, Unknown)]
    if unknown:
        return min(unknown, key=lambda verdict: ("refuted", None, "proved").index(verdict.as_documented))
    proofs = [verdict for verdict in verdicts if isinstance(verdict, Proved)]
    return _proof(inquiry, proofs, solver) if proofs else verdicts[0]


def _proof(inquiry: Inquiry, proofs: Sequence[Proved], solver: Solver) -> Proved:
    """Return the proof that those of the parts are. Where one of them does not say what it rests on, it does not."""
    network, claim, proof = inquiry.network, inquiry.claim, joined_proof(proofs)
    if not all(part.grounds or part.assumed for part in proofs):
        proof = replace(proof, grounds=(), minimal=False, assumed=())
    if proof.premise is not None:
        proof = replace(proof, premise=premise_of(network, claim, proof.premise.example))
    return replace(proof, caveats=caveats_of(network, claim, inquiry.fixed, solver))
