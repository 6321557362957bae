"""What a security group decides of boxes of packets: the same as of each packet, or that the box has to be parted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, product

import pytest

from tests.unit.simulator_networks import machine, network, nic, nsg, rule, subnet, vnet
from vnetverify.facts import Undetermined, World
from vnetverify.header import ICMP, TCP, UDP, Family, Interval, IntervalSet, parse_address
from vnetverify.model.security import Access, Direction, SecurityRule
from vnetverify.simulator.addressing import Field, Mixed, Packet, Part, point
from vnetverify.simulator.filters import decision, interface_at
from vnetverify.simulator.matching import Filter
from vnetverify.simulator.situation import situation_of

HERE = parse_address("10.0.1.4")
NEAR, FAR = parse_address("10.0.2.0"), parse_address("10.0.2.128")
SPANS = list(combinations((0, 100, 101, 65535), 2))


def ports(low: int, high: int) -> IntervalSet:
    return IntervalSet((Interval(low, high),))


def sent(protocol: int, sources: tuple[int, int], source_ports: tuple[int, int], to_ports: tuple[int, int]) -> Packet:
    return Packet(
        point(protocol),
        Field(*sources, Part.SOURCE),
        Field(*source_ports, Part.SOURCE_PORT),
        point(HERE),
        Field(*to_ports, Part.DESTINATION_PORT),
    )


def decided(rules: Sequence[SecurityRule], packet: Packet, *, at_endpoint: bool = False) -> Access | None:
    """Return what the group does with the whole box, None where the box has to be parted, or facts decide."""
    group = nsg("n", *rules)
    net = network(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.1.0/24", nsg="n"), subnet("t", "10.0.2.0/24")),
        machine("m", nic("m-nic", "v.s", "10.0.1.4")),
        group,
    )
    situation = situation_of(net, World(partial=True), Family.IPV4)
    interface = interface_at(situation, net.vnets["v"].subnets[0], point(HERE))
    try:
        place = Filter(situation, interface, Direction.INBOUND, packet, False, at_endpoint)
        return decision(place, "n", group).access
    except (Mixed, Undetermined):
        return None


def corners(packet: Packet) -> list[Packet]:
    """Return the packets of the box at whose fields nothing larger or smaller is left."""
    ends = ((span.low, span.high) for span in (packet.source, packet.source_port, packet.destination_port))
    return [
        replace(packet, source=point(source), source_port=point(source_port), destination_port=point(port))
        for source, source_port, port in product(*ends)
    ]


def below(priority: int, **matching: object) -> SecurityRule:
    return rule(priority, "allow", "inbound", **matching)  # type: ignore[arg-type]


CLOSED = rule(4000, "deny", "inbound")
LISTS: dict[str, Callable[[], list[SecurityRule]]] = {
    "ports in halves": lambda: [below(100, ports=ports(0, 100)), below(110, ports=ports(101, 65535))],
    "a half for some sources": lambda: [
        below(100, ports=ports(0, 100), source="10.0.2.0/25"),
        below(110, ports=ports(101, 65535)),
    ],
    "a half for one protocol": lambda: [
        below(100, ports=ports(0, 100), protocol=TCP),
        below(110, ports=ports(101, 65535)),
    ],
    "a half for some source ports": lambda: [
        replace(below(100, ports=ports(0, 100)), source_ports=ports(0, 100)),
        below(110, ports=ports(101, 65535)),
    ],
    "the other half for some source ports": lambda: [
        below(100, ports=ports(0, 100)),
        replace(below(110, ports=ports(101, 65535)), source_ports=ports(0, 100)),
    ],
    "source ports in halves": lambda: [
        replace(below(100), source_ports=ports(0, 100)),
        replace(below(110), source_ports=ports(101, 65535)),
    ],
    "source ports in halves, one of them to some ports": lambda: [
        replace(below(100, ports=ports(0, 100)), source_ports=ports(0, 100)),
        replace(below(110), source_ports=ports(101, 65535)),
    ],
    "halves that do not meet": lambda: [below(100, ports=ports(0, 99)), below(110, ports=ports(101, 65535))],
    "halves that differ": lambda: [
        below(100, ports=ports(0, 100)),
        rule(110, "deny", "inbound", ports=ports(101, 65535)),
    ],
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("protocol", [TCP, UDP, ICMP])
def test_what_is_decided_of_a_box_is_decided_of_its_packets(name: str, protocol: int) -> None:
    rules = [*LISTS[name](), CLOSED]
    for sources, source_ports, to_ports in product([(NEAR, NEAR), (FAR, FAR), (NEAR, FAR)], SPANS, SPANS):
        packet = sent(protocol, sources, source_ports, to_ports)
        given = decided(rules, packet)
        if given is not None:
            assert {decided(rules, one) for one in corners(packet)} == {given}, packet


def test_rules_that_do_the_same_decide_together_of_ports_that_none_holds_alone() -> None:
    every = sent(TCP, (NEAR, FAR), (0, 65535), (0, 65535))

    assert decided([*LISTS["ports in halves"](), CLOSED], every) is Access.ALLOW
    assert decided([*LISTS["source ports in halves"](), CLOSED], every) is Access.ALLOW


@pytest.mark.parametrize(
    "name",
    [
        "a half for some sources",
        "a half for some source ports",
        "the other half for some source ports",
        "halves that differ",
    ],
)
def test_a_box_is_parted_where_a_half_is_not_for_all_of_it(name: str) -> None:
    assert decided([*LISTS[name](), CLOSED], sent(TCP, (NEAR, FAR), (0, 65535), (0, 65535))) is None


def test_rules_are_not_joined_by_source_ports_where_one_is_for_other_destination_ports() -> None:
    rules = LISTS["source ports in halves, one of them to some ports"]()

    assert decided([*rules, CLOSED], sent(TCP, (NEAR, FAR), (0, 65535), (101, 65535))) is None
    assert decided([*rules, CLOSED], sent(TCP, (NEAR, FAR), (0, 65535), (0, 100))) is Access.ALLOW


def test_a_rule_in_doubt_before_one_that_does_the_same_is_no_matter() -> None:
    every = sent(TCP, (NEAR, FAR), (0, 65535), (0, 65535))

    assert decided([below(100, source="10.0.2.0/25"), below(110), CLOSED], every) is Access.ALLOW
    assert decided([below(100, source="10.0.2.0/25"), CLOSED], every) is None


def test_of_a_private_endpoint_the_ranges_after_the_first_are_open() -> None:
    every = sent(TCP, (NEAR, FAR), (0, 65535), (0, 65535))
    open_ = replace(below(100), first_destination_ports=ports(0, 100))

    assert decided([open_, CLOSED], every) is Access.ALLOW
    assert decided([open_, CLOSED], every, at_endpoint=True) is None
