"""What the lines of a managed firewall say: collections, the order of their rules, addresses, options."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_PORTS,
    ICMP,
    TCP,
    UDP,
    Interval,
    IntervalSet,
    addresses_of,
    interval_set,
    parse_address,
    parse_prefix,
)
from vnetverify.model.balancers import Sku
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.network import Machine
from vnetverify.source import Source
from vnetverify.syntax import read, read_text

HUB = """\
vnet hub { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26 }
vnet app { address 10.1.0.0/16  subnet web 10.1.1.0/24  subnet db 10.1.2.0/24 }
group servers = app.web, 10.9.0.0/24
service-tag Partner 198.51.100.0/24
"""
NIC = "nic 10.0.1.4 in hub.AzureFirewallSubnet  public-ip entry standard 203.0.113.5"


def firewall(lines: str, nic: str = NIC) -> Machine:
    return read_text(f"{HUB}firewall fw {{ {nic} {lines} }}").network.machines["fw"]


def policy(lines: str) -> FirewallPolicy:
    found = firewall(lines).firewall
    assert found is not None
    return found


def mistake(lines: str) -> Diagnostic:
    (found,) = read((Source("text.vnet", f"{HUB}firewall fw {{ {NIC} {lines} }}"),)).diagnostics
    return found


def nat(rule: str) -> FirewallRule:
    (found,) = policy(f"collection nat 100 c {{ rule r {rule} }}").rules
    return found


def network(rule: str, does: str = "allow") -> FirewallRule:
    (found,) = policy(f"collection network 100 c {does} {{ rule r {rule} }}").rules
    return found


def application(rule: str) -> FirewallRule:
    (found,) = policy(f"collection application 100 c allow {{ rule r {rule} }}").rules
    return found


def ports(*numbers: int) -> IntervalSet:
    return interval_set(Interval(number, number) for number in numbers)


def addresses(*texts: str) -> IntervalSet:
    return addresses_of(map(parse_prefix, texts))


# Names


def test_open_facts_are_called_by_a_rules_name_so_that_no_two_rules_share_one() -> None:
    twice = "collection network 100 n allow { rule a any from * to * } collection application 200 w allow "

    assert mistake(twice + "{ rule A http from * to * }").code == "duplicate-name"
    assert mistake("collection network 100 n allow { rule infrastructure any from * to * }").code == "duplicate-name"
    # What is open about NAT rules is not what is open about others.
    alike = policy(
        "collection nat 100 d { rule a tcp from * at entry port 1 -> 10.1.1.4 } "
        "collection network 200 n allow { rule a any from * to * }"
    )
    assert [rule.name for rule in alike.rules] == ["a", "a"]


# The order of the rules


def test_types_come_before_priorities_and_the_text_has_no_say() -> None:
    found = policy("""
        collection application 100 a allow { rule a http from * to * }
        collection network 200 n allow { rule n any from * to * }
        collection nat 300 d { rule d tcp from * at entry port 1 -> 10.1.1.4 }
    """)

    assert [rule.kind for rule in found.rules] == list(FirewallRuleKind)


def test_the_parent_comes_first_then_groups_then_priorities_then_the_order_of_rules() -> None:
    found = policy("""
        collection network 100 one group 300 allow { rule fourth any from * to * }
        collection network 400 two group 200 allow { rule third any from * to * }
        collection network 300 three group 200 deny { rule first any from * to *  rule second any from * to * }
        collection network 65000 four of parent group 65000 deny { rule zeroth any from * to * }
    """)

    assert [rule.name for rule in found.rules] == ["zeroth", "first", "second", "third", "fourth"]
    assert [rule.allows for rule in found.rules] == [False, False, False, True, True]


def test_two_collections_of_one_type_have_two_priorities() -> None:
    found = mistake("""
        collection network 100 one allow { rule a any from * to * }
        collection network 100 two deny  { rule b any from * to * }
    """)

    assert (found.code, found.help) == ("priority-taken", "give one of them another priority")


@pytest.mark.parametrize(
    "second",
    [
        "application 100 two allow { rule b http from * to * }",
        "network 100 two of parent deny { rule b any from * to * }",
    ],
)
def test_collections_of_two_types_or_policies_may_have_one_priority(second: str) -> None:
    assert len(policy(f"collection network 100 one allow {{ rule a any from * to * }} collection {second}").rules) == 2


def test_a_policy_has_all_its_collections_in_groups_or_none() -> None:
    found = mistake("collection network 100 one group 200 allow {} collection network 300 two allow {}")

    assert (found.code, found.label) == ("collection-without-group", "write `group N` behind it")


# NAT rules


def test_a_nat_rule_is_at_a_public_address_and_says_where_to() -> None:
    found = nat("tcp, udp from 203.0.113.128/25 at ENTRY port 443 -> 10.1.1.4 port 8443")

    assert (found.at, found.protocols, found.destination_ports) == ("entry", (TCP, UDP), ports(443))
    assert found.translation == Translation(parse_address("10.1.1.4"), 8443)
    assert (found.sources, found.destinations) == (addresses("203.0.113.128/25"), IntervalSet())


def test_a_nat_rule_at_the_private_address_keeps_its_port_if_it_says_none() -> None:
    found = nat("any from * at private port 443 -> 10.1.1.4")

    assert (found.at, found.protocols, found.sources) == (None, (TCP, UDP), ALL_ADDRESSES)
    assert found.translation == Translation(parse_address("10.1.1.4"), 443)


def test_a_firewall_has_further_public_addresses_on_lines_of_their_own() -> None:
    found = firewall("""
        public-ip second basic 203.0.113.6
        public-ip
        collection nat 100 c { rule r tcp from * at second port 1 -> 10.1.1.4 }
    """)

    assert [(public.name, public.sku) for public in found.public_addresses] == [
        ("entry", Sku.STANDARD),
        ("second", Sku.BASIC),
        ("fw-ip-3", None),
    ]
    assert found.firewall is not None
    assert found.firewall.rules[0].at == "second"


def test_a_public_address_called_private_stands_in_quotes() -> None:
    found = firewall(
        'collection nat 100 c { rule r tcp from * at "private" port 1 -> 10.1.1.4 }',
        'nic 10.0.1.4 in hub.AzureFirewallSubnet  public-ip "private"',
    )

    assert found.firewall is not None
    assert found.firewall.rules[0].at == "private"


# Network rules


def test_a_network_rule_is_for_addresses_and_ports() -> None:
    found = network("tcp, icmp from 10.0.0.0/8 to 10.1.0.0/16, 10.2.0.0/16 port 443, 8000-8010", "deny")

    assert (found.allows, found.protocols, found.has_names, found.service_tags) == (False, (TCP, ICMP), False, ())
    assert (found.sources, found.destinations) == (addresses("10.0.0.0/8"), addresses("10.1.0.0/16", "10.2.0.0/16"))
    assert found.destination_ports == interval_set((Interval(443, 443), Interval(8000, 8010)))


def test_a_rule_without_ports_is_for_all() -> None:
    found = network("any from * to *")

    assert (found.protocols, found.destination_ports, found.destinations) == ((None,), ALL_PORTS, ALL_ADDRESSES)


def test_sources_and_destinations_may_be_sets_of_endpoints() -> None:
    found = network("tcp from servers except 10.9.0.0/25 to app")

    assert found.sources == addresses("10.1.1.0/24", "10.9.0.128/25")
    assert found.destinations == addresses("10.1.0.0/16")


def test_destinations_may_be_service_tags_and_names_of_domains_beside_addresses() -> None:
    found = network('tcp from * to Storage.WestUS, Partner, "Tomorrow", "files.example.com", 10.1.1.4')

    assert found.service_tags == ("Storage.WestUS", "Partner", "Tomorrow")
    assert (found.has_names, found.destinations) == (True, addresses("10.1.1.4"))


# Application rules


@pytest.mark.parametrize(
    ("written", "expected"),
    [("http", ports(80)), ("https", ports(443)), ("mssql", ports(1433)), ("http, https", ports(80, 443))],
)
def test_an_application_rule_has_the_ports_of_its_protocols(written: str, expected: IntervalSet) -> None:
    found = application(f'{written} from * to "*.example.com"')

    assert (found.protocols, found.destination_ports) == ((TCP,), expected)


def test_an_application_rule_may_say_its_ports() -> None:
    assert application("https from * to * port 8443").destination_ports == ports(8443)


def test_an_application_rule_is_for_names_or_for_every_one() -> None:
    named = application('https from * to "a.example.com", "WindowsUpdate"')

    assert (named.has_names, named.destinations) == (True, IntervalSet())
    for every in ("*", "any", '"*"'):
        found = application(f"https from * to {every}")
        assert (found.has_names, found.destinations) == (False, ALL_ADDRESSES)


# Options


def test_private_ranges_are_azures_own_unless_said() -> None:
    found = policy("collection network 100 c allow {}")

    assert (found.private_ranges, found.learns_private_ranges) == (None, False)


@pytest.mark.parametrize(
    ("written", "ranges", "learns"),
    [
        ("private-ranges all", ALL_ADDRESSES, False),
        ("private-ranges none", IntervalSet(), False),
        ("private-ranges learned", None, True),
        ("private-ranges 10.0.0.0/8  private-ranges 11.0.0.0/8", addresses("10.0.0.0/7"), False),
        ("private-ranges 10.0.0.0/8  private-ranges learned", addresses("10.0.0.0/8"), True),
    ],
)
def test_private_ranges_say_whom_network_rules_do_not_translate(
    written: str, ranges: IntervalSet | None, learns: bool
) -> None:
    found = policy(written)

    assert (found.private_ranges, found.learns_private_ranges) == (ranges, learns)


def test_checks_count_only_where_they_deny() -> None:
    denying, telling = (policy(f"threat-intelligence {mode}  intrusion-detection {mode}") for mode in ("deny", "alert"))

    assert (denying.denies_by_threat_intelligence, denying.denies_by_intrusion_detection) == (True, True)
    assert (telling.denies_by_threat_intelligence, telling.denies_by_intrusion_detection) == (False, False)


def test_a_private_address_is_known_unless_it_is_said_to_be_presumed() -> None:
    found = [policy(f"private-address {word}").presumes_address for word in ("presumed", "known")]

    assert (*found, policy("intrusion-detection off").presumes_address) == (True, False, False)


def test_a_firewall_without_rules_or_lines_has_no_policy_at_all() -> None:
    found = firewall("bandwidth 1 Gbps")

    assert (found.firewall, found.policy, found.is_managed) == (None, None, True)


# Mistakes


_OF_NAT = "write `at NAME port N -> ADDRESS`, NAME being a public address of the firewall"


@pytest.mark.parametrize(
    ("lines", "code", "help_text"),
    [
        ("collection ntework 100 c allow {}", "unknown-kind-of-rules", "did you mean `network`?"),
        ("collection network 99 c allow {}", "bad-priority", None),
        ("collection network 100 c group 65001 allow {}", "bad-priority", None),
        ("collection network 100 c {}", "bad-collection", None),
        ("collection nat 100 c allow {}", "bad-collection", "what it translates a network rule can deny"),
        ("collection network 100 c allow {} collection network 101 C allow {}", "duplicate-name", None),
        ("nat: tcp from * at entyr port 1 -> 10.1.1.4", "unknown-public-address", "did you mean `entry`?"),
        ("nat: tcp from * at entry -> 10.1.1.4 port 1", "bad-port", None),
        ("nat: tcp from * at entry port any -> 10.1.1.4 port 1", "bad-port", None),
        ("nat: tcp from * at entry port 1, 2 -> 10.1.1.4", "bad-port", None),
        ("nat: tcp from * at entry port 1 -> 10.1.1.0/24", "bad-address", None),
        ("nat: tcp from * at entry port 1 -> 10.1.1.4 port 0", "bad-port", None),
        ("nat: icmp from * at entry port 1 -> 10.1.1.4", "unknown-protocol", None),
        ("nat: tcp from * to * port 1 -> 10.1.1.4", "bad-firewall-rule", _OF_NAT),
        ("nat: tcp from * at entry port 1", "bad-firewall-rule", _OF_NAT),
        ("network: tcp from * at entry to *", "bad-firewall-rule", "rules of a `nat` collection have it"),
        ("network: tcp from *", "bad-firewall-rule", "write `to` and the destinations, `*` for all"),
        ("network: tpc from * to *", "unknown-protocol", "did you mean `tcp`?"),
        ("network: tcp from * to Storgae", "unknown-name", "did you mean `Storage`?"),
        ("network: tcp from * to x.y", "unknown-name", "domain names stand in quotes"),
        ("network: tcp from * to app.wbe", "unknown-subnet", "did you mean `app.web`?"),
        ("network: tcp from * to VirtualNetwork", "unknown-service-tag", None),
        ("network: tcp from * to Sql except 10.0.0.0/8", "bad-firewall-rule", None),
        ("network: tcp from Storage to *", "service-tag-as-source", None),
        ("network: tcp from srevers to *", "unknown-name", "did you mean `servers`?"),
        ("application: htpps from * to *", "unknown-protocol-of-an-application-rule", "did you mean `https`?"),
        ("application: https from * to 10.0.0.0/8", "bad-firewall-rule", None),
        ("application: https from * to app", "bad-firewall-rule", None),
        ("private-ranges lerned", "unknown-set-of-ranges", "did you mean `learned`?"),
        ("private-ranges all  private-ranges 10.0.0.0/8", "said-twice", None),
        ("private-ranges 10.0.0.1/8", "bad-prefix", "did you mean `10.0.0.0/8`?"),
        ("threat-intelligence denny", "unknown-mode", "did you mean `deny`?"),
        ("threat-intelligence deny  threat-intelligence off", "said-twice", None),
        (
            "forwards any  collection network 100 c allow {}",
            "two-policies",
            "write it as a rule of a `network` collection",
        ),
        ("threat-intelligence deny  forwards any", "two-policies", "write it as a rule of a `network` collection"),
        ("public-ip second", "said-twice", None),
        ("collection network 100 c allow { rul r tcp from * to * }", "syntax", "did you mean `rule`?"),
        ("threat-inteligence deny", "syntax", "did you mean `threat-intelligence`?"),
    ],
)
def test_what_a_firewall_says_wrongly_is_told(lines: str, code: str, help_text: str | None) -> None:
    kind, colon, rule = lines.partition(": ")
    does = "" if kind == "nat" else " allow"
    found = mistake(f"collection {kind} 100 c{does} {{ rule r {rule} }}" if colon else lines)

    assert (found.code, found.help) == (code, help_text)


def test_a_mistake_in_a_rule_is_shown_where_it_stands() -> None:
    found = read((Source("t", f"{HUB}firewall fw {{\n  {NIC}\n  threat-intelligence denny\n}}"),)).diagnostics[0]

    assert (found.span.line, found.span.column, found.span.end_column) == (7, 23, 28)
