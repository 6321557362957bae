"""IPv6 beside IPv4: routes, filters, peerings, gateways and the way out, each family on a plane of its own."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import (
    announces,
    at,
    expressroute,
    flow,
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
from vnetverify.facts import World
from vnetverify.header import ALL_ADDRESSES, ALL_PORTS, ICMP, ICMPV6, Family, Flow, family_of, parse_address
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.endpoints import endpoint_set
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Connection, Network, Service
from vnetverify.model.security import ServiceTag
from vnetverify.simulator.addressing import is_public, point
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.effective_rules import effective_rules
from vnetverify.simulator.gateways import announced, learned
from vnetverify.simulator.internet import UNNAMED_EGRESS
from vnetverify.simulator.routes import effective_routes, select_route
from vnetverify.simulator.walk import Delivered, Dropped, LeftToInternet, Trace, converse, trace
from vnetverify.source import NOWHERE

A = vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64"))
B = vnet("b", "10.2.0.0/16 fd00:2::/32", subnet("s", "10.2.0.0/24 fd00:2::/64"))
A_TO_B = flow("fd00:1::4", "fd00:2::4")
A_TO_B_IPV4 = flow("10.1.0.4", "10.2.0.4")


def way(net: Network, origin: str, packet: Flow, in_world: World | None = None) -> Trace:
    return trace(net, at(origin), packet, in_world or world())


def end(trace_: Trace) -> str:
    """Return where the packet was delivered, or the rule that dropped it."""
    match trace_.outcome:
        case Delivered(place):
            return place.name
        case LeftToInternet():
            return "internet"
        case Dropped(_, rule):
            return rule
        case _:
            return "platform"


def alone(**more: object) -> Network:
    return network(vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64", **more)))


# -- routes ---------------------------------------------------------------------------------------------


def test_hosts_of_one_vnet_reach_each_other_over_ipv6() -> None:
    assert end(way(alone(), "a.s", flow("fd00:1::4", "fd00:1::5"))) == "a.s"


def test_the_first_four_and_the_last_address_of_an_ipv6_prefix_are_no_hosts() -> None:
    assert end(way(alone(), "a.s", flow("fd00:1::4", "fd00:1::3"))) == "R-ADDR-4"
    assert end(way(alone(), "a.s", flow("fd00:1::4", "fd00:1::ffff:ffff:ffff:ffff"))) == "R-ADDR-4"


def test_a_peering_carries_both_families() -> None:
    net = network(A, B, peered("a", "b"))

    assert (end(way(net, "a.s", A_TO_B)), end(way(net, "a.s", A_TO_B_IPV4))) == ("b.s", "b.s")


def test_a_peering_for_ipv6_alone_is_not_there_for_ipv4() -> None:
    net = network(A, B, peered("a", "b", only_ipv6=True))

    assert end(way(net, "a.s", A_TO_B)) == "b.s"
    assert end(way(net, "a.s", A_TO_B_IPV4)) == "R-SYS-3"


def test_one_half_for_ipv6_alone_is_enough() -> None:
    there, back = peered("a", "b")
    only, _ = peered("b", "a", only_ipv6=True)
    net = network(A, B, there, only)

    assert back != only
    assert end(way(net, "a.s", A_TO_B_IPV4)) == "R-SYS-3"


def test_a_peering_for_ipv6_alone_gives_the_tag_nothing_of_ipv4() -> None:
    tagged = nsg("n", rule(100, "allow", "inbound", source=ServiceTag("VirtualNetwork")))
    guarded = vnet("b", "10.2.0.0/16 fd00:2::/32", subnet("s", "10.2.0.0/24 fd00:2::/64", nsg="n"))
    net = network(A, guarded, tagged, peered("a", "b", only_ipv6=True))

    first = effective_rules(net, "b.s", None, World())[0]

    assert first.sources is not None
    assert "fd00:1::/32" in map(str, first.sources)
    assert "10.1.0.0/16" not in map(str, first.sources)


def test_unique_local_addresses_go_to_the_internet_route_unless_azure_keeps_them() -> None:
    destination = parse_address("fd99::1")

    assert str(select_route(alone(), "a.s", destination, world()).route) == "::/0 to the Internet"
    kept = world(false=("U-R-ADDR-6",))
    assert str(select_route(alone(), "a.s", destination, kept).route) == "fc00::/7 to nowhere"


def test_a_default_user_route_leaves_the_none_route_of_ipv6() -> None:
    net = network(
        vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64", route_table="t")),
        table("t", route("::/0", "fd00:1::9")),
    )
    destination = parse_address("fd99::1")

    assert str(select_route(net, "a.s", destination, world()).route) == "::/0 via appliance fd00:1::9"
    kept = world(false=("U-R-ADDR-6",))
    assert str(select_route(net, "a.s", destination, kept).route) == "fc00::/7 to nowhere"


def test_a_default_route_of_one_family_is_none_of_the_other() -> None:
    net = network(
        vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64", route_table="t")),
        table("t", route("0.0.0.0/0", "none")),
    )

    assert str(select_route(net, "a.s", parse_address("2001:db8::1"), world()).route) == "::/0 to the Internet"


def test_the_table_of_a_dual_stack_subnet_shows_both_families() -> None:
    shown = [(str(line.prefix), line.hop_type) for line in effective_routes(alone(), "a.s", world())]

    assert ("10.1.0.0/16", "VnetLocal") in shown
    assert shown[-2:] == [("::/0", "Internet"), ("fd00:1::/32", "VnetLocal")]


def test_the_table_of_a_subnet_of_ipv4_shows_ipv4_alone() -> None:
    net = network(vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24")))

    assert all(":" not in str(line.prefix) for line in effective_routes(net, "a.s", world()))


def test_multicast_is_not_carried() -> None:
    assert end(way(alone(), "a.s", flow("fd00:1::4", "ff02::1"))) == "R-TRAF-7"


def test_the_other_familys_icmp_is_no_ordinary_protocol() -> None:
    refused = world(false=("U-R-TRAF-7",))
    ping, other = flow("fd00:1::4", "fd00:1::5", protocol=ICMPV6), flow("fd00:1::4", "fd00:1::5", protocol=ICMP)

    assert end(way(alone(), "a.s", ping, refused)) == "a.s"
    assert end(way(alone(), "a.s", other, refused)) == "R-TRAF-7"


# -- filters --------------------------------------------------------------------------------------------


def guarded(*rules: object) -> Network:
    return network(
        vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64", nsg="n")),
        nsg("n", *rules),  # type: ignore[arg-type]
    )


INSIDE = flow("fd00:1::4", "fd00:1::5")


def test_a_rule_for_every_address_covers_ipv6() -> None:
    assert end(way(guarded(rule(100, "deny", "inbound")), "a.s", INSIDE)) == "F-NSG-4"


def test_a_literal_default_prefix_of_ipv4_covers_ipv6_where_a_fact_says_so() -> None:
    net = guarded(rule(100, "deny", "inbound", source="0.0.0.0/0"))

    assert end(way(net, "a.s", INSIDE)) == "a.s"
    assert end(way(net, "a.s", INSIDE, world("U-V6ANY"))) == "F-NSG-4"


def test_no_rule_decides_about_icmpv6() -> None:
    ping = flow("fd00:1::4", "fd00:1::5", protocol=ICMPV6)
    net = guarded(rule(100, "deny", "inbound"))

    assert end(way(net, "a.s", ping)) == "a.s"
    assert end(way(net, "a.s", ping, world(false=("U-ICMPV6(a.s, inbound)",)))) == "F-NSG-16"
    assert end(way(net, "a.s", ping, world(false=("U-ICMPV6(a.s, outbound)",)))) == "F-NSG-16"


def test_icmpv6_passes_where_no_group_is_attached() -> None:
    ping = flow("fd00:1::4", "fd00:1::5", protocol=ICMPV6)

    assert way(alone(), "a.s", ping).asked == ()


def test_the_internet_tag_holds_ipv6_by_two_facts() -> None:
    net = guarded(rule(100, "deny", "outbound", destination=ServiceTag("Internet")))
    public_one, local_one = flow("fd00:1::4", "2001:db8::1"), flow("fd00:1::4", "fd99::1")

    assert end(way(net, "a.s", public_one)) == "F-NSG-4"
    assert end(way(net, "a.s", local_one)) == "F-NSG-4"
    assert end(way(net, "a.s", public_one, world(false=("U-INET(2000::/3)",)))) == "F-DEF-1"
    assert ("U-INET(::/0)", True) in [(str(fact), value) for fact, value in way(net, "a.s", local_one).asked]


def test_probes_of_ipv6_are_of_the_load_balancers_tag() -> None:
    net = guarded(rule(100, "deny", "outbound", destination=ServiceTag("AzureLoadBalancer")))

    assert end(way(net, "a.s", flow("fd00:1::4", "fe80::1234:5678:9abc"))) == "F-NSG-4"


# -- out and in -----------------------------------------------------------------------------------------


def held(known: bool = True, **more: object) -> Network:
    """Return a machine with public addresses of both families, that of IPv6 not known unless `known`."""
    six = PublicAddress("six", Sku.BASIC, parse_address("2001:db8::9") if known else None)
    four = PublicAddress("four", Sku.STANDARD, parse_address("203.0.113.9"))
    return network(
        vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64", **more)),
        machine("m", nic("m-nic", "a.s", "10.1.0.4 fd00:1::4", public_address=four, public_ipv6=six)),
    )


def test_nothing_but_a_public_address_lets_ipv6_out() -> None:
    out = flow("fd00:1::5", "2001:db8:ffff::1")
    net = alone(nat_gateway="n", default_outbound=True)

    assert end(way(net, "a.s", out)) == "R-TRAF-5"
    assert end(way(held(), "a.s", flow("fd00:1::4", "2001:db8:ffff::1"))) == "internet"


def test_what_comes_to_the_public_ipv6_address_is_for_the_first_ipv6_address() -> None:
    came = way(held(), "internet", flow("2001:db8:ffff::1", "2001:db8::9"))

    passed = Place("public", "2001:db8::9"), parse_address("2001:db8::9")
    assert came.outcome == Delivered(Place("subnet", "a.s"), parse_address("fd00:1::4"), "m-nic", passed=passed)


def test_each_public_address_is_as_open_as_its_own_kind() -> None:
    assert end(way(held(), "internet", flow("198.51.100.1", "203.0.113.9"))) == "F-PIP-1"


def test_an_unknown_public_ipv6_address_is_the_worlds() -> None:
    packet = flow("2001:db8:ffff::1", "2001:db8::77")

    assert end(way(held(known=False), "internet", packet)) == "F-PIP-5"
    assert end(way(held(known=False), "internet", packet, world(six="2001:db8::77"))) == "a.s"


def test_a_sender_without_a_known_address_outside_has_one_of_ipv6_by_the_world() -> None:
    net = network(
        vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64")),
        machine("m", nic("m-nic", "a.s", "10.1.0.4 fd00:1::4", public_ipv6=public("six", "2001:db8::9", Sku.BASIC))),
        machine("o", nic("o-nic", "a.s", "10.1.0.5 fd00:1::5", public_ipv6=public("unknown"))),
    )
    named = World({"U-R-TRAF-10": True}, {"IPv6 egress of o-nic": parse_address("2001:db8::7")})

    came = way(net, "a.s", flow("fd00:1::5", "2001:db8::9"), named)

    assert end(came) == "a.s"


# -- gateways, Route Servers, firewalls -----------------------------------------------------------------


def hub(*elements: object, routes: str | None = None) -> Network:
    return network(
        vnet(
            "h",
            "10.0.0.0/16 fd00::/32",
            subnet("GatewaySubnet", "10.0.255.0/24 fd00:0:0:ff::/64"),
            subnet("s", "10.0.0.0/24 fd00::/64", route_table=routes),
        ),
        site("onprem", "192.168.0.0/16 fd08::/32"),
        *elements,  # type: ignore[arg-type]
    )


TO_SITE = flow("fd00::4", "fd08::1")


def test_expressroute_carries_ipv6() -> None:
    net = hub(expressroute("er", "h"), Connection("c", "er", site="onprem"))

    assert end(way(net, "h.s", TO_SITE)) == "onprem"
    assert end(way(net, "onprem", flow("fd08::1", "fd00::4"))) == "h.s"
    assert [str(prefix) for prefix in announced(net, "er", world())] == ["10.0.0.0/16", "fd00::/32"]


def test_a_vpn_gateway_carries_ipv4_alone() -> None:
    net = hub(vpn("g", "h"), Connection("c", "g", site="onprem"))

    assert end(way(net, "h.s", flow("10.0.0.4", "192.168.0.1"))) == "onprem"
    assert end(way(net, "h.s", TO_SITE)) == "R-TRAF-5"
    assert end(way(net, "onprem", flow("fd08::1", "fd00::4"))) == "R-GW-8"
    assert [str(entry.prefix) for entry in learned(net, "g", world())] == ["192.168.0.0/16"]
    assert [str(prefix) for prefix in announced(net, "g", world())] == ["10.0.0.0/16"]


def test_what_a_user_route_sends_to_a_vpn_gateway_over_ipv6_is_dropped() -> None:
    net = hub(vpn("g", "h"), Connection("c", "g", site="onprem"), table("t", route("fd08::/32", "gateway")), routes="t")

    assert end(way(net, "h.s", TO_SITE)) == "R-ADDR-6"


def test_ipv6_works_beside_a_route_server_where_a_fact_says_so() -> None:
    net = hub(route_server("h"))

    assert end(way(net, "h.s", flow("fd00::4", "fd00::5"))) == "R-ADDR-6"
    assert end(way(net, "h.s", flow("fd00::4", "fd00::5"), world("U-ARSV6(h)"))) == "h.s"
    assert end(way(net, "h.s", flow("10.0.0.4", "10.0.0.5"))) == "h.s"


def test_ipv6_into_a_vnet_with_a_route_server_needs_the_same_fact() -> None:
    net = network(A, B, peered("a", "b"), route_server("b"))

    assert end(way(net, "a.s", A_TO_B)) == "R-ADDR-6"
    assert end(way(net, "a.s", A_TO_B, world("U-ARSV6(b)"))) == "b.s"


def test_a_route_server_has_no_routes_of_ipv6() -> None:
    net = hub(router("fw", "h.s", "10.0.0.9 fd00::9"), route_server("h", announces("fw", "fd99::/32 10.9.0.0/16")))

    assert str(select_route(net, "h.s", parse_address("fd99::1"), world()).route) == "::/0 to the Internet"
    assert (
        str(select_route(net, "h.s", parse_address("10.9.0.1"), world()).route) == "10.9.0.0/16 via appliance 10.0.0.9"
    )


def test_spokes_use_a_gateway_over_ipv6_as_over_ipv4() -> None:
    spoke = vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64"))
    net = hub(spoke, expressroute("er", "h"), Connection("c", "er", site="onprem"), transit("a", "h"))

    conversation = converse(net, at("a.s"), flow("fd00:1::4", "fd08::1"), world())

    assert conversation.established
    assert conversation.forward.met == ("er",)


def test_an_appliance_carries_ipv6_by_its_policy() -> None:
    net = network(
        vnet(
            "a",
            "10.1.0.0/16 fd00:1::/32",
            subnet("s", "10.1.0.0/24 fd00:1::/64", route_table="t"),
            subnet("d", "10.1.1.0/24 fd00:1:0:1::/64"),
            subnet("n", "10.1.9.0/24 fd00:1:0:9::/64"),
        ),
        table("t", route("fd00:1:0:1::/64", "fd00:1:0:9::4")),
        router("fw", "a.n", "10.1.9.4 fd00:1:0:9::4"),
    )

    there = way(net, "a.s", flow("fd00:1::4", "fd00:1:0:1::4"))

    assert (end(there), there.met) == ("a.d", ("fw",))


def test_a_next_hop_of_the_other_family_is_nobodys() -> None:
    net = network(
        vnet("a", "10.1.0.0/16 fd00:1::/32", subnet("s", "10.1.0.0/24 fd00:1::/64", route_table="t")),
        table("t", route("fd00:1:0:1::/64", "10.1.0.9")),
    )

    assert end(way(net, "a.s", flow("fd00:1::4", "fd00:1:0:1::4"))) == "R-UDR-8"


# -- claims ---------------------------------------------------------------------------------------------


def claimed(service: Service) -> Claim:
    everyone = endpoint_set([(Place("subnet", "a.s"), ALL_ADDRESSES)])
    return Claim(Verb.REACHES, ((everyone, everyone),), service, "asked", NOWHERE)


def test_icmp_in_a_claim_is_that_of_the_flows_family() -> None:
    claim = claimed(Service("icmp", ((ICMP, ALL_PORTS),)))
    origin = Place("subnet", "a.s")

    assert in_question(alone(), claim, origin, flow("fd00:1::4", "fd00:1::5", protocol=ICMPV6), world())
    assert not in_question(alone(), claim, origin, flow("fd00:1::4", "fd00:1::5", protocol=ICMP), world())
    assert not in_question(alone(), claim, origin, flow("10.1.0.4", "10.1.0.5", protocol=ICMPV6), world())


def test_no_flow_goes_from_one_family_to_the_other() -> None:
    claim = claimed(Service("any", ((None, ALL_PORTS),)))

    assert not in_question(alone(), claim, Place("subnet", "a.s"), flow("fd00:1::4", "10.1.0.5"), world())
    assert violates(alone(), claim, Place("subnet", "a.s"), flow("fd00:1::4", "10.1.0.5"), world()) is None


@pytest.mark.parametrize("family", Family)
def test_who_has_no_public_address_of_his_own_is_seen_by_a_public_one_of_the_family(family: Family) -> None:
    seen = UNNAMED_EGRESS[family]

    assert family_of(seen) is family
    assert is_public(point(seen))
