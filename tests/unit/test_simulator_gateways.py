from __future__ import annotations

import random
from collections.abc import Iterator

from tests.unit.simulator_networks import (
    at,
    expressroute,
    flow,
    network,
    peered,
    site,
    subnet,
    transit,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import World
from vnetverify.header import EVERY_IPV4, Family, Prefix
from vnetverify.model.network import Connection, Network, Vnet
from vnetverify.simulator.gateways import announced, entries_of, learned, servers
from vnetverify.simulator.positions import Delivered, Dropped
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.walk import trace


def hub(name: str, number: int) -> Vnet:
    return vnet(name, f"10.{number}.0.0/16", subnet("GatewaySubnet", f"10.{number}.0.0/27"))


def texts(prefixes: tuple[Prefix, ...]) -> list[str]:
    return [str(prefix) for prefix in prefixes]


def learns(net: Network, gateway: str, *true: str) -> list[tuple[str, str]]:
    return [(str(entry.prefix), entry.way.name) for entry in learned(net, gateway, world(*true))]


def test_a_gateway_announces_its_vnet_and_the_spokes_that_use_it() -> None:
    net = network(hub("h", 0), hub("s", 1), hub("t", 2), transit("s", "h"), peered("t", "h"), vpn("g", "h"))

    assert texts(announced(net, "g", World())) == ["10.0.0.0/16", "10.1.0.0/16"]


def test_one_flag_alone_does_not_make_a_spoke_use_the_gateway() -> None:
    net = network(hub("h", 0), hub("s", 1), peered("s", "h", use_remote_gateways=True), vpn("g", "h"))

    assert servers(situation_of(net, World(), Family.IPV4), "s") == ()


def test_a_vnet_s_own_gateways_serve_it_before_those_of_its_hub() -> None:
    net = network(hub("h", 0), hub("s", 1), transit("s", "h"), vpn("a", "h"), vpn("b", "s"))

    assert [gateway.name for gateway in servers(situation_of(net, World(), Family.IPV4), "s")] == ["b", "a"]


def test_a_gateway_learns_the_connection_s_prefixes_before_the_site_s() -> None:
    own = Connection("c", "g", site="o", prefixes=(EVERY_IPV4,))
    net = network(hub("h", 0), vpn("g", "h"), site("o", "192.168.0.0/16"), own, Connection("d", "g", site="o"))

    assert learns(net, "g") == [("0.0.0.0/0", "c"), ("192.168.0.0/16", "d")]


def test_a_gateway_discards_what_lies_in_its_own_vnet() -> None:
    net = network(hub("h", 0), vpn("g", "h"), site("o", "10.0.5.0/24 10.0.0.0/8"), Connection("c", "g", site="o"))

    assert learns(net, "g") == [("10.0.0.0/8", "c")]


def test_a_gateway_whose_subnet_is_not_told_sends_to_sites_alone() -> None:
    net = network(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.1.0/24")),
        vpn("g", "v"),
        *(site("one", "192.168.1.0/24"), site("two", "192.168.2.0/24")),
        *(Connection("a", "g", site="one", bgp=True), Connection("b", "g", site="two", bgp=True)),
    )
    inside = trace(net, at("one"), flow("192.168.1.4", "10.0.1.4"), World()).outcome
    on = trace(net, at("one"), flow("192.168.1.4", "192.168.2.4"), World()).outcome

    assert isinstance(inside, Dropped)
    assert "R-ADDR-7" == inside.rule
    assert isinstance(on, Delivered)


def three_hubs(first_bgp: bool, second_bgp: bool) -> Network:
    return network(
        hub("a", 0),
        hub("b", 1),
        hub("c", 2),
        vpn("ga", "a"),
        vpn("gb", "b"),
        vpn("gc", "c"),
        site("o", "192.168.0.0/16"),
        Connection("ab", "ga", remote_gateway="gb", bgp=first_bgp),
        Connection("bc", "gb", remote_gateway="gc", bgp=second_bgp),
        Connection("bo", "gb", site="o", bgp=True, prefixes=(EVERY_IPV4,)),
    )


def test_bgp_on_every_connection_makes_transit_between_gateways() -> None:
    assert learns(three_hubs(True, True), "ga") == [("10.1.0.0/16", "ab"), ("10.2.0.0/16", "ab")]


def test_transit_over_a_connection_without_bgp_is_open() -> None:
    net = three_hubs(True, False)

    assert learns(net, "ga") == [("10.1.0.0/16", "ab")]
    assert learns(net, "ga", "U-R-GW-17") == [("10.1.0.0/16", "ab"), ("10.2.0.0/16", "ab")]


def test_a_default_route_is_not_told_to_another_gateway() -> None:
    assert ("0.0.0.0/0", "bo") in learns(three_hubs(True, True), "gb", "U-R-GW-17")
    assert ("0.0.0.0/0", "ab") not in learns(three_hubs(True, True), "ga", "U-R-GW-17")


def test_gateways_of_one_circuit_learn_each_other_where_both_allow_it() -> None:
    def circuit(allows: bool | None) -> Network:
        return network(
            hub("a", 0),
            hub("b", 1),
            expressroute("ea", "a", allows_remote_vnets=True),
            expressroute("eb", "b", allows_remote_vnets=allows),
            site("o", "192.168.0.0/16"),
            Connection("ca", "ea", site="o", circuit="x"),
            Connection("cb", "eb", site="o", circuit="x"),
        )

    assert ("10.1.0.0/16", "circuit to eb") in learns(circuit(True), "ea")
    assert ("10.1.0.0/16", "circuit to eb") not in learns(circuit(None), "ea")
    assert ("10.1.0.0/16", "circuit to eb") in learns(circuit(None), "ea", "U-R-GW-18")


Hearing = tuple[Prefix, str, bool]


def told(net: Network, gateway: str, met: tuple[str, ...]) -> Iterator[Hearing]:
    """Return what a gateway learns, by the definition word for word: prefix, connection, whether unsure."""
    own_space = net.vnets[net.gateways[gateway].vnet].address_space

    def offered() -> Iterator[Hearing]:
        for end in net.connections:
            if end.gateway == gateway and end.site is not None:
                yield from ((prefix, end.name, False) for prefix in net.sites[end.site].prefixes)
            elif gateway in (end.gateway, end.remote_gateway) and end.remote_gateway is not None:
                other = end.gateway if gateway == end.remote_gateway else end.remote_gateway
                if other not in met:
                    yield from relayed(end, other)

    def relayed(end: Connection, other: str) -> Iterator[Hearing]:
        yield from ((prefix, end.name, False) for prefix in net.vnets[net.gateways[other].vnet].address_space)
        bgp = {connection.name: connection.bgp for connection in net.connections}
        for prefix, by, unsure in told(net, other, (*met, gateway)):
            if by != end.name and prefix != EVERY_IPV4:
                yield prefix, end.name, unsure or not (bgp[by] and end.bgp)

    for prefix, by, unsure in offered():
        if not any(outer.value <= prefix.value and prefix.last <= outer.last for outer in own_space):
            yield prefix, by, unsure


def test_what_gateways_hear_agrees_with_its_definition_on_random_webs_of_gateways() -> None:
    for seed in range(60):
        draw = random.Random(seed)
        names = [f"g{n}" for n in range(5)]
        spaces = ["192.168.0.0/16 0.0.0.0/0", "10.1.7.0/24 172.16.0.0/12"]
        pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :] if draw.random() < 0.5]
        net = network(
            *(hub(f"v{n}", n) for n in range(5)),
            *(vpn(name, f"v{n}") for n, name in enumerate(names)),
            *(site(f"o{n}", space) for n, space in enumerate(spaces)),
            *(Connection(f"{a}-{b}", a, remote_gateway=b, bgp=draw.random() < 0.7) for a, b in pairs),
            *(Connection(f"o{n}", draw.choice(names), site=f"o{n}", bgp=draw.random() < 0.5) for n in range(2)),
        )
        for name in names:
            heard = set(told(net, name, (name,)))
            expected = {(p, by, unsure) for p, by, unsure in heard if not unsure or (p, by, False) not in heard}

            entries = entries_of(situation_of(net, World(), Family.IPV4), net.gateways[name])

            assert {(e.prefix, e.way.name, bool(e.condition)) for e in entries} == expected


def test_a_full_mesh_of_forty_gateways_is_learned_at_once() -> None:
    names = [f"g{n}" for n in range(40)]
    pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]
    net = network(
        *(hub(f"v{n}", n) for n in range(40)),
        *(vpn(name, f"v{n}") for n, name in enumerate(names)),
        *(Connection(f"{a}-{b}", a, remote_gateway=b, bgp=True) for a, b in pairs),
    )

    assert len(learned(net, "g0", World())) == 39 * 39
