"""What Azure refuses of security groups and their rules: one small group for each fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.wellformed_networks import RULE, A, B, filtered, found
from vnetverify.header import Interval, IntervalSet
from vnetverify.model.network import Network
from vnetverify.model.security import Direction, Nsg
from vnetverify.model.wellformed import check
from vnetverify.source import NOWHERE


def test_a_priority_is_taken_once_in_a_direction() -> None:
    other = replace(RULE, name="s")

    assert filtered(RULE, other) == [("priority-taken", "F-NSG-3")]
    assert filtered(RULE, replace(other, direction=Direction.OUTBOUND)) == []
    assert filtered(RULE, replace(other, priority=101)) == []


def test_a_taken_priority_names_the_line_that_took_it() -> None:
    first = replace(RULE, span=replace(NOWHERE, line=12))
    (fault,) = check(Network(nsgs={"n": Nsg("n", (first, replace(RULE, name="s")))}))

    assert fault.others[0][0].line == 12
    assert fault.azure == "SecurityRuleConflict"


@pytest.mark.parametrize(("priority", "expected"), [(99, True), (100, False), (4096, False), (4097, True)])
def test_a_priority_is_one_of_100_to_4096(priority: int, expected: bool) -> None:
    assert (("priority-out-of-range", "F-NSG-2") in filtered(replace(RULE, priority=priority))) is expected


def test_a_name_stands_once_in_an_nsg() -> None:
    assert filtered(RULE, replace(RULE, name="R", priority=101)) == [("rule-name-taken", "F-NSG-15")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", False),
        ("a_", False),
        ("a.b-c", False),
        ("x" * 80, False),
        ("", True),
        ("a.", True),
        ("-a", True),
        ("x" * 81, True),
    ],
)
def test_a_rule_name_has_azures_form(name: str, expected: bool) -> None:
    assert (("rule-name", "F-NSG-15") in filtered(replace(RULE, name=name))) is expected


@pytest.mark.parametrize(("protocol", "expected"), [(None, False), (50, False), (51, False), (47, True), (0, True)])
def test_a_rule_knows_few_protocols(protocol: int | None, expected: bool) -> None:
    assert (("protocol-unsupported", "F-NSG-6") in filtered(replace(RULE, protocol=protocol))) is expected


def test_a_rule_has_ports_within_range() -> None:
    assert filtered(replace(RULE, source_ports=IntervalSet())) == [("no-ports", "F-NSG-8")]
    beyond = IntervalSet((Interval(65535, 65536),))
    assert filtered(replace(RULE, destination_ports=beyond)) == [("port-out-of-range", "F-NSG-8")]


@pytest.mark.parametrize("name", ["GatewaySubnet", "AzureFirewallSubnet", "RouteServerSubnet"])
def test_subnets_of_azures_own_take_no_nsg(name: str) -> None:
    text = f"nsg n {{ }}\nvnet a {{ address 10.0.0.0/16 subnet {name} 10.0.0.0/26 nsg n }}"

    assert found(text) == [("nsg-forbidden", "F-EVAL-9")]


def test_a_gateway_subnet_takes_no_nat_gateway() -> None:
    text = "nat-gateway n\nvnet a { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/26 nat-gateway n }"

    assert found(text) == [("nat-gateway-forbidden", "F-OUT-3")]


_SERVED = "nat-gateway n\nvnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 nat-gateway n subnet t 10.0.1.0/24 }\n"
_MEMBER = "vm m { nic 10.0.0.4 in a.s }\n"


def test_what_is_basic_does_not_go_with_a_nat_gateway() -> None:
    beside = [("basic-beside-nat-gateway", "F-OUT-3")]

    assert beside[0] in found(_SERVED + "vm m { nic 10.0.0.4 in a.s public-ip basic 203.0.113.7 }")
    assert found(_SERVED + "load-balancer l basic in a.s { frontend 10.0.0.9 }") == beside
    assert found(_SERVED + _MEMBER + "load-balancer l basic in a.t { frontend 10.0.1.9 rule r tcp 80 -> m }") == beside
    assert found(_SERVED + _MEMBER + "load-balancer l standard in a.s { frontend 10.0.0.9 rule r tcp 80 -> m }") == []
    assert beside[0] not in found(_SERVED + "vm m { nic 10.0.1.4 in a.t public-ip basic 203.0.113.7 }")


_MEMBERS = "asg one\nasg two\nvm m { nic 10.0.0.4 in a.s asg one }\nvm n { nic 10.1.0.4 in b.s asg two }\n"


def test_the_members_of_an_asg_are_in_one_vnet() -> None:
    members = "asg one\nvm m { nic 10.0.0.4 in a.s asg one }\nvm n { nic 10.1.0.4 in b.s asg one }\n"

    assert found(A + B + members) == [("asg-spans-vnets", "F-ASG-2")]


def test_a_rule_joins_asgs_of_one_vnet() -> None:
    rule = "nsg n { inbound 100 r allow tcp from asg one to asg two port 80 }\n"

    assert found(A + B + _MEMBERS + rule) == [("asgs-of-two-vnets", "F-ASG-3")]


def test_an_asg_is_of_the_vnet_where_the_nsg_is_attached() -> None:
    rule = "nsg n { inbound 100 r allow tcp from asg one to any port 80 }\n"

    assert found(A.replace("10.0.0.0/24", "10.0.0.0/24 nsg n") + B + _MEMBERS + rule) == []
    assert found(A + B.replace("10.1.0.0/24", "10.1.0.0/24 nsg n") + _MEMBERS + rule) == [
        ("asg-of-other-vnet", "F-ASG-5")
    ]
