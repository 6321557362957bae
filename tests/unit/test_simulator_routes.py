from __future__ import annotations

import pytest

from tests.unit.simulator_networks import (
    Element,
    expressroute,
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
from vnetverify.facts import Undetermined, World
from vnetverify.header import parse_address, parse_prefix
from vnetverify.model.network import Connection, DeploymentModel, LinkState, Network, Peering
from vnetverify.simulator.routes import (
    EffectiveRoute,
    Hop,
    Origin,
    Route,
    ToAppliance,
    ToGateway,
    ToNowhere,
    ToPeer,
    effective_routes,
    select_route,
    why_beaten,
)


def hub_with(*elements: Element, routes: object = None) -> Network:
    app = subnet("app", "10.0.1.0/24", route_table=None if routes is None else "rt")
    tables = () if routes is None else (routes,)
    return network(vnet("hub", "10.0.0.0/16", app, subnet("GatewaySubnet", "10.0.0.0/27")), *elements, *tables)


def chosen(net: Network, destination: str, *true: str) -> str:
    return str(select_route(net, "hub.app", parse_address(destination), world(*true)).route)


SPOKE = vnet("spoke", "10.1.0.0/16", subnet("s", "10.1.0.0/24"))
ONPREM = (vpn("gw", "hub"), site("onprem", "192.168.0.0/16"), Connection("c", "gw", site="onprem"))


def test_a_vnet_reaches_itself_the_rest_of_ten_goes_nowhere_and_all_else_to_the_internet() -> None:
    net = hub_with()

    assert chosen(net, "10.0.9.9") == "10.0.0.0/16 inside the vnet"
    assert chosen(net, "10.1.0.4") == "10.0.0.0/8 to nowhere"
    assert chosen(net, "100.64.0.1") == "100.64.0.0/10 to nowhere"
    assert chosen(net, "8.8.8.8") == "0.0.0.0/0 to the Internet"


def test_a_longer_prefix_beats_a_user_route() -> None:
    net = hub_with(SPOKE, peered("hub", "spoke"), routes=table("rt", route("10.0.0.0/8", "none")))

    assert chosen(net, "10.1.0.4") == "10.1.0.0/16 via peering with spoke"


def test_a_user_route_beats_a_peering_of_the_same_prefix() -> None:
    net = hub_with(SPOKE, peered("hub", "spoke"), routes=table("rt", route("10.1.0.0/16", "none")))

    selection = select_route(net, "hub.app", parse_address("10.1.0.4"), World())

    assert str(selection.route) == "10.1.0.0/16 to nowhere"
    assert [(str(loser), why) for loser, why in selection.lost] == [
        ("10.1.0.0/16 via peering with spoke", "a user route wins over a system route"),
        ("10.0.0.0/8 to nowhere", "a longer prefix wins"),
        ("0.0.0.0/0 to the Internet", "a longer prefix wins"),
    ]


def test_a_default_user_route_removes_the_none_routes_of_private_ranges() -> None:
    assert chosen(hub_with(routes=table("rt", route("0.0.0.0/0", "internet"))), "10.9.0.1") == (
        "0.0.0.0/0 to the Internet"
    )


def test_two_halves_of_the_default_leave_the_none_routes() -> None:
    halves = table("rt", route("0.0.0.0/1", "internet"), route("128.0.0.0/1", "internet"))

    assert chosen(hub_with(routes=halves), "10.9.0.1") == "10.0.0.0/8 to nowhere"


@pytest.mark.parametrize("space", ["10.0.0.0/8", "8.0.0.0/5"])
def test_a_vnet_that_holds_a_private_range_has_no_none_route_for_it(space: str) -> None:
    net = network(vnet("hub", space, subnet("app", "10.0.1.0/24")))

    assert chosen(net, "10.200.0.1") == f"{space} inside the vnet"


def test_a_peer_that_equals_a_private_range_is_reached_only_where_that_is_so() -> None:
    wide = vnet("wide", "172.16.0.0/12", subnet("s", "172.16.0.0/24"))
    net = hub_with(wide, peered("hub", "wide"))

    assert chosen(net, "172.16.0.4") == "172.16.0.0/12 to nowhere"
    assert chosen(net, "172.16.0.4", "U-R-SYS-5") == "172.16.0.0/12 via peering with wide"
    lost = select_route(net, "hub.app", parse_address("172.16.0.4"), world()).lost
    told = "another system route for this prefix comes first"
    assert [("172.16.0.0/12 via peering with wide", told)] == [(str(route), why) for route, why in lost[:1]]


def test_a_peer_around_a_private_range_removes_its_none_route() -> None:
    wide = vnet("wide", "172.0.0.0/8", subnet("s", "172.16.0.0/24"))

    assert chosen(hub_with(wide, peered("hub", "wide")), "172.16.0.4") == "172.0.0.0/8 via peering with wide"


def test_half_a_peering_carries_no_route() -> None:
    assert chosen(hub_with(SPOKE, Peering("hub", "spoke")), "10.1.0.4") == "10.0.0.0/8 to nowhere"


def test_a_disconnected_half_carries_no_route() -> None:
    broken = Peering("spoke", "hub", state=LinkState.DISCONNECTED)

    assert chosen(hub_with(SPOKE, Peering("hub", "spoke"), broken), "10.1.0.4") == "10.0.0.0/8 to nowhere"


def test_the_half_of_a_classic_vnet_is_implied() -> None:
    classic = vnet("spoke", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), model=DeploymentModel.CLASSIC)

    assert chosen(hub_with(classic, Peering("hub", "spoke")), "10.1.0.4") == "10.1.0.0/16 via peering with spoke"


