"""By which method packets leave for the Internet, and claims about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    at,
    balancer,
    balancing,
    flow,
    machine,
    nat_rule,
    network,
    nic,
    nsg,
    outbound,
    public,
    public_frontend,
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
from vnetverify.facts import World
from vnetverify.header import ALL_PORTS, ICMP, TCP, UDP, Flow, parse_address, parse_prefix
from vnetverify.model.balancers import LoadBalancer, Sku
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, Endpoints, endpoint_set
from vnetverify.model.intents import INTERNET, Claim, EgressKind, ExpectedEgress, Verb
from vnetverify.model.network import Connection, Network, Service
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.examples import example_of
from vnetverify.simulator.walk import Dropped, LeftToInternet, trace
from vnetverify.source import NOWHERE

OUT = flow("10.0.1.4", "8.8.8.8")
FRONT = public_frontend("front", "198.51.100.7")
WEB = balancing("web", "front", TCP, 443, "web")
SHOP = balancer("shop", (FRONT,), WEB)
NAT_ALONE = balancer("shop", (FRONT,), nat_rule("ssh", "front", 50001, "web", 22))
OUTBOUND = balancer("shop", (FRONT,), replace(WEB, gives_egress=False), outbound("all", "front", "web"))
PUBLIC = public("pip", "203.0.113.50")


def net(*more: object, public_address: object = None, **of_subnet: object) -> Network:
    """Return a server in `v.web` with the interface `web`."""
    web = nic("web", "v.web", "10.0.1.4", public_address=public_address)
    return network(
        vnet("v", "10.0.0.0/16", subnet("web", "10.0.1.0/24", **of_subnet), subnet("fw", "10.0.9.0/24")),
        machine("server", web),
        *more,  # type: ignore[arg-type]
    )


def left(network_: Network, packet: Flow = OUT, in_world: World | None = None) -> tuple[str, tuple[str, ...]] | str:
    """Return the kind and the names of what the packet left by, or the rule that dropped it."""
    outcome = trace(network_, at("v.web"), packet, in_world or world()).outcome
    if isinstance(outcome, Dropped):
        return outcome.rule
    assert isinstance(outcome, LeftToInternet)
    assert outcome.egress is not None
    return outcome.egress.kind.value, outcome.egress.names


# -- the method -----------------------------------------------------------------------------------------


def test_a_nat_gateway_comes_before_a_public_address_and_that_before_a_load_balancer() -> None:
    assert left(net(SHOP, public_address=PUBLIC, nat_gateway="nat")) == ("nat-gateway", ("nat",))
    assert left(net(SHOP, public_address=PUBLIC)) == ("public-ip", ("pip",))
    assert left(net(SHOP, default_outbound=True)) == ("load-balancer", ("shop",))
    assert left(net(default_outbound=True)) == ("default", ())


def test_a_nat_gateway_carries_tcp_and_udp_alone() -> None:
    ping = flow("10.0.1.4", "8.8.8.8", protocol=ICMP)

    assert left(net(nat_gateway="nat", default_outbound=True), ping) == "R-TRAF-5"
    behind = net(nat_gateway="nat", public_address=PUBLIC)
    assert left(behind, ping) == "R-TRAF-5"
    assert left(behind, ping, world("U-NATPROTO")) == ("public-ip", ("pip",))


def test_a_rule_that_gives_no_egress_is_no_way_out_nor_is_a_nat_rule() -> None:
    silent = balancer("shop", (FRONT,), replace(WEB, gives_egress=False))

    assert left(net(silent, default_outbound=True)) == "R-TRAF-5"
    assert left(net(NAT_ALONE)) == "R-TRAF-5"


def test_a_rule_at_a_public_frontend_carries_udp_as_well_and_no_icmp() -> None:
    assert left(net(SHOP), flow("10.0.1.4", "8.8.8.8", 53, protocol=UDP)) == ("load-balancer", ("shop",))
    assert left(net(SHOP), flow("10.0.1.4", "8.8.8.8", protocol=ICMP)) == "R-TRAF-5"


def test_an_outbound_rule_is_for_its_protocol_and_members() -> None:
    tcp_alone = balancer("shop", (FRONT,), outbound("all", "front", "web", TCP))

    assert left(net(OUTBOUND)) == ("load-balancer", ("shop",))
    assert left(net(tcp_alone), flow("10.0.1.4", "8.8.8.8", 53, protocol=UDP)) == "R-TRAF-5"
    assert left(net(tcp_alone), flow("10.0.1.5", "8.8.8.8")) == "R-TRAF-5"


def test_a_frontend_of_ipv6_gives_no_egress_to_ipv4() -> None:
    six = public_frontend("front", "2001:db8::7")

    assert left(net(balancer("shop", (six,), WEB, outbound("all", "front", "web")))) == "R-TRAF-5"


@pytest.mark.parametrize(
    ("shop", "in_world", "wanted"),
    [
        (NAT_ALONE, world(), "R-TRAF-5"),
        (NAT_ALONE, world("U-DOA(v.web)"), ("default", ())),
        (replace(NAT_ALONE, sku=Sku.BASIC), world(), ("default", ())),
        (replace(NAT_ALONE, sku=None), world("U-SKU(load balancer shop)"), ("default", ())),
        (balancer("shop", (FRONT,), outbound("all", "front", "web", UDP)), world("U-DOA(v.web)"), "R-TRAF-5"),
    ],
)
def test_the_implicit_address_of_a_member(shop: LoadBalancer, in_world: World, wanted: object) -> None:
    assert left(net(shop, default_outbound=True), in_world=in_world) == wanted


def test_with_a_nat_gateway_others_see_the_world_s_address_of_the_sender_not_its_public_one() -> None:
    def got(public_of_sender: str, **of_subnet: object) -> bool:
        shown = nsg("n", rule(100, "allow", "inbound", source=f"{public_of_sender}/32"), rule(200, "deny", "inbound"))
        target = machine("t", nic("t", "v.fw", "10.0.9.4", public_address=public("there", "203.0.113.99"), nsg="n"))
        outside = World(addresses={"egress of web": parse_address("198.51.100.77")})
        built = net(shown, target, public_address=PUBLIC, **of_subnet)
        outcome = trace(built, at("v.web"), flow("10.0.1.4", "203.0.113.99"), outside).outcome
        return not isinstance(outcome, Dropped)

    assert got("203.0.113.50")
    assert got("198.51.100.77", nat_gateway="nat")
    assert not got("203.0.113.50", nat_gateway="nat")


def test_the_story_says_by_which_method_a_packet_leaves() -> None:
    def last(built: Network) -> tuple[str, str]:
        step = trace(built, at("v.web"), OUT, world()).steps[-1]
        return step.what, step.rule

    assert last(net(nat_gateway="nat")) == ("leaves to the Internet by NAT gateway nat", "F-OUT-2")
    assert last(net(SHOP)) == ("leaves to the Internet by load balancer shop", "F-OUT-2")


def test_the_story_says_why_a_packet_does_not_leave() -> None:
    ping = flow("10.0.1.4", "8.8.8.8", protocol=ICMP)
    silent = balancer("shop", (FRONT,), replace(WEB, gives_egress=False))

    def last(built: Network, packet: Flow) -> str:
        return trace(built, at("v.web"), packet, world()).steps[-1].what

    nowhere = "v.web has no way out to the Internet"
    assert last(net(), OUT) == nowhere
    assert last(net(nat_gateway="nat"), ping) == f"{nowhere}: NAT gateway nat carries TCP and UDP alone"
    assert last(net(silent), OUT) == f"{nowhere}: members of Standard load balancers have no default address there"


# -- claims ---------------------------------------------------------------------------------------------


def claimed(network_: Network, kind: EgressKind, name: str | None = None) -> Claim:
    web = Endpoints(network_).of_subnet(network_.subnet("v.web"))
    internet = endpoint_set([(INTERNET, PUBLIC_ADDRESSES)])
    service = Service("any", ((None, ALL_PORTS),))
    return Claim(Verb.EGRESS, ((web, internet),), service, "asked", NOWHERE, expected_egress=ExpectedEgress(kind, name))


def wrong(network_: Network, expected: Iterable[tuple[EgressKind, str | None]], **more: object) -> list[str]:
    """Return what is said of those expectations that the flow out violates."""
    in_world = more.get("in_world", world())
    assert isinstance(in_world, World)
    claims = [claimed(network_, kind, name) for kind, name in expected]
    assert all(in_question(network_, claim, at("v.web"), OUT, in_world) for claim in claims)
    found = [violates(network_, claim, at("v.web"), OUT, in_world) for claim in claims]
    return [violation.why for violation in found if violation is not None]


def test_egress_is_by_what_is_named_or_by_any_of_the_kind() -> None:
    built = net(nat_gateway="nat")

    assert wrong(built, [(EgressKind.NAT_GATEWAY, "nat"), (EgressKind.NAT_GATEWAY, None)]) == []
    assert (
        wrong(built, [(EgressKind.NAT_GATEWAY, "other"), (EgressKind.PUBLIC_IP, None), (EgressKind.NONE, None)])
        == ["it leaves to the Internet by NAT gateway nat"] * 3
    )


def test_of_several_load_balancers_that_serve_a_member_each_counts() -> None:
    other = balancer("other", (public_frontend("front", "198.51.100.8"),), WEB)

    assert wrong(net(SHOP, other), [(EgressKind.LOAD_BALANCER, "shop"), (EgressKind.LOAD_BALANCER, "other")]) == []


def test_what_does_not_leave_has_no_egress() -> None:
    assert wrong(net(), [(EgressKind.NONE, None)]) == []
    assert wrong(net(), [(EgressKind.DEFAULT, None)]) == ["it does not leave to the Internet"]


def test_security_groups_do_not_count() -> None:
    built = net(nsg("shut", rule(100, "deny", "outbound")), nsg="shut", nat_gateway="nat")

    assert wrong(built, [(EgressKind.NAT_GATEWAY, "nat")]) == []


def test_egress_by_an_appliance_is_by_the_machine_whatever_its_method() -> None:
    steered = net(
        router("fw", "v.fw", "10.0.9.4", translates_source=True),
        table("t", route("0.0.0.0/0", "10.0.9.4")),
        route_table="t",
    )
    in_world = world("U-DOA(v.fw)")

    assert wrong(steered, [(EgressKind.APPLIANCE, "fw"), (EgressKind.APPLIANCE, None)], in_world=in_world) == []
    assert wrong(steered, [(EgressKind.DEFAULT, None)], in_world=in_world) == [
        "it leaves to the Internet by appliance fw"
    ]


def test_egress_by_a_site_is_by_its_name() -> None:
    forced = network(
        vnet("v", "10.0.0.0/16", subnet("web", "10.0.1.0/24")),
        vnet("hub", "10.1.0.0/16", subnet("GatewaySubnet", "10.1.0.0/24")),
        transit("v", "hub"),
        vpn("gw", "hub"),
        site("hq", "192.168.0.0/16"),
        Connection("c", "gw", "hq", bgp=True, prefixes=()),
        site("dc", "172.16.0.0/16"),
        Connection("d", "gw", "dc", default_site=True),
        table("t", route("0.0.0.0/0", "gateway")),
    )
    forced = replace(
        forced,
        vnets={
            name: replace(
                each, subnets=tuple(replace(s, route_table="t" if s.name == "web" else None) for s in each.subnets)
            )
            for name, each in forced.vnets.items()
        },
    )
    in_world = world("U-RELAYS(dc)")

    assert wrong(forced, [(EgressKind.SITE, "dc"), (EgressKind.SITE, None)], in_world=in_world) == []
    assert wrong(forced, [(EgressKind.SITE, "hq")], in_world=in_world) == ["it leaves to the Internet by site dc"]


def test_a_service_endpoint_is_no_egress() -> None:
    built = net(service_endpoints=("Microsoft.Storage",), nat_gateway="nat")
    built = replace(built, service_tags={"Storage": (parse_prefix("8.8.8.0/24"),)})

    assert wrong(built, [(EgressKind.NONE, None)]) == []
    assert wrong(built, [(EgressKind.NAT_GATEWAY, None)]) == ["it leaves by a service endpoint, to the service alone"]


def test_what_is_not_so_has_no_example() -> None:
    built = net(nat_gateway="nat")

    assert example_of(built, claimed(built, EgressKind.NONE), world()) is None


def test_a_proof_about_egress_has_an_example() -> None:
    built = net(nat_gateway="nat")
    found = example_of(built, claimed(built, EgressKind.NAT_GATEWAY, "nat"), world())

    assert found is not None
    assert isinstance(found[2].outcome, LeftToInternet)
