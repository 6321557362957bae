"""The variables of a flow's first packet, and what a service asks of them."""

from __future__ import annotations

import pytest

from tests.unit.term_values import Reader
from vnetverify.encoder.headers import declare_header, serves
from vnetverify.encoder.terms import Script
from vnetverify.header import ALL_PORTS, ICMP, ICMPV6, TCP, UDP, Family, Interval, IntervalSet, interval_set
from vnetverify.model.network import Service

EDGES = (0, 1, 443, 0xFFFF)


def ports(*numbers: int) -> IntervalSet:
    return interval_set(Interval(number, number) for number in numbers)


@pytest.mark.parametrize(
    "service",
    [
        Service("first port", ((TCP, ports(0)),)),
        Service("last port", ((TCP, ports(0xFFFF)),)),
        Service("both ends", ((UDP, ports(0, 0xFFFF)),)),
        Service("every port", ((TCP, ALL_PORTS),)),
        Service("first protocol", ((0, ALL_PORTS),)),
        Service("any protocol", ((None, ports(443)),)),
        Service("either", ((TCP, ports(443)), (UDP, ports(1)))),
    ],
    ids=lambda service: service.name,
)
def test_a_service_is_asked_for_by_its_protocols_and_ports_whatever_else_was_known_of_the_packet(
    service: Service,
) -> None:
    header = declare_header(Script(), ports(TCP), ports(443))  # known to be something else
    asked = serves(service, header)

    for protocol in (0, ICMP, TCP, UDP, 255):
        for port in EDGES:
            expected = any(number in (None, protocol) and port in wanted for number, wanted in service.parts)
            values = {header.protocol.term: (protocol, 8), header.destination_port.term: (port, 16)}

            assert expected is bool(Reader().value(asked, values)), (protocol, port)


def test_a_reply_bears_the_flows_ends_the_other_way_round() -> None:
    header = declare_header(Script(), ports(TCP), ALL_PORTS)
    back = header.reversed()

    assert (header.destination, header.destination_port) == (back.source, back.source_port)
    assert (header.source, header.source_port) == (back.destination, back.destination_port)
    assert (False, True) == (header.is_reply, back.is_reply)
    assert header == back.reversed()


@pytest.mark.parametrize(
    ("family", "protocol", "has_ports", "is_icmp"),
    [
        (Family.IPV4, TCP, True, False),
        (Family.IPV4, UDP, True, False),
        (Family.IPV4, ICMP, False, True),
        (Family.IPV4, ICMPV6, False, False),
        (Family.IPV6, ICMPV6, False, True),
        (Family.IPV6, ICMP, False, False),
        (Family.IPV4, 47, False, False),
    ],
)
def test_a_packet_has_ports_or_is_icmp_of_its_family_or_is_out_of_the_ordinary(
    family: Family, protocol: int, has_ports: bool, is_icmp: bool
) -> None:
    header = declare_header(Script(), IntervalSet((Interval(0, 255),)), ALL_PORTS, family)
    values = {header.protocol.term: (protocol, 8)}

    found = [bool(Reader().value(term, values)) for term in (header.has_ports, header.is_icmp, header.is_ordinary)]

    assert [has_ports, is_icmp, has_ports or is_icmp] == found


@pytest.mark.parametrize(("protocols", "has_port_0"), [((TCP, UDP), False), ((TCP, ICMP), True), ((ICMP,), True)])
def test_port_0_is_possible_where_a_protocol_without_ports_is(protocols: tuple[int, ...], has_port_0: bool) -> None:
    header = declare_header(Script(), ports(*protocols), ports(443))

    assert has_port_0 is (0 in header.destination_port.within)
    assert 443 in header.destination_port.within
