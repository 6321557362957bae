"""What becomes of a packet between vnets: peerings, appliances between them, and what no network carries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.effort import with_calls
from tests.unit.simulator_networks import (
    ALLOW_ALL,
    Element,
    at,
    flow,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    route,
    router,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from tests.unit.simulator_walks import A_TO_B, PAIR, chained, ends, hub, spoke, talk
from vnetverify.facts import Undetermined, World
from vnetverify.header import ALL_ADDRESSES, TCP
from vnetverify.model.network import Network, Peering, PolicyRule
from vnetverify.model.security import Access
from vnetverify.simulator.positions import Loser
from vnetverify.simulator.walk import Delivered, Dropped, trace


def test_two_peered_vnets_converse() -> None:
    assert talk(network(*PAIR, peered("a", "b")), "a.s", A_TO_B).established


def test_two_vnets_without_a_peering_do_not() -> None:
    conversation = talk(network(*PAIR), "a.s", A_TO_B)

    assert not conversation.established
    assert conversation.why == "the first packet is dropped: 10.0.0.0/8 has next hop none (R-SYS-3)"


def test_peering_is_not_transitive() -> None:
    net = network(hub(), *PAIR, peered("hub", "a"), peered("hub", "b"))

    assert ends(net, "a.s", A_TO_B) == "R-SYS-3"


def test_only_assignable_addresses_of_subnets_for_hosts_are_hosts() -> None:
    net = network(hub(), spoke("a", 1), peered("hub", "a"))

    assert ends(net, "a.s", flow("10.1.0.4", "10.0.1.4")) == "hub.fw"
    assert ends(net, "a.s", flow("10.1.0.4", "10.0.1.3")) == "R-ADDR-4"
    assert ends(net, "a.s", flow("10.1.0.4", "10.0.1.255")) == "R-ADDR-4"
    assert ends(net, "a.s", flow("10.1.0.4", "10.0.0.5")) == "R-ADDR-4"
    assert ends(net, "a.s", flow("10.1.0.4", "10.0.200.4")) == "R-ADDR-4"


def test_in_a_firewall_subnet_only_declared_interfaces_are_hosts() -> None:
    walled = hub(subnet("AzureFirewallSubnet", "10.0.2.0/26"))
    net = network(walled, router("fw", "hub.AzureFirewallSubnet", "10.0.2.4"))

    assert ends(net, "hub.fw", flow("10.0.1.4", "10.0.2.4")) == "hub.AzureFirewallSubnet"
    assert ends(net, "hub.fw", flow("10.0.1.4", "10.0.2.5")) == "R-ADDR-8"


@pytest.mark.parametrize(("protocol", "expected"), [(4, "R-TRAF-7"), (47, "R-TRAF-7"), (50, "b.s"), (1, "b.s")])
def test_encapsulations_are_blocked(protocol: int, expected: str) -> None:
    assert ends(network(*PAIR, peered("a", "b")), "a.s", replace(A_TO_B, protocol=protocol)) == expected


def test_other_protocols_are_carried_where_that_is_so() -> None:
    net = network(*PAIR, peered("a", "b"))

    assert ends(net, "a.s", replace(A_TO_B, protocol=50), world(false=["U-R-TRAF-7"])) == "R-TRAF-7"
    assert ends(net, "a.s", A_TO_B, world(false=["U-R-TRAF-7"])) == "b.s"


@pytest.mark.parametrize("destination", ["224.0.0.1", "239.255.255.255", "255.255.255.255"])
def test_multicast_and_broadcast_are_blocked(destination: str) -> None:
    assert ends(network(*PAIR), "a.s", flow("10.1.0.4", destination)) == "R-TRAF-7"


def test_no_route_captures_the_platform() -> None:
    net = network(
        spoke("a", 1, route_table="rt"), table("rt", route("0.0.0.0/0", "none"), route("168.63.129.16/32", "none"))
    )

    assert ends(net, "a.s", flow("10.1.0.4", "168.63.129.16", 53)) == "PLATFORM"
    assert not talk(net, "a.s", flow("10.1.0.4", "169.254.169.254", 80)).established


def test_a_peering_with_access_off_blocks_only_where_that_is_so() -> None:
    shut = Peering("b", "a", allow_virtual_network_access=False)
    net = network(*PAIR, Peering("a", "b"), shut)

    assert ends(net, "a.s", A_TO_B) == "b.s"
    assert ends(net, "a.s", A_TO_B, world("U-AVNA(b -> a)")) == "R-PEER-14"
    assert ends(net, "a.s", A_TO_B, world("U-AVNA(a -> b)")) == "b.s"


@pytest.mark.parametrize("hop", ["vnet-local", "internet"])
def test_a_user_route_to_here_or_out_for_a_peer_delivers_only_where_that_is_so(hop: str) -> None:
    net = network(
        spoke("a", 1, route_table="rt"), spoke("b", 2), peered("a", "b"), table("rt", route("10.2.0.0/16", hop))
    )

    assert ends(net, "a.s", A_TO_B) == ("R-UDR-6" if hop == "vnet-local" else "R-TRAF-5")
    assert ends(net, "a.s", A_TO_B, world("U-R-UDR-6")) == "b.s"


def test_an_appliance_in_the_hub_carries_packets_between_spokes() -> None:
    conversation = talk(chained(), "a.s", A_TO_B)

    assert conversation.established
    assert conversation.forward.met == ("fw",)
    assert conversation.reply is not None
    assert conversation.reply.met == ("fw",)


def test_the_receiving_half_must_allow_forwarded_traffic() -> None:
    assert ends(chained(forwarded=False), "a.s", A_TO_B) == "R-PEER-16"
    assert ends(chained(forwarded=False), "a.s", A_TO_B, world("U-R-PEER-16")) == "b.s"


def test_what_the_appliance_itself_sends_is_not_forwarded() -> None:
    assert ends(chained(forwarded=False), "hub.fw", flow("10.0.1.4", "10.2.0.4")) == "b.s"


def test_what_an_appliance_sends_for_a_host_of_its_own_vnet_is_not_forwarded() -> None:
    steered = hub(subnet("app", "10.0.3.0/24", route_table="rt"))
    net = chained(forwarded=False)
    net = replace(
        net, vnets={**net.vnets, "hub": steered}, route_tables={"rt": table("rt", route("10.2.0.0/16", "10.0.1.4"))}
    )

    way = trace(net, at("hub.app"), flow("10.0.3.4", "10.2.0.4"), World())

    assert way.met == ("fw",)
    assert isinstance(way.outcome, Delivered)


def test_a_next_hop_that_two_peers_hold_has_no_owner() -> None:
    twin = replace(hub(), name="twin", subnets=())
    net = chained(twin, peered("a", "twin"))

    assert ends(net, "a.s", A_TO_B) == "R-UDR-8"


def test_an_interface_without_forwarding_drops_what_is_not_for_it() -> None:
    deaf = machine("fw", nic("fw-nic", "hub.fw", "10.0.1.4"), policy=(ALLOW_ALL,))

    assert ends(chained(fw=deaf), "a.s", A_TO_B) == "R-UDR-10"
    assert ends(chained(fw=deaf), "a.s", flow("10.1.0.4", "10.0.1.4")) == "hub.fw"


def test_an_appliance_follows_its_first_matching_line_and_drops_the_rest() -> None:
    lines = (
        PolicyRule(Access.DENY, TCP, ALL_ADDRESSES, ALL_ADDRESSES, port(22)),
        PolicyRule(Access.ALLOW, TCP, ALL_ADDRESSES, ALL_ADDRESSES, ALL_ADDRESSES),
    )
    net = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=lines))

    assert ends(net, "a.s", A_TO_B) == "b.s"
    assert ends(net, "a.s", replace(A_TO_B, destination_port=22)) == "R-META-3"
    assert ends(net, "a.s", replace(A_TO_B, protocol=17)) == "R-META-3"
    assert "the policy of fw allows" in [step.what for step in trace(net, at("a.s"), A_TO_B, world()).steps]


def test_what_an_undeclared_policy_forwards_is_the_world_s_choice() -> None:
    net = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=None))

    assert ends(net, "a.s", A_TO_B) == "R-META-3"
    assert ends(net, "a.s", A_TO_B, world("U-FORWARDS(fw)")) == "b.s"
    with pytest.raises(Undetermined, match="U-FORWARDS"):
        trace(net, at("a.s"), A_TO_B, World(partial=True))


def test_a_next_hop_that_nobody_declared_is_an_implied_appliance() -> None:
    net = replace(chained(), machines={})
    name = "10.0.1.4 in hub.fw"

    assert ends(net, "a.s", A_TO_B) == "R-META-3"
    way = trace(net, at("a.s"), A_TO_B, world(f"U-FORWARDS({name})"))
    assert way.met == (name,)
    assert [str(fact) for fact, _ in way.asked] == [f"U-FORWARDS({name})"]
    assert ends(net, "a.s", flow("10.1.0.4", "10.0.1.4")) == "hub.fw"


def test_nothing_is_implied_where_no_host_can_stand() -> None:
    net = replace(chained(), route_tables={"rt": table("rt", route("10.0.0.0/8", "10.0.0.4"))})

    assert ends(net, "a.s", A_TO_B) == "R-UDR-9"


def test_a_next_hop_behind_two_peerings_drops() -> None:
    net = network(
        spoke("a", 1, route_table="rt"), spoke("b", 2), peered("a", "b"), table("rt", route("10.2.0.0/16", "10.9.0.4"))
    )

    assert ends(net, "a.s", A_TO_B) == "R-UDR-8"
    assert ends(net, "a.s", A_TO_B, world("U-R-UDR-8")) == "b.s"


def test_the_filters_of_an_appliance_see_the_packet_s_own_addresses() -> None:
    shut = nsg("n", rule(100, "deny", "inbound", destination="10.2.0.0/16"))
    wall = machine("fw", nic("i", "hub.fw", "10.0.1.4", ip_forwarding=True, nsg="n"), policy=(ALLOW_ALL,))

    assert ends(chained(shut, fw=wall), "a.s", A_TO_B) == "F-NSG-4"


def two_legged(*more: Element) -> Network:
    legs = (
        nic("left", "hub.fw", "10.0.1.4", ip_forwarding=True),
        nic("right", "hub.fw", "10.0.1.5"),
        nic("last", "hub.fw", "10.0.1.6", ip_forwarding=True),
    )
    return chained(*more, fw=machine("fw", *legs, policy=(ALLOW_ALL,)))


def test_the_world_chooses_the_interface_by_which_an_appliance_sends() -> None:
    assert ends(two_legged(), "a.s", A_TO_B) == "b.s"
    assert ends(two_legged(), "a.s", A_TO_B, world("U-EXIT(fw, left)")) == "b.s"
    assert ends(two_legged(), "a.s", A_TO_B, world("U-EXIT(fw, right)")) == "R-UDR-10"
    assert ends(two_legged(), "a.s", A_TO_B, world("U-EXIT(fw, left)", "U-EXIT(fw, right)")) == "b.s"


def test_an_appliance_whose_subnet_leads_back_to_it_loops() -> None:
    circular = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24", route_table="rt"))
    net = network(circular, table("rt", route("10.9.0.0/16", "10.0.0.9")), router("fw", "v.s", "10.0.0.9"))

    assert ends(net, "v.s", flow("10.0.0.4", "10.9.0.4")) == "R-TRAF-3"


def test_a_ring_of_two_hundred_appliances_ends() -> None:
    size = 200
    subnets = [subnet(f"s{n}", f"10.0.{n}.0/24", route_table=f"t{n}") for n in range(size)]
    tables = [table(f"t{n}", route("10.9.0.0/16", f"10.0.{(n + 1) % size}.4")) for n in range(size)]
    routers = [router(f"r{n}", f"v.s{n}", f"10.0.{n}.4") for n in range(size)]
    net = network(vnet("v", "10.0.0.0/16", *subnets), *tables, *routers)

    way = trace(net, at("v.s0"), flow("10.0.0.9", "10.9.0.4"), World())

    assert len(way.met) == size
    assert way.outcome == Dropped("the packet was here before: a loop", "R-TRAF-3", "r1")


# The story


def test_each_step_names_its_place_rule_and_losers() -> None:
    way = trace(network(*PAIR, peered("a", "b"), nsg("n")), at("a.s"), A_TO_B, World())

    assert [(step.where, step.what, step.rule) for step in way.steps] == [
        ("a.s", "no network security group, so nothing is denied", "F-EVAL-3"),
        ("a.s", "10.2.0.0/16 via peering with b beats 10.0.0.0/8 to nowhere", "R-SEL-1"),
        ("b.s", "no network security group, so nothing is denied", "F-EVAL-3"),
    ]
    assert way.steps[1].lost == (
        Loser("10.0.0.0/8 to nowhere", "a longer prefix wins", "R-SEL-1"),
        Loser("0.0.0.0/0 to the Internet", "a longer prefix wins", "R-SEL-1"),
    )


def test_a_walk_among_two_hundred_spokes_asks_nothing_of_each() -> None:
    spokes = [spoke(f"s{n}", n) for n in range(1, 201)]
    joined = [peered("hub", f"s{n}", allow_forwarded_traffic=True) for n in range(1, 201)]
    net = network(hub(), *spokes, *joined, router("fw", "hub.fw", "10.0.1.4"))
    packet = flow("10.1.0.4", "10.0.1.4")
    trace(net, at("s1.s"), packet, World())

    _, calls = with_calls(lambda: trace(net, at("s1.s"), packet, World()))

    assert calls < 400
