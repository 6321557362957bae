"""Sentences about names: who is asked, what gets there, what is known, and what is wrong with how it is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.model.names import record_of
from vnetverify.model.network import Unmodelled
from vnetverify.model.zones import DnsRecord, normal_name, normal_record
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict, verdict_word
from vnetverify.report.json import render_json
from vnetverify.report.text import render_full
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text

PAIR = """
vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24  subnet t 10.0.1.0/24 SERVERS }
vnet b { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
peering a -> b
peering b -> a
vm web { nic 10.0.0.4 in a.s }
vm db  { nic 10.1.0.4 in b.s }
"""
SERVER = 'vm names { nic 10.1.0.53 in b.s  serves "corp.internal"  record "web.corp.internal" 10.0.0.4 }\n'
SHUT = "nsg shut { inbound 100 no deny any from any to any }\n"


def verdict_on(text: str, sentence: str, documented: bool = False) -> Verdict:
    document = read_text(f"{text}\nintent i {{ {sentence} }}")
    report = prove(Loaded(document, {}, ()), Options(documented=documented))
    return report.results[0].results[0].verdict


def asking(*servers: str, machines: str = SERVER) -> str:
    return PAIR.replace("SERVERS", f"dns {', '.join(servers)}" if servers else "") + machines


# -- Azure's resolver -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("a resolves web", "proved"),
        ("a resolves WEB as 10.0.0.4", "proved"),
        ("a resolves web as 10.0.0.5", "refuted"),
        ("a, b resolves web", "refuted"),
        ("b never resolves web", "proved"),
        ("a never resolves web", "refuted"),
        ("a resolves nothing-here", "refuted"),
        ('a resolves "web.nowhere.internal"', "refuted"),
        ('a resolves "www.example.org"', "unknown"),
        ('a never resolves "www.example.org"', "unknown"),
        ('a resolves "4.0.0.10.in-addr.arpa"', "proved"),
        ('a never resolves "4.0.1.10.in-addr.arpa"', "proved"),
        ('a never resolves "4.0.16.172.in-addr.arpa"', "proved"),
        ('a never resolves "4.0.168.192.in-addr.arpa"', "proved"),
        ('a never resolves "4.0.169.192.in-addr.arpa"', "unknown"),
    ],
)
def test_azure_tells_names_of_the_network_alone(sentence: str, word: str) -> None:
    assert verdict_word(verdict_on(asking(machines=""), sentence)) == word


def test_what_a_server_that_passes_nothing_on_says_of_other_names_is_not_known() -> None:
    assert verdict_word(verdict_on(asking("10.1.0.53"), "a resolves db")) == "unknown"
    assert verdict_word(verdict_on(asking("10.1.0.53"), "a never resolves db")) == "unknown"


@pytest.mark.parametrize("sentence", ["a resolves web", "a resolves web as 10.0.0.5"])
@pytest.mark.parametrize(
    ("among", "vnets", "is_unknown"),
    [
        ("unmodelled", (), True),
        ("unmodelled", ("a",), True),
        ("unmodelled", ("b",), False),
        ("unmodelled_names", (), True),
        ("unmodelled_names", ("b", "a"), True),
        ("unmodelled_names", ("b",), False),
    ],
)
def test_what_is_not_modelled_leaves_open_the_names_of_its_networks(
    sentence: str, among: str, vnets: tuple[str, ...], is_unknown: bool
) -> None:
    document = read_text(f"{asking(machines='')}\nintent i {{ {sentence} }}")
    item = Unmodelled("a thing", "it does something", vnets, NOWHERE)
    network = replace(document.network, **{among: (item,)})

    (result,) = prove(Loaded(replace(document, network=network), {}, ()), Options()).results[0].results

    assert isinstance(result.verdict, Unknown) is is_unknown
    if isinstance(result.verdict, Unknown):
        assert result.verdict.unmodelled == (item,)


_PRESUMED = """
vnet f { address 10.9.0.0/16  subnet AzureFirewallSubnet 10.9.1.0/26 }
firewall fw {
  nic 10.9.1.4 in f.AzureFirewallSubnet public-ip entry standard 203.0.113.5
  private-address presumed
  collection nat 100 c { rule r udp from * at entry port 53 -> 10.9.2.4 port 53 }
}
"""


@pytest.mark.parametrize(("value", "word"), [("true", "proved"), ("false", "unknown")])
def test_where_a_firewall_is_assumed_to_be_elsewhere_nothing_is_shown_of_names_either(value: str, word: str) -> None:
    text = f"{asking(machines='')}{_PRESUMED}assume U-FWADDR = {value}"

    assert verdict_word(verdict_on(text, "a resolves web")) == word


def test_a_refutation_says_where_the_name_is_known() -> None:
    verdict = verdict_on(asking(machines=""), "b resolves web")

    assert isinstance(verdict, Refuted)
    assert "it is a host in a" in verdict.why


@pytest.mark.parametrize(
    ("rule", "resolves", "never"),
    [
        ("deny any from any to any", "proved", "refuted"),
        ("deny any from any to AzurePlatformDNS", "refuted", "proved"),
        ("deny udp from any to AzurePlatformDNS port 53", "refuted", "refuted"),
        ("deny tcp from any to AzurePlatformDNS", "refuted", "refuted"),
        ("deny any from 10.0.0.0/25 to AzurePlatformDNS", "unknown", "unknown"),
        ("deny any from any port 1-2000 to AzurePlatformDNS", "unknown", "unknown"),
        ("deny any from any to AzurePlatformDNS port 54", "proved", "refuted"),
    ],
)
def test_only_a_rule_that_names_the_resolver_stops_questions_to_it(rule: str, resolves: str, never: str) -> None:
    text = f"""
    vnet a {{ address 10.0.0.0/16  subnet s 10.0.0.0/24 nsg n }}
    nsg n {{ outbound 100 r {rule} }}
    """
    zone = '\ndns-zone "x.internal" { link a  record web 10.0.0.9 }'

    assert verdict_word(verdict_on(text + zone, 'a resolves "web.x.internal"')) == resolves
    assert verdict_word(verdict_on(text + zone, 'a never resolves "web.x.internal"')) == never


def test_a_group_at_one_interface_stops_that_one_alone() -> None:
    text = """
    vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24 }
    nsg n { outbound 100 r deny any from any to AzurePlatformDNS }
    vm one { nic 10.0.0.4 in a.s nsg n }
    vm two { nic 10.0.0.5 in a.s }
    """

    assert isinstance(verdict_on(text, "one never resolves two"), Proved)
    assert isinstance(verdict_on(text, "two resolves one"), Proved)
    assert isinstance(verdict_on(text, "a resolves one"), Refuted)


def test_an_assumption_about_a_public_name_decides_and_is_named() -> None:
    verdict = verdict_on(f"assume U-DNS(www.example.org) = true\n{asking(machines='')}", 'a resolves "www.example.org"')

    assert isinstance(verdict, Proved)
    assert [str(fact) for fact in verdict.assumed] == ["U-DNS(www.example.org)"]


def test_the_name_of_a_second_interface_is_open_and_as_documented_not_known() -> None:
    text = PAIR.replace("SERVERS", "") + "vm two { nic 10.0.0.9 in a.s  nic 10.1.0.9 in b.s }"

    assert isinstance(verdict_on(text, "a resolves two as 10.0.0.9"), Proved)
    verdict = verdict_on(text, "b never resolves two")
    assert isinstance(verdict, Unknown)
    assert verdict.as_documented == "proved"
    documented = verdict_on(text, "b never resolves two", documented=True)
    assert isinstance(documented, Proved)
    assert documented.documented


def test_hosts_of_both_families_ask_the_resolver_over_ipv4() -> None:
    text = """
    vnet a {
      address 10.0.0.0/16, fd00:a::/48
      subnet s 10.0.0.0/24, fd00:a::/64 nsg n
      subnet t 10.0.1.0/24, fd00:a:0:1::/64
    }
    nsg n { outbound 100 r deny any from 10.0.0.0/24 to AzurePlatformDNS }
    vm one { nic 10.0.0.4, fd00:a::4 in a.s }
    """

    assert isinstance(verdict_on(text, "a.s never resolves one"), Proved)
    assert isinstance(verdict_on(text, "fd00:a::4 resolves one"), Refuted)
    assert isinstance(verdict_on(text, "fd00:a:0:1::/64 resolves one as 10.0.0.4"), Proved)
    assert isinstance(verdict_on(text, "fd00:a:0:1::/64 resolves one as fd00:a::4"), Unknown)
    assert isinstance(verdict_on(text, "fd00:a:0:1::/64 never resolves one"), Refuted)


def test_a_server_of_one_family_is_asked_over_it() -> None:
    text = """
    vnet a { address 10.0.0.0/16, fd00:a::/48  subnet s 10.0.0.0/24, fd00:a::/64  dns fd00:a::53 }
    vm names { nic 10.0.0.53, fd00:a::53 in a.s  serves "corp.internal"  record "x.corp.internal" fd00:a::9 }
    """

    assert isinstance(verdict_on(text, 'fd00:a::/64 resolves "x.corp.internal" as fd00:a::9'), Proved)
    assert isinstance(verdict_on(text, 'a.s never resolves "y.corp.internal"'), Proved)
    assert isinstance(verdict_on(text, 'a.s never resolves "x.corp.internal"'), Refuted)


DUAL = """
vnet a { address 10.0.0.0/16, fd00:a::/48  subnet s 10.0.0.0/24, fd00:a::/64  subnet four 10.0.1.0/24  dns SERVER }
vm names { nic 10.0.0.53, fd00:a::53 in a.s  serves "corp.internal"  record "x.corp.internal" fd00:a::9 }
vm old { nic 10.0.0.9 in a.s }
vm new { nic 10.0.0.10, fd00:a::10 in a.s }
"""


@pytest.mark.parametrize(
    ("server", "hosts", "resolves", "never"),
    [
        ("fd00:a::53", "a.s", "refuted", "refuted"),  # `old` cannot ask
        ("fd00:a::53", "old", "refuted", "proved"),
        ("fd00:a::53", "new", "proved", "refuted"),
        ("fd00:a::53", "10.0.0.10", "proved", "refuted"),  # by its other address
        ("fd00:a::53", "10.0.0.77", "unknown", "unknown"),  # which may have one of IPv6
        ("fd00:a::53", "10.0.1.77", "refuted", "proved"),  # where there is no IPv6
        ("fd00:a::53", "10.0.0.53", "proved", "refuted"),  # the server itself
        ("10.0.0.53", "a.s", "proved", "refuted"),
        ("10.0.0.53", "fd00:a::10", "proved", "refuted"),
        ("10.0.0.53", "fd00:a::77", "proved", "unknown"),  # which has one of IPv4, that nobody names
        ("10.0.0.53", "old", "proved", "refuted"),
    ],
)
def test_a_host_asks_by_its_address_of_the_server_s_family(server: str, hosts: str, resolves: str, never: str) -> None:
    text = DUAL.replace("SERVER", server)

    assert verdict_word(verdict_on(text, f'{hosts} resolves "x.corp.internal"')) == resolves
    assert verdict_word(verdict_on(text, f'{hosts} never resolves "x.corp.internal"')) == never


def test_in_a_subnet_without_ipv4_nobody_knows_who_asks_a_server_of_ipv4() -> None:
    text = DUAL.replace("SERVER", "10.0.0.53").replace("subnet four 10.0.1.0/24", "subnet six fd00:a:0:1::/64")

    assert isinstance(verdict_on(text, 'a.six never resolves "x.corp.internal"'), Unknown)
    assert isinstance(verdict_on(text, 'a.six resolves "x.corp.internal"'), Unknown)


def test_a_managed_firewall_is_not_followed_as_a_server() -> None:
    text = """
    vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24  subnet AzureFirewallSubnet 10.0.9.0/26  dns 10.0.9.4 }
    firewall fw { nic 10.0.9.4 in a.AzureFirewallSubnet }
    """

    assert isinstance(verdict_on(text, "a.s never resolves web"), Unknown)
    assert isinstance(verdict_on(text, "a.s resolves web"), Unknown)


# -- zones ----------------------------------------------------------------------------------------------

ZONE = """
dns-zone "corp.internal" {
  link a
  link b registration
  record web 10.9.0.1, fd00::9
  record "@" 10.9.0.2
  record "*" 10.9.0.3
  record "x.y" 10.9.0.4
}
"""


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ('a resolves "web.corp.internal" as 10.9.0.1', "proved"),
        ('a resolves "web.corp.internal" as 10.9.0.1, fd00::9', "proved"),
        ('a resolves "web.corp.internal" as 10.9.0.1, 10.9.0.2', "refuted"),
        ('a resolves "corp.internal" as 10.9.0.2', "proved"),
        ('a resolves "db.corp.internal" as 10.1.0.4', "proved"),
        ('a resolves "any.corp.internal" as 10.9.0.3', "proved"),
        ('a resolves "deep.any.corp.internal" as 10.9.0.3', "proved"),
        ('a never resolves "y.corp.internal"', "proved"),
        ('a never resolves "z.y.corp.internal"', "proved"),
        ('a never resolves "under.db.corp.internal"', "proved"),
        ("a never resolves db", "proved"),
    ],
)
def test_a_zone_knows_its_records_its_hosts_and_what_a_wildcard_covers(sentence: str, word: str) -> None:
    assert verdict_word(verdict_on(asking(machines="") + ZONE, sentence)) == word


def test_the_longest_zone_decides_and_what_it_lacks_is_nowhere() -> None:
    text = asking(machines="") + ZONE + 'dns-zone "sub.corp.internal" { link a  record here 10.9.1.1 }'

    assert isinstance(verdict_on(text, 'a never resolves "there.sub.corp.internal"'), Proved)
    assert isinstance(verdict_on(text, 'b resolves "there.sub.corp.internal" as 10.9.0.3'), Proved)


def test_two_zones_of_one_domain_may_be_linked_to_different_networks() -> None:
    text = asking(machines="") + (
        'dns-zone one "corp.internal" { link a  record x 10.9.0.1 }\n'
        'dns-zone two "corp.internal" { link b  record x 10.9.0.2 }\n'
    )

    assert isinstance(verdict_on(text, 'a resolves "x.corp.internal" as 10.9.0.1'), Proved)
    assert isinstance(verdict_on(text, 'b resolves "x.corp.internal" as 10.9.0.2'), Proved)


def test_a_wildcard_stands_for_what_is_below_the_nearest_name_that_is_there() -> None:
    records = [DnsRecord("*.z", (1,)), DnsRecord("a.b.z", (2,))]

    found = {name: record_of(records, name, "z") for name in ("c.z", "b.z", "x.b.z", "a.b.z", "z", "x.y.z")}

    assert {name: None if one is None else one.addresses for name, one in found.items()} == {
        "c.z": (1,), "b.z": None, "x.b.z": None, "a.b.z": (2,), "z": None, "x.y.z": (1,),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Web.Corp.Internal.", "web.corp.internal"),
        ("a_b", "a_b"),
        ("", None),
        ("a..b", None),
        ("-a", None),
        ("a b", None),
    ],
)
def test_names_are_compared_in_lower_case_without_a_last_dot(text: str, name: str | None) -> None:
    assert normal_name(text) == name


def test_names_of_records_are_relative_to_their_zone() -> None:
    names = [normal_record(text, "z") for text in ("@", "*", "*.a", "A", "a.b", "*a", "")]

    assert names == ["z", "*.z", "*.a.z", "a.z", "a.b.z", None, None]


# -- servers of one's own -------------------------------------------------------------------------------


def test_a_server_in_the_peer_is_asked_by_packets() -> None:
    verdict = verdict_on(asking("10.1.0.53"), 'a resolves "web.corp.internal" as 10.0.0.4')

    assert isinstance(verdict, Proved)
    assert any("ask names at 10.1.0.53" in ground.what for ground in verdict.grounds)


def test_a_server_that_a_group_shuts_off_answers_nobody() -> None:
    text = asking("10.1.0.53").replace("subnet s 10.1.0.0/24", "subnet s 10.1.0.0/24 nsg shut") + SHUT

    refuted = verdict_on(text, 'a resolves "web.corp.internal"')
    assert isinstance(refuted, Refuted)
    assert refuted.witness is not None
    assert "no of shut denies" in refuted.why
    assert isinstance(verdict_on(text, 'a never resolves "web.corp.internal"'), Proved)


def test_the_next_server_answers_where_the_first_cannot_be_asked() -> None:
    text = asking("10.9.9.9", "10.1.0.53")

    assert isinstance(verdict_on(text, 'a resolves "web.corp.internal"'), Proved)


def test_the_first_server_that_answers_decides() -> None:
    machines = SERVER + 'vm other { nic 10.0.0.53 in a.s  serves "corp.internal" }\n'

    assert isinstance(
        verdict_on(asking("10.0.0.53", "10.1.0.53", machines=machines), 'a.t resolves "web.corp.internal"'), Refuted
    )
    assert isinstance(
        verdict_on(asking("10.0.0.53", "10.1.0.53", machines=machines), 'a.t never resolves "web.corp.internal"'),
        Proved,
    )
    assert isinstance(
        verdict_on(asking("10.1.0.53", "10.0.0.53", machines=machines), 'a.t resolves "web.corp.internal"'), Proved
    )


def test_a_server_passes_on_what_it_does_not_serve_as_a_host_of_its_own_network() -> None:
    forwarding = SERVER.replace(" }", "  forwards-dns to azure }")

    assert isinstance(verdict_on(asking("10.1.0.53", machines=forwarding), "a resolves db as 10.1.0.4"), Proved)
    assert isinstance(verdict_on(asking("10.1.0.53", machines=forwarding), "a never resolves web"), Proved)
    assert isinstance(verdict_on(asking("10.1.0.53", machines=SERVER), "a resolves db"), Unknown)


def test_servers_that_ask_each_other_in_a_circle_know_nothing() -> None:
    machines = (
        "vm one { nic 10.0.0.53 in a.s  forwards-dns to 10.1.0.53 }\n"
        "vm two { nic 10.1.0.53 in b.s  forwards-dns to 10.0.0.53 }\n"
    )

    assert isinstance(verdict_on(asking("10.0.0.53", machines=machines), "a.t never resolves web"), Proved)
    assert isinstance(verdict_on(asking("10.0.0.53", machines=machines), "a.t resolves web"), Refuted)


def test_what_a_server_answers_of_which_nothing_is_said_is_open() -> None:
    verdict = verdict_on(asking("10.0.0.4", machines=""), 'a.t resolves "x.corp.internal"')

    assert isinstance(verdict, Unknown)
    assert [str(fact) for fact in verdict.open_facts] == ["U-DNSANSWERS(web, x.corp.internal)"]


def test_an_assumption_about_a_server_decides() -> None:
    text = f"assume U-DNSANSWERS(web, x.corp.internal) = false\n{asking('10.0.0.4', machines='')}"

    assert isinstance(verdict_on(text, 'a.t never resolves "x.corp.internal"'), Proved)


@pytest.mark.parametrize(
    ("name", "word"), [("web", "proved"), ("x.corp.internal", "proved"), ("example.org", "unknown")]
)
def test_a_server_of_the_internet_knows_no_private_name(name: str, word: str) -> None:
    text = asking("8.8.8.8", machines="").replace("10.0.1.0/24", "10.0.1.0/24 default-outbound on")

    assert verdict_word(verdict_on(text, f'a.t never resolves "{name}"')) == word


def test_an_interface_may_have_servers_of_its_own() -> None:
    text = asking().replace("vm web { nic 10.0.0.4 in a.s }", "vm web { nic 10.0.0.4 in a.s dns 10.1.0.53 }")

    assert isinstance(verdict_on(text, 'web resolves "web.corp.internal"'), Proved)
    assert isinstance(verdict_on(text, 'a.t never resolves "web.corp.internal"'), Proved)
    assert isinstance(verdict_on(text, 'a resolves "web.corp.internal"'), Refuted)


def test_a_server_asks_itself_whatever_its_groups_say() -> None:
    text = asking("10.1.0.53").replace("subnet s 10.1.0.0/24", "subnet s 10.1.0.0/24 nsg shut  dns 10.1.0.53") + SHUT

    assert isinstance(verdict_on(text, 'names resolves "web.corp.internal"'), Proved)
    assert isinstance(verdict_on(text, 'b never resolves "web.corp.internal"'), Refuted)


def test_hosts_of_one_network_that_fare_differently_are_told_apart() -> None:
    text = asking("10.0.0.53", "10.1.0.53").replace("10.0.1.0/24", "10.0.1.0/24 nsg far") + (
        "nsg far { outbound 100 no deny any from any to 10.0.0.53 }\n"
        'vm other { nic 10.0.0.53 in a.s  serves "corp.internal"  record "web.corp.internal" 10.0.0.9 }\n'
    )

    assert isinstance(verdict_on(text, 'a.s resolves "web.corp.internal" as 10.0.0.9'), Proved)
    assert isinstance(verdict_on(text, 'a.t resolves "web.corp.internal" as 10.0.0.4'), Proved)
    assert isinstance(verdict_on(text, 'a resolves "web.corp.internal"'), Proved)
    assert isinstance(verdict_on(text, 'a resolves "web.corp.internal" as 10.0.0.9'), Refuted)


def test_a_set_without_hosts_resolves_nothing() -> None:
    text = asking(machines="") + "private-endpoint pe 10.0.0.9 in a.s\ngroup none = pe except pe\n"

    assert isinstance(verdict_on(text, "pe resolves web"), Vacuous)


# -- reports --------------------------------------------------------------------------------------------


def test_a_report_tells_the_packet_that_stops_a_question() -> None:
    text = asking("10.1.0.53").replace("subnet s 10.1.0.0/24", "subnet s 10.1.0.0/24 nsg shut") + SHUT
    document = read_text(f'{text}intent i {{ a resolves "web.corp.internal" }}')
    report = prove(Loaded(document, {}, ()), Options())

    assert "cannot surely ask names at 10.1.0.53" in render_full(report)
    assert '"web.corp.internal' in render_json(report).replace("\\", "")
