"""What becomes of packets between vnets and sites: by gateways, from site to site, through an appliance."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.simulator_networks import (
    Element,
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
    transit,
    vnet,
    vpn,
    world,
)
from tests.unit.simulator_walks import A_TO_B, PAIR, chained, ends, hub, spoke, talk
from vnetverify.facts import World
from vnetverify.model.network import Connection, Network
from vnetverify.simulator.walk import Delivered, trace


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

    assert ends(net, "a.s", A_TO_B) == "R-GW-29"
    assert ends(net, "a.s", A_TO_B, world("U-R-GW-29")) == "b.s"


def test_a_site_behind_an_appliance_speaks_through_it() -> None:
    net = chained(site("branch", "172.20.0.0/16", behind="fw"))
    packet = flow("172.20.0.9", "10.1.0.4")

    assert ends(net, "branch", packet) == "a.s"
    routed = replace(net, route_tables={"rt": table("rt", route("172.20.0.0/16", "10.0.1.4"))})
    assert ends(routed, "a.s", flow("10.1.0.4", "172.20.0.9")) == "branch"
    assert talk(routed, "branch", packet).established
