"""Flows of the rule book by certificates: what the book says is certified and judged, and its opposite never is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vnetverify.certificate.evidence import Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.diagnostic import InputError
from vnetverify.facts import SettledFacts, World
from vnetverify.header import ALL_PORTS, TCP, UDP, Interval, IntervalSet, host_prefix
from vnetverify.model.endpoints import Endpoints
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Verb
from vnetverify.model.network import Network, Service
from vnetverify.simulator.walk import converse
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text
from vnetverify.testing.examples import Example, read_page
from vnetverify.testing.question_lines import parse_asked
from vnetverify.testing.questions import Asked, Carried, Passage, public_address

BOOK = Path(__file__).parents[2] / "specs" / "semantics"
NODES = 5000

# Sentences speak of more than the one flow of a question: of what comes by other addresses, and of relays.
SAID_OF_MORE = {
    "undeclared-appliance": "what the appliance may send by itself counts as well",
    "a-ping-to-a-frontend": "the member is pinged by its own address as well",
    "a-frontend-has-no-filters": "the same packet comes by the frontend",
    "closed-and-open-load-balancers": "the same packet comes by the frontend",
    "a-private-link-service": "the same packet comes by the endpoint",
    "a-nat-rule-at-the-private-address": "the claim is about whatever comes by the firewall",
}


def _carrying() -> Iterator[tuple[Example, Network, list[Asked]]]:
    for name in ("routing", "filtering", "boundaries"):
        for example in read_page((BOOK / f"{name}.md").read_text()).examples:
            try:
                network = read_text(example.network, example.names[0]).network
            except InputError:
                continue
            asked = [parse_asked(*lines, network) for lines in example.asked]
            flows = [one for one in asked if isinstance(one.question, Carried) and _is_spoken_of(network, one.question)]
            if flows:
                yield example, network, flows


def _is_spoken_of(network: Network, question: Carried) -> bool:
    """Hold when a sentence can be about the flow: it goes to a host, and to another address than its own (I-FLOW)."""
    return bool(_held(network, question)) and question.origin.address != question.target.address


def _held(network: Network, question: Carried) -> EndpointSet:
    """Return the target as a set of endpoints, empty where no host can be."""
    known = Endpoints(network).in_prefix(host_prefix(question.target.address)).at(question.target.place)
    return EndpointSet(((question.target.place, known),) if known else ())


def subject(network: Network, asked: Asked, verb: Verb) -> Subject:
    """Return the sentence about the flow's service between its ends, with every fact that its walk asks for fixed."""
    question = asked.question
    assert isinstance(question, Carried)
    flow, right = question.flow, _held(network, question)
    conversation = converse(network, question.origin.place, flow, World(SettledFacts(asked.facts)))
    walks = [walk for walk in (conversation.forward, conversation.reply) if walk is not None]
    facts = {str(fact): value for walk in walks for fact, value in walk.asked} | asked.facts
    aimed_elsewhere = flow.destination not in (question.target.address, public_address(network, question.target))
    if verb is Verb.REACHES and aimed_elsewhere and question.target.place != INTERNET:
        named = Endpoints(network).in_prefix(host_prefix(flow.destination))
        right = EndpointSet(tuple(part for part in named.parts if part[0] != INTERNET))
    port = Interval(flow.destination_port, flow.destination_port)
    ports = IntervalSet((port,)) if flow.protocol in (TCP, UDP) else ALL_PORTS
    left = EndpointSet(
        ((question.origin.place, IntervalSet((Interval(question.origin.address, question.origin.address),))),)
    )
    claim = Claim(verb, ((left, right),), Service("asked", ((flow.protocol, ports),)), "asked", NOWHERE)
    return Subject(network, claim, SettledFacts(facts))


CARRYING = list(_carrying())


@pytest.mark.parametrize(
    ("example", "network", "flows"), [pytest.param(*one, id=" ".join(one[0].names)) for one in CARRYING]
)
def test_no_certificate_says_the_opposite_of_the_book(example: Example, network: Network, flows: list[Asked]) -> None:
    for asked in flows:
        assert isinstance(asked.answer, Passage)
        opposite = Verb.NEVER_REACHES if asked.answer.happens else Verb.REACHES

        assert isinstance(certify(subject(network, asked, opposite), NODES), NoCover), (example.names, asked)


def _is_a_sentence(asked: Asked) -> bool:
    """Hold when a sentence says as much as the answer: that an answer comes, or that nothing is delivered."""
    assert isinstance(asked.question, Carried)
    assert isinstance(asked.answer, Passage)
    return asked.answer.happens is asked.question.answered


SAID = [(one, network, [asked for asked in flows if _is_a_sentence(asked)]) for one, network, flows in CARRYING]


@pytest.mark.parametrize(
    ("example", "network", "flows"), [pytest.param(*one, id=" ".join(one[0].names)) for one in SAID if one[2]]
)
def test_what_the_book_says_of_flows_is_certified(example: Example, network: Network, flows: list[Asked]) -> None:
    for asked in flows:
        assert isinstance(asked.answer, Passage)
        stated = subject(network, asked, Verb.REACHES if asked.answer.happens else Verb.NEVER_REACHES)
        certificate = certify(stated, NODES)
        if isinstance(certificate, NoCover):
            assert example.names[0] in SAID_OF_MORE, certificate.why
        else:
            judge(stated, certificate)


def test_many_flows_are_certified() -> None:
    assert sum(len(flows) for _, _, flows in SAID) >= 330
    assert sum(len(flows) for _, _, flows in CARRYING) >= 460


def test_the_sentences_that_say_more_are_examples_of_the_book() -> None:
    assert set(SAID_OF_MORE) <= {example.names[0] for example, _, flows in SAID if flows}


def test_a_sentence_without_its_facts_is_not_certified() -> None:
    network = read_text("""
        vnet v {
          address 10.0.0.0/16
          subnet a   10.0.1.0/24 routes r
          subnet b   10.0.2.0/24
          subnet nva 10.0.9.0/24
        }
        route-table r { b 10.0.2.0/24 -> appliance 10.0.9.4 }
        appliance nva { nic 10.0.9.4 in v.nva }
    """).network
    asked = parse_asked("tcp 443 from 10.0.1.4 at v.a to 10.0.2.4 at v.b is answered", "yes", network)
    stated = subject(network, asked, Verb.REACHES)

    assert isinstance(certify(replace(stated, assumed=SettledFacts({})), NODES), NoCover)
