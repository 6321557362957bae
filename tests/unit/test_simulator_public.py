"""Public frontends of load balancers: which member gets what comes in, past which filters, and who answers."""

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
    nat_rule,
    network,
    nic,
    nsg,
    port,
    public,
    public_frontend,
    route,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from vnetverify.facts import World
from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_PORTS,
    ICMP,
    TCP,
    UDP,
    Flow,
    IntervalSet,
    addresses_of,
    parse_address,
    parse_prefix,
)
from vnetverify.model.balancers import LoadBalancer, LoadBalancingRule, Probe, Sku
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, endpoint_set
from vnetverify.model.intents import INTERNET, Claim, Place, Verb
from vnetverify.model.network import Network, Service
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.walk import Delivered, Dropped, LeftToInternet, Trace, converse, trace
from vnetverify.source import NOWHERE

FRONT = public_frontend("front", "198.51.100.7")
PLACE = Place("public", "shop/front")
WEB = balancing("web", "front", TCP, 443, "web1 web2", backend_port=8443)
SSH = nat_rule("ssh", "front", 50001, "web1", 22)
SHOP = balancer("shop", (FRONT,), WEB, SSH)
FIRST, LAST = "U-BACKEND(shop/front, web1)", "U-BACKEND(shop/front, web2)"
OPEN = nsg("open", rule(100, "allow", "inbound"))
FROM_OUTSIDE = flow("8.8.8.8", "198.51.100.7")


def shop(*more: object, lb: LoadBalancer = SHOP, group: str | None = "open", **of_subnet: object) -> Network:
    """Return two web servers in `v.web` behind the public frontend 198.51.100.7, and clients in `v.client`."""
    return network(
        vnet(
            "v",
            "10.0.0.0/16 fd00::/32",
            subnet("web", "10.0.1.0/24 fd00:0:0:1::/64", nsg=group, **of_subnet),
            subnet("client", "10.0.2.0/24", default_outbound=True),
        ),
        machine("one", nic("web1", "v.web", "10.0.1.4")),
        machine("two", nic("web2", "v.web", "10.0.1.5 fd00:0:0:1::5")),
        OPEN,
        lb,
        *more,  # type: ignore[arg-type]
    )


def way(net: Network, packet: Flow = FROM_OUTSIDE, in_world: World | None = None, origin: str = "internet") -> Trace:
    return trace(net, at(origin), packet, in_world or world())


def end(trace_: Trace) -> str | None:
    """Return the interface that got the packet, or the rule that dropped it."""
    if isinstance(trace_.outcome, Delivered):
        return trace_.outcome.nic
    assert isinstance(trace_.outcome, Dropped)
    return trace_.outcome.rule


def told(trace_: Trace) -> list[tuple[str, str]]:
    return [(step.what, step.rule) for step in trace_.steps]


# -- in from the Internet -------------------------------------------------------------------------------


def test_a_member_gets_what_an_internet_host_sends_to_the_frontend() -> None:
    got = way(shop(), in_world=world(FIRST)).outcome

    frontend_itself = (PLACE, parse_address("198.51.100.7"))
    assert got == Delivered(Place("subnet", "v.web"), parse_address("10.0.1.4"), "web1", frontend_itself)
    assert end(way(shop())) == "web2"
    assert ("198.51.100.7 is frontend front of load balancer shop", "F-ADDR-1") in told(way(shop()))


def test_a_frontend_whose_address_is_not_known_has_that_of_the_world() -> None:
    net = shop(lb=balancer("shop", (public_frontend("front"),), WEB))
    known = World(addresses={"shop/front": parse_address("203.0.113.9")})

    assert end(way(net, flow("8.8.8.8", "203.0.113.9"), known)) == "web2"
    assert end(way(net, FROM_OUTSIDE, known)) == "F-PIP-5"


def test_only_ports_with_a_rule_are_taken() -> None:
    assert end(way(shop(), flow("8.8.8.8", "198.51.100.7", 80))) == "F-LB-2"
    assert end(way(shop(), flow("8.8.8.8", "198.51.100.7", 443, protocol=UDP))) == "F-LB-2"


def test_a_nat_rule_leads_to_its_one_member_and_port() -> None:
    net = shop(nsg("open", rule(100, "allow", "inbound", ports=port(22))))
    to_ssh = flow("8.8.8.8", "198.51.100.7", 50001)

    assert end(way(net, to_ssh)) == "web1"
    assert ("NAT rule ssh of shop gives it to one, as 10.0.1.4 port 22", "F-LB-2") in told(way(net, to_ssh))


def test_filters_of_the_member_see_its_address_and_the_backend_port() -> None:
    for_backend = rule(100, "allow", "inbound", destination="10.0.1.5/32", ports=port(8443))
    for_frontend = rule(100, "allow", "inbound", destination="198.51.100.7/32", ports=port(443))

    assert end(way(shop(nsg("open", for_backend)))) == "web2"
    assert end(way(shop(nsg("open", for_frontend)))) == "F-DEF-1"


