"""A managed firewall: an appliance of Azure's own, which no security group stands before."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import (
    ALLOW_ALL,
    at,
    flow,
    machine,
    network,
    nic,
    nsg,
    public,
    route,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from vnetverify.facts import World
from vnetverify.header import Flow
from vnetverify.model.network import Machine, Network, PolicyRule
from vnetverify.simulator.effective_rules import effective_rules
from vnetverify.simulator.walk import Delivered, Dropped, LeftToInternet, Trace, converse, trace

ACROSS = flow("10.0.1.4", "10.0.2.4")
ACROSS_IPV6 = flow("fd00:0:0:1::4", "fd00:0:0:2::4")
CLOSED = nsg("n", rule(100, "deny", "inbound"), rule(100, "deny", "outbound"))


def firewall(policy: tuple[PolicyRule, ...] | None = (ALLOW_ALL,)) -> Machine:
    """Return a managed firewall as the language builds it, with a group that cannot hold there."""
    held = nic(
        "fw",
        "v.AzureFirewallSubnet",
        "10.0.9.4 fd00:0:0:9::4",
        ip_forwarding=True,
        nsg="n",
        public_address=public("p", "203.0.113.9"),
    )
    return machine("fw", held, policy=policy, stateful=True, translates_source=True, is_managed=True)


def guarded(policy: tuple[PolicyRule, ...] | None = (ALLOW_ALL,)) -> Network:
    """Return two subnets that send to each other and out by the firewall."""
    return network(
        vnet(
            "v",
            "10.0.0.0/16 fd00::/32",
            subnet("web", "10.0.1.0/24 fd00:0:0:1::/64", route_table="t"),
            subnet("db", "10.0.2.0/24 fd00:0:0:2::/64", route_table="t"),
            subnet("AzureFirewallSubnet", "10.0.9.0/24 fd00:0:0:9::/64", nsg="n"),
        ),
        CLOSED,
        table(
            "t",
            *(route(prefix, "10.0.9.4") for prefix in ("10.0.1.0/24", "10.0.2.0/24", "0.0.0.0/0")),
            *(route(prefix, "fd00:0:0:9::4") for prefix in ("fd00:0:0:1::/64", "fd00:0:0:2::/64")),
        ),
        firewall(policy),
    )


def way(net: Network, packet: Flow, in_world: World | None = None) -> Trace:
    return trace(net, at("v.web"), packet, in_world or world())


def dropped_by(trace_: Trace) -> str:
    assert isinstance(trace_.outcome, Dropped)
    return trace_.outcome.rule


def test_no_security_group_holds_at_a_managed_firewall() -> None:
    conversation = converse(guarded(), at("v.web"), ACROSS, world())

    assert conversation.established
    assert conversation.forward.met == ("fw",)
    assert effective_rules(guarded(), "v.AzureFirewallSubnet", "fw", world()) == ()


def test_it_translates_towards_the_internet() -> None:
    out = way(guarded(), flow("10.0.1.4", "198.51.100.7"))

    assert out.outcome == LeftToInternet("fw")


def test_its_policy_decides() -> None:
    assert dropped_by(way(guarded(policy=()), ACROSS)) == "R-META-3"


@pytest.mark.parametrize(("facts", "forwards"), [((), False), (("U-FORWARDS(fw)",), True)])
def test_without_a_policy_a_fact_says_what_it_forwards(facts: tuple[str, ...], forwards: bool) -> None:
    assert isinstance(way(guarded(policy=None), ACROSS, world(*facts)).outcome, Delivered) is forwards


def test_it_passes_ipv6_where_a_fact_says_so_besides_its_policy() -> None:
    assert dropped_by(way(guarded(), ACROSS_IPV6)) == "F-FW-11"
    assert isinstance(way(guarded(), ACROSS_IPV6, world("U-FWV6(fw)")).outcome, Delivered)
    assert dropped_by(way(guarded(policy=()), ACROSS_IPV6, world("U-FWV6(fw)"))) == "R-META-3"
