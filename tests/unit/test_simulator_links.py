"""Private link services: from a private endpoint to a member of a pool in another network, and the reply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    at,
    balancer,
    balancing,
    endpoint,
    flow,
    frontend,
    link_service,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    route,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from vnetverify.facts import World
from vnetverify.header import ALL_ADDRESSES, ALL_PORTS, ICMP, TCP, UDP, Flow, parse_address
from vnetverify.model.balancers import LoadBalancer, Probe, Sku
from vnetverify.model.endpoints import endpoint_set
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Network, Service
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction, ServiceTag
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.filters import judge
from vnetverify.simulator.walk import Conversation, Delivered, Dropped, Trace, converse, trace
from vnetverify.source import NOWHERE

FRONT = frontend("front", "prov.db", "10.0.2.100")
SQL = balancing("sql", "front", TCP, 1433, "db1 db2", backend_port=14330)
ORDERS = balancer("orders", (FRONT,), SQL)
OFFER = link_service("offer", "orders.front", "prov.pls", "10.0.3.4")
TO_OFFER = endpoint("to-offer", "cons.pe", "10.0.5.5", service="offer")
CALL = flow("10.0.4.4", "10.0.5.5", 1433)
FIRST = "U-BACKEND(orders/front, db1)"


def offered(
    *more: object,
    orders: LoadBalancer = ORDERS,
    client_end: PrivateEndpoint = TO_OFFER,
    offer: object = OFFER,
    group: str | None = None,
    routes: str | None = None,
) -> Network:
    """Return a client in `cons.web`, an endpoint in `cons.pe`, and two databases in `prov.db`: networks not peered.

    Their address spaces are one and the same.
    """
    return network(
        vnet("cons", "10.0.0.0/16", subnet("web", "10.0.4.0/24"), subnet("pe", "10.0.5.0/24")),
        vnet(
            "prov",
            "10.0.0.0/16",
            subnet("db", "10.0.2.0/24", nsg=group, route_table=routes),
            subnet("pls", "10.0.3.0/24"),
        ),
        machine("one", nic("db1", "prov.db", "10.0.2.4")),
        machine("two", nic("db2", "prov.db", "10.0.2.5")),
        orders,
        offer,
        client_end,
        *more,  # type: ignore[arg-type]
    )


def way(net: Network, packet: Flow = CALL, in_world: World | None = None) -> Trace:
    return trace(net, at("cons.web"), packet, in_world or world())


def both(net: Network, packet: Flow = CALL, in_world: World | None = None) -> Conversation:
    return converse(net, at("cons.web"), packet, in_world or world())


def end(trace_: Trace) -> str | None:
    """Return the interface that got the packet, or the rule that dropped it."""
    if isinstance(trace_.outcome, Delivered):
        return trace_.outcome.nic
    assert isinstance(trace_.outcome, Dropped)
    return trace_.outcome.rule


# -- there ----------------------------------------------------------------------------------------------


def test_what_comes_to_the_endpoint_goes_on_to_a_member_without_peering_or_route() -> None:
    got = way(offered(), in_world=world(FIRST)).outcome

    asked_for = (Place("subnet", "cons.pe"), parse_address("10.0.5.5"))
    host, passed = (parse_address(address) for address in ("10.0.2.4", "10.0.2.100"))
    there = Place("subnet", "prov.db")
    assert got == Delivered(there, host, "db1", asked_for, "to-offer", passed=(there, passed))
    assert end(way(offered())) == "db2"


def test_an_endpoint_whose_service_is_not_declared_ends_the_flow() -> None:
    got = way(offered(client_end=replace(TO_OFFER, link_service="elsewhere"))).outcome

    assert got == Delivered(Place("subnet", "cons.pe"), parse_address("10.0.5.5"))


def test_an_endpoint_that_is_not_approved_drops() -> None:
    assert end(way(offered(client_end=replace(TO_OFFER, is_approved=False)))) == "F-PE-5"


def test_only_tcp_and_udp_with_a_rule_at_the_frontend_go_on() -> None:
    assert end(way(offered(), flow("10.0.4.4", "10.0.5.5", protocol=ICMP))) == "F-PE-10"
    assert end(way(offered(), flow("10.0.4.4", "10.0.5.5", 443))) == "F-LB-2"
    assert end(way(offered(), flow("10.0.4.4", "10.0.5.5", 1433, protocol=UDP))) == "F-LB-2"


@pytest.mark.parametrize(
    ("sku", "in_world", "got"),
    [
        (Sku.BASIC, world(), "F-PE-10"),
        (None, world("U-SKU(load balancer orders)"), "F-PE-10"),
        (None, world(), "db2"),
    ],
)
def test_the_load_balancer_has_to_be_standard(sku: Sku | None, in_world: World, got: str) -> None:
    assert end(way(offered(orders=replace(ORDERS, sku=sku)), in_world=in_world)) == got


def test_members_are_probed_as_ever() -> None:
    probed = replace(ORDERS, rules=(replace(SQL, probe=Probe(14330)),))
    half_shut = nsg(
        "n", rule(100, "deny", "inbound", source=ServiceTag("AzureLoadBalancer"), destination="10.0.2.5/32")
    )

    assert end(way(offered(half_shut, orders=probed, group="n"))) == "db1"


def test_the_member_sees_an_address_of_the_service_and_the_port_of_its_rule() -> None:
    from_client = rule(100, "deny", "inbound", source="10.0.4.4/32")
    from_service = rule(100, "deny", "inbound", source="10.0.3.4/32")
    at_backend = rule(100, "deny", "inbound", destination="10.0.2.5/32", ports=port(14330))

    assert end(way(offered(nsg("n", from_client), group="n"))) == "db2"
    assert end(way(offered(nsg("n", from_service), group="n"))) == "F-NSG-4"
    assert end(way(offered(nsg("n", at_backend), group="n"))) == "F-NSG-4"


def test_the_default_rules_admit_it_since_the_service_is_of_the_virtual_network() -> None:
    net = offered(nsg("n"), group="n")

    assert both(net).established
    assert not judge(net, "prov.db", "db2", Direction.INBOUND, flow("172.16.0.4", "10.0.2.5"), world()).allowed


def test_of_several_addresses_of_the_service_the_world_chooses() -> None:
    several = replace(OFFER, addresses=(*OFFER.addresses, parse_address("10.0.3.5")))
    net = offered(
        nsg(
            "n", rule(100, "deny", "inbound", source="10.0.3.5/32"), rule(110, "deny", "inbound", source="10.0.2.9/32")
        ),
        offer=several,
        group="n",
    )

    assert end(way(net)) == "db2"
    assert end(way(net, in_world=World(addresses={"link address of offer": parse_address("10.0.3.5")}))) == "F-NSG-4"
    assert end(way(net, in_world=World(addresses={"link address of offer": parse_address("10.0.2.9")}))) == "db2"


@pytest.mark.parametrize(("fact", "got"), [(True, "db2"), (False, "F-NSG-4")])
def test_with_floating_ip_the_member_may_see_the_frontend(fact: bool, got: str) -> None:
    floating = replace(ORDERS, rules=(replace(SQL, floating_ip=True),))
    shut = nsg("n", rule(100, "deny", "inbound", destination="10.0.2.5/32"))
    in_world = world() if fact else world(false=["U-FLOAT(orders/sql)"])

    assert end(way(offered(shut, orders=floating, group="n"), in_world=in_world)) == got


def test_the_story_names_service_frontend_rule_and_member() -> None:
    told = [step.what for step in way(offered()).steps]

    assert told[-3:] == [
        "private link service offer takes it to frontend orders/front, as from 10.0.3.4",
        "rule sql of orders gives it to two, as 10.0.2.5 port 14330",
        "no network security group, so nothing is denied",
    ]


# -- and back -------------------------------------------------------------------------------------------


def test_the_reply_comes_back_by_the_endpoint() -> None:
    conversation = both(offered())

    assert conversation.established
    assert conversation.reply is not None
    assert "private endpoint to-offer answers 10.0.4.4 in cons, past all route tables" in [
        step.what for step in conversation.reply.steps
    ]


def test_outbound_rules_of_the_member_do_not_judge_the_reply() -> None:
    assert both(offered(nsg("n", rule(100, "deny", "outbound")), group="n")).established


@pytest.mark.parametrize(("prefix", "hop"), [("10.0.3.0/24", "none"), ("10.0.0.0/16", "10.0.2.9")])
def test_a_route_of_the_member_that_leads_elsewhere_loses_the_reply(prefix: str, hop: str) -> None:
    assert not both(offered(table("t", route(prefix, hop)), routes="t")).established


def test_a_route_for_the_client_s_address_does_not_matter_to_the_reply() -> None:
    assert both(offered(table("t", route("10.0.4.0/24", "none")), routes="t")).established


def test_a_service_in_a_peered_network_is_answered_over_the_peering() -> None:
    def of(*halves: object) -> Network:
        third = vnet("third", "10.3.0.0/16", subnet("pls", "10.3.0.0/24"))
        return offered(third, *halves, offer=link_service("offer", "orders.front", "third.pls", "10.3.0.4"))

    assert both(of(peered("prov", "third"))).established
    assert not both(of()).established
    assert not both(of(peered("prov", "third", allow_virtual_network_access=False)), in_world=world(*AVNA)).established


AVNA = ("U-AVNA(prov -> third)", "U-AVNA(third -> prov)")


# -- claims ---------------------------------------------------------------------------------------------


def claimed(verb: Verb, right: Place) -> Claim:
    from_, to = endpoint_set([(at("cons.web"), ALL_ADDRESSES)]), endpoint_set([(right, ALL_ADDRESSES)])
    return Claim(verb, ((from_, to),), Service("any", ((None, ALL_PORTS),)), "asked", NOWHERE)


@pytest.mark.parametrize("place", ["prov.db", "cons.pe"])
def test_it_is_delivered_to_the_member_and_to_the_endpoint(place: str) -> None:
    assert violates(offered(), claimed(Verb.NEVER_REACHES, at(place)), at("cons.web"), CALL, world()) is not None


def test_the_endpoint_is_reached_by_its_address() -> None:
    assert violates(offered(), claimed(Verb.REACHES, at("cons.pe")), at("cons.web"), CALL, world()) is None


@pytest.mark.parametrize(("region", "is_slow"), [("westus", True), ("eastus", False)])
def test_latency_counts_the_way_to_another_region(region: str, is_slow: bool) -> None:
    net = offered()
    vnets = {name: replace(each, region=region if name == "prov" else "eastus") for name, each in net.vnets.items()}
    claim = claimed(Verb.LOCAL_LATENCY, at("cons.pe"))

    assert in_question(net, claim, at("cons.web"), CALL, world())
    assert (violates(replace(net, vnets=vnets), claim, at("cons.web"), CALL, world()) is not None) is is_slow
