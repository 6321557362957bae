"""What a claim speaks of as regions, and that parting one loses no flow and no world."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import at
from tests.unit.test_simulator_claims import HUB, A, B, claim, ends, spokes
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import Region, field_of, one_flow, origins_of, premise
from vnetverify.certificate.tree import ORIGINS, ask, cut, parted
from vnetverify.facts import SettledFacts, Undetermined, World, uncertainty
from vnetverify.header import FIRST_IPV6, LAST_IPV4, LAST_IPV6, Family, Interval, parse_address
from vnetverify.model.intents import Claim, EndpointSet, Verb
from vnetverify.simulator.addressing import Field, Part, packet_of, point
from vnetverify.simulator.addressing import Packet as Box

NOTHING = SettledFacts({})
NEVER = Unviolated(spokes(), claim(Verb.NEVER_REACHES))
SIX = ends(("a.s", "fd00::/64"))
BOTH = EndpointSet((*A.parts, *SIX.parts))


def box() -> Region:
    """Return a region of numbers that tell the parts of its header apart."""
    fields = (Field(10 * number, 10 * number + 9, part) for number, part in enumerate(Part, 1))
    return Region(Box(*fields), SettledFacts({"U-KNOWN": True}))


def numbers(region: Region) -> dict[Part, tuple[int, int]]:
    found = {part: field_of(region.packet, part) for part in Part}
    assert all(isinstance(each, Field) and each.of is part for part, each in found.items())
    return {part: (each.low, each.high) for part, each in found.items()}


# -- where it begins -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "families"),
    [
        (A, [(0, LAST_IPV4)]),
        (SIX, [(FIRST_IPV6, LAST_IPV6)]),
        (BOTH, [(0, LAST_IPV4), (FIRST_IPV6, LAST_IPV6)]),
        (EndpointSet(()), []),
    ],
)
def test_a_claim_speaks_of_every_header_of_the_families_it_begins_in(
    left: EndpointSet, families: list[tuple[int, int]]
) -> None:
    regions = list(premise(claim(Verb.NEVER_REACHES, left), SettledFacts({"U-KNOWN": True})))

    assert families == [numbers(region)[Part.SOURCE] for region in regions]
    for region in regions:
        found = numbers(region)
        assert (0, 255) == found[Part.PROTOCOL]
        assert found[Part.SOURCE] == found[Part.DESTINATION]
        assert (0, 65535) == found[Part.SOURCE_PORT] == found[Part.DESTINATION_PORT]
        assert (region.origin, region.world.facts["U-KNOWN"]) == (None, True)
        assert region.world.partial


def test_flows_begin_at_every_piece_of_every_left_side() -> None:
    several = claim(
        Verb.NEVER_REACHES, ends(("a.s", "10.1.0.0/25"), ("a.s", "10.1.0.192/26"), ("hub.fw", "10.0.1.0/24"))
    )
    twice = Claim(several.verb, (*several.pairs, (HUB, B)), several.service, "", several.span)

    expected = [
        (at("hub.fw"), parse_address("10.0.1.0"), parse_address("10.0.1.255")),
        (at("a.s"), parse_address("10.1.0.0"), parse_address("10.1.0.127")),
        (at("a.s"), parse_address("10.1.0.192"), parse_address("10.1.0.255")),
    ]

    assert expected == [(place, piece.low, piece.high) for place, piece in origins_of(twice)]


def test_one_flow_is_a_region_of_single_numbers() -> None:
    flow = Box(*(point(number) for number in range(1, 6)))
    region = one_flow(at("a.s"), flow, NOTHING)

    assert (flow, at("a.s")) == (packet_of(region.packet), region.origin)


# -- parting it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [part for part in Part if part is not Part.PROTOCOL])
def test_a_cut_parts_one_field_in_two_that_together_are_it(part: Part) -> None:
    low, high = numbers(box())[part]
    for number in range(low + 1, high + 1):
        parts = parted(box(), NEVER, cut(part.value, number))
        assert parts is not None
        below, above = map(numbers, parts)

        assert {**numbers(box()), part: (low, number - 1)} == below
        assert {**numbers(box()), part: (number, high)} == above


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (6, [((0, 5), (0, 0)), ((6, 255), (0, 65535))]),
        (7, [((0, 6), (0, 65535)), ((7, 255), (0, 65535))]),
        (17, [((0, 16), (0, 65535)), ((17, 255), (0, 65535))]),
        (18, [((0, 17), (0, 65535)), ((18, 255), (0, 0))]),
    ],
)
def test_protocols_without_ports_write_none_for_them(
    number: int, expected: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    (whole,) = premise(claim(Verb.NEVER_REACHES, A), NOTHING)
    parts = parted(whole, NEVER, cut(Part.PROTOCOL.value, number))
    assert parts is not None
    for port in (Part.SOURCE_PORT, Part.DESTINATION_PORT):
        assert expected == [(numbers(part)[Part.PROTOCOL], numbers(part)[port]) for part in parts]


@pytest.mark.parametrize("port", [Part.SOURCE_PORT, Part.DESTINATION_PORT])
@pytest.mark.parametrize("number", [1, 22, 65535])
def test_no_flow_of_a_protocol_without_ports_has_one(port: Part, number: int) -> None:
    (whole,) = premise(claim(Verb.NEVER_REACHES, A), NOTHING)
    below_and_above = parted(whole, NEVER, cut(port.value, number))
    assert below_and_above is not None
    for part, kept in zip(below_and_above, ([(0, 5), (6, 255)], [(6, 255)]), strict=True):
        halves = parted(part, NEVER, cut(Part.PROTOCOL.value, 6))
        assert halves is not None
        assert kept == [numbers(half)[Part.PROTOCOL] for half in halves]


@pytest.mark.parametrize("part", Part)
def test_a_cut_has_numbers_on_both_sides(part: Part) -> None:
    low, high = numbers(box())[part]
    for number in (0, low - 1, low, high + 1, high + 2):
        assert parted(box(), NEVER, cut(part.value, number)) is None


def test_addresses_of_ipv6_are_parted_up_to_the_last() -> None:
    region = next(premise(claim(Verb.NEVER_REACHES, SIX), NOTHING))
    for number in (FIRST_IPV6 + 1, LAST_IPV6):
        parts = parted(region, NEVER, cut(Part.DESTINATION.value, number))
        assert parts is not None
        assert [(FIRST_IPV6, number - 1), (number, LAST_IPV6)] == [numbers(each)[Part.DESTINATION] for each in parts]


def test_a_fact_parts_a_region_into_the_worlds_where_it_holds_and_the_others() -> None:
    parts = parted(box(), NEVER, ask("U-ASKED"))
    assert parts is not None

    assert [True, False] == [region.world.facts["U-ASKED"] for region in parts]
    assert all(region.packet == box().packet and region.world.facts["U-KNOWN"] for region in parts)
    assert all(parted(region, NEVER, ask("U-ASKED")) is None for region in parts)
    again = parted(parts[1], NEVER, ask("U-OTHER"))
    assert again is not None
    assert [(False, True), (False, False)] == [
        (region.world.facts["U-ASKED"], region.world.facts["U-OTHER"]) for region in again
    ]


@pytest.mark.parametrize("fact", ["U-KNOWN", "u-known", "U-KNOWN(of something)"])
def test_what_is_assumed_parts_nothing(fact: str) -> None:
    assert parted(box(), NEVER, ask(fact)) is None


def test_an_address_that_the_world_names_is_parted_like_a_field() -> None:
    parts = parted(box(), NEVER, cut("front of shop", 100))
    assert parts is not None
    below, above = (region.world.spans["front of shop"] for region in parts)

    assert (99, 100) == (below.high, above.low)
    assert below.low == 0
    assert above.high >= LAST_IPV6
    further = parted(parts[0], NEVER, cut("front of shop", 40))
    assert further is not None
    assert [Interval(0, 39), Interval(40, 99)] == [region.world.spans["front of shop"] for region in further]
    last = parted(parts[0], NEVER, cut("front of shop", 99))
    assert last is not None
    assert [Interval(0, 98), Interval(99, 99)] == [region.world.spans["front of shop"] for region in last]
    for number in (0, 100, 101):
        assert parted(parts[0], NEVER, cut("front of shop", number)) is None
    other = parted(parts[0], NEVER, cut("other", 7))
    assert other is not None
    assert other[1].world.spans["front of shop"] == below


def test_a_kind_of_facts_is_no_fact() -> None:
    """Worlds differ in whether one machine forwards, not in whether machines do: the name of a kind settles nothing."""
    parts = parted(box(), NEVER, ask("U-FORWARDS"))
    assert parts is not None
    for region in parts:
        with pytest.raises(Undetermined):
            region.world.holds(uncertainty("U-FORWARDS", "nva"))


def test_origins_part_a_region_by_where_flows_begin_and_from_which_address() -> None:
    sources = ends(("a.s", "0.0.0.0/28"), ("hub.fw", "0.0.0.24/29"), ("b.s", "0.0.0.64/26"))
    asked = Unviolated(spokes(), claim(Verb.NEVER_REACHES, sources))
    low, high = numbers(box())[Part.SOURCE]
    assert (20, 29) == (low, high)

    parts = parted(box(), asked, ORIGINS)

    assert parts is not None
    assert [(at("hub.fw"), (24, 29))] == [(region.origin, numbers(region)[Part.SOURCE]) for region in parts]
    rest = {part: span for part, span in numbers(box()).items() if part is not Part.SOURCE}
    assert [rest] == [{part: numbers(each)[part] for part in rest} for each in parts]
    assert parted(parts[0], asked, ORIGINS) is None


def test_an_origin_of_one_address_is_kept() -> None:
    for source in ("0.0.0.20/32", "0.0.0.29/32"):
        parts = parted(box(), Unviolated(spokes(), claim(Verb.NEVER_REACHES, ends(("a.s", source)))), ORIGINS)
        assert parts is not None
        assert len(parts) == 1
    assert () == parted(box(), Unviolated(spokes(), claim(Verb.NEVER_REACHES, ends(("a.s", "0.0.0.30/32")))), ORIGINS)


def test_the_families_differ_in_their_addresses() -> None:
    assert (Family.IPV4, Family.IPV6) == tuple(
        region.packet.family for region in premise(claim(Verb.NEVER_REACHES, BOTH), NOTHING)
    )
    assert World().partial is False
