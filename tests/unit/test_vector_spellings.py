"""Vectors that say one thing in several ways are read alike; what contradicts itself or is unknown is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conformance_vectors import (
    DIRECT,
    HALVES,
    HUB,
    INSIDE,
    NICS,
    SPOKES,
    TABLES,
    agrees,
    engines_against,
    filtered,
    left_out,
    outcome,
    vector,
)
from vnetverify.prover.solver import Solver
from vnetverify.testing.conformance import Outcome
from vnetverify.testing.vectors import read_vector

CHAINED = {"kind": "converse", "from": "vm1", "to": "vm2"}
TABLE_OF_TWO = {"kind": "effective_routes", "from": {"vnet": "two", "subnet": "s"}}
BLOCKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]


def line(kind: str, prefix: str, source: str = "Default", **more: str) -> dict[str, Any]:
    return {"type": kind, "prefix": prefix, "route_source": source, **more}


LINES = [
    line("VnetLocal", "10.2.0.0/16"),
    line("VNetPeering", "10.0.0.0/16"),
    line("VirtualAppliance", "10.1.0.0/16", "User", ip="10.0.2.4", name="r1"),
    line("Internet", "0.0.0.0/0", state="active"),
]


def test_what_a_vector_says_in_words_is_passed_over() -> None:
    said = {"confidence": "high", "sources": ["a page"], "notes": "as drawn", "url": "learn"}

    assert read_vector({**vector(DIRECT, {"value": True}), **said}).network.vnets


# What is unknown or contradicts itself


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({**vector(DIRECT, {"value": True}), "network": None}, "no object `network` in a vector"),
        ({**vector(DIRECT, {"value": True}), "question": "next_hop"}, "no object `question` in a vector"),
        ({**vector(DIRECT, {"value": True}), "rules": 7}, "`rules` of a vector are of the wrong kind"),
        ({**vector(DIRECT, {"value": True}), "severity": "high"}, "`severity` of a vector"),
        ({**vector(DIRECT, {"value": True}), "ignore_prefixes": ["10.0.0.0/8"]}, "`ignore_prefixes` of what is no"),
        (vector(DIRECT, {"value": True, "latency": "low"}), "`latency` of an answer"),
        (vector(DIRECT, {"value": "false"}), "`value` of an answer is of the wrong kind"),
        (vector(DIRECT, {"value": None}), "an answer without `value`"),
        (vector(DIRECT, {"must": False}), "without its two readings"),
        (vector(DIRECT, {"value": True, "must": False, "may": False}), "without its two readings"),
        (vector(DIRECT, {"must": False, "may": True, "path": ["vm1", "vm0"]}), "the path of what is contested"),
        (vector(DIRECT, {"value": True, "path": ["vm0", "vm1"]}), "does not lead from `vm1` to `vm0`"),
        (vector({**DIRECT, "to": "nowhere:10.9.0.4"}, {"value": True}), "there is no site `nowhere`"),
        (
            vector({"kind": "next_hop", "from": {"vnet": "one", "subnet": "s", "nic": "x"}, "dst": "10.0.1.4"}, {}),
            "`nic`",
        ),
        (
            vector(
                DIRECT,
                {"value": True},
                gateways=[{"name": "g", "vnet": "hub", "type": "vpn", "connections": [{"kind": "vnet_to_vnet"}]}],
            ),
            "a connection without `remote_gateway`",
        ),
        (vector(TABLE_OF_TWO, {}), "an answer without `routes`"),
        (vector(TABLE_OF_TWO, {"routes": [line("None", "10.0.0.0/8", state="Odd")]}), "a route in state `Odd`"),
        (vector(TABLE_OF_TWO, {"routes": [line("None", "10.1.0.0/16", "User", name="x")]}), "no user route `x`"),
        (
            vector(DIRECT, {"value": True}, peerings=[HALVES[0] | {"sync": "Half"}, *HALVES[1:]]),
            "at the level `half` of being in sync",
        ),
        (
            vector(DIRECT, {"value": True}, peerings=[HALVES[0] | {"local_subnets": ["s"]}, *HALVES[1:]]),
            "a peering of complete vnets that names subnets",
        ),
        (
            vector(DIRECT, {"value": True}, nics=[NICS[0] | {"os_routes": [{"prefix": "10.9.0.0/16"}]}, *NICS[1:]]),
            "a route of a nic without `via`",
        ),
        (vector(DIRECT, {"value": True}, vnets=[HUB | {"model": "cloud"}, *SPOKES]), "a vnet of model `cloud`"),
        ({**vector(CHAINED, {"value": True}), "fixedAtoms": {"U-R-PEER-16": "yes"}}, "no object of true and false"),
        ({**vector(CHAINED, {"value": True}), "fixedAtoms": {"U-DOA(hub/t)": True}}, "the subnet `hub/t`"),
        ({**vector(CHAINED, {"value": True}), "fixedAtoms": {"U-AVNA(one -> two)": True}}, "the peering `one -> two`"),
        ({**vector(CHAINED, {"value": True}), "fixedAtoms": {"U-AAPIP(vm9)": True}}, "the nic `vm9`"),
    ],
)
def test_what_no_reader_takes_makes_a_routing_vector_not_applicable(
    solver: Solver, asked: dict[str, Any], reason: str
) -> None:
    assert reason in left_out(solver, asked)


def stage(name: str, **more: str) -> dict[str, Any]:
    return {"verdict": "Deny", "trace": [{"stage": name, "object": "n", "rule": "DenyAllInBound", **more}]}


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (filtered({"verdict": "Deny", "port": 443}), "`port` of an answer"),
        (filtered({"verdict": "blocked"}), "the verdict `blocked`"),
        (filtered(stage("nicNsg")), "no `n` stands at a stage `nicNsg`"),
        (filtered(stage("subnetNsg", access="Allow")), "with the access `Allow`"),
        (filtered({**stage("subnetNsg"), "notEvaluated": ["N"]}), "a group `N` that is asked, or stands nowhere"),
        (filtered({"verdict": "Deny", "notEvaluated": ["x"]}), "without the `trace`"),
        (filtered({"verdict": "Deny", "must": "Allow", "may": "Allow"}), "without its two readings"),
        ({**filtered({"verdict": "Deny"}), "answers": 1}, "`answers` of a vector"),
        (filtered({"verdict": "Deny"}, nic={"publicIp": {"sku": "Premium"}}), "the SKU `Premium`"),
        (filtered({"verdict": "Deny"}, nic={"subnet": "t"}), "there is no subnet `v.t`"),
        (filtered({"verdict": "Deny"}, nic={"vnet": "w"}), "there is no vnet `w`"),
    ],
)
def test_what_no_reader_takes_makes_a_filtering_vector_not_applicable(
    solver: Solver, asked: dict[str, Any], reason: str
) -> None:
    assert reason in left_out(solver, asked)


def test_what_is_said_in_words_says_nothing_else(solver: Solver) -> None:
    halves = [{**half, "note": "as the page has it"} for half in HALVES]
    answer = {"value": True, "reason": "a peering", "explanation": "both halves", "comment": "surely"}
    asked = vector({**DIRECT, "description": "from a spoke"}, answer, peerings=halves, comment="a hub")

    assert agrees(solver, {**asked, "notes": ["none"], "title": "to the hub"})
    assert "`note` of a peering" in left_out(solver, vector(DIRECT, answer, peerings=[{**HALVES[0], "note": 7}]))


@pytest.mark.parametrize(
    ("question", "network", "answer"),
    [
        ({"kind": "egress-method"}, {"methods": ["natGateway"]}, {"method": "natGateway", "sku": "x"}),
        (
            {"kind": "firewall", "flow": {"src": INSIDE, "dst": "10.0.9.4", "port": 22, "protocol": "Tcp"}},
            {"firewall": {}},
            {"verdict": "Deny", "log": "x"},
        ),
        (
            {"kind": "dns-reverse", "from": "m", "address": "10.0.0.9"},
            {
                "vnets": [{"name": "v", "addressSpace": ["10.0.0.0/16"]}],
                "nics": [{"name": "m", "vnet": "v", "ip": INSIDE}],
            },
            {"verdict": "NXDOMAIN", "ttl": "x"},
        ),
    ],
)
def test_answers_of_every_form_are_read_whole(
    solver: Solver, question: dict[str, Any], network: dict[str, Any], answer: dict[str, Any]
) -> None:
    unknown = next(reversed(answer))
    asked = {"id": "F", "network": network, "question": question, "answer": answer}

    assert left_out(solver, asked) == f"`{unknown}` of an answer"
    assert agrees(solver, {**asked, "answer": {key: answer[key] for key in answer if key != unknown}})


# Routing: one thing in several ways


@pytest.mark.parametrize(
    "asked",
    [
        vector({**TABLE_OF_TWO, "ignore_prefixes": BLOCKS}, {"routes": LINES}),
        vector(TABLE_OF_TWO, {"routes": LINES, "ignore_prefixes": BLOCKS}),
        {**vector(TABLE_OF_TWO, {"routes": LINES}), "ignore_prefixes": BLOCKS},
        {**vector(TABLE_OF_TWO, {}), "answer": [*LINES, *(line("None", block) for block in BLOCKS)]},
    ],
)
def test_a_table_is_compared_without_what_is_to_be_ignored(solver: Solver, asked: dict[str, Any]) -> None:
    assert agrees(solver, asked)
    assert engines_against(solver, {**asked, "answer": {"routes": LINES[1:], "ignore_prefixes": BLOCKS}}) == [
        "simulator"
    ]


def test_a_table_may_call_its_columns_as_routes_do(solver: Solver) -> None:
    names = {"type": "next_hop_type", "route_source": "source", "ip": "next_hop_ip"}
    lines = [{names.get(key, key): value for key, value in told.items()} for told in LINES]

    assert agrees(solver, vector(TABLE_OF_TWO, {"routes": lines, "ignore_prefixes": BLOCKS}))


def announcing(solver: Solver, ip: str) -> Outcome:
    servers = [{"vnet": "hub", "bgp_peers": [{"nva": "fw", "advertises": ["192.168.0.0/16"]}]}]
    question = {"kind": "next_hop", "from": "vm0", "dst": "192.168.1.4"}
    hop = line("VirtualNetworkGateway", "192.168.0.0/16", "VirtualNetworkGateway", ip=ip)
    return outcome(solver, vector(question, hop, route_servers=servers))


def test_the_address_of_a_gateway_in_a_table_is_that_of_the_appliance_that_told_a_route_server(solver: Solver) -> None:
    assert announcing(solver, "10.0.2.4") == Outcome("V")
    assert "a gateway at the address 10.0.1.4" in announcing(solver, "10.0.1.4").left_out


@pytest.mark.parametrize("key", ["fixedAtoms", "fixed_atoms"])
def test_atoms_are_fixed_in_either_spelling_beside_the_network_or_in_it(solver: Solver, key: str) -> None:
    atoms = {key: {"U-R-PEER-16": True}}

    assert agrees(solver, {**vector(CHAINED, {"value": True}), **atoms})
    assert agrees(solver, vector(CHAINED, {"value": True}, **atoms))


def test_what_is_no_prefix_is_invalid_and_no_ground_for_other_answers(solver: Solver) -> None:
    spaces = [HUB | {"address_space": ["10.0.0.0/33"]}, *SPOKES]

    assert agrees(solver, vector({"kind": "valid_config"}, {"value": False, "violates": ["R-ADDR-1"]}, vnets=spaces))
    assert "10.0.0.0/33" in left_out(solver, vector(DIRECT, {"value": False}, vnets=spaces))


def test_words_of_the_routing_format_are_known_in_any_letter_case_and_lists_of_one_by_their_element(
    solver: Solver,
) -> None:
    bare = {"name": "s", "prefix": "10.1.1.0/24"}
    spoke = SPOKES[0] | {"model": "Classic", "address_space": "10.1.0.0/16", "subnets": [bare]}
    network: dict[str, Any] = {"vnets": [HUB, spoke], "peerings": [HALVES[0]], "nics": NICS[:2], "route_tables": []}

    assert agrees(solver, vector({"kind": "converse", "from": "vm1", "to": "fw"}, {"value": True}, **network))


def test_a_route_leads_to_a_tag_in_whatever_letter_case(solver: Solver) -> None:
    table = {"name": "via-one", "routes": [{"prefix": "tag:storage", "next_hop_type": "None"}]}
    question = {"kind": "next_hop", "from": "vm1", "dst": "203.0.113.9"}
    told = {"route_tables": [table, TABLES[1]], "service_tags": {"Storage": ["203.0.113.0/24"]}}

    assert agrees(solver, vector(question, line("None", "203.0.113.0/24", "User"), **told))


@pytest.mark.parametrize(("prefixes", "is_read"), [(["10.7.0.0/16"], True), (["10.7.0.0/17"], False)])
def test_what_a_connection_leads_to_may_be_told_as_the_other_gateway_announces_it(
    solver: Solver, prefixes: list[str], is_read: bool
) -> None:
    far = {
        "name": "far",
        "address_space": ["10.7.0.0/16"],
        "subnets": [{"name": "GatewaySubnet", "prefix": "10.7.255.0/27"}],
    }
    own = HUB | {"subnets": [*HUB["subnets"], {"name": "GatewaySubnet", "prefixes": ["10.0.255.0/27"]}]}
    ways = [{"kind": "vnet_to_vnet", "remote_gateway": "g2", "prefixes": prefixes}]
    gateways = [
        {"name": "g1", "vnet": "hub", "type": "vpn", "connections": ways},
        {"name": "g2", "vnet": "far", "type": "vpn"},
    ]
    hop = line("VirtualNetworkGateway", "10.7.0.0/16", "VirtualNetworkGateway", gateway="g1")
    question = {"kind": "next_hop", "from": "vm0", "dst": "10.7.0.9"}
    asked = vector(question, hop, vnets=[own, *SPOKES, far], gateways=gateways)

    assert agrees(solver, asked) is is_read
    assert ("of which the other announces others" in left_out(solver, asked)) is not is_read


@pytest.mark.parametrize(
    ("way", "prefix"),
    [
        ({"kind": "er", "circuit": "c", "prefixes": ["192.168.0.0/16"]}, "192.168.0.0/16"),
        ({"kind": "s2s", "prefixes": "192.168.0.0/17"}, "192.168.0.0/17"),
        ({"kind": "er", "circuit": "c"}, None),
    ],
)
def test_a_connection_may_leave_its_site_out(solver: Solver, way: dict[str, Any], prefix: str | None) -> None:
    own = HUB | {"subnets": [*HUB["subnets"], {"name": "GatewaySubnet", "prefixes": ["10.0.255.0/27"]}]}
    kind = "expressroute" if way["kind"] == "er" else "vpn"
    network = {"vnets": [own, *SPOKES], "gateways": [{"name": "g", "vnet": "hub", "type": kind, "connections": [way]}]}
    question = {"kind": "next_hop", "from": "vm0", "dst": "192.168.0.9"}
    learned = line("VirtualNetworkGateway", prefix or "192.168.0.0/16", "VirtualNetworkGateway", gateway="g")

    assert agrees(solver, vector(question, learned, **network)) is (prefix is not None)
    assert agrees(solver, vector(question, line("None", "192.168.0.0/16"), **network)) is (prefix is None)


def test_gateways_of_one_circuit_without_a_site_are_told_of_each_other(solver: Solver) -> None:
    vnets = [
        spoke | {"subnets": [*spoke["subnets"], {"name": "GatewaySubnet", "prefixes": [f"10.{n}.255.0/27"]}]}
        for n, spoke in enumerate(SPOKES, 1)
    ]
    ends = [
        {"name": f"g-{vnet['name']}", "vnet": vnet["name"], "type": "expressroute", "allow_remote_vnet_traffic": True,
         "connections": [{"kind": "er", "circuit": "c"}]}
        for vnet in vnets
    ]  # fmt: skip
    tables = [{**table, "routes": []} for table in TABLES]
    network: dict[str, Any] = {
        "vnets": vnets,
        "gateways": ends,
        "nics": NICS[1:3],
        "peerings": [],
        "route_tables": tables,
    }

    assert agrees(solver, vector(CHAINED, {"value": True}, **network))
    ends[1]["connections"][0]["circuit"] = "other"
    assert agrees(solver, vector(CHAINED, {"value": False}, **network))


@pytest.mark.parametrize("kind", ["s2s", "S2S", "site-to-site", "p2s", "point_to_site"])
def test_connections_are_of_a_kind_in_whatever_spelling(solver: Solver, kind: str) -> None:
    own = HUB | {"subnets": [*HUB["subnets"], {"name": "GatewaySubnet", "prefixes": ["10.0.255.0/27"]}]}
    way = {"kind": kind, "site": "on", "prefixes": ["192.168.0.0/16"]}
    gateways = [{"name": "g", "vnet": "hub", "type": "VPN", "connections": [way]}]
    sites = [{"name": "on", "prefixes": ["192.168.0.0/16"]}]
    question = {"kind": "gateway_for", "from": "vm0", "dst": "192.168.0.9"}
    asked = vector(question, {"gateway": "g"}, vnets=[own, *SPOKES], gateways=gateways, sites=sites)

    assert agrees(solver, asked)
    assert read_vector(asked).network.sites["on"].point_to_site is (kind[0] == "p")