@pytest.mark.parametrize(("fact", "got"), [(True, "web2"), (False, "F-DEF-1")])
def test_with_floating_ip_a_fact_says_whether_they_see_the_frontend(fact: bool, got: str) -> None:
    floating = replace(WEB, floating_ip=True, backend_port=443)
    net = shop(
        nsg("open", rule(100, "allow", "inbound", destination="198.51.100.7/32")),
        lb=balancer("shop", (FRONT,), floating),
    )
    in_world = world("U-FLOAT(shop/web)") if fact else world(false=["U-FLOAT(shop/web)"])

    assert end(way(net, in_world=in_world)) == got


@pytest.mark.parametrize(
    ("sku", "in_world", "got"),
    [
        (Sku.STANDARD, world(), "F-LB-7"),
        (Sku.BASIC, world(), "web2"),
        (None, world(), "F-PIP-3"),
        (None, world("U-SKU(load balancer shop)"), "web2"),
    ],
)
def test_without_security_groups_standard_is_closed_and_basic_open(sku: Sku | None, in_world: World, got: str) -> None:
    net = shop(lb=replace(SHOP, sku=sku), group=None)

    assert end(way(net, in_world=in_world)) == got
    is_open = "open" if got == "web2" else "closed"
    said = f"load balancer shop is {is_open} where there is no security group"
    assert said in [what for what, _ in told(way(net, in_world=in_world))]


def test_ping_comes_by_the_first_rule_that_is_no_nat_rule_where_a_fact_says_so() -> None:
    ping = flow("8.8.8.8", "198.51.100.7", protocol=ICMP)
    net = shop(lb=balancer("shop", (FRONT,), SSH, WEB))
    nat_alone = shop(lb=balancer("shop", (FRONT,), SSH))
    carried = world("U-LBICMP(shop/front)")

    assert end(way(net, ping)) == "F-LB-9"
    assert end(way(net, ping, carried)) == "web2"
    assert end(way(nat_alone, ping, carried)) == "F-LB-9"


def test_ping_to_an_internal_frontend_goes_by_no_nat_rule_either() -> None:
    inside = balancer("shop", (frontend("front", "v.web", "10.0.1.100"),), SSH, WEB)
    ping = flow("10.0.2.4", "10.0.1.100", protocol=ICMP)

    assert end(way(shop(lb=inside), ping, world("U-LBICMP(shop/front)"), "v.client")) == "web2"


def test_the_reply_leaves_by_next_hop_internet_past_the_record_of_the_flow() -> None:
    shut = nsg("open", rule(100, "allow", "inbound"), rule(100, "deny", "outbound"))
    conversation = converse(shop(shut), at("internet"), FROM_OUTSIDE, world())

    assert conversation.established
    assert conversation.reply is not None
    assert isinstance(conversation.reply.outcome, LeftToInternet)
    assert ["R-SEL-9"] == [rule for _, rule in told(conversation.reply)]


def test_without_a_route_to_the_internet_nothing_comes_of_it() -> None:
    net = shop(table("t", route("0.0.0.0/0", "none")), route_table="t")

    assert not converse(net, at("internet"), FROM_OUTSIDE, world()).established


# -- who is in the pool ---------------------------------------------------------------------------------

PROBED = replace(WEB, probe=Probe(8080))
UNPROBED = nsg("open", rule(100, "deny", "inbound", ports=port(8080)), rule(200, "allow", "inbound"))


def of(pool_rule: LoadBalancingRule, *more: object) -> Network:
    return shop(*more, lb=balancer("shop", (FRONT,), pool_rule))


def test_a_member_that_is_set_down_gets_no_new_flows() -> None:
    net = of(replace(PROBED, down=("web2",)))

    assert end(way(net)) == "web1"
    assert ("two is set down in rule web and gets no flows", "F-LB-12") in told(way(net))
    assert end(way(of(replace(PROBED, down=("web1", "web2"))))) == "F-LB-4"


def test_a_member_that_is_set_up_needs_no_probe() -> None:
    net = of(replace(PROBED, always_up=("web1",)), UNPROBED)

    assert end(way(net)) == "web1"
    assert ("one is set up, whatever the probe of port 8080 says", "F-LB-12") in told(way(net))


def test_where_no_member_answers_its_probe_all_may_get_flows_if_the_rule_says_so() -> None:
    all_of_them = replace(PROBED, probe=Probe(8080, all_when_none=True))
    net = of(all_of_them, UNPROBED)

    assert end(way(of(PROBED, UNPROBED))) == "F-LB-4"
    assert end(way(net)) == "web2"
    assert end(way(net, in_world=world(FIRST))) == "web1"
    assert end(way(of(replace(all_of_them, down=("web2",)), UNPROBED))) == "web1"
    assert ("no member of rule web answers its probe, so that all of them get new flows", "F-LB-13") in told(way(net))


