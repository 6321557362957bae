"""What becomes of a reply: records of filters, and appliances that keep state on one way or on both."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.simulator_networks import (
    ALLOW_ALL,
    flow,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    route,
    router,
    rule,
    table,
    world,
)
from tests.unit.simulator_walks import A_TO_B, chained, ends, hub, spoke, talk
from vnetverify.header import ALL_ADDRESSES, TCP
from vnetverify.model.network import Network, PolicyRule
from vnetverify.model.security import Access
from vnetverify.simulator.walk import Delivered


def test_an_admitted_flow_s_reply_needs_no_rule() -> None:
    shut = nsg("n", rule(100, "deny", "outbound"))
    net = network(spoke("a", 1), spoke("b", 2, nsg="n"), peered("a", "b"), shut)

    assert talk(net, "a.s", A_TO_B).established
    assert ends(net, "b.s", flow("10.2.0.4", "10.1.0.4")) == "F-NSG-4"


def one_sided(**fw: object) -> Network:
    """Return spokes of which only `a` sends by the appliance; `b` answers directly."""
    return network(
        hub(),
        spoke("a", 1, route_table="rt"),
        spoke("b", 2),
        peered("hub", "a"),
        peered("hub", "b", allow_forwarded_traffic=True),
        peered("a", "b"),
        table("rt", route("10.2.0.0/16", "10.0.1.4")),
        router("fw", "hub.fw", "10.0.1.4", **fw),
    )


def test_a_stateful_appliance_on_one_way_alone_breaks_the_conversation() -> None:
    assert talk(one_sided(stateful=False), "a.s", A_TO_B).established
    conversation = talk(one_sided(stateful=True), "a.s", A_TO_B)
    assert not conversation.established
    assert conversation.why == "fw sees only one way of the flow (R-TRAF-2)"
    assert not talk(one_sided(stateful=None), "a.s", A_TO_B, world("U-STATEFUL(fw)")).established


def test_a_stateful_appliance_drops_a_reply_whose_flow_it_did_not_see() -> None:
    conversation = talk(one_sided(stateful=True), "b.s", flow("10.2.0.4", "10.1.0.4"))

    assert conversation.why == "the reply is dropped: fw did not see the flow begin (R-TRAF-2)"


def test_a_stateless_appliance_judges_the_reply_by_its_policy() -> None:
    to_b = (PolicyRule(Access.ALLOW, TCP, ALL_ADDRESSES, ALL_ADDRESSES, port(443)),)
    stateless = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=to_b))
    stateful = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=to_b, stateful=True))

    assert not talk(stateless, "a.s", A_TO_B).established
    assert talk(stateful, "a.s", A_TO_B).established


def test_an_undeclared_appliance_needs_one_fact_for_both_ways() -> None:
    net = chained(fw=router("fw", "hub.fw", "10.0.1.4", policy=None, stateful=None))

    assert talk(net, "a.s", A_TO_B, world("U-FORWARDS(fw)")).established


def test_filters_judge_a_reply_as_new_where_the_first_packet_did_not_pass() -> None:
    guarded = machine("fw", nic("i", "hub.fw", "10.0.1.4", ip_forwarding=True, nsg="n"), policy=(ALLOW_ALL,))
    net = one_sided()
    net = replace(net, machines={"fw": guarded}, nsgs={"n": nsg("n", rule(100, "deny", "inbound"))})

    conversation = talk(net, "b.s", flow("10.2.0.4", "10.1.0.4"))

    assert isinstance(conversation.forward.outcome, Delivered)
    assert conversation.why == "the reply is dropped: rule-100 of n denies (F-NSG-4)"
