"""Certificates beside verdicts: what is proved can be certified or says why not, and nothing else can."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Certificate, Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.facts import SettledFacts
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.verdict import Proved, Refuted, Verdict
from vnetverify.testing.regions import holds_no_flow
from vnetverify.testing.trial import Difference, Kind


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate of `nodes` was made and checked."""

    nodes: int


@dataclass(frozen=True, slots=True)
class NotCertified:
    """There is none, and none is owed; `why` it could not be made."""

    why: str


def certified(
    network: Network, claim: Claim, verdict: Verdict, settled: SettledFacts, budget: int
) -> Certified | NotCertified | Difference:
    """Return what a certificate of at most `budget` nodes says of a verdict that holds where facts are as `settled`."""
    if not isinstance(verdict, Proved | Refuted):
        return NotCertified("what is not decided has no certificate")
    facts = SettledFacts({**{str(fact): bool(fact.documented) for fact in verdict.leaned_on}, **settled})
    shown = verdict.witness if claim.verb is Verb.SOMETIMES_REACHES else None
    if claim.verb is Verb.SOMETIMES_REACHES and shown is None:
        return NotCertified("there is no flow to show")
    subject = Subject(network, claim, facts, None if shown is None else (shown.origin, shown.flow))
    certificate = certify(subject, budget)
    if isinstance(verdict, Refuted):
        return _of_refuted(certificate)
    if isinstance(certificate, NoCover):
        # Where a flow is asked for, the addresses that a world names were chosen with it; a certificate asks for any.
        # Where a site may announce what it likes, a region may hold no flow at all (`simulator/announcements.py`).
        # So it may where it was parted by facts of which the last excludes one before it.
        region = certificate.region
        is_empty = region is not None and holds_no_flow(region)
        if certificate.is_flaw and shown is None and claim.advertising is None and not is_empty:
            return Difference(Kind.CERTIFICATE, f"it is proved, and no certificate can be: {certificate.why}")
        return NotCertified(certificate.why)
    try:
        judge(subject, certificate)
    except Refused as flaw:
        return Difference(Kind.CERTIFICATE, f"the checker refuses what the maker made: {flaw}")
    return Certified(sum(map(len, certificate.values())))


def _of_refuted(certificate: Certificate | NoCover) -> NotCertified | Difference:
    if isinstance(certificate, NoCover):
        return NotCertified(certificate.why)
    return Difference(Kind.CERTIFICATE, "it is refuted, and has a certificate")