def test_a_member_that_answers_keeps_the_others_out() -> None:
    one_answers = nsg(
        "open", rule(100, "deny", "inbound", destination="10.0.1.5/32", ports=port(8080)), rule(200, "allow", "inbound")
    )

    assert end(way(of(replace(PROBED, probe=Probe(8080, all_when_none=True)), one_answers))) == "web1"


# -- in from inside -------------------------------------------------------------------------------------

FROM_INSIDE = flow("10.0.2.4", "198.51.100.7")


def test_what_is_sent_to_the_frontend_from_inside_comes_back_in_and_never_converses() -> None:
    assert end(way(shop(), FROM_INSIDE, origin="v.client")) == "web2"
    comes_in = ("198.51.100.7 is frontend front of load balancer shop", "R-TRAF-10")
    assert comes_in in told(way(shop(), FROM_INSIDE, origin="v.client"))
    assert end(way(shop(), FROM_INSIDE, world(false=["U-R-TRAF-10"]), "v.client")) == "R-TRAF-10"
    assert not converse(shop(), at("v.client"), FROM_INSIDE, world()).established


@pytest.mark.parametrize(("fact", "got"), [(True, "web2"), (False, "F-NSG-4")])
def test_the_member_sees_the_sender_s_public_address_where_a_fact_says_so(fact: bool, got: str) -> None:
    net = shop(
        nsg("open", rule(100, "allow", "inbound", source="203.0.113.50/32"), rule(200, "deny", "inbound")),
        machine("c", nic("c", "v.client", "10.0.2.4", public_address=public("pip", "203.0.113.50"))),
    )
    in_world = world() if fact else world(false=["U-HAIRPUB"])

    assert end(way(net, FROM_INSIDE, in_world, "v.client")) == got


def test_a_member_gets_nothing_back_from_the_frontend() -> None:
    net = shop(machine("one", nic("web1", "v.web", "10.0.1.4", public_address=public("pip", "203.0.113.50"))))

    assert end(way(net, flow("10.0.1.4", "198.51.100.7"), world(FIRST), "v.web")) == "F-LB-8"
    assert end(way(net, flow("10.0.1.4", "198.51.100.7"), world(), "v.web")) == "web2"


# -- IPv6 ---------------------------------------------------------------------------------------------


def test_a_frontend_of_ipv6_takes_ipv6_packets() -> None:
    over_ipv6 = replace(WEB, frontend="six", name="six")
    net = shop(lb=balancer("shop", (FRONT, public_frontend("six", "2001:db8::7")), WEB, over_ipv6))

    assert end(way(net, flow("2001:db8:1::8", "2001:db8::7"))) == "web2"
    assert end(way(net, flow("2001:db8:1::8", "2001:db8::7"), world("U-BACKEND(shop/six, web1)"))) == "web2"


# -- claims ---------------------------------------------------------------------------------------------


def claimed(verb: Verb, left: Place, right: Place, addresses: IntervalSet = ALL_ADDRESSES) -> Claim:
    from_, to = endpoint_set([(left, ALL_ADDRESSES)]), endpoint_set([(right, addresses)])
    return Claim(verb, ((from_, to),), Service("any", ((None, ALL_PORTS),)), "asked", NOWHERE)


def test_what_a_member_gets_is_delivered_to_it_and_to_the_frontend() -> None:
    for right in (PLACE, at("v.web")):
        never = claimed(Verb.NEVER_REACHES, INTERNET, right)
        assert violates(shop(), never, INTERNET, FROM_OUTSIDE, world()) is not None


def test_a_frontend_is_reached_by_its_own_address_alone() -> None:
    reaches = claimed(Verb.REACHES, INTERNET, PLACE, PUBLIC_ADDRESSES)

    assert violates(shop(), reaches, INTERNET, FROM_OUTSIDE, world()) is None
    assert violates(shop(), reaches, INTERNET, flow("8.8.8.8", "198.51.100.7", 80), world()) is not None
    assert not in_question(shop(), reaches, INTERNET, flow("8.8.8.8", "198.51.100.8"), world())


def test_that_a_member_is_asked_for_does_not_ask_for_the_frontend() -> None:
    reaches = claimed(Verb.REACHES, INTERNET, at("v.web"), addresses_of([parse_prefix("10.0.1.0/24")]))

    assert not in_question(shop(), reaches, INTERNET, FROM_OUTSIDE, world())


def test_the_address_of_a_frontend_is_nobody_s_at_the_internet() -> None:
    reaches = claimed(Verb.REACHES, at("v.client"), INTERNET)

    assert not in_question(shop(), reaches, at("v.client"), FROM_INSIDE, world())


def test_no_flow_begins_at_a_frontend() -> None:
    reaches = claimed(Verb.REACHES, PLACE, at("v.web"))

    assert not in_question(shop(), reaches, PLACE, flow("198.51.100.7", "10.0.1.4"), world())
