"""Numbers, prefixes and sets of them: every boundary, since both engines rely on these without asking."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_IPV4,
    ALL_IPV6,
    ALL_PORTS,
    EVERY_IPV4,
    EVERY_IPV6,
    FIRST_IPV6,
    ICMP,
    ICMPV6,
    LAST_IPV4,
    LAST_IPV6,
    LAST_PORT,
    PROTOCOL_NAMES,
    TCP,
    UDP,
    Family,
    Flow,
    Interval,
    IntervalSet,
    NotAPrefix,
    Prefix,
    address_text,
    addresses_of,
    family_of,
    host_prefix,
    interval_set,
    parse_address,
    parse_prefix,
    prefixes_of,
    set_of,
)

# -- numbers --------------------------------------------------------------------------------------------


def test_the_fields_are_as_wide_as_the_header_makes_them() -> None:
    assert (0xFFFFFFFF, 0xFFFF) == (LAST_IPV4, LAST_PORT)
    assert (2**128, 2**129 - 1) == (FIRST_IPV6, LAST_IPV6)
    assert ((0, LAST_IPV4), (FIRST_IPV6, LAST_IPV6)) == tuple((i.low, i.high) for i in ALL_ADDRESSES)
    assert [(0, 65535)] == [(i.low, i.high) for i in ALL_PORTS]
    assert ALL_ADDRESSES == ALL_IPV4 | ALL_IPV6


def test_protocols_have_the_numbers_of_iana() -> None:
    numbers = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "icmpv6"}

    assert numbers == PROTOCOL_NAMES
    assert (1, 6, 17, 58) == (ICMP, TCP, UDP, ICMPV6)


@pytest.mark.parametrize(
    ("address", "family", "bits", "icmp"),
    [
        (0, Family.IPV4, 32, 1),
        (LAST_IPV4, Family.IPV4, 32, 1),
        (FIRST_IPV6, Family.IPV6, 128, 58),
        (LAST_IPV6, Family.IPV6, 128, 58),
    ],
)
def test_an_address_is_of_the_family_it_lies_in(address: int, family: Family, bits: int, icmp: int) -> None:
    assert (family, bits, icmp) == (family_of(address), family_of(address).bits, family_of(address).icmp)


# -- texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0", 0),
        ("0.0.0.9", 9),
        ("1.2.3.4", 0x01020304),
        ("10.0.0.255", 0x0A0000FF),
        ("255.255.255.255", LAST_IPV4),
        ("::", FIRST_IPV6),
        ("::1", FIRST_IPV6 + 1),
        ("fd00::1", FIRST_IPV6 + (0xFD00 << 112) + 1),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LAST_IPV6),
    ],
)
def test_an_address_is_read_and_written(text: str, address: int) -> None:
    assert address == parse_address(text)
    assert text == address_text(address)
    assert Prefix(address, family_of(address).bits) == parse_prefix(text) == host_prefix(address)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.2.3", "`1.2.3` is not an IPv4 address"),
        ("1.2.3.4.5", "`1.2.3.4.5` is not an IPv4 address"),
        ("1.2.3.", "`1.2.3.` is not an IPv4 address"),
        ("1.2.3.-4", "`1.2.3.-4` is not an IPv4 address"),
        ("1.2.3.\N{ARABIC-INDIC DIGIT FOUR}", "`1.2.3.\N{ARABIC-INDIC DIGIT FOUR}` is not an IPv4 address"),
        ("1.2.3.0004", "`1.2.3.0004` is not an IPv4 address"),
        ("1.2.3.256", "`1.2.3.256` has a part above 255"),
        ("1.2.3.04", "`1.2.3.04` has a part with a leading zero"),
        ("1.2.3.00", "`1.2.3.00` has a part with a leading zero"),
        ("fe80::1%eth0", "`fe80::1%eth0` has a zone, which no network configuration has"),
        (":::", "`:::` is not an IPv6 address"),
        ("10.0.0.0/33", "`10.0.0.0/33` has no prefix length from 0 to 32"),
        ("10.0.0.0/", "`10.0.0.0/` has no prefix length from 0 to 32"),
        ("10.0.0.0/-1", "`10.0.0.0/-1` has no prefix length from 0 to 32"),
        ("0.0.0.0/\N{SUPERSCRIPT TWO}", "`0.0.0.0/\N{SUPERSCRIPT TWO}` has no prefix length from 0 to 32"),
        ("::/\N{ARABIC-INDIC DIGIT ONE}", "`::/\N{ARABIC-INDIC DIGIT ONE}` has no prefix length from 0 to 128"),
        ("10.0.0.0/0008", "`10.0.0.0/0008` has a prefix length with a leading zero"),
        ("10.0.0.0/000333", "`10.0.0.0/000333` has no prefix length from 0 to 32"),
        ("::/129", "`::/129` has no prefix length from 0 to 128"),
        ("10.0.0.1/31", "`10.0.0.1/31` has host bits set; the prefix is `10.0.0.0/31`"),
        ("fd00::1/127", "`fd00::1/127` has host bits set; the prefix is `fd00::/127`"),
        ("0.0.0.1/0", "`0.0.0.1/0` has host bits set; the prefix is `0.0.0.0/0`"),
    ],
)  # fmt: skip
def test_what_is_no_prefix_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(NotAPrefix) as refused:
        parse_prefix(text)

    assert why == str(refused.value)


@pytest.mark.parametrize("text", ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/31", "10.0.0.1/32", "::/0", "fd00::/8",
                                  "fd00::/127", "fd00::1/128"])  # fmt: skip
def test_a_prefix_holds_what_the_standard_library_says_it_does(text: str) -> None:
    network = ip_network(text)
    above = FIRST_IPV6 if network.version == 6 else 0
    prefix = parse_prefix(text)

    assert int(network.network_address) + above == prefix.value
    assert int(network.broadcast_address) + above == prefix.last
    assert network.num_addresses == prefix.size
    assert (text, network.max_prefixlen) == (str(prefix), prefix.family.bits)


def test_the_prefixes_of_length_nought_are_the_families() -> None:
    assert (Prefix(0, 0), Prefix(FIRST_IPV6, 0)) == (EVERY_IPV4, EVERY_IPV6)
    assert (ALL_IPV4, ALL_IPV6) == (addresses_of([EVERY_IPV4]), addresses_of([EVERY_IPV6]))


@pytest.mark.parametrize(
    ("flow", "text", "has_ports"),
    [
        (Flow(TCP, 1, 2, 3, 4), "tcp 0.0.0.1:2 -> 0.0.0.3:4", True),
        (Flow(UDP, FIRST_IPV6, 2, FIRST_IPV6 + 3, 4), "udp [::]:2 -> [::3]:4", True),
        (Flow(ICMP, 1, 0, 3, 0), "icmp 0.0.0.1 -> 0.0.0.3", False),
        (Flow(99, 1, 0, 3, 0), "protocol 99 0.0.0.1 -> 0.0.0.3", False),
    ],
)
def test_a_flow_is_shown_with_its_ports_where_it_has_any(flow: Flow, text: str, has_ports: bool) -> None:
    assert (text, has_ports) == (str(flow), flow.has_ports)


# -- sets of numbers ------------------------------------------------------------------------------------

LAST = 40


def pieces(most: int) -> st.SearchStrategy[list[Interval]]:
    ends = st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(sorted)
    return st.lists(ends.map(lambda pair: Interval(pair[0], pair[1])), max_size=most)


def numbers_of(intervals: list[Interval]) -> set[int]:
    return {number for interval in intervals for number in range(interval.low, interval.high + 1)}


def is_tidy(numbers: IntervalSet) -> bool:
    """Hold when the intervals are sorted and neither overlap nor touch."""
    ends = [end for interval in numbers for end in (interval.low, interval.high)]
    apart = all(right.low > left.high + 1 for left, right in zip(list(numbers), list(numbers)[1:], strict=False))
    return ends == sorted(ends) and apart


def check_as_a_set(expected: set[int], numbers: IntervalSet) -> None:
    assert expected == {number for number in range(-1, LAST + 2) if number in numbers}
    assert (bool(expected), len(expected)) == (bool(numbers), numbers.size)
    assert is_tidy(numbers)


@given(pieces(5))
def test_a_union_of_intervals_holds_their_numbers(some: list[Interval]) -> None:
    check_as_a_set(numbers_of(some), interval_set(some))


@given(pieces(3), pieces(3))
def test_sets_of_numbers_are_joined_met_and_cut_as_sets(some: list[Interval], others: list[Interval]) -> None:
    left, right = interval_set(some), interval_set(others)

    check_as_a_set(numbers_of(some) | numbers_of(others), left | right)
    check_as_a_set(numbers_of(some) & numbers_of(others), left & right)
    check_as_a_set(numbers_of(some) - numbers_of(others), left - right)


@given(pieces(2))
@settings(max_examples=50)
def test_few_intervals_meet_many_as_few_would(some: list[Interval]) -> None:
    many = interval_set(Interval(low, low + 1) for low in range(1, LAST, 4))
    more = set_of(range(0, LAST, 2))
    few = interval_set(some)

    for scattered in (many, more):
        check_as_a_set(numbers_of(some) & numbers_of(list(scattered)), few & scattered)
        check_as_a_set(numbers_of(some) & numbers_of(list(scattered)), scattered & few)


def test_an_interval_inside_another_is_their_intersection_itself() -> None:
    inner, outer = interval_set([Interval(3, 5)]), interval_set([Interval(3, 6)])

    assert inner == inner & outer == outer & inner


def test_a_set_reaches_the_ends_of_every_interval() -> None:
    numbers = IntervalSet((Interval(2, 3), Interval(7, 7)))

    assert [2, 3, 7] == [number for number in range(10) if number in numbers]
    assert not IntervalSet()
    assert addresses_of([parse_prefix("10.0.0.0/31"), parse_prefix("10.0.0.2/32")]) == interval_set(
        [Interval(0x0A000000, 0x0A000002)]
    )


@pytest.mark.parametrize(
    ("low", "high", "prefixes"),
    [
        ("0.0.0.4", "0.0.0.16", "0.0.0.4/30 0.0.0.8/29 0.0.0.16/32"),
        ("10.0.0.7", "10.0.0.7", "10.0.0.7/32"),
        ("0.0.0.0", "255.255.255.255", "0.0.0.0/0"),
        ("255.255.255.255", "255.255.255.255", "255.255.255.255/32"),
        ("::1", "::4", "::1/128 ::2/127 ::4/128"),
        ("fd00::", "fd00::ffff", "fd00::/112"),
        ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"),
    ],
)
def test_addresses_are_the_fewest_prefixes(low: str, high: str, prefixes: str) -> None:
    addresses = IntervalSet((Interval(parse_address(low), parse_address(high)),))

    assert prefixes == " ".join(map(str, prefixes_of(addresses)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.sampled_from([0, 0x0A000000, LAST_IPV4 - 80, FIRST_IPV6]))
def test_the_prefixes_of_an_interval_are_all_of_it_and_no_two_are_halves_of_one(low: int, size: int, base: int) -> None:
    addresses = IntervalSet((Interval(base + low, base + low + size),))
    prefixes = list(prefixes_of(addresses))

    assert addresses == addresses_of(prefixes)
    assert size + 1 == sum(prefix.size for prefix in prefixes)
    assert not any(_are_halves(one, other) for one, other in pairwise(prefixes))


def _are_halves(one: Prefix, other: Prefix) -> bool:
    above = one.family.bits + 1 - one.length
    return one.length == other.length and one.value >> above == other.value >> above
