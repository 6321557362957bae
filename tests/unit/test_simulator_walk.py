from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    ALLOW_ALL,
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
from vnetverify.header import ALL_ADDRESSES, TCP, Flow, parse_address
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Connection, Network, Peering, PolicyRule, Vnet
from vnetverify.model.security import Access
from vnetverify.rules import Undetermined, World
from vnetverify.simulator.positions import Loser
from vnetverify.simulator.walk import Conversation, Delivered, Dropped, LeftToInternet, ToPlatform, converse, trace


def ends(net: Network, origin: str, packet: Flow, facts: World | None = None) -> str:
    """Return where the first packet ends: a place, `INTERNET by …`, `PLATFORM`, or the rule that drops it."""
    outcome = trace(net, at(origin), packet, facts or World()).outcome
    match outcome:
        case Delivered(place):
            return place.name
        case LeftToInternet(by):
            return f"INTERNET by {by}"
        case ToPlatform():
            return "PLATFORM"
        case Dropped(_, rule_id):
            return rule_id


def talk(net: Network, origin: str, packet: Flow, facts: World | None = None) -> Conversation:
    return converse(net, at(origin), packet, facts or World())


def hub(*more: object, routes: str | None = None) -> Vnet:
    gateways = subnet("GatewaySubnet", "10.0.0.0/27", route_table=routes)
    return vnet("hub", "10.0.0.0/16", subnet("fw", "10.0.1.0/24"), gateways, *more)  # type: ignore[arg-type]


def spoke(name: str, number: int, **more: object) -> Vnet:
    return vnet(name, f"10.{number}.0.0/16", subnet("s", f"10.{number}.0.0/24", **more))


A_TO_B = flow("10.1.0.4", "10.2.0.4")
PAIR = (spoke("a", 1), spoke("b", 2))


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


# Appliances


def chained(*more: Element, forwarded: bool = True, fw: object = None) -> Network:
    """Return two spokes that send each other's packets to an appliance of their hub."""
    flags = {"allow_forwarded_traffic": forwarded}
    return network(
        hub(),
        spoke("a", 1, route_table="rt"),
        spoke("b", 2, route_table="rt"),
        peered("hub", "a", **flags),
        peered("hub", "b", **flags),
        table("rt", route("10.0.0.0/8", "10.0.1.4")),
        *((router("fw", "hub.fw", "10.0.1.4"),) if fw is None else (fw,)),  # type: ignore[arg-type]
        *more,
    )


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


# The Internet


