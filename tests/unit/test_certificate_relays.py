"""What a certificate owes to appliances that may take one flow and send another (F-ADDR-8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import MAIN, Certificate, Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.relays import Relay, addressed, may_break, onward, relays
from vnetverify.certificate.tree import SETTLED
from vnetverify.executor import IN_PROCESS, Executor
from vnetverify.facts import SettledFacts
from vnetverify.model.intents import Claim, Verb
from vnetverify.syntax.read import read_text

ESTATE = """
vnet v {{
  address 10.0.0.0/16
  subnet s 10.0.0.0/24  routes through
  subnet r 10.0.1.0/24  nsg around
  subnet q 10.0.3.0/24  nsg beside
  subnet t 10.0.2.0/24  nsg guard
  subnet g 10.0.4.0/24  routes onward
}}
route-table through {{ {routes} }}
route-table onward {{ there 10.0.2.0/24 -> appliance 10.0.1.4 }}
nsg around {{ {around} }}
nsg beside {{ {beside} }}
nsg guard {{ inbound 100 no deny any from 10.0.0.0/24 to any }}
vm relay {{ nic 10.0.1.4 in v.r  ip-forwarding on }}
{more}
intent apart {{ {sentence} }}
"""
BY_THE_RELAY = "there 10.0.2.0/24 -> appliance 10.0.1.4"
SENDS_NOTHING_THERE = "outbound 100 shut deny any from any to 10.0.2.0/24"
TAKES_NOTHING = "inbound 100 shut deny any from any to any"
NEVER = "v.s never reaches v.t on https"


def subject(
    routes: str = "",
    around: str = "",
    beside: str = "",
    more: str = "",
    sentence: str = NEVER,
    assumed: Mapping[str, bool] | None = None,
) -> Subject:
    text = ESTATE.format(routes=routes, around=around, beside=beside, more=more, sentence=sentence)
    document = read_text(text)
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return Subject(document.network, claim, SettledFacts(assumed or {}))


def certificate_of(about: Subject) -> Certificate:
    made = certify(about, 20_000)
    assert not isinstance(made, NoCover), made.why
    judge(about, made)
    return made


def why_none(about: Subject) -> str:
    made = certify(about, 20_000)
    assert isinstance(made, NoCover)
    return made.why


def test_what_passes_a_relay_may_be_sent_by_it_from_its_own_address() -> None:
    assert why_none(subject(BY_THE_RELAY)).startswith("of what relay may send: ")


def test_what_is_sent_to_a_relay_may_be_sent_on_by_it() -> None:
    only_itself = "inbound 100 all allow any from any to 10.0.1.4\n inbound 110 no deny any from any to any"

    assert why_none(subject(around=only_itself)).startswith("of what relay may send: ")


NO_GUESTS = "inbound 100 guests deny any from any to 10.0.1.4"


def test_what_only_passes_a_relay_comes_to_it_as_well() -> None:
    assert set(certificate_of(subject(around=NO_GUESTS))) == {MAIN, "past relay", "to relay"}
    assert why_none(subject(BY_THE_RELAY, NO_GUESTS)) == "of what relay may send: it comes to relay"


def test_what_passed_a_device_that_the_sentence_lets_it_pass_does_not_count() -> None:
    gate = """vm gate { nic 10.0.4.4 in v.g  ip-forwarding on }"""
    only_via = "v.s reaches v.t on https only via gate"
    about = subject("all 10.0.0.0/16 -> appliance 10.0.4.4", NO_GUESTS, more=gate, sentence=only_via)

    assert set(certificate_of(about)) == {MAIN, "past relay", "to relay"}


def test_what_is_sent_to_a_relay_past_such_a_device_does_not_count_either() -> None:
    gate = "vm gate { nic 10.0.4.4 in v.g  ip-forwarding on }"
    about = subject(
        "all 10.0.0.0/16 -> appliance 10.0.4.4", more=gate, sentence="v.s reaches v.t on https only via gate"
    )

    assert set(certificate_of(about)) == {MAIN, "past relay", "to relay"}


def test_a_device_that_the_sentence_speaks_against_excuses_nothing_that_passed_it() -> None:
    """What passes `gate` comes to `relay`, and what that one sends is delivered."""
    gate = "vm gate { nic 10.0.4.4 in v.g  ip-forwarding on }"
    not_of_the_gate = f"inbound 90 gate deny any from 10.0.4.0/24 to any\n {NO_GUESTS}"
    by_the_gate = "all 10.0.0.0/16 -> appliance 10.0.4.4"
    about = subject(by_the_gate, not_of_the_gate, more=gate, sentence="v.s reaches v.t not via gate, relay")

    assert why_none(about) == "of what relay may send: it comes to relay"


def test_what_passed_none_of_the_devices_that_it_may_pass_counts() -> None:
    gate = """vm gate { nic 10.0.4.4 in v.g  ip-forwarding on }"""
    about = subject(BY_THE_RELAY, NO_GUESTS, more=gate, sentence="v.s reaches v.t on https only via gate")

    assert why_none(about) == "of what relay may send: it comes to relay"


def test_a_relay_that_sends_nothing_there_may_be_come_to() -> None:
    about = subject(BY_THE_RELAY, SENDS_NOTHING_THERE)

    assert set(certificate_of(about)) == {MAIN, "from relay"}


def test_a_relay_that_nothing_comes_to_may_send_what_it_likes() -> None:
    about = subject(around=TAKES_NOTHING)

    assert set(certificate_of(about)) == {MAIN, "past relay", "to relay"}


@pytest.mark.parametrize(("routes", "around"), [(BY_THE_RELAY, SENDS_NOTHING_THERE), ("", TAKES_NOTHING)])
def test_no_section_can_be_left_out_or_added(routes: str, around: str) -> None:
    about = subject(routes, around)
    made = certificate_of(about)

    for left_out in made:
        with pytest.raises(Refused, match="is missing"):
            judge(about, {name: tokens for name, tokens in made.items() if name != left_out})
    with pytest.raises(Refused, match="section `more` belongs to nothing"):
        judge(about, {**made, "more": ()})


@pytest.mark.parametrize("executor", [None, IN_PROCESS])
def test_sections_of_a_network_where_nothing_comes_to_the_relay_show_nothing_of_one_where_something_does(
    executor: Executor | None,
) -> None:
    shunned, passed = subject(around=TAKES_NOTHING), subject(BY_THE_RELAY)

    with pytest.raises(Refused, match="section `past relay`"):
        judge(passed, certificate_of(shunned), executor)


SECOND = "vm second { nic 10.0.3.4 in v.q  ip-forwarding on }"
ONLY_FROM_THE_FIRST = """\
inbound 100 first allow any from 10.0.1.4 to any
inbound 110 shut deny any from any to any"""


def test_what_one_relay_sends_may_be_sent_on_by_another() -> None:
    about = subject(BY_THE_RELAY, SENDS_NOTHING_THERE, ONLY_FROM_THE_FIRST, SECOND)

    assert why_none(about).startswith("of what second may send: ")


def test_a_way_past_one_device_excuses_nothing_that_comes_to_another() -> None:
    """What is for `second` passes `relay`, which the sentence speaks against and does not let it pass."""
    sentence = "v.s reaches v.t not via relay, second"
    about = subject("there 10.0.3.0/24 -> appliance 10.0.1.4", SENDS_NOTHING_THERE, more=SECOND, sentence=sentence)

    assert why_none(about).startswith("of what second may send: ")


def test_of_a_relay_that_cannot_break_the_sentence_nothing_is_shown() -> None:
    about = subject(more=SECOND, sentence="v.s reaches v.t not via second", assumed={"u-rewrites(second)": False})

    assert names_of(about) == ["relay"]
    assert set(certificate_of(about)) == {MAIN}


def test_a_relay_that_neither_the_sentence_nor_another_relay_comes_to_is_harmless() -> None:
    about = subject(BY_THE_RELAY, SENDS_NOTHING_THERE, TAKES_NOTHING, SECOND)
    coming = {"past second", "to second", "past second from relay", "to second from relay"}

    assert set(certificate_of(about)) == {MAIN, "from relay"} | coming


def test_all_sections_together_have_the_nodes_that_are_allowed() -> None:
    about = subject(BY_THE_RELAY, SENDS_NOTHING_THERE)
    nodes = sum(map(len, certificate_of(about).values()))

    assert not isinstance(certify(about, nodes), NoCover)
    assert isinstance(certify(about, nodes - 1), NoCover)


def test_what_never_leaves_a_relay_is_not_asked_of_it() -> None:
    about = subject(BY_THE_RELAY, assumed={"u-rewrites(relay)": False})

    assert set(certificate_of(about)) == {MAIN}


def test_what_comes_to_a_relay_settles_nothing() -> None:
    about = subject(BY_THE_RELAY, NO_GUESTS)
    made = certificate_of(subject(around=NO_GUESTS))

    with pytest.raises(Refused, match="section `past relay`, node 1: the region is not settled"):
        judge(about, {**made, "past relay": (SETTLED,)})


def test_of_ways_past_a_device_only_what_that_one_sends_is_asked() -> None:
    about = subject(more=SECOND, sentence="v.s reaches v.t not via second")
    by_name = {relay.name: relay for relay in relays(about.network, about.claim, about.assumed)}

    assert may_break(by_name["second"], about.claim)
    assert not may_break(by_name["relay"], about.claim)


def test_of_a_way_through_a_network_what_is_sent_from_there_is_asked() -> None:
    about = subject(sentence="v.s reaches v.t not via relay")
    (relay,) = relays(about.network, about.claim, about.assumed)
    claim = replace(about.claim, verb=Verb.NOT_TRANSITIVE, via=("hub",))

    assert may_break(replace(relay, vnets=("spoke", "hub")), claim)
    assert not may_break(replace(relay, vnets=("spoke",)), claim)


@pytest.mark.parametrize(
    "verb", [Verb.NEVER_REACHES, Verb.ONLY_VIA, Verb.NOT_VIA, Verb.NOT_TRANSITIVE, Verb.BOTTLENECK]
)
@pytest.mark.parametrize("turned", [onward, addressed])
def test_only_devices_by_which_a_sentence_lets_pass_excuse_what_a_relay_sends_or_takes(
    verb: Verb, turned: Callable[[Relay, Claim], Claim]
) -> None:
    about = subject()
    (relay,) = relays(about.network, about.claim, about.assumed)

    found = turned(relay, replace(about.claim, verb=verb, via=("gate",)))

    assert found.verb is (Verb.ONLY_VIA if verb is Verb.ONLY_VIA else Verb.NEVER_REACHES)
    assert found.via == ("gate",)


# -- which appliances are relays ----------------------------------------------------------------------------


def names_of(about: Subject) -> list[str]:
    return [relay.name for relay in relays(about.network, about.claim, about.assumed)]


def test_a_machine_of_which_nobody_says_what_it_forwards_is_a_relay() -> None:
    assert names_of(subject()) == ["relay"]


@pytest.mark.parametrize(
    "sentence",
    [
        "v.s never reaches v.t on https",
        "v.s reaches v.t on https only via second",
        "v.s reaches v.t not via second",
    ],
)
def test_sentences_of_absence_speak_of_relays(sentence: str) -> None:
    assert "relay" in names_of(subject(more=SECOND, sentence=sentence))


@pytest.mark.parametrize("sentence", ["v.s reaches v.t on https", "v.s reaches v.t on https only via relay"])
def test_sentences_of_presence_and_those_that_let_it_pass_do_not(sentence: str) -> None:
    assert names_of(subject(sentence=sentence)) == []


def test_a_route_implies_a_relay_where_nobody_is_declared() -> None:
    about = subject("there 10.0.2.0/24 -> appliance 10.0.1.9\n gone 10.9.0.0/16 -> none")

    assert names_of(about) == ["relay", "10.0.1.9 in v.r"]
    (relay, implied) = relays(about.network, about.claim, about.assumed)
    assert implied.addresses.parts[0][1].intervals[0].low == implied.addresses.parts[0][1].intervals[0].high
    assert implied.vnets == relay.vnets == ("v",)


@pytest.mark.parametrize(
    "holder",
    [
        "load-balancer lb standard in v.r { frontend 10.0.1.9  rule one tcp 443 -> relay }",
        "private-endpoint pe 10.0.1.9 in v.r",
    ],
)
def test_an_address_that_something_else_holds_implies_no_relay(holder: str) -> None:
    assert names_of(subject("there 10.0.2.0/24 -> appliance 10.0.1.9", more=holder)) == ["relay"]


def test_an_address_outside_every_subnet_implies_no_relay() -> None:
    assert names_of(subject("there 10.0.2.0/24 -> appliance 10.0.9.9")) == ["relay"]
