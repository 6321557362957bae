"""Vectors about rule collections of firewalls, ways out, names, and flows that began before a change."""

from __future__ import annotations

from typing import Any

import pytest

from vnetverify.prover.solver import Solver
from vnetverify.testing.conformance import Outcome, conform

ALLOW, DENY = {"verdict": "Allow"}, {"verdict": "Deny"}


def outcome(solver: Solver, network: dict[str, Any], question: dict[str, Any], answer: dict[str, Any]) -> Outcome:
    (found,) = conform([{"id": "F", "network": network, "question": question, "answer": answer}], solver)
    return found


def agreed(solver: Solver, network: dict[str, Any], question: dict[str, Any], answer: dict[str, Any]) -> bool:
    found = outcome(solver, network, question, answer)
    assert not found.left_out, found.left_out
    engines = {disagreement.engine for disagreement in found.disagreements}
    assert engines in (set(), {"simulator", "encoder"}), found.disagreements
    return not engines


# Firewalls


def flow(destination: str | None, port: int, protocol: str = "Tcp", source: str = "10.0.0.4", **more: str) -> Any:
    where = {} if destination is None else {"dst": destination}
    told = {"src": source, **where, "port": port, "protocol": protocol, **more}
    return {"kind": "firewall", "flow": told}


def collection(priority: int, action: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"priority": priority, "action": action, "rules": list(rules)}


def rule(name: str, destination: str = "*", ports: tuple[str, ...] = ("*",), **more: Any) -> dict[str, Any]:
    return {"name": name, "protocol": "Tcp", "source": ["*"], "destination": [destination], "ports": list(ports)} | more


def web_rule(name: str, *names: str) -> dict[str, Any]:
    return {"name": name, "source": ["10.0.0.0/8"], "protocols": ["https:443"], "fqdns": list(names)}


def nat_rule(name: str, port: str, led_to: str, to_port: int) -> dict[str, Any]:
    return rule(name, "20.0.0.1", (port,)) | {"translatedAddress": led_to, "translatedPort": to_port}


SSH_FIRST = {
    "networkCollections": [
        collection(200, "Allow", rule("all", "10.9.0.0/24")),
        collection(100, "Deny", rule("ssh", "10.9.0.0/24", ("22",))),
    ]
}
NAMES = {
    "networkCollections": [collection(100, "Allow", rule("dns", "*", ("53",), protocol="Udp"))],
    "applicationCollections": [
        collection(100, "Deny", web_rule("ads", "*.ads.example")),
        collection(200, "Allow", web_rule("any", "*")),
    ],
}
INBOUND = {
    "natCollections": [{"priority": 100, "rules": [nat_rule("rdp", "3389", "10.9.0.4", 33389)]}],
    "networkCollections": [collection(100, "Deny", rule("closed", "10.9.0.5"))],
}
INBOUND_DENIED = {**INBOUND, "networkCollections": [collection(100, "Deny", rule("closed", "10.9.0.4"))]}
OUTSIDE = "203.0.113.10"

FIREWALLS = [
    (SSH_FIRST, flow("10.9.0.4", 22), {**DENY, "rule": "ssh"}),
    (SSH_FIRST, flow("10.9.0.4", 23), {**ALLOW, "rule": "all"}),
    (SSH_FIRST, flow("10.9.1.4", 22), {**DENY, "rule": None}),
    (SSH_FIRST, flow("10.9.0.4", 22, "Udp"), {**DENY, "rule": None}),
    (NAMES, flow(None, 443, fqdn="www.ads.example"), {**DENY, "rule": "ads"}),
    (NAMES, flow(None, 443, fqdn="ads.example"), {**ALLOW, "rule": "any"}),
    (NAMES, flow(None, 80, fqdn="www.ads.example"), {**DENY, "rule": None}),
    (NAMES, flow("198.51.100.53", 53, "Udp"), {**ALLOW, "rule": "dns"}),
    (INBOUND, flow("20.0.0.1", 3389, source=OUTSIDE), {**ALLOW, "rule": "rdp", "translatedTo": "10.9.0.4:33389"}),
    (INBOUND, flow("20.0.0.1", 3388, source=OUTSIDE), {**DENY, "rule": None}),
    (INBOUND, flow("20.0.0.2", 3389, source=OUTSIDE), {**DENY, "rule": None}),
    (INBOUND_DENIED, flow("20.0.0.1", 3389, source=OUTSIDE), {**DENY, "rule": "closed"}),
    ({}, flow("10.9.0.4", 22), {**DENY, "rule": None}),
]


