"""`vnetverify trace` through a firewall: which rule decided, what was translated, and how the reply gets back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vnetverify.cli import main, status

TEXT = """\
vnet hub {
  address 10.0.0.0/16
  subnet AzureFirewallSubnet 10.0.1.0/26
}
vnet a {
  address 10.1.0.0/16
  subnet s 10.1.1.0/24 routes via-fw
}
vnet b {
  address 10.2.0.0/16
  subnet s 10.2.1.0/24 routes via-fw
}
peering a -> hub { allow-forwarded-traffic }
peering hub -> a { allow-forwarded-traffic }
peering b -> hub { allow-forwarded-traffic }
peering hub -> b { allow-forwarded-traffic }
route-table via-fw { all 0.0.0.0/0 -> appliance 10.0.1.4 }
firewall fw {
  nic 10.0.1.4 in hub.AzureFirewallSubnet public-ip entry standard 203.0.113.5
  collection nat 100 inbound {
    rule web tcp from * at entry port 443 -> 10.2.1.4 port 8443
    rule in  tcp from * at private port 443 -> 10.2.1.4 port 8443
  }
  collection network 200 core allow {
    rule ssh tcp from 10.1.0.0/16 to 10.2.0.0/16 port 22
  }
  collection application 300 names allow {
    rule all https from * to *
  }
}
"""


Told = Callable[[str, str, int], str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Return what asks for the story of a flow: its lines without columns."""
    path = tmp_path / "hub.vnet"
    path.write_text(TEXT)

    def ask(sender: str, receiver: str, port: int) -> str:
        arguments = ("trace", str(path), "--from", sender, "--to", receiver, "--port", str(port))
        assert main(arguments) == status.AS_EXPECTED
        return "\n".join(" ".join(line.split()) for line in capsys.readouterr().out.splitlines())

    return ask


def test_a_network_rule_is_named_and_the_source_is_kept(told: Told) -> None:
    story = told("a.s", "b.s", 22)

    assert "fw network rule ssh of fw allows, nothing earlier matches F-FW-3" in story
    assert "fw it keeps the source, as 10.2.1.4 is in its private ranges F-FW-7" in story
    assert "fw its record of the flow lets the reply pass R-TRAF-2" in story
    assert "the reply comes back to the sender" in story


def test_an_application_rule_is_named_and_the_address_in_place_of_the_source(told: Told) -> None:
    story = told("a.s", "b.s", 443)

    assert "fw application rule all of fw allows, no network rule matches F-FW-4" in story
    assert "fw puts its own address 10.0.1.4 in place of the source: application rules always translate" in story
    assert "fw translates the reply back, to 10.1.1.4 from 10.2.1.4 F-FW-8" in story


def test_a_nat_rule_is_named_and_whom_the_target_sees(told: Told) -> None:
    story = told("internet", "fw", 443)

    assert "tcp 8.8.8.8:49152 -> 203.0.113.5:443 from internet" in story
    assert "fw NAT rule web of fw leads to 10.2.1.4:8443, no earlier one matches F-FW-5" in story
    assert "fw the target sees 10.0.1.4, an address of fw, not 8.8.8.8 F-FW-5" in story
    assert "delivered to 10.2.1.4 at b.s" in story
    assert "hub.AzureFirewallSubnet the reply leaves by 0.0.0.0/0 to the Internet R-SEL-9" in story
    assert "the reply comes back to the sender" in story


def test_from_inside_a_firewall_is_asked_at_its_private_address(told: Told) -> None:
    assert "tcp 10.1.1.4:49152 -> 10.0.1.4:443 from a.s" in told("a.s", "fw", 443)


def test_what_no_rule_allows_is_told(told: Told) -> None:
    assert "the first packet is dropped: no rule of fw allows it (F-FW-6)" in told("a.s", "b.s", 23)