def lan(*more: Element, **subnet_more: object) -> Network:
    return network(vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24", **subnet_more)), *more)


OUT = flow("10.0.0.4", "8.8.8.8")


def test_leaving_needs_a_way_out() -> None:
    private = {"default_outbound": False}

    assert ends(lan(), "v.s", OUT) == "R-TRAF-5"
    assert ends(lan(), "v.s", OUT, world("U-DOA(v.s)")) == "INTERNET by v.s"
    assert ends(lan(default_outbound=True), "v.s", OUT) == "INTERNET by v.s"
    assert ends(lan(**private), "v.s", OUT, world("U-DOA(v.s)")) == "R-TRAF-5"
    assert ends(lan(nat_gateway="nat", **private), "v.s", OUT) == "INTERNET by v.s"
    assert ends(lan(nat_gateway="nat", default_outbound=True), "v.s", replace(OUT, protocol=1)) == "R-TRAF-5"
    own = machine("m", nic("n", "v.s", "10.0.0.4", public_address=public("ip", "20.0.0.4")))
    assert ends(lan(own, **private), "v.s", OUT) == "INTERNET by m"


def test_a_private_address_is_not_on_the_internet() -> None:
    net = lan(table("rt", route("0.0.0.0/0", "internet")), route_table="rt", default_outbound=True)

    assert ends(net, "v.s", flow("10.0.0.4", "10.9.0.4")) == "R-TRAF-5"


def test_a_host_that_left_to_the_internet_gets_its_reply() -> None:
    assert talk(lan(default_outbound=True), "v.s", OUT).established


def proxied(**fw: object) -> Network:
    """Return a vnet that leaves by the appliance `fw`."""
    return network(
        vnet(
            "v",
            "10.0.0.0/16",
            subnet("s", "10.0.0.0/24", route_table="rt"),
            subnet("f", "10.0.1.0/24", default_outbound=True),
        ),
        table("rt", route("0.0.0.0/0", "10.0.1.4")),
        router("fw", "v.f", "10.0.1.4", **fw),
    )


def test_an_appliance_must_translate_what_it_sends_to_the_internet() -> None:
    assert ends(proxied(translates_source=True), "v.s", OUT) == "INTERNET by fw"
    assert ends(proxied(translates_source=False), "v.s", OUT) == "R-UDR-17"
    assert ends(proxied(), "v.s", OUT) == "INTERNET by fw"
    assert ends(proxied(), "v.s", OUT, world(false=["U-R-UDR-17(fw)"])) == "R-UDR-17"


def test_a_translating_appliance_brings_the_reply_back_and_is_met_on_both_ways() -> None:
    conversation = talk(proxied(translates_source=True, stateful=True), "v.s", OUT)

    assert conversation.established
    assert conversation.reply is not None
    assert (conversation.forward.met, conversation.reply.met) == (("fw",), ("fw",))


def exposed(sku: Sku | None = Sku.BASIC, address: str | None = "20.0.0.4", **more: object) -> Network:
    own = machine("m", nic("n", "v.s", "10.0.0.4", public_address=public("ip", address, sku)))
    return lan(own, **more)


IN = flow("8.8.8.8", "20.0.0.4")


def test_an_internet_host_comes_in_by_a_public_address_alone() -> None:
    assert ends(exposed(), "internet", IN) == "v.s"
    assert ends(exposed(), "internet", flow("8.8.8.8", "20.0.0.5")) == "F-PIP-5"
    assert ends(exposed(), "internet", flow("8.8.8.8", "10.0.0.4")) == "F-PIP-5"
    assert ends(exposed(), "internet", flow("10.9.0.4", "20.0.0.4")) == "F-TAG-9"
    assert ends(exposed(Sku.STANDARD), "internet", IN) == "F-PIP-1"


def test_the_host_is_known_by_its_private_address_then() -> None:
    outcome = trace(exposed(), at("internet"), IN, World()).outcome

    assert outcome == Delivered(at("v.s"), parse_address("10.0.0.4"), "n")


def test_an_unknown_public_address_is_the_world_s() -> None:
    assert ends(exposed(address=None), "internet", IN) == "F-PIP-5"
    assert ends(exposed(address=None), "internet", IN, world(ip="20.0.0.4")) == "v.s"


def test_a_conversation_from_outside_needs_a_reply_by_next_hop_internet() -> None:
    forced = exposed(route_table="rt")
    forced = replace(forced, route_tables={"rt": table("rt", route("0.0.0.0/0", "10.0.0.9"))})

    assert talk(exposed(), "internet", IN).established
    conversation = talk(forced, "internet", IN)
    assert isinstance(conversation.forward.outcome, Delivered)
    assert not conversation.established
    assert "R-SEL-9" in conversation.why


def mirrored(*more: Element) -> Network:
    """Return a host that writes to the public address of another vnet's host, closed to the Internet tag's rule."""
    seen = nsg("n", rule(100, "allow", "inbound", source="20.9.0.1/32"), rule(200, "deny", "inbound"))
    target = machine("m", nic("n", "v.s", "10.0.0.4", public_address=public("ip", "20.0.0.4")))
    net = lan(target, seen, *more, nsg="n")
    other = vnet("w", "10.5.0.0/16", subnet("s", "10.5.0.0/24", default_outbound=True))
    return replace(net, vnets={**net.vnets, "w": other})


def test_a_public_address_of_this_network_leads_back_in_where_that_is_so() -> None:
    sender = machine("x", nic("x-nic", "w.s", "10.5.0.4", public_address=public("xip", "20.9.0.1")))
    packet = flow("10.5.0.4", "20.0.0.4")

    assert ends(mirrored(sender), "w.s", packet) == "v.s"
    assert ends(mirrored(sender), "w.s", packet, world(false=["U-R-TRAF-10"])) == "R-TRAF-10"
    assert ends(mirrored(sender), "w.s", packet, world(false=["U-HAIRPUB"])) == "F-NSG-4"
    assert not talk(mirrored(sender), "w.s", packet).established


def test_a_sender_without_a_public_address_is_seen_by_the_world_s_egress() -> None:
    packet = flow("10.5.0.4", "20.0.0.4")
    named = World(addresses={"egress of w.s": parse_address("20.9.0.1")})

    assert ends(mirrored(), "w.s", packet, named) == "v.s"
    assert ends(mirrored(), "w.s", packet) == "F-NSG-4"


# Gateways and sites


def office(*more: Element, routes: str | None = None) -> Network:
    """Return a hub with a VPN gateway to a site, and two spokes that use it."""
    return network(
        hub(routes=routes),
        spoke("a", 1),
        spoke("b", 2),
        transit("a", "hub"),
        transit("b", "hub"),
        vpn("gw", "hub"),
        site("onprem", "192.168.0.0/16"),
        Connection("c", "gw", site="onprem"),
        *more,
    )


TO_SITE = flow("10.1.0.4", "192.168.0.9")
FROM_SITE = flow("192.168.0.9", "10.1.0.4")


def test_a_spoke_and_a_site_converse_through_the_hub_s_gateway() -> None:
    assert talk(office(), "a.s", TO_SITE).established
    conversation = talk(office(), "onprem", FROM_SITE)
    assert conversation.established
    assert conversation.forward.met == ("gw",)


def test_a_peer_that_does_not_use_the_gateway_is_reached_from_a_site_only_where_that_is_so() -> None:
    net = office(spoke("c", 3), peered("hub", "c"))
    packet = flow("192.168.0.9", "10.3.0.4")

    assert ends(net, "onprem", packet) == "R-GW-8"
    assert ends(net, "onprem", packet, world("U-R-GW-22")) == "c.s"


def test_a_site_sends_nothing_to_itself_through_azure() -> None:
    assert ends(office(), "onprem", flow("192.168.0.9", "192.168.0.10")) == "R-GW-24"


def test_a_route_of_the_gateway_subnet_steers_what_comes_from_a_site() -> None:
    net = office(table("rt", route("10.1.0.0/16", "10.0.1.4")), router("fw", "hub.fw", "10.0.1.4"), routes="rt")
    open_to_forwarded = tuple(replace(half, allow_forwarded_traffic=True) for half in net.peerings)

    way = trace(replace(net, peerings=open_to_forwarded), at("onprem"), FROM_SITE, World())

    assert way.met == ("gw", "fw")
    assert isinstance(way.outcome, Delivered)


def test_a_user_route_to_the_gateway_joins_spokes_and_a_learned_one_only_where_that_is_so() -> None:
    steered = replace(
        office(table("rt", route("10.2.0.0/16", "gateway"))),
        vnets={**office().vnets, "a": spoke("a", 1, route_table="rt")},
    )
    summary = office(Connection("d", "gw", site="wide"), site("wide", "0.0.0.0/0"))

    assert ends(steered, "a.s", A_TO_B) == "b.s"
    assert ends(summary, "a.s", A_TO_B, world("U-R-SYS-6")) == "R-GW-13"
    assert ends(summary, "a.s", A_TO_B, world("U-R-SYS-6", "U-R-GW-13")) == "b.s"


def test_a_user_route_to_a_gateway_needs_one_vpn_gateway_alone() -> None:
    routes = table("rt", route("192.168.0.0/16", "gateway"))
    lone = network(spoke("a", 1, route_table="rt"), hub(), peered("a", "hub"), vpn("gw", "hub"), routes)
    lone = replace(lone, sites=office().sites, connections=office().connections)

    assert ends(lone, "a.s", TO_SITE) == "R-UDR-5"
    assert ends(lone, "a.s", TO_SITE, world("U-R-UDR-5")) == "onprem"


def test_of_two_gateways_an_unsupported_user_route_takes_the_one_the_world_says() -> None:
    both = office(expressroute("er", "hub"), Connection("e", "er", site="far"), site("far", "172.16.0.0/16"))
    both = replace(
        both,
        vnets={**both.vnets, "a": spoke("a", 1, route_table="rt")},
        route_tables={"rt": table("rt", route("192.168.0.0/16", "gateway"), route("172.16.0.0/16", "gateway"))},
    )
    first = world("U-R-UDR-5", "U-R-SEL-7(a.s, gw)")

    assert ends(both, "a.s", TO_SITE) == "R-UDR-5"
    assert ends(both, "a.s", TO_SITE, first) == "onprem"
    assert ends(both, "a.s", TO_SITE, world("U-R-UDR-5")) == "R-GW-21"
    assert ends(both, "a.s", flow("10.1.0.4", "172.16.0.9"), world("U-R-UDR-5")) == "far"


def test_the_default_site_takes_what_a_user_route_sends_and_nothing_else_covers() -> None:
    def forced(default: bool) -> Network:
        net = network(
            vnet(
                "v", "10.0.0.0/16", subnet("s", "10.0.1.0/24", route_table="rt"), subnet("GatewaySubnet", "10.0.0.0/27")
            ),
            table("rt", route("0.0.0.0/0", "gateway")),
            vpn("gw", "v"),
            site("o", "192.168.0.0/16 8.0.0.0/8"),
        )
        end = Connection("c", "gw", site="o", prefixes=(), default_site=default)
        return replace(net, connections=(end,))

    assert ends(forced(True), "v.s", flow("10.0.1.4", "8.8.8.8")) == "o"
    assert ends(forced(True), "v.s", flow("10.0.1.4", "9.9.9.9")) == "R-GW-24"
    assert ends(forced(False), "v.s", flow("10.0.1.4", "8.8.8.8")) == "R-GW-21"


def two_sites(first_bgp: bool, second_bgp: bool) -> Network:
    return network(
        hub(),
        vpn("gw", "hub"),
        site("x", "192.168.1.0/24"),
        site("y", "192.168.2.0/24"),
        Connection("cx", "gw", site="x", bgp=first_bgp),
        Connection("cy", "gw", site="y", bgp=second_bgp),
    )


def test_sites_of_one_vpn_gateway_reach_each_other_by_bgp() -> None:
    packet = flow("192.168.1.9", "192.168.2.9")

    assert talk(two_sites(True, True), "x", packet).established
    assert ends(two_sites(True, False), "x", packet) == "R-GW-8"
    assert ends(two_sites(True, False), "x", packet, world("U-R-GW-17")) == "y"


def test_a_gateway_passes_by_its_longest_prefix_or_not_at_all() -> None:
    net = two_sites(True, False)
    wide = site("z", "192.168.0.0/16")
    net = replace(
        net,
        sites={**net.sites, "z": wide},
        connections=(*net.connections, Connection("cz", "gw", site="z", bgp=True)),
    )

    assert ends(net, "x", flow("192.168.1.9", "192.168.3.9")) == "z"
    assert ends(net, "x", flow("192.168.1.9", "192.168.2.9")) == "R-GW-16"
    assert ends(net, "x", flow("192.168.1.9", "192.168.2.9"), world("U-R-GW-17")) == "y"


def test_of_a_static_and_a_bgp_prefix_the_world_chooses() -> None:
    net = office(site("twin", "192.168.0.0/16"), Connection("d", "gw", site="twin", bgp=True))

    assert ends(net, "a.s", TO_SITE) == "onprem"
    assert ends(net, "a.s", TO_SITE, world("U-R-GW-26(gw)")) == "twin"


def test_of_two_static_ways_the_world_chooses() -> None:
    net = office(site("twin", "192.168.0.0/16"), Connection("d", "gw", site="twin"))

    assert ends(net, "a.s", TO_SITE) == "twin"
    assert ends(net, "a.s", TO_SITE, world("U-R-SEL-7(gw, c)")) == "onprem"


def test_a_route_of_the_gateway_subnet_may_steer_what_goes_to_another_site() -> None:
    net = two_sites(True, True)
    steered = hub(routes="rt")
    net = replace(
        net,
        vnets={"hub": steered},
        route_tables={"rt": table("rt", route("192.168.2.0/24", "10.0.1.4"))},
        machines={"fw": router("fw", "hub.fw", "10.0.1.4")},
    )
    packet = flow("192.168.1.9", "192.168.2.9")

    assert trace(net, at("x"), packet, World()).met == ("gw", "fw", "gw")
    assert trace(net, at("x"), packet, world(false=["U-R-GW-16"])).met == ("gw",)


def test_sites_on_expressroute_and_vpn_do_not_reach_each_other() -> None:
    net = two_sites(True, True)
    mixed = replace(net, gateways={**net.gateways, "er": expressroute("er", "hub")})
    mixed = replace(mixed, connections=(net.connections[0], Connection("cy", "er", site="y", bgp=True)))

    assert ends(mixed, "x", flow("192.168.1.9", "192.168.2.9")) == "R-GW-8"


def test_a_site_with_two_connections_sends_by_the_one_the_world_says() -> None:
    net = network(
        hub(),
        spoke("a", 1),
        transit("a", "hub"),
        vpn("gw", "hub"),
        expressroute("er", "hub"),
        site("o", "192.168.0.0/16"),
        Connection("c", "gw", site="o"),
        Connection("e", "er", site="o"),
    )

    assert trace(net, at("o"), FROM_SITE, World()).met == ("er",)
    assert trace(net, at("o"), FROM_SITE, world("U-SITE(o, c)")).met == ("gw",)


def test_the_edge_returns_packets_between_spokes_of_expressroute_only_where_that_is_so() -> None:
    net = network(
        hub(),
        *PAIR,
        transit("a", "hub"),
        transit("b", "hub"),
        expressroute("er", "hub"),
        site("o", "192.168.0.0/16"),
        Connection("e", "er", site="o", prefixes=vnet("x", "10.0.0.0/8").address_space),
    )

    assert ends(net, "a.s", A_TO_B) == "R-GW-24"
    assert ends(net, "a.s", A_TO_B, world("U-R-GW-29")) == "b.s"


def test_a_site_behind_an_appliance_speaks_through_it() -> None:
    net = chained(site("branch", "172.20.0.0/16", behind="fw"))
    packet = flow("172.20.0.9", "10.1.0.4")

    assert ends(net, "branch", packet) == "a.s"
    routed = replace(net, route_tables={"rt": table("rt", route("172.20.0.0/16", "10.0.1.4"))})
    assert ends(routed, "a.s", flow("10.1.0.4", "172.20.0.9")) == "branch"
    assert talk(routed, "branch", packet).established


# Replies


def test_an_admitted_flow_s_reply_needs_no_rule() -> None:
    shut = nsg("n", rule(100, "deny", "outbound"))
    net = network(spoke("a", 1), spoke("b", 2, nsg="n"), peered("a", "b"), shut)

    assert talk(net, "a.s", A_TO_B).established
    assert ends(net, "b.s", flow("10.2.0.4", "10.1.0.4")) == "F-NSG-4"


def one_sided(**fw: object) -> Network:
    """Return spokes of which only `a` sends by the appliance; `b` answers directly."""
    return network(
        hub(),
        spoke("a", 1, route_table="rt"),
        spoke("b", 2),
        peered("hub", "a"),
        peered("hub", "b", allow_forwarded_traffic=True),
        peered("a", "b"),
        table("rt", route("10.2.0.0/16", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4", **fw),
    )


def test_a_stateful_appliance_on_one_way_alone_breaks_the_conversation() -> None:
    assert talk(one_sided(stateful=False), "a.s", A_TO_B).established
    conversation = talk(one_sided(stateful=True), "a.s", A_TO_B)
    assert not conversation.established
    assert conversation.why == "fw sees only one way of the flow (R-TRAF-2)"
    assert not talk(one_sided(stateful=None), "a.s", A_TO_B, world("U-STATEFUL(fw)")).established


def test_a_stateful_appliance_drops_a_reply_whose_flow_it_did_not_see() -> None:
    conversation = talk(one_sided(stateful=True), "b.s", flow("10.2.0.4", "10.1.0.4"))

    assert conversation.why == "the reply is dropped: fw did not see the flow begin (R-TRAF-2)"


def test_a_stateless_appliance_judges_the_reply_by_its_policy() -> None:
    to_b = (PolicyRule(Access.ALLOW, TCP, ALL_ADDRESSES, ALL_ADDRESSES, port(443)),)
    stateless = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=to_b))
    stateful = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=to_b, stateful=True))

    assert not talk(stateless, "a.s", A_TO_B).established
    assert talk(stateful, "a.s", A_TO_B).established


