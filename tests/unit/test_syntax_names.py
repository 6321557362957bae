"""What a text says of names: zones, servers and whom hosts ask are written, read back, laid out, and checked."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.model.wellformed import check
from vnetverify.source import Source
from vnetverify.syntax import read, read_text
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.write import write

PAIR = """
vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24 }
vnet b { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
peering a -> b
peering b -> a
vm web { nic 10.0.0.4 in a.s }
vm db  { nic 10.1.0.4 in b.s }
"""
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
WHOLE = (
    PAIR.replace("subnet s 10.0.0.0/24", "subnet s 10.0.0.0/24  dns 10.1.0.53, 168.63.129.16")
    + 'vm names { nic 10.1.0.53 in b.s  serves "corp.internal"  record "web.corp.internal" 10.0.0.4 }\n'
    + ZONE
    + 'dns-zone other "x.internal" { link a }\n'
    + "vm relay { nic 10.1.0.60 in b.s dns 10.1.0.53  forwards-dns to 10.1.0.53, 8.8.8.8 }\n"
    + "vm local { nic 10.1.0.61 in b.s  forwards-dns to azure }\n"
)


def mistakes(text: str) -> list[str]:
    document = read((Source("a.vnet", text),))
    found = (*document.diagnostics, *check(document.network))
    return [one.code for one in found if one.severity is Severity.ERROR]


def test_names_are_written_and_read_back() -> None:
    network = read_text(WHOLE).network
    again = read_text(write(network)).network

    assert {name: zone.records for name, zone in again.dns_zones.items()}.keys() == network.dns_zones.keys()
    for one, other in zip(network.dns_zones.values(), again.dns_zones.values(), strict=True):
        assert [(r.name, r.addresses) for r in one.records] == [(r.name, r.addresses) for r in other.records]
        assert [(link.vnet, link.registration) for link in one.links] == [
            (link.vnet, link.registration) for link in other.links
        ]
    assert {
        server.machine: (server.serves, server.forwarders, server.asks_azure)
        for server in network.name_servers.values()
    } == {
        server.machine: (server.serves, server.forwarders, server.asks_azure) for server in again.name_servers.values()
    }
    assert again.vnets["a"].dns_servers == network.vnets["a"].dns_servers != ()
    assert write(again) == write(network)


def test_the_layout_keeps_what_is_said_of_names() -> None:
    laid_out = format_text(WHOLE + 'intent i { a resolves web as 10.0.0.4  b never resolves "web" a resolves db }')

    assert format_text(laid_out) == laid_out
    assert '  a resolves web as 10.0.0.4\n  b never resolves "web"\n  a resolves db\n' in laid_out
    assert write(read_text(laid_out).network) == write(read_text(WHOLE).network)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('dns-zone "a..b" { }', "bad-dns-name"),
        ('dns-zone z "corp" { link nowhere }', "unknown-vnet"),
        ('dns-zone z "corp" { link a  link a registration }', "said-twice"),
        ('dns-zone z "corp" { record x 10.0.0.4  record X 10.0.0.5 }', "duplicate-name"),
        ('dns-zone z "corp" { record "a b" 10.0.0.4 }', "bad-dns-name"),
        ('dns-zone z "corp" { record x 10.0.0.0/24 }', "bad-address"),
        ('dns-zone z "corp" { }  dns-zone Z "other" { }', "duplicate-name"),
        ('dns-zone z "corp" { link a }  dns-zone y "corp" { link a }', "two-zones-of-one-domain"),
        ('dns-zone z "corp" { link a registration }  dns-zone y "d" { link a registration }', "two-registrations"),
        ('vm m { nic 10.0.0.9 in a.s  record "x.corp" 10.0.0.4 }', "bad-dns-name"),
        ("vm m { nic 10.0.0.9 in a.s  forwards-dns to 10.0.0.7, 10.0.0.7 }", "said-twice"),
        ("vnet c { address 10.3.0.0/16  dns 10.0.0.4  dns azure }", "said-twice"),
        ("vnet c { address 10.3.0.0/16  dns 10.0.0.256 }", "bad-address"),
        ('intent i { internet resolves "x.org" }', "not-in-a-vnet"),
        ('intent i { any never resolves "x.org" }', "not-in-a-vnet"),
        ('intent i { a resolves "x y" }', "bad-dns-name"),
        ('intent i { a resolves "4.0.0.10.in-addr.arpa" as 10.0.0.4 }', "bad-dns-name"),
        ("intent i { nobody resolves web }", "unknown-name"),
    ],
)
def test_a_mistake_about_names_is_told(text: str, code: str) -> None:
    assert mistakes(PAIR + text) == [code]


def test_a_server_that_passes_on_to_itself_is_warned_of() -> None:
    document = read_text(PAIR + "vm m { nic 10.0.0.9 in a.s  forwards-dns to 10.0.0.9 }")

    assert [found.code for found in check(document.network)] == ["asks-itself"]


def test_a_mistake_about_a_machine_that_answers_is_told_once() -> None:
    machine = 'vm m { nic 10.0.0.9 in a.s  bandwidth 1 Gbps  bandwidth 2 Gbps  serves "corp" }'

    assert mistakes(PAIR + machine) == ["said-twice"]
