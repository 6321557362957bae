"""Connected groups, service endpoints and routes to service tags."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    announces,
    at,
    flow,
    group,
    network,
    peered,
    prefixes,
    route,
    route_server,
    router,
    site,
    subnet,
    table,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import World
from vnetverify.header import Family, Flow, parse_address
from vnetverify.model.network import Connection, LinkState, Network, Peering, UserRoute, Vnet
from vnetverify.simulator.routes import effective_routes, select_route
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.tags import virtual_network
from vnetverify.simulator.walk import Conversation, Delivered, Dropped, LeftToInternet, converse, trace


def ends(net: Network, origin: str, packet: Flow, facts: World | None = None) -> str:
    """Return where the first packet ends: a place, `INTERNET by …`, or the rule that drops it."""
    outcome = trace(net, at(origin), packet, facts or World()).outcome
    match outcome:
        case Delivered(place):
            return place.name
        case LeftToInternet(by):
            return f"INTERNET by {by}"
        case Dropped(_, rule_id):
            return rule_id
        case _:
            return "PLATFORM"


def chosen(net: Network, subnet_id: str, destination: str, *true: str) -> str:
    return str(select_route(net, subnet_id, parse_address(destination), world(*true)).route)


def shown(net: Network, subnet_id: str, prefix: str) -> list[tuple[str, str, str]]:
    """Return hop type, next hop and state of the lines for `prefix`."""
    lines = effective_routes(net, subnet_id, World())
    return [(line.hop_type, line.next_hop, line.state) for line in lines if str(line.prefix) == prefix]


def lan(name: str, number: int, **more: object) -> Vnet:
    return vnet(name, f"10.{number}.0.0/16", subnet("s", f"10.{number}.0.0/24"), **more)


A, B, C = lan("a", 1), lan("b", 2), lan("c", 3)
A_TO_B = flow("10.1.0.4", "10.2.0.4")


def test_members_of_a_group_converse_without_a_peering() -> None:
    assert converse(network(A, B, group("g", "a b")), at("a.s"), A_TO_B, World(partial=True)).established


def test_effective_routes_show_a_connected_group() -> None:
    assert shown(network(A, B, group("g", "a b")), "a.s", "10.2.0.0/16") == [("ConnectedGroup", "b", "Active")]


def test_membership_is_not_transitive() -> None:
    net = network(A, B, C, group("g", "a b"), group("h", "b c"))

    assert ends(net, "a.s", flow("10.1.0.4", "10.3.0.4")) == "R-SYS-3"


@pytest.mark.parametrize(
    ("region", "everywhere", "expected"),
    [("westus", False, "b.s"), (None, False, "b.s"), ("eastus", False, "R-SYS-3"), ("eastus", True, "b.s")],
)
def test_a_group_joins_one_region_unless_it_is_global(region: str | None, everywhere: bool, expected: str) -> None:
    net = network(lan("a", 1, region="westus"), lan("b", 2, region=region), group("g", "a b", everywhere=everywhere))

    assert ends(net, "a.s", A_TO_B) == expected


def test_a_usable_peering_comes_before_the_group() -> None:
    net = network(A, B, peered("a", "b", allow_virtual_network_access=False), group("g", "a b"))

    assert shown(net, "a.s", "10.2.0.0/16") == [("VNetPeering", "b", "Active")]
    assert ends(net, "a.s", A_TO_B, world("U-AVNA(a -> b)")) == "R-PEER-14"


def test_a_peering_that_is_not_usable_leaves_the_pair_to_the_group() -> None:
    broken = (Peering("a", "b"), Peering("b", "a", state=LinkState.DISCONNECTED))

    assert ends(network(A, B, broken, group("g", "a b")), "a.s", A_TO_B) == "b.s"


def test_packets_to_an_overlapped_address_are_dropped() -> None:
    twin = vnet("d", "10.2.0.0/24", subnet("s", "10.2.0.0/24"))
    net = network(A, B, twin, group("g", "a b d"))

    assert ends(net, "a.s", A_TO_B) == "R-CG-4"
    assert ends(net, "a.s", flow("10.1.0.4", "10.2.1.4")) == "R-ADDR-4"


def test_an_overlap_with_a_vnet_of_another_group_drops_nothing() -> None:
    twin = vnet("d", "10.2.0.0/16", subnet("s", "10.2.0.0/24"))

    net = network(A, B, twin, group("g", "a b"), group("h", "a d"))

    assert ends(net, "a.s", A_TO_B, World({"U-R-CG-4(a, b)": True})) == "b.s"
    assert ends(net, "a.s", A_TO_B) == "d.s"


def test_of_one_prefix_a_peer_s_range_comes_before_a_mate_s() -> None:
    twin = vnet("d", "10.2.0.0/16", subnet("s", "10.2.0.0/24"))
    net = network(A, B, twin, peered("a", "d"), group("g", "a b"))

    assert chosen(net, "a.s", "10.2.0.4") == "10.2.0.0/16 via peering with d"


def test_a_mate_s_range_removes_a_none_route_as_a_peer_s_does() -> None:
    around = network(A, vnet("w", "172.0.0.0/8", subnet("s", "172.16.0.0/24")), group("g", "a w"))
    equal = network(A, vnet("w", "172.16.0.0/12", subnet("s", "172.16.0.0/24")), group("g", "a w"))

    assert chosen(around, "a.s", "172.16.0.4") == "172.0.0.0/8 via the connected group with w"
    assert chosen(equal, "a.s", "172.16.0.4") == "172.16.0.0/12 to nowhere"
    assert chosen(equal, "a.s", "172.16.0.4", "U-R-SYS-5") == "172.16.0.0/12 via the connected group with w"


def test_a_learned_route_inside_a_mate_s_range_is_kept_only_where_that_is_so() -> None:
    away = (vpn("gw", "a"), site("o", "10.2.7.0/24"), Connection("c", "gw", site="o", bgp=True))
    net = network(A, B, group("g", "a b"), *away)

    assert chosen(net, "a.s", "10.2.7.4") == "10.2.0.0/16 via the connected group with b"
    assert chosen(net, "a.s", "10.2.7.4", "U-R-CG-5") == "10.2.7.0/24 via gateway gw"


def steered(*more: Element) -> Network:
    """Return `a`, whose subnet sends 10.9.0.0/16 to an appliance in `b`."""
    client = vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"))
    rules = table("rt", route("10.9.0.0/16", "10.2.0.5"))
    return network(client, B, rules, router("fw", "b.s", "10.2.0.5"), *more)


def test_a_next_hop_in_a_mate_counts_as_connected_only_where_that_is_so() -> None:
    net, packet = steered(group("g", "a b")), flow("10.1.0.4", "10.9.0.4")

    assert ends(net, "a.s", packet) == "R-UDR-8"
    assert trace(net, at("a.s"), packet, world("U-R-UDR-8-CG")).met == ("fw",)
    assert chosen(net, "a.s", "10.9.0.4", "U-R-UDR-8") == "10.0.0.0/8 to nowhere"
    assert chosen(net, "a.s", "10.9.0.4", "U-R-UDR-8", "U-R-UDR-8-CG") == "10.9.0.0/16 via appliance 10.2.0.5"


def test_a_next_hop_that_two_mates_hold_has_no_owner() -> None:
    twin = vnet("d", "10.2.0.0/16", subnet("s", "10.2.0.0/24"))
    net = steered(twin, group("g", "a b d"))

    assert ends(net, "a.s", flow("10.1.0.4", "10.9.0.4"), world("U-R-UDR-8-CG")) == "R-UDR-8"


def test_an_appliance_forwards_into_a_group_without_any_flag() -> None:
    client = vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"))
    net = network(
        client,
        B,
        C,
        peered("a", "b"),
        group("g", "b c"),
        table("rt", route("10.3.0.0/16", "10.2.0.5")),
        router("fw", "b.s", "10.2.0.5"),
    )

    assert ends(net, "a.s", flow("10.1.0.4", "10.3.0.4")) == "c.s"


def told_by_appliance(prefix: str, *more: Element, **gateway_subnet: object) -> Network:
    """Return a hub whose Route Server tells the site `o` of `prefix`, so that the site sends to the hub's gateway."""
    return network(
        vnet("h", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.0.0/27", **gateway_subnet), subnet("n", "10.0.1.0/24")),
        router("fw", "h.n", "10.0.1.4"),
        route_server("h", announces("fw", prefix), branches=True),
        vpn("gw", "h", active_active=True),
        site("o", "192.168.0.0/16"),
        Connection("c", "gw", site="o", bgp=True),
        *more,
    )


def test_a_gateway_sends_into_a_group_only_where_that_is_so() -> None:
    net = told_by_appliance("10.2.0.0/16", B, group("g", "h b"))
    packet = flow("192.168.0.4", "10.2.0.4")

    assert ends(net, "o", packet) == "R-GW-22"
    assert ends(net, "o", packet, world("U-R-GW-22")) == "b.s"


def test_mates_are_in_the_tag_as_documented_and_by_a_fact() -> None:
    situation = situation_of(network(A, B, group("g", "a b")), World(), Family.IPV4)

    possible = virtual_network(situation, situation.index.subnets["a.s"]).possible

    assert [(str(fact), fact.documented) for _, fact in possible] == [
        ("U-VNTAG(a.s, 169.254.169.254/32)", False),
        ("U-VNTAG(a.s, 10.2.0.0/16)", True),
    ]


def to_tag(prefix: str, tag: str, hop: str) -> UserRoute:
    return replace(route(prefix, hop), name=f"{tag} {prefix}", service_tag=tag)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (None, "Storage.WestUS"),
        ("Storage.WestUS", "Storage"),
        ("Storage", "AzureCloud.westus"),
        ("AzureCloud.WestUS", "AzureCloud"),
    ],
)
def test_the_more_exact_name_of_a_prefix_wins_wherever_it_stands(first: str | None, second: str) -> None:
    exact = route("20.0.0.0/8", "internet") if first is None else to_tag("20.0.0.0/8", first, "internet")
    client = vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"))
    net = network(client, table("rt", to_tag("20.0.0.0/8", second, "none"), exact))

    selection = select_route(net, "a.s", parse_address("20.0.0.1"), World())

    assert str(selection.route) == "20.0.0.0/8 to the Internet"
    assert selection.lost[0][1] == "an explicit prefix wins over a service tag's, a regional tag's over a wider one's"
    assert trace(net, at("a.s"), flow("10.1.0.4", "20.0.0.1"), World()).steps[-2].rule == "R-UDR-4"


