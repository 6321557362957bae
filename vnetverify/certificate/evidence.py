"""Certificates of whole claims: a cover of what a claim speaks of, and covers for what relays could do (F-ADDR-8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from vnetverify.certificate.checker import Refused, check
from vnetverify.certificate.judging import Judge
from vnetverify.certificate.maker import NoCover, cover
from vnetverify.certificate.questions import Done, Question, Unviolated, Unvisited
from vnetverify.certificate.regions import Region, one_flow, premise
from vnetverify.certificate.relays import Relay, addressed, may_break, onward, relays
from vnetverify.certificate.tree import Token
from vnetverify.executor import IN_PROCESS, Executor
from vnetverify.facts import SettledFacts
from vnetverify.header import Flow
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import packet_of

MAIN = "claim"
"""The section that covers the claim itself; others are `from RELAY` and `to RELAY from …`."""


@dataclass(frozen=True)
class _Section:
    name: str
    question: Question
    regions: tuple[Region, ...]

    @cached_property
    def judge(self) -> Judge:
        return Judge(self.question)


@dataclass(frozen=True)
class Subject:
    """What is proved: a claim about a network where facts are as `assumed`, and the flow that shows it, if it asks for
    one."""

    network: Network
    claim: Claim
    assumed: SettledFacts
    shown_by: tuple[Place, Flow] | None = None

    @cached_property
    def main(self) -> _Section:
        """What covers the claim itself. Raises `Refused` where the claim asks for a flow and none is named."""
        if self.claim.verb is not Verb.SOMETIMES_REACHES:
            return _Section(MAIN, Unviolated(self.network, self.claim), tuple(premise(self.claim, self.assumed)))
        if self.shown_by is None:
            raise Refused("the claim asks for a flow, and none is named")
        origin, flow = self.shown_by
        return _Section(MAIN, Done(self.network, self.claim), (one_flow(origin, packet_of(flow), self.assumed),))


Certificate = Mapping[str, tuple[Token, ...]]
"""Covers by the names of their sections, in the order of judgement."""


def certify(subject: Subject, budget: int, executor: Executor = IN_PROCESS) -> Certificate | NoCover:
    """Return a certificate of the subject of at most `budget` nodes. It has not been judged."""
    found: dict[str, tuple[Token, ...]] = {}
    refused = _add(found, subject.main, budget, executor)
    if refused is not None:
        return refused
    come_to: list[Relay] = []
    shunned: list[Relay] = []
    for relay in relays(subject.network, subject.claim, subject.assumed):
        harmless = not may_break(relay, subject.claim) or _add(found, _onward(subject, relay), budget, executor) is None
        (come_to if harmless else shunned).append(relay)
    for relay in shunned:
        for section in _coming(subject, relay, come_to):
            refused = _add(found, section, budget, executor)
            if refused is not None:
                return NoCover(f"of what {relay.name} may send: {refused.why}", refused.region)
    return found


def _add(found: dict[str, tuple[Token, ...]], section: _Section, budget: int, executor: Executor) -> NoCover | None:
    left = budget - sum(map(len, found.values()))
    tokens = cover(section.judge, section.regions, left, executor)
    if isinstance(tokens, NoCover):
        return tokens
    found[section.name] = tokens
    return None


def judge(subject: Subject, certificate: Certificate, executor: Executor | None = None) -> None:
    """Return where the certificate shows the subject. Raises `Refused` where it does not.

    With an `executor`, which then does the leaves, what the maker of this subject was told is not judged again; without
    one all is judged from nothing. A relay without a section `from RELAY` has to be one that nothing comes to: neither
    what the claim speaks of nor what other relays send (F-ADDR-8).
    """
    sections = dict(certificate)
    _check(sections, subject.main, executor)
    come_to: list[Relay] = []
    shunned: list[Relay] = []
    for relay in relays(subject.network, subject.claim, subject.assumed):
        section = _onward(subject, relay)
        if may_break(relay, subject.claim) and section.name not in sections:
            shunned.append(relay)
            continue
        come_to.append(relay)
        if may_break(relay, subject.claim):
            _check(sections, section, executor)
    for relay in shunned:
        for section in _coming(subject, relay, come_to):
            _check(sections, section, executor)
    if sections:
        raise Refused(f"section `{next(iter(sections))}` belongs to nothing")


def _check(sections: dict[str, tuple[Token, ...]], section: _Section, executor: Executor | None) -> None:
    """Judge the section and take it away."""
    tokens = sections.pop(section.name, None)
    if tokens is None:
        raise Refused(f"section `{section.name}` is missing")
    try:
        if executor is None:
            check(section.question, section.regions, tokens)
        else:
            section.judge.check(section.regions, tokens, executor)
    except Refused as problem:
        raise Refused(f"section `{section.name}`, {problem}") from None


def _onward(subject: Subject, relay: Relay) -> _Section:
    return _about(subject, f"from {relay.name}", onward(relay, subject.claim))


def _coming(subject: Subject, relay: Relay, come_to: list[Relay]) -> Iterator[_Section]:
    """Yield what shows that nothing comes to the relay: passing through, or for itself."""
    legs = [("", subject.claim), *((f" from {other.name}", onward(other, subject.claim)) for other in come_to)]
    for by, leg in legs:
        passing = Unvisited(subject.network, leg, relay.name)
        yield _Section(f"past {relay.name}{by}", passing, tuple(premise(leg, subject.assumed)))
        yield _about(subject, f"to {relay.name}{by}", addressed(relay, leg))


def _about(subject: Subject, name: str, claim: Claim) -> _Section:
    return _Section(name, Unviolated(subject.network, claim), tuple(premise(claim, subject.assumed)))
