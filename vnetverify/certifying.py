"""Certificates of a text's proofs, written to files and judged again from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Certificate, Subject, judge
from vnetverify.certificate.files import Filed
from vnetverify.facts import QUESTIONS, SettledFacts
from vnetverify.model.arrivals import arriving_claim
from vnetverify.model.intents import Claim, Establishment, Intent, Resolution
from vnetverify.model.network import Network, Unmodelled
from vnetverify.prover.reach import doubts, presumed_elsewhere
from vnetverify.simulator.addressing import PLATFORM_HOST
from vnetverify.syntax import Document


@dataclass(frozen=True, slots=True)
class Sentence:
    """A claim of a text: the one numbered `number` of `intent`, or what arrives as its service."""

    intent: Intent
    number: int
    claim: Claim
    arriving: bool = False


def sentences(document: Document) -> Iterator[Sentence]:
    """Yield the claims of a text that certificates can be about, in order."""
    for intent in document.intents:
        for number, statement in enumerate(intent.claims):
            if isinstance(statement, Claim):
                yield Sentence(intent, number, statement)
                arriving = arriving_claim(document.network, statement)
                if arriving is not None:
                    yield Sentence(intent, number, arriving, arriving=True)


def uncertifiable(document: Document) -> Iterator[tuple[Intent, Establishment | Resolution]]:
    """Yield the sentences of a text that no certificate can be about, since they speak of no flow."""
    for intent in document.intents:
        for statement in intent.claims:
            if not isinstance(statement, Claim):
                yield intent, statement


def left_open(network: Network, sentence: Sentence, assumed: Mapping[str, bool]) -> tuple[Unmodelled, ...]:
    """Return what the model does not follow and the sentence could turn on: no certificate says anything about it."""
    return (*doubts(network, sentence.claim, assumed), *presumed_elsewhere(network, assumed))


def is_conditional(document: Document, found: Filed) -> bool:
    """Hold when a certificate is given facts otherwise than the text reads them: whoever made it chose them."""
    return not all(document.documented_reading and _documented(fact) is value for fact, value in found.given.items())


def _documented(fact: str) -> bool | None:
    """Return what documents say of a fact; None where they say nothing, or not of every fact of the kind that is named.

    They say of the host's address that it is not in the Internet tag, and of other addresses that they are (F-TAG-9).
    """
    name, _, about = fact.partition("(")
    question = QUESTIONS[name]
    if not about:
        return None if "{" in question.meaning else question.documented
    return False if about == f"{PLATFORM_HOST})" and name == "U-INET" else question.documented


def filed(sentence: Sentence, subject: Subject, certificate: Certificate, assumed: Mapping[str, bool]) -> Filed:
    """Return the certificate as it goes to a file: what the text assumes is not stated again."""
    given = {fact: value for fact, value in subject.assumed.items() if fact not in assumed}
    return Filed(
        sentence.intent.name,
        sentence.number,
        sentence.claim.text,
        sentence.arriving,
        given,
        certificate,
        subject.shown_by,
    )


def judged_for(document: Document, network: Network, found: Filed, assumed: Mapping[str, bool]) -> Sentence:
    """Return the sentence of `document` that the certificate shows. Raises `Refused` where it shows none."""
    key = (found.intent, found.number, found.arriving)
    about = [each for each in sentences(document) if (each.intent.name, each.number, each.arriving) == key]
    if not about:
        raise Refused("the text has no such sentence")
    sentence = about[0]
    if sentence.claim.text != found.sentence:
        raise Refused("the text says something else there")
    unknown = [fact for fact in found.given if fact.partition("(")[0] not in QUESTIONS]
    if unknown:
        raise Refused(f"it is given `{unknown[0]}`, which is no open fact of a network")
    contrary = [fact for fact in found.given if fact in SettledFacts(assumed)]
    if contrary:
        raise Refused(f"it is given `{contrary[0]}`, which the text assumes")
    facts = SettledFacts({**found.given, **assumed})
    judge(Subject(network, sentence.claim, facts, found.shown_by), found.sections)
    return sentence
