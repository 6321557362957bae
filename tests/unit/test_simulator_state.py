"""Strict reading of state: what custom inbound rules let in may leave no record where no flow timeout is set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    at,
    flow,
    machine,
    network,
    nic,
    nsg,
    public,
    route,
    router,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from vnetverify.facts import World
from vnetverify.header import TCP, UDP, Flow
from vnetverify.model.network import Network
from vnetverify.simulator.walk import Conversation, converse

CALL = flow("10.0.1.4", "10.0.2.4")
STATELESS = world("U-STATELESSIN(v)")


def net(*inbound: object, strict: bool = True, timeout: bool = False, more: tuple[object, ...] = ()) -> Network:
    """Return clients in `v.web` and a server in `v.db`, whose group lets nothing out."""
    built = network(
        vnet(
            "v",
            "10.0.0.0/16",
            subnet("web", "10.0.1.0/24"),
            subnet("db", "10.0.2.0/24", nsg="n"),
            flow_timeout=timeout,
        ),
        machine("db", nic("db", "v.db", "10.0.2.4", public_address=public("pip", "203.0.113.5"))),
        nsg("n", *inbound, rule(4000, "deny", "outbound")),  # type: ignore[arg-type]
        *more,  # type: ignore[arg-type]
    )
    return replace(built, is_strict=strict)


ALLOW = rule(100, "allow", "inbound")


def talks(built: Network, packet: Flow = CALL, in_world: World = STATELESS, origin: str = "v.web") -> bool:
    return converse(built, at(origin), packet, in_world).established


def test_the_reply_to_what_a_custom_rule_let_in_is_judged_anew() -> None:
    conversation: Conversation = converse(net(ALLOW), at("v.web"), CALL, STATELESS)

    assert not conversation.established
    assert conversation.reply is not None
    assert [step.rule for step in conversation.reply.steps] == ["F-STATE-5", "F-NSG-4"]


def test_where_it_is_not_so_the_record_lets_the_reply_pass() -> None:
    assert talks(net(ALLOW), in_world=world())


def test_a_reading_that_is_not_strict_asks_nothing() -> None:
    assert talks(net(ALLOW, strict=False))


def test_a_flow_timeout_restores_state() -> None:
    assert talks(net(ALLOW, timeout=True))


def test_default_rules_keep_state() -> None:
    assert talks(net())


def test_it_is_about_tcp_alone() -> None:
    assert not talks(net(rule(100, "allow", "inbound", protocol=TCP)))
    assert talks(net(ALLOW), flow("10.0.1.4", "10.0.2.4", 53, protocol=UDP))


def test_the_reply_to_an_internet_host_is_judged_anew_as_well() -> None:
    from_outside = flow("8.8.8.8", "203.0.113.5")

    assert not talks(net(ALLOW), from_outside, origin="internet")
    assert talks(net(ALLOW), from_outside, world(), "internet")


@pytest.mark.parametrize("is_shut", [True, False])
def test_an_interface_passed_both_ways_judges_the_reply_both_ways(is_shut: bool) -> None:
    shut = (rule(200, "deny", "inbound", source="10.0.3.4/32"),) if is_shut else ()
    built = network(
        vnet(
            "v",
            "10.0.0.0/16",
            subnet("web", "10.0.1.0/24", route_table="t"),
            subnet("fw", "10.0.2.0/24", nsg="n"),
            subnet("far", "10.0.3.0/24", route_table="t"),
        ),
        router("fw", "v.fw", "10.0.2.4", stateful=True),
        table("t", route("10.0.0.0/16", "10.0.2.4")),
        nsg("n", rule(100, "allow", "inbound", source="10.0.1.4/32"), *shut),
    )
    built = replace(built, is_strict=True)

    assert talks(built, flow("10.0.1.4", "10.0.3.4")) is not is_shut
    assert talks(built, flow("10.0.1.4", "10.0.3.4"), world())