def test_an_undeclared_appliance_needs_one_fact_for_both_ways() -> None:
    net = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=None, stateful=None))

    assert talk(net, "a.s", A_TO_B, world("U-FORWARDS(fw)")).established


def test_filters_judge_a_reply_as_new_where_the_first_packet_did_not_pass() -> None:
    guarded = machine("fw", nic("i", "hub.fw", "10.0.1.4", ip_forwarding=True, nsg="n"), policy=(ALLOW_ALL,))
    net = one_sided()
    net = replace(net, machines={"fw": guarded}, nsgs={"n": nsg("n", rule(100, "deny", "inbound"))})

    conversation = talk(net, "b.s", flow("10.2.0.4", "10.1.0.4"))

    assert isinstance(conversation.forward.outcome, Delivered)
    assert conversation.why == "the reply is dropped: rule-100 of n denies (F-NSG-4)"


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


def test_two_hundred_spokes_take_milliseconds() -> None:
    spokes = [spoke(f"s{n}", n) for n in range(1, 201)]
    joined = [peered("hub", f"s{n}", allow_forwarded_traffic=True) for n in range(1, 201)]
    net = network(hub(), *spokes, *joined, router("fw", "hub.fw", "10.0.1.4"))
    packet = flow("10.1.0.4", "10.0.1.4")
    trace(net, at("s1.s"), packet, World())
    started = time.process_time()

    for _ in range(100):
        trace(net, at("s1.s"), packet, World())

    assert time.process_time() - started < 1
