"""Filtering vectors that say one thing in several ways are read alike, and what they leave open is open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conformance_vectors import (
    ANY,
    INSIDE,
    OUTSIDE,
    WEB,
    agrees,
    engines_against,
    filtered,
    filtering_vector,
    inbound,
    left_out,
    packet,
)
from vnetverify.prover.solver import Solver
from vnetverify.testing.vectors import read_vector

# Rules and verdicts


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
    assert "forbids" in left_out(solver, filtered({"verdict": "Allow"}, {**ANY, **WEB, **field}))


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


def test_a_private_endpoint_has_no_switches_that_are_on(solver: Solver) -> None:
    endpoint = {"privateEndpoint": {"state": "Approved"}}
    subnet = {"privateEndpointNetworkPolicies": "Disabled"}
    answer = {"verdict": "Allow", "trace": []}

    for value in (False, True):
        asked = filtering_vector(inbound(), "", nic={**endpoint, "ipForwarding": value}, subnet=subnet)
        assert agrees(solver, {**asked, "answer": answer}) is not value


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


@pytest.mark.parametrize(
    ("sender", "reason"), [("10.0.1.9", ""), ("10.0.2.9", "10.0.2.9, which stands in no subnet"), (OUTSIDE, "")]
)
def test_who_began_a_flow_is_a_host_of_its_subnet_or_on_the_internet(solver: Solver, sender: str, reason: str) -> None:
    subnets = [{"name": "s", "prefix": "10.0.0.0/24", "nsg": "n"}, {"name": "t", "prefix": "10.0.1.0/24"}]
    vnets = [{"name": "v", "addressSpace": ["10.0.0.0/16"], "subnets": subnets}]
    shut = {**ANY, **WEB, "name": "shut", "direction": "Outbound", "access": "Deny", "protocol": "*"}
    question = {"kind": "reply", "at": "vm", "flowDirection": "Inbound", "direction": "Outbound"}
    question |= {"establishedFlow": packet(sender, INSIDE), "packet": packet(INSIDE, sender, 50000, 443)}
    asked = filtering_vector(question, "Allow", {**ANY, **WEB}, shut, vnets=vnets)

    assert agrees(solver, asked) is (reason == "")
    assert reason in left_out(solver, asked)


# Services in subnets


def test_an_application_gateway_keeps_admin_rules_out_of_the_subnet_that_contains_it(solver: Solver) -> None:
    def beside(*services: str) -> dict[str, Any]:
        asked = managed(BLOCK)
        asked["network"]["vnets"][0]["subnets"][0]["contains"] = list(services)
        return asked

    assert agrees(solver, beside())
    assert agrees(solver, {**beside("ApplicationGateway"), "answer": {"verdict": "Allow"}})
    assert agrees(solver, {**beside("ApplicationGateway"), "fixedAtoms": {"U-ADMAGW(s)": False}})
    assert "a subnet that contains Bastion" in left_out(solver, beside("Bastion"))


def at_bastion(*rules: dict[str, Any]) -> dict[str, Any]:
    subnet = {"name": "AzureBastionSubnet", "prefix": "10.0.0.0/26"}
    return filtering_vector({"kind": "validate"}, "invalid", *rules, subnet=subnet, nics=[])


def test_the_group_of_a_bastion_allows_by_rules_of_its_own_what_every_copy_of_the_page_lists(solver: Solver) -> None:
    managing = {**ANY, **WEB, "source": ["tag:GatewayManager"]}
    out = {**ANY, **WEB, "name": "o", "direction": "Outbound", "destination": ["tag:AzureCloud"]}
    sessions = {**out, "name": "s", "priority": 110, "destination": ["tag:VirtualNetwork"]}
    sessions["destinationPorts"] = ["22", "3389"]

    for lacking in ([], [managing, out], [managing, sessions], [out, sessions]):
        assert agrees(solver, {**at_bastion(*lacking), "answer": {"verdict": "invalid", "violates": ["F-BAS-2"]}})
    assert agrees(solver, {**at_bastion(managing, out, sessions), "answer": {"verdict": "valid"}})


# Names


NAMED = {
    "vnets": [{"name": "v", "addressSpace": ["10.0.0.0/16"]}, {"name": "w", "addressSpace": ["10.1.0.0/16"]}],
    "nics": [{"name": name, "vnet": vnet, "ip": ip} for name, vnet, ip in (
        ("m", "v", INSIDE), ("mate", "v", "10.0.0.5"), ("far", "w", "10.1.0.4"))],
}  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        {"verdict": "found"},
        {"verdict": "FQDN", "name": "mate.internal.cloudapp.net"},
        {"verdict": "mate.internal.cloudapp.net."},
        {"name": "mate"},
    ],
)
def test_a_reverse_look_up_finds_the_name_of_a_host_nearby(solver: Solver, answer: dict[str, str]) -> None:
    question = {"kind": "dns-reverse", "from": "m", "address": "10.0.0.5"}
    asked = {"id": "D", "network": NAMED, "question": question, "answer": answer}
    other = {key: value.replace("mate", "far") for key, value in answer.items()}

    assert agrees(solver, asked)
    assert ("not an address of" in left_out(solver, {**asked, "answer": other})) is (other != answer)
    assert engines_against(solver, {**asked, "answer": {"verdict": "NXDOMAIN"}}) == ["simulator", "encoder"]


@pytest.mark.parametrize(("name", "is_near"), [("mate", True), ("Mate.internal.cloudapp.net", True), ("far", False)])
def test_the_names_that_azure_gives_are_looked_up_with_their_domain_or_without(
    solver: Solver, name: str, is_near: bool
) -> None:
    question = {"kind": "dns-resolve", "from": "m", "name": name}
    asked = {"id": "D", "network": NAMED, "question": question, "answer": {"verdict": "NXDOMAIN"}}

    assert agrees(solver, asked) is not is_near
    assert agrees(solver, {**asked, "answer": {"verdict": "Resolved"}}) is is_near
    assert "a `name` as the answer" in left_out(solver, {**asked, "answer": {"verdict": "found", "name": "x"}})


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


def test_a_firewall_translates_to_ipv4_alone(solver: Solver) -> None:
    rule = {"protocol": "Tcp", "destination": "20.0.0.1", "ports": "443", "translatedAddress": "fd00::4"}
    network = {"firewall": {"natCollections": [{"priority": 100, "rules": [rule]}]}}
    flow = {"src": OUTSIDE, "dst": "20.0.0.1", "port": 443, "protocol": "Tcp"}
    asked = {"id": "F", "network": network, "question": {"kind": "firewall", "flow": flow}}

    assert "to an IPv6 address" in left_out(solver, {**asked, "answer": {"verdict": "Allow"}})
