"""What the NAT rules of a managed firewall make of a packet, and how its replies come back."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import (
    at,
    flow,
    machine,
    network,
    nic,
    peered,
    port,
    public,
    route,
    subnet,
    table,
    vnet,
    world,
)
from tests.unit.simulator_translating import (
    CLIENT,
    FROM_OUTSIDE,
    PUBLIC,
    addresses,
    dropped_by,
    firewall,
    leading,
    of,
    only_from,
    passing,
    spokes,
    told,
    web,
)
from vnetverify.facts import World
from vnetverify.header import parse_address
from vnetverify.model.security import ServiceTag
from vnetverify.simulator.walk import Delivered


def test_the_target_of_a_nat_rule_sees_an_address_of_the_firewalls_subnet() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from("10.0.1.0/26"), back=None, group="n")

    conversation = of(net, FROM_OUTSIDE, "internet")

    assert conversation.established
    assert conversation.forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))
    assert told(conversation, "F-FW-5") == [
        "NAT rule web of fw leads to 10.2.1.4:8443, no earlier one matches",
        f"the target sees 10.0.1.4, an address of fw, not {CLIENT}",
    ]


@pytest.mark.parametrize("source", [CLIENT, ServiceTag("Internet")])
def test_a_rule_at_the_target_for_the_client_or_the_internet_does_not_match(source: str | ServiceTag) -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from(source), back=None, group="n")

    assert dropped_by(net, FROM_OUTSIDE, "internet") == "F-NSG-4"


def test_virtual_network_covers_the_firewalls_address() -> None:
    tag = ServiceTag("VirtualNetwork")
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from(tag), back=None, group="n")

    assert of(net, FROM_OUTSIDE, "internet").established


def test_the_reply_to_the_internet_leaves_by_the_firewalls_own_route() -> None:
    tunnelled = subnet("AzureFirewallSubnet", "10.0.1.0/26", route_table="forced")
    forced = table("forced", route("0.0.0.0/0", "none"))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), forced, back=None, hub_subnet=tunnelled)

    conversation = of(net, FROM_OUTSIDE, "internet")

    assert isinstance(conversation.forward.outcome, Delivered)
    assert "R-SEL-9" in conversation.why


def test_what_no_nat_rule_takes_drops() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443, source="192.0.2.0/24"), passing("all")), back=None)

    assert dropped_by(net, FROM_OUTSIDE, "internet") == "F-FW-6"
    assert dropped_by(net, flow("192.0.2.7", PUBLIC, 80), "internet") == "F-FW-6"
    assert of(net, flow("192.0.2.7", PUBLIC), "internet").established
    assert dropped_by(net, flow("10.1.1.4", "10.0.1.4")) == "F-FW-6"


@pytest.mark.parametrize("source", ["*", f"{CLIENT}/32"])
def test_a_network_rule_that_denies_what_was_translated_overrides_the_nat_rule(source: str) -> None:
    denial = passing("no", "10.2.1.4", allows=False, ports=port(8443), sources=addresses(source))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), denial), back=None)

    assert dropped_by(net, FROM_OUTSIDE, "internet") == "F-FW-5"


def test_a_network_rule_about_what_it_was_before_does_not() -> None:
    before = passing("no", PUBLIC, allows=False)
    sees_firewall = passing("no", "10.2.1.4", allows=False, sources=addresses("10.0.1.0/26"))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), before, sees_firewall), back=None)

    assert of(net, FROM_OUTSIDE, "internet").established


def test_a_further_public_address_has_nat_rules_of_its_own() -> None:
    further = firewall(
        leading("web", 443, "10.2.1.4", 8443),
        leading("other", 443, "10.2.1.5", 8443, "second"),
        public_addresses=(public("second", "203.0.113.6"),),
    )
    net = spokes(further, back=None)

    conversation = of(net, flow(CLIENT, "203.0.113.6"), "internet")

    assert conversation.established
    assert conversation.forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.5"))
    assert of(net, FROM_OUTSIDE, "internet").forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))


def test_of_several_public_addresses_the_world_says_which_one_others_see() -> None:
    open_to = only_from("203.0.113.77")
    net = spokes(
        firewall(passing("all"), public_addresses=(public("second", "203.0.113.6"),)),
        machine("m", nic("m", "b.s", "10.2.1.9", public_address=public("p", "203.0.113.9"))),
        open_to,
        group="n",
    )
    sent, seen = flow("10.1.1.4", "203.0.113.9"), parse_address("203.0.113.77")

    assert dropped_by(net, sent) == "F-NSG-4"
    assert isinstance(of(net, sent, in_world=World(addresses={"egress of fw": seen})).forward.outcome, Delivered)


def test_the_first_of_several_nat_rules_takes_it() -> None:
    net = spokes(firewall(leading("one", 443, "10.2.1.4", 8443), leading("two", 443, "10.2.1.5", 443)), back=None)

    assert of(net, FROM_OUTSIDE, "internet").forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))


@pytest.mark.parametrize(("replaces", "sees"), [(True, "10.0.1.4"), (False, "10.1.1.4")])
def test_a_fact_says_whom_the_target_of_a_nat_rule_at_the_private_address_sees(replaces: bool, sees: str) -> None:
    fact = "U-FWDNATSRC(fw/web)"
    in_world = world(fact) if replaces else world(false=(fact,))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443, None)), only_from(sees), group="n")

    assert of(net, flow("10.1.1.4", "10.0.1.4"), in_world=in_world).established


def test_a_client_that_the_target_sees_gets_no_reply_past_the_firewall() -> None:
    around = spokes(firewall(leading("web", 443, "10.2.1.4", 8443, None)), *peered("a", "b"), back=None)
    sent = flow("10.1.1.4", "10.0.1.4")

    kept = of(around, sent, in_world=world(false=("U-FWDNATSRC(fw/web)",)))

    assert kept.why == "the reply does not come back to fw, which translated the packet (F-FW-8)"
    assert of(around, sent, in_world=world("U-FWDNATSRC(fw/web)")).established


def test_from_inside_a_public_address_is_served_and_never_answered() -> None:
    net = spokes(
        firewall(leading("web", 443, "10.2.1.4", 8443)),
        vnet("c", "10.3.0.0/16", subnet("s", "10.3.1.0/24", default_outbound=True)),
    )

    conversation = of(net, flow("10.3.1.4", PUBLIC), "c.s")

    assert conversation.forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))
    assert not conversation.established
    assert dropped_by(net, flow("10.3.1.4", PUBLIC), "c.s", world(false=("U-R-TRAF-10",))) == "R-TRAF-10"


def test_ipv6_is_never_translated() -> None:
    net = network(
        vnet(
            "v",
            "10.0.0.0/16 fd00::/32",
            subnet("a", "10.0.2.0/24 fd00:0:0:1::/64", route_table="six"),
            subnet("b", "10.0.3.0/24 fd00:0:0:2::/64", route_table="six"),
            subnet("AzureFirewallSubnet", "10.0.1.0/26 fd00:0:0:9::/64"),
        ),
        table("six", route("fd00:0:0:1::/64", "fd00:0:0:9::4"), route("fd00:0:0:2::/64", "fd00:0:0:9::4")),
        firewall(web("web"), where="v.AzureFirewallSubnet", address="10.0.1.4 fd00:0:0:9::4"),
    )
    sent = flow("fd00:0:0:1::4", "fd00:0:0:2::4")

    conversation = of(net, sent, "v.a", world("U-FWV6(fw)"))

    assert conversation.established
    assert not conversation.forward.translations
    assert dropped_by(net, sent, "v.a") == "F-FW-11"
    assert dropped_by(net, flow("fd00:0:0:1::4", "fd00:0:0:2::4", 22), "v.a", world("U-FWV6(fw)")) == "F-FW-6"