def test_of_two_tags_alike_the_first_route_wins() -> None:
    client = vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"))
    net = network(client, table("rt", to_tag("20.0.0.0/8", "Sql", "none"), to_tag("20.0.0.0/8", "Storage", "internet")))

    assert chosen(net, "a.s", "20.0.0.1") == "20.0.0.0/8 to nowhere"


def served(*more: Element, published: str = "Storage", a_table: str | None = None) -> Network:
    """Return a subnet with a service endpoint for 20.0.0.0/16, and one without."""
    client = subnet("s", "10.1.0.0/24", service_endpoints=("Microsoft.Storage",), route_table=a_table)
    net = network(vnet("a", "10.1.0.0/16", client, subnet("t", "10.1.1.0/24")), *more)
    return replace(net, service_tags={published: prefixes("20.0.0.0/16")})


TO_STORAGE = flow("10.1.0.4", "20.0.0.9")


@pytest.mark.parametrize("published", ["Storage", "Microsoft.Storage"])
def test_a_service_endpoint_adds_the_service_s_prefixes_to_its_subnet_alone(published: str) -> None:
    net = served(published=published)

    assert shown(net, "a.s", "20.0.0.0/16") == [("VirtualNetworkServiceEndpoint", "Microsoft.Storage", "Active")]
    assert chosen(net, "a.t", "20.0.0.9") == "0.0.0.0/0 to the Internet"


