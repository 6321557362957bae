"""Flows that are of a service only when they arrive, and the sentences about them."""

from __future__ import annotations

from vnetverify.header import TCP, UDP, Interval, IntervalSet
from vnetverify.model.arrivals import arriving_claim
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network, Service
from vnetverify.source import Source
from vnetverify.syntax import read

BALANCED = """\
vnet v { address 10.0.0.0/16  subnet web 10.0.2.0/24 }
vm web { nic 10.0.2.4 in v.web }
load-balancer front standard in v.web {
  frontend inside 10.0.2.100
  rule same tcp 22 at inside -> web
  rule other tcp 8022 at inside -> web port 22
  rule floating tcp 9022 at inside -> web floating-ip
  rule names udp 5353 at inside -> web port 53
}
"""
CHAINED = (
    BALANCED
    + """
vnet hub { address 10.1.0.0/16  subnet AzureFirewallSubnet 10.1.0.0/26 }
firewall fw {
  nic 10.1.0.4 in hub.AzureFirewallSubnet public-ip entry standard 203.0.113.5
  collection nat 100 inbound { rule shop tcp from * at entry port 7000-7001 -> 10.0.2.100 port 8022 }
}
"""
)


def claim(text: str, sentence: str) -> tuple[Network, Claim]:
    document = read([Source("t.vnet", f"{text}\nintent i {{ {sentence} }}")], Network())
    assert not document.diagnostics, document.diagnostics
    (found,) = document.intents[0].claims
    assert isinstance(found, Claim)
    return document.network, found


def parts(text: str, sentence: str) -> dict[int | None, IntervalSet]:
    found = arriving_claim(*claim(text, sentence))
    return {} if found is None else dict(found.service.parts)


def ports(*bounds: tuple[int, int]) -> IntervalSet:
    return IntervalSet(tuple(Interval(low, high) for low, high in bounds))


def test_ports_that_lead_to_the_service_are_asked_for() -> None:
    assert parts(BALANCED, "internet never reaches web on ssh") == {TCP: ports((8022, 8022))}


def test_a_floating_ip_replaces_no_port() -> None:
    assert parts(BALANCED, "internet never reaches web on tcp/9022") == {}


def test_protocols_are_kept_apart() -> None:
    assert parts(BALANCED, "internet never reaches web on udp/53") == {UDP: ports((5353, 5353))}
    assert parts(BALANCED, "internet never reaches web on tcp/53") == {}


def test_a_firewall_may_lead_to_a_frontend_that_leads_on() -> None:
    asked = parts(CHAINED, "internet never reaches web on ssh")

    assert asked == {TCP: ports((7000, 7001), (8022, 8022))}


def test_a_claim_on_everything_has_nothing_left_to_ask() -> None:
    assert parts(CHAINED, "internet never reaches web") == {}


def test_sentences_of_presence_speak_of_what_is_sent() -> None:
    assert parts(BALANCED, "v.web reaches web on ssh") == {}


def test_frontends_are_asked_for_at_their_own_ports() -> None:
    network, asked = claim(BALANCED, "internet never reaches web, front on ssh")

    arriving = arriving_claim(network, asked)

    assert arriving is not None
    assert arriving.arriving == Service("ssh", ((TCP, ports((22, 22))),))
    assert [str(place) for _, right in arriving.pairs for place, _ in right.parts] == ["v.web"]
    assert all(right.at(place).size == 1 for _, right in arriving.pairs for place, _ in right.parts)


def test_where_nat_rules_change_ports_internal_frontends_are_asked_for_too() -> None:
    network, asked = claim(CHAINED, "internet never reaches front, fw on tcp/8022")

    arriving = arriving_claim(network, asked)

    assert arriving is not None
    assert dict(arriving.service.parts) == {TCP: ports((7000, 7001))}
    assert [str(place) for _, right in arriving.pairs for place, _ in right.parts] == ["v.web"]
