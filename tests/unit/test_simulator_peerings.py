"""Peerings that are not in sync, and peerings of subnets."""

from __future__ import annotations

import pytest

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
    vnet,
    vpn,
    world,
)
from vnetverify.facts import Undetermined, World
from vnetverify.header import Family, Flow, parse_address
from vnetverify.model.network import Connection, Network, Peering
from vnetverify.simulator.gateways import announced, learned
from vnetverify.simulator.routes import select_route
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.tags import virtual_network
from vnetverify.simulator.walk import Delivered, Dropped, converse, trace


def ends(net: Network, origin: str, packet: Flow, facts: World | None = None) -> str:
    """Return where the first packet is delivered, or the rule that drops it."""
    outcome = trace(net, at(origin), packet, facts or World()).outcome
    return (
        outcome.place.name if isinstance(outcome, Delivered) else outcome.rule if isinstance(outcome, Dropped) else ""
    )


def chosen(net: Network, subnet_id: str, destination: str, *true: str) -> str:
    return str(select_route(net, subnet_id, parse_address(destination), world(*true)).route)


def tag(net: Network, subnet_id: str) -> tuple[list[str], list[tuple[str, bool | None]]]:
    """Return the certain prefixes of VirtualNetwork, and the possible ones with what is documented."""
    situation = situation_of(net, World(), Family.IPV4)
    members = virtual_network(situation, situation.index.subnets[subnet_id])
    possible = [(str(prefix), fact.documented) for prefix, fact in members.possible]
    return [str(prefix) for prefix in members.certain], possible


STALE = "U-R-PEER-17(a -> b)"


def unsynced(old: str, new: str, *more: Element) -> Network:
    """Return two peered vnets: `a` last saw `old` of `b`, whose space now is `new`."""
    return network(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
        vnet("b", new, *(subnet(f"s{n}", f"{p.split('/')[0]}/24") for n, p in enumerate(new.split()))),
        Peering("a", "b", remote_space=prefixes(old)),
        Peering("b", "a"),
        *more,
    )


GROWN = unsynced("10.2.0.0/16", "10.2.0.0/16 10.3.0.0/16")


def test_a_range_in_both_views_of_a_peering_out_of_sync_is_as_ever() -> None:
    assert ends(GROWN, "a.s", flow("10.1.0.4", "10.2.0.4"), World(partial=True)) == "b.s0"


def test_a_range_that_a_peering_has_not_seen_yet_is_reached_only_where_that_is_so() -> None:
    packet = flow("10.1.0.4", "10.3.0.4")

    assert ends(GROWN, "a.s", packet) == "R-SYS-3"
    assert ends(GROWN, "a.s", packet, world(STALE)) == "b.s1"


def test_only_the_half_that_is_out_of_sync_is_in_doubt() -> None:
    assert ends(GROWN, "b.s1", flow("10.3.0.4", "10.1.0.4"), World(partial=True)) == "a.s"


def test_a_range_that_is_gone_leads_to_nobody_even_where_its_route_stays() -> None:
    net = unsynced("10.2.0.0/16 10.3.0.0/16", "10.2.0.0/16")

    assert chosen(net, "a.s", "10.3.0.4", STALE) == "10.3.0.0/16 via peering with b"
    assert ends(net, "a.s", flow("10.1.0.4", "10.3.0.4"), world(STALE)) == "R-ADDR-4"


def test_a_doubtful_range_around_a_private_one_removes_its_none_route_where_it_holds() -> None:
    net = unsynced("10.2.0.0/16", "10.2.0.0/16 172.0.0.0/8")

    assert chosen(net, "a.s", "172.16.0.4") == "172.16.0.0/12 to nowhere"
    assert chosen(net, "a.s", "172.16.0.4", STALE) == "172.0.0.0/8 via peering with b"


def test_a_doubtful_range_that_equals_a_private_one_needs_both_facts() -> None:
    net = unsynced("10.2.0.0/16", "10.2.0.0/16 172.16.0.0/12")

    assert chosen(net, "a.s", "172.16.0.4", STALE) == "172.16.0.0/12 to nowhere"
    assert chosen(net, "a.s", "172.16.0.4", "U-R-SYS-5") == "172.16.0.0/12 to nowhere"
    assert chosen(net, "a.s", "172.16.0.4", STALE, "U-R-SYS-5") == "172.16.0.0/12 via peering with b"


