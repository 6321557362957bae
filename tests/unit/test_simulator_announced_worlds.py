"""Where a partial world leaves open what sites announce, some values of its facts give the way of each world that
announces something (I-WHATEVER): no such world is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest

from vnetverify.facts import World
from vnetverify.header import Flow, Prefix, parse_address, parse_prefix
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Network
from vnetverify.simulator.positions import Dropped, Trace
from vnetverify.simulator.walk import Conversation, converse, trace
from vnetverify.syntax import read_text

HUB = """
vnet v {
  address 10.0.0.0/16
  subnet s             10.0.1.0/24 nsg n
  subnet u             10.0.2.0/24 routes own
  subnet alone         10.0.3.0/24 routes kept-out
  subnet GatewaySubnet 10.0.255.0/27
  gateway vpn g
}
vnet w {
  address 10.1.0.0/16
  subnet s 10.1.1.0/24
}
peering v -> w { allow-gateway-transit }
peering w -> v { use-remote-gateways }
nsg n {
  outbound 100 near allow any from any to VirtualNetwork
  outbound 200 out  deny  any from any to any
}
route-table own { there 172.20.0.0/16 -> none  all 0.0.0.0/0 -> internet }
route-table kept-out { propagate-gateway-routes off }
site hq { address 192.168.0.0/16 }
connection c: hq -- v.g { bgp }
"""
BRANCHES = """
site near { address 172.20.0.0/16 }
site far  { address 172.20.0.0/20, 192.168.1.0/24 }
connection d: near -- v.g { bgp }
connection e: far -- v.g
"""
CHAIN = """
vnet x {
  address 10.2.0.0/16
  subnet s             10.2.1.0/24
  subnet GatewaySubnet 10.2.255.0/27
  gateway vpn h
}
connection t: v.g -- x.h { bgp }
site near { address 172.20.0.0/16 }
connection d: near -- x.h { bgp }
"""
STATIC_CHAIN = CHAIN.replace("connection t: v.g -- x.h { bgp }", "connection t: v.g -- x.h")
JOINED = """
vnet x {
  address 10.2.0.0/16
  subnet s                 10.2.1.0/24
  subnet GatewaySubnet     10.2.255.0/27
  subnet RouteServerSubnet 10.2.254.0/26
  gateway vpn h { active-active }
  gateway expressroute er
}
route-server rs in x { branch-to-branch }
site near { address 172.20.0.0/16 }
site line { address 172.24.0.0/16 }
connection d: near -- x.h { bgp }
connection f: line -- x.er { circuit one }
"""
ORIGINS = {"v.s": "10.0.1.4", "v.u": "10.0.2.4", "v.alone": "10.0.3.4", "w.s": "10.1.1.4", "x.s": "10.2.1.4"}
SITES = {"hq": "192.168.0.4", "near": "172.20.0.4", "far": "192.168.1.4", "line": "172.24.0.4"}
TARGETS = ("172.20.1.4", "172.24.0.4", "172.32.0.4", "10.1.1.4", "10.2.1.4", "192.168.0.4", "192.168.1.4", "8.8.8.8")
WITHIN = tuple(map(parse_prefix, ("172.16.0.0/12", "8.0.0.0/8", "10.0.0.0/8", "0.0.0.0/0")))
TOLD = tuple(
    map(
        parse_prefix,
        ("0.0.0.0/0", "172.20.0.0/16", "172.20.1.0/24", "172.16.0.0/12", "8.0.0.0/8", "10.1.0.0/16", "10.2.1.0/24"),
    )
)


def ways(
    network: Network, origin: Place, packet: Flow, world: Mapping[str, tuple[Prefix, ...]], facts: Mapping[str, bool]
) -> Iterator[tuple[object, ...]]:
    """Yield how the flow fares with each value of the facts about what is announced."""
    talk = converse(network, origin, packet, World(facts, advertised=dict.fromkeys(world, ()), announcing=world))
    yield fared(talk)
    known = [fact for way in (talk.forward, talk.reply) if way is not None for fact, _ in way.asked]
    mine = [str(fact) for fact in known if str(fact).startswith("ANNOUNCED") and str(fact) not in facts]
    for number, fact in enumerate(mine):
        yield from ways(network, origin, packet, world, {**facts, **dict.fromkeys(mine[:number], False), fact: True})


def fared(talk: Conversation) -> tuple[object, ...]:
    """Return where both ways ended, whom they met, and whether the flow is answered; not why a packet is dropped."""
    return tuple(way and (_end(way), way.met) for way in (talk.forward, talk.reply)), talk.established


def _end(way: Trace) -> object:
    return "dropped" if isinstance(way.outcome, Dropped) else way.outcome


@pytest.mark.parametrize("facts", [(), ("U-R-GW-17", "U-RELAYS(hq)", "U-RELAYS(near)", "U-R-SEL-3", "U-R-SYS-6")])
@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("", "c"),
        (BRANCHES, "c"),
        (BRANCHES, "c d"),
        (CHAIN, "c"),
        (CHAIN, "d"),
        (STATIC_CHAIN, "d"),
        (JOINED, "d"),
        (JOINED, "f"),
    ],
)
def test_the_way_in_each_world_is_one_that_the_partial_world_leaves_open(
    text: str, by: str, facts: tuple[str, ...]
) -> None:
    network = read_text(HUB + text).network
    settled = dict.fromkeys(facts, True)
    origins = [(Place(PlaceKind.SUBNET.value, where), address) for where, address in ORIGINS.items()]
    origins += [(Place(PlaceKind.SITE.value, where), address) for where, address in SITES.items()]
    there = {subnet.id for subnet in network.subnets()} | set(network.sites)
    worlds = [(), *combinations(TOLD, 1), *((TOLD[0], other) for other in TOLD[1:])]
    for origin, source in origins:
        for target in TARGETS if origin.name in there else ():
            packet = Flow(6, parse_address(source), 50000, parse_address(target), 443)
            possible = set(ways(network, origin, packet, dict.fromkeys(by.split(), WITHIN), settled))
            for told in worlds:
                world = World(settled, advertised=dict.fromkeys(by.split(), told))

                assert fared(converse(network, origin, packet, world)) in possible, (origin, target, told)


def test_a_subnet_that_hears_nothing_asks_nothing_of_what_is_announced() -> None:
    """A default route that is announced withdraws the None routes of others (R-SYS-6)."""
    network, world = read_text(HUB).network, World(announcing={"c": WITHIN})

    def asked(where: str, source: str) -> set[str]:
        packet = Flow(6, parse_address(source), 50000, parse_address("172.24.0.4"), 443)
        return {str(fact) for fact, _ in trace(network, Place(PlaceKind.SUBNET.value, where), packet, world).asked}

    assert "ANNOUNCED-DEFAULT(w.s)" in asked("w.s", "10.1.1.4")
    assert not asked("v.alone", "10.0.3.4")
