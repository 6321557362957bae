from __future__ import annotations

import pytest

from tests.unit.simulator_networks import prefixes, subnet, vnet
from vnetverify.header import Interval, Prefix, addresses_of, parse_address, parse_prefix
from vnetverify.simulator.addressing import (
    Mixed,
    assignable,
    covers,
    host_subnet,
    is_public,
    lies_in,
    only,
    point,
    some_covers,
)

TEN = parse_prefix("10.0.0.0/8")


def span(low: str, high: str) -> Interval:
    return Interval(parse_address(low), parse_address(high))


def test_a_prefix_covers_an_interval_up_to_its_last_address() -> None:
    assert covers(TEN, span("10.0.0.0", "10.255.255.255"))
    assert not covers(TEN, span("11.0.0.0", "11.0.0.1"))
    assert not covers(TEN, span("9.0.0.0", "9.255.255.255"))


def test_a_prefix_that_covers_a_part_is_mixed() -> None:
    with pytest.raises(Mixed):
        covers(TEN, span("9.255.255.255", "10.0.0.0"))
    with pytest.raises(Mixed):
        covers(TEN, span("10.255.255.255", "11.0.0.0"))


def test_the_whole_space_covers_every_interval() -> None:
    assert covers(Prefix(0, 0), Interval(0, 2**32 - 1))


def test_one_covering_prefix_outweighs_others_that_hold_a_part() -> None:
    assert some_covers(prefixes("10.0.0.0/32 10.0.0.0/8"), span("10.0.0.0", "10.0.0.1"))
    with pytest.raises(Mixed):
        some_covers(prefixes("10.0.0.0/32 11.0.0.0/8"), span("10.0.0.0", "10.0.0.1"))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 3, False), (4, 4, True), (4, 9, True), (10, 19, False), (20, 20, True), (21, 2**32 - 1, False)],
)
def test_an_interval_lies_in_a_set_or_beside_it(low: int, high: int, expected: bool) -> None:
    numbers = addresses_of((Prefix(4, 30), Prefix(8, 31), Prefix(20, 32)))

    assert lies_in(Interval(low, high), numbers) is expected


@pytest.mark.parametrize(("low", "high"), [(3, 4), (9, 10), (0, 100), (19, 20), (20, 21)])
def test_an_interval_that_a_set_cuts_is_mixed(low: int, high: int) -> None:
    numbers = addresses_of((Prefix(4, 30), Prefix(8, 31), Prefix(20, 32)))

    with pytest.raises(Mixed):
        lies_in(Interval(low, high), numbers)


def test_only_a_single_number_is_one() -> None:
    assert only(point(7)) == 7
    with pytest.raises(Mixed):
        only(Interval(7, 8))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("0.255.255.255", False),
        ("1.0.0.0", True),
        ("100.63.255.255", True),
        ("100.64.0.0", False),
        ("168.63.129.15", True),
        ("168.63.129.16", False),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("223.255.255.255", True),
        ("224.0.0.0", False),
        ("255.255.255.255", False),
    ],
)
def test_public_addresses_are_what_the_reserved_ranges_leave(address: str, expected: bool) -> None:
    assert is_public(point(parse_address(address))) is expected


def test_the_first_four_addresses_and_the_last_are_unassignable() -> None:
    numbers = assignable(parse_prefix("10.0.0.0/29"))

    assert [parse_address(f"10.0.0.{n}") in numbers for n in range(8)] == [False] * 4 + [True] * 3 + [False]
    assert not assignable(parse_prefix("10.0.0.0/30"))


def test_no_host_stands_in_a_gateway_subnet() -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("gatewaysubnet", "10.0.0.0/24"), subnet("app", "10.0.1.0/24"))

    app = host_subnet(hub, point(parse_address("10.0.1.4")))

    assert app is not None
    assert app.name == "app"
    assert host_subnet(hub, point(parse_address("10.0.0.4"))) is None
