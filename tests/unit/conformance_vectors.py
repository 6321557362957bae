"""A network of a hub and spokes as vectors have it, and vectors about it."""

from __future__ import annotations

from typing import Any

from vnetverify.prover.solver import Solver
from vnetverify.testing.conformance import Outcome, conform

DMZ = {"name": "dmz", "prefixes": ["10.0.2.0/24"]}
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


def vector(question: dict[str, Any], answer: dict[str, Any], *rules: str, **network: Any) -> dict[str, Any]:
    return {
        "id": "V",
        "network": {**NETWORK, **network},
        "question": question,
        "answer": answer,
        "rules": list(rules),
    }


def outcome(solver: Solver, asked: dict[str, Any]) -> Outcome:
    (found,) = conform([asked], solver)
    return found


def agrees(solver: Solver, asked: dict[str, Any]) -> bool:
    return outcome(solver, asked) == Outcome(asked["id"])


def left_out(solver: Solver, asked: dict[str, Any]) -> str:
    return outcome(solver, asked).left_out


def engines_against(solver: Solver, asked: dict[str, Any]) -> list[str]:
    return [disagreement.engine for disagreement in outcome(solver, asked).disagreements]


WEB: dict[str, Any] = {"name": "web", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}
ANY: dict[str, Any] = {"source": ["*"], "sourcePorts": ["*"], "destination": ["*"], "destinationPorts": ["*"]}
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


def filtered(answer: dict[str, Any], *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**filtering_vector(inbound(), "Deny", *rules, **more), "answer": answer}
