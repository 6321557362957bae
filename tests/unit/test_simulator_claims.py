from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    at,
    expressroute,
    flow,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    public,
    route,
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
from vnetverify.facts import World
from vnetverify.header import ALL_ADDRESSES, ALL_PORTS, TCP, Flow, IntervalSet, addresses_of, parse_prefix
from vnetverify.model.balancers import Sku
from vnetverify.model.intents import Claim, EndpointSet, ExpectedHop, HopKind, Place, PlaceKind, Verb
from vnetverify.model.network import Connection, Network, NextHopType, Service
from vnetverify.simulator.addressing import Field, Mixed, Part, packet_of
from vnetverify.simulator.claims import Asks, delivers, in_question, may_violate, violates
from vnetverify.simulator.ends import begins
from vnetverify.simulator.walk import converse, trace
from vnetverify.source import NOWHERE

HTTPS = Service("https", ((TCP, port(443)),))
ANY = Service("any", ((None, ALL_PORTS),))


def ends(*parts: tuple[str, str]) -> EndpointSet:
    """Return the addresses of each prefix at the place named beside it."""
    places: dict[str, IntervalSet] = {}
    for place, prefix in parts:
        places[place] = places.get(place, IntervalSet()) | addresses_of((parse_prefix(prefix),))
    return EndpointSet(tuple(sorted((at(place), addresses) for place, addresses in places.items())))


A, B, HUB = ends(("a.s", "10.1.0.0/24")), ends(("b.s", "10.2.0.0/24")), ends(("hub.fw", "10.0.1.0/24"))
ONPREM, OUTSIDE = ends(("onprem", "192.168.0.0/16")), EndpointSet(((at("internet"), ALL_ADDRESSES),))


def claim(verb: Verb, left: EndpointSet = A, right: EndpointSet = B, service: Service = ANY, **more: object) -> Claim:
    return Claim(verb, ((left, right),), service, "", NOWHERE, **more)  # type: ignore[arg-type]


def why(net: Network, sentence: Claim, origin: str, packet: Flow, facts: World | None = None) -> str | None:
    """Return how the flow violates the claim, None when it does not.

    Whoever asks whether it does, and not how, is told the same.
    """
    question = net, sentence, at(origin), packet, facts or World()
    violation = violates(*question)
    if sentence.verb in ABOUT_DELIVERIES:
        assert may_violate(*question) == (violation is not None)
    return None if violation is None else violation.why


def asked(net: Network, sentence: Claim, origin: str, packet: Flow) -> bool:
    return in_question(net, sentence, at(origin), packet, World())


ABOUT_DELIVERIES = (Verb.NEVER_REACHES, Verb.ONLY_VIA, Verb.NOT_VIA, Verb.NOT_TRANSITIVE)
A_TO_B = flow("10.1.0.4", "10.2.0.4")


