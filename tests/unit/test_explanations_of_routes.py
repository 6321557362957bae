"""What a verdict on a next hop or gateway shows: the route that wins, every route it beats, and by which rule."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from vnetverify.pipeline import Options, load, prove
from vnetverify.report.json import render_json
from vnetverify.report.results import Report
from vnetverify.report.text import render_full

NETWORK = """\
vnet hub {
  address 10.0.0.0/16
  subnet GatewaySubnet 10.0.255.0/27
  subnet fw 10.0.1.0/24
  gateway vpn vpn
  gateway expressroute er
}
vnet spoke {
  address 10.1.0.0/16
  subnet web 10.1.1.0/24 routes steered
}
peering spoke -> hub { use-remote-gateways }
peering hub -> spoke { allow-gateway-transit }
site onprem { address 192.168.0.0/16 }
connection tunnel: onprem -- hub.vpn { prefixes 192.168.0.0/16, 192.168.1.0/24 }
connection line: onprem -- hub.er { circuit k  prefixes 192.168.1.0/24 }
route-table steered { wide 192.0.0.0/8 -> appliance 10.0.1.4 }
appliance fw { nic 10.0.1.4 in hub.fw  forwards any }
"""
TO_ONPREM = "192.168.1.0/24"


def report(folder: Path, claim: str) -> Report:
    text = folder / "n.vnet"
    text.write_text(f"{NETWORK}intent i {{ {claim} }}\n")
    loaded = load([str(text)], [])
    assert loaded.diagnostics == (), loaded.diagnostics
    return prove(loaded, Options())


def rows(of: Report) -> list[str]:
    """Return the lines of the text, columns one blank apart."""
    return [" ".join(line.split()) for line in click.unstyle(render_full(of)).split("\n")]


LOSERS = [
    ("192.168.1.0/24 via gateway vpn", "R-GW-15"),
    ("192.168.0.0/16 via gateway vpn", "R-SEL-1"),
    ("192.168.0.0/16 to nowhere", "R-SEL-1"),
    ("192.0.0.0/8 via appliance 10.0.1.4", "R-SEL-1"),
    ("0.0.0.0/0 to the Internet", "R-SEL-1"),
]
SENTENCES = {
    "a proof": f"next hop of spoke.web to {TO_ONPREM} is gateway hub.er",
    "a refutation": f"next hop of spoke.web to {TO_ONPREM} is gateway hub.vpn",
    "a proof of a gateway": f"gateway of spoke.web to {TO_ONPREM} is hub.er",
    "a refutation of a gateway": f"gateway of spoke.web to {TO_ONPREM} is hub.vpn",
}


@pytest.mark.parametrize("claim", SENTENCES.values(), ids=SENTENCES)
def test_the_text_shows_the_winner_and_each_loser_with_the_rule_that_beat_it(claim: str, tmp_path: Path) -> None:
    shown = rows(report(tmp_path, claim))

    first, *others = LOSERS
    assert any(f"192.168.1.0/24 via gateway er beats {first[0]} {first[1]}" in row for row in shown), shown
    for loser, rule in others:
        assert any(f"not {loser}" in row and row.endswith(rule) for row in shown), (loser, shown)


@pytest.mark.parametrize("claim", SENTENCES.values(), ids=SENTENCES)
def test_so_does_the_report_for_programs(claim: str, tmp_path: Path) -> None:
    story = json.loads(render_json(report(tmp_path, claim)))["intents"][0]["claims"][0]["story"]
    hop = next(hop for hop in story["hops"] if "via gateway er" in hop["what"])

    assert [(lost["what"], lost["rule"]) for lost in hop["lost"]] == LOSERS
    assert all(lost["why"] for lost in hop["lost"])
    assert story["flow"]["destination"].startswith("192.168.1.")


def test_a_story_about_peerings_ends_with_what_they_cost(tmp_path: Path) -> None:
    shown = rows(report(tmp_path, "spoke.web reaches hub.fw on sql over at most 0 peerings"))

    assert "it crosses 1 peering: spoke -> hub" in shown
    assert any("each is billed on both sides, egress and ingress: 2 charges R-LINT-3" in row for row in shown)
