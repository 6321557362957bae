"""What comparing engines is made of: classes of flows, smaller networks, sentences again, other names."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from vnetverify.facts import SettledFacts, World
from vnetverify.header import FIRST_IPV6, TCP, UDP, Flow, Interval, IntervalSet, parse_address
from vnetverify.model.intents import INTERNET, Claim, Place
from vnetverify.model.network import Network
from vnetverify.prover.verdict import Proved, Refuted, Verdict, Witness
from vnetverify.syntax.read import read_text
from vnetverify.syntax.write import write
from vnetverify.testing.certifying import Certified, NotCertified, certified
from vnetverify.testing.classes import bounds_of, classes_of
from vnetverify.testing.reproducer import reproducer, sentence_of
from vnetverify.testing.rewriting import renaming
from vnetverify.testing.shrinking import shrunk
from vnetverify.testing.trial import Difference, Kind

NETWORK = """
vnet hub {
  address 10.0.0.0/16
  subnet web 10.0.0.0/24  nsg n
  subnet db 10.0.1.0/24  routes r
}
vnet far { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
peering hub -> far
peering far -> hub
nsg n {
  inbound 100 narrow allow tcp from 10.0.1.64/26 to any port 80-443
  inbound 200 udp deny udp from any to any
}
route-table r { back 10.0.0.128/25 -> none }
site branch { address 192.168.0.0/24 }
vm fw { nic 10.0.1.4 in hub.db  public-ip standard }
"""


def read(sentence: str, network: str = NETWORK) -> tuple[Network, Claim]:
    document = read_text(f"{network}\nintent i {{ {sentence} }}")
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return document.network, claim


# -- classes ----------------------------------------------------------------------------------------------


def test_classes_are_cut_at_the_bounds_of_rules_routes_and_services() -> None:
    network, claim = read("hub.db reaches hub.web on tcp/22-100")
    bounds = bounds_of(network, claim, World())
    named = ("10.0.1.64", "10.0.1.128", "10.0.0.128", "10.0.1.4", "10.0.1.5")

    assert set(map(parse_address, named)) <= set(bounds.addresses)
    assert {22, 80, 101, 444} <= set(bounds.destination_ports)
    assert {TCP, UDP} <= bounds.protocols


def test_classes_hold_every_flow_of_the_claim_once() -> None:
    network, claim = read("hub.db reaches hub.web on tcp/22-100")
    classes = classes_of(network, claim, World())
    (block,) = classes.blocks

    assert IntervalSet((Interval(parse_address("10.0.1.4"), parse_address("10.0.1.254")),)).size == sum(
        part.high - part.low + 1 for part in block.sources
    )
    assert all(one.high < other.low for one, other in pairwise(block.destinations))
    assert sorted({ports for _, _, ports in block.asked}) == [
        Interval(22, 52), Interval(53, 53), Interval(54, 79), Interval(80, 80), Interval(81, 100),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_each_class_has_its_turn_once(seed: int) -> None:
    classes = classes_of(*read("hub reaches hub, internet"), World())

    assert sorted(classes.in_turn(seed)) == list(range(classes.count))


def test_a_sample_of_few_classes_is_all_of_them() -> None:
    classes = classes_of(*read("10.0.1.4/32 reaches 10.0.0.4/32 on tcp/22"), World())
    flows = list(classes.sampled(1000, 0))

    assert len(flows) == classes.count
    assert {flow.destination_port for _, flow in flows} == {22}
    assert {place for place, _ in flows} == {Place("subnet", "hub.db")}


def test_there_is_no_class_beyond_the_last() -> None:
    classes = classes_of(*read("hub reaches hub"), World())

    with pytest.raises(IndexError):
        classes.flow(classes.count, Random(0))


# -- smaller networks -------------------------------------------------------------------------------------


def test_what_the_difference_does_not_need_is_left_out() -> None:
    network, claim = read("hub.db reaches hub.web")
    small = shrunk(network, claim, lambda one: any(len(nsg.rules) > 0 for nsg in one.nsgs.values()), lambda: False)

    assert [rule.name for nsg in small.nsgs.values() for rule in nsg.rules] == ["udp"]
    assert not small.peerings
    assert not small.route_tables
    assert list(small.vnets) == ["hub"]
    assert read_text(write(small)).network.nsgs.keys() == small.nsgs.keys()


def test_what_the_claim_names_stays() -> None:
    network, claim = read("hub.db reaches far, branch not via fw")
    small = shrunk(network, claim, lambda one: True, lambda: False)

    assert set(small.vnets) == {"hub", "far"}
    assert set(small.sites) == {"branch"}
    assert set(small.machines) == {"fw"}


def test_a_smaller_network_speaks_of_nothing_that_is_left_out() -> None:
    text = """
    vnet a {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24
      subnet GatewaySubnet 10.0.255.0/27
      gateway vpn g
    }
    vnet b {
      address 10.1.0.0/16
      subnet GatewaySubnet 10.1.255.0/27
      gateway vpn h
    }
    site branch { address 192.168.0.0/24 }
    connection c: branch -- a.g
    intent x { a.s reaches a.s }
    """
    document = read_text(text)
    claim = document.intents[0].claims[0]
    small = shrunk(document.network, claim, lambda one: bool(one.connections), lambda: False)
    by_gateway = shrunk(document.network, replace(claim, via=("h",)), lambda one: True, lambda: False)

    assert set(small.gateways) == {"g"}
    assert set(by_gateway.gateways) == {"h"}
    assert len(small.connections) == 1
    assert not shrunk(document.network, claim, lambda one: True, lambda: False).gateways


def test_shrinking_ends_when_it_is_late() -> None:
    network, claim = read("hub.db reaches hub.web")

    assert shrunk(network, claim, lambda one: True, lambda: True) is network


# -- certificates -----------------------------------------------------------------------------------------


def of_verdict(sentence: str, verdict: Verdict) -> Certified | NotCertified | Difference:
    return certified(*read(sentence), verdict, SettledFacts({}), 5000)


def test_what_is_proved_has_a_certificate_that_is_judged() -> None:
    assert isinstance(of_verdict("hub.db never reaches 10.9.9.9/32, hub.web on udp", Proved(())), Certified)


def test_a_proof_that_flows_contradict_is_a_difference() -> None:
    difference = of_verdict("hub.web never reaches hub.db", Proved(()))

    assert isinstance(difference, Difference)
    assert difference.kind is Kind.CERTIFICATE
    assert "no certificate can be" in difference.what


def test_a_refutation_of_what_can_be_certified_is_a_difference() -> None:
    difference = of_verdict("hub.db never reaches hub.web on udp", Refuted(None, "it is said"))

    assert isinstance(difference, Difference)
    assert "has a certificate" in difference.what


def test_a_refuted_claim_has_no_certificate() -> None:
    assert isinstance(of_verdict("hub.web never reaches hub.db", Refuted(None, "it is delivered")), NotCertified)


# -- sentences --------------------------------------------------------------------------------------------

SENTENCES = (
    "hub.db reaches hub.web on tcp/22",
    "hub.db, branch reaches internet",
    "hub.db reaches hub.web on icmp symmetrically",
    "10.0.1.4/32 loses no packets to far.s on udp",
    "far.s sometimes reaches hub.web",
    "internet never reaches hub.db on tcp/80, tcp/443",
    "hub.db reaches far.s only via fw",
    "hub.db reaches far.s not via fw",
    "next hop of hub.web to far.s is peering",
    "hub.web reaches far.s over at most 1 peerings",
    "latency of hub.web to far.s is local",
    "bottleneck of hub.web to far.s at least 100 Mbps",
    "egress of hub.db to internet is public-ip",
    "hub.db reaches far.s under any 2 failures of peering",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_claim_is_written_as_a_sentence_that_says_the_same(sentence: str) -> None:
    network, claim = read(sentence)
    _, again = read(sentence_of(network, claim), write(network))

    assert (again.verb, again.service.parts, again.failures) == (claim.verb, claim.service.parts, claim.failures)
    assert [(left.parts, right.parts) for left, right in again.pairs] == [
        (left.parts, right.parts) for left, right in claim.pairs
    ]


def test_a_claim_that_no_sentence_says_is_told_beside_it() -> None:
    network, claim = read("internet reaches hub.db")
    arriving = replace(claim, arriving=claim.service, unfiltered=True)
    text = reproducer(network, arriving, Difference(Kind.PROOF, "it is so"))

    assert "# the claim is about what arrives" in text
    assert "# the claim is asked as if every filter" in text
    assert "a flow contradicts what is proved: it is so" in text


# -- other names ------------------------------------------------------------------------------------------


def test_names_are_replaced_wherever_they_stand() -> None:
    network, claim = read("hub.db reaches far.s not via fw")
    rewriting = renaming(network, lambda number: f"x{number}")
    text = write(rewriting.of(network)) + sentence_of(rewriting.of(network), rewriting.of(claim))

    assert not [name for name in ("hub", "far", "web", "branch", "narrow", "fw") if name in text]
    assert rewriting.of(INTERNET) == INTERNET


def test_a_world_has_the_same_facts_by_other_names() -> None:
    network, _ = read("hub reaches hub")
    rewriting = renaming(network, lambda number: f"x{number}")
    flow = Flow(TCP, 1, 2, 3, 4)
    world = World({"U-DOA(hub.web)": True}, {"fw": FIRST_IPV6})
    there = rewriting.of_witness(Witness(Place("subnet", "hub.web"), flow, world))
    (fact,) = there.world.facts

    assert there.flow == flow
    assert there.origin.name == rewriting.names["hub.web"]
    assert fact == f"U-DOA({rewriting.names['hub.web']})"
    assert there.world.facts[fact] is True
    assert there.world.addresses[rewriting.names["fw"]] == FIRST_IPV6