@pytest.mark.parametrize(("firewall", "question", "answer"), FIREWALLS)
def test_a_firewall_decides_by_the_first_rule(
    solver: Solver, firewall: dict[str, Any], question: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert agreed(solver, {"firewall": firewall}, question, answer)


@pytest.mark.parametrize(
    ("firewall", "question", "answer"),
    [
        (SSH_FIRST, flow("10.9.0.4", 22), {**ALLOW, "rule": "all"}),
        (SSH_FIRST, flow("10.9.0.4", 22), {**DENY, "rule": None}),
        (SSH_FIRST, flow("10.9.0.4", 23), {**ALLOW, "rule": "ssh"}),
        (NAMES, flow(None, 443, fqdn="ads.example"), {**DENY, "rule": "ads"}),
        (INBOUND, flow("20.0.0.1", 3389, source=OUTSIDE), {**ALLOW, "rule": "rdp", "translatedTo": "10.9.0.4:3389"}),
        (INBOUND, flow("20.0.0.1", 3389, source=OUTSIDE), {**ALLOW, "rule": "rdp", "translatedTo": "10.9.0.5:33389"}),
        (INBOUND, flow("20.0.0.1", 3389, source=OUTSIDE), {**DENY, "rule": None}),
    ],
)
def test_another_verdict_rule_or_translation_of_a_firewall_is_told(
    solver: Solver, firewall: dict[str, Any], question: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert not agreed(solver, {"firewall": firewall}, question, answer)


@pytest.mark.parametrize(
    ("firewall", "question", "reason"),
    [
        (SSH_FIRST, flow("10.9.0.4", 22, source=OUTSIDE), "from the Internet to a private address"),
        (SSH_FIRST, flow("10.9.0.4", 22, "*"), "any protocol"),
        ({"networkCollections": [collection(1, "Log", rule("r"))]}, flow("10.9.0.4", 22), "the action `log`"),
        ({"networkCollections": [collection(1, "Deny")] * 2}, flow("10.9.0.4", 22), "one priority"),
        ({"networkCollections": [collection(1, "Deny", rule("r"), rule("R"))]}, flow("10.9.0.4", 22), "one name"),
        ({"applicationCollections": [collection(1, "Deny", rule("r", protocols=["ftp:21"]))]},
         flow("10.9.0.4", 22), "an application rule for `ftp:21`"),
        ({"policyTier": "Premium"}, flow("10.9.0.4", 22), "`policyTier` of a firewall"),
    ],
)  # fmt: skip
def test_what_no_adapter_reads_of_a_firewall_is_named(
    solver: Solver, firewall: dict[str, Any], question: dict[str, Any], reason: str
) -> None:
    assert reason in outcome(solver, {"firewall": firewall}, question, DENY).left_out


# Ways out, in the order in which they are taken

EGRESS = {"kind": "egress-method"}
ORDER = ("udrVirtualAppliance", "expressRoute", "natGateway", "instancePublicIp", "loadBalancerOutboundRules")


@pytest.mark.parametrize("number", range(len(ORDER)))
def test_the_first_of_the_ways_out_is_taken(solver: Solver, number: int) -> None:
    methods = [*reversed(ORDER[number:]), "defaultOutboundAccess"]

    assert agreed(solver, {"methods": methods}, EGRESS, {"method": ORDER[number]})
    for other in (*ORDER[number + 1 :], "defaultOutboundAccess", None):
        assert not agreed(solver, {"methods": methods}, EGRESS, {"method": other})


@pytest.mark.parametrize("method", ["defaultOutboundAccess", None])
def test_the_last_way_out_is_that_by_default(solver: Solver, method: str | None) -> None:
    assert agreed(solver, {"methods": ["defaultOutboundAccess"]}, EGRESS, {"method": method}) is (method is not None)
    assert agreed(solver, {"methods": []}, EGRESS, {"method": method}) is (method is None)


def test_a_way_out_of_another_name_is_named(solver: Solver) -> None:
    assert "carrier pigeon" in outcome(solver, {"methods": ["carrier pigeon"]}, EGRESS, {"method": None}).left_out


# Names

TWO = {
    "vnets": [
        {"name": "A", "addressSpace": ["10.1.0.0/16"], "dns": "azure-provided",
         "peerings": [{"remote": "B", "state": "Connected"}]},
        {"name": "B", "addressSpace": ["10.2.0.0/16"], "dns": "azure-provided",
         "peerings": [{"remote": "A", "state": "Connected"}]},
    ],
    "nics": [
        {"name": "vmA", "vnet": "A", "ip": "10.1.0.4"},
        {"name": "vmA2", "vnet": "A", "ip": "10.1.0.5"},
        {"name": "vmB", "vnet": "B", "ip": "10.2.0.4"},
    ],
}  # fmt: skip
FOUND, NOTHING = {"verdict": "NOERROR"}, {"verdict": "NXDOMAIN"}


def reverse(asker: str, address: str) -> dict[str, Any]:
    return {"kind": "dns-reverse", "from": asker, "address": address}


def forward(asker: str, name: str) -> dict[str, Any]:
    return {"kind": "dns-forward", "from": asker, "name": name}


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        (reverse("vmA", "10.1.0.5"), {**FOUND, "name": "vmA2"}, NOTHING),
        (reverse("vmA", "10.2.0.4"), NOTHING, {"name": "vmB"}),
        (reverse("vmA", "10.1.0.6"), NOTHING, FOUND),
        (forward("vmA", "VMA2"), {"address": "10.1.0.5"}, {"address": "10.1.0.4"}),
        (forward("vmA", "vmB"), NOTHING, {"address": "10.2.0.4"}),
    ],
)
def test_names_end_at_the_border_of_a_network(
    solver: Solver, question: dict[str, Any], right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert agreed(solver, TWO, question, right)
    assert not agreed(solver, TWO, question, wrong)


def test_an_answer_with_the_name_of_another_is_malformed(solver: Solver) -> None:
    assert "malformed" in outcome(solver, TWO, reverse("vmA", "10.1.0.5"), {"name": "vmA"}).left_out


# Flows that began before a change

HERE = {"src": "203.0.113.10", "srcPort": 50000, "dst": "10.0.0.4", "dstPort": 22, "protocol": "Tcp"}
SHUT = {
    "name": "Shut", "priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "*",
    "source": ["*"], "sourcePorts": ["*"], "destination": ["*"], "destinationPorts": ["*"],
}  # fmt: skip
OPEN = {**SHUT, "name": "Open", "priority": 300, "access": "Allow"}


def after(change: str, *rules: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    network = {
        "vnets": [
            {"name": "v", "addressSpace": ["10.0.0.0/16"],
             "subnets": [{"name": "s", "prefix": "10.0.0.0/24", "nsg": "N"}]},
        ],
        "nics": [{"name": "vm", "vnet": "v", "subnet": "s", "ip": "10.0.0.4"}],
        "nsgs": [{"name": "N", "rules": list(rules)}],
    }  # fmt: skip
    asked = {"kind": "established-after-change", "at": "vm", "establishedFlow": HERE, "flowDirection": "Inbound"}
    return network, {**asked, "change": change}


REMOVED = "rule Ssh (TCP 22, Allow, Inbound) was present when the flow was admitted and has been removed"
HTTP_REMOVED = "rule Http (TCP 80, Allow, Inbound) was present when the flow was admitted and has been removed"


@pytest.mark.parametrize(
    ("change", "rules", "right"),
    [
        (f"{REMOVED}; flushConnection not set", (), "Allow"),
        (REMOVED, (SHUT,), "Allow"),
        (f"{REMOVED}; flushConnection set", (), "Deny"),
        (f"{REMOVED}; flushConnection set", (OPEN,), "Allow"),
        (HTTP_REMOVED, (), "Deny"),
        ("rule Shut (any, Deny, Inbound) was added after the flow was admitted", (SHUT, OPEN), "Allow"),
        ("rule Shut was added after the flow was admitted; flushConnection is true.", (SHUT, OPEN), "Deny"),
        ("rule Shut has been added; flushConnection not set", (SHUT, OPEN), "Allow"),
        ("rule Shut has been added; flushConnection set", (SHUT, OPEN), "Deny"),
        ("rule Open has been added; flushConnection not set", (OPEN,), "Deny"),
    ],
)
def test_a_flow_is_judged_by_the_rules_under_which_it_began(
    solver: Solver, change: str, rules: tuple[dict[str, Any], ...], right: str
) -> None:
    wrong = {"Allow": "Deny", "Deny": "Allow"}[right]

    assert agreed(solver, *after(change, *rules), {"verdict": right})
    assert not agreed(solver, *after(change, *rules), {"verdict": wrong})


@pytest.mark.parametrize(
    ("change", "rules", "reason"),
    [
        ("everything is different now", (), "the change `everything is different now`"),
        ("rule Ssh has been removed", (), "nothing is told"),
        (REMOVED, ({**SHUT, "priority": 100},), "may have stood behind others"),
        (REMOVED, ({**SHUT, "name": "ssh"},), "malformed"),
        ("rule Other has been added", (SHUT,), "malformed"),
    ],
)
def test_a_change_that_cannot_be_told_is_not_guessed(
    solver: Solver, change: str, rules: tuple[dict[str, Any], ...], reason: str
) -> None:
    assert reason in outcome(solver, *after(change, *rules), ALLOW).left_out
