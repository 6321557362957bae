"""What proofs by covers rest on: the lines that decide at the leaves."""

from __future__ import annotations

from vnetverify.certificate.evidence import MAIN, Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.tree import SETTLED, cut
from vnetverify.facts import DOCUMENTED, SettledFacts
from vnetverify.grounds import grounds_of
from vnetverify.header import TCP, Flow, parse_address
from vnetverify.model.intents import Claim, Place, PlaceKind
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import packet_of
from vnetverify.simulator.reasons import denials
from vnetverify.syntax.read import read_text

NETWORK = """
vnet hub { address 10.0.0.0/16  subnet fw 10.0.1.0/24 }
vnet a { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes out }
vnet b { address 10.2.0.0/16  subnet s 10.2.0.0/24 nsg n  subnet open 10.2.1.0/24 }
vnet c { address 10.3.0.0/16  subnet s 10.3.0.0/24 }
peering hub -> a { allow-forwarded-traffic }
peering a -> hub { allow-forwarded-traffic }
peering hub -> b { allow-forwarded-traffic }
peering b -> hub { allow-forwarded-traffic }
peering a -> c
peering c -> a
appliance nva { nic 10.0.1.4 in hub.fw  forwards tcp from any to any port 443  stateful }
route-table out { all 10.2.0.0/16 -> appliance 10.0.1.4 }
nsg n {
  inbound 100 web  allow tcp from 10.1.0.0/24 to any port 443
  inbound 200 rest deny  any from any to any
}
"""


def subject_of(sentence: str, network: str) -> Subject:
    document = read_text(f"{network}intent i {{ {sentence} }}")
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return Subject(document.network, claim, SettledFacts({}))


def grounds(sentence: str, network: str = NETWORK) -> set[tuple[str, str, bool]]:
    subject = subject_of(sentence, network)
    made = certify(subject, 1_000)
    assert not isinstance(made, NoCover), made.why
    found = grounds_of(subject, made)
    assert all(ground.span is None or ground.span.line for ground in found)
    return {(ground.what.partition(",")[0].partition(" beats")[0], ground.rule, ground.of_filter) for ground in found}


def test_what_refuses_whoever_sends_is_told() -> None:
    refusing = {ground for ground in grounds("hub never reaches b.s on ssh") if ground[2]}

    assert refusing == {("rest (200) of n denies", "F-NSG-4", True)}


def test_the_route_to_what_has_to_be_met_is_told_and_no_filter() -> None:
    assert grounds("a reaches b only via nva") == {("10.2.0.0/16 via appliance 10.0.1.4", "R-SEL-1", False)}


def test_a_policy_that_refuses_is_told_with_the_way_there() -> None:
    told = grounds("a never reaches b.open on ssh")

    assert ("10.2.0.0/16 via appliance 10.0.1.4", "R-SEL-1", False) in told
    assert ("no line of the policy of nva matches", "R-META-3", True) in told


def test_both_ways_are_told_where_a_flow_has_to_come_back() -> None:
    told = grounds("a.s reaches c.s on https")

    assert {rule for _, rule, _ in told} >= {"F-EVAL-3", "R-SEL-1"}


def test_what_keeps_flows_where_they_begin_is_told_and_nothing_of_where_they_would_end() -> None:
    text = NETWORK.replace("subnet s 10.1.0.0/24 routes out", "subnet s 10.1.0.0/24 nsg shut").replace(
        "nsg n {", "nsg shut { outbound 100 none deny any from any to any }\nnsg n {"
    )
    subject = subject_of("a.s never reaches c.s on ssh", text)
    ssh = (cut("protocol", 6), SETTLED, cut("protocol", 7), cut("destination port", 22), SETTLED)
    ssh += (cut("destination port", 23), cut("destination", parse_address("10.3.0.4")), SETTLED)
    ssh += (cut("destination", parse_address("10.3.0.255")), *[SETTLED] * 4)
    judge(subject, {MAIN: ssh})

    told = grounds_of(subject, {MAIN: ssh})

    assert [ground.what for ground in told] == ["none (100) of shut denies, nothing earlier matches"]


def test_of_one_member_nothing_is_told() -> None:
    told = grounds("for each x, y in both: x never reaches y on ssh", f"{NETWORK}group both = b, c\n")

    assert {what for what, _, of_filter in told if of_filter} <= {"rest (200) of n denies"}


def test_of_two_groups_the_one_that_denies_is_told_alone() -> None:
    inner = "vm web { nic 10.2.0.4 in b.s nsg inner }\nnsg inner { inbound 100 none deny any from any to any }\n"
    network = read_text(NETWORK + inner).network
    flow = Flow(TCP, parse_address("10.1.0.4"), 49152, parse_address("10.2.0.4"), 443)

    steps = denials(network, Place(PlaceKind.SUBNET.value, "b.s"), Direction.INBOUND, packet_of(flow), DOCUMENTED)

    assert ["none (100) of inner denies, nothing earlier matches"] == [step.what for step in steps]


def test_of_ways_that_are_as_they_should_be_no_filter_is_told() -> None:
    text = NETWORK.replace("subnet s 10.3.0.0/24", "subnet s 10.3.0.0/24 nsg n")

    assert grounds("a.s reaches c.s on ssh over at most 1 peerings", text) == {
        ("10.3.0.0/16 via peering with c", "R-SEL-1", False)
    }
    assert ("rest (200) of n denies", "F-NSG-4", True) in grounds("a.s never reaches c.s on ssh", text)


def test_what_keeps_one_interface_from_sending_is_told() -> None:
    kept = "vm web { nic 10.1.0.4 in a.s nsg kept }\nnsg kept { outbound 100 none deny any from any to any }\n"
    network = read_text(NETWORK + kept).network
    flow = Flow(TCP, parse_address("10.1.0.4"), 49152, parse_address("10.2.0.4"), 443)

    steps = denials(network, Place(PlaceKind.SUBNET.value, "a.s"), Direction.OUTBOUND, packet_of(flow), DOCUMENTED)

    assert ["none (100) of kept denies, nothing earlier matches"] == [step.what for step in steps]


def test_of_a_next_hop_the_route_alone_is_told() -> None:
    told = grounds("next hop of a.s to 10.2.0.0/24 is appliance nva")

    assert told == {("10.2.0.0/16 via appliance 10.0.1.4", "R-SEL-1", False)}
