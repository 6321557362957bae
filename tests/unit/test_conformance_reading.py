"""What a vector holds beyond the model, or refers to in vain, makes it not applicable; the rest is read whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conformance_vectors import (
    ANY,
    DIRECT,
    DMZ,
    HALVES,
    HUB,
    INSIDE,
    NICS,
    OUTSIDE,
    PING,
    SPOKES,
    TABLES,
    WEB,
    engines_against,
    filtering_vector,
    inbound,
    outcome,
    packet,
    vector,
)
from vnetverify.header import parse_prefix
from vnetverify.model.network import BgpPeer, ConnectedGroup
from vnetverify.prover.solver import Solver
from vnetverify.testing.conformance import Outcome
from vnetverify.testing.vectors import NotApplicable, read_vector

EMPTY: dict[str, Any] = {"name": "s", "prefixes": []}
NOWHERE = {"prefix": "10.9.0.0/16", "next_hop_type": "VirtualAppliance"}


@pytest.mark.parametrize(
    "field",
    [
        {"source": ["tag:Internet", "10.0.0.0/8"]},
        {"source": ["tag:Internet", "tag:VirtualNetwork"]},
        {"source": ["10.0.0.0/8", "2001:db8::/32"]},
        {"destinationPorts": ["90-80"]},
        {"destination": ["tag:NoSuchTag"]},
    ],
)
def test_what_cannot_be_written_is_invalid_and_no_ground_for_other_answers(
    solver: Solver, field: dict[str, Any]
) -> None:
    rule = {**ANY, **WEB, **field}

    assert outcome(solver, filtering_vector({"kind": "validate"}, "invalid", rule)) == Outcome("F")
    assert engines_against(solver, filtering_vector({"kind": "validate"}, "valid", rule)) == ["check"]
    assert "forbids" in outcome(solver, filtering_vector(inbound(), "Allow", rule)).left_out


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"kind": "filter", "at": "who", "direction": "Inbound", "packet": packet(OUTSIDE, INSIDE)}, "called `who`"),
        (inbound(packet=packet(OUTSIDE, INSIDE, 65536)), "a port outside 0 to 65535"),
        (inbound(packet=packet(OUTSIDE, INSIDE) | {"dstPort": "web"}), "`dstPort` of a packet is of the wrong kind"),
        (inbound(packet=7), "of the wrong kind"),
        ({"kind": "connect-new-flow", "from": "vm", "to": ["vm"], "packet": packet(OUTSIDE, INSIDE)}, "wrong kind"),
    ],
)
def test_a_question_that_makes_no_sense_is_not_applicable(
    solver: Solver, question: dict[str, Any], reason: str
) -> None:
    assert reason in outcome(solver, filtering_vector(question, "Deny")).left_out


@pytest.mark.parametrize("kind", ["gateway_advertises", "bgp_accepts"])
def test_a_gateway_that_is_not_there_is_not_asked_about(solver: Solver, kind: str) -> None:
    question = {"kind": kind, "gateway": "nowhere", "prefix": "10.9.0.0/16"}

    assert "malformed" in outcome(solver, vector(question, {"value": True, "prefixes": []})).left_out


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (filtering_vector(inbound(), "Deny", {**ANY, **WEB, "source": ["asg:g"]}), "there is no asg `g`"),
        (filtering_vector(inbound(), "Deny", asgs=[{"name": "g", "members": ["who"]}]), "there is no nic `who`"),
        (filtering_vector(inbound(enteredVia="publicIp"), "Deny"), "`vm`, which has none"),
        (filtering_vector(PING, "Deny", fixed={"U-ICMPPORT(web)": True}), "the rule `web`, of which there are 0"),
    ],
)
def test_what_refers_to_nothing_is_not_applicable(solver: Solver, asked: dict[str, Any], reason: str) -> None:
    assert reason in outcome(solver, asked).left_out


def test_a_group_a_route_server_and_tags_are_read() -> None:
    network = read_vector(
        vector(
            DIRECT,
            {"value": True},
            connected_groups=[{"name": "g", "members": ["one", "two"], "global": True}],
            route_servers=[{"vnet": "hub", "bgp_peers": [{"nva": "fw", "advertises": ["10.9.0.0/16"]}]}],
            service_tags={"Storage": ["203.0.113.0/24", "198.51.100.0/24"]},
            route_tables=[
                TABLES[0],
                {"name": "via-two", "routes": [{"prefix": "tag:Storage", "next_hop_type": "Internet"}]},
            ],
        )
    ).network

    assert network.connected_groups == (ConnectedGroup("g", ("one", "two"), is_global=True),)
    assert network.route_servers[0].peers == (BgpPeer("fw", (parse_prefix("10.9.0.0/16"),)),)
    assert [(str(route.prefix), route.service_tag) for route in network.route_tables["via-two"].routes] == [
        ("203.0.113.0/24", "Storage"),
        ("198.51.100.0/24", "Storage"),
    ]


def test_a_half_of_subnets_and_one_not_in_sync_are_read() -> None:
    subnets = {"peer_complete_vnets": False, "local_subnets": ["s"], "remote_subnets": ["dmz"]}
    halves = [
        HALVES[0] | {"sync": "LocalNotInSync", "remote_address_space": ["10.1.0.0/17"]},
        {"local": "one", "remote": "hub", **subnets},
    ]
    seen, partial = read_vector(vector(DIRECT, {"value": True}, peerings=halves)).network.peerings

    assert seen.remote_space == (parse_prefix("10.1.0.0/17"),)
    assert (partial.local_subnets, partial.remote_subnets) == (("s",), ("dmz",))


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        ({"load_balancers": [{"name": "lb"}]}, "a load balancer without `vnet`"),
        ({"nics": [NICS[0] | {"role": "bastion"}, *NICS[1:]]}, "a nic with role `bastion`"),
        ({"peerings": [{"local": "hub", "remote": "nowhere"}]}, "there is no vnet `nowhere`"),
        ({"peerings": [HALVES[0] | {"sync": "LocalNotInSync"}]}, "not in sync without"),
        ({"nics": [{"name": "vm1"}]}, "a nic without `"),
        ({"route_tables": []}, "there is no route table `via-one`"),
        ({"vnets": 7}, "malformed"),
        ({"vnets": [7]}, "malformed"),
        ({"nics": [7]}, "a nic that is no object"),
        ({"vnets": [HUB | {"region": 7}]}, "`region` of a vnet is of the wrong kind"),
        ({"vnets": [HUB | {"subnets": [EMPTY, DMZ]}, *SPOKES]}, "subnet `hub.s` has no prefix"),
        ({"nics": [NICS[0], *NICS]}, "two of a nic called `fw`"),
        ({"nics": [NICS[0] | {"ip_forwarding": "yes"}, *NICS[1:]]}, "of the wrong kind"),
        ({"service_tags": {"Storage": 7}}, "of the wrong kind"),
        ({"connected_groups": [{"name": "g", "members": [None]}]}, "of the wrong kind"),
        (
            {"route_tables": [TABLES[0] | {"routes": [NOWHERE]}, TABLES[1]]},
            "an appliance without an address",
        ),
    ],
)
def test_what_cannot_be_read_whole_is_not_applicable(solver: Solver, network: dict[str, Any], reason: str) -> None:
    asked = vector(DIRECT, {"value": True}, **network)

    with pytest.raises(NotApplicable, match=reason):
        read_vector(asked)
    assert reason in outcome(solver, asked).left_out
