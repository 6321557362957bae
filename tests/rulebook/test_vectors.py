"""Vectors of other authors: read whole or refused by the name of what is not modelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vnetverify.model.wellformed import check
from vnetverify.rules import World
from vnetverify.testing.answers import agrees, simulated_answer
from vnetverify.testing.examples import read_page
from vnetverify.testing.questions import answer_text, facts_text, parse_asked, question_text
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
    assert [question_text(asked.question, vector.network) for asked in vector.asked] == ["next hop of v.s to 10.0.9.9"]


@pytest.mark.parametrize(
    ("network", "key"),
    [
        ({"route_servers": [{"vnet": "v"}]}, "`route_servers` of a network"),
        ({"something_new": 1}, "`something_new` of a network"),
        ({"peerings": [{"local": "v", "remote": "w", "peer_complete_vnets": False}]}, "`peer_complete_vnets`"),
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


@pytest.mark.parametrize("name", ["routing", "filtering"])
def test_the_public_vectors_hold(name: str) -> None:
    for vector in _applicable(name):
        for asked in vector.asked:
            given = simulated_answer(vector.network, asked.question, World(asked.facts), check)

            assert agrees(asked.answer, given), f"{vector.id}: wanted {answer_text(asked.answer)}, {answer_text(given)}"


@pytest.mark.parametrize("name", ["routing", "filtering"])
def test_every_public_vector_is_in_the_book_or_put_off(name: str) -> None:
    page = read_page((ROOT / "specs" / "semantics" / f"{name}.md").read_text())
    held = {each for example in page.examples for each in example.names} | set(page.left)

    assert {vector.id for vector in _applicable(name)} <= held


@pytest.mark.parametrize("name", ["routing", "filtering"])
def test_a_question_reads_as_it_is_written(name: str) -> None:
    for vector in _applicable(name):
        for asked in vector.asked:
            line = question_text(asked.question, vector.network) + facts_text(asked.facts)

            assert asked == parse_asked(line, answer_text(asked.answer), vector.network)
