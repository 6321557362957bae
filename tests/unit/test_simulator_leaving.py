"""What becomes of a packet that leaves for the Internet, and of one that comes from there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    at,
    flow,
    machine,
    network,
    nic,
    nsg,
    public,
    route,
    router,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from tests.unit.simulator_walks import ends, talk
from vnetverify.facts import World
from vnetverify.header import parse_address
from vnetverify.model.balancers import Sku
from vnetverify.model.intents import Place
from vnetverify.model.network import Network
from vnetverify.simulator.walk import Delivered, trace


def lan(*more: Element, **subnet_more: object) -> Network:
    return network(vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24", **subnet_more)), *more)


OUT = flow("10.0.0.4", "8.8.8.8")


def test_leaving_needs_a_way_out() -> None:
    private = {"default_outbound": False}

    assert ends(lan(), "v.s", OUT) == "R-TRAF-5"
    assert ends(lan(), "v.s", OUT, world("U-DOA(v.s)")) == "INTERNET by v.s"
    assert ends(lan(default_outbound=True), "v.s", OUT) == "INTERNET by v.s"
    assert ends(lan(**private), "v.s", OUT, world("U-DOA(v.s)")) == "R-TRAF-5"
    assert ends(lan(nat_gateway="nat", **private), "v.s", OUT) == "INTERNET by v.s"
    assert ends(lan(nat_gateway="nat", default_outbound=True), "v.s", replace(OUT, protocol=1)) == "R-TRAF-5"
    own = machine("m", nic("n", "v.s", "10.0.0.4", public_address=public("ip", "20.0.0.4")))
    assert ends(lan(own, **private), "v.s", OUT) == "INTERNET by m"


def test_a_private_address_is_not_on_the_internet() -> None:
    net = lan(table("rt", route("0.0.0.0/0", "internet")), route_table="rt", default_outbound=True)

    assert ends(net, "v.s", flow("10.0.0.4", "10.9.0.4")) == "R-TRAF-5"


def test_a_host_that_left_to_the_internet_gets_its_reply() -> None:
    assert talk(lan(default_outbound=True), "v.s", OUT).established


def proxied(**fw: object) -> Network:
    """Return a vnet that leaves by the appliance `fw`."""
    return network(
        vnet(
            "v",
            "10.0.0.0/16",
            subnet("s", "10.0.0.0/24", route_table="rt"),
            subnet("f", "10.0.1.0/24", default_outbound=True),
        ),
        table("rt", route("0.0.0.0/0", "10.0.1.4")),
        router("fw", "v.f", "10.0.1.4", **fw),
    )


def test_an_appliance_must_translate_what_it_sends_to_the_internet() -> None:
    assert ends(proxied(translates_source=True), "v.s", OUT) == "INTERNET by fw"
    assert ends(proxied(translates_source=False), "v.s", OUT) == "R-UDR-17"
    assert ends(proxied(), "v.s", OUT) == "INTERNET by fw"
    assert ends(proxied(), "v.s", OUT, world(false=["U-R-UDR-17(fw)"])) == "R-UDR-17"


def test_an_appliance_that_a_route_implies_is_named_where_it_sends_out() -> None:
    net = network(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24", route_table="rt"), subnet("fw", "10.0.1.0/24")),
        table("rt", route("0.0.0.0/0", "10.0.1.4")),
    )
    facts = world("U-R-UDR-17(10.0.1.4 in v.fw)", "U-FORWARDS(10.0.1.4 in v.fw)", "U-DOA(v.fw)")

    assert ends(net, "v.s", OUT, facts) == "INTERNET by 10.0.1.4 in v.fw"


def test_a_translating_appliance_brings_the_reply_back_and_is_met_on_both_ways() -> None:
    conversation = talk(proxied(translates_source=True, stateful=True), "v.s", OUT)

    assert conversation.established
    assert conversation.reply is not None
    assert (conversation.forward.met, conversation.reply.met) == (("fw",), ("fw",))


def exposed(sku: Sku | None = Sku.BASIC, address: str | None = "20.0.0.4", **more: object) -> Network:
    own = machine("m", nic("n", "v.s", "10.0.0.4", public_address=public("ip", address, sku)))
    return lan(own, **more)


IN = flow("8.8.8.8", "20.0.0.4")


def test_an_internet_host_comes_in_by_a_public_address_alone() -> None:
    assert ends(exposed(), "internet", IN) == "v.s"
    assert ends(exposed(), "internet", flow("8.8.8.8", "20.0.0.5")) == "F-PIP-5"
    assert ends(exposed(), "internet", flow("8.8.8.8", "10.0.0.4")) == "F-PIP-5"
    assert ends(exposed(), "internet", flow("10.9.0.4", "20.0.0.4")) == "F-TAG-9"
    assert ends(exposed(Sku.STANDARD), "internet", IN) == "F-PIP-1"


def test_the_host_is_known_by_its_private_address_then() -> None:
    outcome = trace(exposed(), at("internet"), IN, World()).outcome

    by = parse_address("20.0.0.4")
    assert outcome == Delivered(at("v.s"), parse_address("10.0.0.4"), "n", passed=(Place("public", "20.0.0.4"), by))


def test_an_unknown_public_address_is_the_world_s() -> None:
    assert ends(exposed(address=None), "internet", IN) == "F-PIP-5"
    assert ends(exposed(address=None), "internet", IN, world(ip="20.0.0.4")) == "v.s"


def test_a_conversation_from_outside_needs_a_reply_by_next_hop_internet() -> None:
    forced = exposed(route_table="rt")
    forced = replace(forced, route_tables={"rt": table("rt", route("0.0.0.0/0", "10.0.0.9"))})

    assert talk(exposed(), "internet", IN).established
    conversation = talk(forced, "internet", IN)
    assert isinstance(conversation.forward.outcome, Delivered)
    assert not conversation.established
    assert "R-SEL-9" in conversation.why


def mirrored(*more: Element) -> Network:
    """Return a host that writes to the public address of another vnet's host, closed to the Internet tag's rule."""
    seen = nsg("n", rule(100, "allow", "inbound", source="20.9.0.1/32"), rule(200, "deny", "inbound"))
    target = machine("m", nic("n", "v.s", "10.0.0.4", public_address=public("ip", "20.0.0.4")))
    net = lan(target, seen, *more, nsg="n")
    other = vnet("w", "10.5.0.0/16", subnet("s", "10.5.0.0/24", default_outbound=True))
    return replace(net, vnets={**net.vnets, "w": other})


def test_a_public_address_of_this_network_leads_back_in_where_that_is_so() -> None:
    sender = machine("x", nic("x-nic", "w.s", "10.5.0.4", public_address=public("xip", "20.9.0.1")))
    packet = flow("10.5.0.4", "20.0.0.4")

    assert ends(mirrored(sender), "w.s", packet) == "v.s"
    assert ends(mirrored(sender), "w.s", packet, world(false=["U-R-TRAF-10"])) == "R-TRAF-10"
    assert ends(mirrored(sender), "w.s", packet, world(false=["U-HAIRPUB"])) == "F-NSG-4"
    assert not talk(mirrored(sender), "w.s", packet).established


@pytest.mark.parametrize(
    ("origin", "source", "rule_id"), [("w.s", "10.5.0.4", "R-TRAF-10"), ("internet", "198.51.100.7", "F-ADDR-1")]
)
def test_a_story_says_by_which_rule_a_public_address_leads_in(origin: str, source: str, rule_id: str) -> None:
    steps = trace(mirrored(), at(origin), flow(source, "20.0.0.4"), World()).steps

    assert [step.rule for step in steps if step.what == "public address ip leads to 10.0.0.4"] == [rule_id]


def test_a_sender_without_a_public_address_is_seen_by_the_world_s_egress() -> None:
    packet = flow("10.5.0.4", "20.0.0.4")
    named = World(addresses={"subnet egress of w.s": parse_address("20.9.0.1")})

    assert ends(mirrored(), "w.s", packet, named) == "v.s"
    assert ends(mirrored(), "w.s", packet) == "F-NSG-4"
