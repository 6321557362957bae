"""Sentences under failures, symmetry and losses, the next hop of addresses that nobody has, and options of gateways."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import addresses_of, parse_prefix
from vnetverify.model.endpoints import place_of
from vnetverify.model.intents import ANYWHERE, Claim, FailureKind, Failures, Verb
from vnetverify.source import Source
from vnetverify.syntax import read, read_text
from vnetverify.syntax.layout import format_text

NETWORK = """\
vnet hub {
  address 10.0.0.0/16
  subnet GatewaySubnet 10.0.0.0/27
  gateway vpn g
}
vnet one { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet two { address 10.2.0.0/16  subnet s 10.2.0.0/24 }
site branch { address 192.168.0.0/16 }
connection branch -- hub.g
"""


def claims(sentences: str) -> tuple[Claim, ...]:
    (intent,) = read_text(f"{NETWORK}intent i {{ {sentences} }}").intents
    return intent.claims


def mistakes(sentences: str) -> list[Diagnostic]:
    return list(read((Source("text.vnet", f"{NETWORK}intent i {{ {sentences} }}"),)).diagnostics)


@pytest.mark.parametrize(
    "sentence",
    [
        "one reaches two",
        "one reaches two on ssh",
        "one reaches two on ssh symmetrically",
        "one loses no packets to two on ssh",
        "one never reaches two",
        "one isolated from two on ssh",
        "one reaches two only via hub.g",
        "one reaches two not via g",
        "one, two not transitive through hub",
        "for each a, b in one, two: a reaches b",
        "for each a in one, two: a isolated from hub, branch",
    ],
)
def test_a_sentence_may_be_under_failures(sentence: str) -> None:
    plain, failing = claims(sentence), claims(f"{sentence} under any 2 failures of gateway, peering")
    expected = Failures(2, frozenset({FailureKind.GATEWAY, FailureKind.PEERING}))

    assert {None} == {claim.failures for claim in plain}
    assert {expected} == {claim.failures for claim in failing}
    assert [claim.pairs for claim in plain] == [claim.pairs for claim in failing]


def test_each_kind_can_fail() -> None:
    (claim,) = claims("one reaches two under any 1 failure of gateway, appliance, connection, peering")

    assert Failures(1, frozenset(FailureKind)) == claim.failures


def test_the_text_of_a_claim_tells_its_failures() -> None:
    (claim,) = claims("one reaches two under any 1 failure of gateway")

    assert "one reaches two under any 1 failure of gateway" == claim.text


@pytest.mark.parametrize(
    "sentence", ["one sometimes reaches two", "next hop of one to two is none", "gateway of one to branch is g"]
)
def test_a_sentence_about_one_flow_or_the_declared_network_goes_without_failures(sentence: str) -> None:
    (mistake,) = mistakes(f"{sentence} under any 1 failure of gateway")

    assert "failures-out-of-place" == mistake.code


@pytest.mark.parametrize("number", ["0", "1001"])
def test_so_many_failures_are_no_count(number: str) -> None:
    (mistake,) = mistakes(f"one reaches two under any {number} failures of gateway")

    assert "bad-count" == mistake.code


def test_a_kind_is_said_once() -> None:
    (mistake,) = mistakes("one reaches two under any 1 failure of gateway, gateway")

    assert "said-twice" == mistake.code


def test_another_kind_is_a_mistake() -> None:
    (mistake,) = mistakes("one reaches two under any 1 failure of vnet")

    assert "syntax" == mistake.code
    assert "`peering`" in mistake.label


@pytest.mark.parametrize(
    ("sentence", "verb"),
    [
        ("one reaches two symmetrically", Verb.REACHES_SYMMETRICALLY),
        ("one reaches two on ssh symmetrically", Verb.REACHES_SYMMETRICALLY),
        ("one loses no packets to two", Verb.LOSES_NO_PACKETS),
        ("one loses no packets to two on ssh", Verb.LOSES_NO_PACKETS),
    ],
)
def test_symmetry_and_losses_are_verbs(sentence: str, verb: Verb) -> None:
    (claim,) = claims(sentence)

    assert (verb, sentence) == (claim.verb, claim.text)


def test_a_sentence_may_follow_failures_and_symmetry() -> None:
    sentences = (
        "one reaches two under any 1 failure of gateway\n"
        "  gateway of one to branch is g\n"
        "  one reaches two under any 1 failure of appliance, gateway\n"
        "  two reaches one symmetrically\n"
        "  two loses no packets to one under any 2 failures of peering\n"
        "  next hop of one to two is gateway g\n"
        "  two reaches one"
    )
    text = f"intent i {{\n  {sentences}\n}}\n"

    assert 7 == len(claims(sentences))
    assert text == format_text(text)
    assert text == format_text(text.replace("\n ", ""))


# The next hop


def test_the_next_hop_to_a_prefix_is_asked_for_every_address_of_it() -> None:
    (claim,) = claims("next hop of one to 10.99.0.0/16 is none")

    assert ((ANYWHERE, addresses_of((parse_prefix("10.99.0.0/16"),))),) == claim.pairs[0][1].parts


def test_the_next_hop_to_a_place_is_asked_for_its_endpoints() -> None:
    (claim,) = claims("next hop of one to two is none")

    assert [place_of("two.s")] == [place for place, _ in claim.pairs[0][1].parts]


def test_the_next_hop_to_a_prefix_and_a_place_is_asked_for_both() -> None:
    (claim,) = claims("next hop of one to two, 10.99.0.0/16, 10.98.0.4 is none")

    assert [ANYWHERE, place_of("two.s")] == [place for place, _ in claim.pairs[0][1].parts]
    assert 2**16 + 1 == claim.pairs[0][1].at(ANYWHERE).size


def test_what_is_taken_away_from_a_prefix_is_no_destination() -> None:
    (claim,) = claims("next hop of one to 10.0.0.0/8 except one is none")
    wanted = addresses_of((parse_prefix("10.0.0.0/8"),)) - addresses_of((parse_prefix("10.1.0.0/16"),))

    assert wanted == claim.pairs[0][1].at(ANYWHERE)


def test_a_prefix_in_a_group_or_behind_a_variable_is_one_all_the_same() -> None:
    text = f"{NETWORK}group far = 10.99.0.0/16\nintent i {{ next hop of one to far is none }}"
    (claim,) = read_text(text).intents[0].claims
    (each,) = claims("for each p in 10.98.0.0/16, 10.99.0.0/16: next hop of one to p is none")

    assert [ANYWHERE] == [place for place, _ in claim.pairs[0][1].parts]
    assert {ANYWHERE} == {place for _, right in each.pairs for place, _ in right.parts}


def test_between_prefixes_the_next_hop_is_asked_pair_by_pair() -> None:
    (claim,) = claims("for each a, b in 10.1.0.0/16, 10.2.0.0/16: next hop of a to b is none")
    prefix = {name: addresses_of((parse_prefix(f"10.{name}.0.0/16"),)) for name in (1, 2)}

    pairs = {(left.parts[0][0].name, right.at(ANYWHERE)) for left, right in claim.pairs}

    assert {("one.s", prefix[2]), ("two.s", prefix[1])} == pairs


def test_a_prefix_that_stands_beside_what_fills_it_stays_one() -> None:
    (claim,) = claims("next hop of one to 192.168.0.0/16, branch is none")

    assert ANYWHERE in [place for place, _ in claim.pairs[0][1].parts]


def test_in_other_sentences_a_prefix_is_what_has_its_addresses() -> None:
    (claim,) = claims("one reaches 10.2.0.0/15")

    assert [place_of("two.s")] == [place for place, _ in claim.pairs[0][1].parts]


# Options


def test_fastpath_is_a_switch_of_a_gateway() -> None:
    text = "vnet v {{ gateway expressroute e {{ {} }} }}"

    assert [True, True, False] == [
        read_text(text.format(option)).network.gateways["e"].fastpath
        for option in ("fastpath", "fastpath on", "fastpath off")
    ]
    assert not read_text("vnet v { gateway expressroute e }").network.gateways["e"].fastpath


def test_summarised_prefixes_may_stand_on_several_lines() -> None:
    text = "vnet v { summarized-gateway-prefixes 10.0.0.0/8, 11.0.0.0/8  summarized-gateway-prefixes 12.0.0.0/8 }"

    prefixes = read_text(text).network.vnets["v"].summarized_gateway_prefixes

    assert ["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"] == [str(prefix) for prefix in prefixes]
