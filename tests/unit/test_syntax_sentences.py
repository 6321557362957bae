"""Sentences about ways, about what a site advertises, and about who may establish a peering."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import EVERY_IPV4, EVERY_IPV6, addresses_of, parse_prefix
from vnetverify.model.endpoints import size, without
from vnetverify.model.intents import Advertising, Claim, Establishment, FailureKind, Failures, Statement, Verb
from vnetverify.model.services import EVERY_CONVERSATION, EVERY_PACKET, EVERY_TRANSLATED
from vnetverify.source import Source
from vnetverify.syntax import read, read_text

NETWORK = """\
vnet hub {
  address 10.0.0.0/16, fd00:db8::/48
  subnet GatewaySubnet 10.0.0.0/27
  subnet s 10.0.1.0/24, fd00:db8:0:1::/64
  gateway vpn g
  gateway expressroute er
}
vnet one { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
site branch { address 192.168.0.0/16 }
site static { address 192.0.2.0/24 }
site private { address 198.51.100.0/24 }
connection branch -- hub.g { bgp }
connection static -- hub.g
connection private -- hub.er
vm m { nic 10.0.1.9 in hub.s }
load-balancer orders in hub.s { frontend 10.0.1.100  rule r tcp 1433 -> m }
private-endpoint vault 10.0.1.20 in hub.s
principal netops { write hub, one  peer hub }
principal appteam { write one }
"""


def statement(sentence: str) -> Statement:
    (intent,) = read_text(f"{NETWORK}intent i {{ {sentence} }}").intents
    (found,) = intent.claims
    return found


def claim(sentence: str) -> Claim:
    found = statement(sentence)
    assert isinstance(found, Claim)
    return found


def mistake(sentence: str, declared: str = "") -> Diagnostic:
    (found,) = read((Source("text.vnet", f"{NETWORK}{declared}\nintent i {{ {sentence} }}"),)).diagnostics
    return found


# Ways


def test_an_egress_is_of_tcp_and_udp_unless_it_says_otherwise_and_none_of_every_packet() -> None:
    assert claim("egress of one to hub is default").service == EVERY_TRANSLATED
    assert claim("egress of one to hub is none").service == EVERY_PACKET
    assert claim("egress of one to hub on icmp, https is none").service.name == "icmp, https"
    assert claim("egress of one to hub on any is default").service == EVERY_CONVERSATION


@pytest.mark.parametrize(
    ("sentence", "verb", "limit"),
    [
        ("bottleneck of hub to one on sql at least 1 Gbps", Verb.BOTTLENECK, 10**9),
        ("bottleneck of hub to one at least 500 mbps", Verb.BOTTLENECK, 500 * 10**6),
        ("latency of hub to one is local", Verb.LOCAL_LATENCY, None),
        ("latency of hub to one on sql, tcp/80 is local", Verb.LOCAL_LATENCY, None),
        ("hub reaches one over at most 1 peering", Verb.CROSSES_AT_MOST, 1),
        ("hub reaches one on sql over at most 0 peerings", Verb.CROSSES_AT_MOST, 0),
    ],
)
def test_a_sentence_about_ways_is_a_claim_with_its_limit(sentence: str, verb: Verb, limit: int | None) -> None:
    found = claim(sentence)

    assert (found.verb, found.limit, found.text) == (verb, limit, sentence)
    assert [(left.text, right.text) for left, right in found.pairs] == [("hub", "one")]


@pytest.mark.parametrize(
    "sentence",
    [
        "bottleneck of hub to one at least 1 bps",
        "latency of hub to one is local",
        "hub reaches one over at most 1 peering",
    ],
)
def test_a_sentence_about_ways_speaks_of_every_packet(sentence: str) -> None:
    assert claim(sentence).service == EVERY_PACKET


def test_a_sentence_about_ways_may_be_said_of_each_member() -> None:
    found = claim("for each a, b in hub, one: bottleneck of a to b at least 1 Gbps")

    assert (len(found.pairs), len(found.apart), found.limit) == (1, 2, 10**9)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("bottleneck of hub to one at least 0 Gbps", "bad-bandwidth"),
        ("bottleneck of hub to one at least 1 Gbsp", "unknown-unit"),
        ("hub reaches one over at most 1001 peerings", "bad-count"),
    ],
)
def test_a_limit_that_is_none_is_told(sentence: str, code: str) -> None:
    assert mistake(sentence).code == code


# Sets


def test_a_load_balancer_and_a_private_endpoint_are_sets() -> None:
    ((orders, vault),) = claim("orders reaches vault on sql").pairs

    assert [(str(place), addresses.size) for place, addresses in (*orders.parts, *vault.parts)] == [("hub.s", 1)] * 2


def test_a_subnet_holds_private_endpoints_and_no_frontends() -> None:
    ((subnet, prefix),) = claim("hub.s reaches 10.0.1.0/24").pairs
    ((place, frontends),) = without(prefix, subnet).parts

    assert (str(place), frontends) == ("hub.s", addresses_of((parse_prefix("10.0.1.100/32"),)))


def test_without_a_whole_subnet_its_frontends_are_out_as_well() -> None:
    assert not claim("one reaches 10.0.1.0/24 except hub.s").pairs[0][1]


def test_without_a_machine_the_frontends_of_its_subnet_stay() -> None:
    (everything, rest) = (claim(f"one reaches 10.0.1.0/24{but}").pairs[0][1] for but in ("", " except m"))

    assert size(everything) - size(rest) == 1


# What a site advertises


def test_a_site_advertises_anything_unless_said_within_what() -> None:
    found = claim("one never reaches branch whatever branch advertises")

    assert found.advertising == Advertising("branch", (EVERY_IPV4, EVERY_IPV6))
    assert found.failures is None


def test_a_site_advertises_prefixes_inside_some() -> None:
    found = claim("one never reaches branch whatever BRANCH advertises within 10.0.0.0/8, fd00::/8")

    assert found.advertising == Advertising("branch", (parse_prefix("10.0.0.0/8"), parse_prefix("fd00::/8")))


@pytest.mark.parametrize(
    "conditions",
    [
        "whatever branch advertises within 10.0.0.0/8 under any 1 failure of gateway",
        "under any 1 failure of gateway whatever branch advertises within 10.0.0.0/8",
    ],
)
def test_failures_and_what_a_site_advertises_come_in_either_order(conditions: str) -> None:
    found = claim(f"one never reaches branch {conditions}")

    assert found.failures == Failures(1, frozenset({FailureKind.GATEWAY}))
    assert found.advertising == Advertising("branch", (parse_prefix("10.0.0.0/8"),))
    assert found.text == f"one never reaches branch {conditions}"


def test_that_some_flow_works_goes_without_what_a_site_advertises() -> None:
    assert mistake("one sometimes reaches hub whatever branch advertises").code == "advertising-out-of-place"


@pytest.mark.parametrize("sentence", ["next hop of one to hub is peering", "gateway of one to branch is hub.g"])
def test_what_routes_say_may_hold_whatever_a_site_advertises(sentence: str) -> None:
    assert claim(f"{sentence} whatever branch advertises").advertising is not None


@pytest.mark.parametrize("again", ["whatever branch advertises", "whatever private advertises within 10.0.0.0/8"])
def test_one_site_advertises_what_it_likes(again: str) -> None:
    found = mistake(f"one reaches hub whatever branch advertises {again}")

    assert (found.code, found.message) == ("said-twice", "`whatever` is given twice here")


def test_failures_are_said_once() -> None:
    found = mistake("one reaches hub under any 1 failure of gateway under any 2 failures of peering")

    assert (found.code, found.message) == ("said-twice", "`under` is given twice here")


@pytest.mark.parametrize("site", ["branch", "private"])
def test_a_site_with_bgp_or_at_expressroute_advertises(site: str) -> None:
    assert claim(f"one reaches hub whatever {site} advertises").advertising is not None


def test_of_a_site_that_advertises_nothing_a_warning_tells() -> None:
    found = mistake("one reaches hub whatever static advertises")

    assert (found.code, found.severity) == ("advertises-nothing", Severity.WARNING)


def test_a_site_that_is_none_is_told() -> None:
    found = mistake("one reaches hub whatever brunch advertises")

    assert (found.code, found.help) == ("unknown-site", "did you mean `branch`?")


# Who may establish


def test_principals_may_establish_a_peering() -> None:
    found = statement("netops, APPTEAM, netops may establish hub -> One")

    assert isinstance(found, Establishment)
    assert (found.principals, found.between) == (("netops", "appteam"), ("hub", "one"))
    assert found.text == "netops, APPTEAM, netops may establish hub -> One"


def test_a_principal_has_permissions() -> None:
    netops, appteam = read_text(NETWORK).network.principals.values()

    assert (netops.write, netops.peer) == (("hub", "one"), ("hub",))
    assert (appteam.write, appteam.peer) == (("one",), ())


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("netopps may establish hub -> one", "unknown-principal"),
        ("hub.s may establish hub -> one", "unknown-principal"),
        ("10.0.0.0/8 may establish hub -> one", "unknown-principal"),
        ("netops except appteam may establish hub -> one", "syntax"),
        ("netops may establish hub -> two", "unknown-vnet"),
        ("netops may establish hub -> HUB", "same-vnet"),
    ],
)
def test_what_is_said_wrongly_of_establishing_is_told(sentence: str, code: str) -> None:
    assert mistake(sentence).code == code


def test_establishing_is_said_of_no_members() -> None:
    found = mistake("for each a in vnet: netops may establish hub -> a")

    assert (found.code, found.message) == ("syntax", "did not expect `may` here")
