"""Frontends of internal load balancers: who gets a packet, what filters see, and a frontend as the next hop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    at,
    balancer,
    balancing,
    flow,
    frontend,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    route,
    router,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from vnetverify.facts import World
from vnetverify.header import ALL_ADDRESSES, ALL_PORTS, ICMP, TCP, UDP, Flow, Interval, IntervalSet, parse_address
from vnetverify.model.balancers import LoadBalancer, Sku
from vnetverify.model.endpoints import endpoint_set
from vnetverify.model.intents import (
    Claim,
    ExpectedHop,
    FailureKind,
    Failures,
    HopKind,
    Place,
    Verb,
)
from vnetverify.model.network import Network, Service
from vnetverify.model.security import Nsg, ServiceTag
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.failures import elements_of
from vnetverify.simulator.walk import Delivered, Dropped, Trace, converse, trace
from vnetverify.source import NOWHERE

FRONT = frontend("frontend", "v.db", "10.0.2.100")
SQL = balancing("sql", "frontend", TCP, 1433, "db1 db2", backend_port=14330, probe=1433)
TO_FRONT = flow("10.0.1.4", "10.0.2.100", 1433)
DB1, DB2 = "U-BACKEND(orders/frontend, db1)", "U-BACKEND(orders/frontend, db2)"


def pool(*more: object, orders: LoadBalancer | None = None, web: str | None = None, db: str | None = None) -> Network:
    """Return clients in `v.web` and two databases in `v.db` behind the frontend 10.0.2.100."""
    return network(
        vnet(
            "v",
            "10.0.0.0/16 fd00::/32",
            subnet("web", "10.0.1.0/24 fd00:0:0:1::/64", nsg=web),
            subnet("db", "10.0.2.0/24 fd00:0:0:2::/64", nsg=db),
        ),
        machine("one", nic("db1", "v.db", "10.0.2.4 fd00:0:0:2::4")),
        machine("two", nic("db2", "v.db", "10.0.2.5")),
        balancer("orders", (FRONT,), SQL) if orders is None else orders,
        *more,  # type: ignore[arg-type]
    )


def way(net: Network, origin: str = "v.web", packet: Flow = TO_FRONT, in_world: World | None = None) -> Trace:
    return trace(net, at(origin), packet, in_world or world())


def end(trace_: Trace) -> str | None:
    """Return the interface that got the packet, or the rule that dropped it."""
    if isinstance(trace_.outcome, Delivered):
        return trace_.outcome.nic
    assert isinstance(trace_.outcome, Dropped)
    return trace_.outcome.rule


# -- members --------------------------------------------------------------------------------------------


def test_a_member_gets_what_is_sent_to_the_frontend() -> None:
    got = way(pool(), in_world=world(DB1)).outcome

    frontend_itself = (Place("subnet", "v.db"), parse_address("10.0.2.100"))
    assert got == Delivered(Place("subnet", "v.db"), parse_address("10.0.2.4"), "db1", frontend_itself)


def test_the_last_member_gets_what_no_other_gets() -> None:
    assert end(way(pool())) == "db2"


def test_the_fact_about_the_last_member_is_not_asked() -> None:
    assert DB2 not in {str(fact) for fact, _ in way(pool()).asked}


def test_a_port_without_a_rule_is_dropped() -> None:
    assert end(way(pool(), packet=flow("10.0.1.4", "10.0.2.100", 443))) == "F-LB-2"
    assert end(way(pool(), packet=flow("10.0.1.4", "10.0.2.100", 1433, protocol=UDP))) == "F-LB-2"


def test_ha_ports_take_every_port_of_tcp_and_udp_and_nothing_else() -> None:
    net = pool(orders=balancer("orders", (FRONT,), balancing("ha", "frontend", None, None, "db1")))

    assert end(way(net, packet=flow("10.0.1.4", "10.0.2.100", 5))) == "db1"
    assert end(way(net, packet=flow("10.0.1.4", "10.0.2.100", 5, protocol=UDP))) == "db1"
    assert end(way(net, packet=flow("10.0.1.4", "10.0.2.100", protocol=50))) == "F-LB-2"


def test_ping_comes_to_a_member_of_the_first_rule_where_a_fact_says_so() -> None:
    ping = flow("10.0.1.4", "10.0.2.100", protocol=ICMP)

    assert end(way(pool(), packet=ping)) == "F-LB-9"
    passed_on = way(pool(), packet=ping, in_world=world("U-LBICMP(orders/frontend)"))
    assert end(passed_on) == "db2"
    assert isinstance(passed_on.outcome, Delivered)
    assert passed_on.outcome.port == ping.destination_port


def test_a_frontend_that_answers_by_itself_says_so() -> None:
    ping = flow("10.0.1.4", "10.0.2.100", protocol=ICMP)
    got = way(pool(), packet=ping, in_world=world("U-LBICMP(orders/frontend)", "U-LBECHO(orders/frontend)"))

    assert end(got) is None
    assert ("frontend orders/frontend answers by itself, whatever its members let in", "F-LB-9") in [
        (step.what, step.rule) for step in got.steps
    ]


def test_the_first_rule_for_the_packet_decides() -> None:
    rules = (balancing("a", "frontend", TCP, 1433, "db1"), balancing("b", "frontend", TCP, 1433, "db2"))

    assert end(way(pool(orders=balancer("orders", (FRONT,), *rules)))) == "db1"


def test_rules_of_another_frontend_do_not_count() -> None:
    other = frontend("other", "v.db", "10.0.2.101")
    rules = (balancing("a", "other", TCP, 1433, "db1"), balancing("b", "frontend", TCP, 1433, "db2"))

    assert end(way(pool(orders=balancer("orders", (other, FRONT), *rules)))) == "db2"


def test_a_member_of_the_other_family_alone_gets_nothing() -> None:
    six = frontend("six", "v.db", "fd00:0:0:2::100")
    net = pool(orders=balancer("orders", (six,), balancing("sql", "six", TCP, 1433, "db1 db2")))

    assert end(way(net, packet=flow("fd00:0:0:1::4", "fd00:0:0:2::100", 1433))) == "db1"


# -- probes ---------------------------------------------------------------------------------------------


def closed_to_probes(*more: object, db: str | None = None) -> Network:
    """Return the pool whose first member has a group that stops probes."""
    probes = ServiceTag("AzureLoadBalancer")
    net = pool(nsg("n", rule(100, "deny", "inbound", source=probes)), *more, db=db)
    one = net.machines["one"]
    return replace(net, machines={**net.machines, "one": replace(one, nics=(replace(one.nics[0], nsg="n"),))})


def test_a_member_that_its_probe_does_not_get_to_gets_nothing() -> None:
    around = nsg("m", rule(100, "allow", "inbound"))
    got = way(closed_to_probes(around, db="m"), in_world=world(DB1))

    assert end(got) == "db2"
    assert ("orders", "the probe of port 1433 is stopped at one by rule-100 of n", "F-LB-4") in [
        (step.where, step.what, step.rule) for step in got.steps
    ]


def test_it_gets_flows_all_the_same_where_a_fact_says_so() -> None:
    assert end(way(closed_to_probes(), in_world=world(DB1, "U-PROBE(orders/sql, db1)"))) == "db1"


def test_without_an_eligible_member_the_packet_is_dropped() -> None:
    net = pool(nsg("n", rule(100, "deny", "inbound", source=ServiceTag("AzureLoadBalancer"))), db="n")

    assert end(way(net)) == "F-LB-4"


def test_a_rule_without_a_probe_takes_every_member() -> None:
    net = replace(
        closed_to_probes(),
        load_balancers={"orders": balancer("orders", (FRONT,), replace(SQL, probe=None))},
    )

    assert end(way(net, in_world=world(DB1))) == "db1"


def test_the_story_says_whom_the_load_balancer_gives_it_to() -> None:
    told = [(step.what, step.rule) for step in way(pool(), in_world=world(DB1)).steps]

    assert ("the probe of port 1433 gets to one", "F-LB-4") in told
    assert ("rule sql of orders gives it to one, as 10.0.2.4 port 14330", "F-LB-3") in told


def test_a_member_that_is_down_gets_nothing() -> None:
    net = pool(
        router("fw", "v.db", "10.0.2.9"),
        orders=balancer("orders", (FRONT,), balancing("sql", "frontend", TCP, 1433, "fw-nic db1")),
    )
    failures = Failures(1, frozenset({FailureKind.APPLIANCE}))
    chosen = World({"U-BACKEND(orders/frontend, fw-nic)": True, "U-DOWN(appliance fw)": True})

    assert end(trace(net, at("v.web"), TO_FRONT, chosen, failures)) == "db1"


def test_over_ipv6_no_probe_gets_to_a_member_without_a_security_group() -> None:
    six = frontend("six", "v.db", "fd00:0:0:2::100")
    probed = balancer("orders", (six,), balancing("sql", "six", TCP, 1433, "db1", probe=1433))
    packet = flow("fd00:0:0:1::4", "fd00:0:0:2::100", 1433)

    assert end(way(pool(orders=probed), packet=packet)) == "F-LB-4"
    assert end(way(pool(orders=probed), packet=packet, in_world=world("U-PROBE(orders/sql, db1)"))) == "db1"
    assert end(way(pool(nsg("n"), orders=probed, db="n"), packet=packet)) == "db1"


# -- what filters see -----------------------------------------------------------------------------------


def only_to(address: str, number: int) -> Nsg:
    probes = rule(100, "allow", "inbound", source=ServiceTag("AzureLoadBalancer"))
    wanted = rule(200, "allow", "inbound", destination=address, ports=port(number), protocol=TCP)
    return nsg("n", probes, wanted, rule(300, "deny", "inbound"))


def test_a_members_filters_see_its_own_address_and_port() -> None:
    assert end(way(pool(only_to("10.0.2.4/31", 14330), db="n"))) == "db2"
    assert end(way(pool(only_to("10.0.2.100/32", 1433), db="n"))) == "F-NSG-4"


def floating(filters: Nsg) -> Network:
    return pool(filters, db="n", orders=balancer("orders", (FRONT,), replace(SQL, floating_ip=True, backend_port=1433)))


def test_with_floating_ip_a_fact_says_which_address_they_see() -> None:
    own = world(false=("U-FLOAT(orders/sql)",))

    assert end(way(floating(only_to("10.0.2.100/32", 1433)))) == "db2"
    assert end(way(floating(only_to("10.0.2.100/32", 1433)), in_world=own)) == "F-NSG-4"
    assert end(way(floating(only_to("10.0.2.5/32", 1433)), in_world=own)) == "db2"


def clients_may_reach(address: str, number: int) -> Network:
    filters = nsg(
        "out",
        rule(100, "allow", "outbound", destination=address, ports=port(number)),
        rule(200, "deny", "outbound"),
    )
    return pool(filters, web="out")


def test_a_clients_filters_see_the_frontend() -> None:
    assert end(way(clients_may_reach("10.0.2.100/32", 1433))) == "db2"
    assert end(way(clients_may_reach("10.0.2.4/31", 14330))) == "F-NSG-4"


def test_or_the_member_where_a_fact_says_so() -> None:
    member = world(false=("U-LBOUT",))

    assert end(way(clients_may_reach("10.0.2.100/32", 1433), in_world=member)) == "F-NSG-4"
    assert end(way(clients_may_reach("10.0.2.4/31", 14330), in_world=member)) == "db2"
    assert end(way(clients_may_reach("10.0.2.4/32", 14330), in_world=member)) == "F-NSG-4"
    assert end(way(clients_may_reach("10.0.2.100/32", 99), in_world=member)) == "F-NSG-4"


def test_where_nothing_filters_what_a_client_sends_no_fact_is_asked_about_it() -> None:
    assert "U-LBOUT" not in {str(fact) for fact, _ in way(pool()).asked}
    assert "U-LBOUT" in {str(fact) for fact, _ in way(pool(nsg("out"), web="out")).asked}


# -- delivery -------------------------------------------------------------------------------------------


def test_a_member_that_its_own_frontend_gives_a_flow_back_to_loses_it() -> None:
    itself = flow("10.0.2.4", "10.0.2.100", 1433)

    assert end(way(pool(), "v.db", itself, world(DB1))) == "F-LB-8"
    assert end(way(pool(), "v.db", itself)) == "db2"


def test_the_reply_comes_from_the_member_with_the_frontend_as_its_source() -> None:
    conversation = converse(pool(), at("v.web"), TO_FRONT, world())

    assert conversation.established


def test_a_reply_that_the_record_does_not_know_of_is_judged_by_the_frontends_address() -> None:
    net = pool(
        router("fw", "v.web", "10.0.1.9", policy=(), stateful=False),
        table("t", route("10.0.1.0/24", "10.0.1.9")),
    )
    db = next(s for s in net.vnets["v"].subnets if s.name == "db")
    steered = replace(net.vnets["v"], subnets=(net.vnets["v"].subnets[0], replace(db, route_table="t")))

    conversation = converse(replace(net, vnets={"v": steered}), at("v.web"), TO_FRONT, world())

    assert conversation.why == "the reply is dropped: no line of the policy of fw matches (R-META-3)"


def regions(sku: Sku | None, near: str | None, far: str | None) -> Network:
    return network(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24"), region=near),
        vnet("v", "10.0.0.0/16", subnet("db", "10.0.2.0/24"), region=far),
        peered("a", "v"),
        machine("one", nic("db1", "v.db", "10.0.2.4")),
        balancer("orders", (FRONT,), balancing("sql", "frontend", TCP, 1433, "db1"), sku=sku),
    )


@pytest.mark.parametrize(
    ("sku", "near", "far", "expected"),
    [
        (Sku.BASIC, "north", "south", "F-LB-6"),
        (Sku.BASIC, "North", "north", "db1"),
        (Sku.BASIC, None, "south", "F-LB-6"),
        (Sku.STANDARD, None, "south", "db1"),
        (Sku.STANDARD, "north", "south", "db1"),
        (None, "north", "south", "db1"),
    ],
)
def test_a_basic_frontend_is_not_reached_from_another_region(
    sku: Sku | None, near: str | None, far: str | None, expected: str
) -> None:
    assert end(way(regions(sku, near, far), "a.s", flow("10.1.0.4", "10.0.2.100", 1433))) == expected


def test_networks_of_which_one_says_no_region_are_in_one_where_a_fact_says_so() -> None:
    together = world("U-REGION(a, v)")

    assert end(way(regions(Sku.BASIC, None, "s"), "a.s", flow("10.1.0.4", "10.0.2.100", 1433), together)) == "db1"


def test_a_basic_frontend_is_reached_from_its_own_network_wherever_that_is() -> None:
    net = regions(Sku.BASIC, None, None)
    sent = flow("10.0.2.9", "10.0.2.100", 1433)

    assert end(way(net, "v.db", sent)) == "db1"
    assert "U-REGION" not in {fact.question for fact, _ in way(net, "v.db", sent).asked}


def test_one_of_unknown_sku_is_basic_where_a_fact_says_so() -> None:
    basic = world("U-SKU(load balancer orders)")

    assert end(way(regions(None, "n", "s"), "a.s", flow("10.1.0.4", "10.0.2.100", 1433), basic)) == "F-LB-6"


def test_nothing_is_implied_where_a_frontend_stands() -> None:
    net = pool(table("t", route("0.0.0.0/0", "10.0.2.100")))

    assert not list(elements_of(net, Failures(1, frozenset({FailureKind.APPLIANCE}))))


# -- next hops ------------------------------------------------------------------------------------------


def steered(orders: LoadBalancer, *more: object) -> Network:
    """Return clients whose traffic to 10.9.0.0/16 goes by the frontend of two firewalls."""
    return network(
        vnet(
            "v",
            "10.0.0.0/16",
            subnet("web", "10.0.1.0/24", route_table="t"),
            subnet("db", "10.0.2.0/24"),
            subnet("far", "10.0.9.0/24"),
        ),
        table("t", route("10.0.9.0/24", "10.0.2.100")),
        router("fw1", "v.db", "10.0.2.4"),
        router("fw2", "v.db", "10.0.2.5"),
        orders,
        *more,  # type: ignore[arg-type]
    )


HA = balancing("ha", "frontend", None, None, "fw1-nic fw2-nic")
ONE_PORT = balancing("one", "frontend", TCP, 80, "fw1-nic fw2-nic")
BEYOND = flow("10.0.1.4", "10.0.9.4")
FW1 = "U-BACKEND(orders/frontend, fw1-nic)"
ANYHOW = "U-R-UDR-15(orders/frontend)"


def test_behind_a_frontend_as_next_hop_a_member_forwards() -> None:
    net = steered(balancer("orders", (FRONT,), HA))

    assert way(net, packet=BEYOND).met == ("fw2",)
    assert way(net, packet=BEYOND, in_world=world(FW1)).met == ("fw1",)


def test_both_ways_of_a_flow_pass_one_member() -> None:
    net = steered(balancer("orders", (FRONT,), HA))
    back = replace(net.vnets["v"].subnets[2], route_table="back")
    subnets = (*net.vnets["v"].subnets[:2], back)
    tables = {**net.route_tables, "back": table("back", route("10.0.1.0/24", "10.0.2.100"))}
    both = replace(net, vnets={"v": replace(net.vnets["v"], subnets=subnets)}, route_tables=tables)

    conversation = converse(both, at("v.web"), BEYOND, world(FW1))

    assert conversation.established
    assert conversation.reply is not None
    assert (conversation.forward.met, conversation.reply.met) == (("fw1",), ("fw1",))


@pytest.mark.parametrize(
    "orders",
    [
        balancer("orders", (FRONT,), ONE_PORT),
        balancer("orders", (FRONT,), HA, sku=Sku.BASIC),
    ],
)
def test_other_rules_forward_as_a_next_hop_where_a_fact_says_so(orders: LoadBalancer) -> None:
    assert end(way(steered(orders), packet=BEYOND)) == "R-UDR-15"
    assert way(steered(orders), packet=BEYOND, in_world=world(ANYHOW)).met == ("fw2",)


def test_the_story_names_the_load_balancer_where_several_rules_may_choose_the_member() -> None:
    rules = (ONE_PORT, balancing("two", "frontend", TCP, 443, "fw1-nic fw2-nic"))
    several = way(steered(balancer("orders", (FRONT,), *rules)), packet=BEYOND, in_world=world(ANYHOW))
    alone = way(steered(balancer("orders", (FRONT,), ONE_PORT)), packet=BEYOND, in_world=world(ANYHOW))

    assert ("the load balancer orders gives it to fw2", "F-LB-3") in [(step.what, step.rule) for step in several.steps]
    assert ("rule one of orders gives it to fw2", "F-LB-3") in [(step.what, step.rule) for step in alone.steps]


def test_protocols_beside_tcp_and_udp_need_the_fact_as_well() -> None:
    net, ping = steered(balancer("orders", (FRONT,), HA)), flow("10.0.1.4", "10.0.9.4", protocol=ICMP)

    assert end(way(net, packet=ping)) == "R-UDR-15"
    assert way(net, packet=ping, in_world=world(ANYHOW)).met == ("fw2",)


def test_a_member_that_does_not_forward_drops() -> None:
    net = steered(
        balancer("orders", (FRONT,), balancing("ha", "frontend", None, None, "still-nic")),
        machine("still", nic("still-nic", "v.db", "10.0.2.6")),
    )

    assert end(way(net, packet=BEYOND)) == "R-UDR-10"


def next_hop(net: Network, expected: ExpectedHop) -> bool:
    """Return whether a claim about the next hop holds for the flow beyond."""
    claim = replace(claimed(Verb.NEXT_HOP, at("v.web"), at("v.far")), expected_hop=expected)
    assert in_question(net, claim, at("v.web"), BEYOND, world())
    return violates(net, claim, at("v.web"), BEYOND, world()) is None


def test_such_a_next_hop_is_an_appliance_and_a_named_one_where_all_members_are_of_it() -> None:
    pair = steered(balancer("orders", (FRONT,), HA))
    single = steered(balancer("orders", (FRONT,), replace(HA, members=("fw1-nic",))))

    assert next_hop(pair, ExpectedHop(HopKind.APPLIANCE))
    assert not next_hop(pair, ExpectedHop(HopKind.APPLIANCE, "fw1"))
    assert not next_hop(pair, ExpectedHop(HopKind.APPLIANCE, "fw2"))
    assert next_hop(single, ExpectedHop(HopKind.APPLIANCE, "fw1"))


# -- claims ---------------------------------------------------------------------------------------------


def claimed(verb: Verb, left: Place, right: Place, addresses: IntervalSet = ALL_ADDRESSES) -> Claim:
    from_, to = endpoint_set([(left, ALL_ADDRESSES)]), endpoint_set([(right, addresses)])
    return Claim(verb, ((from_, to),), Service("any", ((None, ALL_PORTS),)), "asked", NOWHERE)


def just(address: str) -> IntervalSet:
    number = parse_address(address)
    return IntervalSet((Interval(number, number),))


@pytest.mark.parametrize("address", ["10.0.2.100", "10.0.2.5"])
def test_what_a_member_gets_is_delivered_to_it_and_to_the_frontend(address: str) -> None:
    never = claimed(Verb.NEVER_REACHES, at("v.web"), at("v.db"), just(address))

    assert violates(pool(), never, at("v.web"), TO_FRONT, world()) is not None


def test_a_member_that_gets_nothing_is_not_reached() -> None:
    never = claimed(Verb.NEVER_REACHES, at("v.web"), at("v.db"), just("10.0.2.4"))

    assert not in_question(pool(), never, at("v.web"), TO_FRONT, world())


def test_a_frontend_is_reached_by_its_address() -> None:
    reaches = claimed(Verb.REACHES, at("v.web"), at("v.db"))

    assert violates(pool(), reaches, at("v.web"), TO_FRONT, world()) is None
    assert violates(pool(), reaches, at("v.web"), flow("10.0.1.4", "10.0.2.100", 99), world()) is not None


def test_no_flow_begins_at_a_frontend() -> None:
    everywhere = claimed(Verb.REACHES, at("v.db"), at("v.web"))
    packet = flow("10.0.2.100", "10.0.1.4")

    assert not in_question(pool(), everywhere, at("v.db"), packet, world())
    assert violates(pool(), everywhere, at("v.db"), packet, world()) is None


def test_filters_aside_every_probe_passes() -> None:
    net = pool(nsg("n", rule(100, "deny", "inbound")), db="n")
    loses = claimed(Verb.LOSES_NO_PACKETS, at("v.web"), at("v.db"))

    assert violates(net, loses, at("v.web"), TO_FRONT, world()) is None
