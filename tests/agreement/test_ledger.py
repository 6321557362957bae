"""The ledger counts what campaigns cover; a small one covers every feature, bound and outcome by itself."""

from __future__ import annotations

from functools import cache

import pytest

from tests.agreement.drawn import samples
from vnetverify.facts import World
from vnetverify.header import TCP, Flow
from vnetverify.model.intents import Place, Verb
from vnetverify.simulator.walk import converse
from vnetverify.syntax.read import read_text
from vnetverify.testing.boundaries import BOUNDARIES
from vnetverify.testing.features import FEATURES, features_of
from vnetverify.testing.impossible import reason_against
from vnetverify.testing.ledger import OUTCOMES, Ledger, told

# One in several thousand flows is translated three times, or sent to a public address from which nothing comes back.
SELDOM = {"translated a third time", "dropped otherwise"}


@cache
def drawn() -> Ledger:
    ledger = Ledger()
    for sample in samples():
        noted = ledger.note_network(sample.network)
        for walk in (*sample.anywhere, *sample.asked):
            noted.note_flow(walk.flow, walk.conversation)
    return ledger


def small_ledger() -> Ledger:
    network = read_text("vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24 }").network
    flow = Flow(TCP, 0x0A000004, 50000, 0x0A000005, 65535)
    ledger = Ledger()
    noted = ledger.note_network(network)
    noted.note_flow(flow, converse(network, Place("subnet", "a.s"), flow, World()))
    noted.note_claim(Verb.REACHES, "proved")
    return ledger


@pytest.mark.parametrize("feature", FEATURES)
def test_networks_are_drawn_with(feature: str) -> None:
    assert (feature,) not in drawn().singles()["features"].empty


@pytest.mark.parametrize("bound", BOUNDARIES)
def test_flows_are_drawn_on(bound: str) -> None:
    assert (bound,) not in drawn().singles()["bounds"].empty


@pytest.mark.parametrize("outcome", [outcome for outcome in OUTCOMES if outcome not in SELDOM])
def test_flows_are_drawn_that_end_as(outcome: str) -> None:
    assert (outcome,) not in drawn().singles()["outcomes"].empty


def test_two_features_at_a_time_are_drawn() -> None:
    pairs = drawn().doubles()["pairs of features"]

    assert len(pairs.empty) < 0.05 * len(pairs.hits)


def test_a_flow_counts_with_every_feature_and_bound() -> None:
    expected = {("a range of another length than /24", "no bound", "answered"): 1}
    expected |= {("a range of another length than /24", "port 65535", "answered"): 1}

    assert small_ledger().triples == expected


def test_what_was_never_hit_is_named() -> None:
    lines = list(told(small_ledger()))

    assert "  never: port 0" in lines
    assert "  never: port 65535" not in lines
    assert "  never: reaches, refuted" in lines
    assert "  never: reaches, proved" not in lines


def test_a_cell_that_cannot_be_is_no_gap() -> None:
    table = small_ledger().doubles()["bounds and outcomes"]
    cell = ("a destination of the platform", "answered")

    assert reason_against(cell) is not None
    assert cell not in table.empty
    assert "R-TRAF-6" in table.impossible[cell]


def test_what_is_called_impossible_was_not_drawn() -> None:
    hit = [cell for cell in drawn().triples if reason_against(cell) is not None]

    assert hit == []


def test_a_ledger_is_written_and_read() -> None:
    ledger = small_ledger()

    assert Ledger.of_json(ledger.as_json()) == ledger


def test_features_are_read_off_the_network() -> None:
    text = """
    vnet a { address 10.0.0.0/24  subnet s 10.0.0.0/25  nsg n }
    nsg n { inbound 100 all deny any from any to any }
    """

    expected = {"a group at a subnet", "a rule that denies in", "a rule for any protocol"}

    assert features_of(read_text(text).network) == expected
