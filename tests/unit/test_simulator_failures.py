"""What is down when a claim lets things fail (I-FAILURES)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    announces,
    at,
    expressroute,
    flow,
    group,
    machine,
    network,
    nic,
    nsg,
    peered,
    public,
    route,
    route_server,
    router,
    rule,
    site,
    subnet,
    table,
    transit,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import Undetermined, World
from vnetverify.header import ALL_PORTS, Family, addresses_of, parse_address, parse_prefix
from vnetverify.model.intents import Claim, EndpointSet, ExpectedHop, FailureKind, Failures, HopKind, Verb
from vnetverify.model.network import BgpPeer, Connection, Network, Service
from vnetverify.model.security import ServiceTag
from vnetverify.simulator.addressing import point
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.failures import elements_of
from vnetverify.simulator.gateways import announces as is_announced
from vnetverify.simulator.gateways import entries_of
from vnetverify.simulator.positions import Dropped, Trace
from vnetverify.simulator.routes import selection
from vnetverify.simulator.situation import Situation, situation_of
from vnetverify.simulator.walk import converse, trace
from vnetverify.source import NOWHERE

ANYTHING = Failures(9, frozenset(FailureKind))
A_TO_B, A_TO_SITE = flow("10.1.0.4", "10.2.0.4"), flow("10.1.0.4", "192.168.0.4")


def down(*elements: str, true: tuple[str, ...] = ()) -> World:
    """Return the world in which just these are down and the facts in `true` hold."""
    return world(*(f"U-DOWN({element})" for element in elements), *true)


def failing(net: Network, *elements: str, true: tuple[str, ...] = ()) -> Situation:
    return situation_of(net, down(*elements, true=true), Family.IPV4, ANYTHING)


def way(net: Network, origin: str, packet: object, *elements: str, true: tuple[str, ...] = ()) -> Trace:
    return trace(net, at(origin), packet, down(*elements, true=true), ANYTHING)  # type: ignore[arg-type]


def dropped_by(taken: Trace) -> str | None:
    return taken.outcome.rule if isinstance(taken.outcome, Dropped) else None


def hub(*more: Element, routes: str | None = None) -> Network:
    """Return spokes `a` and `b` that use the gateways of a hub."""
    return network(
        vnet("hub", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.0.0/27"), subnet("fw", "10.0.1.0/24")),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table=routes)),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24")),
        transit("a", "hub"),
        transit("b", "hub"),
        *more,
    )


TWO_WAYS = hub(
    vpn("g", "hub"),
    expressroute("e", "hub"),
    site("onprem", "192.168.0.0/16"),
    Connection("by-vpn", "g", site="onprem", bgp=True),
    Connection("by-er", "e", site="onprem"),
)


@pytest.mark.parametrize("fallen", ["gateway e", "connection by-er"])
def test_another_gateway_takes_over_from_one_whose_way_is_gone(fallen: str) -> None:
    there, met = converse(TWO_WAYS, at("a.s"), A_TO_SITE, down(fallen), ANYTHING), ("g",)

    assert (True, met) == (there.established, there.forward.met)


def test_what_is_down_in_two_networks_alike_leaves_each_its_own_ways() -> None:
    without_circuit = hub(
        vpn("g", "hub"), site("onprem", "192.168.0.0/16"), Connection("by-vpn", "g", site="onprem", bgp=True)
    )

    assert ("e",) == way(TWO_WAYS, "a.s", A_TO_SITE, "gateway g").met
    assert "R-SYS-3" == dropped_by(way(without_circuit, "a.s", A_TO_SITE, "gateway g"))
    assert ("e",) == way(TWO_WAYS, "a.s", A_TO_SITE, "gateway g").met


def test_what_is_without_something_is_indexed_once() -> None:
    first = failing(TWO_WAYS, "gateway g").index
    other = failing(TWO_WAYS, "gateway e").index

    assert first is not other
    assert failing(TWO_WAYS, "gateway g").index is first
    assert failing(TWO_WAYS, "gateway e").index is other
    assert first.intact is other.intact is failing(TWO_WAYS).index


def test_a_packet_that_comes_to_a_gateway_that_is_down_is_dropped() -> None:
    net = hub(
        vpn("g", "hub"),
        table("rt", route("0.0.0.0/0", "gateway")),
        site("onprem", "192.168.0.0/16"),
        Connection("by-vpn", "g", site="onprem"),
        routes="rt",
    )

    assert "I-FAILURES" == dropped_by(way(net, "a.s", A_TO_SITE, "gateway g"))


@pytest.mark.parametrize(
    "fallen", [("gateway g", "gateway e"), ("gateway g", "connection by-er"), ("connection by-vpn", "connection by-er")]
)
def test_a_site_is_told_nothing_over_what_is_down(fallen: tuple[str, str]) -> None:
    assert "R-GW-8" == dropped_by(way(TWO_WAYS, "onprem", flow("192.168.0.4", "10.1.0.4"), *fallen))


def test_a_site_chooses_among_the_connections_that_are_up() -> None:
    taken = way(TWO_WAYS, "onprem", flow("192.168.0.4", "10.1.0.4"), "gateway e", true=("U-SITE(onprem, by-er)",))

    assert ("g",) == taken.met


def chain() -> Network:
    """Return three hubs whose gateways tell each other what they know, the last of a site."""
    return network(
        *(vnet(f"v{n}", f"10.{n}.0.0/16", subnet("GatewaySubnet", f"10.{n}.0.0/27")) for n in (1, 2, 3)),
        *(vpn(f"g{n}", f"v{n}") for n in (1, 2, 3)),
        site("onprem", "192.168.0.0/16"),
        Connection("first", "g1", remote_gateway="g2", bgp=True),
        Connection("second", "g2", remote_gateway="g3", bgp=True),
        Connection("last", "g3", site="onprem", bgp=True),
    )


@pytest.mark.parametrize(
    ("fallen", "known"),
    [
        (("connection last",), ["10.2.0.0/16", "10.3.0.0/16"]),
        (("connection second",), ["10.2.0.0/16"]),
        (("gateway g3",), ["10.2.0.0/16"]),
        (("gateway g2",), []),
        (("gateway g1",), []),
        (("connection first",), []),
    ],
)
def test_what_was_learned_through_something_down_is_gone(fallen: tuple[str], known: list[str]) -> None:
    net = chain()

    entries = entries_of(failing(net, *fallen), net.gateways["g1"])

    assert known == sorted(str(entry.prefix) for entry in entries)


def test_a_circuit_joins_no_gateway_whose_connection_to_it_is_down() -> None:
    net = network(
        *(vnet(f"v{n}", f"10.{n}.0.0/16", subnet("GatewaySubnet", f"10.{n}.0.0/27")) for n in (1, 2)),
        *(expressroute(f"e{n}", f"v{n}", allows_remote_vnets=True) for n in (1, 2)),
        site("onprem", "192.168.0.0/16"),
        *(Connection(f"c{n}", f"e{n}", site="onprem", circuit="c", prefixes=()) for n in (1, 2)),
    )

    assert ["10.2.0.0/16"] == [str(entry.prefix) for entry in entries_of(failing(net), net.gateways["e1"])]
    assert () == entries_of(failing(net, "connection c2"), net.gateways["e1"])


def test_the_default_site_is_no_way_while_its_connection_is_down() -> None:
    net = hub(
        vpn("g", "hub"),
        table("rt", route("0.0.0.0/0", "gateway")),
        site("onprem", "192.168.0.0/16"),
        Connection("by-vpn", "g", site="onprem", default_site=True),
        routes="rt",
    )

    assert "R-GW-21" == dropped_by(way(net, "a.s", flow("10.1.0.4", "8.8.8.8"), "connection by-vpn"))


def by_firewall(**more: object) -> Network:
    return hub(
        table("rt", route("10.2.0.0/16", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4", **more),
        routes="rt",
    )


def test_an_appliance_that_is_down_forwards_nothing() -> None:
    net = by_firewall()

    assert ("fw",) == way(net, "a.s", A_TO_B, true=("U-R-PEER-16",)).met
    assert "I-FAILURES" == dropped_by(way(net, "a.s", A_TO_B, "appliance fw", true=("U-R-PEER-16",)))


def test_an_appliance_that_is_down_takes_no_packets_of_its_own() -> None:
    to_firewall = flow("10.1.0.4", "10.0.1.4")

    assert "I-FAILURES" == dropped_by(way(by_firewall(), "a.s", to_firewall, "appliance fw"))


def test_an_appliance_that_is_down_takes_nothing_by_its_public_address() -> None:
    front = machine(
        "fw", nic("fw-nic", "hub.fw", "10.0.1.4", ip_forwarding=True, public_address=public("p", "40.0.0.4"))
    )
    net = hub(front, nsg("open", rule(100, "allow", "inbound")))
    net = replace(net, machines={"fw": replace(front, nics=(replace(front.nics[0], nsg="open"),))})

    assert None is dropped_by(way(net, "internet", flow("203.0.113.9", "40.0.0.4")))
    assert "I-FAILURES" == dropped_by(way(net, "internet", flow("203.0.113.9", "40.0.0.4"), "appliance fw"))


def test_a_site_behind_an_appliance_that_is_down_is_cut_off() -> None:
    net = hub(router("fw", "hub.fw", "10.0.1.4"), site("far", "172.20.0.0/24", behind="fw"))

    assert "I-FAILURES" == dropped_by(way(net, "far", flow("172.20.0.4", "10.0.1.9"), "appliance fw"))


def test_a_machine_that_neither_forwards_nor_announces_does_not_fail() -> None:
    net = hub(machine("vm", nic("vm-nic", "hub.fw", "10.0.1.4")))

    assert None is dropped_by(way(net, "a.s", flow("10.1.0.4", "10.0.1.4"), "appliance vm"))


def with_route_server(*peers: BgpPeer) -> Network:
    return hub(
        router("one", "hub.fw", "10.0.1.4"),
        router("two", "hub.fw", "10.0.1.5"),
        route_server("hub", *peers, branches=True),
        vpn("g", "hub", active_active=True),
    )


def test_what_an_appliance_announced_is_gone_with_it() -> None:
    net = with_route_server(announces("one", "10.50.0.0/16"))
    destination = point(parse_address("10.50.0.4"))

    chosen = selection(failing(net, "appliance one"), net.subnet("a.s"), destination).route

    assert "10.0.0.0/8 to nowhere" == str(chosen)
    assert not is_announced(failing(net, "appliance one"), net.gateways["g"], destination)
    assert is_announced(failing(net), net.gateways["g"], destination)


def test_of_appliances_that_announce_one_prefix_those_that_are_up_remain() -> None:
    net = with_route_server(announces("one", "10.50.0.0/16"), announces("two", "10.50.0.0/16"))

    chosen = selection(failing(net, "appliance two"), net.subnet("a.s"), point(parse_address("10.50.0.4"))).route

    assert "10.50.0.0/16 via appliance 10.0.1.4" == str(chosen)


def two_peered(*more: Element, **subnet_options: str) -> Network:
    return network(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", **subnet_options)),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24")),
        peered("a", "b"),
        *more,
    )


def test_a_peering_that_is_down_gives_no_route() -> None:
    assert None is dropped_by(way(two_peered(), "a.s", A_TO_B))
    assert "R-SYS-3" == dropped_by(way(two_peered(), "a.s", A_TO_B, "peering a -> b"))


def test_a_peering_is_called_by_the_half_declared_first() -> None:
    assert None is dropped_by(way(two_peered(), "a.s", A_TO_B, "peering b -> a"))


def test_a_peering_that_is_down_lets_a_learned_route_beside_it() -> None:
    net = two_peered(
        vnet("c", "10.3.0.0/16"),
        transit("a", "c"),
        vpn("g", "c"),
        site("onprem", "10.2.0.0/24"),
        Connection("by-vpn", "g", site="onprem"),
    )
    destination = point(parse_address("10.2.0.4"))

    assert "10.2.0.0/16 via peering with b" == str(selection(failing(net), net.subnet("a.s"), destination).route)
    fallen = selection(failing(net, "peering a -> b"), net.subnet("a.s"), destination)
    assert "10.2.0.0/24 via gateway g" == str(fallen.route)


def test_a_hub_s_gateways_serve_no_spoke_whose_peering_is_down() -> None:
    taken = way(TWO_WAYS, "a.s", A_TO_SITE, "peering a -> hub")

    assert "R-SYS-3" == dropped_by(taken)


def test_a_gateway_announces_no_spoke_whose_peering_is_down() -> None:
    situation = failing(TWO_WAYS, "peering a -> hub")

    assert not is_announced(situation, TWO_WAYS.gateways["g"], point(parse_address("10.1.0.4")))
    assert is_announced(situation, TWO_WAYS.gateways["g"], point(parse_address("10.2.0.4")))


def test_a_next_hop_beyond_a_peering_that_is_down_is_not_directly_connected() -> None:
    taken = way(by_firewall(), "a.s", A_TO_B, "peering a -> hub")
    skipped = way(by_firewall(), "a.s", A_TO_B, "peering a -> hub", true=("U-R-UDR-8",))

    assert Dropped("peering a -> hub is down", "I-FAILURES", "a.s") == taken.outcome
    assert "R-SYS-3" == dropped_by(skipped)


def test_what_lies_beyond_a_peering_that_is_down_is_not_near_a_gateway() -> None:
    def sent(*fallen: str) -> tuple[str, ...]:
        return way(TWO_WAYS, "onprem", flow("192.168.0.4", "10.1.0.4"), *fallen, true=("U-R-GW-22",)).met

    assert ("g",) == sent("connection by-er")
    assert () == sent("connection by-er", "peering a -> hub")


def test_tags_hold_the_ranges_of_peers_that_are_down() -> None:
    group_of_peers = nsg("n", rule(100, "deny", "outbound", destination=ServiceTag("VirtualNetwork")))

    taken = way(two_peered(group_of_peers, nsg="n"), "a.s", A_TO_B, "peering a -> b")

    assert Dropped("rule-100 of n denies", "F-NSG-4", "a.s") == taken.outcome


def test_a_connected_group_does_not_stand_in_for_a_peering_that_is_down() -> None:
    taken = way(two_peered(group("all", "a b")), "a.s", A_TO_B, "peering a -> b")

    assert "R-SYS-3" == dropped_by(taken)


def test_a_story_says_first_what_is_down() -> None:
    taken = way(TWO_WAYS, "a.s", A_TO_SITE, "gateway e", "connection by-vpn")

    assert ["gateway e is down", "connection by-vpn is down"] == [step.what for step in taken.steps[:2]]
    assert {"I-FAILURES"} == {step.rule for step in taken.steps[:2]}


def test_what_is_down_is_no_open_fact_of_the_story() -> None:
    assert not [fact for fact, _ in way(TWO_WAYS, "a.s", A_TO_SITE, "gateway e").asked if fact.question == "U-DOWN"]


def test_without_failures_nobody_asks_what_is_down() -> None:
    partial = World({}, partial=True)

    assert ("e",) == trace(TWO_WAYS, at("a.s"), A_TO_SITE, partial).met
    with pytest.raises(Undetermined):
        trace(TWO_WAYS, at("a.s"), A_TO_SITE, partial, ANYTHING)


A = EndpointSet(((at("a.s"), addresses_of((parse_prefix("10.1.0.0/24"),))),))
ONPREM = EndpointSet(((at("onprem"), addresses_of((parse_prefix("192.168.0.0/16"),))),))
UNDER_ONE = Claim(
    Verb.REACHES,
    ((A, ONPREM),),
    Service("any", ((None, ALL_PORTS),)),
    "",
    NOWHERE,
    failures=Failures(1, frozenset({FailureKind.CONNECTION})),
)
BOTH_CONNECTIONS = down("connection by-vpn", "connection by-er")


def test_a_world_with_more_down_than_the_claim_allows_is_none_of_its_worlds() -> None:
    assert not in_question(TWO_WAYS, UNDER_ONE, at("a.s"), A_TO_SITE, BOTH_CONNECTIONS)
    assert None is violates(TWO_WAYS, UNDER_ONE, at("a.s"), A_TO_SITE, BOTH_CONNECTIONS)


def test_two_failures_break_what_one_does_not() -> None:
    under_two = replace(UNDER_ONE, failures=replace(ANYTHING, most=2))

    assert None is violates(TWO_WAYS, UNDER_ONE, at("a.s"), A_TO_SITE, down("connection by-er"))
    assert in_question(TWO_WAYS, under_two, at("a.s"), A_TO_SITE, BOTH_CONNECTIONS)
    assert None is not violates(TWO_WAYS, under_two, at("a.s"), A_TO_SITE, BOTH_CONNECTIONS)


def test_what_is_not_of_the_claim_s_kinds_is_up() -> None:
    world_without_gateways = down("gateway g", "gateway e", "peering a -> hub")

    assert None is violates(TWO_WAYS, UNDER_ONE, at("a.s"), A_TO_SITE, world_without_gateways)


@pytest.mark.parametrize("verb", [Verb.NEXT_HOP, Verb.GATEWAY])
def test_the_next_hop_and_the_gateway_are_those_that_are_left(verb: Verb) -> None:
    claim = replace(UNDER_ONE, verb=verb, expected_hop=ExpectedHop(HopKind.GATEWAY, "e"))

    violation = violates(TWO_WAYS, claim, at("a.s"), A_TO_SITE, down("connection by-er"))

    assert violation is not None
    assert "connection by-er is down" == violation.traces[0].steps[0].what


def test_what_routes_and_route_servers_send_to_may_fail_though_nobody_is_declared_there() -> None:
    net = network(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"), subnet("nva", "10.1.9.0/24")),
        table("rt", route("10.2.0.0/16", "10.1.9.4"), route("10.3.0.0/16", "10.1.9.5")),
        router("fw", "a.nva", "10.1.9.5"),
        route_server("a", announces("fw", "172.20.0.0/16", "10.1.9.6")),
    )
    appliances = Failures(1, frozenset({FailureKind.APPLIANCE}))

    assert [element.name for element in elements_of(net, appliances)] == [
        "fw",
        "10.1.9.6 in a.nva",
        "10.1.9.4 in a.nva",
    ]
