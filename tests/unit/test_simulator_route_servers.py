"""Route Servers: routes announced by appliances, and branches joined through them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    announces,
    at,
    expressroute,
    flow,
    network,
    peered,
    route,
    route_server,
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
from vnetverify.header import Family, Flow, parse_address
from vnetverify.model.network import Connection, Network
from vnetverify.simulator.gateways import announced
from vnetverify.simulator.routes import effective_routes, select_route
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.tags import virtual_network
from vnetverify.simulator.walk import Delivered, Dropped, converse, trace

FW, FW2 = router("fw", "h.nva", "10.0.1.4"), router("fw2", "h.nva", "10.0.1.5")


def hub(*elements: Element, spoke_table: str | None = None, joined: bool = True) -> Network:
    """Return a hub with appliances `fw` and `fw2`, and a spoke that uses what the hub offers iff `joined`."""
    return network(
        vnet("h", "10.0.0.0/16", subnet("nva", "10.0.1.0/24"), subnet("GatewaySubnet", "10.0.0.0/27")),
        vnet("s", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table=spoke_table)),
        transit("s", "h") if joined else peered("s", "h"),
        FW,
        FW2,
        *elements,
    )


def chosen(net: Network, destination: str, *true: str, at_subnet: str = "s.s") -> str:
    return str(select_route(net, at_subnet, parse_address(destination), world(*true)).route)


def ends(net: Network, origin: str, packet: Flow, *true: str) -> str:
    """Return where the first packet is delivered, or the rule that drops it."""
    outcome = trace(net, at(origin), packet, world(*true)).outcome
    return (
        outcome.place.name if isinstance(outcome, Delivered) else outcome.rule if isinstance(outcome, Dropped) else ""
    )


FAR = route_server("h", announces("fw", "192.168.0.0/16"))


def test_what_an_appliance_announces_is_in_the_tables_of_the_hub_and_its_clients() -> None:
    expected = "192.168.0.0/16 via appliance 10.0.1.4"

    assert chosen(hub(FAR), "192.168.0.9") == chosen(hub(FAR), "192.168.0.9", at_subnet="h.nva") == expected
    assert chosen(hub(FAR, joined=False), "192.168.0.9") == "192.168.0.0/16 to nowhere"


def test_effective_routes_show_the_appliance_as_learned() -> None:
    line = next(r for r in effective_routes(hub(FAR), "s.s", World()) if str(r.prefix) == "192.168.0.0/16")

    assert (line.source, line.hop_type, line.next_hop) == ("VirtualNetworkGateway", "BgpNva", "10.0.1.4")
    assert line.rule == "R-GW-19"


def test_a_table_without_propagation_has_no_announced_routes() -> None:
    net = hub(FAR, table("rt", propagate=False), spoke_table="rt")

    assert chosen(net, "192.168.0.9") == "192.168.0.0/16 to nowhere"


def test_a_stated_next_hop_counts_before_the_appliance_s_own_address() -> None:
    net = hub(route_server("h", announces("fw", "192.168.0.0/16", "10.0.1.9")))

    assert chosen(net, "192.168.0.9") == "192.168.0.0/16 via appliance 10.0.1.9"


def test_an_announced_prefix_inside_the_hub_is_discarded_and_inside_a_near_range_loses() -> None:
    net = hub(route_server("h", announces("fw", "10.0.9.0/24 10.1.0.0/24")))

    assert all(str(r.prefix) != "10.0.9.0/24" for r in effective_routes(net, "s.s", World()))
    assert chosen(net, "10.1.0.9", at_subnet="h.nva") == "10.1.0.0/16 via peering with s"
    assert chosen(net, "10.1.0.9", "U-R-SEL-3", at_subnet="h.nva") == "10.1.0.0/16 via peering with s"


def test_a_user_route_over_a_near_range_may_free_an_announced_prefix() -> None:
    net = hub(
        route_server("h", announces("fw", "10.0.0.0/8 10.1.7.0/24")),
        table("rt", route("10.1.0.0/16", "vnet-local")),
        spoke_table="rt",
    )

    assert chosen(net, "10.1.7.9") == "10.1.0.0/16 inside the vnet"
    assert chosen(net, "10.1.7.9", "U-R-SEL-8") == "10.1.7.0/24 via appliance 10.0.1.4"


def test_a_client_sends_through_the_appliance_it_learned_of() -> None:
    net = hub(FAR, site("o", "192.168.0.0/16", behind="fw"))

    way = trace(net, at("s.s"), flow("10.1.0.4", "192.168.0.9"), World())

    assert (way.met, way.outcome) == (("fw",), Delivered(at("o"), parse_address("192.168.0.9")))


def test_an_announced_next_hop_that_nobody_near_holds_drops_or_is_passed_over() -> None:
    net = hub(route_server("h", announces("fw", "192.168.0.0/16", "10.7.0.4")))

    assert ends(net, "s.s", flow("10.1.0.4", "192.168.0.9")) == "R-UDR-8"
    assert ends(net, "s.s", flow("10.1.0.4", "192.168.0.9"), "U-R-UDR-8") == "R-SYS-3"


def test_an_appliance_learns_its_own_route_back_and_loops() -> None:
    net = hub(route_server("h", announces("fw", "0.0.0.0/0")))

    assert ends(net, "s.s", flow("10.1.0.4", "192.168.0.9"), "U-R-SYS-6") == "R-TRAF-3"


def test_of_appliances_that_announce_one_prefix_the_world_chooses() -> None:
    net = hub(route_server("h", announces("fw", "192.168.0.0/16"), announces("fw2", "192.168.0.0/16")))

    assert chosen(net, "192.168.0.9") == "192.168.0.0/16 via appliance 10.0.1.5"
    assert chosen(net, "192.168.0.9", "U-R-SEL-7(s.s, fw)") == "192.168.0.0/16 via appliance 10.0.1.4"


BRANCH = (vpn("vpn", "h"), site("o", "192.168.0.0/16"), Connection("c", "vpn", site="o", bgp=True))
CENTRE = (expressroute("er", "h"), site("dc", "172.20.0.0/16"), Connection("e", "er", site="dc"))


def test_of_a_vpn_gateway_and_an_appliance_the_hub_s_preference_decides() -> None:
    net = hub(FAR, *BRANCH)

    assert chosen(net, "192.168.0.9") == "192.168.0.0/16 via gateway vpn"
    assert chosen(net, "192.168.0.9", "U-R-GW-15(h)") == "192.168.0.0/16 via appliance 10.0.1.4"


def test_expressroute_comes_before_an_appliance_whatever_the_preference() -> None:
    net = hub(route_server("h", announces("fw", "172.20.0.0/16")), *CENTRE)

    assert chosen(net, "172.20.0.9", "U-R-GW-15(h)") == "172.20.0.0/16 via gateway er"


def test_a_longer_announced_prefix_beats_a_gateway_s() -> None:
    net = hub(route_server("h", announces("fw", "172.20.5.0/24")), *CENTRE)

    assert chosen(net, "172.20.5.9") == "172.20.5.0/24 via appliance 10.0.1.4"


def test_an_announced_default_removes_the_none_routes_only_where_that_is_so() -> None:
    net = hub(route_server("h", announces("fw", "0.0.0.0/0"), announces("fw2", "0.0.0.0/0")))

    assert chosen(net, "10.9.0.1") == "10.0.0.0/8 to nowhere"
    assert chosen(net, "10.9.0.1", "U-R-SYS-6") == "0.0.0.0/0 via appliance 10.0.1.5"
    assert chosen(net, "10.9.0.1", "U-R-SYS-6", "U-R-SEL-7(s.s, fw)") == "0.0.0.0/0 via appliance 10.0.1.4"


def test_packets_that_leave_a_gateway_follow_the_routes_only_where_that_is_so() -> None:
    net = hub(FAR)

    assert chosen(net, "192.168.0.9", at_subnet="h.GatewaySubnet") == "192.168.0.0/16 to nowhere"
    assert chosen(net, "192.168.0.9", "U-R-GW-30(h)", at_subnet="h.GatewaySubnet") == (
        "192.168.0.0/16 via appliance 10.0.1.4"
    )


def test_announced_prefixes_are_in_the_tag_by_a_fact_and_the_default_documented() -> None:
    net = hub(route_server("h", announces("fw", "0.0.0.0/0 192.168.0.0/16 10.0.9.0/24")))
    situation = situation_of(net, World(), Family.IPV4)

    possible = virtual_network(situation, situation.index.subnets["s.s"]).possible

    assert [(str(prefix), fact.documented) for prefix, fact in possible] == [
        ("169.254.169.254/32", False),
        ("0.0.0.0/0", True),
        ("192.168.0.0/16", False),
    ]


def branches(*more: Element, **vpn_more: object) -> Network:
    """Return a hub with a branch on a VPN gateway and a centre on ExpressRoute."""
    ready = {"active_active": True, **vpn_more}
    return hub(replace(BRANCH[0], **ready), *BRANCH[1:], *CENTRE, *more)  # type: ignore[arg-type]


BOTH = route_server("h", branches=True)
TO_CENTRE = flow("192.168.0.4", "172.20.0.4")


def test_branch_to_branch_joins_sites_on_vpn_and_expressroute() -> None:
    way = converse(branches(BOTH), at("o"), TO_CENTRE, World())

    assert (way.forward.met, way.established) == (("vpn", "er"), True)


@pytest.mark.parametrize(
    "net",
    [
        branches(),
        branches(route_server("h")),
        branches(BOTH, active_active=False),
        branches(BOTH, asn=65001),
        branches(route_server("s", branches=True)),
    ],
)
def test_nothing_less_joins_them(net: Network) -> None:
    assert ends(net, "o", TO_CENTRE) == "R-GW-8"
    assert ends(net, "dc", flow("172.20.0.4", "192.168.0.4")) == "R-GW-8"


def test_branch_to_branch_needs_bgp_whatever_the_world() -> None:
    net = branches(BOTH)
    static = replace(net, connections=tuple(replace(c, bgp=False) for c in net.connections))

    assert ends(static, "o", TO_CENTRE, "U-R-GW-17") == "R-GW-8"
    assert ends(static, "dc", flow("172.20.0.4", "192.168.0.4"), "U-R-GW-17") == "R-GW-8"


def test_a_gateway_s_own_ways_come_before_those_of_the_other() -> None:
    net = branches(BOTH, site("p", "172.20.0.0/16"), Connection("d", "vpn", site="p", bgp=True))

    assert ends(net, "o", TO_CENTRE) == "p"


def test_gateways_announce_what_appliances_announce_only_with_branch_to_branch() -> None:
    def told(branches_too: bool) -> list[str]:
        server = route_server("h", announces("fw", "172.31.0.0/16 10.0.9.0/24"), branches=branches_too)
        return [str(prefix) for prefix in announced(branches(server), "er", World())]

    assert told(True) == ["10.0.0.0/16", "10.1.0.0/16", "172.31.0.0/16"]
    assert told(False) == ["10.0.0.0/16", "10.1.0.0/16"]


def test_a_site_reaches_what_is_behind_an_appliance_only_where_gateway_packets_follow_its_routes() -> None:
    server = route_server("h", announces("fw", "172.31.0.0/16"), branches=True)
    net = branches(server, site("far", "172.31.0.0/16", behind="fw"))
    packet = flow("192.168.0.4", "172.31.0.4")

    assert ends(net, "o", packet) == "R-SYS-3"
    assert ends(net, "o", packet, "U-R-GW-30(h)") == "far"