def test_a_service_is_reached_by_its_endpoint_without_a_way_out() -> None:
    way = converse(served(), at("a.s"), TO_STORAGE, World(partial=True))

    assert (way.forward.outcome, way.established) == (LeftToInternet("a.s"), True)


def learned(prefix: str, *, bgp: bool = True) -> tuple[Element, ...]:
    return vpn("gw", "a"), site("o", prefix), Connection("c", "gw", site="o", bgp=bgp)


def test_a_learned_prefix_equal_to_a_service_s_wins_only_where_that_is_so() -> None:
    net = served(*learned("20.0.0.0/16"))

    assert chosen(net, "a.s", "20.0.0.9") == "20.0.0.0/16 via the service endpoint of Microsoft.Storage"
    assert chosen(net, "a.s", "20.0.0.9", "U-R-SEL-6") == "20.0.0.0/16 via gateway gw"


def test_a_longer_learned_prefix_never_beats_a_service_endpoint_and_a_static_one_only_where_that_is_so() -> None:
    endpoint = "20.0.0.0/16 via the service endpoint of Microsoft.Storage"
    every = ("U-R-SEL-3", "U-R-SEL-6", "U-R-SEL-8")

    assert chosen(served(*learned("20.0.0.0/24")), "a.s", "20.0.0.9", *every) == endpoint
    assert chosen(served(*learned("20.0.0.0/24", bgp=False)), "a.s", "20.0.0.9") == endpoint
    assert chosen(served(*learned("20.0.0.0/24", bgp=False)), "a.s", "20.0.0.9", "U-R-SEL-3") == (
        "20.0.0.0/24 via gateway gw"
    )


