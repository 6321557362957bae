"""What statements say of security admin rules: collections, the vnets they are for, managers, what a vnet keeps out."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import ALL_PORTS, TCP, Interval, IntervalSet, parse_prefix
from vnetverify.model.network import AdminScope, Network
from vnetverify.model.security import (
    AddressPrefixes,
    AdminAction,
    AdminRule,
    AdminRules,
    AnyAddress,
    Direction,
    ServiceTag,
)
from vnetverify.source import Source
from vnetverify.syntax import read, read_text
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.write import write

VNETS = """\
vnet hub    { address 10.0.0.0/16  subnet s 10.0.0.0/24 }
vnet spoke1 { address 10.1.0.0/16  subnet s 10.1.0.0/24  tag env = "prod" }
vnet spoke2 { address 10.2.0.0/16  subnet s 10.2.0.0/24  tag env = "prod" }
vnet empty  { address 10.3.0.0/16 }
group spokes = spoke1, spoke2
group mixed = spoke1, hub.s
"""


def network(text: str) -> Network:
    return read_text(VNETS + text).network


def vnets(expression: str) -> tuple[str, ...]:
    (found,) = network(f"admin-rules base for {expression} {{}}").admin_rules
    return found.vnets


def rule(text: str) -> AdminRule:
    (found,) = network(f"admin-rules base for hub {{ {text} }}").admin_rules[0].rules
    return found


def mistakes(text: str) -> list[Diagnostic]:
    return list(read((Source("text.vnet", VNETS + text),)).diagnostics)


def test_a_collection_has_a_name_a_manager_vnets_and_rules() -> None:
    found = network("admin-rules base by corp for spoke1, hub { inbound 10 r deny tcp from any to any }").admin_rules

    (collection,) = found
    assert (collection.name, collection.manager, collection.vnets) == ("base", "corp", ("spoke1", "hub"))
    assert [each.name for each in collection.rules] == ["r"]


def test_a_manager_who_is_not_named_is_the_default_one() -> None:
    assert network("admin-rules base for hub {}").admin_rules[0].manager == "network-manager"


def test_a_manager_is_called_as_where_it_is_named_first() -> None:
    found = network("admin-rules one by Corp for hub {}  admin-rules two by corp for hub {}").admin_rules

    assert [collection.manager for collection in found] == ["Corp", "Corp"]


def test_a_rule_is_written_as_in_a_security_group() -> None:
    found = rule("outbound 5 r always-allow tcp from 10.0.0.0/8 port 1024-65535 to Internet port 80, 443")

    assert found.direction is Direction.OUTBOUND
    assert (found.priority, found.action, found.protocol) == (5, AdminAction.ALWAYS_ALLOW, TCP)
    assert found.source == AddressPrefixes((parse_prefix("10.0.0.0/8"),))
    assert found.source_ports == IntervalSet((Interval(1024, 65535),))
    assert found.destination == ServiceTag("Internet")
    assert found.destination_ports == IntervalSet((Interval(80, 80), Interval(443, 443)))


@pytest.mark.parametrize("action", AdminAction)
def test_each_action_has_its_word(action: AdminAction) -> None:
    found = rule(f"inbound 5 r {action.value} any from any to any")

    assert found.action is action
    assert (found.protocol, found.source, found.source_ports) == (None, AnyAddress(), ALL_PORTS)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("hub", ("hub",)),
        ("HUB, empty", ("hub", "empty")),
        ("spokes", ("spoke1", "spoke2")),
        ("hub, spokes, spoke1", ("hub", "spoke1", "spoke2")),
        ("spokes except spoke1", ("spoke2",)),
        ("vnet", ("hub", "spoke1", "spoke2", "empty")),
        ('vnet where env = "prod"', ("spoke1", "spoke2")),
    ],
)
def test_rules_are_for_vnets_and_groups_of_them(expression: str, expected: tuple[str, ...]) -> None:
    assert vnets(expression) == expected


@pytest.mark.parametrize("expression", ["hub.s", "mixed", "10.0.0.0/16", "any", "internet", "spokes except spoke1.s"])
def test_what_is_no_whole_vnet_is_refused(expression: str) -> None:
    assert [found.code for found in mistakes(f"admin-rules base for {expression} {{}}")] == ["not-a-vnet"]


def test_rules_for_no_vnet_are_refused() -> None:
    assert "empty-set" in [found.code for found in mistakes("admin-rules base for hub except hub {}")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("admin-rules base for hubb {}", "unknown-name"),
        ("admin-rules base for hub {}  admin-rules Base for hub {}", "duplicate-name"),
        (
            "admin-rules base for hub { inbound 1 r deny any from any to any  inbound 2 R deny any from any to any }",
            "duplicate-name",
        ),
        ("admin-rules base for hub { inbound 1 r permit any from any to any }", "syntax"),
        ("admin-rules base for hub { inbound 1 r deny tpc from any to any }", "unknown-protocol"),
        ("admin-rules base for hub { inbound 1 r deny tcp from Intrenet to any }", "unknown-service-tag"),
        ("admin-rules base for hub { inbound 1 r deny tcp from 10.0.0.0/8, fd00::/8 to any }", "mixed-families"),
        ("vnet w { admin-scope some }", "unknown-admin-scope"),
    ],
)
def test_a_mistake_has_a_code(text: str, code: str) -> None:
    assert [found.code for found in mistakes(text)] == [code]


def test_a_misspelt_vnet_is_repaired() -> None:
    (found,) = mistakes("admin-rules base for hubb {}")

    assert found.help == "did you mean `hub`?"


@pytest.mark.parametrize("scope", AdminScope)
def test_a_vnet_says_which_admin_rules_it_takes(scope: AdminScope) -> None:
    assert read_text(f"vnet w {{ admin-scope {scope.value} }}").network.vnets["w"].admin_scope is scope


def test_a_vnet_that_says_nothing_takes_all_admin_rules() -> None:
    assert read_text("vnet w {}").network.vnets["w"].admin_scope is AdminScope.ALL


def test_what_is_written_reads_back() -> None:
    declared = network(
        "vnet w { admin-scope allow-only }\n"
        "admin-rules base by corp for spokes {\n"
        "  inbound 10 one deny tcp from Internet port 5 to 10.0.0.0/8 port 22, 23\n"
        "  outbound 1 two always-allow 50 from any to any\n}\n"
        'admin-rules "for" for hub { inbound 7 "to" allow icmp from VirtualNetwork to any }\n'
    )
    again = read_text(write(declared)).network

    assert [(one.name, one.manager, one.vnets) for one in again.admin_rules] == [
        (one.name, one.manager, one.vnets) for one in declared.admin_rules
    ]
    assert write(again) == write(declared)
    assert again.vnets["w"].admin_scope is AdminScope.ALLOW_ONLY


def test_a_collection_for_no_vnet_is_not_written_but_leaves_its_manager_the_first() -> None:
    made = [
        AdminRules("one", "high", (), ()),
        AdminRules("two", "low", ("hub",), ()),
        AdminRules("three", "high", ("hub",), ()),
    ]
    text = write(Network(vnets=network("").vnets, admin_rules=tuple(made)))

    assert [one.manager for one in read_text(text).network.admin_rules] == ["high", "low"]


def test_the_columns_of_rules_line_up() -> None:
    text = (
        "admin-rules base by corp for hub {inbound 4096 long deny tcp from any to any "
        "outbound 1 r always-allow any from any to any}"
    )

    assert format_text(text) == (
        "admin-rules base by corp for hub {\n"
        "  inbound  4096 long deny         tcp from any to any\n"
        "  outbound    1 r    always-allow any from any to any\n"
        "}\n"
    )
