"""Certificates beside verdicts: what is proved can be certified or says why not, and nothing else can."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.certificate.checker import Refused, check
from vnetverify.certificate.maker import NoCover, cover
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import premise
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.verdict import Proved, Refuted, Verdict
from vnetverify.rules import SettledFacts
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
    if not isinstance(verdict, Proved | Refuted) or claim.verb is Verb.SOMETIMES_REACHES:
        return NotCertified("only what is proved of every flow has a certificate")
    if claim.advertising is not None:
        return NotCertified("what a site announces is no field of a packet")
    facts = SettledFacts({**{str(fact): bool(fact.documented) for fact in verdict.leaned_on}, **settled})
    question, regions = Unviolated(network, claim), tuple(premise(claim, facts))
    tokens = cover(question, regions, budget)
    if isinstance(verdict, Refuted):
        return _of_refuted(tokens)
    if isinstance(tokens, NoCover):
        if tokens.is_flaw:
            return Difference(Kind.CERTIFICATE, f"it is proved, and no certificate can be: {tokens.why}")
        return NotCertified(tokens.why)
    try:
        check(question, regions, tokens)
    except Refused as flaw:
        return Difference(Kind.CERTIFICATE, f"the checker refuses what the maker made: {flaw}")
    return Certified(len(tokens))


def _of_refuted(tokens: tuple[str, ...] | NoCover) -> NotCertified | Difference:
    if isinstance(tokens, NoCover):
        return NotCertified(tokens.why)
    return Difference(Kind.CERTIFICATE, f"it is refuted, and has a certificate of {len(tokens)} nodes")
