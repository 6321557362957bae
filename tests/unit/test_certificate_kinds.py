"""Kinds of packets: where a box is parted from one, and when it lies in it."""

from __future__ import annotations

import pytest

from vnetverify.certificate.kinds import EVERY_KIND, Kind
from vnetverify.certificate.tree import Token, cut
from vnetverify.header import TCP, UDP
from vnetverify.simulator.addressing import Field, Packet, Part, point

Span = tuple[int, int]
EVERY_PORT: Span = (0, 65535)


def box(protocol: Span, ports: Span, source_ports: Span = EVERY_PORT) -> Packet:
    return Packet(
        Field(*protocol, Part.PROTOCOL),
        point(1),
        Field(*source_ports, Part.SOURCE_PORT),
        point(2),
        Field(*ports, Part.DESTINATION_PORT),
    )


LOGINS = Kind.of(box((TCP, TCP), (22, 443), (1024, 2047)))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (box((0, 255), EVERY_PORT), cut("protocol", TCP)),
        (box((TCP, 255), EVERY_PORT), cut("protocol", TCP + 1)),
        (box((TCP, TCP), EVERY_PORT), cut("source port", 1024)),
        (box((TCP, TCP), EVERY_PORT, (1024, 65535)), cut("source port", 2048)),
        (box((TCP, TCP), EVERY_PORT, (1024, 2047)), cut("destination port", 22)),
        (box((TCP, TCP), (21, 22), (1024, 2047)), cut("destination port", 22)),
        (box((TCP, TCP), (22, 444), (1024, 2047)), cut("destination port", 444)),
        (box((TCP, TCP), (443, 444), (2047, 2048)), cut("source port", 2048)),
    ],
)
def test_a_box_that_lies_partly_in_a_kind_is_cut_at_its_first_bound(asked: Packet, expected: Token) -> None:
    assert LOGINS.parting(asked) == expected


@pytest.mark.parametrize(
    "asked",
    [
        box((UDP, UDP), (22, 443), (1024, 2047)),
        box((0, TCP - 1), (22, 443), (1024, 2047)),
        box((0, 255), (0, 21), (1024, 2047)),
        box((0, 255), (444, 65535), (1024, 2047)),
        box((TCP, TCP), (22, 443), (0, 1023)),
        box((TCP, TCP), (22, 443), (2048, 4000)),
    ],
)
def test_a_box_outside_in_one_part_is_not_cut(asked: Packet) -> None:
    assert LOGINS.parting(asked) is None
    assert not LOGINS.holds(asked)


@pytest.mark.parametrize("ports", [(22, 443), (22, 22), (443, 443)])
def test_a_box_within_is_not_cut_either(ports: Span) -> None:
    within = box((TCP, TCP), ports, (1024, 2047))

    assert LOGINS.parting(within) is None
    assert LOGINS.holds(within)


def test_every_packet_is_of_the_kind_of_all() -> None:
    assert EVERY_KIND.parting(box((0, 255), EVERY_PORT)) is None
    assert EVERY_KIND.holds(box((0, 255), EVERY_PORT))
    assert EVERY_KIND.holds(box((UDP, UDP), (9, 9)))