def test_a_doubtful_range_displaces_a_learned_route_only_where_it_holds() -> None:
    away = (vpn("g", "a"), site("o", "10.3.7.0/24"), Connection("c", "g", site="o", bgp=True))
    net = unsynced("10.2.0.0/16", "10.2.0.0/16 10.3.0.0/16", *away)

    assert chosen(net, "a.s", "10.3.7.4") == "10.3.7.0/24 via gateway g"
    assert chosen(net, "a.s", "10.3.7.4", STALE) == "10.3.0.0/16 via peering with b"


def test_a_doubtful_range_around_a_further_block_hides_it_only_where_it_holds() -> None:
    net = unsynced("10.2.0.0/16", "10.2.0.0/16 25.0.0.0/8")

    assert chosen(net, "a.s", "25.4.0.4", "U-R-SYS-10") == "25.4.0.0/14 to nowhere"
    assert chosen(net, "a.s", "25.4.0.4", "U-R-SYS-10", STALE) == "25.0.0.0/8 via peering with b"


def test_a_next_hop_in_a_doubtful_range_has_an_owner_only_where_that_is_so() -> None:
    steered = vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="rt"))
    net = unsynced(
        "10.2.0.0/16",
        "10.2.0.0/16 10.3.0.0/16",
        steered,
        table("rt", route("10.9.0.0/16", "10.3.0.5")),
        router("fw", "b.s1", "10.3.0.5"),
    )
    packet = flow("10.1.0.4", "10.9.0.4")

    assert ends(net, "a.s", packet, world()) == "R-UDR-8"
    assert ends(net, "a.s", packet, world("U-R-UDR-8")) == "R-SYS-3"
    assert trace(net, at("a.s"), packet, world(STALE)).met == ("fw",)


def test_a_doubtful_range_is_in_the_tag_as_documented_where_the_half_has_seen_it() -> None:
    net = unsynced("10.2.0.0/16 10.3.0.0/16", "10.2.0.0/16 10.4.0.0/16")

    certain, possible = tag(net, "a.s")

    assert certain == ["10.1.0.0/16", "10.2.0.0/16", "168.63.129.16/32"]
    assert possible == [("169.254.169.254/32", False), ("10.4.0.0/16", False), ("10.3.0.0/16", True)]


