"""The judge of certificates: what it accepts, and that nothing less than a whole cover of sound leaves is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import pytest

from tests.unit.simulator_networks import at, flow, nsg, peered, rule, subnet, vnet
from tests.unit.test_simulator_claims import A_TO_B, HTTPS, A, claim, ends, spokes
from vnetverify.certificate import judging
from vnetverify.certificate.checker import Refused, check
from vnetverify.certificate.evidence import MAIN, Subject, certify, judge
from vnetverify.certificate.judging import Judge
from vnetverify.certificate.maker import NoCover, cover
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import Region, one_flow, premise
from vnetverify.certificate.tree import ORIGINS, SETTLED, WALKED, Token, ask, cut
from vnetverify.facts import SettledFacts
from vnetverify.header import TCP, Flow, Interval, parse_address
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import Field, Part, packet_of

NOTHING = SettledFacts({})
APART = spokes()
JOINED = spokes(peered("a", "b"), peered("b", "a"))
NEVER = claim(Verb.NEVER_REACHES, service=HTTPS)
A_FLOW_THERE = one_flow(at("a.s"), packet_of(A_TO_B), NOTHING)
Result = TypeVar("Result")


def made(network: Network, asked: Claim, budget: int = 1000) -> tuple[Token, ...]:
    tokens = cover(Judge(Unviolated(network, asked)), tuple(premise(asked, NOTHING)), budget)
    assert not isinstance(tokens, NoCover), tokens.why
    return tokens


def why_refused(network: Network, asked: Claim, tokens: tuple[Token, ...]) -> str:
    with pytest.raises(Refused) as refused:
        check(Unviolated(network, asked), premise(asked, NOTHING), tokens)
    return str(refused.value)


TOKENS = made(APART, NEVER)


def test_what_covers_the_claim_with_sound_leaves_is_accepted() -> None:
    check(Unviolated(APART, NEVER), premise(NEVER, NOTHING), TOKENS)

    assert {WALKED, SETTLED, ORIGINS} < set(TOKENS)


def test_a_certificate_that_lacks_its_last_nodes_leaves_regions_uncovered() -> None:
    for count in range(len(TOKENS)):
        assert why_refused(APART, NEVER, TOKENS[:count]) == "some regions are not covered"


def test_a_node_more_belongs_to_no_region() -> None:
    for token in (WALKED, SETTLED, ORIGINS, "destination 5"):
        assert why_refused(APART, NEVER, (*TOKENS, token)) == f"node {len(TOKENS) + 1} belongs to no region"


def test_no_node_can_be_left_out() -> None:
    for number in range(len(TOKENS)):
        assert why_refused(APART, NEVER, (*TOKENS[:number], *TOKENS[number + 1 :]))


@pytest.mark.parametrize("number", [n for n, token in enumerate(TOKENS) if token not in (WALKED, SETTLED)])
@pytest.mark.parametrize("leaf", [WALKED, SETTLED])
def test_no_leaf_stands_for_a_node_that_parts(number: int, leaf: Token) -> None:
    assert why_refused(APART, NEVER, (*TOKENS[:number], leaf, *TOKENS[number + 1 :]))


def test_a_certificate_is_of_its_network_alone() -> None:
    region = A_FLOW_THERE

    assert "its flows differ" in why_refused(JOINED, NEVER, TOKENS)
    check(Unviolated(APART, NEVER), [region], [WALKED])
    with pytest.raises(Refused, match="node 1: what is delivered violates it"):
        check(Unviolated(JOINED, NEVER), [region], [WALKED])


def test_a_certificate_is_of_its_claim_alone() -> None:
    other = claim(Verb.REACHES, service=HTTPS)

    assert "the first packet is dropped" in why_refused(APART, other, TOKENS)


def test_a_walk_needs_an_origin() -> None:
    assert why_refused(APART, NEVER, (WALKED,)) == "node 1: a walk needs an origin"


def test_a_walk_of_flows_that_fare_differently_shows_nothing() -> None:
    anything = claim(Verb.NEVER_REACHES)

    assert re.fullmatch(
        r"node 2: its flows differ: those with [a-z ]+ [\d.]+ and above from those below",
        why_refused(APART, anything, (ORIGINS, WALKED)),
    )


GOOD = one_flow(at("a.s"), packet_of(replace(A_TO_B, destination=parse_address("10.9.0.4"))), NOTHING)
BAD = A_FLOW_THERE


@pytest.mark.parametrize("count", range(1, 12))
def test_every_leaf_is_judged_however_many_there_are(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_BATCH", 2)
    monkeypatch.setattr(judging, "_ROUND", 6)
    question = Unviolated(JOINED, NEVER)
    Judge(question).check([GOOD] * count, [WALKED] * count)

    for flawed in range(count):
        regions = [GOOD] * flawed + [BAD] + [GOOD] * (count - flawed - 1)
        for judge_all in (Judge(question).check, partial(check, question)):
            with pytest.raises(Refused, match=f"^node {flawed + 1}: what is delivered violates it"):
                judge_all(regions, [WALKED] * count)


@dataclass(frozen=True)
class Forgetful:
    """An executor that loses the last result, or repeats it."""

    more: int

    def results(self, work: Callable[[int], Result], count: int) -> Generator[Result, None, None]:
        yield from map(work, range(count + min(self.more, 0)))
        yield from (work(0) for _ in range(self.more))


@pytest.mark.parametrize("more", [-1, 1])
def test_hands_that_do_not_answer_for_each_leaf_show_nothing(more: int) -> None:
    with pytest.raises(Refused, match="not every leaf was judged"):
        Judge(Unviolated(APART, NEVER)).check(premise(NEVER, NOTHING), TOKENS, Forgetful(more))


def test_what_is_not_settled_needs_a_walk() -> None:
    asked = claim(Verb.LOSES_NO_PACKETS)
    region = replace(one_flow(at("a.s"), packet_of(A_TO_B), NOTHING), origin=None)

    with pytest.raises(Refused, match="node 1: the region is not settled"):
        check(Unviolated(APART, asked), [region], [SETTLED])


def _unlike(region: Region) -> Iterator[Region]:
    """Yield regions that differ from `region` in one thing each."""
    packet = region.packet
    for name in ("protocol", "source", "source_port", "destination", "destination_port"):
        field = getattr(packet, name)
        for low, high in ((field.low - 1, field.high), (field.low, field.high + 1)):
            yield replace(region, packet=replace(packet, **{name: Interval(low, high)}))
    yield replace(region, origin=at("b.s"))
    yield replace(region, origin=None)
    yield replace(region, decided={"U-A": True})
    yield replace(region, decided={"U-A": False})
    yield replace(region, spans={"fw": Interval(1, 2)})
    yield replace(region, spans={"fw": Interval(1, 3)})


def test_what_was_judged_of_one_region_is_said_of_no_other() -> None:
    unlike = [A_FLOW_THERE, *_unlike(A_FLOW_THERE)]

    assert len({judging._key(region) for region in unlike}) == len(unlike)


def test_a_judge_asks_again_about_a_region_that_shares_a_bound() -> None:
    destination = A_FLOW_THERE.packet.destination
    nobody = Field(destination.low + (1 << 16), destination.low + (1 << 16) + 9, Part.DESTINATION)
    sound = replace(A_FLOW_THERE, packet=replace(A_FLOW_THERE.packet, destination=nobody))
    wider = replace(sound, packet=replace(sound.packet, destination=replace(nobody, low=destination.low)))
    judge_of_one_run = Judge(Unviolated(JOINED, NEVER))
    judge_of_one_run.check([sound], [WALKED])

    judge_of_one_run.check([sound], [WALKED])
    with pytest.raises(Refused, match="node 1: its flows differ"):
        judge_of_one_run.check([wider], [WALKED])


def test_a_tree_that_a_judge_of_the_run_accepted_is_passed_over_wherever_it_stands() -> None:
    destination = BAD.packet.destination
    wider = replace(BAD, packet=replace(BAD.packet, destination=replace(destination, high=destination.low + 1)))
    tree = (cut("destination", destination.low + 1), WALKED, WALKED)
    judging = Judge(Unviolated(JOINED, NEVER))
    judging.take_over(wider, tree)

    judging.check([GOOD, wider, GOOD, wider], (WALKED, *tree, WALKED, *tree))
    with pytest.raises(Refused, match=r"^node 5: what is delivered violates it"):
        judging.check([GOOD, wider, BAD], (WALKED, *tree, WALKED))
    with pytest.raises(Refused, match=r"^node 4: what is delivered violates it"):
        judging.check([wider, BAD], (*tree, WALKED))


# -- a flow that is asked for ------------------------------------------------------------------------------

SOMETIMES = claim(Verb.SOMETIMES_REACHES, service=HTTPS)


def shown(network: Network, asked: Claim, *flows: Flow) -> None:
    for each in flows:
        subject = Subject(network, asked, NOTHING, (at("a.s"), each))
        judge(subject, {MAIN: (WALKED,)})


def test_a_flow_that_is_delivered_shows_that_one_is() -> None:
    shown(JOINED, SOMETIMES, A_TO_B)

    with pytest.raises(Refused, match="node 1: the first packet is dropped"):
        shown(APART, SOMETIMES, A_TO_B)


@pytest.mark.parametrize(
    "other",
    [
        replace(A_TO_B, destination_port=22),
        replace(A_TO_B, destination=parse_address("10.9.0.4")),
        replace(A_TO_B, source=A_TO_B.destination),
    ],
    ids=["another service", "another destination", "another source"],
)
def test_a_flow_that_the_claim_does_not_speak_of_shows_nothing(other: Flow) -> None:
    with pytest.raises(Refused, match="node 1: the claim does not cover the flow in every world"):
        shown(JOINED, SOMETIMES, other)


def test_no_flow_settles_itself() -> None:
    with pytest.raises(Refused, match="node 1: the region is not settled"):
        judge(Subject(APART, SOMETIMES, NOTHING, (at("a.s"), A_TO_B)), {MAIN: (SETTLED,)})


def test_no_flow_and_a_cut_of_one_show_nothing() -> None:
    with pytest.raises(Refused, match="asks for a flow, and none is named"):
        judge(Subject(JOINED, SOMETIMES, NOTHING), {MAIN: (WALKED,)})
    with pytest.raises(Refused, match="node 1 does not part its region"):
        judge(Subject(JOINED, SOMETIMES, NOTHING, (at("a.s"), A_TO_B)), {MAIN: (ORIGINS, WALKED)})


def test_a_region_that_an_assumption_leaves_no_world_for_is_empty() -> None:
    check(Unviolated(APART, NEVER), [], ())

    assert why_refused(APART, NEVER, ()) == "some regions are not covered"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "destination",
        "destination ",
        "destination x",
        "destination -1",
        "destination +1",
        "destination 1.5",
        "destination 0x10",
        "destination 1_0",
        "destination \N{ARABIC-INDIC DIGIT FIVE}",
        "destination \N{SUPERSCRIPT TWO}",
        "destination " + "9" * 40,
        "destination " + "9" * 5000,  # more digits than Python reads
        " 5",
        "5",
        "walked ",
        "Walked",
        "origin",
        # Nothing is on one of the two sides.
        "destination 0",
        "protocol 0",
        "protocol 256",
        "source port 0",
        "source port 65536",
        f"destination {1 << 32}",
    ],
)
def test_what_parts_nothing_is_refused(token: Token) -> None:
    assert why_refused(APART, NEVER, (token, *TOKENS)) == "node 1 does not part its region"


def test_a_fact_parts_a_region_once() -> None:
    question = ask("U-R-TRAF-7")

    assert why_refused(APART, NEVER, (question, question)) == "node 2 does not part its region"


def test_origins_part_a_region_once() -> None:
    assert why_refused(APART, NEVER, (ORIGINS, ORIGINS)) == "node 2 does not part its region"


# -- one flow ------------------------------------------------------------------------------------------------


def test_both_sides_of_a_cut_are_judged() -> None:
    """Only the middle of three destinations is reached: whichever side of a cut it is on, the walk there fails."""
    open_for_one = spokes(
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.0.0/24", nsg="n")),
        nsg("n", rule(100, "allow", "inbound", destination="10.2.0.5/32"), rule(200, "deny", "inbound")),
        peered("a", "b"),
        peered("b", "a"),
    )
    reached, flows = parse_address("10.2.0.5"), one_flow(at("a.s"), packet_of(A_TO_B), NOTHING)

    def judged(low: int, high: int) -> None:
        packet = packet_of(flow("10.1.0.4", "10.2.0.4"))
        region = replace(flows, packet=replace(packet, destination=replace(packet.destination, low=low, high=high)))
        asked = claim(Verb.NEVER_REACHES, A, ends(("b.s", "10.2.0.0/24")))
        number = low + 1
        check(Unviolated(open_for_one, asked), [region], [cut("destination", number), WALKED, WALKED])

    judged(reached + 1, reached + 2)
    judged(reached - 2, reached - 1)
    for low, high in ((reached, reached + 1), (reached - 1, reached)):
        with pytest.raises(Refused, match="what is delivered violates it"):
            judged(low, high)


def test_the_maker_says_why_there_is_none() -> None:
    def why(network: Network, budget: int) -> str:
        tokens = cover(Judge(Unviolated(network, NEVER)), tuple(premise(NEVER, NOTHING)), budget)
        assert isinstance(tokens, NoCover)
        return tokens.why

    assert why(JOINED, 1000) == "what is delivered violates it"
    assert certify(Subject(JOINED, NEVER, NOTHING), 1000) == cover(
        Judge(Unviolated(JOINED, NEVER)), tuple(premise(NEVER, NOTHING)), 1000
    )
    for budget in (0, 1, 5):
        assert why(APART, budget) == f"a certificate would have more than {budget} nodes"
    assert len(made(APART, NEVER, len(TOKENS))) <= len(TOKENS)


def test_a_flow_that_is_none_of_the_claims_is_walked_and_settled() -> None:
    region = one_flow(at("a.s"), packet_of(flow("10.1.0.4", "10.9.0.4", TCP)), NOTHING)

    check(Unviolated(APART, NEVER), [region], [WALKED])
    check(Unviolated(APART, NEVER), [region], [SETTLED])
