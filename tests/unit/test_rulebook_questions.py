"""Questions of the rule book read as they are written, of either family and to what stands without being a host."""

from __future__ import annotations

import pytest

from vnetverify.header import ICMPV6, TCP, address_text, family_of
from vnetverify.model.intents import HopKind
from vnetverify.syntax import read_text
from vnetverify.testing.question_lines import answer_text, parse_asked, question_text
from vnetverify.testing.questions import Asked, Carried, Filtered, Hops, NotAQuestion

NETWORK = read_text("""
vnet v {
  address 10.0.0.0/16, fd00:db8::/48
  subnet web 10.0.1.0/24, fd00:db8:0:1::/64
  subnet db  10.0.2.0/24, fd00:db8:0:2::/64
}
vm web1 { nic 10.0.1.9, fd00:db8:0:1::9 in v.web  public-ip standard 203.0.113.9  public-ip six 2001:db8::9 }
vm db1 { nic 10.0.2.9 in v.db }
load-balancer orders in v.db { frontend 10.0.2.100 }
private-endpoint vault 10.0.2.20 in v.db
""").network


def carried(question: str) -> Carried:
    found = parse_asked(question, "yes directly", NETWORK).question
    assert isinstance(found, Carried)
    return found


@pytest.mark.parametrize(
    "question",
    [
        "tcp 443 from web1 to db1 is answered",
        "tcp 443 from 198.51.100.7 at internet to db1 by 203.0.113.50 is answered",
        "tcp 443 from db1 to web1 by its public address is delivered",
        "tcp 443 from 198.51.100.7 at internet to 203.0.113.50 at orders/front is delivered",
        "tcp 443 from fd00:db8:0:1::4 at v.web to fd00:db8:0:2::4 at v.db is delivered",
        "icmpv6 from fd00:db8:0:1::4 at v.web to fd00:db8:0:2::4 at v.db is answered",
        "protocol 4 from web1 to db1 is delivered",
        "tcp 1433 from web1 to 10.0.2.100 at v.db is answered",
        "tcp 443 from 2001:db8:9::1 at internet to fd00:db8:0:1::9 at v.web is answered",
        "next hop of v.web to fd00:db8:0:2::4",
        "inbound at web1: tcp [fd00:db8:0:2::4]:50000 -> [fd00:db8:0:1::9]:443",
        "outbound at web1: icmpv6 fd00:db8:0:1::9 -> fd00:db8:0:2::4",
    ],
)
def test_a_question_is_written_as_it_is_read(question: str) -> None:
    answer = "none by ::/0 (user)" if question.startswith("next") else "yes" if "bound at" not in question else "deny"
    asked = parse_asked(question, answer, NETWORK)

    assert question_text(asked.question, NETWORK) == question
    assert parse_asked(question_text(asked.question, NETWORK), answer, NETWORK) == asked


@pytest.mark.parametrize(("name", "address"), [("orders", "10.0.2.100"), ("vault", "10.0.2.20"), ("db1", "10.0.2.9")])
def test_a_load_balancer_stands_for_its_first_frontend_and_a_private_endpoint_for_its_address(
    name: str, address: str
) -> None:
    question = carried(f"tcp 443 from web1 to {name} is answered")

    assert (address_text(question.target.address), question.target.place.name) == (address, "v.db")
    assert question.flow.destination == question.target.address


def test_icmp_between_addresses_of_ipv6_is_their_own() -> None:
    question = carried("icmp from fd00:db8:0:1::4 at v.web to fd00:db8:0:2::4 at v.db is answered")

    assert question.flow.protocol == ICMPV6


def test_from_the_internet_the_public_address_of_the_family_is_meant() -> None:
    question = carried("tcp 443 from 2001:db8:9::1 at internet to fd00:db8:0:1::9 at v.web is answered")

    assert address_text(question.flow.destination) == "2001:db8::9"


def test_a_packet_at_an_interface_may_be_of_ipv6() -> None:
    asked = parse_asked("inbound at web1: tcp [fd00::4]:50000 -> [fd00:db8:0:1::9]:443", "deny", NETWORK)

    assert isinstance(asked.question, Filtered)
    assert (asked.question.flow.protocol, asked.question.flow.destination_port) == (TCP, 443)
    assert family_of(asked.question.flow.source) is family_of(asked.question.flow.destination)


def test_the_route_to_a_private_endpoint_is_a_hop_of_its_own() -> None:
    asked: Asked = parse_asked(
        "next hop of v.web to 10.0.2.20", "private-endpoint vault by 10.0.2.20/32 (system)", NETWORK
    )

    assert isinstance(asked.answer, Hops)
    assert [(hop.kind, hop.special) for hop in asked.answer.anyone] == [(HopKind.VNET_LOCAL, "private-endpoint")]
    assert answer_text(asked.answer) == "private-endpoint vault by 10.0.2.20/32 (system)"


def test_an_address_that_is_none_is_no_question() -> None:
    with pytest.raises(NotAQuestion):
        carried("tcp 443 from fd00::g at v.web to db1 is answered")


DEVICES = read_text("""
vnet v {
  address 10.0.0.0/16
  subnet AzureFirewallSubnet 10.0.9.0/26
  subnet web 10.0.1.0/24 nsg n
}
nsg n { inbound 100 ssh allow tcp from any to any port 22 }
vm web1 { nic 10.0.1.9 in v.web }
firewall fw {
  nic 10.0.9.4 in v.AzureFirewallSubnet public-ip entry standard 203.0.113.9
  collection nat 100 inbound { rule rdp tcp from * at entry port 3389 -> 10.0.1.9 port 3389 }
}
""").network


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what fw makes of tcp 3389 from 198.51.100.7 at internet to web1 by 203.0.113.9", "allow by rdp at port 3389"),
        ("what fw makes of tcp 22 from 198.51.100.7 at internet to 203.0.113.9 at fw/entry", "deny by no rule"),
        ("what fw makes of udp 53 from web1 to 198.51.100.7 at internet", "deny"),
        ("egress of web1 to 198.51.100.7 on tcp 443", "load-balancer shop"),
        ("egress of 10.0.1.4 at v.web to 198.51.100.7 on icmp", "none"),
        ("web1 finds web1", "yes"),
        ("web1 finds db.corp.internal as 10.0.1.4, 10.0.1.5", "no"),
        ("tcp 22 from 198.51.100.7 at internet to web1 goes on without n/ssh", "yes"),
        ("tcp 22 from web1 to 10.0.1.4 at v.web goes on without n/a, n/b begun before n/c with flows flushed", "no"),
        ("tcp 22 from web1 to 10.0.1.4 at v.web goes on begun before n/ssh", "no"),
    ],
)
def test_a_question_about_devices_is_written_as_it_is_read(question: str, answer: str) -> None:
    asked = parse_asked(question, answer, DEVICES)

    assert (question_text(asked.question, DEVICES), answer_text(asked.answer)) == (question, answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what nva makes of tcp 22 from web1 to 10.0.1.4 at v.web", "deny"),
        ("what fw makes of nonsense", "deny"),
        ("nonsense goes on without n/ssh", "yes"),
        ("egress of web1 to 198.51.100.7 on tcp 443", "by pigeon"),
        ("web1 finds web1", "perhaps"),
    ],
)
def test_what_is_no_question_about_devices_is_refused(question: str, answer: str) -> None:
    with pytest.raises(NotAQuestion):
        parse_asked(question, answer, DEVICES)
