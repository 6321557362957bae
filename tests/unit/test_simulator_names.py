"""One host looks up one name in one world: what nobody says the address of, and who may be told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.facts import World
from vnetverify.header import parse_address
from vnetverify.model.intents import Place
from vnetverify.simulator.names import Lookup, may_resolve, resolves
from vnetverify.syntax import read_text

TEXT = """
vnet v { address 10.0.0.0/16, fd00:a::/48  subnet s 10.0.0.0/24, fd00:a::/64 SHUT  SERVERS }
nsg no-tcp { outbound 100 r deny tcp from any to AzurePlatformDNS }
nsg near { outbound 100 r deny any from 10.0.0.0/24 to AzurePlatformDNS }
nsg no-azure { outbound 100 r deny any from any to AzurePlatformDNS }
vm asker { nic 10.0.0.4 in v.s }
vm names { nic 10.0.0.53 in v.s  serves "corp.internal"  record "x.corp.internal" 10.0.0.9, fd00:a::9 }
"""


def lookup(name: str, servers: str, *wanted: str, shut: str = "", facts: dict[str, bool] | None = None) -> Lookup:
    text = TEXT.replace("SHUT", shut).replace("SERVERS", f"dns {servers}" if servers else "")
    place, address = Place("subnet", "v.s"), parse_address("10.0.0.4")
    return Lookup(read_text(text).network, World(facts or {}), name, tuple(map(parse_address, wanted)), place, address)


@pytest.mark.parametrize(
    ("servers", "fact"), [("", "U-DNS(www.example.org)"), ("10.0.0.99", "U-DNSANSWERS(10.0.0.99, www.example.org)")]
)
def test_what_nobody_says_the_address_of_is_found_at_none(servers: str, fact: str) -> None:
    assert resolves(lookup("www.example.org", servers, facts={fact: True}))
    assert not resolves(lookup("www.example.org", servers, facts={fact: False}))
    assert not resolves(lookup("www.example.org", servers, "203.0.113.9", facts={fact: True}))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", True),
        ("10.0.0.9", True),
        ("fd00:a::9", True),
        ("10.0.0.9 fd00:a::9", True),
        ("10.0.0.8", False),
        ("10.0.0.9 10.0.0.8", False),
    ],
)
def test_all_addresses_of_the_families_that_are_wanted_are(wanted: str, found: bool) -> None:
    assert resolves(lookup("x.corp.internal", "10.0.0.53", *wanted.split())) is found


@pytest.mark.parametrize(
    ("shut", "surely", "perhaps"),
    [
        ("", False, False),  # Azure's resolver answers, and knows no such name
        ("nsg no-tcp", True, True),  # it does not answer everything
        ("nsg no-azure", True, True),
    ],
)
def test_the_next_server_is_asked_where_azures_resolver_does_not_answer(shut: str, surely: bool, perhaps: bool) -> None:
    asked = lookup("x.corp.internal", "168.63.129.16, 10.0.0.53", shut=shut)

    assert resolves(asked) is surely
    assert may_resolve(asked) is perhaps


def test_azures_resolver_may_tell_what_it_answers_over_one_protocol_alone() -> None:
    asked = lookup("asker", "168.63.129.16", shut="nsg no-tcp")

    assert not resolves(asked)
    assert may_resolve(asked)
    assert not may_resolve(lookup("asker", "168.63.129.16", shut="nsg no-azure"))


def test_a_host_without_ipv4_does_not_ask_azures_resolver() -> None:
    six = read_text(TEXT.replace("SHUT", "").replace("SERVERS", "subnet six fd00:a:0:1::/64")).network
    from_six = Lookup(six, World({}), "asker", (), Place("subnet", "v.six"), parse_address("fd00:a:0:1::9"))

    assert not resolves(from_six)
    assert not may_resolve(from_six)


def test_a_host_of_ipv6_asks_by_an_address_of_its_subnet() -> None:
    from_six = replace(lookup("asker", "", shut="nsg near"), address=parse_address("fd00:a::99"))

    assert not may_resolve(from_six)
    assert may_resolve(replace(lookup("asker", ""), address=parse_address("fd00:a::99")))


RELAY = """
vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24  dns 10.0.0.51, 10.0.0.52 }
nsg shut { inbound 100 no deny RULE from any to any }
nsg keep { outbound 100 no deny tcp from any to 10.0.0.53 }
vm asker { nic 10.0.0.4 in v.s }
vm first { nic 10.0.0.51 in v.s nsg shut  serves "corp.internal" }
vm relay { nic 10.0.0.52 in v.s KEEP  forwards-dns to 10.0.0.53 }
vm names { nic 10.0.0.53 in v.s  serves "corp.internal"  record "x.corp.internal" 10.0.0.9 }
"""


@pytest.mark.parametrize(
    ("closed", "keep", "surely", "perhaps"),
    [
        ("any", "", True, True),
        ("any", "nsg keep", False, True),
        ("udp", "", True, True),
        ("esp", "", False, False),
    ],
)
def test_a_server_that_does_not_answer_is_passed_by(closed: str, keep: str, surely: bool, perhaps: bool) -> None:
    network = read_text(RELAY.replace("RULE", closed).replace("KEEP", keep)).network
    asked = Lookup(network, World({}), "x.corp.internal", (), Place("subnet", "v.s"), parse_address("10.0.0.4"))

    assert resolves(asked) is surely
    assert may_resolve(asked) is perhaps


@pytest.mark.parametrize(("held", "asks"), [("4 5", True), ("5 6", True), ("4 6", True), ("4 5 6", False)])
def test_such_an_address_is_any_that_nobody_has(held: str, asks: bool) -> None:
    hosts = "".join(f"vm vm{number} {{ nic 10.0.0.{number} in v.s }}\n" for number in held.split())
    net = read_text("vnet v { address 10.0.0.0/16, fd00:a::/48  subnet s 10.0.0.0/29, fd00:a::/64 }\n" + hosts).network
    from_six = Lookup(net, World({}), f"vm{held[0]}", (), Place("subnet", "v.s"), parse_address("fd00:a::99"))

    assert may_resolve(from_six) is asks