def test_a_classic_spoke_uses_the_gateway() -> None:
    spoke = vnet("spoke", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), model=DeploymentModel.CLASSIC)
    net = hub_with(spoke, Peering("hub", "spoke", allow_gateway_transit=True), *ONPREM)

    chosen_route = select_route(net, "spoke.s", parse_address("192.168.0.1"), World()).route
    assert str(chosen_route) == "192.168.0.0/16 via gateway gw"


def test_a_learned_prefix_beats_the_none_route_unless_propagation_is_off() -> None:
    assert chosen(hub_with(*ONPREM), "192.168.0.1") == "192.168.0.0/16 via gateway gw"
    off = hub_with(*ONPREM, routes=table("rt", propagate=False))
    assert chosen(off, "192.168.0.1") == "192.168.0.0/16 to nowhere"


def test_a_learned_prefix_inside_a_peered_range_loses_even_when_longer() -> None:
    away = (vpn("gw", "hub"), site("o", "10.1.5.0/24"), Connection("c", "gw", site="o", bgp=True))
    net = hub_with(SPOKE, peered("hub", "spoke"), *away)

    selection = select_route(net, "hub.app", parse_address("10.1.5.1"), World())

    assert str(selection.route) == "10.1.0.0/16 via peering with spoke"
    assert str(selection.lost[0][0]) == "10.1.5.0/24 via gateway gw"
    assert chosen(net, "10.1.5.1", "U-R-SEL-3", "U-R-SEL-8") == "10.1.0.0/16 via peering with spoke"


def test_a_longer_static_prefix_inside_a_peered_range_wins_only_where_that_is_so() -> None:
    away = (vpn("gw", "hub"), site("o", "10.1.5.0/24"), Connection("c", "gw", site="o"))
    net = hub_with(SPOKE, peered("hub", "spoke"), *away)

    assert chosen(net, "10.1.5.1") == "10.1.0.0/16 via peering with spoke"
    assert chosen(net, "10.1.5.1", "U-R-SEL-3") == "10.1.5.0/24 via gateway gw"


def test_a_static_prefix_equal_to_a_peered_range_never_wins() -> None:
    away = (vpn("gw", "hub"), site("o", "10.1.0.0/16"), Connection("c", "gw", site="o"))

    assert chosen(hub_with(SPOKE, peered("hub", "spoke"), *away), "10.1.5.1", "U-R-SEL-3") == (
        "10.1.0.0/16 via peering with spoke"
    )


def test_a_user_route_over_a_peered_range_may_free_a_longer_learned_prefix() -> None:
    away = (vpn("gw", "hub"), site("o", "10.1.5.0/24"), Connection("c", "gw", site="o", bgp=True))
    net = hub_with(SPOKE, peered("hub", "spoke"), *away, routes=table("rt", route("10.1.0.0/16", "none")))

    assert chosen(net, "10.1.5.1") == "10.1.0.0/16 to nowhere"
    assert chosen(net, "10.1.5.1", "U-R-SEL-8") == "10.1.5.0/24 via gateway gw"


