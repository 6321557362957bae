"""Vectors of other authors: read whole or refused by the name of what is not modelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vnetverify.model.network import Network
from vnetverify.prover.solver import Solver
from vnetverify.source import Source
from vnetverify.syntax import read
from vnetverify.syntax.write import write
from vnetverify.testing.conformance import conform
from vnetverify.testing.examples import Example, read_page
from vnetverify.testing.question_lines import answer_text, facts_text, parse_asked, question_text
from vnetverify.testing.questions import Asked
from vnetverify.testing.vectors import NotApplicable, Vector, read_vector, vectors_in

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "semantics"
NETWORK: dict[str, Any] = {
    "vnets": [{"name": "v", "address_space": ["10.0.0.0/16"], "subnets": [{"name": "s", "prefixes": ["10.0.0.0/24"]}]}]
}
QUESTION = {"kind": "next_hop", "from": {"vnet": "v", "subnet": "s"}, "dst": "10.0.9.9"}
ANSWER = {"type": "VnetLocal", "prefix": "10.0.0.0/16", "route_source": "Default"}


def routing_vector(**network: Any) -> dict[str, Any]:
    return {"id": "x", "network": {**NETWORK, **network}, "question": QUESTION, "answer": ANSWER, "rules": []}


def test_a_vector_becomes_a_network_with_a_question() -> None:
    vector = read_vector(routing_vector())

    assert list(vector.network.vnets) == ["v"]
    assert question_text(vector.asked.question, vector.network) == "next hop of v.s to 10.0.9.9"


@pytest.mark.parametrize(
    ("network", "key"),
    [
        ({"virtual_hubs": [{"vnet": "v"}]}, "`virtual_hubs` of a network"),
        ({"something_new": 1}, "`something_new` of a network"),
        ({"peerings": [{"local": "v", "remote": "v", "gateway_check": False}]}, "`gateway_check` of a peering"),
        ({"nics": [{"name": "m", "vnet": "v", "subnet": "s", "ip": "10.0.0.4", "colour": "red"}]}, "`colour` of a nic"),
    ],
)
def test_what_is_not_modelled_is_named(network: dict[str, Any], key: str) -> None:
    with pytest.raises(NotApplicable, match=key):
        read_vector(routing_vector(**network))


@pytest.mark.parametrize("vector", [{}, {"network": 3}, {"network": {}, "question": {}}, {"network": {"vnets": [7]}}])
def test_a_malformed_vector_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        read_vector(vector)


def _applicable(name: str) -> list[Vector]:
    path = SHARED / f"{name}-vectors.json"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    vectors = []
    for vector in vectors_in(json.loads(path.read_text())):
        try:
            vectors.append(read_vector(vector))
        except NotApplicable:
            continue
    return vectors


def _examples(name: str) -> dict[str, Example]:
    page = read_page((ROOT / "specs" / "semantics" / f"{name}.md").read_text())
    return {each: example for example in page.examples for each in example.names}


def _network(example: Example) -> Network:
    return read((Source(example.names[0], example.network),)).network


def _shape(network: Network) -> list[str]:
    """Return the lines of `network`, whose order in a text means nothing between statements."""
    return sorted(write(network).splitlines())


@pytest.mark.parametrize("name", ["routing", "filtering"])
def test_every_public_vector_is_in_the_book(name: str) -> None:
    assert {vector.id for vector in _applicable(name)} <= set(_examples(name))


@pytest.mark.parametrize("name", ["routing", "filtering"])
def test_the_book_holds_the_network_of_a_vector_and_asks_its_question(name: str) -> None:
    examples = _examples(name)
    for vector in _applicable(name):
        if vector.id not in examples:
            continue
        example = examples[vector.id]
        questions = {question.partition(" where ")[0] for question, _ in example.asked}

        assert _shape(_network(example)) == _shape(vector.network), vector.id
        assert question_text(vector.asked.question, vector.network) in questions, vector.id


@pytest.mark.parametrize("name", ["routing", "filtering"])
def test_a_question_reads_as_it_is_written(name: str) -> None:
    for vector in _applicable(name):
        if isinstance(vector.asked, Asked):
            line = question_text(vector.asked.question, vector.network) + facts_text(vector.asked.facts)

            assert vector.asked == parse_asked(line, answer_text(vector.asked.answer), vector.network)


@pytest.mark.parametrize(("name", "count"), [("routing", 84), ("filtering", 77)])
def test_both_engines_agree_with_every_public_vector(name: str, count: int, solver: Solver) -> None:
    path = SHARED / f"{name}-vectors.json"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    outcomes = list(conform(vectors_in(json.loads(path.read_text())), solver))

    assert [outcome for outcome in outcomes if outcome.disagreements or outcome.left_out] == []
    assert len(outcomes) == count
