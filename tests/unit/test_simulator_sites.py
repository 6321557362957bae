"""What sites do with packets for elsewhere, and circuits that declare what they allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    at,
    expressroute,
    flow,
    machine,
    network,
    nic,
    nsg,
    prefixes,
    public,
    route,
    router,
    rule,
    site,
    subnet,
    table,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import Undetermined, World
from vnetverify.header import Flow, parse_address
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Connection, Network, Site
from vnetverify.simulator.gateways import learned
from vnetverify.simulator.walk import Conversation, Delivered, Dropped, LeftToInternet, converse, trace

RELAYS = "U-RELAYS(o)"


def ends(net: Network, origin: str, packet: Flow, *true: str) -> str:
    """Return where the first packet ends: a place, `INTERNET by …`, or the rule that drops it."""
    outcome = trace(net, at(origin), packet, world(*true)).outcome
    match outcome:
        case Delivered(place):
            return place.name
        case LeftToInternet(by):
            return f"INTERNET by {by}"
        case Dropped(_, rule_id):
            return rule_id
        case _:
            return "PLATFORM"


def tunnelled(*more: Element) -> Network:
    """Return a vnet that sends everything to site `o`, its default site, by a VPN gateway."""
    return network(
        vnet(
            "v",
            "10.1.0.0/16",
            subnet("s", "10.1.0.0/24", route_table="rt"),
            subnet("GatewaySubnet", "10.1.255.0/27"),
            subnet("t", "10.1.1.0/24"),
        ),
        table("rt", route("0.0.0.0/0", "gateway")),
        vpn("g", "v"),
        site("o", "192.168.0.0/16"),
        Connection("c", "g", site="o", default_site=True),
        *more,
    )


OUT = flow("10.1.0.4", "8.8.8.8")


def test_a_site_sends_what_is_not_its_own_to_the_internet_only_where_it_relays() -> None:
    assert ends(tunnelled(), "v.s", OUT) == "R-GW-24"
    assert ends(tunnelled(), "v.s", OUT, RELAYS) == "INTERNET by o"
    assert trace(tunnelled(), at("v.s"), OUT, world(RELAYS)).met == ("g", "o")


def test_a_private_address_that_nobody_told_of_ends_at_the_site() -> None:
    assert ends(tunnelled(), "v.s", flow("10.1.0.4", "172.16.0.4"), RELAYS) == "R-GW-8"


def test_what_is_the_site_s_own_asks_nothing_of_relaying() -> None:
    way = trace(tunnelled(), at("v.s"), flow("10.1.0.4", "192.168.0.4"), World(partial=True))

    assert (way.met, isinstance(way.outcome, Delivered)) == (("g",), True)


def talk(net: Network, packet: Flow, *true: str) -> Conversation:
    return converse(net, at("v.s"), packet, world(*true))


def test_the_reply_to_what_a_site_relayed_comes_back_by_the_site() -> None:
    conversation = talk(tunnelled(), OUT, RELAYS)

    assert conversation.established
    assert conversation.reply is not None
    assert conversation.reply.steps[0].where == "o"


def test_no_site_is_asked_whether_it_is_stateful() -> None:
    facts = {RELAYS: True, "U-DOA(v.s)": True}

    assert converse(tunnelled(), at("v.s"), OUT, World(facts, partial=True)).established


def test_a_site_relays_by_another_connection_that_is_told_of_the_destination() -> None:
    other = (
        vnet("w", "10.2.0.0/16", subnet("s", "10.2.0.0/24"), subnet("GatewaySubnet", "10.2.255.0/27")),
        vpn("h", "w"),
        Connection("d", "h", site="o"),
    )
    packet = flow("10.1.0.4", "10.2.0.4")

    assert ends(tunnelled(*other), "v.s", packet) == "R-GW-24"
    assert ends(tunnelled(*other), "v.s", packet, RELAYS) == "w.s"
    assert trace(tunnelled(*other), at("v.s"), packet, world(RELAYS)).met == ("g", "o", "h")


def test_of_two_other_connections_the_world_chooses() -> None:
    other = (
        vnet("w", "10.2.0.0/16", subnet("s", "10.2.0.0/24"), subnet("GatewaySubnet", "10.2.255.0/27")),
        vpn("h", "w"),
        expressroute("e", "w"),
        Connection("d", "h", site="o"),
        Connection("f", "e", site="o"),
    )
    packet = flow("10.1.0.4", "10.2.0.4")

    assert trace(tunnelled(*other), at("v.s"), packet, world(RELAYS)).met == ("g", "o", "e")
    assert trace(tunnelled(*other), at("v.s"), packet, world(RELAYS, "U-SITE(o, d)")).met == ("g", "o", "h")


def test_a_partial_world_is_asked_whether_the_site_relays_alone() -> None:
    with pytest.raises(Undetermined, match="U-RELAYS"):
        trace(tunnelled(), at("v.s"), OUT, World(partial=True))
    assert converse(tunnelled(), at("v.s"), OUT, World({RELAYS: True}, partial=True)).established


def test_two_sites_that_relay_to_each_other_s_gateways_loop() -> None:
    def hub(letter: str, number: int) -> tuple[Element, ...]:
        return (
            vnet(
                letter,
                f"10.{number}.0.0/16",
                subnet("s", f"10.{number}.0.0/24"),
                subnet("GatewaySubnet", f"10.{number}.255.0/27"),
            ),
            vpn(f"g{letter}", letter),
        )

    net = network(
        *hub("v", 1),
        *hub("w", 2),
        site("o", "192.168.0.0/24"),
        site("p", "192.168.1.0/24"),
        *(
            Connection(f"{g}-{s}", g, site=s, bgp=True, prefixes=prefixes("8.0.0.0/8"))
            for g in ("gv", "gw")
            for s in ("o", "p")
        ),
    )

    assert ends(net, "v.s", OUT, RELAYS, "U-RELAYS(p)") == "R-TRAF-3"


def test_a_site_that_relays_to_a_declared_public_address_is_seen_by_an_address_of_its_own() -> None:
    web = nic("web-nic", "v.t", "10.1.1.9", nsg="n", public_address=public("pip", "20.0.0.9", Sku.BASIC))
    only_from_one = nsg("n", rule(100, "allow", "inbound", source="1.0.0.0/8"), rule(200, "deny", "inbound"))
    net, packet = tunnelled(machine("web", web), only_from_one), flow("10.1.0.4", "20.0.0.9")

    def by(address: str, **facts: bool) -> str:
        egress = {"site egress of o": parse_address(address)}
        outcome = trace(net, at("v.s"), packet, World({RELAYS: True, **facts}, egress)).outcome
        return outcome.place.name if isinstance(outcome, Delivered) else getattr(outcome, "rule", "")

    assert by("1.2.3.4") == "v.t"
    assert by("2.2.3.4") == "F-NSG-4"
    assert by("1.2.3.4", **{"U-HAIRPUB": False}) == "F-NSG-4"
    assert by("1.2.3.4", **{"U-R-TRAF-10": False}) == "R-TRAF-10"


@pytest.mark.parametrize(("declared", "expected"), [(None, True), (True, True), (False, False)])
def test_a_circuit_joins_no_gateway_that_declares_it_refuses(declared: bool | None, expected: bool) -> None:
    net = network(
        vnet("a", "10.1.0.0/16"),
        vnet("b", "10.2.0.0/16"),
        expressroute("ea", "a", allows_remote_vnets=declared),
        expressroute("eb", "b", allows_remote_vnets=True),
        site("o", "192.168.0.0/16"),
        Connection("ca", "ea", site="o", circuit="x"),
        Connection("cb", "eb", site="o", circuit="x"),
    )

    for gateway, prefix in (("ea", "10.2.0.0/16"), ("eb", "10.1.0.0/16")):
        assert (prefix in [str(e.prefix) for e in learned(net, gateway, world("U-R-GW-18"))]) is expected


# -- pools of clients, and declared routes --------------------------------------------------------------


def served(*more: object, of: Site | None = None) -> Network:
    """Return a hub whose VPN gateway serves `branch`, or the site given."""
    return network(
        vnet("hub", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.255.0/24"), subnet("s", "10.0.0.0/24")),
        vpn("g", "hub"),
        site("branch", "192.168.0.0/16") if of is None else of,
        *more,  # type: ignore[arg-type]
    )


POOL = site("users", "172.16.201.0/24", point_to_site=True)
BY_POOL = Connection("pool", "g", site="users")


def test_clients_of_a_pool_reach_hosts_as_a_site_does() -> None:
    net = served(BY_POOL, of=POOL)

    assert converse(net, at("users"), flow("172.16.201.4", "10.0.0.4"), world()).established
    assert converse(net, at("hub.s"), flow("10.0.0.4", "172.16.201.4"), world()).established


def test_two_clients_of_a_pool_reach_each_other_where_a_fact_says_so() -> None:
    net, packet = served(BY_POOL, of=POOL), flow("172.16.201.4", "172.16.201.5")

    assert converse(net, at("users"), packet, world()).why == (
        "the first packet is dropped: g carries nothing from one client of users to another (R-GW-25)"
    )
    both = converse(net, at("users"), packet, world("U-R-GW-25(g)"))
    assert both.established
    assert both.forward.met == ("g",)


def test_the_fact_is_of_the_gateway_that_the_pool_chooses() -> None:
    net = served(BY_POOL, Connection("other", "h", site="users"), vpn("h", "hub"), of=POOL)
    packet = flow("172.16.201.4", "172.16.201.5")

    assert trace(net, at("users"), packet, world("U-R-GW-25(h)")).met == ("h",)
    assert trace(net, at("users"), packet, world("U-R-GW-25(g)", "U-SITE(users, pool)")).met == ("g",)


def test_no_other_site_sends_to_itself() -> None:
    net = served(Connection("c", "g", site="branch"))

    lost = trace(net, at("branch"), flow("192.168.0.4", "192.168.0.5"), world("U-R-GW-25(g)")).outcome

    assert isinstance(lost, Dropped)
    assert lost.rule == "R-GW-24"


def test_clients_of_a_pool_pass_nothing_on() -> None:
    net = served(replace(BY_POOL, prefixes=prefixes("172.16.0.0/16")), of=POOL)

    lost = trace(net, at("hub.s"), flow("10.0.0.4", "172.16.9.9"), world("U-RELAYS(users)")).outcome

    assert isinstance(lost, Dropped)
    assert lost.rule == "R-GW-2"


def declared(*, bgp: bool, routes: str) -> Network:
    branch = site("branch", "192.168.0.0/16", routes=prefixes(routes))
    return served(Connection("c", "g", site="branch", bgp=bgp), of=branch)


def test_what_a_site_does_not_route_to_azure_does_not_get_there() -> None:
    net = declared(bgp=False, routes="10.5.0.0/16")

    assert not converse(net, at("branch"), flow("192.168.0.4", "10.0.0.4"), world()).established
    assert not converse(net, at("hub.s"), flow("10.0.0.4", "192.168.0.4"), world("U-R-GW-22")).established


def test_what_it_routes_to_azure_does() -> None:
    net = declared(bgp=False, routes="10.0.0.0/24")

    assert converse(net, at("branch"), flow("192.168.0.4", "10.0.0.4"), world()).established


def test_a_site_that_speaks_bgp_has_what_it_is_told_as_well() -> None:
    net = declared(bgp=True, routes="10.5.0.0/16")

    assert converse(net, at("branch"), flow("192.168.0.4", "10.0.0.4"), world()).established


def test_declared_routes_lead_to_the_gateway_whatever_it_announces() -> None:
    net = declared(bgp=False, routes="0.0.0.0/0")

    left = trace(net, at("branch"), flow("192.168.0.4", "10.9.0.4"), world())

    assert left.met == ("g",)


def test_a_site_behind_an_appliance_sends_it_what_its_routes_cover() -> None:
    net = network(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"), subnet("n", "10.0.9.0/24")),
        router("fw", "v.n", "10.0.9.4"),
        site("branch", "192.168.0.0/16", behind="fw", routes=prefixes("10.0.0.0/25")),
    )

    assert ends(net, "branch", flow("192.168.0.4", "10.0.0.4")) == "v.s"
    assert ends(net, "branch", flow("192.168.0.4", "10.0.0.204")) == "R-GW-24"


def test_a_packet_that_a_site_has_sent_on_before_ends_there() -> None:
    """The gateway learns by each connection what the site has of the other, and the site has neither."""
    net = network(
        vnet("v", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), subnet("GatewaySubnet", "10.1.255.0/27")),
        vpn("g", "v"),
        site("o", "192.168.0.0/16"),
        Connection("c", "g", site="o", bgp=True, prefixes=prefixes("172.20.0.0/16")),
        Connection("d", "g", site="o", bgp=True, prefixes=prefixes("172.20.0.0/15")),
    )

    ended = trace(net, at("v.s"), flow("10.1.0.4", "172.20.0.4"), world(RELAYS)).outcome

    assert ended == Dropped("the packet was here before: a loop", "R-TRAF-3", "o")


def test_what_a_site_around_the_network_is_told_nothing_of_stays_there() -> None:
    net = network(
        vnet("v", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), subnet("GatewaySubnet", "10.1.255.0/27")),
        vpn("g", "v"),
        site("o", "10.0.0.0/8"),
        Connection("c", "g", site="o", bgp=True),
    )

    stays = trace(net, at("o"), flow("10.77.0.4", "10.78.0.4"), World()).outcome
    elsewhere = trace(net, at("o"), flow("10.77.0.4", "172.20.0.4"), World()).outcome

    assert stays == Dropped("10.78.0.4 is at o itself", "R-GW-24", "o")
    assert elsewhere == Dropped("no gateway tells o of the destination", "R-GW-8", "o")
