"""Sentences about large networks, decided without a solver: by a judged cover, or by a flow that contradicts it.

The solver's question grows with every rule and pair of an estate; a cover asks of each only what matters to it. What is
found here is evidence already, and what is not found is left to the solver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from vnetverify.assurance import Contradicted, certified, flow_in, judged
from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import MAIN, Certificate, Subject, certify
from vnetverify.certificate.judging import Judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import premise
from vnetverify.certificate.relays import relays
from vnetverify.executor import IN_PROCESS, Executor
from vnetverify.facts import DOCUMENTED, SettledFacts
from vnetverify.grounds import grounds_of
from vnetverify.model.intents import OF_ABSENCE, Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.premise import premise_of
from vnetverify.prover.verdict import Proved, Refuted, Witness
from vnetverify.simulator.claims import delivers, violates
from vnetverify.simulator.examples import first_spoken_of, flows_between

LARGE = 1_500
"""Security rules from which on a network is large."""

_BY_A_DEVICE = frozenset({Verb.ONLY_VIA, Verb.NOT_VIA})
_COVERED = _BY_A_DEVICE | {
    Verb.NEVER_REACHES,
    Verb.REACHES,
    Verb.LOSES_NO_PACKETS,
    Verb.NEXT_HOP,
    Verb.GATEWAY,
    Verb.EGRESS,
}
_TRIED = 64


def is_large(network: Network) -> bool:
    return sum(len(nsg.rules) for nsg in network.nsgs.values()) > LARGE


def decided_by_cover(
    network: Network, claim: Claim, assumed: Mapping[str, bool], most: int, executor: Executor = IN_PROCESS
) -> tuple[Proved, Certificate] | Refuted | Contradicted | NoCover:
    """Return the verdict on a claim by a cover, which holds in every world; why there is none otherwise.

    A certificate may have `most` nodes; it has been judged. A flow that contradicts is one of a region all of which
    does, whatever the world, and nobody has replayed it yet.
    """
    if claim.verb not in _COVERED or claim.unfiltered or claim.advertising is not None or assumed:
        return NoCover("it is asked of the solver")
    subject = Subject(network, claim, SettledFacts({}))
    if any(True for _ in relays(network, claim, subject.assumed)):
        return NoCover("appliances may send flows of their own")
    example = first_spoken_of(network, claim, DOCUMENTED)
    if example is None or (claim.verb in _BY_A_DEVICE and not _some_arrive(network, claim)):
        return NoCover("no flow is at hand that the claim speaks of")
    made = certify(subject, most, executor)
    if isinstance(made, NoCover):
        refuted = _refuted(network, claim, made)
        return made if refuted is None else refuted
    by_routing = _by_routing(subject, made, executor)
    proof = Proved((), premise=premise_of(network, claim, Witness(*example, DOCUMENTED)), by_routing=by_routing)
    assured = certified(made, proof) if by_routing else judged(subject, made, proof, executor)
    if isinstance(assured, Contradicted):
        return assured
    return replace(assured, grounds=grounds_of(subject, made)), made


def _some_arrive(network: Network, claim: Claim) -> bool:
    """Hold when a flow between first addresses is delivered as the claim speaks of (I-ONLY-VIA)."""
    flows = islice(flows_between(claim), _TRIED)
    return any(delivers(network, claim, origin, flow, DOCUMENTED) for origin, flow in flows)


def _refuted(network: Network, claim: Claim, found: NoCover) -> Refuted | None:
    """Return the refutation by a region all of whose flows contradict in every world; None where there is none."""
    region = found.region
    if not found.is_flaw or region is None or region.decided or region.spans or region.origin is None:
        return None
    flow = flow_in(region.packet)
    violation = violates(network, claim, region.origin, flow, DOCUMENTED)
    return None if violation is None else Refuted(Witness(region.origin, flow, DOCUMENTED), violation.why)


def _by_routing(subject: Subject, made: Certificate, executor: Executor) -> bool | None:
    """Return whether a proof of absence stands without filters, as the judge has it; None where that is not seen.

    The cover then shows more than was asked of it, and need not be judged again.
    """
    network, claim = subject.network, subject.claim
    if claim.verb not in OF_ABSENCE:
        return None
    flows, opened = islice(flows_between(claim), _TRIED), replace(claim, unfiltered=True)
    if any(violates(network, opened, *found, DOCUMENTED) is not None for found in flows):
        return False
    try:
        by_routing = Judge(Unviolated(network, claim, by_routing=True))
        by_routing.check(premise(claim, subject.assumed), made[MAIN], executor)
    except Refused:
        return None
    return True
