"""Two tables of the documents as data: the default rules of every group, and which of two routes is used."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vnetverify.encoder import filters as encoded
from vnetverify.facts import World
from vnetverify.header import ALL_PORTS
from vnetverify.model.network import Network
from vnetverify.model.security import AnyAddress, Direction, SecurityRule, ServiceTag
from vnetverify.model.wellformed import check
from vnetverify.prover.solver import Solver
from vnetverify.simulator.filters import DEFAULT_RULES
from vnetverify.syntax import read_text
from vnetverify.testing.answers import agrees, simulated_answer
from vnetverify.testing.confirmation import confirmations
from vnetverify.testing.question_lines import answer_text, parse_asked

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", ROOT.parent / "shared" / "corpus"))


# -- the default rules (F-DEF-1), whose ports are all ports and whose protocol is any ------------------------

DEFAULT_ROWS = [
    ("inbound", "AllowVNetInBound", 65000, "VirtualNetwork", "VirtualNetwork", "allow"),
    ("inbound", "AllowAzureLoadBalancerInBound", 65001, "AzureLoadBalancer", "*", "allow"),
    ("inbound", "DenyAllInBound", 65500, "*", "*", "deny"),
    ("outbound", "AllowVnetOutBound", 65000, "VirtualNetwork", "VirtualNetwork", "allow"),
    ("outbound", "AllowInternetOutBound", 65001, "*", "Internet", "allow"),
    ("outbound", "DenyAllOutBound", 65500, "*", "*", "deny"),
]


def row(rule: SecurityRule) -> tuple[str, str, int, str, str, str]:
    """Return the rule as a row of the table; it must have every port and any protocol."""
    assert (rule.protocol, rule.source_ports, rule.destination_ports) == (None, ALL_PORTS, ALL_PORTS)
    ends = []
    for field in (rule.source, rule.destination):
        assert isinstance(field, AnyAddress | ServiceTag)
        ends.append(field.name if isinstance(field, ServiceTag) else "*")
    return rule.direction.value, rule.name, rule.priority, ends[0], ends[1], rule.access.value


def test_the_default_rules_of_the_simulator_are_those_of_the_table() -> None:
    assert list(map(row, DEFAULT_RULES)) == DEFAULT_ROWS


@pytest.mark.parametrize("direction", Direction)
def test_the_default_rules_of_the_encoder_are_those_of_the_table(direction: Direction) -> None:
    wanted = [each for each in DEFAULT_ROWS if each[0] == direction.value]
    *allowing, last = wanted

    # What no row allows the encoder denies whatever the packet, under the name of the last row.
    assert list(map(row, encoded._DEFAULTS[direction])) == allowing
    assert (last[1], last[3:]) == (encoded._LAST[direction], ("*", "*", "deny"))


def test_every_row_decides_a_packet_of_the_book() -> None:
    book = "".join((ROOT / "specs" / "semantics" / f"{name}.md").read_text() for name in ("filtering", "boundaries"))
    missing = [name for _, name, _, _, _, access in DEFAULT_ROWS if f"= {access} by n/{name}\n" not in book]

    assert missing == []


_RECORDED = CORPUS / "rest-recording/cloud-custodian/NetworkSecurityGroupTest.test_allow_single_port.json"


@pytest.mark.skipif(not _RECORDED.is_file(), reason=f"the corpus of real files is not at {CORPUS}")
def test_azure_recorded_the_table_with_two_groups() -> None:
    groups = list(_groups(json.loads(_RECORDED.read_text())))

    assert len(groups) == 2
    for rules in groups:
        assert sorted(map(_recorded_row, rules)) == sorted(_folded(each) for each in DEFAULT_ROWS)


def _groups(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, dict):
        if "defaultSecurityRules" in value:
            yield [rule["properties"] | {"name": rule["name"]} for rule in value["defaultSecurityRules"]]
        for inner in value.values():
            yield from _groups(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _groups(inner)


def _recorded_row(rule: dict[str, Any]) -> tuple[str, ...]:
    assert (rule["protocol"], rule["sourcePortRange"], rule["destinationPortRange"]) == ("*", "*", "*")
    ends = (rule["sourceAddressPrefix"], rule["destinationAddressPrefix"])
    return _folded((rule["direction"], rule["name"], rule["priority"], *ends, rule["access"]))


def _folded(values: tuple[str | int, ...]) -> tuple[str, ...]:
    return tuple(str(value).casefold() for value in values)


# -- which of two routes is used (R-SEL-1 to R-SEL-5, R-SYS-4, R-GW-15, R-UDR-4) -----------------------------

USER, LEARNED, OWN, PEER, DEFAULT, NOWHERE = "user", "learned", "own", "peer", "default", "nowhere"
FIXED = (OWN, NOWHERE)  # routes that every table has

# The rule, the route used and the one that loses, each a kind and a prefix, and an address of both.
PRECEDENCE = [
    ("R-SEL-2", (USER, "10.0.0.0/16"), (OWN, "10.0.0.0/16"), "10.0.0.255"),
    ("R-SEL-2", (USER, "10.1.0.0/16"), (PEER, "10.1.0.0/16"), "10.1.0.0"),
    ("R-SEL-2", (USER, "172.20.0.0/16"), (LEARNED, "172.20.0.0/16"), "172.20.255.255"),
    ("R-SEL-2", (USER, "0.0.0.0/0"), (DEFAULT, "0.0.0.0/0"), "203.0.113.9"),
    ("R-SEL-2", (USER, "172.16.0.0/12"), (NOWHERE, "172.16.0.0/12"), "172.31.255.255"),
    ("R-SEL-2", (LEARNED, "0.0.0.0/0"), (DEFAULT, "0.0.0.0/0"), "203.0.113.9"),
    ("R-SEL-2", (LEARNED, "172.16.0.0/12"), (NOWHERE, "172.16.0.0/12"), "172.16.0.0"),
    ("R-SYS-4", (OWN, "192.168.0.0/16"), (NOWHERE, "192.168.0.0/16"), "192.168.0.0"),
    ("R-SEL-1", (USER, "10.0.0.0/17"), (OWN, "10.0.0.0/16"), "10.0.0.0"),
    ("R-SEL-1", (USER, "10.1.0.0/17"), (PEER, "10.1.0.0/16"), "10.1.127.255"),
    ("R-SEL-1", (USER, "172.20.0.0/17"), (LEARNED, "172.20.0.0/16"), "172.20.0.0"),
    ("R-SEL-1", (USER, "128.0.0.0/1"), (DEFAULT, "0.0.0.0/0"), "203.0.113.9"),
    ("R-SEL-1", (USER, "172.16.0.0/13"), (NOWHERE, "172.16.0.0/12"), "172.23.255.255"),
    ("R-SEL-1", (LEARNED, "172.20.0.0/17"), (USER, "172.20.0.0/16"), "172.20.127.255"),
    ("R-SEL-1", (LEARNED, "203.0.113.0/24"), (DEFAULT, "0.0.0.0/0"), "203.0.113.0"),
    ("R-SEL-1", (LEARNED, "172.20.0.0/16"), (NOWHERE, "172.16.0.0/12"), "172.20.0.0"),
    ("R-SEL-5", (OWN, "10.0.0.0/16"), (USER, "10.0.0.0/8"), "10.0.0.255"),
    ("R-SEL-5", (PEER, "10.1.0.0/16"), (USER, "10.0.0.0/8"), "10.1.255.255"),
    ("R-SEL-5", (OWN, "10.0.0.0/16"), (USER, "0.0.0.0/0"), "10.0.0.255"),
    ("R-SEL-1", (NOWHERE, "10.0.0.0/8"), (USER, "0.0.0.0/1"), "10.99.0.0"),
    ("R-SEL-1", (OWN, "10.0.0.0/16"), (LEARNED, "10.0.0.0/8"), "10.0.0.255"),
    ("R-SEL-1", (PEER, "10.1.0.0/16"), (LEARNED, "10.0.0.0/8"), "10.1.0.0"),
    ("R-SEL-3", (PEER, "10.1.0.0/16"), (LEARNED, "10.1.5.0/24"), "10.1.5.0"),
    ("R-SEL-1", (OWN, "10.0.0.0/16"), (NOWHERE, "10.0.0.0/8"), "10.0.0.255"),
    ("R-SEL-1", (PEER, "10.1.0.0/16"), (NOWHERE, "10.0.0.0/8"), "10.1.0.0"),
    ("R-SEL-1", (NOWHERE, "10.0.0.0/8"), (DEFAULT, "0.0.0.0/0"), "10.99.0.0"),
]  # fmt: skip

_HOPS = {USER: "appliance 10.0.9.4", LEARNED: "gateway", OWN: "vnet-local", PEER: "peering", DEFAULT: "internet",
         NOWHERE: "none"}  # fmt: skip
_ORIGINS = {USER: "user", LEARNED: "gateway"}


def network_with(*routes: tuple[str, str]) -> Network:
    """Return a network whose subnet `v.s` has these routes, and the system's own beside them."""
    own = next((prefix for kind, prefix in routes if kind == OWN), "10.0.0.0/16")
    first = own.rpartition(".0/")[0].rpartition(".")[0]
    spaces = dict.fromkeys((own, "10.0.0.0/16"))
    text = [
        "vnet v {",
        f"  address {', '.join(spaces)}",
        f"  subnet s {first}.0.0/24 routes r",
        "  subnet nva 10.0.9.0/24",
        "  subnet GatewaySubnet 10.0.255.0/27",
        "  gateway vpn g",
        "}",
    ]
    users = [prefix for kind, prefix in routes if kind == USER]
    lines = (f"u{number} {prefix} -> appliance 10.0.9.4" for number, prefix in enumerate(users))
    text.append(f"route-table r {{ {'  '.join(lines)} }}" if users else "route-table r { }")
    for prefix in (prefix for kind, prefix in routes if kind == PEER):
        text += [f"vnet peer {{ address {prefix} }}", "peering v -> peer", "peering peer -> v"]
    for prefix in (prefix for kind, prefix in routes if kind == LEARNED):
        text += ["site hq { address 192.0.2.0/24 }", f"connection c: hq -- v.g {{ bgp  prefixes {prefix} }}"]
    document = read_text("\n".join(text))
    assert document.diagnostics == ()
    return document.network


