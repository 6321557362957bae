"""Stories tell what the simulator did: every hop with its line, what lost, the way back, the facts used."""

from __future__ import annotations

import click
import pytest

from vnetverify.explanation.story import Story, tell, tell_conversation
from vnetverify.facts import World
from vnetverify.header import TCP, Flow, parse_address
from vnetverify.model.intents import Place
from vnetverify.model.network import Era
from vnetverify.report.narrative import narrate, place
from vnetverify.simulator.walk import converse, trace
from vnetverify.source import NOWHERE, Span
from vnetverify.syntax import read_text

TEXT = """\
vnet hub {
  address 10.0.0.0/16
  subnet db 10.0.2.0/24 nsg db-nsg
  subnet dmz 10.0.1.0/24
}
vnet spoke {
  address 10.1.0.0/16
  subnet app 10.1.0.0/24
  subnet far 10.1.9.0/24 routes via-fw
}
peering hub -> spoke { allow-forwarded-traffic }
peering spoke -> hub { allow-forwarded-traffic }
nsg db-nsg {
  inbound 100 deny-ssh deny tcp from any to any port 22
}
route-table via-fw {
  default 0.0.0.0/0 -> appliance 10.0.1.4
  to-db 10.0.2.0/24 -> appliance 10.0.1.4
}
appliance fw { nic 10.0.1.4 in hub.dmz }
"""
NETWORK = read_text(TEXT, "hub.vnet").network
APP, FAR = Place("subnet", "spoke.app"), Place("subnet", "spoke.far")
OPEN_FIREWALL = World({"U-FORWARDS(fw)": True})


def flow(source: str, port: int) -> Flow:
    return Flow(TCP, parse_address(source), 49152, parse_address("10.0.2.4"), port)


def told(origin: Place, what: Flow, world: World) -> Story:
    return tell_conversation(origin, what, converse(NETWORK, origin, what, world))


def lines(story: Story) -> list[str]:
    return click.unstyle("\n".join(narrate(story))).split("\n")


def test_a_conversation_is_told_there_and_back() -> None:
    story = told(APP, flow("10.1.0.4", 1433), World())

    assert story.end == "delivered to 10.0.2.4 at hub.db"
    assert story.back_end == "delivered to 10.1.0.4 at spoke.app"
    assert story.conclusion == "the reply comes back to the sender"


def test_a_hop_names_the_line_that_decided() -> None:
    story = told(APP, flow("10.1.0.4", 22), World())
    last = story.hops[-1]

    assert story.end == "dropped at hub.db"
    assert last.where == "hub.db"
    assert "deny-ssh" in last.what
    assert last.span is not None
    assert last.span.line == TEXT.split("\n").index("  inbound 100 deny-ssh deny tcp from any to any port 22") + 1
    assert story.back_end is None
    assert "dropped" in story.conclusion


def test_the_losers_of_a_route_selection_are_kept() -> None:
    story = told(APP, flow("10.1.0.4", 1433), World())
    routed = next(hop for hop in story.hops if "via peering with hub" in hop.what)
    told_shortly, told_fully = list(narrate(story)), list(narrate(story, losers=True))

    assert any(loser.what == "0.0.0.0/0 to the Internet" for loser in routed.lost)
    assert not any("not 0.0.0.0/0 to the Internet" in line for line in told_shortly)
    assert any("not 0.0.0.0/0 to the Internet" in line and "R-SEL-1" in line for line in told_fully)


def test_a_fact_that_no_document_knows_stands_in_the_story() -> None:
    text = lines(told(FAR, flow("10.1.9.4", 1433), OPEN_FIREWALL))

    assert "  this needs" in text
    assert ["U-FORWARDS(fw)", "=", "true", "fw", "forwards", "this", "flow"] in [line.split() for line in text]


def test_a_story_of_one_way_has_no_reply() -> None:
    what = flow("10.1.0.4", 1433)
    story = tell(APP, what, [trace(NETWORK, APP, what, World())])

    assert story.back_end is None
    assert not any("the reply" in line for line in lines(story))


@pytest.mark.parametrize(
    ("era", "ending"),
    [
        (Era.CURRENT, "each is billed on both sides, egress and ingress: 4 charges  R-LINT-3"),
        (Era.Y2016, "in 2016-07 that is free  R-LINT-3"),
    ],
)
def test_a_story_may_end_with_what_its_crossings_of_peerings_cost(era: Era, ending: str) -> None:
    what = flow("10.1.0.4", 1433)
    story = tell_conversation(APP, what, converse(NETWORK, APP, what, World()), era)
    charged = next(line for line in lines(story) if "R-LINT-3" in line)

    assert charged == f"  crosses 2 peerings: spoke -> hub, hub -> spoke; {ending}"


def test_a_flow_inside_a_vnet_costs_nothing() -> None:
    what = Flow(TCP, parse_address("10.1.0.4"), 49152, parse_address("10.1.9.4"), 22)
    story = tell(APP, what, [trace(NETWORK, APP, what, World())], billed_in=Era.CURRENT)

    assert story.charges == "crosses no peering, so none is billed"


def test_hops_are_numbered_and_aligned() -> None:
    hops = [line for line in lines(told(APP, flow("10.1.0.4", 1433), World())) if line.lstrip()[:1].isdigit()]

    assert hops[0].startswith("  1 spoke.app  ")
    assert [line.split()[0] for line in hops][:2] == ["1", "2"]
    assert hops[1].startswith("  2 spoke.app  ")


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (Span("hub.vnet", 4, 1, 4, 9), "hub.vnet:4"),
        (Span("exports/hub.json", 0, 0, 0, 0, "/value/3"), "exports/hub.json#/value/3"),
        (Span("exports/hub.json", 0, 0, 0, 0, ""), "exports/hub.json"),
        (Span(f"/{'long' * 9}/exports/hub.json", 7, 1, 7, 2), "…/exports/hub.json:7"),
        (NOWHERE, ""),
        (None, ""),
    ],
)
def test_a_place_is_short_enough_for_a_column(span: Span | None, shown: str) -> None:
    assert click.unstyle(place(span)) == shown