def test_expressroute_beats_vpn_for_one_prefix() -> None:
    net = hub_with(*ONPREM, expressroute("er", "hub"), Connection("e", "er", site="onprem"))

    assert chosen(net, "192.168.0.1") == "192.168.0.0/16 via gateway er"


def test_a_learned_default_removes_the_none_routes_only_where_that_is_so() -> None:
    net = hub_with(vpn("gw", "hub"), site("o", "0.0.0.0/0"), Connection("c", "gw", site="o", bgp=True))

    assert chosen(net, "10.9.0.1") == "10.0.0.0/8 to nowhere"
    assert chosen(net, "10.9.0.1", "U-R-SYS-6") == "0.0.0.0/0 via gateway gw"
    assert chosen(net, "8.8.8.8") == "0.0.0.0/0 via gateway gw"


def test_a_next_hop_behind_a_second_peering_is_skipped_only_where_that_is_so() -> None:
    net = hub_with(routes=table("rt", route("8.0.0.0/8", "10.7.0.4")))

    assert chosen(net, "8.8.8.8") == "8.0.0.0/8 via appliance 10.7.0.4"
    assert chosen(net, "8.8.8.8", "U-R-UDR-8") == "0.0.0.0/0 to the Internet"


def test_further_public_blocks_are_dropped_only_where_that_is_so() -> None:
    assert chosen(hub_with(), "25.4.0.1") == "0.0.0.0/0 to the Internet"
    assert chosen(hub_with(), "25.4.0.1", "U-R-SYS-10") == "25.4.0.0/14 to nowhere"


def test_a_partial_world_is_asked_only_for_facts_that_decide() -> None:
    net = hub_with(vnet("wide", "172.16.0.0/12", subnet("s", "172.16.0.0/24")), peered("hub", "wide"))

    within = select_route(net, "hub.app", parse_address("10.0.1.4"), World(partial=True)).route
    assert str(within) == "10.0.0.0/16 inside the vnet"
    with pytest.raises(Undetermined, match="U-R-SYS-5"):
        select_route(net, "hub.app", parse_address("172.16.0.4"), World(partial=True))


def row(net: Network, prefix: str, source: str, subnet_id: str = "hub.app") -> EffectiveRoute:
    lines = effective_routes(net, subnet_id, World())
    return next(line for line in lines if line.prefix == parse_prefix(prefix) and line.source == source)


def test_effective_routes_show_the_loser_as_invalid_with_the_reason() -> None:
    net = hub_with(SPOKE, peered("hub", "spoke"), routes=table("rt", route("10.1.0.0/16", "10.0.1.4")))

    won, lost = row(net, "10.1.0.0/16", "User"), row(net, "10.1.0.0/16", "Default")

    assert (won.hop_type, won.next_hop, won.state) == ("VirtualAppliance", "10.0.1.4", "Active")
    assert (lost.hop_type, lost.next_hop, lost.state) == ("VNetPeering", "spoke", "Invalid")
    assert lost.why == "a user route wins over a system route"


def test_effective_routes_call_a_peering_between_regions_global() -> None:
    west = vnet("west", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), region="westus")

    assert row(hub_with(west, peered("hub", "west")), "10.1.0.0/16", "Default").hop_type == "VNetGlobalPeering"


def test_effective_routes_of_a_spoke_show_what_the_hub_learned() -> None:
    net = hub_with(SPOKE, transit("spoke", "hub"), *ONPREM)

    line = row(net, "192.168.0.0/16", "VirtualNetworkGateway", "spoke.s")

    assert (line.next_hop, line.state, line.rule) == ("gw", "Active", "R-GW-6")


def test_each_effective_route_has_one_active_line_for_a_prefix() -> None:
    net = hub_with(SPOKE, peered("hub", "spoke"), *ONPREM, router("fw", "hub.app", "10.0.1.4"))

    active = [line.prefix for line in effective_routes(net, "hub.app", World()) if line.state == "Active"]

    assert len(active) == len(set(active)) == 7


