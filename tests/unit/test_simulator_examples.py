"""Flows between the first addresses of the sets of a sentence, of which a proof shows one."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import at, endpoint, flow, network, peered, port, subnet, vnet, world
from vnetverify.header import ALL_PORTS, ICMP, TCP, UDP, Flow, Interval, IntervalSet, addresses_of, parse_prefix
from vnetverify.model.intents import Claim, EndpointSet, Place, Verb
from vnetverify.model.network import Service
from vnetverify.simulator.examples import first_spoken_of, flows_between
from vnetverify.source import NOWHERE

NET = network(
    vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")),
    vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24")),
    peered("a", "b"),
    endpoint("vault", "a.s", "10.1.0.4"),
)
ANY = (None, ALL_PORTS)


def held(place: str, prefixes: str) -> EndpointSet:
    return EndpointSet(((at(place), addresses_of(map(parse_prefix, prefixes.split()))),))


def sentence(
    left: str, right: str, *parts: tuple[int | None, IntervalSet], to: str = "b.s", verb: Verb = Verb.REACHES
) -> Claim:
    pairs = ((held("a.s", left), held(to, right)),)
    return Claim(verb, pairs, Service("asked", parts or (ANY,)), "", NOWHERE)


def flows(claim: Claim) -> list[Flow]:
    found: list[tuple[Place, Flow]] = list(flows_between(claim))
    assert {origin for origin, _ in found} <= {at("a.s")}
    return [each for _, each in found]


@pytest.mark.parametrize(
    ("part", "protocol", "ports"),
    [
        (ANY, TCP, (49152, 443)),
        ((TCP, ALL_PORTS), TCP, (49152, 443)),
        ((TCP, port(22)), TCP, (49152, 22)),
        ((TCP, IntervalSet((Interval(400, 500),))), TCP, (49152, 443)),
        ((TCP, IntervalSet((Interval(8080, 8090),))), TCP, (49152, 8080)),
        ((UDP, port(53)), UDP, (49152, 53)),
        ((ICMP, ALL_PORTS), ICMP, (0, 0)),
    ],
)
def test_a_flow_of_the_first_service_is_shown(
    part: tuple[int | None, IntervalSet], protocol: int, ports: tuple[int, int]
) -> None:
    (shown,) = flows(sentence("10.1.0.0/24", "10.2.0.0/24", part, (UDP, port(123))))

    assert shown == Flow(protocol, 0x0A010000, ports[0], 0x0A020000, ports[1])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("10.1.0.0/24", "10.1.0.0/24", [("10.1.0.0", "10.1.0.1")]),
        ("10.1.0.4/32", "10.1.0.4/32", []),
        ("10.1.0.4/32", "10.1.0.4/32 10.1.0.8/30", [("10.1.0.4", "10.1.0.8")]),
        (
            "10.1.0.4/32 10.1.0.8/30",
            "10.2.0.0/24 10.2.2.0/24",
            [(source, target) for source in ("10.1.0.4", "10.1.0.8") for target in ("10.2.0.0", "10.2.2.0")],
        ),
        ("10.1.0.0/24 fd00::/64", "fd00:1::/64", [("fd00::", "fd00:1::")]),
    ],
)
def test_flows_are_between_first_addresses_of_one_family(
    left: str, right: str, expected: list[tuple[str, str]]
) -> None:
    wanted = [flow(source, target) for source, target in expected]

    assert [(each.source, each.destination) for each in flows(sentence(left, right))] == [
        (each.source, each.destination) for each in wanted
    ]


def test_the_first_flow_that_the_sentence_speaks_of_is_shown() -> None:
    both, silent = sentence("10.1.0.4/32 10.1.0.9/32", "10.2.0.4/32"), sentence("10.1.0.4/32", "10.2.0.4/32")
    found = first_spoken_of(NET, both, world())

    assert found is not None
    assert found[1].source == 0x0A010009
    assert first_spoken_of(NET, silent, world()) is None