def test_a_gateway_announces_the_present_space_of_a_spoke() -> None:
    net = network(
        vnet("h", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.0.0/27")),
        vnet("s", "10.1.0.0/16 10.2.0.0/16", subnet("s", "10.1.0.0/24")),
        Peering("s", "h", use_remote_gateways=True),
        Peering("h", "s", allow_gateway_transit=True, remote_space=prefixes("10.1.0.0/16 10.3.0.0/16")),
        vpn("g", "h"),
    )

    assert [str(prefix) for prefix in announced(net, "g", World())] == ["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"]


def of_subnets(*more: Element, a_table: str | None = None, **flags: bool) -> Network:
    """Return `a` and `b`, peered by their subnets `in`; `out` takes no part."""
    halves = tuple(
        Peering(x, y, local_subnets=("in",), remote_subnets=("in",), **flags)  # type: ignore[arg-type]
        for x, y in (("a", "b"), ("b", "a"))
    )
    return network(
        vnet("a", "10.1.0.0/16", subnet("in", "10.1.1.0/24"), subnet("out", "10.1.2.0/24", route_table=a_table)),
        vnet("b", "10.2.0.0/16", subnet("in", "10.2.1.0/24"), subnet("out", "10.2.2.0/24")),
        *halves,
        *more,
    )


def test_participating_subnets_converse() -> None:
    assert converse(of_subnets(), at("a.in"), flow("10.1.1.4", "10.2.1.4"), World(partial=True)).established


def test_no_route_leads_to_a_subnet_that_takes_no_part() -> None:
    assert chosen(of_subnets(), "a.in", "10.2.2.4") == "10.0.0.0/8 to nowhere"
    assert chosen(of_subnets(), "a.in", "10.2.1.4") == "10.2.1.0/24 via peering with b"


@pytest.mark.parametrize("missing", ["U-R-PEER-19", "U-SUBPEER(a -> b)", "U-R-PEER-18"])
def test_a_subnet_that_takes_no_part_sends_only_where_routes_border_and_ends_let_it(missing: str) -> None:
    facts = {"U-R-PEER-19", "U-SUBPEER(a -> b)", "U-R-PEER-18"}
    packet = flow("10.1.2.4", "10.2.1.4")

    assert ends(of_subnets(), "a.out", packet, world(*facts)) == "b.in"
    assert ends(of_subnets(), "a.out", packet, world(*facts - {missing})).startswith("R-")


def test_what_one_half_says_of_its_own_subnets_counts_before_what_the_other_says_of_them() -> None:
    net = of_subnets(Peering("a", "b", local_subnets=("OUT",)), Peering("b", "a", remote_subnets=("in",)))

    assert ends(net, "a.out", flow("10.1.2.4", "10.2.2.4")) == "b.out"
    assert ends(net, "a.in", flow("10.1.1.4", "10.2.2.4"), world("U-R-PEER-19")) == "R-PEER-19"


def test_a_forwarded_packet_crosses_a_peering_of_subnets_only_where_its_own_ends_may_take_no_part() -> None:
    net = of_subnets(
        router("fw", "a.in", "10.1.1.5"),
        table("rt", route("10.2.1.0/24", "10.1.1.5")),
        a_table="rt",
        allow_forwarded_traffic=True,
    )
    packet = flow("10.1.2.4", "10.2.1.4")

    assert ends(net, "a.out", packet) == "R-PEER-18"
    assert ends(net, "a.out", packet, world("U-R-PEER-18")) == "b.in"


def test_a_next_hop_lies_in_a_peering_of_subnets_only_in_a_participating_one() -> None:
    def steered(hop: str) -> Network:
        return of_subnets(table("rt", route("10.9.0.0/16", hop)), a_table="rt")

    every = world("U-SUBPEER(a -> b)", "U-R-PEER-18", "U-FORWARDS(10.2.1.5 in b.in)")
    packet = flow("10.1.2.4", "10.9.0.4")

    assert ends(steered("10.2.2.5"), "a.out", packet, every) == "R-UDR-8"
    assert trace(steered("10.2.1.5"), at("a.out"), packet, every).met == ("10.2.1.5 in b.in",)


def test_subnets_that_take_no_part_are_only_possibly_in_the_tag() -> None:
    host = "169.254.169.254/32"

    assert tag(of_subnets(), "a.in") == (
        ["10.1.0.0/16", "10.2.1.0/24", "168.63.129.16/32"],
        [(host, False), ("10.2.0.0/16", False)],
    )
    assert tag(of_subnets(), "a.out") == (
        ["10.1.0.0/16", "168.63.129.16/32"],
        [(host, False), ("10.2.1.0/24", False), ("10.2.0.0/16", False)],
    )


def test_a_peering_of_subnets_with_access_off_is_not_in_the_tag() -> None:
    certain, possible = tag(of_subnets(allow_virtual_network_access=False), "a.in")

    assert (certain, possible) == (["10.1.0.0/16", "168.63.129.16/32"], [("169.254.169.254/32", False)])


def branch_hub(*more: Element) -> Network:
    """Return a hub with a gateway, used by a spoke that is peered by its subnet `in` alone."""
    return network(
        vnet("h", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.0.0/27")),
        vnet("s", "10.1.0.0/16", subnet("in", "10.1.1.0/24"), subnet("out", "10.1.2.0/24")),
        Peering("s", "h", use_remote_gateways=True, local_subnets=("in",)),
        Peering("h", "s", allow_gateway_transit=True),
        *more,
    )


def test_a_gateway_announces_the_whole_space_of_a_spoke_peered_by_subnets_only_where_that_is_so() -> None:
    net = branch_hub(vpn("g", "h"))

    assert [str(prefix) for prefix in announced(net, "g", World())] == ["10.0.0.0/16", "10.1.1.0/24"]
    assert [str(p) for p in announced(net, "g", world("U-R-GW-8"))] == ["10.0.0.0/16", "10.1.1.0/24", "10.1.0.0/16"]


def test_what_is_surely_announced_is_learned_once_and_without_condition() -> None:
    net = branch_hub(
        vnet("s", "10.1.1.0/24", subnet("in", "10.1.1.0/24")),
        vpn("g", "h"),
        vnet("x", "10.5.0.0/16", subnet("GatewaySubnet", "10.5.0.0/27"), subnet("app", "10.5.1.0/24")),
        vpn("r", "x"),
        Connection("c", "g", remote_gateway="r", bgp=True),
    )

    told = [str(entry.prefix) for entry in learned(net, "r", world("U-R-GW-8"))]
    assert told == ["10.0.0.0/16", "10.1.1.0/24"]
    chosen = select_route(net, "x.app", parse_address("10.1.1.4"), World(partial=True)).route
    assert str(chosen) == "10.1.1.0/24 via gateway r"


def test_another_gateway_learns_the_whole_space_on_the_same_condition() -> None:
    net = branch_hub(
        vpn("g", "h"),
        vnet("x", "10.5.0.0/16"),
        vpn("r", "x"),
        vnet("y", "10.6.0.0/16"),
        vpn("q", "y"),
        Connection("gr", "g", remote_gateway="r", bgp=True),
        Connection("rq", "r", remote_gateway="q"),
    )

    def knows(gateway: str, *true: str) -> list[str]:
        return [str(entry.prefix) for entry in learned(net, gateway, world(*true)) if str(entry.prefix)[:4] == "10.1"]

    assert knows("r") == ["10.1.1.0/24"]
    assert knows("r", "U-R-GW-8") == ["10.1.1.0/24", "10.1.0.0/16"]
    assert knows("q", "U-R-GW-8") == []
    assert knows("q", "U-R-GW-17") == ["10.1.1.0/24"]
    assert knows("q", "U-R-GW-8", "U-R-GW-17") == ["10.1.1.0/24", "10.1.0.0/16"]


def test_a_gateway_on_the_same_circuit_learns_the_whole_space_on_the_same_condition() -> None:
    net = branch_hub(
        expressroute("e", "h", allows_remote_vnets=True),
        vnet("x", "10.5.0.0/16"),
        expressroute("f", "x", allows_remote_vnets=True),
        site("dc", "192.168.0.0/16"),
        Connection("ce", "e", site="dc", circuit="c"),
        Connection("cf", "f", site="dc", circuit="c"),
    )

    assert "10.1.0.0/16" not in [str(entry.prefix) for entry in learned(net, "f", World())]
    assert "10.1.0.0/16" in [str(entry.prefix) for entry in learned(net, "f", world("U-R-GW-8"))]


def test_a_site_sends_to_a_subnet_that_takes_no_part_only_where_it_is_told_of_it() -> None:
    net = branch_hub(vpn("g", "h"), site("o", "192.168.0.0/16"), Connection("c", "g", site="o", bgp=True))
    packet = flow("192.168.0.4", "10.1.2.4")

    assert ends(net, "o", packet) == "R-GW-8"
    assert ends(net, "o", packet, world("U-R-GW-8")) == "R-SYS-3"


def test_a_peering_of_subnets_with_a_gateway_carries_what_the_hub_s_gateway_subnet_may_send() -> None:
    net = branch_hub(vpn("g", "h"), site("o", "192.168.0.0/16"), Connection("c", "g", site="o", bgp=True))
    packet = flow("192.168.0.4", "10.1.1.4")

    assert ends(net, "o", packet) == "R-PEER-18"
    assert ends(net, "o", packet, world("U-R-PEER-18")) == "s.in"


def test_a_partial_world_is_asked_where_a_subnet_takes_no_part() -> None:
    with pytest.raises(Undetermined, match="U-R-PEER-19"):
        select_route(of_subnets(), "a.out", parse_address("10.2.1.4"), World(partial=True))
    chosen = select_route(of_subnets(), "a.in", parse_address("10.2.1.4"), World(partial=True))
    assert "10.2.1.0/24 via peering with b" == str(chosen.route)


def test_a_full_peering_asks_nothing_of_this() -> None:
    plain = network(vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")), GROWN.vnets["b"], peered("a", "b"))

    assert ends(plain, "a.s", flow("10.1.0.4", "10.3.0.4"), World(partial=True)) == "b.s1"
