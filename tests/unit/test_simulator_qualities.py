from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    at,
    flow,
    group,
    machine,
    network,
    nic,
    peered,
    prefixes,
    public,
    route,
    router,
    site,
    subnet,
    table,
    transit,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import World
from vnetverify.header import ALL_PORTS, Flow, addresses_of
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Verb
from vnetverify.model.network import Connection, Network, Service
from vnetverify.simulator.claims import may_violate, violates
from vnetverify.simulator.positions import Dropped
from vnetverify.simulator.qualities import rate_text
from vnetverify.simulator.walk import trace
from vnetverify.source import NOWHERE

EVERYWHERE = addresses_of(prefixes("0.0.0.0/0"))
GIGABIT = 10**9
A_TO_B = flow("10.1.0.4", "10.2.0.4")


def asking(verb: Verb, left: str = "a.s", right: str = "b.s", limit: int | None = None) -> Claim:
    pair = (EndpointSet(((at(left), EVERYWHERE),)), EndpointSet(((at(right), EVERYWHERE),)))
    return Claim(verb, (pair,), Service("any", ((None, ALL_PORTS),)), "", NOWHERE, limit=limit)


def why(of: Network, claim: Claim, packet: Flow = A_TO_B, facts: World | None = None) -> str | None:
    """Return how a packet from the left of the claim violates it, None when it does not.

    Whoever asks whether it does, and not how, is told the same.
    """
    asked = of, claim, claim.pairs[0][0].parts[0][0], packet, facts or World()
    violation = violates(*asked)
    assert may_violate(*asked) == (violation is not None)
    return None if violation is None else violation.why