@pytest.mark.parametrize("prefix", ["20.0.0.0/16", "20.0.0.0/24"])
def test_a_user_route_over_a_service_endpoint_is_in_force_only_where_that_is_so(prefix: str) -> None:
    net = served(table("rt", route(prefix, "none")), a_table="rt")

    assert chosen(net, "a.s", "20.0.0.9") == "20.0.0.0/16 via the service endpoint of Microsoft.Storage"
    assert chosen(net, "a.s", "20.0.0.9", "U-R-SEL-6") == f"{prefix} to nowhere"
    assert trace(net, at("a.s"), TO_STORAGE, World()).steps[-2].rule == "R-SEL-6"


def test_a_shorter_user_route_does_not_capture_a_service() -> None:
    net = served(table("rt", route("0.0.0.0/0", "none")), a_table="rt")

    assert chosen(net, "a.s", "20.0.0.9") == "20.0.0.0/16 via the service endpoint of Microsoft.Storage"


def by_proxy() -> Conversation:
    """Return the flow of a spoke to a service by an appliance whose own subnet has the endpoint."""
    proxy = subnet("s", "10.2.0.0/24", service_endpoints=("Microsoft.Storage",))
    net = network(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt")),
        vnet("b", "10.2.0.0/16", proxy),
        peered("a", "b", allow_forwarded_traffic=True),
        table("rt", route("20.0.0.0/16", "10.2.0.5")),
        router("fw", "b.s", "10.2.0.5", stateful=True, translates_source=False),
    )
    net = replace(net, service_tags={"Storage": prefixes("20.0.0.0/16")})
    return converse(net, at("a.s"), TO_STORAGE, World())


def test_an_appliance_reaches_a_service_without_translating_and_brings_the_reply_back() -> None:
    way = by_proxy()

    assert (way.forward.outcome, way.established) == (LeftToInternet("fw"), True)
    assert way.reply is not None
    assert way.reply.met == ("fw",)


def test_a_gateway_sends_nothing_to_a_service() -> None:
    net = told_by_appliance("20.0.0.0/16", service_endpoints=("Microsoft.Storage",))
    net = replace(net, service_tags={"Storage": prefixes("20.0.0.0/16")})

    assert ends(net, "o", flow("192.168.0.4", "20.0.0.9")) == "R-SYS-9"


def test_regions_are_compared_without_case() -> None:
    one, other = (
        vnet(name, f"10.{number}.0.0/16", region=region)
        for name, number, region in (("a", 1, "West"), ("b", 2, "west"))
    )

    assert situation_of(network(one, other, group("g", "a b")), World(), Family.IPV4).index.mates["a"] == ("b",)
