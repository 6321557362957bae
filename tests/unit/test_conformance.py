"""Vectors asked of both engines: small made-up ones that are right, wrong, contested or about something else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conformance_vectors import DIRECT, HALVES, HUB, NICS, SPOKES, TABLES, engines_against, outcome, vector
from vnetverify.prover.solver import Solver
from vnetverify.testing.conformance import Outcome

CHAINED = {"kind": "converse", "from": "vm1", "to": "vm2"}
CONTESTED = {"value": False, "must": False, "may": True}


def hop(kind: str, prefix: str, source: str, **more: str) -> dict[str, Any]:
    return {"type": kind, "prefix": prefix, "route_source": source, **more}


# What agrees and what does not


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (DIRECT, {"value": True, "path": ["vm1", "vm0"]}),
        ({**CHAINED, "kind": "deliver", "to": "vm0"}, {"value": True}),
        ({"kind": "next_hop", "from": "vm1", "dst": "10.0.1.9"}, hop("VNetPeering", "10.0.0.0/16", "Default")),
        ({"kind": "next_hop", "from": "vm1", "dst": "10.1.1.4"}, hop("VnetLocal", "10.1.0.0/16", "Default")),
        ({"kind": "gateway_for", "from": "vm1", "dst": "10.0.1.9"}, {"gateway": None}),
        ({"kind": "valid_config"}, {"value": True}),
        (
            {"kind": "reserved_addresses", "from": {"vnet": "hub", "subnet": "s"}},
            {"addresses": ["10.0.1.0", "10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.255"]},
        ),
    ],
)
def test_a_right_answer_is_agreed_to(solver: Solver, question: dict[str, Any], answer: dict[str, Any]) -> None:
    assert outcome(solver, vector(question, answer)) == Outcome("V")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (DIRECT, {"value": False}),
        (CHAINED, {"value": True}),
        ({"kind": "next_hop", "from": "vm1", "dst": "10.0.1.9"}, hop("Internet", "0.0.0.0/0", "Default")),
        ({"kind": "gateway_for", "from": "vm1", "dst": "10.0.1.9"}, {"gateway": "gw"}),
        ({"kind": "reserved_addresses", "from": {"vnet": "hub", "subnet": "s"}}, {"addresses": ["10.0.1.0"]}),
    ],
)
def test_a_wrong_answer_is_told_of_both_engines(
    solver: Solver, question: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert engines_against(solver, vector(question, answer)) == ["simulator", "encoder"]


def test_a_disagreement_says_what_was_wanted_and_what_is_given(solver: Solver) -> None:
    found = outcome(solver, vector(DIRECT, {"value": False}))

    assert str(found.disagreements[0]) == "V: simulator: wanted no, given yes directly"


def test_a_disagreement_says_that_nothing_is_given(solver: Solver) -> None:
    gateway = {"name": "gw", "vnet": "hub", "type": "vpn"}
    six = HUB | {"address_space": ["fd00::/48"], "subnets": [{"name": "GatewaySubnet", "prefixes": ["fd00::/64"]}]}
    asked = vector({"kind": "gateway_advertises", "gateway": "gw"}, {"prefixes": ["10.0.0.0/16"]}, vnets=[six],
                   gateways=[gateway], peerings=[], nics=[], route_tables=[])  # fmt: skip

    assert str(outcome(solver, asked).disagreements[0]) == "V: simulator: wanted 10.0.0.0/16, given nothing"
    other = {**asked, "network": {**asked["network"], "vnets": [HUB]}, "answer": {"prefixes": []}}
    assert str(outcome(solver, other).disagreements[0]) == "V: simulator: wanted nothing, given 10.0.0.0/16"


def test_a_configuration_is_judged_by_the_check(solver: Solver) -> None:
    wrong = vector({"kind": "valid_config"}, {"value": False, "violates": ["R-PEER-6"]})

    assert [str(found) for found in outcome(solver, wrong).disagreements] == [
        "V: check: wanted invalid R-PEER-6, given valid"
    ]


def test_a_rule_that_sums_up_others_is_found_by_them(solver: Solver) -> None:
    question, wrong = {"kind": "valid_config"}, {"value": False, "violates": ["R-ADDR-10"]}
    twins = [HUB, *(spoke | {"address_space": ["10.1.0.0/16", "10.2.0.0/16"]} for spoke in SPOKES)]

    assert outcome(solver, vector(question, wrong, vnets=twins)) == Outcome("V")
    assert engines_against(solver, vector(question, wrong)) == ["check"]


@pytest.mark.parametrize("era", [None, "current", "2016-07", "2018-02"])
def test_an_era_that_is_not_told_is_the_current_one(solver: Solver, era: str | None) -> None:
    assert outcome(solver, {**vector(DIRECT, {"value": True}), "era": era, "id": None}) == Outcome("vector 1")


def test_an_effective_route_table_agrees_but_for_prefixes_to_ignore(solver: Solver) -> None:
    lines = [
        hop("VnetLocal", "10.1.0.0/16", "Default"),
        hop("VNetPeering", "10.0.0.0/16", "Default"),
        hop("VirtualAppliance", "10.2.0.0/16", "User", ip="10.0.2.4"),
        hop("Internet", "0.0.0.0/0", "Default"),
    ]
    blocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
    question = {"kind": "effective_routes", "from": "vm1", "ignore_prefixes": blocks}

    assert engines_against(solver, vector(question, {"routes": lines})) == []
    assert engines_against(solver, vector(question, {"routes": lines[1:]})) == ["simulator"]
    lines[1]["type"] = "None"
    assert engines_against(solver, vector(question, {"routes": lines})) == ["simulator", "encoder"]


# What is contested


def test_a_contested_answer_agrees_when_the_fact_of_its_rule_decides(solver: Solver) -> None:
    assert outcome(solver, vector(CHAINED, CONTESTED, "R-PEER-15", "R-PEER-16")) == Outcome("V")


def test_a_contested_answer_that_another_fact_decides_is_a_disagreement(solver: Solver) -> None:
    found = outcome(solver, vector(CHAINED, CONTESTED, "R-SYS-5"))

    assert [str(disagreement) for disagreement in found.disagreements] == [
        f"V: {engine}: wanted a verdict that U-R-SYS-5 decides, given one that depends on further facts"
        for engine in ("simulator", "encoder")
    ]


@pytest.mark.parametrize(
    ("question", "answer"), [(DIRECT, CONTESTED), (CHAINED, {"value": False, "must": False, "may": False})]
)
def test_a_verdict_that_is_open_otherwise_than_wanted_is_a_disagreement(
    solver: Solver, question: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert engines_against(solver, vector(question, answer, "R-PEER-16")) == ["simulator", "encoder"]


def test_a_fixed_fact_is_open_no_more(solver: Solver) -> None:
    asked = {**vector(CHAINED, {"value": True, "must": True, "may": True}), "fixed_atoms": {"U-R-PEER-16": True}}

    assert outcome(solver, asked) == Outcome("V")


def test_each_of_several_next_hops_must_be_possible(solver: Solver) -> None:
    far = [{"prefix": "10.9.0.0/16", "next_hop_type": "VirtualAppliance", "next_hop_ip": "10.2.1.4"}]
    question = {"kind": "next_hop", "from": "vm1", "dst": "10.9.0.4"}
    user = hop("VirtualAppliance", "10.9.0.0/16", "User", ip="10.2.1.4")
    skipped, peering = hop("None", "10.0.0.0/8", "Default"), hop("VNetPeering", "10.0.0.0/16", "Default")
    tables = [{"name": "via-one", "routes": far}, TABLES[1]]

    assert engines_against(solver, vector(question, {"any_of": [user, skipped]}, route_tables=tables)) == []
    assert engines_against(solver, vector(question, {"any_of": [user, peering]}, route_tables=tables)) == ["simulator"]


# What the routing format says


def test_a_user_route_cannot_lead_to_a_peering(solver: Solver) -> None:
    tables = [{"name": "via-one", "routes": [{"prefix": "10.2.0.0/16", "next_hop_type": "VNetPeering"}]}, TABLES[1]]
    invalid = {"value": False, "violates": ["R-UDR-2"]}

    assert outcome(solver, vector({"kind": "valid_config"}, invalid, route_tables=tables)) == Outcome("V")
    assert "R-UDR-2 forbids" in outcome(solver, vector(DIRECT, {"value": True}, route_tables=tables)).left_out


def test_a_link_in_the_making_carries_nothing(solver: Solver) -> None:
    halves = [HALVES[0] | {"state": "Updating"}, *HALVES[1:]]

    assert outcome(solver, vector(DIRECT, {"value": False}, peerings=halves)) == Outcome("V")


def test_the_table_of_a_classic_vnet_does_not_show_the_peering_that_it_has(solver: Solver) -> None:
    classic = SPOKES[0] | {"model": "classic", "subnets": [{"name": "s", "prefixes": ["10.1.1.0/24"]}]}
    network: dict[str, Any] = {"vnets": [HUB, classic], "peerings": [HALVES[0]], "nics": NICS[:2], "route_tables": []}
    blocks = ["172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
    question = {"kind": "effective_routes", "from": "vm1", "ignore_prefixes": blocks}
    lines = [
        hop("VnetLocal", "10.1.0.0/16", "Default"),
        hop("None", "10.0.0.0/8", "Default"),
        hop("Internet", "0.0.0.0/0", "Default"),
    ]

    assert outcome(solver, vector(question, {"routes": lines}, **network)) == Outcome("V")
    assert outcome(solver, vector({"kind": "converse", "from": "vm1", "to": "fw"}, {"value": True}, **network)) == (
        Outcome("V")
    )


def test_a_managed_firewall_needs_no_forwarding_switch(solver: Solver) -> None:
    subnets = [{"name": "s", "prefixes": ["10.0.1.0/24"]}, {"name": "AzureFirewallSubnet", "prefixes": ["10.0.2.0/24"]}]
    firewall: dict[str, Any] = {**NICS[0], "subnet": "AzureFirewallSubnet", "ip_forwarding": False}
    halves = [half | {"allow_forwarded_traffic": True} for half in HALVES]
    asked = vector(
        CHAINED,
        {"value": True, "path": ["vm1", "fw", "vm2"]},
        vnets=[HUB | {"subnets": subnets}, *SPOKES],
        nics=[firewall, *NICS[1:]],
        peerings=halves,
    )

    assert outcome(solver, asked) == Outcome("V")


def test_summarised_prefixes_are_announced_instead_of_ranges(solver: Solver) -> None:
    hub = HUB | {"summarized_gateway_prefixes": ["10.0.0.0/8"]}
    gateway = {"name": "gw", "vnet": "hub", "type": "vpn"}
    question, answer = {"kind": "gateway_advertises", "gateway": "gw"}, {"prefixes": ["10.0.0.0/8"]}

    assert outcome(solver, vector(question, answer, vnets=[hub, *SPOKES], gateways=[gateway])) == Outcome("V")


def test_services_are_found_without_regard_to_case(solver: Solver) -> None:
    subnets = [{"name": "s", "prefixes": ["10.0.1.0/24"], "service_endpoints": ["microsoft.storage"]}]
    asked = vector(
        {"kind": "next_hop", "from": {"vnet": "hub", "subnet": "s"}, "dst": "203.0.113.9"},
        hop("VirtualNetworkServiceEndpoint", "203.0.113.0/24", "Default"),
        vnets=[HUB | {"subnets": subnets}],
        peerings=[],
        nics=[],
        route_tables=[],
        service_prefixes={"Microsoft.Storage": ["203.0.113.0/24"]},
    )

    assert outcome(solver, asked) == Outcome("V")
