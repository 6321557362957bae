"""Vectors asked of both engines: small made-up ones that are right, wrong, contested or about something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vnetverify.cli import main, status
from vnetverify.header import parse_prefix
from vnetverify.model.network import BgpPeer, ConnectedGroup
from vnetverify.prover.solver import Limits, Solver
from vnetverify.testing.conformance import Outcome, conform
from vnetverify.testing.vectors import NotApplicable, read_vector

DMZ = {"name": "dmz", "prefixes": ["10.0.2.0/24"]}
EMPTY: dict[str, Any] = {"name": "s", "prefixes": []}
NOWHERE = {"prefix": "10.9.0.0/16", "next_hop_type": "VirtualAppliance"}
HUB = {
    "name": "hub",
    "address_space": ["10.0.0.0/16"],
    "subnets": [{"name": "s", "prefixes": ["10.0.1.0/24"]}, DMZ],
}
SPOKES = [
    {
        "name": name,
        "address_space": [f"10.{number}.0.0/16"],
        "subnets": [{"name": "s", "prefixes": [f"10.{number}.1.0/24"], "route_table": f"via-{name}"}],
    }
    for number, name in ((1, "one"), (2, "two"))
]
HALVES = [
    {"local": local, "remote": remote} for spoke in ("one", "two") for local, remote in (("hub", spoke), (spoke, "hub"))
]
TABLES = [
    {
        "name": f"via-{name}",
        "routes": [{"prefix": prefix, "next_hop_type": "VirtualAppliance", "next_hop_ip": "10.0.2.4"}],
    }
    for name, prefix in (("one", "10.2.0.0/16"), ("two", "10.1.0.0/16"))
]
NICS: list[dict[str, Any]] = [
    {"name": "fw", "vnet": "hub", "subnet": "dmz", "ip": "10.0.2.4", "ip_forwarding": True, "role": "nva"},
    {"name": "vm1", "vnet": "one", "subnet": "s", "ip": "10.1.1.4"},
    {"name": "vm2", "vnet": "two", "subnet": "s", "ip": "10.2.1.4"},
    {"name": "vm0", "vnet": "hub", "subnet": "s", "ip": "10.0.1.4"},
]
NETWORK = {"vnets": [HUB, *SPOKES], "peerings": HALVES, "route_tables": TABLES, "nics": NICS}
DIRECT = {"kind": "converse", "from": "vm1", "to": "vm0"}
CHAINED = {"kind": "converse", "from": "vm1", "to": "vm2"}
CONTESTED = {"value": False, "must": False, "may": True}


def vector(question: dict[str, Any], answer: dict[str, Any], *rules: str, **network: Any) -> dict[str, Any]:
    return {
        "id": "V",
        "network": {**NETWORK, **network},
        "question": question,
        "answer": answer,
        "rules": list(rules),
    }


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    solver = Solver(Limits())
    yield solver
    solver.close()


def outcome(solver: Solver, asked: dict[str, Any]) -> Outcome:
    (found,) = conform([asked], solver)
    return found


def engines_against(solver: Solver, asked: dict[str, Any]) -> list[str]:
    return [disagreement.engine for disagreement in outcome(solver, asked).disagreements]


def hop(kind: str, prefix: str, source: str, **more: str) -> dict[str, Any]:
    return {"type": kind, "prefix": prefix, "route_source": source, **more}


# What agrees and what does not


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (DIRECT, {"value": True, "path": ["vm1", "vm0"]}),
        ({**CHAINED, "kind": "deliver", "to": "vm0"}, {"value": True}),
        ({"kind": "next_hop", "from": "vm1", "dst": "10.0.1.9"}, hop("VNetPeering", "10.0.0.0/16", "Default")),
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


# What the filtering format says

WEB: dict[str, Any] = {"name": "web", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}
ANY: dict[str, Any] = {"source": ["*"], "sourcePorts": ["*"], "destination": ["*"], "destinationPorts": ["*"]}
SHUT = {**ANY, "name": "shut", "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*"}
OUTSIDE, INSIDE = "203.0.113.10", "10.0.0.4"


def packet(source: str, destination: str, port: int = 443, source_port: int = 50000) -> dict[str, Any]:
    return {"src": source, "srcPort": source_port, "dst": destination, "dstPort": port, "protocol": "Tcp"}


def filtering_vector(
    question: dict[str, Any],
    verdict: str,
    *rules: dict[str, Any],
    nic: dict[str, Any] | None = None,
    subnet: dict[str, Any] | None = None,
    fixed: dict[str, bool] | None = None,
    **network: Any,
) -> dict[str, Any]:
    first = {"name": "s", "prefix": "10.0.0.0/24", "nsg": "n", **(subnet or {})}
    return {
        "id": "F",
        "fixedAtoms": fixed or {},
        "network": {
            "vnets": [{"name": "v", "addressSpace": ["10.0.0.0/16"], "subnets": [first]}],
            "nics": [{"name": "vm", "vnet": "v", "subnet": "s", "ip": INSIDE, **(nic or {})}],
            "nsgs": [{"name": "n", "rules": list(rules)}],
            **network,
        },
        "question": question,
        "answer": {"verdict": verdict},
        "rules": [],
    }


def inbound(**more: Any) -> dict[str, Any]:
    return {"kind": "filter", "at": "vm", "direction": "Inbound", "packet": packet(OUTSIDE, INSIDE), **more}


PING = {**inbound(), "packet": {"src": OUTSIDE, "dst": INSIDE, "protocol": "Icmp"}}
ESTABLISHED: dict[str, Any] = {"kind": "reply", "at": "vm", "flowDirection": "Inbound", "direction": "Outbound"}
ESTABLISHED |= {"establishedFlow": packet(OUTSIDE, INSIDE, 80)}


@pytest.mark.parametrize("atom", ["U-ICMPPORT(web)", "U-ICMPPORT(n/web)", "U-ICMPPORT"])
@pytest.mark.parametrize(("value", "verdict"), [(True, "Allow"), (False, "Deny")])
def test_an_atom_of_a_rule_is_known_by_the_rules_name(solver: Solver, atom: str, value: bool, verdict: str) -> None:
    rule = {**ANY, **WEB, "protocol": "*", "destinationPorts": ["80"]}

    assert outcome(solver, filtering_vector(PING, verdict, rule, fixed={atom: value})) == Outcome("F")


@pytest.mark.parametrize("atom", ["U-SKU(vm)", "U-SKU"])
@pytest.mark.parametrize("address", [{}, {"address": None}, {"address": "20.0.0.9"}])
def test_a_public_address_need_not_be_known_to_be_entered_by(
    solver: Solver, atom: str, address: dict[str, Any]
) -> None:
    bare: dict[str, Any] = {"nic": {"publicIp": {"sku": None, **address}}, "subnet": {"nsg": None}}
    asked = inbound(enteredVia="publicIp")

    assert outcome(solver, filtering_vector(asked, "Allow", fixed={atom: True}, **bare)) == Outcome("F")
    assert outcome(solver, filtering_vector(asked, "Deny", fixed={atom: False}, **bare)) == Outcome("F")


def test_a_reply_passes_by_the_record_of_its_flow_and_another_packet_by_the_rules(solver: Solver) -> None:
    web = {**ANY, **WEB, "destinationPorts": ["80"]}
    reply = {**ESTABLISHED, "packet": packet(INSIDE, OUTSIDE, 50000, 80)}
    other = {**ESTABLISHED, "packet": packet(INSIDE, OUTSIDE, 50001, 80)}

    assert outcome(solver, filtering_vector(reply, "Allow", web, SHUT)) == Outcome("F")
    assert outcome(solver, filtering_vector(other, "Deny", web, SHUT)) == Outcome("F")
    assert engines_against(solver, filtering_vector(reply, "Deny", web, SHUT)) == ["simulator", "encoder"]


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


# The command


def file_of(tmp_path: Path, content: object) -> str:
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_the_command_counts_and_ends_well_when_nothing_disagrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about_else = vector({"kind": "bottleneck"}, {"value": 1})
    content = {"vectors": [vector(DIRECT, {"value": True}), about_else]}

    assert main(("conform", file_of(tmp_path, content))) == status.AS_EXPECTED
    assert capsys.readouterr().out == "1 agreed, 0 disagreed, 1 not applicable\n"


def test_the_command_prints_a_line_for_each_disagreement_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = [vector(DIRECT, {"value": False})]

    assert main(("conform", file_of(tmp_path, content))) == status.REFUTED
    assert capsys.readouterr().out == (
        "V: simulator: wanted no, given yes directly\n"
        "V: encoder: wanted no, given it is answered: yes\n"
        "0 agreed, 1 disagreed, 0 not applicable\n"
    )


def test_the_command_says_what_it_left_out_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = [vector({"kind": "bottleneck"}, {"value": 1})]

    assert main(("conform", "--left-out", file_of(tmp_path, content))) == status.AS_EXPECTED
    assert capsys.readouterr().out.startswith("V: not applicable: questions of kind `bottleneck`\n")


@pytest.mark.parametrize("content", [{"networks": []}, 7, [1, 2], {"vectors": "none"}])
def test_a_file_without_vectors_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: object
) -> None:
    assert main(("conform", file_of(tmp_path, content))) == status.BAD_INPUT
    assert "no list of vectors" in capsys.readouterr().err


def test_what_is_no_json_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vectors.json"
    path.write_text("[" * 100_000)

    assert main(("conform", str(path))) == status.BAD_INPUT
    assert "error[bad-json]" in capsys.readouterr().err


def test_a_missing_file_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("conform", "nowhere.json")) == status.BAD_INPUT
    assert "error[no-such-file]" in capsys.readouterr().err


def test_hostile_names_are_printed_visibly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = [{**vector(DIRECT, {"value": False}), "id": "\x1b[31mred"}]

    assert main(("conform", file_of(tmp_path, content))) == status.REFUTED
    assert "\x1b" not in capsys.readouterr().out
