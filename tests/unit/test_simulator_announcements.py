"""What gateways announce in a summary (R-GW-20), and what FastPath passes by (R-GW-23)."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.simulator_networks import (
    Element,
    at,
    expressroute,
    flow,
    network,
    peered,
    prefixes,
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
from vnetverify.model.network import Connection, Network
from vnetverify.simulator.gateways import announced, learned
from vnetverify.simulator.positions import Dropped
from vnetverify.simulator.routes import Origin, select_route
from vnetverify.simulator.walk import trace

FROM_SITE = flow("192.168.0.4", "10.1.0.4")


def hub(*more: Element, summary: str = "", table_of_gateways: str | None = None) -> Network:
    """Return a hub with spoke `a` that uses its gateways, `b` that does too and lies apart, and `c` that does not."""
    return network(
        vnet(
            "hub",
            "10.0.0.0/16",
            subnet("GatewaySubnet", "10.0.0.0/27", route_table=table_of_gateways),
            subnet("fw", "10.0.1.0/24"),
            summarized_gateway_prefixes=prefixes(summary),
        ),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
        vnet("b", "172.16.0.0/16", subnet("s", "172.16.0.0/24")),
        vnet("c", "10.3.0.0/16", subnet("s", "10.3.0.0/24")),
        transit("a", "hub"),
        transit("b", "hub"),
        peered("c", "hub"),
        site("onprem", "192.168.0.0/16"),
        *more,
    )


def test_a_summary_replaces_the_hub_s_ranges_and_covered_spokes() -> None:
    net = hub(vpn("g", "hub"), summary="10.0.0.0/8")

    assert ["10.0.0.0/8", "172.16.0.0/16"] == [str(prefix) for prefix in announced(net, "g", World())]


def test_a_spoke_as_large_as_the_summary_is_covered() -> None:
    net = hub(vpn("g", "hub"), summary="10.1.0.0/16")

    assert ["10.1.0.0/16", "172.16.0.0/16"] == [str(prefix) for prefix in announced(net, "g", World())]


def test_a_summary_of_a_part_of_a_spoke_does_not_cover_it() -> None:
    net = hub(vpn("g", "hub"), summary="10.1.0.0/24")

    assert "10.1.0.0/16" in [str(prefix) for prefix in announced(net, "g", World())]


def test_a_summary_of_a_spoke_is_ignored() -> None:
    net = hub(vpn("g", "hub"))
    spoke = replace(net.vnets["a"], summarized_gateway_prefixes=prefixes("10.1.0.0/24"))
    net = replace(net, vnets={**net.vnets, "a": spoke})

    assert "10.1.0.0/16" in [str(prefix) for prefix in announced(net, "g", World())]


def test_another_gateway_learns_the_summary() -> None:
    net = hub(
        vpn("g", "hub"),
        vnet("far", "10.9.0.0/16", subnet("GatewaySubnet", "10.9.0.0/27")),
        vpn("r", "far"),
        Connection("line", "g", remote_gateway="r", bgp=True),
        summary="10.0.0.0/8",
    )

    assert ["10.0.0.0/8", "172.16.0.0/16"] == [str(entry.prefix) for entry in learned(net, "r", World())]


def test_routes_in_azure_stay_as_they_are() -> None:
    net = hub(vpn("g", "hub"), summary="10.0.0.0/8")

    chosen = select_route(net, "hub.GatewaySubnet", FROM_SITE.destination, World())

    assert "10.1.0.0/16 via peering with a" == str(chosen.route)


def test_a_summary_draws_packets_for_a_spoke_that_does_not_use_the_gateway() -> None:
    line = (vpn("g", "hub"), Connection("line", "g", site="onprem"))
    to_c = flow("192.168.0.4", "10.3.0.4")

    unsaid = trace(hub(*line), at("onprem"), to_c, World()).outcome
    drawn = trace(hub(*line, summary="10.0.0.0/8"), at("onprem"), to_c, World()).outcome

    assert isinstance(unsaid, Dropped)
    assert isinstance(drawn, Dropped)
    assert ("R-GW-8", "R-GW-22") == (unsaid.rule, drawn.rule)


def inspected(fastpath: bool) -> Network:
    """Return a hub whose gateway's subnet sends what is for spoke `a` to a firewall."""
    return hub(
        expressroute("e", "hub", fastpath=fastpath),
        Connection("line", "e", site="onprem"),
        table("rt", route("10.1.0.0/16", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4"),
        table_of_gateways="rt",
    )


OPEN = "U-R-PEER-16"


def test_fastpath_may_pass_the_user_routes_of_the_gateway_s_subnet_by() -> None:
    net = inspected(fastpath=True)

    assert ("e", "fw") == trace(net, at("onprem"), FROM_SITE, world(OPEN)).met
    assert ("e",) == trace(net, at("onprem"), FROM_SITE, world(OPEN, "U-R-GW-23(e)")).met


def test_a_story_says_that_fastpath_passes_the_user_routes_by() -> None:
    taken = trace(inspected(fastpath=True), at("onprem"), FROM_SITE, world("U-R-GW-23(e)"))

    assert ["R-GW-23"] == [step.rule for step in taken.steps if "FastPath" in step.what]


def test_without_fastpath_nothing_is_passed_by() -> None:
    taken = trace(inspected(fastpath=False), at("onprem"), FROM_SITE, world(OPEN, "U-R-GW-23(e)"))

    assert ("e", "fw") == taken.met
    assert "U-R-GW-23(e)" not in [str(fact) for fact, _ in taken.asked]


def test_fastpath_is_about_what_comes_out_of_a_tunnel_alone() -> None:
    net = inspected(fastpath=True)

    chosen = select_route(net, "hub.GatewaySubnet", FROM_SITE.destination, world("U-R-GW-23(e)")).route

    assert chosen is not None
    assert Origin.USER is chosen.origin


def test_what_fastpath_passes_by_steers_nothing_to_another_site() -> None:
    net = hub(
        expressroute("e", "hub", fastpath=True),
        Connection("line", "e", site="onprem"),
        table("rt", route("192.168.128.0/17", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4"),
        site("branch", "192.168.128.0/24"),
        table_of_gateways="rt",
    )
    to_branch = flow("10.9.0.4", "192.168.128.4")
    net = replace(net, sites={**net.sites, "onprem": replace(net.sites["onprem"], prefixes=prefixes("10.9.0.0/16"))})
    wide = replace(net.vnets["hub"], summarized_gateway_prefixes=prefixes("192.168.0.0/16"))
    net = replace(net, vnets={**net.vnets, "hub": wide})

    assert ("e", "fw") == trace(net, at("onprem"), to_branch, world("U-R-GW-16")).met[:2]
    assert "fw" not in trace(net, at("onprem"), to_branch, world("U-R-GW-16", "U-R-GW-23(e)")).met
