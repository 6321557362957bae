"""Vectors that say one thing in several ways are read alike; what contradicts itself or is unknown is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conformance_vectors import (
    ANY,
    DIRECT,
    HALVES,
    HUB,
    INSIDE,
    NICS,
    OUTSIDE,
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


def agrees(solver: Solver, asked: dict[str, Any]) -> bool:
    return outcome(solver, asked) == Outcome(asked["id"])


def left_out(solver: Solver, asked: dict[str, Any]) -> str:
    return outcome(solver, asked).left_out


# What is unknown or contradicts itself


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
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
        (vector(TABLE_OF_TWO, {}), "an answer without `routes`"),
        (vector(TABLE_OF_TWO, {"routes": [line("None", "10.0.0.0/8", state="Odd")]}), "a route in state `Odd`"),
        (vector(TABLE_OF_TWO, {"routes": [line("None", "10.1.0.0/16", "User", name="x")]}), "no user route `x`"),
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


def filtered(answer: dict[str, Any], *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**filtering_vector(inbound(), "Deny", *rules, **more), "answer": answer}


def stage(name: str, **more: str) -> dict[str, Any]:
    return {"verdict": "Deny", "trace": [{"stage": name, "object": "n", "rule": "DenyAllInBound", **more}]}


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (filtered({"verdict": "Deny", "port": 443}), "`port` of an answer"),
        (filtered({"verdict": "blocked"}), "the verdict `blocked`"),
        (filtered(stage("nicNsg")), "no `n` stands at a stage `nicNsg`"),
        (filtered(stage("subnetNsg", access="Allow")), "with the access `Allow`"),
        (filtered({**stage("subnetNsg"), "notEvaluated": ["N"]}), "a group that is asked and not asked"),
        (filtered({"verdict": "Deny", "notEvaluated": ["x"]}), "without the `trace`"),
        (filtered({"verdict": "Deny", "must": "Allow", "may": "Allow"}), "without its two readings"),
        ({**filtered({"verdict": "Deny"}), "answers": 1}, "`answers` of a vector"),
        (filtered({"verdict": "Deny"}, nic={"publicIp": {"sku": "Premium"}}), "the SKU `Premium`"),
    ],
)
def test_what_no_reader_takes_makes_a_filtering_vector_not_applicable(
    solver: Solver, asked: dict[str, Any], reason: str
) -> None:
    assert reason in left_out(solver, asked)


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


# Filtering: one thing in several ways


@pytest.mark.parametrize(
    "field",
    [
        {"protocol": "TCP", "access": "allow", "direction": "inbound"},
        {"source": "*", "sourcePorts": "*", "destination": "*", "destinationPorts": 443},
        {"source": ["Any"], "destinationPorts": ["443-443"]},
        {"source": ["Internet"]},
        {"source": "tag:internet"},
        {"source": ["192.0.2.0/24, 203.0.113.0/24"], "destinationPorts": ["22,440-445"]},
        {"source": ["203.0.113.99/24"]},
        {"description": "from anywhere"},
    ],
)
def test_a_rule_is_read_in_the_spellings_that_azure_takes(solver: Solver, field: dict[str, Any]) -> None:
    answer = {"verdict": "allow", "trace": [{"stage": "subnetNsg", "object": "N", "rule": "Web", "access": "Allow"}]}

    assert agrees(solver, filtered(answer, {**ANY, **WEB, **field}))


@pytest.mark.parametrize(
    "field",
    [
        {"source": ["*", "tag:Internet"]},
        {"source": []},
        {"destinationPorts": []},
        {"destinationPorts": ["65536"]},
        {"destinationPorts": ["web"]},
        {"source": ["10.0.0.0/33"]},
        {"protocol": "Gre"},
        {"access": "AlwaysAllow"},
    ],
)
def test_what_a_rule_cannot_say_is_invalid(solver: Solver, field: dict[str, Any]) -> None:
    asked = filtering_vector({"kind": "validate"}, "Invalid", {**ANY, **WEB, **field})

    assert agrees(solver, asked)
    assert engines_against(solver, {**asked, "answer": {"verdict": "valid"}}) == ["check"]
    assert "the verdict `accepted`" in left_out(solver, {**asked, "answer": {"verdict": "accepted"}})


def test_an_invalid_network_breaks_the_rules_that_a_filtering_vector_names(solver: Solver) -> None:
    twice = [{**ANY, **WEB}, {**ANY, **WEB, "name": "other"}]
    asked = filtering_vector({"kind": "validate"}, "invalid", *twice)

    assert agrees(solver, {**asked, "answer": {"verdict": "invalid", "violates": ["F-NSG-3"]}})
    assert engines_against(solver, {**asked, "answer": {"verdict": "invalid", "violates": ["F-NSG-2"]}}) == ["check"]


ESP = {
    "kind": "filter",
    "at": "vm",
    "direction": "Inbound",
    "packet": {"src": OUTSIDE, "dst": INSIDE, "protocol": "Esp"},
}


@pytest.mark.parametrize(
    "answer", [{"verdict": "unknown"}, {"must": "Deny", "may": "Allow"}, {"must": False, "may": True}]
)
def test_a_verdict_that_turns_on_an_atom_is_unknown(solver: Solver, answer: dict[str, Any]) -> None:
    asked = {**filtering_vector(ESP, "", {**ANY, **WEB, "protocol": "*"}), "answer": answer, "rules": ["F-NSG-7"]}

    assert agrees(solver, asked)
    assert engines_against(solver, {**asked, "rules": ["F-NSG-9"]}) == ["simulator", "encoder"]
    assert engines_against(solver, {**asked, "fixedAtoms": {"U-ANYPROTO": True}}) == ["simulator", "encoder"]


def test_a_flow_is_let_pass_at_both_its_ends_in_one_world_or_not(solver: Solver) -> None:
    nics = [{"name": name, "vnet": "v", "subnet": "s", "ip": ip} for name, ip in (("vm", INSIDE), ("b", "10.0.0.5"))]
    sent = {"src": INSIDE, "dst": "10.0.0.5", "protocol": "Esp"}
    question = {"kind": "connect-new-flow", "from": "vm", "to": "b", "packet": sent}
    let_in = {**ANY, **WEB, "protocol": "*"}  # as the default rule lets out: where `*` covers ESP
    kept_out = [{**let_in, "access": "Deny"}, {**let_in, "name": "esp", "protocol": "Esp", "priority": 200}]

    asked = {**filtering_vector(question, "", let_in, nics=nics), "answer": {"verdict": "unknown"}}
    assert agrees(solver, asked)
    never = {**filtering_vector(question, "", *kept_out, nics=nics), "answer": {"must": False, "may": False}}
    assert agrees(solver, never)
    assert agrees(solver, {**never, "question": {**ESP, "at": "b"}, "answer": {"verdict": "unknown"}})


def test_the_era_holds_for_filtering_vectors_too() -> None:
    assert read_vector({**filtered({"verdict": "Deny"}), "era": "2016-07"}).network.era.value == "2016-07"


@pytest.mark.parametrize("sku", ["Standard", "StandardV2", "standardv2"])
def test_a_standard_address_is_closed_without_a_group(solver: Solver, sku: str) -> None:
    public = {"publicIp": {"address": "20.0.0.9", "sku": sku}}
    asked = filtering_vector(inbound(enteredVia="publicIp"), "Deny", nic=public, subnet={"nsg": None})
    told = {"verdict": "Deny", "trace": [{"stage": "publicIp", "object": "20.0.0.9", "access": "Deny"}]}

    assert agrees(solver, asked)
    assert agrees(solver, {**asked, "answer": told})


@pytest.mark.parametrize("subnet", ["s", "v.s", "v/s", "vm subnet", "vm"])
def test_an_atom_of_a_subnet_is_known_by_every_name_of_it(solver: Solver, subnet: str) -> None:
    route = {"prefix": "192.168.0.0/16", "nextHopType": "None"}
    out = {**inbound(), "direction": "Outbound", "packet": packet(INSIDE, "192.168.0.4")}
    asked = filtering_vector(
        out, "Allow", subnet={"routes": [route]}, fixed={f"U-VNTAG({subnet}, 192.168.0.0/16)": True}
    )

    assert agrees(solver, asked)


@pytest.mark.parametrize(
    ("is_off", "tag", "verdict"), [(False, None, "Allow"), (True, True, "Allow"), (True, False, "Deny")]
)
def test_a_table_without_propagation_leaves_learned_prefixes_to_the_atom(
    solver: Solver, is_off: bool, tag: bool | None, verdict: str
) -> None:
    subnet = {"name": "s", "prefix": "10.0.0.0/24", "nsg": "n", "disableBgpRoutePropagation": is_off}
    learned = {"learnedRoutes": ["192.168.0.0/16"]}
    vnets = [{"name": "v", "addressSpace": ["10.0.0.0/16"], "subnets": [subnet], "gateway": learned}]
    out = {**inbound(), "direction": "Outbound", "packet": packet(INSIDE, "192.168.0.4")}
    fixed = {} if tag is None else {"U-VNTAG(s, 192.168.0.0/16)": tag}

    assert agrees(solver, filtering_vector(out, verdict, vnets=vnets, fixed=fixed))


# Security admin rules


def managed(*rules: dict[str, Any], contains: list[str] | None = None, **more: Any) -> dict[str, Any]:
    subnet = {"name": "s", "prefix": "10.0.0.0/24", "nsg": "n"}
    vnets = [{"name": "v", "addressSpace": ["10.0.0.0/16"], "subnets": [subnet], "contains": contains}]
    listed = [{**{key: rule[key] for key in rule if key != "access"}, "action": rule["access"]} for rule in rules]
    admin = [{"manager": "root", "vnets": ["v"], "rules": listed}]
    return filtering_vector(inbound(), "Deny", {**ANY, **WEB}, vnets=vnets, securityAdmin=admin, **more)


BLOCK = {**ANY, **WEB, "name": "Block", "access": "Deny"}


def test_services_with_subnets_of_their_own_keep_no_admin_rule_out_of_others(solver: Solver) -> None:
    let_pass = {"verdict": "Allow"}

    assert agrees(solver, managed(BLOCK, contains=["Bastion"]))
    assert agrees(solver, {**managed(BLOCK, contains=["AzureDatabricks"]), "answer": let_pass})
    assert agrees(solver, {**managed(BLOCK, contains=["Bastion", "SqlManagedInstance"]), "answer": let_pass})
    assert "contains ApplicationGateway" in left_out(solver, managed(BLOCK, contains=["ApplicationGateway"]))


@pytest.mark.parametrize(("is_first", "verdict"), [(True, "Deny"), (False, "Allow")])
def test_an_atom_of_a_tie_names_the_rule_that_is_tried_first_and_the_other(
    solver: Solver, is_first: bool, verdict: str
) -> None:
    always = {**BLOCK, "name": "Always", "access": "AlwaysAllow"}

    for asked in (managed(BLOCK, always), managed(always, BLOCK)):
        asked |= {"fixedAtoms": {"U-ADMTIE(Block, Always)": is_first}, "answer": {"verdict": verdict}}
        assert agrees(solver, asked)


def test_what_an_admin_rule_cannot_do_is_invalid(solver: Solver) -> None:
    asked = managed({**BLOCK, "access": "Audit"})

    assert agrees(solver, {**asked, "question": {"kind": "validate"}, "answer": {"verdict": "invalid"}})


# Changes of rules


CHANGE = "rule ssh (TCP 22, Allow, Inbound) was present when the flow was admitted and has been removed"


@pytest.mark.parametrize(
    ("said", "of_group", "verdict"),
    [
        ("", None, "Allow"),
        ("; flushConnection not set", False, "Allow"),
        ("; flushConnection not enabled", None, "Allow"),
        ("; flushConnection=false", None, "Allow"),
        ("; flushConnection set", None, "Deny"),
        ("; flushConnection enabled", True, "Deny"),
        ("; flushConnection = true", None, "Deny"),
        ("", True, "Deny"),
    ],
)
def test_flows_are_judged_again_where_the_group_or_the_change_says_so(
    solver: Solver, said: str, of_group: bool | None, verdict: str
) -> None:
    question = {"kind": "established-after-change", "at": "vm", "flowDirection": "Inbound", "change": CHANGE + said,
                "establishedFlow": packet(OUTSIDE, INSIDE, 22)}  # fmt: skip
    asked = filtering_vector(question, verdict, nsgs=[{"name": "n", "rules": [], "flushConnection": of_group}])

    assert agrees(solver, asked)


def test_a_group_and_a_change_that_differ_on_flushing_are_not_asked_about(solver: Solver) -> None:
    question = {"kind": "established-after-change", "at": "vm", "flowDirection": "Inbound",
                "change": f"{CHANGE}; flushConnection off", "establishedFlow": packet(OUTSIDE, INSIDE, 22)}  # fmt: skip
    asked = filtering_vector(question, "Deny", nsgs=[{"name": "n", "rules": [], "flushConnection": True}])

    assert "that the change tells otherwise" in left_out(solver, asked)


# Ways out and firewalls


@pytest.mark.parametrize(
    ("methods", "method"),
    [(["udrVpnGateway", "natGateway"], "udrVpnGateway"), (["outboundRule"], "outboundRules"), ([], "none"), ([], None)],
)
def test_ways_out_are_known_by_their_names_on_azures_pages(
    solver: Solver, methods: list[str], method: str | None
) -> None:
    asked = {"id": "F", "question": {"kind": "egress-method"}, "network": {"methods": methods}}

    assert agrees(solver, {**asked, "answer": {"method": method}})


@pytest.mark.parametrize(("is_covered", "verdict"), [(True, "Allow"), (False, "Deny")])
def test_the_atom_of_a_name_in_a_firewall_decides(solver: Solver, is_covered: bool, verdict: str) -> None:
    rule = {"name": "web", "source": "*", "protocols": ["https"], "fqdns": ["example.org"]}
    firewall = {"applicationCollections": [{"priority": 100, "action": "Allow", "rules": [rule]}]}
    flow = {"src": INSIDE, "fqdn": "example.com", "port": 443, "protocol": "Tcp"}
    asked = {"id": "F", "question": {"kind": "firewall", "flow": flow}, "network": {"firewall": firewall}}

    assert agrees(solver, {**asked, "answer": {"verdict": verdict}, "fixedAtoms": {"U-FQDN(web)": is_covered}})
