"""Vectors about filters are asked of both engines: rules by their names, replies, public addresses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conformance_vectors import (
    ANY,
    INSIDE,
    OUTSIDE,
    PING,
    WEB,
    engines_against,
    filtering_vector,
    inbound,
    outcome,
    packet,
)
from vnetverify.prover.solver import Solver
from vnetverify.testing.conformance import Outcome

SHUT = {**ANY, "name": "shut", "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*"}
ESTABLISHED: dict[str, Any] = {"kind": "reply", "at": "vm", "flowDirection": "Inbound", "direction": "Outbound"}
ESTABLISHED |= {"establishedFlow": packet(OUTSIDE, INSIDE, 80)}


@pytest.mark.parametrize("atom", ["U-ICMPPORT(web)", "U-ICMPPORT(n/web)", "U-ICMPPORT"])
@pytest.mark.parametrize(("value", "verdict"), [(True, "Allow"), (False, "Deny")])
@pytest.mark.parametrize("protocol", ["*", "Any"])
def test_an_atom_of_a_rule_is_known_by_the_rules_name(
    solver: Solver, atom: str, value: bool, verdict: str, protocol: str
) -> None:
    rule = {**ANY, **WEB, "protocol": protocol, "destinationPorts": ["80"]}

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
