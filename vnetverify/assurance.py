"""What confirms a proof: a judged certificate, else a checked SAT proof, a second solver, or Z3 alone.

The search is never believed. What it calls proved is made sure of here, from the strongest evidence to the weakest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import assert_never

from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Certificate, Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.regions import OF_FLOWS, Region, origins_of
from vnetverify.certificate.relays import relays
from vnetverify.executor import IN_PROCESS, Executor
from vnetverify.facts import SettledFacts, World
from vnetverify.header import TCP, UDP, Flow, Interval
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.evidence.confirming import (
    CheckedProof,
    Contradiction,
    Evidence,
    EvidenceLimits,
    NoEvidence,
    SecondOpinion,
    evidence_for,
)
from vnetverify.prover.parts import parts_of
from vnetverify.prover.prove import Inquiry, contradictions
from vnetverify.prover.verdict import CERTIFICATE_NODES, NODES_PER_PLACE, Assurance, Proved, Unknown, Witness
from vnetverify.simulator.addressing import Field, Packet
from vnetverify.simulator.claims import violates

_EPHEMERAL_PORT, _WELL_KNOWN_PORT = 49152, 443


@dataclass(frozen=True, slots=True)
class Demands:
    """What a proof has to be assured by at least, and what may be spent on it.

    `nodes` bounds a certificate, `evidence` the proofs and second solvers that are tried where there is none. Judged
    certificates are given to `keep`.
    """

    least: Assurance = Assurance.Z3_ALONE
    nodes: int = CERTIFICATE_NODES
    evidence: EvidenceLimits = field(default_factory=EvidenceLimits)
    keep: Callable[[Subject, Certificate], None] | None = None

    def nodes_for(self, claim: Claim) -> int:
        """Return how large a certificate of the claim may be: on large estates some nodes for each place where flows
        begin, unless fewer are asked for than what is usual."""
        if self.nodes < CERTIFICATE_NODES:
            return self.nodes
        return max(self.nodes, NODES_PER_PLACE * len(origins_of(claim)))


@dataclass(frozen=True, slots=True)
class Contradicted:
    """Somebody finds a flow where Z3 finds none: a bug of ours or of a solver, and no verdict."""

    what: str
    witness: Witness | None = None


def assured(
    network: Network,
    claim: Claim,
    proof: Proved,
    assumed: Mapping[str, bool],
    demands: Demands,
    tried: NoCover | None = None,
    executor: Executor = IN_PROCESS,
) -> Proved | Unknown | Contradicted:
    """Return the proof with what assures it; `unknown` where that is less than demanded.

    Where a certificate was `tried` already it is not tried again.
    """
    subject = subject_of(network, claim, proof, assumed)
    made = tried or certify(subject, demands.nodes_for(claim), executor)
    if not isinstance(made, NoCover):
        found = judged(subject, made, proof, executor)
        if demands.keep is not None and isinstance(found, Proved):
            demands.keep(subject, made)
    else:
        witness = None if made.region is None else _in_region(network, claim, made.region)
        if witness is not None:
            return Contradicted("the simulator finds a flow that contradicts what is proved", witness)
        found = _otherwise(
            Inquiry(network, claim, _folded(assumed), documented=False), proof, demands, made.why, executor
        )
    if isinstance(found, Contradicted) or found.assurance.rank >= demands.least.rank:
        return found
    told = f"proved by {found.assurance.told}, and `--assurance {demands.least.value}` asks for more"
    return Unknown(f"uncertified: {told} ({found.assured_by})")


def subject_of(network: Network, claim: Claim, proof: Proved, assumed: Mapping[str, bool]) -> Subject:
    """Return what the proof says, for a certificate: facts read as it leans on them."""
    taken = {str(fact): bool(fact.documented) for fact in proof.leaned_on}
    shown_by = None if proof.witness is None else (proof.witness.origin, proof.witness.flow)
    return Subject(network, claim, SettledFacts({**taken, **assumed}), shown_by)


def judged(
    subject: Subject, made: Certificate, proof: Proved, executor: Executor = IN_PROCESS
) -> Proved | Contradicted:
    """Return the proof assured by the certificate, which is judged."""
    try:
        judge(subject, made, executor)
    except Refused as problem:
        return Contradicted(f"the judge refuses the certificate that was made for it: {problem}")
    return certified(made, proof)


def certified(made: Certificate, proof: Proved) -> Proved:
    """Return the proof with the certificate, which has been judged, as what assures it."""
    nodes = sum(map(len, made.values()))
    told = f"{nodes} {'node' if nodes == 1 else 'nodes'}, judged"
    return replace(proof, assurance=Assurance.CERTIFICATE, assured_by=told)


def _folded(assumed: Mapping[str, bool]) -> dict[str, bool]:
    return {fact.casefold(): value for fact, value in assumed.items()}


def _in_region(network: Network, claim: Claim, region: Region) -> Witness | None:
    """Return a flow of the region, in a world of it, that does violate the claim; None where none is at hand."""
    named = any(fact.startswith(OF_FLOWS) for fact in region.decided)
    if region.origin is None or region.spans or named or claim.verb is Verb.SOMETIMES_REACHES:
        return None
    flow, world = flow_in(region.packet), World(SettledFacts({**region.assumed, **region.decided}))
    found = violates(network, claim, region.origin, flow, world)
    return None if found is None else Witness(region.origin, flow, world)


def flow_in(packet: Packet) -> Flow:
    """Return a flow of the box, an ordinary one where it holds one."""
    source, destination = packet.source.low, packet.destination
    is_home = destination.low == source and isinstance(destination, Field) and destination.high > source
    held = (protocol for protocol in (TCP, UDP) if packet.protocol.low <= protocol <= packet.protocol.high)
    return Flow(
        next(held, packet.protocol.low),
        source,
        _one_of(packet.source_port, _EPHEMERAL_PORT),
        destination.low + is_home,
        _one_of(packet.destination_port, _WELL_KNOWN_PORT),
    )


def _one_of(ports: Interval, ordinary: int) -> int:
    return ordinary if ports.low <= ordinary <= ports.high else ports.low


def _otherwise(
    inquiry: Inquiry, proof: Proved, demands: Demands, why: str, executor: Executor
) -> Proved | Contradicted:
    """Return the proof with the weakest of the evidence for each question to Z3 that it rests on."""
    alone = replace(proof, assurance=Assurance.Z3_ALONE, assured_by=f"no certificate: {why}")
    if inquiry.claim.verb is Verb.SOMETIMES_REACHES:
        return alone
    if relays(inquiry.network, inquiry.claim, SettledFacts(inquiry.fixed)):
        return replace(alone, assured_by=f"{alone.assured_by}; what appliances may send was asked of Z3 alone")
    parts = parts_of(inquiry.claim)

    def evidence(number: int) -> tuple[Evidence, ...]:
        asked = contradictions(replace(inquiry, claim=parts[number]), proof.leaned_on)
        return tuple(evidence_for(each, demands.evidence) for each in asked)

    weakest: Proved | None = None
    with closing(executor.results(evidence, len(parts), long=True)) as results:
        for each in _united(results):
            found = _by_evidence(alone, each)
            if isinstance(found, Contradicted):
                return found
            weakest = found if weakest is None else min(weakest, found, key=lambda proof: proof.assurance.rank)
    return alone if weakest is None else weakest


def _united(results: Iterable[tuple[Evidence, ...]]) -> Iterator[Evidence]:
    """Yield the evidence for each question; proofs that are checked are told as one, last."""
    proofs: list[CheckedProof] = []
    for evidence in chain.from_iterable(results):
        if isinstance(evidence, CheckedProof):
            proofs.append(evidence)
        else:
            yield evidence
    if proofs:
        yield CheckedProof(sum(proof.clauses for proof in proofs), sum(proof.lemmas for proof in proofs))


def _by_evidence(alone: Proved, evidence: Evidence) -> Proved | Contradicted:
    match evidence:
        case CheckedProof(clauses, lemmas):
            told = f"{lemmas} lines about {clauses} clauses, checked; {alone.assured_by}"
            return replace(alone, assurance=Assurance.SAT_PROOF, assured_by=told)
        case SecondOpinion(engine, reason):
            told = f"Z3 and {engine.value}; {reason}; {alone.assured_by}"
            return replace(alone, assurance=Assurance.TWO_SOLVERS, assured_by=told)
        case NoEvidence(reasons):
            return replace(alone, assured_by="; ".join((alone.assured_by, *reasons)))
        case Contradiction(who, _, confirmed):
            sure = ", and our own circuit agrees" if confirmed else ""
            return Contradicted(f"{who} finds that what Z3 calls impossible is possible{sure}")
        case _:
            assert_never(evidence)
