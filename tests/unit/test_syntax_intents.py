"""Sentences become claims over resolved sets."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import InputError
from vnetverify.header import ALL_PORTS, ICMP, TCP, UDP, Interval, IntervalSet
from vnetverify.model.intents import Claim, EndpointSet, ExpectedHop, HopKind, Intent, Verb
from vnetverify.model.network import Service
from vnetverify.model.services import EVERY_CONVERSATION, EVERY_PACKET, service_of
from vnetverify.source import Span
from vnetverify.syntax import Document, read_text

NETWORK = """\
vnet hub {
  address 10.0.0.0/16
  subnet GatewaySubnet 10.0.0.0/27
  subnet shared        10.0.2.0/24
  gateway vpn hub-vpn
}
vnet one   { tag env = "prod"  subnet web 10.1.1.0/24  subnet db 10.1.2.0/24 }
vnet two   { tag Env = "prod"  subnet web 10.2.1.0/24 }
vnet three { tag env = "test"  subnet web 10.3.1.0/24 }
appliance fw { nic 10.0.2.4 in hub.shared }
site branch { address 192.168.0.0/16 }
connection branch -- hub.hub-vpn
group spokes = vnet where env = "prod"
"""


def document(text: str) -> Document:
    return read_text(NETWORK + text)


def intent(sentences: str) -> Intent:
    (found,) = document(f"intent i {{ {sentences} }}").intents
    return found


def claim(sentence: str) -> Claim:
    (found,) = intent(sentence).claims
    return found


def endpoints(expression: str) -> EndpointSet:
    return document(f"group g = {expression}").groups["g"]


def places(found: EndpointSet) -> list[str]:
    return [str(place) for place, _ in found.parts]


def port(number: int) -> IntervalSet:
    return IntervalSet((Interval(number, number),))


# Sets


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("one", ["one.db", "one.web"]),
        ("one.web", ["one.web"]),
        ("ONE.Web", ["one.web"]),
        ('"one"."web"', ["one.web"]),
        ("fw", ["hub.shared"]),
        ("branch", ["branch"]),
        ("internet", ["internet"]),
        ("spokes", ["one.db", "one.web", "two.web"]),
        ("spokes, three", ["one.db", "one.web", "three.web", "two.web"]),
        ("spokes except one.db", ["one.web", "two.web"]),
        ("one, two except one.web, two", ["one.db"]),
        ("vnet", ["hub.shared", "one.db", "one.web", "three.web", "two.web"]),
        ('vnet where ENV = "test"', ["three.web"]),
        ('vnet where env = "Test"', []),
        ("10.1.0.0/16", ["one.db", "one.web"]),
        ("10.2.1.4", ["two.web"]),
        ("any except internet, branch, vnet", []),
    ],
)
def test_a_set_expression_stands_for_its_places(expression: str, expected: list[str]) -> None:
    assert places(endpoints(expression)) == expected


def test_a_quoted_word_of_the_language_is_a_name() -> None:
    found = read_text('vnet "internet" { subnet s 10.0.0.0/24 }\ngroup g = "internet"').groups["g"]

    assert places(found) == ["internet.s"]


def test_a_group_may_be_declared_above_what_it_names() -> None:
    assert places(read_text("group g = h\ngroup h = a.s\nvnet a { subnet s 10.0.0.0/24 }").groups["g"]) == ["a.s"]


def test_a_set_knows_how_it_was_written() -> None:
    assert claim("spokes  except one.db # why\n never reaches hub").pairs[0][0].text == "spokes except one.db"


# Services


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("ssh", ((TCP, port(22)),)),
        ("SSH", ((TCP, port(22)),)),
        ("dns", ((TCP, port(53)), (UDP, port(53)))),
        ("tcp/443", ((TCP, port(443)),)),
        ("tcp/443, 8000-8080", ((TCP, IntervalSet((Interval(443, 443), Interval(8000, 8080)))),)),
        ("tcp/80, udp/53, 54", ((TCP, port(80)), (UDP, IntervalSet((Interval(53, 54),))))),
        ("tcp/80, ssh", ((TCP, IntervalSet((Interval(22, 22), Interval(80, 80)))),)),
        ("icmp, udp", ((ICMP, ALL_PORTS), (UDP, ALL_PORTS))),
        ("tcp, tcp/80", ((TCP, ALL_PORTS),)),
        ("any", ((None, ALL_PORTS),)),
        ("any, ssh", ((None, ALL_PORTS),)),
        ("orders", ((TCP, port(8443)), (UDP, port(53)))),
    ],
)
def test_a_service_stands_for_protocols_and_ports(written: str, parts: tuple[tuple[int, IntervalSet], ...]) -> None:
    (found,) = document(f"service orders = tcp/8443, udp/53\nintent i {{ one never reaches two on {written} }}").intents

    assert found.claims[0].service == Service(written, parts)


def test_declared_services_may_name_those_before_them() -> None:
    services = document("service a = tcp/1\nservice b = a, tcp/2").services

    assert services["b"] == Service("b", ((TCP, IntervalSet((Interval(1, 2),))),))


def test_ports_need_a_protocol_before_them() -> None:
    with pytest.raises(InputError, match="a port needs a protocol"):
        claim("one never reaches two on ssh, 80")


def test_a_part_that_every_protocol_covers_is_left_out() -> None:
    parts = [(TCP, port(80)), (None, port(80)), (UDP, port(90))]

    assert service_of("x", parts).parts == ((None, port(80)), (UDP, port(90)))


@pytest.mark.parametrize("ending", ["", " on any"])
def test_sentences_about_packets_speak_of_every_protocol(ending: str) -> None:
    for sentence in ("one never reaches two", "one isolated from two", "one reaches two{} only via fw"):
        written = sentence.format(ending) if "{}" in sentence else sentence + ending
        assert intent(written).claims[0].service == EVERY_PACKET


@pytest.mark.parametrize("ending", ["", " on any"])
def test_sentences_about_conversations_speak_of_tcp_udp_and_icmp(ending: str) -> None:
    for sentence in ("one reaches two", "one sometimes reaches two"):
        assert claim(sentence + ending).service == EVERY_CONVERSATION
    assert claim("next hop of one to two is peering").service == EVERY_CONVERSATION


# Sentences


@pytest.mark.parametrize(
    ("sentence", "verb"),
    [
        ("one reaches two on ssh", Verb.REACHES),
        ("one sometimes reaches two on ssh", Verb.SOMETIMES_REACHES),
        ("one never reaches two on ssh", Verb.NEVER_REACHES),
        ("one reaches two on ssh only via fw", Verb.ONLY_VIA),
        ("one reaches two only via fw", Verb.ONLY_VIA),
        ("one reaches two on ssh not via fw", Verb.NOT_VIA),
    ],
)
def test_a_sentence_is_a_claim_from_its_left_to_its_right(sentence: str, verb: Verb) -> None:
    found = claim(sentence)

    assert (found.verb, found.text, found.apart) == (verb, sentence, ())
    assert [(places(left), places(right)) for left, right in found.pairs] == [(["one.db", "one.web"], ["two.web"])]


def test_isolation_is_two_claims_one_each_way() -> None:
    there, back = intent("one isolated from two on ssh").claims

    assert (there.verb, back.verb) == (Verb.NEVER_REACHES, Verb.NEVER_REACHES)
    assert there.pairs == ((back.pairs[0][1], back.pairs[0][0]),)
    assert back.text == "one isolated from two on ssh: two never reaches one"


def test_devices_are_machines_and_gateways() -> None:
    assert claim("one reaches branch only via FW, hub.hub-vpn, hub-vpn").via == ("fw", "hub-vpn", "hub-vpn")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("peering", ExpectedHop(HopKind.PEERING)),
        ("vnet-local", ExpectedHop(HopKind.VNET_LOCAL)),
        ("none", ExpectedHop(HopKind.NONE)),
        ("internet", ExpectedHop(HopKind.INTERNET)),
        ("appliance", ExpectedHop(HopKind.APPLIANCE)),
        ("appliance fw", ExpectedHop(HopKind.APPLIANCE, "fw")),
        ("gateway", ExpectedHop(HopKind.GATEWAY)),
        ("gateway hub.hub-vpn", ExpectedHop(HopKind.GATEWAY, "hub-vpn")),
    ],
)
def test_a_next_hop_is_of_a_kind_and_perhaps_a_certain_one(written: str, expected: ExpectedHop) -> None:
    found = claim(f"next hop of one to 10.0.0.0/8 is {written}")

    assert (found.verb, found.expected_hop) == (Verb.NEXT_HOP, expected)


def test_the_gateway_of_a_way_is_expected() -> None:
    found = claim("gateway of spokes to branch is hub.hub-vpn")

    assert (found.verb, found.expected_hop) == (Verb.GATEWAY, ExpectedHop(HopKind.GATEWAY, "hub-vpn"))


def test_an_intent_has_several_sentences_a_reason_and_an_expectation() -> None:
    text = 'intent i "why" { one reaches two  two reaches one on ssh  expect refuted because "known" }'
    (found,) = document(text).intents

    assert [claim.text for claim in found.claims] == ["one reaches two", "two reaches one on ssh"]
    assert (found.reason, found.expect, found.because) == ("why", "refuted", "known")


def test_an_intent_is_expected_to_be_proved() -> None:
    assert (intent("one reaches two").expect, intent("one reaches two").because) == ("proved", None)


def test_a_sentence_and_its_intent_have_their_places() -> None:
    (found,) = read_text("vnet a {}\nintent i {\n  a never reaches a on ssh\n}", "a.vnet").intents

    assert found.span == Span("a.vnet", 2, 8, 2, 9)
    assert found.claims[0].span == Span("a.vnet", 3, 3, 3, 27)


# Not transitive


def test_members_that_are_not_transitive_are_kept_apart_in_one_pair() -> None:
    found = claim("spokes, three not transitive through hub except via fw, hub.hub-vpn")

    assert (found.verb, found.via, found.excused) == (Verb.NOT_TRANSITIVE, ("hub",), ("fw", "hub-vpn"))
    assert [places(member) for member in found.apart] == [["one.db", "one.web"], ["two.web"], ["three.web"]]
    assert [(left == right, places(left)) for left, right in found.pairs] == [
        (True, ["one.db", "one.web", "three.web", "two.web"])
    ]
    assert found.peered_with == ("one", "two", "three")


def test_the_hub_itself_and_sites_are_not_presumed_peered() -> None:
    assert claim("one, hub, branch not transitive through hub").peered_with == ("one",)


def test_members_that_overlap_are_written_out_in_pairs() -> None:
    found = claim("one, one.web not transitive through hub")

    assert found.apart == ()
    assert [(places(left), places(right)) for left, right in found.pairs] == [
        (["one.db", "one.web"], ["one.web"]),
        (["one.web"], ["one.db", "one.web"]),
    ]


# For each


def test_between_two_variables_is_one_pair_with_the_members_apart() -> None:
    found = claim("for each a, b in spokes, three: a never reaches b on ssh")

    assert found.text == "for each a, b in spokes, three: a never reaches b on ssh"
    assert len(found.pairs) == 1
    assert found.pairs[0][0] == found.pairs[0][1]
    assert found.pairs[0][0].text == "spokes, three"
    assert [places(member) for member in found.apart] == [["one.db", "one.web"], ["two.web"], ["three.web"]]


def test_the_order_of_the_variables_does_not_matter_between_them() -> None:
    there, back = (claim(f"for each a, b in spokes: {sentence}") for sentence in ("a reaches b", "b reaches a"))

    assert (there.pairs, there.apart) == (back.pairs, back.apart)


def test_isolation_between_two_variables_is_one_claim_since_both_ways_are_in_it() -> None:
    found = claim("for each a, b in spokes: a isolated from b")

    assert (found.verb, len(found.pairs), len(found.apart)) == (Verb.NEVER_REACHES, 1, 2)
    assert found.text == "for each a, b in spokes: a isolated from b"


def test_members_that_overlap_are_never_merged_into_one_pair() -> None:
    found = claim("for each a, b in one, one.web: a never reaches b")

    assert found.apart == ()
    assert [(places(left), places(right)) for left, right in found.pairs] == [
        (["one.db", "one.web"], ["one.web"]),
        (["one.web"], ["one.db", "one.web"]),
    ]


def test_a_sentence_about_some_flow_is_a_claim_for_each_pair() -> None:
    found = intent("for each a, b in spokes: a sometimes reaches b").claims

    assert [(places(left), places(right)) for claim in found for left, right in claim.pairs] == [
        (["one.db", "one.web"], ["two.web"]),
        (["two.web"], ["one.db", "one.web"]),
    ]
    assert found[0].text == "for each a, b in spokes: a sometimes reaches b (a = one, b = two)"


def test_one_variable_takes_each_member() -> None:
    found = claim("for each a in spokes: a reaches a")

    assert [(places(left), places(right)) for left, right in found.pairs] == [
        (["one.db", "one.web"], ["one.db", "one.web"]),
        (["two.web"], ["two.web"]),
    ]


def test_what_every_member_does_to_one_set_is_one_pair() -> None:
    found = claim("for each a in spokes: a reaches hub")

    assert [(places(left), places(right)) for left, right in found.pairs] == [
        (["one.db", "one.web", "two.web"], ["hub.shared"])
    ]


def test_a_variable_may_stand_among_other_terms() -> None:
    found = claim("for each a, b in spokes: a, hub never reaches b except two.web")

    assert [(left.text, right.text) for left, right in found.pairs] == [
        ("one, hub", "two except two.web"),
        ("two, hub", "one except two.web"),
    ]


def test_isolation_of_one_variable_stays_two_claims() -> None:
    there, back = intent("for each a in spokes: a isolated from hub").claims

    assert [(places(left), places(right)) for left, right in there.pairs] == [
        (["one.db", "one.web", "two.web"], ["hub.shared"])
    ]
    assert [(places(left), places(right)) for left, right in back.pairs] == [
        (["hub.shared"], ["one.db", "one.web"]),
        (["hub.shared"], ["two.web"]),
    ]


def test_variables_are_names_without_regard_to_case_and_hide_elements() -> None:
    found = claim("for each ONE in two, three: one reaches hub")

    assert places(found.pairs[0][0]) == ["three.web", "two.web"]


def test_the_members_of_groups_in_a_group_are_its_members() -> None:
    text = "group both = spokes, three\nintent i { for each a, b in both: a isolated from b }"

    assert len(document(text).intents[0].claims[0].apart) == 3


def test_a_member_that_is_taken_away_wholly_is_no_member() -> None:
    text = "group rest = spokes except two\nintent i { for each a in rest: a sometimes reaches a }"

    assert len(document(text).intents[0].claims) == 1


@pytest.mark.parametrize("sentence", ["a sometimes reaches b", "a, hub reaches b", "a isolated from hub, b"])
def test_for_each_of_too_few_members_is_a_claim_about_nothing_and_never_no_claim(sentence: str) -> None:
    for found in intent(f"for each a, b in one: {sentence}").claims:
        assert [(places(left), places(right)) for left, right in found.pairs] == [([], [])]
    assert intent(f"for each a, b in one: {sentence}").claims


def test_for_each_of_no_member_is_a_claim_about_nothing() -> None:
    found = claim('for each a in vnet where env = "none": a reaches hub')

    assert [(places(left), places(right)) for left, right in found.pairs] == [([], [])]


def test_two_variables_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="both variables have one name"):
        claim("for each a, A in spokes: a reaches a")


def test_too_many_instances_are_refused_but_one_pair_holds_any_number() -> None:
    vnets = "\n".join(f"vnet v{number} {{ subnet s 10.1.{number}.0/24 }}" for number in range(101))

    with pytest.raises(InputError, match="stands for more than 10000 sentences"):
        read_text(f"{vnets}\nintent i {{ for each a, b in vnet: a sometimes reaches b }}")
    (found,) = read_text(f"{vnets}\nintent i {{ for each a, b in vnet: a never reaches b }}").intents
    assert len(found.claims[0].apart) == 101
