"""What sites may announce where a world leaves that open: what tags hold then, and whom private endpoints answer."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import at, endpoint, flow, network, nsg, prefixes, rule, site, subnet, vnet, vpn
from vnetverify.facts import World
from vnetverify.model.network import Connection
from vnetverify.model.security import Direction, ServiceTag
from vnetverify.simulator.filters import judge
from vnetverify.simulator.walk import converse

V = vnet(
    "v",
    "10.0.0.0/16",
    subnet("s", "10.0.1.0/24", nsg="n"),
    subnet("pe", "10.0.5.0/24"),
    subnet("GatewaySubnet", "10.0.255.0/27"),
)
NET = network(
    V,
    vnet("w", "10.1.0.0/16", subnet("s", "10.1.1.0/24", nsg="n")),
    vpn("g", "v"),
    site("onprem", "192.168.0.0/16 172.20.0.0/16"),
    Connection("c", "g", site="onprem", bgp=True, prefixes=prefixes("192.168.0.0/16")),
    endpoint("vault", "v.pe", "10.0.5.4"),
    nsg("n", rule(100, "deny", "outbound", destination=ServiceTag("Internet"))),
)


def announced(*facts: str) -> World:
    """Return a world in which the site may announce what lies in two ranges, and does where `facts` ask."""
    return World(facts=dict.fromkeys(facts, True), announcing={"c": prefixes("172.16.0.0/12 20.0.0.0/8")})


def decides(where: str, source: str, destination: str, world: World) -> str:
    packet = flow(source, destination)
    return judge(NET, where, None, Direction.OUTBOUND, packet, world).stages[-1].rule


@pytest.mark.parametrize(
    ("destination", "facts", "expected"),
    [
        ("172.20.0.4", (), "DenyAllOutBound"),
        ("172.20.0.4", ("ANNOUNCED-TAG(v.s, 172.20.0.4)",), "AllowVnetOutBound"),
        ("172.32.0.4", ("ANNOUNCED-TAG(v.s, 172.32.0.4)",), "rule-100"),
        ("20.0.0.4", ("ANNOUNCED-TAG(v.s, 20.0.0.4)",), "rule-100"),
        ("20.0.0.4", ("ANNOUNCED-INTERNET(v.s, 20.0.0.4)",), "DenyAllOutBound"),
        ("20.0.0.4", ("ANNOUNCED-TAG(v.s, 20.0.0.4)", "ANNOUNCED-INTERNET(v.s, 20.0.0.4)"), "AllowVnetOutBound"),
        ("21.0.0.4", ("ANNOUNCED-INTERNET(v.s, 21.0.0.4)",), "rule-100"),
    ],
)
def test_tags_hold_what_is_announced_where_a_fact_says_so(
    destination: str, facts: tuple[str, ...], expected: str
) -> None:
    assert decides("v.s", "10.0.1.4", destination, announced(*facts)) == expected


@pytest.mark.parametrize(("destination", "expected"), [("172.20.0.4", "DenyAllOutBound"), ("20.0.0.4", "rule-100")])
def test_tags_of_a_network_that_hears_nothing_stay_as_they_are(destination: str, expected: str) -> None:
    facts = (f"ANNOUNCED-{kind}(w.s, {destination})" for kind in ("TAG", "INTERNET"))

    assert decides("w.s", "10.1.1.4", destination, announced(*facts)) == expected


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ((), "vault"),
        (("ANNOUNCED-ANSWER(v, g, 172.20.0.4)",), "g"),
        (("ANNOUNCED-ANSWER(v, g, 172.20.0.4)", "ANNOUNCED-WAY(g, c, 172.20.0.4)"), ""),
    ],
)
def test_an_endpoint_answers_what_is_announced_where_facts_say_so(facts: tuple[str, ...], where: str) -> None:
    conversation = converse(NET, at("onprem"), flow("172.20.0.4", "10.0.5.4"), announced(*facts))

    assert conversation.reply is not None
    assert getattr(conversation.reply.outcome, "where", "") == where
    assert conversation.established is (where == "")