def lines_of(net: Network, prefix: str) -> list[tuple[str, str, str, str]]:
    lines = (line for line in effective_routes(net, "hub.app", World()) if line.prefix == parse_prefix(prefix))
    return [(line.source, line.state, line.hop_type, line.next_hop) for line in lines]


def test_effective_routes_show_a_user_route_beside_the_system_s_to_the_same_hop() -> None:
    net = hub_with(routes=table("rt", route("0.0.0.0/0", "internet")))

    assert lines_of(net, "0.0.0.0/0") == [("User", "Active", "Internet", ""), ("Default", "Invalid", "Internet", "")]


def test_what_a_gateway_learned_by_two_connections_is_one_line() -> None:
    net = hub_with(*ONPREM, Connection("d", "gw", site="onprem"))

    assert lines_of(net, "192.168.0.0/16") == [
        ("VirtualNetworkGateway", "Active", "VirtualNetworkGateway", "gw"),
        ("Default", "Invalid", "None", ""),
    ]


def test_a_user_route_names_no_gateway() -> None:
    net = hub_with(*ONPREM, routes=table("rt", route("172.16.0.0/16", "gateway")))

    assert lines_of(net, "172.16.0.0/16") == [("User", "Active", "VirtualNetworkGateway", "")]


def test_what_no_page_lists_is_not_asked_for_inside_a_range_of_one_s_own() -> None:
    net = network(vnet("hub", "25.0.0.0/9", subnet("app", "25.0.0.0/24")))
    partial = World(partial=True)

    assert str(select_route(net, "hub.app", parse_address("25.4.0.1"), partial).route) == "25.0.0.0/9 inside the vnet"
    with pytest.raises(Undetermined, match="U-R-SYS-10"):
        select_route(net, "hub.app", parse_address("25.176.0.1"), partial)


def of_ten(origin: Origin, hop: Hop, *rank: int) -> Route:
    return Route(parse_prefix("10.0.0.0/8"), origin, hop, rank, "")


NVA, BY_GATEWAY = ToAppliance(1), ToGateway("g")


@pytest.mark.parametrize(
    ("loser", "winner", "why"),
    [
        (of_ten(Origin.USER, NVA, 0, 0, 1), of_ten(Origin.USER, NVA, 0, 0, 0), "the route listed first wins"),
        (
            of_ten(Origin.USER, NVA, 0, 1, 0),
            of_ten(Origin.USER, NVA, 0, 0, 0),
            "an explicit prefix wins over a service tag's, a regional tag's over a wider one's",
        ),
        (
            of_ten(Origin.GATEWAY, NVA, 1, 3),
            of_ten(Origin.GATEWAY, BY_GATEWAY, 1, 2),
            "ExpressRoute wins, then VPN or appliances as the Route Server's hub prefers",
        ),
        (
            of_ten(Origin.GATEWAY, BY_GATEWAY, 1, 2),
            of_ten(Origin.GATEWAY, NVA, 1, 1),
            "ExpressRoute wins, then VPN or appliances as the Route Server's hub prefers",
        ),
        (
            of_ten(Origin.GATEWAY, BY_GATEWAY, 1, 2),
            of_ten(Origin.GATEWAY, BY_GATEWAY, 1, 0),
            "ExpressRoute wins over VPN, then the gateway declared first",
        ),
        (
            of_ten(Origin.SYSTEM, ToNowhere(), 2, 2),
            of_ten(Origin.SYSTEM, ToPeer("b"), 2, 1),
            "another system route for this prefix comes first",
        ),
        (of_ten(Origin.GATEWAY, NVA, 1, 3), of_ten(Origin.USER, NVA, 0, 0), "a user route wins over a gateway route"),
    ],
)
def test_what_beats_a_route_of_the_same_prefix_is_said(loser: Route, winner: Route, why: str) -> None:
    assert why_beaten(loser, winner) == why


def test_a_route_that_may_not_be_there_is_not_told_among_those_that_lost() -> None:
    net = hub_with(routes=table("rt", route("25.4.0.0/16", "none")))

    selection = select_route(net, "hub.app", parse_address("25.4.0.1"), World())

    assert selection.lost == ((selection.lost[0][0], "a longer prefix wins"),)
    assert str(selection.lost[0][0]) == "0.0.0.0/0 to the Internet"
