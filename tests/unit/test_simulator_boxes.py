"""Comparisons of boxes: one answer for all numbers alike, or a cut between numbers that differ; every small case."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

from tests.unit.simulator_networks import machine, network, nic, public, subnet, vnet
from vnetverify.facts import Undetermined, World
from vnetverify.header import ICMP, ICMPV6, TCP, UDP, Family, Interval, IntervalSet, Prefix, interval_set
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import (
    Field,
    Impossible,
    Mixed,
    Packet,
    Part,
    address_in,
    among,
    assignable,
    covers,
    is_inside,
    is_number,
    is_one_of,
    is_ordinary,
    is_strictly_inside,
    lies_in,
    numbers_of,
    only,
    packet_of,
    point,
    some_covers,
)
from vnetverify.simulator.situation import Situation, holder_of_public, is_same, occupied, situation_of, world_address

LAST = 15
SPANS = [Interval(low, high) for low in range(LAST + 1) for high in range(low, LAST + 1)]
# Every prefix of sixteen numbers that are the first of all addresses.
PREFIXES = [Prefix(low, 32 - bits) for bits in range(5) for low in range(0, LAST + 1, 1 << bits)]
SETS = [interval_set(pieces) for size in range(3) for pieces in combinations(SPANS[::7], size)]


def situated(net: Network, world: World) -> Situation:
    return situation_of(net, world, Family.IPV4)


HERE = situated(network(vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"))), World(partial=True))


def answer_of(ask: Callable[..., object], *about: object) -> object:
    """Return the answer, or the exception that stands for it."""
    try:
        return ask(*about)
    except Mixed as mixed:
        return mixed


def numbers_in(span: Interval) -> range:
    return range(span.low, span.high + 1)


def check_alike(span: Interval, wanted: list[object], given: object, *, may_part_alike: bool = False) -> None:
    """Check that `given` is what is wanted of every number of the span, or a cut that parts it where that differs."""
    if isinstance(given, Mixed):
        assert span == given.interval
        assert span.low < given.cut <= span.high, "the cut is strictly inside"
        assert may_part_alike or len(set(wanted)) > 1, "numbers that are alike are not parted"
    else:
        assert {given} == set(wanted)


# -- one number after the other --------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", [(), (0,), (7,), (LAST,), (3, 9), (0, 1, 2)])
def test_a_span_is_among_numbers_or_beside_them(numbers: tuple[int, ...]) -> None:
    for span in SPANS:
        each = numbers_in(span)

        check_alike(span, [n if n in numbers else None for n in each], answer_of(among, span, numbers))
        given = answer_of(is_one_of, span, numbers)
        check_alike(span, [n in numbers for n in each], given, may_part_alike=True)
        for number in numbers:
            check_alike(span, [n == number for n in each], answer_of(is_number, span, number))


def test_a_span_lies_in_a_prefix_or_beside_it() -> None:
    for span in SPANS:
        for prefix in PREFIXES:
            wanted: list[object] = [prefix.value <= n <= prefix.last for n in numbers_in(span)]

            check_alike(span, wanted, answer_of(covers, prefix, span))


def test_a_span_lies_in_one_of_several_prefixes_or_beside_all() -> None:
    for span in SPANS:
        for pair in combinations(PREFIXES[::3], 2):
            wanted: list[object] = [any(prefix.value <= n <= prefix.last for prefix in pair) for n in numbers_in(span)]
            given = answer_of(some_covers, pair, span)

            check_alike(span, wanted, given, may_part_alike=True)  # what no single one of them holds is parted
            if any(prefix.value <= span.low and span.high <= prefix.last for prefix in pair):
                assert given is True


def test_a_span_lies_in_a_set_or_beside_it() -> None:
    for span in SPANS:
        for numbers in SETS:
            check_alike(span, [n in numbers for n in numbers_in(span)], answer_of(lies_in, span, numbers))


@pytest.mark.parametrize(("family", "icmp"), [(Family.IPV4, ICMP), (Family.IPV6, ICMPV6)])
def test_ordinary_protocols_are_tcp_udp_and_the_icmp_of_the_family(family: Family, icmp: int) -> None:
    for span in (Interval(low, low + width) for low in range(70) for width in (0, 1, 12)):
        wanted: list[object] = [n in (TCP, UDP, icmp) for n in numbers_in(span)]

        check_alike(span, wanted, answer_of(is_ordinary, span, family))


def test_a_single_number_is_only_that_and_more_are_cut_behind_the_first() -> None:
    for span in SPANS:
        given = answer_of(only, span)
        assert span.low == given if span.low == span.high else isinstance(given, Mixed)
        if isinstance(given, Mixed):
            assert (span, span.low + 1) == (given.interval, given.cut)


def test_a_prefix_is_inside_those_that_hold_all_of_it() -> None:
    for inner in PREFIXES:
        for outer in PREFIXES:
            holds = outer.value <= inner.value and inner.last <= outer.last

            assert holds is is_inside(inner, outer)
            assert (holds and inner != outer) is is_strictly_inside(inner, outer)


@pytest.mark.parametrize(("length", "expected"), [(28, [(4, 14)]), (29, [(4, 6)]), (30, []), (31, []), (32, [])])
def test_a_subnet_keeps_four_addresses_and_the_last(length: int, expected: list[tuple[int, int]]) -> None:
    assert expected == [(piece.low, piece.high) for piece in assignable(Prefix(0, length))]


# -- parts of the header, and addresses that the world names ----------------------------------------------


def test_an_address_is_a_number_or_the_part_of_the_header_that_it_is() -> None:
    part = Field(1, 5, Part.SOURCE)

    assert (7, part) == (address_in(point(7)), address_in(part))
    assert 3 == address_in(Field(3, 3, Part.SOURCE))
    assert (point(7), part) == (numbers_of(7), numbers_of(part))
    with pytest.raises(Mixed):
        address_in(Interval(1, 5))
    assert ("source", "front") == (part.name, Field(1, 5, "front").name)


def test_a_box_of_packets_has_ports_or_is_icmp_as_a_whole() -> None:
    def box(low: int, high: int) -> Packet:
        return Packet(Interval(low, high), point(1), point(2), point(3), point(4))

    assert box(6, 6).has_ports
    assert not box(7, 16).has_ports
    assert box(1, 1).is_icmp
    with pytest.raises(Mixed):
        assert box(6, 7).has_ports
    with pytest.raises(Mixed):
        assert box(0, 1).is_icmp
    assert Packet(point(6), point(3), point(4), point(1), point(2)) == box(6, 6).reply
    assert box(6, 6) == packet_of(box(6, 6))


def test_two_spans_are_one_number_where_both_are_and_may_be_where_they_meet() -> None:
    for one in SPANS[::3]:
        for other in SPANS[::5]:
            meet = one.low <= other.high and other.low <= one.high
            if meet and not (one == other and one.low == one.high):
                with pytest.raises(Undetermined):
                    is_same(HERE, one, other)
            else:
                assert meet is is_same(HERE, one, other)


def test_two_fields_of_one_thing_are_one_number_and_of_two_things_may_be() -> None:
    source, destination = Field(1, 5, Part.SOURCE), Field(1, 5, Part.DESTINATION)

    assert is_same(HERE, source, Field(2, 9, Part.SOURCE))
    for pair in ((source, destination), (source, point(3)), (point(3), source)):
        with pytest.raises(Undetermined, match="ARE-ONE"):
            is_same(HERE, *pair)
    assert not is_same(HERE, source, point(9))
    assert not is_same(HERE, point(9), source)


def spanned(low: int, high: int, **named: int) -> World:
    return World(partial=True, spans={"front": Interval(low, high)}, addresses=named)


def test_an_address_that_a_partial_world_leaves_open_is_one_of_those_it_can_be() -> None:
    net = network(vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")))
    possible = IntervalSet((Interval(4, 6), Interval(9, 9)))

    assert point(5) == world_address(situated(net, spanned(0, 20, front=5)), "front", possible)
    assert world_address(situated(net, World()), "front", possible) is None
    assert Field(4, 6, "front") == world_address(situated(net, spanned(0, 8)), "front", possible)
    assert Field(9, 9, "front") == world_address(situated(net, spanned(7, 20)), "front", possible)
    with pytest.raises(Impossible):
        world_address(situated(net, spanned(7, 8)), "front", possible)
    with pytest.raises(Mixed) as parted:
        world_address(situated(net, spanned(0, 20)), "front", possible)
    assert (Field(0, 20, "front"), 9) == (parted.value.interval, parted.value.cut)


def test_an_interface_is_at_the_public_address_that_the_world_names() -> None:
    holder = nic("m", "v.s", "10.0.0.9", public_address=public("front"))
    net = network(vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")), machine("m", holder))
    at, beside = (Interval(number, number) for number in (0xCB007109, 0xCB00710A))
    named = {"front": at.low}

    def is_found(address: Interval, world: World) -> bool:
        return holder_of_public(situated(net, world), address) is not None

    for world in (World(addresses=named), World(addresses=named, partial=True)):
        assert is_found(at, world)
        assert not is_found(beside, world)
    assert not is_found(at, World())
    assert not is_found(Interval(at.low, beside.low), World())
    with pytest.raises(Mixed):
        is_found(Interval(at.low, beside.low), World(addresses=named, partial=True))
    with pytest.raises(Undetermined, match="ARE-ONE"):
        is_found(at, World(partial=True))


def test_what_public_addresses_are_called_makes_no_two_questions_one() -> None:
    """Azure lets them be called `source`, and as addresses."""
    asked = set[str]()
    for name in ("source", "destination", "20.0.0.4", "20.0.0.5"):
        holder = nic("m", "v.s", "10.0.0.9", public_address=public(name))
        net = network(vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")), machine("m", holder))
        ends = (Field(0x14000004, 0x14000008, part) for part in (Part.SOURCE, Part.DESTINATION))
        for address in (*ends, point(0x14000004), point(0x14000005)):
            with pytest.raises(Undetermined) as left_open:
                holder_of_public(situated(net, World(partial=True)), address)
            asked.add(str(left_open.value.fact))

    assert len(asked) == 16


def test_a_span_is_several_numbers_alike_where_nothing_stands_at_any() -> None:
    net = network(
        vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24")),
        machine("m", nic("m", "v.s", "10.0.0.9")),
    )
    stands = 0x0A000009
    here = situated(net, World())

    assert (stands, stands + 1) == (occupied(here, "v", point(stands)), occupied(here, "v", point(stands + 1)))
    assert occupied(here, "v", Interval(stands + 1, stands + 9)) is None
    assert occupied(here, "elsewhere", Interval(stands, stands + 9)) is None
    with pytest.raises(Mixed):
        occupied(here, "v", Interval(stands - 1, stands + 1))
