"""Tables of effective routes and rules."""

from __future__ import annotations

import click

from vnetverify.header import ALL_PORTS, EVERY_IPV4, TCP, Interval, interval_set, parse_prefix
from vnetverify.model.endpoints import endpoint_set, place_of
from vnetverify.model.security import (
    Access,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    SecurityRule,
    ServiceTag,
)
from vnetverify.report.tables import endpoints_table, routes_table, rules_table
from vnetverify.simulator.effective_rules import EffectiveRule
from vnetverify.simulator.routes import EffectiveRoute
from vnetverify.source import NOWHERE, Span

HERE = Span("hub.vnet", 9, 1, 9, 20)
HUB = parse_prefix("10.0.0.0/16")


def rule(priority: int, source: object, destination: object, direction: Direction = Direction.INBOUND) -> SecurityRule:
    ports = interval_set([Interval(22, 22), Interval(80, 90)])
    return SecurityRule(
        f"rule{priority}",
        priority,
        direction,
        Access.ALLOW,
        TCP,
        source,
        ALL_PORTS,
        destination,
        ports,
        HERE,  # type: ignore[arg-type]
    )


def test_a_losing_route_stands_below_the_winner_with_the_reason() -> None:
    routes = (
        EffectiveRoute(EVERY_IPV4, "User", "VirtualAppliance", "10.0.1.4", "Active", "", HERE, "R-SEL-1"),
        EffectiveRoute(EVERY_IPV4, "Default", "Internet", "", "Invalid", "a user route wins", NOWHERE, "R-SYS-2"),
    )
    _, winner, loser = click.unstyle(routes_table(routes)).split("\n")

    assert winner.split() == ["0.0.0.0/0", "User", "VirtualAppliance", "10.0.1.4", "R-SEL-1", "hub.vnet:9"]
    assert loser.startswith("    0.0.0.0/0")
    assert loser.endswith("not used: a user route wins")


def test_a_rule_shows_its_fields_as_they_were_written() -> None:
    rules = (
        EffectiveRule("subnetNsg", "web-nsg", rule(100, AddressPrefixes((HUB,)), AnyAddress()), (HUB,), None, HERE),
    )
    title, _, row = click.unstyle(rules_table(rules)).split("\n")

    assert title == "inbound: web-nsg on the subnet"
    assert row.split() == ["100", "rule100", "allow", "tcp", "10.0.0.0/16", "any", "any", "22,", "80-90", "hub.vnet:9"]


def test_tags_and_groups_are_expanded_once_below() -> None:
    tagged = rule(200, ServiceTag("VirtualNetwork"), AsgMembers(("web",)))
    rules = (
        EffectiveRule("nicNsg", "n", tagged, (HUB,), (), HERE),
        EffectiveRule("nicNsg", "n", rule(300, ServiceTag("Storage"), AnyAddress()), None, None, HERE),
    )
    lines = click.unstyle(rules_table(rules)).split("\n")
    where = lines[lines.index("where") + 1 :]

    assert [line.split("  is ") for line in where] == [
        ["  VirtualNetwork", "10.0.0.0/16"],
        ["  asg web       ", "nothing"],
        ["  Storage       ", "what Azure publishes, not declared here"],
    ]


def test_a_host_without_groups_is_said_to_be_open() -> None:
    assert "nothing is denied" in rules_table(())


def test_addresses_are_listed_by_place() -> None:
    endpoints = endpoint_set([(place_of("hub.web"), interval_set([Interval(0x0A000004, 0x0A000006)]))])

    assert endpoints_table(endpoints) == "  hub.web  subnet  10.0.0.4-10.0.0.6"


def test_an_empty_set_is_called_nothing() -> None:
    assert endpoints_table(endpoint_set([])) == "  nothing"
