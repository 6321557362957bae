"""What may be down in a partial world is asked for where the walk comes to it, and nowhere else (I-FAILURES)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest

from tests.unit.simulator_networks import (
    at,
    expressroute,
    flow,
    network,
    peered,
    route,
    router,
    site,
    subnet,
    table,
    vnet,
    vpn,
)
from tests.unit.test_simulator_failures import A_TO_B, A_TO_SITE, ANYTHING, ONPREM, TWO_WAYS, UNDER_ONE, A, hub
from vnetverify.certificate.questions import Unvisited
from vnetverify.certificate.regions import one_flow
from vnetverify.facts import SettledFacts, Uncertainty, Undetermined, World
from vnetverify.header import Flow
from vnetverify.model.intents import Failures
from vnetverify.model.network import Connection, Network
from vnetverify.simulator.addressing import packet_of
from vnetverify.simulator.claims import violates
from vnetverify.simulator.doubted import doubted, those
from vnetverify.simulator.failures import elements_of
from vnetverify.simulator.walk import trace

DOUBT = Uncertainty("U-DOWN", ("b",))
THINGS = doubted([("a", None), ("b", DOUBT), ("c", None)])

BY_APPLIANCE = network(
    vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="r")),
    vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24")),
    vnet("nva", "10.3.0.0/16", subnet("s", "10.3.0.0/24")),
    vnet("far", "10.8.0.0/16", subnet("s", "10.8.0.0/24")),
    peered("a", "nva", allow_forwarded_traffic=True),
    peered("b", "nva", allow_forwarded_traffic=True),
    peered("b", "far"),
    router("fw", "nva.s", "10.3.0.4"),
    table("r", route("10.2.0.0/16", "10.3.0.4")),
)
ELSEWHERE = hub(
    expressroute("e", "hub"),
    vpn("g", "hub"),
    site("onprem", "192.168.0.0/16"),
    site("branch", "172.16.0.0/16"),
    Connection("line", "e", site="onprem"),
    Connection("tunnel", "g", site="branch"),
    vnet("alone", "10.9.0.0/16", subnet("GatewaySubnet", "10.9.0.0/27")),
    vpn("h", "alone"),
    Connection("far", "h", site="branch"),
)
BY_ONE_LINE = network(
    vnet("hub", "10.1.0.0/16", subnet("GatewaySubnet", "10.1.9.0/27", route_table="p"), subnet("s", "10.1.0.0/24")),
    table("p", propagate=False),
    expressroute("e", "hub"),
    site("onprem", "192.168.0.0/16"),
    Connection("line", "e", site="onprem"),
)
FROM_SITE = flow("192.168.0.4", "10.1.0.4")


def asked(net: Network, origin: str, flow: Flow, facts: Mapping[str, bool], failures: Failures = ANYTHING) -> set[str]:
    """Return what the walk asks for, beyond `facts`, whatever the answers are."""
    try:
        trace(net, at(origin), flow, World(facts, partial=True), failures)
    except Undetermined as doubt:
        fact = str(doubt)
        return {fact}.union(*(asked(net, origin, flow, {**facts, fact: value}, failures) for value in (True, False)))
    return set()


def test_what_is_in_doubt_is_asked_for_when_one_comes_to_it() -> None:
    begun = iter(THINGS)

    assert next(begun) == "a"
    with pytest.raises(Undetermined) as raised:
        next(begun)
    assert raised.value.fact is DOUBT
    with pytest.raises(Undetermined):
        len(THINGS)


def test_of_what_is_not_wanted_nobody_asks() -> None:
    assert ["a", "c"] == list(those(THINGS, lambda thing: thing != "b"))
    assert "c" in THINGS
    assert "d" not in THINGS
    with pytest.raises(Undetermined):
        assert "b" in THINGS


def test_things_without_a_doubt_are_as_they_are() -> None:
    assert ("a", "c") == doubted([("a", None), ("c", None)])
    assert ["c"] == list(those(("a", "c"), lambda thing: thing == "c"))


def test_of_what_the_way_does_not_come_to_nobody_asks() -> None:
    of_peerings = {"U-DOWN(peering a -> nva)", "U-DOWN(peering b -> nva)"}
    found = {fact for fact in asked(BY_APPLIANCE, "a.s", A_TO_B, {}) if fact.startswith("U-DOWN")}

    assert {*of_peerings, "U-DOWN(appliance fw)"} == found


def test_gateways_and_connections_are_asked_for_where_they_serve() -> None:
    found = {fact for fact in asked(ELSEWHERE, "a.s", A_TO_SITE, {}) if fact.startswith("U-DOWN")}

    assert {"U-DOWN(gateway e)", "U-DOWN(connection line)", "U-DOWN(peering a -> hub)"} <= found
    assert not {"U-DOWN(gateway h)", "U-DOWN(connection far)"} & found


@pytest.mark.parametrize(
    ("net", "origin", "flow"),
    [
        (BY_APPLIANCE, "a.s", A_TO_B),
        (TWO_WAYS, "a.s", A_TO_SITE),
        (BY_ONE_LINE, "onprem", FROM_SITE),
        (TWO_WAYS, "onprem", FROM_SITE),
    ],
)
def test_the_way_is_that_of_each_world_that_agrees(net: Network, origin: str, flow: Flow) -> None:
    """Whatever is down, the partial world that says as much as the walk asks for tells the same way."""
    facts = sorted(asked(net, origin, flow, {}))
    others = [str(element.is_down) for element in elements_of(net, ANYTHING) if str(element.is_down) not in facts]
    assert len(facts) < 11
    for values in product((True, False), repeat=len(facts)):
        known = dict(zip(facts, values, strict=True))
        if sum(known.get(str(element.is_down), False) for element in elements_of(net, ANYTHING)) > ANYTHING.most:
            continue
        partial = trace(net, at(origin), flow, World(known, partial=True), ANYTHING)
        for rest in (True, False):
            whole = trace(net, at(origin), flow, World({**known, **dict.fromkeys(others, rest)}), ANYTHING)

            assert (partial.outcome, partial.met) == (whole.outcome, whole.met), known


def test_where_no_more_may_fail_nobody_asks() -> None:
    one = Failures(1, ANYTHING.kinds)

    assert asked(BY_APPLIANCE, "a.s", A_TO_B, {"U-DOWN(peering b -> far)": True}, one) == set()
    assert asked(BY_APPLIANCE, "a.s", A_TO_B, {"U-DOWN(peering b -> far)": True}, replace(one, most=2)) != set()


def test_a_partial_world_with_more_down_is_none_of_the_claim_s() -> None:
    both = World({"U-DOWN(connection by-vpn)": True, "U-DOWN(connection by-er)": True}, partial=True)

    assert violates(TWO_WAYS, UNDER_ONE, at("a.s"), A_TO_SITE, both) is None


def test_nobody_comes_to_an_appliance_in_worlds_that_the_claim_does_not_speak_of() -> None:
    claim = replace(UNDER_ONE, pairs=((A, ONPREM),), failures=Failures(1, ANYTHING.kinds))
    question = Unvisited(BY_APPLIANCE, claim, "fw")
    packet = packet_of(A_TO_B)
    down = {"U-DOWN(peering b -> far)": True}
    one_down = one_flow(at("a.s"), packet, SettledFacts(down))
    two_down = one_flow(at("a.s"), packet, SettledFacts({**down, "U-DOWN(peering b -> nva)": True}))

    assert question.flaw(one_down, at("a.s")) == "it comes to fw"
    assert question.flaw(two_down, at("a.s")) is None