def spokes(*more: Element, via: bool = False) -> Network:
    """Return spokes `a` and `b` of a hub, joined by nothing, or by the hub's appliance when `via`."""
    routes = "rt" if via else None
    return network(
        vnet("hub", "10.0.0.0/16", subnet("fw", "10.0.1.0/24"), subnet("GatewaySubnet", "10.0.0.0/27")),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table=routes)),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24", route_table=routes)),
        *((peered("hub", "a", allow_forwarded_traffic=True), peered("hub", "b", allow_forwarded_traffic=True))),
        table("rt", route("10.0.0.0/8", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4"),
        *more,
    )


def test_a_flow_that_does_not_converse_violates_reaches() -> None:
    assert why(spokes(via=True), claim(Verb.REACHES), "a.s", A_TO_B) is None
    assert why(spokes(), claim(Verb.REACHES), "a.s", A_TO_B) == (
        "the first packet is dropped: 10.0.0.0/8 has next hop none (R-SYS-3)"
    )


def one_sided(**fw: object) -> Network:
    """Return spokes of which only `a` sends by the appliance; `b`, which is its peer, answers directly."""
    return spokes(
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24")),
        peered("a", "b"),
        table("rt", route("10.2.0.0/16", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4", **fw),
        via=True,
    )


def test_an_appliance_on_one_way_alone_violates_symmetry_even_where_it_is_stateless() -> None:
    symmetric = claim(Verb.REACHES_SYMMETRICALLY)

    assert why(one_sided(), claim(Verb.REACHES), "a.s", A_TO_B) is None
    assert why(one_sided(), symmetric, "a.s", A_TO_B) == "only one of the two ways passes fw"
    assert why(one_sided(), symmetric, "b.s", flow("10.2.0.4", "10.1.0.4")) is None
    assert why(spokes(via=True), symmetric, "a.s", A_TO_B) is None
    assert why(spokes(), symmetric, "a.s", A_TO_B) is not None
    answered_around = claim(Verb.REACHES_SYMMETRICALLY, B, A)
    assert why(one_sided(), answered_around, "b.s", flow("10.2.0.4", "10.1.0.4")) == (
        "only one of the two ways passes fw"
    )


def test_symmetry_is_about_appliances_not_gateways() -> None:
    """A site answers by the gateway that it likes, and the Internet by nothing that is known."""
    net = network(
        vnet("hub", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.0.0/27")),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", default_outbound=True)),
        transit("a", "hub"),
        vpn("slow", "hub"),
        expressroute("fast", "hub"),
        site("onprem", "192.168.0.0/16"),
        Connection("by-slow", "slow", site="onprem", bgp=True),
        Connection("by-fast", "fast", site="onprem", circuit="k"),
    )
    facts, to_site = world("U-SITE(onprem, by-slow)"), flow("10.1.0.4", "192.168.0.4")
    talk = converse(net, at("a.s"), to_site, facts)
    assert talk.reply is not None
    assert (talk.forward.met, talk.reply.met) == (("fast",), ("slow",))

    assert why(net, claim(Verb.REACHES_SYMMETRICALLY, right=ONPREM), "a.s", to_site, facts) is None
    symmetric = claim(Verb.REACHES_SYMMETRICALLY, right=OUTSIDE)
    assert why(net, symmetric, "a.s", flow("10.1.0.4", "8.8.8.8")) is None


def test_symmetry_speaks_of_destinations_in_the_right_set_alone() -> None:
    elsewhere = flow("10.1.0.4", "10.9.0.4")

    for verb in (Verb.REACHES_SYMMETRICALLY, Verb.LOSES_NO_PACKETS):
        assert asked(spokes(), claim(verb), "a.s", A_TO_B)
        assert not asked(spokes(), claim(verb), "a.s", elsewhere)
        assert why(spokes(), claim(verb), "a.s", elsewhere) is None


def test_a_translating_appliance_is_on_both_ways() -> None:
    net = spokes(
        table("rt", route("0.0.0.0/0", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4", translates_source=True),
        vnet("hub", "10.0.0.0/16", subnet("fw", "10.0.1.0/24", default_outbound=True)),
        via=True,
    )

    assert why(net, claim(Verb.REACHES_SYMMETRICALLY, right=OUTSIDE), "a.s", flow("10.1.0.4", "8.8.8.8")) is None


def test_what_routes_drop_is_lost_and_what_filters_or_policies_drop_is_not() -> None:
    shut = nsg("shut", rule(100, "deny", "outbound"))
    filtered = spokes(shut, router("fw", "hub.fw", "10.0.1.4", policy=()), via=True)
    guarded = replace(filtered.vnets["a"], subnets=(replace(filtered.vnets["a"].subnets[0], nsg="shut"),))
    filtered = replace(filtered, vnets={**filtered.vnets, "a": guarded})

    assert why(filtered, claim(Verb.LOSES_NO_PACKETS), "a.s", A_TO_B) is None
    assert why(spokes(), claim(Verb.LOSES_NO_PACKETS), "a.s", A_TO_B) == "it is lost: 10.0.0.0/8 has next hop none"


def test_a_loop_and_a_switch_that_is_off_lose_packets() -> None:
    off = machine("fw", nic("fw-nic", "hub.fw", "10.0.1.4"))
    back = spokes(
        vnet("hub", "10.0.0.0/16", subnet("fw", "10.0.1.0/24", route_table="rt")),
        table("rt", route("10.2.0.0/16", "10.0.1.4")),
        via=True,
    )

    assert why(spokes(off, via=True), claim(Verb.LOSES_NO_PACKETS), "a.s", A_TO_B) == (
        "it is lost: fw-nic has IP forwarding off"
    )
    assert why(back, claim(Verb.LOSES_NO_PACKETS), "a.s", A_TO_B) == "it is lost: the packet was here before: a loop"


def test_a_packet_that_ends_at_another_place_is_lost_too() -> None:
    out = spokes(table("rt", route("8.0.0.0/8", "internet")), via=True)
    claimed = claim(Verb.LOSES_NO_PACKETS, right=ends(("b.s", "8.8.8.0/24")))

    assert why(out, claimed, "a.s", flow("10.1.0.4", "8.8.8.8"), world("U-DOA(a.s)")) == "it ends elsewhere"


def test_reaches_speaks_of_destinations_in_the_right_set_alone() -> None:
    elsewhere = flow("10.1.0.4", "10.9.0.4")

    assert asked(spokes(), claim(Verb.REACHES), "a.s", A_TO_B)
    assert not asked(spokes(), claim(Verb.REACHES), "a.s", elsewhere)
    assert why(spokes(), claim(Verb.REACHES), "a.s", elsewhere) is None


def test_a_flow_of_another_service_or_origin_is_not_in_question() -> None:
    https = claim(Verb.REACHES, service=HTTPS)

    assert asked(spokes(), https, "a.s", A_TO_B)
    assert not asked(spokes(), https, "a.s", replace(A_TO_B, destination_port=80))
    assert not asked(spokes(), https, "a.s", replace(A_TO_B, protocol=17))
    assert not asked(spokes(), https, "b.s", A_TO_B)
    assert not asked(spokes(), claim(Verb.REACHES, right=A), "a.s", flow("10.1.0.4", "10.1.0.4"))


def test_ends_that_both_lie_in_one_member_of_for_each_are_not_in_question() -> None:
    both = ends(("a.s", "10.1.0.0/24"), ("b.s", "10.2.0.0/24"))
    apart = claim(Verb.REACHES, both, both, apart=(A, B))

    assert asked(spokes(), apart, "a.s", A_TO_B)
    assert not asked(spokes(), apart, "a.s", flow("10.1.0.4", "10.1.0.5"))


def test_two_hosts_of_one_subnet_are_two_members_of_for_each() -> None:
    one, other = ends(("a.s", "10.1.0.4/32")), ends(("a.s", "10.1.0.5/32"))
    both = ends(("a.s", "10.1.0.4/31"))
    apart = claim(Verb.NEVER_REACHES, both, both, apart=(one, other))

    assert why(spokes(), apart, "a.s", flow("10.1.0.4", "10.1.0.5")) == "the first packet is delivered"
    assert why(spokes(), replace(apart, apart=(both,)), "a.s", flow("10.1.0.4", "10.1.0.5")) is None


def test_each_pair_of_a_claim_is_a_sentence_of_its_own() -> None:
    pairs = Claim(Verb.REACHES, ((A, B), (B, A)), ANY, "", NOWHERE)
    within = flow("10.1.0.4", "10.1.0.5")

    assert asked(spokes(), pairs, "a.s", A_TO_B)
    assert not asked(spokes(), pairs, "a.s", within)
    assert why(spokes(), replace(pairs, verb=Verb.NEVER_REACHES), "a.s", within) is None
    assert why(spokes(), claim(Verb.NEVER_REACHES, right=A), "a.s", within) is not None


def test_a_flow_of_two_families_is_none() -> None:
    left, right = ends(("a.s", "10.1.0.0/24"), ("a.s", "fd00::/64")), ends(("b.s", "10.2.0.0/24"))

    assert asked(spokes(), claim(Verb.REACHES, left, right), "a.s", A_TO_B)
    assert not asked(spokes(), claim(Verb.REACHES, left, right), "a.s", flow("fd00::4", "10.2.0.4"))


def test_a_flow_begins_in_the_left_set_alone() -> None:
    assert begins(spokes(), claim(Verb.REACHES), at("a.s"), packet_of(A_TO_B))
    assert not begins(spokes(), claim(Verb.REACHES), at("b.s"), packet_of(A_TO_B))
    assert not begins(spokes(), claim(Verb.REACHES), at("a.s"), packet_of(flow("10.1.1.4", "10.2.0.4")))


def test_a_host_s_own_public_address_names_nobody_to_it() -> None:
    net = spokes(machine("t", nic("n", "a.s", "10.1.0.4", public_address=public("ip", "20.0.0.4", Sku.BASIC))))
    named = EndpointSet(((Place(PlaceKind.PUBLIC.value, "20.0.0.4"), addresses_of((parse_prefix("20.0.0.4/32"),))),))

    assert asked(net, claim(Verb.REACHES, right=named), "a.s", flow("10.1.0.5", "20.0.0.4"))
    assert not asked(net, claim(Verb.REACHES, right=named), "a.s", flow("10.1.0.4", "20.0.0.4"))
    never, leaving = claim(Verb.NEVER_REACHES, right=named), world("U-DOA(a.s)")
    assert why(net, never, "a.s", flow("10.1.0.5", "20.0.0.4"), leaving) == "the first packet is delivered"
    assert why(net, never, "a.s", flow("10.1.0.4", "20.0.0.4"), leaving) is None


def test_a_delivered_first_packet_violates_never_even_without_a_reply() -> None:
    net = replace(spokes(via=True), route_tables={"rt": table("rt", route("10.2.0.0/16", "10.0.1.4"))})

    assert why(net, claim(Verb.NEVER_REACHES), "a.s", A_TO_B) == "the first packet is delivered"
    assert why(net, claim(Verb.REACHES), "a.s", A_TO_B) is not None
    assert why(spokes(), claim(Verb.NEVER_REACHES), "a.s", A_TO_B) is None


def test_never_counts_a_host_whatever_address_it_was_reached_by() -> None:
    target = machine("t", nic("n", "b.s", "10.2.0.4", public_address=public("ip", "20.0.0.4", Sku.BASIC)))
    net = spokes(target)
    packet = flow("10.1.0.4", "20.0.0.4")

    assert why(net, claim(Verb.NEVER_REACHES), "a.s", packet, world("U-DOA(a.s)")) == "the first packet is delivered"
    assert not asked(net, claim(Verb.REACHES), "a.s", packet)


def test_from_the_internet_a_host_is_reached_by_its_public_address_alone() -> None:
    target = machine("t", nic("n", "b.s", "10.2.0.4", public_address=public("ip", "20.0.0.4", Sku.BASIC)))
    sentence = claim(Verb.REACHES, OUTSIDE)

    assert asked(spokes(target), sentence, "internet", flow("8.8.8.8", "20.0.0.4"))
    assert why(spokes(target), sentence, "internet", flow("8.8.8.8", "20.0.0.4")) is None
    assert not asked(spokes(target), sentence, "internet", flow("8.8.8.8", "10.2.0.4"))
    assert why(spokes(target), sentence, "internet", flow("8.8.8.8", "10.2.0.5")) is not None


def test_only_via_is_violated_by_a_delivery_that_met_none_of_them() -> None:
    direct = spokes(peered("a", "b"))

    assert why(direct, claim(Verb.ONLY_VIA, via=("fw",)), "a.s", A_TO_B) == "it is delivered without fw"
    assert why(spokes(via=True), claim(Verb.ONLY_VIA, via=("fw", "other")), "a.s", A_TO_B) is None
    assert why(spokes(), claim(Verb.ONLY_VIA, via=("fw",)), "a.s", A_TO_B) is None


def test_not_via_is_violated_by_a_delivery_that_met_one() -> None:
    assert why(spokes(via=True), claim(Verb.NOT_VIA, via=("fw",)), "a.s", A_TO_B) == "it is delivered by way of fw"
    assert why(spokes(peered("a", "b")), claim(Verb.NOT_VIA, via=("fw",)), "a.s", A_TO_B) is None


def test_an_end_is_not_met() -> None:
    to_fw = claim(Verb.NOT_VIA, right=HUB, via=("fw",))

    assert why(spokes(), to_fw, "a.s", flow("10.1.0.4", "10.0.1.4")) is None


def test_a_delivery_through_a_device_of_the_hub_is_transitive_unless_excused() -> None:
    through = claim(Verb.NOT_TRANSITIVE, via=("hub",))

    assert why(spokes(via=True), through, "a.s", A_TO_B) == "fw carries it through hub"
    assert why(spokes(via=True), replace(through, excused=("fw",)), "a.s", A_TO_B) is None
    assert why(spokes(peered("a", "b")), through, "a.s", A_TO_B) is None


def test_an_implied_appliance_of_the_hub_makes_a_delivery_transitive() -> None:
    net = replace(spokes(via=True), machines={})

    assert why(
        net, claim(Verb.NOT_TRANSITIVE, via=("hub",)), "a.s", A_TO_B, world("U-FORWARDS(10.0.1.4 in hub.fw)")
    ) == ("10.0.1.4 in hub.fw carries it through hub")


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (HopKind.APPLIANCE, "fw", True),
        (HopKind.APPLIANCE, None, True),
        (HopKind.APPLIANCE, "other", False),
        (HopKind.PEERING, None, False),
        (HopKind.NONE, None, False),
    ],
)
def test_next_hop_compares_the_selected_route(kind: HopKind, name: str | None, expected: bool) -> None:
    sentence = claim(Verb.NEXT_HOP, expected_hop=ExpectedHop(kind, name))

    assert (why(spokes(via=True), sentence, "a.s", A_TO_B) is None) is expected


@pytest.mark.parametrize(
    ("destination", "right", "kind"),
    [
        ("10.1.0.9", A, HopKind.VNET_LOCAL),
        ("10.0.1.9", HUB, HopKind.PEERING),
        ("10.2.0.4", B, HopKind.NONE),
        ("8.8.8.8", OUTSIDE, HopKind.INTERNET),
    ],
)
def test_next_hop_knows_the_system_s_own_ways(destination: str, right: EndpointSet, kind: HopKind) -> None:
    packet = flow("10.1.0.4", destination)

    for other in HopKind:
        sentence = claim(Verb.NEXT_HOP, right=right, expected_hop=ExpectedHop(other))
        assert (why(spokes(), sentence, "a.s", packet) is None) is (other is kind)


def office() -> Network:
    return network(
        vnet("hub", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.0.0/27")),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", nsg="shut")),
        transit("a", "hub"),
        nsg("shut", rule(100, "deny", "outbound")),
        vpn("gw", "hub"),
        site("onprem", "192.168.0.0/16"),
        Connection("c", "gw", site="onprem"),
    )


def test_gateway_walks_past_filters_to_the_first_gateway() -> None:
    packet = flow("10.1.0.4", "192.168.0.9")

    def meets(name: str | None) -> str | None:
        sentence = claim(Verb.GATEWAY, right=ONPREM, expected_hop=ExpectedHop(HopKind.GATEWAY, name))
        return why(office(), sentence, "a.s", packet)

    assert meets("gw") is None
    assert meets(None) is None
    assert meets("other") == "the first gateway it meets is gw"
    stranded = replace(office(), connections=())
    sentence = claim(Verb.GATEWAY, right=ONPREM, expected_hop=ExpectedHop(HopKind.GATEWAY, "gw"))
    assert why(stranded, sentence, "a.s", packet) == "it meets no gateway"


def test_a_gateway_is_met_though_the_site_behind_it_drops_what_it_passes_on() -> None:
    connection = Connection("c", "gw", site="onprem", prefixes=(parse_prefix("172.16.0.0/16"),))
    net = replace(office(), connections=(connection,))
    elsewhere = ends(("branch", "172.16.0.0/16"))
    sentence = claim(Verb.GATEWAY, right=elsewhere, expected_hop=ExpectedHop(HopKind.GATEWAY, "gw"))

    assert why(net, sentence, "a.s", flow("10.1.0.4", "172.16.0.9")) is None


def test_next_hop_names_the_gateway_of_a_learned_route() -> None:
    packet = flow("10.1.0.4", "192.168.0.9")

    def leads(name: str) -> bool:
        sentence = claim(Verb.NEXT_HOP, right=ONPREM, expected_hop=ExpectedHop(HopKind.GATEWAY, name))
        return why(office(), sentence, "a.s", packet) is None

    assert leads("gw")
    assert not leads("other")


def test_next_hop_names_the_gateway_that_a_user_route_stands_for() -> None:
    a = vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"))
    through = table("rt", route("172.16.0.0/12", NextHopType.GATEWAY.value))
    net = replace(office(), vnets={**office().vnets, "a": a}, route_tables={"rt": through})

    def leads(name: str | None) -> bool:
        sentence = claim(Verb.NEXT_HOP, right=OUTSIDE, expected_hop=ExpectedHop(HopKind.GATEWAY, name))
        return why(net, sentence, "a.s", flow("10.1.0.4", "172.16.0.9")) is None

    assert leads(None)
    assert leads("gw")
    assert not leads("other")


def test_what_is_delivered_begins_where_the_claim_says() -> None:
    apart, to_ssh = claim(Verb.NEVER_REACHES), replace(A_TO_B, destination_port=22)

    assert delivers(spokes(via=True), apart, at("a.s"), A_TO_B, World())
    assert not delivers(spokes(via=True), claim(Verb.NEVER_REACHES, service=HTTPS), at("a.s"), to_ssh, World())
    assert not delivers(spokes(), apart, at("a.s"), A_TO_B, World())


def test_what_a_filter_refuses_counts_where_filters_are_not_asked() -> None:
    """The box is parted by routes behind a filter that refuses all of it."""
    net = spokes(nsg("shut", rule(100, "deny", "outbound")), via=True)
    guarded = replace(net.vnets["a"], subnets=(replace(net.vnets["a"].subnets[0], nsg="shut"),))
    net = replace(net, vnets={**net.vnets, "a": guarded})
    wide = Field(A_TO_B.destination - 2**17, A_TO_B.destination, Part.DESTINATION)
    box = replace(packet_of(A_TO_B), destination=wide)
    apart = claim(Verb.NEVER_REACHES, right=OUTSIDE)

    for asks in (Asks.AT_ONCE, Asks.LAST):
        assert not may_violate(net, apart, at("a.s"), box, World(partial=True), asks)
    with pytest.raises(Mixed):
        may_violate(net, apart, at("a.s"), box, World(partial=True), Asks.NOTHING)


def test_a_violation_tells_the_ways_that_show_it() -> None:
    forward_only = replace(spokes(via=True), route_tables={"rt": table("rt", route("10.2.0.0/16", "10.0.1.4"))})

    violation = violates(forward_only, claim(Verb.REACHES), at("a.s"), A_TO_B, World())

    assert violation is not None
    assert [way.met for way in violation.traces] == [("fw",), ()]
    assert violation.why == "the reply is dropped: 10.0.0.0/8 has next hop none (R-SYS-3)"


def test_where_the_first_packet_is_lost_no_reply_is_told() -> None:
    violation = violates(spokes(), claim(Verb.REACHES), at("a.s"), A_TO_B, World())

    assert violation is not None
    assert [way.outcome for way in violation.traces] == [trace(spokes(), at("a.s"), A_TO_B, World()).outcome]
