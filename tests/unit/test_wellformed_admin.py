"""What is wrong with security admin rules, and which of them are not what they seem."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.model.network import Network
from vnetverify.model.security import AdminRules
from vnetverify.model.wellformed import check
from vnetverify.model.wellformed.admin import RULES_OF_A_MANAGER
from vnetverify.syntax import read_text

_VNETS = """\
vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 }
vnet w { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
asg web
"""
_DENY_ALL = "inbound 4000 rest deny any from any to any"


def found(text: str) -> list[tuple[str, str | None, Severity]]:
    return [(fault.code, fault.rule, fault.severity) for fault in check(read_text(_VNETS + text).network)]


def with_rules(*rules: str) -> list[tuple[str, str | None, Severity]]:
    return found(f"admin-rules base by corp for v {{ {'  '.join(rules)} }}")


@pytest.mark.parametrize("priority", [1, 4096])
def test_the_bounds_of_priorities_are_accepted(priority: int) -> None:
    assert with_rules(f"inbound {priority} r deny tcp from any to any port 22") == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("inbound 0 r deny tcp from any to any", "priority-out-of-range"),
        ("inbound 4097 r deny tcp from any to any", "priority-out-of-range"),
        ("inbound 9 r deny 47 from any to any", "protocol-unsupported"),
        ("inbound 9 r deny tcp from any to asg web", "asg-in-admin-rule"),
        ("outbound 9 r deny tcp from any to AzurePlatformIMDS", "platform-tag-in-admin-rule"),
    ],
)
def test_what_an_admin_rule_cannot_say_is_an_error(rule: str, code: str) -> None:
    assert with_rules(rule) == [(code, "F-ADM-2", Severity.ERROR)]


def test_rules_of_one_manager_are_called_apart() -> None:
    one, two = (f"admin-rules {name} by corp for v {{ inbound 9 r deny tcp from any to any }}\n" for name in "ab")

    assert found(one + two) == [("rule-name-taken", "F-ADM-2", Severity.ERROR)]
    assert found(one + two.replace("corp", "team")) == []


def test_a_manager_and_a_group_cannot_have_rules_that_are_named_alike() -> None:
    group = "nsg Corp { inbound 100 R deny tcp from any to any }\n"

    assert found(f"{group}admin-rules a by corp for v {{ inbound 9 r deny tcp from any to any }}") == [
        ("rule-name-taken", "F-ADM-2", Severity.ERROR)
    ]


def test_a_collection_for_an_unknown_vnet_is_an_error() -> None:
    network = Network(admin_rules=(AdminRules("base", "corp", ("nowhere",), ()),))

    assert [(fault.code, fault.rule) for fault in check(network)] == [("unknown-vnet", "F-ADM-1")]


_TIE = [("tied-admin-rules", "F-ADM-15", Severity.WARNING)]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("inbound 10 b always-allow tcp from 10.0.0.0/8 to any", _TIE),
        ("inbound 10 b always-allow any from Internet to any", _TIE),
        ("inbound 10 b deny tcp from any to any port 22", []),
        ("inbound 11 b always-allow tcp from any to any", []),
        ("outbound 10 b always-allow tcp from any to any", []),
        ("inbound 10 b always-allow udp from any to any", []),
        ("inbound 10 b always-allow tcp from any to any port 23-80", []),
        ("inbound 10 b always-allow tcp from any to 10.9.0.0/16", []),
    ],
)
def test_rules_tie_where_both_match_and_differ(other: str, expected: list[tuple[str, str | None, Severity]]) -> None:
    assert with_rules("inbound 10 a deny tcp from any to 10.0.0.0/16 port 22", other) == expected


def test_rules_of_different_managers_or_vnets_do_not_tie() -> None:
    one = "admin-rules a by corp for v { inbound 10 a deny tcp from any to any }\n"
    other = "admin-rules b by {} for {} {{ inbound 10 b always-allow tcp from any to any }}\n"

    assert found(one + other.format("corp", "v, w")) == _TIE
    assert found(one + other.format("corp", "w")) == []
    assert found(one + other.format("team", "v")) == []


_IDLE = [("idle-admin-rule", "F-ADM-7", Severity.WARNING)]
_ALLOW = "inbound 10 exception allow tcp from any to any port 22"


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("outbound 9 o deny udp from any to any", _IDLE),
        ("inbound 9 before deny tcp from any to any port 22", _IDLE),
        ("inbound 20 elsewhere deny tcp from any to any port 23", _IDLE),
        ("inbound 20 again allow any from any to any\n" + _DENY_ALL, []),
        (_DENY_ALL, []),
        ("inbound 20 behind always-allow any from any to any", []),
    ],
)
def test_an_exception_without_a_rule_behind_it_has_no_effect(
    other: str, expected: list[tuple[str, str | None, Severity]]
) -> None:
    assert with_rules(_ALLOW, other) == expected


def test_an_exception_keeps_from_the_rules_of_lower_managers_and_not_of_higher_ones() -> None:
    high, low = "admin-rules {} by high for v {{ {} }}\n", "admin-rules {} by low for v {{ {} }}\n"

    assert found(high.format("a", _ALLOW) + low.format("b", _DENY_ALL.replace("4000", "1"))) == []
    assert found(high.format("a", _DENY_ALL) + low.format("b", _ALLOW)) == _IDLE


def test_more_rules_than_a_manager_may_have_are_a_warning() -> None:
    rules = "\n".join(f"inbound {n} r{n} deny tcp from any to any" for n in range(1, RULES_OF_A_MANAGER + 2))

    assert with_rules(rules) == [("above-limit", "F-ADM-17", Severity.WARNING)]


def test_more_prefixes_than_a_manager_may_have_are_a_warning() -> None:
    prefixes = ", ".join(f"10.{n // 256}.{n % 256}.0/24" for n in range(1001))

    assert with_rules(f"inbound 1 r deny tcp from {prefixes} to any") == [("above-limit", "F-ADM-17", Severity.WARNING)]


def test_more_private_endpoints_than_a_connected_group_may_have_are_a_warning() -> None:
    endpoints = "\n".join(f"private-endpoint p{n} 10.2.{n // 200}.{n % 200 + 4} in u.s" for n in range(1001))
    group = "connected-group g { members u, v }\n"

    assert found(f"vnet u {{ address 10.2.0.0/16 subnet s 10.2.0.0/16 }}\n{group}{endpoints}") == [
        ("above-limit", "F-ADM-17", Severity.WARNING)
    ]
