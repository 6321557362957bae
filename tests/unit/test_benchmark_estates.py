"""The estates that are measured with: the same as text and as JSON, and with the same answers by plain bit-vectors."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path

import pytest

from vnetverify.header import Family
from vnetverify.loading import load
from vnetverify.matrix.answers import ARRIVES, PASSES_NONE
from vnetverify.matrix.matrix import Matrix, matrix_of
from vnetverify.model.network import Network
from vnetverify.model.planes import plane
from vnetverify.model.services import EVERY_CONVERSATION

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_are_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def network_in(folder: Path, text: str) -> Network:
    path = folder / "estate.vnet"
    path.write_text(text)
    loaded = load([str(path)], [])
    assert not loaded.diagnostics
    return loaded.document.network


def matrix(network: Network) -> Matrix:
    return matrix_of(plane(network, Family.IPV4), EVERY_CONVERSATION, {})


def test_an_estate_is_the_same_as_text_and_as_json(tmp_path: Path) -> None:
    estates, as_json = import_module("estates"), import_module("estates_json")
    shape = estates.Shape(spokes=4, subnets=2, routes=3, hubs=2, gateway=True, hole="waypoint")
    plan, file = estates.Plan(shape), io.StringIO()
    as_json.write_resources(plan, file)
    (tmp_path / "estate.json").write_text(file.getvalue())
    promises = "\n".join(import_module("estates_vnet").promises_of(plan, "estate.json"))

    one, other = (matrix(network_in(tmp_path, text)) for text in (estates.estate(shape), promises))
    by_name = {
        sender.id: {receiver.id: code for receiver, code in zip(other.receivers, row, strict=True)}
        for sender, row in zip(other.senders, other.documented, strict=True)
    }

    assert by_name == {
        sender.id: {receiver.id: code for receiver, code in zip(one.receivers, row, strict=True)}
        for sender, row in zip(one.senders, one.documented, strict=True)
    }


def test_plain_bit_vectors_give_the_answers_of_a_matrix(tmp_path: Path) -> None:
    estates, plain = import_module("estates"), import_module("baselines.plain")
    shape = estates.Shape(spokes=2, subnets=1, inbound=8, outbound=6, appliance_rules=3, hole="waypoint")
    asked = import_module("baselines.bit_vectors").Shared(plain.model_of(estates.Plan(shape)))

    found = matrix(network_in(tmp_path, estates.estate(shape)))
    codes = [
        bool(code & ARRIVES) + 2 * bool(code & PASSES_NONE)
        for one, row in enumerate(found.documented)
        for other, code in enumerate(row)
        if one != other
    ]

    assert codes == [asked.code(one, other) for one in range(4) for other in range(4) if one != other]