def spokes(*more: Element, regions: tuple[str | None, str | None, str | None] = ("r", "r", "r")) -> Network:
    """Return spokes `a` and `b` of `hub` that send to each other by its appliance `fw`."""
    return network(
        vnet("hub", "10.0.0.0/16", subnet("fw", "10.0.1.0/24"), region=regions[0]),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"), region=regions[1]),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24", route_table="rt"), region=regions[2]),
        peered("hub", "a", allow_forwarded_traffic=True),
        peered("hub", "b", allow_forwarded_traffic=True),
        table("rt", route("10.0.0.0/8", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4", bandwidth=GIGABIT),
        *more,
    )


# -- bandwidth ------------------------------------------------------------------------------------------


def test_an_appliance_that_carries_less_is_a_bottleneck() -> None:
    claim = asking(Verb.BOTTLENECK, limit=2 * GIGABIT)

    assert why(spokes(), claim) == "fw carries 1 Gbps, less than 2 Gbps"
    assert why(spokes(), replace(claim, limit=GIGABIT)) is None


def test_a_peering_and_hosts_that_are_not_declared_limit_nothing() -> None:
    direct = spokes(peered("a", "b"), vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")))

    assert why(direct, asking(Verb.BOTTLENECK, limit=100 * GIGABIT)) is None


@pytest.mark.parametrize("where", [("a.s", "10.1.0.4"), ("b.s", "10.2.0.4")])
def test_a_slow_machine_at_either_end_is_a_bottleneck(where: tuple[str, str]) -> None:
    slow = spokes(machine("vm", nic("vm-nic", *where), bandwidth=500 * 10**6))

    assert why(slow, asking(Verb.BOTTLENECK, limit=GIGABIT)) == "vm carries 500 Mbps, less than 1 Gbps"


def test_a_machine_elsewhere_is_none() -> None:
    slow = spokes(machine("vm", nic("vm-nic", "b.s", "10.2.0.5"), bandwidth=1))

    assert why(slow, asking(Verb.BOTTLENECK, limit=GIGABIT)) is None


def test_bandwidth_that_is_not_stated_may_be_too_little() -> None:
    unstated = spokes(router("fw", "hub.fw", "10.0.1.4"))
    claim = asking(Verb.BOTTLENECK, limit=GIGABIT)

    assert why(unstated, claim) == "the bandwidth of fw is not stated and may be less than 1 Gbps"
    assert why(unstated, claim, facts=world("U-BANDWIDTH(fw)")) is None


def test_an_appliance_that_a_route_implies_has_none_stated() -> None:
    implied = spokes(table("rt", route("10.0.0.0/8", "10.0.1.9")))
    forwards = world("U-FORWARDS(10.0.1.9 in hub.fw)")

    assert why(implied, asking(Verb.BOTTLENECK, limit=1), facts=forwards) == (
        "the bandwidth of 10.0.1.9 in hub.fw is not stated and may be less than 1 bps"
    )


def test_a_gateway_on_the_way_is_a_bottleneck() -> None:
    by_gateway = branch(bandwidth=650 * 10**6)
    claim = asking(Verb.BOTTLENECK, "a.s", "onprem", GIGABIT)

    assert why(by_gateway, claim, TO_BRANCH) == "vpn carries 650 Mbps, less than 1 Gbps"


def test_the_last_step_of_the_way_shows_the_bottleneck() -> None:
    violation = violates(spokes(), asking(Verb.BOTTLENECK, limit=2 * GIGABIT), at("a.s"), A_TO_B, World())

    assert violation is not None
    last = violation.traces[0].steps[-1]
    assert (last.where, last.what, last.rule) == ("fw", "fw carries 1 Gbps, less than 2 Gbps", "R-LINT-2")


def test_a_fact_about_bandwidth_is_among_those_asked() -> None:
    unstated = spokes(router("fw", "hub.fw", "10.0.1.4"))
    violation = violates(unstated, asking(Verb.BOTTLENECK, limit=1), at("a.s"), A_TO_B, World())

    assert violation is not None
    assert "U-BANDWIDTH(fw)" in {str(fact) for fact, _ in violation.traces[0].asked}


def test_the_last_step_names_each_fact_that_was_asked_for_it() -> None:
    unstated = spokes(
        machine("vm", nic("vm-nic", "a.s", "10.1.0.4"), bandwidth=None), router("fw", "hub.fw", "10.0.1.4")
    )
    claim = asking(Verb.BOTTLENECK, limit=GIGABIT)
    violation = violates(unstated, claim, at("a.s"), A_TO_B, world("U-BANDWIDTH(vm)"))

    assert violation is not None
    assert ["U-BANDWIDTH(vm)", "U-BANDWIDTH(fw)"] == [str(fact) for fact in violation.traces[0].steps[-1].facts]


def test_what_is_not_delivered_has_no_bottleneck() -> None:
    assert why(spokes(), asking(Verb.BOTTLENECK, limit=2 * GIGABIT), flow("10.1.0.4", "10.2.0.3")) is None


# -- latency --------------------------------------------------------------------------------------------

TO_BRANCH = flow("10.1.0.4", "192.168.0.4")


def branch(**gateway: object) -> Network:
    return network(
        vnet("hub", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.255.0/27"), region="r"),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), region="r"),
        transit("a", "hub"),
        vpn("vpn", "hub", **gateway),
        site("onprem", "192.168.0.0/16"),
        Connection("line", "vpn", site="onprem"),
    )


def test_a_way_inside_one_region_is_local() -> None:
    assert why(spokes(regions=("West Europe", "west europe", "WEST EUROPE")), asking(Verb.LOCAL_LATENCY)) is None


def test_a_next_hop_in_another_region_is_a_detour() -> None:
    assert why(spokes(regions=("q", "r", "r")), asking(Verb.LOCAL_LATENCY)) == "a is in r and hub in q"
    assert why(spokes(regions=("r", "r", "q")), asking(Verb.LOCAL_LATENCY)) == "hub is in r and b in q"


def test_a_region_that_is_not_stated_may_be_another() -> None:
    unstated = spokes(regions=(None, "r", "r"))

    assert why(unstated, asking(Verb.LOCAL_LATENCY)) == "a and hub may be in two regions"
    assert why(unstated, asking(Verb.LOCAL_LATENCY), facts=world("U-REGION(a, hub)", "U-REGION(b, hub)")) is None


def test_a_connected_group_across_regions_is_no_local_way() -> None:
    joined = network(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), region="r"),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24"), region="q"),
        group("g", "a b", everywhere=True),
    )

    assert why(joined, asking(Verb.LOCAL_LATENCY)) == "a is in r and b in q"


def test_a_gateway_and_a_site_are_never_local() -> None:
    claim = asking(Verb.LOCAL_LATENCY, "a.s", "onprem")

    assert why(branch(), claim, TO_BRANCH) == "gateway vpn carries it"


def test_what_comes_from_outside_is_not_local() -> None:
    public_host = spokes(machine("vm", nic("vm-nic", "b.s", "10.2.0.4", public_address=public("ip", "203.0.113.9"))))
    claim = asking(Verb.LOCAL_LATENCY, "internet")
    basic = world("U-SKU(ip)")

    assert why(public_host, claim, flow("198.51.100.7", "203.0.113.9"), basic) == "it begins at internet"
    out_and_in = flow("10.1.0.4", "203.0.113.9")
    assert why(public_host, asking(Verb.LOCAL_LATENCY), out_and_in, world("U-SKU(ip)", "U-DOA(a.s)")) == (
        "it comes in by a public address"
    )


def test_what_leaves_to_the_internet_is_not_local() -> None:
    claim = asking(Verb.LOCAL_LATENCY, "a.s", INTERNET.name)

    assert why(spokes(), claim, flow("10.1.0.4", "198.51.100.7"), world("U-DOA(a.s)")) == "it leaves to the Internet"


# -- crossings ------------------------------------------------------------------------------------------


def test_each_peering_on_the_way_counts() -> None:
    two = asking(Verb.CROSSES_AT_MOST, limit=2)

    assert why(spokes(), two) is None
    assert why(spokes(), replace(two, limit=1)) == "it crosses 2 peerings: a -> hub, hub -> b"


def test_a_way_inside_a_vnet_or_a_group_crosses_no_peering() -> None:
    joined = network(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24")),
        group("g", "a b"),
    )

    assert why(joined, asking(Verb.CROSSES_AT_MOST, limit=0)) is None
    assert why(joined, asking(Verb.CROSSES_AT_MOST, right="a.s", limit=0), flow("10.1.0.4", "10.1.0.5")) is None
    crossings = trace(joined, at("a.s"), A_TO_B, World()).crossings
    assert [(str(crossing), crossing.span) for crossing in crossings] == [("a -> b", None)]


def test_entering_the_gateway_of_a_peer_crosses_the_peering() -> None:
    claim = asking(Verb.CROSSES_AT_MOST, "a.s", "onprem", 0)

    assert why(branch(), claim, TO_BRANCH) == "it crosses 1 peering: a -> hub"
    assert why(branch(), replace(claim, limit=1), TO_BRANCH) is None


def test_what_a_gateway_sends_into_a_spoke_crosses_the_peering() -> None:
    claim = asking(Verb.CROSSES_AT_MOST, "onprem", "a.s", 0)

    assert why(branch(), claim, flow("192.168.0.4", "10.1.0.4")) == "it crosses 1 peering: hub -> a"


def test_a_crossing_that_is_refused_is_none() -> None:
    closed = spokes(peered("hub", "a"), peered("hub", "b"))
    way = trace(closed, at("a.s"), A_TO_B, World())

    assert [str(crossing) for crossing in way.crossings] == ["a -> hub"]
    assert [crossing.span for crossing in way.crossings] == [closed.peerings[0].span]


def test_what_is_not_let_into_a_gateway_crosses_nothing() -> None:
    near, far = transit("a", "hub")
    off = (replace(near, allow_virtual_network_access=False), replace(far, allow_virtual_network_access=False))
    closed = replace(branch(), peerings=off)

    way = trace(closed, at("a.s"), TO_BRANCH, world(*(f"U-AVNA({half.id})" for half in off)))

    assert isinstance(way.outcome, Dropped)
    assert (way.outcome.rule, way.crossings) == ("R-PEER-14", ())


@pytest.mark.parametrize(
    ("bits", "text"), [(1, "1 bps"), (1500, "1500 bps"), (64_000, "64 kbps"), (650 * 10**6, "650 Mbps")]
)
def test_a_rate_is_written_in_its_largest_unit(bits: int, text: str) -> None:
    assert text == rate_text(bits)