@pytest.mark.parametrize(("rule", "used", "beaten", "address"), PRECEDENCE)
def test_of_two_routes_the_one_of_the_table_is_used(
    rule: str, used: tuple[str, str], beaten: tuple[str, str], address: str, solver: Solver
) -> None:
    for routes in ((used, beaten), (beaten, used)):
        network = network_with(*routes)
        wanted = f"{_HOPS[used[0]]} by {used[1]} ({_ORIGINS.get(used[0], 'system')})"
        asked = parse_asked(f"next hop of v.s to {address}", wanted, network)
        given = simulated_answer(network, asked.question, World(), check)

        assert agrees(asked.answer, given), f"{rule}: wanted {wanted}, given {answer_text(given)}"
        assert [one for one in confirmations(network, asked, solver) if one.expected != one.given] == [], rule


@pytest.mark.parametrize(("rule", "used", "beaten", "address"), [row for row in PRECEDENCE if row[1][0] not in FIXED])
def test_without_the_route_of_the_table_the_other_is_used(
    rule: str, used: tuple[str, str], beaten: tuple[str, str], address: str
) -> None:
    network = network_with(beaten)
    wanted = f"{_HOPS[beaten[0]]} by {beaten[1]} ({_ORIGINS.get(beaten[0], 'system')})"
    asked = parse_asked(f"next hop of v.s to {address}", wanted, network)

    assert agrees(asked.answer, simulated_answer(network, asked.question, World(), check)), rule


def test_the_table_has_every_pair_of_kinds_that_can_meet() -> None:
    pairs = {frozenset((used[0], beaten[0])) for _, used, beaten, _ in PRECEDENCE}
    kinds = (USER, LEARNED, OWN, PEER, DEFAULT, NOWHERE)
    never = {frozenset((OWN, PEER)), frozenset((OWN, DEFAULT)), frozenset((PEER, DEFAULT))}

    assert pairs == {frozenset((one, other)) for one in kinds for other in kinds if one != other} - never
