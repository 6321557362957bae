"""Packets translated by one firewall after the other, and what sentences say of translated ones."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import Element, at, flow, network, peered, public, route, subnet, table, vnet, world
from tests.unit.simulator_translating import (
    ACROSS,
    CLIENT,
    FROM_OUTSIDE,
    PUBLIC,
    addresses,
    dropped_by,
    firewall,
    leading,
    of,
    only_from,
    spokes,
    web,
)
from vnetverify.header import ALL_PORTS, TCP, parse_address
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Place, PlaceKind, Verb
from vnetverify.model.network import Machine, Network, Service
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.positions import Astray
from vnetverify.simulator.premises import is_spoken_of
from vnetverify.source import NOWHERE

# -- one after the other ------------------------------------------------------------------------------------


def chained(*, first: Machine, second: Machine, third: Machine | None = None) -> Network:
    """Return hubs in a row, each with a firewall that sends what is for the last network to the next."""
    names = ("hub", "east", "west")
    firewalls = [each for each in (first, second, third) if each is not None]
    elements: list[Element] = [
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.1.0/24", route_table="to-hub")),
        table("to-hub", route("10.2.0.0/16", "10.0.1.4")),
        peered("a", "hub", allow_forwarded_traffic=True),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.1.0/24")),
        peered(names[len(firewalls) - 1], "b", allow_forwarded_traffic=True),
        *firewalls,
    ]
    for number, name in enumerate(names[: len(firewalls)]):
        is_last = number == len(firewalls) - 1
        onward = None if is_last else f"to-{names[number + 1]}"
        space = f"10.{number * 10}.0.0/16"
        elements.append(
            vnet(name, space, subnet("AzureFirewallSubnet", f"10.{number * 10}.1.0/26", route_table=onward))
        )
        if onward is not None:
            elements.append(table(onward, route("10.2.0.0/16", f"10.{number * 10 + 10}.1.4")))
            elements.append(peered(name, names[number + 1], allow_forwarded_traffic=True))
    return network(*elements)


FIRST = firewall(web("web"))
SECOND = firewall(web("web"), name="fw2", where="east.AzureFirewallSubnet", address="10.10.1.4", entry=None)
THIRD = firewall(web("web"), name="fw3", where="west.AzureFirewallSubnet", address="10.20.1.4", entry=None)


def test_two_firewalls_in_a_row_translate_back_one_after_the_other() -> None:
    conversation = of(chained(first=FIRST, second=SECOND), ACROSS)

    assert conversation.established
    assert conversation.forward.met == ("fw", "fw2")
    assert conversation.reply is not None
    assert conversation.reply.met == ("fw2", "fw")
    assert [t.after.source.low for t in conversation.forward.translations] == [
        parse_address("10.0.1.4"),
        parse_address("10.10.1.4"),
    ]


def test_the_packet_that_a_firewall_sends_is_seen_by_the_next_ones_rules() -> None:
    picky = firewall(
        web("web", sources=addresses("10.1.0.0/16")),
        name="fw2",
        where="east.AzureFirewallSubnet",
        address="10.10.1.4",
        entry=None,
    )

    assert dropped_by(chained(first=FIRST, second=picky), ACROSS) == "F-FW-6"


def test_what_is_translated_a_third_time_is_lost_or_ends_anywhere() -> None:
    net = chained(first=FIRST, second=SECOND, third=THIRD)

    assert dropped_by(net, ACROSS) == "F-FW-7"
    astray = of(net, ACROSS, in_world=world("U-FWCHAIN"))
    assert astray.forward.outcome == Astray("fw3")
    assert astray.forward.met == ("fw", "fw2")
    assert astray.established


# -- claims -------------------------------------------------------------------------------------------------


def ends(*parts: tuple[Place, str]) -> EndpointSet:
    return EndpointSet(tuple((place, addresses(held)) for place, held in sorted(parts)))


def claim(verb: Verb, left: EndpointSet, right: EndpointSet, **more: object) -> Claim:
    service = Service("any", ((TCP, ALL_PORTS),))
    return Claim(verb, ((left, right),), service, "", NOWHERE, **more)  # type: ignore[arg-type]


ENTRY = Place(PlaceKind.PUBLIC.value, "fw/entry")
A, B = ends((at("a.s"), "10.1.1.0/24")), ends((at("b.s"), "10.2.1.0/24"))
FW = ends((at("hub.AzureFirewallSubnet"), "10.0.1.4/32"), (ENTRY, f"{PUBLIC}/32"))
FW_AND_SITE = ends((at("hub.AzureFirewallSubnet"), "10.0.1.4/32"), (Place(PlaceKind.SITE.value, "x"), "10.0.1.4/32"))
OUTSIDE = ends((INTERNET, "198.51.100.0/24"))
SERVED = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), leading("in", 443, "10.2.1.4", 8443, None)), back=None)


@pytest.mark.parametrize("right", [B, FW, ends((ENTRY, f"{PUBLIC}/32"))])
def test_what_a_nat_rule_translates_is_delivered_to_the_target_and_to_the_firewalls_address(right: EndpointSet) -> None:
    never = claim(Verb.NEVER_REACHES, OUTSIDE, right)

    assert in_question(SERVED, never, INTERNET, FROM_OUTSIDE, world())
    assert violates(SERVED, never, INTERNET, FROM_OUTSIDE, world())


def test_what_is_translated_and_lost_is_delivered_nowhere() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from(CLIENT), back=None, group="n")

    assert violates(net, claim(Verb.NEVER_REACHES, OUTSIDE, FW), INTERNET, FROM_OUTSIDE, world()) is None


def test_the_internet_reaches_a_firewall_at_its_public_address() -> None:
    reaches = claim(Verb.REACHES, OUTSIDE, FW)

    assert in_question(SERVED, reaches, INTERNET, FROM_OUTSIDE, world())
    assert violates(SERVED, reaches, INTERNET, FROM_OUTSIDE, world()) is None
    assert violates(SERVED, reaches, INTERNET, flow(CLIENT, PUBLIC, 80), world())


def test_a_private_address_of_the_firewall_is_not_reached_by_its_public_one() -> None:
    reaches = claim(Verb.REACHES, OUTSIDE, ends((at("hub.AzureFirewallSubnet"), "10.0.1.4/32")))

    assert violates(SERVED, reaches, INTERNET, FROM_OUTSIDE, world())


def test_a_further_public_address_asks_for_no_private_one() -> None:
    further = firewall(public_addresses=(public("second", "203.0.113.6"),))
    reaches = claim(Verb.REACHES, OUTSIDE, ends((at("hub.AzureFirewallSubnet"), "10.0.1.4/32")))

    assert in_question(spokes(further), reaches, INTERNET, FROM_OUTSIDE, world())
    assert not in_question(spokes(further), reaches, INTERNET, flow(CLIENT, "203.0.113.6"), world())


def test_a_target_behind_a_nat_rule_is_not_asked_for_by_the_firewalls_address() -> None:
    assert not in_question(SERVED, claim(Verb.REACHES, OUTSIDE, B), INTERNET, FROM_OUTSIDE, world())


def test_no_flow_begins_at_a_public_address_of_a_firewall() -> None:
    backwards = claim(Verb.NEVER_REACHES, ends((ENTRY, f"{PUBLIC}/32")), B)

    assert not in_question(SERVED, backwards, ENTRY, flow(PUBLIC, "10.2.1.4"), world())


def test_a_public_address_that_is_not_known_is_the_worlds() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), entry=None), back=None)
    reaches = claim(Verb.REACHES, OUTSIDE, EndpointSet(((ENTRY, addresses("203.0.113.0/24")),)))

    assert in_question(net, reaches, INTERNET, FROM_OUTSIDE, world(entry=PUBLIC))
    assert not in_question(net, reaches, INTERNET, FROM_OUTSIDE, world(entry="203.0.113.77"))


def test_a_flow_that_comes_back_to_where_it_began_is_none() -> None:
    net = spokes(firewall(leading("in", 443, "10.1.1.4", 443, None)))
    sent = flow("10.1.1.4", "10.0.1.4")

    assert not in_question(net, claim(Verb.NEVER_REACHES, A, A), at("a.s"), sent, world())
    assert not in_question(net, claim(Verb.NEVER_REACHES, A, FW), at("a.s"), sent, world())
    assert in_question(net, claim(Verb.REACHES, A, FW), at("a.s"), flow("10.1.1.5", "10.0.1.4"), world())
    assert is_spoken_of(net, claim(Verb.NEVER_REACHES, A, FW), at("a.s"), sent, world())
    for verb in (Verb.REACHES, Verb.LOSES_NO_PACKETS):
        assert not is_spoken_of(net, claim(verb, A, FW), at("a.s"), sent, world())
        assert not in_question(net, claim(verb, A, FW), at("a.s"), sent, world())
        assert violates(net, claim(verb, A, FW_AND_SITE), at("a.s"), sent, world()) is None


@pytest.mark.parametrize("verb", [Verb.NEVER_REACHES, Verb.NOT_VIA, Verb.ONLY_VIA, Verb.LOCAL_LATENCY])
def test_what_goes_astray_breaks_a_sentence_about_what_is_delivered(verb: Verb) -> None:
    net, astray = chained(first=FIRST, second=SECOND, third=THIRD), world("U-FWCHAIN")
    about = claim(verb, A, OUTSIDE, via=("gate",))

    assert violates(net, about, at("a.s"), ACROSS, astray)
    assert violates(net, about, at("a.s"), ACROSS, world()) is None


def test_what_goes_astray_reaches_what_it_is_sent_to_or_is_lost() -> None:
    net, reaches = chained(first=FIRST, second=SECOND, third=THIRD), claim(Verb.REACHES, A, B)

    assert violates(net, reaches, at("a.s"), ACROSS, world("U-FWCHAIN")) is None
    assert violates(net, reaches, at("a.s"), ACROSS, world())


def test_crossings_are_counted_over_all_packets() -> None:
    net = chained(first=FIRST, second=SECOND)

    assert violates(net, claim(Verb.CROSSES_AT_MOST, A, B, limit=3), at("a.s"), ACROSS, world()) is None
    assert violates(net, claim(Verb.CROSSES_AT_MOST, A, B, limit=2), at("a.s"), ACROSS, world())


def test_what_went_astray_may_end_at_addresses_of_its_own_family_alone() -> None:
    net, facts = chained(first=FIRST, second=SECOND, third=THIRD), world("U-FWCHAIN")
    six = EndpointSet(((at("b.s"), addresses("fd00::/64")),))
    both = EndpointSet(
        ((at("b.s"), addresses("10.2.1.0/24") | addresses("fd00::/64")), (at("c.s"), addresses("fd00:1::/64")))
    )

    assert violates(net, claim(Verb.NEVER_REACHES, A, both), at("a.s"), ACROSS, facts) is not None
    assert violates(net, claim(Verb.NEVER_REACHES, A, six), at("a.s"), ACROSS, facts) is None


def test_what_leaves_to_the_internet_ends_where_it_is_sent_to() -> None:
    net, out = spokes(firewall(web("web"))), flow("10.1.1.4", "198.51.100.9")
    beside = ends((INTERNET, "10.0.1.4/32"), (INTERNET, "203.0.113.0/24"))

    assert violates(net, claim(Verb.NEVER_REACHES, A, OUTSIDE), at("a.s"), out, world()) is not None
    assert violates(net, claim(Verb.NEVER_REACHES, A, beside), at("a.s"), out, world()) is None
